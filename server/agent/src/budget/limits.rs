//! Where a run stops: what it may use up.

use std::time::Duration;

use copydesk_base::Usage;
use copydesk_base::config::{Budget, Budgets};
use copydesk_provider::Choice;
use copydesk_store::{Accounts, Taken};

use crate::error::AgentError;
use crate::session::past::Spent;

/// Requests of one run, unless the budget says otherwise.
pub const MOST_REQUESTS: u64 = 60;

/// An answer shorter than this, in tokens, helps nobody: rather than cut one there, the run stops.
const SHORTEST_ANSWER: u64 = 256;

/// The longest answer, in tokens, of a model of which nothing is known.
const USUAL_ANSWER: u32 = 16_384;

/// Who has a budget, in a sentence and in the settings.
type Whose = (&'static str, &'static str);
const TURN: Whose = ("this turn", "turn");
const RUN: Whose = ("the run", "run");
const SESSION: Whose = ("this conversation", "session");
const DAY: Whose = ("this day", "day");

/// At which parts of a conversation's budget the person is told how much is gone, in percent.
const MARKS: [u64; 2] = [80, 50];

/// What the next request meets: what its run has used up so far, and what it will need at least.
#[derive(Clone, Debug)]
pub(crate) struct Next {
    /// Of this run.
    pub(crate) run: Usage,
    pub(crate) elapsed: Duration,
    /// What of that is not counted for its conversation and the day yet.
    pub(crate) uncounted: Duration,
    /// Of its last turn.
    pub(crate) turn: Spent,
    /// Tokens that the request can send at most.
    pub(crate) input: u64,
    /// Tokens that an answer of this model had, whatever it was told; 0 where it keeps to that.
    pub(crate) longest: u64,
    pub(crate) choice: Choice,
}

impl Next {
    /// The fewest tokens that an answer needs.
    fn answer(&self) -> u64 {
        self.longest.max(SHORTEST_ANSWER)
    }

    /// A request that nothing was used before.
    pub(crate) fn alone(input: u64, choice: Choice) -> Self {
        Self {
            run: Usage::default(),
            elapsed: Duration::ZERO,
            uncounted: Duration::ZERO,
            turn: Spent::default(),
            input,
            longest: 0,
            choice,
        }
    }
}

/// Says no before a request that would go past a limit, and otherwise how long its answer may be, in tokens; the
/// provider's own limit where no budget needs one. `accounts` are what its conversation and this day, UTC, have used in
/// all runs, this one included, and what other requests under way may use.
pub(crate) fn check(budgets: &Budgets, accounts: &Accounts, next: &Next) -> Result<Option<u32>, AgentError> {
    within_time(budgets, accounts, next)?;
    let Accounts { day, conversation, .. } = *accounts;
    let requests = budgets.run.requests.unwrap_or(MOST_REQUESTS);
    let of_run = Budget { requests: Some(requests), ..budgets.run.clone() };
    let alone = |spent: Usage| Taken { spent, ..Taken::default() };
    let mut rooms = Vec::new();
    for (whose, budget, taken) in [
        (TURN, &budgets.turn, alone(next.turn.usage)),
        (RUN, &of_run, alone(next.run)),
        (SESSION, &budgets.session, conversation),
        (DAY, &budgets.day, day),
    ] {
        rooms.extend(room(whose, budget, taken, next)?);
    }
    let Some(room) = rooms.into_iter().min() else { return Ok(None) };
    // Never more than what is reserved for it: what a model is said to give at most holds only where it is told so, and
    // a server may refuse a larger number than it knows.
    let usual = usual_answer(&next.choice);
    Ok(Some(u32::try_from(room).map_or(usual, |room| room.min(usual))))
}

/// Says no where the time is used up, also before an answer that nobody is asked for.
pub(crate) fn within_time(budgets: &Budgets, accounts: &Accounts, next: &Next) -> Result<(), AgentError> {
    let Accounts { day, conversation, .. } = *accounts;
    for (budget, time, (who, key)) in [
        (&budgets.turn, next.turn.time, TURN),
        (&budgets.run, next.elapsed, RUN),
        (&budgets.session, conversation.time + next.uncounted, SESSION),
        (&budgets.day, day.time + next.uncounted, DAY),
    ] {
        let limit = budget.minutes.and_then(|minutes| Duration::try_from_secs_f64(minutes * 60.0).ok());
        if limit.is_some_and(|limit| time >= limit) {
            return Err(AgentError::Budget(format!("{who} has used its time (budgets.{key}.minutes)")));
        }
    }
    Ok(())
}

/// Why no request to this model would leave, whatever was used so far.
pub fn refusal(budgets: &Budgets, choice: &Choice) -> Option<String> {
    match check(budgets, &Accounts::default(), &Next::alone(0, choice.clone())) {
        Err(AgentError::Budget(because)) => Some(because),
        _ => None,
    }
}

/// What a person is told when a conversation passes a mark of its budget; nothing where it passes none.
pub(crate) fn passed_mark(budget: &Budget, before: Usage, after: Usage) -> Option<String> {
    let (_, used_before) = fullest(budget, before)?;
    let (what, used) = fullest(budget, after)?;
    let mark = MARKS.into_iter().find(|mark| used_before < *mark && used >= *mark)?;
    Some(format!("This conversation has used more than {mark} % of its budget: {what}."))
}

/// The part of a budget that is used up most: in words, and in percent.
fn fullest(budget: &Budget, used: Usage) -> Option<(String, u64)> {
    let (_, key) = SESSION;
    let counted = |used: u64, limit: Option<u64>, unit: &str| {
        let limit = limit.filter(|limit| *limit > 0)?;
        Some((format!("{used} of {limit} {unit} (budgets.{key}.{unit})"), used.saturating_mul(100) / limit))
    };
    let tokens = used.input_tokens.saturating_add(used.output_tokens);
    let paid = budget.usd.filter(|limit| *limit > 0.0).zip(used.usd).map(|(limit, used)| {
        (format!("{} of {} (budgets.{key}.usd)", dollars(used), dollars(limit)), percent(used, limit))
    });
    let parts =
        [counted(used.requests, budget.requests, "requests"), counted(tokens, budget.tokens, "tokens"), paid];
    parts.into_iter().flatten().max_by_key(|(_, used)| *used)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast of a positive float saturates, which is meant"
)]
fn percent(used: f64, limit: f64) -> u64 {
    (used / limit * 100.0) as u64
}

/// The most that a request can use whose answer is cut there.
pub(crate) fn at_most(next: &Next, cut: Option<u32>) -> Usage {
    let output = u64::from(cut.unwrap_or_else(|| usual_answer(&next.choice))).max(next.longest);
    Usage {
        input_tokens: next.input,
        output_tokens: output,
        requests: 1,
        usd: next.choice.facts.price.map(|price| price.at_most(next.input, output)),
        ..Usage::default()
    }
}

/// The longest answer of a model, in tokens.
pub(crate) fn usual_answer(choice: &Choice) -> u32 {
    choice.facts.output_limit.unwrap_or(USUAL_ANSWER)
}

/// An amount as people read it: in cents, and a small one with what it has behind them.
fn dollars(amount: f64) -> String {
    let cents = format!("${amount:.2}");
    if amount <= 0.0 || amount >= 0.1 {
        return cents;
    }
    let whole = format!("${amount:.6}");
    let short = whole.trim_end_matches('0');
    if short.len() < cents.len() { cents } else { short.to_owned() }
}

/// The tokens that one budget leaves to the answer.
fn room((who, key): Whose, budget: &Budget, taken: Taken, next: &Next) -> Result<Option<u64>, AgentError> {
    let Taken { spent: used, reserved, .. } = taken;
    // What is only reserved was not spent, and may come back.
    let refuse = |what: String, under_way: Option<String>, unit: &str| {
        let more =
            under_way.map_or_else(String::new, |more| format!(", and requests under way may take {more}"));
        Err(AgentError::Budget(format!("{what}{more} (budgets.{key}.{unit})")))
    };
    if let Some(limit) = budget.requests.filter(|limit| used.requests + reserved.requests >= *limit) {
        let more = (reserved.requests > 0).then(|| format!("{} more", reserved.requests));
        let what = match &more {
            Some(_) => format!("{who} has used {} of its {limit} requests", used.requests),
            None => format!("{who} has used its {limit} requests"),
        };
        return refuse(what, more, "requests");
    }
    let mut room = None;
    if let Some(limit) = budget.tokens {
        let tokens = used.input_tokens.saturating_add(used.output_tokens);
        let held = reserved.input_tokens.saturating_add(reserved.output_tokens);
        if tokens >= limit {
            return refuse(format!("{who} has used {tokens} tokens"), None, "tokens");
        }
        let left = (limit - tokens).saturating_sub(held).saturating_sub(next.input);
        if left < next.answer() {
            let needed = next.input + next.answer();
            return refuse(
                format!("{who} has used {tokens} of {limit} tokens, the next request may need {needed}"),
                (held > 0).then(|| format!("≈ {held} more")),
                "tokens",
            );
        }
        room = Some(left);
    }
    let Some(limit) = budget.usd else { return Ok(room) };
    let Some(price) = next.choice.facts.price else {
        let Choice { provider, model, facts, .. } = &next.choice;
        let mend = match &facts.broken_price {
            Some(wrong) => format!(" ({wrong}); mend its price"),
            None => format!(
                "; set providers.{provider}.models.{model}.price, or run 'copydesk models', which learns it where the \
                 server lists its prices"
            ),
        };
        let what =
            format!("nobody knows what {provider}/{model} costs{mend}, or limit tokens instead of dollars");
        return refuse(what, None, "usd");
    };
    let (cost, held) = (used.usd.unwrap_or(0.0), reserved.usd.unwrap_or(0.0));
    if price.is_free() {
        return Ok(room);
    }
    if limit <= 0.0 {
        return refuse("only models that cost nothing may be asked".to_owned(), None, "usd");
    }
    if cost >= limit {
        return refuse(format!("{who} has cost {}", dollars(cost)), None, "usd");
    }
    let left = limit - cost - held - price.at_most(next.input, 0);
    let answer = price.at_most(0, SHORTEST_ANSWER);
    if left < price.at_most(0, next.answer()) {
        let (cost, limit) = (dollars(cost), dollars(limit));
        return refuse(
            format!("{who} has cost {cost} of {limit}, the next request may cost more than the rest"),
            (held > 0.0).then(|| format!("{} of it", dollars(held))),
            "usd",
        );
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "the cast of a positive float saturates, which is meant"
    )]
    let affordable = if answer > 0.0 { (left / answer * SHORTEST_ANSWER as f64) as u64 } else { u64::MAX };
    Ok(Some(room.map_or(affordable, |tokens| tokens.min(affordable))))
}

#[cfg(test)]
pub(crate) mod tests;
