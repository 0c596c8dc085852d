//! What a model has said of an answer that is not whole yet.
//!
//! Pieces of an answer are shown and not kept, since the whole comes. Where it does not come (a cancel, a connection
//! that broke, the death of this process) what had come belongs to the conversation: the person has read it, and the
//! next turn should know. So an answer that takes long is written down as it grows, and its beginning is told at the
//! end of a run that it breaks off with. A chat document keeps that by itself.
//!
//! # Invariants
//! - No more than [`MOST`] of an answer is kept, its beginning.
//! - Pieces end behind a line or a word: half of a secret would not be known as one.

use std::time::{Duration, Instant};

use copydesk_base::Event;

use crate::error::AgentError;
use crate::run::Turn;
use crate::session::spoken;

/// The most bytes of it that are kept.
const MOST: usize = 16 * 1024;
/// How often an answer that grows is written down.
const EVERY: Duration = Duration::from_secs(1);
/// Lines that are longer are kept word by word.
const LONG: usize = 2 * 1024;
/// Before what had come of an answer.
const BEFORE: &str = "[Your answer broke off before its end. So much of it had come:]";

/// The answer that is under way.
#[derive(Debug)]
pub(crate) struct Half {
    text: String,
    /// How much of it is written down.
    kept: usize,
    /// When its first piece came, or the last one was written down.
    since: Option<Instant>,
    /// Whether a document keeps it, and nobody else needs to.
    has_document: bool,
}

impl Half {
    pub(crate) fn new(has_document: bool) -> Self {
        Self { text: String::new(), kept: 0, since: None, has_document }
    }

    /// Another answer begins, or this one is whole.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.has_document);
    }

    /// Takes in what came; answers what is to be written down now.
    pub(crate) fn take(&mut self, more: &str, now: Instant) -> Option<Event> {
        if self.has_document {
            return None;
        }
        let room = MOST.saturating_sub(self.text.len());
        self.text.push_str(&more[..more.floor_char_boundary(room)]);
        if now.duration_since(*self.since.get_or_insert(now)) < EVERY {
            return None;
        }
        let open = &self.text[self.kept..];
        let line = open.rfind('\n').map(|at| at + 1);
        let end = line.or_else(|| (open.len() > LONG).then(|| open.rfind(' ').map(|at| at + 1)).flatten())?;
        self.since = Some(now);
        let text = open[..end].to_owned();
        self.kept += end;
        Some(Event::Streamed { text })
    }
}

/// What a model is told of an answer that broke off.
pub(crate) fn words(text: &str) -> String {
    format!("{BEFORE}\n{}", text.trim_end())
}

/// Writes down what had come of an answer that will not be whole; in a replay what had come then.
pub(super) async fn tell(turn: &mut Turn) -> Result<(), AgentError> {
    let had_come = std::mem::take(&mut turn.half.text);
    let then = spoken::half(turn);
    let now = || {
        let text = turn.shared.hidden(&words(&had_come), &turn.settings.redactor);
        (!had_come.trim().is_empty()).then_some(text)
    };
    let Some(text) = then.or_else(now) else { return Ok(()) };
    turn.record(vec![Event::Told { text, broken_off: true }]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_is_kept_line_by_line_and_within_bounds() {
        let kept = |event: Option<Event>| match event {
            Some(Event::Streamed { text }) => text,
            None => "-".to_owned(),
            other => panic!("{other:?}"),
        };
        let words = "word ".repeat(500);
        let (begun, mut half) = (Instant::now(), Half::new(false));
        for (seconds, more, expect) in [
            (0, "One line.\n", "-"),
            (1, "Half a li", "One line.\n"),
            (2, "ne", "-"),
            (3, &format!("{words}end"), &format!("Half a line{words}")),
            (3, "\n", "-"),
            (4, "", "end\n"),
        ] {
            assert_eq!(kept(half.take(more, begun + seconds * EVERY)), expect, "{seconds} {more}");
        }
        let _ = half.take(&"ä".repeat(MOST), begun);
        assert!(half.text.len() <= MOST && half.text.len() > MOST - 2);
        half.clear();
        assert_eq!(half.text, "");
        let mut of_document = Half::new(true);
        let nothing = kept(of_document.take("One line.\n", begun));
        assert_eq!((nothing.as_str(), of_document.text.as_str()), ("-", ""));
    }
}
