//! What Keystone's own parser says of our cases, beside what we say of them: no error of ours where it accepts, but
//! what it fails to see; and each of its errors is found, at the place that it names.
//!
//! `fixtures/verdicts.txt` holds the cases and the verdicts that `tests/verdicts.mjs` recorded with that parser.

use std::path::Path;
use std::sync::Arc;

use copydesk_base::{Code, Diagnostic, Severity, Span};
use copydesk_language::{WorkspaceIndex, parse};

use crate::support::{findings, knowing};

const CASES: &str = include_str!("fixtures/verdicts.txt");
const CASE: &str = ".copydesk/workflows/case.yaml";

/// What the names of cases begin with that Keystone accepts and should not.
const UNSEEN: &str = "unseen there: ";

/// What else we call an error and Keystone accepts, with the reason.
const BEYOND: &[(&str, Code, &str)] = &[
    ("sleep: without duration", Code::MissingKey, "it would wait for nothing"),
    ("join: without needs", Code::MissingKey, "it would wait for nobody"),
    ("join: condition: 2", Code::UnknownValue, "two of one step are never done"),
];

/// What Keystone refuses and we accept, with the reason.
const SHORT: &[(&str, &str)] = &[(
    "llm: a tool whose step has no id",
    "in the files of agents its loader adds the id; a tool is the same wherever it stands",
)];

/// One text and what Keystone says of it.
struct Case {
    name: &'static str,
    text: &'static str,
    there: Verdict,
}

enum Verdict {
    Accepts,
    /// The place that it names, `steps.0.run`; empty where it names none.
    Refuses(&'static str),
}

fn cases() -> Vec<Case> {
    let read = |case: &'static str| {
        let (name, rest) = case.split_once("\nthere: ")?;
        let (there, text) = rest.split_once('\n')?;
        let there = match there.strip_prefix("refuses") {
            Some(place) => Verdict::Refuses(place.trim()),
            None => Verdict::Accepts,
        };
        Some(Case { name, text, there })
    };
    CASES.split("=== ").skip(1).filter_map(read).collect()
}

/// The agent and the workflow that the cases name.
fn around() -> WorkspaceIndex {
    let index = knowing(&[
        (".copydesk/agents/writer.md", "---\nname: writer\n---\nWrite.\n"),
        (
            ".copydesk/workflows/child.yaml",
            "name: child\ninputs: {count: {type: string, default: x}}\noutputs: {sum: x}\nsteps: []\n",
        ),
    ]);
    WorkspaceIndex { settings: Some(Arc::default()), ..index }
}

#[test]
fn no_false_error_and_every_error_found() {
    let index = around();
    let mut wrong = Vec::new();
    let (mut refused, mut seen) = (0, 0);
    assert_eq!(cases().len(), CASES.matches("=== ").count(), "every case is read");
    for case in cases() {
        let found = findings(CASE, case.text, &index);
        let errors: Vec<&Diagnostic> =
            found.iter().filter(|found| found.severity == Severity::Error).collect();
        let said = || {
            found
                .iter()
                .map(|f| format!("{} '{}' {}", f.code, f.span.of(case.text), f.message))
                .collect::<Vec<_>>()
        };
        let complaint = match case.there {
            Verdict::Accepts if case.name.starts_with(UNSEEN) => {
                seen += 1;
                let worth = |found: &Diagnostic| found.severity <= Severity::Warning;
                (!found.iter().any(worth))
                    .then_some("is accepted there and should not be, and we do not see it either")
            }
            Verdict::Accepts => {
                let beyond = BEYOND.iter().find(|(name, ..)| *name == case.name);
                let told = |error: &&Diagnostic| beyond.is_none_or(|(_, code, _)| *code != error.code);
                errors.iter().any(told).then_some("is accepted there")
            }
            Verdict::Refuses(place) => {
                refused += 1;
                let short = SHORT.iter().any(|(name, _)| *name == case.name);
                let there = place_of(case.text, place);
                let found = errors.iter().any(|error| there.touches(error.span.start));
                (found == short).then_some("is refused there")
            }
        };
        if let Some(complaint) = complaint {
            wrong.push(format!("'{}' {complaint}; here:\n{:#?}\n{}", case.name, said(), case.text));
        }
    }
    eprintln!("Keystone's verdicts: {} cases, {refused} refused there, {seen} more should be", cases().len());
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), cases().len(), wrong.join("\n"));
}

/// The piece of the text that a place names. Of a key that is missing, it is the value of the key around.
fn place_of(text: &str, place: &str) -> Span {
    let tree = parse(Path::new(CASE), text);
    let whole = Span::new(0, text.len());
    let Some(mut node) = tree.root() else { return whole };
    let (mut span, mut around) = (whole, whole);
    for part in place.split('.').filter(|part| !part.is_empty()) {
        let item = part.parse().ok().and_then(|at| node.items().get(at));
        if let Some(entry) = node.entry(part) {
            (node, span, around) = (entry.value(), entry.span(), entry.span());
        } else if let Some(item) = item {
            (node, span) = (item, item.span());
        } else {
            return around;
        }
    }
    span
}
