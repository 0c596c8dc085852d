//! Standard output: whole lines, and one JSON document for `--json`.
//!
//! A reader that went away (`| head`) is no error. A full disk behind a redirection is one.

use std::io::{self, IsTerminal, Write};

use anyhow::Context;

/// Writes `text` and a line break.
pub(crate) fn line(text: impl AsRef<str>) -> anyhow::Result<()> {
    write(text.as_ref(), "\n")
}

/// Writes `text` as it is.
pub(crate) fn text(text: impl AsRef<str>) -> anyhow::Result<()> {
    write(text.as_ref(), "")
}

/// Writes the one document of a `--json` command.
pub(crate) fn json(document: &impl serde::Serialize) -> anyhow::Result<()> {
    line(serde_json::to_string_pretty(document)?)
}

/// Says something to the person beside the output: on standard error.
pub(crate) fn note(text: impl AsRef<str>) {
    // Nobody is left to hear that nobody hears.
    let _ = writeln!(io::stderr().lock(), "{}", text.as_ref());
}

/// How output may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// A terminal that takes colors.
    Colored,
    /// A terminal of a person who wants none (`NO_COLOR`).
    Terminal,
    /// A file or another program.
    Plain,
}

/// How standard output may look.
pub(crate) fn look() -> Look {
    let colorless = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    match (io::stdout().is_terminal(), colorless) {
        (false, _) => Look::Plain,
        (true, true) => Look::Terminal,
        (true, false) => Look::Colored,
    }
}

fn write(text: &str, end: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.write_all(end.as_bytes()));
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("failed to write the output"),
    }
}
