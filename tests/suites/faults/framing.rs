//! What goes wrong below the words: HTTP that is none, pieces with wrong lengths, statuses without an answer, TLS on
//! the wrong side, and every way of saying when to come back.

use copydesk_tests::model_server::Reply;

use crate::{Answers, Row, Says, row, tell};

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";

fn pieces(size: &str) -> Reply {
    Reply::garbage(format!("{HEAD}transfer-encoding: chunked\r\n\r\n{size}\r\nabc\r\n"))
}

/// What is asked for once, and told.
fn once(fault: &'static str, reply: Reply, sentence: &'static str) -> Row {
    row(fault, vec![reply], 1, Says(sentence))
}

#[test]
fn what_is_no_answer_of_http_is_told_as_what_it_is() {
    tell(|| {
        vec![
            once(
                "a mail server",
                Reply::garbage("220 mail.example ESMTP\r\n"),
                "failed to reach the model: the answer of ADDRESS cannot be read: it is no HTTP: invalid HTTP version parsed. Check that base_url and kind fit the server.",
            ),
            once(
                "lengths that are no numbers",
                pieces("zz"),
                "failed to reach the model: the answer of ADDRESS cannot be read: the lengths of its pieces are wrong: invalid chunk size line: missing size digit. Check that base_url and kind fit the server.",
            ),
            once(
                "lengths without end",
                pieces("ffffffffffffffffff"),
                "failed to reach the model: the answer of ADDRESS cannot be read: the lengths of its pieces are wrong: invalid chunk size: overflow. Check that base_url and kind fit the server.",
            ),
            once(
                "lengths that lie",
                pieces("1"),
                "failed to reach the model: the answer of ADDRESS cannot be read: the lengths of its pieces are wrong: invalid chunk body CR. Check that base_url and kind fit the server.",
            ),
            once(
                "a head of many lines",
                Reply::garbage(format!("{HEAD}{}\r\n", "x-again: a\r\n".repeat(150))),
                "failed to reach the model: the answer of ADDRESS cannot be read: what stands before it has more lines, or is longer, than any answer's. Check that base_url and kind fit the server.",
            ),
            once(
                "a head of megabytes",
                Reply::garbage(format!("{HEAD}x-a: {}\r\n\r\n", "a".repeat(3_000_000))),
                "failed to reach the model: the answer of ADDRESS cannot be read: what stands before it has more lines, or is longer, than any answer's. Check that base_url and kind fit the server.",
            ),
            once(
                "no content",
                Reply::status(204, ""),
                "failed to reach the model: the answer of ADDRESS cannot be read: there is none, only status 204. Check that base_url and kind fit the server.",
            ),
            once(
                "not modified",
                Reply::status(304, ""),
                "failed to reach the model: ADDRESS answered with status 304. Ask again; if it stays, the server's own status page or log says more.",
            ),
            once(
                "a document that is broken at its full length",
                Reply::garbage(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n{\"choices\": [",
                ),
                "failed to reach the model: the answer of ADDRESS cannot be read: it has the length that its server says, and is JSON that ends in its middle. Check that base_url and kind fit the server.",
            ),
            once(
                "a document",
                Reply::stream("{}").header("content-type", "application/json"),
                "failed to reach the model: the answer of ADDRESS cannot be read: it is application/json where a stream was asked for, and holds no answer. Check that base_url and kind fit the server.",
            ),
        ]
    });
}

#[test]
fn a_server_that_wants_tls_is_told_with_its_mend() {
    tell(|| {
        let sentence = "failed to reach the model: cannot reach ADDRESS: what listens there speaks TLS, and base_url says http. Write https:// in base_url, or give the port of the server that speaks plain HTTP.";
        vec![
            once("an alert of TLS", Reply::garbage([21, 3, 1, 0, 2, 2, 70]), sentence),
            once(
                "words about it",
                Reply::status(400, "Client sent an HTTP request to an HTTPS server.\n"),
                sentence,
            ),
        ]
    });
}

#[test]
fn when_to_come_back_is_heard_in_every_form() {
    let busy = || Reply::status(429, "{\"error\": {\"message\": \"slow down\"}}");
    let hello = || Reply::text("Hello.");
    tell(|| {
        let soon = |fault: &'static str, name: &'static str, value: &'static str| {
            row(fault, vec![busy().header(name, value), hello()], 2, Answers("Hello."))
        };
        vec![
            soon("milliseconds", "retry-after-ms", "20"),
            soon("seconds", "retry-after", " 1 "),
            soon("a moment that is over, and no date", "retry-after", "Wed, 21 Oct 2015 07:29:30 GMT"),
            soon("the same as it was written once", "retry-after", "Wednesday, 21-Oct-15 07:29:30 GMT"),
            soon("nonsense", "retry-after", "tomorrow"),
            row(
                "a date a second behind the server's own",
                vec![
                    busy()
                        .header("date", "Wed, 21 Oct 2015 07:29:29 GMT")
                        .header("retry-after", "Wed, 21 Oct 2015 07:29:30 GMT"),
                    hello(),
                ],
                2,
                Answers("Hello."),
            ),
            once(
                "a date far away",
                busy()
                    .header("date", "Wed, 21 Oct 2015 07:29:30 GMT")
                    .header("retry-after", "Wed, 21 Oct 2015 08:29:30 GMT"),
                "failed to reach the model: ADDRESS limits the rate of requests and asks to wait 60 minutes: slow down. Ask again in 60 minutes, or choose another model.",
            ),
        ]
    });
}
