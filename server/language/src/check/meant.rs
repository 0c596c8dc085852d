//! Syntax errors that stand far from their cause: where the reader stumbled is not where the mistake is.
//!
//! One line must tell what was meant: an expression that YAML reads as brackets, a `:` inside of one, a key without its
//! colon before a bracket.

use copydesk_base::{Code, Diagnostic, Fix, Span, TextEdit};
use copydesk_text::yaml::messages;

use super::syntax::{Line, between_quotes};
use crate::expression::pieces;

/// What to say instead of a finding, at the place that was meant.
pub(super) fn instead(text: &str, finding: &Diagnostic) -> Option<Diagnostic> {
    let line = Line::around(text, finding.span.start)?;
    let at = finding.span.start - line.start;
    match finding.message.as_str() {
        messages::NEXT_ITEM | messages::NEXT_ENTRY => in_brackets(line, at),
        messages::AFTER_QUOTE => colon(line, at),
        messages::STRAY_BRACKET => {
            let start = line.text.len() - line.text.trim_start_matches([' ', '-']).len();
            let key = without_colon(line.text.get(start..)?)?;
            Some(missing_colon(Code::YamlSyntax, line.start + start, key))
        }
        _ => None,
    }
}

/// Expressions between brackets of YAML that have no quotes around them, if the mistake is in one of them.
fn in_brackets(line: Line<'_>, at: usize) -> Option<Diagnostic> {
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

/// Says that a key at `start` has no colon.
pub(super) fn missing_colon(code: Code, start: usize, key: &str) -> Diagnostic {
    let span = Span::new(start, start + key.len());
    let fix = Fix::new("add a ':'", vec![TextEdit::insert(span.end, ":")]);
    Diagnostic::new(code, span, format!("a ':' is missing behind '{key}'")).with_fix(fix)
}
