//! A pending approval: where it stands, how it is answered, and how it ends when it is not.

use std::time::Instant;

use copydesk_tests::client::{Client, PATIENCE, eventually};
use copydesk_tests::model_server::{Format, Reply};
use copydesk_tests::personality::{Personality, Prompts};
use copydesk_tests::scene::{Scene, TEXT, Way, done, everywhere, in_four, triple, tripled, usual};
use serde_json::{Value, json};

use crate::begin;

const CHOICES: [&str; 4] = ["Allow once", "Always allow", "Deny", "Show"];

#[test]
fn it_stands_on_the_range_the_run_started_from_with_four_choices_in_every_client() {
    for personality in Personality::all() {
        if personality.prompts == Prompts::Null {
            continue; // answered before anybody could look
        }
        for format in Format::BOTH {
            let mut scene = begin(personality.clone(), format, "{}", vec![triple(), done()]);
            scene.ask("make it three times");
            let pending = scene.pending();
            let uri = scene.uri.clone();
            assert_eq!(scene.client.text_of(&uri, &pending["range"]), "def double(x):", "{pending}");
            assert_eq!(
                (&pending["severity"], &pending["source"]),
                (&json!(2), &json!("copydesk")),
                "{pending}"
            );
            for title in CHOICES {
                let action = scene.action(&pending, title);
                assert_eq!(action["kind"], "quickfix", "{action}");
                assert!(action["edit"].is_null() && action["command"].is_object(), "{action}");
            }
            // The prompt is there as well, in the clients that know prompts.
            if personality.prompts_reach_a_person() {
                let prompt = scene.client.prompt();
                assert_eq!(prompt.choices, CHOICES);
            } else {
                scene.client.message("window/showMessageRequest");
            }
            scene.press(&pending, "Deny");
            assert!(scene.result(1).contains("refused"));
            scene.over(1);
            scene.client.no_diagnostic(&uri, "pending-approval");
            scene.end();
        }
    }
}

#[test]
fn it_moves_with_the_text_and_outlives_a_closed_document() {
    everywhere(|personality, format| {
        let mut scene = begin(personality, format, "{}", vec![triple(), done()]);
        scene.ask("make it three times");
        scene.pending();
        let uri = scene.uri.clone();
        scene.client.replace(&uri, "# What a shop", "# ä😀\n# What a shop");
        let lower = |scene: &mut Scene| {
            let found = scene.client.diagnostics(&uri, "the question one line lower", |now| {
                now.iter().any(|one| one["code"] == "pending-approval" && one["range"]["start"]["line"] == 4)
            });
            found.into_iter().find(|one| one["code"] == "pending-approval").unwrap_or_default()
        };
        lower(&mut scene);
        let text = scene.text();
        scene.client.close(&uri);
        scene.client.open(&uri, "python", &text);
        let pending = lower(&mut scene);
        scene.client.prompt();
        scene.press(&pending, "Allow once");
        scene.edit();
        scene.over(1);
        assert!(scene.text().contains("x * 3"));
        scene.end();
    });
}

#[test]
fn the_first_answer_wins_and_a_late_one_settles_only_its_own_request() {
    everywhere(|personality, format| {
        let script = vec![bash("printf one"), bash("printf two"), done()];
        let mut scene = begin(personality, format, "{}", script);
        scene.ask("run both");
        let pending = scene.pending();
        let prompt = scene.client.prompt();
        scene.press(&pending, "Deny");
        assert!(scene.result(1).contains("refused"));
        // Now the other one waits; the person finds the old prompt and says yes to it.
        let uri = scene.uri.clone();
        scene.client.diagnostics(&uri, "the second question", |now| {
            now.iter().any(|one| {
                one["code"] == "pending-approval" && one["message"].to_string().contains("printf two")
            })
        });
        if scene.client.is_on_screen(&prompt) {
            scene.client.choose(&prompt, "Allow once");
        }
        let pending = scene.pending();
        assert!(
            pending["message"].to_string().contains("printf two"),
            "a late answer settles nothing else: {pending}"
        );
        assert_eq!(scene.model.requests().len(), 2);
        scene.client.quiet("window/showMessageRequest");
        scene.press(&pending, "Allow once");
        assert!(scene.result(2).contains("two"));
        scene.over(2);
        scene.end();
    });
}

#[test]
fn silence_is_a_denial_after_the_prompt_timeout() {
    for timeout in ["1", "1s", "1000ms"] {
        everywhere(|personality, format| {
            let permissions = format!("{{prompt_timeout: {timeout}}}");
            let mut scene = begin(personality, format, &permissions, vec![triple(), done()]);
            scene.ask("make it three times");
            scene.client.prompt();
            let told = scene.result(1);
            assert!(told.contains("refused") && told.contains("time"), "{told}");
            scene.over(1);
            let uri = scene.uri.clone();
            scene.client.no_diagnostic(&uri, "pending-approval");
            assert_eq!(scene.text(), TEXT);
            scene.end();
        });
    }
}

#[test]
fn who_is_called_when_nobody_answers_is_on_record_and_has_as_much_time_as_the_first() {
    // Ana is called when the usual time would be over already, the team never: the question is answered before.
    let hooks = "{prompt_timeout: 400ms}\nhooks:\n  Notification:\n    - {after: 1h, to: the team, command: 'touch team'}\n    \
                 - {after: 900ms, to: Ana, command: 'cat > ana'}\n    - {command: 'cat > first'}";
    in_four(|personality, format| {
        let mut scene = begin(personality.with_extension(), format, hooks, vec![bash("printf one"), done()]);
        scene.client.quiet("window/showMessageRequest");
        scene.ask("run it");
        let pending = scene.pending();
        scene.client.wait("Ana", |client| {
            client.events().iter().find(|event| event["event"]["to"] == "Ana").map(|event| {
                let told = (&event["event"]["type"], &event["event"]["waited_ms"]);
                assert_eq!(told, (&json!("called"), &json!(900)), "{event}");
            })
        });
        // An answer ends the call, so it is waited for.
        let told = |name: &str| {
            let file = scene.workspace.path(name);
            let read = || serde_json::from_str::<Value>(&std::fs::read_to_string(&file).ok()?).ok();
            eventually(Instant::now() + PATIENCE, read).unwrap_or_else(|| panic!("{name} is not there"))
        };
        let (first, ana) = (told("first"), told("ana"));
        scene.press(&pending, "Allow once");
        assert!(scene.result(1).contains("one"));
        scene.over(1);
        assert_eq!((&first["to"], &first["waited_seconds"]), (&Value::Null, &json!(0)), "{first}");
        assert_eq!((&ana["to"], &ana["waited_seconds"]), (&json!("Ana"), &json!(0)), "{ana}");
        assert!(ana["text"].as_str().is_some_and(|text| text.contains("printf one")), "{ana}");
        assert!(!scene.workspace.exists("team"));
        let session = first["session_id"].as_str().unwrap_or_default();
        let shown = scene.workspace.run(&["sessions", "show", session]).exits(0).stdout;
        assert!(shown.contains("no answer yet: Ana was called"), "{shown}");
        scene.end();
    });
}

#[test]
fn show_ends_the_clock_and_the_approval_waits_for_the_person() {
    for personality in usual() {
        for format in Format::BOTH {
            let script =
                vec![triple().when("make it three"), bash("printf one").when("run it"), done(), done()];
            let mut scene = begin(personality.clone(), format, "{prompt_timeout: 1}", script);
            scene.client.quiet("window/showDocument");
            scene.client.quiet("window/showMessage");
            scene.ask("make it three times");
            scene.answer(Way::Prompt, "Show");
            // Another question comes and expires; the first one is older and still there.
            scene.ask("run it");
            scene.client.prompt();
            scene.answered(2);
            let uri = scene.uri.clone();
            scene.client.diagnostics(&uri, "one question", |now| {
                now.iter().filter(|one| one["code"] == "pending-approval").count() == 1
            });
            let pending = scene.pending();
            scene.press(&pending, "Allow once");
            scene.edit();
            scene.wait_for_text(&tripled());
            scene.over(3);
            scene.end();
        }
    }
}

#[test]
fn identical_asks_are_merged() {
    everywhere(|personality, format| {
        let script =
            vec![bash("printf one").when("apples"), bash("printf one").when("pears"), done(), done()];
        let mut scene = begin(personality.with_extension(), format, "{}", script);
        scene.ask("do apples");
        scene.ask("do pears");
        let prompt = scene.client.prompt();
        // The run whose question joins the other's says so, and what it waits for.
        let asked = |client: &Client, kind: &str| {
            let events = client.events();
            events.iter().find(|event| event["event"]["type"] == kind).cloned()
        };
        let joined = scene.client.wait("the second question", |client| asked(client, "approval_joined"));
        let first = asked(&scene.client, "approval_requested").unwrap_or_default();
        assert_eq!(joined["event"]["approval"], first["event"]["approval"], "{joined}");
        assert_ne!(joined["runId"], first["runId"], "{joined}");
        let uri = scene.uri.clone();
        scene.client.diagnostics(&uri, "one mark for both", |now| {
            let marks: Vec<&Value> = now.iter().filter(|one| one["code"] == "pending-approval").collect();
            marks.len() == 1 && marks[0]["message"].to_string().contains("2 agents wait for you")
        });
        scene.client.choose(&prompt, "Allow once");
        scene.over(3);
        // Were they asked one after the other instead, the second prompt would be here.
        assert!(scene.client.heard("window/showMessageRequest").is_empty(), "one question for both");
        let told: Vec<String> = (2..4).map(|n| scene.result(n)).collect();
        assert!(told.iter().all(|one| one.contains("one")), "{told:?}");
        scene.end();
    });
}

#[test]
fn always_settles_the_pending_asks_it_matches() {
    everywhere(|personality, format| {
        let script = vec![
            bash("printf one && printf two").when("apples"),
            bash("printf one").when("pears"),
            done(),
            done(),
        ];
        let mut scene = begin(personality, format, "{}", script);
        let uri = scene.uri.clone();
        scene.ask("do apples");
        scene.pending();
        scene.ask("do pears");
        scene.client.diagnostics(&uri, "two questions", |now| {
            now.iter().filter(|one| one["code"] == "pending-approval").count() == 2
        });
        scene.client.quiet("window/showMessageRequest");
        let both = scene.client.diagnostics(&uri, "both", |_| true);
        let first = both
            .iter()
            .find(|one| one["message"].to_string().contains("printf two"))
            .unwrap_or_else(|| panic!("the first question is not among {both:?}"));
        let settled = scene.press(first, "Always allow");
        assert_eq!(settled["settled"].as_array().map(Vec::len), Some(2), "{settled}");
        scene.over(3);
        scene.client.no_diagnostic(&uri, "pending-approval");
        scene.end();
    });
}

#[test]
fn the_command_settles_by_id_and_models_never_see_ids() {
    everywhere(|personality, format| {
        let mut scene = begin(personality, format, "{}", vec![bash("printf one"), done()]);
        let run = scene.ask("run it");
        let pending = scene.pending();
        scene.client.prompt();
        let id = id_of(&scene.action(&pending, "Deny"));
        let argument = json!({"approvalId": id, "decision": "deny", "feedback": "use two instead"});
        let settled = scene.client.command("copydesk.approve", argument).expect("an answer");
        assert_eq!(settled, json!({"settled": [id]}));
        assert!(scene.result(1).contains("use two instead"), "feedback reaches the model");
        scene.over(1);
        for request in scene.model.requests() {
            assert!(!request.text().contains(&id) && !request.text().contains(&run), "{}", request.text());
        }
        let again = scene.client.command("copydesk.approve", json!({"approvalId": id, "decision": "once"}));
        assert_eq!(again.expect_err("settled is settled").code, -32602);
        scene.end();
    });
}

#[test]
fn without_a_terminal_approve_changes_nothing() {
    in_four(|personality, format| {
        let mut scene = begin(personality, format, "{}", vec![bash("printf one"), done()]);
        scene.ask("run it");
        let pending = scene.pending();
        let prompt = scene.client.prompt();
        let id = id_of(&scene.action(&pending, "Deny"));
        for input in ["", "y\n", "yes\n", "once\n"] {
            let ran = scene.workspace.run_with_input(&["approve", &id, "once"], input).exits(1);
            assert!(!ran.stderr.is_empty(), "{ran}");
        }
        scene.pending();
        assert_eq!(scene.model.requests().len(), 1);
        scene.client.choose(&prompt, "Deny");
        scene.over(1);
        scene.end();
    });
}

#[test]
fn a_canceled_run_takes_its_question_along() {
    everywhere(|personality, format| {
        let mut scene = begin(personality, format, "{}", vec![triple()]);
        let run = scene.ask("make it three times");
        scene.pending();
        scene.client.prompt();
        scene.client.command("copydesk.cancel", json!({"runId": run})).expect("an answer");
        let uri = scene.uri.clone();
        scene.client.no_diagnostic(&uri, "pending-approval");
        scene.over(0);
        assert_eq!(scene.text(), TEXT);
        scene.end();
    });
}

#[test]
fn the_answer_of_the_command_comes_before_everything_of_its_run() {
    // The client itself fails on the other order; many runs make a race visible.
    in_four(|personality, format| {
        let script = (0..20).map(|_| Reply::text("Done.")).collect();
        let mut scene = begin(personality, format, "{}", script);
        for _ in 0..20 {
            scene.ask("say done");
        }
        scene.over(19);
        scene.end();
    });
}

/// The approval that an action settles.
fn id_of(action: &Value) -> String {
    let id = action["command"]["arguments"][0]["approvalId"].as_str();
    id.unwrap_or_else(|| panic!("an action without an id: {action}")).to_owned()
}

fn bash(command: &str) -> Reply {
    Reply::tool("bash", &json!({"command": command}))
}
