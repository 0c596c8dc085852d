//! The fault matrix: everything that a model server or the network can do, in every wire format, told on the real
//! binary with the words that a person then reads.
//!
//! Each row is a script for the server, how patient the provider is, how often the server is asked, and what comes of
//! it. In a sentence `ADDRESS` stands for the address of the server's API.

#![expect(clippy::expect_used, reason = "what fails here fails the test")]

mod broken;
mod framing;
mod loops;
mod odd;
mod refused;

use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::scene::{FILE, KEY, TEXT};
use copydesk_tests::workspace::Workspace;
use serde_json::Value;

const COPYDESK: &str = env!("CARGO_BIN_EXE_copydesk");

/// One fault.
struct Row {
    fault: &'static str,
    replies: Vec<Reply>,
    /// `timeouts` of the provider.
    timeouts: &'static str,
    /// How often the server is asked.
    asked: usize,
    outcome: Outcome,
}

/// What a person sees.
enum Outcome {
    /// The run succeeds with this text.
    Answers(&'static str),
    /// The run fails, and this is the whole sentence.
    Says(&'static str),
    /// The same, where the formats differ in their words.
    SaysOf(fn(Format) -> &'static str),
}

use Outcome::{Answers, Says, SaysOf};

fn row(fault: &'static str, replies: Vec<Reply>, asked: usize, outcome: Outcome) -> Row {
    Row { fault, replies, timeouts: "{}", asked, outcome }
}

/// Tells every row in every format; formats side by side, since most of the time is waiting.
fn tell(rows: impl Fn() -> Vec<Row> + Sync) {
    let failed: Vec<String> = std::thread::scope(|scope| {
        let told = Format::ALL.map(|format| {
            let rows = &rows;
            scope.spawn(move || rows().into_iter().filter_map(|row| of_one(format, row)).collect::<Vec<_>>())
        });
        told.into_iter().flat_map(|told| told.join().expect("a format is told to its end")).collect()
    });
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// What a run came to, and everything to look at.
struct Told {
    report: Value,
    model: ModelServer,
    workspace: Workspace,
}

fn config(model: &ModelServer, format: Format, timeouts: &str) -> String {
    format!(
        "default_model: bench/m\nproviders:\n  bench: {{kind: {}, base_url: \"{}\", api_key_env: BENCH_KEY, timeouts: {timeouts}}}\n",
        format.kind(),
        model.base_url()
    )
}

fn furnished(model: &ModelServer, format: Format, timeouts: &str) -> Workspace {
    Workspace::new(COPYDESK)
        .with([(FILE, TEXT)])
        .with_user_config(&config(model, format, timeouts))
        .with_variable("BENCH_KEY", KEY)
}

fn run(format: Format, replies: Vec<Reply>, timeouts: &str) -> Told {
    let model = ModelServer::start(format, replies);
    let workspace = furnished(&model, format, timeouts);
    let ran = workspace.run(&["ask", "--json", "--apply", "--file", FILE, "make it three times"]);
    let report = ran.json();
    let exit = i32::from(report["status"] != "succeeded");
    assert_eq!(ran.code, Some(exit), "{ran}");
    assert!(!ran.to_string().contains(KEY), "the key is shown: {ran}");
    Told { report, model, workspace }
}

fn of_one(format: Format, row: Row) -> Option<String> {
    let Row { fault, replies, timeouts, asked, outcome } = row;
    let Told { report, model, workspace } = run(format, replies, timeouts);
    let path = format.path().split('?').next().unwrap_or_default();
    let address = format!("http://{}{path}", model.address());
    let error = report["error"].as_str().unwrap_or_default().replace(&address, "ADDRESS");
    let (succeeds, words) = match outcome {
        Answers(text) => (true, text),
        Says(words) => (false, words),
        SaysOf(words) => (false, words(format)),
    };
    let told = if succeeds { report["text"].as_str().unwrap_or_default() } else { error.as_str() };
    let status = if succeeds { "succeeded" } else { "failed" };
    let is_right = told == words
        && report["status"] == status
        && model.requests().len() == asked
        && workspace.read(FILE) == TEXT;
    (!is_right).then(|| {
        format!("{fault}, {format:?}, asked {} times:\n  {error}\n  {report}", model.requests().len())
    })
}
