//! Commands that would show a secret in another form: `rev settings.yaml` where the file holds a password.
//!
//! What a command prints passes the redactor, which knows a secret as it is written, in base64 and in hexadecimal
//! digits. Other forms are without number. So where a command's reading says that it changes the form of what it reads
//! ([`copydesk_permission::Disguise`]), the files that it names are looked into, and one that holds a secret makes it a
//! question for the person, whatever allows the command; mode `bypass` is their word for that. What is too much to be
//! looked through is asked about, too.
//!
//! They are opened as the agent's own tools open files: no link in the path, and nothing but plain files.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use copydesk_base::{Files as _, Redactor, path};
use copydesk_permission::{Disguise, Policy};
use globset::Glob;

use crate::DiskFiles;

/// What is looked through for one command, in bytes and in files.
const MOST_BYTES: u64 = 16 << 20;
const MOST: usize = 256;

/// Why a command would show a secret.
pub(super) fn shown(disguise: &Disguise, policy: &Policy, redactor: &Redactor) -> Option<String> {
    let mut left = Left { bytes: MOST_BYTES, files: MOST };
    let files =
        disguise.files.iter().flat_map(|file| meant(file)).map(|file| path::resolve(&policy.root, &file));
    for file in files {
        let look = look(&file, redactor, &mut left);
        let (shown, by) = (path::shown(&policy.root, &file), &disguise.by);
        match look {
            Look::Nothing => {}
            Look::Secret => {
                return Some(format!(
                    "{shown} holds what looks like a secret, and `{by}` would show it in another form, which nobody can \
                     hide; `cat` and the tool `read` hide it"
                ));
            }
            Look::TooMuch => {
                return Some(format!(
                    "`{by}` shows what it reads in another form, in which a secret could not be hidden, and {shown} is more \
                     than can be looked through for one"
                ));
            }
        }
    }
    None
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
    entries.flatten().filter(fits).map(|entry| entry.path()).take(MOST + 1).collect()
}

/// What a look into a file tells.
enum Look {
    Nothing,
    Secret,
    TooMuch,
}

/// What may still be looked through.
struct Left {
    bytes: u64,
    files: usize,
}

/// What a plain file holds; it takes itself from what may still be looked through.
fn look(file: &Path, redactor: &Redactor, left: &mut Left) -> Look {
    // A folder has no text of its own, and what is not there shows nothing.
    let Ok(opened) = DiskFiles.open(file) else { return Look::Nothing };
    let Some(files) = left.files.checked_sub(1) else { return Look::TooMuch };
    left.files = files;
    let mut bytes = Vec::new();
    if opened.take(left.bytes + 1).read_to_end(&mut bytes).is_err() {
        return Look::Nothing;
    }
    if !redactor.find(&String::from_utf8_lossy(&bytes)).is_empty() {
        return Look::Secret;
    }
    match left.bytes.checked_sub(bytes.len() as u64) {
        Some(less) => {
            left.bytes = less;
            Look::Nothing
        }
        None => Look::TooMuch,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use copydesk_permission::find_secrets;
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;
    use crate::bench::Bench;

    #[test]
    fn plain_files_are_looked_into_and_nothing_waits() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let secret = format!("GITHUB_TOKEN=ghp_{}\n", "a8Frk29Dq1L0ZxN7mB4cTyWvEuJhGs3PoK6i");
        std::fs::create_dir(root.join("conf")).unwrap();
        for (name, text) in [("conf/k.txt", secret.as_str()), ("plain.txt", "one\n")] {
            std::fs::write(root.join(name), text).unwrap();
        }
        symlink("conf/k.txt", root.join("leads.txt")).unwrap();
        symlink("conf", root.join("linked")).unwrap();
        mknodat(CWD, root.join("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        for (name, length) in [("large.txt", MOST_BYTES + 1), ("half.txt", MOST_BYTES / 2 + 1)] {
            std::fs::File::create(root.join(name)).unwrap().set_len(length).unwrap();
        }
        let (policy, redactor) = (Bench::policy_in(&root), Redactor::default().finding(find_secrets));
        let check = |files: &[&str], expect: Option<&str>| {
            let files = files.iter().map(|file| root.join(file)).collect();
            let told = shown(&Disguise { by: "rev".to_owned(), files }, &policy, &redactor);
            assert_eq!(told.is_some(), expect.is_some(), "{told:?}");
            let told = told.unwrap_or_default();
            assert!(told.contains(expect.unwrap_or_default()), "{told}");
        };
        check(&["plain.txt", "pipe", "conf", "nothing"], None);
        check(&["plain.txt", "conf/k.txt"], Some("conf/k.txt holds"));
        check(&["leads.txt"], Some("conf/k.txt holds"));
        check(&["linked/*.txt"], Some("conf/k.txt holds"));
        check(&["half.txt"], None);
        check(&["large.txt"], Some("large.txt is more than can be looked through"));
        check(&["half.txt", "half.txt"], Some("half.txt is more"));
    }
}
