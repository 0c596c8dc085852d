//! Syntax errors that stand far from their cause: where the reader stumbled is not where the mistake is.
//!
//! What stands there must tell what was meant: an expression that YAML reads as brackets, a `:` inside of one, a key
//! without its colon before a bracket.

use copydesk_base::{Code, Diagnostic, Fix, Span, TextEdit};
use copydesk_text::yaml::messages;

use super::syntax::{Line, between_quotes};
use crate::expression::{End, pieces};

/// The most lines that one value is looked for in.
const MOST_LINES: usize = 50;

/// What to say instead of a finding, at the place that was meant.
pub(super) fn instead(text: &str, finding: &Diagnostic) -> Option<Diagnostic> {
    let line = Line::around(text, finding.span.start)?;
    let at = finding.span.start - line.start;
    match finding.message.as_str() {
        messages::NEXT_ITEM | messages::NEXT_ENTRY => in_brackets(text, line, at),
        messages::AFTER_QUOTE => colon(line, at).or_else(|| in_lines(text, finding.span.start)),
        messages::STRAY_BRACKET => {
            let start = line.text.len() - line.text.trim_start_matches([' ', '-']).len();
            let key = without_colon(line.text.get(start..)?)?;
            Some(missing_colon(Code::YamlSyntax, line.start + start, key))
        }
        _ if finding.code == Code::YamlSyntax => {
            dash_above(text, line).or_else(|| in_lines(text, finding.span.start))
        }
        _ => None,
    }
}

/// A `-id: a` on this line or the one above, which is a key to YAML, and was meant as an item.
fn dash_above(text: &str, line: Line<'_>) -> Option<Diagnostic> {
    let above = line.start.checked_sub(1).and_then(|end| Line::around(text, end));
    [Some(line), above].into_iter().flatten().find_map(|line| {
        let item = line.text.trim_start_matches(' ');
        let word = item.split_once(':')?.0;
        is_item(word).then(|| {
            let start = line.start + line.text.len() - item.len();
            missing_space(Code::YamlSyntax, Span::new(start, start + word.len()), vec![start + 1])
        })
    })
}

/// Whether a word starts with a dash that has no space behind it.
pub(super) fn is_item(word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let word = word.strip_prefix('-');
    word.is_some_and(|word| word.starts_with(char::is_alphabetic) && word.chars().all(is_part))
}

/// Says that a dash has no space behind it. The space is put at each of `places`.
pub(super) fn missing_space(code: Code, span: Span, places: Vec<usize>) -> Diagnostic {
    let edits = places.into_iter().map(|at| TextEdit::insert(at, " ")).collect();
    Diagnostic::new(code, span, "put a space behind '-'").with_fix(Fix::new("put a space behind '-'", edits))
}

/// Expressions between brackets of YAML that have no quotes around them, if the mistake is in one of them. The last of
/// the line may go on in lines below.
fn in_brackets(text: &str, line: Line<'_>, at: usize) -> Option<Diagnostic> {
    let length = match pieces(line.text).last() {
        Some(last) if last.end == End::Open => {
            let all = text.get(line.start..)?;
            let below: usize = all.split_inclusive('\n').take(MOST_LINES).map(str::len).sum();
            let whole = pieces(all.get(..below)?);
            let whole = whole.iter().find(|piece| piece.outer.start == last.outer.start)?;
            whole.outer.end + all.get(whole.outer.end..)?.lines().next().map_or(0, str::len)
        }
        _ => line.text.len(),
    };
    // Items on lines of their own have the same mistake, and the same mend.
    let mut below = text.get(line.start + length..)?.split_inclusive('\n').take(MOST_LINES);
    let end = below.next().map_or(0, str::len);
    let more: usize = below.take_while(|line| line.trim_start().starts_with("${{")).map(str::len).sum();
    let length = if more > 0 { length + end + more } else { length };
    let line = Line { text: text.get(line.start..line.start + length)?, ..line };
    let bare = |span: &Span| {
        let before = line.text.get(..span.start).unwrap_or("").trim_end();
        !before.ends_with(['"', '\''])
    };
    let values: Vec<Span> = pieces(line.text)
        .into_iter()
        .map(|piece| value_around(line.text, piece.outer))
        .filter(bare)
        .collect();
    let wrong = values.iter().find(|value| value.start <= at && at <= value.end)?;
    let message = "an expression between brackets is read as more brackets; put the text in quotes";
    let edits = values.iter().map(|value| {
        let span = Span::new(line.start + value.start, line.start + value.end);
        TextEdit::new(span, between_quotes(value.of(line.text)))
    });
    let span = Span::new(line.start + wrong.start, line.start + wrong.end);
    let fix = Fix::new("put the text in quotes", edits.collect());
    Some(Diagnostic::new(Code::YamlSyntax, span, message).with_fix(fix))
}

/// The value that holds an expression: as far as no bracket, comma or colon ends it.
fn value_around(line: &str, expression: Span) -> Span {
    let before = line.get(..expression.start).unwrap_or("");
    let start = before.rfind(['[', '{', ',']).map_or(0, |at| at + 1);
    let start = before.rfind(": ").map_or(start, |at| start.max(at + 2));
    let start = start + (before.len() - start - before.get(start..).unwrap_or("").trim_start().len());
    let rest = line.get(expression.end..).unwrap_or("");
    let length = rest.find([',', ']', '}']).unwrap_or(rest.len());
    let length = rest.get(..length).unwrap_or("").trim_end().len();
    Span::new(start, expression.end + length)
}

/// An expression without quotes that goes over lines: a `:`, `?` or `#` in it is YAML's own, and the reader stumbles
/// there or in a line below.
fn in_lines(text: &str, at: usize) -> Option<Diagnostic> {
    let value = value_of_lines(text, at)?;
    let written = value.of(text);
    if !written.contains('\n') {
        return None;
    }
    let found = pieces(written);
    if found.is_empty() || found.iter().any(|piece| piece.end == End::Open) {
        return None;
    }
    let sign = found.iter().find_map(|piece| {
        let inner = piece.inner.of(written);
        let is_own = |(at, sign): &(usize, char)| {
            let before = inner.get(..*at).and_then(|before| before.chars().next_back());
            let behind = inner.get(at + sign.len_utf8()..).and_then(|behind| behind.chars().next());
            let ends = behind.is_none_or(char::is_whitespace);
            match sign {
                ':' => ends,
                '?' => {
                    ends && inner
                        .get(..*at)
                        .is_some_and(|before| before.trim_end_matches(' ').ends_with('\n'))
                }
                '#' => before.is_some_and(char::is_whitespace),
                _ => false,
            }
        };
        let (at, _) = inner.char_indices().find(is_own)?;
        Some(value.start + piece.inner.start + at)
    })?;
    let sign = Span::new(sign, sign + 1);
    let message = format!("YAML reads this '{}' as its own; put the text in quotes", sign.of(text));
    let fix = Fix::new("put the text in quotes", vec![TextEdit::new(value, between_quotes(written))]);
    Some(Diagnostic::new(Code::YamlSyntax, sign, message).with_fix(fix))
}

/// The value without quotes of a key that is written over lines, as far as they stand deeper than the key.
fn value_of_lines(text: &str, at: usize) -> Option<Span> {
    let indent = |line: Line<'_>| line.text.len() - line.text.trim_start_matches([' ', '-']).len();
    let mut line = Line::around(text, at)?;
    let mut lines = 0;
    let start = loop {
        let key = line.text.get(indent(line)..)?;
        let colon = key.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '$'))).unwrap_or(0);
        if colon > 0 && key.get(colon..)?.starts_with(": ") {
            let value = key.get(colon + 2..)?;
            break line.start + line.text.len() - value.trim_start().len();
        }
        lines += 1;
        if line.start == 0 || lines > MOST_LINES {
            return None;
        }
        line = Line::around(text, line.start - 1)?;
    };
    let first = text.get(start..)?.chars().next()?;
    if matches!(first, '"' | '\'' | '|' | '>' | '[' | '{' | '&' | '*' | '!') || start > at {
        return None;
    }
    let is_below = |(number, below): &(usize, &str)| {
        let deep = below.len() - below.trim_start_matches(' ').len();
        *number == 0 || below.trim().is_empty() || deep > indent(line)
    };
    let lines = text.get(line.start..)?.split_inclusive('\n').take(MOST_LINES).enumerate();
    let end: usize = lines.take_while(is_below).map(|(_, line)| line.len()).sum();
    let length = text.get(start..line.start + end)?.trim_end().len();
    (at < start + length).then(|| Span::new(start, start + length))
}

/// A `: ` inside of an expression ends the text that it stands in, and a quote behind it starts another.
fn colon(line: Line<'_>, at: usize) -> Option<Diagnostic> {
    let around =
        pieces(line.text).into_iter().find(|piece| piece.outer.start < at && at < piece.outer.end)?;
    let inside = line.text.get(around.inner.start..at)?;
    let colon = line.start + around.inner.start + inside.find(": ")?;
    let fix = line.requoted(Span::new(colon, colon + 1))?;
    Some(Diagnostic::new(Code::YamlSyntax, Span::new(colon, colon + 1), messages::COLON).with_fix(fix))
}

/// The word that a text starts with, if a bracket follows it without a colon: `env {A: b`.
pub(super) fn without_colon(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '$')))?;
    let (word, rest) = text.split_at(end);
    (!word.is_empty() && rest.trim_start().starts_with(['{', '['])).then_some(word)
}

/// The word that a text starts with, if it could be a key that grew together with its value: `id undo`, `id:undo`.
pub(super) fn first_word(text: &str) -> Option<&str> {
    let end = text.find([':', ' '])?;
    let (word, rest) = text.split_at(end);
    (!word.is_empty() && rest.len() > 1).then_some(word)
}

/// Says that the sign or the space between a key and its value is missing.
pub(super) fn run_together(span: Span, text: &str, word: &str) -> Diagnostic {
    if text.get(word.len()..).is_some_and(|rest| rest.starts_with(':')) {
        let fix =
            Fix::new("put a space behind ':'", vec![TextEdit::insert(span.start + word.len() + 1, " ")]);
        return Diagnostic::new(Code::UnknownKey, span, "put a space behind ':'").with_fix(fix);
    }
    missing_colon(Code::UnknownKey, span.start, word)
}

/// Says that a key at `start` has no colon.
pub(super) fn missing_colon(code: Code, start: usize, key: &str) -> Diagnostic {
    let span = Span::new(start, start + key.len());
    let fix = Fix::new("add a ':'", vec![TextEdit::insert(span.end, ":")]);
    Diagnostic::new(code, span, format!("a ':' is missing behind '{key}'")).with_fix(fix)
}
