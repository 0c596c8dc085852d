//! A person at a terminal, as a host: text as it streams, what is done, and what is to be asked ([`questions`]).
//!
//! Where standard input is no terminal there is nobody to ask, and *ask* is a denial.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use copydesk_agent::{model_label, routed};
use copydesk_base::event::TodoState;
use copydesk_base::host::{Applied, DocumentEdit, Host, Presence, Shown};
use copydesk_base::{ApprovalId, CallId, Event, Record, RunId, RunStatus};
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use crate::config::Nesting;
use crate::here::Here;
use crate::out;
use crate::render::visible;

pub(super) use questions::converse;

mod questions;

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
