//! A search through a hundred thousand files, beside ripgrep where it is installed: CPU, in turns.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use copydesk_tests::client::Client;
use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::personality;
use serde_json::json;

use crate::table::median;
use crate::{usage, workspace};

const FOLDERS: usize = 200;
const FILES: usize = 500;
const ROUNDS: usize = 7;

pub(crate) fn measure() {
    // Never the same twice: a model that goes around in circles is stopped.
    let call = |round| Reply::tool("grep", &json!({"pattern": format!("needle_{round}\\b")}));
    let script = (0..ROUNDS).flat_map(|round| [call(round), Reply::text("Found.")]);
    let model = ModelServer::start(Format::Anthropic, script);
    let workspace = workspace(&model).with([("a.py", "x = 1\n")]);
    let mut text = String::new();
    for line in 0..30 {
        let _ = writeln!(text, "def function_{line}(argument):\n    return argument + {line}");
    }
    for folder in 0..FOLDERS {
        std::fs::create_dir_all(workspace.path(&format!("lib/part{folder}"))).expect("a folder");
        for file in 0..FILES {
            workspace.write(&format!("lib/part{folder}/module{file}.py"), &text);
        }
    }
    for round in 0..ROUNDS {
        workspace
            .write(&format!("lib/part{}/needle{round}.py", FOLDERS - 1), &format!("needle_{round} = 1\n"));
    }
    let mut client = Client::start(personality::neovim_0_12(), &workspace);
    let uri = workspace.uri("a.py");
    client.open(&uri, "python", "x = 1\n");
    client.message_passed("workspace/configuration", 1);
    client.quiet("window/showDocument");
    client.quiet("window/logMessage");
    let process = client.server_process();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let before = usage::cpu(process);
        let title = format!("search {round}.");
        let range = client.range_of(&uri, "x = 1");
        let argument = json!({"uri": uri, "range": range, "prompt": title, "action": "ask"});
        if let Err(error) = client.command("copydesk.ask", argument) {
            client.fail(&error.to_string());
        }
        while client.progress_ended() <= round {
            client.listen();
            std::thread::yield_now();
        }
        ours.push(usage::cpu(process) - before);
        theirs.extend(ripgrep(&workspace.root(), &format!("needle_{round}\\b")));
    }
    client.finish();
    let found = model.requests().iter().filter(|request| request.text().contains(":1:needle_")).count();
    assert_eq!(found, ROUNDS, "every search finds its line");
    let ours = median(ours);
    println!("{:<62} {:>10}", "a search through 100 000 files, CPU, median of 7", format!("{ours:.0} ms"));
    if theirs.len() < ROUNDS {
        println!("{:<62} {:>10}", "  ripgrep", "not installed");
        return;
    }
    let theirs = median(theirs);
    println!("{:<62} {:>10}", "  ripgrep --hidden, CPU", format!("{theirs:.0} ms"));
    crate::table::line("  ours over it", ours / theirs, 1.2, "");
}

/// The CPU of ripgrep over the same files: what is hidden is looked at, what is ignored is not.
fn ripgrep(root: &std::path::Path, pattern: &str) -> Option<f64> {
    let before = usage::cpu_of_children();
    let mut command = Command::new("rg");
    command.args(["--no-config", "--hidden", "--line-number", pattern]).arg(root).stdin(Stdio::null());
    command.stdout(Stdio::null()).status().ok()?;
    Some(usage::cpu_of_children() - before)
}
