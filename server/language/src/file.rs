//! A file as this room sees it: its text, its tree, and what kind of file it is.
//!
//! [`kind_of`] decides by the place of the file, by the schema it names, and at last by its looks. Everything else in
//! this room starts from a [`File`].

use std::path::Path;

use copydesk_base::Span;
use copydesk_text::json::{self, Dialect};
use copydesk_text::{Format, Node, Scalar, Style, Tree, front_matter};

use crate::schema::HOME;

/// A text to look at. Borrowed from whoever holds the document.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// Where it lies; only its words are looked at, nothing is read.
    pub path: &'a Path,
    pub text: &'a str,
    /// The tree of the text; of a Markdown file, the tree of its front matter.
    pub tree: &'a Tree,
    pub kind: FileKind,
}

impl<'a> File<'a> {
    /// A file of the kind that [`kind_of`] finds.
    pub fn new(path: &'a Path, text: &'a str, tree: &'a Tree) -> Self {
        Self { path, text, tree, kind: kind_of(path, text, tree) }
    }

    /// The text below the head of an agent, which is its prompt and may hold expressions.
    pub(crate) fn prompt(&self) -> Option<Scalar<'a>> {
        let parts = front_matter::split(self.text).filter(|_| self.kind == FileKind::Agent)?;
        Some(Scalar::verbatim(parts.body.of(self.text), Style::Literal, parts.body.start))
    }
}

/// What kind of file it is, and so which language it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    Workflow,
    Agent,
    Action,
    Prompt,
    Skill,
    /// A conversation: `*.chat.md`.
    Chat,
    /// Instructions for agents: `AGENTS.md` and its kin.
    Instructions,
    /// A layer of a stepper pipeline, read as it is.
    Layer,
    /// Copydesk's own settings.
    Config,
    /// Settings of Keystone, read as they are.
    KeystoneConfig,
    /// MCP servers in a file of their own: `.mcp.json`.
    Mcp,
    /// The manifest of a plugin of agent programs: `.claude-plugin/plugin.json`.
    Plugin,
    /// Hooks in a file of their own: `hooks/hooks.json`.
    Hooks,
    /// Not ours: this room stays quiet.
    Other,
}

impl FileKind {
    /// The word for people and for `--json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::Agent => "agent",
            Self::Action => "action",
            Self::Prompt => "prompt",
            Self::Skill => "skill",
            Self::Chat => "chat",
            Self::Instructions => "instructions",
            Self::Layer => "layer",
            Self::Config => "config",
            Self::KeystoneConfig => "keystone config",
            Self::Mcp => "mcp servers",
            Self::Plugin => "plugin",
            Self::Hooks => "hooks",
            Self::Other => "other",
        }
    }

    /// Whether the language stands in a Markdown file's front matter.
    pub const fn is_markdown(self) -> bool {
        matches!(
            self,
            Self::Agent
                | Self::Action
                | Self::Prompt
                | Self::Skill
                | Self::Chat
                | Self::Instructions
                | Self::Layer
        )
    }
}

/// The kind of a file by its path, the schema it names, and its looks, in this order.
///
/// For a Markdown file `tree` is the tree of its front matter.
pub fn kind_of(path: &Path, text: &str, tree: &Tree) -> FileKind {
    let place = Place::new(path);
    if let Some(kind) = json_by_place(&place, tree) {
        return kind;
    }
    let by_place = match place.extension {
        Extension::Yaml => yaml_by_place(&place, tree),
        Extension::Markdown => markdown_by_place(&place, tree),
        Extension::Other => return FileKind::Other,
    };
    if by_place != FileKind::Other {
        return by_place;
    }
    if let Some(kind) = named_schema(text, tree).and_then(kind_of_schema) {
        let fits = kind.is_markdown() == (place.extension == Extension::Markdown);
        return if fits { kind } else { FileKind::Other };
    }
    if place.extension == Extension::Yaml && looks_like_workflow(tree) {
        return FileKind::Workflow;
    }
    FileKind::Other
}

/// The schema that a YAML text names: by `$schema`, or by a modeline for the YAML language server.
pub(crate) fn named_schema<'a>(text: &'a str, tree: &'a Tree) -> Option<&'a str> {
    if let Some(named) = tree.root().and_then(|root| root.get("$schema")).and_then(Node::as_str) {
        return Some(named);
    }
    // A modeline stands at the head of the file; nobody looks for it behind a thousand comments.
    tree.comments().iter().take(50).find_map(|comment| modeline(comment.of(text)))
}

fn modeline(comment: &str) -> Option<&str> {
    let rest = comment.trim_start_matches('#').trim_start().strip_prefix("yaml-language-server:")?;
    let rest = rest.trim_start().strip_prefix("$schema=")?;
    rest.split_whitespace().next()
}

/// Which kind of file a schema's address or path is for, if it is one of ours or Keystone's workflow schema.
fn kind_of_schema(named: &str) -> Option<FileKind> {
    let keystone = |file: &str| named.ends_with(&format!("/keystone-cli/main/schemas/{file}"));
    if keystone("workflow.json") {
        return Some(FileKind::Workflow);
    }
    if keystone("agent.json") {
        return Some(FileKind::Agent);
    }
    let name = named.strip_prefix(HOME).or_else(|| {
        let (folder, name) = named.rsplit_once('/')?;
        (folder == "schemas" || folder.ends_with("/schemas")).then_some(name)
    })?;
    match name.strip_suffix(".schema.json")? {
        "workflow" => Some(FileKind::Workflow),
        "agent" => Some(FileKind::Agent),
        "action" => Some(FileKind::Action),
        "config" => Some(FileKind::Config),
        "prompt" => Some(FileKind::Prompt),
        "skill" => Some(FileKind::Skill),
        "chat" => Some(FileKind::Chat),
        _ => None,
    }
}

fn looks_like_workflow(tree: &Tree) -> bool {
    let Some(root) = tree.root() else { return false };
    root.get("name").is_some()
        && root.get("steps").is_some_and(|steps| {
            steps.items().iter().any(|item| item.get("id").is_some() && item.get("type").is_some())
        })
}

#[derive(Clone, Copy, PartialEq)]
enum Extension {
    Yaml,
    Markdown,
    Other,
}

/// The words of a path that decide.
struct Place<'a> {
    /// The folders, outermost first.
    folders: Vec<&'a str>,
    name: &'a str,
    /// The name without its last extension.
    stem: &'a str,
    extension: Extension,
}

impl<'a> Place<'a> {
    fn new(path: &'a Path) -> Self {
        let mut folders: Vec<&str> = path
            .components()
            .filter_map(|part| match part {
                std::path::Component::Normal(word) => word.to_str(),
                _ => None,
            })
            .collect();
        let name = folders.pop().unwrap_or("");
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        let extension = match extension {
            "yaml" | "yml" => Extension::Yaml,
            "md" | "markdown" => Extension::Markdown,
            _ => Extension::Other,
        };
        Self { folders, name, stem, extension }
    }

    /// Whether `words` are neighbours among the folders.
    fn below(&self, words: &[&str]) -> bool {
        self.folders.windows(words.len()).any(|window| window == words)
    }

    /// Whether the file lies directly in the folder that ends with `words`.
    fn within(&self, words: &[&str]) -> bool {
        self.folders.ends_with(words)
    }
}

fn yaml_by_place(place: &Place<'_>, tree: &Tree) -> FileKind {
    if place.stem == "config" && place.within(&[".copydesk"]) {
        return FileKind::Config;
    }
    if place.stem == "config" && place.within(&[".keystone"]) {
        return FileKind::KeystoneConfig;
    }
    // The person's own, however its keys are written; a folder of that name elsewhere may be anybody's.
    let is_own = place.within(&[".config", "copydesk"]);
    if place.stem == "config" && (is_own || place.within(&["copydesk"]) && looks_like_config(tree)) {
        return FileKind::Config;
    }
    let is_workflow = place.below(&[".copydesk", "workflows"])
        || place.below(&[".keystone", "workflows"])
        || place.stem.ends_with(".workflow");
    if is_workflow { FileKind::Workflow } else { FileKind::Other }
}

/// Where a text begins that was to be YAML and is written in TOML: a table in brackets, or a key with a sign of
/// equality, each alone on the first line that is neither blank nor a comment.
pub fn toml_start(text: &str) -> Option<Span> {
    let is_key = |key: &str| {
        !key.is_empty()
            && key.chars().all(|sign| sign.is_alphanumeric() || matches!(sign, '_' | '-' | '.' | '"'))
    };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let (at, line) = (start, line.trim_end());
        start += text[start..].find('\n').map_or(text.len() - start, |end| end + 1);
        if line.trim().is_empty() || line.starts_with(['#', '\u{feff}']) {
            continue;
        }
        let is_table = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let is_table = is_table.is_some_and(|name| is_key(name.trim_matches(['[', ']']).trim()));
        let is_set = line.split_once('=').is_some_and(|(key, value)| is_key(key.trim()) && !value.is_empty());
        // A list of YAML may be a whole document, too.
        let is_more = text[start..].lines().any(|line| line.contains('='));
        return (is_set || is_table && is_more).then(|| Span::new(at, at + line.len()));
    }
    None
}

/// What is said of it.
pub const TOML: &str =
    "this is TOML, and settings are YAML: write 'key: value', and below a key what belongs to it, indented";

/// What other programs read, too: MCP servers at the root of a project or in an editor's folder, plugins and their
/// hooks.
fn json_by_place(place: &Place<'_>, tree: &Tree) -> Option<FileKind> {
    let within = |folders: &[&str]| folders.iter().any(|folder| place.within(&[folder]));
    match place.name {
        ".mcp.json" => Some(FileKind::Mcp),
        "mcp.json" if within(&[".vscode", ".cursor"]) => Some(FileKind::Mcp),
        "plugin.json" if within(PLUGIN_FOLDERS) => Some(FileKind::Plugin),
        // A folder of that name may hold anything.
        "hooks.json" if within(&["hooks"]) => {
            let has_hooks = tree.root().is_some_and(|root| root.get("hooks").is_some());
            has_hooks.then_some(FileKind::Hooks)
        }
        _ => None,
    }
}

/// Whether a file at this place is ours if it says so itself, though its name alone does not.
pub fn may_be_ours(path: &Path) -> bool {
    let place = Place::new(path);
    place.name == "hooks.json" && place.within(&["hooks"])
}

/// Where programs look for the manifest of a plugin.
const PLUGIN_FOLDERS: &[&str] = &[".claude-plugin", ".codex-plugin", ".cursor-plugin"];

/// A `copydesk/config.yaml` is the user's own where its keys are ours: a folder of that name may be anybody's.
fn looks_like_config(tree: &Tree) -> bool {
    let Some(root) = tree.root() else { return true };
    let known = crate::schema::config().pointer("/properties").and_then(serde_json::Value::as_object);
    let ours = |key: &str| key != "agents" && known.is_some_and(|known| known.contains_key(key));
    root.entries().is_empty() || root.entries().iter().filter_map(|entry| entry.key().scalar_text()).any(ours)
}

fn markdown_by_place(place: &Place<'_>, tree: &Tree) -> FileKind {
    if crate::chat::is_chat(Path::new(place.name)) {
        return FileKind::Chat;
    }
    if place.within(&[".copydesk", "agents"]) || place.within(&[".keystone", "workflows", "agents"]) {
        return FileKind::Agent;
    }
    // The person's own lie below their folder of settings; a folder of that name without a dot may be anybody's.
    let says = |key: &str| tree.root().is_some_and(|root| root.get(key).is_some());
    if place.within(&[".copydesk", "actions"]) || place.within(&["copydesk", "actions"]) && says("name") {
        return FileKind::Action;
    }
    let users_prompt = || place.within(&["copydesk", "prompts"]) && (says("name") || says("description"));
    if place.within(&[".copydesk", "prompts"]) || users_prompt() {
        return FileKind::Prompt;
    }
    if matches!(
        place.name,
        "AGENTS.md" | "CLAUDE.md" | "CLAUDE.local.md" | "GEMINI.md" | "copilot-instructions.md"
    ) {
        return FileKind::Instructions;
    }
    if place.name == "index.md" && place.below(&[".stepper", "layer"]) {
        return FileKind::Layer;
    }
    if place.name == "SKILL.md" && place.folders.iter().rev().nth(1) == Some(&"skills") {
        return FileKind::Skill;
    }
    // `agents` beside a workflow. Other programs keep agents of their own below their dot folders.
    let foreign = place
        .folders
        .iter()
        .any(|folder| folder.starts_with('.') && !matches!(*folder, ".copydesk" | ".keystone"));
    // The person's own, below their folder of settings.
    let users = place.within(&["copydesk", "agents"]);
    let ours = users || !foreign && !is_others_agent(tree);
    if place.within(&["agents"]) && ours && says("name") { FileKind::Agent } else { FileKind::Other }
}

/// Whether the head of an agent is written for another program: its tools are one text, it has keys that only others
/// know, or its model is a family and no model.
fn is_others_agent(tree: &Tree) -> bool {
    const KEYS: &[&str] = &[
        "allowed-tools",
        "argument-hint",
        "color",
        "disallowedTools",
        "effort",
        "handoffs",
        "hooks",
        "maxTurns",
        "mcp-servers",
        "mcpServers",
        "memory",
        "mode",
        "permissionMode",
        "skills",
        "target",
        "temperature",
    ];
    let Some(root) = tree.root() else { return false };
    let tools = root.get("tools").is_some_and(|tools| tools.as_str().is_some());
    let family = |model: &str| matches!(model, "sonnet" | "opus" | "haiku" | "inherit");
    tools
        || root.get("model").and_then(Node::scalar_text).is_some_and(family)
        || KEYS.iter().any(|key| root.get(key).is_some())
}

/// The span of the first key of a tree, else its start.
pub(crate) fn first_key(tree: &Tree) -> Span {
    let root = tree.root();
    let first = root.and_then(|root| root.entries().first()).map(|entry| entry.key().span());
    first.unwrap_or_else(|| root.map_or(Span::at(0), |root| Span::at(root.span().start)))
}

/// Whether a config file belongs to a workspace, and not to the person.
pub(crate) fn is_workspace_config(path: &Path) -> bool {
    let place = Place::new(path);
    place.within(&[".copydesk"]) || place.within(&[".keystone"])
}

/// The tree of a file: of a Markdown file that of its front matter, of one without a known ending the YAML.
pub fn parse(path: &Path, text: &str) -> Tree {
    match Place::new(path).extension {
        Extension::Markdown => copydesk_text::front_matter::parse(text),
        Extension::Yaml => copydesk_text::yaml::parse(text),
        Extension::Other => match Format::of("", Some(path)) {
            Format::Json => json::parse(text, Dialect::Strict),
            Format::Jsonc => json::parse(text, Dialect::Commented),
            Format::Toml => copydesk_text::toml::parse(text),
            Format::Yaml | Format::Markdown | Format::Other => copydesk_text::yaml::parse(text),
        },
    }
}
