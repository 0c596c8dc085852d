//! A pipeline: agents one behind the other, each with the person's words and what the one before said at its end.
//!
//! A layer that is `parallel` has one worker for each task that the layer before left, so many at the same time and the
//! rest in a queue; without tasks it has one worker for the whole. Workers that edit at the same time do so in
//! worktrees.

use std::sync::{Arc, PoisonError};

use copydesk_base::{Event, RunStatus};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

use crate::error::AgentError;
use crate::library::{self, Failure, Layer};
use crate::run::Turn;
use crate::team::arrival::{self, Taken};
use crate::team::helper::{self, Ended, Site, Task, Tasks};
use crate::team::role;
use crate::team::worktree;

/// Runs the layers of a pipeline: the last summary, which is the answer. Boxed: it begins runs, of which each may be
/// one.
pub(crate) fn run<'t>(
    turn: &'t mut Turn,
    names: &'t [String],
    words: &'t str,
) -> BoxFuture<'t, Result<String, AgentError>> {
    in_order(turn, names, words).boxed()
}

async fn in_order(turn: &mut Turn, names: &[String], words: &str) -> Result<String, AgentError> {
    let layers = layers(turn, names).await?;
    let mut handed_on = String::new();
    let mut tasks: Vec<String> = Vec::new();
    for (at, layer) in layers.iter().enumerate() {
        let name = &layer.agent.name;
        let total = layers.len();
        turn.record(vec![Event::LayerBegun { number: at + 1, of: total, name: name.clone() }]).await?;
        let mut whole = words.to_owned();
        if !handed_on.is_empty() {
            let before = &layers[at - 1].agent.name;
            whole.push_str(&format!("\n\nWhat {before} handed on:\n{handed_on}"));
        }
        // Only a layer with workers behind it has tasks to leave.
        let left = layers.get(at + 1).is_some_and(|next| next.workers.is_some()).then(Tasks::default);
        match work(turn, layer, &whole, std::mem::take(&mut tasks), left.clone()).await? {
            Ok(summary) => handed_on = summary,
            Err(reason) => match layer.failure {
                Failure::Stop => return Err(AgentError::Layer { name: name.clone(), reason }),
                Failure::Skip => {
                    let text = format!("The layer {name} failed and is skipped: {reason}");
                    turn.record(vec![Event::notice(text)]).await?;
                }
            },
        }
        if let Some(left) = left {
            tasks = std::mem::take(&mut *left.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
    Ok(handed_on)
}

async fn layers(turn: &Turn, names: &[String]) -> Result<Vec<Layer>, AgentError> {
    let trusted = turn.world.user.trusted(&turn.settings.root).await.unwrap_or_default();
    let library = role::shelves(&*turn.world.files, &turn.shared.world, &trusted, &turn.settings);
    let find = |name: &String| {
        let missing = match library::layer(&library, name) {
            Ok(Some(layer)) => return Ok(layer),
            Ok(None) => format!(
                "there is no layer '{name}': write .stepper/layer/{name}/index.md or an agent of that name"
            ),
            Err(wrong) => format!("the layer '{name}' cannot be used before this is mended: {wrong}"),
        };
        Err(AgentError::Settings(missing))
    };
    names.iter().map(find).collect()
}

/// What stands before the task of one worker among several.
const PART: &str = "\n\nYour part of it, and nothing else:\n";

/// What one worker is told.
struct Part {
    words: String,
    /// Its own task, by which people tell it from the others.
    about: Option<String>,
}

/// One layer, tried again where it fails: what it hands on, or why it failed.
async fn work(
    turn: &mut Turn,
    layer: &Layer,
    words: &str,
    tasks: Vec<String>,
    left: Option<Tasks>,
) -> Result<Result<String, String>, AgentError> {
    let edits = turn.role_tools().iter().any(|tool| {
        matches!(tool.as_str(), "edit" | "write")
            && layer.agent.tools.as_ref().is_none_or(|own| own.contains(tool))
    });
    let is_fan_out = layer.workers.is_some() && !tasks.is_empty();
    let can_part = is_fan_out && edits && worktree::is_possible(&turn.settings).await;
    let site = match (edits, can_part) {
        (false, _) => Site::Looks,
        (true, true) => Site::Apart,
        (true, false) => Site::InPlace,
    };
    // What edits in place does so alone.
    let at_once = if site == Site::InPlace { 1 } else { layer.workers.unwrap_or(1) };
    let mut open: Vec<Part> = if is_fan_out {
        tasks
            .into_iter()
            .map(|task| Part { words: format!("{words}{PART}{task}"), about: Some(task) })
            .collect()
    } else {
        vec![Part { words: words.to_owned(), about: None }]
    };
    let (mut summaries, mut reason) = (Vec::new(), String::new());
    for _ in 0..=layer.retries {
        let beside = Arc::new(Semaphore::new(at_once));
        let mut started = Vec::new();
        for Part { words, about } in &open {
            let task = Task {
                call: turn.shared.call_id(),
                agent: Some(layer.agent.clone()),
                words: words.clone(),
                about: about.clone(),
                site,
                steps: layer.steps,
                beside: Some(beside.clone()),
                tasks: left.clone(),
            };
            started.push(helper::start(turn, task).await?);
        }
        let ended = tokio::select! {
            ended = futures_util::future::join_all(started) => ended,
            () = turn.cancel.cancelled() => return Err(AgentError::Canceled),
        };
        let mut failed = Vec::new();
        for (part, ended) in open.into_iter().zip(ended) {
            match taken(turn, ended).await? {
                Ok(summary) => summaries.push(summary),
                Err(why) => {
                    reason = why;
                    failed.push(part);
                }
            }
        }
        open = failed;
        if open.is_empty() {
            return Ok(Ok(summaries.join("\n\n")));
        }
    }
    Ok(Err(reason))
}

/// What one worker hands on.
async fn taken(turn: &mut Turn, ended: Ended) -> Result<Result<String, String>, AgentError> {
    let (status, text, error) =
        (ended.outcome.status, ended.outcome.text.clone(), ended.outcome.error.clone());
    let Taken { output, missing } = arrival::take_in(turn, ended).await?;
    Ok(match status {
        RunStatus::Succeeded => Ok(text + &missing),
        _ => Err(error.unwrap_or(output.text)),
    })
}
