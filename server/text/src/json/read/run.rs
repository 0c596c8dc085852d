//! Some neighbours in a collection, read without the others.
//!
//! What the reader knows between two children is which brackets are open and that a comma stands before it. So it can
//! begin behind a comma, and stop behind one where it was in the version before.

use copydesk_base::Span;

use super::{Dialect, Form, Output, Reader};

/// What was read of a collection when its reading begins.
#[derive(Clone, Copy, Default)]
pub(in super::super) struct Begun {
    /// The comma before the next child.
    pub(in super::super) comma: Option<Span>,
    /// Where the child before that ends, if there is one.
    pub(in super::super) end: Option<usize>,
    /// Where the value of the entry before starts: a list that was not opened may have been meant there.
    pub(in super::super) value: Option<usize>,
}

impl Begun {
    /// Whether nothing stands before the next child.
    pub(super) fn is_first(self) -> bool {
        self.end.is_none()
    }
}

/// Where a reading may stop: before one of some children, of a collection that is so deep; at its end, in any case.
#[derive(Default)]
pub(super) struct Goal {
    depth: usize,
    /// Where children start, in order.
    places: Vec<usize>,
    ended: Option<Ended>,
}

/// Why a reading came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Ended {
    /// Before the child that starts here.
    Before(usize),
    /// It went past all of the places.
    Past,
    /// The collection ended here.
    Closed(usize),
}

/// What was read.
pub(in super::super) struct Run {
    pub(in super::super) form: Form,
    pub(in super::super) output: Output,
    pub(in super::super) ended: Ended,
}

/// Reads children of the collection that opens at `opened`, inside of the brackets that are open in it, its own the
/// last of them. It stops before the first of `places` that it comes to behind a comma, and anywhere behind the last of
/// them.
pub(in super::super) fn read_run(
    text: &str,
    dialect: Dialect,
    opened: usize,
    begun: Begun,
    open: Vec<u8>,
    places: Vec<usize>,
) -> Run {
    let opened = Span::new(opened, opened + 1);
    let start = begun.comma.map_or(opened.end, |comma| comma.end);
    let own = open.last().copied().unwrap_or(b'{');
    let mut reader = Reader::new(text, dialect, start, open);
    reader.goal = Goal { depth: reader.open.len(), places, ended: None };
    let form = reader.children(own, opened, begun);
    let end = reader.at.max(reader.end);
    Run { form, ended: reader.goal.ended.unwrap_or(Ended::Closed(end)), output: reader.output }
}

impl Reader<'_> {
    /// Whether the reading ends before what stands at `next`.
    pub(super) fn is_at_goal(&mut self, comma: Option<Span>, next: Span) -> bool {
        if self.goal.depth != self.open.len() {
            return false;
        }
        let is_clean = |comma: Span| {
            !self.output.broken.iter().any(|span| span.start <= next.start && comma.start <= span.end)
        };
        if self.goal.places.contains(&next.start) && comma.is_some_and(is_clean) {
            self.goal.ended = Some(Ended::Before(next.start));
        } else if self.goal.places.last().is_some_and(|last| *last < next.start) {
            self.goal.ended = Some(Ended::Past);
        }
        self.goal.ended.is_some()
    }
}
