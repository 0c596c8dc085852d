//! Configs and heads of layers: what can be read and would do nothing, at its place.

use expect_test::{Expect, expect};

use crate::support::{check_in, check_text, knowing, trusted};

const CONFIG: &str = ".copydesk/config.yaml";

fn check_config(text: &str, expect: Expect) {
    check_in(CONFIG, text, &trusted(), expect);
}

#[test]
fn times_that_are_none() {
    check_config(
        "retention: {age: ⟦90x⟧}\n",
        expect![[r#"
        error type-mismatch 'age' takes a time with its unit such as '90d'; this is a text
    "#]],
    );
    check_config(
        "retention: {age: ⟦90⟧}\n",
        expect![[r#"
        error type-mismatch 'age' takes a time with its unit such as '90d'; this is a number [fix: change to '90d']
    "#]],
    );
    check_config(
        "retention: {age: ⟦90 days⟧}\n",
        expect![[r#"
        error type-mismatch 'age' takes a time with its unit such as '90d'; this is a text [fix: change to '90d']
    "#]],
    );
    check_config(
        "retention: {age: ⟦0d⟧}\n",
        expect![[r#"
        error unknown-value 'age' must be more than 0 [fix: change to '1d']
    "#]],
    );
    check_config("retention: {age: 1.5d, megabytes: 5}\n", expect![[""]]);
    check_config(
        "models: {cache: {ttl: ⟦0⟧}}\n",
        expect![[r#"
        error unknown-value 'ttl' must be more than 0 [fix: change to '1']
    "#]],
    );
    check_config(
        "models: {cache: {ttl: ⟦0s⟧}}\n",
        expect![[r#"
        error unknown-value 'ttl' must be more than 0 [fix: change to '1s']
    "#]],
    );
    check_config("models: {cache: {ttl: 1d}}\n", expect![[""]]);
}

#[test]
fn times_of_a_config_are_seconds_or_have_a_unit() {
    check_config(
        "checks: [{command: x, timeout: ⟦5 min⟧}]\n",
        expect![[r#"
        error type-mismatch 'timeout' takes a number or a time such as '90s'; this is a text [fix: change to '5m']
    "#]],
    );
    check_config(
        "checks: [{command: x, timeout: ⟦soon⟧}]\n",
        expect![[r#"
        error type-mismatch 'timeout' takes a number or a time such as '90s'; this is a text
    "#]],
    );
}

#[test]
fn what_other_programs_call_otherwise() {
    check_config(
        "providers: {x: {kind: ⟦openai-compatible⟧, base_url: \"http://127.0.0.1:1/v1\"}}\n",
        expect![[r#"
            error unknown-value 'openai-compatible' is no value of 'kind'; it takes 'anthropic', 'openai-responses', 'openai-chat', 'azure-openai', 'ollama' or 'offline'; did you mean 'openai-chat'? [fix: change to 'openai-chat']
        "#]],
    );
    check_config(
        "mcp_servers: {x: {command: ⟦npx -y @scope/server⟧}}\n",
        expect![[r#"
        error type-mismatch 'command' takes a list; this is a text [fix: make it a list]
    "#]],
    );
    check_text(
        ".copydesk/workflows/a.yaml",
        "name: a\ninputs: {mode: {type: string, ⟦enum⟧: [a, b]}}\nsteps:\n  - {id: a, type: shell, run: x}\n",
        expect![[r#"
            error unknown-key 'enum' is no key of 'mode'; did you mean 'values'? [fix: change to 'values']
        "#]],
    );
}

#[test]
fn checks_that_would_not_be_run() {
    check_config(
        "checks: [{⟦cmd⟧: make}, {command: make, ⟦retries⟧: 2}]\n",
        expect![[r#"
        error unknown-key 'cmd' is no key of this item of 'checks'; did you mean 'command'? [fix: change to 'command']
        error unknown-key 'retries' is no key of this item of 'checks'; take it out [fix: take it out]
    "#]],
    );
    check_config(
        "checks: [{command: ⟦\"\"⟧}]\n",
        expect![[r#"
        error unknown-value the command of this check is empty, so nothing is checked; write one
    "#]],
    );
    check_config(
        "checks: [{command: x, matcher: ⟦\"\"⟧}]\n",
        expect![[r#"
        error unknown-value the matcher is empty, so the check is not run; take it out for all that are known [fix: take 'matcher' out]
    "#]],
    );
    check_config(
        "checks: [{command: x, matcher: ⟦rustcc⟧}]\n",
        expect![[r#"
        warning unknown-name there is no matcher 'rustcc', so the check is not run; did you mean 'rustc'? [fix: change to 'rustc']
    "#]],
    );
    check_config(
        "checks: [{command: x, matcher: ⟦eslint⟧}]\n",
        expect![[r#"
        warning unknown-name there is no matcher 'eslint', so the check is not run; it is one of 'rustc', 'gcc', 'python', 'node', 'tsc', 'shell', or a pattern
    "#]],
    );
    check_config(
        "checks: [{command: x, matcher: \"⟦(⟧\"}]\n",
        expect![[r#"
        error format-mismatch this matcher cannot be read: unclosed group
    "#]],
    );
    check_config(
        "checks: [{command: x, matcher: '⟦^(?<file>\\w+): (.*)$⟧'}]\n",
        expect![[r#"
        error format-mismatch this matcher has no group '(?<line>…)', so the check is not run; write what tells the place
    "#]],
    );
    check_config(
        "checks: [{command: x, matcher: '^(?<file>\\w+):(?<line>\\d+): (?<message>.*)$'}]\n",
        expect![[""]],
    );
    check_config(
        "checks: [{command: x, matcher: tsc, files: [\"*.ts\", \"⟦[⟧\"]}]\n",
        expect![[r#"
        error format-mismatch this glob cannot be read and is left out: unclosed character class; missing ']'
    "#]],
    );
}

#[test]
fn globs_that_cannot_be_read() {
    check_config(
        "schemas: {\"⟦a[⟧\": x.json, \"*.yml\": y.json}\n",
        expect![[r#"
        error format-mismatch this glob cannot be read, so the schema checks no file: unclosed character class; missing ']'
    "#]],
    );
    check_config(
        "format: [\"⟦{a⟧\", ⟦\"\"⟧, \"**/*.yml\"]\n",
        expect![[r#"
        error format-mismatch this glob cannot be read, so no file is laid out by it: unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)
        error unknown-value this glob is empty, so it is for no file; write one such as 'src/**/*.rs'
    "#]],
    );
}

#[test]
fn pipelines_and_who_works_in_them() {
    let index = knowing(&[
        (".copydesk/agents/writer.md", "---\nname: writer\n---\n"),
        (".stepper/layer/plan/index.md", "---\ndescription: Plans.\n---\n"),
    ]);
    let check = |text: &str, expect: Expect| check_in(CONFIG, text, &index, expect);
    check("pipelines: {a: [writer, plan]}\n", expect![[""]]);
    check(
        "pipelines: {a: ⟦[]⟧}\n",
        expect![[r#"
        error unknown-value the pipeline 'a' has no stages, so nobody works in it; name an agent
    "#]],
    );
    check(
        "pipelines: {a: [writer], b: [⟦writr⟧, ⟦nobody⟧, ⟦\"\"⟧]}\n",
        expect![[r#"
        error unknown-agent there is no agent 'writr'; did you mean 'writer'? [fix: change to 'writer']
        error unknown-agent there is no agent 'nobody'; create 'agents/nobody.md'
        error unknown-value this stage has no name; write that of an agent or a layer [fix: take it out]
    "#]],
    );
    check_in(".config/copydesk/config.yaml", "pipelines: {a: [nobody]}\n", &index, expect![[""]]);
}

#[test]
fn a_key_by_which_an_agent_would_lose_its_bounds_is_an_error() {
    check_config(
        "permissions: {⟦Deny⟧: [Bash]}\n",
        expect![[r#"
        error unknown-key 'Deny' is no key of 'permissions'; did you mean 'deny'? [fix: change to 'deny']
    "#]],
    );
    check_config(
        "hooks: {⟦PreTool⟧: [{command: x}]}\n",
        expect![[r#"
            error unknown-key 'PreTool' is no key of 'hooks'; did you mean 'PreToolUse'? [fix: change to 'PreToolUse']
        "#]],
    );
    check_config(
        "hooks: {PreToolUse: [{command: x, ⟦matchr⟧: Bash}]}\n",
        expect![[r#"
        error unknown-key 'matchr' is no key of this item of 'PreToolUse'; did you mean 'matcher'? [fix: change to 'matcher']
    "#]],
    );
    check_config(
        "⟦permission⟧: {deny: [Bash]}\n",
        expect![[r#"
        error unknown-key 'permission' is no key of the config; did you mean 'permissions'? [fix: change to 'permissions']
    "#]],
    );
    check_config(
        "sandbox: {⟦requird⟧: true}\n",
        expect![[r#"
        error unknown-key 'requird' is no key of 'sandbox'; did you mean 'required'? [fix: change to 'required']
    "#]],
    );
    check_config(
        "completion: {⟦modle⟧: a/b}\n",
        expect![[r#"
        warning unknown-setting 'modle' is no key of 'completion'; did you mean 'model'? [fix: change to 'model']
    "#]],
    );
}

#[test]
fn heads_of_layers() {
    let check = |head: &str, expect: Expect| {
        check_text(
            ".stepper/layer/plan/index.md",
            &format!("---\ndescription: Plans.\n{head}\n---\nPlan it.\n"),
            expect,
        );
    };
    check("tools: {allow: [read, grep], deny: [edit]}\npermission: {Bash: deny}\nretries: 3", expect![[""]]);
    check(
        "⟦permision⟧: {Bash: deny}",
        expect![[r#"
            error unknown-key 'permision' is no key of a layer that is read here; did you mean 'permission'? [fix: change to 'permission']
        "#]],
    );
    check(
        "⟦retrys⟧: 3",
        expect![[r#"
        warning unknown-key 'retrys' is no key of a layer that is read here; did you mean 'retries'? [fix: change to 'retries']
    "#]],
    );
    check(
        "⟦on_failure⟧: stop",
        expect![[r#"
        warning unknown-key 'on_failure' is no key of a layer that is read here; did you mean 'on-failure'? [fix: change to 'on-failure']
    "#]],
    );
    check(
        "tools: {⟦alow⟧: [read]}",
        expect![[r#"
        error unknown-key 'alow' is no key of 'tools'; did you mean 'allow'? [fix: change to 'allow']
    "#]],
    );
    check(
        "tools: {allow: [⟦raed⟧, mcp__x__y]}",
        expect![[r#"
        warning unknown-name there is no tool 'raed'; did you mean 'read'? [fix: change to 'read']
    "#]],
    );
    check(
        "permission: {Bash: ⟦never⟧}",
        expect![[r#"
        error unknown-value 'never' is no value of 'Bash'; it takes 'allow', 'ask' or 'deny' [fix: change to 'allow'] [fix: change to 'ask'] [fix: change to 'deny']
    "#]],
    );
    check("theme: dark", expect![[""]]);
}

#[test]
fn skills_that_are_one_slip_away() {
    let index =
        knowing(&[("skills/release-notes/SKILL.md", "---\nname: release-notes\ndescription: x\n---\n")]);
    let check = |list: &str, expect: Expect| {
        let text = format!("---\nname: a\ndescription: d\nskills: [{list}]\n---\nB\n");
        check_in(".copydesk/agents/a.md", &text, &index, expect);
    };
    check("release-notes, of-my-own", expect![[""]]);
    check(
        "⟦release-note⟧",
        expect![[r#"
        warning unknown-name there is no skill 'release-note' in this workspace; did you mean 'release-notes'? [fix: change to 'release-notes']
    "#]],
    );
}
