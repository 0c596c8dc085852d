//! Asking for everything at a damaged place, and counting: answers, their times, and places that still have help.
//!
//! Times are the thread's own on the processor: what else the machine does is not counted. Each is compared with the
//! limit that belongs to it: an edit with that of its file's length, a list of proposals and a help with theirs. A text
//! that nobody has read before is an opening, which has none.

use std::time::Duration;

use copydesk_base::Span;
use copydesk_language::schemas;
use copydesk_language::{
    File, Memo, WorkspaceIndex, check_again, complete, hover, parse, signature, symbols,
};
use copydesk_text::Tree;
use rustix::time::{ClockId, clock_gettime};

use super::subjects::Subject;

/// So many that are over their limit are told by name.
const MOST_TOLD: usize = 8;

/// How one kind of answer did.
#[derive(Default)]
struct Took {
    times: Vec<Duration>,
    over: Vec<(Duration, String)>,
    /// The one that took the largest part of its limit, or the longest time where there is none.
    worst: Option<(f64, Duration, String)>,
}

impl Took {
    fn note(&mut self, subject: &Subject, lines: usize, time: Duration, limit: Option<Duration>) {
        let part = time.as_secs_f64() / limit.unwrap_or(Duration::from_secs(1)).as_secs_f64();
        self.times.push(time);
        if limit.is_some_and(|limit| limit < time) {
            self.over.push((time, format!("{}, {lines} lines", subject.name)));
        }
        if self.worst.as_ref().is_none_or(|(worst, ..)| *worst < part) {
            self.worst = Some((part, time, format!("{}, {lines} lines", subject.name)));
        }
    }

    fn tell(&mut self, what: &str, limit: &str) {
        self.times.sort_unstable();
        let at = |hundredths: usize| {
            let place = (self.times.len() * hundredths / 100).min(self.times.len().saturating_sub(1));
            self.times.get(place).copied().unwrap_or_default()
        };
        let Some((_, worst, name)) = &self.worst else { return };
        let over =
            if limit.is_empty() { String::new() } else { format!(", {} over {limit}", self.over.len()) };
        eprintln!(
            "  {what}: {}, p50 {:?}, p99 {:?}{over}, worst {worst:?} ({name})",
            self.times.len(),
            at(50),
            at(99)
        );
        self.over.sort_unstable_by(|one, other| other.cmp(one));
        for (time, name) in self.over.iter().take(MOST_TOLD) {
            eprintln!("    {time:?}: {name}");
        }
    }
}

#[derive(Default)]
pub(super) struct Measure {
    pub(super) texts: usize,
    pub(super) bytes: usize,
    /// Texts that nobody has read before: tree, findings, proposals and help together.
    opened: Took,
    /// Edits of a text that was read before: tree and findings.
    edited: Took,
    completed: Took,
    explained: Took,
    /// Places beside a damage that have proposals without it, and those that have them with it.
    pub(super) asked: usize,
    pub(super) helped: usize,
}

impl std::fmt::Debug for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "help at {} of {} places", self.helped, self.asked)
    }
}

/// What one edit may take of a processor: 1, 4 and 15 ms at 1 000, 10 000 and 50 000 lines, straight lines between.
fn of_an_edit(lines: usize) -> Duration {
    let lines = f64::from(u32::try_from(lines).unwrap_or(u32::MAX));
    let milliseconds = match lines {
        lines if lines <= 1_000.0 => 1.0,
        lines if lines <= 10_000.0 => 1.0 + (lines - 1_000.0) * 3.0 / 9_000.0,
        lines => 4.0 + (lines - 10_000.0) * 11.0 / 40_000.0,
    };
    Duration::from_secs_f64(milliseconds / 1_000.0)
}

/// What a list of proposals and a help may take at 10 000 lines.
const COMPLETION: Duration = Duration::from_millis(5);
const HOVER: Duration = Duration::from_millis(2);

impl Measure {
    /// Asks everything of a text that nobody has read before.
    pub(super) fn ask(&mut self, subject: &Subject, text: &str, at: usize) {
        let begun = spent();
        let tree = parse(&subject.path, text);
        let mut memo = Memo::default();
        findings(subject, text, &tree, &mut memo);
        help_at(subject, text, &tree, at);
        self.opened.note(subject, lines(text), spent().saturating_sub(begun), None);
    }

    /// Asks everything of a text whose tree somebody makes of the last one; `memo` holds what was found then.
    pub(super) fn answer<'t>(
        &mut self,
        subject: &Subject,
        text: &str,
        tree: impl FnOnce() -> &'t Tree,
        memo: &mut Memo,
        at: usize,
    ) {
        let begun = spent();
        let tree = tree();
        findings(subject, text, tree, memo);
        let read = spent().saturating_sub(begun);
        let lines = lines(text);
        self.edited.note(subject, lines, read, Some(of_an_edit(lines)));
        let (completed, explained) = help_at(subject, text, tree, at);
        self.completed.note(subject, lines, completed, Some(COMPLETION));
        self.explained.note(subject, lines, explained, Some(HOVER));
    }

    /// Looks for proposals two lines before and behind a damage, as far as the lines are still there.
    pub(super) fn help(&mut self, subject: &Subject, damaged: &str, at: usize) {
        let whole = &subject.text;
        let line = whole[..whole.floor_char_boundary(at)].matches('\n').count();
        for line in [line.checked_sub(2), Some(line + 2)].into_iter().flatten() {
            let is_there = damaged.lines().nth(line) == whole.lines().nth(line);
            if is_there && is_helped(subject, whole, line) {
                self.asked += 1;
                self.helped += usize::from(is_helped(subject, damaged, line));
            }
        }
    }

    pub(super) fn tell(&mut self, corpus: &str) {
        eprintln!("{corpus}: {} texts, {} bytes; {self:?}", self.texts, self.bytes);
        self.opened.tell("opened", "");
        self.edited.tell("edited", "the limit of their lines");
        self.completed.tell("completed", "5 ms");
        self.explained.tell("explained", "2 ms");
    }
}

/// Everything that is found in a text, each at a place of it.
pub(super) fn findings(subject: &Subject, text: &str, tree: &Tree, memo: &mut Memo) {
    let file = subject.file(text, tree);
    let lies = |span: Span| {
        assert!(text.get(span.start..span.end).is_some(), "{}: {span:?} in {text:?}", subject.name);
    };
    tree.problems().iter().for_each(|problem| lies(problem.span));
    tree.broken().iter().chain(tree.comments()).for_each(|span| lies(*span));
    let findings = match &subject.schema {
        Some(schema) => schemas::check_again(&file, schema, memo),
        None => check_again(&file, &WorkspaceIndex::default(), memo),
    };
    for finding in &findings {
        lies(finding.span);
        finding.fixes.iter().flat_map(|fix| &fix.edits).for_each(|edit| lies(edit.span));
    }
}

/// The proposals and the help at a place, and what each took.
fn help_at(subject: &Subject, text: &str, tree: &Tree, at: usize) -> (Duration, Duration) {
    let at = text.floor_char_boundary(at.min(text.len()));
    let file = subject.file(text, tree);
    let index = WorkspaceIndex::default();
    let lies = |span: Span| assert!(text.get(span.start..span.end).is_some(), "{}", subject.name);
    let begun = spent();
    let proposals = match &subject.schema {
        Some(schema) => schemas::complete(&file, schema, at),
        None => complete(&file, &index, at),
    };
    let completed = spent();
    let help = match &subject.schema {
        Some(schema) => schemas::hover(&file, schema, at),
        None => hover(&file, &index, at),
    };
    let explained = spent();
    for proposal in &proposals {
        lies(proposal.replace);
    }
    if let Some(help) = &help {
        lies(help.span);
    }
    if subject.schema.is_none() {
        signature(&file, &index, at);
    }
    symbols(&file);
    (completed.saturating_sub(begun), explained.saturating_sub(completed))
}

fn lines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// The time that this thread has had of a processor.
fn spent() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// Whether anything is proposed on a new line before line `line`, which starts with a key.
fn is_helped(subject: &Subject, text: &str, line: usize) -> bool {
    let start = text.split_inclusive('\n').take(line).map(str::len).sum::<usize>();
    let this = text[start..].lines().next().unwrap_or("");
    let content = this.trim_start();
    let is_key = content.starts_with(|c: char| c.is_alphabetic() || c == '"') && content.contains([':', '=']);
    if !is_key {
        return false;
    }
    let indent = this.len() - content.len();
    let text = format!("{}{}\n{}", &text[..start], &this[..indent], &text[start..]);
    let (tree, offset) = (parse(&subject.path, &text), start + indent);
    let file: File<'_> = subject.file(&text, &tree);
    let found = match &subject.schema {
        Some(schema) => schemas::complete(&file, schema, offset),
        None => complete(&file, &WorkspaceIndex::default(), offset),
    };
    !found.is_empty()
}
