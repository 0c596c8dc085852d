//! Renames across files: versions for what is open, none for what is not, files where the client renames them.

use copydesk_tests::client::Client;
use copydesk_tests::personality::{Personality, helix_25_07, vs_code};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::{AGENT, CHILD, CHILD_TEXT, PARENT, PARENT_TEXT, ask, asked, covered, family};

/// What an editor does with the edit of a rename: buffers where it has them, files where it has not.
fn take(client: &mut Client, workspace: &Workspace, edit: &Value) {
    for change in edit["documentChanges"].as_array().cloned().unwrap_or_default() {
        if change["kind"] == "rename" {
            let path =
                |key: &str| change[key].as_str().unwrap_or_default().trim_start_matches("file://").to_owned();
            std::fs::rename(path("oldUri"), path("newUri"))
                .unwrap_or_else(|error| panic!("{change}: {error}"));
            continue;
        }
        let uri = change["textDocument"]["uri"].as_str().unwrap_or_default().to_owned();
        if change["textDocument"]["version"].is_i64() {
            assert_eq!(
                change["textDocument"]["version"],
                client.version(&uri),
                "the version it was computed against"
            );
            client.apply_own(&json!({"documentChanges": [change]}));
            continue;
        }
        let path = uri.trim_start_matches("file://").to_owned();
        let mut text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut edits = change["edits"].as_array().cloned().unwrap_or_default();
        edits.reverse();
        for edit in edits {
            let at = |end: &str| copydesk_tests::client::offset(&text, &edit["range"][end], client.encoding);
            let (Ok(start), Ok(end)) = (at("start"), at("end")) else { panic!("{edit}") };
            text.replace_range(start..end, edit["newText"].as_str().unwrap_or_default());
        }
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
    let _ = workspace;
}

#[test]
fn a_rename_goes_over_open_and_unopened_files_in_every_editor() {
    for personality in Personality::all() {
        eprintln!("--- {}", personality.name);
        let workspace = family();
        let prepares = personality.announces("/textDocument/rename/prepareSupport");
        let mut client = Client::start(personality, &workspace);
        let child = workspace.uri(CHILD);
        client.open(&child, "yaml", CHILD_TEXT);
        if prepares {
            let found = ask(&mut client, "textDocument/prepareRename", &child, "inputs.wö", json!({}));
            assert_eq!(found["placeholder"], "wörter");
            assert_eq!(covered(&client, CHILD_TEXT, &found["range"]), "wörter");
        }
        let edit =
            ask(&mut client, "textDocument/rename", &child, "inputs.wö", json!({"newName": "Wort-Zahl"}));
        take(&mut client, &workspace, &edit);
        let parent = PARENT_TEXT.replace("wörter", "Wort-Zahl");
        assert_eq!(workspace.read(PARENT), parent);
        let renamed =
            CHILD_TEXT.replace("inputs.wörter", "inputs['Wort-Zahl']").replace("  wörter:", "  Wort-Zahl:");
        assert_eq!(client.text(&child), renamed, "the comment keeps its word");
        client.diagnostic_codes(&child, &[]);
        client.finish();
    }
}

#[test]
fn an_agent_takes_its_file_along_where_the_client_renames_files() {
    for personality in Personality::all() {
        let workspace = family();
        let renames = personality
            .capabilities
            .pointer("/workspace/workspaceEdit/resourceOperations")
            .is_some_and(|kinds| kinds.to_string().contains("rename"));
        let mut client = Client::start(personality, &workspace);
        let parent = workspace.uri(PARENT);
        client.open(&parent, "yaml", PARENT_TEXT);
        let edit =
            ask(&mut client, "textDocument/rename", &parent, "agent: rev", json!({"newName": "critic"}));
        take(&mut client, &workspace, &edit);
        let file = if renames { ".copydesk/agents/critic.md" } else { AGENT };
        assert!(workspace.read(file).starts_with("---\nname: critic\n"), "{edit}");
        assert_eq!(workspace.exists(AGENT), !renames);
        assert_eq!(client.text(&parent), PARENT_TEXT.replace("agent: reviewer", "agent: critic"));
        client.finish();
    }
}

#[test]
fn what_cannot_be_renamed_whole_is_refused_in_words() {
    let workspace = family();
    let mut client = Client::start(vs_code(), &workspace);
    let parent = workspace.uri(PARENT);
    client.open(&parent, "yaml", PARENT_TEXT);
    for (needle, new, words) in [
        ("id: chi", "ask", "there is already a step 'ask'"),
        ("id: chi", "a b", "cannot be the name of a step"),
        ("parts/ch", "x", "this is the path of a file"),
        ("type: work", "x", "no name here"),
    ] {
        let params = asked(&client, &parent, needle, json!({"newName": new}));
        let error = client.err("textDocument/rename", params);
        assert!(error.message.contains(words), "{error:?}");
    }
    // The child on disk is broken: nothing is renamed by half.
    let params = asked(&client, &parent, "inputs: {wör", json!({"newName": "new"}));
    workspace.write(CHILD, &format!("{CHILD_TEXT}  - {{id: z,\n"));
    client.notify(
        "workspace/didChangeWatchedFiles",
        json!({"changes": [{"uri": workspace.uri(CHILD), "type": 2}]}),
    );
    let error = client.err("textDocument/rename", params);
    assert!(error.message.contains("has a syntax error in line"), "{error:?}");
    client.finish();
}

#[test]
fn a_rename_in_a_place_that_only_a_walk_finds_waits_for_the_walk() {
    let workspace = family();
    for at in 0..200 {
        workspace.write(&format!("elsewhere/{at}/notes.yaml"), "a: 1\n");
    }
    let far = "elsewhere/77/deep/far.yaml";
    workspace.write(
        far,
        "name: far\nsteps:\n  - id: c\n    type: workflow\n    path: ../../../flows/parts/child.yaml\n    inputs: {wörter: a}\n",
    );
    let mut client = Client::start(helix_25_07(), &workspace);
    let child = workspace.uri(CHILD);
    client.open(&child, "yaml", CHILD_TEXT);
    // While the one file is written and the other is not the two contradict each other, which may be marked.
    client.diagnostic_codes(&workspace.uri(far), &[]);
    let edit = ask(&mut client, "textDocument/rename", &child, "inputs.wö", json!({"newName": "words"}));
    take(&mut client, &workspace, &edit);
    client.diagnostic_codes(&workspace.uri(far), &[]);
    assert!(workspace.read(far).contains("inputs: {words: a}"), "{edit}");
    client.finish();
}
