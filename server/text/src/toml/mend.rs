//! What was probably meant where TOML cannot be read.
//!
//! A mend is safe where there is one way to write it; what may have been meant otherwise is for a person to choose.

use copydesk_base::{Code, Diagnostic, Fix, Safety, Span, TextEdit};
use toml_parser::decoder::ScalarKind;

use super::message;
use crate::yaml::Output;

const ADD_COMMA: &str = "add a ','";
const EXTRA_EQUALS: &str = "extra '='";

/// What the parser says of a mistake.
#[derive(Clone, Copy)]
pub(super) struct Found<'e> {
    pub(super) description: &'e str,
    /// What is marked.
    pub(super) span: Span,
    pub(super) unexpected: Option<Span>,
    /// What it stands in.
    pub(super) context: Option<Span>,
}

/// A text between double quotes. What JSON escapes, TOML does.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn in_quotes(text: &str, span: Span) -> Fix {
    Fix::new("put it in quotes", vec![TextEdit::new(span, quoted(span.of(text)))])
}

fn insert(title: &str, at: usize, text: &str) -> Fix {
    Fix::new(title, vec![TextEdit::insert(at, text)])
}

fn take_out(span: Span) -> Fix {
    Fix::new("take it out", vec![TextEdit::new(span, "")])
}

fn change(span: Span, to: impl Into<String>) -> Fix {
    let to = to.into();
    Fix::new(format!("change to {to}"), vec![TextEdit::new(span, to)])
}

/// The mend of what the parser found.
pub(super) fn of_error(text: &str, found: Found<'_>) -> Option<Fix> {
    let Found { description, span, unexpected, context } = found;
    let behind = |at: usize| text.get(..at).map_or(at, |before| before.trim_end_matches([' ', '\t']).len());
    let rest = |at: usize| text.get(at..).and_then(|rest| rest.lines().next()).unwrap_or("");
    if let Some((_, fix)) = inner_quotes(text, description, unexpected.unwrap_or(span).start) {
        return Some(fix);
    }
    Some(match description {
        "unclosed array" => insert("close it here", unexpected?.start, "]"),
        "unclosed inline table" => insert("close it here", unexpected?.start, "}"),
        "unclosed table" => insert("close it with ']'", behind(span.end), "]"),
        "unclosed array table" => {
            let close = if span.of(text).trim_end().ends_with(']') { "]" } else { "]]" };
            insert("close it with ']]'", behind(span.end), close)
        }
        "key with no value" | "missing value for key" => no_equals(text, span.start)?,
        "missing comma between array elements" | "missing comma between key-value pairs" => {
            let between = text.get(..span.start)?.trim_end();
            let is_line = text.get(between.len()..span.start)?.contains('\n');
            let safety = if is_line { Safety::Safe } else { Safety::Suggested };
            // A comment may stand between the two.
            let at = if is_line { line_end(text, between.len())? } else { between.len() };
            insert(ADD_COMMA, at, ",").with_safety(safety)
        }
        "extra comma in array" | "extra `=`" => take_out(span).with_safety(Safety::Safe),
        "extra comma in inline table" if rest(span.start).starts_with(',') => {
            take_out(Span::new(span.start, span.start + 1)).with_safety(Safety::Safe)
        }
        "unexpected key or value" if !rest(span.start).starts_with(['"', '\'', '=', ',', ']', '}']) => {
            insert("start a new line here", span.start, "\n")
        }
        "unexpected key or value" => {
            take_out(Span::new(span.start, span.start + rest(span.start).trim_end().len()))
        }
        "missing assignment between key-value pairs" => insert("add '='", behind(span.start), " ="),
        "invalid unquoted key" => {
            let key = context?;
            Fix::safe("put it in quotes", vec![TextEdit::new(key, quoted(key.of(text)))])
        }
        "missing escaped value" => insert("write '\\\\' for a backslash", span.start, "\\"),
        "too few unicode value digits" | "invalid value" => {
            let at = text.get(..unexpected?.start)?.rfind('\\')?;
            insert("write '\\\\' for a backslash", at, "\\")
        }
        "missing opening quote" => {
            let quote = context?.of(text).chars().next_back().filter(|c| matches!(c, '"' | '\''))?;
            insert("add the quote in front", context?.start, &quote.to_string())
        }
        description if description.ends_with(" string") && unexpected.is_some_and(Span::is_empty) => {
            open_quote(text, span)?
        }
        _ => number(text, context?)?,
    })
}

/// The double quotes inside of a text between such quotes, which ended it for the parser: where they stand, and their
/// mend.
pub(super) fn inner_quotes(text: &str, description: &str, at: usize) -> Option<(Span, Fix)> {
    let line_start = text.get(..at)?.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(line_start..)?.lines().next()?.trim_end();
    let open = line.find('=').and_then(|sign| Some(sign + 1 + line.get(sign + 1..)?.find('"')?))?;
    let value = line.get(open..)?.strip_prefix('"')?.strip_suffix('"')?;
    let is_alone = line.get(..open)?.trim_end().ends_with('=') && !value.contains(['\\', '#']);
    let is_behind = text.get(..at)?.ends_with('"') && text.get(at..)?.starts_with(char::is_alphanumeric);
    let places: Vec<usize> = value.match_indices('"').map(|(at, _)| line_start + open + 1 + at).collect();
    let (first, last) = (*places.first()?, *places.last()?);
    if description != "unexpected key or value" || !is_alone || !is_behind || !places.len().is_multiple_of(2)
    {
        return None;
    }
    let edits = places.iter().map(|at| TextEdit::insert(*at, "\\")).collect();
    Some((Span::new(first, last + 1), Fix::new("write '\\\"' for each of them", edits)))
}

/// Behind the last thing of the line that ends at `at` but for its comment, where a comma belongs.
fn line_end(text: &str, at: usize) -> Option<usize> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(start..at)?;
    let comment =
        line.find(" #").filter(|at| !line.get(*at..).is_some_and(|rest| rest.contains(['"', '\''])));
    Some(comment.map_or(at, |comment| start + line.get(..comment).map_or(0, |line| line.trim_end().len())))
}

/// A key without its sign.
fn no_equals(text: &str, at: usize) -> Option<Fix> {
    let start = text.get(..at)?.rfind(['\n', '{', ',']).map_or(0, |at| at + 1);
    let key = text.get(start..at)?;
    let start = start + key.len() - key.trim_start().len();
    let rest = text.get(at..)?.lines().next()?;
    if rest.trim_start().starts_with(':') {
        let colon = at + rest.find(':')?;
        return Some(Fix::safe("change to '='", vec![TextEdit::new(Span::new(colon, colon + 1), " =")]));
    }
    // `a b = 1` may be a key of two words.
    if let Some((more, _)) = rest.split_once('=').filter(|(more, _)| !more.trim().is_empty()) {
        let key = Span::new(start, at + more.trim_end().len());
        let is_plain = !key.of(text).contains(['"', '\'', '[', '{', '#']);
        return is_plain
            .then(|| Fix::new("put the key in quotes", vec![TextEdit::new(key, quoted(key.of(text)))]));
    }
    if !rest.trim().is_empty() && !rest.trim_start().starts_with(['#', '}', ',', ']']) {
        return Some(insert("add '='", text.get(..at)?.trim_end().len(), " ="));
    }
    Some(insert("add '= \"\"'", text.get(..at)?.trim_end().len(), " = \"\""))
}

/// A text whose closing quote is missing.
fn open_quote(text: &str, span: Span) -> Option<Fix> {
    let raw = span.of(text);
    let quote = raw.chars().next()?;
    let is_long = raw.starts_with(&quote.to_string().repeat(3));
    let quote = quote.to_string().repeat(if is_long { 3 } else { 1 });
    let end = span.start + raw.trim_end().len().max(1);
    Some(insert(&format!("close the quote with {quote}"), end, &quote))
}

/// Whether a word starts like a number.
pub(super) fn is_like_number(word: &str) -> bool {
    let is_value = word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | '_'));
    is_value && !word.contains(['\n', '"'])
}

/// A value that starts like a number and is none.
fn number(text: &str, span: Span) -> Option<Fix> {
    let word = span.of(text);
    if !is_like_number(word) {
        return None;
    }
    let (sign, digits) = match word.strip_prefix(['+', '-']) {
        Some(digits) => (word.get(..1)?, digits),
        None => ("", word),
    };
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let without = digits.replace('_', "");
    let meant = if is_number(&without) {
        let trimmed = without.trim_start_matches('0');
        Some(format!("{sign}{}", if trimmed.is_empty() { "0" } else { trimmed }))
    } else if let Some(whole) = digits.strip_suffix('.').filter(|whole| is_number(whole)) {
        Some(format!("{sign}{whole}.0"))
    } else if let Some(part) = digits.strip_prefix('.').filter(|part| is_number(part)) {
        Some(format!("{sign}0.{part}"))
    } else if ["0X", "0O", "0B"].iter().any(|prefix| digits.starts_with(prefix)) {
        Some(digits.to_ascii_lowercase())
    } else if !sign.is_empty() && ["0x", "0o", "0b"].iter().any(|prefix| digits.starts_with(prefix)) {
        Some(digits.to_owned())
    } else {
        None
    };
    Some(meant.map_or_else(|| in_quotes(text, span), |meant| change(span, meant)))
}

/// What was said of a mistake of the parser's, and where a bracket is open, if that is the mistake.
pub(super) struct Told {
    pub(super) problem: Diagnostic,
    pub(super) open_at: Option<usize>,
}

/// Several mistakes that the parser finds are one, seen twice: brackets that are open in the same place, a bracket that
/// a text without its quote took in, signs of one key, a `:` for `=`, two entries in one line. `others` are known
/// already.
pub(super) fn as_one(text: &str, told: Vec<Told>, others: &[Diagnostic]) -> Vec<Diagnostic> {
    let mut list: Vec<Told> = Vec::with_capacity(told.len());
    for one in told {
        match list.last_mut().filter(|last| last.open_at.is_some() && last.open_at == one.open_at) {
            Some(inner) => add_close(inner, &one),
            None => list.push(one),
        }
    }
    list.sort_by_key(|one| one.problem.span);
    let is_text = |one: &Told| one.problem.message == message::OPEN_QUOTE;
    let texts: Vec<usize> = (0..list.len()).filter(|at| list.get(*at).is_some_and(is_text)).collect();
    let mut gone = Vec::new();
    for open in texts {
        let Some(end) = list.get(open).map(|one| one.problem.span.end) else { continue };
        let Some(bracket) = list.iter().position(|one| one.open_at == Some(end)) else { continue };
        if let Ok([open, bracket]) = list.get_disjoint_mut([open, bracket]) {
            close_before_bracket(text, &mut open.problem, &bracket.problem);
            gone.push(bracket.problem.span);
        }
    }
    list.retain(|one| one.open_at.is_none() || !gone.contains(&one.problem.span));
    let mut merged: Vec<Diagnostic> = Vec::with_capacity(list.len());
    for Told { problem, .. } in list {
        let is_near = |last: &Diagnostic| {
            let between = text.get(last.span.end..problem.span.start);
            between.is_some_and(|between| !between.contains('\n'))
        };
        let is_told = problem.message == message::NO_BREAK
            && others.iter().any(|other| other.message == message::NO_BREAK && is_near(other));
        match merged.last_mut().filter(|last| is_near(last)) {
            _ if is_told => {}
            Some(last) if last.message == message::BARE_KEY => match problem.message.as_str() {
                message::BARE_KEY if last.fixes == problem.fixes => {}
                message::NO_EQUALS if last.span.of(text) == ":" => {
                    message::COLON.clone_into(&mut last.message);
                    last.fixes = vec![Fix::safe("change to '='", vec![TextEdit::new(last.span, " =")])];
                }
                _ => merged.push(problem),
            },
            Some(last)
                if matches!(last.message.as_str(), message::NO_BREAK | message::INNER)
                    && problem.message == message::NO_BREAK => {}
            _ => merged.push(problem),
        }
    }
    merged
}

/// Behind some mistakes the parser reads the rest of a line wrong: what it says of that is left out, and the rest
/// counts as read by guessing.
pub(super) fn quiet_behind(text: &str, told: &mut Vec<Diagnostic>, output: &mut Output) {
    let is_split = |problem: &&Diagnostic| problem.message == message::NO_COMMA;
    let splits = output.problems.iter().filter(is_split);
    let doubled = told.iter().filter(|problem| problem.message.starts_with(EXTRA_EQUALS));
    let rests: Vec<Span> = splits
        .chain(doubled)
        .map(|problem| {
            let rest = text.get(problem.span.start..).and_then(|rest| rest.find(['\n', '\r']));
            Span::new(problem.span.start, rest.map_or(text.len(), |length| problem.span.start + length))
        })
        .collect();
    let is_first = |problem: &Diagnostic| {
        problem.message.starts_with(EXTRA_EQUALS) || problem.message == message::NO_COMMA
    };
    let stays = |problem: &Diagnostic| {
        let inside = rests.iter().find(|rest| rest.touches(problem.span.start));
        inside.is_none_or(|rest| rest.start == problem.span.start && is_first(problem))
    };
    told.retain(stays);
    output.problems.retain(stays);
    output.broken.extend(rests);
}

/// The mend of a bracket closes the one around it, too.
fn add_close(inner: &mut Told, outer: &Told) {
    let first = |problem: &Diagnostic| problem.fixes.first()?.edits.first().map(|edit| edit.text.clone());
    let inner = inner.problem.fixes.first_mut().and_then(|fix| fix.edits.first_mut());
    if let (Some(edit), Some(close)) = (inner, first(&outer.problem)) {
        edit.text.push_str(&close);
    }
}

/// A text took in the bracket that ends what is around it: the quote belongs before that.
fn close_before_bracket(text: &str, open: &mut Diagnostic, bracket: &Diagnostic) {
    let close = if bracket.message == message::UNCLOSED_LIST { ']' } else { '}' };
    let raw = open.span.of(text).trim_end();
    if let (Some(inner), Some(edit)) =
        (raw.strip_suffix(close), open.fixes.first_mut().and_then(|fix| fix.edits.first_mut()))
    {
        edit.span = Span::at(open.span.start + inner.trim_end().len().max(1));
    }
}

/// What is said about a word that is no value, where there are better words than the parser's.
pub(super) fn no_value(text: &str, span: Span, kind: ScalarKind, among: Among) -> Option<Diagnostic> {
    let source = span.of(text);
    let lower = source.to_ascii_lowercase();
    if matches!(lower.as_str(), "true" | "false" | "inf" | "nan") {
        let message = format!("TOML has no '{source}'; write '{lower}'");
        let fix = Fix::safe(format!("change to '{lower}'"), vec![TextEdit::new(span, lower)]);
        return Some(Diagnostic::new(Code::TomlSyntax, span, message).with_fix(fix));
    }
    if let Some((before, last)) = source.rsplit_once([' ', '\t']) {
        let rest = text.get(span.end..).unwrap_or("").trim_start_matches([' ', '\t']);
        let start = span.end - last.len();
        if rest.starts_with('=') && among == Among::Lines {
            let at = Span::new(start, span.end);
            let fix = insert("start a new line here", start, "\n");
            return Some(Diagnostic::new(Code::TomlSyntax, at, message::NO_BREAK).with_fix(fix));
        }
        if rest.starts_with('=') && among == Among::Entries {
            let end = span.start + before.trim_end().len();
            let problem = Diagnostic::new(Code::TomlSyntax, Span::at(end), message::NO_COMMA);
            return Some(problem.with_fix(insert(ADD_COMMA, end, ",")));
        }
        if among == Among::Items && source.split([' ', '\t']).filter(|word| !word.is_empty()).all(is_value) {
            let words: Vec<&str> = source.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
            let fix = Fix::new(ADD_COMMA, vec![TextEdit::new(span, words.join(", "))]);
            let at = Span::at(span.start + before.trim_end().len());
            return Some(Diagnostic::new(Code::TomlSyntax, at, message::NO_COMMA).with_fix(fix));
        }
    }
    let is_number = source.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | '_'));
    if is_number && kind != ScalarKind::String {
        return None;
    }
    let problem = Diagnostic::new(Code::TomlSyntax, span, message::BARE);
    if let Some(rest) = source.strip_suffix(['"', '\'']).filter(|rest| !rest.contains(['"', '\''])) {
        let quote = source.get(rest.len()..).unwrap_or("");
        return Some(problem.with_fix(insert("add the quote in front", span.start, quote)));
    }
    let meant = match lower.as_str() {
        "yes" | "on" | "tru" | "ture" | "treu" => Some("true"),
        "no" | "off" | "fals" | "flase" | "fasle" => Some("false"),
        _ => None,
    };
    let problem = match meant {
        Some(meant) => {
            problem.with_fix(Fix::new(format!("change to '{meant}'"), vec![TextEdit::new(span, meant)]))
        }
        None => problem,
    };
    Some(problem.with_fix(in_quotes(text, span)))
}

/// What a value stands among.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Among {
    Items,
    /// Of a table in braces.
    Entries,
    Lines,
}

/// Whether a word is a value of TOML.
fn is_value(word: &str) -> bool {
    matches!(word, "true" | "false" | "inf" | "nan") || word.replace('_', "").parse::<f64>().is_ok()
}

/// A value that cannot be one of its kind: a day that no month has, a number beyond 64 bits.
pub(super) fn out_of_range(text: &str, span: Span, message: &str) -> Diagnostic {
    Diagnostic::new(Code::TomlSyntax, span, message).with_fix(in_quotes(text, span))
}

/// A key without a name; the dot before it may be what is too much.
pub(super) fn no_key(text: &str, at: usize) -> Diagnostic {
    let problem = Diagnostic::new(Code::TomlSyntax, Span::at(at), message::NO_KEY);
    let before = text.get(..at).map(|before| before.trim_end_matches([' ', '\t']));
    let dot = before.filter(|before| before.ends_with('.')).map(str::len);
    match dot {
        Some(end) => {
            let edit = TextEdit::new(Span::new(end - 1, end), "");
            problem.with_fix(Fix::new("take the '.' out", vec![edit]))
        }
        None => problem,
    }
}

/// A value that is not there.
pub(super) fn no_value_at_all(at: usize) -> Diagnostic {
    Diagnostic::new(Code::TomlSyntax, Span::at(at), message::NO_VALUE).with_fix(insert(
        "write '\"\"'",
        at,
        " \"\"",
    ))
}
