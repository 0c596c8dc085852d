//! What of an answer nobody here reads: fields and blocks of later versions of an API, seals of thoughts, signs of
//! life.
//!
//! A server may bill for it, so it has a *weight*, in tokens at the most that a server which keeps to its limit can
//! have needed for it. A piece of the answer that says something weighs one at least. A sign of life, an empty piece among
//! them, weighs nothing: how long it may be all that comes, and how many bytes a body may have, are bounds of their own. What stands in a piece of the answer itself weighs by its words, and by its bytes where it has none, as a
//! seal does, which has some ten of them for each token that it hides. What stands around the answer weighs little:
//! some servers tell with each word what their filters found, or where they looked.

use serde_json::Value;

/// Bytes of a piece of an answer that weigh one.
const WITHIN: u64 = 32;

/// Bytes of an event around it that weigh one.
const AROUND: u64 = 512;

/// The same of an event of which something is read.
const BESIDE: u64 = 64 << 10;

/// The weight of an event; of one of which something is read, `grown` is how much longer the answer got by it, in
/// bytes.
pub(crate) fn weight(data: &str, grown: Option<usize>) -> u64 {
    let bytes = data.len() as u64;
    if let Some(grown) = grown {
        return bytes.saturating_sub(grown as u64) / BESIDE;
    }
    let within: Value = serde_json::from_str(data).unwrap_or_default();
    let choices = within["choices"].as_array().into_iter().flatten();
    let pieces = choices.chain([&within]).flat_map(|one| [&one["delta"], &one["message"]]);
    let pieces: Vec<&Value> = pieces.filter(|piece| says_something(piece)).collect();
    let words: u64 = pieces.iter().map(|&one| piece(one)).sum();
    u64::from(!pieces.is_empty()) + words.max(bytes / AROUND)
}

/// Whether a piece of an answer has more than its kind and who speaks: a server that is at work may send empty ones.
fn says_something(piece: &Value) -> bool {
    match piece {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => items.iter().any(says_something),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| !matches!(name.as_str(), "type" | "role") && says_something(value)),
    }
}

/// The weight of all texts in a piece of an answer. One word alone is a name.
fn piece(value: &Value) -> u64 {
    match value {
        Value::String(text) => {
            let words = text.split_whitespace().count().saturating_sub(1) as u64;
            words.max(text.len() as u64 / WITHIN)
        }
        Value::Array(items) => items.iter().map(piece).sum(),
        Value::Object(fields) => fields.values().map(piece).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_nobody_reads_weighs_what_a_server_can_have_needed_for_it() {
        let check =
            |event: Value, expect: u64| assert_eq!(weight(&event.to_string(), None), expect, "{event}");
        let words = "word ".repeat(20);
        // Signs of life, empty pieces among them.
        check(json!({"type": "ping"}), 0);
        check(json!({"choices": [], "object": "chat.completion.chunk"}), 0);
        check(json!({"choices": [{"delta": {}, "finish_reason": null}]}), 0);
        check(
            json!({"choices": [{"delta": {"role": "assistant", "content": ""}}], "id": "x".repeat(300)}),
            0,
        );
        check(json!({"choices": [{"delta": {"content": "", "refusal": null, "tool_calls": []}}]}), 0);
        check(
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": ""}}),
            0,
        );
        check(json!({"type": "response.output_text.delta", "delta": ""}), 0);
        check(json!({"message": {"role": "assistant", "content": ""}, "done": false}), 0);
        // One word under another name is a token.
        check(json!({"choices": [{"delta": {"thoughts": "word"}}]}), 1);
        // Words under another name, in pieces of a name, in an unknown block.
        check(json!({"choices": [{"delta": {"thoughts": words}}]}), 20);
        check(json!({"choices": [{"delta": {"tool_calls": [{"function": {"name": words}}]}}]}), 20);
        check(json!({"type": "content_block_delta", "delta": {"type": "mumbling", "mumbling": words}}), 20);
        check(json!({"type": "response.mumbling.delta", "delta": words}), 20);
        check(json!({"message": {"content": "", "mumbling": words}, "done": false}), 20);
        // A seal, and what an answer is told again as.
        check(json!({"type": "content_block_delta", "delta": {"signature": "A".repeat(3_200)}}), 101);
        check(json!({"type": "response.output_text.done", "text": "word ".repeat(1_000)}), 9);
        check(Value::String("x".repeat(5_000)), 9);
    }

    #[test]
    fn what_stands_beside_what_is_read_weighs_next_to_nothing() {
        let found =
            json!({"search_results": "word ".repeat(2_000), "choices": [{"delta": {"content": "a"}}]});
        assert_eq!(weight(&found.to_string(), Some(1)), 0);
        assert_eq!(weight(&"x".repeat(1 << 20), Some(5)), 15);
        assert_eq!(weight(&"x".repeat(1 << 20), Some(1 << 20)), 0);
    }
}
