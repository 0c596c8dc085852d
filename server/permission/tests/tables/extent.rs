//! How far rules with a wildcard reach, and what a program that is not known might write.

use copydesk_base::config::Mode;

use crate::decisions::check;

#[test]
fn a_program_that_is_not_known_may_write_what_it_is_given() {
    use Mode::{AcceptEdits, Auto, Default};
    let denied = "deny Edit(src/kept.rs)";
    for (mode, rules, line, expected) in [
        (Auto, &[denied][..], "bash rustfmt src/kept.rs", "ask"),
        (Auto, &[denied], "bash rustfmt ./src/../src/kept.rs", "ask"),
        (Auto, &[denied], "bash rustfmt /project/src/KEPT.rs", "ask"),
        (Auto, &[denied], "bash tool --out=src/kept.rs", "ask"),
        (Auto, &[denied], "bash tool -osrc/kept.rs", "ask"),
        (Auto, &[denied], "bash cd src && sponge kept.rs", "ask"),
        (Auto, &[denied], "bash timeout 5 sponge src/kept.rs", "ask"),
        (Auto, &[denied], "bash echo a | sponge src/kept.rs", "ask"),
        (Auto, &[denied], "bash python3 fix.py src/kept.rs", "ask"),
        (Auto, &["deny Edit(src/**)"], "bash sponge src/a/b.rs", "ask"),
        (Auto, &["ask Edit(*.lock)"], "bash sponge a.lock", "ask"),
        (Auto, &[], "bash sponge build.rs", "ask"),
        (Auto, &[], "bash sponge .github/workflows/ci.yml", "ask"),
        (Auto, &[], "bash sponge .vscode/tasks.json", "ask"),
        (Auto, &[], "bash sponge .env", "deny"),
        (Default, &["allow Bash(sponge:*)", denied], "bash sponge src/kept.rs", "ask"),
        (Default, &["allow Bash(sponge src/kept.rs)", denied], "bash sponge src/kept.rs", "allow"),
        (AcceptEdits, &["allow Bash(sponge:*)"], "bash sponge AGENTS.md", "ask"),
        // What is known only to look, and words that are no files.
        (Auto, &[denied], "bash rustfmt --check src/kept.rs", "allow"),
        (Auto, &[denied], "bash rustfmt src/other.rs", "allow"),
        (Auto, &[denied], "bash npx eslint src/kept.rs", "allow"),
        (Auto, &[denied], "bash grep x src/kept.rs", "allow"),
        (Auto, &[denied], "bash timeout 5 cat src/kept.rs", "allow"),
        (Auto, &[denied], "bash python3 src/kept.rs", "allow"),
        (Auto, &["deny Edit(tests/**)"], "bash pytest -q tests/a.py", "allow"),
        (Auto, &["deny Edit(test/**)"], "bash make test", "allow"),
        (Auto, &["deny Edit(test/**)"], "bash npm test", "allow"),
        (Auto, &["deny Edit(test/**)"], "bash touch test/a", "deny"),
    ] {
        check(mode, rules, line, expected);
    }
}

#[test]
fn a_prefix_covers_no_option_or_goal_that_acts_unless_it_names_it() {
    use Mode::{Auto, Default};
    for (mode, rules, line, expected) in [
        (Default, &["allow Bash(prettier --check *)"][..], "bash prettier --check --write x", "ask"),
        (Default, &["allow Bash(prettier --check *)"], "bash prettier --check x", "allow"),
        (Default, &["allow Bash(prettier --write *)"], "bash prettier --write x", "allow"),
        (Default, &["allow Bash(ruff check:*)"], "bash ruff check . --fix", "ask"),
        (Default, &["allow Bash(ruff check:*)"], "bash timeout 9 ruff check . --fix", "ask"),
        (Default, &["allow Bash(timeout 9 ruff check:*)"], "bash timeout 9 ruff check . --fix", "ask"),
        (Default, &["allow Bash(ruff check:*)"], "bash bash -c 'ruff check --fix'", "ask"),
        (Default, &["allow Bash(ruff check . --fix)"], "bash ruff check . --fix", "allow"),
        (Default, &["allow Bash(mvn test:*)"], "bash mvn test deploy", "ask"),
        (
            Default,
            &["allow Bash(mvn test:*)", "allow Bash(mvn test deploy)"],
            "bash mvn test deploy",
            "allow",
        ),
        (Default, &["allow Bash(cargo clippy:*)"], "bash CI=1 cargo clippy --fix", "ask"),
        (Default, &["allow Bash(cargo:*)"], "bash cargo clippy --fix", "allow"),
        (Default, &["allow Bash"], "bash eslint --fix .", "allow"),
        (Auto, &[], "bash eslint --fix .", "allow"),
    ] {
        check(mode, rules, line, expected);
    }
}
