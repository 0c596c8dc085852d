//! Approvals and models' own questions as prompts: `window/showMessageRequest`, one at a time, beside the diagnostic
//! with the same choices.
//!
//! Whatever a client announces, it is tried: some prompt well and announce nothing. Null and an unknown title are
//! denials, an error leaves the approval pending, and after -32601 this connection is not asked again.

use std::collections::HashSet;

use copydesk_agent::{ApprovalView, Decision, Desk, QuestionView, View};
use copydesk_base::Timestamp;
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::{self, ErrorCode};

use super::EditorHost;

/// The four titles; no model can use them for a question of its own (`ask_user` refuses them).
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

/// What a prompt is about.
#[derive(Clone)]
enum Asked {
    Approval(ApprovalView),
    /// A model's own question.
    Question(QuestionView),
}

impl Asked {
    /// The approvals and questions that wait for a prompt.
    fn all(view: &View) -> impl Iterator<Item = Self> {
        let approvals = view.approvals.iter().filter(|approval| !approval.patient).cloned();
        approvals.map(Self::Approval).chain(view.questions.iter().cloned().map(Self::Question))
    }

    fn id(&self) -> &str {
        match self {
            Self::Approval(approval) => approval.id.as_str(),
            Self::Question(question) => question.id.as_str(),
        }
    }

    fn asked(&self) -> Timestamp {
        match self {
            Self::Approval(approval) => approval.asked,
            Self::Question(question) => question.asked,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Approval(approval) => approval.text.clone(),
            Self::Question(question) if question.options.is_empty() => {
                format!("{} (answer with an 'ask:' comment and its code action 'tell')", question.text)
            }
            Self::Question(question) => question.text.clone(),
        }
    }

    fn titles(&self) -> Vec<String> {
        match self {
            Self::Approval(approval) => {
                choices(approval).into_iter().map(|(title, _)| title.to_owned()).collect()
            }
            Self::Question(question) => question.options.clone(),
        }
    }
}

pub(super) async fn work(host: &EditorHost, desk: &Desk) {
    let mut view = desk.view();
    let mut prompted: HashSet<String> = HashSet::new();
    loop {
        let next = {
            let view = view.borrow_and_update();
            prompted.retain(|id| Asked::all(&view).any(|asked| asked.id() == *id));
            Asked::all(&view).filter(|asked| !prompted.contains(asked.id())).min_by_key(Asked::asked)
        };
        let Some(asked) = next else {
            if view.changed().await.is_err() {
                return;
            }
            continue;
        };
        prompted.insert(asked.id().to_owned());
        match prompt(host, desk, &asked).await {
            Heard::SettledElsewhere => {}
            Heard::Answer(Err(error)) if error.code == ErrorCode::MethodNotFound => {
                tracing::info!("this client knows no prompts; approvals stand as diagnostics");
                return std::future::pending().await;
            }
            Heard::Answer(Err(error)) => tracing::info!(%error, "a prompt was answered with an error"),
            Heard::Answer(Ok(answer)) => {
                take(desk, &asked, &answer.map(|item| item.title).unwrap_or_default()).await;
            }
        }
    }
}

/// Hands an answer on. A prompt that was closed denies an approval, and leaves a question to its other ways.
async fn take(desk: &Desk, asked: &Asked, title: &str) {
    match asked {
        Asked::Approval(approval) => {
            let offered = choices(approval);
            let decision = offered
                .iter()
                .find(|(word, _)| *word == title)
                .map_or(Decision::Deny, |(_, decision)| *decision);
            if let Err(error) = desk.decide(&approval.id, decision, "person", None).await {
                tracing::info!(%error, "a prompt's answer came too late");
            }
        }
        Asked::Question(question) if question.options.iter().any(|option| option == title) => {
            if !desk.answer(&question.id, title.to_owned()).await {
                tracing::info!("a question's answer came too late");
            }
        }
        Asked::Question(_) => {}
    }
}

async fn prompt(host: &EditorHost, desk: &Desk, asked: &Asked) -> Heard {
    let actions = asked
        .titles()
        .into_iter()
        .map(|title| lsp::MessageActionItem { title, properties: std::collections::HashMap::default() });
    let params = lsp::ShowMessageRequestParams {
        kind: match asked {
            Asked::Approval(_) => lsp::MessageType::Warning,
            Asked::Question(_) => lsp::MessageType::Info,
        },
        message: asked.text(),
        actions: Some(actions.collect()),
    };
    let asking = host.client.send_request::<lsp::ShowMessageRequest>(params);
    let mut view = desk.view();
    let settled = async {
        loop {
            let waits = Asked::all(&view.borrow_and_update()).any(|waiting| waiting.id() == asked.id());
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
