//! A mend of a file that can be read brings no error that was not there before it.
//!
//! Every fixture with a line or a character less, or with something strange in it, and each mend that is offered then.

use std::collections::BTreeMap;
use std::path::Path;

use copydesk_base::{Diagnostic, Severity};
use copydesk_language::{File, check, edited, parse, vouched};

use crate::support::{WORKFLOW, trusted};

const FIXTURES: &[(&str, &str)] = &[
    (WORKFLOW, include_str!("fixtures/every-step.yaml")),
    (WORKFLOW, include_str!("fixtures/release.yaml")),
    (".keystone/config.yaml", include_str!("fixtures/keystone-config.yaml")),
    (".copydesk/agents/editor.md", include_str!("fixtures/editor.md")),
    (
        "/w/.mcp.json",
        "{\n  \"mcpServers\": {\n    \"a\": {\n      \"command\": \"npx\",\n      \"args\": [\"-y\", \"x\"]\n    },\n    \"b\": {\n      \"type\": \"http\",\n      \"url\": \"https://example.com\"\n    }\n  }\n}\n",
    ),
];

/// Mends after which there may be another error, by their code and how their title starts, and why: what was wrong there
/// before could not be seen.
const UNCOVERS: &[(&str, &str, &str)] = &[
    ("expression-syntax", "", "what an expression reads is looked at once it can be read"),
    ("unknown-key", "put a space behind", "what grew together with its key is a value only then"),
    ("type-mismatch", "put a '-' before it", "what an item lacks is looked at once it is one"),
];

/// Mistakes that a damage seldom makes, each as steps.
const MISTAKES: &[&str] = &[
    "{id: a, type: , run: x}",
    "{id: a, type: , op: read, path: x}",
    "{id: a, type: , event: done}",
    "{id: a, op: read, path: x}",
    "{id: a, type: wit, event: done}",
    "{id: a, type: wait}",
    "{id: a, type: join, needs: [nobody]}",
    "{id: a, type: shell, foreach: [], run: 'echo ${{ item }}'}",
    "{id: a, type: shell, run: 'echo ${{ inputs.names.map(n => n) }}'}",
    "{id: a, type: shell, run: 'echo ${{ inputs.names[0].first }}'}",
    "{id: a, type: shell, run: 'echo ${{ inputs.who.name }}'}",
    "{id: a, type: shell, run: 'echo ${{ inputs.price.toFixed(2) }}'}",
];

/// What is put into a text.
const STRANGE: &[&str] = &["??", " - 1", "5", "[]", " x"];

fn find(path: &str, text: &str) -> Vec<Diagnostic> {
    let tree = parse(Path::new(path), text);
    let file = File::new(Path::new(path), text, &tree);
    let found = check(&file, &trusted());
    vouched(&file, &trusted(), &found, &|text| parse(Path::new(path), text), |_| true)
}

fn errors(found: &[Diagnostic]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for one in found.iter().filter(|one| one.severity == Severity::Error) {
        *counts.entry(format!("{} {}", one.code, one.message)).or_default() += 1;
    }
    counts
}

fn is_broken(found: &[Diagnostic]) -> bool {
    found.iter().any(|one| one.code.as_str().ends_with("-syntax") && one.code.as_str() != "expression-syntax")
}

/// The texts that are tried.
fn damaged(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut texts: Vec<String> = (0..lines.len())
        .map(|gone| lines.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, line)| *line).collect())
        .collect();
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    for at in places.iter().step_by(13) {
        let behind = &text[*at..];
        texts.push(format!("{}{}", &text[..*at], behind.get(1..).unwrap_or("")));
        let strange = STRANGE[at % STRANGE.len()];
        texts.push(format!("{}{strange}{behind}", &text[..*at]));
    }
    texts
}

#[test]
fn no_mend_brings_a_new_error() {
    let mut worse: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let (mut count, mut uncovered) = (0, vec![false; UNCOVERS.len()]);
    let mistakes = MISTAKES.iter().map(|step| format!("name: x\nsteps:\n  - {step}\n"));
    let damages = FIXTURES.iter().map(|(path, text)| (*path, damaged(text)));
    for (path, texts) in damages.chain([(WORKFLOW, mistakes.collect())]) {
        for text in texts {
            let found = find(path, &text);
            if is_broken(&found) {
                continue;
            }
            let before = errors(&found);
            for finding in &found {
                for fix in &finding.fixes {
                    count += 1;
                    let after = edited(&text, &fix.edits);
                    let mut left = errors(&find(path, &after));
                    for (message, count) in &before {
                        let rest =
                            left.remove(message).map_or(0, |after: usize| after.saturating_sub(*count));
                        if rest > 0 {
                            left.insert(message.clone(), rest);
                        }
                    }
                    let known = UNCOVERS.iter().position(|(code, title, _)| {
                        finding.code.as_str() == *code && fix.title.starts_with(title)
                    });
                    if let Some((new, _)) = left.first_key_value() {
                        if let Some(known) = known {
                            uncovered[known] = true;
                            continue;
                        }
                        let place = after.lines().zip(text.lines()).find(|(one, other)| one != other);
                        let entry = worse
                            .entry(format!(
                                "{} '{}'",
                                finding.code,
                                fix.title.split('\'').next().unwrap_or("")
                            ))
                            .or_default();
                        entry.0 += 1;
                        entry.1 =
                            format!("{}: {}\n    {place:?}\n    brings {new}", finding.message, fix.title);
                    }
                }
            }
        }
    }
    let shown: Vec<String> =
        worse.iter().map(|(mend, (count, one))| format!("{count} times {mend}, as in {one}")).collect();
    assert!(count > 500, "{count}");
    assert_eq!(uncovered, vec![true; UNCOVERS.len()], "an exception that is none");
    assert!(worse.is_empty(), "of {count} mends:\n{}", shown.join("\n"));
}
