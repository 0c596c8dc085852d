//! What is proposed at `$0`, in whole and in half-typed files.

use std::path::Path;
use std::sync::Arc;

use copydesk_base::TextEdit;
use copydesk_language::{File, WorkspaceIndex, complete, edited, parse, settings_view};
use expect_test::expect;

use crate::support::{WORKFLOW, complete_steps, cursor, knowing, proposals, take};

#[test]
fn keys_of_a_step_by_its_type() {
    complete_steps(
        "steps:\n  - id: a\n    type: sleep\n    $0\n",
        expect![
            "duration until durable allowFailure auto_heal breakpoint compensate concurrency failFast foreach idempotencyKey idempotencyScope idempotencyTtlSeconds if inputSchema learn memoize memoizeTtlSeconds needs outputRetries outputSchema pool reflexion repairStrategy retry strategy timeout transform"
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
fn nothing_is_put_before_a_value_that_is_there() {
    let steps = "steps:\n  - id: a\n    type: shell\n    run: x\n  - id: b\n    type: shell\n";
    for line in ["needs:$0 [a]", "type:$0 shell", "if:$0 env.A", "needs: $0[a]"] {
        complete_steps(&format!("{steps}    {line}\n"), expect![[""]]);
    }
    complete_steps(&format!("{steps}    needs:$0 # none\n"), expect!["a"]);
}

#[test]
fn variables_and_secrets_are_those_that_are_named_elsewhere() {
    let text = "env: {HOME_DIR: x}\nsteps:\n  - id: a\n    type: shell\n    run: echo ${{ env.CI }} ${{ secrets.TOKEN }} ${{ secrets['a-b'] }}\n  - id: b\n    type: shell\n    run: echo ";
    complete_steps(&format!("{text}${{{{ env.$0 }}}}\n"), expect!["HOME_DIR CI"]);
    complete_steps(&format!("{text}${{{{ secrets.$0 }}}}\n"), expect!["TOKEN a-b"]);
    complete_steps(&format!("{text}${{{{ secrets.TO$0 }}}}\n"), expect!["TOKEN a-b"]);
    take(&format!("{text}${{{{ secrets.$0 }}}}\n"), "a-b", expect!["    run: echo ${{ secrets['a-b'] }}"]);
    let other = "name: o\nsteps:\n  - {id: a, type: shell, run: 'echo ${{ secrets.OTHERS }}'}\n";
    let index = knowing(&[(".copydesk/workflows/o.yaml", other)]);
    let (text, offset) =
        cursor("name: t\nsteps:\n  - id: a\n    type: shell\n    run: echo ${{ secrets.$0 }}\n");
    let tree = parse(Path::new(WORKFLOW), &text);
    let found = complete(&File::new(Path::new(WORKFLOW), &text, &tree), &index, offset);
    assert_eq!(found.iter().map(|one| one.label.as_str()).collect::<Vec<_>>(), ["OTHERS"]);
}

#[test]
fn the_type_of_a_step_may_come_by_a_merge_key() {
    let text = "name: t\nsteps:\n  - &base\n    id: a\n    type: sleep\n  - <<: *base\n    $0\n";
    let (_, found) = proposals(WORKFLOW, text);
    let first: Vec<&str> = found.iter().take(3).map(|one| one.label.as_str()).collect();
    assert_eq!(first, ["duration", "id", "type"]);
}

#[test]
fn an_anchor_or_a_tag_before_brackets_changes_nothing_in_them() {
    let after = |marked: &str| -> Vec<String> {
        let (text, found) = proposals(WORKFLOW, marked);
        let written = found
            .iter()
            .map(|one| format!("{}{}{}", &text[..one.replace.start], one.plain(), &text[one.replace.end..]));
        written.collect()
    };
    for line in [
        "  - LEAD{id: a, type: shell, run: x, nee$0}",
        "  - LEAD{id: a, type: sh$0}",
        "  - id: a\n    type: shell\n    retry: LEAD{ma$0}",
        "  - LEAD[{id: a, ty$0}]",
    ] {
        let text = format!("name: t\nsteps:\n{line}\n");
        let plain = after(&text.replace("LEAD", ""));
        assert!(!plain.is_empty() || line.contains('['), "{line}");
        for lead in ["&one ", "!t ", "&one !t "] {
            let led: Vec<String> =
                after(&text.replace("LEAD", lead)).iter().map(|text| text.replacen(lead, "", 1)).collect();
            assert_eq!(led, plain, "{lead}{line}");
        }
    }
}

#[test]
fn a_key_behind_a_question_mark_has_its_colon_elsewhere() {
    take("steps:\n  - ? id\n    : a\n    ? ty$0\n", "type", expect!["    ? type"]);
    take("? st$0", "steps", expect!["? steps"]);
    take("? st$0\n: []\n", "steps", expect!["? steps"]);
    complete_steps(
        "steps:\n  - ? id\n    : a\n    ? type\n    : sle$0\n",
        expect![
            "shell llm plan workflow file request human sleep script engine memory join blueprint artifact wait git dynamic"
        ],
    );
    take("steps:\n  - ? id\n    : a\n    ? type\n    : sl$0\n", "sleep", expect!["    : sleep"]);
    take("steps:\n  - ? type\n    : sleep\n    dur$0\n", "duration", expect!["    duration: "]);
    take("? steps\n:\n  - id: a\n    type: sl$0\n", "sleep", expect!["    type: sleep"]);
}

#[test]
fn keys_of_the_workflow_and_of_mappings_below() {
    complete_steps(
        "st$0\n",
        expect![
            "steps $schema compensate concurrency description env errors eval fallback finally inputs outputSchema outputs pools triggers"
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
            "needs condition allowFailure auto_heal breakpoint compensate concurrency failFast foreach idempotencyKey idempotencyScope idempotencyTtlSeconds if inputSchema learn memoize memoizeTtlSeconds outputRetries outputSchema pool reflexion repairStrategy retry strategy timeout transform"
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
    complete_steps(
        "pools: {slow: 1}\nsteps:\n  - id: a\n    pool: $0\n",
        expect!["slow engine http llm shell"],
    );
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
fn quotes_of_an_expression_as_the_value_around_it_writes_them() {
    let before = "inputs: {mode: {type: string, values: [fast, slow]}}\nsteps:\n  - {id: my-step}\n  - id: a\n    run: ";
    for (line, label, expected) in [
        ("'${{ steps[''$0''] }}'", "my-step", "'${{ steps[''my-step''] }}'"),
        ("'${{ steps[''$0 }}'", "my-step", "'${{ steps[''my-step''] }}'"),
        ("'${{ steps[''my-step''].st$0 }}'", "status", "'${{ steps[''my-step''].status }}'"),
        ("'${{ inputs.mode == ''$0'' }}'", "fast", "'${{ inputs.mode == ''fast'' }}'"),
        ("'${{ inputs.mode == ''fa$0'", "fast", "'${{ inputs.mode == ''fast'''"),
        (r#""${{ steps[\"$0\"] }}""#, "my-step", r#""${{ steps[\"my-step\"] }}""#),
        (r#""${{ steps['$0'] }}""#, "my-step", r#""${{ steps['my-step'] }}""#),
        (r#""${{ 'it\\'s' + steps[\"$0 }}""#, "my-step", r#""${{ 'it\\'s' + steps[\"my-step\"] }}""#),
    ] {
        let (text, found) = proposals(WORKFLOW, &format!("{before}{line}\n"));
        let one = found.iter().find(|one| one.label == label);
        let one = one.unwrap_or_else(|| panic!("no {label} in {line}"));
        let edit = TextEdit::new(one.replace, one.insert.clone());
        assert_eq!(edited(&text, &[edit]), format!("{before}{expected}\n"), "{line}");
    }
    take(
        "steps:\n  - {id: my-step}\n  - {id: a, if: 'it''s, {', run: '${{ steps[''$0''] }}'}\n",
        "my-step",
        expect!["  - {id: a, if: 'it''s, {', run: '${{ steps[''my-step''] }}'}"],
    );
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
    expect!["$schema description fallback handoffs mode model permissions profile provider skills tools"]
        .assert_eq(&labels(".copydesk/agents/a.md", "---\nname: a\n$0\n---\nBody\n"));
    expect![[""]].assert_eq(&labels(".copydesk/agents/a.md", "---\nname: a\n---\nBo$0dy\n"));
    expect!["name $schema agent description fallback languages mode model permissions title tools when"]
        .assert_eq(&labels(".copydesk/actions/a.md", "---\n$0\n---\n"));
    expect!["read grep glob list symbols map diagnostics references rename edit write bash todo output finding ask_user agent"]
        .assert_eq(&labels(".copydesk/actions/a.md", "---\ntools: [read, $0]\n---\n"));
    expect!["execution name read grep description glob parameters list symbols map diagnostics references rename edit write bash todo output finding ask_user agent"].assert_eq(&labels(".copydesk/agents/a.md", "---\ntools:\n  - $0\n---\n"));
    expect!["$schema agent description fallback languages mode model permissions title tools when"]
        .assert_eq(&labels(".copydesk/actions/a.md", "---\nname: x\n$0"));
}

/// The line of the cursor, stops and all, after `label` is taken in a file of MCP servers.
fn take_in_json(marked: &str, label: &str, expected: &str) {
    for path in [".mcp.json", "/p/.vscode/mcp.json"] {
        let (text, found) = proposals(path, marked);
        let labels: Vec<&str> = found.iter().map(|one| one.label.as_str()).collect();
        let one = found.iter().find(|one| one.label == label);
        let one = one.unwrap_or_else(|| panic!("no '{label}' among {labels:?} in {marked}"));
        let after = format!("{}{}{}", &text[..one.replace.start], one.insert, &text[one.replace.end..]);
        assert_eq!(after, expected, "{marked}");
    }
}

#[test]
fn json_is_written_as_json() {
    take_in_json("{$0}", "mcpServers", r#"{"mcpServers": {$1\}}"#);
    let server = |inside: &str| format!(r#"{{"mcpServers": {{"a": {{{inside}}}}}}}"#);
    for (marked, label, expected) in [
        (r#""command": "x", $0"#, "args", r#""command": "x", "args": [$1]"#),
        (r#""command": "x", "al$0""#, "alwaysAllow", r#""command": "x", "alwaysAllow": [$1]"#),
        (r#""$0""#, "command", r#""command": "$1""#),
        (r#""ty$0": "http""#, "type", r#""type": "http""#),
        (r#""type": $0"#, "http", r#""type": "http""#),
        (r#""type": "$0""#, "http", r#""type": "http""#),
        (r#""type":$0"#, "http", r#""type":"http""#),
        (r#""disabled": $0"#, "true", r#""disabled": true"#),
    ] {
        take_in_json(&server(marked), label, &server(expected));
    }
}

#[test]
fn in_json_brackets_decide_and_columns_do_not() {
    let (_, found) = proposals(
        ".mcp.json",
        "{\"mcpServers\":{\n\"a\": {\"command\": \"x\", // {\n$0\n\"args\":[]\n}\n}\n}\n",
    );
    let labels: Vec<&str> = found.iter().map(|one| one.label.as_str()).collect();
    assert!(labels.contains(&"cwd") && !labels.contains(&"mcpServers"), "{labels:?}");
    assert!(!labels.contains(&"command") && !labels.contains(&"args"), "{labels:?}");
}

/// The labels proposed at `$0` where the config names providers, pools and engines.
fn with_settings(path: &str, marked: &str, expect: expect_test::Expect) {
    let config = "providers: {local: {}, cloud: {}}\npools: {slow: 1}\nengines: {allowlist: {codex: {}, claude: {}}}\n";
    let index = knowing(&[(".keystone/config.yaml", config)]);
    let path_of_config = Path::new(".keystone/config.yaml");
    let tree = parse(path_of_config, config);
    let view = settings_view(&File::new(path_of_config, config, &tree));
    let index = WorkspaceIndex { settings: Some(Arc::new(view)), ..index };
    let (text, offset) = cursor(marked);
    let tree = parse(Path::new(path), &text);
    let found = complete(&File::new(Path::new(path), &text, &tree), &index, offset);
    let labels: Vec<&str> = found.iter().map(|one| one.label.as_str()).collect();
    expect.assert_eq(&labels.join(" "));
}

#[test]
fn names_that_a_config_gives() {
    let step = |keys: &str| format!("name: t\nsteps:\n  - {{id: a, {keys}}}\n");
    with_settings(WORKFLOW, &step("type: engine, command: $0"), expect!["claude codex"]);
    with_settings(WORKFLOW, &step("type: shell, run: ls, pool: $0"), expect!["slow engine http llm shell"]);
    with_settings(".copydesk/config.yaml", "model_mappings: {\"x*\": $0}\n", expect!["cloud local"]);
    with_settings(".copydesk/config.yaml", "permissions: {allow: [\"Bash($0\"]}\n", expect![[""]]);
    with_settings(
        ".copydesk/config.yaml",
        "hooks: {PreToolUse: [{matcher: \"$0\"}]}\n",
        expect![
            "read grep glob list symbols map diagnostics references rename edit write bash todo output finding ask_user agent"
        ],
    );
}

#[test]
fn names_of_agents_anchors_and_defaults() {
    complete_steps(
        "steps:\n  - {id: a, type: dynamic, templates: {x: $0}}\n",
        expect!["keystone-architect reviewer writer"],
    );
    complete_steps(
        "x: &base {A: 1}\nsteps:\n  - id: a\n    type: shell\n    run: ls\n    env: *$0\n  - {id: b, env: &other {}}\n",
        expect!["*base"],
    );
    complete_steps("inputs: {x: {type: string, values: [u, v], default: $0}}\n", expect!["u v"]);
    complete_steps("inputs:\n  x:\n    type: boolean\n    default: $0\n", expect!["false true"]);
}

#[test]
fn what_an_operation_needs_comes_first() {
    let (_, found) = proposals(WORKFLOW, "name: t\nsteps:\n  - {id: a, type: git, op: clone, $0}\n");
    assert_eq!(found.first().map(|one| one.label.as_str()), Some("url"));
}

#[test]
fn behind_a_name_that_is_cut_at_its_hyphen() {
    let before = "inputs: {dry-run: {type: string}}\nsteps:\n  - {id: get-order, type: shell, run: ls}\n  - id: b\n    type: shell\n";
    let at = |line: &str| format!("{before}    run: {line}\n");
    complete_steps(&at("echo ${{ steps.get-order.$0 }}"), expect!["output outputs status error"]);
    take(
        &at("echo ${{ steps.get-order.$0 }}"),
        "output",
        expect!["    run: echo ${{ steps['get-order'].output }}"],
    );
    take(
        &at("echo ${{ 1 + steps.get-order.out$0 }}"),
        "output",
        expect!["    run: echo ${{ 1 + steps['get-order'].output }}"],
    );
    take(
        &at("echo '${{ steps.get-order.output.$0"),
        "stdout",
        expect![[r#"    run: echo '${{ steps["get-order"].output.stdout"#]],
    );
    take(
        &at("echo ${{ steps.get-order.output.stdout.tr$0 }}"),
        "trim",
        expect!["    run: echo ${{ steps['get-order'].output.stdout.trim() }}"],
    );
    take(
        &at("echo ${{ inputs.dry-run.$0 }}"),
        "trim",
        expect!["    run: echo ${{ inputs['dry-run'].trim() }}"],
    );
    complete_steps(&at("echo ${{ steps.get-orders.$0 }}"), expect![[""]]);
}

#[test]
fn what_follows_a_run_is_offered_what_stands_before_it() {
    let before = "steps:\n  - {id: a, type: shell, run: ls}\nfinally:\n  - {id: f, type: shell, run: ls}\n";
    complete_steps(
        &format!(
            "{before}  - {{id: g, type: shell, run: ls, needs: [$0]}}\n  - {{id: h, type: shell, run: ls}}\n"
        ),
        expect!["a f"],
    );
}

#[test]
fn behind_a_complete_value_nothing_is_proposed() {
    let none = |path: &str, text: &str| {
        let found = proposals(path, text).1;
        assert!(found.is_empty(), "{text}\n{found:#?}");
    };
    none(".mcp.json", "{\"mcpServers\": {\"a\": {\"type\": \"http\"\n  $0}}}");
    none(".mcp.json", "{\"mcpServers\": {\"a\": {\"type\": \"http\" $0}}}");
    none(".copydesk/agents/a.md", "---$0");
    none(".copydesk/agents/a.md", "---$0\nname: x\n---\n");
    complete_steps("steps:\n  - id: a\n    type: \"shell\" $0\n", expect![""]);
    complete_steps("steps:\n  - {id: a, type: shell\n    $0}\n", expect![""]);
    // What is there is replaced, and nothing is put behind it.
    for text in ["type: shell $0", "type: &t sh$0", "type: !!str sh$0", "{id: a, type: shell $0}"] {
        let text = format!("name: x\nsteps:\n  - {text}\n");
        let (plain, found) = proposals(WORKFLOW, &text);
        let sleep = found.iter().find(|one| one.label == "sleep").expect("a type");
        let edit = TextEdit::new(sleep.replace, sleep.plain());
        let after = edited(&plain, &[edit]);
        let written = text.replace("shell $0", "sleep").replace("sh$0", "sleep");
        assert_eq!(after, written);
    }
}

#[test]
fn names_of_servers_and_schemas() {
    let index = knowing(&[(".mcp.json", "{\"mcpServers\": {\"issues\": {\"command\": \"x\"}}}")]);
    for list in ["[$0]", "[i$0]", "\n      - $0"] {
        let text = format!("name: x\nsteps:\n  - id: a\n    type: llm\n    mcpServers: {list}\n");
        let (text, offset) = cursor(&text);
        let tree = parse(Path::new(WORKFLOW), &text);
        let found = complete(&File::new(Path::new(WORKFLOW), &text, &tree), &index, offset);
        assert!(found.iter().any(|one| one.label == "issues"), "{text}\n{found:#?}");
    }
    let (_, found) = proposals(".copydesk/config.yaml", "schemas:\n  \"*.x.yml\": $0\n");
    assert!(found.iter().any(|one| one.label == "draft-07"), "{found:#?}");
}
