//! Values of the wrong kind: what the key takes, and the mend where it is plain to see.
//!
//! Some are expressions that YAML reads as something else: `!a` as a tag, `{{ a }}` as mappings.

use copydesk_base::{Code, Diagnostic, Fix, Span, TextEdit};
use copydesk_text::{Entry, Node, Style, Value};

use super::Findings;
use super::fixes::{is_flow, line_start};
use super::meant::{is_item, missing_space};
use super::reshape::{self, short_unit};
use super::scalar;
use super::several::{names, several};
use super::structure::Holder;
use crate::expression;
use crate::file::FileKind;
use crate::shape::{Number, Role, Shape};
use crate::types::{Moment, SleepTime};

/// The wrong kind of value. Where the right one is plain to see, with the mend.
pub(super) fn mismatch<'a>(
    findings: &mut Findings<'a>,
    node: Node<'a>,
    seen: Node<'a>,
    shape: &'static Shape,
    holder: Holder<'a>,
) {
    if let Some(finding) = undashed(findings, node, shape, holder) {
        let is_told =
            |known: &Diagnostic| known.code == Code::YamlSyntax && known.span.start == finding.span.start;
        if !findings.list.iter().any(is_told) {
            findings.add(finding);
        }
        return;
    }
    let nothing =
        seen.scalar_text().and_then(|text| with_unit(holder, shape, text)).filter(|number| number == "0");
    if let (Some(bounds), Some(_)) = (shape.number().filter(|bounds| !bounds.takes(0.0)), nothing) {
        return scalar::bounds(findings, node, 0.0, bounds, shape, holder);
    }
    let names = shape.list().and_then(|_| names(node, holder.name));
    let names_of_several = names.as_deref().filter(|_| !matches!(holder.name, "args" | "command"));
    let is_no_day = shape.role == Role::Moment && seen.scalar_text().is_some_and(Moment::has_form);
    let found = match names_of_several {
        Some(names) => several(names),
        None if is_no_day => "there is no such day or hour".to_owned(),
        None => this_is(seen),
    };
    let mut takes = shape.takes();
    if let Some((unit, _)) =
        seen.scalar_text().and_then(|text| Some((unit(holder, shape)?.0, with_unit(holder, shape, text)?)))
    {
        takes = takes.replacen("number", &format!("number of {unit}"), 1);
    }
    let mut message = format!("{} {takes}; {found}", holder.takes(findings.file.kind));
    let braced = braced(findings, node).filter(|_| shape.takes_scalar());
    // No expression counts in settings.
    let is_setting = matches!(
        findings.file.kind,
        FileKind::Config | FileKind::KeystoneConfig | FileKind::Mcp | FileKind::Plugin | FileKind::Hooks
    );
    if braced.is_some() && is_setting {
        message.push_str(", for '{{' opens one in YAML; nothing is filled in here, write the value itself");
        return findings.add(Diagnostic::new(Code::TypeMismatch, node.span(), message));
    }
    if braced.is_some() {
        message.push_str(", for '{{' opens one in YAML; write '${{'");
    }
    let mut finding = Diagnostic::new(Code::TypeMismatch, node.span(), message);
    if let Some(edits) = braced {
        return findings.add(finding.with_fix(Fix::new("write '${{ }}'", edits)));
    }
    match mend(findings, node, shape, holder) {
        Some((title, text)) => {
            finding = finding.with_fix(Fix::safe(title, vec![TextEdit { span: node.span(), text }]));
        }
        None => finding.fixes = reshape::fixes(findings, node, shape, holder),
    }
    findings.add(finding);
}

/// What a value is, as the end of a sentence.
pub(super) fn this_is(node: Node<'_>) -> String {
    match node.kind_word() {
        "true or false" => "this is true or false".to_owned(),
        word => format!("this is a {word}"),
    }
}

/// A list whose dashes have no space behind them, which makes them part of a text or of a key.
fn undashed(
    findings: &Findings<'_>,
    node: Node<'_>,
    shape: &Shape,
    holder: Holder<'_>,
) -> Option<Diagnostic> {
    let text = findings.file.text;
    let start = node.span().start;
    let indent = text.get(line_start(text, start)..start)?;
    // `-v` is an argument as it is.
    let takes_dashes = matches!(holder.name, "args" | "command");
    if shape.list().is_none() || takes_dashes || !indent.chars().all(|c| c == ' ') {
        return None;
    }
    let source = node.span().of(text);
    let word = |line: &str| line.split([' ', ':', '\n', '\r']).next().unwrap_or("").len();
    let first = source.get(..word(source)).filter(|word| is_item(word))?;
    let mut at = start - indent.len();
    let mut places = Vec::new();
    for line in text.get(at..node.span().end)?.split_inclusive('\n') {
        let item = line.strip_prefix(indent).unwrap_or("");
        if item.get(..word(item)).is_some_and(is_item) {
            places.push(at + indent.len() + 1);
        }
        at += line.len();
    }
    Some(missing_space(Code::TypeMismatch, Span::new(start, start + first.len()), places))
}

/// The edits that make an expression of `{{ … }}`, which YAML reads as mappings.
fn braced(findings: &Findings<'_>, node: Node<'_>) -> Option<Vec<TextEdit>> {
    let source = node.span().of(findings.file.text);
    let inner = source.strip_prefix("{{")?.strip_suffix("}}")?;
    let (_, problems) = expression::parse(inner, Span::new(0, inner.len()));
    let is_plain = problems.is_empty() && !inner.contains([':', '#', '\n', '"', '\\']);
    is_plain.then(|| vec![TextEdit::new(node.span(), format!("\"${source}\""))])
}

fn mend(
    findings: &Findings<'_>,
    node: Node<'_>,
    shape: &'static Shape,
    holder: Holder<'_>,
) -> Option<(String, String)> {
    let scalar = node.scalar()?;
    let text = scalar.text();
    let one_line = matches!(scalar.style(), Style::Plain | Style::SingleQuoted | Style::DoubleQuoted)
        && !text.contains(['\n', '"', '\\']);
    let source = node.span().of(findings.file.text);
    if !one_line || source.is_empty() {
        return None;
    }
    // A time without its unit is none between quotes either, nor is a number a day.
    let is_timed = matches!(shape.role, Role::Age | Role::Moment);
    if shape.takes_text() && !is_timed && !matches!(node.value(), Some(Value::Text(_))) {
        return Some(("put it in quotes".to_owned(), format!("\"{text}\"")));
    }
    if shape.takes_bool() {
        let word = match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "y" => "true",
            "false" | "no" | "off" | "n" => "false",
            _ => return None,
        };
        return Some((format!("change to '{word}'"), word.to_owned()));
    }
    if let Some(number) = with_unit(holder, shape, text).filter(|_| shape.number().is_some()) {
        return Some((format!("change to {number}"), number));
    }
    if let Some(number) = shape.number().and_then(|number| digits(text, number)) {
        return Some(("take the quotes away".to_owned(), number));
    }
    let list = shape.list()?;
    let takes_item = findings.shapes.get(list.item).takes_text();
    let safe = !source.contains([',', '[', ']', '{', '}', '#']) && is_one(text);
    (takes_item && safe).then(|| ("make it a list".to_owned(), format!("[{source}]")))
}

/// Whether a text is one item, and not several with spaces between: `Read(a) Bash(b c)` are two.
fn is_one(text: &str) -> bool {
    let mut depth = 0_usize;
    text.trim().chars().all(|letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > 0 || !letter.is_whitespace()
    })
}

/// The number that a text of digits says, if the key takes it.
fn digits(text: &str, number: &Number) -> Option<String> {
    let text = text.trim();
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    let value = text.parse::<f64>().ok().filter(|_| is_number)?;
    if value.fract() == 0.0 && number.whole {
        return Some(text.split('.').next().unwrap_or(text).to_owned());
    }
    (!number.whole).then(|| text.to_owned())
}

/// A time with a unit, as the number that the key takes: `30s` for `timeout` is 30000.
fn with_unit(holder: Holder<'_>, shape: &Shape, text: &str) -> Option<String> {
    let (_, unit) = unit(holder, shape)?;
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (count, written) = text.split_at(split);
    let milliseconds = SleepTime::parse(&format!("{}{}", count.trim(), short_unit(written)?))?;
    let number = milliseconds / unit;
    (number.fract() == 0.0).then(|| number.to_string())
}

/// What a number counts under a key of that name, and how many milliseconds that is. A time that takes a unit has its
/// own: `timeout` of a config counts seconds.
fn unit(holder: Holder<'_>, shape: &Shape) -> Option<(&'static str, f64)> {
    match holder.name {
        _ if matches!(shape.role, Role::Duration | Role::SleepTime | Role::Age) => None,
        "timeout" | "baseDelay" => Some(("milliseconds", 1.0)),
        name if name.ends_with("Seconds") => Some(("seconds", 1000.0)),
        _ => None,
    }
}

/// Whether a value that should be an expression starts with `!`, which YAML reads as a tag.
pub(super) fn tagged(
    findings: &mut Findings<'_>,
    mapping: Node<'_>,
    entry: Entry<'_>,
    shape: &Shape,
) -> bool {
    let (key, value) = (entry.key(), entry.value());
    let is_own = value.tag().is_some_and(|tag| tag.starts_with('!') && !tag.starts_with("!!"));
    if !is_own || shape.role != Role::Expression || !(value.is_null() || value.scalar().is_some()) {
        return false;
    }
    let text = findings.file.text;
    let Some(start) = text.get(key.span().end..).and_then(|rest| rest.find('!')) else { return false };
    let start = key.span().end + start;
    let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("");
    let line = line.find(" #").and_then(|comment| line.get(..comment)).unwrap_or(line);
    let end = if is_flow(text, mapping) { line.find([',', '}']).unwrap_or(line.len()) } else { line.len() };
    let written = line.get(..end).unwrap_or(line).trim_end();
    let span = Span::new(start, start + written.len());
    let message = format!("YAML reads '{written}' as a tag, not as an expression; put it in quotes");
    let mut finding = Diagnostic::new(Code::TypeMismatch, span, message);
    if !written.contains(['"', '\\']) {
        let fix = |title: &str, text: String| Fix::new(title, vec![TextEdit::new(span, text)]);
        finding = finding
            .with_fix(fix("put it in quotes", format!("\"{written}\"")))
            .with_fix(fix("write '${{ }}' around it", format!("\"${{{{ {written} }}}}\"")));
    }
    findings.add(finding);
    true
}
