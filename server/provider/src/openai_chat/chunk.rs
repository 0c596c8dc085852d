//! What one event of a chat completion holds, as generously as servers write it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use crate::counts;
use crate::wire::Piece;

#[derive(Deserialize)]
pub(super) struct Chunk<'a> {
    #[serde(borrow, default)]
    pub(super) choices: Option<Vec<OneOf<'a>>>,
    #[serde(default, deserialize_with = "counts::read")]
    pub(super) usage: Option<Counts>,
    #[serde(default)]
    pub(super) error: Option<Value>,
    #[serde(default, deserialize_with = "counts::read")]
    pub(super) x_groq: Option<Elsewhere>,
    #[serde(borrow, default)]
    pub(super) object: Option<Piece<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Elsewhere {
    #[serde(default, deserialize_with = "counts::read")]
    pub(super) usage: Option<Counts>,
}

#[derive(Deserialize)]
pub(super) struct OneOf<'a> {
    #[serde(default)]
    pub(super) index: Option<u64>,
    #[serde(borrow, default)]
    pub(super) delta: Option<Delta<'a>>,
    /// The whole answer in one piece, of servers that do not really stream.
    #[serde(borrow, default)]
    pub(super) message: Option<Delta<'a>>,
    /// The same, in the manner of completions.
    #[serde(borrow, default)]
    pub(super) text: Option<Piece<'a>>,
    #[serde(borrow, default)]
    pub(super) finish_reason: Option<Piece<'a>>,
    #[serde(default, deserialize_with = "counts::read")]
    pub(super) usage: Option<Counts>,
}

#[derive(Deserialize)]
pub(super) struct Delta<'a> {
    #[serde(borrow, default)]
    pub(super) content: Option<Content<'a>>,
    #[serde(borrow, default)]
    pub(super) reasoning_content: Option<Piece<'a>>,
    #[serde(borrow, default)]
    pub(super) reasoning: Option<Piece<'a>>,
    #[serde(default)]
    pub(super) reasoning_details: Option<Vec<Value>>,
    #[serde(borrow, default)]
    pub(super) refusal: Option<Piece<'a>>,
    #[serde(borrow, default)]
    pub(super) tool_calls: Option<Vec<CallDelta<'a>>>,
}

/// Text, or parts of it beside parts of what was thought, as Mistral's models that reason send it.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Content<'a> {
    Text(#[serde(borrow)] Piece<'a>),
    Parts(Vec<Value>),
}

#[derive(Deserialize)]
pub(super) struct CallDelta<'a> {
    /// A number, also as a text.
    #[serde(default, deserialize_with = "counts::count")]
    pub(super) index: Option<u64>,
    #[serde(borrow, default)]
    pub(super) id: Option<Id<'a>>,
    #[serde(borrow, default)]
    pub(super) function: Option<FunctionDelta<'a>>,
    #[serde(default)]
    pub(super) extra_content: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct FunctionDelta<'a> {
    #[serde(borrow, default)]
    pub(super) name: Option<Piece<'a>>,
    #[serde(default)]
    pub(super) arguments: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Counts {
    #[serde(default, deserialize_with = "counts::count")]
    pub(super) prompt_tokens: Option<u64>,
    #[serde(default, deserialize_with = "counts::count")]
    pub(super) completion_tokens: Option<u64>,
    #[serde(default, deserialize_with = "counts::count")]
    pub(super) total_tokens: Option<u64>,
    #[serde(default)]
    pub(super) prompt_tokens_details: Option<Value>,
    #[serde(default, deserialize_with = "counts::count")]
    pub(super) prompt_cache_hit_tokens: Option<u64>,
}

/// The id of a call: a text, and of some servers a number.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Id<'a> {
    Text(#[serde(borrow)] Piece<'a>),
    Number(u64),
}

impl Id<'_> {
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(number) => Cow::Owned(number.to_string()),
        }
    }
}
