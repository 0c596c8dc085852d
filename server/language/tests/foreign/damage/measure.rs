//! Asking for everything at a damaged place, and counting: answers, their times, and places that still have help.
//!
//! Times are the thread's own on the processor: what else the machine does is not counted.

use std::time::Duration;

use copydesk_base::Span;
use copydesk_language::schemas;
use copydesk_language::{File, WorkspaceIndex, check, complete, hover, parse, signature, symbols};
use copydesk_text::Tree;
use rustix::time::{ClockId, clock_gettime};

use super::subjects::Subject;

#[derive(Default)]
pub(super) struct Measure {
    pub(super) texts: usize,
    pub(super) bytes: usize,
    /// What each answer took: tree, findings, proposals and help together.
    times: Vec<Duration>,
    slowest: Option<(Duration, String)>,
    /// Places beside a damage that have proposals without it, and those that have them with it.
    pub(super) asked: usize,
    pub(super) helped: usize,
}

impl std::fmt::Debug for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "help at {} of {} places", self.helped, self.asked)
    }
}

impl Measure {
    /// Asks everything of a text that is read anew.
    pub(super) fn ask(&mut self, subject: &Subject, text: &str, at: usize) {
        let mut tree = None;
        self.answer(subject, text, || tree.insert(parse(&subject.path, text)), at);
    }

    /// Asks everything of a text whose tree somebody makes.
    pub(super) fn answer<'t>(
        &mut self,
        subject: &Subject,
        text: &str,
        tree: impl FnOnce() -> &'t Tree,
        at: usize,
    ) {
        let begun = spent();
        let tree = tree();
        let at = text.floor_char_boundary(at.min(text.len()));
        let file = subject.file(text, tree);
        let lies = |span: Span| {
            assert!(text.get(span.start..span.end).is_some(), "{}: {span:?} in {text:?}", subject.name);
        };
        tree.problems().iter().for_each(|problem| lies(problem.span));
        tree.broken().iter().chain(tree.comments()).for_each(|span| lies(*span));
        let index = WorkspaceIndex::default();
        let (findings, proposals, help) = if let Some(schema) = &subject.schema {
            let help = schemas::hover(&file, schema, at);
            (schemas::check(&file, schema), schemas::complete(&file, schema, at), help)
        } else {
            signature(&file, &index, at);
            (check(&file, &index), complete(&file, &index, at), hover(&file, &index, at))
        };
        for finding in &findings {
            lies(finding.span);
            finding.fixes.iter().flat_map(|fix| &fix.edits).for_each(|edit| lies(edit.span));
        }
        for proposal in &proposals {
            lies(proposal.replace);
        }
        if let Some(help) = &help {
            lies(help.span);
        }
        symbols(&file);
        self.took(subject, spent().saturating_sub(begun));
    }

    fn took(&mut self, subject: &Subject, time: Duration) {
        self.times.push(time);
        if self.slowest.as_ref().is_none_or(|(slowest, _)| *slowest < time) {
            self.slowest = Some((time, subject.name.clone()));
        }
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
        self.times.sort_unstable();
        let at = |hundredths: usize| {
            let place = (self.times.len() * hundredths / 100).min(self.times.len().saturating_sub(1));
            self.times.get(place).copied().unwrap_or_default()
        };
        let within = self.times.partition_point(|time| *time <= Duration::from_millis(5));
        let (slowest, name) = self.slowest.clone().unwrap_or_default();
        eprintln!(
            "{corpus}: {} texts, {} bytes; {} answers, p50 {:?}, p99 {:?}, {} over 5 ms, slowest {slowest:?} ({name}); {self:?}",
            self.texts,
            self.bytes,
            self.times.len(),
            at(50),
            at(99),
            self.times.len() - within,
        );
    }
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
