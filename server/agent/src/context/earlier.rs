//! What a chat document says before its last turn: as a model is told it, and whether it was told just that.
//!
//! A conversation that goes on is known to its model; the document of one that was begun elsewhere, or was changed, is
//! told as a text. Whoever sends the next turn has to know whether that text is still what the document says: turns that
//! the person took out must not be sent again.
//!
//! # Invariants
//! - Space counts for nothing, and neither do turns that nobody wrote into: editors and formatters move both.
//! - Of a text that was too long for its room, the end that was told has to be there still.

use copydesk_language::chat;

use super::prompt::{LEFT_OUT, Piece, TOO_LONG, fenced, last_lines};

const OPENING: &str = "\nThe conversation so far, as a file tells it:\n";

/// What was said before the last turn of a chat document; empty where that is the first one.
pub(crate) fn earlier(text: &str, most: usize) -> Piece {
    let turns = chat::turns(text);
    let before = said(text, turns.split_last().map_or(&[][..], |(_, before)| before));
    if before.is_empty() {
        return Piece::default();
    }
    let Piece { text, cut } = last_lines(&before, most);
    Piece { text: format!("{OPENING}{}", fenced(&text)), cut }
}

/// Whether a message told what the whole turns of `text` say, and nothing else. `written` gives a text as the journal
/// has it, from which the message is.
pub fn was_told(message: &str, text: &str, written: impl Fn(&str) -> String) -> bool {
    let now = chat::squeezed(&written(&said(text, &chat::turns(text))));
    told(message).is_some_and(|told| match told.strip_prefix(LEFT_OUT) {
        Some(end) => now.ends_with(&chat::squeezed(end)),
        None => told == TOO_LONG || now == chat::squeezed(told),
    })
}

fn said(text: &str, turns: &[chat::Turn]) -> String {
    let written = turns.iter().filter(|turn| !turn.words(text).is_empty());
    let said = written.map(|turn| format!("{}:\n{}", turn.role.name(), turn.words(text)));
    said.collect::<Vec<_>>().join("\n\n")
}

/// What a message tells of a document.
fn told(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once(OPENING)?;
    let (fence, rest) = rest.split_once('\n')?;
    rest.split_once(&format!("\n{fence}\n")).map(|(told, _)| told)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "---\nmodel: m\n---\n# User\n\na\n\n# Assistant\n\n```\none\n```\n\n# User\n\n\n# User\n\nb\n";

    #[test]
    fn a_message_tells_the_turns_before_the_last() {
        let whole = "User:\na\n\nAssistant:\n```\none\n```";
        let expect = format!("{OPENING}````\n{whole}\n````\n");
        assert_eq!(earlier(TEXT, 1_000), Piece { text: expect, cut: 0 });
        assert_eq!(earlier("# User\n\na\n", 1_000), Piece::default());
    }

    #[test]
    fn it_was_told_as_long_as_the_document_says_just_that() {
        let before = |text: &str| text[..text.rfind("# User").unwrap()].to_owned();
        let now = before(TEXT);
        for (text, expect) in [
            (now.clone(), true),
            (now.replace("\na\n", "\n  a\n\n"), true),
            (now.replace("\na\n", "\nA\n"), false),
            (now.replace("# User\n\na\n\n", ""), false),
            (now.replace("# User\n\n\n", ""), true),
            (now.replace("```\none\n```", ""), false),
            (format!("{now}# User\n\nmore\n"), false),
            (String::new(), false),
        ] {
            let message = format!("Rules from here:\nnone\n\n{}Asked: b\n", earlier(TEXT, 1_000).text);
            assert_eq!(was_told(&message, &text, str::to_owned), expect, "{text}");
        }
        assert!(!was_told("a", &now, str::to_owned), "nothing was told");
    }

    #[test]
    fn of_what_was_cut_the_end_counts() {
        let long = format!("# User\n\nfirst\n\n# Assistant\n\n{}last\n\n# User\n\nb\n", "line\n".repeat(40));
        let message = earlier(&long, 50).text;
        let now = &long[..long.rfind("# User").unwrap()];
        for (text, expect) in
            [(now.to_owned(), true), (now.replace("first", "1st"), true), (now.replace("last", ""), false)]
        {
            assert_eq!(was_told(&message, &text, str::to_owned), expect, "{text}");
        }
    }
}
