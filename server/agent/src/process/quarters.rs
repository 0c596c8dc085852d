//! Where a run's commands live: their walls, and a temporary folder that is the run's own and goes with it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use copydesk_base::{Effect, Event, Verdict};
use copydesk_permission::sandbox::{
    Ahead, Circumstances, Confinement, Network, Survey, confine, quiet_git, survey,
};
use copydesk_permission::{Policy, effects_of, judge};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::error::AgentError;
use crate::gate::{Permit, permit};
use crate::process::lodging::{Lodging, RUN};
use crate::process::{self, Ended, Finished, Job, Ready};
use crate::run::Turn;
use crate::settings::Settings;

/// What a run keeps between its commands.
#[derive(Default)]
pub(crate) struct Quarters {
    temporary: Option<Arc<Lodging>>,
    trial: Option<JoinHandle<()>>,
    /// What lies in the workspace, looked at anew while the model thinks.
    survey: Option<JoinHandle<Survey>>,
    /// A launcher for the next command: who ran one often runs another.
    launcher: Option<Ready>,
}

impl Quarters {
    /// The run's temporary folder, made when it is needed first.
    pub(crate) fn temporary(&mut self) -> std::io::Result<Arc<Lodging>> {
        if let Some(folder) = &self.temporary {
            return Ok(folder.clone());
        }
        let folder = Arc::new(Lodging::make(RUN)?);
        self.temporary = Some(folder.clone());
        Ok(folder)
    }

    /// Tries what the machine can do and looks through the workspace, while the model is still thinking.
    pub(crate) fn prepare(&mut self, policy: &Policy, settings: &Settings) {
        let of_run = settings.clone();
        self.trial = Some(tokio::task::spawn_blocking(move || drop(of_run.walls())));
        self.survey = Some(look(policy));
    }

    /// Waits until it is known what the machine can do; asking is cheap from then on.
    pub(crate) async fn ready(&mut self) {
        if let Some(trial) = self.trial.take() {
            // One that broke down is made up for where the answer is needed.
            let _ = trial.await;
        }
    }

    /// A launcher for a command that is still to be judged; none where there are none.
    pub(crate) fn launcher(
        &mut self,
        effect: &Effect,
        policy: &Policy,
        settings: &Settings,
    ) -> Option<Ready> {
        let launcher = settings.sandbox.launcher.as_deref()?;
        let ahead = Ahead::of(settings.walls().state, network_for(effect, policy));
        let kept = self.launcher.take().and_then(|mut ready| ready.is_for(ahead).then_some(ready));
        kept.or_else(|| process::ready(launcher, ahead).ok())
    }

    /// Why a command cannot run at all, whatever the person would say.
    pub(crate) fn refusal(effect: &Effect, policy: &Policy, settings: &Settings) -> Option<String> {
        let around = Circumstances {
            sandbox: &settings.sandbox,
            state: settings.walls().state,
            survey: &Survey::default(),
            network: Network::Closed,
        };
        confine(effect, policy, &around).err()
    }

    /// The walls for a command that was permitted.
    pub(crate) async fn walls(
        &mut self,
        effect: &Effect,
        policy: &Policy,
        settings: &Settings,
    ) -> Result<Confinement, String> {
        let state = settings.walls().state;
        let looked = self.survey.take().unwrap_or_else(|| look(policy)).await;
        let survey = looked.map_err(|error| error.to_string())?;
        let network = network_for(effect, policy);
        confine(
            effect,
            policy,
            &Circumstances { sandbox: &settings.sandbox, state, survey: &survey, network },
        )
    }

    /// The environment of a command that was permitted.
    pub(crate) fn environment(
        effect: &Effect,
        policy: &Policy,
        settings: &Settings,
    ) -> Result<Vec<(String, String)>, String> {
        let mut environment = settings.child_env.clone();
        if let Effect::Execute { command, cwd } = effect
            && let Some(git) = effects_of(command, cwd, policy).git
        {
            environment.extend(quiet_git(cwd, policy.home.as_deref(), git)?);
        }
        Ok(environment)
    }

    /// Runs a command that was permitted, inside its walls. What the shell is given may be more than what was judged.
    pub(crate) async fn run(
        &mut self,
        effect: &Effect,
        (command, cwd): (&str, &Path),
        policy: &Policy,
        settings: &Settings,
        time: Duration,
        cancel: &CancellationToken,
    ) -> Result<Finished, String> {
        let confinement = self.walls(effect, policy, settings).await?;
        let temporary = self.temporary().map_err(|error| format!("there is no temporary folder: {error}"))?;
        let job = Job {
            command,
            cwd,
            env: &Self::environment(effect, policy, settings)?,
            confinement: &confinement,
            launcher: settings.sandbox.launcher.as_deref(),
            temporary: temporary.path(),
            time,
            limits: settings.limits,
        };
        Ok(process::run(&job, None, cancel).await)
    }

    /// After a command: what it made is looked at in time for the next one.
    /// A launcher for the next one is started, too.
    pub(crate) fn look_anew(&mut self, policy: &Policy, settings: &Settings) {
        self.survey = Some(look(policy));
        let ahead = Ahead::of(settings.walls().state, Network::Closed);
        let launcher = settings.sandbox.launcher.as_deref();
        self.launcher = launcher.and_then(|launcher| process::ready(launcher, ahead).ok());
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

/// Runs a command that policy allows without a question, written down like every effect; the error says why it could
/// not run.
pub(crate) async fn perform(
    turn: &mut Turn,
    effect: &Effect,
    limit: Duration,
) -> Result<Result<Finished, String>, AgentError> {
    let Effect::Execute { command, cwd } = effect else { return Ok(Err("it is no command".to_owned())) };
    let policy = turn.policy();
    let call = turn.shared.call_id();
    if let Permit::Refused(reason) = permit(turn, &call, effect.clone(), None).await? {
        return Ok(Err(reason));
    }
    turn.record(vec![Event::EffectStarted { call: call.clone(), effect: effect.clone() }]).await?;
    let (settings, cancel) = (turn.settings.clone(), turn.cancel.clone());
    let finished = turn.quarters.run(effect, (command, cwd), &policy, &settings, limit, &cancel).await;
    let (ok, note) = match &finished {
        Ok(finished) => (finished.ended == Ended::Exit(0), finished.ended.told(limit)),
        Err(reason) => (false, reason.clone()),
    };
    turn.record(vec![Event::EffectFinished { call, ok, note }]).await?;
    Ok(finished)
}
