//! Connections that tell when something came in.
//!
//! Whoever waits for the head of an answer sees nothing of it until it is whole. A model that is still being loaded is
//! silent meanwhile, and may be for minutes; a server that lets a byte of the head through now and then is not silent, and
//! may keep somebody waiting for hours. [`Heard`] tells the two apart, by counting what was read from the very connection
//! that a request went over. An interim answer (100, 103) is a sign of life and no beginning of the answer. The same count
//! tells of a kept connection that was closed without a byte: its server had gone before the request came.

use std::future::Future;
use std::io::{Error, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::http::Extensions;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::{Request, Uri};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{
    CaptureConnection, Connected, Connection, HttpConnector, capture_connection,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tower::Service;

type Inner = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Makes connections within a time, and watches them.
#[derive(Clone, Debug)]
pub(crate) struct Watching {
    inner: HttpsConnector<HttpConnector>,
    within: Duration,
}

/// A connection that is watched.
pub(crate) struct Watched {
    inner: Inner,
    reads: watch::Sender<Count>,
}

/// What is heard of an answer before its head is whole.
pub(crate) struct Heard {
    connection: Option<CaptureConnection>,
    interim: Arc<Notify>,
}

/// How often a connection was read from, for whoever sent a request over it.
#[derive(Clone)]
struct Reads(watch::Receiver<Count>);

/// How often a connection was read from.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    now: u64,
    /// Up to when the last request was written.
    asked: u64,
}

impl Count {
    /// Whether the connection had carried an answer before, and no byte of another one: what is read at its end is its end.
    const fn is_stale(self) -> bool {
        self.asked > 0 && self.now <= self.asked + 1
    }
}

/// The connection did not stand in time.
#[derive(Debug, thiserror::Error)]
#[error("no connection in time")]
pub(crate) struct TooSlow;

type Boxed = Box<dyn std::error::Error + Send + Sync>;

impl Watching {
    pub(crate) const fn new(inner: HttpsConnector<HttpConnector>, within: Duration) -> Self {
        Self { inner, within }
    }
}

impl Service<Uri> for Watching {
    type Response = Watched;
    type Error = Boxed;
    type Future = Pin<Box<dyn Future<Output = Result<Watched, Boxed>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Boxed>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        let (connecting, within) = (self.inner.call(address), self.within);
        Box::pin(async move {
            let inner = tokio::time::timeout(within, connecting).await.map_err(|_| TooSlow)??;
            Ok(Watched { inner, reads: watch::Sender::new(Count::default()) })
        })
    }
}

impl Connection for Watched {
    fn connected(&self) -> Connected {
        self.inner.connected().extra(Reads(self.reads.subscribe()))
    }
}

impl Read for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: ReadBufCursor<'_>,
    ) -> Poll<Result<(), Error>> {
        let read = ready!(Pin::new(&mut self.inner).poll_read(cx, into));
        self.reads.send_modify(|reads| reads.now += 1);
        Poll::Ready(read)
    }
}

impl Watched {
    /// Nobody waits for that.
    fn asked(&self) {
        self.reads.send_if_modified(|reads| {
            reads.asked = reads.now;
            false
        });
    }
}

impl Write for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, Error>> {
        self.asked();
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<Result<usize, Error>> {
        self.asked();
        Pin::new(&mut self.inner).poll_write_vectored(cx, bytes)
    }
}

impl Heard {
    /// Of a request that is about to be sent.
    pub(crate) fn of<B>(request: &mut Request<B>) -> Self {
        let interim = Arc::new(Notify::new());
        let told = Arc::clone(&interim);
        hyper::ext::on_informational(request, move |_| told.notify_one());
        Self { connection: Some(capture_connection(request)), interim }
    }

    /// Of a request that was never sent.
    pub(crate) fn nothing() -> Self {
        Self { connection: None, interim: Arc::default() }
    }

    /// Resolves when what came in was an interim answer.
    pub(crate) async fn interim(&self) {
        self.interim.notified().await;
    }

    /// Whether the connection was kept from an earlier request, and ended without a byte for this one.
    pub(crate) fn is_stale(&self) -> bool {
        self.reads().is_some_and(|Reads(reads)| reads.borrow().is_stale())
    }

    /// Resolves when something more comes in over the connection of a request that has gone; never, where it has none.
    pub(crate) async fn something(&self) {
        let heard = match self.reads() {
            Some(Reads(mut reads)) => {
                let before = reads.borrow_and_update().now;
                reads.wait_for(|reads| reads.now > before).await.is_ok()
            }
            None => false,
        };
        if !heard {
            std::future::pending::<()>().await;
        }
    }

    fn reads(&self) -> Option<Reads> {
        let connection = self.connection.as_ref()?.connection_metadata();
        let mut extras = Extensions::new();
        connection.as_ref()?.get_extras(&mut extras);
        extras.remove::<Reads>()
    }
}

#[cfg(test)]
mod tests {
    use hyper::Method;
    use hyper::header::HeaderMap;
    use tokio::net::TcpListener;
    use url::Url;

    use super::*;
    use crate::clients::plain_client;
    use crate::sending::SentBody;

    #[test]
    fn only_a_kept_connection_that_ends_without_a_byte_is_stale() {
        for (asked, now, expect) in [(0, 0, false), (0, 1, false), (2, 2, true), (2, 3, true), (2, 4, false)]
        {
            assert_eq!(Count { now, asked }.is_stale(), expect, "{asked} {now}");
        }
    }

    #[tokio::test]
    async fn an_interim_answer_is_told_from_the_beginning_of_the_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let (body, sent) = SentBody::new("{}".into());
        let client = plain_client(Duration::from_mins(1));
        let (sending, heard) = client.send(Method::POST, &url, HeaderMap::new(), body);
        let mut answer = tokio::task::JoinSet::new();
        answer.spawn(sending);
        let (server, _) = listener.accept().await.unwrap();
        sent.await.unwrap();
        let say = async |text: &'static str| {
            server.writable().await.unwrap();
            assert_eq!(server.try_write(text.as_bytes()).unwrap(), text.len());
        };
        for _ in 0..2 {
            tokio::join!(heard.something(), say("HTTP/1.1 103 Early Hints\r\n\r\n"));
            heard.interim().await;
        }
        tokio::join!(heard.something(), say("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
        let answer = answer.join_next().await.unwrap().unwrap().unwrap();
        assert_eq!(answer.status, 200);
        assert!(!heard.is_stale());
    }
}
