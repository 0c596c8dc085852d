//! The board's transitions, by example and by chance.

use super::*;
use copydesk_base::change::{Base, Hunk, HunkState};
use copydesk_base::config::Mode;
use proptest::prelude::*;
use std::path::Path;

fn policy() -> Policy {
    Policy {
        root: "/w".into(),
        additional: vec![],
        home: None,
        state_home: "/state".into(),
        mode: Mode::Default,
        taint: copydesk_base::Grade::Typed,
        rules: vec![],
        started: [].into(),
    }
}

fn plan(run: &RunId, id: usize) -> Arc<ChangePlan> {
    let hunk =
        |at: usize| Hunk { span: copydesk_base::Span::at(at), text: "x\n".into(), state: HunkState::Pending };
    Arc::new(ChangePlan {
        id: ChangeId(format!("chg-{id}")),
        run: run.clone(),
        call: "cal-1".into(),
        path: "/w/a".into(),
        base: Base::Absent,
        before: String::new(),
        hunks: vec![hunk(0), hunk(0)],
        checked: None,
    })
}

/// One thing that happens to a board.
#[derive(Clone, Debug)]
enum Step {
    /// A run asks: for a command of this number, or, if none, for an edit.
    Ask {
        run: usize,
        command: Option<usize>,
    },
    Decide {
        nth: usize,
        allow: bool,
    },
    Show {
        nth: usize,
    },
    Hunk {
        nth: usize,
        hunk: usize,
        apply: bool,
    },
    End {
        run: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..4usize, prop::option::of(0..3usize)).prop_map(|(run, command)| Step::Ask { run, command }),
        (0..6usize, any::<bool>()).prop_map(|(nth, allow)| Step::Decide { nth, allow }),
        (0..6usize).prop_map(|nth| Step::Show { nth }),
        (0..6usize, 0..3usize, any::<bool>()).prop_map(|(nth, hunk, apply)| Step::Hunk { nth, hunk, apply }),
        (0..4usize).prop_map(|run| Step::End { run }),
    ];
    prop::collection::vec(step, 1..40)
}

/// The `nth` of some keys, going around.
fn nth<K: Clone>(mut keys: impl ExactSizeIterator<Item = K>, nth: usize) -> Option<K> {
    let count = keys.len();
    if count == 0 { None } else { keys.nth(nth % count) }
}

proptest! {
    /// Whatever happens in whatever order: nobody who asked is answered twice or left without an answer while their run
    /// goes on, an answer never counts a hunk both ways, and nothing waits for nobody.
    #[test]
    fn every_question_is_answered_once(steps in steps()) {
        let mut board = Board::default();
        let mut waiting: Vec<(usize, oneshot::Receiver<Answer>)> = vec![];
        let mut ids = 0..;
        let run_id = |run: usize| RunId(format!("run-{run}"));
        for step in steps {
            match step {
                Step::Ask { run, command } => {
                    let id = ids.next().unwrap_or(0);
                    let (reply, answer) = oneshot::channel();
                    waiting.push((run, answer));
                    let change = command.is_none().then(|| plan(&run_id(run), id));
                    let effect = match command {
                        Some(number) => Effect::Execute { command: format!("make {number}"), cwd: "/w".into() },
                        None => Effect::Write { path: "/w/a".into() },
                    };
                    let asked = Asked {
                        run: run_id(run), call: "cal-1".into(), effect, text: String::new(), whole: true,
                        always: vec![], origin: None, change, policy: policy(), home: "/w".into(),
                        timeout: Duration::from_secs(1), redactor: Redactor::default(), reply,
                    };
                    put(&mut board, ApprovalId(format!("apr-{id}")), asked);
                }
                Step::Decide { nth: at, allow } => {
                    if let Some(id) = nth(board.pending.keys().cloned().collect::<Vec<_>>().into_iter(), at) {
                        let denied = Settlement::Denied { by: "person".into(), reason: "no".into(), said: None };
                        board.settle(&id, &if allow { Settlement::Once } else { denied });
                    }
                }
                Step::Show { nth: at } => {
                    if let Some(id) = nth(board.pending.keys().cloned().collect::<Vec<_>>().into_iter(), at) {
                        prop_assert!(board.show(&id).is_ok());
                    }
                }
                Step::Hunk { nth: at, hunk, apply } => {
                    if let Some(id) = nth(board.reviews.keys().cloned().collect::<Vec<_>>().into_iter(), at) {
                        let (_, taken, refused) = board.reserve(&id, Some(&[hunk])).unwrap();
                        prop_assert_eq!(taken.len() + refused.len(), 1);
                        let settled = if apply { board.applied(&id, &taken) } else { board.rejected(&id, &taken) };
                        if let Some(approval) = settled {
                            board.settle(&approval, &Settlement::Reviewed);
                        }
                    }
                }
                Step::End { run } => {
                    for orphan in board.end(&run_id(run)) {
                        board.settle(&orphan, &Settlement::Denied { by: "nobody".into(), reason: "ended".into(), said: None });
                    }
                    // Whoever ended hears nothing more.
                    waiting.retain(|(asked, _)| *asked != run);
                }
            }
            let listening = board.pending.values().map(|pending| pending.waiting.len()).sum::<usize>();
            let mut unanswered = 0;
            for (_, answer) in &mut waiting {
                match answer.try_recv() {
                    Ok(answer) => {
                        let twice = answer.done.sent.iter().filter(|at| {
                            answer.open.contains(at) || answer.done.refused.iter().any(|refused| refused.hunk == **at)
                        });
                        prop_assert_eq!(twice.count(), 0);
                    }
                    Err(oneshot::error::TryRecvError::Empty) => unanswered += 1,
                    Err(oneshot::error::TryRecvError::Closed) => {}
                }
            }
            prop_assert_eq!(listening, unanswered, "who waits is who has not heard");
            prop_assert!(board.pending.values().all(|pending| !pending.waiting.is_empty()), "nothing waits for nobody");
            prop_assert!(board.reviews.values().all(|review| board.pending.contains_key(&review.approval)));
        }
    }
}

/// What the desk does with a question.
fn put(board: &mut Board, id: ApprovalId, asked: Asked) {
    match board.twin(&asked) {
        Some(twin) => board.join(&twin, asked),
        None => drop(board.take(id, asked, Timestamp(0))),
    }
}

fn asked(run: &RunId, effect: Effect, change: Option<Arc<ChangePlan>>) -> (Asked, oneshot::Receiver<Answer>) {
    let (reply, answer) = oneshot::channel();
    let asked = Asked {
        run: run.clone(),
        call: "cal-1".into(),
        effect,
        text: String::new(),
        whole: true,
        always: vec!["Bash(a rule)".to_owned()],
        origin: None,
        change,
        policy: policy(),
        home: "/people/work".into(),
        timeout: Duration::from_secs(1),
        redactor: Redactor::default(),
        reply,
    };
    (asked, answer)
}

#[test]
fn always_in_a_copy_counts_for_the_workspace_but_where_it_names_the_copy() {
    let (run, id, mut board) = (RunId::from("run-1"), ApprovalId::from("apr-1"), Board::default());
    let (asked, _) = asked(&run, Effect::Execute { command: "make".into(), cwd: "/w".into() }, None);
    let copy = asked.policy.root.clone();
    let pending = board.take(id, asked, Timestamp(0));
    for (rule, root) in [
        ("Bash(make)".to_owned(), Path::new("/people/work")),
        (format!("Edit(/{}/**)", copy.display()), copy.as_path()),
    ] {
        assert_eq!(pending.root_for(&rule), root, "{rule}");
    }
}

#[test]
fn a_settlement_waits_for_the_hunks_that_are_being_applied() {
    let (run, id, mut board) = (RunId::from("run-1"), ApprovalId::from("apr-1"), Board::default());
    let change = plan(&run, 1);
    let (question, mut answer) = asked(&run, Effect::Write { path: "/w/a".into() }, Some(change.clone()));
    board.take(id.clone(), question, Timestamp(0));
    board.show(&id).unwrap();
    board.reserve(&change.id, Some(&[0])).unwrap();
    let denied = Settlement::Denied { by: "person".into(), reason: "no".into(), said: None };
    let closing = (denied.clone(), "deny".to_owned(), "person".to_owned());
    assert!(board.put_off(&id, &closing), "hunk 0 is on its way");
    let (_, taken, refused) = board.reserve(&change.id, Some(&[1])).unwrap();
    assert!(taken.is_empty() && refused[0].reason == "the whole edit is settled already");
    assert!(board.due(&change.id).is_none());
    board.applied(&change.id, &[0]);
    assert_eq!(board.due(&change.id), Some((id.clone(), closing)));
    board.settle(&id, &denied);
    let heard = answer.try_recv().unwrap();
    assert_eq!((heard.settlement, heard.done.sent, heard.open), (denied, vec![0], vec![1]));
}

#[test]
fn an_identical_question_goes_on_when_the_first_run_ends() {
    let (one, two, mut board) = (RunId::from("run-1"), RunId::from("run-2"), Board::default());
    let effect = Effect::Execute { command: "make".into(), cwd: "/w".into() };
    let (first, _) = asked(&one, effect.clone(), None);
    let (second, mut answer) = asked(&two, effect, None);
    put(&mut board, "apr-1".into(), first);
    put(&mut board, "apr-2".into(), second);
    let waiting = |board: &Board| -> Vec<(RunId, Vec<RunId>)> {
        board.view().approvals.into_iter().map(|approval| (approval.run, approval.joined)).collect()
    };
    assert_eq!(waiting(&board), [(one.clone(), vec![two.clone()])], "they are one");
    assert!(board.end(&one).is_empty());
    assert_eq!(waiting(&board), [(two.clone(), vec![])]);
    board.settle(&"apr-1".into(), &Settlement::Once);
    assert_eq!(answer.try_recv().unwrap().settlement, Settlement::Once);
}
