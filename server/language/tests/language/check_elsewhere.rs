//! Names of other files: agents, workflows, pools, servers, providers, engines.

use std::path::Path;
use std::sync::Arc;

use copydesk_base::Severity;
use copydesk_language::index::SummaryBody;
use copydesk_language::{Trust, WorkspaceIndex, edited, is_safe, parse};
use expect_test::{Expect, expect};

use crate::support::{WORKFLOW, all_findings, check_in, knowing};

const CHILD: &str = "name: child
inputs:
  target: {type: string, values: [debug, release]}
  jobs: {type: number, default: 2}
  fast: {type: boolean, default: false}
  only: {type: array, default: []}
outputs: {artifact: \"${{ steps.a.output }}\"}
steps: [{id: a, type: shell, run: \"make ${{ inputs.target }}\"}]
";

/// A workspace with agents, a child workflow, a file that is no workflow, and a config.
fn workspace() -> WorkspaceIndex {
    let mut index = knowing(&[
        ("/w/agents/reviewer.md", "---\nname: reviewer\n---\n"),
        ("/w/agents/writer.md", "---\nname: writer\n---\n"),
        ("/w/child.yaml", CHILD),
        ("/w/data.yaml", "a: 1\n"),
        ("/w/deep/other.yaml", "name: other\nsteps: [{id: a, type: shell, run: ls}]\n"),
        ("/w/.mcp.json", "{\"mcpServers\": {\"issues\": {\"command\": \"x\"}}}"),
        (
            "/w/.keystone/config.yaml",
            "providers: {openai: {}}\nmcp_servers: {files: {}}\nengines: {allowlist: {codex: {}, claude: {}}, denylist: [evil]}\nconcurrency: {pools: {slow: 1}}\n",
        ),
    ]);
    index.root = Some("/w".into());
    let config =
        index.files.as_ref().and_then(|files| files.get(std::path::Path::new("/w/.keystone/config.yaml")));
    if let Some(SummaryBody::Settings(view)) = config.map(|config| &config.body) {
        index.settings = Some(std::sync::Arc::new(view.clone()));
    }
    index
}

fn in_workspace(marked: &str, expect: Expect) {
    check_in("/w/flow.workflow.yaml", &format!("name: test\n{marked}"), &workspace(), expect);
}

#[test]
fn agents_must_exist_wherever_they_are_named() {
    in_workspace(
        r#"steps:
  - {id: a, type: llm, agent: reviewer, prompt: p, allowedHandoffs: [writer, ⟦writr⟧], qualityGate: {agent: ⟦nobody⟧}}
  - {id: b, type: plan, goal: g, agent: ⟦reviwer⟧}
  - {id: c, type: plan, goal: g, agent: keystone-architect}
  - {id: d, type: blueprint, prompt: p, agent: "⟦draftsman⟧"}
  - id: e
    type: dynamic
    goal: g
    supervisor: ⟦boss⟧
    templates: {planner: writer, tester: ⟦tester⟧}
    library: [{name: l, description: d, steps: [{id: x, type: llm, agent: ⟦wrter⟧, prompt: p}]}]
  - {id: f, type: shell, run: ls, auto_heal: {agent: ⟦medic⟧}, compensate: {id: u, type: llm, agent: ⟦undoer⟧, prompt: p}}
  - {id: g, type: llm, agent: "${{ inputs.who }}", prompt: p}
inputs: {who: {type: string}}
eval: {scorer: llm, agent: ⟦judge⟧, prompt: p}
"#,
        expect![[r#"
            error unknown-agent there is no agent 'writr'; did you mean 'writer'? [fix: change to 'writer']
            error unknown-agent there is no agent 'nobody'; create 'agents/nobody.md'
            error unknown-agent there is no agent 'reviwer'; did you mean 'reviewer'? [fix: change to 'reviewer']
            error unknown-agent there is no agent 'draftsman'; create 'agents/draftsman.md'
            error unknown-agent there is no agent 'boss'; create 'agents/boss.md'
            error unknown-agent there is no agent 'tester'; create 'agents/tester.md'
            error unknown-agent there is no agent 'wrter'; did you mean 'writer'? [fix: change to 'writer']
            error unknown-agent there is no agent 'medic'; create 'agents/medic.md'
            error unknown-agent there is no agent 'undoer'; create 'agents/undoer.md'
            error unknown-agent there is no agent 'judge'; create 'agents/judge.md'
        "#]],
    );
}

#[test]
fn where_no_agent_is_in_sight_it_is_a_warning() {
    let text = "name: x\nsteps: [{id: a, type: llm, agent: reviewer, prompt: p}]\n";
    let severity = |index: &WorkspaceIndex| {
        let found = all_findings("/w/flow.workflow.yaml", text, index);
        found.into_iter().map(|finding| (finding.code.as_str(), finding.severity)).collect::<Vec<_>>()
    };
    assert_eq!(severity(&WorkspaceIndex::default()), vec![]);
    assert_eq!(severity(&knowing(&[])), vec![("unknown-agent", Severity::Warning)]);
    let with_others = knowing(&[("/w/agents/writer.md", "---\nname: writer\n---\n")]);
    assert_eq!(severity(&with_others), vec![("unknown-agent", Severity::Error)]);
}

#[test]
fn a_sub_workflow_must_be_there_and_be_one() {
    in_workspace(
        r#"steps:
  - {id: a, type: workflow, path: ./child.yaml, inputs: {target: debug}}
  - {id: b, type: workflow, path: ⟦./chld.yaml⟧}
  - {id: c, type: workflow, path: "⟦data.yaml⟧"}
  - {id: d, type: workflow, path: ⟦gone/far.yaml⟧}
  - {id: e, type: workflow, path: other}
  - {id: f, type: workflow, path: "${{ inputs.which }}"}
inputs: {which: {type: string}}
"#,
        expect![[r#"
            warning unknown-workflow there is no workflow './chld.yaml'; did you mean './child.yaml'? [fix: change to './child.yaml']
            error unknown-workflow 'data.yaml' is no workflow
            warning unknown-workflow there is no workflow 'gone/far.yaml'; create the file, or correct the path
        "#]],
    );
}

#[test]
fn what_it_takes_and_gives_is_known() {
    in_workspace(
        r#"steps:
  - id: a
    type: workflow
    path: ./child.yaml
    inputs:
      target: ⟦relase⟧
      ⟦tagret⟧: x
      jobs: ⟦many⟧
      fast: ⟦"yes"⟧
      only: ⟦a, b⟧
    outputMapping: {x: artifact, y: ⟦artefact⟧, z: {from: ⟦nothing⟧, default: 1}}
  - {id: b, type: workflow, path: ⟦child.yaml⟧}
  - {id: c, type: workflow, path: child.yaml, ⟦inputs⟧: {jobs: "3"}}
  - id: d
    type: workflow
    path: child.yaml
    ⟦inputs⟧:
      jobs: "${{ 3 }}"
  - {id: e, type: workflow, path: other, inputs: {⟦what⟧: x}, outputMapping: {x: ⟦y⟧}}
  - {id: f, type: workflow, path: child.yaml, inputs: ⟦"${{ inputs.all }}"⟧}
  - id: g
    type: workflow
    path: child.yaml
    ⟦inputs⟧:
inputs: {all: {type: object}}
"#,
        expect![[r#"
            error unknown-value 'relase' is no value of the input 'target' of 'child.yaml'; did you mean 'release'? [see: 'target' is declared here] [fix: change to 'release']
            error unknown-input 'child.yaml' has no input 'tagret'; did you mean 'target'? [fix: change to 'target'] [fix: take 'tagret' out]
            error type-mismatch the input 'jobs' of 'child.yaml' takes a number; this is a text [see: 'jobs' is declared here]
            error type-mismatch the input 'fast' of 'child.yaml' takes true or false; this is a text [see: 'fast' is declared here] [fix: change to 'true']
            error type-mismatch the input 'only' of 'child.yaml' takes a list; this is a text [see: 'only' is declared here] [fix: make it a list]
            error unknown-output 'child.yaml' has no output 'artefact'; did you mean 'artifact'? [fix: change to 'artifact']
            error unknown-output 'child.yaml' has no output 'nothing'; it gives artifact
            error missing-key 'child.yaml' needs the input 'target' [see: 'target' is declared here] [fix: add 'target']
            error missing-key 'child.yaml' needs the input 'target' [see: 'target' is declared here] [fix: add 'target']
            error missing-key 'child.yaml' needs the input 'target' [see: 'target' is declared here] [fix: add 'target']
            error unknown-input 'other.yaml' has no input 'what'; it takes none [fix: take 'what' out]
            error unknown-output 'other.yaml' has no output 'y'; it gives none
            error type-mismatch 'inputs' takes a mapping; this is a text
            error missing-key 'child.yaml' needs the input 'target' [see: 'target' is declared here] [fix: add 'target']
        "#]],
    );
}

#[test]
fn workflows_that_always_call_one_another_never_end() {
    let calls = |path: &str| format!("name: x\nsteps: [{{id: a, type: workflow, path: {path}}}]\n");
    let (two, three) = (calls("three.yaml"), calls("one.yaml"));
    let guarded = "name: x\nsteps: [{id: a, type: workflow, path: one.yaml, if: inputs.again}]\n";
    let one = |path: &str| format!("name: x\nsteps:\n  - {{id: a, type: workflow, path: {path}}}\n");
    let index = |own: &str| {
        knowing(&[
            ("/w/one.yaml", own),
            ("/w/two.yaml", &two),
            ("/w/three.yaml", &three),
            ("/w/guarded.yaml", guarded),
        ])
    };
    check_in(
        "/w/one.yaml",
        &one("⟦two.yaml⟧"),
        &index(&one("two.yaml")),
        expect![[r#"
        error workflow-cycle this leads back here without end: two.yaml → three.yaml → one.yaml; call it under an 'if'
    "#]],
    );
    check_in(
        "/w/one.yaml",
        &one("⟦one.yaml⟧"),
        &index(&one("one.yaml")),
        expect![[r#"
        error workflow-cycle this leads back here without end: one.yaml; call it under an 'if'
    "#]],
    );
    check_in("/w/one.yaml", &one("guarded.yaml"), &index(&one("guarded.yaml")), expect![[""]]);
    let own = one("one.yaml, if: false || inputs.x")
        .replace("steps", "inputs: {x: {type: boolean, default: false}}\nsteps");
    check_in("/w/one.yaml", &own, &index(&own), expect![""]);
}

#[test]
fn an_engine_needs_a_list_that_allows_it() {
    let step = "name: x\nsteps:\n  - {id: a, type: engine, command: ⟦codex⟧, env: {}, cwd: .}\n";
    let without = |index: WorkspaceIndex| WorkspaceIndex { settings: Some(Arc::default()), ..index };
    check_in(
        WORKFLOW,
        step,
        &without(workspace()),
        expect![[r#"
        warning engine-not-allowed no engine is allowed yet, so 'codex' will be refused; add it to 'engines.allowlist' of the config
    "#]],
    );
    // What a repository allows itself is nothing before a person trusts it.
    check_in(
        WORKFLOW,
        step,
        &WorkspaceIndex { trust: Trust::Untrusted, ..workspace() },
        expect![[r#"
        warning engine-not-allowed 'codex' is allowed by this workspace's own config, which counts when you trust it; run 'copydesk trust'
    "#]],
    );
    check_in(WORKFLOW, &step.replace(['⟦', '⟧'], ""), &workspace(), expect![""]);
}

#[test]
fn pools_servers_providers_and_engines_come_from_the_config() {
    in_workspace(
        r#"pools: {own: 1}
steps:
  - {id: a, type: shell, run: ls, pool: own}
  - {id: b, type: shell, run: ls, pool: slow}
  - {id: c, type: shell, run: ls, pool: shell}
  - {id: d, type: shell, run: ls, pool: ⟦slwo⟧}
  - {id: e, type: llm, agent: writer, prompt: p, provider: ⟦opnai⟧, mcpServers: [files, issues, ⟦fiels⟧, {name: own, command: x}]}
  - {id: f, type: engine, command: codex, env: {}, cwd: .}
  - {id: g, type: engine, command: /usr/bin/claude, env: {}, cwd: .}
  - {id: h, type: engine, command: ⟦codx⟧, env: {}, cwd: .}
  - {id: i, type: engine, command: ⟦evil⟧, env: {}, cwd: .}
  - {id: j, type: llm, agent: writer, prompt: p, handoff: {name: h, engine: {command: ⟦other⟧, env: {}, cwd: .}}}
"#,
        expect![[r#"
            warning unknown-pool there is no pool 'slwo'; did you mean 'slow'? [fix: change to 'slow'] [fix: declare the pool 'slwo']
            warning unknown-name there is no provider 'opnai' in the config; did you mean 'openai'? [fix: change to 'openai']
            warning unknown-name there is no MCP server 'fiels' in the config; did you mean 'files'? [fix: change to 'files']
            warning engine-not-allowed 'codx' is not on the allow list of engines; did you mean 'codex'? [fix: change to 'codex']
            warning engine-not-allowed 'evil' is on the deny list of engines; it will be refused
            warning engine-not-allowed 'other' is not on the allow list of engines; it will be refused; add it to 'engines.allowlist' of the config
        "#]],
    );
    in_workspace(
        "steps:\n  - {id: d, type: shell, run: ls, pool: ⟦mine⟧}\n",
        expect![[r#"
            warning unknown-pool there is no pool 'mine'; declare it under 'pools' [fix: declare the pool 'mine']
        "#]],
    );
}

#[test]
fn tools_have_one_name_each_that_models_can_say() {
    in_workspace(
        "steps:\n  - id: a\n    type: llm\n    agent: writer\n    prompt: p\n    tools:\n      - grep\n      - name: ⟦grep⟧\n        execution: {id: g, type: shell, run: ls}\n      - ⟦grep⟧\n      - name: ⟦look up!⟧\n        execution: {id: l, type: shell, run: ls}\n",
        expect![[r#"
            error duplicate-tool there is a tool 'grep' already; no model could tell the two apart [see: 'grep' is here first] [fix: rename to 'grep_2']
            error duplicate-tool there is a tool 'grep' already; no model could tell the two apart [see: 'grep' is here first] [fix: take it out]
            error format-mismatch 'look up!' is no name that models can say: letters, digits, '_' and '-', 64 at most [fix: change to 'look_up']
        "#]],
    );
    check_in(
        "/w/agents/boss.md",
        "---\nname: boss\ntools: [read, ⟦read⟧, edit]\n---\n",
        &workspace(),
        expect![[r#"
            error duplicate-tool there is a tool 'read' already; no model could tell the two apart [see: 'read' is here first] [fix: take it out]
        "#]],
    );
}

#[test]
fn a_step_of_an_agents_tool_names_agents_too() {
    check_in(
        "/w/agents/boss.md",
        "---\nname: boss\ntools:\n  - name: ask\n    execution: {type: llm, agent: ⟦writr⟧, prompt: p}\n---\n",
        &workspace(),
        expect![[r#"
            error unknown-agent there is no agent 'writr'; did you mean 'writer'? [fix: change to 'writer']
        "#]],
    );
}

#[test]
fn a_workflow_that_cannot_be_read_says_nothing_about_its_callers() {
    let head = "name: child\ninputs:\n  version: {type: string}\noutputs:\n  notes: x\n";
    let steps = "steps: [{id: n, type: shell, run: \"${{ inputs.version }}\"}]\n";
    let caller = "name: x
steps:
  - {id: c, type: workflow, path: child.yaml, inputs: {version: \"1\"}, outputMapping: {n: notes}}
  - {id: b, type: shell, run: \"${{ steps.c.outputs.notes }}\"}
";
    let whole = format!("{head}{steps}");
    for (from, to) in [
        ("  version:", "<<<<<<< HEAD\n  versions:"),
        ("  version:", "  \"version:"),
        ("  version:", "  version{:"),
        ("{type: string}", "{type: string"),
        ("notes: x", "notes x"),
        ("notes: x", "{notes"),
        ("version: {", "version {"),
    ] {
        let text = whole.replacen(from, to, 1);
        assert_ne!(text, whole);
        let index = knowing(&[("/w/child.yaml", &text)]);
        let tree = parse(Path::new("/w/child.yaml"), &text);
        let is_read = tree.broken().is_empty() && tree.problems().is_empty();
        let found = all_findings("/w/x.workflow.yaml", caller, &index);
        assert!(is_read || found.is_empty(), "{text}\n{found:#?}");
        // Of two files nobody knows which has the slip.
        let mended = found.iter().flat_map(|finding| &finding.fixes).any(is_safe);
        assert!(!mended, "{text}\n{found:#?}");
    }
    for text in ["", "# to do\n", "just some words\n", "\0\u{1}\u{2}ELF", "- a\n"] {
        let index = knowing(&[("/w/.copydesk/workflows/child.yaml", text)]);
        let caller =
            "name: x\nsteps: [{id: c, type: workflow, path: ⟦child.yaml⟧, inputs: {version: \"1\"}}]\n";
        let expect = expect![[r#"
            error unknown-workflow 'child.yaml' is no workflow
        "#]];
        check_in("/w/.copydesk/workflows/x.yaml", caller, &index, expect);
    }
}

#[test]
fn a_provider_in_front_of_a_model_must_be_there() {
    let checked = |path: &str, marked: &str, expect: Expect| check_in(path, marked, &workspace(), expect);
    for (path, head) in [
        ("/w/.copydesk/agents/a.md", "name: a\ndescription: d\n"),
        ("/w/.copydesk/actions/a.md", "name: a\n"),
        ("/w/.copydesk/prompts/a.md", "name: a\n"),
        ("/w/a.chat.md", ""),
    ] {
        let text = |model: &str| format!("---\n{head}model: {model}\n---\nx\n");
        checked(
            path,
            &text("⟦nope⟧/x"),
            expect![[r#"
                warning unknown-name there is no provider 'nope' in the config; configure it under 'providers'
            "#]],
        );
        for right in ["openai/gpt-5", "anthropic/c", "ollama/qwen3:4b", "qwen3:4b", "\"${{ inputs.m }}\""] {
            checked(path, &text(right), expect![""]);
        }
    }
    checked(
        "/w/.copydesk/config.yaml",
        "default_model: ⟦opnai⟧/q
fallback: [local/a, ⟦nope⟧/x]
completion: {model: ⟦nope⟧/c}
model_mappings: {\"a*\": local, \"b*\": ⟦nope⟧}
providers:
  local: {kind: ollama, fallback: ⟦lokal⟧/x, default_model: any/thing}
",
        expect![[r#"
            warning unknown-name there is no provider 'opnai' in the config; did you mean 'openai'? [fix: change to 'openai']
            warning unknown-name there is no provider 'nope' in the config; configure it under 'providers'
            warning unknown-name there is no provider 'nope' in the config; configure it under 'providers'
            warning unknown-name there is no provider 'nope' in the config; configure it under 'providers'
            warning unknown-name there is no provider 'lokal' in the config; did you mean 'local'? [fix: change to 'local']
        "#]],
    );
    // Of a bare name only mappings, and a provider for all of them, say whose it is.
    for rest in ["", "providers: {local: {kind: ollama}}\n"] {
        checked(
            "/w/.copydesk/config.yaml",
            &format!("default_model: ⟦gpt⟧\nfallback: [⟦ok⟧, openai]\n{rest}"),
            expect![[r#"
                warning unknown-name no provider serves 'gpt'; write PROVIDER/MODEL, or send the name to a provider in 'model_mappings'
                warning unknown-name no provider serves 'ok'; write PROVIDER/MODEL, or send the name to a provider in 'model_mappings'
            "#]],
        );
    }
    checked(
        "/w/.copydesk/config.yaml",
        "default_model: ⟦\"\"⟧
fallback: [⟦local/⟧, ollama/, ⟦\" \"⟧, ⟦local⟧]
providers:
  local: {kind: openai-chat, base_url: \"http://127.0.0.1:1/v1\"}
  ollama: {kind: ollama, default_model: q}
  \"⟦a/b⟧\": {kind: ollama, default_model: q}
  ⟦c:d⟧: {kind: ollama, default_model: q}
  \"⟦ d ⟧\": {kind: ollama, default_model: q}
  e: {kind: ollama, default_model: ⟦\"\"⟧, concurrency: ⟦4294967296⟧}
  f: {kind: openai-chat, ⟦base_url⟧: , ⟦api_key_env⟧: }
",
        expect![[r#"
            warning unknown-name the name of a model is missing; write PROVIDER/MODEL, or take the key out
            warning unknown-name the name of a model is missing, and provider 'local' has no default_model
            warning unknown-name the name of a model is missing; write PROVIDER/MODEL, or take the key out
            warning unknown-name the name of a model is missing, and provider 'local' has no default_model
            error format-mismatch nobody can ask this provider: its name must be there, without blanks around it or letters that nobody sees, and hold no '/' or ':', at which it ends in PROVIDER/MODEL
            error format-mismatch nobody can ask this provider: its name must be there, without blanks around it or letters that nobody sees, and hold no '/' or ':', at which it ends in PROVIDER/MODEL
            error format-mismatch nobody can ask this provider: its name must be there, without blanks around it or letters that nobody sees, and hold no '/' or ':', at which it ends in PROVIDER/MODEL
            warning unknown-name the name of a model is missing; write it, or take the key out
            error unknown-value 'concurrency' must be at most 4294967295 [fix: change to 4294967295]
            error type-mismatch 'base_url' has no value; it takes a text [fix: take 'base_url' out]
            error type-mismatch 'api_key_env' has no value; it takes a text [fix: take 'api_key_env' out]
        "#]],
    );
    checked(
        "/w/.copydesk/config.yaml",
        "default_model: gpt\nmodel_mappings: {\"g*\": openai}\n",
        expect![""],
    );
    in_workspace(
        "fallback: [⟦nope⟧/x]
steps:
  - {id: a, type: llm, agent: writer, prompt: p, model: ⟦opnai⟧/x}
  - {id: b, type: llm, agent: writer, prompt: p, model: openai/x, fallback: [offline, ⟦nope⟧/y]}
  - {id: c, type: llm, agent: writer, prompt: p, provider: openai, model: org/name}
  - {id: d, type: llm, agent: writer, prompt: p, provider: ollama, model: qwen3:4b}
",
        expect![[r#"
            warning unknown-name there is no provider 'nope' in the config; configure it under 'providers'
            warning unknown-name there is no provider 'opnai' in the config; did you mean 'openai'? [fix: change to 'openai']
            warning unknown-name there is no provider 'nope' in the config; configure it under 'providers'
        "#]],
    );
    // Where nobody has looked at the config, nobody knows.
    check_in(
        "/w/.copydesk/agents/a.md",
        "---\nname: a\ndescription: d\nmodel: nope/x\n---\nx\n",
        &knowing(&[]),
        expect![""],
    );
}

#[test]
fn servers_stand_where_their_readers_look() {
    for (path, wrong, right) in [
        ("/w/.mcp.json", "servers", "mcpServers"),
        ("/w/.cursor/mcp.json", "servers", "mcpServers"),
        ("/w/.vscode/mcp.json", "mcpServers", "servers"),
    ] {
        let text = format!("{{\"{wrong}\": {{\"a\": {{\"command\": \"x\"}}}}}}");
        let [finding] = &all_findings(path, &text, &workspace())[..] else { panic!("one finding in {path}") };
        assert_eq!(finding.span.of(&text), format!("\"{wrong}\""));
        assert_eq!(
            finding.message,
            format!("programs that read this file look for '{right}', not for '{wrong}'")
        );
        let [fix] = &finding.fixes[..] else { panic!("one fix in {path}") };
        assert_eq!(edited(&text, &fix.edits), text.replace(wrong, right));
    }
}

#[test]
fn what_an_item_lacks_is_said_at_the_item() {
    in_workspace(
        "steps:
  - {id: a, type: shell, run: x}
  - ⟦{}⟧
  - {id: b, type: llm, agent: writer, prompt: p, tools: [read, {⟦description⟧: x}]}
",
        expect![[r#"
            error missing-key a step needs 'id' [fix: add 'id']
            error missing-key a step needs 'type'
            error missing-key this item of 'tools' needs 'execution' [fix: add 'execution']
            error missing-key this item of 'tools' needs 'name' [fix: add 'name']
        "#]],
    );
    check_in(
        "/w/.copydesk/config.yaml",
        "hooks:\n  PreToolUse:\n    - command: a\n    - {⟦matcher⟧: edit}\n",
        &workspace(),
        expect![[r#"
            error missing-key this item of 'PreToolUse' needs 'command' [fix: add 'command']
        "#]],
    );
}
