//! Bounds tighten: whatever an agent's role says, nothing is allowed that was not allowed without it.

use std::path::Path;

use copydesk_base::config::Mode;
use copydesk_base::{Effect, Grade, Verdict};
use copydesk_permission::{Bounds, Policy, judge};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::common::{effect, policy};

/// Rules that meet the effects below, in every verdict.
const RULES: &[&str] = &[
    "allow Bash",
    "allow Bash(cargo test:*)",
    "allow Edit",
    "allow Edit(src/**)",
    "allow Edit(Makefile)",
    "allow Read(//etc/**)",
    "allow Network",
    "allow Network(example.org)",
    "allow Mcp(files)",
    "ask Edit",
    "ask Edit(src/**)",
    "ask Bash(git:*)",
    "ask Read(src/**)",
    "ask Network",
    "ask Mcp",
    "deny Bash(rm:*)",
    "deny Edit(src/**)",
    "deny Read(src/secret/**)",
    "deny Destroy",
    "deny Network",
];

const EFFECTS: &[&str] = &[
    "read /project/src/a.rs",
    "read /project/src/secret/key.txt",
    "read /etc/hosts",
    "write /project/src/a.rs",
    "write /project/Makefile",
    "write /project/.git/hooks/pre-commit",
    "write /shared/notes.md",
    "write /etc/hosts",
    "bash cargo test",
    "bash cargo test > out.txt",
    "bash git push",
    "bash rm -r src",
    "bash ls; rm x",
    "bash curl https://example.org",
    "bash echo $(ls)",
    "bash echo 'open",
    "fetch https://example.org/a",
    "mcp files read_file",
    "follow /project/src/a.rs",
];

const MODES: &[Mode] =
    &[Mode::Locked, Mode::Plan, Mode::Default, Mode::AcceptEdits, Mode::Auto, Mode::Bypass];

fn freedom(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Deny(_) => 0,
        Verdict::Ask(_) => 1,
        Verdict::Allow(_) => 2,
    }
}

fn some_policy() -> impl Strategy<Value = Policy> {
    let grade = select(vec![Grade::Typed, Grade::Dependency, Grade::Stranger]);
    (select(MODES), subsequence(RULES, 0..RULES.len()), grade)
        .prop_map(|(mode, rules, taint)| Policy { taint, ..policy(mode, &rules) })
}

fn some_bounds() -> impl Strategy<Value = Bounds> {
    (proptest::option::of(select(MODES)), subsequence(RULES, 0..RULES.len()))
        .prop_map(|(mode, rules)| Bounds { mode, rules: policy(Mode::Default, &rules).rules })
}

fn some_effect() -> impl Strategy<Value = Effect> {
    select(EFFECTS).prop_map(effect)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_role_never_allows_what_is_not_allowed_without_it(
        policy in some_policy(), roles in proptest::collection::vec(some_bounds(), 1..4), effect in some_effect()
    ) {
        let mut within = policy.clone();
        let mut before = freedom(&judge(&effect, &policy));
        for role in &roles {
            within = within.within(role);
            let after = freedom(&judge(&effect, &within));
            // Mode bypass refuses what it cannot ask about; a person may be asked again within another mode.
            let is_asked_again = policy.mode == Mode::Bypass && after == 1;
            prop_assert!(after <= before || is_asked_again, "{effect:?}: {before} became {after} within {role:?} of {policy:?}");
            before = after;
        }
    }

    #[test]
    fn nor_what_its_own_mode_would_not_allow(
        policy in some_policy(), mode in select(&MODES[..5]), effect in some_effect()
    ) {
        let bounds = Bounds { mode: Some(mode), rules: vec![] };
        let alone = freedom(&judge(&effect, &Policy { mode, ..policy.clone() }));
        let within = freedom(&judge(&effect, &policy.clone().within(&bounds)));
        let is_refused_anyway = policy.mode == Mode::Bypass && within == 0;
        prop_assert!(within <= alone || is_refused_anyway, "{effect:?}: {within} within {mode:?} of {policy:?}");
    }

    #[test]
    fn two_at_once_are_one_behind_the_other(
        policy in some_policy(), one in some_bounds(), other in some_bounds(), effect in some_effect()
    ) {
        let in_turn = judge(&effect, &policy.clone().within(&one).within(&other));
        let at_once = judge(&effect, &policy.clone().within(&one.clone().and(other.clone())));
        prop_assert_eq!(at_once.as_str(), in_turn.as_str(), "{:?} within {:?} and {:?} of {:?}", effect, one, other, policy);
    }
}

#[test]
fn a_role_that_plans_refuses_edits_also_where_nobody_is_asked() {
    let bounds = |mode| Bounds { mode: Some(mode), rules: vec![] };
    let allowed = ["allow Edit(src/**)", "allow Bash(cargo test:*)", "allow Bash(ls)"];
    for (mode, role) in [(Mode::Locked, Mode::Plan), (Mode::Plan, Mode::Locked)] {
        let within = policy(mode, &allowed).within(&bounds(role));
        for line in ["write /project/src/a.rs", "bash cargo test", "bash ls"] {
            assert_eq!(judge(&effect(line), &within).as_str(), "deny", "{line} in {mode:?} within {role:?}");
        }
        assert_eq!(judge(&effect("read /project/src/a.rs"), &within).as_str(), "allow");
    }
    let loosened = policy(Mode::Default, &[]).within(&Bounds {
        mode: Some(Mode::Auto),
        rules: policy(Mode::Default, &["allow Edit", "allow Bash"]).rules,
    });
    assert_eq!(loosened, policy(Mode::Default, &[]), "what loosens is passed over");
}

#[test]
fn what_tightens_in_a_folder_tightens_in_a_copy_of_it_and_what_loosens_does_not() {
    let (copy, of) = (Path::new("/copy"), Path::new("/project"));
    let within_copy = |rules: &[&str]| {
        let policy = policy(Mode::Auto, rules);
        let rules = policy.rules.iter().map(|rule| rule.in_copy(copy, of)).collect();
        Policy { root: copy.to_owned(), rules, ..policy }
    };
    let denies = within_copy(&["deny Read(//project/src/secret/**)", "deny Edit(//project/Makefile)"]);
    let asks = within_copy(&["ask Edit(//project/src/**)"]);
    let allows = within_copy(&["allow Read(//project/**)"]);
    for (policy, line, expect) in [
        (&denies, "read /copy/src/secret/key.txt", "deny"),
        (&denies, "read /project/src/secret/key.txt", "deny"),
        (&denies, "read /copy/src/a.rs", "allow"),
        (&denies, "write /copy/Makefile", "deny"),
        (&denies, "bash cat src/secret/key.txt", "deny"),
        (&asks, "write /copy/src/a.rs", "ask"),
        (&asks, "write /copy/a.rs", "allow"),
        (&allows, "read /copies/a.rs", "ask"),
    ] {
        let effect = match effect(line) {
            Effect::Execute { command, .. } => Effect::Execute { command, cwd: copy.to_owned() },
            effect => effect,
        };
        assert_eq!(judge(&effect, policy).as_str(), expect, "{line}");
    }
    assert!(asks.rules[0].asks_about_edits() && !denies.rules[1].asks_about_edits());
}
