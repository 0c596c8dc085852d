//! The text moves on while a question waits: rebase what is untouched, refuse the rest, never write over newer text.

use copydesk_tests::model_server::Reply;
use copydesk_tests::scene::{FILE, TEXT, Way, done, everywhere, triple, triple_both, tripled};
use serde_json::json;

use crate::begin;

#[test]
fn a_hunk_whose_place_is_untouched_moves_with_the_text() {
    everywhere(|personality, format| {
        let mut scene = begin(personality, format, "{}", vec![triple(), done()]);
        scene.ask("make it three times");
        let prompt = scene.client.prompt();
        let uri = scene.uri.clone();
        scene.client.replace(&uri, "# What a shop", "# ä😀\n\n\n# What a shop");
        scene.client.replace(&uri, "def middle():", "def between():");
        scene.client.choose(&prompt, "Allow once");
        scene.edit();
        let expect = tripled()
            .replace("# What a shop", "# ä😀\n\n\n# What a shop")
            .replace("def middle", "def between");
        scene.wait_for_text(&expect);
        scene.over(1);
        scene.end();
    });
}

#[test]
fn a_hunk_whose_place_was_written_over_is_refused() {
    everywhere(|personality, format| {
        let mut scene = begin(personality, format, "{}", vec![triple(), done()]);
        scene.ask("make it three times");
        let prompt = scene.client.prompt();
        let uri = scene.uri.clone();
        scene.client.replace(&uri, "def double(x):\n    return x * 2", "def double(x):\n    return x + x");
        let mine = scene.text();
        scene.client.choose(&prompt, "Allow once");
        let told = scene.result(1);
        assert!(told.contains("changed in the meantime"), "the reason: {told}");
        scene.over(1);
        assert_eq!(scene.text(), mine, "never over newer text");
        assert!(scene.client.heard("workspace/applyEdit").is_empty());
        scene.end();
    });
}

#[test]
fn of_two_hunks_the_untouched_one_lands_and_the_other_is_named() {
    everywhere(|personality, format| {
        let read = Reply::tool("read", &json!({"path": FILE}));
        let mut scene = begin(personality, format, "{}", vec![triple_both(), read, done()]);
        scene.ask("make both three times");
        let prompt = scene.client.prompt();
        let uri = scene.uri.clone();
        scene.client.replace(&uri, "def double(x):\n    return x * 2", "def double(x):\n    return x + x");
        scene.client.choose(&prompt, "Allow once");
        let expect =
            TEXT.replacen("return x * 2", "return x + x", 1).replacen("return x * 2", "return x * 3", 1);
        scene.wait_for_text(&expect);
        scene.edit();
        let told = scene.result(1);
        assert!(told.contains("1 of 2 hunks applied") && told.contains("the hunk at line 5"), "{told}");
        assert_eq!(scene.result(2), expect, "later calls see only what was applied");
        scene.over(2);
        scene.end();
    });
}

#[test]
fn text_typed_while_the_edit_travels_is_kept() {
    everywhere(|personality, format| {
        let mut scene = begin(personality, format, "{mode: accept-edits}", vec![triple(), done()]);
        let uri = scene.uri.clone();
        // Some clients check no version 0; nobody edits at that one for long.
        scene.client.replace(&uri, "def middle():", "def middle ():");
        scene.client.replace(&uri, "def middle ():", "def middle():");
        scene.client.hold("workspace/applyEdit");
        scene.ask("make it three times");
        let outdated = scene.edit();
        // The client checks the version as it does: skips it, with a true or a false answer.
        scene.client.replace(&uri, "# What a shop", "# All that a shop");
        scene.client.react(&outdated);
        assert_eq!(scene.text(), TEXT.replace("# What a shop", "# All that a shop"));
        let anew = scene.edit();
        scene.client.react(&anew);
        scene.wait_for_text(&tripled().replace("# What a shop", "# All that a shop"));
        scene.over(1);
        scene.end();
    });
}

#[test]
fn a_document_closed_in_between_is_written_on_disk() {
    everywhere(|personality, format| {
        let mut scene = begin(personality, format, "{}", vec![triple(), done()]);
        scene.ask("make it three times");
        let prompt = scene.client.prompt();
        let uri = scene.uri.clone();
        scene.client.close(&uri);
        scene.client.choose(&prompt, "Allow once");
        scene.over(1);
        assert_eq!(scene.workspace.read(FILE), tripled());
        scene.end();
    });
}

#[test]
fn undo_keeps_what_was_typed_and_names_what_it_cannot_take_back() {
    everywhere(|personality, format| {
        let mut scene = begin(personality, format, "{}", vec![triple_both(), done()]);
        scene.ask("make both three times");
        scene.answer(Way::Prompt, "Allow once");
        scene.edit();
        scene.wait_for_text(&TEXT.replace("x * 2", "x * 3"));
        scene.over(1);
        let uri = scene.uri.clone();
        scene.client.replace(
            &uri,
            "def double(x):\n    return x * 3",
            "def double(x):\n    return 3 * x + 0",
        );
        scene.client.replace(&uri, "def middle", "def between");
        let report = scene.client.command("copydesk.undo", json!({})).expect("an undo is answered");
        assert_eq!(report["sent"].as_array().map(Vec::len), Some(1), "{report}");
        assert_eq!(report["refused"].as_array().map(Vec::len), Some(1), "{report}");
        scene.edit();
        let expect = TEXT
            .replacen("def double(x):\n    return x * 2", "def double(x):\n    return 3 * x + 0", 1)
            .replace("def middle", "def between");
        scene.wait_for_text(&expect);
        scene.end();
    });
}
