//! Which model answers, and why that one.
//!
//! The order: the strongest wish (see [`crate::Asker`]), the config's default, a configured provider that has a default
//! model, a key in the environment, and then the built-in stand-in. What was chosen never changes silently: a
//! [`Choice`] carries its reason, and a name that nobody knows is an error.

mod written;

use std::collections::BTreeMap;

use copydesk_base::Asker;
use copydesk_base::config::{Provider, ProviderKind};

use crate::CallError;
use crate::discover::{self, LocalServer, Unused};
use crate::endpoint::Endpoint;
use crate::facts::Facts;
use crate::key::{KeyOrigin, KeySource};
use crate::listing::Catalog;
use crate::ollama::Window;
use crate::replay::Recording;
use crate::schema::Forms;

pub use written::Written;

/// The model that answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The provider's name.
    pub provider: String,
    /// The model's name as the provider knows it.
    pub model: String,
    pub kind: ProviderKind,
    /// It is the built-in stand-in, no model.
    pub offline: bool,
    /// Why this one, as a fragment: `key found in ANTHROPIC_API_KEY`.
    pub why: String,
    /// What was asked for, as it was written; absent where nothing was.
    pub requested: Option<String>,
    /// What is known of the model, as far as config and table tell until [`Choice::informed`] adds the provider's list.
    pub facts: Facts,
    pub(crate) endpoint: Endpoint,
    pub(crate) cause: Cause,
}

/// What a request needs of its model besides words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    pub tools: bool,
    pub images: bool,
}

/// What made the choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Asked,
    DefaultModel,
    ProviderDefault,
    Key,
    Local,
    NothingElse,
}

impl Choice {
    /// `provider/model`.
    pub fn model_ref(&self) -> String {
        format!("{}/{}", self.provider, self.model)
    }

    /// Whether nothing is configured and no key was found, so that the stand-in answers for want of a model.
    pub const fn is_last_resort(&self) -> bool {
        matches!(self.cause, Cause::NothingElse)
    }

    /// With what its provider lists.
    #[must_use]
    pub(crate) fn informed(self, catalog: &Catalog) -> Self {
        Self { facts: self.endpoint.sources(&self.model, catalog).merged(), ..self }
    }

    /// Why it cannot take a request with these needs, as far as is known.
    pub(crate) fn lacks(&self, needs: Needs) -> Option<CallError> {
        let lacks = |ability: Option<bool>, is_needed: bool| is_needed && ability == Some(false);
        if lacks(self.facts.vision, needs.images) {
            Some(CallError::Blind { model: self.model_ref() })
        } else if lacks(self.facts.tools, needs.tools) {
            Some(CallError::Toolless { model: self.model_ref() })
        } else {
            None
        }
    }

    /// The tokens beyond which its server cuts what is sent without a word; none where a server refuses it by itself.
    pub fn cut_beyond(&self) -> Option<u64> {
        (self.kind == ProviderKind::Ollama)
            .then(|| Window::of(&self.endpoint, &self.model, &self.facts).holding(u64::MAX))
    }

    /// Its name among those whose [`crate::Health`] is known.
    pub fn circuit(&self) -> String {
        self.endpoint.circuit(&self.model)
    }

    /// When it is held to a schema.
    pub fn forms(&self) -> Forms {
        self.endpoint.forms(&self.model)
    }

    /// Where its key comes from.
    pub const fn key(&self) -> &KeySource {
        &self.endpoint.key
    }

    /// The address it is reached at; empty for the stand-in.
    pub fn base_url(&self) -> &str {
        &self.endpoint.base_url
    }
}

/// How to come to a model where there is none, as one sentence for a person.
pub const FIRST_STEPS: &str = "Run 'copydesk auth set anthropic' (or openai) or set ANTHROPIC_API_KEY (or OPENAI_API_KEY) where your \
                               editor is started; or start Ollama or LM Studio; or name a provider in your config.yaml.";

/// Why no model could be chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChooseError {
    #[error("no provider serves '{wanted}'; known are {known}")]
    Unknown { wanted: String, known: String },
    #[error("'{wanted}' names no model, and provider '{provider}' has no default_model")]
    NoModel { wanted: String, provider: String },
    /// It stands in a config and does not count.
    #[error("no provider serves '{wanted}': {because}")]
    Misread { wanted: String, because: String },
    /// Providers are configured, none names a model, and none can be asked what it serves.
    #[error("no default_model is set, and {}", discover::told(unused))]
    Unusable { unused: Vec<Unused> },
    #[error("model_mappings sends '{wanted}' to '{provider}', which is no provider; known are {known}")]
    BadMapping { wanted: String, provider: String, known: String },
    /// A setting says so that stands there.
    #[error("{place}: {error}")]
    At { place: String, error: Box<ChooseError> },
}

impl ChooseError {
    /// What to do next, as one sentence for a person.
    pub fn advice(&self) -> String {
        match self {
            Self::Unknown { .. } => {
                "Write provider/model with one of these providers, or add yours under 'providers'.".to_owned()
            }
            Self::NoModel { provider, .. } => {
                format!("Write {provider}/MODEL, or set providers.{provider}.default_model.")
            }
            Self::Misread { .. } => discover::CORRECT.to_owned(),
            Self::Unusable { unused } => {
                let mut advice: Vec<&str> = unused.iter().map(|unused| unused.advice.as_str()).collect();
                advice.dedup();
                advice.join(" ")
            }
            Self::BadMapping { .. } => "Correct model_mappings in config.yaml.".to_owned(),
            Self::At { error, .. } => error.advice(),
        }
    }

    /// With the place of the setting that says so, where one is known and the error names none.
    pub(crate) fn at(self, place: Option<&String>) -> Self {
        match (self, place) {
            (error @ (Self::At { .. } | Self::Misread { .. } | Self::Unusable { .. }), _) | (error, None) => {
                error
            }
            (error, Some(place)) => Self::At { place: place.clone(), error: Box::new(error) },
        }
    }
}

/// What the choice is made from.
pub(crate) struct Options<'a> {
    pub(crate) default_model: Option<&'a str>,
    pub(crate) providers: &'a BTreeMap<String, Provider>,
    pub(crate) mappings: &'a BTreeMap<String, String>,
    /// Where servers of this machine are, by the names that need no config.
    pub(crate) local: &'a [LocalServer],
    pub(crate) written: &'a Written,
    /// Where a key of this endpoint would come from.
    pub(crate) key: &'a dyn Fn(&Endpoint) -> Option<KeyOrigin>,
}

/// Somebody's wish for a model: who, and what.
pub(crate) type Wanted<'a> = (Asker, &'a str);

/// Chooses without looking at the network.
pub(crate) fn choose(wanted: Option<Wanted<'_>>, options: &Options<'_>) -> Result<Choice, ChooseError> {
    if let Some((asker, wanted)) = wanted {
        return options.named(wanted, format!("{}: {wanted}", asker.reason()));
    }
    if let Some(default) = options.default_model.map(str::trim).filter(|model| !model.is_empty()) {
        let (endpoint, model) = options.read(default)?;
        return Ok(choice(endpoint, model, Cause::DefaultModel, "default_model of the config".to_owned()));
    }
    // Whoever configured a provider that cannot be read meant that one: a key that is there is no leave to ask another.
    let is_meant =
        |choice: &Choice| options.written.is_read() || options.providers.contains_key(&choice.provider);
    let keyed = || options.keyed().filter(is_meant);
    Ok(options.configured().or_else(keyed).unwrap_or_else(last_resort))
}

impl Options<'_> {
    /// The model that a name means.
    pub(crate) fn named(&self, wanted: &str, why: String) -> Result<Choice, ChooseError> {
        let wanted = wanted.trim();
        let (endpoint, model) = self.read(wanted)?;
        Ok(Choice { requested: Some(wanted.to_owned()), ..choice(endpoint, model, Cause::Asked, why) })
    }

    /// Reads `provider/model`, `provider:model`, `provider` or a bare model name.
    fn read(&self, wanted: &str) -> Result<(Endpoint, String), ChooseError> {
        if wanted.is_empty() || wanted.contains(char::is_control) {
            return Err(ChooseError::Unknown { wanted: wanted.to_owned(), known: self.known() });
        }
        for separator in ['/', ':'] {
            if let Some((provider, model)) = wanted.split_once(separator)
                && let Some(endpoint) = self.endpoint(provider.trim())
            {
                return self.with_model(wanted, endpoint, model.trim());
            }
        }
        if let Some(endpoint) = self.endpoint(wanted) {
            return self.with_model(wanted, endpoint, "");
        }
        let misread =
            |because: &str| ChooseError::Misread { wanted: wanted.to_owned(), because: because.to_owned() };
        // No pattern that takes any text in its place.
        if let Some(because) = self.written.misread(wanted) {
            return Err(misread(because));
        }
        if let Some((pattern, provider)) = mapped(self.mappings, wanted) {
            let endpoint = self.endpoint(provider).ok_or_else(|| {
                if let Some(because) = self.written.misread(provider) {
                    return misread(because);
                }
                let error = ChooseError::BadMapping {
                    wanted: wanted.to_owned(),
                    provider: provider.clone(),
                    known: self.known(),
                };
                error.at(self.written.places.get(&format!("model_mappings.{pattern}")))
            })?;
            return Ok((endpoint, wanted.to_owned()));
        }
        Err(match &self.written.unread {
            Some(because) => misread(because),
            None => ChooseError::Unknown { wanted: wanted.to_owned(), known: self.known() },
        })
    }

    fn with_model(
        &self,
        wanted: &str,
        endpoint: Endpoint,
        model: &str,
    ) -> Result<(Endpoint, String), ChooseError> {
        if !model.is_empty() {
            return Ok((endpoint, model.to_owned()));
        }
        match self.default_of(&endpoint) {
            Some(model) => Ok((endpoint, model)),
            None => Err(ChooseError::NoModel { wanted: wanted.to_owned(), provider: endpoint.name }),
        }
    }

    fn endpoint(&self, name: &str) -> Option<Endpoint> {
        match self.providers.get(name) {
            Some(provider) => Some(Endpoint::configured(name, provider)),
            None if self.written.refusal(name).is_some() => None,
            None => match self.local.iter().find(|server| server.name == name) {
                Some(server) => Some(Endpoint::local(name, server.kind, &server.base_url)),
                None => Endpoint::built_in(name),
            },
        }
    }

    fn default_of(&self, endpoint: &Endpoint) -> Option<String> {
        let configured =
            self.providers.get(&endpoint.name).and_then(|provider| provider.default_model.clone());
        let configured = configured.filter(|model| !model.trim().is_empty());
        configured.or_else(|| endpoint.usual_model().map(str::to_owned))
    }

    /// A configured provider that names its model, one that can answer before one that cannot.
    fn configured(&self) -> Option<Choice> {
        let named: Vec<(Endpoint, String)> = (self.providers.iter())
            .filter_map(|(name, provider)| {
                let scripted = provider.kind == ProviderKind::Offline && provider.scenario.is_some();
                let model = provider
                    .default_model
                    .clone()
                    .or_else(|| scripted.then(|| crate::offline::MODEL.to_owned()));
                Some((Endpoint::configured(name, provider), model?))
            })
            .collect();
        let ready = |endpoint: &Endpoint| !endpoint.key.is_needed() || (self.key)(endpoint).is_some();
        let at = named.iter().position(|(endpoint, _)| ready(endpoint)).unwrap_or(0);
        let (endpoint, model) = named.into_iter().nth(at)?;
        let why = format!("providers.{} in the config", endpoint.name);
        Some(choice(endpoint, model, Cause::ProviderDefault, why))
    }

    /// A provider whose key is there, in the environment or put away: the configured ones first, then the built-in
    /// ones.
    fn keyed(&self) -> Option<Choice> {
        let configured = self.providers.iter().map(|(name, provider)| Endpoint::configured(name, provider));
        let built_in = self.written.built_in(self.providers);
        let mut passed = String::new();
        configured.chain(built_in.filter_map(Endpoint::built_in)).find_map(|endpoint| {
            let origin = (self.key)(&endpoint)?;
            let Some(model) = self.default_of(&endpoint) else {
                if self.providers.contains_key(&endpoint.name) {
                    passed += &format!("; {} was passed over: it names no default_model", endpoint.name);
                }
                return None;
            };
            Some(choice(endpoint, model, Cause::Key, format!("key found in {origin}{passed}")))
        })
    }

    fn known(&self) -> String {
        let mut names: Vec<String> = self.providers.keys().cloned().collect();
        let built_in = self.written.built_in(self.providers);
        names.extend(built_in.map(str::to_owned));
        names.join(", ")
    }
}

/// The choice where answers are replayed: no model, whatever the recorded one was.
pub(crate) fn replayed(recording: &Recording, model: &str, facts: Facts) -> Choice {
    let endpoint = Endpoint::configured("replay", &Provider::default());
    let why = format!("replayed from {}", recording.origin());
    let replayed = choice(endpoint, model.to_owned(), Cause::Asked, why);
    // As much fits into its window, and nobody bills for it.
    Choice { facts: Facts { price: replayed.facts.price, ..facts }, offline: false, ..replayed }
}

pub(crate) fn last_resort() -> Choice {
    let endpoint = Endpoint::configured("offline", &Provider::default());
    let why = "no model is configured and no key was found".to_owned();
    choice(endpoint, crate::offline::MODEL.to_owned(), Cause::NothingElse, why)
}

pub(crate) fn choice(endpoint: Endpoint, model: String, cause: Cause, why: String) -> Choice {
    Choice {
        provider: endpoint.name.clone(),
        facts: endpoint.sources(&model, &Catalog::new()).merged(),
        model,
        kind: endpoint.kind,
        offline: endpoint.kind == ProviderKind::Offline,
        why,
        requested: None,
        endpoint,
        cause,
    }
}

/// The pattern and provider that a bare model name is mapped by and to: the exact name first, then the longest pattern
/// that fits.
fn mapped<'a>(mappings: &'a BTreeMap<String, String>, model: &str) -> Option<(&'a String, &'a String)> {
    let fitting = || mappings.iter().filter(|(pattern, _)| fits(pattern, model));
    mappings.get_key_value(model).or_else(|| fitting().max_by_key(|(pattern, _)| pattern.len()))
}

/// Whether `text` is `pattern`, where `*` stands for any characters.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or("");
    for part in parts {
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    text.ends_with(tail)
}

#[cfg(test)]
mod tests;
