//! `copydesk check`: what is wrong in workflows, agents, actions, prompts and config, for people, programs and code
//! hosts; and with `--fix` the mends that need no look.

mod find;
mod look;
mod sarif;

use std::path::PathBuf;

use anyhow::Context;
use copydesk_base::{ContentHash, Diagnostic, Severity};
use copydesk_language::WorkspaceIndex;
use copydesk_lsp::schemas::{Library, OfOthers};
use copydesk_lsp::scripts::Scripts;
use copydesk_text::{Encoding, LineIndex, Position};
use serde_json::{Value, json};

use self::find::Named;
use self::look::{Checked, Mending, Surroundings, Told, Unread};
use super::{Outcome, input, models};
use crate::config::Flags;
use crate::here::Here;
use crate::office::Office;
use crate::{out, render};

/// Checks workflows, agents, actions, prompts and config files
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Files and folders, the current folder unless given; `-` is standard input
    paths: Vec<PathBuf>,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
    /// Make the mends that are safe; with `-` the mended text goes to standard output
    #[arg(long)]
    fix: bool,
    /// Where the text on standard input belongs: its name and folder say what it is
    #[arg(long, value_name = "FILE")]
    path: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long, conflicts_with = "sarif")]
    json: bool,
    /// Print one SARIF 2.1.0 document, for code hosts
    #[arg(long)]
    sarif: bool,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let office = Office::new(Here::find()?, Flags::default());
    let here = &office.here;
    if let Some(why) = wrong_usage(arguments, here) {
        out::note(format!("error: {why}"));
        if arguments.json {
            let mut nothing = document(&[], &Counts::default());
            nothing["error"] = why.into();
            out::json(&nothing)?;
        }
        return Ok(Outcome::WrongUsage);
    }
    let trusted = here.user.trusted_blocking(&here.root).unwrap_or_default();
    let trusted: Vec<ContentHash> = trusted.into_iter().map(|file| file.hash).collect();
    let mending = match (arguments.fix, arguments.is_stdin()) {
        (false, _) => Mending::Leave,
        (true, true) => Mending::InText,
        (true, false) => Mending::InFile,
    };
    let found = match &arguments.paths[..] {
        _ if arguments.is_stdin() => Vec::new(),
        [] => find::under(&[PathBuf::from(".")]),
        paths => find::under(paths),
    };
    let index = WorkspaceIndex { models: models::names(&office).into(), ..look::index_of(here, &found) };
    let library = Library::new(&here.root);
    library.set_rules(&OfOthers::from(here.settings().config));
    let told = match (arguments.json, arguments.sarif) {
        (true, _) => Told::Findings,
        (_, true) => Told::Mends,
        _ => Told::Count,
    };
    let scripts = Scripts::new(&here.root);
    let surroundings = Surroundings { here, trusted: &trusted, index, library, scripts, mending, told };
    let files = if arguments.is_stdin() {
        let path = arguments.path.clone().unwrap_or_default();
        let text = input::stdin().map_err(anyhow::Error::msg)?;
        let shown = path.display().to_string();
        let checked = look::text_at(&surroundings, &here.cwd.join(&path), Named::Itself, shown, text);
        checked.into_iter().collect()
    } else {
        look::all(&surroundings, &found)
    };
    let counts = Counts::of(&files);
    if arguments.json {
        let mut document = document(&files, &counts);
        if let (Mending::InText, Some(file)) = (mending, files.first()) {
            document["text"] = file.text.clone().into();
        }
        out::json(&document)?;
    } else if arguments.sarif {
        out::json(&sarif::document(here, &files))?;
    } else {
        show(&files, &counts, mending)?;
    }
    let failed = counts.errors > 0 || counts.unwritten > 0 || arguments.strict && counts.warnings > 0;
    Ok(if failed { Outcome::Problems } else { Outcome::Fine })
}

impl Arguments {
    fn is_stdin(&self) -> bool {
        self.paths.iter().any(|path| path.as_os_str() == "-")
    }
}

/// Why nothing is checked, as a sentence.
fn wrong_usage(arguments: &Arguments, here: &Here) -> Option<String> {
    if arguments.is_stdin() && arguments.paths.len() > 1 {
        return Some("'-' stands alone: name files, or give one text".to_owned());
    }
    if arguments.is_stdin() {
        let untold = "nothing says what the text on standard input is; name its file, as in \
                      '--path .copydesk/workflows/release.yaml'";
        return arguments.path.is_none().then(|| untold.to_owned());
    }
    if arguments.path.is_some() {
        return Some("--path says where the text on standard input belongs; write '-' for it".to_owned());
    }
    let missing = arguments.paths.iter().find(|path| !here.cwd.join(path).exists())?;
    Some(format!("{} is not there", missing.display()))
}

/// What was found, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    files: usize,
    errors: usize,
    warnings: usize,
    fixed: usize,
    /// Findings with a mend that `--fix` would make.
    fixable: usize,
    /// Files that could not be written.
    unwritten: usize,
    /// Files that are in no language that is read here.
    unread: usize,
    /// Files of others that cannot be read, and that nobody named.
    broken: usize,
}

impl Counts {
    fn of(files: &[Checked]) -> Self {
        let findings = || files.iter().flat_map(|file| &file.findings);
        let of = |severity| findings().filter(|finding| finding.severity == severity).count();
        let unread = |why| files.iter().filter(|file| file.unread == why).count();
        Self {
            files: unread(None),
            unread: unread(Some(Unread::Language)),
            broken: unread(Some(Unread::Broken)),
            errors: of(Severity::Error),
            warnings: of(Severity::Warning),
            fixed: files.iter().map(|file| file.made.len()).sum(),
            fixable: files.iter().map(|file| file.fixable).sum(),
            unwritten: files.iter().filter(|file| file.unwritten.is_some()).count(),
        }
    }
}

/// The findings for a person; a mended text from standard input goes to standard output alone.
fn show(files: &[Checked], counts: &Counts, mending: Mending) -> anyhow::Result<()> {
    let look = out::look();
    let mut told = String::new();
    for file in files {
        for made in &file.made {
            told.push_str(&format!(
                "{}:{}: fixed[{}]: {}\n",
                render::visible(&file.path),
                made.line + 1,
                made.code,
                render::visible(&made.title)
            ));
        }
        if let Some(why) = &file.unwritten {
            told.push_str(&format!("{}: {why}\n", render::visible(&file.path)));
        }
        if !file.made.is_empty() || file.unwritten.is_some() {
            told.push('\n');
        }
        let (text, findings) = file.as_seen();
        told.push_str(&render::findings(&file.path, text, &findings, look));
    }
    told.push_str(&summary(counts, mending));
    if mending == Mending::InText {
        out::note(told);
        return out::text(files.first().map_or("", |file| &file.text))
            .context("failed to give the mended text");
    }
    out::line(told)
}

fn summary(counts: &Counts, mending: Mending) -> String {
    let counted = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let mut said = format!("{} checked", counted(counts.files, "file"));
    if counts.fixed > 0 {
        said.push_str(&format!(", {} fixed", counts.fixed));
    }
    if counts.unread > 0 {
        said.push_str(&format!(", {} not checked (no YAML, JSON, TOML or Markdown)", counts.unread));
    }
    if counts.broken > 0 {
        let them = if counts.broken == 1 { "it" } else { "them" };
        said.push_str(&format!(
            ", {} not checked (broken YAML that is not ours; name {them} to see why)",
            counts.broken
        ));
    }
    if counts.files == 0 && counts.unread + counts.broken > 0 {
        return said;
    }
    if counts.errors + counts.warnings == 0 {
        said.push_str(if counts.fixed > 0 { ", nothing left" } else { ", nothing wrong" });
    } else {
        let left = if counts.fixed > 0 { " left" } else { "" };
        let (errors, warnings) = (counted(counts.errors, "error"), counted(counts.warnings, "warning"));
        said.push_str(&format!(": {errors}, {warnings}{left}"));
    }
    if mending == Mending::Leave && counts.fixable > 0 {
        said.push_str(&format!("\n{} of them can be fixed with --fix", counts.fixable));
    }
    said
}

/// `copydesk.check/1`. Readers may rely on the names; new ones may come.
fn document(files: &[Checked], counts: &Counts) -> Value {
    let files: Vec<Value> = files
        .iter()
        .map(|file| {
            let (text, findings) = file.as_seen();
            let lines = LineIndex::new(text);
            let findings: Vec<Value> = findings.iter().map(|finding| entry(finding, &lines)).collect();
            let mut entry = json!({ "path": file.path, "diagnostics": findings });
            if !file.made.is_empty() {
                let made = file.made.iter();
                let made = made
                    .map(|made| json!({"code": made.code.as_str(), "title": made.title, "line": made.line}));
                entry["fixed"] = made.collect();
            }
            if file.unread.is_some() {
                entry["checked"] = false.into();
            }
            if let Some(why) = &file.unwritten {
                entry["error"] = why.clone().into();
            }
            entry
        })
        .collect();
    json!({
        "schema": "copydesk.check/1",
        "files": files,
        "errors": counts.errors,
        "warnings": counts.warnings,
        "fixed": counts.fixed,
    })
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
