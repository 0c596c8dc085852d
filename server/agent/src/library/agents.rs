//! Agents: who works. A model, tools, bounds and instructions, from Markdown.

use std::path::PathBuf;

use copydesk_base::config::Mode;
use copydesk_language::types::{self, Profile, ToolOrName};
use copydesk_permission::{Bounds, Rule, RuleVerdict, parse_rule};

use super::{Library, Owner, Page, model_ref, rules, tools_named};
use crate::tools;

/// The agent that is always there.
const KEYSTONE_ARCHITECT: &str = "keystone-architect";

/// What it is told.
const ARCHITECT: &str = "\
You design workflows. Break the goal into few steps, each with one purpose and a checkable result; say for every step what \
it needs from which other one. Prefer a plain command to a model, and a model with few tools to one with many. Name what \
may fail, and what happens then. Answer with the workflow as YAML when one is asked for, and with a short plan otherwise.";

/// One agent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Agent {
    pub(crate) name: String,
    pub(crate) description: String,
    /// `provider/model`, where its file may say so.
    pub(crate) model: Option<String>,
    /// The models that may answer instead, where its file may say so.
    pub(crate) fallback: Option<Vec<String>>,
    /// The tools that it may use; whatever there is, where it says nothing.
    pub(crate) tools: Option<Vec<String>>,
    pub(crate) bounds: Bounds,
    pub(crate) handoffs: Vec<String>,
    pub(crate) skills: Option<Vec<String>>,
    pub(crate) instructions: String,
    /// Its file; none of what is built in.
    pub(crate) path: Option<PathBuf>,
    /// Tools of its file that nothing here can run.
    pub(crate) left_out: Vec<String>,
}

/// The agents that there are, each once: of two with one name the first counts.
pub(crate) fn agents(library: &Library<'_>) -> Vec<Agent> {
    let mut found: Vec<Agent> = Vec::new();
    for page in library.pages("agents") {
        if let Some(agent) = read(library, &page)
            && !found.iter().any(|known| known.name == agent.name)
        {
            found.push(agent);
        }
    }
    if !found.iter().any(|known| known.name == KEYSTONE_ARCHITECT) {
        found.push(Agent {
            name: KEYSTONE_ARCHITECT.to_owned(),
            description: "Designs workflows.".to_owned(),
            bounds: bounds(Profile::ReadOnly),
            tools: profiled(Profile::ReadOnly),
            instructions: ARCHITECT.to_owned(),
            ..Agent::default()
        });
    }
    found
}

/// The agent of that name: its file's, or the one in its head.
pub(crate) fn agent(library: &Library<'_>, name: &str) -> Option<Agent> {
    let pages = library.pages("agents");
    let named =
        |page: &Page| page.stem == name || page.head::<types::Agent>().is_some_and(|head| head.name == name);
    let by_file = pages.filter(named).find_map(|page| read(library, &page));
    by_file.or_else(|| agents(library).into_iter().find(|agent| agent.name == name))
}

fn read(library: &Library<'_>, page: &Page) -> Option<Agent> {
    let head: types::Agent = page.head()?;
    let profile = head.profile.unwrap_or_default();
    let mut within = bounds(profile);
    within.mode = within.mode.into_iter().chain(head.mode).min();
    within.rules.extend(rules(head.permissions.unwrap_or_default(), &page.path)?);
    let (names, written): (Vec<_>, Vec<_>) =
        head.tools.iter().partition(|tool| matches!(tool, ToolOrName::Name(_)));
    let words = names.into_iter().filter_map(|tool| match tool {
        ToolOrName::Name(name) => Some(name.as_str()),
        ToolOrName::Tool(_) => None,
    });
    let is_believed = library.believes(page);
    let own = page.says("tools").then(|| tools_named(words));
    Some(Agent {
        name: page.stem.clone(),
        description: head.description.unwrap_or_default(),
        model: model_ref(head.provider, head.model).filter(|_| is_believed),
        fallback: head.fallback.filter(|_| is_believed).map(Vec::from),
        tools: narrowed(own, profiled(profile)),
        bounds: within,
        handoffs: head.handoffs,
        skills: head.skills,
        instructions: page.body().to_owned(),
        path: Some(page.path.clone()),
        left_out: written
            .into_iter()
            .filter_map(|tool| match tool {
                ToolOrName::Tool(tool) => Some(tool.name.clone()),
                ToolOrName::Name(_) => None,
            })
            .collect(),
    })
}

/// The tools that both lists have; a list that is not there has all.
fn narrowed(one: Option<Vec<String>>, other: Option<Vec<String>>) -> Option<Vec<String>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.into_iter().filter(|tool| other.contains(tool)).collect()),
        (one, other) => one.or(other),
    }
}

/// The tools of a kind of work; all where it has no list.
pub(crate) fn profiled(profile: Profile) -> Option<Vec<String>> {
    let more: &[&str] = match profile {
        Profile::Full => return None,
        Profile::ReadOnly => &["diagnostics", "todo", "ask_user"],
        Profile::PlanOnly | Profile::VerifyOnly => &["diagnostics", "bash", "todo", "ask_user"],
    };
    Some(tools::looking().chain(more.iter().copied()).map(str::to_owned).collect())
}

/// What a kind of work refuses, whatever tools there are.
pub(crate) fn bounds(profile: Profile) -> Bounds {
    let (mode, denied): (_, &[&str]) = match profile {
        Profile::Full => (None, &[]),
        Profile::ReadOnly => (Some(Mode::Plan), &["Edit", "Destroy", "Bash", "Network", "Mcp"]),
        Profile::PlanOnly => (Some(Mode::Plan), &["Edit", "Destroy"]),
        Profile::VerifyOnly => (None, &["Edit", "Destroy"]),
    };
    let word = match profile {
        Profile::Full => "profile full",
        Profile::ReadOnly => "profile read-only",
        Profile::PlanOnly => "profile plan-only",
        Profile::VerifyOnly => "profile verify-only",
    };
    let rule = |text: &&str| -> Option<Rule> { parse_rule(RuleVerdict::Deny, *text, word).ok() };
    Bounds { mode, rules: denied.iter().filter_map(rule).collect() }
}

impl Agent {
    /// Whether its words are the person's own.
    pub(crate) fn is_of_workspace(&self, library: &Library<'_>) -> bool {
        let Some(path) = &self.path else { return false };
        library.shelves.iter().any(|shelf| shelf.owner == Owner::Workspace && path.starts_with(&shelf.path))
    }

    /// Those of the tools that it may use.
    pub(crate) fn narrow(&self, tools: &[String]) -> Vec<String> {
        let may = |tool: &&String| self.tools.as_ref().is_none_or(|own| own.contains(tool));
        tools.iter().filter(may).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use copydesk_base::ContentHash;
    use copydesk_store::TrustedFile;

    use super::super::Shelf;
    use super::*;
    use crate::bench::Bench;
    use crate::disk::DiskFiles;

    struct Folder {
        folder: tempfile::TempDir,
    }

    impl Folder {
        fn new(files: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            for (name, text) in files {
                let path = folder.path().canonicalize().unwrap().join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            Self { folder }
        }

        fn all(&self, trusted: &[TrustedFile]) -> Vec<Agent> {
            let top = self.folder.path().canonicalize().unwrap();
            let root = top.join("w");
            let shelf = |path: &str, owner| Shelf { path: top.join(path), owner };
            let shelves = [
                shelf("w/.copydesk", Owner::Workspace),
                shelf("w/.keystone/workflows", Owner::Workspace),
                shelf("own", Owner::User),
            ];
            agents(&Library {
                files: &DiskFiles,
                shelves: &shelves,
                trusted,
                root: &root,
                twins: Bench::twins_of(&root),
            })
        }
    }

    fn names(tools: Option<&Vec<String>>) -> String {
        tools.map_or_else(|| "all".to_owned(), |tools| tools.join(" "))
    }

    #[test]
    fn tools_and_profiles_narrow_each_other() {
        for (head, expect) in [
            ("", "all"),
            ("tools: [read, EDIT, rocket]", "read edit"),
            ("tools: []", ""),
            ("tools: [read_file, run_command, search_content]", "read grep bash"),
            ("profile: full", "all"),
            ("profile: read-only\ntools: [read, bash, edit, todo]", "read todo"),
            ("profile: verify-only\ntools: [read, bash, edit]", "read bash"),
            ("profile: plan-only", "read list glob grep symbols map diagnostics bash todo ask_user"),
        ] {
            let folder = Folder::new(&[("own/agents/a.md", &format!("---\nname: a\n{head}\n---\nWork.\n"))]);
            let agents = folder.all(&[]);
            assert_eq!(names(agents[0].tools.as_ref()), expect, "{head}");
        }
    }

    #[test]
    fn a_strangers_model_counts_where_exactly_its_text_is_trusted() {
        let text = "---\nname: a\nprovider: local\nmodel: big\n---\nWork.\n";
        let folder = Folder::new(&[("w/.copydesk/agents/a.md", text), ("own/agents/b.md", text)]);
        let model = |trusted: &[TrustedFile]| folder.all(trusted)[0].model.clone();
        let trusted = TrustedFile::new(".copydesk/agents/a.md", text);
        assert_eq!(model(&[]), None);
        assert_eq!(model(std::slice::from_ref(&trusted)), Some("local/big".into()));
        assert_eq!(model(&[TrustedFile { hash: ContentHash::of("other"), ..trusted }]), None);
        assert_eq!(folder.all(&[])[1].model, Some("local/big".into()));
    }

    #[test]
    fn the_first_of_a_name_counts_and_a_denial_that_cannot_be_read_takes_the_file_out() {
        let file = |name: &str, more: &str| format!("---\nname: {name}\n{more}\n---\nI am {name}.\n");
        let folder = Folder::new(&[
            ("w/.copydesk/agents/one.md", &file("one", "permissions: {deny: [Bash], allow: [Edit]}")),
            ("w/.copydesk/agents/broken.md", &file("broken", "permissions: {deny: ['Bash(rm']}")),
            ("w/.keystone/workflows/agents/one.md", &file("one", "")),
            ("own/agents/two.md", &file("two", "handoffs: [one]\nmode: plan\nskills: [x]")),
            ("own/agents/three.md", "no head\n"),
        ]);
        let found: Vec<_> = folder
            .all(&[])
            .into_iter()
            .map(|agent| {
                let rules: Vec<_> = agent.bounds.rules.iter().map(|rule| rule.text.clone()).collect();
                (agent.name, agent.bounds.mode, rules, agent.handoffs, agent.skills)
            })
            .collect();
        let denied = ["Edit", "Destroy", "Bash", "Network", "Mcp"].map(str::to_owned).to_vec();
        assert_eq!(
            found,
            [
                ("one".to_owned(), None, vec!["Bash".to_owned()], vec![], None),
                (
                    "two".to_owned(),
                    Some(Mode::Plan),
                    vec![],
                    vec!["one".to_owned()],
                    Some(vec!["x".to_owned()])
                ),
                (KEYSTONE_ARCHITECT.to_owned(), Some(Mode::Plan), denied, vec![], None),
            ]
        );
    }
}
