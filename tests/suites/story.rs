//! What the tests in real editors share: a private copy of `editors/story`, and what to say where an editor is missing.
//!
//! A [`Story`] is a temporary folder with the workspace, the person's own config and a home for everything that the
//! editor and the server write. It is removed at the end, unless the story failed: then it stays, to be looked at.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The private copy.
pub(crate) struct Story {
    folder: TempDir,
}

/// The top of the checkout.
pub(crate) fn root() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap()
}

/// Something that `editors/setup` installs.
pub(crate) fn installed(path: &str) -> Option<PathBuf> {
    Some(root().join(".editors").join(path)).filter(|path| path.exists())
}

/// Says that a test was skipped. In CI, which installs the editors, that is a failure.
#[expect(clippy::explicit_write, reason = "the harness hides what a passing test prints by macro")]
pub(crate) fn skip(editor: &str) {
    writeln!(std::io::stderr(), "skipped: {editor} is not installed (editors/setup {editor})").unwrap();
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "in CI {editor} must be installed");
}

impl Story {
    pub(crate) fn begin() -> Self {
        let folder = TempDir::with_prefix("copydesk-story-").unwrap();
        copy(&root().join("editors/story"), folder.path());
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A program that finds the story's places and nobody else's.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let home = self.path().join("home");
        fs::create_dir_all(&home).unwrap();
        let mut command = Command::new(program);
        command
            .env("COPYDESK_BIN", env!("CARGO_BIN_EXE_copydesk"))
            .env("COPYDESK_STORY", self.path())
            .env("COPYDESK_HOME", home.join("copydesk"))
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", self.path().join("config"))
            .env("XDG_STATE_HOME", home.join("state"))
            .env("XDG_DATA_HOME", home.join("data"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env_remove("COPYDESK_CONFIG")
            .current_dir(self.path());
        command
    }

    /// Runs the editor's script, which must tell the story to its end.
    pub(crate) fn tell(self, mut command: Command) {
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        if output.status.success() && said.lines().any(|line| line == "the story is told") {
            return;
        }
        let kept = self.folder.keep();
        let complaints = String::from_utf8_lossy(&output.stderr);
        panic!("the story broke off ({}), see {}\n{said}\n{complaints}", output.status, kept.display());
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
