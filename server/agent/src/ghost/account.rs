//! What a suggestion may cost is reserved before it is asked for, and counted when it is over.

use std::time::Duration;

use copydesk_base::Usage;
use copydesk_base::config::Budgets;
use copydesk_store::{Accounts, Holder, Passed, Reservation};

use super::flight::Plan;
use crate::budget::account::because;
use crate::budget::count::Seen;
use crate::budget::limits::{self, Next};
use crate::budget::overrun::{self, Overrun, Sent, Told};
use crate::desk::Shared;
use crate::error::AgentError;
use crate::process::alive;

/// What is kept free for a suggestion; nothing where nobody limits anything.
pub(super) type Reserved = Option<Reservation>;

/// What a call may take where something is limited.
#[derive(Clone, Copy)]
pub(super) struct Allowed {
    pub(super) sent: Sent,
    /// What counts as sent where nobody says.
    pub(super) bound: u64,
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
    let (most, bytes) = (plan.request.most_tokens(), plan.request.byte_tokens());
    // An answer in a format is left as soon as it is enough, before its server counts anything.
    let may_be_left = plan.format.is_some();
    let alone = Next::alone(most, plan.choice.clone());
    let model = plan.choice.model_ref();
    let wanted = plan.request.max_output_tokens;
    let decide = move |accounts: Accounts| {
        let passed = accounts.passed;
        let input = if passed.is_silent || may_be_left { bytes } else { most };
        let next = Next { input: input.saturating_add(passed.sent), longest: passed.received, ..alone };
        let model = next.choice.model_ref();
        let reasons = overrun::reasons(&model, passed, Overrun::known(model.clone(), passed));
        let room = limits::check(&budgets, &accounts, &next).map_err(|error| because(error, reasons))?;
        let cut = wanted.into_iter().chain(room).min();
        let sent = Sent { most: next.input, beyond: passed.sent };
        let allowed = Allowed { sent, bound: bytes.saturating_add(passed.sent), before: passed };
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

/// Keeps in mind what a server says that it took beyond what it was allowed, or that it says nothing, and says so once.
pub(super) async fn remember(shared: &Shared, plan: &Plan, seen: &Seen, counted: Usage) {
    let Some(Allowed { sent, before, .. }) = plan.allowed else { return };
    let model = plan.choice.model_ref();
    let cut = plan.request.max_output_tokens;
    let received = (seen.reported.output_tokens, counted.output_tokens);
    let overrun = cut.and_then(|cut| Overrun::of(model.clone(), cut, received.0, received.1));
    let told = Told::of(seen, counted);
    if let Some(passed) = overrun::passed(sent, told, overrun.as_ref()) {
        let day = shared.world.clock.now().day();
        if let Err(error) = shared.world.user.pass(&model, day, passed).await {
            tracing::warn!(%error, "what a suggestion took beyond its limit is not kept in mind");
        }
    }
    let longer = overrun.filter(|_| before.received == 0).map(|overrun| format!("{overrun}."));
    let silent = (told == Told::Nothing && !before.is_silent).then(|| {
        format!(
            "{model} reported no count of tokens that can be for a suggestion: what those of today take is estimated, \
             where a limit needs it one token for each byte."
        )
    });
    let said = longer.into_iter().chain(overrun::sent_more(&model, sent, told)).chain(silent);
    shared.ghosts.memory().notices.extend(said);
}
