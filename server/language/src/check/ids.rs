//! Texts that cannot be the id of a step, or that make a poor one.
//!
//! An expression writes an id behind a dot. One with a hyphen in it is legal and common, so that only its use behind a
//! dot is marked; whatever else no name can hold is marked where it is given.

use copydesk_base::{Code, Diagnostic, Fix, Severity, TextEdit};
use copydesk_text::Node;

use crate::declared::{Declared, inner_span};
use crate::expression::library::is_inherited;
use crate::navigate::is_legal_name;

/// What is wrong with the id of a step, with another that is free.
pub(super) fn unfit(text: &str, declared: &Declared<'_>, (id, node): (&str, Node<'_>)) -> Option<Diagnostic> {
    let (message, severity) = reason(id)?;
    let mut finding = Diagnostic::new(Code::UnknownValue, node.span(), message);
    finding.severity = severity;
    let plain = plain(id);
    let numbered = (2..100).map(|number| format!("{plain}_{number}"));
    // What other steps call it, where signs came into its own name.
    let bare: String = id.chars().filter(|c| c.is_alphanumeric() || matches!(c, '_' | '-')).collect();
    let is_called = |name: &String| {
        let needs = declared.steps.iter().filter_map(|step| step.node.get("needs"));
        is_legal_name(name) && needs.flat_map(Node::items).any(|need| need.scalar_text() == Some(name))
    };
    let names = Some(bare).filter(is_called).into_iter().chain([plain.clone()]).chain(numbered);
    let free = names.into_iter().find(|free| declared.step(free).is_none());
    if let Some(free) = free.filter(|_| !is_read(text, id)) {
        let mut edits = vec![TextEdit::new(inner_span(node), &free)];
        let needs = declared
            .steps
            .iter()
            .flat_map(|step| step.node.get("needs").map(Node::items).unwrap_or_default());
        let named = needs.filter(|need| need.scalar_text() == Some(id));
        edits.extend(named.map(|need| TextEdit::new(inner_span(need), &free)));
        finding = finding.with_fix(Fix::new(format!("rename to '{free}'"), edits));
    }
    Some(finding)
}

/// An id in the place of a text that none can be; nothing where it is one.
pub(super) fn better(text: &str) -> Option<String> {
    reason(text).filter(|_| !text.trim().is_empty()).map(|_| plain(text))
}

fn reason(id: &str) -> Option<(String, Severity)> {
    if id.trim().is_empty() {
        return Some(("the id of this step is empty; give it a name".to_owned(), Severity::Error));
    }
    if id.contains(char::is_whitespace) {
        return Some((format!("the id '{id}' has blanks in it; write a name of one word"), Severity::Error));
    }
    if is_inherited(id) {
        let message = format!("'{id}' cannot be the id of a step: expressions read it as something else");
        return Some((message, Severity::Error));
    }
    let message = format!(
        "an expression cannot write '{id}' behind a dot; use letters, digits, '_' and '-', with a letter first"
    );
    (!is_legal_name(id)).then_some((message, Severity::Warning))
}

/// The nearest id that an expression can write.
fn plain(id: &str) -> String {
    let signs =
        id.trim().chars().map(|c| if c.is_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' });
    let id: String = signs.collect();
    match id.trim_start_matches('-') {
        "" => "step".to_owned(),
        id if is_legal_name(id) && !is_inherited(id) => id.to_owned(),
        id => format!("step_{id}"),
    }
}

/// Whether expressions have the id between brackets, where a mend of the id alone would lose them.
fn is_read(text: &str, id: &str) -> bool {
    text.contains(&format!("['{id}']")) || text.contains(&format!("[\"{id}\"]"))
}
