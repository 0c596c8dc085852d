//! Connections that tell when something came in.
//!
//! Whoever waits for the head of an answer sees nothing of it until it is whole. A model that is still being loaded is
//! silent meanwhile, and may be for minutes; a server that lets a byte of the head through now and then is not silent, and
//! may keep somebody waiting for hours. [`Heard`] tells the two apart, by counting what was read from the very connection
//! that a request went over.

use std::future::Future;
use std::io::{Error, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::Uri;
use hyper::http::Extensions;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{CaptureConnection, Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;
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
    reads: watch::Sender<u64>,
}

/// What is heard of an answer before its head is whole.
pub(crate) struct Heard(Option<CaptureConnection>);

/// How often a connection was read from.
#[derive(Clone)]
struct Reads(watch::Receiver<u64>);

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
            Ok(Watched { inner, reads: watch::Sender::new(0) })
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
        self.reads.send_modify(|reads| *reads += 1);
        Poll::Ready(read)
    }
}

impl Write for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, Error>> {
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
        Pin::new(&mut self.inner).poll_write_vectored(cx, bytes)
    }
}

impl Heard {
    pub(crate) const fn of(connection: CaptureConnection) -> Self {
        Self(Some(connection))
    }

    /// Of a request that was never sent.
    pub(crate) const fn nothing() -> Self {
        Self(None)
    }

    /// Resolves when something more comes in over the connection of a request that has gone; never, where it has none.
    pub(crate) async fn something(&self) {
        let heard = match self.reads() {
            Some(Reads(mut reads)) => {
                let before = *reads.borrow_and_update();
                reads.wait_for(|now| *now > before).await.is_ok()
            }
            None => false,
        };
        if !heard {
            std::future::pending::<()>().await;
        }
    }

    fn reads(&self) -> Option<Reads> {
        let connection = self.0.as_ref()?.connection_metadata();
        let mut extras = Extensions::new();
        connection.as_ref()?.get_extras(&mut extras);
        extras.remove::<Reads>()
    }
}
