//! How far a run is, in percent, where something counts it: the layers of a pipeline with their workers, or the list of
//! what is to be done that the model keeps. It never goes back. From that and the time so far comes about how long the
//! rest takes.

use std::time::{Duration, Instant};

use copydesk_base::Event;
use copydesk_base::event::TodoState;

/// How far one run is.
pub(super) struct Measure {
    began: Instant,
    layers: Layers,
    /// How much is done, once something has counted it.
    pub(super) percent: Option<u32>,
}

impl Measure {
    /// That of a run which begins, with so many layers where it is a pipeline.
    pub(super) fn begin(layers: usize) -> Self {
        let percent = (layers > 0).then_some(0);
        Self { began: Instant::now(), layers: Layers::default(), percent }
    }

    /// Counts what is done: never less than before.
    pub(super) fn count(&mut self, event: &Event) {
        let done = match event {
            Event::Planned { items } => {
                let done = items.iter().filter(|item| item.state == TodoState::Done).count();
                Some(part(done, items.len()))
            }
            event => self.layers.take(event).then(|| self.layers.percent()),
        };
        self.percent = self.percent.max(done);
    }

    /// About how long the rest takes, in words, where that can be told.
    pub(super) fn rest(&self) -> Option<String> {
        rest(self.began.elapsed(), self.percent?)
    }
}

/// Where a pipeline is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Layers {
    of: usize,
    /// The layer at work, counted from one.
    number: usize,
    /// Those that were called to work in it, and those of them that have ended.
    called: usize,
    ended: usize,
}

impl Layers {
    /// Takes in what happened; whether it says where the pipeline is.
    fn take(&mut self, event: &Event) -> bool {
        match event {
            Event::LayerBegun { number, of, .. } => {
                *self = Self { of: *of, number: *number, called: 0, ended: 0 };
            }
            Event::AgentCalled { .. } => self.called += 1,
            Event::AgentReturned { .. } => self.ended += 1,
            _ => return false,
        }
        self.of > 0
    }

    fn percent(self) -> u32 {
        let workers = self.called.max(1);
        part(self.number.saturating_sub(1) * workers + self.ended.min(workers), self.of * workers)
    }
}

/// So many of so many, in percent.
fn part(done: usize, of: usize) -> u32 {
    u32::try_from(done.min(of) * 100 / of.max(1)).unwrap_or(100)
}

/// Less is no time from which the rest could be told.
const SOON: Duration = Duration::from_secs(5);

/// About how long the rest takes, in words, where that can be told.
fn rest(elapsed: Duration, percent: u32) -> Option<String> {
    let is_known = elapsed >= SOON && (5..100).contains(&percent);
    let left = is_known.then(|| (elapsed * (100 - percent) / percent).as_secs())?;
    Some(match left {
        0..90 => format!("≈ {left} s left"),
        90.. => format!("≈ {} min left", left.div_ceil(60)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use copydesk_base::RunStatus;

    #[test]
    fn how_far_a_run_is_never_goes_back() {
        let layer = |number| Event::LayerBegun { number, of: 2, name: "plan".into() };
        let called = || Event::AgentCalled {
            call: "cal-1".into(),
            run: "run-1".into(),
            agent: "plan".into(),
            task: String::new(),
        };
        let returned = || Event::AgentReturned {
            call: "cal-1".into(),
            run: "run-1".into(),
            status: RunStatus::Succeeded,
            usage: copydesk_base::Usage::default(),
            models: std::collections::BTreeMap::new(),
        };
        let planned = |done: usize, of: usize| Event::Planned {
            items: (0..of)
                .map(|at| copydesk_base::event::Todo {
                    text: String::new(),
                    state: if at < done { TodoState::Done } else { TodoState::Open },
                })
                .collect(),
        };
        for (events, expect) in [
            (vec![Event::told("")], vec![None]),
            // A helper that a model calls is no part of a whole that anybody knows.
            (vec![called(), returned()], vec![None, None]),
            (
                vec![layer(1), called(), returned(), layer(2), called(), called(), returned(), returned()],
                [0, 0, 50, 50, 50, 50, 75, 100].map(Some).to_vec(),
            ),
            // Work that is tried again takes nothing back.
            (vec![layer(1), called(), returned(), called()], [0, 0, 50, 50].map(Some).to_vec()),
            (
                vec![planned(1, 4), planned(1, 8), planned(8, 8), planned(0, 0)],
                [25, 25, 100, 100].map(Some).to_vec(),
            ),
        ] {
            let mut measure = Measure::begin(0);
            let counted: Vec<Option<u32>> = events
                .iter()
                .map(|event| {
                    measure.count(event);
                    measure.percent
                })
                .collect();
            assert_eq!(counted, expect, "{events:?}");
        }
    }

    #[test]
    fn how_long_the_rest_takes_is_told_once_it_can_be() {
        for (elapsed, percent, expect) in [
            (4, 50, None),
            (60, 0, None),
            (60, 100, None),
            (20, 50, Some("≈ 20 s left")),
            (60, 25, Some("≈ 3 min left")),
            (601, 50, Some("≈ 11 min left")),
        ] {
            let rest = rest(Duration::from_secs(elapsed), percent);
            assert_eq!(rest.as_deref(), expect, "{elapsed} s, {percent} %");
        }
    }
}
