//! Completion, hover and the outline, as each editor can show them.

use copydesk_tests::client::Client;
use copydesk_tests::personality::{Personality, eglot_1_9};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::{COPYDESK, in_four_editors};

const WORKFLOW: &str = ".copydesk/workflows/x.yaml";

const AGENT: &str = ".copydesk/agents/x.md";
const PROMPT: &str = ".copydesk/prompts/x.md";

/// A half-typed file with the cursor at `|`, a label that must be offered, and the text once it was taken.
const COMPLETIONS: &[(&str, &str, &str, &str)] = &[
    (
        AGENT,
        "---\nname: x\n---\n# Ä 😀\nAbout ${{ inp| }}.\n",
        "inputs",
        "---\nname: x\n---\n# Ä 😀\nAbout ${{ inputs }}.\n",
    ),
    (
        PROMPT,
        "---\nname: x\narguments: [tone]\n---\n# Ä 😀\nBe {{|\n",
        "tone",
        "---\nname: x\narguments: [tone]\n---\n# Ä 😀\nBe {{tone}}\n",
    ),
    (
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, if: \"'ä😀' == env.B\", type: sh|}\n",
        "shell",
        "name: x\nsteps:\n  - {id: a, if: \"'ä😀' == env.B\", type: shell}\n",
    ),
    (
        WORKFLOW,
        "name: x\nsteps:\n  - id: a\n    type: shell\n    run: a\n  - id: b\n    type: shell\n    run: b\n    needs: [|]\n",
        "a",
        "name: x\nsteps:\n  - id: a\n    type: shell\n    run: a\n  - id: b\n    type: shell\n    run: b\n    needs: [a]\n",
    ),
    (
        WORKFLOW,
        "name: x\ninputs:\n  who: {type: string}\nsteps:\n  - id: a\n    type: shell\n    run: \"😀 ${{ inputs.| }}\"\n",
        "who",
        "name: x\ninputs:\n  who: {type: string}\nsteps:\n  - id: a\n    type: shell\n    run: \"😀 ${{ inputs.who }}\"\n",
    ),
    // What brackets must hold takes the dot with it, which editors have to know to filter by it.
    (
        WORKFLOW,
        "name: x\nsteps:\n  - {id: my-s, type: shell, run: ls}\n  - {id: b, type: shell, run: \"😀 ${{ steps.m| }}\"}\n",
        "my-s",
        "name: x\nsteps:\n  - {id: my-s, type: shell, run: ls}\n  - {id: b, type: shell, run: \"😀 ${{ steps['my-s'] }}\"}\n",
    ),
    (
        WORKFLOW,
        "name: x\nsteps:\n  - {id: my-s, type: shell, run: ls}\n  - {id: b, type: shell, run: \"😀 ${{ steps.my-s.out| }}\"}\n",
        "output",
        "name: x\nsteps:\n  - {id: my-s, type: shell, run: ls}\n  - {id: b, type: shell, run: \"😀 ${{ steps['my-s'].output }}\"}\n",
    ),
];

#[test]
fn what_is_offered_fits_where_it_is_taken() {
    for (path, text, label, taken) in COMPLETIONS {
        let at = text.find('|').expect("a cursor");
        let text = text.replacen('|', "", 1);
        in_four_editors(path, &text, |client, uri| {
            let item = offered(client, uri, at, label);
            take(client, uri, at, &item);
            assert_eq!(client.text(uri), *taken);
        });
    }
}

#[test]
fn keys_are_offered_by_the_type_of_the_step() {
    let text = "name: x\nsteps:\n  - id: a\n    type: human\n    \n";
    in_four_editors(WORKFLOW, text, |client, uri| {
        let labels = labels(&completion(client, uri, text.len() - 1));
        assert!(labels.iter().any(|label| label == "message"), "{labels:?}");
        assert!(labels.iter().any(|label| label == "needs"), "{labels:?}");
        assert!(!labels.iter().any(|label| label == "run" || label == "id" || label == "type"), "{labels:?}");
    });
}

#[test]
fn a_client_without_snippets_gets_none() {
    for personality in Personality::all() {
        let workspace = Workspace::new(COPYDESK);
        let snippets = personality.announces("/textDocument/completion/completionItem/snippetSupport");
        let mut client = Client::start(personality, &workspace);
        let uri = workspace.uri(WORKFLOW);
        let text = "name: x\nsteps:\n  - id: a\n    type: shell\n    \n";
        client.open(&uri, "yaml", text);
        for item in completion(&mut client, &uri, text.len() - 1) {
            let is_snippet = item["insertTextFormat"] == 2;
            assert!(snippets || !is_snippet, "{item}");
            assert!(snippets || !item["textEdit"].to_string().contains("${"), "{item}");
        }
        client.finish();
    }
}

#[test]
fn hover_says_what_a_key_is_in_the_clients_own_format() {
    let text = "name: x\nsteps:\n  - {id: a, env: {A: \"ä😀\"}, type: shell, run: a}\n";
    in_four_editors(WORKFLOW, text, |client, uri| {
        let (start, key) = (text.find("run").expect("a key"), "run");
        let position = copydesk_tests::client::position(text, start + 1, client.encoding);
        let hover =
            client.ok("textDocument/hover", json!({"textDocument": {"uri": uri}, "position": position}));
        assert_eq!(client.text_of(uri, &hover["range"]), key, "{hover}");
        assert!(hover["contents"]["value"].as_str().is_some_and(|words| words.len() > 20), "{hover}");
        let formats = client.personality.capabilities.pointer("/textDocument/hover/contentFormat").cloned();
        let kind = if formats.is_some_and(|formats| formats.to_string().contains("markdown")) {
            "markdown"
        } else {
            "plaintext"
        };
        assert_eq!(hover["contents"]["kind"], kind, "{hover}");
    });
    let workspace = Workspace::new(COPYDESK);
    let mut client = Client::start(eglot_1_9(), &workspace);
    let uri = workspace.uri(WORKFLOW);
    client.open(&uri, "yaml", text);
    let position = client.position_after(&uri, "ru");
    let hover = client.ok("textDocument/hover", json!({"textDocument": {"uri": uri}, "position": position}));
    assert_eq!(hover["contents"]["kind"], "plaintext", "Emacs 28 announced only that: {hover}");
    assert!(!hover["contents"]["value"].to_string().contains("**"), "plain text has no markup: {hover}");
    client.finish();
}

#[test]
fn the_outline_is_nested_where_the_client_can_nest() {
    let text = "name: x\nsteps:\n  - id: first\n    type: shell\n    run: a\n  - id: second\n    type: human\n    message: b\n";
    in_four_editors(WORKFLOW, text, |client, uri| {
        let symbols = client.ok("textDocument/documentSymbol", json!({"textDocument": {"uri": uri}}));
        let symbols = symbols.as_array().cloned().unwrap_or_default();
        let nests =
            client.personality.announces("/textDocument/documentSymbol/hierarchicalDocumentSymbolSupport");
        let steps: Vec<Value> = if nests {
            let section = symbols.iter().find(|one| one["name"] == "steps").expect("a section for the steps");
            assert!(section["selectionRange"].is_object(), "{section}");
            section["children"].as_array().cloned().unwrap_or_default()
        } else {
            assert!(symbols.iter().all(|one| one["location"]["uri"] == uri), "flat symbols have a location");
            symbols.iter().filter(|one| one["containerName"] == "steps").cloned().collect()
        };
        let names: Vec<&str> = steps.iter().filter_map(|one| one["name"].as_str()).collect();
        assert_eq!(names, ["first", "second"]);
    });
}

fn completion(client: &mut Client, uri: &str, at: usize) -> Vec<Value> {
    let position = copydesk_tests::client::position(&client.text(uri), at, client.encoding);
    let answer = client.ok(
        "textDocument/completion",
        json!({"textDocument": {"uri": uri}, "position": position, "context": {"triggerKind": 1}}),
    );
    let items = if answer.is_array() { answer } else { answer["items"].clone() };
    items.as_array().cloned().unwrap_or_default()
}

fn labels(items: &[Value]) -> Vec<String> {
    items.iter().filter_map(|item| item["label"].as_str()).map(str::to_owned).collect()
}

fn offered(client: &mut Client, uri: &str, at: usize, label: &str) -> Value {
    let items = completion(client, uri, at);
    match items.iter().find(|item| item["label"] == label) {
        Some(item) => item.clone(),
        None => client.fail(&format!("{label:?} is not offered, only {:?}", labels(&items))),
    }
}

/// What an editor does when an item is chosen.
fn take(client: &mut Client, uri: &str, at: usize, item: &Value) {
    let edit = &item["textEdit"];
    let range = if edit["range"].is_object() { &edit["range"] } else { &edit["insert"] };
    assert!(range.is_object(), "an item says what it replaces: {item}");
    let cursor = copydesk_tests::client::position(&client.text(uri), at, client.encoding);
    assert_eq!(range["end"]["line"], cursor["line"], "on the cursor's line: {item}");
    let typed = client.text_of(uri, &json!({"start": range["start"], "end": cursor}));
    let filter = item["filterText"].as_str().or(item["label"].as_str()).unwrap_or_default();
    let mut letters = filter.chars();
    assert!(typed.chars().all(|c| letters.any(|letter| letter == c)), "{typed:?} hides it: {item}");
    let text = edit["newText"].as_str().unwrap_or_default();
    // Tab stops without a default are nothing, in text.
    let plain = ["$0", "$1", "$2"].iter().fold(text.to_owned(), |text, stop| text.replace(stop, ""));
    let change = json!({"changes": {uri: [{"range": range, "newText": plain}]}});
    client.apply_own(&change);
}
