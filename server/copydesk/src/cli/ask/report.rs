//! What a turn came to, for whoever asked: the word for its end, what was refused and what helps, the way back.

use copydesk_agent::Outcome as Ended;
use copydesk_base::change::CheckVerdict;
use copydesk_base::config::Mode;
use copydesk_base::event::{Denied, Wanted};
use copydesk_base::{RunStatus, path};
use serde_json::{Value, json};

use crate::cli::terminal::Voice;
use crate::office::Office;
use crate::out;
use crate::render::visible;

/// The word of the JSON document: `denied` where something was refused only because nobody could be asked.
pub(super) fn word(ended: &Ended) -> &'static str {
    match ended.status {
        RunStatus::Succeeded if ended.denied.iter().any(|denied| denied.wanted != Wanted::Nothing) => {
            "denied"
        }
        RunStatus::Succeeded => "succeeded",
        RunStatus::Canceled => "canceled",
        _ => "failed",
    }
}

/// Tells how it ended, on the screen or as one JSON document.
pub(super) fn report(
    office: &Office,
    (ended, notices): (&Ended, &[String]),
    voice: Voice,
    mode: Option<Mode>,
) -> anyhow::Result<()> {
    match voice {
        Voice::Silent => return out::json(&document(office, ended, notices)),
        // A document and nothing beside it, as it is; where there is none, nothing.
        Voice::Notes if ended.status == RunStatus::Succeeded => out::line(&ended.text)?,
        Voice::Notes => {}
        Voice::Aloud => ended.refused_diffs.iter().try_for_each(|diff| out::text(visible(diff)))?,
    }
    for denied in &ended.denied {
        out::note(format!("not done: {} ({})", visible(&denied.effect), visible(&denied.reason)));
        if denied.wanted != Wanted::Nothing {
            out::note(format!("  {}", advice(denied, ended, mode)));
        }
    }
    if let Some(error) = &ended.error {
        out::note(format!("error: {}", visible(error)));
    }
    if ended.commanded || ended.changes.iter().any(|(_, applied)| *applied) {
        out::note(format!("take it back with: copydesk undo {}", ended.run));
    }
    Ok(())
}

/// What helps where nobody was there to ask.
fn advice(denied: &Denied, ended: &Ended, mode: Option<Mode>) -> &'static str {
    let is_unproven = ended.checks.iter().any(|(_, verdict, _)| *verdict != CheckVerdict::Passed);
    match mode {
        _ if is_unproven => {
            "an edit that did not pass its checks is made by a person only: ask in an editor or on a terminal"
        }
        _ if denied.wanted == Wanted::Person => {
            "nobody was there to ask, and no wide rule decides about this: ask in an editor or on a terminal"
        }
        Some(Mode::AcceptEdits | Mode::Auto | Mode::Bypass) => {
            "nobody was there to ask, and this mode does not allow it; a rule does"
        }
        _ if denied.effect.starts_with("edit ") => {
            "nobody was there to ask; --apply allows edits in the workspace, a rule allows more"
        }
        _ => "nobody was there to ask; a rule allows it",
    }
}

fn document(office: &Office, ended: &Ended, notices: &[String]) -> Value {
    let shown = |file: &std::path::Path| path::shown(&office.here.root, file);
    let mut changes: Vec<(String, bool)> = Vec::new();
    for (file, applied) in &ended.changes {
        match changes.iter_mut().find(|(known, _)| *known == shown(file)) {
            Some((_, known)) => *known |= applied,
            None => changes.push((shown(file), *applied)),
        }
    }
    json!({
        "schema": "copydesk.ask/1",
        "run_id": ended.run,
        "session_id": ended.session,
        "status": word(ended),
        "text": ended.text,
        "changes": changes.iter().map(|(path, applied)| json!({"path": path, "applied": applied})).collect::<Vec<_>>(),
        "denied": ended.denied.iter().map(|denied| json!({"effect": denied.effect, "reason": denied.reason})).collect::<Vec<_>>(),
        "model": ended.model.as_ref().map(|model| json!({
            "requested": model.requested,
            "active": model.active,
            "fallback_applied": model.fallback_applied,
        })),
        "checks": ended.checks.iter().map(|(check, verdict, note)| json!({"check": check, "verdict": verdict, "note": note})).collect::<Vec<_>>(),
        "notices": notices,
        "usage": ended.usage,
        "error": ended.error,
    })
}
