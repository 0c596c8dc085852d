//! Keys of a mapping that are not there yet: required ones first, then those of the step's type, then the rest.

use super::place::{Colon, Flow};
use super::{Completion, CompletionKind, Cursor, Snippet, kind_word};
use crate::hover;
use crate::shape::{Form, Key, Mapping, Need, Shape, Standing};

pub(super) fn of_mapping(cursor: &Cursor<'_>, mapping: &'static Mapping, colon: Colon) -> Vec<Completion> {
    let siblings = &cursor.place.siblings;
    let word = kind_word(mapping, siblings);
    let own = word.and_then(|word| mapping.kind(word));
    let is_free =
        |key: &&Key| key.standing == Standing::Current && !siblings.iter().any(|(name, _)| *name == key.name);
    let proposals = mapping.keys_of(word).filter(is_free).map(|key| {
        let is_own = own.is_some_and(|own| own.keys.iter().any(|other| other.name == key.name));
        let sort = match (key.need, is_own) {
            (Need::Required, _) => 0,
            (Need::Optional, true) => 1,
            (Need::Optional, false) => 2,
        };
        let shape = cursor.shapes.get(key.shape);
        let (insert, snippet) = insertion(cursor, &key.name, shape, colon);
        Completion {
            label: key.name.clone(),
            kind: CompletionKind::Key,
            insert,
            replace: cursor.place.word,
            detail: hover::detail_of_key(key, shape),
            docs: hover::docs_of_key(key, shape),
            sort,
            snippet,
        }
    });
    proposals.collect()
}

/// The key with its colon and what usually follows. One line: clients differ in how they indent further ones.
fn insertion(cursor: &Cursor<'_>, name: &str, shape: &Shape, colon: Colon) -> (String, Snippet) {
    if colon == Colon::Present {
        return (name.to_owned(), Snippet::Plain);
    }
    let first = shape.forms.first();
    let item_is_scalar = shape.list().is_some_and(|list| cursor.shapes.get(list.item).takes_scalar());
    let flow = cursor.place.flow == Flow::Inside;
    match first {
        // Escaping is not needed: names of keys hold no `$`, but for `$schema`.
        Some(Form::List(_)) if item_is_scalar && !name.contains('$') => {
            (format!("{name}: [$1]"), Snippet::Tabstops)
        }
        Some(Form::List(_)) if flow => (format!("{name}: [$1]"), Snippet::Tabstops),
        Some(Form::Mapping(_)) if flow => (format!("{name}: {{$1\\}}"), Snippet::Tabstops),
        Some(Form::List(_) | Form::Mapping(_)) => (format!("{name}:"), Snippet::Plain),
        _ => (format!("{name}: "), Snippet::Plain),
    }
}
