//! Runs that work together: who works in a run, whom it may call, and how what they made comes back.
//!
//! | where | what belongs there |
//! |---|---|
//! | `role` | the agent of a run: its tools, skills and whom it may call |
//! | `helper` | runs that a run starts, each with a context of its own |
//! | `pipeline` | agents one behind the other |
//! | `handoff` | another agent goes on with a conversation |
//! | `worktree`, `apart` | editors that work beside each other, and their way back |
//! | `arrival` | what a helper made, taken in by the run that called it |

pub(crate) mod apart;
pub(crate) mod arrival;
pub(crate) mod handoff;
pub(crate) mod helper;
pub(crate) mod pipeline;
pub(crate) mod role;
pub(crate) mod worktree;
