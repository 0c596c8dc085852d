//! What came of an answer that nobody could read, however it ended: its server may bill it.

use std::time::Duration;

use copydesk_provider::{CallError, EventStream, ModelEvent, Waited};
use copydesk_tests::model_server::{End, Format, ModelServer, Reply};
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::bench::{self, CALM, Manners, models};

const HASTY: Manners = Manners { idle: Duration::from_millis(60), ..CALM };

/// Reads to the error at the end.
async fn error_of(stream: &mut EventStream) -> CallError {
    loop {
        match stream.next().await.expect("a stream ends with its last item") {
            Ok(ModelEvent::Stopped { .. }) => panic!("that is no answer"),
            Ok(_) => {}
            Err(error) => return error,
        }
    }
}

/// No answer of any API, as one document.
fn document() -> String {
    serde_json::json!([{"choices": [{"message": {"content": "word ".repeat(8_000)}}]}]).to_string()
}

#[tokio::test]
async fn every_byte_of_an_answer_that_nobody_could_read_is_counted() {
    let (is_late, is_malformed, is_cut) = (
        |error: &CallError| matches!(error, CallError::Timeout { waited: Waited::Idle, .. }),
        |error: &CallError| matches!(error, CallError::Malformed { .. }),
        |error: &CallError| matches!(error, CallError::Truncated { .. }),
    );
    let whole = document();
    let half = &whole[..whole.len() - 40];
    let broken = format!("{half}{}", "@".repeat(40));
    let event = format!("data: {half}");
    let no_text = [half.as_bytes(), b"\xff\xfe\"}}]}]"].concat();
    for format in Format::ALL {
        let check = async |kind: &str, body: &[u8], end: End, is_expected: &dyn Fn(&CallError) -> bool| {
            let reply = Reply::stream(body).header("content-type", kind).end(end);
            let server = ModelServer::start(format, [reply]);
            let bench = models(&server, HASTY);
            let mut stream = bench::call(&bench, &CancellationToken::new());
            let error = error_of(&mut stream).await;
            assert!(is_expected(&error), "{format:?} {kind} {end:?}: {error:?}");
            assert_eq!(stream.unread(), body.len() as u64, "{format:?} {kind} {end:?}: {error:?}");
        };
        let json = "application/json";
        check(json, half.as_bytes(), End::Stall, &is_late).await;
        check(json, whole.as_bytes(), End::Whole, &is_malformed).await;
        check(json, broken.as_bytes(), End::Whole, &is_malformed).await;
        check(json, &no_text, End::Whole, &is_malformed).await;
        // A line whose text does not end was cut.
        let is_no_answer: &dyn Fn(&CallError) -> bool =
            if format == Format::Ollama { &is_cut } else { &is_malformed };
        check("text/plain", broken.as_bytes(), End::Whole, is_no_answer).await;
        check("text/event-stream", event.as_bytes(), End::Stall, &is_late).await;
    }
}

#[tokio::test]
async fn what_came_before_a_cancel_is_counted_and_signs_of_life_are_not() {
    for format in Format::ALL {
        let half = &document()[..20_000];
        let reply = Reply::stream(half).header("content-type", "application/json").end(End::Stall);
        let server = ModelServer::start(format, [reply]);
        let (cancel, bench) = (CancellationToken::new(), models(&server, CALM));
        let mut stream = bench::call(&bench, &cancel);
        while stream.unread() < half.len() as u64 {
            assert!(futures_util::poll!(stream.next()).is_pending(), "nothing of it can be read");
            tokio::task::yield_now().await;
        }
        cancel.cancel();
        assert_eq!(error_of(&mut stream).await, CallError::Canceled);
        assert_eq!(stream.unread(), half.len() as u64, "{format:?}");

        if format != Format::Ollama {
            let server =
                ModelServer::start(format, [Reply::stream(": at work\n\n".repeat(100)).end(End::Stall)]);
            let bench = models(&server, HASTY);
            let mut stream = bench::call(&bench, &CancellationToken::new());
            let error = error_of(&mut stream).await;
            assert_eq!(stream.unread(), 0, "{format:?}: {error:?}");
        }
    }
}
