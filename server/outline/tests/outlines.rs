//! Outlines of every language, scopes, and texts that are no code.

use std::path::Path;

use copydesk_outline::{Outline, Part, Reader, map, outline, read, scope_at};

/// `line kind full.name | signature` of every definition.
fn shown(path: &str, text: &str) -> Vec<String> {
    let found = read(Path::new(path), text);
    assert_eq!(found.by, Reader::Grammar, "{path}");
    lines(&found)
}

fn lines(found: &Outline) -> Vec<String> {
    let line = |(at, symbol): (usize, &copydesk_outline::Symbol)| {
        let (name, signature) = (found.full_name(at), &symbol.signature);
        format!("{} {} {name} | {signature}", symbol.line + 1, symbol.kind.word())
    };
    found.symbols.iter().enumerate().map(line).collect()
}

/// Notes where an outline is not what is expected.
fn compare(wrong: &mut Vec<String>, path: &str, text: &str, expected: &[&str]) {
    let (found, names) = (read(Path::new(path), text), shown(path, text));
    if names != expected {
        wrong.push(format!("{path}\n  is       {names:#?}\n  expected {expected:#?}"));
    }
    for symbol in &found.symbols {
        assert_eq!(symbol.selection.of(text), symbol.name, "{path}");
        assert!(symbol.span.start <= symbol.selection.start && symbol.selection.end <= symbol.span.end);
    }
}

#[test]
fn every_language_says_what_is_defined_where() {
    let mut wrong = vec![];
    let mut check = |path: &str, text: &str, expected: &[&str]| compare(&mut wrong, path, text, expected);
    check(
        "a.rs",
        "mod inner {\n    pub struct Desk<T> {\n        x: T,\n    }\n    impl<T> Closing for Desk<T> {\n        const MOST: usize = 3;\n        async fn close(\n            &self,\n        ) -> bool {\n            fn helper() {}\n            const LOCAL: u8 = 1;\n        }\n    }\n}\ntrait Closing { fn close(&self) -> bool; }\nenum Way { On }\nmacro_rules! yes { () => {} }\ntype Größe = u8;\n",
        &[
            "1 module inner | mod inner",
            "2 struct inner.Desk | pub struct Desk<T>",
            "5 impl inner.Desk | impl<T> Closing for Desk<T>",
            "6 constant inner.Desk.MOST | const MOST: usize = 3",
            "7 method inner.Desk.close | async fn close( &self, ) -> bool",
            "10 function inner.Desk.close.helper | fn helper()",
            "15 interface Closing | trait Closing",
            "15 method Closing.close | fn close(&self) -> bool",
            "16 enum Way | enum Way",
            "17 macro yes | macro_rules! yes { () => {} }",
            "18 type Größe | type Größe = u8",
        ],
    );
    check(
        "a.py",
        "LIMIT = 3\na.b = 1\nclass Tray(Base):\n    size: int = 2\n    @property\n    def full(self) -> bool:\n        local = 1\n        return True\nasync def main(): pass\n",
        &[
            "1 variable LIMIT | LIMIT = 3",
            "3 class Tray | class Tray(Base)",
            "4 variable Tray.size | size: int = 2",
            "6 method Tray.full | def full(self) -> bool",
            "9 function main | async def main()",
        ],
    );
    let script = "export const limit = 3;\nexport const add = (a, b) => a + b;\nfunction main() { const local = 1; }\nexport class Tray extends Base {\n  size = 1;\n  fill = () => 1;\n  get full() { return true }\n}\nconst {a, b} = c;\n";
    let of_script = [
        "1 constant limit | export const limit = 3",
        "2 function add | export const add = (a, b) =>",
        "3 function main | function main()",
        "4 class Tray | export class Tray extends Base",
        "6 method Tray.fill | fill = () =>",
        "7 method Tray.full | get full()",
    ];
    for path in ["a.js", "a.jsx", "a.mjs", "a.tsx", "a.ts"] {
        check(path, script, &of_script);
    }
    check(
        "a.ts",
        "interface Shape { area(): number }\ntype Pair<T> = [T, T];\nenum Way { On }\nnamespace inner { export function f<T>(x: T): T { return <T>x } }\nabstract class A { abstract g(): void }\n",
        &[
            "1 interface Shape | interface Shape",
            "1 method Shape.area | area(): number",
            "2 type Pair | type Pair<T> = [T, T]",
            "3 enum Way | enum Way",
            "4 module inner | namespace inner",
            "4 function inner.f | function f<T>(x: T): T",
            "5 class A | abstract class A",
            "5 method A.g | abstract g(): void",
        ],
    );
    check(
        "a.tsx",
        "export function View() { return <p>{x}</p> }\n",
        &["1 function View | export function View()"],
    );
    check(
        "a.go",
        "package a\nconst Most = 3\nvar all []int\ntype Desk struct {\n\tx int\n}\ntype Closer interface {\n\tClose() error\n}\ntype ID string\nfunc (d *Desk) Close() error { return nil }\nfunc main() { const local = 1 }\n",
        &[
            "2 constant Most | const Most = 3",
            "3 variable all | var all []int",
            "4 struct Desk | type Desk struct",
            "7 interface Closer | type Closer interface",
            "8 method Closer.Close | Close() error",
            "10 type ID | type ID string",
            "11 method Close | func (d *Desk) Close() error",
            "12 function main | func main()",
        ],
    );
    check(
        "A.java",
        "public class Desk extends Base {\n  static final int MOST = 3;\n  Desk() {}\n  public boolean close(int x) { return true; }\n  interface Closer { void go(); }\n  enum Way { ON }\n  record Pair(int a) {}\n}\n",
        &[
            "1 class Desk | public class Desk extends Base",
            "2 variable Desk.MOST | static final int MOST = 3",
            "3 method Desk.Desk | Desk()",
            "4 method Desk.close | public boolean close(int x)",
            "5 interface Desk.Closer | interface Closer",
            "5 method Desk.Closer.go | void go()",
            "6 enum Desk.Way | enum Way",
            "7 class Desk.Pair | record Pair(int a)",
        ],
    );
    check(
        "a.c",
        "#define MOST 3\nstruct desk { int x; };\ntypedef struct desk desk_t;\nenum way { ON };\nint close(struct desk *d);\nstatic char *const name(void) {\n  int local(void);\n  return 0;\n}\nstruct desk global;\n",
        &[
            "1 macro MOST | #define MOST 3",
            "2 struct desk | struct desk",
            "3 type desk_t | typedef struct desk desk_t",
            "4 enum way | enum way",
            "5 function close | int close(struct desk *d)",
            "6 function name | static char *const name(void)",
        ],
    );
    check(
        "a.hpp",
        "namespace inner {\nclass Desk : public Base {\n public:\n  bool close() const;\n  int &at(int x) { return y; }\n  int y;\n};\n}\ntemplate <class T> T add(T a) { return a; }\nbool inner::Desk::close() const { return true; }\nusing ID = int;\n",
        &[
            "1 module inner | namespace inner",
            "2 class inner.Desk | class Desk : public Base",
            "4 method inner.Desk.close | bool close() const",
            "5 method inner.Desk.at | int &at(int x)",
            "9 function add | template <class T> T add(T a)",
            "10 function close | bool inner::Desk::close() const",
            "11 type ID | using ID = int",
        ],
    );
    check(
        "a.sh",
        "fill() {\n  cut a\n}\nfunction more { :; }\n",
        &["1 function fill | fill()", "4 function more | function more"],
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_language_without_a_grammar_is_read_by_its_lines() {
    let text = "module Desk\n  def close\n  end\nend\nx = 1\n  private fun more(): Int = 1\n";
    let found = read(Path::new("a.rb"), text);
    assert_eq!(found.by, Reader::Lines);
    assert_eq!(
        lines(&found),
        [
            "1 module Desk | module Desk",
            "2 function close | def close",
            "6 function more | private fun more(): Int = 1"
        ]
    );
    for (line, expect) in [
        ("pub(crate) async fn keep_draft(&mut self) {", Some("keep_draft")),
        ("class Draft:", Some("Draft")),
        ("export default function makeDraft() {", Some("makeDraft")),
        ("func (d *Desk) Draft() error {", Some("Draft")),
        ("impl<T> Draft<T> {", Some("Draft")),
        ("    let draft = 1;", None),
        ("// fn draft", None),
    ] {
        let found = outline(Path::new("draft"), line);
        assert_eq!(found.first().map(|symbol| symbol.name.as_str()), expect, "{line}");
    }
}

#[test]
fn a_place_stands_in_a_chain_of_definitions() {
    let text = "struct S;\nimpl S {\n    fn one() {\n        1\n    }\n    fn two() {}\n}\n";
    let scope = |offset| -> Vec<String> {
        scope_at(Path::new("a.rs"), text, offset).into_iter().map(|symbol| symbol.name).collect()
    };
    let at = |word: &str| text.find(word).unwrap();
    assert_eq!(scope(at("1\n")), ["S", "one"]);
    assert_eq!(scope(at("fn two")), ["S", "two"]);
    assert_eq!(scope(at("    fn one")), ["S"]);
    assert_eq!(scope(at("impl") - 1), Vec::<String>::new());
    assert_eq!(scope_at(Path::new("a.py"), "def f():\n    x", 14)[0].name, "f");
}

#[test]
fn half_typed_code_still_has_an_outline() {
    let text = "fn one() {\n    let x = (\n}\n\nstruct Two {\n\nfn three() -> \n";
    let names: Vec<String> = outline(Path::new("a.rs"), text).into_iter().map(|symbol| symbol.name).collect();
    assert_eq!(names, ["one", "Two", "three"]);
    let text = "struct One;\n\nimpl One {\n    fn two(&self) {}\n}\n\nfn three() -> {{ (\n\nfn four() {}\n";
    let found = read(Path::new("a.rs"), text);
    let names: Vec<String> = (0..found.symbols.len()).map(|at| found.full_name(at)).collect();
    assert_eq!(names, ["One", "One", "One.two", "three", "four"]);
    assert_eq!(outline(Path::new("a.rs"), ""), []);
}

/// Texts that are made to take long: each ends, in so many steps whatever machine it is.
#[test]
fn no_text_takes_for_ever() {
    let many = 12_000;
    for path in ["a.rs", "a.py", "a.ts", "a.tsx", "a.go", "A.java", "a.c", "a.cpp", "a.sh", "a.rb"] {
        for piece in [
            "(",
            "[",
            "{",
            "<",
            "a<",
            "((a)",
            "\"",
            "'",
            "`",
            "/*",
            "<<a\n",
            "$(",
            "if ",
            "x=",
            "?",
            "\\",
            "é",
            "\u{0}",
            "f\"{",
            "R\"x(",
            "template<",
            "a?b:",
            "!",
            "*",
            "&",
            "fn f(",
            "class A {",
            "- ",
            "\t",
            "=> ",
        ] {
            let text = piece.repeat(many / piece.len());
            let found = read(Path::new(path), &text);
            assert!(found.symbols.len() <= 10_000, "{path} {piece:?}");
        }
    }
    let long = "fn f() {}\n".repeat(200_000);
    let found = read(Path::new("a.rs"), &long);
    assert_eq!(
        (found.by, found.symbols.len()),
        (Reader::Lines, 10_000),
        "what is too large is read by its lines"
    );
}

#[test]
fn names_that_are_used_are_counted() {
    let found = read(Path::new("a.py"), "def f(x):\n    return g(x) + g(x)\n");
    let uses: Vec<(&str, u32)> = found.uses.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(uses, [("g", 2), ("x", 3)]);
}

fn parts<'a>(outlines: &'a [(&'a str, Outline)], heavy: &str) -> Vec<Part<'a>> {
    let weight = |path: &str| if path == heavy { 20.0 } else { 1.0 };
    outlines.iter().map(|(path, outline)| Part { path, outline, weight: weight(path) }).collect()
}

#[test]
fn a_map_shows_what_is_used_most_first_and_ends_where_it_is_full() {
    let files = [
        ("a.py", "from core import run, Desk\ndef start():\n    run(Desk())\n"),
        ("b.py", "from core import run\ndef begin():\n    run()\n"),
        ("core.py", "class Desk:\n    def close(self): pass\ndef run(): pass\ndef rare(): pass\n"),
        ("z.py", "from b import begin\nbegin()\n"),
    ];
    let outlines: Vec<(&str, Outline)> =
        files.iter().map(|(path, text)| (*path, read(Path::new(path), text))).collect();
    let plain = parts(&outlines, "");
    let made = map(&plain, 10_000);
    assert_eq!(made.files, [2, 1, 0]);
    let map = |parts: &[Part<'_>], most| map(parts, most).text;
    let whole = made.text;
    assert_eq!(
        whole,
        "core.py:\n 1: class Desk\n  2: def close(self)\n 3: def run()\n 4: def rare()\nb.py:\n 2: def begin()\na.py:\n 2: def start()\n"
    );
    assert_eq!(map(&plain, 30), "core.py:\n 3: def run()\n");
    assert_eq!(map(&plain, 10), "");
    let near = map(&parts(&outlines, "z.py"), 45);
    assert_eq!(near, "b.py:\n 2: def begin()\ncore.py:\n 3: def run()\n", "what the person looks at uses it");
    for most in 0..whole.len() {
        assert!(map(&plain, most).len() <= most);
    }
}
