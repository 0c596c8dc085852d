//! What a request counts as, by what its server said of it and by what was seen.
//!
//! | what a server reports | what counts |
//! |---|---|
//! | what can be, also where it is more than it was allowed | what it reports: it is what will be billed |
//! | nothing, or less than came | each byte of what was sent and of what came, where a limit needs the count |
//! | more than any model writes, or no number | the most that was allowed: what a server that keeps to it can bill |
//!
//! So a count is never a reason to take less than what can be billed for it, a slip of a server (a count in the wrong
//! unit, a trillion) takes no more than one request may, and whatever is not as it was reported is marked as estimated.
//! Bytes, since nothing less is a bound: a token stands for one at least, and of letters at random for hardly two.
//! Where nothing is limited, nobody was allowed anything: then the count is the likely one, for people, as this model
//! has counted others.

use copydesk_base::Usage;
use copydesk_provider::{CallError, Choice, ModelEvent};

use crate::budget::came::Came;

/// What was seen of a request while it was under way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// As the provider counted it; zero where it did not.
    pub(crate) reported: Usage,
    /// How far the answer came.
    pub(crate) answered: Answering,
    pub(crate) came: Came,
    /// Bytes of it that came and that nobody could read.
    pub(crate) unread: u64,
    /// A record says what it took.
    pub(crate) is_told: bool,
    /// The person ended it.
    pub(crate) is_canceled: bool,
    /// It went on behind the limit that it was told.
    pub(crate) is_hung_up: bool,
}

impl Seen {
    /// Takes in what came next of a try, and how many bytes of it nobody has been able to read by now: what is only
    /// half here is read with its other half.
    pub(crate) fn hears(&mut self, item: Option<&Result<ModelEvent, CallError>>, unread: u64) {
        self.unread = unread;
        if let Some(Ok(event)) = item {
            self.came.see(event);
        }
    }

    /// Takes in how a try ended that gave no answer.
    pub(crate) fn fails(&mut self, error: &CallError) {
        if self.answered != Answering::No {
            return;
        }
        if error.may_be_billed() {
            self.answered = Answering::Begun;
        } else if error.was_taken() {
            self.answered = Answering::Taken;
        }
    }
}

/// How far a server has come with its answer: from the first word on it bills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Answering {
    #[default]
    No,
    /// It had taken the request, and nobody read anything of its answer.
    Taken,
    Begun,
    Whole,
}

impl Answering {
    /// Whether something of an answer was read.
    pub(crate) const fn has_begun(self) -> bool {
        matches!(self, Self::Begun | Self::Whole)
    }
}

/// What is known of the tokens of a request before anybody has reported them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// Sent: at most where a limit needs the count, and about where none does.
    pub(crate) sent: u64,
    /// The bytes of that.
    pub(crate) bytes: u64,
    /// A smaller count of what was sent is none.
    pub(crate) least: u64,
    /// Where the answer was told to end, where a limit needs it to.
    pub(crate) told: Option<u64>,
}

/// No token stands for more bytes: the longest of the tokenizers in use are rows of blanks or dashes of about that
/// length.
const LARGEST_TOKEN: u64 = 128;

/// What providers put around a request, at most, in tokens.
const FRAME: u64 = 50_000;

/// How many tokens a byte that was sent can be counted as: what a server puts around it, and what it counts twice.
const TIMES: u64 = 4;

/// No answer of a model has more tokens, but where its window or its limit is larger.
const LONGEST_ANSWER: u64 = 256 << 10;

/// The fewest tokens that a request can have been, by our estimate: no text that is sent whole, with its tools, has
/// more than 32 bytes to a token.
pub(crate) const fn least(estimate: u64) -> u64 {
    estimate / 8
}

/// What a request counts as.
pub(crate) fn counted(seen: &Seen, asked: Asked, choice: &Choice) -> Usage {
    let reported = seen.reported;
    // What the server had when it was canceled, or given up, may be billed, though nothing of an answer was seen.
    let may_be_billed = seen.is_canceled && reported.requests > 0
        || seen.answered == Answering::Taken && asked.told.is_some();
    if !seen.answered.has_begun() && !may_be_billed && !seen.is_hung_up {
        return reported;
    }
    // The piece in whose middle it broke off was written, too.
    let unread = if seen.answered == Answering::Whole { 0 } else { seen.unread };
    let sent = Part {
        least: asked.least.max(1),
        likely: asked.sent,
        allowed: asked.sent,
        longest: asked.bytes.saturating_mul(TIMES).saturating_add(FRAME),
    };
    let likely = match asked.told {
        // It has shown that it does not end there.
        Some(told) if seen.is_hung_up => seen.came.most().max(told),
        Some(told) => seen.came.most().saturating_add(unread).min(told),
        None => in_proportion(seen.came.bytes(), asked),
    };
    let window = choice.facts.context_window;
    let told = asked.told.or_else(|| choice.facts.output_limit.map(u64::from));
    let received = Part {
        least: match seen.answered {
            _ if seen.is_hung_up => likely,
            // What was counted before it broke is not all that came.
            Answering::Begun => seen.came.estimate() + unread.div_ceil(LARGEST_TOKEN),
            _ => (seen.came.bytes() + unread).div_ceil(LARGEST_TOKEN),
        },
        likely,
        allowed: asked.told.unwrap_or(0).max(likely),
        // A window in a config may be smaller than the model's own: that makes nothing that is billed impossible.
        longest: window.unwrap_or(0).max(LONGEST_ANSWER).max(told.unwrap_or(0).saturating_mul(2)),
    };
    let input_tokens = sent.of(reported.input_tokens);
    let output_tokens = received.of(reported.output_tokens);
    let is_as_reported = (input_tokens, output_tokens) == (reported.input_tokens, reported.output_tokens);
    if is_as_reported && reported.cached_tokens <= reported.input_tokens && !seen.is_hung_up {
        return reported;
    }
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

/// The tokens of so many bytes, as those of what was sent.
fn in_proportion(bytes: u64, asked: Asked) -> u64 {
    let tokens = u128::from(bytes) * u128::from(asked.sent);
    u64::try_from(tokens.div_ceil(u128::from(asked.bytes.max(1)))).unwrap_or(u64::MAX)
}

/// What is known of the tokens of one way, there or back.
#[derive(Clone, Copy, Debug)]
struct Part {
    /// Fewer there cannot be.
    least: u64,
    /// About so many.
    likely: u64,
    /// The most that a server may count which keeps to what it was told.
    allowed: u64,
    /// More there cannot be.
    longest: u64,
}

impl Part {
    /// What a count is taken for.
    fn of(self, reported: u64) -> u64 {
        match reported {
            few if few < self.least => self.likely,
            many if many > self.longest => self.allowed,
            reported => reported,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use copydesk_provider::Waited;

    use super::*;
    use crate::budget::limits::tests::choice;

    const TOLD: u64 = 1_000;

    fn usage(input_tokens: u64, output_tokens: u64, usd: Option<f64>) -> Usage {
        Usage { input_tokens, output_tokens, requests: 1, usd, ..Usage::default() }
    }

    fn estimated(input: u64, output: u64, usd: f64) -> Usage {
        Usage { estimated: true, ..usage(input, output, Some(usd)) }
    }

    fn asked(least: u64) -> Asked {
        Asked { sent: 1_000, bytes: 4_000, least, told: Some(TOLD) }
    }

    /// Two dollars for a million sent, eight for a million received.
    fn billed() -> Choice {
        choice("gpt-4.1", "https://a.example/v1")
    }

    #[test]
    fn what_a_provider_reports_counts_unless_it_cannot_be() {
        let billed = billed();
        let check = |answered, reported: Usage, received: usize, expect: Usage| {
            let came = Came::of(&"x".repeat(received));
            let seen = Seen { reported, answered, came, ..Seen::default() };
            assert_eq!(counted(&seen, asked(least(1_000)), &billed), expect, "{seen:?}");
        };
        let (yes, begun, no) = (Answering::Whole, Answering::Begun, Answering::No);
        check(yes, usage(1_200, 5, Some(0.1)), 20, usage(1_200, 5, Some(0.1)));
        // A request that nobody answered costs nothing.
        check(no, usage(0, 0, None), 0, usage(0, 0, None));
        // Nothing, and half of it: each letter may be a token.
        check(yes, usage(0, 0, Some(0.0)), 400, estimated(1_000, 400, 0.0052));
        check(yes, usage(1_200, 0, None), 400, estimated(1_200, 400, 0.0056));
        // More than it was told to write nobody has written who keeps to it.
        check(yes, usage(1_200, 0, None), 4_000, estimated(1_200, TOLD, 0.0104));
        check(yes, usage(0, 7, None), 400, estimated(1_000, 7, 0.002_056));
        // Of what was sent, too: a server that says one token each time would let a limit be passed for ever.
        check(yes, usage(125, 7, Some(0.1)), 20, usage(125, 7, Some(0.1)));
        check(yes, usage(124, 7, Some(0.0)), 20, estimated(1_000, 7, 0.002_056));
        // Fewer than there can be: no token is longer than 128 bytes.
        check(yes, usage(1_200, 2, Some(0.1)), 256, usage(1_200, 2, Some(0.1)));
        check(yes, usage(1_200, 2, Some(0.0)), 257, estimated(1_200, 257, 0.004_456));
        let cached = |cached_tokens| Usage { cached_tokens, ..usage(1_200, 5, Some(270.0)) };
        check(yes, cached(1_200), 20, cached(1_200));
        check(yes, cached(1_201), 20, estimated(1_200, 5, 0.002_44));
        // One that broke is paid for as far as it came, also where a part of it was counted.
        check(begun, usage(0, 0, None), 400, estimated(1_000, 400, 0.0052));
        check(begun, usage(1_200, 1, Some(0.1)), 400, estimated(1_200, 400, 0.0056));
        check(begun, usage(1_200, 100, Some(0.1)), 400, usage(1_200, 100, Some(0.1)));
        // Thinking that is not shown is received all the same; an empty answer may count as none.
        check(yes, usage(1_200, 60_000, Some(0.1)), 4, usage(1_200, 60_000, Some(0.1)));
        check(yes, usage(1_200, 0, Some(0.1)), 0, usage(1_200, 0, Some(0.1)));
    }

    #[test]
    fn a_count_above_what_was_allowed_is_charged_and_one_that_cannot_be_takes_what_was_allowed() {
        let mut known = billed();
        let mut unknown = billed();
        // Smaller than the model's own, as people write it to save.
        known.facts.context_window = Some(8_192);
        unknown.facts.context_window = None;
        let check = |choice: &Choice, (sent, received): (u64, u64), expect: (u64, u64)| {
            let came = Came::of(&"x".repeat(400));
            let reported = usage(sent, received, Some(0.1));
            let seen = Seen { reported, answered: Answering::Whole, came, ..Seen::default() };
            let counted = counted(&seen, asked(0), choice);
            assert_eq!((counted.input_tokens, counted.output_tokens), expect, "{sent} {received}");
            assert_eq!(counted.estimated, expect != (sent, received), "{sent} {received}");
        };
        // Twice, eight times, forty times as much as it was told.
        for received in [2_000, 2_500, 8_000, 40_000, 200_000] {
            check(&known, (1_200, received), (1_200, received));
            check(&unknown, (1_200, received), (1_200, received));
        }
        check(&unknown, (1_200, 262_144), (1_200, 262_144));
        for (choice, received) in [(&known, 262_145), (&unknown, 262_145), (&known, 1_000_000_000_000)] {
            check(choice, (1_200, received), (1_200, TOLD));
        }
        check(&known, (1_200, u64::MAX), (1_200, TOLD));
        check(&known, (66_000, 7), (66_000, 7));
        check(&known, (66_001, 7), (1_000, 7));
        check(&known, (u64::MAX, u64::MAX), (1_000, TOLD));
    }

    #[test]
    fn where_nothing_is_limited_what_nobody_knows_is_the_likely_count() {
        for reported in [usage(0, 0, None), usage(u64::MAX, u64::MAX, None)] {
            let came = Came::of(&"x".repeat(400));
            let seen = Seen { reported, answered: Answering::Whole, came, ..Seen::default() };
            // A model that has counted twice as many as we estimate does so of its answers, too.
            for (sent, expect) in
                [(1_000, estimated(1_000, 100, 0.0028)), (2_000, estimated(2_000, 200, 0.0056))]
            {
                let asked = Asked { sent, bytes: 4_000, least: 0, told: None };
                assert_eq!(counted(&seen, asked, &billed()), expect, "{reported:?}");
            }
        }
    }

    #[test]
    fn one_that_was_hung_up_on_counts_at_least_as_far_as_it_was_told_to_go() {
        let check = |received: usize, reported: Usage, expect: u64| {
            let came = Came::of(&"x".repeat(received));
            let seen =
                Seen { reported, answered: Answering::Begun, came, is_hung_up: true, ..Seen::default() };
            let counted = counted(&seen, asked(0), &billed());
            assert_eq!((counted.output_tokens, counted.estimated), (expect, true), "{received}");
        };
        check(400, usage(1_200, 1, None), TOLD);
        check(12_000, usage(1_200, 1, None), 12_000);
        check(12_000, usage(1_200, 13_000, None), 13_000);
    }

    #[test]
    fn what_was_turned_away_costs_nothing_and_what_was_given_up_may() {
        // A request that the server had and the person ended may be billed.
        for (requests, expect) in [(1, estimated(1_000, 0, 0.002)), (0, Usage::default())] {
            let reported = Usage { requests, ..Usage::default() };
            let seen = Seen { reported, is_canceled: true, ..Seen::default() };
            assert_eq!(counted(&seen, asked(0), &billed()), expect, "{seen:?}");
        }
        // An answer that nobody can read has been made, and one that was waited for in vain may have been.
        let address = || "https://a.example/v1".to_owned();
        let late = |waited| CallError::Timeout { address: address(), waited, after: Duration::from_secs(1) };
        let cut = |received| CallError::Truncated { address: address(), received };
        let malformed = || CallError::Malformed { address: address(), reason: String::new() };
        for (error, unread, expect) in [
            (CallError::Unreachable { address: address(), reason: String::new() }, 0, usage(0, 0, None)),
            (CallError::HungUp { address: address(), reason: String::new() }, 0, estimated(1_000, 0, 0.002)),
            (late(Waited::Connect), 0, usage(0, 0, None)),
            (late(Waited::FirstByte), 0, estimated(1_000, 0, 0.002)),
            (late(Waited::Idle), 200, estimated(1_000, 200, 0.0036)),
            (late(Waited::Progress), 1 << 20, estimated(1_000, TOLD, 0.01)),
            (cut(200), 200, estimated(1_000, 200, 0.0036)),
            (cut(1 << 20), 1 << 20, estimated(1_000, TOLD, 0.01)),
            (malformed(), 0, estimated(1_000, 0, 0.002)),
            (malformed(), 200, estimated(1_000, 200, 0.0036)),
            (CallError::TooLong { limit: 1 }, 1 << 20, estimated(1_000, TOLD, 0.01)),
            // What a server says in the place of an answer is none.
            (CallError::BrokeOff { kind: String::new(), message: String::new() }, 200, usage(0, 0, None)),
        ] {
            let mut seen = Seen { reported: usage(0, 0, None), unread, ..Seen::default() };
            seen.fails(&error);
            assert_eq!(counted(&seen, asked(0), &billed()), expect, "{error}");
        }
        // A person who ends it while a document comes pays for what came, and so does who loses a piece in its middle.
        for (answered, came, expect) in [
            (Answering::No, 0, estimated(1_000, 200, 0.0036)),
            (Answering::Begun, 0, estimated(1_000, 200, 0.0036)),
            (Answering::Begun, 20, estimated(1_000, 220, 0.003_76)),
        ] {
            let came = Came::of(&"x".repeat(came));
            let reported = usage(0, 0, None);
            let seen = Seen { reported, answered, came, unread: 200, is_canceled: true, ..Seen::default() };
            assert_eq!(counted(&seen, asked(0), &billed()), expect, "{seen:?}");
        }
    }
}
