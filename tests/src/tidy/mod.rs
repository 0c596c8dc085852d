//! The rules of the house, read off the repository itself.
//!
//! Every rule is a function from what it looks at to a list of complaints, empty where all is well; the suite `tidy`
//! prints them. [`Repository`] is what they look at: the files that git tracks, and what cargo says about packages.

mod files;
mod licence;
mod rooms;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

pub use files::{executables, heads, lengths, machine_paths, suites, unfinished};
pub use licence::{is_acceptable, licences};
pub use rooms::{ROOMS, imports, table_of};

/// A checkout of this project.
pub struct Repository {
    pub root: PathBuf,
    /// Tracked files and those that would be, relative to the root, sorted.
    pub files: Vec<String>,
    /// `cargo metadata` with all dependencies.
    pub metadata: Value,
}

impl Repository {
    /// The checkout that this library was built from.
    pub fn here() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let root =
            root.canonicalize().unwrap_or_else(|error| panic!("cannot resolve {}: {error}", root.display()));
        let listed = output(
            Command::new("git")
                .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
                .current_dir(&root),
        );
        let mut files: Vec<String> =
            listed.split('\0').filter(|path| root.join(path).is_file()).map(str::to_owned).collect();
        files.sort();
        files.dedup();
        // What is built is locked and unpacked already, so this needs no network.
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let metadata = output(
            Command::new(cargo)
                .args(["metadata", "--format-version", "1", "--locked", "--offline"])
                .current_dir(&root),
        );
        let metadata =
            serde_json::from_str(&metadata).unwrap_or_else(|error| panic!("cargo metadata: {error}"));
        Self { root, files, metadata }
    }

    /// The text of a file; `None` where it is no UTF-8.
    pub fn text(&self, file: &str) -> Option<String> {
        std::fs::read_to_string(self.root.join(file)).ok()
    }

    /// Files with one of these endings.
    pub fn ending(&self, endings: &[&str]) -> impl Iterator<Item = &str> {
        self.files
            .iter()
            .map(String::as_str)
            .filter(move |file| endings.iter().any(|ending| file.ends_with(ending)))
    }
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
