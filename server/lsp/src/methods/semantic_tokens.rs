//! `textDocument/semanticTokens`: what each word is, for colors; all of them, those of a range, or what changed.
//!
//! The words of a document at a version are always the same, so the version is the name of an answer. The last answer
//! of each document is kept, because a client that asks for what changed has kept it, too.

use std::sync::Arc;

use copydesk_base::Span;
use copydesk_language::{SemanticToken, TokenKind, TokenRole};
use copydesk_text::position;
use dashmap::DashMap;
use tower_lsp::gen_lsp_types as lsp;

use crate::convert;
use crate::documents::Open;
use crate::snapshot::Snapshot;

/// The numbers of one word: lines and columns from the word before, length, kind, modifiers.
type Numbers = [u32; 5];

/// The answers that were given last, by URI: their names and their words.
#[derive(Debug, Default)]
pub(crate) struct Answered(DashMap<String, (String, Arc<Vec<Numbers>>)>);

impl Answered {
    /// Forgets a document that was closed.
    pub(crate) fn forget(&self, uri: &str) {
        self.0.remove(uri);
    }
}

/// The kinds and modifiers, by their numbers.
pub(crate) fn legend() -> lsp::SemanticTokensLegend {
    lsp::SemanticTokensLegend {
        token_types: TokenKind::ALL.iter().map(|kind| kind.as_str().to_owned()).collect(),
        token_modifiers: vec!["declaration".to_owned()],
    }
}

pub(crate) fn full(
    snapshot: &Snapshot,
    open: Option<&Open>,
    _: lsp::SemanticTokensParams,
) -> Option<lsp::SemanticTokens> {
    let open = open?;
    let (name, numbers) = answer(snapshot, open);
    Some(lsp::SemanticTokens { result_id: Some(name), data: tokens(&numbers) })
}

pub(crate) fn delta(
    snapshot: &Snapshot,
    open: Option<&Open>,
    params: lsp::SemanticTokensDeltaParams,
) -> Option<lsp::SemanticTokensDeltaResponse> {
    let open = open?;
    let before = snapshot.state.tokens.0.get(&open.uri).map(|kept| kept.clone());
    let before = before.filter(|(name, _)| *name == params.previous_result_id);
    let (name, numbers) = answer(snapshot, open);
    let Some((_, before)) = before else {
        let data = tokens(&numbers);
        return Some(lsp::SemanticTokens { result_id: Some(name), data }.into());
    };
    Some(lsp::SemanticTokensDelta { result_id: Some(name), edits: changed(&before, &numbers) }.into())
}

pub(crate) fn range(
    snapshot: &Snapshot,
    open: Option<&Open>,
    params: lsp::SemanticTokensRangeParams,
) -> Option<lsp::SemanticTokens> {
    let open = open?;
    let within = convert::span(&open.document, params.range, snapshot.ladder.encoding);
    let numbers = numbers(snapshot, open, Some(within));
    Some(lsp::SemanticTokens { result_id: None, data: tokens(&numbers) })
}

/// All words, kept for the next question.
fn answer(snapshot: &Snapshot, open: &Open) -> (String, Arc<Vec<Numbers>>) {
    let name = open.document.version().to_string();
    let numbers = Arc::new(numbers(snapshot, open, None));
    snapshot.state.tokens.0.insert(open.uri.clone(), (name.clone(), numbers.clone()));
    (name, numbers)
}

fn numbers(snapshot: &Snapshot, open: &Open, within: Option<Span>) -> Vec<Numbers> {
    let found = copydesk_language::semantic_tokens(&open.file(), within);
    let mut numbers = Vec::with_capacity(found.len());
    let (mut line, mut column) = (0, 0);
    for token in found {
        for (at, length) in pieces(snapshot, open, token.span) {
            let start = if at.line == line { at.character - column } else { at.character };
            numbers.push([at.line - line, start, length, kind(&token), modifiers(&token)]);
            (line, column) = (at.line, at.character);
        }
    }
    numbers
}

/// A word over several lines is one piece for each of them, unless the client takes it whole.
fn pieces(snapshot: &Snapshot, open: &Open, span: Span) -> Vec<(position::Position, u32)> {
    let encoding = snapshot.ladder.encoding;
    let rope = open.document.rope();
    let text = span.of(open.document.text());
    let length = |text: &str| u32::try_from(encoding.length(text)).unwrap_or(u32::MAX);
    if snapshot.ladder.multiline_tokens || !text.contains(['\n', '\r']) {
        return vec![(position::position(rope, span.start, encoding), length(text))];
    }
    let mut pieces = Vec::new();
    let mut at = span.start;
    for line in position::lines(text) {
        let words = line.trim();
        if !words.is_empty() {
            let lead = line.len() - line.trim_start().len();
            pieces.push((position::position(rope, at + lead, encoding), length(words)));
        }
        at += line.len();
    }
    pieces
}

fn kind(token: &SemanticToken) -> u32 {
    let at = TokenKind::ALL.iter().position(|kind| *kind == token.kind);
    at.and_then(|at| u32::try_from(at).ok()).unwrap_or(0)
}

fn modifiers(token: &SemanticToken) -> u32 {
    u32::from(token.role == TokenRole::Declares)
}

fn tokens(numbers: &[Numbers]) -> Vec<lsp::SemanticToken> {
    let token = |[delta_line, delta_start, length, token_type, token_modifiers_bitset]: &Numbers| {
        lsp::SemanticToken {
            delta_line: *delta_line,
            delta_start: *delta_start,
            length: *length,
            token_type: *token_type,
            token_modifiers_bitset: *token_modifiers_bitset,
        }
    };
    numbers.iter().map(token).collect()
}

/// What lies between the words that both begin and end with. Words are counted from one another, so the rest stays.
fn changed(before: &[Numbers], after: &[Numbers]) -> Vec<lsp::SemanticTokensEdit> {
    let front = before.iter().zip(after).take_while(|(was, is)| was == is).count();
    let (was, is) = (before.get(front..).unwrap_or(&[]), after.get(front..).unwrap_or(&[]));
    let back = was.iter().rev().zip(is.iter().rev()).take_while(|(was, is)| was == is).count();
    let (gone, come) = (was.len() - back, is.get(..is.len() - back).unwrap_or(&[]));
    if gone == 0 && come.is_empty() {
        return Vec::new();
    }
    let count = |words: usize| u32::try_from(words * 5).unwrap_or(u32::MAX);
    vec![lsp::SemanticTokensEdit {
        start: count(front),
        delete_count: count(gone),
        data: Some(come.iter().flatten().copied().collect()),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_makes_the_old_answer_the_new_one() {
        let word = |number: u32| [0, number, 1, 0, 0];
        let table: &[(&[u32], &[u32])] = &[
            (&[], &[]),
            (&[1, 2, 3], &[1, 2, 3]),
            (&[1, 2, 3], &[1, 9, 3]),
            (&[1, 2, 3], &[1, 3]),
            (&[1, 3], &[1, 2, 3]),
            (&[], &[1]),
            (&[1, 1, 1], &[1, 1]),
        ];
        for (before, after) in table {
            let before: Vec<Numbers> = before.iter().copied().map(word).collect();
            let after: Vec<Numbers> = after.iter().copied().map(word).collect();
            let mut data: Vec<u32> = before.iter().flatten().copied().collect();
            for edit in changed(&before, &after) {
                let start = edit.start as usize;
                data.splice(start..start + edit.delete_count as usize, edit.data.unwrap_or_default());
            }
            assert_eq!(data, after.iter().flatten().copied().collect::<Vec<u32>>());
        }
    }
}
