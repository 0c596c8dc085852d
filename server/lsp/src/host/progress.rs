//! A run as work-done progress: begun, reported at most ten times a second, ended. Its token is the run's id.
//! How far it is says [`super::measure`].

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use copydesk_agent::{model_label, routed, visible};
use copydesk_base::event::TodoState;
use copydesk_base::{Event, Record, RunId, RunStatus};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tower_lsp::Client;
use tower_lsp::gen_lsp_types as lsp;

use super::EditorHost;
use super::measure::Measure;
use crate::state::State;

/// Between two reports of streamed text.
const PACE: Duration = Duration::from_millis(100);
/// The longest message, in characters.
const WIDTH: usize = 80;

/// The runs that are shown.
#[derive(Default)]
pub(super) struct Progress {
    runs: HashMap<RunId, Shown>,
}

struct Shown {
    measure: Measure,
    /// What is said here reaches the client when it has taken the token; none where it shows no progress.
    line: Option<Speech>,
    tail: String,
    last: Instant,
}

impl Progress {
    pub(super) async fn show(&mut self, state: &State, host: &EditorHost, record: &Record) {
        if let Some(shown) = self.runs.get_mut(&record.run) {
            shown.measure.count(&record.event);
        }
        match &record.event {
            Event::RunStarted { title, model, requested, why, offline, layers, .. } => {
                let label = model_label(model, requested.as_deref(), why, *offline);
                self.begin(state, host, &record.run, (title, &label), *layers);
            }
            Event::ModelWaited { .. } => self.report(&record.run, &routed(&record.event)),
            Event::ModelSwitched { .. } => {
                let text = routed(&record.event);
                self.report(&record.run, &text);
                host.client
                    .log_message(lsp::MessageType::Warning, format!("Copydesk: {}", visible(&text)))
                    .await;
            }
            Event::TextDelta { text } => self.stream(&record.run, text),
            Event::ToolCalling { name, bytes } => self.call(&record.run, name, *bytes),
            // What the pace held back is shown at the end of each answer.
            Event::ModelAnswered { text, .. } if !text.trim().is_empty() => {
                self.report(&record.run, &tail(text));
            }
            Event::ToolCalled { name, arguments, .. } => {
                let what = ["path", "command", "pattern"].iter().find_map(|key| arguments.get(key)?.as_str());
                self.report(&record.run, &format!("{name} {}", what.unwrap_or_default()));
            }
            Event::AgentCalled { agent, task, .. } => {
                self.report(&record.run, &format!("{agent} works: {task}"));
            }
            Event::AgentReturned { status, .. } => {
                let word = if *status == RunStatus::Succeeded { "has ended" } else { "has failed" };
                self.report(&record.run, &format!("a helper {word}"));
            }
            Event::LayerBegun { number, of, name } => {
                self.report(&record.run, &format!("layer {number} of {of}: {name}"));
            }
            Event::HandedOver { to, .. } => self.report(&record.run, &format!("{to} goes on")),
            Event::Called { to, .. } => {
                self.report(&record.run, &format!("waits for you; {to} was called"));
            }
            Event::HookRan { point, command, ok: false, note } => {
                let text = format!("Copydesk: the hook '{command}' of {point} failed: {note}");
                host.client.log_message(lsp::MessageType::Warning, visible(&text)).await;
            }
            Event::QuestionAsked { .. } => self.report(&record.run, "asks you something"),
            Event::Planned { items } => {
                let done = items.iter().filter(|item| item.state == TodoState::Done).count();
                let now = items.iter().find(|item| item.state != TodoState::Done);
                let now = now.map_or("", |item| item.text.as_str());
                self.report(&record.run, &format!("{done} of {} done: {now}", items.len()));
            }
            Event::Checked { check, verdict, note, .. } => {
                self.report(&record.run, &format!("check {check}: {} ({note})", verdict.as_str()));
            }
            Event::ApprovalRequested { .. } => self.report(&record.run, "waits for you"),
            Event::ApprovalJoined { .. } => {
                self.report(&record.run, "waits for your answer to the same question of another run");
            }
            Event::ChangeRefused { report, .. } => {
                let reasons: Vec<&str> =
                    report.refused.iter().map(|refused| refused.reason.as_str()).collect();
                let text = format!("Copydesk: a part of an edit was not made: {}", reasons.join("; "));
                host.client.log_message(lsp::MessageType::Warning, text).await;
            }
            Event::Notice { text, .. } => {
                host.client.log_message(lsp::MessageType::Info, visible(text)).await;
            }
            Event::RunFinished { status, error, .. } => {
                self.end(host, &record.run, *status, error.as_deref()).await;
            }
            _ => {}
        }
        // Trust and files may have changed what a pulled check says.
        if matches!(record.event, Event::RunFinished { .. }) && host.ladder.pull {
            let client = state.client.clone();
            state.tracker.spawn(async move {
                let _ = client.workspace_diagnostic_refresh().await;
            });
        }
    }

    fn begin(
        &mut self,
        state: &State,
        host: &EditorHost,
        run: &RunId,
        (title, model): (&str, &str),
        layers: usize,
    ) {
        // Not waited for: a client that is slow to take a token, or never does, must not hold up what follows.
        // And none is begun that the shutdown would not wait for.
        let line = (host.ladder.progress && !state.is_shut_down()).then(|| {
            let line = Arc::new(Line::default());
            let token = lsp::ProgressToken::String(run.to_string());
            state.speakers.spawn(speak(host.client.clone(), token, line.clone(), state.cancel.clone()));
            Speech(line)
        });
        let shown =
            Shown { measure: Measure::begin(layers), line, tail: String::new(), last: Instant::now() };
        self.runs.insert(run.clone(), shown);
        let title = format!("Copydesk: {}", short(title));
        self.send(run, json!({"kind": "begin", "title": title, "message": model, "cancellable": true}));
    }

    fn stream(&mut self, run: &RunId, text: &str) {
        let Some(shown) = self.runs.get_mut(run) else { return };
        shown.tail.push_str(text);
        if shown.last.elapsed() < PACE {
            // Only the tail is ever shown: do not keep the rest.
            if shown.tail.len() > 4096 {
                let cut = shown.tail.ceil_char_boundary(shown.tail.len() - 1024);
                shown.tail.drain(..cut);
            }
            return;
        }
        shown.last = Instant::now();
        let message = tail(&shown.tail);
        self.send(run, json!({"kind": "report", "message": message}));
    }

    /// A model that writes a long edit says nothing else for a while.
    fn call(&mut self, run: &RunId, name: &str, bytes: usize) {
        let Some(shown) = self.runs.get_mut(run) else { return };
        if shown.last.elapsed() < PACE {
            return;
        }
        shown.last = Instant::now();
        let written = if bytes < 1024 { String::new() } else { format!(" ({} kB so far)", bytes / 1024) };
        self.send(run, json!({"kind": "report", "message": short(&format!("writes {name} …{written}"))}));
    }

    fn report(&mut self, run: &RunId, message: &str) {
        if let Some(shown) = self.runs.get_mut(run) {
            shown.tail.clear();
            shown.last = Instant::now();
        }
        self.send(run, json!({"kind": "report", "message": short(message)}));
    }

    async fn end(&mut self, host: &EditorHost, run: &RunId, status: RunStatus, error: Option<&str>) {
        let message = match (status, error) {
            (RunStatus::Succeeded, _) => "done".to_owned(),
            (RunStatus::Canceled, _) => "canceled".to_owned(),
            (_, Some(error)) => error.to_owned(),
            (_, None) => "failed".to_owned(),
        };
        if let Some(error) = error {
            host.client.log_message(lsp::MessageType::Error, format!("Copydesk: {}", visible(error))).await;
        }
        self.send(run, json!({"kind": "end", "message": short(&message)}));
        self.runs.remove(run);
        host.documents.marks.retain(|known| known != run);
    }

    fn send(&self, run: &RunId, mut value: Value) {
        let Some(shown) = self.runs.get(run) else { return };
        let Some(line) = &shown.line else { return };
        if let Some(percent) = shown.measure.percent.filter(|_| value["kind"] != "end") {
            value["percentage"] = percent.into();
            if let (Some(message), Some(rest)) = (value["message"].as_str(), shown.measure.rest()) {
                value["message"] = format!("{message} ({rest})").into();
            }
        }
        line.0.say(value);
    }
}

/// Reports that may wait for a client; past that the oldest goes, for only where a run is now is of use.
const REPORTS: usize = 64;

/// What is to be said of one run.
#[derive(Default)]
struct Line {
    said: Mutex<Said>,
    more: Notify,
}

#[derive(Default)]
struct Said {
    waiting: VecDeque<Value>,
    is_over: bool,
}

/// The end at which something is said; nothing follows when it is dropped.
struct Speech(Arc<Line>);

impl Drop for Speech {
    fn drop(&mut self) {
        self.0.said().is_over = true;
        self.0.more.notify_one();
    }
}

impl Line {
    fn say(&self, value: Value) {
        let mut said = self.said();
        if said.waiting.len() >= REPORTS
            && let Some(oldest) = said.waiting.iter().position(|value| value["kind"] == "report")
        {
            said.waiting.remove(oldest);
        }
        said.waiting.push_back(value);
        self.more.notify_one();
    }

    /// The next to say, until everything is said.
    async fn next(&self) -> Option<Value> {
        loop {
            let more = self.more.notified();
            {
                let mut said = self.said();
                match said.waiting.pop_front() {
                    Some(value) => return Some(value),
                    None if said.is_over => return None,
                    None => {}
                }
            }
            more.await;
        }
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a client may take to take a token; nobody else waits for it.
const TAKEN: Duration = Duration::from_secs(10);

/// Has the client take a token, then says what there is to say about one run, in order.
async fn speak(client: Client, token: lsp::ProgressToken, line: Arc<Line>, cancel: CancellationToken) {
    let taken = tokio::select! {
        taken = tokio::time::timeout(TAKEN, client.create_work_done_progress(token.clone())) => taken,
        () = cancel.cancelled() => return,
    };
    if !matches!(taken, Ok(Ok(()))) {
        return;
    }
    while let Some(value) = line.next().await {
        let params = lsp::ProgressParams { token: token.clone(), value };
        client.send_notification::<lsp::ProgressNotification>(params).await;
    }
}

/// One line, not too long.
fn short(text: &str) -> String {
    visible(text).lines().next().unwrap_or_default().chars().take(WIDTH).collect()
}

/// The end of what was said, on one line.
fn tail(text: &str) -> String {
    let line = visible(text.trim_end().lines().next_back().unwrap_or_default());
    let skip = line.chars().count().saturating_sub(WIDTH);
    line.chars().skip(skip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_that_takes_its_time_hears_the_beginning_the_newest_and_the_end() {
        let line = Arc::new(Line::default());
        let speech = Speech(line.clone());
        speech.0.say(json!({"kind": "begin"}));
        for number in 0..1000 {
            speech.0.say(json!({"kind": "report", "message": number}));
        }
        speech.0.say(json!({"kind": "end"}));
        drop(speech);
        let mut heard = Vec::new();
        while let Some(value) = line.next().await {
            heard.push(
                value["message"]
                    .as_u64()
                    .map_or_else(|| value["kind"].to_string(), |number| number.to_string()),
            );
        }
        let newest = (1000 - (REPORTS - 2)..1000).map(|number| number.to_string());
        let expect: Vec<String> =
            ["\"begin\"".to_owned()].into_iter().chain(newest).chain(["\"end\"".to_owned()]).collect();
        assert_eq!(heard, expect);
    }
}
