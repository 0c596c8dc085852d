//! Where a run's commands live: their walls, and a temporary folder that is the run's own and goes with it.

use std::sync::Arc;

use copydesk_base::{Effect, Verdict};
use copydesk_permission::sandbox::{Circumstances, Confinement, Network, Survey, confine, survey};
use copydesk_permission::{Policy, effects_of, judge};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::settings::Settings;

/// What a run keeps between its commands.
#[derive(Default)]
pub(crate) struct Quarters {
    temporary: Option<Arc<TempDir>>,
    /// What lies in the workspace, looked at anew while the model thinks.
    survey: Option<JoinHandle<Survey>>,
}

impl Quarters {
    /// The run's temporary folder, made when it is needed first.
    pub(crate) fn temporary(&mut self) -> std::io::Result<Arc<TempDir>> {
        if let Some(folder) = &self.temporary {
            return Ok(folder.clone());
        }
        let folder = Arc::new(tempfile::Builder::new().prefix("copydesk-run-").tempdir()?);
        self.temporary = Some(folder.clone());
        Ok(folder)
    }

    /// The walls for a command; the error says why it cannot run at all.
    pub(crate) async fn walls(
        &mut self,
        effect: &Effect,
        policy: &Policy,
        settings: &Settings,
    ) -> Result<Confinement, String> {
        let sandbox = settings.sandbox.clone();
        // The first time this tries what the machine can do.
        let report =
            tokio::task::spawn_blocking(move || sandbox.report()).await.map_err(|error| error.to_string())?;
        let looked = self.survey.take().unwrap_or_else(|| look(policy)).await;
        let survey = looked.map_err(|error| error.to_string())?;
        let network = network_for(effect, policy);
        let around =
            Circumstances { sandbox: &settings.sandbox, state: report.state, survey: &survey, network };
        confine(effect, policy, &around)
    }

    /// After a command: what it made is looked at in time for the next one.
    pub(crate) fn look_anew(&mut self, policy: &Policy) {
        self.survey = Some(look(policy));
    }
}

fn look(policy: &Policy) -> JoinHandle<Survey> {
    let policy = policy.clone();
    tokio::task::spawn_blocking(move || survey(&policy))
}

/// Whether the network is part of what is asked for: where the command is of no use without it, or a rule of the
/// person's opens it for all.
pub(crate) fn network_for(effect: &Effect, policy: &Policy) -> Network {
    let Effect::Execute { command, cwd } = effect else { return Network::Closed };
    // No host has this name: only a rule for all hosts matches.
    let anywhere = Effect::Network { url: "https://any.invalid/".to_owned() };
    let is_open_for_all =
        || matches!(judge(&anywhere, policy), Verdict::Allow(because) if because.rule.is_some());
    if effects_of(command, cwd, policy).network.is_some() || is_open_for_all() {
        Network::Open
    } else {
        Network::Closed
    }
}
