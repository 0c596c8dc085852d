//! The account of one try of a request: what it may cost is reserved before it leaves, what it did cost is counted when it
//! is over. A try that broke is counted too: a server bills what it sent.
//!
//! What providers report goes before what we estimate. Where a provider reports nothing, or more than can be, the estimate
//! counts, marked as such: a limit that only honest servers respect limits nothing. What is reported corrects the estimates to
//! come, model by model.

use copydesk_base::event::About;
use copydesk_base::{Event, Usage};
use copydesk_provider::{CallError, Choice, Facts, Request};
use copydesk_store::{Accounts, Conversation, Holder, Reservation};

use crate::budget::limits::{self, Next};
use crate::budget::purse::{Gone, Held};
use crate::error::AgentError;
use crate::process::alive;
use crate::run::Turn;
use crate::session::past::Spent;

/// A request that may leave.
pub(crate) struct Reserved {
    /// Where a budget cuts its answer, in tokens.
    pub(crate) cut: Option<u32>,
    /// The most that it can cost.
    pub(crate) most: Usage,
    reservation: Reservation,
    held: Held,
    /// Tokens, a quarter of the bytes.
    estimate: u64,
    /// The same as this model counts.
    pub(crate) expected: u64,
    /// The most that it can have by its text.
    most_input: u64,
    /// The least that a provider can have counted, where a limit needs the count.
    least_input: u64,
}

/// A request as its model counted it: what goes on from it has these tokens, and the most of what came behind them.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    /// `provider/model`.
    model: String,
    reported: u64,
    most: u64,
}

/// What was seen of a request while it was under way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// As the provider counted it; zero where it did not.
    pub(crate) reported: Usage,
    /// How far the answer came.
    pub(crate) answered: Answering,
    /// Bytes of text and arguments.
    pub(crate) received: u64,
    /// A record says what it took.
    pub(crate) is_told: bool,
    /// The person ended it.
    pub(crate) is_canceled: bool,
}

impl Seen {
    /// Takes in how a try ended that gave no answer.
    pub(crate) fn fails(&mut self, error: &CallError) {
        if self.answered == Answering::No && error.may_be_billed() {
            self.answered = Answering::Begun;
        }
    }
}

/// How far a server has come with its answer: from the first word on it bills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Answering {
    #[default]
    No,
    Begun,
    Whole,
}

/// No answer of a model has more tokens, where nothing is known of that model.
const ABSURD_OUTPUT: u64 = 2_000_000;

/// No token stands for more bytes: the longest of the tokenizers in use are rows of blanks or dashes of about that length.
const LARGEST_TOKEN: u64 = 128;

/// Bytes to a token of an answer that is all long words; and what may come beyond that before anybody hangs up.
const LONG_TOKEN: u64 = 8;
const ROOM: u64 = 4 << 10;

/// Bytes to a token, as we estimate.
const USUAL_TOKEN: u64 = 4;

/// What providers put around a request, at most, in tokens.
const ABSURD_FRAME: u64 = 50_000;

/// The tokens that a request will have, as this model has counted others: what providers report corrects the estimate.
pub(crate) async fn expected(turn: &Turn, choice: &Choice, request: &Request) -> Result<u64, AgentError> {
    if let Some(tokens) = turn.settings.models.recorded_tokens(request) {
        return Ok(tokens);
    }
    let measured = turn.world.user.measured(&choice.model_ref()).await?;
    Ok(scaled(request.estimated_tokens(), measured.ratio()))
}

impl Counted {
    /// The most tokens of a request that goes on from this one and would have `most` if nobody had counted.
    fn grown_to(&self, most: u64) -> u64 {
        most.checked_sub(self.most).map_or(most, |grown| most.min(self.reported.saturating_add(grown)))
    }
}

/// Reserves what a request to this model may cost; an error where a budget does not allow it.
pub(crate) async fn reserve(turn: &Turn, choice: &Choice, request: &Request) -> Result<Reserved, AgentError> {
    if let Some(steps) = turn.steps.filter(|steps| turn.usage.requests >= *steps) {
        return Err(AgentError::Budget(format!("it has used the {steps} steps that its file gives it")));
    }
    let now = turn.world.clock.now();
    let user = &turn.world.user;
    let estimate = request.estimated_tokens();
    let expected = expected(turn, choice, request).await?;
    let most_input = turn.settings.models.recorded_tokens(request).unwrap_or_else(|| request.most_tokens());
    let before = turn.counted.as_ref().filter(|before| before.model == choice.model_ref());
    // A tokenizer that makes more of everything than we know is believed.
    let next_input = before.map_or(most_input, |before| before.grown_to(most_input)).max(expected);
    let began = turn.began;
    let elapsed = now.since(began);
    let choice = choice.clone();
    let (budgets, purse) = (turn.settings.budgets.clone(), turn.purse.clone());
    let decide = move |accounts: Accounts| {
        let (uncounted, of_turn) = (purse.uncounted(began, now), purse.since_spoken(began, now));
        // With the runs beside it: what they hold may be used up by the time that this one is.
        let (cut, most, held) = purse.hold(|Gone { all: run, turn }| {
            let turn = Spent { usage: turn, time: of_turn };
            let next = Next { run, elapsed, uncounted, turn, input: next_input, choice };
            let cut = limits::check(&budgets, accounts, &next)?;
            Ok::<_, AgentError>((cut, limits::at_most(&next, cut)))
        })?;
        Ok::<_, AgentError>(((cut, most, held), most))
    };
    let Spent { usage: spent, time } = turn.spent;
    let conversation = Some(Conversation { session: turn.conversation.clone(), spent, time });
    let holder = Holder { process: std::process::id(), at: now, is_alive: alive::is_alive, conversation };
    let ((cut, most, held), reservation) = user.reserve(now.day(), holder, decide).await??;
    let least_input = if is_limited(turn) { least(estimate) } else { 0 };
    Ok(Reserved { cut, most, reservation, held, estimate, expected, most_input, least_input })
}

/// Counts what a request has used, in the place of what was reserved for it.
pub(crate) async fn settle(
    turn: &mut Turn,
    choice: &Choice,
    reserved: Reserved,
    seen: Seen,
) -> Result<(), AgentError> {
    let usage = reserved.counted(&seen, choice);
    let Reserved { reservation, held, estimate, most_input, .. } = reserved;
    let before = turn.usage;
    turn.usage.add(usage);
    turn.purse.pay(held, usage);
    let now = turn.world.clock.now();
    let worked = turn.purse.count(turn.began, now);
    let before_it = turn.world.user.settle(reservation, now.day(), usage, worked).await?;
    if !seen.is_told && usage != Usage::default() {
        turn.record(vec![Event::TryLost { model: choice.model_ref(), usage }]).await?;
    }
    let mut with_it = before_it;
    with_it.add(usage);
    if let Some(text) = limits::passed_mark(&turn.settings.budgets.session, before_it, with_it) {
        turn.record(vec![of_account(text)]).await?;
    }
    let user = &turn.world.user;
    if seen.answered != Answering::No && !usage.estimated {
        let model = choice.model_ref();
        // A count that cannot be teaches nothing.
        if usage.input_tokens >= least(estimate) {
            user.measure(&model, estimate, usage.input_tokens).await?;
            turn.counted = Some(Counted { model, reported: usage.input_tokens, most: most_input });
        }
    }
    if usage.estimated && !before.estimated && is_limited(turn) && !turn.cancel.is_cancelled() {
        let text = format!(
            "{} reported no count of tokens that can be: they are counted as about ≈ {} sent and {} received.",
            choice.model_ref(),
            usage.input_tokens,
            usage.output_tokens
        );
        turn.record(vec![of_account(text)]).await?;
    }
    Ok(())
}

impl Reserved {
    /// What the request counts as.
    pub(crate) fn counted(&self, seen: &Seen, choice: &Choice) -> Usage {
        counted(seen, Sent { expected: self.expected, least: self.least_input }, choice)
    }

    /// Whether so many bytes of an answer are more than a server gives that keeps to where it was told to end.
    pub(crate) fn is_passed_by(&self, received: u64) -> bool {
        self.cut.is_some_and(|cut| received > u64::from(cut) * LONG_TOKEN + ROOM)
    }
}

/// What is known of the tokens that were sent, before anybody has reported them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) expected: u64,
    /// A smaller count is none.
    pub(crate) least: u64,
}

/// The fewest tokens that a request can have been, by our estimate: no text that is sent whole, with its tools, has more than 32
/// bytes to a token.
pub(crate) const fn least(estimate: u64) -> u64 {
    estimate / 8
}

/// A notice about what was used.
fn of_account(text: String) -> Event {
    Event::Notice { text, about: Some(About::Account) }
}

/// Whether anybody needs the count of tokens.
fn is_limited(turn: &Turn) -> bool {
    let budgets = &turn.settings.budgets;
    [&budgets.turn, &budgets.run, &budgets.session, &budgets.day]
        .iter()
        .any(|budget| budget.tokens.is_some() || budget.usd.is_some())
}

/// What a request counts as: what was reported where that can be, and else what is estimated.
pub(crate) fn counted(seen: &Seen, of: Sent, choice: &Choice) -> Usage {
    let Sent { expected: input, least } = of;
    let reported = seen.reported;
    // What the server had when it was canceled may be billed, though nothing of an answer was seen.
    let is_out = seen.is_canceled && reported.requests > 0;
    if seen.answered == Answering::No && !is_out {
        return reported;
    }
    let sent = reported.input_tokens;
    let is_input_real = sent > 0
        && sent >= least
        && sent <= input.saturating_mul(16).saturating_add(ABSURD_FRAME)
        && reported.cached_tokens <= sent;
    let received = seen.received.div_ceil(USUAL_TOKEN);
    let is_whole_count = match seen.answered {
        // What was counted before it broke is not all that came.
        Answering::Begun => reported.output_tokens >= received,
        Answering::Whole | Answering::No => reported.output_tokens >= seen.received.div_ceil(LARGEST_TOKEN),
    };
    let is_output_real = reported.output_tokens <= longest_answer(&choice.facts) && is_whole_count;
    if is_input_real && is_output_real {
        return reported;
    }
    let input_tokens = if is_input_real { sent } else { input };
    let output_tokens = if is_output_real { reported.output_tokens } else { received };
    let price = choice.facts.price.filter(|price| !price.is_free());
    Usage {
        input_tokens,
        cached_tokens: 0,
        output_tokens,
        requests: reported.requests,
        usd: price.map(|price| price.at_most(input_tokens, output_tokens)),
        estimated: true,
    }
}

/// The most tokens that an answer of a model can be said to have: twice what is known, as lists lag behind their models.
fn longest_answer(facts: &Facts) -> u64 {
    let limit = facts.output_limit.map(|limit| u64::from(limit) * 2);
    limit.or(facts.context_window).unwrap_or(ABSURD_OUTPUT)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the cast of a positive float saturates, which is meant"
)]
fn scaled(tokens: u64, ratio: f64) -> u64 {
    (tokens as f64 * ratio).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;
    use crate::budget::limits::tests::choice;

    #[test]
    fn what_a_provider_reports_counts_unless_it_cannot_be() {
        let billed = choice("gpt-4.1", "https://a.example/v1");
        let usage = |input_tokens, output_tokens, usd| Usage {
            input_tokens,
            output_tokens,
            requests: 1,
            usd,
            ..Usage::default()
        };
        let check = |answered, reported: Usage, received, expect: Usage| {
            let seen = Seen { reported, answered, received, ..Seen::default() };
            let sent = Sent { expected: 1_000, least: least(1_000) };
            assert_eq!(counted(&seen, sent, &billed), expect, "{seen:?}");
        };
        let estimated = |input, output, usd| Usage { estimated: true, ..usage(input, output, Some(usd)) };
        let (yes, begun, no) = (Answering::Whole, Answering::Begun, Answering::No);
        check(yes, usage(1_200, 5, Some(0.1)), 20, usage(1_200, 5, Some(0.1)));
        // A request that nobody answered costs nothing.
        check(no, usage(0, 0, None), 0, usage(0, 0, None));
        // One that the server had and the person ended may be billed.
        for (requests, expect) in [(1, estimated(1_000, 0, 0.002)), (0, Usage::default())] {
            let reported = Usage { requests, ..Usage::default() };
            let seen = Seen { reported, is_canceled: true, ..Seen::default() };
            assert_eq!(counted(&seen, Sent { expected: 1_000, least: 0 }, &billed), expect, "{seen:?}");
        }
        // Nor does one that was turned away; an answer that nobody can read has been made.
        let (address, reason) = ("https://a.example/v1".to_owned(), String::new());
        for (error, expect) in [
            (CallError::Unreachable { address: address.clone(), reason: reason.clone() }, usage(0, 0, None)),
            (CallError::Malformed { address, reason }, estimated(1_000, 0, 0.002)),
        ] {
            let mut seen = Seen { reported: usage(0, 0, None), ..Seen::default() };
            seen.fails(&error);
            assert_eq!(counted(&seen, Sent { expected: 1_000, least: 0 }, &billed), expect, "{error}");
        }
        // Nothing, half of it, nonsense. Two dollars for a million sent, eight for a million received.
        check(yes, usage(0, 0, Some(0.0)), 400, estimated(1_000, 100, 0.0028));
        check(yes, usage(1_200, 0, None), 400, estimated(1_200, 100, 0.0032));
        check(yes, usage(0, 7, None), 400, estimated(1_000, 7, 0.002_056));
        check(yes, usage(u64::MAX, 7, None), 400, estimated(1_000, 7, 0.002_056));
        check(yes, usage(1_200, u64::MAX, None), 400, estimated(1_200, 100, 0.0032));
        // Of what was sent, too: a server that says one token each time would let a limit be passed for ever.
        check(yes, usage(125, 7, Some(0.1)), 20, usage(125, 7, Some(0.1)));
        check(yes, usage(124, 7, Some(0.0)), 20, estimated(1_000, 7, 0.002_056));
        // Fewer than there can be: no token is longer than 128 bytes.
        check(yes, usage(1_200, 2, Some(0.1)), 256, usage(1_200, 2, Some(0.1)));
        check(yes, usage(1_200, 2, Some(0.0)), 257, estimated(1_200, 65, 0.002_92));
        let cached = |cached_tokens| Usage { cached_tokens, ..usage(1_200, 5, Some(270.0)) };
        check(yes, cached(1_200), 20, cached(1_200));
        check(yes, cached(1_201), 20, estimated(1_000, 5, 0.002_04));
        // One that broke is paid for as far as it came, also where a part of it was counted.
        check(begun, usage(0, 0, None), 400, estimated(1_000, 100, 0.0028));
        check(begun, usage(1_200, 1, Some(0.1)), 400, estimated(1_200, 100, 0.0032));
        check(begun, usage(1_200, 100, Some(0.1)), 400, usage(1_200, 100, Some(0.1)));
        // Thinking that is not shown is received all the same; an empty answer may count as none.
        check(yes, usage(1_200, 60_000, Some(0.1)), 4, usage(1_200, 60_000, Some(0.1)));
        // But no more than an answer of this model can hold, which is 32 000 by our table.
        check(yes, usage(1_200, 64_000, Some(0.1)), 4, usage(1_200, 64_000, Some(0.1)));
        check(yes, usage(1_200, 64_001, Some(0.1)), 4, estimated(1_200, 1, 0.002_408));
        check(yes, usage(1_200, 0, Some(0.1)), 0, usage(1_200, 0, Some(0.1)));
    }

    #[test]
    fn the_longest_answer_is_what_is_known_of_the_model() {
        let check = |output_limit, context_window, expect| {
            let facts = Facts { output_limit, context_window, ..Facts::default() };
            assert_eq!(longest_answer(&facts), expect, "{output_limit:?} {context_window:?}");
        };
        check(Some(8_192), Some(200_000), 16_384);
        check(None, Some(200_000), 200_000);
        check(None, None, 2_000_000);
    }

    #[tokio::test]
    async fn a_run_that_panics_gives_back_what_it_had_reserved() {
        let bench = Bench::breaking();
        let outcome = bench.ask("hello").await;
        let error = outcome.error.unwrap_or_default();
        assert!(error.contains("something in this program broke"), "{error}");
        let world = &bench.desk.shared.world;
        let now = world.clock.now();
        let holder =
            Holder { process: std::process::id(), at: now, is_alive: alive::is_alive, conversation: None };
        let look = |accounts: Accounts| Err::<((), Usage), _>(Box::new(accounts.day));
        let taken = world.user.reserve(now.day(), holder, look).await.unwrap().unwrap_err();
        assert_eq!(taken.reserved, Usage::default(), "nothing is kept free for it");
    }

    #[test]
    fn what_was_counted_is_not_guessed_again() {
        let before = Counted { model: "a/b".to_owned(), reported: 1_000, most: 2_500 };
        for (most, expect) in [(2_500, 1_000), (2_700, 1_200), (2_499, 2_499), (0, 0)] {
            assert_eq!(before.grown_to(most), expect, "{most}");
        }
        // A model that made more of it than there can be has its own way to count.
        let odd = Counted { reported: 9_000, ..before };
        assert_eq!((odd.grown_to(2_700), odd.grown_to(12_500)), (2_700, 12_500));
    }

    #[test]
    fn estimates_are_scaled_upwards() {
        assert_eq!((scaled(100, 1.301), scaled(0, 4.0), scaled(u64::MAX, 4.0)), (131, 0, u64::MAX));
    }
}
