//! *Agents at work*: what an agent does between the ask and the answer, on the real binary.
//!
//! Edits that are checked before anybody sees them (`green`: a table of seeded bugs; `drafts`: what the person sees).

mod drafts;
mod green;

const COPYDESK: &str = env!("CARGO_BIN_EXE_copydesk");
