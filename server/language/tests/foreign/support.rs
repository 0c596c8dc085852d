//! Helpers: a schema and a marked text in, lines out.

use std::path::Path;

use copydesk_base::{Diagnostic, Fix, Span};
use copydesk_language::schemas::{self, Schema};
use copydesk_language::{File, FileKind, parse};
use expect_test::Expect;

/// Where the schema of a test lies.
pub(crate) const HERE: &str = "file:///s/schema.json";

pub(crate) fn schema(text: &str) -> Schema {
    let load = Schema::load(HERE, &mut |url| {
        if url == HERE { Ok(text.to_owned()) } else { Err("it is not there".to_owned()) }
    });
    load.unwrap_or_else(|why| panic!("{why}: {text}"))
}

pub(crate) fn findings(schema: &Schema, path: &str, text: &str) -> Vec<Diagnostic> {
    let path = Path::new(path);
    let tree = parse(path, text);
    schemas::check(&File { path, text, tree: &tree, kind: FileKind::Other }, schema)
}

/// Checks a YAML text. `⟦ ⟧` mark the expected ranges. Each fix is applied, and must take its finding away and bring no
/// broken syntax.
pub(crate) fn check(schema_text: &str, marked: &str, expect: Expect) {
    check_as("test.yaml", schema_text, marked, expect);
}

pub(crate) fn check_as(path: &str, schema_text: &str, marked: &str, expect: Expect) {
    let schema = schema(schema_text);
    let (text, expected) = unmark(marked);
    let found = findings(&schema, path, &text);
    let lines: String = found.iter().map(line).collect();
    expect.assert_eq(&lines);
    let mut spans: Vec<Span> = found.iter().map(|finding| finding.span).collect();
    spans.dedup();
    let shown =
        |spans: &[Span]| spans.iter().map(|span| (*span, span.of(&text).to_owned())).collect::<Vec<_>>();
    assert_eq!(shown(&spans), shown(&expected), "the ranges in\n{text}");
    for finding in &found {
        for fix in &finding.fixes {
            let mended = apply(&text, fix);
            let left = findings(&schema, path, &mended);
            let same = |other: &&Diagnostic| (other.code, &other.message) == (finding.code, &finding.message);
            assert!(
                left.iter().filter(same).count() < found.iter().filter(same).count(),
                "'{}' does not mend:\n{mended}",
                fix.title
            );
            assert!(
                parse(Path::new(path), &mended).problems().is_empty(),
                "'{}' breaks:\n{mended}",
                fix.title
            );
        }
    }
}

fn line(finding: &Diagnostic) -> String {
    let mut line = format!("{} {} {}", finding.severity.as_str(), finding.code, finding.message);
    for fix in &finding.fixes {
        line += &format!(" [fix: {}]", fix.title);
    }
    line + "\n"
}

pub(crate) fn apply(text: &str, fix: &Fix) -> String {
    let mut edits = fix.edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
    edits.iter().fold(text.to_owned(), |text, edit| {
        format!("{}{}{}", &text[..edit.span.start], edit.text, &text[edit.span.end..])
    })
}

fn unmark(marked: &str) -> (String, Vec<Span>) {
    let mut text = String::new();
    let mut spans = Vec::new();
    let mut starts = Vec::new();
    for c in marked.chars() {
        match c {
            '⟦' => starts.push(text.len()),
            '⟧' => spans.push(Span::new(starts.pop().unwrap_or(0), text.len())),
            _ => text.push(c),
        }
    }
    spans.sort();
    (text, spans)
}
