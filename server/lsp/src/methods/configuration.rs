//! `workspace/configuration`: what the editor's settings say under `copydesk`. They tighten; they never grant.

use std::sync::Arc;

use serde_json::Value;
use tower_lsp::gen_lsp_types as lsp;

use crate::state::State;

/// Asks the client, and says in its log what is wrong.
pub(crate) async fn fetch(state: &Arc<State>) {
    let Some(session) = state.session() else { return };
    if !session.ladder.configuration {
        return;
    }
    // Counted at the first poll, in wire order: a run that is asked for later waits for it.
    state.settings_under_way.send_modify(|count| *count += 1);
    let answer = ask(state).await;
    if let Some(settings) = answer {
        let problems =
            tokio::task::block_in_place(|| (state.backstage.editor_settings)(&session.root, &settings));
        state.settings_under_way.send_modify(|count| *count -= 1);
        for problem in problems {
            state.client.log_message(lsp::MessageType::Warning, problem).await;
        }
    } else {
        state.settings_under_way.send_modify(|count| *count -= 1);
    }
}

async fn ask(state: &State) -> Option<Value> {
    let item = lsp::ConfigurationItem { scope_uri: None, section: Some("copydesk".to_owned()) };
    let answers = state.client.configuration(vec![item]).await.ok()?;
    Some(answers.into_iter().next().unwrap_or(Value::Null))
}
