//! Keystone's own config file, read as it is: its keys are known as far as they mean something here, and further ones
//! below the top are its business.

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
    pub storage: Option<KeystoneStorage>,
    /// Tool servers that speak the Model Context Protocol.
    pub mcp_servers: Option<BTreeMap<String, KeystoneServer>>,
    /// External agent programs: `allowlist` and `denylist`.
    pub engines: Option<KeystoneEngines>,
    /// What shell commands may be: `allowlist` and `denylist`.
    pub shell: Option<KeystoneShell>,
    /// How much may run at the same time.
    pub concurrency: Option<KeystoneConcurrency>,
    /// How expressions are read.
    pub expression: Option<KeystoneExpression>,
    /// Features that are switched on or off.
    pub features: Option<Value>,
    /// What is logged.
    pub logging: Option<Value>,
    /// The folder of the workflows.
    pub workflows_directory: Option<String>,
    /// The embedding model of the memory.
    pub embedding_model: Option<String>,
}

/// Where runs are kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct KeystoneStorage {
    /// How many days runs are kept.
    pub retention_days: Option<f64>,
    /// Whether secrets are taken out of what is kept. Copydesk always does.
    pub redact_secrets_at_rest: Option<bool>,
}

/// A tool server: a program or an address.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct KeystoneServer {
    /// Where it runs.
    #[serde(rename = "type")]
    pub kind: Option<super::model::ServerKind>,
    /// The program, for `type: local`.
    pub command: Option<String>,
    /// The program's arguments.
    pub args: Option<Vec<String>>,
    /// The program's environment variables.
    pub env: Option<BTreeMap<String, String>>,
    /// The address, for `type: remote`.
    pub url: Option<String>,
    /// Header fields of every request, for `type: remote`.
    pub headers: Option<BTreeMap<String, String>>,
    /// How long to wait for it, in milliseconds.
    pub timeout: Option<f64>,
    /// How a person signs in.
    pub oauth: Option<Value>,
}

/// External agent programs.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct KeystoneEngines {
    /// Programs that may be started, by name.
    pub allowlist: Option<BTreeMap<String, Value>>,
    /// Programs that may not be started.
    pub denylist: Option<Vec<String>>,
}

/// What shell commands may be.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct KeystoneShell {
    /// Commands that are allowed. Not read: a repository grants nothing.
    pub allowlist: Option<Vec<String>>,
    /// Commands that never run.
    pub denylist: Option<Vec<String>>,
}

/// How much may run at the same time.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct KeystoneConcurrency {
    /// Steps.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub default: Option<f64>,
    /// Named limits that steps share by `pool`.
    pub pools: Option<BTreeMap<String, super::Limit>>,
}

/// How expressions are read.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct KeystoneExpression {
    /// Whether braces that are never closed are an error.
    pub strict: Option<bool>,
}
