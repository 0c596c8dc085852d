//! What work may use up and what it did: reserved before a request leaves, counted when it is over.
//!
//! | where | what belongs there |
//! |---|---|
//! | `limits` | where a run stops, by its settings |
//! | `purse` | what a run and all its helpers use up, together |
//! | `account` | one try of a request, from its reservation to its count |
//! | `came` | what has come of an answer that is under way |
//! | `count` | what a request counts as, by what its server said of it |
//! | `overrun` | servers that say they wrote far more than they were told to |
//! | `sums` | what a conversation has used, for people |

pub(crate) mod account;
pub(crate) mod came;
pub(crate) mod count;
pub(crate) mod limits;
pub(crate) mod overrun;
pub(crate) mod purse;
pub(crate) mod sums;
