//! The test bench: everything a suite needs to tell a story about the real binary.
//!
//! A story has three parts in it. A [`workspace::Workspace`] is the folder it happens in, with a world of its own
//! around it. A [`client::Client`] is the editor, with the manners and the quirks of a [`personality::Personality`].
//! A [`model_server::ModelServer`] is the model, scripted, on loopback. [`scene::Scene`] puts the three on one stage.
//! [`tidy`] is apart: it reads the repository itself, so that the rules of the house are tests.
//!
//! Invariants
//! - Nothing here shares code with the server. What both sides had to get wrong together would stay unseen.
//! - Every wait has an end, and its failure prints what was said.
//! - A failed expectation panics: this is a library for tests, and a test's failure is a panic.

pub mod client;
pub mod model_server;
pub mod personality;
pub mod scene;
pub mod tidy;
pub mod workspace;
