//! What a suggestion may cost is reserved before it is asked for, and counted when it is over.

use std::time::Duration;

use copydesk_base::Usage;
use copydesk_base::config::Budgets;
use copydesk_store::{Accounts, Holder, Passed, Reservation};

use super::flight::Plan;
use crate::budget::account::because;
use crate::budget::limits::{self, Next};
use crate::budget::overrun::{self, Overrun, Sent};
use crate::desk::Shared;
use crate::error::AgentError;
use crate::process::alive;

/// What is kept free for a suggestion; nothing where nobody limits anything.
pub(super) type Reserved = Option<Reservation>;

/// What a call may take where something is limited.
#[derive(Clone, Copy)]
pub(super) struct Allowed {
    pub(super) sent: Sent,
    /// What its model took before beyond what it was allowed.
    before: Passed,
}

/// Reserves what the call may cost, and cuts its answer where a budget ends. Where a budget does not allow it, there is
/// no suggestion, and a line in the log each time the reason is another one.
pub(super) async fn reserve(shared: &Shared, plan: &mut Plan) -> Option<Reserved> {
    let budgets = plan.settings.budgets.clone();
    if budgets == Budgets::default() {
        return Some(None);
    }
    let now = shared.world.clock.now();
    // A suggestion is no conversation.
    let alone = Next::alone(plan.request.most_tokens(), plan.choice.clone());
    let model = plan.choice.model_ref();
    let wanted = plan.request.max_output_tokens;
    let decide = move |accounts: Accounts| {
        let passed = accounts.passed;
        let next = Next { input: alone.input.saturating_add(passed.sent), longest: passed.received, ..alone };
        let overrun = Overrun::known(next.choice.model_ref(), passed);
        let room = limits::check(&budgets, &accounts, &next).map_err(|error| because(error, overrun))?;
        let cut = wanted.into_iter().chain(room).min();
        let allowed = Allowed { sent: Sent { most: next.input, beyond: passed.sent }, before: passed };
        Ok::<_, AgentError>(((cut, allowed), limits::at_most(&next, cut)))
    };
    let (process, conversation) = (std::process::id(), None);
    let holder = Holder { process, at: now, is_alive: alive::is_alive, conversation, model };
    match shared.world.user.reserve(now.day(), holder, decide).await.ok()? {
        Ok(((cut, allowed), reservation)) => {
            plan.request.max_output_tokens = cut;
            plan.allowed = Some(allowed);
            Some(Some(reservation))
        }
        Err(error) => {
            let mut memory = shared.ghosts.memory();
            let said = error.to_string();
            if memory.budget != said {
                memory.notices.push(format!("No suggestions while you type: failed to {said}."));
                memory.budget = said;
            }
            None
        }
    }
}

/// Counts what was used, in the place of what was reserved.
pub(super) async fn settle(shared: &Shared, reserved: Reserved, used: Usage) {
    let (user, day) = (&shared.world.user, shared.world.clock.now().day());
    let counted = match reserved {
        Some(reservation) => user.settle(reservation, day, used, Duration::ZERO).await.map(drop),
        None if used == Usage::default() => Ok(()),
        None => user.spend(day, used).await,
    };
    if let Err(error) = counted {
        tracing::warn!(%error, "what a suggestion used up is not counted");
    }
}

/// Keeps in mind what a server says that it took beyond what it was allowed, and says so once.
pub(super) async fn remember(shared: &Shared, plan: &Plan, reported: Usage, counted: Usage) {
    let Some(Allowed { sent, before }) = plan.allowed else { return };
    let model = plan.choice.model_ref();
    let told = plan.request.max_output_tokens;
    let overrun =
        told.and_then(|told| Overrun::of(model.clone(), told, reported.output_tokens, counted.output_tokens));
    if let Some(passed) = overrun::passed(sent, counted, overrun.as_ref()) {
        let day = shared.world.clock.now().day();
        if let Err(error) = shared.world.user.pass(&model, day, passed).await {
            tracing::warn!(%error, "what a suggestion took beyond its limit is not kept in mind");
        }
    }
    let longer = overrun.filter(|_| before.received == 0).map(|overrun| format!("{overrun}."));
    let said = longer.into_iter().chain(overrun::sent_more(&model, sent, counted));
    shared.ghosts.memory().notices.extend(said);
}
