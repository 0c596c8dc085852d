//! Reading what does not parse, block by block.

use copydesk_base::{Code, Diagnostic, Span};

use super::build::{Failure, Output, build};
use super::message::message;

/// Everything that can be read of a piece that failed.
pub(super) fn recover(piece: &str, shift: usize, failure: &Failure) -> Output {
    let mut output = Output::default();
    // The second time gives the same failure, and what was read before it.
    let _ = build(piece, shift, &mut output);
    output.problems.push(Diagnostic::new(Code::YamlSyntax, Span::at(failure.offset), message(&failure.why)));
    output.broken.push(Span::new(shift, shift + piece.len()));
    output
}
