//! The files of a workspace before a command and behind it: what it did to those that it does not name.
//!
//! `rm *.tmp`, a formatter, a script: their words do not tell which files they change. So all of the workspace's files
//! are looked at before such a command, and again when it has ended; what is another text then is told with both. A
//! look costs a question to the system for each file: a file that was not touched since is not read again.
//!
//! # Invariants
//! - No folder is read to its end for what is beyond the bounds: names come as the disk has them, unsorted.
//! - It is bounded: [`FILES`], [`BYTES`], [`LARGEST`], and of what changed [`CHANGED`] and [`CHANGED_BYTES`]. What is
//!   not kept for that is named where it changed; files beyond the first [`FILES`] are not known at all.
//! - Only plain files that git does not ignore and that the agent may read, as they are on the disk.
//! - A file counts as made by the command only if it was not there under any name, or under one that is gone and that
//!   undo brings back: what a command merely let appear (an ignore rule that went) is nobody's to take away.

use std::collections::{BTreeMap, HashMap};
use std::fs::Metadata;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use copydesk_base::change::Instead;
use copydesk_base::files::Opened;
use copydesk_base::{Files, path};
use serde::{Deserialize, Serialize};

use super::named::Changed;
use crate::gate::twins::Twins;

pub(super) use parts::Entry;

/// The most files that are looked at.
const FILES: usize = 2000;
/// The most bytes of them that are kept.
const BYTES: u64 = 8 * 1024 * 1024;
/// The most bytes of one that is kept.
const LARGEST: u64 = 512 * 1024;
/// The most files of one command that undo takes back.
const CHANGED: usize = 1000;
/// The most bytes of them, before and behind it.
const CHANGED_BYTES: usize = 8 * 1024 * 1024;
/// Why a link is named that is gone, or leads elsewhere.
const LINK: &str = "links are not brought back";
/// Why a file with the same text is named.
const RIGHTS: &str = "the rights of a file (`chmod`) are not brought back";
/// A file that changed so shortly before it was read may change once more without any other sign of it.
const SETTLED: Duration = Duration::from_millis(100);
/// How far the clock of file systems may be behind.
const TICK: Duration = Duration::from_millis(10);

/// What was there at one moment.
#[derive(Debug, Default)]
pub(crate) struct Around {
    root: PathBuf,
    files: BTreeMap<PathBuf, Was>,
    /// Symbolic links, with where they lead.
    links: BTreeMap<PathBuf, PathBuf>,
    /// Whether these are all.
    is_whole: bool,
}

#[derive(Clone, Debug)]
struct Was {
    stamp: Stamp,
    /// Who may read, write and run it.
    rights: u32,
    /// Whether the stamp will be another one when the file changes.
    is_settled: bool,
    /// Its text, or why that is not kept.
    text: Result<Arc<str>, &'static str>,
}

/// What the system says of a file: its place, its length, when its text and when anything of it changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    number: (u64, u64),
    length: u64,
    written: (i64, i64),
    touched: (i64, i64),
}

/// What became of the files.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Difference {
    pub(super) changed: Vec<Changed>,
    /// What is another one, or gone, and cannot be brought back, and why.
    pub(super) left: Vec<(PathBuf, &'static str)>,
}

impl Around {
    /// Looks at all files below the root of the policy; those that are as they were before are not read.
    pub(super) fn look(before: &Self, twins: &Twins, files: &dyn Files) -> Self {
        let (mut now, mut room) = (Self { is_whole: true, ..Self::default() }, BYTES);
        now.root.clone_from(&twins.policy.root);
        let (mut reads, mut open) = (twins.reads(), files.opening());
        let walk = ignore::WalkBuilder::new(&twins.policy.root)
            .hidden(false)
            .require_git(false)
            .filter_entry(|entry| entry.file_name() != ".git")
            .build();
        let is_kept = |kind: std::fs::FileType| kind.is_file() || kind.is_symlink();
        let found = walk.flatten().filter(|entry| entry.file_type().is_some_and(is_kept));
        for entry in found {
            if now.files.len() + now.links.len() == FILES {
                now.is_whole = false;
                break;
            }
            let path = entry.path();
            if let Some(to) = std::fs::read_link(path).ok().filter(|_| entry.path_is_symlink()) {
                if reads.allows(path) {
                    now.links.insert(path.to_owned(), to);
                }
                continue;
            }
            if !reads.allows(path) || twins.is_twin(path) {
                continue;
            }
            let Ok(metadata) = entry.metadata() else { continue };
            let stamp = Stamp::of(&metadata);
            let known = before.files.get(path).filter(|was| was.is_settled && was.stamp == stamp);
            let text = match known {
                Some(Was { text: Ok(text), .. }) if text.len() as u64 <= room => Ok(text.clone()),
                _ if stamp.length > LARGEST.min(room) => Err("it was too much to be kept"),
                _ => open(path).map_err(|_| "it could not be read").and_then(read),
            };
            room -= text.as_ref().map_or(0, |text| text.len() as u64).min(room);
            let rights = metadata.mode() & 0o7777;
            now.files.insert(path.to_owned(), Was { stamp, rights, is_settled: is_settled(&metadata), text });
        }
        now
    }

    /// How many of the files below a folder it has the text of.
    pub(super) fn kept_below(&self, folder: &Path) -> usize {
        let below = self.files.range(folder.to_owned()..).take_while(|(path, _)| path.starts_with(folder));
        below.filter(|(_, was)| was.text.is_ok()).count()
    }

    /// What became of the files by a command that began then.
    /// `was_absent` knows of folders that were not there before.
    pub(super) fn difference(
        &self,
        now: &Self,
        began: SystemTime,
        was_absent: impl Fn(&Path) -> bool,
    ) -> Difference {
        let mut difference = Difference::default();
        for (path, was) in &self.files {
            match (now.files.get(path), &was.text) {
                // A file may get other rights with another text, too: the text is what is brought back then.
                (Some(is), Ok(_)) if is.is(was) && is.rights != was.rights => {
                    difference.left.push((path.clone(), RIGHTS));
                }
                (Some(is), _) if is.is(was) => {}
                (Some(Was { text: Ok(after), .. }), Ok(before)) => {
                    difference.changed.push(changed(path, Some(before), Some(after)));
                }
                (Some(Was { text: Err(why), .. }), Ok(_)) | (Some(_), Err(why)) => {
                    difference.left.push((path.clone(), *why));
                }
                // It may be beyond what is looked at now, or ignored.
                (None, _) if is_file(path) => {}
                (None, Ok(before)) => {
                    let instead = Instead::at(path);
                    difference.changed.push(Changed { instead, ..changed(path, Some(before), None) });
                }
                (None, Err(why)) => difference.left.push((path.clone(), *why)),
            }
        }
        for path in self.links.keys().filter(|path| now.links.get(*path) != self.links.get(*path)) {
            // It may be beyond what is looked at now, or ignored.
            if now.links.contains_key(path) || !path.is_symlink() {
                difference.left.push((path.clone(), LINK));
            }
        }
        let moved = self.moved();
        let is_moved = |is: &Was| {
            let from = moved.get(&is.stamp.number);
            from.is_some_and(|(path, was)| was.is(is) && path.symlink_metadata().is_err())
        };
        let is_within = |folder: &&Path| folder.starts_with(&now.root) && *folder != now.root;
        let is_new = |folder: &Path| was_absent(folder) || is_born_since(folder, began);
        // All that is in a new folder came with it.
        let folders = |path: &Path| {
            let around = path.ancestors().skip(1).take_while(is_within).enumerate();
            around.filter(|(_, folder)| is_new(folder)).last().map_or(0, |(at, _)| at + 1)
        };
        let was_nothing =
            |path: &Path| self.is_whole && !self.files.contains_key(path) && !self.links.contains_key(path);
        let new = now.files.iter().filter(|(path, _)| was_nothing(path));
        for (path, is) in new.filter(|(path, is)| is_born_since(path, began) || is_moved(is)) {
            if let Ok(after) = &is.text {
                difference
                    .changed
                    .push(Changed { folders: folders(path), ..changed(path, None, Some(after)) });
            }
        }
        let new = now.links.iter().filter(|(path, _)| was_nothing(path) && is_born_since(path, began));
        difference.changed.extend(new.map(|(path, to)| Changed {
            instead: Some(Instead::Link { to: to.clone() }),
            folders: folders(path),
            ..changed(path, None, None)
        }));
        difference
    }

    /// The files whose texts are kept, by what the system knows them by: one that is found elsewhere was moved there.
    fn moved(&self) -> HashMap<(u64, u64), (&Path, &Was)> {
        let kept = self.files.iter().filter(|(_, was)| was.text.is_ok());
        kept.map(|(path, was)| (was.stamp.number, (path.as_path(), was))).collect()
    }
}

impl Difference {
    /// Whether it is more than is taken back.
    pub(super) fn is_too_much(&self) -> bool {
        let bytes =
            |one: &Changed| [&one.before, &one.after].into_iter().flatten().map(String::len).sum::<usize>();
        self.changed.len() + self.left.len() > CHANGED
            || self.changed.iter().map(bytes).sum::<usize>() > CHANGED_BYTES
    }
}

impl Was {
    /// Whether it is the same file with the same text.
    fn is(&self, other: &Self) -> bool {
        match (&self.text, &other.text) {
            (Ok(one), Ok(other)) => Arc::ptr_eq(one, other) || one == other,
            _ => self.stamp == other.stamp,
        }
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            number: (metadata.dev(), metadata.ino()),
            length: metadata.len(),
            written: (metadata.mtime(), metadata.mtime_nsec()),
            touched: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

fn changed(path: &Path, before: Option<&Arc<str>>, after: Option<&Arc<str>>) -> Changed {
    let text = |text: Option<&Arc<str>>| text.map(ToString::to_string);
    Changed { after: text(after), ..Changed::of(path.to_owned(), text(before)) }
}

/// Whether there is a file under the name, and not by way of a link.
fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file())
        && path.parent().is_none_or(|folder| path::resolve(Path::new("/"), folder) == folder)
}

/// Whether it was left alone for long enough. A clock that went back says nothing.
fn is_settled(metadata: &Metadata) -> bool {
    let (Ok(seconds), Ok(rest)) = (u64::try_from(metadata.ctime()), u32::try_from(metadata.ctime_nsec()))
    else {
        return false;
    };
    let touched = SystemTime::UNIX_EPOCH + Duration::new(seconds, rest);
    touched.elapsed().is_ok_and(|since| since > SETTLED)
}

/// Whether there was no such file before, under any name. Where the system does not tell, nobody knows.
fn is_born_since(path: &Path, began: SystemTime) -> bool {
    path.symlink_metadata().and_then(|metadata| metadata.created()).is_ok_and(|born| born + TICK >= began)
}

fn read(opened: Opened) -> Result<Arc<str>, &'static str> {
    let mut bytes = Vec::with_capacity(usize::try_from(opened.length.min(LARGEST)).unwrap_or_default());
    opened.file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|_| "it could not be read")?;
    if bytes.len() as u64 > LARGEST {
        return Err("it was too much to be kept");
    }
    String::from_utf8(bytes).map(Arc::from).map_err(|_| "it was no text")
}

mod parts;

#[cfg(test)]
mod tests;
