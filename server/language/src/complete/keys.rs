//! Keys of a mapping that are not there yet: required ones first, then those of the step's type, then the rest.

use copydesk_text::Syntax;

use super::place::{Colon, Flow};
use super::{Completion, CompletionKind, Cursor, Snippet, escaped, kind_word};
use crate::check::keys_of_operation;
use crate::hover;
use crate::schemas::skeleton;
use crate::shape::{Form, Key, Mapping, Need, Shape, Standing};

pub(super) fn of_mapping(cursor: &Cursor<'_>, mapping: &'static Mapping, colon: Colon) -> Vec<Completion> {
    let siblings = &cursor.place.siblings;
    let word = kind_word(cursor, mapping, siblings);
    let own = word.and_then(|word| mapping.kind(word));
    let op = siblings.iter().find(|(name, _)| name == "op").map_or("", |(_, op)| op.as_str());
    let needed = keys_of_operation(word.unwrap_or(""), op);
    let is_there = |name: &&str| siblings.iter().any(|(sibling, _)| sibling == name);
    let one_of = own.map_or(&[][..], |own| own.one_of.as_slice());
    let has_one = one_of.iter().any(|name| is_there(&name.as_str()));
    let is_free =
        |key: &&Key| key.standing == Standing::Current && !siblings.iter().any(|(name, _)| *name == key.name);
    let proposals = mapping.keys_of(word).filter(is_free).map(|key| {
        let is_own = own.is_some_and(|own| own.keys.iter().any(|other| other.name == key.name));
        let sort = match (key.need, is_own) {
            (Need::Required, _) => 0,
            _ if needed.contains(&key.name.as_str()) || !has_one && one_of.contains(&key.name) => 0,
            (Need::Optional, true) => 1,
            (Need::Optional, false) => 2,
        };
        let shape = cursor.shapes.get(key.shape);
        let (insert, snippet) = insertion(cursor, &key.name, shape, colon);
        Completion {
            label: key.name.clone(),
            kind: CompletionKind::Key,
            insert,
            replace: cursor.place.key_span(cursor.file.text, cursor.syntax()),
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
    let key = skeleton::key(name, cursor.syntax());
    if colon == Colon::Present {
        return (key, Snippet::Plain);
    }
    let item_is_scalar = shape.list().is_some_and(|list| cursor.shapes.get(list.item).takes_scalar());
    let is_json = cursor.syntax() == Syntax::Json;
    let flow = is_json || cursor.place.flow == Flow::Inside;
    let stops = |value: &str| (format!("{}: {value}", escaped(&key)), Snippet::Tabstops);
    match shape.forms.first() {
        Some(Form::List(_)) if flow || item_is_scalar => stops("[$1]"),
        Some(Form::Mapping(_)) if flow => stops("{$1\\}"),
        Some(Form::List(_) | Form::Mapping(_)) => (format!("{key}:"), Snippet::Plain),
        Some(Form::Text) if is_json => stops("\"$1\""),
        _ => (format!("{key}: "), Snippet::Plain),
    }
}
