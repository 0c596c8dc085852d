//! Ghost text on the real binary: what the two clients that announce it get, what the others get, and above all what is
//! never sent.
//!
//! Every story names its model in the person's own config, as the guide says. The formats that fill holes are told to
//! the model server; `Prompted` is a conversation.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod latency;
mod privacy;
mod shown;
mod switched;

use std::ops::Range;

use copydesk_tests::client::Client;
use copydesk_tests::model_server::{Format, MODEL, ModelServer, Reply};
use copydesk_tests::personality::Personality;
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

const COPYDESK: &str = env!("CARGO_BIN_EXE_copydesk");

/// The file of the stories, with the cursor's place.
const FILE: &str = "shop.py";
const TEXT: &str = "# ä 😀\ndef double(x):\n    return |\n\n\nprint(double(4))\n";

/// The formats of the stories: two that fill holes, and a conversation.
const FORMATS: [Format; 3] = [Format::OllamaHole, Format::Completions, Format::OpenaiChat];

/// The key of the model server.
const KEY: &str = "bench-key-0123456789";

/// A person at a cursor.
struct Desk {
    workspace: Workspace,
    model: ModelServer,
    client: Client,
    uri: String,
}

/// An answer as a model of this format gives it.
fn said(format: Format, text: &str) -> Reply {
    Reply::text(&spoken(format, text))
}

fn spoken(format: Format, text: &str) -> String {
    if format == Format::OpenaiChat { format!("<fill>{text}</fill>") } else { text.to_owned() }
}

/// The config in which this model completes.
fn config(model: &ModelServer, more: &str) -> String {
    let format = match model.format() {
        Format::Completions => ", format: completions",
        Format::LlamaCpp => ", format: llama-cpp",
        _ => "",
    };
    format!(
        "providers:\n  bench: {{kind: {}, base_url: \"{}\", api_key_env: BENCH_KEY, models: {{{MODEL}: {{price: {{input: 0, output: 0}}}}}}}}\n\
         completion: {{model: bench/{MODEL}{format}}}\n{more}\n",
        model.format().kind(),
        model.base_url(),
    )
}

impl Desk {
    /// Opens [`FILE`] with [`TEXT`] in this editor, before this model.
    fn begin(personality: Personality, format: Format, script: Vec<Reply>) -> Self {
        let model = ModelServer::start(format, script);
        let config = config(&model, "");
        Self::with(personality, model, &config, &[])
    }

    /// The same with another config and more files.
    fn with(personality: Personality, model: ModelServer, config: &str, files: &[(&str, &str)]) -> Self {
        let workspace = Workspace::new(COPYDESK).with_user_config(config).with_variable("BENCH_KEY", KEY);
        for (path, text) in files {
            workspace.write(path, text);
        }
        let text = TEXT.replace('|', "");
        workspace.write(FILE, &text);
        let mut client = Client::start(personality, &workspace);
        let uri = workspace.uri(FILE);
        client.open(&uri, "python", &text);
        Self { workspace, model, client, uri }
    }

    /// Where the cursor of [`TEXT`] is.
    fn cursor() -> usize {
        TEXT.find('|').unwrap()
    }

    fn params(&self, uri: &str, at: usize, kind: u8) -> Value {
        let position = copydesk_tests::client::position(&self.client.text(uri), at, self.client.encoding);
        json!({"textDocument": {"uri": uri}, "position": position, "context": {"triggerKind": kind}})
    }

    /// Asks for ghost text by hand; the whole answer.
    fn ask(&mut self, at: usize) -> Value {
        let uri = self.uri.clone();
        self.ask_in(&uri, at)
    }

    /// The same, as far as it shows something.
    fn shown(&mut self, at: usize) -> Option<String> {
        let uri = self.uri.clone();
        self.shown_in(&uri, at)
    }

    fn shown_in(&mut self, uri: &str, at: usize) -> Option<String> {
        self.ask_in(uri, at)[0]["insertText"].as_str().map(str::to_owned)
    }

    fn ask_in(&mut self, uri: &str, at: usize) -> Value {
        let params = self.params(uri, at, 1);
        self.client.ok("textDocument/inlineCompletion", params)
    }

    /// Asks while an entry of the menu is chosen that would replace some bytes; the whole answer.
    fn choosing(&mut self, at: usize, entry: &str, replaced: Range<usize>) -> Value {
        let range = self.range(replaced);
        self.choosing_in(at, entry, &range)
    }

    /// The same with a range as it is.
    fn choosing_in(&mut self, at: usize, entry: &str, range: &Value) -> Value {
        let mut params = self.params(&self.uri.clone(), at, 2);
        params["context"]["selectedCompletionInfo"] = json!({"range": range, "text": entry});
        self.client.ok("textDocument/inlineCompletion", params)
    }

    fn range(&self, Range { start, end }: Range<usize>) -> Value {
        let text = self.client.text(&self.uri);
        let position = |at| copydesk_tests::client::position(&text, at, self.client.encoding);
        json!({"start": position(start), "end": position(end)})
    }

    /// Asks as an editor does while its person types.
    fn typing(&mut self, at: usize) -> i64 {
        let params = self.params(&self.uri.clone(), at, 2);
        self.client.send("textDocument/inlineCompletion", params)
    }

    /// Types at a place, and says where the cursor is then.
    fn types(&mut self, at: usize, text: &str) -> usize {
        let uri = self.uri.clone();
        self.client.type_over(&uri, at, at, text);
        at + text.len()
    }

    /// Puts what is shown into the buffer, as a person who takes it; the buffer then.
    fn take(&mut self, answer: &Value) -> String {
        let uri = self.uri.clone();
        let item = &answer[0];
        let edit = json!({"changes": {&uri: [{"range": item["range"], "newText": item["insertText"]}]}});
        self.client.apply_own(&edit);
        self.client.text(&uri)
    }

    fn end(self) {
        assert_eq!(self.model.unused(), 0, "replies of the script that no request used");
        assert!(!self.client.stderr().contains(KEY), "the key is in the log");
        self.client.finish();
    }
}
