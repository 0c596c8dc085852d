//! Models that lack what the work needs: tools where somebody works with them, eyes where words name an image.
//!
//! The config says what a model can (`providers.NAME.models.MODEL`), and what its provider listed when it was asked
//! last. A run finds out as well, before anything is sent; here it is said while the name is written. A model of which
//! nothing is said is left alone. (Answers that must fit a schema need no mark: where no API holds a model to it, they
//! are repaired.)

use copydesk_base::wish::Asker;
use copydesk_base::{Code, Diagnostic, Fix, TextEdit};
use copydesk_text::Node;

use super::Findings;
use crate::declared::inner_span;
use crate::expression::has_expression;
use crate::index::SettingsView;
use crate::models::Abilities;
use crate::{FileKind, chat, mentions, models, placeholders, wishes};

/// What somebody needs of a model.
struct Need<'a> {
    code: Code,
    of: fn(Abilities) -> Option<bool>,
    /// `calls no tools, and this agent works with them`.
    words: &'a str,
}

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
    if wishes::head_takes_tools(root) {
        tools(findings, root, asker, who);
    }
    if let Some(image) = image(findings) {
        let words = format!("sees no images, and '{image}' is one");
        let need = Need { code: Code::BlindModel, of: |can| can.images, words: &words };
        named(findings, root, asker, &need);
    }
}

/// A step that asks a model.
pub(super) fn step(findings: &mut Findings<'_>, node: Node<'_>, kind: &str) {
    if !matches!(kind, "llm" | "plan" | "dynamic" | "blueprint") {
        return;
    }
    let agent = node.get("agent").and_then(Node::scalar_text);
    let agents = findings.context.agents.as_ref();
    if wishes::names_tools(node) {
        tools(findings, node, Asker::Step, "this step works");
    } else if agent.is_some_and(|agent| agents.is_some_and(|agents| agents.has_tools(agent))) {
        tools(findings, node, Asker::Step, "the agent of this step works");
    }
}

/// The image that goes along with what a file asks: a prompt's, or the last words of a conversation.
fn image<'f>(findings: &Findings<'f>) -> Option<&'f str> {
    let file = findings.file;
    let words = match file.kind {
        FileKind::Prompt => placeholders::body(&file)?.of(file.text),
        FileKind::Chat => chat::unsent(file.text)?.words(file.text),
        _ => return None,
    };
    mentions::image(words)
}

fn tools(findings: &mut Findings<'_>, node: Node<'_>, asker: Asker, who: &str) {
    let words = format!("calls no tools, and {who} with them");
    named(findings, node, asker, &Need { code: Code::ToollessModel, of: |can| can.tools, words: &words });
}

fn named(findings: &mut Findings<'_>, node: Node<'_>, asker: Asker, need: &Need<'_>) {
    let Some(settings) = findings.context.settings.clone() else { return };
    let Some(written) = node.get("model") else { return };
    let Some(model) = written.as_str().filter(|text| !text.is_empty() && !has_expression(text)) else {
        return;
    };
    let listed = findings.context.models.clone();
    // Who says that it cannot; nothing where nobody does.
    let lacks = |name: &str| {
        let full = models::full_name(&settings, name);
        let own = settings.abilities.get(&full).copied().and_then(need.of);
        let listed = || (need.of)(listed.iter().find(|known| known.name == full)?.can);
        let (can, who) = own.map_or_else(|| (listed(), "its provider"), |own| (Some(own), "the config"));
        (can == Some(false)).then_some(who)
    };
    let Some(who) = lacks(&wishes::of_provider(node, model.to_owned())) else { return };
    let own = [wishes::said(asker, node)];
    let chain = wishes::chain(&own, Some(&settings), model);
    let instead = chain.names.iter().find(|name| lacks(name).is_none());
    let mend = match instead {
        Some(instead) => format!("'{instead}' is asked instead"),
        None => "name one that does".to_owned(),
    };
    let message = format!("{who} says that '{model}' {}; {mend}", need.words);
    let mut finding = Diagnostic::new(need.code, written.span(), message);
    if let Some(better) = better(&settings, instead).filter(|better| lacks(better).is_none()) {
        let edits = vec![TextEdit::new(inner_span(written), better)];
        finding = finding.with_fix(Fix::new(format!("change to '{better}'"), edits));
    }
    findings.add(finding);
}

/// A model that could stand there: who is asked anyway, or who is asked where nobody is named.
fn better<'a>(settings: &'a SettingsView, instead: Option<&'a String>) -> Option<&'a str> {
    instead.or(settings.default_model.as_ref()).map(String::as_str)
}
