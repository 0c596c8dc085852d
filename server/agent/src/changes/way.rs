//! The way of every change of a file, whichever tool wants it: judged, computed, reviewed, made, told.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use copydesk_base::change::{Base, ChangePlan, Hunk, HunkReport, HunkState};
use copydesk_base::files::FileError;
use copydesk_base::{CallId, ChangeId, Effect, Event, Span, Verdict};
use copydesk_permission::judge;
use copydesk_text::rebase;

use crate::changes::apply::There;
use crate::changes::known::Extent;
use crate::error::AgentError;
use crate::gate::places;
use crate::gate::twins::{self, Twins};
use crate::gate::vault::{self, Seen};
use crate::gate::{Permit, permit};
use crate::run::Turn;
use crate::tools::Output;

/// What a file is to say.
pub(crate) enum Written {
    /// In the words of a model, with placeholders.
    Seen(String),
    /// Word for word, by somebody who sees what is there.
    Real(String),
}

/// A change that the model itself makes: what a helper could not bring there is made up for.
pub(crate) async fn change(
    turn: &mut Turn,
    call: &CallId,
    shown: &str,
    compute: impl FnOnce(Option<&str>, &Seen) -> Result<Written, String>,
) -> Result<Output, AgentError> {
    let file = turn.path(shown);
    let known = turn.known.clone();
    let mut knew = false;
    let compute = |before: Option<&str>, seen: &Seen| {
        knew = before.is_none_or(|before| known.extent(&file, before) == Extent::Whole);
        compute(before, seen)
    };
    let Changed { output, came, after } = brought(turn, call, shown, compute).await?;
    if came == Came::Whole {
        turn.lost.remove(&file);
        // What somebody typed meanwhile is not in it, and an edit of a piece tells nothing about the rest.
        if let Some(after) = after.filter(|_| knew) {
            turn.known.note_whole(&file, &after);
        }
    }
    Ok(output)
}

/// The way of every change of a file: judge, compute, review, apply, report.
pub(crate) async fn brought(
    turn: &mut Turn,
    call: &CallId,
    shown: &str,
    compute: impl FnOnce(Option<&str>, &Seen) -> Result<Written, String>,
) -> Result<Changed, AgentError> {
    let path = turn.path(shown);
    let effect = Effect::Write { path: path.clone() };
    let policy = turn.policy();
    // A tool that changes a file looks at it first: what may not be read may not be probed by edits either.
    let reading = judge(&Effect::Read { path: path.clone() }, &policy);
    let writing = judge(&effect, &policy);
    if matches!(reading, Verdict::Deny(_)) && !matches!(writing, Verdict::Deny(_)) {
        return Ok(Changed::refused(match permit(turn, call, Effect::Read { path }, None).await? {
            Permit::Refused(text) => text,
            _ => format!("refused: read {shown}"),
        }));
    }
    let is_readable = matches!(reading, Verdict::Allow(_));
    let grade = turn.grade_of(&path);
    // Whether it may be touched at all comes before whether it is there: a refusal must not tell.
    let plan = if matches!(writing, Verdict::Deny(_)) {
        None
    } else {
        let planned = match named_once(turn, &path, shown) {
            Ok(()) => planned(turn, call, &path, compute).await,
            Err(text) => Err(text),
        };
        match planned {
            Ok(plan) => Some(plan),
            Err(text) if is_readable => {
                let output = Output::failed(text.clone()).with(grade, shown);
                return looked(turn, call, path, Changed { output, came: Came::Unfit(text), after: None })
                    .await;
            }
            // Asked for as if it fitted; and what stands there is not said without leave to read it.
            Err(_) => {
                return Ok(Changed::refused(match permit(turn, call, effect, None).await? {
                    Permit::Refused(text) => text,
                    _ => format!("the edit does not fit {shown}; read the file first"),
                }));
            }
        }
    };
    let Some(plan) = plan else {
        return Ok(Changed::refused(match permit(turn, call, effect, None).await? {
            Permit::Refused(text) => text,
            _ => format!("refused: edit {shown}"),
        }));
    };
    if plan.hunks.is_empty() && is_readable {
        let output = Output::fine(format!("{shown} is like that already; nothing was changed"));
        let after = Some(plan.after());
        return looked(turn, call, path, Changed { output, came: Came::Whole, after }).await;
    }
    if turn.draft.holds && is_readable {
        return drafted(turn, &plan, shown).await;
    }
    changed(turn, call, effect, plan, shown).await
}

/// What is told of a file that was looked at and not changed: the look is written down like every other.
async fn looked(
    turn: &mut Turn,
    call: &CallId,
    path: PathBuf,
    changed: Changed,
) -> Result<Changed, AgentError> {
    Ok(match permit(turn, call, Effect::Read { path }, None).await? {
        Permit::Refused(text) => Changed::refused(text),
        _ => changed,
    })
}

/// Refuses what no disk could change in one place, and what is hidden under another name, before it is looked at.
fn named_once(turn: &Turn, path: &Path, shown: &str) -> Result<(), String> {
    if !twins::has_several(path) {
        Ok(())
    } else if Twins::of(turn.policy()).is_twin(path) {
        Err(twins::refused(shown))
    } else if turn.world.files.is_open(path) {
        Ok(())
    } else {
        Err(format!("failed to {}", FileError::Linked { path: path.to_owned() }))
    }
}

/// What became of a change.
pub(crate) struct Changed {
    /// For the model.
    pub(crate) output: Output,
    pub(crate) came: Came,
    /// The text that came about, as far as it is this change's.
    after: Option<String>,
}

/// How far a change got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// Every hunk was made.
    Whole,
    /// A person or a rule refused it, or a part of it.
    Refused,
    /// It was allowed and could not be made, for this reason: the text there is another one by now.
    Unfit(String),
}

impl Changed {
    fn refused(text: String) -> Self {
        Self { output: Output::failed(text), came: Came::Refused, after: None }
    }
}

/// Keeps an edit until the project's checks have seen it.
async fn drafted(turn: &mut Turn, plan: &ChangePlan, shown: &str) -> Result<Changed, AgentError> {
    let kept = There::look_aside(&turn.shared.world, &plan.path)
        .await
        .map_err(|error| format!("failed to {error}"))
        .and_then(|there| turn.draft.keep(plan, &there));
    let (added, removed) = plan.line_counts();
    if let Err(reason) = kept {
        return Ok(Changed {
            output: Output::failed(reason.clone()),
            came: Came::Unfit(reason),
            after: None,
        });
    }
    turn.record(vec![Event::ChangeDrafted { call: plan.call.clone(), path: plan.path.clone() }]).await?;
    let output = Output::fine(format!(
        "{shown} changed in the draft: +{added} -{removed} lines. It is checked, then put to the person, when you have \
         finished or call bash"
    ));
    Ok(Changed { output, came: Came::Whole, after: Some(plan.after()) })
}

/// Puts a change to the person as far as policy asks for it, and makes it.
pub(crate) async fn changed(
    turn: &mut Turn,
    call: &CallId,
    effect: Effect,
    plan: Arc<ChangePlan>,
    shown: &str,
) -> Result<Changed, AgentError> {
    let path = plan.path.clone();
    turn.record(vec![Event::ChangeProposed {
        change: plan.id.clone(),
        call: call.clone(),
        path: path.clone(),
        hunks: plan.hunks.len(),
    }])
    .await?;
    let (mut report, open) = match permit(turn, call, effect, Some(plan.clone())).await? {
        Permit::Refused(text) => {
            let diff = rebase::unified(&plan.before, &plan.after(), shown);
            turn.refused_diffs.push(turn.settings.redactor.clean(&diff));
            turn.changes.push((path, false));
            return Ok(Changed::refused(text));
        }
        Permit::Granted => (HunkReport::default(), (0..plan.hunks.len()).collect()),
        Permit::GrantedRest { done, open } => (done, open),
        Permit::Reviewed(done) => (done, vec![]),
    };
    let mut came = if report.refused.is_empty() { Came::Whole } else { Came::Refused };
    if !open.is_empty() {
        let rest = turn
            .shared
            .apply(&plan, &open, &turn.settings.redactor, turn.settings.prompt_timeout, &turn.cancel)
            .await?;
        if let Some(first) = rest.refused.first() {
            came = Came::Unfit(first.reason.clone());
        }
        report.sent.extend(rest.sent);
        report.refused.extend(rest.refused);
    }
    if !report.refused.is_empty() {
        let refused = Event::ChangeRefused { change: plan.id.clone(), report: report.clone() };
        turn.record(vec![refused]).await?;
    }
    turn.changes.push((path, !report.sent.is_empty()));
    Ok(Changed { output: told(shown, &plan, &report), came, after: Some(plan.after()) })
}

/// The plan of a change, or what to tell the model.
async fn planned(
    turn: &Turn,
    call: &CallId,
    path: &Path,
    compute: impl FnOnce(Option<&str>, &Seen) -> Result<Written, String>,
) -> Result<Arc<ChangePlan>, String> {
    let there = There::look_aside(&turn.world, path)
        .await
        .map_err(|error: FileError| format!("failed to {error}"))?;
    let before = match &there {
        There::Text(file) => Some(&*file.text),
        There::Nothing => None,
    };
    turn.shared.learn(there.text(), &turn.settings.redactor);
    let seen = turn.shared.seen(there.text(), &turn.settings.redactor);
    let wanted = compute(before, &seen)?;
    let before = there.text().to_owned();
    let (after, hunks) = match wanted {
        Written::Real(after) => {
            let hunks = rebase::hunks(&before, &after);
            (after, hunks)
        }
        Written::Seen(wanted) => {
            if let Some(word) = places::moved(&seen.text, &wanted) {
                return Err(vault::misplaced(word));
            }
            let after = turn.shared.restored(&wanted, &before)?;
            let real = |(span, text): (Span, String)| {
                let place = seen.place(span.start..span.end).ok_or("an edit cannot begin within a secret")?;
                Ok((Span::new(place.start, place.end), turn.shared.restored(&text, &before)?))
            };
            let hunks = rebase::hunks(&seen.text, &wanted).into_iter().map(real);
            (after, hunks.collect::<Result<Vec<_>, String>>()?)
        }
    };
    let reason = vault::leaves_placeholder(&before, &after)
        .or_else(|| places::bared(&before, &after, &turn.settings.redactor))
        .or_else(|| stray_return(&before, &after));
    if let Some(reason) = reason {
        return Err(reason);
    }
    let pinned = Pinned { path: path.to_owned(), base: there.base(), before };
    Ok(Arc::new(of_hunks(turn, call, pinned, hunks)))
}

/// The text that a plan is computed against.
pub(crate) struct Pinned {
    pub(crate) path: PathBuf,
    pub(crate) base: Base,
    pub(crate) before: String,
}

/// The plan that makes a text out of another.
pub(crate) fn plan(turn: &Turn, call: &CallId, pinned: Pinned, after: &str) -> ChangePlan {
    let hunks = rebase::hunks(&pinned.before, after);
    of_hunks(turn, call, pinned, hunks)
}

fn of_hunks(turn: &Turn, call: &CallId, pinned: Pinned, hunks: Vec<(Span, String)>) -> ChangePlan {
    let Pinned { path, base, before } = pinned;
    let pending = |(span, text)| Hunk { span, text, state: HunkState::Pending };
    let mut hunks: Vec<Hunk> = hunks.into_iter().map(pending).collect();
    // An empty file is a change where there was none.
    if base == Base::Absent && hunks.is_empty() {
        hunks.push(Hunk { span: Span::at(0), text: String::new(), state: HunkState::Pending });
    }
    let (id, run, call) = (ChangeId::new(&*turn.world.ids), turn.edits_of.clone(), call.clone());
    ChangePlan { id, run, call, path, base, before, hunks, checked: None }
}

/// What really happened, for the model.
fn told(shown: &str, plan: &ChangePlan, report: &HunkReport) -> Output {
    let total = plan.hunks.len();
    if report.refused.is_empty() {
        let (added, removed) = plan.line_counts();
        return Output::fine(format!("{shown} changed: +{added} -{removed} lines"));
    }
    let mut text = format!("{shown}: {} of {total} hunks applied\n", report.sent.len());
    for refused in &report.refused {
        let start = plan.hunks.get(refused.hunk).map_or(0, |hunk| hunk.span.start);
        let line = line_of(&plan.before, start);
        text.push_str(&format!("refused ({}): the hunk at line {line} of the text before\n", refused.reason));
    }
    if report.sent.is_empty() { Output::failed(text) } else { Output::fine(text) }
}

/// The number of a place's line, from one.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Why an edit cannot be made that brings a carriage return which ends no line: editors make a line break of it, and
/// the text that comes about is not the one that was reviewed.
fn stray_return(before: &str, after: &str) -> Option<String> {
    let strays = |text: &str| text.matches('\r').count() - text.matches("\r\n").count();
    (strays(after) > strays(before)).then(|| {
        "the new text has a carriage return (\\r) that ends no line, which editors turn into a line break; end lines with \
         \\n, and write the two letters of an escape where code means one"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carriage_return_that_ends_no_line_is_refused_where_it_is_new() {
        for (before, after, is_stray) in [
            ("a\n", "a\rb\n", true),
            ("a\r\n", "a\r\nb\r\n", false),
            ("a\rb", "a\rc", false),
            ("a\r\n", "a\rb\r\n", true),
            ("", "a\r", true),
        ] {
            assert_eq!(stray_return(before, after).is_some(), is_stray, "{after:?}");
        }
    }
}
