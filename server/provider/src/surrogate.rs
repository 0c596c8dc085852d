//! Halves of characters in JSON.
//!
//! JSON writes a character beyond the first 65 536 as two escapes, and a server that cuts its answer between them sends
//! each alone. Strict readers refuse such a text whole; here a half becomes `\u{fffd}`, the sign for what cannot be
//! read, unless the other one comes with the next event.

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
                            out.push_str(&format!("\\u{first:04x}\\u{half:04x}"));
                        }
                        _ if is_first && rest.starts_with('"') => self.first = Some(half),
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
            (r#""\ud83d""#, r#""""#),
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
            (r#"{"t":"a\ud83d"}"#, r#"{"t":"a"}"#),
            (r#"{"x":1}"#, r#"{"x":1}"#),
            (r#"{"t":"\ude00b"}"#, r#"{"t":"\ud83d\ude00b"}"#),
            (r#"{"t":"\ude00"}"#, r#"{"t":"\ufffd"}"#),
        ]);
        check(&[(r#""\ud83d""#, r#""""#), (r#""a\ude00""#, r#""a\ufffd""#), (r#""\ude00""#, r#""\ufffd""#)]);
    }
}
