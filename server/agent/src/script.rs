//! Scripts of the stand-in: reading the file that a config names for one.
//!
//! The error is a sentence for a person that begins with the path.

use std::path::Path;

use copydesk_provider::{Scenario, Script};
use copydesk_text::{de, yaml};

/// The script in a file of the disk.
///
/// # Errors
/// It is not there, or is none.
pub fn at(path: &Path) -> Result<Script, String> {
    read(path, std::fs::read_to_string(path))
}

/// The script in a text that was read.
///
/// # Errors
/// It was not, or is none.
pub fn read(path: &Path, text: std::io::Result<String>) -> Result<Script, String> {
    let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
    let tree = yaml::parse(&text);
    if let Some(problem) = tree.problems().first() {
        return Err(format!("{}: {}", path.display(), problem.message));
    }
    let root = tree.root().ok_or_else(|| format!("{} is empty", path.display()))?;
    let scenario: Scenario =
        de::from_node(&tree, root).map_err(|error| format!("{}: {}", path.display(), error.message))?;
    Ok(Script::new(scenario))
}
