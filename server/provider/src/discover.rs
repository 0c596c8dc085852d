//! Model servers that run on this machine without anybody having configured them.
//!
//! Only addresses that were passed in are tried, with a short patience and without a key.

use std::time::Duration;

use copydesk_base::config::ProviderKind;
use hyper::Method;
use hyper::header::HeaderMap;
use url::Url;

use crate::clients::{self, Client};
use crate::listing::{self, Listed};
use crate::sending::SentBody;

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
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub name: String,
    pub kind: ProviderKind,
    pub base_url: String,
    /// What it serves, in its own order; may be empty.
    pub models: Vec<Listed>,
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
    /// The first model that is not made for embeddings and the like.
    pub fn usable_model(&self) -> Option<&str> {
        self.models.iter().find(|model| model.is_for_talk()).map(|model| model.id.as_str())
    }
}

const CONNECT: Duration = Duration::from_millis(150);
const ANSWER: Duration = Duration::from_secs(3);

/// Asks each of the servers for its models, all at once. At most about three seconds, a few milliseconds where none runs.
pub async fn discover(servers: &[LocalServer]) -> Vec<Found> {
    if servers.is_empty() {
        return Vec::new();
    }
    let client = clients::plain_client(CONNECT);
    let asked = servers.iter().map(|server| tokio::time::timeout(ANSWER, ask(&client, server)));
    let answers = futures_util::future::join_all(asked).await;
    answers.into_iter().filter_map(|answer| answer.ok().flatten()).collect()
}

async fn ask(client: &Client, server: &LocalServer) -> Option<Found> {
    let list = listing::path(server.kind)?;
    let url = Url::parse(&format!("{}{list}", server.base_url)).ok()?;
    let response = client.send(Method::GET, &url, HeaderMap::new(), SentBody::nothing()).0.await.ok()?;
    if !response.status.is_success() {
        return None;
    }
    let models = listing::read(&listing::body(response).await?)?;
    let LocalServer { name, kind, base_url } = server.clone();
    Some(Found { name, kind, base_url, models })
}
