//! As much of HTTP/1.1 as a model's client uses: heads, bodies of a stated length, chunks.

use std::io;
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncReadExt};

/// A request as it stood on the wire.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// When its first byte was read.
    pub(crate) arrived: Instant,
}

const LARGEST_REQUEST: usize = 64 << 20;

/// Reads one request. `pending` holds what was read too far before, and afterwards what was read too far now.
/// `None` where the client closed the connection instead.
pub(crate) async fn read(
    socket: &mut (impl AsyncRead + Unpin),
    pending: &mut Vec<u8>,
) -> io::Result<Option<Incoming>> {
    let mut arrived = (!pending.is_empty()).then(Instant::now);
    let head_end = loop {
        if let Some(at) = find(pending, b"\r\n\r\n") {
            break at;
        }
        if more(socket, pending).await? == 0 {
            return Ok(None);
        }
        arrived.get_or_insert_with(Instant::now);
    };
    let head = String::from_utf8_lossy(&pending[..head_end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or("").split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length =
        headers.iter().find(|(name, _)| name == "content-length").map_or(Ok(0), |(_, value)| value.parse());
    let length: usize = length.map_err(io::Error::other)?;
    let body_start = head_end + 4;
    while pending.len() < body_start + length {
        if more(socket, pending).await? == 0 {
            return Ok(None);
        }
    }
    let body = pending[body_start..body_start + length].to_vec();
    pending.drain(..body_start + length);
    Ok(Some(Incoming { method, path, headers, body, arrived: arrived.unwrap_or_else(Instant::now) }))
}

async fn more(socket: &mut (impl AsyncRead + Unpin), pending: &mut Vec<u8>) -> io::Result<usize> {
    if pending.len() > LARGEST_REQUEST {
        return Err(io::Error::other("the request is too large for a test"));
    }
    socket.read_buf(pending).await
}

/// A head: status line, the headers given and what the body needs.
pub(crate) fn head(status: u16, headers: &[(String, String)]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(status));
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// One chunk of a chunked body.
pub(crate) fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        _ => "Whatever",
    }
}
