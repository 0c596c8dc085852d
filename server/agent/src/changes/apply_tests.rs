//! What one edit comes to when files and editors do not do as hoped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;
use crate::DiskFiles;
use crate::bench::{Bench, Script};
use copydesk_base::Files;
use copydesk_base::change::{Hunk, HunkState, Instead};
use copydesk_base::files::{Entry, Opening};

/// A plan that replaces the whole of a file.
fn plan(bench: &Bench, name: &str, before: &str, after: &str) -> ChangePlan {
    let hunks = rebase::hunks(before, after);
    ChangePlan {
        id: "chg-1".into(),
        run: "run-1".into(),
        call: "cal-1".into(),
        path: bench.path(name),
        base: Base::Disk { hash: copydesk_base::ContentHash::of(before) },
        before: before.to_owned(),
        hunks: hunks.into_iter().map(|(span, text)| Hunk { span, text, state: HunkState::Pending }).collect(),
        checked: None,
    }
}

async fn applied(bench: &Bench, plan: &ChangePlan) -> HunkReport {
    let shared = &bench.desk.shared;
    let redactor = Redactor::default();
    let patience = Duration::from_secs(1);
    let offer = Offer { plan, chosen: &[0], patience, cancel: &CancellationToken::new() };
    apply(&shared.world, &shared.recorder, &redactor, offer).await.unwrap()
}

#[tokio::test]
async fn a_file_that_cannot_be_used_refuses_its_hunks_and_ends_no_run() {
    let bench = Bench::new();
    let plan = plan(&bench, "a", "one\n", "two\n");
    std::fs::write(bench.path("a"), b"\xff").unwrap();
    let report = applied(&bench, &plan).await;
    assert!(report.sent.is_empty() && report.refused[0].reason.contains("not valid UTF-8"), "{report:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_put_there_after_the_verdict_is_not_followed() {
    let bench = Bench::new();
    bench.write("judged/a", "one\n");
    bench.write("elsewhere/a", "one\n");
    let plan = plan(&bench, "judged/a", "one\n", "two\n");
    std::fs::remove_dir_all(bench.path("judged")).unwrap();
    std::os::unix::fs::symlink(bench.path("elsewhere"), bench.path("judged")).unwrap();
    let report = applied(&bench, &plan).await;
    assert_eq!(report.refused[0].reason, "the path leads somewhere else now");
    assert_eq!(bench.read("elsewhere/a"), "one\n");
    assert_eq!(bench.records("run-1").await, [], "nothing of it is in the journal");
}

/// A workspace whose file `a` an editor holds open, and how often it is sent an edit that it treats as told.
async fn offered(answer: Applied) -> (HunkReport, usize) {
    let sent = Arc::new(AtomicUsize::new(0));
    let script: Script = (0..5)
        .map(|_| {
            let (sent, answer) = (sent.clone(), answer.clone());
            let react = move |_: &DocumentEdit| {
                sent.fetch_add(1, Ordering::Relaxed);
                answer
            };
            Box::new(react) as Box<dyn FnOnce(&DocumentEdit) -> Applied + Send>
        })
        .collect();
    let bench = Bench::with(Arc::new(Open::default()), script);
    bench.write("a", "one\n");
    let report = applied(&bench, &plan(&bench, "a", "one\n", "two\n")).await;
    (report, sent.load(Ordering::Relaxed))
}

/// Files that are all open in an editor.
#[derive(Default)]
struct Open {
    is_closed: Arc<AtomicBool>,
}

impl Files for Open {
    fn read(&self, path: &Path) -> Result<FileText, FileError> {
        let version = (!self.is_closed.load(Ordering::Relaxed)).then_some(1);
        DiskFiles.read(path).map(|file| FileText { version, ..file })
    }

    fn open(&self, path: &Path) -> Result<std::fs::File, FileError> {
        DiskFiles.open(path)
    }

    fn opening(&self) -> Opening<'_> {
        DiskFiles.opening()
    }

    fn list(&self, path: &Path) -> Result<Vec<Entry>, FileError> {
        DiskFiles.list(path)
    }

    fn write(&self, path: &Path, _: &str, _: Expect) -> Result<(), FileError> {
        Err(FileError::Open { path: path.to_owned() })
    }

    fn remove(&self, path: &Path, _: Expect) -> Result<(), FileError> {
        Err(FileError::Open { path: path.to_owned() })
    }

    fn remove_folder(&self, path: &Path) -> Result<(), FileError> {
        DiskFiles.remove_folder(path)
    }

    fn clear(&self, path: &Path, instead: &Instead) -> Result<(), FileError> {
        DiskFiles.clear(path, instead)
    }

    fn is_open(&self, _: &Path) -> bool {
        true
    }
}

#[tokio::test]
async fn an_edit_is_offered_again_after_an_answer_and_not_after_silence() {
    let reason = || "as told".to_owned();
    for (answer, offers, applied) in [
        (Applied::Proven { version: 2 }, 1, 1),
        (Applied::NotApplied { reason: reason() }, OFFERS, 0),
        (Applied::Unanswered { reason: reason() }, 1, 0),
    ] {
        let (report, sent) = offered(answer.clone()).await;
        assert_eq!((sent, report.sent.len()), (offers, applied), "{answer:?}");
        assert!(report.refused.iter().all(|refused| refused.reason == "as told"), "{report:?}");
    }
}

#[tokio::test]
async fn an_editor_that_applies_saves_and_closes_has_made_the_edit() {
    let is_closed = Arc::new(AtomicBool::new(false));
    let files = Open { is_closed: is_closed.clone() };
    let react = move |edit: &DocumentEdit| {
        std::fs::write(&edit.path, &edit.after).unwrap();
        is_closed.store(true, Ordering::Relaxed);
        Applied::Closed
    };
    let bench = Bench::with(Arc::new(files), vec![Box::new(react)]);
    bench.write("a", "one\n");
    let report = applied(&bench, &plan(&bench, "a", "one\n", "two\n")).await;
    assert_eq!((report.sent, report.refused), (vec![0], vec![]));
    let last = bench.records("run-1").await.pop().unwrap().event;
    assert!(matches!(last, Event::ChangeApplied { before, .. } if before == "one\n"));
}
