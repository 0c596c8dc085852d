//! What commands did to files, in words: for whoever reads a conversation, and for a model that was not told.
//!
//! Told are the records; nothing is looked at on the disk, and nothing is judged here.

use std::collections::HashSet;
use std::path::Path;

use copydesk_base::{CallId, ChangeId, Event};

/// What a command did to a file, in words.
pub(crate) fn deed(event: &Event, shown: impl Fn(&Path) -> String) -> Option<String> {
    match event {
        Event::CommandChanged { path, before, after, instead, .. } => {
            let how = match (after, instead) {
                (Some(_), _) => "changed".to_owned(),
                (None, None) => "took away".to_owned(),
                (None, Some(instead)) if before.is_none() => format!("put {} at", instead.as_str()),
                (None, Some(instead)) => format!("put {} in the place of", instead.as_str()),
            };
            Some(format!("a command {how} {}", shown(path)))
        }
        Event::CommandTook { path, reason, overwritten, .. } => {
            let how = if *overwritten { "changed" } else { "took away" };
            Some(format!("a command {how} {}: {reason}", shown(path)))
        }
        _ => None,
    }
}

/// What commands did to files whose results the model of the run never got, in words.
pub(crate) fn deeds<'e>(
    events: impl Iterator<Item = &'e Event>,
    shown: impl Fn(&Path) -> String,
) -> Vec<String> {
    let (mut open, mut deeds) = (HashSet::new(), Vec::new());
    for event in events {
        let (call, change) = match event {
            Event::ToolCalled { call, .. } => {
                open.insert(call);
                continue;
            }
            Event::ToolReturned { call, .. } => {
                deeds.retain(|deed: &Deed<'_>| deed.call != call);
                continue;
            }
            Event::Undone { change, redo: false, .. } => {
                deeds.retain(|deed| deed.change != Some(change));
                continue;
            }
            Event::CommandChanged { call, change, .. } => (call, Some(change)),
            Event::CommandTook { call, .. } => (call, None),
            _ => continue,
        };
        if let Some(text) = deed(event, &shown).filter(|_| open.contains(call)) {
            deeds.push(Deed { call, change, text });
        }
    }
    deeds.into_iter().map(|deed| deed.text).collect()
}

/// What a command did, and by which it is taken back.
struct Deed<'r> {
    call: &'r CallId,
    change: Option<&'r ChangeId>,
    text: String,
}
