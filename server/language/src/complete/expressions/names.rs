//! What a value may start with: roots that fit the place, parameters, functions, and words to compare with.

use copydesk_base::Span;

use super::members::{called, rest_of_text};
use super::quoted::written;
use super::{Half, around, proposal, quote};
use crate::complete::place::Part;
use crate::complete::{Completion, CompletionKind, Cursor};
use crate::expression::library::GLOBALS;
use crate::expression::scope::Found;
use crate::expression::types::{Literal, Type};
use crate::expression::{ROOTS, Token};

/// Parameters of the functions around, roots, functions.
pub(super) fn roots(cursor: &Cursor<'_>, half: &Half<'_>) -> Vec<Completion> {
    let word = half.word;
    let mut proposals: Vec<Completion> = Vec::new();
    for (name, ty) in &half.found.bound {
        let parameter =
            proposal(CompletionKind::Variable, name, word, "A parameter of the function here.", 40);
        proposals.push(Completion { detail: ty.to_string(), ..parameter });
    }
    let is_below = |name: &str| {
        cursor.place.path.iter().any(|part| matches!(part, Part::Key { name: key, .. } if key == name))
    };
    for (at, (name, docs)) in ROOTS.iter().enumerate() {
        let found = half.scope.root(name);
        let fits = match *name {
            "last_failed_step" => is_below("errors") || is_below("finally"),
            // The tree may have lost where we are; the lines have not.
            "stdout" | "output" => is_below("transform"),
            "args" => is_below("tools"),
            _ => !matches!(found, Found::Absent(_)),
        };
        if !fits {
            continue;
        }
        let detail = match (*name, found) {
            ("inputs" | "steps" | "env" | "secrets" | "memory", _) => String::new(),
            (_, Found::Type(ty)) if ty != Type::Any => ty.to_string(),
            _ => String::new(),
        };
        proposals
            .push(Completion { detail, ..proposal(CompletionKind::Variable, name, word, docs, 50 + at) });
    }
    for global in GLOBALS {
        proposals.push(match &global.signature {
            Some(signature) => {
                let function = called(cursor, (global.name, 0), signature, word);
                Completion { docs: global.docs.to_owned(), ..function }
            }
            None => proposal(CompletionKind::Function, global.name, word, global.docs, 200),
        });
    }
    proposals
}

/// The words that the other side of a comparison may be. `open` is the quote that is there already.
pub(super) fn words(cursor: &Cursor<'_>, other: &Type, open: Option<Token>) -> Vec<Completion> {
    let Some(literals) = other.literals() else { return Vec::new() };
    let mut proposals = Vec::new();
    for (at, literal) in literals.into_iter().enumerate() {
        let label = match literal {
            Literal::Text(text) => text.clone(),
            other if open.is_none() => other.to_string(),
            _ => continue,
        };
        let (insert, replace) = match open {
            Some(open) => {
                let quote = open.span.of(cursor.file.text).chars().next().unwrap_or('\'');
                let (word, behind) = rest_of_text(cursor, open);
                let quote = written(quote, around(cursor));
                let missing = if behind.starts_with(&quote) { String::new() } else { quote };
                (format!("{label}{missing}"), word)
            }
            None if matches!(literal, Literal::Text(_)) => {
                let quote = quote(cursor);
                (format!("{quote}{label}{quote}"), Span::at(cursor.offset))
            }
            None => (label.clone(), Span::at(cursor.offset)),
        };
        proposals.push(Completion { insert, ..proposal(CompletionKind::Value, &label, replace, "", at) });
    }
    proposals
}
