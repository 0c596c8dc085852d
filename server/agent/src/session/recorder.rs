//! The one writer of events: numbers them, makes them durable, then shows them.
//!
//! A task with an inbox owns the numbering of every run. Events that wait together are committed together. A piece of
//! streamed text is shown and not kept. The inbox is small: who is faster than the writer waits for it.

use std::collections::HashMap;
use std::sync::Arc;

use copydesk_base::{Clock, Event, Host, Record, Redactor, RunId};
use copydesk_store::{Journal, StoreError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::error::AgentError;
use crate::session::cues::Cues;
use crate::session::recover;

/// A sender to the writer.
#[derive(Clone)]
pub(crate) struct Recorder {
    jobs: mpsc::Sender<Job>,
    room: Arc<Semaphore>,
    /// What a replay brings about behind a record.
    pub(crate) cues: Cues,
}

/// Jobs that may wait, and as many are committed at once.
const WAITING: usize = 256;
/// Bytes of text that may be on their way to be shown.
const BYTES: u32 = 256 << 10;

struct Job {
    run: RunId,
    events: Vec<Event>,
    redactor: Redactor,
    done: Option<oneshot::Sender<Result<(), String>>>,
    /// What its texts take until they are shown.
    _room: Option<OwnedSemaphorePermit>,
}

impl Recorder {
    /// The writer's handle, and the writer itself, which ends with `stop`, or when the last handle is gone.
    pub(crate) fn new(
        journal: Journal,
        host: Arc<dyn Host>,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (jobs, inbox) = mpsc::channel(WAITING);
        let room = Arc::new(Semaphore::new(BYTES as usize));
        let cues = Cues::default();
        (Self { jobs, room, cues: cues.clone() }, write(inbox, journal, host, clock, (stop, cues)))
    }

    /// Makes events durable and shows them; an error means that nothing was written and nothing may happen.
    pub(crate) async fn record(
        &self,
        run: &RunId,
        events: Vec<Event>,
        redactor: &Redactor,
    ) -> Result<(), AgentError> {
        let (done, written) = oneshot::channel();
        let (redactor, room) = (redactor.clone(), self.room(&events).await);
        let job = Job { run: run.clone(), events, redactor, done: Some(done), _room: room };
        if self.jobs.send(job).await.is_err() {
            return Err(AgentError::Journal("its writer has ended".to_owned()));
        }
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(reason)) => Err(AgentError::Journal(reason)),
            Err(_) => Err(AgentError::Journal("its writer has ended".to_owned())),
        }
    }

    /// Shows a live-only event, behind everything recorded before it.
    pub(crate) async fn show(&self, run: &RunId, event: Event, redactor: &Redactor) {
        debug_assert!(event.is_live_only());
        let events = vec![event];
        let (redactor, room) = (redactor.clone(), self.room(&events).await);
        let job = Job { run: run.clone(), events, redactor, done: None, _room: room };
        // A closed writer means that the server ends: there is nobody left to show it to.
        let _ = self.jobs.send(job).await;
    }

    /// Waits for room for so many texts; what is larger than all the room takes it all.
    async fn room(&self, events: &[Event]) -> Option<OwnedSemaphorePermit> {
        let size: usize = events.iter().map(Event::size).sum();
        let size = u32::try_from(size).unwrap_or(BYTES).min(BYTES);
        self.room.clone().acquire_many_owned(size).await.ok()
    }
}

async fn write(
    mut inbox: mpsc::Receiver<Job>,
    journal: Journal,
    host: Arc<dyn Host>,
    clock: Arc<dyn Clock>,
    (stop, cues): (CancellationToken, Cues),
) {
    let mut last_seq: HashMap<RunId, u64> = HashMap::new();
    let mut jobs = Vec::new();
    loop {
        tokio::select! {
            // What stands in the inbox is written before the order to stop is looked at.
            biased;
            received = inbox.recv_many(&mut jobs, WAITING) => if received == 0 { return },
            () = stop.cancelled() => return,
        }
        let mut refused = cues.dead(jobs.iter().map(|job| &job.run));
        jobs.iter_mut().filter(|job| refused.contains(&job.run)).for_each(|job| job.events.clear());
        let mut records = numbered(&jobs, &mut last_seq, &journal, &*clock).await;
        let mut written = append(&journal, &records).await;
        if matches!(written, Err(StoreError::OutOfOrder { .. })) {
            // Another process wrote to a run that we knew: look again, once.
            last_seq.clear();
            records = numbered(&jobs, &mut last_seq, &journal, &*clock).await;
            written = append(&journal, &records).await;
        }
        if written.is_err() {
            last_seq.clear();
        }
        let written = written.map_err(|error| error.to_string());
        for record in &records {
            if written.is_ok() || record.event.is_live_only() {
                host.happened(record);
            }
            if matches!(record.event, Event::RunFinished { .. }) {
                last_seq.remove(&record.run);
            }
            cues.step(record);
        }
        refused.extend(cues.undone(jobs.iter().map(|job| &job.run)));
        for job in jobs.drain(..) {
            let answer =
                if refused.contains(&job.run) { Err(recover::DIED.to_owned()) } else { written.clone() };
            if let Some(done) = job.done {
                let _ = done.send(answer);
            }
        }
    }
}

/// The events in their places, with the time and without secrets.
async fn numbered(
    jobs: &[Job],
    last_seq: &mut HashMap<RunId, u64>,
    journal: &Journal,
    clock: &dyn Clock,
) -> Vec<Record> {
    let mut records = Vec::new();
    for job in jobs {
        for event in &job.events {
            let seq = last_seq.entry(job.run.clone()).or_insert(0);
            if !event.is_live_only() {
                if *seq == 0 {
                    *seq = stored_seq(journal, &job.run).await;
                }
                *seq += 1;
            }
            let event = cleaned(event, &job.redactor);
            records.push(Record { run: job.run.clone(), seq: *seq, at: clock.now(), event });
        }
    }
    records
}

/// Makes durable what is not live only.
async fn append(journal: &Journal, records: &[Record]) -> Result<(), StoreError> {
    let kept: Vec<Record> = records.iter().filter(|record| !record.event.is_live_only()).cloned().collect();
    if kept.is_empty() { Ok(()) } else { journal.append(kept).await }
}

/// The number of the last event that the journal has of a run; zero for a new one.
async fn stored_seq(journal: &Journal, run: &RunId) -> u64 {
    match journal.records(run).await {
        Ok(records) => records.last().map_or(0, |record| record.seq),
        Err(_) => 0,
    }
}

/// The event without the keys of this process.
fn cleaned(event: &Event, redactor: &Redactor) -> Event {
    // Hundreds of them come in a second, and nothing else in them is anybody's word.
    match event {
        Event::TextDelta { text } => return Event::TextDelta { text: redactor.clean(text) },
        Event::ToolCalling { name, bytes } => {
            return Event::ToolCalling { name: redactor.clean(name), bytes: *bytes };
        }
        _ => {}
    }
    let Ok(value) = serde_json::to_value(event) else { return event.clone() };
    let clean = redactor.clean_json(&value);
    if clean == value { event.clone() } else { serde_json::from_value(clean).unwrap_or(Event::Unknown) }
}
