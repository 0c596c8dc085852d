//! Agents: who works. A model, tools, bounds and instructions, from Markdown.
//!
//! A name is a promise: who wrote `careful` with a narrow profile means that one wherever they say `careful`. So a
//! project's agent of the same name is passed over until its text is trusted, and stands within the bounds of the
//! person's then; the same goes for the one that is built in.

use std::path::PathBuf;

use copydesk_base::config::Mode;
use copydesk_language::types::{self, Profile, ToolOrName};
use copydesk_permission::{Bounds, Rule, RuleVerdict, parse_rule};

use super::{Library, Owner, Page, model_ref, tools_named};
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
    /// The model that its file names and may not say.
    pub(crate) unheard: Option<String>,
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
    /// Whether the person wrote it, trusted exactly its text, or it is built in.
    pub(crate) is_believed: bool,
    /// A project's of the same name that does not count.
    pub(crate) passed_over: Option<PathBuf>,
    /// Tools of its file that nothing here can run.
    pub(crate) left_out: Vec<String>,
}

/// The agents that there are, each once: of two with one name the person's counts, then the built-in, then the first.
pub(crate) fn agents(library: &Library<'_>) -> Vec<Agent> {
    let mut found = vec![];
    let (own, others): (Vec<Page>, Vec<Page>) =
        library.pages("agents").partition(|page| page.owner == Owner::User);
    for agent in own.iter().filter_map(|page| read(library, page).ok()) {
        add(&mut found, agent, Owner::User);
    }
    add(&mut found, architect(), Owner::User);
    for agent in others.iter().filter_map(|page| read(library, page).ok()) {
        add(&mut found, agent, Owner::Workspace);
    }
    found.sort_by_key(|agent| agent.path.is_none());
    found
}

fn add(found: &mut Vec<Agent>, agent: Agent, owner: Owner) {
    match found.iter_mut().find(|known| known.name == agent.name) {
        None => found.push(agent),
        Some(known) if owner == Owner::Workspace => known.meet(agent),
        Some(_) => {}
    }
}

fn architect() -> Agent {
    Agent {
        name: KEYSTONE_ARCHITECT.to_owned(),
        description: "Designs workflows.".to_owned(),
        bounds: bounds(Profile::ReadOnly),
        tools: profiled(Profile::ReadOnly),
        instructions: ARCHITECT.to_owned(),
        is_believed: true,
        ..Agent::default()
    }
}

/// The agent of that name: its file's name. The error says what is wrong with its file. Nobody else takes the place of
/// the person's own that is broken.
pub(crate) fn agent(library: &Library<'_>, name: &str) -> Result<Option<Agent>, String> {
    let found = agents(library).into_iter().find(|agent| agent.name == name);
    let first = library.pages("agents").find(|page| page.stem == name);
    let wrong = first.and_then(|page| Some((page.owner, read(library, &page).err()?)));
    match (found, wrong) {
        (_, Some((Owner::User, wrong))) | (None, Some((Owner::Workspace, wrong))) => Err(wrong),
        (found, _) => Ok(found),
    }
}

fn read(library: &Library<'_>, page: &Page) -> Result<Agent, String> {
    let head: types::Agent = page.head()?;
    let profile = head.profile.unwrap_or_default();
    let mut within = bounds(profile);
    within.mode = within.mode.into_iter().chain(head.mode).min();
    within.rules.extend(page.rules(head.permissions)?);
    let (names, written): (Vec<_>, Vec<_>) =
        head.tools.iter().partition(|tool| matches!(tool, ToolOrName::Name(_)));
    let words = names.into_iter().filter_map(|tool| match tool {
        ToolOrName::Name(name) => Some(name.as_str()),
        ToolOrName::Tool(_) => None,
    });
    let is_believed = library.believes(page);
    let own = page.says("tools").then(|| tools_named(words));
    let named = model_ref(head.provider, head.model);
    let (model, unheard) = if is_believed { (named, None) } else { (None, named) };
    Ok(Agent {
        name: page.stem.clone(),
        description: head.description.unwrap_or_default(),
        model,
        unheard,
        fallback: head.fallback.filter(|_| is_believed).map(Vec::from),
        tools: narrowed(own, profiled(profile)),
        bounds: within,
        handoffs: head.handoffs,
        skills: head.skills,
        instructions: page.body().to_owned(),
        path: Some(page.path.clone()),
        is_believed,
        passed_over: None,
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
    /// Meets another one of its name, which a project has: that one takes its place where it is believed, within the
    /// bounds of both.
    pub(crate) fn meet(&mut self, other: Self) {
        if !other.is_believed {
            // Of two that a project has, neither is the person's to be told about.
            self.passed_over = other.path.filter(|_| self.is_believed);
            return;
        }
        let before = std::mem::replace(self, other);
        self.tools = narrowed(self.tools.take(), before.tools);
        self.bounds = std::mem::take(&mut self.bounds).and(before.bounds);
    }

    /// Whose it is, in words.
    pub(crate) fn whose(&self, library: &Library<'_>) -> &'static str {
        match &self.path {
            None => "built in",
            Some(_) if self.is_of_workspace(library) => "of this project",
            Some(_) => "your own",
        }
    }

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
        let of = |trusted: &[TrustedFile], name: &str| {
            let agent = folder.all(trusted).into_iter().find(|agent| agent.name == name).unwrap();
            (agent.model, agent.unheard)
        };
        let trusted = TrustedFile::new(".copydesk/agents/a.md", text);
        let (heard, unheard) = ((Some("local/big".into()), None), (None, Some("local/big".into())));
        assert_eq!(of(&[], "a"), unheard);
        assert_eq!(of(std::slice::from_ref(&trusted), "a"), heard);
        assert_eq!(of(&[TrustedFile { hash: ContentHash::of("other"), ..trusted }], "a"), unheard);
        assert_eq!(of(&[], "b"), heard);
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
                (
                    "two".to_owned(),
                    Some(Mode::Plan),
                    vec![],
                    vec!["one".to_owned()],
                    Some(vec!["x".to_owned()])
                ),
                ("one".to_owned(), None, vec!["Bash".to_owned()], vec![], None),
                (KEYSTONE_ARCHITECT.to_owned(), Some(Mode::Plan), denied, vec![], None),
            ]
        );
    }

    #[test]
    fn a_projects_agent_takes_no_place_of_the_persons_and_loosens_nothing_once_it_is_trusted() {
        let mine = "---\nname: a\nprofile: verify-only\npermissions: {deny: ['Bash(rm:*)']}\n---\nMine.\n";
        let theirs = "---\nname: a\ntools: [read, edit]\n---\nTheirs.\n";
        let disguised = "---\nname: a\n---\nIn disguise.\n";
        let architect = "---\nname: keystone-architect\n---\nAll of it.\n";
        let folder = Folder::new(&[
            ("own/agents/a.md", mine),
            ("w/.copydesk/agents/a.md", theirs),
            ("w/.copydesk/agents/zzz.md", disguised),
            ("w/.copydesk/agents/keystone-architect.md", architect),
        ]);
        let told = |trusted: &[TrustedFile], name: &str| {
            let found = folder.all(trusted).into_iter().find(|agent| agent.name == name).unwrap();
            let rules: Vec<_> = found.bounds.rules.iter().map(|rule| rule.text.clone()).collect();
            let words =
                found.instructions.lines().next().unwrap_or_default().chars().take(7).collect::<String>();
            (words, names(found.tools.as_ref()), rules.join(" "), found.passed_over.is_some())
        };
        let verifies = "read list glob grep symbols map diagnostics bash todo ask_user";
        let own = |name: &str, tools: &str, rules: &str, passed| {
            (name.to_owned(), tools.to_owned(), rules.to_owned(), passed)
        };
        assert_eq!(told(&[], "a"), own("Mine.", verifies, "Edit Destroy Bash(rm:*)", true));
        assert_eq!(told(&[], "zzz"), own("In disg", "all", "", false));
        let trusted = [
            TrustedFile::new(".copydesk/agents/a.md", theirs),
            TrustedFile::new(".copydesk/agents/keystone-architect.md", architect),
        ];
        assert_eq!(told(&trusted, "a"), own("Theirs.", "read", "Edit Destroy Bash(rm:*)", false));
        let (words, tools, rules, passed) = told(&trusted, KEYSTONE_ARCHITECT);
        assert_eq!(
            (words.as_str(), rules.as_str(), passed),
            ("All of ", "Edit Destroy Bash Network Mcp", false)
        );
        assert!(!tools.contains("edit"), "{tools}");
        assert!(told(&[], KEYSTONE_ARCHITECT).3);
    }
}
