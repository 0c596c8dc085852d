//! `copydesk config`: which settings are in force, and where each comes from.

use clap::Subcommand;
use copydesk_base::Redactor;
use copydesk_permission::find_secrets;
use serde_json::{Value, json};

use super::Outcome;
use crate::config::{Loaded, Problem};
use crate::credentials::shown_command;
use crate::here::Here;
use crate::out;

/// What stands for a value that is not shown.
const HIDDEN: &str = "(hidden)";

/// Shows the settings in force and the files they come from
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
    /// Print one JSON document
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum What {
    /// Every place where settings may stand, strongest first
    Paths,
    /// Every value in force, with where it comes from
    Show,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let here = Here::find()?;
    let loaded = here.settings();
    match (&arguments.what, arguments.json) {
        (What::Paths, false) => {
            for file in &loaded.files {
                out::line(format!(
                    "{:<16} {:<27} {}",
                    file.layer.as_str(),
                    file.state.as_str(),
                    here.shown(&file.path)
                ))?;
            }
        }
        (What::Paths, true) => out::json(&json!({ "schema": "copydesk.config/1", "files": files(&loaded) }))?,
        (What::Show, false) => {
            for setting in &loaded.settings {
                let value = shown_value(&setting.key, &listed(&setting.key, &setting.value));
                out::line(format!("{}: {value}  # {}", setting.key, setting.origin))?;
            }
        }
        (What::Show, true) => out::json(&document(&loaded))?,
    }
    for problem in &loaded.problems {
        out::note(format!("{}: {problem}", problem.severity.as_str()));
    }
    Ok(if loaded.refusal.is_some() { Outcome::Problems } else { Outcome::Fine })
}

/// The files of the layers as `--json` shows them.
pub(super) fn files(loaded: &Loaded) -> Value {
    let files = loaded.files.iter().map(|file| {
        json!({ "layer": file.layer.as_str(), "path": file.path.display().to_string(), "state": file.state.as_str() })
    });
    files.collect()
}

/// Problems as `--json` shows them.
pub(super) fn problems(problems: &[Problem]) -> Value {
    let problems = problems.iter().map(|problem| {
        json!({
            "severity": problem.severity.as_str(),
            "code": problem.code.as_str(),
            "message": problem.message,
            "origin": problem.origin.to_string(),
        })
    });
    problems.collect()
}

fn document(loaded: &Loaded) -> Value {
    let settings: Vec<Value> = loaded
        .settings
        .iter()
        .map(|setting| {
            let value = listed(&setting.key, &setting.value);
            json!({ "key": setting.key, "value": value, "origin": setting.origin.to_string() })
        })
        .collect();
    json!({
        "schema": "copydesk.config/1",
        "settings": settings,
        "files": files(loaded),
        "problems": problems(&loaded.problems),
        "refusal": loaded.refusal,
    })
}

/// A value on one line, without what looks like a secret. What is set for a tool server's environment may be one.
pub(super) fn shown_value(key: &str, value: &Value) -> String {
    if is_private(key) {
        return HIDDEN.to_owned();
    }
    match clean().clean_json(value) {
        Value::String(text) => crate::render::visible(&text),
        other => crate::render::visible(&other.to_string()),
    }
}

/// A value for a list that somebody may show to others.
fn listed(key: &str, value: &Value) -> Value {
    match value {
        _ if is_private(key) => HIDDEN.into(),
        Value::String(command) if key.starts_with("providers.") && key.ends_with(".key.command") => {
            shown_command(command).into()
        }
        value => clean().clean_json(value),
    }
}

fn clean() -> Redactor {
    Redactor::default().finding(find_secrets)
}

fn is_private(key: &str) -> bool {
    key.starts_with("mcp_servers.") && key.contains(".env.")
}
