//! On and off: nothing unless it was named, nothing metered unless it was allowed, and nobody but the person allows it.

use std::time::Instant;

use copydesk_tests::client::{PATIENCE, eventually};
use copydesk_tests::model_server::{Format, Gate, MODEL, ModelServer, Reply};
use copydesk_tests::personality::{helix_25_07, neovim_0_12, vs_code};
use serde_json::json;

use crate::{COPYDESK, Desk, config, said};

/// What a config offers: whether it is announced, and what `doctor` says of it.
fn offered(config: &str, files: &[(&str, &str)]) -> (bool, String, String) {
    let model = ModelServer::start(Format::Completions, []);
    let config = config.replace("URL", &model.base_url());
    let mut desk = Desk::with(vs_code(), model, &config, files);
    let announced = desk.client.server["capabilities"]["inlineCompletionProvider"] == json!(true);
    if !announced {
        assert_eq!(desk.shown(Desk::cursor()), None, "off is off, whoever asks");
    }
    assert!(desk.model.requests().is_empty(), "nobody was asked for that");
    let report = desk.workspace.run(&["doctor", "--json"]).json();
    let checks = report["checks"].as_array().cloned().unwrap_or_default();
    let check = checks.iter().find(|check| check["name"] == "completion").unwrap();
    let word = |key: &str| check[key].as_str().unwrap_or_default().to_owned();
    let told = (announced, word("detail"), word("fix"));
    desk.end();
    told
}

#[test]
fn it_is_on_where_a_model_of_this_machine_is_named_or_the_person_said_so() {
    let here = "providers:\n  p: {kind: openai-chat, base_url: \"URL\", default_model: m}\n";
    let keyed = here.replace("default_model", "api_key_env: BENCH_KEY, default_model");
    let priced = "providers:\n  p: {kind: openai-chat, base_url: \"URL\", api_key_env: BENCH_KEY, models: {m: {price: {input: 1, output: 1}}}}\n";
    let far = "providers:\n  p: {kind: openai-chat, base_url: \"https://model.example/v1\", api_key_env: BENCH_KEY}\n";
    for (config, announced, detail) in [
        (here.to_owned(), false, "off: no model is named for it"),
        (format!("{here}completion: {{model: p/m}}"), true, "on: p/m"),
        (format!("{here}completion: {{enabled: true}}"), true, "on: p/m"),
        (
            format!("{here}completion: {{model: p/m, enabled: false}}"),
            false,
            "off: completion.enabled is false",
        ),
        (format!("{priced}completion: {{model: p/m}}"), false, "off: p/m may cost something"),
        // Whoever wants a key may hand on what it is asked.
        (format!("{keyed}completion: {{model: p/m}}"), false, "off: p/m may cost something"),
        (format!("{keyed}completion: {{model: p/m, enabled: true}}"), true, "on: p/m"),
        (format!("{priced}completion: {{model: p/m, enabled: true}}"), true, "on: p/m"),
        (format!("{far}completion: {{model: p/m}}"), false, "off: p/m may cost something"),
        (format!("{far}completion: {{model: p/m, enabled: true}}"), true, "on: p/m"),
        ("completion: {enabled: true}".to_owned(), false, "off: no model is configured"),
        (format!("{here}completion: {{model: q/m}}"), false, "off: no provider serves 'q/m'"),
    ] {
        let told = offered(&config, &[]);
        assert_eq!(told.0, announced, "{config}: {told:?}");
        assert!(told.1.starts_with(detail), "{config}: {told:?}");
    }
    let (_, _, fix) = offered(&format!("{far}completion: {{model: p/m}}"), &[]);
    assert!(fix.contains("completion.enabled"), "{fix}");
}

#[test]
fn a_repository_cannot_turn_it_on_and_may_turn_it_off() {
    let provider = "providers:\n  p: {kind: openai-chat, base_url: \"URL\"}\n";
    let on = format!("{provider}completion: {{model: p/m}}");
    let file = |text: &'static str| [(".copydesk/config.yaml", text)];
    assert!(!offered(provider, &file("completion: {enabled: true, model: p/m}")).0);
    assert!(offered(&on, &file("completion: {model: q/m}")).0, "what it says of the model does not count");
    assert!(!offered(&on, &file("completion: {enabled: false}")).0);
}

#[test]
fn turned_off_in_the_editor_or_the_config_it_is_off_at_once() {
    let mut desk = Desk::begin(vs_code(), Format::Completions, vec![Reply::text("x * 2")]);
    desk.client.settings(json!({"copydesk": {"completion": {"enabled": false}}}));
    desk.client.notify("workspace/didChangeConfiguration", json!({"settings": {}}));
    // The first answer was about settings that said nothing; this one is about these.
    desk.client.message_passed("workspace/configuration", 2);
    // Settings that are on their way are taken in before an answer that comes behind them.
    desk.client.ok("workspace/symbol", json!({"query": "nothing"}));
    assert_eq!(desk.shown(Desk::cursor()), None);
    desk.client.settings(json!({"copydesk": {}}));
    desk.client.notify("workspace/didChangeConfiguration", json!({"settings": {}}));
    desk.client.message_passed("workspace/configuration", 3);
    desk.client.ok("workspace/symbol", json!({"query": "nothing"}));
    assert_eq!(desk.ask(Desk::cursor())[0]["insertText"], "x * 2");
    std::fs::write(
        desk.workspace.user_config(),
        config(&desk.model, "").replace("model: bench", "enabled: false, model: bench"),
    )
    .unwrap();
    let end = desk.client.text(&desk.uri).len();
    assert_eq!(desk.shown(end), None);
    desk.end();
}

/// Turned on while an editor runs: one that can learn of it does, the others ask anyway.
#[test]
fn turned_on_in_the_config_it_is_on_without_a_restart() {
    for personality in [vs_code(), neovim_0_12(), helix_25_07()] {
        let model = ModelServer::start(Format::Completions, [Reply::text("x * 2")]);
        let on = config(&model, "");
        let off = on.replace("model: bench", "enabled: false, model: bench");
        let shows_ghosts = personality.announces("/textDocument/inlineCompletion");
        let learns = personality.announces("/textDocument/inlineCompletion/dynamicRegistration");
        let mut desk = Desk::with(personality, model, &off, &[]);
        let announced = desk.client.server["capabilities"]["inlineCompletionProvider"] == json!(true);
        assert_eq!(announced, shows_ghosts && !learns, "who can be told later is told when it is time");
        if shows_ghosts {
            assert_eq!(desk.shown(Desk::cursor()), None);
        }
        std::fs::write(desk.workspace.user_config(), &on).unwrap();
        if shows_ghosts {
            assert_eq!(desk.ask(Desk::cursor())[0]["insertText"], "x * 2");
        } else {
            // A menu is asked for at each key; the settings are looked at once in a while.
            let uri = desk.uri.clone();
            let params = desk.params(&uri, Desk::cursor(), 1);
            let item = eventually(Instant::now() + PATIENCE, || {
                let answer = desk.client.ok("textDocument/completion", params.clone());
                Some(answer["items"][0]["textEdit"]["newText"].as_str()?.to_owned())
            });
            assert_eq!(item.as_deref(), Some("x * 2"));
        }
        if learns {
            // The files that are watched, and this.
            desk.client.message_passed("client/registerCapability", 2);
        }
        desk.end();
    }
}

#[test]
fn what_it_costs_counts_for_the_day_and_a_spent_day_asks_nobody() {
    let model = ModelServer::start(Format::Completions, [Reply::text("x * 2").usage(900, 100)]);
    let config = config(&model, "budgets: {day: {tokens: 1000}}");
    let mut desk = Desk::with(vs_code(), model, &config, &[]);
    assert_eq!(desk.ask(Desk::cursor())[0]["insertText"], "x * 2");
    desk.client.hold("window/logMessage");
    let end = desk.client.text(&desk.uri).len();
    for _ in 0..2 {
        assert_eq!(desk.shown(end), None);
    }
    let told = desk.client.message("window/logMessage").params;
    assert!(told["message"].as_str().unwrap().contains("budgets.day.tokens"), "{told}");
    assert_eq!(desk.model.requests().len(), 1);
    // It is the day of everybody: an ask meets it too.
    let ran = desk.workspace.run(&["ask", "--json", "--model", &format!("bench/{MODEL}"), "hello"]).exits(1);
    assert!(ran.stdout.contains("budgets.day.tokens"), "{ran}");
    desk.end();
}

#[test]
fn a_server_that_took_too_much_for_a_suggestion_is_asked_only_where_as_much_has_room() {
    for (sent, received, says) in [
        (100, 20_000, "says that it wrote 20000 tokens; it was told to end at 256"),
        (20_000, 5, "says that it was sent 20000 tokens"),
    ] {
        let reply = Reply::text("x * 2").usage(sent, received);
        let model = ModelServer::start(Format::Completions, [reply]);
        let config = config(&model, "budgets: {day: {tokens: 35000}}");
        let mut desk = Desk::with(vs_code(), model, &config, &[]);
        desk.client.hold("window/logMessage");
        assert_eq!(desk.ask(Desk::cursor())[0]["insertText"], "x * 2");
        let end = desk.client.text(&desk.uri).len();
        for _ in 0..2 {
            assert_eq!(desk.shown(end), None);
        }
        let told = [(); 2].map(|()| desk.client.message("window/logMessage").params.to_string());
        assert!(told[0].contains(says), "{told:?}");
        assert!(told[1].contains("No suggestions") && told[1].contains("budgets.day.tokens"), "{told:?}");
        assert_eq!(desk.model.requests().len(), 1, "15000 tokens are left, and it may take 20000");
        // It is the memory of everybody: an ask meets it too.
        let ran =
            desk.workspace.run(&["ask", "--json", "--model", &format!("bench/{MODEL}"), "hello"]).exits(1);
        assert!(ran.stdout.contains("budgets.day.tokens"), "{ran}");
        assert_eq!(desk.model.requests().len(), 1);
        desk.end();
    }
}

#[test]
fn a_suggestion_that_was_turned_away_takes_nothing_from_the_day() {
    let failing = || Reply::status(500, r#"{"error":{"message":"no"}}"#);
    let replies = [failing(), failing(), failing(), said(Format::OpenaiChat, "x * 2").usage(400, 5)];
    let model = ModelServer::start(Format::OpenaiChat, replies);
    let config = config(&model, "budgets: {day: {tokens: 1000}}");
    let mut desk = Desk::with(vs_code(), model, &config, &[]);
    for expect in [None, None, None, Some("x * 2")] {
        assert_eq!(desk.shown(Desk::cursor()).as_deref(), expect);
    }
    desk.end();
}

#[test]
fn whose_server_counts_nothing_is_told_where_the_day_is_counted() {
    let model = ModelServer::start(Format::Completions, [Reply::text("x * 2").without_usage()]);
    let config = config(&model, "budgets: {day: {tokens: 60000}}");
    let mut desk = Desk::with(vs_code(), model, &config, &[]);
    desk.client.hold("window/logMessage");
    assert_eq!(desk.ask(Desk::cursor())[0]["insertText"], "x * 2");
    let told = desk.client.message("window/logMessage").params.to_string();
    assert!(told.contains("reported no count of tokens that can be for a suggestion"), "{told}");
    desk.end();
}

#[test]
fn what_a_suggestion_may_cost_is_reserved_while_it_is_asked_for() {
    let gate = Gate::new();
    let model = ModelServer::start(Format::Completions, [Reply::text("x * 2").usage(9, 1).hold(&gate)]);
    let config = config(&model, "budgets: {day: {requests: 1}}");
    let mut desk = Desk::with(vs_code(), model, &config, &[]);
    let asked = desk.typing(Desk::cursor());
    desk.model.wait_request(0);
    // The day has room for one, and that one is under way.
    let ran = desk.workspace.run(&["ask", "--json", "--model", &format!("bench/{MODEL}"), "hello"]).exits(1);
    assert!(ran.stdout.contains("this day has used 0 of its 1 requests, and requests under way may take 1 more (budgets.day.requests)"), "{ran}");
    gate.open();
    assert_eq!(desk.client.answer_to(asked).unwrap()[0]["insertText"], "x * 2");
    assert_eq!(desk.model.requests().len(), 1);
    desk.end();
}

#[test]
fn the_config_is_checked_and_completed_like_the_rest() {
    let workspace = copydesk_tests::workspace::Workspace::new(COPYDESK)
        .with([(".copydesk/config.yaml", "completion: {enabled: false, model: p/m, form: auto}\n")]);
    let ran = workspace.run(&["check", "--json", "."]).exits(0).json();
    let found: Vec<(String, String)> = ran["files"][0]["diagnostics"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| (one["code"].to_string(), one["message"].as_str().unwrap_or_default().to_owned()))
        .collect();
    assert!(
        found.iter().any(|(code, words)| code == "\"unknown-setting\"" && words.contains("form")),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|(code, words)| code == "\"untrusted-setting\"" && words.contains("completion.model")),
        "{found:?}"
    );
    assert!(!found.iter().any(|(_, words)| words.contains("completion.enabled")), "{found:?}");
}
