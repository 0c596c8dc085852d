//! The outline of a file.

use std::path::Path;

use copydesk_language::{File, Symbol, parse, symbols};
use expect_test::{Expect, expect};

use crate::support::WORKFLOW;

fn check(path: &str, text: &str, expect: Expect) {
    let tree = parse(Path::new(path), text);
    let mut lines = String::new();
    print(&symbols(&File::new(Path::new(path), text, &tree)), text, 0, &mut lines);
    expect.assert_eq(&lines);
}

fn print(symbols: &[Symbol], text: &str, depth: usize, lines: &mut String) {
    for symbol in symbols {
        assert!(symbol.span.start <= symbol.name_span.start && symbol.name_span.end <= symbol.span.end);
        let line = format!(
            "{}{:?} {} {} <{}>\n",
            "  ".repeat(depth),
            symbol.kind,
            symbol.name,
            symbol.detail,
            symbol.name_span.of(text)
        );
        lines.push_str(&line);
        for child in &symbol.children {
            assert!(symbol.span.start <= child.span.start && child.span.end <= symbol.span.end);
        }
        print(&symbol.children, text, depth + 1, lines);
    }
}

#[test]
fn a_workflow_shows_what_it_takes_does_and_gives() {
    check(
        WORKFLOW,
        "name: x\ninputs:\n  a: {type: string}\noutputs: {r: x}\nsteps:\n  - id: one\n    type: shell\n  - type: llm\n  - \nfinally:\n  - {id: end, type: shell}\n",
        expect![[r#"
            Section inputs  <inputs>
              Input a string <a>
            Section outputs  <outputs>
              Output r  <r>
            Section steps  <steps>
              Step one shell <one>
              Step step 2 llm <type>
            Section finally  <finally>
              Step end shell <end>
        "#]],
    );
}

#[test]
fn other_files_show_their_keys() {
    check(
        ".copydesk/config.yaml",
        "default_model: a/b\npermissions:\n  mode: plan\n",
        expect![[r#"
        Key default_model  <default_model>
        Key permissions  <permissions>
          Key mode  <mode>
    "#]],
    );
    check(
        ".copydesk/agents/a.md",
        "---\nname: a\ntools: [x]\n---\n# Body\n",
        expect![[r#"
        Key name  <name>
        Key tools  <tools>
    "#]],
    );
    check(
        "other.yaml",
        "a: 1\n",
        expect![[r#"
        Key a  <a>
    "#]],
    );
}

#[test]
fn tables_of_toml_in_pieces() {
    check(
        "x.toml",
        "name = 'x'\n[a]\nx = 1\n[b]\ny = 2\n[a.c]\nz = 3\n[[l]]\nk = 1\n",
        expect![[r#"
        Key name  <name>
        Key a  <a>
          Key x  <x>
          Key c  <c>
            Key z  <z>
        Key b  <b>
          Key y  <y>
        Key l  <l>
    "#]],
    );
}
