//! Patterns over text: what a `Bash(…)` rule matches, and whether two patterns could name the same thing.

/// The pattern of a shell rule: literal characters, `*` for any text, and perhaps `:*` at its end.
///
/// Blanks outside quotes count as one, as they do in the shell. A backslash makes `*`, `:`, `(`, `)` and itself
/// literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShellPattern {
    parts: Vec<Part>,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Letter(char),
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The text ends where the pattern does.
    Exact,
    /// The text ends there, or goes on behind a blank.
    Word,
}

impl ShellPattern {
    pub(crate) fn everything() -> Self {
        Self { parts: vec![Part::Any], end: End::Exact }
    }

    /// A name in which only `*` is special.
    pub(crate) fn plain(name: &str) -> Self {
        let part = |letter| if letter == '*' { Part::Any } else { Part::Letter(letter) };
        Self { parts: name.chars().map(part).collect(), end: End::Exact }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut end = End::Exact;
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            parts.push(match letter {
                '\\' => match letters.next_if(|next| "*:()\\".contains(*next)) {
                    Some(literal) => Part::Letter(literal),
                    None => Part::Letter('\\'),
                },
                '*' => Part::Any,
                ':' => {
                    let mut rest = letters.clone();
                    if rest.next() == Some('*') && rest.all(char::is_whitespace) {
                        end = End::Word;
                        break;
                    }
                    Part::Letter(':')
                }
                other => Part::Letter(other),
            });
        }
        let parts = squeeze(&parts);
        if parts.is_empty() {
            return Err("a prefix needs at least one word before `:*`".to_owned());
        }
        Ok(Self { parts, end })
    }

    /// Whether the pattern can match one text only.
    pub(crate) fn is_literal(&self) -> bool {
        self.end == End::Exact && !self.parts.contains(&Part::Any)
    }

    /// Whether it matches whatever stands there.
    pub(crate) fn is_everything(&self) -> bool {
        self.end == End::Exact && self.parts == [Part::Any]
    }

    /// What stands for a `*` in [`Self::words`].
    pub(crate) const ANY: char = ANY;

    /// Its words, as far as blanks part them.
    pub(crate) fn words(&self) -> Vec<String> {
        let letter = |part: &Part| match part {
            Part::Letter(letter) => *letter,
            Part::Any => ANY,
        };
        let text: String = self.parts.iter().map(letter).collect();
        text.split_ascii_whitespace().map(str::to_owned).collect()
    }

    /// Whether it ends in `:*`.
    pub(crate) fn is_prefix(&self) -> bool {
        self.end == End::Word
    }

    /// Whether every text that `narrow` matches is matched here too. May say no where nobody can tell cheaply.
    pub(crate) fn covers(&self, narrow: &Self) -> bool {
        // A `*` of the narrow pattern is a letter that only a `*` of the wide one takes.
        let letter = |part: &Part| match part {
            Part::Letter(letter) => *letter,
            Part::Any => ANY,
        };
        let mut letters: Vec<char> = narrow.parts.iter().map(letter).collect();
        let is_covered = self.takes(&letters);
        match narrow.end {
            End::Exact => is_covered,
            End::Word => {
                letters.extend([' ', ANY]);
                is_covered && self.takes(&letters)
            }
        }
    }

    /// The letters before the first wildcard.
    pub(crate) fn lead(&self) -> String {
        let letters = self.parts.iter().map_while(|part| match part {
            Part::Letter(letter) => Some(*letter),
            Part::Any => None,
        });
        letters.collect()
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        let letters: Vec<char> = text.chars().collect();
        self.takes(&letters)
    }

    fn takes(&self, letters: &[char]) -> bool {
        // The classic two-pointer walk: on a mismatch the last `*` takes one letter more. Linear in practice, and
        // never worse than the product of the two lengths.
        let (mut at, mut part) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        loop {
            if part == self.parts.len() {
                let is_boundary = match self.end {
                    End::Exact => at == letters.len(),
                    End::Word => letters.get(at).is_none_or(char::is_ascii_whitespace),
                };
                if is_boundary {
                    return true;
                }
            } else if self.parts[part] == Part::Any {
                star = Some((part, at));
                part += 1;
                continue;
            } else if letters.get(at).is_some_and(|letter| self.parts[part] == Part::Letter(*letter)) {
                at += 1;
                part += 1;
                continue;
            }
            match star {
                Some((from, taken)) if taken < letters.len() => {
                    star = Some((from, taken + 1));
                    at = taken + 1;
                    part = from + 1;
                }
                _ => return false,
            }
        }
    }
}

/// Stands for a `*` where a pattern is matched like a text; commands that could contain it are not read.
const ANY: char = '\u{fdd0}';

/// Takes blanks outside quotes together, and those at both ends away.
fn squeeze(parts: &[Part]) -> Vec<Part> {
    let mut out: Vec<Part> = Vec::with_capacity(parts.len());
    let mut quote = None;
    let mut is_escaped = false;
    for &part in parts {
        let Part::Letter(letter) = part else {
            out.push(part);
            is_escaped = false;
            continue;
        };
        let is_blank = matches!(letter, ' ' | '\t') && quote.is_none() && !is_escaped;
        if is_blank {
            if !out.is_empty() && out.last() != Some(&Part::Letter(' ')) {
                out.push(Part::Letter(' '));
            }
            continue;
        }
        out.push(part);
        if is_escaped {
            is_escaped = false;
            continue;
        }
        match (letter, quote) {
            ('\\', None | Some('"')) => is_escaped = true,
            ('\'' | '"', None) => quote = Some(letter),
            (closing, Some(open)) if closing == open => quote = None,
            _ => {}
        }
    }
    if quote.is_none()
        && !is_escaped
        && out.last() == Some(&Part::Letter(' '))
        && !ends_in_escaped_blank(&out)
    {
        out.pop();
    }
    out
}

fn ends_in_escaped_blank(parts: &[Part]) -> bool {
    let slashes = parts.iter().rev().skip(1).take_while(|part| **part == Part::Letter('\\')).count();
    slashes % 2 == 1
}

/// A command with every letter that a shell rule treats specially made literal.
pub(crate) fn escape_command(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if r"\*()".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// A path with every letter that patterns treat specially made literal.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if r"\*?[]{}!()".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// Whether some text is matched by both of two patterns of `*` (any text) and `?` (one letter). Costs the product of
/// their lengths, whatever they are: whoever writes a command must not be able to keep us busy.
pub(crate) fn could_meet(left: &[char], right: &[char]) -> bool {
    // Whether what is left of `left` meets `right` from each place on.
    let mut behind: Vec<bool> =
        (0..=right.len()).map(|at| right[at..].iter().all(|letter| *letter == '*')).collect();
    for letter in left.iter().rev() {
        let mut here = vec![*letter == '*' && behind[right.len()]; right.len() + 1];
        for (at, other) in right.iter().enumerate().rev() {
            here[at] = if *letter == '*' || *other == '*' {
                behind[at] || here[at + 1]
            } else {
                behind[at + 1] && (letter == other || *letter == '?' || *other == '?')
            };
        }
        behind = here;
    }
    behind[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_some_text_fits_meet() {
        // What a fuzzer found: an agent's word that kept the gatekeeper busy for ever.
        let many = format!("{}{}", "*".repeat(40), "e".repeat(400));
        let named = format!("{}n", "*e".repeat(200));
        let table: &[(&str, &str, bool)] = &[
            ("", "", true),
            ("", "*", true),
            ("", "**", true),
            ("", "a", false),
            ("a*", "ab", true),
            ("a*c", "ab", false),
            ("a*c", "*b*", true),
            ("?b", "a*", true),
            ("??", "a", false),
            ("*.pem", "key.*", true),
            ("*.pem", "*.key", false),
            (&many, "id_rsa", false),
            (&many, &named, false),
            (&many, &many, true),
        ];
        for (left, right, expected) in table {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            assert_eq!(could_meet(&letters(left), &letters(right)), *expected, "{left} {right}");
            assert_eq!(could_meet(&letters(right), &letters(left)), *expected, "{right} {left}");
        }
    }
}
