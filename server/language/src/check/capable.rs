//! Models that call no tools, where somebody works with tools.
//!
//! The config says what a model can (`providers.NAME.models.MODEL.tools`). A run finds out as well, before anything is
//! sent; here it is said while the name is written. A model of which nothing is said is left alone.

use copydesk_base::wish::Asker;
use copydesk_base::{Code, Diagnostic, Fix, TextEdit};
use copydesk_text::Node;

use super::Findings;
use crate::declared::inner_span;
use crate::expression::has_expression;
use crate::index::SettingsView;
use crate::{FileKind, models, wishes};

/// A file whose head names the model of whoever works by it.
pub(super) fn file(findings: &mut Findings<'_>) {
    let (who, asker) = match findings.file.kind {
        FileKind::Agent => ("this agent works", Asker::Agent),
        FileKind::Layer => ("this layer works", Asker::Agent),
        FileKind::Action => ("this action works", Asker::Agent),
        FileKind::Prompt => ("this prompt command works", Asker::Agent),
        FileKind::Chat => ("whoever answers here works", Asker::Flag),
        _ => return,
    };
    let Some(root) = findings.tree().root() else { return };
    let tools = root.get("tools").or_else(|| root.get("allowed-tools"));
    // What names none works with whatever there is.
    if tools.is_none_or(|tools| !is_empty(tools)) {
        named(findings, root, asker, who);
    }
}

/// A step that asks a model.
pub(super) fn step(findings: &mut Findings<'_>, node: Node<'_>, kind: &str) {
    if !matches!(kind, "llm" | "plan" | "dynamic" | "blueprint") {
        return;
    }
    let agent = node.get("agent").and_then(Node::scalar_text);
    let agents = findings.context.agents.as_ref();
    if node.get("tools").is_some_and(|tools| !is_empty(tools)) {
        named(findings, node, Asker::Step, "this step works");
    } else if agent.is_some_and(|agent| agents.is_some_and(|agents| agents.has_tools(agent))) {
        named(findings, node, Asker::Step, "the agent of this step works");
    }
}

fn named(findings: &mut Findings<'_>, node: Node<'_>, asker: Asker, who: &str) {
    let Some(settings) = findings.context.settings.clone() else { return };
    let Some(written) = node.get("model") else { return };
    let Some(model) = written.as_str().filter(|text| !text.is_empty() && !has_expression(text)) else {
        return;
    };
    let calls = |name: &str| settings.tools.get(&models::full_name(&settings, name)).copied();
    if calls(&wishes::of_provider(node, model.to_owned())) != Some(false) {
        return;
    }
    let own = [wishes::said(asker, node)];
    let chain = wishes::chain(&own, Some(&settings), model);
    let instead = chain.names.iter().find(|name| calls(name) != Some(false));
    let mend = match instead {
        Some(instead) => format!("'{instead}' is asked instead"),
        None => "name one that does".to_owned(),
    };
    let message = format!("the config says that '{model}' calls no tools, and {who} with them; {mend}");
    let mut finding = Diagnostic::new(Code::ToollessModel, written.span(), message);
    if let Some(better) = better(&settings, instead).filter(|better| calls(better) != Some(false)) {
        let edits = vec![TextEdit::new(inner_span(written), better)];
        finding = finding.with_fix(Fix::new(format!("change to '{better}'"), edits));
    }
    findings.add(finding);
}

/// A model that could stand there: who is asked anyway, or who is asked where nobody is named.
fn better<'a>(settings: &'a SettingsView, instead: Option<&'a String>) -> Option<&'a str> {
    instead.or(settings.default_model.as_ref()).map(String::as_str)
}

fn is_empty(list: Node<'_>) -> bool {
    list.items().is_empty()
        && list.entries().is_empty()
        && list.as_str().is_none_or(|text| text.trim().is_empty())
}
