//! What type inference has to say about an expression, as findings with their mends.

use copydesk_base::{Code, Diagnostic, Fix, Safety, Severity, Span, TextEdit};
use copydesk_text::{Node, Scalar};

use super::names::cut_at_hyphen;
use super::{Place, Reader, Reading};
use crate::check::mend::{bracketed, fix_of};
use crate::check::subworkflow::listed;
use crate::expression::infer::{Remark, infer};
use crate::expression::scope::lone;
use crate::expression::types::Type;
use crate::expression::{
    self, Expr, ExprKind, Form, Mend, Reference, evaluate_expression, is_constant, is_name,
};
use crate::outputs::{Of, OutputRead, output_read};

/// So many names are offered one by one where none is near.
const FEW: usize = 3;

impl Reader<'_, '_, '_> {
    /// Everything that inference finds in one expression but where it is `broken`.
    pub(super) fn remarks(
        &mut self,
        scalar: Scalar<'_>,
        (expr, broken): (&Expr, Option<Span>),
        references: &[Reference],
        place: Place<'_, '_>,
    ) {
        if matches!(expr.kind, ExprKind::Missing) {
            return;
        }
        let quiet = self.quiet(scalar, references, place);
        let inferred = infer(expr, &place.scope);
        let is_quiet = inferred.remarks.is_empty();
        for remark in inferred.remarks {
            // What is read by guessing says nothing for certain, but what it starts from does.
            let is_guess = broken.is_some_and(|broken| {
                remark.code != Code::UnknownRoot || broken.start <= remark.span.end + 1
            });
            let is_about = |span: &Span| span.touches(remark.span.start) || span.overlaps(remark.span);
            if !is_guess && !quiet.iter().any(is_about) {
                let remark = self.about_output(remark, references);
                self.remark(scalar, remark, place);
            }
        }
        for slip in inferred.slips {
            let is_quiet = quiet.iter().any(|span| span.overlaps(slip.span));
            if !is_quiet && broken.is_none() {
                self.slip(scalar, slip, place);
            }
        }
        if let Some(who) = place.seen_by {
            self.exposed(scalar, references, who);
        }
        let is_alone = lone(scalar.text()).is_some() || !expression::has_expression(scalar.text());
        if place.reading == Reading::Condition && is_alone && is_quiet && broken.is_none() {
            self.truth(scalar, expr, place);
        }
        if place.reading == Reading::List && is_alone {
            self.list(scalar, expr, &inferred.ty);
        }
        if let Some(taker) = place.taker.filter(|_| lone(scalar.text()).is_some() && broken.is_none()) {
            self.handed(scalar, expr, &inferred.ty, taker, place);
        }
        if is_quiet && broken.is_none() && is_constant(expr) {
            self.failing(scalar, expr);
        }
    }

    /// The pieces about which the names of steps have said enough: `steps.a-b` is no subtraction.
    fn quiet(&self, scalar: Scalar<'_>, references: &[Reference], place: Place<'_, '_>) -> Vec<Span> {
        let Some(declared) = self.declared else { return Vec::new() };
        let cut = |reference| cut_at_hyphen(declared, scalar, reference, place);
        let mut quiet: Vec<Span> = references.iter().filter_map(cut).map(|(span, _)| span).collect();
        for reference in references.iter().filter(|reference| reference.root.text == "steps") {
            let Some(member) = reference.path.first().filter(|member| member.form == Form::Dotted) else {
                continue;
            };
            let start = member.name.span.start;
            let rest = scalar.text().get(start..).unwrap_or("");
            let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '$')));
            let word = &rest[..end.unwrap_or(rest.len())];
            let is_known = declared.step(&member.name.text).is_some() && declared.hyphenated(rest).is_none();
            if word.len() > member.name.span.len() && !is_known {
                quiet.push(Span::new(start, start + word.len()));
            }
        }
        quiet
    }

    /// What a step of a called workflow lacks is an output of that one.
    fn about_output(&self, remark: Remark, references: &[Reference]) -> Remark {
        let (Code::UnknownProperty, Some(declared)) = (remark.code, self.declared) else { return remark };
        let is_it = |read: &OutputRead<'_, '_>| read.member.name.span == remark.span;
        let read = references.iter().filter_map(|reference| output_read(declared, reference)).find(is_it);
        let Some(OutputRead { member, of: Of::Workflow { path } }) = read else { return remark };
        let file = path.rsplit('/').next().unwrap_or(path);
        let mut candidates = remark.candidates;
        candidates.retain(|name| name != "outputs");
        Remark {
            code: Code::UnknownOutput,
            message: format!("'{file}' has no output '{}'", member.name.text),
            hint: listed("gives", &candidates),
            candidates,
            ..remark
        }
    }

    /// A name that may be right, and can hardly be.
    fn slip(&mut self, scalar: Scalar<'_>, slip: Remark, place: Place<'_, '_>) {
        let Some((name, _)) = &slip.name else { return };
        let candidates = slip.candidates.iter().map(String::as_str);
        let is_near = self.findings.suggest.nearest(name, candidates).is_some();
        if !is_near || self.findings.suggest.safety() != Safety::Safe {
            return;
        }
        let before = self.findings.list.len();
        self.remark(scalar, slip, place);
        for finding in self.findings.list.iter_mut().skip(before) {
            finding.severity = Severity::Warning;
            finding.fixes.iter_mut().for_each(|fix| fix.safety = Safety::Suggested);
        }
    }

    fn remark(&mut self, scalar: Scalar<'_>, remark: Remark, place: Place<'_, '_>) {
        let span = scalar.source_span(remark.span.start, remark.span.end);
        let near = remark.name.as_ref().and_then(|(name, at)| {
            let candidates = remark.candidates.iter().map(String::as_str);
            let near = self.findings.suggest.nearest(name, candidates)?;
            let is_elsewhere = remark.code == Code::UnknownOutput;
            // Which of two files has the slip is for a person to say.
            let is_root = remark.code == Code::UnknownRoot;
            let safety = match is_root {
                _ if is_elsewhere => Safety::Suggested,
                // Of a root there may be one by either name, in another place.
                true => self.findings.suggest.safety_of_name(),
                false => self.findings.suggest.safety_of_member(),
            };
            Some((near, *at, safety))
        });
        let message = match (&near, remark.mend.as_slice()) {
            (Some((near, ..)), _) => format!("{}; did you mean '{near}'?", remark.message),
            (None, [(at, text)])
                if *at == remark.span && is_path(text) && !remark.hint.contains(text.as_str()) =>
            {
                format!("{}; did you mean '{text}'?", remark.message)
            }
            _ => format!("{}; {}", remark.message, remark.hint),
        };
        let mut finding = Diagnostic::new(remark.code, span, message);
        if let Some((near, at, safety)) = near {
            let is_bracketed = scalar.text().get(..at.start).is_some_and(|text| text.ends_with(['\'', '"']));
            let edit = if is_bracketed || is_name(near) {
                Some(TextEdit { span: scalar.source_span(at.start, at.end), text: near.to_owned() })
            } else {
                bracketed(scalar, at, near, place.flow)
            };
            if let Some(edit) = edit {
                let fix = Fix::new(format!("change to '{near}'"), vec![edit]).with_safety(safety);
                finding = finding.with_fix(fix);
            }
            let rivals = self.findings.suggest.rivals().iter().filter(|name| is_name(name)).take(FEW);
            let others =
                rivals.filter_map(|name| fix_of(scalar, &[Mend { span: at, text: name.clone() }], ""));
            finding.fixes.extend(others);
        } else {
            let mends = remark.mend.into_iter().map(|(span, text)| Mend { span, text });
            finding.fixes.extend(fix_of(scalar, &mends.collect::<Vec<_>>(), &remark.hint));
            // Of a few names each may be meant.
            let few = remark.candidates.iter().filter(|name| is_name(name) && *name != "length");
            let few: Vec<&String> = few.take(FEW + 1).collect();
            let of_file = matches!(remark.code, Code::UnknownOutput | Code::UnknownProperty);
            if let Some((_, at)) =
                remark.name.filter(|_| of_file && finding.fixes.is_empty() && few.len() <= FEW)
            {
                finding.fixes.extend(
                    few.into_iter()
                        .filter_map(|name| fix_of(scalar, &[Mend { span: at, text: name.clone() }], "")),
                );
            }
        }
        self.findings.add(finding);
    }

    /// Secrets where somebody reads the text.
    fn exposed(&mut self, scalar: Scalar<'_>, references: &[Reference], who: &str) {
        let is_secret = |reference: &&Reference| match (reference.root.text.as_str(), reference.path.first())
        {
            ("inputs", Some(input)) => {
                self.declared.is_some_and(|declared| declared.is_secret(&input.name.text))
            }
            (root, _) => root == "secrets",
        };
        let secrets: Vec<&Reference> = references.iter().filter(is_secret).collect();
        for reference in secrets {
            let end = reference.path.last().map_or(reference.root.span.end, |last| {
                let name = last.name.span.end;
                // With its brackets.
                let rest = scalar.text().get(name..).filter(|_| last.form == Form::Bracketed);
                rest.and_then(|rest| rest.find(']')).map_or(name, |close| name + close + 1)
            });
            let span = scalar.source_span(reference.root.span.start, end);
            let message = format!("a secret stands here before {who}; take it out");
            self.findings.add(Diagnostic::new(Code::ExposedSecret, span, message));
        }
    }

    /// The value of `foreach`, which must be a list.
    fn list(&mut self, scalar: Scalar<'_>, expr: &Expr, ty: &Type) {
        let known = !ty.is_open() && !ty.branches().contains(&Type::Null);
        if !known || ty.branches().iter().any(|ty| matches!(ty, Type::Array(_))) {
            return;
        }
        let span = scalar.source_span(expr.span.start, expr.span.end);
        let hint = if ty.is_text() {
            "make one with '.split(…)' or 'JSON.parse(…)'"
        } else if ty.field("stdout").is_some() {
            "make one of what the command wrote: \".stdout.trim().split('\\n')\""
        } else if ty.is_container() {
            "make one with 'Object.values(…)' or 'Object.keys(…)'"
        } else {
            "write one between '[' and ']'"
        };
        let message = format!("'foreach' needs a list, and this is {ty}; {hint}");
        self.findings.add(Diagnostic::new(Code::TypeMismatch, span, message));
    }

    /// A constant expression is tried right away.
    fn failing(&mut self, scalar: Scalar<'_>, expr: &Expr) {
        let text = expr.span.of(scalar.text());
        let Err(error) = evaluate_expression(text, &expression::Context::new()) else { return };
        let (start, end) = (error.span.start + expr.span.start, error.span.end + expr.span.start);
        let span = scalar.source_span(start, end);
        let message = format!("this always fails: {error}");
        self.findings.add(Diagnostic::new(Code::FailingExpression, span, message));
    }

    /// Text around the braces in a key that takes an expression as a whole.
    pub(super) fn mixed(&mut self, node: Node<'_>, scalar: Scalar<'_>) {
        let text = scalar.text();
        let pieces = expression::pieces(text);
        if lone(text).is_some() || pieces.iter().any(|piece| piece.end == expression::End::Open) {
            return;
        }
        let message = "with text around its '${{ }}' this is a text, and a text is always true; put all of it between the braces";
        let mut finding = Diagnostic::new(Code::MixedExpression, node.span(), message);
        let mut whole = String::new();
        let mut at = 0;
        for piece in &pieces {
            whole += text.get(at..piece.outer.start).unwrap_or("");
            whole += piece.inner.of(text).trim();
            at = piece.outer.end;
        }
        whole += text.get(at..).unwrap_or("");
        let (_, problems) = expression::parse(&whole, Span::new(0, whole.len()));
        if problems.is_empty() && !text.trim_end().contains('\n') {
            let mut edits = Vec::new();
            for (at, piece) in pieces.iter().enumerate() {
                let inner = piece.inner.of(text);
                let lead = piece.inner.start + inner.len() - inner.trim_start().len();
                let tail = piece.inner.start + inner.trim_end().len();
                edits.push((Span::new(piece.outer.start, lead.max(piece.outer.start)), String::new(), at));
                edits.push((Span::new(tail, piece.outer.end), String::new(), at));
            }
            let mut edits: Vec<TextEdit> = edits
                .into_iter()
                .map(|(span, text, _)| TextEdit { span: scalar.source_span(span.start, span.end), text })
                .collect();
            surround(&mut edits, scalar);
            finding = finding
                .with_fix(Fix::new("put all of it between the braces", edits).with_safety(Safety::Suggested));
        }
        self.findings.add(finding);
    }
}

/// Puts braces around a whole text whose own ones are taken out.
fn surround(edits: &mut Vec<TextEdit>, scalar: Scalar<'_>) {
    let end = scalar.text().trim_end().len();
    let start = scalar.source_offset(0);
    let end = scalar.source_span(0, end).end;
    match edits.iter_mut().find(|edit| edit.span.start == start) {
        Some(first) => "${{ ".clone_into(&mut first.text),
        None => edits.push(TextEdit { span: Span::at(start), text: "${{ ".to_owned() }),
    }
    match edits.iter_mut().find(|edit| edit.span.end == end && edit.span.start != start) {
        Some(last) => " }}".clone_into(&mut last.text),
        None => edits.push(TextEdit { span: Span::at(end), text: " }}".to_owned() }),
    }
    edits.sort_by_key(|edit| edit.span);
}

/// A name, or names with dots between them.
fn is_path(text: &str) -> bool {
    text.split('.').all(|part| !part.is_empty() && is_name(part))
}

/// Who reads the message of a step.
pub(super) fn who_reads(kind: &str) -> Option<&'static str> {
    match kind {
        "human" => Some("the person who is asked"),
        "git" => Some("everybody who sees the commit"),
        _ => None,
    }
}
