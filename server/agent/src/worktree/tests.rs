//! Worktrees of helpers, on a real repository: what comes back, what stays as it was, what is cleaned up.

use std::process::Command;

use copydesk_base::Grade;
use copydesk_base::config::Mode;

use super::*;
use crate::bench::Bench;

/// A repository with a commit, and the settings of a run in it.
fn repository_with(files: &[(&str, &str)]) -> (Bench, Settings) {
    let bench = Bench::new();
    for (name, text) in files {
        bench.write(name, text);
    }
    let settings = (bench.desk.shared.world.settings)().unwrap();
    let path = std::env::var("PATH").unwrap();
    let settings = Settings { child_env: vec![("PATH".to_owned(), path)], ..settings };
    let run = |arguments: &[&str]| {
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgSign=false"];
        let done =
            Command::new("git").args(who).args(arguments).current_dir(&settings.root).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    run(&["init", "-q"]);
    run(&["add", "."]);
    run(&["commit", "-q", "-m", "one"]);
    (bench, settings)
}

fn known(settings: &Settings) -> usize {
    let listed = Command::new("git").args(["worktree", "list"]).current_dir(&settings.root).output().unwrap();
    String::from_utf8_lossy(&listed.stdout).lines().count()
}

#[tokio::test]
async fn a_helper_begins_with_what_the_person_sees_and_brings_back_what_it_changed() {
    let files = [("a.txt", "a\n"), ("b.txt", "b\n"), ("gone.txt", "x\n"), (".gitignore", "built\n")];
    let (bench, settings) = repository_with(&files);
    bench.write("a.txt", "a, not committed\n");
    bench.write("new.txt", "new\n");
    bench.write("built", "result\n");
    std::fs::remove_file(bench.path("gone.txt")).unwrap();
    let policy = settings.policy(Mode::Default, Grade::Typed, &[]);
    let notes = bench.path("../notes");
    let worktree = Worktree::make(&settings, &policy, &DiskFiles, &notes).await.unwrap();
    let there = |name: &str| std::fs::read_to_string(worktree.root.join(name)).ok();
    assert_eq!(there("a.txt").as_deref(), Some("a, not committed\n"));
    assert_eq!(there("new.txt").as_deref(), Some("new\n"));
    assert_eq!((there("gone.txt"), there("built")), (None, None));
    assert_eq!(worktree.changes(&settings).await.unwrap(), Changes::default());
    let write = |name: &str, bytes: &[u8]| std::fs::write(worktree.root.join(name), bytes).unwrap();
    write("a.txt", b"A, not committed\n");
    write("made.txt", b"made\n");
    write("image", b"\xff\xfe");
    std::fs::remove_file(worktree.root.join("b.txt")).unwrap();
    // Whatever it does with git, what counts is the texts.
    for arguments in
        [&["add", "-A"][..], &["-c", "user.name=h", "-c", "user.email=h@example.org", "commit", "-qm", "x"]]
    {
        assert!(Command::new("git").args(arguments).current_dir(&worktree.root).status().unwrap().success());
    }
    let changes = worktree.changes(&settings).await.unwrap();
    let path = |name: &str| settings.root.join(name);
    let changed = |name: &str, before: Option<&str>, after: &str| Changed {
        path: path(name),
        before: before.map(str::to_owned),
        after: after.to_owned(),
    };
    assert_eq!(
        changes.texts,
        [
            changed("a.txt", Some("a, not committed\n"), "A, not committed\n"),
            changed("made.txt", None, "made\n")
        ]
    );
    let away = (path("b.txt"), "it was taken away, which no edit can do");
    assert_eq!(changes.left, [away, (path("image"), "it is no text")]);
    assert_eq!(known(&settings), 2);
    let top = worktree.top.clone();
    worktree.remove(&settings).await;
    assert_eq!((known(&settings), top.exists()), (1, false));
    assert_eq!(std::fs::read_dir(&notes).unwrap().count(), 0);
    assert_eq!(bench.read("a.txt"), "a, not committed\n", "the person's tree is as it was");
}

#[tokio::test]
async fn what_a_dead_process_left_is_swept_and_a_living_one_is_left_alone() {
    let (bench, settings) = repository_with(&[("a.txt", "a\n")]);
    let policy = settings.policy(Mode::Default, Grade::Typed, &[]);
    let notes = bench.path("../notes");
    let worktree = Worktree::make(&settings, &policy, &DiskFiles, &notes).await.unwrap();
    sweep(&settings, &notes).await;
    assert_eq!(known(&settings), 2, "it is in use");
    let note = std::fs::read_dir(&notes).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(&note).unwrap();
    // No process has this number.
    std::fs::write(
        &note,
        text.replace(&format!("\"process\":{}", std::process::id()), "\"process\":4194304"),
    )
    .unwrap();
    sweep(&settings, &notes).await;
    assert_eq!((known(&settings), worktree.top.exists(), note.exists()), (1, false, false));
}

#[tokio::test]
async fn what_no_agent_may_read_is_not_there_and_hooks_do_not_run() {
    let (bench, mut settings) = repository_with(&[("a.txt", "a\n"), ("secret/plan.txt", "hush\n")]);
    let hook = bench.path(".git/hooks/post-checkout");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, format!("#!/bin/sh\ntouch {}\n", bench.path("ran").display())).unwrap();
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let rule = format!("Read(/{}/secret/**)", settings.root.display());
    settings.rules.push(parse_rule(RuleVerdict::Deny, rule, "test").unwrap());
    let policy = settings.policy(Mode::Default, Grade::Typed, &[]);
    let worktree = Worktree::make(&settings, &policy, &DiskFiles, &bench.path("../notes")).await.unwrap();
    assert!(worktree.root.join("a.txt").exists() && !worktree.root.join("secret/plan.txt").exists());
    assert!(!bench.path("ran").exists());
    assert_eq!(worktree.changes(&settings).await.unwrap(), Changes::default());
    worktree.remove(&settings).await;
}

#[tokio::test]
async fn a_folder_without_a_repository_or_a_commit_has_none() {
    let bench = Bench::new();
    let settings = (bench.desk.shared.world.settings)().unwrap();
    let path = std::env::var("PATH").unwrap();
    let settings = Settings { child_env: vec![("PATH".to_owned(), path)], ..settings };
    let policy = settings.policy(Mode::Default, Grade::Typed, &[]);
    let made = async || Worktree::make(&settings, &policy, &DiskFiles, &bench.path("../notes")).await.err();
    assert_eq!(made().await.as_deref(), Some("this workspace is no git repository"));
    assert!(Command::new("git").args(["init", "-q"]).current_dir(&settings.root).status().unwrap().success());
    assert_eq!(made().await.as_deref(), Some("this repository has no commit yet"));
}
