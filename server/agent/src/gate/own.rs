//! What the program starts for itself, on record like what others ask for: the command of a key, and git for a
//! worktree.
//!
//! Nobody is asked about these. The first stands in the person's own config; the second has fixed words, and runs
//! nothing that a repository names (`process::git`). But whoever asks why something ran finds a decision for it.

use copydesk_base::{Because, Effect, Event};
use copydesk_provider::Choice;

use crate::run::Turn;

/// The command that gives a model's key, where there is one: once in a run for each provider.
pub(crate) fn key(turn: &mut Turn, choice: &Choice) -> Option<Event> {
    let (origin, command) = turn.settings.models.key_command(choice)?;
    if !turn.keyed.insert(origin.clone()) {
        return None;
    }
    let because =
        Because::of(format!("{origin} in your config names it for the key of {}", choice.model_ref()));
    Some(decided(turn, command, because))
}

/// Git, which made the copy of the workspace that a helper works in: one line in its run. Each call of git has one
/// among [`copydesk_store::OwnEffects`].
pub(crate) fn worktree(turn: &Turn) -> Option<Event> {
    turn.apart.as_ref()?;
    let command = format!("git worktree add --detach {}", turn.settings.root.display());
    let because = "Copydesk makes a helper's own copy of the workspace with git: with words of its own, and \
                   nothing that the repository names (hooks, filters, monitors, helpers) runs";
    Some(decided(turn, command, Because::of(because)))
}

fn decided(turn: &Turn, command: String, because: Because) -> Event {
    Event::Judged {
        call: turn.shared.call_id(),
        effect: Effect::Execute { command, cwd: turn.outer().root.clone() },
        verdict: "allow".to_owned(),
        because,
        by: "settings".to_owned(),
        said: None,
        point: None,
    }
}
