//! What the reader of the text could not read, with mends.
//!
//! Of broken YAML one line must tell what was meant. Such a mend is tried on nothing: it is offered where a mistake has
//! one usual cause, and a person looks at it.

use copydesk_base::{Code, Diagnostic, Fix, Span, TextEdit};
use copydesk_text::yaml::messages;
use copydesk_text::{Step, front_matter};

use super::fixes::{line_break, remove_at};
use super::{meant, moved};
use crate::{File, FileKind};

/// More aliases, those in what they stand for counted each time, are no file but an attack.
const MOST_ALIASES: usize = 100_000;

/// The most lines whose tabs one mend changes.
const MOST_LINES: usize = 1_000;

/// The syntax's own findings of a file, of whatever kind it is.
pub fn syntax(file: &File<'_>) -> Vec<Diagnostic> {
    let mut list = file.tree.problems().to_vec();
    for finding in &mut list {
        if let Some(meant) = meant::instead(file.text, finding) {
            *finding = meant;
            continue;
        }
        let fix = match finding.code {
            Code::YamlSyntax => mend(file.text, finding),
            // A key that stands twice can be taken out.
            Code::DuplicateKey => {
                remove_at(file, finding.span.start).map(|edit| Fix::new("take this one out", vec![edit]))
            }
            _ => None,
        };
        finding.fixes.extend(fix);
        if finding.code == Code::YamlSyntax {
            finding.fixes.extend(moved::mends(file.text, &finding.message, finding.span.start));
        }
    }
    if file.tree.has_anchors() {
        list.extend(into_themselves(file));
        list.extend(beyond_measure(file));
    }
    list
}

/// Aliases that lead back to what they stand in. In files of others only those of a merge key: YAML itself allows the
/// rest.
fn into_themselves(file: &File<'_>) -> Vec<Diagnostic> {
    let told = |alias: Span| {
        let path = file.tree.path_at(alias.start);
        let key = path.iter().rev().find_map(|step| match step {
            Step::Value(entry) => Some(entry.key()),
            Step::Key(_) | Step::Index(..) => None,
        })?;
        let is_merge = key.scalar_text() == Some("<<");
        if !is_merge && file.kind == FileKind::Other {
            return None;
        }
        let message = "this leads back to where it stands; name another anchor, or take it out";
        let finding = Diagnostic::new(Code::YamlSyntax, alias, message);
        let is_item = !is_merge && matches!(path.last(), Some(Step::Index(..)));
        let edit = remove_at(file, key.span().start).filter(|_| !is_item);
        let title = format!("take '{}' out", key.scalar_text().unwrap_or_default());
        let fix = edit.map(|edit| Fix::new(title, vec![edit]));
        Some(fix.into_iter().fold(finding, Diagnostic::with_fix))
    };
    file.tree.aliases_into_themselves().into_iter().filter_map(told).collect()
}

/// The alias with which a file that is ours stands for more than anybody reads.
fn beyond_measure(file: &File<'_>) -> Option<Diagnostic> {
    let alias = file.tree.aliases_beyond(MOST_ALIASES).filter(|_| file.kind != FileKind::Other)?;
    let message = "with this one the aliases stand for too many values; write less of them";
    Some(Diagnostic::new(Code::YamlSyntax, alias, message))
}

/// What a terminal takes for an order, as an escape, or gone.
fn control(text: &str, at: Span) -> Option<Fix> {
    let piece = at.of(text);
    let is_it = |c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\n');
    let (place, c) = piece.char_indices().find(|(_, c)| is_it(*c))?;
    let span = Span::new(at.start + place, at.start + place + c.len_utf8());
    let line = text.get(..span.start)?.rsplit('\n').next()?;
    if line.matches('"').count() % 2 == 0 {
        return Some(Fix::new("take it out", vec![TextEdit::new(span, "")]));
    }
    let escape = format!("\\x{:02x}", u32::from(c));
    Some(Fix::new(format!("write '{escape}'"), vec![TextEdit::new(span, escape)]))
}

/// The mend of a syntax error, where there is one.
fn mend(text: &str, finding: &Diagnostic) -> Option<Fix> {
    let at = finding.span;
    let line = Line::around(text, at.start)?;
    match finding.message.as_str() {
        messages::TAB => tabs(text, line),
        messages::NO_SPACE => Some(insert("put a space here", at.end, " ")),
        messages::NO_COLON => Some(insert("add a ':'", at.end, ":")),
        messages::QUOTE => {
            let quote = at.of(text).chars().next()?;
            Some(insert(format!("close the quote with {quote}"), line.end(), quote))
        }
        messages::BRACKET => {
            let close = closing(at.of(text).chars().next()?)?;
            Some(insert(format!("close the bracket with '{close}'"), line.end(), close))
        }
        messages::STRAY_BRACKET => Some(stray(text, at, line)),
        messages::EXTRA_COMMA => Some(Fix::new("take it out", vec![TextEdit::new(at, "")])),
        messages::AFTER_QUOTE => line.requoted(at),
        messages::ESCAPE => Some(insert("write '\\\\' for a backslash", at.start, "\\")),
        front_matter::NO_END => {
            let yaml = front_matter::split(text)?.yaml;
            Some(insert("end it with '---'", yaml.end, format!("---{}", line_break(text))))
        }
        said if said.ends_with(messages::CONTROL) => control(text, at),
        said if said.contains(messages::WANTS_QUOTES) => line.requoted(at),
        _ => None,
    }
}

fn insert(title: impl Into<String>, at: usize, text: impl Into<String>) -> Fix {
    Fix::new(title, vec![TextEdit::insert(at, text)])
}

fn closing(open: char) -> Option<char> {
    match open {
        '[' => Some(']'),
        '{' => Some('}'),
        _ => None,
    }
}

/// Spaces for the tabs before the text of this line and of those that follow it with tabs.
fn tabs(text: &str, line: Line<'_>) -> Option<Fix> {
    let mut edits = Vec::new();
    let mut at = line.start;
    for line in text.get(line.start..)?.split_inclusive('\n').take(MOST_LINES) {
        let content = line.trim_start_matches([' ', '\t']);
        let lead = line.len() - content.len();
        let blanks = line.get(..lead)?;
        if !blanks.contains('\t') && !content.trim().is_empty() {
            break;
        }
        if blanks.contains('\t') {
            edits.push(TextEdit::new(Span::new(at, at + lead), blanks.replace('\t', "  ")));
        }
        at += line.len();
    }
    (!edits.is_empty()).then(|| Fix::new("use two spaces for each tab", edits))
}

/// A bracket that closes nothing: the wrong one, or one too many.
fn stray(text: &str, at: Span, line: Line<'_>) -> Fix {
    let mut open = Vec::new();
    for c in text.get(line.start..at.start).unwrap_or("").chars() {
        match c {
            '[' | '{' => open.push(c),
            ']' | '}' => drop(open.pop()),
            _ => {}
        }
    }
    match open.last().copied().and_then(closing).filter(|close| !at.of(text).starts_with(*close)) {
        Some(close) => Fix::new(format!("change to '{close}'"), vec![TextEdit::new(at, close)]),
        None => Fix::new("take it out", vec![TextEdit::new(at, "")]),
    }
}

/// One line of a text.
#[derive(Clone, Copy)]
pub(super) struct Line<'t> {
    pub(super) start: usize,
    pub(super) text: &'t str,
}

impl<'t> Line<'t> {
    pub(super) fn around(text: &'t str, offset: usize) -> Option<Self> {
        let start = text.get(..offset)?.rfind('\n').map_or(0, |at| at + 1);
        let line = text.get(start..)?.lines().next().unwrap_or("");
        Some(Self { start, text: line })
    }

    /// Behind the last character that is no blank and no comment.
    fn end(self) -> usize {
        let comment = self.text.find(" #").unwrap_or(self.text.len());
        self.start + self.text.get(..comment).unwrap_or("").trim_end().len()
    }

    /// The value of this line between quotes. Between brackets nobody knows where it ends.
    pub(super) fn requoted(self, at: Span) -> Option<Fix> {
        let content = self.text.trim_start_matches([' ', '-']);
        let lead = self.text.len() - content.len();
        let value = match content.find(": ") {
            Some(colon) => lead + colon + 2,
            None => lead,
        };
        let end = self.end();
        let written = self.text.get(value..end - self.start)?.trim_start();
        let start = end - written.len();
        let is_of_flow = written.starts_with(['[', '{']) || content.starts_with(['[', '{']);
        if is_of_flow || written.is_empty() || at.start < start || written.starts_with(['|', '>']) {
            return None;
        }
        let edits = vec![TextEdit::new(Span::new(start, end), between_quotes(written))];
        Some(Fix::new("put the text in quotes", edits))
    }
}

/// A text of one line between the quotes that it needs; those around it count as the person's own try.
pub(super) fn between_quotes(written: &str) -> String {
    let inner = |quote: char| written.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    match inner('\'').or_else(|| inner('"').filter(|inner| inner.contains('"'))) {
        Some(inner) => format!("'{}'", inner.replace('\'', "''")),
        None if written.contains(['"', '\\']) => format!("'{}'", written.replace('\'', "''")),
        None => format!("\"{written}\""),
    }
}
