//! Syntax errors in short common words.

use granit_parser::ErrorKind;

use super::build::Why;
use crate::node::MAX_DEPTH;

/// What is wrong and what to do next.
pub(super) fn message(why: &Why) -> String {
    let kind = match why {
        Why::Unread => return String::new(),
        Why::TooDeep => return format!("this is nested too deeply: {MAX_DEPTH} levels are the limit"),
        Why::TooShallow => return messages::TOO_SHALLOW.to_owned(),
        Why::Syntax(kind) => kind,
    };
    let words = match kind {
        ErrorKind::UnclosedQuotedScalar => messages::QUOTE,
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => messages::BRACKET,
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return format!("'{close}' does not close '{open}'");
        }
        ErrorKind::MisplacedFlowCollectionEnd => messages::STRAY_BRACKET,
        ErrorKind::ExpectedFlowSequenceSeparator => messages::NEXT_ITEM,
        ErrorKind::ExpectedFlowMappingSeparator => messages::NEXT_ENTRY,
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => messages::TAB,
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey | ErrorKind::ExpectedBlockMappingKey => {
            "expected 'key: value' here"
        }
        ErrorKind::InvalidIndentation
        | ErrorKind::InvalidFlowScalarIndent
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::InvalidBlockScalarIndent => messages::INDENTATION,
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => messages::COLON,
        ErrorKind::MappingKeyNotAllowed => "a key cannot stand here; start a new line",
        ErrorKind::BlockSequenceEntryNotAllowed | ErrorKind::BlockEntryInFlowCollection => {
            "a list item cannot stand here; start a new line"
        }
        ErrorKind::ExpectedBlockSequenceEntry => "expected a list item, '- ', here",
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            messages::AFTER_QUOTE
        }
        ErrorKind::UnknownQuotedScalarEscape => messages::ESCAPE,
        ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate
        | ErrorKind::InvalidUnicodeEscape => "this escape names no character",
        ErrorKind::UnexpectedCharacter { character } if character.is_control() => {
            return format!("'{}' {}", character.escape_default(), messages::CONTROL);
        }
        // Everywhere else it starts one.
        ErrorKind::UnexpectedCharacter { character: '|' | '>' } => messages::TEXT_IN_BRACKETS,
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
        ErrorKind::InvalidMappingValueWhitespace => messages::NO_SPACE,
        ErrorKind::InvalidBlockEntryWhitespace => "put a space behind '-'",
        ErrorKind::CommentInterceptedScalar => "a comment cannot stand within a text of several lines",
        _ => "this is not valid YAML; check quotes, brackets and indentation",
    };
    words.to_owned()
}

/// What is wrong, in the words that a person reads. Whoever mends it knows it by them.
pub mod messages {
    /// The commonest of all mistakes.
    pub const TAB: &str = "tabs cannot indent YAML; use spaces";
    pub const QUOTE: &str = "this quote is never closed";
    pub const BRACKET: &str = "this bracket is never closed";
    pub const STRAY_BRACKET: &str = "this bracket closes nothing";
    pub const COLON: &str = "a ':' cannot stand here; put the text in quotes, or start a new line";
    pub const NEXT_ITEM: &str = "expected ',' or ']' here";
    pub const NEXT_ENTRY: &str = "expected ',' or '}' here";
    pub const AFTER_QUOTE: &str = "nothing can follow the closing quote";
    pub const EXTRA_COMMA: &str = "nothing stands before this ','; take it out";
    pub const ESCAPE: &str = "this escape is unknown; write '\\\\' for a backslash, or use single quotes";
    /// The ends of several.
    pub const CONTROL: &str =
        "cannot stand in YAML as it is; write it as an escape in double quotes, or take it out";
    pub const WANTS_QUOTES: &str = "put the text in quotes";
    pub const NO_COLON: &str = "expected 'key: value'; a ':' is missing behind this";
    pub const NO_SPACE: &str = "put a space behind ':'";
    pub(in super::super) const TEXT_IN_BRACKETS: &str =
        "a block text cannot stand within brackets; write it in quotes, without the '|' or '>'";
    pub const INDENTATION: &str = "this line's indentation fits nothing above; move it left or right";
    pub const TOO_DEEP: &str =
        "this line is indented deeper than the one above, which has a value already; move it left";
    pub const TOO_SHALLOW: &str = "this line goes on with what stands above it; indent it deeper";
    pub const SCALAR_LINE: &str = "this line stands left of the text it belongs to; move it right";
    pub const NO_ITEM: &str =
        "expected a list item here; start the line with '- ', or indent it under the item above";
    pub const NO_ENTRY: &str =
        "a list item cannot stand among keys; indent it under its key, or remove the '-'";
    pub(in super::super) const LIST_ON_KEY_LINE: &str =
        "a list starts on a line of its own; put the '-' there";
}
