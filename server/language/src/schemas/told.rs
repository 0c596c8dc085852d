//! What was said about a child of a collection, kept for as long as all that it was about is the same.
//!
//! A file with a thousand mistakes has a thousand findings after each keystroke, and all of them but one were there
//! before. What is found in a child depends on the child, where it is judged alone; its places and its mends reach no
//! further than the lines that it stands on. So it is said again as it was, moved to where the child is now.
//!
//! Invariant: what is said again is what would be found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use copydesk_base::{Diagnostic, Span};
use copydesk_text::Tree;
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::paths::Location;

/// How far a line may reach before a child and behind it.
const LONGEST: usize = 400;

/// All that was said about one child.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// Their places count from the start of the child's first line.
    findings: Arc<[Diagnostic]>,
    /// What stands before the child on its first line.
    before: Box<str>,
    /// What stands behind it on its last one.
    behind: Box<str>,
}

impl Told {
    fn new(tree: &Tree, child: Span, findings: Vec<Diagnostic>) -> Option<Self> {
        let lines = lines(tree, child)?;
        let is_inside = |span: Span| lines.start <= span.start && span.end <= lines.end;
        let is_own = |finding: &Diagnostic| {
            let mut others = finding.related.iter();
            let mut edits = finding.fixes.iter().flat_map(|fix| &fix.edits);
            is_inside(finding.span)
                && others.all(|other| other.path.is_none() && is_inside(other.span))
                && edits.all(|edit| is_inside(edit.span))
        };
        if findings.is_empty() || !findings.iter().all(is_own) {
            return None;
        }
        let text = tree.text();
        Some(Self {
            findings: findings.iter().map(|finding| moved(finding, 0, lines.start)).collect(),
            before: text.get(lines.start..child.start)?.into(),
            behind: text.get(child.end..lines.end)?.into(),
        })
    }

    /// Says it again of the child where it is now, if it is still true.
    pub(super) fn again(&self, tree: &Tree, child: Span, into: &mut Vec<Diagnostic>) -> bool {
        let text = tree.text();
        let stands = lines(tree, child).filter(|lines| {
            text.get(lines.start..child.start) == Some(&*self.before)
                && text.get(child.end..lines.end) == Some(&*self.behind)
        });
        let Some(lines) = stands else { return false };
        into.extend(self.findings.iter().map(|finding| moved(finding, lines.start, 0)));
        true
    }
}

/// The lines that a child stands on, if they are short and nothing there is broken.
fn lines(tree: &Tree, child: Span) -> Option<Span> {
    let text = tree.text();
    let (before, behind) = (text.get(..child.start)?, text.get(child.end..)?);
    let start = before.bytes().rev().take(LONGEST).position(|byte| byte == b'\n');
    let start = match start {
        Some(len) => child.start - len,
        None if child.start < LONGEST => 0,
        None => return None,
    };
    let end = behind.bytes().take(LONGEST).position(|byte| byte == b'\n');
    let end = match end {
        Some(len) => child.end + len + 1,
        None if behind.len() < LONGEST => text.len(),
        None => return None,
    };
    let is_broken = tree.broken().iter().any(|span| span.start <= end && start <= span.end);
    (!is_broken).then_some(Span::new(start, end))
}

/// A finding that counted from `from` and counts from `to` now; one of the two is 0.
fn moved(finding: &Diagnostic, to: usize, from: usize) -> Diagnostic {
    let at = |span: Span| Span::new(span.start + to - from, span.end + to - from);
    let mut finding = Diagnostic { span: at(finding.span), ..finding.clone() };
    for other in &mut finding.related {
        other.span = at(other.span);
    }
    for edit in finding.fixes.iter_mut().flat_map(|fix| &mut fix.edits) {
        edit.span = at(edit.span);
    }
    finding
}

/// What was said about a value.
#[derive(Default)]
pub(super) struct Said {
    /// Where something is wrong in the value, and where a choice that it is about is not met.
    pub(super) wrong: Vec<Location>,
    /// Where a choice was not met, or too often.
    choices: BTreeSet<Location>,
    /// By where they are in the whole document. Not all, where not all is told.
    findings: Option<BTreeMap<String, Vec<Diagnostic>>>,
}

impl Said {
    pub(super) fn new<'e>(
        errors: impl Iterator<Item = &'e ValidationError<'e>>,
        findings: Option<BTreeMap<String, Vec<Diagnostic>>>,
    ) -> Self {
        let mut said = Self { findings, ..Self::default() };
        for error in errors {
            if inner(error).is_some() {
                said.choices.insert(error.instance_path().clone());
            }
            said.add(error);
        }
        said
    }

    fn add(&mut self, error: &ValidationError<'_>) {
        self.wrong.push(error.instance_path().clone());
        if let Kind::AnyOf { context } | Kind::OneOfNotValid { context } = error.kind() {
            for inner in context.iter().flatten() {
                self.add(inner);
            }
        }
    }

    /// Whether something that a choice of schemas is about holds what is at a place, or is it.
    pub(super) fn is_choice(&self, place: &Location) -> bool {
        let is_around = |choice: &Location| is_below(place.as_str(), choice.as_str());
        self.choices.iter().any(is_around)
    }

    /// What was said about a child, by its place in the document.
    pub(super) fn of(&self, tree: &Tree, child: Span, place: &Location) -> Option<Told> {
        let findings = self.findings.as_ref()?;
        let own = findings.get(place.as_str()).into_iter();
        let (from, to) = (format!("{}/", place.as_str()), format!("{}0", place.as_str()));
        let below = findings.range(from..to).map(|(_, findings)| findings);
        Told::new(tree, child, own.chain(below).flatten().cloned().collect())
    }
}

fn inner<'e>(error: &'e ValidationError<'_>) -> Option<&'e [Vec<ValidationError<'static>>]> {
    match error.kind() {
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } | Kind::OneOfMultipleValid { context } => {
            Some(context)
        }
        _ => None,
    }
}

/// Whether something at a place is, or is in, what stands at another one.
pub(super) fn is_below(place: &str, other: &str) -> bool {
    place.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use copydesk_text::yaml;

    use crate::schemas::judged::Judged;
    use crate::schemas::pieces::read;
    use crate::schemas::value::Keys;
    use crate::schemas::{Schema, check_again};
    use crate::{File, FileKind, Memo};

    const SCHEMA: &str = r#"{"type": "object", "properties": {"steps": {"type": "array", "items": {
        "type": "object", "additionalProperties": false, "properties": {"id": {}, "run": {"type": "string"}}
    }}}}"#;

    #[test]
    fn what_was_said_is_not_looked_for_again() {
        let schema = Schema::load("file:///a.json", &mut |_| Ok(SCHEMA.to_owned())).expect("a schema");
        let text = format!("steps:\n{}", "  - id: 1\n    rnu: ls\n".repeat(40));
        let tree = yaml::parse(&text);
        let file = File { path: Path::new("a.yaml"), text: &text, tree: &tree, kind: FileKind::Other };
        let mut memo = Memo::default();
        assert_eq!(check_again(&file, &schema, &mut memo).len(), 40);
        let root = tree.root().expect("a value");
        let (unfolded, pieces) = read(&tree, root, Keys::Merged, &schema, &mut memo.judged);
        assert_eq!(unfolded.value, serde_json::json!({"steps": []}));
        assert_eq!(pieces.told.len(), 40);
        let (unfolded, _) = read(&tree, root, Keys::Merged, &schema, &mut Judged::default());
        assert_eq!(unfolded.value["steps"].as_array().map_or(0, Vec::len), 40);
    }
}
