//! Model servers that run on this machine without anybody having configured them.
//!
//! Only addresses that were passed in are tried, with a short patience and without a key.

use std::time::Duration;

use copydesk_base::config::ProviderKind;
use serde::Deserialize;

/// A server that may run here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalServer {
    pub name: String,
    /// What it speaks: Ollama's own API or Chat Completions.
    pub kind: ProviderKind,
    /// With `/v1` for `openai-chat`.
    pub base_url: String,
}

/// A server that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub name: String,
    pub kind: ProviderKind,
    pub base_url: String,
    /// What it serves, in its own order; may be empty.
    pub models: Vec<String>,
}

impl LocalServer {
    /// Ollama and LM Studio on their usual ports.
    pub fn usual() -> Vec<Self> {
        [
            ("ollama", ProviderKind::Ollama, "http://127.0.0.1:11434"),
            ("lmstudio", ProviderKind::OpenaiChat, "http://127.0.0.1:1234/v1"),
        ]
        .map(|(name, kind, base_url)| Self { name: name.to_owned(), kind, base_url: base_url.to_owned() })
        .into()
    }
}

impl Found {
    /// The first model that is not made for embeddings.
    pub fn usable_model(&self) -> Option<&str> {
        self.models.iter().map(String::as_str).find(|model| !model.contains("embed"))
    }
}

const CONNECT: Duration = Duration::from_millis(150);
const ANSWER: Duration = Duration::from_secs(1);
const LARGEST_LIST: usize = 1 << 20;

/// Asks each of the servers for its models, all at once. At most about a second, a few milliseconds where none runs.
pub async fn discover(servers: &[LocalServer]) -> Vec<Found> {
    if servers.is_empty() {
        return Vec::new();
    }
    let Ok(client) = crate::clients::plain_client(CONNECT) else { return Vec::new() };
    let asked = servers.iter().map(|server| tokio::time::timeout(ANSWER, ask(&client, server)));
    let answers = futures_util::future::join_all(asked).await;
    answers.into_iter().filter_map(|answer| answer.ok().flatten()).collect()
}

/// A list in either form: of Chat Completions or of Ollama.
#[derive(Deserialize)]
struct ModelList {
    #[serde(default, alias = "models")]
    data: Option<Vec<Listed>>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(alias = "name")]
    id: String,
}

async fn ask(client: &reqwest::Client, server: &LocalServer) -> Option<Found> {
    let list = if server.kind == ProviderKind::Ollama { "/api/tags" } else { "/models" };
    let mut response = client.get(format!("{}{list}", server.base_url)).send().await.ok()?;
    if !response.status().is_success() {
        return None;
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_LIST {
            return None;
        }
    }
    let list: ModelList = serde_json::from_slice(&body).ok()?;
    let models = list.data.unwrap_or_default().into_iter().map(|listed| listed.id).collect();
    Some(Found { name: server.name.clone(), kind: server.kind, base_url: server.base_url.clone(), models })
}
