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
    let item = lsp::ConfigurationItem { scope_uri: None, section: Some("copydesk".to_owned()) };
    let Ok(answers) = state.client.configuration(vec![item]).await else { return };
    let settings = answers.into_iter().next().unwrap_or(Value::Null);
    for problem in (state.backstage.editor_settings)(&session.root, &settings) {
        state.client.log_message(lsp::MessageType::Warning, problem).await;
    }
}
