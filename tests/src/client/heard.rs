//! What the client does with a message of the server's: checks it, reacts as its personality would, and keeps it for
//! the test to look at.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::documents::edits_of;
use super::look::is_hidden;
use super::{Answer, Client, Consent, Message, Progress, Prompt, RpcError};
use crate::personality::{Edits, Order, Prompts};

/// Diagnostics by document, from both ways.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) pushed: BTreeMap<String, Vec<Value>>,
    pub(super) pulled: BTreeMap<String, (Option<String>, Vec<Value>)>,
    /// Documents whose pulled diagnostics are older than their text.
    pub(super) stale: BTreeSet<String>,
    /// Documents that a test has asked about, open or not.
    pub(super) known: BTreeSet<String>,
}

impl Findings {
    pub(super) fn stale(&mut self, uri: &str) {
        self.stale.insert(uri.to_owned());
        self.known.insert(uri.to_owned());
    }
}

/// Server requests and what a client must have announced before they may come.
const NEEDS: &[(&str, &str)] = &[
    ("workspace/applyEdit", "/workspace/applyEdit"),
    ("workspace/configuration", "/workspace/configuration"),
    ("workspace/workspaceFolders", "/workspace/workspaceFolders"),
    ("workspace/diagnostic/refresh", "/workspace/diagnostics/refreshSupport"),
    ("workspace/codeLens/refresh", "/workspace/codeLens/refreshSupport"),
    ("workspace/inlayHint/refresh", "/workspace/inlayHint/refreshSupport"),
    ("workspace/semanticTokens/refresh", "/workspace/semanticTokens/refreshSupport"),
    ("window/workDoneProgress/create", "/window/workDoneProgress"),
    ("window/showDocument", "/window/showDocument/support"),
    ("copydesk/event", "/experimental/copydesk"),
];

/// Notifications that any client understands.
const KNOWN: &[&str] = &[
    "textDocument/publishDiagnostics",
    "window/logMessage",
    "window/showMessage",
    "$/progress",
    "$/cancelRequest",
];

/// What the client takes care of by itself, and a test need not look at one by one.
const PASSING: &[&str] = &[
    "textDocument/publishDiagnostics",
    "$/progress",
    "$/cancelRequest",
    "window/logMessage",
    "copydesk/event",
    "window/workDoneProgress/create",
    "workspace/configuration",
    "workspace/diagnostic/refresh",
    "workspace/codeLens/refresh",
    "workspace/inlayHint/refresh",
    "workspace/semanticTokens/refresh",
    "client/registerCapability",
    "client/unregisterCapability",
];

impl Client {
    /// One message of the server's, as it comes.
    pub(super) fn hear(&mut self, message: Value) {
        match (message.get("method").and_then(Value::as_str), message.get("id")) {
            (None, Some(id)) => self.hear_answer(&id.clone(), &message),
            (Some(method), id) => {
                let message = Message {
                    id: id.cloned(),
                    method: method.to_owned(),
                    params: message.get("params").cloned().unwrap_or(Value::Null),
                };
                self.check_announced(&message);
                self.check_turn(&message);
                if self.held.contains(&message.method) {
                    self.inbox.push_back(message);
                } else {
                    if !PASSING.contains(&message.method.as_str()) {
                        self.inbox.push_back(message.clone());
                    }
                    self.react(&message);
                    *self.passed.entry(message.method).or_default() += 1;
                }
            }
            (None, None) => self.faults.push(format!("a message that is nothing: {message}")),
        }
    }

    /// Does what this client does with such a message, now.
    pub fn react(&mut self, message: &Message) {
        match message.method.as_str() {
            "textDocument/publishDiagnostics" => self.hear_diagnostics(&message.params),
            "$/progress" => self.hear_progress(&message.params),
            "$/cancelRequest" => self.prompts.retain(|prompt| prompt.id != message.params["id"]),
            "window/logMessage" => self.check_visible("window/logMessage", &message.params),
            "copydesk/event" => self.events.push(message.params.clone()),
            "window/showMessageRequest" => self.hear_prompt(message),
            "workspace/applyEdit" => self.hear_edit(message),
            "window/workDoneProgress/create" => {
                let token = message.params["token"].to_string();
                if self.progress.insert(token.clone(), Progress::default()).is_some() {
                    self.faults.push(format!("the progress token {token} was made twice"));
                }
                self.reply(message, Ok(Value::Null));
            }
            "workspace/configuration" => {
                let items = message.params["items"].as_array().cloned().unwrap_or_default();
                let answer =
                    items.iter().map(|item| self.setting(item["section"].as_str().unwrap_or_default()));
                let answer = Value::Array(answer.collect());
                self.reply(message, Ok(answer));
            }
            "workspace/diagnostic/refresh" => {
                let open: Vec<String> = self.documents.keys().cloned().collect();
                for uri in &open {
                    self.findings.stale(uri);
                }
                self.reply(message, Ok(Value::Null));
            }
            "client/registerCapability" => {
                self.check_registrations(&message.params);
                self.reply(message, Ok(Value::Null));
            }
            "client/unregisterCapability"
            | "workspace/codeLens/refresh"
            | "workspace/inlayHint/refresh"
            | "workspace/semanticTokens/refresh" => self.reply(message, Ok(Value::Null)),
            "window/showDocument" => {
                self.reply(message, Ok(json!({"success": true})));
            }
            _ if message.id.is_some() => self.reply(message, Err(RpcError::new(-32601, "no such method"))),
            _ => {}
        }
    }

    fn hear_answer(&mut self, id: &Value, message: &Value) {
        let Some(method) = id.as_i64().and_then(|id| self.pending.remove(&id)) else {
            if id.is_null() {
                // The answer to a body that could not be read; the test looks at it.
                self.inbox.push_back(Message {
                    id: None,
                    method: "error".to_owned(),
                    params: message["error"].clone(),
                });
            } else {
                self.faults.push(format!("an answer to no open request: {message}"));
            }
            return;
        };
        let answer: Answer = match (message.get("result"), message.get("error")) {
            (Some(result), None) => Ok(result.clone()),
            (None, Some(error)) => Err(RpcError {
                code: error["code"].as_i64().unwrap_or_default(),
                message: error["message"].as_str().unwrap_or_default().to_owned(),
                data: error["data"].clone(),
            }),
            _ => {
                self.faults
                    .push(format!("the answer to {method} has not one of result and error: {message}"));
                Ok(Value::Null)
            }
        };
        if let Some(run) = answer.as_ref().ok().and_then(|result| result["runId"].as_str()) {
            self.runs.insert(run.to_owned());
        }
        if let Some(id) = id.as_i64() {
            self.answers.insert(id, answer);
        }
    }

    fn hear_diagnostics(&mut self, params: &Value) {
        let uri = params["uri"].as_str().unwrap_or_default();
        let items = params["diagnostics"].as_array().cloned().unwrap_or_default();
        let known = self.documents.contains_key(uri) || self.findings.known.contains(uri);
        if !known && !items.is_empty() && !self.quiet.contains("textDocument/publishDiagnostics") {
            self.faults.push(format!("diagnostics for a document that nobody opened: {uri}"));
        }
        let open = self.documents.get(uri);
        if let (Some(buffer), Some(version)) = (open, params["version"].as_i64())
            && version > i64::from(buffer.version)
        {
            self.faults.push(format!("diagnostics for version {version} of {uri}, which does not exist yet"));
        }
        self.findings.pushed.insert(uri.to_owned(), items);
    }

    fn hear_progress(&mut self, params: &Value) {
        let token = params["token"].to_string();
        let Some(progress) = self.progress.get_mut(&token) else {
            self.faults.push(format!("progress for a token that nobody made: {params}"));
            return;
        };
        let value = &params["value"];
        if progress.ended {
            self.faults.push(format!("progress after its end: {params}"));
        }
        match value["kind"].as_str() {
            Some("begin") => {
                progress.begun = true;
                value["title"].as_str().unwrap_or_default().clone_into(&mut progress.title);
            }
            Some("report") => {}
            Some("end") => progress.ended = true,
            _ => self.faults.push(format!("progress of no kind: {params}")),
        }
        if let Some(text) = value["message"].as_str() {
            progress.messages.push(text.to_owned());
        }
        progress.percent.extend(value["percentage"].as_u64());
        self.check_visible("$/progress", value);
    }

    fn hear_prompt(&mut self, message: &Message) {
        let prompt = Prompt {
            id: message.id.clone().unwrap_or_default(),
            text: message.params["message"].as_str().unwrap_or_default().to_owned(),
            choices: message.params["actions"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|action| action["title"].as_str().map(str::to_owned))
                .collect(),
        };
        self.faults.extend(prompt.faults());
        let busy = self.pending.values().any(|method| method == "workspace/executeCommand");
        match self.personality.prompts {
            Prompts::NotFound => self.reply(message, Err(RpcError::new(-32601, "method not found"))),
            Prompts::Null => self.reply(message, Ok(Value::Null)),
            Prompts::LostBeforeResponse if busy => {
                self.transcript.note("the prompt above is lost: a command waits");
            }
            Prompts::ReplacedByNext => {
                self.transcript.note(&format!("{} prompts are replaced, never answered", self.prompts.len()));
                self.prompts = vec![prompt];
            }
            Prompts::Stay | Prompts::LostBeforeResponse => self.prompts.push(prompt),
        }
    }

    fn hear_edit(&mut self, message: &Message) {
        let edit = &message.params["edit"];
        let fault = edit_fault(edit);
        self.faults.extend(fault);
        let [(uri, edits)] = &edits_of(edit)[..] else {
            return self.reply(message, Ok(json!({"applied": false, "failureReason": "not one document"})));
        };
        let Some(buffer) = self.documents.get(uri) else {
            self.faults.push(format!("an edit for {uri}, which is not open"));
            return self.reply(message, Ok(json!({"applied": false, "failureReason": "not open"})));
        };
        let version = edit["documentChanges"][0]["textDocument"]["version"].as_i64();
        let unchecked = version == Some(0) && self.personality.edits == Edits::SkipsAndLies;
        let current = version == Some(i64::from(buffer.version)) || unchecked;
        let refused = self.personality.edits == Edits::AsksPerson && self.consent == Consent::No;
        let lies = matches!(self.personality.edits, Edits::SkipsAndLies | Edits::AlwaysTrue);
        if refused || !current {
            self.transcript.note(if refused {
                "the person says no"
            } else {
                "the edit above is outdated: skipped"
            });
            let answer = json!({"applied": lies, "failureReason": "refused or outdated"});
            return self.reply(message, Ok(answer));
        }
        match self.replacements(uri, edits) {
            Ok(replacements) => {
                let changes = self.change_buffer(uri, replacements);
                let answer = Ok(json!({"applied": true}));
                match self.personality.order {
                    Order::ChangeFirst => {
                        self.tell(uri, changes);
                        self.reply(message, answer);
                    }
                    Order::AnswerFirst => {
                        self.reply(message, answer);
                        self.tell(uri, changes);
                    }
                }
            }
            Err(reason) => {
                self.faults.push(format!("the edit for {uri} does not fit: {reason}"));
                self.reply(message, Ok(json!({"applied": lies, "failureReason": reason})));
            }
        }
    }

    /// What a person reads must not hide anything, be it in a prompt, beside a progress bar or in a log.
    fn check_visible(&mut self, method: &str, said: &Value) {
        for text in [&said["title"], &said["message"]].into_iter().filter_map(Value::as_str) {
            if let Some(bad) = text.chars().find(|c| is_hidden(*c)) {
                self.faults.push(format!("{method} with the raw character {bad:?}: {text:?}"));
            }
        }
    }

    fn check_announced(&mut self, message: &Message) {
        let method = message.method.as_str();
        let need = NEEDS.iter().find(|(name, _)| *name == method);
        if let Some((_, pointer)) = need
            && !self.personality.announces(pointer)
        {
            self.faults.push(format!("the server sent {method}, and this client never announced {pointer}"));
        }
        if message.id.is_none() && need.is_none() && !KNOWN.contains(&method) {
            self.faults.push(format!("no client knows the notification {method}"));
        }
        if self.server.is_null()
            && !matches!(method, "window/logMessage" | "window/showMessage" | "$/progress")
        {
            self.faults.push(format!("{method} came before the answer to initialize"));
        }
    }

    /// A run sends nothing before the response that announced it: as long as no run is known, nothing of a run's
    /// may come.
    fn check_turn(&mut self, message: &Message) {
        let asking = self.pending.values().any(|method| method == "workspace/executeCommand");
        let of_a_run = matches!(
            message.method.as_str(),
            "window/showMessageRequest"
                | "workspace/applyEdit"
                | "window/workDoneProgress/create"
                | "copydesk/event"
        );
        if asking && of_a_run && self.runs.is_empty() {
            self.faults.push(format!("{} came before the response of its command", message.method));
        }
    }

    fn check_registrations(&mut self, params: &Value) {
        for registration in params["registrations"].as_array().cloned().unwrap_or_default() {
            let method = registration["method"].as_str().unwrap_or_default();
            let pointer = match method {
                "workspace/didChangeWatchedFiles" => {
                    "/workspace/didChangeWatchedFiles/dynamicRegistration".to_owned()
                }
                "workspace/didChangeConfiguration" => {
                    "/workspace/didChangeConfiguration/dynamicRegistration".to_owned()
                }
                other => format!("/{other}/dynamicRegistration"),
            };
            if !self.personality.announces(&pointer) {
                self.faults
                    .push(format!("{method} was registered, and this client never announced {pointer}"));
            }
        }
    }

    fn setting(&self, section: &str) -> Value {
        let pointer = format!("/{}", section.replace('.', "/"));
        self.settings.pointer(&pointer).cloned().unwrap_or(Value::Null)
    }
}

/// What the contract forbids in an edit of the server's.
fn edit_fault(edit: &Value) -> Option<String> {
    let changes = edit["documentChanges"].as_array();
    if edit.get("changes").is_some_and(|changes| !changes.is_null()) || changes.is_none() {
        return Some(format!("an edit without documentChanges: {edit}"));
    }
    let changes = changes.map_or(&[][..], Vec::as_slice);
    match changes {
        [one] if !one["textDocument"]["version"].is_i64() => {
            Some(format!("an edit without a version: {edit}"))
        }
        [one] if one.get("kind").is_some() => Some(format!("a resource operation: {edit}")),
        [_] if edit.to_string().contains("\"needsConfirmation\":true") => {
            Some(format!("an edit that leaves the question to the client: {edit}"))
        }
        [_] => None,
        _ => Some(format!("an edit of {} documents at once: {edit}", changes.len())),
    }
}
