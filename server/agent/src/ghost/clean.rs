//! Making an answer fit: out of its wrapping, without what stands there already, one line or one block.
//!
//! Models repeat the line they were to finish, go on into the text behind the cursor, close brackets that are closed,
//! and write the next three functions. What is left here can be inserted at the cursor as it is, or is nothing.

use copydesk_base::letter::{is_needed, is_unseen};
use copydesk_base::redact::placeholders;
use copydesk_provider::InfillFormat;

use super::Spot;
use super::context::indentation;

pub(super) const OPEN: &str = "<fill>";
pub(super) const CLOSE: &str = "</fill>";

/// Lines of one suggestion.
const MOST_LINES: usize = 16;
/// Bytes of one. What is longer nobody reviews in grey, and half of its last line is no suggestion.
const MOST_BYTES: usize = 8 * 1024;

/// How much is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// The rest of a line that has something behind the cursor.
    Line,
    /// Up to the end of the block that the cursor is in.
    Block,
}

impl Shape {
    pub(super) fn of(spot: &Spot) -> Self {
        if first_line(spot.after()).trim().is_empty() { Self::Block } else { Self::Line }
    }

    pub(super) const fn tokens(self) -> u32 {
        match self {
            Self::Line => 64,
            Self::Block => 256,
        }
    }

    /// Where a model may stop by itself.
    pub(super) const fn stops(self) -> &'static [&'static str] {
        match self {
            Self::Line => &["\n"],
            Self::Block => &["\n\n\n"],
        }
    }

    /// Whether an answer that is nothing but text is long enough, so that the rest need not be waited for.
    pub(super) fn is_enough(self, said: &str) -> bool {
        said.len() > 2 * MOST_BYTES
            || match self {
                Self::Line => said.contains('\n'),
                Self::Block => said.lines().count() > MOST_LINES + 1,
            }
    }
}

/// Whether a letter would stand in the file without being seen, or change how others look: in grey text nobody can
/// review it. The joiners that scripts and emoji need are none of them.
fn is_hidden(letter: char) -> bool {
    is_unseen(letter) && !is_needed(letter) && !matches!(letter, '\n' | '\t')
}

/// What of an answer is to be inserted; empty for nothing.
pub(super) fn cleaned(answer: &str, format: Option<InfillFormat>, spot: &Spot) -> String {
    let (before, after) = (spot.before(), spot.after());
    let answer = answer.replace("\r\n", "\n");
    let inner = if format.is_some() {
        // The marks of a model that its server did not take away.
        answer.split("<|").next().unwrap_or("")
    } else {
        let Some(inner) = unwrapped(&answer) else { return String::new() };
        without_words(without_echo(inner, before), before)
    };
    let inner = without_chosen(inner, spot.chosen());
    if !placeholders(inner).is_empty() || inner.contains(is_hidden) {
        return String::new();
    }
    let text = match Shape::of(spot) {
        Shape::Line => first_line(inner),
        Shape::Block => one_block(inner, before),
    };
    let text = without_overlap(text, after);
    let text = before_closer(text, after).trim_end();
    if text.trim().is_empty() || text.len() > MOST_BYTES {
        return String::new();
    }
    let has_returns = spot.text.contains("\r\n");
    if has_returns { text.replace('\n', "\r\n") } else { text.to_owned() }
}

/// Whether an answer in words says something without the wrapping that was asked for: nobody can tell what of it is
/// to be inserted.
pub(super) fn is_talk(answer: &str) -> bool {
    !answer.trim().is_empty() && unwrapped(answer).is_none()
}

/// The text inside the wrapping that was asked for, or inside a fence; an answer that has neither is talk.
fn unwrapped(answer: &str) -> Option<&str> {
    let answer = answer.rsplit_once("</think>").map_or(answer, |(_, answer)| answer);
    if let Some((_, inner)) = answer.split_once(OPEN) {
        // One that was cut off has no end.
        let inner = inner.split_once(CLOSE).map_or(inner, |(inner, _)| inner);
        // Fences inside, and the lines that the marks stand on.
        return Some(fenced(inner).unwrap_or_else(|| own_lines(inner)));
    }
    fenced(answer)
}

fn fenced(answer: &str) -> Option<&str> {
    let (_, inner) = answer.split_once("```")?;
    let (_, inner) = inner.split_once('\n')?;
    let inner = inner.split_once("```").map_or(inner, |(inner, _)| inner);
    Some(inner.strip_suffix('\n').unwrap_or(inner))
}

/// Marks on lines of their own are no part of the text.
fn own_lines(inner: &str) -> &str {
    match inner.strip_prefix('\n') {
        Some(text) if text.ends_with('\n') => &text[..text.len() - 1],
        _ => inner,
    }
}

/// The answer without the end of the text before it, if it begins by saying that again: the longest run of whole lines,
/// or this line so far.
fn without_echo<'a>(answer: &'a str, before: &str) -> &'a str {
    let near = &before[before.ceil_char_boundary(before.len().saturating_sub(2048))..];
    let starts = std::iter::once(0).chain(near.match_indices('\n').map(|(at, _)| at + 1));
    for tail in starts.map(|at| &near[at..]).filter(|tail| !tail.is_empty()) {
        if let Some(rest) = answer.strip_prefix(tail) {
            return rest;
        }
        let bare = tail.trim_start();
        if bare.len() >= 3
            && let Some(rest) = answer.trim_start().strip_prefix(bare)
        {
            return rest;
        }
    }
    answer
}

/// The answer without the words of the line that the cursor is right behind, if it begins by saying them again: nobody
/// writes a word twice without a space between.
fn without_words<'a>(answer: &'a str, before: &str) -> &'a str {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let line = before.rsplit('\n').next().unwrap_or("");
    if !line.ends_with(is_word) {
        return answer;
    }
    let starts =
        line.char_indices().filter(|(at, letter)| is_word(*letter) && !line[..*at].ends_with(is_word));
    let mut tails = starts.map(|(at, _)| &line[at..]).filter(|tail| tail.len() >= 3);
    tails.find_map(|tail| answer.strip_prefix(tail)).unwrap_or(answer)
}

/// The answer without the entry of the menu that it goes on from, if it begins by saying that again.
fn without_chosen<'a>(answer: &'a str, chosen: &str) -> &'a str {
    let is_word = chosen.contains(char::is_alphanumeric);
    answer.strip_prefix(chosen).filter(|_| is_word).unwrap_or(answer)
}

/// The first block: up to a line that is less indented than the cursor's, or to an empty line that nothing of the same
/// block follows.
fn one_block<'a>(answer: &'a str, before: &str) -> &'a str {
    let line = before.rsplit('\n').next().unwrap_or("");
    let depth = indentation(line);
    let is_open = line.trim().is_empty();
    let (mut end, mut blank) = (0, false);
    for (at, piece) in answer.split_inclusive('\n').enumerate() {
        let line = piece.trim_end();
        if line.is_empty() {
            blank = true;
        } else if at > 0 {
            let here = indentation(line);
            let ends = here < depth || (blank && here <= depth && !(is_open && depth > 0));
            if ends || at >= MOST_LINES {
                break;
            }
            blank = false;
        }
        end += piece.len();
    }
    &answer[..end]
}

/// The answer without its end, where that stands behind the cursor already.
fn without_overlap<'a>(answer: &'a str, after: &str) -> &'a str {
    let rest = first_line(after).trim();
    let trimmed = answer.trim_end();
    if rest.starts_with([')', ']', '}']) {
        // Which of its brackets the answer closes is seen by counting.
        return answer;
    }
    if !rest.is_empty() {
        return trimmed.strip_suffix(rest).unwrap_or(answer);
    }
    // Whole lines: from one that is the next line of the text, if all behind it go on the same way.
    let mut next = after.lines().skip(1).filter(|line| !line.trim().is_empty()).map(str::trim_end).peekable();
    let Some(first) = next.peek().copied() else { return answer };
    let mut at = 0;
    for (number, piece) in answer.split_inclusive('\n').enumerate() {
        let is_it = piece.trim_end() == first
            || (number == 0 && at == 0 && piece.trim() == first.trim() && piece.trim().len() > 3);
        if is_it && number > 0 {
            let said = answer[at..].lines().filter(|line| !line.trim().is_empty()).map(str::trim_end);
            if said.zip(next.clone()).all(|(said, there)| said == there) {
                return &answer[..at];
            }
        } else if is_it {
            return "";
        }
        at += piece.len();
    }
    answer
}

/// The answer up to a bracket that it closes without having opened it, where that very bracket stands behind the
/// cursor.
pub(super) fn before_closer<'a>(answer: &'a str, after: &str) -> &'a str {
    let there = first_line(after).trim_start().chars().next();
    let mut open = 0_usize;
    for (at, letter) in answer.char_indices() {
        match letter {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' if open > 0 => open -= 1,
            ')' | ']' | '}' if there == Some(letter) => return &answer[..at],
            _ => {}
        }
    }
    answer
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ghost::spot;

    #[test]
    fn what_is_inserted_fits() {
        let hole = |answer: &str, text: &str, expect: &str| {
            assert_eq!(
                cleaned(answer, Some(InfillFormat::Ollama), &spot(text)),
                expect,
                "{answer:?} at {text:?}"
            );
        };
        hole(&"a".repeat(MOST_BYTES + 1), "x = f(|\n", "");
        // One line, or the block.
        hole("a, b)\ny = 2", "x = f(|)\n", "a, b");
        hole("a, b)", "x = f(|\n", "a, b)");
        hole("\n    return 1\n\ndef g():", "def f():|\n", "\n    return 1");
        hole("return 1\n\n\ndef g():\n    pass", "def f():\n    |\n", "return 1");
        hole("a = 1\n\n    return a\n", "def f():\n    |\n", "a = 1\n\n    return a");
        hole("a = 1\nb = 2\n\nc = 3", "|", "a = 1\nb = 2");
        hole(&"x\n".repeat(40), "|", "x\n".repeat(16).trim_end());
        // What stands behind the cursor.
        hole("1\n    return x\n", "def f():\n    x = |\n    return x\n", "1");
        hole("go();\n}\n", "{\n  |\n}\n", "go();");
        hole("go();\n  }\n", "if {\n  |\n}\n", "go();\n  }");
        hole("x, y]", "a[|]", "x, y");
        hole("(x)", "a|)", "(x)");
        hole("b\"", "a = \"|\"", "b");
        // Marks of models, returns, nothing.
        hole("x<|endoftext|>y", "|", "x");
        hole("x\r\ny", "a\r\n|", "x\r\ny");
        hole("  \n", "a|", "");
        // What nobody sees in grey text is not offered; what joins the parts of an emoji may stand.
        for hidden in ["x\u{202e}y", "x\u{200b}", "\u{2066}x", "x\u{1b}[0m", "x\0", "a\rb", "x\u{ad}y"] {
            hole(hidden, "|", "");
        }
        hole("'👩\u{200d}🚀'", "|", "'👩\u{200d}🚀'");
        hole("x = <secret:github-token:1>", "|", "");
    }

    #[test]
    fn an_answer_in_words_is_unwrapped_and_talk_is_none() {
        let told = |answer: &str, text: &str, expect: &str| {
            assert_eq!(cleaned(answer, None, &spot(text)), expect, "{answer:?} at {text:?}");
            assert!(!is_talk(answer) || expect.is_empty(), "{answer:?}");
        };
        told("<fill>x * 2</fill>", "    return |\n", "x * 2");
        told("Sure!\n<fill>\nx * 2\n</fill>\nThat is it.", "    return |\n", "x * 2");
        told("<think><fill>no</fill></think><fill>yes</fill>", "|", "yes");
        told("<fill>```python\nx * 2\n```</fill>", "    return |\n", "x * 2");
        told("```\nx * 2\n```", "    return |\n", "x * 2");
        told("<fill>x * ", "    return |\n", "x *");
        told("The answer is x * 2.", "    return |\n", "");
        told("<fill></fill>", "    return |\n", "");
        for (answer, expect) in
            [("The answer is x * 2.", true), ("x * 2", true), ("<fill></fill>", false), (" \n", false)]
        {
            assert_eq!(is_talk(answer), expect, "{answer:?}");
        }
        // Echoes.
        told("<fill>    return x * 2</fill>", "    return |\n", "x * 2");
        told("<fill>return x * 2</fill>", "    return |\n", "x * 2");
        told("<fill>def f(x):\n    return x * 2</fill>", "a\ndef f(x):\n    return |\n", "x * 2");
        told("<fill>    y = 1\n    z = 2</fill>", "def f():\n    |\n", "y = 1\n    z = 2");
        told("<fill>path.join(a)</fill>", "import os\nx = os.path|\n", ".join(a)");
        told("<fill>os.path.join(a)</fill>", "import os\nx = os.path|\n", ".join(a)");
        told("<fill>ab</fill>", "x = ab|\n", "ab");
        told("<fill>path</fill>", "x = path + |\n", "path");
    }

    #[test]
    fn an_entry_of_the_menu_is_not_said_twice() {
        let check = |answer: &str, text: &str, chosen: &str, expect: &str| {
            let spot = Spot { chosen: chosen.len(), ..spot(text) };
            for (format, answer) in [
                (None, format!("<fill>{answer}</fill>")),
                (Some(InfillFormat::Completions), answer.to_owned()),
            ] {
                assert_eq!(cleaned(&answer, format, &spot), expect, "{answer:?} at {text:?}");
            }
        };
        check("path.join(a)", "x = os.path|\n", "path", ".join(a)");
        check(".join(a)", "x = os.path|\n", "path", ".join(a)");
        check("if(a)", "x = if|\n", "if", "(a)");
        check("call(\n  a,\n).b", "x = call(\n  a,\n)|\n", "call(\n  a,\n)", ".b");
        check(")", "x = f(g()|\n", ")", ")");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
        #[test]
        fn anything_may_be_said(
            answer in "([ \n\r(){}a-c<>`|]|<fill>|</fill>|```|ä|😀){0,40}",
            before in "[ \n(){}a-cä😀]{0,40}",
            after in "[ \n(){}a-cä😀]{0,40}",
        ) {
            let spot = spot(&format!("{before}|{after}"));
            for format in [None, Some(InfillFormat::Completions)] {
                let text = cleaned(&answer, format, &spot);
                prop_assert!(text.is_empty() || !text.trim().is_empty());
                prop_assert!(text.lines().count() <= MOST_LINES);
                prop_assert!(answer.replace("\r\n", "\n").contains(&text), "it invents nothing");
                if Shape::of(&spot) == Shape::Line {
                    prop_assert!(!text.contains('\n'));
                }
            }
        }
    }
}
