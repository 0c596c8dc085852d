//! What is seen and changes nothing: folds, selections, colors, hints.

use copydesk_tests::client::{self, Client};
use copydesk_tests::personality;
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::{COPYDESK, WORKFLOW, in_every_editor};

const TEXT: &str = "# one\n# two\nname: x\nsteps:\n  - id: a\n    type: shell\n    env: {A: \"ä😀\"}\n    run: |\n      echo ä😀 ${{ 'ä😀' + env.A }}\n      done\n  - id: b\n    type: llm\n    agent: keystone-architect\n    prompt: ä😀 ${{ steps.a.output }}\n";

#[test]
fn folds_are_lines_of_the_file() {
    in_every_editor(TEXT, |client, _, uri| {
        let folds = client.ok("textDocument/foldingRange", json!({"textDocument": {"uri": uri}}));
        let folds: Vec<(u64, u64, Value)> = folds
            .as_array()
            .into_iter()
            .flatten()
            .map(|fold| {
                (
                    fold["startLine"].as_u64().unwrap_or(99),
                    fold["endLine"].as_u64().unwrap_or(99),
                    fold["kind"].clone(),
                )
            })
            .collect();
        let plain = Value::Null;
        assert_eq!(
            folds,
            [
                (0, 1, json!("comment")),
                (3, 13, plain.clone()),
                (4, 9, plain.clone()),
                (7, 9, plain.clone()),
                (10, 13, plain),
            ]
        );
    });
}

#[test]
fn a_selection_grows_in_the_clients_own_units() {
    in_every_editor(TEXT, |client, _, uri| {
        let at = TEXT.find("steps.a.output").expect("the place") + 7;
        let position = client::position(TEXT, at, client.encoding);
        let answer = client.ok(
            "textDocument/selectionRange",
            json!({"textDocument": {"uri": uri}, "positions": [position, {"line": 0, "character": 0}]}),
        );
        assert_eq!(answer.as_array().map(Vec::len), Some(2), "one for each place: {answer}");
        let mut texts = Vec::new();
        let mut here = answer[0].clone();
        while here.is_object() {
            texts.push(client.text_of(uri, &here["range"]));
            here = here["parent"].clone();
        }
        assert_eq!(texts[..3], ["a", "steps.a", "steps.a.output"]);
        assert_eq!(texts.last().map(String::as_str), Some(TEXT));
    });
}

/// The colored words of an answer, in their order.
fn words(client: &mut Client, uri: &str, data: &Value) -> Vec<(String, u64)> {
    let numbers: Vec<u64> = data.as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
    let (mut line, mut character) = (0, 0);
    let mut words = Vec::new();
    for token in numbers.chunks(5) {
        let [lines, start, length, kind, _] = token else { panic!("five numbers each: {data}") };
        (line, character) = if *lines == 0 { (line, character + start) } else { (line + lines, *start) };
        let range = json!({"start": {"line": line, "character": character}, "end": {"line": line, "character": character + length}});
        words.push((client.text_of(uri, &range), *kind));
    }
    words
}

#[test]
fn words_have_colors_and_changes_are_small() {
    in_every_editor(TEXT, |client, _, uri| {
        let document = json!({"uri": uri});
        let full = client.ok("textDocument/semanticTokens/full", json!({"textDocument": document}));
        let all = words(client, uri, &full["data"]);
        for word in ["steps", "id", "shell", "'ä😀'", "+", "env", "${{", "}}", "output", "keystone-architect"]
        {
            assert!(all.iter().any(|(text, _)| text == word), "{word}: {all:?}");
        }
        let range = client.range_of(uri, "steps.a.output");
        let part =
            client.ok("textDocument/semanticTokens/range", json!({"textDocument": document, "range": range}));
        let part = words(client, uri, &part["data"]);
        let names: Vec<&str> = part.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(names, ["steps", "a", "output"]);

        client.replace(uri, "steps.a.output", "steps.a.status + 1");
        let params = json!({"textDocument": document, "previousResultId": full["resultId"]});
        let delta = client.ok("textDocument/semanticTokens/full/delta", params);
        let mut numbers: Vec<Value> = full["data"].as_array().cloned().unwrap_or_default();
        let edits = delta["edits"].as_array().cloned().unwrap_or_default();
        assert_eq!(edits.len(), 1, "{delta}");
        let at = |name: &str| edits[0][name].as_u64().and_then(|at| usize::try_from(at).ok()).unwrap_or(0);
        let come = edits[0]["data"].as_array().cloned().unwrap_or_default();
        assert!(come.len() <= 20, "only what changed: {delta}");
        numbers.splice(at("start")..at("start") + at("deleteCount"), come);
        let fresh = client.ok("textDocument/semanticTokens/full", json!({"textDocument": document}));
        assert_eq!(Value::Array(numbers), fresh["data"]);
        // A name that nobody gave is answered with everything.
        let params = json!({"textDocument": document, "previousResultId": "nothing"});
        assert!(client.ok("textDocument/semanticTokens/full/delta", params)["data"].is_array());
    });
}

#[test]
fn hints_stand_in_their_range() {
    in_every_editor(TEXT, |client, _, uri| {
        let whole = json!({"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}});
        let hints =
            client.ok("textDocument/inlayHint", json!({"textDocument": {"uri": uri}, "range": whole}));
        let shown: Vec<(&str, u64)> = hints
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|hint| Some((hint["label"].as_str()?, hint["position"]["line"].as_u64()?)))
            .collect();
        assert_eq!(shown, [("waits for a", 10), ("≤ 10 requests", 11)]);
        assert!(
            hints[0]["tooltip"]["value"].as_str().is_some_and(|words| words.contains("`needs`")),
            "{hints}"
        );
        let head = json!({"start": {"line": 0, "character": 0}, "end": {"line": 3, "character": 0}});
        let hints = client.ok("textDocument/inlayHint", json!({"textDocument": {"uri": uri}, "range": head}));
        assert_eq!(hints, json!([]));
    });
}

/// Prices are the binary's: its bundled table, the config.
#[test]
fn hints_tell_the_worst_case_in_dollars() {
    let config = "default_model: bench/m\nproviders:\n  bench:\n    kind: openai-chat\n    base_url: \"http://127.0.0.1:9\"\n    models:\n      m: {price: {input: 1, output: 5}, context_window: 120000, output_limit: 20000}\n";
    let workspace = Workspace::new(COPYDESK).with([(WORKFLOW, TEXT)]).with_user_config(config);
    let mut client = Client::start(personality::neovim_0_12(), &workspace);
    let uri = workspace.uri(WORKFLOW);
    client.open(&uri, "yaml", TEXT);
    let whole = json!({"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}});
    let hints = client.ok("textDocument/inlayHint", json!({"textDocument": {"uri": uri}, "range": whole}));
    let labels: Vec<&str> =
        hints.as_array().into_iter().flatten().filter_map(|hint| hint["label"].as_str()).collect();
    assert_eq!(labels, ["waits for a", "≤ 10 requests, ≤ $2.00", "bench/m"]);
    client.finish();
}
