//! What a run that was cut short leaves behind: what is closed, and what is said of it.

use super::*;
use copydesk_base::change::{Base, HunkReport, Instead, RefusedHunk};
use copydesk_base::event::Written;
use copydesk_base::{Effect, Timestamp};

fn records(events: Vec<Event>) -> Vec<Record> {
    let numbered = (1..).zip(events);
    numbered.map(|(seq, event)| Record { run: "run-1".into(), seq, at: Timestamp(0), event }).collect()
}

fn applying() -> Event {
    Event::ChangeApplying {
        change: "chg-1".into(),
        path: "/a".into(),
        base: Base::Absent,
        before: "old".into(),
        after: "new".into(),
        undo: false,
        folders: 0,
        hunks: vec![],
    }
}

fn applied() -> Event {
    Event::ChangeApplied {
        change: "chg-1".into(),
        path: "/a".into(),
        before: "old".into(),
        after: "new".into(),
    }
}

fn kinds(events: &[Event]) -> Vec<String> {
    let word = |event: &Event| serde_json::to_value(event).unwrap()["type"].as_str().unwrap().to_owned();
    events.iter().map(word).collect()
}

fn noticed(events: &[Event]) -> &str {
    let notice = events.iter().find_map(|event| match event {
        Event::Notice { text, .. } => Some(text.as_str()),
        _ => None,
    });
    notice.unwrap_or_default()
}

#[test]
fn edits_that_waited_are_named() {
    let drafted = |path: &str| Event::ChangeDrafted { call: "cal-1".into(), path: path.into() };
    let proposed = || Event::ChangeProposed {
        change: "chg-1".into(),
        call: "cal-1".into(),
        path: "/a".into(),
        hunks: 1,
    };
    let requested = || Event::ApprovalRequested {
        approval: "apr-1".into(),
        call: "cal-1".into(),
        effect: Effect::Write { path: "/a".into() },
        text: String::new(),
        always: vec![],
        whole: true,
        change: Some("chg-1".into()),
    };
    let settled = |decision: &str| Event::ApprovalSettled {
        approval: "apr-1".into(),
        decision: decision.into(),
        by: "person".into(),
    };
    let returned = || Event::ToolReturned { call: "cal-1".into(), text: String::new(), failed: false };
    let unmade = "A run was cut short. Not made: the edit of /a.";
    for (events, expect) in [
        (vec![proposed()], unmade),
        (vec![proposed(), requested()], unmade),
        (vec![proposed(), requested(), settled("once")], unmade),
        (vec![proposed(), requested(), settled("deny")], ""),
        (vec![proposed(), requested(), settled("deny"), returned()], ""),
        (vec![proposed(), applying(), applied(), returned()], ""),
        (vec![drafted("/a"), returned()], unmade),
        (vec![drafted("/a"), drafted("/a"), returned(), proposed()], unmade),
        (vec![drafted("/a"), returned(), proposed(), applying(), applied(), Event::told("")], ""),
        (
            vec![drafted("/a"), drafted("/b")],
            "A run was cut short. Not made: the edit of /a; the edit of /b.",
        ),
    ] {
        let records = records(events.clone());
        assert_eq!(noticed(&closing(&records, &[], vec![], |_| None)), expect, "{events:?}");
    }
}

#[test]
fn an_edit_that_was_settled_by_halves_is_told_as_far_as_it_got() {
    let proposed = || Event::ChangeProposed {
        change: "chg-1".into(),
        call: "cal-1".into(),
        path: "/a".into(),
        hunks: 3,
    };
    let applying = |hunks: &[usize]| match applying() {
        Event::ChangeApplying { change, path, base, before, after, undo, folders, .. } => {
            let hunks = hunks.to_vec();
            Event::ChangeApplying { change, path, base, before, after, undo, folders, hunks }
        }
        other => other,
    };
    let rejected = |hunks: &[usize]| Event::HunksRejected { change: "chg-1".into(), hunks: hunks.to_vec() };
    let refused = || Event::ChangeRefused {
        change: "chg-1".into(),
        report: HunkReport { sent: vec![0, 1], refused: vec![RefusedHunk::new(2, "the text changed")] },
    };
    for (events, expect) in [
        (
            vec![proposed(), rejected(&[0]), applying(&[1]), applied()],
            "Made all the same: the edit of /a (1 of 3 hunks made; not made: hunk 1, the person rejected it; hunk 3).",
        ),
        (
            vec![proposed(), rejected(&[1])],
            "Not made: the edit of /a (0 of 3 hunks made; not made: hunk 1; hunk 2, the person rejected it; hunk 3).",
        ),
        // The last one is found in the file, or is not.
        (
            vec![proposed(), applying(&[0]), applied(), applying(&[2])],
            "Made all the same: the edit of /a (2 of 3 hunks made; not made: hunk 2).",
        ),
        (
            vec![proposed(), applying(&[0, 1]), applied(), refused()],
            "Made all the same: the edit of /a (2 of 3 hunks made; not made: hunk 3, the text changed).",
        ),
        (vec![proposed(), applying(&[0, 1, 2]), applied()], "Made all the same: the edit of /a."),
    ] {
        let records = records(events.clone());
        let closing = closing(&records, &[], vec![], |_| Some("new".to_owned()));
        assert_eq!(noticed(&closing), format!("A run was cut short. {expect}"), "{events:?}");
    }
}

#[test]
fn words_that_a_run_did_not_hear_are_given_back() {
    let steering = |text: &str| Event::Steering { text: text.into() };
    let steered = |text: &str| Event::Steered { text: text.into() };
    let answered = |text: &str| Event::QuestionAnswered { call: "cal-1".into(), answer: text.into() };
    for (events, expect) in [
        (vec![steering("a"), steering("b")], vec!["a", "b"]),
        (vec![steering("a"), steering("b"), steered("b")], vec!["a"]),
        (vec![steering("a"), steering("a"), steered("a")], vec!["a"]),
        (vec![steering("a"), answered("a"), steered("of a recording")], vec![]),
    ] {
        let given_back: Vec<Event> = expect.iter().map(|words| steer::given_back(words)).collect();
        let closing = closing(&records(events.clone()), &[], vec![], |_| None);
        let notices: Vec<Event> =
            closing.into_iter().filter(|event| matches!(event, Event::Notice { .. })).collect();
        assert_eq!(notices, given_back, "{events:?}");
    }
}

#[test]
fn a_write_is_settled_by_what_is_there() {
    let cut = records(vec![applying()]);
    for (text, expect) in [
        (Some("new"), (vec!["change_applied"], "Made all the same: the edit of /a.")),
        (Some("old"), (vec![], "Not made: the edit of /a.")),
        (Some("somebody's"), (vec![], "is not known, and it is not repeated: the edit of /a.")),
        (None, (vec![], "is not known, and it is not repeated: the edit of /a.")),
    ] {
        let closing = closing(&cut, &[], vec![], |_| text.map(str::to_owned));
        let (first, words) = expect;
        let expect = [vec!["cut_short"], first, vec!["told", "notice", "run_finished"]].concat();
        assert_eq!(kinds(&closing), expect, "{text:?}");
        assert!(noticed(&closing).ends_with(words), "{text:?}: {}", noticed(&closing));
    }
    let whole = records(vec![applying(), applied()]);
    assert_eq!(kinds(&closing(&whole, &[], vec![], |_| None)), ["cut_short", "run_finished"]);
}

#[test]
fn a_command_without_an_outcome_is_unknown() {
    let effect = Effect::Execute { command: "make".into(), cwd: "/".into() };
    let started = Event::EffectStarted { call: "cal-1".into(), effect };
    let finished = Event::EffectFinished { call: "cal-1".into(), ok: true, note: String::new() };
    let cut = closing(&records(vec![started.clone()]), &[], vec![], |_| None);
    assert_eq!(kinds(&cut), ["cut_short", "effect_finished", "told", "notice", "run_finished"]);
    assert!(noticed(&cut).ends_with("not repeated: run make."), "{}", noticed(&cut));
    assert_eq!(
        kinds(&closing(&records(vec![started, finished]), &[], vec![], |_| None)),
        ["cut_short", "run_finished"]
    );
}

#[test]
fn what_was_used_stays_used() {
    let used = |input_tokens| Usage { input_tokens, requests: 1, ..Usage::default() };
    let requested = || Event::ModelRequested { number: 1, most: used(900), expected: 0 };
    let answered =
        || Event::ModelAnswered { text: String::new(), calls: 0, usage: used(100), stopped: String::new() };
    let lost = || Event::TryLost { model: "a/b".into(), usage: used(10) };
    let waited =
        |tried| Event::ModelWaited { model: "a/b".into(), reason: "busy".into(), wait_ms: None, tried };
    let sum =
        |input_tokens, requests, estimated| Usage { input_tokens, requests, estimated, ..Usage::default() };
    for (events, expect) in [
        (vec![], sum(0, 0, false)),
        (vec![requested(), answered()], sum(100, 1, false)),
        (vec![requested(), lost(), waited(0), answered()], sum(110, 2, false)),
        (vec![requested(), answered(), requested()], sum(1_000, 2, true)),
        (vec![requested(), lost(), waited(1)], sum(910, 2, true)),
        (vec![requested(), waited(1), waited(2), answered()], sum(100, 1, false)),
    ] {
        let mut records = records(events.clone());
        let closing = closing(&records, &[], vec![], |_| None);
        let usage = closing.iter().find_map(|event| match event {
            Event::RunFinished { usage, .. } => Some(*usage),
            _ => None,
        });
        assert_eq!(usage, Some(expect), "{events:?}");
        // What is summed by model is what is summed in all.
        records.extend(self::records(closing));
        let sums = Sums::of([&*records]);
        let by_model = sums.models.values().fold(Usage::default(), |mut all, one| {
            all.add(*one);
            all
        });
        assert_eq!((sums.all, by_model), (expect, expect), "{events:?}");
    }
}

#[test]
fn edits_that_a_model_was_not_told_of_are_found() {
    let called = |call: &str| Event::AgentCalled {
        call: call.into(),
        run: "run-2".into(),
        agent: "helper".into(),
        task: String::new(),
    };
    let returned = |call: &str| Event::ToolReturned { call: call.into(), text: String::new(), failed: false };
    let proposed = |change: &str, call: &str| Event::ChangeProposed {
        change: change.into(),
        call: call.into(),
        path: "/a".into(),
        hunks: 1,
    };
    let made = |change: &str, path: &str| Event::ChangeApplied {
        change: change.into(),
        path: path.into(),
        before: "old".into(),
        after: "new".into(),
    };
    let drafted = || Event::ChangeDrafted { call: "cal-1".into(), path: "/a".into() };
    let undone = |change: &str| Event::Undone {
        change: change.into(),
        path: "/a".into(),
        before: String::new(),
        after: String::new(),
        redo: false,
    };
    let told = || Event::told("");
    for (events, expect) in [
        // Its own: told by the result of the call.
        (vec![proposed("chg-1", "cal-1"), made("chg-1", "/a")], vec!["/a"]),
        (vec![proposed("chg-1", "cal-1"), made("chg-1", "/a"), returned("cal-1")], vec![]),
        (vec![proposed("chg-1", "cal-1"), made("chg-1", "/a"), undone("chg-1")], vec![]),
        // Behind checks the call had returned long before.
        (vec![drafted(), returned("cal-1"), proposed("chg-1", "cal-1"), made("chg-1", "/a")], vec!["/a"]),
        (vec![drafted(), returned("cal-1"), proposed("chg-1", "cal-1"), made("chg-1", "/a"), told()], vec![]),
        // A helper's in place, and what a helper brought back.
        (vec![called("cal-1"), made("chg-1", "/a"), made("chg-2", "/b")], vec!["/a", "/b"]),
        (vec![called("cal-1"), made("chg-1", "/a"), returned("cal-1")], vec![]),
        (vec![called("cal-1"), proposed("chg-1", "cal-1"), made("chg-1", "/a")], vec!["/a"]),
    ] {
        let records = records(events.clone());
        let untold = edits::untold(events.iter());
        let untold: Vec<&str> = untold.iter().filter_map(|edit| edit.path.to_str()).collect();
        assert_eq!(untold, expect, "{events:?}");
        let words = noticed(&closing(&records, &[], vec![], |_| None)).to_owned();
        assert_eq!(words.contains("Made all the same: the edit of /a"), !expect.is_empty(), "{words}");
    }
}

#[test]
fn what_a_command_did_is_named_where_its_result_came_to_nobody() {
    let called = |call: &str| Event::ToolCalled {
        call: call.into(),
        name: "bash".to_owned(),
        arguments: serde_json::json!({}),
        written: Written::default(),
    };
    let returned = Event::ToolReturned { call: "cal-1".into(), text: String::new(), failed: false };
    let changed = |after: Option<&str>, instead| Event::CommandChanged {
        change: "chg-1".into(),
        call: "cal-1".into(),
        path: "/a".into(),
        before: Some("old".into()),
        after: after.map(str::to_owned),
        instead,
        folders: 0,
    };
    let took = Event::CommandTook {
        call: "cal-1".into(),
        path: "/b".into(),
        reason: "it was too much to be kept".into(),
        overwritten: false,
    };
    let undone = Event::Undone {
        change: "chg-1".into(),
        path: "/a".into(),
        before: String::new(),
        after: "old".into(),
        redo: false,
    };
    let put = "a command put a folder in the place of /a";
    let gone = "a command took away /b: it was too much to be kept";
    for (events, expect) in [
        (vec![called("cal-1"), changed(Some("new"), None)], vec!["a command changed /a"]),
        (vec![called("cal-1"), changed(None, None)], vec!["a command took away /a"]),
        (vec![called("cal-1"), changed(None, Some(Instead::Folder)), took.clone()], vec![put, gone]),
        (vec![called("cal-1"), changed(None, None), took, undone], vec![gone]),
        (vec![called("cal-1"), changed(None, None), returned], vec![]),
        // A hook's has no result that anybody waits for.
        (vec![called("cal-2"), changed(None, None)], vec![]),
    ] {
        let records = records(events);
        let deeds =
            deeds::deeds(records.iter().map(|record| &record.event), |path| path.display().to_string());
        assert_eq!(deeds, expect);
        let words = noticed(&closing(&records, &[], vec![], |_| None)).to_owned();
        assert_eq!(words.contains("Made all the same: a command"), !expect.is_empty(), "{words}");
    }
}

#[test]
fn what_a_helper_made_in_place_is_not_said_to_be_unmade() {
    let proposed =
        Event::ChangeProposed { change: "chg-1".into(), call: "cal-1".into(), path: "/a".into(), hunks: 1 };
    let (own, parents) = (records(vec![proposed]), records(vec![applying(), applied()]));
    assert_eq!(noticed(&closing(&own, &parents, vec![], |_| None)), "");
    assert_eq!(
        noticed(&closing(&own, &[], vec![], |_| None)),
        "A run was cut short. Not made: the edit of /a."
    );
}

#[test]
fn what_was_written_down_of_an_answer_is_told_and_nothing_of_one_before() {
    let streamed = |text: &str| Event::Streamed { text: text.to_owned() };
    let answered = || Event::ModelAnswered {
        text: "a".to_owned(),
        calls: 0,
        usage: Usage::default(),
        stopped: String::new(),
    };
    let requested = || Event::ModelRequested { number: 1, most: Usage::default(), expected: 0 };
    for (events, expect) in [
        (vec![requested(), streamed("One\n"), streamed("two ")], Some("One\ntwo")),
        (vec![requested(), streamed("One\n"), answered()], None),
        (vec![requested(), streamed("One\n"), answered(), requested(), streamed("Three\n")], Some("Three")),
        (vec![requested()], None),
        (vec![], None),
    ] {
        let told = half(&records(events));
        assert_eq!(told.as_deref(), expect.map(crate::run::half::words).as_deref());
    }
}
