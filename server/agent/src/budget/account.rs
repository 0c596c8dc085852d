//! The account of one try of a request: what it may cost is reserved before it leaves, what it did cost is counted when
//! it is over. A try that broke is counted too: a server bills what it sent.
//!
//! What providers report goes before what we estimate ([`super::count`] judges it), and corrects the estimates to come,
//! model by model.

use copydesk_base::event::About;
use copydesk_base::{Event, Usage};
use copydesk_provider::{CallError, Choice, Request, ToldBy};
use copydesk_store::{Accounts, Conversation, Holder, Passed, Reservation};

use crate::budget::count::{self, Asked, Seen, least};
use crate::budget::limits::{self, Next};
use crate::budget::overrun::{self, Overrun, Sent, Told};
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
    sent: Sent,
    reservation: Reservation,
    held: Held,
    size: Size,
    /// About how many tokens it has, as this model counts.
    pub(crate) expected: u64,
    /// What counts of it where nobody says, and a limit needs the count.
    bound: u64,
    /// The least that a provider can have counted, where a limit needs the count.
    least_input: u64,
}

/// Who answers a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    Server,
    /// Its answer is kept: it costs nothing but the time that its run takes.
    Nobody,
}

/// How large a request is by its text, in tokens where nothing else is said.
#[derive(Clone, Copy, Debug)]
struct Size {
    /// Its bytes.
    text: u64,
    /// About: a quarter of its bytes.
    estimate: u64,
    /// At most, as people and programs write.
    most: u64,
    /// One for each byte.
    bytes: u64,
}

/// A request as its model counted it: what goes on from it has these tokens, and the most of what came behind them.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    /// `provider/model`.
    model: String,
    reported: u64,
    size: Size,
}

/// The tokens that a request will have, as this model has counted others: what providers report corrects the estimate.
pub(crate) async fn expected(turn: &Turn, choice: &Choice, request: &Request) -> Result<u64, AgentError> {
    if let Some(tokens) = turn.settings.models.recorded_tokens(request) {
        return Ok(tokens);
    }
    let measured = turn.world.user.measured(&choice.model_ref()).await?;
    Ok(scaled(request.estimated_tokens(), measured.ratio()))
}

impl Size {
    fn of(turn: &Turn, request: &Request) -> Self {
        let recorded = turn.settings.models.recorded_tokens(request);
        Self {
            text: request.bytes(),
            estimate: request.estimated_tokens(),
            most: recorded.unwrap_or_else(|| request.most_tokens()),
            bytes: recorded.unwrap_or_else(|| request.byte_tokens()),
        }
    }
}

impl Counted {
    /// The tokens of a request that goes on from this one and would have as many as its size says if nobody had
    /// counted.
    fn grown_to(&self, size: Size) -> Size {
        let grown = |before: u64, now: u64| {
            now.checked_sub(before).map_or(now, |grown| now.min(self.reported.saturating_add(grown)))
        };
        Size { most: grown(self.size.most, size.most), bytes: grown(self.size.bytes, size.bytes), ..size }
    }
}

/// Reserves what a request to this model may cost; an error where a budget does not allow it.
pub(crate) async fn reserve(
    turn: &Turn,
    choice: &Choice,
    request: &Request,
    whom: Whom,
) -> Result<Reserved, AgentError> {
    let is_over = |steps: &u64| whom == Whom::Server && turn.usage.requests >= *steps;
    if let Some(steps) = turn.steps.filter(is_over) {
        return Err(AgentError::Budget(format!("it has used the {steps} steps that its file gives it")));
    }
    let now = turn.world.clock.now();
    let user = &turn.world.user;
    let size = Size::of(turn, request);
    let expected = expected(turn, choice, request).await?;
    let before = turn.counted.as_ref().filter(|before| before.model == choice.model_ref());
    let grown = before.map_or(size, |before| before.grown_to(size));
    let overrun = turn.purse.overrun(&choice.model_ref());
    // What comes back as it was recorded is asked of nobody.
    let is_asked = !turn.settings.models.is_replayed();
    let model = choice.model_ref();
    let began = turn.began;
    let elapsed = now.since(began);
    let choice = choice.clone();
    let (budgets, purse) = (turn.settings.budgets.clone(), turn.purse.clone());
    let decide = move |accounts: Accounts| {
        let passed = if is_asked { accounts.passed } else { Passed::default() };
        let overrun = Overrun::worse(overrun, Overrun::known(choice.model_ref(), passed));
        let longest = overrun.as_ref().map_or(0, |overrun| overrun.counted);
        // A tokenizer that makes more of everything than we know is believed.
        let input = if passed.is_silent { grown.bytes } else { grown.most }.max(expected);
        let (input, beyond) = (input.saturating_add(passed.sent), passed.sent);
        let bound = grown.bytes.max(expected).saturating_add(passed.sent);
        let (uncounted, of_turn) = (purse.uncounted(began, now), purse.since_spoken(began, now));
        // With the runs beside it: what they hold may be used up by the time that this one is.
        let (cut, most, held) = purse.hold(|Gone { all: run, turn }| {
            let turn = Spent { usage: turn, time: of_turn };
            let next = Next { run, elapsed, uncounted, turn, input, longest, choice };
            if whom == Whom::Nobody {
                limits::within_time(&budgets, &accounts, &next)?;
                return Ok((None, Usage::default()));
            }
            let reasons = overrun::reasons(&next.choice.model_ref(), passed, overrun);
            let cut = limits::check(&budgets, &accounts, &next).map_err(|error| because(error, reasons))?;
            Ok::<_, AgentError>((cut, limits::at_most(&next, cut)))
        })?;
        Ok::<_, AgentError>(((cut, most, held, Sent { most: input, beyond }, bound), most))
    };
    let Spent { usage: spent, time } = turn.spent;
    let conversation = Some(Conversation { session: turn.conversation.clone(), spent, time });
    let holder =
        Holder { process: std::process::id(), at: now, is_alive: alive::is_alive, conversation, model };
    let ((cut, most, held, sent, bound), reservation) = user.reserve(now.day(), holder, decide).await??;
    let least_input = if is_limited(turn) { least(size.estimate) } else { 0 };
    Ok(Reserved { cut, most, sent, reservation, held, size, expected, bound, least_input })
}

/// Why a budget lets a request not leave, where that is by what its server did before.
pub(crate) fn because(error: AgentError, reasons: Option<String>) -> AgentError {
    match (error, reasons) {
        (AgentError::Budget(reason), Some(more)) => AgentError::Budget(format!("{reason}. {more}")),
        (error, _) => error,
    }
}

/// Counts what a request has used, in the place of what was reserved for it.
pub(crate) async fn settle(
    turn: &mut Turn,
    choice: &Choice,
    reserved: Reserved,
    seen: Seen,
) -> Result<(), AgentError> {
    let usage = reserved.counted(&seen, choice);
    let overrun = reserved.overrun(&seen, choice);
    let Reserved { reservation, held, size, sent, cut, .. } = reserved;
    let told = Told::of(&seen, usage);
    // Before what is reserved is given back: nobody comes in between who does not know it.
    if let Some(passed) = overrun::passed(sent, told, overrun.as_ref()).filter(|_| cut.is_some()) {
        let (user, today) = (&turn.world.user, turn.world.clock.now().day());
        user.pass(&choice.model_ref(), today, passed).await?;
    }
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
    if seen.answered.has_begun() && !usage.estimated {
        let model = choice.model_ref();
        // A count that cannot be teaches nothing.
        if usage.input_tokens >= least(size.estimate) {
            user.measure(&model, size.estimate, usage.input_tokens).await?;
            turn.counted = Some(Counted { model, reported: usage.input_tokens, size });
        }
    }
    if let Some(text) = overrun::sent_more(&choice.model_ref(), sent, told).filter(|_| cut.is_some()) {
        turn.record(vec![of_account(text)]).await?;
    }
    if let Some(overrun) = overrun {
        let text = overrun.to_string();
        if turn.purse.overran(overrun) {
            turn.record(vec![of_account(text)]).await?;
        }
    } else if usage.estimated
        && !before.estimated
        && !seen.is_hung_up
        && is_limited(turn)
        && !turn.cancel.is_cancelled()
    {
        let text = format!(
            "{} reported no count of tokens that can be: the most that they can be is counted, one for each byte, ≈ {} \
             sent and {} received.",
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
        let sent = if self.cut.is_some() { self.bound } else { self.expected };
        let asked =
            Asked { sent, bytes: self.size.text, least: self.least_input, told: self.cut.map(u64::from) };
        count::counted(seen, asked, choice)
    }

    /// Whether more of an answer has come than a server gives that keeps to where it was told to end.
    pub(crate) fn is_passed_by(&self, seen: &Seen) -> bool {
        self.cut.is_some_and(|cut| seen.came.is_past(cut))
    }

    /// How a server is hung up on that does not end its answer, where that is so.
    pub(crate) fn hangs_up(&self, seen: &mut Seen, choice: &Choice) -> Option<CallError> {
        let told = self.cut.filter(|_| self.is_passed_by(seen))?;
        seen.is_hung_up = true;
        // Its count never came, and it was a request.
        seen.reported.requests = seen.reported.requests.max(1);
        let counted = self.counted(seen, choice).output_tokens;
        Some(CallError::PastLimit { model: choice.model_ref(), told, counted, by: ToldBy::Limit })
    }

    /// By how much an answer is longer than was allowed, as its server says, where a limit needs it to be kept.
    pub(crate) fn overrun(&self, seen: &Seen, choice: &Choice) -> Option<Overrun> {
        let counted = self.counted(seen, choice).output_tokens;
        let of = Overrun::of(choice.model_ref(), self.cut?, seen.reported.output_tokens, counted);
        of.filter(|_| seen.answered.has_begun())
    }
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

    #[tokio::test]
    async fn a_run_that_panics_gives_back_what_it_had_reserved() {
        let bench = Bench::breaking();
        let outcome = bench.ask("hello").await;
        let error = outcome.error.unwrap_or_default();
        assert!(error.contains("something in this program broke"), "{error}");
        let world = &bench.desk.shared.world;
        let now = world.clock.now();
        let (conversation, model) = (None, String::new());
        let holder =
            Holder { process: std::process::id(), at: now, is_alive: alive::is_alive, conversation, model };
        let look = |accounts: Accounts| Err::<((), Usage), _>(Box::new(accounts.day));
        let taken = world.user.reserve(now.day(), holder, look).await.unwrap().unwrap_err();
        assert_eq!(taken.reserved, Usage::default(), "nothing is kept free for it");
    }

    #[test]
    fn what_was_counted_is_not_guessed_again() {
        let size = |most| Size { text: 0, estimate: 0, most, bytes: most * 2 };
        let before = Counted { model: "a/b".to_owned(), reported: 1_000, size: size(2_500) };
        let grown = |before: &Counted, most| {
            let grown = before.grown_to(size(most));
            (grown.most, grown.bytes)
        };
        for (most, expect) in
            [(2_500, (1_000, 1_000)), (2_700, (1_200, 1_400)), (2_499, (2_499, 4_998)), (0, (0, 0))]
        {
            assert_eq!(grown(&before, most), expect, "{most}");
        }
        // A model that made more of it than there can be has its own way to count.
        let odd = Counted { reported: 9_000, ..before };
        assert_eq!((grown(&odd, 2_700), grown(&odd, 12_500)), ((2_700, 5_400), (12_500, 25_000)));
    }

    #[test]
    fn estimates_are_scaled_upwards() {
        assert_eq!((scaled(100, 1.301), scaled(0, 4.0), scaled(u64::MAX, 4.0)), (131, 0, u64::MAX));
    }
}
