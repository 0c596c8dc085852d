//! What the launcher is told, and what it tells: each a length of four bytes, low first, and a JSON document.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::confine::Confinement;

/// No message is longer: a list of some thousand paths.
const LONGEST: usize = 16 * 1024 * 1024;

/// One command and its walls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    pub command: String,
    pub cwd: PathBuf,
    /// All variables that the command gets, but for `TMPDIR`.
    pub environment: Vec<(String, String)>,
    /// The run's own temporary folder. In full it is `/tmp` inside.
    pub temporary: PathBuf,
    pub confinement: Confinement,
    pub limits: Limits,
}

/// What one command may use up; `None` does not limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of memory of their own that one process may have, and all of a command together.
    pub memory: Option<u64>,
    /// Bytes that must stay free on each disk that a command writes to, or half of what is free where that is less.
    pub disk: Option<u64>,
    /// Processes at once; only in full, where they can be told from the person's.
    pub processes: Option<u64>,
}

/// How it ended, as the launcher saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum News {
    Exit(i32),
    /// The same, and what the command had put into its home, which is gone with it: a few names.
    ExitForgetting(i32, Vec<String>),
    Signal(i32),
    /// It used up too much, and was ended.
    Stopped(String),
    /// The walls could not be set up, and nothing ran.
    Failed(String),
}

pub fn write_orders(out: impl Write, orders: &Orders) -> io::Result<()> {
    send(out, orders)
}

/// The last word of a launcher; an error where it went without one.
pub fn read_news(input: impl Read) -> io::Result<News> {
    receive(input)
}

pub(super) fn send(mut out: impl Write, message: &impl Serialize) -> io::Result<()> {
    let body = serde_json::to_vec(message)?;
    let length = u32::try_from(body.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.extend(body);
    out.write_all(&bytes)
}

pub(super) fn receive<T: DeserializeOwned>(mut input: impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body)?)
}
