//! The JSON Schema Test Suite and SchemaStore's own tests, through our diagnostics.

use std::path::Path;

use copydesk_base::Severity;
use copydesk_language::schemas::Schema;
use serde_json::{Value, json};

use crate::corpora::{corpus, texts};
use crate::support::findings;

/// The drafts, and how a schema says that it is of one.
pub(crate) const DRAFTS: &[(&str, &str)] = &[
    ("draft4", "http://json-schema.org/draft-04/schema#"),
    ("draft6", "http://json-schema.org/draft-06/schema#"),
    ("draft7", "http://json-schema.org/draft-07/schema#"),
    ("draft2019-09", "https://json-schema.org/draft/2019-09/schema"),
    ("draft2020-12", "https://json-schema.org/draft/2020-12/schema"),
];

#[test]
fn every_required_case_of_the_json_schema_test_suite_is_judged_right() {
    let Some(suite) = corpus("json-schema-test-suite") else { return };
    let mut cases = 0;
    let mut wrong = Vec::new();
    for (draft, url) in DRAFTS {
        for (name, text) in texts(&suite.join("tests").join(draft), &[".json"]) {
            if name.contains('/') {
                // `optional`
                continue;
            }
            let groups: Vec<Value> = serde_json::from_str(&text).unwrap();
            for group in &groups {
                cases += run(&suite, &format!("{draft}/{name}"), url, group, &mut wrong);
            }
        }
    }
    eprintln!("JSON-Schema-Test-Suite: {} of {cases} required cases", cases - wrong.len());
    assert!(cases > 4_000, "only {cases} cases are there");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn run(suite: &Path, name: &str, draft: &str, group: &Value, wrong: &mut Vec<String>) -> usize {
    let mut schema = group["schema"].clone();
    match &mut schema {
        Value::Object(map) => {
            map.entry("$schema").or_insert_with(|| draft.into());
        }
        other => schema = json!({ "$schema": draft, "allOf": [other.clone()] }),
    }
    let text = schema.to_string();
    let here = "file:///suite/schema.json";
    let loaded = Schema::load(here, &mut |url| {
        if url == here {
            return Ok(text.clone());
        }
        let path = url.strip_prefix("http://localhost:1234/").ok_or("it is remote")?;
        std::fs::read_to_string(suite.join("remotes").join(path)).map_err(|error| error.to_string())
    });
    let Some(tests) = group["tests"].as_array() else { return 0 };
    let title = format!("{name}: {}", group["description"].as_str().unwrap_or_default());
    let schema = match loaded {
        Ok(schema) => schema,
        Err(why) => {
            wrong.push(format!("{title}: no schema: {why}"));
            return tests.len();
        }
    };
    for test in tests {
        let found = findings(&schema, "case.json", &test["data"].to_string());
        let is_valid = !found.iter().any(|finding| finding.severity == Severity::Error);
        if is_valid != test["valid"] {
            let problems = schema.problems.join("; ");
            wrong.push(format!("{title}: {}: {found:?} {problems}", test["description"]));
        }
    }
    tests.len()
}

/// How a corpus was judged.
#[derive(Default)]
struct Score {
    right: usize,
    wrong: Vec<String>,
    unreadable: usize,
    /// Schemas that do not load without a network, with their reasons.
    without: Vec<String>,
}

/// The tests that we judge otherwise than they say, and why. The validator of PyPI's `jsonschema` judges the first four
/// as we do.
const OTHERWISE: &[(&str, &str)] = &[
    (
        "codecov/missing-default.json",
        "in draft 7 nothing counts beside `$ref`, so `type` does not: any value will do",
    ),
    ("codecov/wrong-patch.json", "the same"),
    ("pre-commit-config/local-missing-entry.json", "the same of `required`"),
    (
        "webjob-publish-settings/scheduled.json",
        "a `date-time` has a zone; who does not judge formats finds nothing",
    ),
    (
        "clang-format/empty.clang-format.yml",
        "nothing is written yet: an empty mapping to us, and the schema takes one",
    ),
    ("metricshub-connector/metricshub-connector.yaml", "the same"),
];

#[test]
fn the_tests_of_schemastore_are_judged_right() {
    let Some(store) = corpus("schemastore") else { return };
    let mut score = Score::default();
    for (folder, valid) in [("test", true), ("negative_test", false)] {
        let mut folders: Vec<_> = std::fs::read_dir(store.join(folder)).unwrap().flatten().collect();
        folders.sort_by_key(std::fs::DirEntry::file_name);
        for entry in folders.iter().filter(|entry| entry.path().is_dir()) {
            let name = entry.file_name().to_string_lossy().into_owned();
            judge(&store, &name, &entry.path(), valid, &mut score);
        }
    }
    let all = score.right + score.wrong.len();
    eprintln!(
        "SchemaStore: {} of {all} tests; {} texts are of a syntax that is not read; without a network {} schemas do not load: {}",
        score.right,
        score.unreadable,
        score.without.len(),
        score.without.join("; "),
    );
    assert!(all > 1_000, "only {all} tests are there");
    let others: Vec<&String> = score
        .wrong
        .iter()
        .filter(|wrong| !OTHERWISE.iter().any(|(name, _)| wrong.starts_with(&format!("{name} is "))))
        .collect();
    assert!(others.is_empty(), "{others:#?}");
}

/// A schema of SchemaStore, by the name of the folder of its tests; others of the store are all that it may refer to.
pub(crate) fn schema_of_store(store: &Path, name: &str) -> Result<Schema, String> {
    let url = format!("https://json.schemastore.org/{name}.json");
    Schema::load(&url, &mut |url| {
        let rest =
            ["https://json.schemastore.org/", "http://json.schemastore.org/", "https://www.schemastore.org/"];
        let name = rest.iter().find_map(|prefix| url.strip_prefix(prefix)).ok_or("it is remote")?;
        let file = format!("{}.json", name.trim_end_matches(".json"));
        std::fs::read_to_string(store.join("schemas/json").join(file)).map_err(|error| error.to_string())
    })
}

fn judge(store: &Path, name: &str, folder: &Path, valid: bool, score: &mut Score) {
    let schema = match schema_of_store(store, name) {
        Ok(schema) if schema.problems.is_empty() => schema,
        Ok(schema) => return score.without.push(format!("{name}: {}", schema.problems[0])),
        Err(why) => return score.without.push(format!("{name}: {why}")),
    };
    for (file, text) in texts(folder, &[".json", ".yaml", ".yml"]) {
        let text = text.trim_start_matches('\u{feff}');
        let tree = copydesk_language::parse(Path::new(&file), text);
        if !tree.problems().is_empty() {
            score.unreadable += 1;
            continue;
        }
        let found = findings(&schema, &file, text);
        let is_valid = !found.iter().any(|finding| finding.severity == Severity::Error);
        if is_valid == valid {
            score.right += 1;
        } else {
            let first = found.first().map(|finding| finding.message.as_str()).unwrap_or_default();
            score
                .wrong
                .push(format!("{name}/{file} is {}: {first}", if valid { "valid" } else { "invalid" }));
        }
    }
}
