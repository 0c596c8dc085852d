//! A name that a quick fix declares, in files of every layout: comments, Windows line ends, brackets, anchors.

use crate::support::{WORKFLOW, all_findings, apply, trusted};

/// A workflow, and the same with the name declared that it lacks. `$` stands for the steps, which read it.
const DECLARED: &[(&str, &str)] = &[
    ("name: x\n$", "name: x\ninputs:\n  b:\n    type: string\n\n$"),
    ("--- # doc\nname: x\r\n$", "--- # doc\nname: x\r\ninputs:\n  b:\n    type: string\n\n$"),
    ("name: ä😀\r\n$", "name: ä😀\r\ninputs:\r\n  b:\r\n    type: string\r\n\r\n$"),
    // What stands right above the steps is about the steps.
    (
        "name: x\n\n# the steps,\n# all of them\n$",
        "name: x\n\ninputs:\n  b:\n    type: string\n\n# the steps,\n# all of them\n$",
    ),
    // What starts the file is about the file.
    ("# head\n$", "# head\ninputs:\n  b:\n    type: string\n\n$"),
    ("name: x\ninputs: # none\n$", "name: x\ninputs: # none\n  b:\n    type: string\n$"),
    ("name: x\ninputs: {}\n$", "name: x\ninputs: {b: {type: string}}\n$"),
    (
        "name: x\ninputs: {a: {type: string}} # c\n$",
        "name: x\ninputs: {a: {type: string}, b: {type: string}} # c\n$",
    ),
    (
        "name: x\ninputs: &all\n  a: {type: string} # first\n  # last\n\n$",
        "name: x\ninputs: &all\n  a: {type: string} # first\n  b:\n    type: string\n  # last\n\n$",
    ),
    (
        "name: x\ninputs:\n    a:\n        type: string\n$",
        "name: x\ninputs:\n    a:\n        type: string\n    b:\n        type: string\n$",
    ),
    (
        "name: x\ninputs:\n  a:\n    description: |\n      ä\n$",
        "name: x\ninputs:\n  a:\n    description: |\n      ä\n  b:\n    type: string\n$",
    ),
];

#[test]
fn an_input_is_declared_where_it_belongs() {
    for (text, after) in DECLARED {
        let steps = "steps:\n  - {id: s, type: shell, run: \"${{ inputs.b }}\"}\n";
        declares(&text.replace('$', steps), "declare the input 'b'", &after.replace('$', steps));
    }
    let flow = |inputs: &str| {
        format!("{{name: x, {inputs}steps: [{{id: s, type: shell, run: \"${{{{ inputs.b }}}}\"}}]}}\n")
    };
    declares(&flow(""), "declare the input 'b'", &flow("inputs: {b: {type: string}}, "));
}

#[test]
fn a_name_that_needs_quotes_gets_them() {
    let steps =
        |name: &str| format!("steps:\n  - id: s\n    type: shell\n    run: ${{{{ inputs['{name}'] }}}}\n");
    for (name, written) in [("a b", "\"a b\""), ("ä-1", "ä-1"), ("true", "\"true\""), ("_x", "_x")] {
        declares(
            &format!("name: x\n{}", steps(name)),
            &format!("declare the input '{name}'"),
            &format!("name: x\ninputs:\n  {written}:\n    type: string\n\n{}", steps(name)),
        );
    }
}

fn declares(text: &str, title: &str, after: &str) {
    let found = all_findings(WORKFLOW, text, &trusted());
    let fix = found.iter().flat_map(|finding| &finding.fixes).find(|fix| fix.title == title);
    let Some(fix) = fix else { panic!("{title} is not offered for\n{text}\n{found:#?}") };
    assert_eq!(apply(text, fix), after);
    let left = all_findings(WORKFLOW, after, &trusted());
    assert!(
        left.iter().flat_map(|finding| &finding.fixes).all(|fix| fix.title != title),
        "{after}\n{left:#?}"
    );
}
