//! What a person can ask for with one key: the built-in actions, and their own from Markdown files.
//!
//! A file of their own narrows the tools, tightens the mode and brings the task. One that lies in the workspace may be a
//! stranger's, so the model it names does not count.

use std::path::{Path, PathBuf};

use copydesk_base::Files;
use copydesk_base::config::Mode;
use copydesk_language::types::TightRules;
use copydesk_permission::{Rule, RuleVerdict, parse_rule};
use copydesk_text::{de, front_matter};

use crate::error::AgentError;
use crate::tools;
use crate::world::World;

/// The most files of one folder that are read.
const MOST_FILES: usize = 200;

/// One action: a title for menus, a task for the model, and the tools it may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The word of commands and flags.
    pub name: String,
    /// What a menu says.
    pub title: String,
    /// What the model is told to do with the selected code; empty for `ask`, whose words are the person's.
    pub task: String,
    /// Names of the tools it may use.
    pub tools: Vec<String>,
    /// Language ids it is offered for; all where empty.
    pub languages: Vec<String>,
    /// The model that the user's own file names.
    pub model: Option<String>,
    /// The models that may answer instead, where the user's own file names some.
    pub fallback: Option<Vec<String>>,
    /// The loosest mode in which it runs.
    pub mode: Option<Mode>,
    /// Its own rules, which tighten.
    pub rules: Vec<Rule>,
}

/// A folder with action files, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionFolder {
    pub path: PathBuf,
    pub owner: Owner,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    User,
    Workspace,
}

/// The tools of a built-in action.
pub(crate) enum Tools {
    Every,
    /// Those that change nothing.
    Looking,
    These(&'static [&'static str]),
}

impl Tools {
    fn names(&self) -> Vec<String> {
        match self {
            Self::Every => tools::every().map(str::to_owned).collect(),
            Self::Looking => tools::looking().map(str::to_owned).collect(),
            Self::These(names) => names.iter().map(|name| (*name).to_owned()).collect(),
        }
    }
}

/// Name, title, task and tools of each built-in action.
pub(crate) const BUILT_IN: &[(&str, &str, &str, Tools)] = &[
    ("ask", "Ask…", "", Tools::Every),
    (
        "explain",
        "Explain this",
        "Explain the selected code: what it does, why it is written this way, and what could surprise a reader. \
         Do not change any file.",
        Tools::Looking,
    ),
    (
        "fix",
        "Fix this",
        "Fix the problem in the selected code. If problems are listed, fix those. Change as little as possible and \
         keep the style of the file.",
        Tools::Every,
    ),
    (
        "document",
        "Document this",
        "Write or improve the documentation comment of the selected code, in the style of the file and its language. \
         Change comments only.",
        Tools::These(&["read", "list", "glob", "grep", "symbols", "edit"]),
    ),
    (
        "test",
        "Write tests for this",
        "Write tests for the selected code, with the project's own test framework and in the style of the tests that are \
         there: look at them first. Cover what could go wrong, not only what works. Change no other code.",
        Tools::Every,
    ),
    (
        "review",
        "Review this",
        "Review the selected code as a careful colleague would: what is wrong, what could fail, what will surprise the \
         next reader. Name each finding with its line, the worst first, and say so plainly where there is none. Do not \
         change any file.",
        Tools::Looking,
    ),
    (
        "review-branch",
        "Review this branch",
        "Review what this branch changes, as a careful colleague would. Find where it left the main branch with \
         `git merge-base HEAD origin/HEAD` (or main, or master), and look at `git diff` from there; commits and what is \
         not committed both count. Read around the changes before you judge. Mark each finding with `finding` at its \
         line in the file as it is now: what is wrong, what could fail, what will surprise the next reader; nothing \
         about taste. Change no file. At the end say in a few sentences whether it can be merged, the worst first.",
        Tools::These(&["read", "list", "glob", "grep", "symbols", "map", "diagnostics", "bash", "finding"]),
    ),
    (
        COMMIT,
        "Write the commit message",
        "Write the message of the commit whose file this is. Look at `git diff --staged`, and at `git log -8 --format=%s` for \
         the style. With `edit`, put the message at the top of this file, above the lines that begin with `#`, which stay as \
         they are: a first line of at most 72 letters that says what changes for whom, and where that is not plain, an empty \
         line and why. Change no other file, and commit nothing.",
        Tools::These(&["read", "grep", "bash", "edit"]),
    ),
];

/// The action for the message of a commit.
const COMMIT: &str = "commit";
/// What editors call the file of such a message.
const COMMIT_LANGUAGES: [&str; 2] = ["git-commit", "gitcommit"];

/// The built-in action of that name.
pub(crate) fn action(name: &str) -> Option<Action> {
    BUILT_IN.iter().find(|(word, ..)| *word == name).map(|(name, title, task, tools)| Action {
        name: (*name).to_owned(),
        title: (*title).to_owned(),
        task: (*task).to_owned(),
        tools: tools.names(),
        languages: if *name == COMMIT { COMMIT_LANGUAGES.map(str::to_owned).into() } else { Vec::new() },
        model: None,
        fallback: None,
        mode: None,
        rules: Vec::new(),
    })
}

/// The action of that name, built in or the person's own.
pub(crate) fn named(world: &World, name: &str) -> Result<Action, AgentError> {
    let own = || own_actions(&*world.files, &world.action_folders).into_iter().find(|own| own.name == name);
    action(name).or_else(own).ok_or_else(|| AgentError::Settings(format!("there is no action '{name}'")))
}

/// The person's own actions, by file name; earlier folders win, and no file replaces a built-in.
pub(crate) fn own_actions(files: &dyn Files, folders: &[ActionFolder]) -> Vec<Action> {
    let mut actions: Vec<Action> = Vec::new();
    for folder in folders {
        // People link their settings from elsewhere.
        let place = copydesk_base::path::resolve(Path::new("/"), &folder.path);
        let Ok(entries) = files.list(&place) else { continue };
        let mut paths: Vec<PathBuf> = entries.iter().map(|entry| place.join(&entry.name)).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
        for path in paths.into_iter().take(MOST_FILES) {
            let Some(found) = read(files, &path, folder.owner) else { continue };
            if action(&found.name).is_none() && !actions.iter().any(|known| known.name == found.name) {
                actions.push(found);
            }
        }
    }
    actions
}

/// One file; nothing where it does not read as an action, which the checker says in the file itself.
fn read(files: &dyn Files, path: &Path, owner: Owner) -> Option<Action> {
    let text = files.read(&copydesk_base::path::resolve(Path::new("/"), path)).ok()?.text;
    let body = front_matter::split(&text)?.body;
    let tree = front_matter::parse(&text);
    let head: copydesk_language::types::Action = de::from_tree(&tree).ok()?;
    let is_wanted = |tool: &&str| match &head.tools {
        Some(wanted) => wanted.iter().any(|wanted| wanted == tool),
        None => true,
    };
    let tools = tools::every().filter(is_wanted).map(str::to_owned).collect();
    Some(Action {
        title: head.title.unwrap_or_else(|| head.name.clone()),
        name: head.name,
        task: body.of(&text).trim().to_owned(),
        tools,
        languages: head.languages.unwrap_or_default(),
        model: head.model.filter(|_| owner == Owner::User),
        fallback: head.fallback.filter(|_| owner == Owner::User),
        mode: head.mode,
        rules: rules(head.permissions.unwrap_or_default(), path)?,
    })
}

/// The rules of an action. A denial that cannot be understood takes the action out of the menu: it would run without
/// what its author relies on.
fn rules(wanted: TightRules, path: &Path) -> Option<Vec<Rule>> {
    let origin = path.display().to_string();
    let mut rules = Vec::new();
    for text in wanted.deny {
        rules.push(parse_rule(RuleVerdict::Deny, text, origin.as_str()).ok()?);
    }
    rules.extend(
        wanted.ask.into_iter().filter_map(|text| parse_rule(RuleVerdict::Ask, text, origin.as_str()).ok()),
    );
    Some(rules)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::DiskFiles;

    #[test]
    fn a_file_narrows_tools_and_a_strangers_model_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let head =
            "name: add-tests\ntitle: Write tests for this\ntools: [read, edit, rocket]\nlanguages: [rust]\n";
        write("a.md", &format!("---\n{head}model: p/m\nfallback: [q/n]\nmode: plan\n---\nWrite tests.\n"));
        write("b.md", "---\nname: ask\n---\nno built-in is replaced\n");
        write("c.md", "---\nname: add-tests\n---\nthe first one wins\n");
        write("d.md", "no front matter\n");
        write("e.txt", "---\nname: other\n---\nno Markdown\n");
        let own = |owner| own_actions(&DiskFiles, &[ActionFolder { path: folder.path().to_owned(), owner }]);
        let expect = Action {
            name: "add-tests".into(),
            title: "Write tests for this".into(),
            task: "Write tests.".into(),
            tools: vec!["read".into(), "edit".into()],
            languages: vec!["rust".into()],
            model: Some("p/m".into()),
            fallback: Some(vec!["q/n".into()]),
            mode: Some(Mode::Plan),
            rules: Vec::new(),
        };
        assert_eq!(own(Owner::User), std::slice::from_ref(&expect));
        assert_eq!(own(Owner::Workspace), [Action { model: None, fallback: None, ..expect }]);
    }

    #[test]
    fn a_file_may_deny_and_one_that_denies_nothing_readable_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, rules: &str| {
            let text = format!("---\nname: {name}\npermissions: {rules}\n---\nWork.\n");
            std::fs::write(folder.path().join(format!("{name}.md")), text).unwrap();
        };
        write("careful", "{deny: [Bash], ask: ['Edit(src/**)', 'Nonsense(x)'], allow: ['Read(/etc/**)']}");
        write("broken", "{deny: ['Bash(rm']}");
        let folder = ActionFolder { path: folder.path().to_owned(), owner: Owner::Workspace };
        let own = own_actions(&DiskFiles, &[folder]);
        let rules: Vec<_> = own
            .iter()
            .map(|action| {
                let rules = action.rules.iter().map(|rule| (rule.verdict, rule.text.as_str()));
                (action.name.as_str(), rules.collect::<Vec<_>>())
            })
            .collect();
        assert_eq!(
            rules,
            [("careful", vec![(RuleVerdict::Deny, "Bash"), (RuleVerdict::Ask, "Edit(src/**)")])]
        );
    }
}
