//! What an undo leaves to the person, and that it goes on from there.

use super::*;
use crate::bench::Bench;

#[tokio::test]
async fn a_run_of_which_nothing_can_be_taken_back_does_not_stand_before_the_others() {
    let bench = Bench::new();
    for name in ["a", "b", "c"] {
        bench.write(name, "0\n");
        bench.edited(&format!("run-{name}"), &format!("chg-{name}"), name, "1\n").await;
    }
    bench.write("b", "mine\n");
    bench.write("c", "mine\n");
    let last = |records: Vec<Record>| match records.last().map(|record| record.event.clone()) {
        Some(Event::Notice { text, .. }) => text,
        other => panic!("{other:?}"),
    };
    for run in ["run-c", "run-b"] {
        let (open, gate) = tokio::sync::oneshot::channel();
        // In a terminal, and where an editor must be answered first.
        let report = if run == "run-c" {
            bench.desk.undo(None).await.unwrap()
        } else {
            bench.desk.take_back_behind(None, Direction::Undo, gate).await.unwrap()
        };
        drop(open);
        assert_eq!((report.sent.len(), report.refused.len()), (0, 1), "{run}");
        let told = last(bench.records(run).await);
        assert!(told.contains(&format!("copydesk undo {run}")), "{told}");
    }
    assert_eq!(bench.desk.undo(None).await.unwrap().sent, [0]);
    assert_eq!(bench.read("a"), "0\n");
    assert!(matches!(bench.desk.undo(None).await, Err(AgentError::NothingToUndo)));
    // It is tried again as soon as something of it can be taken back, or by its name; and what was taken back comes again.
    bench.write("b", "1\n");
    assert_eq!(bench.desk.undo(None).await.unwrap().sent, [0]);
    assert_eq!(bench.read("b"), "0\n");
    bench.write("c", "1\n");
    assert_eq!(bench.desk.undo(Some("run-c".into())).await.unwrap().sent, [0]);
    assert_eq!(bench.read("c"), "0\n");
    for name in ["c", "b", "a"] {
        assert_eq!(bench.desk.redo(None).await.unwrap().sent, [0]);
        assert_eq!(bench.read(name), "1\n");
    }
    bench.desk.close().await;
}

#[tokio::test]
async fn line_ends_and_a_mark_that_an_editor_told_otherwise_do_not_hinder_an_undo() {
    // As the run has it, and as it was saved.
    for (before, after, saved, back) in [
        ("a\nb\n", "a\nB\n", "a\r\nB\r\n", "a\r\nb\r\n"),
        ("a\r\nb\r\n", "a\r\nB\r\n", "a\nB\n", "a\nb\n"),
        ("a\nb\n", "A\nb\n", "\u{feff}A\r\nb\r\n", "\u{feff}a\r\nb\r\n"),
        ("\u{feff}a\nb\n", "\u{feff}A\nb\n", "A\nb\n", "a\nb\n"),
        ("a\nb\n", "a\nB\n", "a\r\nB\r\nmine\r\n", "a\r\nb\r\nmine\r\n"),
    ] {
        let bench = Bench::new();
        bench.write("a", before);
        bench.edited("run-1", "chg-1", "a", after).await;
        bench.write("a", saved);
        for text in [back, saved] {
            let is_undo = text == back;
            let report = if is_undo { bench.desk.undo(None).await } else { bench.desk.redo(None).await };
            let report = report.unwrap();
            assert_eq!((report.sent.as_slice(), report.refused), (&[0][..], vec![]), "{saved:?}");
            assert_eq!(bench.read("a"), text);
        }
    }
}

#[tokio::test]
async fn a_file_that_was_moved_or_deleted_is_called_so() {
    for (before, why) in [
        ("0\n", "it was moved or deleted since"),
        ("", "it is not there: never saved, or moved or deleted since"),
    ] {
        let bench = Bench::new();
        bench.write("a", before);
        let path = bench.path("a");
        if before.is_empty() {
            let (change, base) = ("chg-1".into(), copydesk_base::change::Base::Absent);
            let (before, after, hunks) = (String::new(), "1\n".to_owned(), vec![]);
            let intent =
                Event::ChangeApplying { change, path, base, before, after, undo: false, folders: 0, hunks };
            bench.record("run-1", vec![intent]).await;
        }
        bench.edited("run-1", "chg-1", "a", "1\n").await;
        std::fs::rename(bench.path("a"), bench.path("b")).unwrap();
        let report = bench.desk.undo(None).await.unwrap();
        assert!(report.sent.is_empty(), "{report:?}");
        assert_eq!(report.refused[0].reason, format!("a: {why}"));
        assert_eq!(bench.read("b"), "1\n");
    }
}

/// What a command put in the place of a file, what somebody did there since, and why the file does not come back.
type Row = (fn(&Path), fn(&Path), Option<&'static str>);

#[tokio::test]
async fn a_file_comes_back_where_a_command_put_something_else_in_its_place() {
    let link: fn(&Path) = |place| std::os::unix::fs::symlink("other", place).unwrap();
    let folder: fn(&Path) = |place| std::fs::create_dir(place).unwrap();
    let socket: fn(&Path) = |place| drop(std::os::unix::net::UnixListener::bind(place).unwrap());
    let rows: [Row; 5] = [
        (link, |_| {}, None),
        (folder, |_| {}, None),
        (socket, |_| {}, None),
        (
            link,
            |place| {
                std::fs::remove_file(place).unwrap();
                std::os::unix::fs::symlink("another", place).unwrap();
            },
            Some("a: a command put a link in its place, and something else is there now"),
        ),
        (folder, |place| std::fs::write(place.join("mine"), "mine\n").unwrap(), Some("not empty")),
    ];
    for (put, since, why) in rows {
        let bench = Bench::new();
        bench.write("other", "other\n");
        let place = bench.path("a");
        put(&place);
        let instead = Instead::at(&place);
        assert!(instead.is_some());
        let (change, call, path) = ("chg-1".into(), "c-1".into(), place.clone());
        let (before, after) = (Some("x\n".to_owned()), None);
        let event = Event::CommandChanged { change, call, path, before, after, instead, folders: 0 };
        bench.record("run-1", vec![event]).await;
        since(&place);
        let there = Instead::at(&place);
        let report = bench.desk.undo(None).await.unwrap();
        match why {
            None => {
                assert_eq!((report.sent.as_slice(), report.refused), (&[0][..], vec![]));
                assert_eq!(bench.read("a"), "x\n");
                assert_eq!(bench.desk.redo(None).await.unwrap().refused.len(), 1);
                assert_eq!(bench.read("a"), "x\n", "what stood there does not come again");
            }
            Some(why) => {
                assert!(report.sent.is_empty(), "{report:?}");
                assert!(report.refused[0].reason.contains(why), "{report:?}");
                assert_eq!(Instead::at(&place), there);
            }
        }
        assert_eq!(bench.read("other"), "other\n");
    }
}
