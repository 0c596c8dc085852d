//! Why something was allowed, refused or asked: the decisions that the journal keeps, by run or by effect.

use std::path::Path;

use copydesk_base::{Because, Event, Record, RunId, Timestamp};
use copydesk_store::{OwnEffect, OwnEffects, OwnKind};
use serde_json::{Value, json};

use super::{Outcome, wait_for};
use crate::here::Here;
use crate::out;
use crate::render::visible;

/// Lines of what the program started for itself.
const MOST_OWN: usize = 100;
/// Runs that are looked through for one effect.
const RUNS: usize = 200;

/// One decision as it is told.
struct Decision<'a> {
    run: &'a RunId,
    at: Timestamp,
    call: &'a str,
    summary: String,
    effect: Value,
    verdict: &'a str,
    because: Because,
    by: &'a str,
    /// What the model had read by then, if it may be a stranger's.
    tainted: Option<String>,
}

/// Whether these words name a run or an effect of one.
pub(super) fn is_id(words: &str) -> bool {
    ["run-", "cal-"].iter().any(|prefix| words.trim().starts_with(prefix)) && !words.contains('(')
}

/// Tells the decisions of a run, or about one effect.
pub(super) fn explain(here: &Here, id: &str, as_json: bool) -> anyhow::Result<Outcome> {
    let records = wait_for(records(here, id))?;
    let decisions = decisions(&records, id, &here.root);
    if as_json {
        let decisions: Vec<Value> = decisions.iter().map(|decision| entry(here, decision)).collect();
        out::json(&json!({ "schema": "copydesk.permissions/1", "id": id, "decisions": decisions }))?;
    }
    if decisions.is_empty() {
        let why = if records.is_empty() {
            "the journal of this workspace has no such run or effect; 'copydesk sessions list' lists conversations"
        } else {
            "nothing was decided there: it asked for nothing"
        };
        out::note(format!("error: {}: {why}", visible(id)));
        return Ok(Outcome::Problems);
    }
    if !as_json {
        for decision in &decisions {
            line(here, decision)?;
        }
    }
    Ok(Outcome::Fine)
}

/// Tells what the program did for itself, here or anywhere: git for copies, commands of keys, keys of the keyring,
/// versions of programs, the trial of the sandbox, lists of models.
pub(super) fn own(here: &Here, as_json: bool) -> anyhow::Result<Outcome> {
    let effects = counted(OwnEffects::at(&here.places.state).last(usize::MAX));
    if as_json {
        let effects: Vec<Value> = effects
            .iter()
            .map(|(effect, times)| {
                let done = match effect.kind {
                    OwnKind::Execute => json!({ "kind": "execute", "command": effect.command, "cwd": effect.cwd }),
                    OwnKind::Network => json!({ "kind": "network", "url": effect.command }),
                    OwnKind::Auth => json!({ "kind": "auth", "what": effect.command }),
                };
                json!({ "at": effect.at.to_string(), "times": times, "effect": done, "verdict": "allow", "because": { "reason": effect.because } })
            })
            .collect();
        out::json(&json!({ "schema": "copydesk.permissions/1", "id": "own", "decisions": effects }))?;
        return Ok(Outcome::Fine);
    }
    if effects.is_empty() {
        out::note("Copydesk has started nothing for itself.");
    }
    for (effect, times) in &effects {
        let (verb, place) = match effect.kind {
            OwnKind::Execute => ("run", format!("in {} ", visible(&effect.cwd.display().to_string()))),
            OwnKind::Network => ("reach", String::new()),
            OwnKind::Auth => ("read", String::new()),
        };
        out::line(format!("allow {verb} {}: {}", visible(&effect.command), visible(&effect.because)))?;
        let times = if *times > 1 { format!(", {times} times in all") } else { String::new() };
        out::line(format!("  {place}at {}{times}", effect.at))?;
    }
    Ok(Outcome::Fine)
}

/// What was done again and again is one line, where it was done last, with how often: each process tries the sandbox.
/// No more than the last ones.
fn counted(effects: Vec<OwnEffect>) -> Vec<(OwnEffect, usize)> {
    let mut counted: Vec<(OwnEffect, usize)> = Vec::new();
    for effect in effects.into_iter().rev() {
        let is_same = |(known, _): &(OwnEffect, usize)| {
            (known.kind, &known.command, &known.cwd, &known.because)
                == (effect.kind, &effect.command, &effect.cwd, &effect.because)
        };
        if let Some(at) = counted.iter().position(is_same) {
            counted[at].1 += 1;
        } else if counted.len() < MOST_OWN {
            counted.push((effect, 1));
        }
    }
    counted.reverse();
    counted
}

/// The records of the run that is meant, with those of the helpers that it started; or of the run with that effect.
async fn records(here: &Here, id: &str) -> anyhow::Result<Vec<Record>> {
    let journal = here.journal();
    let failed = |error| anyhow::anyhow!("failed to {error}");
    if id.starts_with("run-") {
        let (mut all, mut pending) = (Vec::new(), vec![RunId::from(id)]);
        while let Some(run) = pending.pop() {
            let records = journal.records(&run).await.map_err(failed)?;
            let started = records.iter().rev().filter_map(|record| match &record.event {
                Event::AgentCalled { run, .. } => Some(run.clone()),
                _ => None,
            });
            pending.extend(started);
            all.extend(records);
        }
        return Ok(all);
    }
    for row in journal.runs(RUNS).await.map_err(failed)? {
        let records = journal.records(&row.run).await.map_err(failed)?;
        let is_it =
            |record: &Record| matches!(&record.event, Event::Judged { call, .. } if call.as_str() == id);
        if records.iter().any(is_it) {
            return Ok(records);
        }
    }
    Ok(Vec::new())
}

fn decisions<'a>(records: &'a [Record], id: &str, root: &Path) -> Vec<Decision<'a>> {
    let mut tainted = None;
    let mut found = Vec::new();
    let is_run = id.starts_with("run-");
    let settled = |record: &'a Record, summary: String, effect: Value, reason: &str| Decision {
        run: &record.run,
        at: record.at,
        call: "",
        summary,
        effect,
        verdict: "allow",
        because: Because::of(reason),
        by: "settings",
        tainted: None,
    };
    for record in records {
        match &record.event {
            // Nobody is asked about a model: the settings say which one, and the prompt is the person's.
            Event::RunStarted { model, why, .. } if is_run => {
                tainted = None;
                let effect = json!({ "kind": "model", "model": model });
                found.push(settled(record, format!("ask {model}"), effect, why));
            }
            Event::ModelSwitched { to, reason, .. } if is_run => {
                let effect = json!({ "kind": "model", "model": to });
                found.push(settled(record, format!("ask {to}"), effect, reason));
            }
            Event::AgentCalled { run, agent, .. } if is_run => {
                let effect = json!({ "kind": "helper", "agent": agent, "run": run });
                let reason = "it has no rights of its own: whatever it does is decided for itself";
                found.push(settled(record, format!("start {agent} as {run}"), effect, reason));
            }
            Event::Tainted { grade, source } => {
                tainted = Some(format!("{} ({source})", grade.as_words()));
            }
            Event::Judged { call, effect, verdict, because, by, .. } if is_run || call.as_str() == id => {
                found.push(Decision {
                    run: &record.run,
                    at: record.at,
                    call: call.as_str(),
                    summary: effect.summary(root),
                    effect: json!(effect),
                    verdict,
                    because: because.clone(),
                    by,
                    tainted: tainted.clone(),
                });
            }
            _ => {}
        }
    }
    found
}

fn line(here: &Here, decision: &Decision<'_>) -> anyhow::Result<()> {
    let by = match decision.by {
        "rule" | "mode" | "hook" | "settings" => String::new(),
        "person" => ", by you".to_owned(),
        "nobody" => ", nobody was there".to_owned(),
        "timeout" => ", nobody answered in time".to_owned(),
        other => format!(", by {}", visible(other)),
    };
    let origin = decision.because.origin.as_deref();
    let origin =
        origin.map_or_else(String::new, |origin| format!("  # {}, {}", layer(here, origin), visible(origin)));
    out::line(format!(
        "{} {}: {}{by}{origin}",
        decision.verdict,
        visible(&decision.summary),
        visible(&decision.because.reason)
    ))?;
    let read =
        decision.tainted.as_deref().map_or_else(String::new, |read| format!("; had read {}", visible(read)));
    let call = if decision.call.is_empty() { String::new() } else { format!(" {}", decision.call) };
    out::line(format!("  {}{call} at {}{read}", decision.run, decision.at))?;
    Ok(())
}

fn entry(here: &Here, decision: &Decision<'_>) -> Value {
    let origin = decision.because.origin.as_deref();
    let (file, number) = origin
        .and_then(|origin| origin.rsplit_once(':'))
        .map_or((None, None), |(file, number)| (Some(file), number.parse::<u64>().ok()));
    json!({
        "run": decision.run,
        "call": decision.call,
        "at": decision.at.to_string(),
        "effect": decision.effect,
        "verdict": decision.verdict,
        "because": decision.because,
        "by": decision.by,
        "layer": origin.map(|origin| layer(here, origin)),
        "file": number.and(file),
        "line": number,
        "had_read": decision.tainted,
    })
}

/// Which layer a rule's origin belongs to, in words for people.
pub(super) fn layer(here: &Here, origin: &str) -> &'static str {
    let file = origin.rsplit_once(':').map_or(origin, |(file, _)| file);
    match origin {
        "default" => "built in",
        "remembered" => "always allowed",
        "command line" => "command line",
        "editor settings" => "editor settings",
        _ if here.places.user_config.as_deref() == Some(Path::new(file)) => "your config",
        _ if Path::new(file).starts_with(&here.root) => "this workspace's config",
        _ => "config",
    }
}
