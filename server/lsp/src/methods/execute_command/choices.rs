//! Commands that choose for the whole connection: the mode, the model, and whether the workspace is trusted.

use std::sync::Arc;

use copydesk_base::ApprovalId;
use copydesk_base::config::Mode;
use copydesk_base::host::{Host, Shown};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp::jsonrpc::{Error, Result};

use super::failed;
use crate::Trusted;
use crate::intake::beside;
use crate::state::{Session, State};
use crate::suggesting;

#[derive(Deserialize)]
pub(super) struct ModeArgument {
    /// None goes back to the settings'.
    mode: Option<String>,
}

pub(super) fn set_mode(session: &Session, arguments: ModeArgument) -> Result<Option<Value>> {
    let Some(word) = arguments.mode else {
        session.desk.set_mode(None);
        return Ok(Some(json!({"mode": null})));
    };
    match Mode::parse(&word) {
        Some(Mode::Bypass) => Err(Error::invalid_params("mode bypass exists on the command line only")),
        Some(mode) => {
            session.desk.set_mode(Some(mode));
            Ok(Some(json!({"mode": mode.as_str()})))
        }
        None => Err(Error::invalid_params(no_mode(&word))),
    }
}

/// What a person is told who names a mode that is none.
pub(in crate::methods) fn no_mode(word: &str) -> String {
    format!("there is no mode '{word}': default, plan, accept-edits, auto or locked")
}

#[derive(Deserialize)]
pub(super) struct ModelArgument {
    /// None goes back to the settings'.
    model: Option<String>,
}

pub(super) async fn set_model(session: &Session, arguments: ModelArgument) -> Result<Option<Value>> {
    let model = arguments.model.as_deref().map(in_order);
    if let Some(model) = model.clone() {
        let desk = session.desk.clone();
        beside(move || desk.serves(&model)).await?.map_err(Error::invalid_params)?;
    }
    session.desk.set_model(model.clone());
    Ok(Some(json!({"model": model})))
}

/// A name of a model as it is asked for: without blanks around it, or around the sign behind its provider.
fn in_order(model: &str) -> String {
    // Signs that control something are no blanks, and no part of a name.
    let trimmed =
        |text: &str| text.trim_matches(|sign: char| sign.is_whitespace() && !sign.is_control()).to_owned();
    match model.split_once('/') {
        Some((provider, name)) => format!("{}/{}", trimmed(provider), trimmed(name)),
        None => trimmed(model),
    }
}

pub(super) async fn trust(state: &Arc<State>, session: &Session) -> Result<Option<Value>> {
    let (backstage, root) = (state.clone(), session.root.clone());
    let trusted = beside(move || (backstage.backstage.trust)(&root)).await?;
    match trusted {
        Ok(Trusted { sentence, changed }) => {
            state.doubt_trust();
            suggesting::look_again(state);
            if !changed.is_empty() {
                let title = "What changed since this workspace was trusted".to_owned();
                session.host.show(Shown::Approval { id: ApprovalId::from("trust"), title, text: changed });
            }
            for open in state.documents.all() {
                session.publisher.mark(open.uri.clone());
            }
            if session.ladder.pull {
                let client = state.client.clone();
                state.tracker.spawn(async move {
                    let _ = client.workspace_diagnostic_refresh().await;
                });
            }
            Ok(Some(json!({"trusted": sentence})))
        }
        Err(reason) => Err(failed(&reason)),
    }
}
