//! What is wrong with a JSON text, in short common words.

use crate::node::MAX_DEPTH;

pub(super) const QUOTE: &str = "this text has no closing '\"'";
pub(super) const NO_OPENING: &str = "this text has no opening '\"'";
pub(super) const CURLY: &str = "JSON takes straight double quotes only";
pub(super) const INNER: &str = "a quote inside of a text is written as '\\\"'";
pub(super) const NEVER_OPENED: &str = "this ']' ends a list that nothing opens";
pub(super) const SINGLE: &str = "JSON takes double quotes only";
pub(super) const ESCAPE: &str = "this escape is unknown; write '\\\\' for a backslash";
pub(super) const UNICODE: &str = "this escape names no character";
pub(super) const CONTROL: &str =
    "a tab or another control character in a text is written as an escape, '\\t' for one";
pub(super) const BARE: &str = "this is no value; put a text in double quotes";
pub(super) const BARE_KEY: &str = "a key stands in double quotes";
pub(super) const COMMENT: &str = "JSON has no comments; take it out, or name the file '.jsonc'";
pub(super) const FOREIGN: &str = "'#' starts no comment here";
pub(super) const OPEN_COMMENT: &str = "this comment has no end; close it with '*/'";
pub(super) const TRAILING: &str = "no ',' may stand behind the last value";
pub(super) const NO_KEY: &str = "a key in double quotes is missing here";
pub(super) const NO_VALUE: &str = "a value is missing here";
pub(super) const NO_COLON: &str = "expected ':' and a value behind this key";
pub(super) const NO_COMMA: &str = "expected ',' here";
pub(super) const STRAY_COLON: &str = "a ':' cannot stand here";
pub(super) const EQUALS: &str = "a key and its value are parted by ':'";
/// What closes all brackets that are open in one place.
pub(super) const CLOSE: &str = "close it here";
pub(super) const EMPTY: &str = "JSON wants a value, and here is none; write '{}' for nothing";
pub(super) const AFTER: &str = "nothing can follow the first value of a file";

pub(super) fn unclosed(open: char, close: char) -> String {
    format!("this '{open}' is never closed; add '{close}'")
}

pub(super) fn stray(close: char) -> String {
    format!("this '{close}' closes nothing; take it out")
}

pub(super) fn too_deep() -> String {
    format!("this is nested too deeply: {MAX_DEPTH} levels are the limit")
}
