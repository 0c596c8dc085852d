//! Syntax errors in short common words.

use granit_parser::ErrorKind;

use super::build::Why;
use crate::node::MAX_DEPTH;

/// What is wrong and what to do next.
pub(super) fn message(why: &Why) -> String {
    let kind = match why {
        Why::TooDeep => return format!("this is nested too deeply: {MAX_DEPTH} levels are the limit"),
        Why::Syntax(kind) => kind,
    };
    let words = match kind {
        ErrorKind::UnclosedQuotedScalar => "this quote is never closed",
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => "this bracket is never closed",
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return format!("'{close}' does not close '{open}'");
        }
        ErrorKind::MisplacedFlowCollectionEnd => "this bracket closes nothing",
        ErrorKind::ExpectedFlowSequenceSeparator => "expected ',' or ']' here",
        ErrorKind::ExpectedFlowMappingSeparator => "expected ',' or '}' here",
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => TAB,
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey | ErrorKind::ExpectedBlockMappingKey => {
            "expected 'key: value' here"
        }
        ErrorKind::InvalidIndentation
        | ErrorKind::InvalidFlowScalarIndent
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::InvalidBlockScalarIndent => {
            "this line's indentation fits nothing above; move it left or right"
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            "a ':' cannot stand here; put the text in quotes, or start a new line"
        }
        ErrorKind::MappingKeyNotAllowed => "a key cannot stand here; start a new line",
        ErrorKind::BlockSequenceEntryNotAllowed | ErrorKind::BlockEntryInFlowCollection => {
            "a list item cannot stand here; start a new line"
        }
        ErrorKind::ExpectedBlockSequenceEntry => "expected a list item, '- ', here",
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            "nothing can follow the closing quote"
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            "this escape is unknown; write '\\\\' for a backslash, or use single quotes"
        }
        ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate
        | ErrorKind::InvalidUnicodeEscape => "this escape names no character",
        ErrorKind::UnexpectedCharacter { character } => {
            return format!("'{}' cannot start a value; put the text in quotes", character.escape_default());
        }
        ErrorKind::CommentNotSeparated => "put a space before '#'",
        ErrorKind::InvalidBlockScalarHeader | ErrorKind::ZeroBlockScalarIndent => {
            "nothing but '+', '-', a digit or a comment can follow '|' or '>'"
        }
        ErrorKind::MissingAnchorOrAliasName => "a name is missing behind '&' or '*'; put the text in quotes",
        ErrorKind::UndeclaredTagHandle => "this tag's prefix is not declared",
        ErrorKind::BomInsideDocument => "a byte order mark can stand at the start of a file only; remove it",
        ErrorKind::DocumentIndicatorInQuotedScalar => {
            "a line of '---' or '...' ends the document within a quote"
        }
        ErrorKind::InvalidDocumentEnd => "nothing can follow '...' on its line",
        ErrorKind::InvalidMappingValueWhitespace => "put a space behind ':'",
        ErrorKind::InvalidBlockEntryWhitespace => "put a space behind '-'",
        ErrorKind::CommentInterceptedScalar => "a comment cannot stand within a text of several lines",
        _ => "this is not valid YAML; check quotes, brackets and indentation",
    };
    words.to_owned()
}

/// The message for the commonest of all mistakes.
pub(super) const TAB: &str = "tabs cannot indent YAML; use spaces";
