//! *Agents at work*: what an agent does between the ask and the answer, on the real binary.
//!
//! Edits that are checked before anybody sees them (`green`: a table of seeded bugs; `drafts`: what the person sees);
//! words for an agent at work, and asking again (`steering`); deaths in the middle (`killed`); somebody who types
//! meanwhile (`interleaved`); going back to before a turn (`rewinding`); questions of the model's own (`asking`); what
//! goes along and how long conversations go on (`context`); branches and commits (`reviewing`).

#![expect(clippy::expect_used, reason = "what fails here fails the test")]

mod asking;
mod background;
mod context;
mod drafts;
mod green;
mod interleaved;
mod keeping;
#[cfg(target_os = "linux")]
mod killed;
mod knowing;
mod replayed;
mod reviewing;
mod rewinding;
mod steering;

const COPYDESK: &str = env!("CARGO_BIN_EXE_copydesk");
