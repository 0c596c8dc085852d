//! What a person said and decided in a run, read off its records.

use copydesk_base::event::About;
use copydesk_base::{ApprovalId, CallId, ChangeId, Event, Record, Redactor, RunStatus};

use super::{Decided, End, Place, Reply, Said, What, plain, without};
use crate::run::steer;
use crate::session::cues::{Left, is_replayed, is_step};
use crate::session::recording::Conversation;

/// All of it, in order. `places` has the place of each record, `roots` are the folders that are one.
pub(in crate::session) fn said(
    records: &[Record],
    places: &[Place],
    roots: &[String],
    conversation: &Conversation,
) -> Vec<Said> {
    let ended = canceled(records).or_else(|| died(records)).map(|what| below(what, roots));
    // Of a process that died somebody else gave them back.
    let unheard = if died(records).is_some() { vec![] } else { steer::left(records) };
    let unheard: Vec<What> = unheard.into_iter().map(|text| What::Unheard(text.to_owned())).collect();
    let is_open = ended.is_some();
    let what = |(at, record): (usize, &Record)| {
        let (before, behind) = (&records[..at], &records[at + 1..]);
        match &record.event {
            Event::Steered { text } => Some(What::Words(text.clone())),
            // What is told behind the end a document had kept.
            Event::Told { text, broken_off: true } if !before.iter().any(is_over) => {
                Some(What::Half(text.clone()))
            }
            Event::QuestionAsked { call, text, .. } => {
                Some(What::Answer { question: text.clone(), reply: replied(behind, call, is_open)? })
            }
            Event::Notice { about: Some(About::Unattended { question }), .. } => {
                Some(What::Answer { question: question.clone(), reply: Reply::Nobody })
            }
            Event::ApprovalRequested { approval, call, effect, change, .. } => {
                let effect = plain(effect, &Redactor::default(), roots)?;
                let asked = Asked { approval, call, change: change.as_ref(), is_open };
                let decided = decided(behind, &asked, conversation)?;
                Some(What::Decision { effect, decided })
            }
            Event::ApprovalJoined { call, .. } => {
                let (effect, end) = behind.iter().find_map(|record| judged(record, call))?;
                let (effect, end) = (plain(effect, &Redactor::default(), roots)?, end?);
                Some(What::Decision { effect, decided: Decided::whole(end) })
            }
            Event::Judged { call, effect, by, .. } if by == "nobody" => {
                let is_asked = |record: &Record| {
                    matches!(&record.event, Event::ApprovalRequested { call: asked, effect: same, .. }
                        if asked == call && same == effect)
                };
                if before.iter().any(is_asked) {
                    return None;
                }
                let effect = plain(effect, &Redactor::default(), roots)?;
                Some(What::Decision { effect, decided: Decided::whole(End::Nobody) })
            }
            _ => None,
        }
    };
    let said = |place: &Place, what| Said { place: place.clone(), what, is_given: false };
    let all = records.iter().enumerate().zip(places);
    let ended = ended.into_iter().chain(unheard).zip(places.first().into_iter().cycle());
    let ended = ended.map(|(what, place)| said(place, what));
    ended.chain(all.filter_map(|(record, place)| Some(said(place, what(record)?)))).collect()
}

/// The rules that *Always* stored in it.
pub(in crate::session) fn lasting(records: &[Record], roots: &[String]) -> Vec<String> {
    let is_always = |record: &Record, wanted: &ApprovalId| {
        matches!(&record.event, Event::ApprovalSettled { approval, decision, .. }
            if approval == wanted && decision == "always")
    };
    let stored = |record: &Record| match &record.event {
        Event::ApprovalRequested { approval, always, .. } => {
            records.iter().any(|record| is_always(record, approval)).then(|| always.clone())
        }
        _ => None,
    };
    records.iter().filter_map(stored).flatten().map(|rule| without(&rule, roots)).collect()
}

/// Behind how many steps a run was canceled; nothing where it was not.
fn canceled(records: &[Record]) -> Option<What> {
    let is_end =
        |record: &&Record| matches!(record.event, Event::RunFinished { status: RunStatus::Canceled, .. });
    records.iter().find(is_end)?;
    Some(What::Cancel { steps: records.iter().filter(|record| is_step(&record.event)).count() })
}

/// Behind how many records the process of a run died, and whether what it had begun last was done; nothing where it did
/// not, or where a helper was still at work, which died somewhere of its own.
fn died(records: &[Record]) -> Option<What> {
    let (own, settled) = cut(records)?;
    let is_at_work = |record: &Record| match &record.event {
        Event::AgentCalled { run, .. } => !own.iter().any(
            |record| matches!(&record.event, Event::AgentReturned { run: returned, .. } if returned == run),
        ),
        _ => false,
    };
    if own.iter().any(is_at_work) {
        return None;
    }
    let is_done = settled
        .iter()
        .any(|record| matches!(record.event, Event::ChangeApplied { .. } | Event::Undone { .. }));
    let half = settled.iter().find_map(|record| match &record.event {
        Event::Told { text, broken_off: true } => Some(text.clone()),
        _ => None,
    });
    let is_deed = |event: &&Event| matches!(event, Event::CommandChanged { .. } | Event::CommandTook { .. });
    let deeds = settled.iter().map(|record| &record.event).filter(is_deed).cloned().collect();
    let records = own.iter().filter(|record| is_replayed(&record.event)).count();
    Some(What::Death { records, is_done, left: Left { half, deeds } })
}

/// The same with what a command did below the roots: a replay works elsewhere.
fn below(mut what: What, roots: &[String]) -> What {
    if let What::Death { left, .. } = &mut what {
        for deed in &mut left.deeds {
            if let Event::CommandChanged { path, .. } | Event::CommandTook { path, .. } = deed
                && let Some(below) = roots.iter().find_map(|root| path.strip_prefix(root).ok())
            {
                *path = below.to_owned();
            }
        }
    }
    what
}

/// Behind it nothing of a run itself is written.
const fn is_over(record: &Record) -> bool {
    matches!(record.event, Event::CutShort {} | Event::RunFinished { .. })
}

/// Whether a run was ended from outside: canceled, or by the death of its process where it can be made to die there
/// again.
pub(in crate::session) fn is_ended(records: &[Record]) -> bool {
    canceled(records).or_else(|| died(records)).is_some()
}

/// What a run wrote before its process died, and what the one wrote that settled it.
fn cut(records: &[Record]) -> Option<(&[Record], &[Record])> {
    if let Some(at) = records.iter().position(|record| matches!(record.event, Event::CutShort {})) {
        return Some(records.split_at(at));
    }
    // One that nobody has settled yet.
    (!records.iter().any(is_over)).then(|| records.split_at(records.len()))
}

fn replied(behind: &[Record], call: &CallId, is_open: bool) -> Option<Reply> {
    let answered = behind.iter().find_map(|record| match &record.event {
        Event::QuestionAnswered { call: answered, answer } if answered == call => {
            Some(if answer.is_empty() { Reply::Silence } else { Reply::Words(answer.clone()) })
        }
        _ => None,
    });
    answered.or_else(|| is_open.then_some(Reply::Open))
}

/// A question that was put to the person.
struct Asked<'r> {
    approval: &'r ApprovalId,
    call: &'r CallId,
    change: Option<&'r ChangeId>,
    /// Whether its run was canceled or cut short, and the question with it where nobody had answered.
    is_open: bool,
}

/// How a question ended, from the records behind it; nothing where its run ended first.
fn decided(
    behind: &[Record],
    &Asked { approval, call, change, is_open }: &Asked<'_>,
    conversation: &Conversation,
) -> Option<Decided> {
    let settled = |record: &Record| match &record.event {
        Event::ApprovalSettled { approval: settled, decision, .. } if settled == approval => {
            Some(decision.clone())
        }
        _ => None,
    };
    let ended = behind.iter().enumerate().find_map(|(at, record)| Some((at, settled(record)?)));
    let (at, decision) = ended.or_else(|| is_open.then(|| (behind.len(), "canceled".to_owned())))?;
    let end = match decision.as_str() {
        "once" => End::Once,
        "always" => End::Always,
        "reviewed" => End::Reviewed,
        "expired" => End::Expired,
        "canceled" if is_open => End::Open,
        "deny" => behind[at..].iter().find_map(|record| judged(record, call)).and_then(|(_, end)| end)?,
        _ => return None,
    };
    let Some(change) = change else { return Some(Decided::whole(end)) };
    let applying = |record: &Record| match &record.event {
        Event::ChangeApplying { change: same, before, hunks, undo: false, .. } if same == change => {
            Some((before.clone(), hunks.clone()))
        }
        _ => None,
    };
    let rejected = behind.iter().find_map(|record| match &record.event {
        Event::ChangeRefused { change: same, report } if same == change => Some(report),
        _ => None,
    });
    let rejected = rejected.into_iter().flat_map(|report| &report.refused);
    Some(Decided {
        before: conversation.runs().flatten().find_map(applying).map(|(before, _)| before),
        rejected: rejected.filter(|refused| refused.by_person).map(|refused| refused.hunk).collect(),
        applied: behind[..at].iter().filter_map(applying).map(|(_, hunks)| hunks).collect(),
        end,
    })
}

/// What a person decided about a call, with the effect that it was about.
fn judged<'r>(record: &'r Record, call: &CallId) -> Option<(&'r copydesk_base::Effect, Option<End>)> {
    let Event::Judged { call: judged, effect, verdict, by, said, .. } = &record.event else { return None };
    if judged != call {
        return None;
    }
    let end = match (verdict.as_str(), by.as_str()) {
        ("allow", "person") => Some(End::Once),
        ("deny", "person") => Some(End::Denied(said.clone())),
        ("deny", "timeout") => Some(End::Expired),
        _ => None,
    };
    Some((effect, end))
}

impl Decided {
    /// What ended at once.
    fn whole(end: End) -> Self {
        Self { before: None, rejected: vec![], applied: vec![], end }
    }
}
