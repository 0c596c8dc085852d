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

use crate::canonical::{as_recorded, within, without};
use crate::request::{Message, Request, ToolCall};
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
    /// The workspace that it was made in.
    root: String,
    exchanges: Vec<Exchange>,
    given: Mutex<Vec<bool>>,
}

/// One request of a recorded conversation, and its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    pub asked: Vec<Message>,
    pub text: String,
    pub calls: Vec<ToolCall>,
    pub reason: StopReason,
}

impl Recording {
    pub fn new(origin: String, model: String, root: String, exchanges: Vec<Exchange>) -> Self {
        let given = Mutex::new(vec![false; exchanges.len()]);
        let tape = Arc::new(Tape { origin, model, root, exchanges, given });
        Self { tape, grade: Grade::Recorded }
    }

    /// The same, of which it is known that a model said all that is in it.
    #[must_use]
    pub fn of_a_model(self) -> Self {
        Self { grade: Grade::Typed, ..self }
    }

    /// Whether all of it is the beginning of another one.
    pub fn begins(&self, other: &Self) -> bool {
        other.tape.exchanges.starts_with(&self.tape.exchanges)
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
        let now = parts(&request.messages, root);
        let mut given = tape.given.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting: Vec<usize> = (0..tape.exchanges.len())
            .filter(|at| parts(&tape.exchanges[*at].asked, &tape.root) == now)
            .collect();
        let Some(&at) = fitting.iter().find(|at| !given[**at]).or(fitting.last()) else {
            return Err(CallError::NotRecorded { origin: tape.origin.clone(), reason: self.miss(&now) });
        };
        given[at] = true;
        let exchange = &tape.exchanges[at];
        let moved = |text: &str| within(&without(text, &tape.root), root);
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

    /// Why no recorded request is this one: the place where the nearest one parts from it.
    fn miss(&self, now: &[Part]) -> String {
        let tape = &*self.tape;
        let shared = |asked: &[Part]| asked.iter().zip(now).take_while(|(one, other)| one == other).count();
        let recorded = tape.exchanges.iter().map(|exchange| parts(&exchange.asked, &tape.root));
        // Of those that share as much the one of the same length: it differs in a word, not in its course.
        let nearest = recorded.max_by_key(|asked| (shared(asked), asked.len() == now.len()));
        let Some(nearest) = nearest else { return "no model has answered in it".to_owned() };
        let at = shared(&nearest);
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

fn parts(messages: &[Message], root: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut add = |who: String, text: &str| parts.push(Part { who, text: as_recorded(text, root) });
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
        Exchange { asked, text: text.into(), calls, reason }
    }

    fn recording() -> Recording {
        let raw = "{\"path\":\"/then/a\",\"limit\":1}";
        let asked = vec![user("why /then? [redacted]")];
        let second = [asked.clone(), vec![called("c1", raw), result("c1", "x = 1")]].concat();
        let exchanges =
            vec![exchange(asked, "", vec![call("c1", raw)]), exchange(second, "Because of /then.", vec![])];
        Recording::new("run.json".into(), "p/m".into(), "/then".into(), exchanges)
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
        let empty = Recording::new("run.json".into(), String::new(), String::new(), vec![]);
        assert_eq!(ask(&empty, vec![first()]), miss("no model has answered in it"));
    }
}
