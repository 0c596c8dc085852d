//! What is known of one document: answers that were had, the call that is under way, and its person's pace.
//!
//! An answer is kept with its [`Place`], the text around the cursor for which it was given. It serves as long as what
//! was typed since is how it begins. A call that is under way serves the same way, before it has ended.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use copydesk_base::Timestamp;

use super::call::{Flight, Waiting};
use super::pace::{Fate, Pace};
use super::{Asked, Spot, Suggestion, clean};

/// Answers that are kept of one document.
const KEPT: usize = 12;
/// Bytes before and behind a cursor by which a place is recognized.
const TAIL: usize = 2048;
const HEAD: usize = 512;
/// So many brackets and quotes an editor closes at once.
const CLOSERS: usize = 3;

#[derive(Default)]
pub(super) struct Slot {
    pace: Pace,
    kept: VecDeque<Kept>,
    flight: Option<(Place, Arc<Flight>)>,
    latest: Ticket,
    shown: Option<Shown>,
}

/// Numbers the requests for one document.
pub(super) type Ticket = u64;

/// What a request meets.
pub(super) enum Arrival {
    /// It was answered before.
    Known(Option<String>),
    /// A call is under way that may answer it.
    UnderWay { ticket: Ticket, waiting: Waiting },
    /// Somebody has to be asked, after a pause.
    New { ticket: Ticket, pause: Duration },
}

/// Where an answer belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    cursor: usize,
    /// Bytes behind the cursor, all of them.
    behind: usize,
    tail: String,
    head: String,
}

/// An answer; empty where there was nothing to say.
#[derive(Debug)]
struct Kept {
    place: Place,
    text: String,
}

/// What stands on the screen, as far as we know.
#[derive(Debug)]
struct Shown {
    cursor: usize,
    text: String,
}

impl Slot {
    /// A request has come; it is the latest one now.
    pub(super) fn arrive(&mut self, spot: &Spot, now: Timestamp) -> Arrival {
        self.latest += 1;
        if spot.asked == Asked::ByTyping {
            self.pace.key(now);
        }
        self.judge(spot);
        let known = self.find(spot);
        if known.as_ref().is_some_and(|text| !text.is_empty() || spot.asked == Asked::ByTyping) {
            return Arrival::Known(self.show(spot, known));
        }
        if let Some((place, flight)) = &self.flight {
            if !flight.ended.is_cancelled()
                && place
                    .typed(spot)
                    .is_some_and(|typed| typed.behind.is_empty() && flight.may_say(typed.text))
            {
                return Arrival::UnderWay { ticket: self.latest, waiting: Waiting::join(flight) };
            }
            flight.given_up.cancel();
            self.flight = None;
        }
        let pause = if spot.asked == Asked::ByHand { Duration::ZERO } else { self.pace.pause() };
        Arrival::New { ticket: self.latest, pause }
    }

    /// Ends what is under way: nobody will look at it.
    pub(super) fn give_up(&self) {
        if let Some((_, flight)) = &self.flight {
            flight.given_up.cancel();
        }
    }

    /// The text is another one: a call whose answer cannot fit it any more is not waited for.
    pub(super) fn changed(&mut self, text: impl FnOnce() -> Arc<str>) {
        let Some((place, flight)) = &self.flight else { return };
        if !flight.ended.is_cancelled() && !place.may_serve(&text(), flight) {
            self.give_up();
            self.flight = None;
        }
    }

    /// Whether another request came since.
    pub(super) fn is_outdated(&self, ticket: Ticket) -> bool {
        self.latest != ticket
    }

    /// A call begins, unless another request came since.
    pub(super) fn launch(&mut self, spot: &Spot, ticket: Ticket) -> Option<Waiting> {
        if self.is_outdated(ticket) {
            return None;
        }
        let flight = Arc::new(Flight::default());
        let waiting = Waiting::join(&flight);
        if let Some((_, before)) = self.flight.replace((Place::of(spot), flight)) {
            before.given_up.cancel();
        }
        Some(waiting)
    }

    /// Keeps an answer.
    pub(super) fn keep(&mut self, spot: &Spot, text: String) {
        let place = Place::of(spot);
        self.kept.retain(|kept| kept.place != place);
        self.kept.truncate(KEPT - 1);
        self.kept.push_front(Kept { place, text });
    }

    /// The answer for a spot, to be shown there, unless another request came since.
    pub(super) fn answer(&mut self, spot: &Spot, ticket: Ticket) -> Suggestion {
        if self.is_outdated(ticket) {
            return Suggestion::Outdated;
        }
        let found = self.find(spot);
        self.show(spot, found).into()
    }

    fn find(&self, spot: &Spot) -> Option<String> {
        self.kept.iter().find_map(|kept| kept.rest(spot))
    }

    fn show(&mut self, spot: &Spot, text: Option<String>) -> Option<String> {
        let text = text.filter(|text| !text.is_empty())?;
        self.shown = Some(Shown { cursor: spot.cursor, text: text.clone() });
        Some(text)
    }

    /// Notices whether what was shown was taken.
    fn judge(&mut self, spot: &Spot) {
        let Some(shown) = &self.shown else { return };
        let fate = match spot.text.get(shown.cursor..spot.cursor) {
            Some(typed) if typed == shown.text => Fate::Taken,
            Some(typed) if shown.text.starts_with(typed) => return,
            _ => Fate::Ignored,
        };
        self.pace.outcome(fate);
        self.shown = None;
    }
}

/// What was typed since a place.
struct Typed<'s> {
    text: &'s str,
    /// What the editor put behind the cursor meanwhile: brackets and quotes that it closes by itself.
    behind: &'s str,
}

impl Place {
    fn of(spot: &Spot) -> Self {
        let (before, after) = (spot.before(), spot.after());
        Self {
            cursor: spot.cursor,
            behind: after.len(),
            tail: before[before.ceil_char_boundary(before.len().saturating_sub(TAIL))..].to_owned(),
            head: after[..after.floor_char_boundary(HEAD)].to_owned(),
        }
    }

    /// What was typed here until the text was what it is now; nothing where something else happened.
    fn typed<'s>(&self, spot: &'s Spot) -> Option<Typed<'s>> {
        let (before, after) = (spot.before(), spot.after());
        let text = before.get(self.cursor..)?;
        let added = after.len().checked_sub(self.behind)?;
        let behind = after.get(..added)?;
        let is_closing = behind.len() <= CLOSERS && behind.chars().all(is_closer);
        let is_it = is_closing
            && before[..self.cursor].ends_with(&self.tail)
            && after[added..].starts_with(&self.head);
        is_it.then_some(Typed { text, behind })
    }

    /// Whether this text can have become of it by typing what a call may answer, wherever its cursor is.
    fn may_serve(&self, text: &str, flight: &Flight) -> bool {
        let Some((before, behind)) =
            text.len().checked_sub(self.behind).and_then(|at| text.split_at_checked(at))
        else {
            return false;
        };
        let Some((before, typed)) = before.split_at_checked(self.cursor) else { return false };
        before.ends_with(&self.tail) && behind.starts_with(&self.head) && {
            // How many of the closers at its end the editor put there nobody can tell.
            let mut begun = Some(typed);
            std::iter::from_fn(|| {
                let now = begun?;
                begun = now.strip_suffix(is_closer);
                Some(now)
            })
            .take(CLOSERS + 1)
            .any(|typed| flight.may_say(typed))
        }
    }
}

/// What an editor puts behind the cursor by itself.
fn is_closer(letter: char) -> bool {
    ")]}>\"'`".contains(letter)
}

impl Kept {
    /// What is left to show of it.
    fn rest(&self, spot: &Spot) -> Option<String> {
        let typed = self.place.typed(spot)?;
        let rest = self.text.strip_prefix(typed.text)?;
        let rest = if typed.behind.is_empty() { rest } else { clean::before_closer(rest, spot.after()) };
        // Typed to its end it says nothing about what comes next.
        (!rest.is_empty() || (typed.text.is_empty() && typed.behind.is_empty())).then(|| rest.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ghost::spot;

    #[test]
    fn an_answer_serves_what_is_typed_through_it() {
        let check = |kept: &str, answer: &str, now: &str, expect: Option<&str>| {
            let mut slot = Slot::default();
            slot.keep(&spot(kept), answer.to_owned());
            assert_eq!(slot.find(&spot(now)).as_deref(), expect, "{now}");
        };
        let (kept, answer) = ("x = f|\ny", "oo(a, b)");
        check(kept, answer, "x = f|\ny", Some("oo(a, b)"));
        check(kept, answer, "x = fo|\ny", Some("o(a, b)"));
        check(kept, answer, "x = foo(a, b|\ny", Some(")"));
        check(kept, answer, "x = foo(a, b)|\ny", None);
        check(kept, answer, "x = foo(|)\ny", Some("a, b"));
        check(kept, answer, "x = fa|\ny", None);
        check(kept, answer, "x = |\ny", None);
        check(kept, answer, "x = fo|\nyy", None);
        check(kept, answer, "x = fo|\nz", None);
        check(kept, answer, "z = fo|\ny", None);
        check(kept, "ä😀", "x = fä|\ny", Some("😀"));
        check(kept, "", "x = f|\ny", Some(""));
        check(kept, "", "x = fo|\ny", None);
    }

    #[test]
    fn a_call_whose_answer_cannot_fit_the_text_any_more_is_given_up() {
        let check = |begun: &str, said: &str, now: &str, is_given_up: bool| {
            let mut slot = Slot::default();
            let Arrival::New { ticket, .. } = slot.arrive(&spot(begun), Timestamp(1)) else { panic!("new") };
            let flight = slot.launch(&spot(begun), ticket).unwrap().flight();
            flight.says(said);
            slot.changed(|| spot(now).text);
            assert_eq!(flight.given_up.is_cancelled(), is_given_up, "{begun:?} {said:?} {now:?}");
        };
        let begun = "x = |\ny";
        check(begun, "", "x = \ny", false);
        check(begun, "", "x = f\ny", false);
        check(begun, "", "x = f()\ny", false);
        check(begun, "f(a", "x = f()\ny", false);
        check(begun, "foo", "x = f()\ny", true);
        check(begun, "foo", "x = g\ny", true);
        check(begun, "", "x =\ny", true);
        check(begun, "", "x = \nyy", true);
        check(begun, "", "z = \ny", true);
        check(begun, "", "import os\nx = \ny", true);
        check(begun, "", "", true);
        check("\u{e4} = |\ny", "", "\u{20ac}= \ny", true);
    }

    #[test]
    fn a_request_meets_what_is_there() {
        let word = |arrival: &Arrival| match arrival {
            Arrival::Known(_) => "known",
            Arrival::UnderWay { .. } => "under way",
            Arrival::New { .. } => "new",
        };
        let mut slot = Slot::default();
        let first = slot.arrive(&spot("x = |"), Timestamp(1));
        let Arrival::New { ticket, .. } = first else { panic!("{}", word(&first)) };
        assert!(!slot.is_outdated(ticket));
        let waiting = slot.launch(&spot("x = |"), ticket).unwrap();
        assert_eq!(word(&slot.arrive(&spot("x = f|"), Timestamp(2))), "under way");
        assert!(slot.is_outdated(ticket) && slot.launch(&spot("x = |"), ticket).is_none());
        waiting.flight().says("fo");
        assert_eq!(word(&slot.arrive(&spot("x = foo|"), Timestamp(3))), "under way");
        assert_eq!(word(&slot.arrive(&spot("x = g|"), Timestamp(4))), "new", "it says something else");
        assert!(waiting.flight().given_up.is_cancelled());
        slot.keep(&spot("x = |"), "foo".into());
        assert_eq!(word(&slot.arrive(&spot("x = f|"), Timestamp(5))), "known");
        slot.keep(&spot("x = q|"), String::new());
        assert_eq!(word(&slot.arrive(&spot("x = q|"), Timestamp(6))), "known", "nothing to say here");
        let by_hand = Spot { asked: Asked::ByHand, ..spot("x = q|") };
        let arrival = slot.arrive(&by_hand, Timestamp(7));
        assert!(
            matches!(arrival, Arrival::New { pause: Duration::ZERO, .. }),
            "who asks by hand is not put off"
        );
    }
}
