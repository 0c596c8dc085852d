//! Where an answer stands in its document: the edits that make room for it, and those that make it longer.

use std::fmt::Write as _;

use copydesk_base::{SessionId, Span, TextEdit};
use copydesk_language::chat::{Role, turns};
use copydesk_text::front_matter;
use copydesk_text::rebase::{self, Rebased};

use super::said::NOTE;

/// The edits that a text wants, and where the answer stands in what results.
pub(super) type Wanted = (Vec<TextEdit>, Span);

/// What stands below an answer, so that the person can type on while it comes.
const NEXT: &str = "\n\n# User\n\n";

/// A document whose last turn is being answered: it names the session, and has a turn for the answer and for what the
/// person says next. The answer of the turn `cut` says that it was cut off.
pub(super) fn begun(text: &str, session: &SessionId, cut: Option<usize>) -> Wanted {
    let mut edits = Vec::new();
    let parts = front_matter::split(text).filter(|parts| parts.closing.is_some());
    let tree = front_matter::parse(text);
    let named = tree.root().and_then(|root| root.get("session"));
    let mut top = match (&parts, named) {
        (Some(_), Some(named)) if named.scalar_text() == Some(session.as_str()) => String::new(),
        (Some(_), Some(named)) => {
            let is_empty = named.span().is_empty();
            let space = if is_empty { " " } else { "" };
            edits.push(TextEdit { span: named.span(), text: format!("{space}{session}") });
            String::new()
        }
        // Between brackets there is no line for it: the conversation is begun anew each time.
        (Some(parts), None) if parts.yaml.of(text).trim_start().starts_with('{') => String::new(),
        (Some(parts), None) => {
            let before = Span::at(parts.closing.map_or(parts.yaml.end, |closing| closing.start));
            edits.push(TextEdit { span: before, text: as_in(text, &format!("session: {session}\n")) });
            String::new()
        }
        (None, _) => format!("---\nsession: {session}\n---\n\n"),
    };
    let turns = turns(text);
    if turns.iter().all(|turn| turn.heading.is_empty()) {
        let _ = write!(top, "{}\n\n", Role::User.heading());
    }
    if !top.is_empty() {
        let start = parts.map_or(0, |parts| parts.body.start);
        edits.push(TextEdit { span: Span::at(start), text: as_in(text, &top) });
    }
    if let Some(turn) = cut.and_then(|cut| turns.get(cut)).filter(|turn| turn.role == Role::Assistant) {
        let words = turn.body.of(text).trim_end();
        let end = if words.is_empty() { turn.heading.end } else { turn.body.start + words.len() };
        let note = as_in(text, &format!("\n\n{NOTE}the answer was cut off"));
        edits.push(TextEdit { span: Span::at(end), text: note });
    }
    let gap = "\n"
        .repeat(2 - text.replace('\r', "").bytes().rev().take_while(|byte| *byte == b'\n').count().min(2));
    let heading = as_in(text, &format!("{gap}{}\n\n", Role::Assistant.heading()));
    let next = as_in(text, NEXT);
    edits.push(TextEdit { span: Span::at(text.len()), text: format!("{heading}{next}") });
    let grown: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let gone: usize = edits.iter().map(|edit| edit.span.len()).sum();
    (edits, Span::at(text.len() + grown - gone - next.len()))
}

/// A document in which the answer says these words, if nobody else wrote into it since.
pub(super) fn grown(before: &str, answer: Span, now: &str, words: &str) -> Option<Wanted> {
    // A piece of a line, so that it stays where it is and is no new line between two others.
    let [Rebased::Moved(there)] = rebase::rebase(before, &[(answer, "-")], now)[..] else { return None };
    let edit = match words.strip_prefix(there.of(now)) {
        Some(more) => TextEdit { span: Span::at(there.end), text: more.to_owned() },
        None => TextEdit { span: there, text: words.to_owned() },
    };
    Some((vec![edit], Span::new(there.start, there.start + words.len())))
}

/// Words with the line breaks of a text.
pub(super) fn as_in(text: &str, words: &str) -> String {
    if text.contains("\r\n") { words.replace("\r\n", "\n").replace('\n', "\r\n") } else { words.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(text: &str, (edits, answer): Wanted) -> String {
        let pairs: Vec<(Span, &str)> = edits.iter().map(|edit| (edit.span, edit.text.as_str())).collect();
        let mut after = rebase::apply(text, &pairs);
        after.insert(answer.end, '|');
        after
    }

    #[test]
    fn a_turn_is_begun_below_what_was_asked() {
        let next = "# Assistant\n\n|\n\n# User\n\n";
        for (text, expect) in [
            ("why?", format!("---\nsession: ses-1\n---\n\n# User\n\nwhy?\n\n{next}")),
            ("# User\nwhy?\n", format!("---\nsession: ses-1\n---\n\n# User\nwhy?\n\n{next}")),
            (
                "---\nmodel: a/b\n---\n# User\nwhy?\n\n\n",
                format!("---\nmodel: a/b\nsession: ses-1\n---\n# User\nwhy?\n\n\n{next}"),
            ),
            (
                "---\nsession: ses-1\n---\n# User\nwhy?\n\n",
                format!("---\nsession: ses-1\n---\n# User\nwhy?\n\n{next}"),
            ),
            (
                "---\nsession:\n---\n# User\nwhy?\n\n",
                format!("---\nsession: ses-1\n---\n# User\nwhy?\n\n{next}"),
            ),
            (
                "---\n{mode: plan}\n---\n# User\nwhy?\n\n",
                format!("---\n{{mode: plan}}\n---\n# User\nwhy?\n\n{next}"),
            ),
            (
                "---\nsession: ses-9\n---\nwhy?\n\n",
                format!("---\nsession: ses-1\n---\n# User\n\nwhy?\n\n{next}"),
            ),
            (
                "# User\r\nwhy?\r\n",
                format!("---\nsession: ses-1\n---\n\n# User\nwhy?\n\n{next}").replace('\n', "\r\n"),
            ),
        ] {
            assert_eq!(made(text, begun(text, &SessionId::from("ses-1"), None)), expect, "{text:?}");
        }
    }

    #[test]
    fn an_answer_that_was_cut_off_says_so_at_its_end() {
        let (head, next) =
            ("---\nsession: ses-1\n---\n# User\na\n\n# Assistant\n", "# Assistant\n\n|\n\n# User\n\n");
        let note = "\n\n> Copydesk: the answer was cut off";
        for (answer, expect) in
            [("\none\ntwo\n\n", format!("\none\ntwo{note}\n\n")), ("\n\n\n", format!("{note}\n\n\n\n"))]
        {
            let text = format!("{head}{answer}# User\nb\n\n");
            let head = if answer.trim().is_empty() { head.trim_end() } else { head };
            let expect = format!("{head}{expect}# User\nb\n\n{next}");
            assert_eq!(made(&text, begun(&text, &SessionId::from("ses-1"), Some(1))), expect, "{answer:?}");
        }
    }

    #[test]
    fn an_answer_grows_while_the_person_types_elsewhere() {
        let before = "# User\n\na\n\n# Assistant\n\nab\n\n# User\n\n";
        let at = before.find("ab").unwrap_or_default();
        let answer = Span::new(at, at + 2);
        for (now, words, expect) in [
            (before.to_owned(), "abc\nd", Some(before.replace("ab", "abc\nd|"))),
            (before.to_owned(), "xy", Some(before.replace("ab", "xy|"))),
            (format!("{before}next"), "abc", Some(format!("{}next", before.replace("ab", "abc|")))),
            (
                before.replacen("a\n", "aa\n", 1),
                "abc",
                Some(before.replacen("a\n", "aa\n", 1).replace("ab", "abc|")),
            ),
            (before.replace("ab", "ab, no"), "abc", None),
            ("gone".to_owned(), "abc", None),
        ] {
            let made = grown(before, answer, &now, words).map(|wanted| made(&now, wanted));
            assert_eq!(made, expect, "{now:?}");
        }
    }
}
