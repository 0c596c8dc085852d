//! Several names in one text where a list of them is meant: `a, b`, and the words of a command.

use copydesk_base::{Code, Diagnostic, Fix, TextEdit};
use copydesk_text::{Node, Style};

use super::Findings;
use super::fixes::quoted;
use super::structure::Holder;
use crate::models::is_key as is_models;
use crate::shape::Shape;

/// `a, b` as `[a, b]`.
pub(super) fn as_words(node: Node<'_>, holder: Holder<'_>) -> Option<Fix> {
    let words = names(node, holder.name)?;
    let is_command = matches!(holder.name, "args" | "command");
    let words = words.into_iter().map(|word| if is_command { quoted(word) } else { word.to_owned() });
    let list = words.collect::<Vec<_>>().join(", ");
    Some(Fix::new("make it a list", vec![TextEdit::new(node.span(), format!("[{list}]"))]))
}

/// The names in a text that holds several, where one stands in a text: with commas between, or with blanks where a
/// name has none.
pub(super) fn names<'a>(node: Node<'a>, key: &str) -> Option<Vec<&'a str>> {
    let scalar = node.scalar().filter(|scalar| scalar.style() == Style::Plain)?;
    let text = node.scalar_text()?;
    let is_apart = |c: char| c == ',' || c.is_whitespace() && matches!(key, "needs" | "fallback");
    if matches!(key, "args" | "command") {
        return arguments(text);
    }
    let words: Vec<&str> = if text.contains(',') {
        text.split(',').map(str::trim).collect()
    } else {
        text.split(is_apart).filter(|word| !word.is_empty()).collect()
    };
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':');
    let is_word = |word: &&str| word.chars().all(is_part) && !word.is_empty() && !word.ends_with(':');
    (words.len() > 1 && !scalar.text().contains('\n') && words.iter().all(is_word)).then_some(words)
}

/// The words of a command that a shell would hand over as they are.
fn arguments(text: &str) -> Option<Vec<&str>> {
    let is_plain = |c: char| !"|&;<>()$`\\\"'*?[]{}#~=%\n".contains(c);
    let words: Vec<&str> = text.split_whitespace().collect();
    (words.len() > 1 && text.chars().all(is_plain)).then_some(words)
}

/// What several names in one text are called.
pub(super) fn several(names: &[&str]) -> String {
    format!("these are {} names in one text", names.len())
}

/// A text that holds several names where one name or a list of them stands.
pub(super) fn one_text_of_names(
    findings: &mut Findings<'_>,
    node: Node<'_>,
    shape: &Shape,
    holder: Holder<'_>,
) {
    let Some(names) = names(node, holder.name).filter(|_| shape.list().is_some() && is_models(holder.name))
    else {
        return;
    };
    let message = format!("{} a name or a list; {}", holder.takes(findings.file.kind), several(&names));
    let mut finding = Diagnostic::new(Code::TypeMismatch, node.span(), message);
    finding.fixes.extend(as_words(node, holder));
    findings.add(finding);
}
