//! The intake: one loop that reads what the editor says, in the order in which it was said.
//!
//! Document notifications change the documents right here, without an await. Everything else goes to the
//! [`LspService`], which routes, keeps the life cycle and cancels; its future is polled once before the next message is
//! read, and finished on a task of its own. A panic becomes an answer.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex};

use futures_util::{FutureExt, SinkExt};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite, BufReader};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response};
use tower_lsp::{ExitedError, LspService};

use crate::front::Front;
use crate::outgoing::{self, Mark, Outgoing};
use crate::state::State;
use crate::wire;
use crate::{Backstage, Ended};

tokio::task_local! {
    /// The gates that open when the answer of the request that is being handled stands in the writer's queue.
    static GATES: Gates;
}

type Gates = Arc<Mutex<Vec<oneshot::Sender<()>>>>;

/// Opens `gate` when the answer to the request that is being handled is queued; at once outside a request.
pub(crate) fn after_answer(gate: oneshot::Sender<()>) {
    let mut gate = Some(gate);
    // Outside a request there is no such list, and the gate drops, which opens it.
    let _ = GATES.try_with(|gates| {
        if let (Ok(mut gates), Some(gate)) = (gates.lock(), gate.take()) {
            gates.push(gate);
        }
    });
}

/// Does what may take long, or reads files, beside the intake. Its panic is the handler's.
pub(crate) async fn beside<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> tower_lsp::jsonrpc::Result<R> {
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => Ok(answer),
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Error::request_cancelled()),
        },
    }
}

pub(crate) async fn run(
    input: impl AsyncRead + Unpin + Send,
    output: impl AsyncWrite + Unpin + Send + 'static,
    backstage: Backstage,
    cancel: CancellationToken,
) -> Ended {
    let tracker = TaskTracker::new();
    let (queue, bodies) = outgoing::queue();
    let mut writer = tracker.spawn(wire::write(output, bodies));
    let mark = Mark::default();
    let mut state = None;
    let (mut service, socket) = LspService::build(|client| {
        let made = State::new(client, backstage, cancel.clone(), tracker.clone(), mark.clone());
        state = Some(made.clone());
        Front { state: made }
    })
    .custom_method("window/workDoneProgress/cancel", Front::progress_cancel)
    .finish();
    #[expect(clippy::expect_used, reason = "the builder calls its closure before it returns")]
    let state: Arc<State> = state.expect("the service was made");
    let (to_client, mut from_client) = socket.split();
    tracker.spawn(outgoing::pass_on(to_client, queue.clone(), mark));
    let mut input = BufReader::with_capacity(64 * 1024, input);
    let ended = loop {
        let next = async {
            queue.heard().await;
            wire::read(&mut input).await
        };
        let body = tokio::select! {
            body = next => body,
            // The parent died, or somebody told this process to end.
            () = cancel.cancelled() => break Ended::Abrupt,
            // Nobody reads us any more, even if the other pipe stays open.
            _ = &mut writer => break Ended::Abrupt,
        };
        let body = match body {
            Ok(Some(body)) => body,
            Ok(None) => break Ended::Abrupt,
            Err(error) => {
                tracing::error!("failed to {error}");
                break Ended::Abrupt;
            }
        };
        match understand(&body) {
            Message::Broken(answer) => send(&queue, &answer),
            Message::Answer(response) => {
                let _ = from_client.send(response).await;
            }
            Message::Asked(request) => {
                if request.method() == "exit" {
                    let orderly = state.is_shut_down();
                    let _ = service.call(request).await;
                    break if orderly { Ended::Orderly } else { Ended::Abrupt };
                }
                if state.is_serving() && state.document_notification(&request) {
                    continue;
                }
                handle(&mut service, request, &queue, &tracker).await;
            }
        }
    };
    state.close().await;
    cancel.cancel();
    drop((service, from_client, queue, state));
    // What was queued is written; an editor that no longer reads is not waited for.
    if !writer.is_finished() {
        let _ = tokio::time::timeout(std::time::Duration::from_secs(2), writer).await;
    }
    tracker.close();
    ended
}

/// Starts a request in wire order, and finishes it on a task of its own if it is not done at once.
async fn handle(service: &mut LspService<Front>, request: Request, queue: &Outgoing, tracker: &TaskTracker) {
    let id = request.id().cloned();
    let is_initialize = request.method() == "initialize";
    let gates = Gates::default();
    let call = AssertUnwindSafe(service.call(request)).catch_unwind();
    let mut answering = Box::pin(GATES.scope(gates.clone(), call));
    if is_initialize {
        // Nothing else may be looked at before it is known who is there.
        let answer = answering.await;
        finish(answer, id, &gates, queue);
        return;
    }
    match futures_util::poll!(&mut answering) {
        std::task::Poll::Ready(answer) => finish(answer, id, &gates, queue),
        std::task::Poll::Pending => {
            let queue = queue.clone();
            tracker.spawn(async move { finish(pin!(answering).await, id, &gates, &queue) });
        }
    }
}

type Answered = Result<Result<Option<Response>, ExitedError>, Box<dyn std::any::Any + Send>>;

/// Queues the answer, then opens the gates of what waited for it.
fn finish(answer: Answered, id: Option<Id>, gates: &Gates, queue: &Outgoing) {
    let response = match answer {
        Ok(Ok(Some(response))) => Some(response),
        // The router passes over what begins with `$/`; a request is answered all the same.
        Ok(Ok(None)) => id.map(|id| Response::from_error(id, Error::method_not_found())),
        Ok(Err(ExitedError { .. })) => None,
        Err(_) => {
            tracing::error!("a handler panicked; its request is answered and the server goes on");
            id.map(|id| {
                let mut error = Error::internal_error();
                error.message = "the handler panicked; the server goes on".into();
                Response::from_error(id, error)
            })
        }
    };
    if let Some(response) = response {
        send(queue, &response);
    }
    if let Ok(mut gates) = gates.lock() {
        for gate in gates.drain(..) {
            // Nobody behind it means that the run was given up.
            let _ = gate.send(());
        }
    }
}

fn send(queue: &Outgoing, message: &impl serde::Serialize) {
    if let Ok(body) = serde_json::to_vec(message) {
        queue.answer(body);
    }
}

/// One body, understood as far as possible.
enum Message {
    Asked(Request),
    Answer(Response),
    /// What to answer to it.
    Broken(Value),
}

fn understand(body: &[u8]) -> Message {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => {
            return broken(&Value::Null, ErrorCode::ParseError, &format!("the body is no JSON: {error}"));
        }
    };
    let id = value.get("id").cloned().unwrap_or(Value::Null);
    if value.get("method").is_some() {
        return match serde_json::from_value(value) {
            Ok(request) => Message::Asked(request),
            Err(error) => broken(&id, ErrorCode::InvalidRequest, &format!("this is no request: {error}")),
        };
    }
    if value.get("result").is_some() || value.get("error").is_some() {
        return match answer(&value) {
            Some(response) => Message::Answer(response),
            None => broken(&Value::Null, ErrorCode::InvalidRequest, "this is no response"),
        };
    }
    let what = if value.is_array() { "batches are not part of this protocol" } else { "this is no message" };
    broken(&id, ErrorCode::InvalidRequest, what)
}

/// A response, also one that carries both members or a bare `null` result, as editors send them.
fn answer(value: &Value) -> Option<Response> {
    let id: Id = serde_json::from_value(value.get("id")?.clone()).ok()?;
    match value.get("error") {
        Some(error) if !error.is_null() => {
            let code = error.get("code").and_then(Value::as_i64).unwrap_or(-32603);
            let message =
                error.get("message").and_then(Value::as_str).unwrap_or("no reason given").to_owned();
            let error =
                Error { code: code.into(), message: message.into(), data: error.get("data").cloned() };
            Some(Response::from_error(id, error))
        }
        _ => Some(Response::from_ok(id, value.get("result").cloned().unwrap_or(Value::Null))),
    }
}

fn broken(id: &Value, code: ErrorCode, message: &str) -> Message {
    let id = if id.is_string() || id.is_number() { id.clone() } else { Value::Null };
    Message::Broken(json!({"jsonrpc": "2.0", "id": id, "error": {"code": code.code(), "message": message}}))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use copydesk_language::Trust;
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn a_server_that_nobody_reads_ends() {
        let backstage = Backstage {
            open: Box::new(|_, _, _, _| unreachable!("nothing is initialized")),
            trust_state: Box::new(|_| Trust::Untrusted),
            trust: Box::new(|_| Err(String::new())),
            editor_settings: Box::new(|_, _| vec![]),
            doctor: Box::new(|_, _| Value::Null),
            models: Box::new(|_, _| Value::Null),
            model_names: Box::new(|_| vec![]),
            fallback_root: Box::new(std::path::PathBuf::new),
            user_places: Box::new(|_| crate::workspace::UserPlaces::default()),
            of_others: Box::new(|_| crate::schemas::OfOthers::default()),
            shelf: Box::new(|_| std::path::PathBuf::new()),
        };
        let (mut editor, input) = tokio::io::duplex(1024);
        let (output, gone) = tokio::io::duplex(1024);
        drop(gone);
        editor.write_all(b"Content-Length: 2\r\n\r\n{}").await.unwrap();
        let serving = run(input, output, backstage, CancellationToken::new());
        let ended = tokio::time::timeout(Duration::from_secs(20), serving).await;
        assert_eq!(ended, Ok(Ended::Abrupt));
        drop(editor);
    }
}
