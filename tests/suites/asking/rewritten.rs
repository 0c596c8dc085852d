//! Chat documents that say something else than was said: rewritten, shortened, cut off in the middle.

use std::process::Command;

use copydesk_tests::model_server::{End, Reply};
use copydesk_tests::scene::{Scene, in_four};
use serde_json::json;

use crate::chats::{CHAT, Talk};

const AS_TOLD: &str = "as a file tells it";

/// What `sessions show` prints of the one conversation.
fn shown(talk: &Talk) -> String {
    let workspace = &talk.scene.workspace;
    let session = workspace.run(&["sessions", "--json"]).exits(0).json()["sessions"][0]["session"].clone();
    workspace.run(&["sessions", "show", session.as_str().unwrap_or_default()]).exits(0).stdout
}

fn says(talk: &mut Talk, words: &str, answer: &str, number: usize) {
    let before = talk.told();
    talk.types(words);
    talk.send();
    let head = if number == 0 { "---\nsession: SESSION\n---\n\n# User\n\n" } else { "" };
    talk.wait_for(&format!("{head}{before}{words}\n\n# Assistant\n\n{answer}\n\n# User\n\n"));
    talk.scene.over(number);
}

#[test]
fn a_rewritten_question_is_what_the_model_is_told() {
    in_four(|personality, format| {
        let script = ["One.", "Two.", "Three.", "Four."].map(Reply::text).to_vec();
        let mut talk = Talk::begin(personality, format, script, "");
        says(&mut talk, "first?", "One.", 0);
        says(&mut talk, "second?", "Two.", 1);
        let uri = talk.uri.clone();
        talk.scene.client.replace(&uri, "second?", "rewritten?");
        says(&mut talk, "third?", "Three.", 2);
        let told = talk.scene.request(2).text();
        for words in ["first?", "One.", "rewritten?", "Two.", "third?", AS_TOLD] {
            assert_eq!(told.matches(words).count(), 1, "{words}: {told}");
        }
        assert!(!told.contains("second?"), "{told}");
        let shows = shown(&talk);
        assert_eq!(shows.matches(", forgotten)").count(), 1, "{shows}");
        let why = "The document talk.chat.md was changed from its question 2 on: the model is told what it says now";
        assert!(shows.contains(why), "{shows}");
        // Once: what was told stays told.
        says(&mut talk, "fourth?", "Four.", 3);
        let told = talk.scene.request(3).text();
        for words in ["rewritten?", "third?", "Three.", "fourth?", AS_TOLD] {
            assert_eq!(told.matches(words).count(), 1, "{words}: {told}");
        }
        assert_eq!(shown(&talk).matches(", forgotten)").count(), 1);
        talk.scene.end();
    });
}

#[test]
fn turns_that_were_taken_out_are_forgotten() {
    in_four(|personality, format| {
        let script = ["One.", "Two.", "Three."].map(Reply::text).to_vec();
        let mut talk = Talk::begin(personality, format, script, "");
        says(&mut talk, "first?", "One.", 0);
        says(&mut talk, "second?", "Two.", 1);
        let (uri, text) = (talk.uri.clone(), talk.text());
        let at = text.find("second?").expect("it is there");
        talk.scene.client.type_over(&uri, at, text.len(), "");
        says(&mut talk, "third?", "Three.", 2);
        let told = talk.scene.request(2).text();
        assert!(told.contains("first?") && told.contains("third?"), "{told}");
        assert!(!told.contains("second?") && !told.contains("Two.") && !told.contains(AS_TOLD), "{told}");
        let shows = shown(&talk);
        assert!(shows.contains("no longer has the last question of its conversation"), "{shows}");
        talk.scene.end();
    });
}

/// Sends a question of which the answer never ends, until its words stand in the document; the run.
fn half_an_answer(talk: &mut Talk) -> String {
    talk.types("hello?");
    let run = talk.send()["runId"].as_str().unwrap_or_default().to_owned();
    talk.wait_for(
        "---\nsession: SESSION\n---\n\n# User\n\nhello?\n\n# Assistant\n\none two three\n\n# User\n\n",
    );
    run
}

fn script() -> Vec<Reply> {
    vec![Reply::text("one two three").end(End::Stall), Reply::text("After."), Reply::text("Sure.")]
}

/// Goes on behind an answer that ended with this line, and looks at what the model is told of it.
fn goes_on(mut talk: Talk, note: &str, then: impl FnOnce(&mut Talk)) {
    let head = "---\nsession: SESSION\n---\n\n# User\n\nhello?\n\n# Assistant\n\none two three";
    talk.types("and now?");
    talk.send();
    talk.wait_for(&format!(
        "{head}\n\n> Copydesk: {note}\n\n# User\n\nand now?\n\n# Assistant\n\nAfter.\n\n# User\n\n"
    ));
    talk.scene.over(1);
    then(&mut talk);
    let before = talk.told();
    talk.types("sure?");
    talk.send();
    talk.wait_for(&format!("{before}sure?\n\n# Assistant\n\nSure.\n\n# User\n\n"));
    talk.scene.over(2);
    for number in [1, 2] {
        let told = talk.scene.request(number).text();
        for words in ["hello?", "This answer was cut off.", "one two three", "and now?"] {
            assert_eq!(told.matches(words).count(), 1, "{words}: {told}");
        }
    }
    // No answer of the journal has it, and whoever reads the conversation there sees it all the same.
    let list = talk.scene.workspace.run(&["sessions", "--json"]).exits(0).json();
    let session = list["sessions"][0]["session"].as_str().unwrap_or_default();
    let shown = talk.scene.workspace.run(&["sessions", "show", session]).exits(0).stdout;
    assert_eq!(shown.matches("one two three").count(), 1, "{shown}");
    talk.scene.end();
}

#[test]
fn half_an_answer_of_a_server_that_was_killed_says_so_and_is_told() {
    in_four(|personality, format| {
        let mut talk = Talk::begin(personality.clone(), format, script(), "");
        half_an_answer(&mut talk);
        let text = talk.text();
        let killed =
            Command::new("kill").args(["-9", &talk.scene.client.server_process().to_string()]).status();
        assert!(killed.is_ok_and(|status| status.success()));
        let Scene { client, workspace, model, .. } = talk.scene;
        client.ends();
        workspace.write(CHAT, &text);
        let mut talk = Talk::open(Scene::enter(personality, workspace, model));
        let uri = talk.uri.clone();
        // Told before anything is sent, and nothing is written into what was merely opened.
        let found = talk.scene.client.diagnostic(&uri, "cut-answer");
        assert_eq!(talk.scene.client.text_of(&uri, &found["range"]), "# Assistant", "{found}");
        assert_eq!(talk.text(), text);
        goes_on(talk, "the answer was cut off", |talk| {
            talk.scene.client.no_diagnostic(&uri, "cut-answer");
        });
    });
}

#[test]
fn half_an_answer_that_was_canceled_is_told() {
    in_four(|personality, format| {
        let mut talk = Talk::begin(personality, format, script(), "");
        let run = half_an_answer(&mut talk);
        let canceled = talk.scene.client.command("copydesk.cancel", json!({"runId": run}));
        assert!(canceled.is_ok(), "{canceled:?}");
        let text = "---\nsession: SESSION\n---\n\n# User\n\nhello?\n\n# Assistant\n\none two three";
        talk.wait_for(&format!("{text}\n\n> Copydesk: canceled\n\n# User\n\n"));
        goes_on(talk, "canceled", |_| {});
    });
}
