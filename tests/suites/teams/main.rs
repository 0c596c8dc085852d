//! *Many agents* and *extending*: agents from files, helpers, worktrees, pipelines; hooks, skills, commands,
//! conditions. All on the real binary.

#![expect(clippy::expect_used, reason = "what fails here fails the test")]

mod agents;
mod extending;
mod guards;
mod helpers;
mod pipelines;
mod replaying;
mod strangers;
mod worktrees;

use std::process::Command;

use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::scene::{FILE, KEY, TEXT, config};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

const COPYDESK: &str = env!("CARGO_BIN_EXE_copydesk");

/// A workspace with the usual file, and a config that leads to the model.
fn workspace(model: &ModelServer, permissions: &str, more: &str) -> Workspace {
    Workspace::new(COPYDESK)
        .with([(FILE, TEXT)])
        .with_user_config(&format!("{}{more}", config(model, permissions)))
        .with_variable("BENCH_KEY", KEY)
}

/// A file among the person's own settings.
fn own(workspace: &Workspace, name: &str, text: &str) {
    workspace.write(&format!("../config/copydesk/{name}"), text);
}

/// Makes the workspace a repository with everything committed.
fn commit(workspace: &Workspace) {
    for arguments in [
        &["init", "-q"][..],
        &["add", "."],
        &["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "one"],
    ] {
        git(workspace, arguments);
    }
}

/// What git says in the workspace.
fn git(workspace: &Workspace, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    workspace.furnish(&mut command);
    let output = command.args(arguments).output().expect("git is there");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A call of the tool `agent`.
fn helper(task: &str, edits: bool) -> Value {
    json!({"task": task, "edits": edits})
}

/// The names of the tools that a request offers.
fn tools(request: &Value) -> Vec<String> {
    let tools = request["tools"].as_array().cloned().unwrap_or_default();
    let name =
        |tool: &Value| tool["name"].as_str().or_else(|| tool["function"]["name"].as_str()).map(str::to_owned);
    tools.iter().filter_map(name).collect()
}

/// A model in one of the formats that stories are told in.
fn model(script: Vec<Reply>) -> ModelServer {
    ModelServer::start(Format::Anthropic, script)
}
