//! What stands behind a dot or between brackets: steps, inputs, fields, methods.

use std::collections::BTreeSet;

use copydesk_base::Span;
use copydesk_text::Node;

use super::quoted::written;
use super::{Half, around, proposal, quote};
use crate::FileKind;
use crate::check::waiting_for;
use crate::complete::place::Part;
use crate::complete::{Completion, CompletionKind, Cursor, Snippet, own_step};
use crate::expression::infer::Seen;
use crate::expression::library::{self, Signature};
use crate::expression::scope::Found;
use crate::expression::types::{Literal, Type};
use crate::expression::{self, STEP_FIELDS, Token, TokenKind, is_name};
use crate::hover;
use crate::index::SummaryBody;
use crate::summary::names_behind;

/// Longer types are cut where they stand beside a label.
const MAX_DETAIL: usize = 48;

/// Behind a dot.
pub(super) fn behind_dot(cursor: &Cursor<'_>, half: &Half<'_>, dot: Token) -> Vec<Completion> {
    let text = cursor.file.text;
    let word = half.word;
    let before = half.tokens.len().checked_sub(2).and_then(|at| half.tokens.get(at));
    let is_start = half.tokens.len() < 3
        || !matches!(
            half.tokens.get(half.tokens.len() - 3).map(|token| token.kind),
            Some(TokenKind::Sign("." | "?."))
        );
    // A name that needs brackets takes the dot with it.
    let write = |name: &str| {
        if is_name(name) {
            return (name.to_owned(), word);
        }
        let start = if dot.span.of(text) == "?." { word.start } else { dot.span.start };
        (expression::bracketed(name, quote(cursor)), Span::new(start, word.end))
    };
    match before.filter(|_| is_start).map(|token| token.span.of(text)) {
        Some("steps") => return steps(cursor, write),
        Some("inputs") => return inputs(cursor, half, write),
        Some(root @ ("env" | "secrets")) => return variables(cursor, half, root, write),
        _ => {}
    }
    match &half.found.seen {
        Some(Seen::Member { of, .. } | Seen::Method { of, .. }) => {
            let mut proposals = fields(of, write);
            proposals.extend(methods(cursor, of, word));
            proposals
        }
        Some(Seen::Unnamed { global }) => of_global(cursor, global, word),
        Some(Seen::Global { member, .. }) => {
            of_global(cursor, member.path.split('.').next().unwrap_or(""), word)
        }
        _ => Vec::new(),
    }
}

/// `steps['` and `inputs["`: names, with what is missing of the closing.
pub(super) fn bracketed(cursor: &Cursor<'_>, half: &Half<'_>, of: &Type, open: Token) -> Vec<Completion> {
    let text = cursor.file.text;
    let quote = open.span.of(text).chars().next().unwrap_or('\'');
    let [.., root, bracket, _] = half.tokens.as_slice() else { return Vec::new() };
    if bracket.kind != TokenKind::Sign("[") {
        return Vec::new();
    }
    let (word, behind) = rest_of_text(cursor, open);
    let quote = written(quote, around(cursor));
    let missing = if behind.starts_with(&quote) {
        String::new()
    } else if behind.starts_with(']') {
        quote
    } else {
        format!("{quote}]")
    };
    let with = |name: &str| (format!("{name}{missing}"), word);
    match root.span.of(text) {
        "steps" => steps(cursor, with),
        "inputs" => inputs(cursor, half, with),
        root @ ("env" | "secrets") => variables(cursor, half, root, with),
        _ => fields(of, with),
    }
}

/// The text that is being typed behind an open quote, and what follows it.
pub(super) fn rest_of_text<'c>(cursor: &Cursor<'c>, open: Token) -> (Span, &'c str) {
    let behind = cursor.file.text.get(cursor.offset..).unwrap_or("");
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '-');
    let rest = behind.find(|c: char| !is_part(c)).unwrap_or(behind.len());
    (Span::new(open.span.start + 1, cursor.offset + rest), &behind[rest..])
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
        let Some((id, _)) = step.id().filter(|(id, _)| !id.is_empty()) else { continue };
        let is_circle = (own == Some(at) && !looks_back) || waiting.get(at) == Some(&true);
        if is_circle {
            continue;
        }
        let (insert, replace) = write(id);
        proposals.push(Completion {
            detail: step.kind().unwrap_or("").to_owned(),
            insert,
            ..proposal(CompletionKind::Step, id, replace, &hover::docs_of_step(&cursor.file, step), at)
        });
    }
    proposals
}

fn inputs(cursor: &Cursor<'_>, half: &Half<'_>, write: impl Fn(&str) -> (String, Span)) -> Vec<Completion> {
    if cursor.file.kind == FileKind::Agent {
        let of_callers = fields(&half.scope.whole("inputs"), write).into_iter();
        return of_callers.map(|input| Completion { kind: CompletionKind::Input, ..input }).collect();
    }
    let tree = cursor.file.tree;
    let inputs = cursor.declared.inputs.iter().enumerate().filter_map(|(at, entry)| {
        let name = entry.key().scalar_text()?;
        let (insert, replace) = write(name);
        let written = tree.get(entry.value(), "type").and_then(Node::scalar_text).unwrap_or("");
        let ty = half.scope.named("inputs", name).map(|field| field.ty).filter(|ty| ty.literals().is_some());
        Some(Completion {
            detail: ty.map_or_else(|| written.to_owned(), |ty| short(&ty)),
            insert,
            ..proposal(CompletionKind::Input, name, replace, &hover::docs_of_input(tree, *entry), at)
        })
    });
    inputs.collect()
}

/// Names of the environment or of secrets: those that are declared, and those that expressions read elsewhere, of
/// secrets in the workspace's other workflows, too.
fn variables(
    cursor: &Cursor<'_>,
    half: &Half<'_>,
    root: &str,
    write: impl Fn(&str) -> (String, Span),
) -> Vec<Completion> {
    let declared = match half.scope.root(root) {
        Found::Type(ty) => ty,
        Found::Absent(_) | Found::Unknown => Type::Any,
    };
    let mut names: Vec<&str> = declared.fields().map(|(name, _)| name).collect();
    let count = names.len();
    let text = cursor.file.text;
    // What is being typed is no name yet.
    let typed = [text.get(..half.word.start), text.get(half.word.end..)];
    let of_file = typed.into_iter().flatten().flat_map(|text| names_behind(text, root));
    let files = cursor.index.files.iter().flat_map(|files| files.values()).filter(|_| root == "secrets");
    let of_others = files.flat_map(|file| match &file.body {
        SummaryBody::Workflow(workflow) => workflow.secrets.as_slice(),
        _ => &[],
    });
    let read: BTreeSet<&str> = of_file.chain(of_others.map(String::as_str)).collect();
    names.extend(read.into_iter().filter(|name| declared.field(name).is_none()));
    let proposals = names.into_iter().enumerate().map(|(at, name)| {
        let (insert, replace) = write(name);
        let docs = match (root, at < count) {
            ("env", true) => "A variable that the workflow sets.",
            ("env", false) => "A variable that this workflow reads elsewhere.",
            _ => "A secret that a workflow of this workspace reads.",
        };
        Completion { insert, ..proposal(CompletionKind::Field, name, replace, docs, at) }
    });
    proposals.collect()
}

/// The fields of a type; of a step that is not known those that every step has.
pub(super) fn fields(of: &Type, write: impl Fn(&str) -> (String, Span)) -> Vec<Completion> {
    let mut names: Vec<&str> = of.fields().map(|(name, _)| name).collect();
    // Those of a step have an order of their own.
    let rank =
        |name: &str| STEP_FIELDS.iter().position(|(field, _)| *field == name).unwrap_or(STEP_FIELDS.len());
    if of.field("status").is_some() && of.field("output").is_some() {
        names.sort_by_key(|name| rank(name));
    }
    let named = names.into_iter().enumerate().filter_map(|(at, name)| {
        let field = of.field(name)?;
        let (insert, replace) = write(name);
        let docs = field.docs.as_deref().unwrap_or("");
        let detail = short(&field.ty);
        Some(Completion { insert, detail, ..proposal(CompletionKind::Field, name, replace, docs, at) })
    });
    named.collect()
}

/// A type that fits beside a label.
fn short(ty: &Type) -> String {
    let text = ty.to_string();
    match text.char_indices().nth(MAX_DETAIL) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The methods of everything that a value of the type may be.
pub(super) fn methods(cursor: &Cursor<'_>, of: &Type, word: Span) -> Vec<Completion> {
    let mut proposals: Vec<Completion> = Vec::new();
    let mut has_length = false;
    for branch in of.branches() {
        let kind = match branch {
            Type::Text | Type::Literal(Literal::Text(_)) => "string",
            Type::Array(_) => "array",
            Type::Number | Type::Literal(Literal::Number(_)) => "number",
            // Objects have fields; their two methods would only be in the way.
            _ => continue,
        };
        has_length |= matches!(kind, "string" | "array");
        for (at, method) in library::methods(kind).iter().enumerate() {
            if proposals.iter().all(|known| known.label != method.name) {
                proposals.push(called(cursor, (method.name, at), &method.signature, word));
            }
        }
    }
    if has_length {
        let length = proposal(CompletionKind::Field, "length", word, "How long it is.", 100);
        proposals.push(Completion { detail: "number".to_owned(), ..length });
    }
    proposals
}

fn of_global(cursor: &Cursor<'_>, global: &str, word: Span) -> Vec<Completion> {
    let members = library::members(global).enumerate();
    members
        .map(|(at, member)| match member.constant {
            Some(_) => Completion {
                detail: "number".to_owned(),
                ..proposal(CompletionKind::Field, member.name(), word, member.signature.docs, 100 + at)
            },
            None => called(cursor, (member.name(), at), &member.signature, word),
        })
        .collect()
}

/// A function by its name and rank, with its parentheses, unless they are there already.
pub(super) fn called(
    cursor: &Cursor<'_>,
    (name, rank): (&str, usize),
    signature: &Signature,
    word: Span,
) -> Completion {
    let behind = cursor.file.text.get(word.end..).unwrap_or("");
    let (insert, snippet) = if behind.starts_with('(') {
        (name.to_owned(), Snippet::Plain)
    } else if signature.takes.is_empty() {
        (format!("{name}()"), Snippet::Plain)
    } else {
        (format!("{name}($1)"), Snippet::Tabstops)
    };
    Completion {
        insert,
        snippet,
        detail: signature.text.to_owned(),
        ..proposal(CompletionKind::Function, name, word, signature.docs, 200 + rank)
    }
}
