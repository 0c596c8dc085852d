//! A task of twenty tool calls in a running editor: looks, searches, edits, new files; nobody is asked.

use copydesk_tests::client::Client;
use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::personality;
use serde_json::{Value, json};

use crate::table::{line, median, millis};
use crate::{usage, workspace};

const CALLS: usize = 20;
const TURNS: usize = 15;
const ALL: u32 = 300;

pub(crate) fn measure() {
    let script = (0..TURNS).flat_map(calls);
    let model = ModelServer::start(Format::Anthropic, script);
    let workspace = workspace(&model).with([("a.py", "def f(x):\n    return x\n")]);
    for file in FILES {
        workspace.write(file, &module(file));
    }
    let mut client = Client::start(personality::neovim_0_12(), &workspace);
    let uri = workspace.uri("a.py");
    client.open(&uri, "python", &workspace.read("a.py"));
    client.quiet("window/showDocument");
    client.message_passed("workspace/configuration", 1);
    let range = client.range_of(&uri, "def f(x):");
    let process = client.server_process();
    let mut costs = Vec::new();
    for turn in 0..TURNS {
        let before = usage::cpu_of_threads(process);
        let title = format!("task {turn}.");
        let argument = json!({"uri": uri, "range": range, "prompt": title, "action": "ask"});
        if let Err(error) = client.command("copydesk.ask", argument) {
            client.fail(&error.to_string());
        }
        client.progress(&title);
        costs.push(usage::cpu_of_threads(process) - before);
    }
    let peak = usage::peak(process).unwrap_or(f64::NAN);
    client.quiet("window/logMessage");
    client.finish();
    let journal = journal(&workspace);

    let requests = model.requests();
    let whole = CALLS + 1;
    let between = (1..requests.len()).filter(|at| at % whole != 0).filter_map(|at| {
        Some(millis(requests[at].arrived.saturating_duration_since(requests[at - 1].answered?)))
    });
    let between: Vec<f64> = between.collect();
    let sent: usize = requests.iter().take(whole).map(|request| request.raw.len()).sum();
    let pairs = (1..requests.len()).filter(|at| at % whole != 0);
    let (mut appended, mut all) = (0.0, 0.0);
    for at in pairs {
        all += 1.0;
        appended += f64::from(u8::from(goes_on(&requests[at - 1].body, &requests[at].body)));
    }
    line("end of reply -> next request (looks, edits, writes), median", median(between), 3.0, "ms");
    line("task of 20 tool calls, CPU of the server, median of 15", median(costs), 100.0, "ms");
    line("peak memory of the server over all of them", peak, 40.0, "MB");
    line(
        "first request with the full tool set, without project rules",
        kilobytes(requests[0].raw.len()),
        10.0,
        "KB",
    );
    line("bytes sent in a task of 20 tool calls", kilobytes(sent), 300.0, "KB");
    println!(
        "{:<62} {:>10} {:>10}",
        "requests that only append to the one before",
        format!("{:.0} %", appended / all * 100.0),
        "100 %"
    );
    line("journal for each tool call", journal / f64::from(ALL), 3.0, "KB");
}

const FILES: [&str; 4] = ["b.py", "c.py", "lib/d.py", "lib/e.py"];

/// A file of ordinary length: forty functions.
fn module(name: &str) -> String {
    let functions = (0..40).map(|at| format!("def f{at}(x):\n    # {name}\n    return x + {at}\n\n"));
    functions.collect()
}

/// The calls of one task and its end; the next one finds all of it as it was but for numbers that go on.
fn calls(turn: usize) -> Vec<Reply> {
    let mut calls = Vec::new();
    for (at, file) in FILES.iter().enumerate() {
        let (old, new) =
            (format!("return x + {}", at + turn * 100), format!("return x + {}", at + (turn + 1) * 100));
        let old = if turn == 0 { format!("return x + {at}\n") } else { format!("{old}\n") };
        calls.push(Reply::tool("read", &json!({"path": file})));
        calls.push(Reply::tool("grep", &json!({"pattern": format!("def f{at}"), "path": "."})));
        calls.push(Reply::tool("edit", &json!({"path": file, "old": old, "new": format!("{new}\n")})));
        calls.push(Reply::tool("glob", &json!({"pattern": format!("**/*{at}*.py")})));
        calls.push(Reply::tool(
            "write",
            &json!({"path": format!("new{at}_{turn}.py"), "content": format!("turn = {turn}\n")}),
        ));
    }
    assert_eq!(calls.len(), CALLS, "as the table says");
    calls.push(Reply::text("Done."));
    calls
}

/// Whether the second request says all that the first one did, in the same words, and then more. Marks of what may be
/// cached move on, and are no words.
fn goes_on(first: &Value, second: &Value) -> bool {
    let (first, second) = (unmarked(first), unmarked(second));
    let list = |body: &Value| body["messages"].as_array().cloned().unwrap_or_default();
    let (before, after) = (list(&first), list(&second));
    first["system"] == second["system"]
        && first["tools"] == second["tools"]
        && after.len() > before.len()
        && after[..before.len()] == before[..]
}

fn unmarked(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| *name != "cache_control")
            .map(|(name, value)| (name.clone(), unmarked(value)))
            .collect(),
        Value::Array(items) => items.iter().map(unmarked).collect(),
        other => other.clone(),
    }
}

/// KB that the journal takes once its last writer has gone.
fn journal(workspace: &copydesk_tests::workspace::Workspace) -> f64 {
    let folders = std::fs::read_dir(workspace.state().join("workspaces")).into_iter().flatten().flatten();
    let bytes =
        folders.filter_map(|folder| Some(folder.path().join("state.db").metadata().ok()?.len())).sum::<u64>();
    kilobytes(usize::try_from(bytes).unwrap_or(usize::MAX))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
fn kilobytes(bytes: usize) -> f64 {
    bytes as f64 / 1024.0
}
