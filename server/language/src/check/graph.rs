//! What steps need: ids that stand twice, needs that name nothing, circles.
//!
//! An [`Edge`] says that one step waits for another, and where that is written: an item of `needs`, or a `steps.ID`
//! in an expression. A circle is reported at the edge that closes it, once for each such edge.

use copydesk_base::{Code, Diagnostic, Fix, Span, TextEdit};
use copydesk_text::Node;

use super::fixes::{insert_first, remove_item, remove_key};
use super::meant::is_item;
use super::{Findings, ids};
use crate::declared::{Block, Declared, Step, inner_span};
use crate::expression::has_expression;

/// More circles than anybody mends at once.
const MAX_CYCLES: usize = 50;
/// How many names of a circle are written out.
const MAX_NAMES: usize = 12;

/// One step waits for another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// The needed step, by its place in [`Declared::steps`].
    pub(super) to: usize,
    /// Where it is written.
    pub(super) span: Span,
}

/// The edges of each step, by its place in [`Declared::steps`].
pub(super) type Edges = Vec<Vec<Edge>>;

/// Ids that a step before already has. The lists of a workflow share one set of ids.
fn duplicates(findings: &mut Findings<'_>, declared: &Declared<'_>) {
    for (at, step) in declared.steps.iter().enumerate() {
        let whole = step.node;
        let Some(node) = findings.tree().get(whole, "id") else { continue };
        let Some(id) = node.scalar_text() else { continue };
        let is_own = step.id().is_some();
        if let Some(finding) =
            ids::unfit(findings.file.text, declared, (id, node)).filter(|_| is_own && node.as_str().is_some())
        {
            findings.add(finding);
            if id.trim().is_empty() {
                continue;
            }
        }
        let Some(first) = declared.step(id).filter(|first| *first != at) else { continue };
        let Some((_, first)) = declared.steps.get(first).and_then(Step::id) else { continue };
        let free = (2..100).map(|number| format!("{id}_{number}")).find(|free| declared.step(free).is_none());
        let message = format!("the id '{id}' is taken; give this step another");
        // An id that comes along by an alias or a merge key stands elsewhere.
        let here = whole.entries().first().map_or(whole.span(), |entry| entry.key().span());
        let span = if is_own { node.span() } else { here };
        let mut finding = Diagnostic::new(Code::DuplicateStep, span, message)
            .with_related(first.span(), format!("'{id}' is here first"));
        if let Some(free) = free {
            let edit = if is_own {
                Some(TextEdit { span: inner_span(node), text: free.clone() })
            } else {
                insert_first(findings.file.text, whole, "id", &free)
            };
            let fix = edit.map(|edit| Fix::new(format!("rename to '{free}'"), vec![edit]));
            finding.fixes.extend(fix);
        }
        findings.add(finding);
    }
}

/// Looks at what the steps need of one another; `drawn` are the edges that their expressions draw.
pub(super) fn check<'a>(findings: &mut Findings<'a>, declared: &Declared<'a>, drawn: Edges) {
    if findings.memo.is_in_order(declared) {
        return;
    }
    let others = std::mem::take(&mut findings.list);
    duplicates(findings, declared);
    let mut edges = needs(findings, declared);
    let drawn = findings.memo.with_recalled(declared, drawn);
    for (edges, drawn) in edges.iter_mut().zip(drawn) {
        edges.extend(drawn);
    }
    let circles = circles(&edges);
    if circles.is_empty() {
        order(findings, declared, &edges);
    }
    libraries(findings, declared);
    if findings.list.is_empty() && circles.is_empty() {
        findings.memo.in_order(declared);
    }
    findings.list.splice(0..0, others);
    for circle in circles {
        report(findings, declared, &circle);
    }
}

/// What follows a run is taken in the order of the file: a step there waits for nothing that stands behind it.
fn order<'a>(findings: &mut Findings<'a>, declared: &Declared<'a>, edges: &Edges) {
    for (at, (step, edges)) in declared.steps.iter().zip(edges).enumerate() {
        for edge in edges.iter().filter(|edge| step.block != Block::Steps && edge.to > at) {
            let Some((later, _)) = declared.steps.get(edge.to).and_then(Step::id) else { continue };
            let block = step.block.key();
            let message = format!(
                "'{later}' stands behind this step; in '{block}' a step waits only for those before it"
            );
            let mut finding = Diagnostic::new(Code::UnknownStep, edge.span, message);
            if let Some(edit) = without_need(findings, step.node, edge.span) {
                finding = finding.with_fix(Fix::new("take it out", vec![edit]));
            }
            findings.add(finding);
        }
    }
}

/// The edges that `needs` draws, with a finding for each item that names no step.
pub(super) fn needs<'a>(findings: &mut Findings<'a>, declared: &Declared<'a>) -> Edges {
    let mut edges: Edges = vec![Vec::new(); declared.steps.len()];
    for (at, step) in declared.steps.iter().enumerate() {
        for (name, node) in step.needs(findings.tree()) {
            if has_expression(name) {
                continue;
            }
            match declared.step(name) {
                Some(to) => {
                    let Some(other) = declared.steps.get(to) else { continue };
                    if step.block.may_need(other.block) {
                        draw(&mut edges, declared, at, Edge { to, span: node.span() });
                    } else {
                        let message = format!(
                            "'{name}' is a step of '{}'; a step of '{}' cannot wait for it",
                            other.block.key(),
                            step.block.key()
                        );
                        let mut finding = Diagnostic::new(Code::UnknownStep, node.span(), message);
                        if let Some(edit) = without_need(findings, step.node, node.span()) {
                            finding = finding.with_fix(Fix::new("take it out", vec![edit]));
                        }
                        findings.add(finding);
                    }
                }
                None => unknown(findings, declared, step, name, node),
            }
        }
    }
    edges
}

/// The steps that a `dynamic` step may use have a set of ids of their own.
fn libraries<'a>(findings: &mut Findings<'a>, declared: &Declared<'a>) {
    for library in declared.steps.iter().filter_map(|step| step.node.get("library")) {
        for list in library.items().iter().filter_map(|entry| entry.get("steps")) {
            let declared = Declared::of_lists(findings.tree(), std::iter::once((Block::Steps, list)));
            duplicates(findings, &declared);
            let edges = needs(findings, &declared);
            for circle in circles(&edges) {
                report(findings, &declared, &circle);
            }
        }
    }
}

/// Adds an edge between steps of one list; the lists themselves run one after the other.
pub(super) fn draw(edges: &mut Edges, declared: &Declared<'_>, from: usize, edge: Edge) {
    let block = |at: usize| declared.steps.get(at).map(|step| step.block);
    if block(from) != block(edge.to) {
        return;
    }
    if let Some(edges) = edges.get_mut(from) {
        edges.push(edge);
    }
}

fn unknown(
    findings: &mut Findings<'_>,
    declared: &Declared<'_>,
    step: &Step<'_>,
    name: &str,
    node: Node<'_>,
) {
    if findings.may_be_hidden(name) && !name.is_empty() || undashed(findings.file.text, step, name) {
        return;
    }
    // Neither itself nor what it waits for already can be meant.
    let named: Vec<&str> = step.needs(findings.tree()).map(|(name, _)| name).chain(own_id(step)).collect();
    let ids = declared
        .steps
        .iter()
        .filter(|other| step.block.may_need(other.block))
        .filter_map(own_id)
        .filter(|id| !named.contains(id));
    let near = findings.suggest.nearest(name, ids);
    let mut finding = Diagnostic::new(Code::UnknownStep, node.span(), unknown_message(name, near));
    if let Some(near) = near {
        let edits = vec![TextEdit { span: inner_span(node), text: near.to_owned() }];
        let safety = findings.suggest.safety_of_name();
        finding = finding.with_fix(Fix::new(format!("change to '{near}'"), edits).with_safety(safety));
    }
    if let Some(edit) = without_need(findings, step.node, node.span()) {
        finding = finding.with_fix(Fix::new("take it out", vec![edit]));
    }
    findings.add(finding);
}

/// Whether the mistake is a dash without a space: before the name itself, or before the id of the step that it names.
fn undashed(text: &str, step: &Step<'_>, name: &str) -> bool {
    // What is no list is told, and is not looked at as one name.
    let is_no_name = is_item(name) || name.contains([',', ' ', '[', ']']);
    let is_itself = is_no_name && step.node.get("needs").is_some_and(|needs| needs.scalar().is_some());
    is_itself
        || text.lines().any(|line| {
            let id = line.trim_start().strip_prefix("-id:").map(str::trim);
            id.is_some_and(|id| !name.is_empty() && id.trim_matches(['"', '\'']) == name)
        })
}

fn own_id<'t>(step: &Step<'t>) -> Option<&'t str> {
    Some(step.id()?.0)
}

/// Takes one item of `needs` out, and with the last one the key.
fn without_need(findings: &Findings<'_>, step: Node<'_>, need: Span) -> Option<TextEdit> {
    let needs = step.get("needs")?;
    let at = needs.items().iter().position(|item| item.span() == need)?;
    // A join waits for something.
    if needs.items().len() == 1 && step.get("type").and_then(Node::scalar_text) == Some("join") {
        return None;
    }
    let text = findings.file.text;
    remove_item(text, needs, at).or_else(|| remove_key(text, step, "needs"))
}

pub(super) fn unknown_message(name: &str, near: Option<&str>) -> String {
    match near {
        Some(near) => format!("there is no step '{name}'; did you mean '{near}'?"),
        None => format!("there is no step '{name}'; write the id of a step of this workflow"),
    }
}

/// For each step whether a way along the edges leads from it to `target`.
pub(super) fn waiting_for(edges: &Edges, target: usize) -> Vec<bool> {
    let mut waiters: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    for (from, edges) in edges.iter().enumerate() {
        for edge in edges {
            if let Some(waiters) = waiters.get_mut(edge.to) {
                waiters.push(from);
            }
        }
    }
    let mut waiting = vec![false; edges.len()];
    let mut next = vec![target];
    while let Some(step) = next.pop() {
        for from in waiters.get(step).into_iter().flatten() {
            if let Some(known) = waiting.get_mut(*from).filter(|known| !**known) {
                *known = true;
                next.push(*from);
            }
        }
    }
    waiting
}

/// The circles of a workflow, each at the edge that closes it.
fn circles(edges: &Edges) -> Vec<Cycle> {
    let mut walk = Walk { state: vec![State::New; edges.len()], path: Vec::new(), closing: Vec::new() };
    for start in 0..edges.len() {
        walk.from(start, edges);
    }
    walk.closing
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    /// On the path, at this place.
    Open(usize),
    Done,
}

/// A depth-first walk with a path of its own, so that no chain of steps is too long for it.
struct Walk {
    state: Vec<State>,
    /// Each step on the way and how many of its edges are walked.
    path: Vec<(usize, usize)>,
    closing: Vec<Cycle>,
}

/// The edges of a circle in order; the last one closes it.
struct Cycle {
    steps: Vec<usize>,
    spans: Vec<Span>,
    length: usize,
    /// The step whose need closes it.
    closer: usize,
}

impl Walk {
    fn from(&mut self, start: usize, edges: &Edges) {
        if self.state.get(start) != Some(&State::New) {
            return;
        }
        self.enter(start);
        while let Some((step, walked)) = self.path.last_mut() {
            let (step, next) = (*step, edges.get(*step).and_then(|edges| edges.get(*walked)).copied());
            *walked += 1;
            let Some(edge) = next else {
                if let Some(state) = self.state.get_mut(step) {
                    *state = State::Done;
                }
                self.path.pop();
                continue;
            };
            match self.state.get(edge.to) {
                Some(State::New) => self.enter(edge.to),
                Some(State::Open(from)) => self.close(*from, edges),
                Some(State::Done) | None => {}
            }
        }
    }

    fn enter(&mut self, step: usize) {
        if let Some(state) = self.state.get_mut(step) {
            *state = State::Open(self.path.len());
        }
        self.path.push((step, 0));
    }

    /// The path from `from` to its end is a circle; the edge just walked closes it.
    fn close(&mut self, from: usize, edges: &Edges) {
        if self.closing.len() >= MAX_CYCLES {
            return;
        }
        let circle = self.path.get(from..).unwrap_or(&[]);
        let edge_span = |(step, walked): &(usize, usize)| {
            edges.get(*step).and_then(|edges| edges.get(walked - 1)).map_or(Span::default(), |edge| edge.span)
        };
        let Some(closing) = circle.last().map(edge_span) else { return };
        let mut spans: Vec<Span> = circle.iter().take(MAX_NAMES).map(edge_span).collect();
        if circle.len() > MAX_NAMES {
            spans.push(closing);
        }
        let steps = circle.iter().take(MAX_NAMES).map(|(step, _)| *step).collect();
        let closer = circle.last().map_or(from, |(step, _)| *step);
        self.closing.push(Cycle { steps, spans, length: circle.len(), closer });
    }
}

fn report(findings: &mut Findings<'_>, declared: &Declared<'_>, cycle: &Cycle) {
    let id = |at: &usize| declared.steps.get(*at).and_then(Step::id).map_or("", |(id, _)| id);
    let Some((closing, earlier)) = cycle.spans.split_last() else { return };
    let first = cycle.steps.first().map_or("", id);
    let message = if cycle.length == 1 {
        format!("the step '{first}' waits for itself; take this out")
    } else {
        let mut names: Vec<&str> = cycle.steps.iter().map(id).collect();
        if cycle.length > cycle.steps.len() {
            names.push("…");
        }
        names.push(first);
        format!("these steps wait for one another: {}; take one of the needs out", names.join(" → "))
    };
    // One mistake gives one finding: how a reference is written counts for nothing where it has to go.
    if cycle.length == 1 {
        findings.list.retain(|known| known.code != Code::HyphenatedStep || known.span != *closing);
    }
    let mut finding = Diagnostic::new(Code::DependencyCycle, *closing, message);
    for (span, (from, to)) in earlier.iter().zip(cycle.steps.iter().zip(cycle.steps.iter().skip(1))) {
        finding = finding.with_related(*span, format!("'{}' waits for '{}' here", id(from), id(to)));
    }
    // A need in an expression cannot be taken out without knowing what it was for.
    let closer = declared.steps.get(cycle.closer);
    if let Some(edit) = closer.and_then(|step| without_need(findings, step.node, *closing)) {
        finding = finding.with_fix(Fix::new("take this need out", vec![edit]));
    }
    findings.add(finding);
}
