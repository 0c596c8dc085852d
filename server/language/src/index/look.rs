//! Asking the index: which agents a workflow sees, which file a path means, whom a change touches.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::{
    BUILT_IN_AGENT, Declared, Summary, SummaryBody, Target, VisibleAgent, WorkflowSummary, WorkspaceIndex,
};
use crate::FileKind;

impl WorkspaceIndex {
    /// The agents that a workflow sees, the nearest first: of two with one name, the first counts. `None` where nobody
    /// has looked.
    pub fn agents_for(&self, workflow: &Path) -> Option<Vec<VisibleAgent<'_>>> {
        let files = self.files.as_deref()?;
        let mut agents = Vec::new();
        let mut seen = BTreeSet::new();
        for folder in self.agent_folders(workflow) {
            for (path, summary) in within(files, &folder) {
                let SummaryBody::Agent(agent) = &summary.body else { continue };
                let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or(&agent.name);
                for name in [stem, agent.name.as_str()] {
                    if seen.insert(name) {
                        agents.push(VisibleAgent { name, path: Some(path), summary: Some(agent) });
                    }
                }
            }
        }
        if seen.insert(BUILT_IN_AGENT) {
            agents.push(VisibleAgent { name: BUILT_IN_AGENT, path: None, summary: None });
        }
        Some(agents)
    }

    /// The file of the agent that a file means by a name.
    pub(crate) fn agent_at(&self, from: &Path, name: &str) -> Option<&Path> {
        self.agents_for(from)?.into_iter().find(|agent| agent.name == name)?.path
    }

    /// The workflows that name an agent, in whatever step.
    pub(crate) fn callers_of_agent(&self, agent: &Path) -> Vec<(&Path, &WorkflowSummary)> {
        let files = self.files.as_deref().into_iter().flatten();
        let callers = files.filter_map(|(path, summary)| match &summary.body {
            SummaryBody::Workflow(workflow) => Some((path.as_path(), summary, workflow)),
            _ => None,
        });
        // Most calls name somebody else, and looking for their files costs far more than a look at the name.
        let stem = agent.file_stem().and_then(|stem| stem.to_str());
        let title = self.files.as_deref().and_then(|files| files.get(agent)?.title.as_deref());
        let names = |path: &Path, summary: &Summary| {
            summary.calls.iter().any(|call| match &call.target {
                Target::Agent(name) if [stem, title].contains(&Some(name.as_str())) => {
                    self.agent_at(path, name) == Some(agent)
                }
                _ => false,
            })
        };
        let callers = callers.filter(|(path, summary, _)| names(path, summary));
        callers.map(|(path, _, workflow)| (path, workflow)).collect()
    }

    /// The inputs of every workflow that names an agent: what the agent's prompt may read.
    pub(crate) fn inputs_for(&self, agent: &Path) -> Vec<&Declared> {
        self.callers_of_agent(agent).into_iter().flat_map(|(_, workflow)| &workflow.inputs).collect()
    }

    /// The folders in which a workflow's agents are looked for, nearest first.
    pub fn agent_folders(&self, workflow: &Path) -> Vec<PathBuf> {
        let here = workflow.parent().unwrap_or(Path::new(""));
        let mut folders = vec![fold(&here.join("agents")), fold(&here.join("../agents"))];
        for root in self.roots(workflow) {
            folders.push(root.join(".copydesk/agents"));
            folders.push(root.join(".keystone/workflows/agents"));
        }
        folders.extend(self.user_agents.iter().cloned());
        let mut seen = BTreeSet::new();
        folders.retain(|folder| seen.insert(folder.clone()));
        folders
    }

    /// The workspace's folder, and the folder that holds the `.copydesk` or `.keystone` around a file.
    fn roots(&self, file: &Path) -> Vec<PathBuf> {
        let named = |folder: &&Path| {
            folder.file_name().is_some_and(|name| name == ".copydesk" || name == ".keystone")
        };
        let around = file.ancestors().find(named).and_then(Path::parent).map(Path::to_path_buf);
        around.into_iter().chain(self.root.clone()).collect()
    }

    /// Where the workflow may lie that `written` in the file `from` names, best first.
    pub fn workflow_candidates(&self, from: &Path, written: &str) -> Vec<PathBuf> {
        let here = from.parent().unwrap_or(Path::new(""));
        let mut folders = vec![here.to_path_buf()];
        for root in self.roots(from) {
            folders.push(root.clone());
            folders.push(root.join(".copydesk/workflows"));
            folders.push(root.join(".keystone/workflows"));
        }
        let mut found = Vec::new();
        for folder in folders {
            for end in ["", ".yaml", ".yml"] {
                let path = fold(&folder.join(format!("{written}{end}")));
                if !found.contains(&path) {
                    found.push(path);
                }
            }
        }
        found
    }

    /// The file that `written` in the file `from` names, of whatever kind it is: by its path, else by a workflow's
    /// name.
    pub fn file_at(&self, from: &Path, written: &str) -> Option<(&Path, &Summary)> {
        let files = self.files.as_deref()?;
        let mut by_path = self.workflow_candidates(from, written).into_iter();
        let by_path = by_path.find_map(|path| files.get_key_value(&path));
        let by_name = || {
            files.iter().find(|(_, summary)| match &summary.body {
                SummaryBody::Workflow(workflow) => workflow.name.as_deref() == Some(written),
                _ => false,
            })
        };
        by_path.or_else(by_name).map(|(path, summary)| (path.as_path(), &**summary))
    }

    /// The workflow that `written` in the file `from` names.
    pub fn workflow_at(&self, from: &Path, written: &str) -> Option<(&Path, &WorkflowSummary)> {
        match self.file_at(from, written)? {
            (path, Summary { body: SummaryBody::Workflow(workflow), .. }) => Some((path, workflow)),
            _ => None,
        }
    }

    /// The other files whose findings may change when `path` changes, appears or goes, in order. Where a change takes a
    /// name away, ask before and after it.
    pub fn dependents(&self, path: &Path) -> Vec<PathBuf> {
        let Some(files) = self.files.as_deref() else { return Vec::new() };
        let mut touched = BTreeSet::new();
        let kind = files.get(path).map_or(FileKind::Other, |summary| summary.kind);
        match kind {
            FileKind::Config | FileKind::KeystoneConfig => {
                touched.extend(files.keys().map(PathBuf::as_path));
            }
            FileKind::Agent => {
                for (other, summary) in files {
                    let calls = || summary.calls.iter().any(|call| matches!(call.target, Target::Agent(_)));
                    let sees =
                        || self.agent_folders(other).iter().any(|folder| path.parent() == Some(folder));
                    if calls() && sees() {
                        touched.insert(other.as_path());
                    }
                }
            }
            _ => self.callers(files, path, &mut touched),
        }
        touched.remove(path);
        touched.into_iter().map(Path::to_path_buf).collect()
    }

    /// The workflows that call `path`, and those that call them: a circle is seen from far away.
    fn callers<'i>(
        &'i self,
        files: &'i BTreeMap<PathBuf, Arc<Summary>>,
        path: &'i Path,
        touched: &mut BTreeSet<&'i Path>,
    ) {
        let mut callers: BTreeMap<PathBuf, Vec<&Path>> = BTreeMap::new();
        let title = files.get(path).and_then(|summary| summary.title.as_deref());
        for (from, summary) in files {
            for call in &summary.calls {
                let Target::Workflow(written) = &call.target else { continue };
                // A path that is not there yet counts too: the file may be about to appear.
                let mut places = self.workflow_candidates(from, written);
                if title == Some(written) {
                    places.push(path.to_path_buf());
                }
                for place in places {
                    callers.entry(place).or_default().push(from);
                }
            }
        }
        let mut next = vec![path];
        while let Some(called) = next.pop() {
            for caller in callers.get(called).into_iter().flatten() {
                if touched.insert(caller) {
                    next.push(caller);
                }
            }
        }
    }
}

/// The files that lie directly in a folder.
fn within<'i>(
    files: &'i BTreeMap<PathBuf, Arc<Summary>>,
    folder: &Path,
) -> impl Iterator<Item = (&'i Path, &'i Summary)> {
    let folder = folder.to_path_buf();
    let (inside, direct) = (folder.clone(), folder.clone());
    files
        .range(folder..)
        .take_while(move |(path, _)| path.starts_with(&inside))
        .filter(move |(path, _)| path.parent() == Some(&direct))
        .map(|(path, summary)| (path.as_path(), &**summary))
}

/// A path without `.` and `..`, as far as words can tell.
pub(crate) fn fold(path: &Path) -> PathBuf {
    let mut folded = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match folded.components().next_back() {
                Some(Component::Normal(_)) => {
                    folded.pop();
                }
                Some(Component::RootDir | Component::Prefix(_)) => {}
                _ => folded.push(".."),
            },
            other => folded.push(other),
        }
    }
    folded
}
