//! Whether two summaries mean the same to others: all but the places.
//!
//! A line typed above a step moves every span below it and changes nothing for anybody else.

use copydesk_base::Span;
use copydesk_language::index::{Summary, SummaryBody};

/// Whether nobody else sees a difference.
pub(crate) fn is_same(one: &Summary, other: &Summary) -> bool {
    one == other || placeless(one) == placeless(other)
}

/// A summary with every span taken away.
fn placeless(summary: &Summary) -> Summary {
    let mut summary = summary.clone();
    for call in &mut summary.calls {
        call.span = Span::default();
    }
    match &mut summary.body {
        SummaryBody::Workflow(workflow) => {
            workflow.name_span = Span::default();
            for declared in workflow.inputs.iter_mut().chain(&mut workflow.outputs) {
                declared.span = Span::default();
            }
            for step in &mut workflow.steps {
                step.span = Span::default();
            }
            for pool in &mut workflow.pools {
                pool.span = Span::default();
            }
        }
        SummaryBody::Agent(agent) => {
            agent.span = Span::default();
            for tool in &mut agent.tools {
                tool.span = Span::default();
            }
        }
        SummaryBody::Settings(view) => {
            let names = [&mut view.providers, &mut view.mcp_servers, &mut view.guests, &mut view.pools];
            let engines = view.engines_allowed.iter_mut().chain([&mut view.engines_denied]);
            for origin in names.into_iter().chain(engines).flat_map(|names| names.values_mut().flatten()) {
                origin.span = Span::default();
            }
        }
        SummaryBody::Other => {}
    }
    summary
}
