//! Git's settings files, read as git reads them: which programs they name is what somebody wants to hide.
//!
//! Where git would stop with an error, reading stops too, and what stands before is the answer: nothing runs then.

/// One line of such a file: `[section "subsection"] key = value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    /// In lower case.
    pub(super) section: String,
    /// As written; in lower case where it was written behind a dot.
    pub(super) subsection: Option<String>,
    /// In lower case.
    pub(super) key: String,
    /// None where there is no `=`, which means yes.
    pub(super) value: Option<String>,
}

/// The settings of a file, in order.
pub(super) fn read(text: &str) -> Vec<Setting> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let mut reader = Reader { rest: &text };
    let mut found = Vec::new();
    let mut heading = (String::new(), None);
    loop {
        reader.skip(|letter| letter.is_ascii_whitespace());
        match reader.rest.chars().next() {
            Some('#' | ';') => reader.skip(|letter| letter != '\n'),
            Some('[') => match reader.heading() {
                Some(read) => heading = read,
                None => return found,
            },
            Some(letter) if letter.is_ascii_alphabetic() => match reader.setting() {
                Some((key, value)) => {
                    let (section, subsection) = heading.clone();
                    found.push(Setting { section, subsection, key, value });
                }
                None => return found,
            },
            None | Some(_) => return found,
        }
    }
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let letter = self.rest.chars().next()?;
        self.rest = &self.rest[letter.len_utf8()..];
        Some(letter)
    }

    fn skip(&mut self, is_skipped: impl Fn(char) -> bool) {
        self.rest = self.rest.trim_start_matches(is_skipped);
    }

    fn word(&mut self, is_letter: impl Fn(char) -> bool) -> String {
        let length = self.rest.find(|letter| !is_letter(letter)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        word.to_ascii_lowercase()
    }

    /// `[section]`, `[section "Sub"]`, `[section.sub]`.
    fn heading(&mut self) -> Option<(String, Option<String>)> {
        self.next();
        let name = self.word(|letter| is_of_key(letter) || letter == '.');
        match self.next()? {
            ']' => Some(match name.split_once('.') {
                Some((section, sub)) => (section.to_owned(), Some(sub.to_owned())),
                None => (name, None),
            }),
            ' ' | '\t' => {
                self.skip(|letter| matches!(letter, ' ' | '\t'));
                (self.next()? == '"').then_some(())?;
                let mut sub = String::new();
                loop {
                    match self.next()? {
                        '\n' => return None,
                        '"' => break,
                        '\\' => sub.push(self.next().filter(|letter| *letter != '\n')?),
                        letter => sub.push(letter),
                    }
                }
                // `[a.b "c"]` is the subsection `b.c` of `a`.
                let (section, sub) = match name.split_once('.') {
                    Some((section, first)) => (section.to_owned(), format!("{first}.{sub}")),
                    None => (name, sub),
                };
                (self.next()? == ']').then_some((section, Some(sub)))
            }
            _ => None,
        }
    }

    fn setting(&mut self) -> Option<(String, Option<String>)> {
        let key = self.word(is_of_key);
        self.skip(|letter| matches!(letter, ' ' | '\t'));
        match self.next() {
            None | Some('\n') => Some((key, None)),
            Some('=') => Some((key, Some(self.value()?))),
            Some(_) => None,
        }
    }

    fn value(&mut self) -> Option<String> {
        let mut value = String::new();
        // What is kept of it: blanks at the end are not.
        let mut length = 0;
        let mut is_quoted = false;
        loop {
            match self.next() {
                None | Some('\n') if is_quoted => return None,
                None | Some('\n') => break,
                Some('#' | ';') if !is_quoted => {
                    self.skip(|letter| letter != '\n');
                    continue;
                }
                Some(blank) if blank.is_ascii_whitespace() && !is_quoted => {
                    if !value.is_empty() {
                        value.push(blank);
                    }
                    continue;
                }
                Some('"') => is_quoted = !is_quoted,
                Some('\\') => match self.next()? {
                    '\n' => continue,
                    't' => value.push('\t'),
                    'b' => value.push('\u{8}'),
                    'n' => value.push('\n'),
                    letter @ ('\\' | '"') => value.push(letter),
                    _ => return None,
                },
                Some(letter) => value.push(letter),
            }
            length = value.len();
        }
        value.truncate(length);
        Some(value)
    }
}

fn is_of_key(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let line = |one: Setting| {
            let sub = one.subsection.map(|sub| format!(".{sub}")).unwrap_or_default();
            let value = one.value.map(|value| format!("={value}")).unwrap_or_default();
            format!("{}{sub}.{}{value}", one.section, one.key)
        };
        read(text).into_iter().map(line).collect()
    }

    #[test]
    fn settings_are_found_as_git_finds_them() {
        for (text, expected) in [
            ("[core]\n\tFsMonitor = ./x -a  # no\n", &["core.fsmonitor=./x -a"][..]),
            ("[Filter \"A b\"] clean=\"x # y\" ; z", &["filter.A b.clean=x # y"]),
            ("[diff.Foo]\ntextconv", &["diff.foo.textconv"]),
            ("[diff \"a\"] [filter \"b\\\"c\"] smudge = \"a\\\\b\"c", &["filter.b\"c.smudge=a\\bc"]),
            ("[a.b \"c\"]\nd=e\\\n f", &["a.b.c.d=e f"]),
            ("\u{feff}[a]\r\nb = c\r\n[a]d\r\n", &["a.b=c", "a.d"]),
            ("[a]\nb = c\n[broken\nx = y", &["a.b=c"]),
            ("[a]\nb = \"c\nd = e", &[]),
            ("[a]\nb = c\\d\nd = e", &[]),
            ("; c\n# c\n[a]\n1 = 2\nb = c", &[]),
            (
                "[include]\npath = ~/x\n[includeIf \"gitdir:/a/\"]\npath = y",
                &["include.path=~/x", "includeif.gitdir:/a/.path=y"],
            ),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }
}
