//! The intake, on the real binary: the handshake, bad input of every kind, cancel, and every way to end.

mod bad_input;
mod ends;
mod handshake;
mod mirror;
mod slow;

const COPYDESK: &str = env!("CARGO_BIN_EXE_copydesk");
