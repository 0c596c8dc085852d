//! Where a run stops: what it may use up.

use std::time::Duration;

use copydesk_base::Usage;
use copydesk_base::config::{Budget, Budgets};
use copydesk_provider::{Choice, Tokens};
use copydesk_store::Taken;

use crate::error::AgentError;
use crate::session::Spent;

/// Requests of one run, unless the budget says otherwise.
pub const MOST_REQUESTS: u64 = 60;

/// An answer shorter than this, in tokens, helps nobody: rather than cut one there, the run stops.
const SHORTEST_ANSWER: u64 = 256;

/// The longest answer, in tokens, of a model of which nothing is known.
const USUAL_ANSWER: u32 = 16_384;

/// What the next request meets: what was used up so far, and what it will need at least.
#[derive(Clone, Debug)]
pub(crate) struct Next {
    /// Of this run.
    pub(crate) run: Usage,
    pub(crate) elapsed: Duration,
    /// What of that is not counted for the day yet.
    pub(crate) uncounted: Duration,
    /// Of its session, this run included.
    pub(crate) session: Spent,
    /// Tokens that the request will send, estimated.
    pub(crate) input: u64,
    pub(crate) choice: Choice,
}

/// Says no before a request that would go past a limit, and otherwise how long its answer may be, in tokens; the
/// provider's own limit where no budget needs one. `day` is what
/// this day, UTC, has used in all runs, and what other requests under way may use.
pub(crate) fn check(budgets: &Budgets, day: Taken, next: &Next) -> Result<Option<u32>, AgentError> {
    let passed = |budget: &Budget, elapsed: Duration| {
        let limit = budget.minutes.and_then(|minutes| Duration::try_from_secs_f64(minutes * 60.0).ok());
        limit.is_some_and(|limit| elapsed >= limit)
    };
    if passed(&budgets.run, next.elapsed) {
        return Err(AgentError::Budget("the run has used its time (budgets.run.minutes)".to_owned()));
    }
    if passed(&budgets.session, next.session.time) {
        let reason = "this conversation has used its time (budgets.session.minutes)";
        return Err(AgentError::Budget(reason.to_owned()));
    }
    if passed(&budgets.day, day.time + next.uncounted) {
        return Err(AgentError::Budget("this day has used its time (budgets.day.minutes)".to_owned()));
    }
    let requests = budgets.run.requests.unwrap_or(MOST_REQUESTS);
    let of_run = Budget { requests: Some(requests), ..budgets.run.clone() };
    let alone = |spent: Usage| Taken { spent, ..Taken::default() };
    let run = room(("the run", "run"), &of_run, alone(next.run), next)?;
    let session = room(("this conversation", "session"), &budgets.session, alone(next.session.usage), next)?;
    let day = room(("this day", "day"), &budgets.day, day, next)?;
    let Some(room) = run.into_iter().chain(session).chain(day).min() else { return Ok(None) };
    // Never more than what is reserved for it: what a model is said to give at most holds only where it is told so, and a
    // server may refuse a larger number than it knows.
    let usual = usual_answer(&next.choice);
    Ok(Some(u32::try_from(room).map_or(usual, |room| room.min(usual))))
}

/// The most that a request can use whose answer is cut there.
pub(crate) fn at_most(next: &Next, cut: Option<u32>) -> Usage {
    let output = u64::from(cut.unwrap_or_else(|| usual_answer(&next.choice)));
    let tokens = Tokens { input: next.input, output, ..Tokens::default() };
    Usage {
        input_tokens: next.input,
        output_tokens: output,
        requests: 1,
        usd: next.choice.facts.price.map(|price| price.of(tokens)),
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
fn room(
    (who, key): (&str, &str),
    budget: &Budget,
    taken: Taken,
    next: &Next,
) -> Result<Option<u64>, AgentError> {
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
        if left < SHORTEST_ANSWER {
            let needed = next.input + SHORTEST_ANSWER;
            return refuse(
                format!("{who} has used {tokens} of {limit} tokens, the next request needs ≈ {needed}"),
                (held > 0).then(|| format!("≈ {held} more")),
                "tokens",
            );
        }
        room = Some(left);
    }
    let Some(limit) = budget.usd else { return Ok(room) };
    let Some(price) = next.choice.facts.price else {
        let Choice { provider, model, .. } = &next.choice;
        return refuse(
            format!(
                "nobody knows what {provider}/{model} costs; set providers.{provider}.models.{model}.price, or limit \
                 tokens instead of dollars"
            ),
            None,
            "usd",
        );
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
    let left = limit - cost - held - price.of(Tokens { input: next.input, ..Tokens::default() });
    let answer = price.of(Tokens { output: SHORTEST_ANSWER, ..Tokens::default() });
    if left < answer {
        let (cost, limit) = (dollars(cost), dollars(limit));
        return refuse(
            format!("{who} has cost {cost} of {limit}, the next request costs more than the rest"),
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
pub(crate) mod tests {
    use std::sync::Arc;

    use copydesk_base::config::{Provider, ProviderKind};
    use copydesk_provider::{Models, ModelsConfig, NoKeys};

    use super::*;

    pub(crate) fn choice(model: &str, base_url: &str) -> Choice {
        let provider = Provider {
            kind: ProviderKind::OpenaiChat,
            base_url: Some(base_url.to_owned()),
            default_model: Some(model.to_owned()),
            ..Provider::default()
        };
        let config =
            ModelsConfig { providers: [("p".to_owned(), provider)].into(), ..ModelsConfig::default() };
        Models::new(&config, Arc::new(NoKeys)).choose().unwrap()
    }

    #[test]
    fn a_limit_that_is_reached_or_would_be_passed_names_its_setting() {
        let (billed, unknown, local) = (
            choice("gpt-4.1", "https://a.example/v1"),
            choice("own", "https://a.example/v1"),
            choice("own", "http://127.0.0.1:1/v1"),
        );
        let used =
            Usage { input_tokens: 90, output_tokens: 10, requests: 3, usd: Some(0.5), ..Usage::default() };
        let check = |budgets: Budgets, choice: &Choice| {
            let choice = choice.clone();
            let elapsed = Duration::from_mins(2);
            let session = Spent { usage: used, time: elapsed };
            let next = Next { run: used, elapsed, uncounted: elapsed, session, input: 1_000, choice };
            check(&budgets, Taken { spent: used, time: Duration::from_mins(1), ..Taken::default() }, &next)
                .map_err(|error| error.to_string())
        };
        let run = |budget: Budget| Budgets { run: budget, ..Budgets::default() };
        let session = |budget: Budget| Budgets { session: budget, ..Budgets::default() };
        let day = |budget: Budget| Budgets { day: budget, ..Budgets::default() };
        let refuses = |budgets: Budgets, choice: &Choice, named: &str| {
            let error = check(budgets, choice).unwrap_err();
            assert!(error.contains(named), "{named}: {error}");
        };
        assert_eq!(check(Budgets::default(), &unknown), Ok(None));
        refuses(run(Budget { requests: Some(3), ..Budget::default() }), &local, "budgets.run.requests");
        refuses(
            session(Budget { requests: Some(3), ..Budget::default() }),
            &local,
            "budgets.session.requests",
        );
        refuses(
            session(Budget { minutes: Some(2.0), ..Budget::default() }),
            &local,
            "budgets.session.minutes",
        );
        refuses(day(Budget { requests: Some(3), ..Budget::default() }), &local, "budgets.day.requests");
        refuses(day(Budget { minutes: Some(3.0), ..Budget::default() }), &local, "budgets.day.minutes");
        assert_eq!(check(day(Budget { minutes: Some(3.1), ..Budget::default() }), &local), Ok(None));
        refuses(
            session(Budget { tokens: Some(100), ..Budget::default() }),
            &local,
            "(budgets.session.tokens",
        );
        refuses(run(Budget { minutes: Some(2.0), ..Budget::default() }), &local, "budgets.run.minutes");
        refuses(
            run(Budget { tokens: Some(100), ..Budget::default() }),
            &local,
            "used 100 tokens (budgets.run",
        );
        refuses(run(Budget { tokens: Some(1_300), ..Budget::default() }), &local, "needs ≈ 1256");
        refuses(
            day(Budget { usd: Some(0.5), ..Budget::default() }),
            &billed,
            "has cost $0.50 (budgets.day.usd)",
        );
        refuses(
            run(Budget { usd: Some(0.0), ..Budget::default() }),
            &billed,
            "only models that cost nothing may be asked (budgets.run.usd)",
        );
        assert_eq!(check(run(Budget { usd: Some(0.0), ..Budget::default() }), &local), Ok(None));
        // A thousand tokens of 2 dollars a million, and 256 of 8.
        refuses(run(Budget { usd: Some(0.504), ..Budget::default() }), &billed, "costs more than the rest");
        refuses(
            run(Budget { usd: Some(9.0), ..Budget::default() }),
            &unknown,
            "providers.p.models.own.price",
        );
        // What others may still use is said apart: it is not spent.
        let held = |budget: Budget| {
            let (elapsed, session) = (Duration::ZERO, Spent::default());
            let next = Next {
                run: used,
                elapsed,
                uncounted: elapsed,
                session,
                input: 1_000,
                choice: billed.clone(),
            };
            let taken = Taken {
                spent: Usage { requests: 1, ..used },
                reserved: Usage { requests: 2, ..used },
                ..Taken::default()
            };
            super::check(&day(budget), taken, &next).unwrap_err().to_string()
        };
        for (budget, expect) in [
            (
                Budget { requests: Some(3), ..Budget::default() },
                "this day has used 1 of its 3 requests, and requests under way may take 2 more (budgets.day.requests)",
            ),
            (
                Budget { tokens: Some(1_400), ..Budget::default() },
                "this day has used 100 of 1400 tokens, the next request needs ≈ 1256, and requests under way may take ≈ 100 more (budgets.day.tokens)",
            ),
            (
                Budget { usd: Some(1.0), ..Budget::default() },
                "this day has cost $0.50 of $1.00, the next request costs more than the rest, and requests under way may take $0.50 of it (budgets.day.usd)",
            ),
        ] {
            let told = held(budget);
            assert!(told.contains(expect), "{told}");
        }
        // What is left is what the answer may have.
        let left = |budget: Budget, choice: &Choice| check(run(budget), choice).unwrap();
        assert_eq!(left(Budget { tokens: Some(1_400), ..Budget::default() }, &local), Some(300));
        assert_eq!(left(Budget { usd: Some(0.51), ..Budget::default() }, &billed), Some(1_000));
        assert_eq!(left(Budget { usd: Some(0.0), ..Budget::default() }, &local), None, "nobody bills");
        assert_eq!(
            left(Budget { usd: Some(9.0), ..Budget::default() }, &billed),
            Some(usual_answer(&billed)),
            "no more than it is known to give"
        );
        // Of a model of which nothing is known no answer is longer than what is reserved for it.
        assert_eq!(left(Budget { tokens: Some(20_000), ..Budget::default() }, &local), Some(USUAL_ANSWER));
        assert_eq!(left(Budget { tokens: Some(u64::MAX), ..Budget::default() }, &local), Some(USUAL_ANSWER));
        assert_eq!(left(Budget { minutes: Some(2.1), ..Budget::default() }, &local), None);
    }

    #[test]
    fn small_amounts_are_not_rounded_away() {
        for (amount, expect) in [
            (0.0, "$0.00"),
            (1.2, "$1.20"),
            (0.5, "$0.50"),
            (0.05, "$0.05"),
            (0.0012, "$0.0012"),
            (0.000_04, "$0.00004"),
        ] {
            assert_eq!(dollars(amount), expect);
        }
    }

    #[test]
    fn what_is_reserved_is_the_most_that_it_can_cost() {
        let at_most = |choice: Choice, cut| {
            let next = Next {
                run: Usage::default(),
                elapsed: Duration::ZERO,
                uncounted: Duration::ZERO,
                session: Spent::default(),
                input: 1_000,
                choice,
            };
            at_most(&next, cut)
        };
        let billed = choice("gpt-4.1", "https://a.example/v1");
        let expect = |output_tokens, usd| Usage {
            input_tokens: 1_000,
            output_tokens,
            requests: 1,
            usd,
            ..Usage::default()
        };
        assert_eq!(at_most(billed.clone(), Some(500)), expect(500, Some(0.006)));
        let whole = u64::from(usual_answer(&billed));
        assert_eq!(at_most(billed, None).output_tokens, whole);
        let unknown = choice("own", "https://a.example/v1");
        assert_eq!(at_most(unknown, None), expect(u64::from(USUAL_ANSWER), None));
    }
}
