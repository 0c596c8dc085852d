//! Which model answers, and why that one.
//!
//! The order: the strongest wish (see [`crate::Asker`]), the config's default, a configured provider that has a default
//! model, one that has a key and a usual model; where none is configured a key in the environment, and then the built-in
//! stand-in. What was chosen never changes silently: a [`Choice`] carries its reason, and a name that nobody knows is an
//! error.

mod mapped;
mod refused;
mod written;

use std::collections::BTreeMap;

use copydesk_base::Asker;
use copydesk_base::config::{Provider, ProviderKind};

use crate::CallError;
use crate::discover::{self, LocalServer};
use crate::endpoint::Endpoint;
use crate::facts::Facts;
use crate::key::{KeyOrigin, KeySource};
use crate::listing::Catalog;
use crate::ollama::Window;
use crate::replay::Recording;
use crate::schema::Forms;

use mapped::mapped;
pub use refused::ChooseError;
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

    /// Whether a script of the config answers.
    pub const fn is_scripted(&self) -> bool {
        self.endpoint.is_scripted
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
    Ok(options.configured().or_else(|| options.keyed()).unwrap_or_else(last_resort))
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
            return Ok((self.mapped_to(wanted, pattern, provider)?, wanted.to_owned()));
        }
        Err(match self.written.unread.as_ref().or(self.written.emptied.as_ref()) {
            Some(because) => misread(because),
            None => ChooseError::Unknown { wanted: wanted.to_owned(), known: self.known() },
        })
    }

    /// Where a pattern of `model_mappings` sends a name.
    fn mapped_to(&self, wanted: &str, pattern: &str, provider: &str) -> Result<Endpoint, ChooseError> {
        self.endpoint(provider).ok_or_else(|| {
            let wanted = wanted.to_owned();
            if let Some(because) = self.written.misread(provider) {
                return ChooseError::Misread { wanted, because: because.to_owned() };
            }
            let (provider, known) = (provider.to_owned(), self.known());
            let error = ChooseError::BadMapping { wanted, provider, known };
            error.at(self.written.places.get(&format!("model_mappings.{pattern}")))
        })
    }

    /// The patterns of `model_mappings` that lead to no provider.
    pub(crate) fn broken_mappings(&self) -> impl Iterator<Item = (String, ChooseError)> {
        self.mappings.iter().filter_map(|(pattern, provider)| {
            Some((pattern.clone(), self.mapped_to(pattern, pattern, provider).err()?))
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
                let endpoint = Endpoint::configured(name, provider);
                let scripted = endpoint.is_scripted.then(|| crate::offline::MODEL.to_owned());
                let model = provider.default_model.clone().or(scripted)?;
                Some((endpoint, model))
            })
            .collect();
        let ready = |endpoint: &Endpoint| !endpoint.key.is_needed() || (self.key)(endpoint).is_some();
        let at = named.iter().position(|(endpoint, _)| ready(endpoint)).unwrap_or(0);
        let passed: String =
            named[..at].iter().map(|(endpoint, _)| discover::passed(&endpoint.name, KEYLESS)).collect();
        let (endpoint, model) = named.into_iter().nth(at)?;
        let why = format!("providers.{} in the config{passed}", endpoint.name);
        Some(choice(endpoint, model, Cause::ProviderDefault, why))
    }

    /// A provider whose key is there, in the environment or put away, and whose usual model is known: of the configured
    /// ones, or of the built-in ones where none is configured. Whoever configured one meant that one: a key that is
    /// there is no leave to ask another.
    fn keyed(&self) -> Option<Choice> {
        let configured = self.providers.iter().map(|(name, provider)| Endpoint::configured(name, provider));
        let is_asked = |endpoint: &Endpoint| endpoint.kind != ProviderKind::Offline;
        let mut passed = String::new();
        for endpoint in configured.filter(is_asked) {
            match ((self.key)(&endpoint), self.default_of(&endpoint)) {
                (Some(origin), Some(model)) => return Some(keyed(endpoint, model, &origin, &passed)),
                (_, None) => passed += &discover::passed(&endpoint.name, discover::NAMELESS),
                (None, Some(_)) => passed += &discover::passed(&endpoint.name, KEYLESS),
            }
        }
        let is_free = self.written.is_read() && passed.is_empty();
        self.built_in_keyed()
            .next()
            .filter(|_| is_free)
            .map(|(endpoint, model, origin)| keyed(endpoint, model, &origin, ""))
    }

    /// The built-in providers whose key is there, with their usual model.
    pub(crate) fn built_in_keyed(&self) -> impl Iterator<Item = (Endpoint, String, KeyOrigin)> {
        let built_in = self.written.built_in(self.providers).filter_map(Endpoint::built_in);
        built_in.filter_map(|endpoint| {
            let origin = (self.key)(&endpoint)?;
            let model = endpoint.usual_model()?.to_owned();
            Some((endpoint, model, origin))
        })
    }

    fn known(&self) -> String {
        let mut names: Vec<String> = self.providers.keys().cloned().collect();
        let built_in = self.written.built_in(self.providers);
        names.extend(built_in.map(str::to_owned));
        names.join(", ")
    }
}

/// Why a provider is passed over that has no key.
const KEYLESS: &str = "its key is missing";

fn keyed(endpoint: Endpoint, model: String, origin: &KeyOrigin, passed: &str) -> Choice {
    choice(endpoint, model, Cause::Key, format!("key found in {origin}{passed}"))
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

#[cfg(test)]
mod tests;
