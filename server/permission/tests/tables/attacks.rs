//! Commands that try to slip through `Bash(echo *)` and `Bash(git log:*)`, and harmless ones that must not suffer.
//!
//! Every attack here would, if it worked, leave a file behind. None may be allowed; and whatever the reader does
//! allow is then run by the real bash in an empty folder, which must stay empty.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::{check_all, policy, verdict};
use crate::harmless::HARMLESS;
use crate::inventions::INVENTIONS;
use crate::openings::OPENINGS;
use crate::programs::PROGRAMS;
use crate::syntax::SYNTAX;
use copydesk_base::config::Mode;
use copydesk_base::{Effect, Verdict};
use copydesk_permission::{Policy, judge};

const RULES: &[&str] = &[
    "allow Bash(echo *)",
    "allow Bash(git log:*)",
    "allow Bash(head:*)",
    "allow Bash(wc:*)",
    "allow Bash(sed:*)",
    "allow Bash(awk:*)",
    "allow Bash(gawk:*)",
    "allow Bash(mawk:*)",
];

/// Rules of somebody who allowed programs that run others, and not those others.
const RUNNING: &[&str] = &[
    "allow Bash(xargs:*)",
    "allow Bash(parallel:*)",
    "allow Bash(watch:*)",
    "allow Bash(entr:*)",
    "allow Bash(strace:*)",
    "allow Bash(hyperfine:*)",
    "allow Bash(flock:*)",
    "allow Bash(taskset:*)",
    "allow Bash(valgrind:*)",
    "allow Bash(ssh:*)",
    "allow Bash(ls:*)",
    "allow Bash(printf:*)",
    "allow Bash(find:*)",
    "allow Bash(fd:*)",
    "allow Bash(fdfind:*)",
    "allow Bash(wait:*)",
    "allow Bash(npx:*)",
    "allow Bash(npx *)",
    "allow Bash(npm:*)",
    "allow Bash(pnpm:*)",
    "allow Bash(uv run:*)",
    "allow Bash(uvx:*)",
    "allow Bash(bundle exec:*)",
    "allow Bash(docker:*)",
    "allow Bash(docker run:*)",
    "allow Bash(docker compose exec:*)",
    "allow Bash(kubectl exec:*)",
    "allow Bash(go test:*)",
    "allow Bash(go build:*)",
    "allow Bash(cargo:*)",
    "allow Bash(pytest:*)",
    "allow Bash(python3 -m pytest:*)",
    "allow Bash(make:*)",
    "allow Bash(gradle:*)",
    "allow Bash(mvn:*)",
    "allow Bash(git diff:*)",
    "allow Bash(git status:*)",
    "allow Bash(timeout:*)",
    "allow Bash(timeout 5:*)",
    "allow Bash(env:*)",
    "allow Bash(/usr/bin/env:*)",
    "allow Bash(nice:*)",
    "allow Bash(command:*)",
    "allow Bash(bash:*)",
    "allow Bash(bash -c:*)",
    "allow Bash(/bin/bash:*)",
];

/// What tries to slip past rules for programs that run no others.
const ATTACKS: &[&[&str]] = &[SYNTAX, PROGRAMS, INVENTIONS];

fn with_rules() -> Policy {
    policy(Mode::Default, RULES)
}

/// Every attack, with the rules that it tries to slip past.
fn attacks() -> impl Iterator<Item = (&'static str, Policy)> {
    let wider = policy(Mode::Default, &[RULES, RUNNING].concat());
    let openings = OPENINGS.iter().chain(INVENTIONS).map(move |command| (*command, wider.clone()));
    ATTACKS.iter().flat_map(|list| *list).map(|command| (*command, with_rules())).chain(openings)
}

#[test]
fn no_attack_is_allowed() {
    let allowed: Vec<&str> = attacks()
        .filter(|(command, policy)| matches!(judged(command, policy), Verdict::Allow(_)))
        .map(|(command, _)| command)
        .collect();
    assert!(allowed.is_empty(), "allowed:\n{allowed:#?}");
    assert!(SYNTAX.len() > 290 && PROGRAMS.len() > 200 && OPENINGS.len() > 150 && INVENTIONS.len() > 300);
}

#[test]
fn no_attack_is_offered_as_always_with_a_wider_rule() {
    for mode in [Mode::Default, Mode::AcceptEdits] {
        let policy = policy(mode, RULES);
        for command in ATTACKS.iter().flat_map(|list| *list).chain(OPENINGS) {
            if let Verdict::Ask(question) = judged(command, &policy) {
                for rule in question.always {
                    let inside = rule.replace("\\*", "");
                    assert!(!inside.contains('*'), "{command:?} offers {rule}");
                }
            }
        }
    }
}

#[test]
fn harmless_commands_stay_allowed() {
    let lines: Vec<String> = HARMLESS.iter().map(|command| format!("bash {command}")).collect();
    check_all(&with_rules(), "allow", &lines.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn what_is_allowed_leaves_no_file() {
    let harmless = HARMLESS.iter().map(|command| (*command, with_rules()));
    for (command, allowing) in attacks().chain(harmless) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let policy = Policy { root: root.clone(), ..allowing };
        let effect = Effect::Execute { command: command.to_owned(), cwd: root.clone() };
        if matches!(judge(&effect, &policy), Verdict::Allow(_)) {
            run(command, &root);
            let left: Vec<_> =
                std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert!(left.is_empty(), "{command:?} left {left:?}");
        }
    }
}

fn judged(command: &str, policy: &Policy) -> Verdict {
    verdict(&format!("bash {command}"), policy)
}

/// Runs a command as an agent would, with nothing in its environment that the test did not put there.
fn run(command: &str, cwd: &Path) {
    let _ = Command::new("bash")
        .args(["--norc", "--noprofile", "-c", command])
        .current_dir(cwd)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", cwd)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}
