//! What a desk needs from this process: settings for each run, keys, and the environment of child processes.
//!
//! Settings are read anew whenever a run starts, so that a changed file counts at once. The models made from them are
//! kept while their part stays the same: connections stay warm, and a scripted conversation goes on.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use copydesk_agent::{Desk, Owner, Replay, Settings, Shelf, Spoken, World, script};
use copydesk_base::config::{Config, ModelCache, Provider, ProviderKind};
use copydesk_base::{Files, Grade, Host, RandomIds, Redactor, SystemClock};
use copydesk_permission::sandbox::{Limits, SHELL, Sandbox, Toolchains, repository, toolchains};
use copydesk_permission::{Policy, Started, default_denies, find_secrets, started};
use copydesk_provider::{Answers, Health, Models, ModelsConfig};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::ancestry::MARKER;
use crate::answers::AnswerFiles;
use crate::config::{Flags, Loaded, Sources, load};
use crate::credentials::{Credentials, PASSPHRASE, variable};
use crate::found;
use crate::here::Here;
use crate::memory;

/// How long a question waits where the settings say nothing.
const PROMPT_TIMEOUT: Duration = Duration::from_mins(5);

/// How often failures of checks go back to the model where the settings say nothing.
const CHECK_ROUNDS: u32 = 3;

/// Variables that a child process gets, if they are set here. Everything else stays out: keys, sockets of agents,
/// editors, terminals and sessions.
const CHILD_VARIABLES: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "CARGO_TARGET_DIR",
    "GOPATH",
    "GOROOT",
    "GOCACHE",
    "GOMODCACHE",
    "JAVA_HOME",
    "MAVEN_HOME",
    "GRADLE_USER_HOME",
    "NVM_DIR",
    "NODE_PATH",
    "VIRTUAL_ENV",
    "PYENV_ROOT",
    "CONDA_PREFIX",
    "CONDA_DEFAULT_ENV",
    "PYTHONPATH",
    "GEM_HOME",
    "GEM_PATH",
    "CC",
    "CXX",
    "CI",
    "NO_COLOR",
];

/// For so long the toolchains that were found count.
const MOMENT: Duration = Duration::from_secs(5);

/// Keys that a provider without a configuration of its own uses.
const KEY_VARIABLES: &[&str] = &["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "AZURE_OPENAI_API_KEY"];

/// One workspace as this process serves it.
pub(crate) struct Office {
    pub(crate) here: Here,
    flags: Flags,
    editor: RwLock<Option<Value>>,
    models: Mutex<Option<(String, Arc<Models>)>>,
    credentials: Arc<Credentials>,
    /// Knows every key that this process has had.
    redactor: Redactor,
    /// How the models are doing, whatever becomes of the settings.
    health: Health,
    /// What answers in the place of every model.
    replay: Option<Replay>,
    /// The toolchains of this machine, and when they were looked for.
    toolchains: Mutex<Option<(Instant, Toolchains)>>,
}

impl Office {
    pub(crate) fn new(here: Here, flags: Flags) -> Arc<Self> {
        Self::replaying(here, flags, None)
    }

    /// The same, where a recording answers in the place of every model.
    pub(crate) fn replaying(here: Here, flags: Flags, replay: Option<Replay>) -> Arc<Self> {
        let health = memory::health(&here.places.state);
        let redactor = Redactor::default().finding(find_secrets);
        let credentials = Arc::new(Credentials::of(&here, &redactor));
        let (editor, models, toolchains) = (RwLock::new(None), Mutex::new(None), Mutex::new(None));
        Arc::new(Self { here, flags, editor, models, credentials, redactor, health, replay, toolchains })
    }

    /// Opens the desk: the journal of this workspace, the user's decisions, and settings read from here.
    pub(crate) fn open(
        self: &Arc<Self>,
        host: Arc<dyn Host>,
        files: Arc<dyn Files>,
        cancel: &CancellationToken,
    ) -> Desk {
        let office = self.clone();
        let world = World {
            host,
            files,
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
            journal: self.here.journal(),
            user: self.here.user.clone(),
            settings: Arc::new(move || office.settings()),
            shelves: self.shelves(),
            guidance: self.own_folder().map(Path::to_owned),
        };
        Desk::open(world, cancel)
    }

    /// Takes in the editor's settings; answers what is wrong with them.
    pub(crate) fn set_editor(&self, settings: &Value) -> Vec<String> {
        let before = problems(&self.load());
        *self.editor.write().unwrap_or_else(PoisonError::into_inner) = Some(settings.clone());
        problems(&self.load()).into_iter().filter(|problem| !before.contains(problem)).collect()
    }

    /// All layers as they are now.
    pub(crate) fn load(&self) -> Loaded {
        let editor = self.editor.read().unwrap_or_else(PoisonError::into_inner).clone();
        let sources = Sources { editor: editor.as_ref(), ..self.here.sources(self.flags.clone()) };
        load(&sources, &self.here.user)
    }

    /// What is in force for a run that starts now; the error is a sentence for the person.
    fn settings(&self) -> Result<Settings, String> {
        let loaded = self.load();
        if let Some(refusal) = &loaded.refusal {
            return Err(refusal.clone());
        }
        let mut notices = problems(&loaded);
        let spoken = self.spoken(&mut notices);
        let checks_misread = loaded.misread("checks").map(ToString::to_string);
        let retention = loaded.misread("retention").is_none().then(|| loaded.config.retention.clone());
        let models = self.models(&loaded);
        let mut rules = loaded.rules;
        rules.extend(default_denies());
        for secret in secrets(&loaded.config) {
            self.redactor.learn(&secret);
        }
        let redactor = self.redactor.clone();
        let child_env = child_env(&redactor);
        let settings = Settings {
            root: self.here.root.clone(),
            mode: loaded.mode,
            rules,
            additional: loaded.additional,
            home: self.here.places.home.clone(),
            state_home: self.here.places.state.clone(),
            models,
            budgets: loaded.config.budgets.clone(),
            context: loaded.config.context.clone(),
            checks: loaded.config.checks.clone(),
            hooks: loaded.config.hooks.clone(),
            started: [].into(),
            pipelines: loaded.config.pipelines.clone(),
            checks_misread,
            check_rounds: loaded.config.check_rounds.unwrap_or(CHECK_ROUNDS),
            completion: loaded.config.completion.clone(),
            retention,
            prompt_timeout: loaded.config.permissions.prompt_timeout.map_or(PROMPT_TIMEOUT, |time| time.0),
            sandbox: sandbox(&loaded.config, self.toolchains(&child_env)),
            limits: limits(),
            child_env,
            redactor,
            spoken,
            notices,
            first_steps: found::first_steps,
        };
        let policy = settings.policy(settings.mode, Grade::Own, &[]);
        Ok(Settings { started: started_by(&loaded.config, &policy), ..settings })
    }

    /// What the person said and decided in what is replayed, where that was this one; a notice where it was not.
    fn spoken(&self, notices: &mut Vec<String>) -> Option<Spoken> {
        let Replay { recording, spoken } = self.replay.as_ref()?;
        if recording.grade() == Grade::Typed {
            return Some(spoken.clone());
        }
        if spoken.has_answers() {
            notices.push(format!(
                "A person's answers in the recording do not count, since your journal does not have them: you are asked \
                 yourself ({}).",
                recording.origin()
            ));
        }
        None
    }

    /// The toolchains as they were a moment ago: to look for them asks the disk hundreds of times.
    fn toolchains(&self, env: &[(String, String)]) -> Toolchains {
        let mut kept = self.toolchains.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((at, found)) if at.elapsed() < MOMENT => found.clone(),
            _ => {
                let found = toolchains_of(env, &self.here);
                *kept = Some((Instant::now(), found.clone()));
                found
            }
        }
    }

    /// The models of these settings, the same ones as before where nothing about them changed.
    pub(crate) fn models(&self, loaded: &Loaded) -> Arc<Models> {
        let of = ModelsConfig::from_config(&loaded.config);
        let catalog = memory::catalog(&self.here.places.state);
        let lists = serde_json::to_value(&catalog).unwrap_or_default();
        let mut config = ModelsConfig {
            health: self.health.clone(),
            catalog: Arc::new(catalog),
            root: self.here.root.display().to_string(),
            answers: self.answers(&loaded.config.models.cache),
            replay: self.replay.as_ref().map(|replay| replay.recording.clone()),
            local: found::servers(&self.here.places),
            written: loaded.written.clone(),
            ..of
        };
        let mut key = serde_json::json!([
            config.default_model,
            // As they are here: what is wrong with a price stands in no file.
            format!("{:?}", config.providers),
            config.model_mappings,
            format!("{:?}", config.written),
            loaded.config.fallback,
            loaded.config.models,
            lists,
        ])
        .to_string();
        for (name, provider) in &loaded.config.providers {
            let Some(path) = scenario(loaded, &self.here.root, name, provider) else { continue };
            let text = std::fs::read_to_string(&path);
            key.push_str(text.as_deref().unwrap_or_default());
            config.scripts.insert(name.clone(), script::read(&path, text));
        }
        let mut kept = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((known, models)) if *known == key => models.clone(),
            _ => {
                let models = Arc::new(Models::new(&config, self.credentials.clone()));
                *kept = Some((key, models.clone()));
                models
            }
        }
    }

    /// Where answers are kept, if they are.
    fn answers(&self, settings: &ModelCache) -> Option<Arc<dyn Answers>> {
        let files = || AnswerFiles::new(&self.here.places.state, settings, self.redactor.clone());
        settings.enabled.then(|| Arc::new(files()) as Arc<dyn Answers>)
    }

    /// Where actions, prompts, agents and skills lie: the person's own first, so that no repository takes a name of
    /// theirs.
    pub(crate) fn shelves(&self) -> Vec<Shelf> {
        let home = self.here.places.home.as_ref();
        let user = self.own_folder().map(Path::to_owned).into_iter();
        let user = user.chain(home.map(|home| home.join(".keystone/workflows")));
        // A folder that the repository brought is none of the person's, wherever the environment points.
        let is_users = |path: &PathBuf| !self.here.places.is_of_workspace(&self.here.root, path);
        let user = user.filter(is_users).map(|path| Shelf { path, owner: Owner::User });
        let workspace = [".copydesk", ".keystone/workflows"].map(|name| self.here.root.join(name));
        user.chain(workspace.map(|path| Shelf { path, owner: Owner::Workspace })).collect()
    }

    /// The folder with the person's own settings, actions and guidance.
    fn own_folder(&self) -> Option<&Path> {
        self.here.places.user_config.as_deref().and_then(Path::parent)
    }

    /// Where texts lie that an editor shows.
    pub(crate) fn shelf(&self) -> PathBuf {
        self.here.journal().shown()
    }
}

fn problems(loaded: &Loaded) -> Vec<String> {
    loaded.problems.iter().map(ToString::to_string).collect()
}

/// The file that scripts a provider, where one does: relative to the config that names it.
pub(crate) fn scenario(loaded: &Loaded, root: &Path, name: &str, provider: &Provider) -> Option<PathBuf> {
    let path = provider.scenario.as_ref().filter(|_| provider.kind == ProviderKind::Offline)?;
    let origin = loaded.origins.get(&format!("providers.{name}.scenario"));
    let folder = origin.and_then(|origin| origin.path.as_deref()?.parent()).unwrap_or(root);
    Some(folder.join(path))
}

/// Files that these settings start by themselves.
pub(crate) fn started_by(config: &Config, policy: &Policy) -> Arc<[Started]> {
    let hooks = config.hooks.iter().flat_map(|(point, hooks)| {
        hooks.iter().map(move |hook| (hook.command.as_str(), format!("a hook at {point}")))
    });
    let keys = config.providers.iter().filter_map(|(name, provider)| {
        Some((provider.key.as_ref()?.command.as_str(), format!("the key command of provider {name}")))
    });
    hooks.chain(keys).flat_map(|(command, by)| started(command, &by, policy)).collect()
}

/// The values of every key in this environment, and of what locks the others.
fn secrets(config: &Config) -> Vec<String> {
    let configured = config.providers.values().filter_map(|provider| provider.api_key_env.as_deref());
    configured.chain(KEY_VARIABLES.iter().copied()).chain([PASSPHRASE]).filter_map(variable).collect()
}

/// The environment of child processes: by allow-list, without any value that holds a key, marked as a run's.
fn child_env(redactor: &Redactor) -> Vec<(String, String)> {
    let allowed = |name: &str| CHILD_VARIABLES.contains(&name) || name.starts_with("LC_");
    let mut env: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, value)| allowed(name) && redactor.clean(value) == *value)
        .collect();
    env.push(("TERM".to_owned(), "dumb".to_owned()));
    // The one that runs, whatever the person's is.
    env.push(("SHELL".to_owned(), SHELL.to_owned()));
    env.push((MARKER.to_owned(), "1".to_owned()));
    env
}

/// The toolchains of this machine that are there.
pub(crate) fn toolchains_of(env: &[(String, String)], here: &Here) -> Toolchains {
    let home = here.places.home.as_deref();
    let mut found = toolchains(env, home);
    found.readable.extend(repository(&here.root, home));
    // Every launcher looks at each of them again.
    found.readable.retain(|place| place.exists());
    found
}

/// The sandbox of these settings on this machine.
pub(crate) fn sandbox(config: &Config, found: Toolchains) -> Sandbox {
    Sandbox {
        launcher: LAUNCHER.map(PathBuf::from),
        off: config.sandbox.enabled == Some(false),
        required: config.sandbox.required,
        readable: found.readable,
        caches: found.caches,
        secret: found.secret,
    }
}

/// This very program, also where its file was replaced since it started.
#[cfg(target_os = "linux")]
const LAUNCHER: Option<&str> = Some("/proc/self/exe");
#[cfg(not(target_os = "linux"))]
const LAUNCHER: Option<&str> = None;

/// Enough for a large build, too little to bring the machine down.
fn limits() -> Limits {
    let pages = rustix::param::page_size() as u64;
    let memory = memory_of_machine().map(|bytes| (bytes / 4 * 3).max(4 << 30));
    Limits { memory: memory.map(|bytes| bytes / pages * pages), disk: Some(1 << 30), processes: Some(4096) }
}

#[cfg(target_os = "linux")]
fn memory_of_machine() -> Option<u64> {
    let info = rustix::system::sysinfo();
    u64::from(info.mem_unit).checked_mul(info.totalram)
}

#[cfg(not(target_os = "linux"))]
fn memory_of_machine() -> Option<u64> {
    None
}
