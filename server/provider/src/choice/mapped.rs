//! Patterns of `model_mappings`: which one a bare model name fits.

use std::collections::BTreeMap;

/// The pattern and provider that a bare model name is mapped by and to: the exact name first, then the longest pattern
/// that fits.
pub(super) fn mapped<'a>(
    mappings: &'a BTreeMap<String, String>,
    model: &str,
) -> Option<(&'a String, &'a String)> {
    let fitting = || mappings.iter().filter(|(pattern, _)| fits(pattern, model));
    mappings.get_key_value(model).or_else(|| fitting().max_by_key(|(pattern, _)| pattern.len()))
}

/// Whether `text` is `pattern`, where `*` stands for any characters.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or("");
    for part in parts {
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    text.ends_with(tail)
}
