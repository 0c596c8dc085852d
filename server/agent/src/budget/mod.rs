//! What work may use up and what it did: reserved before a request leaves, counted when it is over.
//!
//! | where | what belongs there |
//! |---|---|
//! | `limits` | where a run stops, by its settings |
//! | `purse` | what a run and all its helpers use up, together |
//! | `account` | one try of a request, from its reservation to its count |
//! | `sums` | what a conversation has used, for people |

pub(crate) mod account;
pub(crate) mod limits;
pub(crate) mod purse;
pub(crate) mod sums;
