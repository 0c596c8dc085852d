//! Halves of characters in JSON.
//!
//! JSON writes a character beyond the first 65 536 as two escapes, and a server that cuts its answer between them sends
//! each alone. Strict readers refuse such a text whole; here a half becomes `\u{fffd}`, the sign for what cannot be
//! read, unless the other one comes with the next event. Whether it does is known to nobody while a piece of text is
//! handed on, so a first half at its end goes along as [`HALF`]: whoever puts the pieces together reads that by
//! [`settled`].

use std::borrow::Cow;

/// At the end of a text: half a character, whose other half may come. At its beginning: here it is, whole. No text may
/// hold this sign by itself, by the rules of Unicode.
const HALF: char = '\u{fdd0}';

/// What stands for half a character that stays one.
pub(crate) const UNREADABLE: &str = "\u{fffd}";

/// A piece of a text that comes in pieces, with what is left of halves settled; `waits` is whether half a character
/// stood at the end of the last one.
pub(crate) fn settled<'p>(waits: &mut bool, piece: &'p str) -> Cow<'p, str> {
    if piece.is_empty() || !*waits && !piece.contains(HALF) {
        return Cow::Borrowed(piece);
    }
    let (rest, is_half) = piece.strip_suffix(HALF).map_or((piece, false), |rest| (rest, true));
    let waited = std::mem::replace(waits, is_half);
    let (lead, rest) = match rest.strip_prefix(HALF) {
        Some(rest) => ("", rest),
        None if waited => (UNREADABLE, rest),
        None => ("", rest),
    };
    Cow::Owned(format!("{lead}{}", rest.replace(HALF, UNREADABLE)))
}

/// The same for a text of such pieces that were put together as they came.
pub(crate) fn joined(text: &str) -> String {
    // At the end of one and at the beginning of the next: there it is, whole.
    text.replace(&String::from_iter([HALF, HALF]), "").replace(HALF, UNREADABLE)
}

/// Halves of one stream, event by event. A server that cuts its answer between the two halves sends the first at the
/// end of one event's text and the other at the beginning of the next one's: there they are put together.
#[derive(Debug, Default)]
pub(crate) struct Halves {
    /// The first half, which waits for the other.
    first: Option<u32>,
}

impl Halves {
    /// The JSON text with every escape that is half a character put to its other half, or replaced.
    pub(crate) fn mended(&mut self, json: String) -> String {
        if !(json.contains("\\ud") || json.contains("\\uD")) {
            return json;
        }
        let mut out = String::with_capacity(json.len());
        let mut rest = json.as_str();
        while let Some(at) = rest.find('\\') {
            let (before, escape) = rest.split_at(at);
            out.push_str(before);
            let length = match (unit(escape), escape.get(6..).and_then(unit)) {
                (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
                (Some(half @ 0xd800..=0xdfff), _) => {
                    rest = &escape[6..];
                    let is_first = half < 0xdc00;
                    match self.first.take() {
                        Some(first) if !is_first && out.ends_with('"') => {
                            out.push_str(&format!("{HALF}\\u{first:04x}\\u{half:04x}"));
                        }
                        _ if is_first && rest.starts_with('"') => {
                            self.first = Some(half);
                            out.push(HALF);
                        }
                        _ => out.push_str("\\ufffd"),
                    }
                    continue;
                }
                // A backslash and whatever it escapes.
                _ => escape.char_indices().nth(2).map_or(escape.len(), |(end, _)| end),
            };
            let (escape, behind) = escape.split_at(length);
            out.push_str(escape);
            rest = behind;
        }
        out + rest
    }
}

/// The unit of an escape (`\u` and four digits) that a text begins with.
fn unit(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_replaced_and_nothing_else() {
        for (json, expect) in [
            (r#""a""#, r#""a""#),
            // The other half may come with the next event.
            (r#""\ud83d""#, "\"\u{fdd0}\""),
            (r#""\uDE00 x""#, r#""\ufffd x""#),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ud83dä\n""#, r#""\ufffdä\n""#),
            // An escaped backslash, and letters.
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\\\ud83d x""#, r#""\\\ufffd x""#),
            (r#""\ud83"#, r#""\ud83"#),
            (r#""\ud\"#, r#""\ud\"#),
        ] {
            assert_eq!(Halves::default().mended(json.to_owned()), expect, "{json}");
        }
    }

    #[test]
    fn halves_of_two_events_are_put_together() {
        let check = |events: &[(&str, &str)]| {
            let mut halves = Halves::default();
            for (json, expect) in events {
                assert_eq!(halves.mended((*json).to_owned()), *expect, "{events:?}");
            }
        };
        check(&[
            (r#"{"t":"a\ud83d"}"#, "{\"t\":\"a\u{fdd0}\"}"),
            (r#"{"x":1}"#, r#"{"x":1}"#),
            (r#"{"t":"\ude00b"}"#, "{\"t\":\"\u{fdd0}\\ud83d\\ude00b\"}"),
            (r#"{"t":"\ude00"}"#, r#"{"t":"\ufffd"}"#),
        ]);
        check(&[
            (r#""\ud83d""#, "\"\u{fdd0}\""),
            (r#""a\ude00""#, r#""a\ufffd""#),
            (r#""\ude00""#, r#""\ufffd""#),
        ]);
    }

    #[test]
    fn a_half_that_waits_is_settled_by_what_comes_next() {
        let check = |pieces: &[&str], expect: &[&str], is_left: bool| {
            let mut waits = false;
            let got: Vec<_> = pieces.iter().map(|piece| settled(&mut waits, piece).into_owned()).collect();
            assert_eq!(got, expect, "{pieces:?}");
            assert_eq!(waits, is_left, "{pieces:?}");
        };
        check(&["a", "b"], &["a", "b"], false);
        check(&["a\u{fdd0}"], &["a"], true);
        check(&["a\u{fdd0}", "", "\u{fdd0}😀b"], &["a", "", "😀b"], false);
        check(&["a\u{fdd0}", "b"], &["a", "\u{fffd}b"], false);
        check(&["a\u{fdd0}", "😀"], &["a", "\u{fffd}😀"], false);
        check(&["\u{fdd0}", "\u{fdd0}"], &["", "\u{fffd}"], true);
        check(&["\u{fdd0}😀\u{fdd0}"], &["😀"], true);
        check(&["a\u{fdd0}b"], &["a\u{fffd}b"], false);
        assert_eq!(joined("a\u{fdd0}\u{fdd0}😀b\u{fdd0}"), "a😀b\u{fffd}");
    }
}
