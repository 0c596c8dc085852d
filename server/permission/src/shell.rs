//! Shell commands, read before they are judged.
//!
//! [`read`] turns the text of a command into a [`Script`]: the simple commands in it (*atoms*), however deep, and its
//! redirections. `words` cuts words as bash cuts them, `reader` walks the syntax tree `command` its simple commands and
//! `brackets` its tests, `through` looks behind wrappers such as `timeout` and `bash -c`, `arguments` knows which words
//! of which program name files, `programs`, `sed` and `awk` what programs in words may do, `hatches` which of their
//! options name others, `checkers` which make a tool that looks write, `scope` how far a rule reaches, `disguise` who
//! shows a file in another form, `possible` what a program that is not known might write, `sweep` which folders it may
//! change, `settings` which variables only change how a command speaks, `screen` refuses words that name secrets,
//! `grant` asks which rule or mode allows a command, and `verdict` judges all of it.
//!
//! The grammar is positive. tree-sitter-bash finds the structure; a kind of node that is not named here makes the whole
//! command unreadable, and so does every byte that the tree and our own lexer explain differently: what the parser
//! skips as a blank, bash may well run.

mod among;
mod arguments;
mod arrival;
mod awk;
mod brackets;
mod checkers;
mod command;
mod cwd;
mod destroy;
mod disguise;
mod git;
mod grant;
mod hatches;
mod network;
mod options;
mod possible;
mod programs;
mod reader;
mod runners;
mod scope;
mod screen;
mod sed;
mod seek;
mod settings;
mod sweep;
mod through;
mod tools;
mod tree;
mod verdict;
mod words;

use std::cell::{OnceCell, RefCell};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use copydesk_base::letter::{is_selector, is_unseen};
use tree_sitter::Tree;

use crate::path::Access;
use crate::place;
use crate::policy::Policy;

pub(crate) use scope::reaches;
pub(crate) use verdict::{judge, literal_rules};

use arguments::Findings;
pub(crate) use cwd::Cwds;
pub use disguise::Disguise;
use words::Word;

/// Commands longer than this are not read: no person could, and parsing them is work for nothing.
const LONGEST: usize = 256 * 1024;

/// How deep scripts may stand in scripts (`bash -c "bash -c …"`).
const DEEPEST: usize = 6;

/// What a shell command would do, as far as reading tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The simple commands, in the order they are written, those behind wrappers and in substitutions included.
    pub atoms: Vec<Atom>,
    /// Files that are read through redirections and known arguments, resolved.
    pub reads: Vec<PathBuf>,
    /// Files that are written through redirections and known arguments, resolved.
    pub writes: Vec<PathBuf>,
    /// Some word is known only when the command runs.
    pub dynamic: bool,
    /// The simple command that needs the network, the first of them.
    pub network: Option<String>,
    /// What git is there for, if it is among the programs.
    pub git: Option<GitUse>,
    /// What it shows in another form than it reads it.
    pub disguise: Option<Disguise>,
    /// Places that may be folders, of which it may change everything, resolved.
    pub sweeps: Vec<PathBuf>,
    /// Why the command could not be read; the rest is empty then.
    pub unreadable: Option<String>,
}

/// What a command is to do with git, all that it does with it taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GitUse {
    /// Nothing of it needs a program of the repository.
    Looks,
    Changes,
}

/// One simple command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Atom {
    /// As written, blanks between words taken together, with what it is fed; output redirections are not part of it.
    pub text: String,
    /// Its words without their quotes; what is known only at run time stands as `\0`.
    pub words: Vec<String>,
}

/// Reads a command without judging it.
pub fn effects_of(command: &str, cwd: &Path, policy: &Policy) -> Reading {
    place::look_anew();
    let script = match read(command, cwd, policy) {
        Ok(script) => script,
        Err(Unreadable(reason)) => return Reading { unreadable: Some(reason), ..Reading::default() },
    };
    let mut reading = Reading::default();
    for redirect in &script.redirects {
        reading.dynamic |= !redirect.target.is_literal();
        let places = redirect.cwds.places(&redirect.target, policy).unwrap_or_default();
        match redirect.access {
            Access::Read => reading.reads.extend(places),
            Access::Write => reading.writes.extend(places),
        }
    }
    for simple in script.all() {
        if is_git(simple) {
            let looks = simple.findings(policy).needs_no_program && reading.git != Some(GitUse::Changes);
            reading.git = Some(if looks { GitUse::Looks } else { GitUse::Changes });
        }
        reading.dynamic |= simple.is_dynamic();
        for touch in &simple.findings(policy).touches {
            match touch.access {
                Access::Read => reading.reads.push(touch.place.clone()),
                Access::Write => reading.writes.push(touch.place.clone()),
            }
        }
        let words: Vec<String> = simple.words.iter().map(|word| word.text.clone()).collect();
        if reading.network.is_none() && network::is_needed(&words) {
            reading.network = Some(simple.text.clone());
        }
        reading.atoms.push(Atom { text: simple.text.clone(), words });
    }
    reading.disguise = disguise::look(&script, policy);
    reading.sweeps = sweep::look(&script, policy);
    reading
}

/// The words of a command that could name what runs: all but those of programs that only show files or print texts.
/// None where nobody can tell, for it cannot be read or runs what it is fed.
pub(crate) fn running(command: &str, cwd: &Path, policy: &Policy) -> Option<String> {
    let script = read(command, cwd, policy).ok()?;
    let simples = script.all();
    if simples.iter().any(|simple| simple.is_dynamic() || simple.findings(policy).is_fed) {
        return None;
    }
    let running = simples.iter().filter(|simple| !through::is_plain(simple.name()));
    let words = running.flat_map(|simple| simple.words.iter().map(|word| word.text.as_str()));
    Some(words.collect::<Vec<_>>().join("\n"))
}

fn is_git(simple: &Simple) -> bool {
    simple.name().rsplit('/').next() == Some("git")
}

/// Why a command could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) String);

impl Unreadable {
    fn because<T>(reason: impl Into<String>) -> Result<T, Self> {
        Err(Self(reason.into()))
    }
}

/// A command that was read.
#[derive(Debug, Default)]
pub(crate) struct Script {
    simples: Vec<Simple>,
    redirects: Vec<Redirect>,
}

impl Script {
    /// Every simple command, with those seen behind wrappers.
    fn all(&self) -> Vec<&Simple> {
        let mut all = Vec::new();
        let mut pending: Vec<&Simple> = self.simples.iter().rev().collect();
        while let Some(simple) = pending.pop() {
            all.push(simple);
            pending.extend(simple.inner.iter().rev());
        }
        all
    }
}

/// A simple command as judging needs it.
#[derive(Debug)]
pub(crate) struct Simple {
    text: String,
    /// What its text begins with that only changes how it speaks: `CI=1 `.
    manner: String,
    words: Vec<Word>,
    cwds: Cwds,
    /// What reading alone found to be careful about.
    care: Option<Care>,
    /// Commands that this one runs.
    inner: Vec<Simple>,
    /// How many of its words come before those.
    before: usize,
    /// What allowing this one says about those.
    passes: Passes,
    /// What its words say; it does not change between judging and looking for rules that would help.
    findings: OnceCell<Findings>,
}

/// Why a simple command is more than its words, and what it takes to allow it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Care {
    need: Need,
    reason: String,
}

/// What it takes to allow a simple command, loosest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    /// The mode alone may.
    Mode,
    /// Any rule that matches.
    Rule,
    /// A rule that spells the command out, without a wildcard.
    Literal,
    /// Nothing: it asks each time.
    Person,
}

/// How the verdicts of a wrapper and of what it wraps depend on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passes {
    /// Allowed where either is: `timeout 5 cargo test` is `cargo test`.
    Either,
    /// A rule for the wrapper is enough, one for what it wraps is not: `sudo`, which asks in any case.
    Outer,
    /// Both must be allowed, unless the whole is spelled out: `find -exec`, `xargs`.
    Both,
}

/// A file that a redirection opens.
#[derive(Clone, Debug)]
pub(crate) struct Redirect {
    access: Access,
    target: Word,
    cwds: Cwds,
}

impl Simple {
    fn new(text: String, words: Vec<Word>, cwds: Cwds, care: Option<Care>) -> Self {
        let findings = OnceCell::new();
        let manner = String::new();
        let (inner, before, passes) = (Vec::new(), 0, Passes::Outer);
        Self { text, manner, words, cwds, care, inner, before, passes, findings }
    }

    /// What its words say, looked at once.
    fn findings(&self, policy: &Policy) -> &Findings {
        self.findings.get_or_init(|| arguments::examine(self, policy))
    }

    /// The program's name; empty for none.
    fn name(&self) -> &str {
        self.words.first().map_or("", |word| word.text.as_str())
    }

    fn is_dynamic(&self) -> bool {
        self.words.iter().any(Word::is_dynamic)
    }
}

thread_local! {
    /// A parser is cheap to keep and dear to make.
    static PARSER: RefCell<Option<tree_sitter::Parser>> = RefCell::new(parser());
    /// The last texts with their trees: a command is judged, looked at for disguises, kept from and confined, each by
    /// itself.
    static PARSED: RefCell<VecDeque<(String, Tree)>> = const { RefCell::new(VecDeque::new()) };
}

/// So many texts are remembered, and none that is longer.
const REMEMBERED: usize = 8;
const LONGEST_REMEMBERED: usize = 16 * 1024;

/// The tree of a text; nothing where the parser gave up.
fn parsed(text: &str) -> Option<Tree> {
    let known = PARSED
        .with_borrow(|parsed| parsed.iter().find(|(known, _)| known == text).map(|(_, tree)| tree.clone()));
    if known.is_some() {
        return known;
    }
    let tree = PARSER.with_borrow_mut(|parser| parser.as_mut()?.parse(text, None))?;
    if text.len() <= LONGEST_REMEMBERED {
        PARSED.with_borrow_mut(|parsed| {
            parsed.truncate(REMEMBERED - 1);
            parsed.push_front((text.to_owned(), tree.clone()));
        });
    }
    Some(tree)
}

fn parser() -> Option<tree_sitter::Parser> {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_bash::LANGUAGE.into()).ok()?;
    Some(parser)
}

/// Reads a command that would start in `cwd`.
pub(crate) fn read(command: &str, cwd: &Path, policy: &Policy) -> Result<Script, Unreadable> {
    let mut script = Script::default();
    read_into(&mut script, command, Cwds::of(cwd), policy, 0)?;
    if script.simples.is_empty() && script.redirects.is_empty() {
        return Unreadable::because("there is no command in it");
    }
    Ok(script)
}

fn read_into(
    script: &mut Script,
    command: &str,
    cwds: Cwds,
    policy: &Policy,
    depth: usize,
) -> Result<(), Unreadable> {
    if depth > DEEPEST {
        return Unreadable::because("scripts stand in scripts too deep");
    }
    if command.len() > LONGEST {
        return Unreadable::because("it is too long");
    }
    if let Some(letter) = command.chars().find(|letter| is_disguise(*letter)) {
        return Unreadable::because(format!(
            "it contains the invisible character U+{:04X}",
            u32::from(letter)
        ));
    }
    let masked = masked(command);
    let tree = parsed(&masked).ok_or_else(|| Unreadable("the shell parser gave up".to_owned()))?;
    reader::Reader::new(command, cwds, policy, depth, script).program(tree.root_node())
}

/// The command as the parser gets it: every byte outside ASCII is a `%`, a letter of words like any other.
///
/// The scanner of the grammar asks `isdigit` about whole code points, which reads far behind a table of 256: a command
/// with an emoji in the right place would end the server. Words are cut from the command itself, so nothing is lost.
fn masked(command: &str) -> std::borrow::Cow<'_, str> {
    if command.is_ascii() {
        return command.into();
    }
    let mask = |letter: char| if letter.is_ascii() { (letter, 1) } else { ('%', letter.len_utf8()) };
    command.chars().map(mask).flat_map(|(letter, times)| std::iter::repeat_n(letter, times)).collect()
}

/// Characters that a person cannot see, or that bash and the parser cut words at differently.
fn is_disguise(letter: char) -> bool {
    let is_odd_blank = letter.is_whitespace() && !letter.is_ascii();
    let is_unseen = is_unseen(letter) && !is_selector(letter) && !matches!(letter, '\t' | '\n');
    is_odd_blank || is_unseen
}

/// Whether a program asks each time, whatever rules say.
pub(crate) fn asks_anyway(program: &str) -> bool {
    through::RAISING.contains(&program) || tools::CODE.contains(&program)
}

/// A command as it appears in reasons.
fn shown(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= 80 && line.len() == text.len() {
        return format!("`{line}`");
    }
    format!("`{}…`", line.chars().take(80).collect::<String>())
}
