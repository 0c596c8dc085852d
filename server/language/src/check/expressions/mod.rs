//! Expressions in their places: syntax, names of steps and inputs, types, and expressions that lack their `${{ }}`.
//!
//! The [`Reader`] walks the keys of a file that may hold expressions. For each of them [`names`] looks at what it
//! refers to and draws the edges between steps, and [`remarks`] turns what type inference found into findings.
//! [`braces`] tells of those that nobody closed or opened.

mod braces;
mod handed;
mod names;
mod remarks;
mod truth;

use copydesk_base::{Code, Diagnostic, Fix, Span};
use copydesk_text::{Kind, Node, Scalar};

use super::graph::Edges;
use super::mend::{Flow, fix_of, wrap};
use super::subworkflow::Taker;
use super::{Findings, memo};
use crate::WorkspaceIndex;
use crate::declared::{Block, Declared};
use crate::expression::library::global;
use crate::expression::scope::{Scope, World, lone};
use crate::expression::{self, End, Mend, Piece, ROOTS, TokenKind};

/// How the text of a value is read.
#[derive(Clone, Copy, PartialEq)]
enum Reading {
    /// A text in which expressions stand between `${{` and `}}`.
    Text,
    /// An expression; the braces may be left out.
    Expression,
    /// The same, and its truth decides.
    Condition,
    /// The same, and it must be a list.
    List,
    /// A text that people take for an expression.
    Key,
}

impl Reading {
    /// Whether all of a text is one expression.
    const fn is_of_whole(self) -> bool {
        matches!(self, Self::Expression | Self::Condition | Self::List)
    }
}

/// Whether a reference makes the step wait.
#[derive(Clone, Copy, PartialEq)]
enum Waiting {
    Yes,
    No,
}

/// What is looked for.
#[derive(Clone, Copy, PartialEq)]
enum Look {
    /// Which step waits for which.
    Edges,
    /// Everything.
    All,
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place<'w, 't> {
    /// The step around it, by its place in [`Declared::steps`], and the list it stands in.
    step: Option<(usize, Block)>,
    waiting: Waiting,
    reading: Reading,
    /// Whether it stands between `{ }` or `[ ]` of YAML, where a plain text cannot hold brackets.
    flow: Flow,
    /// The kind of input that an undeclared name looks like.
    guess: &'static str,
    /// What expressions may start from.
    scope: Scope<'w, 't>,
    /// Who sees the text, where it is not only the program that gets it.
    seen_by: Option<&'static str>,
    /// The input of another workflow that is given this.
    taker: Option<&'w Taker<'w>>,
}

impl<'w, 't> Place<'w, 't> {
    const fn top(scope: Scope<'w, 't>) -> Self {
        Self {
            step: None,
            waiting: Waiting::No,
            reading: Reading::Text,
            flow: Flow::Outside,
            guess: "string",
            scope,
            seen_by: None,
            taker: None,
        }
    }
}

/// Reads every expression of a workflow, and draws the edges of those that make a step wait. Steps that the memo knows
/// are passed over, and their edges are there.
pub(super) fn workflow<'a>(
    findings: &mut Findings<'a>,
    declared: &Declared<'a>,
    index: &WorkspaceIndex,
) -> Edges {
    let world = World::new(findings.file, declared, index);
    let mut edges: Edges = vec![Vec::new(); declared.steps.len()];
    read(findings, declared, Place::top(world.scope()), &mut edges, Look::All);
    edges
}

/// Draws the edges that expressions make, without a look at what is wrong in them.
pub(super) fn edges_only<'a>(findings: &mut Findings<'a>, declared: &Declared<'a>, edges: &mut Edges) {
    read(findings, declared, Place::top(Scope::unknown()), edges, Look::Edges);
}

fn read<'a>(
    findings: &mut Findings<'a>,
    declared: &Declared<'a>,
    place: Place<'_, '_>,
    edges: &mut Edges,
    look: Look,
) {
    let Some(root) = findings.tree().root() else { return };
    let mut reader = Reader { findings, declared: Some(declared), edges, look };
    for key in ["outputs", "env", "concurrency", "pools", "eval"] {
        if let Some(value) = root.get(key) {
            let place = match key {
                "outputs" => {
                    Place { seen_by: Some("everybody who sees the outputs"), reading: Reading::Key, ..place }
                }
                _ => place,
            };
            reader.node(value, place);
        }
    }
    if let Some(step) = root.get("compensate") {
        reader.step(step, place);
    }
    for (at, step) in declared.steps.iter().enumerate() {
        let place = Place { step: Some((at, step.block)), waiting: Waiting::Yes, ..place };
        if look == Look::All && reader.recall(at, step.node) {
            continue;
        }
        let findings = reader.findings.list.len();
        let edges = reader.edges.get(at).map_or(0, Vec::len);
        reader.step(step.node, place);
        if look == Look::All {
            reader.keep(at, step.node, findings, edges);
        }
    }
}

/// Reads the expressions of an agent: those of its tools and of its prompt. Which inputs and steps there are is known
/// to the workflows that name it.
pub(super) fn agent(findings: &mut Findings<'_>) {
    let (root, prompt) = (findings.tree().root(), findings.file.prompt());
    let mut edges = Edges::new();
    let mut reader = Reader { findings, declared: None, edges: &mut edges, look: Look::All };
    let place = Place::top(Scope::unknown());
    if let Some(tools) = root.and_then(|root| root.get("tools")) {
        reader.tools(tools, place);
    }
    if let Some(prompt) = prompt {
        let pieces = expression::pieces(prompt.text());
        reader.too_long(prompt, &pieces);
        for piece in pieces {
            reader.piece(prompt, piece, place);
        }
    }
}

struct Reader<'r, 'a, 't> {
    findings: &'r mut Findings<'a>,
    /// Names to compare with; `None` where they are not known.
    declared: Option<&'r Declared<'t>>,
    edges: &'r mut Edges,
    look: Look,
}

impl Reader<'_, '_, '_> {
    /// Takes what was found at a step when it was read last.
    fn recall(&mut self, at: usize, step: Node<'_>) -> bool {
        let Some(known) = self.findings.memo.recall(memo::Look::Expressions, at, step) else { return false };
        self.findings.list.extend_from_slice(known);
        true
    }

    /// Keeps what was found at a step: findings and edges from these numbers on.
    fn keep(&mut self, at: usize, step: Node<'_>, findings: usize, edges: usize) {
        let new = self.findings.list.get(findings..).unwrap_or_default();
        let drawn = self.edges.get(at).and_then(|drawn| drawn.get(edges..)).unwrap_or_default();
        self.findings.memo.keep(memo::Look::Expressions, at, step, new, drawn);
    }

    fn step<'t>(&mut self, node: Node<'t>, place: Place<'_, 't>) {
        let outside = self.entering(node, place);
        let place = Place { scope: outside.scope.inside(node), ..outside };
        let kind = self.findings.tree().get(node, "type").and_then(Node::scalar_text).unwrap_or("");
        for entry in node.entries() {
            let key = entry.key().scalar_text().unwrap_or("");
            let value = entry.value();
            let aside = Place { waiting: Waiting::No, ..place };
            let expression = Place { reading: Reading::Expression, ..place };
            match key {
                "id" | "type" | "needs" | "description" | "inputSchema" | "outputSchema" => {}
                "if" => {
                    self.node(value, Place { reading: Reading::Condition, guess: "boolean", ..place });
                }
                "foreach" => {
                    self.node(value, Place { reading: Reading::List, guess: "array", ..outside });
                }
                "transform" => {
                    let scope = Scope { transform: Some(node), ..place.scope };
                    self.node(value, Place { scope, ..expression });
                }
                "idempotencyKey" => self.node(value, Place { reading: Reading::Key, ..place }),
                "message" => self.node(value, Place { seen_by: remarks::who_reads(kind), ..place }),
                // What happens after the step may look back at it.
                "compensate" => self.step(value, aside),
                "auto_heal" | "autoHeal" | "reflexion" | "qualityGate" => self.node(value, aside),
                // Steps with a set of ids of their own.
                "library" => self.foreign_steps(value, aside),
                "tools" => self.tools(value, aside),
                "inputs" if kind == "workflow" => self.inputs(node, value, place),
                _ => self.node(value, place),
            }
        }
    }

    fn foreign_steps<'t>(&mut self, library: Node<'t>, place: Place<'_, 't>) {
        let declared = self.declared.take();
        let scope = Scope { world: None, ..place.scope };
        for entry in library.items() {
            for step in entry.get("steps").map(Node::items).unwrap_or_default() {
                self.step(step, Place { step: None, scope, ..place });
            }
        }
        self.declared = declared;
    }

    fn tools<'t>(&mut self, tools: Node<'t>, place: Place<'_, 't>) {
        for tool in tools.items() {
            if let Some(execution) = tool.get("execution") {
                let scope = Scope { tool: Some(tool), ..place.scope };
                self.step(execution, Place { scope, ..place });
            }
        }
    }

    fn node(&mut self, node: Node<'_>, place: Place<'_, '_>) {
        // What stands in a collection is no expression by itself.
        let inner = match place.reading {
            Reading::Key => Place { taker: None, ..place },
            _ => Place { reading: Reading::Text, taker: None, ..place },
        };
        match node.kind() {
            Kind::Scalar(scalar) => self.scalar(node, scalar, place),
            Kind::Sequence(items) => {
                let place = self.entering(node, inner);
                for item in items {
                    self.node(item, place);
                }
            }
            Kind::Mapping(entries) => {
                let place = self.entering(node, inner);
                for entry in entries {
                    self.node(entry.value(), place);
                }
            }
            Kind::Null | Kind::Alias(_) => {}
        }
    }

    fn entering<'w, 't>(&self, node: Node<'_>, place: Place<'w, 't>) -> Place<'w, 't> {
        let first = self.findings.file.text.as_bytes().get(node.span().start);
        if matches!(first, Some(b'{' | b'[')) { Place { flow: Flow::Inside, ..place } } else { place }
    }

    fn scalar(&mut self, node: Node<'_>, scalar: Scalar<'_>, place: Place<'_, '_>) {
        let text = scalar.text();
        if self.findings.is_broken(node.span()) {
            return;
        }
        if expression::has_expression(text) {
            if self.look == Look::All && place.reading.is_of_whole() {
                self.mixed(node, scalar);
            }
            if let Some(taker) = place.taker.filter(|_| self.look == Look::All && lone(text).is_none()) {
                self.handed_text(node, taker);
            }
            let pieces = expression::pieces(text);
            if self.look == Look::All {
                self.too_long(scalar, &pieces);
            }
            if place.reading == Reading::Text && self.look == Look::All {
                self.stray(scalar, &pieces);
                self.misbraced(scalar, &pieces, place);
            }
            for piece in pieces {
                self.piece(scalar, piece, place);
            }
            return;
        }
        if place.reading == Reading::Text && self.look == Look::All {
            self.stray(scalar, &[]);
            self.misbraced(scalar, &[], place);
        }
        let whole = Span::new(0, text.len());
        match place.reading {
            Reading::Key => self.bare(node, scalar, place),
            reading if reading.is_of_whole() && node.as_str().is_some() => {
                self.expression(scalar, whole, node.span(), place);
            }
            _ => {}
        }
    }

    fn piece(&mut self, scalar: Scalar<'_>, piece: Piece, place: Place<'_, '_>) {
        let outer = scalar.source_span(piece.outer.start, piece.outer.end);
        if piece.end == End::Closed {
            return self.expression(scalar, piece.inner, outer, place);
        }
        self.open(scalar, (piece, outer), place.flow);
    }

    /// One expression. `around` is marked where nothing smaller can be.
    fn expression(&mut self, scalar: Scalar<'_>, within: Span, around: Span, place: Place<'_, '_>) {
        let (expr, problems) = expression::parse(scalar.text(), within);
        let broken = problems.first().map(|problem| problem.span);
        if let Some(problem) = problems.into_iter().next() {
            let mut span = scalar.source_span(problem.span.start, problem.span.end);
            if span.is_empty() {
                span = around;
            }
            let mut finding = Diagnostic::new(Code::ExpressionSyntax, span, problem.message);
            if let Some(mend) = problem.mend {
                finding.fixes.extend(fix_of(scalar, &[mend], ""));
            }
            if place.reading == Reading::List
                && let Some(list) = list_of_words(scalar.text())
            {
                let message = "'foreach' takes a list, and these are several words; write them as one";
                message.clone_into(&mut finding.message);
                finding.span = around;
                let mend = Mend { span: Span::new(0, scalar.text().len()), text: list };
                finding.fixes = fix_of(scalar, &[mend], "").into_iter().collect();
            }
            self.findings.add(finding);
        }
        let references = expression::references(&expr);
        for reference in &references {
            self.reference(scalar, reference, place);
        }
        if self.look == Look::All {
            self.remarks(scalar, (&expr, broken), &references, place);
        }
    }

    /// A text that is an expression in all but its braces, where it is taken as it stands.
    fn bare(&mut self, node: Node<'_>, scalar: Scalar<'_>, place: Place<'_, '_>) {
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

/// `a, b` as `['a', 'b']`.
fn list_of_words(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split(',').map(str::trim).collect();
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let is_word = |word: &&str| !word.is_empty() && word.chars().all(is_part);
    let written = |word: &&str| match word.parse::<f64>() {
        Ok(_) => (*word).to_owned(),
        Err(_) => format!("'{word}'"),
    };
    let list = || words.iter().map(written).collect::<Vec<_>>().join(", ");
    (words.len() > 1 && words.iter().all(is_word)).then(|| format!("[{}]", list()))
}
