//! The language server: the only room that speaks the Language Server Protocol.
//!
//! Three things live here. The *intake* reads messages in wire order, applies document notifications on the spot and
//! polls every request once before it reads on, so that each handler takes its [`snapshot`] where the request stood.
//! The `methods`, one file each, turn the editor's words into ours, ask the room that knows, and turn the answer back.
//! The [`host`] shows an agent's doings: progress, prompts, diagnostics, edits; it believes document versions, not
//! answers.
//!
//! Invariants
//! - One writer queue: what is sent first is read first. A run sends nothing before the answer that announced it.
//! - No document is changed anywhere but in the intake.
//! - Every request is answered once, also when its handler panics or is canceled.
//! - Nobody below this room knows a position, a URI or a capability.

mod about;
mod capabilities;
mod comments;
mod convert;
mod diagnostics;
mod documents;
mod files;
mod front;
mod host;
mod intake;
mod known;
mod looked;
mod marks;
mod markup;
mod methods;
mod outgoing;
mod parent;
pub mod rules;
pub mod schemas;
pub mod scripts;
mod snapshot;
mod stamp;
mod state;
mod suggesting;
mod told;
mod wire;
pub mod workspace;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use copydesk_agent::Desk;
use copydesk_base::{Files, Host};
use copydesk_language::{KnownModel, Trust};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use workspace::UserPlaces;

/// What the binary does for the server: everything that reads the environment, the home folder and config files.
///
/// The first argument of each is the workspace root.
pub struct Backstage {
    /// Opens the desk of a workspace.
    pub open: OpenDesk,
    /// Whether the workspace's own settings count.
    pub trust_state: Box<dyn Fn(&Path) -> Trust + Send + Sync>,
    /// Trusts the workspace's settings as they are now.
    pub trust: GiveTrust,
    /// Takes in what the editor's settings say under `copydesk`; answers what is wrong with them.
    pub editor_settings: TakeSettings,
    /// What the settings in force say about files that are none of ours.
    pub of_others: OthersSettings,
    /// The document of `copydesk doctor --json`.
    pub doctor: Report,
    /// The document of `copydesk models --offline --json`.
    pub models: Report,
    /// The models that can be asked, as far as they are known without asking anybody.
    pub model_names: ModelNames,
    /// The workspace of an editor that named none.
    pub fallback_root: Box<dyn Fn() -> PathBuf + Send + Sync>,
    /// Where the user's own agents and settings lie.
    pub user_places: Box<dyn Fn(&Path) -> UserPlaces + Send + Sync>,
    /// Where a text is kept that an editor is to show: below the workspace's folder in `COPYDESK_HOME`.
    pub shelf: Box<dyn Fn(&Path) -> PathBuf + Send + Sync>,
}

/// Answers what the settings of a workspace say about files that are none of ours.
pub type OthersSettings = Box<dyn Fn(&Path) -> schemas::OfOthers + Send + Sync>;

/// Answers a document about a workspace for a session in which this model was chosen.
pub type Report = Box<dyn Fn(&Path, Option<&str>) -> Value + Send + Sync>;

/// Answers the models of a workspace.
pub type ModelNames = Box<dyn Fn(&Path) -> Vec<KnownModel> + Send + Sync>;

/// Takes the editor's settings in and answers what is wrong with them.
pub type TakeSettings = Box<dyn Fn(&Path, &Value) -> Vec<String> + Send + Sync>;

/// Trusts what a workspace has now; the error is a sentence.
pub type GiveTrust = Box<dyn Fn(&Path) -> Result<Trusted, String> + Send + Sync>;

/// What was trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trusted {
    /// A sentence for the person.
    pub sentence: String,
    /// What changed since it was trusted before; empty the first time.
    pub changed: String,
}

/// Opens the desk of a workspace: its root, the person, the files as the editor has them, and the token that ends it.
pub type OpenDesk =
    Box<dyn Fn(&Path, Arc<dyn Host>, Arc<dyn Files>, &CancellationToken) -> Desk + Send + Sync>;

/// How a server ended, as an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// `shutdown`, then `exit`.
    Orderly,
    /// The editor went away, broke the framing, or sent `exit` without `shutdown`.
    Abrupt,
}

/// Serves one editor until it says `exit`, closes its end or dies, or until `stop` says so (a signal, for one). Runs
/// and their child processes end before this returns.
pub async fn serve(
    input: impl AsyncRead + Unpin + Send,
    output: impl AsyncWrite + Unpin + Send + 'static,
    backstage: Backstage,
    stop: CancellationToken,
) -> Ended {
    intake::run(input, output, backstage, stop).await
}
