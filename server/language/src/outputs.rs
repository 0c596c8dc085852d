//! Which output of a called workflow an expression reads: `steps.ID.outputs.NAME`, however it is written.
//!
//! `output` and `outputs` hold the same names: those that `outputMapping` gives, and those of the workflow itself,
//! which are also below `outputs.outputs`. Of many rounds `output` is a list: `steps.ID.output[0].NAME`.

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
    let rest = match (word.name.text.as_str(), Rounds::of(|key| step.get(key).is_some())) {
        ("outputs", _) | ("output", Rounds::One) => rest,
        // A list, of an item for each round.
        ("output", Rounds::Many) if rest.is_empty() => &reference.of_item,
        _ => return None,
    };
    if step.kind() != Some("workflow") || step.get("transform").is_some() {
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
    step.get("outputMapping").is_some_and(|mapping| mapping.entry(name).is_some())
}

fn workflow<'t>(step: &Step<'t>) -> Option<Of<'t>> {
    let path = step.get("path").and_then(Node::scalar_text)?;
    (!path.is_empty() && !has_expression(path)).then_some(Of::Workflow { path })
}
