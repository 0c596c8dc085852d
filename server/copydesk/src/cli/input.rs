//! What is piped into a command.

use std::io::{ErrorKind, Read};

use copydesk_base::files::LARGEST_FILE;

/// How much of a long input is kept: more than any model is told, so that what is cut off there is known as a whole.
const TAIL: usize = 1024 * 1024;

/// The text on standard input; the error is a sentence.
pub(super) fn stdin() -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(LARGEST_FILE + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("standard input cannot be read: {error}"))?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(format!("this text is too large: {LARGEST_FILE} bytes are the limit"));
    }
    utf8(bytes)
}

/// The end of what is piped in, whatever it is: logs are long, and not always UTF-8.
pub(super) fn tail() -> Result<String, String> {
    let mut kept: Vec<u8> = Vec::new();
    let mut piece = vec![0; TAIL];
    let mut input = std::io::stdin().lock();
    loop {
        match input.read(&mut piece) {
            Ok(0) => return Ok(String::from_utf8_lossy(&kept).into_owned()),
            Ok(count) => {
                kept.extend(&piece[..count]);
                kept.drain(..kept.len().saturating_sub(TAIL));
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(format!("standard input cannot be read: {error}")),
        }
    }
}

/// Bytes as text; the error is a sentence.
pub(super) fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!("this is no UTF-8 text: byte {at} is wrong; save it as UTF-8")
    })
}
