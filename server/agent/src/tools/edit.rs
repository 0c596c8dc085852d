//! `edit`: replaces one exact, unique piece of a file.
//!
//! `path` · `old` the exact text that goes · `new` the text that comes · `all` every place where `old` stands
//!
//! The model need not know how lines end: `\n` in `old` also matches `\r\n`, and what comes gets the ends of its place.
//!
//! An edit is worked out in the text as the model sees it, and secrets come back last. So nothing that a model hears of
//! it depends on them: who writes a guess in a secret's place changes that line, whether the guess is right or not.

use copydesk_base::{CallId, Span};
use copydesk_provider::ToolSpec;
use copydesk_text::rebase;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Output, arguments};
use crate::changes::way::{self, Written, line_of};
use crate::error::AgentError;
use crate::gate::vault::Seen;
use crate::run::Turn;

#[derive(Deserialize)]
struct Arguments {
    path: String,
    old: String,
    new: String,
    #[serde(default)]
    all: bool,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "edit",
        "Replace the exact text `old`, which must stand in the file once, by `new`. With `all`, replace it everywhere.",
        json!({
            "type": "object",
            "properties": {
                "path": {"type": "string"},
                "old": {"type": "string"},
                "new": {"type": "string"},
                "all": {"type": "boolean"}
            },
            "required": ["path", "old", "new"]
        }),
    )
}

pub(super) async fn run(turn: &mut Turn, call: &CallId, value: Value) -> Result<Output, AgentError> {
    let Arguments { path, old, new, all } = match arguments(value) {
        Ok(arguments) => arguments,
        Err(output) => return Ok(output),
    };
    let places = if all { Places::All } else { Places::One };
    let shared = turn.shared.clone();
    way::change(turn, call, &path, |before, seen| match before {
        None => Err(format!("there is no file {path}; use write to create it")),
        Some(before) => {
            // Only what stands in this very place may come back.
            shared.restored(&new, &shared.restored(&old, before)?)?;
            replaced(before, seen, &old, &new, places).map(Written::Seen)
        }
    })
    .await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Places {
    One,
    All,
}

/// The text as the model sees it with `old` replaced, or a helpful reason why not. What is hidden does not match: its
/// letters could be guessed one by one.
fn replaced(before: &str, seen: &Seen, old: &str, new: &str, wanted: Places) -> Result<String, String> {
    if old.is_empty() {
        return Err("`old` is empty: name the exact text to replace, or use write".to_owned());
    }
    // As it is first: a file may end its lines in both ways.
    let crlf = to_crlf(old);
    let old = if seen.text.contains(old) { old } else { &crlf };
    let found = seen.text.match_indices(old).map(|(at, _)| at..at + old.len());
    let found = found.filter_map(|at| Some((seen.place(at.clone())?.start, Span::new(at.start, at.end))));
    let places: Vec<(usize, Span)> = found.collect();
    match (places.len(), wanted) {
        (0, _) => Err(not_found(before, seen, old)),
        (1, _) | (_, Places::All) => {
            let edits: Vec<(Span, String)> = places
                .into_iter()
                .map(|(_, span)| {
                    (span, if is_crlf(&seen.text, span) { to_crlf(new) } else { new.to_owned() })
                })
                .collect();
            Ok(rebase::apply(&seen.text, &edits))
        }
        (found, Places::One) => {
            let lines: Vec<String> =
                places.iter().take(5).map(|(start, _)| line_of(before, *start).to_string()).collect();
            Err(format!(
                "`old` stands {found} times (lines {}): make it longer so that it is unique, or set `all`",
                lines.join(", ")
            ))
        }
    }
}

/// Whether the lines of a place end with CRLF: the first end in it or behind it says so, else the last one before it.
fn is_crlf(text: &str, span: Span) -> bool {
    let end = text[span.start..].find('\n').map(|at| span.start + at);
    end.or_else(|| text[..span.start].rfind('\n')).is_some_and(|end| text[..end].ends_with('\r'))
}

fn to_crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// Says where the first line of `old` nearly stands, so that the model need not guess.
fn not_found(before: &str, seen: &Seen, old: &str) -> String {
    let first = old.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    let mut start = 0;
    let near = seen.text.split_inclusive('\n').find_map(|whole| {
        let at = start;
        start += whole.len();
        let line = whole.trim_end_matches(['\n', '\r']);
        let place = seen.place(at..at).filter(|_| !first.is_empty() && line.trim() == first)?;
        Some((line_of(before, place.start), line))
    });
    match near {
        Some((number, line)) => format!(
            "`old` does not stand in the file. Its first line is like line {number}, which reads exactly:\n{line}\n\
             Read the file and copy the text exactly, spaces included"
        ),
        None => "`old` does not stand in the file. Read the file and copy the text exactly".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::vault::Vault;
    use copydesk_base::Redactor;
    use copydesk_base::id::CountingIds;

    /// The same where nothing is hidden.
    fn in_plain(before: &str, old: &str, new: &str, places: Places) -> Result<String, String> {
        replaced(before, &seen(before, &Redactor::default()), old, new, places)
    }

    fn seen(before: &str, redactor: &Redactor) -> Seen {
        Vault::default().seen(before, redactor, &CountingIds::default())
    }

    #[test]
    fn what_is_hidden_does_not_match_letter_by_letter() {
        let text = "ä\nkey = hush-0123456789\nother = 1\n";
        let seen = seen(text, &Redactor::new(["hush-0123456789".to_owned()]));
        let word = "<secret:provider-key:1>";
        assert_eq!(seen.text, format!("ä\nkey = {word}\nother = 1\n"));
        let missing = "`old` does not stand in the file. Read the file and copy the text exactly";
        for (old, new, expected) in [
            ("key = h", "key = h", Err(missing)),
            ("hush-0123456789", "x", Err(missing)),
            ("key = hush-0123456789\nz", "x", Err(missing)),
            ("6789\nother", "x", Err(missing)),
            ("provider-key", "x", Err(missing)),
            ("key = <", "x", Err(missing)),
            ("key = ", "k = ", Ok("ä\nk = SECRET\nother = 1\n")),
            ("other = 1", "other = 2", Ok("ä\nkey = SECRET\nother = 2\n")),
            (&format!("= {word}\nother"), "= SECRET\nmore", Ok("ä\nkey = SECRET\nmore = 1\n")),
            // A guess is a change, right or wrong.
            (word, "hush-0123456789", Ok("ä\nkey = hush-0123456789\nother = 1\n")),
        ] {
            let new = new.replace("SECRET", word);
            let expected = expected.map(|text: &str| text.replace("SECRET", word)).map_err(str::to_owned);
            assert_eq!(replaced(text, &seen, old, &new, Places::One), expected, "{old}");
        }
        let near = replaced(text, &seen, "other = 1\nz", "x", Places::One).unwrap_err();
        assert!(near.contains("is like line 3,"), "{near}");
    }

    #[test]
    fn an_edit_is_exact_and_unique() {
        let text = "a = 1\nb = 1\n  c = 2\n";
        assert_eq!(in_plain(text, "a = 1", "a = 3", Places::One).unwrap(), "a = 3\nb = 1\n  c = 2\n");
        assert_eq!(in_plain(text, "= 1", "= 3", Places::All).unwrap(), "a = 3\nb = 3\n  c = 2\n");
        for (old, reason) in [
            ("= 1", "`old` stands 2 times (lines 1, 2)"),
            ("", "`old` is empty"),
            ("zzz", "`old` does not stand in the file. Read"),
            ("c = 2\nd", "Its first line is like line 3, which reads exactly:\n  c = 2\n"),
        ] {
            let said = in_plain(text, old, "x", Places::One).unwrap_err();
            assert!(said.contains(reason), "{said}");
        }
    }

    #[test]
    fn line_ends_of_the_place_are_kept() {
        for (text, old, new, expect) in [
            ("one\r\ntwo\r\n3\r\n", "one\ntwo", "1\n2\n2b", "1\r\n2\r\n2b\r\n3\r\n"),
            ("one\r\ntwo\r\n", "two", "2\n2b", "one\r\n2\r\n2b\r\n"),
            ("one\r\ntwo", "two", "2\n2b", "one\r\n2\r\n2b"),
            ("one\ntwo\r\n3\n4\n", "3\n4", "a\nb", "one\ntwo\r\na\nb\n"),
            ("one\ntwo\r\nend\r\n3\n", "two\nend", "a\nb", "one\na\r\nb\r\n3\n"),
            ("x\ny\r\n", "x\n", "a\nb\n", "a\nb\ny\r\n"),
        ] {
            assert_eq!(in_plain(text, old, new, Places::One).unwrap(), expect, "{text:?}");
        }
        assert_eq!(in_plain("a\na\r\n", "a", "b\nc", Places::All).unwrap(), "b\nc\nb\r\nc\r\n");
    }
}
