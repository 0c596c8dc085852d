//! Counts of tokens as servers write them.
//!
//! A count is never a reason to throw an answer away: what is no number of tokens is read as [`NONSENSE`], what stands
//! where counts should is read as none. Whether a count can be is judged where it is paid for, and nowhere here.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// More tokens than there can be: something stood there, and it was no count.
pub(crate) const NONSENSE: u64 = u64::MAX;

/// Reads a count: a whole number, also as `12.0` or `"12"`.
pub(crate) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(of(&Value::deserialize(deserializer)?))
}

/// Reads an object of counts; anything else is none.
pub(crate) fn read<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let value = Value::deserialize(deserializer)?;
    Ok(if value.is_object() { serde_json::from_value(value).ok() } else { None })
}

/// The cached tokens among the details of what was sent.
pub(crate) fn cached(details: Option<&Value>) -> Option<u64> {
    of(details?.get("cached_tokens")?)
}

fn of(value: &Value) -> Option<u64> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    let whole = text.split_once('.').filter(|(_, rest)| rest.bytes().all(|digit| digit == b'0'));
    Some(whole.map_or(text.as_str(), |(whole, _)| whole).parse().unwrap_or(NONSENSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Event {
        #[serde(default, deserialize_with = "read")]
        usage: Option<Counts>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Counts {
        #[serde(default, deserialize_with = "count")]
        sent: Option<u64>,
    }

    #[test]
    fn no_count_is_an_error() {
        let check = |text: &str, sent: Option<u64>| {
            let event: Event = serde_json::from_str(&format!("{{\"usage\": {{\"sent\": {text}}}}}")).unwrap();
            assert_eq!(event.usage, Some(Counts { sent }), "{text}");
            let details = serde_json::from_str(&format!("{{\"cached_tokens\": {text}}}")).unwrap();
            assert_eq!(cached(Some(&details)), sent, "{text}");
        };
        for (text, sent) in [("12", 12), ("12.0", 12), ("\"12\"", 12), ("0", 0)] {
            check(text, Some(sent));
        }
        for text in ["-1", "12.5", "1e30", "18446744073709551616", "\"many\"", "true", "[]", "{}"] {
            check(text, Some(NONSENSE));
        }
        check("null", None);
        for usage in ["null", "[]", "7", "\"none\""] {
            let event: Event = serde_json::from_str(&format!("{{\"usage\": {usage}}}")).unwrap();
            assert_eq!(event, Event { usage: None }, "{usage}");
        }
    }
}
