//! `copydesk doctor`: what is there, what is missing, and how to mend it.

mod models;
mod versions;

use std::path::{Path, PathBuf};

use copydesk_agent::TRIED;
use copydesk_permission::sandbox::State as Sandboxed;
use copydesk_store::OwnEffects;
use serde_json::{Value, json};

use super::{Outcome, config, wait_for};
use crate::config::{FileState, Loaded};
use crate::here::Here;
use crate::office;
use crate::out;
use crate::render::visible;
use versions::Versions;

/// Shows what Copydesk finds on this machine, and how to mend what is missing
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// One thing that was looked at.
struct Finding {
    name: String,
    state: State,
    detail: String,
    /// What to do about it; empty where nothing needs to be done.
    fix: String,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Fine,
    /// Works without it, less well.
    Missing,
    /// Something is not as it was meant, and the rest works.
    Warning,
    /// Something does not work.
    Broken,
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Missing => "missing",
            Self::Warning => "warning",
            Self::Broken => "broken",
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let here = Here::find()?;
    let loaded = here.settings();
    let findings = look(&here, &loaded, None)?;
    let broken = findings.iter().any(|finding| finding.state == State::Broken);
    if arguments.json {
        out::json(&printed(&findings, &loaded))?;
    } else {
        for finding in &findings {
            let Finding { name, state, detail, fix } = finding;
            out::line(format!("{:<8} {name}: {}", state.as_str(), visible(detail)))?;
            if !fix.is_empty() {
                out::line(format!("         {}", visible(fix)))?;
            }
        }
    }
    Ok(if broken { Outcome::Problems } else { Outcome::Fine })
}

/// The document of `--json`, for the command of the same name in an editor; `chosen` is the model of its session.
pub(super) fn document(here: &Here, loaded: &Loaded, chosen: Option<&str>) -> Value {
    match look(here, loaded, chosen) {
        Ok(findings) => printed(&findings, loaded),
        Err(error) => json!({ "schema": "copydesk.doctor/1", "error": format!("{error:#}") }),
    }
}

fn look(here: &Here, loaded: &Loaded, chosen: Option<&str>) -> anyhow::Result<Vec<Finding>> {
    let mut findings = vec![finding("copydesk", State::Fine, env!("CARGO_PKG_VERSION"), "")];
    findings.push(finding("workspace", State::Fine, here.root.display().to_string(), ""));
    findings.extend(settings(here, loaded));
    findings.extend(models::keys(here, loaded));
    findings.extend(wait_for(async { Ok(models::models(here, loaded, chosen).await) })?);
    findings.extend(models::fallbacks(here, loaded));
    findings.extend(models::mappings(here, loaded));
    let own = OwnEffects::at(&here.places.state);
    let versions = wait_for(async { Ok(Versions::find(&own).await) })?;
    findings.extend(models::agents(&versions));
    findings.push(models::completion(here, loaded));
    findings.extend(versions.tools());
    findings.extend(versions.editors());
    findings.push(sandbox(here, loaded));
    findings.push(state_folder(here));
    findings.push(wait_for(async { Ok(journal(here).await) })?);
    Ok(findings)
}

fn printed(findings: &[Finding], loaded: &Loaded) -> Value {
    let checks: Vec<Value> = findings
        .iter()
        .map(|finding| {
            json!({
                "name": finding.name,
                "state": finding.state.as_str(),
                "detail": finding.detail,
                "fix": finding.fix,
            })
        })
        .collect();
    json!({
        "schema": "copydesk.doctor/1",
        "checks": checks,
        "files": config::files(loaded),
        "problems": config::problems(&loaded.problems),
    })
}

fn finding(
    name: impl Into<String>,
    state: State,
    detail: impl Into<String>,
    fix: impl Into<String>,
) -> Finding {
    Finding { name: name.into(), state, detail: detail.into(), fix: fix.into() }
}

fn settings(here: &Here, loaded: &Loaded) -> Vec<Finding> {
    let mut findings: Vec<Finding> = loaded
        .files
        .iter()
        .map(|file| {
            let (state, fix) = match file.state {
                FileState::Absent | FileState::Grants => (State::Fine, ""),
                FileState::Untrusted | FileState::Changed => {
                    (State::Warning, "Run 'copydesk trust' to see what it wants and to let it count.")
                }
                FileState::Broken => (State::Broken, "Mend it; the lines below say where."),
            };
            let detail = format!("{} ({})", here.shown(&file.path), file.state.as_str());
            finding(format!("{} settings", file.layer.as_str()), state, detail, fix)
        })
        .collect();
    let mode = format!("{} ({})", loaded.mode.as_str(), loaded.mode_origin);
    findings.push(finding("mode", State::Fine, mode, ""));
    findings.extend(loaded.problems.iter().map(|problem| {
        let state = if problem.stops { State::Broken } else { State::Warning };
        let fix = if problem.stops { "No agent runs until this is mended." } else { "" };
        finding("setting", state, problem.to_string(), fix)
    }));
    findings
}

/// What confines commands, and promise by promise what holds.
fn sandbox(here: &Here, loaded: &Loaded) -> Finding {
    let sandbox = office::sandbox(&loaded.config, office::toolchains_of(&[], here));
    let tell = |line: &str| OwnEffects::at(&here.places.state).note(line, &here.cwd, TRIED);
    let report = sandbox.report_telling(tell);
    let properties = report.properties().iter().map(|property| {
        let word = if property.holds { "yes" } else { "no" };
        format!("{}: {word}, {}", property.name, property.note)
    });
    let missing = if report.missing.is_empty() { String::new() } else { format!(" ({})", report.missing) };
    let state = report.state.as_str();
    let text = format!("{state}{missing}; {}", properties.collect::<Vec<_>>().join("; "));
    match (report.state, loaded.config.sandbox.required) {
        (Sandboxed::Full, _) => finding("sandbox", State::Fine, text, ""),
        (_, true) => finding(
            "sandbox",
            State::Broken,
            text,
            format!("sandbox.required is set: no command runs. {HOW}"),
        ),
        (Sandboxed::Partial, _) => finding("sandbox", State::Missing, text, HOW),
        (Sandboxed::Unsupported | Sandboxed::Off, _) => {
            let fix = format!(
                "Commands that you allow run with your own rights; allow only what you would type yourself. {HOW}"
            );
            finding("sandbox", State::Missing, text, &fix)
        }
    }
}

const HOW: &str = "docs/guide/security.md says how to let this system make user namespaces.";

/// Whether a file can be made where the journal goes; tried in the nearest folder that is there, and taken away again.
fn state_folder(here: &Here) -> Finding {
    let folder: PathBuf = here.places.state.clone();
    let nearest = folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
    let shown = folder.display().to_string();
    match tempfile::Builder::new().prefix(".copydesk-doctor-").tempfile_in(nearest) {
        Ok(_) => finding("state folder", State::Fine, format!("{shown} can be written"), ""),
        Err(error) => finding(
            "state folder",
            State::Broken,
            format!("{shown} cannot be written: {error}"),
            "No agent runs without a journal. Free space, mend its rights, or set COPYDESK_HOME to another folder.",
        ),
    }
}

async fn journal(here: &Here) -> Finding {
    let journal = here.journal();
    let path = journal.path().display().to_string();
    match journal.read_only().await {
        Ok(None) if journal.path().exists() => finding("journal", State::Fine, path, ""),
        Ok(None) => finding("journal", State::Fine, format!("{path}, made by the first run"), ""),
        Ok(Some(because)) => finding(
            "journal",
            State::Broken,
            format!("{path} is read and not written: {because}"),
            "No agent runs here until that is mended.",
        ),
        Err(error) => finding("journal", State::Broken, format!("failed to {error}"), "Move the file away."),
    }
}
