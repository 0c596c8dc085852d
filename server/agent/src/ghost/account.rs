//! What a suggestion may cost is reserved before it is asked for, and counted when it is over.

use std::time::Duration;

use copydesk_base::Usage;
use copydesk_base::config::Budgets;
use copydesk_store::{Accounts, Holder, Reservation};

use super::flight::Plan;
use crate::budget::limits::{self, Next};
use crate::desk::Shared;
use crate::error::AgentError;
use crate::process::alive;

/// What is kept free for a suggestion; nothing where nobody limits anything.
pub(super) type Reserved = Option<Reservation>;

/// Reserves what the call may cost, and cuts its answer where a budget ends. Where a budget does not allow it, there is
/// no suggestion, and a line in the log each time the reason is another one.
pub(super) async fn reserve(shared: &Shared, plan: &mut Plan) -> Option<Reserved> {
    let budgets = plan.settings.budgets.clone();
    if budgets == Budgets::default() {
        return Some(None);
    }
    let now = shared.world.clock.now();
    // A suggestion is no conversation.
    let next = Next::alone(plan.request.most_tokens(), plan.choice.clone());
    let wanted = plan.request.max_output_tokens;
    let decide = move |accounts: Accounts| {
        let cut = wanted.into_iter().chain(limits::check(&budgets, accounts, &next)?).min();
        Ok::<_, AgentError>((cut, limits::at_most(&next, cut)))
    };
    let holder =
        Holder { process: std::process::id(), at: now, is_alive: alive::is_alive, conversation: None };
    match shared.world.user.reserve(now.day(), holder, decide).await.ok()? {
        Ok((cut, reservation)) => {
            plan.request.max_output_tokens = cut;
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
