//! Inside `${{ }}`, and in the keys that take an expression without it.
//!
//! The text from the start of the expression to the cursor is read as the half expression it is, and type inference
//! says what stands before the cursor: [`members`] proposes what belongs to it, [`names`] what a value may start
//! with. [`signature`] tells of the function around the cursor. In a quoted value of YAML a quote of its own kind is
//! written as two characters ([`quoted`]).

mod hyphens;
mod members;
mod names;
mod quoted;

use copydesk_base::Span;

use super::place::{At, Part, Quote};
use super::{Completion, CompletionKind, Cursor, Snippet, shape_at};
use crate::FileKind;
use crate::expression::infer::{Inferred, Seen, SeenCall, watch};
use crate::expression::scope::{Scope, World};
use crate::expression::{self, End, Token, TokenKind};
use crate::shape::Role;

/// The text of the expression around the cursor, from its start to the cursor. `None` outside of expressions.
pub(super) fn inner(cursor: &Cursor<'_>) -> Option<Span> {
    if !matches!(cursor.file.kind, FileKind::Workflow | FileKind::Agent) {
        return None;
    }
    if let Some(open) = open_braces(cursor) {
        return Some(open);
    }
    let At::Value(quote) = cursor.place.at else { return None };
    if shape_at(cursor)?.role != Role::Expression || matches!(quote, Quote::Colon) {
        return None;
    }
    // The value starts behind the key's colon and a quote.
    let line = line_start(cursor);
    let before = cursor.file.text.get(line..cursor.offset)?;
    let Part::Key { name, .. } = cursor.place.path.last()? else { return None };
    let key = before.rfind(&format!("{name}:"))? + name.len() + 1;
    let start =
        before[key..].find(|c: char| !matches!(c, ' ' | '"' | '\'')).map_or(before.len(), |at| key + at);
    Some(Span::new(line + start, cursor.offset))
}

/// From behind the last `${{` to the cursor, if nothing closes it. Looks back over the lines of a block text only.
fn open_braces(cursor: &Cursor<'_>) -> Option<Span> {
    let text = cursor.file.text;
    let from = match cursor.place.at {
        // A block text has few expressions that go over lines; two lines back is far enough.
        At::Text => {
            let line = line_start(cursor);
            let back = text.get(..line.saturating_sub(1))?.rfind('\n').unwrap_or(0);
            text.get(..back)?.rfind('\n').map_or(0, |at| at + 1)
        }
        _ => line_start(cursor),
    };
    let piece = expression::pieces(text.get(from..cursor.offset)?).into_iter().next_back()?;
    (piece.end == End::Open).then(|| Span::new(from + piece.inner.start, cursor.offset))
}

fn line_start(cursor: &Cursor<'_>) -> usize {
    cursor.file.text.get(..cursor.offset).and_then(|text| text.rfind('\n')).map_or(0, |at| at + 1)
}

/// What is known of the half expression before the cursor.
struct Half<'c> {
    tokens: Vec<Token>,
    found: Inferred,
    scope: Scope<'c, 'c>,
    /// The name that is being typed, with what of it is behind the cursor.
    word: Span,
}

/// What may follow the text `inner`, which ends at the cursor.
pub(super) fn complete(cursor: &Cursor<'_>, inner: Span) -> Vec<Completion> {
    let world = World::new(cursor.file, &cursor.declared, cursor.index);
    let half = read(cursor, &world, inner);
    let Some(last) = half.tokens.last().copied() else { return names::roots(cursor, &half) };
    match last.kind {
        TokenKind::OpenText => match half.found.seen.clone() {
            Some(Seen::Against(ty)) => names::words(cursor, &ty, Some(last)),
            Some(Seen::Member { of, .. }) => members::bracketed(cursor, &half, &of, last),
            _ => Vec::new(),
        },
        TokenKind::Sign("." | "?.") => hyphens::behind_cut_name(cursor, &half, (inner, last))
            .unwrap_or_else(|| members::behind_dot(cursor, &half, last)),
        TokenKind::Sign(")" | "]" | "}") | TokenKind::Name | TokenKind::Number | TokenKind::Text => {
            Vec::new()
        }
        _ => {
            let mut proposals = match &half.found.seen {
                Some(Seen::Against(ty)) => names::words(cursor, ty, None),
                _ => Vec::new(),
            };
            proposals.extend(names::roots(cursor, &half));
            proposals
        }
    }
}

/// The function around the cursor.
pub(super) fn signature(cursor: &Cursor<'_>, inner: Span) -> Option<SeenCall> {
    let world = World::new(cursor.file, &cursor.declared, cursor.index);
    let half = read(cursor, &world, inner);
    // Behind a closed bracket nobody knows yet where the arguments go on.
    let is_closed = half.tokens.last().is_some_and(|token| token.kind == TokenKind::Sign(")"));
    half.found.call.filter(|_| !is_closed)
}

fn read<'c>(cursor: &Cursor<'c>, world: &'c World<'c>, inner: Span) -> Half<'c> {
    let text = cursor.file.text;
    let meant = quoted::meant(text, inner, around(cursor));
    let mut tokens = expression::tokens(&meant, inner);
    let end = tokens.last().map_or(inner.start, |token| token.span.end);
    let (expr, _) = expression::parse(&meant, inner);
    let scope = Scope::at(world, cursor.file, cursor.offset);
    let found = watch(&expr, &scope, end);
    let typed = match tokens.last() {
        Some(token) if token.kind == TokenKind::Name && token.span.end == cursor.offset => tokens.pop(),
        _ => None,
    };
    let start = typed.map_or(cursor.offset, |token| token.span.start);
    let word = Span::new(start, cursor.offset + rest_of_name(text, cursor.offset));
    Half { tokens, found, scope, word }
}

fn rest_of_name(text: &str, offset: usize) -> usize {
    let rest = text.get(offset..).unwrap_or("");
    rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$'))).unwrap_or(rest.len())
}

/// The quotes that the value of YAML around the cursor stands in.
fn around(cursor: &Cursor<'_>) -> Option<char> {
    let At::Value(Quote::Open(_) | Quote::Closed) = cursor.place.at else { return None };
    let before = cursor.file.text.get(..cursor.place.word.start)?;
    before.chars().next_back().filter(|c| matches!(c, '"' | '\''))
}

/// The quote that a text of the expression can have in the YAML around it.
fn quote(cursor: &Cursor<'_>) -> char {
    let line = cursor.file.text.get(line_start(cursor)..cursor.offset).unwrap_or("");
    let in_single = matches!(cursor.place.at, At::Value(Quote::Open('\'')))
        || (line.matches('\'').count() % 2 == 1 && !line.contains('"'));
    if in_single { '"' } else { '\'' }
}

fn proposal(kind: CompletionKind, label: &str, replace: Span, docs: &str, sort: usize) -> Completion {
    Completion {
        label: label.to_owned(),
        kind,
        insert: label.to_owned(),
        replace,
        detail: String::new(),
        docs: docs.to_owned(),
        sort: u32::try_from(sort).unwrap_or(u32::MAX),
        snippet: Snippet::Plain,
    }
}
