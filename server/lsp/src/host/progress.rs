//! A run as work-done progress: begun, reported at most ten times a second, ended. Its token is the run's id.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use copydesk_agent::harmless;
use copydesk_base::{Event, Record, RunId, RunStatus};
use serde_json::{Value, json};
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
    announced: bool,
    tail: String,
    last: Instant,
}

impl Progress {
    pub(super) async fn show(&mut self, state: &State, host: &EditorHost, record: &Record) {
        match &record.event {
            Event::RunStarted { title, model, offline, .. } => {
                let label = if *offline { format!("{model}, no real model") } else { model.clone() };
                self.begin(host, &record.run, title, &label).await;
            }
            Event::TextDelta { text } => self.stream(host, &record.run, text).await,
            // What the pace held back is shown at the end of each answer.
            Event::ModelAnswered { text, .. } if !text.trim().is_empty() => {
                self.report(host, &record.run, &tail(text)).await;
            }
            Event::ToolCalled { name, arguments, .. } => {
                let what = ["path", "command", "pattern"].iter().find_map(|key| arguments.get(key)?.as_str());
                self.report(host, &record.run, &format!("{name} {}", what.unwrap_or_default())).await;
            }
            Event::ApprovalRequested { .. } => self.report(host, &record.run, "waits for you").await,
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

    async fn begin(&mut self, host: &EditorHost, run: &RunId, title: &str, model: &str) {
        // Not waited for: a client that never answers must not hold up what follows.
        let announced = host.ladder.progress;
        self.runs.insert(run.clone(), Shown { announced, tail: String::new(), last: Instant::now() });
        if announced {
            let token = lsp::ProgressToken::String(run.to_string());
            let created =
                tokio::time::timeout(Duration::from_secs(2), host.client.create_work_done_progress(token))
                    .await;
            let announced = matches!(created, Ok(Ok(())));
            if let Some(shown) = self.runs.get_mut(run) {
                shown.announced = announced;
            }
            let value = json!({
                "kind": "begin",
                "title": format!("Copydesk: {}", short(title)),
                "message": model,
                "cancellable": true,
            });
            self.send(host, run, value).await;
        }
    }

    async fn stream(&mut self, host: &EditorHost, run: &RunId, text: &str) {
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
        self.send(host, run, json!({"kind": "report", "message": message})).await;
    }

    async fn report(&mut self, host: &EditorHost, run: &RunId, message: &str) {
        if let Some(shown) = self.runs.get_mut(run) {
            shown.tail.clear();
            shown.last = Instant::now();
        }
        self.send(host, run, json!({"kind": "report", "message": short(message)})).await;
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
        self.send(host, run, json!({"kind": "end", "message": short(&message)})).await;
        self.runs.remove(run);
        host.documents.marks.retain(|known| known != run);
    }

    async fn send(&self, host: &EditorHost, run: &RunId, value: Value) {
        if self.runs.get(run).is_some_and(|shown| shown.announced) {
            let token = lsp::ProgressToken::String(run.to_string());
            host.client
                .send_notification::<lsp::ProgressNotification>(lsp::ProgressParams { token, value })
                .await;
        }
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
