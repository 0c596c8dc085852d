//! The server's own tests: what it says on the wire, and what it notices.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;

use super::{Delivery, End, Format, Framing, Gate, ModelServer, Reply};

fn ask(server: &ModelServer, body: &str) -> TcpStream {
    let mut socket = TcpStream::connect(server.address()).unwrap();
    let path = server.format().path();
    let length = body.len();
    write!(socket, "POST {path} HTTP/1.1\r\nHost: x\r\nX-Odd: yes\r\nContent-Length: {length}\r\n\r\n{body}")
        .unwrap();
    socket
}

/// The answer's body, for replies that end by closing the connection.
fn body(mut socket: TcpStream) -> String {
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    text.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[test]
fn speaks_both_formats() {
    let reply = || {
        Reply::text("Hi")
            .tool_call_for_test()
            .usage(7, 3)
            .framing(Framing::UntilClose)
            .delivery(Delivery::AtOnce)
    };
    let anthropic = ModelServer::start(Format::Anthropic, [reply()]);
    let text = body(ask(&anthropic, "{}"));
    let names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(
        names,
        [
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "content_block_start",
            "content_block_delta",
            "content_block_delta",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop"
        ]
    );
    assert!(text.contains(r#""stop_reason":"tool_use""#), "{text}");

    let openai = ModelServer::start(Format::OpenaiChat, [reply()]);
    let text = body(ask(&openai, "{}"));
    assert!(text.contains(r#""finish_reason":"tool_calls""#), "{text}");
    assert!(text.contains(r#""completion_tokens":3"#), "{text}");
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
}

#[test]
fn keeps_what_it_was_told_and_picks_the_reply_that_fits() {
    let script =
        [Reply::text("two").when("second"), Reply::text("one")].map(|r| r.framing(Framing::UntilClose));
    let server = ModelServer::start(Format::OpenaiChat, script);
    assert!(body(ask(&server, r#"{"first":1}"#)).contains("one"));
    assert!(body(ask(&server, r#"{"second":1}"#)).contains("two"));
    let seen = server.wait_answered(1);
    assert_eq!((seen.body["second"].clone(), seen.header("x-odd"), seen.connection), (json!(1), "yes", 1));
    assert_eq!(server.unused(), 0);
}

#[test]
fn notices_when_the_client_leaves() {
    let gate = Gate::new();
    let server = ModelServer::start(Format::Anthropic, [Reply::text("a").wait(&gate).say("b")]);
    let socket = ask(&server, "{}");
    let seen = server.wait_request(0);
    assert!(seen.closed.is_none() && seen.answered.is_none());
    drop(socket);
    let seen = server.wait_closed(0);
    assert!(seen.answered.is_none());
}

#[test]
fn cuts_resets_and_talks_nonsense() {
    let cut = Reply::text("abc").end(End::Cut(5)).framing(Framing::UntilClose);
    let server = ModelServer::start(
        Format::OpenaiChat,
        [cut, Reply::empty().end(End::ResetAtOnce), Reply::garbage("pfft")],
    );
    assert_eq!(body(ask(&server, "{}")), "data:");
    let mut text = String::new();
    let error = ask(&server, "{}").read_to_string(&mut text).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    ask(&server, "{}").read_to_string(&mut text).unwrap();
    assert_eq!(text, "pfft");
}

impl Reply {
    fn tool_call_for_test(self) -> Self {
        self.call("edit", &json!({"path": "a.py", "old": "x", "new": "y"}))
    }
}
