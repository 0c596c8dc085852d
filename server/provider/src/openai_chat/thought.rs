//! What a model thought on its way to calls, as its server wants it back.
//!
//! Servers send it as a text (`reasoning_content`) or in pieces with seals between them (`reasoning_details`, of
//! `OpenRouter`), and what came under a name goes back under it. What comes as `reasoning` alone is shown, and stays.

use serde_json::{Value, json};

use crate::surrogate::joined;

/// The reasoning that led to calls, as a text.
pub(super) const THOUGHTS: &str = "reasoning_content";

/// The same in pieces.
pub(super) const DETAILS: &str = "reasoning_details";

/// The fields of a piece that come bit by bit.
const WORDS: [&str; 2] = ["text", "summary"];

/// What was thought so far.
#[derive(Debug, Default)]
pub(super) struct Thoughts {
    text: String,
    details: Vec<Value>,
}

impl Thoughts {
    /// Adds to the text.
    pub(super) fn text(&mut self, piece: &str) {
        self.text.push_str(piece);
    }

    /// Adds pieces, and says how many bytes of them are shown nowhere.
    pub(super) fn details(&mut self, pieces: Vec<Value>) -> usize {
        let mut bytes = 0;
        for piece in pieces {
            bytes += piece.to_string().len();
            match self.details.last_mut().filter(|last| is_one(last, &piece)) {
                Some(last) => append(last, &piece),
                None => self.details.push(piece),
            }
        }
        bytes
    }

    /// All of it, for the next request.
    pub(super) fn carried(self) -> Option<Value> {
        let mut carried = serde_json::Map::new();
        if !self.text.is_empty() {
            carried.insert(THOUGHTS.to_owned(), joined(&self.text).into());
        }
        if !self.details.is_empty() {
            let settled = self.details.into_iter().map(settled).collect();
            carried.insert(DETAILS.to_owned(), Value::Array(settled));
        }
        (!carried.is_empty()).then(|| json!(carried))
    }
}

/// Whether a piece goes on with the last one. What is sealed comes whole.
fn is_one(last: &Value, piece: &Value) -> bool {
    let has_words = |value: &Value| WORDS.iter().any(|key| value[*key].is_string());
    let is_same = |key: &str| last[key] == piece[key];
    is_same("type") && is_same("index") && piece["data"].is_null() && has_words(last)
}

fn append(last: &mut Value, piece: &Value) {
    for (key, value) in piece.as_object().into_iter().flatten() {
        match (&mut last[key.as_str()], value) {
            (_, Value::Null) => {}
            (Value::String(text), Value::String(more)) if WORDS.contains(&key.as_str()) => {
                text.push_str(more);
            }
            (known, value) => *known = value.clone(),
        }
    }
}

/// A piece whose words are whole.
fn settled(mut piece: Value) -> Value {
    for key in WORDS {
        if let Some(Value::String(text)) = piece.get_mut(key) {
            *text = joined(text);
        }
    }
    piece
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_a_thought_are_put_together_and_seals_stay_apart() {
        let mut thoughts = Thoughts::default();
        let text = |text: &str| json!({"type": "reasoning.text", "text": text, "index": 0});
        let seal = json!({"type": "reasoning.encrypted", "data": "c2Vh", "id": "call_1", "index": 0});
        thoughts.details(vec![text("I ")]);
        let last = json!({"type": "reasoning.text", "text": "look.", "index": 0, "signature": "c2ln"});
        thoughts.details(vec![last, seal.clone()]);
        thoughts.details(vec![seal.clone(), text("More.")]);
        let whole = json!({"type": "reasoning.text", "text": "I look.", "index": 0, "signature": "c2ln"});
        let expect = json!({"reasoning_details": [whole, seal, seal, text("More.")]});
        assert_eq!(thoughts.carried(), Some(expect));
        assert_eq!(Thoughts::default().carried(), None);
    }
}
