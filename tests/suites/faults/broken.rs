//! Answers that break off, stall, trickle in or make no sense.

use copydesk_tests::model_server::{End, Format, Reply};
use serde_json::json;

use crate::{Answers, Row, Says, SaysOf, row, run, tell};

fn begun() -> Reply {
    Reply::text("half an ans")
}

/// A reply as often as a call is tried.
fn always(reply: Reply) -> Vec<Reply> {
    vec![reply; 3]
}

/// What a person reads of an answer that broke off, whatever had come of it.
fn assert_cut(replies: impl Fn(Format) -> Vec<Reply> + Sync) {
    std::thread::scope(|scope| {
        for format in Format::ALL {
            let replies = &replies;
            scope.spawn(move || {
                let told = run(format, replies(format), "{}");
                let error = told.report["error"].as_str().unwrap_or_default();
                let right = error.contains("the answer of http://")
                    && error.contains(" was cut off after ")
                    && error.ends_with(" bytes. Nothing of it was used. Ask again.");
                assert!(right, "{format:?}: {}", told.report);
                assert_eq!(told.model.requests().len(), 3, "{format:?}: {}", told.report);
                assert_eq!(told.report["text"], "", "{}", told.report);
            });
        }
    });
}

#[test]
fn a_reset_before_the_answer_is_a_server_that_cannot_be_reached() {
    tell(|| {
        vec![
            row(
                "reset early",
                always(Reply::empty().end(End::ResetAtOnce)),
                3,
                Says(
                    "failed to reach the model: cannot reach ADDRESS: connection reset by peer. Check that the server runs and that base_url is right, its http:// or https:// too.",
                ),
            ),
            row(
                "reset early, once",
                vec![Reply::empty().end(End::ResetAtOnce), Reply::text("Hello.")],
                2,
                Answers("Hello."),
            ),
        ]
    });
}

#[test]
fn a_reset_in_the_middle_and_at_the_end_uses_nothing() {
    let long = || begun().say(&"x".repeat(5_000));
    assert_cut(|_| always(long().end(End::Reset(3_000))));
    // Everything but the last bytes of the terminator.
    assert_cut(|format| always(Reply::text("all of it, but for its end").end(End::Reset(late(format)))));
}

/// Bytes of the answer above that fall short of its end, but not by much.
const fn late(format: Format) -> usize {
    match format {
        Format::Anthropic => 560,
        Format::OpenaiResponses => 450,
        _ => 180,
    }
}

#[test]
fn an_end_in_good_order_without_the_terminator_uses_nothing() {
    assert_cut(|_| always(begun().end(End::Early)));
    assert_cut(|_| {
        let call = begun().call("edit", &json!({"path": "calc.py", "old": "x * 2", "new": "x * 9"}));
        always(call.end(End::Early))
    });
}

#[test]
fn a_broken_answer_is_asked_for_again() {
    tell(|| {
        vec![
            row(
                "clean EOF, once",
                vec![begun().end(End::Early), Reply::text("Hello.")],
                2,
                Answers("Hello."),
            ),
            row(
                "an error inside, once",
                vec![begun().error("api_error", "sorry"), Reply::text("Hello.")],
                2,
                Answers("Hello."),
            ),
        ]
    });
}

#[test]
fn nonsense_is_named() {
    tell(|| {
        let lines = "hello there\ndata: {\"a\":\n\n";
        vec![
            row(
                "a malformed event",
                vec![Reply::stream(lines)],
                1,
                SaysOf(|format| match format {
                    Format::Anthropic => {
                        "failed to reach the model: the answer of ADDRESS cannot be read: an event is no Anthropic message event: EOF while parsing a value at line 1 column 5. Check that base_url and kind fit the server."
                    }
                    Format::OpenaiResponses => {
                        "failed to reach the model: the answer of ADDRESS cannot be read: an event is no OpenAI response event: EOF while parsing a value at line 1 column 5. Check that base_url and kind fit the server."
                    }
                    Format::Ollama => {
                        "failed to reach the model: the answer of ADDRESS cannot be read: a line is no Ollama message: expected value at line 1 column 1. Check that base_url and kind fit the server."
                    }
                    _ => {
                        "failed to reach the model: the answer of ADDRESS cannot be read: an event is no chat completion chunk: EOF while parsing a value at line 1 column 5. Check that base_url and kind fit the server."
                    }
                }),
            ),
            row(
                "bad UTF-8",
                vec![Reply::stream(&b"data: \xff\xfe\n\n"[..])],
                1,
                SaysOf(|format| match format {
                    Format::Ollama => {
                        "failed to reach the model: the answer of ADDRESS cannot be read: a line is no UTF-8. Check that base_url and kind fit the server."
                    }
                    _ => {
                        "failed to reach the model: the answer of ADDRESS cannot be read: an event is no UTF-8. Check that base_url and kind fit the server."
                    }
                }),
            ),
            row(
                "a packed answer",
                vec![Reply::stream("packed").header("content-encoding", "gzip")],
                1,
                Says(
                    "failed to reach the model: the answer of ADDRESS cannot be read: it is packed with gzip, which was not asked for. Check that base_url and kind fit the server.",
                ),
            ),
            row(
                "a web page",
                vec![Reply::stream("<html>login</html>").header("content-type", "text/html")],
                1,
                Says(
                    "failed to reach the model: the answer of ADDRESS cannot be read: it is text/html where a stream was asked for. Check that base_url and kind fit the server.",
                ),
            ),
        ]
    });
}

#[test]
fn an_error_inside_an_answer_is_told() {
    tell(|| {
        vec![row(
            "in-stream error",
            always(begun().error("overloaded_error", "too many")),
            3,
            SaysOf(|format| match format {
                Format::Ollama => {
                    "failed to reach the model: the model server broke off with an error: too many. Ask again; if it stays, the server's own status page or log says more."
                }
                _ => {
                    "failed to reach the model: ADDRESS is overloaded: too many. Ask again in a minute, or choose another model."
                }
            }),
        )]
    });
}

#[test]
fn every_way_of_saying_nothing_ends() {
    let patient = |row: Row, timeouts: &'static str| Row { timeouts, ..row };
    tell(|| {
        vec![
            patient(
                row(
                    "no head",
                    vec![Reply::empty().end(End::Silence)],
                    1,
                    Says(
                        "failed to reach the model: no answer from ADDRESS within 300 ms. Ask again, or raise timeouts.first_byte for a model that thinks long or is still loading.",
                    ),
                ),
                "{first_byte: 300ms}",
            ),
            patient(
                row(
                    "a stall",
                    always(begun().end(End::Stall)),
                    3,
                    Says(
                        "failed to reach the model: no further piece of the answer from ADDRESS within 300 ms. Ask again, or raise timeouts.idle for a slow model.",
                    ),
                ),
                "{idle: 300ms}",
            ),
            patient(
                row(
                    "slow loris",
                    always(begun().end(End::Drip)),
                    3,
                    Says(
                        "failed to reach the model: no whole event from ADDRESS within 300 ms. Something between here and the model lets almost nothing through. Ask again, or raise timeouts.progress for a very slow line.",
                    ),
                ),
                "{progress: 300ms}",
            ),
            patient(
                row(
                    "slow loris in the head",
                    always(Reply::empty().end(End::HeadDrip)),
                    3,
                    Says(
                        "failed to reach the model: no whole beginning of the answer from ADDRESS within 300 ms. Something between here and the model lets almost nothing through. Ask again, or raise timeouts.progress for a very slow line.",
                    ),
                ),
                "{progress: 300ms}",
            ),
            patient(
                row(
                    "pings for ever",
                    vec![begun().end(End::Pings)],
                    1,
                    Says(
                        "failed to reach the model: no further word of the answer, only signs of life, from ADDRESS within 300 ms. Ask again, or raise timeouts.first_byte for a model that thinks long.",
                    ),
                ),
                "{first_byte: 300ms, idle: 300ms}",
            ),
        ]
    });
}
