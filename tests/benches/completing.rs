//! How long ghost text takes that is not the model's time: over a model without any delay, and for an answer that is
//! known. `cargo bench -p copydesk --bench completing` prints it.
//!
//! Wall time at the client, from the request's last byte to its answer read, with the real binary and a model server on
//! loopback. Asked by hand, so that no pause is in it.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

#[path = "table/mod.rs"]
mod table;

use std::time::Instant;

use copydesk_tests::client::{Client, position};
use copydesk_tests::model_server::{Delivery, Format, MODEL, ModelServer, Reply};
use copydesk_tests::personality;
use copydesk_tests::workspace::Workspace;
use serde_json::json;
use table::{line, median, millis};

const COPYDESK: &str = env!("CARGO_BIN_EXE_copydesk");
const ROUNDS: usize = 101;

fn main() {
    println!("{:<62} {:>10} {:>10}", "what", "measured", "reach");
    for (format, name, word) in [
        (Format::OllamaHole, "Ollama", ""),
        (Format::Completions, "completions with suffix", ", format: completions"),
        (Format::OpenaiChat, "in words", ""),
    ] {
        measure(format, name, word);
    }
}

fn measure(format: Format, name: &str, word: &str) {
    let text = if format == Format::OpenaiChat { "<fill>some_words(x)</fill>" } else { "some_words(x)" };
    let reply = || Reply::text(text).delivery(Delivery::AtOnce);
    let model = ModelServer::start(format, (0..ROUNDS).map(|_| reply()));
    let workspace = Workspace::new(COPYDESK)
        .with_user_config(&format!(
            "providers:\n  bench: {{kind: {}, base_url: \"{}\"}}\ncompletion: {{model: bench/{MODEL}{word}}}\n",
            format.kind(),
            model.base_url()
        ))
        .with([("a.py", "")]);
    let mut client = Client::start(personality::neovim_0_12(), &workspace);
    let uri = workspace.uri("a.py");
    // A file as they are: 2 000 lines, and each round writes on at its end.
    let functions = (0..500).map(|at| format!("def f{at}(x):\n    return x + {at}\n\n\n"));
    let mut end = functions.collect::<Vec<_>>().concat();
    client.open(&uri, "python", &end);
    let (mut asked, mut known) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        write(&mut client, &uri, &mut end, &format!("y{round} = "));
        asked.push(ask(&mut client, &uri, &end, "some_words(x)"));
        write(&mut client, &uri, &mut end, "some_");
        known.push(ask(&mut client, &uri, &end, "words(x)"));
        write(&mut client, &uri, &mut end, "\n");
    }
    line(&format!("asked, {name}, median of {ROUNDS}"), median(asked), 4.0, "ms");
    line(&format!("typed through, {name}, median of {ROUNDS}"), median(known), 0.3, "ms");
    client.finish();
}

/// Types at the end of the file.
fn write(client: &mut Client, uri: &str, text: &mut String, more: &str) {
    client.type_over(uri, text.len(), text.len(), more);
    text.push_str(more);
}

/// How long it takes until this suggestion is there, in milliseconds.
fn ask(client: &mut Client, uri: &str, text: &str, expect: &str) -> f64 {
    let params = json!({
        "textDocument": {"uri": uri},
        "position": position(text, text.len(), client.encoding),
        "context": {"triggerKind": 1},
    });
    let begun = Instant::now();
    let answer = client.ok("textDocument/inlineCompletion", params);
    let took = millis(begun.elapsed());
    if answer[0]["insertText"] != expect {
        client.fail(&format!("{expect:?} was expected, not {answer}"));
    }
    took
}
