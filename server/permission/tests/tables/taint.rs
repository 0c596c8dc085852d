//! What asks once a stranger's words may speak through the model, though a prefix rule or the mode allows it.

use crate::common::{check_all, policy};
use copydesk_base::Grade;
use copydesk_base::config::Mode;
use copydesk_permission::Policy;

const RULES: &[&str] = &[
    "allow Bash(git:*)",
    "allow Bash(curl:*)",
    "allow Bash(npm:*)",
    "allow Bash(cargo:*)",
    "allow Bash(gh:*)",
    "allow Bash(timeout:*)",
    "allow Bash(bash:*)",
    "allow Bash(make:*)",
    "allow Bash(echo *)",
    "allow Bash(rsync:*)",
    "allow Bash(git push origin main)",
    "allow Network(*.example.org)",
    "allow Network(docs.example.net)",
    "allow Edit(**)",
    "allow Edit(.github/workflows/**)",
    "allow Edit(build.rs)",
];

/// What reaches out, runs later or carries a secret.
const OUTWARD: &[&str] = &[
    "bash git push",
    "bash git push origin other",
    "bash git fetch",
    "bash git clone https://example.org/x",
    "bash curl https://example.org/?x=1",
    "bash echo a | curl -d @- https://example.org",
    "bash timeout 5 curl https://example.org",
    "bash bash -c 'curl https://example.org'",
    "bash npm publish",
    "bash npm install left-pad",
    "bash npm run deploy:prod",
    "bash cargo publish",
    "bash cargo install x",
    "bash gh gist create a",
    "bash make release",
    "bash rsync -a src ada@example.org:x",
    "bash echo ghp_a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8",
    "fetch https://a.example.org/x",
    "write /project/.github/workflows/ci.yml",
];

/// What stays here, or is spelled out by a rule.
const INWARD: &[&str] = &[
    "bash git log -3",
    "bash git commit -m x",
    "bash cargo test",
    "bash npm test",
    "bash npm run build",
    "bash make test",
    "bash git push origin main",
    "bash echo push",
    "fetch https://docs.example.net/x",
    "write /project/src/a.rs",
    "write /project/build.rs",
    "read /project/a",
];

#[test]
fn strange_words_make_the_outward_ask() {
    for (grade, expected) in [
        (Grade::Typed, "allow"),
        (Grade::Own, "allow"),
        (Grade::Dependency, "ask"),
        (Grade::Tool, "ask"),
        (Grade::Stranger, "ask"),
    ] {
        let policy = Policy { taint: grade, ..policy(Mode::Default, RULES) };
        check_all(&policy, expected, OUTWARD);
        check_all(&policy, "allow", INWARD);
    }
}

/// A recording's calls are chosen by whoever wrote it: only what a rule spells out runs unasked.
#[test]
fn a_recording_that_anybody_wrote_runs_no_command_by_a_prefix() {
    let policy = Policy { taint: Grade::Recorded, ..policy(Mode::Default, RULES) };
    check_all(&policy, "ask", OUTWARD);
    check_all(
        &policy,
        "ask",
        &["bash git log -3", "bash cargo test", "bash echo a", "bash make", "bash cd src && cargo test"],
    );
    check_all(
        &policy,
        "allow",
        &["bash git push origin main", "bash true", "write /project/src/a.rs", "read /project/a"],
    );
    let policy = Policy { taint: Grade::Recorded, ..crate::common::policy(Mode::Auto, &[]) };
    check_all(&policy, "ask", &["bash cargo test", "bash ls"]);
}

#[test]
fn the_mode_is_no_rule_either() {
    let policy = Policy { taint: Grade::Tool, ..policy(Mode::Auto, &[]) };
    check_all(
        &policy,
        "ask",
        &["bash git push", "bash curl x", "fetch https://example.org", "bash cargo publish"],
    );
    check_all(&policy, "allow", &["bash cargo test", "bash git status", "write /project/a"]);
}

#[test]
fn a_deny_stays_a_deny() {
    let policy = Policy {
        taint: Grade::Tool,
        ..policy(Mode::Default, &["deny Bash(curl:*)", "deny Network(evil.net)"])
    };
    check_all(&policy, "deny", &["bash curl x", "fetch https://evil.net/"]);
}
