//! How it is told which model answers, why it is waited for, and that another one answers instead.
//!
//! One sentence for each, the same in every host: nobody should have to guess who reads their code.

use std::time::Duration;

use copydesk_base::Event;

/// The models of a run: what was asked for, and who answered last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelsOfRun {
    /// As it was written, or the one that was left for a fallback; absent where nobody asked for one and none was left.
    pub requested: Option<String>,
    /// `provider/model`.
    pub active: String,
    /// Whether a fallback answers in place of the first choice.
    pub fallback_applied: bool,
}

/// A model as it is shown when a run begins; where nobody asked for one, with the reason.
pub fn model_label(model: &str, requested: Option<&str>, why: &str, offline: bool) -> String {
    let asked = match requested {
        Some(requested) if requested != model => format!(" (asked for: {requested})"),
        None if !offline && !why.is_empty() => format!(" ({why})"),
        _ => String::new(),
    };
    let stand_in = if offline { ", no real model" } else { "" };
    format!("{model}{asked}{stand_in}")
}

/// A sentence for an event about the way to a model; nothing for any other.
pub fn routed(event: &Event) -> String {
    match event {
        Event::ModelWaited { model, reason, wait_ms, tried: 0 } => match wait_ms {
            Some(wait) => format!("{model} is asked in {}: {reason}", span(*wait)),
            None => format!("{model} is asked when its turn comes: {reason}"),
        },
        Event::ModelWaited { model, reason, wait_ms, tried } => {
            let wait = wait_ms.map_or_else(String::new, |wait| format!(" in {}", span(wait)));
            format!("{model} is asked again{wait} (try {}): {reason}", tried + 1)
        }
        Event::ModelSwitched { from, to, reason } => {
            format!("{to} answers instead of {from}: {reason}")
        }
        _ => String::new(),
    }
}

fn span(ms: u64) -> String {
    let span = Duration::from_millis(ms);
    if ms < 10_000 { format!("{:.1} s", span.as_secs_f64()) } else { format!("{} s", span.as_secs()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_turn_of_the_way_is_one_sentence() {
        let waited = |wait_ms, tried| Event::ModelWaited {
            model: "p/m".into(),
            reason: "it is overloaded".into(),
            wait_ms,
            tried,
        };
        let check = |event: Event, expect: &str| assert_eq!(routed(&event), expect);
        check(waited(None, 0), "p/m is asked when its turn comes: it is overloaded");
        check(waited(Some(12_300), 0), "p/m is asked in 12 s: it is overloaded");
        check(waited(Some(812), 1), "p/m is asked again in 0.8 s (try 2): it is overloaded");
        let switched =
            Event::ModelSwitched { from: "p/m".into(), to: "q/n".into(), reason: "it is gone".into() };
        check(switched, "q/n answers instead of p/m: it is gone");
        check(Event::Unknown, "");
        let label = |model, requested, offline| model_label(model, requested, "key found in A_KEY", offline);
        assert_eq!(label("p/m", None, false), "p/m (key found in A_KEY)");
        assert_eq!(label("p/m", Some("p/m"), false), "p/m");
        assert_eq!(label("p/m", Some("p"), false), "p/m (asked for: p)");
        assert_eq!(label("offline/none", None, true), "offline/none, no real model");
    }
}
