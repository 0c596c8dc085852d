//! What expressions give: values, errors, limits.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on has failed the test")]

use copydesk_base::Span;
use copydesk_language::expression::value::{Grade, Value};
use copydesk_language::expression::{
    Context, Strictness, constant, dependencies, evaluate, evaluate_expression,
};

/// A context like that of a small run.
fn context() -> Context {
    let roots = r#"{
        "inputs": {"city": "Oslo", "count": 4, "on": true, "tags": ["b", "a", "c"], "deep": {"x": {"y": "z"}},
                   "quoted": "it's", "nothing": null, "none": "", "umlaut": "Grüße 😀", "prices": [3, 10.5, 2]},
        "secrets": {"KEY": "hush", "PAIR": {"a": "b"}},
        "env": {"LANG": "C"},
        "item": {"os": "linux"},
        "index": 1,
        "steps": {
            "list": {"output": {"stdout": " one\ntwo\n", "stderr": "", "exitCode": 0}, "status": "success"},
            "read": {"output": {"rows": [{"id": 1, "ok": true}, {"id": 2, "ok": false}]}, "status": "success"},
            "get-all": {"output": 7, "status": "skipped"}
        }
    }"#;
    Context::new().with_roots(&serde_json::from_str(roots).unwrap()).at(1_000.0)
}

fn gives(template: &str, expected: &str) {
    let shown = match evaluate(template, &context(), Strictness::Lax) {
        Ok(value) => value.to_string(),
        Err(error) => format!("error at <{}>: {error}", error.span.of(template)),
    };
    assert_eq!(shown, expected, "{template}");
}

fn all(cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        gives(&format!("${{{{ {expression} }}}}"), expected);
    }
}

#[test]
fn values_and_members() {
    all(&[
        ("inputs.city", "\"Oslo\""),
        ("inputs['city']", "\"Oslo\""),
        ("inputs.deep.x.y", "\"z\""),
        ("inputs.deep?.x", "{\"y\":\"z\"}"),
        ("inputs.missing", "undefined"),
        ("inputs.missing.further", "undefined"),
        ("inputs.nothing", "null"),
        ("inputs.tags[1]", "\"a\""),
        ("inputs.tags['1']", "\"a\""),
        ("inputs.tags[9]", "undefined"),
        ("inputs.tags[-1]", "undefined"),
        ("inputs.tags.length", "3"),
        ("inputs.city.length", "4"),
        ("inputs.umlaut.length", "8"),
        ("inputs.city[0]", "\"O\""),
        ("steps['get-all'].output", "7"),
        ("item.os + index", "\"linux1\""),
        ("{ b: 1, a: [2, null, undefined], 1: true }", "{\"1\":true,\"b\":1,\"a\":[2,null,null]}"),
        ("Math.PI > 3", "true"),
        ("'\\u00e9\\x41\\n\\q'", "\"éA\\nq\""),
    ]);
}

#[test]
fn operators_are_those_of_javascript() {
    all(&[
        ("1 + 2 * 3 - 4 / 2", "5"),
        ("7 % -3 + -7 % 3", "0"),
        ("'1' + 2", "\"12\""),
        ("1 + null + true", "2"),
        ("1 + undefined", "NaN"),
        ("'6' * '7'", "42"),
        ("[1, 2] + ''", "\"1,2\""),
        ("'' + { a: 1 }", "\"[object Object]\""),
        ("-'3' + +'4'", "1"),
        ("!'' && !0 && !null && !undefined && !!'0'", "true"),
        ("'' || 0 || null", "null"),
        ("'a' && 'b' || 'c'", "\"b\""),
        ("1 < 2 == true", "true"),
        ("'10' < '9'", "false"),
        ("'b' > 'a'", "false"),
        ("null == undefined", "true"),
        ("null === undefined", "false"),
        ("null == 0", "false"),
        ("'1' == 1", "true"),
        ("'1' === 1", "false"),
        ("true == '1'", "true"),
        ("true == 'true'", "false"),
        ("'' == 0", "true"),
        ("[] == false", "true"),
        ("[5] == 5", "true"),
        ("{} == '[object Object]'", "true"),
        ("[1] == [1]", "false"),
        ("inputs.tags == inputs.tags", "true"),
        ("0 / 0 == 0 / 0", "false"),
        ("inputs.on ? 'yes' : nope", "\"yes\""),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("1 / 3", "0.3333333333333333"),
        ("1e21 + 1", "1e+21"),
        ("1 / 0", "Infinity"),
        ("0.0000001", "1e-7"),
        ("123456789012345680000", "123456789012345680000"),
    ]);
}

#[test]
fn methods_of_texts() {
    all(&[
        ("' a '.trim().toUpperCase()", "\"A\""),
        ("'a,b,c'.split(',', 2)", "[\"a\",\"b\"]"),
        ("'ab'.split('')", "[\"a\",\"b\"]"),
        ("'ab'.split()", "[\"ab\"]"),
        ("steps.list.output.stdout.trim().split('\\n')", "[\"one\",\"two\"]"),
        ("'aXbX'.replace('X', '[$&]')", "\"a[X]bX\""),
        ("'aXbX'.replaceAll('X', x => x.toLowerCase())", "\"axbx\""),
        ("'abcdef'.slice(-3, -1)", "\"de\""),
        ("'abcdef'.substring(4, 1)", "\"bcd\""),
        ("'abcdef'.substr(-3, 2)", "\"de\""),
        ("inputs.umlaut.slice(2, 5)", "\"üße\""),
        ("inputs.umlaut.indexOf('😀')", "6"),
        ("'abab'.lastIndexOf('ab')", "2"),
        ("'abc'.includes('b') && 'abc'.startsWith('ab') && 'abc'.endsWith('c')", "true"),
        ("'7'.padStart(3, '0') + 'x'.padEnd(3, '-+')", "\"007x-+\""),
        ("'abc'.at(-1) + 'abc'.charAt(9)", "\"c\""),
        ("'a'.charCodeAt(0)", "97"),
        ("'v1.22'.match('v(\\\\d+)\\\\.(\\\\d+)')[2]", "\"22\""),
        ("'abc'.match('x')", "null"),
        ("'abc'.search('c')", "2"),
        ("'a'.localeCompare('B') < 0 && 'a'.localeCompare('a') == 0", "true"),
        ("'a'.concat('b', 1)", "\"ab1\""),
    ]);
}

#[test]
fn methods_of_lists() {
    all(&[
        ("inputs.tags.map((tag, i) => tag + i)", "[\"b0\",\"a1\",\"c2\"]"),
        ("steps.read.output.rows.filter(row => row.ok).map(row => row.id)", "[1]"),
        ("steps.read.output.rows.find(row => row.id == 2).ok", "false"),
        ("inputs.prices.reduce((sum, price) => sum + price, 0)", "15.5"),
        ("inputs.prices.reduceRight((all, price) => all + price)", "15.5"),
        ("inputs.prices.sort()", "[10.5,2,3]"),
        ("inputs.prices.sort((a, b) => a - b)", "[2,3,10.5]"),
        ("inputs.tags.sort().reverse().join('-')", "\"c-b-a\""),
        ("inputs.tags.join()", "\"b,a,c\""),
        ("[null, 1, undefined].join('/')", "\"/1/\""),
        ("[1, [2, [3]]].flat()", "[1,2,[3]]"),
        ("[1, [2, [3]]].flat(9)", "[1,2,3]"),
        ("['a b', 'c'].flatMap(x => x.split(' '))", "[\"a\",\"b\",\"c\"]"),
        ("[1].concat([2, 3], 4)", "[1,2,3,4]"),
        ("[0, 1, 'x', ''].filter(Boolean)", "[1,\"x\"]"),
        ("['1', '2'].map(Number)", "[1,2]"),
        ("[1.4, 2.6].map(Math.round)", "[1,3]"),
        ("inputs.tags.some(tag => tag == 'a') && inputs.tags.every(tag => tag)", "true"),
        ("[1, 2, 3].findIndex(x => x > 1) + [3, 3].lastIndexOf(3)", "2"),
        ("[0 / 0].includes(0 / 0) && [0 / 0].indexOf(0 / 0) == -1", "true"),
        ("[1, 2, 3].at(-1) + [1, 2, 3].slice(1)[0]", "5"),
        ("[[1, 2], [3]].map(row => row.map(x => x * 2))", "[[2,4],[6]]"),
    ]);
}

#[test]
fn functions() {
    all(&[
        ("escape(inputs.quoted)", "\"'it'\\\\''s'\""),
        ("escape(inputs.nothing) + escape(3)", "\"'''3'\""),
        ("Number('0x1f') + Number(' 12 ') + Number('')", "43"),
        ("Number('1 2')", "NaN"),
        ("parseInt('12px') + parseInt('ff', 16) + parseInt('x')", "NaN"),
        ("parseInt('0x10') + parseInt('101', 2)", "21"),
        ("parseFloat('1.5e3kg')", "1500"),
        ("String(1.50) + String([1, 2]) + String(null)", "\"1.51,2null\""),
        ("isNaN('x') && isFinite('1')", "true"),
        ("Object.keys(inputs.deep)", "[\"x\"]"),
        ("Object.entries({ b: 1, a: 2 })", "[[\"b\",1],[\"a\",2]]"),
        ("Object.fromEntries([['a', 1]])", "{\"a\":1}"),
        ("Math.max(1, 3, 2) + Math.min() + Math.round(-2.5)", "Infinity"),
        ("Math.round(2.5) + Math.round(-2.5) + Math.trunc(-1.5)", "0"),
        ("JSON.parse('{\"b\": [1, null]}').b[0]", "1"),
        (
            "JSON.stringify({ a: undefined, b: 0 / 0, c: 'ü\\n' })",
            "\"{\\\"b\\\":null,\\\"c\\\":\\\"ü\\\\n\\\"}\"",
        ),
        ("Date.now()", "1000"),
        ("Date.parse('1970-01-02T00:00:00+01:00')", "82800000"),
        ("(2.345).toFixed(2) + (2.5).toFixed(0) + (1e21).toFixed(1)", "\"2.3531e+21\""),
        ("(255).toString(16) + (0.00001).toPrecision(2)", "\"ff0.000010\""),
        ("(123.456).toPrecision(4) + (1234).toExponential(1)", "\"123.51.2e+3\""),
        ("inputs.hasOwnProperty('city') && !inputs.hasOwnProperty('toString')", "true"),
        ("Number.isInteger(4.0) && !Number.isInteger('4')", "true"),
    ]);
}

#[test]
fn what_is_refused_says_so_at_its_place() {
    all(&[
        ("nope", "error at <nope>: there is no 'nope' here"),
        ("constructor", "error at <constructor>: there is no 'constructor' here"),
        ("inputs.constructor", "error at <constructor>: 'constructor' is out of bounds for expressions"),
        ("inputs['__proto__']", "error at <'__proto__'>: '__proto__' is out of bounds for expressions"),
        (
            "inputs['proto' + 'type']",
            "error at <'proto' + 'type'>: 'prototype' is out of bounds for expressions",
        ),
        ("{ __proto__: 1 }", "error at <__proto__>: '__proto__' is out of bounds for expressions"),
        ("inputs.toString", "error at <toString>: 'toString' is a method; call it: 'toString(…)'"),
        ("inputs.city.trim", "error at <trim>: 'trim' is a method; call it: 'trim(…)'"),
        ("Boolean", "error at <Boolean>: 'Boolean' is a function, no value; call it: 'Boolean(…)'"),
        ("[Boolean]", "error at <Boolean>: 'Boolean' is a function, no value; call it: 'Boolean(…)'"),
        ("Math", "error at <Math>: 'Math' is no value; write what of it is meant: 'Math.…'"),
        ("Math.random()", "error at <random>: 'Math' has no 'random'"),
        ("Function('x')()", "error at <Function>: there is no 'Function' here"),
        ("inputs.city()", "error at <city>: an object has no method 'city'"),
        (
            "inputs.city.trim()()",
            "error at <inputs.city.trim()>: this is no function; only methods and the known functions can be called",
        ),
        (
            "inputs.missing.trim()",
            "error at <trim>: there is nothing to call 'trim' on; write '?.trim(…)' where that may be",
        ),
        ("inputs.missing?.trim()", "undefined"),
        ("inputs.missing?.trim().length", "undefined"),
        ("'x'.repeat(3)", "error at <repeat>: a text has no method 'repeat'"),
        ("inputs.tags.push(1)", "error at <push>: a list has no method 'push'"),
        ("inputs.tags.map(1)", "error at <map>: 'map' takes a function: 'map(item => …)'"),
        ("x => x", "error at <x => x>: a function can only stand as an argument: 'list.map(item => …)'"),
        (
            "[].reduce((a, b) => a)",
            "error at <reduce>: 'reduce' of an empty list needs a value to start with",
        ),
        ("JSON.parse('[')", "error at <parse>: this is no JSON: EOF while parsing a list at line 1 column 1"),
        ("steps.get-all.output", "error at <all>: there is no 'all' here"),
        ("(1).toFixed(101)", "error at <toFixed>: 'toFixed' takes a number from 0 to 100"),
        ("2 ** 3", "error at <**>: '**' is not part of the language; multiply with '*'"),
        (
            "typeof inputs",
            "error at <typeof>: 'typeof' is not part of the language; compare the value itself",
        ),
    ]);
}

#[test]
fn texts_around_expressions() {
    gives("plain", "\"plain\"");
    gives("a${{ inputs.count }}b${{ inputs.on }}", "\"a4btrue\"");
    gives("<${{ inputs.nothing }}${{ inputs.missing }}>", "\"<>\"");
    gives("<${{ steps.list.output }}>", "\"<one\\ntwo>\"");
    gives("${{ inputs.deep }}!", "\"{\\n  \\\"x\\\": {\\n    \\\"y\\\": \\\"z\\\"\\n  }\\n}!\"");
    gives(" ${{ inputs.count }}\n", "4");
    gives("${{ inputs.count }}${{ inputs.count }}", "\"44\"");
    gives("$${{ 1 }} \\${{ 2 }} ${ { 3 } }", "\"$1 \\\\2 ${ { 3 } }\"");
    gives("${{ inputs.city", "\"${{ inputs.city\"");
    gives("}} and ${{ 1 }}", "\"}} and 1\"");
    gives("${{ }}", "error at <>: the expression is empty; write a value");
    let strict =
        |template: &str| evaluate(template, &context(), Strictness::Strict).map_err(|error| error.span);
    assert_eq!(strict("a }} b"), Err(Span::new(2, 4)));
    assert_eq!(strict("${{ '{' }}"), Err(Span::new(0, 3)));
    assert_eq!(strict("x ${{ 1 }}"), Ok("x 1".into()));
}

#[test]
fn secrets_stay_marked() {
    for (template, grade) in [
        ("${{ secrets.KEY }}", Grade::Secret),
        ("x ${{ secrets.KEY }}", Grade::Secret),
        ("${{ 'a' + secrets.KEY.slice(1).toUpperCase() }}", Grade::Secret),
        ("${{ secrets.KEY.length }}", Grade::Secret),
        ("${{ [1, secrets.KEY] }}", Grade::Secret),
        ("${{ [1, secrets.KEY][0] }}", Grade::Open),
        ("${{ [secrets.KEY].map(x => x + 1) }}", Grade::Secret),
        ("${{ [secrets.KEY].join() }}", Grade::Secret),
        ("${{ JSON.stringify({ a: secrets.PAIR }) }}", Grade::Secret),
        ("${{ JSON.parse(JSON.stringify(secrets.PAIR)).a }}", Grade::Secret),
        ("${{ Object.values(secrets)[0] }}", Grade::Secret),
        ("${{ 'x'.replace('x', secrets.KEY) }}", Grade::Secret),
        ("${{ escape(secrets.KEY) }}", Grade::Secret),
        ("${{ secrets.NONE }}", Grade::Open),
        ("${{ inputs.city }}", Grade::Open),
    ] {
        let value = evaluate(template, &context(), Strictness::Strict).unwrap();
        assert_eq!(value.grade, grade, "{template}");
        assert_eq!(value.to_string() == "(secret)", grade == Grade::Secret, "{template}");
    }
}

#[test]
fn nothing_grows_without_end() {
    let nested =
        |open: &str, close: &str, depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
    for endless in [
        "'x'.padStart(1e9)".to_owned(),
        "'x'.padStart(1e7).split('').join('x'.padStart(1e6))".to_owned(),
        "'a'.padStart(9999, 'a').replaceAll('a', 'a'.padStart(99999))".to_owned(),
        "['a'.padStart(9999).split(' ')].map(a => a.map(b => a.map(c => a.map(d => 1))))".to_owned(),
        format!("'ab'.padStart(2000).split(''){}", ".map((x, i, all) => all)".repeat(12)),
        format!("'a'.padStart(3000, 'a').split('').reduce((sum, x) => [sum], 1){}", ""),
        format!("'a'.padStart(60, 'a').split('').reduce((sum, x) => [sum, sum], 1){}", ""),
        format!("'a'.padStart(60, 'a').split('').reduce((sum, x) => sum + sum, 'x'){}", ""),
        nested("[", "]", 60),
        nested("(", ")", 60),
        nested("!", "", 60),
        nested("[].map(x => ", ")", 60),
        format!("[{}]", "1,".repeat(1_500)),
        "1+".repeat(1_100) + "1",
        "x".repeat(20_000),
        format!("'x'{}", ".concat('y')".repeat(1_100)),
        "'a'.match('(((a{1,100}){1,100}){1,100}){1,100}')".to_owned(),
    ] {
        let result = evaluate_expression(&endless, &context());
        assert!(
            result.is_err(),
            "{} gives {:?}",
            &endless[..endless.len().min(80)],
            result.map(|v| v.kind())
        );
    }
    assert_eq!(evaluate_expression(&("1+".repeat(900) + "1"), &context()), Ok(901.0.into()));
    assert!(evaluate(&"y".repeat(10_001), &context(), Strictness::Lax).is_err());
}

#[test]
fn an_inconsistent_order_is_no_reason_to_fail() {
    let value = evaluate_expression("[3, 1, 2, 5, 4].sort((a, b) => 1).length", &context());
    assert_eq!(value, Ok(5.0.into()));
}

#[test]
fn the_steps_that_a_text_depends_on() {
    for (template, expected) in [
        ("none", &[][..]),
        ("${{ steps.a.output }} ${{ steps['b-c'].x + steps.a.y }}", &["a", "b-c"]),
        ("${{ steps.my-step.output }}", &["my"]),
        ("${{ [1].map(steps => steps.no) }} ${{ steps", &[]),
        ("${{ inputs[steps.key.output] }}", &["key"]),
        ("${{ steps[inputs.x] }}", &[]),
    ] {
        assert_eq!(dependencies(template), expected, "{template}");
    }
}

#[test]
fn constants() {
    let shown = |text: &str| match constant(text) {
        None => "depends".to_owned(),
        Some(Ok(value)) => value.to_string(),
        Some(Err(error)) => format!("fails: {error}"),
    };
    for (text, expected) in [
        ("${{ 60 * 1000 }}", "60000"),
        ("[1, 2].map(x => x * 2)", "[2,4]"),
        ("${{ inputs.x }}", "depends"),
        ("${{ Date.now() }}", "depends"),
        ("${{ 1 + }}", "depends"),
        ("${{ 'a'.repeat(2) }}", "fails: a text has no method 'repeat'"),
        ("${{ nope }}", "depends"),
    ] {
        assert_eq!(shown(text), expected, "{text}");
    }
}

/// Recorded cases of somebody else's: `{context, cases: [{template, deps, type, value, error, strictError}]}`.
#[test]
fn recorded_cases() {
    let Some(path) = std::env::var_os("COPYDESK_EXPRESSION_CASES") else {
        eprintln!("skipped: COPYDESK_EXPRESSION_CASES names no file");
        return;
    };
    let text = std::fs::read_to_string(path).unwrap();
    let recorded: Value = serde_json::from_str(&text).unwrap();
    let recorded = recorded.as_object().unwrap();
    let context = Context::new().with_roots(recorded.get("context").unwrap());
    let cases = recorded.get("cases").and_then(Value::as_list).unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        let case = case.as_object().unwrap();
        let field = |name: &str| case.get(name).cloned().unwrap_or(Value::UNDEFINED);
        let template = field("template");
        let template = template.as_text().unwrap();
        let deps: Vec<Value> = dependencies(template).into_iter().map(Value::from).collect();
        if Value::list(deps).unwrap() != field("deps") {
            wrong.push(format!("{template}: depends on {:?}", dependencies(template)));
        }
        match evaluate(template, &context, Strictness::Lax) {
            Ok(value) => {
                let kind =
                    if value.kind() == "undefined" { "undefined".into() } else { Value::from(value.kind()) };
                let same = value == field("value") || (value.is_nothing() && field("value").is_nothing());
                if !same || kind != field("type") {
                    wrong.push(format!(
                        "{template}: {value} ({}), not {} {}",
                        value.kind(),
                        field("value"),
                        field("error")
                    ));
                }
            }
            Err(error) if field("error").is_nothing() => wrong.push(format!("{template}: {error}")),
            Err(_) => {}
        }
        let strict = evaluate(template, &context, Strictness::Strict);
        if strict.is_err() == field("strictError").is_nothing() {
            wrong.push(format!("{template}: strictly {strict:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
