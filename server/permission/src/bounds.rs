//! What narrows a policy: the role of an agent, the head of an action, the run that started another one.
//!
//! Bounds only ever tighten. What is judged within them is never allowed where the policy alone would not allow it, and
//! never where the mode of the bounds would not: whatever loosens in them is passed over.
//!
//! `plan` and `locked` are no steps of one stair: `plan` refuses every edit, `locked` refuses what would be asked. Where
//! both are wanted, `locked` holds and the refusals of `plan` come on top of it as rules.

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

impl Policy {
    /// The same policy within bounds.
    #[must_use]
    pub fn within(mut self, bounds: &Bounds) -> Self {
        let tightens = |rule: &&Rule| rule.verdict != RuleVerdict::Allow;
        self.rules.extend(bounds.rules.iter().filter(tightens).cloned());
        let Some(mode) = bounds.mode else { return self };
        if matches!((self.mode, mode), (Mode::Plan, Mode::Locked) | (Mode::Locked, Mode::Plan)) {
            self.mode = Mode::Locked;
            let planning =
                PLANNING.iter().filter_map(|(verdict, text)| parse_rule(*verdict, *text, "mode plan").ok());
            self.rules.extend(planning);
        } else {
            self.mode = self.mode.min(mode);
        }
        self
    }
}
