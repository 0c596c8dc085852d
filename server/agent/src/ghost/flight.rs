//! One call to a model for one spot, from its request to an answer that fits.

use std::sync::Arc;
use std::time::Duration;

use copydesk_base::Usage;
use copydesk_provider::{CallError, Choice, InfillFormat, ModelEvent, Request, StopReason, ToldBy, Waited};
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use super::call::Flight;
use super::clean::{self, Shape};
use super::context::Context;
use super::{Spot, account, ask};
use crate::budget::count::{Answering, Asked, Seen, counted, least};
use crate::desk::Shared;
use crate::settings::Settings;

/// Nobody waits longer for a suggestion.
const LONGEST: Duration = Duration::from_secs(15);

/// What is asked, and of whom.
pub(super) struct Plan {
    pub(super) settings: Settings,
    pub(super) choice: Choice,
    pub(super) format: Option<InfillFormat>,
    /// Nobody named the format.
    pub(super) is_guessed: bool,
    pub(super) context: Context,
    pub(super) request: Request,
    /// What it may take; nothing before it is reserved, and where nobody limits anything.
    pub(super) allowed: Option<account::Allowed>,
}

/// How a call ended.
pub(super) enum Flown {
    /// May be empty.
    Answered(String),
    /// Not as it was asked to, so that nothing of it can be shown.
    Talked,
    Failed(CallError),
    GivenUp,
}

/// Asks, keeps the answer, and tells those who wait.
pub(super) async fn fly(shared: Arc<Shared>, spot: Arc<Spot>, mut plan: Plan, flight: Arc<Flight>) {
    // Whatever happens here, nobody waits for ever.
    let _ended = flight.ended.clone().drop_guard();
    let Some(reserved) = account::reserve(&shared, &mut plan).await else {
        let now = shared.world.clock.now();
        return shared.settle(&spot, &plan, Flown::GivenUp, now);
    };
    let mut used = Usage::default();
    let mut flown = once(&shared, &spot, &plan, &flight, &mut used).await;
    if plan.format.is_some() && plan.is_guessed && matches!(&flown, Flown::Failed(error) if is_refusal(error))
    {
        shared.ghosts.memory().prompted.insert(plan.choice.model_ref());
        let room = plan.request.max_output_tokens;
        plan.format = None;
        plan.request = Request { max_output_tokens: room, ..ask::request(&spot, &plan.context, None) };
        flown = once(&shared, &spot, &plan, &flight, &mut used).await;
    }
    account::settle(&shared, reserved, used).await;
    let now = shared.world.clock.now();
    shared.settle(&spot, &plan, flown, now);
}

/// Whether a server says that it, or this model, has no such format.
const fn is_refusal(error: &CallError) -> bool {
    matches!(
        error,
        CallError::NotFound { .. }
            | CallError::NoModel { .. }
            | CallError::Status { status: 400 | 405 | 415 | 422 | 501, .. }
    )
}

async fn once(shared: &Shared, spot: &Spot, plan: &Plan, flight: &Flight, used: &mut Usage) -> Flown {
    let cancel = shared.cancel.child_token();
    let asking = ask_model(shared, spot, plan, flight, (&cancel, used));
    tokio::pin!(asking);
    tokio::select! {
        flown = &mut asking => flown,
        // Ends the stream, which closes its socket, and counts what it has cost.
        () = flight.deserted() => {
            cancel.cancel();
            asking.await;
            Flown::GivenUp
        }
        () = tokio::time::sleep(LONGEST) => {
            cancel.cancel();
            asking.await;
            let address = plan.choice.base_url().to_owned();
            Flown::Failed(CallError::Timeout { address, waited: Waited::FirstByte, after: LONGEST })
        }
    }
}

async fn ask_model(
    shared: &Shared,
    spot: &Spot,
    plan: &Plan,
    flight: &Flight,
    (cancel, used): (&CancellationToken, &mut Usage),
) -> Flown {
    let mut stream = plan.settings.models.call(&plan.choice, plan.request.clone(), cancel.clone());
    let shape = Shape::of(spot);
    let (mut said, mut counted) = (String::new(), None::<Usage>);
    let told = plan.request.max_output_tokens;
    let mut seen = Seen::default();
    let flown = loop {
        // A server that does not end where it was told to bills on, for what nobody will look at.
        if let Some(told) = told.filter(|told| seen.came.is_past(*told)) {
            seen.is_hung_up = true;
            let model = plan.choice.model_ref();
            let counted = estimated(&seen, plan).output_tokens;
            let error = CallError::PastLimit { model, told, counted, by: ToldBy::Suggestion };
            plan.settings.models.health().failed(&plan.choice.circuit(), &error);
            break Flown::Failed(error);
        }
        let item = stream.next().await;
        seen.hears(item.as_ref(), stream.unread());
        match item {
            Some(Ok(ModelEvent::Started)) => seen.answered = Answering::Begun,
            Some(Ok(ModelEvent::Text(piece))) => {
                said.push_str(&piece);
                if plan.format.is_some() {
                    flight.says(&piece);
                    if shape.is_enough(&said) {
                        break Flown::Answered(clean::cleaned(&said, plan.format, spot));
                    }
                }
            }
            Some(Ok(ModelEvent::Usage(usage))) => counted.get_or_insert_default().add(usage),
            Some(Ok(ModelEvent::Again { usage, error, .. })) => {
                seen.fails(&error);
                counted.get_or_insert_default().add(usage);
            }
            Some(Ok(ModelEvent::Stopped { text, reason, .. })) => {
                seen.answered = Answering::Whole;
                let is_refused = reason == StopReason::Refusal;
                // One that thinks may use up all of its room before it says anything.
                let is_cut_first = reason == StopReason::MaxTokens && text.trim().is_empty();
                if plan.format.is_none() && !is_refused && (is_cut_first || clean::is_talk(&text)) {
                    break Flown::Talked;
                }
                let text = if is_refused { String::new() } else { clean::cleaned(&text, plan.format, spot) };
                break Flown::Answered(text);
            }
            Some(Err(CallError::Canceled)) => {
                seen.is_canceled = true;
                break Flown::GivenUp;
            }
            // Nobody stands in a line for a suggestion.
            Some(Ok(ModelEvent::Waiting { .. })) | None => break Flown::GivenUp,
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                seen.fails(&error);
                break Flown::Failed(error);
            }
        }
    };
    drop(stream);
    let broke_off =
        (seen.is_hung_up || matches!(flown, Flown::Answered(_) | Flown::Talked)) && counted.is_none();
    let usage = counted.or_else(|| broke_off.then(|| Usage { requests: 1, ..Usage::default() }));
    if let Some(reported) = usage {
        seen.reported = reported;
        let counted = estimated(&seen, plan);
        account::remember(shared, plan, &seen, counted).await;
        used.add(counted);
    }
    flown
}

/// The count of a call, estimated where the answer was not heard to its end or its server counts nothing that can be.
fn estimated(seen: &Seen, plan: &Plan) -> Usage {
    let expected = plan.request.estimated_tokens();
    let asked = Asked {
        sent: plan.allowed.map_or(expected, |allowed| allowed.bound),
        bytes: plan.request.bytes(),
        least: if plan.allowed.is_some() { least(expected) } else { 0 },
        told: plan.request.max_output_tokens.map(u64::from),
    };
    counted(seen, asked, &plan.choice)
}
