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
    assert_eq!(worktree.changes(&settings, &[]).await.unwrap(), Changes::default());
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
    let changes = worktree.changes(&settings, &[]).await.unwrap();
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

fn in_git(settings: &Settings, arguments: &[&str]) {
    let who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always"];
    let done = Command::new("git").args(who).args(arguments).current_dir(&settings.root).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

#[tokio::test]
async fn it_begins_with_what_is_staged_and_passes_over_what_cannot_be_copied() {
    let (bench, settings) = repository_with(&[
        ("a.txt", "a\n"),
        ("gone.txt", "x\n"),
        ("d/x", "1\n"),
        (".gitattributes", "*.py text eol=crlf\n"),
        ("p.py", "x = 1\r\n"),
    ]);
    bench.write("a.txt", "a, staged\n");
    bench.write("new.txt", "new, staged\n");
    in_git(&settings, &["add", "a.txt", "new.txt"]);
    in_git(&settings, &["rm", "-q", "gone.txt"]);
    in_git(&settings, &["init", "-q", "nested"]);
    bench.write("nested/f", "f\n");
    std::os::unix::fs::symlink("d", bench.path("link")).unwrap();
    std::os::unix::fs::symlink("nowhere", bench.path("dangling")).unwrap();
    std::fs::File::create(bench.path("big")).unwrap().set_len(LARGEST + 1).unwrap();
    std::fs::set_permissions(bench.path("new.txt"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let policy = settings.policy(Mode::Default, Grade::Typed, &[]);
    let worktree = Worktree::make(&settings, &policy, &DiskFiles, &bench.path("../notes")).await.unwrap();
    let there = |name: &str| std::fs::read_to_string(worktree.root.join(name)).ok();
    assert_eq!(there("a.txt").as_deref(), Some("a, staged\n"));
    assert_eq!(there("new.txt").as_deref(), Some("new, staged\n"));
    assert_eq!((there("gone.txt"), there("nested/f")), (None, None));
    let missing: Vec<_> =
        worktree.missing.iter().map(|(file, reason)| (file.to_str().unwrap(), reason.as_str())).collect();
    let large = format!("{} is larger than 64 MB", bench.path("big").display());
    assert_eq!(
        missing,
        [
            ("big", large.as_str()),
            ("dangling", "it is a link that leads nowhere"),
            ("link", "it is a link to a folder"),
            ("nested/", "it is a repository of its own"),
        ]
    );
    assert_eq!(worktree.changes(&settings, &[]).await.unwrap(), Changes::default());
    // A text is compared as git writes it.
    assert_eq!(there("p.py").as_deref(), Some("x = 1\r\n"));
    std::fs::write(worktree.root.join("p.py"), "x = 2\r\n").unwrap();
    let changed = Changed {
        path: settings.root.join("p.py"),
        before: Some("x = 1\r\n".into()),
        after: "x = 2\r\n".into(),
    };
    assert_eq!(worktree.changes(&settings, &[]).await.unwrap().texts, [changed]);
    worktree.remove(&settings).await;
}

#[tokio::test]
async fn a_submodule_with_another_commit_is_in_nobodys_way() {
    let (bench, settings) = repository_with(&[("a.txt", "a\n")]);
    let (other, source) = repository_with(&[("s", "s\n")]);
    in_git(&settings, &["submodule", "--quiet", "add", other.path("").to_str().unwrap(), "sub"]);
    in_git(&settings, &["commit", "-qm", "two"]);
    let inside = Settings { root: settings.root.join("sub"), ..source };
    bench.write("sub/s", "two\n");
    in_git(&inside, &["commit", "-qam", "three"]);
    let policy = settings.policy(Mode::Default, Grade::Typed, &[]);
    let worktree = Worktree::make(&settings, &policy, &DiskFiles, &bench.path("../notes")).await.unwrap();
    assert_eq!(worktree.changes(&settings, &[]).await.unwrap(), Changes::default());
    assert_eq!(worktree.missing, [(PathBuf::from("sub"), "it is a repository of its own".to_owned())]);
    worktree.remove(&settings).await;
}

#[tokio::test]
async fn nothing_that_a_helper_did_is_left_unsaid() {
    let (bench, settings) =
        repository_with(&[("a.txt", "a\n"), (".gitignore", "built\n*.cfg\n"), ("b.txt", "b\n")]);
    let policy = settings.policy(Mode::Default, Grade::Typed, &[]);
    let worktree = Worktree::make(&settings, &policy, &DiskFiles, &bench.path("../notes")).await.unwrap();
    let write = |name: &str| {
        let place = worktree.root.join(name);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(&place, "made\n").unwrap();
        place
    };
    let written = [write("local.cfg"), write("sub/new.txt")];
    write("built/by/a/command");
    std::fs::write(worktree.root.join("sub/.gitignore"), "*\n").unwrap();
    std::fs::set_permissions(worktree.root.join("a.txt"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let changes = worktree.changes(&settings, &written).await.unwrap();
    let path = |name: &str| settings.root.join(name);
    let texts: Vec<_> = changes.texts.iter().map(|text| text.path.clone()).collect();
    assert_eq!(texts, [path("local.cfg"), path("sub/new.txt")], "its own tools wrote them");
    assert_eq!(changes.left, [(path("a.txt"), "its permissions (chmod) are no edit")]);
    assert_eq!(changes.ignored, [path("built/"), path("sub/")]);
    worktree.remove(&settings).await;
}

#[tokio::test]
async fn many_are_made_and_taken_away_at_once() {
    let (bench, settings) = repository_with(&[("a.txt", "a\n")]);
    let policy = settings.policy(Mode::Default, Grade::Typed, &[]);
    let notes = bench.path("../notes");
    let one = async || {
        let worktree = Worktree::make(&settings, &policy, &DiskFiles, &notes).await?;
        worktree.remove(&settings).await;
        Ok::<_, String>(())
    };
    let all = futures_util::future::join_all((0..16).map(|_| one())).await;
    assert_eq!(all, vec![Ok(()); 16]);
    assert_eq!(known(&settings), 1);
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
    assert_eq!(worktree.changes(&settings, &[]).await.unwrap(), Changes::default());
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

/// Settings of a repository that name a program wherever one can be named for what is done here.
const PLANTED: &str = r#"
[core]
	fsmonitor = PROGRAM
	hooksPath = HOOKS
	pager = PROGRAM
	editor = PROGRAM
	sshCommand = PROGRAM
	askPass = PROGRAM
	alternateRefsCommand = PROGRAM
[diff]
	external = PROGRAM
[diff "x"]
	textconv = PROGRAM
	command = PROGRAM
[filter "x"]
	clean = PROGRAM
	smudge = PROGRAM
	required = true
[merge "x"]
	driver = PROGRAM
[gpg]
	program = PROGRAM
[credential]
	helper = !PROGRAM
[alias]
	worktree = !PROGRAM
	ls-files = !PROGRAM
[include]
	path = ../more
"#;

#[tokio::test]
async fn no_program_of_the_repository_runs_for_a_copy() {
    let (bench, settings) = repository_with(&[("a.txt", "a\n"), ("b.bin", "b\n")]);
    let (program, hooks, marks) = (bench.path("../program"), bench.path("../hooks"), bench.path("../marks"));
    std::fs::create_dir(&hooks).unwrap();
    let hook = |name: &str| hooks.join(name);
    let text = format!("#!/bin/sh\necho \"$0 $*\" >>'{}'\ncat 2>/dev/null\nexit 0\n", marks.display());
    for place in
        ["post-checkout", "reference-transaction", "post-index-change"].map(hook).iter().chain([&program])
    {
        std::fs::write(place, &text).unwrap();
        std::fs::set_permissions(place, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let (named, kept) = (program.display().to_string(), hooks.display().to_string());
    let config = bench.path(".git/config");
    let before = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, before + &PLANTED.replace("PROGRAM", &named).replace("HOOKS", &kept)).unwrap();
    bench.write(".git/../more", &format!("[filter \"y\"]\n\tprocess = {named}\n\tsmudge = {named}\n"));
    bench.write(".gitattributes", "*.txt filter=x diff=x merge=x\n*.bin filter=y\n");
    bench.write("a.txt", "a, not committed\n");
    let policy = settings.policy(Mode::Default, Grade::Typed, &[]);
    let worktree = Worktree::make(&settings, &policy, &DiskFiles, &bench.path("../notes")).await.unwrap();
    std::fs::write(worktree.root.join("a.txt"), "A\n").unwrap();
    std::fs::write(worktree.root.join("b.bin"), "B\n").unwrap();
    let changes = worktree.changes(&settings, &[]).await.unwrap();
    assert_eq!(changes.texts.len(), 2, "{changes:?}");
    worktree.remove(&settings).await;
    assert_eq!(std::fs::read_to_string(&marks).unwrap_or_default(), "");
    // Git by itself would have started them.
    let plain =
        Command::new("git").args(["worktree", "add", "-q", "../plain"]).current_dir(&settings.root).output();
    let ran = std::fs::read_to_string(&marks).unwrap_or_default();
    for name in ["program", "post-checkout"] {
        assert!(ran.contains(name), "{name}: {ran} {plain:?}");
    }
}
