//! Settings: several layers, one result, and for every value the place it comes from.
//!
//! [`load`] reads the layers, weakest first: the user's file, Keystone's file, the workspace's own, what the editor
//! sends, the file that `$COPYDESK_CONFIG` names, the command line. Maps merge by key, rule lists add up, anything else
//! is replaced by the stronger layer.
//!
//! # Who may say what
//! Each layer has a [`Standing`]. The user's own files and the command line *grant*. A file of the workspace only
//! *tightens* (deny and ask rules, a stricter mode, smaller budgets, schema choices) until its exact content is
//! trusted; editor settings only tighten for ever, since nobody can tell the user's from the repository's. What a
//! layer says beyond its standing is dropped and reported.
//!
//! # When a file cannot be read
//! Then it grants nothing; and since what it forbids is not known either, [`Loaded::refusal`] says why no agent may
//! run. Authoring help does not look at that.
//!
//! Invariants
//! - Environment and home are handed in; the files read are the ones listed in [`Loaded::files`].
//! - Nothing here fails: a wrong value is a [`Problem`] at its place, and counts as not written.

mod beside;
mod files;
mod fit;
mod keystone;
mod layer;
mod merge;
mod origin;
mod places;
mod providers;
mod value;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use copydesk_base::config::{Config, Mode};
use copydesk_base::{Code, Severity, Span};
use copydesk_permission::{Rule, RuleVerdict, parse_rule};
use copydesk_provider::Written;
use copydesk_store::{TrustedFile, UserStore};

pub(crate) use files::{FileState, LayerFile, trustable};
pub(crate) use merge::Ignored;
pub(crate) use origin::{LayerName, Origin};
pub(crate) use places::Places;

use files::read_files;
use layer::Layer;
use merge::Merged;

/// What settings are made from.
pub(crate) struct Sources<'a> {
    /// The workspace, canonical.
    pub(crate) root: &'a Path,
    pub(crate) places: &'a Places,
    /// What the editor has under `copydesk`, if there is an editor.
    pub(crate) editor: Option<&'a serde_json::Value>,
    pub(crate) flags: Flags,
    pub(crate) nesting: Nesting,
}

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    pub(crate) mode: Option<Mode>,
    pub(crate) model: Option<String>,
    /// Only the chosen model may answer.
    pub(crate) strict: bool,
    /// No kept answer counts, and none is kept.
    pub(crate) without_cache: bool,
}

/// Whether this process was started by an agent's own command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Nesting {
    #[default]
    Outermost,
    /// Below a run: nothing that it brings along may loosen what the outer one allows.
    InsideRun,
}

/// Settings in force.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    /// Everything merged, without the rules that could not be understood.
    pub(crate) config: Config,
    /// How the settings that choose models stand in their files.
    pub(crate) written: Written,
    pub(crate) mode: Mode,
    pub(crate) mode_origin: Origin,
    /// Rules of all layers that count, and the remembered ones; without the defaults that ship.
    pub(crate) rules: Vec<Rule>,
    /// Further folders that count as inside, absolute.
    pub(crate) additional: Vec<PathBuf>,
    /// Where each value comes from, by its key path (`providers.local.base_url`).
    pub(crate) origins: BTreeMap<String, Origin>,
    /// Every value in force by its key path, with its origin; rules one by one.
    pub(crate) settings: Vec<Setting>,
    pub(crate) problems: Vec<Problem>,
    /// What was said and does not count, with its value.
    pub(crate) ignored: Vec<Ignored>,
    /// Every file that was looked for, strongest first.
    pub(crate) files: Vec<LayerFile>,
    /// Why no agent may run: something that could forbid was not understood. A sentence for the person.
    pub(crate) refusal: Option<String>,
}

/// One value in force.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Setting {
    pub(crate) key: String,
    pub(crate) value: serde_json::Value,
    pub(crate) origin: Origin,
}

impl Setting {
    /// Whether it says which model is asked where nobody names one, or who instead, and stands in a file.
    fn chooses(&self) -> bool {
        let is_chain =
            self.key == "fallback" || self.key.starts_with("providers.") && self.key.ends_with(".fallback");
        self.origin.path.is_some()
            && (is_chain || self.key == "default_model" || self.key.starts_with("model_mappings."))
    }

    fn place(&self) -> (String, String) {
        (self.key.clone(), self.origin.to_string())
    }
}

/// Something in a layer that does not count as it was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) origin: Origin,
    /// Bytes of the file; empty at its start where no place is known.
    pub(crate) span: Span,
    pub(crate) code: Code,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    /// The key at the top of the file, where a piece of the settings below it was not understood.
    pub(crate) below: Option<String>,
    /// Whether it could have forbidden something, so that no agent may run before it is mended.
    pub(crate) stops: bool,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.origin, self.message)
    }
}

/// Reads everything as it is now.
pub(crate) fn load(sources: &Sources<'_>, user: &UserStore) -> Loaded {
    let mut problems = Vec::new();
    let trusted = user.trusted_blocking(sources.root).unwrap_or_else(|error| {
        problems.push(Problem::note(format!("what is trusted is not known: failed to {error}")));
        Vec::new()
    });
    let remembered = match sources.nesting {
        Nesting::InsideRun => Vec::new(),
        Nesting::Outermost => user.rules_blocking(sources.root).unwrap_or_else(|error| {
            problems.push(Problem::note(format!("remembered rules do not count: failed to {error}")));
            Vec::new()
        }),
    };
    let remembered = remembered.into_iter().map(|remembered| remembered.rule).collect();
    assemble(sources, &trusted, remembered, problems)
}

/// The same, as if exactly `trusted` were trusted and nothing remembered.
pub(crate) fn load_as_if(sources: &Sources<'_>, trusted: &[TrustedFile]) -> Loaded {
    assemble(sources, trusted, Vec::new(), Vec::new())
}

fn assemble(
    sources: &Sources<'_>,
    trusted: &[TrustedFile],
    remembered: Vec<String>,
    mut problems: Vec<Problem>,
) -> Loaded {
    let (mut layers, files) = read_files(sources, trusted, &mut problems);
    problems.extend(beside::unread(&files));
    if let Some(editor) = sources.editor {
        // Stronger than the files of the workspace, weaker than the one that the environment names.
        let at = layers.iter().position(|layer| layer.name == LayerName::Variable).unwrap_or(layers.len());
        layers.insert(at, Layer::from_editor(editor, &mut problems));
    }
    layers.push(Layer::from_flags(&sources.flags, sources.nesting));

    let mut merged = Merged::default();
    for layer in &layers {
        merged.add(layer, &mut problems);
    }
    merged.drop_mute_providers(&mut problems);
    problems.extend(merged.unsure_keys());
    let rules = rules(&merged, remembered, &mut problems);
    let settings = merged.settings();
    let mut config: Config = serde_json::from_value(serde_json::Value::Object(merged.value.clone()))
        .unwrap_or_else(|error: serde_json::Error| {
            // Every piece was tried alone, so this is a gap in the trying. Nothing counts rather than half.
            problems.push(Problem {
                stops: true,
                severity: Severity::Error,
                ..Problem::note(format!("the settings do not fit together: {error}"))
            });
            Config::default()
        });
    for ((provider, model), wrong) in &merged.broken_prices {
        let Some(provider) = config.providers.get_mut(provider) else { continue };
        match model {
            Some(model) => {
                provider.models.entry(model.clone()).or_default().broken_price = Some(wrong.clone());
            }
            None => provider.broken_prices = Some(wrong.clone()),
        }
    }
    let mut misread = std::mem::take(&mut merged.broken_providers);
    misread.retain(|name, _| !config.providers.contains_key(name));
    let written = Written {
        places: settings.iter().filter(|setting| setting.chooses()).map(Setting::place).collect(),
        misread,
        unread: merged.unread_providers.take(),
        emptied: merged.emptied_providers.take(),
    };
    // As a person reads the files: layer by layer, from top to bottom.
    problems.sort_by_key(|problem| (problem.origin.layer, problem.span));
    let refusal = problems.iter().find(|problem| problem.stops).map(|problem| {
        format!("{problem}. What it forbids is not known, so no agent runs until this is mended.")
    });
    Loaded {
        config,
        written,
        mode: merged.mode,
        mode_origin: merged.mode_origin.clone(),
        rules,
        additional: additional(&merged, sources),
        origins: settings.iter().map(|setting| (setting.key.clone(), setting.origin.clone())).collect(),
        settings,
        problems,
        ignored: merged.ignored,
        files,
        refusal,
    }
}

impl Loaded {
    /// What was not understood of the settings below a key at the top: what was meant is not known.
    pub(crate) fn misread(&self, key: &str) -> Option<&Problem> {
        self.problems.iter().find(|problem| problem.below.as_deref() == Some(key))
    }
}

impl Problem {
    /// A warning that belongs to no file.
    fn note(message: String) -> Self {
        Self {
            origin: Origin::default(),
            span: Span::at(0),
            code: Code::UnknownSetting,
            severity: Severity::Warning,
            message,
            below: None,
            stops: false,
        }
    }
}

/// The rules as policy reads them. A deny or ask rule that cannot be understood stops every run; an allow rule does
/// not.
fn rules(merged: &Merged, remembered: Vec<String>, problems: &mut Vec<Problem>) -> Vec<Rule> {
    let mut rules = Vec::new();
    for (verdict, text, origin, span) in &merged.rules {
        match parse_rule(*verdict, text, origin.to_string()) {
            Ok(rule) => rules.push(rule),
            Err(error) => problems.push(Problem {
                origin: origin.clone(),
                span: *span,
                code: Code::UnknownValue,
                severity: Severity::Error,
                message: format!("failed to {error}"),
                below: None,
                stops: *verdict != RuleVerdict::Allow,
            }),
        }
    }
    // A remembered rule that is not understood any more allows nothing: the question comes again.
    rules
        .extend(remembered.iter().filter_map(|text| parse_rule(RuleVerdict::Allow, text, "remembered").ok()));
    rules
}

/// `~/…` from the home, anything else that is relative from the workspace.
fn additional(merged: &Merged, sources: &Sources<'_>) -> Vec<PathBuf> {
    merged
        .directories
        .iter()
        .map(|(text, _)| match (text.strip_prefix('~'), &sources.places.home) {
            (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
                copydesk_base::path::resolve(home, Path::new(rest.trim_start_matches('/')))
            }
            _ => copydesk_base::path::resolve(sources.root, Path::new(text)),
        })
        .collect()
}
