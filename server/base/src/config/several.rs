//! What is written as one text or as a list of texts, and read as the same.

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

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

/// Models that answer instead: one in a text, or a list of them. Several in one text are none that anybody has.
pub fn fallback<'de, D: Deserializer<'de>>(from: D) -> Result<Option<OneOrMany>, D::Error> {
    let read = Option::<OneOrMany>::deserialize(from)?;
    match read.as_ref().and_then(|names| names.iter().find_map(several_models)) {
        Some(wrong) => Err(D::Error::custom(wrong)),
        None => Ok(read),
    }
}

/// What is wrong with the name of a model that holds several, as a fragment.
pub fn several_models(text: &str) -> Option<String> {
    let is_several = text.trim().contains(|c: char| c == ',' || c.is_whitespace());
    is_several.then(|| format!("'{text}' are several models in one text; make them a list"))
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

    #[test]
    fn models_in_one_text_are_no_list() {
        let check = |json: &str, expect: Result<Option<&[&str]>, &str>| {
            let read = fallback(&mut serde_json::Deserializer::from_str(json));
            let read = read.map(|names| names.map(Vec::from)).map_err(|error| error.to_string());
            let expect =
                expect.map(|names| names.map(|names| names.iter().map(|&name| name.to_owned()).collect()));
            assert_eq!(read, expect.map_err(str::to_owned), "{json}");
        };
        check("null", Ok(None));
        check(r#"" a/b ""#, Ok(Some(&[" a/b "])));
        check(r#"["a/b", "c:d"]"#, Ok(Some(&["a/b", "c:d"])));
        check(r#""a/b, c""#, Err("'a/b, c' are several models in one text; make them a list"));
        check(r#""a/b c""#, Err("'a/b c' are several models in one text; make them a list"));
        check(r#"["a", "b,c"]"#, Err("'b,c' are several models in one text; make them a list"));
    }
}
