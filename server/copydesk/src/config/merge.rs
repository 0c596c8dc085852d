//! Laying one layer over the others, as far as its standing goes.

use std::collections::BTreeMap;

use copydesk_agent::MOST_REQUESTS;
use copydesk_base::config::Mode;
use copydesk_base::{Code, Severity, Span};
use copydesk_permission::RuleVerdict;
use serde_json::{Map, Value};

use super::layer::{BrokenPrices, Layer, Standing};
use super::value::KeyPath;
use super::{LayerName, Origin, Problem, Setting};

/// What the layers so far come to.
#[derive(Default)]
pub(super) struct Merged {
    /// Everything but mode and rule lists, which are beside it while merging and in it at the end.
    pub(super) value: Map<String, Value>,
    pub(super) origins: BTreeMap<KeyPath, Origin>,
    pub(super) mode: Mode,
    pub(super) mode_origin: Origin,
    pub(super) rules: Vec<(RuleVerdict, String, Origin, Span)>,
    pub(super) directories: Vec<(String, Origin)>,
    pub(super) ignored: Vec<Ignored>,
    /// Of the layers so far; what a stronger one says right of a model counts again.
    pub(super) broken_prices: BrokenPrices,
    /// Of the layers so far, whether or not another one has the provider right.
    pub(super) broken_providers: BTreeMap<String, String>,
    /// What is wrong with all of a layer at once; of the strongest layer of which that is so.
    pub(super) unread_providers: Option<String>,
    /// That nothing stands there, of the strongest layer of which that is so.
    pub(super) emptied_providers: Option<String>,
    /// Where each provider is named, by the strongest layer that may.
    pub(super) provider_places: BTreeMap<String, Origin>,
}

/// A value that its layer may not set.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ignored {
    pub(crate) key: String,
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

impl Merged {
    pub(super) fn add(&mut self, layer: &Layer, problems: &mut Vec<Problem>) {
        let before = self.ignored.len();
        let addresses = self.addresses();
        if let Some(mode) = layer.flag_mode {
            self.set_mode(mode, layer, &vec!["permissions".into(), "mode".into()]);
        }
        self.visit(layer, &mut Vec::new(), &Value::Object(layer.value.clone()));
        if layer.standing.may_set(&["providers"]) {
            let is_mended = |(provider, model): &(String, Option<String>)| {
                model.as_ref().is_some_and(|model| layer.has_price(provider, model))
            };
            self.broken_prices.retain(|of, _| !is_mended(of));
            self.broken_prices.extend(layer.broken_prices.clone());
            self.broken_providers.extend(layer.broken_providers.clone());
            self.unread_providers = layer.unread_providers.clone().or(self.unread_providers.take());
            self.emptied_providers = layer.emptied_providers.clone().or(self.emptied_providers.take());
            self.note_providers(layer);
        }
        if matches!(layer.name, LayerName::Keystone | LayerName::Workspace) {
            problems.extend(self.leave_keys(layer, &addresses));
        }
        report(layer, &self.ignored[before..], problems);
        self.finish();
    }

    /// Every value in force, by key.
    pub(super) fn settings(&self) -> Vec<Setting> {
        let mut settings = vec![Setting {
            key: "permissions.mode".into(),
            value: self.mode.as_str().into(),
            origin: self.mode_origin.clone(),
        }];
        for (path, origin) in &self.origins {
            if let Some(value) = find(&self.value, path) {
                settings.push(Setting { key: path.join("."), value: value.clone(), origin: origin.clone() });
            }
        }
        let mut counts = BTreeMap::new();
        let rules = self.rules.iter().map(|(verdict, text, origin, _)| (word(*verdict), text, origin));
        let directories =
            self.directories.iter().map(|(text, origin)| ("additional_directories", text, origin));
        for (list, text, origin) in rules.chain(directories) {
            let at = counts.entry(list).and_modify(|at| *at += 1).or_insert(0_usize);
            settings.push(Setting {
                key: format!("permissions.{list}[{at}]"),
                value: text.as_str().into(),
                origin: origin.clone(),
            });
        }
        settings
    }

    fn visit(&mut self, layer: &Layer, path: &mut KeyPath, value: &Value) {
        match value {
            // A name by itself says that there is such a model.
            Value::Object(map) if map.is_empty() && is_model(path) => {
                if find(&self.value, path).is_none() {
                    self.leaf(layer, path, value);
                }
            }
            Value::Object(map) => {
                for (key, child) in map {
                    path.push(key.clone());
                    self.visit(layer, path, child);
                    path.pop();
                }
            }
            leaf => self.leaf(layer, path, leaf),
        }
    }

    fn leaf(&mut self, layer: &Layer, path: &KeyPath, value: &Value) {
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        match words[..] {
            ["permissions", "mode"] => match value.as_str().and_then(Mode::parse) {
                Some(mode) => self.set_mode(mode, layer, path),
                None => self.ignore(layer, path, value),
            },
            ["permissions", "deny"] => self.add_rules(RuleVerdict::Deny, layer, path, value),
            ["permissions", "ask"] => self.add_rules(RuleVerdict::Ask, layer, path, value),
            ["permissions", "allow"] if layer.standing == Standing::Grants => {
                self.add_rules(RuleVerdict::Allow, layer, path, value);
            }
            ["permissions", "additional_directories"] if layer.standing == Standing::Grants => {
                for text in value.as_array().into_iter().flatten().filter_map(Value::as_str) {
                    if !self.directories.iter().any(|(known, _)| known == text) {
                        self.directories.push((text.to_owned(), layer.origin(path)));
                    }
                }
            }
            // An empty list says nothing, so it need not be allowed to.
            ["permissions", "allow" | "additional_directories"] if value == &Value::Array(Vec::new()) => {}
            ["budgets", ..] if layer.standing != Standing::Grants => {
                let usual =
                    if path == &["budgets", "run", "requests"] { Some(MOST_REQUESTS.into()) } else { None };
                let limit = find(&self.value, path).or(usual.as_ref()).and_then(Value::as_f64);
                if value.as_f64().is_some_and(|wanted| limit.is_none_or(|limit| wanted <= limit)) {
                    self.set(layer, path, value);
                } else {
                    self.ignore(layer, path, value);
                }
            }
            ["schemas", ..] | ["format" | "$schema"] => self.set(layer, path, value),
            // More confinement is what anybody may ask for, and so is no other model.
            ["sandbox", "enabled" | "required"] | ["models", "strict"] if value == &Value::Bool(true) => {
                self.set(layer, path, value);
            }
            // And who wants no suggestions, or fresh answers, gets none, or those.
            ["completion", "enabled"] | ["models", "cache", "enabled"] if value == &Value::Bool(false) => {
                self.set(layer, path, value);
            }
            _ if layer.standing.may_set(&words) => self.set(layer, path, value),
            _ => self.ignore(layer, path, value),
        }
    }

    /// A layer that grants sets the mode; any other can only make it stricter.
    fn set_mode(&mut self, mode: Mode, layer: &Layer, path: &KeyPath) {
        if layer.standing == Standing::Grants || mode < self.mode {
            (self.mode, self.mode_origin) = (mode, layer.origin(path));
        } else if mode > self.mode {
            self.ignore(layer, path, &mode.as_str().into());
        }
    }

    fn add_rules(&mut self, verdict: RuleVerdict, layer: &Layer, path: &KeyPath, value: &Value) {
        for (at, text) in value.as_array().into_iter().flatten().enumerate() {
            let mut path = path.clone();
            path.push(at.to_string());
            if let Some(text) = text.as_str() {
                self.rules.push((verdict, text.to_owned(), layer.origin(&path), layer.span(&path)));
            }
        }
    }

    fn set(&mut self, layer: &Layer, path: &KeyPath, value: &Value) {
        let Some((last, folders)) = path.split_last() else { return };
        let mut map = &mut self.value;
        for key in folders {
            let child = map.entry(key.as_str()).or_insert_with(|| Value::Object(Map::new()));
            if !child.is_object() {
                *child = Value::Object(Map::new());
            }
            let Value::Object(child) = child else { return };
            map = child;
        }
        map.insert(last.clone(), value.clone());
        self.origins.insert(path.clone(), layer.origin(path));
    }

    fn ignore(&mut self, layer: &Layer, path: &KeyPath, value: &Value) {
        let (key, value, origin) = (path.join("."), value.clone(), layer.origin(path));
        self.ignored.push(Ignored { key, value, origin });
    }

    /// Writes the parts that are kept beside into the value, as the config type has them.
    fn finish(&mut self) {
        let list = |wanted: RuleVerdict| -> Value {
            let texts = self.rules.iter().filter(|(verdict, ..)| *verdict == wanted);
            texts.map(|(_, text, ..)| Value::from(text.as_str())).collect()
        };
        let mut parts = vec![
            ("allow", list(RuleVerdict::Allow)),
            ("ask", list(RuleVerdict::Ask)),
            ("deny", list(RuleVerdict::Deny)),
            ("additional_directories", self.directories.iter().map(|(text, _)| text.as_str()).collect()),
        ];
        // `bypass` is a word of the command line that the type refuses to read: it stays beside.
        if self.mode != Mode::Bypass {
            parts.push(("mode", self.mode.as_str().into()));
        }
        let permissions = self.value.entry("permissions").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(permissions) = permissions {
            permissions.extend(parts.into_iter().map(|(key, value)| (key.to_owned(), value)));
        }
    }
}

/// One report for each key of the file, not for each value below it.
fn report(layer: &Layer, ignored: &[Ignored], problems: &mut Vec<Problem>) {
    let mut seen = Vec::new();
    for ignored in ignored {
        let depth = match ignored.key.split('.').next() {
            Some("permissions" | "sandbox" | "completion") => 2,
            Some("budgets") => 3,
            _ => 1,
        };
        let path: KeyPath = ignored.key.split('.').take(depth).map(str::to_owned).collect();
        if seen.contains(&path) {
            continue;
        }
        problems.push(Problem {
            origin: layer.origin(&path),
            span: layer.span(&path),
            code: Code::UntrustedSetting,
            severity: Severity::Warning,
            message: format!("'{}' does not count: {}", path.join("."), why(layer)),
            below: None,
            stops: false,
        });
        seen.push(path);
    }
}

fn why(layer: &Layer) -> &'static str {
    match (layer.standing, layer.name) {
        (Standing::InsideRun, _) | (_, LayerName::CommandLine) => {
            "a copydesk started inside a run may only tighten"
        }
        (_, LayerName::Editor) => "editor settings grant nothing; write it into your own config.yaml",
        _ => "this workspace may grant nothing before 'copydesk trust'",
    }
}

pub(super) fn find<'v>(map: &'v Map<String, Value>, path: &[String]) -> Option<&'v Value> {
    let (last, folders) = path.split_last()?;
    let mut map = map;
    for key in folders {
        map = map.get(key)?.as_object()?;
    }
    map.get(last)
}

/// Whether a key is the name of a model below its provider.
fn is_model(path: &KeyPath) -> bool {
    matches!(path.iter().map(String::as_str).collect::<Vec<_>>()[..], ["providers", _, "models", _])
}

fn word(verdict: RuleVerdict) -> &'static str {
    match verdict {
        RuleVerdict::Allow => "allow",
        RuleVerdict::Ask => "ask",
        RuleVerdict::Deny => "deny",
    }
}
