//! Numbers that mean an amount: read only where they can be one, so that no limit and no price is taken for what it is
//! not.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::Duration;

/// A number above zero: a limit of nothing lets nothing happen, and a negative one means nothing.
pub(super) fn positive<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + PartialOrd + Default,
{
    match Option::<T>::deserialize(from)? {
        Some(number) if number > T::default() => Ok(Some(number)),
        Some(_) => Err(D::Error::custom("it must be more than 0")),
        None => Ok(None),
    }
}

/// A span of time that is more than none.
pub(super) fn positive_time<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    positive(from)?.ok_or_else(|| D::Error::custom("it must be more than 0"))
}

/// Dollars, none included.
pub(super) fn dollars<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let number = f64::deserialize(from)?;
    if number >= 0.0 { Ok(number) } else { Err(D::Error::custom("it must be at least 0")) }
}

/// Dollars, or nothing said about them.
pub(super) fn dollars_if_set<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    match Option::<f64>::deserialize(from)? {
        Some(number) if number >= 0.0 => Ok(Some(number)),
        Some(_) => Err(D::Error::custom("it must be at least 0")),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Budget, Check, Hook, ModelCache, ModelPrice, ModelSettings, Provider};

    fn wrong<T: serde::de::DeserializeOwned>(json: &str) -> Option<String> {
        serde_json::from_str::<T>(json).err().map(|error| error.to_string())
    }

    #[test]
    fn amounts_that_are_none_are_refused() {
        let above = |error: Option<String>| assert!(error.unwrap().starts_with("it must be more than 0"));
        let least = |error: Option<String>| assert!(error.unwrap().starts_with("it must be at least 0"));
        for zero in [r#"{"tokens": 0}"#, r#"{"requests": 0}"#, r#"{"minutes": 0}"#, r#"{"minutes": -1.5}"#] {
            above(wrong::<Budget>(zero));
        }
        above(wrong::<Provider>(r#"{"kind": "ollama", "concurrency": 0}"#));
        above(wrong::<ModelSettings>(r#"{"context_window": 0}"#));
        above(wrong::<ModelSettings>(r#"{"output_limit": 0}"#));
        above(wrong::<Provider>(r#"{"kind": "ollama", "timeouts": {"idle": "0s"}}"#));
        above(wrong::<ModelCache>(r#"{"ttl": 0}"#));
        above(wrong::<Check>(r#"{"command": "a", "timeout": 0}"#));
        for key in ["timeout", "after"] {
            above(wrong::<Hook>(&format!(r#"{{"command": "a", "{key}": "0s"}}"#)));
        }
        least(wrong::<Budget>(r#"{"usd": -0.01}"#));
        least(wrong::<ModelPrice>(r#"{"input": -1, "output": 1}"#));
        least(wrong::<ModelPrice>(r#"{"input": 1, "output": -1}"#));
        least(wrong::<ModelPrice>(r#"{"input": 1, "output": 1, "cached_input": -1}"#));
        for fine in
            [r#"{"usd": 0}"#, r#"{"usd": 0.5, "tokens": 1}"#, r#"{"minutes": 0.1}"#, r#"{"tokens": null}"#]
        {
            assert_eq!(wrong::<Budget>(fine), None, "{fine}");
        }
        assert_eq!(wrong::<ModelPrice>(r#"{"input": 0, "output": 0}"#), None);
    }
}
