//! Changing files: mends that need no look, and refactorings that a person chooses.

mod mend;
mod refactor;
mod vouch;

pub use mend::{Made, Mended, edited, is_safe, mend_all};
pub use refactor::{NewFile, Refactoring, RefactoringKind, refactorings};
pub(crate) use vouch::is_syntax;
pub use vouch::vouched;
