//! Sending a request and reading its answer, with patience that ends and a key that stays where it belongs.
//!
//! A [`Job`] is one call. It waits for a free slot of the provider and for its rate limit, sends, reads, and begins
//! anew where [`crate::retry`] says so. What it learns goes to [`crate::health`]; every wait is told to the reader.

mod attempt;
mod lists;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use attempt::Attempt;
use copydesk_base::config::shown_address;
use copydesk_base::{Redactor, Usage};
use hyper::header::{HeaderMap, HeaderValue};
use tokio::time::Instant;
use url::Url;

use crate::clients::{Client, Clients};
use crate::endpoint::Endpoint;
use crate::error::NO_KEY;
use crate::facts::Facts;
use crate::failure::Told;
use crate::health::{Health, Slot, State};
use crate::key::{Fetch, Key, KeyOrigin, Keys};
use crate::remedy::remedy;
use crate::retry::{LONGEST_WAIT, Tried};
use crate::stream::Sink;
use crate::wire::Wire;
use crate::{CallError, ModelEvent, Request, Retries, Tries, quirks, retry, schema};

/// A server that asks for days is believed for so long; then it is asked again.
const LONGEST_LIMIT: Duration = Duration::from_mins(5);

/// One call over HTTP.
pub(crate) struct Job {
    pub(crate) endpoint: Endpoint,
    pub(crate) facts: Facts,
    pub(crate) keys: Arc<dyn Keys>,
    pub(crate) clients: Clients,
    pub(crate) retries: Retries,
    pub(crate) health: Health,
}

/// What every request to a provider wears.
struct Dressed {
    client: Client,
    headers: HeaderMap,
    key: Option<Key>,
    told: Told,
}

/// What does not change between tries.
struct Prepared {
    wire: Wire,
    client: Client,
    url: Url,
    headers: HeaderMap,
    body: bytes::Bytes,
    key: Option<Key>,
    told: Told,
}

impl Job {
    /// Calls, and answers the last event. Tokens and requests of the last try are added to `usage` whatever happens;
    /// those of the tries before it go out with [`ModelEvent::Again`].
    pub(crate) async fn run(
        mut self,
        request: &Request,
        sink: &Sink,
        usage: &mut Usage,
    ) -> Result<ModelEvent, CallError> {
        let mut request = Cow::Borrowed(request);
        let circuit = self.endpoint.circuit(&request.model);
        let found = self.health.thoughts(&circuit);
        self.endpoint.quirks.thoughts = found.unwrap_or(self.endpoint.quirks.thoughts);
        let mut prepared = self.prepare(&request, Fetch::Usual).await?;
        let mut fetched = Fetch::Usual;
        let began = Instant::now();
        let (mut times, mut has_learned) = (0, false);
        let retries = self.retries(&circuit, &request);
        loop {
            times += 1;
            prepared.cut_at(sink.limit(), &request, &self);
            let slot = self.admitted(&prepared, sink).await?;
            let mut attempt = Attempt { job: &self, call: &prepared, usage };
            let error = match attempt.run(sink).await {
                Ok(stopped) => {
                    // Whoever reads it may find that it is none, and then hangs up.
                    sink.yields().await;
                    self.health.answered(&circuit);
                    return Ok(stopped);
                }
                Err(error) => error,
            };
            drop(slot);
            if fetched == Fetch::Usual && prepared.may_be_outdated(&error) {
                fetched = Fetch::Again;
                // A key that cannot be had again leaves the answer as it was.
                if let Ok(fresh) = self.prepare(&request, Fetch::Again).await
                    && fresh.key != prepared.key
                {
                    prepared = fresh;
                    let usage = std::mem::take(usage);
                    sink.ask(Ok(ModelEvent::Again { error, tried: times, wait: Duration::ZERO, usage }))
                        .await;
                    continue;
                }
            }
            if request.schema.is_some() && schema::is_refused(&error) {
                // The words ask for it too, and whoever reads the answer looks.
                request = Cow::Owned(Request { schema: None, ..request.into_owned() });
                prepared = self.prepare(&request, Fetch::Usual).await?;
                let usage = std::mem::take(usage);
                sink.ask(Ok(ModelEvent::Again { error, tried: times, wait: Duration::ZERO, usage })).await;
                continue;
            }
            if let Some(wanted) = quirks::wanted(&error).filter(|_| !has_learned) {
                has_learned = true;
                self.endpoint.quirks.thoughts = wanted;
                self.health.found_thoughts(&circuit, wanted);
                prepared = self.prepare(&request, Fetch::Usual).await?;
                let usage = std::mem::take(usage);
                sink.ask(Ok(ModelEvent::Again { error, tried: times, wait: Duration::ZERO, usage })).await;
                continue;
            }
            self.learn(&circuit, &error);
            let tried = Tried { times, elapsed: began.elapsed(), luck: retry::luck() };
            let Some(wait) = retry::pause(&error, tried, &retries) else { return Err(error) };
            tracing::info!(%error, times, ?wait, "trying the model again");
            let usage = std::mem::take(usage);
            sink.ask(Ok(ModelEvent::Again { error, tried: times, wait, usage })).await;
            tokio::time::sleep(wait).await;
        }
    }

    /// How often this call may be tried. One try decides about a model that was passed over.
    fn retries(&self, circuit: &str, request: &Request) -> Retries {
        let is_trial = matches!(self.health.of(circuit), State::Trial { .. });
        let most = if is_trial || request.tries == Tries::Once { 0 } else { self.retries.most };
        Retries { most, ..self.retries }
    }

    /// Waits until the provider's limits let a request through. A longer wait than a minute is an error at once.
    async fn admitted(&self, call: &Prepared, sink: &Sink) -> Result<Slot, CallError> {
        let provider = &self.endpoint.name;
        let slots = self.health.slots(provider, self.endpoint.concurrency);
        let slot = if let Some(slot) = slots.free() {
            slot
        } else {
            let size = self.endpoint.concurrency;
            let reason =
                format!("{size} requests to {provider} are under way (providers.{provider}.concurrency)");
            sink.send(Ok(ModelEvent::Waiting { reason, wait: None })).await;
            slots.next().await
        };
        while let Some((wait, because)) = self.health.limited(provider) {
            if wait > LONGEST_WAIT {
                let address = call.told.address.clone();
                return Err(CallError::RateLimited { address, retry_after: Some(wait), message: because });
            }
            let reason = format!("{provider} limits the rate of requests: {because}");
            sink.send(Ok(ModelEvent::Waiting { reason, wait: Some(wait) })).await;
            tokio::time::sleep(wait).await;
        }
        Ok(slot)
    }

    /// What a failed try says about the model and its provider.
    fn learn(&self, circuit: &str, error: &CallError) {
        self.health.failed(circuit, error);
        if let CallError::RateLimited { retry_after: Some(wait), .. } = error {
            self.limit((*wait).min(LONGEST_LIMIT), "it asked to wait");
        }
    }

    fn limit(&self, wait: Duration, because: &str) {
        self.health.limit(&self.endpoint.name, self.endpoint.concurrency, wait, because);
    }

    async fn prepare(&self, request: &Request, fetch: Fetch) -> Result<Prepared, CallError> {
        let wire = Wire::for_request(self.endpoint.kind, request).ok_or_else(no_address)?;
        let url = wire.address(&self.endpoint, &request.model)?;
        let Dressed { client, headers, key, told } = self.dress(wire, &url, &request.model, fetch).await?;
        let body = wire.body(request, &self.endpoint, &self.facts).into();
        Ok(Prepared { wire, client, url, headers, body, key, told })
    }

    /// Client, headers with the key, and the words for errors of a request to this address.
    async fn dress(&self, wire: Wire, url: &Url, model: &str, fetch: Fetch) -> Result<Dressed, CallError> {
        let endpoint = &self.endpoint;
        let key = self.key(fetch).await?;
        let headers = wire.headers(key.as_ref()).ok_or_else(|| CallError::UnusableKey {
            origin: key.as_ref().map(|key| key.origin.to_string()).unwrap_or_default(),
        })?;
        let client = self.clients.get(url, endpoint.connect).await?;
        let told = Told {
            address: shown_address(url.as_str()),
            model: model.to_owned(),
            kind: endpoint.kind,
            remedy: remedy(endpoint, wire, model),
            key: match &key {
                Some(key) => format!("the key came from {}", key.origin),
                None => NO_KEY.to_owned(),
            },
            redactor: Redactor::new(key.as_ref().map(|key| key.value.clone())),
        };
        Ok(Dressed { client, headers, key, told })
    }

    async fn key(&self, fetch: Fetch) -> Result<Option<Key>, CallError> {
        let wanted = self.endpoint.key_wanted();
        let provider = || wanted.provider.clone();
        match self.keys.key(&wanted, fetch).await {
            Ok(Some(key)) => Ok(Some(Key { value: key.value.trim().to_owned(), ..key })),
            Ok(None) => match &wanted.source.variable {
                Some(variable) => Err(CallError::NoKey {
                    provider: provider(),
                    variable: variable.clone(),
                    missing: self.keys.missing(variable),
                }),
                None => Ok(None),
            },
            Err(reason) => Err(CallError::KeyFailed { provider: provider(), reason }),
        }
    }
}

impl Prepared {
    /// Makes the body anew where the answer is to be cut elsewhere than the request says.
    fn cut_at(&mut self, limit: Option<u32>, request: &Request, job: &Job) {
        if limit.is_some() {
            let request = Request { max_output_tokens: limit, ..request.clone() };
            self.body = self.wire.body(&request, &job.endpoint, &job.facts).into();
        }
    }

    /// Whether another key may help: this one was refused, and where it came from there may be a new one by now.
    fn may_be_outdated(&self, error: &CallError) -> bool {
        let outlives_us = self.key.as_ref().is_some_and(|key| !matches!(key.origin, KeyOrigin::Variable(_)));
        // A 403 knows the key, and denies what it may do.
        outlives_us && matches!(error, CallError::Refused { status, .. } if *status != 403)
    }
}

fn no_address() -> CallError {
    CallError::Unsendable { reason: "the built-in stand-in has no address".to_owned() }
}

/// A header's value as text; empty where it is missing or holds other bytes.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map(HeaderValue::to_str).and_then(Result::ok).unwrap_or("")
}
