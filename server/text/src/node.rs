//! One spanned tree for everything a person writes as YAML, JSON or TOML, as its readers see it.
//!
//! A [`Node`] is a value with the exact bytes it stands on; an [`Entry`] is a key with its value. Both are small
//! handles that are copied freely: what they show is stored once, in blocks that all versions of a text share ([`Tree`]
//! holds them). Every reader of the house walks this one tree: checks, completion, config and front matter.
//!
//! Invariants
//! - Spans lie on character boundaries, children lie inside their parents, siblings are in order and do not overlap
//!   (but in TOML, where a table may be written in pieces: there they are in the order in which they start).
//! - No tree is nested deeper than [`MAX_DEPTH`], so that walking one by recursion is safe.
//! - An alias stays an alias. Nothing here copies what it points to; [`Tree::resolve`] finds it on demand.

mod list;

use copydesk_base::Span;

pub use self::list::{Entries, EntriesIter, Items, ItemsIter};
use crate::green::{Form, Green, GreenEntry};
pub use crate::scalar::{Scalar, Style, Value};
pub use crate::tree::{Syntax, Tree};

/// How deep collections may be nested.
pub const MAX_DEPTH: usize = 128;

/// A value.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    frame: Frame<'t>,
    green: &'t Green,
}

/// A key and its value.
#[derive(Clone, Copy)]
pub struct Entry<'t> {
    frame: Frame<'t>,
    green: &'t GreenEntry,
}

/// What is needed to see a stored node: the text, and what its places count from.
#[derive(Clone, Copy, Default)]
pub(crate) struct Frame<'t> {
    pub(crate) text: &'t str,
    pub(crate) base: usize,
    /// The block that the node is stored in.
    pub(crate) block: u64,
}

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub enum Kind<'t> {
    /// Nothing was written; the span is empty. A written `null` or `~` is a scalar: ask [`Node::is_null`].
    Null,
    Scalar(Scalar<'t>),
    Sequence(Items<'t>),
    Mapping(Entries<'t>),
    /// The name, without the `*`.
    Alias(&'t str),
}

/// Equal exactly while two handles see the same stored value: it has not changed, and neither has anything that shares
/// its block. Where it stands may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    block: u64,
    /// Where in the block. Blocks do not move, and their numbers are given once.
    place: usize,
}

/// One step on the way from the root down to an offset.
#[derive(Clone, Copy, Debug)]
pub enum Step<'t> {
    /// Into an entry's value.
    Value(Entry<'t>),
    /// Into an entry's key; always the last step, unless the key is a collection.
    Key(Entry<'t>),
    /// Into an item of a sequence, counted from zero.
    Index(usize, Node<'t>),
}

impl<'t> Step<'t> {
    /// The node that the step leads to.
    pub fn node(self) -> Node<'t> {
        match self {
            Self::Value(entry) => entry.value(),
            Self::Key(entry) => entry.key(),
            Self::Index(_, node) => node,
        }
    }
}

impl<'t> Node<'t> {
    /// The handle of what is stored; blocks are looked through.
    pub(crate) fn seen(frame: Frame<'t>, green: &'t Green) -> Self {
        match &green.form {
            Form::Block(block) => {
                let base = frame.base + green.start() as usize;
                Self { frame: Frame { text: frame.text, base, block: block.id }, green: &block.node }
            }
            _ => Self { frame, green },
        }
    }

    /// The bytes of the value itself, without tag, anchor or comments. A block collection reaches from its first key or
    /// dash to its last value; a block scalar from its `|` or `>` to the end of its last line that is not blank.
    pub fn span(self) -> Span {
        self.green.span().shifted(self.frame.base)
    }

    pub fn kind(self) -> Kind<'t> {
        match &self.green.form {
            Form::Nothing | Form::Block(_) => Kind::Null,
            Form::Verbatim(_) | Form::Mapped(_) => self.scalar().map_or(Kind::Null, Kind::Scalar),
            Form::List(items) => Kind::Sequence(Items::new(self.frame, items)),
            Form::Map(entries) => Kind::Mapping(Entries::new(self.frame, entries)),
            Form::Alias => Kind::Alias(self.alias()),
        }
    }

    fn alias(self) -> &'t str {
        let source = self.span().of(self.frame.text);
        source.strip_prefix('*').unwrap_or(source)
    }

    /// As written, `!!str` for one.
    pub fn tag(self) -> Option<&'t str> {
        self.green.tag()
    }

    /// Without the `&`.
    pub fn anchor(self) -> Option<&'t str> {
        self.green.anchor()
    }

    /// What memos of this value, and of nothing outside of it, may key on.
    pub fn identity(self) -> Identity {
        Identity { block: self.frame.block, place: std::ptr::from_ref(self.green).addr() }
    }

    /// The scalar with its style and its way back into the source.
    pub fn scalar(self) -> Option<Scalar<'t>> {
        match &self.green.form {
            Form::Verbatim(style) => {
                let inner = style.inner(self.span());
                Some(Scalar::verbatim(inner.of(self.frame.text), *style, inner.start))
            }
            Form::Mapped(mapped) => Some(Scalar::mapped(mapped, self.span().start)),
            _ => None,
        }
    }

    /// The text of any scalar as written, numbers and `true` included.
    pub fn scalar_text(self) -> Option<&'t str> {
        self.scalar().map(Scalar::text)
    }

    /// What the value means by the core schema of YAML 1.2. `None` for collections and aliases.
    pub fn value(self) -> Option<Value<'t>> {
        match self.green.form {
            Form::Nothing => Some(if self.tag() == Some("!!str") { Value::Text("") } else { Value::Null }),
            _ => self.scalar().map(|scalar| scalar.value(self.tag())),
        }
    }

    /// The text, where the value is one. A plain `5` or `true` is none: see [`Node::scalar_text`].
    pub fn as_str(self) -> Option<&'t str> {
        if let Some(Value::Text(text)) = self.value() { Some(text) } else { None }
    }

    pub fn as_bool(self) -> Option<bool> {
        if let Some(Value::Bool(value)) = self.value() { Some(value) } else { None }
    }

    pub fn as_i64(self) -> Option<i64> {
        if let Some(Value::Int(value)) = self.value() { Some(value) } else { None }
    }

    /// The number, whole or not.
    #[expect(clippy::cast_precision_loss, reason = "a float is what was asked for")]
    pub fn as_f64(self) -> Option<f64> {
        match self.value() {
            Some(Value::Float(value)) => Some(value),
            Some(Value::Int(value)) => Some(value as f64),
            _ => None,
        }
    }

    /// Whether there is nothing: no value at all, `null` or `~`.
    pub fn is_null(self) -> bool {
        self.value() == Some(Value::Null)
    }

    /// What it is, in a word for people.
    pub fn kind_word(self) -> &'static str {
        match self.kind() {
            Kind::Sequence(_) => "list",
            Kind::Mapping(_) => "mapping",
            Kind::Alias(_) => "alias",
            Kind::Null | Kind::Scalar(_) => match self.value() {
                Some(Value::Bool(_)) => "true or false",
                Some(Value::Int(_) | Value::Float(_)) => "number",
                Some(Value::Text(_)) => "text",
                Some(Value::Null) | None => "nothing",
            },
        }
    }

    /// The value of `key` in this mapping, or in a mapping written in place under `<<`.
    /// [`Tree::get`] also sees through aliases.
    pub fn get(self, key: &str) -> Option<Node<'t>> {
        match self.entry(key) {
            Some(entry) => Some(entry.value()),
            None => self.entry("<<")?.value().entry(key).map(Entry::value),
        }
    }

    /// The entry of `key`, the first one where it is written twice.
    pub fn entry(self, key: &str) -> Option<Entry<'t>> {
        self.entries().iter().find(|entry| entry.key().scalar_text() == Some(key))
    }

    /// The entries of a mapping; none for anything else.
    pub fn entries(self) -> Entries<'t> {
        if let Kind::Mapping(entries) = self.kind() { entries } else { Entries::default() }
    }

    /// The items of a sequence; none for anything else.
    pub fn items(self) -> Items<'t> {
        if let Kind::Sequence(items) = self.kind() { items } else { Items::default() }
    }

    /// Whether its children may be written in pieces: a table of TOML that is not in brackets.
    pub(crate) fn is_piecewise(self) -> bool {
        let is_collection = matches!(self.green.form, Form::List(_) | Form::Map(_));
        let first = self.frame.text.as_bytes().get(self.span().start);
        is_collection && !matches!(first, Some(b'[' | b'{'))
    }

    /// The steps from this node down to the deepest one that touches `offset`.
    pub(crate) fn path_at(self, offset: usize) -> Vec<Step<'t>> {
        let mut steps = Vec::new();
        let mut node = self;
        while let Some(step) = node.step_at(offset) {
            steps.push(step);
            node = step.node();
        }
        steps
    }

    fn step_at(self, offset: usize) -> Option<Step<'t>> {
        match self.kind() {
            Kind::Sequence(items) => {
                let (at, node) = items.before(offset)?;
                node.span().touches(offset).then_some(Step::Index(at, node))
            }
            Kind::Mapping(entries) => {
                let (_, entry) = entries.before(offset)?;
                let (key, value) = (entry.key().span(), entry.value().span());
                if key.touches(offset) {
                    Some(Step::Key(entry))
                } else {
                    // Between colon and value the cursor is where the value goes.
                    Span::new(key.end + 1, value.end).touches(offset).then_some(Step::Value(entry))
                }
            }
            _ => None,
        }
    }

    /// The node with this anchor that starts at `start`.
    pub(crate) fn anchored(self, name: &str, start: usize) -> Option<Node<'t>> {
        let mut node = self;
        loop {
            if node.span().start == start && node.anchor() == Some(name) {
                return Some(node);
            }
            node = match node.kind() {
                Kind::Sequence(items) => items.before(start)?.1,
                Kind::Mapping(entries) => {
                    let (_, entry) = entries.before(start)?;
                    if entry.key().span().end > start { entry.key() } else { entry.value() }
                }
                _ => return None,
            };
        }
    }
}

impl Node<'static> {
    /// Nothing, at `offset`; part of no tree.
    pub fn nothing(offset: usize) -> Self {
        static VOID: Green = Green::void();
        Self { frame: Frame { text: "", base: offset, block: 0 }, green: &VOID }
    }
}

impl<'t> Entry<'t> {
    pub(crate) fn seen(frame: Frame<'t>, green: &'t GreenEntry) -> Self {
        Self { frame, green }
    }

    pub fn key(self) -> Node<'t> {
        Node::seen(self.frame, &self.green.key)
    }

    /// `Null` with an empty span right behind the colon where there is none.
    pub fn value(self) -> Node<'t> {
        Node::seen(self.frame, &self.green.value)
    }

    /// From the key's first byte to the value's last.
    pub fn span(self) -> Span {
        self.green.span().shifted(self.frame.base)
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Node");
        shown.field("span", &self.span()).field("kind", &self.kind());
        shown.field("tag", &self.tag()).field("anchor", &self.anchor()).finish()
    }
}

impl std::fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("key", &self.key()).field("value", &self.value()).finish()
    }
}
