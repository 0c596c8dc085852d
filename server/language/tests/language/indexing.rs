//! What is known beyond the open file: summaries, visible agents, paths, dependents.

use std::fmt::Write as _;
use std::path::Path;

use copydesk_language::index::SummaryBody;
use copydesk_language::{File, WorkspaceIndex, parse, summary};
use expect_test::{Expect, expect};

use crate::support::knowing;

fn told(path: &str, text: &str, expect: Expect) {
    let tree = parse(Path::new(path), text);
    let summary = summary(&File::new(Path::new(path), text, &tree));
    let mut out = format!("{} {:?}\n", summary.kind.as_str(), summary.title.as_deref().unwrap_or(""));
    if let SummaryBody::Workflow(workflow) = &summary.body {
        for input in &workflow.inputs {
            let _ =
                writeln!(out, "input <{}> {:?} required={}", input.span.of(text), input.ty, input.required);
        }
        for output in &workflow.outputs {
            let _ = writeln!(out, "output <{}> {:?}", output.span.of(text), output.ty);
        }
        for step in &workflow.steps {
            let _ = writeln!(out, "step <{}> {}", step.span.of(text), step.kind);
        }
        for pool in &workflow.pools {
            let _ = writeln!(out, "pool <{}>", pool.span.of(text));
        }
    }
    if let SummaryBody::Agent(agent) = &summary.body {
        let tools: Vec<&str> = agent.tools.iter().map(|tool| tool.text.as_str()).collect();
        let _ = writeln!(out, "agent {} model {:?} tools {tools:?}", agent.name, agent.model);
    }
    for call in &summary.calls {
        let _ = writeln!(out, "call <{}> {:?}", call.span.of(text), call.target);
    }
    expect.assert_eq(&out);
}

#[test]
fn a_workflow_tells_what_it_declares_and_what_it_calls() {
    told(
        "flows/parent.workflow.yaml",
        r#"name: parent
inputs:
  order: {type: string, values: [a, b], default: a}
  count: {type: number}
outputs:
  total: ${{ steps.child.outputs.sum }}
outputSchema: {type: object, properties: {total: {type: number}}}
pools: {slow: 1}
steps:
  - id: child
    type: workflow
    path: "./child.yaml"
    inputs: {n: "${{ inputs.count }}"}
  - id: other
    type: workflow
    path: other
    outputMapping: {x: y, z: {from: w}}
  - id: ask
    type: llm
    agent: reviewer
    prompt: "${{ steps.other.outputs.x }}"
    pool: slow
    allowedHandoffs: [writer]
    qualityGate: {agent: "judge"}
    mcpServers: [files, {name: own, command: x}]
    auto_heal: {agent: medic}
  - id: dyn
    type: dynamic
    goal: g
    supervisor: boss
    templates: {tester: qa}
    library: [{name: l, description: d, steps: [{id: q, type: blueprint, prompt: p, agent: draw}]}]
eval: {scorer: llm, agent: scorer, prompt: p}
"#,
        expect![[r#"
            workflow "parent"
            input <order> Union([Literal(Text("a")), Literal(Text("b"))]) required=false
            input <count> Number required=true
            output <total> Number
            step <child> workflow
            step <other> workflow
            step <ask> llm
            step <dyn> dynamic
            pool <slow>
            call <sum> Output { workflow: "./child.yaml", name: "sum" }
            call <./child.yaml> Workflow("./child.yaml")
            call <n> Input { workflow: "./child.yaml", name: "n" }
            call <other> Workflow("other")
            call <y> Output { workflow: "other", name: "y" }
            call <w> Output { workflow: "other", name: "w" }
            call <reviewer> Agent("reviewer")
            call <slow> Pool("slow")
            call <writer> Agent("writer")
            call <judge> Agent("judge")
            call <files> McpServer("files")
            call <medic> Agent("medic")
            call <boss> Agent("boss")
            call <qa> Agent("qa")
            call <draw> Agent("draw")
            call <scorer> Agent("scorer")
        "#]],
    );
}

#[test]
fn an_agent_tells_its_name_its_model_and_its_tools() {
    told(
        "agents/a.md",
        "---\nname: reviewer\nmodel: gpt-4o\ntools:\n  - read\n  - name: peek\n    execution: {type: llm, agent: helper, prompt: x}\n---\nWork.\n",
        expect![[r#"
            agent "reviewer"
            agent reviewer model Some("gpt-4o") tools ["read", "peek"]
            call <helper> Agent("helper")
        "#]],
    );
    told(
        "agents/b.md",
        "---\nnmae: reviewer\n---\n",
        expect![[r#"
        other ""
    "#]],
    );
}

#[test]
fn agents_are_seen_from_the_nearest_folder_on() {
    let mut index = knowing(&[
        ("/w/flows/agents/near.md", "---\nname: near\ndescription: flows\n---\n"),
        ("/w/flows/agents/deep/no.md", "---\nname: no\n---\n"),
        ("/w/agents/near.md", "---\nname: near\ndescription: above\n---\n"),
        ("/w/agents/above.md", "---\nname: other-name\n---\n"),
        ("/w/.copydesk/agents/ours.md", ""),
        ("/w/.keystone/workflows/agents/theirs.md", ""),
        ("/w/elsewhere/agents/far.md", "---\nname: far\n---\n"),
    ]);
    index.root = Some("/w".into());
    let seen = |index: &WorkspaceIndex, from: &str| {
        let agents = index.agents_for(Path::new(from)).unwrap_or_default();
        let words =
            agents.iter().map(|agent| match agent.summary.and_then(|known| known.description.as_deref()) {
                Some(docs) => format!("{}({docs})", agent.name),
                None => agent.name.to_owned(),
            });
        words.collect::<Vec<_>>().join(" ")
    };
    expect!["near(flows) above other-name ours theirs keystone-architect"]
        .assert_eq(&seen(&index, "/w/flows/a.workflow.yaml"));
    expect!["ours theirs keystone-architect"].assert_eq(&seen(&index, "/w/.copydesk/workflows/x.yaml"));
    assert_eq!(WorkspaceIndex::default().agents_for(Path::new("/w/a.yaml")), None);
}

#[test]
fn a_workflow_is_found_by_its_path_or_by_its_name() {
    let mut index = knowing(&[
        ("/w/flows/child.yaml", "name: child\nsteps: [{id: a, type: shell, run: ls}]\n"),
        ("/w/.copydesk/workflows/release.yaml", "name: ship it\nsteps: []\n"),
        ("/w/flows/data.yaml", "a: 1\n"),
    ]);
    index.root = Some("/w".into());
    let at = |from: &str, written: &str| {
        index.workflow_at(Path::new(from), written).map(|(path, _)| path.display().to_string())
    };
    let cases = [
        ("/w/flows/a.yaml", "./child.yaml", Some("/w/flows/child.yaml")),
        ("/w/flows/deep/a.yaml", "../child.yaml", Some("/w/flows/child.yaml")),
        ("/w/flows/a.yaml", "child", Some("/w/flows/child.yaml")),
        ("/w/a.yaml", "flows/child.yaml", Some("/w/flows/child.yaml")),
        ("/w/flows/a.yaml", "release", Some("/w/.copydesk/workflows/release.yaml")),
        ("/w/flows/a.yaml", "ship it", Some("/w/.copydesk/workflows/release.yaml")),
        ("/w/flows/a.yaml", "./data.yaml", None),
        ("/w/flows/a.yaml", "nothing", None),
    ];
    for (from, written, expected) in cases {
        assert_eq!(at(from, written).as_deref(), expected, "{written} from {from}");
    }
    assert!(index.file_at(Path::new("/w/flows/a.yaml"), "./data.yaml").is_some());
}

#[test]
fn a_change_touches_those_who_call() {
    let calls = |path: &str| format!("name: x\nsteps: [{{id: a, type: workflow, path: {path}}}]\n");
    let (one, two, three) = (calls("two.yaml"), calls("three.yaml"), calls("gone.yaml"));
    let mut index = knowing(&[
        ("/w/one.yaml", &one),
        ("/w/two.yaml", &two),
        ("/w/three.yaml", &three),
        ("/w/ask.yaml", "name: x\nsteps: [{id: a, type: llm, agent: helper, prompt: p}]\n"),
        ("/w/agents/helper.md", "---\nname: helper\n---\n"),
        ("/w/.copydesk/config.yaml", "providers: {}\n"),
    ]);
    index.root = Some("/w".into());
    let touched = |path: &str| {
        let paths = index.dependents(Path::new(path));
        paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" ")
    };
    expect!["/w/one.yaml /w/two.yaml"].assert_eq(&touched("/w/three.yaml"));
    expect!["/w/one.yaml"].assert_eq(&touched("/w/two.yaml"));
    expect![""].assert_eq(&touched("/w/one.yaml"));
    expect!["/w/one.yaml /w/three.yaml /w/two.yaml"].assert_eq(&touched("/w/gone.yaml"));
    expect!["/w/ask.yaml"].assert_eq(&touched("/w/agents/helper.md"));
    expect!["/w/agents/helper.md /w/ask.yaml /w/one.yaml /w/three.yaml /w/two.yaml"]
        .assert_eq(&touched("/w/.copydesk/config.yaml"));
}

#[test]
fn a_config_tells_the_names_it_gives() {
    let index = knowing(&[
        (
            ".keystone/config.yaml",
            "providers: {openai: {}}\nmcp_servers: {a: {}}\nengines: {allowlist: {codex: {}}, denylist: [rm]}\nconcurrency: {pools: {slow: 1}}\n",
        ),
        (".copydesk/config.yaml", "default_model: a/b\nproviders: {local: {}}\nmcp_servers: {b: {}}\n"),
    ]);
    let views = index.files.iter().flat_map(|files| files.values()).filter_map(|file| match &file.body {
        SummaryBody::Settings(view) => Some(view.clone()),
        _ => None,
    });
    let mut views = views.collect::<Vec<_>>().into_iter();
    let view = views.next().unwrap_or_default().over(&views.next().unwrap_or_default());
    let names = [&view.providers, &view.mcp_servers, &view.pools, &view.engines_denied]
        .map(|names| names.keys().cloned().collect::<Vec<_>>().join(" "));
    assert_eq!(names, ["local openai", "a b", "slow", "rm"]);
    let allowed: Option<Vec<String>> = view.engines_allowed.map(|names| names.into_keys().collect());
    assert_eq!((view.default_model.as_deref(), allowed), (Some("a/b"), Some(vec!["codex".to_owned()])));
}
