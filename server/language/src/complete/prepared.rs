//! Values that the author of a schema prepared, `defaultSnippets`, written as snippets.
//!
//! Their texts hold stops of their own, which stay what they are; the brackets and quotes around them are ours.

use copydesk_text::Syntax;
use serde_json::Value;

use super::{escaped, without_tabstops};
use crate::schemas::skeleton;

/// A prepared value on one line, as JSON or YAML in brackets.
pub(crate) fn snippet(body: &Value, syntax: Syntax) -> String {
    match body {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| snippet(item, syntax)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let between = skeleton::between(syntax);
            let entries = map
                .iter()
                .map(|(key, value)| format!("{}{between}{}", text(key, syntax), snippet(value, syntax)));
            format!("{{{}\\}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::String(written) => text(written, syntax),
        other => escaped(&skeleton::flow(other, syntax)),
    }
}

/// A text with its stops. One that starts with `^` is written as it is, whatever it stands for.
fn text(written: &str, syntax: Syntax) -> String {
    if let Some(raw) = written.strip_prefix('^') {
        return raw.to_owned();
    }
    let shown = without_tabstops(written);
    let is_bare = shown.is_empty() || skeleton::is_plain(&shown);
    if syntax == Syntax::Yaml && is_bare && !written.is_empty() {
        return written.to_owned();
    }
    let mut quoted = String::from("\"");
    let mut rest = written;
    while let Some(first) = rest.chars().next() {
        let length = stop(rest).unwrap_or(first.len_utf8());
        let (piece, behind) = rest.split_at(length);
        if length > first.len_utf8() {
            quoted.push_str(piece);
        } else {
            let json = Value::from(piece).to_string();
            quoted.push_str(&escaped(json.get(1..json.len() - 1).unwrap_or("")));
        }
        rest = behind;
    }
    quoted + "\""
}

/// The length of the stop, or of the escaped character, that a text starts with.
fn stop(text: &str) -> Option<usize> {
    let rest = text.get(1..)?;
    match text.as_bytes().first()? {
        b'\\' => rest.chars().next().filter(|c| matches!(c, '$' | '}' | '\\')).map(|_| 2),
        b'$' if rest.starts_with('{') => {
            let mut depth = 0usize;
            rest.bytes().enumerate().find_map(|(at, byte)| {
                depth = match byte {
                    b'{' => depth + 1,
                    b'}' => depth.saturating_sub(1),
                    _ => depth,
                };
                (depth == 0).then_some(at + 2)
            })
        }
        b'$' => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            (digits > 0).then_some(digits + 1)
        }
        _ => None,
    }
}
