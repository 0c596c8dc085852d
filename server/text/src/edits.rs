//! What has happened to a text since its tree was made.
//!
//! A document that is typed into is seldom looked at after each keystroke. So edits are only noted here, neighbours as
//! one, and carried out on the tree when somebody asks for it ([`Since::tree`]). A [`Mover`] says where things are
//! then.

use std::sync::Arc;

use copydesk_base::{Diagnostic, Span};

use crate::document::Format;
use crate::json::{self, Dialect};
use crate::shared::Sharing;
use crate::tree::Tree;
use crate::{toml, yaml};

/// More edits than this are one large edit.
const MOST_EDITS: usize = 16;

/// Bytes `start..old_end` of the text before became bytes `start..new_end` of the text after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) start: usize,
    pub(crate) old_end: usize,
    pub(crate) new_end: usize,
}

impl Edit {
    /// Where a place behind the edit is afterwards.
    pub(crate) fn moved(self, place: usize) -> usize {
        place + self.new_end - self.old_end
    }

    pub(crate) fn moved_span(self, span: Span) -> Span {
        Span::new(self.moved(span.start), self.moved(span.end))
    }
}

/// A tree, and the edits that led from its text to another one.
#[derive(Clone, Debug)]
pub(crate) struct Since {
    tree: Arc<Tree>,
    edits: Vec<Noted>,
    /// Too many to tell apart.
    is_much: bool,
}

/// One edit: from `start` on, `gone` bytes were replaced by `come`.
#[derive(Clone, Debug)]
struct Noted {
    start: usize,
    gone: usize,
    come: String,
}

impl Since {
    pub(crate) fn new(tree: Arc<Tree>) -> Self {
        Self { tree, edits: Vec::new(), is_much: false }
    }

    /// Notes that bytes `start..end` became `come`.
    pub(crate) fn edited(&mut self, start: usize, end: usize, come: &str) {
        if self.is_much {
            return;
        }
        if let Some(last) = self.edits.last_mut() {
            let behind = last.start + last.come.len();
            if last.start <= start && end <= behind {
                last.come.replace_range(start - last.start..end - last.start, come);
                return;
            }
        }
        if self.edits.len() == MOST_EDITS {
            self.all_edited();
            return;
        }
        self.edits.push(Noted { start, gone: end - start, come: come.to_owned() });
    }

    /// Notes that the text is another one.
    pub(crate) fn all_edited(&mut self) {
        self.is_much = true;
        self.edits.clear();
    }

    /// The tree of `text`, which is what the edits have led to. `None` where it must be read whole.
    pub(crate) fn tree(&self, text: &Arc<str>, format: Format) -> Option<Tree> {
        let again = |before: &Tree, text: &Arc<str>, edit: Edit| match format {
            Format::Yaml => yaml::again::again(before, text, edit),
            Format::Json => json::again::again(before, text, edit, Dialect::Strict),
            Format::Jsonc => json::again::again(before, text, edit, Dialect::Commented),
            Format::Toml => toml::again::again(before, text, edit),
            Format::Markdown | Format::Other => None,
        };
        self.edited_tree(text, again)
    }

    /// A tree that was read whole; what says in it what it said before is stored once for both versions.
    pub(crate) fn shared(&self, mut tree: Tree) -> Tree {
        let sharing = Sharing { before: &self.tree.text, text: &tree.text };
        for (before, root) in self.tree.documents.iter().zip(&mut tree.documents) {
            sharing.share(before, 0, root, 0);
        }
        tree
    }

    fn edited_tree(
        &self,
        text: &Arc<str>,
        again: impl Fn(&Tree, &Arc<str>, Edit) -> Option<Tree>,
    ) -> Option<Tree> {
        if self.is_much {
            return again(&self.tree, text, difference(&self.tree.text, text));
        }
        let mut tree: Option<Tree> = None;
        for (at, edit) in self.edits.iter().enumerate() {
            let before = tree.as_ref().unwrap_or(&self.tree);
            let after = if at + 1 == self.edits.len() { Arc::clone(text) } else { edit.made(&before.text)? };
            let (old_end, new_end) = (edit.start + edit.gone, edit.start + edit.come.len());
            tree = Some(again(before, &after, Edit { start: edit.start, old_end, new_end })?);
        }
        tree.or_else(|| (self.tree.text == *text).then(|| Tree::clone(&self.tree)))
    }
}

impl Noted {
    fn made(&self, text: &str) -> Option<Arc<str>> {
        let (before, behind) = (text.get(..self.start)?, text.get(self.start + self.gone..)?);
        Some([before, &self.come, behind].concat().into())
    }
}

/// The smallest edit between two texts that leaves their beginnings and their ends alone.
fn difference(old: &str, new: &str) -> Edit {
    let same =
        |one: &[u8], other: &[u8]| one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let mut start = same(old.as_bytes(), new.as_bytes());
    while !old.is_char_boundary(start) || !new.is_char_boundary(start) {
        start -= 1;
    }
    let backwards = old.as_bytes()[start..].iter().rev().zip(new.as_bytes()[start..].iter().rev());
    let mut behind = backwards.take_while(|(one, other)| one == other).count();
    while !old.is_char_boundary(old.len() - behind) || !new.is_char_boundary(new.len() - behind) {
        behind -= 1;
    }
    Edit { start, old_end: old.len() - behind, new_end: new.len() - behind }
}

/// Moves what was found in the text before.
pub(crate) struct Mover {
    /// What was read again.
    pub(crate) region: Span,
    pub(crate) edit: Edit,
    /// Whether the region ends with the text.
    pub(crate) is_last: bool,
}

/// What became of a place.
pub(crate) enum Kept {
    At(Span),
    /// It stood in what was read again: it is found again, or it is gone.
    Gone,
}

impl Kept {
    pub(crate) fn kept(self) -> Option<Span> {
        if let Self::At(span) = self { Some(span) } else { None }
    }
}

impl Mover {
    /// `None` where a place reaches over an end of the region.
    pub(crate) fn kept(&self, span: Span) -> Option<Kept> {
        let Span { start, end } = self.region;
        if span.start < start {
            (span.end <= start).then_some(Kept::At(span))
        } else if span.start >= end && !self.is_last {
            Some(Kept::At(self.edit.moved_span(span)))
        } else {
            (span.end <= end).then_some(Kept::Gone)
        }
    }

    pub(crate) fn all(&self, spans: &[Span]) -> Option<Vec<Span>> {
        let mut all = Vec::with_capacity(spans.len());
        for span in spans {
            all.extend(self.kept(*span)?.kept());
        }
        Some(all)
    }

    /// A problem that stands at `span` now.
    pub(crate) fn problem(&self, problem: &Diagnostic, span: Span) -> Option<Diagnostic> {
        let mut problem = Diagnostic { span, ..problem.clone() };
        for related in &mut problem.related {
            related.span = self.kept(related.span)?.kept()?;
        }
        for edit in problem.fixes.iter_mut().flat_map(|fix| &mut fix.edits) {
            edit.span = self.kept(edit.span)?.kept()?;
        }
        Some(problem)
    }
}
