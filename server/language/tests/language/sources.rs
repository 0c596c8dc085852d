//! What the language is said to be, line by line: each sentence with the smallest file that shows it, and what is found
//! there.
//!
//! The sentences are those of the systems whose files we read, restated. What they say of running, storing and of
//! command lines has nothing that a file could show.

use std::path::Path;
use std::sync::Arc;

use copydesk_language::{File, WorkspaceIndex, parse, settings_view};
use expect_test::{Expect, expect};

use crate::support::{WORKFLOW, findings, knowing};

mod kinds;

/// The workspace around each file: an agent, two workflows, and a config that allows one engine.
const AROUND: &[(&str, &str)] = &[
    (".copydesk/agents/writer.md", "---\nname: writer\n---\n"),
    (".copydesk/agents/keystone-architect.md", "---\nname: keystone-architect\n---\n"),
    (
        ".copydesk/workflows/child.yaml",
        "name: child\ninputs: {who: {type: string}, n: {type: number, default: 1}}\noutputs: {said: hello}\nsteps:\n  - {id: a, type: shell, run: ls}\n",
    ),
];

/// What the config says.
const CONFIG: &str = "engines: {allowlist: {make: {}}}\nconcurrency: {pools: {slow: 1}}\n";

fn around() -> WorkspaceIndex {
    let path = Path::new(".keystone/config.yaml");
    let tree = parse(path, CONFIG);
    let settings = settings_view(&File::new(path, CONFIG, &tree));
    WorkspaceIndex { settings: Some(Arc::new(settings)), ..knowing(AROUND) }
}

/// Shows what is found in each file, as `code 'marked'`, behind the sentence that it is for.
fn show(path: &str, rows: &[(&str, String)], expect: &Expect) {
    let index = around();
    let mut lines = String::new();
    for (sentence, text) in rows {
        let found: Vec<String> = findings(path, text, &index)
            .iter()
            .map(|one| {
                let marked: String = one.span.of(text).chars().take(30).take_while(|c| *c != '\n').collect();
                format!("{} '{marked}'", one.code)
            })
            .collect();
        let found = if found.is_empty() { "right".to_owned() } else { found.join(", ") };
        lines += &format!("{sentence}: {found}\n");
    }
    expect.assert_eq(&lines);
}

/// A workflow with a head and one step.
fn head(keys: &str) -> String {
    format!("name: x\n{keys}\nsteps:\n  - {{id: a, type: shell, run: ls}}\n")
}

/// A workflow with one step of these keys behind two others.
fn step(keys: &str) -> String {
    format!(
        "name: x\ninputs: {{list: {{type: array}}, n: {{type: number}}}}\nsteps:\n  - {{id: one, type: shell, run: 'ls ${{{{ inputs.n }}}} ${{{{ inputs.list }}}}'}}\n  - {{id: two, type: shell, run: ls}}\n  - {keys}\n"
    )
}

fn shell(keys: &str) -> String {
    step(&format!("{{id: a, type: shell, run: ls, {keys}}}"))
}

fn of(kind: &str, keys: &str) -> String {
    step(&format!("{{id: a, type: {kind}, {keys}}}"))
}

/// A step whose run holds one expression.
fn said(expression: &str) -> String {
    step(&format!("{{id: a, type: shell, run: \"${{{{ {expression} }}}}\"}}"))
}

#[test]
fn the_head_of_a_workflow() {
    show(
        WORKFLOW,
        &[
            ("a workflow has a name", "steps:\n  - {id: a, type: shell, run: ls}\n".to_owned()),
            ("and steps", "name: x\n".to_owned()),
            ("it may name its schema", head("$schema: ../workflow.json")),
            ("and have a description", head("description: does it")),
            ("other keys are dropped in silence there", head("descripton: does it")),
            (
                "an input is one of five kinds",
                head(
                    "inputs: {a: {type: string}, b: {type: number}, c: {type: boolean}, d: {type: array}, e: {type: object}}",
                ),
            ),
            ("no other", head("inputs: {a: {type: date}}")),
            ("it must say which", head("inputs: {a: {default: 1}}")),
            ("its default fits its type", head("inputs: {a: {type: number, default: one}}")),
            (
                "its default is one of its values",
                head("inputs: {a: {type: string, values: [x, y], default: z}}"),
            ),
            (
                "it may be secret and described",
                head("inputs: {a: {type: string, secret: true, description: d}}"),
            ),
            (
                "outputs are expressions",
                head("outputs: {a: \"${{ steps.a.output.stdout }}\", b: \"${{ steps.b.output }}\"}"),
            ),
            ("outputs have a schema", head("outputSchema: {type: objekt}")),
            ("env are texts", head("env: {A: b, C: [d]}")),
            ("concurrency is a number", head("concurrency: 3")),
            ("or an expression", head("concurrency: \"${{ 1 + 1 }}\"")),
            ("and nothing else", head("concurrency: many")),
            ("and more than nothing", head("concurrency: 0")),
            ("a pool has a number", head("pools: {a: 2}")),
            ("or an expression", head("pools: {a: \"${{ 2 }}\"}")),
            ("and nothing else", head("pools: {a: some}")),
            (
                "errors and finally are steps",
                head("errors: [{id: e, type: shell, run: ls}]\nfinally: [{id: f, type: shell, run: ls}]"),
            ),
            ("compensate is one", head("compensate: {id: c, type: shell, run: ls}")),
            ("eval has a scorer", head("eval: {scorer: script, run: ls}")),
            (
                "eval by a model names its agent and asks it",
                head("eval: {scorer: llm, agent: writer, prompt: well?, allowSecrets: true}"),
            ),
            ("a scorer is a model or a script", head("eval: {scorer: person}")),
            ("its agent is there", head("eval: {scorer: llm, agent: nobody, prompt: well?}")),
            ("triggers are planned only", head("triggers: []")),
        ],
        &expect![[r#"
            a workflow has a name: missing-key 'steps'
            and steps: missing-key 'name'
            it may name its schema: right
            and have a description: right
            other keys are dropped in silence there: unknown-key 'descripton'
            an input is one of five kinds: right
            no other: unknown-value 'date'
            it must say which: missing-key 'a'
            its default fits its type: type-mismatch 'one'
            its default is one of its values: unknown-value 'z'
            it may be secret and described: right
            outputs are expressions: unknown-step 'b'
            outputs have a schema: unknown-value 'objekt'
            env are texts: type-mismatch '[d]'
            concurrency is a number: right
            or an expression: right
            and nothing else: type-mismatch 'many'
            and more than nothing: unknown-value '0'
            a pool has a number: right
            or an expression: right
            and nothing else: type-mismatch 'some'
            errors and finally are steps: right
            compensate is one: right
            eval has a scorer: right
            eval by a model names its agent and asks it: right
            a scorer is a model or a script: unknown-value 'person'
            its agent is there: unknown-agent 'nobody'
            triggers are planned only: useless-key 'triggers'
        "#]],
    );
}

#[test]
fn what_every_step_may_have() {
    show(
        WORKFLOW,
        &[
            ("a step has an id", step("{type: shell, run: ls}")),
            ("and a type", step("{id: a, run: ls}")),
            ("needs are steps", shell("needs: [one, two]")),
            ("that are there", shell("needs: [three]")),
            ("if is an expression", shell("if: steps.one.output.exitCode == 0")),
            ("timeout is a number of milliseconds", shell("timeout: 500")),
            ("above nothing", shell("timeout: 0")),
            ("whatever its unit", shell("timeout: 0s")),
            (
                "retry has count, backoff and baseDelay",
                shell("retry: {count: 2, backoff: exponential, baseDelay: 10}"),
            ),
            ("backoff is linear or exponential", shell("retry: {count: 2, backoff: random}")),
            ("auto_heal has an agent", shell("auto_heal: {agent: writer, model: m, maxAttempts: 2}")),
            ("and must", shell("auto_heal: {model: m}")),
            ("which must be there", shell("auto_heal: {agent: nobody}")),
            ("autoHeal is the same", shell("autoHeal: {agent: nobody}")),
            ("reflexion has limit and hint", shell("reflexion: {limit: 2, hint: h}")),
            ("allowFailure is true or false", shell("allowFailure: maybe")),
            ("idempotencyKey is a text with expressions", shell("idempotencyKey: 'a-${{ inputs.n }}'")),
            ("a bare one is the same for all", shell("idempotencyKey: inputs.n")),
            ("idempotencyScope is run or global", shell("idempotencyKey: k, idempotencyScope: day")),
            ("idempotencyTtlSeconds is a number", shell("idempotencyKey: k, idempotencyTtlSeconds: 1h")),
            ("foreach is an expression", shell("foreach: inputs.list")),
            ("of a list", shell("foreach: inputs.n")),
            ("concurrency is a number or an expression", shell("foreach: inputs.list, concurrency: many")),
            ("a pool is one of the workflow's or the usual four", shell("pool: http")),
            ("and no other", shell("pool: lpg")),
            ("breakpoint is true or false", shell("breakpoint: true")),
            ("a matrix has axes of scalars", shell("strategy: {matrix: {os: [a, b], n: [1, 2]}}")),
            ("of scalars", shell("strategy: {matrix: {os: [[a]]}}")),
            ("that are not empty", shell("strategy: {matrix: {os: []}}")),
            (
                "foreach and a matrix are one too many",
                shell("foreach: inputs.list, strategy: {matrix: {os: [a]}}"),
            ),
            ("transform is an expression", shell("transform: stdout.trim()")),
            (
                "learn and memoize are true or false",
                shell("learn: true, memoize: true, memoizeTtlSeconds: 60"),
            ),
            (
                "inputSchema and outputSchema are schemas",
                shell("inputSchema: {type: object}, outputSchema: {type: objekt}"),
            ),
            ("outputRetries is a number", shell("outputSchema: {type: object}, outputRetries: few")),
            ("repairStrategy is one of three", shell("outputSchema: {type: object}, repairStrategy: pray")),
            ("compensate is a step", shell("compensate: {id: undo, type: shell, run: ls}")),
            (
                "with what its type needs, in which nobody looks there",
                shell("compensate: {id: undo, type: shell}"),
            ),
            ("failFast is true or false", shell("foreach: inputs.list, failFast: true")),
            ("allowInsecure grants nothing any more", shell("allowInsecure: true")),
        ],
        &expect![[r#"
            a step has an id: missing-key 'shell'
            and a type: missing-key 'a'
            needs are steps: right
            that are there: unknown-step 'three'
            if is an expression: right
            timeout is a number of milliseconds: right
            above nothing: unknown-value '0'
            whatever its unit: unknown-value '0s'
            retry has count, backoff and baseDelay: right
            backoff is linear or exponential: unknown-value 'random'
            auto_heal has an agent: right
            and must: missing-key 'auto_heal'
            which must be there: unknown-agent 'nobody'
            autoHeal is the same: unknown-agent 'nobody'
            reflexion has limit and hint: right
            allowFailure is true or false: type-mismatch 'maybe'
            idempotencyKey is a text with expressions: right
            a bare one is the same for all: bare-expression 'inputs.n'
            idempotencyScope is run or global: unknown-value 'day'
            idempotencyTtlSeconds is a number: type-mismatch '1h'
            foreach is an expression: right
            of a list: type-mismatch 'inputs.n'
            concurrency is a number or an expression: type-mismatch 'many'
            a pool is one of the workflow's or the usual four: right
            and no other: unknown-pool 'lpg'
            breakpoint is true or false: right
            a matrix has axes of scalars: right
            of scalars: type-mismatch '[a]'
            that are not empty: unknown-value '[]'
            foreach and a matrix are one too many: unknown-key 'strategy'
            transform is an expression: right
            learn and memoize are true or false: right
            inputSchema and outputSchema are schemas: unknown-value 'objekt'
            outputRetries is a number: useless-key 'outputRetries', type-mismatch 'few'
            repairStrategy is one of three: useless-key 'repairStrategy', unknown-value 'pray'
            compensate is a step: right
            with what its type needs, in which nobody looks there: missing-key 'shell'
            failFast is true or false: right
            allowInsecure grants nothing any more: deprecated-key 'allowInsecure'
        "#]],
    );
}

#[test]
fn expressions() {
    show(
        WORKFLOW,
        &[
            ("roots", said("[inputs.n, secrets.A, steps.one.output, env.A, memory]")),
            (
                "args belong to tools",
                of(
                    "llm",
                    "agent: writer, prompt: p, tools: [{name: t, execution: {type: shell, run: 'ls ${{ args.x }}'}}]",
                ),
            ),
            (
                "item and index belong to rounds",
                shell("foreach: inputs.list, env: {A: '${{ item }} ${{ index }}'}"),
            ),
            ("and to nothing else", said("item")),
            ("stdout and output belong to transform", shell("transform: stdout + output")),
            (
                "last_failed_step belongs to errors",
                head("errors: [{id: e, type: shell, run: 'ls ${{ last_failed_step.id }}'}]"),
            ),
            ("an unknown name is an error", said("inputz.n")),
            ("so is an input that nobody declares", said("inputs.m")),
            ("own names only", said("constructor")),
            ("a property that is not there is nothing", said("steps.one.output.nothing")),
            (
                "arithmetic, comparison, logic, choice",
                said("inputs.n + 2 * 3 % 4 - 5 / 6 > 7 && !inputs.n || inputs.n == 1 ? 'a' : -1"),
            ),
            (
                "lists, objects, functions as arguments, optional chaining",
                said("inputs.list.map(x => ({a: x, b: [x]}))?.length"),
            ),
            ("no ??", said("inputs.n ?? 1")),
            ("no typeof", said("typeof inputs.n")),
            ("no new", said("new Date()")),
            ("no assignment", said("inputs.n = 1")),
            ("no template texts", said("`a`")),
            ("no operators on bits", said("inputs.n & 1")),
            ("no **", said("inputs.n ** 2")),
            ("no in", said("'a' in inputs")),
            (
                "the safe globals",
                said(
                    "[Boolean(1), Number('1'), String(1), Object.keys(inputs), Math.max(1, 2), Date.now(), JSON.stringify(1), parseInt('1'), parseFloat('1'), isNaN(1), isFinite(1), escape('a')]",
                ),
            ),
            ("no others", said("eval('1')")),
            (
                "methods of the list",
                said("'a'.toUpperCase().trim().split(',').map(x => x).filter(x => x).join('')"),
            ),
            ("no repeat and no push", said("['a'.repeat(2), inputs.list.push(1)]")),
            ("braces are counted, quotes are not", said("'}'")),
            ("a brace left open", step("{id: a, type: shell, run: \"${{ inputs.n\"}")),
            ("at most 10 000 characters", said(&format!("'{}'", "a".repeat(10_001)))),
            ("an object beside a text is never equal", shell("if: steps.one.output != 'no_changes'")),
            ("output of a shell step has no success", said("steps.one.output.success")),
        ],
        &expect![[r#"
            roots: right
            args belong to tools: right
            item and index belong to rounds: right
            and to nothing else: unknown-root 'item'
            stdout and output belong to transform: right
            last_failed_step belongs to errors: right
            an unknown name is an error: unknown-root 'inputz'
            so is an input that nobody declares: undeclared-input 'm'
            own names only: unknown-root 'constructor'
            a property that is not there is nothing: unknown-property 'nothing'
            arithmetic, comparison, logic, choice: right
            lists, objects, functions as arguments, optional chaining: right
            no ??: expression-syntax '??'
            no typeof: expression-syntax 'typeof'
            no new: expression-syntax 'new'
            no assignment: expression-syntax '='
            no template texts: expression-syntax '`'
            no operators on bits: expression-syntax '&'
            no **: expression-syntax '**'
            no in: expression-syntax 'in'
            the safe globals: right
            no others: unknown-method 'eval'
            methods of the list: right
            no repeat and no push: unknown-method 'repeat', unknown-method 'push'
            braces are counted, quotes are not: right
            a brace left open: expression-syntax '${{'
            at most 10 000 characters: expression-syntax ' 'aaaaaaaaaaaaaaaaaaaaaaaaaaaa'
            an object beside a text is never equal: constant-condition 'steps.one.output != 'no_change'
            output of a shell step has no success: unknown-property 'success'
        "#]],
    );
}

#[test]
fn agents() {
    show(
        ".copydesk/agents/a.md",
        &[
            ("an agent has a name", "---\ndescription: d\n---\nHello\n".to_owned()),
            (
                "and these",
                "---\nname: a\ndescription: d\nprovider: p\nmodel: m\ntools: []\n---\nHello\n".to_owned(),
            ),
            ("its prompt has expressions", "---\nname: a\n---\nHello ${{ inputs.x + }}\n".to_owned()),
            ("`${ {` is an escaped example", "---\nname: a\n---\nWrite `${ { inputs.x } }`\n".to_owned()),
            (
                "its tools run steps",
                "---\nname: a\ntools: [{name: t, execution: {type: shell}}]\n---\nHello\n".to_owned(),
            ),
        ],
        &expect![[r#"
            an agent has a name: missing-key 'description'
            and these: unknown-name 'p'
            its prompt has expressions: expression-syntax '+'
            `${ {` is an escaped example: right
            its tools run steps: missing-key 'shell'
        "#]],
    );
}

#[test]
fn layers() {
    let layer = |head: &str| format!("---\n{head}\n---\nHello\n");
    show(
        ".stepper/layer/plan/index.md",
        &[
            ("a layer has a description", layer("model: m")),
            (
                "and these",
                layer(
                    "description: d\nprovider: p\nmodel: m\ntemperature: 0.5\ntop_p: 1\nreasoning-effort: high\nthinking-budget: 10\ntools: {allow: [read], deny: [bash]}\npermission: {\"Bash(ls)\": allow}\nmcp: {allow: [s]}\nskills: [s]\nsteps: 5\nhidden: true\ncolor: red\non-failure: stop\nretries: 1\nparallel: true\nparallel-max: 2",
                ),
            ),
            (
                "on-failure is stop or skip, whatever its own template says",
                layer("description: d\non-failure: continue"),
            ),
            ("a verdict is one of three", layer("description: d\npermission: {Bash: perhaps}")),
        ],
        &expect![[r#"
            a layer has a description: missing-key 'model'
            and these: right
            on-failure is stop or skip, whatever its own template says: unknown-value 'continue'
            a verdict is one of three: unknown-value 'perhaps'
        "#]],
    );
}

#[test]
fn keystones_config() {
    show(
        ".keystone/config.yaml",
        &[
            ("pools have numbers", "concurrency: {default: 2, pools: {llm: 2, shell: 5, http: 10, engine: 2}}\n".to_owned()),
            ("models go by patterns to providers", "default_provider: p\nproviders: {p: {type: openai}}\nmodel_mappings: {\"gpt-*\": p, \"o*\": q}\n".to_owned()),
            ("environment variables stand in texts", "providers: {p: {type: openai, base_url: \"${URL}\"}}\n".to_owned()),
            ("scripts as providers are refused", "providers: {p: {type: openai, script: ./p.js}}\n".to_owned()),
            ("deny lists are read", "shell: {denylist: [rm]}\nengines: {denylist: [gcc]}\n".to_owned()),
        ],
        &expect![[r#"
            pools have numbers: right
            models go by patterns to providers: right
            environment variables stand in texts: right
            scripts as providers are refused: unknown-name 'script'
            deny lists are read: right
        "#]],
    );
}

/// What a key is when nobody writes it, as its help says.
#[test]
fn defaults() {
    let schema = copydesk_language::schema("workflow").unwrap();
    let mut lines = String::new();
    for (part, keys) in [
        ("Retry", &["count", "backoff", "baseDelay"][..]),
        ("AutoHeal", &["maxAttempts"]),
        ("Reflexion", &["limit"]),
        ("Llm", &["maxIterations"]),
        ("QualityGate", &["maxAttempts"]),
        ("Plan", &["agent", "maxIterations"]),
        ("Request", &["method"]),
        ("Human", &["inputType"]),
        ("Memory", &["model", "limit"]),
        ("Join", &["target", "condition"]),
        ("Blueprint", &["agent"]),
        ("Wait", &["oneShot"]),
        (
            "Dynamic",
            &[
                "agent",
                "maxSteps",
                "maxIterations",
                "allowStepFailure",
                "concurrency",
                "confirmPlan",
                "maxReplans",
            ],
        ),
    ] {
        for key in keys {
            let default = &schema["$defs"][part]["properties"][key]["default"];
            lines += &format!("{part}.{key} = {default}\n");
        }
    }
    expect![[r#"
        Retry.count = 0
        Retry.backoff = "linear"
        Retry.baseDelay = 1000
        AutoHeal.maxAttempts = 1
        Reflexion.limit = 3
        Llm.maxIterations = 10
        QualityGate.maxAttempts = 1
        Plan.agent = "keystone-architect"
        Plan.maxIterations = 10
        Request.method = "GET"
        Human.inputType = "confirm"
        Memory.model = "local"
        Memory.limit = 5
        Join.target = "steps"
        Join.condition = "all"
        Blueprint.agent = "keystone-architect"
        Wait.oneShot = true
        Dynamic.agent = "keystone-architect"
        Dynamic.maxSteps = 20
        Dynamic.maxIterations = 5
        Dynamic.allowStepFailure = false
        Dynamic.concurrency = 1
        Dynamic.confirmPlan = false
        Dynamic.maxReplans = 3
    "#]]
    .assert_eq(&lines);
}
