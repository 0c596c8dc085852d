//! Mistakes that YAML or the file's shape see elsewhere than where they were made: what is said, and where.

use expect_test::expect;

use crate::support::{WORKFLOW, all_findings, check_steps, check_text, untrusted};

const STEP: &str =
    "inputs: {dry: {type: boolean}, a: {type: string}}\nsteps:\n  - id: a\n    type: shell\n    run: x\n";

fn check_line(line: &str, expect: expect_test::Expect) {
    check_steps(&format!("{STEP}    {line}\n"), expect);
}

#[test]
fn an_expression_that_starts_with_a_mark_of_yaml() {
    check_line(
        "if: ⟦!inputs.dry⟧ # not now",
        expect![[r#"
        error type-mismatch YAML reads '!inputs.dry' as a tag, not as an expression; put it in quotes [fix: put it in quotes] [fix: write '${{ }}' around it]
    "#]],
    );
    check_line(
        "if: ⟦!inputs.dry && inputs.a⟧",
        expect![[r#"
        error type-mismatch YAML reads '!inputs.dry && inputs.a' as a tag, not as an expression; put it in quotes [fix: put it in quotes] [fix: write '${{ }}' around it]
    "#]],
    );
    check_line(
        "if: ⟦!inputs.dry && inputs.a == \"x\"⟧",
        expect![[r#"
        error type-mismatch YAML reads '!inputs.dry && inputs.a == "x"' as a tag, not as an expression; put it in quotes
    "#]],
    );
    check_steps(
        "steps: [{id: a, if: ⟦!env.X⟧, type: shell, run: x}]\n",
        expect![[r#"
        error type-mismatch YAML reads '!env.X' as a tag, not as an expression; put it in quotes [fix: put it in quotes] [fix: write '${{ }}' around it]
    "#]],
    );
    check_line("if: \"!inputs.dry\"", expect![[""]]);
    check_line(
        "if: ⟦{{ inputs.dry }}⟧",
        expect![[r#"
        error type-mismatch 'if' takes true or false or an expression; this is a mapping, for '{{' opens one in YAML; write '${{' [fix: write '${{ }}']
    "#]],
    );
    let text = format!("name: t\n{STEP}    if: !inputs.dry\n");
    let said: Vec<String> =
        all_findings(WORKFLOW, &text, &untrusted()).into_iter().map(|one| one.message).collect();
    assert!(!said.iter().any(|said| said == "nobody reads the input 'dry'"), "{said:?}");
}

#[test]
fn a_colon_that_is_missing_before_a_bracket() {
    check_line(
        "⟦strategy⟧ {matrix: {os: [l, m]}}",
        expect![[r#"
        error yaml-syntax a ':' is missing behind 'strategy' [fix: add a ':']
    "#]],
    );
    check_line(
        "⟦env⟧ {A: b}",
        expect![[r#"
        error unknown-key a ':' is missing behind 'env' [fix: add a ':']
    "#]],
    );
    check_line(
        "env: {A: b}⟦}⟧",
        expect![[r#"
        error yaml-syntax this bracket closes nothing [fix: take it out]
    "#]],
    );
}

#[test]
fn expressions_between_brackets() {
    check_line(
        "env: {A: ⟦${{ inputs.a }}⟧}",
        expect![[r#"
        error yaml-syntax an expression between brackets is read as more brackets; put the text in quotes [fix: put the text in quotes]
    "#]],
    );
    check_line(
        "env: {A: 1, B: ⟦x ${{ inputs.a }} y⟧, C: ${{ inputs.dry }}}",
        expect![[r#"
        error yaml-syntax an expression between brackets is read as more brackets; put the text in quotes [fix: put the text in quotes]
    "#]],
    );
    check_line(
        "needs: [⟦${{ inputs.a }}⟧]",
        expect![[r#"
        error yaml-syntax an expression between brackets is read as more brackets; put the text in quotes [fix: put the text in quotes]
    "#]],
    );
    check_line("env: {A: \"${{ inputs.a }}\"}", expect![[""]]);
}

#[test]
fn a_choice_in_a_text_without_quotes() {
    check_steps(
        "steps:\n  - {id: a, type: shell, run: ls}\n  - id: b\n    type: shell\n    run: echo ${{ env.B ? 1 ⟦:⟧ 2 }}\n",
        expect![[r#"
            error yaml-syntax a ':' cannot stand here; put the text in quotes, or start a new line [fix: put the text in quotes]
        "#]],
    );
    check_steps(
        "steps:\n  - id: b\n    type: shell\n    run: echo ${{ env.B ? 'x' ⟦:⟧ 'y' }}\n",
        expect![[r#"
            error yaml-syntax a ':' cannot stand here; put the text in quotes, or start a new line [fix: put the text in quotes]
        "#]],
    );
    check_steps(
        "steps:\n  - id: b\n    type: shell\n    run: ${{ env.B ? 'x' ⟦:⟧ 'y' }}\n",
        expect![[r#"
        error yaml-syntax a ':' cannot stand here; put the text in quotes, or start a new line [fix: put the text in quotes]
    "#]],
    );
}

#[test]
fn what_is_wrong_is_named_as_what_it_is() {
    check_steps(
        "steps:\n  - ⟦build⟧\n",
        expect![[r#"
        error type-mismatch this item of 'steps' takes a mapping; this is a text
    "#]],
    );
    check_steps(
        "steps: [{id: a, type: shell, args: [⟦1⟧]}]\n",
        expect![[r#"
        error type-mismatch this item of 'args' takes a text; this is a number [fix: put it in quotes]
    "#]],
    );
    check_line(
        "needs: [⟦5⟧]",
        expect![[r#"
        error type-mismatch this item of 'needs' takes a text; this is a number [fix: put it in quotes]
        error unknown-step there is no step '5'; write the id of a step of this workflow [fix: take it out]
    "#]],
    );
    check_line(
        "strategy: {matrix: {v: [⟦{a: 1}⟧]}}",
        expect![[r#"
        error type-mismatch this item of 'v' takes a text, a number or true or false; this is a mapping
    "#]],
    );
    check_text(
        WORKFLOW,
        "⟦hello⟧",
        expect![[r#"
        error type-mismatch a workflow is a mapping; this is a text
    "#]],
    );
    check_text(
        ".copydesk/config.yaml",
        "⟦hello⟧",
        expect![[r#"
        error type-mismatch the config is a mapping; this is a text
    "#]],
    );
    check_text(
        ".copydesk/config.yaml",
        "⟦default_model = \"p/m\"⟧",
        expect![[r#"
            error yaml-syntax this is TOML, and settings are YAML: write 'key: value', and below a key what belongs to it, indented
            error type-mismatch the config is a mapping; this is a text
        "#]],
    );
    check_steps(
        "steps:\n  - {id: a, type: llm, agent: x, prompt: p, mcpServers: [{type: ⟦local⟧}]}\n",
        expect![[r#"
            error missing-key this item of 'mcpServers' needs 'name' [fix: add 'name']
            error missing-key this server needs 'command'
        "#]],
    );
}

#[test]
fn an_expression_without_quotes_over_lines() {
    check_line(
        "dir: ${{ inputs.a == 'x' ? 'x'\n      ⟦:⟧ 'y' }}",
        expect![[r#"
        error yaml-syntax YAML reads this ':' as its own; put the text in quotes [fix: put the text in quotes]
    "#]],
    );
    check_line(
        "dir: ${{ inputs.a\n      ⟦?⟧ 'x'\n      : 'y' }}",
        expect![[r#"
        error yaml-syntax YAML reads this '?' as its own; put the text in quotes [fix: put the text in quotes]
    "#]],
    );
    check_line(
        "dir: echo\n      ${{ inputs.a ? 'x' ⟦:⟧ 'y' }}",
        expect![[r#"
        error yaml-syntax YAML reads this ':' as its own; put the text in quotes [fix: put the text in quotes]
    "#]],
    );
    check_line(
        "dir: ${{ {k⟦:⟧\n      inputs.a} }}",
        expect![[r#"
        error yaml-syntax YAML reads this ':' as its own; put the text in quotes [fix: put the text in quotes]
    "#]],
    );
    for value in [
        "env: {A: ⟦${{\n      inputs.a\n      }}⟧}",
        "needs: [\n      ⟦${{ inputs.a }}⟧,\n      ${{ inputs.dry }}\n    ]",
    ] {
        check_line(
            value,
            expect![[r#"
            error yaml-syntax an expression between brackets is read as more brackets; put the text in quotes [fix: put the text in quotes]
        "#]],
        );
    }
}

#[test]
fn a_comment_that_cuts_an_expression() {
    check_line(
        "dir: ${{ inputs.a + ' ⟦#⟧1' }}",
        expect![[r#"
        error expression-syntax a '#' behind a blank begins a comment; put the text in quotes [fix: put the text in quotes]
    "#]],
    );
    check_line("env: {A: \"${{ inputs.a + ' #1' }}\"}", expect![[""]]);
    check_line(
        "dir: ⟦${{⟧ inputs.a # a remark",
        expect![[r#"
        error expression-syntax this '${{' is never closed; add '}}' [fix: add '}}']
    "#]],
    );
}

#[test]
fn braces_of_yaml_for_an_expression_read_what_was_meant() {
    let text = format!("name: t\n{STEP}    if: {{{{ inputs.dry }}}}\n    dir: ${{{{ inputs.a }}}}\n");
    let said: Vec<String> =
        all_findings(WORKFLOW, &text, &untrusted()).into_iter().map(|one| one.code.to_string()).collect();
    assert_eq!(said, ["type-mismatch"]);
}

#[test]
fn braces_of_other_languages() {
    check_line(
        "env: {A: \"⟦{{ inputs.a }}⟧\", B: \"x ⟦${ steps.a.output.stdout }⟧ y\", C: \"⟦${inputs.a}⟧ ${{ inputs.a }} ⟦{{inputs.dry}}⟧\"}",
        expect![[r#"
            warning bare-expression this is taken as it stands: an expression stands between '${{' and '}}' [fix: write '${{ }}']
            warning bare-expression this is taken as it stands: an expression stands between '${{' and '}}' [fix: write '${{ }}']
            warning bare-expression this is taken as it stands: an expression stands between '${{' and '}}' [fix: write '${{ }}']
            warning bare-expression this is taken as it stands: an expression stands between '${{' and '}}' [fix: write '${{ }}']
        "#]],
    );
    // Of other programs, of other names, and where a script is written.
    check_line(
        "env: {A: \"{{ .Name }} {{ inputs.b }} ${HOME} ${ {inputs.a} } ${{ inputs.a }} {{inputs}}\", B: \"$(echo ${a})\"}",
        expect![[""]],
    );
    check_steps(
        "inputs: {a: {type: string}}\nsteps:\n  - {id: a, type: script, run: \"return `${inputs.a}`\"}\n",
        expect![[""]],
    );
}

#[test]
fn a_field_of_the_output_taken_of_the_step() {
    check_steps(
        "steps:\n  - {id: a, type: shell, run: x}\n  - {id: b, type: shell, run: \"${{ steps.a.⟦stdout⟧ }} ${{ steps.a.⟦exitCode⟧ }} ${{ steps['a'].⟦stdot⟧ }}\"}\n",
        expect![[r#"
            error unknown-property an object has no 'stdout'; did you mean 'output.stdout'? [fix: change to 'output.stdout']
            error unknown-property an object has no 'exitCode'; did you mean 'output.exitCode'? [fix: change to 'output.exitCode']
            error unknown-property an object has no 'stdot'; it has 'error', 'output', 'outputs', 'status'
        "#]],
    );
}

/// A mend that turns a condition round, or seconds into milliseconds, is none.
#[test]
fn words_of_other_systems_that_mean_something_else() {
    check_line(
        "⟦unless⟧: \"${{ inputs.dry }}\"",
        expect![[r#"
        error unknown-key 'unless' is no key of a shell step; take it out [fix: take it out]
    "#]],
    );
    check_steps(
        "steps:\n  - {id: a, type: ⟦sleep⟧, ⟦seconds⟧: 5}\n",
        expect![[r#"
        error missing-key a sleep step needs 'duration' or 'until' [fix: add 'duration']
        error unknown-key 'seconds' is no key of a sleep step; take it out [fix: take it out]
    "#]],
    );
    check_steps(
        "steps:\n  - {id: a, type: ⟦sleep⟧, ⟦delay⟧: 5}\n",
        expect![[r#"
        error missing-key a sleep step needs 'duration' or 'until' [fix: add 'duration']
        error unknown-key 'delay' is no key of a sleep step; take it out [fix: take it out]
    "#]],
    );
}

/// The commonest slip there is.
#[test]
fn a_root_that_was_left_out() {
    check_line(
        "env: {A: \"${{ ⟦a⟧ }}\", B: \"${{ ⟦dry⟧ && 1 }}\"}",
        expect![[r#"
        error unknown-root there is no 'a' in expressions; did you mean 'inputs.a'? [fix: change to 'inputs.a']
        error unknown-root there is no 'dry' in expressions; did you mean 'inputs.dry'? [fix: change to 'inputs.dry']
    "#]],
    );
}

/// They are objects as others are.
#[test]
fn a_method_of_all_inputs_is_no_input() {
    check_line("if: inputs.hasOwnProperty('a') && steps.hasOwnProperty('a')", expect![[""]]);
    check_line(
        "if: inputs.⟦hasOwnProperty⟧ && inputs.a.toString() == 'x'",
        expect![[r#"
        error undeclared-input there is no input 'hasOwnProperty'; declare it under 'inputs' [fix: declare the input 'hasOwnProperty']
    "#]],
    );
}
