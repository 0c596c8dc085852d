//! Everything that a server, a network or a person can do to a call, with what becomes of it, in every format.

use std::time::Duration;

use copydesk_base::config::{Provider, ProviderKind, Timeouts};
use copydesk_provider::error::Scheme;
use copydesk_provider::{CallError, Endpoint, ModelEvent, Models, ModelsConfig, Request, Waited};
use copydesk_tests::model_server::{Delivery, End, Format, Framing, Gate, ModelServer, Reply};
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::bench::{self, CALM, KEY, Manners, VARIABLE, address, ask, fails, models, models_at, said};

const MOMENT: Duration = Duration::from_millis(60);

#[tokio::test]
async fn a_stream_that_ends_too_early_is_no_answer() {
    for format in Format::ALL {
        for framing in [Framing::Chunked, Framing::UntilClose] {
            let (server, events, error) =
                fails(format, CALM, vec![Reply::text("half an ans").end(End::Early).framing(framing)]).await;
            assert_eq!(events, said("half an ans"));
            assert!(
                matches!(&error, CallError::Truncated { address: a, received: 1.. } if *a == address(&server)),
                "{error:?}"
            );
        }
        let (server, events, error) = fails(format, CALM, vec![Reply::stream("")]).await;
        assert_eq!(
            (events, error),
            (vec![], CallError::Truncated { address: address(&server), received: 0 })
        );
    }
}

/// Cut behind every single byte: nothing before the terminator, everything behind it.
#[tokio::test]
async fn no_cut_makes_an_answer() {
    let reply = || Reply::text("Ä").call("edit", &serde_json::json!({"path": "a"}));
    let first_answer = async |format: Format, framing: Framing| {
        let whole = ModelServer::start(format, [reply().framing(framing)]);
        let whole = ask(&models(&whole, CALM)).await.end.unwrap();
        let size = match format {
            Format::Anthropic | Format::Ollama => 1500,
            _ => 1900,
        };
        let server =
            ModelServer::start(format, (0..size).map(|at| reply().framing(framing).end(End::Cut(at))));
        let models = models(&server, CALM);
        let mut first = None;
        for at in 0..size {
            match (ask(&models).await.end, first) {
                (Ok(answer), _) => {
                    assert_eq!(answer, whole, "{framing:?}, cut behind {at} bytes");
                    first.get_or_insert(at);
                }
                (Err(CallError::Truncated { received, .. }), None) => assert_eq!(received, at as u64),
                (Err(CallError::Malformed { reason, .. }), None) => assert_eq!(reason, "it holds no event"),
                (Err(error), _) => panic!("{framing:?}, cut behind {at} bytes: {error:?}"),
            }
        }
        first.expect("the sizes reach past the answer's end")
    };
    let of = async |format| {
        (first_answer(format, Framing::Chunked).await, first_answer(format, Framing::UntilClose).await)
    };
    let (chunked, until_close) = of(Format::Anthropic).await;
    assert_eq!(chunked, until_close, "message_stop is the terminator");
    let (chunked, until_close) = of(Format::OpenaiResponses).await;
    assert_eq!(chunked, until_close, "response.completed is the terminator");
    let (chunked, until_close) = of(Format::Ollama).await;
    assert_eq!(chunked, until_close + 1, "a body that ended in good order needs no last line break");
    // Where the body ended in good order, a finish_reason is enough; where the connection broke, only [DONE] is.
    let (chunked, until_close) = of(Format::OpenaiChat).await;
    assert!(until_close < chunked, "{until_close} {chunked}");
}

#[tokio::test]
async fn silence_ends() {
    let first = Manners { first_byte: MOMENT, ..CALM };
    let idle = Manners { idle: MOMENT, ..CALM };
    for format in Format::ALL {
        let check = async |manners, reply: Reply, waited, pieces: &[&str]| {
            let (server, events, error) = fails(format, manners, vec![reply]).await;
            assert_eq!(error, CallError::Timeout { address: address(&server), waited, after: MOMENT });
            assert_eq!(
                events.iter().filter(|event| matches!(event, ModelEvent::Text(_))).count(),
                pieces.len()
            );
            server.closed(0).await;
        };
        check(first, Reply::empty().end(End::Silence), Waited::FirstByte, &[]).await;
        check(first, Reply::stream("").end(End::Stall), Waited::FirstByte, &[]).await;
        // In one write, so that a busy machine cannot pause within it.
        let begun = Reply::text("and then").delivery(Delivery::AtOnce).end(End::Stall);
        check(idle, begun, Waited::Idle, &["and then"]).await;
    }
}

#[tokio::test]
async fn a_list_is_waited_for_no_longer_than_an_answer() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1", silent.local_addr().unwrap());
    let span = copydesk_base::config::Duration;
    let provider = Provider {
        kind: ProviderKind::OpenaiChat,
        base_url: Some(base_url.clone()),
        timeouts: Timeouts { first_byte: span(MOMENT), ..Timeouts::default() },
        ..Provider::default()
    };
    let models = models_at(Format::OpenaiChat, &base_url, CALM);
    let error = models.list(&Endpoint::configured("bench", &provider)).await.unwrap_err();
    let address = format!("{base_url}/models");
    assert_eq!(error, CallError::Timeout { address, waited: Waited::List, after: MOMENT });
}

/// A model that is still being loaded is silent for long; whoever lets a byte of the head through now and then is not,
/// and does not have that long.
#[tokio::test]
async fn a_head_that_trickles_in_is_no_silence() {
    let manners = Manners { progress: MOMENT, ..CALM };
    for format in Format::ALL {
        let (server, events, error) = fails(format, manners, vec![Reply::empty().end(End::HeadDrip)]).await;
        let waited = Waited::Head;
        let expect = CallError::Timeout { address: address(&server), waited, after: MOMENT };
        assert_eq!((events, error), (vec![], expect));
        server.closed(0).await;
    }
}

/// Larger than what the system keeps on both sides of a connection.
fn large() -> Request {
    bench::request(&"long ".repeat(5 << 20))
}

#[tokio::test]
async fn nobody_waits_for_an_answer_while_the_request_is_on_its_way() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    let address = || format!("{base_url}/chat/completions");
    let ends = async |manners| {
        let models = models_at(Format::OpenaiChat, &base_url, manners);
        bench::hear(models.call(&bench::choice(&models), large(), CancellationToken::new())).await.end
    };
    // Much less time than it takes to send so much; what was sent is whole all the same.
    let quick = Duration::from_millis(1);
    let taking = async {
        let (mut server, _) = listener.accept().await.unwrap();
        tokio::io::copy(&mut server, &mut tokio::io::sink()).await.unwrap()
    };
    let (end, taken) = tokio::join!(ends(Manners { first_byte: quick, ..CALM }), taking);
    assert_eq!(end, Err(CallError::Timeout { address: address(), waited: Waited::FirstByte, after: quick }));
    assert!(taken > 5 * (5 << 20), "{taken} bytes were taken");

    let end = ends(Manners { first_byte: MOMENT, idle: MOMENT, ..CALM }).await;
    assert_eq!(end, Err(CallError::Timeout { address: address(), waited: Waited::Upload, after: MOMENT }));
}

/// What servers answer that speak TLS, to whoever does not; and the other way round.
#[tokio::test]
async fn who_speaks_tls_and_who_does_not_is_told() {
    let words = |body: &str| Reply::status(400, body);
    for format in Format::ALL {
        for reply in [
            Reply::garbage([21, 3, 1, 0, 2, 2, 70]),
            words("Client sent an HTTP request to an HTTPS server.\n"),
            words(
                "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>",
            ),
        ] {
            let (server, _, error) = fails(format, CALM, vec![reply]).await;
            assert_eq!(error, CallError::Scheme { address: address(&server), there: Scheme::Secure });
        }
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("https://{}/v1", listener.local_addr().unwrap());
    let answering = async {
        let (mut server, _) = listener.accept().await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut server, b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        server
    };
    let models = models_at(Format::OpenaiChat, &base_url, CALM);
    let (heard, _) = tokio::join!(ask(&models), answering);
    let address = format!("{base_url}/chat/completions");
    assert_eq!(heard.end, Err(CallError::Scheme { address, there: Scheme::Plain }));
    assert_eq!(heard.usage.requests, 0, "nothing was sent");
    // One that throws the connection away at the first word of TLS, which it leaves unread.
    let resetting = async {
        let (server, _) = listener.accept().await.unwrap();
        server.readable().await.unwrap();
    };
    let models = models_at(Format::OpenaiChat, &base_url, CALM);
    let (heard, ()) = tokio::join!(ask(&models), resetting);
    let reason =
        "it hung up when TLS began; if it has no certificate, base_url begins with http://".to_owned();
    let address = format!("{base_url}/chat/completions");
    assert_eq!(heard.end, Err(CallError::Unreachable { address, reason }));
}

#[tokio::test]
async fn a_connection_that_breaks_is_reported() {
    for format in Format::ALL {
        let address = |server: &ModelServer| address(server);
        let (server, events, error) = fails(format, CALM, vec![Reply::empty().end(End::Hangup)]).await;
        let reason = "the connection was closed before an answer came".to_owned();
        assert_eq!((events, error), (vec![], CallError::HungUp { address: address(&server), reason }));

        let (server, events, error) = fails(format, CALM, vec![Reply::empty().end(End::ResetAtOnce)]).await;
        let reason = "connection reset by peer".to_owned();
        assert_eq!((events, error), (vec![], CallError::HungUp { address: address(&server), reason }));

        let gate = Gate::new();
        let reset = Reply::text("some").wait(&gate).say(&"x".repeat(5_000)).end(End::Reset(3_000));
        let server = ModelServer::start(format, [reset]);
        let mut stream = bench::call(&models(&server, CALM), &CancellationToken::new());
        assert_eq!(stream.next().await, Some(Ok(ModelEvent::Started)));
        assert_eq!(stream.next().await, Some(Ok(ModelEvent::Text("some".into()))));
        gate.open();
        let error = bench::hear_on(stream).await.unwrap_err();
        assert!(matches!(error, CallError::Truncated { received: 1.., .. }), "{error:?}");
    }
}

/// What to do about a 404, from a server at a usual address.
/// What is advised about a 404, of a server whose errors look like Anthropic's.
fn remedy(format: Format) -> String {
    let usual = usual_remedy(format);
    match format {
        Format::Anthropic | Format::Azure => usual.to_owned(),
        _ => format!(
            "{usual} Its answer looks like Anthropic's API: if that is what it speaks, write kind: anthropic, without \
             /v1 at the end of base_url."
        ),
    }
}

const fn usual_remedy(format: Format) -> &'static str {
    match format {
        Format::Ollama | Format::OllamaHole => {
            "Run 'ollama pull m', or wait until the pull that is under way has ended; 'copydesk models' shows what is \
             there."
        }
        Format::Azure => {
            "Check base_url, that a deployment has the model's name, and api_version; 'copydesk models' shows the \
             deployments."
        }
        Format::OpenaiResponses | Format::Anthropic => {
            "Check the model's name and base_url, and whether the server has this API: many have openai-chat only."
        }
        Format::OpenaiChat | Format::Completions | Format::LlamaCpp => {
            "Check the model's name and base_url; 'copydesk models' shows which models it has."
        }
    }
}

#[tokio::test]
async fn an_address_that_a_server_does_not_have_is_that_whatever_the_status() {
    let message = "Unexpected endpoint or method. (POST /chat/completions)";
    let body = format!(r#"{{"error":"{message}"}}"#);
    for format in [Format::OpenaiChat, Format::OpenaiResponses] {
        let manners = Manners { retries: 2, ..CALM };
        let reply = Reply::status(200, &body).header("content-type", "application/json");
        let (server, events, error) = fails(format, manners, vec![reply; 3]).await;
        let expect = CallError::NotFound {
            address: address(&server),
            model: "m".into(),
            remedy: usual_remedy(format).to_owned(),
            message: message.to_owned(),
        };
        assert_eq!((error, events, server.requests().len()), (expect, vec![], 1));
    }
}

#[tokio::test]
async fn every_status_has_its_error() {
    let body = format!(r#"{{"type":"error","error":{{"type":"x","message":"no, {KEY}!"}}}}"#);
    let message = || "no, [redacted]!".to_owned();
    for format in Format::ALL {
        let manners = Manners { retries: 2, ..CALM };
        let check = async |status: u16,
                           header: Option<(&str, &str)>,
                           tries: usize,
                           expect: &dyn Fn(String) -> CallError| {
            let reply = Reply::status(status, &body);
            let reply = header.into_iter().fold(reply, |reply, (name, value)| reply.header(name, value));
            let (server, events, error) = fails(format, manners, vec![reply; 3]).await;
            assert_eq!(error, expect(address(&server)));
            assert_eq!((events, server.requests().len()), (vec![], tries), "{status}");
        };
        for status in [401, 403] {
            let key = format!("the key came from {VARIABLE}");
            check(status, None, 1, &|address| CallError::Refused {
                address,
                status,
                key: key.clone(),
                message: message(),
            })
            .await;
        }
        check(404, None, 1, &|address| CallError::NotFound {
            address,
            model: "m".into(),
            remedy: remedy(format),
            message: message(),
        })
        .await;
        for status in [400, 413, 422] {
            check(status, None, 1, &|address| CallError::Status {
                address,
                status,
                retry_after: None,
                message: message(),
            })
            .await;
        }
        if !matches!(format, Format::Ollama | Format::OllamaHole) {
            what_is_missing(format).await;
        }
        for status in [408, 409, 500, 502] {
            check(status, None, 3, &|address| CallError::Status {
                address,
                status,
                retry_after: None,
                message: message(),
            })
            .await;
            let long = Some(Duration::from_mins(5));
            check(status, Some(("retry-after", "300")), 1, &|address| CallError::Status {
                address,
                status,
                retry_after: long,
                message: message(),
            })
            .await;
        }
        check(429, None, 3, &|address| CallError::RateLimited {
            address,
            retry_after: None,
            message: message(),
        })
        .await;
        check(429, Some(("retry-after", "0")), 3, &|address| CallError::RateLimited {
            address,
            retry_after: None,
            message: message(),
        })
        .await;
        check(400, Some(("content-encoding", "gzip")), 1, &|address| CallError::Status {
            address,
            status: 400,
            retry_after: None,
            message: String::new(),
        })
        .await;
        // Nothing has changed since when? Nobody asked; and nobody is sent elsewhere.
        check(304, None, 1, &|address| CallError::Status {
            address,
            status: 304,
            retry_after: None,
            message: String::new(),
        })
        .await;
        // The answer has no date of its own: our clock tells. A time that is over asks for nothing.
        check(429, Some(("retry-after", "Wed, 21 Oct 2015 07:29:30 GMT")), 3, &|address| {
            CallError::RateLimited { address, retry_after: None, message: message() }
        })
        .await;
        let longest = Some(Duration::from_hours(100 * 365 * 24));
        check(503, Some(("retry-after", "Thu, 21 Oct 2399 07:29:30 GMT")), 1, &|address| {
            CallError::Overloaded { address, retry_after: longest, message: message() }
        })
        .await;
        let soon = Some(Duration::from_millis(1));
        check(429, Some(("retry-after-ms", "1")), 3, &|address| CallError::RateLimited {
            address,
            retry_after: soon,
            message: message(),
        })
        .await;
        let long = Some(Duration::from_hours(1));
        check(429, Some(("retry-after", "3600")), 1, &|address| CallError::RateLimited {
            address,
            retry_after: long,
            message: message(),
        })
        .await;
        check(529, Some(("retry-after", "3600")), 1, &|address| CallError::Overloaded {
            address,
            retry_after: long,
            message: message(),
        })
        .await;
        check(503, None, 3, &|address| CallError::Overloaded {
            address,
            retry_after: None,
            message: message(),
        })
        .await;
    }
}

/// What another provider may have is told as such, whatever the status says of the request.
async fn what_is_missing(format: Format) {
    let key = || format!("the key came from {VARIABLE}");
    let check = async |status: u16, body: &str, expect: &dyn Fn(String) -> CallError| {
        let (server, _, error) = fails(format, CALM, vec![Reply::status(status, body)]).await;
        assert_eq!(error, expect(address(&server)), "{body}");
    };
    let spent = r#"{"error":{"type":"invalid_request_error","message":"Your credit balance is too low."}}"#;
    for status in [400, 403, 422] {
        let message = "Your credit balance is too low.".to_owned();
        check(status, spent, &|address| CallError::NoCredit { address, message: message.clone() }).await;
    }
    let refused = r#"[{"error":{"message":"no","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}]"#;
    check(400, refused, &|address| CallError::Refused {
        address,
        status: 400,
        key: key(),
        message: "no".to_owned(),
    })
    .await;
    for (body, message) in [
        (r#"{"object":"error","message":"no","type":"invalid_model","code":"1500"}"#, "no"),
        (r#"{"error":{"message":"m is not a valid model ID","code":400}}"#, "m is not a valid model ID"),
    ] {
        check(400, body, &|address| CallError::NoModel {
            address,
            model: "m".to_owned(),
            message: message.to_owned(),
        })
        .await;
    }
}

#[tokio::test]
async fn nonsense_is_named() {
    for format in Format::ALL {
        let check = async |reply: Reply, expect: &str| {
            let (server, events, error) = fails(format, CALM, vec![reply]).await;
            assert_eq!(events, []);
            match error {
                CallError::Malformed { address: a, reason } => {
                    assert_eq!(a, address(&server));
                    assert!(reason.contains(expect), "{reason}");
                }
                other => panic!("{expect}: {other:?}"),
            }
        };
        check(Reply::garbage("220 mail.example ESMTP\r\n"), "it is no HTTP").await;
        check(Reply::garbage([0xff; 64]), "it is no HTTP").await;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";
        let chunked =
            |size: &str| Reply::garbage(format!("{head}transfer-encoding: chunked\r\n\r\n{size}\r\nabc\r\n"));
        check(chunked("zz"), "the lengths of its pieces are wrong: ").await;
        check(chunked("ffffffffffffffffff"), "the lengths of its pieces are wrong: ").await;
        check(chunked("1"), "the lengths of its pieces are wrong: ").await;
        let many = "x-again: a\r\n".repeat(150);
        let large = format!("x-a: {}\r\n", "a".repeat(3_000_000));
        for lines in [many, large] {
            check(Reply::garbage(format!("{head}{lines}\r\n")), "more lines, or is longer").await;
        }
        check(Reply::status(204, ""), "there is none, only status 204").await;
        if format == Format::Ollama {
            check(Reply::stream("hello there\n"), "a line is no").await;
            check(Reply::stream(&b"\xff\xfe\n"[..]), "UTF-8").await;
        } else {
            check(Reply::stream("hello there\n\n"), "it holds no event").await;
            check(Reply::stream("data: hello there\n\n"), "an event is no").await;
            check(Reply::stream("data: {\"a\":\n\n"), "an event is no").await;
            check(Reply::stream(&b"data: \xff\xfe\n\n"[..]), "an event is no UTF-8").await;
        }
        check(
            Reply::stream("<html>login</html>").header("content-type", "text/html; charset=utf-8"),
            "text/html",
        )
        .await;
        check(Reply::stream("{}").header("content-type", "application/json"), "application/json").await;
    }
}

#[tokio::test]
async fn endless_talk_is_cut() {
    for format in Format::ALL {
        for end in [End::Babble, End::EndlessLine] {
            let (server, _, error) = fails(format, CALM, vec![Reply::empty().end(end)]).await;
            assert_eq!(error, CallError::TooLong { limit: 8 << 20 }, "{end:?}");
            server.closed(0).await;
        }
    }
}

#[tokio::test]
async fn an_error_inside_an_answer_ends_it() {
    let manners = Manners { retries: 2, ..CALM };
    for format in Format::ALL {
        let check = async |reply: Reply, tries: usize, expect: &dyn Fn(String) -> CallError| {
            let (server, _, error) = fails(format, manners, vec![reply; 3]).await;
            assert_eq!((error, server.requests().len()), (expect(address(&server)), tries));
        };
        if format == Format::Ollama {
            // Its errors are words without a kind.
            let broke =
                |_| CallError::BrokeOff { kind: "server_error".into(), message: "sorry [redacted]".into() };
            check(Reply::empty().error("", &format!("sorry {KEY}")), 3, &broke).await;
            check(Reply::text("I ").error("", &format!("sorry {KEY}")), 3, &broke).await;
            continue;
        }
        let said = format!("sorry {KEY}");
        let message = || "sorry [redacted]".to_owned();
        let overloaded = |address| CallError::Overloaded { address, retry_after: None, message: message() };
        check(Reply::empty().error("overloaded_error", &said), 3, &overloaded).await;
        check(Reply::text("I ").error("overloaded_error", &said), 3, &overloaded).await;
        let limited = |address| CallError::RateLimited { address, retry_after: None, message: message() };
        check(Reply::text("I ").error("rate_limit_error", &said), 3, &limited).await;
        let broke = |kind: &str| CallError::BrokeOff { kind: kind.to_owned(), message: message() };
        check(Reply::empty().error("api_error", &said), 3, &|_| broke("api_error")).await;
        check(Reply::text("I ").error("api_error", &said), 3, &|_| broke("api_error")).await;
        check(Reply::empty().error("invalid_request_error", &said), 1, &|_| broke("invalid_request_error"))
            .await;
    }
}

#[tokio::test]
async fn nobody_at_the_address() {
    // A port that was free a moment ago.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for format in Format::ALL {
        let base_url = format!("http://{address}/v1");
        let heard = ask(&models_at(format, &base_url, Manners { retries: 1, ..CALM })).await;
        match heard.end {
            Err(CallError::Unreachable { address: shown, reason }) => {
                assert!(shown.starts_with(&base_url), "{shown}");
                assert_eq!(reason, "connection refused");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(heard.usage.requests, 0, "nothing left this machine");
        for base_url in ["nonsense", "ftp://a.example", "http://user:pass@127.0.0.1/v1"] {
            let heard = ask(&models_at(format, base_url, CALM)).await;
            assert!(matches!(heard.end, Err(CallError::BadAddress { .. })), "{:?}", heard.end);
            assert!(!format!("{:?}", heard.end).contains("pass@"));
        }
    }
}

#[tokio::test]
async fn a_full_doorway_is_a_connection_that_never_stands() {
    // A listener that nobody serves and whose queue is full: the kernel leaves further callers without an answer.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queued = Vec::new();
    let patience = Duration::from_millis(300);
    while let Ok(Ok(caller)) = tokio::time::timeout(patience, tokio::net::TcpStream::connect(address)).await {
        queued.push(caller);
    }
    let provider = copydesk_base::config::Provider {
        kind: copydesk_base::config::ProviderKind::OpenaiChat,
        base_url: Some(format!("http://{address}/v1")),
        default_model: Some("m".into()),
        timeouts: copydesk_base::config::Timeouts {
            connect: copydesk_base::config::Duration(MOMENT),
            ..Default::default()
        },
        ..Default::default()
    };
    let config = ModelsConfig { providers: [("bench".to_owned(), provider)].into(), ..Default::default() };
    let heard = ask(&Models::new(&config, bench::keys(&[]))).await;
    let shown = format!("http://{address}/v1/chat/completions");
    assert_eq!(heard.end, Err(CallError::Timeout { address: shown, waited: Waited::Connect, after: MOMENT }));
}
