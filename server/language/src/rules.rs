//! The permission rules of a file: `permissions.allow`, `.ask` and `.deny` of a config, an agent or an action.
//!
//! Only found here. What is wrong with them is for the permission room to say, which knows what they mean.

use copydesk_base::Span;
use copydesk_text::Node;

use crate::declared::inner_span;
use crate::{File, FileKind};

/// One rule as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleAt {
    /// The rule alone, without quotes.
    pub span: Span,
    pub kind: RuleKind,
    pub text: String,
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
    if !matches!(file.kind, FileKind::Config | FileKind::Agent | FileKind::Action) {
        return Vec::new();
    }
    let Some(lists) = file.tree.root().and_then(|root| file.tree.get(root, "permissions")) else {
        return Vec::new();
    };
    let mut rules: Vec<RuleAt> = Vec::new();
    for kind in RuleKind::ALL {
        let items = file.tree.get(lists, kind.as_str()).map(Node::items).unwrap_or_default();
        rules.extend(items.iter().filter_map(|item| {
            let text = item.as_str()?.to_owned();
            (!file.tree.is_broken(item.span())).then(|| RuleAt { span: inner_span(item), kind, text })
        }));
    }
    rules.sort_by_key(|rule| rule.span);
    rules
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
        ("WebFetch" | "Network", None) => "Reaching any address".to_owned(),
        ("WebFetch" | "Network", Some(host)) => format!("Reaching `{host}`"),
        _ => return None,
    };
    Some(format!("**{}**\n\n{object} {verdict}.", text.trim()))
}
