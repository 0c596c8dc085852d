//! `window/showMessageRequest`: tried where it works, one at a time, and what its answers mean.

use copydesk_tests::client::RpcError;
use copydesk_tests::model_server::{Format, Reply};
use copydesk_tests::personality::{self, helix_25_01, yegappan_like};
use copydesk_tests::scene::{Scene, TEXT, Way, done, everywhere, triple, tripled};
use serde_json::{Value, json};

use crate::begin;

#[test]
fn one_prompt_is_on_the_screen_at_a_time() {
    everywhere(|personality, format| {
        let script =
            vec![bash("printf one").when("first"), bash("printf two").when("second"), done(), done()];
        let mut scene = begin(personality, format, "{}", script);
        scene.ask("first");
        scene.ask("second");
        let uri = scene.uri.clone();
        scene.client.diagnostics(&uri, "two questions", |now| {
            now.iter().filter(|one| one["code"] == "pending-approval").count() == 2
        });
        let one = scene.client.prompt();
        assert_eq!(scene.client.prompts_on_screen(), 1);
        assert!(scene.client.heard("window/showMessageRequest").is_empty());
        scene.client.choose(&one, "Allow once");
        let two = scene.client.prompt();
        assert_ne!(one.text, two.text);
        scene.client.choose(&two, "Allow once");
        scene.over(3);
        scene.end();
    });
}

#[test]
fn after_no_such_method_it_is_not_tried_again_on_this_connection() {
    for format in Format::BOTH {
        let script = vec![triple(), bash("printf one"), done()];
        let mut scene = begin(helix_25_01(), format, "{}", script);
        scene.ask("make it three times");
        scene.client.message("window/showMessageRequest");
        let pending = scene.pending();
        scene.press(&pending, "Allow once");
        scene.edit();
        scene.wait_for_text(&tripled());
        scene.model.wait_request(1);
        let uri = scene.uri.clone();
        let pending = scene.client.diagnostics(&uri, "the second question", |now| {
            now.iter()
                .any(|one| one["code"] == "pending-approval" && one["message"].to_string().contains("printf"))
        });
        scene.press(&pending[0], "Deny");
        scene.over(2);
        assert!(scene.client.heard("window/showMessageRequest").is_empty(), "once was enough");
        scene.end();
    }
}

#[test]
fn an_error_answer_leaves_it_pending_and_the_next_question_is_tried_again() {
    everywhere(|personality, format| {
        let mut scene = begin(personality, format, "{}", vec![triple(), bash("printf one"), done()]);
        scene.ask("make it three times");
        let prompt = scene.client.prompt();
        scene.client.answer_prompt(&prompt, Err(RpcError::new(-32603, "the editor is busy")));
        let pending = scene.pending();
        assert_eq!(scene.model.requests().len(), 1, "no answer, no denial");
        scene.press(&pending, "Allow once");
        scene.edit();
        scene.answer(Way::Prompt, "Deny");
        scene.over(2);
        scene.end();
    });
}

#[test]
fn null_and_an_unknown_title_are_denials() {
    for format in Format::BOTH {
        let mut scene = begin(yegappan_like(), format, "{}", vec![triple(), done()]);
        scene.ask("make it three times");
        scene.client.message("window/showMessageRequest");
        assert!(scene.result(1).contains("refused"));
        scene.over(1);
        assert_eq!(scene.text(), TEXT);
        scene.end();
    }
    for answer in [
        Value::Null,
        json!({"title": "Perhaps"}),
        json!({"title": "allow once"}),
        json!({}),
        json!("Allow once"),
        json!(true),
    ] {
        everywhere(|personality, format| {
            let mut scene = begin(personality, format, "{}", vec![triple(), done()]);
            scene.ask("make it three times");
            let prompt = scene.client.prompt();
            scene.client.answer_prompt(&prompt, Ok(answer.clone()));
            assert!(scene.result(1).contains("refused"), "{answer}");
            scene.over(1);
            assert_eq!(scene.text(), TEXT);
            scene.end();
        });
    }
}

#[test]
fn what_does_not_fit_must_be_shown_before_allow_is_offered() {
    everywhere(|personality, format| {
        let command = format!("printf x; {} printf end", "printf something-that-takes-room; ".repeat(40));
        let mut scene = begin(personality, format, "{}", vec![bash(&command), done()]);
        scene.client.quiet("window/showDocument");
        scene.client.quiet("window/showMessage");
        scene.ask("run it");
        let prompt = scene.client.prompt();
        assert_eq!(prompt.choices, ["Deny", "Show"], "{}", prompt.text);
        let pending = scene.pending();
        let id = scene.action(&pending, "Deny")["command"]["arguments"][0]["approvalId"].clone();
        let early = scene.client.command("copydesk.approve", json!({"approvalId": id, "decision": "once"}));
        assert_eq!(early.expect_err("not before it was shown").code, -32602);
        scene.client.choose(&prompt, "Show");
        let uri = scene.uri.clone();
        let allow = loop {
            let pending = scene.client.diagnostic(&uri, "pending-approval");
            let actions = scene.client.code_actions(&uri, &pending["range"], Some("quickfix"));
            if let Some(action) = actions.iter().find(|one| one["title"].to_string().contains("Allow once")) {
                break action.clone();
            }
        };
        scene.client.run_action(&allow);
        assert!(scene.result(1).contains("end"));
        scene.over(1);
        scene.end();
    });
}

/// Commands with something to hide, and what must stand in the prompt instead.
const HIDDEN: &[(&str, &str)] = &[
    ("printf a\u{202e}b", "\\u{202e}"),
    ("printf a\u{200b}b", "\\u{200b}"),
    ("printf 'a\u{1b}[2Jb'", "\\u{1b}"),
    ("printf 'a\rb'", "\\u{d}"),
    ("printf '[free](https://example.com)'", "] (https: //"),
];

#[test]
fn nothing_hides_in_a_prompt_and_no_words_of_the_models_describe() {
    for (command, shown) in HIDDEN {
        everywhere(|personality, format| {
            let arguments =
                json!({"command": command, "description": "A harmless look around", "explanation": "safe"});
            let mut scene = begin(personality, format, "{}", vec![Reply::tool("bash", &arguments), done()]);
            scene.client.hold("window/showMessageRequest");
            scene.ask("run it");
            // What cannot be read at all is refused without a question.
            let asked = scene.client.wait("a question or a refusal", |client| {
                let asked = client.heard("window/showMessageRequest").pop();
                (asked.is_some() || scene.model.requests().len() > 1).then_some(asked)
            });
            if let Some(asked) = asked {
                let text = asked.params["message"].as_str().unwrap_or_default().to_owned();
                assert!(text.contains(shown), "{command:?}: {text:?}");
                assert!(!text.contains("harmless") && !text.contains("safe"), "{text}");
                assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
                scene.client.reply(&asked, Ok(json!({"title": "Deny"})));
            }
            assert!(scene.result(1).contains("refused"));
            scene.over(1);
            scene.end();
        });
    }
}

#[test]
fn the_same_renderer_writes_the_diagnostic() {
    for (command, shown) in HIDDEN.iter().take(2) {
        for format in Format::BOTH {
            let mut scene = scene(format, command);
            scene.ask("run it");
            let pending = scene.pending();
            let text = pending["message"].as_str().unwrap_or_default();
            assert!(text.contains(shown), "{text:?}");
            assert!(text.chars().count() <= 500, "{text:?}");
            scene.client.prompt();
            scene.press(&pending, "Deny");
            scene.over(1);
            scene.end();
        }
    }
}

fn scene(format: Format, command: &str) -> Scene {
    begin(personality::vs_code(), format, "{}", vec![bash(command), done()])
}

fn bash(command: &str) -> Reply {
    Reply::tool("bash", &json!({"command": command}))
}
