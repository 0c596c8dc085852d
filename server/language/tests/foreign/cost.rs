//! What a large file costs: right ones next to nothing, wrong ones no more than a person reads.

use std::time::Instant;

use copydesk_language::schemas::{self, Schema};
use copydesk_language::{File, FileKind, Memo, parse};
use copydesk_text::position::Range;
use copydesk_text::{Change, Document, Encoding, LineIndex};
use std::path::Path;

/// A workflow of about `lines` lines; every `wrong`th step has a mistake, none where it is zero.
fn workflow(lines: usize, wrong: usize) -> String {
    let mut text = "name: big\nsteps:\n".to_owned();
    for at in 0..lines / 5 {
        let key = if wrong > 0 && at % wrong == 0 { "rnu" } else { "run" };
        text.push_str(&format!(
            "  - id: step{at}\n    type: shell\n    {key}: echo {at}\n    timeout: 5\n    env: {{A: \"{at}\"}}\n"
        ));
    }
    text
}

fn cost(schema: &Schema, text: &str) -> (usize, f64) {
    let path = Path::new("big.yaml");
    let tree = parse(path, text);
    let file = File { path, text, tree: &tree, kind: FileKind::Other };
    let mut best = f64::MAX;
    let mut count = 0;
    for _ in 0..3 {
        let start = Instant::now();
        count = schemas::check(&file, schema).len();
        best = best.min(start.elapsed().as_secs_f64() * 1_000.0);
    }
    (count, best)
}

#[test]
fn a_large_file_is_checked_in_bounds() {
    let url = schemas::by_name("workflow").unwrap();
    let start = Instant::now();
    let schema = Schema::load(&url, &mut |_| Err(String::new())).unwrap();
    eprintln!("workflow.schema.json is made in {:.1} ms", start.elapsed().as_secs_f64() * 1_000.0);
    let (none, right) = cost(&schema, &workflow(10_000, 0));
    assert_eq!(none, 0);
    let (one, with_one) = cost(&schema, &workflow(10_000, 100_000));
    assert_eq!(one, 1);
    let (many, with_many) = cost(&schema, &workflow(10_000, 2));
    assert_eq!(many, 1_000);
    let (most, with_most) = cost(&schema, &workflow(10_000, 1));
    assert!(most <= 1_000, "{most}");
    eprintln!(
        "10 000 lines: right {right:.1} ms, 1 mistake {with_one:.1} ms, 1 000 {with_many:.1} ms, 2 000 {with_most:.1} ms"
    );
}

/// The same steps in the three syntaxes, and with an anchor.
fn steps(path: &str, lines: usize) -> String {
    let mut text = String::new();
    let count = lines / 5;
    match path {
        "big.json" => {
            text.push_str("{\n  \"name\": \"big\",\n  \"steps\": [\n");
            for at in 0..count {
                let comma = if at + 1 < count { "," } else { "" };
                text.push_str(&format!(
                    "    {{\n      \"id\": \"step{at}\",\n      \"type\": \"shell\",\n      \"run\": \"echo {at}\"\n    }}{comma}\n"
                ));
            }
            text.push_str("  ]\n}\n");
        }
        "big.toml" => {
            text.push_str("name = \"big\"\n");
            for at in 0..count {
                text.push_str(&format!(
                    "\n[[steps]]\nid = \"step{at}\"\ntype = \"shell\"\nrun = \"echo {at}\"\n"
                ));
            }
        }
        "anchored.yaml" => {
            let text = workflow(lines, 0);
            let text = text.replacen("env: {A: \"0\"}", "env: &env {A: \"0\"}", 1);
            return text.replacen("env: {A: \"1\"}", "env: *env", 1);
        }
        "aliased.yaml" => return behind_the_first(&workflow(lines, 0), "    env: ", "&env {A: a}", "*env"),
        "merged.yaml" => {
            return behind_the_first(&workflow(lines, 0), "  - ", "&step\n    id: a", "<<: *step");
        }
        "mistaken.yaml" => return workflow(lines, 2),
        "twice.yaml" => return format!("name: small\n{}", workflow(lines, 0)),
        _ => return workflow(lines, 0),
    }
    text
}

/// The text with something else behind each `mark`: in the first line that has it, and in all others.
fn behind_the_first(text: &str, mark: &str, first: &str, others: &str) -> String {
    let mut all = String::new();
    let mut behind = first;
    for line in text.lines() {
        if line.starts_with(mark) {
            all.extend([mark, behind]);
            behind = others;
        } else {
            all.push_str(line);
        }
        all.push('\n');
    }
    all
}

/// What is typed in the middle of a text, and what a keystroke behind it costs at its best: tree and schema. The tree
/// of each version is made of the one before.
fn keystrokes(path: &str, schema: &Schema, text: &str, typed: &str) -> (usize, f64, f64) {
    let path = Path::new(path);
    let mut document = Document::open_at(0, "", path, text);
    let mut memo = Memo::default();
    let check = |document: &Document, memo: &mut Memo| {
        let (text, tree) = (document.text(), document.tree());
        let found = schemas::check_again(&File { path, text, tree, kind: FileKind::Other }, schema, memo);
        found.len() + tree.problems().len()
    };
    check(&document, &mut memo);
    let half = text[..text.len() / 2].rfind("echo").unwrap_or_default();
    let line = text[..half].rfind('\n').map_or(0, |found| found + 1);
    let (mut read, mut checked, mut found) = (f64::MAX, f64::MAX, 0);
    for (version, come) in (1..).zip([typed, "x", "x", "x", "x", "x"]) {
        let text = document.text();
        // The damage on a line of its own above, all else behind the word that is there.
        let place =
            if version == 1 { line } else { line + text[line..].find("echo").unwrap_or_default() + 4 };
        let place = LineIndex::new(text).position(place, Encoding::Utf16);
        let change = Change { range: Some(Range::new(place, place)), text: come.to_owned() };
        document = document.edited(version, &[change], Encoding::Utf16);
        let start = Instant::now();
        document.tree();
        read = read.min(start.elapsed().as_secs_f64() * 1_000.0);
        let start = Instant::now();
        found = check(&document, &mut memo);
        checked = checked.min(start.elapsed().as_secs_f64() * 1_000.0);
    }
    (found, read, checked)
}

/// Steps of which no two may be the same.
const UNIQUE: &str = r#"{
    "type": "object",
    "properties": {"steps": {"type": "array", "uniqueItems": true, "items": {
        "type": "object",
        "required": ["id", "run"],
        "properties": {"id": {"type": "string"}, "run": {"type": "string"}}
    }}}
}"#;

/// Two forms of a file, of which nothing but a list tells which one is meant.
const CHOICE: &str = r#"{"anyOf": [
    {"type": "object", "properties": {"steps": {"type": "array", "items": {
        "type": "object",
        "required": ["id", "run"],
        "properties": {"id": {"type": "string"}, "run": {"type": "string"}}
    }}}},
    {"type": "object", "required": ["jobs"], "properties": {"jobs": {"type": "array"}}}
]}"#;

/// What one typed character costs, in a good text and in a broken one.
#[test]
fn an_edit_is_checked_in_bounds() {
    let url = schemas::by_name("workflow").unwrap();
    let schema = Schema::load(&url, &mut |_| Err(String::new())).unwrap();
    let unique = crate::support::schema(UNIQUE);
    let choice = crate::support::schema(CHOICE);
    for (path, what, typed, findings) in [
        ("big.yaml", "", "", 0),
        ("anchored.yaml", "", "", 0),
        ("aliased.yaml", "", "", 0),
        ("merged.yaml", "", "", 0),
        ("twice.yaml", "", "", 1),
        ("mistaken.yaml", "", "", usize::MAX),
        ("big.yaml", "choice", "", 0),
        ("big.yaml", "choice", "    run: 7\n", 2),
        ("big.yaml", "a word left out", "    type: shel\n", 2),
        ("big.json", "", "", 0),
        ("big.json", "uniqueItems", "", 0),
        ("big.json", "a list left open", "      \"needs\": [\n", 1),
        ("big.json", "a mapping left open", "      \"env\": {\n", 1),
        ("big.json", "a quote left open", "      \"dir\": \"a,\n", 1),
        ("big.toml", "", "", 0),
        ("big.toml", "uniqueItems", "", 0),
        ("big.toml", "a list left open", "needs = [\n", 1),
        ("big.toml", "a table left open", "env = {\n", 1),
        ("big.toml", "a header left open", "[steps.env\n", 1),
    ] {
        // Without optimizations the large ones take long and say nothing.
        let sizes =
            if cfg!(debug_assertions) { &[1_000, 10_000][..] } else { &[1_000, 10_000, 50_000, 100_000] };
        for &lines in sizes {
            let schema = match what {
                "uniqueItems" => &unique,
                "choice" => &choice,
                _ => &schema,
            };
            let (found, read, checked) = keystrokes(path, schema, &steps(path, lines), typed);
            eprintln!(
                "{path} {what}, {lines} lines, one edit: tree {read:.2} ms, schema {checked:.2} ms, {found} found"
            );
            // Every second step, up to what a file is told.
            let findings = if findings == usize::MAX { (lines / 10).min(1_000) } else { findings };
            assert!(found.abs_diff(findings) < 4, "{path} {what}: {found}");
        }
    }
}
