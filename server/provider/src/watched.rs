//! Connections that tell when something came in.
//!
//! Whoever waits for the head of an answer sees nothing of it until it is whole. A model that is still being loaded is
//! silent meanwhile, and may be for minutes; a server that lets a byte of the head through now and then is not silent,
//! and may keep somebody waiting for hours. [`Heard`] tells the two apart, by counting what was read from the very
//! connection that a request went over. An interim answer (100, 103) is a sign of life and no beginning of the answer.
//! The same count tells of a kept connection that was closed without a byte: its server had gone before the request
//! came.
//!
//! It also counts what was written: nobody waits for an answer while the request is still on its way. And it looks at
//! the first byte of a plain connection, since a server that speaks TLS begins with one that no HTTP begins with.

use std::future::Future;
use std::io::{Error, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::http::Extensions;
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
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
    /// Nothing was read from it yet.
    is_fresh: bool,
    reads: watch::Sender<Count>,
}

/// What is heard of an answer before its head is whole.
pub(crate) struct Heard {
    connection: Option<CaptureConnection>,
    interim: Arc<Notify>,
}

/// What went over a connection, for whoever sent a request over it.
#[derive(Clone)]
struct Reads(watch::Receiver<Count>);

/// What went over a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// How often it was read from.
    now: u64,
    /// How often when the last request was written.
    asked: u64,
    /// How often it was written to.
    written: u64,
    /// Whether something is left to be written.
    is_sending: bool,
    /// Whether the first byte was one of TLS.
    is_tls: bool,
}

/// What went on over a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    /// A piece of the request, or the last one.
    Out,
    /// A piece of the answer.
    In,
}

impl Count {
    /// Whether a request is still on its way.
    pub(crate) const fn is_sending(self) -> bool {
        self.is_sending
    }

    /// Whether all that there was to write was taken by the system. What of it has reached the server nobody knows.
    pub(crate) const fn is_written(self) -> bool {
        self.written > 0 && !self.is_sending
    }

    /// Whether the connection had carried an answer before, and no byte of another one: what is read at its end is its
    /// end.
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
            Ok(Watched { inner, is_fresh: true, reads: watch::Sender::new(Count::default()) })
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
        mut into: ReadBufCursor<'_>,
    ) -> Poll<Result<(), Error>> {
        let mut is_tls = false;
        let read = if self.is_fresh && matches!(self.inner, MaybeHttpsStream::Http(_)) {
            let mut byte = [0];
            let mut first = ReadBuf::new(&mut byte);
            let read = ready!(Pin::new(&mut self.inner).poll_read(cx, first.unfilled()));
            is_tls = matches!(first.filled(), [ALERT | HANDSHAKE]);
            into.put_slice(first.filled());
            read
        } else {
            ready!(Pin::new(&mut self.inner).poll_read(cx, into))
        };
        self.is_fresh = false;
        self.reads.send_modify(|reads| {
            reads.now += 1;
            reads.is_tls |= is_tls;
        });
        Poll::Ready(read)
    }
}

/// What records of TLS begin with that a server may send to somebody who does not speak it.
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

impl Watched {
    fn wrote(&self, written: Poll<Result<usize, Error>>) -> Poll<Result<usize, Error>> {
        self.reads.send_if_modified(|reads| {
            (reads.asked, reads.is_sending) = (reads.now, true);
            reads.written += u64::from(written.is_ready());
            written.is_ready()
        });
        written
    }

    /// Everything that was to be written is.
    fn flushed(&self) {
        self.reads.send_if_modified(|reads| std::mem::take(&mut reads.is_sending));
    }
}

impl Write for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, Error>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.wrote(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let flushed = ready!(Pin::new(&mut self.inner).poll_flush(cx));
        self.flushed();
        Poll::Ready(flushed)
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
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, bytes);
        self.wrote(written)
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

    /// Whether who listens there speaks TLS, on a connection that does not.
    pub(crate) fn is_tls(&self) -> bool {
        self.count().is_tls
    }

    /// What went over the connection of a request so far.
    pub(crate) fn count(&self) -> Count {
        self.reads().map(|Reads(reads)| *reads.borrow()).unwrap_or_default()
    }

    /// Resolves when more has gone over the connection than `seen`, which is brought up to date; never, where there is
    /// no connection.
    pub(crate) async fn next(&self, seen: &mut Count) -> Moved {
        let before = *seen;
        if let Some(Reads(mut reads)) = self.reads()
            && let Ok(now) = reads.wait_for(|now| *now != before).await
        {
            *seen = *now;
        }
        if *seen == before {
            std::future::pending::<()>().await;
        }
        if seen.now > before.now { Moved::In } else { Moved::Out }
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
            assert_eq!(Count { now, asked, ..Count::default() }.is_stale(), expect, "{asked} {now}");
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
        let mut seen = heard.count();
        let mut comes = async || while heard.next(&mut seen).await != Moved::In {};
        let say = async |text: &'static str| {
            server.writable().await.unwrap();
            assert_eq!(server.try_write(text.as_bytes()).unwrap(), text.len());
        };
        for _ in 0..2 {
            tokio::join!(comes(), say("HTTP/1.1 103 Early Hints\r\n\r\n"));
            heard.interim().await;
        }
        tokio::join!(comes(), say("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
        let answer = answer.join_next().await.unwrap().unwrap().unwrap();
        assert_eq!(answer.status, 200);
        assert!(!heard.is_stale());
    }

    #[tokio::test]
    async fn a_request_that_nobody_takes_is_still_on_its_way() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        // More than the system keeps on both sides together.
        let (body, sent) = SentBody::new(vec![b'x'; 24 << 20].into());
        let client = plain_client(Duration::from_mins(1));
        let (sending, heard) = client.send(Method::POST, &url, HeaderMap::new(), body);
        let mut answer = tokio::task::JoinSet::new();
        answer.spawn(sending);
        let (mut server, _) = listener.accept().await.unwrap();
        sent.await.unwrap();
        let mut seen = heard.count();
        while !seen.is_sending() {
            assert_eq!(heard.next(&mut seen).await, Moved::Out);
        }
        let taking = async {
            let mut nowhere = tokio::io::sink();
            tokio::io::copy(&mut server, &mut nowhere).await.unwrap();
        };
        let mut moves = 0_u32;
        let gone = async {
            while seen.is_sending() {
                assert_eq!(heard.next(&mut seen).await, Moved::Out);
                moves += 1;
            }
        };
        tokio::select! {
            () = taking => panic!("the client hung up"),
            () = gone => assert!(moves > 1, "each piece counts"),
        }
    }
}
