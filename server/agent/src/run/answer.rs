//! One answer: the way from model to model until somebody has answered, with every turn of it on record.
//!
//! The [`Way`] is where a run stands on its route. It goes forward only: whoever has answered answers to the run's end.
//! Budgets are checked before each try leaves, since the next model may cost more, and the last try has cost something.
//! Tools run when an answer is whole and never before, so a model that is asked again, or instead, repeats no effect.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use copydesk_base::Event;
use copydesk_base::event::{About, OfSummary};
use copydesk_provider::{
    CallError, Carried, Choice, EventStream, Health, Left, ModelEvent, Needs, Request, Route, StopReason,
    ToolCall,
};
use futures_util::{FutureExt, StreamExt};

use crate::budget::account::{self, Reserved, Whom};
use crate::budget::count::{Answering, Seen};
use crate::error::AgentError;
use crate::gate::{own, vault};
use crate::run::Turn;
use crate::run::routed::ModelsOfRun;

/// Where a run stands on its route.
pub(crate) struct Way {
    pub(crate) route: Route,
    at: usize,
    /// Those passed over before the first request.
    pub(crate) left: Vec<Left>,
}

/// What a model answered, whole.
pub(crate) struct Answered {
    pub(crate) text: String,
    pub(crate) calls: Vec<ToolCall>,
    pub(crate) carried: Vec<Carried>,
}

impl Way {
    /// Where nobody can take what will be asked, the first one says why when it is asked.
    pub(crate) fn begin(route: Route, needs: Needs, health: &Health) -> Self {
        let (at, left) = route.first_fit(needs, health).unwrap_or_else(|_| route.start(health));
        Self { route, at, left }
    }

    /// The model that is asked now.
    pub(crate) fn choice(&self) -> &Choice {
        self.route.choices().nth(self.at).unwrap_or(&self.route.first)
    }

    /// That the models of `left` were left for the one that is asked now.
    pub(crate) fn switched(&self, left: &[Left]) -> Vec<Event> {
        let to = self.choice().model_ref();
        let switched = |Left { model, because }: Left| Event::ModelSwitched {
            from: model,
            to: to.clone(),
            reason: because,
        };
        left.iter().cloned().map(switched).collect()
    }

    /// What was asked for, and who answers.
    pub(crate) fn models(&self) -> ModelsOfRun {
        ModelsOfRun {
            requested: (self.route.first.requested.clone())
                .or_else(|| (self.at > 0).then(|| self.route.first.model_ref())),
            active: self.choice().model_ref(),
            fallback_applied: self.at > 0 || self.route.unserved.is_some(),
        }
    }

    /// What the person should know about the chain.
    pub(crate) fn notices(&self) -> impl Iterator<Item = Event> {
        self.route.broken.iter().map(|(name, error)| {
            let text = format!("The fallback '{name}' does not count: {error}. {}", error.advice());
            Event::Notice { text, about: Some(About::Route) }
        })
    }

    /// Who may be asked next; nobody where the error stands.
    fn next(&self, error: &CallError, health: &Health) -> Option<Next> {
        let (at, left) = self.route.next(self.at, error, health)?;
        let choice = self.route.choices().nth(at)?.clone();
        Some(Next { at, choice, left })
    }

    /// Turns to the model that is asked next; answers what to record.
    fn turn(&mut self, next: &Next) -> Vec<Event> {
        self.at = next.at;
        self.switched(&next.left)
    }
}

/// The model that is asked next, if it may be.
struct Next {
    at: usize,
    choice: Choice,
    /// Those that are left for it.
    left: Vec<Left>,
}

/// What an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The person sees it grow, and the conversation goes on with it.
    Talk,
    /// It stands in the place of what was said: on record are its costs, and what is made of it.
    Summary(OfSummary),
}

/// The word behind an answer that is no part of the conversation.
pub(crate) const SUMMARY: &str = "compaction";

/// One request and its whole answer, from whoever can give it.
pub(crate) async fn answer(
    turn: &mut Turn,
    way: &mut Way,
    request: &Request,
    purpose: Purpose,
) -> Result<Answered, AgentError> {
    let mut next: Option<Next> = None;
    loop {
        let error = match of_one(turn, way, &mut next, request, purpose).await {
            Err(AgentError::Model(error)) => error,
            Err(AgentError::Budget(reason)) => {
                let reason = match next {
                    Some(next) => format!("{reason}, so {} was not asked", next.choice.model_ref()),
                    None => reason,
                };
                return unanswered(turn, AgentError::Budget(reason), purpose).await;
            }
            Err(error @ AgentError::NotSent(_)) => return unanswered(turn, error, purpose).await,
            outcome => return outcome,
        };
        next = way.next(&error, turn.settings.models.health());
        if next.is_none() {
            return unanswered(turn, error.into(), purpose).await;
        }
    }
}

/// Writes down that a request came to nothing, and gives the error back.
async fn unanswered(turn: &Turn, error: AgentError, purpose: Purpose) -> Result<Answered, AgentError> {
    let summary = match purpose {
        Purpose::Talk => None,
        Purpose::Summary(of) => Some(of),
    };
    turn.record(vec![Event::Unanswered { error: error.fragment(), summary }]).await?;
    Err(error)
}

/// What became of one try.
enum Tried {
    Answered(Answered),
    Again { error: CallError, tried: u32, wait: Duration },
}

/// One request to one model, and its whole answer. Each try is reserved, and paid for, by itself. The way turns to
/// `next`, which is taken and written down, once that may be asked.
async fn of_one(
    turn: &mut Turn,
    way: &mut Way,
    next: &mut Option<Next>,
    request: &Request,
    purpose: Purpose,
) -> Result<Answered, AgentError> {
    if let Some(error) = turn.settings.models.recorded_refusal(request) {
        return Err(AgentError::NotSent(error));
    }
    let choice = &next.as_ref().map_or(way.choice(), |next| &next.choice).clone();
    // What is kept is nobody asked for, whatever is used up.
    let recalled = turn.settings.models.recalled(choice, request).await;
    let whom = if recalled.is_some() { Whom::Nobody } else { Whom::Server };
    let mut account = account::reserve(turn, choice, request, whom).await?;
    turn.requested += 1;
    let mut events = next.take().map(|next| way.turn(&next)).unwrap_or_default();
    events.extend(own::key(turn, choice));
    events.push(Event::ModelRequested {
        number: turn.requested,
        most: account.most,
        expected: account.expected,
    });
    turn.record(events).await?;
    let request = Request { max_output_tokens: account.cut, ..request.clone() };
    let call = || turn.settings.models.call(choice, request.clone(), turn.cancel.clone());
    let mut stream = recalled.unwrap_or_else(call);
    loop {
        let mut seen = Seen::default();
        // What is reserved is settled whatever happens: a run that panics must not hold a day's budget for an hour.
        let trying = of_try(turn, choice, &mut stream, (&account, purpose), &mut seen);
        let outcome = AssertUnwindSafe(trying).catch_unwind().await;
        seen.is_canceled = turn.cancel.is_cancelled();
        account::settle(turn, choice, account, seen).await?;
        let outcome = outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let (error, tried, wait) = match outcome? {
            Tried::Answered(answered) => return Ok(answered),
            Tried::Again { error, tried, wait } => (error, tried, wait),
        };
        account = match account::reserve(turn, choice, &request, Whom::Server).await {
            Err(AgentError::Budget(reason)) => {
                return Err(AgentError::Budget(format!("{reason}, and the last try failed: {error}")));
            }
            reserved => reserved?,
        };
        if let Some(cut) = account.cut {
            stream.cut_at(cut);
        }
        turn.record(vec![waited(choice, error.to_string(), Some(wait), tried)]).await?;
    }
}

/// Reads on to the end of one try.
async fn of_try(
    turn: &mut Turn,
    choice: &Choice,
    stream: &mut EventStream,
    (account, purpose): (&Reserved, Purpose),
    seen: &mut Seen,
) -> Result<Tried, AgentError> {
    // The calls of the answer so far: the tool, and bytes of its arguments.
    let mut calling: Vec<(String, usize)> = Vec::new();
    // Who answers anew begins anew.
    turn.half.clear();
    loop {
        // A server that does not end where it was told to is hung up on: what it goes on to say would cost more than
        // was kept.
        if let Some(error) = account.hangs_up(seen, choice) {
            turn.settings.models.health().failed(&choice.circuit(), &error);
            return Err(error.into());
        }
        // A cancel ends the stream, which still says what was used.
        let item = stream.next().await;
        seen.hears(item.as_ref(), stream.unread());
        match item {
            Some(Ok(ModelEvent::Started)) => seen.answered = Answering::Begun,
            Some(Ok(ModelEvent::Text(text))) => {
                if purpose == Purpose::Talk {
                    if let Some(piece) = turn.half.take(&text, Instant::now()) {
                        turn.record(vec![piece]).await?;
                    }
                    turn.show(Event::TextDelta { text }).await;
                }
            }
            Some(Ok(ModelEvent::Recalled { age })) => {
                let text = format!(
                    "This answer was kept {} ago and nobody was asked (models.cache); --no-cache asks anew.",
                    span(age)
                );
                turn.record(vec![Event::Notice { text, about: Some(About::Route) }]).await?;
            }
            Some(Ok(ModelEvent::Waiting { reason, wait })) => {
                turn.record(vec![waited(choice, reason, wait, 0)]).await?;
            }
            Some(Ok(ModelEvent::Again { error, tried, wait, usage })) => {
                seen.reported = usage;
                seen.fails(&error);
                return Ok(Tried::Again { error, tried, wait });
            }
            Some(Ok(ModelEvent::CallStarted { name, .. })) => {
                turn.show(Event::ToolCalling { name: name.clone(), bytes: 0 }).await;
                calling.push((name, 0));
            }
            Some(Ok(ModelEvent::CallArguments { call, piece })) => {
                if let Some((name, bytes)) = calling.get_mut(call) {
                    *bytes += piece.len();
                    let (name, bytes) = (name.clone(), *bytes);
                    turn.show(Event::ToolCalling { name, bytes }).await;
                }
            }
            // It comes before the end, also where the end is an error.
            Some(Ok(ModelEvent::Usage(counted))) => seen.reported = counted,
            Some(Ok(ModelEvent::Stopped { text, calls, carried, reason })) => {
                // One that was kept, or is replayed, nobody began: it costs nothing.
                if seen.answered == Answering::Begun {
                    seen.answered = Answering::Whole;
                }
                let usage = account.counted(seen, choice);
                let answered = match purpose {
                    Purpose::Talk => Event::ModelAnswered {
                        text: text.clone(),
                        calls: calls.len(),
                        usage,
                        stopped: reason.as_str().to_owned(),
                    },
                    Purpose::Summary(_) => Event::ModelAnswered {
                        text: String::new(),
                        calls: 0,
                        usage,
                        stopped: SUMMARY.to_owned(),
                    },
                };
                turn.record(vec![answered]).await?;
                turn.half.clear();
                seen.is_told = true;
                if purpose != Purpose::Talk {
                    return match reason {
                        StopReason::Refusal => Err(AgentError::Declined),
                        StopReason::MaxTokens => Err(AgentError::Cut { calls: 0 }),
                        _ => Ok(Tried::Answered(Answered { text, calls: vec![], carried: vec![] })),
                    };
                }
                return match reason {
                    StopReason::Refusal => Err(AgentError::Declined),
                    // What it had said is shown; a run that ends in the middle of a sentence has not succeeded, and of
                    // an answer that is not whole nothing is performed: the next call might have taken the first one
                    // back.
                    StopReason::MaxTokens => {
                        turn.last_text.clone_from(&text);
                        Err(AgentError::Cut { calls: calls.len() })
                    }
                    StopReason::Other(reason) if !calls.is_empty() => {
                        turn.last_text.clone_from(&text);
                        Err(AgentError::Stopped { reason: vault::first_words(&reason), calls: calls.len() })
                    }
                    _ => Ok(Tried::Answered(Answered { text, calls, carried })),
                };
            }
            Some(Ok(_)) => {}
            Some(Err(CallError::Canceled)) => return Err(AgentError::Canceled),
            Some(Err(error)) => {
                seen.fails(&error);
                return Err(error.into());
            }
            None => return Err(AgentError::Budget("the model's stream ended without an answer".to_owned())),
        }
    }
}

/// A span of time in the unit that says enough.
fn span(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}

fn waited(choice: &Choice, reason: String, wait: Option<Duration>, tried: u32) -> Event {
    let wait_ms = wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
    Event::ModelWaited { model: choice.model_ref(), reason, wait_ms, tried }
}
