//! A change in a child marks its parents: open ones and ones that nobody opened.

use copydesk_tests::client::Client;
use copydesk_tests::personality::{Personality, helix_25_07};
use serde_json::{Value, json};

use crate::{AGENT, CHILD, CHILD_TEXT, PARENT, PARENT_TEXT, family};

#[test]
fn a_parent_is_marked_while_its_child_is_typed() {
    for personality in Personality::all() {
        eprintln!("--- {}", personality.name);
        let workspace = family();
        let mut client = Client::start(personality, &workspace);
        let (parent, child) = (workspace.uri(PARENT), workspace.uri(CHILD));
        client.open(&parent, "yaml", PARENT_TEXT);
        client.open(&child, "yaml", CHILD_TEXT);
        client.diagnostic_codes(&parent, &[]);
        client.replace(&child, "  wörter:", "  worte:");
        let found = client.diagnostic_codes(&parent, &["missing-key", "unknown-input"]);
        assert_eq!(client.text_of(&parent, &found[1]["range"]), "wörter", "{found:?}");
        client.replace(&child, "  worte:", "  wörter:");
        client.diagnostic_codes(&parent, &[]);
        client.finish();
    }
}

#[test]
fn a_parent_that_nobody_opened_is_marked_too_and_cleared_again() {
    for personality in Personality::all() {
        eprintln!("--- {}", personality.name);
        let workspace = family();
        let mut client = Client::start(personality, &workspace);
        client.quiet("textDocument/publishDiagnostics");
        let (parent, child) = (workspace.uri(PARENT), workspace.uri(CHILD));
        client.open(&child, "yaml", CHILD_TEXT);
        // Asked once, so that the walk is done.
        client.ok("workspace/symbol", json!({"query": "child"}));
        client.replace(&child, "  wörter:", "  worte:");
        let shown = |client: &mut Client, fits: &dyn Fn(&[Value]) -> bool| {
            client.wait("diagnostics of the parent", |client| {
                let pushed = client.pushed(&parent);
                fits(&pushed).then_some(pushed)
            })
        };
        let found = shown(&mut client, &|now| !now.is_empty());
        assert!(found.iter().all(|one| one["source"] == "copydesk"), "{found:?}");
        client.replace(&child, "  worte:", "  wörter:");
        shown(&mut client, &<[Value]>::is_empty);
        client.finish();
    }
}

#[test]
fn what_changes_on_disk_counts_with_and_without_a_watcher() {
    for personality in Personality::all() {
        eprintln!("--- {}", personality.name);
        let workspace = family();
        let watches = personality.announces("/workspace/didChangeWatchedFiles/dynamicRegistration");
        let mut client = Client::start(personality, &workspace);
        let parent = workspace.uri(PARENT);
        client.open(&parent, "yaml", PARENT_TEXT);
        client.diagnostic_codes(&parent, &[]);
        workspace.write(CHILD, &CHILD_TEXT.replace("  wörter:", "  worte:"));
        if watches {
            client.message_passed("client/registerCapability", 1);
            let changes = json!({"changes": [{"uri": workspace.uri(CHILD), "type": 2}]});
            client.notify("workspace/didChangeWatchedFiles", changes);
        } else {
            client.save(&parent, &workspace.path(PARENT));
        }
        client.diagnostics(&parent, "the lost input", |now| !now.is_empty());
        client.finish();
    }
}

#[test]
fn an_agent_that_comes_is_known() {
    let workspace = family();
    let text = std::fs::read_to_string(workspace.path(AGENT)).unwrap_or_default();
    std::fs::remove_file(workspace.path(AGENT)).unwrap_or_else(|error| panic!("{error}"));
    let mut client = Client::start(helix_25_07(), &workspace);
    let parent = workspace.uri(PARENT);
    client.open(&parent, "yaml", PARENT_TEXT);
    let found = client.diagnostics(&parent, "no such agent", |now| !now.is_empty());
    assert_eq!(client.text_of(&parent, &found[0]["range"]), "reviewer");
    workspace.write(AGENT, &text);
    let changes = json!({"changes": [{"uri": workspace.uri(AGENT), "type": 1}]});
    client.notify("workspace/didChangeWatchedFiles", changes);
    client.diagnostic_codes(&parent, &[]);
    client.finish();
}
