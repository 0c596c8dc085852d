//! Which files are checked, and their texts.

use std::path::{Path, PathBuf};

use copydesk_base::Code;
use copydesk_lsp::workspace;
use copydesk_text::Format;

use crate::cli::input;

/// A file to be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// As it is shown; relative paths stay relative.
    pub(super) path: PathBuf,
    pub(super) named: Named,
}

/// Whether the person named the file itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Itself,
    ByFolder,
}

/// The files under some paths, each once, in the order of their names: everything that git does not ignore, of dot
/// folders only those that may be ours.
pub(super) fn under(paths: &[PathBuf]) -> Vec<Found> {
    let mut found: Vec<Found> = paths.iter().flat_map(|path| below(path)).collect();
    // A file that was named itself is checked as such, also where its folder was named, too.
    found.sort_by(|one, other| {
        let folder = |found: &Found| found.named == Named::ByFolder;
        (&one.path, folder(one)).cmp(&(&other.path, folder(other)))
    });
    found.dedup_by(|later, first| later.path == first.path);
    found
}

fn below(path: &Path) -> Vec<Found> {
    if !path.is_dir() {
        return vec![Found { path: tidy(path), named: Named::Itself }];
    }
    let files =
        workspace::below(path).flatten().filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    files
        .filter(|entry| is_readable(entry.path()))
        .map(|entry| Found { path: tidy(entry.path()), named: Named::ByFolder })
        .collect()
}

/// The path without the `./` that a walk of the current folder puts before everything.
fn tidy(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}

/// The text of a file; the error is a sentence.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let metadata = std::fs::metadata(path).map_err(|error| format!("this file cannot be read: {error}"))?;
    if !metadata.is_file() {
        return Err("this is no file; name a file or a folder".to_owned());
    }
    if metadata.len() > copydesk_base::files::LARGEST_FILE {
        return Err(format!("this file is too large to check: it has {} bytes", metadata.len()));
    }
    let bytes = std::fs::read(path).map_err(|error| format!("this file cannot be read: {error}"))?;
    input::utf8(bytes)
}

/// Whether the syntax of a file is known by its name.
pub(super) fn is_readable(path: &Path) -> bool {
    Format::of("", Some(path)) != Format::Other
}

/// The code of what is wrong with a text that is not even one.
pub(super) fn syntax_code(path: &Path) -> Code {
    match Format::of("", Some(path)) {
        Format::Json | Format::Jsonc => Code::JsonSyntax,
        Format::Toml => Code::TomlSyntax,
        Format::Yaml | Format::Markdown | Format::Other => Code::YamlSyntax,
    }
}

pub(super) fn is_yaml(path: &Path) -> bool {
    Format::of("", Some(path)) == Format::Yaml
}

/// Whether it may only be somebody's data, of which a folder has many: it is looked at if it asks for a schema.
pub(super) fn is_data(path: &Path) -> bool {
    matches!(Format::of("", Some(path)), Format::Json | Format::Jsonc | Format::Toml)
}
