//! Texts for reading: an answer, a difference, a whole effect. Kept in `COPYDESK_HOME`, opened where the client can.

use copydesk_agent::harmless;
use copydesk_base::RunId;
use copydesk_base::event::Denied;
use copydesk_base::host::Shown;
use tower_lsp::gen_lsp_types as lsp;

use super::EditorHost;
use crate::convert;
use crate::state::State;

/// Opens a difference or the whole of an effect.
pub(super) async fn show(state: &State, host: &EditorHost, what: Shown) {
    let (name, text) = match what {
        Shown::Approval { id, title, text } => (format!("{id}.txt"), format!("{title}\n\n{text}")),
        Shown::Change { id, diff, .. } => (format!("{id}.diff"), diff),
    };
    put(state, host, &name, &text).await;
}

/// What the model said last: opened if it is more than a line, else said in the log.
pub(super) async fn answer(state: &State, host: &EditorHost, run: &RunId, text: &str, denied: &[Denied]) {
    let mut text = text.trim().to_owned();
    for denied in denied {
        text.push_str(&format!("\n\nNot done: {} ({})", denied.effect, denied.reason));
    }
    let text = text.trim();
    if text.is_empty() {
        return;
    }
    if text.lines().count() > 3 || text.chars().count() > 240 {
        put(state, host, &format!("{run}.md"), text).await;
    } else {
        let text = harmless(text);
        host.client.log_message(lsp::MessageType::Info, format!("Copydesk: {text}")).await;
    }
}

async fn put(state: &State, host: &EditorHost, name: &str, text: &str) {
    if host.ladder.show_document
        && let Some(session) = state.session()
    {
        let folder = (state.backstage.shelf)(&session.root);
        let file = folder.join(name);
        let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, text));
        match written {
            Ok(()) => {
                let params = lsp::ShowDocumentParams {
                    uri: lsp::Uri(convert::uri_of(&file)),
                    external: Some(false),
                    take_focus: Some(true),
                    selection: None,
                };
                // Not waited for: some clients answer when the person closes it.
                let client = host.client.clone();
                state.tracker.spawn(async move {
                    let _ = client.show_document(params).await;
                });
                return;
            }
            Err(error) => tracing::warn!(%error, "the text to show could not be written"),
        }
    }
    host.client.log_message(lsp::MessageType::Info, harmless(text)).await;
}
