//! What becomes of providers where layers meet: whose key goes where, and which of them cannot be spoken to.

use std::collections::BTreeMap;

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

    /// A provider that no layer gave a kind cannot be spoken to; left in, it would count as the stand-in.
    pub(super) fn drop_kindless_providers(&mut self, problems: &mut Vec<Problem>) {
        let Some(Value::Object(providers)) = self.value.get_mut("providers") else { return };
        let kindless: Vec<String> = providers
            .iter()
            .filter(|(_, provider)| provider.get("kind").is_none())
            .map(|(name, _)| name.clone())
            .collect();
        for name in kindless {
            providers.remove(&name);
            let path: KeyPath = vec!["providers".into(), name.clone()];
            let origin = self.origins.iter().find(|(key, _)| key.starts_with(&path));
            let problem = Problem {
                origin: origin.map(|(_, origin)| origin.clone()).unwrap_or_default(),
                span: Span::at(0),
                code: Code::MissingKey,
                severity: Severity::Error,
                message: format!("provider '{name}' does not count: it has no kind"),
                below: None,
                stops: false,
            };
            self.broken_providers.entry(name).or_insert_with(|| problem.to_string());
            problems.push(problem);
            self.origins.retain(|key, _| !key.starts_with(&path));
        }
    }
}
