//! Hooks: commands of the person's at points of an agent's life.
//!
//! A hook gets what happens as JSON on its standard input. It is judged by the person's rules alone: it is their own
//! command, so what would be asked is answered, and a denial stands. That is written down where a run is. It runs in
//! the walls of a command and within its time. What it prints goes to the model where the model can still use it.
//!
//! Before a tool, whatever goes wrong refuses the call: an exit code, a time-out, a hook that cannot start, a matcher
//! that cannot be read. Elsewhere a failure is written down and stops nothing.
//!
//! A hook runs where the person is: in their workspace, with the script that lies there, also for a helper that works
//! in a worktree and may have changed the copy of it.

use std::io::Write as _;
use std::time::Duration;

use copydesk_base::config::{Hook, Mode};
use copydesk_base::{Because, Effect, Event, Grade, RunId, Verdict, path};
use copydesk_permission::{Policy, judge};
use regex::Regex;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::changes::command::{self, Before};
use crate::desk::Shared;
use crate::error::AgentError;
use crate::library;
use crate::process::quarters::Quarters;
use crate::process::{Ended, Finished};
use crate::run::Turn;
use crate::settings::Settings;

/// What programs say of a file that they may not change, or not put another one in the place of.
const UNWRITABLE: [&str; 4] =
    ["Read-only file system", "Device or resource busy", "Permission denied", "Operation not permitted"];
/// How long a hook may take where its settings say nothing.
const USUAL: Duration = Duration::from_secs(30);
/// The most bytes of what a hook says that go to a model.
const MOST: usize = 8 * 1024;

/// A point of an agent's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    SessionStart,
    SessionEnd,
    UserPromptSubmit,
    PreToolUse,
    PostToolUse,
    Notification,
    PreCompact,
    SubagentStop,
    Stop,
}

/// What came of the hooks of a point.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Heard {
    /// What they said.
    pub(crate) words: String,
    /// Why the call must not happen; only before a tool.
    pub(crate) refusal: Option<String>,
    ran: Vec<Event>,
}

/// Where hooks run, and by whose rules.
pub(crate) struct Home {
    pub(crate) settings: Settings,
    policy: Policy,
}

/// Where it is written down what hooks were allowed, and how they ended.
#[derive(Clone, Copy)]
pub(crate) struct Page<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) run: &'a RunId,
}

impl Point {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::SessionStart => "SessionStart",
            Self::SessionEnd => "SessionEnd",
            Self::UserPromptSubmit => "UserPromptSubmit",
            Self::PreToolUse => "PreToolUse",
            Self::PostToolUse => "PostToolUse",
            Self::Notification => "Notification",
            Self::PreCompact => "PreCompact",
            Self::SubagentStop => "SubagentStop",
            Self::Stop => "Stop",
        }
    }
}

/// Runs the hooks of a point of a run, writes down that they ran, and notes what the model gets to read. `facts` is an
/// object.
pub(crate) async fn at(
    turn: &mut Turn,
    point: Point,
    tool: Option<&str>,
    facts: Value,
) -> Result<Heard, AgentError> {
    if !turn.settings.hooks.contains_key(point.as_str()) {
        return Ok(Heard::default());
    }
    let mut facts = facts;
    facts["run_id"] = json!(turn.run);
    facts["session_id"] = json!(turn.conversation);
    if turn.apart.is_some() {
        facts["worktree"] = json!(turn.settings.root);
    }
    let home = Home::of(turn);
    let before = match point {
        // What stands behind work may do more of it, as a formatter does; the others only look.
        Point::PostToolUse | Point::SubagentStop | Point::Stop => {
            let fit =
                home.hooks(point).iter().filter(|hook| tool.is_none_or(|tool| fits(hook, tool) == Ok(true)));
            let effects: Vec<Effect> = fit.map(|hook| home.effect(hook)).collect();
            command::keep(turn, &effects).await
        }
        _ => Before::default(),
    };
    let page = Some(Page { shared: &turn.shared, run: &turn.run });
    let heard = home.run(home.hooks(point), (point, tool), facts, page, &turn.cancel).await;
    let call = turn.shared.call_id();
    command::settle(turn, &call, before).await?;
    if turn.cancel.is_cancelled() {
        return Err(AgentError::Canceled);
    }
    if !heard.words.is_empty() || heard.refusal.is_some() {
        turn.reads(Grade::Tool, &format!("the hooks of {}", point.as_str())).await?;
    }
    Ok(heard)
}

/// Tells the hooks that the conversations which this process worked on are over.
pub(crate) async fn farewell(shared: &Shared) {
    let sessions = shared.worked_on();
    let Ok(settings) = (shared.world.settings)() else { return };
    if sessions.is_empty() || !settings.hooks.contains_key(Point::SessionEnd.as_str()) {
        return;
    }
    let policy = settings.policy(settings.mode, Grade::Typed, &[]);
    let (home, point) = (Home { settings, policy }, Point::SessionEnd);
    // The desk's own token has been canceled by now.
    let cancel = CancellationToken::new();
    for session in sessions {
        let facts = json!({"session_id": session});
        home.run(home.hooks(point), (point, None), facts, None, &cancel).await;
    }
}

impl Home {
    /// The person's workspace, with the rules of this run.
    pub(crate) fn of(turn: &Turn) -> Self {
        let settings = turn.outer().clone();
        let (root, additional) = (settings.root.clone(), settings.additional.clone());
        Self { settings, policy: Policy { root, additional, ..turn.policy() } }
    }

    /// The hooks of a point, in the order of the settings.
    pub(crate) fn hooks(&self, point: Point) -> &[Hook] {
        self.settings.hooks.get(point.as_str()).map_or(&[], Vec::as_slice)
    }

    /// What a hook does.
    fn effect(&self, hook: &Hook) -> Effect {
        Effect::Execute { command: hook.command.clone(), cwd: self.settings.root.clone() }
    }

    /// Runs hooks one behind the other. Without a page nothing is written down.
    pub(crate) async fn run(
        &self,
        hooks: &[Hook],
        (point, tool): (Point, Option<&str>),
        facts: Value,
        page: Option<Page<'_>>,
        cancel: &CancellationToken,
    ) -> Heard {
        let mut heard = Heard::default();
        let mut facts = facts;
        facts["event"] = json!(point.as_str());
        facts["cwd"] = json!(self.settings.root);
        if let Some(tool) = tool {
            facts["tool"] = json!(tool);
        }
        for hook in hooks {
            let fits = match tool {
                Some(tool) => fits(hook, tool),
                None => Ok(true),
            };
            let limit = hook.timeout.map_or(USUAL, |limit| limit.0);
            let ended = match fits {
                Ok(false) => continue,
                Ok(true) => self.one(hook, (point, limit), &facts, page, cancel).await,
                Err(reason) => Err(reason),
            };
            let (ok, note, words) = match ended {
                Ok(Finished { ended, output }) => {
                    let ok = ended == Ended::Exit(0);
                    let why = if ok { None } else { self.kept_from(hook, point, &output) };
                    (ok, ended.told(limit) + &why.unwrap_or_default(), output)
                }
                Err(reason) => (false, reason, String::new()),
            };
            let ran = Event::HookRan {
                point: point.as_str().to_owned(),
                command: hook.command.clone(),
                ok,
                note: note.clone(),
            };
            heard.ran.push(ran.clone());
            if let Some(page) = page {
                // What cannot be written down any more stops the run by itself.
                let _ = page.shared.recorder.record(page.run, vec![ran], &self.settings.redactor).await;
            }
            let words = self.settings.redactor.clean(words.trim());
            if !ok && point == Point::PreToolUse {
                let said = if words.is_empty() { note } else { format!("{note}\n{}", end_of(&words)) };
                heard.refusal = Some(format!("refused by a hook of the person's ({}): {said}", hook.command));
                return heard;
            }
            if ok && !words.is_empty() {
                heard.words.push_str(end_of(&words));
                heard.words.push('\n');
            }
        }
        heard
    }

    /// Why a hook may have failed that was to change a file which its command names.
    fn kept_from(&self, hook: &Hook, point: Point, output: &str) -> Option<String> {
        if !UNWRITABLE.iter().any(|words| output.contains(words)) {
            return None;
        }
        let is_named = |started: &&copydesk_permission::Started| {
            let name = started.place.file_name().unwrap_or_default().to_string_lossy();
            started.by.ends_with(point.as_str()) && hook.command.contains(&*name)
        };
        let names: Vec<String> = self
            .settings
            .started
            .iter()
            .filter(is_named)
            .map(|started| path::shown(&self.settings.root, &started.place))
            .collect();
        (!names.is_empty()).then(|| {
            format!(
                "; a file that a hook's command names ({}) counts as one that it starts, and the hook cannot change it: \
                 docs/guide/extending.md",
                names.join(", ")
            )
        })
    }

    /// Runs one hook, or says why not.
    async fn one(
        &self,
        hook: &Hook,
        (point, limit): (Point, Duration),
        facts: &Value,
        page: Option<Page<'_>>,
        cancel: &CancellationToken,
    ) -> Result<Finished, String> {
        if hook.command.trim().is_empty() {
            return Err("its command is empty".to_owned());
        }
        let effect = self.effect(hook);
        // The mode is the posture towards a model's wishes, and rules of an agent's are about the agent.
        let own = Policy { mode: Mode::Default, rules: self.settings.rules.clone(), ..self.policy.clone() };
        let (verdict, because) = match judge(&effect, &own) {
            Verdict::Deny(because) => ("deny", because),
            Verdict::Allow(because) if because.rule.is_some() => ("allow", because),
            _ => ("allow", Because::of("it is a hook in your settings")),
        };
        let refusal = (verdict == "deny").then(|| because.reason.clone());
        if let Some(page) = page {
            let by = if because.rule.is_some() { "rule" } else { "hook" }.to_owned();
            let (call, verdict) = (page.shared.call_id(), verdict.to_owned());
            let judged = Event::Judged {
                call,
                effect: effect.clone(),
                verdict,
                because,
                by,
                said: None,
                point: Some(point.as_str().to_owned()),
            };
            let written = page.shared.recorder.record(page.run, vec![judged], &self.settings.redactor).await;
            written.map_err(|error| format!("could not start: failed to {error}"))?;
        }
        if let Some(reason) = refusal {
            return Err(format!("could not start: {reason}"));
        }
        let mut quarters = Quarters::default();
        let folder = quarters.temporary().map_err(|error| error.to_string())?;
        let input = std::fs::File::create(folder.path().join("hook.json"));
        input
            .and_then(|mut input| input.write_all(facts.to_string().as_bytes()))
            .map_err(|error| error.to_string())?;
        // A child has no input of its own: the file takes its place.
        let command = format!("exec < \"$TMPDIR/hook.json\"\n{}", hook.command);
        quarters.run(&effect, (&command, &self.settings.root), &own, &self.settings, limit, cancel).await
    }
}

/// Whether a hook is for a tool. One whose matcher cannot be read is for every tool, so that it can refuse.
fn fits(hook: &Hook, tool: &str) -> Result<bool, String> {
    let Some(matcher) =
        hook.matcher.as_deref().map(str::trim).filter(|matcher| !matches!(*matcher, "" | "*"))
    else {
        return Ok(true);
    };
    let pattern = Regex::new(&format!("^(?i:{matcher})$")).map_err(|error| {
        let error = error.to_string();
        format!("its matcher cannot be read: {}", error.lines().next_back().unwrap_or_default())
    })?;
    let is_other_name = |word: &str| library::tool_named(word) == Some(tool);
    Ok(pattern.is_match(tool) || matcher.split('|').any(is_other_name))
}

/// The end of a text, whole lines.
fn end_of(text: &str) -> &str {
    let start = text.ceil_char_boundary(text.len().saturating_sub(MOST));
    if start == 0 { text } else { text[start..].split_once('\n').map_or("", |(_, lines)| lines) }
}

#[cfg(test)]
mod tests;
