//! The base protocol: headers, a blank line, a body.
//!
//! A broken header leaves no way to find the next message, so it ends the connection. A broken body does not: its
//! length was known.

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use crate::outgoing::Body;

/// The largest body that is read: 256 MiB. Twelve times the largest file that anybody opens.
const LARGEST_BODY: usize = 256 * 1024 * 1024;
/// The longest header line.
const LONGEST_HEADER: u64 = 4096;

#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("read the message header: '{0}' is no header field")]
    Field(String),
    #[error("read the message header: it names no Content-Length")]
    NoLength,
    #[error("read the message header: '{0}' is no length")]
    Length(String),
    #[error("read a message of {0} bytes: {LARGEST_BODY} are the most")]
    TooLarge(usize),
    #[error("read the message: the editor closed its end in the middle of one")]
    Cut,
    #[error("read from the editor")]
    Io(#[from] std::io::Error),
}

/// The next body; `None` when the editor has closed its end between two messages.
pub(crate) async fn read(input: &mut (impl AsyncBufRead + Unpin)) -> Result<Option<Vec<u8>>, FrameError> {
    let mut length = None;
    let mut first = true;
    loop {
        let mut line = Vec::new();
        let read = (&mut *input).take(LONGEST_HEADER).read_until(b'\n', &mut line).await?;
        if read == 0 {
            return if first { Ok(None) } else { Err(FrameError::Cut) };
        }
        first = false;
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else {
            return Err(FrameError::Field(line.chars().take(60).collect()));
        };
        if name.trim().eq_ignore_ascii_case("content-length") {
            let value = value.trim();
            let parsed: usize =
                value.parse().map_err(|_| FrameError::Length(value.chars().take(60).collect()))?;
            length = Some(parsed);
        }
    }
    let length = length.ok_or(FrameError::NoLength)?;
    if length > LARGEST_BODY {
        return Err(FrameError::TooLarge(length));
    }
    // Grown as it comes: a lie about the length costs no memory.
    let mut body = Vec::with_capacity(length.min(1 << 20));
    let read = (&mut *input).take(length as u64).read_to_end(&mut body).await?;
    if read < length { Err(FrameError::Cut) } else { Ok(Some(body)) }
}

/// Writes bodies in the order of the queue until it closes; flushed when the queue is empty.
pub(crate) async fn write(
    mut output: impl AsyncWrite + Unpin,
    mut queue: mpsc::UnboundedReceiver<Body>,
) -> std::io::Result<()> {
    let mut bodies = Vec::new();
    while queue.recv_many(&mut bodies, 64).await > 0 {
        let mut frames = Vec::new();
        for Body { bytes, .. } in &bodies {
            frames.extend_from_slice(format!("Content-Length: {}\r\n\r\n", bytes.len()).as_bytes());
            frames.extend_from_slice(bytes);
        }
        output.write_all(&frames).await?;
        output.flush().await?;
        // Only now is there room for what waits.
        bodies.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(bytes: &[u8]) -> Vec<Result<Option<String>, String>> {
        let mut input = tokio::io::BufReader::new(bytes);
        let mut found = Vec::new();
        loop {
            let next = read(&mut input).await.map_err(|error| error.to_string());
            let next = next.map(|body| body.map(|body| String::from_utf8(body).unwrap()));
            let end = !matches!(next, Ok(Some(_)));
            found.push(next);
            if end {
                return found;
            }
        }
    }

    #[tokio::test]
    async fn frames_are_read_and_broken_headers_named() {
        let text = |text: &str| Ok(Some(text.to_owned()));
        let error = |text: &str| Err(text.to_owned());
        for (bytes, expect) in [
            ("", vec![Ok(None)]),
            ("Content-Length: 2\r\n\r\n{}", vec![text("{}"), Ok(None)]),
            (
                "content-length:2\nContent-Type: x\n\n{}Content-Length: 0\r\n\r\n",
                vec![text("{}"), text(""), Ok(None)],
            ),
            ("hello\r\n\r\n", vec![error("read the message header: 'hello' is no header field")]),
            ("X: 1\r\n\r\n{}", vec![error("read the message header: it names no Content-Length")]),
            ("Content-Length: -2\r\n\r\n", vec![error("read the message header: '-2' is no length")]),
            (
                "Content-Length: 999999999999\r\n\r\n",
                vec![error("read a message of 999999999999 bytes: 268435456 are the most")],
            ),
            (
                "Content-Length: 9\r\n\r\n{}",
                vec![error("read the message: the editor closed its end in the middle of one")],
            ),
        ] {
            assert_eq!(all(bytes.as_bytes()).await, expect, "{bytes:?}");
        }
    }
}
