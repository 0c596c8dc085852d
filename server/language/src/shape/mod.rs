//! Shapes: what a value may be, read once from the generated schemas.
//!
//! A [`Shape`] lists the forms that a value may have, cut by kind of value: text, number, mapping and so on. The
//! shape of a mapping has its keys, each with its own shape; the shape of a step has further keys by its `type`.
//! Checks walk a tree with a shape beside it, completion follows a path through one, hover shows its docs.
//!
//! Invariants
//! - Shapes come from our own schemas only. This is no JSON Schema engine and reads no schema of anybody else's.
//! - They are made once a process and live for ever, so every part is a `&'static` value.

mod read;

use std::sync::OnceLock;

use crate::{FileKind, schema};

/// What a value may be.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    /// Help for a person, in Markdown.
    pub(crate) docs: String,
    /// The ways to write it, each of another kind of value. None means that anything goes.
    pub(crate) forms: Vec<Form>,
    /// What a scalar means here, beyond its kind.
    pub(crate) role: Role,
}

/// One way to write a value.
#[derive(Debug)]
pub(crate) enum Form {
    Text,
    /// One of these words.
    Words(Vec<Word>),
    Number(Number),
    Bool,
    Null,
    List(List),
    Mapping(Mapping),
}

/// A word of a fixed list.
#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) docs: String,
}

/// A number within bounds.
#[derive(Debug, Default)]
pub(crate) struct Number {
    pub(crate) whole: bool,
    /// The least number.
    pub(crate) least: Option<f64>,
    /// The greatest number.
    pub(crate) most: Option<f64>,
    /// A number that is too small by nothing.
    pub(crate) above: Option<f64>,
}

impl Number {
    /// Whether a number lies within the bounds.
    pub(crate) fn takes(&self, number: f64) -> bool {
        self.least.is_none_or(|least| least <= number)
            && self.most.is_none_or(|most| number <= most)
            && self.above.is_none_or(|above| above < number)
    }
}

/// A list of like values.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) item: ShapeId,
    pub(crate) least: usize,
}

/// Keys and values.
#[derive(Debug)]
pub(crate) struct Mapping {
    /// In alphabetical order.
    pub(crate) keys: Vec<Key>,
    /// What keys that are not listed hold.
    pub(crate) rest: Rest,
    /// Further keys by the value of `type`; only steps have them.
    pub(crate) kinds: Vec<Kind>,
}

/// A key and what it holds.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) shape: ShapeId,
    /// Help for a person, in Markdown.
    pub(crate) docs: String,
    pub(crate) need: Need,
    /// The value when the key is absent, as people write it.
    pub(crate) default: Option<String>,
    pub(crate) standing: Standing,
}

/// Whether a key must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    Optional,
}

/// Whether a key should still be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Current,
    Deprecated,
    /// Another spelling of a key: read, never proposed.
    Alias,
}

/// What keys that are not listed hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// There are none.
    Refused,
    /// Whatever it is.
    Anything,
    /// The names are the person's own.
    Shape(ShapeId),
}

/// The keys that a step of one `type` has besides the common ones.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) word: String,
    pub(crate) keys: Vec<Key>,
    /// Keys of which one must be there, its own or common ones; empty where none need be.
    pub(crate) one_of: Vec<String>,
}

/// What a scalar means beyond its kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Role {
    #[default]
    Plain,
    /// An expression, with or without `${{ }}`.
    Expression,
    /// Milliseconds, or a text with a unit.
    SleepTime,
    /// A date, or date and time.
    Moment,
    /// A value that an expression in `${{ }}` may stand for.
    Templated,
    /// A number of parallel things; digits in quotes are fine.
    Limit,
    /// Seconds, or a text with a unit.
    Duration,
    /// A text with a unit, of more than nothing.
    Age,
}

/// A place in [`Shapes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShapeId(usize);

/// All shapes of a kind of file.
#[derive(Debug)]
pub(crate) struct Shapes {
    all: Vec<Shape>,
    root: ShapeId,
}

impl Shapes {
    pub(crate) fn root(&self) -> &Shape {
        self.get(self.root)
    }

    pub(crate) fn get(&self, id: ShapeId) -> &Shape {
        // Identifiers are only made by `read`, for shapes of the same list.
        &self.all[id.0]
    }
}

/// The shapes of a kind of file; `None` for files that are not ours.
pub(crate) fn of(kind: FileKind) -> Option<&'static Shapes> {
    macro_rules! once {
        ($schema:expr) => {{
            static SHAPES: OnceLock<Shapes> = OnceLock::new();
            SHAPES.get_or_init(|| read::read($schema))
        }};
    }
    Some(match kind {
        FileKind::Workflow => once!(schema::workflow()),
        FileKind::Agent => once!(schema::agent()),
        FileKind::Action => once!(schema::action()),
        FileKind::Prompt => once!(schema::prompt()),
        FileKind::Skill => once!(schema::skill()),
        FileKind::Chat => once!(schema::chat()),
        FileKind::Config => once!(schema::config()),
        FileKind::KeystoneConfig => once!(schema::keystone_config()),
        FileKind::Mcp => once!(schema::mcp()),
        FileKind::Plugin => once!(schema::plugin()),
        FileKind::Hooks => once!(schema::hooks()),
        FileKind::Instructions => once!(schema::instructions()),
        FileKind::Layer => once!(schema::layer()),
        FileKind::Other => return None,
    })
}

/// Whether a setting of a config has to have a value where it is written. Of one that need not, no value is as good as
/// no key; of the others somebody meant something that nobody knows.
pub fn needs_value(path: &[&str]) -> bool {
    let Some(shapes) = of(FileKind::Config) else { return false };
    let below = |shape: &'static Shape, key: &&str| {
        let mapping = shape.mapping()?;
        match (mapping.key(None, key), mapping.rest) {
            (Some(known), _) => Some(shapes.get(known.shape)),
            (None, Rest::Shape(id)) => Some(shapes.get(id)),
            (None, Rest::Refused | Rest::Anything) => None,
        }
    };
    let shape = path.iter().try_fold(shapes.root(), below);
    shape.is_some_and(|shape| !shape.takes_null())
}

impl Shape {
    pub(crate) fn mapping(&self) -> Option<&Mapping> {
        self.forms
            .iter()
            .find_map(|form| if let Form::Mapping(mapping) = form { Some(mapping) } else { None })
    }

    pub(crate) fn list(&self) -> Option<&List> {
        self.forms.iter().find_map(|form| if let Form::List(list) = form { Some(list) } else { None })
    }

    pub(crate) fn number(&self) -> Option<&Number> {
        self.forms.iter().find_map(|form| if let Form::Number(number) = form { Some(number) } else { None })
    }

    pub(crate) fn words(&self) -> &[Word] {
        let words =
            self.forms.iter().find_map(|form| if let Form::Words(words) = form { Some(words) } else { None });
        words.map_or(&[], Vec::as_slice)
    }

    pub(crate) fn takes_text(&self) -> bool {
        self.forms.is_empty() || self.forms.iter().any(|form| matches!(form, Form::Text))
    }

    pub(crate) fn takes_bool(&self) -> bool {
        self.forms.is_empty() || self.forms.iter().any(|form| matches!(form, Form::Bool))
    }

    pub(crate) fn takes_null(&self) -> bool {
        self.forms.is_empty() || self.forms.iter().any(|form| matches!(form, Form::Null))
    }

    /// Whether it has any form that is written as a scalar.
    pub(crate) fn takes_scalar(&self) -> bool {
        self.forms.is_empty()
            || self.forms.iter().any(|form| !matches!(form, Form::List(_) | Form::Mapping(_) | Form::Null))
    }

    /// What it takes, in words for people: `a number`, `a list`, `'all', 'any', or a whole number`.
    pub(crate) fn takes(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        for form in &self.forms {
            match form {
                Form::Words(words) => parts.extend(words.iter().map(|word| format!("'{}'", word.text))),
                Form::Text => parts.push(self.text_word().to_owned()),
                Form::Number(number) if number.whole => parts.push("a whole number".to_owned()),
                Form::Number(_) => parts.push("a number".to_owned()),
                Form::Bool => parts.push("true or false".to_owned()),
                Form::List(_) => parts.push("a list".to_owned()),
                Form::Mapping(_) => parts.push("a mapping".to_owned()),
                Form::Null => {}
            }
        }
        if self.role == Role::Templated {
            parts.push("an expression".to_owned());
        }
        join(&parts)
    }

    fn text_word(&self) -> &'static str {
        match self.role {
            Role::Plain => "a text",
            Role::Expression | Role::Limit | Role::Templated => "an expression",
            Role::SleepTime | Role::Duration => "a time such as '90s'",
            Role::Age => "a time with its unit such as '90d'",
            Role::Moment => "a date and time such as '2026-11-21T09:00:00Z'",
        }
    }
}

/// `a`, `a or b`, `a, b or c`.
pub(crate) fn join(parts: &[String]) -> String {
    match parts {
        [] => "anything".to_owned(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

impl Mapping {
    /// The kind of a step by its word.
    pub(crate) fn kind(&self, word: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.word == word)
    }

    /// All keys of a mapping whose `type` is `word`: those of its kind first, then the common ones.
    pub(crate) fn keys_of<'s>(&'s self, word: Option<&str>) -> impl Iterator<Item = &'s Key> + use<'s> {
        let own = word.and_then(|word| self.kind(word)).map_or(&[][..], |kind| kind.keys.as_slice());
        own.iter().chain(&self.keys)
    }

    /// One key of a mapping whose `type` is `word`.
    pub(crate) fn key<'s>(&'s self, word: Option<&str>, name: &str) -> Option<&'s Key> {
        let own = word.and_then(|word| self.kind(word)).and_then(|kind| find(&kind.keys, name));
        own.or_else(|| find(&self.keys, name))
    }
}

fn find<'s>(keys: &'s [Key], name: &str) -> Option<&'s Key> {
    keys.binary_search_by(|key| key.name.as_str().cmp(name)).ok().and_then(|at| keys.get(at))
}
