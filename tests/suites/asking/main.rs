//! *Edits*, *Approvals* and *Trust*: what the contract says, sentence by sentence, on the real binary.
//!
//! `README.md` beside this file lists every sentence with the test that holds it, or says what is open. Stories are
//! told with both wire formats and with the clients of [`copydesk_tests::scene::usual`], or [`four`] of them where the
//! story is a table, unless they are about one.
//!
//! [`four`]: copydesk_tests::scene::four

mod approvals;
mod chats;
mod comments;
mod edits;
mod explained;
mod moved;
mod prompts;
mod proof;
mod quiet;
mod review;
mod rewritten;
mod rules;
mod searches;
mod secrets;
mod strangers;
#[cfg(unix)]
mod swaps;
mod trust;

use copydesk_tests::model_server::{Format, Reply};
use copydesk_tests::personality::Personality;
use copydesk_tests::scene::{Scene, Stage};

const COPYDESK: &str = env!("CARGO_BIN_EXE_copydesk");

/// The usual stage.
fn begin(personality: Personality, format: Format, permissions: &str, script: Vec<Reply>) -> Scene {
    with_files(personality, format, permissions, script, &[])
}

/// The same with more files in the workspace.
fn with_files(
    personality: Personality,
    format: Format,
    permissions: &str,
    script: Vec<Reply>,
    files: &[(&str, &str)],
) -> Scene {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let permissions = permissions.to_owned();
    Scene::begin(Stage { program: COPYDESK, personality, format, permissions, script, files })
}
