//! `copydesk models`: what can be asked, what is known of it, and who would answer.
//!
//! Each provider is asked for its list, all at once; what it says is kept. A provider that cannot be reached is shown
//! with the list of last time and its age, and one that never answered with what the config and the bundled table know.

pub(super) mod explain;
mod shown;
mod wished;

use std::sync::Arc;

use copydesk_base::config::shown_address;
use copydesk_base::{Clock, SystemClock, Timestamp};
use copydesk_language::{Abilities, KnownModel};
use copydesk_provider::{
    Asker, Catalog, Choice, Endpoint, Kept, Left, Listed, Looked, Models, Needs, Wish, facts, listing,
};
use serde_json::{Value, json};

use super::{Outcome, wait_for};
use crate::config::{Flags, Loaded};
use crate::here::Here;
use crate::memory;
use crate::office::Office;
use crate::out;
use crate::render::visible;

/// Lists the models of your providers, and explains which one would answer
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Only this provider
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Ask nobody: show what was listed last time
    #[arg(long)]
    offline: bool,
    /// Print one JSON document
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(clap::Subcommand)]
enum Command {
    /// What would be asked, why, who instead, at what price, and how they are doing
    Explain {
        /// A model, as provider/model; what answers without being named unless given
        model: Option<String>,
        /// Who a file asks: an agent's, an action's, a workflow's; of a workflow's steps one, as FILE#STEP
        #[arg(long = "for", value_name = "FILE[#STEP]")]
        of: Option<String>,
    },
}

/// Whether providers are asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Live,
    Kept,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let office = Office::new(Here::find()?, Flags::default());
    let loaded = office.load();
    if let Some(Command::Explain { model, of }) = &arguments.command {
        let asked = match of.as_ref().map(|of| wished::wished(&office, of)).transpose() {
            Ok(asked) => asked,
            Err(reason) => {
                out::note(format!("error: {reason}"));
                return Ok(Outcome::WrongUsage);
            }
        };
        let mut wished = asked.unwrap_or_default();
        wished.wishes.extend(model.clone().map(|model| Wish::model(Asker::Flag, Some(model))));
        let models = office.models(&loaded);
        return explain::run(&models, &office.here.user, &wished, arguments.json);
    }
    let named = arguments.provider.as_ref();
    if let Some(because) = named.and_then(|name| loaded.written.refusal(name)) {
        out::note(format!("error: {because}"));
        return Ok(Outcome::WrongUsage);
    }
    let reach = if arguments.offline { Reach::Kept } else { Reach::Live };
    let look = look(&office, &loaded, reach, arguments.provider.as_deref(), None);
    let seen = wait_for(async { Ok(look.await) })?;
    if let (Some(name), true) = (&arguments.provider, seen.providers.is_empty()) {
        out::note(format!("error: there is no provider '{name}'"));
        return Ok(Outcome::WrongUsage);
    }
    if arguments.json {
        out::json(&seen.document())?;
    } else {
        for line in shown::lines(&seen) {
            out::line(visible(&line))?;
        }
    }
    // Of all providers some may be away; the one that was asked for must answer.
    let failed = arguments.provider.is_some() && seen.providers.iter().any(|one| one.error.is_some());
    Ok(if failed { Outcome::Problems } else { Outcome::Fine })
}

/// The document of `--json`, for the command of the same name in an editor: what is known without asking anybody.
/// `chosen` is the model of its session.
pub(super) fn document(office: &Arc<Office>, chosen: Option<&str>) -> Value {
    let loaded = office.load();
    match wait_for(async { Ok(look(office, &loaded, Reach::Kept, None, chosen).await) }) {
        Ok(seen) => seen.document(),
        Err(error) => json!({ "schema": "copydesk.models/1", "error": format!("{error:#}") }),
    }
}

/// Everything that a list shows.
struct Seen {
    providers: Vec<OfProvider>,
    /// Who would answer where nobody is named.
    usual: Result<Usual, String>,
    now: Timestamp,
    catalog: Catalog,
}

/// One provider's models.
struct OfProvider {
    endpoint: Endpoint,
    source: Source,
    /// When it was listed; absent where nobody has listed it.
    at: Option<Timestamp>,
    /// Why it could not be listed now.
    error: Option<String>,
    /// What it said that it has, now or last time.
    listed: Option<Vec<Listed>>,
    /// That, and what else the config names.
    models: Vec<Listed>,
}

impl OfProvider {
    /// Whether its list may go on: no more of it is kept.
    fn is_cut(&self) -> bool {
        self.listed.as_ref().is_some_and(|listed| listed.len() >= listing::MOST_LISTED)
    }
}

/// Where a list comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Live,
    Kept,
    /// Config and bundled table.
    Bundled,
}

impl Source {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Kept => "kept",
            Self::Bundled => "bundled",
        }
    }
}

/// Looks at all providers, or at one. `chosen` is the model of a session.
async fn look(
    office: &Arc<Office>,
    loaded: &Loaded,
    reach: Reach,
    only: Option<&str>,
    chosen: Option<&str>,
) -> Seen {
    let models = office.models(loaded);
    let mut endpoints = models.providers();
    if let Some(only) = only {
        endpoints.retain(|endpoint| endpoint.name == only);
        if endpoints.is_empty() {
            endpoints.extend(Endpoint::built_in(only));
        }
    } else if reach == Reach::Live {
        endpoints.extend(found_here(&models, &endpoints).await);
    }
    let now = SystemClock.now();
    let lists = endpoints.iter().map(|endpoint| async {
        if reach == Reach::Live { Some(models.list(endpoint).await) } else { None }
    });
    let lists = futures_util::future::join_all(lists).await;
    let mut catalog = memory::catalog(&office.here.places.state);
    let mut fresh = Catalog::new();
    let mut providers = Vec::new();
    for (endpoint, list) in endpoints.into_iter().zip(lists) {
        let (listed, error) = match list {
            Some(Ok(models)) => (Some(models), None),
            Some(Err(error)) => (None, Some(format!("{error}. {}", error.advice()))),
            None => (None, None),
        };
        if let Some(models) = listed {
            let kept = Kept { base_url: endpoint.base_url.clone(), at: now, models };
            fresh.insert(endpoint.name.clone(), kept.clone());
            providers.push(OfProvider {
                source: Source::Live,
                at: Some(now),
                error,
                models: with_own(&endpoint, kept.models.clone()),
                listed: Some(kept.models),
                endpoint,
            });
        } else {
            providers.push(unlisted(endpoint, &catalog, error));
        }
    }
    catalog.extend(fresh.clone());
    memory::keep_lists(&office.here.places.state, fresh);
    let usual = usual(&models, chosen).await.map_err(|(because, advice)| format!("{because}. {advice}"));
    Seen { providers, usual, now, catalog }
}

/// What a request needs where nobody says: it works with tools, as most do.
pub(super) const USUAL: Needs = Needs { tools: true, images: false };

/// Who answers where nobody is named.
pub(super) struct Usual {
    pub(super) choice: Choice,
    /// Whose turn it would have been.
    pub(super) passed: Vec<Left>,
}

/// Who answers such a request. What the person chose for a session counts before the config.
pub(super) async fn usual(models: &Models, chosen: Option<&str>) -> Result<Usual, (String, String)> {
    let wishes: Vec<Wish> =
        chosen.map(|chosen| Wish::model(Asker::Session, Some(chosen.to_owned()))).into_iter().collect();
    let route = match models.route_or_look(&wishes, USUAL).await {
        Ok(route) => route,
        Err(error) => return Err((error.to_string(), error.advice())),
    };
    match models.answering(&route, USUAL) {
        Ok((at, passed)) => {
            let choice = route.choices().nth(at).unwrap_or(&route.first).clone();
            Ok(Usual { choice, passed })
        }
        Err(error) => Err((error.to_string(), error.advice())),
    }
}

/// Servers on this machine that nobody has configured.
async fn found_here(models: &Models, known: &[Endpoint]) -> Vec<Endpoint> {
    let is_known = |looked: &Looked| {
        let Endpoint { base_url, name, .. } = &looked.endpoint;
        known.iter().any(|endpoint| endpoint.base_url == *base_url || endpoint.name == *name)
    };
    let found = models.look_here().await.into_iter().filter(|looked| looked.is_there() && !is_known(looked));
    found.map(|looked| looked.endpoint).collect()
}

/// A provider that did not list its models: what it said last time, or what is known without it.
fn unlisted(endpoint: Endpoint, catalog: &Catalog, error: Option<String>) -> OfProvider {
    let kept = catalog.get(&endpoint.name).filter(|kept| kept.base_url == endpoint.base_url);
    if let Some(kept) = kept {
        let (at, models) = (Some(kept.at), with_own(&endpoint, kept.models.clone()));
        let listed = Some(kept.models.clone());
        return OfProvider { endpoint, source: Source::Kept, at, error, listed, models };
    }
    let bundled = facts::bundled_names(endpoint.kind).filter(|_| endpoint.is_usual()).map(named).collect();
    let mut models = with_own(&endpoint, bundled);
    models.sort_by(|one, other| one.id.cmp(&other.id));
    OfProvider { endpoint, source: Source::Bundled, at: None, error, listed: None, models }
}

/// A list, and what the config names besides.
fn with_own(endpoint: &Endpoint, mut models: Vec<Listed>) -> Vec<Listed> {
    let is_listed = |id: &String| models.iter().any(|listed| listed.id == *id);
    let own: Vec<Listed> = endpoint.models.keys().filter(|id| !is_listed(id)).map(|id| named(id)).collect();
    models.extend(own);
    models
}

/// The command that fetches a model which the config names and its server has not.
fn pull(of: &OfProvider, listed: &Listed) -> Option<String> {
    let is_there = of.listed.as_ref().is_none_or(|list| listing::has(list, &listed.id));
    listing::pull(of.endpoint.kind, &listed.id).filter(|_| !is_there)
}

fn of_left(left: &Left) -> Value {
    json!({"model": left.model, "because": left.because})
}

fn named(id: &str) -> Listed {
    Listed { id: id.to_owned(), ..Listed::default() }
}

impl Seen {
    fn document(&self) -> Value {
        let providers: Vec<Value> = self
            .providers
            .iter()
            .map(|one| {
                let models: Vec<Value> = one.models.iter().map(|listed| self.of_model(one, listed)).collect();
                json!({
                    "name": one.endpoint.name,
                    "kind": one.endpoint.kind.as_str(),
                    "base_url": shown_address(&one.endpoint.base_url),
                    "source": one.source.as_str(),
                    "listed_at": one.at,
                    "error": one.error,
                    "is_cut": one.is_cut(),
                    "models": models,
                })
            })
            .collect();
        json!({
            "schema": "copydesk.models/1",
            "providers": providers,
            "active": match &self.usual {
                Ok(Usual { choice, passed }) => json!({
                    "model": choice.model_ref(),
                    "why": choice.why,
                    "passed_over": passed.iter().map(of_left).collect::<Vec<_>>(),
                }),
                Err(error) => json!({ "error": error }),
            },
            "bundled_as_of": facts::AS_OF,
        })
    }

    fn of_model(&self, of: &OfProvider, listed: &Listed) -> Value {
        let endpoint = &of.endpoint;
        let mut document = explain::known(&endpoint.sources(&listed.id, &self.catalog));
        document["id"] = listed.id.as_str().into();
        document["ref"] = format!("{}/{}", endpoint.name, listed.id).into();
        document["loaded"] = listed.loaded.into();
        document["pull"] = pull(of, listed).into();
        document
    }
}

/// The names that may stand where a model is named, with a few words each: from the lists that are kept, the config and
/// the bundled table. Asks nobody.
pub(super) fn names(office: &Office) -> Vec<KnownModel> {
    let catalog = memory::catalog(&office.here.places.state);
    let mut names = Vec::new();
    for endpoint in office.models(&office.load()).providers() {
        let one = unlisted(endpoint, &catalog, None);
        for listed in one.models.iter().filter(|listed| listed.is_for_talk()) {
            let known = one.endpoint.sources(&listed.id, &catalog).merged();
            let forms = shown::forms(one.endpoint.forms(&listed.id)).to_owned();
            let facts = [shown::facts(&known), forms].into_iter().filter(|words| !words.is_empty());
            names.push(KnownModel {
                name: format!("{}/{}", one.endpoint.name, listed.id),
                facts: facts.collect::<Vec<_>>().join(", "),
                most_dollars: known.most_dollars(),
                can: Abilities { tools: known.tools, images: known.vision },
            });
        }
    }
    names
}
