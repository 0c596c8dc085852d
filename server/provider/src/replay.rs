//! Replay: what a model answered in a recorded conversation, given again to the same requests, and nothing to others.
//!
//! A [`Recording`] is made from a journal, so it has what the journal has: the messages, not the tools on offer and not
//! the system text, which may be a newer version's. A request is answered where its messages are those of a recorded
//! one, [`crate::canonical`] of folder and secrets. Anything else is a miss, and an error that says where the two part.
//!
//! Whoever wrote a recording chooses every call that its run makes. So a recording has a [`Grade`]: the worst, unless
//! whoever made it knows that its words are a model's.

use std::sync::{Arc, Mutex, PoisonError};

use copydesk_base::Grade;

use crate::canonical::{Roots, as_recorded, within};
use crate::request::{By, Message, Request, ToolCall};
use crate::{CallError, ModelEvent, StopReason};

/// A recorded conversation. Clones share which of its answers were given.
#[derive(Clone, Debug)]
pub struct Recording {
    tape: Arc<Tape>,
    grade: Grade,
}

#[derive(Debug)]
struct Tape {
    /// What a person calls it: a file, a session.
    origin: String,
    /// `provider/model` of its first answer.
    model: String,
    /// Where it was made: the workspace, and the worktrees of helpers.
    roots: Roots,
    exchanges: Vec<(Vec<Part>, Exchange)>,
    sizes: Vec<(Vec<Part>, u64)>,
    played: Mutex<Played>,
}

/// What became of a tape so far.
#[derive(Debug)]
struct Played {
    given: Vec<bool>,
    /// Where helpers work now.
    roots: Roots,
}

/// What is recorded of a conversation and its helpers.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// `provider/model` of its first answer.
    pub model: String,
    /// The workspace that it was made in.
    pub root: String,
    pub exchanges: Vec<Exchange>,
    pub sizes: Vec<Sized>,
}

/// One request of a recorded conversation, and its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    pub by: By,
    pub asked: Vec<Message>,
    pub text: String,
    pub calls: Vec<ToolCall>,
    pub reason: StopReason,
}

/// How many tokens a request was taken for: by that a conversation is shortened where it was, whatever the model's own
/// counts had made of the estimate by then.
#[derive(Clone, Debug, PartialEq)]
pub struct Sized {
    pub asked: Vec<Message>,
    pub tokens: u64,
}

impl Recording {
    pub fn new(origin: String, recorded: Recorded) -> Self {
        let Recorded { model, root, exchanges, sizes } = recorded;
        let apart = exchanges.iter().filter_map(|exchange| exchange.by.root.as_deref());
        let roots = Roots::of(apart.chain([root.as_str()]));
        let exchanges: Vec<_> =
            exchanges.into_iter().map(|exchange| (parts(&exchange.asked, &roots), exchange)).collect();
        let sizes = sizes.into_iter().map(|sized| (parts(&sized.asked, &roots), sized.tokens)).collect();
        let played = Mutex::new(Played { given: vec![false; exchanges.len()], roots: Roots::default() });
        let tape = Arc::new(Tape { origin, model, roots, exchanges, sizes, played });
        Self { tape, grade: Grade::Recorded }
    }

    /// The same, of which it is known that a model said all that is in it.
    #[must_use]
    pub fn of_a_model(self) -> Self {
        Self { grade: Grade::Typed, ..self }
    }

    /// Whether all of it is the beginning of another one.
    pub fn begins(&self, other: &Self) -> bool {
        let (begun, whole) = (&self.tape.exchanges, &other.tape.exchanges);
        begun.len() <= whole.len() && begun.iter().zip(whole).all(|((_, one), (_, other))| one == other)
    }

    /// Whose words its answers are.
    pub fn grade(&self) -> Grade {
        self.grade
    }

    pub fn origin(&self) -> &str {
        &self.tape.origin
    }

    pub fn model(&self) -> &str {
        &self.tape.model
    }

    /// The recorded answer to a request that is made in the workspace `root`: the first that was not given yet.
    pub(crate) fn answer(&self, request: &Request, root: &str) -> Result<ModelEvent, CallError> {
        let tape = &*self.tape;
        let mut played = tape.played.lock().unwrap_or_else(PoisonError::into_inner);
        let now = played.parts(request, root);
        // Of helpers that were told the same each gets its own answers, whichever asks first.
        let rank = |at: &usize| match (played.given[*at], tape.exchanges[*at].1.by.helper) {
            (false, helper) => (false, helper != request.by.helper, *at),
            (true, _) => (true, false, usize::MAX - at),
        };
        let fitting = (0..tape.exchanges.len()).filter(|at| tape.exchanges[*at].0 == now);
        let Some(at) = fitting.min_by_key(rank) else {
            return Err(CallError::NotRecorded { origin: tape.origin.clone(), reason: self.miss(&now) });
        };
        played.given[at] = true;
        let exchange = &tape.exchanges[at].1;
        let here = request.by.root.as_deref().unwrap_or(root);
        let moved = |text: &str| within(&tape.roots.without(text), here);
        let call = |call: &ToolCall| ToolCall {
            arguments: crate::Arguments::read(moved(&call.arguments.raw)),
            ..call.clone()
        };
        Ok(ModelEvent::Stopped {
            reason: exchange.reason.clone(),
            text: moved(&exchange.text),
            calls: exchange.calls.iter().map(call).collect(),
            carried: vec![],
        })
    }

    /// How many tokens such a request was taken for.
    pub(crate) fn tokens(&self, request: &Request, root: &str) -> Option<u64> {
        let now = self.tape.played.lock().unwrap_or_else(PoisonError::into_inner).parts(request, root);
        self.tape.sizes.iter().find(|(asked, _)| *asked == now).map(|(_, tokens)| *tokens)
    }

    /// Why no recorded request is this one: the place where the nearest one parts from it.
    fn miss(&self, now: &[Part]) -> String {
        let tape = &*self.tape;
        let shared = |asked: &[Part]| asked.iter().zip(now).take_while(|(one, other)| one == other).count();
        let recorded = tape.exchanges.iter().map(|(asked, _)| asked);
        // Of those that share as much the one of the same length: it differs in a word, not in its course.
        let nearest = recorded.max_by_key(|asked| (shared(asked), asked.len() == now.len()));
        let Some(nearest) = nearest else { return "no model has answered in it".to_owned() };
        let at = shared(nearest);
        match (nearest.get(at), now.get(at)) {
            (Some(then), Some(now)) if then.who == now.who => {
                let (then, now) = apart(&then.text, &now.text);
                format!("{} was {then:?} and is {now:?}", nearest[at].who)
            }
            (Some(then), Some(now)) => format!("{} stood where {} stands now", then.who, now.who),
            (None, Some(now)) => format!("it ends before {} {:?}", now.who, apart(&now.text, "").0),
            _ => "its answer was never written down whole".to_owned(),
        }
    }
}

/// A piece of a conversation that is compared as one.
#[derive(Debug, PartialEq)]
struct Part {
    who: String,
    text: String,
}

impl Played {
    /// A request as it is compared: what was said of a helper's worktree is known by the time that others speak of it.
    fn parts(&mut self, request: &Request, root: &str) -> Vec<Part> {
        self.roots.add(root);
        self.roots.add(request.by.root.as_deref().unwrap_or_default());
        parts(&request.messages, &self.roots)
    }
}

fn parts(messages: &[Message], roots: &Roots) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut add = |who: String, text: &str| parts.push(Part { who, text: as_recorded(text, roots) });
    let mut called: Vec<&ToolCall> = Vec::new();
    for message in messages {
        match message {
            Message::User { text, .. } => add("what was asked".to_owned(), text),
            Message::Assistant { text, calls, .. } => {
                add("what the model said".to_owned(), text);
                for call in calls {
                    // Compared as what it means: keys may stand in any order.
                    let arguments =
                        call.arguments.value.as_ref().map_or_else(|_| call.arguments.raw.clone(), sorted);
                    add(format!("its call of '{}'", call.name), &arguments);
                }
                called = calls.iter().collect();
            }
            Message::ToolResults { results } => {
                for result in results {
                    let name =
                        called.iter().find(|call| call.id == result.call).map_or("?", |call| &call.name);
                    add(format!("the result of '{name}'"), &result.text);
                }
            }
        }
    }
    parts
}

fn sorted(value: &serde_json::Value) -> String {
    let mut value = value.clone();
    value.sort_all_objects();
    value.to_string()
}

/// Characters that are shown of a text.
const SHOWN: usize = 60;

/// Two texts from shortly before the place where they part.
fn apart<'a>(one: &'a str, other: &'a str) -> (String, String) {
    let same: usize = one
        .chars()
        .zip(other.chars())
        .take_while(|(one, other)| one == other)
        .map(|(c, _)| c.len_utf8())
        .sum();
    let cut = |text: &'a str| {
        let from = text.floor_char_boundary(same.saturating_sub(20));
        let shown: String = text[from..].chars().take(SHOWN).collect();
        let (before, behind) =
            (if from > 0 { "…" } else { "" }, if from + shown.len() < text.len() { "…" } else { "" });
        format!("{before}{shown}{behind}")
    };
    (cut(one), cut(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Arguments, ToolOutcome, ToolResult};

    fn user(text: &str) -> Message {
        Message::user(text)
    }

    fn called(id: &str, raw: &str) -> Message {
        Message::Assistant { text: String::new(), calls: vec![call(id, raw)], carried: vec![] }
    }

    fn call(id: &str, raw: &str) -> ToolCall {
        ToolCall { id: id.into(), name: "read".into(), arguments: Arguments::read(raw) }
    }

    fn result(id: &str, text: &str) -> Message {
        let result = ToolResult { call: id.into(), text: text.into(), outcome: ToolOutcome::Done };
        Message::ToolResults { results: vec![result] }
    }

    fn exchange(asked: Vec<Message>, text: &str, calls: Vec<ToolCall>) -> Exchange {
        let reason = if calls.is_empty() { StopReason::EndTurn } else { StopReason::ToolUse };
        Exchange { by: By::default(), asked, text: text.into(), calls, reason }
    }

    fn taped(exchanges: Vec<Exchange>) -> Recording {
        let sizes = vec![Sized { asked: vec![user("in /then")], tokens: 7 }];
        let recorded = Recorded { model: "p/m".into(), root: "/then".into(), exchanges, sizes };
        Recording::new("run.json".into(), recorded)
    }

    fn recording() -> Recording {
        let raw = "{\"path\":\"/then/a\",\"limit\":1}";
        let asked = vec![user("why /then? [redacted]")];
        let second = [asked.clone(), vec![called("c1", raw), result("c1", "x = 1")]].concat();
        let exchanges =
            vec![exchange(asked, "", vec![call("c1", raw)]), exchange(second, "Because of /then.", vec![])];
        taped(exchanges)
    }

    fn ask(recording: &Recording, messages: Vec<Message>) -> Result<(String, Vec<String>), String> {
        let request = Request { messages, ..Request::default() };
        match recording.answer(&request, "/now") {
            Ok(ModelEvent::Stopped { text, calls, .. }) => {
                Ok((text, calls.into_iter().map(|call| call.arguments.raw).collect()))
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_same_conversation_is_answered_the_same_and_any_other_says_where_it_parts() {
        let recording = recording();
        let first = || user("why /now? <secret:token:x1>");
        // Ids are another process's, keys stand in another order.
        let turned = || called("id-7", "{\"limit\":1,\"path\":\"/now/a\"}");
        let ok = |text: &str, calls: &[&str]| {
            Ok((text.to_owned(), calls.iter().map(|raw| (*raw).to_owned()).collect()))
        };
        let miss = |why: &str| Err(format!("run.json has no answer to this request: {why}"));
        for (messages, expect) in [
            (vec![first()], ok("", &["{\"path\":\"/now/a\",\"limit\":1}"])),
            (vec![first(), turned(), result("id-7", "x = 1")], ok("Because of /now.", &[])),
            // Once more is the same again.
            (vec![first()], ok("", &["{\"path\":\"/now/a\",\"limit\":1}"])),
            (
                vec![user("why not?")],
                miss("what was asked was \"why ⟨root⟩? [redacted]\" and is \"why not?\""),
            ),
            (
                vec![first(), turned(), result("id-7", "x = 2")],
                miss("the result of 'read' was \"x = 1\" and is \"x = 2\""),
            ),
            (
                vec![first(), called("id-7", "{\"path\":\"/now/b\",\"limit\":1}")],
                miss("its call of 'read' was \"…,\\\"path\\\":\\\"⟨root⟩/a\\\"}\" and is"),
            ),
            (
                vec![first(), turned(), result("id-7", "x = 1"), user("more")],
                miss("it ends before what was asked \"more\""),
            ),
            (vec![first(), turned()], miss("its answer was never written down whole")),
        ] {
            let told = format!("{messages:?}");
            match (ask(&recording, messages), expect) {
                (Err(got), Err(expect)) => {
                    assert_eq!(got.get(..expect.len().min(got.len())), Some(&*expect), "{told}");
                }
                (got, expect) => assert_eq!(got, expect, "{told}"),
            }
        }
        assert_eq!(ask(&taped(vec![]), vec![first()]), miss("no model has answered in it"));
    }

    #[test]
    fn helpers_that_are_told_the_same_get_each_its_own_answers_in_its_own_folder() {
        let by = |root: &str, helper| By { root: Some(root.to_owned()), helper };
        let of = |root: &str, helper, text: &str| Exchange {
            by: by(root, helper),
            ..exchange(vec![user(&format!("look in {root}"))], text, vec![])
        };
        let told = vec![
            user("look"),
            Message::Assistant { text: "see /wt1/a".into(), calls: vec![], carried: vec![] },
        ];
        let recording = taped(vec![
            of("/wt1", 1, "one: /wt1/a"),
            of("/wt2", 2, "two: /wt2/a, /then/a"),
            exchange(told, "heard", vec![]),
        ]);
        let asked = |by: By, messages: Vec<Message>| {
            let request = Request { messages, by, ..Request::default() };
            match recording.answer(&request, "/now") {
                Ok(ModelEvent::Stopped { text, .. }) => text,
                other => format!("{other:?}"),
            }
        };
        let look = |root: &str| vec![user(&format!("look in {root}"))];
        assert_eq!(asked(by("/new2", 2), look("/new2")), "two: /new2/a, /new2/a");
        assert_eq!(asked(by("/new1", 1), look("/new1")), "one: /new1/a");
        // Asked once more, by a third.
        assert_eq!(asked(by("/new1", 1), look("/new1")), "two: /new1/a, /new1/a");
        // What one of them said of its folder is the same to whoever reads it.
        let heard = Message::Assistant { text: "see /new1/a".into(), calls: vec![], carried: vec![] };
        assert_eq!(asked(By::default(), vec![user("look"), heard]), "heard");
    }

    #[test]
    fn a_request_has_the_size_that_it_was_taken_for() {
        let recording = taped(vec![]);
        let size = |text: &str| {
            recording.tokens(&Request { messages: vec![user(text)], ..Request::default() }, "/now")
        };
        assert_eq!((size("in /now"), size("in /then/else")), (Some(7), None));
    }
}
