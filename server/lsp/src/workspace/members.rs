//! The files of ours on disk: what each says, as far as others need to know it.
//!
//! [`Members`] looks at files one by one and keeps a summary of each. It knows three ways to find them: the places
//! where our files live, what lies around a workflow and what that names, and paths that somebody hands in. A file that
//! did not change since it was looked at is not read again.
//!
//! Invariants
//! - Content is read through [`Files`] only; what is asked of the disk beside it is names and times.
//! - The disk counts here. What an editor holds open is laid over it by [`super::view`].

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use copydesk_base::files::FileError;
use copydesk_base::{Files, path};
use copydesk_language::index::{Call, SettingsView, Summary, SummaryBody, Target};
use copydesk_language::{File, FileKind, Trust, WorkspaceIndex, parse, summary};

use super::discover::{self, Found};
use super::meaning;

/// More files than that are not kept.
const MOST: usize = 20_000;
/// The largest file that is read only because it might be a workflow.
const LARGEST_GUESS: u64 = 512 * 1024;
/// How many files one file may bring along: what it calls, what that calls, and their agents.
const MOST_AROUND: usize = 500;

/// The summaries of all files, by path.
pub type Summaries = BTreeMap<PathBuf, Arc<Summary>>;

/// What was seen of the disk.
#[derive(Clone, Debug, Default)]
pub struct Members {
    root: PathBuf,
    user_agents: Vec<PathBuf>,
    /// Config files of the person, nearest first.
    user_configs: Vec<PathBuf>,
    summaries: Arc<Summaries>,
    stamps: HashMap<PathBuf, Stamp>,
    /// Folders of agents that were listed.
    listed: HashSet<PathBuf>,
    /// Counts up with every change of a summary.
    generation: u64,
}

/// How a file was when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    found: Found,
}

/// The user's own places, as the binary knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserPlaces {
    /// Folders of agents, nearest first.
    pub agents: Vec<PathBuf>,
    /// Config files, nearest first; those that do not exist do no harm.
    pub configs: Vec<PathBuf>,
}

impl Members {
    /// Nothing seen yet. `root` is resolved.
    pub fn new(root: &Path, user: &UserPlaces) -> Self {
        let resolved = |paths: &[PathBuf]| paths.iter().map(|one| path::resolve(root, one)).collect();
        Self {
            root: root.to_owned(),
            user_agents: resolved(&user.agents),
            user_configs: resolved(&user.configs),
            ..Self::default()
        }
    }

    /// What was seen, as `language` takes it.
    pub fn index(&self, trust: Trust) -> WorkspaceIndex {
        self.index_with(trust, self.summaries.clone())
    }

    /// The same with other summaries: those of open documents among them.
    pub(super) fn index_with(&self, trust: Trust, summaries: Arc<Summaries>) -> WorkspaceIndex {
        let settings = self.settings(&summaries);
        WorkspaceIndex {
            root: Some(self.root.clone()),
            user_agents: self.user_agents.clone(),
            trust,
            files: Some(summaries),
            settings: Some(Arc::new(settings)),
            ..WorkspaceIndex::default()
        }
    }

    /// The names that all config files together give, the nearest first.
    fn settings(&self, summaries: &Summaries) -> SettingsView {
        let nearest = [".copydesk/config.yaml", ".copydesk/config.yml", ".keystone/config.yaml"];
        let own = nearest.iter().map(|name| self.root.join(name));
        let all = own.chain(self.user_configs.iter().cloned());
        all.fold(SettingsView::default(), |view, path| match summaries.get(&path).map(|one| &one.body) {
            Some(SummaryBody::Settings(below)) => view.over(below),
            _ => view,
        })
    }

    pub fn summaries(&self) -> &Arc<Summaries> {
        &self.summaries
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// Looks at the places where our files live. What it answers is those whose meaning changed.
    pub fn look_in_places(&mut self, disk: &dyn Files) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        let configs = self.user_configs.clone();
        let found =
            configs.into_iter().map(|path| (path, Found::ByPlace)).chain(discover::places(&self.root));
        for (path, found) in found {
            if self.look(disk, &path, found) {
                changed.push(path);
            }
        }
        for folder in self.user_agents.clone() {
            changed.extend(self.list(disk, &folder));
        }
        let workflows: Vec<PathBuf> = self.workflows().collect();
        for workflow in workflows {
            changed.extend(self.look_beside(disk, &workflow));
        }
        changed
    }

    fn workflows(&self) -> impl Iterator<Item = PathBuf> {
        let is_workflow = |one: &Summary| one.kind == FileKind::Workflow;
        self.summaries.iter().filter(move |(_, one)| is_workflow(one)).map(|(path, _)| path.clone())
    }

    /// Looks at a file and, where it is a workflow, at what that sees.
    pub fn look_around(&mut self, disk: &dyn Files, path: &Path, found: Found) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        if self.look(disk, path, found) {
            changed.push(path.to_owned());
            changed.extend(self.look_beside(disk, path));
        }
        changed
    }

    /// Looks at what a workflow sees, as the disk has it.
    pub(super) fn look_beside(&mut self, disk: &dyn Files, path: &Path) -> Vec<PathBuf> {
        match self.summaries.get(path).cloned() {
            Some(summary) if summary.kind == FileKind::Workflow => {
                self.look_at_calls(disk, path, &summary.calls)
            }
            _ => Vec::new(),
        }
    }

    /// Looks at what a workflow with these calls sees: the folders of its agents, the files that it names, and what
    /// those see. What was looked at before is not looked at again.
    pub(super) fn look_at_calls(
        &mut self,
        disk: &dyn Files,
        workflow: &Path,
        calls: &[Call],
    ) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        let mut next = vec![(workflow.to_owned(), workflows_named(calls))];
        let mut seen = HashSet::from([workflow.to_owned()]);
        while let Some((from, names)) = next.pop() {
            let words = self.words();
            for folder in words.agent_folders(&from) {
                if !self.listed.contains(&folder) {
                    changed.extend(self.list(disk, &folder));
                }
            }
            for written in names {
                let candidates = words.workflow_candidates(&from, &written);
                let Some(path) = candidates.into_iter().find(|path| self.is_file(path)) else { continue };
                if !self.summaries.contains_key(&path) && self.look(disk, &path, Found::Named) {
                    changed.push(path.clone());
                }
                let called = self.summaries.get(&path).filter(|_| seen.len() < MOST_AROUND);
                if let Some(called) = called.filter(|_| seen.insert(path.clone())) {
                    let names = workflows_named(&called.calls);
                    next.push((path, names));
                }
            }
        }
        changed
    }

    /// The index without files: what it says about places.
    fn words(&self) -> WorkspaceIndex {
        WorkspaceIndex {
            root: Some(self.root.clone()),
            user_agents: self.user_agents.clone(),
            ..WorkspaceIndex::default()
        }
    }

    fn is_file(&self, path: &Path) -> bool {
        self.summaries.contains_key(path) || path.is_file()
    }

    /// Looks at every Markdown file that lies directly in a folder.
    fn list(&mut self, disk: &dyn Files, folder: &Path) -> Vec<PathBuf> {
        self.listed.insert(folder.to_owned());
        let found = discover::agents_in(folder);
        found.into_iter().filter(|path| self.look(disk, path, Found::ByPlace)).collect()
    }

    /// Looks at one file, if it changed since. Whether it means something else to others now.
    pub fn look(&mut self, disk: &dyn Files, path: &Path, found: Found) -> bool {
        // A reason that was good enough before stays one.
        let known = self.stamps.get(path).map(|stamp| stamp.found);
        let found = known.into_iter().chain(discover::found(path)).fold(found, Found::max);
        let Some(stamp) = Stamp::of(path, found) else { return self.forget(path) };
        if self.stamps.get(path) == Some(&stamp) {
            return false;
        }
        self.read(disk, path, stamp)
    }

    /// The same for a file of which somebody says that it changed, whatever its times say.
    pub fn look_again(&mut self, disk: &dyn Files, path: &Path) -> bool {
        let before = self.stamps.remove(path);
        match before.map(|stamp| stamp.found).or_else(|| discover::found(path)) {
            Some(found) => self.look(disk, path, found),
            // Neither ours by any sign nor named by anybody.
            None => false,
        }
    }

    /// Looks at everything that was seen before, by its times, and at the folders for what came.
    pub fn refresh(&mut self, disk: &dyn Files) -> Vec<PathBuf> {
        let known: Vec<(PathBuf, Found)> =
            self.stamps.iter().map(|(path, stamp)| (path.clone(), stamp.found)).collect();
        let mut changed: Vec<PathBuf> =
            known.into_iter().flat_map(|(path, found)| self.look_around(disk, &path, found)).collect();
        for folder in self.listed.clone() {
            changed.extend(self.list(disk, &folder));
        }
        changed.extend(self.look_in_places(disk));
        changed
    }

    fn read(&mut self, disk: &dyn Files, path: &Path, stamp: Stamp) -> bool {
        let is_new = !self.stamps.contains_key(path);
        if is_new && self.stamps.len() >= MOST {
            return false;
        }
        let guess = stamp.found == Found::ByLooks;
        if guess && stamp.length > LARGEST_GUESS {
            return false;
        }
        // A linked file is as good as another.
        let text = match disk.read(&path::resolve(Path::new("/"), path)) {
            Ok(file) => file.text,
            Err(FileError::Absent { .. }) => return self.forget(path),
            // It cannot be read, but it is there: whoever names it names a file.
            Err(_) => "".into(),
        };
        if guess && !discover::may_be_ours(&text) {
            return self.forget(path);
        }
        let tree = parse(path, &text);
        let file = File::new(path, &text, &tree);
        if file.kind == FileKind::Other && stamp.found != Found::Named {
            return self.forget(path);
        }
        let now = Arc::new(summary(&file));
        self.stamps.insert(path.to_owned(), stamp);
        let before = self.summaries.get(path);
        if before == Some(&now) {
            return false;
        }
        let is_same = before.is_some_and(|before| meaning::is_same(before, &now));
        Arc::make_mut(&mut self.summaries).insert(path.to_owned(), now);
        self.generation += 1;
        !is_same
    }

    fn forget(&mut self, path: &Path) -> bool {
        self.stamps.remove(path);
        if !self.summaries.contains_key(path) {
            return false;
        }
        Arc::make_mut(&mut self.summaries).remove(path);
        self.generation += 1;
        true
    }
}

fn workflows_named(calls: &[Call]) -> Vec<String> {
    let named = |call: &Call| match &call.target {
        Target::Workflow(written) => Some(written.clone()),
        _ => None,
    };
    calls.iter().filter_map(named).collect()
}

impl Stamp {
    /// `None` for what is no regular file.
    fn of(path: &Path, found: Found) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
        Some(Self { modified: metadata.modified().ok(), length: metadata.len(), found })
    }
}
