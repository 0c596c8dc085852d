//! What is known of the usual models of Anthropic and `OpenAI`, at one date.

use copydesk_base::config::ProviderKind;

use super::{Facts, Price, millionths};

/// When the bundled table was read from the providers' own pages and from two independent lists of them.
pub const AS_OF: &str = "2026-11";

/// A row of the table: name; window and limit of an answer in thousands of tokens, 0 where it is not known; dollars for
/// a million tokens sent, found in the cache, kept there, received.
type Row = (&'static str, u64, u32, f64, f64, f64, f64);

/// Where a price depends on the prompt's length, the higher one: a budget must never count too little.
const TABLE: &[Row] = &[
    ("claude-fable-5-1", 1000, 128, 10.0, 0.25, 12.5, 50.0),
    ("claude-fable-5", 0, 0, 10.0, 1.0, 12.5, 50.0),
    ("claude-opus-5-5", 1000, 128, 4.0, 0.2, 5.0, 20.0),
    ("claude-opus-5", 1000, 128, 5.0, 0.5, 6.25, 25.0),
    ("claude-opus-4-8", 0, 0, 5.0, 0.5, 6.25, 25.0),
    ("claude-opus-4-7", 0, 0, 5.0, 0.5, 6.25, 25.0),
    ("claude-opus-4-6", 0, 0, 5.0, 0.5, 6.25, 25.0),
    ("claude-opus-4-5", 200, 64, 5.0, 0.5, 6.25, 25.0),
    ("claude-opus-4-1", 200, 32, 15.0, 1.5, 18.75, 75.0),
    ("claude-sonnet-5-5", 1000, 128, 2.0, 0.1, 2.5, 10.0),
    ("claude-sonnet-5", 0, 0, 2.0, 0.2, 2.5, 10.0),
    ("claude-sonnet-4-6", 0, 0, 3.0, 0.3, 3.75, 15.0),
    ("claude-sonnet-4-5", 200, 64, 3.0, 0.3, 3.75, 15.0),
    ("claude-haiku-5-5", 1000, 128, 0.5, 0.05, 0.625, 2.5),
    ("claude-haiku-4-5", 200, 64, 1.0, 0.1, 1.25, 5.0),
    ("gpt-5.5", 0, 0, 5.0, 0.5, 5.0, 30.0),
    ("gpt-5.4", 272, 128, 2.5, 0.25, 2.5, 15.0),
    ("gpt-5.2", 400, 128, 1.75, 0.175, 1.75, 14.0),
    ("gpt-5.1", 400, 128, 1.25, 0.125, 1.25, 10.0),
    ("gpt-5", 400, 128, 1.25, 0.125, 1.25, 10.0),
    ("gpt-5-mini", 400, 128, 0.25, 0.025, 0.25, 2.0),
    ("gpt-5-nano", 400, 128, 0.05, 0.005, 0.05, 0.4),
    ("gpt-4.1", 1000, 32, 2.0, 0.5, 2.0, 8.0),
    ("gpt-4.1-mini", 1000, 32, 0.4, 0.1, 0.4, 1.6),
    ("gpt-4o", 128, 16, 2.5, 1.25, 2.5, 10.0),
    ("gpt-4o-mini", 128, 16, 0.15, 0.075, 0.15, 0.6),
    ("o3", 200, 100, 2.0, 0.5, 2.0, 8.0),
    ("o4-mini", 200, 100, 1.1, 0.275, 1.1, 4.4),
];

/// The names of the bundled table that a kind of provider serves at its usual address.
pub fn bundled_names(kind: ProviderKind) -> impl Iterator<Item = &'static str> {
    let serves = move |name: &str| match kind {
        ProviderKind::Anthropic => name.starts_with("claude-"),
        ProviderKind::OpenaiChat | ProviderKind::OpenaiResponses => !name.starts_with("claude-"),
        _ => false,
    };
    TABLE.iter().map(|(name, ..)| *name).filter(move |name| serves(name))
}

pub(super) fn bundled(model: &str) -> Option<Facts> {
    let name = undated(model);
    let (_, window, limit, input, cached, kept, output) =
        TABLE.iter().copied().find(|(known, ..)| *known == name)?;
    Some(Facts {
        context_window: (window > 0).then_some(window * 1000),
        output_limit: (limit > 0).then_some(limit * 1000),
        // Of every model of the table.
        tools: Some(true),
        vision: Some(true),
        price: Some(Price {
            input: millionths(input),
            cached_input: millionths(cached),
            kept_input: millionths(kept),
            output: millionths(output),
        }),
        broken_price: None,
    })
}

/// A model's name without the date of its snapshot: `claude-sonnet-4-5-20250929`, `gpt-5-2025-08-07`, `…-latest`.
fn undated(model: &str) -> &str {
    let name = model.strip_suffix("-latest").unwrap_or(model);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    for length in [9, 11] {
        if let Some((name, date)) = name.len().checked_sub(length).and_then(|at| name.split_at_checked(at))
            && date.starts_with("-20")
            && digits(date)
        {
            return name;
        }
    }
    name
}
