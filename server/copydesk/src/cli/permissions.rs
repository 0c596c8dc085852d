//! `copydesk permissions`: what was granted for this workspace, and taking it back.

use std::path::Path;

use clap::Subcommand;
use copydesk_base::{Effect, Grade, Verdict};
use copydesk_permission::{Policy, Rule, RuleVerdict, default_denies, judge};
use serde_json::{Value, json};

use super::{Outcome, decisions};
use crate::config::Nesting;
use crate::here::Here;
use crate::out;
use crate::render::visible;

/// Lists what agents may do here, and takes grants back
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
    /// Print one JSON document
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum What {
    /// The mode, and every rule with where it stands
    List,
    /// Says why an effect was or would be allowed
    Explain {
        /// `Bash(cargo test)`, `Edit(src/lib.rs)`, `Read(.env)`, `Network(https://example.org)`, `Mcp(server, tool)`, or the
        /// id of a run or of one effect in it
        effect: String,
    },
    /// Forgets a rule that 'Always allow' stored
    Revoke {
        /// Its number in the list
        id: i64,
    },
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let here = Here::find()?;
    match &arguments.what {
        What::List => list(&here, arguments.json),
        What::Explain { effect } => explain(&here, effect, arguments.json),
        What::Revoke { id } => revoke(&here, *id, arguments.json),
    }
}

fn explain(here: &Here, words: &str, as_json: bool) -> anyhow::Result<Outcome> {
    if decisions::is_id(words) {
        return decisions::explain(here, words.trim(), as_json);
    }
    let Some(effect) = effect(here, words) else {
        out::note(format!(
            "error: '{}' is no effect; write Bash(…), Read(…), Edit(…), Network(…), Mcp(server, tool) or a run's id",
            visible(words)
        ));
        return Ok(Outcome::WrongUsage);
    };
    let loaded = here.settings();
    if let Some(refusal) = &loaded.refusal {
        out::note(format!("error: {refusal}"));
        return Ok(Outcome::Problems);
    }
    let policy = Policy {
        root: here.root.clone(),
        additional: loaded.additional,
        home: here.places.home.clone(),
        state_home: here.places.state.clone(),
        mode: loaded.mode,
        taint: Grade::Typed,
        rules: loaded.rules.into_iter().chain(default_denies()).collect(),
    };
    let verdict = judge(&effect, &policy);
    let because = verdict.because();
    if as_json {
        out::json(&json!({
            "schema": "copydesk.permissions/1",
            "effect": effect,
            "mode": policy.mode.as_str(),
            "verdict": verdict.as_str(),
            "because": because,
            "layer": because.origin.as_deref().map(|origin| decisions::layer(here, origin)),
            "always": match &verdict {
                Verdict::Ask(question) => json!(question.always),
                _ => Value::Null,
            },
        }))?;
    } else {
        let origin = because.origin.as_ref();
        let origin = origin
            .map_or_else(String::new, |origin| format!("  # {}, {origin}", decisions::layer(here, origin)));
        let summary = visible(&effect.summary(&here.root));
        out::line(format!("{} {summary}: {}{origin}", verdict.as_str(), visible(&because.reason)))?;
    }
    Ok(Outcome::Fine)
}

/// Reads an effect in the words of rules.
fn effect(here: &Here, words: &str) -> Option<Effect> {
    let (word, inside) = words.trim().strip_suffix(')')?.split_once('(')?;
    let path = || copydesk_base::path::resolve(&here.cwd, Path::new(inside.trim()));
    Some(match word.trim() {
        "Bash" => Effect::Execute { command: inside.to_owned(), cwd: here.root.clone() },
        "Read" => Effect::Read { path: path() },
        "Edit" | "Write" => Effect::Write { path: path() },
        "Network" | "WebFetch" => Effect::Network { url: inside.trim().to_owned() },
        "Mcp" => {
            let (server, tool) = inside.split_once(',')?;
            Effect::Tool { server: server.trim().to_owned(), tool: tool.trim().to_owned() }
        }
        _ => return None,
    })
}

fn list(here: &Here, as_json: bool) -> anyhow::Result<Outcome> {
    let loaded = here.settings();
    let remembered =
        here.user.rules_blocking(&here.root).map_err(|error| anyhow::anyhow!("failed to {error}"))?;
    let of_files: Vec<Rule> = loaded
        .rules
        .iter()
        .filter(|rule| rule.origin != "remembered")
        .cloned()
        .chain(default_denies())
        .collect();
    if as_json {
        let remembered: Vec<Value> = remembered
            .iter()
            .map(|rule| json!({ "id": rule.id, "rule": rule.rule, "at": rule.at.to_string() }))
            .collect();
        let rules: Vec<Value> = of_files
            .iter()
            .map(|rule| json!({ "verdict": word(rule.verdict), "rule": rule.text, "origin": rule.origin }))
            .collect();
        out::json(&json!({
            "schema": "copydesk.permissions/1",
            "mode": loaded.mode.as_str(),
            "mode_origin": loaded.mode_origin.to_string(),
            "remembered": remembered,
            "rules": rules,
        }))?;
        return Ok(Outcome::Fine);
    }
    out::line(format!("mode {}  # {}", loaded.mode.as_str(), loaded.mode_origin))?;
    for rule in &remembered {
        out::line(format!(
            "allow {}  # always allowed on {}; number {}",
            visible(&rule.rule),
            rule.at,
            rule.id
        ))?;
    }
    for rule in &of_files {
        out::line(format!("{} {}  # {}", word(rule.verdict), visible(&rule.text), rule.origin))?;
    }
    Ok(Outcome::Fine)
}

fn revoke(here: &Here, id: i64, as_json: bool) -> anyhow::Result<Outcome> {
    if here.nesting == Nesting::InsideRun {
        out::note("error: a run cannot change what is remembered; nothing was changed");
        return Ok(Outcome::Problems);
    }
    let known =
        here.user.revoke_blocking(&here.root, id).map_err(|error| anyhow::anyhow!("failed to {error}"))?;
    if as_json {
        out::json(
            &json!({ "schema": "copydesk.permissions/1", "revoked": if known { vec![id] } else { vec![] } }),
        )?;
    } else if known {
        out::line(format!("rule {id} is forgotten: it asks again"))?;
    }
    if !known {
        out::note(format!(
            "error: this workspace has no remembered rule {id}; 'copydesk permissions list' shows them"
        ));
        return Ok(Outcome::Problems);
    }
    Ok(Outcome::Fine)
}

const fn word(verdict: RuleVerdict) -> &'static str {
    match verdict {
        RuleVerdict::Allow => "allow",
        RuleVerdict::Ask => "ask",
        RuleVerdict::Deny => "deny",
    }
}
