//! Help from any JSON Schema: for every file that is none of ours and has a schema.
//!
//! A [`Schema`] is compiled once from its documents; [`check`](fn@check) says what it finds wrong in a file,
//! [`complete`](fn@complete) what may be written, [`hover`](fn@hover) what stands there. Which schema a file has is
//! said by [`named`]; reading it from a disk is somebody else's, who hands a reader to [`Schema::load`].
//!
//! The verdict is the crate `jsonschema`'s, drafts 4 to 2020-12. What makes it help is ours: the branch that was meant
//! ([`branch`]), words and places ([`explain`], [`keys`], [`locate`]), mends ([`mend`]). Guesses about half-typed text
//! come from [`fit`], which never decides whether a file is right.
//!
//! Invariants
//! - Nothing here opens a file or a socket. A document that the reader does not give is not there.
//! - Every schema ends on every value: circles of references are cut when it is compiled, patterns have a limit.
//! - A schema that does not work is a remark about the schema, never an error in the file.

mod apart;
mod applied;
mod borrowed;
mod branch;
mod bundled;
mod check;
mod compile;
mod complete;
mod deprecated;
mod documents;
mod explain;
mod fit;
mod help;
mod hover;
mod judged;
mod keys;
mod links;
mod locate;
mod mend;
mod named;
mod part;
mod pieces;
mod rank;
mod round;
pub(crate) mod skeleton;
mod told;
mod unevaluated;
mod value;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use copydesk_base::{Code, Diagnostic, Span};
use jsonschema::Validator;
use referencing::{Draft, Registry};
use serde_json::Value;

pub use bundled::{by_name, names as bundled_names};
pub use check::{check, check_again};
pub use complete::complete;
pub use documents::Read;
pub use hover::hover;
pub use links::{Link, Target, links};
pub use named::{Named, named, slot};

use fit::required;
pub(crate) use judged::Judged;
use keys::known_names;
use part::Part;

/// A part of a YAML tree as plain data, with its aliases and merge keys unfolded.
pub(crate) fn plain(tree: &copydesk_text::Tree, node: copydesk_text::Node<'_>) -> Value {
    value::of_node(tree, node, value::Keys::Merged).value
}

/// A schema that can be asked.
pub struct Schema {
    /// Where it was read from.
    pub url: String,
    /// What it calls itself.
    pub title: Option<String>,
    /// What of it does not work, each a fragment of a sentence about it.
    pub problems: Vec<String>,
    /// Never given twice in the life of the process.
    number: u64,
    registry: Registry<'static>,
    validator: Validator,
    draft: Draft,
    /// How many parts follow one another at one value, at most.
    height: usize,
    /// Keys that are looked for, so that a file without any costs nothing.
    deprecated_keys: BTreeSet<String>,
    /// Whether it says anything about the key by which a file names it.
    knows_its_name: bool,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Schema {
    /// Makes the schema at `url`, asking `read` for each document that is not bundled. The error is a fragment of a
    /// sentence about the schema: why it cannot be used.
    pub fn load(url: &str, read: &mut Read<'_>) -> Result<Self, String> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let compiled = compile::compile(url, read)?;
        let mut schema = Self {
            url: url.to_owned(),
            title: None,
            problems: compiled.problems,
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            registry: compiled.registry,
            validator: compiled.validator,
            draft: compiled.draft,
            height: compiled.height,
            deprecated_keys: compiled.deprecated_keys,
            knows_its_name: false,
        };
        schema.title = schema.root().and_then(|root| {
            let own = root.text("title").map(str::to_owned);
            own.or_else(|| root.referred()?.text("title").map(str::to_owned))
        });
        let knows = |root: Part<'_>| {
            known_names(&root).into_iter().chain(required(&root)).any(|name| name == "$schema")
        };
        schema.knows_its_name = schema.root().is_some_and(knows);
        Ok(schema)
    }

    /// What it is called in a message.
    pub fn name(&self) -> String {
        let last = self.url.rsplit('/').next().filter(|last| !last.is_empty()).unwrap_or(&self.url);
        self.title.clone().unwrap_or_else(|| last.to_owned())
    }

    fn root(&self) -> Option<Part<'_>> {
        Part::at(&self.registry, &self.url)
    }
}

/// What a person is told about a schema that does not work, or not wholly: on the words that name it.
pub fn remarks(named: Span, written: &str, problems: &[String]) -> Vec<Diagnostic> {
    problems
        .iter()
        .map(|problem| {
            let message = format!("the schema '{written}' does not check all of this file: {problem}");
            Diagnostic::new(Code::SchemaUnavailable, named, message)
        })
        .collect()
}

/// What a person is told about a schema that is not there.
pub fn unavailable(named: Span, written: &str, why: &str) -> Diagnostic {
    let message = format!("this file is not checked against the schema '{written}': {why}");
    Diagnostic::new(Code::SchemaUnavailable, named, message)
}

/// Whether a document holds a word anywhere, for work that most schemas do not ask for.
fn holds_word(value: &Value, words: &[&str]) -> bool {
    match value {
        Value::Object(map) => {
            map.iter().any(|(key, value)| words.contains(&key.as_str()) || holds_word(value, words))
        }
        Value::Array(items) => items.iter().any(|item| holds_word(item, words)),
        _ => false,
    }
}
