//! `copydesk models explain`: the way of a request, before it is made.

use std::cmp::Ordering;

use copydesk_base::config::{is_in_clear, shown_address};
use copydesk_provider::{CallError, Choice, Facts, Forms, Left, Models, Price, Route, Sources, Strictness};
use copydesk_store::{Measured, UserStore};
use serde_json::{Value, json};

use super::shown;
use super::wished::Wished;
use crate::cli::{Outcome, wait_for};
use crate::out;
use crate::render::visible;

pub(super) fn run(
    models: &Models,
    user: &UserStore,
    wished: &Wished,
    as_json: bool,
) -> anyhow::Result<Outcome> {
    let Wished { wishes, needs, note } = wished;
    if let Some(note) = note {
        out::note(format!("note: {note}"));
    }
    let routed = wait_for(async {
        // Circuits count time on the runtime's clock.
        Ok(match models.route_or_look(wishes, *needs).await {
            Ok(route) => {
                let way = models.answering(&route, *needs);
                Ok((document(models, user, &route, &way), lines(models, user, &route, &way)))
            }
            Err(error) => Err(error),
        })
    })?;
    match routed {
        Ok((mut document, _)) if as_json => {
            document["note"] = note.clone().into();
            out::json(&document)?;
        }
        Ok((_, lines)) => {
            for line in lines {
                out::line(visible(&line))?;
            }
        }
        Err(error) if as_json => {
            out::json(&json!({
                "schema": "copydesk.models.explain/1",
                "error": error.to_string(),
                "advice": error.advice(),
            }))?;
            return Ok(Outcome::Problems);
        }
        Err(error) => {
            out::note(format!("error: {error}. {}", error.advice()));
            return Ok(Outcome::Problems);
        }
    }
    Ok(Outcome::Fine)
}

/// Who is asked first and who is passed over before; or why nobody can be asked.
type FirstFit = Result<(usize, Vec<Left>), CallError>;

fn document(models: &Models, user: &UserStore, route: &Route, way: &FirstFit) -> Value {
    let (at, passed) = way.as_ref().ok().cloned().unzip();
    let choices: Vec<Value> = route.choices().map(|choice| of_choice(models, user, choice)).collect();
    json!({
        "schema": "copydesk.models.explain/1",
        "requested": route.first.requested,
        "asked_first": at.and_then(|at| route.choices().nth(at)).map(Choice::model_ref),
        "nobody": way.as_ref().err().map(|error| format!("{error}. {}", error.advice())),
        "passed_over": passed.iter().flatten().map(super::of_left).collect::<Vec<_>>(),
        "strict": route.strictness == Strictness::Strict,
        "chain": route.chain,
        "broken": route.broken.iter().map(|(name, error)| json!({"name": name, "because": error.to_string()})).collect::<Vec<_>>(),
        "models": choices,
    })
}

fn of_choice(models: &Models, user: &UserStore, choice: &Choice) -> Value {
    let mut document = known(&models.sources(choice));
    document["ref"] = choice.model_ref().into();
    document["why"] = choice.why.as_str().into();
    document["kind"] = choice.kind.as_str().into();
    document["base_url"] = shown_address(choice.base_url()).into();
    document["key"] = key(models, choice).into();
    let measured = measured(user, choice);
    document["estimate_ratio"] = measured.map(|measured| measured.ratio()).into();
    document["health"] = models.health().of(&choice.circuit()).words().into();
    document["pull"] = models.pull(choice).into();
    document["scenario"] = models.unscripted(choice).map(|error| error.to_string()).into();
    document["structured_output"] = match choice.forms() {
        Forms::Always => "api",
        Forms::Alone => "api without tools",
        Forms::Never => "repaired",
    }
    .into();
    document["rate_limited"] = models.health().limited(&choice.provider).map(|(_, because)| because).into();
    document
}

fn lines(models: &Models, user: &UserStore, route: &Route, way: &FirstFit) -> Vec<String> {
    let mut lines = Vec::new();
    if let Err(error) = way {
        lines.push(format!("nobody can answer: {error}. {}", error.advice()));
    }
    if let Some(requested) = &route.first.requested {
        lines.push(format!("asked for: {requested}"));
    }
    if let Some(left) = &route.unserved {
        lines.push(format!("passed over: {}", left.model));
        lines.push(format!("  because {}", left.because));
    }
    let (asked, passed) = way.clone().unwrap_or((usize::MAX, Vec::new()));
    for (number, choice) in route.choices().enumerate() {
        let place = match number.cmp(&asked) {
            Ordering::Less => "passed over",
            Ordering::Equal => "answers",
            Ordering::Greater => "instead",
        };
        let name = choice.model_ref();
        lines.push(format!("{place}: {name} ({})", choice.why));
        let left = passed.iter().filter(|left| left.model == name);
        lines.extend(left.map(|left| format!("  because {}", left.because)));
        let at = if choice.offline { "built in".to_owned() } else { shown_address(choice.base_url()) };
        lines.push(format!("  at {at}, {}, {}", choice.kind.as_str(), key(models, choice)));
        lines.extend(models.unscripted(choice).map(|error| format!("  {error}")));
        let sources = models.sources(choice);
        let known = sources.merged();
        let facts = shown::facts(&known);
        if facts.is_empty() {
            lines.push("  nothing is known of its window and price: set providers.NAME.models".to_owned());
        } else {
            lines.push(format!("  {facts} ({})", origins(&sources)));
        }
        lines.extend(known.broken_price.map(|wrong| format!("  nobody knows what it costs: {wrong}")));
        lines.push(format!("  answers that must fit a schema: {}", structured(choice)));
        lines.extend(models.pull(choice).map(|pull| format!("  its server does not have it yet: {pull}")));
        if let Some(measured) = measured(user, choice) {
            lines.push(format!("  estimates of its requests: {}", estimates(&measured)));
        }
        lines.push(format!("  health: {}", models.health().of(&choice.circuit()).words()));
    }
    lines.push(match (route.strictness, route.fallbacks.len()) {
        (Strictness::Strict, _) => "strict: nobody else answers (models.strict)".to_owned(),
        (_, 0) if !route.chain.is_empty() && route.broken.is_empty() => {
            format!("no fallback: {}, and nobody else stands there", route.chain)
        }
        (_, 0) => "no fallback: nobody else answers; 'fallback' in the config names some".to_owned(),
        _ => format!("{}; each switch is told and stands in the journal", route.chain),
    });
    for (name, error) in &route.broken {
        lines.push(format!("the fallback '{name}' does not count: {error}"));
    }
    lines
}

/// What becomes of an answer that must fit a schema.
fn structured(choice: &Choice) -> &'static str {
    match choice.forms() {
        Forms::Always => "its API holds it to the schema",
        Forms::Alone => {
            "its API holds it to the schema where no tools are in use; else one that does not fit is repaired"
        }
        Forms::Never => "asked for in words; one that does not fit goes back once to be repaired",
    }
}

/// What a model has reported of its requests, if it has.
pub(in crate::cli) fn measured(user: &UserStore, choice: &Choice) -> Option<Measured> {
    let measured = user.measured_blocking(&choice.model_ref()).ok();
    measured.filter(|measured| measured.requests > 0)
}

/// By how much our estimates are corrected, for a person.
pub(in crate::cli) fn estimates(measured: &Measured) -> String {
    let answers =
        if measured.requests == 1 { "1 answer".to_owned() } else { format!("{} answers", measured.requests) };
    format!("a quarter of the bytes × {:.2}, by what it reported in {answers}", measured.ratio())
}

/// Where the key comes from, and whether it is there.
fn key(models: &Models, choice: &Choice) -> String {
    match (models.key_origin(choice), &choice.key().variable) {
        (Some(origin), _) if is_in_clear(choice.base_url()) => {
            format!("key from {origin}, which goes there in clear text")
        }
        (Some(origin), _) => format!("key from {origin}"),
        (None, Some(name)) => format!("no key yet: {name} is {}, and none is stored", models.missing(name)),
        (None, None) => "no key".to_owned(),
    }
}

/// One part of what is known of a model: its name, and how it is found.
type Part = (&'static str, fn(&Facts) -> Option<Value>);

const PARTS: [Part; 5] = [
    ("context_window", |facts| facts.context_window.map(Value::from)),
    ("output_limit", |facts| facts.output_limit.map(Value::from)),
    ("tools", |facts| facts.tools.map(Value::from)),
    ("vision", |facts| facts.vision.map(Value::from)),
    ("price", |facts| facts.price.map(|price| price_document(&price))),
];

/// What is known of a model, and which source says it.
pub(super) fn known(sources: &Sources) -> Value {
    let merged = sources.merged();
    let mut document = json!({ "origins": {} });
    for (name, part) in PARTS {
        document[name] = part(&merged).unwrap_or(Value::Null);
        if let Some(origin) = sources.origin(part) {
            document["origins"][name] = origin.into();
        }
    }
    document
}

fn price_document(price: &Price) -> Value {
    json!({"input": price.input_dollars(), "output": price.output_dollars()})
}

/// No table says that a server on this machine bills nobody.
const HERE: &str = "here";

/// `window and price from the bundled table of 2026-11, tools from its list`.
fn origins(sources: &Sources) -> String {
    let words = |origin: &str| match origin {
        "config" => "the config".to_owned(),
        "list" => "its provider's list".to_owned(),
        HERE => "where it runs: on this machine".to_owned(),
        _ => format!("the bundled table of {}", copydesk_provider::facts::AS_OF),
    };
    let mut by_origin: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, part) in PARTS {
        let Some(origin) = sources.origin(part) else { continue };
        let is_free = sources.bundled.price.is_some_and(|price| price.is_free());
        let origin = if origin == "bundled" && is_free { HERE } else { origin };
        let name = name.trim_start_matches("context_").trim_start_matches("output_");
        match by_origin.iter_mut().find(|(known, _)| *known == origin) {
            Some((_, names)) => names.push(name),
            None => by_origin.push((origin, vec![name])),
        }
    }
    let parts =
        by_origin.iter().map(|(origin, names)| format!("{} from {}", names.join(", "), words(origin)));
    parts.collect::<Vec<_>>().join("; ")
}
