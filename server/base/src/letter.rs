//! Letters that nobody sees, in one list.
//!
//! They hide what somebody decides by: in a prompt, a command, a file's name, a suggestion in grey, a server's message,
//! a schema's words. Each room says what it does with one (writes it out, leaves it out, refuses); which these are is
//! said here only.

/// Whether a letter shows nothing of its own, or changes how others look: controls (tabs and line breaks, too), letters
/// without width, and those that turn the reading order.
#[must_use]
pub fn is_unseen(letter: char) -> bool {
    letter.is_control() || shows_nothing(letter)
}

/// The same without controls.
#[must_use]
pub const fn shows_nothing(letter: char) -> bool {
    is_joiner(letter)
        || is_selector(letter)
        || matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffc}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Those that ordinary text cannot do without: the joiners and selectors of scripts and emoji. They turn nothing
/// around.
#[must_use]
pub const fn is_needed(letter: char) -> bool {
    is_joiner(letter) || is_selector(letter)
}

/// Selectors choose the form of the letter before them (`❤` as a picture).
#[must_use]
pub const fn is_selector(letter: char) -> bool {
    matches!(letter, '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0f}')
}

/// Joiners stand within words (of Persian, of Hindi) and within emoji.
const fn is_joiner(letter: char) -> bool {
    matches!(letter, '\u{200c}' | '\u{200d}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_known_and_what_text_needs_is_told_apart() {
        let (unseen, needed) = ((true, false), (true, true));
        for (letters, expect) in [
            ("aß日 \u{a0}\u{2800}…👩", (false, false)),
            ("\t\n\r\0\u{1b}\u{7f}\u{85}", unseen),
            ("\u{ad}\u{34f}\u{61c}\u{115f}\u{17b4}\u{180e}\u{200b}\u{200e}\u{200f}", unseen),
            ("\u{2028}\u{2029}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{206f}\u{3164}", unseen),
            ("\u{feff}\u{ffa0}\u{fff9}\u{fffc}\u{1d173}\u{e0001}\u{e0041}\u{e0100}", unseen),
            ("\u{200c}\u{200d}\u{180b}\u{180f}\u{fe00}\u{fe0f}", needed),
        ] {
            for letter in letters.chars() {
                let found = (is_unseen(letter), is_needed(letter));
                assert_eq!(found, expect, "{}", letter.escape_unicode());
                assert_eq!(shows_nothing(letter), found.0 && !letter.is_control());
            }
        }
    }
}
