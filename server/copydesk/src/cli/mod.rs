//! The command line: what can be said, and which file does it.

mod approve;
mod ask;
mod auth;
mod check;
mod config;
mod decisions;
mod doctor;
mod init;
mod input;
mod keyboard;
mod lsp;
mod models;
mod permissions;
mod pipes;
mod prompt;
mod replay;
mod rewind;
mod schema;
mod sessions;
mod terminal;
mod tour;
mod trust;
mod undo;

use std::io::IsTerminal;
use std::process::ExitCode;

use copydesk_agent::Direction;

use clap::{CommandFactory, Parser, Subcommand};

use crate::out;

pub(crate) use lsp::backstage_in;

/// A language server that brings agents into any editor, and the same without one.
#[derive(Parser)]
#[command(name = "copydesk", version, about, long_about = None)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Lsp(lsp::Arguments),
    Ask(ask::Arguments),
    /// Takes a run's edits back, what was typed since kept
    Undo(undo::Arguments),
    /// Brings the edits again that the last undo took back
    Redo(undo::Arguments),
    Rewind(rewind::Arguments),
    Init(init::Arguments),
    Check(check::Arguments),
    Schema(schema::Arguments),
    Config(config::Arguments),
    Prompt(prompt::Arguments),
    Sessions(sessions::Arguments),
    Auth(auth::Arguments),
    Doctor(doctor::Arguments),
    Models(models::Arguments),
    Trust(trust::Arguments),
    Permissions(permissions::Arguments),
    Approve(approve::Arguments),
    Tour(tour::Arguments),
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Fine,
    /// Problems found, or work failed or denied.
    Problems,
    WrongUsage,
    Interrupted,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Fine => 0,
            Outcome::Problems => 1,
            Outcome::WrongUsage => 2,
            Outcome::Interrupted => 130,
        })
    }
}

/// Reads the arguments and does what they say.
pub(crate) fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help goes to standard output, mistakes to standard error; clap knows which is which.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    log_to_stderr();
    let Some(command) = arguments.command else { return help() };
    let outcome = match command {
        Command::Lsp(arguments) => lsp::run(&arguments),
        Command::Ask(arguments) => ask::run(&arguments),
        Command::Undo(arguments) => undo::run(&arguments, Direction::Undo),
        Command::Redo(arguments) => undo::run(&arguments, Direction::Redo),
        Command::Rewind(arguments) => rewind::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Config(arguments) => config::run(&arguments),
        Command::Prompt(arguments) => prompt::run(&arguments),
        Command::Sessions(arguments) => sessions::run(&arguments),
        Command::Auth(arguments) => auth::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Models(arguments) => models::run(&arguments),
        Command::Trust(arguments) => trust::run(&arguments),
        Command::Permissions(arguments) => permissions::run(&arguments),
        Command::Approve(arguments) => approve::run(&arguments),
        Command::Tour(arguments) => tour::run(&arguments),
    };
    outcome.unwrap_or_else(failed).into()
}

/// Says why a command failed, as one sentence.
fn failed(error: anyhow::Error) -> Outcome {
    out::note(format!("error: {error:#}"));
    Outcome::Problems
}

/// Without a command: the help, which on a terminal is what was wanted and elsewhere is a mistake.
fn help() -> ExitCode {
    let _ = Arguments::command().print_help();
    if std::io::stdout().is_terminal() { ExitCode::SUCCESS } else { Outcome::WrongUsage.into() }
}

/// Logs go to standard error; `COPYDESK_LOG` says which (`info`, `copydesk_agent=debug`).
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("COPYDESK_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    let colored =
        std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colored).init();
}

/// Runs one future to its end on this thread.
fn wait_for<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        outlive_the_file_limit();
        work.await
    })
}

/// Makes a write past the file-size limit an error like any other: left alone, the system ends the process without a
/// word. A child starts with the system's own answer again. Must be called inside a runtime.
fn outlive_the_file_limit() {
    // SIGXFSZ has this number on every system that we build for.
    let kind = tokio::signal::unix::SignalKind::from_raw(25);
    // The handler stays when the listener is gone.
    if let Err(error) = tokio::signal::unix::signal(kind) {
        tracing::warn!(%error, "a full disk quota may end this process without a word");
    }
}
