//! Keys and values beside the shape of the language.

use expect_test::{Expect, expect};

use crate::support::{WORKFLOW, check_steps, check_text};

/// No finding. In a loop an `expect!` of its own would be written over.
fn nothing() -> Expect {
    expect![[""]]
}

#[test]
fn a_misspelt_key_is_marked_and_mended() {
    check_steps(
        "steps:\n  - id: build\n    type: shell\n    run: cargo build\n    ⟦tiemout⟧: 5\n",
        expect![[r#"
        error unknown-key 'tiemout' is no key of a shell step; did you mean 'timeout'? [fix: change to 'timeout']
    "#]],
    );
    check_steps(
        "steps:\n  - id: build\n    type: shell\n    ⟦rnu⟧: cargo build\n",
        expect![[r#"
        error unknown-key 'rnu' is no key of a shell step; did you mean 'run'? [fix: change to 'run']
    "#]],
    );
}

#[test]
fn names_from_other_systems_are_known() {
    check_steps(
        "steps:\n  - id: a\n    type: workflow\n    ⟦uses⟧: ./b.yaml\n    ⟦with⟧: {}\n",
        expect![[r#"
            error unknown-key 'uses' is no key of a workflow step; did you mean 'path'? [fix: change to 'path']
            error unknown-key 'with' is no key of a workflow step; did you mean 'inputs'? [fix: change to 'inputs']
        "#]],
    );
    check_steps(
        "steps:\n  - id: a\n    type: shell\n    ⟦cwd⟧: sub\n    run: ls\n    ⟦depends_on⟧: []\n    ⟦allow_failure⟧: true\n",
        expect![[r#"
            error unknown-key 'cwd' is no key of a shell step; did you mean 'dir'? [fix: change to 'dir']
            error unknown-key 'depends_on' is no key of a shell step; did you mean 'needs'? [fix: change to 'needs']
            error unknown-key 'allow_failure' is no key of a shell step; did you mean 'allowFailure'? [fix: change to 'allowFailure']
        "#]],
    );
    check_steps(
        "steps:\n  - id: a\n    type: human\n    ⟦question⟧: Go on?\n",
        expect![[r#"
        error unknown-key 'question' is no key of a human step; did you mean 'message'? [fix: change to 'message']
    "#]],
    );
    check_steps(
        "⟦input⟧: {}\nsteps: []\n",
        expect![[r#"
        error unknown-key 'input' is no key of a workflow; did you mean 'inputs'? [fix: change to 'inputs']
    "#]],
    );
}

#[test]
fn a_name_with_a_meaning_of_its_own_is_no_slip() {
    check_steps(
        "steps:\n  - {id: a, type: git, op: ⟦status⟧, cwd: ., ⟦cmd⟧: x}\n  - {id: b, type: git, op: ⟦status⟧, ⟦cmd⟧: x}\n  - {id: c, type: shell, run: x, ⟦tools⟧: [read]}\n",
        expect![[r#"
            error unknown-value 'status' is no value of 'op'; it takes 'clone', 'worktree_add', 'worktree_remove', 'checkout', 'pull', 'push' or 'commit'
            error unknown-key 'cmd' is no key of a git step; take it out [fix: take it out]
            error unknown-value 'status' is no value of 'op'; it takes 'clone', 'worktree_add', 'worktree_remove', 'checkout', 'pull', 'push' or 'commit'
            error unknown-key 'cmd' is no key of a git step; take it out [fix: take it out]
            error unknown-key 'tools' is no key of a shell step; llm or plan steps have it [fix: take it out]
        "#]],
    );
}

#[test]
fn a_merge_key_that_leads_back_to_itself_is_told() {
    check_steps(
        "env: &e\n  <<: ⟦*e⟧\n  A: b\nsteps:\n  - &a\n    id: x\n    type: shell\n    run: y\n    <<: [⟦*a⟧]\n  - {<<: *e, id: z, type: shell, run: y}\n",
        expect![[r#"
            error yaml-syntax this leads back to where it stands; name another anchor, or take it out [fix: take '<<' out]
            error yaml-syntax this leads back to where it stands; name another anchor, or take it out [fix: take '<<' out]
        "#]],
    );
}

#[test]
fn aliases_that_stand_for_themselves_or_too_much_are_told() {
    check_steps(
        "steps:\n  - id: x\n    type: request\n    url: https://x\n    body: &b\n      x: ⟦*b⟧\n      y: [1, ⟦*b⟧]\n",
        expect![[r#"
            error yaml-syntax this leads back to where it stands; name another anchor, or take it out [fix: take 'x' out]
            error yaml-syntax this leads back to where it stands; name another anchor, or take it out
        "#]],
    );
    let ten = |name: &str| vec![format!("*{name}"); 10].join(", ");
    let marked = format!(
        "steps:\n  - id: x\n    type: request\n    url: https://x\n    body:\n      - &a [1]\n      - &b [{}]\n      - &c [{}]\n      - &d [{}]\n      - &e [{}]\n      - [{}, *d, ⟦*e⟧, *e]\n",
        ten("a"),
        ten("b"),
        ten("c"),
        ten("d"),
        ["*e"; 7].join(", ")
    );
    check_steps(
        &marked,
        expect![[r#"
            error yaml-syntax with this one the aliases stand for too many values; write less of them
        "#]],
    );
}

#[test]
fn dashes_without_a_space_are_told() {
    check_steps(
        "steps:\n  ⟦-id⟧: a\n    type: shell\n    run: x\n",
        expect![[r#"
            error yaml-syntax put a space behind '-' [fix: put a space behind '-']
        "#]],
    );
    check_steps(
        "steps:\n  - id: a\n    type: shell\n    run: x\n  ⟦-id⟧: b\n    type: shell\n    run: x\n",
        expect![[r#"
            error yaml-syntax put a space behind '-' [fix: put a space behind '-']
        "#]],
    );
    check_steps(
        "steps:\n  ⟦-id⟧: a\n",
        expect![[r#"
        error type-mismatch put a space behind '-' [fix: put a space behind '-']
    "#]],
    );
    check_steps(
        "steps:\n  - id: a\n    type: shell\n    run: x\n    needs:\n      ⟦-b⟧\n",
        expect![[r#"
            error type-mismatch put a space behind '-' [fix: put a space behind '-']
        "#]],
    );
}

#[test]
fn secrets_of_steps_are_told() {
    check_steps(
        r#"env: {GITHUB_TOKEN: ⟦ghp_abcdefghijklmnopqrstuvwx0123456789⟧, REGION: eu-1}
steps:
  - id: a
    type: shell
    run: "curl -H 'Authorization: Bearer ⟦ghp_abcdefghijklmnopqrstuvwx0123456789⟧' x"
    env: {API_KEY: ⟦8d7f8s7df87sdf⟧, OTHER_KEY: "${{ secrets.OTHER_KEY }}"}
  - {id: r, type: request, url: "https://x", headers: {Authorization: ⟦"Bearer abcdefghijklmnopqrstuvwxyz012345"⟧}}
  - {id: g, type: git, op: clone, url: "https://tok:⟦ghp_abcdefghijklmnopqrstuvwx0123456789⟧@github.com/x/y"}
"#,
        expect![[r#"
            warning plain-secret a secret stands here as it is; read it from 'secrets' instead, then change it [fix: change to '${{ secrets.GITHUB_TOKEN }}']
            warning plain-secret a secret stands here as it is; read it from 'secrets' instead, then change it
            warning plain-secret a secret stands here as it is; read it from 'secrets' instead, then change it [fix: change to '${{ secrets.API_KEY }}']
            warning plain-secret a secret stands here as it is; read it from 'secrets' instead, then change it [fix: change to '${{ secrets.AUTHORIZATION }}']
            warning plain-secret a secret stands here as it is; read it from 'secrets' instead, then change it
        "#]],
    );
}

#[test]
fn a_key_of_another_type_of_step_is_unknown_here() {
    check_steps(
        "steps:\n  - id: a\n    type: shell\n    run: ls\n    ⟦maxIterations⟧: 3\n",
        expect![[r#"
            error unknown-key 'maxIterations' is no key of a shell step; llm, plan or dynamic steps have it [fix: take it out]
        "#]],
    );
}

#[test]
fn a_key_far_from_all_others_can_only_go() {
    check_steps(
        "steps: []\n⟦colour⟧: red\n",
        expect![[r#"
            error unknown-key 'colour' is no key of a workflow; take it out [fix: take it out]
        "#]],
    );
}

#[test]
fn keys_deep_inside_are_checked() {
    check_steps(
        "steps:\n  - id: a\n    type: shell\n    run: ls\n    retry: {count: 2, ⟦delay⟧: 5}\n    ⟦auto_heal⟧: {model: x}\n",
        expect![[r#"
            error unknown-key 'delay' is no key of 'retry'; take it out [fix: take it out]
            error missing-key 'auto_heal' needs 'agent' [fix: add 'agent']
        "#]],
    );
}

#[test]
fn both_spellings_of_auto_heal_are_read() {
    check_steps(
        "steps:\n  - id: a\n    type: shell\n    run: ls\n    autoHeal: {agent: fixer}\n  - id: b\n    type: shell\n    run: ls\n    auto_heal: {agent: fixer, maxAttempts: 2}\n    ⟦allowInsecure⟧: true\n",
        expect![[r#"
            warning deprecated-key 'allowInsecure' is read for the sake of old files and changes nothing; take it out [fix: take 'allowInsecure' out]
        "#]],
    );
}

#[test]
fn missing_keys_stand_at_the_type_then_the_id_then_the_key_around() {
    check_steps(
        "steps:\n  - id: a\n    type: ⟦file⟧\n",
        expect![[r#"
            error missing-key a file step needs 'op' [fix: add 'op']
            error missing-key a file step needs 'path' [fix: add 'path']
        "#]],
    );
    check_steps(
        "steps:\n  - id: ⟦a⟧\n    run: ls\n",
        expect![[r#"
            error missing-key a step needs 'type' [fix: add 'type: shell'] [fix: add 'type: script']
        "#]],
    );
    // The keys of a step say which type it can have.
    check_steps(
        "steps:
  - {id: ⟦a⟧, message: hi, inputType: confirm}
  - {id: ⟦b⟧, agent: g, prompt: hi}
  - {id: ⟦c⟧, url: https://a.example, method: GET}
",
        expect![[r#"
            error missing-key a step needs 'type' [fix: add 'type: human']
            error missing-key a step needs 'type' [fix: add 'type: llm'] [fix: add 'type: blueprint']
            error missing-key a step needs 'type' [fix: add 'type: request']
        "#]],
    );
    check_steps(
        "steps:\n  - ⟦run⟧: ls\n",
        expect![[r#"
            error missing-key a step needs 'id' [fix: add 'id']
            error missing-key a step needs 'type' [fix: add 'type: shell' and 'id'] [fix: add 'type: script' and 'id']
        "#]],
    );
    check_steps(
        "inputs:\n  ⟦n⟧: {default: 1}\nsteps: []\n",
        expect![[r#"
            error missing-key 'n' needs 'type' [fix: add 'type: string']
        "#]],
    );
    check_text(
        WORKFLOW,
        "⟦description⟧: nameless\n",
        expect![[r#"
            error missing-key a workflow needs 'name' [fix: add 'name']
            error missing-key a workflow needs 'steps' [fix: add 'steps']
        "#]],
    );
    check_text(
        WORKFLOW,
        "⟦⟧",
        expect![[r#"
            error missing-key a workflow needs 'name' [fix: add 'name']
            error missing-key a workflow needs 'steps' [fix: add 'steps']
        "#]],
    );
}

#[test]
fn a_shell_step_needs_a_command() {
    check_steps(
        "steps:\n  - id: a\n    type: ⟦shell⟧\n",
        expect![[r#"
            error missing-key a shell step needs 'run' or 'args' [fix: add 'run']
        "#]],
    );
    check_steps("steps:\n  - id: a\n    type: shell\n    args: [ls]\n", expect![[""]]);
    check_steps(
        "steps:\n  - id: a\n    type: shell\n    args: ⟦[]⟧\n",
        expect![[r#"
        error unknown-value 'args' needs at least one item
    "#]],
    );
}

#[test]
fn what_is_there_and_empty_does_not_count() {
    check_steps(
        "steps:\n  - {id: a, type: shell, run: ⟦\" \"⟧}\n  - {id: b, type: shell, run: ls, strategy: {matrix: ⟦{}⟧}}\n  - {id: c, type: shell, run: ls, ⟦strategy⟧: {}}\n  - {id: d, type: artifact, op: upload, name: n, paths: ⟦[]⟧}\n  - {id: e, type: llm, agent: a, prompt: p, maxIterations: ⟦0⟧}\n",
        expect![[r#"
            error unknown-value the command is empty; write one
            error unknown-value the matrix has no axes, so the step would never run; write at least one [fix: take 'strategy' out]
            error missing-key 'strategy' needs 'matrix' [fix: add 'matrix']
            error unknown-value 'paths' needs at least one item
            error unknown-value 'maxIterations' must be more than 0 [fix: change to 1]
        "#]],
    );
}

#[test]
fn a_sleep_step_needs_exactly_one_time() {
    check_steps(
        "steps:\n  - id: a\n    type: ⟦sleep⟧\n",
        expect![[r#"
            error missing-key a sleep step needs 'duration' or 'until' [fix: add 'duration']
        "#]],
    );
    check_steps(
        "steps:\n  - id: a\n    type: sleep\n    duration: 5\n    ⟦until⟧: 2026-11-21\n",
        expect![[r#"
            error unknown-key 'until' cannot stand beside 'duration'; keep one of the two [see: 'duration' is here] [fix: take 'until' out] [fix: take 'duration' out]
        "#]],
    );
}

#[test]
fn times_are_milliseconds_or_have_a_unit() {
    for good in ["100", "\"100ms\"", "90s", "5m", "1.5h", "500ms"] {
        let inputs = "inputs: {x: {type: string}}\n";
        let step = format!("steps: [{{id: a, type: sleep, duration: {good}}}]\n");
        check_steps(&(inputs.to_owned() + &step), nothing());
    }
    check_steps(
        "inputs: {x: {type: string}}\nsteps:\n  - id: a\n    type: sleep\n    duration: ⟦\"${{ Number(inputs.x) * 1000 }}\"⟧\n  - {id: b, type: sleep, duration: \"${{ inputs.x }}s\"}\n",
        expect![[r#"
            info sleep-unit a number here is milliseconds; Keystone refuses one without a unit, so write 'ms' behind it [fix: write 'ms' behind it]
        "#]],
    );
    check_steps(
        "steps:\n  - {id: a, type: sleep, duration: ⟦soon⟧}\n  - {id: b, type: sleep, duration: ⟦5x⟧}\n  - {id: c, type: sleep, duration: ⟦-1⟧}\n",
        expect![[r#"
            error type-mismatch 'duration' takes a whole number or a time such as '90s'; this is a text
            error type-mismatch 'duration' takes a whole number or a time such as '90s'; this is a text
            error unknown-value 'duration' must be at least 1 [fix: change to 1]
        "#]],
    );
    check_steps(
        "steps:\n  - {id: a, type: sleep, until: ⟦tomorrow⟧}\n  - {id: b, type: sleep, until: 2026-11-21T09:00:00Z}\n  - {id: c, type: sleep, until: ⟦2026-02-30⟧}\n  - {id: d, type: sleep, until: ⟦\"2026-11-21T25:00:00Z\"⟧}\n  - {id: e, type: sleep, until: ⟦2026⟧}\n  - {id: f, type: sleep, until: 2028-02-29T23:59:60Z}\n  - {id: ⟦3⟧, type: sleep, duration: 1s}\n",
        expect![[r#"
            error type-mismatch 'until' takes a date and time such as '2026-11-21T09:00:00Z'; this is a text
            error type-mismatch 'until' takes a date and time such as '2026-11-21T09:00:00Z'; there is no such day or hour
            error type-mismatch 'until' takes a date and time such as '2026-11-21T09:00:00Z'; there is no such day or hour
            error type-mismatch 'until' takes a date and time such as '2026-11-21T09:00:00Z'; this is a number
            error type-mismatch 'id' takes a text; this is a number [fix: put it in quotes]
        "#]],
    );
}

#[test]
fn operations_need_their_keys() {
    check_steps(
        "steps:\n  - {id: a, type: ⟦artifact⟧, op: upload, name: x}\n  - {id: b, type: ⟦artifact⟧, op: download, name: x}\n  - {id: c, type: ⟦git⟧, op: clone}\n  - {id: d, type: ⟦git⟧, op: commit}\n  - {id: e, type: ⟦memory⟧, op: search}\n  - {id: f, type: ⟦memory⟧, op: store}\n  - {id: g, type: ⟦file⟧, op: write, path: x}\n  - {id: h, type: git, op: pull}\n  - {id: i, type: ⟦git⟧, op: checkout}\n",
        expect![[r#"
            error missing-key an artifact step with 'op: upload' needs 'paths' [fix: add 'paths']
            error missing-key an artifact step with 'op: download' needs 'path' [fix: add 'path']
            error missing-key a git step with 'op: clone' needs 'url' [fix: add 'url']
            error missing-key a git step with 'op: commit' needs 'message' [fix: add 'message']
            error missing-key a memory step with 'op: search' needs 'query' [fix: add 'query']
            error missing-key a memory step with 'op: store' needs 'text' [fix: add 'text']
            error missing-key a file step with 'op: write' needs 'content' [fix: add 'content']
            error missing-key a git step with 'op: checkout' needs 'branch' [fix: add 'branch']
        "#]],
    );
}

#[test]
fn a_join_waits_for_something() {
    check_steps(
        "steps:\n  - {id: a, type: ⟦join⟧}\n",
        expect![[r#"
        error missing-key a join step needs 'needs': the steps that it waits for
    "#]],
    );
    check_steps(
        "steps:\n  - {id: a, type: shell, run: ls}\n  - {id: b, type: join, needs: [a], condition: quorum}\n  - {id: c, type: join, needs: [a], condition: 1, ⟦target⟧: branches}\n  - {id: d, type: join, needs: [a], condition: {count: 1}}\n  - {id: e, type: join, needs: [a], condition: ⟦most⟧}\n",
        expect![[r#"
            warning deprecated-key 'target' is read for the sake of old files and changes nothing; take it out [fix: take 'target' out]
            error unknown-value 'most' is no value of 'condition'; it takes 'all', 'any', 'quorum', a whole number or a mapping [fix: change to 'all'] [fix: change to 'any'] [fix: change to 'quorum']
        "#]],
    );
}

#[test]
fn foreach_and_matrix_exclude_each_other() {
    check_steps(
        "steps:\n  - id: a\n    type: shell\n    run: ls\n    foreach: '[1, 2]'\n    ⟦strategy⟧:\n      matrix: {os: [linux, mac], empty: ⟦[]⟧}\n",
        expect![[r#"
            error unknown-key 'strategy' cannot stand beside 'foreach'; keep one of the two [see: 'foreach' is here] [fix: take 'strategy' out] [fix: take 'foreach' out]
            error unknown-value the axis 'empty' has no values, so the step would never run; write at least one [fix: take 'empty' out]
        "#]],
    );
}

#[test]
fn wrong_kinds_of_values_are_marked_at_the_value() {
    check_steps(
        "concurrency: ⟦many⟧\nsteps:\n  - id: a\n    type: shell\n    run: ⟦5⟧\n    timeout: ⟦long⟧\n    memoize: ⟦yes⟧\n    env: ⟦[A]⟧\n    retry: ⟦3⟧\n    breakpoint: ⟦\"true\"⟧\n    ⟦outputRetries⟧: ⟦\"3\"⟧\n",
        expect![[r#"
            error type-mismatch 'concurrency' takes a whole number or an expression; this is a text
            error type-mismatch 'run' takes a text; this is a number [fix: put it in quotes]
            error type-mismatch 'timeout' takes a number or an expression; this is a text
            error type-mismatch 'memoize' takes true or false or an expression; this is a text [fix: change to 'true']
            error type-mismatch 'env' takes a mapping; this is a list
            error type-mismatch 'retry' takes a mapping; this is a number [fix: write it as 'count']
            error type-mismatch 'breakpoint' takes true or false or an expression; this is a text [fix: change to 'true']
            warning useless-key 'outputRetries' does nothing here: only a model can try its output again [fix: take 'outputRetries' out]
            error type-mismatch 'outputRetries' takes a whole number or an expression; this is a text [fix: take the quotes away]
        "#]],
    );
    check_steps(
        "steps: {⟦a⟧: 1}\n".replace("⟦a⟧", "a").replace("{a: 1}", "⟦{a: 1}⟧").as_str(),
        expect![[r#"
        error type-mismatch 'steps' takes a list; this is a mapping
    "#]],
    );
    check_steps(
        "env: {PORT: ⟦8080⟧}\nsteps: []\n",
        expect![[r#"
        error type-mismatch 'PORT' takes a text; this is a number [fix: put it in quotes]
    "#]],
    );
    check_steps(
        "steps: []\noutputs: {n: ⟦[1]⟧}\n",
        expect![[r#"
            error type-mismatch 'n' takes a text; this is a list [fix: make it one text]
        "#]],
    );
}

#[test]
fn numbers_have_bounds() {
    check_steps(
        "concurrency: ⟦0⟧\npools: {a: 2, b: \"3\", c: \"${{ inputs.n }}\"}\ninputs: {n: {type: number}}\nsteps:\n  - {id: a, type: shell, run: ls, timeout: ⟦0⟧, ⟦outputRetries⟧: ⟦1.5⟧, ⟦memoizeTtlSeconds⟧: ⟦-1⟧}\n",
        expect![[r#"
            error unknown-value 'concurrency' must be at least 1 [fix: change to 1]
            error unknown-value 'timeout' must be more than 0 [fix: change to 1]
            warning useless-key 'outputRetries' does nothing here: only a model can try its output again [fix: take 'outputRetries' out]
            error type-mismatch 'outputRetries' takes a whole number or an expression; this one has a fraction [fix: change to 2]
            warning useless-key 'memoizeTtlSeconds' does nothing here: there is no 'memoize' [fix: take 'memoizeTtlSeconds' out]
            error unknown-value 'memoizeTtlSeconds' must be at least 0 [fix: change to 1]
        "#]],
    );
}

#[test]
fn a_single_need_can_be_made_a_list() {
    check_steps(
        "steps:\n  - {id: a, type: shell, run: ls}\n  - id: b\n    type: shell\n    run: ls\n    needs: ⟦a⟧\n",
        expect![[r#"
        error type-mismatch 'needs' takes a list; this is a text [fix: make it a list]
    "#]],
    );
}

#[test]
fn keys_without_a_value_are_marked() {
    check_steps(
        "steps:\n  - id: a\n    type: shell\n    run: ls\n    ⟦timeout⟧:\n",
        expect![[r#"
            error type-mismatch 'timeout' has no value; it takes a number or an expression [fix: write '1'] [fix: take 'timeout' out]
        "#]],
    );
    check_steps(
        "⟦steps⟧:\n",
        expect![[r#"
            error type-mismatch 'steps' has no value; it takes a list [fix: write '[]']
        "#]],
    );
    check_steps(
        "steps:\n  ⟦-⟧\n",
        expect![[r#"
        error type-mismatch this item of 'steps' is empty; it takes a mapping
    "#]],
    );
}

#[test]
fn words_come_from_their_list() {
    check_steps(
        "steps:\n  - id: a\n    type: ⟦shel⟧\n    run: ls\n",
        expect![[r#"
        error unknown-value 'shel' is no type of step; did you mean 'shell'? [fix: change to 'shell']
    "#]],
    );
    check_steps(
        "steps:\n  - {id: a, type: ⟦teleport⟧, to: mars}\n",
        expect![[r#"
        error unknown-value 'teleport' is no type of step
    "#]],
    );
    check_steps(
        "steps:\n  - {id: a, type: request, url: \"https://example.com\", method: ⟦get⟧}\n  - {id: b, type: human, message: x, inputType: ⟦choice⟧}\n",
        expect![[r#"
            error unknown-value 'get' is no value of 'method'; it takes 'GET', 'POST', 'PUT', 'PATCH', 'DELETE' or 'HEAD'; did you mean 'GET'? [fix: change to 'GET']
            error unknown-value 'choice' is no value of 'inputType'; it takes 'confirm' or 'text' [fix: change to 'confirm'] [fix: change to 'text']
        "#]],
    );
    check_steps(
        "inputs: {a: {type: ⟦text⟧}}\nsteps: []\n",
        expect![[r#"
            error unknown-value 'text' is no value of 'type'; it takes 'string', 'number', 'boolean', 'array' or 'object'; did you mean 'string'? [fix: change to 'string']
        "#]],
    );
    check_steps(
        "steps:\n  - {id: a, type: shell, run: ls, retry: {count: 1, backoff: ⟦exponentially⟧}}\n",
        expect![[r#"
            error unknown-value 'exponentially' is no value of 'backoff'; it takes 'linear' or 'exponential'; did you mean 'exponential'? [fix: change to 'exponential']
        "#]],
    );
}

#[test]
fn defaults_and_values_fit_the_type_of_an_input() {
    check_steps(
        "inputs:\n  a: {type: number, default: ⟦five⟧}\n  b: {type: string, values: [x, y], default: ⟦z⟧}\n  c: {type: boolean, default: ⟦\"yes\"⟧}\n  d: {type: number, values: [1, ⟦two⟧]}\n  e: {type: array, default: [1]}\n  f: {type: object, default: ⟦[1]⟧}\n  g: {type: string, default: ⟦null⟧}\n  h: {type: number, values: [1, 2], default: 2.0}\nsteps: []\n",
        expect![[r#"
            error type-mismatch the input 'a' is a number; this is a text [fix: change the type to 'string']
            error unknown-value the default of 'b' is not one of its values [fix: change to x] [fix: add it to the values]
            error type-mismatch the input 'c' is true or false; this is a text [fix: change to 'true'] [fix: change the type to 'string']
            error type-mismatch the input 'd' is a number; this is a text
            error type-mismatch the input 'f' is a mapping; this is a list [fix: change the type to 'array']
            error type-mismatch the default of 'g' has no value; it takes a text [fix: take it out]
        "#]],
    );
}

#[test]
fn the_words_of_a_schema_inside_are_those_of_json() {
    check_steps(
        "outputSchema: {type: ⟦objct⟧, properties: {a: {type: [string, ⟦wat⟧]}, type: {type: number}}}\nsteps:\n  - id: a\n    type: llm\n    agent: keystone-architect\n    prompt: x\n    inputSchema: {items: {anyOf: [{type: ⟦str⟧}, {type: \"null\"}]}}\n    tools:\n      - {name: t, parameters: {type: object, properties: {n: {type: ⟦int⟧}}}, execution: {type: shell, run: ls}}\n",
        expect![[r#"
            error unknown-value 'objct' is no type of JSON; did you mean 'object'? [fix: change to 'object']
            error unknown-value 'wat' is no type of JSON; it has string, number, integer, boolean, array, object, null
            error unknown-value 'str' is no type of JSON; did you mean 'string'? [fix: change to 'string']
            error unknown-value 'int' is no type of JSON; did you mean 'integer'? [fix: change to 'integer']
        "#]],
    );
}

#[test]
fn expressions_stand_for_any_scalar() {
    check_steps(
        "inputs: {n: {type: number}}\nsteps:\n  - id: a\n    type: shell\n    run: ls\n    timeout: ${{ inputs.n }}\n    memoize: ${{ inputs.n > 1 }}\n    retry: {count: \"${{ inputs.n }}\"}\n    if: true\n",
        expect![[""]],
    );
}

#[test]
fn aliases_and_merge_keys_are_seen_through() {
    check_steps(
        "steps:\n  - &base\n    id: a\n    type: shell\n    run: ls\n  - <<: *base\n    id: b\n  - id: c\n    type: shell\n    run: ls\n    retry: &again {count: 2}\n  - id: d\n    type: shell\n    run: ls\n    retry: *again\n    timeout: ⟦*again⟧\n",
        expect![[r#"
            error type-mismatch 'timeout' takes a number or an expression; this is a mapping
        "#]],
    );
}

#[test]
fn steps_inside_steps_are_checked() {
    check_steps(
        "steps:\n  - id: a\n    type: shell\n    run: ls\n    compensate: {id: undo, type: ⟦shell⟧}\n  - id: b\n    type: dynamic\n    goal: g\n    library:\n      - name: l\n        description: d\n        steps:\n          - {id: x, type: shell, ⟦rum⟧: ls, run: ls}\ncompensate:\n  id: ⟦all⟧\n",
        expect![[r#"
            error missing-key a shell step needs 'run' or 'args' [fix: add 'run']
            error unknown-key 'rum' is no key of a shell step; take it out [fix: take it out]
            error missing-key a step needs 'type' [fix: add 'type: shell' and 'run']
        "#]],
    );
}

#[test]
fn a_key_that_stands_twice_is_marked_once() {
    check_steps(
        "steps: []\n⟦steps⟧: []\n",
        expect![[r#"
            error duplicate-key 'steps' is already set in this mapping; keep one of the two [see: it is set here first] [fix: take this one out]
        "#]],
    );
}

#[test]
fn broken_parts_give_one_finding() {
    check_steps(
        "steps:\n  - id: a\n    type: shell\n    run: ls\n    needs: ⟦[⟧\n  - id: b\n    type: shell\n    run: ls\n",
        expect![[r#"
            error yaml-syntax this bracket is never closed [fix: close the bracket with ']']
        "#]],
    );
}

#[test]
fn a_default_of_nothing() {
    check_steps(
        "inputs:\n  a: {type: string, default: ⟦null⟧}\n  b:\n    type: object\n    ⟦default⟧:\nsteps: []\n",
        expect![[r#"
            error type-mismatch the default of 'a' has no value; it takes a text [fix: take it out]
            error type-mismatch the default of 'b' has no value; it takes a mapping [fix: take it out]
        "#]],
    );
}

#[test]
fn a_secret_has_no_default() {
    check_steps(
        "inputs:\n  a: {type: string, secret: true, default: ⟦hunter2⟧}\n  b: {type: string, secret: true, default: \"\"}\n  c: {type: string, default: hunter2}\nsteps: []\n",
        expect![[r#"
            warning plain-secret the default of a secret stands here as it is; keep it out of files, then change it [fix: take it out]
        "#]],
    );
}

#[test]
fn no_mend_writes_a_mapping_that_lacks_its_keys() {
    check_steps(
        "steps:\n  - id: a\n    type: shell\n    run: ls\n    ⟦compensate⟧:\n  - id: b\n    type: shell\n    run: ls\n    ⟦auto_heal⟧:\n  - id: c\n    type: shell\n    run: ls\n    ⟦reflexion⟧:\n",
        expect![[r#"
            error type-mismatch 'compensate' has no value; it takes a mapping [fix: take 'compensate' out]
            error type-mismatch 'auto_heal' has no value; it takes a mapping [fix: take 'auto_heal' out]
            error type-mismatch 'reflexion' has no value; it takes a mapping [fix: write '{}'] [fix: take 'reflexion' out]
        "#]],
    );
}
