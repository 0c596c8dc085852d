//! Commands about what waits for the person: a permission, and a proposal hunk by hunk.

use copydesk_agent::Decision;
use copydesk_base::{ApprovalId, ChangeId};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tower_lsp::jsonrpc::Result;

use super::{answer, said};
use crate::intake::after_answer;
use crate::state::Session;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ApproveArguments {
    approval_id: String,
    decision: Decision,
    feedback: Option<String>,
}

pub(super) async fn approve(session: &Session, arguments: ApproveArguments) -> Result<Option<Value>> {
    let approval = ApprovalId(arguments.approval_id);
    let settled = session.desk.decide(&approval, arguments.decision, "person", arguments.feedback).await;
    answer(settled)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ChangeArguments {
    change_id: String,
    hunks: Option<Vec<usize>>,
}

pub(super) async fn apply(session: &Session, arguments: ChangeArguments) -> Result<Option<Value>> {
    let (open, gate) = oneshot::channel();
    after_answer(open);
    answer(session.desk.apply(&ChangeId(arguments.change_id), arguments.hunks, gate).await)
}

pub(super) async fn reject(session: &Session, arguments: ChangeArguments) -> Result<Option<Value>> {
    answer(session.desk.reject(&ChangeId(arguments.change_id), arguments.hunks).await)
}

pub(super) async fn show(session: &Session, arguments: ChangeArguments) -> Result<Option<Value>> {
    session.desk.show(&ChangeId(arguments.change_id)).await.map_err(|error| said(&error))?;
    Ok(Some(json!({"sent": [], "refused": []})))
}
