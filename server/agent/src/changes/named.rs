//! Files that a command names: kept before it runs, and written down where it changed them or took them away.
//!
//! A command is no edit, and what it does by itself nobody knows beforehand. But most of what one takes away or writes over
//! stands in its words (`rm a.py`, `mv a b`, `… > report.txt`), which were read before it was judged. Those files are read
//! before it starts and looked at again when it has ended; what has changed becomes [`Event::CommandChanged`], which undo takes
//! back like an edit.
//!
//! # Invariants
//! - It is bounded: [`FILES`], [`BYTES`]. Of a folder that has more, nothing is kept, and what went away with it is named.
//! - Only plain text files beneath the workspace that the agent may read, as they are on the disk. Nothing is followed, and
//!   git's own files are git's.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use copydesk_base::{CallId, ChangeId, Effect, Event, Files};
use copydesk_permission::{Policy, effects_of};

use crate::error::AgentError;
use crate::gate::twins::Twins;
use crate::run::Turn;

/// The most files that are kept for a command.
const FILES: usize = 64;
/// The most bytes of them together.
const BYTES: u64 = 4 * 1024 * 1024;
/// The most names that are looked at below the folders that a command names.
const LOOKS: usize = 4 * FILES;

/// What a command may be about to change.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Named {
    /// Each with its text; nothing where there is no file.
    kept: BTreeMap<PathBuf, Option<String>>,
    /// Files and folders of which nothing is kept, and why.
    unkept: Vec<(PathBuf, &'static str)>,
}

/// Keeps what a command names. One in a helper's worktree needs none of it: what is changed there comes back as edits.
pub(crate) async fn keep(turn: &Turn, effect: &Effect) -> Named {
    let Effect::Execute { command, cwd } = effect else { return Named::default() };
    if turn.apart.is_some() {
        return Named::default();
    }
    let (command, cwd, policy) = (command.clone(), cwd.clone(), turn.policy());
    let files = turn.world.files.clone();
    let keeping = tokio::task::spawn_blocking(move || Named::of(&command, &cwd, &policy, &*files));
    keeping.await.unwrap_or_default()
}

impl Named {
    fn of(command: &str, cwd: &Path, policy: &Policy, files: &dyn Files) -> Self {
        let (mut named, mut room) = (Self::default(), Room { files: FILES, bytes: BYTES, looks: LOOKS });
        let twins = Twins::of(policy.clone());
        let mut places = effects_of(command, cwd, policy).writes;
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

    fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.unkept.is_empty()
    }

    /// What has become of it: the text before and after of each file that is another one now, and what is gone for good.
    fn changed(self, files: &dyn Files) -> (Vec<Changed>, Vec<(PathBuf, &'static str)>) {
        let changed = self.kept.into_iter().filter_map(|(path, before)| {
            let after = text(&path, files, BYTES).unwrap_or_else(|_| before.clone());
            (after != before).then_some(Changed { path, before, after })
        });
        let is_gone = |(path, _): &(PathBuf, _)| path.symlink_metadata().is_err();
        (changed.collect(), self.unkept.into_iter().filter(is_gone).collect())
    }
}

/// Writes down what a command did to the files that it names.
pub(crate) async fn settle(turn: &Turn, call: &CallId, named: Named) -> Result<(), AgentError> {
    if named.is_empty() {
        return Ok(());
    }
    let files: Arc<dyn Files> = turn.world.files.clone();
    let looking = tokio::task::spawn_blocking(move || named.changed(&*files));
    let (changed, gone) = looking.await.unwrap_or_default();
    let mut events: Vec<Event> = changed
        .into_iter()
        .map(|Changed { path, before, after }| {
            let change = ChangeId::new(&*turn.world.ids);
            Event::CommandChanged { change, call: call.clone(), path, before, after }
        })
        .collect();
    events.extend(gone.into_iter().map(|(path, why)| Event::CommandTook {
        call: call.clone(),
        path,
        reason: why.to_owned(),
    }));
    if events.is_empty() {
        return Ok(());
    }
    turn.recorder.record(&turn.edits_of, events, &turn.settings.redactor).await
}

struct Changed {
    path: PathBuf,
    before: Option<String>,
    after: Option<String>,
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
            let named = Named::of(command, &root, &policy, &DiskFiles);
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

        let named = Named::of("rm -rf many a b", &root, &policy, &DiskFiles);
        std::fs::remove_dir_all(root.join("many")).unwrap();
        std::fs::remove_file(root.join("a")).unwrap();
        let (changed, gone) = named.changed(&DiskFiles);
        let changed: Vec<_> =
            changed.into_iter().map(|one| (one.path, one.before.unwrap_or_default(), one.after)).collect();
        assert_eq!(changed, [(root.join("a"), "one\n".to_owned(), None)]);
        assert_eq!(gone, [(root.join("many"), "it was too much to be kept")]);
    }
}
