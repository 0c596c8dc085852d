//! The public YAML test suite, which `tests/corpora` fetches: what is good YAML is read as it says, what is not is
//! told.
//!
//! Each good case is compared twice: with the suite's events (structure, aliases, the text of every scalar) and, where
//! it has JSON, with that (what the scalars mean). A duplicate key and a `yaml-syntax` problem are different things:
//! only the second one is a verdict on the YAML.

#![expect(clippy::unwrap_used, reason = "a suite that cannot be read has failed the test")]

use std::path::PathBuf;

use copydesk_base::Code;
use copydesk_text::{Kind, Node, Tree, Value, yaml};

struct Case {
    name: String,
    yaml: String,
    events: String,
    json: Option<String>,
    fails: bool,
}

/// The folder of the suite. Without it the test is counted as skipped, aloud, and is a failure in CI.
fn suite() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../.corpora");
    let folder = std::env::var_os("COPYDESK_CORPORA").map_or(root, PathBuf::from).join("yaml-test-suite");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "yaml-test-suite is not there: run tests/corpora");
    eprintln!("skipped: yaml-test-suite is not there; tests/corpora fetches it");
    None
}

/// A later case of a file has what it does not say itself from the one before, but for `fail`.
fn cases(folder: &std::path::Path) -> Vec<Case> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let (mut yaml, mut events, mut json) = (String::new(), String::new(), None);
        for (at, case) in file["cases"].as_array().unwrap().iter().enumerate() {
            let text = |key: &str| case.get(key).map(|value| value.as_str().map(str::to_owned));
            yaml = text("yaml").flatten().unwrap_or(yaml);
            events = text("tree").flatten().unwrap_or(events);
            json = text("json").unwrap_or(json);
            cases.push(Case {
                name: format!("{}/{at}", file["id"].as_str().unwrap()),
                yaml: yaml.clone(),
                events: events.clone(),
                json: json.clone(),
                fails: case["fail"] == true,
            });
        }
    }
    cases
}

/// The suite's events without what the tree does not keep apart: markers of documents and styles.
fn expected_events(written: &str) -> Vec<String> {
    let kept =
        written.lines().map(str::trim_start).filter(|line| !line.contains("STR") || line.starts_with('='));
    kept.map(|line| {
        let mut words = line;
        let mut event = line.split(' ').next().unwrap_or("").to_owned();
        words = words[event.len()..].trim_start();
        if event.ends_with("DOC") {
            return event;
        }
        words = words.trim_start_matches("[]").trim_start_matches("{}").trim_start();
        if let Some(anchor) = words.strip_prefix('&') {
            let name = anchor.split(' ').next().unwrap_or("");
            event += &format!(" &{name}");
            words = anchor[name.len()..].trim_start();
        }
        if let Some(tag) = words.strip_prefix('<') {
            words = tag.split_once('>').map_or("", |(_, rest)| rest).trim_start();
        }
        if event.starts_with("=VAL") {
            event += &format!(" {}", words.get(1..).unwrap_or(""));
        } else if event.starts_with("=ALI") {
            event += &format!(" {words}");
        }
        event
    })
    .collect()
}

/// The same of a tree.
fn events(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for root in tree.documents() {
        found.push("+DOC".to_owned());
        node_events(root, &mut found);
        found.push("-DOC".to_owned());
    }
    found
}

fn node_events(node: Node<'_>, found: &mut Vec<String>) {
    let anchor = node.anchor().map(|name| format!(" &{name}")).unwrap_or_default();
    match node.kind() {
        Kind::Null => found.push(format!("=VAL{anchor} ")),
        Kind::Alias(name) => found.push(format!("=ALI *{name}")),
        Kind::Scalar(scalar) => {
            let text = scalar.text().replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t");
            let text = text.replace('\r', "\\r").replace('\u{8}', "\\b");
            found.push(format!("=VAL{anchor} {text}"));
        }
        Kind::Sequence(items) => {
            found.push(format!("+SEQ{anchor}"));
            items.iter().for_each(|item| node_events(item, found));
            found.push("-SEQ".to_owned());
        }
        Kind::Mapping(entries) => {
            found.push(format!("+MAP{anchor}"));
            for entry in entries {
                node_events(entry.key(), found);
                node_events(entry.value(), found);
            }
            found.push("-MAP".to_owned());
        }
    }
}

/// What the documents say, as JSON. The suite's JSON follows aliases.
fn json(tree: &Tree) -> Vec<serde_json::Value> {
    tree.documents().iter().map(|root| node_json(tree, root)).collect()
}

fn node_json(tree: &Tree, node: Node<'_>) -> serde_json::Value {
    use serde_json::Value as Json;
    match node.kind() {
        Kind::Alias(_) => tree.resolve(node).map_or(Json::Null, |target| node_json(tree, target)),
        Kind::Sequence(items) => items.iter().map(|item| node_json(tree, item)).collect(),
        Kind::Mapping(entries) => {
            let entry = |entry: copydesk_text::Entry<'_>| {
                let key = match node_json(tree, entry.key()) {
                    Json::String(text) => text,
                    Json::Null => String::new(),
                    other => entry.key().scalar_text().map_or_else(|| other.to_string(), str::to_owned),
                };
                (key, node_json(tree, entry.value()))
            };
            entries.iter().map(entry).collect()
        }
        Kind::Null | Kind::Scalar(_) => match node.value() {
            Some(Value::Bool(value)) => value.into(),
            Some(Value::Int(value)) => value.into(),
            Some(Value::Float(value)) => value.into(),
            Some(Value::Text(text)) => text.into(),
            Some(Value::Null) | None => Json::Null,
        },
    }
}

/// Numbers by what they are worth: `1.0` is written as `1` in some JSON.
fn same(left: &serde_json::Value, right: &serde_json::Value) -> bool {
    use serde_json::Value as Json;
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => left.as_f64() == right.as_f64(),
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Json::Object(left), Json::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| same(value, other)))
        }
        _ => left == right,
    }
}

/// What is wrong with our reading of a case.
fn judge(case: &Case) -> Result<(), String> {
    let tree = yaml::parse(&case.yaml);
    let syntax = tree.problems().iter().find(|problem| problem.code == Code::YamlSyntax);
    if case.fails {
        return if tree.problems().is_empty() { Err("taken for good".to_owned()) } else { Ok(()) };
    }
    if let Some(problem) = syntax {
        return Err(format!("taken for bad: {} at {:?}", problem.message, problem.span));
    }
    let (found, expected) = (events(&tree), expected_events(&case.events));
    if found != expected {
        return Err(format!("events {found:?}\n  instead of {expected:?}"));
    }
    let Some(written) = &case.json else { return Ok(()) };
    let expected: Vec<serde_json::Value> =
        serde_json::Deserializer::from_str(written).into_iter().collect::<Result<_, _>>().unwrap();
    let found = json(&tree);
    let alike =
        found.len() == expected.len() && found.iter().zip(&expected).all(|(one, other)| same(one, other));
    if alike { Ok(()) } else { Err(format!("values {found:?}\n  instead of {expected:?}")) }
}

#[test]
fn the_suite() {
    let Some(folder) = suite() else { return };
    let cases = cases(&folder);
    let (mut good, mut good_right, mut bad, mut bad_right, mut values) =
        (0_usize, 0_usize, 0_usize, 0_usize, 0);
    let mut wrong = Vec::new();
    for case in &cases {
        let verdict = judge(case);
        let (all, right) = if case.fails { (&mut bad, &mut bad_right) } else { (&mut good, &mut good_right) };
        *all += 1;
        *right += usize::from(verdict.is_ok());
        values += usize::from(!case.fails && case.json.is_some());
        if let Err(why) = verdict {
            wrong.push(format!("{}: {why}\n  {:?}", case.name, case.yaml));
        }
    }
    eprintln!(
        "YAML test suite: {good_right} of {good} good cases read as it says ({values} of them compared with JSON), \
         {bad_right} of {bad} bad ones told"
    );
    assert!(good > 300 && bad > 90, "{good} and {bad} cases: the suite is not whole");
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
