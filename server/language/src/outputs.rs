//! Which output of a called workflow an expression reads: `steps.ID.outputs.NAME`, however it is written.
//!
//! `output` and `outputs` hold the same names: those that `outputMapping` gives, and those of the workflow itself, which
//! are also below `outputs.outputs`.

use copydesk_text::Node;

use crate::declared::{Declared, Step};
use crate::expression::types::steps::Rounds;
use crate::expression::{Member, Reference, has_expression};

/// A name of an output in an expression.
pub(crate) struct OutputRead<'r, 't> {
    /// Where it stands, and how.
    pub(crate) member: &'r Member,
    pub(crate) of: Of<'t>,
}

/// Whose name it is.
pub(crate) enum Of<'t> {
    /// `outputMapping` of this step gives it.
    Mapping { step: &'t str },
    /// The workflow, as the step's `path` writes it.
    Workflow { path: &'t str },
}

/// The output that a reference reads, if it reads one.
pub(crate) fn output_read<'r, 't>(
    declared: &Declared<'t>,
    reference: &'r Reference,
) -> Option<OutputRead<'r, 't>> {
    let ("steps", [id, word, rest @ ..]) = (reference.root.text.as_str(), &*reference.path) else {
        return None;
    };
    let step = declared.steps.get(declared.step(&id.name.text)?)?;
    let holds_outputs = match word.name.text.as_str() {
        "outputs" => true,
        // Of many rounds it is a list.
        "output" => Rounds::of(step.node) == Rounds::One,
        _ => false,
    };
    if !holds_outputs || step.kind() != Some("workflow") || step.node.get("transform").is_some() {
        return None;
    }
    let (member, of) = match rest {
        [inner, member, ..] if inner.name.text == "outputs" => (member, workflow(step)?),
        [member, ..] if is_mapped(step, &member.name.text) => (member, Of::Mapping { step: step.id()?.0 }),
        [member, ..] => (member, workflow(step)?),
        [] => return None,
    };
    (!member.name.text.is_empty()).then_some(OutputRead { member, of })
}

fn is_mapped(step: &Step<'_>, name: &str) -> bool {
    step.node.get("outputMapping").is_some_and(|mapping| mapping.entry(name).is_some())
}

fn workflow<'t>(step: &Step<'t>) -> Option<Of<'t>> {
    let path = step.node.get("path").and_then(Node::scalar_text)?;
    (!path.is_empty() && !has_expression(path)).then_some(Of::Workflow { path })
}
