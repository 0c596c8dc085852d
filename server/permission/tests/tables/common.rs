//! What the tables of this folder share: a policy in one line.

use std::path::PathBuf;

use copydesk_base::config::Mode;
use copydesk_base::{Effect, Grade, Verdict};
use copydesk_permission::{Policy, RuleVerdict, judge, parse_rule};

pub(crate) const ROOT: &str = "/project";

/// A policy for `/project` with rules such as `allow Bash(echo *)`.
pub(crate) fn policy(mode: Mode, rules: &[&str]) -> Policy {
    let rules = rules.iter().map(|rule| {
        let (verdict, text) = rule.split_once(' ').unwrap_or((rule, ""));
        let verdict = match verdict {
            "allow" => RuleVerdict::Allow,
            "ask" => RuleVerdict::Ask,
            "deny" => RuleVerdict::Deny,
            other => panic!("{other} is no verdict"),
        };
        parse_rule(verdict, text, "test").unwrap_or_else(|error| panic!("{error}"))
    });
    Policy {
        root: ROOT.into(),
        additional: vec!["/shared".into()],
        home: Some("/people/ada".into()),
        state_home: "/people/ada/.local/state/copydesk".into(),
        mode,
        taint: Grade::Typed,
        rules: rules.collect(),
        started: [].into(),
    }
}

/// An effect in one line: `bash ls`, `read /etc/hosts`, `mcp files read_file`.
pub(crate) fn effect(line: &str) -> Effect {
    let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
    match kind {
        "bash" => Effect::Execute { command: rest.to_owned(), cwd: PathBuf::from(ROOT) },
        "read" => Effect::Read { path: rest.into() },
        "write" => Effect::Write { path: rest.into() },
        "fetch" => Effect::Network { url: rest.to_owned() },
        "mcp" => {
            let (server, tool) = rest.split_once(' ').unwrap_or((rest, ""));
            Effect::Tool { server: server.to_owned(), tool: tool.to_owned() }
        }
        "follow" => Effect::Follow { path: rest.into(), line: 0, text: "x".to_owned() },
        other => panic!("{other} is no effect"),
    }
}

pub(crate) fn verdict(line: &str, policy: &Policy) -> Verdict {
    judge(&effect(line), policy)
}

/// Checks many lines against one policy, and tells of all that differ at once.
pub(crate) fn check_all(policy: &Policy, expected: &str, lines: &[&str]) {
    let wrong: Vec<String> = lines
        .iter()
        .map(|line| (line, verdict(line, policy)))
        .filter(|(_, verdict)| verdict.as_str() != expected)
        .map(|(line, verdict)| format!("{line:?} is {}: {}", verdict.as_str(), verdict.because().reason))
        .collect();
    assert!(wrong.is_empty(), "expected {expected}:\n{}", wrong.join("\n"));
}
