//! Published cases of an Actions-style expression language, read as ours.
//!
//! The two languages share their operators, names, members and calls; their values and functions differ. So every case
//! is parsed, evaluated and checked in a workflow, none may panic; and where both have the same syntax, they must agree
//! on whether it is right. What only one of them has is named in [`differs`].

use std::path::Path;

use copydesk_base::Span;
use copydesk_language::expression::{self, Context, evaluate_expression};
use copydesk_language::{File, WorkspaceIndex, check, parse};
use serde_json::Value;

use crate::corpora::{corpus, texts};

/// What becomes of a case over there.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Reads,
    /// The syntax is wrong.
    Breaks,
    /// A name, the number of arguments, or a limit: no matter of syntax.
    Means,
}

#[test]
fn every_published_case_is_read_and_both_agree_on_what_they_share() {
    let Some(folder) = corpus("actions-expressions") else { return };
    let (mut cases, mut shared) = (0, 0);
    let mut wrong = Vec::new();
    for (name, text) in texts(&folder, &[".json"]) {
        let groups: Value = serde_json::from_str(&text).unwrap();
        for case in groups.as_object().into_iter().flat_map(|groups| groups.values()).flat_map(items) {
            let Some(written) = case["expr"].as_str() else { continue };
            cases += 1;
            in_a_workflow(written);
            let read = reads(written);
            let verdict = verdict(case);
            if verdict == Verdict::Means || differs(written) {
                continue;
            }
            shared += 1;
            if read != (verdict == Verdict::Reads) {
                wrong.push(format!(
                    "{name}: {verdict:?} there, {}: {written}",
                    if read { "reads" } else { "breaks" }
                ));
            }
        }
    }
    eprintln!(
        "Actions-style expressions: {cases} cases read, {} of {shared} shared ones agree",
        shared - wrong.len()
    );
    assert!(cases > 1_000, "only {cases} cases are there");
    assert!(shared > 500, "only {shared} cases are shared");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn items(group: &Value) -> &[Value] {
    group.as_array().map_or(&[], Vec::as_slice)
}

/// Whether our parser has nothing to say.
fn reads(written: &str) -> bool {
    let _ = evaluate_expression(written, &Context::new());
    expression::parse(written, Span::new(0, written.len())).1.is_empty()
}

/// A step that has the case as its condition, and as a text between braces; cut short as well.
fn in_a_workflow(written: &str) {
    for text in [written, written.get(..written.len() / 2).unwrap_or("")] {
        let quoted = Value::from(text);
        let braces = Value::from(format!("${{{{ {text} }}}}"));
        let file = format!("name: x\nsteps:\n  - {{id: a, type: shell, if: {quoted}, run: {braces}}}\n");
        let path = Path::new(".copydesk/workflows/a.yaml");
        let tree = parse(path, &file);
        check(&File::new(path, &file, &tree), &WorkspaceIndex::default());
    }
}

fn verdict(case: &Value) -> Verdict {
    let said = case["err"]["value"].as_str().unwrap_or("");
    match case["err"]["kind"].as_str() {
        Some("lexing" | "parsing") if said.starts_with("Unexpected") => Verdict::Breaks,
        Some("lexing" | "parsing") => Verdict::Means,
        _ => Verdict::Reads,
    }
}

/// Whether a case uses what only one of the languages has.
fn differs(written: &str) -> bool {
    let has = |sign: &str| written.contains(sign);
    // Theirs: filters, a quote doubled in a text, numbers by another base, nothing at all.
    let theirs = has("*") || has("''") || has("0x") || has("0o") || written.is_empty();
    // Ours: arithmetic. There a '-' is a part of names and numbers, and a '/' is nothing.
    let ours = has("/") || written == "-Inf";
    theirs || ours
}
