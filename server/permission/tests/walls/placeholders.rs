//! Placeholders of several commands at once: launchers know nothing of each other but what stands in the tree.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use copydesk_permission::sandbox::{Limits, News, read_news};

use crate::linux::{around, launched, make, run_in, said, tree};

/// Waits for another command's end, then tries what the placeholders stand against.
const OUTSTAY: &str = "echo x >started; until [ -e go ]; do sleep 0.02; done; exec 2>/dev/null
    for name in .vscode .idea .git/hooks .git/config .git/commondir; do
        (mkdir $name || echo x >$name || echo x >$name/x) && echo got $name
    done
    echo over";

/// A name that is a pipe is somebody's, and nobody waits for it.
pub(super) fn what_stands_there_is_left_alone() {
    let workspace = tempfile::tempdir().unwrap();
    let root = workspace.path().canonicalize().unwrap();
    make(&root, &[".git/HEAD", ".git/objects/", ".git/refs/", ".idea/"]);
    let made = Command::new("mkfifo").arg(root.join(".vscode")).status();
    assert!(made.is_ok_and(|made| made.success()));
    assert_eq!(run_in(&root, "echo fine"), ("fine\n".to_owned(), News::Exit(0)));
    assert!(root.join(".vscode").exists() && root.join(".idea").is_dir());
}

/// Two launchers know nothing of each other but what stands in the tree.
pub(super) fn the_last_command_takes_them_away() {
    let is_there = |place: &Path| {
        let end = Instant::now() + Duration::from_mins(1);
        while !place.exists() && Instant::now() < end {
            std::thread::yield_now();
        }
        assert!(place.exists(), "{}", place.display());
    };
    let left = ["objects", "refs"].map(|name| format!(".git/{name}"));
    let left = [&[".git".to_owned(), ".git/HEAD: ref: refs/heads/main\n".to_owned()], &left[..]].concat();
    for is_killed in [false, true] {
        let workspace = tempfile::tempdir().unwrap();
        let root = workspace.path().canonicalize().unwrap();
        make(&root, &[".git/HEAD", ".git/objects/", ".git/refs/"]);
        let temporary = tempfile::tempdir().unwrap();
        let walls = around(&root, OUTSTAY);
        let (mut child, line) = launched(OUTSTAY, &root, walls, Limits::default(), temporary.path());
        is_there(&root.join("started"));
        assert_eq!(run_in(&root, "echo short"), ("short\n".to_owned(), News::Exit(0)));
        if is_killed {
            child.kill().unwrap();
            child.wait().unwrap();
            assert!(root.join(".vscode").exists(), "nobody was left to take it away");
            assert_eq!(run_in(&root, "rm started"), (String::new(), News::Exit(0)));
        } else {
            std::fs::write(root.join("go"), "").unwrap();
            assert_eq!(read_news(&line).unwrap(), News::Exit(0));
            assert_eq!(said(child), "over\n");
            std::fs::remove_file(root.join("go")).unwrap();
            std::fs::remove_file(root.join("started")).unwrap();
        }
        assert_eq!(tree(&root), left, "killed: {is_killed}");
    }
}
