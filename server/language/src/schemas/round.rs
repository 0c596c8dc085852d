//! What is said of all that is wrong in one document: each thing once, at the place where it was meant.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use copydesk_base::{Diagnostic, Span};
use copydesk_text::{Node, Tree};
use jsonschema::error::ValidationErrorKind as Kind;

use super::branch::{What, Wrong};
use super::explain::Speaker;
use super::keys::{Mapping, Scope, asking_key, known_names};
use super::locate::{Spot, spot};
use super::part::Part;
use super::rank::{first_of_each_value, rank};
use super::unevaluated::{Counts, counts, is_alone};
use super::value::Keys;

/// Whether a key is missing, which is said when it is known which keys were meant.
fn is_missing(wrong: &Wrong<'_, '_>) -> bool {
    matches!(&wrong.what, What::Error(error) if matches!(error.kind(), Kind::Required { .. }))
}

/// The findings of one document.
pub(super) struct Round<'r, 'e, 's, 't> {
    tree: &'t Tree,
    root: Node<'t>,
    keys: Keys,
    speaker: Speaker<'t>,
    wrongs: &'r [Wrong<'e, 's>],
    counts: Counts,
    /// The names that parts know, by where the part stands: many mistakes are about the same one.
    known: HashMap<usize, Rc<[&'s str]>>,
    pub(super) found: Vec<Diagnostic>,
    /// The same by where the value stands that they are about.
    pub(super) by_place: BTreeMap<String, Vec<Diagnostic>>,
}

impl<'r, 'e, 's, 't> Round<'r, 'e, 's, 't> {
    pub(super) fn new(
        (tree, root, keys): (&'t Tree, Node<'t>, Keys),
        speaker: Speaker<'t>,
        wrongs: &'r [Wrong<'e, 's>],
    ) -> Self {
        Self {
            tree,
            root,
            keys,
            speaker,
            wrongs,
            counts: counts(wrongs),
            known: HashMap::new(),
            found: Vec::new(),
            by_place: BTreeMap::new(),
        }
    }

    /// Says all of it.
    pub(super) fn speak(&mut self) {
        let mut meant: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let wrongs = self.wrongs;
        let first = first_of_each_value(wrongs);
        let mut later = Vec::new();
        for (at, wrong) in wrongs.iter().enumerate() {
            if is_missing(wrong) {
                later.push(wrong);
                continue;
            }
            let before = self.found.len();
            self.one(at, wrong, &first, &mut meant);
            self.note(wrong, before);
        }
        for wrong in later {
            let before = self.found.len();
            self.missing(wrong, &meant);
            self.note(wrong, before);
        }
    }

    /// Notes what was found for one thing that is wrong.
    fn note(&mut self, wrong: &Wrong<'_, '_>, before: usize) {
        let new = self.found.get(before..).unwrap_or_default();
        if !new.is_empty() {
            self.by_place.entry(wrong.pointer.as_str().to_owned()).or_default().extend_from_slice(new);
        }
    }

    fn one(
        &mut self,
        at: usize,
        wrong: &Wrong<'_, 's>,
        first: &BTreeMap<&str, usize>,
        meant: &mut BTreeMap<String, Vec<String>>,
    ) {
        let What::Error(error) = &wrong.what else { return self.plain(at, wrong, first) };
        match error.kind() {
            Kind::AdditionalProperties { unexpected } => self.unknown(wrong, unexpected, Scope::Own, meant),
            Kind::UnevaluatedProperties { unexpected } => {
                // A part that failed speaks for no key: what it knows is no mistake of its own.
                let known = self.known(wrong.part.as_ref());
                let is_alone = is_alone(&self.counts, wrong);
                let own: Vec<String> = unexpected
                    .iter()
                    .filter(|name| is_alone || known.binary_search(&name.as_str()).is_err())
                    .cloned()
                    .collect();
                self.unknown(wrong, &own, Scope::Everywhere, meant);
            }
            Kind::PropertyNames { error } => {
                let mapping = self.mapping(wrong);
                if !mapping.spot.is_tagged
                    && let Some(finding) = self.speaker.bad_name(&mapping, error)
                {
                    self.found.push(finding);
                }
            }
            Kind::UnevaluatedItems { .. } if !is_alone(&self.counts, wrong) => {}
            _ => self.plain(at, wrong, first),
        }
    }

    fn plain(&mut self, at: usize, wrong: &Wrong<'_, '_>, first: &BTreeMap<&str, usize>) {
        if rank(wrong).is_some() && first.get(wrong.pointer.as_str()).is_some_and(|first| *first != at) {
            return;
        }
        let spot = self.spot(wrong);
        if !spot.is_tagged {
            let finding = self.speaker.finding(wrong, &spot);
            self.found.push(finding);
        }
    }

    fn unknown(
        &mut self,
        wrong: &Wrong<'_, 's>,
        unexpected: &[String],
        scope: Scope,
        meant: &mut BTreeMap<String, Vec<String>>,
    ) {
        let mapping = self.mapping(wrong);
        if !mapping.spot.is_tagged {
            let names = self.speaker.unknown_keys(&mapping, unexpected, scope, &mut self.found);
            meant.entry(wrong.pointer.as_str().to_owned()).or_default().extend(names);
        }
    }

    fn missing(&mut self, wrong: &Wrong<'_, 's>, meant: &BTreeMap<String, Vec<String>>) {
        let What::Error(error) = &wrong.what else { return };
        let Kind::Required { property } = error.kind() else { return };
        let Some(name) = property.as_str() else { return };
        let is_meant =
            meant.get(wrong.pointer.as_str()).is_some_and(|names| names.iter().any(|other| other == name));
        let mapping = self.mapping(wrong);
        if is_meant || mapping.spot.is_tagged || self.is_hidden(&mapping.spot, name) {
            return;
        }
        let finding = self.speaker.missing_key(&mapping, name, asking_key(error, wrong.part.as_ref(), name));
        self.found.push(finding);
    }

    /// Whether a key may stand in a piece that could not be read.
    fn is_hidden(&self, spot: &Spot<'_>, name: &str) -> bool {
        let own = spot.node.span();
        let near = |piece: &&Span| piece.start <= own.end + 1 && own.start <= piece.end + 1;
        let text = self.speaker.text;
        self.tree.broken().iter().filter(near).any(|piece| piece.of(text).contains(name))
    }

    /// The file is wrong, and everything that was said about it was taken back: one plain sentence remains.
    pub(super) fn fallback(&mut self) {
        let spots: Vec<Spot<'t>> = self.wrongs.iter().map(|wrong| self.spot(wrong)).collect();
        if spots.iter().any(|spot| spot.is_tagged) || !self.tree.broken().is_empty() {
            return;
        }
        let Some((wrong, spot)) = self.wrongs.first().zip(spots.first()) else { return };
        let finding = self.speaker.finding(wrong, spot);
        self.found.push(finding);
    }

    fn spot(&self, wrong: &Wrong<'_, '_>) -> Spot<'t> {
        spot(self.tree, self.root, &wrong.pointer, self.keys)
    }

    fn mapping(&mut self, wrong: &Wrong<'_, 's>) -> Mapping<'t, 's> {
        Mapping {
            tree: self.tree,
            keys: self.keys,
            spot: self.spot(wrong),
            part: wrong.part.clone(),
            branch: wrong.branch.clone(),
            known: self.known(wrong.part.as_ref()),
        }
    }

    fn known(&mut self, part: Option<&Part<'s>>) -> Rc<[&'s str]> {
        let Some(part) = part else { return Rc::default() };
        let known = self.known.entry(part.address()).or_insert_with(|| known_names(part).into());
        Rc::clone(known)
    }
}
