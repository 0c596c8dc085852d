//! What the word at `$0` means.

use std::path::Path;

use copydesk_language::{File, check, hover, parse};
use expect_test::expect;

use crate::support::{WORKFLOW, cursor, hover_in, knowing};

const HEAD: &str = "name: test\ninputs:\n  name: {type: string, default: Ada, description: Who it is}\nsteps:\n  - {id: a, type: shell, run: ls}\n";

#[test]
fn keys() {
    hover_in(
        WORKFLOW,
        "name: test\nste$0ps: []\n",
        expect![[r#"
        <steps> **steps**: a list, required

        The steps. They start as soon as everything they need is done, side by side where they can."#]],
    );
    hover_in(
        WORKFLOW,
        &format!("{HEAD}  - id: b\n    type: shell\n    time$0out: 5\n"),
        expect![[r#"
        <timeout> **timeout**: a number or an expression

        Stop the step after so many milliseconds."#]],
    );
    hover_in(
        WORKFLOW,
        &format!("{HEAD}  - id: b\n    type: shell\n    allowIn$0secure: true\n"),
        expect![[r#"
        <allowInsecure> **allowInsecure**: true or false or an expression

        **Deprecated**: it grants nothing any more. Commands are judged by the permission rules; take the key away."#]],
    );
    hover_in(
        WORKFLOW,
        &format!("{HEAD}  - id: b\n    type: request\n    met$0hod: GET\n"),
        expect![[r#"
        <method> **method**: one of a list of words

        The method.

        Default: `GET`

        - `GET`: Reads.
        - `POST`: Creates or sends.
        - `PUT`: Replaces.
        - `PATCH`: Changes a part.
        - `DELETE`: Removes.
        - `HEAD`: Reads the header fields only."#]],
    );
    hover_in(
        WORKFLOW,
        &format!("{HEAD}  - id: b\n    retry: {{coun$0t: 5}}\n"),
        expect![[r#"
        <count> **count**: a whole number or an expression

        How often to try again. 0 unless set.

        Default: `0`"#]],
    );
    hover_in(WORKFLOW, "name: test\nnon$0sense: []\n", expect!["nothing"]);
    hover_in(
        ".copydesk/config.yaml",
        "permissions:\n  mo$0de: plan\n",
        expect![[r#"
        <mode> **mode**: one of a list of words

        The posture where no rule speaks.

        - `locked`: What would be asked is denied.
        - `plan`: Reads only; every edit is refused, whatever the rules allow.
        - `default`: Reads in the workspace are allowed, everything else asks.
        - `accept-edits`: Edits in the workspace are allowed too.
        - `auto`: Commands are allowed too; only what reaches out of the workspace asks."#]],
    );
    hover_in(
        ".copydesk/agents/a.md",
        "---\nname: x\nto$0ols: []\n---\n",
        expect![[r#"
        <tools> **tools**: a list

        The tools it may use: names of built-in ones, or tools written out."#]],
    );
}

#[test]
fn values() {
    hover_in(
        WORKFLOW,
        &format!("{HEAD}  - id: b\n    type: sl$0eep\n"),
        expect![[r#"
        <sleep> **sleep**

        Waits for a time or until a moment, also over a restart. Exactly one of `duration` and `until`."#]],
    );
    hover_in(
        WORKFLOW,
        &format!("{HEAD}  - id: b\n    type: git\n    op: \"worktree_$0add\"\n"),
        expect![[r#"
        <worktree_add> **worktree_add**

        Makes a worktree of `branch` at `path`."#]],
    );
    hover_in(WORKFLOW, &format!("{HEAD}  - id: b\n    type: shell\n    run: l$0s\n"), expect!["nothing"]);
}

#[test]
fn steps_and_inputs() {
    hover_in(
        WORKFLOW,
        &format!("{HEAD}  - id: b$0\n    type: llm\n    needs: [a]\n"),
        expect![[r#"
        <b> **b**: llm step

        Needs `a`"#]],
    );
    hover_in(WORKFLOW, &format!("{HEAD}  - id: b\n    needs: [a$0]\n"), expect!["<a> **a**: shell step"]);
    // So may the type of a step.
    hover_in(
        WORKFLOW,
        "steps:\n  - &a {id: a, type: sleep, duration: 1s}\n  - <<: *a\n    id: b\n    dura$0tion: 2s\n",
        expect![[r#"
            <duration> **duration**: a whole number or a time such as '90s'

            How long: milliseconds, or a text such as `90s`, `5m`, `2h`."#]],
    );
    // What an input is may stand elsewhere.
    hover_in(
        WORKFLOW,
        "inputs:\n  one: &i {type: number, default: 1, description: How many}\n  tw$0o: *i\nsteps: []\n",
        expect![[r#"
            <two> **two**: number input

            Default: `1`

            How many"#]],
    );
    hover_in(
        WORKFLOW,
        &format!("{HEAD}  - id: b\n    run: echo ${{{{ steps.a$0.output }}}}\n"),
        expect![[r#"
            <a> **a**: shell step

            Output: `{ exitCode: number, stderr: text, stderrTruncated?: boolean, stdout: text, stdoutTruncated?: boolean }`"#]],
    );
    hover_in(
        WORKFLOW,
        &format!("{HEAD}  - id: b\n    run: echo ${{{{ steps.a.out$0put }}}}\n"),
        expect![[r#"
            <output> `{ exitCode: number, stderr: text, stderrTruncated?: boolean, stdout: text, stdoutTruncated?: boolean }`

            What the step gave back."#]],
    );
    hover_in(
        WORKFLOW,
        &format!("{HEAD}  - id: b\n    run: echo ${{{{ inputs['na$0me'] }}}}\n"),
        expect![[r#"
        <name> **name**: string input

        Default: `Ada`

        Who it is"#]],
    );
    hover_in(
        WORKFLOW,
        &format!("{HEAD}  - id: b\n    run: echo ${{{{ esc$0ape(1) }}}}\n"),
        expect![[r#"
            <escape> **escape**`(value): text`

            Quotes a value for a shell command: `escape(inputs.name)`."#]],
    );
    hover_in(
        WORKFLOW,
        &format!("{HEAD}  - id: b\n    if: ste$0ps.a.output\n"),
        expect![[r#"
        <steps> **steps**

        The steps that are done: `steps.ID.output`, `.outputs`, `.status`, `.error`."#]],
    );
    hover_in(
        WORKFLOW,
        "name: t\ninputs:\n  na$0me: {type: string}\nsteps: []\n",
        expect!["<name> **name**: string input, required"],
    );
}

#[test]
fn a_permission_rule_is_explained() {
    hover_in(
        ".copydesk/config.yaml",
        "permissions:\n  deny: [\"Bash(git $0push:*)\"]\n",
        expect![[r#"
        <"Bash(git push:*)"> **Bash(git push:*)**

        Every command that starts with `git push` never happens, in any mode."#]],
    );
    hover_in(
        ".copydesk/config.yaml",
        "permissions: {allow: [Read(src/$0**)]}\n",
        expect![[r#"
        <Read(src/**)> **Read(src/**)**

        Reading `src/**` happens without asking, unless a rule under `ask` or `deny` speaks too."#]],
    );
    hover_in(
        ".copydesk/config.yaml",
        "permissions: {ask: [\"Mcp(files, $0write)\"]}\n",
        expect![[r#"
        <"Mcp(files, write)"> **Mcp(files, write)**

        The tool `write` of the server `files` always asks, unless a rule under `deny` speaks too."#]],
    );
    hover_in(".copydesk/config.yaml", "permissions: {ask: [Nonsense$0]}\n", expect!["nothing"]);
    hover_in(
        ".copydesk/config.yaml",
        "hooks: {PreTool$0Use: []}\n",
        expect![[r#"
        <PreToolUse> **PreToolUse**: a list

        A tool is about to run. A hook that fails in any way, or cannot start, blocks it."#]],
    );
}

/// The word and the help at `$0` of a workflow, beside another workflow and an agent.
fn hover_beside_others(marked: &str, expect: expect_test::Expect) {
    let index = knowing(&[
        (".copydesk/agents/writer.md", "---\nname: writer\ndescription: Writes it\nmodel: a/b\n---\n"),
        (
            ".copydesk/workflows/other.yaml",
            "name: other\ndescription: Does it\ninputs: {who: {type: string, description: Who it is}}\noutputs: {done: \"${{ steps.s.status }}\"}\nsteps: [{id: s, type: shell, run: ls}]\n",
        ),
    ]);
    let (text, offset) = cursor(&format!("name: test\npools: {{slow: 2}}\nsteps:\n  - {marked}\n"));
    let tree = parse(Path::new(WORKFLOW), &text);
    let found = hover(&File::new(Path::new(WORKFLOW), &text, &tree), &index, offset);
    let shown = found.map(|found| format!("<{}> {}", found.span.of(&text), found.markdown));
    expect.assert_eq(&shown.unwrap_or_default());
}

#[test]
fn names_of_other_files() {
    hover_beside_others(
        "{id: a, type: llm, agent: wri$0ter, prompt: p}",
        expect![[r#"
        <writer> **writer**: an agent

        Writes it

        Asks `a/b`

        `.copydesk/agents/writer.md`"#]],
    );
    hover_beside_others(
        "{id: a, type: dynamic, templates: {x: wri$0ter}}",
        expect![[r#"
        <writer> **writer**: an agent

        Writes it

        Asks `a/b`

        `.copydesk/agents/writer.md`"#]],
    );
    let call = |keys: &str| format!("{{id: a, type: workflow, {keys}}}");
    hover_beside_others(
        &call("path: ./ot$0her.yaml"),
        expect![[r#"
        <./other.yaml> **other**: a workflow

        Does it

        - `who`: text, required

        `.copydesk/workflows/other.yaml`"#]],
    );
    hover_beside_others(
        &call("path: ./other.yaml, inputs: {wh$0o: x}"),
        expect![[r#"
        <who> **who**: input, text, required

        Who it is"#]],
    );
    hover_beside_others(
        &call("path: ./other.yaml, outputMapping: {ok: do$0ne}"),
        expect![
            "<done> **done**: output, 'pending' | 'running' | 'waiting' | 'paused' | 'suspended' | 'success' | 'failed' | 'canceled' | 'skipped'"
        ],
    );
    hover_beside_others(
        "{id: a, type: shell, run: ls, pool: sl$0ow}",
        expect!["<slow> **slow**: a pool; 2 at the same time"],
    );
    hover_beside_others(
        "{id: a, type: shell, run: ls, pool: sh$0ell}",
        expect!["<shell> **shell**: a pool that exists without being declared"],
    );
    hover_beside_others("{id: a, type: shell, run: ls, pool: no$0ne}", expect![[""]]);
}

#[test]
fn what_a_secret_may_be_is_told_nowhere() {
    let child = "name: child\ninputs:\n  tok: {type: string, secret: true, values: [hunter2, hunter3]}\nsteps: [{id: a, type: shell, run: \"${{ inputs.tok }}\"}]\n";
    let index = knowing(&[(".copydesk/workflows/child.yaml", child)]);
    for marked in [
        "name: x\nsteps: [{id: a, type: workflow, path: child.yaml, inputs: {t$0ok: x}}]\n",
        "name: x\nsteps: [{id: a, type: workflow, path: chi$0ld.yaml, inputs: {tok: x}}]\n",
        "name: x\ninputs: {tok: {type: string, secret: true, values: [hunter2]}}\nsteps: [{id: a, type: shell, run: x, if: inputs.t$0ok == 'x'}]\n",
    ] {
        let (text, offset) = cursor(marked);
        let tree = parse(Path::new(WORKFLOW), &text);
        let file = File::new(Path::new(WORKFLOW), &text, &tree);
        let shown = hover(&file, &index, offset).map(|found| found.markdown).unwrap_or_default();
        let said = check(&file, &index).into_iter().map(|found| found.message).collect::<String>();
        assert!(
            !shown.is_empty() && !format!("{shown}{said}").contains("hunter"),
            "{marked}: {shown} {said}"
        );
    }
}

#[test]
fn an_alias_shows_what_it_stands_for() {
    hover_in(
        WORKFLOW,
        "name: t\nsteps:\n  - id: a\n    type: shell\n    env: &env\n      A: b\n      LIST: |\n        x\n  - id: b\n    type: shell\n    env: *e$0nv\n",
        expect![[r#"
            <*env> **\*env**: line 6

            ```yaml
            A: b
            LIST: |
              x
            ```"#]],
    );
    hover_in(
        "other.yaml",
        "a: &a {x: 1}\nb:\n  <<: *$0a\n",
        expect![[r#"
        <*a> **\*a**: line 1

        ```yaml
        {x: 1}
        ```"#]],
    );
    hover_in("other.yaml", "a: 1\nb: *$0a\n", expect!["nothing"]);
}
