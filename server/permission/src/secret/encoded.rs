//! Secrets in other letters: what `base64 settings.yaml`, `xxd -p` and a token with three parts hold.
//!
//! A run of such letters is read back, and where a text comes out, that is looked through like any other. Lines of a
//! dump are one run. Codes in codes are not followed.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use copydesk_base::redact::Found;

/// Shorter runs hold no secret with a name beside it.
const SHORTEST: usize = 20;
/// Lines of a dump are at least this long, all but the last.
const LINE: usize = 32;
/// So many letters tell whether a text comes out.
const TASTE: usize = 32;

const LOOSE: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: [GeneralPurpose; 2] =
    [GeneralPurpose::new(&STANDARD, LOOSE), GeneralPurpose::new(&URL_SAFE, LOOSE)];

/// What `inside` finds behind such letters, where the letters stand.
pub(super) fn find(text: &str, inside: impl Fn(&str) -> Vec<Found>) -> Vec<Found> {
    let mut found = Vec::new();
    for run in runs(text) {
        let letters: Vec<u8> = run.iter().map(|at| text.as_bytes()[*at]).collect();
        let Some((plain, width)) = read(&letters) else { continue };
        for one in inside(&plain) {
            // So many letters stand for each eight bits: 2 of four bits, 4/3 of six.
            let start = one.span.start * 8 / width;
            let end = (one.span.end * 8).div_ceil(width).min(run.len());
            for line in run[start..end].chunk_by(|before, next| before + 1 == *next) {
                let (Some(first), Some(last)) = (line.first(), line.last()) else { continue };
                found.push(Found { span: *first..last + 1, kind: one.kind });
            }
        }
    }
    found
}

/// Where the letters of each run stand.
fn runs(text: &str) -> Vec<Vec<usize>> {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
    let mut runs: Vec<Vec<usize>> = Vec::new();
    let (mut at, bytes) = (0, text.as_bytes());
    while at < bytes.len() {
        let end =
            bytes[at..].iter().position(|byte| !is_letter(*byte)).map_or(bytes.len(), |length| at + length);
        let is_next_line = |run: &Vec<usize>| {
            let last = run.last().map_or(0, |last| last + 1);
            // Letters that follow each other are a line.
            let is_long = || run.len() >= LINE && run[run.len() - LINE] + LINE == last;
            matches!(&text[last..at], "\n" | "\r\n") && is_long()
        };
        match runs.last_mut() {
            Some(run) if end > at && is_next_line(run) => run.extend(at..end),
            _ if end - at >= SHORTEST => runs.push((at..end).collect()),
            _ => {}
        }
        at = end + 1;
    }
    runs
}

/// The text behind some letters, and for how many bits one of them stands.
fn read(letters: &[u8]) -> Option<(String, usize)> {
    let is_hex = letters.iter().all(u8::is_ascii_hexdigit);
    if let Some(plain) = is_hex.then(|| from_hex(letters)).and_then(as_text) {
        return Some((plain, 4));
    }
    let engine = &BASE64[usize::from(letters.iter().any(|letter| b"-_".contains(letter)))];
    let decoded =
        |letters: &[u8]| engine.decode(&letters[..letters.len() - usize::from(letters.len() % 4 == 1)]).ok();
    as_text(decoded(&letters[..letters.len().min(TASTE)])?)?;
    Some((as_text(decoded(letters)?)?, 6))
}

fn from_hex(letters: &[u8]) -> Vec<u8> {
    let digit =
        |letter: u8| char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0);
    letters.chunks_exact(2).map(|two| digit(two[0]) * 16 + digit(two[1])).collect()
}

/// What can be read of some bytes from their beginning, if that is a text at all.
fn as_text(bytes: Vec<u8>) -> Option<String> {
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        // A letter that is cut off at the end.
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            if bytes.len() - good > 3 {
                return None;
            }
            String::from_utf8(bytes[..good].to_vec()).ok()?
        }
    };
    let is_odd = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    (!text.is_empty() && !text.contains(is_odd)).then_some(text)
}
