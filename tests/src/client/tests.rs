//! The client itself, against servers of a few lines: a bench that cannot fail proves nothing.

use serde_json::json;

use super::*;
use crate::personality;

/// A server that answers `initialize` and `shutdown`, says `between` in between, and leaves.
fn story(personality: Personality, between: &[Value], tell: impl FnOnce(&mut Client)) {
    told(personality, None, between, tell);
}

fn told(personality: Personality, held: Option<&str>, between: &[Value], tell: impl FnOnce(&mut Client)) {
    let workspace = Workspace::new("/bin/bash");
    let mut messages = vec![json!({"jsonrpc": "2.0", "id": 1, "result": {"capabilities": {}}})];
    messages.extend(between.iter().cloned());
    messages.push(json!({"jsonrpc": "2.0", "id": 2, "result": null}));
    let bytes: Vec<u8> = messages.iter().flat_map(|message| frame(message.to_string().as_bytes())).collect();
    workspace.write_bytes("said", &bytes);
    // It says everything at once, and ends when it is told to exit.
    let script = r#"cat said; while IFS= read -r -d } part; do case $part in *'"exit"'*) exit;; esac; done"#;
    let mut client = Client::spawn(personality, &workspace, &["-c", script]);
    if let Some(method) = held {
        client.hold(method);
    }
    client.initialize();
    tell(&mut client);
    client.finish();
}

#[test]
fn a_story_without_faults_ends_well() {
    story(
        personality::vs_code(),
        &[json!({"jsonrpc": "2.0", "method": "window/logMessage", "params": {}})],
        |_| {},
    );
}

#[test]
#[should_panic(expected = "nobody looked at window/showMessage")]
fn an_unread_message_fails() {
    let message =
        json!({"jsonrpc": "2.0", "method": "window/showMessage", "params": {"type": 1, "message": "oh"}});
    story(personality::vs_code(), &[message], |_| {});
}

#[test]
fn a_message_that_was_looked_at_passes() {
    let message =
        json!({"jsonrpc": "2.0", "method": "window/showMessage", "params": {"type": 1, "message": "oh"}});
    story(personality::vs_code(), &[message], |client| {
        assert_eq!(client.message("window/showMessage").params["message"], "oh");
    });
}

#[test]
#[should_panic(expected = "an answer to no open request")]
fn a_second_answer_fails() {
    story(personality::vs_code(), &[json!({"jsonrpc": "2.0", "id": 1, "result": {}})], |_| {});
}

#[test]
#[should_panic(expected = "progress for a token that nobody made")]
fn progress_without_a_token_fails() {
    let params = json!({"token": 7, "value": {"kind": "begin", "title": "x"}});
    story(
        personality::vs_code(),
        &[json!({"jsonrpc": "2.0", "method": "$/progress", "params": params})],
        |_| {},
    );
}

#[test]
#[should_panic(expected = "never announced /window/workDoneProgress")]
fn what_was_not_announced_fails() {
    let message = json!({"jsonrpc": "2.0", "id": 9, "method": "window/workDoneProgress/create", "params": {"token": 7}});
    story(personality::eglot_1_9(), &[message], |_| {});
}

#[test]
#[should_panic(expected = "an edit without a version")]
fn an_edit_without_a_version_fails() {
    let document = json!({"uri": "file:///x", "version": null});
    let edit = json!({"documentChanges": [{"textDocument": document, "edits": []}]});
    let message =
        json!({"jsonrpc": "2.0", "id": 9, "method": "workspace/applyEdit", "params": {"edit": edit}});
    story(personality::vs_code(), &[message], |client| {
        client.message("workspace/applyEdit");
    });
}

#[test]
#[should_panic(expected = "processes were left behind")]
fn a_child_left_behind_fails() {
    let workspace = Workspace::new("/bin/sh");
    let client =
        Client::spawn(personality::vs_code(), &workspace, &["-c", "sleep 7 >/dev/null 2>&1 </dev/null &"]);
    client.ends();
}

#[test]
#[should_panic(expected = "dropped without finish()")]
fn a_forgotten_client_fails() {
    let workspace = Workspace::new("/bin/sh");
    drop(Client::spawn(personality::vs_code(), &workspace, &["-c", "cat"]));
}

#[test]
fn edits_are_applied_in_the_clients_own_way() {
    for personality in Personality::all() {
        let name = personality.name;
        let version = personality.first_version;
        let uri = "file:///x";
        let range = json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}});
        let edit = |id: i64, version: i32| {
            let edits = json!([{"range": range, "newText": "bb"}]);
            let edit = json!({"documentChanges": [{"textDocument": {"uri": uri, "version": version}, "edits": edits}]});
            json!({"jsonrpc": "2.0", "id": id, "method": "workspace/applyEdit", "params": {"edit": edit}})
        };
        // The first fits, the second is outdated by the first.
        told(personality, Some("workspace/applyEdit"), &[edit(8, version), edit(9, version)], |client| {
            client.open(uri, "text", "ä\n");
            let first = client.edit(uri);
            client.react(&first);
            assert_eq!(client.text(uri), "bb\n", "{name}");
            let second = client.edit(uri);
            client.react(&second);
            let unchecked =
                client.personality.edits == crate::personality::Edits::SkipsAndLies && version == 0;
            assert_eq!(client.text(uri), if unchecked { "bbb\n" } else { "bb\n" }, "{name}");
        });
    }
}
