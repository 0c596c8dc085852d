//! Sending a request and reading its answer, with patience that ends and a key that stays where it belongs.
//!
//! A [`Job`] is one call. It waits for a free slot of the provider and for its rate limit, sends, reads, and begins
//! anew where [`crate::retry`] says so. What it learns goes to [`crate::health`]; every wait is told to the reader.

mod lists;

use std::borrow::Cow;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use copydesk_base::config::shown_address;
use copydesk_base::{Redactor, Usage};
use futures_util::StreamExt;
use hyper::Method;
use hyper::header::{HeaderMap, HeaderValue};
use tokio::time::Instant;
use url::Url;

use crate::answer::{LARGEST_ANSWER, Progress, WireError};
use crate::body::{BodyError, Meter, Patience, PieceError};
use crate::clients::{Client, Clients, Response, SendError};
use crate::endpoint::Endpoint;
use crate::error::NO_KEY;
use crate::facts::{Facts, Price};
use crate::failure::{self, Told};
use crate::health::{Health, Slot, State};
use crate::key::{Fetch, Key, KeyOrigin, Keys};
use crate::remedy::remedy;
use crate::retry::{LONGEST_WAIT, Tried};
use crate::sending::SentBody;
use crate::stream::Sink;
use crate::watched::{Heard, Moved};
use crate::wire::{Reader, Wire};
use crate::{CallError, ModelEvent, Request, Retries, Tries, Waited, quota, retry, schema, unread, whole};

/// A server that asks for days is believed for so long; then it is asked again.
const LONGEST_LIMIT: Duration = Duration::from_mins(5);

/// From this weight on whoever reads an answer is told of what came that nobody reads.
const WORTH_TELLING: u64 = 64;

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
        self,
        request: &Request,
        sink: &Sink,
        usage: &mut Usage,
    ) -> Result<ModelEvent, CallError> {
        let mut request = Cow::Borrowed(request);
        let mut prepared = self.prepare(&request, Fetch::Usual).await?;
        let mut fetched = Fetch::Usual;
        let circuit = self.endpoint.circuit(&request.model);
        let began = Instant::now();
        let mut times = 0;
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

/// One try of a call.
struct Attempt<'a> {
    job: &'a Job,
    call: &'a Prepared,
    usage: &'a mut Usage,
}

impl Attempt<'_> {
    async fn run(&mut self, sink: &Sink) -> Result<ModelEvent, CallError> {
        let meter = sink.meter();
        let response = self.send().await?;
        if let Some((wait, unit)) = quota::spent(&response.headers) {
            self.job.limit(wait, &format!("no {unit} are left"));
        }
        let response = failure::check(response, &self.call.told).await?;
        let mut reader = self.call.wire.reader();
        let outcome = self.read(response, &mut reader, &meter, sink).await;
        let price: Option<Price> = self.job.facts.price.filter(|price| !price.is_free());
        let usd = price.map(|price| price.of(reader.tokens()));
        self.usage.add(Usage { usd, ..reader.usage() });
        outcome?;
        if let Some(rest) = reader.end() {
            sink.send(Ok(rest)).await;
        }
        Ok(reader.stop())
    }

    /// Sends, and waits for the answer's head. A kept connection that nobody serves any more is no try: there are only
    /// so many of them, and behind the last stands a new one.
    async fn send(&mut self) -> Result<Response, CallError> {
        let requests = self.usage.requests;
        loop {
            let (answered, heard) = self.send_once().await?;
            match answered {
                Err(error) if heard.is_stale() && failure::is_closed(&error) => {
                    self.usage.requests = requests;
                }
                answered => {
                    let connect = self.job.endpoint.connect;
                    let told = &self.call.told;
                    return answered.map_err(|error| failure::unanswered(&error, &heard, connect, told));
                }
            }
        }
    }

    async fn send_once(&mut self) -> Result<(Result<Response, SendError>, Heard), CallError> {
        let call = self.call;
        let (body, mut sent) = SentBody::new(call.body.clone());
        let (sending, heard) = call.client.send(Method::POST, &call.url, call.headers.clone(), body);
        let mut answer = pin!(sending);
        let answered = tokio::select! {
            biased;
            answered = &mut answer => answered,
            Ok(()) = &mut sent => {
                self.usage.requests += 1;
                self.head(answer, &heard).await?
            }
        };
        // An answer that came in the same moment as the news that the request had gone.
        if sent.try_recv().is_ok() {
            self.usage.requests += 1;
        }
        Ok((answered, heard))
    }

    /// Waits for the head of an answer: long for its first byte, and from then on no longer than for an event. An
    /// interim answer leaves the patience as it was. While the request is still on its way nobody waits for an answer,
    /// only for the next piece of it to be taken.
    async fn head(
        &self,
        mut answer: Pin<&mut impl Future<Output = Result<Response, SendError>>>,
        heard: &Heard,
    ) -> Result<Result<Response, SendError>, CallError> {
        let Endpoint { first_byte, idle, progress, .. } = self.job.endpoint;
        let late = |waited, after| {
            let address = self.call.told.address.clone();
            Err(CallError::Timeout { address, waited, after })
        };
        // The system takes large pieces at long intervals on a slow line.
        let upload = first_byte.max(idle);
        let mut seen = heard.count();
        let mut since = Instant::now();
        loop {
            let (waited, after) =
                if seen.is_sending() { (Waited::Upload, upload) } else { (Waited::FirstByte, first_byte) };
            tokio::select! {
                biased;
                answered = &mut answer => return Ok(answered),
                () = tokio::time::sleep_until(since + after) => return late(waited, after),
                moved = heard.next(&mut seen) => if moved == Moved::Out {
                    since = Instant::now();
                    continue;
                }
            }
            tokio::select! {
                biased;
                answered = &mut answer => return Ok(answered),
                () = heard.interim() => {}
                () = tokio::time::sleep(progress) => return late(Waited::Head, progress),
            }
        }
    }

    async fn read(
        &self,
        response: Response,
        reader: &mut Reader,
        meter: &Meter,
        sink: &Sink,
    ) -> Result<(), CallError> {
        let (told, endpoint) = (&self.call.told, &self.job.endpoint);
        let patience = Patience { first: endpoint.first_byte, next: endpoint.idle, whole: endpoint.progress };
        let mut pieces = whole::pieces(response, self.call.wire, patience, meter);
        let (mut fresh, mut passed_over) = (Vec::new(), 0);
        // Signs of life are no answer: they keep a line open, and hold nobody for ever.
        let silence = endpoint.first_byte.max(endpoint.idle);
        let mut heard = Instant::now();
        loop {
            let Ok(piece) = tokio::time::timeout_at(heard + silence, pieces.next()).await else {
                let address = told.address.clone();
                let waited = if reader.size() > 0 { Waited::Further } else { Waited::Content };
                return Err(CallError::Timeout { address, waited, after: silence });
            };
            let data = match piece {
                Some(Ok(data)) => data,
                Some(Err(error)) => return Err(body_error(error, endpoint, meter, told)),
                None if reader.may_end() => return Ok(()),
                None => return Err(told.ended_early(meter.received(), meter.events())),
            };
            let before = reader.size();
            let progress = reader.read(&data, &mut fresh);
            // A blank now and then is a sign of life, too.
            let is_blank = !fresh.is_empty() && fresh.iter().all(is_blank);
            let says_something = !fresh.is_empty();
            let weight = unread::weight(&data, says_something.then(|| reader.size() - before));
            passed_over += weight;
            for event in fresh.drain(..) {
                sink.send(Ok(event)).await;
            }
            // Signs of life, beginnings and ends of pieces are not worth an event of their own.
            if passed_over >= WORTH_TELLING {
                sink.send(Ok(ModelEvent::Unread(std::mem::take(&mut passed_over)))).await;
            }
            if reader.size() > before && !is_blank {
                heard = Instant::now();
            }
            let progress = progress.map_err(|error| wire_error(error, meter, told))?;
            if says_something || weight == 0 {
                meter.understand();
            }
            match progress {
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

fn is_blank(event: &ModelEvent) -> bool {
    matches!(event, ModelEvent::Text(piece) | ModelEvent::Reasoning(piece) if piece.trim().is_empty())
}

fn no_address() -> CallError {
    CallError::Unsendable { reason: "the built-in stand-in has no address".to_owned() }
}

fn body_error(error: PieceError, endpoint: &Endpoint, meter: &Meter, told: &Told) -> CallError {
    let timeout = |waited, after| CallError::Timeout { address: told.address.clone(), waited, after };
    let error = match error {
        PieceError::Body(error) => error,
        PieceError::Malformed(reason) => return told.malformed(&reason),
        PieceError::Server { kind, message } => return told.server_error(&kind, &message),
        PieceError::Cut => {
            return CallError::Truncated { address: told.address.clone(), received: meter.received() };
        }
    };
    match error {
        BodyError::NoFirst => timeout(Waited::FirstByte, endpoint.first_byte),
        BodyError::NoNext => timeout(Waited::Idle, endpoint.idle),
        BodyError::NoWhole => timeout(Waited::Progress, endpoint.progress),
        BodyError::TooLarge => CallError::TooLong { limit: LARGEST_ANSWER as u64 },
        BodyError::Broken(error) => failure::broken(&*error, meter.received(), told),
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
