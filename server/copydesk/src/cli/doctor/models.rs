//! What of models is on this machine: keys, servers, agents of others; and which model would answer.

use std::sync::Arc;

use copydesk_agent::ghost::switch::{self, Switch};
use copydesk_base::Redactor;
use copydesk_provider::choice::FIRST_STEPS;
use copydesk_provider::{LocalServer, Models, ModelsConfig, discover};

use super::super::auth;
use super::{Finding, State, finding, in_path};
use crate::config::Loaded;
use crate::credentials::Credentials;
use crate::here::Here;

/// Agents of others that people have, by the name of their program.
const AGENTS: &[&str] = &["claude", "codex", "gemini", "opencode"];

/// Where keys come from, for each provider that wants one and for each that has one.
pub(super) fn keys(here: &Here, loaded: &Loaded) -> Vec<Finding> {
    let credentials = Credentials::of(here, &Redactor::default());
    let mut findings = Vec::new();
    for endpoint in auth::endpoints(loaded) {
        let is_configured = loaded.config.providers.contains_key(&endpoint.name);
        let known = auth::look(&credentials, &endpoint);
        let state = match known.state {
            "none" => continue,
            "missing" if !is_configured => continue,
            "missing" => State::Missing,
            "broken" => State::Broken,
            _ => State::Fine,
        };
        findings.push(finding(format!("key of {}", known.provider), state, known.detail, known.fix));
    }
    findings
}

/// Servers on this machine, and the model that answers where nobody wishes for another.
pub(super) async fn models(here: &Here, loaded: &Loaded) -> Vec<Finding> {
    let mut findings = Vec::new();
    for found in discover(&LocalServer::usual()).await {
        let (state, models, fix) = match &found.models[..] {
            [] => (State::Missing, "no models".to_owned(), "Fetch one: it serves nothing yet."),
            models => {
                let names: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
                (State::Fine, names.join(", "), "")
            }
        };
        findings.push(finding(
            format!("local {}", found.name),
            state,
            format!("{}: {models}", found.base_url),
            fix,
        ));
    }
    let models = of(here, loaded);
    findings.push(match models.route_or_look(&[]).await.map(|route| route.first) {
        Ok(choice) if choice.offline => {
            let detail = format!("{}, which is no model ({})", choice.model_ref(), choice.why);
            let fix = if choice.is_last_resort() { FIRST_STEPS } else { "" };
            finding("model", State::Missing, detail, fix)
        }
        Ok(choice) => finding("model", State::Fine, format!("{} ({})", choice.model_ref(), choice.why), ""),
        Err(error) => finding("model", State::Broken, error.to_string(), error.advice()),
    });
    findings
}

/// The models of these settings.
fn of(here: &Here, loaded: &Loaded) -> Models {
    let credentials = Credentials::of(here, &Redactor::default());
    Models::new(&ModelsConfig::from_config(&loaded.config), Arc::new(credentials))
}

/// Whether suggestions come while somebody types, and why.
pub(super) fn completion(here: &Here, loaded: &Loaded) -> Finding {
    let models = of(here, loaded);
    match switch::of(&loaded.config.completion, &models) {
        Switch::On(on) => {
            let how = if on.format.is_some() { "by its own format" } else { "in words" };
            finding("completion", State::Fine, format!("on: {} is asked {how}", on.choice.model_ref()), "")
        }
        Switch::Off { because, advice } => {
            finding("completion", State::Fine, format!("off: {because}"), advice)
        }
    }
}

/// Agents of others that are installed. They bring models and keys of their own, which are none of ours.
pub(super) fn agents() -> Vec<Finding> {
    let found = AGENTS.iter().filter_map(|name| Some((name, in_path(name)?)));
    found
        .map(|(name, path)| {
            let detail =
                format!("{}, found and not used: Copydesk cannot host other agents yet", path.display());
            finding(format!("agent {name}"), State::Fine, detail, "")
        })
        .collect()
}
