//! What a provider lists: its models, and what only its server knows of each.

use std::time::Duration;

use copydesk_base::config::{ProviderKind, shown_address};
use hyper::Method;
use hyper::header::{ACCEPT, HeaderValue};

use super::{Dressed, Job, no_address};
use crate::failure::{self, Told};
use crate::key::Fetch;
use crate::listing::{self, Listed};
use crate::sending::SentBody;
use crate::wire::Wire;
use crate::{CallError, Waited};

/// No list of models is waited for longer, and none longer than an answer's first byte.
const LONGEST_LIST: Duration = Duration::from_secs(10);

/// Models of one Ollama server that are asked about one by one.
const MOST_SHOWN: usize = 64;

impl Job {
    /// What the provider lists. Asked once, without slots: it costs nobody a token.
    pub(crate) async fn list(&self) -> Result<Vec<Listed>, CallError> {
        let Some(path) = listing::path(self.endpoint.kind) else { return Ok(Vec::new()) };
        let wire = Wire::of(self.endpoint.kind).ok_or_else(no_address)?;
        if let Ok(url) = self.endpoint.address(path) {
            self.keys.asked_for_list(&self.endpoint.name, &shown_address(url.as_str()));
        }
        let mut models = self.get(wire, path).await?;
        if self.endpoint.kind == ProviderKind::Ollama
            && let Ok(loaded) = self.get(wire, listing::LOADED).await
        {
            for model in &mut models {
                model.loaded = Some(loaded.iter().any(|loaded| loaded.id == model.id));
            }
        }
        if self.endpoint.kind == ProviderKind::Ollama {
            let shown = models.iter_mut().take(MOST_SHOWN).map(|model| self.show(wire, model));
            futures_util::future::join_all(shown).await;
        }
        Ok(models)
    }

    /// Adds what an Ollama server says of one model only when it is asked for that one.
    async fn show(&self, wire: Wire, model: &mut Listed) {
        let wanted = serde_json::json!({ "model": model.id });
        if let Ok((body, _)) = self.fetch(wire, listing::SHOWN, Some(&wanted)).await {
            listing::add_shown(model, &body);
        }
    }

    async fn get(&self, wire: Wire, path: &str) -> Result<Vec<Listed>, CallError> {
        let (body, told) = self.fetch(wire, path, None).await?;
        let mut listed = listing::read(&body).ok_or_else(|| told.no_list(&body))?;
        for model in &mut listed {
            model.id = told.redactor.clean(&model.id);
        }
        Ok(listed)
    }

    /// The body of a short answer, and the words for what is wrong with it.
    async fn fetch(
        &self,
        wire: Wire,
        path: &str,
        wanted: Option<&serde_json::Value>,
    ) -> Result<(Vec<u8>, Told), CallError> {
        let url = self.endpoint.address(path)?;
        let Dressed { client, mut headers, told, .. } = self.dress(wire, &url, "", Fetch::Usual).await?;
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let connect = self.endpoint.connect;
        let getting = async {
            let (method, body) = match wanted {
                Some(wanted) => (Method::POST, SentBody::new(wanted.to_string().into()).0),
                None => (Method::GET, SentBody::nothing()),
            };
            let (sending, heard) = client.send(method, &url, headers, body);
            let sent = sending.await;
            let response = sent.map_err(|error| failure::unanswered(&error, &heard, connect, &told))?;
            let response = failure::succeeded(response, &told).await?;
            Ok::<_, CallError>(listing::body(response).await.unwrap_or_default())
        };
        let after = LONGEST_LIST.min(self.endpoint.first_byte);
        let (address, waited) = (told.address.clone(), Waited::List);
        let late = |_| CallError::Timeout { address, waited, after };
        let body = tokio::time::timeout(after, getting).await.map_err(late)??;
        Ok((body, told))
    }
}
