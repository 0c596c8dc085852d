//! A conversation as its journal has it, made ready to be replayed.
//!
//! Every answer of a model becomes an exchange with all that was said before it. An answer whose calls were not all
//! written down, because the run was cut short in between, is none: what the model wanted then is not known.

use copydesk_base::{Event, Record};
use copydesk_provider::{Exchange, Message, Recording, StopReason};

use crate::context::compact;
use crate::run::answer::SUMMARY;
use crate::session::transcript;

/// The recording of a conversation's runs, oldest first, that was made in the workspace `root`.
pub fn recording(origin: String, root: String, runs: &[Vec<Record>]) -> Recording {
    let (mut model, mut exchanges) = (None, Vec::new());
    for (run, records) in runs.iter().enumerate() {
        // What the person went back behind was not said to the model any more.
        let past = transcript::turns(&runs[..run]);
        for (at, record) in records.iter().enumerate() {
            let asked = || transcript::with(past.clone(), &records[..at]).concat();
            match &record.event {
                Event::RunStarted { model: first, .. } if model.is_none() => model = Some(first.clone()),
                Event::ModelAnswered { stopped, .. } if stopped == SUMMARY => {}
                Event::ModelAnswered { text, calls: count, stopped, .. } => {
                    let calls = transcript::calls(&records[at + 1..]);
                    let reason = StopReason::of_word(stopped, *count);
                    // Of an answer that was cut nothing was performed, so nothing is missing.
                    if calls.len() == *count || !stopped.is_empty() {
                        exchanges.push(Exchange { asked: asked(), text: text.clone(), calls, reason });
                    }
                }
                Event::Compacted { summary: Some(summary), kept, .. } => {
                    let mut asked = asked();
                    asked.truncate(asked.len().saturating_sub(*kept));
                    asked.push(Message::user(compact::WANTED));
                    let text = summary.clone();
                    exchanges.push(Exchange { asked, text, calls: vec![], reason: StopReason::EndTurn });
                }
                _ => {}
            }
        }
    }
    Recording::new(origin, model.unwrap_or_default(), root, exchanges)
}
