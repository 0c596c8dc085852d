//! Taking a run's edits back, and bringing them again: also tomorrow, also by another process, later typing kept.
//!
//! The journal has the text before and after every edit that was made. What an undo does is therefore a pure function
//! of those pairs and the text that is there now; where somebody has written over a piece since, that piece is left
//! alone and named.

use std::path::{Path, PathBuf};
use std::time::Duration;

use copydesk_base::change::{Base, HunkReport, Instead, RefusedHunk};
use copydesk_base::files::Expect;
use copydesk_base::host::{Aim, DocumentEdit};
use copydesk_base::{ChangeId, ContentHash, Event, Record, Redactor, RunId, TextEdit, path};
use copydesk_text::rebase;

use crate::changes::apply::{Made, Order, There, failed, make, missing_folders};
use crate::changes::ends;
use crate::changes::inverse::{self, Inverse, Later, Pairs, refused_of};
use crate::changes::left::{self, Left};
use crate::changes::story::{self, FileStory, stories};
use crate::desk::Shared;
use crate::error::AgentError;
use crate::session::{past, recover};
use crate::world::World;

/// How often the text may move between looking and writing before we give up.
const LOOKS: usize = 8;

/// How long a preview waits for an edit that is being made right now.
const UNDER_WAY: Duration = Duration::from_secs(2);

/// How many runs are looked through for edits without an outcome.
const RECENT: usize = 10;

/// How long an editor may take to answer: the person asked for this and is looking.
const PATIENCE: Duration = Duration::from_mins(1);

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Undo,
    Redo,
}

/// Undoes or redoes one run's edits in every file it touched.
pub(crate) async fn take_back(
    shared: &Shared,
    run: Option<RunId>,
    direction: Direction,
) -> Result<HunkReport, AgentError> {
    let Found { run, files, lost } = find(shared, run, direction).await?;
    let redactor = shared.world.redactor();
    let is_forgotten = direction == Direction::Redo && is_forgotten(shared, &run).await?;
    let (mut report, mut left) = (HunkReport::default(), Left::default());
    let mut folders: Vec<PathBuf> = files.iter().flat_map(|(_, story, _)| story.folders.clone()).collect();
    for (file, story, pairs) in files {
        let (one, later) = one_file(shared, &run, &file, &story, &pairs, direction, &redactor).await?;
        left.add(&file, &story, &one, later);
        add(shared, &mut report, &file, one);
    }
    name(&mut report, lost);
    left.pass_over(shared, &run, direction, &report).await?;
    if direction == Direction::Undo {
        // The innermost first. One with something in it stays, whoever put that there.
        folders.sort_by_key(|folder| std::cmp::Reverse(folder.components().count()));
        for folder in folders {
            let _ = shared.world.files.remove_folder(&folder);
        }
    }
    if is_forgotten && !report.sent.is_empty() {
        let text = "The edits are back; the conversation goes on without this turn, which was rewound.";
        shared.recorder.record(&run, vec![Event::notice(text)], &redactor).await?;
    }
    Ok(report)
}

/// Whether a rewind took a turn out of its conversation.
async fn is_forgotten(shared: &Shared, run: &RunId) -> Result<bool, AgentError> {
    let journal = &shared.world.journal;
    let Some(row) = journal.run(run).await? else { return Ok(false) };
    Ok(past::gone(journal, &row.session).await?.contains(run))
}

/// What [`take_back`] would do with the text that is there now. Where that is nothing, it is done with.
pub(crate) async fn preview(
    shared: &Shared,
    run: Option<RunId>,
    direction: Direction,
) -> Result<(RunId, HunkReport), AgentError> {
    // An edit under way is part of the story; one that hangs is not waited for.
    let under_way = shared.turnstile.alone();
    drop(tokio::time::timeout(UNDER_WAY, under_way).await);
    let Found { run, files, lost } = find(shared, run, direction).await?;
    let (mut report, mut left) = (HunkReport::default(), Left::default());
    for (file, story, pairs) in files {
        let (one, later) = match inverse::look(shared, &file, &story, &pairs, direction).await {
            Ok((there, Inverse { undone, later })) => {
                let refused = refused_of(&undone, there.text());
                (HunkReport { sent: (0..undone.taken_back).collect(), refused }, later)
            }
            Err((reason, later)) => (nothing(&reason), later),
        };
        left.add(&file, &story, &one, later);
        add(shared, &mut report, &file, one);
    }
    name(&mut report, lost);
    if report.sent.is_empty() {
        left.pass_over(shared, &run, direction, &report).await?;
    }
    Ok((run, report))
}

/// Does what a preview promised, and tells the person where it went otherwise.
pub(crate) async fn perform(shared: &Shared, run: RunId, direction: Direction, expected: &HunkReport) {
    let outcome = take_back(shared, Some(run.clone()), direction).await;
    if !matches!(&outcome, Ok(report) if report == expected) {
        notice(shared, &run, outcome).await;
    }
}

/// Tells the person what was not taken back, beside the run.
pub(crate) async fn notice(shared: &Shared, run: &RunId, outcome: Result<HunkReport, AgentError>) {
    let text = match outcome {
        Ok(report) => {
            let reasons: Vec<&str> = report.refused.iter().map(|refused| refused.reason.as_str()).collect();
            format!("not everything was taken back: {}", reasons.join("; "))
        }
        Err(error) => format!("failed to {error}"),
    };
    if let Err(error) = shared.recorder.record(run, vec![Event::notice(text)], &shared.world.redactor()).await
    {
        tracing::error!("failed to {error}");
    }
}

/// A run with something to take back, or to bring again.
struct Found {
    run: RunId,
    files: Vec<(PathBuf, FileStory, Pairs)>,
    /// What nobody can take back, in words.
    lost: Vec<String>,
}

/// The run in question, with its files.
async fn find(shared: &Shared, run: Option<RunId>, direction: Direction) -> Result<Found, AgentError> {
    shared.recover().await;
    let journal = &shared.world.journal;
    settle(shared, run.as_ref()).await?;
    let run = match run {
        Some(run) => run,
        None => match direction {
            Direction::Undo => left::possible(shared).await?.or(journal.last_changed_run().await?),
            Direction::Redo => journal.last_undone_run().await?,
        }
        .ok_or(AgentError::NothingToUndo)?,
    };
    let records = journal.records(&run).await?;
    if records.is_empty() {
        return Err(AgentError::UnknownRun(run.to_string()));
    }
    let mut files = Vec::new();
    for (file, story) in stories(&records) {
        let pairs: Pairs = match direction {
            Direction::Undo => story.live.clone(),
            Direction::Redo => story.undone.clone().into_iter().collect(),
        };
        if !pairs.is_empty() {
            files.push((file, story, pairs));
        }
    }
    // What stands in a folder that took a file's place goes before that, and comes behind it.
    files.sort_by_key(|(_, story, _)| story.instead == Some(Instead::Folder));
    let lost = match direction {
        Direction::Undo => story::lost(&records, |file| shown(shared, file)),
        Direction::Redo => vec![],
    };
    if files.is_empty() && lost.is_empty() {
        return Err(AgentError::NothingToUndo);
    }
    Ok(Found { run, files, lost })
}

/// Settles the edits that were cut off in the middle, of one run or of those that may be the last.
async fn settle(shared: &Shared, run: Option<&RunId>) -> Result<(), AgentError> {
    let Ok(_turn) = tokio::time::timeout(UNDER_WAY, shared.turnstile.alone()).await else { return Ok(()) };
    let (world, redactor) = (&shared.world, shared.world.redactor());
    let runs = match run {
        Some(run) => vec![run.clone()],
        None => world.journal.runs(RECENT).await?.into_iter().map(|row| row.run).collect(),
    };
    for run in runs {
        recover::settle_writes(world, &shared.recorder, &run, &redactor).await?;
    }
    Ok(())
}

/// Adds one file's report; hunks are counted through all files, and refusals name theirs.
fn add(shared: &Shared, report: &mut HunkReport, file: &Path, one: HunkReport) {
    let offset = report.sent.len() + report.refused.len();
    report.sent.extend(one.sent.iter().map(|at| at + offset));
    report.refused.extend(one.refused.into_iter().map(|refused| RefusedHunk {
        hunk: refused.hunk + offset,
        reason: format!("{}: {}", shown(shared, file), refused.reason),
        ..refused
    }));
}

/// Names what nobody can take back.
fn name(report: &mut HunkReport, lost: Vec<String>) {
    let offset = report.sent.len() + report.refused.len();
    report.refused.extend((offset..).zip(lost).map(|(at, reason)| RefusedHunk::new(at, reason)));
}

async fn one_file(
    shared: &Shared,
    run: &RunId,
    file: &Path,
    story: &FileStory,
    pairs: &Pairs,
    direction: Direction,
    redactor: &Redactor,
) -> Result<(HunkReport, Later), AgentError> {
    let _turn = shared.turnstile.of(file).await;
    let world = &shared.world;
    let mut changes = story.changes.clone();
    let change = changes.pop().unwrap_or_else(|| ChangeId::new(&*world.ids));
    changes.push(change.clone());
    for _ in 0..LOOKS {
        let (there, Inverse { undone, later }) =
            match inverse::look(shared, file, story, pairs, direction).await {
                Ok(looked) => looked,
                Err((reason, later)) => return Ok((nothing(&reason), later)),
            };
        let current = there.text().to_owned();
        let refused = refused_of(&undone, &current);
        if undone.taken_back == 0 {
            return Ok((HunkReport { sent: vec![], refused }, later));
        }
        let intent = Event::ChangeApplying {
            change: change.clone(),
            path: file.to_owned(),
            base: there.base(),
            before: current.clone(),
            after: undone.text.clone(),
            undo: direction == Direction::Undo,
            folders: missing_folders(file),
            hunks: vec![],
        };
        let goes = story.goes_and_comes(direction).0 && undone.text.is_empty();
        shared.recorder.record(run, vec![intent], redactor).await?;
        if let (Some(instead), There::Nothing) = (&story.instead, &there)
            && Instead::at(file).is_some()
            && let Err(error) = world.files.clear(file, instead)
        {
            return Ok((nothing(&failed(&error)), Later::Perhaps));
        }
        let made = if goes && matches!(there, There::Nothing) {
            // What stood there was no file, and went already.
            Made::Done
        } else if goes && !world.files.is_open(file) {
            match world.files.remove(file, Expect::Hash(ContentHash::of(&current))) {
                Ok(()) => Made::Done,
                Err(error) => Made::Refused(failed(&error)),
            }
        } else {
            let edits: Vec<TextEdit> = rebase::hunks(&current, &undone.text)
                .into_iter()
                .map(|(span, text)| TextEdit { span, text })
                .collect();
            let aim = if direction == Direction::Undo { Aim::Undo } else { Aim::Redo };
            {
                let order = Order { change: &change, run, path: file, aim, patience: PATIENCE };
                make(world, &order, &there, edits, &undone.text).await
            }
        };
        match made {
            Made::Done => {
                // A piece that was refused is the person's from now on: the reason says so, and the next undo goes on.
                let mut events = done(&changes, file, direction, (&current, &undone.text));
                if goes && matches!(there.base(), Base::Open { .. }) {
                    forget_saved(world, file, &current).await;
                    let text = format!(
                        "{} is gone, and your editor still holds it open, empty: close it there without saving.",
                        shown(shared, file)
                    );
                    events.push(Event::notice(text));
                }
                shared.recorder.record(run, events, redactor).await?;
                return Ok((HunkReport { sent: (0..undone.taken_back).collect(), refused }, later));
            }
            Made::LookAgain => {}
            Made::Ignored(reason) | Made::Refused(reason) => return Ok((nothing(&reason), Later::Perhaps)),
        }
    }
    Ok((nothing("the text kept changing"), Later::Perhaps))
}

/// Takes a created file away that an editor holds open, and shows empty by now, if on the disk it is what it was there.
async fn forget_saved(world: &World, file: &Path, shown: &str) {
    let Ok(There::Text(saved)) = There::saved_aside(world, file).await else { return };
    if ends::is_same(&saved.text, shown) {
        // One that somebody changes in this moment stays, as text that nobody took back.
        let _ = world.files.remove_saved(file, Expect::Hash(saved.hash));
    }
}

/// The events of an edit that turned out to be made, given what was before it; without a direction it is an edit of the
/// run itself, or a redo where the file's story says so.
pub(crate) fn outcome(
    records: &[Record],
    change: &ChangeId,
    file: &Path,
    direction: Option<Direction>,
    texts: (&str, &str),
) -> Vec<Event> {
    let story = stories(records).remove(file).unwrap_or_default();
    let is_ours = story.changes.contains(change);
    let redo = (is_ours && story.undone.is_some()).then_some(Direction::Redo);
    let changes = if is_ours { story.changes } else { vec![change.clone()] };
    match direction.or(redo) {
        Some(direction) => done(&changes, file, direction, texts),
        None => vec![Event::ChangeApplied {
            change: change.clone(),
            path: file.to_owned(),
            before: texts.0.to_owned(),
            after: texts.1.to_owned(),
        }],
    }
}

/// Writes down an edit that an editor made after we had given it up, as what it was for.
pub(crate) async fn recognized(shared: &Shared, edit: &DocumentEdit, before: &str) -> Result<(), AgentError> {
    let direction = match edit.aim {
        Aim::Change => None,
        Aim::Undo => Some(Direction::Undo),
        Aim::Redo => Some(Direction::Redo),
    };
    let records = shared.world.journal.records(&edit.run).await?;
    let events = outcome(&records, &edit.change, &edit.path, direction, (before, &edit.after));
    shared.recorder.record(&edit.run, events, &shared.world.redactor()).await
}

/// One event for every change that went or came with it, all with the same texts: a file has one story.
fn done(
    changes: &[ChangeId],
    file: &Path,
    direction: Direction,
    (before, after): (&str, &str),
) -> Vec<Event> {
    let event = |change: &ChangeId| Event::Undone {
        change: change.clone(),
        path: file.to_owned(),
        before: before.to_owned(),
        after: after.to_owned(),
        redo: direction == Direction::Redo,
    };
    changes.iter().map(event).collect()
}

fn nothing(reason: &str) -> HunkReport {
    HunkReport { sent: vec![], refused: vec![RefusedHunk::new(0, reason)] }
}

fn shown(shared: &Shared, file: &Path) -> String {
    match (shared.world.settings)() {
        Ok(settings) => path::shown(&settings.root, file),
        Err(_) => file.display().to_string(),
    }
}

#[cfg(test)]
#[path = "undo_left_tests.rs"]
mod left_tests;
#[cfg(test)]
#[path = "undo_tests.rs"]
mod tests;
