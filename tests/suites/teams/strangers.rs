//! What goes wrong on purpose: agents that send one another around, helpers that reach for git, pages of a repository
//! that are links to what no agent may read.

use copydesk_tests::model_server::{Gate, Reply};
use copydesk_tests::personality;
use copydesk_tests::scene::{FILE, Scene, TEXT, done, edit, results};
use copydesk_tests::workspace::Workspace;
use serde_json::json;

use crate::{commit, git, helper, model, own, workspace};

#[test]
fn agents_that_hand_over_to_one_another_for_ever_are_told_to_work() {
    let to = |agent: &str| Reply::tool("handoff", &json!({"agent": agent}));
    let mut script: Vec<Reply> = (0..9).map(|at| to(if at % 2 == 0 { "pong" } else { "ping" })).collect();
    script.push(done());
    let model = model(script);
    let workspace = workspace(&model, "{}", "");
    for (name, other) in [("ping", "pong"), ("pong", "ping")] {
        own(
            &workspace,
            &format!("agents/{name}.md"),
            &format!("---\nname: {name}\nhandoffs: [{other}]\n---\nYou are {name}.\n"),
        );
    }
    let _ = workspace.run(&["ask", "--agent", "ping", "go"]).exits(0);
    let told = results(&model.wait_request(9).body);
    assert!(told.last().is_some_and(|last| last.contains("handed over 8 times; do the work")), "{told:?}");
}

/// A file that every command of a helper could make, and that nobody may make for it.
fn canary(workspace: &Workspace) -> std::path::PathBuf {
    workspace.outside().join("canary")
}

/// Git's own files are nobody's to write, in a checkout of one's own, too; and a folder that stands in their place
/// names no program that anybody runs.
#[test]
fn a_helper_that_reaches_for_git_moves_nothing() {
    for call in [
        Reply::tool("write", &json!({"path": ".git", "content": "gitdir: /tmp\n"})),
        Reply::tool("write", &json!({"path": ".git/hooks/pre-commit", "content": "#!/bin/sh\n"})),
        Reply::tool("write", &json!({"path": ".gitattributes", "content": "* filter=x diff=x merge=x\n"})),
        Reply::tool(
            "bash",
            &json!({"command": "rm -f .git; git init -q . && git config core.fsmonitor 'touch \"$HOME/canary\"; false' && \
                git config filter.x.clean 'touch \"$HOME/canary\"; cat' && git config diff.x.textconv 'touch \"$HOME/canary\"; cat' && \
                echo '* filter=x diff=x' > .gitattributes; git add -A; true"}),
        ),
    ] {
        let begin = Reply::tool("agent", &helper("job alpha", true));
        let after =
            Reply::tool("write", &json!({"path": "notes.md", "content": "# Notes\n"})).when("job alpha");
        let model =
            model(vec![begin, call.when("job alpha"), after, Reply::text("Done.").when("job alpha"), done()]);
        let workspace = workspace(&model, "{allow: [Bash, Edit(.gitattributes), Edit(notes.md)]}", "");
        commit(&workspace);
        let before = git(&workspace, &["config", "--list", "--local"]);
        let _ = workspace.run(&["ask", "--mode", "accept-edits", "go"]);
        assert_eq!(git(&workspace, &["config", "--list", "--local"]), before);
        assert_eq!(git(&workspace, &["worktree", "list"]).lines().count(), 1);
        assert!(!workspace.exists(".git/hooks/pre-commit") && !canary(&workspace).exists());
        assert_eq!(git(&workspace, &["log", "--oneline", "--all"]).lines().count(), 1);
        assert_eq!(workspace.read(FILE), TEXT);
    }
}

/// What a repository lists as an agent, a prompt or a skill may be a link; it brings nothing that its reader may not
/// have.
#[test]
fn pages_of_a_repository_that_are_links_out_of_it_are_not_there() {
    let model = model(vec![done()]);
    let workspace = workspace(&model, "{deny: ['Read(private/**)']}", "");
    let head = "---\nname: leak\ndescription: Leaks.\n---\nTOP SECRET WORDS\n";
    std::fs::write(workspace.outside().join("secret.md"), head).expect("the bench's own folder");
    workspace.write("private/secret.md", head);
    workspace.write("docs/fine.md", "---\nname: fine\ndescription: Fine.\n---\nFine words.\n");
    let link = |to: std::path::PathBuf, from: &str| {
        let from = workspace.path(from);
        std::fs::create_dir_all(from.parent().expect("a folder")).expect("the bench's own folder");
        std::os::unix::fs::symlink(to, from).expect("the bench's own folder");
    };
    for (name, target) in [
        ("out", workspace.outside().join("secret.md")),
        ("in", workspace.path("private/secret.md")),
        ("fine", workspace.path("docs/fine.md")),
    ] {
        link(target.clone(), &format!(".copydesk/agents/{name}.md"));
        link(target.clone(), &format!(".copydesk/prompts/{name}.md"));
        link(target, &format!(".claude/skills/{name}/SKILL.md"));
    }
    for (flag, name) in [("--agent", "out"), ("--agent", "in"), ("--action", "leak")] {
        let ran = workspace.run(&["ask", flag, name, "go"]);
        assert_ne!(ran.code, Some(0), "{flag} {name}: {ran}");
    }
    let _ = workspace.run(&["ask", "--agent", "fine", "go"]).exits(0);
    let requests = model.requests();
    assert_eq!(requests.len(), 1);
    let text = requests[0].text();
    assert!(text.contains("Fine words.") && !text.contains("SECRET") && !text.contains("Leaks."), "{text}");
}

#[test]
fn a_helpers_edit_yields_to_what_was_typed_meanwhile() {
    let gate = Gate::new();
    let change = edit("def double(x):\n    return x * 2", "def double(x):\n    return x * 3");
    let script = vec![
        Reply::tool("agent", &helper("job alpha", true)),
        change.when("job alpha").hold(&gate),
        Reply::text("Three.").when("job alpha"),
        done(),
    ];
    let model = model(script);
    let workspace = workspace(&model, "{}", "");
    commit(&workspace);
    let mut scene = Scene::enter(personality::vs_code(), workspace, model);
    let uri = scene.uri.clone();
    scene.ask("make it three times");
    scene.asked += 1; // the helper is shown as well
    scene.model.wait_request(1);
    scene.client.replace(&uri, "def double(x):\n    return x * 2", "def double(x):\n    return x * 77");
    let typed = scene.text();
    gate.open();
    let told = scene.result(3);
    assert!(told.contains("the text there changed meanwhile"), "{told}");
    assert_eq!(scene.text(), typed, "what was typed stays");
    scene.over(3);
    scene.end();
}

/// A run that may ask no more while its helper is at work ends, and with it the helper and its checkout.
#[test]
fn a_run_that_ends_takes_its_helpers_along() {
    let model = model(vec![
        Reply::empty().call("agent", &helper("job alpha", true)).call("agent", &helper("job beta", true)),
        Reply::status(400, "{\"error\": {\"message\": \"no more\"}}").when("job alpha"),
        edit("def double(x):\n    return x * 2", "def double(x):\n    return x * 3").when("job beta"),
    ]);
    let workspace = workspace(&model, "{}", "budgets: {run: {requests: 3}}");
    commit(&workspace);
    let _ = workspace.run(&["ask", "--apply", "go"]).exits(1);
    assert_eq!(git(&workspace, &["worktree", "list"]).lines().count(), 1);
    assert_eq!(git(&workspace, &["branch"]).lines().count(), 1);
    assert!(git(&workspace, &["stash", "list"]).is_empty());
}
