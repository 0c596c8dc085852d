//! A mend for every code: in a light bulb, with its edit, exact to the letter; or the code's page says why there is
//! none.

use std::collections::BTreeSet;
use std::path::Path;

use copydesk_tests::client::Client;
use copydesk_tests::personality::vs_code;
use copydesk_tests::workspace::Workspace;

use crate::diagnostics::mend;
use crate::{COPYDESK, language};

/// A file with one mistake between `⟦` and `⟧`, the code of the finding there, the title of a mend, and the file after
/// it.
struct Mend {
    code: &'static str,
    path: &'static str,
    text: &'static str,
    title: &'static str,
    after: &'static str,
}

const WORKFLOW: &str = ".copydesk/workflows/x.yaml";
const CONFIG: &str = ".copydesk/config.yaml";

/// What lies around each of the files.
const AROUND: [(&str, &str); 4] = [
    ("few.schema.json", "{\"properties\": {\"ä😀\": {\"type\": \"array\", \"maxItems\": 2}}}"),
    ("own.schema.json", "{\"type\": \"object\"}"),
    (".copydesk/agents/writer.md", "---\nname: writer\n---\nWrite.\n"),
    (
        ".copydesk/workflows/child.yaml",
        "name: child\ninputs: {count: {type: number, default: 1}}\noutputs: {sum: x}\nsteps:\n  - {id: a, type: shell, run: \"${{ inputs.count }}\"}\n",
    ),
];

/// What the person allows.
const OWN_CONFIG: &str = "engines: {allowlist: {codex: {}}}\ndefault_model: near/big\n\
                          providers: {near: {kind: ollama, models: {small: {tools: false, vision: false}}}}\n";

const fn of(
    code: &'static str,
    path: &'static str,
    text: &'static str,
    title: &'static str,
    after: &'static str,
) -> Mend {
    Mend { code, path, text, title, after }
}

const MENDS: &[Mend] = &[
    of("yaml-syntax", WORKFLOW, "name: a⟦:⟧ b\n", "put the text in quotes", "name: \"a: b\"\n"),
    of("json-syntax", ".mcp.json", "{\"mcpServers\": {}⟦,⟧}", "take it out", "{\"mcpServers\": {}}"),
    of(
        "json-syntax",
        ".mcp.json",
        "{\"mcpServers\": ⟦{⟧\"a\": {}",
        "close it here",
        "{\"mcpServers\": {\"a\": {}}}",
    ),
    of(
        "toml-syntax",
        "a.toml",
        "#:schema ./own.schema.json\nname = ⟦True⟧\n",
        "change to 'true'",
        "#:schema ./own.schema.json\nname = true\n",
    ),
    of(
        "toml-syntax",
        "a.toml",
        "#:schema ./own.schema.json\nports = ⟦[⟧80, 81\nname = 'x'\n",
        "close it here",
        "#:schema ./own.schema.json\nports = [80, 81]\nname = 'x'\n",
    ),
    of(
        "type-mismatch",
        WORKFLOW,
        "name: x\nsteps:\n  ⟦id: a\n  type: shell\n  run: ls⟧\n",
        "put a '-' before it",
        "name: x\nsteps:\n  - id: a\n    type: shell\n    run: ls\n",
    ),
    of(
        "duplicate-key",
        WORKFLOW,
        "name: x\n⟦name⟧: y\nsteps: []\n",
        "take this one out",
        "name: x\nsteps: []\n",
    ),
    of(
        "unknown-key",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: shell, ⟦rnu⟧: ä😀}\n",
        "change to 'run'",
        "name: x\nsteps:\n  - {id: a, type: shell, run: ä😀}\n",
    ),
    of(
        "missing-key",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: ⟦human⟧}\n",
        "add 'message'",
        "name: x\nsteps:\n  - {id: a, type: human, message: \"\"}\n",
    ),
    of(
        "type-mismatch",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls, allowFailure: ⟦\"true\"⟧}\n",
        "change to 'true'",
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls, allowFailure: true}\n",
    ),
    of(
        "unknown-value",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: ⟦shel⟧, run: ls}\n",
        "change to 'shell'",
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls}\n",
    ),
    of(
        "duplicate-step",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls}\n  - {id: ⟦a⟧, type: shell, run: ls}\n",
        "rename to 'a_2'",
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls}\n  - {id: a_2, type: shell, run: ls}\n",
    ),
    of(
        "duplicate-tool",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: llm, agent: keystone-architect, prompt: x, tools: [grep, {name: ⟦grep⟧, execution: {id: b, type: shell, run: ls}}]}\n",
        "rename to 'grep_2'",
        "name: x\nsteps:\n  - {id: a, type: llm, agent: keystone-architect, prompt: x, tools: [grep, {name: grep_2, execution: {id: b, type: shell, run: ls}}]}\n",
    ),
    of(
        "unknown-step",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: build, type: shell, run: ls}\n  - {id: b, type: shell, run: ls, needs: [⟦biuld⟧]}\n",
        "change to 'build'",
        "name: x\nsteps:\n  - {id: build, type: shell, run: ls}\n  - {id: b, type: shell, run: ls, needs: [build]}\n",
    ),
    of(
        "dependency-cycle",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls, needs: [b]}\n  - {id: b, type: shell, run: ls, needs: [⟦a⟧]}\n",
        "take this need out",
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls, needs: [b]}\n  - {id: b, type: shell, run: ls, needs: []}\n",
    ),
    of(
        "expression-syntax",
        WORKFLOW,
        "name: x\nsteps:\n  - id: a\n    type: shell\n    run: ls ⟦${{⟧ env.HOME\n",
        "add '}}'",
        "name: x\nsteps:\n  - id: a\n    type: shell\n    run: ls ${{ env.HOME }}\n",
    ),
    of(
        "undeclared-input",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: shell, run: \"${{ inputs.⟦who⟧ }}\"}\n",
        "declare the input 'who'",
        "name: x\ninputs:\n  who:\n    type: string\n\nsteps:\n  - {id: a, type: shell, run: \"${{ inputs.who }}\"}\n",
    ),
    of(
        "bare-expression",
        WORKFLOW,
        "name: x\ninputs: {a: {type: string}}\nsteps:\n  - {id: a, type: shell, run: ls, idempotencyKey: ⟦inputs.a⟧}\n",
        "write '${{ }}' around it",
        "name: x\ninputs: {a: {type: string}}\nsteps:\n  - {id: a, type: shell, run: ls, idempotencyKey: \"${{ inputs.a }}\"}\n",
    ),
    of(
        "unknown-root",
        ".copydesk/agents/a.md",
        "---\nname: a\n---\nÄ😀 ${{ ⟦input⟧.x }}\n",
        "change to 'inputs'",
        "---\nname: a\n---\nÄ😀 ${{ inputs.x }}\n",
    ),
    of(
        "unknown-property",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls}\n  - {id: b, type: shell, run: \"${{ steps.a.output.⟦stdot⟧ }}\"}\n",
        "change to 'stdout'",
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls}\n  - {id: b, type: shell, run: \"${{ steps.a.output.stdout }}\"}\n",
    ),
    of(
        "unknown-method",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: shell, run: \"${{ env.A.⟦triim⟧() }}\"}\n",
        "change to 'trim'",
        "name: x\nsteps:\n  - {id: a, type: shell, run: \"${{ env.A.trim() }}\"}\n",
    ),
    of(
        "constant-condition",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls}\n  - {id: b, type: shell, run: ls, if: \"⟦steps.a.output != 'no'⟧\"}\n",
        "add '.stdout.trim()'",
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls}\n  - {id: b, type: shell, run: ls, if: \"steps.a.output.stdout.trim() != 'no'\"}\n",
    ),
    of(
        "mixed-expression",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls, if: ⟦\"${{ env.A }} == 'b'\"⟧}\n",
        "put all of it between the braces",
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls, if: \"${{ env.A == 'b' }}\"}\n",
    ),
    of(
        "hyphenated-step",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a-b, type: shell, run: ls}\n  - {id: c, type: shell, run: \"${{ steps.⟦a-b⟧.output.stdout }}\"}\n",
        "change to steps['a-b']",
        "name: x\nsteps:\n  - {id: a-b, type: shell, run: ls}\n  - {id: c, type: shell, run: \"${{ steps['a-b'].output.stdout }}\"}\n",
    ),
    of(
        "unknown-setting",
        CONFIG,
        "⟦completoin⟧: {enabled: false}\n",
        "change to 'completion'",
        "completion: {enabled: false}\n",
    ),
    of(
        "malformed-rule",
        CONFIG,
        "permissions:\n  deny: [\"⟦Bash(rm -rf⟧\"]\n",
        "add a ')'",
        "permissions:\n  deny: [\"Bash(rm -rf)\"]\n",
    ),
    of(
        "malformed-rule",
        CONFIG,
        "permissions:\n  deny: [⟦Bsah(rm:*)⟧]\n",
        "change to 'Bash'",
        "permissions:\n  deny: [Bash(rm:*)]\n",
    ),
    of(
        "shadowed-rule",
        CONFIG,
        "permissions:\n  deny: [\"Bash(rm:*)\", \"⟦Bash(rm x)⟧\"]\n",
        "take this rule out",
        "permissions:\n  deny: [\"Bash(rm:*)\"]\n",
    ),
    of(
        "unreachable-rule",
        CONFIG,
        "permissions:\n  deny: [Bash(rm:*)]\n  ask:\n    - ⟦Bash(rm x)⟧ # x\n    - Bash(mv:*)\n",
        "take this rule out",
        "permissions:\n  deny: [Bash(rm:*)]\n  ask:\n    - Bash(mv:*)\n",
    ),
    of(
        "granting-rule",
        ".copydesk/actions/a.md",
        "---\nname: a\npermissions:\n  allow: [⟦Bash(make:*)⟧]\n---\nx\n",
        "take this rule out",
        "---\nname: a\npermissions:\n  allow: []\n---\nx\n",
    ),
    of(
        "unknown-agent",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: llm, agent: ⟦wrter⟧, prompt: x}\n",
        "change to 'writer'",
        "name: x\nsteps:\n  - {id: a, type: llm, agent: writer, prompt: x}\n",
    ),
    of(
        "unknown-workflow",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: workflow, path: ⟦./chid.yaml⟧}\n",
        "change to './child.yaml'",
        "name: x\nsteps:\n  - {id: a, type: workflow, path: ./child.yaml}\n",
    ),
    of(
        "unknown-pool",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls, pool: ⟦slow⟧}\n",
        "declare the pool 'slow'",
        "name: x\npools:\n  slow: 1\n\nsteps:\n  - {id: a, type: shell, run: ls, pool: slow}\n",
    ),
    of(
        "unknown-input",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: workflow, path: child.yaml, inputs: {count: 2, ⟦other⟧: 1}}\n",
        "take 'other' out",
        "name: x\nsteps:\n  - {id: a, type: workflow, path: child.yaml, inputs: {count: 2}}\n",
    ),
    of(
        "unknown-output",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: workflow, path: child.yaml, outputMapping: {b: ⟦sun⟧}}\n",
        "change to 'sum'",
        "name: x\nsteps:\n  - {id: a, type: workflow, path: child.yaml, outputMapping: {b: sum}}\n",
    ),
    of(
        "unknown-name",
        ".copydesk/prompts/p.md",
        "---\nname: p\narguments:\n  - tone # how\n---\n{{tone}}, {{⟦länge⟧}}\n",
        "declare the argument 'länge'",
        "---\nname: p\narguments:\n  - tone # how\n  - länge\n---\n{{tone}}, {{länge}}\n",
    ),
    of(
        "engine-not-allowed",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: engine, command: ⟦codx⟧, input: x, env: {}, cwd: .}\n",
        "change to 'codex'",
        "name: x\nsteps:\n  - {id: a, type: engine, command: codex, input: x, env: {}, cwd: .}\n",
    ),
    of(
        "toolless-model",
        ".copydesk/agents/a.md",
        "---\nname: a\nmodel: ⟦near/small⟧\ntools: [read]\n---\nWork.\n",
        "change to 'near/big'",
        "---\nname: a\nmodel: near/big\ntools: [read]\n---\nWork.\n",
    ),
    of(
        "blind-model",
        ".copydesk/prompts/p.md",
        "---\nname: p\nmodel: ⟦near/small⟧\nallowed-tools: []\n---\nWhat is in @a.png?\n",
        "change to 'near/big'",
        "---\nname: p\nmodel: near/big\nallowed-tools: []\n---\nWhat is in @a.png?\n",
    ),
    of(
        "useless-key",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls, ⟦failFast⟧: true}\n",
        "take 'failFast' out",
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls}\n",
    ),
    of(
        "deprecated-key",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls}\n  - {id: b, type: join, needs: [a], ⟦target⟧: steps}\n",
        "take 'target' out",
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls}\n  - {id: b, type: join, needs: [a]}\n",
    ),
    of(
        "format-mismatch",
        CONFIG,
        "hooks:\n  PreToolUse: [{matcher: 'edit|⟦*⟧', command: ./check}]\n",
        "change to '.*'",
        "hooks:\n  PreToolUse: [{matcher: 'edit|.*', command: ./check}]\n",
    ),
    of(
        "format-mismatch",
        CONFIG,
        "providers:\n  p: {kind: openai-chat, base_url: \"https://a.example/v1⟦?tenant=7⟧\"}\n",
        "take what stands behind the path out",
        "providers:\n  p: {kind: openai-chat, base_url: \"https://a.example/v1\"}\n",
    ),
    of(
        "clear-text-key",
        CONFIG,
        "providers:\n  p: {kind: openai-chat, base_url: \"⟦http://a.example/v1⟧\", api_key_env: KEY}\n",
        "write https://",
        "providers:\n  p: {kind: openai-chat, base_url: \"https://a.example/v1\", api_key_env: KEY}\n",
    ),
    of(
        "stray-key",
        CONFIG,
        "providers:\n  p: {kind: openai-chat, api_key_env: ⟦WORK_KEY⟧}\n",
        "write https://api.openai.com/v1",
        "providers:\n  p: {kind: openai-chat, api_key_env: WORK_KEY, base_url: \"https://api.openai.com/v1\"}\n",
    ),
    of(
        "unused-input",
        WORKFLOW,
        "name: x\ninputs:\n  a: {type: string}\n  ⟦b⟧: {type: string}\nsteps:\n  - {id: a, type: shell, run: \"${{ inputs.a }}\"}\n",
        "take it out",
        "name: x\ninputs:\n  a: {type: string}\nsteps:\n  - {id: a, type: shell, run: \"${{ inputs.a }}\"}\n",
    ),
    of(
        "never-runs",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls, if: ⟦false⟧}\n",
        "take the condition out",
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls}\n",
    ),
    of(
        "sleep-unit",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: sleep, duration: ⟦\"${{ Number(env.A) * 1000 }}\"⟧}\n",
        "write 'ms' behind it",
        "name: x\nsteps:\n  - {id: a, type: sleep, duration: \"${{ Number(env.A) * 1000 }}ms\"}\n",
    ),
    of(
        "plain-secret",
        ".mcp.json",
        "{\"mcpServers\": {\"a\": {\"command\": \"x\", \"env\": {\"API_KEY\": ⟦\"8d7f8s7df87sdf\"⟧}}}}",
        "change to '${API_KEY}'",
        "{\"mcpServers\": {\"a\": {\"command\": \"x\", \"env\": {\"API_KEY\": \"${API_KEY}\"}}}}",
    ),
    of(
        "misplaced-name",
        ".copydesk/agents/b.md",
        "---\nname: ⟦a⟧\n---\nx\n",
        "change to 'b'",
        "---\nname: b\n---\nx\n",
    ),
];

/// Codes whose choices are commands: what they do is told in the stories named.
const CHOICES: &[(&str, &str)] = &[
    ("untrusted-setting", "asking: trust"),
    ("pending-approval", "asking: approvals"),
    ("proposal", "asking: review"),
    ("review-finding", "working: reviewing"),
];

/// Findings that nothing mends by itself: each with the file that shows it, what it is about between `⟦` and `⟧`.
const MARKED: &[(&str, &str, &str)] = &[
    (
        "exposed-secret",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: human, message: \"ä😀 ${{ ⟦secrets['KEY']⟧ }}?\"}\n",
    ),
    (
        "failing-expression",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: shell, run: \"ä😀 ${{ (1).⟦toFixed⟧(200) }}\"}\n",
    ),
    (
        "wrong-argument",
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: shell, run: \"ä😀 ${{ Number(⟦x => x⟧) }}\"}\n",
    ),
    ("workflow-cycle", WORKFLOW, "name: x\nsteps:\n  - {id: a, type: workflow, path: ⟦x.yaml⟧}\n"),
    ("schema-mismatch", "own.json", "{\"$schema\": \"./few.schema.json\", \"ä😀\": [1, 2, ⟦3⟧]}"),
    ("schema-unavailable", "x.yaml", "# yaml-language-server: $schema=⟦./nowhere.json⟧\na: b\n"),
    ("untrusted-setting", CONFIG, "# ä😀\npermissions:\n  ⟦allow⟧: [Bash(ls)]\n"),
];

/// Codes that are said of what agents do, at the place that they are about; the stories named look at it.
const TOLD: &[(&str, &str)] = &[
    ("pending-approval", "asking: approvals"),
    ("proposal", "asking: review"),
    ("stale-edit", "asking: review"),
    ("review-finding", "working: reviewing"),
    ("cut-answer", "asking: rewritten"),
];

/// The heading of a page whose code has no mend.
const NONE: &str = "## Why nothing mends it by itself";

#[test]
fn every_mend_stands_in_the_light_bulb_and_is_exact() {
    for row in MENDS {
        eprintln!("--- {}: {}", row.code, row.title);
        let text = row.text.replace(['⟦', '⟧'], "");
        let marked = row.text.split(['⟦', '⟧']).nth(1).unwrap_or_default();
        let workspace = Workspace::new(COPYDESK).with_user_config(OWN_CONFIG);
        let workspace = workspace.with(AROUND).with([(row.path, text.as_str())]);
        let mut client = Client::start(vs_code(), &workspace);
        let uri = workspace.uri(row.path);
        client.open(&uri, language(row.path), &text);
        let found = client.diagnostic(&uri, row.code);
        assert_eq!(client.text_of(&uri, &found["range"]), marked, "{found}");
        mend(&mut client, &uri, &found, row.title);
        assert_eq!(client.text(&uri), row.after);
        client.diagnostics(&uri, "the finding is gone", |found| {
            found.iter().all(|one| one["code"] != row.code)
        });
        client.finish();
    }
}

#[test]
fn what_nothing_mends_is_marked_exactly() {
    for (code, path, text) in MARKED {
        eprintln!("--- {code}");
        let marked = text.split(['⟦', '⟧']).nth(1).unwrap_or_default();
        let text = text.replace(['⟦', '⟧'], "");
        let workspace = Workspace::new(COPYDESK).with(AROUND).with([(*path, text.as_str())]);
        let mut client = Client::start(vs_code(), &workspace);
        let uri = workspace.uri(path);
        client.open(&uri, language(path), &text);
        let found = client.diagnostic(&uri, code);
        assert_eq!(client.text_of(&uri, &found["range"]), marked, "{found}");
        client.finish();
    }
}

#[test]
fn every_code_is_shown_at_its_exact_place() {
    let mut rows: Vec<&str> = MENDS.iter().map(|row| row.code).collect();
    rows.extend(MARKED.iter().map(|(code, ..)| code));
    rows.extend(TOLD.iter().map(|(code, _)| code));
    let missing: Vec<&str> = copydesk_base::Code::ALL
        .iter()
        .map(|code| code.as_str())
        .filter(|code| !rows.contains(code))
        .collect();
    assert!(missing.is_empty(), "no row shows where these stand: {missing:?}");
}

#[test]
fn every_code_has_a_mend_or_its_page_says_why_not() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/diagnostics");
    let mended: BTreeSet<&str> = MENDS.iter().map(|row| row.code).collect();
    for page in std::fs::read_dir(&pages).expect("the pages").flatten() {
        let path = page.path();
        let text = std::fs::read_to_string(&path).expect("a page");
        let code = path.file_stem().and_then(|stem| stem.to_str()).expect("a code");
        let ways =
            [mended.contains(code), CHOICES.iter().any(|(known, _)| *known == code), text.contains(NONE)];
        let count = ways.into_iter().filter(|way| *way).count();
        assert_eq!(count, 1, "{code}: a row here, or '{NONE}' on its page, and not both");
    }
}
