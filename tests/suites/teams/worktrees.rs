//! Helpers that edit: each in a git worktree of its own, brought back as edits like any other.

use std::process::Stdio;
use std::time::Instant;

use copydesk_tests::client::{PATIENCE, eventually};
use copydesk_tests::model_server::{Gate, Reply};
use copydesk_tests::personality;
use copydesk_tests::scene::{FILE, Scene, TEXT, done, edit, results, tripled};
use copydesk_tests::workspace::Workspace;
use serde_json::json;

use crate::{commit, git, helper, model, workspace};

/// An edit of the first function by the helper with this task.
fn first(task: &str, factor: u32) -> Reply {
    edit("def double(x):\n    return x * 2", &format!("def double(x):\n    return x * {factor}")).when(task)
}

fn two() -> Reply {
    Reply::empty().call("agent", &helper("job alpha", true)).call("agent", &helper("job beta", true))
}

fn worktrees(workspace: &Workspace) -> usize {
    git(workspace, &["worktree", "list"]).lines().count()
}

#[test]
fn two_edit_side_by_side_and_a_conflict_is_named() {
    let gate = Gate::new();
    let last = edit("def twice(x):\n    return x * 2", "def twice(x):\n    return x + x").when("job beta");
    let model = model(vec![
        two(),
        first("job alpha", 3).hold(&gate),
        first("job beta", 4).hold(&gate),
        Reply::text("Three.").when("job alpha"),
        last,
        Reply::tool("write", &json!({"path": "notes.md", "content": "# Notes\n"})).when("job beta"),
        Reply::text("Four.").when("job beta"),
        done(),
    ]);
    let workspace = workspace(&model, "{}", "");
    commit(&workspace);
    // What is not committed is theirs to see, and nobody's to lose.
    workspace.write(FILE, &TEXT.replace("# What a shop", "# All that a shop"));
    let before = workspace.read(FILE);
    let ran = std::thread::scope(|scope| {
        let ran = scope.spawn(|| workspace.run(&["ask", "--apply", "--json", "go"]));
        model.wait_request(2);
        assert_eq!(worktrees(&workspace), 3, "both are at work");
        assert_eq!(workspace.read(FILE), before);
        gate.open();
        ran.join().expect("it ran")
    });
    let report = ran.exits(1).json();
    let error = report["error"].as_str().unwrap_or_default();
    assert!(error.contains("make the edit of calc.py: the text there changed meanwhile"), "{report}");
    let last = model.requests().into_iter().last().expect("there are requests");
    let told = results(&last.body);
    assert!(told[0].starts_with("helper says:\nThree.\ncalc.py changed: +1 -1 lines"), "{}", told[0]);
    assert!(told[1].contains("conflict in calc.py") && told[1].contains("notes.md changed"), "{}", told[1]);
    let expect = before
        .replacen("x * 2", "x * 3", 1)
        .replace("def twice(x):\n    return x * 2", "def twice(x):\n    return x + x");
    assert_eq!(workspace.read(FILE), expect);
    assert_eq!(workspace.read("notes.md"), "# Notes\n");
    assert_eq!(worktrees(&workspace), 1, "they are gone");
    assert_eq!(
        git(&workspace, &["stash", "list"]) + &git(&workspace, &["branch"]).replace("* ", ""),
        git(&workspace, &["branch", "--show-current"])
    );
    // All of it is one run's, and goes with it.
    let run = report["run_id"].as_str().expect("a run");
    let explained = workspace.run(&["permissions", "explain", run]).exits(0).stdout;
    for line in ["allow edit calc.py: mode accept-edits", "allow edit notes.md: mode accept-edits"] {
        assert!(explained.contains(line), "{line}: {explained}");
    }
    let _ = workspace.run(&["undo", run]).exits(0);
    assert_eq!(workspace.read(FILE), before);
    assert!(!workspace.exists("notes.md"));
}

#[test]
fn what_comes_back_is_put_to_the_person() {
    for title in ["Allow once", "Deny"] {
        let call = Reply::tool("agent", &helper("job alpha", true));
        let model = model(vec![call, first("job alpha", 3), Reply::text("Three.").when("job alpha"), done()]);
        let workspace = workspace(&model, "{}", "");
        commit(&workspace);
        let mut scene = Scene::enter(personality::vs_code(), workspace, model);
        let uri = scene.uri.clone();
        // It begins with what is typed, not with what is saved.
        scene.client.replace(&uri, "# What a shop", "# All that a shop");
        scene.ask("make it three times");
        scene.asked += 1; // the helper is shown as well
        let way = scene.way();
        let question = scene.answer(way, title);
        assert!(question.contains("Edit calc.py: +1 −1 lines"), "{question}");
        let typed = TEXT.replace("# What a shop", "# All that a shop");
        if title == "Deny" {
            assert!(scene.result(3).contains("the person said no"));
            assert_eq!(scene.text(), typed);
        } else {
            scene.edit();
            scene.wait_for_text(&typed.replacen("x * 2", "x * 3", 1));
        }
        scene.over(3);
        assert_eq!(worktrees(&scene.workspace), 1);
        scene.end();
    }
}

#[test]
fn a_helper_never_edits_around_the_review() {
    let call = Reply::tool("agent", &helper("job alpha", true));
    let model = model(vec![call]);
    let workspace = workspace(&model, "{}", "");
    commit(&workspace);
    let place = workspace.path(FILE).display().to_string();
    model.push(Reply::tool("write", &json!({"path": place, "content": "x\n"})).when("job alpha"));
    model.push(Reply::text("No.").when("job alpha"));
    model.push(done());
    let _ = workspace.run(&["ask", "--mode", "auto", "go"]).exits(0);
    let told = results(&model.wait_request(2).body).concat();
    assert!(told.contains("denies it"), "{told}");
    assert_eq!(workspace.read(FILE), TEXT);
}

#[test]
fn after_a_kill_the_next_start_takes_the_worktree_away() {
    let never = Gate::new();
    let call = Reply::tool("agent", &helper("job alpha", true));
    let model = model(vec![call, first("job alpha", 3).hold(&never), done()]);
    let workspace = workspace(&model, "{}", "");
    commit(&workspace);
    let mut child = workspace
        .command(&["ask", "go"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    model.wait_request(1);
    assert_eq!(worktrees(&workspace), 2);
    child.kill().expect("it is there");
    child.wait().expect("it is ours");
    assert_eq!(worktrees(&workspace), 2, "nobody was there to take it away");
    let _ = workspace.run(&["ask", "hello"]).exits(0);
    let gone = eventually(Instant::now() + PATIENCE, || (worktrees(&workspace) == 1).then_some(()));
    assert_eq!(gone, Some(()));
    assert_eq!(workspace.read(FILE), TEXT);
}

#[test]
fn without_a_repository_a_helper_edits_in_place_as_its_run_would() {
    let call = Reply::tool("agent", &helper("job alpha", true));
    let script =
        || vec![call.clone(), first("job alpha", 3), Reply::text("Three.").when("job alpha"), done()];
    for (arguments, expect) in [(&["ask", "--apply", "go"][..], tripled()), (&["ask", "go"], TEXT.to_owned())]
    {
        let model = model(script());
        let workspace = workspace(&model, "{}", "");
        let _ = workspace.run(arguments);
        assert_eq!(workspace.read(FILE), expect);
        if expect != TEXT {
            let _ = workspace.run(&["undo"]).exits(0);
            assert_eq!(workspace.read(FILE), TEXT, "it is an edit of the run");
        }
    }
}
