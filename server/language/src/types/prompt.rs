//! The heads of prompt commands, skills and instructions. Other programs write keys of their own there, so unknown ones
//! stay.

use copydesk_base::config::OneOrMany;
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
    /// Model refs to try, in order, when the model cannot answer. Those of its agent unless set, then the config's.
    #[serde(deserialize_with = "copydesk_base::config::fallback")]
    pub fallback: Option<OneOrMany>,
    /// What the person gives along: names, or names with a word about each. The text asks for them as `{{name}}`.
    pub arguments: Option<Vec<ArgumentOrName>>,
    /// What a menu shows behind the command's name.
    #[serde(rename = "argument-hint")]
    pub argument_hint: Option<OneOrMany>,
    /// The tools that may be used: `read`, `grep`, `edit`, `write`, `bash` and others.
    pub tools: Option<OneOrMany>,
    /// The same, as other programs call it.
    #[serde(rename = "allowed-tools")]
    pub allowed_tools: Option<OneOrMany>,
    /// The languages in whose files it is offered, by the editor's names.
    pub languages: Option<Vec<String>>,
    /// When it is offered or used, in a sentence.
    pub when: Option<String>,
}

/// An argument of a prompt: its name, or its name and more.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ArgumentOrName {
    Name(String),
    Argument(Argument),
}

/// An argument of a prompt.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Argument {
    /// What it is called in the text, as `{{name}}`.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether it must be given.
    #[serde(default)]
    pub required: Option<bool>,
    /// The value when none is given.
    #[serde(default)]
    pub default: Option<super::Scalar>,
}

/// A skill: instructions that an agent reads when it needs them.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Copydesk skill")]
pub struct Skill {
    /// What the skill is called: its folder's name, at most 64 of `a-z`, `0-9` and `-`.
    pub name: String,
    /// What it is for and when to use it, as the model reads it. At most 1024 letters.
    pub description: String,
    /// The terms under which it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// What it needs: programs, packages, network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compatibility: Option<String>,
    /// The tools that it uses.
    #[serde(default, rename = "allowed-tools", skip_serializing_if = "Option::is_none")]
    pub allowed_tools: Option<OneOrMany>,
    /// Names and values for other programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Instructions for agents: `AGENTS.md` and its kin. The text below the front matter, or all of it, is read as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(title = "Instructions for agents")]
pub struct Instructions {
    /// What they are called.
    pub name: Option<String>,
    /// What they are about.
    pub description: Option<String>,
    /// The files they hold for, as globs.
    #[serde(rename = "applyTo")]
    pub apply_to: Option<OneOrMany>,
    /// The same, as other programs call it.
    pub globs: Option<OneOrMany>,
    /// The same, as others call it.
    pub paths: Option<OneOrMany>,
    /// Whether they hold for every file.
    #[serde(rename = "alwaysApply")]
    pub always_apply: Option<bool>,
}
