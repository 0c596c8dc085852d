//! `textDocument/inlineCompletion`: what a model would write at the cursor. In clients without it, an item of the menu.
//!
//! Positions and words only; whether, when and whom to ask is the agent room's business.

use std::sync::Arc;

use copydesk_agent::{Asked, Beside, Spot, Suggested, Suggestion};
use copydesk_base::Span;
use copydesk_text::position::{self, Position};
use tower_lsp::gen_lsp_types as lsp;

use crate::comments;
use crate::convert;
use crate::documents::Open;
use crate::state::{Session, State};
use crate::suggesting::{self, Way};

/// Other open texts that are handed over; more than can be of use.
const BESIDE: usize = 8;
/// Letters of an item's label.
const LABEL: usize = 60;

pub(crate) async fn run(
    state: &Arc<State>,
    params: lsp::InlineCompletionParams,
) -> Option<lsp::InlineCompletionResponse> {
    let session = state.session()?;
    let asked = match params.context.trigger_kind {
        lsp::InlineCompletionTriggerKind::Invoked => Asked::ByHand,
        // A kind that nobody knows yet is no key of a person's.
        lsp::InlineCompletionTriggerKind::Automatic | lsp::InlineCompletionTriggerKind::Custom(_) => {
            Asked::ByTyping
        }
    };
    if !suggesting::serves(state, session, Way::Inline, asked).await {
        return None;
    }
    let at = params.text_document_position_params;
    let open = state.documents.get(&at.text_document.uri.0)?;
    let spot = spot(state, session, &open, at.position, asked)?;
    let chosen = params.context.selected_completion_info;
    let (spot, shown) = match chosen {
        None => {
            let range = convert::range(&open.document, Span::at(spot.cursor), session.ladder.encoding);
            (spot, Shown { begins: String::new(), range })
        }
        Some(chosen) => {
            let span = convert::span(&open.document, chosen.range, session.ladder.encoding);
            // As the document has it: what a client says may lie beyond a line's end, or run backwards.
            let range = convert::range(&open.document, span, session.ladder.encoding);
            (with_chosen(spot, span, &chosen.text)?, Shown { begins: chosen.text, range })
        }
    };
    let item = |text: String| lsp::InlineCompletionItem {
        insert_text: lsp::InsertText::String(shown.begins.clone() + &text),
        filter_text: None,
        range: Some(shown.range),
        command: None,
    };
    let items = match suggested(state, session, spot).await {
        Suggestion::Text(text) => vec![item(text)],
        Suggestion::Nothing => vec![],
        // Neovim takes what it shows away for an empty list, also one that comes late, and leaves it for null.
        Suggestion::Outdated => return None,
    };
    Some(lsp::InlineCompletionResponse::InlineCompletionItemList(items))
}

/// Where a suggestion is put, and what it has to begin with there.
struct Shown {
    begins: String,
    range: lsp::Range,
}

/// The moment as it would be if the entry that is chosen in the menu were taken: what is shown must go on from there.
fn with_chosen(spot: Spot, replaced: Span, chosen: &str) -> Option<Spot> {
    let is_here = replaced.start <= spot.cursor && spot.cursor <= replaced.end;
    let (before, after) = (spot.text.get(..replaced.start)?, spot.text.get(replaced.end..)?);
    // No client takes an item that replaces more than a part of one line.
    let is_in_line = !spot.text.get(replaced.start..replaced.end)?.contains(['\n', '\r']);
    let (cursor, length) = (replaced.start + chosen.len(), chosen.len());
    let text = [before, chosen, after].concat().into();
    (is_here && is_in_line).then_some(Spot { text, cursor, chosen: length, ..spot })
}

/// The same as one item of the menu, behind whatever else is in it; the client asks again at the next key.
pub(crate) async fn in_menu(
    state: &Arc<State>,
    open: Arc<Open>,
    at: lsp::Position,
) -> Option<lsp::CompletionResponse> {
    let session = state.session()?;
    if !suggesting::serves(state, session, Way::InMenu, Asked::ByTyping).await {
        return None;
    }
    let spot = spot(state, session, &open, at, Asked::ByTyping)?;
    let (whole, cursor) = (spot.text.clone(), spot.cursor);
    let Suggestion::Text(text) = suggested(state, session, spot).await else { return None };
    // The word so far is replaced by itself: clients compare items with it.
    let word = word_before(&whole[..cursor]);
    let span = Span::new(cursor - word.len(), cursor);
    let range = convert::range(&open.document, span, session.ladder.encoding);
    let new_text = format!("{word}{text}");
    let label: String = new_text.trim().lines().next().unwrap_or("").chars().take(LABEL).collect();
    let item = lsp::CompletionItem {
        filter_text: Some(if word.is_empty() { label.clone() } else { word.to_owned() }),
        label,
        kind: Some(lsp::CompletionItemKind::Snippet),
        detail: Some("Copydesk".to_owned()),
        documentation: Some(lsp::Documentation::String(text)),
        sort_text: Some("~".to_owned()),
        insert_text_format: Some(lsp::InsertTextFormat::PlainText),
        text_edit: Some(lsp::CompletionItemTextEdit::TextEdit(lsp::TextEdit { range, new_text })),
        ..Default::default()
    };
    let list = lsp::CompletionList { is_incomplete: true, items: vec![item], ..Default::default() };
    Some(lsp::CompletionResponse::CompletionList(list))
}

async fn suggested(state: &State, session: &Session, spot: Spot) -> Suggestion {
    let Suggested { answer, notices } = session.desk.suggest(spot).await;
    for notice in notices {
        state.client.log_message(lsp::MessageType::Warning, notice).await;
    }
    answer
}

/// The moment, as the agent room takes it; nothing for a document that is no file.
fn spot(state: &State, session: &Session, open: &Open, at: lsp::Position, asked: Asked) -> Option<Spot> {
    let place = Position::new(at.line, at.character);
    Some(Spot {
        path: open.path.clone()?,
        language: open.document.language_id().to_owned(),
        text: open.document.text().clone(),
        cursor: position::offset(open.document.rope(), place, session.ladder.encoding),
        chosen: 0,
        asked,
        beside: beside(state, open),
        comment: comments::line_leader(open.document.language_id()),
    })
}

/// The other open texts, the one edited last first; those never edited in the order of their names.
fn beside(state: &State, open: &Open) -> Vec<Beside> {
    let language = open.document.language_id();
    let mut others = state.documents.all();
    others.retain(|other| {
        other.path != open.path && (other.edited.is_some() || other.document.language_id() == language)
    });
    others.sort_by(|one, other| {
        let when = |open: &Open| open.edited.map(|edited| edited.when);
        when(other).cmp(&when(one)).then_with(|| one.uri.cmp(&other.uri))
    });
    let texts = others.iter().filter_map(|other| {
        Some(Beside {
            path: other.path.clone()?,
            language: other.document.language_id().to_owned(),
            text: other.document.text().clone(),
            edited: other.edited.map(|edited| edited.line),
        })
    });
    texts.take(BESIDE).collect()
}

/// The word that ends where the cursor is.
fn word_before(text: &str) -> &str {
    let start =
        text.char_indices().rev().take_while(|(_, letter)| letter.is_alphanumeric() || *letter == '_').last();
    start.map_or("", |(at, _)| &text[at..])
}
