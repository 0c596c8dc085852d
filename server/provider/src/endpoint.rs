//! Where one provider is reached, with what key and how patiently: plain data made from the config.

use std::collections::BTreeMap;
use std::time::Duration;

use copydesk_base::config::{
    ANTHROPIC, ModelSettings, OPENAI, Provider, ProviderKind, Service, Timeouts, bad_address, is_here,
    is_in_clear,
};

use crate::facts::{self, Sources};
use crate::key::{KeySource, KeyWanted};
use crate::listing::{self, Catalog};
use crate::quirks::Quirks;
use crate::schema::Forms;
use crate::{CallError, anthropic};

/// One provider, settled: every default filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// The provider's name in the config.
    pub name: String,
    pub kind: ProviderKind,
    /// Without a slash at its end.
    pub base_url: String,
    pub key: KeySource,
    /// Of an Azure deployment.
    pub api_version: Option<String>,
    /// What the config says of its models.
    pub models: BTreeMap<String, ModelSettings>,
    /// Why nobody knows the price of any of them.
    pub broken_prices: Option<String>,
    pub connect: Duration,
    pub first_byte: Duration,
    pub idle: Duration,
    pub progress: Duration,
    /// Requests that may be under way at the same time.
    pub concurrency: u32,
    /// A key was put away for it, though its config names none.
    pub(crate) has_stored_key: bool,
    /// How this server speaks Chat Completions.
    pub(crate) quirks: Quirks,
    /// A script answers in its place.
    pub(crate) is_scripted: bool,
}

/// Requests under way at the same time where the config says nothing.
const CONCURRENCY: u32 = 8;

/// What a provider kind is known by.
struct Family {
    base_url: &'static str,
    variable: Option<&'static str>,
    model: Option<&'static str>,
}

/// The providers that need no config, in the order in which their keys are looked for.
const BUILT_IN: [(&str, ProviderKind, Option<&str>); 5] = [
    ("anthropic", ProviderKind::Anthropic, None),
    ("openai", ProviderKind::OpenaiResponses, None),
    ("ollama", ProviderKind::Ollama, None),
    ("lmstudio", ProviderKind::OpenaiChat, Some("http://127.0.0.1:1234/v1")),
    ("offline", ProviderKind::Offline, None),
];

/// The variables in which keys of providers that need no config are looked for.
pub(crate) fn key_variables() -> impl Iterator<Item = &'static str> {
    let theirs = BUILT_IN.iter().filter(|(_, _, place)| place.is_none());
    theirs.filter_map(|(_, kind, _)| family(*kind).variable)
}

const fn family(kind: ProviderKind) -> Family {
    match kind {
        ProviderKind::Anthropic => of(ANTHROPIC, "claude-sonnet-4-5"),
        ProviderKind::OpenaiChat | ProviderKind::OpenaiResponses => of(OPENAI, "gpt-5-mini"),
        ProviderKind::Ollama => Family { base_url: "http://127.0.0.1:11434", variable: None, model: None },
        ProviderKind::AzureOpenai => Family { base_url: "", variable: None, model: None },
        ProviderKind::Offline => Family { base_url: "", variable: None, model: Some(crate::offline::MODEL) },
    }
}

const fn of(service: Service, model: &'static str) -> Family {
    Family { base_url: service.base_url, variable: Some(service.variable), model: Some(model) }
}

impl Endpoint {
    /// The endpoint of a configured provider.
    ///
    /// The kind's usual key goes to the kind's usual address only: another `base_url` gets a key where the config
    /// names its variable, and none otherwise.
    pub fn configured(name: &str, provider: &Provider) -> Self {
        let family = family(provider.kind);
        let base_url = trimmed(provider.base_url.as_deref().unwrap_or(family.base_url));
        let usual = provider.base_url.as_deref().is_none_or(|url| trimmed(url) == family.base_url);
        let variable = match &provider.api_key_env {
            Some(variable) => Some(variable.clone()),
            None if usual => family.variable.map(str::to_owned),
            None => None,
        };
        Self {
            name: name.to_owned(),
            kind: provider.kind,
            base_url: base_url.to_owned(),
            key: KeySource { variable, command: provider.key.clone() },
            api_version: provider.api_version.clone(),
            models: provider.models.clone(),
            broken_prices: provider.broken_prices.clone(),
            connect: provider.timeouts.connect.0,
            first_byte: provider.timeouts.first_byte.0,
            idle: provider.timeouts.idle.0,
            progress: provider.timeouts.progress.0,
            quirks: match provider.kind {
                ProviderKind::AzureOpenai => Quirks::azure(),
                _ => Quirks::of(provider.quirks, base_url),
            },
            concurrency: provider.concurrency.unwrap_or(CONCURRENCY),
            has_stored_key: false,
            is_scripted: provider.kind == ProviderKind::Offline && provider.scenario.is_some(),
        }
    }

    /// The endpoint of a name that works without config, such as `anthropic` or `ollama`.
    pub fn built_in(name: &str) -> Option<Self> {
        let (_, kind, base_url) = BUILT_IN.into_iter().find(|(known, ..)| *known == name)?;
        let provider = Provider {
            kind,
            base_url: base_url.map(str::to_owned),
            timeouts: Timeouts::default(),
            ..Provider::default()
        };
        Some(Self::configured(name, &provider))
    }

    /// The names of [`Endpoint::built_in`].
    pub fn built_in_names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.into_iter().map(|(name, ..)| name)
    }

    /// An endpoint that answered on this machine; it wants no key.
    pub fn local(name: &str, kind: ProviderKind, base_url: &str) -> Self {
        let provider = Provider { kind, base_url: Some(base_url.to_owned()), ..Provider::default() };
        Self { key: KeySource::default(), ..Self::configured(name, &provider) }
    }

    /// Its key, as it is asked for.
    pub fn key_wanted(&self) -> KeyWanted {
        let address = url::Url::parse(&self.base_url).map(|url| url.origin().ascii_serialization());
        KeyWanted {
            provider: self.name.clone(),
            address: address.unwrap_or_default(),
            source: self.key.clone(),
        }
    }

    /// Whether its key would go to another machine where everybody on the way can read it.
    pub fn sends_key_in_clear(&self) -> bool {
        is_in_clear(&self.base_url)
    }

    /// The name of one of its models among those whose health is known: another address is another server.
    pub(crate) fn circuit(&self, model: &str) -> String {
        format!("{}/{model} at {}", self.name, self.base_url)
    }

    /// The model that answers where only the provider is named. A server of one's own has no usual model.
    pub(crate) fn usual_model(&self) -> Option<&'static str> {
        if self.is_usual() { family(self.kind).model } else { None }
    }

    /// Whether it is the kind's own service, not a server that speaks the same.
    pub fn is_usual(&self) -> bool {
        self.base_url == family(self.kind).base_url
    }

    /// What is known of one of its models, by source; `catalog` holds what providers list.
    pub fn sources(&self, model: &str, catalog: &Catalog) -> Sources {
        let kept = catalog.get(&self.name).filter(|kept| kept.base_url == self.base_url);
        let listed = kept.and_then(|kept| listing::find(&kept.models, model));
        let broken = self.broken_prices.as_ref().map(|wrong| {
            let known = self.models.get(model).cloned().unwrap_or_default();
            ModelSettings { broken_price: known.broken_price.or_else(|| Some(wrong.clone())), ..known }
        });
        // A server of this machine that wants a key may hand on what it is asked, to somebody who bills.
        let is_own = is_here(&self.base_url) && !self.key.is_needed() && !self.has_stored_key;
        facts::sources(
            self.kind,
            self.kind == ProviderKind::Offline || is_own,
            model,
            broken.as_ref().or_else(|| self.models.get(model)),
            listed,
        )
    }

    /// When one of its models is held to a schema.
    pub fn forms(&self, model: &str) -> Forms {
        match self.kind {
            ProviderKind::Anthropic if anthropic::forms(model) => Forms::Always,
            ProviderKind::OpenaiChat | ProviderKind::AzureOpenai => self.quirks.forms,
            ProviderKind::OpenaiResponses => Forms::Always,
            ProviderKind::Ollama => Forms::Alone,
            ProviderKind::Anthropic | ProviderKind::Offline => Forms::Never,
        }
    }

    /// The address of one of its paths.
    pub(crate) fn address(&self, path: &str) -> Result<url::Url, CallError> {
        let bad = |reason: String| CallError::BadAddress {
            provider: self.name.clone(),
            reason,
            like: self.kind.like(),
        };
        if self.base_url.is_empty() {
            return Err(bad("there is none, and this kind has no usual one".to_owned()));
        }
        if let Some(found) = bad_address(&self.base_url) {
            return Err(bad(found.reason().to_owned()));
        }
        url::Url::parse(&format!("{}{path}", self.base_url)).map_err(|error| bad(error.to_string()))
    }
}

fn trimmed(url: &str) -> &str {
    url.trim().trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use copydesk_base::config::BUILT_IN_PROVIDERS;

    use super::*;

    #[test]
    fn who_holds_an_answer_to_a_schema_depends_on_kind_server_and_model() {
        for (kind, base_url, model, expect) in [
            (ProviderKind::Anthropic, None, "claude-sonnet-4-5", Forms::Always),
            (ProviderKind::Anthropic, None, "claude-sonnet-4-0", Forms::Never),
            (ProviderKind::OpenaiResponses, None, "m", Forms::Always),
            (ProviderKind::OpenaiChat, Some("https://api.mistral.ai/v1"), "m", Forms::Alone),
            (ProviderKind::OpenaiChat, Some("https://api.deepseek.com"), "m", Forms::Never),
            (ProviderKind::OpenaiChat, Some("https://models.example/v1"), "m", Forms::Never),
            (ProviderKind::AzureOpenai, Some("https://azure.example"), "m", Forms::Always),
            (ProviderKind::Ollama, None, "m", Forms::Alone),
            (ProviderKind::Offline, None, "m", Forms::Never),
        ] {
            let provider = Provider { kind, base_url: base_url.map(str::to_owned), ..Provider::default() };
            assert_eq!(Endpoint::configured("x", &provider).forms(model), expect, "{kind:?} {base_url:?}");
        }
    }

    #[test]
    fn checks_know_the_providers_that_need_no_config() {
        assert_eq!(Endpoint::built_in_names().collect::<Vec<_>>(), BUILT_IN_PROVIDERS);
    }

    #[test]
    fn the_usual_key_goes_to_the_usual_address_only() {
        let check = |kind, base_url: Option<&str>, variable: Option<&str>, url: &str, key: Option<&str>| {
            let provider = Provider {
                kind,
                base_url: base_url.map(str::to_owned),
                api_key_env: variable.map(str::to_owned),
                ..Provider::default()
            };
            let endpoint = Endpoint::configured("x", &provider);
            assert_eq!(endpoint.base_url, url);
            assert_eq!(endpoint.key, KeySource { variable: key.map(str::to_owned), command: None });
        };
        let anthropic = "https://api.anthropic.com";
        check(ProviderKind::Anthropic, None, None, anthropic, Some("ANTHROPIC_API_KEY"));
        check(
            ProviderKind::Anthropic,
            Some("https://api.anthropic.com/"),
            None,
            anthropic,
            Some("ANTHROPIC_API_KEY"),
        );
        check(ProviderKind::Anthropic, Some("http://evil.example"), None, "http://evil.example", None);
        check(
            ProviderKind::Anthropic,
            Some("http://own.example"),
            Some("K"),
            "http://own.example",
            Some("K"),
        );
        check(ProviderKind::OpenaiChat, None, None, "https://api.openai.com/v1", Some("OPENAI_API_KEY"));
        check(ProviderKind::OpenaiChat, Some("http://127.0.0.1:1/v1/"), None, "http://127.0.0.1:1/v1", None);
        check(ProviderKind::Offline, None, None, "", None);
    }

    #[test]
    fn a_stored_key_belongs_to_scheme_host_and_port() {
        let check = |base_url: &str, address: &str| {
            let wanted = Endpoint::local("x", ProviderKind::OpenaiChat, base_url).key_wanted();
            assert_eq!((wanted.provider.as_str(), wanted.address.as_str()), ("x", address));
        };
        check("https://A.example/v1/", "https://a.example");
        check("https://a.example:443/v2", "https://a.example");
        check("http://a.example:81/v1", "http://a.example:81");
        check("https://me:secret@a.example/v1", "https://a.example");
        check("nonsense", "");
    }

    #[test]
    fn addresses_are_http_and_hold_no_password() {
        let check = |base_url: &str, expect: Result<&str, &str>| {
            let address = Endpoint::local("x", ProviderKind::OpenaiChat, base_url).address("/models");
            match (address, expect) {
                (Ok(url), Ok(expect)) => assert_eq!(url.as_str(), expect),
                (Err(error), Err(part)) => {
                    assert!(error.to_string().contains(part), "{error}");
                    assert!(!error.to_string().contains("secret"), "{error}");
                }
                (got, _) => panic!("{base_url}: {got:?}"),
            }
        };
        check("http://127.0.0.1:1234/v1/", Ok("http://127.0.0.1:1234/v1/models"));
        check("127.0.0.1:1234", Err("http://"));
        check("localhost:1234/v1", Err("http://"));
        check("ftp://a.example", Err("http://"));
        check("https://me:secret@a.example/v1", Err("password"));
        check("https://a.example/v1?tenant=7", Err("holds a '?'"));
        check("https://a.example/v1#x", Err("holds a '?'"));
        check("", Err("there is none"));
    }
}
