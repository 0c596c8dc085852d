//! Reading one layer, and deciding how far it may go.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use copydesk_base::config::Mode;
use copydesk_base::{Code, ContentHash, Severity, Span};
use copydesk_language::{TOML, is_meant, toml_start};
use copydesk_store::TrustedFile;
use copydesk_text::yaml;
use serde_json::{Map, Value};

use super::fit::{fitting, price_of};
use super::merge::find;
use super::value::{KeyPath, Located, locate};
use super::{Flags, LayerName, Nesting, Origin, Problem, Sources, keystone};

/// How far a layer may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Everything it says counts.
    Grants,
    /// Only what makes things stricter, and which schema checks which file.
    Tightens,
    /// The user's own file, read by a copydesk that runs inside a run: models count, permissions only tighten.
    InsideRun,
}

impl Standing {
    /// Whether a value counts that neither tightens by itself nor is compared with what is there.
    pub(super) fn may_set(self, path: &[&str]) -> bool {
        match self {
            Self::Grants => true,
            Self::Tightens => false,
            Self::InsideRun => !matches!(
                path.first(),
                Some(&("permissions" | "sandbox" | "hooks" | "agents" | "mcp_servers"))
            ),
        }
    }
}

/// A config file that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LayerFile {
    pub(crate) layer: LayerName,
    pub(crate) path: PathBuf,
    pub(crate) state: FileState,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileState {
    Absent,
    /// Its keys count, the ones that grant included: it is the user's own, or its content is trusted.
    Grants,
    /// Of the workspace and never trusted.
    Untrusted,
    /// Of the workspace, and not what was trusted.
    Changed,
    /// It could not be read or understood.
    Broken,
}

impl FileState {
    /// The word for people and for `--json`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Grants => "in force",
            Self::Untrusted => "untrusted",
            Self::Changed => "changed since it was trusted",
            Self::Broken => "unreadable",
        }
    }
}

/// One layer's values.
pub(super) struct Layer {
    pub(super) name: LayerName,
    pub(super) standing: Standing,
    pub(super) value: Map<String, Value>,
    /// The mode of a flag, `bypass` included.
    pub(super) flag_mode: Option<Mode>,
    pub(super) broken_prices: BrokenPrices,
    /// Providers of which the kind cannot be understood, or nothing, by name, each with what is wrong.
    pub(super) broken_providers: BTreeMap<String, String>,
    /// What is wrong with all of them at once.
    pub(super) unread_providers: Option<String>,
    /// Its text is not what a config file should be, and some of it was read by guessing.
    is_broken: bool,
    path: Option<PathBuf>,
    places: BTreeMap<KeyPath, Span>,
    text: String,
}

/// Prices that cannot be understood, by provider and model, or all of its models, each with what is wrong: what those
/// models cost is not known.
pub(super) type BrokenPrices = BTreeMap<(String, Option<String>), String>;

/// No config file is larger than this.
const LARGEST: u64 = 1024 * 1024;

/// Every file layer, weakest first, and the list of all that were looked for, strongest first.
pub(super) fn read_files(
    sources: &Sources<'_>,
    trusted: &[TrustedFile],
    problems: &mut Vec<Problem>,
) -> (Vec<Layer>, Vec<LayerFile>) {
    let (mut layers, mut files) = (Vec::new(), Vec::new());
    for (name, path) in candidates(sources) {
        let of_workspace = is_of_workspace(sources, name, &path);
        let mut found = Vec::new();
        let (layer, state) = match read(&path) {
            Ok(Some(text)) => {
                let standing = standing(sources, trusted, name, &path, of_workspace.then_some(&*text));
                let layer = Layer::from_file(name, &path, text, standing.0, &mut found);
                let state = if layer.is_broken { FileState::Broken } else { standing.1 };
                (Some(layer), state)
            }
            Ok(None) if name == LayerName::Variable => {
                found.push(unreadable(name, &path, "COPYDESK_CONFIG names this file, and it is not there"));
                (None, FileState::Absent)
            }
            Ok(None) => (None, FileState::Absent),
            Err(reason) => {
                found.push(unreadable(name, &path, &reason));
                (None, FileState::Broken)
            }
        };
        problems.append(&mut found);
        layers.extend(layer);
        files.insert(0, LayerFile { layer: name, path, state });
    }
    (layers, files)
}

/// The workspace's files as they are now, for `copydesk trust`: config, agents, actions and layers.
pub(crate) fn trustable(sources: &Sources<'_>) -> Vec<TrustedFile> {
    let config = candidates(sources)
        .into_iter()
        .filter(|(name, path)| is_of_workspace(sources, *name, path))
        .map(|(_, path)| path);
    let folders =
        [".copydesk/agents", ".copydesk/actions", ".copydesk/prompts", ".keystone/workflows/agents"];
    let texts = folders.iter().flat_map(|folder| {
        let entries = std::fs::read_dir(sources.root.join(folder)).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
        paths.sort();
        paths
    });
    let layers = std::fs::read_dir(sources.root.join(".stepper/layer")).into_iter().flatten().flatten();
    let mut layers: Vec<PathBuf> = layers.map(|layer| layer.path().join("index.md")).collect();
    layers.sort();
    config
        .chain(texts)
        .chain(layers)
        .filter_map(|path| Some(TrustedFile::new(trust_name(sources.root, &path), read(&path).ok()??)))
        .collect()
}

/// Whether the repository decides what a file says: its own files are its own, wherever a link in their path leads.
fn is_of_workspace(sources: &Sources<'_>, name: LayerName, path: &Path) -> bool {
    matches!(name, LayerName::Workspace | LayerName::Keystone)
        || sources.places.is_of_workspace(sources.root, path)
}

/// The files that may hold settings, weakest first.
fn candidates(sources: &Sources<'_>) -> Vec<(LayerName, PathBuf)> {
    let in_root = |folder: &str| {
        let file = sources.root.join(folder).join("config.yaml");
        let other = file.with_extension("yml");
        if !file.exists() && other.exists() { other } else { file }
    };
    let mut candidates = Vec::new();
    candidates.extend(sources.places.user_config.clone().map(|path| (LayerName::User, path)));
    candidates.push((LayerName::Keystone, in_root(".keystone")));
    candidates.push((LayerName::Workspace, in_root(".copydesk")));
    candidates.extend(sources.places.named_config.clone().map(|path| (LayerName::Variable, path)));
    candidates
}

/// How far a file may go. `text` is there for a file of the workspace.
fn standing(
    sources: &Sources<'_>,
    trusted: &[TrustedFile],
    name: LayerName,
    path: &Path,
    text: Option<&str>,
) -> (Standing, FileState) {
    let Some(text) = text else {
        return match (sources.nesting, name) {
            (Nesting::Outermost, _) => (Standing::Grants, FileState::Grants),
            (Nesting::InsideRun, LayerName::User) => (Standing::InsideRun, FileState::Grants),
            (Nesting::InsideRun, _) => (Standing::Tightens, FileState::Untrusted),
        };
    };
    let name = trust_name(sources.root, path);
    match trusted.iter().find(|file| file.path == name) {
        None => (Standing::Tightens, FileState::Untrusted),
        Some(file) if file.hash != ContentHash::of(text) => (Standing::Tightens, FileState::Changed),
        Some(_) if sources.nesting == Nesting::InsideRun => (Standing::InsideRun, FileState::Grants),
        Some(_) => (Standing::Grants, FileState::Grants),
    }
}

/// What a file is called in the list of trusted ones.
fn trust_name(root: &Path, path: &Path) -> String {
    copydesk_base::path::shown(root, path)
}

/// The text of a file; `None` where there is none.
fn read(path: &Path) -> Result<Option<String>, String> {
    match std::fs::metadata(path) {
        Err(error)
            if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(error) => Err(format!("it cannot be read: {error}")),
        Ok(metadata) if !metadata.is_file() => Err("it is no file".to_owned()),
        Ok(metadata) if metadata.len() > LARGEST => {
            Err(format!("it has {} bytes, more than the {LARGEST} that are read", metadata.len()))
        }
        Ok(_) => match std::fs::read(path) {
            Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|error| {
                format!("it is no text: byte {} is not UTF-8", error.utf8_error().valid_up_to())
            }),
            Err(error) => Err(format!("it cannot be read: {error}")),
        },
    }
}

impl Layer {
    fn from_file(
        name: LayerName,
        path: &Path,
        text: String,
        standing: Standing,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let tree = yaml::parse(&text);
        let mut layer = Self::empty(name, standing);
        (layer.path, layer.text) = (Some(path.to_owned()), text);
        let before = problems.len();
        let located = locate(&tree).unwrap_or_else(|(span, reason)| {
            problems.push(layer.problem_at(span, Code::YamlSyntax, reason));
            Located::default()
        });
        let wrong = tree.problems().iter().filter(|problem| problem.severity == Severity::Error);
        problems.extend(wrong.map(|problem| Problem {
            stops: true,
            ..layer.problem_at(problem.span, problem.code, problem.message.clone())
        }));
        if let Some(second) = tree.second() {
            problems.push(layer.problem_at(second.span(), Code::YamlSyntax, yaml::ONE_DOCUMENT));
        }
        if problems.len() > before && toml_start(&layer.text).is_some() {
            for problem in &mut problems[before..] {
                problem.message = format!("{}; {TOML}", problem.message);
            }
        }
        if problems.len() > before {
            // What could be read by guessing may forbid, and never grants.
            (layer.is_broken, layer.standing) = (true, Standing::Tightens);
        }
        let Located { value, places } = if name == LayerName::Keystone {
            keystone::translated(located, problems, &layer)
        } else {
            located
        };
        layer.places = places;
        layer.take(value, problems);
        layer.absolute_scenarios();
        layer
    }

    pub(super) fn from_editor(settings: &Value, problems: &mut Vec<Problem>) -> Self {
        let mut layer = Self::empty(LayerName::Editor, Standing::Tightens);
        let mut value = match settings {
            Value::Object(map) => map.clone(),
            _ => Map::new(),
        };
        // The extensions' own: where the program is, and what they trace.
        value.retain(|key, _| !matches!(key.as_str(), "path" | "trace" | "server" | "ui"));
        let value = set(value);
        layer.take(value, problems);
        layer
    }

    pub(super) fn from_flags(flags: &Flags, nesting: Nesting) -> Self {
        let standing = match nesting {
            Nesting::Outermost => Standing::Grants,
            Nesting::InsideRun => Standing::InsideRun,
        };
        let mut layer = Self::empty(LayerName::CommandLine, standing);
        layer.flag_mode = flags.mode;
        if let Some(model) = &flags.model {
            layer.value.insert("default_model".to_owned(), model.as_str().into());
        }
        let mut models = Map::new();
        if flags.strict {
            models.insert("strict".to_owned(), true.into());
        }
        if flags.without_cache {
            models.insert("cache".to_owned(), serde_json::json!({ "enabled": false }));
        }
        if !models.is_empty() {
            layer.value.insert("models".to_owned(), models.into());
        }
        layer
    }

    fn empty(name: LayerName, standing: Standing) -> Self {
        let (value, places) = (Map::new(), BTreeMap::new());
        Self {
            name,
            standing,
            value,
            flag_mode: None,
            broken_prices: BrokenPrices::new(),
            broken_providers: BTreeMap::new(),
            unread_providers: None,
            is_broken: false,
            path: None,
            places,
            text: String::new(),
        }
    }

    /// Keeps what fits of `value`, and reports the rest.
    fn take(&mut self, value: Map<String, Value>, problems: &mut Vec<Problem>) {
        let mut misfits = Vec::new();
        self.value = fitting(value, &mut misfits);
        for misfit in misfits {
            // Who may not name a model, loses none by a slip.
            let path: Vec<&str> = misfit.path.iter().map(String::as_str).collect();
            let counts = self.standing.may_set(&path) || is_tightening(&path);
            let problem = Problem {
                origin: self.origin(&misfit.path),
                span: self.span(&misfit.path),
                code: misfit.code,
                severity: misfit.severity,
                message: misfit.message,
                below: misfit.path.first().cloned(),
                stops: misfit.stops && counts,
            };
            if let Some((provider, model)) = price_of(&misfit.path) {
                let of = (provider.to_owned(), model.map(str::to_owned));
                self.broken_prices.entry(of).or_insert_with(|| problem.to_string());
            }
            match path[..] {
                ["providers"] => self.unread_providers = Some(problem.to_string()),
                ["providers", name] | ["providers", name, "kind"] => {
                    self.broken_providers.entry(name.to_owned()).or_insert_with(|| problem.to_string());
                }
                _ => {}
            }
            problems.push(problem);
        }
    }

    /// Whether it says what a model costs.
    pub(super) fn has_price(&self, provider: &str, model: &str) -> bool {
        find(&self.value, &["providers", provider, "models", model, "price"].map(str::to_owned)).is_some()
    }

    /// A scenario is named relative to the file that names it.
    fn absolute_scenarios(&mut self) {
        let Some(folder) = self.path.as_ref().and_then(|path| path.parent()) else { return };
        let Some(Value::Object(providers)) = self.value.get_mut("providers") else { return };
        for provider in providers.values_mut() {
            if let Some(Value::String(scenario)) = provider.get_mut("scenario") {
                *scenario = folder.join(&*scenario).display().to_string();
            }
        }
    }

    /// Where a value of this layer stands: its own line, or the one of the nearest key above.
    pub(super) fn origin(&self, path: &KeyPath) -> Origin {
        let line = self.place(path).map(|span| line(&self.text, span.start));
        Origin { layer: self.name, path: self.path.clone(), line }
    }

    pub(super) fn span(&self, path: &KeyPath) -> Span {
        self.place(path).unwrap_or(Span::at(0))
    }

    fn place(&self, path: &KeyPath) -> Option<Span> {
        (1..=path.len()).rev().find_map(|length| self.places.get(&path[..length]).copied())
    }

    pub(super) fn problem_at(&self, span: Span, code: Code, message: impl Into<String>) -> Problem {
        let line = Some(line(&self.text, span.start));
        Problem {
            origin: Origin { layer: self.name, path: self.path.clone(), line },
            span,
            code,
            severity: code.severity(),
            message: message.into(),
            below: None,
            stops: code == Code::YamlSyntax,
        }
    }
}

/// Whether what stands there makes things stricter, so that every layer may say it.
fn is_tightening(path: &[&str]) -> bool {
    let first = path.first().copied().unwrap_or_default();
    matches!(first, "" | "models")
        || ["budgets", "permissions", "sandbox"].iter().any(|name| is_meant(first, name))
}

/// Without the keys that hold nothing: so editors send what nobody set.
fn set(value: Map<String, Value>) -> Map<String, Value> {
    let is_set = |(_, value): &(String, Value)| !value.is_null();
    let inner = |(key, value)| match value {
        Value::Object(map) => (key, Value::Object(set(map))),
        value => (key, value),
    };
    value.into_iter().filter(is_set).map(inner).collect()
}

fn unreadable(name: LayerName, path: &Path, reason: &str) -> Problem {
    Problem {
        origin: Origin { layer: name, path: Some(path.to_owned()), line: None },
        span: Span::at(0),
        code: Code::YamlSyntax,
        severity: Severity::Error,
        message: reason.to_owned(),
        below: None,
        stops: true,
    }
}

/// The line of an offset, counted from one.
fn line(text: &str, offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or(text);
    before.bytes().filter(|byte| *byte == b'\n').count() + 1
}
