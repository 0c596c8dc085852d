//! How long conversations are kept.

use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Duration;

/// An age: a number with its unit, `90d` or `12h`, and more than nothing.
///
/// Whoever writes `90` means days, and what is taken away is gone: a number without a unit is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Age(Duration);

impl Age {
    /// Reads `90d`, `12h`, `1.5d`.
    pub fn parse(text: &str) -> Option<Self> {
        let has_unit = text.trim_end().ends_with(|c: char| c.is_ascii_alphabetic());
        Duration::parse(text).filter(|age| has_unit && !age.0.is_zero()).map(Self)
    }
}

impl<'de> Deserialize<'de> for Age {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        value.as_str().and_then(Self::parse).ok_or_else(|| {
            serde::de::Error::custom("expected a number with a unit, such as '90d' or '12h', and more than 0")
        })
    }
}

impl JsonSchema for Age {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Age".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A number with its unit, more than 0: `90d`, `12h`.",
            "type": "string",
            "pattern": "^\\s*[0-9.]*[1-9][0-9.]*\\s*(ms|s|m|h|d)\\s*$"
        })
    }
}

/// How long conversations are kept, with what undoes their edits. The rest goes when Copydesk starts the next time, but
/// never what is still at work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// A conversation goes when nothing was said in it for so long. `90d` unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<Age>,
    /// The oldest go when all of a workspace together need more. 1024 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub megabytes: Option<NonZeroU64>,
}

impl Retention {
    /// What is in force while nobody knows what was meant.
    pub const UNCLEAR: &str =
        "conversations are kept for ever until 'retention:' in config.yaml can be understood";

    /// The age that is in force.
    pub fn longest(&self) -> std::time::Duration {
        self.age.map_or(std::time::Duration::from_hours(90 * 24), |age| age.0.0)
    }

    /// The size that is in force, in megabytes.
    pub fn largest(&self) -> u64 {
        self.megabytes.map_or(1024, NonZeroU64::get)
    }

    /// Both in words.
    pub fn words(&self) -> String {
        const DAY: u64 = 24 * 60 * 60;
        let age = self.longest();
        let age = match (age.as_secs() / DAY, age.as_secs() % DAY) {
            (1, 0) => "1 day".to_owned(),
            (days, 0) if days > 0 => format!("{days} days"),
            _ => format!("{} s", age.as_secs_f64()),
        };
        format!(
            "conversations are kept for {age} after the last word and up to {} MB, with what undoes their edits \
             (retention: in config.yaml)",
            self.largest()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_force_is_said() {
        for (age, megabytes, expect) in [
            (None, None, "for 90 days after the last word and up to 1024 MB,"),
            (Age::parse("1d"), NonZeroU64::new(5), "for 1 day after the last word and up to 5 MB,"),
            (Age::parse("90s"), None, "for 90 s after"),
        ] {
            let words = Retention { age, megabytes }.words();
            assert!(words.contains(expect), "{words}");
        }
    }

    #[test]
    fn what_takes_everything_away_is_no_setting() {
        for (text, expect) in [
            (r#"{"age": "90d"}"#, true),
            (r#"{"age": "1.5h", "megabytes": 1}"#, true),
            (r#"{"age": 90}"#, false),
            (r#"{"age": "90"}"#, false),
            (r#"{"age": "0d"}"#, false),
            (r#"{"age": "-1d"}"#, false),
            (r#"{"age": "forever"}"#, false),
            (r#"{"megabytes": 0}"#, false),
            (r#"{"megabytes": -1}"#, false),
            (r#"{"days": 3}"#, false),
        ] {
            assert_eq!(serde_json::from_str::<Retention>(text).is_ok(), expect, "{text}");
        }
    }
}
