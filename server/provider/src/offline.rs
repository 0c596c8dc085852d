//! The built-in stand-in: deterministic, and no model at all.
//!
//! With a [`Script`] it plays the scripted answers. Without one it says plainly what it is, repeats what it was asked
//! about, so that one sees the question arrived whole, and says how to get a model. It never asks for a tool.

use copydesk_base::Usage;

use crate::request::{Message, Request};
use crate::scenario::{Script, ScriptedAnswer};
use crate::stream::Sink;
use crate::{CallError, ModelEvent, StopReason};

/// Its one model's name.
pub(crate) const MODEL: &str = "none";

/// Hands out the answer. Offline answers come in pieces too: whoever reads streams needs no second way.
pub(crate) async fn answer(
    request: &Request,
    script: Option<&Script>,
    sink: &Sink,
) -> Result<Stopped, CallError> {
    let answer = match script {
        Some(script) => script.answer(request)?,
        None => stand_in(request),
    };
    sink.send(Ok(ModelEvent::Started)).await;
    for piece in pieces(&answer.text) {
        sink.send(Ok(ModelEvent::Text(piece.to_owned()))).await;
    }
    for (at, call) in answer.calls.iter().enumerate() {
        sink.send(Ok(ModelEvent::CallStarted { id: call.id.clone(), name: call.name.clone() })).await;
        let piece = call.arguments.raw.clone();
        sink.send(Ok(ModelEvent::CallArguments { call: at, piece })).await;
        sink.send(Ok(ModelEvent::CallEnded { call: at })).await;
    }
    let ScriptedAnswer { reason, text, calls, usage } = answer;
    Ok((ModelEvent::Stopped { reason, text, calls, carried: vec![] }, usage))
}

/// The last event, and what to count.
pub(crate) type Stopped = (ModelEvent, Usage);

fn stand_in(request: &Request) -> ScriptedAnswer {
    let mut text =
        "This is Copydesk's offline stand-in, not a model: nothing was thought up and nothing was changed. "
            .to_owned();
    match request.messages.last() {
        Some(Message::User { text: asked, .. }) => {
            match place(asked.lines().find(|line| line.starts_with("File:")).unwrap_or(asked)) {
                Some(Place { file, lines: Some((first, last)) }) if first == last => {
                    text.push_str(&format!("You asked about {file}, line {first}"));
                }
                Some(Place { file, lines: Some((first, last)) }) => {
                    text.push_str(&format!("You asked about {file}, lines {first} to {last}"));
                }
                Some(Place { file, lines: None }) => text.push_str(&format!("You asked about {file}")),
                None => text.push_str("You asked"),
            }
            text.push_str(&format!(": \"{}\". ", shortened(asked)));
        }
        Some(Message::ToolResults { results }) => {
            text.push_str(&format!("It got {} tool results that it cannot judge. ", results.len()));
        }
        Some(Message::Assistant { .. }) | None => {}
    }
    text.push_str(
        "For a real answer set ANTHROPIC_API_KEY or OPENAI_API_KEY, start Ollama or LM Studio, or name a provider in \
         config.yaml; 'copydesk doctor' says what it finds.",
    );
    let usage = Usage { requests: 0, ..Usage::default() };
    ScriptedAnswer { reason: StopReason::EndTurn, text, calls: Vec::new(), usage }
}

/// A file and its lines as they stand in a prompt.
#[derive(Debug, PartialEq, Eq)]
struct Place<'a> {
    file: &'a str,
    lines: Option<(u32, u32)>,
}

/// Finds the first word that looks like a path, with `:12`, `:12-20` or `lines 12 to 20` behind it.
fn place(text: &str) -> Option<Place<'_>> {
    // Quotes, brackets and `=` part words too: prompts write `path="a.rs"` and `(a.rs:3)`.
    let parts = |c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '=' | '<' | '>' | '(' | ')' | ',' | ';')
    };
    let mut words = text.split(parts).filter(|word| !word.is_empty());
    let (file, lines) = words.by_ref().find_map(path_word)?;
    Some(Place { file, lines: lines.or_else(|| lines_after(words)) })
}

fn path_word(word: &str) -> Option<(&str, Option<(u32, u32)>)> {
    let word = word.trim_matches(|c: char| !(c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '~')));
    let word = word.trim_end_matches('.');
    let (file, lines) = match word.split_once(':') {
        Some((file, rest)) => (file, line_range(rest)),
        None => (word, None),
    };
    let (_, name) = file.rsplit_once('/').unwrap_or(("", file));
    let (stem, extension) = name.rsplit_once('.')?;
    let looks_like_one = !stem.is_empty()
        && (1..=10).contains(&extension.len())
        && extension.chars().all(|c| c.is_ascii_alphanumeric())
        && extension.chars().any(|c| c.is_ascii_alphabetic())
        && !word.contains("://");
    looks_like_one.then_some((file, lines))
}

/// `lines 3 to 7`, `lines 3-7`, `line 3`, close behind the path.
fn lines_after<'a>(words: impl Iterator<Item = &'a str>) -> Option<(u32, u32)> {
    let words: Vec<&str> = words.take(6).collect();
    let at = words.iter().position(|word| {
        matches!(
            word.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase().as_str(),
            "line" | "lines"
        )
    })?;
    let first = words.get(at + 1)?;
    if let Some(range) = line_range(first).filter(|(first, last)| first != last) {
        return Some(range);
    }
    let first = number(first)?;
    let last = match words.get(at + 2) {
        Some(&("to" | "-" | "–" | "through")) => {
            words.get(at + 3).and_then(|word| number(word)).unwrap_or(first)
        }
        _ => first,
    };
    Some((first, last.max(first)))
}

/// `12`, `12-20`, `L12-L20`, `12:4` (the column is left out).
fn line_range(text: &str) -> Option<(u32, u32)> {
    match text.split_once(['-', '–']) {
        Some((first, last)) => Some((number(first)?, number(last)?)),
        None => number(text).map(|line| (line, line)),
    }
}

fn number(text: &str) -> Option<u32> {
    let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

/// The first line of what was asked that has words in it, cut where it is long.
fn shortened(asked: &str) -> String {
    const LONGEST: usize = 160;
    let line = asked.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
    let cut: String = line.chars().take(LONGEST).collect();
    if cut.len() < line.len() { format!("{cut}…") } else { cut }
}

/// The text cut behind each word.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(' ').filter(|piece| !piece.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_file_and_its_lines() {
        let check = |text: &str, expect: Option<(&str, Option<(u32, u32)>)>| {
            assert_eq!(place(text), expect.map(|(file, lines)| Place { file, lines }), "{text}");
        };
        check("make this iterative", None);
        check("explain src/a.py:3-7 please", Some(("src/a.py", Some((3, 7)))));
        check("File: `src/a.py` (lines 3 to 7)", Some(("src/a.py", Some((3, 7)))));
        check("In a.rs, line 12: why?", Some(("a.rs", Some((12, 12)))));
        check("a.rs lines 12–20", Some(("a.rs", Some((12, 20)))));
        check("see main.go.", Some(("main.go", None)));
        check("File: a.py, lines 2-2 are selected:", Some(("a.py", Some((2, 2)))));
        check("File: a.py, the cursor is on line 1:", Some(("a.py", Some((1, 1)))));
        check("It costs 3.50 now", None);
        check("look at https://a.example/b.html", None);
        check("<file path=\"a/b.ts\" lines=\"1-2\">", Some(("a/b.ts", Some((1, 2)))));
    }
}
