//! A run as work-done progress: begun, reported at most ten times a second, ended. Its token is the run's id.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use copydesk_agent::{harmless, model_label, routed};
use copydesk_base::event::TodoState;
use copydesk_base::{Event, Record, RunId, RunStatus};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tower_lsp::Client;
use tower_lsp::gen_lsp_types as lsp;

use super::EditorHost;
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
    /// What is said here reaches the client when it has taken the token; none where it shows no progress.
    line: Option<mpsc::UnboundedSender<Value>>,
    tail: String,
    last: Instant,
}

impl Progress {
    pub(super) async fn show(&mut self, state: &State, host: &EditorHost, record: &Record) {
        match &record.event {
            Event::RunStarted { title, model, requested, offline, .. } => {
                let label = model_label(model, requested.as_deref(), *offline);
                self.begin(state, host, &record.run, title, &label);
            }
            Event::ModelWaited { .. } => self.report(&record.run, &routed(&record.event)),
            Event::ModelSwitched { .. } => {
                let text = routed(&record.event);
                self.report(&record.run, &text);
                host.client
                    .log_message(lsp::MessageType::Warning, format!("Copydesk: {}", harmless(&text)))
                    .await;
            }
            Event::TextDelta { text } => self.stream(&record.run, text),
            // What the pace held back is shown at the end of each answer.
            Event::ModelAnswered { text, .. } if !text.trim().is_empty() => {
                self.report(&record.run, &tail(text));
            }
            Event::ToolCalled { name, arguments, .. } => {
                let what = ["path", "command", "pattern"].iter().find_map(|key| arguments.get(key)?.as_str());
                self.report(&record.run, &format!("{name} {}", what.unwrap_or_default()));
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
            Event::Notice { text } => host.client.log_message(lsp::MessageType::Info, harmless(text)).await,
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

    fn begin(&mut self, state: &State, host: &EditorHost, run: &RunId, title: &str, model: &str) {
        // Not waited for: a client that is slow to take a token, or never does, must not hold up what follows.
        // And none is begun that the shutdown would not wait for.
        let line = (host.ladder.progress && !state.is_shut_down()).then(|| {
            let (line, said) = mpsc::unbounded_channel();
            let token = lsp::ProgressToken::String(run.to_string());
            state.speakers.spawn(speak(host.client.clone(), token, said, state.cancel.clone()));
            line
        });
        self.runs.insert(run.clone(), Shown { line, tail: String::new(), last: Instant::now() });
        let value = json!({
            "kind": "begin",
            "title": format!("Copydesk: {}", short(title)),
            "message": model,
            "cancellable": true,
        });
        self.send(run, value);
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
            host.client.log_message(lsp::MessageType::Error, format!("Copydesk: {}", harmless(error))).await;
        }
        self.send(run, json!({"kind": "end", "message": short(&message)}));
        self.runs.remove(run);
        host.documents.marks.retain(|known| known != run);
    }

    fn send(&self, run: &RunId, value: Value) {
        if let Some(line) = self.runs.get(run).and_then(|shown| shown.line.as_ref()) {
            // Nobody listens where the client did not take the token.
            let _ = line.send(value);
        }
    }
}

/// How long a client may take to take a token; nobody else waits for it.
const TAKEN: Duration = Duration::from_secs(10);

/// Has the client take a token, then says what there is to say about one run, in order.
async fn speak(
    client: Client,
    token: lsp::ProgressToken,
    mut said: mpsc::UnboundedReceiver<Value>,
    cancel: CancellationToken,
) {
    let taken = tokio::select! {
        taken = tokio::time::timeout(TAKEN, client.create_work_done_progress(token.clone())) => taken,
        () = cancel.cancelled() => return,
    };
    if !matches!(taken, Ok(Ok(()))) {
        return;
    }
    while let Some(value) = said.recv().await {
        let params = lsp::ProgressParams { token: token.clone(), value };
        client.send_notification::<lsp::ProgressNotification>(params).await;
    }
}

/// One line, not too long.
fn short(text: &str) -> String {
    harmless(text).lines().next().unwrap_or_default().chars().take(WIDTH).collect()
}

/// The end of what was said, on one line.
fn tail(text: &str) -> String {
    let line = harmless(text.trim_end().lines().next_back().unwrap_or_default());
    let skip = line.chars().count().saturating_sub(WIDTH);
    line.chars().skip(skip).collect()
}
