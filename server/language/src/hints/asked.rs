//! Which model a step asks: its own, its agent's, or the one of the config; and who answers instead.

use copydesk_base::path::shown;
use copydesk_base::wish::{self, Asker, Wish};

use super::Hint;
use crate::declared::Step;
use crate::{File, WorkspaceIndex, wishes};

/// The model of a step that names none itself.
pub(super) fn hint(file: &File<'_>, index: &WorkspaceIndex, step: &Step<'_>) -> Option<Hint> {
    let node = step.node;
    if node.get("model").is_some() || !wishes::asks(step) {
        return None;
    }
    let wished = wishes::of_step(file, index, step);
    let label = first(&wished, index)?;
    let instead = wishes::instead(&wishes::chain(&wished, index.settings.as_deref(), &label));
    let tooltip = [why(file, index, step, &wished), instead].join("\n\n");
    let offset = node.get("agent").or_else(|| node.get("type"))?.span().end;
    Some(Hint { offset, label, tooltip: tooltip.trim_end().to_owned() })
}

/// The models that a step may ask, in order, as they are written; `None` where an expression says which, or nobody
/// does.
pub(super) fn models(file: &File<'_>, index: &WorkspaceIndex, step: &Step<'_>) -> Option<Vec<String>> {
    let wished = wishes::of_step(file, index, step);
    let first = first(&wished, index)?;
    let chain = wishes::chain(&wished, index.settings.as_deref(), &first).names.to_vec();
    Some(std::iter::once(first).chain(chain).collect())
}

/// Who answers instead of the model of a step.
pub(super) fn instead(file: &File<'_>, index: &WorkspaceIndex, step: &Step<'_>) -> String {
    let wished = wishes::of_step(file, index, step);
    first(&wished, index).map_or_else(String::new, |first| {
        wishes::instead(&wishes::chain(&wished, index.settings.as_deref(), &first))
    })
}

/// The model that an agent of this name asks.
pub(super) fn of_agent(file: &File<'_>, index: &WorkspaceIndex, name: &str) -> Option<String> {
    let agent = wishes::named(file.path, index, name).and_then(|visible| visible.summary);
    agent.and_then(|agent| agent.model.clone()).or_else(|| of_config(index))
}

fn first(wished: &[Wish], index: &WorkspaceIndex) -> Option<String> {
    wish::model(wished).map(|(_, model)| model.to_owned()).or_else(|| of_config(index))
}

fn of_config(index: &WorkspaceIndex) -> Option<String> {
    index.settings.as_ref()?.default_model.clone()
}

/// Why it is this model.
fn why(file: &File<'_>, index: &WorkspaceIndex, step: &Step<'_>, wished: &[Wish]) -> String {
    let agent = wishes::agent(file, index, step);
    match (wish::model(wished), agent) {
        (Some((Asker::Agent, _)), Some(visible)) => {
            let root = index.root.as_deref().unwrap_or(std::path::Path::new(""));
            let path = visible.path.map_or_else(String::new, |path| shown(root, path));
            format!("The agent `{}` asks this model: `{path}` says so.", visible.name)
        }
        _ => {
            "Neither the step nor its agent names a model, so it is `default_model` of the config.".to_owned()
        }
    }
}
