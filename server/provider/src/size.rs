//! How large a request is, in tokens, before anybody has counted them.
//!
//! Two numbers: what it will be, about, and what it can be at most. The first is a quarter of the bytes, and is
//! corrected by what models report. The second is for money: prose has four letters to a token, and rows of digits,
//! signs and other scripts have one character or less, so that a limit which trusts the first is passed threefold by a
//! table of numbers. Of prose and code the second is about half as much again as the first.

use crate::image;
use crate::request::{Message, Request, ToolCall};

/// What providers put around a message or a tool, at most, in tokens.
const FRAME: u64 = 16;

/// What they put in front of a request with tools: Anthropic's is 346, and the longest of those that are told.
const FRAME_OF_TOOLS: u64 = 500;

impl Request {
    /// About how many tokens it is: a quarter of its bytes.
    pub fn estimated_tokens(&self) -> u64 {
        let mut bytes = self.images() * image::TOKENS * 4;
        self.texts(&mut |text| bytes += text.len());
        bytes.div_ceil(4) as u64
    }

    /// How many tokens it can be at most, by the tokenizers in use.
    pub fn most_tokens(&self) -> u64 {
        let mut tokens = (self.images() * image::TOKENS) as u64;
        self.texts(&mut |text| tokens += most(text));
        tokens += self.tools.iter().map(|tool| most(&tool.name)).sum::<u64>();
        tokens += self.schema.iter().map(|schema| most(&schema.to_string())).sum::<u64>();
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
const LONGEST_WORD: usize = 12;

/// The most tokens of a text. Tokenizers cut words into pieces of three small letters or more, with the capital or the
/// blank before them; rows of capitals, and of signs, into pairs at the worst. A digit may be one alone, and so may
/// each byte of another script.
fn most(text: &str) -> u64 {
    let mut tokens = 0;
    let mut rest = text.as_bytes();
    while let Some(first) = rest.first() {
        let row = |is: fn(&u8) -> bool| rest.iter().take_while(|byte| is(byte)).count();
        let (length, cost) = match first {
            b' ' => {
                let blanks = row(|byte| *byte == b' ');
                (blanks, if blanks == 1 { 0 } else { blanks.div_ceil(4) })
            }
            b'A'..=b'Z' => match row(u8::is_ascii_uppercase) {
                // The capital of a word counts with its letters.
                1 => {
                    let word = 1 + rest[1..].iter().take_while(|byte| byte.is_ascii_lowercase()).count();
                    (word, pieces(word))
                }
                capitals => (capitals, capitals.div_ceil(2)),
            },
            b'a'..=b'z' => {
                let word = row(u8::is_ascii_lowercase);
                (word, pieces(word))
            }
            byte if byte.is_ascii_punctuation() => {
                let signs = row(u8::is_ascii_punctuation);
                (signs, (signs * 2).div_ceil(3))
            }
            _ => (1, 1),
        };
        tokens += cost as u64;
        rest = &rest[length..];
    }
    tokens
}

/// Into how many pieces a row of letters is cut at most.
const fn pieces(letters: usize) -> usize {
    if letters > LONGEST_WORD { letters.div_ceil(2) } else { letters.div_ceil(3) }
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
        }
    }
}
