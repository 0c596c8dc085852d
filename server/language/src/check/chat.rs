//! Where the head of a chat document ends: before its first turn.
//!
//! A head without its closing mark reaches to the next rule that somebody drew, or counts for prose where a blank line
//! stands above its keys. Nothing is wrong with either as YAML, and a turn or the model would be lost in silence.

use copydesk_base::{Code, Diagnostic, Fix, Span, TextEdit};
use copydesk_text::front_matter;

use super::Findings;
use super::fixes::line_break;
use crate::chat::Role;

pub(super) fn check(findings: &mut Findings<'_>) {
    let text = findings.file.text;
    let keys = findings.shapes.root().mapping();
    let is_key = |name: &str| keys.is_some_and(|keys| keys.key(None, name).is_some());
    let Some((opening, end)) = unended(text, is_key) else { return };
    let line_break = line_break(text);
    let before = if text[..end].ends_with('\n') { "" } else { line_break };
    let mend = TextEdit::insert(end, format!("{before}---{line_break}"));
    let finding = Diagnostic::new(Code::YamlSyntax, opening, front_matter::NO_END);
    findings.add(finding.with_fix(Fix::new("end it with '---'", vec![mend])));
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
