//! What is written as one text or as a list of texts, and read as the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One text, or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a text or a list of texts")]
pub enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.as_slice().iter().map(String::as_str)
    }
}

impl From<OneOrMany> for Vec<String> {
    fn from(written: OneOrMany) -> Self {
        match written {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_list_of_one() {
        let check = |json: &str, expect: &[&str]| {
            let read: OneOrMany = serde_json::from_str(json).unwrap();
            assert_eq!(read.iter().collect::<Vec<_>>(), expect, "{json}");
            assert_eq!(Vec::from(read), expect, "{json}");
        };
        check(r#""a/b""#, &["a/b"]);
        check(r#"["a/b", "c"]"#, &["a/b", "c"]);
        check("[]", &[]);
        let wrong = serde_json::from_str::<OneOrMany>("7").unwrap_err().to_string();
        assert_eq!(wrong, "a text or a list of texts");
    }
}
