//! How large a request is, in tokens, before anybody has counted them.
//!
//! Three numbers: what it will be, about, what it is kept room for, and what it can be at most. The first is a quarter
//! of the bytes, and is corrected by what models report. The second is for money: prose has four letters to a token, and
//! rows of digits, signs and other scripts have one character or less, so that a limit which trusts the first is passed
//! threefold by a table of numbers. Of prose and code it is about half as much again as the first. It is no bound: words
//! of letters at random have up to twice as many. The third is one: a token stands for a byte at least. It counts where
//! nobody reports what was sent.

use crate::image;
use crate::request::{Message, Request, ToolCall};

/// What providers put around a message or a tool, at most, in tokens.
const FRAME: u64 = 16;

/// What they put in front of a request with tools: Anthropic's is 346, and the longest of those that are told.
const FRAME_OF_TOOLS: u64 = 500;

/// Bytes to a token, as we estimate.
const USUAL_TOKEN: u64 = 4;

impl Request {
    /// The bytes of all texts that are sent; an image has as many as its tokens would.
    pub fn bytes(&self) -> u64 {
        let mut bytes = (self.images() * image::TOKENS) as u64 * USUAL_TOKEN;
        self.texts(&mut |text| bytes += text.len() as u64);
        bytes
    }

    /// About how many tokens it is: a quarter of its bytes.
    pub fn estimated_tokens(&self) -> u64 {
        self.bytes().div_ceil(USUAL_TOKEN)
    }

    /// How many tokens it has at most where it is made of what people and programs write.
    pub fn most_tokens(&self) -> u64 {
        self.framed(most)
    }

    /// More tokens than that it has by no tokenizer: each byte is one.
    pub fn byte_tokens(&self) -> u64 {
        self.framed(|text| text.len() as u64)
    }

    /// The tokens of all that is sent, with what is put around it.
    fn framed(&self, of: impl Fn(&str) -> u64) -> u64 {
        let mut tokens = (self.images() * image::TOKENS) as u64;
        self.texts(&mut |text| tokens += of(text));
        tokens += self.tools.iter().map(|tool| of(&tool.name)).sum::<u64>();
        tokens += self.schema.iter().map(|schema| of(&schema.to_string())).sum::<u64>();
        let framed = self.messages.len() + self.tools.len() + 1;
        let of_tools = if self.tools.is_empty() { 0 } else { FRAME_OF_TOOLS };
        tokens + framed as u64 * FRAME + of_tools
    }

    fn images(&self) -> usize {
        let of = |message: &Message| match message {
            Message::User { images, .. } => images.len(),
            Message::Assistant { .. } | Message::ToolResults { .. } => 0,
        };
        self.messages.iter().map(of).sum()
    }

    /// Shows every text that is sent.
    fn texts(&self, see: &mut impl FnMut(&str)) {
        see(&self.system);
        for message in &self.messages {
            match message {
                Message::User { text, .. } => see(text),
                Message::Assistant { text, calls, carried } => {
                    see(text);
                    for ToolCall { name, arguments, .. } in calls {
                        see(name);
                        see(&arguments.raw);
                    }
                    for piece in carried {
                        see(&piece.value.to_string());
                    }
                }
                Message::ToolResults { results } => results.iter().for_each(|result| see(&result.text)),
            }
        }
        for tool in &self.tools {
            see(&tool.description);
            see(&tool.parameters.to_string());
        }
        if let Some(hole) = &self.infill {
            see(&hole.prefix);
            see(&hole.suffix);
            for part in &hole.extra {
                see(&part.name);
                see(&part.text);
            }
        }
    }
}

/// Letters of a word that people write; a longer row of them is no word, and is cut into pieces of two.
const LONGEST_WORD: u64 = 12;

/// The tokens of a text, at most as it is written. Tokenizers cut words into pieces of three small letters or more, with
/// the capital or the blank before them; rows of capitals, and of signs, into pairs at the worst. A digit may be one
/// alone, and so may each byte of another script.
#[derive(Clone, Copy, Debug, Default)]
struct Most {
    /// Of the rows that have ended.
    tokens: u64,
    kind: Kind,
    /// Bytes of the row that goes on.
    row: u64,
}

/// What a row is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    /// Each of its bytes may be a token.
    #[default]
    Bytes,
    Blanks,
    Capitals,
    /// Small letters, behind one capital or none.
    Word,
    Signs,
}

impl Kind {
    const fn of(byte: u8) -> Self {
        match byte {
            b' ' => Self::Blanks,
            b'A'..=b'Z' => Self::Capitals,
            b'a'..=b'z' => Self::Word,
            byte if byte.is_ascii_punctuation() => Self::Signs,
            _ => Self::Bytes,
        }
    }

    /// The most tokens of a row.
    const fn tokens(self, row: u64) -> u64 {
        match self {
            Self::Bytes => row,
            // It goes with the word behind it.
            Self::Blanks if row == 1 => 0,
            Self::Blanks => row.div_ceil(4),
            Self::Capitals if row == 1 => 1,
            Self::Capitals => row.div_ceil(2),
            Self::Word if row > LONGEST_WORD => row.div_ceil(2),
            Self::Word => row.div_ceil(3),
            Self::Signs => (row * 2).div_ceil(3),
        }
    }
}

impl Most {
    fn read(&mut self, text: &str) {
        for byte in text.bytes() {
            let kind = Kind::of(byte);
            // The capital of a word counts with its letters.
            let is_word = kind == Kind::Word && self.kind == Kind::Capitals && self.row == 1;
            if kind == self.kind || is_word {
                self.row += 1;
            } else {
                self.tokens += self.kind.tokens(self.row);
                self.row = 1;
            }
            self.kind = kind;
        }
    }

    const fn tokens(&self) -> u64 {
        self.tokens + self.kind.tokens(self.row)
    }
}

/// The most tokens of a whole text.
fn most(text: &str) -> u64 {
    let mut most = Most::default();
    most.read(text);
    most.tokens()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_no_more_tokens_than_its_kind_of_characters_can() {
        let check = |text: &str, expect: u64| assert_eq!(most(text), expect, "{text:?}");
        check("", 0);
        check("the cat sat", 3);
        check("The quick brown fox", 1 + 2 + 2 + 1);
        check("readFile HTTPServer", 2 + 2 + 3 + 2);
        check("x = 3.14159", 1 + 1 + 1 + 1 + 5);
        check("        y", 3);
        check("0123456789", 10);
        check("{\"a\": []}", 2 + 1 + 2 + 2);
        check("\n\n\t", 3);
        check("QmFzZTY0", 5);
        check("mzxwytbomfzxi", 7);
        check("\u{65e5}\u{672c}", 6);
        check("\u{1f600}", 4);
    }

    #[test]
    fn a_request_is_never_taken_for_less_than_it_will_be() {
        let prose =
            "Renames the function in every file that calls it, and says which of them it could not read.";
        let digits = "3.1415926535897932384626433832795028841971693993751";
        for (text, least) in [(prose, prose.len() / 4), (digits, digits.len() - 1)] {
            let request = Request { messages: vec![Message::user(text)], ..Request::default() };
            let (likely, most) = (request.estimated_tokens(), request.most_tokens());
            assert!(most >= least as u64 && most >= likely, "{text}: {likely}, {most}");
            assert_eq!(request.byte_tokens(), text.len() as u64 + 2 * FRAME, "{text}");
        }
    }
}
