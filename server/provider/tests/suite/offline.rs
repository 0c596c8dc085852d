//! The built-in stand-in, its scenarios, the kinds that come later, and servers found on this machine.

use std::collections::BTreeMap;

use copydesk_base::Usage;
use copydesk_base::config::{Provider, ProviderKind};
use copydesk_provider::{
    Arguments, Asker, CallError, LocalServer, Message, ModelEvent, Models, ModelsConfig, Needs, Request,
    Scenario, Script, StopReason, ToolCall, ToolOutcome, ToolResult, Wish,
};
use copydesk_tests::model_server::{Format, ModelServer, Reply};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::bench::{self, Answer, ask, hear, keys, request, said};

fn scripted(scenario: &serde_json::Value) -> (Models, Script) {
    let script = Script::new(serde_json::from_value::<Scenario>(scenario.clone()).unwrap());
    let provider =
        Provider { kind: ProviderKind::Offline, scenario: Some("s.yaml".into()), ..Provider::default() };
    let config = ModelsConfig {
        providers: BTreeMap::from([("play".to_owned(), provider)]),
        scripts: BTreeMap::from([("play".to_owned(), Ok(script.clone()))]),
        ..ModelsConfig::default()
    };
    (Models::new(&config, keys(&[])), script)
}

async fn play(models: &Models, messages: Vec<Message>) -> bench::Heard {
    let request = Request { messages, ..Request::default() };
    hear(models.call(&bench::choice(models), request, CancellationToken::new())).await
}

fn user(text: &str) -> Vec<Message> {
    vec![Message::user(text)]
}

fn result(texts: &[&str]) -> Vec<Message> {
    let result =
        |text: &&str| ToolResult { call: "c".into(), text: (*text).into(), outcome: ToolOutcome::Done };
    let mut messages = user("triple it");
    messages.push(Message::ToolResults { results: texts.iter().map(result).collect() });
    messages
}

#[tokio::test]
async fn a_scenario_is_played_as_the_contract_says() {
    let (models, script) = scripted(&json!({"steps": [
        {"when": {"contains": "triple"}, "tool_calls": [{"name": "edit", "arguments": {"path": "a.py", "old": "2", "new": "3"}}]},
        {"text": "Done.", "usage": {"input_tokens": 120, "output_tokens": 3}},
        {"when": {"contains": "applied"}, "text": "It is in."},
    ]}));
    let heard = play(&models, user("please triple it")).await;
    let arguments = Arguments::from(json!({"path": "a.py", "old": "2", "new": "3"}));
    let call = ToolCall { id: "scripted-1-1".into(), name: "edit".into(), arguments };
    assert_eq!(heard.end, Ok(Answer { reason: StopReason::ToolUse, text: String::new(), calls: vec![call] }));
    assert_eq!(heard.events[1], ModelEvent::CallStarted { id: "scripted-1-1".into(), name: "edit".into() });
    assert_eq!(heard.usage, Usage { requests: 1, ..Usage::default() });

    // The second step has no condition and stands before the third.
    let heard = play(&models, result(&["one", "the edit was applied"])).await;
    assert_eq!(heard.end.unwrap().text, "Done.");
    assert_eq!(
        heard.usage,
        Usage { input_tokens: 120, output_tokens: 3, requests: 1, usd: None, ..Usage::default() }
    );

    // Only the last message counts, whichever of its results it is.
    assert_eq!(play(&models, user("applied? no, triple")).await.end.unwrap().text, "It is in.");
    assert_eq!(script.left(), 0);
    let heard = play(&models, user("triple")).await;
    assert_eq!((heard.end.clone(), heard.usage), (Err(CallError::ScenarioExhausted), Usage::default()));
    assert_eq!(heard.end.unwrap_err().to_string(), "scenario exhausted");
}

#[tokio::test]
async fn a_condition_looks_at_the_last_message_only() {
    let steps = json!({"steps": [{"when": {"contains": "applied"}, "text": "yes"}]});
    let check = async |messages: Vec<Message>, expect: bool| {
        let (models, _) = scripted(&steps);
        assert_eq!(play(&models, messages.clone()).await.end.is_ok(), expect, "{messages:?}");
    };
    check(user("applied"), true).await;
    check(user("triple"), false).await;
    check(result(&["a", "applied"]), true).await;
    check([user("applied"), result(&["no"])].concat(), false).await;
    let assistant = vec![Message::Assistant { text: "applied".into(), calls: vec![], carried: vec![] }];
    check([user("applied"), assistant].concat(), false).await;
    check(vec![], false).await;
}

#[tokio::test]
async fn a_scenario_may_script_bad_arguments_and_must_have_known_keys() {
    let (models, _) = scripted(&json!({"steps": [{"text": "so", "tool_calls": [
        {"name": "edit", "arguments": "{broken"}, {"name": "list"},
    ]}]}));
    let answer = play(&models, user("x")).await.end.unwrap();
    assert!(answer.calls[0].arguments.value.is_err());
    assert_eq!(answer.calls[1].arguments.value, Ok(json!({})));
    for bad in [json!({}), json!({"steps": [{"txt": "a"}]}), json!({"steps": [{"when": {"has": "a"}}]})] {
        assert!(serde_json::from_value::<Scenario>(bad.clone()).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn a_scenario_that_was_not_read_is_an_error() {
    let provider =
        Provider { kind: ProviderKind::Offline, scenario: Some("s.yaml".into()), ..Provider::default() };
    let mut config = ModelsConfig {
        providers: BTreeMap::from([("play".to_owned(), provider)]),
        ..ModelsConfig::default()
    };
    let fails = |reason: &str| Err(CallError::Scenario { provider: "play".into(), reason: reason.into() });
    assert_eq!(ask(&Models::new(&config, keys(&[]))).await.end, fails("it was not read"));
    config.scripts.insert("play".into(), Err("no such file".into()));
    assert_eq!(ask(&Models::new(&config, keys(&[]))).await.end, fails("no such file"));
}

#[tokio::test]
async fn without_a_scenario_it_says_what_it_is_and_what_it_was_asked() {
    let models = Models::new(&ModelsConfig::default(), keys(&[]));
    let choice = bench::choice(&models);
    assert!(choice.offline && choice.is_last_resort());
    let request = request("In src/a.py, lines 3 to 7:\nmake this iterative");
    let heard = hear(models.call(&choice, request, CancellationToken::new())).await;
    let answer = heard.end.unwrap();
    assert_eq!((answer.reason, answer.calls), (StopReason::EndTurn, vec![]));
    for part in
        ["not a model", "src/a.py, lines 3 to 7", "In src/a.py", "ANTHROPIC_API_KEY", "copydesk doctor"]
    {
        assert!(answer.text.contains(part), "{part}: {}", answer.text);
    }
    assert_eq!(heard.usage, Usage::default());
    let canceled = CancellationToken::new();
    canceled.cancel();
    assert_eq!(hear(models.call(&choice, bench::request("x"), canceled)).await.end, Err(CallError::Canceled));
}

#[tokio::test]
async fn a_server_on_this_machine_is_found_and_used() {
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for format in [Format::OpenaiChat, Format::Ollama] {
        let server = ModelServer::start(format, [Reply::text("from next door")]);
        let at = |name: &str, base_url: String| LocalServer {
            name: name.into(),
            kind: bench::kind(format),
            base_url,
        };
        let config = ModelsConfig {
            local: vec![at("dead", format!("http://{dead}/v1")), at("here", server.base_url())],
            ..ModelsConfig::default()
        };
        let models = Models::new(&config, keys(&[]));
        assert!(models.choose().unwrap().offline);
        let choice = models.route_or_look(&[], Needs::default()).await.unwrap().first;
        assert_eq!((choice.model_ref().as_str(), choice.offline), ("here/bench-model", false));
        assert_eq!(choice.why, format!("answers at {}", server.base_url()));
        let heard = hear(models.call(&choice, request("hi"), CancellationToken::new())).await;
        assert_eq!(heard.events, said("from next door"));
        assert_eq!(server.request(0).await.header("authorization"), "");
    }
    let models = Models::new(&ModelsConfig::default(), keys(&[]));
    // What was asked for is not overruled by what was found, and nothing found leaves the stand-in.
    let offline = Wish::model(Asker::Flag, Some("offline".to_owned()));
    assert_eq!(models.route_or_look(&[offline], Needs::default()).await.unwrap().first.provider, "offline");
    let nobody =
        LocalServer { name: "dead".into(), kind: ProviderKind::Ollama, base_url: format!("http://{dead}") };
    let config = ModelsConfig { local: vec![nobody], ..ModelsConfig::default() };
    assert!(
        Models::new(&config, keys(&[]))
            .route_or_look(&[], Needs::default())
            .await
            .unwrap()
            .first
            .is_last_resort()
    );
}
