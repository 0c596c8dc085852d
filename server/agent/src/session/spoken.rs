//! What a person said and decided in a recorded conversation, given again at the same places of its replay.
//!
//! A place is the model's answer behind which it happened ([`Place`]), so a process that replays one turn finds what
//! belongs to that turn. A decision counts for the very effect that it was about, and a *yes* to an edit for the very
//! text: for anything else the person is asked anew. It goes the way of every decision, through the desk, so that the
//! same records come about.
//!
//! Who may hand a [`Spoken`] over: whoever read it from a verified journal of the person who runs the replay. What
//! strangers answered is nobody's answer here.

mod decided;
mod read;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use copydesk_base::change::ChangePlan;
use copydesk_base::redact::REDACTED;
use copydesk_base::{Effect, Event, Record, Redactor};
use copydesk_permission::{Policy, Rule, RuleVerdict, parse_rule};

pub(crate) use decided::Decided;
use decided::End;
pub(super) use read::{is_ended, lasting, said};

use crate::gate::revoked::STORED;
use crate::run::Turn;
use crate::session::cues::{Left, Then};

/// What stands for a folder in which there was work.
const ROOT: &str = "⟨root⟩";

/// All that a person said and decided. Clones share what of it was given.
#[derive(Clone, Debug, Default)]
pub struct Spoken {
    said: Arc<Mutex<Vec<Said>>>,
    lasting: Arc<[Lasting]>,
    /// The words that each turn began with.
    turns: Arc<[String]>,
}

/// A rule that *Always* stored then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lasting {
    /// With the folder of then as [`ROOT`].
    pub(super) rule: String,
    /// The number of the first answer behind the turn in which it was stored: within that turn the decision itself is
    /// given.
    pub(super) from: usize,
}

#[derive(Debug, PartialEq)]
pub(super) struct Said {
    place: Place,
    what: What,
    is_given: bool,
}

/// Where it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Before a run had any answer: the number of the turn that it belongs to, which helper of its run it is, and the
    /// words that it began with.
    Start { turn: usize, helper: usize, prompt: String },
    /// Behind the answer of this number.
    Behind(usize),
}

impl Place {
    /// Where a run stands that has no answer yet.
    pub(super) fn start(turn: usize, helper: usize, records: &[Record], roots: &[String]) -> Self {
        Self::Start { turn, helper, prompt: asked(records, roots) }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    /// Words to a run at work.
    Words(String),
    /// Words that a run ended before.
    Unheard(String),
    /// How a model's question ended.
    Answer {
        question: String,
        reply: Reply,
    },
    Decision {
        effect: String,
        decided: Decided,
    },
    /// That it was canceled, behind so many [steps](super::cues::is_step) of the run.
    Cancel {
        steps: usize,
    },
    /// That its process died, behind so many [records](super::cues::is_replayed) of the run.
    Death {
        records: usize,
        is_done: bool,
        left: Left,
    },
    /// What had come of an answer that broke off, as its model was told.
    Half(String),
}

/// How a model's question ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Words(String),
    /// No answer came in time.
    Silence,
    /// Nobody was there.
    Nobody,
    /// It was canceled first.
    Open,
}

impl Spoken {
    pub(super) fn new(said: Vec<Said>, lasting: Vec<Lasting>, turns: Vec<String>) -> Self {
        Self { said: Arc::new(Mutex::new(said)), lasting: lasting.into(), turns: turns.into() }
    }

    /// Which turn of then one is that comes behind so many and begins with these words: the one at the same place, so
    /// that equal questions are told apart, or else the first that began so, where some turns were taken back.
    fn turn(&self, number: usize, prompt: &str) -> usize {
        let is_it = |turn: &String| turn == prompt;
        match self.turns.get(number).filter(|turn| is_it(turn)) {
            Some(_) => number,
            None => self.turns.iter().position(is_it).unwrap_or(number),
        }
    }

    /// Whether a person was asked anything in it, or said anything.
    pub fn has_answers(&self) -> bool {
        let is_a_persons = |said: &Said| match &said.what {
            What::Words(_) | What::Unheard(_) => true,
            What::Answer { reply, .. } => *reply != Reply::Nobody,
            What::Decision { decided, .. } => decided.end != End::Nobody,
            // Somebody pressed a key, whoever answers.
            What::Cancel { .. } | What::Death { .. } | What::Half(_) => false,
        };
        self.lock().iter().any(is_a_persons)
    }

    /// The first that was not given yet at a place and is wanted.
    fn take<T>(&self, place: &Place, wanted: impl Fn(&What) -> Option<T>) -> Option<T> {
        let mut all = self.lock();
        let mut open = all.iter_mut().filter(|said| !said.is_given && said.place == *place);
        let (said, found) = open.find_map(|said| wanted(&said.what).map(|found| (said, found)))?;
        said.is_given = true;
        Some(found)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Said>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The words that were said to a run here.
pub(crate) fn words(turn: &Turn) -> Vec<String> {
    let Some((spoken, place)) = here(turn) else { return vec![] };
    let next = || {
        spoken.take(&place, |what| match what {
            What::Words(text) => Some(text.clone()),
            _ => None,
        })
    };
    std::iter::from_fn(next).collect()
}

/// The words that were said to a run and that it never heard.
pub(crate) fn unheard(turn: &Turn) -> Vec<String> {
    let Some(spoken) = turn.settings.spoken.as_ref().filter(|_| turn.parent.is_none()) else { return vec![] };
    let place = start(spoken, turn);
    let next = || {
        spoken.take(&place, |what| match what {
            What::Unheard(text) => Some(text.clone()),
            _ => None,
        })
    };
    std::iter::from_fn(next).collect()
}

/// Has a run canceled where it was canceled, and end without a word where its process died.
pub(crate) fn cue(turn: &Turn) {
    let Some(spoken) = turn.settings.spoken.as_ref().filter(|_| turn.parent.is_none()) else { return };
    let cancel = || turn.cancel.clone();
    let ended = spoken.take(&start(spoken, turn), |what| match what {
        What::Cancel { steps } => Some((*steps, Then::Cancel(cancel()))),
        What::Death { records, is_done, left } => {
            Some((*records, Then::Die { is_done: *is_done, left: left.clone(), cancel: cancel() }))
        }
        _ => None,
    });
    if let Some((left, then)) = ended {
        turn.recorder.cues.set(&turn.run, left, then);
    }
}

/// What had come here of an answer that broke off, as its model was told.
pub(crate) fn half(turn: &Turn) -> Option<String> {
    let (spoken, place) = here(turn)?;
    spoken.take(&place, |what| match what {
        What::Half(text) => Some(text.clone()),
        _ => None,
    })
}

/// How a question ended here.
pub(crate) fn reply(turn: &Turn, text: &str) -> Option<Reply> {
    let (spoken, place) = here(turn)?;
    let text = turn.settings.redactor.clean(text);
    spoken.take(&place, |what| match what {
        What::Answer { question, reply } if *question == text => Some(reply.clone()),
        _ => None,
    })
}

/// What was decided about an effect here.
pub(crate) fn decision(turn: &Turn, effect: &Effect, change: Option<&ChangePlan>) -> Option<Decided> {
    let (spoken, place) = here(turn)?;
    let redactor = &turn.settings.redactor;
    let now = plain(effect, redactor, &roots(turn))?;
    let decided = spoken.take(&place, |what| match what {
        What::Decision { effect, decided } if *effect == now => Some(decided.clone()),
        _ => None,
    })?;
    decided.fits(change, redactor).then_some(decided)
}

/// A policy as it was then: a rule that the conversation stored counts in its later turns, in whatever folder they are
/// replayed, and not before, where it is stored by now. Nothing is stored by this.
pub(crate) fn as_then(turn: &Turn, mut policy: Policy) -> Policy {
    let Some(spoken) = turn.settings.spoken.as_ref().filter(|spoken| !spoken.lasting.is_empty()) else {
        return policy;
    };
    let roots = roots(turn);
    let is_of_then = |rule: &Rule| {
        rule.origin == STORED && spoken.lasting.iter().any(|one| one.rule == without(&rule.text, &roots))
    };
    // Those of the settings come first; behind them stands what this very replay was answered.
    let mut place = 0..;
    let settings = turn.settings.rules.len();
    policy.rules.retain(|rule| place.next().is_some_and(|at| at >= settings) || !is_of_then(rule));
    let here = turn.settings.models.recorded_place(&turn.by());
    let passed = spoken.lasting.iter().filter(|one| here.is_some_and(|here| here >= one.from));
    let home = turn.outer().root.display().to_string();
    let rules = passed.map(|one| parse_rule(RuleVerdict::Allow, one.rule.replace(ROOT, &home), STORED));
    policy.rules.extend(rules.flatten());
    policy
}

/// What is replayed, and the place where a run stands.
fn here(turn: &Turn) -> Option<(&Spoken, Place)> {
    let spoken = turn.settings.spoken.as_ref()?;
    let place = match turn.settings.models.recorded_place(&turn.by()) {
        Some(at) => Place::Behind(at),
        None => start(spoken, turn),
    };
    Some((spoken, place))
}

/// The place of a run that has no answer yet.
fn start(spoken: &Spoken, turn: &Turn) -> Place {
    let prompt = without(&turn.prompt, &roots(turn));
    let turn_of_then = if turn.parent.is_none() { spoken.turn(turn.number, &prompt) } else { turn.number };
    Place::Start { turn: turn_of_then, helper: turn.helper, prompt }
}

/// The folders that are one: where a run works, and where it comes from.
fn roots(turn: &Turn) -> Vec<String> {
    [turn.settings.root.display(), turn.outer().root.display()].map(|root| root.to_string()).to_vec()
}

/// An effect as it is in any folder; nothing where a part of it is hidden, which may be another one then.
fn plain(effect: &Effect, redactor: &Redactor, roots: &[String]) -> Option<String> {
    let text = serde_json::to_string(&effect.clean(redactor)).ok()?;
    (!text.contains(REDACTED)).then(|| without(&text, roots))
}

/// The words that a run began with.
pub(super) fn asked(records: &[Record], roots: &[String]) -> String {
    let prompt = records.iter().find_map(|record| match &record.event {
        Event::RunStarted { prompt, .. } => Some(prompt.as_str()),
        _ => None,
    });
    without(prompt.unwrap_or_default(), roots)
}

fn without(text: &str, roots: &[String]) -> String {
    let mut roots: Vec<&String> = roots.iter().filter(|root| !root.is_empty()).collect();
    // One may lie in another.
    roots.sort_by_key(|root| std::cmp::Reverse(root.len()));
    roots.into_iter().fold(text.to_owned(), |text, root| text.replace(root.as_str(), ROOT))
}
