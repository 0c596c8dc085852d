//! Sending a request and reading its answer, with patience that ends and a key that stays where it belongs.
//!
//! A [`Job`] is one call. It tries, and tries again where nothing of an answer was seen and [`crate::retry`] says
//! that it may pass. Clients are kept per scheme and connect time-out: those for `http://` load no certificates, so
//! that a model on this machine is reached within a millisecond even where the system has none.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use copydesk_base::{Redactor, Usage};
use futures_util::StreamExt;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Client, Response, Url};

use crate::answer::{LARGEST_ANSWER, Progress, WireError};
use crate::body::{self, BodyError, Meter, Patience, PieceError};
use crate::endpoint::{Endpoint, KeySource};
use crate::facts::{Facts, Price};
use crate::failure::{self, Told};
use crate::models::KeyLookup;
use crate::sending::SentBody;
use crate::stream::Sink;
use crate::wire::{Reader, Wire};
use crate::{CallError, ModelEvent, Request, Retries, Waited, retry};

/// HTTP clients, made when first needed and shared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clients(Arc<Mutex<HashMap<(Scheme, Duration), Client>>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Scheme {
    Plain,
    Secure,
}

impl Clients {
    pub(crate) async fn get(&self, url: &Url, connect: Duration) -> Result<Client, CallError> {
        let scheme = if url.scheme() == "https" { Scheme::Secure } else { Scheme::Plain };
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(scheme, connect)).cloned();
        if let Some(client) = kept {
            return Ok(client);
        }
        let made = match scheme {
            Scheme::Plain => plain_client(connect),
            // Reads the system's certificates from disk.
            Scheme::Secure => match tokio::task::spawn_blocking(move || secure_client(connect)).await {
                Ok(made) => made,
                Err(error) => return Err(CallError::Unsendable { reason: error.to_string() }),
            },
        };
        let client = made.map_err(|error| CallError::Unsendable { reason: failure::innermost(&error) })?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((scheme, connect), client.clone());
        Ok(client)
    }
}

/// A client for `http://` addresses only: it trusts no certificate.
pub(crate) fn plain_client(connect: Duration) -> reqwest::Result<Client> {
    builder(connect).tls_certs_only([]).build()
}

fn secure_client(connect: Duration) -> reqwest::Result<Client> {
    builder(connect).https_only(true).build()
}

fn builder(connect: Duration) -> reqwest::ClientBuilder {
    // Only the first call does something; another room may have chosen before us, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        // A key goes to the address it was configured for, past no proxy and along no redirect.
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(connect)
        .pool_idle_timeout(Duration::from_secs(30))
        .user_agent(concat!("copydesk/", env!("CARGO_PKG_VERSION")))
}

/// One call over HTTP.
pub(crate) struct Job {
    pub(crate) endpoint: Endpoint,
    pub(crate) facts: Facts,
    pub(crate) keys: KeyLookup,
    pub(crate) clients: Clients,
    pub(crate) retries: Retries,
}

/// What does not change between tries.
struct Prepared {
    wire: Wire,
    client: Client,
    url: Url,
    headers: HeaderMap,
    body: bytes::Bytes,
    told: Told,
}

impl Job {
    /// Calls, and answers the last event. Tokens and requests are added to `usage` whatever happens.
    pub(crate) async fn run(
        self,
        request: &Request,
        sink: &Sink,
        usage: &mut Usage,
    ) -> Result<ModelEvent, CallError> {
        let prepared = self.prepare(request).await?;
        let mut tried = 0;
        loop {
            tried += 1;
            let mut attempt = Attempt { started: Started::No, price: self.facts.price, usage };
            let error = match attempt.run(&prepared, &self.endpoint, sink).await {
                Ok(stopped) => return Ok(stopped),
                Err(error) => error,
            };
            let pause = match attempt.started {
                Started::Yes => None,
                Started::No => retry::pause(&error, tried, &self.retries, retry::luck()),
            };
            let Some(pause) = pause else { return Err(error) };
            tracing::info!(%error, tried, ?pause, "trying the model again");
            tokio::time::sleep(pause).await;
        }
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, CallError> {
        let endpoint = &self.endpoint;
        let wire = Wire::of(endpoint.kind).ok_or_else(|| CallError::Unsendable {
            reason: "the built-in stand-in has no address".to_owned(),
        })?;
        let url = wire.address(endpoint, &request.model)?;
        let key = self.key()?;
        let headers = wire.headers(key.as_deref()).ok_or_else(|| CallError::UnusableKey {
            variable: match &endpoint.key {
                KeySource::Variable(variable) => variable.clone(),
                KeySource::Nothing => String::new(),
            },
        })?;
        let client = self.clients.get(&url, endpoint.connect).await?;
        let told = Told {
            address: failure::shown(&url),
            model: request.model.clone(),
            key: match &endpoint.key {
                KeySource::Variable(variable) => format!("the key came from {variable}"),
                KeySource::Nothing => "no key was sent".to_owned(),
            },
            redactor: Redactor::new(key),
        };
        Ok(Prepared {
            wire,
            client,
            url,
            headers,
            body: wire.body(request, endpoint, &self.facts).into(),
            told,
        })
    }

    fn key(&self) -> Result<Option<String>, CallError> {
        let KeySource::Variable(variable) = &self.endpoint.key else { return Ok(None) };
        let key = (self.keys)(variable).map(|key| key.trim().to_owned()).filter(|key| !key.is_empty());
        match key {
            Some(key) => Ok(Some(key)),
            None => {
                Err(CallError::NoKey { provider: self.endpoint.name.clone(), variable: variable.clone() })
            }
        }
    }
}

/// One try of a call.
struct Attempt<'a> {
    started: Started,
    price: Option<Price>,
    usage: &'a mut Usage,
}

/// Whether the reader has seen anything of the answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Started {
    No,
    Yes,
}

impl Attempt<'_> {
    async fn run(
        &mut self,
        call: &Prepared,
        endpoint: &Endpoint,
        sink: &Sink,
    ) -> Result<ModelEvent, CallError> {
        let response = self.send(call, endpoint).await?;
        let response = failure::check(response, &call.told).await?;
        let mut reader = call.wire.reader();
        let outcome = self.read(call, endpoint, response, &mut reader, sink).await;
        let usd = self.price.filter(|price| !price.is_free()).map(|price| price.of(reader.tokens()));
        self.usage.add(Usage { usd, ..reader.usage() });
        outcome.map(|()| reader.stop())
    }

    /// Sends, and waits for the answer's head.
    async fn send(&mut self, call: &Prepared, endpoint: &Endpoint) -> Result<Response, CallError> {
        let (body, mut sent) = SentBody::new(call.body.clone());
        let request =
            call.client.post(call.url.clone()).headers(call.headers.clone()).body(reqwest::Body::wrap(body));
        let mut answer = pin!(request.send());
        let answered = tokio::select! {
            biased;
            answered = &mut answer => answered,
            Ok(()) = &mut sent => {
                self.usage.requests += 1;
                let late = |_| CallError::Timeout {
                    address: call.told.address.clone(),
                    waited: Waited::FirstByte,
                    after: endpoint.first_byte,
                };
                tokio::time::timeout(endpoint.first_byte, answer).await.map_err(late)?
            }
        };
        // An answer that came in the same moment as the news that the request had gone.
        if sent.try_recv().is_ok() {
            self.usage.requests += 1;
        }
        answered.map_err(|error| failure::unanswered(&error, endpoint.connect, &call.told))
    }

    async fn read(
        &mut self,
        call: &Prepared,
        endpoint: &Endpoint,
        response: Response,
        reader: &mut Reader,
        sink: &Sink,
    ) -> Result<(), CallError> {
        let told = &call.told;
        let meter = Meter::default();
        let patience = Patience { first: endpoint.first_byte, next: endpoint.idle };
        let mut pieces = body::pieces(response, call.wire.framing(), patience, meter.clone());
        let mut fresh = Vec::new();
        loop {
            let data = match pieces.next().await {
                Some(Ok(data)) => data,
                Some(Err(error)) => return Err(body_error(error, endpoint, &meter, told)),
                None if reader.may_end() => return Ok(()),
                None => return Err(told.ended_early(meter.received(), meter.settled())),
            };
            let progress = reader.read(&data, &mut fresh);
            if !fresh.is_empty() {
                self.started = Started::Yes;
            }
            for event in fresh.drain(..) {
                sink.send(Ok(event)).await;
            }
            match progress.map_err(|error| wire_error(error, &meter, told))? {
                Progress::More => {}
                Progress::Done => {
                    // The end of the body usually stands right behind the terminator. Taking it keeps the connection
                    // for the next request; waiting for it longer would cost more than a new one.
                    let _ = tokio::time::timeout(Duration::from_millis(2), pieces.next()).await;
                    return Ok(());
                }
            }
        }
    }
}

fn body_error(error: PieceError, endpoint: &Endpoint, meter: &Meter, told: &Told) -> CallError {
    let timeout = |waited, after| CallError::Timeout { address: told.address.clone(), waited, after };
    let error = match error {
        PieceError::Body(error) => error,
        PieceError::Malformed(reason) => return told.malformed(&reason),
        PieceError::Cut => {
            return CallError::Truncated { address: told.address.clone(), received: meter.received() };
        }
    };
    match error {
        BodyError::NoFirst => timeout(Waited::FirstByte, endpoint.first_byte),
        BodyError::NoNext => timeout(Waited::Idle, endpoint.idle),
        BodyError::TooLarge => CallError::TooLong { limit: LARGEST_ANSWER as u64 },
        BodyError::Broken(_) => {
            CallError::Truncated { address: told.address.clone(), received: meter.received() }
        }
    }
}

fn wire_error(error: WireError, meter: &Meter, told: &Told) -> CallError {
    match error {
        WireError::Cut => CallError::Truncated { address: told.address.clone(), received: meter.received() },
        WireError::Malformed(reason) => told.malformed(&reason),
        WireError::TooLong => CallError::TooLong { limit: LARGEST_ANSWER as u64 },
        WireError::Server { kind, message } => told.server_error(&kind, &message),
    }
}

/// A header's value as text; empty where it is missing or holds other bytes.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map(HeaderValue::to_str).and_then(Result::ok).unwrap_or("")
}
