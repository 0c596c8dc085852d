//! The fewest tokens that a text can have, counted while it comes: by that a server is known that goes on behind the limit of an
//! answer, before it has reported anything.
//!
//! Tokenizers cut a text at words first: no token goes over the end of a word, of a number or of a row of signs. So each of them
//! is one token at least, and more where it is long. A blank goes with what follows, and so does one sign before a word. Of prose that makes
//! five tokens for six, of code about as many as there are; of rows of blanks, and of scripts without blanks, it says little,
//! and the bytes have to say it.
//!
//! Invariant: it is a bound from below for texts as models write them. Whoever acts on it leaves some room all the same, since
//! a few tokenizers put more into one ("don't", rows of line ends).

/// Letters of a word that may be one token, in bytes; longer ones are several.
const WORD: u64 = 16;

/// Digits of a number that may be one token.
const NUMBER: u64 = 4;

/// Signs in a row, or blanks, that may be one token.
const ROW: u64 = 64;

/// Bytes to a token of an answer that is all long words.
const LONG_TOKEN: u64 = 8;

/// What may come beyond that before anybody hangs up, in bytes.
const ROOM: u64 = 4 << 10;

/// The same in tokens.
const FEW: u64 = 128;

/// The fewest tokens of a text, piece by piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fewest {
    tokens: u64,
    bytes: u64,
    kind: Kind,
    /// Bytes of that kind before the next one.
    row: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Blank,
    /// Letters, and bytes of other scripts.
    Word,
    Number,
    Sign,
}

impl Kind {
    const fn of(byte: u8) -> Self {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => Self::Word,
            b'0'..=b'9' => Self::Number,
            b'!'..=b'~' => Self::Sign,
            _ => Self::Blank,
        }
    }

    /// How much of it may be one token.
    const fn longest(self) -> u64 {
        match self {
            Self::Word => WORD,
            Self::Number => NUMBER,
            Self::Sign | Self::Blank => ROW,
        }
    }
}

impl Fewest {
    /// The next piece.
    pub fn read(&mut self, piece: &str) {
        self.bytes += piece.len() as u64;
        for byte in piece.bytes() {
            let kind = Kind::of(byte);
            if kind == self.kind {
                if self.row > 0 && self.row.is_multiple_of(kind.longest()) {
                    self.tokens += 1;
                }
                self.row += 1;
                continue;
            }
            let is_with_sign = kind == Kind::Word && self.kind == Kind::Sign && self.row == 1;
            if kind != Kind::Blank && !is_with_sign {
                self.tokens += 1;
            }
            (self.kind, self.row) = (kind, 1);
        }
    }

    /// Bytes so far.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub const fn tokens(&self) -> u64 {
        self.tokens
    }

    /// Whether it is more than a server sends that ends at so many tokens.
    pub const fn is_past(&self, tokens: u64) -> bool {
        self.tokens > tokens + tokens / 4 + FEW || self.bytes > tokens * LONG_TOKEN + ROOM
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Fewest {
        let mut fewest = Fewest::default();
        fewest.read(text);
        fewest
    }

    #[test]
    fn a_text_has_no_fewer_tokens_than_words_numbers_and_rows_of_signs() {
        let check = |text: &str, expect: u64| assert_eq!(of(text).tokens(), expect, "{text:?}");
        check("", 0);
        check("the cat sat", 3);
        check("The cat, it sat.", 6);
        check("readFile(HTTPServer)", 3);
        check("https://example.com/a", 5);
        check("x = 3.14159", 6);
        check("0123456789", 3);
        check("internationally", 1);
        check("internationalization", 2);
        check("a\n        b\n", 2);
        check(&"-".repeat(80), 2);
        check(&" ".repeat(640), 9);
        check("r\u{e9}p\u{e9}ter", 1);
        check("\u{43f}\u{440}\u{438}\u{432}\u{435}\u{442}", 1);
        check(&"\u{65e5}".repeat(16), 3);
    }

    #[test]
    fn it_does_not_matter_where_a_text_is_cut() {
        let text = "fn main() { println!(\"{:>12} is 3.14159\", name_of(&it)); } // \u{65e5}\u{672c}";
        for (at, _) in text.char_indices() {
            let mut cut = of(&text[..at]);
            cut.read(&text[at..]);
            assert_eq!(cut, of(text), "{at}");
        }
    }

    #[test]
    fn an_answer_that_ends_at_its_limit_is_not_past_it() {
        // As tokenizers in use count these, with the fewest tokens of any.
        let prose =
            "Renames the function in every file that calls it, and says which of them it could not read.\n";
        let code =
            "    if let Some(found) = self.index.get(&name) {\n        return Ok(found.clone());\n    }\n";
        for (text, tokens) in [(prose, 20), (code, 23)] {
            let whole = text.repeat(400);
            assert!(!of(&whole).is_past(tokens * 400), "{text}");
            // And one that goes on for half as long again is.
            let more = text.repeat(600);
            assert!(of(&more).is_past(tokens * 380), "{text}: {}", of(&more).tokens());
        }
        assert!(of(&"word ".repeat(1_379)).is_past(1_000) && !of(&"word ".repeat(1_378)).is_past(1_000));
        assert!(of(&" ".repeat(12_097)).is_past(1_000) && !of(&" ".repeat(12_096)).is_past(1_000));
    }
}
