//! Keys that do nothing, steps that never run, inputs that nobody reads.

use expect_test::{Expect, expect};

use crate::support::{WORKFLOW, all_findings, check_steps, check_text};

#[test]
fn an_operation_ignores_the_keys_of_others() {
    check_steps(
        r#"steps:
  - {id: a, type: file, op: read, path: x, ⟦content⟧: y}
  - {id: b, type: artifact, op: upload, name: n, paths: [x], ⟦path⟧: y}
  - {id: c, type: artifact, op: download, name: n, path: x, ⟦paths⟧: [y]}
  - {id: d, type: memory, op: search, query: q, ⟦text⟧: t}
  - {id: e, type: memory, op: store, text: t, ⟦limit⟧: 3}
  - {id: f, type: git, op: commit, message: m, ⟦url⟧: u}
  - {id: g, type: git, op: push, branch: b, ⟦message⟧: m}
"#,
        expect![[r#"
            warning useless-key 'content' does nothing here: 'op: read' does not read it [fix: take 'content' out]
            warning useless-key 'path' does nothing here: 'op: upload' does not read it [fix: take 'path' out]
            warning useless-key 'paths' does nothing here: 'op: download' does not read it [fix: take 'paths' out]
            warning useless-key 'text' does nothing here: 'op: search' does not read it [fix: take 'text' out]
            warning useless-key 'limit' does nothing here: 'op: store' does not read it [fix: take 'limit' out]
            warning useless-key 'url' does nothing here: 'op: commit' does not read it [fix: take 'url' out]
            warning useless-key 'message' does nothing here: 'op: push' does not read it [fix: take 'message' out]
        "#]],
    );
}

#[test]
fn keys_need_what_they_belong_to() {
    check_steps(
        r#"steps:
  - {id: a, type: shell, run: ls, ⟦idempotencyScope⟧: run, ⟦idempotencyTtlSeconds⟧: 5}
  - id: b
    type: shell
    run: ls
    ⟦failFast⟧: true
    ⟦concurrency⟧: 2
    ⟦outputRetries⟧: 1
  - {id: c, type: llm, agent: a, prompt: p, ⟦outputRetries⟧: 2}
  - {id: d, type: llm, agent: a, prompt: p, outputRetries: 2, outputSchema: {type: object}}
  - {id: e, type: sleep, duration: 1s, ⟦memoize⟧: true}
  - {id: f, type: shell, args: [ls], ⟦run⟧: ls}
  - {id: g, type: shell, run: ls, ⟦retry⟧: {backoff: linear}}
  - {id: h, type: shell, run: ls, ⟦retry⟧: {count: 0}}
  - {id: i, type: shell, run: ls, auto_heal: {agent: a, maxAttempts: ⟦0⟧}, reflexion: {limit: ⟦0⟧}}
  - {id: j, type: shell, run: ls, foreach: "[1]", concurrency: 2, failFast: true, needs: [a, b, ⟦a⟧]}
  - {id: k, type: shell, run: ls, compensate: {id: u, type: shell, run: ls, ⟦needs⟧: [a]}}
"#,
        expect![[r#"
            warning useless-key 'idempotencyScope' does nothing here: there is no 'idempotencyKey' [fix: take 'idempotencyScope' out]
            warning useless-key 'idempotencyTtlSeconds' does nothing here: there is no 'idempotencyKey' [fix: take 'idempotencyTtlSeconds' out]
            warning useless-key 'failFast' does nothing here: there is no 'foreach' or 'strategy' [fix: take 'failFast' out]
            warning useless-key 'concurrency' does nothing here: there is no 'foreach' or 'strategy' [fix: take 'concurrency' out]
            warning useless-key 'outputRetries' does nothing here: only a model can try its output again [fix: take 'outputRetries' out]
            warning useless-key 'outputRetries' does nothing here: there is no 'outputSchema' [fix: take 'outputRetries' out]
            warning useless-key 'memoize' does nothing here: a sleep step has no output to keep [fix: take 'memoize' out]
            warning useless-key 'run' does nothing here: 'args' is run instead [fix: take 'run' out]
            warning useless-key 'retry' does nothing here: without 'count' nothing is tried again [fix: take 'retry' out]
            warning useless-key 'retry' does nothing here: without 'count' nothing is tried again [fix: take 'retry' out]
            error unknown-value 'maxAttempts' must be more than 0 [fix: change to 1]
            error unknown-value 'limit' must be more than 0 [fix: change to 1]
            warning useless-key 'a' stands in this list already [fix: take it out]
            warning useless-key 'needs' does nothing here: it runs when the run is rolled back [fix: take 'needs' out]
        "#]],
    );
}

#[test]
fn what_is_read_for_old_files_is_deprecated() {
    check_steps(
        "steps:\n  - id: a\n    type: shell\n    ⟦allowInsecure⟧: true\n    run: ls\n  - id: b\n    type: join\n    needs: [a]\n    ⟦target⟧: steps\n⟦triggers⟧: []\n",
        expect![[r#"
            warning deprecated-key 'allowInsecure' is read for the sake of old files and changes nothing; take it out [fix: take 'allowInsecure' out]
            warning deprecated-key 'target' is read for the sake of old files and changes nothing; take it out [fix: take 'target' out]
            warning useless-key 'triggers' does nothing here: it is planned, and starts nothing yet [fix: take 'triggers' out]
        "#]],
    );
}

#[test]
fn a_step_that_cannot_run_is_told() {
    check_steps(
        r#"steps:
  - {id: a, type: shell, run: ls, if: ⟦false⟧}
  - {id: b, type: shell, run: ls, if: ⟦"${{ false }}"⟧}
  - {id: c, type: shell, run: ls, foreach: ⟦"[]"⟧}
  - {id: d, type: join, needs: [a, b], condition: ⟦3⟧}
  - {id: e, type: join, needs: [a, b], condition: {count: ⟦0⟧}}
  - {id: f, type: join, needs: [a, b], condition: 2}
"#,
        expect![[r#"
            warning never-runs this is always false, so the step never runs [fix: take the condition out]
            warning never-runs this is always false, so the step never runs [fix: take the condition out]
            warning never-runs this list is empty, so the step never runs [fix: take 'foreach' out]
            error unknown-value this join needs 2 steps, so 3 are never done [fix: change to 2]
            error unknown-value a join waits for at least one step [fix: change to 1]
        "#]],
    );
    check_steps(
        "steps:\n  - {id: a, type: shell, run: ls, allowFailure: true}\n⟦errors⟧:\n  - {id: b, type: shell, run: ls}\n",
        expect![[r#"
            warning never-runs these steps never run: every step may fail without stopping the run [fix: take 'errors' out]
        "#]],
    );
    check_steps(
        "steps: []\n⟦errors⟧:\n  - {id: b, type: shell, run: ls}\n",
        expect![[r#"
        warning never-runs these steps never run: there are no steps that could fail [fix: take 'errors' out]
    "#]],
    );
    check_steps(
        "steps:\n  - {id: a, type: shell, run: ls, allowFailure: \"${{ true }}\"}\nerrors:\n  - {id: b, type: shell, run: ls}\n",
        expect![[""]],
    );
}

#[test]
fn who_scores_decides_what_counts() {
    check_steps(
        "steps:\n  - {id: a, type: shell, run: ls}\neval:\n  scorer: ⟦llm⟧\n  agent: a\n  ⟦run⟧: ls\n",
        expect![[r#"
            warning missing-key 'scorer: llm' needs 'prompt' [fix: add 'prompt']
            warning useless-key 'run' does nothing here: the scorer does not read it [fix: take 'run' out]
        "#]],
    );
    check_steps(
        "steps:\n  - {id: a, type: shell, run: ls}\neval: {scorer: ⟦script⟧, ⟦agent⟧: a}\n",
        expect![[r#"
            warning missing-key 'scorer: script' needs 'run' [fix: add 'run']
            warning useless-key 'agent' does nothing here: the scorer does not read it [fix: take 'agent' out]
        "#]],
    );
    check_steps(
        "steps:\n  - {id: a, type: shell, run: ls}\neval: {scorer: script, run: ls, allowSecrets: true}\n",
        expect![[""]],
    );
}

#[test]
fn times_with_a_unit_become_numbers() {
    check_steps(
        "steps:\n  - {id: a, type: shell, run: ls, timeout: ⟦30s⟧, memoize: true, memoizeTtlSeconds: ⟦2h⟧}\n",
        expect![[r#"
            error type-mismatch 'timeout' takes a number of milliseconds or an expression; this is a text [fix: change to 30000]
            error type-mismatch 'memoizeTtlSeconds' takes a whole number of seconds or an expression; this is a text [fix: change to 7200]
        "#]],
    );
}

#[test]
fn servers_of_a_step_are_programs_or_addresses() {
    check_steps(
        r#"steps:
  - id: a
    type: llm
    agent: a
    prompt: p
    mcpServers:
      - {name: ok, command: npx, args: [x], env: {TOKEN: "${{ secrets.TOKEN }}"}}
      - {name: ⟦none⟧}
      - {name: far, type: ⟦remote⟧}
      - {name: both, type: remote, url: "http://x", ⟦command⟧: y}
      - {name: leak, command: x, env: {GITHUB_TOKEN: ⟦ghp_abcdefghijklmnopqrstuvwx0123456789⟧}}
"#,
        expect![[r#"
            error missing-key the server 'none' needs 'command' or 'url' [fix: add 'url']
            error missing-key the server 'far' needs 'url' [fix: add 'url']
            warning useless-key 'command' does nothing here: the server is an address [fix: take 'command' out]
            warning plain-secret a secret stands here as it is; read it from 'secrets' instead, then change it [fix: change to '${{ secrets.GITHUB_TOKEN }}']
        "#]],
    );
}

/// The hints about inputs, by name.
fn unread(text: &str, expect: Expect) {
    let text = format!("name: test\n{text}");
    let found = all_findings(
        WORKFLOW,
        &text,
        &crate::support::knowing(&[(
            ".copydesk/agents/writer.md",
            "---\nname: writer\n---\nWrite about ${{ inputs.topic }}.\n",
        )]),
    );
    let hints = found.iter().filter(|finding| finding.code == copydesk_base::Code::UnusedInput);
    expect.assert_eq(&hints.map(|finding| finding.span.of(&text)).collect::<Vec<_>>().join(" "));
    for finding in found.iter().filter(|finding| finding.code == copydesk_base::Code::UnusedInput) {
        for fix in &finding.fixes {
            let mended = crate::support::apply(&text, fix);
            assert!(
                all_findings(WORKFLOW, &mended, &crate::support::untrusted())
                    .iter()
                    .all(|other| other.message != finding.message
                        && other.code != copydesk_base::Code::YamlSyntax),
                "{mended}"
            );
        }
    }
}

#[test]
fn inputs_that_nobody_reads_are_hinted_at() {
    let step = |run: &str| format!("steps: [{{id: a, type: shell, run: \"{run}\"}}]\n");
    let inputs = "inputs:\n  one: {type: string}\n  two-b: {type: string}\n  three: {type: string}\n";
    unread(&(inputs.to_owned() + &step("ls")), expect!["one two-b three"]);
    unread(&(inputs.to_owned() + &step("${{ inputs.one + inputs['two-b'] }}")), expect!["three"]);
    unread(&(inputs.to_owned() + &step("${{ inputs[args.x] }}")), expect![""]);
    // The root is misspelt, and may be meant.
    unread(&(inputs.to_owned() + &step("${{ input.one + imputs?.three }}")), expect!["two-b"]);
    unread(&(inputs.to_owned() + &step("${{ Object.keys(inputs) }}")), expect![""]);
    unread(
        &(inputs.to_owned() + "steps: [{id: a, type: shell, run: ls, if: inputs.one == inputs.three}]\n"),
        expect!["two-b"],
    );
    unread("inputs: {one: {type: string}}\nsteps: [{id: a, type: shell, run: ls}]\n", expect!["one"]);
    unread(
        "inputs: {topic: {type: string}, other: {type: string}}\nsteps: [{id: a, type: llm, agent: writer, prompt: p}]\n",
        expect!["other"],
    );
    unread("inputs: {one: {type: string}}\nsteps: [\n", expect![""]);
}

#[test]
fn a_missing_key_is_written_with_the_least_it_takes() {
    check_text(
        WORKFLOW,
        "⟦⟧# only a comment\n",
        expect![[r#"
        error missing-key a workflow needs 'name' [fix: add 'name']
        error missing-key a workflow needs 'steps' [fix: add 'steps']
    "#]],
    );
    check_text(".copydesk/config.yaml", "$schema: x\npermissions: {deny: []}\n", expect![[""]]);
}

#[test]
fn a_dynamic_step_runs_its_plan_so_many_at_a_time() {
    check_steps(
        "steps:\n  - {id: a, type: dynamic, goal: g, supervisor: s, concurrency: 2}\n  - {id: b, type: llm, agent: a, prompt: p, ⟦concurrency⟧: 2}\n",
        expect![[r#"
            warning useless-key 'concurrency' does nothing here: there is no 'foreach' or 'strategy' [fix: take 'concurrency' out]
        "#]],
    );
}

#[test]
fn objects_and_lists_are_always_true() {
    check_steps(
        r#"inputs: {files: {type: array}, map: {type: object}, n: {type: number}}
steps:
  - {id: sh, type: shell, run: ls}
  - {id: may, type: shell, run: ls, if: "${{ inputs.n > 1 }}"}
  - {id: a, type: shell, run: ls, if: "${{ ⟦{}⟧ }}"}
  - {id: b, type: shell, run: ls, if: "⟦[1]⟧"}
  - {id: c, type: shell, run: ls, if: "${{ ⟦inputs.files⟧ }}"}
  - {id: d, type: shell, run: ls, if: "${{ !⟦inputs.map⟧ || inputs.n }}"}
  - {id: e, type: shell, run: ls, if: ⟦steps.sh.output⟧}
  - {id: f, type: shell, run: ls, if: "${{ inputs.n > 1 && ⟦steps.sh⟧ }}"}
  - {id: g, type: shell, run: ls, if: "${{ steps.may.output }}"}
  - {id: h, type: shell, run: ls, if: "${{ inputs.map && inputs.map.a }}"}
  - {id: i, type: shell, run: ls, if: "${{ inputs.files.length && inputs.map.files && steps.sh.output.stdout }}"}
finally:
  - {id: z, type: shell, run: ls, if: "${{ steps.sh.output }}"}
"#,
        expect![[r#"
            warning constant-condition an object is always true; ask for a field of it
            warning constant-condition a list is always true, an empty one too; ask for its length
            warning constant-condition a list is always true, an empty one too; ask for its length [fix: add '.length > 0']
            warning constant-condition an object is always true; ask for a field of it
            warning constant-condition an object is always true; ask for what the command wrote: '.stdout.trim()' [fix: add '.stdout.trim()']
            warning constant-condition an object is always true; ask for a field of it
        "#]],
    );
}

#[test]
fn a_word_is_always_true() {
    check_steps(
        r#"inputs: {mode: {type: string, values: [fast, slow]}, free: {type: string, values: ["", x]}}
steps:
  - {id: a, type: shell, run: ls}
  - {id: b, type: shell, run: ls, if: "${{ ⟦'yes'⟧ }}"}
  - {id: c, type: shell, run: ls, if: ⟦steps.a.status⟧}
  - {id: d, type: shell, run: ls, if: ⟦inputs.mode⟧}
  - {id: e, type: shell, run: ls, if: "${{ inputs.free || steps.a.error }}"}
"#,
        expect![[r#"
            warning constant-condition this is a word in every run, and a word is always true; compare it with one: "… == 'word'"
            warning constant-condition this is a word in every run, and a word is always true; compare it with one: "… == 'word'"
            warning constant-condition this is a word in every run, and a word is always true; compare it with one: "… == 'word'"
        "#]],
    );
}

#[test]
fn a_request_needs_an_address_and_a_wait_a_name() {
    check_steps(
        r#"inputs: {host: {type: string}}
steps:
  - {id: a, type: request, url: ⟦nonsense⟧}
  - {id: b, type: request, url: ⟦"example.com/a?b=1"⟧}
  - {id: c, type: request, url: ⟦""⟧}
  - {id: d, type: request, url: ⟦"https://"⟧}
  - {id: e, type: request, url: ⟦ftp://example.com⟧}
  - {id: f, type: request, url: ⟦"https://example.com/a b"⟧}
  - {id: g, type: request, url: "HTTP://localhost:8080/x"}
  - {id: h, type: request, url: "${{ inputs.host }}/x"}
  - {id: i, type: request, url: "https://${{ inputs.host }}/x y"}
  - {id: j, type: wait, event: ⟦""⟧}
  - {id: k, type: wait, event: deployed}
"#,
        expect![[r#"
            error format-mismatch this is no address to ask: it starts with 'http://' or 'https://', and a host follows
            error format-mismatch this is no address to ask: it starts with 'http://' or 'https://', and a host follows [fix: put 'https://' before it]
            error unknown-value the address is empty; write one, as 'https://example.com'
            error format-mismatch this is no address to ask: it starts with 'http://' or 'https://', and a host follows
            error format-mismatch this is no address to ask: it starts with 'http://' or 'https://', and a host follows
            error format-mismatch this is no address to ask: it starts with 'http://' or 'https://', and a host follows
            error unknown-value the event has no name, so the step waits for ever; write one
        "#]],
    );
}
