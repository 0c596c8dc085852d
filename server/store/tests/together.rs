//! Turns of one conversation at the same time, in several processes: whatever comes first, together they use no more
//! than may be used, and nothing that may be used is refused.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use copydesk_base::{Timestamp, Usage};
use copydesk_store::{Accounts, Conversation, Holder, Reservation, UserStore};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestCaseError};

/// What one conversation may use, in tokens.
const LIMIT: u64 = 60;

const DAY: u64 = 20_000;

/// Processes that were killed. Each has a number of its own, in all cases.
static DEAD: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

fn is_alive(process: u32) -> bool {
    !DEAD.lock().unwrap_or_else(PoisonError::into_inner).contains(&process)
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// A turn begins, and reads in the journal what was used so far.
    Begin {
        who: usize,
    },
    Reserve {
        who: usize,
        most: u64,
    },
    /// Of what is under way, the oldest is answered: that stands in the journal, and is settled later.
    Answered {
        who: usize,
        percent: u64,
    },
    Settle {
        who: usize,
    },
    /// The process ends in the middle of it. What it had under way counts as what it may have cost.
    Kill {
        who: usize,
    },
    /// Nothing happens for long, once all is settled.
    Rest,
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..3_usize;
    prop_oneof![
        2 => who().prop_map(|who| Step::Begin { who }),
        6 => (who(), 1..20_u64).prop_map(|(who, most)| Step::Reserve { who, most }),
        4 => (who(), 0..=100_u64).prop_map(|(who, percent)| Step::Answered { who, percent }),
        4 => who().prop_map(|who| Step::Settle { who }),
        1 => who().prop_map(|who| Step::Kill { who }),
        1 => Just(Step::Rest),
    ]
}

/// One request under way.
struct Request {
    reservation: Reservation,
    most: u64,
    /// What it cost, once it is answered.
    cost: Option<u64>,
}

struct Process {
    user: UserStore,
    number: u32,
    /// What the journal said when its turn began.
    said: Option<u64>,
    requests: Vec<Request>,
}

struct Scene {
    processes: Vec<Process>,
    /// What the journal says.
    written: u64,
    /// What was used, as far as anybody can tell.
    used: u64,
    now: u64,
    next: u32,
}

fn tokens(input_tokens: u64) -> Usage {
    Usage { input_tokens, requests: 1, ..Usage::default() }
}

impl Scene {
    fn new(home: &std::path::Path, first: u32) -> Self {
        let process = |number| Process { user: UserStore::at(home), number, said: None, requests: vec![] };
        Self {
            processes: (first..first + 3).map(process).collect(),
            written: 0,
            used: 0,
            now: 1_000,
            next: first + 3,
        }
    }

    async fn perform(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Begin { who } => self.processes[who].said = Some(self.written),
            Step::Reserve { who, most } => return self.reserve(who, most).await,
            Step::Answered { who, percent } => {
                let open = self.processes[who].requests.iter_mut().find(|request| request.cost.is_none());
                let Some(request) = open else { return Ok(()) };
                let cost = request.most * percent / 100;
                request.cost = Some(cost);
                self.written += cost;
            }
            Step::Settle { who } => {
                let process = &mut self.processes[who];
                let Some(at) = process.requests.iter().position(|request| request.cost.is_some()) else {
                    return Ok(());
                };
                let request = process.requests.remove(at);
                let cost = request.cost.unwrap_or_default();
                let second = Duration::from_secs(1);
                process.user.settle(request.reservation, DAY, tokens(cost), second).await.unwrap();
                self.used += cost;
            }
            Step::Kill { who } => {
                let (number, next) = (self.processes[who].number, self.next);
                DEAD.lock().unwrap_or_else(PoisonError::into_inner).insert(number);
                self.next += 1;
                let process = &mut self.processes[who];
                (process.number, process.said) = (next, None);
                for request in process.requests.drain(..) {
                    // What recovery writes of a request that nobody answered is the most that it may have cost.
                    self.written += if request.cost.is_some() { 0 } else { request.most };
                    self.used += request.most;
                }
            }
            Step::Rest => {
                if self.processes.iter().all(|process| process.requests.is_empty()) {
                    self.now += 8 * 24 * 60 * 60 * 1000;
                    // From here on the journal alone tells.
                    self.used = self.written;
                    self.processes.iter_mut().for_each(|process| process.said = None);
                    self.reserve(0, 0).await?;
                    self.drop_last(0).await;
                }
            }
        }
        Ok(())
    }

    async fn reserve(&mut self, who: usize, most: u64) -> Result<(), TestCaseError> {
        let held: u64 =
            self.processes.iter().flat_map(|process| &process.requests).map(|request| request.most).sum();
        let process = &mut self.processes[who];
        let said = *process.said.get_or_insert(self.written);
        let holder = Holder {
            process: process.number,
            at: Timestamp(self.now),
            is_alive,
            conversation: Some(Conversation {
                session: "ses-own".into(),
                spent: tokens(said),
                time: Duration::ZERO,
            }),
            model: String::new(),
        };
        let decide = move |accounts: Accounts| {
            let taken = accounts.conversation;
            let gone = taken.spent.input_tokens + taken.reserved.input_tokens;
            if gone + most <= LIMIT { Ok((gone, tokens(most))) } else { Err(gone) }
        };
        let decided = process.user.reserve(DAY, holder, decide).await.unwrap();
        let gone = match &decided {
            Ok((gone, _)) | Err(gone) => *gone,
        };
        prop_assert_eq!(gone, self.used + held, "what is used and held");
        if let Ok((_, reservation)) = decided {
            process.requests.push(Request { reservation, most, cost: None });
        }
        Ok(())
    }

    async fn drop_last(&mut self, who: usize) {
        let process = &mut self.processes[who];
        if let Some(Request { reservation, .. }) = process.requests.pop() {
            process.user.settle(reservation, DAY, Usage::default(), Duration::ZERO).await.unwrap();
        }
    }
}

/// Numbers for the processes of another case.
fn fresh() -> u32 {
    static NEXT: Mutex<u32> = Mutex::new(1);
    let mut next = NEXT.lock().unwrap_or_else(PoisonError::into_inner);
    *next += 1_000;
    *next
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        rng_seed: RngSeed::Fixed(5),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn turns_at_the_same_time_share_one_budget(steps in prop::collection::vec(step(), 1..60)) {
        let home = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut scene = Scene::new(home.path(), fresh());
            for step in &steps {
                scene.perform(*step).await?;
                prop_assert!(scene.used <= LIMIT, "more is used than may be");
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}
