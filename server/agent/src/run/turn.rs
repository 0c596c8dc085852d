//! What a run carries along: the [`Turn`], handed from the loop to every tool.
//!
//! It holds what several parts need and none owns: the settings as they were when the run began, what the run has used
//! and changed, and the ways to the desk and to the journal. A part that keeps something for itself has a type of its
//! own and a field here, as [`Draft`] and [`Ear`] do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use copydesk_base::config::Mode;
use copydesk_base::event::{Denied, Origin};
use copydesk_base::host::Presence;
use copydesk_base::{Event, Grade, RunId, SessionId, Timestamp, Usage, path};
use copydesk_permission::{Bounds, Policy};
use copydesk_provider::By;
use tokio_util::sync::CancellationToken;

use crate::budget::account::Counted;
use crate::budget::purse::Purse;
use crate::changes::around::Around;
use crate::changes::kept;
use crate::changes::known::Known;
use crate::context::mentions::Source;
use crate::context::prompt::Finding;
use crate::desk::{DeskLink, Shared};
use crate::draft::Draft;
use crate::error::AgentError;
use crate::gate::revoked::Stored;
use crate::process::jobs::Jobs;
use crate::process::quarters::Quarters;
use crate::run::half::Half;
use crate::run::steer::Ear;
use crate::session::past::{Kept, Spent};
use crate::session::recorder::Recorder;
use crate::session::spoken::{self, Spoken};
use crate::settings::Settings;
use crate::team::apart::Apart;
use crate::team::handoff::Handoff;
use crate::team::helper::{Helpers, Tasks};
use crate::team::role::Role;
use crate::world::World;

/// What a run carries through its tool calls.
pub(crate) struct Turn {
    pub(crate) shared: Arc<Shared>,
    pub(crate) world: World,
    pub(crate) desk: DeskLink,
    pub(crate) recorder: Recorder,
    pub(crate) settings: Settings,
    pub(crate) run: RunId,
    /// The words that it began with.
    pub(crate) prompt: String,
    pub(crate) session: SessionId,
    /// The conversation that it is a part of: its own, or that of the run that started it.
    pub(crate) conversation: SessionId,
    /// What ties it to the person's workspace, where it works in a worktree.
    pub(crate) apart: Option<Arc<Apart>>,
    pub(crate) origin: Option<Origin>,
    /// What other programs had reported there.
    pub(crate) findings: Vec<Finding>,
    pub(crate) cancel: CancellationToken,
    /// What the person says to it meanwhile.
    pub(crate) ear: Ear,
    /// The mode that a flag chose for this run.
    pub(super) mode: Option<Mode>,
    /// What its action, the document that it was sent from and the run that started it let it do.
    pub(super) bounds: Vec<Bounds>,
    /// Who works, with what; the agent's own bounds come on top.
    pub(crate) role: Role,
    /// The run that started it.
    pub(crate) parent: Option<RunId>,
    /// Which helper of that one it is, counted from one.
    pub(crate) helper: usize,
    /// How many turns its conversation had before it, or before the run that started it.
    pub(crate) number: usize,
    /// The run whose edits its edits are.
    pub(crate) edits_of: RunId,
    /// Those that work for it.
    pub(crate) helpers: Helpers,
    /// Where it leaves tasks for those who come next.
    pub(crate) tasks: Option<Tasks>,
    /// Who goes on from here.
    pub(crate) handoff: Option<Handoff>,
    /// How often somebody did.
    pub(crate) handed_over: usize,
    /// The model that answers.
    pub(crate) model: String,
    /// The most requests of this run alone.
    pub(crate) steps: Option<u64>,
    /// Rules that were remembered in this process before the settings were read, and may have been revoked since.
    pub(super) remembered_before: usize,
    /// The stored rules, and which of them were revoked since.
    pub(crate) stored: Stored,
    pub(crate) denied: Vec<Denied>,
    /// Questions that the person answered with no, one behind the other.
    pub(crate) refusals: usize,
    pub(crate) changes: Vec<(PathBuf, bool)>,
    /// Whether commands changed files that undo brings back.
    pub(crate) commanded: bool,
    pub(crate) refused_diffs: Vec<String>,
    /// Files whose last edit was allowed and did not fit the text that was there, each with the reason.
    pub(crate) unmade: BTreeMap<PathBuf, String>,
    /// Files of which a helper's work could not be brought back, each with the reason; no more once they were edited
    /// since.
    pub(crate) lost: BTreeMap<PathBuf, String>,
    pub(crate) known: Known,
    /// The workspace as the last command left it.
    pub(crate) around: Around,
    /// What is on the disk of what was there before it.
    pub(crate) kept: kept::Kept,
    pub(crate) quarters: Quarters,
    /// Edits that wait for the project's checks.
    pub(crate) draft: Draft,
    /// Its commands in the background.
    pub(crate) jobs: Jobs,
    pub(crate) usage: Usage,
    /// The last request as its model counted it; none where the conversation was shortened since.
    pub(crate) counted: Option<Counted>,
    /// Settings whose command gave a key, on record once.
    pub(crate) keyed: BTreeSet<String>,
    /// Requests that left, replayed ones too.
    pub(super) requested: u64,
    /// What it and its helpers use up together, and since when.
    pub(crate) purse: Arc<Purse>,
    pub(crate) began: Timestamp,
    /// What its session had used before it.
    pub(crate) spent: Spent,
    pub(crate) last_text: String,
    /// The answer that is under way.
    pub(crate) half: Half,
    /// What the person has said to it meanwhile.
    pub(crate) steered: Vec<String>,
    /// The worst of what its model has read.
    pub(crate) taint: Grade,
    /// What was said before in its session, as far as it goes along.
    pub(super) past: Kept,
}

impl Turn {
    /// The policy at this moment: settings, the session's mode, and what was remembered since.
    pub(crate) fn policy(&self) -> Policy {
        let remembered = self.desk.remembered.borrow();
        let remembered = remembered.get(self.remembered_before..).unwrap_or_default();
        let policy = self.settings.policy(self.chosen_mode(), self.taint, remembered);
        let policy = spoken::as_then(self, policy);
        let policy = self.bounds.iter().chain(self.role.bounds()).fold(policy, Policy::within);
        self.stored.without_revoked(policy)
    }

    /// The settings of the person's workspace, wherever the run works.
    pub(crate) fn outer(&self) -> &Settings {
        self.apart.as_ref().map_or(&self.settings, |apart| &apart.outer)
    }

    /// What narrows a run that this one starts: what narrows this one.
    pub(crate) fn all_bounds(&self) -> Vec<Bounds> {
        self.bounds.iter().chain(self.role.bounds()).cloned().collect()
    }

    /// The tools of whoever works.
    pub(crate) fn role_tools(&self) -> Vec<String> {
        self.role.own_tools()
    }

    pub(crate) const fn mode_of_flag(&self) -> Option<Mode> {
        self.mode
    }

    pub(crate) const fn remembered_before(&self) -> usize {
        self.remembered_before
    }

    /// Makes events of this run durable and shows them.
    pub(crate) async fn record(&self, events: Vec<Event>) -> Result<(), AgentError> {
        self.wait_for_room().await;
        self.recorder.record(&self.run, events, &self.settings.redactor).await
    }

    /// Writes down what the model is told between its answers, and gives it back as it is told.
    pub(crate) async fn tell(&self, text: String) -> Result<String, AgentError> {
        let text = self.shared.hidden(&text, &self.settings.redactor);
        self.record(vec![Event::told(text.clone())]).await?;
        Ok(text)
    }

    /// Shows more of an answer. Nothing is read from the model meanwhile.
    pub(crate) async fn show(&self, event: Event) {
        self.wait_for_room().await;
        self.recorder.show(&self.run, event, &self.settings.redactor).await;
    }

    /// Waits for whoever shows this run; not after a cancel, which has little left to say.
    async fn wait_for_room(&self) {
        tokio::select! {
            biased;
            () = self.world.host.room() => {}
            () = self.cancel.cancelled() => {}
        }
    }

    /// What keeps the requests of one conversation together.
    pub(crate) fn cache_key(&self) -> String {
        let has_session = !self.session.as_str().is_empty();
        if has_session { self.session.to_string() } else { self.run.to_string() }
    }

    /// Notes what the model is told: the secrets in it, and the files as they were read for it.
    pub(super) fn sees(&self, texts: &[Source]) {
        for Source { text, file, is_whole } in texts {
            self.shared.learn(text, &self.settings.redactor);
            match file {
                Some(file) if *is_whole => self.known.note_whole(file, text),
                Some(file) => self.known.note(file, text, 0..0),
                None => {}
            }
        }
    }

    /// Whether somebody can be asked, or was there when it was recorded.
    pub(crate) fn presence(&self) -> Presence {
        let was_there = self.settings.spoken.as_ref().is_some_and(Spoken::has_answers);
        if was_there { Presence::Somebody } else { self.world.host.presence() }
    }

    /// Who asks, for a replay.
    pub(crate) fn by(&self) -> By {
        let root = self.apart.as_ref().map(|_| self.settings.root.display().to_string());
        By { root, helper: self.helper }
    }

    /// The absolute, resolved path that a model means.
    pub(crate) fn path(&self, text: &str) -> PathBuf {
        path::resolve(&self.settings.root, std::path::Path::new(text))
    }

    /// The mode in which it runs.
    pub(super) fn mode(&self) -> Mode {
        self.policy().mode
    }

    fn chosen_mode(&self) -> Mode {
        self.mode.or(self.shared.now().mode).unwrap_or(self.settings.mode)
    }
}
