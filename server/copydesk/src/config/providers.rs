//! What becomes of providers where layers meet: whose key goes where, and which of them cannot be spoken to.

use std::collections::BTreeMap;

use copydesk_base::config::{
    Astray, BAD_API_VERSION, BAD_PROVIDER_NAME, ProviderKind, astray, bad_address, is_api_version,
    is_provider_name,
};
use copydesk_base::{Code, Severity, Span};
use serde_json::{Map, Value};

use super::layer::Layer;
use super::merge::{Merged, find};
use super::value::KeyPath;
use super::{Origin, Problem};

impl Merged {
    /// Where each provider is reached, as the layers so far say.
    pub(super) fn addresses(&self) -> BTreeMap<String, Value> {
        let providers = self.value.get("providers").and_then(Value::as_object);
        let address =
            |(name, provider): (&String, &Value)| Some((name.clone(), provider.get("base_url")?.clone()));
        providers.into_iter().flatten().filter_map(address).collect()
    }

    /// A key goes to the address that it was configured for: where a workspace gives a provider another one, what the
    /// person wrote of its key stays behind, also when they trust that workspace.
    pub(super) fn leave_keys(&mut self, layer: &Layer, before: &BTreeMap<String, Value>) -> Vec<Problem> {
        let mut left = Vec::new();
        let providers = layer.value.get("providers").and_then(Value::as_object);
        for name in providers.into_iter().flat_map(Map::keys) {
            let at = |key: &str| -> KeyPath { vec!["providers".into(), name.clone(), key.into()] };
            let address = at("base_url");
            let is_new = self.origins.get(&address).is_some_and(|origin| origin.layer == layer.name)
                && before.get(name) != find(&self.value, &address);
            if !is_new {
                continue;
            }
            for key in [at("api_key_env"), at("key")] {
                let is_of_others =
                    |path: &KeyPath, origin: &Origin| path.starts_with(&key) && origin.layer != layer.name;
                if !self.origins.iter().any(|(path, origin)| is_of_others(path, origin)) {
                    continue;
                }
                self.origins.retain(|path, origin| !is_of_others(path, origin));
                if let Some(Value::Object(provider)) =
                    self.value.get_mut("providers").and_then(|providers| providers.get_mut(name))
                    && let Some(last) = key.last()
                {
                    provider.remove(last);
                }
                left.push(Problem {
                    origin: layer.origin(&address),
                    span: layer.span(&address),
                    code: Code::UntrustedSetting,
                    severity: Severity::Warning,
                    message: format!(
                        "your '{}' does not go to this address: write it beside the address, too",
                        key.join(".")
                    ),
                    below: None,
                    stops: false,
                });
            }
        }
        left
    }

    /// Notes where a layer names providers, for what is wrong with them as a whole. A name by itself says that there is
    /// such a provider: one with nothing below it is none that anybody forgot.
    pub(super) fn note_providers(&mut self, layer: &Layer) {
        let named = layer.value.get("providers").and_then(Value::as_object);
        for name in named.into_iter().flat_map(Map::keys) {
            let path: KeyPath = vec!["providers".into(), name.clone()];
            self.provider_places.insert(name.clone(), layer.origin(&path));
            let providers = self.value.entry("providers").or_insert_with(|| Value::Object(Map::new()));
            if let Some(providers) = providers.as_object_mut() {
                providers.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
            }
        }
    }

    /// The providers whose key goes to their kind's own service, though its variable does not say that it is for that.
    pub(super) fn unsure_keys(&self) -> Vec<Problem> {
        let providers = self.value.get("providers").and_then(Value::as_object);
        let unsure = providers.into_iter().flatten().filter_map(|(name, provider)| {
            let (kind, variable) = whose(provider).filter(|_| provider.get("base_url").is_none())?;
            let astray =
                astray(name, kind, variable, quirks(provider)).filter(|astray| *astray == Astray::Unsure)?;
            let path: KeyPath = vec!["providers".into(), name.clone(), "api_key_env".into()];
            Some(Problem {
                origin: self.origins.get(&path).cloned().unwrap_or_default(),
                span: Span::at(0),
                code: Code::StrayKey,
                severity: Severity::Warning,
                message: format!("{}; {}", astray.reason(kind, variable), astray.advice(kind)),
                below: None,
                stops: false,
            })
        });
        unsure.collect()
    }

    /// Leaves out the providers that cannot be spoken to: left in, one would be asked at an address that is none, or
    /// count as the stand-in.
    pub(super) fn drop_mute_providers(&mut self, problems: &mut Vec<Problem>) {
        let Some(Value::Object(providers)) = self.value.get_mut("providers") else { return };
        let mute: Vec<(String, Mute)> = providers
            .iter()
            .filter_map(|(name, provider)| Some((name.clone(), mute(name, provider)?)))
            .collect();
        for (name, mute) in mute {
            providers.remove(&name);
            let path: KeyPath = vec!["providers".into(), name.clone()];
            let of_key = || self.origins.get(&[&path[..], &[mute.key?.into()]].concat());
            let origin = of_key().or_else(|| self.provider_places.get(&name));
            let problem = Problem {
                origin: origin.cloned().unwrap_or_default(),
                span: Span::at(0),
                code: mute.code,
                severity: Severity::Error,
                message: format!("provider '{name}' does not count: {}", mute.because),
                below: None,
                stops: false,
            };
            self.broken_providers.entry(name).or_insert_with(|| problem.to_string());
            problems.push(problem);
            self.origins.retain(|key, _| !key.starts_with(&path));
        }
    }
}

/// Why a provider cannot be spoken to.
struct Mute {
    /// The key below it that is wrong, where one is.
    key: Option<&'static str>,
    code: Code,
    because: String,
}

fn mute(name: &str, provider: &Value) -> Option<Mute> {
    if !is_provider_name(name) {
        return Some(Mute { key: None, code: Code::FormatMismatch, because: BAD_PROVIDER_NAME.to_owned() });
    }
    if provider.get("kind").is_none() {
        return Some(Mute { key: None, code: Code::MissingKey, because: "it has no kind".to_owned() });
    }
    let of_address = match provider.get("base_url") {
        Some(base_url) => base_url.as_str().and_then(|url| bad_address(url.trim())).map(|bad| {
            let because = format!("its base_url cannot be used: {}", bad.reason());
            Mute { key: Some("base_url"), code: Code::FormatMismatch, because }
        }),
        None => strays(name, provider),
    };
    of_address.or_else(|| of_no_version(provider)).or_else(|| of_no_command(provider))
}

/// What else is said of a key says nothing without the command that gives it.
fn of_no_command(provider: &Value) -> Option<Mute> {
    let command = provider.get("key")?.as_object()?.get("command").and_then(Value::as_str);
    let because = "its key has no command that prints it".to_owned();
    command.is_none_or(|text| text.trim().is_empty()).then_some(Mute {
        key: Some("key"),
        code: Code::MissingKey,
        because,
    })
}

/// Azure would be asked for a version that there is not; of any other kind nothing of it is sent.
fn of_no_version(provider: &Value) -> Option<Mute> {
    let (kind, _) = whose(provider)?;
    let version = provider.get("api_version")?.as_str()?;
    let is_wrong = kind == ProviderKind::AzureOpenai && !is_api_version(version);
    let because = format!("its api_version is {BAD_API_VERSION}");
    is_wrong.then_some(Mute { key: Some("api_version"), code: Code::FormatMismatch, because })
}

/// What it is asked with is of another service than the one that its kind leads to.
fn strays(name: &str, provider: &Value) -> Option<Mute> {
    let (kind, variable) = whose(provider)?;
    let astray = astray(name, kind, variable, quirks(provider))?;
    let key = variable.filter(|variable| astray.is_by(variable)).map(|_| "api_key_env");
    let because = format!("{}; {}", astray.reason(kind, variable), astray.advice(kind));
    matches!(astray, Astray::Of(_)).then_some(Mute { key, code: Code::MissingKey, because })
}

/// Its kind, and the variable that its config names.
fn whose(provider: &Value) -> Option<(ProviderKind, Option<&str>)> {
    let kind = ProviderKind::of(provider.get("kind")?.as_str()?)?;
    Some((kind, provider.get("api_key_env").and_then(Value::as_str)))
}

/// Which server its config says that it is.
fn quirks(provider: &Value) -> Option<&str> {
    provider.get("quirks").and_then(Value::as_str)
}
