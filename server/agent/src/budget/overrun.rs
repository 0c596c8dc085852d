//! Servers that say they wrote far more than they were told to, or do not say what they were sent: what they did once
//! they may do again.
//!
//! What they say is counted, so that one such answer may pass a limit, and no further one does: from then on, for a
//! day, a request to that model leaves only where as much has room, whoever asks. Who thinks behind the limit of an
//! answer, and has room for it, goes on. The same holds for what they say was sent, and where they say nothing for each
//! byte of it.

use std::fmt;

use copydesk_base::Usage;
use copydesk_provider::tokens;
use copydesk_store::Passed;

use crate::budget::count::{Answering, Seen};

/// An answer of which its server says that it is more than twice as long as was allowed. A few tokens more are usual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Overrun {
    /// `provider/model`.
    pub(crate) model: String,
    told: u32,
    reported: u64,
    pub(crate) counted: u64,
}

impl Overrun {
    /// What a server reports, where it is one.
    pub(crate) fn of(model: String, told: u32, reported: u64, counted: u64) -> Option<Self> {
        (reported > u64::from(told) * 2).then_some(Self { model, told, reported, counted })
    }

    /// The longer of two.
    pub(crate) fn worse(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        one.into_iter().chain(other).max_by_key(|overrun| overrun.counted)
    }

    /// What is known of a model by others.
    pub(crate) fn known(model: String, passed: Passed) -> Option<Self> {
        let told = u32::try_from(passed.told).unwrap_or(u32::MAX);
        (passed.received > 0).then_some(Self {
            model,
            told,
            reported: passed.received,
            counted: passed.received,
        })
    }
}

/// Tokens that servers put around a request of their own, and that nobody needs to be told of.
const TEMPLATE: u64 = 1_000;

/// What was reserved for the tokens that a request sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    /// In all.
    pub(crate) most: u64,
    /// Of that, what its model is known to count beyond the most that it can be by its text.
    pub(crate) beyond: u64,
}

/// What its server says that a request sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// So many tokens, which can be.
    Tokens(u64),
    /// Nothing that can be, of a whole answer.
    Nothing,
    /// Nothing, and it had no chance to.
    Unheard,
}

impl Told {
    /// What of it counts as reported.
    pub(crate) fn of(seen: &Seen, counted: Usage) -> Self {
        match seen.answered {
            _ if !seen.answered.has_begun() => Self::Unheard,
            _ if counted.input_tokens == seen.reported.input_tokens => Self::Tokens(counted.input_tokens),
            Answering::Whole => Self::Nothing,
            _ => Self::Unheard,
        }
    }
}

/// What is to be kept in mind of a request; nothing where it took no more than it was allowed, and that was told.
pub(crate) fn passed(sent: Sent, told: Told, overrun: Option<&Overrun>) -> Option<Passed> {
    let more = match told {
        Told::Tokens(tokens) => tokens.saturating_sub(sent.most),
        Told::Nothing | Told::Unheard => 0,
    };
    let longer = overrun.filter(|overrun| overrun.counted > u64::from(overrun.told));
    let passed = Passed {
        told: longer.map_or(0, |overrun| overrun.told.into()),
        received: longer.map_or(0, |overrun| overrun.counted),
        sent: if more > 0 { sent.beyond.saturating_add(more) } else { 0 },
        is_silent: told == Told::Nothing,
    };
    (passed != Passed::default()).then_some(passed)
}

/// What a person is told of a server that says it was sent far more than can be in the request.
pub(crate) fn sent_more(model: &str, sent: Sent, told: Told) -> Option<String> {
    let Told::Tokens(input_tokens) = told else { return None };
    let is_news = sent.beyond == 0 && input_tokens > sent.most.saturating_mul(2).saturating_add(TEMPLATE);
    is_news.then(|| {
        format!(
            "The server of {model} says that it was sent {}; by its text the request has {} at most. They are counted.",
            tokens(input_tokens),
            sent.most
        )
    })
}

/// Why more has to be left for a request than it is likely to take, by what its server did before.
pub(crate) fn reasons(model: &str, passed: Passed, overrun: Option<Overrun>) -> Option<String> {
    let silent = passed.is_silent.then(|| {
        format!("The server of {model} reports no tokens, so that each byte that it is sent counts as one")
    });
    let reasons: Vec<String> = overrun.map(|overrun| overrun.to_string()).into_iter().chain(silent).collect();
    (!reasons.is_empty()).then(|| reasons.join(". "))
}

impl fmt::Display for Overrun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { model, told, reported, counted } = self;
        let said = tokens(*reported);
        write!(f, "The server of {model} says that it wrote {said}; it was told to end at {told}. ")?;
        if counted == reported {
            write!(f, "They are counted")
        } else {
            write!(f, "That cannot be, and {counted} are counted")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_beyond_what_was_allowed_is_kept_in_mind() {
        let check = |(input, told, output), expect: (u64, u64, u64, bool)| {
            let overrun = Overrun::of("p/m".to_owned(), told, output, output);
            let sent = Sent { most: 1_500, beyond: 500 };
            let Passed { told, received, sent, is_silent } =
                passed(sent, input, overrun.as_ref()).unwrap_or_default();
            assert_eq!((told, received, sent, is_silent), expect, "{input:?} {output}");
        };
        check((Told::Tokens(1_500), 1_000, 2_000), (0, 0, 0, false));
        check((Told::Tokens(1_500), 1_000, 2_001), (1_000, 2_001, 0, false));
        check((Told::Tokens(1_600), 1_000, 9), (0, 0, 600, false));
        check((Told::Nothing, 1_000, 9), (0, 0, 0, true));
        check((Told::Unheard, 1_000, 9), (0, 0, 0, false));
        // What cannot be was not taken.
        let nonsense = Overrun::of("p/m".to_owned(), 100, u64::MAX, 100);
        assert_eq!(passed(Sent::default(), Told::Unheard, nonsense.as_ref()), None);
    }

    #[test]
    fn who_answers_whole_and_says_no_count_that_can_be_is_silent() {
        let check = |answered, reported, counted, expect| {
            let of = |input_tokens| Usage { input_tokens, ..Usage::default() };
            let seen = Seen { reported: of(reported), answered, ..Seen::default() };
            assert_eq!(Told::of(&seen, of(counted)), expect, "{answered:?} {reported} {counted}");
        };
        check(Answering::Whole, 700, 700, Told::Tokens(700));
        check(Answering::Begun, 700, 700, Told::Tokens(700));
        check(Answering::Whole, 0, 4_000, Told::Nothing);
        check(Answering::Begun, 0, 4_000, Told::Unheard);
        check(Answering::Taken, 0, 4_000, Told::Unheard);
        check(Answering::No, 0, 0, Told::Unheard);
    }

    #[test]
    fn it_is_said_who_wrote_how_much_and_what_counts() {
        let check = |(told, reported, counted), expect: Option<&str>| {
            let overrun = Overrun::of("p/m".to_owned(), told, reported, counted);
            assert_eq!(overrun.map(|overrun| overrun.to_string()).as_deref(), expect);
        };
        check((4_096, 8_192, 8_192), None);
        let counted =
            "The server of p/m says that it wrote 40000 tokens; it was told to end at 4096. They are counted";
        check((4_096, 40_000, 40_000), Some(counted));
        let nonsense = "The server of p/m says that it wrote what is no number of tokens; it was told to end at 4096. \
                        That cannot be, and 4096 are counted";
        check((4_096, u64::MAX, 4_096), Some(nonsense));
    }
}
