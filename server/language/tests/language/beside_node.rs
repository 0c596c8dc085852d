//! The same expressions in `node`: what is JavaScript in our language gives what JavaScript gives.
//!
//! Expressions are made at random from the part where both agree by design: `<` compares numbers here, so both sides
//! are made numbers; what is nothing has no fields there, so members are optional; half a character is nothing that
//! we can hold, so there are none that have halves. One process runs all of them.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on has failed the test")]

use std::io::Write as _;
use std::process::{Command, Stdio};

use copydesk_language::expression::value::Value;
use copydesk_language::expression::{Context, evaluate_expression};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};

const CASES: usize = 4_000;

const CONTEXT: &str = r#"{"inputs": {"n": 3.25, "text": "Grüße, ✓ World", "list": [3, "b", null, true, [1, 2]],
    "rows": [{"id": 2, "name": "x"}, {"id": 10, "name": "y"}], "none": null, "no": false,
    "7": "seven", "b": {"c": -0.5}}, "steps": {"a": {"output": "1, 2,3", "status": "success"}}}"#;

const SCRIPT: &str = r#"
const fs = require('fs');
const [context, cases] = JSON.parse(fs.readFileSync(0, 'utf8'));
const escape = value => "'" + String(value ?? '').replace(/'/g, "'\\''") + "'";
const results = cases.map(source => {
    const { inputs, steps } = JSON.parse(JSON.stringify(context));
    try {
        const value = new Function('inputs', 'steps', 'escape', `"use strict"; return (${source});`)(inputs, steps, escape);
        if (typeof value === 'function') return { error: 'a function' };
        if (typeof value === 'number') return { value: String(value), kind: 'number' };
        return { value: JSON.stringify(value) ?? 'undefined', kind: value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value };
    } catch (error) { return { error: String(error) }; }
});
process.stdout.write(JSON.stringify(results));
"#;

#[test]
fn node_gives_the_same() {
    let found = Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("skipped: node is not here");
        return;
    }
    let sources = sources();
    let context: Value = serde_json::from_str(CONTEXT).unwrap();
    let theirs = node(&context, &sources);
    let context = Context::new().with_roots(&context);
    let mut wrong = Vec::new();
    let mut values = 0;
    for (source, theirs) in sources.iter().zip(&theirs) {
        let ours = evaluate_expression(source, &context);
        let theirs = theirs.as_object().unwrap();
        let text = |name: &str| theirs.get(name).and_then(Value::as_text).map(str::to_owned);
        let theirs = match text("value") {
            Some(value) => Ok((value, text("kind").unwrap())),
            None => Err(text("error").unwrap()),
        };
        match (&ours, &theirs) {
            (Ok(value), Ok((json, kind))) if value.to_string() == *json && value.kind() == kind => {
                values += 1;
            }
            // Both refuse, with words of their own.
            (Err(_), Err(_)) => {}
            _ => wrong.push(format!("{source}\n  ours {ours:?}\n  node {theirs:?}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {CASES}:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
    assert!(values > CASES / 2, "only {values} of {CASES} have a value at all");
}

fn node(context: &Value, sources: &[String]) -> Vec<Value> {
    let mut child = Command::new("node")
        .args(["-e", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let request = serde_json::to_string(&(context, sources)).unwrap();
    child.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let results: Value = serde_json::from_slice(&output.stdout).unwrap();
    results.as_list().unwrap().to_vec()
}

fn sources() -> Vec<String> {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let any = any_value();
    (0..CASES).map(|_| any.new_tree(&mut runner).unwrap().current()).collect()
}

fn any_value() -> impl Strategy<Value = String> {
    let pick = |words: &'static [&'static str]| prop::sample::select(words).prop_map(str::to_owned);
    let leaf = prop_oneof![
        4 => pick(&["inputs.n", "inputs.text", "inputs.list", "inputs.rows", "inputs.none", "inputs.no", "inputs.b", "inputs",
            "inputs['7']", "inputs.missing", "steps.a.output", "steps['a'].status", "inputs.list[4]", "inputs.rows[1].id"]),
        3 => pick(&["0", "1", "-1", "2.5", "1e21", "1e-7", "0.1", "123456789", "null", "undefined", "true", "false", "''",
            "'0'", "' 12 '", "'abc'", "'0x1F'", "'é✓'", "'a,b,,c'", "[]", "{}", "[0]", "[[1], [2, 3]]", "{ a: 1, b: 'x' }",
            "'1e3'", "'Infinity'", "'-'", "100", "7"]),
        1 => any::<i16>().prop_map(|number| format!("({number})")),
        1 => any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(|number| format!("({number:e})")),
    ];
    leaf.prop_recursive(4, 24, 3, move |inner| {
        let i = inner.clone();
        prop_oneof![
            4 => (i.clone(), pick(&["+", "-", "*", "/", "%", "==", "!=", "===", "!==", "&&", "||"]), i.clone())
                .prop_map(|(a, operator, b)| format!("({a} {operator} {b})")),
            1 => (i.clone(), pick(&["<", ">", "<=", ">="]), i.clone())
                .prop_map(|(a, operator, b)| format!("(Number({a}) {operator} Number({b}))")),
            1 => (pick(&["!", "-", "+"]), i.clone()).prop_map(|(operator, a)| format!("{operator}({a})")),
            1 => (i.clone(), i.clone(), i.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            1 => (i.clone(), i.clone()).prop_map(|(a, b)| format!("[{a}, {b}]")),
            1 => (i.clone(), i.clone()).prop_map(|(a, b)| format!("({{ x: {a}, 'y z': {b}, 3: 1 }})")),
            2 => (i.clone(), pick(&["length", "a", "id", "x", "b", "0"]))
                .prop_map(|(a, name)| if name == "0" { format!("({a})?.[0]") } else { format!("({a})?.{name}") }),
            2 => (i.clone(), i.clone()).prop_map(|(a, b)| format!("({a})?.[{b}]")),
            3 => (pick(&["Number", "String", "Boolean", "parseInt", "parseFloat", "isNaN", "isFinite", "JSON.stringify",
                "Object.keys", "Object.values", "Object.entries", "Math.round", "Math.floor", "Math.abs", "Math.sign",
                "Math.trunc", "Math.sqrt", "escape", "Number.isInteger"]), i.clone())
                .prop_map(|(function, a)| format!("{function}({a})")),
            1 => (pick(&["Math.max", "Math.min", "parseInt", "Math.pow"]), i.clone(), i.clone())
                .prop_map(|(function, a, b)| format!("{function}({a}, {b})")),
            1 => (i.clone(), pick(&["null, 2", "['a', 'id', 'x'], 1", "undefined, '--'"]))
                .prop_map(|(a, rest)| format!("JSON.stringify({a}, {rest})")),
            4 => (i.clone(), pick(&["trim()", "toUpperCase()", "split(',')", "split('')", "slice(1)", "slice(-2, 5)",
                "substring(3, 1)", "indexOf('b')", "lastIndexOf('o')", "includes('a')", "startsWith('a')", "endsWith('c')",
                "replace('a', '<$&$$>')", "replaceAll('', '-')", "padStart(7, 'xy')", "padEnd(5)", "charCodeAt(1)",
                "concat('!', 1)", "at(-1)", "codePointAt(0)", "toString()", "search('o')", "substr(-3, 2)"]))
                .prop_map(|(a, method)| format!("String({a}).{method}")),
            2 => (i.clone(), i.clone(), i.clone(), pick(&["replace", "replaceAll", "slice", "substring", "padStart", "indexOf", "lastIndexOf", "split"]))
                .prop_map(|(a, b, c, method)| match method.as_str() {
                    "padStart" => format!("String({a}).padStart(Math.min(Number({b}), 50), {c})"),
                    _ => format!("String({a}).{method}({b}, {c})"),
                }),
            4 => (i.clone(), i.clone(), pick(&["map(x => [x, 1])", "map((x, i) => i + x)", "filter(x => x)", "filter(Boolean)",
                "map(Number)", "find(x => x)", "findIndex(x => x == 1)", "some(x => !x)", "every(x => x)", "join('/')",
                "reduce((sum, x) => sum + x)", "reduceRight((sum, x) => sum + x, '')", "reverse()", "slice(-1)", "flat()",
                "sort()", "concat([1], 2)", "includes(1)", "indexOf('x')", "flatMap(x => [x, x])", "at(0)", "toString()",
                "sort((a, b) => Number(a) - Number(b))", "findLast(x => x)", "lastIndexOf(1)", "length"]))
                .prop_map(|(a, b, method)| format!("[{a}, 1, {b}].{method}")),
            1 => (i.clone(), pick(&["toFixed(2)", "toFixed(0)", "toPrecision(3)", "toExponential(2)", "toString()", "toFixed(20)"]))
                .prop_map(|(a, method)| format!("Number({a}).{method}")),
            1 => (i.clone(), pick(&["map(x => x)", "toUpperCase()", "join()", "toFixed()"]))
                .prop_map(|(a, method)| format!("({a})?.{method}")),
        ]
    })
}
