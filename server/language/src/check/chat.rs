//! Where the head of a chat document begins and ends: on its first line, and before its first turn.
//!
//! A head without its closing mark reaches to the next rule that somebody drew, or counts for prose where a blank line
//! stands above its keys; one that begins further down counts for prose, too. Nothing is wrong with any of them as YAML,
//! and a turn, the model or the mode would be lost in silence.

use copydesk_base::{Code, Diagnostic, Fix, Span, TextEdit};
use copydesk_text::front_matter;

use super::Findings;
use super::fixes::line_break;
use crate::chat::Role;
use crate::file::FileKind;
use crate::shape;

/// What is said of a head that does not begin the document.
const NOT_FIRST: &str =
    "front matter begins on the first line, with '---' alone: nothing that stands here counts";

/// Why what a person chose at the head of a chat document would not count, and where.
pub fn head_amiss(text: &str) -> Option<(Span, &'static str)> {
    let unended = front_matter::split(text).filter(|parts| parts.closing.is_none());
    unended.map(|parts| (parts.opening, front_matter::NO_END)).or_else(|| {
        let amiss = amiss(text)?;
        Some((amiss.at, amiss.message))
    })
}

pub(super) fn check(findings: &mut Findings<'_>) {
    let Some(Amiss { at, message, mend }) = amiss(findings.file.text) else { return };
    let mut finding = Diagnostic::new(Code::YamlSyntax, at, message);
    finding.fixes.extend(mend.map(|(title, edit)| Fix::new(title, vec![edit])));
    findings.add(finding);
}

/// A head whose place is wrong, where the reader of heads sees nothing wrong.
struct Amiss {
    at: Span,
    message: &'static str,
    mend: Option<(&'static str, TextEdit)>,
}

fn amiss(text: &str) -> Option<Amiss> {
    let keys = shape::of(FileKind::Chat)?.root().mapping();
    let is_key = |name: &str| keys.is_some_and(|keys| keys.key(None, name).is_some());
    if let Some((at, end)) = unended(text, is_key) {
        let line_break = line_break(text);
        let before = if text[..end].ends_with('\n') { "" } else { line_break };
        let mend = TextEdit::insert(end, format!("{before}---{line_break}"));
        return Some(Amiss { at, message: front_matter::NO_END, mend: Some(("end it with '---'", mend)) });
    }
    let (at, only_blanks) = not_first(text, is_key)?;
    let mend =
        only_blanks.then(|| ("begin the document with it", TextEdit::new(Span::new(0, at.end), "---")));
    Some(Amiss { at, message: NOT_FIRST, mend })
}

/// The rule that was meant to open a head further down, with a key of a head below it; and whether nothing but blanks
/// stands above it.
fn not_first(text: &str, is_key: impl Fn(&str) -> bool) -> Option<(Span, bool)> {
    let head = front_matter::split(text).map_or(0, |parts| parts.body.start);
    let (mut at, mut only_blanks, mut in_comment) = (head, head == 0, false);
    let mut rule: Option<Span> = None;
    for line in text[head..].split_inclusive('\n') {
        let (start, word) = (at, line.trim_start_matches('\u{feff}').trim());
        at += line.len();
        match rule {
            _ if word.is_empty() => {}
            Some(rule) => {
                let is_head = word.split_once(':').is_some_and(|(name, _)| is_key(name.trim()));
                return is_head.then_some((rule, only_blanks));
            }
            None if in_comment || word.starts_with("<!--") => {
                (in_comment, only_blanks) = (!word.contains("-->"), false);
            }
            None if word.len() >= 3 && word.bytes().all(|byte| byte == b'-') => {
                let from = start + line.find('-').unwrap_or(0);
                rule = Some(Span::new(from, from + word.len()));
            }
            None => return None,
        }
    }
    None
}

/// The mark that opens a head which has no end, where the reader of heads sees nothing wrong; and where the end belongs.
fn unended(text: &str, is_key: impl Fn(&str) -> bool) -> Option<(Span, usize)> {
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut lines = text[start..].split_inclusive('\n');
    let first = lines.next().filter(|line| line.trim_end() == "---")?;
    let closing = match front_matter::split(text) {
        Some(parts) => Some(parts.closing?.start),
        None => None,
    };
    let from = start + first.len();
    let (mut at, mut end) = (from, from);
    let (mut has_keys, mut is_over) = (false, false);
    for line in lines {
        if closing == Some(at) {
            return None;
        }
        if Role::of_line(line).is_some() {
            // One that somebody ended is a head up to there, whatever is in it.
            has_keys |= closing.is_some();
            break;
        }
        at += line.len();
        if line.trim().is_empty() {
            is_over |= end > from;
        } else if !is_over {
            has_keys = has_keys || line.split_once(':').is_some_and(|(name, _)| is_key(name.trim()));
            if !has_keys && closing.is_none() {
                break;
            }
            end = at;
        }
    }
    has_keys.then(|| (Span::new(start, start + 3), end))
}
