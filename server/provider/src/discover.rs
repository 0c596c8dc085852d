//! Model servers and what they say that they serve: where some run on this machine without anybody having configured
//! them, and which model of a list is asked where nobody names one.

use std::time::Duration;

use copydesk_base::config::ProviderKind;

use crate::choice::{Cause, Choice, Needs, choice, last_resort};
use crate::endpoint::key_variables;
use crate::key::Missing;
use crate::listing::{self, Catalog, Kept, Listed};
use crate::{CallError, Endpoint, ModelsConfig, Waited};

const CONNECT: Duration = Duration::from_millis(150);
const ANSWER: Duration = Duration::from_secs(3);

/// A server that may run here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalServer {
    pub name: String,
    /// What it speaks: Ollama's own API or Chat Completions.
    pub kind: ProviderKind,
    /// With `/v1` for `openai-chat`.
    pub base_url: String,
}

/// A server that was asked what it serves.
#[derive(Clone, Debug, PartialEq)]
pub struct Looked {
    pub endpoint: Endpoint,
    /// In its own order; may be empty.
    pub list: Result<Vec<Listed>, CallError>,
}

impl LocalServer {
    /// Ollama and LM Studio on their usual ports.
    pub fn usual() -> Vec<Self> {
        [
            ("ollama", ProviderKind::Ollama, "http://127.0.0.1:11434"),
            ("lmstudio", ProviderKind::OpenaiChat, "http://127.0.0.1:1234/v1"),
        ]
        .map(|(name, kind, base_url)| Self { name: name.to_owned(), kind, base_url: base_url.to_owned() })
        .into()
    }

    /// Where it is asked, without a key.
    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::local(&self.name, self.kind, &self.base_url)
    }

    /// Where it is asked what it serves, with a short patience: it may not run at all.
    pub(crate) fn hasty(&self) -> Endpoint {
        Endpoint { connect: CONNECT, first_byte: ANSWER, ..self.endpoint() }
    }
}

impl Looked {
    /// Whether anybody is there, whatever they answer.
    pub const fn is_there(&self) -> bool {
        !matches!(
            self.list,
            Err(CallError::Unreachable { .. }
                | CallError::HungUp { .. }
                | CallError::Timeout { waited: Waited::Connect, .. })
        )
    }

    /// Why none of its models can be asked, and what to do about it; nothing where one can.
    pub fn trouble(&self) -> Option<(String, String)> {
        let pull = match listing::pull(self.endpoint.kind, "MODEL") {
            Some(pull) => format!("Run '{pull}' to fetch a model."),
            None => "Load a model there.".to_owned(),
        };
        let at = &self.endpoint.base_url;
        match &self.list {
            Err(error) => Some((error.to_string(), error.advice())),
            Ok(models) if models.is_empty() => Some((format!("{at} serves no model yet"), pull)),
            Ok(models) if !models.iter().any(Listed::is_for_talk) => {
                Some((format!("{at} serves no model that answers questions, only others"), pull))
            }
            Ok(models) if !models.iter().any(Listed::answers_there) => {
                let why =
                    "hands every question on to another machine, which is asked only where a model is named";
                Some((format!("{at} {why}"), pull))
            }
            Ok(_) => None,
        }
    }
}

/// A provider of the config that cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unused {
    /// Its name in the config.
    pub provider: String,
    pub because: String,
    /// What to do next, as one sentence for a person.
    pub advice: String,
}

/// Why a provider is asked only where somebody names one of its models.
pub(crate) const NAMELESS: &str = "it names no default_model";

/// What stands behind a choice of a provider that was passed over for it.
pub(crate) fn passed(provider: &str, because: &str) -> String {
    format!("; {provider} was passed over: {because}")
}

/// What to do about a provider that does not count as it is written.
pub(crate) const CORRECT: &str = "Correct it there; 'copydesk check' and 'copydesk doctor' say more.";

impl Unused {
    /// It names no model, and its key is there, or missing.
    pub(crate) fn nameless(endpoint: &Endpoint, missing: Option<Missing>) -> Self {
        let name = &endpoint.name;
        let named = format!("name a model, as in providers.{name}.default_model: MODEL");
        let (because, advice) = if let (Some(variable), Some(missing)) = (&endpoint.key.variable, missing) {
            let get = format!("Run 'copydesk auth set {name}' or set {variable}");
            let lacks = format!("its key is missing: {variable} is {missing}");
            match endpoint.usual_model() {
                Some(_) => (lacks, format!("{get}.")),
                None => (format!("{NAMELESS}, and {lacks}"), format!("{get}, and {named}.")),
            }
        } else {
            let list = format!("'copydesk models --provider {name}' lists its models");
            (NAMELESS.to_owned(), format!("To ask {name}, {named}; {list}."))
        };
        Self { provider: name.clone(), because, advice }
    }

    pub(crate) fn misread(name: &str, because: &str) -> Self {
        Self { provider: name.to_owned(), because: because.to_owned(), advice: CORRECT.to_owned() }
    }
}

/// The configured providers, where none names a model: those that are asked what they serve, being servers of one's own
/// that want no key, and those of which a model has to be named.
pub(crate) fn nameless(
    config: &ModelsConfig,
    has_key: &dyn Fn(&Endpoint) -> bool,
    missing: &dyn Fn(&str) -> Missing,
) -> (Vec<Endpoint>, Vec<Unused>) {
    let endpoints = config.providers.iter().map(|(name, provider)| Endpoint::configured(name, provider));
    let (open, closed): (Vec<Endpoint>, Vec<Endpoint>) =
        endpoints.filter(|endpoint| endpoint.kind != ProviderKind::Offline).partition(|endpoint| {
            matches!(endpoint.kind, ProviderKind::OpenaiChat | ProviderKind::Ollama)
                && !endpoint.key.is_needed()
                && !has_key(endpoint)
        });
    let misread = config.written.misread.iter().map(|(name, because)| Unused::misread(name, because));
    // Who stands there is not known: nobody answers in their place.
    let unread = config.written.unread.iter().map(|because| Unused::misread("providers", because));
    let closed = closed.iter().map(|endpoint| {
        let variable = endpoint.key.variable.as_deref().unwrap_or_default();
        Unused::nameless(endpoint, (!has_key(endpoint)).then(|| missing(variable)))
    });
    (open, closed.chain(misread).chain(unread).collect())
}

/// `box: it names no default_model; gpu: cannot reach …`.
pub(crate) fn told(unused: &[Unused]) -> String {
    let each = unused.iter().map(|Unused { provider, because, .. }| format!("{provider}: {because}"));
    format!("no provider can be asked without a name ({})", each.collect::<Vec<_>>().join("; "))
}

/// The choice that the lists of servers allow: `open` are the configured ones, `here` those of this machine, and
/// `unused` the providers that could not be asked. The stand-in only where nothing is configured.
///
/// # Errors
/// Those that are configured, none of which can be asked.
pub(crate) fn found(
    open: &[Looked],
    here: &[Looked],
    mut unused: Vec<Unused>,
    missing: &dyn Fn(&str) -> Missing,
    needs: Needs,
) -> Result<Choice, Vec<Unused>> {
    unused.extend(open.iter().filter_map(|looked| {
        let (because, advice) = looked.trouble()?;
        Some(Unused { provider: looked.endpoint.name.clone(), because, advice })
    }));
    // Where nobody fits, the first one says why when it is asked.
    let fit = || listed(open, here).find(|choice| choice.lacks(needs).is_none());
    if let Some(choice) = fit().or_else(|| listed(open, here).next()) {
        let passed = unused.iter().map(|one| passed(&one.provider, &one.because));
        return Ok(Choice { why: choice.why.clone() + &passed.collect::<String>(), ..choice });
    }
    if !unused.is_empty() {
        return Err(unused);
    }
    let servers = match here
        .iter()
        .find_map(|looked| Some((looked, looked.trouble().filter(|_| looked.is_there())?)))
    {
        Some((Looked { endpoint, .. }, (because, advice))) => {
            format!("{} cannot be asked: {because}. {}", endpoint.name, advice.trim_end_matches('.'))
        }
        None => "no model server of this machine answers".to_owned(),
    };
    // Whoever set one to nothing believes that it is set.
    let empty = key_variables().find(|variable| missing(variable) == Missing::Empty);
    let empty = empty.map_or_else(String::new, |variable| format!(" ({variable} is {})", Missing::Empty));
    Ok(Choice {
        why: format!("no model is configured, no key was found{empty}, and {servers}"),
        ..last_resort()
    })
}

/// The models that answer questions, of every list that came.
fn listed<'l>(open: &'l [Looked], here: &'l [Looked]) -> impl Iterator<Item = Choice> + 'l {
    open.iter().chain(here).flat_map(|Looked { endpoint, list }| {
        let models = list.as_deref().unwrap_or_default();
        let at = Kept { base_url: endpoint.base_url.clone(), models: models.to_vec(), ..Kept::default() };
        let catalog = Catalog::from([(endpoint.name.clone(), at)]);
        models.iter().filter(|model| model.answers_there()).map(move |model| {
            let why = format!("answers at {}", endpoint.base_url);
            choice(endpoint.clone(), model.id.clone(), Cause::Local, why).informed(&catalog)
        })
    })
}
