//! Where one command runs: what was permitted, with the walls, the environment and the folders that it needs.
//!
//! Everything is owned, so that a command may outlive the call that began it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use copydesk_base::Effect;
use copydesk_permission::Policy;
use copydesk_permission::sandbox::{Confinement, Limits};

use crate::process::Job;
use crate::process::lodging::Lodging;
use crate::process::quarters::Quarters;
use crate::run::Turn;

pub(crate) struct Ground {
    pub(crate) command: String,
    cwd: PathBuf,
    env: Vec<(String, String)>,
    pub(crate) walls: Confinement,
    launcher: Option<PathBuf>,
    /// The run's own temporary folder, which stays as long as a command needs it.
    temporary: Arc<Lodging>,
    limits: Limits,
}

impl Ground {
    /// The ground of a command that was permitted; the error is for the model.
    pub(crate) async fn of(turn: &mut Turn, effect: &Effect, policy: &Policy) -> Result<Self, String> {
        let Effect::Execute { command, cwd } = effect else { return Err("it is no command".to_owned()) };
        let refused = |reason| format!("refused: {reason}");
        let walls = turn.quarters.walls(effect, policy, &turn.settings).await.map_err(refused)?;
        let temporary =
            turn.quarters.temporary().map_err(|error| format!("there is no temporary folder: {error}"))?;
        let env = Quarters::environment(effect, policy, &turn.settings).map_err(refused)?;
        Ok(Self {
            command: command.clone(),
            cwd: cwd.clone(),
            env,
            walls,
            launcher: turn.settings.sandbox.launcher.clone(),
            temporary,
            limits: turn.settings.limits,
        })
    }

    /// The same as a child process needs it.
    pub(crate) fn job(&self, time: Duration) -> Job<'_> {
        Job {
            command: &self.command,
            cwd: &self.cwd,
            env: &self.env,
            confinement: &self.walls,
            launcher: self.launcher.as_deref(),
            temporary: self.temporary.path(),
            time,
            limits: self.limits,
        }
    }
}
