//! Which versions of other programs are there, beside those that are needed.
//!
//! A program is asked by `--version` and nothing else: without input, keys or the person's folder, for two seconds at
//! most, all at the same time, and is ended with all that it started. One that says nothing that looks like a version is
//! there all the same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use copydesk_store::OwnEffects;
use futures_util::future::join_all;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use super::{Finding, State, finding};
use crate::found;
use crate::group::Group;

/// A program that is not ours, the least version that is known to do, and what needs it.
struct Needed {
    program: &'static str,
    least: Option<&'static str>,
    /// What it is to us, as the name of its line.
    name: &'static str,
    /// What to do where it is older.
    mend: &'static str,
}

const fn editor(
    program: &'static str,
    least: &'static str,
    name: &'static str,
    mend: &'static str,
) -> Needed {
    Needed { program, least: Some(least), name, mend }
}

const GIT: Needed = Needed {
    program: "git",
    least: Some("2.17"),
    name: "git",
    mend: "Update git: helpers that edit side by side need its worktrees.",
};
const BASH: Needed = Needed { program: "bash", least: None, name: "bash", mend: "" };

/// Editors that have an extension or a page in the guide.
const EDITORS: [Needed; 4] = [
    editor("code", "1.91", "editor VS Code", "Update VS Code: the extension does not start in it."),
    editor("nvim", "0.10", "editor Neovim", "Update Neovim: the plugin does not start in it."),
    editor(
        "hx",
        "25.07",
        "editor Helix",
        "Update Helix: it shows no questions; code actions are the way to answer.",
    ),
    editor("emacs", "29", "editor Emacs", "Update Emacs: eglot is built in from 29 on."),
];

/// Why nobody is asked.
const BECAUSE: &str = "you asked 'copydesk doctor', which tells the versions of what is in your PATH; it got no input and no key";

/// So long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(2);

/// More of what it prints is not read.
const LONGEST: u64 = 4 << 10;

/// The programs that were found, each with its version where it says one.
pub(super) struct Versions(BTreeMap<PathBuf, String>);

impl Versions {
    /// Asks every program that a line is about.
    pub(super) async fn find(own: &OwnEffects) -> Self {
        let known = EDITORS.iter().chain([&GIT, &BASH]).filter_map(|needed| found::in_path(needed.program));
        let paths: Vec<PathBuf> = known.chain(found::agents().into_iter().map(|(_, path)| path)).collect();
        for path in &paths {
            own.note(&format!("{} --version", path.display()), Path::new("/"), BECAUSE);
        }
        let said = join_all(paths.iter().map(|path| said(path))).await;
        Self(paths.into_iter().zip(said).filter_map(|(path, said)| Some((path, number(&said?)?))).collect())
    }

    /// A program's place with its version, as a person reads it.
    pub(super) fn shown(&self, path: &Path) -> String {
        match self.0.get(path) {
            Some(version) => format!("{}, version {version}", path.display()),
            None => format!("{}, which tells no version", path.display()),
        }
    }

    /// git and bash; `missing` says what is lost without them.
    pub(super) fn tools(&self) -> Vec<Finding> {
        [
            (GIT, "Install git: undo and context work without it, review of changes less well."),
            (BASH, "Install bash: commands of agents run in it."),
        ]
        .into_iter()
        .map(|(needed, missing)| {
            self.of(&needed)
                .unwrap_or_else(|| finding(needed.name, State::Missing, "not found in PATH", missing))
        })
        .collect()
    }

    /// The editors that are there.
    pub(super) fn editors(&self) -> Vec<Finding> {
        EDITORS.iter().filter_map(|needed| self.of(needed)).collect()
    }

    /// What is found beside what is needed; nothing where it is not there.
    fn of(&self, needed: &Needed) -> Option<Finding> {
        let path = found::in_path(needed.program)?;
        let shown = self.shown(&path);
        let Some(least) = needed.least else { return Some(finding(needed.name, State::Fine, shown, "")) };
        let detail = format!("{shown}; {least} or later is needed");
        let is_old = self.0.get(&path).is_some_and(|found| parts(found) < parts(least));
        let (state, mend) = if is_old { (State::Warning, needed.mend) } else { (State::Fine, "") };
        Some(finding(needed.name, state, detail, mend))
    }
}

/// What a program says to `--version`.
async fn said(path: &Path) -> Option<String> {
    let mut command = Command::new(path);
    command.arg("--version").env_clear().current_dir("/");
    for name in ["PATH", "HOME"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    // What it started ends with it: a shell that waits for a program is not the one that hangs.
    let (mut child, _group) = Group::start(&mut command).ok()?;
    let stream = child.stdout.take()?;
    let mut page = Vec::new();
    tokio::time::timeout(PATIENCE, stream.take(LONGEST).read_to_end(&mut page)).await.ok()?.ok()?;
    Some(String::from_utf8_lossy(&page).into_owned())
}

/// The first numbers with dots between them.
fn number(said: &str) -> Option<String> {
    let is_of_it = |c: char| c.is_ascii_digit() || c == '.';
    let mut words = said.split(|c| !is_of_it(c)).map(|word| word.trim_matches('.'));
    words.find(|word| word.contains('.') && word.len() <= 40).map(str::to_owned)
}

fn parts(version: &str) -> Vec<u64> {
    version.split('.').map(|part| part.parse().unwrap_or(u64::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_programs_say() {
        for (said, expect) in [
            ("git version 2.43.0\n", Some("2.43.0")),
            ("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\n", Some("5.2.15")),
            ("NVIM v0.12.0\nBuild type: Release\n", Some("0.12.0")),
            ("helix 25.07.1 (a05c151b)\n", Some("25.07.1")),
            ("1.91.0\nea1445cc7016315d0f5728f8e8b12a45dc0a7286\nx64\n", Some("1.91.0")),
            ("codex-cli 0.46.0.", Some("0.46.0")),
            ("4 dogs ... and no version", None),
            ("", None),
        ] {
            assert_eq!(number(said).as_deref(), expect, "{said}");
        }
        for (older, newer) in [("2.9.5", "2.17"), ("25.01.1", "25.07"), ("28.2", "29"), ("0.9", "0.10.0")] {
            assert!(parts(older) < parts(newer) && parts(newer) >= parts(newer), "{older} {newer}");
        }
    }
}
