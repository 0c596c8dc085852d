//! A scalar beside its shape: words of a list, numbers and their bounds, times, and texts where something else belongs.

use copydesk_base::config::{Age, Duration};
use copydesk_base::{Code, Diagnostic, Fix, TextEdit};
use copydesk_text::{Node, Value};

use super::Findings;
use super::fixes::remove_at;
use super::mismatch::mismatch;
use super::several::one_text_of_names;
use super::structure::Holder;
use super::suggest::usual_value;
use crate::declared::inner_span;
use crate::expression::has_expression;
use crate::shape::{Number, Role, Shape};
use crate::types::{Moment, SleepTime};
use crate::{FileKind, types};

/// So many words are offered one by one where none is near.
const FEW: usize = 3;

/// One scalar beside its shape. `seen` is what stands behind an alias.
pub(super) fn check<'a>(
    findings: &mut Findings<'a>,
    node: Node<'a>,
    seen: Node<'a>,
    shape: &'static Shape,
    holder: Holder<'a>,
) {
    let (Some(meaning), Some(text)) = (seen.value(), seen.scalar_text()) else { return };
    let takes_expressions = matches!(findings.file.kind, FileKind::Workflow | FileKind::Agent);
    if takes_expressions && has_expression(text) && shape.takes_scalar() && holder.name != "type" {
        return;
    }
    match shape.role {
        Role::SleepTime | Role::Duration | Role::Age | Role::Limit | Role::Moment => {
            return timed(findings, node, seen, shape, holder);
        }
        Role::Plain | Role::Expression | Role::Templated => {}
    }
    match meaning {
        Value::Text(text) if shape.takes_text() || shape.words().iter().any(|word| word.text == text) => {
            one_text_of_names(findings, node, shape, holder);
        }
        Value::Text(text) if !shape.words().is_empty() => unknown_word(findings, node, text, shape, holder),
        Value::Bool(_) if shape.takes_bool() => {}
        Value::Int(_) | Value::Float(_) => match shape.number() {
            Some(number) => bounds(findings, node, seen.as_f64().unwrap_or(0.0), number, shape, holder),
            None => mismatch(findings, node, seen, shape, holder),
        },
        _ => mismatch(findings, node, seen, shape, holder),
    }
}

/// Scalars whose text has a form of its own.
fn timed<'a>(
    findings: &mut Findings<'a>,
    node: Node<'a>,
    seen: Node<'a>,
    shape: &'static Shape,
    holder: Holder<'a>,
) {
    let text = seen.scalar_text().unwrap_or("");
    let fits = match shape.role {
        // A number is of whole milliseconds; with a unit it may be half a second.
        Role::SleepTime if seen.as_f64().is_some() => text.parse::<u64>().is_ok_and(|number| number > 0),
        Role::SleepTime => SleepTime::parse(text).is_some(),
        Role::Duration => Duration::parse(text).is_some(),
        // One of nothing is told as that.
        Role::Age => {
            Age::parse(text).is_some() || has_unit(seen) && is_nothing(text, shape.role, holder.name)
        }
        Role::Moment => Moment::is_moment(text),
        Role::Limit => text.trim().parse::<u64>().is_ok_and(|number| number > 0),
        Role::Plain | Role::Expression | Role::Templated => true,
    };
    if fits {
        if is_nothing(text, shape.role, holder.name) {
            no_time(findings, node, text, holder);
        }
        return;
    }
    match (seen.as_f64(), shape.number()) {
        (Some(found), Some(number)) => bounds(findings, node, found, number, shape, holder),
        _ => mismatch(findings, node, seen, shape, holder),
    }
}

/// Times that may be nothing: an answer that counts no longer than that is asked for each time.
const MAY_BE_NOTHING: &[&str] = &["cache"];

/// Whether a text with a form of its own says a time of nothing, whatever its unit.
fn is_nothing(text: &str, role: Role, key: &str) -> bool {
    let seconds = match role {
        Role::SleepTime => SleepTime::parse(text),
        Role::Duration | Role::Age => Duration::parse(text).map(|time| time.0.as_secs_f64()),
        Role::Moment | Role::Limit | Role::Plain | Role::Expression | Role::Templated => None,
    };
    seconds == Some(0.0) && !MAY_BE_NOTHING.contains(&key)
}

/// Whether a time is a text that ends with its unit.
fn has_unit(seen: Node<'_>) -> bool {
    seen.as_str().is_some_and(|text| text.trim_end().ends_with(|c: char| c.is_ascii_alphabetic()))
}

fn no_time(findings: &mut Findings<'_>, node: Node<'_>, text: &str, holder: Holder<'_>) {
    let message = format!("{} must be more than 0", holder.subject(findings.file.kind));
    let least = format!("1{}", text.trim().trim_start_matches(['0', '.', ' ']));
    let edits = vec![TextEdit::new(inner_span(node), least.as_str())];
    let finding = Diagnostic::new(Code::UnknownValue, node.span(), message);
    findings.add(finding.with_fix(Fix::new(format!("change to '{least}'"), edits)));
}

pub(super) fn bounds<'a>(
    findings: &mut Findings<'a>,
    node: Node<'a>,
    found: f64,
    number: &Number,
    shape: &'static Shape,
    holder: Holder<'a>,
) {
    let subject = holder.subject(findings.file.kind);
    if !found.is_finite() {
        let message = format!(
            "{} {}; this is none that can be counted with",
            holder.takes(findings.file.kind),
            shape.takes()
        );
        let mut finding = Diagnostic::new(Code::TypeMismatch, node.span(), message);
        if let Some(edit) = holder.removal(&findings.file) {
            finding = finding.with_fix(Fix::new(format!("take '{}' out", holder.name), vec![edit]));
        }
        findings.add(finding);
    } else if number.whole && findings.file.kind == FileKind::Config && is_written_apart(node) {
        // The settings are read strictly: `1e0` is no whole number there, nor is one that is too large.
        let message = format!("{subject} takes {}; this is none that can be read", shape.takes());
        let finding = Diagnostic::new(Code::TypeMismatch, node.span(), message);
        let is_small = found.fract() == 0.0 && found.abs() < 1e9;
        findings.add(if is_small { with_number(finding, found) } else { finding });
    } else if number.whole && found.fract() != 0.0 {
        let message = format!("{subject} takes {}; this one has a fraction", shape.takes());
        findings.add(with_number(Diagnostic::new(Code::TypeMismatch, node.span(), message), found.round()));
    } else if let Some(least) = number.least.filter(|least| found < *least) {
        let message = format!("{subject} must be at least {least}");
        let above = number.above.map_or(least, |above| least.max(above.floor() + 1.0));
        findings.add(with_number(Diagnostic::new(Code::UnknownValue, node.span(), message), above));
    } else if let Some(most) = number.most.filter(|most| found > *most) {
        let message = format!("{subject} must be at most {most}");
        findings.add(with_number(Diagnostic::new(Code::UnknownValue, node.span(), message), most));
    } else if let Some(above) = number.above.filter(|above| found <= *above) {
        let message = format!("{subject} must be more than {above}");
        findings
            .add(with_number(Diagnostic::new(Code::UnknownValue, node.span(), message), above.floor() + 1.0));
    }
}

/// Whether a number that may be whole is not written as one, or does not end where one does.
fn is_written_apart(node: Node<'_>) -> bool {
    let is_float = matches!(node.value(), Some(Value::Float(_)));
    is_float && node.as_f64().is_some_and(|found| found.fract() == 0.0)
}

/// The nearest number that would do.
fn with_number(finding: Diagnostic, number: f64) -> Diagnostic {
    let edit = TextEdit::new(finding.span, number.to_string());
    finding.with_fix(Fix::new(format!("change to {number}"), vec![edit]))
}

fn unknown_word<'a>(
    findings: &mut Findings<'a>,
    node: Node<'a>,
    text: &str,
    shape: &'static Shape,
    holder: Holder<'a>,
) {
    if text == "bypass" && holder.name == "mode" {
        let message = "'bypass' is a flag of the command line only; no file can set it";
        let mut finding = Diagnostic::new(Code::UnknownValue, node.span(), message);
        if let Some(edit) = remove_at(&findings.file, holder.span.start) {
            finding = finding.with_fix(Fix::new("take it out", vec![edit]));
        }
        findings.add(finding);
        return;
    }
    let usual = usual_value(holder.name, text)
        .filter(|(right, _)| shape.words().iter().any(|word| word.text == *right));
    let near = findings.suggest.nearest(text, shape.words().iter().map(|word| word.text.as_str()));
    let near = usual.map(|(right, _)| right).or(near);
    let mut message = match holder.name {
        "type" if shape.words().len() == types::StepKind::WORDS.len() => {
            format!("'{text}' is no type of step")
        }
        name => format!("'{text}' is no value of '{name}'; it takes {}", shape.takes()),
    };
    if let Some(near) = near {
        message.push_str(&format!("; did you mean '{near}'?"));
    }
    let mut finding = Diagnostic::new(Code::UnknownValue, node.span(), message);
    if let Some(near) = near {
        let edits = vec![TextEdit::new(inner_span(node), near)];
        let safety = usual.map_or_else(|| findings.suggest.safety(), |(_, safety)| safety);
        finding = finding.with_fix(Fix::new(format!("change to '{near}'"), edits).with_safety(safety));
    } else if shape.words().len() <= FEW {
        finding.fixes.extend(shape.words().iter().map(|word| {
            let edits = vec![TextEdit::new(inner_span(node), word.text.as_str())];
            Fix::new(format!("change to '{}'", word.text), edits)
        }));
    }
    findings.add(finding);
}
