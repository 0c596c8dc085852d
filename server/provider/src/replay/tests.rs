//! What is the same request, what a miss says, and what failed then.

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
    let given = Given::Answer { text: text.into(), calls, reason };
    Exchange { by: By::default(), asked, before: vec![], given }
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
    match recording.answer(&request, "/now").outcome {
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
        (vec![user("why not?")], miss("what was asked was \"why ⟨root⟩? [redacted]\" and is \"why not?\"")),
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
        (vec![], miss("\"why ⟨root⟩? [redacted]\" was said here")),
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
fn what_failed_fails_again_and_what_did_not_leave_does_not() {
    let asked = vec![user("why?")];
    let again = ModelEvent::Again {
        error: CallError::Recorded { said: "gone".into(), switch: None },
        tried: 1,
        wait: std::time::Duration::from_millis(7),
        usage: copydesk_base::Usage::default(),
    };
    let left = vec![crate::Left { model: "p/m".into(), because: "gone".into() }];
    let switch = Switch { to: "q/n".into(), left };
    let of =
        |before: Vec<ModelEvent>, given| Exchange { before, given, ..exchange(asked.clone(), "", vec![]) };
    let recording = taped(vec![
        of(vec![again.clone()], Given::Nothing { said: "gone".into(), switch: Some(switch.clone()) }),
        of(vec![], Given::Refused { said: "go on: spent".into() }),
    ]);
    let request = Request { messages: asked.clone(), ..Request::default() };
    assert_eq!((recording.refusal(&request, "/now"), recording.place(&request.by)), (None, None));
    let Replayed { before, outcome } = recording.answer(&request, "/now");
    let recorded = |said: &str, switch| CallError::Recorded { said: said.into(), switch };
    assert_eq!((before, outcome), (vec![again], Err(recorded("gone", Some(Box::new(switch))))));
    assert_eq!(recording.refusal(&request, "/now"), Some(recorded("go on: spent", None)));
    assert_eq!((recording.fallbacks(), recording.place(&request.by)), (&["q/n".to_owned()][..], Some(1)));
}

#[test]
fn helpers_that_are_told_the_same_get_each_its_own_answers_in_its_own_folder() {
    let by = |root: &str, helper| By { root: Some(root.to_owned()), helper };
    let of = |root: &str, helper, text: &str| Exchange {
        by: by(root, helper),
        ..exchange(vec![user(&format!("look in {root}"))], text, vec![])
    };
    let told =
        vec![user("look"), Message::Assistant { text: "see /wt1/a".into(), calls: vec![], carried: vec![] }];
    let recording = taped(vec![
        of("/wt1", 1, "one: /wt1/a"),
        of("/wt2", 2, "two: /wt2/a, /then/a"),
        exchange(told, "heard", vec![]),
    ]);
    let asked = |by: By, messages: Vec<Message>| {
        let request = Request { messages, by, ..Request::default() };
        match recording.answer(&request, "/now").outcome {
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
    let size =
        |text: &str| recording.tokens(&Request { messages: vec![user(text)], ..Request::default() }, "/now");
    assert_eq!((size("in /now"), size("in /then/else")), (Some(7), None));
}
