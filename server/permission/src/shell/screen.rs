//! Words that name what nobody may name: secrets, and what a deny rule hides.
//!
//! Every word is looked at, whatever the program: as a whole, and for what it could carry (`--file=.env`, `HEAD:.env`).
//! What is no file to its program is left out, or a commit could not speak of `.env`.

use std::path::Path;

use copydesk_base::{Because, path};

use super::arguments::Findings;
use super::tools::{self, Operands};
use super::words::Word;
use super::{Need, Simple, git, programs};
use crate::place::folded;
use crate::policy::{self, Policy, because};
use crate::rule::{Pattern, RuleVerdict};
use crate::zone;

/// Refuses words that name secrets or what a deny rule hides.
pub(super) fn screen(word: &Word, simple: &Simple, policy: &Policy, findings: &mut Findings) {
    let text = word.text.as_str();
    if text.contains("://") {
        let host = policy::host_of(text.split_once('=').map_or(text, |(_, url)| url));
        let hidden = |pattern: &Pattern| matches!(pattern, Pattern::Network(wanted) if wanted.matches(host.as_deref()));
        if let Some(rule) = policy.rule(RuleVerdict::Deny, hidden) {
            findings.refuse(because(rule));
        }
        if !text.to_ascii_lowercase().contains("file:") {
            return;
        }
    }
    for part in parts(text).chain(pieces(text)) {
        let is_whole = part.len() == text.len();
        if part.contains(['*', '?', '[', '\0']) && !word.is_literal() {
            screen_pattern(part, policy, simple, findings);
            continue;
        }
        if zone::is_secret(Path::new(part)) {
            let reason = format!("{part} holds secrets; no command may name it");
            findings.refuse(Because::of(reason));
            return;
        }
        let path = if is_whole { word.path(policy) } else { Some(part.to_owned()) };
        for place in path.and_then(|path| simple.cwds.places_of(&path)).unwrap_or_default() {
            if zone::is_secret(&place) {
                let reason = format!("{part} holds secrets; no command may name it");
                findings.refuse(Because::of(reason));
            } else if path::is_magic(&place) {
                findings.refuse(Because::of(format!("{part} leads through a process; name the file itself")));
            } else if let Some(rule) = hiding_rule(&place, policy) {
                findings.refuse(because(rule));
            }
        }
    }
}

/// The deny rule that hides a file from every reader.
fn hiding_rule<'a>(place: &Path, policy: &'a Policy) -> Option<&'a crate::Rule> {
    policy.rule(
        RuleVerdict::Deny,
        |pattern| matches!(pattern, Pattern::Read(wanted) if wanted.matches(place, policy)),
    )
}

/// A word that the shell completes: what could it name?
fn screen_pattern(part: &str, policy: &Policy, simple: &Simple, findings: &mut Findings) {
    let shape: String = part.chars().map(|letter| if letter == '\0' { '*' } else { letter }).collect();
    let last = shape.rsplit('/').next().unwrap_or_default().to_lowercase();
    let is_wild = |text: &str| text.contains(['*', '?', '[']);
    if !is_wild(&last) && zone::is_secret(Path::new(&shape)) {
        findings.refuse(Because::of(format!("{last} holds secrets; no command may name it")));
        return;
    }
    // A bracket expression is any one letter here.
    if is_wild(&last) && zone::could_be_secret(&without_brackets(&last)) {
        findings.care(Need::Person, "a pattern in it could name a file with secrets");
    }
    let lead = &shape[..shape.find(['*', '?', '[']).unwrap_or(shape.len())];
    let lead = lead.rsplit_once('/').map_or("", |(folder, _)| if folder.is_empty() { "/" } else { folder });
    for folder in simple.cwds.places_of(lead).unwrap_or_default() {
        if zone::is_secret(&folder) {
            findings.refuse(Because::of(format!("{lead} holds secrets; no command may name it")));
        }
        let overlaps = |pattern: &Pattern| match pattern {
            Pattern::Read(wanted) => wanted.folder(policy).is_some_and(|hidden| {
                let (hidden, folder) = (folded(&hidden), folded(&folder));
                hidden.starts_with(&folder) || folder.starts_with(&hidden)
            }),
            _ => false,
        };
        if let Some(rule) = policy.rule(RuleVerdict::Deny, overlaps) {
            findings.care(Need::Person, format!("a pattern in it could name what {} hides", rule.text));
        }
    }
}

/// A pattern with a `?` for each bracket expression, and a star for one that nobody closes.
pub(super) fn without_brackets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once('[') {
        out.push_str(before);
        let Some(behind) = behind_bracket(inside) else { return out + "*" };
        out.push('?');
        rest = behind;
    }
    out + rest
}

/// What follows the bracket that closes: not one that stands first, nor one of a class (`[[:alpha:]]`, `[]e]`).
fn behind_bracket(inside: &str) -> Option<&str> {
    let mut rest = inside.strip_prefix(['!', '^']).unwrap_or(inside);
    rest = rest.strip_prefix(']').unwrap_or(rest);
    loop {
        let at = rest.find(['[', ']'])?;
        let behind = &rest[at + 1..];
        if rest[at..].starts_with(']') {
            return Some(behind);
        }
        let class = behind.chars().next().filter(|kind| ":=.".contains(*kind));
        rest = match class {
            Some(kind) => behind[1..].split_once(&format!("{kind}]")).map_or(behind, |(_, behind)| behind),
            None => behind,
        };
    }
}

/// The word and what it could carry: `--file=path`, `-fpath`, `@path`, `HEAD:path`.
pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    let whole = (!text.starts_with('-')).then_some(text);
    let attached =
        (text.starts_with('-') && !text.starts_with("--") && text.is_char_boundary(2) && text.len() > 2)
            .then(|| &text[2..]);
    let behind = |sign: char| text.split_once(sign).map(|(_, rest)| rest);
    // How git's own patterns begin: `:/path` and `:(top)path` are paths from the top.
    let from_top =
        text.strip_prefix(":/").or_else(|| text.strip_prefix(":(")?.split_once(')').map(|(_, rest)| rest));
    [whole, attached, behind('='), behind('@'), text.rsplit_once(':').map(|(_, rest)| rest), from_top]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
}

/// What else a word could carry besides: `-F 'a=@.env;type=x'`, `a=<.env`. A word with blanks is a text or a program.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let signs = ['=', '@', '<', ';', ','];
    let is_list = text.contains(['<', ';', ',']) && !text.contains(char::is_whitespace);
    text.split(signs).filter(move |piece| is_list && !piece.is_empty())
}

/// Which words are patterns or programs and no files.
pub(super) fn pattern_operands(name: &str, words: &[Word]) -> Vec<usize> {
    if let Some(programs) = programs::look(name, words) {
        return programs.not_files;
    }
    if tools::tool(name).operands != Operands::Pattern {
        return Vec::new();
    }
    let gives_it_elsewhere = |word: &&Word| {
        let text = word.text.as_str();
        let is_short = text.starts_with('-') && !text.starts_with("--") && text.contains(['e', 'f']);
        is_short || ["--regexp", "--file", "--from-file"].iter().any(|one| git::names(text, one))
    };
    let has_none = |word: &&Word| name == "rg" && word.text == "--files";
    if words.iter().skip(1).any(|word| gives_it_elsewhere(&word) || has_none(&word)) {
        return Vec::new();
    }
    let first = words.iter().enumerate().skip(1).find(|(_, word)| !word.text.starts_with('-'));
    first.map(|(at, _)| at).into_iter().collect()
}

/// A word that the program completes: a star of its own stands for nothing, too.
pub(super) fn screen_completed(text: &str, policy: &Policy, simple: &Simple, findings: &mut Findings) {
    let bare = text.strip_prefix(":(").and_then(|rest| rest.split_once(')')).map_or(text, |(_, rest)| rest);
    for shape in [bare, bare.trim_start_matches('*')].iter().filter(|shape| !shape.is_empty()) {
        screen_pattern(shape, policy, simple, findings);
    }
}

/// Whether a word is a pattern for names that the program completes by itself: those of git, and what `find`
/// does something with.
pub(super) fn globs_itself(name: &str, at: usize, words: &[Word]) -> bool {
    let looks = ["log", "show", "diff", "whatchanged", "ls-files", "status", "checkout", "restore"];
    let subcommand = words.iter().skip(1).map(|word| word.text.as_str()).find(|text| !text.starts_with('-'));
    let text = words[at].text.as_str();
    let is_behind = words[..at].iter().any(|word| word.text == "--");
    let is_operand = !text.starts_with('-') && subcommand.is_some_and(|sub| looks.contains(&sub));
    let is_found = at > 0 && matches!(words[at - 1].text.as_str(), "-name" | "-iname");
    if name == "find" {
        return is_found && acts(words);
    }
    name == "git" && at > 1 && text.contains(['*', '?', '[']) && (is_behind || is_operand)
}

/// Whether a word is no file: a commit's message, a name that is only looked for, or a phrase that is only printed.
pub(super) fn is_prose(name: &str, at: usize, words: &[Word]) -> bool {
    let is_message = name == "git"
        && at > 0
        && words.get(at - 1).is_some_and(|word| matches!(word.text.as_str(), "-m" | "-am" | "--message"));
    let is_sought = name == "find"
        && at > 0
        && !acts(words)
        && words.get(at - 1).is_some_and(|word| {
            let sought = ["-name", "-iname", "-path", "-ipath", "-regex", "-iregex", "-wholename"];
            sought.contains(&word.text.as_str())
        });
    let is_phrase =
        words[at].text.contains(char::is_whitespace) && tools::tool(name).operands == Operands::Data;
    is_message || is_sought || is_phrase
}

/// Whether `find` does something with what it finds.
fn acts(words: &[Word]) -> bool {
    let acts = ["-exec", "-execdir", "-ok", "-okdir", "-delete"];
    words.iter().any(|word| acts.contains(&word.text.as_str()))
}
