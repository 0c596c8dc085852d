//! A request body that tells when it has been handed to the connection.
//!
//! The patience for the first byte of an answer begins there, not while the connection is still being made.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::oneshot;

/// A body in one piece.
pub(crate) struct SentBody {
    bytes: Option<Bytes>,
    sent: Option<oneshot::Sender<()>>,
}

impl SentBody {
    /// The body, and what resolves when it is taken.
    pub(crate) fn new(bytes: Bytes) -> (Self, oneshot::Receiver<()>) {
        let (sent, taken) = oneshot::channel();
        (Self { bytes: Some(bytes), sent: Some(sent) }, taken)
    }

    /// No body at all.
    pub(crate) const fn nothing() -> Self {
        Self { bytes: None, sent: None }
    }
}

impl Body for SentBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(sent) = self.sent.take() {
            // Nobody listens any more where the call was given up.
            let _ = sent.send(());
        }
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
