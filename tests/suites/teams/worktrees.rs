//! Helpers that edit: each in a git worktree of its own, brought back as edits like any other.

use std::process::{Child, Stdio};
use std::time::Instant;

use copydesk_tests::client::{PATIENCE, eventually};
use copydesk_tests::model_server::{Gate, Reply};
use copydesk_tests::personality;
use copydesk_tests::scene::{FILE, Scene, TEXT, config, done, edit, results, triple, tripled};
use copydesk_tests::workspace::Workspace;
use serde_json::json;

use crate::{commit, git, helper, model, own, workspace};

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
    for line in [
        "allow edit calc.py: mode accept-edits",
        "allow edit notes.md: mode accept-edits",
        "allow run git worktree add --detach",
    ] {
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

/// How work of helpers ends before anybody read what they did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Kill,
    Cancel,
    Failure,
}

impl End {
    /// Ends a process from outside.
    fn bring(self, child: &mut Child) {
        match self {
            Self::Kill => child.kill().expect("it is there"),
            Self::Cancel => {
                let id = i32::try_from(child.id()).expect("a process id");
                let pid = rustix::process::Pid::from_raw(id).expect("a process id");
                rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it is there");
            }
            Self::Failure => {}
        }
    }
}

/// What a conversation goes on with, in its next turn.
fn told_next(workspace: &Workspace, words: &str) -> String {
    let later = model(vec![Reply::text("I see.")]);
    std::fs::write(workspace.user_config(), config(&later, "{}")).expect("the config is written");
    let _ = workspace.run(&["ask", "--continue", words]).exits(0);
    later.wait_request(0).text()
}

#[test]
fn what_was_changed_in_place_is_named_after_a_kill_a_cancel_and_a_failure() {
    let pages = [("planner", "[read, edit]"), ("coder", "[read, edit]")];
    for end in [End::Kill, End::Cancel, End::Failure] {
        for is_pipeline in [true, false] {
            let never = Gate::new();
            let last = || match end {
                End::Failure => Reply::status(400, "{}"),
                End::Kill | End::Cancel => Reply::text("never").hold(&never),
            };
            // Of two layers, or of two helpers, the first has told what it did.
            let script = if is_pipeline {
                vec![triple(), Reply::text("Three."), edit("x * 3", "x * 4"), last()]
            } else {
                let call = |task: &str| Reply::tool("agent", &helper(task, true));
                let fails = if end == End::Failure { vec![last()] } else { vec![] };
                let work = [call("job alpha"), triple(), Reply::text("Three."), call("job beta")];
                work.into_iter().chain([edit("x * 3", "x * 4"), last()]).chain(fails).collect()
            };
            let held = script.len() - 1;
            let model = model(script);
            let workspace =
                workspace(&model, "{mode: accept-edits}", "pipelines: {ship: [planner, coder]}\n");
            for (name, tools) in pages {
                let page = format!("---\nname: {name}\ntools: {tools}\n---\nYou work.\n");
                own(&workspace, &format!("agents/{name}.md"), &page);
            }
            let words: &[&str] = if is_pipeline { &["--action", "ship", "go"] } else { &["go"] };
            let mut command = workspace.command(&[&["ask"], words].concat());
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
            model.wait_request(held);
            end.bring(&mut child);
            let ended = child.wait_with_output().expect("it is ours");
            let told = format!("{end:?}, pipeline: {is_pipeline}");
            assert!(workspace.read(FILE).contains("x * 4"), "{told}");

            // The person, who may look before they go on.
            let noted = String::from_utf8_lossy(&ended.stderr).into_owned();
            let list = workspace.run(&["sessions", "--json"]).exits(0).json();
            let session = list["sessions"][0]["session"].as_str().unwrap_or_default().to_owned();
            let shown = workspace.run(&["sessions", "show", &session]).exits(0).stdout;
            // The second helper's failure was told by the result of its call.
            let is_told = end == End::Failure && !is_pipeline;
            if end != End::Kill && !is_told {
                assert!(noted.contains("calc.py. Undo takes them back"), "{told}: {noted}");
            }
            assert!(shown.contains("calc.py"), "{told}: {shown}");
            // And whoever goes on with the conversation.
            let next = told_next(&workspace, "how far did you get?");
            let words = match end {
                End::Kill => "Made all the same: the edit of",
                _ if is_told => "It changed these files: calc.py",
                End::Cancel | End::Failure => "These edits were made",
            };
            let at = next.find(words).unwrap_or_else(|| panic!("{told}: {next}"));
            assert!(next[at..].contains("calc.py"), "{told}: {next}");
            let _ = workspace.run(&["undo"]).exits(0);
            assert_eq!(workspace.read(FILE), TEXT, "{told}");
        }
    }
}

#[test]
fn what_a_helper_had_edited_in_a_worktree_is_named_as_gone_after_a_kill_and_a_cancel() {
    for (end, words) in [
        (End::Kill, "Gone with the worktree of a helper: the edit of calc.py"),
        (End::Cancel, "in a worktree that is gone; nothing was made of its edits: calc.py"),
    ] {
        let never = Gate::new();
        let call = Reply::tool("agent", &helper("job alpha", true));
        let held = Reply::text("never").when("job alpha").hold(&never);
        let model = model(vec![call, first("job alpha", 3), held]);
        let workspace = workspace(&model, "{}", "");
        commit(&workspace);
        let mut child = workspace
            .command(&["ask", "go"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        model.wait_request(2);
        end.bring(&mut child);
        child.wait().expect("it is ours");
        let next = told_next(&workspace, "how far did you get?");
        assert!(next.contains(words), "{end:?}: {next}");
        assert!(!next.contains("Made all the same"), "{end:?}: {next}");
        assert_eq!(workspace.read(FILE), TEXT);
    }
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
