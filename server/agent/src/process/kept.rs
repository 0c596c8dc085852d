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

impl Kept {
    pub(super) fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.head.len() < KEPT / 2 {
                self.head.push(*byte);
            } else {
                self.tail.push_back(*byte);
                if self.tail.len() > KEPT / 2 {
                    self.tail.pop_front();
                    self.dropped += 1;
                }
            }
        }
    }
}

/// Reads a stream to its end, piece by piece.
pub(super) async fn pour(stream: Option<impl AsyncRead + Unpin>, mut take: impl FnMut(&[u8])) {
    let Some(mut stream) = stream else { return };
    let mut buffer = vec![0u8; 8192];
    while let Ok(read) = stream.read(&mut buffer).await {
        if read == 0 {
            break;
        }
        take(&buffer[..read]);
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
