//! `copydesk trust`: lets a workspace's own files grant things, for exactly the content they have now.
//!
//! It shows first what would count, and what changed since it was trusted the last time. On a terminal it then asks;
//! elsewhere it refuses unless `--yes` says that a person has decided. Inside a run it refuses: an agent cannot trust
//! its own workspace.

use std::io::IsTerminal;
use std::path::PathBuf;

use copydesk_store::TrustedFile;
use serde_json::{Value, json};

use super::keyboard::ask_on_terminal;
use super::{Outcome, config::shown_value};
use crate::config::{Flags, Ignored, LayerName, Nesting, load_as_if, trustable};
use crate::here::Here;
use crate::out;
use crate::render::visible;

/// Lets this workspace's own files grant things, for exactly the content they have now
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The workspace; the one around the current folder unless given
    path: Option<PathBuf>,
    /// Take all trust back
    #[arg(long)]
    revoke: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let here = match &arguments.path {
        Some(path) if !path.is_dir() => {
            out::note(format!("error: {} is no folder", path.display()));
            return Ok(Outcome::WrongUsage);
        }
        Some(path) => Here::in_workspace(path)?,
        None => Here::find()?,
    };
    if here.nesting == Nesting::InsideRun {
        out::note("error: a run cannot change what is trusted; nothing was changed");
        return Ok(Outcome::Problems);
    }
    if arguments.revoke {
        let count = here.user.revoke_trust_blocking(&here.root).map_err(failed)?;
        return answer(
            arguments,
            &here,
            "revoked",
            &[],
            &[],
            &match count {
                0 => format!("nothing was trusted in {}", here.root.display()),
                _ => format!("{} is no longer trusted", here.root.display()),
            },
        );
    }

    let before = here.user.trusted_blocking(&here.root).map_err(failed)?;
    let now = trustable(&here.sources(Flags::default()));
    let grants = grants(&here);
    if now.is_empty() {
        let text = format!(
            "{} has no settings, agents or actions of its own: nothing needs trust",
            here.root.display()
        );
        return answer(arguments, &here, "nothing", &now, &grants, &text);
    }
    if before == now {
        let text = format!("{} is trusted already, as it is", here.root.display());
        return answer(arguments, &here, "trusted", &now, &grants, &text);
    }
    if !arguments.json {
        show(&here, &before, &now, &grants)?;
    }
    let can_ask = !arguments.json && std::io::stdin().is_terminal();
    if !arguments.yes && !can_ask {
        out::note("error: trusting needs a person at a terminal, or '--yes'; nothing was changed");
        return Ok(Outcome::Problems);
    }
    if !arguments.yes && !matches!(ask_on_terminal("Trust this content? Type yes:")?.as_str(), "yes" | "y") {
        out::note("nothing was changed");
        return Ok(Outcome::Problems);
    }
    here.user.trust_blocking(&here.root, now.clone()).map_err(failed)?;
    let text = format!("{} is trusted, for exactly this content", here.root.display());
    answer(arguments, &here, "trusted", &now, &grants, &text)
}

/// What the workspace's files say that counts only with trust.
fn grants(here: &Here) -> Vec<Ignored> {
    let untrusted = load_as_if(&here.sources(Flags::default()), &[]);
    let is_of_workspace = |ignored: &Ignored| ignored.origin.layer != LayerName::Editor;
    untrusted.ignored.into_iter().filter(is_of_workspace).collect()
}

fn show(here: &Here, before: &[TrustedFile], now: &[TrustedFile], grants: &[Ignored]) -> anyhow::Result<()> {
    out::line(format!("Workspace {}", here.root.display()))?;
    if grants.is_empty() {
        out::line("Its settings ask for nothing that needs trust.")?;
    } else {
        out::line("With trust, these settings of its own count:")?;
    }
    for grant in grants {
        out::line(format!("  {}: {}  # {}", grant.key, shown_value(&grant.key, &grant.value), grant.origin))?;
    }
    out::text(changed(before, now))
}

/// What is new, changed or gone since the workspace was trusted, as text.
pub(super) fn changed(before: &[TrustedFile], now: &[TrustedFile]) -> String {
    let mut text = String::new();
    for file in now {
        match before.iter().find(|old| old.path == file.path) {
            Some(old) if old.hash == file.hash => {}
            Some(old) => {
                text.push_str(&format!("{} changed since it was trusted:\n", file.path));
                let diff = similar::TextDiff::from_lines(old.content.as_str(), file.content.as_str());
                let diff = diff.unified_diff().header("trusted", "now").to_string();
                text.push_str(&visible(&diff));
            }
            None => text.push_str(&format!("{} is new\n", file.path)),
        }
    }
    for gone in before.iter().filter(|old| !now.iter().any(|file| file.path == old.path)) {
        text.push_str(&format!("{} is gone\n", gone.path));
    }
    text
}

fn answer(
    arguments: &Arguments,
    here: &Here,
    state: &str,
    files: &[TrustedFile],
    grants: &[Ignored],
    text: &str,
) -> anyhow::Result<Outcome> {
    if !arguments.json {
        out::line(text)?;
        return Ok(Outcome::Fine);
    }
    let files: Vec<Value> =
        files.iter().map(|file| json!({ "path": file.path, "hash": file.hash })).collect();
    let grants: Vec<Value> = grants
        .iter()
        .map(|grant| json!({ "key": grant.key, "value": shown_value(&grant.key, &grant.value), "origin": grant.origin.to_string() }))
        .collect();
    out::json(&json!({
        "schema": "copydesk.trust/1",
        "workspace": here.root.display().to_string(),
        "state": state,
        "files": files,
        "grants": grants,
    }))?;
    Ok(Outcome::Fine)
}

fn failed(error: copydesk_store::StoreError) -> anyhow::Error {
    anyhow::anyhow!("failed to {error}")
}
