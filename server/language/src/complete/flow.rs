//! The brackets around the cursor, with what stands beside it in the innermost one.

use copydesk_base::Span;
use copydesk_text::Syntax;

use super::rows::unquoted;

/// One open bracket.
pub(super) struct Frame {
    pub(super) kind: FrameKind,
    pub(super) entries: Vec<(String, String)>,
    /// How many commas stand in it.
    pub(super) commas: usize,
    /// The key whose value is being written.
    pub(super) key: Option<String>,
    /// Where the word that is being written starts.
    pub(super) token: usize,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum FrameKind {
    List,
    Mapping,
}

/// The brackets that are open at the end of `span`, outermost first. What stands in `comments`, which are in order,
/// counts for nothing. In JSON no quoted word goes beyond its line: a quote that is missing takes in no more than that.
/// A quote that opens behind a value is that of the next entry: the comma between them is missing.
pub(super) fn read(text: &str, span: Span, comments: &[Span], syntax: Syntax) -> Vec<Frame> {
    let mut next = comments.iter().skip_while(|comment| comment.end <= span.start).peekable();
    let mut frames: Vec<Frame> = lost(text, span, syntax).into_iter().collect();
    let mut quote: Option<char> = None;
    let (mut before, mut is_escaped) = (' ', false);
    for (at, c) in span.of(text).char_indices() {
        let offset = span.start + at;
        while next.next_if(|comment| comment.end <= offset).is_some() {}
        if next.peek().is_some_and(|comment| comment.start <= offset) {
            continue;
        }
        if let Some(open) = quote {
            // Two single quotes are one, and so is what stands behind `\`.
            let is_twin = offset + 1 < span.end && text.as_bytes().get(offset + 1) == Some(&b'\'');
            let escapes = !is_escaped && if open == '"' { c == '\\' } else { c == open && is_twin };
            if c == open && !is_escaped && !escapes || c == '\n' && syntax == Syntax::Json {
                quote = None;
            }
            (before, is_escaped) = (c, escapes);
            continue;
        }
        if syntax == Syntax::Json && c == '"' {
            frames.last_mut().into_iter().for_each(|frame| frame.part(text, offset, comments));
        }
        let next_starts = before.is_whitespace() || matches!(before, '[' | '{' | ',' | ':');
        match c {
            '"' | '\'' if next_starts => quote = Some(c),
            '[' | '{' => {
                let kind = if c == '[' { FrameKind::List } else { FrameKind::Mapping };
                frames.push(Frame { kind, entries: vec![], commas: 0, key: None, token: offset + 1 });
            }
            ']' | '}' => {
                frames.pop();
                if frames.is_empty() {
                    // What follows is outside.
                    return frames;
                }
            }
            ',' => {
                if let Some(frame) = frames.last_mut() {
                    frame.commas += 1;
                    frame.finish(text, offset);
                    frame.token = offset + 1;
                }
            }
            ':' => {
                let spaced = text.as_bytes().get(offset + 1).is_none_or(u8::is_ascii_whitespace);
                let ends = spaced || matches!(before, '"' | '\'');
                if let Some(frame) =
                    frames.last_mut().filter(|frame| ends && frame.kind == FrameKind::Mapping)
                {
                    let start = content(text, Span::new(frame.token, offset), comments);
                    let name = text.get(start..offset).unwrap_or("").trim();
                    frame.key = Some(unquoted(name).to_owned());
                    frame.token = offset + 1;
                }
            }
            _ => {}
        }
        before = c;
    }
    if let Some(frame) = frames.last_mut() {
        frame.token = content(text, Span::new(frame.token, span.end), comments);
    }
    frames
}

/// The outermost bracket of a JSON file whose first line has lost it.
fn lost(text: &str, span: Span, syntax: Syntax) -> Option<Frame> {
    let first = span.of(text).trim_start();
    let is_lost = syntax == Syntax::Json && !first.is_empty() && !first.starts_with(['{', '[', '/']);
    let line = span.end - first.len() + first.find('\n').filter(|_| is_lost)?;
    Some(Frame { kind: FrameKind::Mapping, entries: vec![], commas: 0, key: None, token: line + 1 })
}

/// Where what is written in a piece starts, behind blanks and comments.
fn content(text: &str, piece: Span, comments: &[Span]) -> usize {
    let mut start = piece.start;
    loop {
        let rest = text.get(start..piece.end).unwrap_or("");
        start += rest.len() - rest.trim_start().len();
        let at = comments.partition_point(|comment| comment.start < start);
        match comments.get(at).filter(|comment| comment.start == start && comment.end <= piece.end) {
            Some(comment) if !comment.is_empty() => start = comment.end,
            _ => return start,
        }
    }
}

impl Frame {
    fn finish(&mut self, text: &str, offset: usize) {
        if let Some(key) = self.key.take() {
            let value = text.get(self.token..offset).unwrap_or("").trim();
            self.entries.push((key, unquoted(value).to_owned()));
        }
        self.token = offset;
    }

    /// Begins the next entry where one is written already.
    fn part(&mut self, text: &str, offset: usize, comments: &[Span]) {
        let is_name = self.kind == FrameKind::Mapping && self.key.is_none();
        if !is_name && content(text, Span::new(self.token, offset), comments) < offset {
            self.commas += 1;
            self.finish(text, offset);
        }
    }
}

/// Where the bracket that is open at `from` is closed in JSON, or the end of the text.
pub(super) fn end(text: &str, from: usize, comments: &[Span]) -> usize {
    let mut comments = comments.iter().skip_while(|comment| comment.end <= from).peekable();
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for (at, byte) in text.bytes().enumerate().skip(from) {
        while comments.next_if(|comment| comment.end <= at).is_some() {}
        if comments.peek().is_some_and(|comment| comment.start <= at) {
            continue;
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'\n' => quoted = false,
            _ if quoted => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' if depth == 0 => return at,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// The entries that follow in the same flow mapping, on the same line.
pub(super) fn entries_behind(rest: &str) -> Vec<(String, String)> {
    let end = rest.find(['}', '\n']).unwrap_or(rest.len());
    let pairs = rest[..end].split(',').skip(1).filter_map(|pair| pair.split_once(':'));
    pairs.map(|(key, value)| (unquoted(key.trim()).to_owned(), unquoted(value.trim()).to_owned())).collect()
}
