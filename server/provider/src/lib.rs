//! Models: one vocabulary of requests and events, a wire module for each API family.
//!
//! [`Models`] is built from the config. [`Models::route`] says which model answers and why, and who instead;
//! [`Models::call`] sends one [`Request`] and gives an [`EventStream`] of [`ModelEvent`]s, whose last item is either
//! [`ModelEvent::Stopped`] with the whole answer or a [`CallError`]. Nothing runs beside the stream: who drops it,
//! closes the socket; who does not read it, slows the server down.
//!
//! An answer may also come from a recording ([`replay`]) or from those that are kept ([`cache`]); then nobody is asked.
//!
//! ```text
//! Request ─ a wire module's body ─ http (send, wait, retry) ─ body (events or lines) ─ the module's reader ─ ModelEvent
//!         └ offline (script or stand-in) ──────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Invariants
//! - A stream that ends without its terminator is an error, never an answer.
//! - A key is fetched through the [`Keys`] that were passed in, right before it is sent, to the address it was
//!   configured for. It follows no redirect and goes through no proxy, and it stands in no error, log or debug print.
//! - Neither environment nor disk is read here, but for the certificates by which servers are judged (`trust`): keys,
//!   scripts and settings are handed in.
//! - A model's mistake (bad JSON, unknown tool) is data for the caller, not an error of this room.

mod answer;
mod anthropic;
mod body;
pub mod cache;
mod canonical;
pub mod choice;
mod clients;
mod counts;
pub mod discover;
pub mod endpoint;
pub mod error;
pub mod event;
pub mod facts;
mod failure;
pub mod fewest;
mod fitting;
#[cfg(test)]
mod fixture;
pub mod health;
mod http;
mod image;
pub mod infill;
pub mod key;
pub mod listing;
pub mod models;
mod offline;
mod ollama;
mod openai_chat;
mod openai_responses;
mod quirks;
mod quota;
pub mod remedy;
mod replay;
pub mod request;
pub mod retry;
pub mod route;
mod routing;
pub mod scenario;
mod schema;
mod sending;
mod size;
pub mod stream;
mod surrogate;
mod trust;
mod unread;
mod watched;
mod whole;
mod wire;

pub use cache::Answers;
pub use choice::{Choice, ChooseError, Needs, Written};
pub use copydesk_base::{Asker, Wish};
pub use discover::{LocalServer, Looked};
pub use endpoint::Endpoint;
pub use error::{CallError, Distrust, Switch, ToldBy, Waited, tokens};
pub use event::{ModelEvent, StopReason};
pub use facts::{Facts, Price, Sources, Tokens};
pub use fewest::Fewest;
pub use health::Health;
pub use image::{Image, ImageError, LARGEST_IMAGE, TOKENS as TOKENS_OF_IMAGE};
pub use infill::{Extra, Infill, InfillFormat, is_metered};
pub use key::{Fetch, Fetching, Key, KeyForm, KeyOrigin, KeySource, KeyWanted, Keys, Missing, NoKeys};
pub use listing::{Catalog, Kept, Listed};
pub use models::{Models, ModelsConfig};
pub use replay::{Exchange, Given, Recorded, Recording, Sized};
pub use request::{
    Arguments, By, Carried, Message, Request, ToolCall, ToolOutcome, ToolResult, ToolSpec, ToolUse, Tries,
};
pub use retry::Retries;
pub use route::{Left, Route, Strictness, Stuck};
pub use scenario::{Scenario, Script};
pub use schema::Forms;
pub use stream::EventStream;
