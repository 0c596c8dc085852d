//! What changes a buffer: formatting in three ways, refactorings with and without new files, *fix all*.

use copydesk_tests::client::{self, Client};
use copydesk_tests::personality::{helix_25_07, vs_code};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::{COPYDESK, WORKFLOW, in_every_editor};

const CARELESS: &str = "name:   x\nsteps:\n    -   id:  a   # ä😀\n        type: shell\n        env: {A: \"ä😀\",B: b}  \n        run:    |\n           make   \n\n\n    -   id: b\n        type: shell\n        run: b";

const TIDY: &str = "name: x\nsteps:\n    - id: a   # ä😀\n      type: shell\n      env: {A: \"ä😀\", B: b}\n      run: |\n          make   \n\n    - id: b\n      type: shell\n      run: b\n";

fn options() -> Value {
    json!({"tabSize": 2, "insertSpaces": true})
}

/// What an editor does with the edits of a formatter.
fn take(client: &mut Client, uri: &str, edits: &Value) {
    assert!(edits.is_array(), "{edits}");
    client.apply_own(&json!({"changes": {uri: edits}}));
}

#[test]
fn a_file_is_laid_out_in_every_editors_own_units() {
    in_every_editor(CARELESS, |client, _, uri| {
        let params = json!({"textDocument": {"uri": uri}, "options": options()});
        let edits = client.ok("textDocument/formatting", params.clone());
        take(client, uri, &edits);
        assert_eq!(client.text(uri), TIDY);
        assert_eq!(
            client.ok("textDocument/formatting", params),
            json!([]),
            "a second time there is nothing to do"
        );
    });
}

#[test]
fn a_range_is_laid_out_and_nothing_else() {
    in_every_editor(CARELESS, |client, _, uri| {
        let range = client.range_of(uri, "id: b");
        let params = json!({"textDocument": {"uri": uri}, "range": range, "options": options()});
        let edits = client.ok("textDocument/rangeFormatting", params);
        take(client, uri, &edits);
        let at = CARELESS.find("    -   id: b").expect("the last step");
        let text = client.text(uri);
        assert_eq!(text[..at], CARELESS[..at]);
        assert_eq!(text[at..], *"    - id: b\n      type: shell\n      run: b\n");
    });
}

#[test]
fn a_new_line_starts_where_the_next_thing_goes() {
    in_every_editor("name: x\nsteps:\n  - id: a\n    env:\n", |client, _, uri| {
        let text = client.text(uri);
        // The editor broke the line and kept its indentation.
        let typed = format!("{text}    ");
        client.set_text(uri, &typed);
        let position = client::position(&typed, typed.len(), client.encoding);
        let params =
            json!({"textDocument": {"uri": uri}, "position": position, "ch": "\n", "options": options()});
        let edits = client.ok("textDocument/onTypeFormatting", params);
        take(client, uri, &edits);
        assert_eq!(client.text(uri), format!("{text}      "));
    });
}

const STEPS: &str = "name: x\ninputs:\n  who: {type: string}\nsteps:\n  - id: first\n    type: shell\n    run: make ä😀\n  - id: second\n    type: human\n    message: Hi ${{ inputs.who }} ${{ steps.first.status }}\n  - id: third\n    type: human\n    message: Well\n    needs: [second]\n";

#[test]
fn steps_are_extracted_to_a_file_of_their_own() {
    in_every_editor(STEPS, |client, workspace, uri| {
        let range = client.range_of(uri, "- id: second\n    type: human\n");
        let action = client.code_action(uri, &range, "extract the step");
        assert_eq!(action["kind"], "refactor.extract.copydesk", "{action}");
        client.quiet("window/logMessage");
        client.run_action(&action);
        client.edit(uri);
        let after = STEPS
            .replace("    type: human\n    message: Hi ${{ inputs.who }} ${{ steps.first.status }}\n", "    type: workflow\n    path: second_part.yaml\n    needs: [first]\n    inputs:\n      who: ${{ inputs.who }}\n      first_status: ${{ steps.first.status }}\n")
            .replace("- id: second", "- id: second_part")
            .replace("needs: [second]", "needs: [second_part]");
        client.wait_for_text(uri, &after);
        let made = workspace.read(".copydesk/workflows/second_part.yaml");
        assert!(made.contains("message: Hi ${{ inputs.who }} ${{ inputs.first_status }}"), "{made}");
        client.diagnostics(uri, "no findings", <[Value]>::is_empty);
        let ran = workspace.run(&["check", "--json", ".copydesk/workflows/second_part.yaml"]).exits(0);
        assert_eq!(ran.json()["warnings"], 0, "{ran}");
    });
}

#[test]
fn a_file_whose_editor_does_nothing_goes_again() {
    let workspace = Workspace::new(COPYDESK).with([(WORKFLOW, STEPS)]);
    let mut client = Client::start(helix_25_07(), &workspace);
    let uri = workspace.uri(WORKFLOW);
    client.open(&uri, "yaml", STEPS);
    client.hold("workspace/applyEdit");
    client.quiet("window/logMessage");
    let range = client.range_of(&uri, "- id: second\n    type: human\n");
    let action = client.code_action(&uri, &range, "extract the step");
    client.run_action(&action);
    let asked = client.message("workspace/applyEdit");
    assert!(workspace.exists(".copydesk/workflows/second_part.yaml"), "it is written first");
    client.reply(&asked, Ok(json!({"applied": false})));
    let path = workspace.path(".copydesk/workflows/second_part.yaml");
    client.wait("the file to go", |_| (!path.exists()).then_some(()));
    assert_eq!(client.text(&uri), STEPS);
    client.finish();
}

#[test]
fn a_missing_agent_is_created_and_the_finding_goes() {
    let text = "name: x\nsteps:\n  - id: a\n    type: llm\n    agent: writer\n    prompt: x\n";
    in_every_editor(text, |client, workspace, uri| {
        client.quiet("window/logMessage");
        let finding = client.diagnostic(uri, "unknown-agent");
        let action = client.code_action(uri, &finding["range"], "create the agent");
        client.run_action(&action);
        client.diagnostics(uri, "no findings", <[Value]>::is_empty);
        assert!(workspace.read(".copydesk/agents/writer.md").starts_with("---\nname: writer\n"));
        let _ = workspace.run(&["check", "--strict"]).exits(0);
        client.heard("window/showDocument");
    });
}

#[test]
fn what_changes_the_file_alone_carries_its_edit() {
    let text = "name: x\ninputs: {who: {type: string}}\nsteps:\n  - id: ä😀\n    type: human\n    message: inputs.who\n";
    in_every_editor(text, |client, _, uri| {
        let range = client.range_of(uri, "inputs.who");
        let action = client.code_action(uri, &range, "write '${{ }}' around it");
        client.apply_own(&action["edit"]);
        assert_eq!(client.text(uri), text.replace("inputs.who\n", "${{ inputs.who }}\n"));
    });
}

#[test]
fn all_that_is_safe_is_fixed_at_once_resolved_later_where_that_is_wanted() {
    let text = "name: x\nsteps:\n  - id: \"ä😀\"\n    typ: shel\n    rnu: a\n";
    for personality in [vs_code(), helix_25_07()] {
        let resolves = personality.announces("/textDocument/codeAction/dataSupport");
        let workspace = Workspace::new(COPYDESK).with([(WORKFLOW, text)]);
        let mut client = Client::start(personality, &workspace);
        let uri = workspace.uri(WORKFLOW);
        client.open(&uri, "yaml", text);
        let nothing = json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}});
        let actions = client.code_actions(&uri, &nothing, Some("source.fixAll"));
        assert_eq!(actions.len(), 1, "{actions:?}");
        let mut action = actions[0].clone();
        assert_eq!(action["kind"], "source.fixAll.copydesk");
        if resolves {
            assert!(action["edit"].is_null(), "{action}");
            action = client.ok("codeAction/resolve", action);
        }
        client.apply_own(&action["edit"]);
        assert_eq!(client.text(&uri), text.replace("typ: shel", "type: shell").replace("rnu", "run"));
        assert!(
            client.code_actions(&uri, &nothing, Some("source.fixAll")).is_empty(),
            "there is nothing left"
        );
        client.finish();
    }
}

/// Files of others have formatters of their own, mostly: they are laid out where the settings say so.
#[test]
fn files_of_others_are_laid_out_where_somebody_wants_it() {
    let config = "format: ['conf/**', '*.toml']\n";
    let workspace = Workspace::new(COPYDESK).with([(".copydesk/config.yaml", config)]);
    let mut client = Client::start(vs_code(), &workspace);
    let table: &[(&str, &str, &str, Option<&str>)] = &[
        ("conf/a.json", "json", "{\n\"ä😀\":1 , // c\n}", Some("{\n  \"ä😀\": 1, // c\n}\n")),
        ("b.toml", "toml", "a=[\n1 ,2, # c\n]\n", Some("a = [\n  1, 2, # c\n]\n")),
        ("conf/c.yaml", "yaml", "a:   b  # c\nl:\n- x\n", Some("a: b  # c\nl:\n- x\n")),
        ("d.json", "json", "{\n\"a\":1}", None),
        ("e.yaml", "yaml", "a:   b\n", None),
    ];
    for (path, language, text, expected) in table {
        let uri = workspace.uri(path);
        client.open(&uri, language, text);
        let params = json!({"textDocument": {"uri": uri}, "options": options()});
        let edits = client.ok("textDocument/formatting", params);
        match expected {
            Some(expected) => {
                take(&mut client, &uri, &edits);
                assert_eq!(client.text(&uri), *expected, "{path}");
            }
            None => assert_eq!(edits, Value::Null, "{path}"),
        }
    }
    client.finish();
}
