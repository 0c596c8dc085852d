//! What people wrote for agents, as files: agents, actions, prompt commands, skills, layers.
//!
//! A [`Shelf`] is a folder that may hold them, each kind in a folder of its own; whose it is decides what counts. What
//! a file says can narrow and never loosen. A file that does not read as what it should be is not offered; whoever asks
//! for it by name is told what is wrong with it, as the checker says in the file itself.
//!
//! Invariants
//! - No file of the workspace takes the place of one of the person's, unless exactly this content is trusted; and of an
//!   agent the bounds of both hold then.
//! - What a repository's link leads to outside of it, or to what no agent may read, is not there.
//! - The model that a file of the workspace names counts only where exactly this content is trusted.

mod agents;
mod commands;
mod layers;
mod skills;

pub(crate) use agents::{Agent, agent, agents, bounds, profiled};
pub(crate) use commands::{Argument, commands, filled};
pub(crate) use layers::{Failure, Layer, layer, stepper};
pub(crate) use skills::{Skill, advertised, skills};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use copydesk_base::{ContentHash, Files, Span, path};
use copydesk_language::types::TightRules;
use copydesk_language::types::tools::KEYSTONE_TOOLS;
use copydesk_permission::{Rule, RuleVerdict, parse_rule};
use copydesk_store::TrustedFile;
use copydesk_text::{Tree, de, front_matter};
use serde::de::DeserializeOwned;

use crate::gate::twins::Twins;
use crate::tools;

/// The most files of one folder that are read.
const MOST_FILES: usize = 200;

/// A folder with folders of files for agents, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shelf {
    pub path: PathBuf,
    pub owner: Owner,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    User,
    Workspace,
}

/// Where to look, and what of it is believed.
pub(crate) struct Library<'a> {
    pub(crate) files: &'a dyn Files,
    pub(crate) shelves: &'a [Shelf],
    /// What the person trusted in the workspace, by the path below its root.
    pub(crate) trusted: &'a [TrustedFile],
    pub(crate) root: &'a Path,
    /// What of the workspace may go to a model.
    pub(crate) twins: Twins,
}

/// One Markdown file with a head.
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    /// The file's name without its ending.
    pub(crate) stem: String,
    pub(crate) owner: Owner,
    text: Arc<str>,
    tree: Tree,
}

impl Library<'_> {
    /// The pages of one kind, shelf by shelf, in the order of names. The person's come first, so that no repository
    /// takes a name of theirs.
    pub(crate) fn pages<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = Page> + 's {
        let mut shelves: Vec<&Shelf> = self.shelves.iter().collect();
        shelves.sort_by_key(|shelf| shelf.owner != Owner::User);
        shelves.into_iter().flat_map(move |shelf| {
            let folder = path::resolve(Path::new("/"), &shelf.path.join(kind));
            let mut entries = self.files.list(&folder).unwrap_or_default();
            entries.retain(|entry| Path::new(&entry.name).extension().is_some_and(|ending| ending == "md"));
            entries.truncate(MOST_FILES);
            let place = move |entry: copydesk_base::files::Entry| folder.join(entry.name);
            entries.into_iter().map(place).filter_map(|path| self.page(&path, shelf.owner))
        })
    }

    /// One page. People link their settings from elsewhere; a repository's links lead to what is in it, and may be
    /// read.
    fn page(&self, path: &Path, owner: Owner) -> Option<Page> {
        let path = path::resolve(Path::new("/"), path);
        if owner == Owner::Workspace && !(path::is_inside(self.root, &path) && self.twins.may_send(&path)) {
            return None;
        }
        let text = self.files.read(&path).ok()?.text;
        let tree = front_matter::parse(&text);
        let stem = path.file_stem()?.to_str()?.to_owned();
        Some(Page { path, stem, owner, text, tree })
    }

    /// Whether the model that a page names counts.
    pub(crate) fn believes(&self, page: &Page) -> bool {
        is_believed(page.owner, self.root, self.trusted, (&page.path, &page.text))
    }
}

/// Whether a file is the person's own, or they trusted exactly its text: the model that it names counts only then.
pub fn is_believed(owner: Owner, root: &Path, trusted: &[TrustedFile], (path, text): (&Path, &str)) -> bool {
    let is_trusted = |below: &Path| {
        trusted.iter().any(|file| Path::new(&file.path) == below && file.hash == ContentHash::of(text))
    };
    owner == Owner::User || path.strip_prefix(root).is_ok_and(is_trusted)
}

impl Page {
    /// What its head says. The error names the file, the line and what is wrong.
    pub(crate) fn head<T: DeserializeOwned>(&self) -> Result<T, String> {
        de::from_tree(&self.tree).map_err(|error| self.wrong(error.span, &error.message))
    }

    /// The rules of its head, which tighten. A denial that cannot be understood takes the file out: it would be used
    /// without what its author relies on.
    pub(crate) fn rules(&self, wanted: Option<TightRules>) -> Result<Vec<Rule>, String> {
        let origin = self.path.display().to_string();
        let wanted = wanted.unwrap_or_default();
        let mut rules = Vec::new();
        for text in wanted.deny {
            rules.push(self.denied(&text)?);
        }
        rules.extend(
            wanted.ask.into_iter().filter_map(|text| parse_rule(RuleVerdict::Ask, text, &*origin).ok()),
        );
        Ok(rules)
    }

    /// A rule of its head that denies.
    fn denied(&self, text: &str) -> Result<Rule, String> {
        parse_rule(RuleVerdict::Deny, text, self.path.display().to_string()).map_err(|error| {
            let root = self.tree.root();
            let entry = root.and_then(|root| root.entry("permissions").or_else(|| root.entry("permission")));
            self.wrong(entry.map_or(Span::at(0), |entry| entry.key().span()), &format!("failed to {error}"))
        })
    }

    fn wrong(&self, span: Span, message: &str) -> String {
        let before = self.text.get(..span.start).unwrap_or_default();
        format!("{}:{}: {message}", self.path.display(), before.matches('\n').count() + 1)
    }

    /// What the head calls it.
    pub(crate) fn named(&self) -> Option<&str> {
        self.tree.root()?.get("name")?.scalar_text()
    }

    /// Whether the head has this key.
    fn says(&self, key: &str) -> bool {
        self.tree.root().is_some_and(|root| root.get(key).is_some())
    }

    /// What stands below the head; all of it where there is none.
    pub(crate) fn body(&self) -> &str {
        front_matter::split(&self.text).map_or(&*self.text, |parts| parts.body.of(&self.text)).trim()
    }
}

/// The tool of ours that a file means: by its own name or by Keystone's, in whatever case.
pub(crate) fn tool_named(word: &str) -> Option<&'static str> {
    let same = |known: &str| known.eq_ignore_ascii_case(word);
    if let Some(own) = tools::every().find(|own| same(own)) {
        return Some(own);
    }
    let (keystone, _) = KEYSTONE_TOOLS.iter().find(|(known, _)| same(known))?;
    let own = match *keystone {
        "read_file" | "read_file_lines" => "read",
        "write_file" => "write",
        "append_file" => "edit",
        "list_files" => "list",
        "search_files" => "glob",
        "search_content" => "grep",
        "run_command" => "bash",
        _ => return None,
    };
    tools::every().find(|known| *known == own)
}

/// Those of all tools that words name, in our order.
pub(crate) fn tools_named<'w>(words: impl IntoIterator<Item = &'w str>) -> Vec<String> {
    let wanted: Vec<&str> = words.into_iter().filter_map(tool_named).collect();
    tools::every().filter(|tool| wanted.contains(tool)).map(str::to_owned).collect()
}

/// `provider/model`, where a head may name the two apart.
fn model_ref(provider: Option<String>, model: Option<String>) -> Option<String> {
    let model = model?;
    match provider {
        Some(provider) if !model.contains(['/', ':']) => Some(format!("{provider}/{model}")),
        _ => Some(model),
    }
}
