//! The one renderer of text that a person decides by.
//!
//! What a model or a file wrote may be in it, so it is bounded and made harmless: control, bidirectional and
//! zero-width characters are written out, link syntax is broken, and nothing is longer than [`LONGEST`] characters.

use copydesk_base::letter::{is_needed, is_unseen};

/// The longest prompt, in characters.
pub(crate) const LONGEST: usize = 400;

/// A text for a prompt, and whether it is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rendered {
    pub(crate) text: String,
    pub(crate) whole: bool,
}

/// As much of the literal is always there, if it is that long.
const LITERAL: usize = 200;

/// As much of the rules is always there, if they are that long.
const RULES: usize = 100;

const BEFORE_RULES: &str = "\n(Always allow stores: ";
const BEHIND_RULES: &str = ")";

/// `head`, the `literal` text made harmless, `tail`, and the rules that *Always* would store, if there are any.
///
/// Where that is too long, the rules are shortened first, then the literal, and the head only for the sake of the
/// literal. It is whole if nothing was shortened: nobody allows or stores what they could not read.
pub(crate) fn prompt(head: &str, literal: &str, tail: &str, rules: &str) -> Rendered {
    let literal = harmless(literal);
    let frame = if rules.is_empty() { 0 } else { length(BEFORE_RULES) + length(BEHIND_RULES) };
    let room = LONGEST.saturating_sub(length(tail) + frame);
    let (least_literal, least_rules) = (length(&literal).min(LITERAL), length(rules).min(RULES));
    let head = without_middle(head, room.saturating_sub(least_literal + least_rules));
    let room = room.saturating_sub(length(&head.text));
    let literal = shortened(&literal, room.saturating_sub(least_rules));
    let rules = shortened(rules, room.saturating_sub(length(&literal.text)));
    let mut text = format!("{}{}{tail}", head.text, literal.text);
    if frame > 0 {
        text += &format!("{BEFORE_RULES}{}{BEHIND_RULES}", rules.text);
    }
    Rendered { text, whole: head.whole && literal.whole && rules.whole }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// The first characters of a text, and `…` for the rest.
fn shortened(text: &str, room: usize) -> Rendered {
    if length(text) <= room {
        return Rendered { text: text.to_owned(), whole: true };
    }
    let kept = text.chars().take(room.saturating_sub(1));
    Rendered { text: kept.chain(['…']).collect(), whole: false }
}

/// A text with `…` for its middle: a head ends with what it says about the literal.
fn without_middle(text: &str, room: usize) -> Rendered {
    let (length, end) = (length(text), room / 2);
    if length <= room {
        return Rendered { text: text.to_owned(), whole: true };
    }
    let first = text.chars().take(room.saturating_sub(end + 1));
    let text = first.chain(['…']).chain(text.chars().skip(length - end)).collect();
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
            c if is_unseen(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// The text without characters that move a terminal's cursor or turn its reading order.
pub fn visible(text: &str) -> String {
    // A line may end as it does on Windows.
    text.replace("\r\n", "\n")
        .chars()
        .map(|character| match character {
            '\t' | '\n' => character,
            unseen if is_unseen(unseen) && !is_needed(unseen) => '\u{fffd}',
            other => other,
        })
        .collect()
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
            ("2\u{2028}3\u{180d}4", "2\\u{2028}3\\u{180d}4"),
            ("<a href=x>", "< a href=x>"),
            ("a < b > c", "a < b > c"),
        ] {
            assert_eq!(harmless(text), shown);
        }
    }

    #[test]
    fn a_terminal_shows_what_scripts_need_and_turns_nothing_around() {
        for (text, shown) in [
            ("a\r\n\tb", "a\n\tb"),
            ("a\rb\u{1b}[2J", "a\u{fffd}b\u{fffd}[2J"),
            ("\u{202e}x\u{2066}\u{61c}\u{ad}\u{e0041}", "\u{fffd}x\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
            ("👩\u{200d}🚀 ❤\u{fe0f} می\u{200c}خواهم", "👩\u{200d}🚀 ❤\u{fe0f} می\u{200c}خواهم"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn a_prompt_is_never_longer_than_the_limit() {
        let text = |count: usize, letter: &str| letter.repeat(count);
        for (head, literal, tail, rules, whole) in [
            (4, 2, 1, 0, true),
            (4, 2, 1, 10, true),
            (20, 380, 0, 0, true),
            (20, 1000, 1, 0, false),
            (20, 1000, 0, 1000, false),
            (20, 100, 0, 1000, false),
            (20, 1000, 12, 30, false),
            (2000, 2, 0, 0, false),
            (2000, 1000, 12, 1000, false),
        ] {
            let (l, r) = (text(literal, "l"), text(rules, "r"));
            let rendered = prompt(&(text(head, "h") + ":"), &l, &text(tail, "t"), &r);
            let what = format!("{head} {literal} {tail} {rules}: {}", rendered.text);
            assert!(length(&rendered.text) <= LONGEST, "{what}");
            assert_eq!(rendered.whole, whole && head + literal < LONGEST, "{what}");
            let count = |letter: char| rendered.text.matches(letter).count();
            let shown = rendered.text.split("\n(Always").next().unwrap_or_default();
            assert!(shown.matches('l').count() >= literal.min(LITERAL - 1), "{what}");
            assert!(rendered.text.contains(':') && count('t') >= tail, "{what}");
            assert_eq!(rendered.text.ends_with(')'), rules > 0, "{what}");
        }
    }

    #[test]
    fn long_rules_leave_the_command_to_be_read() {
        let rules = vec!["Bash(echo one)"; 100].join(", ");
        let rendered = prompt("Run:\n", "echo one && echo two", "", &rules);
        assert!(
            rendered.text.starts_with("Run:\necho one && echo two\n(Always allow stores: Bash(echo one), ")
        );
        assert!(rendered.text.ends_with("…)") && !rendered.whole);
    }
}
