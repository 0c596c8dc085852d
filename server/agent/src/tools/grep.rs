//! `grep`: lines that match a pattern, in the workspace's files that are not ignored, unsaved changes included.
//!
//! `pattern` a regular expression · `path` a file or folder · `glob` which files · `context` lines around each

use std::ops::ControlFlow;
use std::path::PathBuf;

use copydesk_base::{CallId, Effect, Grade, path};
use copydesk_provider::ToolSpec;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkContext, SinkMatch};
use serde::Deserialize;
use serde_json::{Value, json};

use super::walk::{Pick, Walk};
use super::{Output, Work, arguments};
use crate::error::AgentError;
use crate::gate::{Permit, permit};
use crate::run::Turn;
use crate::taint;

/// The most lines of one answer.
const LINES: usize = 200;
/// The most characters of one line.
const WIDTH: usize = 300;

#[derive(Deserialize)]
struct Arguments {
    pattern: String,
    path: Option<String>,
    glob: Option<String>,
    context: Option<usize>,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "grep",
        "Find lines that match a regular expression. Path is a file or folder, glob says which files.",
        json!({
            "type": "object",
            "properties": {
                "pattern": {"type": "string"},
                "path": {"type": "string"},
                "glob": {"type": "string"},
                "context": {"type": "integer"}
            },
            "required": ["pattern"]
        }),
    )
}

pub(super) async fn run(turn: &mut Turn, call: &CallId, value: Value) -> Result<Work, AgentError> {
    let wanted: Arguments = match arguments(value) {
        Ok(arguments) => arguments,
        Err(output) => return Ok(output.into()),
    };
    let (matcher, pick) = match (matcher(&wanted.pattern), wanted.glob.as_deref().map(Pick::new).transpose())
    {
        (Ok(matcher), Ok(pick)) => (matcher, pick),
        (Err(output), _) | (_, Err(output)) => return Ok(output.into()),
    };
    let start = turn.path(wanted.path.as_deref().unwrap_or("."));
    if let Permit::Refused(text) = permit(turn, call, Effect::Read { path: start.clone() }, None).await? {
        return Ok(Output::failed(text).into());
    }
    if !turn.world.files.is_open(&start) && !start.exists() {
        let shown = wanted.path.as_deref().unwrap_or(".");
        return Ok(Output::failed(format!("there is no file or folder {shown}")).into());
    }
    let context = wanted.context.unwrap_or(0).min(10);
    Ok(search(turn, Wanted { start, matcher, pick, context, none: "no line matches" }))
}

/// What is searched for.
pub(super) struct Wanted {
    pub(super) start: PathBuf,
    pub(super) matcher: RegexMatcher,
    pub(super) pick: Option<Pick>,
    pub(super) context: usize,
    /// What is said where there is nothing.
    pub(super) none: &'static str,
}

/// A regular expression of lines, or what to tell the model.
pub(super) fn matcher(pattern: &str) -> Result<RegexMatcher, Output> {
    RegexMatcherBuilder::new()
        .line_terminator(Some(b'\n'))
        .build(pattern)
        .map_err(|error| Output::failed(format!("the pattern is no regular expression: {error}")))
}

/// Looks for lines in the files that the model may know.
pub(super) fn search(turn: &Turn, wanted: Wanted) -> Work {
    let Wanted { start, matcher, pick, context, none } = wanted;
    let search = Search { walk: Walk::of(turn), matcher, pick, context };
    let (shared, redactor) = (turn.shared.clone(), turn.settings.redactor.clone());
    Work::look(move || {
        let Hits { lines, grade, source, keys } = search.run(&start);
        for text in keys {
            shared.learn(&text, &redactor);
        }
        let text = match lines.len() {
            0 => none.to_owned(),
            count if count >= LINES => {
                format!("{}\n[more than {LINES} lines; narrow the search]", lines.join("\n"))
            }
            _ => lines.join("\n"),
        };
        Output::fine(text).with(grade, source)
    })
}

/// What was found.
#[derive(Default)]
struct Hits {
    lines: Vec<String>,
    /// The worst of the files that lines are from, and its name.
    grade: Grade,
    source: String,
    /// Whole texts with a private key in them, of which a line alone would not show what it is.
    keys: Vec<String>,
}

struct Search {
    walk: Walk,
    matcher: RegexMatcher,
    pick: Option<Pick>,
    context: usize,
}

impl Search {
    fn run(&self, start: &std::path::Path) -> Hits {
        let mut searcher = SearcherBuilder::new()
            .binary_detection(BinaryDetection::quit(0))
            .before_context(self.context)
            .after_context(self.context)
            .build();
        let mut hits = Hits::default();
        self.walk.files(start, |file| {
            if self.pick.as_ref().is_some_and(|pick| !pick.takes(&self.walk.root, file)) {
                return ControlFlow::Continue(());
            }
            let before = hits.lines.len();
            let mut sink = Lines { shown: path::shown(&self.walk.root, file), lines: &mut hits.lines };
            // A file that cannot be searched is passed over, as a person's own grep would.
            let _ = self.search(&mut searcher, file, &mut sink);
            if hits.lines.len() > before {
                self.note(file, &mut hits);
            }
            if hits.lines.len() >= LINES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        hits
    }

    /// Notes what else there is to know about a file with hits.
    fn note(&self, file: &std::path::Path, hits: &mut Hits) {
        let grade = taint::of_file(file, &self.walk.root, &self.walk.policy.additional);
        if grade > hits.grade {
            hits.grade = grade;
            hits.source = path::shown(&self.walk.root, file);
        }
        if let Ok(text) = self.walk.files.read(file)
            && text.text.contains("PRIVATE KEY")
        {
            hits.keys.push(text.text.to_string());
        }
    }

    fn search(
        &self,
        searcher: &mut Searcher,
        file: &std::path::Path,
        sink: &mut Lines<'_>,
    ) -> std::io::Result<()> {
        if self.walk.files.is_open(file)
            && let Ok(text) = self.walk.files.read(file)
        {
            return searcher.search_slice(&self.matcher, text.text.as_bytes(), sink);
        }
        let closed = self.walk.files.open(file).map_err(std::io::Error::other)?;
        searcher.search_file(&self.matcher, &closed, sink)
    }
}

/// Collects `path:line:text`, context lines with `-`.
struct Lines<'a> {
    shown: String,
    lines: &'a mut Vec<String>,
}

impl Lines<'_> {
    fn push(&mut self, number: Option<u64>, mark: char, bytes: &[u8]) -> bool {
        let text: String = String::from_utf8_lossy(bytes).trim_end().chars().take(WIDTH).collect();
        self.lines.push(format!("{}{mark}{}{mark}{text}", self.shown, number.unwrap_or(0)));
        self.lines.len() < LINES
    }
}

impl Sink for Lines<'_> {
    type Error = std::io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> Result<bool, Self::Error> {
        Ok(self.push(found.line_number(), ':', found.bytes()))
    }

    fn context(&mut self, _: &Searcher, line: &SinkContext<'_>) -> Result<bool, Self::Error> {
        Ok(self.push(line.line_number(), '-', line.bytes()))
    }
}
