//! Halves of characters in JSON.
//!
//! JSON writes a character beyond the first 65 536 as two escapes, and a server that cuts its answer between them sends
//! each alone. Strict readers refuse such a text whole; here a half becomes `\u{fffd}`, the sign for what cannot be read.

/// The JSON text with every escape that is half a character replaced.
pub(crate) fn mended(json: String) -> String {
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
            (Some(0xd800..=0xdfff), _) => {
                out.push_str("\\ufffd");
                rest = &escape[6..];
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
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\uDE00 x""#, r#""\ufffd x""#),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ud83dä\n""#, r#""\ufffdä\n""#),
            // An escaped backslash, and letters.
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r#""\ud83"#, r#""\ud83"#),
            (r#""\ud\"#, r#""\ud\"#),
        ] {
            assert_eq!(mended(json.to_owned()), expect, "{json}");
        }
    }
}
