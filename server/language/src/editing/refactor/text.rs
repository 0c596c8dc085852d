//! *Wrap in `${{ }}`*, and texts of one line or several.

use copydesk_base::{Span, TextEdit};
use copydesk_text::{Node, Scalar, Step, Style};

use super::{Place, Refactoring, RefactoringKind};
use crate::expression::{self, ROOTS};

/// The scalar at the cursor with the steps that lead to it.
fn scalar_at<'t>(place: &Place<'_, 't>) -> Option<(Vec<Step<'t>>, Node<'t>, Scalar<'t>)> {
    let path = place.file.tree.path_at(place.selection.start);
    let node = match path.last()? {
        Step::Key(_) => return None,
        step => step.node(),
    };
    let scalar = node.scalar()?;
    let holds = node.span().touches(place.selection.end);
    holds.then_some((path, node, scalar))
}

/// The word of the key that holds the value.
fn key<'t>(path: &[Step<'t>]) -> Option<&'t str> {
    path.iter().rev().find_map(|step| match step {
        Step::Value(entry) => entry.key().scalar_text(),
        _ => None,
    })
}

/// Puts braces around a text, or a selected part of it, that reads like an expression.
pub(super) fn wrap(place: &Place<'_, '_>) -> Option<Refactoring> {
    let (path, node, scalar) = scalar_at(place)?;
    // Names and shapes are no texts that anything is put into, and some keys take an expression as it is.
    let literal = [
        "id",
        "type",
        "needs",
        "if",
        "foreach",
        "transform",
        "name",
        "agent",
        "path",
        "inputSchema",
        "outputSchema",
    ];
    if key(&path).is_none_or(|key| literal.contains(&key)) || !place.in_step(node.span()) {
        return None;
    }
    let text = scalar.text();
    let part =
        if place.selection.is_empty() { Span::new(0, text.len()) } else { decoded(scalar, place.selection)? };
    let words = part.of(text);
    let inside = expression::pieces(text).iter().any(|piece| piece.outer.overlaps(part));
    if inside || words.contains("}}") || !refers(words) {
        return None;
    }
    let trimmed = words.trim();
    let start = part.start + (words.len() - words.trim_start().len());
    let source = scalar.source_span(start, start + trimmed.len());
    let is_flow = place.in_brackets(node.span());
    let edits = if scalar.style() == Style::Plain && is_flow {
        if words.len() != text.len() || text.contains(['"', '\\', '\n']) {
            return None;
        }
        vec![TextEdit::new(node.span(), format!("\"${{{{ {trimmed} }}}}\""))]
    } else {
        vec![TextEdit::insert(source.start, "${{ "), TextEdit::insert(source.end, " }}")]
    };
    Some(Refactoring {
        name: "wrap",
        title: "write '${{ }}' around it".to_owned(),
        kind: RefactoringKind::Rewrite,
        edits,
        files: Vec::new(),
    })
}

/// Whether a text is an expression that starts from a name which expressions start from.
fn refers(text: &str) -> bool {
    let whole = Span::new(0, text.len());
    let (expr, problems) = expression::parse(text, whole);
    let known = |name: &str| ROOTS.iter().any(|(known, _)| *known == name);
    problems.is_empty()
        && expression::references(&expr)
            .iter()
            .any(|reference| known(&reference.root.text) && !reference.path.is_empty())
}

/// The bytes of the decoded text behind a piece of the source.
fn decoded(scalar: Scalar<'_>, source: Span) -> Option<Span> {
    let text = scalar.text();
    let at = |offset: usize| {
        let mut places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        places.find(|at| scalar.source_offset(*at) >= offset)
    };
    let (start, end) = (at(source.start)?, at(source.end)?);
    (start < end).then_some(Span::new(start, end))
}

/// A text of one line over several, or the other way round.
pub(super) fn block(place: &Place<'_, '_>) -> Option<Refactoring> {
    let (path, node, scalar) = scalar_at(place)?;
    let key = key(&path).filter(|key| {
        matches!(*key, "run" | "prompt" | "message" | "content" | "description" | "goal" | "context")
    })?;
    if place.in_brackets(node.span()) || node.tag().is_some() || node.anchor().is_some() {
        return None;
    }
    let Step::Value(entry) = path.iter().rev().copied().find(|step| matches!(step, Step::Value(_)))? else {
        return None;
    };
    let text = scalar.text();
    let file = place.file.text;
    let line_start = file[..entry.key().span().start].rfind('\n').map_or(0, |at| at + 1);
    // The column of the key, behind dashes too.
    let column = entry.key().span().start - line_start;
    let line_break = place.line_break();
    let (title, new) = match scalar.style() {
        Style::Literal | Style::Folded => {
            let line = text.trim_end_matches('\n');
            if line.contains('\n') || line.is_empty() {
                return None;
            }
            (format!("write '{key}' on one line"), inline(line))
        }
        Style::Plain | Style::SingleQuoted | Style::DoubleQuoted => {
            if text.is_empty()
                || text.starts_with([' ', '\n', '\t'])
                || text.contains('\r')
                || node.as_str().is_none()
            {
                return None;
            }
            let mark = match text.len() - text.trim_end_matches('\n').len() {
                0 => "|-",
                1 => "|",
                _ => "|+",
            };
            let indent = " ".repeat(column + 2);
            let lines = text.trim_end_matches('\n').split('\n');
            let lines =
                lines.map(|line| if line.is_empty() { String::new() } else { format!("{indent}{line}") });
            let body = lines.collect::<Vec<_>>().join(line_break);
            (format!("write '{key}' as a block"), format!("{mark}{line_break}{body}"))
        }
    };
    // A comment behind the value would become a part of the text.
    let rest = file[node.span().end..].lines().next().unwrap_or("");
    if !rest.trim().is_empty() {
        return None;
    }
    // So would one behind the mark of a block go, with the lines.
    if place.file.tree.comments().iter().any(|comment| comment.overlaps(node.span())) {
        return None;
    }
    let edits = vec![TextEdit::new(node.span(), new)];
    Some(Refactoring { name: "block", title, kind: RefactoringKind::Rewrite, edits, files: Vec::new() })
}

/// A text as a value on one line, in quotes where it needs them.
pub(super) fn inline(text: &str) -> String {
    let odd_start = text.starts_with(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '/' | '.' | '$')));
    let odd = text.contains(": ")
        || text.contains(" #")
        || text.ends_with([':', ' '])
        || text.contains(['\t', '\n']);
    let means_else = copydesk_text::yaml::parse(text).root().is_none_or(|root| root.as_str() != Some(text));
    if odd_start || odd || means_else { quoted(text) } else { text.to_owned() }
}

/// The same between brackets, where more means something.
pub(super) fn inline_in_brackets(text: &str) -> String {
    if text.contains([',', '[', ']', '{', '}']) { quoted(text) } else { inline(text) }
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\t', "\\t").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

impl Place<'_, '_> {
    /// Whether a piece lies in a step.
    fn in_step(&self, span: Span) -> bool {
        self.declared.steps.iter().any(|step| {
            let step = step.node.span();
            step.start <= span.start && span.end <= step.end
        })
    }

    /// Whether a value stands between brackets of YAML.
    pub(super) fn in_brackets(&self, span: Span) -> bool {
        self.file.tree.path_at(span.start).iter().any(|step| {
            let node = step.node();
            let first = self.file.text.as_bytes().get(node.span().start);
            node.span() != span && node.scalar().is_none() && matches!(first, Some(b'{' | b'['))
        })
    }

    pub(super) fn line_break(&self) -> &'static str {
        if self.file.text.contains("\r\n") { "\r\n" } else { "\n" }
    }
}
