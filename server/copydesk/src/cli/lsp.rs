//! `copydesk lsp`: the language server on standard input and output.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use copydesk_base::path::{is_inside, resolve};
use copydesk_language::Trust;
use copydesk_lsp::schemas::OfOthers;
use copydesk_lsp::{Backstage, Ended, Trusted};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::pipes::{self, Pipes};
use super::{Outcome, doctor, models};
use crate::config::{FileState, Flags, Nesting, Places, trustable};
use crate::here::Here;
use crate::office::Office;

/// The language server on standard input and output
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Speak over standard input and output; there is no other way, editors say it all the same
    #[arg(long)]
    stdio: bool,
}

/// Threads for what takes long. Agents' looks at files are fewer, so that one is left for whoever types.
const THREADS: usize = 16;

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let Arguments { stdio: _ } = arguments;
    adopt_orphans();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(THREADS)
        .enable_all()
        .build()?;
    let stop = CancellationToken::new();
    let ended = runtime.block_on(async {
        super::outlive_the_file_limit();
        let Pipes { input, output, as_they_were } = pipes::open();
        let serving = copydesk_lsp::serve(input, output, backstage(), stop.clone());
        // On the threads that wait for the pipes: what arrives is worked on where it was read.
        let tracker = TaskTracker::new();
        let mut serving = tracker.spawn(serving);
        let ended = tokio::select! {
            ended = &mut serving => ended,
            () = told_to_end() => {
                stop.cancel();
                serving.await
            }
        };
        drop(as_they_were);
        // One that broke has not ended in order.
        ended.unwrap_or(Ended::Abrupt)
    });
    // The thread that waits for standard input cannot be waited for.
    runtime.shutdown_background();
    Ok(if ended == Ended::Orderly { Outcome::Fine } else { Outcome::Problems })
}

/// Ends when somebody tells this process to: by hand, by an editor that lost patience, by a closing session. Child
/// processes would outlive us otherwise.
pub(super) async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()];
    let mut signals: Vec<_> = kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect();
    if signals.is_empty() {
        return std::future::pending().await;
    }
    let told = signals.iter_mut().map(|signal| Box::pin(signal.recv()));
    futures_util::future::select_all(told).await;
}

/// What a command leaves behind becomes our child, so that it is seen as one of a run's.
pub(super) fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_child_subreaper(Some(rustix::process::getpid())) {
        tracing::warn!(%error, "orphans of commands cannot be adopted");
    }
}

/// The binary's part of a server, in the user's places.
fn backstage() -> Backstage {
    backstage_in(Here::of_editor)
}

/// The binary's part of a server: one office per workspace root, in the surroundings that `here` knows.
pub(crate) fn backstage_in(here: impl Fn(&Path) -> Here + Send + Sync + 'static) -> Backstage {
    let offices = Arc::new(Offices { here: Box::new(here), by_root: Mutex::default() });
    let (open, state, trusts, settings, doctors, listed, names, fallback, users, schemas, shelves) = (
        offices.clone(),
        offices.clone(),
        offices.clone(),
        offices.clone(),
        offices.clone(),
        offices.clone(),
        offices.clone(),
        offices.clone(),
        offices.clone(),
        offices.clone(),
        offices,
    );
    Backstage {
        open: Box::new(move |root, host, files, cancel| open.of(root).open(host, files, cancel)),
        trust_state: Box::new(move |root| trust_state(&state.of(root))),
        trust: Box::new(move |root| trust(&trusts.of(root))),
        editor_settings: Box::new(move |root, value| settings.of(root).set_editor(value)),
        of_others: Box::new(move |root| OfOthers::from(schemas.of(root).load().config)),
        doctor: Box::new(move |root, chosen| {
            let office = doctors.of(root);
            let loaded = office.load();
            doctor::document(&office.here, &loaded, chosen)
        }),
        models: Box::new(move |root, chosen| models::document(&listed.of(root), chosen)),
        model_names: Box::new(move |root| models::names(&names.of(root))),
        fallback_root: Box::new(move || {
            let cwd = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
            let places = (fallback.here)(&cwd).places;
            fallback_root(&cwd, &places)
        }),
        user_places: Box::new(move |root| users.of(root).here.user_places()),
        shelf: Box::new(move |root| shelves.of(root).shelf()),
    }
}

/// The workspace of an editor that named none: the folder it was started in, unless that holds all that is the
/// person's. Then it is a folder with nothing in it, and nothing lies inside.
fn fallback_root(cwd: &Path, places: &Places) -> PathBuf {
    let cwd = resolve(Path::new("/"), cwd);
    let holds_home = places.home.as_ref().is_some_and(|home| is_inside(&cwd, &resolve(&cwd, home)));
    if cwd.parent().is_some() && !holds_home {
        return cwd;
    }
    let empty = places.state.join("no-workspace");
    if let Err(error) = std::fs::create_dir_all(&empty) {
        tracing::warn!(%error, "the folder of editors without a workspace could not be made");
    }
    empty
}

struct Offices {
    here: Box<dyn Fn(&Path) -> Here + Send + Sync>,
    by_root: Mutex<HashMap<PathBuf, Arc<Office>>>,
}

impl Offices {
    fn of(&self, root: &Path) -> Arc<Office> {
        let mut offices = self.by_root.lock().unwrap_or_else(PoisonError::into_inner);
        offices
            .entry(root.to_owned())
            .or_insert_with(|| Office::new((self.here)(root), Flags::default()))
            .clone()
    }
}

fn trust_state(office: &Office) -> Trust {
    let files = office.load().files;
    let untrusted = |state: &FileState| matches!(state, FileState::Untrusted | FileState::Changed);
    if files.iter().any(|file| untrusted(&file.state)) { Trust::Untrusted } else { Trust::Trusted }
}

fn trust(office: &Office) -> Result<Trusted, String> {
    if office.here.nesting == Nesting::InsideRun {
        return Err("a run cannot change what is trusted".to_owned());
    }
    let files = trustable(&office.here.sources(Flags::default()));
    let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let sentence = if names.is_empty() {
        "this workspace has no settings of its own: nothing needs trust".to_owned()
    } else {
        format!("trusted, for exactly this content: {}", names.join(", "))
    };
    let (user, root) = (&office.here.user, &office.here.root);
    let before = user.trusted_blocking(root).map_err(|error| format!("failed to {error}"))?;
    // The first time everything is new, and stands before the person's eyes where they trust it.
    let changed = if before.is_empty() { String::new() } else { super::trust::changed(&before, &files) };
    user.trust_blocking(root, files).map_err(|error| format!("failed to {error}"))?;
    Ok(Trusted { sentence, changed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_editor_without_a_workspace_never_gets_the_whole_home() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        let home = base.join("people/ann");
        std::fs::create_dir_all(home.join("code")).unwrap();
        let nowhere = base.join("state/no-workspace");
        let places = Places { home: Some(home.clone()), state: base.join("state"), ..Places::default() };
        let homeless = Places { home: None, ..places.clone() };
        for (cwd, places, expect) in [
            (home.join("code"), &places, home.join("code")),
            (base.join("state"), &places, base.join("state")),
            (home.clone(), &places, nowhere.clone()),
            (home.join("code/.."), &places, nowhere.clone()),
            (base.join("people"), &places, nowhere.clone()),
            (PathBuf::from("/"), &places, nowhere.clone()),
            (PathBuf::from("/"), &homeless, nowhere.clone()),
            (home.clone(), &homeless, home.clone()),
        ] {
            assert_eq!(fallback_root(&cwd, places), expect, "{}", cwd.display());
        }
        assert_eq!(std::fs::read_dir(&nowhere).unwrap().count(), 0);
    }
}
