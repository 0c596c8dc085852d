//! Words, cut and unquoted as bash does it.
//!
//! The tree says where a word begins and ends; the text in between is read here once more, letter by letter, and must
//! come to the same end. What is quoted in a way that is not known here is unreadable.

use tree_sitter::Node;

use super::Unreadable;
use super::reader::Reader;
use crate::policy::Policy;

/// One word of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// As written.
    pub(super) raw: String,
    /// Without its quotes; what is known only at run time is `\0`.
    pub(super) text: String,
    /// It starts with a `~` that the shell replaces.
    has_tilde: bool,
    /// Some letters of it the shell matches with file names.
    pub(super) has_glob: bool,
    /// Part of it is known only at run time.
    has_expansion: bool,
    /// Part of it is a number that is known only at run time: `$?`, `$#`.
    has_number: bool,
    /// Some of it is quoted or escaped.
    pub(super) has_quotes: bool,
}

impl Word {
    /// Whether the word is what it says.
    pub(super) fn is_literal(&self) -> bool {
        !self.has_expansion && !self.has_number && !self.has_glob
    }

    /// The word with a number put in where the shell puts one; none where it could become anything else.
    pub(super) fn numbered(&self) -> Option<Self> {
        let is_clear = self.has_number && !self.has_expansion && !self.has_glob;
        is_clear.then(|| Self { text: self.text.replace('\0', "0"), has_number: false, ..self.clone() })
    }

    /// Whether the word could become anything: an expansion, or a pattern that may match a file named like an option.
    pub(super) fn is_dynamic(&self) -> bool {
        self.has_expansion || self.has_number || (self.has_glob && self.text.starts_with(['*', '?', '[']))
    }

    /// Whether all that is open about it is which files a pattern names.
    pub(super) fn is_pattern(&self) -> bool {
        self.has_glob && !self.has_expansion && !self.has_number
    }

    /// The word as a path, the home put in for `~`; none where the home is not known.
    pub(super) fn path(&self, policy: &Policy) -> Option<String> {
        if !self.has_tilde {
            return Some(self.text.clone());
        }
        let home = policy.home.as_ref()?.to_str()?;
        match self.text.strip_prefix('~') {
            Some(rest) => Some(format!("{home}{rest}")),
            None => Some(self.text.clone()),
        }
    }

    /// A word that nobody quoted.
    pub(super) fn plain(text: &str) -> Self {
        Self { raw: text.to_owned(), text: text.to_owned(), ..Self::default() }
    }
}

/// In which surroundings text is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    /// A word: everything is special, and a blank may not occur.
    Word,
    /// The body of a here-document: only `$`, backtick and backslash are special.
    Body,
}

/// The letters of a word while it is being cut.
struct Cut {
    word: Word,
    /// The last letter, if it was not quoted.
    last: Option<char>,
    has_open_brace: bool,
}

impl Cut {
    fn quoted(&mut self, letter: char) {
        self.word.text.push(letter);
        self.word.has_quotes = true;
        self.last = None;
    }

    fn expansion(&mut self) {
        self.word.text.push('\0');
        self.word.has_expansion = true;
        self.last = None;
    }

    fn number(&mut self) {
        self.word.text.push('\0');
        self.word.has_number = true;
        self.last = None;
    }

    fn bare(&mut self, letter: char) {
        match letter {
            '*' | '?' => self.word.has_glob = true,
            ']' if self.word.text.contains('[') => self.word.has_glob = true,
            '{' => self.has_open_brace = true,
            ',' if self.has_open_brace => self.word.has_expansion = true,
            '.' if self.has_open_brace && self.last == Some('.') => self.word.has_expansion = true,
            '~' if self.word.text.is_empty() => self.word.has_tilde = true,
            '~' if matches!(self.last, Some('=' | ':')) => self.word.has_expansion = true,
            _ => {}
        }
        self.word.text.push(letter);
        self.last = Some(letter);
    }
}

impl Reader<'_> {
    /// Cuts the text of a node that must be one word.
    pub(super) fn word(&mut self, node: Node<'_>) -> Result<Word, Unreadable> {
        self.cut(node, node.start_byte(), node.end_byte(), Quoting::Word)
    }

    /// Cuts `from..to`, whose substitutions the tree below `node` must know.
    pub(super) fn cut(
        &mut self,
        node: Node<'_>,
        from: usize,
        to: usize,
        quoting: Quoting,
    ) -> Result<Word, Unreadable> {
        let source = self.source;
        let raw = source.get(from..to).unwrap_or_default();
        let word = Word { raw: raw.to_owned(), ..Word::default() };
        let mut cut = Cut { word, last: None, has_open_brace: false };
        let mut in_quotes = quoting == Quoting::Body;
        let mut at = from;
        while at < to {
            let Some(letter) = source[at..to].chars().next() else { break };
            let next = source[at + letter.len_utf8()..to].chars().next();
            match (letter, in_quotes) {
                ('$', _) => {
                    at = self.dollar(node, at, to, in_quotes, &mut cut)?;
                    continue;
                }
                ('`', _) => {
                    at = self.substitution(node, at, to)?;
                    cut.expansion();
                    continue;
                }
                ('\\', true) => {
                    let is_escape = matches!(next, Some('$' | '`' | '\\' | '\n'))
                        || (next == Some('"') && quoting == Quoting::Word);
                    match next {
                        Some('\n') if quoting == Quoting::Body => {
                            return Unreadable::because("a line of a here-document ends in a backslash");
                        }
                        Some('\n') => {}
                        Some(next) if is_escape => cut.quoted(next),
                        _ => {
                            cut.quoted('\\');
                            at += 1;
                            continue;
                        }
                    }
                    at += 2;
                    continue;
                }
                ('"', true) if quoting == Quoting::Word => in_quotes = false,
                (letter, true) => cut.quoted(letter),
                ('\\', false) => match next {
                    None | Some('\n') => return Unreadable::because("a line ends within a word"),
                    Some(next) => {
                        cut.quoted(next);
                        at += 1 + next.len_utf8();
                        continue;
                    }
                },
                ('\'', false) => {
                    let rest = &source[at + 1..to];
                    let Some(length) = rest.find('\'') else {
                        return Unreadable::because("a quote is not closed");
                    };
                    cut.word.has_quotes = true;
                    cut.last = None;
                    rest[..length].chars().for_each(|letter| cut.quoted(letter));
                    at += length + 2;
                    continue;
                }
                ('"', false) => {
                    in_quotes = true;
                    cut.word.has_quotes = true;
                    cut.last = None;
                }
                ('<' | '>', false) if next == Some('(') => {
                    at = self.substitution(node, at, to)?;
                    cut.expansion();
                    continue;
                }
                (' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>', false) => {
                    return Unreadable::because(format!("a word contains {letter:?} outside quotes"));
                }
                ('#', false) if at == from => {
                    return Unreadable::because("a comment stands where a word should");
                }
                (letter, false) => cut.bare(letter),
            }
            at += letter.len_utf8();
        }
        if at != to || (in_quotes && quoting == Quoting::Word) {
            return Unreadable::because("a quote is not closed");
        }
        let mut word = cut.word;
        if word.has_tilde && !(word.text == "~" || word.text.starts_with("~/")) {
            word.has_expansion = true;
        }
        Ok(word)
    }

    /// Reads what a `$` at `at` begins; answers where it ends.
    fn dollar(
        &mut self,
        node: Node<'_>,
        at: usize,
        to: usize,
        in_quotes: bool,
        cut: &mut Cut,
    ) -> Result<usize, Unreadable> {
        let rest = &self.source[at + 1..to];
        let Some(next) = rest.chars().next() else {
            cut.quoted('$');
            return Ok(at + 1);
        };
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        match next {
            '\'' | '"' if !in_quotes => {
                Unreadable::because(format!("${next} quoting is not read; use plain quotes"))
            }
            '(' if rest.starts_with("((") => {
                let Some(length) = rest.find("))") else {
                    return Unreadable::because("arithmetic is not closed");
                };
                let is_plain = rest[2..length].chars().all(|letter| " 0123456789+-*/%".contains(letter));
                if !is_plain {
                    return Unreadable::because("arithmetic with names can run commands; it is not read");
                }
                cut.expansion();
                Ok(at + 1 + length + 2)
            }
            '(' => {
                let end = self.substitution(node, at, to)?;
                cut.expansion();
                Ok(end)
            }
            '{' => {
                let Some(length) = rest.find('}') else {
                    return Unreadable::because("`${` is not closed");
                };
                let name = rest[1..length].strip_prefix('#').unwrap_or(&rest[1..length]);
                let is_plain = name.chars().all(is_name) && !name.is_empty()
                    || ["@", "*", "?", "#"].contains(&&rest[1..length]);
                if !is_plain {
                    return Unreadable::because("only `${name}` is read, no operators or subscripts");
                }
                cut.expansion();
                Ok(at + 1 + length + 1)
            }
            '[' => Unreadable::because("`$[` is not read"),
            '?' | '#' => {
                cut.number();
                Ok(at + 2)
            }
            next if next.is_ascii_digit() || "@*$!-".contains(next) => {
                cut.expansion();
                Ok(at + 2)
            }
            next if is_name(next) => {
                let length = rest.find(|letter| !is_name(letter)).unwrap_or(rest.len());
                cut.expansion();
                Ok(at + 1 + length)
            }
            _ => {
                cut.quoted('$');
                Ok(at + 1)
            }
        }
    }

    /// Reads the `$(…)`, backticks, `<(…)` or `>(…)` at `at`; answers where it ends.
    fn substitution(&mut self, node: Node<'_>, at: usize, to: usize) -> Result<usize, Unreadable> {
        let mut found = node.descendant_for_byte_range(at, at + 1);
        while let Some(one) = found {
            if one.start_byte() != at || one.end_byte() > to {
                break;
            }
            if ["command_substitution", "process_substitution"].contains(&one.kind()) {
                self.inner_program(one)?;
                return Ok(one.end_byte());
            }
            found = one.parent();
        }
        Unreadable::because("a substitution stands where the parser sees none")
    }
}
