//! `trust`: what it shows before it counts, and how it is taken back.

use copydesk_tests::workspace::Workspace;

use crate::COPYDESK;

#[test]
fn trust_shows_what_it_grants_and_then_what_changed() {
    let workspace = Workspace::new(COPYDESK).with([(".copydesk/config.yaml", "permissions: {mode: auto}\n")]);
    let before = workspace.run(&["config", "show"]).exits(0);
    assert!(!before.stdout.contains("mode: auto"), "{before}");
    let ran = workspace.run(&["trust", "--yes"]).exits(0);
    assert!(ran.stdout.contains("mode") && ran.stdout.contains("config.yaml"), "what it grants: {ran}");
    let after = workspace.run(&["config", "show"]).exits(0);
    assert!(after.stdout.contains("auto"), "{after}");
    workspace.write(".copydesk/config.yaml", "permissions: {mode: auto, allow: [\"Bash(make:*)\"]}\n");
    let changed = workspace.run(&["config", "show"]).exits(0);
    assert!(!changed.stdout.contains("mode: auto"), "a change asks again: {changed}");
    let ran = workspace.run(&["trust", "--yes"]).exits(0);
    assert!(ran.stdout.contains("Bash(make:*)"), "what changed: {ran}");
    let _ = workspace.run(&["trust", "--revoke"]).exits(0);
    let revoked = workspace.run(&["config", "show"]).exits(0);
    assert!(!revoked.stdout.contains("mode: auto"), "{revoked}");
}

#[test]
fn trust_belongs_to_one_place() {
    let workspace = Workspace::new(COPYDESK).with([
        ("one/.copydesk/config.yaml", "permissions: {mode: auto}\n"),
        ("two/.copydesk/config.yaml", "permissions: {mode: auto}\n"),
    ]);
    let _ = workspace.run(&["trust", "--yes", "one"]).exits(0);
    let mut other = workspace.command(&["config", "show"]);
    other.current_dir(workspace.path("two"));
    let shown = copydesk_tests::workspace::collect(other, "").exits(0);
    assert!(!shown.stdout.contains("mode: auto"), "the same content elsewhere is not trusted: {shown}");
    let _ = workspace.run(&["trust", "nowhere"]).exits(2);
}
