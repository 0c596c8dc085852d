//! A very small editor: buffers, marks, one prompt at a time. It believes nothing that the server does not show.
//!
//! There is no task behind it. Whoever waits for something reads messages until it is there ([`Editor::until`]), and
//! what the server asks meanwhile is answered as an editor answers it: edits are applied and told by `didChange`,
//! documents to read are opened, and a prompt stands until the person chooses.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use copydesk_base::Span;
use serde_json::{Value, json};
use tokio::io::{BufReader, DuplexStream, ReadHalf, WriteHalf};

use super::buffer::Buffer;
use super::{Missing, wire};

/// A client of the server.
pub(crate) struct Editor {
    input: BufReader<ReadHalf<DuplexStream>>,
    output: WriteHalf<DuplexStream>,
    patience: Duration,
    requests: i64,
    answers: HashMap<i64, Result<Value, String>>,
    buffers: HashMap<String, Buffer>,
    marks: HashMap<String, (i64, Vec<Value>)>,
    last: String,
    /// What progress said, in order.
    pub(super) progress: Vec<String>,
    /// What the log says.
    pub(super) log: Vec<String>,
    /// The texts of documents that the server opened for reading.
    pub(super) opened: Vec<String>,
    /// Questions that wait for the person.
    pub(super) prompts: VecDeque<Prompt>,
}

/// A question with its buttons.
#[derive(Clone, Debug)]
pub(super) struct Prompt {
    id: Value,
    pub(super) text: String,
    pub(super) titles: Vec<String>,
}

/// A mark in a text.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) span: Span,
    /// As the server sent it.
    pub(super) raw: Value,
}

impl Editor {
    pub(crate) fn new(connection: DuplexStream, patience: Duration) -> Self {
        let (input, output) = tokio::io::split(connection);
        Self {
            input: BufReader::new(input),
            output,
            patience,
            requests: 0,
            answers: HashMap::new(),
            buffers: HashMap::new(),
            marks: HashMap::new(),
            last: "nothing at all".to_owned(),
            progress: Vec::new(),
            log: Vec::new(),
            opened: Vec::new(),
            prompts: VecDeque::new(),
        }
    }

    /// Asks the server and waits for its answer.
    pub(super) async fn request(&mut self, method: &str, params: Value) -> Result<Value, Missing> {
        self.requests += 1;
        let id = self.requests;
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await?;
        let expected = format!("an answer to {method}");
        self.until(&expected, |editor| editor.answers.get(&id).cloned().ok_or("none".to_owned()))
            .await?
            .map_err(|error| Missing::new(expected, format!("it was refused: {error}")))
    }

    pub(super) async fn notify(&mut self, method: &str, params: Value) -> Result<(), Missing> {
        self.send(json!({"jsonrpc": "2.0", "method": method, "params": params})).await
    }

    /// Reads messages until `look` finds what it looks for; otherwise it says what is there instead.
    pub(super) async fn until<T>(
        &mut self,
        expected: &str,
        mut look: impl FnMut(&Self) -> Result<T, String>,
    ) -> Result<T, Missing> {
        let deadline = tokio::time::Instant::now() + self.patience;
        loop {
            let there = match look(self) {
                Ok(found) => return Ok(found),
                Err(there) => there,
            };
            let why = match tokio::time::timeout_at(deadline, self.hear()).await {
                Ok(Ok(())) => continue,
                Ok(Err(why)) => why,
                Err(_) => format!("nothing more came; the last was {}", self.last),
            };
            return Err(Missing::new(expected, format!("there is {there} ({why})")));
        }
    }

    /// Reads until the server has closed its end.
    pub(super) async fn until_closed(&mut self) -> Result<(), Missing> {
        let patience = self.patience;
        let all = async { while self.hear().await.is_ok() {} };
        let closed = tokio::time::timeout(patience, all).await;
        closed.map_err(|_| Missing::new("the server to end", "it goes on"))
    }

    /// Opens a document.
    pub(super) async fn open(&mut self, uri: &str, language: &str, text: &str) -> Result<(), Missing> {
        self.buffers.insert(uri.to_owned(), Buffer { text: text.to_owned(), version: 1 });
        let document = json!({"uri": uri, "languageId": language, "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document})).await
    }

    /// The document's text.
    pub(super) fn text(&self, uri: &str) -> &str {
        self.buffers.get(uri).map_or("", |buffer| &buffer.text)
    }

    /// The protocol's range of the only occurrence of `words`, with its span.
    pub(super) fn find(&self, uri: &str, words: &str) -> Result<(Span, Value), Missing> {
        let text = self.text(uri);
        let places: Vec<usize> = text.match_indices(words).map(|(at, _)| at).collect();
        let (Some(buffer), [at]) = (self.buffers.get(uri), places.as_slice()) else {
            return Err(Missing::new(format!("`{words}` once in the text"), format!("the text is:\n{text}")));
        };
        let span = Span::new(*at, at + words.len());
        Ok((span, buffer.range(span)))
    }

    /// The protocol's position of the text's end.
    pub(super) fn end(&self, uri: &str) -> Value {
        self.buffers.get(uri).map_or(Value::Null, |buffer| buffer.position(buffer.text.len()))
    }

    /// Types at the end of a document.
    pub(super) async fn type_at_end(&mut self, uri: &str, words: &str) -> Result<(), Missing> {
        let end = Span::at(self.text(uri).len());
        self.replace(uri, vec![(end, words.to_owned())]).await
    }

    /// Makes edits that the person chose: of a quick fix, of a completion. Positions beyond the text are an error.
    pub(super) async fn edit(&mut self, uri: &str, edits: &Value) -> Result<(), Missing> {
        let pieces = self.buffers.get(uri).and_then(|buffer| buffer.pieces(edits));
        let pieces = pieces.ok_or_else(|| Missing::new("edits of the open text", edits.to_string()))?;
        self.replace(uri, pieces).await
    }

    /// The edits of a `WorkspaceEdit` that is one document's, at the version that is open.
    pub(super) fn edits_for<'a>(&self, uri: &str, edit: &'a Value) -> Result<&'a Value, Missing> {
        let version = self.buffers.get(uri).map(|buffer| buffer.version);
        let changes = edit["documentChanges"].as_array().map(Vec::as_slice).unwrap_or_default();
        match changes {
            [one]
                if one["textDocument"]["uri"] == uri
                    && one["textDocument"]["version"].as_i64() == version =>
            {
                Ok(&one["edits"])
            }
            _ => Err(Missing::new("an edit of the open document at its version", edit.to_string())),
        }
    }

    /// The marks of a document; `None` until they are those of the version that is open.
    pub(super) fn marks(&self, uri: &str) -> Option<Vec<Mark>> {
        let buffer = self.buffers.get(uri)?;
        let (version, found) = self.marks.get(uri)?;
        (*version == buffer.version).then(|| found.iter().filter_map(|raw| mark(buffer, raw)).collect())
    }

    /// Chooses a button of a prompt.
    pub(super) async fn choose(&mut self, prompt: &Prompt, title: &str) -> Result<(), Missing> {
        self.answer(&prompt.id, json!({"title": title})).await
    }

    async fn replace(&mut self, uri: &str, pieces: Vec<(Span, String)>) -> Result<(), Missing> {
        let Some(buffer) = self.buffers.get_mut(uri) else {
            return Err(Missing::new("an open document", format!("{uri} is not open")));
        };
        let changes = buffer.replace(pieces);
        let document = json!({"uri": uri, "version": buffer.version});
        let params = json!({"textDocument": document, "contentChanges": changes});
        self.notify("textDocument/didChange", params).await
    }

    async fn send(&mut self, message: Value) -> Result<(), Missing> {
        let sent = wire::send(&mut self.output, &message).await;
        sent.map_err(|why| Missing::new("the server to listen", why))
    }

    async fn answer(&mut self, id: &Value, result: Value) -> Result<(), Missing> {
        self.send(json!({"jsonrpc": "2.0", "id": id, "result": result})).await
    }

    /// Reads one message and does what an editor does with it.
    async fn hear(&mut self) -> Result<(), String> {
        let message = wire::receive(&mut self.input).await?;
        let (id, method) = (&message["id"], message["method"].as_str().unwrap_or_default());
        self.last = if method.is_empty() { format!("the answer to request {id}") } else { method.to_owned() };
        let params = &message["params"];
        match (id.is_null(), method) {
            (false, "") => {
                let id = id.as_i64().unwrap_or_default();
                let answer = match message.get("error") {
                    Some(error) if !error.is_null() => Err(words(&error["message"])),
                    _ => Ok(message["result"].clone()),
                };
                self.answers.insert(id, answer);
            }
            (true, "textDocument/publishDiagnostics") => {
                let found = params["diagnostics"].as_array().cloned().unwrap_or_default();
                let version = params["version"].as_i64().unwrap_or_default();
                self.marks.insert(words(&params["uri"]), (version, found));
            }
            (true, "$/progress") => {
                let value = &params["value"];
                let parts = [&value["title"], &value["message"]].map(words);
                let said: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
                self.progress.push(said.join(" \u{b7} "));
            }
            (true, "window/logMessage") => self.log.push(words(&params["message"])),
            (true, _) => {}
            (false, "window/showMessageRequest") => {
                let actions = params["actions"].as_array().cloned().unwrap_or_default();
                let titles = actions.iter().map(|action| words(&action["title"])).collect();
                let prompt = Prompt { id: id.clone(), text: words(&params["message"]), titles };
                self.prompts.push_back(prompt);
            }
            (false, "workspace/applyEdit") => {
                let applied = self.apply(&params["edit"]).await;
                let answer = json!({"applied": applied.is_ok()});
                self.answer(id, answer).await.map_err(|missing| missing.came)?;
            }
            (false, "window/showDocument") => {
                let text = read(&words(&params["uri"]));
                let answer = json!({"success": text.is_some()});
                self.opened.extend(text);
                self.answer(id, answer).await.map_err(|missing| missing.came)?;
            }
            (false, "window/workDoneProgress/create") => {
                self.answer(id, Value::Null).await.map_err(|missing| missing.came)?;
            }
            (false, other) => {
                let error = json!({"code": -32601, "message": format!("the tour knows no {other}")});
                let answer = json!({"jsonrpc": "2.0", "id": id, "error": error});
                self.send(answer).await.map_err(|missing| missing.came)?;
            }
        }
        Ok(())
    }

    /// The server's edit: of one open document, at the version that is open.
    async fn apply(&mut self, edit: &Value) -> Result<(), Missing> {
        let uri = words(&edit["documentChanges"][0]["textDocument"]["uri"]);
        let edits = self.edits_for(&uri, edit)?;
        self.edit(&uri, edits).await
    }
}

fn mark(buffer: &Buffer, raw: &Value) -> Option<Mark> {
    Some(Mark {
        code: words(&raw["code"]),
        message: words(&raw["message"]),
        span: buffer.span(&raw["range"])?,
        raw: raw.clone(),
    })
}

fn words(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The text of a file that the server wrote for reading.
fn read(uri: &str) -> Option<String> {
    std::fs::read_to_string(url::Url::parse(uri).ok()?.to_file_path().ok()?).ok()
}
