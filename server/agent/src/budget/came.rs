//! What has come of an answer while it is under way: by that a server is hung up on that does not end where it was told
//! to.

use copydesk_provider::{Fewest, ModelEvent};

/// Bytes to a token, as we estimate.
const USUAL_TOKEN: u64 = 4;

/// What may come that nobody reads before anybody hangs up, in tokens: beginnings and ends of pieces, signs of life,
/// and the request that some servers repeat.
const UNREAD: u64 = 1024;

/// How many times as long as an answer its thoughts may be: some servers count them beside the limit.
const THOUGHTS: u64 = 4;

/// So much of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Came {
    /// Words and arguments.
    text: Fewest,
    thoughts: Fewest,
    /// The weight of what nobody here reads.
    unread: u64,
}

impl Came {
    /// The next event.
    pub(crate) fn see(&mut self, event: &ModelEvent) {
        match event {
            ModelEvent::Text(piece) | ModelEvent::CallArguments { piece, .. } => self.text.read(piece),
            ModelEvent::Reasoning(piece) => self.thoughts.read(piece),
            ModelEvent::CallStarted { name, .. } => self.text.read(name),
            ModelEvent::Unread(weight) => self.unread = self.unread.saturating_add(*weight),
            _ => {}
        }
    }

    /// Bytes of it that were read.
    pub(crate) const fn bytes(&self) -> u64 {
        self.text.bytes() + self.thoughts.bytes()
    }

    /// About how many tokens those are.
    pub(crate) const fn estimate(&self) -> u64 {
        self.bytes().div_ceil(USUAL_TOKEN)
    }

    /// The most tokens that it can be: what was read has by no tokenizer more of them than bytes.
    pub(crate) const fn most(&self) -> u64 {
        self.bytes().saturating_add(self.unread)
    }

    /// Whether it is more than a server sends that ends at so many tokens.
    pub(crate) const fn is_past(&self, told: u32) -> bool {
        let told = told as u64;
        self.text.is_past(told)
            || self.thoughts.is_past(told.saturating_mul(THOUGHTS))
            || self.unread > told + told / 4 + UNREAD
    }

    /// So much text.
    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Self {
        let mut came = Self::default();
        came.text.read(text);
        came
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_comes_without_end_is_seen() {
        let check = |event: ModelEvent, times: u32| {
            let mut came = Came::default();
            let seen = (1..100_000).find(|_| {
                came.see(&event);
                came.is_past(1_000)
            });
            assert_eq!(seen, Some(times), "{event:?}");
        };
        let piece = || "word ".to_owned();
        check(ModelEvent::Text(piece()), 1_379);
        check(ModelEvent::Reasoning(piece()), 5_129);
        check(ModelEvent::CallArguments { call: 0, piece: piece() }, 1_379);
        check(ModelEvent::CallStarted { id: String::new(), name: piece() }, 1_379);
        check(ModelEvent::Unread(64), 36);
    }
}
