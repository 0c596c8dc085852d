//! Keeping known secrets out of everything that is written or sent.

/// Replaces the secrets it was given, wherever they stand, by `[redacted]`.
///
/// It knows values, not patterns: the keys that this process itself read. Values shorter than eight characters are
/// not replaced, since they would tear ordinary text.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<String>,
}

/// What stands for a secret.
pub const REDACTED: &str = "[redacted]";

const SHORTEST_SECRET: usize = 8;

impl Redactor {
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut secrets: Vec<String> =
            secrets.into_iter().filter(|secret| secret.len() >= SHORTEST_SECRET).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self { secrets }
    }

    /// The text without the secrets.
    pub fn clean(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| {
            if text.contains(secret.as_str()) { text.replace(secret.as_str(), REDACTED) } else { text }
        })
    }

    /// Cleans every string of a JSON value, keys included.
    pub fn clean_json(&self, value: &serde_json::Value) -> serde_json::Value {
        use serde_json::Value;
        match value {
            Value::String(text) => Value::String(self.clean(text)),
            Value::Array(items) => Value::Array(items.iter().map(|item| self.clean_json(item)).collect()),
            Value::Object(map) => Value::Object(
                map.iter().map(|(key, value)| (self.clean(key), self.clean_json(value))).collect(),
            ),
            other => other.clone(),
        }
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} secrets)", self.secrets.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_secrets_go_first_and_short_ones_stay() {
        let redactor = Redactor::new(["sk-12345678".into(), "sk-12345678-long".into(), "abc".into()]);
        assert_eq!(redactor.clean("a sk-12345678-long b sk-12345678 abc"), "a [redacted] b [redacted] abc");
    }
}
