//! The launcher: this program, started only to wall itself in and start one command.

use std::ffi::OsStr;
use std::process::ExitCode;

use super::{Network, State};

/// The first argument that makes this program a launcher. Not for people: without a socket as its standard input it
/// does nothing.
pub const LAUNCHER: &str = "launch-confined";

/// What a launcher makes before it is told what to run, in the time in which that is still being judged. It is the
/// second argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    Nothing,
    /// All that is the same for every command in *full*: namespaces, with that network, and what every root has.
    World(Network),
}

impl Ahead {
    /// What can be made for a command that will have these walls.
    pub const fn of(state: State, network: Network) -> Self {
        match state {
            State::Full => Self::World(network),
            State::Partial | State::Unsupported | State::Off => Self::Nothing,
        }
    }

    pub const fn argument(self) -> &'static str {
        match self {
            Self::Nothing => "nothing-ahead",
            Self::World(Network::Closed) => "closed-ahead",
            Self::World(Network::Open) => "open-ahead",
        }
    }

    fn read(argument: &OsStr) -> Self {
        let all = [Self::World(Network::Closed), Self::World(Network::Open)];
        all.into_iter().find(|ahead| argument == ahead.argument()).unwrap_or(Self::Nothing)
    }
}

/// The work of a launcher, if the arguments say that this process is one. Call it first: a launcher must have one
/// thread.
pub fn launched<T: AsRef<OsStr>>(arguments: impl IntoIterator<Item = T>) -> Option<ExitCode> {
    let mut arguments = arguments.into_iter().skip(1);
    let is_launcher = arguments.next().is_some_and(|first| first.as_ref() == LAUNCHER);
    let ahead = arguments.next().map_or(Ahead::Nothing, |second| Ahead::read(second.as_ref()));
    is_launcher.then(|| run(ahead))
}

#[cfg(target_os = "linux")]
fn run(ahead: Ahead) -> ExitCode {
    super::linux::run(ahead)
}

#[cfg(not(target_os = "linux"))]
fn run(_: Ahead) -> ExitCode {
    ExitCode::from(2)
}
