//! A desk on a bench, for the tests of this room: a real folder and a real journal, and an editor that is a script.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use copydesk_base::config::{Budgets, Mode, Provider};
use copydesk_base::host::{Applied, DocumentEdit, Host, Presence, Shown};
use copydesk_base::id::CountingIds;
use copydesk_base::{Event, Files, Grade, Record, Redactor, RunId, SystemClock};
use copydesk_permission::Policy;
use copydesk_permission::sandbox::{Limits, Sandbox};
use copydesk_provider::{Models, ModelsConfig, NoKeys};
use copydesk_store::{Journal, UserStore};
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::gate::twins::Twins;
use crate::{Ask, Desk, DiskFiles, Outcome, Settings, Voice, World};

/// A key that the settings of the bench know.
pub(crate) const KEY: &str = "sk-bench-12345678";

pub(crate) struct Bench {
    pub(crate) desk: Desk,
    folder: tempfile::TempDir,
}

/// What the editor does with each edit in turn; afterwards it holds no document.
pub(crate) type Script = Vec<Box<dyn FnOnce(&DocumentEdit) -> Applied + Send>>;

struct Editor {
    script: Mutex<Script>,
    mood: Mood,
    /// A model was asked.
    asked: AtomicBool,
}

/// What the editor does when it is to show what a model says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Shows,
    Panics,
}

impl Host for Editor {
    fn presence(&self) -> Presence {
        Presence::Nobody
    }

    fn happened(&self, record: &Record) {
        self.asked.fetch_or(matches!(record.event, Event::ModelRequested { .. }), Ordering::SeqCst);
    }

    fn room(&self) -> BoxFuture<'_, ()> {
        let breaks = self.mood == Mood::Panics && self.asked.load(Ordering::SeqCst);
        assert!(!breaks, "this editor breaks when a model answers, as a test wants it");
        Box::pin(std::future::ready(()))
    }

    fn apply(&self, edit: DocumentEdit) -> BoxFuture<'_, Applied> {
        let mut script = self.script.lock().unwrap();
        let answer = if script.is_empty() { Applied::Closed } else { script.remove(0)(&edit) };
        Box::pin(std::future::ready(answer))
    }

    fn show(&self, _: Shown) {}
}

impl Bench {
    /// The settings of a bench that nobody works on.
    pub(crate) fn settings_alone() -> Settings {
        let models = Models::new(&ModelsConfig::default(), Arc::new(NoKeys));
        settings(Path::new("/work"), Path::new("/home"), Arc::new(models))
    }

    /// What holds in a workspace without rules.
    pub(crate) fn policy_in(root: &Path) -> Policy {
        let settings = Settings { root: root.to_owned(), ..Self::settings_alone() };
        settings.policy(Mode::Default, Grade::Typed, &[])
    }

    /// What may be read there.
    pub(crate) fn twins_of(root: &Path) -> Twins {
        Twins::of(Self::policy_in(root))
    }

    pub(crate) fn new() -> Self {
        Self::with(Arc::new(DiskFiles), vec![])
    }

    pub(crate) fn with(files: Arc<dyn Files>, script: Script) -> Self {
        Self::furnished(files, (script, Mood::Shows), ModelsConfig::default())
    }

    /// With an editor that panics in the middle of an answer.
    pub(crate) fn breaking() -> Self {
        Self::furnished(Arc::new(DiskFiles), (vec![], Mood::Panics), ModelsConfig::default())
    }

    /// With a model that plays these steps of a scenario.
    pub(crate) fn playing(files: Arc<dyn Files>, steps: serde_json::Value) -> Self {
        let scenario = serde_json::from_value(serde_json::json!({"steps": steps})).unwrap();
        let script = copydesk_provider::Script::new(scenario);
        let config = ModelsConfig {
            default_model: Some("offline".to_owned()),
            providers: [("offline".to_owned(), Provider::default())].into(),
            scripts: [("offline".to_owned(), Ok(script))].into(),
            ..ModelsConfig::default()
        };
        Self::furnished(files, (vec![], Mood::Shows), config)
    }

    fn furnished(files: Arc<dyn Files>, (script, mood): (Script, Mood), models: ModelsConfig) -> Self {
        let models = Arc::new(Models::new(&models, Arc::new(NoKeys)));
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        let (root, home) = (base.join("work"), base.join("home"));
        std::fs::create_dir(&root).unwrap();
        let world = World {
            host: Arc::new(Editor { script: Mutex::new(script), mood, asked: AtomicBool::new(false) }),
            files,
            clock: Arc::new(SystemClock),
            ids: Arc::new(CountingIds::default()),
            journal: Journal::at(&home, &root),
            user: UserStore::at(&home),
            settings: Arc::new(move || Ok(settings(&root, &home, models.clone()))),
            shelves: vec![],
            guidance: None,
        };
        Self { desk: Desk::open(world, &CancellationToken::new()), folder }
    }

    /// A whole run.
    pub(crate) async fn ask(&self, prompt: &str) -> Outcome {
        let started = self.desk.ask(Ask { prompt: prompt.to_owned(), ..Ask::new(Voice::Person) });
        drop(started.gate);
        started.outcome.await.unwrap()
    }

    /// A path in the workspace.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("work").join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) async fn record(&self, run: &str, events: Vec<Event>) {
        let shared = &self.desk.shared;
        shared.recorder.record(&run.into(), events, &Redactor::default()).await.unwrap();
    }

    /// An edit that a run made, intent and outcome, as the journal has it and the disk too.
    pub(crate) async fn edited(&self, run: &str, change: &str, name: &str, after: &str) {
        let path = self.path(name);
        let before = self.read(name);
        self.write(name, after);
        let (change, after) = (change.into(), after.to_owned());
        self.record(run, vec![Event::ChangeApplied { change, path, before, after }]).await;
    }

    pub(crate) async fn records(&self, run: &str) -> Vec<Record> {
        self.desk.shared.world.journal.records(&RunId::from(run)).await.unwrap()
    }
}

fn settings(root: &Path, home: &Path, models: Arc<Models>) -> Settings {
    Settings {
        root: root.to_owned(),
        mode: Mode::Auto,
        rules: vec![],
        additional: vec![],
        home: None,
        state_home: home.to_owned(),
        models,
        budgets: Budgets::default(),
        context: copydesk_base::config::Context::default(),
        checks: vec![],
        checks_misread: None,
        check_rounds: 3,
        hooks: std::collections::BTreeMap::new(),
        started: [].into(),
        pipelines: std::collections::BTreeMap::new(),
        completion: copydesk_base::config::Completion::default(),
        retention: None,
        prompt_timeout: Duration::from_secs(20),
        redactor: Redactor::new([KEY.to_owned()]),
        child_env: vec![],
        sandbox: Sandbox::default(),
        limits: Limits::default(),
        spoken: None,
        notices: vec![],
        first_steps: String::new,
    }
}
