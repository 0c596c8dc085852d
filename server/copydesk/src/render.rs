//! Diagnostics for people: with carets on a terminal, one findable line each elsewhere.

use std::fmt::Write;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use copydesk_base::{Diagnostic, Severity};
use copydesk_text::{Encoding, LineIndex};

use crate::out::Look;

/// One file's findings, each with its piece of the text.
pub(crate) fn findings(path: &str, text: &str, findings: &[Diagnostic], look: Look) -> String {
    let mut rendered = String::new();
    for finding in findings {
        let one = match look {
            Look::Plain => plain(path, text, finding),
            Look::Terminal => with_carets(path, text, finding, &Renderer::plain()),
            Look::Colored => with_carets(path, text, finding, &Renderer::styled()),
        };
        rendered.push_str(&one);
        rendered.push('\n');
    }
    rendered
}

fn with_carets(path: &str, text: &str, finding: &Diagnostic, renderer: &Renderer) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
        Severity::Hint => Level::HELP,
    };
    let mut snippet = Snippet::source(text).path(path).annotation(AnnotationKind::Primary.span(within(
        text,
        finding.span.start,
        finding.span.end,
    )));
    for related in finding.related.iter().filter(|related| related.path.is_none()) {
        let span = within(text, related.span.start, related.span.end);
        snippet = snippet.annotation(AnnotationKind::Context.span(span).label(visible(&related.message)));
    }
    let mut group = level.primary_title(visible(&finding.message)).id(finding.code.as_str()).element(snippet);
    for fix in finding.fixes.iter().take(3) {
        group = group.element(Level::HELP.message(visible(&fix.title)));
    }
    renderer.render(&[group]) + "\n"
}

/// `path:line:column: severity[code]: message`, then the line with carets below it.
fn plain(path: &str, text: &str, finding: &Diagnostic) -> String {
    let lines = LineIndex::new(text);
    let line = lines.line(finding.span.start);
    let span = lines.line_span(line);
    let source = span.of(text).trim_end_matches(['\n', '\r']);
    let at = lines.position(finding.span.start, Encoding::Utf32);
    let column = at.character as usize;
    let in_line = finding.span.end.min(span.start + source.len()).max(finding.span.start);
    let width = text.get(finding.span.start..in_line).map_or(1, |piece| piece.chars().count()).max(1);
    let (severity, code) = (finding.severity.as_str(), finding.code);
    let (number, message) = (line + 1, visible(&finding.message));
    let mut rendered = format!("{path}:{number}:{}: {severity}[{code}]: {message}\n", column + 1);
    // A line that no terminal shows whole helps nobody.
    if source.len() <= 400 {
        let margin = " ".repeat(number.to_string().len());
        let indent: String =
            source.chars().take(column).map(|character| if character == '\t' { '\t' } else { ' ' }).collect();
        let carets = "^".repeat(width);
        let _ = writeln!(rendered, "  {number} | {}", visible(source));
        let _ = writeln!(rendered, "  {margin} | {indent}{carets}");
    }
    for fix in finding.fixes.iter().take(3) {
        let _ = writeln!(rendered, "  help: {}", visible(&fix.title));
    }
    rendered
}

/// The span on character boundaries inside the text.
fn within(text: &str, start: usize, end: usize) -> std::ops::Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(start);
    start..floor(end).max(start)
}

/// The text without characters that move a terminal's cursor or turn its reading order.
pub(crate) fn visible(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\t' | '\n' => character,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}' | '\u{feff}' => {
                '\u{fffd}'
            }
            control if control.is_control() => '\u{fffd}',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use copydesk_base::{Code, Span};

    use super::*;

    #[test]
    fn a_finding_is_one_line_that_tools_can_read_and_a_picture_for_people() {
        let text = "name: x\nsteps:\n  - id: ä\n    rnu: y\n";
        let start = text.find("rnu").unwrap();
        let finding =
            Diagnostic::new(Code::UnknownKey, Span::new(start, start + 3), "'rnu' is no key\u{1b}[31m");
        assert_eq!(
            findings("a.yaml", text, std::slice::from_ref(&finding), Look::Plain),
            "a.yaml:4:5: error[unknown-key]: 'rnu' is no key\u{fffd}[31m\n  4 |     rnu: y\n    |     ^^^\n\n"
        );
        let shown = findings("a.yaml", text, &[finding], Look::Terminal);
        assert!(shown.contains("--> a.yaml:4:5") && shown.contains("^^^"), "{shown}");
    }

    #[test]
    fn spans_beyond_the_text_are_drawn_at_its_end() {
        for (text, span) in [("", Span::new(0, 9)), ("a: ä", Span::new(4, 99)), ("a\n", Span::at(2))] {
            let finding = Diagnostic::new(Code::YamlSyntax, span, "no");
            for look in [Look::Plain, Look::Terminal, Look::Colored] {
                assert!(findings("a", text, std::slice::from_ref(&finding), look).contains("no"));
            }
        }
    }
}
