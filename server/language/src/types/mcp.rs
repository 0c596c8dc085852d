//! MCP servers in a file of their own, which other programs read as well: `.mcp.json`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// MCP servers of a project: `.mcp.json`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "MCP servers")]
pub struct McpFile {
    /// The schema of this file.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The servers by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub mcp_servers: BTreeMap<String, McpFileServer>,
    /// The servers by name, as some editors call them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub servers: BTreeMap<String, McpFileServer>,
    /// Values that an editor asks the person for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Value>,
}

/// A tool server: a program (`command`) or an address (`url`).
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct McpFileServer {
    /// How it is reached: `stdio` is a program, the others are addresses.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Transport>,
    /// The program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The program's arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// The program's environment variables. Write `${NAME}` in place of a secret.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// A file with environment variables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env_file: Option<String>,
    /// The folder to run in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The address of a server that is already running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Header fields of every request. Write `${NAME}` in place of a secret.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// How long to wait for it, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<f64>,
    /// How a person signs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth: Option<Value>,
    /// Keep the entry, and do not start the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// Whether the server is started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Offer its tools from the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub always_load: Option<bool>,
    /// Tools that other programs run without asking. Copydesk asks its own rules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub always_allow: Vec<String>,
    /// The same, as others call it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub auto_approve: Vec<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// How a server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// A program on this machine, spoken to on its standard input and output.
    Stdio,
    /// An address that speaks streamable HTTP.
    Http,
    /// The same, by its full name.
    StreamableHttp,
    /// An address that sends events.
    Sse,
    /// An address of web sockets.
    Ws,
    /// A program, as Keystone calls it.
    Local,
    /// An address, as Keystone calls it.
    Remote,
}
