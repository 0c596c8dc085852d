//! A conversation that grows too long is shortened to a summary and its last messages.
//!
//! Before each request its size is held against a [`limit`]. Past it, the model is asked for a summary of what lies
//! back, behind the very messages that it knows, so that a provider's cache still serves; that request is reserved and
//! paid for like any other. Where no summary comes, the oldest messages are left out and that is said. What still does
//! not fit then has its tool results folded. A shortening that does not help is tried once more, and then the run
//! stops. It also stops where each of [`CROWDED`] requests in a row had to be shortened: whatever is freed is full
//! again behind one answer, and the run would use up its budget on summaries.
//!
//! Between two shortenings a conversation only grows. Each is an [`Event::Compacted`], from which
//! [`crate::session::transcript`] makes the same messages again.

mod text;

use copydesk_base::config::Compaction;
use copydesk_base::event::OfSummary;
use copydesk_base::{Event, path};
use copydesk_provider::{CallError, Choice, Message, Request};
use serde_json::json;

pub(crate) use text::{WANTED, after};

use crate::budget::account;
use crate::budget::limits::usual_answer;
use crate::error::AgentError;
use crate::hooks::{self, Point};
use crate::run::Turn;
use crate::run::answer::{Purpose, Way, answer};
use crate::run::steer;
use crate::session::transcript::size;

/// The part of a window that may be full, unless set.
const SHARE: f64 = 0.7;
/// The most tokens of a request where nobody knows the window, unless set.
const UNKNOWN: u64 = 100_000;
/// How often a shortening may not help before the run stops.
const FUTILE: u32 = 2;
/// How many requests in a row may have to be shortened before the run stops.
pub(crate) const CROWDED: u32 = 4;

/// How shortening has gone in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shortened {
    /// How many in a row did not help.
    futile: u32,
    /// How many requests in a row had to be.
    crowded: u32,
}

/// A conversation that may have to be shortened.
pub(crate) struct Long<'a> {
    /// The next request.
    pub(crate) request: Request,
    /// What the person asked for.
    pub(crate) task: &'a str,
    pub(crate) shortened: &'a mut Shortened,
}

/// What leaves next.
pub(crate) enum Fitting {
    /// As it was.
    Same(Request),
    /// With fewer messages.
    Short(Request),
}

/// The request, as short as it has to be.
pub(crate) async fn shorten(turn: &mut Turn, way: &mut Way, long: Long<'_>) -> Result<Fitting, AgentError> {
    let Long { mut request, task, shortened } = long;
    let mut is_short = false;
    loop {
        let limit = limit(&turn.settings.context.compaction, way.choice());
        let before = account::expected(turn, way.choice(), &request).await?;
        if before <= limit {
            if !is_short {
                shortened.crowded = 0;
            }
            return Ok(if is_short { Fitting::Short(request) } else { Fitting::Same(request) });
        }
        if !is_short && shortened.crowded >= CROWDED {
            return Err(AgentError::Crowded(CROWDED));
        }
        let start = text::tail(&request.messages, bytes(limit) / 4);
        let fold = text::fold_to(&request.messages, bytes(limit) / 2);
        let event = match (start, fold) {
            (None, None) if shortened.futile == 0 => {
                alone(turn, way.choice(), before).await?;
                return Ok(Fitting::Same(request));
            }
            (start, fold) if shortened.futile >= FUTILE || (start, fold) == (None, None) => {
                return Err(AgentError::TooLong { tokens: before, limit });
            }
            // Results are folded where there is nothing before them, or where a summary was not enough.
            (Some(start), fold) if shortened.futile == 0 || fold.is_none() => {
                hooks::at(turn, Point::PreCompact, None, json!({"tokens": before, "limit": limit})).await?;
                let kept = request.messages.len() - start;
                let summary = summary(turn, way, &request, OfSummary { kept, before }).await?;
                let (left_out, rest) = request.messages.split_at(start);
                let said = turn.steered.len().saturating_sub(steer::count(rest));
                let known = text::Known { task, said: &turn.steered[..said], changed: &changed(turn) };
                // One that is longer than what it stands for is none.
                let size = left_out.iter().map(size).sum();
                let summary = summary.filter(|summary| summary.len() < size);
                let text = text::note(left_out, known, summary.as_deref());
                let text = turn.shared.hidden(&text, &turn.settings.redactor);
                let kept = rest.len();
                Event::Compacted { text, summary, kept, fold: None, before, after: 0 }
            }
            (_, fold) => {
                let kept = request.messages.len();
                Event::Compacted { text: String::new(), summary: None, kept, fold, before, after: 0 }
            }
        };
        request.messages = text::after(&request.messages, &event);
        turn.counted = None;
        let now = account::expected(turn, way.choice(), &request).await?;
        // Nor did it help where it made nothing shorter.
        shortened.futile = if now <= limit / 4 * 3 && now < before { 0 } else { shortened.futile + 1 };
        turn.record(told(event, now)).await?;
        shortened.crowded += u32::from(!is_short);
        is_short = true;
    }
}

/// A question alone is not ours to shorten. Whether it fits is for its model to say, where that says anything.
async fn alone(turn: &Turn, choice: &Choice, tokens: u64) -> Result<(), AgentError> {
    let model = choice.model_ref();
    if let Some(window) = choice.cut_beyond().filter(|window| tokens > *window) {
        return Err(AgentError::TooLarge { model, tokens, window });
    }
    let Some(window) = choice.facts.context_window.filter(|window| tokens > *window) else { return Ok(()) };
    let text = format!(
        "This request has ≈ {tokens} tokens, and the window of {model} holds {window}: its server may refuse it."
    );
    turn.record(vec![Event::notice(text)]).await
}

/// The files that the run has changed, as people know them.
fn changed(turn: &Turn) -> Vec<String> {
    let made = turn.changes.iter().filter(|(_, is_applied)| *is_applied);
    let mut files: Vec<String> = made.map(|(file, _)| path::shown(&turn.settings.root, file)).collect();
    files.sort();
    files.dedup();
    files
}

/// The event with what has come of it, and a sentence for the person.
fn told(event: Event, now: u64) -> Vec<Event> {
    let Event::Compacted { text, summary, kept, fold, before, .. } = event else { return vec![event] };
    let how = match (&summary, fold) {
        (_, Some(fold)) => format!("long tool results were cut to {fold} bytes"),
        (Some(_), None) => format!("a summary and the last {kept} messages stand for all of it"),
        (None, None) => {
            format!("no summary came that is shorter, so that all but the last {kept} messages are left out")
        }
    };
    let notice = format!(
        "The conversation was too long and is shortened (context.compaction): {how}; ≈ {before} tokens are ≈ {now}."
    );
    vec![Event::Compacted { text, summary, kept, fold, before, after: now }, Event::notice(notice)]
}

/// A summary of the first messages, from the model; nothing where it has none to give.
async fn summary(
    turn: &mut Turn,
    way: &mut Way,
    request: &Request,
    of: OfSummary,
) -> Result<Option<String>, AgentError> {
    let mut messages = request.messages[..request.messages.len() - of.kept].to_vec();
    messages.push(Message::user(text::WANTED));
    let request = Request { messages, schema: None, ..request.clone() };
    match answer(turn, way, &request, Purpose::Summary(of)).await {
        Ok(answered) => Ok(Some(answered.text.trim().to_owned()).filter(|text| !text.is_empty())),
        // Money, the person and the journal decide, and a recording that has no such request; anything else is only a
        // summary less.
        Err(
            error @ (AgentError::Budget(_)
            | AgentError::NotSent(_)
            | AgentError::Canceled
            | AgentError::Journal(_)
            | AgentError::Model(CallError::NotRecorded { .. })),
        ) => Err(error),
        Err(error) => {
            tracing::warn!(%error, "no summary of a long conversation");
            Ok(None)
        }
    }
}

/// The most tokens of a request: the first of what the settings say absolutely and of the window.
pub(crate) fn limit(set: &Compaction, choice: &Choice) -> u64 {
    let share = set.share.filter(|share| share.is_finite()).unwrap_or(SHARE).clamp(0.1, 1.0);
    let of_window = choice.facts.context_window.map(|window| {
        // A model that may answer with its whole window still needs room to be asked.
        let reserve = u64::from(usual_answer(choice)).min(window / 4);
        scaled(window - reserve, share)
    });
    match (set.tokens, of_window) {
        (Some(tokens), Some(of_window)) => tokens.min(of_window),
        (tokens, of_window) => tokens.or(of_window).unwrap_or(UNKNOWN),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a part of a positive number, which no window is too large for"
)]
fn scaled(tokens: u64, share: f64) -> u64 {
    (tokens as f64 * share) as u64
}

/// Tokens as bytes, as estimates count.
fn bytes(tokens: u64) -> usize {
    usize::try_from(tokens).unwrap_or(usize::MAX).saturating_mul(crate::context::opening::BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::limits::tests::choice;

    #[test]
    fn the_first_of_both_limits_counts() {
        // A window of a million and answers of up to 32 000.
        let known = choice("gpt-4.1", "https://a.example/v1");
        let unknown = choice("own", "https://a.example/v1");
        let set = |share: Option<f64>, tokens: Option<u64>| Compaction { share, tokens };
        for (set, choice, expect) in [
            (set(None, None), &known, 677_600),
            (set(Some(0.5), None), &known, 484_000),
            (set(None, Some(5_000)), &known, 5_000),
            (set(None, Some(9_000_000)), &known, 677_600),
            (set(None, None), &unknown, UNKNOWN),
            (set(Some(0.5), Some(7)), &unknown, 7),
            (set(Some(9.0), None), &known, 968_000),
            (set(Some(f64::NAN), None), &known, 677_600),
        ] {
            assert_eq!(limit(&set, choice), expect, "{set:?}");
        }
        let mut small = known.clone();
        small.facts.context_window = Some(8_000);
        assert_eq!(
            limit(&Compaction::default(), &small),
            4_200,
            "three quarters of the window are left to ask with"
        );
    }
}
