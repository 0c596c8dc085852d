//! Words, places and mends for what a schema finds wrong.

use std::borrow::Cow;
use std::collections::HashSet;

use copydesk_base::{Code, Diagnostic, Severity, Span};
use copydesk_text::{Kind as NodeKind, Node};
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use referencing::Draft;
use serde_json::Value;

use super::branch::{What, Wrong, kind_of, kind_words, plain};
use super::fit;
use super::locate::Spot;
use super::mend::Mender;
use super::part::Part;
use super::unevaluated::unexpected_items;
use crate::shape::join;

/// How many words a message lists.
const MOST_WORDS: usize = 12;

/// What an explanation needs to know.
pub(super) struct Speaker<'a> {
    pub(super) text: &'a str,
    pub(super) draft: Draft,
    pub(super) mender: Mender<'a>,
}

/// How many items of which kind a list needs.
fn contained(part: Option<&Part<'_>>) -> String {
    let inner = part.and_then(|part| part.sub("contains"));
    let words = inner.as_ref().and_then(fit::literals);
    let name = match words {
        Some(words) => join(&words.iter().map(|word| format!("'{}'", shown(word))).collect::<Vec<_>>()),
        None => super::branch::name_of(inner.as_ref(), 0),
    };
    let limit = |word: &str| part.and_then(|part| part.word(word)?.as_u64());
    let items = |count: u64| match count {
        1 => "1 item that is".to_owned(),
        count => format!("{count} items that are"),
    };
    match (limit("minContains").unwrap_or(1), limit("maxContains")) {
        (least, None) => format!("needs at least {} {name}", items(least)),
        (0, Some(most)) => format!("takes at most {} {name}", items(most)),
        (least, Some(most)) if least == most => format!("needs {} {name}", items(most)),
        (least, Some(most)) => format!("needs {least} to {} {name}", items(most)),
    }
}

/// A finding in words, without its place's surroundings.
struct Told {
    code: Code,
    span: Span,
    message: String,
}

impl Speaker<'_> {
    /// The finding. Unknown and missing keys have their own ways, in [`super::keys`].
    pub(super) fn finding(&mut self, wrong: &Wrong<'_, '_>, spot: &Spot<'_>) -> Diagnostic {
        let mut told = match &wrong.what {
            What::Error(error) => self.error(error, wrong.part.as_ref(), spot),
            What::Types(types, value) => type_mismatch(types, value, spot),
            What::Words(words, value) => words_of(words, value, spot),
            What::Several(names) => several(names, spot, self.text),
        };
        let own = wrong.part.as_ref().and_then(|part| {
            part.text("errorMessage").or_else(|| match told.code {
                Code::FormatMismatch => part.text("patternErrorMessage"),
                _ => None,
            })
        });
        let mut finding = if let Some(message) = own {
            Diagnostic::new(told.code, told.span, message.trim().trim_end_matches('.'))
        } else {
            self.did_you_mean(&mut told, wrong);
            Diagnostic::new(told.code, told.span, as_branch(told.message, wrong.branch.as_deref()))
        };
        if told.code == Code::FormatMismatch && is_annotation(wrong, self.draft) {
            finding.severity = Severity::Warning;
        }
        if spot.alias.is_none() {
            finding.fixes = self.mender.value(wrong, spot);
        } else {
            finding = finding.with_related(spot.node.span(), "it is written here");
        }
        finding
    }

    fn did_you_mean(&mut self, told: &mut Told, wrong: &Wrong<'_, '_>) {
        let (words, value) = match &wrong.what {
            What::Words(words, value) => (words.clone(), *value),
            What::Error(error) => match error.kind() {
                Kind::Enum { options } => {
                    let words: Vec<&Value> =
                        options.as_array().map(|words| words.iter().collect()).unwrap_or_default();
                    if let Some(near) = self.mender.nearest(error.instance(), &words) {
                        told.message.push_str(&format!("; did you mean '{near}'?"));
                    }
                    return;
                }
                _ => return,
            },
            _ => return,
        };
        if let Some(near) = self.mender.nearest(value, &words) {
            told.message.push_str(&format!("; did you mean '{near}'?"));
        }
    }

    fn error(&self, error: &ValidationError<'_>, part: Option<&Part<'_>>, spot: &Spot<'_>) -> Told {
        let subject = spot.subject();
        let value: &Value = error.instance();
        let short = spot.short_span(self.text);
        let told = |code, span, message: String| Told { code, span, message };
        match error.kind() {
            Kind::Type { kind } => {
                let types: Vec<&'static str> = match kind {
                    TypeKind::Single(one) => vec![one.as_str()],
                    TypeKind::Multiple(set) => set.iter().map(jsonschema::JsonType::as_str).collect(),
                };
                type_mismatch(&types, value, spot)
            }
            Kind::Enum { options } => {
                let words: Vec<&Value> =
                    options.as_array().map(|words| words.iter().collect()).unwrap_or_default();
                words_of(&words, value, spot)
            }
            Kind::Constant { expected_value } => words_of(&[expected_value.as_ref()], value, spot),
            Kind::Minimum { limit } => {
                told(Code::UnknownValue, short, format!("{subject} must be at least {limit}"))
            }
            Kind::Maximum { limit } => {
                told(Code::UnknownValue, short, format!("{subject} must be at most {limit}"))
            }
            Kind::ExclusiveMinimum { limit } => {
                told(Code::UnknownValue, short, format!("{subject} must be more than {limit}"))
            }
            Kind::ExclusiveMaximum { limit } => {
                told(Code::UnknownValue, short, format!("{subject} must be less than {limit}"))
            }
            Kind::MultipleOf { multiple_of } => {
                told(Code::UnknownValue, short, format!("{subject} must be a multiple of {multiple_of}"))
            }
            Kind::Format { format } => told(
                Code::FormatMismatch,
                short,
                format!("'{}' is no {}", shown(value), format_words(format)),
            ),
            Kind::Pattern { pattern } => told(
                Code::FormatMismatch,
                short,
                format!("'{}' does not match the pattern '{pattern}'", shown(value)),
            ),
            Kind::MinLength { limit: 1 } => {
                told(Code::FormatMismatch, short, format!("{subject} must not be empty"))
            }
            Kind::MinLength { limit } => {
                told(Code::FormatMismatch, short, format!("{subject} must have at least {limit} characters"))
            }
            Kind::MaxLength { limit } => {
                told(Code::FormatMismatch, short, format!("{subject} must have at most {limit} characters"))
            }
            Kind::ContentEncoding { content_encoding } => {
                told(Code::FormatMismatch, short, format!("{subject} is not encoded as {content_encoding}"))
            }
            Kind::ContentMediaType { content_media_type } => {
                told(Code::FormatMismatch, short, format!("{subject} holds no {content_media_type}"))
            }
            Kind::FromUtf8 { .. } => {
                told(Code::FormatMismatch, short, format!("{subject} holds no text in UTF-8"))
            }
            Kind::MinItems { limit } => told(
                Code::SchemaMismatch,
                short,
                format!("{subject} needs at least {}", counted(*limit, "item")),
            ),
            Kind::MaxItems { limit } => {
                let limit = usize::try_from(*limit).unwrap_or(usize::MAX);
                told(Code::SchemaMismatch, surplus(spot, limit, short), too_many_items(&subject, limit))
            }
            Kind::AdditionalItems { limit } => {
                told(Code::SchemaMismatch, surplus(spot, *limit, short), too_many_items(&subject, *limit))
            }
            Kind::UnevaluatedItems { unexpected } => {
                let items = unexpected_items(value, unexpected);
                let first = items.first().copied().unwrap_or(0);
                let is_end = items.last().map_or(0, |last| last + 1) == first + items.len();
                // What a list must contain may be taken wherever it stands.
                let message = if is_end && !part.is_some_and(|part| takes_some(part, 6)) {
                    too_many_items(&subject, first)
                } else {
                    format!("{subject} does not take this item")
                };
                told(Code::SchemaMismatch, surplus(spot, first, short), message)
            }
            Kind::MinProperties { limit } => told(
                Code::SchemaMismatch,
                short,
                format!("{subject} needs at least {}", counted(*limit, "key")),
            ),
            Kind::MaxProperties { limit } => told(
                Code::SchemaMismatch,
                short,
                format!("{subject} takes at most {}", counted(*limit, "key")),
            ),
            Kind::UniqueItems => {
                let span = twice(value).and_then(|(_, second)| spot.node.items().get(second)).map(Node::span);
                let span = span.filter(|span| !span.is_empty()).map_or(short, |span| spot.shown(span));
                told(Code::SchemaMismatch, span, format!("{subject} holds the same item twice"))
            }
            Kind::Contains => told(Code::SchemaMismatch, short, format!("{subject} {}", contained(part))),
            Kind::Not { schema } => told(Code::SchemaMismatch, short, ruled_out(schema, value, &subject)),
            Kind::FalseSchema => {
                let key = spot.key.filter(|_| !spot.is_item).map(Node::span);
                let code = if key.is_some() { Code::UnknownKey } else { Code::SchemaMismatch };
                let span = key.map_or(short, |span| spot.shown(span));
                told(code, span, format!("{subject} must not stand here; take it out"))
            }
            Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => told(
                Code::SchemaUnavailable,
                short,
                format!("{subject} is not checked: a pattern of the schema takes too long on it"),
            ),
            _ => told(
                Code::SchemaMismatch,
                short,
                format!("{subject} is not what the schema asks for: {error}"),
            ),
        }
    }
}

/// By the newer drafts a format is a remark, not a rule.
fn is_annotation(wrong: &Wrong<'_, '_>, draft: Draft) -> bool {
    let is_format = matches!(&wrong.what, What::Error(error) if matches!(error.kind(), Kind::Format { .. }));
    is_format && !super::part::is_old(draft)
}

fn as_branch(message: String, branch: Option<&str>) -> String {
    match branch {
        Some(branch) => format!("{message} (as {branch})"),
        None => message,
    }
}

fn type_mismatch(types: &[&'static str], value: &Value, spot: &Spot<'_>) -> Told {
    let words: Vec<String> = ["string", "integer", "number", "boolean", "array", "object", "null"]
        .into_iter()
        .filter(|name| types.contains(name) && !(*name == "integer" && types.contains(&"number")))
        .map(|name| kind_words(name).to_owned())
        .collect();
    let takes = join(&words);
    let subject = spot.subject();
    let message = match (value, spot.node.kind()) {
        (Value::Null, NodeKind::Null) if spot.is_item => format!("{subject} is empty; it takes {takes}"),
        (Value::Null, NodeKind::Null) => format!("{subject} has no value; it takes {takes}"),
        _ => format!("{subject} takes {takes}; this is {}", kind_words(kind_of(value))),
    };
    Told { code: Code::TypeMismatch, span: spot.value_span(), message }
}

fn words_of(words: &[&Value], value: &Value, spot: &Spot<'_>) -> Told {
    let subject = spot.subject();
    // Some lists have thousands of words.
    let mut seen: HashSet<Cow<'_, str>> = HashSet::with_capacity(words.len());
    let mut list: Vec<String> = Vec::new();
    for word in words {
        if seen.insert(word.as_str().map_or_else(|| plain(word).into(), Cow::Borrowed))
            && list.len() < MOST_WORDS
        {
            list.push(format!("'{}'", shown(word)));
        }
    }
    if seen.len() > MOST_WORDS {
        list.push(format!("{} others", seen.len() - MOST_WORDS));
    }
    let takes = join(&list);
    let message = match value {
        Value::Null if matches!(spot.node.kind(), NodeKind::Null) => {
            format!("{subject} has no value; it takes {takes}")
        }
        Value::Object(_) | Value::Array(_) => format!("{subject} takes {takes}"),
        _ => format!("'{}' is no value of {subject}; it takes {takes}", shown(value)),
    };
    Told { code: Code::UnknownValue, span: spot.value_span(), message }
}

fn several(names: &[String], spot: &Spot<'_>, text: &str) -> Told {
    let message = format!(
        "{} fits {} at once, and only one is allowed; add or take out what tells them apart",
        spot.subject(),
        join(names).replace(" or ", " and "),
    );
    Told { code: Code::SchemaMismatch, span: spot.short_span(text), message }
}

fn ruled_out(schema: &Value, value: &Value, subject: &str) -> String {
    let keys = schema.get("required").and_then(Value::as_array);
    if let Some(keys) = keys.filter(|_| value.is_object()) {
        let keys: Vec<String> = keys.iter().filter_map(Value::as_str).map(|key| format!("'{key}'")).collect();
        if let [only] = keys.as_slice() {
            return format!("{only} must not stand in {subject}; take it out");
        }
        return format!("{} must not stand together in {subject}", join(&keys).replace(" or ", " and "));
    }
    if schema.get("const").is_some() || schema.get("enum").is_some() {
        return format!("'{}' is not allowed here", shown(value));
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
        return format!("'{}' must not match the pattern '{pattern}'", shown(value));
    }
    if let Some(name) = schema.get("type").and_then(Value::as_str) {
        return format!("{subject} must not be {}", kind_words(name));
    }
    format!("{subject} is a value that the schema rules out")
}

/// Whether a part, or one that looks at the same list, says what it contains.
fn takes_some(part: &Part<'_>, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    part.word("contains").is_some() || part.in_place().iter().any(|(_, other)| takes_some(other, depth))
}

/// The first item that is too many.
fn surplus(spot: &Spot<'_>, limit: usize, otherwise: Span) -> Span {
    let item = spot.node.items().get(limit).map(Node::span).filter(|span| !span.is_empty());
    item.map_or(otherwise, |span| spot.shown(span))
}

fn too_many_items(subject: &str, limit: usize) -> String {
    format!("{subject} takes at most {}", counted(limit as u64, "item"))
}

fn counted(count: u64, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// The first two items that are the same.
fn twice(value: &Value) -> Option<(usize, usize)> {
    let items = value.as_array()?;
    let look = items.iter().take(2_000).enumerate();
    look.skip(1).find_map(|(at, item)| {
        let before = items.iter().take(at).position(|other| other == item)?;
        Some((before, at))
    })
}

/// A value for a message: short and on one line.
pub(super) fn shown(value: &Value) -> String {
    let text = plain(value);
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(60).collect();
    if line.len() < text.len() { format!("{line}…") } else { line }
}

/// A format in words for people.
fn format_words(format: &str) -> String {
    let words = match format {
        "date-time" => "date and time such as '2026-11-21T09:00:00Z'",
        "date" => "date such as '2026-11-21'",
        "time" => "time such as '09:00:00Z'",
        "duration" => "duration such as 'P3D' or 'PT90S'",
        "email" | "idn-email" => "e-mail address",
        "hostname" | "idn-hostname" => "host name",
        "ipv4" => "IPv4 address such as '192.0.2.1'",
        "ipv6" => "IPv6 address such as '2001:db8::1'",
        "uri" | "iri" => "URI such as 'https://example.com/'",
        "uri-reference" | "iri-reference" => "URI or relative reference",
        "uri-template" => "URI template",
        "json-pointer" => "JSON pointer such as '/a/b'",
        "relative-json-pointer" => "relative JSON pointer such as '1/a'",
        "regex" => "regular expression",
        "uuid" => "UUID",
        other => return format!("text of the format '{other}'"),
    };
    words.to_owned()
}
