//! The head of a stepper layer: `.stepper/layer/NAME/index.md`, read as it is.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A layer of a stepper pipeline. The text below the front matter is its system prompt.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(title = "stepper layer")]
pub struct Layer {
    /// What the layer does, in a sentence.
    pub description: String,
    /// What it is called. The folder's name unless set.
    #[serde(default)]
    pub name: Option<String>,
    /// The model.
    #[serde(default)]
    pub model: Option<String>,
    /// The provider, by its name in the settings.
    #[serde(default)]
    pub provider: Option<String>,
    /// How freely the model chooses its words.
    #[serde(default)]
    pub temperature: Option<f64>,
    /// How much of the likely words it chooses from.
    #[serde(default, rename = "top_p")]
    pub top_p: Option<f64>,
    /// How long it thinks.
    #[serde(default)]
    pub reasoning_effort: Option<String>,
    /// How many tokens it may think.
    #[serde(default)]
    pub thinking_budget: Option<u64>,
    /// Which tools it may use.
    #[serde(default)]
    pub tools: Option<LayerTools>,
    /// Verdicts by rule: `allow`, `ask` or `deny`. They only tighten.
    #[serde(default)]
    pub permission: BTreeMap<String, LayerVerdict>,
    /// Which MCP servers it may use.
    #[serde(default)]
    pub mcp: Option<LayerServers>,
    /// Skills it may read.
    #[serde(default)]
    pub skills: Vec<String>,
    /// How many steps it may take.
    #[serde(default)]
    pub steps: Option<u64>,
    /// Keep it out of lists.
    #[serde(default)]
    pub hidden: Option<bool>,
    /// Its colour in lists.
    #[serde(default)]
    pub color: Option<String>,
    /// What happens to the run when the layer fails.
    #[serde(default)]
    pub on_failure: Option<OnFailure>,
    /// How often it is tried again.
    #[serde(default)]
    pub retries: Option<u64>,
    /// One worker for each task of the layer before.
    #[serde(default)]
    pub parallel: Option<bool>,
    /// How many workers at the same time.
    #[serde(default)]
    pub parallel_max: Option<u64>,
}

/// Which tools a layer may use.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LayerTools {
    /// Only these.
    pub allow: Vec<String>,
    /// Not these.
    pub deny: Vec<String>,
}

/// Which MCP servers a layer may use.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LayerServers {
    /// Only these.
    pub allow: Vec<String>,
}

/// A verdict of a layer's rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LayerVerdict {
    /// It happens, where nothing stricter speaks.
    Allow,
    /// A person is asked.
    Ask,
    /// It does not happen.
    Deny,
}

/// What happens to the run when a layer fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// The run ends.
    Stop,
    /// The run goes on with the next layer.
    Skip,
}
