//! Mends of expressions: edits of YAML that leave its quotes and its layout in order.

use copydesk_base::{Fix, Span, TextEdit};
use copydesk_text::{Node, Scalar, Style};

use crate::expression::{self, Mend};

/// Whether a value stands between `{ }` or `[ ]` of YAML, where a plain text cannot hold brackets.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Flow {
    Inside,
    Outside,
}

/// Where the `}}` of an open expression belongs: behind the first thing that reads like a reference.
pub(super) fn end_of_open(text: &str, inner: Span) -> usize {
    let rest = inner.of(text);
    let lead = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let body = &rest[lead..];
    let length = body
        .find(|c: char| {
            !(c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '-' | '[' | ']' | '(' | ')' | '\''))
        })
        .unwrap_or(body.len());
    inner.start + if length == 0 { 0 } else { lead + length }
}

/// `['id']`, with the quotes that the text around it can hold.
pub(super) fn brackets(scalar: Scalar<'_>, id: &str) -> String {
    expression::bracketed(id, if scalar.style() == Style::SingleQuoted { '"' } else { '\'' })
}

/// Turns `.name` at `span` of the decoded text into `['id']`; an id with a quote in it is for a person to write.
pub(super) fn bracketed(scalar: Scalar<'_>, span: Span, id: &str, flow: Flow) -> Option<TextEdit> {
    if flow == Flow::Inside && scalar.style() == Style::Plain || id.contains(['\'', '"', '\\']) {
        return None;
    }
    let before = scalar.text().get(..span.start)?.trim_end();
    let from = match before.strip_suffix('.') {
        // `?.` stays before a bracket.
        Some(rest) if rest.ends_with('?') => span.start,
        Some(rest) => rest.len(),
        None => return None,
    };
    Some(TextEdit { span: scalar.source_span(from, span.end), text: brackets(scalar, id) })
}

/// The fix that makes `mends` in the text of a scalar, in its own quotes. Of several pieces `hint` says what comes of
/// them.
pub(super) fn fix_of(scalar: Scalar<'_>, mends: &[Mend], hint: &str) -> Option<Fix> {
    let title = match mends {
        [] => return None,
        [Mend { text, .. }] if text.is_empty() => "take it out".to_owned(),
        [Mend { text, span }] if span.is_empty() => format!("add '{}'", text.trim()),
        [Mend { text, .. }] => format!("change to '{text}'"),
        _ => hint.to_owned(),
    };
    let mut mended = scalar.text().to_owned();
    for Mend { span, text } in mends.iter().rev() {
        mended.replace_range(span.start..span.end, text);
    }
    // YAML would read it as a sign of its own, and a text of one line can stand in quotes.
    if scalar.style() == Style::Plain
        && mended.starts_with(['!', '[', '{', '\'', '"'])
        && !mended.contains('\n')
    {
        let quoted = if mended.contains(['"', '\\']) {
            format!("'{}'", mended.replace('\'', "''"))
        } else {
            format!("\"{mended}\"")
        };
        let whole = scalar.source_span(0, scalar.text().len());
        return Some(Fix::new(title, vec![TextEdit::new(whole, quoted)]));
    }
    let edits = mends.iter().map(|Mend { span, text }| {
        let text = match scalar.style() {
            Style::SingleQuoted => text.replace('\'', "''"),
            Style::DoubleQuoted => text.replace('\\', "\\\\").replace('"', "\\\""),
            _ => text.clone(),
        };
        TextEdit { span: scalar.source_span(span.start, span.end), text }
    });
    Some(Fix::new(title, edits.collect()))
}

/// Puts `${{ }}` around the text of a scalar, whatever its style.
pub(super) fn wrap(node: Node<'_>, scalar: Scalar<'_>, flow: Flow) -> Option<Vec<TextEdit>> {
    let text = scalar.text();
    if text.contains("}}") {
        return None;
    }
    let insert = |at: usize, text: &str| TextEdit { span: Span::at(at), text: text.to_owned() };
    if scalar.style() == Style::Plain && flow == Flow::Inside {
        if text.contains('\n') {
            return None;
        }
        let quote = if !text.contains(['"', '\\']) {
            '"'
        } else if text.contains('\'') {
            return None;
        } else {
            '\''
        };
        let text = format!("{quote}${{{{ {text} }}}}{quote}");
        return Some(vec![TextEdit { span: node.span(), text }]);
    }
    let end = text.trim_end().len();
    let inner = scalar.source_span(0, end);
    Some(vec![insert(inner.start, "${{ "), insert(inner.end, " }}")])
}
