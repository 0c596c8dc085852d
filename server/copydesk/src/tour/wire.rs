//! Frames, from an editor's side: a header with a length, a blank line, a body.

use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Writes one message.
pub(super) async fn send(output: &mut (impl AsyncWrite + Unpin), message: &Value) -> Result<(), String> {
    let body = message.to_string();
    let frame = format!("Content-Length: {}\r\n\r\n{body}", body.len());
    let written = output.write_all(frame.as_bytes()).await;
    written.map_err(|_| "the server closed the connection".to_owned())
}

/// Reads one message; the error says what came instead.
pub(super) async fn receive(input: &mut (impl AsyncBufRead + Unpin)) -> Result<Value, String> {
    let broken = |error: std::io::Error| format!("the connection broke: {error}");
    let mut length = None;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line).await.map_err(broken)? == 0 {
            return Err("the server closed the connection".to_owned());
        }
        match line.trim_end().split_once(':') {
            None if line.trim_end().is_empty() => break,
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse::<usize>().ok();
            }
            Some(_) => {}
            None => return Err(format!("the server sent no header: {}", line.trim_end())),
        }
    }
    let Some(length) = length else { return Err("the server sent a message without a length".to_owned()) };
    let mut body = vec![0; length];
    input.read_exact(&mut body).await.map_err(broken)?;
    serde_json::from_slice(&body).map_err(|error| format!("the server sent no JSON: {error}"))
}
