//! The fewest tokens that a text can have, counted while it comes: by that a server is known that goes on behind the
//! limit of an answer, before it has reported anything.
//!
//! Tokenizers cut a text at words first: no token goes over the end of a word, of a number or of a row of signs. So
//! each of them is one token at least, and more where it is long. A blank goes with what follows, so does one sign
//! before a word, and an apostrophe is a part of its word. Of prose that makes five tokens for six, of code about as
//! many as there are; of scripts without blanks it says little, and the letters have to say it.
//!
//! Letters are weighed, not bytes: rows of blanks or of one sign, as tables, boxes and deep code have them, weigh as
//! one; an escape of JSON (`\u0441`) weighs as the letter that it stands for; a letter of the scripts that need no
//! blanks, or a picture, weighs as much as four, since no tokenizer in use has more than two or three of them in a
//! token on average.
//!
//! Invariant: an answer that ends at its limit is never past it, in whatever language, script or layout it is written:
//! who is hung up on by mistake loses an answer that is paid for. A server that lies may go on for a while instead.

/// Letters of a word that may be one token; longer ones are several.
const WORD: u64 = 16;

/// Digits of a number that may be one token.
const NUMBER: u64 = 4;

/// Signs in a row that may be one token, and blanks.
const ROW: u64 = 64;
const BLANKS: u64 = 128;

/// Letters of a row from which on it is no word of a language: what encodes bytes has no blanks.
const NO_WORD: u64 = 48;

/// Letters of such a row that may be one token.
const PIECE: u64 = 6;

/// The weight of a letter where words are written without blanks, and of a picture.
const DENSE: u64 = 4;

/// Weight to a token of an answer that is all long words: English that is chosen for them has 8.7, as two tokenizers in
/// use count it, Korean 6.4, Chinese 5.8, German and Russian 4.9; code and tables have less than 4.
const LONG_TOKEN: u64 = 10;

/// What may come beyond that before anybody hangs up, in weight.
const ROOM: u64 = 4 << 10;

/// The same in tokens.
const FEW: u64 = 128;

/// The fewest tokens of a text, piece by piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fewest {
    tokens: u64,
    weight: u64,
    bytes: u64,
    kind: Kind,
    /// Letters of that kind before the next one.
    row: u64,
    last: Option<char>,
    escape: Escape,
}

/// How far an escape of JSON has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    Backslash,
    /// So many digits behind `\u`, and what they come to.
    Digits(u8, u32),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Blank,
    Word,
    Number,
    Sign,
}

impl Kind {
    fn of(letter: char) -> Self {
        match letter {
            '\'' | '\u{2019}' => Self::Word,
            '0'..='9' => Self::Number,
            letter if letter.is_whitespace() || letter.is_control() => Self::Blank,
            letter if letter.is_ascii_punctuation() => Self::Sign,
            letter if letter.is_alphanumeric() || is_dense(letter) => Self::Word,
            // Boxes and dashes come in rows, marks of other scripts within words.
            '\u{2000}'..='\u{2bff}' => Self::Sign,
            _ => Self::Word,
        }
    }

    /// How much of it may be one token.
    const fn longest(self) -> u64 {
        match self {
            Self::Word => WORD,
            Self::Number => NUMBER,
            Self::Sign => ROW,
            Self::Blank => BLANKS,
        }
    }
}

/// Whether a letter belongs to a script without blanks between words whose signs are many, or is a picture.
const fn is_dense(letter: char) -> bool {
    matches!(letter, '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..)
}

impl Fewest {
    /// The next piece.
    pub fn read(&mut self, piece: &str) {
        self.bytes += piece.len() as u64;
        for letter in piece.chars() {
            self.unescape(letter);
        }
    }

    /// Takes the next letter, or a part of an escape.
    fn unescape(&mut self, letter: char) {
        self.escape = match (self.escape, letter) {
            (Escape::None, '\\') => Escape::Backslash,
            (Escape::None, letter) => {
                self.letter(letter);
                Escape::None
            }
            (Escape::Backslash, 'u') => Escape::Digits(0, 0),
            (Escape::Backslash, letter) => {
                self.letter(if matches!(letter, 'n' | 'r' | 't') { ' ' } else { letter });
                Escape::None
            }
            (Escape::Digits(count, value), letter) => match letter.to_digit(16) {
                Some(digit) if count < 3 => Escape::Digits(count + 1, value << 4 | digit),
                Some(digit) => {
                    // Half of a pair is a picture, or as rare.
                    self.letter(char::from_u32(value << 4 | digit).unwrap_or('\u{ff00}'));
                    Escape::None
                }
                None => {
                    self.letter(letter);
                    Escape::None
                }
            },
        };
    }

    fn letter(&mut self, letter: char) {
        let kind = Kind::of(letter);
        let is_more_of_it = self.last.replace(letter) == Some(letter);
        if !(is_more_of_it && matches!(kind, Kind::Blank | Kind::Sign)) {
            self.weight += if is_dense(letter) { DENSE } else { 1 };
        }
        if kind == self.kind {
            let longest = if kind == Kind::Word && self.row >= NO_WORD && letter.is_ascii() {
                PIECE
            } else {
                kind.longest()
            };
            if self.row > 0 && self.row.is_multiple_of(longest) {
                self.tokens += 1;
            }
            self.row += 1;
            return;
        }
        let is_with_sign = kind == Kind::Word && self.kind == Kind::Sign && self.row == 1;
        if kind != Kind::Blank && !is_with_sign {
            self.tokens += 1;
        }
        (self.kind, self.row) = (kind, 1);
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
        self.tokens > tokens + tokens / 4 + FEW || self.weight > tokens * LONG_TOKEN + ROOM
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
        check(&" ".repeat(640), 4);
        check("r\u{e9}p\u{e9}ter", 1);
        check("\u{43f}\u{440}\u{438}\u{432}\u{435}\u{442}", 1);
        check(&"\u{65e5}".repeat(17), 2);
        check("we don't, it\u{2019}s", 4);
        check(r"\u043f\u0440\u0438\u0432\u0435\u0442 there", 2);
        check(r"a\nb", 2);
        check(&"q".repeat(72), 7);
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
        // Layout weighs little, and what encodes bytes is seen all the same.
        for (text, tokens) in [
            (
                "| name        | value                        |\n|-------------|------------------------------|\n",
                21,
            ),
            ("┌──────────────────────────┐\n│ Welcome                  │\n", 12),
            ("                                    {transaction.description}\n", 6),
            ("Эта функция сначала сортирует список, а затем проверяет каждое значение. ", 16),
            ("यह फ़ंक्शन पहले सूची को क्रम में लगाता है और फिर हर मान की जाँच करता है। ", 20),
            (r"\u042d\u0442\u0430 \u0444\u0443\u043d\u043a\u0446\u0438\u044f ", 3),
        ] {
            assert!(!of(&text.repeat(400)).is_past(tokens * 400), "{text}");
        }
        assert!(of(&"qZxVbKpW".repeat(2_000)).is_past(1_000));
    }
}
