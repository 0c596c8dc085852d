//! One try of a call: the request goes out, the head of its answer is waited for, and what comes is read to its end.

use std::pin::{Pin, pin};
use std::time::Duration;

use copydesk_base::Usage;
use futures_util::StreamExt;
use hyper::Method;
use tokio::time::Instant;

use super::{Job, Prepared};
use crate::answer::{LARGEST_ANSWER, Progress, WireError};
use crate::body::{BodyError, Meter, Patience, PieceError};
use crate::clients::{Response, SendError};
use crate::endpoint::Endpoint;
use crate::facts::Price;
use crate::failure::{self, Told};
use crate::sending::SentBody;
use crate::stream::Sink;
use crate::watched::{Heard, Moved};
use crate::wire::Reader;
use crate::{CallError, ModelEvent, Waited, quota, unread, whole};

/// From this weight on whoever reads an answer is told of what came that nobody reads.
const WORTH_TELLING: u64 = 64;

/// One try of a call.
pub(super) struct Attempt<'a> {
    pub(super) job: &'a Job,
    pub(super) call: &'a Prepared,
    pub(super) usage: &'a mut Usage,
}

impl Attempt<'_> {
    /// Sends the request and reads its answer, to the last event.
    pub(super) async fn run(&mut self, sink: &Sink) -> Result<ModelEvent, CallError> {
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
