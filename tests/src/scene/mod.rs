//! A person, a model and an editor: what every story about asking starts from.
//!
//! [`Scene::begin`] sets it: a workspace with one file, `calc.py`, open in the editor; a scripted model in one of the
//! wire formats; the user's config that leads to it. The person asks with [`Scene::ask`], answers with
//! [`Scene::answer`] in whatever [`Way`] their editor has, and [`Scene::end`] checks that nothing was left over.

pub mod thirty;

use std::time::Instant;

use serde_json::{Value, json};

use crate::client::{Client, PATIENCE, eventually};
use crate::model_server::{Format, MODEL, ModelServer, Recorded, Reply};
use crate::personality::Personality;
use crate::workspace::Workspace;

/// The file of the story.
pub const FILE: &str = "calc.py";

/// Its text: two functions, alike enough for an edit with two hunks.
pub const TEXT: &str = "\
# What a shop needs to know.


def double(x):
    return x * 2


def middle():
    return \"ä 😀\"


def twice(x):
    return x * 2
";

/// The key of the model server, which must never show up anywhere.
pub const KEY: &str = "bench-key-0123456789";

/// How a person answers a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// On the prompt.
    Prompt,
    /// By the code action on the diagnostic.
    Action,
}

/// What a story starts from.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The binary under test.
    pub program: &'static str,
    pub personality: Personality,
    pub format: Format,
    /// The YAML of that key in the user's config; `{}` for none.
    pub permissions: String,
    /// What the model says.
    pub script: Vec<Reply>,
    /// More files of the workspace.
    pub files: Vec<(String, String)>,
}

/// A story under way.
pub struct Scene {
    pub workspace: Workspace,
    pub model: ModelServer,
    pub client: Client,
    /// The URI of [`FILE`].
    pub uri: String,
    /// Runs that were started.
    pub asked: usize,
}

/// Clients whose person sees a prompt, one for each manner: all encodings, all ways of answering an edit.
pub fn usual() -> Vec<Personality> {
    use crate::personality::{eglot_1_9, eglot_1_17, helix_25_07, neovim_0_12, sublime_like, vs_code};
    vec![vs_code(), neovim_0_12(), helix_25_07(), eglot_1_17(), eglot_1_9(), sublime_like()]
}

/// Four of them, for stories that are tables: every encoding, pull and push, and no two treat a prompt or an edit
/// alike.
pub fn four() -> [Personality; 4] {
    use crate::personality::{eglot_1_17, helix_25_07, neovim_0_12, vs_code};
    [vs_code(), neovim_0_12(), helix_25_07(), eglot_1_17()]
}

/// Tells a story with each of the [`usual`] clients, in both formats.
pub fn everywhere(tell: impl Fn(Personality, Format)) {
    in_each(usual(), tell);
}

/// Tells a story with each of the [`four`], in both formats.
pub fn in_four(tell: impl Fn(Personality, Format)) {
    in_each(four(), tell);
}

fn in_each(clients: impl IntoIterator<Item = Personality>, tell: impl Fn(Personality, Format)) {
    for personality in clients {
        for format in Format::BOTH {
            // What fails says in which editor.
            eprintln!("--- {} speaking {}", personality.name, format.kind());
            tell(personality.clone(), format);
        }
    }
}

impl Scene {
    /// Sets the stage and opens the file.
    pub fn begin(stage: Stage) -> Self {
        let model = ModelServer::start(stage.format, stage.script);
        let workspace = Workspace::new(stage.program)
            .with([(FILE, TEXT)])
            .with_user_config(&config(&model, &stage.permissions))
            .with_variable("BENCH_KEY", KEY);
        for (path, text) in &stage.files {
            workspace.write(path, text);
        }
        Self::enter(stage.personality, workspace, model)
    }

    /// Opens the file in a workspace that is furnished already.
    pub fn enter(personality: Personality, workspace: Workspace, model: ModelServer) -> Self {
        let mut client = Client::start(personality, &workspace);
        let uri = workspace.uri(FILE);
        client.open(&uri, "python", &workspace.read(FILE));
        // At a run's end its answer is opened for reading; stories that are about that say so.
        client.quiet("window/showDocument");
        // Where no prompt reaches a person, one that was tried is nothing to look at.
        if !client.personality.prompts_reach_a_person() {
            client.quiet("window/showMessageRequest");
        }
        Self { workspace, model, client, uri, asked: 0 }
    }

    /// The person asks about the first function; the run's id comes back.
    pub fn ask(&mut self, prompt: &str) -> String {
        let range = self.client.range_of(&self.uri.clone(), "def double(x):");
        self.ask_at(prompt, &range)
    }

    /// The person asks about this range.
    pub fn ask_at(&mut self, prompt: &str, range: &Value) -> String {
        self.asked += 1;
        let argument = json!({"uri": self.uri, "range": range, "prompt": prompt, "action": "ask"});
        let result = match self.client.command("copydesk.ask", argument) {
            Ok(result) => result,
            Err(error) => self.client.fail(&format!("copydesk.ask was refused: {error}")),
        };
        match result["runId"].as_str() {
            Some(run) => run.to_owned(),
            None => self.client.fail(&format!("copydesk.ask answered {result}, which has no runId")),
        }
    }

    /// How this editor's person can answer first.
    pub fn way(&self) -> Way {
        if self.client.personality.prompts_reach_a_person() { Way::Prompt } else { Way::Action }
    }

    /// The person answers the one pending question; what they read comes back.
    pub fn answer(&mut self, way: Way, title: &str) -> String {
        match way {
            Way::Prompt => {
                let prompt = self.client.prompt();
                self.client.choose(&prompt, title);
                prompt.text
            }
            Way::Action => {
                let diagnostic = self.pending();
                if self.client.personality.prompts_reach_a_person() {
                    self.client.prompt(); // it is on the screen, and stays unanswered
                }
                self.press(&diagnostic, title);
                diagnostic["message"].as_str().unwrap_or_default().to_owned()
            }
        }
    }

    /// Waits for the diagnostic of a pending question.
    pub fn pending(&mut self) -> Value {
        let uri = self.uri.clone();
        self.client.diagnostic(&uri, "pending-approval")
    }

    /// Runs the code action of a diagnostic whose title starts like this.
    pub fn press(&mut self, diagnostic: &Value, title: &str) -> Value {
        let action = self.action(diagnostic, title);
        self.client.run_action(&action)
    }

    /// The code action of a diagnostic whose title starts like this.
    pub fn action(&mut self, diagnostic: &Value, title: &str) -> Value {
        let uri = self.uri.clone();
        let actions = self.client.code_actions(&uri, &diagnostic["range"], Some("quickfix"));
        // Two questions may stand on one place.
        let is_its = |action: &Value| {
            let of = &action["diagnostics"][0];
            of["code"] == diagnostic["code"] && of["message"] == diagnostic["message"]
        };
        let found = actions.iter().find(|action| starts(&action["title"], title) && is_its(action));
        match found {
            Some(action) => action.clone(),
            None => self.client.fail(&format!("no action {title:?} for {diagnostic}\n{}", json!(actions))),
        }
    }

    /// Waits until the model has answered request `n`, and every run has ended where the editor shows it.
    pub fn over(&mut self, last: usize) {
        self.answered(last);
        let (asked, shows) = (self.asked, self.client.personality.shows_progress());
        self.client.wait("the end of every run", |client| {
            (!shows || client.progress_ended() >= asked).then_some(())
        });
    }

    /// The tool results that request `n` carries for the calls of the answer before it.
    pub fn results(&mut self, n: usize) -> Vec<String> {
        results(&self.request(n).body)
    }

    /// The one tool result of request `n`.
    pub fn result(&mut self, n: usize) -> String {
        self.results(n).pop().unwrap_or_default()
    }

    /// Request `n` of the model, counted from zero; the editor goes on meanwhile.
    pub fn request(&mut self, n: usize) -> Recorded {
        let seen = |scene: &mut Self| {
            scene.client.listen();
            scene.model.requests().get(n).cloned()
        };
        match eventually(Instant::now() + PATIENCE, || seen(self)) {
            Some(request) => request,
            None => self.client.fail(&format!("waited {PATIENCE:?} for request {n} to the model")),
        }
    }

    /// Waits until the model has answered request `n`; the editor goes on meanwhile.
    pub fn answered(&mut self, n: usize) {
        self.request(n);
        self.model.wait_answered(n);
    }

    /// The buffer's text.
    pub fn text(&self) -> String {
        self.client.text(&self.uri)
    }

    /// Waits until the buffer says this.
    pub fn wait_for_text(&mut self, text: &str) {
        let uri = self.uri.clone();
        self.client.wait_for_text(&uri, text);
    }

    /// Looks at the next edit of the file.
    pub fn edit(&mut self) -> crate::client::Message {
        let uri = self.uri.clone();
        self.client.edit(&uri)
    }

    /// The end: every reply was used, nobody learnt the key, and the client's own checks.
    pub fn end(self) {
        assert_eq!(self.model.unused(), 0, "replies of the script that no request used");
        assert!(!self.client.stderr().contains(KEY), "the key is in the log");
        self.client.finish();
    }
}

/// The user's config that leads to this model.
pub fn config(model: &ModelServer, permissions: &str) -> String {
    format!(
        "default_model: bench/{MODEL}\nproviders:\n  bench: {{kind: {}, base_url: \"{}\", api_key_env: BENCH_KEY}}\npermissions: {permissions}\n",
        model.format().kind(),
        model.base_url(),
    )
}

/// A call of the tool `edit` on [`FILE`].
pub fn edit(old: &str, new: &str) -> Reply {
    Reply::tool("edit", &json!({"path": FILE, "old": old, "new": new}))
}

/// The edit of most stories: the first function returns three times as much.
pub fn triple() -> Reply {
    edit("def double(x):\n    return x * 2", "def double(x):\n    return x * 3")
}

/// [`TEXT`] after [`triple`].
pub fn tripled() -> String {
    TEXT.replacen("x * 2", "x * 3", 1)
}

/// An edit with two hunks: every `x * 2` becomes `x * 3`.
pub fn triple_both() -> Reply {
    Reply::tool("edit", &json!({"path": FILE, "old": "x * 2", "new": "x * 3", "all": true}))
}

/// The end of a conversation.
pub fn done() -> Reply {
    Reply::text("Done.")
}

/// The tool results at the end of a request's conversation, in either format.
pub fn results(body: &Value) -> Vec<String> {
    let messages = body["messages"].as_array().cloned().unwrap_or_default();
    let openai: Vec<String> = messages
        .iter()
        .rev()
        .take_while(|message| message["role"] == "tool")
        .map(|message| words(&message["content"]))
        .collect();
    if !openai.is_empty() {
        return openai.into_iter().rev().collect();
    }
    let last = messages.last().map(|message| &message["content"]);
    last.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|part| part["type"] == "tool_result")
        .map(|part| words(&part["content"]))
        .collect()
}

/// The first thing that a request's person says, in either format.
pub fn first_words(body: &Value) -> String {
    let messages = body["messages"].as_array().cloned().unwrap_or_default();
    messages
        .iter()
        .find(|message| message["role"] == "user")
        .map_or(String::new(), |first| words(&first["content"]))
}

fn words(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

fn starts(title: &Value, start: &str) -> bool {
    title.as_str().is_some_and(|title| title.trim_start_matches("Copydesk: ").starts_with(start))
}
