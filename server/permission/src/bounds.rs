//! What narrows a policy: the role of an agent, the head of an action, the run that started another one.
//!
//! Bounds only ever tighten. What is judged within them is never allowed where the policy alone would not allow it, and
//! never where the mode of the bounds would not: whatever loosens in them is passed over.
//!
//! `plan` and `locked` are no steps of one stair: `plan` refuses every edit, `locked` refuses what would be asked.
//! Where both are wanted, `locked` holds and the refusals of `plan` come on top of it as rules.

use copydesk_base::config::Mode;

use crate::policy::Policy;
use crate::rule::{Rule, RuleVerdict, parse_rule};

/// The loosest mode, and rules that ask or deny.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    pub mode: Option<Mode>,
    pub rules: Vec<Rule>,
}

/// What `plan` refuses and asks about, as rules, beside a mode that it cannot stand beside.
const PLANNING: &[(RuleVerdict, &str)] = &[
    (RuleVerdict::Deny, "Edit"),
    (RuleVerdict::Deny, "Destroy"),
    (RuleVerdict::Ask, "Bash"),
    (RuleVerdict::Ask, "Network"),
    (RuleVerdict::Ask, "Mcp"),
];

/// The mode in which both hold, and the rules that have to come on top of it.
fn both(one: Mode, other: Mode) -> (Mode, Vec<Rule>) {
    if !matches!((one, other), (Mode::Plan, Mode::Locked) | (Mode::Locked, Mode::Plan)) {
        return (one.min(other), vec![]);
    }
    let planning =
        PLANNING.iter().filter_map(|(verdict, text)| parse_rule(*verdict, *text, "mode plan").ok());
    (Mode::Locked, planning.collect())
}

impl Bounds {
    /// Both at once.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.rules.extend(other.rules);
        self.mode = match (self.mode, other.mode) {
            (Some(one), Some(other)) => {
                let (mode, planning) = both(one, other);
                self.rules.extend(planning);
                Some(mode)
            }
            (one, other) => one.or(other),
        };
        self
    }
}

impl Policy {
    /// The same policy within bounds.
    #[must_use]
    pub fn within(mut self, bounds: &Bounds) -> Self {
        let tightens = |rule: &&Rule| rule.verdict != RuleVerdict::Allow;
        self.rules.extend(bounds.rules.iter().filter(tightens).cloned());
        let Some(mode) = bounds.mode else { return self };
        let (mode, planning) = both(self.mode, mode);
        self.mode = mode;
        self.rules.extend(planning);
        self
    }
}
