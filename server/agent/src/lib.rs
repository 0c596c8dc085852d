//! Agents at work: a person's words become a run, a run becomes tool calls, a tool call becomes an effect that is
//! judged, and an edit becomes a change plan that is reviewed, applied, recorded and can be taken back.
//!
//! The [`Desk`] is the handle everybody else holds. It starts runs, carries the person's orders to them, and owns what
//! is waiting for the person: approvals and proposals. A *run* is one task that talks to one model and performs one
//! tool call after the other. The `recorder` gives every event its number, writes it to the journal and only then
//! shows it to the [`copydesk_base::Host`].
//!
//! Invariants
//! - Nothing touches a file, starts a process or reaches a network but through `gate`, which judges first.
//! - An effect's intent is in the journal before the effect; if it cannot be written, the effect does not happen.
//! - No edit reaches a document before it was allowed, and none over text newer than the one it was rebased onto.
//! - This room knows no editor: what a client did is what [`copydesk_base::Host::apply`] proved.

mod action;
#[cfg(test)]
mod bench;
mod budget;
mod changes;
mod context;
mod desk;
mod disk;
mod draft;
mod error;
mod gate;
pub mod ghost;
mod hooks;
mod library;
mod process;
mod run;
pub mod script;
mod session;
mod settings;
mod team;
mod tools;
mod view;
mod world;

pub use action::{Action, Reported};
pub use budget::limits::{MOST_REQUESTS, refusal};
pub use budget::sums::{Sums, used};
pub use changes::rewind::Scope;
pub use context::earlier::was_told;
pub use context::opening::{Layer, image_at};
pub use context::prompt::Finding;
pub use context::sent::{Sent, SentPart, sent};
pub use desk::{Ask, Decision, Desk, Direction, Outcome, Pass, Settled, Started, Unsaved, Voice};
pub use disk::DiskFiles;
pub use error::AgentError;
pub use gate::render::{harmless, visible};
pub use gate::seen::{Around, unless_seen};
pub use ghost::{Asked, Beside, Spot, Suggested, Suggestion};
pub use library::{Owner, Shelf, is_believed};
pub use process::alive::is_alive;
pub use run::form::Form;
pub use run::routed::{ModelsOfRun, model_label, routed};
pub use run::steer::Turning;
pub use session::comparable::comparable;
pub use session::recording::{Conversation, Replay, replay};
pub use session::spoken::Spoken;
pub use session::telling;
pub use settings::{Settings, SettingsSource, TRIED};
pub use view::{ApprovalView, ChangeView, CommandView, FindingView, QuestionView, RunView, View};
pub use world::World;
