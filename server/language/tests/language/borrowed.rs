//! What people bring along from other languages: the mend is what a person would write, and where a word may mean
//! something else, no machine changes it.

use copydesk_base::Safety;
use expect_test::{Expect, expect};

use crate::support::{WORKFLOW, apply, check_steps, findings, untrusted};

/// Checks a condition beside inputs `word`, `other`, `list` and `number`, and shows what each mend makes of it.
fn check_condition(condition: &str, expect: &Expect) {
    let text = format!(
        "name: test\ninputs:\n  word: {{type: string, values: [a, b]}}\n  other: {{type: string, values: [c]}}\n  list: {{type: array}}\n  number: {{type: number}}\nsteps:\n  - id: last\n    type: shell\n    run: ls\n    if: {condition}\n"
    );
    let mut lines = String::new();
    for finding in findings(WORKFLOW, &text, &untrusted()) {
        lines += &format!("{} {}\n", finding.code, finding.message);
        for fix in &finding.fixes {
            let after = apply(&text, fix);
            let sign = if fix.safety == Safety::Safe { "!" } else { " " };
            lines += &format!(" {sign} {}\n", after.split_once("    if: ").unwrap_or_default().1.trim_end());
            let left = findings(WORKFLOW, &after, &untrusted());
            assert!(left.iter().all(|other| other.message != finding.message), "{after}");
        }
    }
    expect.assert_eq(&lines);
}

#[test]
fn a_value_in_a_list_is_asked_of_the_list() {
    check_condition(
        "inputs.word in ['a', 'b']",
        &expect![[r#"
        expression-syntax 'in' is not part of the language; write 'list.includes(value)', or 'Object.keys(object).includes(key)'
           "['a', 'b'].includes(inputs.word)"
    "#]],
    );
    check_condition(
        "\"inputs.word in ['a', 'b']\"",
        &expect![[r#"
        expression-syntax 'in' is not part of the language; write 'list.includes(value)', or 'Object.keys(object).includes(key)'
           "['a', 'b'].includes(inputs.word)"
    "#]],
    );
    check_condition(
        "'''a'' in inputs.list'",
        &expect![[r#"
        expression-syntax 'in' is not part of the language; write 'list.includes(value)', or 'Object.keys(object).includes(key)'
           'inputs.list.includes(''a'')'
    "#]],
    );
    check_condition(
        "inputs.number > 1 && inputs.word not in inputs.list",
        &expect![[r#"
        expression-syntax 'not in' is not part of the language; write '!list.includes(value)', or '!Object.keys(object).includes(key)'
           inputs.number > 1 && !inputs.list.includes(inputs.word)
    "#]],
    );
    check_condition(
        "not inputs.word in inputs.list",
        &expect![[r#"
        expression-syntax 'not' is not part of the language; write '!'
    "#]],
    );
    check_condition(
        "(inputs.list[0].trim() in inputs.list.map(x => x.y))",
        &expect![[r#"
        expression-syntax 'in' is not part of the language; write 'list.includes(value)', or 'Object.keys(object).includes(key)'
           (inputs.list.map(x => x.y).includes(inputs.list[0].trim()))
    "#]],
    );
}

#[test]
fn filters_are_methods() {
    check_condition(
        "inputs.word | trim",
        &expect![[r#"
        expression-syntax filters are not part of the language; write 'inputs.word.trim()'
           inputs.word.trim()
    "#]],
    );
    check_condition(
        "(inputs.word | trim | upper) == 'A'",
        &expect![[r#"
        expression-syntax filters are not part of the language; write 'inputs.word.trim().toUpperCase()'
           (inputs.word.trim().toUpperCase()) == 'A'
    "#]],
    );
    check_condition(
        "\"inputs.word | default(\\\"x\\\") == 'y'\"",
        &expect![[r#"
            expression-syntax filters are not part of the language; write '(inputs.word == null ? "x" : inputs.word)'
               "(inputs.word == null ? \"x\" : inputs.word) == 'y'"
        "#]],
    );
    check_condition(
        "inputs.word | default('x')",
        &expect![[r#"
            expression-syntax filters are not part of the language; write 'inputs.word == null ? 'x' : inputs.word'
               inputs.word == null ? 'x' : inputs.word
        "#]],
    );
    check_condition(
        "inputs.list | join(', ') | length",
        &expect![[r#"
        expression-syntax filters are not part of the language; write 'inputs.list.join(', ').length'
           inputs.list.join(', ').length
    "#]],
    );
    check_condition(
        "inputs.word | slugify",
        &expect![[r#"
        expression-syntax filters are not part of the language; write a method behind the value, as in '.trim()'
    "#]],
    );
    check_condition(
        "inputs.word | inputs.other",
        &expect![[r#"
        expression-syntax '|' is not part of the language; write '||'
           inputs.word || inputs.other
    "#]],
    );
}

#[test]
fn a_mend_means_what_was_written() {
    check_condition(
        "inputs.word ?? 'x'",
        &expect![[r#"
        expression-syntax '??' is not part of the language; write 'inputs.word == null ? 'x' : inputs.word'
           inputs.word == null ? 'x' : inputs.word
    "#]],
    );
    check_condition(
        "inputs.number ?? 3",
        &expect![[r#"
        expression-syntax '??' is not part of the language; write 'inputs.number == null ? 3 : inputs.number'
           inputs.number == null ? 3 : inputs.number
    "#]],
    );
    check_condition(
        "\"(inputs.number ?? 3) > 2\"",
        &expect![[r#"
            expression-syntax '??' is not part of the language; write 'inputs.number == null ? 3 : inputs.number'
               "(inputs.number == null ? 3 : inputs.number) > 2"
        "#]],
    );
    check_condition(
        "\"'a' + inputs.word ?? 'x'\"",
        &expect![[r#"
        expression-syntax '??' is not part of the language; write 'value == null ? other : value'
    "#]],
    );
    check_condition(
        "inputs.word.trim() ?? 'x'",
        &expect![[r#"
        expression-syntax '??' is not part of the language; write 'value == null ? other : value'
    "#]],
    );
    check_condition(
        "inputs.word | default('a b') | trim",
        &expect![[r#"
        expression-syntax filters are not part of the language; write '(inputs.word == null ? 'a b' : inputs.word).trim()'
           (inputs.word == null ? 'a b' : inputs.word).trim()
    "#]],
    );
    check_condition(
        "inputs.number + 1 | default(3)",
        &expect![[r#"
        expression-syntax filters are not part of the language; write 'value == null ? other : value'
    "#]],
    );
    check_condition(
        "inputs.number + 1 in inputs.list",
        &expect![[r#"
        expression-syntax 'in' is not part of the language; write 'list.includes(value)', or 'Object.keys(object).includes(key)'
           inputs.list.includes(inputs.number + 1)
    "#]],
    );
    check_condition(
        "inputs.word in inputs.list + ['a']",
        &expect![[r#"
        expression-syntax 'in' is not part of the language; write 'list.includes(value)', or 'Object.keys(object).includes(key)'
           (inputs.list + ['a']).includes(inputs.word)
    "#]],
    );
    check_condition(
        "inputs.number == inputs.word in inputs.list",
        &expect![[r#"
        expression-syntax 'in' is not part of the language; write 'list.includes(value)', or 'Object.keys(object).includes(key)'
    "#]],
    );
    check_condition(
        "inputs.list.jion(',')",
        &expect![[r#"
        unknown-method a list has no method 'jion'; did you mean 'join'?
         ! inputs.list.join(',')
    "#]],
    );
}

#[test]
fn operators_that_follow_one_another_are_mended_at_once() {
    check_condition(
        "inputs.number = 1 and inputs.word = 'a' or inputs.other eq 'c'",
        &expect![[r#"
        expression-syntax '=' does not compare; write '=='
           inputs.number == 1 && inputs.word == 'a' || inputs.other == 'c'
    "#]],
    );
    check_condition(
        "inputs.word and inputs.other.or",
        &expect![[r#"
        expression-syntax 'and' is not part of the language; write '&&'
           inputs.word && inputs.other.or
    "#]],
    );
}

#[test]
fn texts_between_backticks_are_joined() {
    check_condition(
        "inputs.word == `a`",
        &expect![[r#"
        expression-syntax template texts are not part of the language; join texts with '+'
           inputs.word == 'a'
    "#]],
    );
    check_condition(
        "\"`a ${inputs.word} b` == inputs.other\"",
        &expect![[r#"
        expression-syntax template texts are not part of the language; join texts with '+'
           "'a ' + inputs.word + ' b' == inputs.other"
    "#]],
    );
    check_condition(
        "\"`${inputs.word}`\"",
        &expect![[r#"
        expression-syntax template texts are not part of the language; join texts with '+'
           "'' + inputs.word"
    "#]],
    );
    check_condition(
        "\"`it's ${inputs.word}`\"",
        &expect![[r#"
        expression-syntax template texts are not part of the language; join texts with '+'
    "#]],
    );
}

#[test]
fn what_other_languages_call_otherwise() {
    check_condition(
        "inputs.list.size > 1",
        &expect![[r#"
        unknown-property a list has no 'size'; write '.length'
           inputs.list.length > 1
    "#]],
    );
    check_condition(
        "inputs.list.size() > 1",
        &expect![[r#"
        unknown-method a list has no method 'size'; write '.length' without parentheses
           inputs.list.length > 1
    "#]],
    );
    check_condition(
        "inputs.word.count",
        &expect![[r#"
        unknown-property a text has no 'count'; write '.length'
           inputs.word.length
    "#]],
    );
    check_condition(
        "inputs.word.upper == 'A'",
        &expect![[r#"
        unknown-property a text has no 'upper'; write '.toUpperCase()'
           inputs.word.toUpperCase() == 'A'
    "#]],
    );
    check_condition(
        "length(inputs.list) > 1",
        &expect![[r#"
        unknown-method there is no function 'length'; write 'value.length'
           inputs.list.length > 1
    "#]],
    );
    check_condition(
        "\"contains(inputs.word, 'a')\"",
        &expect![[r#"
        unknown-method there is no function 'contains'; write 'value.includes(…)'
           "inputs.word.includes('a')"
    "#]],
    );
    check_condition(
        "startsWith(inputs.word + 'a', inputs.other)",
        &expect![[r#"
        unknown-method there is no function 'startsWith'; write 'value.startsWith(…)'
           (inputs.word + 'a').startsWith(inputs.other)
    "#]],
    );
    check_condition(
        "date.now() > inputs.number",
        &expect![[r#"
        unknown-root there is no 'date' in expressions; write 'Date'
           Date.now() > inputs.number
    "#]],
    );
    check_condition(
        "math.round(inputs.number) > 1",
        &expect![[r#"
        unknown-root there is no 'math' in expressions; write 'Math'
           Math.round(inputs.number) > 1
    "#]],
    );
}

#[test]
fn words_that_only_look_alike_are_for_a_person_to_change() {
    check_condition(
        "arg.x == 'a'",
        &expect![[r#"
        unknown-root there is no 'arg' in expressions; start from 'inputs', 'steps' or another root, or put quotes around a text
    "#]],
    );
    check_condition(
        "items.x == 'a'",
        &expect![[r#"
        unknown-root there is no 'items' in expressions; start from 'inputs', 'steps' or another root, or put quotes around a text
    "#]],
    );
    check_condition(
        "input.word == 'a'",
        &expect![[r#"
        unknown-root there is no 'input' in expressions; did you mean 'inputs'?
           inputs.word == 'a'
    "#]],
    );
    check_condition(
        "inpts.word == 'a'",
        &expect![[r#"
        unknown-root there is no 'inpts' in expressions; did you mean 'inputs'?
         ! inputs.word == 'a'
    "#]],
    );
    check_condition(
        "inputs.word == inputs.other",
        &expect![[r#"
        constant-condition these are never equal, so this is always false; one side is 'a' | 'b', the other 'c'
    "#]],
    );
}

#[test]
fn keys_and_values_that_mean_something_else_elsewhere() {
    check_steps(
        "steps:\n  - ⟦name⟧: My step\n    type: request\n    url: https://example.com\n    method: ⟦FETCH⟧\n  - ⟦name⟧: build\n    type: request\n    url: https://example.com\n    method: ⟦UPDATE⟧\n    ⟦retries⟧: 3\n",
        expect![[r#"
            error unknown-key 'name' is no key of a request step; did you mean 'id'? [fix: change to 'id: My_step']
            error unknown-value 'FETCH' is no value of 'method'; it takes 'GET', 'POST', 'PUT', 'PATCH', 'DELETE' or 'HEAD'; did you mean 'GET'? [fix: change to 'GET']
            error unknown-key 'name' is no key of a request step; did you mean 'id'? [fix: change to 'id']
            error unknown-value 'UPDATE' is no value of 'method'; it takes 'GET', 'POST', 'PUT', 'PATCH', 'DELETE' or 'HEAD'; did you mean 'PUT'? [fix: change to 'PUT']
            error unknown-key 'retries' is no key of a request step; did you mean 'retry'? [fix: change to 'retry']
        "#]],
    );
}

#[test]
fn steps_as_other_systems_write_them() {
    check_steps(
        "steps:\n  - id: a\n    type: shell\n    args: ⟦ls -l a.txt⟧\n  - id: b\n    type: shell\n    args: ⟦ls | wc⟧\n  - id: c\n    type: shell\n    run: echo ${{ item }}\n    foreach: ⟦a, b,c⟧\n  - id: d\n    type: request\n    url: https://example.com\n    headers: ⟦[\"Accept: text/html\", \"X-A: b\"]⟧\n",
        expect![[r#"
            error type-mismatch 'args' takes a list; this is a text [fix: make it a list]
            error type-mismatch 'args' takes a list; this is a text
            error expression-syntax 'foreach' takes a list, and these are several words; write them as one [fix: change to '['a', 'b', 'c']']
            error type-mismatch 'headers' takes a mapping; this is a list [fix: make it a mapping]
        "#]],
    );
    check_steps(
        "steps:\n  - id: a\n    ⟦uses⟧: actions/checkout@v4\n  - id: b\n    ⟦uses⟧: ./other.yaml\n  - id: c\n    type: sleep\n    until: ⟦21.11.2026⟧\n  - id: d\n    type: sleep\n    until: ⟦2026/11/21 9:00⟧\n",
        expect![[r#"
            error unknown-key 'uses' is no key of a step: actions of other systems do not run here; write what it does as a step of its own [fix: make it a shell step]
            error unknown-key 'uses' is no key of a step; a workflow is called by a step with 'type: workflow' and 'path' [fix: make it a workflow step]
            error type-mismatch 'until' takes a date and time such as '2026-11-21T09:00:00Z'; this is a text [fix: change to '2026-11-21']
            error type-mismatch 'until' takes a date and time such as '2026-11-21T09:00:00Z'; this is a text [fix: change to '2026-11-21T09:00:00Z']
        "#]],
    );
}

#[test]
fn only_one_meaning_is_safe() {
    for (step, is_safe) in [
        ("id: a\n    type: shell\n    rnu: ls", true),
        ("id: a\n    type: shell\n    run: ls\n    retries: 3", false),
        ("id: a\n    type: shell\n    run: ls\n    retries: {count: 3}", true),
        ("name: a\n    type: shell\n    run: ls", true),
        ("name: An a\n    type: shell\n    run: ls", false),
        ("id: a\n    type: bash\n    run: ls", true),
        ("id: a\n    type: agent\n    agent: general\n    prompt: hi", false),
        ("id: a\n    type: request\n    url: https://example.com\n    method: get", true),
        ("id: a\n    type: request\n    url: https://example.com\n    method: FETCH", false),
        ("id: a\n    type: shell\n    run: ls ${{ item }}\n    foreach: items", false),
    ] {
        let text = format!("name: test\nsteps:\n  - {step}\n");
        let found = findings(WORKFLOW, &text, &untrusted());
        let fixes: Vec<_> = found.iter().flat_map(|finding| &finding.fixes).collect();
        let safe = fixes.iter().filter(|fix| fix.safety == Safety::Safe).count();
        assert_eq!(safe > 0, is_safe, "{step}: {fixes:#?}");
    }
}

#[test]
fn of_two_names_that_are_as_near_neither_is_safe() {
    let text = "name: test\nsteps:\n  - id: g\n    type: workflow\n    path: a.yaml\n  - id: h\n    type: shell\n    run: echo ${{ steps.g.outpust }}\n";
    let found = findings(WORKFLOW, text, &untrusted());
    let fixes = found.iter().filter(|one| one.message.contains("outpust")).flat_map(|one| &one.fixes);
    let told: Vec<String> = fixes.map(|fix| format!("{:?} {}\n", fix.safety, fix.title)).collect();
    let told = told.concat();
    expect![[r#"
        Suggested change to 'outputs'
        Suggested change to 'output'
    "#]]
    .assert_eq(&told);
}
