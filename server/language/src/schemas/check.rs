//! What a schema finds wrong in a file: the validator's verdict, in words, at places, with mends.
//!
//! What is right costs one walk of the validator and no more, and the next version of the file only what was edited
//! ([`pieces`]). Only for a file that is wrong are the errors listed, taken apart and explained, up to a number that
//! nobody reads to its end.

use copydesk_base::{Code, Diagnostic, Span};
use copydesk_text::{Kind as NodeKind, Node, Syntax};
use jsonschema::ValidationError;
use serde_json::{Map, Value};

use super::branch::Expander;
use super::bundled::by_name;
use super::documents::is_metaschema;
use super::explain::Speaker;
use super::judged::Judged;
use super::locate::Spot;
use super::mend::Mender;
use super::pieces::{self, Pieces};
use super::round::Round;
use super::told::Said;
use super::unevaluated;
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
        Judgement::Said(said) => pieces.keep(judged, file.tree, &said),
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
    let mut wrongs = Vec::new();
    for error in &errors {
        expander.expand(error, None, &mut wrongs);
    }
    let rest = unevaluated::judged(&mut wrongs, schema, whole);
    for found in &rest {
        expander.expand(&found.error, found.branch.as_deref(), &mut wrongs);
    }
    // What was left out counts, too, where there is a limit.
    let is_near_limit = errors.len() + pieces.told.len() >= 4 * MOST_FINDINGS;
    if expander.is_partial || is_near_limit && !pieces.told.is_empty() {
        return Judgement::Partial;
    }
    let is_told = expander.budget > 0;
    let speaker = Speaker { text: file.text, draft: schema.draft, mender: Mender::new(*file) };
    let mut round = Round::new((file.tree, root, keys), speaker, &wrongs);
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
