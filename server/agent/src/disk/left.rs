//! What a process that was killed left beside a file that it was about to write or to take away.
//!
//! Both pass through a second name in the same folder ([`swap`](super::swap)), for a moment. Under it stands the new
//! file, or the beginning of it, or the old one. The journal knows which file it was about, and both of its texts.
//!
//! # Invariants
//! - Taken away is only a plain file of one name, called as we call ours by a process that is gone, whose text the
//!   journal has for the file beside it, or that is the beginning of the new one. No link is followed, no folder
//!   entered.
//! - Any other text is somebody's: it gets the name of the file back where that is free, and stays and is told of where
//!   it is not.

use std::path::{Path, PathBuf};

use copydesk_base::Files as _;
use rustix::fs::{AtFlags, unlinkat};
use rustix::io::Errno;

use super::open::{Found, Spot};
use super::swap::{give_back, is_left};
use super::{DiskFiles, bytes_of, names};

/// Takes away what was left beside a file by writes from one text to another, as `told` tells texts, and gives the
/// places of what it leaves there.
pub(crate) fn sweep(
    path: &Path,
    (before, after): (&str, &str),
    told: impl Fn(&str) -> String,
) -> Vec<PathBuf> {
    let Some(folder) = path.parent() else { return vec![] };
    let Ok(entries) = DiskFiles.list(folder) else { return vec![] };
    let is_known = |bytes: &[u8]| match text(bytes) {
        Some((text, is_whole)) => {
            let text = told(text);
            text == after || is_whole && text == before || after.starts_with(&text)
        }
        None => false,
    };
    let left = entries.into_iter().filter(|entry| !entry.is_folder && is_left(&entry.name));
    left.filter_map(|entry| {
        let place = folder.join(&entry.name);
        match settle(path, &place, is_known) {
            Ok(true) => None,
            Ok(false) => Some(place),
            Err(error) => {
                tracing::info!(%error, place = %place.display(), "what a killed process left stays");
                Some(place)
            }
        }
    })
    .collect()
}

/// Takes away what has a text that is known, or gives it back its name; or tells that it stays.
fn settle(path: &Path, place: &Path, is_known: impl Fn(&[u8]) -> bool) -> Result<bool, Errno> {
    let spot = Spot::of(place)?;
    let Found::File(file) = spot.look()? else { return Ok(false) };
    let is_single = names(&file) == 1;
    let Ok(bytes) = bytes_of(file, place) else { return Ok(false) };
    if is_known(&bytes) {
        if is_single {
            unlinkat(&spot.folder, &spot.name, AtFlags::empty())?;
        }
        return Ok(is_single);
    }
    let target = Spot::of(path)?;
    match give_back(&target, &spot.name) {
        Ok(()) => Ok(true),
        Err(Errno::EXIST) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The bytes as text, and whether that is all of them: a character may be cut at the end.
fn text(bytes: &[u8]) -> Option<(&str, bool)> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some((text, true)),
        Err(error) if error.error_len().is_none() => {
            Some((std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?, false))
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is called so, with this text, beside which text of the file, and what is there afterwards.
    type Row<'a> = (&'a str, &'a [u8], Option<&'a str>, &'a [(&'a str, &'a str)]);

    #[test]
    fn what_a_killed_write_left_goes_and_what_is_somebodys_stays() {
        // No process has this number.
        let gone = format!(".copydesk-{}-3-1f", u32::MAX - 1);
        let gone = gone.as_str();
        let mine = format!(".copydesk-{}-3-1f", std::process::id());
        let living = format!(".copydesk-{}-3-1f", std::os::unix::process::parent_id());
        let dashes = format!("{gone}-1");
        let rows: [Row<'_>; 14] = [
            (gone, "new text ä\n".as_bytes(), Some("old"), &[("a", "old")]),
            (gone, b"new te", Some("old"), &[("a", "old")]),
            (gone, b"", Some("old"), &[("a", "old")]),
            // Cut within a character.
            (gone, b"new text \xc3", Some("old"), &[("a", "old")]),
            // The exchange was made.
            (gone, b"old", Some("new text ä\n"), &[("a", "new text ä\n")]),
            // What was to go was aside.
            (gone, b"old", None, &[]),
            // A number that was given anew, to us.
            (&mine, b"old", Some("new text ä\n"), &[("a", "new text ä\n")]),
            // Somebody wrote meanwhile, and that was aside.
            (gone, b"typed", None, &[("a", "typed")]),
            (gone, b"typed", Some("new text ä\n"), &[(gone, "typed"), ("a", "new text ä\n")]),
            (gone, b"ol", Some("old"), &[(gone, "ol"), ("a", "old")]),
            (&living, b"old", Some("old"), &[(&living, "old"), ("a", "old")]),
            (".copydesk-notes", b"old", Some("old"), &[(".copydesk-notes", "old"), ("a", "old")]),
            (&dashes, b"old", Some("old"), &[(&dashes, "old"), ("a", "old")]),
            ("x.copydesk", b"", Some("old"), &[("a", "old"), ("x.copydesk", "")]),
        ];
        for (name, bytes, there, expect) in rows {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().canonicalize().unwrap();
            std::fs::write(root.join(name), bytes).unwrap();
            if let Some(there) = there {
                std::fs::write(root.join("a"), there).unwrap();
            }
            let stays = sweep(&root.join("a"), ("old", "new text ä\n"), str::to_owned);
            let left: Vec<(String, String)> = DiskFiles
                .list(&root)
                .unwrap()
                .into_iter()
                .map(|entry| {
                    let text = std::fs::read_to_string(root.join(&entry.name)).unwrap();
                    (entry.name, text)
                })
                .collect();
            let expect: Vec<(String, String)> =
                expect.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
            assert_eq!(left, expect, "{name} {bytes:?}");
            let is_left = name == gone && expect.iter().any(|(left, _)| left == gone);
            assert_eq!(stays, if is_left { vec![root.join(name)] } else { vec![] }, "{name} {bytes:?}");
        }
    }

    #[test]
    fn nothing_but_a_plain_file_of_one_name_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let name = |count: usize| root.join(format!(".copydesk-{}-{count}-1f", u32::MAX - 1));
        std::fs::write(root.join("a"), "old").unwrap();
        std::fs::create_dir(name(0)).unwrap();
        std::os::unix::fs::symlink("a", name(1)).unwrap();
        std::fs::hard_link(root.join("a"), name(2)).unwrap();
        let stays = sweep(&root.join("a"), ("old", "new"), str::to_owned);
        assert_eq!(stays, [name(1), name(2)]);
        assert!(name(0).is_dir() && name(1).is_symlink() && name(2).is_file());
        assert_eq!(std::fs::read_to_string(root.join("a")).unwrap(), "old");
    }
}
