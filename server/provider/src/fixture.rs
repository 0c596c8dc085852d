//! For tests: a recorded stream, cut into events as the network would not have cut it, and read.

use std::convert::Infallible;

use copydesk_base::Usage;
use futures_util::{FutureExt, StreamExt};
use sse_stream::SseByteStream;

use crate::ModelEvent;
use crate::answer::{Progress, WireError};

/// What a reader made of a stream.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) events: Vec<ModelEvent>,
    /// The last event, nothing where the stream ended too early, or the error.
    pub(crate) end: Result<Option<ModelEvent>, WireError>,
    pub(crate) usage: Usage,
    done: bool,
}

impl Read {
    /// A stream that ended in good order counts as done where the reader says so.
    pub(crate) fn or_clean_end(self, may_end: bool) -> Self {
        Self { done: self.done || may_end, ..self }
    }

    pub(crate) fn finish(mut self, stop: impl FnOnce() -> (ModelEvent, Usage)) -> Self {
        if self.done && self.end.is_ok() {
            let (stopped, usage) = stop();
            self.end = Ok(Some(stopped));
            self.usage = usage;
        }
        self
    }
}

/// A call's arguments as one event, in however many pieces they come.
pub(crate) fn joined(events: &[ModelEvent]) -> Vec<ModelEvent> {
    let mut joined: Vec<ModelEvent> = Vec::new();
    for event in events {
        if let (
            Some(ModelEvent::CallArguments { call, piece }),
            ModelEvent::CallArguments { call: same, piece: more },
        ) = (joined.last_mut(), event)
            && call == same
        {
            piece.push_str(more);
        } else {
            joined.push(event.clone());
        }
    }
    joined
}

/// The events of the `at`-th call of an answer.
pub(crate) fn called(at: usize, id: &str, name: &str, arguments: &str) -> [ModelEvent; 3] {
    [
        ModelEvent::CallStarted { id: id.to_owned(), name: name.to_owned() },
        ModelEvent::CallArguments { call: at, piece: arguments.to_owned() },
        ModelEvent::CallEnded { call: at },
    ]
}

/// A stream of events with these data.
pub(crate) fn stream(data: &[impl AsRef<str>]) -> String {
    data.iter().flat_map(|data| ["data: ", data.as_ref(), "\n\n"]).collect()
}

/// Reads the stream three times, cut into pieces of one byte, of seven bytes and not at all, with the same result;
/// `reader` is fed once.
pub(crate) fn read(
    text: &str,
    mut reader: impl FnMut(&str, &mut Vec<ModelEvent>) -> Result<Progress, WireError>,
) -> Read {
    let data = events(text, 1);
    assert_eq!(data, events(text, 7));
    assert_eq!(data, events(text, usize::MAX));
    let mut read = Read { events: Vec::new(), end: Ok(None), usage: Usage::default(), done: false };
    for data in data {
        match reader(&data, &mut read.events) {
            Ok(Progress::More) => {}
            Ok(Progress::Done) => {
                read.done = true;
                break;
            }
            Err(error) => {
                read.end = Err(error);
                break;
            }
        }
    }
    read
}

fn events(text: &str, size: usize) -> Vec<String> {
    let pieces: Vec<Result<bytes::Bytes, Infallible>> =
        text.as_bytes().chunks(size).map(|piece| Ok(bytes::Bytes::copy_from_slice(piece))).collect();
    let events = SseByteStream::new(futures_util::stream::iter(pieces));
    let all = events.collect::<Vec<_>>().now_or_never().unwrap();
    all.into_iter().filter_map(|event| event.unwrap().data).collect()
}
