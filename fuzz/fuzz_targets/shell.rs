//! Any command is read and judged, and what stands in it stays in it: no panic, no rule that nobody can read again.

#![no_main]

use copydesk_base::config::Mode;
use copydesk_base::{Effect, Grade};
use copydesk_permission::{
    Policy, RuleHome, RuleLine, RuleVerdict, default_denies, effects_of, find_secrets, judge, lint, literal_rules,
    parse_rule,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, Vec<&str>)| {
    let (command, rules) = input;
    let verdicts = [RuleVerdict::Allow, RuleVerdict::Ask, RuleVerdict::Deny];
    let lines: Vec<RuleLine> = (verdicts.into_iter().cycle())
        .zip(rules.iter().take(6))
        .map(|(verdict, text)| RuleLine { verdict, text: (*text).to_owned(), home: RuleHome::User })
        .collect();
    lint(&lines);
    let understood = lines.iter().filter_map(|line| parse_rule(line.verdict, line.text.as_str(), "fuzz").ok());
    let root = std::path::PathBuf::from("/copydesk-fuzz/project");
    let policy = Policy {
        additional: Vec::new(),
        home: Some("/copydesk-fuzz/home".into()),
        state_home: "/copydesk-fuzz/state".into(),
        mode: Mode::Default,
        taint: Grade::Typed,
        rules: understood.chain(default_denies()).collect(),
        root: root.clone(),
        started: [].into(),
    };
    effects_of(command, &root, &policy);
    let effect = Effect::Execute { command: command.to_owned(), cwd: root };
    judge(&effect, &policy);
    for rule in literal_rules(&effect, &policy) {
        assert!(parse_rule(RuleVerdict::Allow, rule.as_str(), "fuzz").is_ok(), "{rule:?} of {command:?}");
    }
    for found in find_secrets(command) {
        assert!(command.get(found.span).is_some());
    }
});
