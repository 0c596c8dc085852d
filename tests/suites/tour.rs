//! `copydesk tour` on the real binary: every step shown, nothing of the machine needed, nothing left behind.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Stdio};

use copydesk_tests::workspace::{Ran, Workspace};
use serde_json::json;

const COPYDESK: &str = env!("CARGO_BIN_EXE_copydesk");

/// The steps of the contract's sentence, in their order.
const STEPS: [&str; 9] = ["start", "diagnose", "fix", "complete", "ask", "review", "apply", "undo", "stop"];

#[test]
fn the_tour_shows_every_step_as_an_editor_would() {
    let ran = tour(&Workspace::new(COPYDESK), &[]);
    let mut rest = ran.stdout.as_str();
    for words in [
        "needs: [tset]",
        "^^^^ unknown-step: there is no step 'tset'; did you mean 'test'?",
        "^^^ unknown-key: 'rnu' is no key of a shell step; did you mean 'run'?",
        "change to 'test'",
        "no problems left",
        "Lets an agent work on a prompt.",
        "publish",
        "Steps that must be done before this one starts",
        "ask ▸ make this a loop",
        "offline/tour, no real model",
        "read stairs.py",
        "waits for you",
        "Edit stairs.py: +5 −4 lines",
        "[ Allow once] [ Always allow] [ Deny] [▸Show]",
        "-    if steps < 2:",
        "+    return now",
        "[▸Apply] [ Apply all] [ Reject] [ Show]",
        "+    print(ways(100))",
        "[ Apply] [ Apply all] [▸Reject] [ Show]",
        "agent ▸ The function is a loop now. The last line stays as it was.",
        "[▸Copydesk: undo the last run's edits]",
        "as it was",
        "yours, kept",
        "All of it happened",
        "docs/guide/editors.md",
        "copydesk doctor",
    ] {
        let Some(at) = rest.find(words) else { panic!("'{words}' is not shown, or not in its place: {ran}") };
        rest = &rest[at + words.len()..];
    }
}

#[test]
fn without_a_terminal_there_is_no_escape_and_no_wide_line() {
    let ran = tour(&Workspace::new(COPYDESK), &[]);
    assert!(!ran.stdout.contains('\u{1b}'), "{ran}");
    let widest = ran.stdout.lines().map(|line| line.chars().count()).max();
    assert!(widest.is_some_and(|widest| widest <= 100), "{widest:?} columns: {ran}");
    assert!(ran.stdout.lines().count() <= 100, "two screens: {ran}");
    let cut = |line: &&str| line.ends_with('…');
    assert_eq!(ran.stdout.lines().find(cut), None, "every line fits: {ran}");
    assert_eq!(ran.stderr, "", "{ran}");
}

#[test]
fn colors_are_for_terminals_of_people_who_want_them() {
    for (no_color, colored) in [("", true), ("1", false)] {
        let workspace = Workspace::new(COPYDESK).with_variable("NO_COLOR", no_color);
        let screen = on_terminal(workspace.command(&["tour"]));
        assert!(screen.contains("All of it happened"), "{screen}");
        assert_eq!(screen.contains("\u{1b}[31mtset\u{1b}[0m"), colored, "NO_COLOR={no_color:?}: {screen}");
        assert_eq!(screen.contains('\u{1b}'), colored, "NO_COLOR={no_color:?}: {screen}");
    }
}

#[test]
fn as_json_it_is_one_document() {
    let ran = tour(&Workspace::new(COPYDESK), &["--json"]);
    let document = ran.json();
    assert_eq!(document["schema"], "copydesk.tour/1", "{document}");
    let steps = document["steps"].as_array().cloned().unwrap_or_default();
    let names: Vec<_> = steps.iter().map(|step| step["name"].clone()).collect();
    assert_eq!(json!(names), json!(STEPS), "{document}");
    for step in &steps {
        assert_eq!(step["ok"], true, "{step}");
        assert!(step["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{step}");
    }
    assert_eq!(steps[1]["detail"], "unknown-step at 9:13, unknown-key at 10:5");
}

#[test]
fn nothing_is_left_behind_and_nothing_of_the_user_counts() {
    // The user's own settings are broken and their model is unreachable: the tour must not even notice.
    let workspace = Workspace::new(COPYDESK)
        .with_user_config("default_model: mine/x\npermissions: {mode: locked, nonsense: [}\n")
        .with([(".copydesk/config.yaml", "permissions: {mode: plan}\n")]);
    let outside = workspace.outside();
    let temporary = outside.join("tmp for the tour");
    std::fs::create_dir(&temporary).unwrap_or_else(|error| panic!("{error}"));
    let named = workspace.path("named.yaml").display().to_string();
    let workspace = workspace
        .with([("named.yaml", "permissions: {deny: [\"Edit(**)\"]}\n")])
        .with_variable("TMPDIR", &temporary.display().to_string())
        .with_variable("COPYDESK_CONFIG", &named)
        .with_variable("ANTHROPIC_API_KEY", "sk-not-to-be-used");
    let before = [workspace.root(), outside.clone(), workspace.state()].map(|folder| tree(&folder));
    let _ = tour(&workspace, &[]);
    let after = [workspace.root(), outside, workspace.state()].map(|folder| tree(&folder));
    assert_eq!(before, after);
}

#[test]
fn no_process_outlives_it() {
    use std::os::unix::process::CommandExt;
    let workspace = Workspace::new(COPYDESK);
    let mut command = workspace.command(&["tour"]);
    let child = command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{error}"));
    let group = rustix::process::Pid::from_child(&child);
    assert!(child.wait().is_ok_and(|status| status.success()));
    let left = rustix::process::test_kill_process_group(group);
    assert_eq!(left, Err(rustix::io::Errno::SRCH));
}

#[test]
fn it_needs_no_home_and_no_programs() {
    let workspace =
        Workspace::new(COPYDESK).with_variable("HOME", "/nonexistent").with_variable("PATH", "/nonexistent");
    let _ = tour(&workspace, &[]);
}

#[test]
fn without_a_place_for_its_folder_it_says_so() {
    let workspace = Workspace::new(COPYDESK).with_variable("TMPDIR", "/nonexistent");
    let ran = workspace.run(&["tour"]).exits(1);
    assert!(ran.stderr.contains("failed to make a temporary folder"), "{ran}");
}

fn tour(workspace: &Workspace, arguments: &[&str]) -> Ran {
    let mut all = vec!["tour"];
    all.extend(arguments);
    workspace.run(&all).exits(0)
}

/// What a command writes to a terminal.
fn on_terminal(mut command: Command) -> String {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap_or_else(|error| panic!("{error}"));
    grantpt(&ours).and_then(|()| unlockpt(&ours)).unwrap_or_else(|error| panic!("{error}"));
    let name = ptsname(&ours, vec![]).unwrap_or_else(|error| panic!("{error}"));
    let open = || File::options().read(true).write(true).open(OsStr::from_bytes(name.as_bytes()));
    let theirs = || open().unwrap_or_else(|error| panic!("{error}"));
    let child = command.stdin(theirs()).stdout(theirs()).stderr(theirs()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{error}"));
    // Our copies of the other end would keep the reading from ending.
    drop(command);
    let mut written = vec![];
    // Where nobody holds the other end any more, reading ends with an error.
    let _ = File::from(ours).read_to_end(&mut written);
    let status = child.wait().unwrap_or_else(|error| panic!("{error}"));
    let screen = String::from_utf8_lossy(&written).into_owned();
    assert!(status.success(), "{status}: {screen}");
    screen
}

/// Every path below a folder, with sizes of files.
fn tree(folder: &Path) -> Vec<(String, u64)> {
    let mut found = vec![];
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let size = entry.metadata().map_or(0, |data| if data.is_dir() { 0 } else { data.len() });
            found.push((entry.path().display().to_string(), size));
            if entry.path().is_dir() {
                folders.push(entry.path());
            }
        }
    }
    found.sort();
    found
}
