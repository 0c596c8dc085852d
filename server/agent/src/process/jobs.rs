//! Commands in the background: begun by a run, read by its model, watched and stopped by the person, ended with the
//! run.
//!
//! They are judged, asked about and walled in as every command is ([`crate::tools`]'s `bash` does that); here is what
//! goes on while the model works. What one prints is a file that grows, which an editor can open. A run that ends ends
//! its commands first, and each outcome is on record before the run's own.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use copydesk_base::{CallId, Event, RunId};
use copydesk_permission::Policy;
use copydesk_permission::sandbox::Tops;
use tokio::task::JoinHandle;
use tokio_util::sync::DropGuard;

use crate::desk::Order;
use crate::process::ground::Ground;
use crate::process::{self, Ended, Growing, Ready};
use crate::run::Turn;
use crate::view::CommandView;

/// The most that run at once in one run.
const MOST: usize = 4;
/// How long one may run at most; its run ends before.
const LONGEST: Duration = Duration::from_hours(24);
/// How long one that is stopped may take to end.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// The folder of what they print, in the person's own.
const OUTPUT: &str = "output";
/// The files that are kept of earlier commands: the newest.
const KEPT: usize = 50;

/// The commands of one run.
#[derive(Default)]
pub(crate) struct Jobs(Vec<Job>);

/// One command.
pub(crate) struct Job {
    /// What the model calls it.
    pub(crate) name: String,
    pub(crate) command: String,
    pub(crate) output: Arc<Growing>,
    /// How much of the output the model has read, in bytes.
    pub(crate) read: u64,
    /// How it ended, once it has.
    ended: Arc<OnceLock<String>>,
    stop: DropGuard,
    task: JoinHandle<()>,
}

impl Job {
    /// How it ended; nothing while it runs.
    pub(crate) fn ended(&self) -> Option<&str> {
        self.ended.get().map(String::as_str)
    }
}

impl Jobs {
    /// Why no other command may begin, if so.
    pub(crate) fn full(&self) -> Option<String> {
        (self.running().count() >= MOST)
            .then(|| format!("{MOST} commands run in the background; stop one with `output` first"))
    }

    /// The commands that have not ended.
    pub(crate) fn running(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|job| job.ended().is_none()).map(|job| job.command.as_str())
    }

    /// The command of that name; the error names those that there are.
    pub(crate) fn named(&mut self, name: &str) -> Result<&mut Job, String> {
        let names: Vec<String> = self.0.iter().map(|job| job.name.clone()).collect();
        self.0.iter_mut().find(|job| job.name == name).ok_or_else(|| match names.as_slice() {
            [] => "no command was begun in the background".to_owned(),
            names => format!("there is no command '{name}'; there are: {}", names.join(", ")),
        })
    }

    /// Ends a command, and waits until it has.
    pub(crate) async fn stop(&mut self, name: &str) -> Result<(), String> {
        let job = self.named(name)?;
        job.cancel();
        job.over().await;
        Ok(())
    }

    /// Ends all of them, side by side.
    pub(crate) async fn end(&mut self) {
        self.0.iter().for_each(Job::cancel);
        for mut job in self.0.drain(..) {
            job.over().await;
        }
    }
}

/// What is to be begun.
pub(crate) struct Begun {
    pub(crate) call: CallId,
    pub(crate) ground: Ground,
    pub(crate) ready: Option<Ready>,
    pub(crate) policy: Policy,
}

/// Begins a command; answers what the model calls it, and the file that grows. The error is a sentence.
pub(crate) async fn begin(turn: &mut Turn, begun: Begun) -> Result<(String, PathBuf), String> {
    let Begun { call, ground, ready, policy } = begun;
    let (name, folder) = (format!("job-{}", turn.jobs.0.len() + 1), turn.settings.state_home.join(OUTPUT));
    tidy(&folder);
    let file = format!("{}-{name}.log", turn.run);
    let output = Growing::make(&folder, &file, turn.settings.redactor.clone())
        .map_err(|error| format!("there is no file for the output: {error}"))?;
    let output = Arc::new(output);
    let (path, command) = (output.path().to_owned(), ground.command.clone());
    let cancel = turn.cancel.child_token();
    let ended = Arc::new(OnceLock::new());
    let view = CommandView {
        id: call.clone(),
        run: turn.run.clone(),
        command: turn.settings.redactor.clean(&command),
        output: path.clone(),
        started: turn.world.clock.now(),
    };
    turn.desk.order(Order::Running { view, stop: cancel.clone() });
    let text =
        format!("`{command}` runs in the background while its run does; what it prints: {}", path.display());
    turn.record(vec![Event::notice(text)]).await.map_err(|error| format!("failed to {error}"))?;
    let (grows, over) = (output.clone(), ended.clone());
    let (recorder, desk, run) = (turn.recorder.clone(), turn.desk.clone(), turn.run.clone());
    let (redactor, stop) = (turn.settings.redactor.clone(), cancel.clone());
    let task = turn.shared.runs.spawn(async move {
        let tops = Tops::of(&policy, &ground.walls);
        let finished = process::run_into(&ground.job(LONGEST), ready, &stop, &grows).await;
        let aside = tops.set_aside(&ground.walls).told(&policy.root);
        let note = match finished {
            Ended::Canceled => "stopped".to_owned(),
            ended => ended.told(LONGEST),
        };
        let ok = note == Ended::Exit(0).told(LONGEST);
        let mut events = vec![Event::EffectFinished { call: call.clone(), ok, note: note.clone() }];
        events.extend(aside.into_iter().map(Event::notice));
        if let Err(error) = recorder.record(&run, events, &redactor).await {
            tracing::warn!(%error, "the end of a command in the background is not on record");
        }
        desk.order(Order::Ran(call));
        let _ = over.set(note.clone());
        grows.finish(&note);
    });
    let job = Job { name: name.clone(), command, output, read: 0, ended, stop: cancel.drop_guard(), task };
    turn.jobs.0.push(job);
    Ok((name, path))
}

impl Job {
    fn cancel(&self) {
        self.stop.token().cancel();
    }

    /// Waits until it has ended, which somebody may have waited for before. One that does not end is ended with the
    /// server.
    async fn over(&mut self) {
        if !self.task.is_finished() {
            let _ = tokio::time::timeout(LAST_WORDS, &mut self.task).await;
        }
    }
}

/// Takes away what the commands of runs had printed. What cannot be taken away goes with the oldest.
pub(crate) fn forget(home: &Path, runs: &[RunId]) {
    if runs.is_empty() {
        return;
    }
    let runs: HashSet<&str> = runs.iter().map(RunId::as_str).collect();
    for entry in std::fs::read_dir(home.join(OUTPUT)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let run = name.to_str().and_then(|name| name.split_once("-job-")).map(|(run, _)| run);
        if run.is_some_and(|run| runs.contains(run)) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Takes away the oldest files where there are too many.
fn tidy(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut files: Vec<_> = entries
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    files.sort();
    let too_many = (files.len() + 1).saturating_sub(KEPT);
    for (_, old) in files.into_iter().take(too_many) {
        // One that stays is taken away another time.
        let _ = std::fs::remove_file(old);
    }
}
