//! A person at a terminal, as a host: text as it streams, questions one after the other, differences before them.
//!
//! Where standard input is no terminal there is nobody to ask, and *ask* is a denial.

use std::collections::VecDeque;
use std::io::{IsTerminal, Write};
use std::sync::Arc;

use copydesk_agent::{Decision, Desk};
use copydesk_base::host::{Applied, DocumentEdit, Host, Presence, Shown};
use copydesk_base::{ApprovalId, Event, Record};
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use crate::config::Nesting;
use crate::here::Here;
use crate::out;
use crate::render::visible;

/// What a terminal shows of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    /// Text, tool calls and notices as they come.
    Aloud,
    /// Nothing: one JSON document follows.
    Silent,
}

/// The host of a command line.
pub(super) struct Terminal {
    presence: Presence,
    voice: Voice,
    root: std::path::PathBuf,
    notes: mpsc::UnboundedSender<Note>,
}

/// What the terminal's task is to do.
pub(super) enum Note {
    Question(ApprovalId),
    Show(String),
}

impl Terminal {
    /// A terminal where there is one; inside a run there is never anybody.
    pub(super) fn new(here: &Here, voice: Voice) -> (Arc<Self>, mpsc::UnboundedReceiver<Note>) {
        let (notes, inbox) = mpsc::unbounded_channel();
        let somebody = here.nesting == Nesting::Outermost
            && std::io::stdin().is_terminal()
            && std::io::stderr().is_terminal();
        let presence = if somebody { Presence::Somebody } else { Presence::Nobody };
        (Arc::new(Self { presence, voice, root: here.root.clone(), notes }), inbox)
    }
}

impl Host for Terminal {
    fn presence(&self) -> Presence {
        self.presence
    }

    fn happened(&self, record: &Record) {
        if let Event::ApprovalRequested { approval, .. } = &record.event {
            // The task ends with the command.
            let _ = self.notes.send(Note::Question(approval.clone()));
        }
        if self.voice == Voice::Silent {
            return;
        }
        match &record.event {
            Event::TextDelta { text } => {
                let _ = out::text(visible(text));
                let _ = std::io::stdout().flush();
            }
            Event::ModelAnswered { text, .. } if !text.is_empty() => {
                let _ = out::line("");
            }
            Event::ToolCalled { name, arguments, .. } => {
                let what = ["path", "command", "pattern"].iter().find_map(|key| arguments.get(key)?.as_str());
                out::note(format!("· {name} {}", visible(what.unwrap_or_default())));
            }
            Event::ChangeApplied { path, before, after, .. } => {
                let diff = copydesk_text::rebase::unified(
                    before,
                    after,
                    &copydesk_base::path::shown(&self.root, path),
                );
                let _ = out::text(visible(&diff));
            }
            Event::Notice { text } => out::note(format!("note: {}", visible(text))),
            _ => {}
        }
    }

    fn apply(&self, _: DocumentEdit) -> BoxFuture<'_, Applied> {
        // A terminal holds no document open.
        Box::pin(std::future::ready(Applied::Closed))
    }

    fn show(&self, what: Shown) {
        let text = match what {
            Shown::Approval { text, .. } => text,
            Shown::Change { diff, .. } => diff,
        };
        let _ = self.notes.send(Note::Show(text));
    }
}

/// Asks what is to be asked, one question at a time, until the run ends.
pub(super) async fn converse(desk: Desk, notes: mpsc::UnboundedReceiver<Note>) {
    let mut inbox = Inbox { notes, questions: VecDeque::new() };
    while let Some(note) = inbox.next().await {
        match note {
            Note::Show(text) => out::note(visible(&text)),
            Note::Question(approval) => question(&desk, &approval, &mut inbox).await,
        }
    }
}

/// The notes, and the questions that came while a text was waited for.
struct Inbox {
    notes: mpsc::UnboundedReceiver<Note>,
    questions: VecDeque<ApprovalId>,
}

impl Inbox {
    async fn next(&mut self) -> Option<Note> {
        match self.questions.pop_front() {
            Some(approval) => Some(Note::Question(approval)),
            None => self.notes.recv().await,
        }
    }

    /// The next text to show; questions wait.
    async fn shown(&mut self) -> Option<String> {
        loop {
            match self.notes.recv().await? {
                Note::Show(text) => return Some(text),
                Note::Question(approval) => self.questions.push_back(approval),
            }
        }
    }
}

/// Shows what an approval would do. Where that fails no text comes, and none is waited for.
async fn show(desk: &Desk, id: &ApprovalId, inbox: &mut Inbox) {
    match desk.decide(id, Decision::Show, "person", None).await {
        Ok(_) => {
            if let Some(text) = inbox.shown().await {
                out::note(visible(&text));
            }
        }
        Err(error) => out::note(format!("failed to {error}")),
    }
}

async fn question(desk: &Desk, id: &ApprovalId, inbox: &mut Inbox) {
    let mut view = desk.view();
    // The record comes before the view that has it.
    let found = view.wait_for(|view| view.approvals.iter().any(|approval| approval.id == *id));
    if tokio::time::timeout(std::time::Duration::from_secs(5), found).await.is_err() {
        return;
    }
    let changes_something =
        desk.view().borrow().approvals.iter().any(|approval| {
            approval.id == *id && matches!(approval.effect, copydesk_base::Effect::Write { .. })
        });
    // On a terminal the difference is always seen before it is decided about.
    if changes_something {
        show(desk, id, inbox).await;
    }
    loop {
        let Some(approval) =
            desk.view().borrow().approvals.iter().find(|approval| approval.id == *id).cloned()
        else {
            return;
        };
        let always = if approval.always.is_empty() { "" } else { ", a always" };
        let allow = if approval.can_allow() { "o once" } else { "s show" };
        let prompt = format!("{}\n[{allow}{always}, d deny]", approval.text);
        let typed = tokio::task::spawn_blocking(move || super::ask_on_terminal(&prompt)).await;
        let word = typed.ok().and_then(Result::ok).unwrap_or_default();
        let decision = match word.as_str() {
            "o" | "once" | "y" | "yes" => Decision::Once,
            "a" | "always" if !approval.always.is_empty() => Decision::Always,
            "s" | "show" => Decision::Show,
            _ => Decision::Deny,
        };
        if decision == Decision::Show {
            show(desk, id, inbox).await;
            continue;
        }
        match desk.decide(id, decision, "person", None).await {
            Ok(_) => return,
            Err(error) => out::note(format!("failed to {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_question_that_comes_before_the_text_is_asked_after_it() {
        let (sender, notes) = mpsc::unbounded_channel();
        let mut inbox = Inbox { notes, questions: VecDeque::new() };
        for note in [
            Note::Question("one".into()),
            Note::Question("two".into()),
            Note::Show("text".to_owned()),
            Note::Question("three".into()),
        ] {
            sender.send(note).ok().unwrap();
        }
        drop(sender);
        assert_eq!(inbox.shown().await.as_deref(), Some("text"));
        for expect in ["one", "two", "three"] {
            assert!(matches!(inbox.next().await, Some(Note::Question(id)) if id.as_str() == expect));
        }
        assert!(inbox.next().await.is_none());
        assert!(inbox.shown().await.is_none());
    }
}
