//! Marked texts: what is said about them, where, and that each mend does what it promises.
//!
//! `⟦ ⟧` mark the ranges that are expected, since YAML has brackets of its own; `$0` is the cursor.

use copydesk_base::{Diagnostic, Fix, Span};
use expect_test::Expect;

/// Compares what `find` finds in a text, and its ranges. Each fix is applied, and must take its finding away without
/// bringing more broken syntax, which `broken` counts.
pub(crate) fn check(
    marked: &str,
    expect: &Expect,
    find: impl Fn(&str) -> Vec<Diagnostic>,
    broken: impl Fn(&str) -> usize,
) {
    let (text, expected) = unmark(marked);
    let found = find(&text);
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
            assert_ne!(mended, text, "'{}' changes nothing", fix.title);
            let same = |other: &&Diagnostic| (other.code, &other.message) == (finding.code, &finding.message);
            let left = find(&mended).iter().filter(same).count();
            assert!(left < found.iter().filter(same).count(), "'{}' does not mend:\n{mended}", fix.title);
            assert!(broken(&mended) <= broken(&text), "'{}' breaks the syntax:\n{mended}", fix.title);
        }
    }
}

fn line(finding: &Diagnostic) -> String {
    let mut line = format!("{} {} {}", finding.severity.as_str(), finding.code, finding.message);
    for other in &finding.related {
        line += &format!(" [see: {}]", other.message);
    }
    for fix in &finding.fixes {
        line += &format!(" [fix: {}]", fix.title);
    }
    line + "\n"
}

pub(crate) fn apply(text: &str, fix: &Fix) -> String {
    copydesk_language::edited(text, &fix.edits)
}

/// The text without its marks, and the marked spans.
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

/// The text without its `$0`, and where that stood.
pub(crate) fn cursor(marked: &str) -> (String, usize) {
    let Some(offset) = marked.find("$0") else { panic!("no cursor in {marked}") };
    (marked.replacen("$0", "", 1), offset)
}
