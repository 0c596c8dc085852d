//! Rules that tighten, read as they are meant: options may stand in any order, together or apart.
//!
//! `Bash(rm -rf *)` also means `rm -fr x`, `rm -r -f x`, `rm x -rf` and `rm --recursive --force x`; `Bash(git push
//! --force:*)` also means `git -c a=b push origin main --force`. Only deny and ask rules are read this way: it can only
//! say yes too often.

use crate::glob::ShellPattern;

/// Long options that have a letter.
const LETTERS: &[(&str, char)] = &[
    ("--recursive", 'r'),
    ("--force", 'f'),
    ("--verbose", 'v'),
    ("--all", 'a'),
    ("--quiet", 'q'),
    ("--interactive", 'i'),
    ("--delete", 'd'),
    ("--dir", 'd'),
    ("--global", 'g'),
    ("--yes", 'y'),
];

/// Options of `git` before its subcommand that take the next word.
const GIT_VALUES: &[&str] =
    &["-c", "-C", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--config-env"];

/// A command's options and the rest of its words.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sorted {
    letters: Vec<char>,
    long: Vec<String>,
    rest: Vec<String>,
}

/// A rule's pattern in the same way, if it names options before its first wildcard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoosePattern {
    letters: Vec<char>,
    long: Vec<String>,
    rest: ShellPattern,
}

impl LoosePattern {
    /// Reads the text between a rule's parentheses; none where no option is named, since order then means nothing.
    pub(crate) fn parse(inside: &str) -> Option<Self> {
        let words: Vec<&str> = inside.split_ascii_whitespace().collect();
        let (body, is_prefix) = match inside.trim_end().strip_suffix(":*") {
            Some(body) => (body.split_ascii_whitespace().collect(), true),
            None => (words, false),
        };
        let is_option =
            |word: &&str| word.starts_with('-') && word.len() > 1 && !word.contains(['*', '\\', '\'', '"']);
        if body.first().is_none_or(|program| program.contains(['*', '\\'])) || !body.iter().any(is_option) {
            return None;
        }
        let sorted = sorted(body.iter().map(|word| (*word).to_owned()));
        let mut rest = sorted.rest.join(" ");
        if is_prefix {
            rest.push_str(":*");
        }
        Some(Self { letters: sorted.letters, long: sorted.long, rest: ShellPattern::parse(&rest).ok()? })
    }

    pub(crate) fn matches(&self, words: &[String]) -> bool {
        let command = sorted(words.iter().cloned());
        let has_long =
            |wanted: &String| command.long.iter().any(|one| one == wanted || abbreviates(one, wanted));
        if !self.letters.iter().all(|letter| command.letters.contains(letter))
            || !self.long.iter().all(has_long)
        {
            return false;
        }
        let rest = command.rest.join(" ");
        // A rule that ends in ` *` means some operand, which may also have been among the options.
        self.rest.matches(&rest) || self.rest.matches(&format!("{rest} "))
    }
}

fn abbreviates(word: &str, option: &str) -> bool {
    word.len() > 3 && option.starts_with(word)
}

fn sorted(words: impl Iterator<Item = String>) -> Sorted {
    let mut sorted = Sorted::default();
    let mut only_operands = false;
    let mut skips = false;
    for (at, word) in words.enumerate() {
        let is_git = sorted.rest.first().is_some_and(|program| program == "git") && sorted.rest.len() == 1;
        if std::mem::take(&mut skips) {
            continue;
        }
        if at == 0 || only_operands || !word.starts_with('-') || word == "-" {
            sorted.rest.push(word);
        } else if word == "--" {
            only_operands = true;
        } else if is_git && GIT_VALUES.contains(&word.as_str()) {
            skips = true;
        } else if word.starts_with("--") {
            let name = word.split('=').next().unwrap_or_default().to_owned();
            match LETTERS
                .iter()
                .find(|(long, _)| *long == name || (name.len() > 4 && long.starts_with(&name)))
            {
                Some((_, letter)) => push(&mut sorted.letters, *letter),
                None => sorted.long.push(name),
            }
        } else {
            // `-R` of rm, cp and chmod is `-r`.
            word.chars()
                .skip(1)
                .for_each(|letter| push(&mut sorted.letters, if letter == 'R' { 'r' } else { letter }));
        }
    }
    sorted
}

fn push(letters: &mut Vec<char>, letter: char) {
    if !letters.contains(&letter) {
        letters.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_grouping_of_options_do_not_matter() {
        for (rule, command, expected) in [
            ("rm -rf *", "rm -rf x", true),
            ("rm -rf *", "rm -fr x", true),
            ("rm -rf *", "rm -r -f x", true),
            ("rm -rf *", "rm x -rf", true),
            ("rm -rf *", "rm -rfv x y", true),
            ("rm -rf *", "rm --recursive --force x", true),
            ("rm -rf *", "rm -Rf -- x", true),
            ("rm -rf *", "rm -r x", false),
            ("rm -rf *", "rmdir -rf x", false),
            ("rm -rf /:*", "rm -fr / --no-preserve-root", true),
            ("rm -rf /:*", "rm -fr /tmp", false),
            ("git push --force:*", "git push origin main --force", true),
            ("git push --force:*", "git -c a.b=c push -f", true),
            ("git push --force:*", "git push", false),
            ("git reset --hard:*", "git reset HEAD~1 --hard", true),
            ("chmod -R 777 /:*", "chmod 777 -R /", true),
        ] {
            let words: Vec<String> = command.split(' ').map(ToOwned::to_owned).collect();
            let found = LoosePattern::parse(rule).is_some_and(|pattern| pattern.matches(&words));
            assert_eq!(found, expected, "{rule}: {command}");
        }
        for rule in ["rm *", "git push:*", "*-rf*", "echo '-x'"] {
            assert_eq!(LoosePattern::parse(rule), None, "{rule}");
        }
    }
}
