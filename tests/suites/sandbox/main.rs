//! What confines commands, on the real binary and against real programs: in full, in part, and switched off.
//!
//! A probe is a line of shell that says `reached NAME` if it got what it must not get. Each [`Ground`] is a world in
//! which all of them are run by an agent's own command; the tables beside them say what each ground cannot hold back,
//! so that a new hole and a hole that was closed both fail. Where this machine cannot make a ground, the test says so
//! on standard error, by name; with `COPYDESK_TEST_SANDBOX=required` it fails instead.

#![expect(clippy::expect_used, reason = "what the bench itself lacks ends the test, with its name")]

mod attacks;
mod beside;
mod ends;
mod git;
mod ground;
mod plan;
mod reach;

const COPYDESK: &str = env!("CARGO_BIN_EXE_copydesk");
