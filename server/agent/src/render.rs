//! The one renderer of text that a person decides by.
//!
//! What a model or a file wrote may be in it, so it is bounded and made harmless: control, bidirectional and
//! zero-width characters are written out, link syntax is broken, and nothing is longer than [`LONGEST`] characters.

/// The longest prompt, in characters.
pub(crate) const LONGEST: usize = 400;

/// A text for a prompt, and whether it is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rendered {
    pub(crate) text: String,
    pub(crate) whole: bool,
}

/// `head`, then the `literal` text made harmless, then `tail`; shortened in the literal part until it fits.
pub(crate) fn prompt(head: &str, literal: &str, tail: &str) -> Rendered {
    let frame = head.chars().count() + tail.chars().count();
    let room = LONGEST.saturating_sub(frame);
    let literal = harmless(literal);
    if literal.chars().count() <= room && frame <= LONGEST {
        return Rendered { text: format!("{head}{literal}{tail}"), whole: true };
    }
    let kept: String = literal.chars().take(room.saturating_sub(1)).collect();
    let text: String = format!("{head}{kept}…{tail}").chars().take(LONGEST).collect();
    Rendered { text, whole: false }
}

/// The text with everything written out that a terminal or an editor would not show as it is.
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => out.push('\n'),
            '\t' => out.push_str("\\t"),
            // `](` makes a link in Markdown, `://` and `<` make one elsewhere: a space takes them apart.
            ']' if chars.peek() == Some(&'(') => out.push_str("] "),
            ':' if chars.peek() == Some(&'/') => out.push_str(": "),
            '<' if chars.peek().is_some_and(|next| next.is_ascii_alphabetic() || *next == '!') => {
                out.push_str("< ");
            }
            c if is_hidden(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}'
            | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hides_and_nothing_links() {
        for (text, shown) in [
            ("rm -rf x", "rm -rf x"),
            ("a\u{202e}b\u{200b}c", "a\\u{202e}b\\u{200b}c"),
            ("\u{1b}[2Jgone\r", "\\u{1b}[2Jgone\\u{d}"),
            ("[free](https://x.example)", "[free] (https: //x.example)"),
            ("<a href=x>", "< a href=x>"),
            ("a < b > c", "a < b > c"),
        ] {
            assert_eq!(harmless(text), shown);
        }
    }

    #[test]
    fn a_prompt_is_never_longer_than_the_limit() {
        let short = prompt("Run ", "ls", "?");
        assert_eq!((short.text.as_str(), short.whole), ("Run ls?", true));
        let long = prompt("Run ", &"x".repeat(1000), "?");
        assert_eq!(long.text.chars().count(), LONGEST);
        assert!(long.text.ends_with("…?") && !long.whole);
    }
}
