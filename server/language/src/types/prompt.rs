//! The heads of prompt commands and skills. Other programs write keys of their own there, so unknown ones stay.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A prompt command: a shortcut for a prompt. The text below the front matter is the prompt.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(title = "Copydesk prompt command")]
pub struct Prompt {
    /// The schema of this file.
    #[serde(rename = "$schema")]
    pub schema: Option<String>,
    /// What the command is called. The file's name unless set.
    pub name: Option<String>,
    /// What it does, in a sentence.
    pub description: Option<String>,
    /// The agent that answers.
    pub agent: Option<String>,
    /// The model, as `provider/model`.
    pub model: Option<String>,
}

/// A skill: instructions that an agent reads when it needs them.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Copydesk skill")]
pub struct Skill {
    /// What the skill is called.
    pub name: String,
    /// What it is for and when to use it, as the model reads it.
    pub description: String,
}
