//! What a run carries along: the [`Turn`], handed from the loop to every tool.
//!
//! It holds what several parts need and none owns: the settings as they were when the run began, what the run has used
//! and changed, and the ways to the desk and to the journal. A part that keeps something for itself has a type of its own
//! and a field here, as [`Draft`] and [`Ear`] do.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use copydesk_base::config::Mode;
use copydesk_base::event::{Denied, Origin};
use copydesk_base::{Event, Grade, RunId, SessionId, Timestamp, Usage, path};
use copydesk_permission::{Policy, Rule};
use copydesk_provider::Message;
use tokio_util::sync::CancellationToken;

use crate::desk::{DeskLink, Shared};
use crate::draft::Draft;
use crate::error::AgentError;
use crate::jobs::Jobs;
use crate::prompt::Finding;
use crate::quarters::Quarters;
use crate::recorder::Recorder;
use crate::session::Spent;
use crate::settings::Settings;
use crate::steer::Ear;
use crate::world::World;

/// What a run carries through its tool calls.
pub(crate) struct Turn {
    pub(crate) shared: Arc<Shared>,
    pub(crate) world: World,
    pub(crate) desk: DeskLink,
    pub(crate) recorder: Recorder,
    pub(crate) settings: Settings,
    pub(crate) run: RunId,
    pub(crate) session: SessionId,
    pub(crate) origin: Option<Origin>,
    /// What other programs had reported there.
    pub(crate) findings: Vec<Finding>,
    pub(crate) cancel: CancellationToken,
    /// What the person says to it meanwhile.
    pub(crate) ear: Ear,
    /// The mode that a flag chose for this run.
    pub(super) mode: Option<Mode>,
    /// The loosest mode that its action, or the document that it was sent from, lets it run in.
    pub(super) ceiling: Option<Mode>,
    /// The rules of its action, which tighten.
    pub(super) own_rules: Vec<Rule>,
    /// Rules that were remembered in this process before the settings were read, and may have been revoked since.
    pub(super) remembered_before: usize,
    pub(crate) denied: Vec<Denied>,
    pub(crate) changes: Vec<(PathBuf, bool)>,
    pub(crate) refused_diffs: Vec<String>,
    /// Files whose last edit was allowed and did not fit the text that was there, each with the reason.
    pub(crate) unmade: BTreeMap<PathBuf, String>,
    pub(crate) quarters: Quarters,
    /// Edits that wait for the project's checks.
    pub(crate) draft: Draft,
    /// Its commands in the background.
    pub(crate) jobs: Jobs,
    pub(crate) usage: Usage,
    /// What its session had used before it.
    pub(crate) spent: Spent,
    /// Up to when its time is counted for the day.
    pub(crate) counted_until: Option<Timestamp>,
    pub(crate) last_text: String,
    /// The worst of what its model has read.
    pub(crate) taint: Grade,
    /// What was said before in its session.
    pub(super) past: Vec<Message>,
}

impl Turn {
    /// The policy at this moment: settings, the session's mode, and what was remembered since.
    pub(crate) fn policy(&self) -> Policy {
        let remembered = self.desk.remembered.borrow();
        let remembered = remembered.get(self.remembered_before..).unwrap_or_default();
        let mut policy = self.settings.policy(self.mode(), self.taint, remembered);
        policy.rules.extend(self.own_rules.iter().cloned());
        policy
    }

    /// Makes events of this run durable and shows them.
    pub(crate) async fn record(&self, events: Vec<Event>) -> Result<(), AgentError> {
        self.wait_for_room().await;
        self.recorder.record(&self.run, events, &self.settings.redactor).await
    }

    /// Writes down what the model is told between its answers, and gives it back as it is told.
    pub(crate) async fn tell(&self, text: String) -> Result<String, AgentError> {
        let text = self.shared.hidden(&text, &self.settings.redactor);
        self.record(vec![Event::Told { text: text.clone() }]).await?;
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

    /// The absolute, resolved path that a model means.
    pub(crate) fn path(&self, text: &str) -> PathBuf {
        path::resolve(&self.settings.root, std::path::Path::new(text))
    }

    pub(super) fn mode(&self) -> Mode {
        let mode = self.mode.or(self.shared.now().mode).unwrap_or(self.settings.mode);
        self.ceiling.map_or(mode, |ceiling| mode.min(ceiling))
    }
}
