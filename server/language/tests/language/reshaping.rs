//! Values of the wrong kind: the first mend of each, and the file once it is taken, which is right then.

use copydesk_base::Code;

use crate::support::{WORKFLOW, apply, findings, trusted};

/// A workflow with one mistake, the code and the first mend of it, and the workflow after it.
type Row = (&'static str, Code, &'static str, &'static str);

fn check(head: &str, rows: &[Row]) {
    let mut wrong = Vec::new();
    for (text, code, title, mended) in rows {
        let (text, mended) = (format!("{head}{text}"), format!("{head}{mended}"));
        let found = findings(WORKFLOW, &text, &trusted());
        let fix = found.iter().find(|one| one.code == *code).and_then(|one| one.fixes.first());
        let seen = fix.map(|fix| (fix.title.as_str(), apply(&text, fix)));
        let left: Vec<String> =
            findings(WORKFLOW, &mended, &trusted()).into_iter().map(|one| one.message).collect();
        if seen.as_ref() != Some(&(*title, mended)) || !left.is_empty() || found.len() != 1 {
            wrong.push(format!("{text}{seen:#?}\nof {found:#?}\nleft: {left:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}

#[test]
fn inputs_and_mappings() {
    let steps = "steps:\n  - {id: a, type: shell, run: \"echo ${{ inputs.who }}\"}\n";
    let row = |inputs: &str, mended: &str| -> (String, String) {
        (format!("inputs:{inputs}{steps}"), format!("inputs:{mended}{steps}"))
    };
    let rows = [
        (" {who: string}\n", "write it as 'type'", " {who: {type: string}}\n"),
        ("\n  who: string\n", "write it as 'type'", "\n  who: {type: string}\n"),
        ("\n  who: text\n", "write it as 'type'", "\n  who: {type: string}\n"),
        ("\n  who: World\n", "write it as 'type'", "\n  who: {type: string, default: World}\n"),
        ("\n  who: 3\n", "write it as 'type'", "\n  who: {type: number, default: 3}\n"),
        ("\n  who: true\n", "write it as 'type'", "\n  who: {type: boolean, default: true}\n"),
        (" [who]\n", "make it a mapping", " {who: {type: string}}\n"),
        ("\n  - who\n", "make it a mapping", "\n    who: {type: string}\n"),
        ("\n  - who: {type: string}\n", "make it a mapping", "\n    who: {type: string}\n"),
    ];
    for (inputs, title, mended) in rows {
        let (text, mended) = row(inputs, mended);
        check("name: x\n", &[(text.leak(), Code::TypeMismatch, title, mended.leak())]);
    }
}

#[test]
fn steps_without_dashes() {
    check(
        "name: x\n",
        &[
            (
                "steps:\n  id: a\n  type: shell\n  run: |\n    make\n    make test\n",
                Code::TypeMismatch,
                "put a '-' before it",
                "steps:\n  - id: a\n    type: shell\n    run: |\n      make\n      make test\n",
            ),
            (
                "steps:\n  build:\n    type: shell\n    run: make\n  test:\n    type: shell\n    run: make\n    needs: [build]\n",
                Code::TypeMismatch,
                "make each an item with its name",
                "steps:\n  - id: build\n    type: shell\n    run: make\n  - id: test\n    type: shell\n    run: make\n    needs: [build]\n",
            ),
            (
                "steps:\n  build:\n      type: shell\n      run: make\n",
                Code::TypeMismatch,
                "make each an item with its name",
                "steps:\n  - id: build\n    type: shell\n    run: make\n",
            ),
            (
                "steps: {id: a, type: shell, run: make}\n",
                Code::TypeMismatch,
                "make it a list of one",
                "steps: [{id: a, type: shell, run: make}]\n",
            ),
        ],
    );
}

#[test]
fn values_of_steps() {
    let step = |rest: &str| format!("  - {{id: a, type: shell, run: ls, {rest}}}\n");
    let other = "steps:\n  - {id: b, type: shell, run: ls}\n  - {id: c, type: shell, run: ls}\n";
    let rows = [
        ("retry: 3", "write it as 'count'", "retry: {count: 3}"),
        ("reflexion: 2", "write it as 'limit'", "reflexion: {limit: 2}"),
        ("needs: b", "make it a list", "needs: [b]"),
        ("env: [A=b]", "make it a mapping", "env: {A: \"b\"}"),
        ("env: [{A: b}, {C: d}]", "make it a mapping", "env: {A: b, C: d}"),
        ("timeout: \"5000\"", "take the quotes away", "timeout: 5000"),
        ("timeout: 30s", "change to 30000", "timeout: 30000"),
        ("timeout: 5 minutes", "change to 300000", "timeout: 300000"),
        ("allowFailure: \"true\"", "change to 'true'", "allowFailure: true"),
        ("allowFailure: yes", "change to 'true'", "allowFailure: true"),
    ];
    for (text, title, mended) in rows {
        let row = (&*step(text).leak(), Code::TypeMismatch, title, &*step(mended).leak());
        check(&format!("name: x\n{other}"), &[row]);
    }
    let lines = [
        ("    needs: b, c\n", "make it a list", "    needs: [b, c]\n"),
        (
            "    env:\n      - A: b\n      - C: d\n",
            "make it a mapping",
            "    env:\n        A: b\n        C: d\n",
        ),
        ("    env:\n      - A=b\n", "make it a mapping", "    env:\n        A: \"b\"\n"),
        ("    needs:\n", "write '[]'", "    needs: []\n"),
        ("    timeout:\n", "write '1'", "    timeout: 1\n"),
    ];
    for (text, title, mended) in lines {
        let step = |rest: &str| format!("  - id: a\n    type: shell\n    run: ls\n{rest}");
        let (text, mended) = (step(text).leak(), step(mended).leak());
        check(&format!("name: x\n{other}"), &[(text, Code::TypeMismatch, title, mended)]);
    }
    check(
        "name: x\nsteps:\n",
        &[
            (
                "  - {id: a, type: shell, run: [make, test]}\n",
                Code::TypeMismatch,
                "change 'run' to 'args'",
                "  - {id: a, type: shell, args: [make, test]}\n",
            ),
            (
                "  - {id: a, type: sleep, duration: 5 minutes}\n",
                Code::TypeMismatch,
                "change to '5m'",
                "  - {id: a, type: sleep, duration: 5m}\n",
            ),
            (
                "  - {id: a, type: human, message: Go, inputType: choice}\n",
                Code::UnknownValue,
                "change to 'confirm'",
                "  - {id: a, type: human, message: Go, inputType: confirm}\n",
            ),
            (
                "  - {id: a, type: shell, run: ls, foreach: [b, 1]}\n",
                Code::TypeMismatch,
                "write it as an expression",
                "  - {id: a, type: shell, run: ls, foreach: \"['b', 1]\"}\n",
            ),
        ],
    );
}

#[test]
fn defaults_of_inputs() {
    let steps = "steps:\n  - {id: a, type: shell, run: \"echo ${{ inputs.n }}\"}\n";
    let rows = [
        (
            "{type: number, default: \"3\"}",
            Code::TypeMismatch,
            "take the quotes away",
            "{type: number, default: 3}",
        ),
        (
            "{type: string, default: 3}",
            Code::TypeMismatch,
            "put it in quotes",
            "{type: string, default: \"3\"}",
        ),
        (
            "{type: boolean, default: yes}",
            Code::TypeMismatch,
            "change to 'true'",
            "{type: boolean, default: true}",
        ),
        ("{type: array, default: b}", Code::TypeMismatch, "make it a list", "{type: array, default: [b]}"),
        (
            "{type: number, default: few}",
            Code::TypeMismatch,
            "change the type to 'string'",
            "{type: string, default: few}",
        ),
        (
            "{type: string, values: [b, c], default: d}",
            Code::UnknownValue,
            "change to b",
            "{type: string, values: [b, c], default: b}",
        ),
    ];
    for (input, code, title, mended) in rows {
        let text = |input: &str| -> &'static str { format!("inputs: {{n: {input}}}\n{steps}").leak() };
        check("name: x\n", &[(text(input), code, title, text(mended))]);
    }
}

#[test]
fn operators_as_words() {
    let inputs = "name: x\ninputs: {a: {type: boolean}, b: {type: boolean}, n: {type: number}}\nsteps:\n";
    let step = |condition: &str| -> &'static str {
        let reads = "${{ inputs.a }} ${{ inputs.b }} ${{ inputs.n }}";
        format!("  - {{id: s, type: shell, run: \"echo {reads}\", if: \"{condition}\"}}\n").leak()
    };
    let rows = [
        ("inputs.a and inputs.b", "change to '&&'", "inputs.a && inputs.b"),
        ("inputs.a or inputs.b", "change to '||'", "inputs.a || inputs.b"),
        ("not inputs.a", "change to '!'", "!inputs.a"),
        ("inputs.b && not inputs.a", "change to '!'", "inputs.b && !inputs.a"),
        ("inputs.n is 3", "change to '=='", "inputs.n == 3"),
        ("inputs.n is not 3", "change to '!='", "inputs.n != 3"),
        ("inputs.n gt 3", "change to '>'", "inputs.n > 3"),
        ("not (inputs.a && inputs.b)", "change to '!'", "! (inputs.a && inputs.b)"),
        ("(inputs.a && (inputs.b", "add '))'", "(inputs.a && (inputs.b))"),
        ("inputs.a ? inputs.b", "add ': null'", "inputs.a ? inputs.b : null"),
        ("inputs.a &&", "take it out", "inputs.a "),
        ("inputs.a.", "take it out", "inputs.a"),
        ("inputs.a)", "take it out", "inputs.a"),
        ("inputs.n == 'x", "add '''", "inputs.n == 'x'"),
    ];
    for (condition, title, mended) in rows {
        let code = if condition.contains("not (") { Code::UnknownMethod } else { Code::ExpressionSyntax };
        let found = findings(WORKFLOW, &format!("{inputs}{}", step(condition)), &trusted());
        assert_eq!(found.len(), 1, "{condition}: {found:#?}");
        let fix = found[0].fixes.first();
        let seen = fix.map(|fix| (fix.title.as_str(), apply(&format!("{inputs}{}", step(condition)), fix)));
        assert_eq!(seen, Some((title, format!("{inputs}{}", step(mended)))), "{condition}");
        assert_eq!(found[0].code, code, "{condition}");
    }
}

#[test]
fn nothing_is_offered_where_the_meaning_is_open() {
    let cases = ["not inputs.a == inputs.b", "inputs.a if inputs.b else inputs.a"];
    for condition in cases {
        let text = format!(
            "name: x\ninputs: {{a: {{type: boolean}}, b: {{type: boolean}}}}\nsteps:\n  - {{id: s, type: shell, run: ls, if: \"{condition}\"}}\n"
        );
        let found = findings(WORKFLOW, &text, &trusted());
        assert!(found.iter().all(|one| one.fixes.is_empty()), "{condition}: {found:#?}");
    }
}
