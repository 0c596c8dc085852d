//! Definitions, references, highlights, links, symbols and lenses.

use copydesk_tests::client::Client;
use copydesk_tests::personality::{Personality, eglot_1_17, vs_code};
use serde_json::{Value, json};

use crate::{AGENT, AGENT_TEXT, CHILD, CHILD_TEXT, PARENT, PARENT_TEXT, ask, covered, family};

#[test]
fn a_name_leads_into_files_that_nobody_opened() {
    for personality in Personality::all() {
        let workspace = family();
        let links = personality.announces("/textDocument/definition/linkSupport");
        let mut client = Client::start(personality, &workspace);
        let (parent, child, agent) = (workspace.uri(PARENT), workspace.uri(CHILD), workspace.uri(AGENT));
        client.open(&parent, "yaml", PARENT_TEXT);
        for (needle, uri, text, name) in [
            ("inputs: {wör", &child, CHILD_TEXT, "wörter"),
            ("outputs.s", &child, CHILD_TEXT, "sum"),
            ("parts/ch", &child, CHILD_TEXT, "child"),
            ("agent: rev", &agent, AGENT_TEXT, "reviewer"),
            ("${{ inputs.w", &parent, PARENT_TEXT, "who"),
        ] {
            let found = ask(&mut client, "textDocument/definition", &parent, needle, json!({}));
            let [place] = &found.as_array().cloned().unwrap_or_default()[..] else {
                panic!("one place: {found}")
            };
            let (key, range) = if links { ("targetUri", "targetSelectionRange") } else { ("uri", "range") };
            assert_eq!(place[key], **uri, "{needle}: {place}");
            assert_eq!(covered(&client, text, &place[range]), name, "{needle}: {place}");
            if links {
                let origin = client.text_of(&parent, &place["originSelectionRange"]);
                assert!(!origin.contains([' ', '\n', '"']), "{origin}");
            }
        }
        client.finish();
    }
}

#[test]
fn references_are_found_in_files_that_nobody_opened() {
    for personality in Personality::all() {
        let workspace = family();
        let mut client = Client::start(personality, &workspace);
        let (parent, child) = (workspace.uri(PARENT), workspace.uri(CHILD));
        client.open(&child, "yaml", CHILD_TEXT);
        let context = json!({"context": {"includeDeclaration": true}});
        let found = ask(&mut client, "textDocument/references", &child, "outputs:\n  su", context);
        let places = found.as_array().cloned().unwrap_or_default();
        let shown: Vec<(bool, String)> = places
            .iter()
            .map(|place| {
                let is_parent = place["uri"] == *parent;
                let text = if is_parent { PARENT_TEXT } else { CHILD_TEXT };
                (is_parent, covered(&client, text, &place["range"]))
            })
            .collect();
        let sum = |is_parent| (is_parent, "sum".to_owned());
        assert_eq!(shown, [sum(true), sum(true), sum(false)], "{found}");
        let lit = ask(&mut client, "textDocument/documentHighlight", &child, "inputs.wör", json!({}));
        let kinds: Vec<&Value> = lit.as_array().into_iter().flatten().map(|one| &one["kind"]).collect();
        assert_eq!(kinds, [3, 2], "written once, read once: {lit}");
        client.finish();
    }
}

#[test]
fn an_agent_is_found_from_its_own_file() {
    const NAMELESS: &str = "---\ndescription: reads\n---\nRead ${{ inputs.who }} 😀.\n";
    for personality in Personality::all() {
        for (text, needle, inputs) in [(AGENT_TEXT, "name: rev", 0), (NAMELESS, "---", 1)] {
            let workspace = family().with([(AGENT, text)]);
            let mut client = Client::start(personality.clone(), &workspace);
            let (parent, agent) = (workspace.uri(PARENT), workspace.uri(AGENT));
            client.open(&agent, "markdown", text);
            let context = json!({"context": {"includeDeclaration": false}});
            let found = ask(&mut client, "textDocument/references", &agent, needle, context);
            let shown: Vec<(&Value, String)> = found
                .as_array()
                .into_iter()
                .flatten()
                .map(|place| (&place["uri"], covered(&client, PARENT_TEXT, &place["range"])))
                .collect();
            assert_eq!(shown, [(&json!(parent), "reviewer".to_owned())], "{found}");
            if inputs > 0 {
                let found = ask(&mut client, "textDocument/definition", &agent, "inputs.w", json!({}));
                let shown = found.to_string();
                assert!(shown.contains(&parent), "the input that its one caller hands it: {shown}");
            }
            client.finish();
        }
    }
}

#[test]
fn what_is_typed_counts_and_not_what_is_on_disk() {
    let workspace = family();
    let mut client = Client::start(eglot_1_17(), &workspace);
    let (parent, child) = (workspace.uri(PARENT), workspace.uri(CHILD));
    client.open(&parent, "yaml", PARENT_TEXT);
    client.open(&child, "yaml", CHILD_TEXT);
    client.replace(&child, "name: child\n", "# one line more\nname: child\n");
    let found = ask(&mut client, "textDocument/definition", &parent, "inputs: {wör", json!({}));
    let text = client.text(&child);
    assert_eq!(covered(&client, &text, &found[0]["targetSelectionRange"]), "wörter", "{found}");
    client.close(&child);
    let found = ask(&mut client, "textDocument/definition", &parent, "inputs: {wör", json!({}));
    assert_eq!(covered(&client, CHILD_TEXT, &found[0]["targetSelectionRange"]), "wörter", "the disk again");
    client.finish();
}

#[test]
fn symbols_of_the_workspace_are_found_by_a_few_letters() {
    for personality in Personality::all() {
        let workspace = family();
        let mut client = Client::start(personality, &workspace);
        for (query, name, uri, text) in [
            ("rvw", "reviewer", workspace.uri(AGENT), AGENT_TEXT),
            ("wört", "wörter", workspace.uri(CHILD), CHILD_TEXT),
            ("ask", "ask", workspace.uri(PARENT), PARENT_TEXT),
        ] {
            let found = client.ok("workspace/symbol", json!({"query": query}));
            assert_eq!(found[0]["name"], name, "{query}: {found}");
            assert_eq!(found[0]["location"]["uri"], uri);
            assert_eq!(covered(&client, text, &found[0]["location"]["range"]), name);
        }
        let nothing = client.ok("workspace/symbol", json!({"query": "zzzz"}));
        assert_eq!(nothing, json!([]));
        client.finish();
    }
}

#[test]
fn links_lead_to_the_files_that_are_named() {
    let workspace = family();
    let mut client = Client::start(vs_code(), &workspace);
    let parent = workspace.uri(PARENT);
    client.open(&parent, "yaml", PARENT_TEXT);
    let links = client.ok("textDocument/documentLink", json!({"textDocument": {"uri": parent}}));
    let shown: Vec<(String, &Value)> = links
        .as_array()
        .into_iter()
        .flatten()
        .map(|link| (covered(&client, PARENT_TEXT, &link["range"]), &link["target"]))
        .collect();
    let expect = [
        ("parts/child.yaml".to_owned(), &json!(workspace.uri(CHILD))),
        ("reviewer".to_owned(), &json!(workspace.uri(AGENT))),
    ];
    assert_eq!(shown, expect);
    client.finish();
}

#[test]
fn a_lens_counts_when_it_is_looked_at_and_leads_somewhere() {
    let workspace = family();
    let mut client = Client::start(vs_code(), &workspace);
    let (parent, child) = (workspace.uri(PARENT), workspace.uri(CHILD));
    client.open(&child, "yaml", CHILD_TEXT);
    let lenses = client.ok("textDocument/codeLens", json!({"textDocument": {"uri": child}}));
    let lenses = lenses.as_array().cloned().unwrap_or_default();
    assert!(lenses.iter().all(|lens| lens["command"].is_null()), "nothing is counted before somebody looks");
    let sum = lenses.iter().find(|lens| client.text_of(&child, &lens["range"]) == "sum").cloned();
    let resolved = client.ok("codeLens/resolve", sum.unwrap_or_default());
    assert_eq!(resolved["command"]["title"], "2 references");
    let argument = resolved["command"]["arguments"][0].clone();
    let answer = client.command("copydesk.references", argument);
    let places = answer.unwrap_or_default()["locations"].as_array().map_or(0, Vec::len);
    assert_eq!(places, 2);
    let shown = client.message("window/showDocument");
    assert_eq!(shown.params["uri"], parent, "the first place is shown where nothing else can show them");
    client.finish();
}
