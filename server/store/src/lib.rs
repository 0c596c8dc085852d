//! The journal and the tables beside it, on SQLite. Rows and bytes, nothing else.
//!
//! Two things live here. A [`Journal`] is what happened in one workspace: records, in order, appended and read back,
//! and the approvals that wait for a person, so that another process can list and answer them. The [`UserStore`] is
//! what the person decided: which content of which workspace is trusted, the rules that *Always allow* stored, what was
//! spent, and where keys of model providers are kept; the keys themselves are in a keyring or in [`SealedKeys`]. Beside
//! them [`OwnEffects`] has a line for what the program does for itself. All lie in `COPYDESK_HOME`, never below a
//! workspace, where an agent's own shell or a clone could write them.
//!
//! # What is durable against what
//! A call that returned is committed. Databases run in WAL mode with `synchronous = NORMAL`: a commit survives the
//! death of this process at any instant. A power loss may take the last commits with it, but never leaves half of one
//! and never damages what came before.
//!
//! # What is detected
//! Every record carries a keyed hash over the hash before it and its own bytes (HMAC-SHA-256; the key is
//! `COPYDESK_HOME/journal.key`), and every run a keyed hash over its last record. Changed, missing, reordered or cut
//! records are found when the run is read. A run that goes on with a conversation is chained to the record that was the
//! last one of it then, so a run that was taken out of the middle is found when the next one is read. A conversation
//! that was removed whole is not missed: retention does that too.
//!
//! # Invariants
//! - Appending is the only write to records. Nothing edits one.
//! - Nothing is created by reading: a database is made by the first write.
//! - Files are made with mode 0600 and folders with 0700.
//! - One thread per open database does all its work; handles are senders to it. Several processes may hold the same
//!   database open.
//! - A database of a newer version, or one that belongs to another workspace or key, is read and never written.
//!
//! # Format
//! `PRAGMA user_version` counts the layout, from 1. An older program finds a newer number and reads only. Kinds of
//! events that a reader does not know stay as they are in their rows and come out as [`copydesk_base::Event::Unknown`].

mod approvals;
mod chain;
mod database;
mod error;
mod home;
mod journal;
mod layout;
mod own;
mod packed;
mod records;
mod rows;
mod sealed;
mod sessions;
mod user;

pub use approvals::{Answer, Answered, PendingRow};
pub use error::{ReadOnly, StoreError};
pub use home::workspace_id;
pub use journal::Journal;
pub use own::{OwnEffect, OwnEffects, OwnKind};
pub use records::RunRow;
pub use sealed::{Lock, Passphrase, SealedKeys};
pub use sessions::{Deleted, Keep, SessionRow, Swept};
pub use user::{
    Accounts, Conversation, Holder, KeyPlace, Measured, Passed, RememberedRule, Reservation, StoredKey,
    Taken, TrustedFile, UserStore,
};
