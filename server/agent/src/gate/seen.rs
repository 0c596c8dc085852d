//! What the words of a command cannot tell and a look at the disk does: that a file which it shows in another form
//! holds a secret (`disguise`), and that a folder which it may change has files in it that a rule keeps (`sweep`).
//!
//! Either makes a question of what was allowed. Looking may take a while and runs on a thread that may wait.

use copydesk_base::config::Mode;
use copydesk_base::{Because, Effect, Question, Redactor, Verdict};
use copydesk_permission::sandbox::State;
use copydesk_permission::{Policy, effects_of};

use super::{disguise, sweep};

/// What a look needs to know.
#[derive(Clone, Debug)]
pub struct Around {
    pub policy: Policy,
    pub redactor: Redactor,
    /// What the sandbox holds by itself need not be asked about.
    pub sandbox: State,
}

/// The verdict on an effect, with a question in its place where what lies on the disk makes it one.
pub fn unless_seen(verdict: Verdict, effect: &Effect, around: &Around) -> Verdict {
    seen(&verdict, effect, around).unwrap_or(verdict)
}

/// The same on a thread of its own; what stands in the place of the verdict.
pub(super) async fn look(verdict: &Verdict, effect: &Effect, around: Around) -> Option<Verdict> {
    if !is_open(verdict, effect, &around.policy) {
        return None;
    }
    let (verdict, effect) = (verdict.clone(), effect.clone());
    let looking = tokio::task::spawn_blocking(move || seen(&verdict, &effect, &around));
    // A look that broke down has told nothing, and nothing is no permission.
    let broken = || Verdict::Deny(Because::of("what it would show and change could not be looked at"));
    looking.await.unwrap_or_else(|_| Some(broken()))
}

/// Whether a look could change anything: mode `bypass` is the person's word for all of it.
fn is_open(verdict: &Verdict, effect: &Effect, policy: &Policy) -> bool {
    matches!(effect, Effect::Execute { .. })
        && !matches!(verdict, Verdict::Deny(_))
        && policy.mode != Mode::Bypass
}

fn seen(verdict: &Verdict, effect: &Effect, around: &Around) -> Option<Verdict> {
    let Effect::Execute { command, cwd } = effect else { return None };
    let Around { policy, redactor, sandbox } = around;
    if !is_open(verdict, effect, policy) {
        return None;
    }
    let reading = effects_of(command, cwd, policy);
    let shown = || disguise::shown(reading.disguise.as_ref()?, policy, redactor);
    let swept = || sweep::kept(&reading.sweeps, policy).filter(|_| *sandbox != State::Full);
    let reason = shown().or_else(swept)?;
    if policy.mode == Mode::Locked {
        return Some(Verdict::Deny(Because::of(format!(
            "mode locked refuses what would be asked: {reason}"
        ))));
    }
    Some(Verdict::Ask(Question { because: Because::of(reason), always: vec![] }))
}
