//! What a schema finds wrong in a file: the validator's verdict, in words, at places, with mends.
//!
//! What is right costs one walk of the validator and no more, and the next version of the file only what was edited
//! ([`pieces`]). Only for a file that is wrong are the errors listed, taken apart and explained, up to a number that
//! nobody reads to its end.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use copydesk_base::{Code, Diagnostic, Span};
use copydesk_text::{Kind as NodeKind, Node, Syntax, Tree};
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::{Map, Value};

use super::branch::{Expander, What, Wrong};
use super::bundled::by_name;
use super::documents::is_metaschema;
use super::explain::Speaker;
use super::keys::{Mapping, Scope, asking_key, known_names};
use super::locate::{Spot, spot};
use super::mend::Mender;
use super::part::Part;
use super::pieces::{self, Judged, Pieces};
use super::rank::{first_of_each_value, rank};
use super::told::Said;
use super::unevaluated::{self, Counts, counts, is_alone};
use super::value::{Keys, endless};
use super::{Schema, deprecated};
use crate::check::suggest::Suggest;
use crate::{File, Memo};

/// How many findings one file gets.
const MOST_FINDINGS: usize = 1_000;

/// How deep a walk of value and schema may go: what fits on the stack of any thread.
const DEEPEST_WALK: usize = 2_000;

/// What is wrong in a file by its schema, in the order of the text. Syntax errors are the tree's own and not among it.
pub fn check(file: &File<'_>, schema: &Schema) -> Vec<Diagnostic> {
    check_again(file, schema, &mut Memo::default())
}

/// The same for a file that was checked before: `memo` knows what was right then, and afterwards what is right now.
pub fn check_again(file: &File<'_>, schema: &Schema, memo: &mut Memo) -> Vec<Diagnostic> {
    let keys = keys_of(file);
    let tree = file.tree;
    let mut found = Vec::new();
    let documents = tree.documents();
    memo.judged.begin(schema, tree);
    for (at, root) in documents.iter().enumerate() {
        // `---` at the end of a file opens nothing.
        if at > 0 && matches!(root.kind(), NodeKind::Null) || memo.judged.is_right(at) {
            continue;
        }
        let before = found.len();
        document(file, schema, root, keys, &mut memo.judged, &mut found);
        if found.len() == before {
            memo.judged.set_right(at);
        }
    }
    if documents.is_empty() && tree.broken().is_empty() {
        empty(file, schema, &mut found);
    }
    found.retain(|finding: &Diagnostic| tree.broken().is_empty() || !tree.is_broken(finding.span));
    endless(tree, &mut found);
    found.sort_by_key(|finding| (finding.span, finding.code));
    // What several places take from one anchor is wrong once.
    found.dedup_by(|a, b| (a.span, a.code, &a.message) == (b.span, b.code, &b.message));
    found.truncate(MOST_FINDINGS);
    found
}

/// What `<<` is in a file.
pub(super) fn keys_of(file: &File<'_>) -> Keys {
    if file.tree.syntax() == Syntax::Yaml { Keys::Merged } else { Keys::AsWritten }
}

fn document(
    file: &File<'_>,
    schema: &Schema,
    root: Node<'_>,
    keys: Keys,
    judged: &mut Judged,
    found: &mut Vec<Diagnostic>,
) {
    if looked_at(file, schema, root, keys, judged, found) == Outcome::Partly {
        judged.forget();
        looked_at(file, schema, root, keys, judged, found);
    }
}

/// What was found about a document.
#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    All,
    /// Nothing yet: it has to be looked at whole.
    Partly,
}

fn looked_at(
    file: &File<'_>,
    schema: &Schema,
    root: Node<'_>,
    keys: Keys,
    judged: &mut Judged,
    found: &mut Vec<Diagnostic>,
) -> Outcome {
    let (unfolded, pieces) = pieces::read(file.tree, root, keys, schema, judged);
    if let Some(span) = unfolded.given_up {
        let message = "this file is not checked against its schema: its aliases stand for too many values";
        found.push(Diagnostic::new(Code::SchemaUnavailable, span, message));
        return Outcome::All;
    }
    let mut whole = unfolded.value;
    if depth(&whole) * schema.height > DEEPEST_WALK {
        let head = Spot::root(file.tree, root).short_span(file.text);
        let message = "this file is not checked against its schema: together they are nested too deeply";
        found.push(Diagnostic::new(Code::SchemaUnavailable, head, message));
        return Outcome::All;
    }
    settle_name(schema, &mut whole);
    if matches!(root.kind(), NodeKind::Null) && !schema.validator.is_valid(&whole) {
        // Nothing is written yet, comments at most: what is missing is said, not that nothing is no mapping.
        whole = Value::Object(Map::new());
    }
    let value = Judging { file, schema, root, keys, whole: &whole, pieces: &pieces };
    match judge(&value, found) {
        Judgement::Partial => return Outcome::Partly,
        Judgement::Said(said) => judged.keep(&pieces, file.tree, &said),
        Judgement::TooMuch => {}
    }
    found.extend_from_slice(&pieces.told);
    if !schema.deprecated_keys.is_empty() && deprecated::may_have(&whole, &schema.deprecated_keys) {
        deprecated::check(&value, found);
    }
    Outcome::All
}

/// Takes out the key by which a file names its schema: it says something about the file, and a schema that does not
/// know it says nothing about it. To a metaschema the short name of one of its kind is the address that it stands for.
fn settle_name(schema: &Schema, whole: &mut Value) {
    let Value::Object(entries) = whole else { return };
    let Some(Value::String(name)) = entries.get_mut("$schema") else { return };
    if !schema.knows_its_name {
        entries.remove("$schema");
    } else if let Some(url) = by_name(name).filter(|_| is_metaschema(&schema.url)) {
        *name = url;
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Object(entries) => 1 + entries.values().map(depth).max().unwrap_or(0),
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        _ => 1,
    }
}

fn empty(file: &File<'_>, schema: &Schema, found: &mut Vec<Diagnostic>) {
    let nothing = copydesk_text::yaml::parse("~");
    if schema.validator.is_valid(&Value::Null) {
        return;
    }
    let Some(root) = nothing.root() else { return };
    let whole = Value::Object(Map::new());
    let mut inner = Vec::new();
    let file = File { tree: &nothing, ..*file };
    let pieces = Pieces::default();
    judge(
        &Judging { file: &file, schema, root, keys: Keys::Merged, whole: &whole, pieces: &pieces },
        &mut inner,
    );
    for mut finding in inner {
        finding.span = Span::at(0);
        finding.fixes.clear();
        found.push(finding);
    }
}

/// A document that is judged.
pub(super) struct Judging<'j, 't> {
    pub(super) file: &'j File<'t>,
    pub(super) schema: &'j Schema,
    pub(super) root: Node<'t>,
    pub(super) keys: Keys,
    /// All of it that has to be looked at.
    pub(super) whole: &'j Value,
    pub(super) pieces: &'j Pieces,
}

/// What came of judging a document.
enum Judgement {
    /// All that is to be said; nothing if it is right.
    Said(Said),
    /// More is wrong than was looked at.
    TooMuch,
    /// Nothing was said: what was left out may matter.
    Partial,
}

/// Says what is wrong.
fn judge(value: &Judging<'_, '_>, found: &mut Vec<Diagnostic>) -> Judgement {
    let Judging { file, schema, root, keys, whole, pieces } = *value;
    if schema.validator.is_valid(whole) {
        return Judgement::Said(Said::default());
    }
    let errors: Vec<ValidationError<'_>> =
        schema.validator.iter_errors(whole).take(4 * MOST_FINDINGS).collect();
    let mut expander = Expander {
        registry: &schema.registry,
        tree: file.tree,
        root,
        keys,
        pieces,
        is_partial: false,
        budget: 4 * MOST_FINDINGS,
        suggest: Suggest::default(),
    };
    let rest;
    let mut wrongs = Vec::new();
    for error in &errors {
        expander.expand(error, None, &mut wrongs);
    }
    rest = unevaluated::judged(&mut wrongs, schema, whole);
    for found in &rest {
        expander.expand(&found.error, found.branch.as_deref(), &mut wrongs);
    }
    // What was left out counts, too, where there is a limit.
    let is_near_limit = errors.len() + pieces.told.len() >= 4 * MOST_FINDINGS;
    if expander.is_partial || is_near_limit && !pieces.told.is_empty() {
        return Judgement::Partial;
    }
    let is_told = expander.budget > 0;
    let mut round = Round {
        tree: file.tree,
        root,
        keys,
        speaker: Speaker { text: file.text, draft: schema.draft, mender: Mender::new(*file) },
        counts: counts(&wrongs),
        wrongs: &wrongs,
        known: HashMap::new(),
        found: Vec::new(),
        by_place: BTreeMap::new(),
    };
    round.speak();
    if round.found.is_empty() && pieces.told.is_empty() {
        round.fallback();
        round.by_place.clear();
    }
    found.append(&mut round.found);
    if errors.len() >= 4 * MOST_FINDINGS {
        return Judgement::TooMuch;
    }
    let all = errors.iter().chain(rest.iter().map(|found| &found.error));
    Judgement::Said(Said::new(all, is_told.then_some(round.by_place)))
}

/// Whether a key is missing, which is said when it is known which keys were meant.
fn is_missing(wrong: &Wrong<'_, '_>) -> bool {
    matches!(&wrong.what, What::Error(error) if matches!(error.kind(), Kind::Required { .. }))
}

/// The findings of one document.
struct Round<'r, 'e, 's, 't> {
    tree: &'t Tree,
    root: Node<'t>,
    keys: Keys,
    speaker: Speaker<'t>,
    wrongs: &'r [Wrong<'e, 's>],
    counts: Counts,
    /// The names that parts know, by where the part stands: many mistakes are about the same one.
    known: HashMap<usize, Rc<[&'s str]>>,
    found: Vec<Diagnostic>,
    /// The same by where the value stands that they are about.
    by_place: BTreeMap<String, Vec<Diagnostic>>,
}

impl<'s, 't> Round<'_, '_, 's, 't> {
    fn speak(&mut self) {
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
    fn fallback(&mut self) {
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
