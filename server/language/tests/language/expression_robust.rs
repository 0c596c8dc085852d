//! Expressions of any shape: read, typed and evaluated without a panic, within their limits, with spans inside.
//!
//! The cases of another language with `${{ }}`, that of GitHub's Actions, are a good supply of expressions that people
//! really write. [`published`] makes a thousand of that kind from their parts. For the real ones fetch the folder
//! `expressions/testdata` of the repository `actions/languageservices` and name it in `COPYDESK_ACTIONS_EXPRESSIONS`.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on has failed the test")]

use std::path::Path;

use copydesk_base::Span;
use copydesk_language::expression::value::Value;
use copydesk_language::expression::{
    Context, Expr, ExprKind, Strictness, constant, dependencies, evaluate, evaluate_expression, parse,
    pieces, references, tokens,
};
use copydesk_language::{File, check, complete, hover, signature};
use proptest::prelude::*;

use crate::support::{WORKFLOW, untrusted};

/// Does everything with one text that can be done with it.
fn everything(text: &str) {
    let whole = Span::new(0, text.len());
    let (expr, problems) = parse(text, whole);
    inside(text, &expr);
    for problem in &problems {
        assert!(text.get(problem.span.start..problem.span.end).is_some(), "{problem:?} in {text:?}");
    }
    let mut last = 0;
    for token in tokens(text, whole) {
        assert!(
            token.span.start >= last && text.get(token.span.start..token.span.end).is_some(),
            "{token:?}"
        );
        last = token.span.end;
    }
    references(&expr);
    for piece in pieces(text) {
        assert!(text.get(piece.inner.start..piece.inner.end).is_some(), "{piece:?} in {text:?}");
    }
    dependencies(text);
    constant(text);
    let context = context();
    for result in [
        evaluate(text, &context, Strictness::Lax),
        evaluate(text, &context, Strictness::Strict),
        evaluate_expression(text, &context),
    ] {
        match result {
            Ok(value) => drop(value.to_string()),
            Err(error) => {
                assert!(text.get(error.span.start..error.span.end).is_some(), "{error:?} in {text:?}");
            }
        }
    }
}

/// Every span lies in the text and on characters, children in their parents.
fn inside(text: &str, expr: &Expr) {
    assert!(text.get(expr.span.start..expr.span.end).is_some(), "{:?} in {text:?}", expr.span);
    match &expr.kind {
        ExprKind::Member { object, .. } => inside(text, object),
        ExprKind::Index { object, index, .. } => {
            for part in [object, index] {
                inside(text, part);
            }
        }
        ExprKind::Call { callee, arguments, .. } => {
            inside(text, callee);
            for part in arguments {
                inside(text, part);
            }
        }
        ExprKind::Unary { operand, .. } => inside(text, operand),
        ExprKind::Binary { left, right, .. } => {
            for part in [left, right] {
                inside(text, part);
            }
        }
        ExprKind::Conditional { condition, then, otherwise } => {
            for part in [condition, then, otherwise] {
                inside(text, part);
            }
        }
        ExprKind::List(items) => {
            for part in items {
                inside(text, part);
            }
        }
        ExprKind::Mapping(entries) => {
            for (_, part) in entries {
                inside(text, part);
            }
        }
        ExprKind::Arrow { body, .. } => inside(text, body),
        _ => {}
    }
}

fn context() -> Context {
    let roots = r#"{"inputs": {"a": "x", "b": [1, "two", {"c": null}]}, "steps": {"one": {"output": {"stdout": "s"}}},
        "secrets": {"K": "v"}, "item": 3, "index": 0}"#;
    Context::new().with_roots(&serde_json::from_str::<Value>(roots).unwrap()).at(0.0)
}

/// Expressions in the manner of GitHub's Actions, each part with each operator.
fn published() -> Vec<String> {
    let parts = [
        "github.event_name",
        "github.event.inputs.name",
        "github.event.commits.*.author",
        "github.event['ref']",
        "env.A-B",
        "secrets.TOKEN",
        "matrix.os",
        "needs.build.outputs.version",
        "steps.a-b.outputs.c-d",
        "inputs[0]",
        "runner.os",
        "vars.X",
        "job.services.db.ports['80']",
        "true",
        "false",
        "null",
        "711",
        "-9.2",
        "0xff",
        "-2.99e-2",
        "NaN",
        "Infinity",
        "'it''s open source!'",
        "''",
        "'Mona the Octocat'",
        "\"double\"",
        "contains('Hello world', 'llo')",
        "contains(fromJSON('[\"push\", \"pull_request\"]'), github.event_name)",
        "startsWith('Hello world', 'He')",
        "endsWith(github.ref, 'ld')",
        "format('Hello {0} {{1}}', 'Mona')",
        "join(github.event.issue.labels.*.name, ', ')",
        "toJSON(job)",
        "hashFiles('**/package-lock.json', '!a')",
        "success()",
        "always()",
        "!cancelled()",
        "failure() && steps.demo.conclusion == 'failure'",
        "fromJSON(x)[0].y",
        "(github.actor)",
        "!github.event.repository.fork",
        "github.event.issue.labels[*]",
        "a.b.c.d.e.f.g",
    ];
    let operators =
        ["==", "!=", "&&", "||", "<", ">", "<=", ">=", "&& !", "|| !", ") && (", ".", ",", "(", "[", ""];
    let mut cases: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
    for (at, left) in parts.iter().enumerate() {
        for (step, operator) in operators.iter().enumerate() {
            for turn in [1, 7] {
                let right = parts[(at + turn * (step + 1)) % parts.len()];
                cases.push(format!("{left} {operator} {right}"));
            }
        }
    }
    cases
}

#[test]
fn a_thousand_expressions_of_another_language() {
    let cases = published();
    assert!(cases.len() > 1_000, "{}", cases.len());
    for case in &cases {
        everything(case);
        everything(&format!("a ${{{{ {case} }}}} b"));
    }
}

/// Everything that an editor asks, at a place of an expression in a workflow.
fn ask(expression: &str, cut: usize) {
    let head = "name: x\ninputs: {a: {type: string}, b: {type: array}}\nsteps:\n  - {id: one, type: shell, run: ls}\n  - id: two\n    type: shell\n    run: |\n      ${{ ";
    let text = format!("{head}{}", expression.replace('\n', " "));
    let offset = head.len() + cut;
    let path = Path::new(WORKFLOW);
    let tree = copydesk_language::parse(path, &text);
    let file = File::new(path, &text, &tree);
    for finding in check(&file, &untrusted()) {
        assert!(text.get(finding.span.start..finding.span.end).is_some(), "{finding:?}");
        for edit in finding.fixes.iter().flat_map(|fix| &fix.edits) {
            assert!(text.get(edit.span.start..edit.span.end).is_some(), "{finding:?}");
        }
    }
    for proposal in complete(&file, &untrusted(), offset) {
        assert!(text.get(proposal.replace.start..proposal.replace.end).is_some(), "{proposal:?}");
    }
    hover(&file, &untrusted(), offset);
    if let Some(found) = signature(&file, &untrusted(), offset) {
        assert!(found.parameters.iter().all(|parameter| found.label.contains(parameter)), "{found:?}");
    }
}

/// Expressions that are nearly right.
fn nearly() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "inputs",
        "steps",
        "a",
        "b",
        "one",
        "output",
        "stdout",
        "x",
        "=>",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ".",
        "?.",
        "?",
        ":",
        ",",
        "+",
        "-",
        "*",
        "/",
        "%",
        "==",
        "!==",
        "<",
        "&&",
        "||",
        "!",
        "'",
        "\"",
        "'s'",
        "1",
        "2.5",
        "null",
        "map",
        "filter",
        "reduce",
        "trim",
        "split",
        "replace",
        "Math",
        "max",
        "JSON",
        "parse",
        "Object",
        "keys",
        "item",
        "index",
        "constructor",
        "typeof",
        "=",
        "`",
        "é",
        "😀",
        "\\",
        " ",
        "${{",
        "}}",
        "padStart",
        "concat",
        "sort",
    ]);
    prop::collection::vec(word, 0..30).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "\\PC{0,80}") {
        everything(&text);
        everything(&format!("${{{{ {text} }}}}"));
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        everything(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn nearly_an_expression(text in nearly()) {
        everything(&text);
        everything(&format!("${{{{{text}}}}}"));
    }

    #[test]
    fn an_expression_cut_anywhere(text in nearly(), at in any::<prop::sample::Index>()) {
        let mut cut = at.index(text.len() + 1);
        while !text.is_char_boundary(cut) { cut -= 1; }
        ask(&text, cut);
        ask(&text[..cut], cut);
    }
}
