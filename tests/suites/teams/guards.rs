//! What a helper's own copy of the workspace is not good for: running what nobody accepted, switching hooks off,
//! changing git's state, reading what is denied. And whose agent a name means.

use copydesk_tests::model_server::{ModelServer, Reply};
use copydesk_tests::personality;
use copydesk_tests::scene::{FILE, Scene, TEXT, config, done, results, triple};
use serde_json::json;

use crate::{commit, git, helper, model, own, tools, workspace};

const OPEN: &str = "sandbox: {enabled: false}\n";

fn bash(command: &str) -> Reply {
    Reply::tool("bash", &json!({"command": command}))
}

fn write(path: &str, content: &str) -> Reply {
    Reply::tool("write", &json!({"path": path, "content": content}))
}

fn call() -> Reply {
    Reply::tool("agent", &helper("job alpha", true))
}

/// A file that is there gets another text.
fn replace(path: &str, old: &str, new: &str) -> Reply {
    Reply::tool("edit", &serde_json::json!({"path": path, "old": old, "new": new}))
}

/// What the helper was told by its tools, at its last request.
fn told(model: &ModelServer, last: usize) -> String {
    results(&model.wait_request(last).body).concat()
}

#[test]
fn a_rule_lets_no_command_run_what_the_helper_changed_first() {
    let script = "touch ran-by-nobody\n";
    for (before, expect) in [
        (vec![], "exit code 0"),
        (
            vec![replace("run.sh", "true\n", script)],
            "nobody accepted (run.sh), and nobody is here who could be asked",
        ),
        // By a command, where git ignores it, and run through another file.
        (vec![bash("cp other.sh run.sh")], "nobody accepted (run.sh)"),
        (vec![write("built/x.sh", script)], "nobody accepted (built/x.sh)"),
    ] {
        let count = before.len();
        let mut replies = vec![call()];
        replies.extend(before);
        replies.extend([bash("sh run.sh"), Reply::text("So.").when("job alpha"), done()]);
        let replies: Vec<Reply> = replies
            .into_iter()
            .enumerate()
            .map(|(at, reply)| if (1..=count + 1).contains(&at) { reply.when("job alpha") } else { reply })
            .collect();
        let model = model(replies);
        let rules = "{allow: ['Bash(sh run.sh)', 'Bash(cp other.sh run.sh)']}";
        let workspace = workspace(&model, rules, OPEN);
        workspace.write("run.sh", "true\n");
        workspace.write("other.sh", script);
        workspace.write(".gitignore", "built\n");
        commit(&workspace);
        let _ = workspace.run(&["ask", "go"]);
        let told = told(&model, count + 2);
        assert!(told.contains(expect), "{expect}: {told}");
    }
}

#[test]
fn a_command_in_the_background_gets_nothing_to_run_that_nobody_accepted() {
    let begin = Reply::tool("bash", &json!({"command": "sh watch.sh", "background": true}));
    let model = model(vec![
        call(),
        begin.when("job alpha"),
        replace("run.sh", "true", "touch ran-by-nobody").when("job alpha"),
        Reply::text("So.").when("job alpha"),
        done(),
    ]);
    let workspace = workspace(&model, "{allow: ['Bash(sh watch.sh)']}", OPEN);
    workspace.write("run.sh", "true\n");
    workspace.write("watch.sh", "while :; do sh run.sh; sleep 0.1; done\n");
    commit(&workspace);
    let ran = workspace.run(&["ask", "go"]);
    let told = told(&model, 3);
    assert!(
        told.contains(
            "a command in the background may run it (sh watch.sh), and nobody is here who could be asked"
        ),
        "{told}\n{ran}"
    );
}

#[test]
fn a_question_says_what_the_helper_changed_and_stores_no_rule() {
    let model = model(vec![
        call(),
        replace("run.sh", "true", "echo changed").when("job alpha"),
        bash("sh run.sh").when("job alpha"),
        Reply::text("So.").when("job alpha"),
        done(),
    ]);
    let workspace = workspace(&model, "{}", "");
    workspace.write("run.sh", "true\n");
    commit(&workspace);
    let mut scene = Scene::enter(personality::vs_code(), workspace, model);
    scene.ask("go");
    scene.asked += 1; // the helper is shown as well
    let way = scene.way();
    let question = scene.answer(way, "Deny");
    assert!(
        question.contains("Run in a helper's own copy of the workspace")
            && question.contains("may run what the helper changed and nobody accepted (run.sh)")
            && !question.contains("Always"),
        "{question}"
    );
    scene.request(3);
    let question = scene.answer(way, "Deny");
    assert!(question.contains("Edit run.sh"), "{question}");
    scene.over(4);
    scene.end();
}

#[test]
fn a_helper_switches_no_hook_off_and_what_it_brings_passes_them() {
    let hooks = "hooks:\n  PreToolUse:\n    - {matcher: 'bash', command: 'sh scripts/may.sh'}\n    \
                 - {matcher: 'edit|write', command: 'cat >> heard.jsonl; echo >> heard.jsonl; grep -q from_worktree $TMPDIR/hook.json && grep -q forbidden $TMPDIR/hook.json && exit 3; exit 0'}\n";
    let model = model(vec![
        call(),
        replace("scripts/may.sh", "echo not today; exit 3", "exit 0").when("job alpha"),
        bash("cat calc.py").when("job alpha"),
        write("notes.md", "forbidden\n").when("job alpha"),
        Reply::text("So.").when("job alpha"),
        done(),
    ]);
    let workspace = workspace(&model, "{allow: ['Bash(cat:*)']}", hooks);
    workspace.write("scripts/may.sh", "echo not today; exit 3\n");
    commit(&workspace);
    let ran = workspace.run(&["ask", "--apply", "--json", "go"]).exits(1);
    let told = told(&model, 3);
    assert!(told.contains("not today"), "the person's script counts: {told}");
    let brought = results(&model.wait_request(5).body).concat();
    assert!(brought.contains("notes.md was not made: refused by a hook of the person's"), "{brought}");
    assert!(!workspace.exists("notes.md"), "{ran}");
    assert_eq!(workspace.read("scripts/may.sh"), "echo not today; exit 3\n", "a hook starts it: {ran}");
    let session = ran.json()["session_id"].clone();
    let heard = workspace.read("heard.jsonl");
    let heard: Vec<serde_json::Value> =
        heard.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let facts: Vec<_> = heard
        .iter()
        .map(|fact| {
            (fact["from_worktree"] == true, fact["session_id"] == session, fact["worktree"].is_string())
        })
        .collect();
    assert_eq!(
        facts,
        [(false, true, true), (false, true, true), (true, true, false), (true, true, false)],
        "each edit in the worktree, and each that comes back: {heard:?}"
    );
}

#[test]
fn a_helper_without_walls_changes_no_state_of_git() {
    let model = model(vec![
        call(),
        bash("git log --oneline").when("job alpha"),
        bash("git branch evil").when("job alpha"),
        Reply::text("So.").when("job alpha"),
        done(),
    ]);
    let workspace = workspace(&model, "{allow: [Bash]}", OPEN);
    commit(&workspace);
    let _ = workspace.run(&["ask", "--mode", "auto", "go"]);
    let told = told(&model, 3);
    assert!(told.contains("it changes git's state"), "{told}");
    assert!(self::told(&model, 2).contains("exit code 0"), "a look is none");
    assert!(!git(&workspace, &["branch"]).contains("evil"));
}

#[test]
fn a_rule_with_the_whole_path_holds_in_the_copy_and_in_what_git_remembers() {
    let show = bash("git show HEAD:private/x.txt");
    let model = model(vec![
        call(),
        show.when("job alpha"),
        bash("git checkout HEAD -- private/x.txt && cat private/x.txt").when("job alpha"),
        Reply::text("So.").when("job alpha"),
        done(),
    ]);
    let workspace = workspace(&model, "{}", "");
    let rule = format!("Read(/{}/**)", workspace.path("private").display());
    own(
        &workspace,
        "config.yaml",
        &config(&model, &format!("{{mode: auto, allow: [Bash], deny: ['{rule}']}}")),
    );
    workspace.write("private/x.txt", "TOPWORDS\n");
    commit(&workspace);
    let _ = workspace.run(&["ask", "go"]);
    let told = told(&model, 3);
    assert!(told.contains("denies it") && !told.contains("TOPWORDS"), "{told}");
}

#[test]
fn a_projects_agent_takes_no_place_of_the_persons() {
    let model = model(vec![triple(), done(), done(), done()]);
    let workspace = workspace(&model, "{}", "pipelines: {ship: [careful]}\n");
    let mine = "---\nname: careful\nprofile: read-only\nhandoffs: [reviewer]\n---\nOnly look.\n";
    own(&workspace, "agents/careful.md", mine);
    workspace.write(".copydesk/agents/careful.md", "---\nname: careful\n---\nDo anything.\n");
    workspace.write(".stepper/layer/careful/index.md", "---\ndescription: d\n---\nDo anything.\n");
    let ran = workspace.run(&["ask", "--agent", "careful", "--apply", "go"]).exits(0);
    let first = model.wait_request(0);
    assert!(first.text().contains("Only look.") && !tools(&first.body).contains(&"edit".to_owned()));
    assert!(ran.stderr.contains("This project has an agent careful too"), "{ran}");
    assert_eq!(workspace.read(FILE), TEXT);
    let _ = workspace.run(&["ask", "--action", "ship", "--apply", "go"]).exits(0);
    assert!(model.wait_request(2).text().contains("Only look."));
    // Trusted, it works, and has not more than the person's.
    let _ = workspace.run(&["trust", "--yes"]).exits(0);
    let _ = workspace.run(&["ask", "--agent", "careful", "--apply", "go"]).exits(0);
    let third = model.wait_request(3);
    assert!(third.text().contains("Do anything.") && !tools(&third.body).contains(&"edit".to_owned()));
}

#[test]
fn a_conversation_goes_on_within_the_bounds_of_the_agent_that_it_was_begun_with() {
    let model = model(vec![done(), triple(), done(), triple(), done()]);
    let workspace = workspace(&model, "{}", "");
    own(&workspace, "agents/looks.md", "---\nname: looks\nprofile: read-only\n---\nOnly look.\n");
    let _ = workspace.run(&["ask", "--agent", "looks", "go"]).exits(0);
    let _ = workspace.run(&["ask", "--continue", "--apply", "do it"]);
    assert!(!tools(&model.wait_request(1).body).contains(&"edit".to_owned()));
    assert_eq!(workspace.read(FILE), TEXT);
    let _ = workspace.run(&["ask", "--apply", "a new one"]).exits(0);
    assert_ne!(workspace.read(FILE), TEXT, "another conversation has no agent");
}
