//! A mend of a syntax error never makes a file worse: what is preferred leads to a text that can be read and loses
//! nothing of it, what is offered leaves fewer errors than before.

use std::path::Path;

use copydesk_base::{Code, Diagnostic, Safety, Severity};
use copydesk_language::{File, FileKind, check, edited, mend_all, parse, syntax, vouched};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::chance;
use crate::support::{WORKFLOW, trusted};

fn find(file: &File<'_>) -> Vec<Diagnostic> {
    if file.kind == FileKind::Other { syntax(file) } else { check(file, &trusted()) }
}

/// What is found in a text, and with it what of its mends is offered.
fn found(path: &Path, text: &str) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let tree = parse(path, text);
    let file = File::new(path, text, &tree);
    let found = find(&file);
    let shown = vouched(&file, &trusted(), &found, &|text| parse(path, text), |_| true);
    (found, shown)
}

/// How much cannot be read: the text, and then the expressions in it.
fn broken(path: &Path, text: &str) -> (usize, usize) {
    let (found, _) = found(path, text);
    let count = |codes: &[Code]| found.iter().filter(|one| codes.contains(&one.code)).count();
    (count(&[Code::YamlSyntax, Code::JsonSyntax, Code::TomlSyntax]), count(&[Code::ExpressionSyntax]))
}

fn errors(path: &Path, text: &str) -> usize {
    found(path, text).0.iter().filter(|one| one.severity == Severity::Error).count()
}

fn is_syntax(finding: &Diagnostic) -> bool {
    matches!(finding.code, Code::YamlSyntax | Code::JsonSyntax | Code::TomlSyntax | Code::ExpressionSyntax)
}

fn fixed(path: &Path, text: &str) -> String {
    let tree = parse(path, text);
    mend_all(&File::new(path, text, &tree), &trusted(), &find).text
}

/// Shows each mend of a syntax error with the text after it; `!` marks those that are preferred.
fn show(path: &str, texts: &[&str], expect: &Expect) {
    let path = Path::new(path);
    let mut lines = String::new();
    for text in texts {
        lines += &format!("{text:?}\n");
        let (_, shown) = found(path, text);
        for finding in shown.iter().filter(|finding| is_syntax(finding)) {
            lines += &format!("  {}\n", finding.message);
            for fix in &finding.fixes {
                let sign = if fix.safety == Safety::Safe { "!" } else { " " };
                lines += &format!("   {sign} {}: {:?}\n", fix.title, edited(text, &fix.edits));
            }
        }
        let after = fixed(path, text);
        if after != *text {
            lines += &format!("  fixed: {after:?}\n");
        }
    }
    expect.assert_eq(&lines);
}

#[test]
fn quotes_and_brackets_of_json_that_may_be_meant_in_two_ways() {
    show(
        "a.json",
        &[
            "{'a': 'it's'}",
            "['don't','b']",
            "['a'b, 'c']",
            "{\"a\": \"say \"hi\" now\"}",
            "{\"a\": \"say \"hi\"\"}",
            "{\"a\": \"say \"hi\", \"b\": 1}",
            "{“a”: “b, c”}",
            "{\"command\": \"x\", \"args\": \"b\", \"c\"], \"env\": {}}",
            "{\n  \"args\": [\"b\"\n  \"env\": {}\n}",
            "{\n  \"args\": [\n  \"env\": {}\n}",
            "{A B: 1}",
            "{\"a\":: 1}",
            "[1}",
            "{\"a\": 'x', \"b\": [1 2]}",
            "{\"a\": 'x', \"b\": @@ \" }",
            "[None, True]",
            "[\"b c\",“ \"it's\"]",
            "[“a\", “b”]",
        ],
        &expect![[r#"
            "{'a': 'it's'}"
              JSON takes double quotes only
               ! change to double quotes: "{\"a\": 'it's'}"
              JSON takes double quotes only
               ! change to double quotes: "{'a': \"it's\"}"
              fixed: "{\"a\": \"it's\"}"
            "['don't','b']"
              JSON takes double quotes only
               ! change to double quotes: "[\"don't\",'b']"
              JSON takes double quotes only
               ! change to double quotes: "['don't',\"b\"]"
              fixed: "[\"don't\",\"b\"]"
            "['a'b, 'c']"
              JSON takes double quotes only
                 change to double quotes: "[\"a'b, 'c\"]"
            "{\"a\": \"say \"hi\" now\"}"
              a quote inside of a text is written as '\"'
                 write '\"' for each of them: "{\"a\": \"say \\\"hi\\\" now\"}"
            "{\"a\": \"say \"hi\"\"}"
              a quote inside of a text is written as '\"'
                 write '\"' for each of them: "{\"a\": \"say \\\"hi\\\"\"}"
            "{\"a\": \"say \"hi\", \"b\": 1}"
              expected ',' here
                 add a ',': "{\"a\": \"say \",hi\", \"b\": 1}"
              this text has no opening '"'
                 put it in quotes: "{\"a\": \"say \"\"hi\", \"b\": 1}"
              expected ':' and a value behind this key
                 add ': null': "{\"a\": \"say \"hi\": null, \"b\": 1}"
            "{“a”: “b, c”}"
              JSON takes straight double quotes only
               ! change to straight quotes: "{\"a\": “b, c”}"
              JSON takes straight double quotes only
               ! change to straight quotes: "{“a”: \"b, c\"}"
              fixed: "{\"a\": \"b, c\"}"
            "{\"command\": \"x\", \"args\": \"b\", \"c\"], \"env\": {}}"
              this ']' ends a list that nothing opens
                 open it with '[': "{\"command\": \"x\", \"args\": [\"b\", \"c\"], \"env\": {}}"
            "{\n  \"args\": [\"b\"\n  \"env\": {}\n}"
              this '[' is never closed; add ']'
                 close it here: "{\n  \"args\": [\"b\"],\n  \"env\": {}\n}"
            "{\n  \"args\": [\n  \"env\": {}\n}"
              this '[' is never closed; add ']'
                 close it here: "{\n  \"args\": [],\n  \"env\": {}\n}"
            "{A B: 1}"
              a key stands in double quotes
                 put it in quotes: "{\"A\" B: 1}"
              expected ':' and a value behind this key
              a key stands in double quotes
                 put it in quotes: "{A \"B\": 1}"
            "{\"a\":: 1}"
              a ':' cannot stand here
               ! take it out: "{\"a\": 1}"
              fixed: "{\"a\": 1}"
            "[1}"
              '}' does not close '['; write ']'
                 change to ']': "[1]"
            "{\"a\": 'x', \"b\": [1 2]}"
              JSON takes double quotes only
                 change to double quotes: "{\"a\": \"x\", \"b\": [1 2]}"
              expected ',' here
                 add a ',': "{\"a\": 'x', \"b\": [1, 2]}"
            "{\"a\": 'x', \"b\": @@ \" }"
              JSON takes double quotes only
                 change to double quotes: "{\"a\": \"x\", \"b\": @@ \" }"
              this is no value; put a text in double quotes
              this text has no closing '"'
            "[None, True]"
              JSON has no 'None'; write 'null'
                 change to 'null': "[null, True]"
                 put it in quotes: "[\"None\", True]"
              JSON has no 'True'; write 'true'
                 change to 'true': "[None, true]"
            "[\"b c\",“ \"it's\"]"
              JSON takes straight double quotes only
                 change to straight quotes: "[\"b c\",\" \\\"it's\"]"
            "[“a\", “b”]"
              JSON takes straight double quotes only
                 change to straight quotes: "[\"a\", “b”]"
              JSON takes straight double quotes only
                 change to straight quotes: "[“a\", \"b\"]"
        "#]],
    );
}

#[test]
fn quotes_of_toml() {
    show(
        "a.toml",
        &[
            "a = \"say \"hi\"\"",
            "a = \"say \"hi\" now\"\nb = 1",
            "a = \"say \"hi now\"",
            "version = 1.2.3\n",
            "a: 1\nb = ]",
        ],
        &expect![[r#"
            "a = \"say \"hi\"\""
              a quote inside of a text is written as '\"'
                 write '\"' for each of them: "a = \"say \\\"hi\\\"\""
            "a = \"say \"hi\" now\"\nb = 1"
              a quote inside of a text is written as '\"'
                 write '\"' for each of them: "a = \"say \\\"hi\\\" now\"\nb = 1"
            "a = \"say \"hi now\""
              a new line must start before this
            "version = 1.2.3\n"
              invalid float
                 put it in quotes: "version = \"1.2.3\"\n"
            "a: 1\nb = ]"
              a key and its value are parted by '='
                 change to '=': "a = 1\nb = ]"
              missing array opening; expected '['
        "#]],
    );
}

#[test]
fn what_cannot_be_read_in_a_workflow() {
    let step = |rest: &str| format!("name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n{rest}");
    let texts = [
        step("    if: not inputs.x && inputs.x\n"),
        step("    if: \"not inputs.x\"\n"),
        step("    needs: [x}\n"),
        step("    needs: [b,, c]\n"),
        step("  -id: b\n"),
        step("  -id:\n"),
        step("    env: {A: \"${{ env.B }\"}\n"),
        step("    env: {A: \"${{ env.B } c }} d\"}\n"),
        step("    transform: a and b\n    needs: [\n"),
    ];
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    show(
        WORKFLOW,
        &texts,
        &expect![[r#"
            "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n    if: not inputs.x && inputs.x\n"
              'not' is not part of the language; write '!'
                 change to '!': "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n    if: \"!inputs.x && inputs.x\"\n"
            "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n    if: \"not inputs.x\"\n"
              'not' is not part of the language; write '!'
                 change to '!': "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n    if: \"!inputs.x\"\n"
            "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n    needs: [x}\n"
              this bracket closes nothing
                 change to ']': "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n    needs: [x]\n"
            "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n    needs: [b,, c]\n"
              nothing stands before this ','; take it out
                 take it out: "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n    needs: [b, c]\n"
            "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n  -id: b\n"
              put a space behind '-'
                 put a space behind '-': "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n  - id: b\n"
            "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n  -id:\n"
              put a space behind '-'
                 put a space behind '-': "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n  - id:\n"
            "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n    env: {A: \"${{ env.B }\"}\n"
              this '${{' is never closed; add '}}'
               ! add '}': "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n    env: {A: \"${{ env.B }}\"}\n"
              fixed: "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n    env: {A: \"${{ env.B }}\"}\n"
            "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n    env: {A: \"${{ env.B } c }} d\"}\n"
              '}' is not expected here
            "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n    transform: a and b\n    needs: [\n"
              'and' is not part of the language; write '&&'
                 change to '&&': "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n    transform: a && b\n    needs: [\n"
              this bracket is never closed
                 close the bracket with ']': "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n    transform: a and b\n    needs: []\n"
        "#]],
    );
}

#[test]
fn lines_that_stand_too_far_to_one_side() {
    let texts = [
        "name: a\nsteps:\n  - id: a\n     type: shell\n    run: x\n",
        "name: a\nsteps:\n  - id: a\n   type: shell\n    run: x\n",
        "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n   - id: b\n    type: shell\n    run: y\n",
        "name: a\nsteps:\n    - id: a\n    type: shell\n    run: x\n",
        "name: x\n deeper: y\n",
        "steps:\n  - id: a\n id: b\n",
        "name: a\n  steps:\n  - id: a\n    type: shell\n    run: x\n",
        "name: a\nsteps:\n  - id: a\n    type: shell\n  - run: x\n    id: b\n    if: |\n      x\n     y\n",
    ];
    show(
        WORKFLOW,
        &texts,
        &expect![[r#"
            "name: a\nsteps:\n  - id: a\n     type: shell\n    run: x\n"
              this line is indented deeper than the one above, which has a value already; move it left
                 move this line to the left by 1: "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n"
            "name: a\nsteps:\n  - id: a\n   type: shell\n    run: x\n"
              this line's indentation fits nothing above; move it left or right
                 move this line to the right by 1: "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n"
            "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n   - id: b\n    type: shell\n    run: y\n"
              this line's indentation fits nothing above; move it left or right
                 move this line to the left by 1: "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n  - id: b\n    type: shell\n    run: y\n"
            "name: a\nsteps:\n    - id: a\n    type: shell\n    run: x\n"
              expected a list item here; start the line with '- ', or indent it under the item above
                 move this line to the right by 2: "name: a\nsteps:\n    - id: a\n      type: shell\n    run: x\n"
                 move the line above to the left by 2: "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n"
              expected a list item here; start the line with '- ', or indent it under the item above
                 move this line to the right by 2: "name: a\nsteps:\n    - id: a\n    type: shell\n      run: x\n"
                 move the line above to the right by 2: "name: a\nsteps:\n    - id: a\n      type: shell\n    run: x\n"
            "name: x\n deeper: y\n"
              this line is indented deeper than the one above, which has a value already; move it left
                 move this line to the left by 1: "name: x\ndeeper: y\n"
            "steps:\n  - id: a\n id: b\n"
              this line's indentation fits nothing above; move it left or right
                 move this line to the left by 1: "steps:\n  - id: a\nid: b\n"
                 move this line to the right by 3: "steps:\n  - id: a\n    id: b\n"
            "name: a\n  steps:\n  - id: a\n    type: shell\n    run: x\n"
              this line is indented deeper than the one above, which has a value already; move it left
                 move this line to the left by 2: "name: a\nsteps:\n  - id: a\n    type: shell\n    run: x\n"
            "name: a\nsteps:\n  - id: a\n    type: shell\n  - run: x\n    id: b\n    if: |\n      x\n     y\n"
              this line stands left of the text it belongs to; move it right
                 move this line to the right by 1: "name: a\nsteps:\n  - id: a\n    type: shell\n  - run: x\n    id: b\n    if: |\n      x\n      y\n"
        "#]],
    );
}

/// What `check --fix` leaves of each text.
#[test]
fn what_can_not_be_read_is_mended_as_a_whole_and_nothing_becomes_worse() {
    let mcp = Path::new(".mcp.json");
    let config = Path::new(".copydesk/config.yaml");
    let workflow = Path::new(WORKFLOW);
    for (path, text, after) in [
        (
            mcp,
            "{\"mcpServers\": {\"s\": {\"command\": \"x\", \"args\": [\"a\",]}, \"t\": {\"command\": \"y\"} \"u\": {\"command\": \"z\"}}}",
            None,
        ),
        (mcp, "{\"mcpServers\": {\"s\": {\"command\": \"x\", \"args\": [\"a\", True, None]}}}", None),
        (mcp, "{\"mcpServers\": {\"s\": {\"command\": \"x\", \"args\": [\"a\", 1}}}", None),
        (
            mcp,
            "{\"mcpServers\": {\"s\": {\"command\": \"x\", \"args\": [\"a\",]}}}",
            Some("{\"mcpServers\": {\"s\": {\"command\": \"x\", \"args\": [\"a\"]}}}"),
        ),
        (mcp, "{\"mpServers\": {\"s\": {}}}", None),
        (
            mcp,
            "{\"mpServers\": {\"s\": {\"command\": \"x\"}}}",
            Some("{\"mcpServers\": {\"s\": {\"command\": \"x\"}}}"),
        ),
        (
            config,
            "providers:l: {kind: openai-chat}\nretentoin: {age: 9d}\n",
            Some("providers:l: {kind: openai-chat}\nretention: {age: 9d}\n"),
        ),
        (workflow, "name: a\nsteps:\n  - id: a\n    typ: shell\n    run: [x\n", None),
    ] {
        assert_eq!(fixed(path, text), after.unwrap_or(text), "{text}");
    }
}

/// Mends of what can be read well: none leaves it broken, none changes nothing.
#[test]
fn offered_mends_of_other_findings_are_tried_too() {
    let rows: [(&str, &str, &[&str]); 4] = [
        (
            ".copydesk/config.yaml",
            "providers:\n  local: {kind:' openai-chat, base_url: \"http://127.0.0.1:1/v1\"}\n",
            &[],
        ),
        (".copydesk/config.yaml", "fallback: [!local/r]\n", &[]),
        (
            WORKFLOW,
            "name: a\nsteps:\n  - id: note's\n    type: shell\n    run: x\n  - id: b\n    type: shell\n    run: \"${{ steps.notes.output }}\"\n",
            &["rename to 'note_s'"],
        ),
        (
            ".copydesk/config.yaml",
            "providers:\n  local: {kind:openai-chat, base_url: \"http://127.0.0.1:1/v1\"}\n",
            &["put a space behind ':'"],
        ),
    ];
    for (path, text, titles) in rows {
        let (_, shown) = found(Path::new(path), text);
        let offered: Vec<&str> =
            shown.iter().flat_map(|finding| &finding.fixes).map(|fix| fix.title.as_str()).collect();
        assert_eq!(offered, titles, "{text}");
    }
}

const JSON: &str = r#"{
  "name": "it's",
  "list": [1, "two words", {"three": true}, -1.5e3],
  // said
  "deep": {
    "a": null,
    "b": [
      "c:d",
      "e \"f\" g"
    ]
  }
}
"#;
const TOML: &str = r#"name = "it's"
list = [1, "two words", {three = true}]
when = 2026-01-02

[deep.er]
a = 'y "z"'
b = [
  "c", # said
  "d",
]

[[last]]
id = 1.5
"long key" = """
e
f"""
"#;
const YAML: &str = r#"name: it's
list: [1, "two words", {three: true}, ${x}]
# said
deep:
  a: null
  b:
    - 'c: d'
    - &e e "f" g
    - *e
  text: |
    one
     two
"#;

/// What comes with a damage: signs of all three, and words between other quotes.
const PIECES: &[&str] = &[
    "",
    "",
    "\"",
    "'",
    "”",
    "“x”",
    ",",
    ",,",
    ":",
    "::",
    ": ",
    "=",
    "[",
    "]",
    "{",
    "}",
    "\n",
    "\r\n",
    " ",
    "\t",
    "#",
    "//",
    "/*",
    "\\",
    "- ",
    "x",
    "don't",
    "\"say \"hi\"\"",
    "None",
    "True",
    "1.2.3",
    "0x1",
    "${{ ",
    "}}",
    "&",
    "*a",
];

/// A text with thousands of mends is not read once for each of them: those that stand apart are read together, of those
/// that differ in a name one.
#[test]
fn a_text_with_many_mends_is_read_a_few_times() {
    let path = Path::new(WORKFLOW);
    let apart = |at| format!("{{id: s{at}, type: shell, run: x, foo: 1, allowFailure: \"true\"}}");
    let unknown =
        |at| format!("{{id: s{at}, type: shell, run: echo, env: {{A: \"${{{{ inputs.n{at} }}}}\"}}}}");
    let both = |at| format!("{{id: s{at}, type: shell, rn: echo, foo: 1, if: \"${{{{ inputs.n{at} }}}}\"}}");
    let head = "name: a\ninputs: {n7_: {type: string}, type: {type: string}}\n";
    for (head, step, count, offered, most) in [
        ("name: a\n", &apart as &dyn Fn(usize) -> String, 200, 400, 1),
        ("name: a\n", &unknown, 2_000, 2_000, 1),
        (head, &unknown, 2_000, 2_000, 2),
        (head, &both, 1_000, 3_000, 3),
    ] {
        let steps: Vec<String> = (0..count).map(step).collect();
        for text in [
            format!("{head}steps: [{}]\n", steps.join(", ")),
            format!("{head}steps:\n  - {}\n", steps.join("\n  - ")),
        ] {
            let tree = parse(path, &text);
            let file = File::new(path, &text, &tree);
            let reads = std::cell::Cell::new(0);
            let read = |text: &str| {
                reads.set(reads.get() + 1);
                parse(path, text)
            };
            let shown = vouched(&file, &trusted(), &find(&file), &read, |_| true);
            let with_mend = shown.iter().filter(|finding| !finding.fixes.is_empty()).count();
            assert!(with_mend >= offered, "{with_mend} of {offered}: {}", &text[..300]);
            assert!(reads.get() <= most, "read {} times: {}", reads.get(), &text[..300]);
        }
    }
}

#[test]
fn no_mend_makes_a_key_stand_twice() {
    let shell = |keys: &str| format!("name: x\nsteps:\n  - id: a\n    type: shell\n{keys}");
    let agent = "---\nname: a\ndescription: d\nmodle: x\nmdoel: y\n---\nB\n";
    let config = "budgets:\n  run: {requsts: 5, reqests: 500}\n";
    for (path, text) in [
        (WORKFLOW, &*shell("    cmd: first\n    script: second\n")),
        (WORKFLOW, &*shell("    run: x\n    timeot: 5\n    timout: 6\n")),
        (WORKFLOW, &*shell("    rn: first\n    run: second\n")),
        (WORKFLOW, &*shell("    run: x\n    depends_on: []\n    dependsOn: []\n")),
        (".copydesk/agents/a.md", agent),
        (".copydesk/config.yaml", config),
    ] {
        let path = Path::new(path);
        let twins = |text: &str| {
            found(path, text).0.iter().filter(|finding| finding.code == Code::DuplicateKey).count()
        };
        let after = fixed(path, text);
        assert_eq!(twins(&after), 0, "{after}");
        for fix in found(path, text).1.iter().flat_map(|finding| &finding.fixes) {
            assert_eq!(twins(&edited(text, &fix.edits)), 0, "'{}' of {text}", fix.title);
        }
    }
    let text = shell("    cmd: first\n    script: second\n");
    assert_eq!(fixed(Path::new(WORKFLOW), &text), text.replace("cmd", "run"));
}

/// Where a damage is, how many bytes go, and what comes.
type Damage = (prop::sample::Index, usize, &'static str);

fn damages() -> impl Strategy<Value = Vec<Damage>> {
    let length = prop_oneof![3 => Just(0_usize), 3 => Just(1_usize), 1 => 2..5_usize];
    let piece = proptest::sample::select(PIECES.to_vec());
    proptest::collection::vec((any::<prop::sample::Index>(), length, piece), 1..4)
}

fn damaged(text: &str, damages: &[Damage]) -> String {
    let mut text = text.to_owned();
    for (at, gone, come) in damages {
        let start = text.floor_char_boundary(at.index(text.len() + 1));
        let end = text.ceil_char_boundary((start + gone).min(text.len()));
        text.replace_range(start..end, come);
    }
    text
}

/// What people write, without the signs around it.
fn words(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// All that is promised of the mends of one text.
fn promises(path: &str, text: &str) -> Result<(), TestCaseError> {
    let path = Path::new(path);
    let before = broken(path, text);
    let after = fixed(path, text);
    prop_assert!(broken(path, &after) <= before, "reads worse: {after:?}");
    prop_assert!(errors(path, &after) <= errors(path, text), "more errors in {after:?}");
    prop_assert_eq!(fixed(path, &after), after.as_str(), "the second time changes something");
    // Of a file of ours a wrong key is changed, too.
    if path != Path::new(WORKFLOW) {
        let mut left = words(&after);
        prop_assert!(words(text).all(|c| left.any(|other| other == c)), "something is lost in {after:?}");
    }
    for finding in found(path, text).1.iter().filter(|finding| is_syntax(finding)) {
        for fix in finding.fixes.iter().filter(|fix| fix.safety == Safety::Suggested) {
            let after = edited(text, &fix.edits);
            prop_assert!(broken(path, &after) < before, "'{}' does not help: {after:?}", fix.title);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(chance::config(300, concat!(env!("CARGO_MANIFEST_DIR"), "/tests/proptest-regressions/vouching.txt")))]

    #[test]
    fn no_mend_makes_a_file_worse(damages in damages()) {
        for (path, text) in [
            ("a.json", JSON),
            ("a.jsonc", JSON),
            ("a.toml", TOML),
            ("a.yaml", YAML),
            (WORKFLOW, include_str!("fixtures/release.yaml")),
        ] {
            let text = damaged(text, &damages);
            promises(path, &text).map_err(|why| TestCaseError::fail(format!("{why}\nin {path}: {text:?}")))?;
        }
    }
}
