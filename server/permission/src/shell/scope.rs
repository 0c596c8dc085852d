//! How far an allow rule with a wildcard reaches: what its own words leave open, and no more.
//!
//! `Bash(mvn test:*)` is about testing, however it is done; `mvn test deploy` is another deed, and so is `ruff check
//! --fix` under `Bash(ruff check:*)`. A rule covers such a word only where it has it itself. A rule that names nothing
//! but a program with many deeds (`Bash(cargo:*)`, `Bash(make:*)`) covers them all; so does one about everything.

use super::Simple;
use super::checkers::{self, Found};
use super::hatches::{is_among, peeled};
use super::words::Word;
use crate::glob::ShellPattern;
use crate::policy::Policy;
use crate::rule::{Pattern, RuleVerdict};

/// Programs whose operands are things to do, and their options that take the next word.
#[rustfmt::skip]
const GOALS: &[(&str, &str)] = &[
    ("make gmake", "-C -f -I -o -W -l -j --directory --file --makefile --include-dir --jobs --load-average --old-file --what-if --assume-new --assume-old"),
    ("mvn mvnw mvnd", "-pl --projects -P --activate-profiles -f --file -T --threads -s --settings -gs -t -rf --resume-from -l --log-file -b --builder -D --define --color"),
    ("gradle gradlew", "-x --exclude-task --tests -p --project-dir -b --build-file -c -I --init-script -g -P -D --console --max-workers --warning-mode"),
    ("rake", "-f -R -I -r -j --rakefile --jobs"),
    ("ant", "-f -file -buildfile -l -logfile -logger -listener -lib -D"),
    ("ninja", "-C -f -j -k -l -d -t -w"),
    ("just", "-f -d -c --justfile --working-directory --set --dotenv-path"),
    ("task go-task", "-d -t -o -c --dir --taskfile --output --concurrency"),
    ("sbt mill invoke inv fab grunt gulp scons waf doit mage", "-f -C -j -c"),
];

/// Options that say that nothing is to be done, by which rules are made narrow: what takes them back is beyond the
/// rule.
const RESTRAINTS: &str = "check checkonly dryrun noemit simulate justprint ignorescripts verifynochanges";

/// Whether the operands of a program are things to do.
pub(super) fn has_goals(name: &str) -> bool {
    GOALS.iter().any(|(names, _)| is_among(name, names))
}

/// The word of a command that goes beyond what a rule that matches it names, if one does.
pub(super) fn beyond(simple: &Simple, wanted: &ShellPattern) -> Option<String> {
    if wanted.is_literal() || wanted.is_everything() {
        return None;
    }
    let rule: Vec<Word> = wanted.words().iter().map(|word| Word::plain(word)).collect();
    further(simple, &rule)
}

/// The word by which a command goes beyond the rule that would have allowed it, and that rule.
pub(super) fn short<'a>(simple: &Simple, policy: &'a Policy) -> Option<(String, &'a str)> {
    policy.rules.iter().filter(|rule| rule.verdict == RuleVerdict::Allow).find_map(|rule| {
        let Pattern::Shell(wanted) = rule.pattern.as_ref() else { return None };
        let word = beyond(simple, wanted).filter(|_| wanted.matches(&simple.text))?;
        Some((word, rule.text.as_str()))
    })
}

/// The same between two rules: whether the first covers what the words of the second name.
pub(crate) fn reaches(wide: &ShellPattern, narrow: &ShellPattern) -> bool {
    let words = |pattern: &ShellPattern| -> Vec<Word> {
        pattern.words().iter().map(|word| Word::plain(word.trim_end_matches(ShellPattern::ANY))).collect()
    };
    wide.is_everything() || wide.is_literal() || unnamed(&words(narrow), &words(wide)).is_none()
}

fn further(simple: &Simple, rule: &[Word]) -> Option<String> {
    let own = unnamed(&simple.words, rule);
    own.or_else(|| simple.inner.iter().find_map(|inner| further(inner, rule)))
}

fn unnamed(words: &[Word], rule: &[Word]) -> Option<String> {
    let acts = checkers::find(words).find_map(|found| act(&found, rule));
    acts.or_else(|| goal(words, rule)).or_else(|| lifted(words, rule))
}

/// An option that acts, which the rule does not have as often.
fn act(found: &Found<'_>, rule: &[Word]) -> Option<String> {
    // `Bash(cargo:*)` is about all that cargo does.
    if !found.checker.is_named(rule) {
        return None;
    }
    let trimmed: Vec<Word> =
        rule.iter().map(|word| Word::plain(word.text.trim_end_matches(ShellPattern::ANY))).collect();
    let mut named: Vec<&str> = found.checker.acts(&trimmed).into_iter().map(|(act, _)| act).collect();
    found.acts().into_iter().find_map(|(act, text)| match named.iter().position(|one| *one == act) {
        Some(at) => {
            named.swap_remove(at);
            None
        }
        None => Some(text.to_owned()),
    })
}

/// A goal that the rule does not have, where it has one.
fn goal(words: &[Word], rule: &[Word]) -> Option<String> {
    let (name, words) = peeled(words);
    let (_, values) = GOALS.iter().find(|(names, _)| is_among(name, names))?;
    // Where the program stands in the rule, its goals begin.
    let start = rule.iter().position(|word| word.text.rsplit('/').next() == Some(name))?;
    let named = goals(&rule[start..], values);
    if named.is_empty() {
        return None;
    }
    let is_named = |goal: &&str| {
        named.iter().any(|one| match one.strip_suffix(ShellPattern::ANY) {
            Some(start) => goal.starts_with(start),
            None => one == goal,
        })
    };
    goals(words, values).into_iter().find(|goal| !is_named(goal)).map(str::to_owned)
}

fn goals<'a>(words: &'a [Word], values: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut is_value = false;
    for text in words.iter().skip(1).map(|word| word.text.as_str()) {
        let is_option = text.starts_with('-');
        let is_number = text.chars().all(|letter| letter.is_ascii_digit());
        if !is_value && !is_option && !is_number && !text.contains('=') {
            found.push(text);
        }
        is_value = !is_value && is_option && is_among(text, values);
    }
    found
}

/// An option that takes a restraint of the rule back: `--no-check`, `--dry-run=none`, or the same once more.
fn lifted(words: &[Word], rule: &[Word]) -> Option<String> {
    let restraint = |word: &Word| {
        let name = word.text.strip_prefix("--")?.split('=').next()?;
        let plain: String = name.chars().filter(|letter| *letter != '-').collect::<String>().to_lowercase();
        let bare = plain.trim_end_matches(ShellPattern::ANY);
        let is_one = |name: &str| is_among(name, RESTRAINTS);
        if is_one(bare) {
            return Some(bare.to_owned());
        }
        bare.strip_prefix("no").filter(|bare| is_one(bare)).map(str::to_owned)
    };
    let mut named: Vec<String> = rule.iter().filter_map(restraint).collect();
    for word in words {
        let Some(one) =
            restraint(word).filter(|one| rule.iter().filter_map(restraint).any(|named| named == *one))
        else {
            continue;
        };
        match named.iter().position(|named| *named == one) {
            Some(at) => {
                named.swap_remove(at);
            }
            None => return Some(word.text.clone()),
        }
    }
    None
}

#[cfg(test)]
#[path = "scope_tests.rs"]
mod tests;
