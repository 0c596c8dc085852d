//! One layer of the settings: what a file, an editor or flags say, and how far that goes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use copydesk_base::config::Mode;
use copydesk_base::{Code, Severity, Span};
use copydesk_language::{TOML, is_meant, toml_start};
use copydesk_text::yaml;
use serde_json::{Map, Value};

use super::fit::{fitting, price_of};
use super::merge::find;
use super::value::{KeyPath, Located, locate};
use super::{Flags, LayerName, Nesting, Origin, Problem, keystone};

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
    /// That nothing stands there: nobody is hidden, as where all of them are commented out.
    pub(super) emptied_providers: Option<String>,
    /// Its text is not what a config file should be, and some of it was read by guessing.
    pub(super) is_broken: bool,
    path: Option<PathBuf>,
    places: BTreeMap<KeyPath, Span>,
    text: String,
}

/// Prices that cannot be understood, by provider and model, or all of its models, each with what is wrong: what those
/// models cost is not known.
pub(super) type BrokenPrices = BTreeMap<(String, Option<String>), String>;

impl Layer {
    pub(super) fn from_file(
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
            emptied_providers: None,
            is_broken: false,
            path: None,
            places,
            text: String::new(),
        }
    }

    /// Keeps what fits of `value`, and reports the rest.
    fn take(&mut self, value: Map<String, Value>, problems: &mut Vec<Problem>) {
        let mut misfits = Vec::new();
        let is_emptied = value.get("providers").is_some_and(Value::is_null);
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
                ["providers"] if is_emptied => self.emptied_providers = Some(problem.to_string()),
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

/// The line of an offset, counted from one.
fn line(text: &str, offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or(text);
    before.bytes().filter(|byte| *byte == b'\n').count() + 1
}
