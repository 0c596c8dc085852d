//! Looking at what the server sent: the waits of a story.

use std::time::Instant;

use serde_json::{Value, json};

use super::{Answer, Client, Message};
use crate::personality::Diagnostics;

/// A question on the screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    pub(super) id: Value,
    pub text: String,
    pub choices: Vec<String>,
}

/// One work-done progress.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub title: String,
    pub messages: Vec<String>,
    /// How far it said to be, in the order of what it said.
    pub percent: Vec<u64>,
    /// A token alone shows nothing.
    pub begun: bool,
    pub ended: bool,
}

impl Prompt {
    /// What the contract forbids in a prompt.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = vec![];
        if self.text.chars().count() > 400 {
            faults.push(format!("a prompt of {} characters: {:?}", self.text.chars().count(), self.text));
        }
        if let Some(bad) = self.text.chars().find(|c| is_hidden(*c)) {
            faults.push(format!("a prompt with the raw character {bad:?}: {:?}", self.text));
        }
        let known = ["Allow once", "Always allow", "Deny", "Show"];
        // A model's own question says that it is one, and takes none of these words.
        let is_a_models = self.text.starts_with("The agent asks: ");
        let is_odd = |choice: &String| known.contains(&choice.as_str()) == is_a_models;
        let deletes = self.text.starts_with("Delete the conversation ") && self.choices == ["Delete", "Keep"];
        if !deletes && (self.choices.len() > 6 || self.choices.iter().any(is_odd)) {
            faults.push(format!("a prompt with the choices {:?}", self.choices));
        }
        faults
    }
}

impl Client {
    /// Waits for a message of this method that nobody has looked at.
    pub fn message(&mut self, method: &str) -> Message {
        self.message_where(method, |_| true)
    }

    /// Waits for one whose params fit.
    pub fn message_where(&mut self, method: &str, fits: impl Fn(&Value) -> bool) -> Message {
        self.wait(method, |client| {
            let at = client.inbox.iter().position(|one| one.method == method && fits(&one.params))?;
            client.inbox.remove(at)
        })
    }

    /// Waits for a request of the server's and answers it. The method must be held (see [`Client::hold`]).
    pub fn expect_request(&mut self, method: &str, answer: Answer) -> Message {
        let message = self.message(method);
        self.reply(&message, answer);
        message
    }

    /// Messages of this method that have arrived and that nobody has looked at; looks at them.
    pub fn heard(&mut self, method: &str) -> Vec<Message> {
        self.listen();
        let (found, rest): (Vec<_>, Vec<_>) = self.inbox.drain(..).partition(|one| one.method == method);
        self.inbox = rest.into();
        found
    }

    /// Waits until the client has taken care of this many requests of a method by itself.
    pub fn message_passed(&mut self, method: &str, count: usize) {
        self.wait(&format!("{count} of {method}"), |client| {
            (client.passed.get(method).copied().unwrap_or_default() >= count).then_some(())
        });
    }

    /// Waits for an edit of this document's and looks at it; the personality has answered it, unless it is held.
    pub fn edit(&mut self, uri: &str) -> Message {
        self.message_where("workspace/applyEdit", |params| {
            params["edit"]["documentChanges"][0]["textDocument"]["uri"] == uri
        })
    }

    /// Waits until the buffer says this.
    pub fn wait_for_text(&mut self, uri: &str, text: &str) {
        self.wait(&format!("the text {text:?}"), |client| (client.text(uri) == text).then_some(()));
    }

    /// Waits for a prompt on the screen.
    pub fn prompt(&mut self) -> Prompt {
        let message = self.message("window/showMessageRequest");
        let shown = self.prompts.iter().find(|prompt| Some(&prompt.id) == message.id.as_ref()).cloned();
        match shown {
            Some(prompt) => prompt,
            None => self.fail("a prompt came that this client never shows for long"),
        }
    }

    /// The prompts that a person could answer now.
    pub fn prompts_on_screen(&self) -> usize {
        self.prompts.len()
    }

    /// Whether the person could still answer it.
    pub fn is_on_screen(&self, prompt: &Prompt) -> bool {
        self.prompts.iter().any(|one| one.id == prompt.id)
    }

    /// The person takes this choice.
    pub fn choose(&mut self, prompt: &Prompt, title: &str) {
        if !prompt.choices.iter().any(|choice| choice == title) {
            self.fail(&format!(
                "the prompt {:?} offers no {title:?}, only {:?}",
                prompt.text, prompt.choices
            ));
        }
        self.answer_prompt(prompt, Ok(json!({"title": title})));
    }

    /// Answers a prompt with whatever the test says; null is what a closed prompt answers.
    pub fn answer_prompt(&mut self, prompt: &Prompt, answer: Answer) {
        let before = self.prompts.len();
        self.prompts.retain(|one| one.id != prompt.id);
        if self.prompts.len() == before {
            self.fail(&format!("the prompt {:?} is no longer on the screen", prompt.text));
        }
        let request = Message {
            id: Some(prompt.id.clone()),
            method: "window/showMessageRequest".to_owned(),
            params: Value::Null,
        };
        self.reply(&request, answer);
    }

    /// Diagnostics of a document as its person sees them, pulled and pushed together, once they fit.
    pub fn diagnostics(&mut self, uri: &str, what: &str, fits: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        self.findings.known.insert(uri.to_owned());
        let deadline = Instant::now() + super::PATIENCE;
        loop {
            self.pull(uri);
            self.listen();
            if self.findings.stale.contains(uri) && self.pulls() {
                continue;
            }
            let now = self.diagnostics_now(uri);
            if fits(&now) {
                return now;
            }
            let codes: Vec<&Value> = now.iter().map(|one| &one["code"]).collect();
            self.hear_one(deadline, &format!("diagnostics of {uri}: {what} (now {codes:?})"));
        }
    }

    /// Waits until exactly these codes stand on the document, in order of their place.
    pub fn diagnostic_codes(&mut self, uri: &str, codes: &[&str]) -> Vec<Value> {
        self.diagnostics(uri, &format!("exactly {codes:?}"), |now| {
            now.iter().map(|one| one["code"].as_str().unwrap_or_default()).eq(codes.iter().copied())
        })
    }

    /// Waits for a diagnostic of this code.
    pub fn diagnostic(&mut self, uri: &str, code: &str) -> Value {
        let found =
            self.diagnostics(uri, &format!("one of {code}"), |now| now.iter().any(|one| one["code"] == code));
        found.into_iter().find(|one| one["code"] == code).unwrap_or_default()
    }

    /// Waits until no diagnostic of this code is left.
    pub fn no_diagnostic(&mut self, uri: &str, code: &str) {
        self.diagnostics(uri, &format!("none of {code}"), |now| now.iter().all(|one| one["code"] != code));
    }

    /// Whether this client pulls from this server.
    pub fn pulls(&self) -> bool {
        let offered =
            self.server.pointer("/capabilities/diagnosticProvider").is_some_and(|offer| !offer.is_null());
        self.personality.diagnostics() == Diagnostics::Pull && offered
    }

    /// The last diagnostics that were pushed for a document.
    pub fn pushed(&self, uri: &str) -> Vec<Value> {
        self.findings.pushed.get(uri).cloned().unwrap_or_default()
    }

    /// Code actions for a range, of one kind or of all.
    pub fn code_actions(&mut self, uri: &str, range: &Value, only: Option<&str>) -> Vec<Value> {
        let touching: Vec<Value> =
            self.diagnostics_now(uri).into_iter().filter(|one| touches(&one["range"], range)).collect();
        let mut context = json!({"diagnostics": touching, "triggerKind": 1});
        if let Some(kind) = only {
            context["only"] = json!([kind]);
        }
        let params = json!({"textDocument": {"uri": uri}, "range": range, "context": context});
        let answer = self.ok("textDocument/codeAction", params);
        answer.as_array().cloned().unwrap_or_default()
    }

    /// The code action whose title contains `words`.
    pub fn code_action(&mut self, uri: &str, range: &Value, words: &str) -> Value {
        let actions = self.code_actions(uri, range, None);
        let found =
            actions.iter().find(|action| action["title"].as_str().is_some_and(|title| title.contains(words)));
        let Some(action) = found else {
            let titles: Vec<&Value> = actions.iter().map(|action| &action["title"]).collect();
            self.fail(&format!("no code action with the words {words:?}, only {titles:?}"))
        };
        action.clone()
    }

    /// Does what an editor does with a chosen action: its edit, then its command.
    pub fn run_action(&mut self, action: &Value) -> Value {
        if !action["edit"].is_null() {
            self.apply_own(&action["edit"]);
        }
        let command = if action["command"].is_string() { action } else { &action["command"] };
        if command.is_null() {
            return Value::Null;
        }
        self.ok(
            "workspace/executeCommand",
            json!({"command": command["command"], "arguments": command["arguments"]}),
        )
    }

    /// Waits for the end of a progress whose title contains `words`.
    pub fn progress(&mut self, words: &str) -> Progress {
        self.wait(&format!("the end of the progress '{words}'"), |client| {
            client.progress.values().find(|one| one.ended && one.title.contains(words)).cloned()
        })
    }

    /// How many progresses have ended so far.
    pub fn progress_ended(&self) -> usize {
        self.progress.values().filter(|progress| progress.ended).count()
    }

    /// Progresses that are under way, as tokens.
    pub fn progress_tokens(&self) -> Vec<Value> {
        let open = self.progress.iter().filter(|(_, progress)| progress.begun && !progress.ended);
        open.filter_map(|(token, _)| serde_json::from_str(token).ok()).collect()
    }

    /// Waits for an event of the extension's stream.
    pub fn event(&mut self, kind: &str) -> Value {
        self.wait(&format!("the event {kind}"), |client| {
            client.events.iter().find(|event| event["event"]["type"] == kind).cloned()
        })
    }

    /// All events so far.
    pub fn events(&self) -> &[Value] {
        &self.events
    }

    fn pull(&mut self, uri: &str) {
        if !self.pulls() || !self.documents.contains_key(uri) {
            self.findings.stale.remove(uri);
            return;
        }
        if !self.findings.stale.remove(uri) {
            return;
        }
        let before = self.findings.pulled.get(uri).and_then(|(id, _)| id.clone());
        let mut params = json!({"textDocument": {"uri": uri}});
        if let Some(id) = before {
            params["previousResultId"] = json!(id);
        }
        match self.request("textDocument/diagnostic", params) {
            Ok(report) if report["kind"] == "full" => {
                let id = report["resultId"].as_str().map(str::to_owned);
                let items = report["items"].as_array().cloned().unwrap_or_default();
                self.findings.pulled.insert(uri.to_owned(), (id, items));
            }
            Ok(report) if report["kind"] == "unchanged" => {}
            Ok(report) => self.fail(&format!("a diagnostic report of no kind: {report}")),
            // The text moved on while it was read; ask again.
            Err(error) if matches!(error.code, -32801 | -32802) => self.findings.stale(uri),
            Err(error) => self.fail(&format!("textDocument/diagnostic was answered with an error: {error}")),
        }
    }

    fn diagnostics_now(&self, uri: &str) -> Vec<Value> {
        let pulled = self.findings.pulled.get(uri).map(|(_, items)| items.clone()).unwrap_or_default();
        let mut all: Vec<Value> = pulled.into_iter().chain(self.pushed(uri)).collect();
        all.sort_by_key(|one| place(&one["range"]["start"]));
        all
    }
}

/// Whether two ranges share a place.
fn touches(one: &Value, other: &Value) -> bool {
    place(&one["start"]) <= place(&other["end"]) && place(&other["start"]) <= place(&one["end"])
}

fn place(position: &Value) -> (u64, u64) {
    (position["line"].as_u64().unwrap_or_default(), position["character"].as_u64().unwrap_or_default())
}

/// Characters that a person does not see, or that move what they see.
pub(super) fn is_hidden(c: char) -> bool {
    let control = c.is_control() && c != '\n';
    let invisible =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    control || invisible
}
