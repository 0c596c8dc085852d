//! What is wrong with rules as somebody wrote them: each by itself, and beside the others.
//!
//! A rule that is never heeded is worse than none: its author believes that it holds. [`lint`] compares patterns with
//! patterns and says only what is certain. It looks at no disk, so two rules that meet through a symbolic link are two
//! rules here.

use crate::rule::{Pattern, Rule, RuleVerdict, parse_rule};
use crate::shell::{self, asks_anyway};
use crate::zone;

/// One rule of a file, as it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleLine {
    pub verdict: RuleVerdict,
    pub text: String,
    pub home: RuleHome,
}

/// Whose file a rule stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleHome {
    /// The person's own config: it may grant.
    User,
    /// A file of a repository, or an editor's settings: it grants nothing by itself.
    Workspace,
}

/// What is wrong with one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFinding {
    /// Which of the lines.
    pub at: usize,
    pub problem: RuleProblem,
    /// One sentence for the person.
    pub message: String,
    /// The line that it is about besides.
    pub other: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleProblem {
    /// It cannot be understood.
    Malformed,
    /// Another rule of the same verdict says all that it says.
    Shadowed,
    /// Something stricter always decides before it.
    Unreachable,
    /// It allows something where nothing can be granted.
    Granting,
}

/// Looks at rules of one or more files together; findings come in the order of the lines, at most one for each.
pub fn lint(lines: &[RuleLine]) -> Vec<RuleFinding> {
    let parsed: Vec<Result<Rule, String>> = lines
        .iter()
        .map(|line| parse_rule(line.verdict, line.text.as_str(), "lint").map_err(|error| error.to_string()))
        .collect();
    let understood: Vec<(usize, &Rule)> =
        parsed.iter().enumerate().filter_map(|(at, rule)| Some((at, rule.as_ref().ok()?))).collect();
    let finding = |(at, rule): (usize, &Result<Rule, String>)| {
        let found = |problem, message, other| Some(RuleFinding { at, problem, message, other });
        let rule = match rule {
            Ok(rule) => rule,
            Err(reason) => return found(RuleProblem::Malformed, format!("failed to {reason}"), None),
        };
        if let Some((other, wide)) = stricter(at, rule, &understood) {
            let message = format!(
                "never heeded: {} rule {} decides before it, always",
                word(wide.verdict),
                wide.text.trim()
            );
            return found(RuleProblem::Unreachable, message, Some(other));
        }
        if let Some(reason) = unheard(rule) {
            return found(RuleProblem::Unreachable, format!("never heeded: {reason}"), None);
        }
        if let Some((other, wide)) = shadow(at, rule, &understood) {
            let verb = match rule.verdict {
                RuleVerdict::Allow => "allows",
                RuleVerdict::Ask => "asks about",
                RuleVerdict::Deny => "denies",
            };
            let message = format!("says nothing new: {} {verb} all of it already", wide.text.trim());
            return found(RuleProblem::Shadowed, message, Some(other));
        }
        if rule.verdict == RuleVerdict::Allow && lines[at].home == RuleHome::Workspace {
            let message = "a file of a repository grants nothing by itself: this counts once the folder is \
                           trusted, for exactly this content; your own grants belong in your user config";
            return found(RuleProblem::Granting, message.to_owned(), None);
        }
        None
    };
    parsed.iter().enumerate().filter_map(finding).collect()
}

/// A rule with a stricter verdict that speaks about everything this one speaks about.
fn stricter<'a>(at: usize, rule: &Rule, all: &[(usize, &'a Rule)]) -> Option<(usize, &'a Rule)> {
    all.iter().copied().find(|(other, wide)| {
        *other != at && wide.verdict > rule.verdict && wide.pattern.covers(&rule.pattern)
    })
}

/// A rule with the same verdict that leaves this one nothing to say. Of two that say the same, the first stays.
fn shadow<'a>(at: usize, rule: &Rule, all: &[(usize, &'a Rule)]) -> Option<(usize, &'a Rule)> {
    all.iter().copied().find(|(other, wide)| {
        *other != at
            && wide.verdict == rule.verdict
            && wide.pattern.covers(&rule.pattern)
            && (*other < at || !rule.pattern.covers(&wide.pattern))
            && !reaches_further(rule, wide)
    })
}

/// Whether an allow rule grants what a wider one does not: what it spells out, it grants whatever the arguments do.
fn reaches_further(rule: &Rule, wide: &Rule) -> bool {
    if rule.verdict != RuleVerdict::Allow {
        return false;
    }
    match (rule.pattern.as_ref(), wide.pattern.as_ref()) {
        (Pattern::Shell(rule), Pattern::Shell(wide)) => {
            (rule.is_literal() && !wide.is_literal()) || !shell::reaches(wide, rule)
        }
        (Pattern::Edit(rule), Pattern::Edit(wide)) => {
            rule.names(zone::is_executing) && !wide.names(zone::is_executing)
        }
        _ => false,
    }
}

/// Why no answer ever comes from an allow rule, whatever else is written.
fn unheard(rule: &Rule) -> Option<String> {
    if rule.verdict != RuleVerdict::Allow {
        return None;
    }
    match rule.pattern.as_ref() {
        Pattern::Read(place) | Pattern::Edit(place) if place.lies(zone::is_secret) => {
            Some("files with secrets are refused whatever the rules allow".to_owned())
        }
        Pattern::Edit(place) if place.lies(zone::is_protected_name) => {
            Some("protected files ask whatever the rules allow".to_owned())
        }
        Pattern::Shell(command) => {
            let lead = command.lead();
            let (program, rest) = lead.split_once(' ').unwrap_or((&lead, ""));
            let is_whole =
                !rest.is_empty() || lead.ends_with(' ') || command.is_literal() || command.is_prefix();
            (is_whole && asks_anyway(program))
                .then(|| format!("{program} asks each time whatever the rules allow"))
        }
        _ => None,
    }
}

const fn word(verdict: RuleVerdict) -> &'static str {
    match verdict {
        RuleVerdict::Allow => "the allow",
        RuleVerdict::Ask => "the ask",
        RuleVerdict::Deny => "the deny",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> RuleLine {
        let (home, text) =
            text.strip_prefix("repo ").map_or((RuleHome::User, text), |text| (RuleHome::Workspace, text));
        let (verdict, text) = text.split_once(' ').unwrap();
        let verdict = match verdict {
            "allow" => RuleVerdict::Allow,
            "ask" => RuleVerdict::Ask,
            _ => RuleVerdict::Deny,
        };
        RuleLine { verdict, text: text.to_owned(), home }
    }

    /// Checks what is found on the last of some lines.
    fn check(lines: &[&str], expected: Option<(RuleProblem, Option<usize>)>) {
        let lines: Vec<RuleLine> = lines.iter().map(|text| line(text)).collect();
        let last = lines.len() - 1;
        let found = lint(&lines).into_iter().find(|finding| finding.at == last);
        assert_eq!(
            found.as_ref().map(|found| (found.problem, found.other)),
            expected,
            "{lines:?}: {found:?}"
        );
    }

    #[test]
    fn each_rule_is_seen_beside_the_others() {
        use RuleProblem::{Granting, Malformed, Shadowed, Unreachable};
        for (lines, expected) in [
            (&["allow Bash(cargo test:*)"][..], None),
            (&["allow Bsh(cargo)"], Some((Malformed, None))),
            (&["deny Bash(rm"], Some((Malformed, None))),
            // said already
            (&["allow Bash(git:*)", "allow Bash(git log:*)"], Some((Shadowed, Some(0)))),
            (&["allow Bash", "allow Bash(git log:*)"], Some((Shadowed, Some(0)))),
            (&["allow Bash(git *)", "allow Bash(git log --oneline)"], None),
            (&["allow Bash(git log)", "allow Bash(git log)"], Some((Shadowed, Some(0)))),
            (&["allow Bash(git log)", "allow Bash(git   log)"], Some((Shadowed, Some(0)))),
            (&["allow Bash(git log)", "allow Bash(git log:*)"], None),
            (&["allow Bash(git log:*)", "allow Bash(git l*)"], None),
            (&["allow Bash(a*b)", "allow Bash(a*c*b)"], Some((Shadowed, Some(0)))),
            (&["allow Bash(a*c*b)", "allow Bash(a*b)"], None),
            (&["allow Edit(src/**)", "allow Edit(src/a/**)"], Some((Shadowed, Some(0)))),
            (&["allow Edit(src/**)", "allow Edit(src/*.rs)"], Some((Shadowed, Some(0)))),
            (&["allow Edit(src/*.rs)", "allow Edit(src/a.rs)"], Some((Shadowed, Some(0)))),
            (&["allow Edit(src/*.rs)", "allow Edit(src/a/b.rs)"], None),
            (&["allow Edit(src/**)", "allow Write(src/a)"], Some((Shadowed, Some(0)))),
            (&["allow Edit(src/**)", "allow Read(src/a)"], None),
            (&["allow Edit(**)", "allow Edit(.github/workflows/**)"], None),
            (&["allow Read(//**)", "allow Read(~/notes/**)"], Some((Shadowed, Some(0)))),
            (&["deny Read(src/a)", "deny Read(SRC/a/b)"], Some((Shadowed, Some(0)))),
            (&["deny Read(SRC/a/b)", "deny Read(src/a)"], None),
            (&["deny Bash(rm:*)", "deny Bash(rm -rf /)"], Some((Shadowed, Some(0)))),
            (&["allow Mcp(files)", "allow Mcp(files, read)"], Some((Shadowed, Some(0)))),
            (&["allow Mcp(files, read)", "allow Mcp(files)"], None),
            (&["allow Network(*.example.org)", "allow Network(a.example.org)"], Some((Shadowed, Some(0)))),
            (&["allow Network(*.example.org)", "allow Network(example.org)"], None),
            // never heeded
            (&["deny Bash(git:*)", "allow Bash(git log:*)"], Some((Unreachable, Some(0)))),
            (&["ask Bash(git push:*)", "allow Bash(git push origin main)"], Some((Unreachable, Some(0)))),
            (&["deny Bash(git push:*)", "allow Bash(git:*)"], None),
            (&["deny Edit(src)", "allow Edit(src/a/**)"], Some((Unreachable, Some(0)))),
            (&["deny Edit(SRC)", "allow Edit(src/*.rs)"], Some((Unreachable, Some(0)))),
            (&["deny Read(**/*.x)", "ask Read(**/*.x)"], Some((Unreachable, Some(0)))),
            (&["deny Bash(git:*)", "ask Bash(git push)"], Some((Unreachable, Some(0)))),
            (&["allow Bash(git:*)", "deny Bash(git push:*)"], None),
            (&["allow Read(.env)"], Some((Unreachable, None))),
            (&["deny Read(.env)"], None),
            (&["allow Edit(.git/**)"], Some((Unreachable, None))),
            (&["allow Edit(.github/workflows/**)"], None),
            (&["allow Bash(sudo:*)"], Some((Unreachable, None))),
            (&["allow Bash(sudo apt install x)"], Some((Unreachable, None))),
            (&["allow Bash(sudoku)"], None),
            (&["allow Bash(sudo*)"], None),
            (&["allow Bash(eval:*)"], Some((Unreachable, None))),
            // in the wrong place
            (&["repo allow Bash(cargo test:*)"], Some((Granting, None))),
            (&["repo deny Bash(cargo test:*)"], None),
        ] {
            check(lines, expected);
        }
    }

    #[test]
    fn messages_say_what_to_look_at() {
        let lines = ["deny Bash(git:*)", "allow Bash(git log)", "allow Bash(a", "deny Bash(git push)"];
        let lines: Vec<RuleLine> = lines.iter().map(|text| line(text)).collect();
        let messages: Vec<String> = lint(&lines).into_iter().map(|finding| finding.message).collect();
        assert_eq!(
            messages,
            [
                "never heeded: the deny rule Bash(git:*) decides before it, always",
                "failed to read `Bash(a`: the closing `)` is missing at its end",
                "says nothing new: Bash(git:*) denies all of it already",
            ]
        );
    }
}
