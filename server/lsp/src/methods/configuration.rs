//! `workspace/configuration`: what the editor's settings say under `copydesk`. They tighten; they never grant.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tower_lsp::gen_lsp_types as lsp;

use crate::diagnostics::{self, Unopened};
use crate::intake::beside;
use crate::state::State;
use crate::suggesting;

/// Asks the client, and says in its log what is wrong.
pub(crate) async fn fetch(state: &Arc<State>) {
    let Some(session) = state.session() else { return };
    if !session.ladder.configuration {
        return;
    }
    // Counted at the first poll, in wire order: a run that is asked for later waits for it.
    let under_way = UnderWay::count(&state.settings_under_way);
    let Some(settings) = ask(state).await else { return };
    let (backstage, root) = (state.clone(), session.root.clone());
    let problems = beside(move || (backstage.backstage.editor_settings)(&root, &settings)).await;
    drop(under_way);
    session.library.doubt_rules();
    suggesting::look_again(state);
    let open: Vec<PathBuf> = state.documents.all().iter().filter_map(|open| open.path.clone()).collect();
    if !open.is_empty() {
        // Which schema a file has may be another one now.
        diagnostics::mark_touched(state, &open, Unopened::Leave);
    }
    for problem in problems.unwrap_or_default() {
        state.client.log_message(lsp::MessageType::Warning, problem).await;
    }
}

/// How long anything waits for an editor that was asked for its settings and does not answer.
const PATIENCE: Duration = Duration::from_millis(300);

/// Waits for settings of the editor's that are on their way: they were sent before.
pub(crate) async fn settled(state: &State) {
    let mut under_way = state.settings_under_way.subscribe();
    let none = under_way.wait_for(|count| *count == 0);
    let _ = tokio::time::timeout(PATIENCE, none).await;
}

/// One answer that is waited for; counted until it is dropped, whatever becomes of the waiting.
struct UnderWay<'a>(&'a watch::Sender<u32>);

impl<'a> UnderWay<'a> {
    fn count(counter: &'a watch::Sender<u32>) -> Self {
        counter.send_modify(|count| *count += 1);
        Self(counter)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

async fn ask(state: &State) -> Option<Value> {
    let item = lsp::ConfigurationItem { scope_uri: None, section: Some("copydesk".to_owned()) };
    let answers = state.client.configuration(vec![item]).await.ok()?;
    Some(answers.into_iter().next().unwrap_or(Value::Null))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn an_answer_that_is_given_up_is_no_longer_waited_for() {
        let counter = watch::Sender::new(0);
        let waiting = async {
            let _under_way = UnderWay::count(&counter);
            std::future::pending::<()>().await;
        };
        assert!(waiting.now_or_never().is_none());
        assert_eq!(*counter.borrow(), 0);
    }
}
