//! Keystone's own config file, read as it is: its top-level keys are known, what lies below is its business.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Settings of Keystone: `.keystone/config.yaml`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "Keystone config")]
pub struct KeystoneConfig {
    /// The schema of this file.
    #[serde(rename = "$schema")]
    pub schema: Option<String>,
    /// The provider that answers when nothing else names one.
    pub default_provider: Option<String>,
    /// The model that answers when nothing else names one.
    pub default_model: Option<String>,
    /// Where models are reached, by a name of your own.
    pub providers: BTreeMap<String, Map<String, Value>>,
    /// Which provider serves a bare model name; `*` stands for any characters.
    pub model_mappings: BTreeMap<String, String>,
    /// Where runs are kept.
    pub storage: Option<Value>,
    /// Tool servers that speak the Model Context Protocol.
    pub mcp_servers: Option<Value>,
    /// External agent programs: `allowlist` and `denylist`.
    pub engines: Option<Value>,
    /// What shell commands may be: `allowlist` and `denylist`.
    pub shell: Option<Value>,
    /// How much may run at the same time.
    pub concurrency: Option<Value>,
    /// How expressions are read.
    pub expression: Option<Value>,
    /// Features that are switched on or off.
    pub features: Option<Value>,
    /// What is logged.
    pub logging: Option<Value>,
    /// The folder of the workflows.
    pub workflows_directory: Option<String>,
    /// The embedding model of the memory.
    pub embedding_model: Option<String>,
}
