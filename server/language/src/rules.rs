//! The permission rules of a file: `permissions.allow`, `.ask` and `.deny` of a config, an agent or an action, and
//! `permission` of a layer.
//!
//! Only found here. What is wrong with them is for the permission room to say, which knows what they mean.

use copydesk_base::{Fix, Span, TextEdit};
use copydesk_text::Node;

use crate::check::suggest::Suggest;
use crate::check::{remove_entry, remove_item};
use crate::declared::inner_span;
use crate::{File, FileKind};

/// One rule as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleAt {
    /// The rule alone, without quotes.
    pub span: Span,
    pub kind: RuleKind,
    pub text: String,
    /// Takes it out of its list; none where its list would be broken by that.
    pub removal: Option<Fix>,
    /// What may have been meant, where the rule cannot be read.
    pub spelling: Option<Fix>,
}

/// Which list a rule stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleKind {
    Allow,
    Ask,
    Deny,
}

impl RuleKind {
    const ALL: [Self; 3] = [Self::Allow, Self::Ask, Self::Deny];

    /// The key of the list.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        }
    }
}

/// The rules of a file, in the order of the text.
pub fn rules_in(file: &File<'_>) -> Vec<RuleAt> {
    if file.kind == FileKind::Layer {
        return of_layer(file);
    }
    if !matches!(file.kind, FileKind::Config | FileKind::Agent | FileKind::Action) {
        return Vec::new();
    }
    let Some(lists) = file.tree.root().and_then(|root| file.tree.get(root, "permissions")) else {
        return Vec::new();
    };
    let mut rules: Vec<RuleAt> = Vec::new();
    for kind in RuleKind::ALL {
        let items = file.tree.get(lists, kind.as_str()).map(Node::items).unwrap_or_default();
        rules.extend(items.iter().enumerate().filter_map(|(at, item)| {
            let text = item.as_str().filter(|_| !file.tree.is_broken(item.span()))?;
            let span = inner_span(item);
            let removal =
                file.tree.get(lists, kind.as_str()).and_then(|list| remove_item(file.text, list, at));
            let removal = removal.map(|edit| Fix::new("take this rule out", vec![edit]));
            Some(RuleAt { span, kind, text: text.to_owned(), removal, spelling: spelling(text, span) })
        }));
    }
    rules.sort_by_key(|rule| rule.span);
    rules
}

/// The rules of a layer, each the key of its verdict.
fn of_layer(file: &File<'_>) -> Vec<RuleAt> {
    let section = file.tree.root().and_then(|root| file.tree.get(root, "permission"));
    let entries = section.map(Node::entries).unwrap_or_default();
    let rules = entries.iter().enumerate().filter_map(|(at, entry)| {
        let text = entry.key().as_str().filter(|_| !file.tree.is_broken(entry.key().span()))?;
        let word = entry.value().scalar_text()?;
        let kind = RuleKind::ALL.into_iter().find(|kind| kind.as_str() == word)?;
        let span = inner_span(entry.key());
        let removal = section.and_then(|section| remove_entry(file.text, section, at));
        let removal = removal.map(|edit| Fix::new("take this rule out", vec![edit]));
        Some(RuleAt { span, kind, text: text.to_owned(), removal, spelling: spelling(text, span) })
    });
    rules.collect()
}

/// A bracket that is missing at the end, or the nearest of the words that a rule may start with.
fn spelling(text: &str, span: Span) -> Option<Fix> {
    let word = text.split('(').next().unwrap_or(text);
    if text.contains('(') && !text.trim_end().ends_with(')') {
        return Some(Fix::new("add a ')'", vec![TextEdit::insert(span.end, ")")]));
    }
    let known = RULE_WORDS.iter().map(|(word, _)| *word);
    // With escapes in it, places in the text are not places in the file.
    if span.len() != text.len() || known.clone().any(|known| known == word) {
        return None;
    }
    let near = Suggest::default().nearest(word, known)?;
    let edit = TextEdit::new(Span::new(span.start, span.start + word.len()), near);
    Some(Fix::new(format!("change to '{near}'"), vec![edit]))
}

/// What a rule may be about, as it is written in front of the parentheses, with a line for a person.
pub const RULE_WORDS: &[(&str, &str)] = &[
    ("Bash", "Shell commands: `Bash(cargo test:*)` is every command that starts with these words."),
    ("Read", "Reading files: `Read(src/**)`. What may not be read is not searched and not listed either."),
    ("Edit", "Changing files, by edit, write or redirection: `Edit(src/**)`."),
    ("Write", "The same as `Edit`."),
    ("Mcp", "Tools of MCP servers: `Mcp(files)`, `Mcp(files, read_file)`."),
    ("WebFetch", "Reaching an address: `WebFetch(docs.rs)`."),
    ("Network", "The same as `WebFetch`."),
    ("Destroy", "Commands that take something away: `rm`, `git clean`. Under `ask` and `deny` only."),
];

/// What a rule says, for a person. `None` where it cannot be understood.
pub(crate) fn explain(kind: &str, text: &str) -> Option<String> {
    let (word, inside) = match text.split_once('(') {
        Some((word, rest)) => (word.trim(), Some(rest.strip_suffix(')')?.trim())),
        None => (text.trim(), None),
    };
    let verdict = match kind {
        "allow" => "happens without asking, unless a rule under `ask` or `deny` speaks too",
        "ask" => "always asks, unless a rule under `deny` speaks too",
        "deny" => "never happens, in any mode",
        _ => return None,
    };
    let object = match (word, inside) {
        ("Bash", None) => "Every shell command".to_owned(),
        ("Bash", Some(pattern)) => match pattern.strip_suffix(":*") {
            Some(start) => format!("Every command that starts with `{start}`"),
            None if pattern.contains('*') => {
                format!("Every command that reads `{pattern}`, where `*` is any text")
            }
            None => format!("The command `{pattern}`, exactly"),
        },
        ("Read", None) => "Reading any file".to_owned(),
        ("Read", Some(place)) => format!("Reading `{place}`"),
        ("Edit" | "Write", None) => "Changing any file".to_owned(),
        ("Edit" | "Write", Some(place)) => format!("Changing `{place}`"),
        ("Mcp", None) => "Every tool of every MCP server".to_owned(),
        ("Mcp", Some(named)) => match named.split_once(',') {
            Some((server, tool)) => format!("The tool `{}` of the server `{}`", tool.trim(), server.trim()),
            None => format!("Every tool of the server `{named}`"),
        },
        ("Destroy", None) => "Taking anything away".to_owned(),
        ("Destroy", Some(place)) => format!("Taking `{place}` away"),
        ("WebFetch" | "Network", None) => "Reaching any address".to_owned(),
        ("WebFetch" | "Network", Some(host)) => format!("Reaching `{host}`"),
        _ => return None,
    };
    Some(format!("**{}**\n\n{object} {verdict}.", text.trim()))
}
