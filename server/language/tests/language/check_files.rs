//! Agents, actions, config: files that are no workflows.

use expect_test::expect;

use crate::support::{WORKFLOW, check_in, check_text, trusted};

const AGENT: &str = ".copydesk/agents/reviewer.md";
const ACTION: &str = ".copydesk/actions/add-tests.md";
const CONFIG: &str = ".copydesk/config.yaml";

#[test]
fn an_agent_is_checked_in_its_front_matter() {
    check_text(
        AGENT,
        "---\nname: reviewer\ndescription: Looks twice\ntools:\n  - read\n  - name: peek\n    execution: {type: file, op: read, path: \"${{ args.path }}\"}\n---\n# Prompt\nnmae: x ${{ inputs.nope }} ${ { x } }\n",
        expect![[""]],
    );
    check_text(
        AGENT,
        "---\nname: reviewer\n⟦modle⟧: x\ntools:\n  - name: t\n    execution: {type: ⟦shell⟧}\n  - name: u\n    execution: {type: shell, run: \"${{ args⟦.⟧ }}\"}\n---\n",
        expect![[r#"
            error unknown-key 'modle' is no key of an agent; did you mean 'model'? [fix: change to 'model']
            error missing-key a shell step needs 'run' or 'args' [fix: add 'run']
            error expression-syntax a name is missing after '.' [fix: take it out]
        "#]],
    );
    check_text(
        AGENT,
        "---\n⟦description⟧: nameless\n---\n",
        expect![[r#"
            error missing-key an agent needs 'name' [fix: add 'name']
        "#]],
    );
    check_text(
        AGENT,
        "⟦⟧# no front matter at all\n",
        expect![[r#"
            error missing-key an agent needs 'name' [fix: add 'name']
        "#]],
    );
}

#[test]
fn an_action_is_checked_in_its_front_matter() {
    check_text(
        ACTION,
        "---\nname: add-tests\ntitle: Write tests\ntools: [read, edit]\nlanguages: [rust]\nmode: plan\n---\nWrite tests.\n",
        expect![[""]],
    );
    check_text(
        ACTION,
        "---\nname: add-tests\ntools: ⟦read⟧\nmode: ⟦bypass⟧\n⟦language⟧: [rust]\n---\n",
        expect![[r#"
            error type-mismatch 'tools' takes a list; this is a text [fix: make it a list]
            error unknown-value 'bypass' is a flag of the command line only; no file can set it [fix: take it out]
            error unknown-key 'language' is no key of an action; did you mean 'languages'? [fix: change to 'languages']
        "#]],
    );
}

#[test]
fn a_config_of_the_contract_is_good() {
    check_in(
        CONFIG,
        r#"default_model: anthropic/claude-sonnet-4-5
providers:
  anthropic: {kind: anthropic, api_key_env: ANTHROPIC_API_KEY}
  local: {kind: openai-chat, base_url: "http://127.0.0.1:1234/v1", timeouts: {connect: 5, idle: 90s}}
model_mappings: {"claude-*": anthropic}
agents:
  claude: {kind: acp, command: [claude-agent-acp]}
mcp_servers:
  files: {command: [npx, -y, server-filesystem, .]}
checks:
  - {command: cargo check --message-format short, matcher: rustc}
permissions:
  mode: default
  allow: ["Bash(cargo test:*)", "Read(src/**)"]
  ask: []
  deny: ["Read(**/.env*)"]
budgets: {run: {usd: 1.0, tokens: 400000, requests: 60, minutes: 15}, day: {usd: 20}}
fallback: [openai/gpt-5-mini]
"#,
        &trusted(),
        expect![[""]],
    );
}

#[test]
fn settings_that_do_not_exist_are_warned_about() {
    check_in(
        CONFIG,
        "defualt_model: x\nproviders:\n  a: {kind: ⟦antropic⟧}\n  b: {⟦base_url⟧: http://x}\npermissions:\n  ⟦denny⟧: []\n  mode: ⟦bypass⟧\n  prompt_timeout: ⟦soon⟧\n".replace("defualt_model", "⟦defualt_model⟧").replace("  b: {⟦base_url⟧", "  ⟦b⟧: {base_url").as_str(),
        &trusted(),
        expect![[r#"
            error unknown-key 'defualt_model' is no key of the config; did you mean 'default_model'? [fix: change to 'default_model']
            error unknown-value 'antropic' is no value of 'kind'; it takes 'anthropic', 'openai-responses', 'openai-chat', 'azure-openai', 'ollama' or 'offline'; did you mean 'anthropic'? [fix: change to 'anthropic']
            error missing-key 'b' needs 'kind' [fix: add 'kind']
            error unknown-key 'denny' is no key of 'permissions'; did you mean 'deny'? [fix: change to 'deny']
            error unknown-value 'bypass' is a flag of the command line only; no file can set it [fix: take it out]
            error type-mismatch 'prompt_timeout' takes a number or a time such as '90s'; this is a text
        "#]],
    );
}

#[test]
fn an_untrusted_workspace_may_only_tighten() {
    check_text(
        CONFIG,
        "schemas: {}\n⟦default_model⟧: x/y\n⟦providers⟧: {}\nbudgets: {run: {usd: 1}}\npermissions:\n  mode: plan\n  deny: [Bash(rm:*)]\n  ask: []\n  ⟦allow⟧: [Edit(**)]\n",
        expect![[r#"
            warning untrusted-setting 'default_model' is ignored until you trust this workspace; read it, then run 'copydesk trust'
            warning untrusted-setting 'providers' is ignored until you trust this workspace; read it, then run 'copydesk trust'
            warning untrusted-setting 'permissions.allow' is ignored until you trust this workspace; read it, then run 'copydesk trust'
        "#]],
    );
    check_text(
        CONFIG,
        "permissions: {⟦mode⟧: auto}\n⟦nonsense⟧: 1\n",
        expect![[r#"
            warning untrusted-setting 'permissions.mode' is ignored until you trust this workspace; read it, then run 'copydesk trust'
            warning unknown-setting 'nonsense' is no key of the config; take it out [fix: take it out]
        "#]],
    );
    check_text(
        ".keystone/config.yaml",
        "⟦default_provider⟧: copilot\n",
        expect![[r#"
        warning untrusted-setting 'default_provider' is ignored until you trust this workspace; read it, then run 'copydesk trust'
    "#]],
    );
    check_in(
        ".keystone/config.yaml",
        "default_provider: copilot\nshell: {denylist: [rm]}\nconcurrency: {default: 2}\n⟦default_modle⟧: x\n",
        &trusted(),
        expect![[r#"
        warning unknown-setting 'default_modle' is no key of Keystone's config; did you mean 'default_model'? [fix: change to 'default_model']
    "#]],
    );
    check_text("home/.config/copydesk/config.yaml", "default_model: x/y\n", expect![[""]]);
}

#[test]
fn providers_of_keystone_that_do_not_count_are_told() {
    check_in(
        ".keystone/config.yaml",
        "providers:\n  a: {type: openai}\n  b: {type: ⟦antropic⟧}\n  c: {package: \"@ai-sdk/anthropic\"}\n  d: {type: ⟦copilot⟧}\n  e: {type: x, ⟦script⟧: ./run.js}\n",
        &trusted(),
        expect![[r#"
            warning unknown-name providers of the kind 'antropic' are not known here; did you mean 'anthropic'? [fix: change to 'anthropic']
            warning unknown-name providers of the kind 'copilot' are not known here; this one does not count; add it to .copydesk/config.yaml with a kind
            warning unknown-name a provider that is a script is refused; it is never started
        "#]],
    );
}

#[test]
fn providers_that_a_config_names_are_its_own() {
    check_in(
        ".keystone/config.yaml",
        "default_provider: ⟦opnai⟧\nproviders: {openai: {type: openai}}\nmodel_mappings: {\"a*\": openai, \"b*\": ⟦openia⟧, \"c*\": copilot}\n",
        &trusted(),
        expect![[r#"
            warning unknown-name there is no provider 'opnai' in the config; did you mean 'openai'? [fix: change to 'openai']
            warning unknown-name there is no provider 'openia' in the config; did you mean 'openai'? [fix: change to 'openai']
        "#]],
    );
    check_in(
        ".copydesk/config.yaml",
        "providers: {near: {kind: ollama}}\nmodel_mappings: {\"a*\": ⟦nera⟧}\n",
        &trusted(),
        expect![[r#"
            warning unknown-name there is no provider 'nera' in the config; did you mean 'near'? [fix: change to 'near']
        "#]],
    );
}

#[test]
fn amounts_that_are_none_are_marked_and_one_fallback_may_be_a_text() {
    check_in(
        CONFIG,
        "fallback: near/m\nbudgets: {run: {usd: 0, tokens: ⟦0⟧, requests: ⟦-1⟧, minutes: ⟦0⟧}, day: {usd: ⟦-0.5⟧}}\nproviders:\n  near:\n    kind: ollama\n    concurrency: ⟦0⟧\n    fallback: [near/n]\n    models: {m: {output_limit: ⟦0⟧, price: {input: ⟦-1⟧, output: 0}}}\n  far: {kind: ollama, fallback: ⟦7⟧}\n",
        &trusted(),
        expect![[r#"
            error unknown-value 'tokens' must be at least 1 [fix: change to 1]
            error unknown-value 'requests' must be at least 1 [fix: change to 1]
            error unknown-value 'minutes' must be more than 0 [fix: change to 1]
            error unknown-value 'usd' must be at least 0 [fix: change to 0]
            error unknown-value 'concurrency' must be at least 1 [fix: change to 1]
            error unknown-value 'output_limit' must be at least 1 [fix: change to 1]
            error unknown-value 'input' must be at least 0 [fix: change to 0]
            error type-mismatch 'fallback' takes a text or a list; this is a number [fix: put it in quotes]
        "#]],
    );
}

#[test]
fn amounts_that_nobody_can_count_with_are_marked_where_they_stand() {
    check_in(
        CONFIG,
        "budgets:\n  run: {usd: ⟦.inf⟧, minutes: ⟦.nan⟧, tokens: ⟦-.Inf⟧}\n  day: {usd: ⟦1e400⟧, ⟦requests⟧: }\n  turn:\n    ⟦usd⟧:\n  session: {usd: ⟦much⟧, minutes: ⟦\"5\"⟧}\nproviders:\n  near:\n    kind: ollama\n    models:\n      m: {⟦price⟧: }\n      n: {price: {⟦input⟧: , output: ⟦.NaN⟧, cached_input: ⟦~⟧}}\n",
        &trusted(),
        expect![[r#"
            error type-mismatch 'usd' takes a number; this is none that can be counted with [fix: take 'usd' out]
            error type-mismatch 'minutes' takes a number; this is none that can be counted with [fix: take 'minutes' out]
            error type-mismatch 'tokens' takes a whole number; this is none that can be counted with [fix: take 'tokens' out]
            error type-mismatch 'usd' takes a number; this is none that can be counted with [fix: take 'usd' out]
            error type-mismatch 'requests' has no value; it takes a whole number [fix: write '1'] [fix: take 'requests' out]
            error type-mismatch 'usd' has no value; it takes a number [fix: write '0']
            error type-mismatch 'usd' takes a number; this is a text
            error type-mismatch 'minutes' takes a number; this is a text [fix: take the quotes away]
            error type-mismatch 'price' has no value; it takes a mapping [fix: take 'price' out]
            error type-mismatch 'input' has no value; it takes a number [fix: write '0']
            error type-mismatch 'output' takes a number; this is none that can be counted with
            error type-mismatch 'cached_input' has no value; it takes a number [fix: take 'cached_input' out]
        "#]],
    );
}

#[test]
fn what_stops_a_run_is_an_error() {
    check_in(
        CONFIG,
        "⟦Budgets⟧: {run: {usd: 1}}\n⟦budgets.run.usd⟧: 1\nbudgets:\n  ⟦sesion⟧: {requests: 1}\n  session: {⟦request⟧: 1, ⟦\"usd \"⟧: 1}\n  run: {requests: ⟦1e0⟧, tokens: ⟦99999999999999999999999⟧}\n  ⟦day⟧:\n  turn: ⟦[0.001]⟧\n⟦formats⟧: []\n",
        &trusted(),
        expect![[r#"
            error unknown-key 'Budgets' is no key of the config; take it out [fix: take it out]
            error unknown-key 'budgets.run.usd' is no key of the config; take it out [fix: take it out]
            error unknown-key 'sesion' is no key of 'budgets'; take it out [fix: take it out]
            error unknown-key 'request' is no key of 'session'; did you mean 'requests'? [fix: change to 'requests']
            error unknown-key 'usd ' is no key of 'session'; did you mean 'usd'? [fix: change to 'usd']
            error type-mismatch 'requests' takes a whole number; this is none that can be read [fix: change to 1]
            error type-mismatch 'tokens' takes a whole number; this is none that can be read
            error type-mismatch 'day' has no value; it takes a mapping [fix: write '{}'] [fix: take 'day' out]
            error type-mismatch 'turn' takes a mapping; this is a list
            warning unknown-setting 'formats' is no key of the config; did you mean 'format'? [fix: change to 'format']
        "#]],
    );
    check_in(
        CONFIG,
        "⟦budgets⟧:\n",
        &trusted(),
        expect![[r#"
        error type-mismatch 'budgets' has no value; it takes a mapping [fix: write '{}']
    "#]],
    );
}

#[test]
fn values_of_keystones_config_are_checked() {
    check_in(
        ".keystone/config.yaml",
        "storage: {retention_days: ⟦soon⟧, other: 1}\nconcurrency: {default: ⟦0⟧, pools: {llm: 2, slow: ⟦many⟧}}\nengines: {allowlist: {a: {command: x}}, denylist: ⟦rm⟧}\nmcp_servers: {a: {type: ⟦lokal⟧, command: x}}\nexpression: {strict: ⟦\"yes\"⟧}\n",
        &trusted(),
        expect![[r#"
            error type-mismatch 'retention_days' takes a number; this is a text
            error unknown-value 'default' must be more than 0 [fix: change to 1]
            error type-mismatch 'slow' takes a whole number or an expression; this is a text
            error type-mismatch 'denylist' takes a list; this is a text [fix: make it a list]
            error unknown-value 'lokal' is no value of 'type'; it takes 'local' or 'remote'; did you mean 'local'? [fix: change to 'local']
            error type-mismatch 'strict' takes true or false; this is a text [fix: change to 'true']
        "#]],
    );
}

#[test]
fn prompts_and_skills_keep_keys_of_others() {
    check_text(
        ".copydesk/prompts/p.md",
        "---\nargument-hint: x\ndescription: ⟦[1]⟧\n---\n",
        expect![[r#"
            error type-mismatch 'description' takes a text; this is a list [fix: make it one text]
        "#]],
    );
    check_text(
        "skills/pdf/SKILL.md",
        "---\n⟦name⟧: pdf\nlicense: MIT\n---\n",
        expect![[r#"
            error missing-key a skill needs 'description' [fix: add 'description']
        "#]],
    );
}

#[test]
fn files_of_others_are_left_alone() {
    check_text("docker-compose.yml", "services: {a: [}\n", expect![[""]]);
}

#[test]
fn only_one_document_is_read() {
    let second = || expect![["error yaml-syntax only one document is read; put everything into one\n"]];
    for (path, first) in [
        (CONFIG, "permissions: {mode: plan}\n"),
        (".keystone/config.yaml", "concurrency: {default: 2}\n"),
        (WORKFLOW, "name: test\nsteps: [{id: a, type: shell, run: ls}]\n"),
    ] {
        check_in(
            path,
            &format!("{first}---\n# more\n⟦permissions: {{deny: [Bash]}}⟧\n"),
            &trusted(),
            second(),
        );
        check_in(path, &format!("{first}...\n---\n⟦a:⟧\n  b: 1\n---\nc: 1\n"), &trusted(), second());
        for good in ["---\n{}", "---\n{}...\n", "# head\n---\n{}---\n", "{}---\n# nothing\n---\n~\n"] {
            check_in(path, &good.replace("{}", first), &trusted(), expect![[""]]);
        }
    }
    check_text("deployment.yaml", "a: 1\n---\nb: 2\n", expect![[""]]);
}

#[test]
fn engines_of_our_own_config() {
    check_in(
        ".copydesk/config.yaml",
        "engines: {allowlist: {codex: {model: m}}, denylist: [rm], ⟦allowed⟧: {}}\n",
        &trusted(),
        expect![[r#"
            warning unknown-setting 'allowed' is no key of 'engines'; take it out [fix: take it out]
        "#]],
    );
}
