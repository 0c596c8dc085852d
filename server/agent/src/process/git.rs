//! Git for our own ends: fixed arguments, no shell, no program of a repository's.
//!
//! This is no command of an agent's: nobody outside this program chooses a word of it but for the paths behind `--`.
//! Hooks, filters, file watchers and whatever else a repository may name stay out, as
//! [`copydesk_permission::sandbox::quiet_git`] has it for git that only looks. Each call has its line among what the
//! program starts for itself ([`copydesk_store::OwnEffects`]).

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use copydesk_permission::GitUse;
use copydesk_permission::sandbox::quiet_git;
use copydesk_store::OwnEffects;
use tokio::process::Command;

use crate::settings::Settings;

/// Why nobody is asked.
const BECAUSE: &str = "Copydesk makes, compares and takes away a helper's copy of the workspace with git: with words of its own, and nothing \
     that the repository names (hooks, filters, monitors, helpers) runs";

/// How long one call may take: a checkout of a large tree is the longest.
const PATIENCE: Duration = Duration::from_mins(2);

/// Runs git in a folder; what it printed, or why it failed.
pub(crate) async fn git<A: AsRef<OsStr>>(
    settings: &Settings,
    folder: &Path,
    arguments: impl IntoIterator<Item = A>,
) -> Result<Vec<u8>, String> {
    let quiet = quiet_git(folder, settings.home.as_deref(), GitUse::Looks)?;
    let mut command = Command::new("git");
    command.env_clear().envs(settings.child_env.iter().cloned()).envs(quiet);
    command.env("LC_ALL", "C").args(["-c", "submodule.recurse=false", "-c", "core.quotePath=false"]);
    let arguments: Vec<A> = arguments.into_iter().collect();
    let words: Vec<_> = arguments.iter().map(|word| word.as_ref().to_string_lossy()).collect();
    let line = settings.redactor.clean(&format!("git {}", words.join(" ")));
    OwnEffects::at(&settings.state_home).note(&line, folder, BECAUSE);
    command.args(arguments).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0).kill_on_drop(true);
    let ended = tokio::time::timeout(PATIENCE, command.output()).await;
    let ended = ended.map_err(|_| format!("git took longer than {} s", PATIENCE.as_secs()))?;
    let output = ended.map_err(|error| format!("git cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("git failed");
    Err(line.trim_start_matches("fatal: ").to_owned())
}
