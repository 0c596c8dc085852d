//! `copydesk`, the program: arguments, settings, wiring, exit codes.
//!
//! Each subcommand is a file below `cli`. `config` works out which settings are in force and where each comes
//! from; `here` knows the surroundings of the process. This is the only room that reads the environment, the home
//! directory and the process tree; everything below gets what it needs handed in.
//!
//! Invariants
//! - Standard output belongs to the result of a command (for `lsp` to the protocol); logs and notes go to standard
//!   error.
//! - Exit codes: 0 fine, 1 problems found or work failed or denied, 2 wrong usage, 130 interrupted.

mod ancestry;
mod answers;
mod cli;
mod config;
mod credentials;
mod found;
mod group;
mod here;
mod memory;
mod office;
mod out;
mod render;
mod tour;

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything that could start a thread: a launcher must have one.
    match copydesk_permission::sandbox::launched(std::env::args_os()) {
        Some(code) => code,
        None => cli::main(),
    }
}
