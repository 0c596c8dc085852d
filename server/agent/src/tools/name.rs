//! A name in a file, as a model points at it: `path`, the `symbol`, and the `line` where it stands more than once.

use std::ops::Range;

use copydesk_base::CallId;
use serde::Deserialize;

use super::Output;
use crate::error::AgentError;
use crate::gate::twins;
use crate::run::Turn;

#[derive(Deserialize)]
pub(super) struct Name {
    path: String,
    pub(super) symbol: String,
    /// Counted from one.
    line: Option<usize>,
}

/// Where the name stands: the file and the offset. The output is for the model.
pub(super) async fn place(
    turn: &mut Turn,
    call: &CallId,
    name: &Name,
) -> Result<Result<(std::path::PathBuf, usize), Output>, AgentError> {
    let path = turn.path(&name.path);
    if let Err(output) = twins::look_into(turn, call, &path, &name.path).await? {
        return Ok(Err(output));
    }
    let text = match turn.world.files.read(&path) {
        Ok(file) => file.text,
        Err(error) => return Ok(Err(Output::failed(format!("failed to {error}")))),
    };
    turn.shared.learn(&text, &turn.settings.redactor);
    let seen = turn.shared.seen(&text, &turn.settings.redactor);
    // What is hidden is no name: or a model could ask for its letters.
    Ok(match find(&text, &name.symbol, name.line, |place| !seen.hides(&place)) {
        Some(at) => Ok((path, at)),
        None => Err(Output::failed(format!(
            "'{}' does not stand {}; grep finds where it does",
            name.symbol,
            name.line.map_or_else(|| "in that file".to_owned(), |line| format!("on line {line}"))
        ))),
    })
}

/// The first place of a whole word that counts, on that line where one is given.
fn find(text: &str, word: &str, line: Option<usize>, counts: impl Fn(Range<usize>) -> bool) -> Option<usize> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut start = 0;
    for (number, piece) in (1..).zip(text.split_inclusive('\n')) {
        if line.is_none_or(|line| line == number) && !word.is_empty() {
            let whole = piece.match_indices(word).find(|(at, _)| {
                let before = piece[..*at].chars().next_back();
                let behind = piece[at + word.len()..].chars().next();
                let is_whole = !before.is_some_and(is_part) && !behind.is_some_and(is_part);
                is_whole && counts(start + at..start + at + word.len())
            });
            if let Some((at, _)) = whole {
                return Some(start + at);
            }
        }
        start += piece.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_whole_word() {
        let text = "doubled = 1\nx = double(doubled)\ndouble\n";
        for (word, line, expect) in [
            ("double", None, Some(16)),
            ("double", Some(3), Some(32)),
            ("double", Some(1), None),
            ("doubled", None, Some(0)),
            ("ouble", None, None),
            ("", None, None),
        ] {
            assert_eq!(find(text, word, line, |_| true), expect, "{word} {line:?}");
        }
        assert_eq!(find(text, "double", None, |place| place.start > 20), Some(32));
    }
}
