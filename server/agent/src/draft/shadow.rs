//! A copy of the workspace in which drafts are checked, and which is thrown away.
//!
//! Where commands run in a world of their own (*full*), the copy is a layer over the workspace: it costs nothing,
//! stands at the same path, and has ignored files in it (dependencies, build results). Elsewhere files are copied,
//! without the ignored ones and up to a limit. Either way texts that an editor has not saved are part of it, and what
//! policy keeps from being read is not.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use copydesk_base::Effect;
use copydesk_permission::Policy;
use copydesk_permission::sandbox::{Circumstances, Confinement, Overlay, State, Survey, confine};

use crate::changes::{apply, ends};
use crate::gate::twins::Twins;
use crate::process::lodging::{Lodging, SHADOW};
use crate::process::quarters::{Quarters, network_for};
use crate::process::{self, Ended, Finished, Job};
use crate::run::Turn;
use crate::tools::Walk;

/// The most files and bytes that are copied where no layer can be had.
const MOST_FILES: usize = 20_000;
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// The copy of one round.
pub(super) struct Shadow {
    /// Where the command finds the workspace.
    root: PathBuf,
    /// The layer, where it is one.
    layer: Option<Overlay>,
    _folder: Lodging,
}

/// Runs a command in the copy of this round, which is made when it is needed first. Comes with the folders that the
/// command may call the workspace. The error says why nothing could run.
pub(super) async fn command(
    turn: &mut Turn,
    shadow: &mut Option<Shadow>,
    effect: &Effect,
    limit: Duration,
) -> Result<(Finished, Vec<PathBuf>), String> {
    let policy = turn.policy();
    let state = turn.settings.walls().state;
    let can_layer = state == State::Full && turn.settings.sandbox.launcher.is_some();
    loop {
        let wants_layer = can_layer && turn.draft.no_overlay.is_none();
        let made = match shadow.take() {
            Some(made) if made.layer.is_some() == wants_layer => made,
            _ if wants_layer => layered(turn, &policy)?,
            _ => copied(turn, &policy).await?,
        };
        let made = shadow.insert(made);
        let finished = inside(turn, made, effect, &policy, limit).await?;
        // Nothing ran, so it is no second time.
        if let (Ended::Failed(reason), true) = (&finished.ended, wants_layer) {
            tracing::info!(%reason, "checks run in a copy");
            turn.draft.no_overlay = Some(reason.clone());
            continue;
        }
        return Ok((finished, vec![made.root.clone(), turn.settings.root.clone()]));
    }
}

async fn inside(
    turn: &mut Turn,
    shadow: &Shadow,
    effect: &Effect,
    policy: &Policy,
    limit: Duration,
) -> Result<Finished, String> {
    let Effect::Execute { command, .. } = effect else { return Err("only commands check".to_owned()) };
    let confinement = match &shadow.layer {
        Some(layer) => turn.quarters.walls(effect, policy, &turn.settings).await?.over(layer.clone()),
        None => around_copy(turn, shadow, effect, policy)?,
    };
    let env = Quarters::environment(effect, policy, &turn.settings)?;
    let temporary =
        turn.quarters.temporary().map_err(|error| format!("there is no temporary folder: {error}"))?;
    let job = Job {
        command,
        cwd: &shadow.root,
        env: &env,
        confinement: &confinement,
        launcher: turn.settings.sandbox.launcher.as_deref(),
        temporary: temporary.path(),
        time: limit,
        limits: turn.settings.limits,
    };
    Ok(process::run(&job, None, &turn.cancel).await)
}

/// The walls of a command that is to see the copy as its workspace.
fn around_copy(
    turn: &Turn,
    shadow: &Shadow,
    effect: &Effect,
    policy: &Policy,
) -> Result<Confinement, String> {
    let (root, additional) = (shadow.root.clone(), Vec::new());
    let there = Policy { root, additional, ..policy.clone() };
    let around = Circumstances {
        sandbox: &turn.settings.sandbox,
        state: turn.settings.walls().state,
        survey: &Survey::default(),
        network: network_for(effect, policy),
    };
    confine(effect, &there, &around)
}

fn layered(turn: &Turn, policy: &Policy) -> Result<Shadow, String> {
    let folder = folder()?;
    let place = |name: &str| -> Result<PathBuf, String> {
        let place = folder.path().join(name);
        std::fs::create_dir(&place).map_err(|error| failed(&error))?;
        Ok(place)
    };
    let root = turn.settings.root.clone();
    let layer = Overlay { folder: root.clone(), upper: place("upper")?, work: place("work")? };
    // The layer's own folder stands for the workspace's.
    if let Ok(there) = root.metadata() {
        let _ = std::fs::set_permissions(&layer.upper, there.permissions());
    }
    fill(turn, policy, &layer.upper)?;
    Ok(Shadow { root, layer: Some(layer), _folder: folder })
}

async fn copied(turn: &Turn, policy: &Policy) -> Result<Shadow, String> {
    let folder = folder()?;
    let top = folder.path().canonicalize().map_err(|error| failed(&error))?.join("copy");
    let (walk, to) = (Walk::of(turn), top.clone());
    let copying = tokio::task::spawn_blocking(move || copy(&walk, &to));
    copying.await.map_err(|error| error.to_string())??;
    fill(turn, policy, &top)?;
    Ok(Shadow { root: top, layer: None, _folder: folder })
}

/// Copies what the model may know, which is not ignored either.
fn copy(walk: &Walk, to: &Path) -> Result<(), String> {
    std::fs::create_dir_all(to).map_err(|error| failed(&error))?;
    let (mut files, mut bytes) = (0, 0);
    let mut result = Ok(());
    walk.files(&walk.root, |file| {
        let Ok(below) = file.strip_prefix(&walk.root) else { return ControlFlow::Continue(()) };
        files += 1;
        bytes += file.metadata().map_or(0, |there| there.len());
        if files > MOST_FILES || bytes > MOST_BYTES {
            result = Err(format!(
                "this workspace is too large to be copied (more than {MOST_FILES} files or {} MB), and the full sandbox, \
                 which needs no copy, cannot be had here; see 'copydesk doctor'",
                MOST_BYTES >> 20
            ));
            return ControlFlow::Break(());
        }
        let target = to.join(below);
        let made = target.parent().map_or(Ok(()), std::fs::create_dir_all);
        match made.and_then(|()| std::fs::copy(file, &target)) {
            Ok(_) => ControlFlow::Continue(()),
            // It went away while we looked.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => ControlFlow::Continue(()),
            Err(error) => {
                result = Err(failed(&error));
                ControlFlow::Break(())
            }
        }
    });
    result
}

/// Writes what is not on the disk: drafts, and what editors have not saved.
fn fill(turn: &Turn, policy: &Policy, top: &Path) -> Result<(), String> {
    let root = &turn.settings.root;
    let twins = Twins::of(policy.clone());
    let drafted: Vec<PathBuf> = turn.draft.kept.lock().keys().cloned().collect();
    let held = turn.world.files.held_open();
    for file in drafted.iter().chain(&held) {
        let Ok(below) = file.strip_prefix(root) else { continue };
        if !twins.may_send(file) {
            continue;
        }
        // One that cannot be read as a text is as it is on the disk.
        let Ok(text) = turn.world.files.read(file) else { continue };
        // What is held open is written as its editor will save it.
        let saved = held.contains(file).then(|| apply::saved(&*turn.world.files, file));
        let text = match saved {
            Some(Ok(saved)) => ends::in_form_of(&saved.text, &text.text),
            _ => text.text.to_string(),
        };
        let target = top.join(below);
        let made = target.parent().map_or(Ok(()), std::fs::create_dir_all);
        made.and_then(|()| std::fs::write(&target, text)).map_err(|error| failed(&error))?;
        if let Ok(there) = file.metadata() {
            let _ = std::fs::set_permissions(&target, there.permissions());
        }
    }
    Ok(())
}

fn folder() -> Result<Lodging, String> {
    Lodging::make(SHADOW).map_err(|error| failed(&error))
}

fn failed(error: &std::io::Error) -> String {
    format!("the copy of the workspace could not be made: {error}")
}
