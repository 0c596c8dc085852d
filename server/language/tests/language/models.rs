//! Names of models: proposed and explained wherever a file of ours names one.

use std::path::Path;
use std::sync::Arc;

use copydesk_base::Span;
use copydesk_base::wish::{self, Asker};
use copydesk_language::index::SettingsView;
use copydesk_language::{
    File, KnownModel, WorkspaceIndex, complete, hints, hover, names_model, parse, settings_view, wishes,
};

use crate::support::{WORKFLOW, cursor, knowing, trusted};

const CONFIG: &str = ".copydesk/config.yaml";
const ACTION: &str = ".copydesk/actions/tidy.md";
const AGENT: &str = ".copydesk/agents/writer.md";
const PROMPT: &str = ".copydesk/prompts/user.md";

fn index() -> WorkspaceIndex {
    let known = |name: &str, facts: &str| KnownModel {
        name: name.to_owned(),
        facts: facts.to_owned(),
        ..KnownModel::default()
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
    in_file(path, &text, |file| see(file, offset))
}

fn in_file<T>(path: &str, text: &str, see: impl Fn(&File<'_>) -> T) -> T {
    let tree = parse(Path::new(path), text);
    see(&File::new(Path::new(path), text, &tree))
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
    check(AGENT, "---\nname: writer\nfallback: [$0]\n---\n", all);
    check(WORKFLOW, "name: a\nfallback: [$0]\nsteps: []\n", all);
    check(WORKFLOW, "name: a\nsteps:\n  - id: a\n    type: llm\n    fallback:\n      - $0\n", all);
    check(WORKFLOW, "name: a\nsteps:\n  - id: a\n    type: dynamic\n    fallback: [one/m, $0]\n", all);
    check(PROMPT, "---\nmodel: $0\n---\n", all);
    check(PROMPT, "---\nfallback: $0\n---\n", all);
    check("talk.chat.md", "---\nmodel: $0\n---\n\n# User\n", all);
    check("talk.chat.md", "---\nfallback: [$0]\n---\n\n# User\n", all);
    check(".stepper/layer/plan/index.md", "---\ndescription: Plans.\nmodel: $0\n---\nPlan.\n", all);
    check(CONFIG, "fallback: $0\n", all);
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

/// A workspace with an agent that names a chain and one that does not, below this config.
fn with_chains(config: &str) -> WorkspaceIndex {
    let agents = [
        (".copydesk/agents/writer.md", "---\nname: writer\nmodel: one/w\nfallback: [one/x, two/x]\n---\n"),
        (".copydesk/agents/plain.md", "---\nname: plain\n---\n"),
    ];
    let settings = in_file(CONFIG, config, settings_view);
    WorkspaceIndex { settings: Some(Arc::new(settings)), ..knowing(&agents) }
}

const CHAINS: &str = "default_model: one/d\nfallback: [two/d]\nproviders:\n  one: {kind: ollama}\n  two: {kind: ollama, fallback: [one/t]}\n";

#[test]
fn who_answers_instead_is_told_beside_a_step_and_beside_an_agent() {
    let told = |head: &str, keys: &str| {
        let text = format!("name: a\n{head}steps:\n  - {{id: a, type: llm, prompt: p, {keys}}}\n");
        in_file(WORKFLOW, &text, |file| {
            let hints = hints(file, &with_chains(CHAINS), Span::new(0, text.len()));
            let of_requests = hints.iter().find(|hint| hint.label.contains("requests")).expect("a hint");
            of_requests.tooltip.split("is known here.").nth(1).unwrap_or_default().trim().to_owned()
        })
    };
    let check = |head: &str, keys: &str, expect: &str| assert_eq!(told(head, keys), expect, "{head}{keys}");
    let of_workflow = "fallback: [two/y]\n";
    check("", "agent: plain", "Where it cannot answer, `two/d` is asked (fallback of the config).");
    check(
        "",
        "agent: plain, model: two/m",
        "Where it cannot answer, `one/t` is asked (providers.two.fallback).",
    );
    check(
        of_workflow,
        "agent: plain",
        "Where it cannot answer, `two/y` is asked (the workflow names its fallbacks).",
    );
    check(
        of_workflow,
        "agent: writer",
        "Where it cannot answer, `one/x`, then `two/x` is asked (the action or agent names its fallbacks).",
    );
    check(
        of_workflow,
        "agent: writer, fallback: [two/s]",
        "Where it cannot answer, `two/s` is asked (the step names its fallbacks).",
    );
    check(
        "fallback: two/y\n",
        "agent: plain",
        "Where it cannot answer, `two/y` is asked (the workflow names its fallbacks).",
    );
    check(
        of_workflow,
        "agent: writer, fallback: two/s",
        "Where it cannot answer, `two/s` is asked (the step names its fallbacks).",
    );
    check(
        of_workflow,
        "agent: writer, fallback: []",
        "Nobody answers instead (the step names its fallbacks).",
    );
    // The price of those who answer instead counts, too.
    let known = |name: &str, dollars| KnownModel {
        name: name.to_owned(),
        most_dollars: Some(dollars),
        ..KnownModel::default()
    };
    let text = "name: a\nsteps:\n  - {id: a, type: llm, prompt: p, agent: plain, maxIterations: 1}\n";
    let label = |models: Vec<KnownModel>| {
        let index = WorkspaceIndex { models: models.into(), ..with_chains(CHAINS) };
        in_file(WORKFLOW, text, |file| {
            hints(file, &index, Span::new(0, text.len()))
                .iter()
                .map(|hint| hint.label.clone())
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(label(vec![known("one/d", 0.5), known("two/d", 2.0)]), ["≤ 1 requests, ≤ $2.00", "one/d"]);
    assert_eq!(label(vec![known("one/d", 0.5)]), ["≤ 1 requests", "one/d"]);
    let (text, offset) = cursor("name: a\nsteps:\n  - {id: a, type: llm, prompt: p, agent: wri$0ter}\n");
    let found = in_file(WORKFLOW, &text, |file| hover(file, &with_chains(CHAINS), offset)).expect("a hover");
    assert_eq!(
        found.markdown.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>(),
        [
            "**writer**: an agent",
            "Asks `one/w`",
            "Where it cannot answer, `one/x`, then `two/x` is asked (the action or agent names its fallbacks).",
            "`.copydesk/agents/writer.md`",
        ]
    );
}

#[test]
fn what_a_file_wishes_for_is_what_a_route_is_made_of() {
    let index = with_chains(CHAINS);
    let read = |path: &str, text: &str, step: Option<&str>| {
        in_file(path, text, |file| {
            let wishes = wishes(file, &index, step)?;
            let model = wish::model(&wishes).map(|(asker, model)| (asker, model.to_owned()));
            let chain = wish::chain(&wishes, None, &[]);
            Some((model, chain.said.clone(), chain.names.join(" ")))
        })
    };
    let text = "name: a\nfallback: [two/y]\nsteps:\n  - {id: a, type: llm, agent: writer, prompt: p}\n  \
                - {id: b, type: llm, agent: plain, prompt: p, provider: one, model: m}\n  - {id: c, type: shell, run: ls}\n";
    let of_agent = "the action or agent names its fallbacks".to_owned();
    let of_workflow = "the workflow names its fallbacks".to_owned();
    assert_eq!(
        read(WORKFLOW, text, Some("a")),
        Some((Some((Asker::Agent, "one/w".to_owned())), of_agent.clone(), "one/x two/x".to_owned()))
    );
    assert_eq!(
        read(WORKFLOW, text, Some("b")),
        Some((Some((Asker::Step, "one/m".to_owned())), of_workflow.clone(), "two/y".to_owned()))
    );
    assert_eq!(read(WORKFLOW, text, None), Some((None, of_workflow, "two/y".to_owned())));
    assert_eq!(read(WORKFLOW, text, Some("c")), None, "it asks no model");
    assert_eq!(read(WORKFLOW, text, Some("d")), None, "there is no such step");
    let action = "---\nname: t\nmodel: one/m\nfallback: [two/z]\n---\n";
    assert_eq!(
        read(ACTION, action, None),
        Some((Some((Asker::Agent, "one/m".to_owned())), of_agent, "two/z".to_owned()))
    );
    assert_eq!(read(CONFIG, CHAINS, None), None);
}
