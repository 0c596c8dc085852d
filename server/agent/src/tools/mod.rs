//! What a model may call for: few tools, plainly named, each in its own file and with one line in the [`table`].
//!
//! A tool reads its arguments, names its effects, passes the gate, and answers with plain text. A refusal or a mistake
//! of the model's is an answer too; only the journal and a cancel end the run. Tools that only look leave the look
//! itself as [`Work`], so that several can be had at once.

mod agent;
pub(crate) mod ask_user;
mod assign_tasks;
mod bash;
mod diagnostics;
mod edit;
mod finding;
mod glob;
mod grep;
mod handoff;
mod list;
mod map;
mod name;
mod output;
mod read;
mod references;
mod rename;
mod search;
mod skill;
mod symbols;
mod table;
mod todo;
mod unsaved;
mod walk;
mod write;

pub(crate) use table::{every, looking, only_looks, specs};
pub(crate) use walk::Walk;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use copydesk_base::{CallId, Grade};
use copydesk_provider::ToolSpec;
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::action::Action;
use crate::error::AgentError;
use crate::gate::render::harmless;
use crate::run::Turn;
use crate::team::helper::Ended;

/// What a tool answers.
pub(crate) struct Output {
    pub(crate) text: String,
    pub(crate) failed: bool,
    /// Whose words are in it.
    pub(crate) grade: Grade,
    /// Where those are from, for the person.
    pub(crate) source: String,
}

impl Output {
    pub(crate) fn fine(text: impl Into<String>) -> Self {
        Self { text: text.into(), failed: false, grade: Grade::Typed, source: String::new() }
    }

    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self { failed: true, ..Self::fine(text) }
    }

    /// The same, with words of that grade in it.
    pub(crate) fn with(self, grade: Grade, source: impl Into<String>) -> Self {
        Self { grade, source: source.into(), ..self }
    }

    /// The same with a line behind it, where there is one.
    pub(crate) fn and(self, line: Option<String>) -> Self {
        let text = self.text + &line.map_or_else(String::new, |line| format!("\n{line}"));
        Self { text, ..self }
    }
}

/// Looks at once, of all runs together: what they leave of the threads and of the disk is for whoever types.
pub(crate) const LOOKS: usize = 8;
/// How long a look may take.
const LONGEST: Duration = Duration::from_secs(20);
/// How long one that was stopped may take to say what it has.
const GRACE: Duration = Duration::from_secs(2);

/// A call's answer, or what is still to be done for it: a look that can be had beside others.
pub(crate) enum Work {
    Done(Output),
    Look {
        look: Box<dyn FnOnce() -> Output + Send>,
        /// Ends it where it is, so that it answers what it has.
        stop: CancellationToken,
        /// For so many at once.
        room: Arc<Semaphore>,
    },
    /// A helper is at work.
    Helper(BoxFuture<'static, Ended>),
}

/// What work came to.
pub(crate) enum Worked {
    Output(Output),
    /// What a helper made is still to be taken in.
    Helper(Box<Ended>),
}

impl From<Output> for Work {
    fn from(output: Output) -> Self {
        Self::Done(output)
    }
}

impl Work {
    /// The answer. A look that takes too long is stopped, and answers what it has so far; nobody waits for one that a
    /// cancel meets, or that does not stop: it may be in the middle of something that cannot be stopped.
    pub(crate) async fn done(self) -> Worked {
        match self {
            Self::Done(output) => Worked::Output(output),
            Self::Look { look, stop, room } => {
                // Whoever waits for its turn does not look yet, so its time does not run.
                let _room = room.acquire().await;
                Worked::Output(looked(look, stop).await)
            }
            Self::Helper(ended) => Worked::Helper(Box::new(ended.await)),
        }
    }
}

async fn looked(look: Box<dyn FnOnce() -> Output + Send>, stop: CancellationToken) -> Output {
    let mut work = tokio::task::spawn_blocking(look);
    let patiently = async {
        if let Ok(found) = timeout(LONGEST, &mut work).await {
            return found.ok();
        }
        stop.cancel();
        timeout(GRACE, &mut work).await.ok()?.ok()
    };
    patiently.await.unwrap_or_else(|| {
        Output::failed("the look took too long or broke down; look for something simpler, or in fewer files")
    })
}

/// Begins one call: judged, asked about and, unless it is a look, performed.
pub(crate) async fn run(
    turn: &mut Turn,
    action: &Action,
    call: &CallId,
    name: &str,
    arguments: Value,
) -> Result<Work, AgentError> {
    let is_given = action.tools.iter().any(|tool| tool == name);
    let Some(tool) = table::named(name).filter(|_| is_given) else {
        let known = action.tools.join(", ");
        return Ok(Output::failed(format!("there is no tool '{name}'; there are: {known}")).into());
    };
    if let Some(reason) = never_saved(&turn.settings.root, &arguments) {
        return Ok(Output::failed(reason).into());
    }
    (tool.run)(turn, call, arguments).await
}

/// Why nothing is done with a path that is the name of a text in an editor.
fn never_saved(root: &Path, arguments: &Value) -> Option<String> {
    let path = arguments.get("path")?.as_str()?;
    let is_one = path.starts_with("untitled:") && root.join(path).symlink_metadata().is_err();
    is_one.then(|| {
        format!(
            "{path} is a text in the person's editor that was never saved: it is in no file, and no tool reaches it. Say in \
             your answer what it should be, or ask them to save it first"
        )
    })
}

/// What a model is told of arguments that a tool does not have; what it meant by them was not done.
pub(crate) fn passed_over(name: &str, arguments: &Value) -> Option<String> {
    let spec = (table::named(name)?.spec)();
    let known = spec.parameters.get("properties")?.as_object()?;
    let quoted = |name: &String| format!("`{}`", harmless(name));
    let strange: Vec<String> =
        arguments.as_object()?.keys().filter(|key| !known.contains_key(*key)).map(quoted).collect();
    let (are, them) = match strange.len() {
        0 => return None,
        1 => ("is no argument", "it was"),
        _ => ("are no arguments", "they were"),
    };
    let there = known.keys().cloned().collect::<Vec<_>>().join(", ");
    Some(format!("[{} {are} of {name}, and {them} passed over; there are: {there}]", strange.join(", ")))
}

/// The arguments as the tool's own type, or what to tell the model.
fn arguments<T: DeserializeOwned>(value: Value) -> Result<T, Output> {
    serde_json::from_value(value)
        .map_err(|error| Output::failed(format!("the arguments do not fit: {error}")))
}

fn spec(name: &str, description: &str, parameters: Value) -> ToolSpec {
    ToolSpec { name: name.to_owned(), description: description.to_owned(), parameters }
}
