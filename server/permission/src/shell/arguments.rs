//! The words of one simple command, as effects: files it touches, secrets it names, options that write or run.

use std::path::PathBuf;

use super::screen::{
    globs_itself, is_prose, parts, pattern_operands, screen, screen_completed, without_brackets,
};
use super::tools::{self, Operands};
use super::words::Word;
use super::{Care, Need, Simple, arrival, git, hatches, options, possible, programs, seek, shown};
use crate::path::Access;
use crate::policy::Policy;
use crate::zone;
use copydesk_base::{Because, path};

/// Risky programs longer than this are not searched for names.
const LONGEST_PROGRAM: usize = 4096;

/// What the words of a command say.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) touches: Vec<Touch>,
    /// The strictest care found.
    pub(super) care: Option<Care>,
    /// It names something that is refused outright.
    pub(super) deny: Option<Because>,
    /// It would take away the workspace, the home or more.
    pub(super) is_ruin: bool,
    /// What it does depends on what it is fed.
    pub(super) is_fed: bool,
    /// It looks and changes nothing.
    pub(super) only_reads: bool,
    /// It is a command of git that needs no program of the repository.
    pub(super) needs_no_program: bool,
    /// It only steers the shell, and needs no rule.
    pub(super) only_steers: bool,
}

/// A file that the command names.
#[derive(Debug)]
pub(super) struct Touch {
    pub(super) access: Access,
    pub(super) place: PathBuf,
    pub(super) standing: Standing,
}

/// Whether whoever allows a command by its first words can be expected to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is what the program is for: `touch a`.
    Evident,
    /// An option does it: `git log --output=a`.
    Hidden,
}

impl Findings {
    pub(super) fn care(&mut self, need: Need, reason: impl Into<String>) {
        if self.care.as_ref().is_none_or(|care| care.need < need) {
            self.care = Some(Care { need, reason: reason.into() });
        }
    }

    pub(super) fn refuse(&mut self, because: Because) {
        self.deny.get_or_insert(because);
    }
}

/// Looks at every word of a command.
pub(super) fn examine(simple: &Simple, policy: &Policy) -> Findings {
    let mut findings = Findings { care: simple.care.clone(), ..Findings::default() };
    let name = simple.name().rsplit('/').next().unwrap_or_default();
    let tells = tools::TELLING.contains(&name);
    let word_of = |word: &Word| if tells { word.numbered() } else { None }.unwrap_or_else(|| word.clone());
    let words: Vec<Word> = simple.words.iter().map(word_of).collect();
    // A file that is named like an option changes nothing but what is shown.
    let only_shows = tools::only_shows(name);
    if words.iter().any(|word| word.is_dynamic() && !(only_shows && word.is_pattern())) {
        findings.care(Need::Person, "a word of it is known only when it runs");
    }
    match &simple.cwds {
        super::Cwds::Unknown => findings.care(Need::Person, "the folder it runs in cannot be known"),
        super::Cwds::Known(folders) if !folders.iter().all(|folder| policy.is_inside(folder)) => {
            findings.care(Need::Person, "it runs outside the workspace");
        }
        super::Cwds::Known(_) => {}
    }
    if simple.words.iter().any(|word| word.path(policy).is_none()) {
        findings.care(Need::Person, "nobody knows where the home is that `~` stands for");
    }
    let patterns = pattern_operands(name, &words);
    for (at, word) in words.iter().enumerate() {
        let is_name = at == 0 && !word.text.contains('/');
        if !patterns.contains(&at) && !is_name && !is_prose(name, at, &words) {
            screen(word, simple, policy, &mut findings);
            if globs_itself(name, at, &words) {
                screen_completed(&word.text, policy, simple, &mut findings);
            }
        }
    }
    builtin(name, &simple.words, &mut findings);
    if findings.is_fed && tools::INTERPRETERS.contains(&name) && !tools::only_tells(&simple.words) {
        findings.care(Need::Person, format!("{name} takes its program from its standard input"));
    }
    if let Some(risk) =
        programs::look(name, &simple.words).and_then(|found| found.risk.map(|risk| (risk, found.texts)))
    {
        risky(risk, simple, policy, &mut findings);
    }
    program(name, simple, &patterns, policy, &mut findings);
    let has_care = findings.care.is_some();
    let is_bare = simple.words.first().is_some_and(|word| word.raw == word.text && !word.text.contains('/'));
    findings.only_steers = is_bare
        && !has_care
        && tools::STEERING.contains(&name)
        && words.iter().all(Word::is_literal)
        && findings.touches.iter().all(|touch| policy.is_inside(&touch.place));
    findings
}

/// A program in a word that does more than filter: what it names is looked at like the words of the command.
fn risky((risk, texts): (String, Vec<String>), simple: &Simple, policy: &Policy, findings: &mut Findings) {
    findings.care(Need::Literal, risk);
    if texts.iter().map(String::len).sum::<usize>() > LONGEST_PROGRAM {
        findings.care(Need::Person, "its program is too long to look into");
        return;
    }
    for piece in texts.iter().flat_map(|text| programs::pieces(text)) {
        let word = Word::plain(piece);
        screen(&word, simple, policy, findings);
        check_outside(&word, simple, policy, findings);
    }
}

/// Builtins that take code where others take names.
fn builtin(name: &str, words: &[Word], findings: &mut Findings) {
    let has = |wanted: &[&str]| words.iter().skip(1).any(|word| wanted.contains(&word.text.as_str()));
    let asks_only = name == "type" || (name == "command" && has(&["-v", "-V"]));
    let is_code = tools::CODE.contains(&name)
        || (name == "printf" && words.get(1).is_some_and(|word| word.text.starts_with("-v")))
        || (matches!(name, "test" | "[" | "[[") && has(&["-v", "-R"]))
        || (name == "wait"
            && words.iter().skip(1).any(|word| word.text.starts_with('-') && word.text.contains('p')));
    if is_code && !asks_only {
        findings.care(Need::Person, format!("{name} changes the shell itself"));
    }
    let has_program = words.iter().skip(1).any(|word| !word.text.starts_with('-'));
    let reads_input =
        words.iter().skip(1).any(|word| matches!(word.text.as_str(), "-" | "-s" | "/dev/stdin"));
    findings.is_fed = tools::is_fed(name)
        && !tools::only_tells(words)
        && (!has_program
            || reads_input
            || matches!(name, "xargs" | "parallel" | "entr" | "ssh" | "psql" | "sqlite3" | "mysql"));
}

/// What the program does with its words.
fn program(name: &str, simple: &Simple, patterns: &[usize], policy: &Policy, findings: &mut Findings) {
    let words = &simple.words;
    let hidden = Standing::Hidden;
    match name {
        "git" => {
            let git = git::look(words);
            if simple.cwds != super::Cwds::of(&policy.root) && policy.is_inside_only(&simple.cwds) {
                findings.care(Need::Person, "git in another folder can obey that folder's settings");
            }
            if let Some(risk) = git.risk {
                findings.care(Need::Literal, risk);
            }
            for target in git.writes {
                touch_text(&target, simple, Access::Write, hidden, findings);
            }
            if let Some(folder) = git.makes {
                touch_text(&folder, simple, Access::Write, Standing::Evident, findings);
            }
            let subcommand = words.get(git.operands.saturating_sub(1)).map_or("", |word| word.text.as_str());
            for word in words.iter().skip(git.operands).filter(|word| git::may_carry_file(word, subcommand)) {
                check_outside(word, simple, policy, findings);
                // `-nf/path`, `-nf../path`: the value of the last of several letters.
                let value = ["/", "..", "~"].iter().filter_map(|start| word.text.find(start)).min();
                if let Some(at) = value.filter(|_| !word.text.starts_with("--")) {
                    check_outside(&Word::plain(&word.text[at..]), simple, policy, findings);
                }
            }
            for word in operands(words, git.operands) {
                if git.changes_operands {
                    touch(word, simple, Access::Write, Standing::Evident, policy, findings);
                } else {
                    check_outside(word, simple, policy, findings);
                }
            }
            findings.only_reads = git.only_reads;
            findings.needs_no_program = git.needs_no_program;
        }
        "find" => seek::find(simple, policy, findings),
        "tar" | "bsdtar" | "gtar" => seek::tar(simple, policy, findings),
        "dd" => {
            for (key, value) in words.iter().filter_map(|word| word.text.split_once('=')) {
                match key {
                    "of" => touch_text(value, simple, Access::Write, Standing::Evident, findings),
                    "if" => touch_text(value, simple, Access::Read, Standing::Evident, findings),
                    _ => {}
                }
            }
        }
        "sed" | "gsed" => {
            let in_place = programs::look(name, words).is_some_and(|found| found.in_place);
            let access = if in_place { Access::Write } else { Access::Read };
            for (at, word) in words.iter().enumerate().skip(1) {
                if !patterns.contains(&at) && !word.text.starts_with('-') {
                    touch(word, simple, access, hidden, policy, findings);
                }
            }
        }
        _ => tabled(name, simple, patterns, policy, findings),
    }
}

fn tabled(name: &str, simple: &Simple, patterns: &[usize], policy: &Policy, findings: &mut Findings) {
    let tool = tools::tool(name);
    let words = &simple.words;
    if tool.runs == "*" {
        findings.care(Need::Literal, format!("{name} can write files that it does not name"));
    }
    if let Some(reason) = programs::beyond(name, words) {
        findings.care(Need::Literal, reason);
    }
    if let Some(option) = hatches::opened(name, words) {
        findings.care(Need::Literal, format!("{name} {option} can name another program or other settings"));
    }
    let mut is_open = true;
    for (at, word) in words.iter().enumerate().skip(1) {
        if let Some(value) = tools::option_value(word, words.get(at + 1), tool.writes) {
            touch_text(&value, simple, Access::Write, Standing::Hidden, findings);
        }
        if tools::option_value(word, None, tool.runs).is_some() {
            findings.care(Need::Literal, format!("{name} {} can run commands or write files", word.text));
        } else if is_open
            && tools::option_value(word, None, tool.writes).is_none()
            && options::is_unknown(name, word)
        {
            findings.care(Need::Literal, format!("{name} {} is not known here", word.text));
        }
        is_open &= word.text != "--";
    }
    // The first file of `uniq - c` is what comes in.
    let is_input = |word: &Word| word.text == "-" && tool.operands == Operands::Filter;
    let files: Vec<&Word> = words
        .iter()
        .enumerate()
        .skip(1)
        .filter(|(at, word)| !patterns.contains(at) && (!word.text.starts_with('-') || is_input(word)))
        .map(|(_, word)| word)
        .collect();
    let to_target = words.iter().any(|word| {
        git::names(&word.text, "--target-directory")
            || (word.text.starts_with('-') && !word.text.starts_with("--") && word.text.contains('t'))
    });
    let is_copied = matches!(name, "cp" | "mv" | "ln" | "install");
    let glued = |word: &&Word| {
        tools::option_value(word, None, "-t --target-directory").is_some_and(|at| !at.is_empty())
    };
    if let Some(word) = words.iter().skip(1).find(|word| is_copied && glued(word)) {
        findings.care(Need::Literal, format!("{name} {} writes where an option says", word.text));
    }
    let last = files.len().saturating_sub(1);
    for (at, word) in files.iter().enumerate() {
        let access = match tool.operands {
            Operands::Data => continue,
            Operands::Copying if at < last && !to_target => Access::Read,
            Operands::Filter if at == 0 => Access::Read,
            Operands::Read | Operands::Pattern => Access::Read,
            Operands::Write | Operands::Remove | Operands::Moving | Operands::Copying | Operands::Filter => {
                Access::Write
            }
            Operands::Unknown => {
                check_outside(word, simple, policy, findings);
                continue;
            }
        };
        let standing = if tool.operands == Operands::Filter { Standing::Hidden } else { Standing::Evident };
        let goes =
            tool.operands == Operands::Remove || (tool.operands == Operands::Moving && at < last.max(1));
        if goes {
            check_ruin(word, simple, policy, findings);
        }
        touch(word, simple, access, standing, policy, findings);
    }
    if matches!(tool.operands, Operands::Copying | Operands::Moving) {
        arrival::look(simple, &files, to_target, policy, findings);
    }
    if tool.operands != Operands::Data {
        for word in words.iter().skip(1).filter(|word| word.text.starts_with('-')) {
            check_outside(word, simple, policy, findings);
        }
    }
    if tool.operands == Operands::Unknown {
        possible::look(name, simple, policy, findings);
    }
    findings.only_reads = matches!(tool.operands, Operands::Data | Operands::Read | Operands::Pattern)
        && findings.care.is_none();
}

fn operands(words: &[Word], from: usize) -> impl Iterator<Item = &Word> {
    words.iter().skip(from).filter(|word| !word.text.starts_with('-'))
}

pub(super) fn touch(
    word: &Word,
    simple: &Simple,
    access: Access,
    standing: Standing,
    policy: &Policy,
    findings: &mut Findings,
) {
    if word.has_glob && access == Access::Write {
        findings.care(Need::Literal, "a pattern names what it changes");
        let could_be_guarded = word
            .text
            .split('/')
            .filter(|segment| segment.contains(['*', '?', '[']))
            .any(|segment| zone::could_be_guarded(&without_brackets(&segment.to_lowercase()), policy));
        if could_be_guarded {
            findings.care(Need::Person, "a pattern in it could name a protected file");
        }
    }
    if let Some(text) = word.path(policy) {
        touch_text(&text, simple, access, standing, findings);
    }
}

fn touch_text(text: &str, simple: &Simple, access: Access, standing: Standing, findings: &mut Findings) {
    if text.is_empty() || text == "-" || text.contains('\0') || is_device(text) {
        return;
    }
    let places = simple.cwds.places_of(text).unwrap_or_default();
    findings.touches.extend(places.into_iter().map(|place| Touch { access, place, standing }));
}

/// Files that are nobody's: writing there writes nothing.
pub(super) fn is_device(text: &str) -> bool {
    matches!(
        text,
        "/dev/null" | "/dev/stdout" | "/dev/stderr" | "/dev/stdin" | "/dev/tty" | "/dev/zero" | "/dev/full"
    )
}

/// A word of a program that is not known: does it point out of the workspace, or at a protected file?
fn check_outside(word: &Word, simple: &Simple, policy: &Policy, findings: &mut Findings) {
    if word.text.contains("://") && !word.text.to_ascii_lowercase().contains("file:") {
        return;
    }
    let whole = word.path(policy).unwrap_or_default();
    for part in parts(&whole) {
        let points = part.starts_with(['/', '~']) || part.split('/').any(|segment| segment == "..");
        if is_device(part) || part.contains('\0') {
            continue;
        }
        for place in simple.cwds.places_of(part).unwrap_or_default() {
            // A link of the repository's may lead anywhere.
            let real = path::resolve(&policy.root, &place);
            if (points || real != place) && !(policy.is_inside(&place) && policy.is_inside(&real)) {
                let reason = format!("it names {}, outside the workspace", path::shown(&policy.root, &real));
                findings.care(Need::Literal, reason);
            }
            if real != place && zone::is_protected(&real, policy) {
                let reason = format!("it leads to {}, which is protected", path::shown(&policy.root, &real));
                findings.care(Need::Person, reason);
            }
            if simple.name() != "git" && zone::is_protected(&place, policy) {
                let reason = format!("it names {}, which is protected", path::shown(&policy.root, &place));
                findings.care(Need::Person, reason);
            }
        }
    }
}

/// Whether a word that goes away is the workspace, the home, our state, or above one of them.
pub(super) fn check_ruin(word: &Word, simple: &Simple, policy: &Policy, findings: &mut Findings) {
    let Some(text) = word.path(policy) else { return };
    // `rm -rf dir/*` is `dir`, as far as this goes.
    let base = match text.rsplit_once('/') {
        Some(("", last)) if is_everything(last) => "/",
        Some((folder, last)) if is_everything(last) => folder,
        None if is_everything(&text) => ".",
        _ => &text,
    };
    let kept = [Some(&policy.root), policy.home.as_ref(), Some(&policy.state_home)];
    for place in simple.cwds.places_of(base).unwrap_or_default() {
        if kept.iter().flatten().any(|kept| kept.starts_with(&place)) {
            findings.is_ruin = true;
            let shown_place = path::shown(&policy.root, &place);
            findings.care(Need::Person, format!("{} would take {shown_place} away", shown(&simple.text)));
        }
    }
}

fn is_everything(segment: &str) -> bool {
    matches!(segment, "*" | ".*" | "**" | "{*,.*}" | ".[!.]*" | "?*")
}
