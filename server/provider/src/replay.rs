//! Replay: what a model answered in a recorded conversation, given again to the same requests, and nothing to others.
//!
//! A [`Recording`] is made from a journal, so it has what the journal has: the messages, not the tools on offer and not
//! the system text, which may be a newer version's. A request is answered where its messages are those of a recorded
//! one, [`crate::canonical`] of folder and secrets. Anything else is a miss, and an error that says where the two part.
//! What failed then fails again, in the same words: the tries before an answer, the model that was left for another
//! one, the request that no budget let out. Nothing is waited for.
//!
//! Whoever wrote a recording chooses every call that its run makes. So a recording has a [`Grade`]: the worst, unless
//! whoever made it knows that its words are a model's.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use copydesk_base::Grade;

use crate::canonical::{Roots, as_recorded, within};
use crate::request::{By, Message, Request, ToolCall};
use crate::{CallError, ModelEvent, StopReason, Switch};

/// A recorded conversation. Clones share which of its answers were given.
#[derive(Clone, Debug)]
pub struct Recording {
    tape: Arc<Tape>,
    grade: Grade,
}

#[derive(Debug)]
struct Tape {
    /// What a person calls it: a file, a session.
    origin: String,
    /// `provider/model` of its first answer.
    model: String,
    /// Those that were asked instead.
    fallbacks: Vec<String>,
    /// Where it was made: the workspace, and the worktrees of helpers.
    roots: Roots,
    exchanges: Vec<(Vec<Part>, Exchange)>,
    sizes: Vec<(Vec<Part>, u64)>,
    played: Mutex<Played>,
}

/// What became of a tape so far.
#[derive(Debug)]
struct Played {
    given: Vec<bool>,
    /// What was given last to each of those who ask.
    last: Vec<(By, usize)>,
    /// Where helpers work now.
    roots: Roots,
}

/// What is recorded of a conversation and its helpers.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// `provider/model` of its first answer.
    pub model: String,
    /// The workspace that it was made in.
    pub root: String,
    pub exchanges: Vec<Exchange>,
    pub sizes: Vec<Sized>,
}

/// One request of a recorded conversation to one model, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    pub by: By,
    pub asked: Vec<Message>,
    /// What was waited for, and the tries that failed: [`ModelEvent::Waiting`] and [`ModelEvent::Again`].
    pub before: Vec<ModelEvent>,
    pub given: Given,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    Answer {
        text: String,
        calls: Vec<ToolCall>,
        reason: StopReason,
    },
    /// No answer, and why.
    Nothing {
        said: String,
        switch: Option<Switch>,
    },
    /// It did not leave, and why.
    Refused {
        said: String,
    },
}

/// What a replay has for a request.
pub(crate) struct Replayed {
    /// What goes before it.
    pub(crate) before: Vec<ModelEvent>,
    pub(crate) outcome: Result<ModelEvent, CallError>,
}

/// How many tokens a request was taken for: by that a conversation is shortened where it was, whatever the model's own
/// counts had made of the estimate by then.
#[derive(Clone, Debug, PartialEq)]
pub struct Sized {
    pub asked: Vec<Message>,
    pub tokens: u64,
}

impl Recording {
    pub fn new(origin: String, recorded: Recorded) -> Self {
        let Recorded { model, root, exchanges, sizes } = recorded;
        let apart = exchanges.iter().filter_map(|exchange| exchange.by.root.as_deref());
        let roots = Roots::of(apart.chain([root.as_str()]));
        let exchanges: Vec<_> =
            exchanges.into_iter().map(|exchange| (parts(&exchange.asked, &roots), exchange)).collect();
        let sizes = sizes.into_iter().map(|sized| (parts(&sized.asked, &roots), sized.tokens)).collect();
        let given = vec![false; exchanges.len()];
        let played = Mutex::new(Played { given, last: vec![], roots: Roots::default() });
        let mut fallbacks = Vec::new();
        for (_, exchange) in &exchanges {
            if let Given::Nothing { switch: Some(Switch { to, .. }), .. } = &exchange.given
                && *to != model
                && !fallbacks.contains(to)
            {
                fallbacks.push(to.clone());
            }
        }
        let tape = Arc::new(Tape { origin, model, fallbacks, roots, exchanges, sizes, played });
        Self { tape, grade: Grade::Recorded }
    }

    /// The same, of which it is known that a model said all that is in it.
    #[must_use]
    pub fn of_a_model(self) -> Self {
        Self { grade: Grade::Typed, ..self }
    }

    /// Whether all of it is the beginning of another one.
    pub fn begins(&self, other: &Self) -> bool {
        let (begun, whole) = (&self.tape.exchanges, &other.tape.exchanges);
        begun.len() <= whole.len() && begun.iter().zip(whole).all(|((_, one), (_, other))| one == other)
    }

    /// Whose words its answers are.
    pub fn grade(&self) -> Grade {
        self.grade
    }

    pub fn origin(&self) -> &str {
        &self.tape.origin
    }

    pub fn model(&self) -> &str {
        &self.tape.model
    }

    /// Who was asked instead of the first model.
    pub(crate) fn fallbacks(&self) -> &[String] {
        &self.tape.fallbacks
    }

    /// What came of a request that is made in the workspace `root`: the first that was not given yet.
    pub(crate) fn answer(&self, request: &Request, root: &str) -> Replayed {
        let tape = &*self.tape;
        let mut played = tape.played();
        let now = played.parts(request, root);
        let Some(at) = tape.fitting(&played, request, &now) else {
            let missed = CallError::NotRecorded { origin: tape.origin.clone(), reason: self.miss(&now) };
            return Replayed { before: vec![], outcome: Err(missed) };
        };
        played.give(at, request);
        let exchange = &tape.exchanges[at].1;
        let here = request.by.root.as_deref().unwrap_or(root);
        let moved = |text: &str| within(&tape.roots.without(text), here);
        let call = |call: &ToolCall| ToolCall {
            arguments: crate::Arguments::read(moved(&call.arguments.raw)),
            ..call.clone()
        };
        let outcome = match &exchange.given {
            Given::Answer { text, calls, reason } => Ok(ModelEvent::Stopped {
                reason: reason.clone(),
                text: moved(text),
                calls: calls.iter().map(call).collect(),
                carried: vec![],
            }),
            Given::Nothing { said, switch } => {
                Err(CallError::Recorded { said: said.clone(), switch: switch.clone().map(Box::new) })
            }
            Given::Refused { said } => Err(CallError::Recorded { said: said.clone(), switch: None }),
        };
        Replayed { before: exchange.before.clone(), outcome }
    }

    /// Why such a request did not leave, where it did not.
    pub(crate) fn refusal(&self, request: &Request, root: &str) -> Option<CallError> {
        let mut played = self.tape.played();
        let now = played.parts(request, root);
        let at = self.tape.fitting(&played, request, &now)?;
        let Given::Refused { said } = &self.tape.exchanges[at].1.given else { return None };
        played.give(at, request);
        Some(CallError::Recorded { said: said.clone(), switch: None })
    }

    /// The number of what was given last to whoever asks.
    pub(crate) fn place(&self, by: &By) -> Option<usize> {
        let played = self.tape.played();
        played.last.iter().find(|(known, _)| known == by).map(|(_, at)| *at)
    }

    /// How many tokens such a request was taken for.
    pub(crate) fn tokens(&self, request: &Request, root: &str) -> Option<u64> {
        let now = self.tape.played().parts(request, root);
        self.tape.sizes.iter().find(|(asked, _)| *asked == now).map(|(_, tokens)| *tokens)
    }

    /// Why no recorded request is this one: the place where the nearest one parts from it.
    fn miss(&self, now: &[Part]) -> String {
        let tape = &*self.tape;
        let shared = |asked: &[Part]| asked.iter().zip(now).take_while(|(one, other)| one == other).count();
        let recorded = tape.exchanges.iter().map(|(asked, _)| asked);
        // Of those that share as much the one of the same length: it differs in a word, not in its course.
        let nearest = recorded.max_by_key(|asked| (shared(asked), asked.len() == now.len()));
        let Some(nearest) = nearest else { return "no model has answered in it".to_owned() };
        let at = shared(nearest);
        match (nearest.get(at), now.get(at)) {
            (Some(then), Some(now)) if then.who == now.who => {
                let (then, now) = apart(&then.text, &now.text);
                format!("{} was {then:?} and is {now:?}", nearest[at].who)
            }
            (Some(then), Some(now)) => format!("{} stood where {} stands now", then.who, now.who),
            (None, Some(now)) => format!("it ends before {} {:?}", now.who, apart(&now.text, "").0),
            // The person said it to the run.
            (Some(then), None) if then.who == ASKED => {
                format!("{:?} was said here", apart(&then.text, "").0)
            }
            _ => "its answer was never written down whole".to_owned(),
        }
    }
}

impl Tape {
    fn played(&self) -> MutexGuard<'_, Played> {
        self.played.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The exchange that a request is answered from.
    fn fitting(&self, played: &Played, request: &Request, now: &[Part]) -> Option<usize> {
        // Of helpers that were told the same each gets its own answers, whichever asks first.
        let rank = |at: &usize| match (played.given[*at], self.exchanges[*at].1.by.helper) {
            (false, helper) => (false, helper != request.by.helper, *at),
            (true, _) => (true, false, usize::MAX - at),
        };
        (0..self.exchanges.len()).filter(|at| self.exchanges[*at].0 == now).min_by_key(rank)
    }
}

/// A piece of a conversation that is compared as one.
#[derive(Debug, PartialEq)]
struct Part {
    who: String,
    text: String,
}

impl Played {
    /// A request as it is compared: what was said of a helper's worktree is known by the time that others speak of it.
    fn parts(&mut self, request: &Request, root: &str) -> Vec<Part> {
        self.roots.add(root);
        self.roots.add(request.by.root.as_deref().unwrap_or_default());
        parts(&request.messages, &self.roots)
    }

    fn give(&mut self, at: usize, request: &Request) {
        self.given[at] = true;
        self.last.retain(|(known, _)| *known != request.by);
        self.last.push((request.by.clone(), at));
    }
}

/// Who says what a person, or we, told the model.
const ASKED: &str = "what was asked";

fn parts(messages: &[Message], roots: &Roots) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut add = |who: String, text: &str| parts.push(Part { who, text: as_recorded(text, roots) });
    let mut called: Vec<&ToolCall> = Vec::new();
    for message in messages {
        match message {
            Message::User { text, .. } => add(ASKED.to_owned(), text),
            Message::Assistant { text, calls, .. } => {
                add("what the model said".to_owned(), text);
                for call in calls {
                    // Compared as what it means: keys may stand in any order.
                    let arguments =
                        call.arguments.value.as_ref().map_or_else(|_| call.arguments.raw.clone(), sorted);
                    add(format!("its call of '{}'", call.name), &arguments);
                }
                called = calls.iter().collect();
            }
            Message::ToolResults { results } => {
                for result in results {
                    let name =
                        called.iter().find(|call| call.id == result.call).map_or("?", |call| &call.name);
                    add(format!("the result of '{name}'"), &result.text);
                }
            }
        }
    }
    parts
}

fn sorted(value: &serde_json::Value) -> String {
    let mut value = value.clone();
    value.sort_all_objects();
    value.to_string()
}

/// Characters that are shown of a text.
const SHOWN: usize = 60;

/// Two texts from shortly before the place where they part.
fn apart<'a>(one: &'a str, other: &'a str) -> (String, String) {
    let same: usize = one
        .chars()
        .zip(other.chars())
        .take_while(|(one, other)| one == other)
        .map(|(c, _)| c.len_utf8())
        .sum();
    let cut = |text: &'a str| {
        let from = text.floor_char_boundary(same.saturating_sub(20));
        let shown: String = text[from..].chars().take(SHOWN).collect();
        let (before, behind) =
            (if from > 0 { "…" } else { "" }, if from + shown.len() < text.len() { "…" } else { "" });
        format!("{before}{shown}{behind}")
    };
    (cut(one), cut(other))
}

#[cfg(test)]
mod tests;
