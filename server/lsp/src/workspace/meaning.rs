//! Whether two summaries mean the same to others: all but the places.
//!
//! A line typed above a step moves every span below it and changes nothing for anybody else. This is asked at every
//! keystroke, so nothing is copied for it; each function takes its type apart, so that a new field is not forgotten.

use copydesk_language::index::{
    AgentSummary, Call, Declared, Name, Names, Origin, SettingsView, StepSummary, Summary, SummaryBody,
    WorkflowSummary,
};

/// Whether nobody else sees a difference.
pub(crate) fn is_same(one: &Summary, other: &Summary) -> bool {
    let Summary { kind, title, body, calls } = one;
    let is_same_body = match (body, &other.body) {
        (SummaryBody::Workflow(one), SummaryBody::Workflow(other)) => is_same_workflow(one, other),
        (SummaryBody::Agent(one), SummaryBody::Agent(other)) => is_same_agent(one, other),
        (SummaryBody::Settings(one), SummaryBody::Settings(other)) => is_same_view(one, other),
        (one, other) => one == other,
    };
    let is_same_call = |Call { span: _, target }: &Call, other: &Call| *target == other.target;
    is_same_body && (kind, title) == (&other.kind, &other.title) && all(calls, &other.calls, is_same_call)
}

fn is_same_workflow(one: &WorkflowSummary, other: &WorkflowSummary) -> bool {
    let WorkflowSummary {
        name,
        name_span: _,
        description,
        inputs,
        outputs,
        output_schema,
        steps,
        pools,
        always_calls,
        // Proposed alone, and nothing is wrong by them.
        secrets: _,
        is_whole,
    } = one;
    let is_same_step = |StepSummary { id, kind, span: _ }: &StepSummary, other: &StepSummary| {
        (id, kind) == (&other.id, &other.kind)
    };
    (name, description, output_schema, always_calls, is_whole)
        == (&other.name, &other.description, &other.output_schema, &other.always_calls, &other.is_whole)
        && all(inputs, &other.inputs, is_same_declared)
        && all(outputs, &other.outputs, is_same_declared)
        && all(pools, &other.pools, is_same_name)
        && all(steps, &other.steps, is_same_step)
}

fn is_same_declared(one: &Declared, other: &Declared) -> bool {
    let Declared { name, span: _, ty, kind, values, required, docs } = one;
    (name, ty, kind, values, required, docs)
        == (&other.name, &other.ty, &other.kind, &other.values, &other.required, &other.docs)
}

fn is_same_name(Name { text, span: _ }: &Name, other: &Name) -> bool {
    *text == other.text
}

fn is_same_agent(one: &AgentSummary, other: &AgentSummary) -> bool {
    let AgentSummary { name, span: _, description, model, fallback, tools, reads } = one;
    (name, description, model, fallback, reads)
        == (&other.name, &other.description, &other.model, &other.fallback, &other.reads)
        && all(tools, &other.tools, is_same_name)
}

fn is_same_view(one: &SettingsView, other: &SettingsView) -> bool {
    let SettingsView {
        default_model,
        fallback,
        providers,
        provider_fallback,
        mcp_servers,
        guests,
        pools,
        engines_allowed,
        engines_denied,
        model_mappings,
        abilities,
    } = one;
    let is_same_allowed = match (engines_allowed, &other.engines_allowed) {
        (Some(one), Some(other)) => is_same_names(one, other),
        (one, other) => one.is_none() && other.is_none(),
    };
    (default_model, fallback, provider_fallback, model_mappings, abilities)
        == (
            &other.default_model,
            &other.fallback,
            &other.provider_fallback,
            &other.model_mappings,
            &other.abilities,
        )
        && is_same_allowed
        && is_same_names(providers, &other.providers)
        && is_same_names(mcp_servers, &other.mcp_servers)
        && is_same_names(guests, &other.guests)
        && is_same_names(pools, &other.pools)
        && is_same_names(engines_denied, &other.engines_denied)
}

fn is_same_names(one: &Names, other: &Names) -> bool {
    let is_same_origin = |one: &Option<Origin>, other: &Option<Origin>| match (one, other) {
        (Some(Origin { path, span: _ }), Some(other)) => *path == other.path,
        (one, other) => one.is_none() && other.is_none(),
    };
    let mut both = one.iter().zip(other);
    one.len() == other.len()
        && both.all(|((one, at), (other, there))| one == other && is_same_origin(at, there))
}

/// Whether two lists are alike, item by item.
fn all<T>(one: &[T], other: &[T], is_same: impl Fn(&T, &T) -> bool) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
}
