//! The one door to the world: an effect is judged, and where policy says *ask*, the person is asked.
//!
//! Whatever the answer, a record says what was decided, why and by whom, before anything happens. Beside the door:
//! `vault` keeps secrets from models, `taint` grades what they have read, `twins` are second names of files that rules
//! know by the first, and `render` is the one way to show text that a person decides by; `calling` calls whoever is not
//! looking; `seen` looks at the disk for what the words of a command do not tell (`disguise`, `sweep`), `own` puts on
//! record what the program starts for itself, and `revoked` knows what was taken back meanwhile.

pub(crate) mod calling;
mod disguise;
pub(crate) mod own;
pub(crate) mod places;
pub(crate) mod render;
pub(crate) mod revoked;
pub(crate) mod seen;
mod sweep;
pub(crate) mod taint;
pub(crate) mod twins;
pub(crate) mod vault;

use std::sync::Arc;

use copydesk_base::change::{ChangePlan, CheckVerdict, Checked, HunkReport, RefusedHunk};
use copydesk_base::config::Mode;
use copydesk_base::event::{Denied, Wanted};
use copydesk_base::host::Presence;
use copydesk_base::{Because, CallId, Effect, Event, Grade, Question, Verdict, path};
use copydesk_permission::judge;
use copydesk_permission::sandbox::{self, State};
use tokio::sync::oneshot;

use self::render::Rendered;
use self::seen::Around;
use crate::desk::Order;
use crate::desk::board::{Asked, Settlement};
use crate::error::AgentError;
use crate::hooks::{Home, Page};
use crate::process::quarters::network_for;
use crate::run::Turn;
use crate::session::spoken::{self, Decided};
use crate::team::apart::{self, Unaccepted};

/// Why what would be asked is refused where there is no person.
const NOBODY: &str = "nobody is here who could be asked";

/// So often in a row the person says no to one run; then it ends. Who asks on and on wears people down.
const MOST_REFUSALS: usize = 10;

/// What the door answered.
pub(crate) enum Permit {
    Granted,
    /// The person settled every hunk one by one; nothing is left to apply.
    Reviewed(HunkReport),
    /// Part was settled in a review, the rest was allowed at once.
    GrantedRest {
        done: HunkReport,
        open: Vec<usize>,
    },
    /// A sentence for the model: what was refused and why.
    Refused(String),
}

/// Judges an effect and asks where that is the verdict.
pub(crate) async fn permit(
    turn: &mut Turn,
    call: &CallId,
    effect: Effect,
    change: Option<Arc<ChangePlan>>,
) -> Result<Permit, AgentError> {
    let own = apart::unaccepted(turn, &effect).await;
    revoked::look(turn).await?;
    let verdict = verdict(turn, &effect);
    let verdict = own.as_ref().map_or_else(|| verdict.clone(), |own| own.weigh(verdict.clone()));
    let verdict = careful(verdict, change.as_deref());
    let around = Around {
        policy: turn.policy(),
        redactor: turn.settings.redactor.clone(),
        sandbox: turn.settings.walls().state,
    };
    let seen = seen::look(&verdict, &effect, around).await;
    // What nobody can be asked about is told with its reason, too.
    let has_reason = own.is_some() || seen.is_some();
    let verdict = seen.unwrap_or(verdict);
    let recorded = match &verdict {
        Verdict::Ask(_) => spoken::decision(turn, &effect, change.as_deref()),
        _ => None,
    };
    let presence = match &recorded {
        Some(recorded) => recorded.presence(),
        None => turn.world.host.presence(),
    };
    match verdict {
        Verdict::Allow(because) => {
            let by = if because.rule.is_some() { "rule" } else { "mode" };
            judged(turn, call, &effect, "allow", Why::of(because, by)).await?;
            still_wanted(turn)?;
            Ok(Permit::Granted)
        }
        Verdict::Deny(because) => {
            refuse(turn, call, &effect, Why::of(because, "rule"), Wanted::Nothing).await
        }
        Verdict::Ask(question) if presence == Presence::Nobody => {
            let reason = match unproven(change.as_deref()) {
                None if has_reason => format!("{}, and {NOBODY}", question.because.reason),
                Some(checked) if checked.words.ends_with(NOBODY) => checked.words.clone(),
                Some(checked) => format!("{}, and {NOBODY}", checked.words),
                None => NOBODY.to_owned(),
            };
            let wanted = wanted(&question);
            let because = Because { reason, ..question.because };
            refuse(turn, call, &effect, Why::of(because, "nobody"), wanted).await
        }
        Verdict::Ask(question) => {
            let answer = ask(turn, call, effect, question, Put { change, own, recorded }).await;
            // What was answered with *Always* stands from now on.
            revoked::look(turn).await?;
            answer
        }
    }
}

/// What belongs to a question besides its effect.
#[derive(Default)]
pub(crate) struct Put {
    pub(crate) change: Option<Arc<ChangePlan>>,
    pub(crate) own: Option<Unaccepted>,
    /// What the person answered when it was recorded.
    pub(crate) recorded: Option<Decided>,
}

/// What policy says; a command that would run what nobody has seen is asked about, whatever allows it.
pub(crate) fn verdict(turn: &Turn, effect: &Effect) -> Verdict {
    match judge(effect, &turn.policy()) {
        Verdict::Allow(_) if runs_unseen(turn, effect) => {
            let reason = "it would run edits that nobody has seen, and no sandbox bounds what they do";
            Verdict::Ask(Question { because: Because::of(reason), always: vec![] })
        }
        verdict => verdict,
    }
}

/// Whether a command works on edits that the person has not seen, with all the rights that the person has. Mode bypass
/// is their word for that.
fn runs_unseen(turn: &Turn, effect: &Effect) -> bool {
    let state = turn.settings.walls().state;
    matches!(effect, Effect::Execute { .. })
        && !turn.draft.is_empty()
        && matches!(state, State::Off | State::Unsupported)
        && turn.policy().mode != Mode::Bypass
}

/// What the checks said of a change, if that was not that it is right.
fn unproven(change: Option<&ChangePlan>) -> Option<&Checked> {
    change?.checked.as_ref().filter(|checked| checked.verdict != CheckVerdict::Passed)
}

/// An edit that the project's checks did not find right is asked about, whatever allows it.
fn careful(verdict: Verdict, change: Option<&ChangePlan>) -> Verdict {
    match (verdict, unproven(change)) {
        (Verdict::Allow(_), Some(checked)) => {
            Verdict::Ask(Question { because: Because::of(checked.words.clone()), always: vec![] })
        }
        (verdict, _) => verdict,
    }
}

/// Asks the person about an effect that policy leaves to them.
pub(crate) async fn ask(
    turn: &mut Turn,
    call: &CallId,
    effect: Effect,
    question: Question,
    put: Put,
) -> Result<Permit, AgentError> {
    let Put { change, own, recorded } = put;
    // A rule is kept and shown as it is written: one with a secret in it is not offered.
    let is_secret = |rule: &String| !turn.settings.redactor.find(rule).is_empty();
    let always = if question.always.iter().any(is_secret) { vec![] } else { question.always };
    let question = Question { always, ..question };
    let Rendered { text, whole } = text_of(turn, &effect, &question, change.as_deref(), own.as_ref());
    let (reply, answer) = oneshot::channel();
    let home = Home::of(turn);
    let patience = calling::patience(&home);
    let facts = calling::facts(turn, &text);
    let asked = Asked {
        run: turn.run.clone(),
        call: call.clone(),
        effect: effect.clone(),
        text,
        whole,
        always: question.always.clone(),
        origin: turn.origin.clone(),
        change,
        policy: turn.policy(),
        home: turn.outer().root.clone(),
        timeout: recorded.as_ref().map_or(patience, |recorded| recorded.patience(patience)),
        redactor: turn.settings.redactor.clone(),
        reply,
    };
    turn.desk.order(Order::Ask(Box::new(asked)));
    let page = Page { shared: &turn.shared, run: &turn.run };
    let answer = tokio::select! {
        answer = answer => answer.map_err(|_| AgentError::Canceled)?,
        () = turn.cancel.cancelled() => return Err(AgentError::Canceled),
        never = async {
            match &recorded {
                Some(recorded) => recorded.give(&turn.shared, &turn.run).await,
                None => calling::call(&home, &facts, page, &turn.cancel).await,
            }
        } => match never {},
    };
    let nothing_done = answer.done.sent.is_empty() && answer.done.refused.is_empty();
    let is_no = matches!(&answer.settlement, Settlement::Denied { by, said: None, .. } if by == "person");
    turn.refusals = if is_no { turn.refusals + 1 } else { 0 };
    match answer.settlement {
        Settlement::Once | Settlement::Always => {
            let because = Because::of("the person allowed it");
            judged(turn, call, &effect, "allow", Why::of(because, "person")).await?;
            still_wanted(turn)?;
            if nothing_done {
                Ok(Permit::Granted)
            } else {
                Ok(Permit::GrantedRest { done: answer.done, open: answer.open })
            }
        }
        Settlement::Reviewed => {
            let because = Because::of("the person reviewed it hunk by hunk");
            judged(turn, call, &effect, "allow", Why::of(because, "person")).await?;
            Ok(Permit::Reviewed(answer.done))
        }
        Settlement::Denied { by, reason, said } if !answer.done.sent.is_empty() => {
            // A part was applied before: what is told must be what is there.
            let why = Why { because: Because::of(reason.clone()), by, said };
            judged(turn, call, &effect, "deny", why).await?;
            let mut done = answer.done;
            done.refused.extend(answer.open.iter().map(|hunk| RefusedHunk::new(*hunk, &reason)));
            Ok(Permit::Reviewed(done))
        }
        Settlement::Denied { by, reason, said } => {
            let wanted = if by == "person" { Wanted::Nothing } else { wanted(&question) };
            let why = Why { because: Because::of(reason), by, said };
            let refused = refuse(turn, call, &effect, why, wanted).await?;
            if turn.refusals < MOST_REFUSALS { Ok(refused) } else { Err(AgentError::Unwanted(turn.refusals)) }
        }
        Settlement::Failed(reason) => Err(AgentError::Journal(reason)),
    }
}

/// A permission that comes after the cancel is none.
fn still_wanted(turn: &Turn) -> Result<(), AgentError> {
    if turn.cancel.is_cancelled() { Err(AgentError::Canceled) } else { Ok(()) }
}

/// What would have settled a question that nobody answers.
const fn wanted(question: &Question) -> Wanted {
    if question.always.is_empty() { Wanted::Person } else { Wanted::Answer }
}

/// Why something was decided.
pub(crate) struct Why {
    pub(crate) because: Because,
    by: String,
    /// What the person said to it.
    said: Option<String>,
}

impl Why {
    pub(crate) fn of(because: Because, by: &str) -> Self {
        Self { because, by: by.to_owned(), said: None }
    }
}

/// Writes down what was decided.
pub(crate) async fn judged(
    turn: &Turn,
    call: &CallId,
    effect: &Effect,
    verdict: &str,
    why: Why,
) -> Result<(), AgentError> {
    let Why { because, by, said } = why;
    let (call, effect, verdict) = (call.clone(), effect.clone(), verdict.to_owned());
    let event = Event::Judged { call, effect, verdict, because, by, said, point: None };
    turn.record(vec![event]).await
}

async fn refuse(
    turn: &mut Turn,
    call: &CallId,
    effect: &Effect,
    why: Why,
    wanted: Wanted,
) -> Result<Permit, AgentError> {
    let redactor = turn.settings.redactor.clone();
    let reason = redactor.clean(&why.because.reason);
    judged(turn, call, effect, "deny", why).await?;
    let effect = effect.clean(&redactor).summary(&turn.settings.root);
    turn.denied.push(Denied { effect: effect.clone(), reason: reason.clone(), wanted });
    Ok(Permit::Refused(format!("refused: {effect}: {reason}")))
}

/// What the person reads before they decide.
fn text_of(
    turn: &Turn,
    effect: &Effect,
    question: &Question,
    change: Option<&ChangePlan>,
    own: Option<&Unaccepted>,
) -> Rendered {
    let root = &turn.settings.root;
    let own = own.map_or("", |own| own.words.as_str());
    // A line break in a name would forge a line of the question.
    let shown = |file: &std::path::Path| path::shown(root, file).replace('\n', "\\n");
    let always = match question.always.as_slice() {
        [] => String::new(),
        rules => render::harmless(&rules.join(", ")),
    };
    match &effect.clean(&turn.settings.redactor) {
        Effect::Write { path: file } => {
            let lines = change.map_or(String::new(), |plan| {
                let (added, removed) = plan.line_counts();
                let checked = plan.checked.as_ref().map_or(String::new(), |checked| {
                    format!("; {}", render::harmless(&checked.words).replace('\n', " "))
                });
                format!(": +{added} −{removed} lines{checked}")
            });
            let verb = if change.is_some_and(|plan| plan.before.is_empty()) { "Create " } else { "Edit " };
            render::prompt(verb, &shown(file), &format!("{lines}{own}"), &always)
        }
        Effect::Execute { command, cwd } => {
            let place = render::harmless(&shown(cwd));
            let network = network_for(effect, &turn.policy());
            let walls = sandbox::words(turn.settings.walls().state, network);
            let unseen = if runs_unseen(turn, effect) { ", on edits that you have not seen" } else { "" };
            let whose = match turn.taint {
                Grade::Recorded => format!(", as {} says", Grade::Recorded.as_words()),
                _ => String::new(),
            };
            let place = if turn.apart.is_some() { "a helper's own copy of the workspace" } else { &place };
            render::prompt(&format!("Run in {place}, {walls}{unseen}{whose}{own}:\n"), command, "", &always)
        }
        Effect::Read { path: file } => render::prompt("Read ", &shown(file), "", &always),
        Effect::Network { url } => render::prompt("Reach ", url, "", &always),
        Effect::Tool { server, tool } => render::prompt("Use ", &format!("{server}/{tool}"), "", &always),
        Effect::Follow { path: file, line, text } => render::prompt(
            &format!(
                "Line {} of {}, which you did not type here, asks:\n",
                line + 1,
                render::harmless(&shown(file))
            ),
            text,
            "",
            "",
        ),
    }
}
