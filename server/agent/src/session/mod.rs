//! Conversations as their records: written by one writer, read back to go on, told to people, kept and deleted.
//!
//! | where | what belongs there |
//! |---|---|
//! | `recorder` | the one writer of events |
//! | `cues` | what a replay brings about behind a record: a cancel, a death |
//! | `past` | what a conversation brings along to its next run, read from its end |
//! | `transcript` | the messages of earlier turns, from their records |
//! | `recover` | what a process that died left open |
//! | `deeds` | what commands did, in words |
//! | `keeping` | copied, deleted, swept |
//! | `telling`, `comparable` | as text, as Markdown, as what two of them share |
//! | `recording`, `spoken` | as a recording for a replay: what models answered, and what the person said and decided |

pub(crate) mod comparable;
pub(crate) mod cues;
pub(crate) mod deeds;
pub(crate) mod keeping;
pub(crate) mod past;
pub(crate) mod recorder;
pub(crate) mod recording;
pub(crate) mod recover;
pub(crate) mod spoken;
pub mod telling;
pub(crate) mod transcript;
