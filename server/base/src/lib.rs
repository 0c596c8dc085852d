//! The words every room shares.
//!
//! Plain data and two traits, nothing that acts. A [`Diagnostic`] says what is wrong and where; an [`Effect`] is
//! something a model or a workflow wants to do, a [`Verdict`] what policy answers; a [`ChangePlan`] is an edit
//! proposed and not yet made; an [`Event`] is one thing that happened in a run. [`Files`] is how every room sees
//! files, [`Host`] is how every room reaches the person.
//!
//! Invariants
//! - No room is imported here, and nothing here does IO on its own account, but for [`path::resolve`], which reads
//!   symbolic links (the system clock and the system's
//!   randomness are behind the traits [`Clock`] and [`Ids`]).
//! - Positions are byte offsets into UTF-8 text. Lines, columns and their encodings are `text`'s business.
//! - What is serialized here is written to journals: fields are added, never renamed or removed.

pub mod change;
pub mod clock;
pub mod config;
pub mod diagnostic;
pub mod effect;
pub mod event;
pub mod files;
pub mod grade;
pub mod hash;
pub mod host;
pub mod id;
pub mod letter;
pub mod path;
pub mod redact;
pub mod span;
pub mod usage;
pub mod wish;

pub use change::{ChangePlan, CheckVerdict, Checked, Hunk, HunkState};
pub use clock::{Clock, SystemClock, Timestamp};
pub use diagnostic::{Code, Diagnostic, Fix, Safety, Severity, TextEdit};
pub use effect::{Because, Effect, Question, Verdict};
pub use event::{Event, Record, RunStatus};
pub use files::Files;
pub use grade::Grade;
pub use hash::ContentHash;
pub use host::Host;
pub use id::{ApprovalId, CallId, ChangeId, Ids, RandomIds, RunId, SessionId};
pub use redact::Redactor;
pub use span::Span;
pub use usage::Usage;
pub use wish::{Asker, Wish};
