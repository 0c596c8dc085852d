//! Steps that move data: `file`, `request`, `memory`, `artifact`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Templated;

/// Reads or changes a file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct File {
    /// The file, relative to the workspace.
    pub path: String,
    /// What to do with it.
    pub op: FileOp,
    /// The new text, or the patch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Let the step reach files outside the workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_outside_cwd: Option<Templated<bool>>,
}

/// What a `file` step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileOp {
    /// Gives the file's text as output.
    Read,
    /// Replaces the file by `content`.
    Write,
    /// Adds `content` at the end.
    Append,
    /// Applies `content`: a unified diff, or search and replace blocks that match exactly once.
    Patch,
}

/// Sends an HTTP request.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// The address.
    pub url: String,
    /// The method.
    #[serde(default)]
    pub method: Method,
    /// What is sent: a text, or data that is sent as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Header fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    #[default]
    Get,
    /// Creates or sends.
    Post,
    /// Replaces.
    Put,
    /// Changes a part.
    Patch,
    /// Removes.
    Delete,
    /// Reads the header fields only.
    Head,
}

/// Searches or fills the project's memory.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Memory {
    /// What to do.
    pub op: MemoryOp,
    /// What to look for, for `op: search`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// What to keep, for `op: store`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The model that makes embeddings. `local` unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "local"))]
    pub model: Option<String>,
    /// Names and values that are kept with the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
    /// How many results at most. 5 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = 5, "exclusiveMinimum" = 0))]
    pub limit: Option<Templated<u64>>,
}

/// What a `memory` step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MemoryOp {
    /// Finds texts that fit `query`.
    Search,
    /// Keeps `text`.
    Store,
}

/// Keeps files of a run, or fetches them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// What to do.
    pub op: ArtifactOp,
    /// What the artifact is called.
    pub name: String,
    /// The files to keep, for `op: upload`; globs are allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1))]
    pub paths: Vec<String>,
    /// The folder to fetch into, for `op: download`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Let the step reach files outside the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_outside_cwd: Option<Templated<bool>>,
}

/// What an `artifact` step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ArtifactOp {
    /// Keeps the files of `paths`.
    Upload,
    /// Fetches the files into `path`.
    Download,
}
