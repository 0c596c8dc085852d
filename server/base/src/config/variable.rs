//! Names of environment variables.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// The name of an environment variable. The text is never repeated: a key may stand there by mistake.
pub(super) fn name<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let read = Option::<String>::deserialize(from)?;
    if read.as_deref().is_none_or(is_variable) {
        return Ok(read);
    }
    Err(D::Error::custom(
        "the name of a variable is needed: letters, digits and '_'; a key does not belong in a file",
    ))
}

/// Whether a text may be the name of an environment variable.
pub fn is_variable(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && !looks_like_a_key(name)
}

/// The variable that a text stands for, as shells, editors and other programs write one: `${KEY}`, `$KEY`, `{env:KEY}`,
/// `${{ secrets.KEY }}`, `%KEY%`.
pub fn variable_in(text: &str) -> Option<&str> {
    let text = text.trim();
    let around =
        [("${{", "}}"), ("${", "}"), ("{env:", "}"), ("%", "%"), ("$env:", ""), ("env:", ""), ("$", "")];
    let inner = around.iter().find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close))?;
    let inner = inner.trim();
    let name = ["secrets.", "env.", "env:"].iter().find_map(|home| inner.strip_prefix(home)).unwrap_or(inner);
    is_variable(name).then_some(name)
}

/// Whether letters and digits are mixed as only a machine mixes them, at length.
fn looks_like_a_key(name: &str) -> bool {
    let digits = name.chars().filter(char::is_ascii_digit).count();
    name.len() >= 20 && digits >= 3 && !name.contains('_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_known_however_it_is_written() {
        for (text, expected) in [
            ("${KEY}", Some("KEY")),
            (" $WORK_KEY ", Some("WORK_KEY")),
            ("{env:KEY}", Some("KEY")),
            ("${env:KEY}", Some("KEY")),
            ("${{ secrets.KEY }}", Some("KEY")),
            ("$env:KEY", Some("KEY")),
            ("env:KEY", Some("KEY")),
            ("%KEY%", Some("KEY")),
            ("KEY", None),
            ("hunter2", None),
            ("$sk-proj-a", None),
            ("${KEY", None),
            ("${KEY:-none}", None),
            ("$(pass key)", None),
            ("$", None),
        ] {
            assert_eq!(variable_in(text), expected, "{text}");
        }
    }

    #[test]
    fn a_key_is_no_name_of_a_variable() {
        for (name, expected) in [
            ("WORK_KEY", true),
            ("_k2", true),
            ("", false),
            ("2K", false),
            ("$KEY", false),
            ("sk-proj-a", false),
            ("a8f7e6d5c4b3a29180f7e6d5c4b3a291", false),
            ("A_KEY_OF_THE_YEAR_2026_AND_MORE", true),
            ("COMPANYWIDEMODELSKEY2", true),
        ] {
            assert_eq!(is_variable(name), expected, "{name}");
        }
    }
}
