//! Commands that would show a secret in another form: `rev settings.yaml` where the file holds a password.
//!
//! What a command prints passes the redactor, which knows a secret as it is written, in base64 and in hexadecimal digits.
//! Other forms are without number. So where a command's reading says that it changes the form of what it reads
//! ([`copydesk_permission::Disguise`]), the files that it names are looked into, and one that holds a secret makes it a question
//! for the person, whatever allows the command; mode `bypass` is their word for that.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use copydesk_base::config::Mode;
use copydesk_base::{Because, Effect, Question, Redactor, Verdict, path};
use copydesk_permission::{Policy, effects_of};
use globset::Glob;

/// What is looked into of one file.
const LONGEST: u64 = 16 << 20;
/// The most files that are looked into.
const MOST: usize = 256;

/// The verdict on an effect, with this question in its place where it has to be asked.
pub fn unless_disguised(verdict: Verdict, effect: &Effect, policy: &Policy, redactor: &Redactor) -> Verdict {
    disguised(&verdict, effect, policy, redactor).unwrap_or(verdict)
}

/// What stands in the place of a verdict on a command that would show a secret.
pub(super) fn disguised(
    verdict: &Verdict,
    effect: &Effect,
    policy: &Policy,
    redactor: &Redactor,
) -> Option<Verdict> {
    if matches!(verdict, Verdict::Deny(_)) || policy.mode == Mode::Bypass {
        return None;
    }
    let reason = shown(effect, policy, redactor)?;
    if policy.mode == Mode::Locked {
        return Some(Verdict::Deny(Because::of(format!(
            "mode locked refuses what would be asked: {reason}"
        ))));
    }
    Some(Verdict::Ask(Question { because: Because::of(reason), always: vec![] }))
}

/// Why a command would show a secret.
fn shown(effect: &Effect, policy: &Policy, redactor: &Redactor) -> Option<String> {
    let Effect::Execute { command, cwd } = effect else { return None };
    let disguise = effects_of(command, cwd, policy).disguise?;
    let files = disguise.files.iter().flat_map(|file| meant(file)).take(MOST);
    let holder = files.into_iter().find(|file| holds_secret(file, redactor))?;
    let (holder, by) = (path::shown(&policy.root, &holder), disguise.by);
    Some(format!(
        "{holder} holds what looks like a secret, and `{by}` would show it in another form, which nobody can hide; `cat` and \
         the tool `read` hide it"
    ))
}

/// The files that a path may stand for: the one of that name, and where its last part is a pattern, those that fit.
fn meant(file: &Path) -> Vec<PathBuf> {
    let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let is_pattern = name.contains(['*', '?', '[']) && !file.exists();
    let folder = file.parent().filter(|_| is_pattern);
    let Some(entries) = folder.and_then(|folder| std::fs::read_dir(folder).ok()) else {
        return vec![file.to_owned()];
    };
    // What cannot be read as a pattern here may be any of them.
    let pattern = Glob::new(&name).ok().map(|glob| glob.compile_matcher());
    let fits = |entry: &std::fs::DirEntry| {
        pattern.as_ref().is_none_or(|pattern| pattern.is_match(Path::new(&entry.file_name())))
    };
    entries.flatten().filter(fits).map(|entry| entry.path()).take(MOST).collect()
}

fn holds_secret(file: &Path, redactor: &Redactor) -> bool {
    // A pipe would wait, and a folder has no text.
    if !file.metadata().is_ok_and(|there| there.is_file()) {
        return false;
    }
    let mut bytes = Vec::new();
    let read = std::fs::File::open(file).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
    read.is_ok() && !redactor.find(&String::from_utf8_lossy(&bytes)).is_empty()
}
