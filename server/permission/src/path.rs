//! Reading and writing files: zones first, then rules, then the mode.

use std::path::Path;

use copydesk_base::config::Mode;
use copydesk_base::{Because, path};

use crate::glob;
use crate::policy::{Answer, Policy, because, tainted};
use crate::rule::{Pattern, Rule, RuleVerdict};
use crate::{started, zone};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// Judges a resolved path.
pub(crate) fn judge(access: Access, place: &Path, policy: &Policy) -> Answer {
    judge_in(policy.mode, access, place, policy)
}

/// Why changing a file would be refused or asked about even where edits are allowed; none for most files.
pub(crate) fn guarding(place: &Path, policy: &Policy) -> Option<Because> {
    match judge_in(Mode::AcceptEdits, Access::Write, place, policy) {
        Answer::Deny(because) | Answer::Firm(because) => Some(because),
        Answer::Allow(_) | Answer::Ask(_) => None,
    }
}

fn judge_in(mode: Mode, access: Access, place: &Path, policy: &Policy) -> Answer {
    let shown = || path::shown(&policy.root, place);
    if zone::holds_secrets(place, policy) {
        return Answer::deny(format!("{} holds secrets; no agent reads or writes it", shown()));
    }
    if path::is_magic(place) {
        return Answer::deny(format!("{} leads through a process; name the file itself", shown()));
    }
    let matches = |pattern: &Pattern| match (access, pattern) {
        (Access::Read, Pattern::Read(wanted)) | (Access::Write, Pattern::Edit(wanted)) => {
            wanted.matches(place, policy)
        }
        _ => false,
    };
    if let Some(rule) = policy.rule(RuleVerdict::Deny, matches) {
        return Answer::Deny(because(rule));
    }
    if access == Access::Write && mode == Mode::Plan {
        return Answer::deny("mode plan refuses every edit, whatever the rules allow");
    }
    if is_guarded(access, place, policy) {
        let reason = format!("{} is protected", shown());
        return if mode == Mode::Bypass {
            Answer::deny(format!("{reason}; mode bypass never touches it"))
        } else {
            Answer::Firm(Because::of(format!("{reason}: it always asks")))
        };
    }
    if let Some(rule) = policy.rule(RuleVerdict::Ask, matches) {
        return Answer::Firm(because(rule));
    }
    let starter = if access == Access::Write { started::starter(place, policy) } else { None };
    if starter.is_some() || (access == Access::Write && zone::is_executing(place)) {
        let runs = starter.map_or_else(
            || format!("{} runs by itself later", shown()),
            |starter| format!("{} runs by itself: {} starts it", shown(), starter.by),
        );
        let named = |pattern: &Pattern| {
            matches(pattern) && matches!(pattern, Pattern::Edit(wanted) if wanted.names(zone::is_executing))
        };
        let one = |pattern: &Pattern| {
            matches(pattern) && matches!(pattern, Pattern::Edit(wanted) if wanted.is_one())
        };
        let spelled_out = policy.rule(RuleVerdict::Allow, one);
        let by_name = if starter.is_some() { spelled_out } else { policy.rule(RuleVerdict::Allow, named) };
        return match by_name {
            Some(_) if policy.taint.is_strange() && spelled_out.is_none() => {
                Answer::Firm(tainted(policy, &format!("{runs}, and asks")))
            }
            Some(rule) => Answer::Allow(because(rule)),
            None => Answer::Firm(Because::of(format!("{runs}; it asks"))),
        };
    }
    if let Some(rule) = policy.rule(RuleVerdict::Allow, matches) {
        return Answer::Allow(because(rule));
    }
    by_mode(access, policy.is_inside(place), mode)
}

/// The rule that denies changing a file, of those that somebody wrote; none for most files.
pub(crate) fn denying<'a>(place: &Path, policy: &'a Policy) -> Option<&'a Rule> {
    let denies = |rule: &&Rule| {
        rule.denies_edits()
            && matches!(&*rule.pattern, Pattern::Edit(wanted) if wanted.matches(place, policy))
    };
    policy.rules.iter().find(denies)
}

/// The rule that *Always allow* stores for a write: the whole workspace inside it, the one file outside.
pub(crate) fn write_rule(place: &Path, policy: &Policy) -> Option<String> {
    if policy.root.parent().is_some() && path::is_inside(&policy.root, place) {
        return Some(format!("Edit(/{}/**)", glob::escape(policy.root.to_str()?)));
    }
    file_rule(place)
}

/// The rule for writing one file and no other.
pub(crate) fn file_rule(place: &Path) -> Option<String> {
    place.to_str().map(|place| format!("Edit(/{})", glob::escape(place)))
}

/// The rule for reading one file and no other.
pub(crate) fn read_rule(place: &Path) -> Option<String> {
    place.to_str().map(|place| format!("Read(/{})", glob::escape(place)))
}

/// The state folder is guarded from readers too: what waits there for an answer is not for models.
fn is_guarded(access: Access, place: &Path, policy: &Policy) -> bool {
    match access {
        Access::Write => zone::is_protected(place, policy),
        Access::Read => zone::is_state(place, policy),
    }
}

fn by_mode(access: Access, is_inside: bool, mode: Mode) -> Answer {
    match (access, is_inside, mode) {
        (Access::Read, true, _) => Answer::Allow(Because::of("reading in the workspace is allowed")),
        (Access::Write, true, Mode::AcceptEdits | Mode::Auto) => {
            Answer::Allow(Because::of(format!("mode {} allows edits in the workspace", mode.as_str())))
        }
        (Access::Write, true, _) => Answer::ask("edits ask"),
        (Access::Read, false, _) => Answer::ask("reading outside the workspace asks"),
        (Access::Write, false, _) => Answer::ask("writing outside the workspace asks"),
    }
}
