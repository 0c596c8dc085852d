//! The head of an action file: a prompt in the editor's menu.

use copydesk_base::config::{Mode, OneOrMany};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An action: a prompt in the editor's menu. The text below the front matter is the prompt.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Copydesk action")]
pub struct Action {
    /// The schema of this file, for editors without Copydesk.
    #[serde(default, rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// What the action is called on the command line.
    pub name: String,
    /// What the menu says. The name unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it does, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The tools it may use: `read`, `grep`, `edit`, `write`, `bash` and others. All unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<String>>,
    /// The languages in whose files it is offered, by the editor's names. All unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub languages: Option<Vec<String>>,
    /// Where it is offered: with everything here true. Everywhere unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// The agent that does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The model, as `provider/model`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Model refs to try, in order, when the model cannot answer. Those of the config unless set.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "copydesk_base::config::fallback"
    )]
    pub fallback: Option<OneOrMany>,
    /// The posture where no rule speaks. An action can only tighten it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Rules that hold besides everybody's. An action can only tighten: `ask` and `deny`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<TightRules>,
}

/// Where an action is offered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// In files of these languages, by the editor's names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// Where one of these is reported: the code of a problem, who reports it, or `error`, `warning`, `info`, `hint`;
    /// `*` stands for any characters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<String>,
}

/// Permission rules of a file that can only tighten.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TightRules {
    /// Effects that ask, `Bash(git push:*)` for one.
    pub ask: Vec<String>,
    /// Effects that never happen, `Read(**/.env*)` for one.
    pub deny: Vec<String>,
    /// Not read: nothing can be allowed here. Write it into your own config.
    pub allow: Vec<String>,
}
