//! The commands on the real binary: exit codes, JSON shapes, and what a person reads.

#![expect(clippy::expect_used, reason = "what fails here fails the test")]

mod abilities;
mod asking;
mod believed;
mod budgets;
mod checking;
mod first;
mod forms;
mod house;
mod images;
mod keys;
mod mending;
mod models;
mod overrun;
mod permissions;
mod places;
mod replaying;
mod routes;
mod sessions;
mod telling;
mod terminal;
mod together;
mod trust;
mod unreported;

const COPYDESK: &str = env!("CARGO_BIN_EXE_copydesk");
