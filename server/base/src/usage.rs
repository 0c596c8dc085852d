//! What a run has used up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tokens as the provider counted them, requests as we sent them, money as the price table says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Usage {
    /// Tokens sent, cached ones included.
    pub input_tokens: u64,
    /// Those of them that the provider had in its cache, which cost less.
    #[serde(skip_serializing_if = "is_zero")]
    pub cached_tokens: u64,
    /// Tokens received, reasoning included.
    pub output_tokens: u64,
    /// Requests that left this machine.
    pub requests: u64,
    /// US dollars; absent where no price is known or nobody bills.
    pub usd: Option<f64>,
    /// Some of the tokens are our own estimate: the provider reported none, or nonsense.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Usage {
    /// Adds another count to this one.
    pub fn add(&mut self, other: Self) {
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.cached_tokens = self.cached_tokens.saturating_add(other.cached_tokens);
        self.estimated |= other.estimated;
        self.requests = self.requests.saturating_add(other.requests);
        self.usd = match (self.usd, other.usd) {
            (None, None) => None,
            (mine, theirs) => Some(mine.unwrap_or(0.0) + theirs.unwrap_or(0.0)),
        };
    }
}
