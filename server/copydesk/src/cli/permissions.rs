//! `copydesk permissions`: what was granted for this workspace, and taking it back.

use std::path::Path;

use clap::Subcommand;
use copydesk_agent::{Around, TRIED, unless_seen};
use copydesk_base::config::{Config, Mode};
use copydesk_base::{Effect, Grade, Redactor, Verdict};
use copydesk_permission::{Policy, Rule, RuleVerdict, default_denies, find_secrets, judge};
use copydesk_store::OwnEffects;
use serde_json::{Value, json};

use super::{Outcome, decisions};
use crate::config::Nesting;
use crate::here::Here;
use crate::office::{self, started_by};
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
        /// `Bash(cargo test)`, `Edit(src/lib.rs)`, `Read(.env)`, `Network(https://example.org)`, `Mcp(server, tool)`,
        /// or the id of a run or of one effect in it; `own` for what Copydesk started for itself
        effect: String,
    },
    /// Forgets a rule that 'Always allow' stored
    Revoke {
        /// Its number in the list, or the rule as it stands there
        rule: String,
    },
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let here = Here::find()?;
    match &arguments.what {
        What::List => list(&here, arguments.json),
        What::Explain { effect } => explain(&here, effect, arguments.json),
        What::Revoke { rule } => revoke(&here, rule.trim(), arguments.json),
    }
}

fn explain(here: &Here, words: &str, as_json: bool) -> anyhow::Result<Outcome> {
    if decisions::is_id(words) {
        return decisions::explain(here, words.trim(), as_json);
    }
    if words.trim() == OWN {
        return decisions::own(here, as_json);
    }
    let effect = match effect(here, words.trim()) {
        Ok(effect) => effect,
        Err(why) => {
            out::note(format!("error: '{}' {why}", visible(words)));
            return Ok(Outcome::WrongUsage);
        }
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
        started: [].into(),
    };
    let policy = Policy { started: started_by(&loaded.config, &policy), ..policy };
    let tell = |line: &str| OwnEffects::at(&here.places.state).note(line, &here.cwd, TRIED);
    let around = Around {
        policy: policy.clone(),
        redactor: Redactor::default().finding(find_secrets),
        sandbox: office::sandbox(&loaded.config, office::toolchains_of(&[], here)).report_telling(tell).state,
    };
    let verdict = unless_seen(judge(&effect, &policy), &effect, &around);
    let because = verdict.because();
    let starters = starters(&loaded.config, &effect, &policy);
    if as_json {
        out::json(&json!({
            "schema": "copydesk.permissions/1",
            "effect": effect,
            "mode": policy.mode.as_str(),
            "verdict": verdict.as_str(),
            "because": because,
            "settings": starters,
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
        for starter in &starters {
            out::line(format!("  {}", visible(starter)))?;
        }
    }
    Ok(Outcome::Fine)
}

/// What else has this command run, by whose word: the person's own settings do, which an agent's wish is judged
/// without.
fn starters(config: &Config, effect: &Effect, policy: &Policy) -> Vec<String> {
    let Effect::Execute { command, .. } = effect else { return Vec::new() };
    // The mode is about agents.
    let hook = match judge(effect, &Policy { mode: Mode::Default, ..policy.clone() }) {
        Verdict::Deny(because) => format!("does not run it: {}", because.reason),
        _ => "runs it unasked: it is a hook in your settings".to_owned(),
    };
    let hooks = config.hooks.iter().flat_map(|(point, hooks)| hooks.iter().map(move |hook| (point, hook)));
    let hooks = hooks.filter(|(_, one)| one.command == *command);
    let hooks = hooks.map(|(point, _)| format!("a hook at {point} {hook}"));
    let checks = config.checks.iter().filter(|check| check.command == *command);
    let checks = checks.map(|check| format!("the check {} is judged like an agent's command", check.title()));
    let keys = config
        .providers
        .iter()
        .filter(|(_, provider)| provider.key.as_ref().is_some_and(|key| key.command == *command));
    let keys =
        keys.map(|(name, _)| format!("the key of provider {name} comes from it, unasked and without walls"));
    hooks.chain(checks).chain(keys).collect()
}

/// The word for what the program started for itself.
const OWN: &str = "own";

/// Effects by their word, each with one that is written out.
const EXAMPLES: &[(&str, &str)] = &[
    ("Bash", "Bash(cargo test)"),
    ("Read", "Read(src/lib.rs)"),
    ("Edit", "Edit(src/lib.rs)"),
    ("Write", "Write(src/lib.rs)"),
    ("Network", "Network(https://example.org)"),
    ("WebFetch", "WebFetch(https://example.org)"),
    ("Mcp", "Mcp(files, read_file)"),
];

/// What is decided in another place, by the word that somebody may try.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "Model",
        "is no effect that rules decide about: your settings say who is asked; 'copydesk models explain' tells which model, and why",
    ),
    ("Hook", "is a command of your settings; write it as one: 'Bash(./scripts/fmt.sh)'"),
    ("Check", "is a command of your settings; write it as one: 'Bash(cargo test)'"),
    (
        "Agent",
        "has no rights of its own: each of its effects is decided like any other; the id of its run tells them",
    ),
    (
        "Worktree",
        "is a copy that a helper works in; what comes back from it is decided as edits: 'Edit(src/lib.rs)'",
    ),
];

/// Reads an effect in the words of rules; where it is none, what is wrong and what to write.
fn effect(here: &Here, words: &str) -> Result<Effect, String> {
    let in_brackets = words.strip_suffix(')').and_then(|words| words.split_once('('));
    let (word, inside) = in_brackets.unwrap_or((words, ""));
    let (word, inside) = (word.trim(), inside.trim());
    let at_home = inside.strip_prefix("~/").zip(here.places.home.as_deref());
    let named = at_home.map_or_else(|| Path::new(inside).to_owned(), |(rest, home)| home.join(rest));
    let path = || copydesk_base::path::resolve(&here.cwd, &named);
    let tool = inside.split_once(',');
    Ok(match (word, tool) {
        (word, _) if inside.is_empty() || (word == "Mcp" && tool.is_none()) => return Err(no_effect(word)),
        ("Bash", _) => Effect::Execute { command: inside.to_owned(), cwd: here.root.clone() },
        ("Read", _) => Effect::Read { path: path() },
        ("Edit" | "Write", _) => Effect::Write { path: path() },
        ("Network" | "WebFetch", _) => Effect::Network { url: inside.to_owned() },
        ("Mcp", Some((server, tool))) => {
            Effect::Tool { server: server.trim().to_owned(), tool: tool.trim().to_owned() }
        }
        (word, _) => return Err(no_effect(word)),
    })
}

/// Why words are no effect, as what follows their name.
fn no_effect(word: &str) -> String {
    if word == "Destroy" {
        return "is a word of rules, about every command that takes something away; ask about one such command: \
                'Bash(rm -r build)'"
            .to_owned();
    }
    if let Some((_, instead)) = ELSEWHERE.iter().find(|(known, _)| *known == word) {
        return (*instead).to_owned();
    }
    EXAMPLES.iter().find(|(known, _)| *known == word).map_or_else(
        || {
            "is no effect; write Bash(…), Read(…), Edit(…), Network(…), Mcp(server, tool) or a run's id"
                .to_owned()
        },
        |(_, example)| format!("does not say what it is about; write it like '{example}'"),
    )
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

fn revoke(here: &Here, words: &str, as_json: bool) -> anyhow::Result<Outcome> {
    if here.nesting == Nesting::InsideRun {
        out::note("error: a run cannot change what is remembered; nothing was changed");
        return Ok(Outcome::Problems);
    }
    let failed = |error| anyhow::anyhow!("failed to {error}");
    let remembered = here.user.rules_blocking(&here.root).map_err(failed)?;
    let is_meant = |id: i64, rule: &str| words.parse() == Ok(id) || words == rule;
    let known = remembered.iter().find(|rule| is_meant(rule.id, &rule.rule));
    let gone = match known {
        Some(rule) => here.user.revoke_blocking(&here.root, rule.id).map_err(failed)?.then_some(rule.id),
        None => None,
    };
    if as_json {
        out::json(&json!({ "schema": "copydesk.permissions/1", "revoked": Vec::from_iter(gone) }))?;
    } else if let Some(rule) = known.filter(|_| gone.is_some()) {
        out::line(format!("rule {} is forgotten: {} asks again", rule.id, visible(&rule.rule)))?;
    }
    if gone.is_none() {
        out::note(format!("error: {}; nothing was changed", not_remembered(here, words, remembered.len())));
        return Ok(Outcome::Problems);
    }
    Ok(Outcome::Fine)
}

/// Why there is nothing to forget, and what to do instead.
fn not_remembered(here: &Here, words: &str, count: usize) -> String {
    let rules = here.settings().rules;
    let in_file = rules.iter().find(|rule| rule.text == words && rule.origin != "remembered");
    let words = visible(words);
    match (in_file, count) {
        (Some(rule), _) => format!("'{words}' stands in {}; take it out there", visible(&rule.origin)),
        (None, 0) => format!("'{words}' is not remembered: no rule is, in this workspace"),
        (None, _) => format!(
            "'{words}' is neither the number nor the text of a remembered rule; 'copydesk permissions list' shows both"
        ),
    }
}

const fn word(verdict: RuleVerdict) -> &'static str {
    match verdict {
        RuleVerdict::Allow => "allow",
        RuleVerdict::Ask => "ask",
        RuleVerdict::Deny => "deny",
    }
}
