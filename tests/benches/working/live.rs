//! What a person feels while agents work: a keystroke, and a cancel.

use std::time::{Duration, Instant};

use copydesk_tests::client::Client;
use copydesk_tests::model_server::{Delivery, End, Format, ModelServer, Reply};
use copydesk_tests::personality;
use serde_json::{Value, json};

use crate::table::{line, median, millis};
use crate::workspace;

const AGENTS: usize = 8;
const KEYS: usize = 5_000;

pub(crate) fn measure() {
    keystrokes();
    cancels();
}

/// Each agent's answer comes a word each five milliseconds, faster than any model writes; the time is that from a
/// change to the answer of a request that was sent right behind it, which is read after it; beside it, that of the
/// request alone, which is the way there and back.
fn keystrokes() {
    let words: Vec<String> = (0..100_000).map(|at| format!("word{at} ")).collect();
    let endless = || {
        let reply = Reply::empty().pieces(words.iter().map(String::as_str));
        reply.delivery(Delivery::Paced(Duration::from_millis(5)))
    };
    let model = ModelServer::start(Format::Anthropic, (0..AGENTS).map(|_| endless()));
    let text = "name: a\nsteps:\n  - id: one\n    type: shell\n    run: echo one\n";
    let workspace = workspace(&model).with([("a.py", "x = 1\n"), ("a.workflow.yaml", text)]);
    let mut client = Client::start(personality::neovim_0_12(), &workspace);
    let (asked, typed) = (workspace.uri("a.py"), workspace.uri("a.workflow.yaml"));
    client.open(&asked, "python", "x = 1\n");
    client.open(&typed, "yaml", text);
    client.message_passed("workspace/configuration", 1);
    client.quiet("window/logMessage");
    client.quiet("window/showDocument");
    client.quiet("textDocument/publishDiagnostics");
    let mut runs = Vec::new();
    for agent in 0..AGENTS {
        runs.push(ask(&mut client, &asked, &format!("agent {agent}.")));
    }
    for agent in 0..AGENTS {
        model.wait_request(agent);
    }
    let at = text.find("echo one").expect("the text has it");
    // In turns, so that both meet the same machine: with a change in front of the request, and without.
    let (mut changed, mut still) = (Vec::new(), Vec::new());
    for key in 0..2 * KEYS {
        let begun = Instant::now();
        let times = if key % 2 == 0 { &mut still } else { &mut changed };
        match key % 4 {
            1 => client.type_over(&typed, at, at, "x"),
            3 => client.type_over(&typed, at, at + 1, ""),
            _ => {}
        }
        client.ok("textDocument/foldingRange", json!({"textDocument": {"uri": typed}}));
        times.push(millis(begun.elapsed()));
    }
    for run in &runs {
        client.command("copydesk.cancel", json!({"runId": run})).expect("it is under way");
    }
    for agent in 0..AGENTS {
        client.progress(&format!("agent {agent}."));
    }
    client.finish();
    let (half, nearly_all) = spread(changed);
    line("change -> answer from the new text, 8 agents stream, median", half, 1.0, "ms");
    line("the same, 999 of 1 000 below", nearly_all, 1.0, "ms");
    let (half, nearly_all) = spread(still);
    println!("{:<62} {:>10}", "the same request with no change before it, median", format!("{half:.2} ms"));
    println!("{:<62} {:>10}", "  999 of 1 000 below", format!("{nearly_all:.2} ms"));
}

/// The middle of these times, and what 999 of 1 000 stay below.
fn spread(mut times: Vec<f64>) -> (f64, f64) {
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2], times[times.len() * 999 / 1000])
}

/// A cancel in the middle of an answer that goes on for ever.
fn cancels() {
    let rounds = 31;
    let stalled = || Reply::text("Let me think. ").end(End::Stall);
    let model = ModelServer::start(Format::Anthropic, (0..rounds).map(|_| stalled()));
    let workspace = workspace(&model).with([("a.py", "x = 1\n")]);
    let mut client = Client::start(personality::neovim_0_12(), &workspace);
    let uri = workspace.uri("a.py");
    client.open(&uri, "python", "x = 1\n");
    client.message_passed("workspace/configuration", 1);
    client.quiet("window/logMessage");
    client.quiet("window/showDocument");
    let (mut answered, mut closed) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let title = format!("round {round}.");
        let run = ask(&mut client, &uri, &title);
        model.wait_request(round);
        let begun = Instant::now();
        client.command("copydesk.cancel", json!({"runId": run})).expect("it is under way");
        answered.push(millis(begun.elapsed()));
        let end = model.wait_closed(round).closed.unwrap_or(begun);
        closed.push(millis(end.saturating_duration_since(begun)));
        client.progress(&title);
    }
    client.finish();
    line("cancel -> answered, median of 31", median(answered), 3.0, "ms");
    line("cancel -> the model's socket closed, median of 31", median(closed), 3.0, "ms");
}

fn ask(client: &mut Client, uri: &str, prompt: &str) -> Value {
    let range = client.range_of(uri, "x = 1");
    let argument = json!({"uri": uri, "range": range, "prompt": prompt, "action": "ask"});
    match client.command("copydesk.ask", argument) {
        Ok(answer) => answer["runId"].clone(),
        Err(error) => client.fail(&error.to_string()),
    }
}
