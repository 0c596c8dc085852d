//! `window/showMessageRequest`: tried where it works, one at a time, and what its answers mean.

use copydesk_tests::client::RpcError;
use copydesk_tests::model_server::{Format, Reply};
use copydesk_tests::personality::{helix_25_01, yegappan_like};
use copydesk_tests::scene::{TEXT, Way, done, everywhere, four, in_four, triple, tripled};
use serde_json::{Value, json};

use crate::begin;

#[test]
fn one_prompt_is_on_the_screen_at_a_time() {
    everywhere(|personality, format| {
        let script =
            vec![bash("printf one").when("apples"), bash("printf two").when("pears"), done(), done()];
        let mut scene = begin(personality, format, "{}", script);
        scene.ask("do apples");
        scene.ask("do pears");
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
fn who_asks_on_and_on_is_ended() {
    in_four(|personality, format| {
        let calls = |from: usize, to: usize| {
            let ask = |turn: Reply, at| turn.call("bash", &json!({"command": format!("printf {at}")}));
            (from..to).fold(Reply::empty(), ask)
        };
        let mut scene = begin(personality, format, "{}", vec![calls(0, 4), calls(4, 40)]);
        scene.client.hold("window/logMessage");
        scene.ask("print numbers");
        for at in 0..13 {
            let prompt = scene.client.prompt();
            assert!(prompt.text.contains(&format!("printf {at}")), "{}", prompt.text);
            // A yes in between, and it counts anew.
            scene.client.choose(&prompt, if at == 2 { "Allow once" } else { "Deny" });
        }
        let told = scene.client.message_where("window/logMessage", |params| {
            params["message"].as_str().is_some_and(|text| text.contains("you said no 10 times in a row"))
        });
        assert!(told.params.to_string().contains("say what it should do instead"), "{}", told.params);
        assert_eq!(scene.model.requests().len(), 2);
        scene.end();
    });
}

#[test]
fn after_no_such_method_it_is_not_tried_again_on_this_connection() {
    for personality in four().into_iter().chain([helix_25_01()]) {
        for format in Format::BOTH {
            let script = vec![triple(), bash("printf one"), done()];
            let mut scene = begin(personality.clone(), format, "{}", script);
            scene.ask("make it three times");
            // One client says so of itself; what the others would do after it is the server's to keep.
            if personality.prompts_reach_a_person() {
                let prompt = scene.client.prompt();
                scene.client.answer_prompt(&prompt, Err(RpcError::new(-32601, "method not found")));
            } else {
                scene.client.message("window/showMessageRequest");
            }
            let pending = scene.pending();
            assert_eq!(scene.model.requests().len(), 1, "no answer, no denial");
            scene.press(&pending, "Allow once");
            scene.edit();
            scene.wait_for_text(&tripled());
            scene.request(1);
            let uri = scene.uri.clone();
            let of_printf = |one: &Value| {
                one["code"] == "pending-approval" && one["message"].to_string().contains("printf")
            };
            let pending =
                scene.client.diagnostics(&uri, "the second question", |now| now.iter().any(of_printf));
            scene.press(&pending[0], "Deny");
            scene.over(2);
            assert!(scene.client.heard("window/showMessageRequest").is_empty(), "once was enough");
            scene.end();
        }
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
    for answer in [Value::Null, json!({"title": "Perhaps"}), json!({"title": "allow once"})] {
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
fn an_answer_of_the_wrong_shape_grants_nothing() {
    for answer in
        [json!({}), json!("Allow once"), json!(true), json!([{"title": "Allow once"}]), json!({"title": 1})]
    {
        in_four(|personality, format| {
            let mut scene = begin(personality, format, "{}", vec![triple()]);
            let run = scene.ask("make it three times");
            let prompt = scene.client.prompt();
            scene.client.answer_prompt(&prompt, Ok(answer.clone()));
            scene.client.command("copydesk.cancel", json!({"runId": run})).expect("an answer");
            let uri = scene.uri.clone();
            scene.client.no_diagnostic(&uri, "pending-approval");
            assert!(scene.client.heard("workspace/applyEdit").is_empty(), "{answer}");
            assert_eq!(scene.text(), TEXT, "{answer}");
            // Where it counted as a no, the model may have been told so: the script's end is of no interest here.
            scene.client.finish();
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

/// What a model may call to hide something from the person who reads the question, and what must stand there instead.
fn hidden() -> Vec<(Reply, &'static str)> {
    let write = |path: &str| Reply::tool("write", &json!({"path": path, "content": "x\n"}));
    vec![
        (write("a\u{202e}txt.exe"), "\\u{202e}"),
        (write("a\u{200b}b.txt"), "\\u{200b}"),
        (write("a\u{1b}[2Jb.txt"), "\\u{1b}"),
        (write("a\rb.txt"), "\\u{d}"),
        (write("a\nAllow this, it is safe.txt"), "a"),
        (bash("printf '[free](https://example.com)'"), "] (https: //"),
    ]
}

#[test]
fn nothing_hides_in_a_prompt() {
    for (call, shown) in hidden() {
        everywhere(|personality, format| {
            let mut scene = begin(personality, format, "{}", vec![call.clone(), done()]);
            scene.client.hold("window/showMessageRequest");
            scene.ask("do it");
            let asked = scene.client.message("window/showMessageRequest");
            let text = asked.params["message"].as_str().unwrap_or_default().to_owned();
            assert!(text.contains(shown), "{shown}: {text:?}");
            assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
            // The same renderer wrote the diagnostic.
            let pending = scene.pending()["message"].as_str().unwrap_or_default().to_owned();
            assert!(pending.contains(&text), "{pending:?} is not about {text:?}");
            scene.client.reply(&asked, Ok(json!({"title": "Deny"})));
            assert!(scene.result(1).contains("refused"));
            scene.over(1);
            scene.end();
        });
    }
}

#[test]
fn no_words_of_the_models_describe_what_it_wants() {
    everywhere(|personality, format| {
        let arguments =
            json!({"command": "printf x", "description": "A harmless look around", "explanation": "trivial"});
        let mut scene = begin(personality, format, "{}", vec![Reply::tool("bash", &arguments), done()]);
        scene.ask("run it");
        let read = scene.answer(Way::Prompt, "Deny");
        assert!(read.contains("printf x"), "{read}");
        assert!(!read.contains("harmless") && !read.contains("trivial"), "{read}");
        scene.over(1);
        scene.end();
    });
}

fn bash(command: &str) -> Reply {
    Reply::tool("bash", &json!({"command": command}))
}
