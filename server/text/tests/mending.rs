//! Broken JSON and TOML: one mark for one mistake, and the text once its mend is taken.

use Safety::{Safe, Suggested};
use copydesk_base::{Code, Diagnostic, Fix, Safety};
use copydesk_text::json::Dialect;
use copydesk_text::{json, toml};

fn apply(text: &str, fix: &Fix) -> String {
    let mut edits = fix.edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
    edits.iter().fold(text.to_owned(), |text, edit| {
        format!("{}{}{}", &text[..edit.span.start], edit.text, &text[edit.span.end..])
    })
}

fn strict(text: &str) -> Vec<Diagnostic> {
    json::parse(text, Dialect::Strict).problems().to_vec()
}

fn commented(text: &str) -> Vec<Diagnostic> {
    json::parse(text, Dialect::Commented).problems().to_vec()
}

fn of_toml(text: &str) -> Vec<Diagnostic> {
    toml::parse(text).problems().to_vec()
}

/// A text with one mistake, the title of its first mend and how safe that is, and the text after it, which has none.
type Row = (&'static str, &'static str, Safety, &'static str);

fn check(rows: &[Row], read: impl Fn(&str) -> Vec<Diagnostic>) {
    let mut wrong = Vec::new();
    for row in rows {
        let (text, title, safety, mended) = *row;
        let found = read(text);
        let fix = found.first().and_then(|one| one.fixes.first());
        let seen = fix.map(|fix| (fix.title.as_str(), fix.safety, apply(text, fix)));
        let left = seen.as_ref().map_or(0, |(.., mended)| read(mended).len());
        if found.len() != 1 || left != 0 || seen != Some((title, safety, mended.to_owned())) {
            wrong.push(format!("{text:?}: {seen:?}, {left} left, of {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_mistake_of_json_has_one_mark_and_its_mend() {
    check(
        &[
            ("{\"a\": 1\n\"b\": 2}", "add a ','", Safe, "{\"a\": 1,\n\"b\": 2}"),
            ("[1 2]", "add a ','", Suggested, "[1, 2]"),
            ("{\"a\": 1,}", "take it out", Safe, "{\"a\": 1}"),
            ("[1,,2]", "take the ',' out", Suggested, "[1,2]"),
            ("{\"a\": 1,, \"b\": 2}", "take the ',' out", Suggested, "{\"a\": 1, \"b\": 2}"),
            ("{\"a\": 'x'}", "change to double quotes", Safe, "{\"a\": \"x\"}"),
            ("{\u{201c}a\u{201d}: 1}", "change to straight quotes", Safe, "{\"a\": 1}"),
            ("[\u{2018}a, b\u{2019}, 1]", "change to straight quotes", Safe, "[\"a, b\", 1]"),
            ("{\"a\": 'it's'}", "change to double quotes", Safe, "{\"a\": \"it's\"}"),
            ("['don't', 1]", "change to double quotes", Safe, "[\"don't\", 1]"),
            ("['say 'x' now']", "change to double quotes", Suggested, "[\"say 'x' now\"]"),
            ("[\"say \"x\" now\"]", "write '\\\"' for each of them", Suggested, "[\"say \\\"x\\\" now\"]"),
            ("[\"\"x\" now\"]", "write '\\\"' for each of them", Suggested, "[\"\\\"x\\\" now\"]"),
            ("{\"a\":: 1}", "take it out", Safe, "{\"a\": 1}"),
            (
                "{\"a\": \"b\", \"c\"], \"d\": 1}",
                "open it with '['",
                Suggested,
                "{\"a\": [\"b\", \"c\"], \"d\": 1}",
            ),
            ("{\n\"a\": [\"b\"\n\"c\": 1}", "close it here", Suggested, "{\n\"a\": [\"b\"],\n\"c\": 1}"),
            ("{\n\"a\": [\n\"c\": 1}", "close it here", Suggested, "{\n\"a\": [],\n\"c\": 1}"),
            ("[{\"a\": 1,\n{\"b\": 2}]", "close it here", Suggested, "[{\"a\": 1},\n{\"b\": 2}]"),
            ("[{\"a\": 1\n{\"b\": 2}]", "close it here", Suggested, "[{\"a\": 1},\n{\"b\": 2}]"),
            ("{\"a\": 'it\\'s \"x\"'}", "change to double quotes", Safe, "{\"a\": \"it's \\\"x\\\"\"}"),
            ("{\"a\": \"x\n}", "close the quote with \"", Suggested, "{\"a\": \"x\"\n}"),
            ("{\"a\": \"x,\n\"b\": 1}", "close the quote with \"", Suggested, "{\"a\": \"x\",\n\"b\": 1}"),
            ("{\"a\": \"x}", "close the quote with \"", Suggested, "{\"a\": \"x\"}"),
            ("{\"a\": [\"x]}", "close the quote with \"", Suggested, "{\"a\": [\"x\"]}"),
            ("{\"a\": \"x, \"b\": 1}", "close the quote with \"", Suggested, "{\"a\": \"x\", \"b\": 1}"),
            ("{\"a: 1}", "close the quote with \"", Suggested, "{\"a\": 1}"),
            ("{\"a: \"x\"}", "close the quote with \"", Suggested, "{\"a\": \"x\"}"),
            ("{\"a\": x\"}", "put it in quotes", Suggested, "{\"a\": \"x\"}"),
            (
                "{\"a\": https://x.io:80/b?c=#d\", \"e\": 1}",
                "put it in quotes",
                Suggested,
                "{\"a\": \"https://x.io:80/b?c=#d\", \"e\": 1}",
            ),
            ("[\nhttp://x.io\n]", "put it in quotes", Suggested, "[\n\"http://x.io\"\n]"),
            ("{a\": 1}", "put it in quotes", Suggested, "{\"a\": 1}"),
            ("{a: 1}", "put it in quotes", Safe, "{\"a\": 1}"),
            (
                "{\"a\": hello world, \"b\": 1}",
                "put it in quotes",
                Suggested,
                "{\"a\": \"hello world\", \"b\": 1}",
            ),
            ("{\"a\" 1}", "add a ':'", Suggested, "{\"a\": 1}"),
            ("{\"a\"}", "add ': null'", Suggested, "{\"a\": null}"),
            ("{\"a\" = 1}", "change to ':'", Safe, "{\"a\" : 1}"),
            ("{\"a\": }", "write 'null'", Suggested, "{\"a\": null }"),
            ("{\"a\": [1", "close it here", Suggested, "{\"a\": [1]}"),
            ("{\"a\": {\"b\": [1,", "close it here", Suggested, "{\"a\": {\"b\": [1]}}"),
            ("{\"a\": [1, \"b\": 2}", "close it here", Suggested, "{\"a\": [1], \"b\": 2}"),
            ("{\"a: [1, \"b\"]}", "close the quote with \"", Suggested, "{\"a\": [1, \"b\"]}"),
            ("[\"a, {\"b\": 1}]", "close the quote with \"", Suggested, "[\"a\", {\"b\": 1}]"),
            ("[1}", "change to ']'", Suggested, "[1]"),
            ("{\"x\": {\"a\": [1}, \"b\": 2}", "close it here", Suggested, "{\"x\": {\"a\": [1]}, \"b\": 2}"),
            ("{\"a\": [1}, \"b\": 2}", "change to ']'", Suggested, "{\"a\": [1], \"b\": 2}"),
            ("[1]]", "take it out", Suggested, "[1]"),
            ("[1, 2}]", "take it out", Suggested, "[1, 2]"),
            ("\"a\": 1", "put braces around it", Suggested, "{\"a\": 1}"),
            ("[True]", "change to 'true'", Safe, "[true]"),
            ("[None]", "change to 'null'", Suggested, "[null]"),
            ("[nul]", "change to 'null'", Suggested, "[null]"),
            ("[yes]", "change to 'true'", Suggested, "[true]"),
            ("[yea]", "put it in quotes", Suggested, "[\"yea\"]"),
            ("[+1]", "change to 1", Suggested, "[1]"),
            ("[.5]", "change to 0.5", Suggested, "[0.5]"),
            ("[-.5]", "change to -0.5", Suggested, "[-0.5]"),
            ("[5.]", "change to 5.0", Suggested, "[5.0]"),
            ("[0xff]", "change to 255", Suggested, "[255]"),
            ("[007]", "change to 7", Suggested, "[7]"),
            ("[1_000]", "change to 1000", Suggested, "[1000]"),
            ("[1.2.3]", "put it in quotes", Suggested, "[\"1.2.3\"]"),
            ("[\"a\tb\"]", "write '\\t'", Safe, "[\"a\\tb\"]"),
            ("[\"\\q\"]", "write '\\\\' for a backslash", Suggested, "[\"\\\\q\"]"),
            ("[\"C:\\users\"]", "write '\\\\' for a backslash", Suggested, "[\"C:\\\\users\"]"),
            ("[1] // x", "take the comment out", Suggested, "[1] "),
        ],
        strict,
    );
    check(
        &[
            ("{\"a\": 1} # x", "write '//'", Safe, "{\"a\": 1} // x"),
            ("{\"a\": 1} /* x", "close it with '*/'", Suggested, "{\"a\": 1} /* x */"),
        ],
        commented,
    );
}

#[test]
fn one_mistake_of_toml_has_one_mark_and_its_mend() {
    check(
        &[
            ("a = True\n", "change to 'true'", Safe, "a = true\n"),
            ("a = yes\n", "change to 'true'", Suggested, "a = true\n"),
            ("a = hello world\n", "put it in quotes", Suggested, "a = \"hello world\"\n"),
            ("a = 1 b = 2\n", "start a new line here", Suggested, "a = 1 \nb = 2\n"),
            ("a = \"x\" b = 2\n", "start a new line here", Suggested, "a = \"x\" \nb = 2\n"),
            ("a = [1 2]\n", "add a ','", Suggested, "a = [1, 2]\n"),
            ("a = [\"x\" 2]\n", "add a ','", Suggested, "a = [\"x\", 2]\n"),
            ("a = [\n  1\n  2\n]\n", "add a ','", Safe, "a = [\n  1,\n  2\n]\n"),
            ("a = [1,,2]\n", "take it out", Safe, "a = [1,2]\n"),
            ("a = {b = 1 c = 2}\n", "add a ','", Suggested, "a = {b = 1, c = 2}\n"),
            ("a = [1, 2\nb = 3\n", "close it here", Suggested, "a = [1, 2]\nb = 3\n"),
            ("a = {b = [1\n", "close it here", Suggested, "a = {b = [1]}\n"),
            ("[a\nb = 1\n", "close it with ']'", Suggested, "[a]\nb = 1\n"),
            ("[[a]\nb = 1\n", "close it with ']]'", Suggested, "[[a]]\nb = 1\n"),
            ("a = \"x\n", "close the quote with \"", Suggested, "a = \"x\"\n"),
            ("a = 'x\nb = 1\n", "close the quote with '", Suggested, "a = 'x'\nb = 1\n"),
            ("a = [\"x]\n", "close the quote with \"", Suggested, "a = [\"x\"]\n"),
            (
                "a = \"say \"x\" now\"\n",
                "write '\\\"' for each of them",
                Suggested,
                "a = \"say \\\"x\\\" now\"\n",
            ),
            ("a = \"say \"x\"\"\n", "write '\\\"' for each of them", Suggested, "a = \"say \\\"x\\\"\"\n"),
            ("a = x\"\n", "add the quote in front", Suggested, "a = \"x\"\n"),
            ("a = https://x.io/b?c\"\n", "add the quote in front", Suggested, "a = \"https://x.io/b?c\"\n"),
            ("a = https://x.io/b\n", "put it in quotes", Suggested, "a = \"https://x.io/b\"\n"),
            (
                "a = [https://x.io/b\", 1]\n",
                "add the quote in front",
                Suggested,
                "a = [\"https://x.io/b\", 1]\n",
            ),
            ("a: 1\n", "change to '='", Safe, "a = 1\n"),
            ("\"a\": 1\n", "change to '='", Safe, "\"a\" = 1\n"),
            ("a b = 1\n", "put the key in quotes", Suggested, "\"a b\" = 1\n"),
            ("a 1\n", "add '='", Suggested, "a = 1\n"),
            ("a\nb = 1\n", "add '= \"\"'", Suggested, "a = \"\"\nb = 1\n"),
            ("a = \nb = 1\n", "write '\"\"'", Suggested, "a = \"\" \nb = 1\n"),
            ("a == 1\n", "take it out", Safe, "a = 1\n"),
            ("a. = 1\n", "take the '.' out", Suggested, "a = 1\n"),
            ("ä = 1\n", "put it in quotes", Safe, "\"ä\" = 1\n"),
            ("a!b? = 1\n", "put it in quotes", Safe, "\"a!b?\" = 1\n"),
            ("a = \"\\q\"\n", "write '\\\\' for a backslash", Suggested, "a = \"\\\\q\"\n"),
            ("a = \"C:\\users\"\n", "write '\\\\' for a backslash", Suggested, "a = \"C:\\\\users\"\n"),
            ("a = 007\n", "change to 7", Suggested, "a = 7\n"),
            ("a = 1__0\n", "change to 10", Suggested, "a = 10\n"),
            ("a = 5.\n", "change to 5.0", Suggested, "a = 5.0\n"),
            ("a = .5\n", "change to 0.5", Suggested, "a = 0.5\n"),
            ("a = 0XFF\n", "change to 0xff", Suggested, "a = 0xff\n"),
            ("a = 1.2.3\n", "put it in quotes", Suggested, "a = \"1.2.3\"\n"),
            ("a = 2026-02-30\n", "put it in quotes", Suggested, "a = \"2026-02-30\"\n"),
            ("a = 99999999999999999999\n", "put it in quotes", Suggested, "a = \"99999999999999999999\"\n"),
        ],
        of_toml,
    );
}

const JSON: &str = "{\n  \"name\": \"x\",\n  \"list\": [1, \"two\", {\"three\": true}],\n  \"deep\": {\n    \"a\": null,\n    \"b\": [\n      \"c\",\n      \"d\"\n    ]\n  },\n  \"last\": -1.5\n}\n";
const TOML: &str = "name = \"x\"\nlist = [1, \"two\", {three = true}]\n\n[deep]\na = 'y'\nb = [\n  \"c\",\n  \"d\",\n]\n\n[[last]]\nid = 1\n\n[[last]]\nid = 2\n";

/// Takes each character out once, and counts the marks. Where there are two, the tables say why.
fn damaged(text: &str, read: impl Fn(&str) -> Vec<Diagnostic>, known: &[(&str, usize)]) {
    let mut several: Vec<(String, usize)> = Vec::new();
    for (at, c) in text.char_indices() {
        let damaged = format!("{}{}", &text[..at], &text[at + c.len_utf8()..]);
        let marks = read(&damaged).into_iter().filter(|one| one.code != Code::DuplicateKey).count();
        if marks > 1 {
            let line = damaged[..at].rfind('\n').map_or(0, |at| at + 1);
            several.push((damaged[line..].lines().next().unwrap_or("").to_owned(), marks));
        }
    }
    let several: Vec<(&str, usize)> = several.iter().map(|(line, marks)| (line.as_str(), *marks)).collect();
    assert_eq!(several, known);
}

#[test]
fn a_character_that_json_misses_is_marked_once() {
    // An opening bracket that is missing shows at what stands in it, and where it is closed.
    let known = [
        ("  \"list\": 1, \"two\", {\"three\": true}],", 2),
        ("  \"list\": [1, \"two\", \"three\": true}],", 2),
        ("  \"deep\": ", 2),
    ];
    damaged(JSON, strict, &known);
}

#[test]
fn a_character_that_toml_misses_is_marked_once() {
    // The same; and what stood in brackets over lines is read as lines once nothing opens them.
    let known = [
        ("list = [1, \"two\", three = true}]", 5),
        ("list = [1, \"two\", {three = true]", 2),
        ("a = 'y'b = [", 4),
        ("b  [", 4),
        ("b = ", 4),
        ("  \"c,", 2),
    ];
    damaged(TOML, of_toml, &known);
}
