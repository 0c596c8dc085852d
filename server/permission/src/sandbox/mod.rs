//! Sandbox: what a command may touch, whatever its words said.
//!
//! *Allow* grants the start of a command; this bounds what it does then. [`confine`] is pure: from the policy and the
//! circumstances it names what is readable, writable, hidden and guarded, and whether the network is open: a
//! [`Confinement`]. The *launcher*, this very program started under the name [`LAUNCHER`], reads it, walls itself in
//! and starts the one fixed [`SHELL`] inside. [`probe`] tries once what this machine can do.
//!
//! How much holds is a [`State`], and never guessed:
//! - *full*: namespaces of its own for users, mounts, processes, messages and network; a root made of what is allowed
//!   and nothing else; a filter of system calls. Whatever the command starts dies with it.
//! - *partial*: Landlock and the filter alone. What is protected inside the workspace cannot be held back.
//! - *unsupported*: nothing but a clean environment, no input and an end for what it leaves behind.
//! - *off*: as unsupported, because the person's settings say so.
//!
//! Invariants
//! - What cannot be set up is an error and no command runs; nothing weaker is taken instead.
//! - The launcher is told over a socket that is its standard input. When that closes, the command ends.
//! - Nothing here decides whether a command may start: [`crate::judge`] did.

mod confine;
mod gitconfig;
mod gitlinks;
mod launch;
#[cfg(target_os = "linux")]
mod linux;
mod orders;
mod probe;
mod profile;
mod quiet;
mod report;
mod repository;
mod strays;
mod survey;
mod toolchains;
mod vacancy;

pub use confine::{Circumstances, Confinement, Network, Overlay, Sandbox, confine, words};
pub use launch::{Ahead, LAUNCHER, launched};
pub use orders::{Limits, News, Orders, read_news, write_orders};
pub use probe::probe;
pub use profile::seatbelt;
pub use quiet::quiet_git;
pub use report::{Property, Report, State};
pub use repository::repository;
pub use strays::{Stray, Strays, Tops};
pub use survey::{Survey, survey};
pub use toolchains::{Toolchains, toolchains};
pub use vacancy::{Placeholder, Vacancy};

/// The one shell, never the person's own: what was read is what is run. It reads no start-up files.
pub const SHELL: &str = "/bin/bash";

/// Its arguments before the command.
pub const SHELL_ARGUMENTS: [&str; 3] = ["--noprofile", "--norc", "-c"];
