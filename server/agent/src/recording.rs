//! A conversation as its journal has it, made ready to be replayed.
//!
//! Every answer of a model becomes an exchange with all that was said before it. An answer whose calls were not all
//! written down, because the run was cut short in between, is none: what the model wanted then is not known.

use std::collections::HashSet;

use copydesk_base::{Event, Record, RunId};
use copydesk_provider::{Exchange, Message, Recording, StopReason};

use crate::{rewind, session};

/// The recording of a conversation's runs, oldest first, that was made in the workspace `root`.
pub fn recording(origin: String, root: String, runs: &[Vec<Record>]) -> Recording {
    let (mut turns, mut gone) = (Vec::<(&RunId, Vec<Message>)>::new(), HashSet::new());
    let (mut model, mut exchanges) = (None, Vec::new());
    for records in runs {
        // What the person went back behind was not said to the model any more.
        let told = turns.iter().filter(|(run, _)| !gone.contains(*run)).map(|(_, messages)| messages.clone());
        let past: Vec<Message> = told.collect::<Vec<_>>().concat();
        for (at, record) in records.iter().enumerate() {
            match &record.event {
                Event::RunStarted { model: first, .. } if model.is_none() => model = Some(first.clone()),
                Event::ModelAnswered { text, calls: count, stopped, .. } => {
                    let calls = session::calls(&records[at + 1..]);
                    let reason = StopReason::of_word(stopped, *count);
                    // Of an answer that was cut nothing was performed, so nothing is missing.
                    if calls.len() == *count || !stopped.is_empty() {
                        let asked = [past.clone(), session::messages(&records[..at])].concat();
                        exchanges.push(Exchange { asked, text: text.clone(), calls, reason });
                    }
                }
                _ => {}
            }
        }
        gone.extend(rewind::dropped(records));
        turns.extend(records.first().map(|first| (&first.run, session::messages(records))));
    }
    Recording::new(origin, model.unwrap_or_default(), root, exchanges)
}
