//! How often a usual task asks, and that what it was allowed is no more than that.

use copydesk_tests::model_server::Reply;
use copydesk_tests::scene::thirty::{TEST, thirty};
use copydesk_tests::scene::{done, results};
use serde_json::{Value, json};

use crate::COPYDESK;

/// What somebody might try with the rules that the task left behind. Each would leave a file.
fn attacks() -> Vec<(&'static str, Value)> {
    let bash = |command: String| ("bash", json!({"command": command}));
    let write = |path: &str| ("write", json!({"path": path, "content": "x\n"}));
    vec![
        bash(format!("{TEST}; touch pwned")),
        bash(format!("{TEST} && touch pwned")),
        bash(format!("{TEST} > ../pwned")),
        bash(format!("{TEST} > .git/pwned")),
        bash(format!("{TEST} pwned")),
        bash(format!("{TEST} $(touch pwned)")),
        bash(format!("{TEST} | tee pwned")),
        bash(format!("X=1 {TEST}")),
        bash(format!("cd lib && {TEST}; touch ../pwned")),
        bash("sh -c 'touch pwned'".to_owned()),
        bash("sh ./tests.sh".to_owned()),
        bash("touch pwned".to_owned()),
        bash("sed -i s/a/b/ tests.sh".to_owned()),
        write(".git/hooks/pre-commit"),
        write(".copydesk/config.yaml"),
        write(".vscode/tasks.json"),
        write(".github/workflows/ci.yml"),
        write("build.rs"),
        write(".env"),
        write("../pwned"),
        write(".GIT/config"),
        write(".g\u{200c}it/config"),
    ]
}

#[test]
fn a_task_of_thirty_calls_asks_twice_and_then_never() {
    let task = thirty(COPYDESK);
    println!(
        "prompts in a task of thirty calls: {} in the first run, {} in the second",
        task.prompts[0], task.prompts[1]
    );
    assert!(task.prompts[0] <= 2 && task.prompts[1] == 0, "{:?}", task.prompts);
    let first = task.model.requests().len();
    let attacks = attacks();
    let count = attacks.len();
    for (tool, arguments) in &attacks {
        task.model.push(Reply::tool(tool, arguments));
    }
    task.model.push(done());
    let answer = task.workspace.run(&["ask", "--json", "go on"]).exits(1).json();
    assert_eq!(answer["status"], "denied", "{answer}");
    for (at, (tool, arguments)) in attacks.iter().enumerate() {
        let told = results(&task.model.wait_request(first + at + 1).body).pop().unwrap_or_default();
        assert!(told.contains("refused"), "{tool} {arguments}: {told}");
    }
    assert_eq!(task.model.requests().len(), first + count + 1);
    for made in [
        "pwned",
        "lib/pwned",
        "../pwned",
        ".git",
        ".copydesk",
        ".vscode",
        ".github",
        "build.rs",
        ".env",
        ".GIT",
    ] {
        assert!(!task.workspace.exists(made), "{made}");
    }
}
