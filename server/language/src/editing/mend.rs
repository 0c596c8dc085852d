//! Making every safe mend of a file, round by round, until there is nothing left to make.
//!
//! One mend may uncover the next (a key that is known now has a value that was never looked at), so the file is checked
//! again after each round. Mends of what cannot be read are [`vouched`] for first. A round counts only if everything can
//! still be read as well as before it; otherwise its mends are tried one by one, and those that break something are left
//! for a person.

use copydesk_base::{Code, ContentHash, Diagnostic, Fix, Safety, Span, TextEdit};

use super::vouch::{is_syntax, vouched};
use crate::{File, FileKind, WorkspaceIndex, check, parse, syntax};

/// More rounds than any file needs.
const MAX_ROUNDS: usize = 16;
/// How many mends are tried one by one when a round did not help.
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

/// Makes the safe mends of a file.
pub fn mend_all(file: &File<'_>, index: &WorkspaceIndex) -> Mended {
    let text = file.text;
    let read = |text: &str| parse(file.path, text);
    let look = |text: &str| {
        let tree = read(text);
        let file = File { text, tree: &tree, ..*file };
        let found = if file.kind == FileKind::Other { syntax(&file) } else { check(&file, index) };
        vouched(&file, index, &found, &read, |_| true)
    };
    let mut mended = Mended { text: text.to_owned(), made: Vec::new() };
    let mut findings = look(&mended.text);
    let mut seen = vec![ContentHash::of(text)];
    for _ in 0..MAX_ROUNDS {
        let chosen = choose(&findings);
        // All of them; where that goes wrong, the first one that alone does not.
        let one_by_one = chosen.iter().take(MAX_TRIES).map(std::slice::from_ref);
        let helped =
            std::iter::once(&chosen[..]).filter(|all| !all.is_empty()).chain(one_by_one).find_map(|some| {
                let next = made(&mended.text, some);
                let after = look(&next);
                let is_new = !seen.contains(&ContentHash::of(&next));
                (is_new && unreadable(&after) <= unreadable(&findings)).then(|| {
                    let notes: Vec<Made> =
                        some.iter().map(|(finding, fix)| note(&mended.text, finding, fix)).collect();
                    (next, after, notes)
                })
            });
        let Some((next, after, notes)) = helped else { break };
        mended.made.extend(notes);
        seen.push(ContentHash::of(&next));
        (mended.text, findings) = (next, after);
    }
    mended
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

/// The first safe mend of each finding, as far as they leave each other alone.
fn choose(findings: &[Diagnostic]) -> Vec<(&Diagnostic, &Fix)> {
    let mut taken: Vec<Span> = Vec::new();
    let mut chosen = Vec::new();
    for finding in findings {
        let Some(fix) = finding.fixes.iter().find(|fix| is_safe(fix)) else { continue };
        let is_free = |edit: &TextEdit| !taken.iter().any(|span| span.overlaps(edit.span));
        if fix.edits.iter().all(is_free) {
            taken.extend(fix.edits.iter().map(|edit| edit.span));
            chosen.push((finding, fix));
        }
    }
    chosen
}

fn made(text: &str, chosen: &[(&Diagnostic, &Fix)]) -> String {
    let edits: Vec<TextEdit> = chosen.iter().flat_map(|(_, fix)| fix.edits.iter().cloned()).collect();
    edited(text, &edits)
}

fn note(text: &str, finding: &Diagnostic, fix: &Fix) -> Made {
    let line =
        text.get(..finding.span.start).map_or(0, |before| copydesk_text::position::lines(before).count());
    // A piece without a break at its end is the line that the finding is on.
    let is_inside =
        text.get(..finding.span.start).is_some_and(|before| !before.is_empty() && !before.ends_with('\n'));
    Made { code: finding.code, title: fix.title.clone(), line: line - usize::from(is_inside) }
}

/// How many pieces cannot be read. A mend may bring to light what nobody could see before it; it must not break anything.
fn unreadable(findings: &[Diagnostic]) -> usize {
    findings.iter().filter(|finding| is_syntax(finding.code)).count()
}
