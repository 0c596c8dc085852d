//! How long conversations are kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Duration;

/// How long conversations are kept, with what undoes their edits. The rest goes when Copydesk starts the next time, but
/// never what is still at work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// A conversation goes when nothing was said in it for so long. `90d` unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<Duration>,
    /// The oldest go when all of a workspace together need more. 1024 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub megabytes: Option<u64>,
}

impl Retention {
    /// The age that is in force.
    pub fn longest(&self) -> std::time::Duration {
        self.age.map_or(std::time::Duration::from_hours(90 * 24), |age| age.0)
    }

    /// The size that is in force, in megabytes.
    pub fn largest(&self) -> u64 {
        self.megabytes.unwrap_or(1024)
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
            (Duration::parse("1d"), Some(5), "for 1 day after the last word and up to 5 MB,"),
            (Duration::parse("90s"), None, "for 90 s after"),
            (Duration::parse("0s"), Some(0), "for 0 s after the last word and up to 0 MB,"),
        ] {
            let words = Retention { age, megabytes }.words();
            assert!(words.contains(expect), "{words}");
        }
    }
}
