//! What a write on the disk expects, and what it refuses.

use std::cell::RefCell;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::*;

type Intruder = Box<dyn FnMut()>;

thread_local! {
    /// Who changes the disk at which moment.
    static INTRUDER: RefCell<Option<(Step, Intruder)>> = const { RefCell::new(None) };
}

/// The moment has come.
pub(super) fn step(now: Step) {
    let intruder = INTRUDER.with(|intruder| intruder.borrow_mut().take_if(|(step, _)| *step == now));
    if let Some((_, mut act)) = intruder {
        act();
    }
}

fn at(step: Step, act: impl FnMut() + 'static) {
    INTRUDER.with(|intruder| *intruder.borrow_mut() = Some((step, Box::new(act))));
}

/// `work/a.txt` with the text `old`, and `outside/victim` with `kept`.
fn scene() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().canonicalize().unwrap();
    let (file, victim) = (base.join("work/a.txt"), base.join("outside/victim"));
    for (path, text) in [(&file, "old"), (&victim, "kept")] {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    (folder, file, victim)
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn names_in(folder: &Path) -> Vec<String> {
    DiskFiles.list(folder).unwrap().into_iter().map(|entry| entry.name).collect()
}

#[test]
fn a_write_wants_the_disk_it_expects() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("a/b.txt");
    let files = DiskFiles;
    files.write(&path, "one", Expect::Absent).unwrap();
    assert!(matches!(files.write(&path, "two", Expect::Absent), Err(FileError::Changed { .. })));
    let seen = files.read(&path).unwrap();
    assert_eq!(&*seen.text, "one");
    std::fs::write(&path, "somebody else").unwrap();
    assert!(matches!(files.write(&path, "two", Expect::Hash(seen.hash)), Err(FileError::Changed { .. })));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "somebody else");
    let seen = files.read(&path).unwrap();
    files.write(&path, "two", Expect::Hash(seen.hash)).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file stays");
}

#[test]
fn what_is_no_text_file_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad");
    std::fs::write(&bad, b"ab\xffc").unwrap();
    assert!(matches!(DiskFiles.read(&bad), Err(FileError::NotText { offset: 2, .. })));
    assert!(matches!(DiskFiles.read(folder.path()), Err(FileError::NotRegular { .. })));
    assert!(matches!(DiskFiles.read(&folder.path().join("no")), Err(FileError::Absent { .. })));
    assert!(matches!(DiskFiles.read(Path::new("/proc/self/environ")), Err(FileError::NotRegular { .. })));
    let large = folder.path().join("large");
    std::fs::File::create(&large).unwrap().set_len(LARGEST_FILE + 1).unwrap();
    assert!(matches!(DiskFiles.read(&large), Err(FileError::TooLarge { .. })));
}

#[cfg(unix)]
#[test]
fn a_link_is_not_written_through_and_a_mode_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    std::fs::write(&real, "x").unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let hash = ContentHash::of("x");
    assert!(matches!(DiskFiles.write(&link, "y", Expect::Hash(hash)), Err(FileError::NotRegular { .. })));
    DiskFiles.write(&real, "y", Expect::Hash(hash)).unwrap();
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o755);
}

/// What somebody does to a file of which only the name was known.
fn swap(file: &Path, victim: &Path, how: &'static str) -> impl FnMut() + 'static {
    let (file, victim) = (file.to_owned(), victim.to_owned());
    move || {
        let folder = file.parent().unwrap();
        match how {
            "text" => std::fs::write(&file, "newer").unwrap(),
            "gone" => std::fs::remove_file(&file).unwrap(),
            "link" => {
                std::fs::remove_file(&file).unwrap();
                symlink(&victim, &file).unwrap();
            }
            "hard link" => {
                std::fs::remove_file(&file).unwrap();
                std::fs::hard_link(&victim, &file).unwrap();
            }
            "extra name" => std::fs::hard_link(&file, victim.with_file_name("extra")).unwrap(),
            "pipe" => {
                std::fs::remove_file(&file).unwrap();
                mknodat(CWD, &file, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
            }
            "folder" => {
                std::fs::remove_file(&file).unwrap();
                std::fs::create_dir(&file).unwrap();
            }
            "parent" => {
                std::fs::rename(folder, folder.with_file_name("moved")).unwrap();
                symlink(victim.parent().unwrap(), folder).unwrap();
            }
            _ => unreachable!("{how}"),
        }
    }
}

#[test]
fn whatever_is_swapped_between_the_look_and_the_change_nothing_of_it_is_lost() {
    let ways = ["text", "gone", "link", "hard link", "extra name", "pipe", "folder"];
    for moment in [Step::Reached, Step::Drafted] {
        for how in ways {
            for removes in [false, true] {
                let (_folder, file, victim) = scene();
                let expect = Expect::Hash(ContentHash::of("old"));
                at(moment, swap(&file, &victim, how));
                let done = if removes {
                    DiskFiles.remove(&file, expect)
                } else {
                    DiskFiles.write(&file, "new", expect)
                };
                let case = format!("{how} at {moment:?}, remove: {removes}");
                assert!(done.is_err(), "{case}");
                assert_eq!(text(&victim), "kept", "{case}");
                if how == "text" {
                    assert_eq!(text(&file), "newer", "{case}");
                }
                if how == "link" {
                    assert!(file.symlink_metadata().unwrap().is_symlink(), "{case}: it stays what it became");
                }
                let folder = file.parent().unwrap();
                let left = names_in(folder);
                assert!(left.iter().all(|name| name == "a.txt"), "{case}: {left:?} is left");
            }
        }
    }
}

#[test]
fn a_folder_that_is_swapped_for_a_link_leads_nowhere() {
    // Before it is held: the link is refused. After: the folder that was judged is the one that is written.
    let (_folder, file, victim) = scene();
    swap(&file, &victim, "parent")();
    let expect = Expect::Hash(ContentHash::of("old"));
    assert!(matches!(DiskFiles.write(&file, "new", expect), Err(FileError::NotRegular { .. })));
    assert!(matches!(DiskFiles.read(&file), Err(FileError::NotRegular { .. })));
    assert!(matches!(DiskFiles.list(file.parent().unwrap()), Err(FileError::NotRegular { .. })));
    for moment in [Step::Reached, Step::Drafted] {
        let (_folder, file, victim) = scene();
        at(moment, swap(&file, &victim, "parent"));
        DiskFiles.write(&file, "new", expect).unwrap();
        let moved = file.parent().unwrap().with_file_name("moved");
        assert_eq!(text(&moved.join("a.txt")), "new");
        assert_eq!(names_in(victim.parent().unwrap()), ["victim"]);
    }
}

#[test]
fn a_new_file_takes_no_name_that_somebody_took_meanwhile() {
    for moment in [Step::Reached, Step::Drafted] {
        let (_folder, file, victim) = scene();
        let fresh = file.with_file_name("fresh/b.txt");
        let taken = fresh.clone();
        let target = victim.clone();
        at(moment, move || symlink(&target, &taken).unwrap());
        assert!(DiskFiles.write(&fresh, "new", Expect::Absent).is_err());
        assert_eq!(text(&victim), "kept");
        assert_eq!(names_in(fresh.parent().unwrap()), ["b.txt"]);
    }
    let (_folder, file, victim) = scene();
    let folder = file.with_file_name("through");
    symlink(victim.parent().unwrap(), &folder).unwrap();
    assert!(
        DiskFiles.write(&folder.join("b.txt"), "new", Expect::Absent).is_err(),
        "a link among the folders"
    );
    assert_eq!(names_in(victim.parent().unwrap()), ["victim"]);
}

#[test]
fn what_is_read_is_a_plain_file_and_never_waited_for() {
    let (_folder, file, victim) = scene();
    let pipe = file.with_file_name("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    let link = file.with_file_name("link");
    symlink(&victim, &link).unwrap();
    for path in [&pipe, &link, Path::new("/dev/null"), Path::new("/dev/zero")] {
        assert!(matches!(DiskFiles.read(path), Err(FileError::NotRegular { .. })), "{}", path.display());
    }
    if cfg!(target_os = "linux") {
        for path in ["/proc/version", "/proc/self/status", "/sys/kernel/uevent_seqnum"] {
            let read = DiskFiles.read(Path::new(path));
            assert!(
                matches!(read, Err(FileError::NotRegular { .. } | FileError::Absent { .. })),
                "{path}: {read:?}"
            );
        }
        assert!(DiskFiles.list(Path::new("/proc")).is_err());
    }
    for how in ["pipe", "link", "folder"] {
        let (_folder, file, victim) = scene();
        at(Step::Reached, swap(&file, &victim, how));
        assert!(matches!(DiskFiles.read(&file), Err(FileError::NotRegular { .. })), "{how}");
    }
}

#[test]
fn a_file_with_a_second_name_is_not_changed() {
    let (_folder, file, victim) = scene();
    swap(&file, &victim, "extra name")();
    let expect = Expect::Hash(ContentHash::of("old"));
    assert!(matches!(DiskFiles.write(&file, "new", expect), Err(FileError::Linked { .. })));
    assert_eq!(text(&file), "old");
}
