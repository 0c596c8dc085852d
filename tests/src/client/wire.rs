//! The base protocol, from the other side: frames out, frames in, and nothing else on the pipe.

use std::io::{BufRead, BufReader, Read, Write};
use std::sync::mpsc::{Receiver, Sender};

use serde_json::Value;

/// What came out of the server.
#[derive(Debug)]
pub(super) enum Incoming {
    Message(Value),
    /// Something on stdout that is no frame. Stdout belongs to the protocol.
    Broken(String),
    /// The pipe is closed.
    End,
}

/// A body with its header.
pub fn frame(body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Reads frames until the pipe closes or breaks.
pub(super) fn read(pipe: impl Read, out: &Sender<Incoming>) {
    let mut pipe = BufReader::new(pipe);
    loop {
        let incoming = match read_one(&mut pipe) {
            Ok(Some(message)) => Incoming::Message(message),
            Ok(None) => Incoming::End,
            Err(reason) => Incoming::Broken(reason),
        };
        let last = !matches!(incoming, Incoming::Message(_));
        if out.send(incoming).is_err() || last {
            return;
        }
    }
}

/// Writes what it is given until the sender is dropped, then closes the pipe. A server that no longer reads ends it.
pub(super) fn write(mut pipe: impl Write, bytes: &Receiver<Vec<u8>>) {
    while let Ok(bytes) = bytes.recv() {
        if pipe.write_all(&bytes).and_then(|()| pipe.flush()).is_err() {
            return;
        }
    }
}

fn read_one(pipe: &mut impl BufRead) -> Result<Option<Value>, String> {
    let mut length = None;
    loop {
        let mut line = String::new();
        let read = pipe.read_line(&mut line).map_err(|error| format!("reading a header: {error}"))?;
        match line.strip_suffix("\r\n") {
            _ if read == 0 && length.is_none() => return Ok(None),
            Some("") => break,
            Some(header) => match header.split_once(": ") {
                Some(("Content-Length", number)) => length = number.parse::<usize>().ok(),
                Some(("Content-Type", _)) => {}
                _ => return Err(format!("no header of the protocol: {header:?}")),
            },
            None => return Err(format!("a header line without its end: {line:?}")),
        }
    }
    let mut body = vec![0; length.ok_or("a header without Content-Length")?];
    pipe.read_exact(&mut body).map_err(|error| format!("reading a body: {error}"))?;
    let value: Value =
        serde_json::from_slice(&body).map_err(|error| format!("a body that is no JSON: {error}"))?;
    if value["jsonrpc"] == "2.0" {
        Ok(Some(value))
    } else {
        Err(format!("a body that is no JSON-RPC 2.0: {value}"))
    }
}
