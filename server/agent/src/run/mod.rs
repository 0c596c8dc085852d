//! One run: a conversation with one model, its tool calls in order, until it has nothing more to do.
//!
//! | where | what belongs there |
//! |---|---|
//! | `begin` | the settings, action, model and past of a run: whatever narrows or equips it |
//! | [`crate::context::opening`] | the layers of what the model is told first, each with its origin |
//! | `talk` | the loop; compaction right before `Talk::request` |
//! | `answer`, `routed` | one request and its answer, from whoever can give it, and how that is told |
//! | `round`, `repeats` | the calls of one answer: hooks before a call in its `begin`, after it in its `finish`; circles |
//! | `steer` | words of the person for a run that is under way |
//! | [`crate::tools`] | a file for each tool and one table; a tool that starts a run of its own is one of them |
//! | `half` | what had come of an answer that broke off |
//! | `form` | an answer that must fit a schema |
//! | `rest` | an answer without calls: what is checked, heard or asked once more before the end |
//! | `end` | the outcome; what every run leaves behind or cleans up |
//! | `turn` | what all of these share |
//!
//! Budgets are checked before each request. A stream that breaks is an error and nothing of it is performed. Arguments
//! that make no sense, unknown tools and refusals are plain results for the model to read.

pub(crate) mod answer;
mod begin;
mod end;
pub(crate) mod form;
pub(crate) mod half;
pub(crate) mod repeats;
mod rest;
pub(crate) mod round;
pub(crate) mod routed;
pub(crate) mod steer;
mod talk;
mod turn;
mod voice;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use copydesk_base::{RunId, SessionId};
use futures_util::FutureExt;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

pub(crate) use begin::short_title;
pub(crate) use turn::Turn;

use crate::desk::{Ask, Order, Outcome, Shared};
use crate::error::AgentError;
use crate::run::steer::Ear;
use crate::team::helper::Terms;

/// What a run is born with.
pub(crate) struct Place {
    pub(crate) run: RunId,
    pub(crate) session: SessionId,
    pub(crate) cancel: CancellationToken,
    pub(crate) ear: Ear,
    /// What ties it to the run that started it, where one did.
    pub(crate) terms: Option<Box<Terms>>,
}

/// The task of a run, from its gate to its outcome.
pub(crate) async fn task(
    shared: Arc<Shared>,
    ask: Ask,
    place: Place,
    gate: oneshot::Receiver<()>,
    done: oneshot::Sender<Outcome>,
) {
    // A gate that was dropped is an answer that will never be written: nobody waits for it any more.
    let _ = gate.await;
    let (run, session) = (place.run.clone(), place.session.clone());
    let outcome = match caught(&run, Box::pin(whole(&shared, ask, place))).await {
        Ok(outcome) => outcome,
        Err(error) => end::end(&shared, None, end::failed(&run, &session, &error)).await,
    };
    shared.link.order(Order::End { run });
    let _ = done.send(outcome);
}

/// What the work comes to; an error where it breaks, which ends the run and not the server.
async fn caught<T>(run: &RunId, work: impl Future<Output = T>) -> Result<T, AgentError> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|_| {
        tracing::error!(%run, "a run panicked; it is ended and the server goes on");
        AgentError::Panicked
    })
}

async fn whole(shared: &Arc<Shared>, ask: Ask, place: Place) -> Outcome {
    let (run, session, cancel) = (&place.run.clone(), &place.session.clone(), place.cancel.clone());
    let begun = tokio::select! {
        begun = begin::begin(shared, &ask, place) => begun,
        () = cancel.cancelled() => Err((None, AgentError::Canceled)),
    };
    match begun {
        Ok((mut turn, mut action, mut way)) => {
            let result = caught(run, Box::pin(talk::talk(&mut turn, &ask, &mut action, &mut way))).await;
            // What it has used and changed is told, whatever breaks.
            let (settings, usage) = (turn.settings.clone(), turn.usage);
            match caught(run, Box::pin(end::over(turn, &way, result.and_then(|result| result)))).await {
                Ok(outcome) => outcome,
                Err(error) => {
                    let outcome = Outcome { usage, ..end::failed(run, session, &error) };
                    end::end(shared, Some(&settings), outcome).await
                }
            }
        }
        Err((settings, error)) => {
            end::end(shared, settings.as_ref(), end::failed(run, session, &error)).await
        }
    }
}
