//! `check`, `schema`, `config`: what is wrong, in which file, and what is in force.

use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::COPYDESK;

const GOOD: &str = "name: x\nsteps:\n  - id: a\n    type: shell\n    run: a\n";
const BAD: &str =
    "name: x\nsteps:\n  - id: a\n    type: shell\n    env: {A: \"ä😀\"}\n    rnu: a\n    run: a\n";
const WARNED: &str = "name: x\nsteps:\n  - {id: a, type: shell, run: a, idempotencyKey: steps.a.output}\n";

#[test]
fn check_says_what_is_wrong_and_exits_accordingly() {
    let table: &[(&str, &[&str], i32)] = &[
        (GOOD, &["check"], 0),
        (GOOD, &["check", "--strict"], 0),
        (BAD, &["check"], 1),
        (BAD, &["check", ".copydesk/workflows/x.yaml"], 1),
        (BAD, &["check", ".copydesk"], 1),
        (WARNED, &["check"], 0),
        (WARNED, &["check", "--strict"], 1),
        (GOOD, &["check", "nowhere.yaml"], 2),
        (GOOD, &["check", "--levitate"], 2),
    ];
    for (text, arguments, code) in table {
        let workspace = Workspace::new(COPYDESK).with([(".copydesk/workflows/x.yaml", *text)]);
        let ran = workspace.run(arguments).exits(*code);
        if *code == 2 {
            assert!(!ran.stderr.is_empty(), "{ran}");
        }
        assert!(!ran.stdout.contains('\u{1b}'), "no colors without a terminal: {ran}");
    }
}

#[test]
fn check_json_has_the_contracts_shape_in_utf_16() {
    let workspace = Workspace::new(COPYDESK).with([
        (".copydesk/workflows/x.yaml", BAD),
        ("y.workflow.yaml", GOOD),
        ("other.yaml", "a: b\n"),
    ]);
    let ran = workspace.run(&["check", "--json"]).exits(1);
    let report = ran.json();
    assert_eq!(report["schema"], "copydesk.check/1");
    assert_eq!((&report["errors"], &report["warnings"]), (&json!(1), &json!(0)), "{report}");
    let files = report["files"].as_array().cloned().unwrap_or_default();
    let named = |end: &str| {
        let found = files.iter().find(|file| file["path"].as_str().is_some_and(|path| path.ends_with(end)));
        found.cloned().unwrap_or_else(|| panic!("{end} is not listed: {report}"))
    };
    assert_eq!(named("y.workflow.yaml")["diagnostics"], json!([]), "files without findings are listed too");
    assert_eq!(named("other.yaml")["diagnostics"], json!([]), "other YAML is listed");
    let found = named("x.yaml")["diagnostics"].clone();
    let one = &found[0];
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!((&one["code"], &one["severity"]), (&json!("unknown-key"), &json!("error")), "{one}");
    let range = json!({"start": {"line": 5, "character": 4}, "end": {"line": 5, "character": 7}});
    assert_eq!(one["range"], range, "{one}");
    assert!(one["message"].as_str().is_some_and(|words| !words.is_empty()), "{one}");
}

#[test]
fn check_counts_in_utf_16_behind_astral_characters() {
    let text = "name: x\nsteps:\n  - {id: a, type: shell, env: {A: \"ä😀\"}, run: a, rnu: a}\n";
    let workspace = Workspace::new(COPYDESK).with([("x.workflow.yaml", text)]);
    let report = workspace.run(&["check", "--json"]).exits(1).json();
    let line = text.lines().nth(2).unwrap_or_default();
    let units = line[..line.find("rnu").unwrap_or(0)].encode_utf16().count();
    assert_eq!(report["files"][0]["diagnostics"][0]["range"]["start"]["character"], units, "{report}");
}

#[test]
fn a_byte_order_mark_is_no_column() {
    let text = format!("\u{feff}namee: x\n{}", GOOD.split_once('\n').map_or("", |(_, rest)| rest));
    let workspace = Workspace::new(COPYDESK).with([("x.workflow.yaml", text.as_str())]);
    let ran = workspace.run(&["check"]).exits(1);
    assert!(ran.stdout.contains("x.workflow.yaml:1:1: error[unknown-key]"), "{ran}");
    assert!(ran.stdout.contains("1 | namee: x\n    | ^^^^^\n"), "{ran}");
    let report = workspace.run(&["check", "--json"]).exits(1).json();
    let range = json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 5}});
    assert_eq!(report["files"][0]["diagnostics"][0]["range"], range, "{report}");
    let report = workspace.run(&["check", "--sarif"]).exits(1).json();
    let place = &report["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!((&place["region"]["startColumn"], &place["region"]["endColumn"]), (&json!(1), &json!(6)));
}

#[test]
fn check_tells_a_config_in_the_order_of_its_lines() {
    let config = "permissions:\n  deny: [Bsah(ls)]\nproviders:\n  near: {kind: olama}\n";
    let workspace = Workspace::new(COPYDESK).with([(".copydesk/config.yaml", config)]);
    let report = workspace.run(&["check", "--json"]).exits(1).json();
    let found = report["files"][0]["diagnostics"].as_array().cloned().unwrap_or_default();
    let lines: Vec<Option<u64>> =
        found.iter().map(|finding| finding["range"]["start"]["line"].as_u64()).collect();
    assert_eq!(found[0]["code"], "malformed-rule", "{report}");
    assert!(lines.len() > 1 && lines.is_sorted(), "{report}");
}

#[test]
fn invalid_utf_8_is_a_finding_and_not_a_crash() {
    let workspace = Workspace::new(COPYDESK);
    workspace.write_bytes("x.workflow.yaml", b"name: x\nsteps:\n  - id: \xff\n");
    let ran = workspace.run(&["check", "--json"]).exits(1);
    assert_eq!(ran.json()["errors"], 1, "{ran}");
    for (path, code) in [("y.yaml", "yaml-syntax"), ("y.toml", "toml-syntax"), ("y.json", "json-syntax")] {
        workspace.write_bytes(path, b"\xff\n");
        let report = workspace.run(&["check", "--json", path]).exits(1).json();
        assert_eq!(report["files"][0]["diagnostics"][0]["code"], code, "{report}");
    }
}

/// Nobody asked for a template to be YAML; but what was not read is not called right either.
#[test]
fn broken_files_of_others_in_a_folder_are_told_as_not_checked() {
    let workspace = Workspace::new(COPYDESK).with([
        ("a.yaml", "a: [\n"),
        ("b/c.yaml", "{{ if .x }}\na: 1\n{{ end }}\n"),
        ("b/d.yaml", "a: 1\n"),
    ]);
    let told = |arguments: &[&str], code| workspace.run(arguments).exits(code).stdout;
    assert_eq!(
        told(&["check"], 0).trim_end(),
        "1 file checked, 2 not checked (broken YAML that is not ours; name them to see why), nothing wrong"
    );
    assert_eq!(
        told(&["check", "a.yaml", "b"], 1).lines().last(),
        Some(
            "2 files checked, 1 not checked (broken YAML that is not ours; name it to see why): 1 error, 0 warnings"
        )
    );
    let report = workspace.run(&["check", "--json"]).exits(0).json();
    assert_eq!(
        report["files"][0],
        serde_json::json!({"path": "a.yaml", "diagnostics": [], "checked": false})
    );
}

/// `--fix` leaves the files of others alone, and so does the hint.
#[test]
fn the_hint_counts_what_fix_would_mend() {
    let workspace = Workspace::new(COPYDESK)
        .with([("x.json", "{\"$schema\": \"./s.json\", \"a\": 1,}\n"), ("s.json", "{}")]);
    let told = workspace.run(&["check", "x.json"]).exits(1).stdout;
    assert_eq!(told.lines().last(), Some("1 file checked: 1 error, 0 warnings"), "{told}");
}

#[test]
fn schema_prints_each_schema_and_writes_them_all() {
    let workspace = Workspace::new(COPYDESK);
    for name in ["workflow", "agent", "action", "config"] {
        let schema = workspace.run(&["schema", name]).exits(0).json();
        assert!(
            schema["$schema"].as_str().is_some_and(|word| word.starts_with("https://json-schema.org/")),
            "{name}"
        );
        assert!(schema["title"].is_string(), "{name}");
    }
    let _ = workspace.run(&["schema", "levitation"]).exits(2);
    let _ = workspace.run(&["schema", "--out", "schemas"]).exits(0);
    for name in ["workflow", "agent", "action", "config"] {
        let printed = workspace.run(&["schema", name]).exits(0).stdout;
        assert_eq!(workspace.read(&format!("schemas/{name}.schema.json")), printed, "{name}");
    }
}

#[test]
fn config_shows_what_is_in_force_and_where_it_came_from() {
    let workspace = Workspace::new(COPYDESK)
        .with([(
            ".copydesk/config.yaml",
            "permissions: {mode: auto, deny: [\"Read(secret.txt)\"]}\ndefault_model: a/b\n",
        )])
        .with_user_config("default_model: offline/offline\npermissions: {mode: accept-edits}\n");
    let ran = workspace.run(&["config", "show"]).exits(0);
    assert!(ran.stdout.contains("accept-edits") && ran.stdout.contains("offline/offline"), "{ran}");
    assert!(ran.stdout.contains("Read(secret.txt)"), "tightening counts: {ran}");
    assert!(!ran.stdout.contains("mode: auto") || ran.stdout.contains("trust"), "{ran}");
    let shown = workspace.run(&["config", "show", "--json"]).exits(0).json();
    assert_eq!(shown["schema"], "copydesk.config/1", "{shown}");
    assert!(shown.to_string().contains("accept-edits"));
    let paths = workspace.run(&["config", "paths"]).exits(0);
    for place in [".copydesk/config.yaml", "copydesk/config.yaml"] {
        assert!(paths.stdout.contains(place), "{paths}");
    }
}

#[test]
fn a_config_that_makes_no_sense_says_where() {
    let workspace = Workspace::new(COPYDESK).with_user_config("permissions:\n  mode: merry\n");
    let ran = workspace.run(&["ask", "hello"]).exits(1);
    assert!(ran.stderr.contains("config.yaml") && ran.stderr.contains("merry"), "{ran}");
    let workspace = Workspace::new(COPYDESK).with_user_config("permissions: {deny: [\"Levitate(\"]}\n");
    let ran = workspace.run(&["ask", "hello"]).exits(1);
    assert!(ran.stderr.contains("Levitate("), "a deny rule that cannot be read stops everything: {ran}");
}

#[test]
fn help_is_everywhere_and_wrong_usage_is_2() {
    let workspace = Workspace::new(COPYDESK);
    for command in [
        "check", "init", "schema", "config", "ask", "undo", "redo", "trust", "approve", "doctor", "tour",
        "lsp",
    ] {
        let ran = workspace.run(&[command, "--help"]).exits(0);
        assert!(ran.stdout.contains("Usage"), "{ran}");
    }
    let ran = workspace.run(&[]).exits(2);
    assert!(
        ran.stdout.contains("Usage") || ran.stderr.contains("Usage"),
        "without a terminal the help, and 2: {ran}"
    );
    let _ = workspace.run(&["levitate"]).exits(2);
    let _ = workspace.run(&["--version"]).exits(0);
}

#[test]
fn a_failure_is_one_json_document_too() {
    let workspace = Workspace::new(COPYDESK);
    for (arguments, code, schema) in [
        (&["check", "--json", "nope"][..], 2, "copydesk.check/1"),
        (&["undo", "--json"], 1, "copydesk.undo/1"),
        (&["redo", "--json"], 1, "copydesk.redo/1"),
        (&["undo", "--json", "run-none"], 1, "copydesk.undo/1"),
    ] {
        let report = workspace.run(arguments).exits(code).json();
        assert_eq!(report["schema"], schema, "{arguments:?}: {report}");
        assert!(report["error"].as_str().is_some_and(|why| !why.is_empty()), "{arguments:?}: {report}");
    }
}

#[test]
fn a_second_document_is_found() {
    let config = "permissions: {mode: plan}\n---\npermissions: {deny: [\"Read(a.py)\"]}\n";
    let workspace = Workspace::new(COPYDESK).with([(".copydesk/config.yaml", config)]);
    let ran = workspace.run(&["check"]).exits(1);
    assert!(ran.to_string().contains("only one document is read"), "{ran}");
    let ran = workspace.run(&["ask", "--json", "say something"]).exits(1);
    assert!(ran.to_string().contains("only one document is read"), "no agent runs: {ran}");
}

/// Every document of `--json` says what it is.
#[test]
fn json_documents_name_their_schema() {
    let workspace = Workspace::new(COPYDESK).with([("x.workflow.yaml", GOOD)]);
    for arguments in [&["check", "--json"][..], &["config", "show", "--json"], &["doctor", "--json"]] {
        let ran = workspace.run(arguments);
        let schema = ran.json()["schema"].clone();
        assert!(
            matches!(&schema, Value::String(word) if word.starts_with("copydesk.")),
            "{arguments:?}: {schema}"
        );
    }
}

#[test]
fn files_of_others_are_checked_by_the_schema_they_have() {
    let schema =
        r#"{"type": "object", "additionalProperties": false, "properties": {"a": {"type": "number"}}}"#;
    let table: &[(&str, &str, &str, &[&str])] = &[
        ("x.yaml", "# yaml-language-server: $schema=s/own.json\na: b\n", "", &["type-mismatch"]),
        // The key that names the schema is none of those that the schema speaks of.
        ("x.yaml", "$schema: ./s/own.json\na: 1\n", "", &[]),
        ("x.yaml", "$schema: ./s/own.json\nb: 1\n", "", &["unknown-key"]),
        ("x.yaml", "a: b\n", "schemas: {'*.yaml': s/own.json}\n", &["type-mismatch"]),
        ("deep/x.yaml", "a: b\n", "schemas: {'deep/*.yaml': s/own.json}\n", &["type-mismatch"]),
        ("x.yaml", "a: b\n", "schemas: {'deep/*.yaml': s/own.json}\n", &[]),
        ("x.yaml", "# yaml-language-server: $schema=https://x.test/s\na: b\n", "", &["schema-unavailable"]),
        ("x.yaml", "# yaml-language-server: $schema=s/gone.json\na: b\n", "", &["schema-unavailable"]),
        ("x.json", "{\"a\": \"b\"}\n", "schemas: {'x.json': s/own.json}\n", &["type-mismatch"]),
        ("x.toml", "#:schema s/own.json\na = 'b'\n", "", &["type-mismatch"]),
        (
            "x.toml",
            "a = 'b'\n[a]\n",
            "schemas: {'x.toml': s/own.json}\n",
            &["type-mismatch", "duplicate-key"],
        ),
        ("x.toml", "a = \n", "", &["toml-syntax"]),
    ];
    for (path, text, config, codes) in table {
        let workspace = Workspace::new(COPYDESK).with([
            (*path, *text),
            ("s/own.json", schema),
            (".copydesk/config.yaml", *config),
        ]);
        let is_wrong = codes.iter().any(|code| *code != "schema-unavailable");
        let report = workspace.run(&["check", "--json", path]).exits(i32::from(is_wrong)).json();
        let found: Vec<&str> = report["files"][0]["diagnostics"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|finding| finding["code"].as_str())
            .collect();
        assert_eq!(found, *codes, "{text}{config}: {report}");
    }
}

/// A folder brings what is ours and what has a schema, whatever it is written in, and no other data.
#[test]
fn a_folder_brings_every_file_that_has_a_schema() {
    let own = r#"{"type": "object", "properties": {"a": {"type": "number"}}}"#;
    let workspace = Workspace::new(COPYDESK).with([
        ("conf/a.json", "{\"$schema\": \"../own.schema.json\", \"a\": \"b\"}\n"),
        ("conf/b.jsonc", "// c\n{\"$schema\": \"../own.schema.json\", \"a\": \"b\",}\n"),
        ("conf/c.toml", "#:schema ../own.schema.json\na = 'b'\n"),
        ("conf/d.toml", "a = 'b'\n"),
        ("conf/e.toml", "by the settings\n"),
        ("conf/f.json", "no JSON at all\n"),
        ("conf/g.txt", "$schema\n"),
        ("conf/plug/hooks/hooks.json", "{\"hooks\": {\"PreTool\": []}}\n"),
        ("conf/data/hooks/hooks.json", "[1, 2]\n"),
        ("conf/.vscode/mcp.json", "{\"servers\": {\"x\": {\"comand\": \"y\"}}}\n"),
        ("conf/.stepper/layer/plan/index.md", "---\ndescription: d\non-failure: abort\n---\n"),
        ("own.schema.json", own),
        (".copydesk/config.yaml", "schemas: {'conf/e.*': own.schema.json}\n"),
    ]);
    let report = workspace.run(&["check", "--json", "conf"]).exits(1).json();
    let files = report["files"].as_array().into_iter().flatten();
    let found: Vec<(&str, Vec<&str>)> = files
        .map(|file| {
            let codes = file["diagnostics"].as_array().into_iter().flatten();
            (
                file["path"].as_str().unwrap_or_default(),
                codes.filter_map(|one| one["code"].as_str()).collect(),
            )
        })
        .collect();
    let expected: &[(&str, &[&str])] = &[
        ("conf/.stepper/layer/plan/index.md", &["unknown-value"]),
        ("conf/.vscode/mcp.json", &["unknown-setting"]),
        ("conf/a.json", &["type-mismatch"]),
        ("conf/b.jsonc", &["type-mismatch"]),
        ("conf/c.toml", &["type-mismatch"]),
        ("conf/e.toml", &["toml-syntax"]),
        ("conf/plug/hooks/hooks.json", &["unknown-setting"]),
    ];
    let expected: Vec<(&str, Vec<&str>)> =
        expected.iter().map(|(path, codes)| (*path, codes.to_vec())).collect();
    assert_eq!(found, expected, "{report}");
}
