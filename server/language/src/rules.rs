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
