//! Making the hunks of a change plan real: rebased onto the text that is there, through the editor or on the disk.
//!
//! One edit at a time, in the whole process: the caller holds the turn. The intent is recorded before, the outcome
//! after. What the editor answered is not believed; [`Host::apply`](copydesk_base::Host::apply) says what a document
//! version carried.

use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use copydesk_base::change::{Base, ChangePlan, HunkReport, RefusedHunk};
use copydesk_base::files::{Expect, FileError, FileText, LARGEST_FILE};
use copydesk_base::host::{Aim, Applied, DocumentEdit};
use copydesk_base::{ChangeId, ContentHash, Event, Files, Redactor, RunId, Span, TextEdit, path};
use copydesk_text::rebase::{self, Rebased};
use tokio_util::sync::CancellationToken;

use crate::error::AgentError;
use crate::session::recorder::Recorder;
use crate::world::World;

/// How often an edit is sent to an editor that does not make it.
const OFFERS: usize = 2;
/// How often the text may move between looking and writing before we give up.
const LOOKS: usize = 8;

/// What stands where a plan's file is.
pub(crate) enum There {
    Text(FileText),
    Nothing,
}

impl There {
    pub(crate) fn look(world: &World, path: &Path) -> Result<Self, FileError> {
        Self::in_files(&*world.files, path)
    }

    /// The same beside the tasks: a disk that is slow holds up no other run, and no keystroke.
    pub(crate) async fn look_aside(world: &World, path: &Path) -> Result<Self, FileError> {
        aside(world, path, Self::in_files).await
    }

    /// What is on the disk, whatever an editor holds.
    pub(crate) async fn saved_aside(world: &World, path: &Path) -> Result<Self, FileError> {
        aside(world, path, saved).await.map(Self::Text)
    }

    fn in_files(files: &dyn Files, path: &Path) -> Result<Self, FileError> {
        match files.read(path) {
            Ok(text) => Ok(Self::Text(text)),
            Err(FileError::Absent { .. }) => Ok(Self::Nothing),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(file) => &file.text,
            Self::Nothing => "",
        }
    }

    pub(crate) fn base(&self) -> Base {
        match self {
            Self::Text(FileText { version: Some(version), hash, .. }) => {
                Base::Open { version: *version, hash: *hash }
            }
            Self::Text(file) => Base::Disk { hash: file.hash },
            Self::Nothing => Base::Absent,
        }
    }
}

/// The text of a file on the disk, whatever an editor holds.
pub(crate) fn saved(files: &dyn Files, path: &Path) -> Result<FileText, FileError> {
    let mut text = String::new();
    let read = files.open(path)?.take(LARGEST_FILE).read_to_string(&mut text);
    read.map_err(|source| FileError::Io { path: path.to_owned(), source })?;
    Ok(FileText { hash: ContentHash::of(&text), text: text.into(), version: None })
}

/// Work on a file that may wait for a disk, on a thread for that.
async fn aside<T: Send + 'static>(
    world: &World,
    path: &Path,
    work: impl FnOnce(&dyn Files, &Path) -> Result<T, FileError> + Send + 'static,
) -> Result<T, FileError> {
    let (files, place) = (world.files.clone(), path.to_owned());
    let done = tokio::task::spawn_blocking(move || work(&*files, &place)).await;
    done.unwrap_or_else(|error| {
        let source = std::io::Error::other(error);
        Err(FileError::Io { path: path.to_owned(), source })
    })
}

/// The chosen hunks on the text that is there now: where they land, and which do not fit any more.
pub(crate) fn place(
    plan: &ChangePlan,
    chosen: &[usize],
    current: &str,
) -> (Vec<(usize, Span)>, Vec<RefusedHunk>) {
    let hunks: Vec<(Span, &str)> = chosen
        .iter()
        .filter_map(|at| plan.hunks.get(*at))
        .map(|hunk| (hunk.span, hunk.text.as_str()))
        .collect();
    let mut landed = Vec::new();
    let mut refused = Vec::new();
    for (at, rebased) in chosen.iter().zip(rebase::rebase(&plan.before, &hunks, current)) {
        match rebased {
            Rebased::Moved(span) => landed.push((*at, span)),
            Rebased::Overlaps { .. } => {
                refused.push(RefusedHunk::new(*at, "the text there changed in the meantime"));
            }
        }
    }
    (landed, refused)
}

/// What is to be applied, and for how long.
pub(crate) struct Offer<'a> {
    pub(crate) plan: &'a ChangePlan,
    pub(crate) chosen: &'a [usize],
    /// How long an editor may take to answer.
    pub(crate) patience: Duration,
    /// Behind it nothing is sent any more.
    pub(crate) cancel: &'a CancellationToken,
}

/// Applies the chosen hunks as far as they fit.
pub(crate) async fn apply(
    world: &World,
    recorder: &Recorder,
    redactor: &Redactor,
    offer: Offer<'_>,
) -> Result<HunkReport, AgentError> {
    let Offer { plan, chosen, patience, cancel } = offer;
    let mut offers = 0;
    // What an editor was sent last, before and after: one that closes the document may have made and saved it first.
    let mut sent: Option<(String, String)> = None;
    let mut last_reason = "the text kept changing".to_owned();
    for _ in 0..LOOKS {
        // Also before the look: what a link leads to is not ours to put into the journal.
        if let Some(reason) = elsewhere(&plan.path) {
            return Ok(refuse_all(chosen, &reason));
        }
        let there = match There::look_aside(world, &plan.path).await {
            Ok(there) => there,
            Err(error) => return Ok(refuse_all(chosen, &failed(&error))),
        };
        if matches!(there, There::Nothing) != matches!(plan.base, Base::Absent) && !plan.before.is_empty() {
            return Ok(refuse_all(chosen, "the file is gone"));
        }
        if let (Base::Disk { .. }, Some((before, after))) = (there.base(), sent.take())
            && after == there.text()
        {
            let (landed, refused) = place(plan, chosen, &before);
            let (change, path) = (plan.id.clone(), plan.path.clone());
            let event = Event::ChangeApplied { change, path, before, after };
            recorder.record(&plan.run, vec![event], redactor).await?;
            return Ok(HunkReport { sent: landed.into_iter().map(|(at, _)| at).collect(), refused });
        }
        if cancel.is_cancelled() {
            return Ok(refuse_all(chosen, "the run was canceled"));
        }
        let (landed, refused) = place(plan, chosen, there.text());
        if landed.is_empty() {
            return Ok(HunkReport { sent: vec![], refused });
        }
        let edits: Vec<TextEdit> = landed
            .iter()
            .map(|(at, span)| TextEdit { span: *span, text: plan.hunks[*at].text.clone() })
            .collect();
        let pairs: Vec<(Span, &str)> = edits.iter().map(|edit| (edit.span, edit.text.as_str())).collect();
        let after = rebase::apply(there.text(), &pairs);
        // Somebody wrote a hidden value just as it stands there: whether it is, nobody is to learn from what comes of
        // it.
        if matches!(&there, There::Text(file) if *file.text == *after) {
            return Ok(HunkReport { sent: landed.into_iter().map(|(at, _)| at).collect(), refused });
        }
        let intent = Event::ChangeApplying {
            change: plan.id.clone(),
            path: plan.path.clone(),
            base: there.base(),
            before: there.text().to_owned(),
            after: after.clone(),
            undo: false,
            folders: missing_folders(&plan.path),
            hunks: landed.iter().map(|(at, _)| *at).collect(),
        };
        recorder.record(&plan.run, vec![intent], redactor).await?;
        let order = Order { change: &plan.id, run: &plan.run, path: &plan.path, aim: Aim::Change, patience };
        let made = make(world, &order, &there, edits, &after).await;
        match made {
            Made::Done => {
                let event = Event::ChangeApplied {
                    change: plan.id.clone(),
                    path: plan.path.clone(),
                    before: there.text().to_owned(),
                    after,
                };
                recorder.record(&plan.run, vec![event], redactor).await?;
                return Ok(HunkReport { sent: landed.into_iter().map(|(at, _)| at).collect(), refused });
            }
            Made::LookAgain => {
                if matches!(there.base(), Base::Open { .. }) {
                    sent = Some((there.text().to_owned(), after));
                }
            }
            Made::Ignored(reason) => {
                offers += 1;
                last_reason = reason;
                if offers >= OFFERS {
                    break;
                }
            }
            Made::Refused(reason) => return Ok(refuse_all(chosen, &reason)),
        }
    }
    Ok(refuse_all(chosen, &last_reason))
}

/// What came of one attempt.
pub(crate) enum Made {
    Done,
    /// The text moved before anything was sent.
    LookAgain,
    /// It was sent and no document carries it.
    Ignored(String),
    Refused(String),
}

/// What one attempt is for.
pub(crate) struct Order<'a> {
    pub(crate) change: &'a ChangeId,
    pub(crate) run: &'a RunId,
    pub(crate) path: &'a Path,
    pub(crate) aim: Aim,
    pub(crate) patience: Duration,
}

/// Sends one edit to the editor that holds the document, or writes the file.
pub(crate) async fn make(
    world: &World,
    order: &Order<'_>,
    there: &There,
    edits: Vec<TextEdit>,
    after: &str,
) -> Made {
    if let Some(reason) = elsewhere(order.path) {
        return Made::Refused(reason);
    }
    let expect = match there {
        There::Text(FileText { version: Some(version), .. }) => {
            let edit = DocumentEdit {
                label: match order.aim {
                    Aim::Change => "Copydesk edit".to_owned(),
                    Aim::Undo => "Copydesk undo".to_owned(),
                    Aim::Redo => "Copydesk redo".to_owned(),
                },
                aim: order.aim,
                change: order.change.clone(),
                run: order.run.clone(),
                patience: order.patience,
                path: order.path.to_owned(),
                version: *version,
                edits,
                after: after.to_owned(),
            };
            return match world.host.apply(edit).await {
                Applied::Proven { .. } => Made::Done,
                Applied::Moved { .. } | Applied::Closed => Made::LookAgain,
                Applied::NotApplied { reason } | Applied::Outdated { reason } => Made::Ignored(reason),
                Applied::Unanswered { reason } => Made::Refused(reason),
            };
        }
        There::Text(file) => Expect::Hash(file.hash),
        There::Nothing => Expect::Absent,
    };
    let text = after.to_owned();
    match aside(world, order.path, move |files, path| files.write(path, &text, expect)).await {
        Ok(()) => Made::Done,
        Err(FileError::Changed { .. } | FileError::Open { .. }) => Made::LookAgain,
        Err(error) => Made::Refused(failed(&error)),
    }
}

/// Why a path is not the one that was judged: a link was put there since.
pub(crate) fn elsewhere(file: &Path) -> Option<String> {
    (path::resolve(Path::new("/"), file) != file).then(|| "the path leads somewhere else now".to_owned())
}

/// What went wrong with a file, with its cause, for a person.
pub(crate) fn failed(error: &FileError) -> String {
    let because = std::error::Error::source(error).map_or_else(String::new, |source| format!(": {source}"));
    format!("failed to {error}{because}")
}

fn refuse_all(chosen: &[usize], reason: &str) -> HunkReport {
    let refused = chosen.iter().map(|at| RefusedHunk::new(*at, reason)).collect();
    HunkReport { sent: vec![], refused }
}

/// How many folders have to be made before a file can be.
pub(crate) fn missing_folders(file: &Path) -> usize {
    file.ancestors().skip(1).take_while(|folder| folder.symlink_metadata().is_err()).count()
}

#[cfg(test)]
#[path = "apply_tests.rs"]
mod tests;
