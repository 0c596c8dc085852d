//! The places that name a model, and what is known of the names.
//!
//! What can be asked is known to the binary: it hands the names in as [`KnownModel`]s, when [`names_model`] says that
//! the cursor stands where they matter. A name that is not among them is no mistake: a list may be old.

use crate::complete::place::{self, Part};
use crate::complete::yaml_part;
use crate::declared::Declared;
use crate::index::SettingsView;
use crate::{File, FileKind, WorkspaceIndex};

/// A model that can be asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KnownModel {
    /// `provider/model`.
    pub name: String,
    /// What is known of it: `200k window, $3/$15, tools`.
    pub facts: String,
    /// What one request costs at the most, in dollars.
    pub most_dollars: Option<f64>,
    pub can: Abilities,
}

/// What a model can do, as far as somebody says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    pub tools: Option<bool>,
    /// Whether it can look at images.
    pub images: Option<bool>,
}

impl Abilities {
    /// What is said here, and for the rest what `below` says.
    #[must_use]
    pub(crate) fn over(self, below: Self) -> Self {
        Self { tools: self.tools.or(below.tools), images: self.images.or(below.images) }
    }
}

/// Whether a model may be named at `offset`.
pub fn names_model(file: &File<'_>, offset: usize) -> bool {
    let Some(part) = yaml_part(file) else { return false };
    let Some(place) = place::place(file, part, offset) else { return false };
    is_of_us(file.kind) && last_key(&place.path).is_some_and(is_key)
}

/// Whether a file asks models by itself, so that hints tell what they may cost.
pub fn asks_models(file: &File<'_>) -> bool {
    file.kind == FileKind::Workflow
        && Declared::new(file.tree).steps.iter().any(|step| matches!(step.kind(), Some("llm" | "plan")))
}

/// Whether a check of the file looks at what the models can do that it names.
pub fn weighs_models(file: &File<'_>) -> bool {
    file.kind != FileKind::Config && is_of_us(file.kind) && file.text.contains("model")
}

/// Whether a key's value is the name of a model, or a list of such names.
pub(crate) fn is_key(key: &str) -> bool {
    matches!(key, "model" | "default_model" | "fallback")
}

pub(crate) const fn is_of_us(kind: FileKind) -> bool {
    matches!(
        kind,
        FileKind::Workflow
            | FileKind::Agent
            | FileKind::Action
            | FileKind::Prompt
            | FileKind::Chat
            | FileKind::Layer
            | FileKind::Config
    )
}

/// The names that fit below a provider, or all of them: `providers.NAME.default_model` takes the bare name.
pub(crate) fn names<'i>(
    index: &'i WorkspaceIndex,
    keys: &[&str],
) -> impl Iterator<Item = (&'i str, &'i str)> {
    let provider = match keys {
        ["providers", provider, "default_model"] => Some(format!("{provider}/")),
        _ => None,
    };
    index.models.iter().filter_map(move |known| {
        let name = match &provider {
            Some(provider) => known.name.strip_prefix(provider.as_str())?,
            None => &known.name,
        };
        Some((name, known.facts.as_str()))
    })
}

/// What is known of the name that stands in a file, in Markdown.
pub(crate) fn explain(index: &WorkspaceIndex, name: &str) -> Option<String> {
    let known = find(index, name)?;
    let facts = if known.facts.is_empty() { "Nothing more is known of it." } else { &known.facts };
    Some(format!(
        "**{}**\n\n{facts}\n\n`copydesk models explain {}` tells who answers and why.",
        known.name, known.name
    ))
}

/// The model that a name in a file stands for.
pub(crate) fn find<'i>(index: &'i WorkspaceIndex, name: &str) -> Option<&'i KnownModel> {
    let full = match index.settings.as_deref() {
        Some(settings) => full_name(settings, name),
        None => name.to_owned(),
    };
    index.models.iter().find(|known| known.name == full)
}

/// A name with its provider, as far as the config tells.
pub(crate) fn full_name(settings: &SettingsView, name: &str) -> String {
    let full = mapped(settings, name).unwrap_or_else(|| name.to_owned());
    match full.split_once(':') {
        // Keystone's way to write it.
        Some((provider, model)) if !provider.contains('/') && settings.providers.contains_key(provider) => {
            format!("{provider}/{model}")
        }
        _ => full,
    }
}

/// A bare name with the provider that `model_mappings` sends it to.
fn mapped(settings: &SettingsView, name: &str) -> Option<String> {
    let provider = settings.model_mappings.get(name).or_else(|| {
        let fits = |pattern: &str| match pattern.split_once('*') {
            Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| rest.ends_with(tail)),
            None => pattern == name,
        };
        let fitting = settings.model_mappings.iter().filter(|(pattern, _)| fits(pattern));
        fitting.max_by_key(|(pattern, _)| pattern.len()).map(|(_, provider)| provider)
    })?;
    Some(format!("{provider}/{name}"))
}

fn last_key(path: &[Part]) -> Option<&str> {
    path.iter().rev().find_map(|part| match part {
        Part::Key { name, .. } => Some(name.as_str()),
        _ => None,
    })
}
