//! `copydesk check`: what is wrong in workflows, agents, actions, prompts and config.

use std::path::{Path, PathBuf};

use copydesk_agent::DiskFiles;
use copydesk_base::path::resolve;
use copydesk_base::{Code, ContentHash, Diagnostic, Severity, Span};
use copydesk_language::{File, FileKind, Trust, WorkspaceIndex, check, kind_of};
use copydesk_lsp::rules::check_rules;
use copydesk_lsp::schemas::{self, Library};
use copydesk_lsp::workspace::{self, Found, Members};
use copydesk_text::{Encoding, LineIndex, Position, Tree, front_matter, yaml};
use serde_json::{Value, json};

use super::Outcome;
use crate::here::Here;
use crate::{out, render};

/// Checks workflows, agents, actions, prompts and config files
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Files and folders; the current folder unless given
    paths: Vec<PathBuf>,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// One file and what was found in it.
struct Checked {
    path: String,
    text: String,
    findings: Vec<Diagnostic>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let here = Here::find()?;
    let asked = if arguments.paths.is_empty() { &[PathBuf::from(".")][..] } else { &arguments.paths };
    if let Some(missing) = asked.iter().find(|path| !here.cwd.join(path).exists()) {
        let why = format!("{} is not there", missing.display());
        out::note(format!("error: {why}"));
        if arguments.json {
            let mut nothing = document(&[], 0, 0);
            nothing["error"] = why.into();
            out::json(&nothing)?;
        }
        return Ok(Outcome::WrongUsage);
    }
    let trusted = here.user.trusted_blocking(&here.root).unwrap_or_default();
    let trusted: Vec<ContentHash> = trusted.into_iter().map(|file| file.hash).collect();

    let found: Vec<(PathBuf, Named)> = asked.iter().flat_map(|path| found_under(path)).collect();
    let index = index_of(&here, &found);
    let library = Library::new(&here.root);
    library.set_rules(&here.settings().config.schemas);
    let mut files: Vec<Checked> = Vec::new();
    for (path, named) in &found {
        files.extend(checked(&here, &index, &library, path, *named, &trusted));
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files.dedup_by(|one, other| one.path == other.path);

    let count = |severity| {
        files.iter().flat_map(|file| &file.findings).filter(|finding| finding.severity == severity).count()
    };
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if arguments.json {
        out::json(&document(&files, errors, warnings))?;
    } else {
        let look = out::look();
        for file in &files {
            out::text(render::findings(&file.path, &file.text, &file.findings, look))?;
        }
        out::line(summary(files.len(), errors, warnings))?;
    }
    let failed = errors > 0 || arguments.strict && warnings > 0;
    Ok(if failed { Outcome::Problems } else { Outcome::Fine })
}

/// Whether the person named the file itself.
#[derive(Clone, Copy, PartialEq)]
enum Named {
    Itself,
    ByFolder,
}

/// The files under a path, in order: everything that git does not ignore, of dot folders only those that may be ours.
fn found_under(path: &Path) -> Vec<(PathBuf, Named)> {
    if !path.is_dir() {
        return vec![(path.to_owned(), Named::Itself)];
    }
    let files =
        workspace::below(path).flatten().filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    let paths = files.map(ignore::DirEntry::into_path);
    let paths = paths.filter(|path| is_yaml(path) || is_markdown(path));
    paths.map(|path| (path, Named::ByFolder)).collect()
}

/// What is known beyond each file: what lies in the places where our files live, what was asked for, and what that
/// names.
fn index_of(here: &Here, found: &[(PathBuf, Named)]) -> WorkspaceIndex {
    let mut members = Members::new(&here.root, &here.user_places());
    members.look_in_places(&DiskFiles);
    for (path, named) in found {
        let path = resolve(&here.cwd, path);
        match named {
            Named::Itself => members.look_around(&DiskFiles, &path, Found::Named),
            Named::ByFolder => members.look_around(&DiskFiles, &path, Found::ByLooks),
        };
    }
    members.index(Trust::Untrusted)
}

/// The findings of one file; `None` for a file that is not ours and that nobody named.
fn checked(
    here: &Here,
    index: &WorkspaceIndex,
    library: &Library,
    path: &Path,
    named: Named,
    trusted: &[ContentHash],
) -> Option<Checked> {
    let shown = path.strip_prefix(".").unwrap_or(path).display().to_string();
    let whole = here.cwd.join(path);
    let (text, unreadable) = match read(&whole) {
        Ok(text) => (text, None),
        Err(reason) => (String::new(), Some(reason)),
    };
    let tree = match (is_yaml(path), is_markdown(path)) {
        (true, _) => yaml::parse(&text),
        (_, true) => front_matter::parse(&text),
        // The one JSON file of ours.
        _ if kind_of(&whole, "", &Tree::default()) == FileKind::Mcp => yaml::parse(&text),
        _ => Tree::default(),
    };
    let kind = kind_of(&whole, &text, &tree);
    if kind == FileKind::Other && named == Named::ByFolder && !is_yaml(path) {
        return None;
    }
    let findings = match (unreadable, kind) {
        (Some(_), FileKind::Other) if named == Named::ByFolder => Vec::new(),
        (Some(reason), _) => vec![Diagnostic::new(Code::YamlSyntax, Span::at(0), reason)],
        // Somebody else's file: only what it asks for itself, by naming a schema, or what the settings ask for.
        (None, FileKind::Other) => {
            let path = resolve(&here.cwd, path);
            let file = File { path: &path, text: &text, tree: &tree, kind };
            library.choose(&DiskFiles, &file).map_or_else(Vec::new, |chosen| schemas::check(&file, &chosen))
        }
        (None, _) => {
            let is_trusted = here.places.user_config.as_deref() == Some(&*whole)
                || trusted.contains(&ContentHash::of(&text));
            let trust = if is_trusted { Trust::Trusted } else { Trust::Untrusted };
            let index = WorkspaceIndex { trust, ..index.clone() };
            // As the index knows it.
            let path = resolve(&here.cwd, path);
            let file = File { path: &path, text: &text, tree: &tree, kind };
            let mut findings = check(&file, &index);
            findings.extend(check_rules(&file, trust));
            findings
        }
    };
    Some(Checked { path: shown, text, findings })
}

fn read(path: &Path) -> Result<String, String> {
    let metadata = std::fs::metadata(path).map_err(|error| format!("this file cannot be read: {error}"))?;
    if !metadata.is_file() {
        return Err("this is no file; name a file or a folder".to_owned());
    }
    if metadata.len() > copydesk_base::files::LARGEST_FILE {
        return Err(format!("this file is too large to check: it has {} bytes", metadata.len()));
    }
    let bytes = std::fs::read(path).map_err(|error| format!("this file cannot be read: {error}"))?;
    String::from_utf8(bytes).map_err(|error| {
        format!(
            "this file is no UTF-8 text: byte {} is wrong; save it as UTF-8",
            error.utf8_error().valid_up_to()
        )
    })
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn is_markdown(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md" || extension == "markdown")
}

fn summary(files: usize, errors: usize, warnings: usize) -> String {
    let counted = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let files = counted(files, "file");
    if errors + warnings == 0 {
        return format!("{files} checked, nothing wrong");
    }
    format!("{files} checked: {}, {}", counted(errors, "error"), counted(warnings, "warning"))
}

/// `copydesk.check/1`. Readers may rely on the names; new ones may come.
fn document(files: &[Checked], errors: usize, warnings: usize) -> Value {
    let files: Vec<Value> = files
        .iter()
        .map(|file| {
            let lines = LineIndex::new(&file.text);
            let findings: Vec<Value> = file.findings.iter().map(|finding| entry(finding, &lines)).collect();
            json!({ "path": file.path, "diagnostics": findings })
        })
        .collect();
    json!({ "schema": "copydesk.check/1", "files": files, "errors": errors, "warnings": warnings })
}

fn entry(finding: &Diagnostic, lines: &LineIndex<'_>) -> Value {
    let place = |position: Position| json!({ "line": position.line, "character": position.character });
    let range = lines.range(finding.span, Encoding::Utf16);
    json!({
        "range": { "start": place(range.start), "end": place(range.end) },
        "severity": finding.severity.as_str(),
        "code": finding.code.as_str(),
        "message": finding.message,
    })
}
