//! `copydesk doctor`: what is there, what is missing, and how to mend it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use copydesk_agent::ghost::switch::{self, Switch};
use copydesk_permission::sandbox::State as Sandboxed;
use copydesk_provider::{LocalServer, Models, ModelsConfig, discover};
use serde_json::{Value, json};

use super::{Outcome, config, wait_for};
use crate::config::{FileState, Loaded};
use crate::here::Here;
use crate::out;
use crate::render::visible;

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
    let findings = look(&here, &loaded)?;
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

/// The document of `--json`, for the command of the same name in an editor.
pub(super) fn document(here: &Here, loaded: &Loaded) -> Value {
    match look(here, loaded) {
        Ok(findings) => printed(&findings, loaded),
        Err(error) => json!({ "schema": "copydesk.doctor/1", "error": format!("{error:#}") }),
    }
}

fn look(here: &Here, loaded: &Loaded) -> anyhow::Result<Vec<Finding>> {
    let mut findings = vec![finding("copydesk", State::Fine, env!("CARGO_PKG_VERSION"), "")];
    findings.push(finding("workspace", State::Fine, here.root.display().to_string(), ""));
    findings.extend(settings(here, loaded));
    findings.extend(keys(loaded));
    findings.extend(wait_for(async { Ok(models(loaded).await) })?);
    findings.push(completion(loaded));
    findings
        .push(program("git", "Install git: undo and context work without it, review of changes less well."));
    findings.push(program("bash", "Install bash: commands of agents run in it."));
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

/// Keys by the names of their variables only.
fn keys(loaded: &Loaded) -> Vec<Finding> {
    let usual = ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "AZURE_OPENAI_API_KEY"].map(str::to_owned);
    let configured: Vec<String> =
        loaded.config.providers.values().filter_map(|provider| provider.api_key_env.clone()).collect();
    let mut names: Vec<String> = usual.into_iter().chain(configured.iter().cloned()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter_map(|name| {
            let is_set = key(&name).is_some();
            let is_needed = configured.contains(&name);
            match (is_set, is_needed) {
                (true, _) => Some(finding(format!("key {name}"), State::Fine, "set", "")),
                (false, true) => {
                    let fix = format!("Set {name} in the environment that starts your editor.");
                    Some(finding(
                        format!("key {name}"),
                        State::Missing,
                        "not set, and a provider names it",
                        fix,
                    ))
                }
                (false, false) => None,
            }
        })
        .collect()
}

async fn models(loaded: &Loaded) -> Vec<Finding> {
    let mut findings = Vec::new();
    for found in discover(&LocalServer::usual()).await {
        let names: Vec<&str> = found.models.iter().map(|model| model.id.as_str()).collect();
        let models = if names.is_empty() { "no models".to_owned() } else { names.join(", ") };
        findings.push(finding(
            format!("local {}", found.name),
            State::Fine,
            format!("{}: {models}", found.base_url),
            "",
        ));
    }
    let models = Models::new(&ModelsConfig::from_config(&loaded.config), Arc::new(key));
    findings.push(match models.route_or_look(&[]).await.map(|route| route.first) {
        Ok(choice) if choice.offline => finding(
            "model",
            State::Missing,
            format!("{}, which is no model ({})", choice.model_ref(), choice.why),
            "Set ANTHROPIC_API_KEY or OPENAI_API_KEY, start Ollama or LM Studio, or name a provider in your config.yaml.",
        ),
        Ok(choice) => finding("model", State::Fine, format!("{} ({})", choice.model_ref(), choice.why), ""),
        Err(error) => finding("model", State::Broken, error.to_string(), error.advice()),
    });
    findings
}

/// Whether suggestions come while somebody types, and why.
fn completion(loaded: &Loaded) -> Finding {
    let models = Models::new(&ModelsConfig::from_config(&loaded.config), Arc::new(key));
    match switch::of(&loaded.config.completion, &models) {
        Switch::On(on) => {
            let how = if on.format.is_some() { "by its own format" } else { "in words" };
            finding("completion", State::Fine, format!("on: {} is asked {how}", on.choice.model_ref()), "")
        }
        Switch::Off { because, advice } => {
            finding("completion", State::Fine, format!("off: {because}"), advice)
        }
    }
}

fn key(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|key| !key.trim().is_empty())
}

fn program(name: &str, fix: &str) -> Finding {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| is_program(path));
    match found {
        Some(path) => finding(name, State::Fine, path.display().to_string(), ""),
        None => finding(name, State::Missing, "not found in PATH", fix),
    }
}

fn is_program(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

/// What confines commands, and promise by promise what holds.
fn sandbox(here: &Here, loaded: &Loaded) -> Finding {
    let sandbox = crate::office::sandbox(&loaded.config, &[], here);
    let report = sandbox.report();
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
