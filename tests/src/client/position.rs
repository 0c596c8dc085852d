//! Positions in three encodings, written a second time on purpose.
//!
//! The server has its own code for this. The bench shares none of it: a mistake there would otherwise be mirrored
//! here, and both sides would agree on the wrong place.

use serde_json::{Value, json};

/// How `character` counts within a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16,
    Utf32,
}

impl Encoding {
    /// The protocol's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16 => "utf-16",
            Self::Utf32 => "utf-32",
        }
    }

    /// Reads the protocol's word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Utf8, Self::Utf16, Self::Utf32].into_iter().find(|encoding| encoding.as_str() == word)
    }

    const fn units(self, c: char) -> usize {
        match self {
            Self::Utf8 => c.len_utf8(),
            Self::Utf16 => c.len_utf16(),
            Self::Utf32 => 1,
        }
    }
}

/// The position of the byte `offset`, as the protocol writes it.
pub fn position(text: &str, offset: usize, encoding: Encoding) -> Value {
    let starts = line_starts(text);
    let line = starts.partition_point(|start| *start <= offset) - 1;
    let character: usize = text[starts[line]..offset].chars().map(|c| encoding.units(c)).sum();
    json!({"line": line, "character": character})
}

/// The range of the bytes `start..end`.
pub fn range(text: &str, start: usize, end: usize, encoding: Encoding) -> Value {
    json!({"start": position(text, start, encoding), "end": position(text, end, encoding)})
}

/// The byte offset of a position. A `character` behind the line's end means the line's end, as the protocol says.
///
/// # Errors
/// In words, where the position names no line of the text or cuts a character in two.
pub fn offset(text: &str, position: &Value, encoding: Encoding) -> Result<usize, String> {
    let number = |key: &str| {
        position[key]
            .as_u64()
            .and_then(|n| usize::try_from(n).ok())
            .ok_or_else(|| format!("{position} has no {key}"))
    };
    let (line, character) = (number("line")?, number("character")?);
    let starts = line_starts(text);
    let Some(&start) = starts.get(line) else {
        // One past the last line is how some servers write "the end"; more is a mistake.
        return if line == starts.len() && character == 0 {
            Ok(text.len())
        } else {
            Err(format!("{position} is behind the last of {} lines", starts.len()))
        };
    };
    let end = starts.get(line + 1).map_or(text.len(), |next| *next);
    let content = text[start..end].trim_end_matches(['\r', '\n']);
    let mut counted = 0;
    for (at, c) in content.char_indices() {
        if counted == character {
            return Ok(start + at);
        }
        counted += encoding.units(c);
        if counted > character {
            return Err(format!("{position} cuts {c:?} in two"));
        }
    }
    Ok(start + content.len())
}

/// Where lines start. A line ends with `\n`, `\r\n` or a lone `\r`.
fn line_starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let mut starts = vec![0];
    for (at, byte) in bytes.iter().enumerate() {
        let ends = *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
        if ends {
            starts.push(at + 1);
        }
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_boundary_survives_the_round_trip() {
        for text in ["", "a", "a\nb", "ä😀b\r\n\r\nc\rd", "\u{feff}x\n", "😀😀\n😀"] {
            for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
                for (at, _) in text.char_indices().chain([(text.len(), ' ')]) {
                    if at > 0 && text.as_bytes()[at - 1] == b'\r' && text.as_bytes().get(at) == Some(&b'\n') {
                        continue; // inside a line end there is no position
                    }
                    let there = position(text, at, encoding);
                    assert_eq!(offset(text, &there, encoding), Ok(at), "{text:?} {at} {encoding:?} {there}");
                }
            }
        }
    }

    #[test]
    fn half_a_surrogate_pair_is_no_place() {
        assert!(offset("😀", &json!({"line": 0, "character": 1}), Encoding::Utf16).is_err());
        assert_eq!(offset("😀", &json!({"line": 0, "character": 9}), Encoding::Utf16), Ok(4));
    }
}
