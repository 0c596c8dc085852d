//! Diagnostics for people: with carets on a terminal, one findable line each elsewhere.

use std::fmt::Write;
use std::ops::Range;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use copydesk_base::redact::{Found, REDACTED, apart};
use copydesk_base::{Code, Diagnostic, Severity, Span};
use copydesk_language::keys_of_providers;
use copydesk_permission::find_secrets;
use copydesk_text::{Encoding, LineIndex};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

pub(crate) use copydesk_agent::visible;

use crate::out::Look;

/// How many columns of a line are drawn where nobody says how wide the screen is.
const WIDTH: usize = 140;
/// How many characters are looked at for one column: accents take none of their own.
const MOST_IN_COLUMN: usize = 4;

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
    let secrets = if findings.is_empty() { Vec::new() } else { secrets(path.as_ref(), text, findings) };
    for finding in findings {
        let one = match look {
            Look::Plain => plain(&path, text, &lines, finding, &secrets),
            Look::Terminal | Look::Colored => with_carets(&path, text, &lines, finding, &renderer, &secrets),
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
    secrets: &[Found],
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
    let hidden = Hidden::new(text, piece, secrets);
    let drawn = hidden.text.as_str();
    let at = |span: Span| {
        let span = hidden.span(span);
        within(drawn, span.start, span.end)
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

/// The secrets of a file, by their shape, by what was found, or by standing where a provider has its key: a screen, and
/// the log of a CI job, is no place for them.
fn secrets(path: &str, text: &str, findings: &[Diagnostic]) -> Vec<Found> {
    let mut found = find_secrets(text);
    let told = findings.iter().filter(|finding| finding.code == Code::PlainSecret);
    let told = told.map(|finding| finding.span);
    let keys = keys_of_providers(&copydesk_language::parse(Path::new(path), text));
    let spans = told.chain(keys).map(|span| within(text, span.start, span.end));
    found.extend(spans.map(|span| Found { span, kind: "secret" }));
    apart(found)
}

/// A piece of a file as it is drawn: with a word for each of its secrets.
struct Hidden {
    text: String,
    /// What each secret of the piece takes, there and here.
    moved: Vec<(Range<usize>, Range<usize>)>,
    start: usize,
}

impl Hidden {
    fn new(text: &str, piece: Span, secrets: &[Found]) -> Self {
        let (mut drawn, mut moved, mut end) = (String::new(), Vec::new(), piece.start);
        for secret in secrets {
            let there = secret.span.start.max(piece.start)..secret.span.end.min(piece.end);
            if there.is_empty() {
                continue;
            }
            drawn.push_str(&text[end..there.start]);
            let start = drawn.len();
            drawn.push_str(REDACTED);
            end = there.end;
            moved.push((there, start..drawn.len()));
        }
        drawn.push_str(&text[end..piece.end]);
        Self { text: drawn, moved, start: piece.start }
    }

    /// Where what stands there is drawn. Of a secret it is all or nothing.
    fn span(&self, span: Span) -> Span {
        let from = self.place(span.start, |here| here.start);
        Span::new(from, self.place(span.end, |here| here.end).max(from))
    }

    fn place(&self, at: usize, within: impl Fn(&Range<usize>) -> usize) -> usize {
        let before = self.moved.iter().rev().find(|(there, _)| there.start < at);
        match before {
            Some((there, here)) if at < there.end => within(here),
            Some((there, here)) => here.end + (at - there.end),
            None => at.saturating_sub(self.start),
        }
    }
}

/// `path:line:column: severity[code]: message`, then the line with carets below it.
fn plain(path: &str, text: &str, lines: &LineIndex<'_>, finding: &Diagnostic, secrets: &[Found]) -> String {
    let line = lines.line(finding.span.start);
    let span = lines.line_span(line);
    let column = lines.position(finding.span.start, Encoding::Utf32).character as usize;
    let (severity, code) = (finding.severity.as_str(), finding.code);
    let (number, message) = (line + 1, visible(&finding.message));
    let mut rendered = format!("{path}:{number}:{}: {severity}[{code}]: {message}\n", column + 1);
    let margin = " ".repeat(number.to_string().len());
    let hidden = Hidden::new(text, span, secrets);
    let marked = hidden.span(finding.span);
    let (source, carets) = underlined(&hidden.text, marked.start, marked.len());
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
    let before = shortened_in_front(&line[within(line, 0, from)], WIDTH / 2);
    let marked = shortened_behind(&line[within(line, from, to)], WIDTH / 2);
    let room = WIDTH.saturating_sub(before.width() + marked.width()).max(1);
    let behind = shortened_behind(&line[within(line, to, line.len())], room);
    let carets = " ".repeat(before.width()) + &"^".repeat(marked.width().max(1));
    (format!("{before}{marked}{behind}").trim_end().to_owned(), carets)
}

fn drawn(text: &str) -> String {
    visible(text).replace('\t', "    ")
}

/// A text as it is drawn, in at most so many columns, the last ones. No more of it is looked at.
fn shortened_in_front(text: &str, columns: usize) -> String {
    let start = text.char_indices().rev().nth(columns * MOST_IN_COLUMN).map_or(0, |(at, _)| at);
    let near = drawn(&text[start..]);
    if start == 0 && near.width() <= columns {
        return near;
    }
    let mut kept: Vec<char> = Vec::new();
    let mut width = 1;
    for character in near.chars().rev() {
        width += character.width().unwrap_or(0);
        if width > columns {
            break;
        }
        kept.push(character);
    }
    std::iter::once('…').chain(kept.into_iter().rev()).collect()
}

/// A text as it is drawn, in at most so many columns, the first ones. No more of it is looked at.
fn shortened_behind(text: &str, columns: usize) -> String {
    let end = text.char_indices().nth(columns * MOST_IN_COLUMN).map_or(text.len(), |(at, _)| at);
    let near = drawn(&text[..end]);
    if end == text.len() && near.width() <= columns {
        return near;
    }
    let mut kept = String::new();
    let mut width = 1;
    for character in near.chars() {
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
    fn a_secret_is_not_drawn() {
        let key = "sk-abcdefghijklmnopqrstuvwx0";
        let rows = [
            (
                format!("a: {{api_key: {key}, b: c}}"),
                "api_key",
                Code::UnknownKey,
                "a: {api_key: [redacted], b: c}",
            ),
            (format!("a: {{api_key: {key}, b: c}}"), key, Code::UnknownKey, "a: {api_key: [redacted], b: c}"),
            (
                format!("a: {{api_key: {key}, b: c}}"),
                "b: c",
                Code::UnknownKey,
                "a: {api_key: [redacted], b: c}",
            ),
            (format!("api_key: {key}"), "-abcd", Code::FormatMismatch, "api_key: [redacted]"),
            ("word: swordfish".to_owned(), "swordfish", Code::PlainSecret, "word: [redacted]"),
        ];
        let below = |key: &str| format!("providers: {{p: {{key: {key}}}}}");
        let of_providers = [
            ("'two words'", "key", "[redacted]"),
            ("[hunter2, 'two words']", "key", "[[redacted], [redacted]]"),
            ("{value: hunter2}", "value", "{value: [redacted]}"),
            ("{hunter2}", "key", "{[redacted]}"),
            ("{command: op read x, cache: 1h}", "cache", "{command: op read x, cache: 1h}"),
            ("${KEY}", "key", "${KEY}"),
        ];
        let rows = rows.into_iter().chain(of_providers.map(|(key, marked, drawn)| {
            (below(key), marked, Code::TypeMismatch, below(drawn).leak() as &str)
        }));
        for (text, marked, code, expect) in rows {
            let text = format!("first: line\n{text}\n");
            let start = text.find(marked).unwrap();
            let finding = Diagnostic::new(code, Span::new(start, start + marked.len()), "no");
            let plain = findings("a", &text, std::slice::from_ref(&finding), Look::Plain);
            let [_, source, carets, ..] = plain.lines().collect::<Vec<_>>()[..] else { panic!("{plain}") };
            assert_eq!(source, format!("  2 | {expect}"));
            let below = if expect.contains(marked) { marked } else { "[redacted]" };
            let at = carets.find('^').unwrap();
            assert_eq!(&source[at..carets.len()], below, "{plain}");
            for look in [Look::Terminal, Look::Colored] {
                let shown = findings("a", &text, std::slice::from_ref(&finding), look);
                assert!(shown.contains(expect) && !shown.contains(key), "{shown}");
            }
        }
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
