//! Git's index, read for one thing: the folders in it that are repositories of their own.
//!
//! Git goes into those when it only looks, and obeys the settings it finds there. Versions 2 to 4 of the format are
//! read, with names of either length of hash, and indexes that share their entries with another file. Of anything else
//! it can only be said whether such a folder could be in it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The mode of an entry that is a repository.
const LINK: [u8; 4] = [0, 0, 0xe0, 0];
/// No index is longer; this one would list some million files.
const LONGEST: u64 = 256 * 1024 * 1024;
/// What stands between an entry's mode and its hash: two numbers of the owner and the size.
const BEHIND_MODE: usize = 12;
/// What stands before its mode: two times, the device and the file's number.
const BEFORE_MODE: usize = 24;

/// The paths in the index of that folder of git, from the top of its files; none where nobody can tell.
pub(super) fn gitlinks(folder: &Path) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut files = vec![folder.join("index")];
    while let Some(file) = files.pop() {
        let Ok(metadata) = file.metadata() else { continue };
        if metadata.len() > LONGEST {
            return None;
        }
        let bytes = std::fs::read(&file).ok()?;
        // Which length the hashes have stands in settings, which may say so twice: both are tried.
        let read: Vec<Index> = [20, 32].into_iter().filter_map(|hash| read(&bytes, hash)).collect();
        if read.is_empty() && bytes.windows(LINK.len()).any(|bytes| bytes == LINK) {
            return None;
        }
        for index in read {
            // Shared entries share with nobody.
            if index.is_shared && file.ends_with("index") {
                files.extend(shared(folder));
            }
            if index.is_sparse || index.links.iter().any(String::is_empty) {
                return None;
            }
            found.extend(index.links);
        }
    }
    Some(found)
}

/// The files whose entries an index may share.
fn shared(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let is_shared = |name: &OsStr| name.as_encoded_bytes().starts_with(b"sharedindex.");
    let beside = std::fs::read_dir(folder).into_iter().flatten().flatten();
    beside.filter(move |entry| is_shared(&entry.file_name())).map(|entry| entry.path())
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Index {
    links: Vec<String>,
    is_shared: bool,
    /// Folders stand in it in one piece, whatever is in them.
    is_sparse: bool,
}

/// None where it is no index, or of another kind.
fn read(bytes: &[u8], hash: usize) -> Option<Index> {
    let version = number(bytes, 4)?;
    if !bytes.starts_with(b"DIRC") || !(2..=4).contains(&version) {
        return None;
    }
    let mut index = Index::default();
    let mut at = 12;
    let mut name: Vec<u8> = Vec::new();
    for _ in 0..number(bytes, 8)? {
        let start = at;
        let mode = bytes.get(at + BEFORE_MODE..at + BEFORE_MODE + 4)?;
        at += BEFORE_MODE + 4 + BEHIND_MODE + hash;
        let is_extended = bytes.get(at)? & 0x40 != 0;
        at += if is_extended && version > 2 { 4 } else { 2 };
        if version == 4 {
            let dropped = varint(bytes, &mut at)?;
            name.truncate(name.len().checked_sub(dropped)?);
        } else {
            name.clear();
        }
        let length = bytes.get(at..)?.iter().position(|byte| *byte == 0)?;
        name.extend_from_slice(&bytes[at..at + length]);
        at += length + 1;
        if version < 4 {
            // Padded with at least one zero to a multiple of eight.
            at = start + (at - start).next_multiple_of(8);
        }
        if mode == LINK {
            index.links.push(String::from_utf8_lossy(&name).into_owned());
        }
    }
    // A hash of all that is the end.
    while bytes.len().checked_sub(at)? > hash {
        let size = usize::try_from(number(bytes, at + 4)?).ok()?;
        index.is_shared |= bytes[at..].starts_with(b"link");
        index.is_sparse |= bytes[at..].starts_with(b"sdir");
        at = at.checked_add(8)?.checked_add(size)?;
    }
    (bytes.len() == at + hash).then_some(index)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// A length as git packs it: seven bits a byte, each further one counted from one.
fn varint(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut byte = *bytes.get(*at)?;
    let mut value = usize::from(byte & 0x7f);
    *at += 1;
    while byte & 0x80 != 0 {
        byte = *bytes.get(*at)?;
        value = value.checked_add(1)?.checked_mul(128)?.checked_add(usize::from(byte & 0x7f))?;
        *at += 1;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn git(root: &Path, words: &[&str]) -> bool {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(words).current_dir(root);
        command.env_clear().env("HOME", "/nowhere").env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.stderr(std::process::Stdio::null()).stdout(std::process::Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    #[test]
    fn repositories_are_found_in_every_kind_of_index() {
        let link = "160000,0123456789012345678901234567890123456789,";
        for (kind, before, after, expected) in [
            ("2", &["update-index", "--index-version", "2"][..], &["status"][..], Some(2)),
            ("4", &["update-index", "--index-version", "4"], &["status"], Some(2)),
            ("intent", &["add", "-N", "a/new"], &["status"], Some(2)),
            ("untracked", &["update-index", "--untracked-cache"], &["status"], Some(2)),
            ("split", &["status"], &["update-index", "--split-index"], Some(2)),
            ("split before", &["update-index", "--split-index"], &["status"], Some(2)),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path();
            if !git(root, &["init", "-q"]) {
                println!("skipped: there is no git");
                return;
            }
            std::fs::create_dir(root.join("a")).unwrap();
            for name in ["a/file", "a/fine", "z"] {
                std::fs::write(root.join(name), "x").unwrap();
            }
            git(root, &["add", "."]);
            std::fs::write(root.join("a/new"), "x").unwrap();
            assert!(git(root, before), "{kind}");
            for path in ["a/sub", "a/submarine"] {
                assert!(
                    git(root, &["update-index", "--add", "--cacheinfo", &format!("{link}{path}")]),
                    "{kind}"
                );
            }
            assert!(git(root, after), "{kind}");
            let found = gitlinks(&root.join(".git"));
            assert_eq!(found.as_ref().map(Vec::len), expected, "{kind}: {found:?}");
            let found = found.unwrap_or_default();
            assert!(found.iter().all(|path| path.starts_with("a/sub")), "{kind}: {found:?}");
        }
    }

    #[test]
    fn what_is_no_index_is_not_guessed_at() {
        for (bytes, expected) in [
            (&b""[..], Some(vec![])),
            (b"DIRC\0\0\0\x02\0\0\0\0", Some(vec![])),
            (b"DIRC\0\0\0\x09\0\0\0\x01", Some(vec![])),
            (b"DIRC\0\0\0\x09\0\0\0\x01 \0\0\xe0\0 sub", None),
            (b"DIRC\0\0\0\x02\0\0\0\x05 \0\0\xe0\0 sub", None),
        ] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("index"), bytes).unwrap();
            assert_eq!(gitlinks(folder.path()), expected, "{bytes:?}");
        }
        assert_eq!(gitlinks(Path::new("/nowhere")), Some(vec![]));
    }
}
