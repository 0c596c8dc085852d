//! What is wrong with the `%` lines before documents: the parser takes nearly all of them.
//!
//! A directive belongs to the document behind it, which then must begin with `---`; `%YAML` says one version, once.

use copydesk_base::{Code, Diagnostic, Span};

use crate::position::lines;

/// Where the lines of a text stand.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Before a document: directives may stand here.
    Before,
    /// Behind a `---` that nothing follows yet.
    Begun,
    /// In what a document holds.
    Within,
}

/// The problems of the directives in a text that the parser has taken.
pub(super) fn check(text: &str) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut tell = |span: Span, message: &str| {
        problems.push(Diagnostic::new(Code::YamlSyntax, span, message.to_owned()));
    };
    let (mut place, mut waiting, mut version) = (Place::Before, None, None);
    let mut offset = 0;
    for whole in lines(text) {
        let line = whole.trim_end_matches(['\n', '\r']);
        let span = Span::new(offset, offset + line.trim_end().len());
        offset += whole.len();
        let content = line.trim_start_matches('\u{feff}').trim();
        let is_marker = |marker: &str| {
            line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
        };
        if is_marker("...") {
            if let Some(directive) = waiting.take() {
                tell(directive, NO_DOCUMENT);
            }
            (place, version) = (Place::Before, None);
        } else if is_marker("---") {
            let rest = line.get(3..).unwrap_or("").trim();
            place = if rest.is_empty() || rest.starts_with('#') { Place::Begun } else { Place::Within };
            (waiting, version) = (None, None);
        } else if content.is_empty() || content.starts_with('#') {
            // Says nothing.
        } else if line.starts_with('%') && place == Place::Begun {
            tell(span, "a directive stands before the '---' of its document; end the one before with '...'");
            place = Place::Within;
        } else if line.starts_with('%') && place == Place::Before {
            waiting = Some(span);
            if let Some(arguments) = yaml_arguments(line) {
                if !is_version(arguments) {
                    tell(span, "'%YAML' takes one version and nothing else: %YAML 1.2");
                } else if version.replace(span).is_some() {
                    tell(span, "'%YAML' is already given for this document; keep one of the two");
                }
            }
        } else {
            place = Place::Within;
            waiting = None;
        }
    }
    if let Some(directive) = waiting {
        tell(directive, NO_DOCUMENT);
    }
    problems
}

const NO_DOCUMENT: &str = "no document follows this directive; begin one with '---'";

/// What stands behind `%YAML`.
fn yaml_arguments(line: &str) -> Option<&str> {
    line.strip_prefix("%YAML").filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

/// Whether it is one version, and perhaps a comment behind it.
fn is_version(arguments: &str) -> bool {
    let mut words = arguments.split_whitespace();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_first = words
        .next()
        .and_then(|word| word.split_once('.'))
        .is_some_and(|(major, minor)| is_number(major) && is_number(minor));
    is_first && words.next().is_none_or(|word| word.starts_with('#'))
}
