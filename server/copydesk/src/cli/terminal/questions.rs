//! The questions that a terminal asks a person, one after the other, with the difference before each.

use std::collections::VecDeque;

use copydesk_agent::{ApprovalView, Decision, Desk};
use copydesk_base::{ApprovalId, CallId};
use tokio::sync::mpsc;

use super::Note;
use crate::cli::keyboard::Keyboard;
use crate::out;
use crate::render::visible;

/// Asks what is to be asked, one question at a time, until the run ends.
pub(in crate::cli) async fn converse(desk: Desk, notes: mpsc::Receiver<Note>) {
    let mut inbox = Inbox { notes, later: VecDeque::new() };
    let mut keyboard = Keyboard::default();
    while let Some(note) = inbox.next().await {
        match note {
            Note::Show(text) => out::note(visible(&text)),
            Note::Question(approval) => question(&desk, &approval, &mut inbox, &mut keyboard).await,
            Note::Asked { call, text, options } => answer(&desk, &call, &text, &options, &mut keyboard).await,
        }
    }
}

/// The notes, and those that came while a text was waited for.
struct Inbox {
    notes: mpsc::Receiver<Note>,
    later: VecDeque<Note>,
}

impl Inbox {
    async fn next(&mut self) -> Option<Note> {
        match self.later.pop_front() {
            Some(note) => Some(note),
            None => self.notes.recv().await,
        }
    }

    /// The next text to show; questions wait.
    async fn shown(&mut self) -> Option<String> {
        loop {
            match self.notes.recv().await? {
                Note::Show(text) => return Some(text),
                note => self.later.push_back(note),
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

/// Has the person answer a model: by the number of an option, or in words. Nothing typed is no answer.
async fn answer(desk: &Desk, call: &CallId, text: &str, options: &[String], keyboard: &mut Keyboard) {
    let mut prompt = visible(text);
    for (at, option) in options.iter().enumerate() {
        prompt.push_str(&format!("\n  {} {}", at + 1, visible(option)));
    }
    let mut view = desk.view();
    let gone = view.wait_for(|view| view.questions.iter().all(|question| question.id != *call));
    let typed = tokio::select! {
        typed = keyboard.ask(&prompt) => typed,
        _ = gone => return out::note("that question needs no answer any more"),
    };
    let number = typed.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let chosen = number.and_then(|at| options.get(at)).cloned().unwrap_or(typed);
    let chosen =
        if chosen.trim().is_empty() { "(no answer; decide for yourself)".to_owned() } else { chosen };
    if !desk.answer(call, chosen).await {
        out::note("the agent does not wait for that any more");
    }
}

async fn question(desk: &Desk, id: &ApprovalId, inbox: &mut Inbox, keyboard: &mut Keyboard) {
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
        let choices = choices(&approval);
        let prompt = format!("{}\n[{choices}]", approval.text);
        let gone = view.wait_for(|view| view.approvals.iter().all(|approval| approval.id != *id));
        let word = tokio::select! {
            // At the end of the input nothing was typed.
            word = keyboard.ask(&prompt) => word,
            _ = gone => return out::note("that question is settled: somebody else answered, or its time is over"),
        };
        let Some(decision) = understood(&word, &approval) else {
            out::note(format!("'{}' is no answer here: {choices}", visible(&word)));
            continue;
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

/// What can be typed: nothing that the person would allow without having seen it.
fn choices(approval: &ApprovalView) -> &'static str {
    match (approval.can_allow(), approval.always.is_empty()) {
        (false, _) => "s show, d deny",
        (true, true) => "o once, d deny",
        (true, false) => "o once, a always, d deny",
    }
}

/// What a typed word decides; `None` for one that means nothing here. Silence is a no.
fn understood(word: &str, approval: &ApprovalView) -> Option<Decision> {
    match word.to_lowercase().as_str() {
        "o" | "once" | "y" | "yes" if approval.can_allow() => Some(Decision::Once),
        "a" | "always" if approval.can_allow() && !approval.always.is_empty() => Some(Decision::Always),
        "s" | "show" => Some(Decision::Show),
        "" | "d" | "deny" | "n" | "no" => Some(Decision::Deny),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::WAITING;
    use super::*;
    use copydesk_base::{Effect, Timestamp};

    #[tokio::test]
    async fn a_question_that_comes_before_the_text_is_asked_after_it() {
        let (sender, notes) = mpsc::channel(WAITING);
        let mut inbox = Inbox { notes, later: VecDeque::new() };
        for note in [
            Note::Question("one".into()),
            Note::Question("two".into()),
            Note::Show("text".to_owned()),
            Note::Question("three".into()),
        ] {
            sender.try_send(note).ok().unwrap();
        }
        drop(sender);
        assert_eq!(inbox.shown().await.as_deref(), Some("text"));
        for expect in ["one", "two", "three"] {
            assert!(matches!(inbox.next().await, Some(Note::Question(id)) if id.as_str() == expect));
        }
        assert!(inbox.next().await.is_none());
        assert!(inbox.shown().await.is_none());
    }

    #[test]
    fn only_what_is_offered_is_an_answer() {
        let mut approval = ApprovalView {
            id: "apr-1".into(),
            run: "run-1".into(),
            joined: vec![],
            effect: Effect::Execute { command: "ls".into(), cwd: "/".into() },
            text: "Run".to_owned(),
            whole: false,
            shown: false,
            always: vec!["Bash(ls)".to_owned()],
            origin: None,
            asked: Timestamp(0),
            patient: false,
        };
        let answers = |approval: &ApprovalView| {
            let words = ["o", "YES", "a", "always", "s", "d", "no", "", "x", "oo", "yes please"];
            let letter = |word: &str| match understood(word, approval) {
                Some(Decision::Once) => 'o',
                Some(Decision::Always) => 'a',
                Some(Decision::Show) => 's',
                Some(Decision::Deny) => 'd',
                None => '?',
            };
            (choices(approval), words.into_iter().map(letter).collect::<String>())
        };
        assert_eq!(answers(&approval), ("s show, d deny", "????sddd???".to_owned()));
        approval.shown = true;
        assert_eq!(answers(&approval), ("o once, a always, d deny", "ooaasddd???".to_owned()));
        approval.always.clear();
        assert_eq!(answers(&approval), ("o once, d deny", "oo??sddd???".to_owned()));
    }
}
