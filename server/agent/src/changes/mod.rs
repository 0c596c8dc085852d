//! What was written into people's files: made real, taken back, brought again.
//!
//! | where | what belongs there |
//! |---|---|
//! | `way` | one change from a tool's wish to what the model is told |
//! | `apply` | the hunks of a change plan, in the editor or on the disk |
//! | `known` | files as the model last saw them |
//! | `command` | what a command did to files, on record |
//! | `named` | files that a command names, before it and behind it |
//! | `around` | all files of a workspace, before a command and behind it |
//! | `kept` | what was there before a command, on the disk while it runs |
//! | `story` | which edits of a run are in force, from the journal |
//! | `undo` | one run's edits back and again, later typing kept |
//! | `inverse` | what becomes of a text by that |
//! | `left` | what no undo does anything with any more |
//! | `ends` | line ends and marks that an editor tells otherwise than it saves them |
//! | `rewind` | everything since a turn |

pub(crate) mod apply;
pub(crate) mod around;
pub(crate) mod command;
pub(crate) mod ends;
mod inverse;
pub(crate) mod kept;
pub(crate) mod known;
mod left;
mod named;
pub(crate) mod rewind;
pub(crate) mod story;
pub(crate) mod undo;
pub(crate) mod way;
