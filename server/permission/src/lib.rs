//! Policy: may this happen?
//!
//! Somebody other than the person (a model, a workflow) wants an [`Effect`]. [`judge`] answers with a [`Verdict`] and
//! its reason, from nothing but the effect and a [`Policy`]: the workspace, the [`Mode`], and the [`Rule`]s of every
//! layer that counts. The order is deny, ask, allow, mode; `plan` stands above allow; and some files answer no rule at
//! all ([`is_secret`], [`is_protected`], [`is_executing`]).
//!
//! A shell command is the one effect that has to be read first. [`effects_of`] does that with a positive grammar: it
//! names the simple commands (*atoms*), the files that are read and written, and says so when it cannot be sure.
//!
//! ```
//! use copydesk_base::{Effect, Grade, config::Mode};
//! use copydesk_permission::{Policy, RuleVerdict, judge, parse_rule};
//!
//! let root = std::path::PathBuf::from("/project");
//! let policy = Policy {
//!     root: root.clone(),
//!     additional: Vec::new(),
//!     home: None,
//!     state_home: "/state".into(),
//!     mode: Mode::Default,
//!     taint: Grade::Typed,
//!     rules: vec![parse_rule(RuleVerdict::Allow, "Bash(git log:*)", "user config").unwrap()],
//!     started: [].into(),
//! };
//! let run = |command: &str| Effect::Execute { command: command.into(), cwd: root.clone() };
//! assert_eq!(judge(&run("git log --oneline"), &policy).as_str(), "allow");
//! assert_eq!(judge(&run("git log && curl example.org"), &policy).as_str(), "ask");
//! ```
//!
//! Invariants
//! - It decides and confines. It never asks the person, and deciding sees of the disk only symbolic links
//!   ([`copydesk_base::path::resolve`]); what looks further is [`started`] and [`sandbox`], which starts commands too.
//! - What it does not understand it does not allow: unknown shell is denied, unknown words ask.
//! - *Allow* for a command grants its start. Bounding what it does then is the work of [`sandbox`].

mod bounds;
mod defaults;
mod glob;
mod lint;
mod loose;
mod path;
mod place;
mod policy;
mod reads;
mod rule;
pub mod sandbox;
mod secret;
mod shell;
mod started;
mod zone;

use copydesk_base::config::Mode;
use copydesk_base::{Because, Effect, Question, Verdict};

pub use bounds::Bounds;
pub use defaults::default_denies;
pub use lint::{RuleFinding, RuleHome, RuleLine, RuleProblem, lint};
pub use policy::Policy;
pub use reads::Reads;
pub use rule::{Rule, RuleError, RuleVerdict, parse_rule};
pub use secret::find_secrets;
pub use shell::{Atom, Disguise, GitUse, Reading, effects_of};
pub use started::{Started, started};
pub use zone::{is_executing, is_of_git, is_protected, is_secret};

use policy::Answer;

/// The verdict on one effect, with its reason. Costs well under a tenth of a millisecond.
pub fn judge(effect: &Effect, policy: &Policy) -> Verdict {
    place::look_anew();
    judged(effect, policy)
}

/// The same with what was seen of the disk before.
fn judged(effect: &Effect, policy: &Policy) -> Verdict {
    let mut always = None;
    let answer = match effect {
        Effect::Read { path } => path::judge(path::Access::Read, path, policy),
        Effect::Write { path } => path::judge(path::Access::Write, path, policy),
        Effect::Execute { command, cwd } => {
            let (answer, rules) = shell::judge(command, cwd, policy);
            always = Some(rules);
            answer
        }
        Effect::Network { url } => policy::judge_network(url, policy),
        Effect::Tool { server, tool } => policy::judge_tool(server, tool, policy),
        Effect::Follow { .. } => {
            Answer::Firm(Because::of("text of a file is nobody's voice until you confirm it"))
        }
    };
    match settle(answer, effect, policy) {
        Answer::Allow(because) => Verdict::Allow(because),
        Answer::Deny(because) => Verdict::Deny(because),
        Answer::Firm(because) => Verdict::Ask(Question { because, always: Vec::new() }),
        Answer::Ask(because) => {
            let always = always.unwrap_or_else(|| literal_rules(effect, policy));
            Verdict::Ask(Question { because, always })
        }
    }
}

/// What the mode makes of a question: `locked` refuses it, `bypass` waves it through.
fn settle(answer: Answer, effect: &Effect, policy: &Policy) -> Answer {
    match (policy.mode, answer) {
        (Mode::Locked, Answer::Ask(because) | Answer::Firm(because)) => Answer::Deny(Because {
            reason: format!("mode locked refuses what would be asked: {}", because.reason),
            ..because
        }),
        (Mode::Bypass, Answer::Ask(_) | Answer::Firm(_)) if !matches!(effect, Effect::Follow { .. }) => {
            Answer::Allow(Because::of("mode bypass allows what no rule denies"))
        }
        (_, answer) => answer,
    }
}

/// The rules that *Always allow* would store for an effect, as literal as they can be: for an edit the workspace's
/// files, for a command each of its atoms, for a read that one path. Empty where *Always* is not offered.
pub fn literal_rules(effect: &Effect, policy: &Policy) -> Vec<String> {
    place::look_anew();
    match effect {
        Effect::Read { path } => path::read_rule(path).into_iter().collect(),
        Effect::Write { path } => path::write_rule(path, policy).into_iter().collect(),
        Effect::Execute { command, cwd } => shell::literal_rules(command, cwd, policy),
        Effect::Network { url } => {
            policy::host_of(url).map(|host| format!("Network({host})")).into_iter().collect()
        }
        Effect::Tool { server, tool } => policy::tool_rule(server, tool).into_iter().collect(),
        Effect::Follow { .. } => Vec::new(),
    }
}
