//! Plugins of agent programs, which other programs install: the manifest (`.claude-plugin/plugin.json`) and a file of
//! hooks (`hooks/hooks.json`).

use std::collections::BTreeMap;

use copydesk_base::config::{HOOK_EVENTS, OneOrMany};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a plugin is called and what it brings.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Plugin", extend("required" = ["name"]))]
pub struct Plugin {
    /// The schema of this file.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// What it is called: a-z, 0-9 and `-`.
    pub name: String,
    /// What people see in place of the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Its version, `1.2.0` for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// Where it is described.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// Where its source is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// Under which license it is, `MIT` for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Words by which it is found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// The shelf of a market that it stands on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// More words by which it is found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether what the manifest names is all that there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
    /// Files or folders of commands, besides `commands/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commands: Option<Value>,
    /// Files or folders of agents, besides `agents/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agents: Option<OneOrMany>,
    /// Folders of skills, besides `skills/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skills: Option<OneOrMany>,
    /// Hooks written out, or the file that has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hooks: Option<Value>,
    /// MCP servers written out, or the file that has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mcp_servers: Option<Value>,
    /// Language servers written out, or the file that has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lsp_servers: Option<Value>,
    /// Files or folders of ways to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_styles: Option<OneOrMany>,
    /// What a market shows of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<Value>,
}

/// Who made a plugin: a name, or more of a person.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Author {
    Name(String),
    Person(Person),
}

/// A person, or many under one name.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["name"]))]
pub struct Person {
    /// The name.
    pub name: String,
    /// Where to write to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Where to read about them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Where a plugin's source is: an address, or one with its kind.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Repository {
    Url(String),
    Source(BTreeMap<String, String>),
}

/// Hooks in a file of their own: `hooks/hooks.json`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "Hooks", extend("required" = ["hooks"]))]
pub struct HooksFile {
    /// The schema of this file.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// What they are for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The hooks by the event that starts them.
    #[schemars(schema_with = "events")]
    pub hooks: BTreeMap<String, Vec<HookGroup>>,
}

/// Each event that many programs know, by its name; a program may have more.
fn events(generator: &mut SchemaGenerator) -> Schema {
    let groups = generator.subschema_for::<Vec<HookGroup>>();
    let event = |(name, docs): &(&str, &str)| {
        let mut schema = groups.clone();
        schema.insert("description".to_owned(), (*docs).into());
        ((*name).to_owned(), schema.to_value())
    };
    let events: serde_json::Map<String, Value> = HOOK_EVENTS.iter().map(event).collect();
    schemars::json_schema!({
        "description": "The hooks by the event that starts them.",
        "type": "object",
        "properties": events,
        "additionalProperties": groups
    })
}

/// Hooks for some tools.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["hooks"]))]
pub struct HookGroup {
    /// Which tools they are for; all where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matcher: Option<String>,
    /// What they are for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What is done.
    pub hooks: Vec<PluginHook>,
}

/// One thing that is done at an event.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("required" = ["type"]))]
pub struct PluginHook {
    /// What it is: a shell command, or words for a model.
    #[serde(rename = "type")]
    pub kind: PluginHookKind,
    /// The shell command, for `type: command`; it gets the event as JSON on its standard input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// What a model is asked, for `type: prompt` and `type: agent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Where the event is sent to, for `type: http`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How long it may take, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub timeout: Option<f64>,
}

/// What a hook of a plugin is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PluginHookKind {
    /// A shell command.
    #[default]
    Command,
    /// A question to a model.
    Prompt,
    /// A question to a model that has tools.
    Agent,
    /// A request to an address.
    Http,
}
