//! What allows a simple command by its text alone: a mode, or a rule that allows.

use copydesk_base::Because;
use copydesk_base::config::Mode;

use super::arguments::Findings;
use super::{Need, Simple, among, scope, settings};
use crate::policy::{Policy, because};
use crate::rule::{Pattern, RuleVerdict};

/// What allows a simple command before its words have a say, weakest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Grant {
    None,
    /// The mode, or no rule is needed.
    Mode(Because),
    /// A rule with a wildcard, or a spelled-out one in another folder.
    Rule(Because),
    /// A rule that spells the command out.
    Literal(Because),
}

impl Grant {
    pub(super) fn reaches(&self) -> Option<Need> {
        match self {
            Self::None => None,
            Self::Mode(_) => Some(Need::Mode),
            Self::Rule(_) => Some(Need::Rule),
            Self::Literal(_) => Some(Need::Literal),
        }
    }

    pub(super) fn because(&self) -> Option<&Because> {
        match self {
            Self::None => None,
            Self::Mode(because) | Self::Rule(because) | Self::Literal(because) => Some(because),
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        if other.reaches() > self.reaches() { other } else { self }
    }
}

/// What rules and mode say for a command by its text alone.
pub(super) fn grant(simple: &Simple, findings: &Findings, policy: &Policy) -> Grant {
    let mut grant = match policy.mode {
        _ if findings.only_steers => Grant::Mode(Because::of("it only steers the shell")),
        Mode::Auto => Grant::Mode(Because::of("mode auto allows commands")),
        _ => Grant::None,
    };
    let bare = settings::without(simple);
    // A rule that would allow whatever else stands there says nothing about this.
    let anything = among::launcher(simple).map(|launcher| format!("{launcher} \u{1}"));
    for rule in policy.rules.iter().filter(|rule| rule.verdict == RuleVerdict::Allow) {
        let Pattern::Shell(wanted) = rule.pattern.as_ref() else { continue };
        if !wanted.matches(&simple.text) && !bare.as_ref().is_some_and(|bare| wanted.matches(bare)) {
            continue;
        }
        let names_it = |anything: &String| !wanted.matches(anything) || wanted.matches("\u{1}");
        if !anything.as_ref().is_none_or(names_it) {
            continue;
        }
        // A spelled-out command was approved where it then ran.
        let is_literal = wanted.is_literal() && simple.cwds.is_just(&policy.root);
        if scope::beyond(simple, wanted).is_some() {
            continue;
        }
        let because = because(rule);
        grant = grant.or(if is_literal { Grant::Literal(because) } else { Grant::Rule(because) });
    }
    grant
}
