//! What is still to be shown, in order: pieces of one text lie together as one, and past a bound runs wait.
//!
//! Putting something in never waits, since what puts it in writes the journal. A run asks for room before it goes on.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use copydesk_base::host::Shown;
use copydesk_base::{Event, Record};
use tokio::sync::Notify;

/// Notes that may wait, and the bytes of their texts, before runs do.
const NOTES: usize = 256;
const BYTES: usize = 256 << 10;

/// Something to show.
pub(super) enum Note {
    Happened(Box<Record>),
    Show(Shown),
}

/// The notes that wait.
#[derive(Default)]
pub(super) struct Notes {
    waiting: Mutex<Waiting>,
    /// Something came.
    more: Notify,
    /// Something went.
    less: Notify,
}

#[derive(Default)]
struct Waiting {
    notes: VecDeque<Note>,
    bytes: usize,
}

impl Notes {
    pub(super) fn push(&self, note: Note) {
        let mut waiting = self.waiting();
        waiting.bytes += size(&note);
        match (waiting.notes.back_mut(), note) {
            (Some(Note::Happened(last)), Note::Happened(next)) if last.run == next.run => {
                let next = *next;
                match (&mut last.event, next.event) {
                    (Event::TextDelta { text }, Event::TextDelta { text: more }) => text.push_str(&more),
                    // Only how far it is now is of use.
                    (Event::ToolCalling { name, bytes }, Event::ToolCalling { name: next, bytes: more }) => {
                        (*name, *bytes) = (next, more);
                    }
                    (_, event) => {
                        let record = Record { event, run: next.run, seq: next.seq, at: next.at };
                        waiting.notes.push_back(Note::Happened(Box::new(record)));
                    }
                }
            }
            (_, note) => waiting.notes.push_back(note),
        }
        drop(waiting);
        self.more.notify_one();
    }

    /// The next note; one reader takes them.
    pub(super) async fn next(&self) -> Note {
        loop {
            let more = self.more.notified();
            {
                let mut waiting = self.waiting();
                if let Some(note) = waiting.notes.pop_front() {
                    waiting.bytes -= size(&note);
                    drop(waiting);
                    self.less.notify_waiters();
                    return note;
                }
            }
            more.await;
        }
    }

    /// Waits until there is room for more.
    pub(super) async fn room(&self) {
        loop {
            let mut less = std::pin::pin!(self.less.notified());
            // Listen first, look then: what goes in between is not missed.
            less.as_mut().enable();
            {
                let waiting = self.waiting();
                if waiting.notes.len() < NOTES && waiting.bytes < BYTES {
                    return;
                }
            }
            less.await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn size(note: &Note) -> usize {
    match note {
        Note::Happened(record) => record.event.size(),
        Note::Show(
            Shown::Approval { text, .. } | Shown::Change { diff: text, .. } | Shown::Page { text, .. },
        ) => text.len(),
    }
}

#[cfg(test)]
mod tests {
    use copydesk_base::Timestamp;
    use futures_util::poll;

    use super::*;

    fn happened(run: &str, event: Event) -> Note {
        Note::Happened(Box::new(Record { run: run.into(), seq: 0, at: Timestamp(0), event }))
    }

    fn delta(run: &str, text: &str) -> Note {
        happened(run, Event::TextDelta { text: text.into() })
    }

    #[tokio::test]
    async fn pieces_of_a_text_lie_together_and_nothing_changes_its_place() {
        let notes = Notes::default();
        let number = |run: &str| {
            happened(
                run,
                Event::ModelRequested { number: 1, most: copydesk_base::Usage::default(), expected: 0 },
            )
        };
        for note in
            [number("a"), delta("a", "He"), delta("a", "llo"), delta("b", "x"), delta("a", "!"), number("a")]
        {
            notes.push(note);
        }
        let mut seen = Vec::new();
        for _ in 0..5 {
            let Note::Happened(record) = notes.next().await else { panic!("nothing was to be opened") };
            let text = if let Event::TextDelta { text } = record.event { text } else { "-".to_owned() };
            seen.push(format!("{}{text}", record.run));
        }
        assert_eq!(seen, ["a-", "aHello", "bx", "a!", "a-"]);
        assert!(poll!(Box::pin(notes.next())).is_pending());
    }

    #[tokio::test]
    async fn a_flood_lies_in_one_note_and_runs_wait_until_it_is_shown() {
        let notes = Notes::default();
        let piece = "x".repeat(1024);
        while poll!(Box::pin(notes.room())).is_ready() {
            notes.push(delta("a", &piece));
        }
        let lies = {
            let waiting = notes.waiting();
            (waiting.notes.len(), waiting.bytes)
        };
        assert_eq!(lies, (1, BYTES));
        notes.next().await;
        assert!(poll!(Box::pin(notes.room())).is_ready());
        // Small ones are counted.
        for number in 0..NOTES as u64 {
            assert!(poll!(Box::pin(notes.room())).is_ready());
            notes.push(happened(
                "a",
                Event::ModelRequested { number, most: copydesk_base::Usage::default(), expected: 0 },
            ));
        }
        let mut room = Box::pin(notes.room());
        assert!(poll!(&mut room).is_pending());
        notes.next().await;
        room.await;
    }
}
