//! What of models is on this machine: keys, servers, agents of others; and which model would answer.

use std::sync::Arc;

use copydesk_agent::ghost::switch::{self, Switch};
use copydesk_agent::script;
use copydesk_base::Redactor;
use copydesk_base::config::ProviderKind;
use copydesk_provider::{Choice, ChooseError, Looked, Models, ModelsConfig, listing};

use super::super::auth;
use super::super::models::{Usual, explain, usual};
use super::versions::Versions;
use super::{Finding, State, finding};
use crate::config::Loaded;
use crate::credentials::Credentials;
use crate::found;
use crate::here::Here;
use crate::memory;
use crate::office;

/// Where keys come from, for each provider that wants one and for each that has one.
pub(super) fn keys(here: &Here, loaded: &Loaded) -> Vec<Finding> {
    let credentials = Credentials::of(here, &Redactor::default());
    let mut findings = Vec::new();
    for endpoint in auth::endpoints(loaded) {
        let is_configured = loaded.config.providers.contains_key(&endpoint.name);
        let known = auth::look(&credentials, &endpoint);
        let (state, detail, fix) = match known.state {
            "none" => continue,
            "missing" if !is_configured => continue,
            "missing" => (State::Missing, known.detail, known.fix),
            "broken" => (State::Broken, known.detail, known.fix),
            _ if endpoint.sends_key_in_clear() => {
                let detail = format!("{}; it goes to {} in clear text", known.detail, known.address);
                (
                    State::Warning,
                    detail,
                    "Write https:// in its base_url, or reach it through a tunnel.".to_owned(),
                )
            }
            _ => (State::Fine, known.detail, known.fix),
        };
        findings.push(finding(format!("key of {}", known.provider), state, detail, fix));
    }
    let is_named = |variable: &str| {
        let mut providers = loaded.config.providers.values();
        providers.any(|provider| provider.api_key_env.as_deref() == Some(variable))
    };
    findings.extend(loaded.config.providers.iter().filter_map(|(name, provider)| {
        let path = office::scenario(loaded, &here.root, name, provider)?;
        let wrong = script::at(&path).err()?;
        let origin = loaded.origins.get(&format!("providers.{name}.scenario"));
        let place = origin.map(|origin| format!("{origin}: ")).unwrap_or_default();
        let fix = format!("Correct providers.{name}.scenario, or the file that it names.");
        Some(finding(format!("scenario of {name}"), State::Broken, format!("{place}{wrong}"), fix))
    }));
    findings.extend(found::idle_keys(is_named).into_iter().map(|idle| {
        finding(idle.variable, State::Missing, "it is set, and no provider uses it", idle.advice)
    }));
    findings
}

/// Servers on this machine, and the model that answers where nobody wishes for another.
/// `chosen` is the model of a session.
pub(super) async fn models(here: &Here, loaded: &Loaded, chosen: Option<&str>) -> Vec<Finding> {
    let models = of(here, loaded);
    let servers = models.look_here().await;
    let mut findings: Vec<Finding> = servers.iter().filter_map(local).collect();
    let has_ollama = loaded.config.providers.values().any(|provider| provider.kind == ProviderKind::Ollama);
    if let Some(elsewhere) = found::elsewhere().filter(|_| !has_ollama) {
        findings.push(finding("OLLAMA_HOST", State::Warning, elsewhere.told(), elsewhere.advice()));
    }
    let Usual { choice, passed } = match usual(&models, chosen).await {
        Ok(usual) => usual,
        Err((because, advice)) => {
            findings.push(finding("model", State::Broken, because, advice));
            return findings;
        }
    };
    findings.extend(passed.iter().map(|left| {
        let detail = format!("it is passed over: {}", left.because);
        finding(
            format!("model {}", left.model),
            State::Warning,
            detail,
            "'copydesk models explain' tells who answers and why.",
        )
    }));
    findings.push(match choice {
        choice if choice.offline => {
            let detail = format!("{}, which is no model ({})", choice.model_ref(), choice.why);
            let fix = if choice.is_last_resort() { found::first_steps() } else { String::new() };
            finding("model", State::Missing, detail, fix)
        }
        choice if is_missing(&choice, &servers) => {
            let detail = format!("{} ({}); its server does not have it", choice.model_ref(), choice.why);
            let pull = listing::pull(choice.kind, &choice.model).unwrap_or_default();
            let fix = format!("Run '{pull}', or wait until the pull that is under way has ended.");
            finding("model", State::Missing, detail, fix)
        }
        choice => {
            let measured = explain::measured(&here.user, &choice);
            let counted = measured.map(|measured| format!("; estimates: {}", explain::estimates(&measured)));
            let detail = format!("{} ({}){}", choice.model_ref(), choice.why, counted.unwrap_or_default());
            match hindrance(&models, loaded, &choice) {
                Some((because, fix)) => finding("model", State::Missing, format!("{detail}; {because}"), fix),
                None => finding("model", State::Fine, detail, ""),
            }
        }
    });
    findings
}

/// The fallbacks that lead nowhere, each where it stands: whoever waits for one learns of it when nobody answers.
pub(super) fn fallbacks(here: &Here, loaded: &Loaded) -> Vec<Finding> {
    let models = of(here, loaded);
    let of_config = loaded.config.fallback.as_ref().map(|chain| ("fallback".to_owned(), chain));
    let of_providers = (loaded.config.providers.iter()).filter_map(|(name, provider)| {
        Some((format!("providers.{name}.fallback"), provider.fallback.as_ref()?))
    });
    let links = of_config.into_iter().chain(of_providers).flat_map(|(key, chain)| {
        let place = loaded.origins.get(&key).map(|origin| format!("{origin}: ")).unwrap_or_default();
        chain.as_slice().iter().map(move |model| (place.clone(), model))
    });
    let nowhere = links.filter_map(|(place, model)| {
        let (state, because, fix) = match models.named(model) {
            Err(error) => (State::Warning, error.to_string(), error.advice()),
            Ok(choice) => {
                let lacks = models.keyless(&choice)?;
                (State::Missing, lacks.to_string(), lacks.advice())
            }
        };
        let shown = if model.trim().is_empty() { "''" } else { model };
        Some(finding(format!("fallback {shown}"), state, format!("{place}{because}"), fix))
    });
    nowhere.collect()
}

/// The patterns of `model_mappings` that send a name to nobody.
pub(super) fn mappings(here: &Here, loaded: &Loaded) -> Vec<Finding> {
    let broken = of(here, loaded).broken_mappings().into_iter();
    let told = |(pattern, error): (String, ChooseError)| {
        finding(format!("mapping {pattern}"), State::Warning, error.to_string(), error.advice())
    };
    broken.map(told).collect()
}

/// Why no request to a model would leave, and what to do about it: nobody has put its key anywhere, or a budget forbids
/// it.
fn hindrance(models: &Models, loaded: &Loaded, choice: &Choice) -> Option<(String, String)> {
    if let Some(lacks) = models.keyless(choice) {
        return Some((lacks.to_string(), lacks.advice()));
    }
    let because = copydesk_agent::refusal(&loaded.config.budgets, choice)?;
    Some((format!("it is not asked: {because}"), String::new()))
}

/// Whether a server of this machine answers that does not have the model.
fn is_missing(choice: &Choice, servers: &[Looked]) -> bool {
    let server = servers.iter().find(|looked| looked.endpoint.base_url == choice.base_url());
    listing::pull(choice.kind, &choice.model).is_some()
        && server.is_some_and(|looked| {
            looked.list.as_ref().is_ok_and(|models| !listing::has(models, &choice.model))
        })
}

/// A server of this machine; nothing where there is neither it nor a program that would start it.
fn local(looked: &Looked) -> Option<Finding> {
    let Looked { endpoint, list } = looked;
    let title = format!("local {}", endpoint.name);
    let at = &endpoint.base_url;
    if !looked.is_there() {
        let (program, command) = found::starter(&endpoint.name)?;
        let detail = format!("{} is installed, and nothing answers at {at}", program.display());
        return Some(finding(title, State::Missing, detail, format!("Run '{command}' to use its models.")));
    }
    let names = list.iter().flatten().map(|model| model.id.as_str()).collect::<Vec<_>>().join(", ");
    Some(match looked.trouble() {
        None => finding(title, State::Fine, format!("{at}: {names}"), ""),
        Some((because, fix)) if names.is_empty() => finding(title, State::Missing, because, fix),
        Some((because, fix)) => finding(title, State::Missing, format!("{because}: {names}"), fix),
    })
}

/// The models of these settings.
fn of(here: &Here, loaded: &Loaded) -> Models {
    let credentials = Credentials::of(here, &Redactor::default());
    let config = ModelsConfig {
        local: found::servers(&here.places),
        written: loaded.written.clone(),
        health: memory::health(&here.places.state),
        catalog: Arc::new(memory::catalog(&here.places.state)),
        ..ModelsConfig::from_config(&loaded.config)
    };
    Models::new(&config, Arc::new(credentials))
}

/// Whether suggestions come while somebody types, and why.
pub(super) fn completion(here: &Here, loaded: &Loaded) -> Finding {
    let models = of(here, loaded);
    match switch::of(&loaded.config.completion, &models) {
        Switch::On(on) => {
            let how = if on.format.is_some() { "by its own format" } else { "in words" };
            let detail = format!("on: {} is asked {how}", on.choice.model_ref());
            match hindrance(&models, loaded, &on.choice) {
                Some((because, fix)) => {
                    finding("completion", State::Warning, format!("{detail}; {because}"), fix)
                }
                None => finding("completion", State::Fine, detail, ""),
            }
        }
        Switch::Off { because, advice, is_amiss } => {
            let state = if is_amiss { State::Warning } else { State::Fine };
            finding("completion", state, format!("off: {because}"), advice)
        }
    }
}

/// Agents of others that are installed.
pub(super) fn agents(versions: &Versions) -> Vec<Finding> {
    let told = |path: std::path::PathBuf| {
        format!("{}; found and not used: Copydesk cannot host other agents yet", versions.shown(&path))
    };
    let found = found::agents().into_iter();
    found.map(|(name, path)| finding(format!("agent {name}"), State::Fine, told(path), "")).collect()
}
