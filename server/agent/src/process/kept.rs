//! What is kept of a stream: its beginning and its end, in memory that does not grow.

use tokio::io::{AsyncRead, AsyncReadExt};

/// The most that is kept of one output stream: the first and the last half of it, in bytes.
pub(super) const KEPT: usize = 32 * 1024;

/// The first and the last part of a stream; the middle is counted and dropped.
#[derive(Default)]
pub(super) struct Kept {
    head: Vec<u8>,
    tail: std::collections::VecDeque<u8>,
    dropped: usize,
}

pub(super) async fn keep(stream: Option<impl AsyncRead + Unpin>, kept: &mut Kept) {
    let Some(mut stream) = stream else { return };
    let mut buffer = vec![0u8; 8192];
    while let Ok(read) = stream.read(&mut buffer).await {
        if read == 0 {
            break;
        }
        for byte in &buffer[..read] {
            if kept.head.len() < KEPT / 2 {
                kept.head.push(*byte);
            } else {
                kept.tail.push_back(*byte);
                if kept.tail.len() > KEPT / 2 {
                    kept.tail.pop_front();
                    kept.dropped += 1;
                }
            }
        }
    }
}

pub(super) fn joined(out: &Kept, err: &Kept) -> String {
    let mut text = shown(out);
    let errors = shown(err);
    if !errors.is_empty() {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&errors);
    }
    text
}

fn shown(kept: &Kept) -> String {
    let tail: Vec<u8> = kept.tail.iter().copied().collect();
    if kept.dropped == 0 {
        let whole = [kept.head.as_slice(), tail.as_slice()].concat();
        return String::from_utf8_lossy(&whole).into_owned();
    }
    format!(
        "{}\n[{} bytes left out]\n{}",
        String::from_utf8_lossy(&kept.head),
        kept.dropped,
        String::from_utf8_lossy(&tail)
    )
}
