//! From policy to walls: what one command may read, write and reach. Pure.

use std::path::{Path, PathBuf};

use copydesk_base::config::Mode;
use copydesk_base::{Effect, path};
use serde::{Deserialize, Serialize};

use super::report::State;
use super::survey::Survey;
use super::vacancy::Vacancy;
use crate::policy::Policy;

/// Folders and files that every program needs, and that hold nothing of the person's.
const SYSTEM: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/opt",
    "/nix/store",
    "/run/current-system",
    "/gnu/store",
    "/snap",
    "/sys/devices/system/cpu",
    "/var/lib/dpkg",
    "/var/lib/ca-certificates",
];

/// Of the system's folders, what an administrator could read and no command needs.
const SYSTEM_SECRETS: &[&str] =
    &["/etc/shadow", "/etc/gshadow", "/etc/shadow-", "/etc/gshadow-", "/etc/ssl/private", "/etc/sudoers.d"];

/// Whether a command may reach beyond this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    Closed,
    Open,
}

/// The sandbox as settings and surroundings make it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sandbox {
    /// This very program, which walls itself in before it starts a command; none where no program of ours can be
    /// started.
    pub launcher: Option<PathBuf>,
    /// The settings switched it off.
    pub off: bool,
    /// Anything less than full refuses.
    pub required: bool,
    /// Toolchains outside the workspace, read-only.
    pub readable: Vec<PathBuf>,
    /// Stores of package managers, writable for a command that was granted the network.
    pub caches: Vec<PathBuf>,
    /// Files with keys in those folders.
    pub secret: Vec<PathBuf>,
}

impl Sandbox {
    /// What is in force here: what the machine can do, or *off*.
    pub fn report(&self) -> super::Report {
        self.report_telling(|_| {})
    }

    /// The same; the command line that is tried is told, where something has to be tried.
    pub fn report_telling(&self, tell: impl FnOnce(&str)) -> super::Report {
        match &self.launcher {
            _ if self.off => {
                super::Report { state: State::Off, missing: "sandbox.enabled is false".to_owned() }
            }
            Some(launcher) => super::probe(launcher, tell),
            None => super::Report {
                state: State::Unsupported,
                missing: "this system has no sandbox that Copydesk knows".to_owned(),
            },
        }
    }
}

/// What a confinement depends on besides the policy.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    pub sandbox: &'a Sandbox,
    pub state: State,
    pub survey: &'a Survey,
    /// What was granted with the command.
    pub network: Network,
}

/// What a command may touch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    pub state: State,
    pub network: Network,
    /// The person's home; the command finds an empty one there.
    pub home: Option<PathBuf>,
    /// Readable, with everything below; what is not there is passed over.
    pub read: Vec<PathBuf>,
    /// Writable, with everything below.
    pub write: Vec<PathBuf>,
    /// Below those, folders that cannot be moved away, for what they hold.
    pub pin: Vec<PathBuf>,
    /// Below those, read-only.
    pub guard: Vec<PathBuf>,
    /// Below those, not even readable.
    pub hide: Vec<PathBuf>,
    /// Below those and not there yet: what must not be made.
    pub absent: Vec<Vacancy>,
    /// A folder of which the command sees a copy: what it writes there is kept apart.
    #[serde(default)]
    pub overlay: Option<Overlay>,
}

/// A folder that looks as it is with `upper` laid over it. What is written goes to `upper` and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlay {
    pub folder: PathBuf,
    pub upper: PathBuf,
    /// An empty folder beside `upper`, for the kernel.
    pub work: PathBuf,
}

impl Confinement {
    /// The same walls around a copy of the workspace: nothing inside needs a guard where nothing lasts, and other
    /// folders of the person's are for reading. Only *full* can do it.
    #[must_use]
    pub fn over(self, overlay: Overlay) -> Self {
        let (write, read) = self.write.into_iter().partition(|place| *place == overlay.folder);
        Self {
            read: self.read.into_iter().chain::<Vec<PathBuf>>(read).collect(),
            write,
            pin: Vec::new(),
            guard: Vec::new(),
            absent: Vec::new(),
            overlay: Some(overlay),
            ..self
        }
    }

    /// Whether the command can change no file but temporary ones.
    pub fn is_read_only(&self) -> bool {
        self.write.is_empty()
    }
}

/// For the question to the person: `sandboxed, no network`.
pub const fn words(state: State, network: Network) -> &'static str {
    match (state, network) {
        (State::Full, Network::Closed) => "sandboxed, no network",
        (State::Full, Network::Open) => "sandboxed, with the network",
        (State::Partial, Network::Closed) => "partly sandboxed, no network",
        (State::Partial, Network::Open) => "partly sandboxed, with the network",
        (State::Unsupported | State::Off, _) => "not sandboxed",
    }
}

/// The walls around a command that policy let start; the error says why it must not run without them.
pub fn confine(effect: &Effect, policy: &Policy, around: &Circumstances<'_>) -> Result<Confinement, String> {
    let Effect::Execute { .. } = effect else {
        return Err("only commands are confined".to_owned());
    };
    let state = around.state;
    if around.sandbox.required && state != State::Full {
        return Err(format!(
            "sandbox.required is set, and the sandbox is {} here; `copydesk doctor` says what is missing",
            state.as_str()
        ));
    }
    let is_plan = policy.mode == Mode::Plan;
    if is_plan && matches!(state, State::Unsupported | State::Off) {
        return Err(format!(
            "in mode plan a command runs read-only or not at all, and the sandbox is {} here",
            state.as_str()
        ));
    }
    let inside: Vec<PathBuf> = std::iter::once(&policy.root).chain(&policy.additional).cloned().collect();
    if state == State::Full && inside.iter().any(|root| root.parent().is_none()) {
        return Err("a workspace that is the whole disk cannot be confined".to_owned());
    }
    let mut read: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
    read.extend(around.sandbox.readable.iter().filter(|folder| is_safe(folder, policy)).cloned());
    let mut write = if is_plan { Vec::new() } else { inside.clone() };
    if is_plan {
        read.extend(inside);
    }
    if around.network == Network::Open && !is_plan {
        write.extend(around.sandbox.caches.iter().filter(|folder| is_safe(folder, policy)).cloned());
    }
    let is_visible = |place: &Path| read.iter().chain(&write).any(|folder| path::is_inside(folder, place));
    let mut hide: Vec<PathBuf> = SYSTEM_SECRETS.iter().map(PathBuf::from).collect();
    hide.extend(around.sandbox.secret.iter().cloned());
    hide.extend(around.survey.secret.iter().cloned());
    hide.push(policy.state_home.clone());
    hide.retain(|place| is_visible(place));
    // What is read-only as a whole needs no guards inside.
    let apart = if is_plan { Survey::default() } else { around.survey.clone() };
    Ok(Confinement {
        state,
        network: around.network,
        home: policy.home.clone(),
        read,
        write,
        pin: apart.pinned,
        guard: apart.protected.into_iter().chain(apart.held).collect(),
        hide,
        absent: apart.absent,
        overlay: None,
    })
}

/// Whether a folder named by a variable may be shown: not the home or what holds it, not our state, no folder of keys.
fn is_safe(folder: &Path, policy: &Policy) -> bool {
    let holds = |place: &Path| path::is_inside(folder, place);
    folder.is_absolute()
        && folder.parent().is_some()
        && !policy.home.as_deref().is_some_and(holds)
        && !holds(&policy.state_home)
        && !path::is_inside(&policy.state_home, folder)
        && !crate::is_secret(folder)
}

#[cfg(test)]
#[path = "confine_tests.rs"]
mod tests;
