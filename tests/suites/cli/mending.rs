//! `check --fix`, `check -`, `check --sarif`, and `init`: what is mended unseen, what a code host gets, a first folder.

use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::COPYDESK;

const FLOW: &str = ".copydesk/workflows/x.yaml";

/// A text, the text once its safe mends are made, and how many there were.
const MENDED: &[(&str, &str, usize)] = &[
    (
        "name: x\nsteps:\n  - id: a\n    type: shell\n    rnu: a # keep me\n",
        "name: x\nsteps:\n  - id: a\n    type: shell\n    run: a # keep me\n",
        1,
    ),
    // One mend uncovers the next: what a key is called, then what it takes.
    (
        "name: x\nsteps:\n  - id: a\n    typ: shel\n    run: a\n",
        "name: x\nsteps:\n  - id: a\n    type: shell\n    run: a\n",
        2,
    ),
    // CRLF stays, an open expression is closed, a number where a text belongs is quoted.
    (
        "name: 7\r\nsteps:\r\n  - id: a\r\n    type: shell\r\n    run: echo ${{ inputs\r\n",
        "name: \"7\"\r\nsteps:\r\n  - id: a\r\n    type: shell\r\n    run: echo ${{ inputs }}\r\n",
        2,
    ),
    // Which of two was meant, and which of two ids is wrong, a person says.
    (
        "name: x\nsteps:\n  - {id: ab, type: shell, run: a}\n  - {id: ac, type: shell, run: a}\n  - {id: d, type: shell, run: a, needs: [ax]}\n",
        "name: x\nsteps:\n  - {id: ab, type: shell, run: a}\n  - {id: ac, type: shell, run: a}\n  - {id: d, type: shell, run: a, needs: [ax]}\n",
        0,
    ),
    (
        "name: x\nsteps:\n  - {id: a, type: shell, run: a}\n  - {id: a, type: shell, run: a}\n",
        "name: x\nsteps:\n  - {id: a, type: shell, run: a}\n  - {id: a, type: shell, run: a}\n",
        0,
    ),
];

#[test]
fn fix_makes_what_is_safe_and_says_so() {
    for (text, mended, count) in MENDED {
        let workspace = Workspace::new(COPYDESK).with([(FLOW, *text)]);
        let ran = workspace.run(&["check", "--fix", "--json"]);
        let report = ran.json();
        assert_eq!(workspace.read(FLOW), *mended, "{report}");
        assert_eq!(report["fixed"], *count, "{report}");
        let left = report["errors"].as_u64().unwrap_or(0);
        assert_eq!(ran.code, Some(i32::from(left > 0)), "{report}");
        if *count > 0 {
            let first = &report["files"][0]["fixed"][0];
            assert!(
                first["code"].is_string() && first["title"].is_string() && first["line"].is_number(),
                "{report}"
            );
            assert_eq!(left, 0, "{report}");
        }
        // A second time there is nothing to do.
        let again = workspace.run(&["check", "--fix"]);
        assert!(!again.stdout.contains("fixed["), "{again}");
    }
}

/// What only the rules of the permissions know counts too: behind a key that is right a broken rule is an error, and it
/// takes the place of the one that the key was.
#[test]
fn fix_leaves_no_more_errors_than_there_were() {
    const CONFIG: &str = ".copydesk/config.yaml";
    let before = "permissions:\n  allow: [Read]\n  denny: [\"Bash(rm\"]\n";
    let workspace = Workspace::new(COPYDESK).with([(CONFIG, before)]);
    let errors = |ran: &[&str]| workspace.run(ran).json()["errors"].clone();
    let found = errors(&["check", "--json"]);
    assert_eq!(errors(&["check", "--fix", "--json"]), found);
    assert_eq!(workspace.read(CONFIG), before.replace("denny", "deny"));
    // With a good rule behind it nothing is left.
    let good = before.replace("rm\"", "rm:*)\"");
    let workspace = workspace.with([(CONFIG, good.as_str())]);
    let _ = workspace.run(&["check", "--fix"]).exits(0);
    assert_eq!(workspace.read(CONFIG), good.replace("denny", "deny"));
}

#[test]
fn fix_leaves_links_and_good_files_alone() {
    let workspace =
        Workspace::new(COPYDESK).with([("real/a.txt", MENDED[0].0), ("good.workflow.yaml", MENDED[0].1)]);
    std::os::unix::fs::symlink(workspace.path("real/a.txt"), workspace.path("x.workflow.yaml"))
        .expect("a link");
    let before =
        std::fs::metadata(workspace.path("good.workflow.yaml")).and_then(|meta| meta.modified()).ok();
    let ran = workspace.run(&["check", "--fix", "x.workflow.yaml", "good.workflow.yaml"]).exits(1);
    assert!(ran.stdout.contains("not fixed"), "{ran}");
    assert_eq!(workspace.read("real/a.txt"), MENDED[0].0);
    let after = std::fs::metadata(workspace.path("good.workflow.yaml")).and_then(|meta| meta.modified()).ok();
    assert_eq!(before, after, "a file without a mend is not written");
}

#[test]
fn a_text_on_standard_input_is_checked_as_the_file_it_names() {
    let workspace = Workspace::new(COPYDESK);
    let (text, mended, _) = MENDED[0];
    let arguments = ["check", "-", "--path", FLOW, "--json"];
    let report = workspace.run_with_input(&arguments, text).exits(1).json();
    assert_eq!(report["files"][0]["path"], FLOW, "{report}");
    assert_eq!(report["files"][0]["diagnostics"][0]["code"], "unknown-key", "{report}");
    let ran = workspace.run_with_input(&["check", "-", "--path", FLOW, "--fix"], text).exits(0);
    assert_eq!(ran.stdout, mended, "only the text");
    assert!(ran.stderr.contains("change to 'run'"), "{ran}");
    assert!(!workspace.exists(FLOW), "nothing is written");
    let _ = workspace.run_with_input(&["check", "-", "other.yaml"], text).exits(2);
    // Nobody says what it is, so nobody may believe that it is right.
    let ran = workspace.run_with_input(&["check", "-"], text).exits(2);
    assert!(ran.stderr.contains("--path .copydesk/workflows/release.yaml"), "{}", ran.stderr);
    let _ = workspace.run(&["check", "--path", FLOW]).exits(2);
}

#[test]
fn sarif_has_the_shape_that_code_hosts_take() {
    let text = "name: x\nsteps:\n  - {id: a, type: shell, run: a}\n  - {id: a, env: {A: \"ä😀\"}, type: shell, rnu: a}\n";
    let path = "flows/ä b.workflow.yaml";
    let workspace = Workspace::new(COPYDESK).with([(path, text), (".git/HEAD", "")]);
    let document = workspace.run(&["check", "--sarif"]).exits(1).json();
    assert_eq!(document["version"], "2.1.0", "{document}");
    assert!(document["$schema"].as_str().is_some_and(|schema| schema.contains("sarif")), "{document}");
    let run = &document["runs"][0];
    assert_eq!(
        (&run["tool"]["driver"]["name"], &run["columnKind"]),
        (&json!("copydesk"), &json!("utf16CodeUnits"))
    );
    let rules = run["tool"]["driver"]["rules"].as_array().cloned().unwrap_or_default();
    for rule in &rules {
        for member in ["/id", "/shortDescription/text", "/fullDescription/text", "/help/text", "/helpUri"] {
            assert!(rule.pointer(member).is_some_and(Value::is_string), "{member}: {rule}");
        }
        let level = &rule["defaultConfiguration"]["level"];
        assert!(["error", "warning", "note"].iter().any(|word| level == word), "{rule}");
    }
    let results = run["results"].as_array().cloned().unwrap_or_default();
    assert_eq!(results.len(), 2, "{document}");
    for result in &results {
        let index = result["ruleIndex"].as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or(999);
        assert_eq!(rules[index]["id"], result["ruleId"], "{result}");
        assert!(
            result["message"]["text"].is_string() && result["partialFingerprints"].is_object(),
            "{result}"
        );
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "flows/%C3%A4%20b.workflow.yaml", "{result}");
        assert!(place["region"]["startLine"].as_u64() >= Some(1), "{result}");
    }
    let unknown = results.iter().find(|result| result["ruleId"] == "unknown-key").expect("the key");
    let line = text.lines().nth(3).unwrap_or_default();
    let column = line[..line.find("rnu").unwrap_or(0)].encode_utf16().count() + 1;
    let region = &unknown["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&region["startLine"], &region["startColumn"]), (&json!(4), &json!(column)), "{region}");
    assert_eq!(
        unknown["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"],
        "run"
    );
    let duplicate = results.iter().find(|result| result["ruleId"] == "duplicate-step").expect("the id");
    assert_eq!(duplicate["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 3, "{duplicate}");
}

#[test]
fn init_writes_a_first_folder_and_never_over_anything() {
    for (mark, test) in [
        ("Cargo.toml", "cargo test"),
        ("package.json", "npm test"),
        ("go.mod", "go test ./..."),
        ("stairs.csproj", "dotnet test"),
        ("deno.json", "deno test"),
        ("Package.swift", "swift test"),
        ("", ""),
    ] {
        let workspace = Workspace::new(COPYDESK);
        if !mark.is_empty() {
            workspace.write(mark, "");
        }
        let report = workspace.run(&["init", "--json"]).exits(0).json();
        assert_eq!(report["schema"], "copydesk.init/1", "{report}");
        let written = report["written"].as_array().cloned().unwrap_or_default();
        assert_eq!(written.len(), 4, "{report}");
        for path in written.iter().filter_map(Value::as_str) {
            assert!(workspace.read(path).len() > 100, "{path}");
        }
        assert!(workspace.read(".copydesk/workflows/check.yaml").contains(test));
        let ran = workspace.run(&["check", "--strict", "--json"]).exits(0);
        let found: Vec<Value> = ran.json()["files"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|file| file["diagnostics"].clone())
            .collect();
        assert_eq!(found, vec![json!([]); 4], "{ran}");
    }
    let mine = "name: mine\nsteps: []\n";
    let workspace = Workspace::new(COPYDESK).with([(".copydesk/workflows/check.yaml", mine)]);
    let ran = workspace.run(&["init"]).exits(0);
    assert_eq!(workspace.read(".copydesk/workflows/check.yaml"), mine);
    assert!(ran.stdout.contains("left as it is: .copydesk/workflows/check.yaml"), "{ran}");
    let again = workspace.run(&["init", "--json"]).exits(0).json();
    assert_eq!(
        (&again["written"], again["present"].as_array().map(Vec::len)),
        (&json!([]), Some(4)),
        "{again}"
    );
}

#[test]
fn init_writes_through_no_link_out_of_the_workspace() {
    let workspace = Workspace::new(COPYDESK);
    std::os::unix::fs::symlink(workspace.outside(), workspace.path(".copydesk")).expect("a link");
    let ran = workspace.run(&["init"]).exits(1);
    assert!(ran.stderr.contains("out of the workspace"), "{ran}");
    assert!(!workspace.outside().join("config.yaml").exists());
}

#[test]
fn a_thousand_files_are_no_matter() {
    let workspace = Workspace::new(COPYDESK);
    for number in 0..1_000 {
        workspace.write(&format!("flows/{number}.workflow.yaml"), MENDED[0].0);
    }
    let report = workspace.run(&["check", "--json"]).exits(1).json();
    assert_eq!((&report["errors"], report["files"].as_array().map(Vec::len)), (&json!(1_000), Some(1_000)));
    let paths: Vec<&str> =
        report["files"].as_array().into_iter().flatten().filter_map(|file| file["path"].as_str()).collect();
    assert!(paths.is_sorted(), "in the order of their names");
}

#[test]
fn sarif_is_right_by_its_own_schema() {
    let corpora = std::env::var_os("COPYDESK_CORPORA").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.corpora"),
        std::path::PathBuf::from,
    );
    let Ok(schema) = std::fs::read_to_string(corpora.join("schemastore/schemas/json/sarif-2.1.0.json"))
    else {
        assert!(std::env::var_os("CI").is_none(), "schemastore is not there: run tests/corpora");
        eprintln!("skipped: schemastore is not there; tests/corpora fetches it");
        return;
    };
    let text =
        "name: x\nsteps:\n  - {id: a, type: shell, run: a}\n  - {id: a, type: shell, rnu: a, timeout: 0}\n";
    let workspace = Workspace::new(COPYDESK).with([("x.workflow.yaml", text), ("sarif.json", &schema)]);
    let mut document = workspace.run(&["check", "--sarif", "x.workflow.yaml"]).exits(1).json();
    document["$schema"] = copydesk_tests::workspace::uri(&workspace.path("sarif.json")).into();
    workspace.write("found.json", &document.to_string());
    let ran = workspace.run(&["check", "--json", "found.json"]).exits(0).json();
    assert_eq!(ran["files"][0]["diagnostics"], json!([]), "{ran:#}");
    // The same check sees what is wrong in such a document.
    document["runs"][0]["results"][0]["level"] = "bad".into();
    workspace.write("found.json", &document.to_string());
    let bad = workspace.run(&["check", "--json", "found.json"]).exits(1).json();
    assert_eq!(bad["files"][0]["diagnostics"][0]["code"], "unknown-value", "{bad:#}");
}
