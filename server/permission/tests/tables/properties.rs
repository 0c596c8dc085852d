//! What holds for every command, also those nobody thought of.

use std::process::{Command, Stdio};

use crate::common::{ROOT, policy};
use copydesk_base::config::Mode;
use copydesk_base::{Effect, Verdict};
use copydesk_permission::{Policy, RuleVerdict, effects_of, judge, literal_rules, parse_rule};
use proptest::prelude::*;

/// Pieces of shell that make interesting commands when they are thrown together.
const PIECES: &[&str] = &[
    "echo",
    "a",
    "git log",
    "touch",
    "c",
    " ",
    " ",
    " ",
    " ",
    "\n",
    "\t",
    ";",
    "&",
    "&&",
    "||",
    "|",
    "|&",
    "(",
    ")",
    "{",
    "}",
    "{ ",
    "; }",
    "$(",
    "`",
    "'",
    "\"",
    "\\",
    "\\\n",
    "$",
    "${x}",
    "$x",
    "$'",
    "$((",
    "))",
    "[",
    "]",
    "[[",
    "]]",
    ">",
    ">>",
    "> c",
    "<",
    "<<EOF",
    "<<'EOF'",
    "\nEOF\n",
    "<<<",
    "2>&1",
    "2>",
    ">&",
    "&>",
    "{fd}>",
    "#",
    " #",
    "!",
    "! ",
    "if ",
    "; then ",
    "; else ",
    "; fi",
    "for x in ",
    "; do ",
    "; done",
    "while ",
    "case x in ",
    ") ",
    ";;",
    "esac",
    "x=",
    "x=1 ",
    "*",
    "?",
    "~",
    "{a,b}",
    "{1..3}",
    ",",
    "..",
    "=",
    "==",
    "-",
    "--",
    "--output=c",
    "--output",
    "time ",
    "eval ",
    "bash -c ",
    "xargs ",
    "env ",
    "coproc ",
    "function ",
    "()",
    "<(",
    ">(",
    "\r",
    "\u{a0}",
    "é",
    "\\ ",
    "''",
    "\"\"",
    "1",
    "2",
    "-v",
    "cd sub",
];

fn command() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(PIECES), 1..14).prop_map(|pieces| pieces.concat())
}

/// A command that begins harmlessly, so that more of them get far.
fn started() -> impl Strategy<Value = String> {
    (
        proptest::sample::select(vec!["echo a", "git log", "echo", "(echo a)", "echo \"a", "echo 'a"]),
        command(),
    )
        .prop_map(|(start, rest)| format!("{start}{rest}"))
}

fn execute(command: &str, policy: &Policy) -> Verdict {
    judge(&Effect::Execute { command: command.to_owned(), cwd: policy.root.clone() }, policy)
}

fn echoing() -> Policy {
    policy(Mode::Default, &["allow Bash(echo *)", "allow Bash(echo)", "allow Bash(git log:*)"])
}

fn cases(count: u32) -> ProptestConfig {
    let count = std::env::var("PROPTEST_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(count);
    ProptestConfig { cases: count, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn nothing_panics(text in any::<String>(), pieces in command(), path in any::<String>()) {
        let policy = policy(Mode::Auto, &["allow Bash(echo *)", "deny Read(**/*.x)", "deny Bash(* -rf *)"]);
        for command in [&text, &pieces] {
            execute(command, &policy);
            effects_of(command, ROOT.as_ref(), &policy);
        }
        let _ = parse_rule(RuleVerdict::Deny, format!("Bash({text})"), "test");
        let _ = parse_rule(RuleVerdict::Allow, format!("Read({path})"), "test");
        judge(&Effect::Write { path: format!("/{path}").into() }, &policy);
        judge(&Effect::Network { url: text.clone() }, &policy);
    }

    /// Whatever is allowed is run by the real bash, and leaves nothing behind.
    #[test]
    fn what_is_allowed_does_no_harm(command in started()) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let policy = Policy { root: root.clone(), ..echoing() };
        if matches!(execute(&command, &policy), Verdict::Allow(_)) {
            let _ = Command::new("timeout")
                .args(["-k", "1", "2", "bash", "--norc", "--noprofile", "-c", &command])
                .current_dir(&root)
                .env_clear()
                .env("PATH", "/usr/local/bin:/usr/bin:/bin")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            let left: Vec<_> = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            prop_assert!(left.is_empty(), "{:?} left {:?}", command, left);
        }
    }

    /// *Always* keeps its promise, and promises nothing else.
    #[test]
    fn literal_rules_allow_this_command_and_no_other(command in started(), other in started(), at in any::<usize>(), piece in proptest::sample::select(PIECES)) {
        let policy = policy(Mode::Default, &[]);
        let effect = Effect::Execute { command: command.clone(), cwd: ROOT.into() };
        let rules = literal_rules(&effect, &policy);
        if rules.is_empty() {
            return Ok(());
        }
        let mut settled = policy.clone();
        for rule in &rules {
            settled.rules.push(parse_rule(RuleVerdict::Allow, rule.as_str(), "remembered").unwrap());
        }
        let verdict = judge(&effect, &settled);
        prop_assert!(matches!(verdict, Verdict::Allow(_)), "{:?} with {:?}: {:?}", command, rules, verdict);

        let mut places: Vec<usize> = command.char_indices().map(|(at, _)| at).collect();
        places.push(command.len());
        let at = places[at % places.len()];
        let mutated = format!("{}{piece}{}", &command[..at], &command[at..]);
        let known = atoms(&command, &policy);
        for different in [other, mutated] {
            if matches!(execute(&different, &settled), Verdict::Allow(_)) {
                for atom in atoms(&different, &policy) {
                    let is_known = known.contains(&atom) || ["true", "false", ":"].contains(&atom.as_str())
                        || ["cd ", "for ", "[ ", "[[ ", "exit", "time ", "bash -c ", "env ", "command "].iter().any(|steering| atom.starts_with(steering));
                    prop_assert!(is_known, "{:?} allows {:?} by {:?}", command, different, rules);
                }
            }
        }
    }
}

/// The scanner of the grammar reads behind its tables for these, unless they are masked.
#[test]
fn letters_far_outside_ascii_do_not_end_the_process() {
    let policy = echoing();
    for letter in ['é', '語', '🎉', '\u{10ffff}'] {
        for around in
            ["{@", "{1..@", "echo {@..3}", "{1@", "echo {12..@}", "${@}", "<<@\na\n@", "$@", "a[@]=1"]
        {
            execute(&around.replace('@', &letter.to_string()), &policy);
        }
    }
}

fn atoms(command: &str, policy: &Policy) -> Vec<String> {
    let reading = effects_of(command, ROOT.as_ref(), policy);
    reading
        .atoms
        .into_iter()
        .map(|atom| atom.text)
        .chain(reading.writes.iter().map(|path| path.display().to_string()))
        .collect()
}
