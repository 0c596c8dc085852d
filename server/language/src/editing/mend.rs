//! Making every safe mend of a file, round by round, until there is nothing left to make.
//!
//! One mend may uncover the next (a key that is known now has a value that was never looked at), so the file is checked
//! again after each round. What cannot be read comes first, all of it together or not at all. A round counts only if
//! everything can still be read as well as before it, and no key stands twice that did not; otherwise its mends are
//! tried by halves, and those that break something are left for a person. Where all that leaves more errors than there
//! were, only those mends are made none of which does.

use std::collections::BTreeMap;

use copydesk_base::{Code, ContentHash, Diagnostic, Fix, Safety, Severity, Span, TextEdit};
use copydesk_text::LineIndex;

use super::vouch::{is_of_text, is_syntax, twins, with_syntax_vouched};
use crate::{File, WorkspaceIndex, parse};

/// More rounds than any file needs.
const MAX_ROUNDS: usize = 16;
/// How often parts of a round are tried when all of it did not help.
const MAX_TRIES: usize = 100;

/// A text with its safe mends made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    pub text: String,
    /// In the order in which they were made.
    pub made: Vec<Made>,
}

/// One mend that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub code: Code,
    /// As a menu says it: `change to 'run'`.
    pub title: String,
    /// The line it was made on, counted from zero, in the text as it was then.
    pub line: usize,
}

/// A text on its way, with what is found in it.
#[derive(Clone)]
struct Stage {
    mended: Mended,
    findings: Vec<Diagnostic>,
}

/// Makes the safe mends of a file. `find` says what is wrong with it, and with each text on the way.
pub fn mend_all(
    file: &File<'_>,
    index: &WorkspaceIndex,
    find: &dyn Fn(&File<'_>) -> Vec<Diagnostic>,
) -> Mended {
    let read = |text: &str| parse(file.path, text);
    let look_at = |file: &File<'_>| with_syntax_vouched(file, index, &find(file), &read, |_| true);
    let look = |text: &str| look_at(&File { text, tree: &read(text), ..*file });
    let mended = Mended { text: file.text.to_owned(), made: Vec::new() };
    let mut stage = Stage { findings: look_at(file), mended };
    for _ in 0..MAX_ROUNDS {
        // On the way there may be more errors than before: the next mend may be theirs.
        let far = rounds(&stage, &look, |_| true);
        if errors(&far.findings) <= errors(&stage.findings) {
            return far.mended;
        }
        let allowed = errors(&stage.findings);
        let near = rounds(&stage, &look, |after| errors(after) <= allowed);
        if near.mended.text == stage.mended.text {
            break;
        }
        stage = near;
    }
    stage.mended
}

/// Makes mends round by round, as far as what they leave is `allowed`.
fn rounds(
    from: &Stage,
    look: &dyn Fn(&str) -> Vec<Diagnostic>,
    allowed: impl Fn(&[Diagnostic]) -> bool,
) -> Stage {
    let mut stage = from.clone();
    let mut seen = vec![ContentHash::of(&stage.mended.text)];
    for _ in 0..MAX_ROUNDS {
        let is_broken = stage.findings.iter().any(|finding| is_of_text(finding.code));
        let chosen = choose(&stage.findings, |code| !is_broken || is_syntax(code));
        let most = if is_broken { 0 } else { unreadable(&stage.findings) };
        let most_twins = twins(&stage.findings);
        let mut good = None;
        let mut is_good = |some: &[Mend<'_>]| {
            let next = made(&stage.mended.text, some);
            let after = look(&next);
            let is_new = !seen.contains(&ContentHash::of(&next));
            let is_read = unreadable(&after) <= most && (is_broken || twins(&after) <= most_twins);
            let is_good = is_new && is_read && allowed(&after);
            if is_good {
                good = Some((next, after));
            }
            is_good
        };
        let mut tries = if is_broken { 1 } else { MAX_TRIES };
        let mut fit = Vec::new();
        fitting(&chosen, &mut fit, &mut tries, &mut is_good);
        let lines = LineIndex::new(&stage.mended.text);
        let notes: Vec<Made> = fit.iter().map(|(finding, fix)| note(&lines, finding, fix)).collect();
        let Some((next, after)) = good else { break };
        stage.mended.made.extend(notes);
        seen.push(ContentHash::of(&next));
        (stage.mended.text, stage.findings) = (next, after);
    }
    stage
}

/// A mend, and the finding that it is for.
pub(super) type Mend<'f> = (&'f Diagnostic, &'f Fix);

/// Adds to `fit` as many of the mends as go well together: all of them, else those of each half.
fn fitting<'f>(
    chosen: &[Mend<'f>],
    fit: &mut Vec<Mend<'f>>,
    tries: &mut usize,
    is_good: &mut dyn FnMut(&[Mend<'f>]) -> bool,
) {
    if chosen.is_empty() || *tries == 0 {
        return;
    }
    *tries -= 1;
    let all = [&fit[..], chosen].concat();
    if is_good(&all) {
        *fit = all;
    } else if chosen.len() > 1 {
        let (first, second) = chosen.split_at(chosen.len() / 2);
        fitting(first, fit, tries, is_good);
        fitting(second, fit, tries, is_good);
    }
}

/// Whether a mend may be made unseen.
pub fn is_safe(fix: &Fix) -> bool {
    fix.safety == Safety::Safe && !fix.edits.is_empty()
}

/// The text with some edits made. They may come in any order; one that overlaps an earlier one is left out.
pub fn edited(text: &str, edits: &[TextEdit]) -> String {
    let mut edits: Vec<&TextEdit> = edits.iter().collect();
    edits.sort_by_key(|edit| edit.span);
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits.into_iter().filter(|edit| edit.span.end <= text.len()) {
        if edit.span.start < done {
            continue;
        }
        result.push_str(Span::new(done, edit.span.start).of(text));
        result.push_str(&edit.text);
        done = edit.span.end;
    }
    result.push_str(Span::new(done, text.len()).of(text));
    result
}

/// The first safe mend of each finding that is `wanted`, as far as they leave each other alone.
pub(super) fn choose(findings: &[Diagnostic], wanted: impl Fn(Code) -> bool) -> Vec<(&Diagnostic, &Fix)> {
    let mut taken = Taken::default();
    let mut chosen = Vec::new();
    for finding in findings.iter().filter(|finding| wanted(finding.code)) {
        let Some(fix) = finding.fixes.iter().find(|fix| is_safe(fix)) else { continue };
        if fix.edits.iter().all(|edit| taken.is_free(edit.span)) {
            fix.edits.iter().for_each(|edit| taken.take(edit.span));
            chosen.push((finding, fix));
        }
    }
    chosen
}

/// Places that edits take, none of which overlaps another but those of one mend. There may be thousands of them.
#[derive(Default)]
struct Taken {
    /// The end of what starts there.
    by_start: BTreeMap<usize, usize>,
}

impl Taken {
    fn is_free(&self, span: Span) -> bool {
        // Of those that start before it only the last can reach it.
        let before = self.by_start.range(..span.start).next_back();
        let mut near = before.into_iter().chain(self.by_start.range(span.start..=span.end));
        !near.any(|(start, end)| Span::new(*start, *end).overlaps(span))
    }

    fn take(&mut self, span: Span) {
        let end = self.by_start.entry(span.start).or_default();
        *end = span.end.max(*end);
    }
}

/// The text with these mends made.
fn made(text: &str, chosen: &[Mend<'_>]) -> String {
    edited(text, &edits_of_all(chosen))
}

/// The edits of some mends.
pub(super) fn edits_of_all(chosen: &[Mend<'_>]) -> Vec<TextEdit> {
    chosen.iter().flat_map(|(_, fix)| fix.edits.iter().cloned()).collect()
}

fn note(lines: &LineIndex<'_>, finding: &Diagnostic, fix: &Fix) -> Made {
    Made { code: finding.code, title: fix.title.clone(), line: lines.line(finding.span.start) }
}

/// How many pieces cannot be read. A mend may bring to light what nobody could see before it; it must not break
/// anything.
fn unreadable(findings: &[Diagnostic]) -> usize {
    findings.iter().filter(|finding| is_syntax(finding.code)).count()
}

fn errors(findings: &[Diagnostic]) -> usize {
    findings.iter().filter(|finding| finding.severity == Severity::Error).count()
}
