//! What one edit comes to when files and editors do not do as hoped.

use super::*;
use crate::bench::Bench;
use copydesk_base::change::{Hunk, HunkState};

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
    }
}

async fn applied(bench: &Bench, plan: &ChangePlan) -> HunkReport {
    let shared = &bench.desk.shared;
    let redactor = Redactor::default();
    let patience = Duration::from_secs(1);
    apply(&shared.world, &shared.recorder, &redactor, patience, plan, &[0]).await.unwrap()
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
