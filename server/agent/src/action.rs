//! What a person can ask for with one key: the built-in actions, and their own from Markdown files.
//!
//! A file of their own narrows the tools, tightens the mode and brings the task. One that lies in the workspace may be
//! a stranger's, so the model it names counts only where exactly this text is trusted.

use copydesk_base::config::Mode;
use copydesk_language::types;
use copydesk_permission::Rule;
use globset::GlobBuilder;

use crate::error::AgentError;
use crate::library::{self, Argument, Library, Page};
use crate::settings::Settings;
use crate::tools;

/// One action: a title for menus, a task for the model, and the tools it may use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// What must be reported at a place for it to be offered there; nothing where empty.
    pub diagnostics: Vec<String>,
    /// The agent that does it.
    pub agent: Option<String>,
    /// The model that its file names, where that counts.
    pub model: Option<String>,
    /// The models that may answer instead, where its file names some and that counts.
    pub fallback: Option<Vec<String>>,
    /// The loosest mode in which it runs.
    pub mode: Option<Mode>,
    /// Its own rules, which tighten.
    pub rules: Vec<Rule>,
    /// What the task asks for by name, where it is a prompt command.
    pub(crate) arguments: Option<Vec<Argument>>,
    /// The layers that do it one behind the other, where it is a pipeline.
    pub layers: Vec<String>,
}

/// What is reported at a place of a file, as far as an action may ask for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    pub code: String,
    pub source: String,
    /// `error`, `warning`, `info` or `hint`.
    pub severity: &'static str,
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
         line and why. Where no such file is before you, answer with the message and nothing else. Change no other file, and \
         commit nothing.",
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
        ..Action::default()
    })
}

impl Action {
    /// Whether it is offered in a file of this language, where this is reported.
    pub fn is_offered(&self, language: &str, reported: &[Reported]) -> bool {
        let is_of_language =
            self.languages.is_empty() || self.languages.iter().any(|known| known == language);
        let is_named = |wanted: &String| {
            // A word that is no pattern is the word itself.
            let pattern = GlobBuilder::new(wanted).case_insensitive(true).literal_separator(false).build();
            let fits = |word: &str| match &pattern {
                Ok(pattern) => pattern.compile_matcher().is_match(word),
                Err(_) => word.eq_ignore_ascii_case(wanted),
            };
            reported.iter().any(|one| fits(&one.code) || fits(&one.source) || fits(one.severity))
        };
        is_of_language && (self.diagnostics.is_empty() || self.diagnostics.iter().any(is_named))
    }

    /// Whether it means nothing without words of the person's.
    pub fn needs_words(&self) -> bool {
        let needed = |arguments: &Vec<Argument>| arguments.iter().any(|argument| argument.required);
        self.name == "ask" || !self.layers.is_empty() || self.arguments.as_ref().is_some_and(needed)
    }
}

/// The action of that name.
pub(crate) fn named(library: &Library<'_>, settings: &Settings, name: &str) -> Result<Action, AgentError> {
    let found =
        action(name).or_else(|| own_actions(library, settings).into_iter().find(|own| own.name == name));
    let is_empty = |layers: &Vec<String>| layers.is_empty();
    found.ok_or_else(|| {
        AgentError::Settings(match wrong(library, name) {
            _ if settings.pipelines.get(name).is_some_and(is_empty) => {
                format!("the pipeline '{name}' names no layers; name at least one agent or layer")
            }
            Some(wrong) => format!("the action '{name}' cannot be used before this is mended: {wrong}"),
            None => format!("there is no action '{name}'"),
        })
    })
}

/// The person's own: actions, prompt commands, pipelines. The first of a name wins, and nothing replaces a built-in.
pub(crate) fn own_actions(library: &Library<'_>, settings: &Settings) -> Vec<Action> {
    let mut found: Vec<Action> = Vec::new();
    let files = library.pages("actions").filter_map(|page| read(library, &page).ok());
    for own in files.chain(library::commands(library)).chain(pipelines(library, settings)) {
        if action(&own.name).is_none() && !found.iter().any(|known| known.name == own.name) {
            found.push(own);
        }
    }
    found
}

fn pipelines(library: &Library<'_>, settings: &Settings) -> Vec<Action> {
    let pipeline = |name: &str, layers: Vec<String>| Action {
        name: name.to_owned(),
        title: format!("Run {name}: {}", layers.join(", ")),
        tools: tools::every().map(str::to_owned).collect(),
        layers,
        ..Action::default()
    };
    let stepper = Some(library::stepper(library)).filter(|layers| !layers.is_empty());
    // Without layers it would be an ask like any other.
    let own = settings.pipelines.iter().filter(|(_, layers)| !layers.is_empty());
    let own = own.map(|(name, layers)| pipeline(name, layers.clone()));
    own.chain(stepper.map(|layers| pipeline("stepper", layers))).collect()
}

/// What is wrong with a file that would be the action of that name.
fn wrong(library: &Library<'_>, name: &str) -> Option<String> {
    let named = |page: &Page| page.stem == name || page.named() == Some(name);
    let action = library.pages("actions").filter(&named).find_map(|page| read(library, &page).err());
    action.or_else(|| {
        library.pages("prompts").filter(named).find_map(|page| page.head::<types::Prompt>().err())
    })
}

/// One file; the error says why it does not read as an action.
fn read(library: &Library<'_>, page: &Page) -> Result<Action, String> {
    let head: types::Action = page.head()?;
    let tools = match &head.tools {
        Some(wanted) => library::tools_named(wanted.iter().map(String::as_str)),
        None => tools::every().map(str::to_owned).collect(),
    };
    let when = head.when.unwrap_or_default();
    let languages = match (head.languages.unwrap_or_default(), when.languages) {
        (both, narrower) if !both.is_empty() && !narrower.is_empty() => {
            both.into_iter().filter(|language| narrower.contains(language)).collect()
        }
        (one, other) => one.into_iter().chain(other).collect(),
    };
    let is_believed = library.believes(page);
    Ok(Action {
        title: head.title.unwrap_or_else(|| head.name.clone()),
        name: head.name,
        task: page.body().to_owned(),
        tools,
        languages,
        diagnostics: when.diagnostics,
        agent: head.agent,
        model: head.model.filter(|_| is_believed),
        fallback: head.fallback.filter(|_| is_believed).map(Vec::from),
        mode: head.mode,
        rules: page.rules(head.permissions)?,
        ..Action::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use copydesk_permission::RuleVerdict;

    use crate::bench::Bench;
    use crate::disk::DiskFiles;
    use crate::library::{Owner, Shelf};

    fn written(folder: &tempfile::TempDir, name: &str, text: &str) {
        let place = folder.path().join("actions");
        std::fs::create_dir_all(&place).unwrap();
        std::fs::write(place.join(name), text).unwrap();
    }

    fn own(folder: &tempfile::TempDir, owner: Owner) -> Vec<Action> {
        let path = folder.path().canonicalize().unwrap();
        let shelves = [Shelf { path: path.clone(), owner }];
        let library = Library {
            files: &DiskFiles,
            shelves: &shelves,
            trusted: &[],
            root: &path,
            twins: Bench::twins_of(&path),
        };
        own_actions(&library, &Bench::settings_alone())
    }

    #[test]
    fn it_is_offered_where_its_conditions_hold() {
        let found = |code: &str, source: &str, severity| Reported {
            code: code.into(),
            source: source.into(),
            severity,
        };
        let here = [found("E0382", "rustc", "error"), found("unused_mut", "clippy", "warning")];
        for (languages, diagnostics, expect) in [
            (&[][..], &[][..], true),
            (&["rust"], &[], true),
            (&["python"], &["*"], false),
            (&["rust"], &["E0382"], true),
            (&[], &["e0*"], true),
            (&[], &["unused"], false),
            (&[], &["Clippy"], true),
            (&[], &["info", "error"], true),
            (&[], &["hint"], false),
            (&[], &["["], false),
        ] {
            let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
            let action =
                Action { languages: owned(languages), diagnostics: owned(diagnostics), ..Action::default() };
            assert_eq!(action.is_offered("rust", &here), expect, "{languages:?} {diagnostics:?}");
            assert_eq!(action.is_offered("rust", &[]), expect && diagnostics.is_empty());
        }
    }

    #[test]
    fn a_file_narrows_tools_and_a_strangers_model_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| written(&folder, name, text);
        let head =
            "name: add-tests\ntitle: Write tests for this\ntools: [read, edit, rocket]\nlanguages: [rust]\n";
        write("a.md", &format!("---\n{head}model: p/m\nfallback: [q/n]\nmode: plan\n---\nWrite tests.\n"));
        write("b.md", "---\nname: ask\n---\nno built-in is replaced\n");
        write("c.md", "---\nname: add-tests\n---\nthe first one wins\n");
        write("d.md", "no front matter\n");
        write("e.txt", "---\nname: other\n---\nno Markdown\n");
        let own = |owner| own(&folder, owner);
        let expect = Action {
            name: "add-tests".into(),
            title: "Write tests for this".into(),
            task: "Write tests.".into(),
            tools: vec!["read".into(), "edit".into()],
            languages: vec!["rust".into()],
            model: Some("p/m".into()),
            fallback: Some(vec!["q/n".into()]),
            mode: Some(Mode::Plan),
            ..Action::default()
        };
        assert_eq!(own(Owner::User), std::slice::from_ref(&expect));
        assert_eq!(own(Owner::Workspace), [Action { model: None, fallback: None, ..expect }]);
    }

    #[test]
    fn a_file_may_deny_and_one_that_denies_nothing_readable_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, rules: &str| {
            let text = format!("---\nname: {name}\npermissions: {rules}\n---\nWork.\n");
            written(&folder, &format!("{name}.md"), &text);
        };
        write("careful", "{deny: [Bash], ask: ['Edit(src/**)', 'Nonsense(x)'], allow: ['Read(/etc/**)']}");
        write("broken", "{deny: ['Bash(rm']}");
        let own = own(&folder, Owner::Workspace);
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
