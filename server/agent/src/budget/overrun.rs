//! Servers that say they wrote far more than they were told to: what they did once they may do again.
//!
//! What they say is counted, so that one such answer may pass a limit, and no further one does: from then on a request
//! to that model leaves only where as much has room. Who thinks behind the limit of an answer, and has room for it,
//! goes on.

use std::fmt;

use copydesk_provider::tokens;

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
