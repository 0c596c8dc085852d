//! The tree beside its shape: unknown and missing keys, wrong kinds of values, words that are not in the list.

use copydesk_base::{Code, Diagnostic, Fix, Span, TextEdit};
use copydesk_text::{Entries, Entry, Items, Kind, Node, Syntax};

use super::fixes::{remove_at, remove_item, remove_key};
use super::memo::Look;
use super::mismatch::{mismatch, tagged};
use super::unknown::{slip, unknown_key};
use super::{Findings, missing, rules, scalar, subworkflow};
use crate::declared::Block;
use crate::file::first_key;
use crate::shape::{List, Mapping, Need, Rest, Shape, Standing};
use crate::{File, FileKind};

/// The key that holds a value, for messages and for places.
#[derive(Clone, Copy)]
pub(super) struct Holder<'a> {
    pub(super) name: &'a str,
    /// The key's place; at the root the file's first key, in an item the item's.
    pub(super) span: Span,
    depth: usize,
    holds: Holds,
    need: Need,
}

/// What of a holder is looked at.
#[derive(Clone, Copy, PartialEq)]
enum Holds {
    Value,
    /// An item of the list that it holds.
    Item,
}

impl<'a> Holder<'a> {
    /// A mapping that is looked at by itself.
    pub(super) fn at(name: &'a str, span: Span) -> Self {
        Holder { name, span, depth: 1, holds: Holds::Value, need: Need::Optional }
    }

    fn below(self, entry: Entry<'a>) -> Self {
        let name = entry.key().scalar_text().unwrap_or("");
        let (span, depth) = (entry.key().span(), self.depth + 1);
        Holder { name, span, depth, holds: Holds::Value, need: Need::Optional }
    }

    /// What an item lacks is said at its first key, or at its brackets.
    fn item(self, item: Node<'_>) -> Self {
        let first = item.entries().first().map_or(item.span(), |entry| entry.key().span());
        Holder { holds: Holds::Item, span: first, ..self }
    }

    /// The edit that takes the key out with its value; nothing for an item of a list, and for a key that must be there.
    pub(super) fn removal(self, file: &File<'_>) -> Option<TextEdit> {
        remove_at(file, self.span.start).filter(|_| self.holds == Holds::Value && self.need == Need::Optional)
    }

    /// What is looked at, with its verb: `'needs' takes`.
    pub(super) fn takes(self, file: FileKind) -> String {
        let verb = if self.holds == Holds::Value && self.depth == 0 { "is" } else { "takes" };
        format!("{} {verb}", self.subject(file))
    }

    /// The value that is looked at, for messages.
    pub(super) fn subject(self, file: FileKind) -> String {
        match self.holds {
            Holds::Item => format!("this item of '{}'", self.name),
            Holds::Value if self.depth == 0 => whole(file),
            Holds::Value => format!("'{}'", self.name),
        }
    }
}

pub(super) fn check(findings: &mut Findings<'_>) {
    let tree = findings.tree();
    let root =
        Holder { name: "", span: first_key(tree), depth: 0, holds: Holds::Value, need: Need::Optional };
    let shape = findings.shapes.root();
    match tree.root() {
        Some(node) if !node.is_null() => value(findings, node, shape, root),
        // An empty file lacks every key that must be there; one of JSON lacks a value first, and that is told.
        found => {
            let empty = Node::nothing(found.map_or(0, |node| node.span().start));
            let is_told = tree.syntax() == Syntax::Json && !tree.problems().is_empty();
            if let Some(mapping) = shape.mapping().filter(|_| tree.broken().is_empty() && !is_told) {
                missing::keys(findings, empty, mapping, None, &[], root);
            }
        }
    }
}

/// One value beside its shape. Behind an alias only the kind of value is looked at: the rest is checked where the
/// anchor stands.
fn value<'a>(findings: &mut Findings<'a>, node: Node<'a>, shape: &'static Shape, holder: Holder<'a>) {
    let is_alias = matches!(node.kind(), Kind::Alias(_));
    let Some(seen) = findings.tree().resolve(node) else { return };
    if shape.forms.is_empty() {
        return;
    }
    match seen.kind() {
        Kind::Mapping(entries) => match shape.mapping() {
            Some(_) if is_alias => {}
            Some(expected) => mapping(findings, node, entries, expected, holder),
            None => mismatch(findings, node, seen, shape, holder),
        },
        Kind::Sequence(items) => match shape.list() {
            Some(_) if is_alias => {}
            Some(expected) => list(findings, node, items, expected, holder),
            None => mismatch(findings, node, seen, shape, holder),
        },
        _ if seen.is_null() => {
            if !shape.takes_null() {
                let message = format!("'{}' has no value; it takes {}", holder.name, shape.takes());
                let span = if node.span().is_empty() { holder.span } else { node.span() };
                let mut finding = Diagnostic::new(Code::TypeMismatch, span, message);
                finding.fixes = without_value(findings, node, shape, holder);
                findings.add(finding);
            }
        }
        _ => scalar::check(findings, node, seen, shape, holder),
    }
}

/// What a key without a value can be given, and its end.
fn without_value(
    findings: &Findings<'_>,
    node: Node<'_>,
    shape: &'static Shape,
    holder: Holder<'_>,
) -> Vec<Fix> {
    let file = findings.file;
    let mut fixes = Vec::new();
    let is_behind_colon = holder.holds == Holds::Value
        && file.text.get(holder.span.end..).is_some_and(|rest| rest.starts_with(':'));
    // The least that a mapping takes may still lack a key, and an empty text says no more than no value.
    let is_whole =
        shape.mapping().is_none_or(|inner| inner.keys_of(None).all(|key| key.need == Need::Optional));
    let blank = missing::blank(findings, holder.name, shape).filter(|_| holder.holds == Holds::Value);
    let least = blank.filter(|least| least != "\"\"" && is_whole);
    if let Some(least) = least.filter(|_| node.span().is_empty() && is_behind_colon) {
        let edit = TextEdit::insert(holder.span.end + 1, format!(" {least}"));
        fixes.push(Fix::new(format!("write '{least}'"), vec![edit]));
    }
    fixes.extend(
        holder.removal(&file).map(|edit| Fix::new(format!("take '{}' out", holder.name), vec![edit])),
    );
    fixes
}

fn list<'a>(
    findings: &mut Findings<'a>,
    node: Node<'a>,
    items: Items<'a>,
    expected: &'static List,
    holder: Holder<'a>,
) {
    if items.len() < expected.least && !findings.is_broken(node.span()) {
        let message = format!("'{}' needs at least one item", holder.name);
        findings.add(Diagnostic::new(Code::UnknownValue, node.span(), message));
    }
    let shape = findings.shapes.get(expected.item);
    let first_step = first_step(findings, holder);
    for (at, item) in items.iter().enumerate() {
        if matches!(item.kind(), Kind::Null) && !shape.forms.is_empty() {
            // Half-typed: nothing behind the dash yet. The dash is what can be marked.
            let before = findings.file.text.get(..item.span().start).map_or("", |text| text.trim_end());
            let span =
                if before.ends_with('-') { Span::new(before.len() - 1, before.len()) } else { item.span() };
            let message = format!("this item of '{}' is empty; it takes {}", holder.name, shape.takes());
            let mut finding = Diagnostic::new(Code::TypeMismatch, span, message);
            if let Some(edit) = remove_item(findings.file.text, node, at) {
                finding = finding.with_fix(Fix::new("take it out", vec![edit]));
            }
            findings.add(finding);
            continue;
        }
        match first_step {
            Some(first) => step(findings, first + at, item, shape, holder.item(item)),
            None => value(findings, item, shape, holder.item(item)),
        }
    }
}

/// Of a list that holds steps of a workflow, the number of its first one.
fn first_step(findings: &Findings<'_>, holder: Holder<'_>) -> Option<usize> {
    let is_top = findings.file.kind == FileKind::Workflow && holder.depth == 1;
    let block = Block::ALL.into_iter().find(|block| is_top && block.key() == holder.name)?;
    let root = findings.tree().root()?;
    let before = Block::ALL.into_iter().filter(|other| other.is_before(block));
    Some(
        before
            .filter_map(|other| findings.tree().get(root, other.key()))
            .map(|list| list.items().len())
            .sum(),
    )
}

/// One step beside its shape, or what was found there when it was looked at last.
fn step<'a>(
    findings: &mut Findings<'a>,
    at: usize,
    step: Node<'a>,
    shape: &'static Shape,
    holder: Holder<'a>,
) {
    if let Some(known) = findings.memo.recall(Look::Structure, at, step) {
        findings.list.extend_from_slice(known);
        return;
    }
    let before = findings.list.len();
    value(findings, step, shape, holder);
    let new = findings.list.get(before..).unwrap_or_default();
    findings.memo.keep(Look::Structure, at, step, new, &[]);
}

fn mapping<'a>(
    findings: &mut Findings<'a>,
    node: Node<'a>,
    entries: Entries<'a>,
    expected: &'static Mapping,
    holder: Holder<'a>,
) {
    let kind = if expected.kinds.is_empty() { None } else { findings.tree().get(node, "type") };
    let word = kind.and_then(Node::scalar_text);
    // Keys that a misspelt one stands for: they are not missing as well.
    let mut meant: Vec<&'static str> = Vec::new();
    for entry in entries {
        let Some(name) = entry.key().scalar_text() else { continue };
        if name == "<<" {
            continue;
        }
        let below = holder.below(entry);
        if let Some(key) = expected.key(word, name)
            && tagged(findings, node, entry, findings.shapes.get(key.shape))
        {
            continue;
        }
        match (expected.key(word, name), expected.rest) {
            (Some(key), _) => {
                if key.standing == Standing::Deprecated {
                    deprecated(findings, node, entry);
                }
                let shape = findings.shapes.get(key.shape);
                let below = Holder { need: key.need, ..below };
                if name == "type" && !expected.kinds.is_empty() && entry.value().is_null() {
                    untyped(findings, node, expected, shape, below);
                } else if word == Some("workflow") && name == "inputs" {
                    handed(findings, node, entry.value(), shape, below);
                } else {
                    value(findings, entry.value(), shape, below);
                }
            }
            (None, Rest::Shape(id)) => value(findings, entry.value(), findings.shapes.get(id), below),
            (None, Rest::Anything) => meant.extend(slip(findings, node, entry, expected, holder)),
            (None, Rest::Refused) => meant.extend(unknown_key(findings, node, entry, expected, word, holder)),
        }
    }
    missing::keys(findings, node, expected, word, &meant, holder);
    if let Some(known) = word.and_then(|word| expected.kind(word)) {
        rules::step(findings, node, known, &meant, holder);
    }
}

/// A step whose `type` has no value: its other keys may say which one it is.
fn untyped<'a>(
    findings: &mut Findings<'a>,
    node: Node<'a>,
    expected: &'static Mapping,
    shape: &'static Shape,
    holder: Holder<'a>,
) {
    let message = format!("'type' has no value; it takes {}", shape.takes());
    let written = node.get("type").map(Node::span).filter(|span| !span.is_empty());
    let mut finding = Diagnostic::new(Code::TypeMismatch, written.unwrap_or(holder.span), message);
    let end = holder.span.end;
    let is_behind_colon = findings.file.text.get(end..).is_some_and(|rest| rest.starts_with(':'));
    if written.is_none() && is_behind_colon {
        finding.fixes = missing::types_by_keys(findings, node, expected)
            .into_iter()
            .map(|word| {
                Fix::new(format!("write '{word}'"), vec![TextEdit::insert(end + 1, format!(" {word}"))])
            })
            .collect();
    }
    findings.add(finding);
}

/// What a step hands to the workflow that it calls. What is known of that workflow says more than the shape, which
/// knows texts alone.
fn handed<'a>(
    findings: &mut Findings<'a>,
    step: Node<'a>,
    inputs: Node<'a>,
    shape: &'static Shape,
    holder: Holder<'a>,
) {
    let rest = shape.mapping().map(|expected| expected.rest);
    let (context, path) = (findings.context.clone(), findings.tree().get(step, "path"));
    if inputs.is_null() && subworkflow::needs_some(&context, path) {
        // That inputs are missing says it.
        return;
    }
    let (Kind::Mapping(entries), Some(Rest::Shape(id))) = (inputs.kind(), rest) else {
        return value(findings, inputs, shape, holder);
    };
    for entry in entries {
        let name = entry.key().scalar_text().filter(|name| *name != "<<");
        if name.is_some_and(|name| !subworkflow::judges(&context, path, name)) {
            value(findings, entry.value(), findings.shapes.get(id), holder.below(entry));
        }
    }
}

fn deprecated(findings: &mut Findings<'_>, node: Node<'_>, entry: Entry<'_>) {
    let name = entry.key().scalar_text().unwrap_or("");
    let message = format!("'{name}' is read for the sake of old files and changes nothing; take it out");
    let mut finding = Diagnostic::new(Code::DeprecatedKey, entry.key().span(), message);
    if let Some(edit) = remove_key(findings.file.text, node, name) {
        finding = finding.with_fix(Fix::new(format!("take '{name}' out"), vec![edit]));
    }
    findings.add(finding);
}

/// What a mapping is, in words.
pub(super) fn subject(file: FileKind, kind: Option<&str>, expected: &Mapping, holder: Holder<'_>) -> String {
    match kind {
        Some(word) => format!("{} {word} step", article(word)),
        None if !expected.kinds.is_empty() => "a step".to_owned(),
        None => holder.subject(file),
    }
}

/// A file, in words.
fn whole(file: FileKind) -> String {
    match file {
        FileKind::Config => "the config".to_owned(),
        FileKind::KeystoneConfig => "Keystone's config".to_owned(),
        FileKind::Mcp | FileKind::Hooks => "this file".to_owned(),
        other => format!("{} {}", article(other.as_str()), other.as_str()),
    }
}

pub(super) fn article(word: &str) -> &'static str {
    // `llm` is spelled out: an L.
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) || word == "llm" { "an" } else { "a" }
}
