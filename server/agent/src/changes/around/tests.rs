//! What a look at the workspace tells of what was done to it.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::DiskFiles;
use crate::bench::Bench;

/// What was done to a folder, what changed by that, with the texts before and behind it, and what is only named.
type Row = (&'static str, fn(&Path), &'static [Pair], &'static [&'static str]);
type Pair = (&'static str, Option<&'static str>, Option<&'static str>);

#[test]
fn what_changed_is_told_with_both_texts() {
    let write = |root: &Path, name: &str, text: &[u8]| std::fs::write(root.join(name), text).unwrap();
    let deeds: [Row; 13] = [
        ("nothing", |_| {}, &[], &[]),
        (
            "another text",
            |root| std::fs::write(root.join("a"), "two\n").unwrap(),
            &[("a", Some("one\n"), Some("two\n"))],
            &[],
        ),
        ("the same text again", |root| std::fs::write(root.join("a"), "one\n").unwrap(), &[], &[]),
        (
            "gone",
            |root| std::fs::remove_file(root.join("deep/b")).unwrap(),
            &[("deep/b", Some("b\n"), None)],
            &[],
        ),
        (
            "new",
            |root| std::fs::write(root.join("deep/c"), "c\n").unwrap(),
            &[("deep/c", None, Some("c\n"))],
            &[],
        ),
        (
            "moved with its folder",
            |root| std::fs::rename(root.join("deep"), root.join("other")).unwrap(),
            &[("deep/b", Some("b\n"), None), ("other/b", None, Some("b\n"))],
            &[],
        ),
        (
            "a link in its place",
            |root| {
                std::fs::remove_file(root.join("a")).unwrap();
                std::os::unix::fs::symlink("deep/b", root.join("a")).unwrap();
            },
            &[("a", Some("one\n"), None)],
            &[],
        ),
        (
            "a link where nothing was",
            |root| std::os::unix::fs::symlink("a", root.join("link")).unwrap(),
            &[("link", None, None)],
            &[],
        ),
        (
            "a link that leads elsewhere",
            |root| {
                std::fs::remove_file(root.join("way")).unwrap();
                std::os::unix::fs::symlink("deep", root.join("way")).unwrap();
            },
            &[],
            &["way"],
        ),
        ("no text", |root| std::fs::write(root.join("bytes"), [0xfe, 0xff]).unwrap(), &[], &["bytes"]),
        (
            "other rights",
            |root| std::fs::set_permissions(root.join("a"), PermissionsExt::from_mode(0o750)).unwrap(),
            &[],
            &["a"],
        ),
        ("ignored", |root| std::fs::write(root.join("x.log"), "more\n").unwrap(), &[], &[]),
        ("kept from agents", |root| std::fs::write(root.join(".env"), "KEY=2\n").unwrap(), &[], &[]),
    ];
    for (what, deed, expect, left) in deeds {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("deep")).unwrap();
        let files: [(&str, &[u8]); 6] = [
            ("a", b"one\n"),
            ("deep/b", b"b\n"),
            ("bytes", &[0xff]),
            ("x.log", b"log\n"),
            (".env", b"KEY=1\n"),
            (".gitignore", b"*.log\n"),
        ];
        for (name, text) in files {
            write(&root, name, text);
        }
        std::os::unix::fs::symlink("a", root.join("way")).unwrap();
        let twins = Bench::twins_of(&root);
        let look = |before: &Around| Around::look(before, &twins, &DiskFiles);
        let (before, began) = (look(&Around::default()), SystemTime::now());
        deed(&root);
        let difference = before.difference(&look(&before), began, |_| false);
        let below = |path: &Path| path.strip_prefix(&root).unwrap().display().to_string();
        let changed: Vec<_> = difference
            .changed
            .iter()
            .map(|one| (below(&one.path), one.before.as_deref(), one.after.as_deref()))
            .collect();
        let expect: Vec<_> =
            expect.iter().map(|(name, before, after)| ((*name).to_owned(), *before, *after)).collect();
        let unkept: Vec<String> = difference.left.iter().map(|(path, _)| below(path)).collect();
        assert_eq!(
            (changed, unkept),
            (expect, left.iter().map(|name| (*name).to_owned()).collect()),
            "{what}"
        );
    }
}

#[test]
fn what_was_there_under_another_name_or_ignored_is_not_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().canonicalize().unwrap();
    let root = base.join("work");
    std::fs::create_dir(&root).unwrap();
    let mine = std::fs::File::create(base.join("mine")).unwrap();
    let born = mine.metadata().unwrap().created().unwrap();
    std::fs::write(root.join(".gitignore"), "x\n").unwrap();
    std::fs::write(root.join("x"), "x\n").unwrap();
    let twins = Bench::twins_of(&root);
    let (before, began) = (Around::look(&Around::default(), &twins, &DiskFiles), born + 10 * TICK);
    std::fs::rename(base.join("mine"), root.join("mine")).unwrap();
    std::fs::remove_file(root.join(".gitignore")).unwrap();
    let now = Around::look(&before, &twins, &DiskFiles);
    assert_eq!(now.files.len(), 2);
    let expect = Changed::of(root.join(".gitignore"), Some("x\n".to_owned()));
    assert_eq!(before.difference(&now, began, |_| false).changed, [expect]);
}

#[test]
fn more_than_is_looked_at_is_not_known() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    for at in 0..FILES {
        std::fs::write(root.join(format!("{at:05}")), "x").unwrap();
    }
    let twins = Bench::twins_of(&root);
    let look = |before: &Around| Around::look(before, &twins, &DiskFiles);
    let (whole, began) = (look(&Around::default()), SystemTime::now());
    std::fs::write(root.join("new"), "x").unwrap();
    let part = look(&whole);
    assert_eq!((whole.is_whole, part.is_whole), (true, false));
    // Which of them it comes to is the disk's order; one that it does not come to is not gone.
    let Difference { changed, left } = whole.difference(&part, began, |_| false);
    assert!(
        changed.iter().all(|one| one.path == root.join("new")) && left.is_empty(),
        "{changed:?} {left:?}"
    );
    std::fs::remove_file(root.join("new")).unwrap();
    for at in 0..=CHANGED {
        std::fs::write(root.join(format!("{at:05}")), "y").unwrap();
    }
    let now = look(&whole);
    assert!(whole.difference(&now, began, |_| false).is_too_much());
}
