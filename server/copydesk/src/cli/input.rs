//! What is piped into a command.

use std::io::Read;

use copydesk_base::files::LARGEST_FILE;

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

/// Bytes as text; the error is a sentence.
pub(super) fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!("this is no UTF-8 text: byte {at} is wrong; save it as UTF-8")
    })
}
