//! What the server offers, to whom, and what it says to what it does not know.

use copydesk_tests::client::Client;
use copydesk_tests::personality::{self, Diagnostics, Personality};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::COPYDESK;

/// Commands of the contract that this slice builds.
const COMMANDS: &[&str] = &[
    "copydesk.ask",
    "copydesk.cancel",
    "copydesk.approve",
    "copydesk.change.apply",
    "copydesk.change.reject",
    "copydesk.change.show",
    "copydesk.answer",
    "copydesk.steer",
    "copydesk.retry",
    "copydesk.rewind",
    "copydesk.undo",
    "copydesk.redo",
    "copydesk.mode.set",
    "copydesk.model.set",
    "copydesk.trust",
    "copydesk.doctor",
];

#[test]
fn every_client_is_offered_what_it_can_use() {
    for personality in Personality::all() {
        let workspace = Workspace::new(COPYDESK);
        let name = personality.name;
        let (spoken, diagnostics) = (personality.encodings(), personality.diagnostics());
        let client = Client::start(personality, &workspace);
        let offered = &client.server["capabilities"];
        assert_eq!(client.server["serverInfo"]["name"], "copydesk", "{name}");
        assert!(spoken.contains(&client.encoding), "{name} does not speak {:?}", client.encoding);
        assert_eq!(client.encoding, spoken[0], "{name} gets what it likes best");
        let sync = &offered["textDocumentSync"];
        assert!(*sync == json!(2) || sync["change"] == 2, "{name}: incremental sync, not {sync}");
        let pulls = !offered["diagnosticProvider"].is_null();
        assert_eq!(
            pulls,
            diagnostics == Diagnostics::Pull,
            "{name}: pull only for who can be told to pull again"
        );
        for provider in ["hoverProvider", "completionProvider", "documentSymbolProvider"] {
            assert!(!offered[provider].is_null() && offered[provider] != false, "{name}: no {provider}");
        }
        let kinds = words(&offered["codeActionProvider"]["codeActionKinds"]);
        for kind in ["quickfix", "refactor.rewrite.copydesk", "source.copydesk"] {
            assert!(kinds.contains(&kind), "{name}: {kind} is not among {kinds:?}");
        }
        let commands = words(&offered["executeCommandProvider"]["commands"]);
        for command in COMMANDS {
            assert!(commands.contains(command), "{name}: {command} is not among {commands:?}");
        }
        assert!(commands.iter().all(|one| one.starts_with("copydesk.") && !one.starts_with("copydesk.ui.")));
        client.finish();
    }
}

#[test]
fn nothing_is_done_before_initialize_and_it_comes_once() {
    let workspace = Workspace::new(COPYDESK);
    let mut client = Client::spawn(personality::vs_code(), &workspace, &["lsp"]);
    let uri = workspace.uri("a.workflow.yaml");
    let early = client.err(
        "textDocument/hover",
        json!({"textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}}),
    );
    assert_eq!(early.code, -32002, "{early}");
    client.notify(
        "textDocument/didOpen",
        json!({"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": "x"}}),
    );
    client.initialize();
    let params = client.initialize_params(None);
    let again = client.err("initialize", params);
    assert_eq!(again.code, -32600, "{again}");
    client.finish();
}

#[test]
fn what_it_does_not_know_is_said_clearly() {
    let workspace = Workspace::new(COPYDESK);
    let mut client = Client::start(personality::neovim_0_12(), &workspace);
    let error = client.err("textDocument/levitate", json!({}));
    assert_eq!(error.code, -32601, "{error}");
    let error = client.err("$/levitate", json!({}));
    assert_eq!(error.code, -32601, "{error}");
    client.notify("$/levitate", json!({}));
    client.notify("textDocument/didLevitate", json!({}));
    for (command, argument) in [("copydesk.levitate", json!({})), ("other.command", json!({}))] {
        let error = client.command(command, argument).expect_err("an unknown command must be refused");
        assert!(matches!(error.code, -32601 | -32602), "{error}");
        assert!(error.message.contains(command), "the message names the command: {error}");
    }
    client.finish();
}

#[test]
fn wrong_arguments_of_commands_are_refused_with_words() {
    let workspace = Workspace::new(COPYDESK).with([("a.py", "x = 1\n")]);
    let mut client = Client::start(personality::helix_25_07(), &workspace);
    let uri = workspace.uri("a.py");
    client.open(&uri, "python", "x = 1\n");
    let range = json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}});
    let table: &[(&str, Value)] = &[
        ("copydesk.ask", json!({})),
        ("copydesk.ask", json!("text")),
        ("copydesk.ask", json!({"uri": uri})),
        ("copydesk.ask", json!({"uri": 5, "range": range})),
        ("copydesk.ask", json!({"uri": uri, "range": range})),
        ("copydesk.ask", json!({"uri": uri, "range": range, "prompt": "x", "action": "levitate"})),
        ("copydesk.cancel", json!({})),
        ("copydesk.approve", json!({"approvalId": "apr-none", "decision": "perhaps"})),
        ("copydesk.approve", json!({"approvalId": "apr-none", "decision": "once"})),
        ("copydesk.change.apply", json!({"changeId": "chg-none"})),
        ("copydesk.undo", json!({"runId": "run-none"})),
        ("copydesk.mode.set", json!({"mode": "bypass"})),
        ("copydesk.mode.set", json!({"mode": "merry"})),
        ("copydesk.model.set", json!({"model": "nobody/m"})),
        ("copydesk.model.set", json!({"model": ""})),
        ("copydesk.model.set", json!({"model": " "})),
        ("copydesk.model.set", json!({"model": "ollama/\nm"})),
    ];
    for (command, argument) in table {
        match client.command(command, argument.clone()) {
            Err(error) => {
                assert_eq!(error.code, -32602, "{command} {argument}: {error}");
                assert!(error.message.len() > 10, "{command} {argument} has no words: {error}");
            }
            Ok(result) => panic!("{command} {argument} must be refused, and was answered {result}"),
        }
    }
    // No arguments at all, and too many.
    for arguments in [Value::Null, json!([]), json!([{}, {}])] {
        let error = client
            .err("workspace/executeCommand", json!({"command": "copydesk.ask", "arguments": arguments}));
        assert_eq!(error.code, -32602, "{arguments}: {error}");
    }
    client.finish();
}

#[test]
fn what_is_told_of_models_knows_the_one_that_was_chosen() {
    let workspace = Workspace::new(COPYDESK).with([("a.py", "x = 1\n")]);
    let mut client = Client::start(personality::helix_25_07(), &workspace);
    let told = |client: &mut Client| {
        let models = client.command("copydesk.models", json!({})).unwrap();
        let doctor = client.command("copydesk.doctor", json!({})).unwrap();
        let checks = doctor["checks"].as_array().cloned().unwrap_or_default();
        let model = checks.into_iter().find(|check| check["name"] == "model").unwrap_or_default();
        (models["active"]["model"].clone(), model["detail"].as_str().unwrap_or_default().to_owned())
    };
    let before = told(&mut client);
    let _ = client.command("copydesk.model.set", json!({"model": "anthropic/chosen"})).unwrap();
    let (active, detail) = told(&mut client);
    assert_eq!(active, "anthropic/chosen");
    assert!(detail.starts_with("anthropic/chosen ("), "{detail}");
    // Blanks around a name are none of it.
    let answer = client.command("copydesk.model.set", json!({"model": " anthropic/ other\u{a0}"})).unwrap();
    assert_eq!(answer, json!({"model": "anthropic/other"}));
    let _ = client.command("copydesk.model.set", json!({"model": null})).unwrap();
    assert_eq!(told(&mut client), before);
    client.finish();
}

fn words(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
