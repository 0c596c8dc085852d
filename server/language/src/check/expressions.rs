//! Expressions in their places: syntax, names of steps and inputs, and expressions that lack their `${{ }}`.

use copydesk_base::{Code, Diagnostic, Fix, Safety, Span, TextEdit};
use copydesk_text::{Kind, Node, Scalar};

use super::Findings;
use super::graph::{self, Edge, Edges, unknown_message};
use super::mend::{Flow, bracketed, brackets, declare, end_of_open, is_name, wrap};
use crate::declared::{Block, Declared};
use crate::expression::library::global;
use crate::expression::{self, End, Form, Member, Piece, ROOTS, Reference, TokenKind};

/// How the text of a value is read.
#[derive(Clone, Copy, PartialEq)]
enum Reading {
    /// A text in which expressions stand between `${{` and `}}`.
    Text,
    /// An expression; the braces may be left out.
    Expression,
    /// A text that people take for an expression.
    Key,
}

/// Whether a reference makes the step wait.
#[derive(Clone, Copy, PartialEq)]
enum Waiting {
    Yes,
    No,
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place {
    /// The step around it, by its place in [`Declared::steps`], and the list it stands in.
    step: Option<(usize, Block)>,
    waiting: Waiting,
    reading: Reading,
    /// Whether it stands between `{ }` or `[ ]` of YAML, where a plain text cannot hold brackets.
    flow: Flow,
    /// The kind of input that an undeclared name looks like.
    guess: &'static str,
}

/// Reads every expression of a workflow, and draws the edges of those that make a step wait.
pub(super) fn workflow(findings: &mut Findings<'_>, declared: &Declared<'_>, edges: &mut Edges) {
    let Some(root) = findings.tree().root() else { return };
    let mut reader = Reader { findings, declared: Some(declared), edges };
    let place = Place {
        step: None,
        waiting: Waiting::No,
        reading: Reading::Text,
        flow: Flow::Outside,
        guess: "string",
    };
    for key in ["outputs", "env", "concurrency", "pools", "eval"] {
        if let Some(value) = root.get(key) {
            reader.node(value, place);
        }
    }
    if let Some(step) = root.get("compensate") {
        reader.step(step, place);
    }
    for (at, step) in declared.steps.iter().enumerate() {
        let place = Place { step: Some((at, step.block)), waiting: Waiting::Yes, ..place };
        reader.step(step.node, place);
    }
}

/// Reads the expressions of a file that declares neither inputs nor steps.
pub(super) fn syntax_only(findings: &mut Findings<'_>) {
    let Some(root) = findings.tree().root() else { return };
    let mut edges = Edges::new();
    let mut reader = Reader { findings, declared: None, edges: &mut edges };
    let place = Place {
        step: None,
        waiting: Waiting::No,
        reading: Reading::Text,
        flow: Flow::Outside,
        guess: "string",
    };
    for tool in root.get("tools").map(Node::items).unwrap_or_default() {
        if let Some(execution) = tool.get("execution") {
            reader.step(execution, place);
        }
    }
}

struct Reader<'r, 'a, 't> {
    findings: &'r mut Findings<'a>,
    /// Names to compare with; `None` where they are not known.
    declared: Option<&'r Declared<'t>>,
    edges: &'r mut Edges,
}

impl Reader<'_, '_, '_> {
    fn step(&mut self, node: Node<'_>, place: Place) {
        let place = self.entering(node, place);
        for entry in node.entries() {
            let key = entry.key().scalar_text().unwrap_or("");
            let aside = Place { waiting: Waiting::No, ..place };
            match key {
                "id" | "type" | "needs" | "description" | "inputSchema" | "outputSchema" => {}
                "if" => {
                    self.node(
                        entry.value(),
                        Place { reading: Reading::Expression, guess: "boolean", ..place },
                    );
                }
                "foreach" => {
                    self.node(entry.value(), Place { reading: Reading::Expression, guess: "array", ..place });
                }
                "transform" => self.node(entry.value(), Place { reading: Reading::Expression, ..place }),
                "idempotencyKey" => self.node(entry.value(), Place { reading: Reading::Key, ..place }),
                // What happens after the step may look back at it.
                "compensate" => self.step(entry.value(), aside),
                "auto_heal" | "autoHeal" | "reflexion" | "qualityGate" => self.node(entry.value(), aside),
                // Steps with a set of ids of their own.
                "library" => self.foreign_steps(entry.value(), aside),
                "tools" => self.tools(entry.value(), aside),
                _ => self.node(entry.value(), place),
            }
        }
    }

    fn foreign_steps(&mut self, library: Node<'_>, place: Place) {
        let declared = self.declared.take();
        for entry in library.items() {
            for step in entry.get("steps").map(Node::items).unwrap_or_default() {
                self.step(step, Place { step: None, ..place });
            }
        }
        self.declared = declared;
    }

    fn tools(&mut self, tools: Node<'_>, place: Place) {
        for tool in tools.items() {
            if let Some(execution) = tool.get("execution") {
                self.step(execution, place);
            }
        }
    }

    fn node(&mut self, node: Node<'_>, place: Place) {
        match node.kind() {
            Kind::Scalar(scalar) => self.scalar(node, scalar, place),
            Kind::Sequence(items) => {
                let place = self.entering(node, place);
                for item in items {
                    self.node(item, place);
                }
            }
            Kind::Mapping(entries) => {
                let place = self.entering(node, place);
                for entry in entries {
                    self.node(entry.value(), place);
                }
            }
            Kind::Null | Kind::Alias(_) => {}
        }
    }

    fn entering(&self, node: Node<'_>, place: Place) -> Place {
        let first = self.findings.file.text.as_bytes().get(node.span().start);
        if matches!(first, Some(b'{' | b'[')) { Place { flow: Flow::Inside, ..place } } else { place }
    }

    fn scalar(&mut self, node: Node<'_>, scalar: Scalar<'_>, place: Place) {
        let text = scalar.text();
        if self.findings.is_broken(node.span()) {
            return;
        }
        if expression::has_expression(text) {
            for piece in expression::pieces(text) {
                self.piece(scalar, piece, place);
            }
            return;
        }
        let whole = Span::new(0, text.len());
        match place.reading {
            Reading::Expression if node.as_str().is_some() => {
                self.expression(scalar, whole, node.span(), place);
            }
            Reading::Text | Reading::Expression => {}
            Reading::Key => self.bare(node, scalar, place),
        }
    }

    fn piece(&mut self, scalar: Scalar<'_>, piece: Piece, place: Place) {
        let outer = scalar.source_span(piece.outer.start, piece.outer.end);
        if piece.end == End::Closed {
            return self.expression(scalar, piece.inner, outer, place);
        }
        if piece.inner.of(scalar.text()).contains("}}") {
            let message = "this '${{' is never closed; braces count inside quotes, too";
            return self.findings.add(Diagnostic::new(Code::ExpressionSyntax, outer, message));
        }
        let end = end_of_open(scalar.text(), piece.inner);
        // Where more follows on the line, nobody knows where the expression was to end.
        let rest = scalar.text().get(end..piece.inner.end).and_then(|rest| rest.lines().next()).unwrap_or("");
        let safety = if rest.trim().is_empty() { Safety::Safe } else { Safety::Suggested };
        let end = scalar.source_offset(end);
        let finding = Diagnostic::new(Code::ExpressionSyntax, outer, "this '${{' is never closed; add '}}'")
            .with_fix(Fix::new("add '}}'", vec![TextEdit::insert(end, " }}")]).with_safety(safety));
        self.findings.add(finding);
    }

    /// One expression. `around` is marked where nothing smaller can be.
    fn expression(&mut self, scalar: Scalar<'_>, within: Span, around: Span, place: Place) {
        let (expr, problems) = expression::parse(scalar.text(), within);
        if let Some(problem) = problems.into_iter().next() {
            let mut span = scalar.source_span(problem.span.start, problem.span.end);
            if span.is_empty() {
                span = around;
            }
            let mut finding = Diagnostic::new(Code::ExpressionSyntax, span, problem.message);
            if let Some(mend) = problem.mend {
                let edits = vec![TextEdit { span, text: mend.to_owned() }];
                finding = finding.with_fix(Fix::new(format!("change to '{mend}'"), edits));
            }
            self.findings.add(finding);
        }
        for reference in expression::references(&expr) {
            self.reference(scalar, &reference, place);
        }
    }

    fn reference(&mut self, scalar: Scalar<'_>, reference: &Reference, place: Place) {
        let (Some(declared), Some(member)) = (self.declared, reference.path.first()) else { return };
        if member.name.text.is_empty() {
            return;
        }
        match reference.root.text.as_str() {
            "inputs" if declared.input(&member.name.text).is_none() => self.undeclared(scalar, member, place),
            "steps" => self.step_reference(declared, scalar, member, place),
            _ => {}
        }
    }

    fn step_reference(&mut self, declared: &Declared<'_>, scalar: Scalar<'_>, member: &Member, place: Place) {
        let name = &member.name;
        let dotted = member.form == Form::Dotted;
        let rest = scalar.text().get(name.span.start..).unwrap_or("");
        let mut span = scalar.source_span(name.span.start, name.span.end);
        let mut id = name.text.as_str();
        if let Some(hyphenated) = declared.hyphenated(rest).filter(|_| dotted) {
            let whole = Span::new(name.span.start, name.span.start + hyphenated.len());
            span = scalar.source_span(whole.start, whole.end);
            id = hyphenated;
            let message = format!("'{id}' reads as a subtraction here; write {}", brackets(scalar, id));
            let mut finding = Diagnostic::new(Code::HyphenatedStep, span, message);
            if let Some(edit) = bracketed(scalar, whole, id, place.flow) {
                let title = format!("change to steps{}", brackets(scalar, id));
                finding = finding.with_fix(Fix::safe(title, vec![edit]));
            }
            self.findings.add(finding);
        }
        let Some(to) = declared.step(id) else {
            return self.unknown_step(declared, scalar, member, place);
        };
        if let (Some((from, _)), Waiting::Yes) = (place.step, place.waiting) {
            graph::draw(self.edges, declared, from, Edge { to, span });
        }
    }

    fn unknown_step(&mut self, declared: &Declared<'_>, scalar: Scalar<'_>, member: &Member, place: Place) {
        let name = &member.name;
        if self.findings.may_be_hidden(&name.text) {
            return;
        }
        let near = self.findings.suggest.nearest(&name.text, declared.step_ids());
        let safety = self.findings.suggest.safety();
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

    fn undeclared(&mut self, scalar: Scalar<'_>, member: &Member, place: Place) {
        let Some(declared) = self.declared else { return };
        let name = &member.name;
        if self.findings.may_be_hidden(&name.text) {
            return;
        }
        let near = self.findings.suggest.nearest(&name.text, declared.names_of_inputs());
        let safety = self.findings.suggest.safety();
        let span = scalar.source_span(name.span.start, name.span.end);
        let message = match near {
            Some(near) => format!("there is no input '{}'; did you mean '{near}'?", name.text),
            None => format!("there is no input '{}'; declare it under 'inputs'", name.text),
        };
        let mut finding = Diagnostic::new(Code::UndeclaredInput, span, message);
        if let Some(near) = near.filter(|near| member.form == Form::Bracketed || is_name(near)) {
            let edits = vec![TextEdit { span, text: near.to_owned() }];
            finding = finding.with_fix(Fix::new(format!("change to '{near}'"), edits).with_safety(safety));
        }
        if let Some(edit) = declare(self.findings, &name.text, place.guess) {
            let title = format!("declare the input '{}'", name.text);
            finding = finding.with_fix(Fix::new(title, vec![edit]));
        }
        self.findings.add(finding);
    }

    /// A text that is an expression in all but its braces, where it is taken as it stands.
    fn bare(&mut self, node: Node<'_>, scalar: Scalar<'_>, place: Place) {
        let whole = Span::new(0, scalar.text().len());
        let (expr, problems) = expression::parse(scalar.text(), whole);
        let known = |name: &str| global(name).is_some() || ROOTS.iter().any(|(known, _)| *known == name);
        let refers = expression::references(&expr).iter().any(|reference| {
            known(&reference.root.text) && !(reference.path.is_empty() && reference.root.span == expr.span)
        });
        let quotes =
            expression::tokens(scalar.text(), whole).iter().any(|token| token.kind == TokenKind::Text);
        if !problems.is_empty() || !(refers || quotes) {
            return;
        }
        let message = "this is taken as a text, the same for every run; write '${{ }}' around the expression";
        let mut finding = Diagnostic::new(Code::BareExpression, node.span(), message);
        if let Some(edits) = wrap(node, scalar, place.flow) {
            finding = finding.with_fix(Fix::new("write '${{ }}' around it", edits));
        }
        self.findings.add(finding);
    }
}
