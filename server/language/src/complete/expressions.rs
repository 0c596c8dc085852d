//! Inside `${{ }}`, and in the keys that take an expression without it: roots, functions, steps, inputs, fields.

use copydesk_base::Span;
use copydesk_text::Node;

use super::place::{At, Part, Quote};
use super::{Completion, CompletionKind, Cursor, Snippet, own_step, shape_at};
use crate::FileKind;
use crate::check::waiting_for;
use crate::expression::library::GLOBALS;
use crate::expression::{self, End, ROOTS, STEP_FIELDS, Token, TokenKind};
use crate::hover;
use crate::shape::Role;

/// The text of the expression around the cursor, from its start to the cursor. `None` outside of expressions.
pub(super) fn inner(cursor: &Cursor<'_>) -> Option<Span> {
    if !matches!(cursor.file.kind, FileKind::Workflow | FileKind::Agent) {
        return None;
    }
    if let Some(open) = open_braces(cursor) {
        return Some(open);
    }
    let At::Value(quote) = cursor.place.at else { return None };
    if shape_at(cursor)?.role != Role::Expression || matches!(quote, Quote::Colon) {
        return None;
    }
    // The value starts behind the key's colon and a quote.
    let line = line_start(cursor);
    let before = cursor.file.text.get(line..cursor.offset)?;
    let Part::Key { name, .. } = cursor.place.path.last()? else { return None };
    let key = before.rfind(&format!("{name}:"))? + name.len() + 1;
    let start =
        before[key..].find(|c: char| !matches!(c, ' ' | '"' | '\'')).map_or(before.len(), |at| key + at);
    Some(Span::new(line + start, cursor.offset))
}

/// From behind the last `${{` to the cursor, if nothing closes it. Looks back over the lines of a block text only.
fn open_braces(cursor: &Cursor<'_>) -> Option<Span> {
    let text = cursor.file.text;
    let from = match cursor.place.at {
        // A block text has few expressions that go over lines; two lines back is far enough.
        At::Text => {
            let line = line_start(cursor);
            let back = text.get(..line.saturating_sub(1))?.rfind('\n').unwrap_or(0);
            text.get(..back)?.rfind('\n').map_or(0, |at| at + 1)
        }
        _ => line_start(cursor),
    };
    let piece = expression::pieces(text.get(from..cursor.offset)?).into_iter().next_back()?;
    (piece.end == End::Open).then(|| Span::new(from + piece.inner.start, cursor.offset))
}

fn line_start(cursor: &Cursor<'_>) -> usize {
    cursor.file.text.get(..cursor.offset).and_then(|text| text.rfind('\n')).map_or(0, |at| at + 1)
}

/// What may follow the text `inner`, which ends at the cursor.
pub(super) fn complete(cursor: &Cursor<'_>, inner: Span) -> Vec<Completion> {
    let text = cursor.file.text;
    let mut tokens = expression::tokens(text, inner);
    let typed = match tokens.last() {
        Some(token) if token.kind == TokenKind::Name && token.span.end == cursor.offset => tokens.pop(),
        _ => None,
    };
    let start = typed.map_or(cursor.offset, |token| token.span.start);
    let word = Span::new(start, cursor.offset + rest_of_name(text, cursor.offset));
    let Some(last) = tokens.last().copied() else { return roots(cursor, word) };
    match last.kind {
        TokenKind::OpenText => bracketed(cursor, &tokens, last),
        TokenKind::Sign("." | "?.") => {
            tokens.pop();
            members(cursor, &tokens, last, word)
        }
        TokenKind::Sign(")" | "]" | "}") | TokenKind::Name | TokenKind::Number | TokenKind::Text => {
            Vec::new()
        }
        _ => roots(cursor, word),
    }
}

fn rest_of_name(text: &str, offset: usize) -> usize {
    let rest = text.get(offset..).unwrap_or("");
    rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$'))).unwrap_or(rest.len())
}

fn roots(cursor: &Cursor<'_>, word: Span) -> Vec<Completion> {
    let key = |name: &str| {
        cursor.place.path.iter().any(|part| matches!(part, Part::Key { name: key, .. } if key == name))
    };
    let fits = |root: &str| match root {
        "stdout" | "output" => key("transform"),
        "args" => cursor.file.kind == FileKind::Agent || key("tools"),
        "inputs" | "steps" => cursor.file.kind == FileKind::Workflow,
        "last_failed_step" => key("errors") || key("finally"),
        _ => true,
    };
    let roots = ROOTS.iter().filter(|(name, _)| fits(name)).enumerate().map(|(at, (name, docs))| {
        proposal(CompletionKind::Variable, name, name, word, docs, u32::try_from(at).unwrap_or(0))
    });
    let functions = GLOBALS
        .iter()
        .map(|global| proposal(CompletionKind::Function, global.name, global.name, word, global.docs, 100));
    roots.chain(functions).collect()
}

/// The names before a dot: `["steps", "build"]` in `steps.build.` and in `steps['build'].`.
fn chain(text: &str, tokens: &[Token]) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = tokens;
    loop {
        rest = match rest {
            [before @ .., open, name, close]
                if close.kind == TokenKind::Sign("]")
                    && name.kind == TokenKind::Text
                    && open.kind == TokenKind::Sign("[") =>
            {
                let inner = Span::new(name.span.start + 1, name.span.end - 1);
                names.push(inner.of(text).to_owned());
                before
            }
            [before @ .., dot, name]
                if name.kind == TokenKind::Name && matches!(dot.kind, TokenKind::Sign("." | "?.")) =>
            {
                names.push(name.span.of(text).to_owned());
                before
            }
            [.., name] if name.kind == TokenKind::Name => {
                names.push(name.span.of(text).to_owned());
                names.reverse();
                return names;
            }
            _ => return Vec::new(),
        };
    }
}

fn members(cursor: &Cursor<'_>, before: &[Token], dot: Token, word: Span) -> Vec<Completion> {
    let names = chain(cursor.file.text, before);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match names.as_slice() {
        ["steps"] => steps(cursor, |id| {
            if is_name(id) {
                (id.to_owned(), word)
            } else {
                let start = if dot.span.of(cursor.file.text) == "?." { word.start } else { dot.span.start };
                (brackets(cursor, id), Span::new(start, word.end))
            }
        }),
        ["inputs"] => inputs(cursor, |name| {
            if is_name(name) {
                (name.to_owned(), word)
            } else {
                (brackets(cursor, name), Span::new(dot.span.start, word.end))
            }
        }),
        ["steps", _] => fields(STEP_FIELDS, word),
        ["last_failed_step"] => {
            fields(&[("id", "The id of the step that failed."), ("error", "What went wrong.")], word)
        }
        ["env"] => environment(cursor, word),
        _ => Vec::new(),
    }
}

/// `['id']`, with quotes that the YAML around it can hold.
fn brackets(cursor: &Cursor<'_>, id: &str) -> String {
    let line = cursor.file.text.get(line_start(cursor)..cursor.offset).unwrap_or("");
    let in_single = matches!(cursor.place.at, At::Value(Quote::Open('\'')))
        || (line.matches('\'').count() % 2 == 1 && !line.contains('"'));
    if in_single { format!("[\"{id}\"]") } else { format!("['{id}']") }
}

/// `steps['` and `inputs["`: names, with what is missing of the closing.
fn bracketed(cursor: &Cursor<'_>, tokens: &[Token], open: Token) -> Vec<Completion> {
    let text = cursor.file.text;
    let quote = open.span.of(text).chars().next().unwrap_or('\'');
    let [.., root, bracket, _] = tokens else { return Vec::new() };
    if bracket.kind != TokenKind::Sign("[") || root.kind != TokenKind::Name {
        return Vec::new();
    }
    let behind = text.get(cursor.offset..).unwrap_or("");
    let rest =
        behind.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '-'))).unwrap_or(behind.len());
    let word = Span::new(open.span.start + 1, cursor.offset + rest);
    let closing = &behind[rest..];
    let missing = if closing.starts_with(quote) {
        String::new()
    } else if closing.starts_with(']') {
        quote.to_string()
    } else {
        format!("{quote}]")
    };
    let with = |name: &str| (format!("{name}{missing}"), word);
    match root.span.of(text) {
        "steps" => steps(cursor, with),
        "inputs" => inputs(cursor, with),
        _ => Vec::new(),
    }
}

fn steps(cursor: &Cursor<'_>, write: impl Fn(&str) -> (String, Span)) -> Vec<Completion> {
    let own = own_step(cursor);
    let looks_back =
        cursor.place.path.iter().any(|part| matches!(part, Part::Key { name, .. } if name == "compensate"));
    let waiting = match own {
        Some(own) if !looks_back => waiting_for(&cursor.file, &cursor.declared, own),
        _ => Vec::new(),
    };
    let mut proposals = Vec::new();
    for (at, step) in cursor.declared.steps.iter().enumerate() {
        let Some((id, _)) = step.id.filter(|(id, _)| !id.is_empty()) else { continue };
        let is_circle = (own == Some(at) && !looks_back) || waiting.get(at) == Some(&true);
        if is_circle {
            continue;
        }
        let (insert, replace) = write(id);
        proposals.push(Completion {
            label: id.to_owned(),
            kind: CompletionKind::Step,
            insert,
            replace,
            detail: step.kind().unwrap_or("").to_owned(),
            docs: hover::docs_of_step(&cursor.file, step),
            sort: u32::try_from(at).unwrap_or(u32::MAX),
            snippet: Snippet::Plain,
        });
    }
    proposals
}

fn inputs(cursor: &Cursor<'_>, write: impl Fn(&str) -> (String, Span)) -> Vec<Completion> {
    let inputs = cursor.declared.inputs.iter().enumerate().filter_map(|(at, entry)| {
        let name = entry.key().scalar_text()?;
        let (insert, replace) = write(name);
        Some(Completion {
            label: name.to_owned(),
            kind: CompletionKind::Input,
            insert,
            replace,
            detail: entry.value().get("type").and_then(Node::scalar_text).unwrap_or("").to_owned(),
            docs: hover::docs_of_input(entry),
            sort: u32::try_from(at).unwrap_or(u32::MAX),
            snippet: Snippet::Plain,
        })
    });
    inputs.collect()
}

fn environment(cursor: &Cursor<'_>, word: Span) -> Vec<Completion> {
    let root = cursor.file.tree.root().and_then(|root| root.get("env"));
    let own = own_step(cursor).and_then(|at| cursor.declared.steps.get(at)?.node.get("env"));
    let entries = root.into_iter().chain(own).flat_map(Node::entries);
    let names = entries.filter_map(|entry| entry.key().scalar_text()).filter(|name| is_name(name));
    names.map(|name| proposal(CompletionKind::Field, name, name, word, "", 0)).collect()
}

fn fields(fields: &[(&str, &str)], word: Span) -> Vec<Completion> {
    let fields = fields.iter().enumerate();
    fields
        .map(|(at, (name, docs))| {
            proposal(CompletionKind::Field, name, name, word, docs, u32::try_from(at).unwrap_or(0))
        })
        .collect()
}

fn is_name(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
}

fn proposal(
    kind: CompletionKind,
    label: &str,
    insert: &str,
    replace: Span,
    docs: &str,
    sort: u32,
) -> Completion {
    Completion {
        label: label.to_owned(),
        kind,
        insert: insert.to_owned(),
        replace,
        detail: String::new(),
        docs: docs.to_owned(),
        sort,
        snippet: Snippet::Plain,
    }
}
