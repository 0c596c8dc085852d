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

mod account;
mod action;
mod alive;
mod answer;
mod apart;
mod apply;
mod arrival;
#[cfg(test)]
mod bench;
mod compact;
mod desk;
mod disk;
mod draft;
mod error;
mod form;
mod gate;
pub mod ghost;
mod ground;
mod guidance;
mod handoff;
mod helper;
mod hooks;
mod jobs;
mod keeping;
mod library;
mod limits;
mod lodging;
mod mentions;
mod opening;
mod past;
mod pipeline;
mod process;
mod prompt;
mod purse;
mod quarters;
mod recorder;
mod recording;
mod recover;
mod render;
mod repeats;
mod rewind;
mod role;
mod round;
mod routed;
mod run;
mod sent;
mod session;
mod settings;
mod steer;
mod story;
mod sums;
mod taint;
pub mod telling;
mod template;
mod tools;
mod twins;
mod undo;
mod vault;
mod view;
mod worktree;
mod world;

pub use action::{Action, Reported};
pub use alive::is_alive;
pub use desk::{Ask, Decision, Desk, Direction, Outcome, Settled, Started, Voice};
pub use disk::DiskFiles;
pub use error::AgentError;
pub use form::Form;
pub use ghost::{Asked, Beside, Spot, Suggested, Suggestion};
pub use library::{Owner, Shelf};
pub use limits::MOST_REQUESTS;
pub use opening::{Layer, image_at};
pub use prompt::Finding;
pub use recording::recording;
pub use render::{harmless, visible};
pub use rewind::Scope;
pub use routed::{ModelsOfRun, model_label, routed};
pub use sent::{Sent, SentPart, sent};
pub use settings::{Settings, SettingsSource};
pub use steer::Turning;
pub use sums::{Sums, used};
pub use view::{ApprovalView, ChangeView, CommandView, FindingView, QuestionView, RunView, View};
pub use world::World;
