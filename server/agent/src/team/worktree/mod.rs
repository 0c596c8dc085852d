//! A git worktree in which one helper edits, and what it brings back.
//!
//! [`Worktree::make`] checks out the last commit in a private folder and lays over it what the person sees: files that
//! are staged or not committed, texts that are not saved. That is the base; what cannot be copied is passed over and
//! named. [`Worktree::changes`] compares with it, whatever the helper did meanwhile with git, and gives back pairs of
//! texts, which become change plans of the run that asked.
//!
//! Invariants
//! - The person's files, index and branches are not touched. Of the repository only `worktrees` is, by git itself.
//! - Before a worktree is there, a note beside the journal names it; [`sweep`] takes away those whose process is gone.
//! - What policy keeps from being read is not in it, and what a rule says of a place in the workspace it says of the
//!   same place here.
//! - Of one repository, one worktree at a time is made or taken away, whatever process does it.

mod lock;
mod note;

pub(crate) use note::sweep;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use copydesk_base::{Files, path};
use copydesk_permission::sandbox::repository;
use copydesk_permission::{Bounds, Policy, RuleVerdict, parse_rule};

use crate::disk::DiskFiles;
use crate::gate::twins::Twins;
use crate::process::git;
use crate::process::lodging::Lodging;
use crate::settings::Settings;
use note::Note;

/// The largest file that is carried along.
const LARGEST: u64 = 64 * 1024 * 1024;

/// How many files are named that are not there.
const MOST_NAMED: usize = 10;

/// One worktree. Dropped without [`Worktree::remove`], its files go and its note stays for the next start.
pub(crate) struct Worktree {
    /// Where the helper finds the workspace.
    pub(crate) root: PathBuf,
    /// The workspace itself.
    home: PathBuf,
    commit: String,
    /// What was not committed, as it was when the helper began; none for what was not there.
    over: BTreeMap<PathBuf, Option<Vec<u8>>>,
    /// What of the person's is not in it, each with the reason.
    missing: Vec<(PathBuf, String)>,
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
    /// Files and folders that git ignores and commands made; folders whole.
    pub(crate) ignored: Vec<PathBuf>,
}

/// One file before and after, by its place in the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        let mut worktree = Self {
            // As a path is told everywhere: git ends a prefix with a slash.
            root: top.join(&prefix).components().collect(),
            home,
            commit,
            over: BTreeMap::new(),
            missing: vec![],
            top,
            note,
            _folder: folder,
        };
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
        let held = lock::hold(settings, &self.home).await;
        git(settings, &self.home, arguments).await?;
        drop(held);
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
        // What is staged only, what the disk has only, and what git does not know.
        let staged =
            ["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--relative", "HEAD", "--"];
        let listed = ["ls-files", "-z", "--modified", "--deleted", "--others", "--exclude-standard"];
        let mut unlike: BTreeSet<PathBuf> = names(&git(settings, &self.home, staged).await?).collect();
        unlike.extend(names(&git(settings, &self.home, listed).await?));
        for below in unlike {
            let there = self.home.join(&below);
            if !may_read(&twins, &there) {
                continue;
            }
            match copied(&there) {
                Ok(copy) => self.lay(below, copy)?,
                Err(reason) => self.missing.push((below, reason)),
            }
        }
        for open in files.held_open() {
            let Ok(below) = open.strip_prefix(&self.home) else { continue };
            let below = below.to_owned();
            // A message that is being written lies in git's own folder, which a worktree has elsewhere.
            let is_gits = below.components().any(|part| part == Component::Normal(".git".as_ref()));
            if !is_gits
                && may_read(&twins, &open)
                && let Ok(file) = files.read(&open)
            {
                let mode = mode_of(&open);
                self.lay(below, Some(Copy { bytes: file.text.as_bytes().to_vec(), mode }))?;
            }
        }
        Ok(())
    }

    /// Makes one file what the person sees.
    fn lay(&mut self, below: PathBuf, copy: Option<Copy>) -> Result<(), String> {
        let target = self.root.join(&below);
        // A folder that is a link in the commit leads out of the worktree.
        if !path::is_inside(&self.root, &path::resolve(Path::new("/"), &target)) {
            return Ok(());
        }
        let laid = match &copy {
            Some(Copy { bytes, mode }) => {
                let made = target.parent().map_or(Ok(()), std::fs::create_dir_all);
                made.and_then(|()| std::fs::write(&target, bytes)).and_then(|()| match mode {
                    Some(mode) => std::fs::set_permissions(&target, std::fs::Permissions::from_mode(*mode)),
                    None => Ok(()),
                })
            }
            None => match std::fs::remove_file(&target) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        };
        laid.map_err(|error| format!("{} cannot be put there: {error}", below.display()))?;
        self.over.insert(below, copy.map(|copy| copy.bytes));
        Ok(())
    }

    /// What of the person's is not in it, in sentences.
    pub(crate) fn missing(&self) -> Vec<String> {
        let mut said: Vec<String> = self
            .missing
            .iter()
            .take(MOST_NAMED)
            .map(|(file, reason)| {
                format!("{} is not in the helper's copy of the workspace: {reason}", file.display())
            })
            .collect();
        if let Some(more) = self.missing.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
            said.push(format!("{more} more are not in the helper's copy of the workspace"));
        }
        said
    }

    /// Bounds as they hold here: for the same places.
    pub(crate) fn within(&self, bounds: &mut Bounds) {
        for rule in &mut bounds.rules {
            *rule = rule.in_copy(&self.root, &self.home);
        }
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
        // The same question comes when the edit comes back to the person, about their own file.
        own.rules.retain(|rule| !rule.asks_about_edits());
        for rule in &mut own.rules {
            *rule = rule.in_copy(&self.root, &self.home);
        }
        own.rules.extend(rule(RuleVerdict::Allow, &self.root));
        own.rules.extend(rule(RuleVerdict::Deny, &self.home));
        own.sandbox.readable.extend(repository(&self.root, settings.home.as_deref()));
        own.notices = self.missing();
        own
    }

    /// What the helper changed. `written` are the files that it wrote by its tools: those come back also where git
    /// ignores them.
    pub(crate) async fn changes(&self, settings: &Settings, written: &[PathBuf]) -> Result<Changes, String> {
        let tracked = ["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--relative"];
        let tracked = tracked.into_iter().chain([self.commit.as_str(), "--"]);
        let mut candidates: BTreeSet<PathBuf> = names(&git(settings, &self.root, tracked).await?).collect();
        let others = ["ls-files", "-z", "--others", "--exclude-standard"];
        candidates.extend(names(&git(settings, &self.root, others).await?));
        candidates.extend(self.over.keys().cloned());
        candidates
            .extend(written.iter().filter_map(|file| file.strip_prefix(&self.root).ok()).map(Path::to_owned));
        let mut changes = Changes::default();
        for below in &candidates {
            let (before, place) = (self.before(settings, below).await, self.root.join(below));
            let path = self.home.join(below);
            let is_odd = place.symlink_metadata().is_ok_and(|there| !there.is_file());
            if is_odd {
                // The folder of a submodule is there, and empty, from the beginning.
                let is_empty = std::fs::read_dir(&place).is_ok_and(|mut entries| entries.next().is_none());
                if !is_empty {
                    changes.left.push((path, "it is no regular file"));
                }
                continue;
            }
            let after = bytes_of(&DiskFiles, &place)?;
            let is_known = path.is_file() || before.is_none();
            if after.is_some() && is_known && may_run(&place) != may_run(&path) {
                changes.left.push((path.clone(), "its permissions (chmod) are no edit"));
            }
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
        let ignored = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"];
        let ignored = names(&git(settings, &self.root, ignored).await?);
        // A folder of which everything came back by itself is none that was left; and what lies in one goes with it.
        let is_back = |below: &PathBuf| candidates.contains(below) || self.is_all_of(below, &candidates);
        for below in ignored.filter(|below| !is_back(below)) {
            let file = self.home.join(below);
            if !changes.ignored.last().is_some_and(|last| file.starts_with(last)) {
                changes.ignored.push(file);
            }
        }
        Ok(changes)
    }

    /// Whether every file in a folder is among these.
    fn is_all_of(&self, folder: &Path, files: &BTreeSet<PathBuf>) -> bool {
        let Ok(entries) = std::fs::read_dir(self.root.join(folder)) else { return false };
        entries.flatten().all(|entry| {
            let below = folder.join(entry.file_name());
            files.contains(&below) || (entry.path().is_dir() && self.is_all_of(&below, files))
        })
    }

    /// A file as the helper found it.
    async fn before(&self, settings: &Settings, below: &Path) -> Option<Vec<u8>> {
        if let Some(known) = self.over.get(below) {
            return known.clone();
        }
        let name = format!("{}:./{}", self.commit, below.to_str()?);
        // As git writes it into a checkout: with the ends of lines that its attributes want.
        git(settings, &self.home, ["cat-file", "--filters", &name]).await.ok()
    }

    /// Takes it away, with what git knows of it.
    pub(crate) async fn remove(&self, settings: &Settings) {
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

/// A file that is laid over the checkout.
struct Copy {
    bytes: Vec<u8>,
    mode: Option<u32>,
}

/// A file of the person's as it is copied; the error says why it cannot be.
fn copied(file: &Path) -> Result<Option<Copy>, String> {
    let Ok(there) = file.symlink_metadata() else { return Ok(None) };
    let leads_to_folder = there.is_symlink() && file.is_dir();
    let reason = match () {
        () if leads_to_folder => "it is a link to a folder",
        () if there.is_symlink() && !file.exists() => "it is a link that leads nowhere",
        () if there.is_dir() => "it is a repository of its own",
        () => {
            let bytes = bytes_of(&DiskFiles, file)?;
            return Ok(bytes.map(|bytes| Copy { bytes, mode: mode_of(file) }));
        }
    };
    Err(reason.to_owned())
}

fn mode_of(file: &Path) -> Option<u32> {
    Some(file.metadata().ok()?.permissions().mode() & 0o777)
}

fn may_run(file: &Path) -> bool {
    mode_of(file).is_some_and(|mode| mode & 0o100 != 0)
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
fn names(listed: &[u8]) -> impl Iterator<Item = PathBuf> + use<> {
    let names = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names.map(text).map(PathBuf::from).collect::<Vec<_>>().into_iter()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests;
