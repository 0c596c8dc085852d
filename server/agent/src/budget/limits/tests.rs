//! What stops a request before it leaves, what is told when it does, and what an answer may still have.

use std::sync::Arc;

use copydesk_base::config::{Provider, ProviderKind};
use copydesk_provider::{Models, ModelsConfig, NoKeys, Price};

use super::*;

pub(crate) fn choice(model: &str, base_url: &str) -> Choice {
    let provider = Provider {
        kind: ProviderKind::OpenaiChat,
        base_url: Some(base_url.to_owned()),
        default_model: Some(model.to_owned()),
        ..Provider::default()
    };
    let config = ModelsConfig { providers: [("p".to_owned(), provider)].into(), ..ModelsConfig::default() };
    Models::new(&config, Arc::new(NoKeys)).choose().unwrap()
}

#[test]
fn a_limit_that_is_reached_or_would_be_passed_names_its_setting() {
    let (billed, unknown, local) = (
        choice("gpt-4.1", "https://a.example/v1"),
        choice("own", "https://a.example/v1"),
        choice("own", "http://127.0.0.1:1/v1"),
    );
    let used = Usage { input_tokens: 90, output_tokens: 10, requests: 3, usd: Some(0.5), ..Usage::default() };
    let check = |budgets: Budgets, choice: &Choice| {
        let choice = choice.clone();
        let elapsed = Duration::from_mins(2);
        let turn = Spent { usage: used, time: elapsed };
        let next = Next { run: used, elapsed, uncounted: elapsed, turn, input: 1_000, longest: 0, choice };
        let day = Taken { spent: used, time: Duration::from_mins(1), ..Taken::default() };
        let conversation = Taken { time: Duration::ZERO, ..day };
        check(&budgets, &Accounts { day, conversation, ..Accounts::default() }, &next)
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
    for (budget, unit) in [
        (Budget { requests: Some(3), ..Budget::default() }, "its 3 requests (budgets.turn.requests"),
        (Budget { tokens: Some(100), ..Budget::default() }, "100 tokens (budgets.turn.tokens"),
        (Budget { minutes: Some(2.0), ..Budget::default() }, "its time (budgets.turn.minutes"),
    ] {
        refuses(
            Budgets { turn: budget, ..Budgets::default() },
            &local,
            &format!("this turn has used {unit}"),
        );
    }
    refuses(session(Budget { requests: Some(3), ..Budget::default() }), &local, "budgets.session.requests");
    refuses(session(Budget { minutes: Some(2.0), ..Budget::default() }), &local, "budgets.session.minutes");
    refuses(day(Budget { requests: Some(3), ..Budget::default() }), &local, "budgets.day.requests");
    refuses(day(Budget { minutes: Some(3.0), ..Budget::default() }), &local, "budgets.day.minutes");
    assert_eq!(check(day(Budget { minutes: Some(3.1), ..Budget::default() }), &local), Ok(None));
    refuses(session(Budget { tokens: Some(100), ..Budget::default() }), &local, "(budgets.session.tokens");
    refuses(run(Budget { minutes: Some(2.0), ..Budget::default() }), &local, "budgets.run.minutes");
    refuses(run(Budget { tokens: Some(100), ..Budget::default() }), &local, "used 100 tokens (budgets.run");
    refuses(run(Budget { tokens: Some(1_300), ..Budget::default() }), &local, "may need 1256");
    refuses(day(Budget { usd: Some(0.5), ..Budget::default() }), &billed, "has cost $0.50 (budgets.day.usd)");
    refuses(
        run(Budget { usd: Some(0.0), ..Budget::default() }),
        &billed,
        "only models that cost nothing may be asked (budgets.run.usd)",
    );
    assert_eq!(check(run(Budget { usd: Some(0.0), ..Budget::default() }), &local), Ok(None));
    // A thousand tokens of 2 dollars a million, and 256 of 8.
    refuses(run(Budget { usd: Some(0.504), ..Budget::default() }), &billed, "may cost more than the rest");
    // Where keeping costs more than sending, everything may be kept: 0.00375 for the thousand, not 0.003.
    let mut keeping = billed.clone();
    keeping.facts.price =
        Some(Price { input: 3_000_000, cached_input: 300_000, kept_input: 3_750_000, output: 8_000_000 });
    refuses(run(Budget { usd: Some(0.505_7), ..Budget::default() }), &keeping, "may cost more than the rest");
    assert_eq!(check(run(Budget { usd: Some(0.505_8), ..Budget::default() }), &keeping), Ok(Some(256)));
    refuses(run(Budget { usd: Some(9.0), ..Budget::default() }), &unknown, "providers.p.models.own.price");
    let mut broken = local.clone();
    broken.facts.price = None;
    broken.facts.broken_price = Some("config.yaml:6: 'price' does not count".to_owned());
    for what in ["nobody knows what p/own costs (config.yaml:6: 'price' does not count)", "(budgets.run.usd)"]
    {
        refuses(run(Budget { usd: Some(9.0), ..Budget::default() }), &broken, what);
    }
    assert_eq!(check(run(Budget { requests: Some(9), ..Budget::default() }), &broken), Ok(None));
    // What others may still use is said apart: it is not spent.
    let held = |budgets: Budgets| {
        let next = Next { run: used, ..Next::alone(1_000, billed.clone()) };
        let taken = Taken {
            spent: Usage { requests: 1, ..used },
            reserved: Usage { requests: 2, ..used },
            ..Taken::default()
        };
        super::check(&budgets, &Accounts { day: taken, conversation: taken, ..Accounts::default() }, &next)
            .unwrap_err()
            .to_string()
    };
    for (budget, expect, unit) in [
        (
            Budget { requests: Some(3), ..Budget::default() },
            "has used 1 of its 3 requests, and requests under way may take 2 more",
            "requests",
        ),
        (
            Budget { tokens: Some(1_400), ..Budget::default() },
            "has used 100 of 1400 tokens, the next request may need 1256, and requests under way may take ≈ 100 more",
            "tokens",
        ),
        (
            Budget { usd: Some(1.0), ..Budget::default() },
            "has cost $0.50 of $1.00, the next request may cost more than the rest, and requests under way may take $0.50 of it",
            "usd",
        ),
    ] {
        for (budgets, whose, key) in
            [(day(budget.clone()), "this day", "day"), (session(budget), "this conversation", "session")]
        {
            let told = held(budgets);
            assert!(told.contains(&format!("{whose} {expect} (budgets.{key}.{unit})")), "{told}");
        }
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
fn a_mark_of_a_budget_is_passed_once() {
    let budget = Budget { tokens: Some(1_000), requests: Some(10), usd: Some(2.0), ..Budget::default() };
    let used =
        |tokens, requests, usd| Usage { input_tokens: tokens, requests, usd: Some(usd), ..Usage::default() };
    for (before, after, expect) in [
        (used(0, 0, 0.0), used(450, 4, 0.9), None),
        (
            used(450, 4, 0.9),
            used(450, 5, 0.9),
            Some("50 % of its budget: 5 of 10 requests (budgets.session.requests)"),
        ),
        (used(450, 5, 0.9), used(790, 6, 0.9), None),
        (
            used(790, 6, 0.9),
            used(790, 6, 1.7),
            Some("80 % of its budget: $1.70 of $2.00 (budgets.session.usd)"),
        ),
        (
            used(0, 0, 0.0),
            used(900, 1, 0.1),
            Some("80 % of its budget: 900 of 1000 tokens (budgets.session.tokens)"),
        ),
        (used(900, 1, 0.1), used(2_000, 9, 0.1), None),
    ] {
        let told = passed_mark(&budget, before, after);
        let fits = match (&told, expect) {
            (Some(told), Some(expect)) => told.contains(expect),
            (told, expect) => told.is_none() && expect.is_none(),
        };
        assert!(fits, "{before:?} to {after:?}: {told:?}");
    }
    assert_eq!(passed_mark(&Budget::default(), used(0, 0, 0.0), used(u64::MAX, 9, 9.0)), None);
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
    let at_most = |choice: Choice, cut| at_most(&Next::alone(1_000, choice), cut);
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
