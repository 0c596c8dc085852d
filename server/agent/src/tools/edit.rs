//! `edit`: replaces one exact, unique piece of a file.
//!
//! `path` · `old` the exact text that goes · `new` the text that comes · `all` every place where `old` stands
//!
//! The model need not know how lines end: `\n` in `old` also matches `\r\n`, and what comes gets the ends of its place.
//!
//! An edit is worked out in the text as the model sees it, and secrets come back last. So nothing that a model hears of it
//! depends on them: who writes a guess in a secret's place changes that line, whether the guess is right or not.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use copydesk_base::change::{Base, ChangePlan, Hunk, HunkReport, HunkState};
use copydesk_base::files::FileError;
use copydesk_base::{CallId, ChangeId, Effect, Event, Span, Verdict};
use copydesk_permission::judge;
use copydesk_provider::ToolSpec;
use copydesk_text::rebase;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Output, arguments};
use crate::changes::apply::There;
use crate::error::AgentError;
use crate::gate::twins::{self, Twins};
use crate::gate::vault::{self, Seen};
use crate::gate::{Permit, permit};
use crate::run::Turn;

#[derive(Deserialize)]
struct Arguments {
    path: String,
    old: String,
    new: String,
    #[serde(default)]
    all: bool,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "edit",
        "Replace the exact text `old`, which must stand in the file once, by `new`. With `all`, replace it everywhere.",
        json!({
            "type": "object",
            "properties": {
                "path": {"type": "string"},
                "old": {"type": "string"},
                "new": {"type": "string"},
                "all": {"type": "boolean"}
            },
            "required": ["path", "old", "new"]
        }),
    )
}

pub(super) async fn run(turn: &mut Turn, call: &CallId, value: Value) -> Result<Output, AgentError> {
    let Arguments { path, old, new, all } = match arguments(value) {
        Ok(arguments) => arguments,
        Err(output) => return Ok(output),
    };
    let places = if all { Places::All } else { Places::One };
    let shared = turn.shared.clone();
    change(turn, call, &path, |before, seen| match before {
        None => Err(format!("there is no file {path}; use write to create it")),
        Some(before) => {
            // Only what stands in this very place may come back.
            shared.restored(&new, &shared.restored(&old, before)?)?;
            replaced(before, seen, &old, &new, places).map(Written::Seen)
        }
    })
    .await
}

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
    let Changed { output, came } = brought(turn, call, shown, compute).await?;
    if came == Came::Whole {
        let file = turn.path(shown);
        turn.lost.remove(&file);
        turn.known.insert(file);
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
        match named_once(turn, &path, shown).and_then(|()| planned(turn, call, &path, compute)) {
            Ok(plan) => Some(plan),
            Err(text) if is_readable => {
                let output = Output::failed(text.clone()).with(grade, shown);
                return looked(turn, call, path, Changed { output, came: Came::Unfit(text) }).await;
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
        return looked(turn, call, path, Changed { output, came: Came::Whole }).await;
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
        Self { output: Output::failed(text), came: Came::Refused }
    }
}

/// Keeps an edit until the project's checks have seen it.
async fn drafted(turn: &mut Turn, plan: &ChangePlan, shown: &str) -> Result<Changed, AgentError> {
    let kept = There::look(&turn.shared.world, &plan.path)
        .map_err(|error| format!("failed to {error}"))
        .and_then(|there| turn.draft.keep(plan, &there));
    let (added, removed) = plan.line_counts();
    if let Err(reason) = kept {
        return Ok(Changed { output: Output::failed(reason.clone()), came: Came::Unfit(reason) });
    }
    turn.record(vec![Event::ChangeDrafted { call: plan.call.clone(), path: plan.path.clone() }]).await?;
    let output = Output::fine(format!(
        "{shown} changed in the draft: +{added} -{removed} lines. It is checked, then put to the person, when you have \
         finished or call bash"
    ));
    Ok(Changed { output, came: Came::Whole })
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
            return Ok(Changed { output: Output::failed(text), came: Came::Refused });
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
    Ok(Changed { output: told(shown, &plan, &report), came })
}

/// The plan of a change, or what to tell the model.
fn planned(
    turn: &Turn,
    call: &CallId,
    path: &Path,
    compute: impl FnOnce(Option<&str>, &Seen) -> Result<Written, String>,
) -> Result<Arc<ChangePlan>, String> {
    let there = There::look(&turn.world, path).map_err(|error: FileError| format!("failed to {error}"))?;
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
            let after = turn.shared.restored(&wanted, &before)?;
            let real = |(span, text): (Span, String)| {
                let place = seen.place(span.start..span.end).ok_or("an edit cannot begin within a secret")?;
                Ok((Span::new(place.start, place.end), turn.shared.restored(&text, &before)?))
            };
            let hunks = rebase::hunks(&seen.text, &wanted).into_iter().map(real);
            (after, hunks.collect::<Result<Vec<_>, String>>()?)
        }
    };
    if let Some(reason) = vault::leaves_placeholder(&before, &after).or_else(|| stray_return(&before, &after))
    {
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Places {
    One,
    All,
}

/// The text as the model sees it with `old` replaced, or a helpful reason why not. What is hidden does not match: its letters
/// could be guessed one by one.
fn replaced(before: &str, seen: &Seen, old: &str, new: &str, wanted: Places) -> Result<String, String> {
    if old.is_empty() {
        return Err("`old` is empty: name the exact text to replace, or use write".to_owned());
    }
    // As it is first: a file may end its lines in both ways.
    let crlf = to_crlf(old);
    let old = if seen.text.contains(old) { old } else { &crlf };
    let found = seen.text.match_indices(old).map(|(at, _)| at..at + old.len());
    let found = found.filter_map(|at| Some((seen.place(at.clone())?.start, Span::new(at.start, at.end))));
    let places: Vec<(usize, Span)> = found.collect();
    match (places.len(), wanted) {
        (0, _) => Err(not_found(before, seen, old)),
        (1, _) | (_, Places::All) => {
            let edits: Vec<(Span, String)> = places
                .into_iter()
                .map(|(_, span)| {
                    (span, if is_crlf(&seen.text, span) { to_crlf(new) } else { new.to_owned() })
                })
                .collect();
            Ok(rebase::apply(&seen.text, &edits))
        }
        (found, Places::One) => {
            let lines: Vec<String> =
                places.iter().take(5).map(|(start, _)| line_of(before, *start).to_string()).collect();
            Err(format!(
                "`old` stands {found} times (lines {}): make it longer so that it is unique, or set `all`",
                lines.join(", ")
            ))
        }
    }
}

/// The number of a place's line, from one.
fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Whether the lines of a place end with CRLF: the first end in it or behind it says so, else the last one before it.
fn is_crlf(text: &str, span: Span) -> bool {
    let end = text[span.start..].find('\n').map(|at| span.start + at);
    end.or_else(|| text[..span.start].rfind('\n')).is_some_and(|end| text[..end].ends_with('\r'))
}

fn to_crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// Why an edit cannot be made that brings a carriage return which ends no line: editors make a line break of it, and the
/// text that comes about is not the one that was reviewed.
fn stray_return(before: &str, after: &str) -> Option<String> {
    let strays = |text: &str| text.matches('\r').count() - text.matches("\r\n").count();
    (strays(after) > strays(before)).then(|| {
        "the new text has a carriage return (\\r) that ends no line, which editors turn into a line break; end lines with \
         \\n, and write the two letters of an escape where code means one"
            .to_owned()
    })
}

/// Says where the first line of `old` nearly stands, so that the model need not guess.
fn not_found(before: &str, seen: &Seen, old: &str) -> String {
    let first = old.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    let mut start = 0;
    let near = seen.text.split_inclusive('\n').find_map(|whole| {
        let at = start;
        start += whole.len();
        let line = whole.trim_end_matches(['\n', '\r']);
        let place = seen.place(at..at).filter(|_| !first.is_empty() && line.trim() == first)?;
        Some((line_of(before, place.start), line))
    });
    match near {
        Some((number, line)) => format!(
            "`old` does not stand in the file. Its first line is like line {number}, which reads exactly:\n{line}\n\
             Read the file and copy the text exactly, spaces included"
        ),
        None => "`old` does not stand in the file. Read the file and copy the text exactly".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::vault::Vault;
    use copydesk_base::Redactor;
    use copydesk_base::id::CountingIds;

    /// The same where nothing is hidden.
    fn in_plain(before: &str, old: &str, new: &str, places: Places) -> Result<String, String> {
        replaced(before, &seen(before, &Redactor::default()), old, new, places)
    }

    fn seen(before: &str, redactor: &Redactor) -> Seen {
        Vault::default().seen(before, redactor, &CountingIds::default())
    }

    #[test]
    fn what_is_hidden_does_not_match_letter_by_letter() {
        let text = "ä\nkey = hush-0123456789\nother = 1\n";
        let seen = seen(text, &Redactor::new(["hush-0123456789".to_owned()]));
        let word = "<secret:provider-key:1>";
        assert_eq!(seen.text, format!("ä\nkey = {word}\nother = 1\n"));
        let missing = "`old` does not stand in the file. Read the file and copy the text exactly";
        for (old, new, expected) in [
            ("key = h", "key = h", Err(missing)),
            ("hush-0123456789", "x", Err(missing)),
            ("key = hush-0123456789\nz", "x", Err(missing)),
            ("6789\nother", "x", Err(missing)),
            ("provider-key", "x", Err(missing)),
            ("key = <", "x", Err(missing)),
            ("key = ", "k = ", Ok("ä\nk = SECRET\nother = 1\n")),
            ("other = 1", "other = 2", Ok("ä\nkey = SECRET\nother = 2\n")),
            (&format!("= {word}\nother"), "= SECRET\nmore", Ok("ä\nkey = SECRET\nmore = 1\n")),
            // A guess is a change, right or wrong.
            (word, "hush-0123456789", Ok("ä\nkey = hush-0123456789\nother = 1\n")),
        ] {
            let new = new.replace("SECRET", word);
            let expected = expected.map(|text: &str| text.replace("SECRET", word)).map_err(str::to_owned);
            assert_eq!(replaced(text, &seen, old, &new, Places::One), expected, "{old}");
        }
        let near = replaced(text, &seen, "other = 1\nz", "x", Places::One).unwrap_err();
        assert!(near.contains("is like line 3,"), "{near}");
    }

    #[test]
    fn an_edit_is_exact_and_unique() {
        let text = "a = 1\nb = 1\n  c = 2\n";
        assert_eq!(in_plain(text, "a = 1", "a = 3", Places::One).unwrap(), "a = 3\nb = 1\n  c = 2\n");
        assert_eq!(in_plain(text, "= 1", "= 3", Places::All).unwrap(), "a = 3\nb = 3\n  c = 2\n");
        for (old, reason) in [
            ("= 1", "`old` stands 2 times (lines 1, 2)"),
            ("", "`old` is empty"),
            ("zzz", "`old` does not stand in the file. Read"),
            ("c = 2\nd", "Its first line is like line 3, which reads exactly:\n  c = 2\n"),
        ] {
            let said = in_plain(text, old, "x", Places::One).unwrap_err();
            assert!(said.contains(reason), "{said}");
        }
    }

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

    #[test]
    fn line_ends_of_the_place_are_kept() {
        for (text, old, new, expect) in [
            ("one\r\ntwo\r\n3\r\n", "one\ntwo", "1\n2\n2b", "1\r\n2\r\n2b\r\n3\r\n"),
            ("one\r\ntwo\r\n", "two", "2\n2b", "one\r\n2\r\n2b\r\n"),
            ("one\r\ntwo", "two", "2\n2b", "one\r\n2\r\n2b"),
            ("one\ntwo\r\n3\n4\n", "3\n4", "a\nb", "one\ntwo\r\na\nb\n"),
            ("one\ntwo\r\nend\r\n3\n", "two\nend", "a\nb", "one\na\r\nb\r\n3\n"),
            ("x\ny\r\n", "x\n", "a\nb\n", "a\nb\ny\r\n"),
        ] {
            assert_eq!(in_plain(text, old, new, Places::One).unwrap(), expect, "{text:?}");
        }
        assert_eq!(in_plain("a\na\r\n", "a", "b\nc", Places::All).unwrap(), "b\nc\nb\r\nc\r\n");
    }
}
