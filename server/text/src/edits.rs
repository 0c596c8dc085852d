//! What has happened to a text since its tree was made.
//!
//! A document that is typed into is seldom looked at after each keystroke. So edits are only noted here, neighbours as
//! one, and carried out on the tree when somebody asks for it ([`Since::tree`]).

use std::sync::Arc;

use crate::tree::Tree;
use crate::yaml::{self, again::Edit};

/// More edits than this are one large edit.
const MOST_EDITS: usize = 16;

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

    /// The tree of `text`, which is what the edits have led to.
    pub(crate) fn tree(&self, text: &Arc<str>) -> Option<Tree> {
        if self.is_much {
            return yaml::again::again(&self.tree, text, difference(&self.tree.text, text));
        }
        let mut tree: Option<Tree> = None;
        for (at, edit) in self.edits.iter().enumerate() {
            let before = tree.as_ref().unwrap_or(&self.tree);
            let after = if at + 1 == self.edits.len() { Arc::clone(text) } else { edit.made(&before.text)? };
            let (old_end, new_end) = (edit.start + edit.gone, edit.start + edit.come.len());
            tree = Some(yaml::again::again(before, &after, Edit { start: edit.start, old_end, new_end })?);
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
