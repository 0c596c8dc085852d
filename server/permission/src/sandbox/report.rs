//! What this machine can enforce, property by property.

use serde::{Deserialize, Serialize};

/// How much of the sandbox is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Full,
    Partial,
    Unsupported,
    /// The settings switched it off.
    Off,
}

impl State {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
            Self::Unsupported => "unsupported",
            Self::Off => "off",
        }
    }
}

/// One promise about a command, and whether it is kept here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property {
    pub name: &'static str,
    pub holds: bool,
    /// What holds, or what does not.
    pub note: &'static str,
}

/// What [`crate::sandbox::probe`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub state: State,
    /// Why it is not more; empty where it is full.
    pub missing: String,
}

impl Report {
    /// One sentence for each promise.
    pub const fn properties(&self) -> &'static [Property] {
        match self.state {
            State::Full => &FULL,
            State::Partial if cfg!(target_os = "macos") => &UNPROVEN,
            State::Partial => &PARTIAL,
            State::Unsupported | State::Off => &NONE,
        }
    }
}

const fn holds(name: &'static str, note: &'static str) -> Property {
    Property { name, holds: true, note }
}

const fn fails(name: &'static str, note: &'static str) -> Property {
    Property { name, holds: false, note }
}

const FULL: [Property; 8] = [
    holds("writes", "only the workspace and private temporary folders"),
    holds("reads", "only system folders, toolchains and the workspace"),
    holds("secrets", "known secret files of the workspace cannot be opened"),
    holds("protected files", "read-only at any depth; at the top and in .git they cannot be made either"),
    holds("network", "closed, loopback included, unless the command was granted it"),
    holds("processes", "sees and signals only its own, and leaves none behind"),
    holds("sockets", "no socket of an editor, an agent, a desktop or a daemon can be reached"),
    holds("use", "bounded: memory in sum, disk by what must stay free, 4096 processes, time"),
];

const PARTIAL: [Property; 8] = [
    holds("writes", "only the workspace and a temporary folder; modes and times of files outside can change"),
    holds("reads", "only system folders, toolchains and the workspace; names and sizes outside can be seen"),
    fails("secrets", "secret files inside the workspace can be read"),
    fails(
        "protected files",
        "can be written, .git/hooks too; what is made new at the top is set aside afterwards",
    ),
    holds("network", "closed unless the command was granted it"),
    fails("processes", "others can be seen; before Linux 6.12 those of the same user can be signaled"),
    holds("sockets", "sockets with names cannot be made or reached"),
    holds("use", "bounded: memory in sum, disk by what must stay free, time; not the number of processes"),
];

/// What the profile of `sandbox-exec` is written for.
const UNPROVEN: [Property; 8] = [
    fails("writes", "a profile bounds them; no Mac has proven it"),
    fails("reads", "a profile bounds them; no Mac has proven it"),
    fails("secrets", "a profile hides those of the workspace; no Mac has proven it"),
    fails("protected files", "a profile makes them read-only; no Mac has proven it"),
    fails("network", "a profile closes it; no Mac has proven it"),
    fails("processes", "others can be seen; a profile keeps signals from them, and no Mac has proven it"),
    fails("sockets", "a profile closes them; no Mac has proven it"),
    fails("use", "time is bounded, memory and disk are not"),
];

const NONE: [Property; 8] = [
    fails("writes", "whatever your account may write"),
    fails("reads", "whatever your account may read"),
    fails("secrets", "can be read"),
    fails("protected files", "can be written"),
    fails("network", "open"),
    fails("processes", "others can be seen and signaled"),
    fails("sockets", "can be reached where their path is known"),
    fails("use", "time is bounded; on Linux memory in sum and disk, too"),
];
