//! Files of others with a schema: checked, mended, completed and explained as ours are.

use copydesk_tests::client::Client;
use copydesk_tests::personality::{neovim_0_12, vs_code};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::{COPYDESK, in_four_editors};

const SCHEMA: &str = r#"{
    "title": "Service", "type": "object", "required": ["name"], "additionalProperties": false,
    "properties": {
        "name": {"type": "string", "description": "What it is called."},
        "level": {"enum": ["low", "high"]},
        "port": {"type": "integer"}
    }
}"#;

fn text(client: &mut Client, uri: &str, schema: &str) -> String {
    let schema_uri = format!("{}/service.schema.json", uri.rsplit_once('/').map_or("", |(folder, _)| folder));
    client.open(&schema_uri, "json", schema);
    client.text(uri)
}

#[test]
fn a_file_that_names_its_schema_is_checked_and_mended() {
    let yaml = "# yaml-language-server: $schema=./service.schema.json\nname: ä😀\nlevle: high\n";
    in_four_editors("conf/x.yaml", yaml, |client, uri| {
        // The schema is open in the editor, and nowhere on the disk.
        text(client, uri, SCHEMA);
        client.replace(uri, "levle", "levlle");
        let is_new =
            |found: &[Value]| found.iter().any(|one| one["message"].to_string().contains("'levlle'"));
        let found = client.diagnostics(uri, "the finding of the new text", is_new).remove(0);
        assert_eq!(found["code"], "unknown-key", "{found}");
        assert_eq!(client.text_of(uri, &found["range"]), "levlle", "{found}");
        crate::diagnostics::mend(client, uri, &found, "level");
        client.diagnostic_codes(uri, &[]);
    });
}

#[test]
fn a_schema_that_is_not_there_is_a_remark() {
    for schema in ["./nowhere.json", "https://example.com/s.json"] {
        let yaml = format!("# yaml-language-server: $schema={schema}\nname: 5\n");
        in_four_editors("x.yaml", &yaml, |client, uri| {
            let found = client.diagnostic(uri, "schema-unavailable");
            assert_eq!(found["severity"], 3, "{found}");
            assert_eq!(client.text_of(uri, &found["range"]), schema, "{found}");
        });
    }
}

#[test]
fn a_changed_schema_is_looked_at_again() {
    let yaml = "# yaml-language-server: $schema=./service.schema.json\nname: x\nextra: 1\n";
    let workspace = Workspace::new(COPYDESK).with([("x.yaml", yaml)]);
    let mut client = Client::start(vs_code(), &workspace);
    let (uri, schema) = (workspace.uri("x.yaml"), workspace.uri("service.schema.json"));
    client.open(&schema, "json", SCHEMA);
    client.open(&uri, "yaml", yaml);
    client.diagnostic_codes(&uri, &["unknown-key"]);
    client.replace(&schema, "\"port\"", "\"extra\"");
    client.diagnostic_codes(&uri, &[]);
    client.finish();
}

#[test]
fn settings_say_which_schema_a_file_has() {
    let workspace = Workspace::new(COPYDESK).with([
        (".copydesk/config.yaml", "schemas:\n  'conf/**/*.yaml': service.schema.json\n"),
        ("service.schema.json", SCHEMA),
        ("conf/deep/x.yaml", "port: soon\n"),
        ("other/x.yaml", "port: soon\n"),
    ]);
    let mut client = Client::start(neovim_0_12(), &workspace);
    let inside = workspace.uri("conf/deep/x.yaml");
    client.open(&inside, "yaml", "port: soon\n");
    client.diagnostic_codes(&inside, &["missing-key", "type-mismatch"]);
    client.finish();
}

#[test]
fn help_of_a_strangers_schema_loads_nothing() {
    let schema = r#"{"properties": {"level": {"markdownDescription": "How loud ![x](https://example.com/1.png) <img src='https://example.com/2.png'>"}}}"#;
    let yaml = "# yaml-language-server: $schema=./service.schema.json\nlev\n";
    let workspace = Workspace::new(COPYDESK).with([("x.yaml", yaml), ("service.schema.json", schema)]);
    let mut client = Client::start(vs_code(), &workspace);
    let uri = workspace.uri("x.yaml");
    client.open(&uri, "yaml", yaml);
    let safe = "How loud  [x](https://example.com/1.png) < img src='https://example.com/2.png'>";
    let place = |client: &mut Client, words: &str| {
        let at = client.position_after(&uri, words);
        json!({"textDocument": {"uri": uri}, "position": at})
    };
    let at = place(&mut client, "\nlev");
    let answer = client.ok("textDocument/completion", at);
    assert_eq!(
        answer[0]["documentation"]["value"].as_str().map(|docs| docs.contains(safe)),
        Some(true),
        "{answer}"
    );
    client.replace(&uri, "\nlev", "\nlevel: 1");
    let at = place(&mut client, "\nlev");
    let hover = client.ok("textDocument/hover", at);
    assert_eq!(hover["contents"]["value"].as_str().map(|docs| docs.contains(safe)), Some(true), "{hover}");
    client.finish();
}

#[test]
fn keys_values_and_help_come_from_the_schema() {
    let yaml = "# yaml-language-server: $schema=./service.schema.json\nname: x\nlevel: \n";
    let workspace = Workspace::new(COPYDESK).with([("x.yaml", yaml), ("service.schema.json", SCHEMA)]);
    let mut client = Client::start(vs_code(), &workspace);
    let uri = workspace.uri("x.yaml");
    client.open(&uri, "yaml", yaml);
    let at = client.position_after(&uri, "level: ");
    let answer = client.ok("textDocument/completion", json!({"textDocument": {"uri": uri}, "position": at}));
    let labels: Vec<&Value> = answer.as_array().into_iter().flatten().map(|item| &item["label"]).collect();
    assert_eq!(labels, ["low", "high"], "{answer}");
    let at = client.position_after(&uri, "nam");
    let hover = client.ok("textDocument/hover", json!({"textDocument": {"uri": uri}, "position": at}));
    let words = hover["contents"]["value"].as_str().unwrap_or_default();
    assert!(words.contains("What it is called") && words.contains("Service"), "{hover}");
    let links = client.ok("textDocument/documentLink", json!({"textDocument": {"uri": uri}}));
    assert_eq!(links[0]["target"], workspace.uri("service.schema.json"), "{links}");
    assert_eq!(client.text_of(&uri, &links[0]["range"]), "./service.schema.json", "{links}");
    client.finish();
}

#[test]
fn a_json_file_with_a_schema_is_helped_too() {
    let text = "{\n  \"$schema\": \"./any.schema.json\",\n  \"levle\": \"high\"\n}\n";
    let schema = r#"{"additionalProperties": false, "properties": {"$schema": {}, "level": {"enum": ["low", "high"]}}}"#;
    let workspace = Workspace::new(COPYDESK).with([("x.json", text), ("any.schema.json", schema)]);
    let mut client = Client::start(vs_code(), &workspace);
    let uri = workspace.uri("x.json");
    client.open(&uri, "json", text);
    let found = client.diagnostic(&uri, "unknown-key");
    assert_eq!(client.text_of(&uri, &found["range"]), "\"levle\"", "{found}");
    crate::diagnostics::mend(&mut client, &uri, &found, "level");
    client.diagnostic_codes(&uri, &[]);
    client.finish();
}

#[test]
fn a_toml_file_with_a_schema_is_helped_as_any_other() {
    let text = "#:schema ./service.schema.json\nname = \"ä😀\"\nlevle = \"high\"\n\n[more]\na = 1\n";
    in_four_editors("conf/x.toml", text, |client, uri| {
        let schema_uri =
            format!("{}/service.schema.json", uri.rsplit_once('/').map_or("", |(folder, _)| folder));
        client.open(&schema_uri, "json", &SCHEMA.replace("\"port\"", "\"more\": {}, \"port\""));
        client.replace(uri, "levle", "levlle");
        let found = client.diagnostic(uri, "unknown-key");
        assert_eq!(client.text_of(uri, &found["range"]), "levlle", "{found}");
        crate::diagnostics::mend(client, uri, &found, "level");
        client.diagnostic_codes(uri, &[]);
        client.replace(uri, "\"high\"", "");
        client.diagnostic(uri, "toml-syntax");
        let at = client.position_after(uri, "level = ");
        let place = json!({"textDocument": {"uri": uri}, "position": at});
        let answer = client.ok("textDocument/completion", place);
        let items = answer.as_array().or_else(|| answer["items"].as_array());
        let labels: Vec<&Value> = items.into_iter().flatten().map(|item| &item["label"]).collect();
        assert_eq!(labels, ["low", "high"], "{answer}");
        let at = client.position_after(uri, "nam");
        let hover = client.ok("textDocument/hover", json!({"textDocument": {"uri": uri}, "position": at}));
        assert!(hover.to_string().contains("What it is called"), "{hover}");
        let whole = json!({"textDocument": {"uri": uri}});
        let links = client.ok("textDocument/documentLink", whole.clone());
        assert_eq!(client.text_of(uri, &links[0]["range"]), "./service.schema.json", "{links}");
        let folds = client.ok("textDocument/foldingRange", whole.clone());
        assert_eq!((&folds[0]["startLine"], &folds[0]["endLine"]), (&json!(4), &json!(5)), "{folds}");
        let symbols = client.ok("textDocument/documentSymbol", whole);
        let names: Vec<&Value> = symbols.as_array().into_iter().flatten().map(|one| &one["name"]).collect();
        assert!(["name", "level", "more"].iter().all(|name| names.contains(&&json!(name))), "{symbols}");
        let at = json!({"textDocument": {"uri": uri}, "positions": [client.position_after(uri, "a = ")]});
        let selections = client.ok("textDocument/selectionRange", at);
        assert_eq!(client.text_of(uri, &selections[0]["range"]), "1", "{selections}");
    });
}

/// The name of a schema completes: what is bundled, and files beside this one, folder by folder.
#[test]
fn the_name_of_a_schema_completes() {
    let table: &[(&str, &str, &str, &[&str])] = &[
        (
            "x.yaml",
            "# yaml-language-server: $schema=\na: 1\n",
            "$schema=",
            &["./own.schema.json", "./data.json", "workflow", "draft-07", "./deep/"],
        ),
        ("x.yaml", "# yaml-language-server: $schema=./deep/\n", "deep/", &["./deep/er.json"]),
        ("x.yaml", "# yaml-language-server: $schema=../../\n", "../../", &[]),
        ("deep/x.toml", "#:schema ../ow\na = 1\n", "../ow", &["../own.schema.json"]),
        ("x.json", "{\"$schema\": \"./\"}", "\"./", &["./own.schema.json", "./data.json", "./deep/"]),
        ("x.yaml", "$schema: \na: 1\n", "$schema: ", &["./own.schema.json", "draft-07", "./deep/"]),
        ("x.yaml", "a: 1\n$schema: ./deep/\n", "./deep/", &["./deep/er.json"]),
        (".copydesk/workflows/x.yaml", "$schema: wor\nname: x\n", ": wor", &["workflow"]),
        (
            ".copydesk/workflows/x.yaml",
            "# yaml-language-server: $schema=wor\nname: x\n",
            "=wor",
            &["workflow"],
        ),
    ];
    for (path, text, behind, expect) in table {
        let workspace = Workspace::new(COPYDESK).with([
            (*path, *text),
            ("own.schema.json", "{}"),
            ("data.json", "{}"),
            ("deep/er.json", "{}"),
        ]);
        let mut client = Client::start(neovim_0_12(), &workspace);
        let uri = workspace.uri(path);
        let language = path.rsplit_once('.').map_or("", |(_, ending)| ending);
        client.open(&uri, language, text);
        let at = client.position_after(&uri, behind);
        let place = json!({"textDocument": {"uri": uri}, "position": at});
        let answer = client.ok("textDocument/completion", place);
        let items = answer.as_array().or_else(|| answer["items"].as_array());
        let labels: Vec<&str> =
            items.into_iter().flatten().filter_map(|item| item["label"].as_str()).collect();
        for label in *expect {
            assert!(labels.contains(label), "{text}: {label} in {labels:?}");
        }
        assert!(!expect.is_empty() || labels.is_empty(), "{text}: {labels:?}");
        client.finish();
    }
}
