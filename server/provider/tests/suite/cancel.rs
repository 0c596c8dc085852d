//! Giving a call up: the socket closes, whatever it was waiting for.

use copydesk_provider::{CallError, ModelEvent};
use copydesk_tests::model_server::{End, Format, ModelServer, Reply};
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::bench::{self, CALM, Manners, models};

#[tokio::test]
async fn cancel_closes_the_socket() {
    for format in Format::ALL {
        // In the middle of an answer.
        let server = ModelServer::start(format, [Reply::text("on and on").end(End::Stall)]);
        let (cancel, bench) = (CancellationToken::new(), models(&server, CALM));
        let mut stream = bench::call(&bench, &cancel);
        while !matches!(stream.next().await, Some(Ok(ModelEvent::Text(_)))) {}
        cancel.cancel();
        assert_eq!(bench::hear_on(stream).await, Err(CallError::Canceled));
        assert!(server.closed(0).await.answered.is_none());

        // Before its head.
        let server = ModelServer::start(format, [Reply::empty().end(End::Silence)]);
        let (cancel, bench) = (CancellationToken::new(), models(&server, CALM));
        let canceling = async {
            server.request(0).await;
            cancel.cancel();
        };
        let (heard, ()) = tokio::join!(bench::hear(bench::call(&bench, &cancel)), canceling);
        assert_eq!((heard.end, heard.usage.requests), (Err(CallError::Canceled), 1));
        server.closed(0).await;

        // While it waits to try again.
        let server = ModelServer::start(format, [Reply::status(429, "").header("retry-after", "50")]);
        let (cancel, bench) = (CancellationToken::new(), models(&server, Manners { retries: 2, ..CALM }));
        let canceling = async {
            server.answered(0).await;
            cancel.cancel();
        };
        let (heard, ()) = tokio::join!(bench::hear(bench::call(&bench, &cancel)), canceling);
        assert_eq!((heard.end, server.requests().len()), (Err(CallError::Canceled), 1));

        // Before it began, and by dropping the stream.
        let server = ModelServer::start(format, [Reply::text("on and on").end(End::Stall)]);
        let bench = models(&server, CALM);
        let heard = bench::hear(bench::call(&bench, &cancel)).await;
        assert_eq!((heard.end, server.connections()), (Err(CallError::Canceled), 0));
        let mut stream = bench::call(&bench, &CancellationToken::new());
        while !matches!(stream.next().await, Some(Ok(ModelEvent::Text(_)))) {}
        drop(stream);
        server.closed(0).await;
    }
}
