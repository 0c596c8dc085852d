//! What a thing may be called.

use super::mention::Thing;
use crate::FileKind;
use crate::expression::library::is_inherited;
use crate::index::Target;

/// Words that YAML takes for something else when they stand alone.
const TAKEN: &[&str] =
    &["true", "false", "null", "True", "False", "Null", "TRUE", "FALSE", "NULL", "~", "undefined"];

/// Whether an expression can write it behind a dot.
pub(super) fn is_dottable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$')
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
}

/// Whether a step, an input or an agent may be called so.
pub(crate) fn is_legal_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

/// Why a thing cannot be called so; nothing where it can.
pub(super) fn refusal(thing: &Thing, kind: FileKind, name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("a name is missing; write one".to_owned());
    }
    match thing {
        Thing::Bound { .. } if !is_dottable(name) => {
            Some(format!("'{name}' cannot be a parameter; use letters, digits and '_', with a letter first"))
        }
        Thing::Anchor { .. } if name.contains(|c: char| c.is_whitespace() || ",[]{}*&#:'\"".contains(c)) => {
            Some(format!("'{name}' cannot be an anchor; use letters, digits, '_' and '-'"))
        }
        Thing::Bound { .. } | Thing::Anchor { .. } => None,
        // A workflow's own name is a text for people.
        Thing::Own if kind == FileKind::Workflow => {
            let bad = name.contains(|c: char| c.is_control()) || name.trim() != name;
            bad.then(|| "a workflow's name is one line without spaces around it".to_owned())
        }
        _ => {
            let word = word(thing, kind);
            if !is_legal_name(name) {
                return Some(format!(
                    "'{name}' cannot be the name of {word}; use letters, digits, '_' and '-', with a letter first"
                ));
            }
            if matches!(thing, Thing::Step { .. }) && is_inherited(name) {
                return Some(format!(
                    "'{name}' cannot be the name of {word}: expressions read it as something else"
                ));
            }
            TAKEN
                .contains(&name)
                .then(|| format!("'{name}' cannot be the name of {word}: YAML reads it as something else"))
        }
    }
}

/// What it is, with its article.
pub(super) fn word(thing: &Thing, kind: FileKind) -> String {
    let word = match thing {
        Thing::Own if kind == FileKind::Agent => "agent",
        Thing::Own => "workflow",
        other => other.word(),
    };
    let article = if word.starts_with(['a', 'e', 'i', 'o', 'u', 'M']) { "an" } else { "a" };
    format!("{article} {word}")
}

/// Whether a thing of this kind can get another name at all.
pub(super) fn can_rename(thing: &Thing) -> bool {
    matches!(
        thing,
        Thing::Step { .. }
            | Thing::Mapped { .. }
            | Thing::Input(_)
            | Thing::Output(_)
            | Thing::Argument(_)
            | Thing::Own
            | Thing::Anchor { .. }
            | Thing::Bound { .. }
            | Thing::Elsewhere(Target::Pool(_))
    )
}
