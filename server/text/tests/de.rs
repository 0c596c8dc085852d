//! Plain types read from trees.

use std::collections::BTreeMap;

use copydesk_text::{de, front_matter, yaml};
use serde::Deserialize;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Everything {
    text: String,
    number: Option<f64>,
    count: u8,
    truth: bool,
    list: Vec<String>,
    pairs: BTreeMap<String, (i64, String)>,
    word: Option<Word>,
    effect: Option<Effect>,
    inner: Option<Box<Everything>>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    First,
    SecondOne,
    WithText(String),
    WithFields { a: i32 },
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Effect {
    Read { path: String },
    Nothing,
}

#[track_caller]
fn check(text: &str, expected: Everything) {
    assert_eq!(de::from_tree::<Everything>(&yaml::parse(text)), Ok(expected));
}

#[track_caller]
fn check_error(text: &str, place: &str, message: &str) {
    let Err(error) = de::from_tree::<Everything>(&yaml::parse(text)) else { panic!("{text:?} is fine") };
    assert_eq!((error.span.of(text), error.message.as_str()), (place, message));
}

#[test]
fn every_type() {
    check("", Everything::default());
    check(
        "text: 1.0\nnumber: 3\ncount: 0xff\ntruth: true\nlist:\npairs: ",
        Everything {
            text: "1.0".into(),
            number: Some(3.0),
            count: 255,
            truth: true,
            ..Everything::default()
        },
    );
    check(
        "list: [a, 1, 'c', ~x]\npairs: {x: [-1, y], 2: [0, \"\"]}\nnumber: ~\n",
        Everything {
            list: vec!["a".into(), "1".into(), "c".into(), "~x".into()],
            pairs: [("2".into(), (0, String::new())), ("x".into(), (-1, "y".into()))].into(),
            ..Everything::default()
        },
    );
}

#[test]
fn enums() {
    let word = |word| Everything { word: Some(word), ..Everything::default() };
    let effect = |effect| Everything { effect: Some(effect), ..Everything::default() };
    check("word: first", word(Word::First));
    check("word: second-one", word(Word::SecondOne));
    check("word: {with-text: x}", word(Word::WithText("x".into())));
    check("word: {with-fields: {a: 1}}", word(Word::WithFields { a: 1 }));
    check("effect: {path: x, kind: read}", effect(Effect::Read { path: "x".into() }));
    check("effect: {kind: nothing}", effect(Effect::Nothing));
}

#[test]
fn aliases_and_merges() {
    let text = "list: &l [a]\ninner:\n  <<: [{count: 1, text: x}, {count: 2, truth: true}]\n  list: *l\n  text: mine\n";
    check(
        text,
        Everything {
            list: vec!["a".into()],
            inner: Some(Box::new(Everything {
                text: "mine".into(),
                count: 1,
                truth: true,
                list: vec!["a".into()],
                ..Everything::default()
            })),
            ..Everything::default()
        },
    );
}

#[test]
fn errors_have_their_place() {
    check_error(
        "count: 1\ntrooth: true\n",
        "trooth",
        "unknown key 'trooth'; expected one of text, number, count, truth, list, pairs, word, effect, inner",
    );
    check_error("inner:\n  truth: maybe\n", "maybe", "expected true or false, found text 'maybe'");
    check_error("count: 300", "300", "expected a whole number, 0 or more, found 300");
    check_error("count: -1", "-1", "expected a whole number, 0 or more, found -1");
    check_error("count: 1.5", "1.5", "expected a whole number, 0 or more, found 1.5");
    check_error("list: [a, [b]]", "[b]", "expected a text, found a list");
    check_error(
        "word: third",
        "third",
        "unknown value 'third'; expected one of first, second-one, with-text, with-fields",
    );
    check_error("word: with-text", "with-text", "this word needs a value: write it as 'word: value'");
    check_error("effect: {kind: read}", "{kind: read}", "'path' is missing");
    check_error("text: *x", "*x", "this alias refers to nothing");
    check_error("- a", "- a", "expected keys with values, found a list");
}

#[test]
fn alias_bombs_end() {
    let mut text = "a0: &a0 [x, x]\n".to_owned();
    for level in 1..60 {
        let last = level - 1;
        text += &format!("a{level}: &a{level} [*a{last}, *a{last}, *a{last}, *a{last}]\n");
    }
    for text in [text.as_str(), "a: &a [*a]\n", "a: &a {<<: *a}\n", "a: &a {<<: [*a, *a, *a, *a]}\n"] {
        let error = de::from_tree::<serde_json::Value>(&yaml::parse(text)).unwrap_err();
        assert_eq!(error.message, "the aliases here make this endless or far too large");
    }
}

#[test]
fn front_matter_is_read_with_places_of_the_file() {
    let text = "---\r\ncount: x\r\n---\r\n# Title\r\n";
    let tree = front_matter::parse(text);
    let error = de::from_tree::<Everything>(&tree).unwrap_err();
    assert_eq!(error.span.of(text), "x");
    assert_eq!(front_matter::split(text).map(|parts| parts.body.of(text)), Some("# Title\r\n"));
}
