//! A git worktree in which one helper edits, and what it brings back.
//!
//! [`Worktree::make`] checks out the last commit in a private folder and lays over it what the person sees: files that
//! are not committed, texts that are not saved. That is the base. [`Worktree::changes`] compares with it, whatever the
//! helper did meanwhile with git, and gives back pairs of texts, which become change plans of the run that asked.
//!
//! Invariants
//! - The person's files, index and branches are not touched. Of the repository only `worktrees` is, by git itself.
//! - Before a worktree is there, a note beside the journal names it; [`sweep`] takes away those whose process is gone.
//! - What policy keeps from being read is not in it.

mod note;

pub(crate) use note::sweep;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use copydesk_base::{Files, path};
use copydesk_permission::sandbox::repository;
use copydesk_permission::{Policy, RuleVerdict, parse_rule};

use crate::disk::DiskFiles;
use crate::lodging::Lodging;
use crate::process::git;
use crate::settings::Settings;
use crate::twins::Twins;
use note::Note;

/// The largest file that is no text and is carried along.
const LARGEST: u64 = 64 * 1024 * 1024;

/// One worktree. Dropped without [`Worktree::remove`], its files go and its note stays for the next start.
pub(crate) struct Worktree {
    /// Where the helper finds the workspace.
    pub(crate) root: PathBuf,
    /// The workspace itself.
    home: PathBuf,
    commit: String,
    /// What was not committed, as it was when the helper began; none for what was not there.
    over: BTreeMap<PathBuf, Option<Vec<u8>>>,
    /// The top of the checkout.
    top: PathBuf,
    note: Note,
    _folder: Lodging,
}

/// What a helper made of the files.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) texts: Vec<Changed>,
    /// What cannot become an edit, each with the reason.
    pub(crate) left: Vec<(PathBuf, &'static str)>,
}

/// One file before and after, by its place in the workspace.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) path: PathBuf,
    /// None where there was no file.
    pub(crate) before: Option<String>,
    pub(crate) after: String,
}

impl Worktree {
    /// Makes one; the error is a fragment that says why there can be none.
    pub(crate) async fn make(
        settings: &Settings,
        policy: &Policy,
        files: &dyn Files,
        notes: &Path,
    ) -> Result<Self, String> {
        let home = settings.root.clone();
        let inside = git(settings, &home, ["rev-parse", "--show-prefix"]).await;
        let prefix = inside.map_err(|_| "this workspace is no git repository".to_owned())?;
        let prefix = PathBuf::from(text(&prefix).trim_end_matches('\n'));
        let head = git(settings, &home, ["rev-parse", "--verify", "HEAD^{commit}"]).await;
        let commit = head.map_err(|_| "this repository has no commit yet".to_owned())?;
        let commit = text(&commit).trim().to_owned();
        let folder = Lodging::make(note::PREFIX).map_err(|error| error.to_string())?;
        let place = folder.path().canonicalize().map_err(|error| error.to_string())?;
        let top = place.join("tree");
        let note = Note::write(notes, &place, &home).map_err(|error| error.to_string())?;
        let mut worktree =
            Self { root: top.join(&prefix), home, commit, over: BTreeMap::new(), top, note, _folder: folder };
        match worktree.furnish(settings, policy, files).await {
            Ok(()) => Ok(worktree),
            Err(reason) => {
                worktree.remove(settings).await;
                Err(reason)
            }
        }
    }

    async fn furnish(
        &mut self,
        settings: &Settings,
        policy: &Policy,
        files: &dyn Files,
    ) -> Result<(), String> {
        let arguments = ["worktree", "add", "--quiet", "--detach"].map(Into::into);
        let arguments =
            arguments.into_iter().chain([self.top.clone().into_os_string(), (&self.commit).into()]);
        git(settings, &self.home, arguments).await?;
        std::fs::create_dir_all(&self.root).map_err(|error| error.to_string())?;
        let twins = Twins::of(policy.clone());
        // Rules that name places by their whole path do not know the worktree: what they hide is taken out.
        let is_absolute = |text: &str| ["(/", "(~"].iter().any(|start| text.contains(start));
        let hides = |verdict| verdict != RuleVerdict::Allow;
        if policy.rules.iter().any(|rule| hides(rule.verdict) && is_absolute(&rule.text)) {
            for below in names(&git(settings, &self.root, ["ls-files", "-z"]).await?) {
                if !may_read(&twins, &self.home.join(&below)) {
                    let _ = std::fs::remove_file(self.root.join(&below));
                    self.over.insert(below, None);
                }
            }
        }
        let listed = ["ls-files", "-z", "--modified", "--deleted", "--others", "--exclude-standard"];
        for below in names(&git(settings, &self.home, listed).await?) {
            let there = self.home.join(&below);
            if may_read(&twins, &there) {
                let bytes = bytes_of(&DiskFiles, &there)?;
                self.lay(below, bytes)?;
            }
        }
        for open in files.held_open() {
            let Ok(below) = open.strip_prefix(&self.home) else { continue };
            let below = below.to_owned();
            if may_read(&twins, &open)
                && let Ok(file) = files.read(&open)
            {
                self.lay(below, Some(file.text.as_bytes().to_vec()))?;
            }
        }
        Ok(())
    }

    /// Makes one file what the person sees.
    fn lay(&mut self, below: PathBuf, bytes: Option<Vec<u8>>) -> Result<(), String> {
        let target = self.root.join(&below);
        // A folder that is a link in the commit leads out of the worktree.
        if !path::is_inside(&self.root, &path::resolve(Path::new("/"), &target)) {
            return Ok(());
        }
        let laid = match &bytes {
            Some(bytes) => {
                let made = target.parent().map_or(Ok(()), std::fs::create_dir_all);
                made.and_then(|()| std::fs::write(&target, bytes))
            }
            None => match std::fs::remove_file(&target) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        };
        laid.map_err(|error| format!("{} cannot be put there: {error}", below.display()))?;
        self.over.insert(below, bytes);
        Ok(())
    }

    /// The settings of a helper that works here: it edits freely, since nothing here is anybody's, and never there.
    pub(crate) fn settings(&self, settings: &Settings) -> Settings {
        let rule = |verdict, place: &Path| {
            let place = place.to_str()?;
            // A name that would be a pattern is left to be asked about, or is outside and asks anyway.
            let is_plain = !place.contains(['*', '?', '[', ']', '{', '}', '\\', '(', ')']);
            is_plain.then(|| parse_rule(verdict, format!("Edit(/{place}/**)"), "a helper's worktree").ok())?
        };
        let mut own = Settings {
            root: self.root.clone(),
            additional: vec![],
            checks: vec![],
            checks_misread: None,
            ..settings.clone()
        };
        own.rules.extend(rule(RuleVerdict::Allow, &self.root));
        own.rules.extend(rule(RuleVerdict::Deny, &self.home));
        own.sandbox.readable.extend(repository(&self.root, settings.home.as_deref()));
        own.notices = vec![];
        own
    }

    /// What the helper changed.
    pub(crate) async fn changes(&self, settings: &Settings) -> Result<Changes, String> {
        let tracked = ["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--relative"];
        let tracked = tracked.into_iter().chain([self.commit.as_str(), "--"]);
        let mut candidates: BTreeSet<PathBuf> = names(&git(settings, &self.root, tracked).await?).collect();
        let others = ["ls-files", "-z", "--others", "--exclude-standard"];
        candidates.extend(names(&git(settings, &self.root, others).await?));
        candidates.extend(self.over.keys().cloned());
        let mut changes = Changes::default();
        for below in candidates {
            let (before, place) = (self.before(settings, &below).await, self.root.join(&below));
            let path = self.home.join(&below);
            let is_odd = place.symlink_metadata().is_ok_and(|there| !there.is_file());
            if is_odd {
                changes.left.push((path, "it is no regular file"));
                continue;
            }
            let after = bytes_of(&DiskFiles, &place)?;
            if before == after {
                continue;
            }
            let as_text = |bytes: Option<Vec<u8>>| bytes.map(String::from_utf8).transpose();
            match (as_text(before), as_text(after)) {
                (Ok(before), Ok(Some(after))) => changes.texts.push(Changed { path, before, after }),
                (_, Ok(None)) => changes.left.push((path, "it was taken away, which no edit can do")),
                _ => changes.left.push((path, "it is no text")),
            }
        }
        Ok(changes)
    }

    /// A file as the helper found it.
    async fn before(&self, settings: &Settings, below: &Path) -> Option<Vec<u8>> {
        if let Some(known) = self.over.get(below) {
            return known.clone();
        }
        let name = format!("{}:./{}", self.commit, below.to_str()?);
        git(settings, &self.root, ["cat-file", "blob", &name]).await.ok()
    }

    /// Takes it away, with what git knows of it.
    pub(crate) async fn remove(self, settings: &Settings) {
        note::clear(settings, &self.top, &self.home).await;
        self.note.forget();
    }
}

/// Whether a worktree of this workspace can be had.
pub(crate) async fn is_possible(settings: &Settings) -> bool {
    git(settings, &settings.root, ["rev-parse", "--quiet", "--verify", "HEAD^{commit}"]).await.is_ok()
}

/// Whether an agent may read a file without a question.
fn may_read(twins: &Twins, file: &Path) -> bool {
    twins.may_send(&path::resolve(Path::new("/"), file))
}

/// The whole of a file; none where there is none.
fn bytes_of(files: &dyn Files, file: &Path) -> Result<Option<Vec<u8>>, String> {
    let file = path::resolve(Path::new("/"), file);
    let open = match files.open(&file) {
        Ok(open) => open,
        Err(copydesk_base::files::FileError::Absent { .. }) => return Ok(None),
        Err(error) => return Err(format!("failed to {error}")),
    };
    let mut bytes = Vec::new();
    let read = open.take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("{} is larger than {} MB", file.display(), LARGEST >> 20));
    }
    Ok(Some(bytes))
}

/// Names that git wrote with a zero behind each.
fn names(listed: &[u8]) -> impl Iterator<Item = PathBuf> {
    let names = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names.map(text).map(PathBuf::from).collect::<Vec<_>>().into_iter()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests;
