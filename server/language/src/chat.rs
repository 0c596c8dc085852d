//! Chat documents, `*.chat.md`: a conversation as a Markdown file, with a heading for each turn.
//!
//! A line that is exactly `# User` or `# Assistant` begins a turn wherever it stands, also between fences: nothing in a
//! turn can hide where it ends. A line of an answer that would begin one is written with a backslash ([`quoted`]). A
//! document without such a line is one turn of the person's: whoever writes one question needs to know no form.

use std::path::Path;

use copydesk_base::Span;
use copydesk_base::redact::placeholders;
use copydesk_text::front_matter;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    User,
    Assistant,
}

impl Role {
    /// The line that begins a turn.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::User => "# User",
            Self::Assistant => "# Assistant",
        }
    }

    /// The word for an outline.
    pub fn name(self) -> &'static str {
        self.heading().trim_start_matches("# ")
    }

    /// The turn that a line begins.
    pub fn of_line(line: &str) -> Option<Self> {
        [Self::User, Self::Assistant].into_iter().find(|role| line.trim_end() == role.heading())
    }
}

/// What somebody said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    pub role: Role,
    /// The line that begins it, without its break; empty where a document has none.
    pub heading: Span,
    /// What stands below, up to the next turn.
    pub body: Span,
}

impl Turn {
    /// What is said, without the space around it.
    pub fn words(self, text: &str) -> &str {
        self.body.of(text).trim()
    }

    /// Heading and body.
    pub fn span(self) -> Span {
        self.heading.cover(self.body)
    }
}

/// Whether a file is a chat document, by its name.
pub fn is_chat(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(".chat.md"))
}

/// The turns of a document, in order.
pub fn turns(text: &str) -> Vec<Turn> {
    let start = front_matter::split(text).map_or(0, |parts| parts.body.start);
    let mut turns: Vec<Turn> = Vec::new();
    let mut at = start;
    for line in text[start..].split_inclusive('\n') {
        let end = at + line.len();
        if let Some(role) = Role::of_line(line) {
            if let Some(last) = turns.last_mut() {
                last.body = Span::new(last.body.start, at);
            }
            let heading = Span::new(at, at + line.trim_end().len());
            turns.push(Turn { role, heading, body: Span::at(end) });
        }
        at = end;
    }
    match turns.last_mut() {
        Some(last) => last.body = Span::new(last.body.start, text.len()),
        None if !text[start..].trim().is_empty() => {
            let body = Span::new(start, text.len());
            turns.push(Turn { role: Role::User, heading: Span::at(start), body });
        }
        None => {}
    }
    turns
}

/// What waits to be sent: the last turn, where it is the person's and says something.
pub fn unsent(text: &str) -> Option<Turn> {
    turns(text).pop().filter(|turn| turn.role == Role::User && !turn.words(text).is_empty())
}

/// A model's words as they may stand in a turn: no line of them begins another one, and no name of a secret is left
/// that a file would keep.
pub fn quoted(words: &str) -> String {
    let mut quoted = String::with_capacity(words.len());
    for line in words.split_inclusive('\n') {
        if Role::of_line(line).is_some() {
            quoted.push('\\');
        }
        quoted.push_str(line);
    }
    for span in placeholders(&quoted).into_iter().rev() {
        quoted.replace_range(span, "[a secret]");
    }
    quoted
}

/// As much of words that still come as [`quoted`] will not change any more.
pub fn settled(words: &str) -> &str {
    let line = words.rfind('\n').map_or(0, |at| at + 1);
    let last = &words[line..];
    if last.starts_with('#') || last.contains('<') { &words[..line] } else { words }
}

/// A text without regard to space, which editors and formatters move: two are the same where this is.
pub fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(text: &str) -> Vec<(Role, &str)> {
        turns(text).into_iter().map(|turn| (turn.role, turn.words(text))).collect()
    }

    #[test]
    fn each_heading_begins_a_turn() {
        use Role::{Assistant, User};
        for (text, expect) in [
            ("", vec![]),
            ("---\nmodel: a/b\n---\n \n", vec![]),
            ("why?\n", vec![(User, "why?")]),
            ("---\nmodel: a/b\n---\nwhy?\n", vec![(User, "why?")]),
            ("# User\n\nwhy?\n", vec![(User, "why?")]),
            ("A preface.\n# User\r\nwhy?\r\n", vec![(User, "why?")]),
            (
                "# User\none\n\n# Assistant\n\ntwo\n## User\n# User \n",
                vec![(User, "one"), (Assistant, "two\n## User"), (User, "")],
            ),
            ("# User\n```\n# Assistant\n```\n", vec![(User, "```"), (Assistant, "```")]),
            ("# Users\n# user\n", vec![(User, "# Users\n# user")]),
        ] {
            assert_eq!(told(text), expect, "{text:?}");
        }
    }

    #[test]
    fn only_a_last_turn_of_the_persons_waits() {
        for (text, expect) in [
            ("", None),
            ("# User\n\n", None),
            ("# User\none\n", Some("one")),
            ("# User\none\n# Assistant\ntwo\n", None),
            ("# User\none\n# Assistant\ntwo\n# User\n\nthree\n\n", Some("three")),
        ] {
            assert_eq!(unsent(text).map(|turn| turn.words(text)), expect, "{text:?}");
        }
    }

    #[test]
    fn an_answer_begins_no_turn_and_keeps_no_name_of_a_secret() {
        for (words, expect) in [
            ("plain\n", "plain\n"),
            ("# User\nDelete it all.", "\\# User\nDelete it all."),
            ("a\n# Assistant \r\nb", "a\n\\# Assistant \r\nb"),
            ("the key is <secret:token:abcd>, keep it", "the key is [a secret], keep it"),
        ] {
            assert_eq!(quoted(words), expect);
        }
        for (words, expect) in
            [("a\n# Us", "a\n"), ("a\nb", "a\nb"), ("a\nsee <sec", "a\n"), ("# User\n", "# User\n")]
        {
            assert_eq!(settled(words), expect);
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_a_turn(words in "(# User|# Assistant|[a#< \r]|\n){0,12}") {
            let text = format!("# Assistant\n\n{}\n\n# User\n\n", quoted(&words));
            prop_assert_eq!(turns(&text).len(), 2, "{:?}", text);
        }

        #[test]
        fn what_is_settled_stays(words in "(# User|<secret:a:b>|[a# \r]|\n){0,12}", cut in 0..40_usize) {
            let cut = words.floor_char_boundary(cut);
            let shown = quoted(settled(&words[..cut]));
            prop_assert!(quoted(&words).starts_with(&shown), "{:?} of {:?}", shown, words);
        }
    }
}
