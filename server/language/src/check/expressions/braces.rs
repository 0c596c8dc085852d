//! Braces of expressions that nobody closed or opened, and those of other languages in their place.
//!
//! Often YAML is the cause: it ended the text before the braces did, at a `#` or at a line that it could not read.

use copydesk_base::{Code, Diagnostic, Fix, Safety, Span, TextEdit};
use copydesk_text::{Scalar, Style};

use super::{Place, Reader};
use crate::check::mend::{Flow, end_of_open};
use crate::check::syntax::between_quotes;
use crate::expression::{self, Piece, Reference, references};

impl Reader<'_, '_, '_> {
    /// An expression that is never closed; `outer` is what of it is marked.
    pub(super) fn open(&mut self, scalar: Scalar<'_>, (piece, outer): (Piece, Span), flow: Flow) {
        if piece.inner.of(scalar.text()).contains("}}") {
            let message = "this '${{' is never closed; braces count inside quotes, too";
            return self.findings.add(Diagnostic::new(Code::ExpressionSyntax, outer, message));
        }
        if self.findings.is_cut(scalar.source_offset(scalar.text().len())) {
            return;
        }
        if let Some(comment) = self.comment(scalar, flow) {
            return self.findings.add(comment);
        }
        let end = end_of_open(scalar.text(), piece.inner);
        // Where more follows on the line, nobody knows where the expression was to end.
        let rest = scalar.text().get(end..piece.inner.end).and_then(|rest| rest.lines().next()).unwrap_or("");
        let is_last = |rest: &str| if rest.trim().is_empty() { Safety::Safe } else { Safety::Suggested };
        // One of the two may stand there already.
        let (title, end, braces, safety) = match rest.trim_start().strip_prefix('}') {
            Some(behind) => ("add '}'", end + rest.len() - behind.len(), "}", is_last(behind)),
            None => ("add '}}'", end, " }}", is_last(rest)),
        };
        let end = scalar.source_offset(end);
        let finding = Diagnostic::new(Code::ExpressionSyntax, outer, "this '${{' is never closed; add '}}'")
            .with_fix(Fix::new(title, vec![TextEdit::insert(end, braces)]).with_safety(safety));
        self.findings.add(finding);
    }

    /// A text with expressions that has more characters than are read: at its first expression.
    pub(super) fn too_long(&mut self, scalar: Scalar<'_>, pieces: &[Piece]) {
        let text = scalar.text();
        let is_told = |piece: &Piece| expression::is_too_long(piece.inner.of(text));
        let Some(first) = pieces.first().filter(|_| expression::is_too_long(text)) else { return };
        if pieces.iter().any(is_told) {
            return;
        }
        let message = format!(
            "a text with expressions has at most {} characters, and this one has {}; put a part of it into a file or \
             a step of its own",
            expression::MAX_LENGTH,
            text.chars().count(),
        );
        let span = scalar.source_span(first.outer.start, first.outer.end);
        self.findings.add(Diagnostic::new(Code::ExpressionSyntax, span, message));
    }

    /// A `#` behind a blank, which ends a text without quotes in the middle of its expression.
    fn comment(&self, scalar: Scalar<'_>, flow: Flow) -> Option<Diagnostic> {
        let start = scalar.source_offset(0);
        let end = scalar.source_offset(scalar.text().len());
        let rest = self.findings.file.text.get(end..)?.lines().next()?;
        let blanks = rest.len() - rest.trim_start().len();
        let is_cut = scalar.style() == Style::Plain && blanks > 0 && rest[blanks..].starts_with('#');
        if !is_cut || !rest.contains("}}") {
            return None;
        }
        let sign = Span::new(end + blanks, end + blanks + 1);
        let message = "a '#' behind a blank begins a comment; put the text in quotes";
        let finding = Diagnostic::new(Code::ExpressionSyntax, sign, message);
        // Between brackets nobody knows where the text was to end.
        let whole = Span::new(start, end + rest.trim_end().len());
        let fix = || {
            let edit = TextEdit::new(whole, between_quotes(whole.of(self.findings.file.text)));
            Fix::new("put the text in quotes", vec![edit])
        };
        Some(if flow == Flow::Outside { finding.with_fix(fix()) } else { finding })
    }

    /// Names of this workflow between the braces of other languages. Where a script is written they may be its own.
    pub(super) fn misbraced(&mut self, scalar: Scalar<'_>, pieces: &[Piece], place: Place<'_, '_>) {
        let Some(declared) = self.declared else { return };
        let step = place.step.and_then(|(at, _)| declared.steps.get(at));
        if step.is_some_and(|step| step.kind() == Some("script")) {
            return;
        }
        let text = scalar.text();
        for (whole, inner) in foreign(text) {
            let (expr, problems) = expression::parse(text, inner);
            let found = references(&expr);
            let is_declared =
                |reference: &Reference| match (reference.root.text.as_str(), reference.path.first()) {
                    ("steps", Some(id)) => declared.step(&id.name.text).is_some(),
                    ("inputs", Some(input)) => declared.input(&input.name.text).is_some(),
                    _ => false,
                };
            let is_ours = problems.is_empty()
                && found.first().is_some_and(|first| first.root.span.start == expr.span.start);
            let beside = pieces.partition_point(|piece| piece.outer.end <= whole.start);
            let is_within = pieces.get(beside).is_some_and(|piece| piece.outer.overlaps(whole));
            if !is_ours || !found.iter().all(is_declared) || is_within {
                continue;
            }
            let span = scalar.source_span(whole.start, whole.end);
            let message = "this is taken as it stands: an expression stands between '${{' and '}}'";
            let edits = vec![
                TextEdit::new(scalar.source_span(whole.start, inner.start), "${{"),
                TextEdit::new(scalar.source_span(inner.end, whole.end), "}}"),
            ];
            let fix = Fix::new("write '${{ }}'", edits).with_safety(Safety::Suggested);
            self.findings.add(Diagnostic::new(Code::BareExpression, span, message).with_fix(fix));
        }
    }

    /// Braces that close an expression which nothing opens.
    pub(super) fn stray(&mut self, scalar: Scalar<'_>, pieces: &[Piece]) {
        let Some(at) = stray(scalar.text(), pieces) else { return };
        let span = scalar.source_span(at, at + 2);
        let message = "this '}}' closes nothing; write '${{' before the expression";
        self.findings.add(Diagnostic::new(Code::ExpressionSyntax, span, message));
    }
}

/// The pieces of a text between `{{ }}` or `${ }`, each with its braces and without. The text is read once, however many
/// braces nobody closes.
fn foreign(text: &str) -> Vec<(Span, Span)> {
    let mut found = Vec::new();
    let (mut at, mut has_double) = (0, true);
    while let Some(brace) = text[at..].find('{').map(|brace| at + brace) {
        let is_double = text[brace + 1..].starts_with('{');
        let (start, inner, close) = match text[..brace].strip_suffix('$') {
            Some(before) => (before.len(), brace + 1, "}"),
            None => (brace, brace + 2, "}}"),
        };
        at = brace + 1 + usize::from(is_double);
        // `${{` is one of ours, or was meant to be; three of them are of nobody.
        let is_open = (close == "}") != is_double
            && !text[..start].ends_with(['$', '{'])
            && !text[inner..].trim_start().starts_with('{');
        if !is_open || (is_double && !has_double) {
            continue;
        }
        match text[inner..].find(close).map(|end| inner + end) {
            Some(end) => {
                at = end + close.len();
                found.push((Span::new(start, at), Span::new(inner, end)));
            }
            None if is_double => has_double = false,
            None => break,
        }
    }
    found
}

/// The first `}}` outside of expressions. Where another brace is open before it, it belongs to that.
fn stray(text: &str, pieces: &[Piece]) -> Option<usize> {
    let starts = pieces.iter().map(|piece| piece.outer.start).chain([text.len()]);
    let ends = std::iter::once(0).chain(pieces.iter().map(|piece| piece.outer.end));
    for (from, to) in ends.zip(starts) {
        let between = text.get(from..to)?;
        match (between.find("}}"), between.find('{')) {
            (Some(at), None) => return Some(from + at),
            (Some(at), Some(open)) if at < open => return Some(from + at),
            (_, Some(_)) => return None,
            (None, None) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_once_however_many_braces_nobody_closes() {
        let check = |text: &str, expect: &[&str]| {
            let found = foreign(text);
            assert_eq!(found.iter().map(|(_, inner)| inner.of(text)).collect::<Vec<_>>(), expect);
        };
        check("{{ a }} ${ b } ${{ c }} {d} {{{ e }}} $${f} {{ {g} }} ${h", &[" a ", " b "]);
        check("ü{{ a } ${b}", &["b"]);
        check(&"{{ a ".repeat(200_000), &[]);
        check(&"${ {{ a ".repeat(200_000), &[]);
    }
}
