//! The head of a chat document.

use copydesk_base::config::{Mode, OneOrMany};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A conversation with an agent as a Markdown file. Below the front matter each turn begins with `# User` or
/// `# Assistant`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Copydesk chat")]
pub struct Chat {
    /// The schema of this file, for editors without Copydesk.
    #[serde(default, rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The model, as `provider/model`. The one of the config unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Model refs to try, in order, when the model cannot answer. Those of its agent unless set, then the config's.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "copydesk_base::config::fallback"
    )]
    pub fallback: Option<OneOrMany>,
    /// The agent that answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The posture where no rule speaks. A document can only tighten it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The conversation that goes on here. Written when the first turn is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}
