//! The stored tree: small nodes, with places that do not depend on what stands before their block.
//!
//! A *block* is a collection that reaches over several lines and stands as an item of a sequence or as the value of a
//! mapping's entry, in brackets or not; the root of a document is one too. Blocks are shared by all versions of a text
//! in which they did not change. So places inside a block count from its start, and the words of a scalar that stands
//! in the source as it is are not stored at all. While a piece is being read its places count from the start of the
//! text, and nothing is a block; [`settle`] makes the one of the other, in place.
//!
//! Invariants
//! - A settled node is never changed.
//! - Where blocks are depends on the text and the shape of the tree alone, not on the way by which it was made.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use copydesk_base::Span;

use crate::scalar::{Mapped, Style};

/// A value. Offsets fit: longer texts are not read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Green {
    start: u32,
    len: u32,
    pub(crate) form: Form,
    props: Option<Box<Props>>,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Form {
    Nothing,
    /// A scalar whose text is its source without quotes.
    Verbatim(Style),
    /// A scalar whose text had to be made.
    Mapped(Arc<Mapped>),
    List(Box<[Green]>),
    Map(Box<[GreenEntry]>),
    /// The name is the source behind the `*`.
    Alias,
    /// Seen through by whoever looks at the tree.
    Block(Arc<Block>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GreenEntry {
    pub(crate) key: Green,
    pub(crate) value: Green,
}

/// What stands before a value. Nearly no value has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Props {
    pub(crate) tag: Option<Box<str>>,
    pub(crate) anchor: Option<Box<str>>,
}

/// A shared part of a tree; its node starts at 0.
#[derive(Debug)]
pub(crate) struct Block {
    /// Never given twice in the life of the process.
    pub(crate) id: u64,
    pub(crate) node: Green,
}

impl PartialEq for Block {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id || self.node == other.node
    }
}

impl Block {
    fn new(node: Green) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Arc::new(Self { id: NEXT.fetch_add(1, Ordering::Relaxed), node })
    }
}

/// An offset as it is stored.
pub(crate) fn short(offset: usize) -> u32 {
    // Longer texts are refused before anybody reads them, so the cast cannot cut.
    u32::try_from(offset).unwrap_or(u32::MAX)
}

impl Green {
    pub(crate) fn new(span: Span, form: Form) -> Self {
        Self { start: short(span.start), len: short(span.len()), form, props: None }
    }

    /// Nothing, at `offset`.
    pub(crate) fn nothing(offset: usize) -> Self {
        Self::new(Span::at(offset), Form::Nothing)
    }

    /// What there is where nobody has written anything.
    pub(crate) const fn void() -> Self {
        Self { start: 0, len: 0, form: Form::Nothing, props: None }
    }

    pub(crate) fn with_props(mut self, tag: Option<String>, anchor: Option<String>) -> Self {
        if tag.is_some() || anchor.is_some() {
            let (tag, anchor) = (tag.map(Into::into), anchor.map(Into::into));
            self.props = Some(Box::new(Props { tag, anchor }));
        }
        self
    }

    /// Where it starts, counted from whatever its places count from.
    pub(crate) fn start(&self) -> u32 {
        self.start
    }

    /// The place, in the same count.
    pub(crate) fn span(&self) -> Span {
        let start = self.start as usize;
        Span::new(start, start + self.len as usize)
    }

    pub(crate) fn set_span(&mut self, span: Span) {
        (self.start, self.len) = (short(span.start), short(span.len()));
    }

    pub(crate) fn tag(&self) -> Option<&str> {
        self.props.as_ref()?.tag.as_deref()
    }

    /// Whether neither a tag nor an anchor stands before it.
    pub(crate) fn is_bare(&self) -> bool {
        self.props.is_none()
    }

    pub(crate) fn anchor(&self) -> Option<&str> {
        self.props.as_ref()?.anchor.as_deref()
    }

    /// The text of a scalar; `text` starts `shift` bytes behind what the places count from.
    pub(crate) fn scalar_text<'g>(&'g self, text: &'g str, shift: usize) -> Option<&'g str> {
        match &self.form {
            Form::Verbatim(style) => {
                let inner = style.inner(self.span());
                text.get(inner.start.checked_sub(shift)?..inner.end.checked_sub(shift)?)
            }
            Form::Mapped(mapped) => Some(&mapped.text),
            _ => None,
        }
    }
}

impl GreenEntry {
    pub(crate) fn span(&self) -> Span {
        self.key.span().cover(self.value.span())
    }

    /// Makes places count from `origin`, where the entry's mapping starts, and a block of the value if it is one.
    pub(crate) fn settle(&mut self, origin: u32, text: &str) {
        settle(&mut self.key, origin, text);
        self.value.settle_item(origin, text);
    }
}

impl Green {
    /// The same for a value in a collection.
    pub(crate) fn settle_item(&mut self, origin: u32, text: &str) {
        if !is_block(self, text) {
            return settle(self, origin, text);
        }
        let start = self.start;
        settle(self, start, text);
        let slot =
            Self { start: start.wrapping_sub(origin), len: self.len, form: Form::Nothing, props: None };
        let settled = std::mem::replace(self, slot);
        self.form = Form::Block(Block::new(settled));
    }

    /// The node behind a block's slot, and what its places count from; a slot counts from `base`.
    pub(crate) fn looked_through(&self, base: u32) -> (&Self, u32) {
        match &self.form {
            Form::Block(block) => (&block.node, base.wrapping_add(self.start)),
            _ => (self, base),
        }
    }

    /// The same value further on. Blocks are shared.
    pub(crate) fn moved(&self, by: u32) -> Self {
        let form = match &self.form {
            Form::List(items) => Form::List(items.iter().map(|item| item.moved(by)).collect()),
            Form::Map(entries) => {
                let moved = |entry: &GreenEntry| GreenEntry {
                    key: entry.key.moved(by),
                    value: entry.value.moved(by),
                };
                Form::Map(entries.iter().map(moved).collect())
            }
            other => other.clone(),
        };
        Self { start: self.start.wrapping_add(by), len: self.len, form, props: self.props.clone() }
    }
}

/// A collection whose children count from its own start, wherever it will be stored.
pub(crate) struct Grown {
    /// In the whole text.
    start: u32,
    node: Green,
}

impl Grown {
    /// A block collection with new children instead of those of `old`; it ends with its last child.
    pub(crate) fn new(start: u32, form: Form, old: &Green) -> Self {
        let end = match &form {
            Form::List(items) => items.last().map(Green::span),
            Form::Map(entries) => entries.last().map(GreenEntry::span),
            _ => None,
        };
        Self::with_len(start, short(end.map_or(0, |end| end.end)), form, old)
    }

    /// A collection in brackets with new children instead of those of `old`, which made it longer by `by`.
    pub(crate) fn in_brackets(start: u32, form: Form, old: &Green, by: u32) -> Self {
        Self::with_len(start, old.len.wrapping_add(by), form, old)
    }

    /// A collection of any length with new children instead of those of `old`.
    pub(crate) fn with_len(start: u32, len: u32, form: Form, old: &Green) -> Self {
        Self { start, node: Green { start: 0, len, form, props: old.props.clone() } }
    }

    /// As it is stored in a collection that starts at `origin`.
    pub(crate) fn into_child(self, origin: u32, text: &str) -> Green {
        let start = self.start.wrapping_sub(origin);
        let from = self.start as usize;
        let whole = Span::new(from, from + self.node.len as usize);
        if whole.of(text).contains(['\n', '\r']) { self.stored(start) } else { self.node.moved(start) }
    }

    pub(crate) fn into_document(self) -> Green {
        let start = self.start;
        self.stored(start)
    }

    fn stored(self, start: u32) -> Green {
        Green { start, len: self.node.len, form: Form::Block(Block::new(self.node)), props: None }
    }
}

/// Makes blocks of a document that was just read; `text` is the whole text.
pub(crate) fn settled(mut document: Green, text: &str) -> Green {
    let start = document.start;
    settle(&mut document, start, text);
    Green { start, len: document.len, form: Form::Block(Block::new(document)), props: None }
}

/// Makes places count from `origin`, and blocks of what below `node` is one.
fn settle(node: &mut Green, origin: u32, text: &str) {
    match &mut node.form {
        Form::List(items) => items.iter_mut().for_each(|item| item.settle_item(origin, text)),
        Form::Map(entries) => entries.iter_mut().for_each(|entry| entry.settle(origin, text)),
        _ => {}
    }
    node.start = node.start.wrapping_sub(origin);
}

fn is_block(node: &Green, text: &str) -> bool {
    matches!(node.form, Form::List(_) | Form::Map(_)) && node.span().of(text).contains(['\n', '\r'])
}

/// Something whose places can be counted from somewhere else.
pub(crate) trait Moved {
    fn moved(&self, by: u32) -> Self;
}

impl Moved for Green {
    fn moved(&self, by: u32) -> Self {
        Self::moved(self, by)
    }
}

impl Moved for GreenEntry {
    fn moved(&self, by: u32) -> Self {
        Self { key: self.key.moved(by), value: self.value.moved(by) }
    }
}

/// Old children with `new` ones where those of `at` were. The old ones move by `stay` before them and by `behind`
/// behind.
pub(crate) fn replaced<T: Moved>(
    old: &[T],
    at: std::ops::Range<usize>,
    new: Vec<T>,
    stay: u32,
    behind: u32,
) -> Box<[T]> {
    let mut all = Vec::with_capacity(old.len() - at.len() + new.len());
    all.extend(old[..at.start].iter().map(|child| child.moved(stay)));
    all.extend(new);
    all.extend(old[at.end..].iter().map(|child| child.moved(behind)));
    all.into()
}
