//! Calls that go well, over real sockets, in every format.

use std::time::Duration;

use copydesk_base::{Timestamp, Usage};
use copydesk_provider::health::Saved;
use copydesk_provider::{Arguments, Asker, Health, Message, ModelEvent, Request, StopReason, ToolCall, Wish};
use copydesk_tests::model_server::{Delivery, End, Format, Framing, Gate, ModelServer, Reply, Stop};
use futures_util::StreamExt;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::bench::{self, Answer, CALM, KEY, Manners, ask, models, said};

fn all() -> impl Iterator<Item = Format> {
    Format::ALL.into_iter()
}

#[tokio::test]
async fn an_answer_comes_whole_however_it_is_cut() {
    let arguments = json!({"path": "ä.py", "old": "x * 2", "new": "x * 3 🙂"});
    for format in all() {
        for delivery in [Delivery::ByEvent, Delivery::ByByte, Delivery::AtOnce] {
            for framing in [Framing::Chunked, Framing::UntilClose] {
                let reply = Reply::empty()
                    .pieces(["Grüße, ", "Welt 🙂\n"])
                    .ping()
                    .call("edit", &arguments)
                    .usage(120, 9);
                let server = ModelServer::start(format, [reply.delivery(delivery).framing(framing)]);
                let heard = ask(&models(&server, CALM)).await;
                let id = match &heard.events[2] {
                    ModelEvent::CallStarted { id, name } if name == "edit" => id.clone(),
                    other => panic!("{other:?}"),
                };
                assert_eq!(heard.events[..2], said("Grüße, Welt 🙂\n"));
                let piece = |event: &ModelEvent| match event {
                    ModelEvent::CallArguments { call: 0, piece } => Some(piece.clone()),
                    _ => None,
                };
                let told: String = heard.events.iter().filter_map(piece).collect();
                assert_eq!(serde_json::from_str(&told).ok(), Some(arguments.clone()), "{format:?}");
                assert!(heard.events.contains(&ModelEvent::CallEnded { call: 0 }), "{format:?}");
                let call =
                    ToolCall { id, name: "edit".into(), arguments: Arguments::from(arguments.clone()) };
                let answer = Answer {
                    reason: StopReason::ToolUse,
                    text: "Grüße, Welt 🙂\n".into(),
                    calls: vec![call],
                };
                assert_eq!(heard.end, Ok(answer), "{format:?} {delivery:?} {framing:?}");
                assert_eq!(
                    heard.usage,
                    Usage { input_tokens: 120, output_tokens: 9, requests: 1, usd: None, ..Usage::default() }
                );
            }
        }
    }
}

#[tokio::test]
async fn the_request_goes_where_and_as_the_format_says() {
    for format in all() {
        let server = ModelServer::start(format, [Reply::text("ok")]);
        ask(&models(&server, CALM)).await.end.unwrap();
        let seen = server.request(0).await;
        assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", format.path()));
        // Azure takes the model from the address and passes over the other.
        assert_eq!((&seen.body["model"], &seen.body["stream"]), (&json!("m"), &json!(true)));
        assert_eq!(seen.header("content-type"), "application/json");
        let accept = if format == Format::Ollama { "application/x-ndjson" } else { "text/event-stream" };
        assert_eq!(seen.header("accept"), accept);
        assert!(seen.header("user-agent").starts_with("copydesk/"));
        assert_eq!(seen.header("content-length"), seen.raw.len().to_string());
        let (key, other, version) = match format {
            Format::Anthropic => (seen.header("x-api-key").to_owned(), "authorization", "2023-06-01"),
            Format::Azure => (seen.header("api-key").to_owned(), "authorization", ""),
            _ => (seen.header("authorization").replace("Bearer ", ""), "x-api-key", ""),
        };
        assert_eq!((key.as_str(), seen.header(other), seen.header("anthropic-version")), (KEY, "", version));
    }
}

#[tokio::test]
async fn reasons_to_stop_mean_the_same_in_every_format() {
    for format in all() {
        for (stop, expect) in [
            (Stop::EndTurn, StopReason::EndTurn),
            (Stop::MaxTokens, StopReason::MaxTokens),
            (Stop::Refusal, StopReason::Refusal),
            (Stop::Word("tired".into()), StopReason::Other("tired".into())),
        ] {
            // Ollama has no word for a refusal.
            if format == Format::Ollama && stop == Stop::Refusal {
                continue;
            }
            let server = ModelServer::start(format, [Reply::text("a").stop(stop)]);
            assert_eq!(ask(&models(&server, CALM)).await.end.unwrap().reason, expect);
        }
    }
}

#[tokio::test]
async fn bad_arguments_are_kept_for_the_model() {
    for format in all() {
        for (raw, reason) in [
            ("{\"path\": \"a", "not valid JSON"),
            ("[1]", "must be a JSON object"),
            ("nope", "not valid JSON"),
        ] {
            let server = ModelServer::start(format, [Reply::empty().raw_call("c1", "edit", raw)]);
            let answer = ask(&models(&server, CALM)).await.end.unwrap();
            assert_eq!(answer.calls[0].arguments.raw, raw);
            let why = answer.calls[0].arguments.value.clone().unwrap_err();
            assert!(why.contains(reason), "{why}");
        }
        let server = ModelServer::start(format, [Reply::empty().raw_call("c1", "list", "")]);
        let answer = ask(&models(&server, CALM)).await.end.unwrap();
        assert_eq!(answer.calls[0].arguments.value, Ok(json!({})));
    }
}

#[tokio::test]
async fn pieces_arrive_while_the_rest_is_held_back() {
    for format in all() {
        let gate = Gate::new();
        let server = ModelServer::start(format, [Reply::text("one ").wait(&gate).say("two")]);
        let mut stream = bench::call(&models(&server, CALM), &CancellationToken::new());
        assert_eq!(stream.next().await, Some(Ok(ModelEvent::Started)));
        assert_eq!(stream.next().await, Some(Ok(ModelEvent::Text("one ".into()))));
        gate.open();
        assert_eq!(stream.next().await, Some(Ok(ModelEvent::Text("two".into()))));
    }
}

#[tokio::test]
async fn one_connection_serves_call_after_call() {
    for format in all() {
        let server =
            ModelServer::start(format, [Reply::text("one"), Reply::text("two"), Reply::text("three")]);
        let models = models(&server, CALM);
        models.warm(&bench::choice(&models)).await;
        for text in ["one", "two", "three"] {
            assert_eq!(ask(&models).await.end.unwrap().text, text);
        }
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn a_slow_reader_slows_the_server_down() {
    for format in all() {
        let reply = (0..200).fold(Reply::empty(), |reply, _| reply.say(&"x".repeat(40_000)));
        let server = ModelServer::start(format, [reply]);
        let mut stream = bench::call(&models(&server, CALM), &CancellationToken::new());
        assert_eq!(stream.next().await, Some(Ok(ModelEvent::Started)));
        // Eight megabytes fit no buffer on the way: unread, they cannot all have been written.
        assert!(server.requests()[0].answered.is_none());
        let heard = bench::hear_on(stream).await;
        assert_eq!(heard.map(|answer| answer.text.len()), Ok(8_000_000));
    }
}

#[tokio::test]
async fn passing_trouble_is_tried_again() {
    let patient = Manners { retries: 2, ..CALM };
    for format in all() {
        for trouble in [
            Reply::status(429, "{}").header("retry-after", "0"),
            Reply::status(500, "oops"),
            Reply::status(503, ""),
            Reply::status(529, "{}"),
            Reply::status(408, "{}"),
            Reply::empty().end(copydesk_tests::model_server::End::Hangup),
            Reply::empty().end(copydesk_tests::model_server::End::ResetAtOnce),
            Reply::empty().error("overloaded_error", "Overloaded"),
        ] {
            let server =
                ModelServer::start(format, [trouble.clone(), trouble, Reply::text("at last").usage(3, 2)]);
            let heard = ask(&models(&server, patient)).await;
            assert_eq!(heard.end.unwrap().text, "at last");
            assert_eq!(
                heard.usage,
                Usage { input_tokens: 3, output_tokens: 2, requests: 3, usd: None, ..Usage::default() }
            );
            assert_eq!(heard.events, said("at last"));
        }
    }
}

#[tokio::test]
async fn waits_as_long_as_the_server_asks() {
    let server = ModelServer::start(
        Format::Anthropic,
        [Reply::status(429, "{}").header("retry-after", "0.2"), Reply::text("ok")],
    );
    ask(&models(&server, Manners { retries: 1, ..CALM })).await.end.unwrap();
    let seen = server.requests();
    assert!(seen[1].arrived - seen[0].arrived >= Duration::from_millis(200));
}

#[tokio::test]
async fn each_try_is_counted_by_itself_and_the_next_one_can_be_cut_shorter() {
    for format in all() {
        let broken = Reply::text("half an ans").end(End::Early);
        let server = ModelServer::start(format, [broken, Reply::text("whole").usage(7, 2)]);
        let mut stream =
            bench::call(&models(&server, Manners { retries: 1, ..CALM }), &CancellationToken::new());
        let mut counts = Vec::new();
        while let Some(item) = stream.next().await {
            match item.unwrap() {
                ModelEvent::Again { usage, tried, .. } => {
                    assert_eq!((tried, server.requests().len()), (1, 1), "nothing leaves before its time");
                    counts.push(usage);
                    stream.cut_at(321);
                }
                ModelEvent::Usage(usage) => counts.push(usage),
                _ => {}
            }
        }
        // Anthropic counts what was sent before it answers.
        assert_eq!(counts.iter().map(|usage| usage.requests).collect::<Vec<_>>(), [1, 1], "{format:?}");
        assert_eq!((counts[1].input_tokens, counts[1].output_tokens), (7, 2), "{format:?}");
        let [first, second] = [0, 1].map(|at| String::from_utf8(server.requests()[at].raw.clone()).unwrap());
        assert!(!first.contains("321") && second.contains("321"), "{format:?}: {second}");
    }
}

#[tokio::test]
async fn one_try_decides_about_a_model_that_was_passed_over() {
    let trouble = || Reply::status(503, "");
    let server = ModelServer::start(Format::OpenaiChat, [trouble(), trouble()]);
    let health = Health::default();
    let circuit = format!("bench/m at {}", server.base_url());
    let known = Saved {
        model: circuit.clone(),
        failures: 3,
        opened: 1,
        open_until: Some(Timestamp(1)),
        because: "x".into(),
    };
    health.restore(vec![known], Timestamp(1));
    let models = bench::models_with(&server, Manners { retries: 2, ..CALM }, health.clone());
    assert!(ask(&models).await.end.is_err());
    assert_eq!(server.requests().len(), 1);
    assert!(health.of(&circuit).is_open(), "{:?}", health.of(&circuit));
}

#[tokio::test]
async fn what_a_model_thought_goes_back_to_that_model_alone() {
    let first = ModelServer::start(
        Format::OpenaiResponses,
        [Reply::stream(
            "data: {\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":{\"type\":\"reasoning\",\"id\":\"rs_1\",\"encrypted_content\":\"sealed\"}}\n\ndata: {\"type\":\"response.completed\",\"response\":{}}\n\n",
        )],
    );
    let server = ModelServer::start(Format::OpenaiResponses, [Reply::text("a"), Reply::text("b")]);
    let mut stream = bench::call(&models(&first, CALM), &CancellationToken::new());
    let carried = loop {
        if let ModelEvent::Stopped { carried, .. } = stream.next().await.unwrap().unwrap() {
            break carried;
        }
    };
    assert_eq!(carried.len(), 1);
    let models = models(&server, CALM);
    let own = bench::choice(&models);
    let other = models.route(&[Wish::model(Asker::Flag, Some("bench/n".into()))]).unwrap().first;
    for (choice, goes_back) in [(own, true), (other, false)] {
        let message = Message::Assistant { text: "Hi".into(), calls: vec![], carried: carried.clone() };
        let request = Request { messages: vec![message], ..Request::default() };
        bench::hear(models.call(&choice, request, CancellationToken::new())).await.end.unwrap();
        let sent = server.requests().pop().unwrap().text();
        assert_eq!(sent.contains("sealed"), goes_back, "{sent}");
    }
}
