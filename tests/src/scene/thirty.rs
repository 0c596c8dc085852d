//! A task of thirty tool calls: twenty reads and searches, eight edits in four files, the same test command twice.

use std::time::Instant;

use serde_json::json;

use super::{FILE, KEY, TEXT, config, done};
use crate::client::{Client, PATIENCE};
use crate::model_server::{Format, ModelServer, Reply};
use crate::personality::neovim_0_12;
use crate::workspace::Workspace;

/// What came of it.
pub struct Thirty {
    pub workspace: Workspace,
    pub model: ModelServer,
    /// Questions in the first run, and in the second by a new server, *Always* answered to each.
    pub prompts: [usize; 2],
}

const FILES: [&str; 4] = ["a.py", "b.py", "lib/c.py", "lib/d.py"];

/// The test command of the task.
pub const TEST: &str = "sh tests.sh";

/// Tells the task twice.
pub fn thirty(program: &str) -> Thirty {
    let script = (0..2).flat_map(calls);
    let model = ModelServer::start(Format::Anthropic, script);
    let workspace = Workspace::new(program)
        .with([(FILE, TEXT), ("tests.sh", "echo passed\n")])
        .with_user_config(&config(&model, "{}"))
        .with_variable("BENCH_KEY", KEY);
    for file in FILES {
        workspace.write(file, "one = 1\ntwo = 2\n");
    }
    let prompts = [0, 1].map(|run| prompts_of(&workspace, &model, run));
    Thirty { workspace, model, prompts }
}

/// The calls of one run and its end.
fn calls(run: usize) -> Vec<Reply> {
    let (from, to) = if run == 0 { (1, 10) } else { (10, 1) };
    let read = |at: usize| match at % 2 {
        0 => Reply::tool("read", &json!({"path": FILES[at % 4]})),
        _ => Reply::tool("grep", &json!({"pattern": "one|two", "path": "."})),
    };
    let edit = |file: &str, name: &str, factor: usize| json!({"path": file, "old": format!("{name} = {}", from * factor), "new": format!("{name} = {}", to * factor)});
    let test = || Reply::tool("bash", &json!({"command": TEST}));
    let mut calls: Vec<Reply> = (0..20).map(read).collect();
    for file in FILES {
        calls.push(Reply::tool("edit", &edit(file, "one", 1)));
        calls.push(Reply::tool("edit", &edit(file, "two", 2)));
    }
    calls.insert(24, test());
    calls.push(test());
    calls.push(done());
    calls
}

fn prompts_of(workspace: &Workspace, model: &ModelServer, run: usize) -> usize {
    let mut client = Client::start(neovim_0_12(), workspace);
    let uri = workspace.uri(FILE);
    client.open(&uri, "python", &workspace.read(FILE));
    client.quiet("window/showDocument");
    client.quiet("window/logMessage");
    let range = client.range_of(&uri, "def double(x):");
    let argument = json!({"uri": uri, "range": range, "prompt": "ten times as much", "action": "ask"});
    if let Err(error) = client.command("copydesk.ask", argument) {
        client.fail(&format!("copydesk.ask was refused: {error}"));
    }
    let (mut prompts, until) = (0, Instant::now() + PATIENCE * 3);
    while client.progress_ended() == 0 {
        client.listen();
        if client.prompts_on_screen() > 0 {
            let prompt = client.prompt();
            client.choose(&prompt, "Always allow");
            prompts += 1;
        }
        assert!(
            Instant::now() < until,
            "the task did not end; the model has seen {} requests",
            model.requests().len()
        );
    }
    model.wait_answered((run + 1) * 31 - 1);
    client.stop();
    prompts
}
