//! Files that a command names: kept before it runs, and written down where it changed them or took them away.
//!
//! A command is no edit, and what it does by itself nobody knows beforehand. But most of what one takes away or writes
//! over stands in its words (`rm a.py`, `mv a b`, `… > report.txt`), which were read before it was judged. Those files
//! are read before it starts and looked at again when it has ended, also those that git ignores. What stands in no
//! words is for [`around`](super::around).
//!
//! # Invariants
//! - It is bounded: [`FILES`], [`BYTES`]. Of a folder that has more, nothing is kept, and what went away with it is
//!   named.
//! - Only plain text files beneath the workspace that the agent may read, as they are on the disk. Nothing is followed,
//!   and git's own files are git's.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use copydesk_base::change::Instead;
use copydesk_base::{Effect, Files};
use copydesk_permission::{Policy, effects_of};

use super::kept::{Length, cut};
use crate::gate::twins::Twins;

/// The most files that are kept for a command.
const FILES: usize = 64;
/// The most bytes of them together.
const BYTES: u64 = 4 * 1024 * 1024;
/// The most names that are looked at below the folders that a command names.
const LOOKS: usize = 4 * FILES;

/// What a command may be about to change.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Named {
    /// Each with its text; nothing where there is no file.
    kept: BTreeMap<PathBuf, Option<String>>,
    /// Files and folders of which nothing is kept, and why.
    unkept: Vec<(PathBuf, &'static str)>,
}

impl Named {
    pub(super) fn of(effects: &[Effect], policy: &Policy, files: &dyn Files) -> Self {
        let (mut named, mut room) = (Self::default(), Room { files: FILES, bytes: BYTES, looks: LOOKS });
        let twins = Twins::of(policy.clone());
        let writes = |effect: &Effect| match effect {
            Effect::Execute { command, cwd } => effects_of(command, cwd, policy).writes,
            _ => vec![],
        };
        let mut places: Vec<PathBuf> = effects.iter().flat_map(writes).collect();
        places.sort();
        places.dedup();
        for place in places {
            if place == policy.root || !place.starts_with(&policy.root) || is_of_git(&place, &policy.root) {
                continue;
            }
            let (mut found, before) = (BTreeMap::new(), (room.files, room.bytes));
            match collect(&place, &twins, files, &mut room, &mut found) {
                Ok(()) => named.kept.extend(found),
                // What is not kept takes no room from the others; that it was looked at counts.
                Err(why) => {
                    (room.files, room.bytes) = before;
                    named.unkept.push((place, why));
                }
            }
        }
        named
    }

    /// Whether it is kept here, or known here not to be: then it is nobody else's to tell of.
    pub(super) fn has(&self, path: &Path) -> bool {
        self.kept.contains_key(path) || self.unkept.iter().any(|(place, _)| path == place)
    }

    /// Leaves to whoever keeps the files of a folder what was too much here; `knows` tells how many of those below a
    /// folder it has.
    pub(super) fn leave_to(mut self, knows: impl Fn(&Path) -> usize) -> Self {
        self.unkept.retain_mut(|(place, why)| {
            let known = knows(place);
            if known > 0 {
                *why = "not all of it could be kept";
            }
            known == 0 || count(place, known) != known
        });
        self
    }

    /// What has become of it: the text before and after of each file that is another one now, and what is gone for
    /// good.
    pub(super) fn changed(self, files: &dyn Files) -> (Vec<Changed>, Vec<(PathBuf, &'static str)>) {
        let is_gone = |(path, _): &(PathBuf, _)| path.symlink_metadata().is_err();
        let mut lost: Vec<_> = self.unkept.into_iter().filter(is_gone).collect();
        let mut changed = Vec::new();
        for (path, before) in self.kept {
            let instead = Instead::at(&path);
            match (text(&path, files, BYTES), before) {
                (Ok(after), before) if after == before => {}
                (Ok(after), before) => changed.push(Changed { after, ..Changed::of(path, before) }),
                (Err(_), before @ Some(_)) if instead.is_some() => {
                    changed.push(Changed { instead, ..Changed::of(path, before) });
                }
                (Err(_), None) if matches!(instead, Some(Instead::Link { .. })) => {
                    changed.push(Changed { instead, ..Changed::of(path, None) });
                }
                (Err(_), Some(_)) => lost.push((path, "what it is now could not be read as a text")),
                // Something new that is no text.
                (Err(_), None) => {}
            }
        }
        (changed, lost)
    }

    /// The files with the lengths of their texts, what is not kept, and the texts, to be written down.
    pub(super) fn parts(&self) -> (Vec<Length>, Vec<PathBuf>, Vec<&str>) {
        let told = self.kept.iter().filter(|(path, _)| path.to_str().is_some());
        let files = told.clone().map(|(path, text)| (path.clone(), text.as_ref().map(String::len)));
        let unkept = self.unkept.iter().map(|(path, _)| path.clone()).filter(|path| path.to_str().is_some());
        (files.collect(), unkept.collect(), told.filter_map(|(_, text)| text.as_deref()).collect())
    }

    /// The same again; nothing where the texts are others.
    pub(super) fn from_parts(files: Vec<Length>, unkept: Vec<PathBuf>, texts: &str) -> Option<Self> {
        let texts = cut(texts, files.iter().map(|(_, length)| *length))?;
        let kept = files.into_iter().zip(texts).map(|((path, _), text)| (path, text.map(str::to_owned)));
        let unkept = unkept.into_iter().map(|path| (path, "it could not be kept"));
        Some(Self { kept: kept.collect(), unkept: unkept.collect() })
    }

    /// Whether there was nothing of this name.
    pub(super) fn was_absent(&self, path: &Path) -> bool {
        self.kept.get(path).is_some_and(Option::is_none)
    }
}

/// A file that is another one now.
#[derive(Debug, PartialEq)]
pub(super) struct Changed {
    pub(super) path: PathBuf,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    /// What stands there now that is no file.
    pub(super) instead: Option<Instead>,
    /// How many folders around it came with it.
    pub(super) folders: usize,
}

impl Changed {
    /// A file that is gone.
    pub(super) const fn of(path: PathBuf, before: Option<String>) -> Self {
        Self { path, before, after: None, instead: None, folders: 0 }
    }
}

/// What may still be kept.
struct Room {
    files: usize,
    bytes: u64,
    looks: usize,
}

/// Takes in a file, or all files below a folder; the error says why nothing of it is kept.
fn collect(
    place: &Path,
    twins: &Twins,
    files: &dyn Files,
    room: &mut Room,
    found: &mut BTreeMap<PathBuf, Option<String>>,
) -> Result<(), &'static str> {
    const FULL: &str = "it was too much to be kept";
    room.looks = room.looks.checked_sub(1).ok_or(FULL)?;
    match place.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => {
            let entries = std::fs::read_dir(place).map_err(|_| "it cannot be read")?;
            for entry in entries {
                collect(&entry.map_err(|_| "it cannot be read")?.path(), twins, files, room, found)?;
            }
            Ok(())
        }
        metadata => {
            if metadata.is_ok() && !twins.may_send(place) {
                return Err("the agent may not read it");
            }
            let kept = text(place, files, room.bytes)?;
            room.files = room.files.checked_sub(1).ok_or(FULL)?;
            room.bytes -= kept.as_ref().map_or(0, |text| text.len() as u64);
            found.insert(place.to_owned(), kept);
            Ok(())
        }
    }
}

/// How many files are below a folder, links among them; one more than the most where it is more, or cannot be told.
fn count(place: &Path, most: usize) -> usize {
    let (mut folders, mut files) = (vec![place.to_owned()], 0);
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else { return most + 1 };
        for entry in entries {
            match entry.and_then(|entry| Ok((entry.file_type()?.is_dir(), entry.path()))) {
                Ok((true, path)) => folders.push(path),
                Ok((false, _)) => files += 1,
                Err(_) => return most + 1,
            }
            if files > most {
                return files;
            }
        }
    }
    files
}

/// The text of a plain file on the disk, nothing where there is none.
fn text(path: &Path, files: &dyn Files, most: u64) -> Result<Option<String>, &'static str> {
    match path.symlink_metadata() {
        Err(_) => return Ok(None),
        Ok(metadata) if !metadata.is_file() => return Err("it was no plain file"),
        Ok(metadata) if metadata.len() > most => return Err("it was too much to be kept"),
        Ok(_) => {}
    }
    let file = files.open(path).map_err(|_| "it could not be read")?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(|_| "it could not be read")?;
    String::from_utf8(bytes).map(Some).map_err(|_| "it was no text")
}

fn is_of_git(place: &Path, root: &Path) -> bool {
    let below = place.strip_prefix(root).unwrap_or(place);
    below.components().any(|part| part.as_os_str() == ".git")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DiskFiles;
    use crate::bench::Bench;

    fn execute(command: &str, root: &Path) -> Effect {
        Effect::Execute { command: command.to_owned(), cwd: root.to_owned() }
    }

    #[test]
    fn what_a_command_names_is_kept_and_what_became_of_it_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("deep/er")).unwrap();
        std::fs::create_dir_all(root.join("many")).unwrap();
        for (name, text) in [("a", "one\n"), ("b", "two\n"), ("deep/c", "three\n"), ("deep/er/d", "four\n")] {
            std::fs::write(root.join(name), text).unwrap();
        }
        for at in 0..=FILES {
            std::fs::write(root.join(format!("many/{at}")), "x").unwrap();
        }
        std::fs::write(root.join("bytes"), [0xff, 0xfe]).unwrap();
        let policy = Bench::policy_in(&root);
        let check = |command: &str, expect: &[(&str, Option<&str>)], lost: &[&str]| {
            let named = Named::of(&[execute(command, &root)], &policy, &DiskFiles);
            let below = |path: &Path| path.strip_prefix(&root).unwrap().display().to_string();
            let kept: Vec<(String, Option<&str>)> =
                named.kept.iter().map(|(path, text)| (below(path), text.as_deref())).collect();
            let expect: Vec<(String, Option<&str>)> =
                expect.iter().map(|(name, text)| ((*name).to_owned(), *text)).collect();
            let unkept: Vec<String> = named.unkept.iter().map(|(path, _)| below(path)).collect();
            assert_eq!(
                (kept, unkept),
                (expect, lost.iter().map(|name| (*name).to_owned()).collect()),
                "{command}"
            );
        };
        check("cat a", &[], &[]);
        check("rm a", &[("a", Some("one\n"))], &[]);
        check("mv a new", &[("a", Some("one\n")), ("new", None)], &[]);
        check(
            "echo x > b && rm -r deep",
            &[("b", Some("two\n")), ("deep/c", Some("three\n")), ("deep/er/d", Some("four\n"))],
            &[],
        );
        check("rm bytes", &[], &["bytes"]);
        check("rm -rf many a", &[("a", Some("one\n"))], &["many"]);
        check("rm -rf many && mv a z", &[("a", Some("one\n")), ("z", None)], &["many"]);
        check("rm -rf .", &[], &[]);
        check("rm /etc/hostname", &[], &[]);

        for (knows, left) in [
            (0, &["it was too much to be kept"][..]),
            (FILES, &["not all of it could be kept"]),
            (FILES + 1, &[]),
        ] {
            let named =
                Named::of(&[execute("rm -rf many a", &root)], &policy, &DiskFiles).leave_to(|_| knows);
            assert_eq!(
                named.unkept.iter().map(|(_, why)| *why).collect::<Vec<_>>(),
                left,
                "{knows} are known"
            );
        }

        // One that nobody can read hides nothing of the next.
        let both = ["echo 'open", "rm a"].map(|command| execute(command, &root));
        let named = Named::of(&both, &policy, &DiskFiles);
        assert_eq!(named.kept.keys().collect::<Vec<_>>(), [&root.join("a")]);

        let named = Named::of(&[execute("rm -rf many a b", &root)], &policy, &DiskFiles);
        std::fs::remove_dir_all(root.join("many")).unwrap();
        std::fs::remove_file(root.join("a")).unwrap();
        let (changed, gone) = named.changed(&DiskFiles);
        let changed: Vec<_> =
            changed.into_iter().map(|one| (one.path, one.before.unwrap_or_default(), one.after)).collect();
        assert_eq!(changed, [(root.join("a"), "one\n".to_owned(), None)]);
        assert_eq!(gone, [(root.join("many"), "it was too much to be kept")]);
    }
}
