//! The tools that one model is given: each name once, and one that models can say.

use std::collections::HashMap;

use copydesk_base::{Code, Diagnostic, Fix};
use copydesk_text::Node;

use super::Findings;
use super::fixes::{remove_item, replace_text};
use crate::declared::inner_span;

/// The longest name that every provider takes.
const LONGEST: usize = 64;

/// Looks at a list of tools: names of built-in ones, and tools written out.
pub(super) fn names(findings: &mut Findings<'_>, list: Option<Node<'_>>) {
    let Some(list) = list else { return };
    let texts = || list.items().iter().filter_map(|item| named(item)?.as_str());
    let mut seen = HashMap::new();
    for (at, item) in list.items().iter().enumerate() {
        let Some((node, name)) = named(item).and_then(|node| Some((node, node.as_str()?))) else { continue };
        let span = inner_span(node);
        if item.scalar().is_none() && !name.is_empty() && !is_sayable(name) {
            let message = format!(
                "'{name}' is no name that models can say: letters, digits, '_' and '-', {LONGEST} at most"
            );
            let plain = sayable(name);
            let edit = (!plain.is_empty()).then(|| replace_text(node, &plain)).flatten();
            let fix = edit.map(|edit| Fix::new(format!("change to '{plain}'"), vec![edit]));
            findings.add(Diagnostic {
                fixes: fix.into_iter().collect(),
                ..Diagnostic::new(Code::FormatMismatch, span, message)
            });
        }
        let first = *seen.entry(name).or_insert(span);
        if first == span {
            continue;
        }
        let fix = if item.scalar().is_some() {
            remove_item(findings.file.text, list, at).map(|edit| Fix::new("take it out", vec![edit]))
        } else {
            let free = (2..100)
                .map(|number| format!("{name}_{number}"))
                .find(|free| texts().all(|other| other != free));
            free.and_then(|free| {
                Some(Fix::new(format!("rename to '{free}'"), vec![replace_text(node, &free)?]))
            })
        };
        let message = format!("there is a tool '{name}' already; no model could tell the two apart");
        let finding = Diagnostic::new(Code::DuplicateTool, span, message)
            .with_related(first, format!("'{name}' is here first"));
        findings.add(Diagnostic { fixes: fix.into_iter().collect(), ..finding });
    }
}

/// What names a tool: itself, or the key of one that is written out.
fn named(item: Node<'_>) -> Option<Node<'_>> {
    if item.scalar().is_some() { Some(item) } else { item.get("name") }
}

fn is_sayable(name: &str) -> bool {
    name.len() <= LONGEST
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// The nearest name that can be said; empty where nothing of it can.
fn sayable(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' };
    let name: String = name.trim().chars().map(plain).take(LONGEST).collect();
    name.trim_matches('_').to_owned()
}
