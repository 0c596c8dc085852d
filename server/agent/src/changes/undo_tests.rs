//! What undo and redo make of a journal and of the text that is there now.

use super::*;
use crate::bench::{Bench, KEY};
use copydesk_base::change::Base;
use copydesk_base::redact::REDACTED;

#[tokio::test]
async fn a_run_that_edited_a_file_twice_does_not_stand_before_the_one_before_it() {
    let bench = Bench::new();
    bench.write("a", "0\n");
    bench.write("b", "0\n");
    bench.edited("run-a", "chg-1", "a", "1\n").await;
    bench.edited("run-b", "chg-2", "b", "1\n").await;
    bench.edited("run-b", "chg-3", "b", "2\n").await;
    for (a, b) in [("1\n", "0\n"), ("0\n", "0\n")] {
        let report = bench.desk.undo(None).await.unwrap();
        assert_eq!(report.refused, []);
        assert_eq!((bench.read("a"), bench.read("b")), (a.to_owned(), b.to_owned()));
    }
    assert!(matches!(bench.desk.undo(None).await, Err(AgentError::NothingToUndo)));
    bench.desk.redo(Some("run-b".into())).await.unwrap();
    assert_eq!(bench.read("b"), "2\n");
    bench.desk.undo(None).await.unwrap();
    assert_eq!(bench.read("b"), "0\n");
}

#[tokio::test]
async fn a_piece_that_was_refused_does_not_stand_in_the_way() {
    let bench = Bench::new();
    bench.write("a", "0\n");
    bench.write("b", "0\nx\ny\nz\n0\n");
    bench.edited("run-a", "chg-1", "a", "1\n").await;
    bench.edited("run-b", "chg-2", "b", "1\nx\ny\nz\n1\n").await;
    bench.write("b", "mine\nx\ny\nz\n1\n");
    let report = bench.desk.undo(None).await.unwrap();
    assert_eq!((report.sent.len(), report.refused.len()), (1, 1));
    assert_eq!(bench.read("b"), "mine\nx\ny\nz\n0\n");
    bench.desk.undo(None).await.unwrap();
    assert_eq!(bench.read("a"), "0\n");
    bench.desk.redo(Some("run-b".into())).await.unwrap();
    assert_eq!(bench.read("b"), "mine\nx\ny\nz\n1\n");
}

#[tokio::test]
async fn an_empty_file_that_a_run_created_goes_and_comes_again() {
    let bench = Bench::new();
    let (change, path) = (ChangeId::from("chg-1"), bench.path("empty"));
    let (before, after) = (String::new(), String::new());
    let intent = Event::ChangeApplying {
        change: change.clone(),
        path: path.clone(),
        base: Base::Absent,
        before: before.clone(),
        after: after.clone(),
        undo: false,
        folders: 0,
        hunks: vec![],
    };
    bench.record("run-1", vec![intent, Event::ChangeApplied { change, path, before, after }]).await;
    bench.write("empty", "");
    for _ in 0..2 {
        assert_eq!(bench.desk.undo(None).await.unwrap().sent, [0]);
        assert!(!bench.path("empty").exists());
        assert_eq!(bench.desk.redo(None).await.unwrap().sent, [0]);
        assert_eq!(bench.read("empty"), "");
    }
}

#[tokio::test]
async fn folders_that_a_run_made_go_with_its_files_unless_something_is_in_them() {
    for (name, folders, more, left) in [
        ("old/new/deep/a", 2, &[][..], "old"),
        ("old/new/deep/a", 2, &["old/new/mine"][..], "old/new"),
        ("old/new/deep/a", 0, &[][..], "old/new/deep"),
    ] {
        let bench = Bench::new();
        let (change, path) = (ChangeId::from("chg-1"), bench.path(name));
        let (before, after) = (String::new(), "x\n".to_owned());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        for name in [&[name], more].concat() {
            bench.write(name, "x\n");
        }
        let intent = Event::ChangeApplying {
            change: change.clone(),
            path: path.clone(),
            base: Base::Absent,
            before: before.clone(),
            after: after.clone(),
            undo: false,
            folders,
            hunks: vec![],
        };
        bench.record("run-1", vec![intent, Event::ChangeApplied { change, path, before, after }]).await;
        for _ in 0..2 {
            bench.desk.undo(None).await.unwrap();
            let there = bench.path(name).ancestors().find(|place| place.exists()).unwrap().to_owned();
            assert_eq!(there, bench.path(left), "{name} {more:?}");
            bench.desk.redo(None).await.unwrap();
            assert_eq!(bench.read(name), "x\n");
        }
    }
}

fn finished() -> Event {
    let (usage, status) = (copydesk_base::Usage::default(), copydesk_base::RunStatus::Canceled);
    Event::RunFinished { status, text: String::new(), error: None, usage, denied: vec![] }
}

fn intent(bench: &Bench, change: &str, name: &str, (before, after): (&str, &str), undo: bool) -> Event {
    Event::ChangeApplying {
        change: change.into(),
        path: bench.path(name),
        base: Base::Disk { hash: ContentHash::of(before) },
        before: before.to_owned(),
        after: after.to_owned(),
        undo,
        folders: 0,
        hunks: vec![],
    }
}

#[tokio::test]
async fn what_was_cut_off_in_a_finished_run_is_settled_before_it_is_undone() {
    let bench = Bench::new();
    // An edit that was dropped with its run, though the editor made it.
    bench.write("a", "1\n");
    bench.record("run-1", vec![intent(&bench, "chg-1", "a", ("0\n", "1\n"), false), finished()]).await;
    bench.desk.undo(None).await.unwrap();
    assert_eq!(bench.read("a"), "0\n");
    // An undo that was killed between the file and the record, of two edits.
    bench.write("b", "0\n");
    bench.edited("run-2", "chg-2", "b", "1\n").await;
    bench.edited("run-2", "chg-3", "b", "2\n").await;
    bench.record("run-2", vec![finished(), intent(&bench, "chg-3", "b", ("2\n", "0\n"), true)]).await;
    bench.write("b", "0\n");
    assert!(matches!(bench.desk.undo(None).await, Err(AgentError::NothingToUndo)));
    bench.desk.redo(Some("run-2".into())).await.unwrap();
    assert_eq!(bench.read("b"), "2\n");
    // And a redo.
    bench.desk.undo(None).await.unwrap();
    bench.record("run-2", vec![intent(&bench, "chg-3", "b", ("0\n", "2\n"), false)]).await;
    bench.write("b", "2\n");
    bench.desk.undo(None).await.unwrap();
    assert_eq!(bench.read("b"), "0\n");
    assert!(matches!(bench.desk.undo(None).await, Err(AgentError::NothingToUndo)));
}

#[tokio::test]
async fn a_secret_comes_back_neither_as_a_mark_nor_into_the_journal() {
    let bench = Bench::new();
    let old = format!("key = {KEY}\nx\ny\nz\none\n");
    bench.write("a", "none\nx\ny\nz\ntwo\n");
    let (change, path) = (ChangeId::from("chg-1"), bench.path("a"));
    let before = old.replace(KEY, REDACTED);
    let after = bench.read("a");
    bench.record("run-1", vec![Event::ChangeApplied { change, path, before, after }]).await;
    let report = bench.desk.undo(None).await.unwrap();
    assert_eq!((report.sent.len(), report.refused.len()), (1, 1));
    assert!(report.refused[0].reason.starts_with("a: line 1: the journal keeps no secrets"), "{report:?}");
    assert_eq!(bench.read("a"), "none\nx\ny\nz\none\n");
    // Each is named with its own line, also beside a secret that stayed, which the journal has as a mark.
    for (gone, line) in [(1, 2), (2, 3)] {
        let run = format!("run-of-{line}");
        let mut lines = ["x".to_owned(), format!("first = {KEY}"), format!("second = {KEY}"), "y".to_owned()];
        let before = lines.join("\n").replace(KEY, REDACTED);
        lines[gone] = "third = 0".to_owned();
        bench.write("c", &lines.join("\n"));
        let (change, path) = (ChangeId::from(format!("chg-of-{line}").as_str()), bench.path("c"));
        let after = lines.join("\n").replace(KEY, REDACTED);
        bench.record(&run, vec![Event::ChangeApplied { change, path, before, after }]).await;
        let report = bench.desk.undo(Some(run.as_str().into())).await.unwrap();
        let expect = format!("c: line {line}: the journal keeps no secrets");
        assert!(report.refused[0].reason.starts_with(&expect), "{report:?}");
    }
    // A key that stands elsewhere in the file stays there, and out of what undo writes down.
    bench.write("b", &format!("{KEY}\n\n\n\n\n1\n"));
    bench.edited("run-2", "chg-2", "b", &format!("{KEY}\n\n\n\n\n2\n")).await;
    bench.desk.undo(None).await.unwrap();
    assert_eq!(bench.read("b"), format!("{KEY}\n\n\n\n\n1\n"));
    let undone = bench.records("run-2").await.pop().unwrap().event;
    assert!(matches!(undone, Event::Undone { after, .. } if after == format!("{REDACTED}\n\n\n\n\n1\n")));
}

#[tokio::test]
async fn a_file_that_cannot_be_read_does_not_hold_up_the_others() {
    let bench = Bench::new();
    for name in ["a", "b"] {
        bench.write(name, "0\n");
        bench.edited("run-1", &format!("chg-{name}"), name, "1\n").await;
    }
    std::fs::write(bench.path("a"), b"\xff").unwrap();
    let (open, gate) = tokio::sync::oneshot::channel();
    let preview = bench.desk.take_back_behind(None, Direction::Undo, gate).await.unwrap();
    for report in [preview, bench.desk.undo(None).await.unwrap()] {
        assert_eq!(report.sent, [1], "{report:?}");
        assert!(report.refused[0].reason.contains("not valid UTF-8"), "{report:?}");
    }
    assert_eq!(bench.read("b"), "0\n");
    drop(open);
    bench.desk.close().await;
}

#[tokio::test]
async fn an_undo_that_came_late_is_written_down_as_one() {
    let bench = Bench::new();
    bench.write("a", "0\n");
    bench.edited("run-1", "chg-1", "a", "1\n").await;
    bench.edited("run-1", "chg-2", "a", "2\n").await;
    bench.write("a", "0\n");
    let late = DocumentEdit {
        label: String::new(),
        aim: Aim::Undo,
        change: "chg-2".into(),
        run: "run-1".into(),
        patience: PATIENCE,
        path: bench.path("a"),
        version: 1,
        edits: vec![],
        after: "0\n".to_owned(),
    };
    bench.desk.recognize(&late, "2\n".to_owned()).await.unwrap();
    assert!(matches!(bench.desk.undo(None).await, Err(AgentError::NothingToUndo)));
    bench.desk.redo(None).await.unwrap();
    assert_eq!(bench.read("a"), "2\n");
}

/// A run changes every tenth line of a file; then somebody edits it 200 times, now and then where the run did.
#[tokio::test]
async fn a_run_is_taken_back_after_200_later_edits_and_each_piece_that_is_not_is_named() {
    let bench = Bench::new();
    let whole = |lines: &[String]| lines.join("\n") + "\n";
    let is_ours = |line: &String| line.starts_with("agent");
    let before: Vec<String> = (0..400).map(|at| format!("line {at}")).collect();
    let mut now: Vec<String> = before.clone();
    for at in (5..400).step_by(10) {
        now[at] = format!("agent {at}");
    }
    bench.write("a", &whole(&before));
    bench.edited("run-1", "chg-1", "a", &whole(&now)).await;
    let mut chance = 0x2545_F491_4F6C_DD1D_u64;
    for step in 0..200 {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let at = usize::try_from(chance % now.len() as u64).unwrap();
        if step % 16 == 0 {
            let theirs = (at..now.len()).chain(0..at).find(|at| is_ours(&now[*at])).unwrap();
            now[theirs] = format!("mine over {step}");
            continue;
        }
        let around = at.saturating_sub(1)..(at + 2).min(now.len());
        let is_apart = |line: &String| is_ours(line) || line.starts_with("mine over");
        match (now[around].iter().any(is_apart), step % 3) {
            (true, _) => {}
            (false, 0) => now.insert(at, format!("mine {step}")),
            (false, 1) => drop(now.remove(at)),
            (false, _) => now[at] = format!("mine {step}"),
        }
    }
    bench.write("a", &whole(&now));
    let report = bench.desk.undo(None).await.unwrap();
    let undone: Vec<String> = now.iter().map(|line| line.replace("agent", "line")).collect();
    assert_eq!(bench.read("a"), whole(&undone));
    let over = now.iter().enumerate().filter(|(_, line)| line.starts_with("mine over"));
    let named: Vec<String> = over.map(|(at, _)| format!("a: line {}: these lines", at + 1)).collect();
    assert_eq!((report.sent.len(), report.refused.len()), (40 - named.len(), named.len()));
    for (refused, name) in report.refused.iter().zip(&named) {
        assert!(refused.reason.starts_with(name.as_str()), "{} is not {name}", refused.reason);
    }
}

/// What a command did to a file, as its run has it.
fn by_command(
    bench: &Bench,
    change: &str,
    name: &str,
    (before, after): (Option<&str>, Option<&str>),
) -> Event {
    Event::CommandChanged {
        change: change.into(),
        call: "c-1".into(),
        path: bench.path(name),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
        instead: None,
        folders: 0,
    }
}

#[tokio::test]
async fn files_that_a_command_took_away_come_back_and_go_again() {
    // Before it, after it, and what it was edited to by its run before.
    for (before, after, edited) in [
        (Some("x\n"), None, None),
        (Some(""), None, None),
        (Some("x\n"), Some("y\n"), None),
        (None, Some("new\n"), None),
        (None, Some(""), None),
        (Some("x\n"), None, Some("w\n")),
    ] {
        let bench = Bench::new();
        let now = |text: Option<&str>| match text {
            Some(text) => bench.write("deep/a", text),
            None => std::fs::remove_file(bench.path("deep/a")).unwrap_or_default(),
        };
        let is = |text: Option<&str>, told: &str| {
            let there = std::fs::read_to_string(bench.path("deep/a")).ok();
            assert_eq!(there.as_deref(), text, "{told}: {before:?} {after:?} {edited:?}");
        };
        std::fs::create_dir_all(bench.path("deep")).unwrap();
        now(edited.or(before));
        if edited.is_some() {
            bench.edited("run-1", "chg-0", "deep/a", before.unwrap_or_default()).await;
        }
        bench.record("run-1", vec![by_command(&bench, "chg-1", "deep/a", (before, after))]).await;
        now(after);
        for _ in 0..2 {
            assert_eq!(bench.desk.undo(None).await.unwrap().refused, []);
            is(edited.or(before), "undone");
            assert_eq!(bench.desk.redo(None).await.unwrap().refused, []);
            is(after, "brought again");
        }
    }
}

#[tokio::test]
async fn what_nobody_can_bring_back_is_named() {
    let bench = Bench::new();
    let took = |name: &str| Event::CommandTook {
        call: "c-1".into(),
        path: bench.path(name),
        reason: "it was too much to be kept".into(),
        overwritten: name == "data.bin",
    };
    let effect = copydesk_base::Effect::Execute { command: "rm -rf a build".into(), cwd: bench.path("") };
    let events = vec![
        Event::EffectStarted { call: "c-1".into(), effect },
        by_command(&bench, "chg-1", "a", (Some("x\n"), None)),
        took("build"),
        took("data.bin"),
    ];
    bench.write("data.bin", "other");
    bench.record("run-1", events).await;
    let report = bench.desk.undo(None).await.unwrap();
    assert_eq!(bench.read("a"), "x\n");
    let reasons: Vec<&str> = report.refused.iter().map(|refused| refused.reason.as_str()).collect();
    let why = "it was too much to be kept";
    let expect = [("build", "took it away"), ("data.bin", "changed it")]
        .map(|(name, did)| format!("{name}: `rm -rf a build` {did}, and {why}"));
    assert_eq!(reasons, expect);
    // Somebody who made the file anew keeps it.
    let bench = Bench::new();
    bench.record("run-1", vec![by_command(&bench, "chg-1", "a", (Some("x\n"), None))]).await;
    bench.write("a", "mine\n");
    let report = bench.desk.undo(None).await.unwrap();
    assert_eq!((report.sent.len(), report.refused.len()), (0, 1));
    assert_eq!(bench.read("a"), "mine\n");
}
