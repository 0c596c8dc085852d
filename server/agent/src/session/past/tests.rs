//! A conversation read from its end, held beside the same read whole.

use copydesk_base::event::Written;
use copydesk_base::{Timestamp, Usage};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestCaseError};
use serde_json::json;

use super::*;
use crate::bench::Bench;
use crate::session::keeping;
use crate::session::transcript;

/// The windows that every conversation is read for: hardly anything, some of it, nearly all, and not known.
const WINDOWS: [Option<u64>; 4] = [Some(8), Some(120), Some(2_000), None];

/// What may happen to a conversation.
#[derive(Clone, Debug)]
enum Step {
    /// A run that goes on with it, and how its process leaves it.
    Run(Vec<Piece>, Left),
    /// One that had not ended does a little more, and perhaps ends.
    Later(usize, Vec<Piece>, Left),
    /// From a turn on nothing counts any more; with something asked instead it is a retry.
    Rewind(usize, Option<Vec<Piece>>),
    /// An edit of a run that has ended is taken back.
    Undo(usize),
    /// It goes on in a copy.
    Fork(usize),
}

/// How a run is left.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Left {
    Ended,
    /// Killed, or still at work elsewhere.
    Open,
    /// Ended, and written by a version that carries nothing.
    Older,
}

/// What a run is made of, with how much of it.
#[derive(Clone, Debug)]
enum Piece {
    Told(usize),
    Answered(usize, u32),
    Called(usize),
    Unanswered,
    Lost(u32),
    Helped(u32),
    Tainted(Grade),
    Shortened { kept: usize, text: usize, fold: Option<usize> },
}

fn piece() -> impl Strategy<Value = Piece> {
    let grade =
        prop_oneof![Just(Grade::Own), Just(Grade::Dependency), Just(Grade::Tool), Just(Grade::Stranger)];
    prop_oneof![
        3 => (0_usize..90).prop_map(Piece::Told),
        4 => ((0_usize..90), any::<u32>()).prop_map(|(size, usage)| Piece::Answered(size, usage)),
        3 => (0_usize..300).prop_map(Piece::Called),
        1 => Just(Piece::Unanswered),
        1 => any::<u32>().prop_map(Piece::Lost),
        1 => any::<u32>().prop_map(Piece::Helped),
        1 => grade.prop_map(Piece::Tainted),
        1 => (0_usize..12, 0_usize..40, prop::option::of(0_usize..250))
            .prop_map(|(kept, text, fold)| Piece::Shortened { kept, text, fold }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let pieces = || prop::collection::vec(piece(), 0..8);
    let left = || prop_oneof![6 => Just(Left::Ended), 1 => Just(Left::Open), 1 => Just(Left::Older)];
    prop_oneof![
        8 => (pieces(), left()).prop_map(|(pieces, left)| Step::Run(pieces, left)),
        2 => (any::<usize>(), pieces(), left()).prop_map(|(which, pieces, left)| Step::Later(which, pieces, left)),
        2 => (0_usize..6, prop::option::of(pieces())).prop_map(|(back, instead)| Step::Rewind(back, instead)),
        1 => any::<usize>().prop_map(Step::Undo),
        1 => any::<usize>().prop_map(Step::Fork),
    ]
}

/// Money in parts that add up to the same in any order.
fn usage(chance: u32) -> Usage {
    let (input_tokens, output_tokens) = (u64::from(chance % 1_000), u64::from(chance % 77));
    let usd = chance.is_multiple_of(2).then(|| f64::from(chance % 4_096) / 1_024.0);
    Usage {
        input_tokens,
        output_tokens,
        cached_tokens: input_tokens / 3,
        requests: 1,
        usd,
        estimated: chance.is_multiple_of(9),
    }
}

fn events(pieces: &[Piece]) -> Vec<Event> {
    let mut events = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let call = || copydesk_base::CallId::from(format!("cal-{at}").as_str());
        let answered = |size: usize, calls, usage| {
            let text = "a".repeat(size);
            Event::ModelAnswered { text, calls, usage, stopped: String::new() }
        };
        let called = || Event::ToolCalled {
            call: call(),
            name: "read".to_owned(),
            arguments: json!({"path": "a"}),
            written: Written::default(),
        };
        match piece {
            Piece::Told(size) => events.push(Event::told("t".repeat(*size))),
            Piece::Answered(size, chance) => events.push(answered(*size, 0, usage(*chance))),
            Piece::Called(size) => {
                let text = "r\n".repeat(size / 2);
                let returned = Event::ToolReturned { call: call(), text, failed: false };
                events.extend([answered(3, 1, usage(1)), called(), returned]);
            }
            Piece::Unanswered => events.extend([answered(0, 1, Usage::default()), called()]),
            Piece::Lost(chance) => {
                events.push(Event::TryLost { model: "m/lost".to_owned(), usage: usage(*chance) });
            }
            Piece::Helped(chance) => events.push(Event::AgentReturned {
                call: call(),
                run: "run-helper".into(),
                status: copydesk_base::RunStatus::Succeeded,
                usage: usage(*chance),
                models: [("m/helper".to_owned(), usage(*chance))].into(),
            }),
            Piece::Tainted(grade) => {
                events.push(Event::Tainted { grade: *grade, source: "a file".to_owned() });
            }
            Piece::Shortened { kept, text, fold } => events.push(Event::Compacted {
                text: "s".repeat(*text),
                summary: None,
                kept: *kept,
                fold: *fold,
                before: 9,
                after: 1,
            }),
        }
    }
    events
}

/// A conversation that is written, and read in both ways.
struct Scene {
    bench: Bench,
    session: SessionId,
    clock: u64,
    runs: u32,
}

impl Scene {
    fn journal(&self) -> &Journal {
        &self.bench.desk.shared.world.journal
    }

    async fn append(&mut self, run: &RunId, events: Vec<Event>) {
        let before = self.journal().records(run).await.unwrap().last().map_or(0, |record| record.seq);
        let mut records = Vec::new();
        for (seq, event) in (before + 1..).zip(events) {
            self.clock += 7;
            records.push(Record { run: run.clone(), seq, at: Timestamp(self.clock), event });
        }
        self.journal().append(records).await.unwrap();
    }

    async fn finish(&mut self, run: &RunId) {
        let usage = Sums::of([self.journal().records(run).await.unwrap().as_slice()]).all;
        let (status, text) = (copydesk_base::RunStatus::Succeeded, String::new());
        let finished = Event::RunFinished { status, text, error: None, usage, denied: vec![] };
        self.append(run, vec![finished]).await;
    }

    async fn run(&mut self, pieces: &[Piece], left: Left) {
        self.runs += 1;
        let run = RunId::from(format!("run-own-{}", self.runs).as_str());
        let carried = match past(self.journal(), &self.session, None, None).await {
            Ok(past) if left != Left::Older => past.carried,
            Ok(_) | Err(_) => None,
        };
        let started = Event::RunStarted {
            session: self.session.clone(),
            title: "ask".to_owned(),
            prompt: String::new(),
            action: "ask".to_owned(),
            origin: None,
            model: "m/one".to_owned(),
            requested: None,
            why: String::new(),
            offline: false,
            mode: "default".to_owned(),
            process: None,
            agent: String::new(),
            parent: None,
            again: None,
            root: None,
            layers: 0,
            carried,
        };
        let mut all = vec![started];
        all.extend(events(pieces));
        self.append(&run, all).await;
        if left != Left::Open {
            self.finish(&run).await;
        }
    }

    /// The runs of the conversation with or without an end.
    async fn ended(&self, has_ended: bool) -> Vec<RunId> {
        let rows = self.journal().session(&self.session).await.unwrap();
        rows.into_iter().filter(|row| row.status.is_some() == has_ended).map(|row| row.run).collect()
    }

    async fn perform(&mut self, step: &Step) {
        match step {
            Step::Run(pieces, left) => self.run(pieces, *left).await,
            Step::Later(which, pieces, left) => {
                let open = self.ended(false).await;
                let Some(run) = open.get(which % open.len().max(1)) else { return };
                self.append(run, events(pieces)).await;
                if *left != Left::Open {
                    self.finish(run).await;
                }
            }
            Step::Rewind(back, instead) => {
                let ended = self.ended(true).await;
                let gone = gone(self.journal(), &self.session).await.unwrap();
                let counted: Vec<RunId> = ended.into_iter().filter(|run| !gone.contains(run)).collect();
                let turns = counted[counted.len().saturating_sub(back + 1)..].to_vec();
                let Some(first) = turns.first().cloned() else { return };
                self.append(&first, vec![Event::Rewound { runs: turns }]).await;
                if let Some(pieces) = instead {
                    self.run(pieces, Left::Ended).await;
                }
            }
            Step::Undo(which) => {
                let ended = self.ended(true).await;
                let Some(run) = ended.get(which % ended.len().max(1)) else { return };
                self.append(run, vec![Event::notice("taken back")]).await;
            }
            Step::Fork(which) => {
                let ended = self.ended(true).await;
                let last = ended.get(which % ended.len().max(1));
                // A conversation that is under way is not copied.
                if let Ok(copy) = keeping::fork(&self.bench.desk.shared, &self.session, last).await {
                    self.session = copy;
                }
            }
        }
    }

    /// The same as it was read before there was another way: every run, from the first.
    async fn whole(&self, window: Option<u64>) -> Option<(Vec<Message>, Option<usize>, Grade, Spent)> {
        let rows = self.journal().session(&self.session).await.unwrap();
        let (mut runs, mut grade, mut spent) = (Vec::new(), Grade::Typed, Spent::default());
        for row in rows {
            let records = self.journal().records(&row.run).await.unwrap();
            grade = grade.max(worst(&records));
            let Sums { all: usage, time, .. } = Sums::of([records.as_slice()]);
            spent.add(Spent { usage, time });
            runs.push(records);
        }
        (!runs.is_empty()).then(|| {
            let Kept { messages, count: kept, .. } = within(transcript::turns(&runs), 0, room(window, None));
            (messages, kept, grade, spent)
        })
    }

    async fn compare(&self) -> Result<(), TestCaseError> {
        for window in WINDOWS {
            let read = past(self.journal(), &self.session, window, None).await.ok();
            let read = read.map(|past| (past.earlier.messages, past.earlier.count, past.grade, past.spent));
            prop_assert_eq!(read, self.whole(window).await, "{:?}", window);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        rng_seed: RngSeed::Fixed(6),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_read_from_the_end_is_what_the_whole_says(steps in prop::collection::vec(step(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut scene =
                Scene { bench: Bench::new(), session: "ses-own".into(), clock: 1_000, runs: 0 };
            for step in &steps {
                scene.perform(step).await;
                scene.compare().await?;
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}

#[tokio::test]
async fn of_many_runs_the_last_tells_what_came_before() {
    let mut scene = Scene { bench: Bench::new(), session: "ses-own".into(), clock: 1_000, runs: 0 };
    let pieces = [Piece::Told(40), Piece::Answered(40, 1_000)];
    for left in [Left::Older, Left::Older, Left::Open, Left::Ended, Left::Ended] {
        scene.run(&pieces, left).await;
    }
    let carried = past(scene.journal(), &scene.session, None, None).await.unwrap().carried.unwrap();
    assert_eq!(
        (carried.run.as_str(), carried.seq, carried.usage.requests, carried.open),
        ("run-own-5", 4, 4, vec!["run-own-3".into()])
    );
}

#[test]
fn the_newest_whole_turns_that_fit_go_along() {
    let turn = |text: &str| vec![Message::user(text), Message::user("x".repeat(10))];
    let turns = || vec![turn("one"), turn("two"), turn("three")];
    let left_out = "[Earlier turns of this conversation are left out.]";
    // Three quarters of 12 tokens are 36 bytes: the newest two turns have 28.
    let two = [vec![Message::user(left_out)], turn("two"), turn("three")].concat();
    let none = vec![Message::user(left_out)];
    for (window, set, messages, kept, gone) in [
        (None, None, turns().concat(), None, 0),
        (Some(12), None, two.clone(), Some(2), 1),
        (Some(2), None, none.clone(), Some(0), 3),
        // What the settings say binds where it is less.
        (Some(100), Some(9), two, Some(2), 1),
        (Some(100), Some(0), none, Some(0), 3),
        (Some(100), Some(90), turns().concat(), None, 0),
    ] {
        let expect = Kept { messages, count: kept, left_out: gone };
        assert_eq!(within(turns(), 0, room(window, set)), expect, "{window:?} {set:?}");
    }
}
