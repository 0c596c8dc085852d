//! The search behind `grep`: bounded in what it takes in, stopped between two reads, and blind to secrets.
//!
//! A pattern of a model's may be made to take for ever, and a file may be one line of many megabytes. So a pattern may
//! not grow large, a line neither, and every read asks whether somebody still waits.
//!
//! A line that matches only for a secret in it does not match: or a model could ask for it letter by letter.

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;

use copydesk_base::files::{FileError, Opened, Opening};
use copydesk_base::path;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkContext, SinkMatch};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::walk::{Pick, Walk, Worst};
use crate::gate::twins::Twins;

/// The most lines of one answer.
pub(super) const LINES: usize = 200;
/// The most characters of one line.
const WIDTH: usize = 300;
/// The most bytes of a line that is searched; a file with a longer one is searched up to there.
const LONGEST_LINE: usize = 256 * 1024;
/// The largest file that is taken in at once: most are smaller, and are searched at a single read.
const SMALL: u64 = 64 * 1024;
/// The most bytes that a pattern may take once it is taken apart, and what may be kept while searching.
const LARGEST_PATTERN: usize = 4 * 1024 * 1024;

/// What is searched for.
pub(super) fn matcher(pattern: &str) -> Result<RegexMatcher, grep_regex::Error> {
    RegexMatcherBuilder::new()
        .line_terminator(Some(b'\n'))
        .size_limit(LARGEST_PATTERN)
        .dfa_size_limit(LARGEST_PATTERN)
        .build(pattern)
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Hits {
    pub(super) lines: Vec<String>,
    /// Of the files that lines are from.
    pub(super) worst: Worst,
    /// Files that were not searched to their end.
    pub(super) unread: Vec<String>,
}

/// What is shown of a hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Shown {
    /// Each line, with those around it.
    #[default]
    Lines,
    /// The same without their numbers.
    Text,
    /// The file, once.
    Files,
    /// The file, and how many lines.
    Count,
}

pub(super) struct Search<'a> {
    pub(super) walk: &'a Walk,
    pub(super) matcher: RegexMatcher,
    pub(super) pick: Option<Pick>,
    /// How many lines around each hit.
    pub(super) context: usize,
    pub(super) shown: Shown,
    /// A text with a placeholder for each secret, line by line.
    pub(super) hide: &'a dyn Fn(&str) -> String,
}

impl Search<'_> {
    pub(super) fn run(&self, start: &Path) -> Hits {
        let is_lines = matches!(self.shown, Shown::Lines | Shown::Text);
        let context = if is_lines { self.context } else { 0 };
        let mut searcher = SearcherBuilder::new()
            .binary_detection(BinaryDetection::quit(0))
            .heap_limit(Some(LONGEST_LINE))
            .before_context(context)
            .after_context(context)
            .build();
        let mut hits = Hits::default();
        let mut closed = Closed { opening: self.walk.files.opening(), small: Vec::new() };
        self.walk.named(start, |file| {
            if self.pick.as_ref().is_some_and(|pick| !pick.takes(&self.walk.root, file)) {
                return ControlFlow::Continue(());
            }
            self.search(&mut searcher, file, &mut closed, &mut hits);
            if hits.lines.len() >= LINES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        hits
    }

    /// Searches one file. One that cannot be opened is passed over, as a person's own grep would.
    fn search(&self, searcher: &mut Searcher, file: &Path, closed: &mut Closed<'_>, hits: &mut Hits) {
        let before = hits.lines.len();
        let open = self.walk.files.is_open(file).then(|| self.walk.files.read(file).ok()).flatten();
        let mut is_whole = match &open {
            Some(_) if self.walk.twins.is_twin(file) => return,
            Some(text) => self.look_at(searcher, text.text.as_bytes(), file, hits),
            None => match closed.open(file, &self.walk.twins) {
                Ok(Looked::Small(bytes)) => self.look_at(searcher, bytes, file, hits),
                Ok(Looked::Large(text)) => self.look(searcher, text, file, hits),
                Ok(Looked::Twin) | Err(_) => return,
            },
        };
        if hits.lines.len() > before {
            // Only what is found is looked at whole.
            if let Some(text) = open.or_else(|| self.walk.files.read(file).ok()) {
                let hidden = (self.hide)(&text.text);
                if hidden != *text.text {
                    hits.lines.truncate(before);
                    is_whole &= self.look_at(searcher, hidden.as_bytes(), file, hits);
                }
            }
            hits.worst.add(self.walk, file);
        }
        if !is_whole && !self.walk.stop.is_cancelled() {
            hits.unread.push(path::shown(&self.walk.root, file));
        }
    }

    /// Whether it was looked through to the end, or to as many lines as are wanted.
    fn look(&self, searcher: &mut Searcher, text: impl Read, file: &Path, hits: &mut Hits) -> bool {
        let patient = Patient { text, stop: &self.walk.stop };
        let mut lines = self.lines(file, hits);
        let is_whole = searcher.search_reader(&self.matcher, patient, &mut lines).is_ok();
        lines.end();
        is_whole
    }

    /// The same for a text that is there.
    fn look_at(&self, searcher: &mut Searcher, text: &[u8], file: &Path, hits: &mut Hits) -> bool {
        let mut lines = self.lines(file, hits);
        let is_whole = searcher.search_slice(&self.matcher, text, &mut lines).is_ok();
        lines.end();
        is_whole
    }

    fn lines<'h>(&'h self, file: &'h Path, hits: &'h mut Hits) -> Lines<'h> {
        Lines { root: &self.walk.root, file, shown: self.shown, count: 0, out: &mut hits.lines }
    }
}

/// Files that no editor holds open, one after the other.
struct Closed<'a> {
    opening: Opening<'a>,
    /// The last one, if it was small.
    small: Vec<u8>,
}

enum Looked<'a> {
    Small(&'a [u8]),
    Large(File),
    /// Another name of one that may not be known.
    Twin,
}

impl Closed<'_> {
    fn open(&mut self, file: &Path, twins: &Twins) -> Result<Looked<'_>, FileError> {
        let Opened { file: mut opened, length, several } = (self.opening)(file)?;
        if several.is_some_and(|number| twins.keeps_back(number)) {
            return Ok(Looked::Twin);
        }
        if length > SMALL {
            return Ok(Looked::Large(opened));
        }
        let length = usize::try_from(length).unwrap_or(0);
        if self.small.len() < length {
            self.small.resize(length, 0);
        }
        let mut filled = 0;
        while filled < length {
            match opened.read(&mut self.small[filled..length]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(source) => return Err(FileError::Io { path: file.to_owned(), source }),
            }
        }
        Ok(Looked::Small(&self.small[..filled]))
    }
}

/// Something to read that ends when nobody waits any more.
struct Patient<'a, R> {
    text: R,
    stop: &'a CancellationToken,
}

impl<R: Read> Read for Patient<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.is_cancelled() {
            return Err(io::Error::other("stopped"));
        }
        self.text.read(buffer)
    }
}

/// Collects `path:line:text` or `path:text`, context lines with `-`; or `path` alone, or `path:count`.
struct Lines<'a> {
    root: &'a Path,
    file: &'a Path,
    shown: Shown,
    count: usize,
    out: &'a mut Vec<String>,
}

impl Lines<'_> {
    fn push(&mut self, number: Option<u64>, mark: char, bytes: &[u8]) -> bool {
        let text: String = String::from_utf8_lossy(bytes).trim_end().chars().take(WIDTH).collect();
        let shown = path::shown(self.root, self.file);
        let number = number.filter(|_| self.shown == Shown::Lines);
        let number = number.map_or_else(String::new, |number| format!("{number}{mark}"));
        self.out.push(format!("{shown}{mark}{number}{text}"));
        self.out.len() < LINES
    }

    /// The file is looked through.
    fn end(self) {
        let shown = || path::shown(self.root, self.file);
        match self.shown {
            Shown::Files if self.count > 0 => self.out.push(shown()),
            Shown::Count if self.count > 0 => self.out.push(format!("{}:{}", shown(), self.count)),
            _ => {}
        }
    }
}

impl Sink for Lines<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> Result<bool, Self::Error> {
        self.count += 1;
        Ok(match self.shown {
            Shown::Lines | Shown::Text => self.push(found.line_number(), ':', found.bytes()),
            Shown::Files => false,
            Shown::Count => true,
        })
    }

    fn context(&mut self, _: &Searcher, line: &SinkContext<'_>) -> Result<bool, Self::Error> {
        Ok(self.push(line.line_number(), '-', line.bytes()))
    }
}
