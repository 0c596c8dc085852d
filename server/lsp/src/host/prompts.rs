//! Approvals as prompts: `window/showMessageRequest`, one at a time, beside the diagnostic with the same choices.
//!
//! Whatever a client announces, it is tried: some prompt well and announce nothing. Null and an unknown title are
//! denials, an error leaves the approval pending, and after -32601 this connection is not asked again.

use std::collections::HashSet;

use copydesk_agent::{ApprovalView, Decision, Desk};
use copydesk_base::ApprovalId;
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::{self, ErrorCode};

use super::EditorHost;

/// The four titles; no model can use them for a question of its own.
pub(crate) const TITLES: [(&str, Decision); 4] = [
    ("Allow once", Decision::Once),
    ("Always allow", Decision::Always),
    ("Deny", Decision::Deny),
    ("Show", Decision::Show),
];

/// The choices that an approval offers at this moment.
pub(crate) fn choices(approval: &ApprovalView) -> Vec<(&'static str, Decision)> {
    TITLES
        .into_iter()
        .filter(|(_, decision)| match decision {
            Decision::Once => approval.can_allow(),
            Decision::Always => approval.can_allow() && !approval.always.is_empty(),
            Decision::Deny | Decision::Show => true,
        })
        .collect()
}

/// What came of one prompt.
enum Heard {
    Answer(jsonrpc::Result<Option<lsp::MessageActionItem>>),
    /// Another way was first, or the run ended.
    SettledElsewhere,
}

pub(super) async fn work(host: &EditorHost, desk: &Desk) {
    let mut view = desk.view();
    let mut prompted: HashSet<ApprovalId> = HashSet::new();
    loop {
        let next = {
            let view = view.borrow_and_update();
            prompted.retain(|id| view.approvals.iter().any(|approval| approval.id == *id));
            let waiting = view
                .approvals
                .iter()
                .filter(|approval| !approval.patient && !prompted.contains(&approval.id));
            waiting.min_by_key(|approval| approval.asked).cloned()
        };
        let Some(approval) = next else {
            if view.changed().await.is_err() {
                return;
            }
            continue;
        };
        prompted.insert(approval.id.clone());
        match prompt(host, desk, &approval).await {
            Heard::SettledElsewhere => {}
            Heard::Answer(Err(error)) if error.code == ErrorCode::MethodNotFound => {
                tracing::info!("this client knows no prompts; approvals stand as diagnostics");
                return std::future::pending().await;
            }
            Heard::Answer(Err(error)) => tracing::info!(%error, "a prompt was answered with an error"),
            Heard::Answer(Ok(answer)) => {
                let title = answer.map(|item| item.title).unwrap_or_default();
                let offered = choices(&approval);
                let decision = offered
                    .iter()
                    .find(|(word, _)| *word == title)
                    .map_or(Decision::Deny, |(_, decision)| *decision);
                if let Err(error) = desk.decide(&approval.id, decision, "person", None).await {
                    tracing::info!(%error, "a prompt's answer came too late");
                }
            }
        }
    }
}

async fn prompt(host: &EditorHost, desk: &Desk, approval: &ApprovalView) -> Heard {
    let actions = choices(approval).into_iter().map(|(title, _)| lsp::MessageActionItem {
        title: title.to_owned(),
        properties: std::collections::HashMap::default(),
    });
    let params = lsp::ShowMessageRequestParams {
        kind: lsp::MessageType::Warning,
        message: approval.text.clone(),
        actions: Some(actions.collect()),
    };
    let asking = host.client.send_request::<lsp::ShowMessageRequest>(params);
    let mut view = desk.view();
    let settled = async {
        loop {
            let waits = view
                .borrow_and_update()
                .approvals
                .iter()
                .any(|waiting| waiting.id == approval.id && !waiting.patient);
            if !waits || view.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        answer = asking => Heard::Answer(answer),
        () = settled => Heard::SettledElsewhere,
    }
}
