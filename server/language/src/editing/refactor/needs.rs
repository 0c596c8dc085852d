//! *Put `needs` in order*, and *give the step an id*.

use copydesk_base::{Code, Diagnostic, Span, TextEdit};
use copydesk_text::{Kind, Node};

use super::{Place, Refactoring, RefactoringKind};
use crate::declared::Step;

impl<'t> Place<'_, 't> {
    /// The step that the selection starts in.
    pub(super) fn step(&self) -> Option<&Step<'t>> {
        self.declared.steps.iter().find(|step| self.touches(step))
    }
}

/// `needs` as a list in the order of the steps, each once.
pub(super) fn in_order(place: &Place<'_, '_>) -> Option<Refactoring> {
    let step = place.step()?;
    let entry = step.node.entry("needs").filter(|entry| entry.span().touches(place.selection.start))?;
    let value = entry.value();
    let names: Vec<&str> = match value.kind() {
        Kind::Scalar(_) => vec![value.scalar_text()?],
        Kind::Sequence(items) => items.iter().map(Node::scalar_text).collect::<Option<_>>()?,
        _ => return None,
    };
    let mut sorted = names.clone();
    sorted.sort_by_key(|name| place.declared.step(name).unwrap_or(usize::MAX));
    sorted.dedup();
    let is_list = matches!(value.kind(), Kind::Sequence(_));
    let comments = place.file.tree.comments().iter().any(|comment| value.span().overlaps(*comment));
    if sorted.is_empty() || comments || is_list && sorted == names {
        return None;
    }
    let is_block = is_list && !value.span().of(place.file.text).starts_with('[');
    let edits = if is_block && sorted.len() == names.len() {
        // Only the words change places: the layout stays.
        let items = value.items();
        let swap = |(item, name): (Node<'_>, &&str)| {
            (item.scalar_text() != Some(name)).then(|| TextEdit::new(item.span(), super::text::inline(name)))
        };
        items.iter().zip(&sorted).filter_map(swap).collect()
    } else {
        let list = sorted.iter().map(|name| super::text::inline(name)).collect::<Vec<_>>().join(", ");
        let start = if is_block { entry.key().span().end } else { value.span().start };
        let lead = if is_block { ": [" } else { "[" };
        vec![TextEdit::new(Span::new(start, value.span().end), format!("{lead}{list}]"))]
    };
    let title = if is_list { "put 'needs' in order" } else { "make 'needs' a list" };
    Some(Refactoring {
        name: "sort-needs",
        title: title.to_owned(),
        kind: RefactoringKind::Rewrite,
        edits,
        files: Vec::new(),
    })
}

/// An id for a step that has none, from its type.
pub(super) fn add_id(place: &Place<'_, '_>) -> Option<Refactoring> {
    let step = place.step()?;
    let Kind::Mapping(entries) = step.node.kind() else { return None };
    let first = entries.first()?;
    if step.node.entry("id").is_some() || step.node.entry("<<").is_some() {
        return None;
    }
    let kind = step.kind().unwrap_or("step");
    let free = std::iter::once(kind.to_owned()).chain((2..1_000).map(|number| format!("{kind}_{number}")));
    let id = free.into_iter().find(|id| place.declared.step(id).is_none())?;
    let start = first.key().span().start;
    let text = place.file.text;
    let separator = if step.node.span().of(text).starts_with('{') {
        ", ".to_owned()
    } else {
        let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
        format!("{}{}", place.line_break(), " ".repeat(start - line))
    };
    Some(Refactoring {
        name: "add-id",
        title: format!("give the step the id '{id}'"),
        kind: RefactoringKind::QuickFix,
        edits: vec![TextEdit::insert(start, format!("id: {id}{separator}"))],
        files: Vec::new(),
    })
}

/// Takes a name out of `needs` that no step has, or that closes a circle.
pub(super) fn leave_out(place: &Place<'_, '_>) -> Option<Refactoring> {
    let step = place.step()?;
    let entry = step.node.entry("needs").filter(|entry| entry.span().touches(place.selection.start))?;
    let at = place.selection.start;
    let names: Vec<(&str, Node<'_>)> = step.needs(place.file.tree).collect();
    let (gone, node) = names.iter().find(|(_, node)| node.span().touches(at)).copied()?;
    let is_wrong = |finding: &Diagnostic| {
        let places = std::iter::once(finding.span).chain(finding.related.iter().map(|related| related.span));
        // A circle is marked where it closes; any of its needs opens it again.
        matches!(finding.code, Code::UnknownStep | Code::DependencyCycle)
            && places.into_iter().any(|place| place.overlaps(node.span()))
    };
    if !place.findings().iter().any(is_wrong) {
        return None;
    }
    let left: Vec<&str> = names.iter().map(|(name, _)| *name).filter(|name| *name != gone).collect();
    let edits = super::kept::needs_left(place, entry, &left);
    Some(Refactoring {
        name: "leave-out",
        title: format!("take '{gone}' out of 'needs'"),
        kind: RefactoringKind::QuickFix,
        edits,
        files: Vec::new(),
    })
}
