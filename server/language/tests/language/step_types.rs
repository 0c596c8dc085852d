//! Every type of step: the least that is right, and what is said when a part of it is not.

use copydesk_base::Code;
use copydesk_language::types::StepKind;

use crate::support::{WORKFLOW, findings, untrusted};

/// The keys that each type must have, with their least values.
const LEAST: &[(&str, &[(&str, &str)])] = &[
    ("shell", &[("run", "ls")]),
    ("llm", &[("agent", "a"), ("prompt", "p")]),
    ("plan", &[("goal", "g")]),
    ("workflow", &[("path", "p")]),
    ("file", &[("path", "p"), ("op", "read")]),
    ("request", &[("url", "https://example.com")]),
    ("human", &[("message", "m")]),
    ("sleep", &[("duration", "5")]),
    ("script", &[("run", "'1'")]),
    ("engine", &[("command", "c"), ("env", "{}"), ("cwd", ".")]),
    ("memory", &[("op", "search"), ("query", "q")]),
    ("join", &[("needs", "[before]")]),
    ("blueprint", &[("prompt", "p")]),
    ("artifact", &[("op", "upload"), ("name", "n"), ("paths", "[p]")]),
    ("wait", &[("event", "e")]),
    ("git", &[("op", "clone"), ("url", "u")]),
    ("dynamic", &[("goal", "g")]),
];

/// Keys whose value is a word of a list.
const WORDS: &[(&str, &str)] = &[
    ("file", "op"),
    ("request", "method"),
    ("human", "inputType"),
    ("memory", "op"),
    ("join", "condition"),
    ("join", "target"),
    ("artifact", "op"),
    ("git", "op"),
    ("llm", "contextStrategy"),
    ("shell", "idempotencyScope"),
    ("shell", "repairStrategy"),
];

fn step(kind: &str, keys: &[(&str, &str)]) -> String {
    let keys: Vec<String> = keys.iter().map(|(key, value)| format!(", {key}: {value}")).collect();
    format!(
        "name: x\nsteps:\n  - {{id: before, type: shell, run: ls}}\n  - {{id: a, type: {kind}{}}}\n",
        keys.concat()
    )
}

fn codes(text: &str) -> Vec<(Code, String)> {
    let found = findings(WORKFLOW, text, &untrusted());
    found.into_iter().map(|finding| (finding.code, finding.span.of(text).to_owned())).collect()
}

#[test]
fn every_type_has_a_least_step() {
    assert_eq!(LEAST.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), StepKind::WORDS);
    for (kind, keys) in LEAST {
        assert_eq!(codes(&step(kind, keys)), vec![], "{kind}");
    }
}

#[test]
fn each_key_that_is_taken_away_is_missed_at_the_type() {
    for (kind, keys) in LEAST {
        for (gone, _) in *keys {
            let rest: Vec<_> = keys.iter().filter(|(key, _)| key != gone).copied().collect();
            let found = codes(&step(kind, &rest));
            assert_eq!(found, vec![(Code::MissingKey, (*kind).to_owned())], "{kind} without {gone}");
        }
    }
}

#[test]
fn each_word_that_is_none_is_marked() {
    for (kind, key) in WORDS {
        let (_, keys) = LEAST.iter().find(|(other, _)| other == kind).copied().unwrap_or(("", &[]));
        let mut keys: Vec<_> = keys.iter().filter(|(other, _)| other != key).copied().collect();
        keys.push((key, "nonsense"));
        let found = codes(&step(kind, &keys));
        assert!(found.contains(&(Code::UnknownValue, "nonsense".to_owned())), "{kind}.{key}: {found:?}");
    }
}

#[test]
fn a_key_of_no_type_is_unknown_in_all() {
    for (kind, keys) in LEAST {
        let mut keys = keys.to_vec();
        keys.push(("zzzzzzzz", "1"));
        assert_eq!(codes(&step(kind, &keys)), vec![(Code::UnknownKey, "zzzzzzzz".to_owned())], "{kind}");
    }
}
