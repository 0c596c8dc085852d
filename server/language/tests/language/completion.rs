//! What is proposed at `$0`, in whole and in half-typed files.

use expect_test::expect;

use crate::support::{complete_steps, proposals, take};

#[test]
fn keys_of_a_step_by_its_type() {
    complete_steps(
        "steps:\n  - id: a\n    type: sleep\n    $0\n",
        expect![
            "durable duration until allowFailure auto_heal breakpoint compensate concurrency failFast foreach idempotencyKey idempotencyScope idempotencyTtlSeconds if inputSchema learn memoize memoizeTtlSeconds needs outputRetries outputSchema pool reflexion repairStrategy retry strategy timeout transform"
        ],
    );
    complete_steps(
        "steps:\n  - id: a\n    type: file\n    $0",
        expect![
            "op path allowOutsideCwd content allowFailure auto_heal breakpoint compensate concurrency failFast foreach idempotencyKey idempotencyScope idempotencyTtlSeconds if inputSchema learn memoize memoizeTtlSeconds needs outputRetries outputSchema pool reflexion repairStrategy retry strategy timeout transform"
        ],
    );
    complete_steps(
        "steps:\n  - $0",
        expect![
            "id type allowFailure auto_heal breakpoint compensate concurrency failFast foreach idempotencyKey idempotencyScope idempotencyTtlSeconds if inputSchema learn memoize memoizeTtlSeconds needs outputRetries outputSchema pool reflexion repairStrategy retry strategy timeout transform"
        ],
    );
    complete_steps(
        "steps:\n  - id: a\n    ty$0\n  - id: b\n    type: shell\n",
        expect![
            "type allowFailure auto_heal breakpoint compensate concurrency failFast foreach idempotencyKey idempotencyScope idempotencyTtlSeconds if inputSchema learn memoize memoizeTtlSeconds needs outputRetries outputSchema pool reflexion repairStrategy retry strategy timeout transform"
        ],
    );
}

#[test]
fn keys_of_the_workflow_and_of_mappings_below() {
    complete_steps(
        "st$0\n",
        expect![
            "steps $schema compensate concurrency description env errors eval finally inputs outputSchema outputs pools triggers"
        ],
    );
    complete_steps("inputs:\n  n:\n    $0\nsteps: []\n", expect!["type default description secret values"]);
    complete_steps(
        "steps:\n  - id: a\n    type: shell\n    retry:\n      $0\n    run: ls\n",
        expect!["backoff baseDelay count"],
    );
    complete_steps(
        "steps:\n  - id: a\n    type: llm\n    qualityGate: {agent: x, $0}\n",
        expect!["maxAttempts model prompt provider"],
    );
    complete_steps(
        "steps:\n  - {id: a, type: join, $0}\n",
        expect![
            "condition allowFailure auto_heal breakpoint compensate concurrency failFast foreach idempotencyKey idempotencyScope idempotencyTtlSeconds if inputSchema learn memoize memoizeTtlSeconds needs outputRetries outputSchema pool reflexion repairStrategy retry strategy timeout transform"
        ],
    );
}

#[test]
fn an_empty_line_below_a_list_starts_an_item() {
    complete_steps("steps:\n  $0\n", expect!["- id"]);
    complete_steps("steps:\n  - id: a\n    type: shell\n    run: ls\n  $0\n", expect!["- id"]);
}

#[test]
fn words_and_truth_values() {
    complete_steps(
        "steps:\n  - id: a\n    type: $0\n",
        expect![
            "shell llm plan workflow file request human sleep script engine memory join blueprint artifact wait git dynamic"
        ],
    );
    complete_steps("steps:\n  - id: a\n    type: file\n    op: wr$0\n", expect!["read write append patch"]);
    complete_steps(
        "steps:\n  - id: a\n    type: git\n    op: \"$0\"\n",
        expect!["clone worktree_add worktree_remove checkout pull push commit"],
    );
    complete_steps("steps:\n  - id: a\n    memoize: $0\n", expect!["true false"]);
    complete_steps(
        "steps: [{id: a, type: $0}]\n",
        expect![
            "shell llm plan workflow file request human sleep script engine memory join blueprint artifact wait git dynamic"
        ],
    );
    complete_steps("inputs: {n: {type: $0}}\n", expect!["string number boolean array object"]);
    complete_steps("steps:\n  - id: a\n    run: $0\n", expect![[""]]);
}

#[test]
fn ids_of_steps_that_make_no_circle() {
    let steps = "steps:\n  - {id: a, type: shell, run: ls}\n  - {id: b, type: shell, run: ls, needs: [c]}\n  - id: c\n    type: shell\n    run: ls\n";
    complete_steps(&format!("{steps}    needs: [$0]\n"), expect!["a"]);
    complete_steps(&format!("{steps}    needs: [$0"), expect!["a"]);
    complete_steps(&format!("{steps}    needs: [\"$0"), expect!["a"]);
    complete_steps(&format!("{steps}    needs:\n      - $0\n"), expect!["a"]);
    complete_steps(&format!("{steps}    needs:\n      - a\n      - $0\n"), expect![[""]]);
    complete_steps(&format!("{steps}    needs: $0\n"), expect!["a"]);
    complete_steps(&format!("{steps}finally:\n  - id: d\n    needs: [$0]\n"), expect!["a b c"]);
    complete_steps(
        "steps:\n  - id: a\n    type: shell\n    run: echo ${{ steps.b.output }}\n  - id: b\n    needs: [$0]\n  - {id: d, type: shell, run: ls}\n",
        expect!["d"],
    );
}

#[test]
fn names_in_expressions() {
    let head = "inputs:\n  name: {type: string}\n  my-input: {type: number}\nenv: {HOME: x}\nsteps:\n  - {id: a, type: shell, run: ls}\n  - {id: my-step, type: shell, run: ls}\n  - id: c\n    type: shell\n";
    complete_steps(
        &format!("{head}    run: echo ${{{{ $0 }}}}\n"),
        expect![
            "inputs steps env secrets memory Boolean Date JSON Math Number Object String escape isFinite isNaN parseFloat parseInt"
        ],
    );
    complete_steps(&format!("{head}    run: echo ${{{{ steps.$0 }}}}\n"), expect!["a my-step"]);
    complete_steps(&format!("{head}    run: echo ${{{{ steps.$0"), expect!["a my-step"]);
}

#[test]
fn names_in_half_typed_expressions() {
    let head = "inputs:\n  name: {type: string}\n  my-input: {type: number}\nenv: {HOME: x}\nsteps:\n  - {id: a, type: shell, run: ls}\n  - {id: my-step, type: shell, run: ls}\n  - id: c\n    type: shell\n";
    for (line, expected) in [
        ("run: \"echo ${{ steps.$0", expect!["a my-step"]),
        ("run: echo ${{ steps['$0", expect!["a my-step"]),
        ("run: echo ${{ inputs.n$0 && 1 }}", expect!["name my-input"]),
        ("run: echo ${{ steps.a.$0", expect!["output outputs status error"]),
        ("run: echo ${{ steps['my-step'].o$0 }}", expect!["output outputs status error"]),
        ("run: echo ${{ env.$0 }}", expect!["HOME"]),
        ("run: echo ${{ inputs.name $0", expect![[""]]),
        ("run: echo ${{ 1 }} $0", expect![[""]]),
        ("run: |\n      echo\n      echo ${{ inputs.$0\n", expect!["name my-input"]),
        ("if: steps.$0", expect!["a my-step"]),
        (
            "if: $0",
            expect![
                "inputs steps env secrets memory Boolean Date JSON Math Number Object String escape isFinite isNaN parseFloat parseInt"
            ],
        ),
        (
            "transform: std$0",
            expect![
                "inputs steps env secrets memory stdout output Boolean Date JSON Math Number Object String escape isFinite isNaN parseFloat parseInt"
            ],
        ),
    ] {
        complete_steps(&format!("{head}    {line}"), expected);
    }
}

#[test]
fn names_of_agents_and_pools() {
    complete_steps(
        "pools: {slow: 1}\nsteps:\n  - id: a\n    type: llm\n    agent: $0\n",
        expect!["keystone-architect reviewer writer"],
    );
    complete_steps("pools: {slow: 1}\nsteps:\n  - id: a\n    pool: $0\n", expect!["slow"]);
}

#[test]
fn nothing_where_anything_goes() {
    complete_steps("# $0\nsteps: []\n", expect![[""]]);
    complete_steps("steps:\n  - id: a\n    run: |\n      $0\n", expect![[""]]);
    complete_steps("steps:\n  - id: a\n    run: echo hi $0\n", expect![[""]]);
    complete_steps("steps:\n  - id: a\n    run: ls\n       $0\n", expect![[""]]);
    complete_steps("description: $0\n", expect![[""]]);
}

#[test]
fn what_is_taken_fits_in() {
    take("steps:\n  - id: a\n    ty$0\n", "type", expect!["    type: "]);
    take("steps:\n  - id: a\n    ty$0: shell\n", "type", expect!["    type: shell"]);
    take("steps:\n  - id: a\n    $0\n", "needs", expect!["    needs: []"]);
    take("steps:\n  - id: a\n    $0\n", "retry", expect!["    retry:"]);
    take("steps:\n  - {id: b}\n  - id: a\n    needs: $0\n", "b", expect!["    needs: [b]"]);
    take("steps:\n  - {id: b}\n  - id: a\n    needs: b$0\n", "b", expect!["    needs: [b]"]);
    take("steps:\n  - id: a\n    type:$0\n", "shell", expect!["    type: shell"]);
    take("steps:\n  - id: a\n    type: sh$0ll\n", "shell", expect!["    type: shell"]);
    take("steps:\n  - id: a\n    type: \"sh$0\n", "shell", expect![[r#"    type: "shell""#]]);
    take("steps:\n  - {id: a, $0}\n", "retry", expect!["  - {id: a, retry: {}}"]);
    take("steps:\n  - {id: b}\n  - {id: a, needs: [b$0}\n", "b", expect!["  - {id: a, needs: [b}"]);
    take("steps:\n  - {id: b}\n  - id: a\n    needs:\n      $0\n", "b", expect!["      - b"]);
    take(
        "steps:\n  - {id: my-step}\n  - id: a\n    run: ${{ steps.m$0 }}\n",
        "my-step",
        expect!["    run: ${{ steps['my-step'] }}"],
    );
    take(
        "steps:\n  - {id: my-step}\n  - id: a\n    run: '${{ steps.m$0 }}'\n",
        "my-step",
        expect![[r#"    run: '${{ steps["my-step"] }}'"#]],
    );
    take(
        "steps:\n  - {id: my-step}\n  - id: a\n    run: ${{ steps['$0 }}\n",
        "my-step",
        expect!["    run: ${{ steps['my-step'] }}"],
    );
    take(
        "steps:\n  - {id: my-step}\n  - id: a\n    run: ${{ steps['$0'] }}\n",
        "my-step",
        expect!["    run: ${{ steps['my-step'] }}"],
    );
    take("steps:\n  - {id: b}\n  - id: a\n    run: ${{ st$0 }}\n", "steps", expect!["    run: ${{ steps }}"]);
}

#[test]
fn other_files_have_their_own_keys() {
    let labels = |path: &str, marked: &str| {
        let (_, found) = proposals(path, marked);
        found.iter().map(|proposal| proposal.label.clone()).collect::<Vec<_>>().join(" ")
    };
    expect![
        "kind api_key_env api_version base_url concurrency default_model fallback key models quirks scenario timeouts"
    ]
    .assert_eq(&labels(".copydesk/config.yaml", "providers:\n  a:\n    $0\n"));
    expect!["anthropic openai-responses openai-chat azure-openai ollama offline"]
        .assert_eq(&labels(".copydesk/config.yaml", "providers:\n  a:\n    kind: $0\n"));
    expect!["Bash Read Edit Write Mcp WebFetch Network Destroy"]
        .assert_eq(&labels(".copydesk/config.yaml", "permissions:\n  deny: [$0]\n"));
    expect!["Notification PostToolUse PreCompact PreToolUse SessionEnd SessionStart Stop SubagentStop UserPromptSubmit"].assert_eq(&labels(".copydesk/config.yaml", "hooks:\n  S$0\n"));
    expect!["locked plan default accept-edits auto"]
        .assert_eq(&labels(".copydesk/config.yaml", "permissions:\n  mode: $0\n"));
    expect!["$schema description model permissions provider tools"]
        .assert_eq(&labels(".copydesk/agents/a.md", "---\nname: a\n$0\n---\nBody\n"));
    expect![[""]].assert_eq(&labels(".copydesk/agents/a.md", "---\nname: a\n---\nBo$0dy\n"));
    expect!["name $schema description fallback languages mode model permissions title tools"]
        .assert_eq(&labels(".copydesk/actions/a.md", "---\n$0\n---\n"));
    expect!["read grep glob list symbols diagnostics edit write bash todo ask_user"]
        .assert_eq(&labels(".copydesk/actions/a.md", "---\ntools: [read, $0]\n---\n"));
    expect!["execution name read grep description glob parameters list symbols diagnostics edit write bash todo ask_user"].assert_eq(&labels(".copydesk/agents/a.md", "---\ntools:\n  - $0\n---\n"));
    expect!["$schema description fallback languages mode model permissions title tools"]
        .assert_eq(&labels(".copydesk/actions/a.md", "---\nname: x\n$0"));
}
