//! Diagnostics for people: with carets on a terminal, one findable line each elsewhere.

use std::fmt::Write;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use copydesk_base::{Diagnostic, Severity, Span};
use copydesk_text::{Encoding, LineIndex};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

pub(crate) use copydesk_agent::visible;

use crate::out::Look;

/// How many columns of a line are drawn where nobody says how wide the screen is.
const WIDTH: usize = 140;

/// One file's findings, each with its piece of the text.
pub(crate) fn findings(path: &str, text: &str, findings: &[Diagnostic], look: Look) -> String {
    let mut rendered = String::new();
    let lines = LineIndex::new(text);
    let path = visible(path);
    let renderer = match look {
        Look::Colored => Renderer::styled(),
        Look::Terminal | Look::Plain => Renderer::plain(),
    };
    let renderer = renderer.term_width(width());
    for finding in findings {
        let one = match look {
            Look::Plain => plain(&path, text, &lines, finding),
            Look::Terminal | Look::Colored => with_carets(&path, text, &lines, finding, &renderer),
        };
        rendered.push_str(&one);
        rendered.push('\n');
    }
    rendered
}

/// The columns of the screen.
fn width() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stdout());
    size.ok().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 20).unwrap_or(WIDTH)
}

fn with_carets(
    path: &str,
    text: &str,
    lines: &LineIndex<'_>,
    finding: &Diagnostic,
    renderer: &Renderer,
) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
        Severity::Hint => Level::HELP,
    };
    let related = || finding.related.iter().filter(|related| related.path.is_none());
    // Only the lines that are drawn are handed over: the library reads all of what it gets, for each finding.
    let touched = || std::iter::once(finding.span).chain(related().map(|related| related.span));
    let first = touched().map(|span| lines.line(span.start)).min().unwrap_or(0);
    let last = touched().map(|span| lines.line(span.end)).max().unwrap_or(0);
    let piece = Span::new(lines.line_span(first).start, lines.line_span(last).end);
    let drawn = piece.of(text);
    let at = |span: Span| {
        let from = |at: usize| at.max(piece.start) - piece.start;
        within(drawn, from(span.start), from(span.end))
    };
    let mut snippet = Snippet::source(drawn)
        .path(path)
        .line_start(first + 1)
        .annotation(AnnotationKind::Primary.span(at(finding.span)));
    for related in related() {
        let label = visible(&related.message);
        snippet = snippet.annotation(AnnotationKind::Context.span(at(related.span)).label(label));
    }
    let mut group = level.primary_title(visible(&finding.message)).id(finding.code.as_str()).element(snippet);
    for fix in finding.fixes.iter().take(3) {
        group = group.element(Level::HELP.message(visible(&fix.title)));
    }
    renderer.render(&[group]) + "\n"
}

/// `path:line:column: severity[code]: message`, then the line with carets below it.
fn plain(path: &str, text: &str, lines: &LineIndex<'_>, finding: &Diagnostic) -> String {
    let line = lines.line(finding.span.start);
    let span = lines.line_span(line);
    let column = lines.position(finding.span.start, Encoding::Utf32).character as usize;
    let (severity, code) = (finding.severity.as_str(), finding.code);
    let (number, message) = (line + 1, visible(&finding.message));
    let mut rendered = format!("{path}:{number}:{}: {severity}[{code}]: {message}\n", column + 1);
    let margin = " ".repeat(number.to_string().len());
    let (source, carets) = underlined(span.of(text), finding.span.start - span.start, finding.span.len());
    let _ = writeln!(rendered, "  {number} | {source}");
    let _ = writeln!(rendered, "  {margin} | {carets}");
    for fix in finding.fixes.iter().take(3) {
        let _ = writeln!(rendered, "  help: {}", visible(&fix.title));
    }
    rendered
}

/// A line and, for below it, carets under the bytes that count. A line that no screen shows whole is cut around them.
/// Tabs are drawn as four columns, wide characters count as two.
fn underlined(line: &str, start: usize, length: usize) -> (String, String) {
    let line = line.trim_end_matches(['\n', '\r']);
    let from = start.min(line.len());
    let to = (start + length).min(line.len()).max(from);
    let (before, marked, behind) =
        (within(line, 0, from), within(line, from, to), within(line, to, line.len()));
    let (before, marked, behind) = (drawn(&line[before]), drawn(&line[marked]), drawn(&line[behind]));
    let before = shortened_in_front(&before, WIDTH / 2);
    let marked = shortened_behind(&marked, WIDTH / 2);
    let behind = shortened_behind(&behind, WIDTH.saturating_sub(before.width() + marked.width()).max(1));
    let carets = " ".repeat(before.width()) + &"^".repeat(marked.width().max(1));
    (format!("{before}{marked}{behind}").trim_end().to_owned(), carets)
}

fn drawn(text: &str) -> String {
    visible(text).replace('\t', "    ")
}

/// At most so many columns, the last ones.
fn shortened_in_front(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut kept: Vec<char> = Vec::new();
    let mut width = 1;
    for character in text.chars().rev() {
        width += character.width().unwrap_or(0);
        if width > columns {
            break;
        }
        kept.push(character);
    }
    std::iter::once('…').chain(kept.into_iter().rev()).collect()
}

/// At most so many columns, the first ones.
fn shortened_behind(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut width = 1;
    for character in text.chars() {
        width += character.width().unwrap_or(0);
        if width > columns {
            break;
        }
        kept.push(character);
    }
    kept + "…"
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

#[cfg(test)]
mod tests {
    use copydesk_base::Code;

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

    #[test]
    fn carets_stand_below_what_they_mean() {
        let long = format!("{}key: x{}", "a".repeat(300), "b".repeat(300));
        let wide = "k: 日本 x";
        let table = [
            ("run: a", 0, 3, "run: a", "^^^"),
            ("\ta: b", 1, 1, "    a: b", "    ^"),
            (wide, wide.find('x').unwrap(), 1, wide, "        ^"),
            (wide, 3, 6, wide, "   ^^^^"),
            ("a", 1, 0, "a", " ^"),
            ("", 0, 0, "", "^"),
        ];
        for (line, start, length, source, carets) in table {
            assert_eq!(underlined(line, start, length), (source.to_owned(), carets.to_owned()));
        }
        let (source, carets) = underlined(&long, 300, 3);
        assert!(source.starts_with('…') && source.ends_with('…') && source.width() <= WIDTH, "{source}");
        let at = carets.find('^').unwrap();
        assert_eq!(source.chars().skip(at).take(carets.len() - at).collect::<String>(), "key");
    }
}
