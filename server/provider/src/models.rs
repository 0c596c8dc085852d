//! The models of one config: choosing one here, calling one in `calling`.

mod calling;

use std::collections::BTreeMap;
use std::sync::Arc;

use copydesk_base::config::{Config, Provider};
use copydesk_base::{Grade, Wish};

use crate::cache::Answers;
use crate::choice::{self, Choice, ChooseError, Needs, Options, Written};
use crate::clients::Clients;
use crate::discover::{self, LocalServer, Looked};
use crate::endpoint::Endpoint;
use crate::facts::{Facts, Sources};
use crate::health::Health;
use crate::key::{KeyOrigin, Keys, Missing};
use crate::listing::{self, Catalog, Listed};
use crate::replay::Recording;
use crate::request::By;
use crate::route::{Left, Route, Strictness};
use crate::{CallError, Request, Retries, Script, routing};

/// What models are made from: parts of the config, and what was read for them.
#[derive(Clone, Debug, Default)]
pub struct ModelsConfig {
    pub default_model: Option<String>,
    pub providers: BTreeMap<String, Provider>,
    pub model_mappings: BTreeMap<String, String>,
    /// The script of each provider of kind `offline` that has a `scenario`, by the provider's name, or why it could
    /// not be read.
    pub scripts: BTreeMap<String, Result<Script, String>>,
    /// The servers that [`Models::route_or_look`] may look for; [`LocalServer::usual`] outside tests.
    pub local: Vec<LocalServer>,
    pub retries: Retries,
    /// Model refs to try when the first one cannot answer.
    pub fallback: Vec<String>,
    pub strictness: Strictness,
    /// How they are doing; outlives the settings.
    pub health: Health,
    /// What providers list.
    pub catalog: Arc<Catalog>,
    /// Where they stand, and what of them does not count.
    pub written: Written,
    /// The workspace's path, which answers are the same without.
    pub root: String,
    /// Answers that were given before; none are kept where absent.
    pub answers: Option<Arc<dyn Answers>>,
    /// A conversation that answers in the place of every model.
    pub replay: Option<Recording>,
}

impl ModelsConfig {
    /// The parts of a config file; without scripts, looking for the usual local servers.
    pub fn from_config(config: &Config) -> Self {
        Self {
            default_model: config.default_model.clone(),
            providers: config.providers.clone(),
            model_mappings: config.model_mappings.clone(),
            scripts: BTreeMap::new(),
            local: LocalServer::usual(),
            retries: Retries::default(),
            fallback: config.fallback.clone().map(Vec::from).unwrap_or_default(),
            strictness: if config.models.strict { Strictness::Strict } else { Strictness::Flagged },
            health: Health::default(),
            catalog: Arc::default(),
            written: Written::default(),
            root: String::new(),
            answers: None,
            replay: None,
        }
    }
}

/// The models of one config.
pub struct Models {
    config: ModelsConfig,
    keys: Arc<dyn Keys>,
    clients: Clients,
}

impl Models {
    /// Costs nothing: clients are made when they are first needed.
    pub fn new(config: &ModelsConfig, keys: Arc<dyn Keys>) -> Self {
        Self { config: config.clone(), keys, clients: Clients::default() }
    }

    /// Whose words the answers are: a model's, which count as nobody's, or those of whoever wrote a recording.
    pub fn grade(&self) -> Grade {
        self.config.replay.as_ref().map_or(Grade::Typed, Recording::grade)
    }

    /// Whether a recording answers, and nobody is asked.
    pub const fn is_replayed(&self) -> bool {
        self.config.replay.is_some()
    }

    /// How many tokens a request was taken for when it was recorded; nothing where it is not replayed.
    pub fn recorded_tokens(&self, request: &Request) -> Option<u64> {
        self.config.replay.as_ref()?.tokens(request, &self.config.root)
    }

    /// Why a request did not leave when it was recorded; nothing where it did, or is not replayed.
    pub fn recorded_refusal(&self, request: &Request) -> Option<CallError> {
        self.config.replay.as_ref()?.refusal(request, &self.config.root)
    }

    /// The number of the recorded answer that was given last to whoever asks; nothing where none was.
    pub fn recorded_place(&self, by: &By) -> Option<usize> {
        self.config.replay.as_ref()?.place(by)
    }

    /// Which model answers where nobody wishes for one. Looks at the config and the environment, not at the network.
    pub fn choose(&self) -> Result<Choice, ChooseError> {
        let choice = self.with_options(|options| choice::choose(None, options))?;
        Ok(self.informed(choice))
    }

    /// With what its provider lists, and whether a key was put away for it.
    fn informed(&self, mut choice: Choice) -> Choice {
        choice.endpoint.has_stored_key = self.keys.origin(&choice.endpoint.key_wanted()).is_some();
        choice.informed(&self.config.catalog)
    }

    /// Who answers, and who instead. A name is `provider/model`, `provider:model`, a provider's name or a mapped model
    /// name. Looks at the config and the environment, not at the network.
    pub fn route(&self, wishes: &[Wish]) -> Result<Route, ChooseError> {
        if let Some(recording) = &self.config.replay {
            return Ok(self.replayed(recording));
        }
        let Route { first, fallbacks, chain, broken, strictness, unserved } =
            self.with_options(|options| {
                routing::route(wishes, &self.config.fallback, self.config.strictness, options)
            })?;
        let fallbacks = fallbacks.into_iter().map(|choice| self.informed(choice)).collect();
        Ok(Route { first: self.informed(first), fallbacks, chain, broken, strictness, unserved })
    }

    /// As [`Models::route`]; where that finds nothing but the stand-in, providers that name no model and servers on
    /// this machine are asked what they serve, and the first model is taken that such a request can be put to.
    pub async fn route_or_look(&self, wishes: &[Wish], needs: Needs) -> Result<Route, ChooseError> {
        let route = self.route(wishes)?;
        if !route.first.is_last_resort() {
            return Ok(route);
        }
        let has_key = |endpoint: &Endpoint| self.keys.origin(&endpoint.key_wanted()).is_some();
        let (open, unused) = discover::nameless(&self.config, &has_key, &|name| self.missing(name));
        let (open, mut here) = tokio::join!(self.look(open), self.look_here());
        here.retain(|looked| self.config.written.refusal(&looked.endpoint.name).is_none());
        let found = discover::found(&open, &here, unused, &|name| self.missing(name), needs);
        let mut first = found.map_err(|unused| ChooseError::Unusable { unused, keyed: self.idle() })?;
        // What it listed just now goes before what is kept of it; whether somebody bills is for its key to say.
        first.endpoint.has_stored_key = has_key(&first.endpoint);
        first.facts.price = self.sources(&first).merged().price;
        Ok(Route { first, ..route })
    }

    /// The built-in providers whose key is there, as a model each and the place of its key.
    fn idle(&self) -> Vec<(String, String)> {
        self.with_options(|options| {
            let keyed = options.built_in_keyed();
            keyed.map(|(at, model, origin)| (format!("{}/{model}", at.name), origin.to_string())).collect()
        })
    }

    /// The patterns of `model_mappings` that lead to no provider, each with the error of a name that fits it.
    pub fn broken_mappings(&self) -> Vec<(String, ChooseError)> {
        self.with_options(|options| options.broken_mappings().collect())
    }

    /// What is wrong with a fallback as it is written, or who it is.
    ///
    /// # Errors
    /// Nobody serves it.
    pub fn named(&self, name: &str) -> Result<Choice, ChooseError> {
        self.with_options(|options| options.named(name, String::new())).map(|choice| self.informed(choice))
    }

    /// Who of a route answers such a request where everybody whose turn it is and who has a key does: its number, and
    /// who is passed over before it, and why.
    ///
    /// # Errors
    /// Nobody can.
    pub fn answering(&self, route: &Route, needs: Needs) -> Result<(usize, Vec<Left>), CallError> {
        let trouble = |choice: &Choice| choice.lacks(needs).or_else(|| self.keyless(choice));
        match route.walk(self.health(), trouble) {
            // A key can still be put away; what a model cannot do stays so.
            Err(stuck) if matches!(stuck.error, CallError::NoKey { .. }) => Ok((stuck.at, stuck.passed)),
            walked => walked.map_err(|stuck| stuck.error),
        }
    }

    /// What a call of this model would fail with because nobody has put its key anywhere.
    pub fn keyless(&self, choice: &Choice) -> Option<CallError> {
        let key = choice.key();
        let variable =
            key.variable.clone().filter(|_| key.is_needed() && self.key_origin(choice).is_none())?;
        let missing = self.missing(&variable);
        Some(CallError::NoKey { provider: choice.provider.clone(), variable, missing })
    }

    /// Why a variable gives no key.
    pub fn missing(&self, variable: &str) -> Missing {
        self.keys.missing(variable)
    }

    /// What the servers say that may run on this machine without being configured.
    pub async fn look_here(&self) -> Vec<Looked> {
        let looked = self.config.local.iter().map(|server| async {
            Looked { list: self.list(&server.hasty()).await, endpoint: server.endpoint() }
        });
        futures_util::future::join_all(looked).await
    }

    async fn look(&self, endpoints: Vec<Endpoint>) -> Vec<Looked> {
        let looked = endpoints
            .into_iter()
            .map(|endpoint| async { Looked { list: self.list(&endpoint).await, endpoint } });
        futures_util::future::join_all(looked).await
    }

    /// The providers that a person may mean: the configured ones, and the built-in ones whose key is there.
    pub fn providers(&self) -> Vec<Endpoint> {
        let configured =
            self.config.providers.iter().map(|(name, provider)| Endpoint::configured(name, provider));
        let built_in = (self.config.written.built_in(&self.config.providers))
            .filter_map(Endpoint::built_in)
            .filter(|endpoint| self.keys.origin(&endpoint.key_wanted()).is_some());
        configured.chain(built_in).collect()
    }

    /// Where the key of a model would come from; nothing where there is none.
    pub fn key_origin(&self, choice: &Choice) -> Option<KeyOrigin> {
        self.keys.origin(&choice.endpoint.key_wanted())
    }

    /// The setting and the program that give the key of a model, where a command does. Its other words may be the key.
    pub fn key_command(&self, choice: &Choice) -> Option<(String, String)> {
        let origin = self.key_origin(choice).filter(|origin| matches!(origin, KeyOrigin::Command(_)))?;
        let mut words = choice.endpoint.key.command.as_ref()?.command.split_whitespace();
        let program = words.next()?.to_owned();
        Some((origin.to_string(), if words.next().is_some() { program + " …" } else { program }))
    }

    /// What is known of a model, by source.
    pub fn sources(&self, choice: &Choice) -> Sources {
        choice.endpoint.sources(&choice.model, &self.config.catalog)
    }

    /// The command that fetches a model, where its server did not have it when it was asked last.
    pub fn pull(&self, choice: &Choice) -> Option<String> {
        let pull = listing::pull(choice.kind, &choice.model)?;
        let kept = self.config.catalog.get(&choice.provider)?;
        let is_missing =
            kept.base_url == choice.endpoint.base_url && !listing::has(&kept.models, &choice.model);
        is_missing.then_some(pull)
    }

    /// What a provider lists now, in its own order.
    pub async fn list(&self, endpoint: &Endpoint) -> Result<Vec<Listed>, CallError> {
        self.job(endpoint.clone(), Facts::default()).list().await
    }

    /// How the models are doing.
    pub const fn health(&self) -> &Health {
        &self.config.health
    }

    /// The way to a recording: whoever answered in it.
    fn replayed(&self, recording: &Recording) -> Route {
        let choice = |model: &str| {
            let known = self.with_options(|options| options.named(model, String::new()));
            let facts = known.map(|choice| choice.informed(&self.config.catalog).facts).unwrap_or_default();
            choice::replayed(recording, model, facts)
        };
        Route {
            first: choice(recording.model()),
            fallbacks: recording.fallbacks().iter().map(|model| choice(model)).collect(),
            chain: String::new(),
            broken: vec![],
            strictness: Strictness::Flagged,
            unserved: None,
        }
    }

    fn with_options<T>(&self, use_them: impl FnOnce(&Options<'_>) -> T) -> T {
        let key = |endpoint: &Endpoint| self.keys.origin(&endpoint.key_wanted());
        use_them(&Options {
            default_model: self.config.default_model.as_deref(),
            providers: &self.config.providers,
            mappings: &self.config.model_mappings,
            local: &self.config.local,
            written: &self.config.written,
            key: &key,
        })
    }
}

impl std::fmt::Debug for Models {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Models").field("config", &self.config).finish_non_exhaustive()
    }
}
