//! What this program does for itself, outside of what runs ask for: commands that give keys, git for copies of a
//! workspace, programs that `doctor` asks for their version, the trial of the sandbox, lists of models that are
//! fetched, keys that are read from the keyring.
//!
//! Nobody is asked about these and no run has them in its journal, so they have a page of their own: whoever wonders
//! why something ran, or where something was asked, finds a line. A line says what, where and why; it is no proof, as
//! records are, and no secret stands in it.
//!
//! # Format
//! `COPYDESK_HOME/own.jsonl`, a JSON document on each line with its version in `v`; a reader passes over lines that it
//! does not understand. What would grow beyond [`MOST`] becomes `own.old.jsonl`, which takes the place of the one
//! before.
//!
//! # Invariants
//! - Nothing is made where there is no `COPYDESK_HOME` yet: who only looks leaves no trace.
//! - A line that cannot be written stops nothing: none of these is a deed of anybody else's.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use copydesk_base::{Clock as _, SystemClock, Timestamp};
use serde::{Deserialize, Serialize};

/// The version of a line.
const VERSION: u32 = 1;
/// The longest page, in bytes; there are two at most.
const MOST: u64 = 256 * 1024;
/// The longest command that is kept whole, in characters.
const LONGEST: usize = 2000;

const PAGE: &str = "own.jsonl";
const BEFORE: &str = "own.old.jsonl";

/// What kind of thing the program did for itself. Lines of before have none: all of them were commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OwnKind {
    #[default]
    Execute,
    /// An address was asked.
    Network,
    /// A key was read.
    Auth,
}

/// One thing that the program did for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnEffect {
    v: u32,
    #[serde(default)]
    pub kind: OwnKind,
    pub at: Timestamp,
    /// What was started, as a shell would have it; the address that was asked; what was read.
    pub command: String,
    /// The folder that it ran in.
    pub cwd: PathBuf,
    /// Why nobody was asked, as a sentence.
    pub because: String,
}

/// The page of one person.
#[derive(Clone, Debug)]
pub struct OwnEffects {
    home: PathBuf,
}

impl OwnEffects {
    pub fn at(home: &Path) -> Self {
        Self { home: home.to_owned() }
    }

    /// Adds a line for a command.
    pub fn note(&self, command: &str, cwd: &Path, because: &str) {
        self.add(OwnKind::Execute, command, cwd, because);
    }

    /// Adds a line for an address that is asked.
    pub fn note_asked(&self, address: &str, because: &str) {
        self.add(OwnKind::Network, address, Path::new("."), because);
    }

    /// Adds a line for a key that is read.
    pub fn note_key(&self, what: &str, because: &str) {
        self.add(OwnKind::Auth, what, Path::new("."), because);
    }

    fn add(&self, kind: OwnKind, command: &str, cwd: &Path, because: &str) {
        let command: String = command.chars().take(LONGEST).collect();
        let (cwd, because) = (cwd.to_owned(), because.to_owned());
        let effect = OwnEffect { v: VERSION, kind, at: SystemClock.now(), command, cwd, because };
        // Without a home nobody keeps anything.
        if self.home.is_dir() {
            let _ = self.write(&effect);
        }
    }

    fn write(&self, effect: &OwnEffect) -> std::io::Result<()> {
        let page = self.home.join(PAGE);
        if page.symlink_metadata().is_ok_and(|page| page.len() > MOST) {
            std::fs::rename(&page, self.home.join(BEFORE))?;
        }
        let mut open = OpenOptions::new();
        open.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
        // One write for a line: those of several processes do not mix.
        let line = serde_json::to_string(effect)? + "\n";
        open.open(&page)?.write_all(line.as_bytes())
    }

    /// The last lines, oldest first.
    pub fn last(&self, most: usize) -> Vec<OwnEffect> {
        let read = |name| std::fs::read_to_string(self.home.join(name)).unwrap_or_default();
        let text = read(BEFORE) + &read(PAGE);
        let effects = text.lines().filter_map(|line| serde_json::from_str::<OwnEffect>(line).ok());
        let effects: Vec<OwnEffect> = effects.filter(|effect| effect.v == VERSION).collect();
        effects[effects.len().saturating_sub(most)..].to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_in_order_and_within_bounds() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = OwnEffects::at(&folder.path().join("none"));
        nowhere.note("git status", Path::new("/w"), "x");
        assert!(nowhere.last(9).is_empty() && !folder.path().join("none").exists());
        let own = OwnEffects::at(folder.path());
        assert_eq!(own.last(9), []);
        for at in 0..400 {
            own.note(&format!("{at} {}", "x".repeat(1990)), Path::new("/w"), "it is ours");
        }
        let before = "no line\n{\"v\":7}\n{\"v\":1,\"at\":1,\"command\":\"git\",\"cwd\":\"/w\",\"because\":\"it is ours\"}\n";
        std::fs::write(folder.path().join(BEFORE), before).unwrap();
        own.note_asked("http://127.0.0.1:9/models", "its list was wanted");
        let kinds: Vec<OwnKind> = own.last(999).iter().map(|one| one.kind).collect();
        assert_eq!((kinds[0], kinds[kinds.len() - 1]), (OwnKind::Execute, OwnKind::Network));
        own.note(&"ä".repeat(3000), Path::new("/w"), "it is ours");
        let told = own.last(3);
        assert!(told[0].command.starts_with("399 ") && told[0].because == "it is ours");
        assert_eq!(told[2].command, "ä".repeat(LONGEST));
        let page = std::fs::metadata(folder.path().join(PAGE)).unwrap();
        assert!(page.len() <= MOST + 8 * LONGEST as u64, "{}", page.len());
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&page.permissions()) & 0o777, 0o600);
    }
}
