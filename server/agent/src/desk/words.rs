//! What goes in and out of the desk: a person's ask, its run, its outcome; a decision and what it settled.

use std::path::PathBuf;
use std::sync::Arc;

use copydesk_base::change::CheckVerdict;
use copydesk_base::config::Mode;
use copydesk_base::event::Denied;
use copydesk_base::{ApprovalId, Grade, RunId, RunStatus, SessionId, Span, Usage};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::context::prompt::Finding;
use crate::run::form::Form;
use crate::run::routed::ModelsOfRun;

/// What a person asks an agent.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The person's words; may be empty for an action that needs none.
    pub prompt: String,
    /// A chat document as it was when its last turn was sent, since the answer is written into it meanwhile: the whole
    /// where its conversation was begun elsewhere, the rest where it tells something else from there on.
    pub chat: Option<Arc<str>>,
    /// What was piped in beside the words: material, of which nobody knows who wrote it.
    pub input: Option<String>,
    /// The text in question, where it is in no file yet.
    pub unsaved: Option<Unsaved>,
    /// Files with images that the model is to look at, absolute.
    pub images: Vec<PathBuf>,
    /// What the answer must be.
    pub form: Option<Form>,
    /// The name of an action: `ask`, `explain`, `fix`, `document`, `test`, `review`, or one of the person's own.
    pub action: String,
    /// The agent that is to work, by name; whom the action names where they chose none.
    pub agent: Option<String>,
    /// Where they are.
    pub place: Option<(PathBuf, Span)>,
    /// `provider/model`, where they chose one.
    pub model: Option<String>,
    /// Who answers instead, where they said so.
    pub fallback: Option<Vec<String>>,
    /// A mode for this run alone, where a flag chose one.
    pub mode: Option<Mode>,
    /// The loosest mode in which it may run, where a document says one.
    pub ceiling: Option<Mode>,
    pub session: Option<SessionId>,
    /// The turn of it that is asked once more.
    pub again: Option<RunId>,
    /// What other language servers say about the place.
    pub findings: Vec<Finding>,
    pub voice: Voice,
}

impl Ask {
    /// An ask with nothing in it yet but whose it is: the action `ask`.
    pub fn new(voice: Voice) -> Self {
        Self {
            prompt: String::new(),
            chat: None,
            input: None,
            unsaved: None,
            images: vec![],
            form: None,
            action: "ask".to_owned(),
            agent: None,
            place: None,
            model: None,
            fallback: None,
            mode: None,
            ceiling: None,
            session: None,
            again: None,
            findings: vec![],
            voice,
        }
    }
}

/// A text in an editor that was never saved to a file.
#[derive(Clone, Debug)]
pub struct Unsaved {
    /// What the editor calls it, `untitled:` before it.
    pub name: String,
    pub text: Arc<str>,
    /// Where the person is in it.
    pub span: Span,
}

/// Whose words a prompt is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Voice {
    /// Typed by the person, here.
    Person,
    /// It stood in a file that they may not have written: it is confirmed once, with its origin shown.
    Comment { path: PathBuf, line: u32, text: String },
}

/// A run that exists and waits at its gate.
pub struct Started {
    pub run: RunId,
    pub session: SessionId,
    /// Opens the gate: nothing is sent or done before. Dropping it opens it too.
    pub gate: oneshot::Sender<()>,
    pub outcome: oneshot::Receiver<Outcome>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub run: RunId,
    pub session: SessionId,
    pub status: RunStatus,
    /// What the model said last.
    pub text: String,
    /// Files with whether an edit of theirs was made.
    pub changes: Vec<(PathBuf, bool)>,
    /// Whether commands changed files that undo brings back.
    pub commanded: bool,
    /// Diffs of edits that were refused, for a terminal to print.
    pub refused_diffs: Vec<String>,
    pub denied: Vec<Denied>,
    /// What the person told it and it never heard.
    pub unheard: Vec<String>,
    pub usage: Usage,
    /// The worst of what was read.
    pub taint: Grade,
    /// The project's checks as they ran last on what was edited: name, how it ended, and a few words.
    pub checks: Vec<(String, CheckVerdict, String)>,
    /// What was asked for and who answered; absent where no model was chosen.
    pub model: Option<ModelsOfRun>,
    pub error: Option<String>,
}

impl Outcome {
    /// Of a run that came to nothing.
    pub(crate) fn nothing(
        run: &RunId,
        session: &SessionId,
        status: RunStatus,
        error: Option<String>,
    ) -> Self {
        Self {
            run: run.clone(),
            session: session.clone(),
            status,
            text: String::new(),
            changes: vec![],
            commanded: false,
            refused_diffs: vec![],
            denied: vec![],
            unheard: vec![],
            usage: Usage::default(),
            taint: Grade::Typed,
            checks: vec![],
            model: None,
            error,
        }
    }
}

/// What the person says to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    Once,
    Always,
    Deny,
    Show,
}

/// What a decision settled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    pub settled: Vec<ApprovalId>,
}
