//! What is read off the records, where it is given, and to which text a yes was said.

use copydesk_base::change::{HunkReport, RefusedHunk};
use copydesk_base::event::About;
use copydesk_base::{Because, ChangeId, RunStatus, Timestamp, Usage};

use super::*;
use crate::session::recording::Conversation;

/// The records of a run that has come to its end.
fn records(events: Vec<Event>) -> Vec<Record> {
    let over = Event::RunFinished {
        status: RunStatus::Succeeded,
        text: String::new(),
        error: None,
        usage: Usage::default(),
        denied: vec![],
    };
    let numbered = (1..).zip(events.into_iter().chain([over]));
    numbered.map(|(seq, event)| Record { run: "run-1".into(), seq, at: Timestamp(0), event }).collect()
}

fn write() -> Effect {
    Effect::Write { path: "/then/a".into() }
}

fn requested(change: Option<&str>) -> Event {
    Event::ApprovalRequested {
        approval: "apr-1".into(),
        call: "c-1".into(),
        effect: write(),
        text: "Edit a".into(),
        always: vec![],
        whole: true,
        change: change.map(ChangeId::from),
    }
}

fn settled(decision: &str) -> Event {
    Event::ApprovalSettled { approval: "apr-1".into(), decision: decision.into(), by: "person".into() }
}

fn judged(verdict: &str, by: &str) -> Event {
    said_to(verdict, by, None)
}

fn said_to(verdict: &str, by: &str, said: Option<&str>) -> Event {
    Event::Judged {
        call: "c-1".into(),
        effect: write(),
        verdict: verdict.into(),
        because: Because::of("of words for people"),
        by: by.into(),
        said: said.map(str::to_owned),
        point: None,
    }
}

fn applying(before: &str, hunks: &[usize]) -> Event {
    Event::ChangeApplying {
        change: "chg-1".into(),
        path: "/then/a".into(),
        base: copydesk_base::change::Base::Absent,
        before: before.into(),
        after: "after".into(),
        undo: false,
        folders: 0,
        hunks: hunks.to_vec(),
    }
}

fn whole(end: End) -> Decided {
    Decided { before: None, rejected: vec![], applied: vec![], end }
}

#[test]
fn what_a_person_decided_is_read_off_the_records() {
    let by_hunks =
        |end| Decided { before: Some("old".into()), rejected: vec![1], applied: vec![vec![2], vec![0]], end };
    let refused = |hunk, reason: &str, by_person| RefusedHunk { by_person, ..RefusedHunk::new(hunk, reason) };
    let report = HunkReport {
        sent: vec![0, 2],
        refused: vec![refused(1, "no", true), refused(3, "the text there changed", false)],
    };
    let reviewed = |decision: &str| {
        vec![
            requested(Some("chg-1")),
            applying("old", &[2]),
            applying("older", &[0]),
            settled(decision),
            judged("allow", "person"),
            applying("oldest", &[3]),
            Event::ChangeRefused { change: "chg-1".into(), report: report.clone() },
        ]
    };
    for (events, expect) in [
        (vec![requested(None), settled("once"), judged("allow", "person")], Some(whole(End::Once))),
        (vec![requested(None), settled("always"), judged("allow", "person")], Some(whole(End::Always))),
        (vec![requested(None), settled("expired"), judged("deny", "timeout")], Some(whole(End::Expired))),
        (vec![requested(None), settled("deny"), judged("deny", "person")], Some(whole(End::Denied(None)))),
        (
            vec![requested(None), settled("deny"), said_to("deny", "person", Some("not now"))],
            Some(whole(End::Denied(Some("not now".into())))),
        ),
        (reviewed("reviewed"), Some(by_hunks(End::Reviewed))),
        (reviewed("once"), Some(by_hunks(End::Once))),
        (vec![judged("deny", "nobody")], Some(whole(End::Nobody))),
        // Its run ended first.
        (vec![requested(None), settled("canceled")], None),
        (vec![requested(None)], None),
        (vec![judged("allow", "rule")], None),
    ] {
        let records = records(events);
        let conversation = Conversation { turns: vec![records.clone()], helpers: vec![] };
        let places = vec![Place::Behind(3); records.len()];
        let found = said(&records, &places, &["/then".to_owned()], &conversation);
        let expect = expect.map(|decided| Said {
            place: Place::Behind(3),
            what: What::Decision { effect: r#"{"kind":"write","path":"⟨root⟩/a"}"#.into(), decided },
            is_given: false,
        });
        assert_eq!(found, expect.into_iter().collect::<Vec<_>>(), "{records:?}");
    }
}

#[test]
fn turns_that_begin_with_the_same_words_are_told_apart_by_their_number() {
    let spoken = Spoken::new(vec![], vec![], ["a", "b", "a"].map(str::to_owned).to_vec());
    for (number, prompt, turn) in [(0, "a", 0), (2, "a", 2), (1, "a", 0), (0, "b", 1), (7, "c", 7)] {
        assert_eq!(spoken.turn(number, prompt), turn, "{number} {prompt}");
    }
}

#[test]
fn each_is_given_once_and_at_its_place() {
    let records = records(vec![
        Event::Steering { text: "never".into() },
        Event::Steering { text: "one".into() },
        Event::Steered { text: "one".into() },
        Event::QuestionAsked { call: "c-1".into(), text: "Tabs?".into(), options: vec![] },
        Event::QuestionAnswered { call: "c-1".into(), answer: "Yes".into() },
        Event::Notice {
            text: "Nobody is here.".into(),
            about: Some(About::Unattended { question: "Why?".into() }),
        },
        Event::Steered { text: "two".into() },
    ]);
    let places: Vec<Place> = (0..8).map(|at| Place::Behind(at / 6)).collect();
    let spoken = Spoken::new(said(&records, &places, &[], &Conversation::default()), vec![], vec![]);
    assert!(spoken.has_answers());
    let words = |at| {
        spoken.take(&Place::Behind(at), |what| match what {
            What::Words(text) => Some(text.clone()),
            _ => None,
        })
    };
    let answer = |text: &str| {
        spoken.take(&Place::Behind(0), |what| match what {
            What::Answer { question, reply } if question == text => Some(reply.clone()),
            _ => None,
        })
    };
    let unheard = || {
        spoken.take(&Place::Behind(0), |what| match what {
            What::Unheard(text) => Some(text.clone()),
            _ => None,
        })
    };
    assert_eq!((unheard(), unheard()), (Some("never".into()), None));
    assert_eq!((words(1), words(0), words(0)), (Some("two".into()), Some("one".into()), None));
    assert_eq!(
        (answer("Why?"), answer("Tabs?"), answer("Tabs?")),
        (Some(Reply::Nobody), Some(Reply::Words("Yes".into())), None)
    );
}

#[test]
fn a_yes_to_an_edit_is_one_to_the_text_that_it_was_about() {
    let plan = |before: &str| ChangePlan {
        id: "chg-2".into(),
        run: "run-2".into(),
        call: "c-2".into(),
        path: "/now/a".into(),
        base: copydesk_base::change::Base::Absent,
        before: before.into(),
        hunks: vec![],
        checked: None,
    };
    let of = |before: Option<&str>, end| Decided { before: before.map(str::to_owned), ..whole(end) };
    for (decided, now, fits) in [
        (of(Some("old"), End::Once), Some("old"), true),
        (of(Some("old"), End::Always), Some("new"), false),
        (of(None, End::Once), Some("old"), false),
        (of(None, End::Denied(None)), Some("old"), true),
        (of(None, End::Reviewed), Some("old"), true),
        (of(None, End::Once), None, true),
    ] {
        let plan = now.map(plan);
        assert_eq!(decided.fits(plan.as_ref(), &Redactor::default()), fits, "{decided:?} {now:?}");
    }
}
