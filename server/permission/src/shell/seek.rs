//! `find` and `tar`: two programs whose words are a language of their own.

use super::arguments::{Findings, Standing, check_ruin, touch};
use super::words::Word;
use super::{Need, Simple, git, tools};
use crate::path::Access;
use crate::policy::Policy;

/// `find`: where it starts, what it takes away, where it prints. What it runs is looked at by `through`.
pub(super) fn find(simple: &Simple, policy: &Policy, findings: &mut Findings) {
    let words = &simple.words;
    let is_test = |word: &Word| word.text.starts_with('-') || matches!(word.text.as_str(), "(" | "!" | ")");
    let deletes = words.iter().any(|word| word.text == "-delete");
    let starts = words.iter().skip(1).skip_while(|word| matches!(word.text.as_str(), "-H" | "-L" | "-P"));
    let mut starts: Vec<Word> = starts.take_while(|word| !is_test(word)).cloned().collect();
    if starts.is_empty() {
        starts.push(Word::plain("."));
    }
    for start in &starts {
        touch(start, simple, Access::Read, Standing::Evident, policy, findings);
        if deletes {
            check_ruin(start, simple, policy, findings);
            touch(start, simple, Access::Write, Standing::Hidden, policy, findings);
        }
    }
    for (at, word) in words.iter().enumerate() {
        let text = word.text.as_str();
        let names_file = matches!(text, "-fprint" | "-fprint0" | "-fprintf" | "-fls");
        if let Some(target) = words.get(at + 1).filter(|_| names_file) {
            touch(target, simple, Access::Write, Standing::Hidden, policy, findings);
        }
        if text == "-files0-from" {
            findings.care(Need::Literal, "find takes names from a file");
        }
    }
    findings.only_reads = !deletes && simple.inner.is_empty() && findings.care.is_none();
}

/// `tar`: the archive, and what is packed into it.
pub(super) fn tar(simple: &Simple, policy: &Policy, findings: &mut Findings) {
    let words = &simple.words;
    let runs = "--to-command -I --use-compress-program --checkpoint-action -F --info-script --new-volume-script \
                --rsh-command --rmt-command -P --absolute-names -C --directory -T --files-from --index-file --remove-files \
                --listed-incremental -g";
    let is_option = |at: usize, word: &Word| word.text.starts_with('-') || at == 1;
    let letters = |wanted: char| {
        words.iter().enumerate().skip(1).any(|(at, word)| {
            is_option(at, word) && !word.text.starts_with("--") && word.text.contains(wanted)
        })
    };
    let unpacks = letters('x')
        || words.iter().any(|word| git::names(&word.text, "--extract") || git::names(&word.text, "--get"));
    let lists = !unpacks && (letters('t') || words.iter().any(|word| git::names(&word.text, "--list")));
    if unpacks {
        findings.care(Need::Literal, "tar writes files that it does not name");
    }
    for (at, word) in words.iter().enumerate().skip(1) {
        // The letters of the first word are options, with a dash before them or without.
        let dashed = Word::plain(&format!("-{}", word.text));
        let word_or_letters = if at == 1 && !word.text.starts_with('-') { &dashed } else { word };
        if tools::option_value(word_or_letters, None, runs).is_some() {
            findings.care(Need::Literal, format!("tar {} can run commands or write elsewhere", word.text));
        }
        if !is_option(at, word) {
            let access = if lists { Access::Read } else { Access::Write };
            touch(word, simple, access, Standing::Evident, policy, findings);
        }
    }
}
