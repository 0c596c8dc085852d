//! The names of steps and inputs in an expression: what they refer to, and the edges that they draw.

use copydesk_base::{Code, Diagnostic, Fix, Safety, Severity, Span, TextEdit};
use copydesk_text::Scalar;

use super::{Place, Reader, Waiting};
use crate::check::graph::{self, Edge, unknown_message};
use crate::check::mend::{bracketed, brackets};
use crate::check::section::{self, New, Value};
use crate::declared::{Block, Declared, hyphenated};
use crate::expression::{Form, Member, Reference, is_name, library};

impl Reader<'_, '_, '_> {
    pub(super) fn reference(&mut self, scalar: Scalar<'_>, reference: &Reference, place: Place<'_, '_>) {
        if reference.root.text == "last_failed_step" {
            self.failed_step(scalar, reference.root.span, place);
        }
        let (Some(declared), Some(member)) = (self.declared, reference.path.first()) else { return };
        if member.name.text.is_empty() {
            return;
        }
        let is_input = reference.root.text == "inputs";
        if let Some((name, id)) = cut_at_hyphen(declared, scalar, reference, place) {
            self.hyphen(scalar, name, (if is_input { "inputs" } else { "outputs" }, &id), place);
            if is_input {
                return;
            }
        }
        match reference.root.text.as_str() {
            "inputs" if declared.input(&member.name.text).is_none() => {
                self.undeclared(scalar, member, used_as(reference).unwrap_or(place.guess));
            }
            "steps" => self.step_reference(declared, scalar, member, place),
            _ => {}
        }
    }

    /// The step that failed, where none can have failed yet.
    fn failed_step(&mut self, scalar: Scalar<'_>, root: Span, place: Place<'_, '_>) {
        if let (Some((_, Block::Steps)), Waiting::Yes) = (place.step, place.waiting) {
            let message = "there is no 'last_failed_step' here; it stands in 'errors' and 'finally' only";
            let span = scalar.source_span(root.start, root.end);
            let mut finding = Diagnostic::new(Code::UnknownRoot, span, message);
            finding.severity = Severity::Warning;
            self.findings.add(finding);
        }
    }

    fn step_reference(
        &mut self,
        declared: &Declared<'_>,
        scalar: Scalar<'_>,
        member: &Member,
        place: Place<'_, '_>,
    ) {
        let name = &member.name;
        let dotted = member.form == Form::Dotted;
        let rest = scalar.text().get(name.span.start..).unwrap_or("");
        let mut span = scalar.source_span(name.span.start, name.span.end);
        let mut id = name.text.as_str();
        if let Some(hyphenated) = declared.hyphenated(rest).filter(|_| dotted) {
            let whole = Span::new(name.span.start, name.span.start + hyphenated.len());
            span = scalar.source_span(whole.start, whole.end);
            id = hyphenated;
            self.hyphen(scalar, whole, ("steps", id), place);
        }
        let Some(to) = declared.step(id) else {
            return self.unknown_step(declared, scalar, member, place);
        };
        if let (Some((from, block)), Waiting::Yes) = (place.step, place.waiting) {
            let other = declared.steps.get(to).map_or(block, |step| step.block);
            if block.is_before(other) {
                let (here, there) = (block.key(), other.key());
                let message = format!("'{id}' is a step of '{there}', which begins when '{here}' is over");
                self.findings.add(Diagnostic::new(Code::UnknownStep, span, message));
            }
            graph::draw(self.edges, declared, from, Edge { to, span });
        }
    }

    /// Says that the name at `whole` of the text is cut at its hyphen.
    fn hyphen(&mut self, scalar: Scalar<'_>, whole: Span, (of, id): (&str, &str), place: Place<'_, '_>) {
        let span = scalar.source_span(whole.start, whole.end);
        let message = format!("'{id}' reads as a subtraction here; write {}", brackets(scalar, id));
        let mut finding = Diagnostic::new(Code::HyphenatedStep, span, message);
        if let Some(edit) = bracketed(scalar, whole, id, place.flow) {
            let title = format!("change to {of}{}", brackets(scalar, id));
            finding = finding.with_fix(Fix::safe(title, vec![edit]));
        }
        self.findings.add(finding);
    }

    fn unknown_step(
        &mut self,
        declared: &Declared<'_>,
        scalar: Scalar<'_>,
        member: &Member,
        place: Place<'_, '_>,
    ) {
        let name = &member.name;
        if self.findings.may_be_hidden(&name.text) {
            return;
        }
        // A step that waits for itself was not meant.
        let own = place.step.filter(|_| place.waiting == Waiting::Yes);
        let own = own.and_then(|(at, _)| Some(declared.steps.get(at)?.id()?.0));
        let others = declared.step_ids().filter(|id| Some(*id) != own);
        let near = self.findings.suggest.nearest(&name.text, others);
        let safety = self.findings.suggest.safety_of_name();
        let span = scalar.source_span(name.span.start, name.span.end);
        let mut finding = Diagnostic::new(Code::UnknownStep, span, unknown_message(&name.text, near));
        if let Some(near) = near {
            let edit = if member.form == Form::Bracketed || is_name(near) {
                Some(TextEdit { span, text: near.to_owned() })
            } else {
                bracketed(scalar, name.span, near, place.flow)
            };
            if let Some(edit) = edit {
                let title = format!("change to '{near}'");
                finding = finding.with_fix(Fix::new(title, vec![edit]).with_safety(safety));
            }
        }
        self.findings.add(finding);
    }

    /// `guess` is the type that it is declared with.
    fn undeclared(&mut self, scalar: Scalar<'_>, member: &Member, guess: &str) {
        let Some(declared) = self.declared else { return };
        let name = &member.name;
        let inputs = self.findings.tree().root().and_then(|root| root.get("inputs"));
        let is_unread = inputs.is_some_and(|inputs| !inputs.items().is_empty() || inputs.as_str().is_some());
        if self.findings.may_be_hidden(&name.text) || is_unread {
            return;
        }
        let near = self.findings.suggest.nearest(&name.text, declared.names_of_inputs());
        let safety = self.findings.suggest.safety_of_name();
        let span = scalar.source_span(name.span.start, name.span.end);
        let message = match near {
            Some(near) => format!("there is no input '{}'; did you mean '{near}'?", name.text),
            None => format!("there is no input '{}'; declare it under 'inputs'", name.text),
        };
        let mut finding = Diagnostic::new(Code::UndeclaredInput, span, message);
        // An input that is not declared yet is as likely as a slip.
        let said = format!("type: {guess}");
        let new = New { section: "inputs", before: "steps", name: &name.text, value: Value::Entry(&said) };
        let declaration = section::add(self.findings, new);
        let safety = if declaration.is_some() { Safety::Suggested } else { safety };
        if let Some(near) = near.filter(|near| member.form == Form::Bracketed || is_name(near)) {
            let edits = vec![TextEdit { span, text: near.to_owned() }];
            finding = finding.with_fix(Fix::new(format!("change to '{near}'"), edits).with_safety(safety));
        }
        if let Some(edit) = declaration {
            let title = format!("declare the input '{}'", name.text);
            finding = finding.with_fix(Fix::new(title, vec![edit]));
        }
        self.findings.add(finding);
    }
}

/// The type that an input must have for what is read of it; `None` where a text would do.
fn used_as(reference: &Reference) -> Option<&'static str> {
    let Some(member) = reference.path.get(1) else {
        return (!reference.of_item.is_empty()).then_some("array");
    };
    let name = member.name.text.as_str();
    let has = |kind: &str| name == "length" || library::method(kind, name).is_some();
    let kind = ["string", "array", "number"].into_iter().find(|kind| has(kind));
    Some(kind.unwrap_or("object")).filter(|kind| *kind != "string")
}

/// The input, or the field of a step, that a reference was cut from at a hyphen, and where it stands in the text.
pub(super) fn cut_at_hyphen(
    declared: &Declared<'_>,
    scalar: Scalar<'_>,
    reference: &Reference,
    place: Place<'_, '_>,
) -> Option<(Span, String)> {
    let last = reference.path.last().filter(|member| member.form == Form::Dotted)?;
    let rest = scalar.text().get(last.name.span.start..)?;
    if !rest.get(last.name.text.len()..)?.starts_with('-') {
        return None;
    }
    let id = match (reference.root.text.as_str(), reference.path.as_slice()) {
        ("inputs", [_]) => declared.hyphenated_input(rest)?.to_owned(),
        ("steps", [step, between @ .., _]) => {
            let mut ty = place.scope.named("steps", &step.name.text)?.ty;
            for member in between {
                ty = ty.field(&member.name.text)?.ty.clone();
            }
            let known = |word: &str| ty.fields().find(|(name, _)| *name == word).map(|(name, _)| name);
            hyphenated(rest, known)?.to_owned()
        }
        _ => return None,
    };
    let start = last.name.span.start;
    Some((Span::new(start, start + id.len()), id))
}
