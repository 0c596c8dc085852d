//! What the steps of a workflow tell others, kept for the file's next version.

use std::collections::BTreeSet;

use copydesk_base::Span;

use super::{calls, names_behind};
use crate::File;
use crate::declared::{Block, Declared, Step, inner_span};
use crate::index::{Call, StepSummary};
use crate::row::Row;

/// What the steps of the last version of one file told.
#[derive(Clone, Debug, Default)]
pub struct Told {
    steps: Row<OfStep>,
}

/// What one step tells; places count from its start.
#[derive(Clone, Debug)]
struct OfStep {
    summary: Option<StepSummary>,
    calls: Vec<Call>,
    always_calls: Option<String>,
    calls_workflow: bool,
    secrets: Vec<String>,
}

/// What all of them tell.
#[derive(Default)]
pub(super) struct OfSteps {
    pub(super) steps: Vec<StepSummary>,
    pub(super) calls: Vec<Call>,
    /// What the steps of `steps` call whenever the workflow runs.
    pub(super) always_calls: Vec<String>,
    pub(super) calls_workflows: bool,
    /// The secrets that they read, by name.
    pub(super) secrets: BTreeSet<String>,
}

impl Told {
    pub(super) fn meet(&mut self, file: &File<'_>, declared: &Declared<'_>) -> OfSteps {
        let steps = &declared.steps;
        let row = &mut self.steps;
        row.align(steps.iter().map(|step| step.node.identity()), |at| {
            steps.get(at).map_or_else(OfStep::nothing, |step| OfStep::new(file, step))
        });
        // One with an alias is more than its lines: what it tells is not kept.
        for (at, step) in steps.iter().enumerate().filter(|(_, step)| has_alias(file, step)) {
            if let Some(told) = row.get_mut(at) {
                *told = OfStep::new(file, step);
            }
        }
        let mut all = OfSteps { steps: Vec::with_capacity(steps.len()), ..OfSteps::default() };
        for (step, told) in steps.iter().zip(row.iter()) {
            let start = start_of(file, step);
            let placed = |span: Span| span.shifted(start);
            let summary = told.summary.iter();
            all.steps.extend(summary.map(|one| StepSummary { span: placed(one.span), ..one.clone() }));
            let calls = told.calls.iter();
            all.calls.extend(calls.map(|call| Call { span: placed(call.span), ..call.clone() }));
            if step.block == Block::Steps {
                all.always_calls.extend(told.always_calls.clone());
            }
            all.calls_workflows |= told.calls_workflow;
            all.secrets.extend(told.secrets.iter().cloned());
        }
        all
    }
}

/// What the places of a step count from.
fn start_of(file: &File<'_>, step: &Step<'_>) -> usize {
    if has_alias(file, step) { 0 } else { step.node.span().start }
}

/// Whether a step takes anything from elsewhere in its file.
fn has_alias(file: &File<'_>, step: &Step<'_>) -> bool {
    file.tree.has_alias_in(step.node.span())
}

impl OfStep {
    const fn nothing() -> Self {
        Self {
            summary: None,
            calls: Vec::new(),
            always_calls: None,
            calls_workflow: false,
            secrets: Vec::new(),
        }
    }

    fn new(file: &File<'_>, step: &Step<'_>) -> Self {
        let start = start_of(file, step);
        let from_start = |span: Span| Span::new(span.start - start, span.end - start);
        let mut calls = Vec::new();
        calls::of_step(file.tree, step.node, &mut calls);
        for call in &mut calls {
            call.span = from_start(call.span);
        }
        let summary = step.id().filter(|(id, _)| !id.is_empty()).map(|(id, node)| StepSummary {
            id: id.into(),
            kind: step.kind().unwrap_or_default().into(),
            span: from_start(inner_span(node)),
        });
        Self {
            summary,
            calls,
            always_calls: calls::always(file.tree, step.node).map(str::to_owned),
            calls_workflow: step.kind() == Some("workflow"),
            secrets: names_behind(step.node.span().of(file.text), "secrets")
                .into_iter()
                .map(str::to_owned)
                .collect(),
        }
    }
}
