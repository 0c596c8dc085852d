//! The journal as its users see it: what was appended is there, what was changed is noticed, who was first wins.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

use copydesk_base::event::{Carried, Origin};
use copydesk_base::{
    ApprovalId, ChangeId, Event, Grade, Record, RunId, RunStatus, SessionId, Span, Timestamp, Usage,
};
use copydesk_store::{
    Answered, Deleted, Journal, Keep, PendingRow, ReadOnly, RunRow, SessionRow, StoreError, Swept,
    workspace_id,
};
use rusqlite::Connection;

/// A home and a workspace that go away with the test.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn workspace(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn journal(&self) -> Journal {
        Journal::at(&self.home(), &self.workspace("work"))
    }

    fn raw(&self) -> Connection {
        Connection::open(self.journal().path()).unwrap()
    }
}

fn started(run: &str) -> Record {
    let event = Event::RunStarted {
        session: SessionId::from("ses-1"),
        title: format!("ask {run}"),
        prompt: "make it so".into(),
        action: "ask".into(),
        origin: Some(Origin { path: "/w/a.rs".into(), span: Span::new(1, 2) }),
        model: "offline/offline".into(),
        requested: None,
        why: String::new(),
        offline: true,
        mode: "default".into(),
        process: None,
        agent: String::new(),
        parent: None,
        again: None,
        root: None,
        layers: 0,
        carried: None,
    };
    record(run, 1, event)
}

fn record(run: &str, seq: u64, event: Event) -> Record {
    Record { run: run.into(), seq, at: Timestamp(1_700_000_000_000 + seq), event }
}

fn notice(run: &str, seq: u64) -> Record {
    record(run, seq, Event::notice(format!("event {seq} — ünïcödé \0 and all")))
}

fn finished(run: &str, seq: u64, status: RunStatus) -> Record {
    let event = Event::RunFinished {
        status,
        text: "done".into(),
        error: None,
        usage: Usage::default(),
        denied: vec![],
    };
    record(run, seq, event)
}

fn applied(run: &str, seq: u64, change: &str) -> Record {
    let event = Event::ChangeApplied {
        change: change.into(),
        path: "/w/a.rs".into(),
        before: "a".into(),
        after: "b".into(),
    };
    record(run, seq, event)
}

fn undone(run: &str, seq: u64, change: &str, redo: bool) -> Record {
    let event = Event::Undone {
        change: ChangeId::from(change),
        path: "/w/a.rs".into(),
        before: "b".into(),
        after: "a".into(),
        redo,
    };
    record(run, seq, event)
}

fn pending(id: &str) -> PendingRow {
    PendingRow {
        approval: id.into(),
        run: "run-1".into(),
        summary: "run cargo test".into(),
        always: vec!["Bash(cargo test)".into()],
        asked: Timestamp(5),
        expires: Some(Timestamp(9)),
    }
}

#[tokio::test]
async fn reading_makes_nothing() {
    let place = Place::new();
    let journal = place.journal();
    assert_eq!(journal.records(&"run-1".into()).await, Ok(vec![]));
    assert_eq!(journal.runs(10).await, Ok(vec![]));
    assert_eq!(journal.sessions(10).await, Ok(vec![]));
    assert_eq!(journal.pending().await, Ok(vec![]));
    assert_eq!(journal.changed_elsewhere().await, Ok(false));
    assert_eq!(journal.answer(&"apr-1".into(), "once", "person").await, Ok(Answered::Unknown));
    assert!(!journal.is_read_only().await);
    assert!(!place.home().exists());
}

#[tokio::test]
async fn a_session_is_listed_by_its_first_run_and_stands_where_its_last_one_does() {
    let place = Place::new();
    let journal = place.journal();
    let of = |run: &str, session: &str| {
        let mut record = started(run);
        if let Event::RunStarted { session: its, .. } = &mut record.event {
            *its = session.into();
        }
        record
    };
    for record in [of("run-1", "ses-1"), of("run-2", "ses-2"), of("run-3", "ses-1")] {
        journal.append(vec![record]).await.unwrap();
    }
    // This one failed before it had a session, as that one did: two runs, and no conversation.
    for run in ["run-4", "run-5"] {
        journal.append(vec![finished(run, 1, RunStatus::Failed)]).await.unwrap();
    }
    let row = |run: &str, session: &str, turns| SessionRow {
        session: session.into(),
        title: format!("ask {run}"),
        name: None,
        started: Timestamp(1_700_000_000_001),
        turns,
    };
    assert_eq!(journal.sessions(10).await, Ok(vec![row("run-1", "ses-1", 2), row("run-2", "ses-2", 1)]));
    assert_eq!(journal.sessions(1).await, Ok(vec![row("run-1", "ses-1", 2)]));
    let runs = |rows: Vec<RunRow>| rows.into_iter().map(|row| row.run).collect::<Vec<RunId>>();
    assert_eq!(
        journal.session(&"ses-1".into()).await.map(runs),
        Ok(vec!["run-1".into(), "run-3".into()]),
        "oldest first"
    );
    assert_eq!(journal.session(&"".into()).await, Ok(vec![]));
    assert_eq!(journal.runs(10).await.map(|rows| rows.len()), Ok(5), "each run is listed as one");
}

#[tokio::test]
async fn a_conversation_is_named_and_deleted_whole_but_never_an_open_one() {
    let place = Place::new();
    let journal = place.journal();
    assert_eq!(journal.delete(&"ses-1".into()).await, Ok(Deleted::Unknown), "nothing is made by that");
    assert!(!journal.path().exists());
    journal.append(vec![started("run-1"), applied("run-1", 2, "chg-1")]).await.unwrap();
    let session = journal.sessions(1).await.unwrap().remove(0).session;
    assert_eq!(journal.name(&session, "mine").await, Ok(true));
    assert_eq!(journal.name(&"ses-none".into(), "mine").await, Ok(false));
    assert_eq!(journal.sessions(1).await.unwrap()[0].name.as_deref(), Some("mine"));
    assert_eq!(journal.delete(&session).await, Ok(Deleted::UnderWay));
    let all = Keep { since: Timestamp(u64::MAX), bytes: 0 };
    assert_eq!(journal.sweep(all).await, Ok(Swept::default()), "nor is it swept");
    journal.append(vec![finished("run-1", 3, RunStatus::Succeeded)]).await.unwrap();
    assert_eq!(journal.delete(&session).await, Ok(Deleted::Gone(vec!["run-1".into()])));
    assert_eq!(journal.sessions(1).await, Ok(vec![]));
    assert_eq!(journal.records(&"run-1".into()).await, Ok(vec![]));
    assert_eq!(journal.last_changed_run().await, Ok(None));
    journal.append(vec![started("run-2"), finished("run-2", 2, RunStatus::Failed)]).await.unwrap();
    assert_eq!(journal.sessions(1).await.unwrap()[0].name, None, "a name goes with its conversation");
    let young = Keep { since: Timestamp(0), bytes: u64::MAX };
    assert_eq!(journal.sweep(young).await, Ok(Swept::default()));
    assert_eq!(journal.sweep(all).await, Ok(Swept { sessions: vec![session], runs: vec!["run-2".into()] }));
}

/// A run that works for another one, in no conversation of its own.
fn helper(run: &str, of: &str) -> Record {
    let mut record = started(run);
    if let Event::RunStarted { session, parent, .. } = &mut record.event {
        (*session, *parent) = ("".into(), Some(of.into()));
    }
    record
}

#[tokio::test]
async fn helpers_go_with_the_run_that_they_worked_for_and_strays_when_their_time_is_over() {
    let place = Place::new();
    let journal = place.journal();
    let left = async || {
        let mut runs: Vec<String> =
            journal.runs(10).await.unwrap().into_iter().map(|row| row.run.0).collect();
        runs.sort_unstable();
        runs
    };
    let done = |run: &str| finished(run, 2, RunStatus::Succeeded);
    let call = Event::AgentCalled {
        call: "cal-1".into(),
        run: "run-6".into(),
        agent: "helper".into(),
        task: String::new(),
    };
    let whole = vec![
        started("run-1"),
        record("run-1", 2, call),
        finished("run-1", 3, RunStatus::Succeeded),
        helper("run-2", "run-1"),
    ];
    journal.append(whole).await.unwrap();
    let session = SessionId::from("ses-1");
    assert_eq!(journal.delete(&session).await, Ok(Deleted::UnderWay), "somebody works for it");
    journal.append(vec![done("run-2"), helper("run-3", "run-gone"), done("run-3")]).await.unwrap();
    // Helpers of an older version: one of which nobody kept whose it was, and one that is named where it was called.
    // And one at work.
    let older = |run: &str| {
        let mut older = helper(run, "");
        if let Event::RunStarted { parent, .. } = &mut older.event {
            *parent = None;
        }
        older
    };
    let old = vec![older("run-4"), done("run-4"), older("run-6"), done("run-6"), helper("run-5", "run-gone")];
    journal.append(old).await.unwrap();
    assert_eq!(journal.sweep(Keep { since: Timestamp(0), bytes: u64::MAX }).await, Ok(Swept::default()));
    assert_eq!(left().await, ["run-1", "run-2", "run-3", "run-4", "run-5", "run-6"]);
    let gone = ["run-1", "run-2", "run-6"].map(Into::into).to_vec();
    assert_eq!(journal.delete(&session).await, Ok(Deleted::Gone(gone)));
    assert_eq!(left().await, ["run-3", "run-4", "run-5"]);
    assert_eq!(journal.records(&"run-2".into()).await, Ok(vec![]));
    let swept = Swept { sessions: vec![], runs: ["run-3", "run-4"].map(Into::into).to_vec() };
    let late = Keep { since: Timestamp(u64::MAX), bytes: u64::MAX };
    assert_eq!(journal.sweep(late).await, Ok(swept));
    assert_eq!(left().await, ["run-5"], "what is under way stays");
}

#[tokio::test]
async fn what_was_appended_is_there_after_reopening() {
    let place = Place::new();
    let written = vec![started("run-1"), notice("run-1", 2), finished("run-1", 3, RunStatus::Succeeded)];
    place.journal().append(written.clone()).await.unwrap();
    place.journal().append(vec![started("run-2")]).await.unwrap();

    let journal = place.journal();
    assert_eq!(journal.records(&"run-1".into()).await, Ok(written));
    let runs: Vec<_> = journal.runs(10).await.unwrap();
    let shown: Vec<_> = runs.iter().map(|row| (row.run.as_str(), row.title.as_str(), row.status)).collect();
    assert_eq!(shown, [("run-2", "ask run-2", None), ("run-1", "ask run-1", Some(RunStatus::Succeeded))]);
    assert_eq!(journal.runs(1).await.unwrap().len(), 1);
    assert_eq!(journal.run(&"run-1".into()).await.unwrap().as_ref(), Some(&runs[1]));
}

#[tokio::test]
async fn numbers_must_follow_each_other_and_nothing_is_half_written() {
    let place = Place::new();
    let journal = place.journal();
    journal.append(vec![started("run-1")]).await.unwrap();
    for (seq, batch) in [(1, vec![started("run-1")]), (4, vec![notice("run-1", 2), notice("run-1", 4)])] {
        let expected = if seq == 1 { 2 } else { 3 };
        assert_eq!(
            journal.append(batch).await,
            Err(StoreError::OutOfOrder { run: "run-1".into(), expected, found: seq })
        );
    }
    assert_eq!(journal.records(&"run-1".into()).await, Ok(vec![started("run-1")]));
}

#[tokio::test]
async fn undo_and_redo_find_the_newest_run_that_has_something_for_them() {
    let place = Place::new();
    let journal = place.journal();
    let runs = |run: Option<RunId>| run.map(|run| run.0);
    journal.append(vec![started("run-1"), applied("run-1", 2, "chg-1")]).await.unwrap();
    journal.append(vec![started("run-2"), applied("run-2", 2, "chg-2")]).await.unwrap();
    journal.append(vec![started("run-3")]).await.unwrap();
    assert_eq!(runs(journal.last_changed_run().await.unwrap()).as_deref(), Some("run-2"));
    journal.append(vec![undone("run-2", 3, "chg-2", false)]).await.unwrap();
    assert_eq!(runs(journal.last_changed_run().await.unwrap()).as_deref(), Some("run-1"));
    assert_eq!(runs(journal.last_undone_run().await.unwrap()).as_deref(), Some("run-2"));
    journal.append(vec![undone("run-1", 3, "chg-1", false)]).await.unwrap();
    let later = Record { seq: 4, at: Timestamp(1_700_000_000_009), ..undone("run-1", 4, "chg-1", false) };
    journal.append(vec![later]).await.unwrap();
    assert_eq!(runs(journal.last_undone_run().await.unwrap()).as_deref(), Some("run-1"), "the last to go");
    journal.append(vec![undone("run-1", 5, "chg-1", true)]).await.unwrap();
    assert_eq!(runs(journal.last_undone_run().await.unwrap()).as_deref(), Some("run-2"));
    journal.append(vec![undone("run-2", 4, "chg-2", true)]).await.unwrap();
    assert_eq!(runs(journal.last_changed_run().await.unwrap()).as_deref(), Some("run-2"));
    assert_eq!(runs(journal.last_undone_run().await.unwrap()), None);
}

#[tokio::test]
async fn every_way_of_changing_a_record_is_noticed() {
    for (what, change) in [
        ("text", "UPDATE records SET data = replace(data, 'event 2', 'event 9') WHERE seq = 2"),
        ("time", "UPDATE records SET at = at + 1 WHERE seq = 2"),
        ("ulid", "UPDATE records SET ulid = 'X' WHERE seq = 2"),
        ("hash", "UPDATE records SET link = zeroblob(32) WHERE seq = 2"),
        ("gap", "DELETE FROM records WHERE seq = 2"),
        ("start", "DELETE FROM records WHERE seq = 1"),
        ("tail", "DELETE FROM records WHERE seq = 4"),
        ("tail, covered up", "DELETE FROM records WHERE seq = 4; UPDATE runs SET last_seq = 3"),
        ("all of it", "DELETE FROM records WHERE run = 'run-1'"),
        (
            "order",
            "UPDATE records SET seq = 9 WHERE seq = 2; UPDATE records SET seq = 2 WHERE seq = 3;
             UPDATE records SET seq = 3 WHERE seq = 9",
        ),
        ("another run's", "UPDATE records SET run = 'run-2'; UPDATE runs SET run = 'run-2'"),
        ("its end", "DELETE FROM runs"),
    ] {
        let place = Place::new();
        let written = vec![started("run-1"), notice("run-1", 2), notice("run-1", 3), notice("run-1", 4)];
        place.journal().append(written).await.unwrap();
        place.raw().execute_batch(change).unwrap();
        let run = RunId::from(if what == "another run's" { "run-2" } else { "run-1" });
        let read = place.journal().records(&run).await;
        assert!(matches!(read, Err(StoreError::Tampered { .. })), "{what}: {read:?}");
        // Also where it is among those that nobody wanted.
        let read = place.journal().records_where(vec![run], |kind| kind == "run_finished").await;
        assert!(matches!(read, Err(StoreError::Tampered { .. })), "{what}: {read:?}");
    }
}

#[tokio::test]
async fn kinds_that_are_wanted_are_read_by_what_the_chain_covers() {
    let place = Place::new();
    let finished = || finished("run-1", 3, RunStatus::Succeeded);
    place.journal().append(vec![started("run-1"), notice("run-1", 2), finished()]).await.unwrap();
    // The column is no part of the chain.
    place.raw().execute_batch("UPDATE records SET kind = 'notice'").unwrap();
    let read = place.journal().records_where(vec!["run-1".into()], |kind| kind == "run_finished").await;
    assert_eq!(read.unwrap(), [vec![finished()]]);
}

#[tokio::test]
async fn a_run_is_chained_to_the_one_before_it_in_its_session() {
    let follows = |run: &str, before: &str, seq: u64| {
        let mut record = started(run);
        if let Event::RunStarted { carried, .. } = &mut record.event {
            *carried = Some(Box::new(Carried {
                run: before.into(),
                seq,
                usage: Usage::default(),
                time_ms: 0,
                grade: Grade::Typed,
                open: vec![],
            }));
        }
        record
    };
    for (what, change, is_noticed) in [
        ("what comes behind the record that is named", "", false),
        ("the run before is taken out", "DELETE FROM records WHERE run = 'run-1'", true),
        ("another stands in its place", "UPDATE records SET link = zeroblob(32) WHERE run = 'run-1'", true),
        ("the end of it is taken out", "DELETE FROM records WHERE run = 'run-1' AND seq = 2", true),
        ("another run is taken out", "DELETE FROM records WHERE run = 'run-0'", false),
    ] {
        let place = Place::new();
        let journal = place.journal();
        journal.append(vec![started("run-0"), started("run-1"), notice("run-1", 2)]).await.unwrap();
        journal.append(vec![follows("run-2", "run-1", 2), notice("run-2", 2)]).await.unwrap();
        journal.append(vec![notice("run-1", 3)]).await.unwrap();
        place.raw().execute_batch(change).unwrap();
        let read = place.journal().records(&"run-2".into()).await;
        assert_eq!(read.is_err(), is_noticed, "{what}: {read:?}");
    }
    let place = Place::new();
    let refused = place.journal().append(vec![follows("run-2", "run-1", 2)]).await;
    assert!(matches!(refused, Err(StoreError::Tampered { .. })), "nothing follows what is not there");
}

#[tokio::test]
async fn the_runs_of_a_session_and_its_rewinds_are_found_without_a_look_at_them() {
    let place = Place::new();
    let journal = place.journal();
    let rewound = |run: &str, seq| record(run, seq, Event::Rewound { runs: vec![run.into()] });
    for run in ["run-1", "run-2", "run-3"] {
        journal.append(vec![started(run)]).await.unwrap();
    }
    journal.append(vec![rewound("run-3", 2), rewound("run-1", 2), rewound("run-1", 3)]).await.unwrap();
    let session = SessionId::from("ses-1");
    let names = |runs: &[&str]| Ok(runs.iter().map(|run| RunId::from(*run)).collect::<Vec<_>>());
    assert_eq!(journal.turns(&session).await, names(&["run-1", "run-2", "run-3"]));
    assert_eq!(journal.rewinds(&session).await, names(&["run-1", "run-3"]));
    assert_eq!(journal.rewinds(&"ses-2".into()).await, names(&[]));
    let both = journal.records_of(vec!["run-3".into(), "run-none".into(), "run-2".into()]).await.unwrap();
    assert_eq!(both.iter().map(Vec::len).collect::<Vec<_>>(), [2, 0, 1]);
}

#[tokio::test]
async fn kinds_of_a_newer_version_are_passed_over_and_kept() {
    let place = Place::new();
    let journal = place.journal();
    journal
        .append(vec![started("run-1"), record("run-1", 2, Event::Unknown), notice("run-1", 3)])
        .await
        .unwrap();
    let read = journal.records(&"run-1".into()).await.unwrap();
    assert_eq!(read[1].event, Event::Unknown);
    assert_eq!(read[2], notice("run-1", 3));
}

#[tokio::test]
async fn a_copied_journal_is_read_and_never_written() {
    let place = Place::new();
    place.journal().append(vec![started("run-1"), applied("run-1", 2, "chg-1")]).await.unwrap();
    let copy = Journal::at(&place.home(), &place.workspace("other"));
    copy_file(place.journal().path(), copy.path());

    assert_eq!(copy.read_only().await, Ok(Some(ReadOnly::Foreign)));
    assert_eq!(copy.records(&"run-1".into()).await.unwrap().len(), 2);
    let refused = copy.append(vec![notice("run-1", 3)]).await.unwrap_err();
    assert!(matches!(refused, StoreError::ReadOnly { because: ReadOnly::Foreign, .. }), "{refused}");
    assert!(copy.ask(pending("apr-1")).await.is_err());
    assert!(copy.answer(&"apr-1".into(), "once", "person").await.is_err());
    assert!(!place.journal().is_read_only().await);
}

#[tokio::test]
async fn without_its_key_a_journal_is_foreign() {
    let place = Place::new();
    place.journal().append(vec![started("run-1")]).await.unwrap();
    std::fs::remove_file(place.home().join("journal.key")).unwrap();
    assert!(place.journal().is_read_only().await);
    assert!(!place.home().join("journal.key").exists());
    // Another workspace's first record makes a new key, and it still does not fit.
    Journal::at(&place.home(), &place.workspace("other")).append(vec![started("run-1")]).await.unwrap();
    assert_eq!(place.journal().read_only().await, Ok(Some(ReadOnly::Foreign)));
}

#[tokio::test]
async fn a_newer_layout_is_read_and_never_written() {
    let place = Place::new();
    place.journal().append(vec![started("run-1")]).await.unwrap();
    place.raw().pragma_update(None, "user_version", 7).unwrap();
    let journal = place.journal();
    assert_eq!(journal.records(&"run-1".into()).await.unwrap().len(), 1);
    let refused = journal.append(vec![notice("run-1", 2)]).await.unwrap_err().to_string();
    assert!(refused.contains("layout 7 of a newer version"), "{refused}");
}

#[tokio::test]
async fn what_is_no_journal_is_named_and_left_alone() {
    let place = Place::new();
    let journal = place.journal();
    let path = journal.path().to_owned();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "my shopping list, longer than a header of a database needs to be, really")
        .unwrap();
    let failed = journal.append(vec![started("run-1")]).await.unwrap_err().to_string();
    assert!(failed.contains("state.db"), "{failed}");
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("my shopping list"));
    std::fs::remove_file(&path).unwrap();

    Connection::open(&path).unwrap().execute_batch("CREATE TABLE chess (game TEXT)").unwrap();
    let failed = journal.append(vec![started("run-1")]).await.unwrap_err().to_string();
    assert!(failed.contains("not made by copydesk"), "{failed}");
}

#[tokio::test]
async fn a_journal_that_was_taken_away_is_made_anew() {
    let place = Place::new();
    let journal = place.journal();
    journal.append(vec![started("run-1")]).await.unwrap();
    std::fs::remove_dir_all(place.home()).unwrap();
    assert_eq!(journal.runs(9).await, Ok(vec![]));
    journal.append(vec![started("run-2")]).await.unwrap();
    assert_eq!(place.journal().runs(9).await.unwrap().len(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let journal = place.journal();
    journal.append(vec![started("run-1")]).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = journal.path().parent().unwrap();
    assert_eq!(folder.file_name().unwrap().to_str(), Some(workspace_id(&place.workspace("work")).as_str()));
    for (path, expected) in [
        (place.home().as_path(), 0o700),
        (folder.parent().unwrap(), 0o700),
        (folder, 0o700),
        (journal.path(), 0o600),
        (&journal.path().with_extension("db-wal"), 0o600),
        (&place.home().join("journal.key"), 0o600),
    ] {
        assert_eq!(mode(path), expected, "{}", path.display());
    }
}

#[tokio::test]
async fn another_handle_lists_and_answers_what_is_pending() {
    let place = Place::new();
    let (server, other) = (place.journal(), place.journal());
    server.ask(pending("apr-1")).await.unwrap();
    server.ask(pending("apr-2")).await.unwrap();
    assert_eq!(server.changed_elsewhere().await, Ok(true), "the first call");
    assert_eq!(server.changed_elsewhere().await, Ok(false));
    assert_eq!(other.pending().await.unwrap(), [pending("apr-1"), pending("apr-2")]);

    let approval = ApprovalId::from("apr-1");
    assert_eq!(other.answer(&approval, "always", "person").await, Ok(Answered::Taken));
    assert_eq!(other.answer(&approval, "deny", "person").await, Ok(Answered::AlreadySettled));
    assert_eq!(other.answer(&"apr-9".into(), "deny", "person").await, Ok(Answered::Unknown));
    assert_eq!(server.changed_elsewhere().await, Ok(true));

    let answers = server.answers().await.unwrap();
    assert_eq!(answers.len(), 1);
    assert_eq!((answers[0].0.as_str(), answers[0].1.decision.as_str()), ("apr-1", "always"));
    // The editor's own answer comes too late: the decision that stands is the other process's.
    let stands = server.settle(&approval, "deny", "editor").await.unwrap();
    assert_eq!((stands.decision.as_str(), stands.by.as_str()), ("always", "person"));
    assert_eq!(server.answers().await.unwrap(), []);

    let stands = server.settle(&"apr-2".into(), "expired", "timeout").await.unwrap();
    assert_eq!(stands.decision, "expired");
    assert_eq!(other.answer(&"apr-2".into(), "once", "person").await, Ok(Answered::AlreadySettled));
    assert_eq!(other.pending().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_answers_at_once_exactly_one_is_taken() {
    let place = Place::new();
    place.journal().ask(pending("apr-1")).await.unwrap();
    let mut answers = tokio::task::JoinSet::new();
    for at in 0..8 {
        let journal = place.journal();
        answers.spawn(async move { journal.answer(&"apr-1".into(), &format!("d{at}"), "person").await });
    }
    let answers = answers.join_all().await;
    assert_eq!(answers.iter().filter(|answer| **answer == Ok(Answered::Taken)).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| **answer == Ok(Answered::AlreadySettled)).count(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_handles_make_and_fill_one_journal() {
    let place = Place::new();
    let mut writers = tokio::task::JoinSet::new();
    for at in 0..6 {
        let journal = place.journal();
        writers.spawn(async move {
            let run = format!("run-{at}");
            journal.append(vec![started(&run)]).await.unwrap();
            for seq in 2..=20 {
                journal.append(vec![notice(&run, seq)]).await.unwrap();
            }
        });
    }
    writers.join_all().await;
    let journal = place.journal();
    for row in journal.runs(99).await.unwrap() {
        assert_eq!(journal.records(&row.run).await.unwrap().len(), 20);
    }
    assert_eq!(journal.runs(99).await.unwrap().len(), 6);
}

fn copy_file(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::fs::copy(from, to).unwrap();
}
