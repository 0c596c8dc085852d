//! What the conversation of a chat document has used: above its `session` as a lens, and by model and agent on hover.

use std::fmt::Write as _;
use std::sync::Arc;

use copydesk_agent::{Sums, used};
use copydesk_base::{SessionId, Span};
use copydesk_language::chat;
use copydesk_text::position;
use tower_lsp::gen_lsp_types as lsp;

use crate::convert;
use crate::documents::Open;
use crate::markup::markdown;
use crate::state::{Session, State};

/// A lens is asked for at every pause of typing, and all records of the turns are read for it: a longer conversation
/// tells on hover only.
const MOST_TURNS: usize = 100;

/// The lens above the session's id; nothing where nothing was used.
pub(crate) async fn lens(state: &State, open: &Arc<Open>) -> Option<lsp::CodeLens> {
    let session = state.session()?;
    let (id, span) = named(open)?;
    let sums = sums(session, id, MOST_TURNS).await?;
    // It says something, and does nothing.
    let command =
        lsp::Command { title: used(&sums.all), tooltip: None, command: String::new(), arguments: None };
    Some(lsp::CodeLens {
        range: convert::range(&open.document, span, session.ladder.encoding),
        command: Some(command),
        data: None,
    })
}

/// What stands under the cursor, if it is the session's id.
pub(crate) async fn hover(state: &State, open: &Arc<Open>, at: lsp::Position) -> Option<lsp::Hover> {
    let session = state.session()?;
    let (id, span) = named(open)?;
    let place = position::Position::new(at.line, at.character);
    let offset = position::offset(open.document.rope(), place, session.ladder.encoding);
    if !span.touches(offset) {
        return None;
    }
    let sums = sums(session, id, usize::MAX).await?;
    let content = if session.ladder.markdown_hover {
        markdown(&told(&sums))
    } else {
        lsp::MarkupContent { kind: lsp::MarkupKind::PlainText, value: told(&sums).replace("**", "") }
    };
    Some(lsp::Hover {
        contents: lsp::Contents::MarkupContent(content),
        range: Some(convert::range(&open.document, span, session.ladder.encoding)),
    })
}

/// The conversation that a chat document names, and where.
fn named(open: &Open) -> Option<(SessionId, Span)> {
    if !open.path.as_deref().is_some_and(chat::is_chat) {
        return None;
    }
    let node = open.document.tree().root()?.get("session")?;
    let id = node.scalar_text().filter(|id| !id.is_empty())?;
    Some((SessionId::from(id), node.span()))
}

async fn sums(session: &Session, id: SessionId, most: usize) -> Option<Sums> {
    session.desk.sums(&id, most).await.filter(|sums| sums.all.requests > 0)
}

fn told(sums: &Sums) -> String {
    let minutes = sums.time.as_secs() / 60;
    let mut text = format!("**This conversation**: {}", used(&sums.all));
    if minutes > 0 {
        let _ = write!(text, ", {minutes} min");
    }
    for (word, parts) in [("model", &sums.models), ("agent", &sums.agents)] {
        let _ = write!(text, "\n\nBy {word}:\n");
        for (name, usage) in parts {
            let _ = write!(text, "\n- {name}: {}", used(usage));
        }
    }
    text
}
