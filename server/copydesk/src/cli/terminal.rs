//! A person at a terminal, as a host: text as it streams, questions one after the other, differences before them.
//!
//! Where standard input is no terminal there is nobody to ask, and *ask* is a denial.

use std::collections::{HashMap, VecDeque};
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use copydesk_agent::{ApprovalView, Decision, Desk, model_label, routed};
use copydesk_base::event::TodoState;
use copydesk_base::host::{Applied, DocumentEdit, Host, Presence, Shown};
use copydesk_base::{ApprovalId, CallId, Event, Record, RunId, RunStatus};
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::keyboard::Keyboard;
use crate::config::Nesting;
use crate::here::Here;
use crate::out;
use crate::render::visible;

/// What a terminal shows of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    /// Text, tool calls and notices as they come.
    Aloud,
    /// What is done, not what is said: the answer is printed when it is whole.
    Notes,
    /// Nothing: one JSON document follows.
    Silent,
}

/// The host of a command line.
pub(super) struct Terminal {
    presence: Presence,
    voice: Voice,
    root: std::path::PathBuf,
    notes: mpsc::Sender<Note>,
    /// Why the first thing that was lost could not be written.
    lost: OnceLock<String>,
    /// Text of an answer that is not whole stands on the screen.
    begun: AtomicBool,
    /// What the run and its helpers gave notice of.
    notices: Mutex<Vec<String>>,
    /// Runs that work for the one that was asked for, each with its title.
    helpers: Mutex<HashMap<RunId, String>>,
}

/// Notes that may wait: a command has one run, and a run asks one question at a time.
const WAITING: usize = 64;

/// What the terminal's task is to do.
pub(super) enum Note {
    Question(ApprovalId),
    /// A model's own question.
    Asked {
        call: CallId,
        text: String,
        options: Vec<String>,
    },
    Show(String),
}

impl Terminal {
    /// A terminal where there is one; inside a run there is never anybody.
    pub(super) fn new(here: &Here, voice: Voice) -> (Arc<Self>, mpsc::Receiver<Note>) {
        let (notes, inbox) = mpsc::channel(WAITING);
        let somebody = here.nesting == Nesting::Outermost
            && std::io::stdin().is_terminal()
            && std::io::stderr().is_terminal();
        let presence = if somebody { Presence::Somebody } else { Presence::Nobody };
        let (lost, begun) = (OnceLock::new(), AtomicBool::new(false));
        let (root, notices, helpers) = (here.root.clone(), Mutex::default(), Mutex::default());
        (Arc::new(Self { presence, voice, root, notes, lost, begun, notices, helpers }), inbox)
    }
}

impl Terminal {
    /// Why something of the result is missing on standard output, if something is.
    pub(super) fn lost(&self) -> Option<&str> {
        self.lost.get().map(String::as_str)
    }

    /// What the run and its helpers gave notice of, in order.
    pub(super) fn notices(&self) -> Vec<String> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a record is of a run that works for another one: that it works is shown, and what it does, but what it
    /// says goes to whoever asked it.
    fn of_helper(&self, record: &Record) -> bool {
        let mut helpers = self.helpers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Event::RunStarted { title, parent: Some(_), .. } = &record.event {
            let title = visible(title).lines().next().unwrap_or_default().to_owned();
            out::note(format!("↳ {title}"));
            helpers.insert(record.run.clone(), title);
            return true;
        }
        let Some(title) = helpers.get(&record.run) else { return false };
        match &record.event {
            Event::ToolCalled { name, arguments, .. } => {
                let what = ["path", "command", "pattern"].iter().find_map(|key| arguments.get(key)?.as_str());
                out::note(format!("↳ {title}: {name} {}", visible(what.unwrap_or_default())));
            }
            Event::Notice { text, .. } => out::note(format!("↳ {title}: {}", visible(text))),
            Event::RunFinished { status, error, .. } => {
                let how = match (status, error) {
                    (RunStatus::Succeeded, _) => "done".to_owned(),
                    (_, Some(error)) => visible(error),
                    (_, None) => "canceled".to_owned(),
                };
                out::note(format!("↳ {title}: {how}"));
                helpers.remove(&record.run);
            }
            _ => {}
        }
        true
    }

    /// Notes what became of a piece of the result. A disk that is full does not end the run in the middle of its work.
    fn wrote(&self, written: anyhow::Result<()>) {
        if let Err(error) = written {
            self.lost.get_or_init(|| format!("{error:#}"));
        }
    }
}

impl Host for Terminal {
    fn presence(&self) -> Presence {
        self.presence
    }

    fn happened(&self, record: &Record) {
        // The task ends with the command.
        match &record.event {
            // What is asked without anybody here was answered when it was recorded.
            _ if self.presence == Presence::Nobody => {}
            Event::ApprovalRequested { approval, .. } => {
                let _ = self.notes.try_send(Note::Question(approval.clone()));
            }
            Event::QuestionAsked { call, text, options } => {
                let asked = Note::Asked { call: call.clone(), text: text.clone(), options: options.clone() };
                let _ = self.notes.try_send(asked);
            }
            _ => {}
        }
        if let Event::Notice { text, .. } = &record.event {
            self.notices.lock().unwrap_or_else(PoisonError::into_inner).push(text.clone());
        }
        if self.voice == Voice::Silent || self.of_helper(record) {
            return;
        }
        match &record.event {
            Event::HandedOver { to, .. } => out::note(format!("· {} goes on", visible(to))),
            Event::LayerBegun { number, of, name } => {
                out::note(format!("· layer {number} of {of}: {}", visible(name)));
            }
            Event::Called { to, .. } => {
                out::note(format!("· no answer yet: {} was called", visible(to)));
            }
            Event::HookRan { point, command, ok: false, note } => {
                out::note(format!("· the hook '{}' of {point} failed: {}", visible(command), visible(note)));
            }
            Event::RunStarted { model, requested, why, offline, .. } => {
                out::note(format!(
                    "· asking {}",
                    visible(&model_label(model, requested.as_deref(), why, *offline))
                ));
            }
            // What streams may turn out void, which a person can be told and a file cannot.
            Event::TextDelta { .. }
            | Event::ModelAnswered { .. }
            | Event::ChangeApplied { .. }
            | Event::Found { .. }
                if self.voice == Voice::Notes => {}
            Event::TextDelta { text } if std::io::stdout().is_terminal() => {
                self.wrote(out::text(visible(text)));
                self.begun.store(true, Ordering::Relaxed);
            }
            Event::ModelAnswered { text, .. } if !text.is_empty() => {
                self.begun.store(false, Ordering::Relaxed);
                let is_shown = std::io::stdout().is_terminal();
                self.wrote(out::line(if is_shown { String::new() } else { visible(text) }));
            }
            Event::ModelWaited { .. } | Event::ModelSwitched { .. } => {
                if self.begun.swap(false, Ordering::Relaxed) {
                    self.wrote(out::line(String::new()));
                    out::note("· the answer broke off: what stands above is void");
                }
                out::note(format!("· {}", visible(&routed(&record.event))));
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
                self.wrote(out::text(visible(&diff)));
            }
            Event::Checked { check, verdict, note, problems, .. } => {
                out::note(format!("· check {}: {} ({})", visible(check), verdict.as_str(), visible(note)));
                for problem in problems {
                    out::note(format!("    {}", visible(problem)));
                }
            }
            Event::Planned { items } => {
                for item in items {
                    let mark = match item.state {
                        TodoState::Open => ' ',
                        TodoState::Doing => '>',
                        TodoState::Done => 'x',
                    };
                    out::note(format!("  [{mark}] {}", visible(&item.text)));
                }
            }
            Event::Found { path, line, text } => {
                let shown = copydesk_base::path::shown(&self.root, path);
                self.wrote(out::line(visible(&format!("{shown}:{line}: {text}"))));
            }
            Event::Notice { text, .. } => out::note(format!("note: {}", visible(text))),
            _ => {}
        }
    }

    fn apply(&self, _: DocumentEdit) -> BoxFuture<'_, Applied> {
        // A terminal holds no document open.
        Box::pin(std::future::ready(Applied::Closed))
    }

    fn show(&self, what: Shown) {
        let text = match what {
            Shown::Approval { text, .. } | Shown::Page { text, .. } => text,
            Shown::Change { diff, .. } => diff,
        };
        let _ = self.notes.try_send(Note::Show(text));
    }
}

/// Asks what is to be asked, one question at a time, until the run ends.
pub(super) async fn converse(desk: Desk, notes: mpsc::Receiver<Note>) {
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
