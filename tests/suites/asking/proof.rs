//! An edit counts when a document version carries it, whatever the client answered.

use std::time::Instant;

use copydesk_tests::client::{Message, PATIENCE, eventually};
use copydesk_tests::model_server::{Format, Reply};
use copydesk_tests::personality::Personality;
use copydesk_tests::scene::{FILE, Scene, TEXT, done, edit, everywhere, in_four, triple, tripled};
use serde_json::{Value, json};

use crate::{begin, with_files};

const EDITS: &str = "workspace/applyEdit";

/// An edit that the client was sent and has not answered.
fn offered(personality: Personality, format: Format) -> (Scene, Message) {
    let mut scene = begin(personality, format, "{mode: accept-edits}", vec![triple(), done()]);
    scene.client.hold(EDITS);
    scene.ask("make it three times");
    let message = scene.edit();
    (scene, message)
}

/// The run was told that its edit is there.
fn believed(mut scene: Scene) {
    let told = scene.result(1);
    assert!(told.contains("changed"), "{told}");
    scene.over(1);
    scene.end();
}

#[test]
fn an_answer_without_a_change_is_offered_once_more_and_then_not_believed() {
    everywhere(|personality, format| {
        let (mut scene, first) = offered(personality, format);
        scene.client.reply(&first, Ok(json!({"applied": true})));
        let second = scene.edit();
        scene.client.reply(&second, Ok(json!({"applied": true})));
        let told = scene.result(1);
        assert!(told.contains("refused") || told.contains("not"), "{told}");
        assert!(!told.contains("changed: +1"), "{told}");
        scene.over(1);
        assert!(scene.client.heard(EDITS).is_empty(), "twice is enough");
        assert_eq!(scene.text(), TEXT);
        scene.end();
    });
}

#[test]
fn a_second_offer_may_be_taken() {
    everywhere(|personality, format| {
        let (mut scene, first) = offered(personality, format);
        scene.client.reply(&first, Ok(json!({"applied": false, "failureReason": "busy"})));
        let second = scene.edit();
        scene.client.react(&second);
        scene.wait_for_text(&tripled());
        believed(scene);
    });
}

#[test]
fn a_change_proves_the_edit_whatever_the_answer_and_whatever_else_was_typed() {
    let among_typing = tripled().replace("# What", "# All that");
    for (text, applied) in [(tripled(), false), (among_typing, true)] {
        everywhere(|personality, format| {
            let (mut scene, message) = offered(personality, format);
            let uri = scene.uri.clone();
            scene.client.set_text(&uri, &text);
            scene.client.reply(&message, Ok(json!({"applied": applied})));
            believed(scene);
        });
    }
}

#[test]
fn no_answer_at_all_lets_the_queue_go_on_and_a_late_effect_is_recognized() {
    in_four(|personality, format| {
        let permissions = "{mode: accept-edits, prompt_timeout: 1}";
        let second = Reply::tool("edit", &json!({"path": "other.txt", "old": "one", "new": "two"}));
        let mut scene = with_files(
            personality,
            format,
            permissions,
            vec![triple(), second, done()],
            &[("other.txt", "one\n")],
        );
        let other = scene.workspace.uri("other.txt");
        scene.client.open(&other, "plaintext", "one\n");
        scene.client.hold(EDITS);
        scene.ask("make it three times");
        let silent = scene.edit();
        let told = scene.result(1);
        assert!(!told.contains("changed: +1"), "silence is no yes: {told}");
        // The queue goes on.
        let next = loop {
            let message = scene.client.message(EDITS);
            if message.params["edit"]["documentChanges"][0]["textDocument"]["uri"] == other {
                break message;
            }
        };
        scene.client.react(&next);
        scene.client.wait_for_text(&other, "two\n");
        scene.over(2);
        // Hours later the client does it after all.
        scene.client.react(&silent);
        scene.wait_for_text(&tripled());
        // It is known as the run's own: undo takes it back.
        scene.client.release(EDITS);
        scene.client.quiet(EDITS);
        let report = undo(&mut scene);
        assert_eq!(report["refused"], json!([]), "{report}");
        scene.wait_for_text(TEXT);
        scene.client.wait_for_text(&other, "one\n");
        scene.end();
    });
}

#[test]
fn a_late_effect_is_recognized_in_the_version_that_has_it_though_the_newest_does_not() {
    in_four(|personality, format| {
        let permissions = "{mode: accept-edits, prompt_timeout: 1}";
        let mut scene = with_files(personality, format, permissions, vec![triple(), done()], &[]);
        scene.client.hold(EDITS);
        scene.ask("make it three times");
        let silent = scene.edit();
        scene.over(1);
        // The client does it after all, and the person types on in the very place before anybody has looked.
        scene.client.react(&silent);
        scene.wait_for_text(&tripled());
        let uri = scene.workspace.uri(FILE);
        scene.client.replace(&uri, "x * 3", "x * 33");
        // It is known as the run's own: what was typed since is not, and undo does not go over it.
        scene.client.release(EDITS);
        scene.client.quiet(EDITS);
        let report = undo(&mut scene);
        assert_eq!(report["refused"].as_array().map(Vec::len), Some(1), "{report}");
        scene.wait_for_text(&tripled().replace("x * 3", "x * 33"));
        scene.end();
    });
}

#[test]
fn a_cancel_ends_a_run_whose_edit_nobody_answers_and_no_other_document_waits_for_it() {
    in_four(|personality, format| {
        let other = Reply::tool("edit", &json!({"path": "other.txt", "old": "one", "new": "two"}));
        let script = vec![triple().when("edit apples"), other.when("edit pears"), done()];
        let files = [("other.txt", "one\n")];
        let mut scene = with_files(personality, format, "{mode: accept-edits}", script, &files);
        let other = scene.workspace.uri("other.txt");
        scene.client.open(&other, "plaintext", "one\n");
        scene.client.hold(EDITS);
        let run = scene.ask("edit apples");
        let silent = scene.edit();
        let canceled = scene.client.command("copydesk.cancel", json!({"runId": run}));
        assert_eq!(canceled, Ok(json!({"canceled": true})));
        scene.ask("edit pears");
        let next = scene.client.message(EDITS);
        assert_eq!(next.params["edit"]["documentChanges"][0]["textDocument"]["uri"], other);
        scene.client.react(&next);
        scene.client.wait_for_text(&other, "two\n");
        scene.over(2);
        // The client does it after all: it is known as the run's own.
        scene.client.react(&silent);
        scene.wait_for_text(&tripled());
        scene.client.release(EDITS);
        scene.client.quiet(EDITS);
        let undone = eventually(Instant::now() + PATIENCE, || {
            scene.client.command("copydesk.undo", json!({"runId": run})).ok()
        });
        assert_eq!(undone.map(|report| report["refused"].clone()), Some(json!([])));
        scene.wait_for_text(TEXT);
        scene.end();
    });
}

/// Undoes the last run as soon as the journal knows of the late effect.
fn undo(scene: &mut Scene) -> Value {
    let report =
        eventually(Instant::now() + PATIENCE, || scene.client.command("copydesk.undo", json!({})).ok());
    report.unwrap_or_else(|| scene.client.fail("the late effect is not known"))
}

#[test]
fn one_edit_is_in_flight_at_a_time() {
    for personality in copydesk_tests::scene::usual() {
        for format in Format::BOTH {
            let other = Reply::tool("edit", &json!({"path": "other.txt", "old": "one", "new": "two"}));
            let script = vec![triple().when("edit apples"), other.when("edit pears"), done(), done()];
            let files = [("other.txt", "one\n")];
            let mut scene = with_files(personality.clone(), format, "{mode: accept-edits}", script, &files);
            let other = scene.workspace.uri("other.txt");
            scene.client.open(&other, "plaintext", "one\n");
            scene.client.hold(EDITS);
            scene.ask("edit apples");
            scene.ask("edit pears");
            scene.answered(1);
            let one = scene.client.message(EDITS);
            assert!(scene.client.heard(EDITS).is_empty(), "the other waits");
            scene.client.react(&one);
            let two = scene.client.message(EDITS);
            scene.client.react(&two);
            scene.wait_for_text(&tripled());
            scene.client.wait_for_text(&other, "two\n");
            scene.over(3);
            scene.end();
        }
    }
}

#[test]
fn the_next_edit_counts_in_the_text_that_is_there() {
    everywhere(|personality, format| {
        let script = vec![
            triple(),
            edit("# What a shop needs", "# ä😀 What a shop needs"),
            edit("x * 3", "3 * x"),
            done(),
        ];
        let mut scene = begin(personality, format, "{mode: accept-edits}", script);
        scene.ask("three edits");
        for _ in 0..3 {
            scene.edit();
        }
        scene.wait_for_text(&tripled().replacen("x * 3", "3 * x", 1).replace("# What", "# ä😀 What"));
        scene.over(3);
        assert_eq!(scene.workspace.read(FILE), TEXT);
        scene.end();
    });
}
