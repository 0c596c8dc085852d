//! The numbers of agents at work, measured on the real binary: `cargo bench -p copydesk --bench working`.
//!
//! What a task costs (`task`), what a keystroke waits while agents stream and what a cancel takes (`live`), a search
//! through many files beside ripgrep (`search`), and a conversation of ten thousand turns (`long`). A name behind `--`
//! runs that part alone. Nothing here asserts: a miss is printed as a miss.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark prints, and stops where its own texts are wrong"
)]

mod live;
mod long;
mod search;
#[path = "../table/mod.rs"]
mod table;
mod task;
mod usage;

use copydesk_tests::model_server::ModelServer;
use copydesk_tests::workspace::Workspace;

const COPYDESK: &str = env!("CARGO_BIN_EXE_copydesk");

fn main() {
    let parts: [(&str, fn()); 4] = [
        ("task", task::measure),
        ("live", live::measure),
        ("search", search::measure),
        ("long", long::measure),
    ];
    // Cargo itself says `--bench`.
    let chosen: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    println!("{:<62} {:>10} {:>10}", "what", "measured", "reach");
    for (name, measure) in parts {
        if chosen.is_empty() || chosen.iter().any(|word| word == name) {
            measure();
        }
    }
}

/// A workspace whose model is this one, and where edits are made without a question.
fn workspace(model: &ModelServer) -> Workspace {
    Workspace::new(COPYDESK)
        .with_user_config(&config(model))
        .with_variable("BENCH_KEY", "bench-key-0123456789")
}

fn config(model: &ModelServer) -> String {
    format!(
        "default_model: bench/model\nproviders:\n  bench: {{kind: {}, base_url: \"{}\", api_key_env: BENCH_KEY}}\n\
         permissions: {{mode: accept-edits}}\n",
        model.format().kind(),
        model.base_url()
    )
}
