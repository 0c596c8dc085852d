//! A branch is reviewed, and a commit gets its message: git runs through the permission room, findings stand at their
//! lines, the message comes into the buffer of the editor.

use std::path::Path;
use std::process::Command;

use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::personality::vs_code;
use copydesk_tests::scene::{FILE, KEY, Scene, Stage, TEXT, config, done, in_four, results};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::COPYDESK;

fn finding(line: u64, message: &str) -> Reply {
    Reply::tool("finding", &json!({"path": FILE, "line": line, "message": message}))
}

/// The findings that stand in the file, as line and message.
fn standing(scene: &mut Scene, count: usize) -> Vec<(u64, String)> {
    let uri = scene.uri.clone();
    let ours = |one: &&Value| one["code"] == "review-finding";
    let found = scene
        .client
        .diagnostics(&uri, "the findings of the review", |now| now.iter().filter(ours).count() == count);
    let row = |one: &Value| {
        let message = one["message"].as_str().unwrap_or_default().to_owned();
        (one["range"]["start"]["line"].as_u64().unwrap_or_default(), message)
    };
    found.iter().filter(ours).map(row).collect()
}

#[test]
fn what_a_review_found_stands_at_its_lines_and_moves_with_them() {
    in_four(|personality, format| {
        let mut scene = Scene::begin(Stage {
            program: COPYDESK,
            personality,
            format,
            permissions: "{}".to_owned(),
            script: vec![
                finding(5, "two is\na guess"),
                finding(99, "nowhere"),
                finding(9, "not ASCII"),
                done(),
            ],
            files: vec![],
        });
        let uri = scene.uri.clone();
        let range = scene.client.range_of(&uri, "def double(x):");
        let ask = json!({"uri": uri, "range": range, "action": "review-branch"});
        scene.client.command("copydesk.ask", ask).expect("the action is known");
        scene.asked += 1;
        scene.over(3);
        assert_eq!(scene.results(2), ["calc.py has only 13 lines; a line counts from 1"]);
        let (two, ascii) = ("review: two is a guess".to_owned(), "review: not ASCII".to_owned());
        assert_eq!(standing(&mut scene, 2), [(4, two.clone()), (8, ascii.clone())]);
        // It moves with its line, and is over when that says something else.
        scene.client.replace(&uri, "# What a shop", "# A shop\n#\n# What a shop");
        scene.client.diagnostics(&uri, "the findings two lines below", |now| {
            now.iter().any(|one| one["code"] == "review-finding" && one["range"]["start"]["line"] == 6)
        });
        scene.client.replace(&uri, "\"ä 😀\"", "\"a\"");
        assert_eq!(standing(&mut scene, 1), [(6, two)]);
        let found = scene.client.diagnostic(&uri, "review-finding");
        scene.press(&found, "Dismiss the findings");
        assert_eq!(standing(&mut scene, 0), []);
        scene.end();
    });
}

/// Runs git in a folder, away from whoever's settings.
fn git(folder: &Path, arguments: &[&str]) {
    let ran = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .expect("git runs");
    assert!(ran.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// A repository with one commit on main and one on a branch, and a change that is staged.
fn repository(model: &ModelServer, rules: &str) -> Workspace {
    let workspace = Workspace::new(COPYDESK)
        .with([(FILE, TEXT)])
        .with_user_config(&config(model, rules))
        .with_variable("BENCH_KEY", KEY);
    let root = &workspace.root();
    git(root, &["init", "-q", "-b", "main"]);
    git(root, &["add", FILE]);
    git(root, &["commit", "-qm", "first"]);
    git(root, &["switch", "-qc", "topic"]);
    workspace.write(FILE, &TEXT.replace("x * 2", "x * 3"));
    git(root, &["commit", "-qam", "second"]);
    workspace.write("new.txt", "STAGED\n");
    git(root, &["add", "new.txt"]);
    workspace
}

fn has_git() -> bool {
    let has = Command::new("git").arg("--version").output().is_ok();
    if !has {
        eprintln!("skipped: there is no git");
    }
    has
}

#[test]
fn a_branch_is_reviewed_against_where_it_left() {
    if !has_git() {
        return;
    }
    let bash = |command: &str| Reply::tool("bash", &json!({"command": command}));
    let script = [
        bash("git merge-base HEAD main"),
        bash("git diff main...HEAD"),
        finding(5, "three is a guess"),
        Reply::text("No."),
    ];
    let model = ModelServer::start(Format::Anthropic, script);
    let workspace = repository(&model, "{allow: ['Bash(git merge-base:*)', 'Bash(git diff:*)']}");
    let ran = workspace.run(&["ask", "--action", "review-branch", ""]).exits(0);
    let diff = results(&model.wait_request(2).body).concat();
    assert!(diff.contains("+    return x * 3"), "{diff}");
    assert_eq!(ran.stdout, "calc.py:5: three is a guess\nNo.\n", "{ran}");
    // Nobody allowed git here, and nobody is there to ask.
    let model = ModelServer::start(Format::Anthropic, [bash("git diff main...HEAD"), Reply::text("No.")]);
    let ran = repository(&model, "{}").run(&["ask", "--action", "review-branch", ""]);
    assert!(ran.stderr.contains("not done: run git diff main...HEAD"), "{ran}");
}

#[test]
fn a_commit_gets_its_message_in_the_buffer_of_the_editor() {
    if !has_git() {
        return;
    }
    for format in Format::BOTH {
        let hint = "# Please enter the commit message for your changes.\n";
        let script = vec![
            Reply::tool("bash", &json!({"command": "git diff --staged"})),
            Reply::tool(
                "edit",
                &json!({"path": ".git/COMMIT_EDITMSG", "old": hint, "new": format!("Add new.txt\n\n{hint}")}),
            ),
            done(),
        ];
        let model = ModelServer::start(format, script);
        let workspace = repository(&model, "{allow: ['Bash(git diff:*)']}");
        let text = format!("\n{hint}# On branch topic\n");
        workspace.write(".git/COMMIT_EDITMSG", &text);
        let mut scene = Scene::enter(vs_code(), workspace, model);
        let uri = scene.workspace.uri(".git/COMMIT_EDITMSG");
        scene.client.open(&uri, "git-commit", &text);
        let range = scene.client.range_of(&uri, "# Please");
        let action = scene.client.code_action(&uri, &range, "write the commit message");
        scene.client.run_action(&action);
        scene.asked += 1;
        // The file guards what git does, so the person is asked, whatever the rules.
        let question = scene.client.prompt();
        assert!(question.text.contains("Edit .git/COMMIT_EDITMSG: +2"), "{}", question.text);
        scene.client.choose(&question, "Allow once");
        scene.client.edit(&uri);
        scene.client.wait_for_text(&uri, &format!("\nAdd new.txt\n\n{hint}# On branch topic\n"));
        scene.over(2);
        assert!(scene.results(1).concat().contains("+STAGED"), "{:?}", scene.results(1));
        // In other files it is not offered.
        let (other, range) = (scene.uri.clone(), scene.client.range_of(&scene.uri.clone(), "def double(x):"));
        let offered = scene.client.code_actions(&other, &range, None);
        let titles: Vec<&str> = offered.iter().filter_map(|one| one["title"].as_str()).collect();
        assert!(!titles.contains(&"Copydesk: write the commit message"), "{titles:?}");
        scene.end();
    }
}
