//! Names of models: proposed and explained wherever a file of ours names one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use copydesk_language::index::SettingsView;
use copydesk_language::{File, KnownModel, WorkspaceIndex, complete, hover, names_model, parse};

use crate::support::{WORKFLOW, cursor, trusted};

const CONFIG: &str = ".copydesk/config.yaml";
const ACTION: &str = ".copydesk/actions/tidy.md";
const AGENT: &str = ".copydesk/agents/writer.md";
const PROMPT: &str = ".copydesk/prompts/user.md";

fn index() -> WorkspaceIndex {
    let known = |name: &str, facts: &str| KnownModel {
        name: name.to_owned(),
        facts: facts.to_owned(),
        most_dollars: None,
    };
    let settings = SettingsView {
        providers: [("one".to_owned(), None)].into(),
        model_mappings: [("m*".to_owned(), "one".to_owned())].into(),
        ..SettingsView::default()
    };
    WorkspaceIndex {
        models: Arc::new([
            known("one/m", "8k window, free"),
            known("one/n", ""),
            known("two/org/m:8b", "tools"),
        ]),
        settings: Some(Arc::new(settings)),
        ..trusted()
    }
}

fn at<T>(path: &str, marked: &str, see: impl Fn(&File<'_>, usize) -> T) -> T {
    let (text, offset) = cursor(marked);
    let tree = parse(Path::new(path), &text);
    see(&File::new(&PathBuf::from(path), &text, &tree), offset)
}

#[test]
fn every_file_that_names_a_model_proposes_those_that_can_be_asked() {
    let all: &[&str] = &["one/m", "one/n", "two/org/m:8b"];
    let check = |path: &str, marked: &str, expect: &[&str]| {
        let (found, is_named) = at(path, marked, |file, offset| {
            let found = complete(file, &index(), offset);
            (found.iter().map(|one| one.label.clone()).collect::<Vec<_>>(), names_model(file, offset))
        });
        assert_eq!(found, expect, "{path}: {marked}");
        assert_eq!(is_named, !expect.is_empty(), "{path}: {marked}");
    };
    check(CONFIG, "default_model: $0\n", all);
    check(CONFIG, "default_model: one/$0\n", all);
    check(CONFIG, "fallback: [one/m, $0]\n", all);
    check(CONFIG, "fallback:\n  - two/org$0\n", all);
    check(CONFIG, "providers:\n  one:\n    kind: ollama\n    fallback: [$0]\n", all);
    check(CONFIG, "providers:\n  one:\n    kind: ollama\n    default_model: $0\n", &["m", "n"]);
    check(ACTION, "---\nname: tidy\nmodel: $0\n---\n", all);
    check(ACTION, "---\nname: tidy\nfallback: [$0]\n---\n", all);
    check(AGENT, "---\nname: writer\nmodel: on$0\n---\n", all);
    check(PROMPT, "---\nmodel: $0\n---\n", all);
    check(WORKFLOW, "name: a\nsteps:\n  - id: a\n    type: llm\n    model: $0\n", all);
    check(
        WORKFLOW,
        "name: a\nsteps:\n  - id: a\n    type: llm\n    qualityGate: {agent: x, model: $0}\n",
        all,
    );
    check(CONFIG, "$schema: $0\n", &[]);
}

#[test]
fn a_name_is_explained_with_what_is_known_of_it() {
    let check = |path: &str, marked: &str, expect: Option<(&str, &str)>| {
        let found = at(path, marked, |file, offset| {
            let found = hover(file, &index(), offset)?;
            Some((found.span.of(file.text).to_owned(), found.markdown))
        });
        let found = found
            .as_ref()
            .map(|(word, text)| (word.as_str(), text.lines().take(3).collect::<Vec<_>>().join("|")));
        assert_eq!(found, expect.map(|(word, text)| (word, text.to_owned())), "{marked}");
    };
    let of_m = "**one/m**||8k window, free";
    check(CONFIG, "default_model: one/$0m\n", Some(("one/m", of_m)));
    check(CONFIG, "fallback: [a/b, on$0e/m]\n", Some(("one/m", of_m)));
    check(CONFIG, "default_model: one$0:m\n", Some(("one:m", of_m)));
    check(ACTION, "---\nname: tidy\nmodel: $0m\n---\n", Some(("m", of_m)));
    check(
        AGENT,
        "---\nname: w\nmodel: one/$0n\n---\n",
        Some(("one/n", "**one/n**||Nothing more is known of it.")),
    );
    check(
        WORKFLOW,
        "name: a\nsteps:\n  - {id: a, type: llm, model: \"two/org$0/m:8b\"}\n",
        Some(("two/org/m:8b", "**two/org/m:8b**||tools")),
    );
    check(CONFIG, "default_model: no$0body/x\n", None);
}
