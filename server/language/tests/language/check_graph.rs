//! What steps need.

use expect_test::expect;

use crate::support::check_steps;

const TAIL: &str = "type: shell, run: ls";

fn steps(lines: &[&str]) -> String {
    let mut text = "steps:\n".to_owned();
    for line in lines {
        text += &format!("  - {{{line}, {TAIL}}}\n");
    }
    text
}

#[test]
fn the_second_of_two_equal_ids_is_marked() {
    check_steps(
        &steps(&["id: a", "id: ⟦a⟧", "id: b"]),
        expect![[r#"
        error duplicate-step the id 'a' is taken; give this step another [see: 'a' is here first] [fix: rename to 'a_2']
    "#]],
    );
    check_steps(
        &(steps(&["id: a"]) + &steps(&["id: ⟦a⟧"]).replace("steps", "finally")),
        expect![[r#"
        error duplicate-step the id 'a' is taken; give this step another [see: 'a' is here first] [fix: rename to 'a_2']
    "#]],
    );
}

#[test]
fn a_need_names_a_step() {
    check_steps(
        &steps(&["id: build", "id: b, needs: [⟦biuld⟧, ⟦\"nothing\"⟧]"]),
        expect![[r#"
            error unknown-step there is no step 'biuld'; did you mean 'build'? [fix: change to 'build'] [fix: take it out]
            error unknown-step there is no step 'nothing'; write the id of a step of this workflow [fix: take it out]
        "#]],
    );
    check_steps(
        "steps:\n  - id: a\n    type: shell\n    run: ls\n    needs:\n      - ⟦'b'⟧\n",
        expect![[r#"
            error unknown-step there is no step 'b'; write the id of a step of this workflow [fix: take it out]
        "#]],
    );
}

#[test]
fn needs_stay_within_their_list() {
    check_steps(
        &(steps(&["id: main, needs: [⟦clean⟧]"])
            + &steps(&["id: report, needs: [main, ⟦clean⟧]"]).replace("steps", "errors")
            + &steps(&["id: clean, needs: [main]", "id: last, needs: [clean, main]"])
                .replace("steps", "finally")),
        expect![[r#"
            error unknown-step 'clean' is a step of 'finally'; a step of 'steps' cannot wait for it [fix: take it out]
            error unknown-step 'clean' is a step of 'finally'; a step of 'errors' cannot wait for it [fix: take it out]
        "#]],
    );
}

#[test]
fn nobody_reads_what_begins_later() {
    check_steps(
        "steps:\n  - {id: a, type: shell, run: \"${{ steps.⟦help⟧.status }} ${{ ⟦last_failed_step⟧.id }}\"}\n  - {id: b, type: shell, run: ls, compensate: {id: u, type: shell, run: \"${{ last_failed_step.id }}\"}}\nerrors:\n  - {id: help, type: shell, run: \"${{ steps.a.status }} ${{ last_failed_step.id }} ${{ steps.⟦last⟧.status }}\"}\nfinally:\n  - {id: last, type: shell, run: \"${{ steps.help.status }} ${{ last_failed_step.error }}\"}\n",
        expect![[r#"
            error unknown-step 'help' is a step of 'errors', which begins when 'steps' is over
            warning unknown-root there is no 'last_failed_step' here; it stands in 'errors' and 'finally' only
            error unknown-step 'last' is a step of 'finally', which begins when 'errors' is over
        "#]],
    );
}

#[test]
fn a_circle_is_marked_where_it_closes() {
    check_steps(
        &steps(&["id: a, needs: [c]", "id: b, needs: [⟦a⟧]", "id: c, needs: [b]"]),
        expect![[r#"
            error dependency-cycle these steps wait for one another: a → c → b → a; take one of the needs out [see: 'a' waits for 'c' here] [see: 'c' waits for 'b' here] [fix: take this need out]
        "#]],
    );
    check_steps(
        &steps(&["id: a, needs: [⟦a⟧]"]),
        expect![[r#"
            error dependency-cycle the step 'a' waits for itself; take this out [fix: take this need out]
        "#]],
    );
    check_steps(
        &steps(&["id: a, needs: [b]", "id: b, needs: [c]", "id: c, needs: [⟦b⟧, d]", "id: d"]),
        expect![[r#"
            error dependency-cycle these steps wait for one another: b → c → b; take one of the needs out [see: 'b' waits for 'c' here] [fix: take this need out]
        "#]],
    );
}

#[test]
fn a_reference_in_an_expression_waits_too() {
    check_steps(
        "steps:\n  - id: a\n    type: shell\n    needs: [b]\n    run: ls\n  - id: b\n    type: shell\n    run: echo ${{ steps.⟦a⟧.output }}\n",
        expect![[r#"
            error dependency-cycle these steps wait for one another: a → b → a; take one of the needs out [see: 'a' waits for 'b' here]
        "#]],
    );
    check_steps(
        "steps:\n  - id: a\n    type: shell\n    run: ls\n    if: ${{ steps.⟦a⟧.output }}\n",
        expect![[r#"
            error dependency-cycle the step 'a' waits for itself; take this out
        "#]],
    );
}

#[test]
fn needs_from_an_anchor_are_needs_too() {
    check_steps(
        "steps:\n  - {id: a, type: shell, run: ls, needs: &all [⟦nope⟧, b]}\n  - {id: b, type: shell, run: ls}\n  - {id: c, type: shell, run: ls, needs: *all}\n",
        expect![[r#"
            error unknown-step there is no step 'nope'; write the id of a step of this workflow [fix: take it out]
        "#]],
    );
}

#[test]
fn the_steps_of_a_library_have_their_own_ids() {
    check_steps(
        "steps:\n  - id: a\n    type: dynamic\n    goal: g\n    library:\n      - name: l\n        description: d\n        steps:\n          - {id: a, type: shell, run: ls, needs: [⟦z⟧]}\n          - {id: ⟦a⟧, type: shell, run: ls}\n          - {id: b, type: shell, run: ls, needs: [⟦b⟧]}\n",
        expect![[r#"
            error unknown-step there is no step 'z'; write the id of a step of this workflow [fix: take it out]
            error duplicate-step the id 'a' is taken; give this step another [see: 'a' is here first] [fix: rename to 'a_2']
            error dependency-cycle the step 'b' waits for itself; take this out [fix: take this need out]
        "#]],
    );
}

#[test]
fn undoing_may_look_back() {
    check_steps(
        "steps:\n  - id: a\n    type: shell\n    run: ls\n    compensate: {id: undo, type: shell, run: \"rm ${{ steps.a.output }} ${{ steps.b.output }}\"}\n  - {id: b, type: shell, run: ls, needs: [a]}\n",
        expect![[""]],
    );
}

#[test]
fn ten_thousand_steps_in_a_row_are_no_circle() {
    let mut text = String::from("steps:\n  - {id: s0, type: shell, run: ls}\n");
    for at in 1..10_000 {
        text += &format!("  - {{id: s{at}, type: shell, run: ls, needs: [s{}]}}\n", at - 1);
    }
    check_steps(&text, expect![[""]]);
}

#[test]
fn a_long_circle_is_told_in_short() {
    let mut lines = vec!["id: s0, needs: [s20]".to_owned(), "id: s1, needs: [⟦s0⟧]".to_owned()];
    lines.extend((2..21).map(|at| format!("id: s{at}, needs: [s{}]", at - 1)));
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    check_steps(
        &steps(&lines),
        expect![[r#"
            error dependency-cycle these steps wait for one another: s0 → s20 → s19 → s18 → s17 → s16 → s15 → s14 → s13 → s12 → s11 → s10 → … → s0; take one of the needs out [see: 's0' waits for 's20' here] [see: 's20' waits for 's19' here] [see: 's19' waits for 's18' here] [see: 's18' waits for 's17' here] [see: 's17' waits for 's16' here] [see: 's16' waits for 's15' here] [see: 's15' waits for 's14' here] [see: 's14' waits for 's13' here] [see: 's13' waits for 's12' here] [see: 's12' waits for 's11' here] [see: 's11' waits for 's10' here] [fix: take this need out]
        "#]],
    );
}

#[test]
fn what_is_proposed_can_be_meant() {
    check_steps(
        "steps:\n  - {id: ll, type: shell, run: ls}\n  - {id: lm, type: shell, run: ls, needs: [ll, ⟦ln⟧]}\n  - {id: pl, type: shell, run: ls, needs: [⟦pk⟧]}\n  - {id: ab, type: shell, run: \"${{ steps.⟦aa⟧.output }}\"}\n",
        expect![[r#"
            error unknown-step there is no step 'ln'; write the id of a step of this workflow [fix: take it out]
            error unknown-step there is no step 'pk'; write the id of a step of this workflow [fix: take it out]
            error unknown-step there is no step 'aa'; write the id of a step of this workflow
        "#]],
    );
}

#[test]
fn ids_that_nobody_can_write() {
    check_steps(
        "steps:\n  - {id: ⟦\"\"⟧, type: shell, run: ls}\n  - {id: ⟦\" \"⟧, type: shell, run: ls}\n  - {id: ⟦\"a b\"⟧, type: shell, run: ls}\n  - {id: ok-1, type: shell, run: ls}\n",
        expect![[r#"
            error unknown-value the id of this step is empty; give it a name [fix: rename to 'step']
            error unknown-value the id of this step is empty; give it a name [fix: rename to 'step']
            error unknown-value the id 'a b' has blanks in it; write a name of one word [fix: rename to 'a_b']
        "#]],
    );
    check_steps(
        "steps:\n  - {id: ⟦1a⟧, type: shell, run: ls}\n  - {id: ⟦a.b⟧, type: shell, run: ls, needs: [1a]}\n  - {id: a_b, type: shell, run: ls}\n  - {id: ⟦-c⟧, type: shell, run: ls}\n  - {id: é_1-x, type: shell, run: ls}\n  - {id: ⟦constructor⟧, type: shell, run: ls}\n",
        expect![[r#"
            warning unknown-value an expression cannot write '1a' behind a dot; use letters, digits, '_' and '-', with a letter first [fix: rename to 'step_1a']
            warning unknown-value an expression cannot write 'a.b' behind a dot; use letters, digits, '_' and '-', with a letter first [fix: rename to 'a_b_2']
            warning unknown-value an expression cannot write '-c' behind a dot; use letters, digits, '_' and '-', with a letter first [fix: rename to 'c']
            error unknown-value 'constructor' cannot be the id of a step: expressions read it as something else [fix: rename to 'step_constructor']
        "#]],
    );
    // Where an expression reads it between brackets, a mend of the id alone would lose it; renaming changes both.
    check_steps(
        "steps:\n  - {id: ⟦a/b⟧, type: shell, run: ls}\n  - {id: c, type: shell, run: \"${{ steps['a/b'].output.stdout }}\"}\n",
        expect![[r#"
            warning unknown-value an expression cannot write 'a/b' behind a dot; use letters, digits, '_' and '-', with a letter first
        "#]],
    );
}

#[test]
fn what_follows_a_run_waits_for_what_stands_before_it() {
    check_steps(
        "steps:\n  - {id: a, type: shell, run: ls}\nerrors:\n  - {id: e, type: shell, run: ls, needs: [a, ⟦f⟧]}\n  - {id: f, type: shell, run: ls, needs: [a]}\nfinally:\n  - {id: g, type: shell, run: \"${{ steps.⟦h⟧.output.stdout }}\"}\n  - {id: h, type: shell, run: ls}\n  - {id: i, type: shell, run: ls, needs: [g]}\n",
        expect![[r#"
            error unknown-step 'f' stands behind this step; in 'errors' a step waits only for those before it [fix: take it out]
            error unknown-step 'h' stands behind this step; in 'finally' a step waits only for those before it
        "#]],
    );
}
