//! One file of rules: what its head says about when it holds, and its words.

use std::path::Path;

use copydesk_language::types::Instructions;
use copydesk_text::{de, front_matter};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// A file of rules.
#[derive(Debug)]
pub(super) struct Rule<'a> {
    /// Without the head.
    pub(super) text: &'a str,
    /// The files that it is for; nothing where it is for all.
    only: Option<GlobSet>,
}

/// Reads a file; a head that says nothing about files, or that cannot be read, limits nothing.
pub(super) fn read(text: &str) -> Rule<'_> {
    let Some(head) = front_matter::split(text) else { return Rule { text, only: None } };
    let tree = front_matter::parse(text);
    let said: Instructions = de::from_tree(&tree).unwrap_or_default();
    let all = said.always_apply == Some(true);
    let globs = [said.apply_to, said.globs, said.paths].into_iter().flatten();
    let globs: Vec<String> =
        globs.flat_map(|globs| globs.iter().map(str::to_owned).collect::<Vec<_>>()).collect();
    // A list may be one text with commas.
    let globs: Vec<&str> = globs.iter().flat_map(|glob| glob.split(',')).map(str::trim).collect();
    let globs: Vec<&str> = globs.into_iter().filter(|glob| !glob.is_empty()).collect();
    Rule { text: head.body.of(text), only: (!all && !globs.is_empty()).then(|| set(&globs)) }
}

fn set(globs: &[&str]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        // A bare name is one in any folder, as other programs have it.
        let glob = if glob.contains('/') { (*glob).to_owned() } else { format!("**/{glob}") };
        // A glob that does not parse takes no file.
        if let Ok(glob) = GlobBuilder::new(&glob).literal_separator(true).build() {
            set.add(glob);
        }
    }
    set.build().unwrap_or_default()
}

impl Rule<'_> {
    /// Whether it holds where somebody asks about that file, or about none.
    pub(super) fn holds_for(&self, root: &Path, place: Option<&Path>) -> bool {
        let Some(only) = &self.only else { return true };
        place.and_then(|place| place.strip_prefix(root).ok()).is_some_and(|place| only.is_match(place))
    }
}

/// The text without code: what stands between fences or backticks names nothing.
pub(super) fn prose(text: &str) -> String {
    let mut prose = String::new();
    let mut is_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~") {
            is_code = !is_code;
        } else if !is_code {
            prose.extend(line.split('`').step_by(2).flat_map(|piece| [piece, " "]));
            prose.push('\n');
        }
    }
    prose
}
