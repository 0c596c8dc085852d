//! What a judgement is made from, and the two kinds of effect that need nothing but a name: tools and hosts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use copydesk_base::config::Mode;
use copydesk_base::{Because, Grade, path};

use crate::rule::{Pattern, Rule, RuleVerdict};
use crate::started::Started;

/// Everything [`crate::judge`] knows besides the effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The workspace, resolved.
    pub root: PathBuf,
    /// Folders outside the root that count as inside, resolved.
    pub additional: Vec<PathBuf>,
    /// What `~` stands for.
    pub home: Option<PathBuf>,
    /// `COPYDESK_HOME`: trust, approvals and journals. No agent may touch it.
    pub state_home: PathBuf,
    pub mode: Mode,
    /// The worst of what the asker has read: from a dependency's file on, what leaves the machine or runs later asks,
    /// unless a rule spells it out.
    pub taint: Grade,
    /// Rules of every layer that counts, remembered ones included; their order does not matter.
    pub rules: Vec<Rule>,
    /// What the settings start by themselves.
    pub started: Arc<[Started]>,
}

impl Policy {
    /// Whether a resolved path lies in the workspace or one of the further folders.
    pub fn is_inside(&self, place: &Path) -> bool {
        path::is_inside(&self.root, place) || self.additional.iter().any(|root| path::is_inside(root, place))
    }

    /// Whether a command runs in the workspace, wherever it may run.
    pub(crate) fn is_inside_only(&self, cwds: &crate::shell::Cwds) -> bool {
        matches!(cwds, crate::shell::Cwds::Known(folders) if folders.iter().all(|folder| self.is_inside(folder)))
    }

    /// The first rule of that verdict whose pattern `matches`.
    pub(crate) fn rule(&self, verdict: RuleVerdict, matches: impl Fn(&Pattern) -> bool) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.verdict == verdict && matches(&rule.pattern))
    }
}

/// An answer before the mode has its last word.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Allow(Because),
    /// No rule spoke; a rule could allow it.
    Ask(Because),
    /// Asks whatever rules allow; *Always* is not offered.
    Firm(Because),
    Deny(Because),
}

impl Answer {
    pub(crate) fn ask(reason: impl Into<String>) -> Self {
        Self::Ask(Because::of(reason))
    }

    pub(crate) fn deny(reason: impl Into<String>) -> Self {
        Self::Deny(Because::of(reason))
    }
}

/// The reason that is a rule.
pub(crate) fn because(rule: &Rule) -> Because {
    let verb = match rule.verdict {
        RuleVerdict::Allow => "allows it",
        RuleVerdict::Ask => "asks",
        RuleVerdict::Deny => "denies it",
    };
    Because {
        reason: format!("rule {} {verb}", rule.text),
        rule: Some(rule.text.clone()),
        origin: Some(rule.origin.clone()),
    }
}

pub(crate) fn judge_tool(server: &str, tool: &str, policy: &Policy) -> Answer {
    by_rules(policy, |pattern| matches!(pattern, Pattern::Tool(wanted) if wanted.matches(server, tool)))
        .unwrap_or_else(|| by_mode(policy, "tools of servers ask"))
}

pub(crate) fn judge_network(url: &str, policy: &Policy) -> Answer {
    let host = host_of(url);
    let answer = by_rules(
        policy,
        |pattern| matches!(pattern, Pattern::Network(wanted) if wanted.matches(host.as_deref())),
    )
    .unwrap_or_else(|| by_mode(policy, "reaching other machines asks"));
    let is_spelled_out = |pattern: &Pattern| matches!(pattern, Pattern::Network(wanted) if wanted.is_one() && wanted.matches(host.as_deref()));
    match answer {
        Answer::Allow(_)
            if policy.taint.is_strange() && policy.rule(RuleVerdict::Allow, is_spelled_out).is_none() =>
        {
            Answer::Ask(tainted(policy, "reaching other machines asks"))
        }
        answer => answer,
    }
}

/// Why something asks that a rule or the mode would have allowed.
pub(crate) fn tainted(policy: &Policy, asks: &str) -> Because {
    Because::of(format!("the model has read {}: {asks}", policy.taint.as_words()))
}

/// The exact rule for one tool of one server; none where a name could not be written as a rule.
pub(crate) fn tool_rule(server: &str, tool: &str) -> Option<String> {
    let plain = |name: &str| {
        !name.is_empty()
            && name.trim() == name
            && !name.contains(['*', ',', '(', ')', '\\'])
            && !name.contains(char::is_control)
    };
    (plain(server) && plain(tool)).then(|| format!("Mcp({server}, {tool})"))
}

/// The host of a URL, in lower case; none where two readers could disagree about it.
pub(crate) fn host_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|digit| digit.is_ascii_digit()) => host,
        _ => authority,
    };
    let is_plain = !host.is_empty()
        && scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
        && host.chars().all(|letter| letter.is_ascii_alphanumeric() || "-._".contains(letter));
    is_plain.then(|| host.trim_end_matches('.').to_ascii_lowercase())
}

fn by_rules(policy: &Policy, matches: impl Fn(&Pattern) -> bool) -> Option<Answer> {
    if let Some(rule) = policy.rule(RuleVerdict::Deny, &matches) {
        return Some(Answer::Deny(because(rule)));
    }
    if let Some(rule) = policy.rule(RuleVerdict::Ask, &matches) {
        return Some(Answer::Firm(because(rule)));
    }
    let rule = policy.rule(RuleVerdict::Allow, &matches)?;
    Some(match policy.mode {
        Mode::Plan => Answer::Firm(Because::of("mode plan asks, whatever the rules allow")),
        _ => Answer::Allow(because(rule)),
    })
}

fn by_mode(policy: &Policy, otherwise: &str) -> Answer {
    match policy.mode {
        Mode::Auto => Answer::Allow(Because::of("mode auto allows it")),
        Mode::Plan => Answer::Firm(Because::of(format!("in mode plan {otherwise}"))),
        _ => Answer::ask(otherwise),
    }
}
