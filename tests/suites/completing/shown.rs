//! What is shown: in both editors that have ghost text, in three formats, and as an item of the menu elsewhere.

use copydesk_tests::client::Encoding;
use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::personality::{eglot_1_17, helix_25_07, neovim_0_12, vs_code};
use serde_json::json;

use crate::{Desk, FORMATS, TEXT, config, said};

#[test]
fn ghost_text_fits_at_the_cursor_in_every_format_and_encoding() {
    for (personality, encoding) in [(vs_code(), Encoding::Utf16), (neovim_0_12(), Encoding::Utf8)] {
        for format in FORMATS {
            eprintln!("--- {} with {format:?}", personality.name);
            let mut desk = Desk::begin(personality.clone(), format, vec![said(format, "x * 2  # ü")]);
            assert_eq!(desk.client.encoding, encoding);
            assert_eq!(desk.client.server["capabilities"]["inlineCompletionProvider"], json!(true));
            let answer = desk.ask(Desk::cursor());
            let range = answer[0]["range"].clone();
            assert_eq!(range["start"], range["end"], "a range always, and an empty one: {answer}");
            assert_eq!(desk.take(&answer), TEXT.replace('|', "x * 2  # ü"));
            let body = desk.model.wait_request(0).body;
            if format == Format::OpenaiChat {
                let words = body["messages"][1]["content"].as_str().unwrap_or_default().to_owned();
                assert!(words.contains("<before># ä 😀\ndef double(x):\n    return </before>"), "{words}");
                assert!(words.contains("<after>\n\n\nprint(double(4))\n</after>"), "{words}");
            } else {
                assert_eq!(body["prompt"], "# ä 😀\ndef double(x):\n    return ");
                assert_eq!(body["suffix"], "\n\n\nprint(double(4))\n");
            }
            desk.end();
        }
    }
}

#[test]
fn llama_cpp_gets_other_files_apart_and_the_place_that_was_edited_last_comes_first() {
    let model = ModelServer::start(Format::LlamaCpp, [Reply::text("x * 2")]);
    let config = config(&model, "");
    let files = [("tax.py", "RATE = 1\n"), ("other.py", "OTHER = 2\n")];
    let mut desk = Desk::with(neovim_0_12(), model, &config, &files);
    for (file, text) in files {
        let uri = desk.workspace.uri(file);
        desk.client.open(&uri, "python", text);
    }
    let tax = desk.workspace.uri("tax.py");
    desk.client.replace(&tax, "1", "19");
    let answer = desk.ask(Desk::cursor());
    assert_eq!(answer[0]["insertText"], "x * 2");
    let extra = &desk.model.wait_request(0).body["input_extra"];
    let expect = json!([
        {"filename": "tax.py", "text": "RATE = 19\n"},
        {"filename": "other.py", "text": "OTHER = 2\n"},
    ]);
    assert_eq!(*extra, expect);
    desk.end();
}

#[test]
fn a_long_file_keeps_the_definitions_around_the_cursor_while_somebody_types() {
    let model = ModelServer::start(Format::Completions, [Reply::text("one()"), Reply::text("two()")]);
    let config = config(&model, "");
    let mut desk = Desk::with(vs_code(), model, &config, &[]);
    let body = "    let x = 1;\n".repeat(400);
    let text = format!("struct B;\nimpl B {{\nfn f(&self) {{\n{body}    self.\n}}\n}}\n");
    desk.workspace.write("long.rs", &text);
    let uri = desk.workspace.uri("long.rs");
    desk.client.open(&uri, "rust", &text);
    let at = text.find("self.\n").unwrap() + "self.".len();
    assert_eq!(desk.shown_in(&uri, at).as_deref(), Some("one()"));
    let typed = "other(self) + self.";
    desk.client.type_over(&uri, at, at, typed);
    assert_eq!(desk.shown_in(&uri, at + typed.len()).as_deref(), Some("two()"));
    for number in 0..2 {
        let prompt = desk.model.wait_request(number).body["prompt"].clone();
        let prompt = prompt.as_str().unwrap_or_default();
        let begins = "impl B {\nfn f(&self) {\n    let x = 1;\n";
        assert!(prompt.starts_with(begins), "request {number}: {}", &prompt[..prompt.len().min(80)]);
    }
    desk.end();
}

#[test]
fn one_line_where_something_follows_and_one_block_where_nothing_does() {
    let long = "x * 2\n\n\ndef triple(x):\n    return x * 3\n";
    let mut desk =
        Desk::begin(vs_code(), Format::OllamaHole, vec![Reply::text(long), Reply::text("))\nprint(1)")]);
    let answer = desk.ask(Desk::cursor());
    assert_eq!(answer[0]["insertText"], "x * 2", "the next function is not asked for");
    let behind = desk.client.text(&desk.uri).find("))").unwrap();
    assert_eq!(desk.shown(behind), None, "what would double the text behind the cursor is nothing");
    assert_eq!(desk.model.wait_request(1).body["options"]["stop"], json!(["\n"]));
    desk.end();
}

#[test]
fn a_client_without_ghost_text_gets_an_item_of_the_menu() {
    for (personality, word) in [(helix_25_07(), "dou"), (eglot_1_17(), "")] {
        let text = format!("{word}ble(x)");
        let rest = text.strip_prefix(word).unwrap_or_default().to_owned();
        let mut desk = Desk::begin(personality, Format::Completions, vec![Reply::text(&rest)]);
        assert!(desk.client.server["capabilities"].get("inlineCompletionProvider").is_none());
        let at = desk.types(Desk::cursor(), word);
        let params = desk.params(&desk.uri.clone(), at, 1);
        let list = desk.client.ok("textDocument/completion", params);
        let item = &list["items"][0];
        assert_eq!(
            (&list["isIncomplete"], &item["label"], &item["detail"]),
            (&json!(true), &json!(text), &json!("Copydesk"))
        );
        let uri = desk.uri.clone();
        desk.client.apply_own(&json!({"changes": {&uri: [item["textEdit"]]}}));
        assert_eq!(desk.client.text(&uri), TEXT.replace('|', &text));
        desk.end();
    }
}

#[test]
fn what_is_chosen_in_the_menu_is_how_a_suggestion_begins() {
    let replies = vec![Reply::text("x * 2"), Reply::text(".real")];
    let mut desk = Desk::begin(vs_code(), Format::Completions, replies);
    let at = Desk::cursor();
    assert_eq!(desk.shown(at).as_deref(), Some("x * 2"));
    // (what is typed, the entry, what it replaces, what is offered in its place, requests until then)
    let rows = [
        ("", "x", at..at, Some("x * 2"), 1),
        ("", "x * 3", at..at, Some("x * 3.real"), 2),
        ("x", "x", at..at + 1, Some("x * 2"), 2),
        ("", "elsewhere", 0..1, None, 2),
    ];
    let mut cursor = at;
    for (typed, entry, replaced, expect, requests) in rows {
        cursor = desk.types(cursor, typed);
        let answer = desk.choosing(cursor, entry, replaced.clone());
        assert_eq!(answer[0]["insertText"].as_str(), expect, "{entry}");
        if expect.is_some() {
            assert_eq!(answer[0]["range"], desk.range(replaced), "{entry}");
        }
        assert_eq!(desk.model.requests().len(), requests, "{entry}");
    }
    let answer = desk.choosing(cursor, "x", at..cursor);
    assert_eq!(desk.take(&answer), TEXT.replace('|', "x * 2"));
    desk.end();
}

#[test]
fn a_chosen_entry_that_a_client_or_a_model_puts_badly_is_put_right() {
    let replies = vec![Reply::text("value.real")];
    let mut desk = Desk::begin(vs_code(), Format::Completions, replies);
    let at = Desk::cursor();
    let cursor = desk.types(at, "va");
    let range = desk.range(at..cursor);
    let (start, end) = (&range["start"], &range["end"]);
    let beyond = json!({"line": end["line"], "character": 999});
    let below = json!({"line": end["line"].as_u64().unwrap() + 1, "character": 0});
    let rows = [
        (json!({"start": start, "end": end}), Some("value.real")),
        (json!({"start": end, "end": start}), Some("value.real")),
        (json!({"start": start, "end": beyond}), Some("value.real")),
        (json!({"start": start, "end": below}), None),
    ];
    for (replaced, expect) in rows {
        let answer = desk.choosing_in(cursor, "value", &replaced);
        assert_eq!(answer[0]["insertText"].as_str(), expect, "{replaced}");
        if expect.is_some() {
            assert_eq!(answer[0]["range"], range, "{replaced}");
        }
    }
    desk.end();
}

#[test]
fn a_server_without_the_format_is_asked_in_words_from_then_on() {
    // The chat server of Ollama's kind knows no `/api/generate` here.
    let script = vec![Reply::text("<fill>x * 2</fill>"), Reply::text("<fill>9)</fill>")];
    let mut desk = Desk::begin(neovim_0_12(), Format::Ollama, script);
    let answer = desk.ask(Desk::cursor());
    assert_eq!(answer[0]["insertText"], "x * 2");
    let end = desk.client.text(&desk.uri).len();
    desk.ask(end);
    let paths: Vec<String> = desk.model.requests().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths, ["/api/generate", "/api/chat", "/api/chat"]);
    desk.end();
}

#[test]
fn files_that_copydesk_knows_keep_their_own_completion() {
    let model = ModelServer::start(Format::Completions, []);
    let config = config(&model, "");
    let text = "name: a\nsteps:\n  - id: b\n    ty";
    let mut desk = Desk::with(helix_25_07(), model, &config, &[(".copydesk/workflows/a.yaml", text)]);
    let uri = desk.workspace.uri(".copydesk/workflows/a.yaml");
    desk.client.open(&uri, "yaml", text);
    let params = desk.params(&uri, text.len(), 1);
    let items = desk.client.ok("textDocument/completion", params);
    assert!(items.as_array().unwrap().iter().any(|item| item["label"] == "type"), "{items}");
    desk.client.diagnostics(&uri, "some", |found| !found.is_empty());
    desk.end();
}
