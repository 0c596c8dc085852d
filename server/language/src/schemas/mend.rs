//! Mends: the word that was meant, the quotes that are missing, the key that must be there.

use std::collections::HashSet;

use copydesk_base::{Fix, Safety, Span, TextEdit};
use copydesk_text::{Kind as NodeKind, Node, Style, Syntax};
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;

use super::branch::{What, Wrong, kind_of, plain};
use super::locate::Spot;
use super::part::Part;
use super::skeleton;
use super::unevaluated::{speaks, unexpected_items};
use super::value;
use crate::check::suggest::Suggest;
use crate::check::{remove_at, remove_item};
use crate::{File, written};

/// How many words are offered one by one.
const FEW: usize = 6;

/// What mends are made from.
pub(super) struct Mender<'a> {
    pub(super) file: File<'a>,
    pub(super) suggest: Suggest,
}

impl<'a> Mender<'a> {
    pub(super) fn new(file: File<'a>) -> Self {
        Self { file, suggest: Suggest::default() }
    }

    fn text(&self) -> &'a str {
        self.file.text
    }

    fn syntax(&self) -> Syntax {
        self.file.tree.syntax()
    }

    /// The word that is near enough to be meant.
    pub(super) fn nearest(&mut self, value: &Value, words: &[&Value]) -> Option<String> {
        let text = value.as_str()?;
        let texts = words.iter().filter_map(|word| word.as_str()).filter(|word| *word != text);
        self.suggest.nearest(text, texts).map(str::to_owned)
    }

    /// Mends of a value.
    pub(super) fn value(&mut self, wrong: &Wrong<'_, '_>, spot: &Spot<'_>) -> Vec<Fix> {
        match &wrong.what {
            What::Words(words, value) => self.words(words, value, spot.node),
            What::Types(types, value) => self.retyped(types, value, spot.node),
            What::Several(_) => Vec::new(),
            What::Error(error) => match error.kind() {
                Kind::Enum { options } => {
                    let words: Vec<&Value> =
                        options.as_array().map(|words| words.iter().collect()).unwrap_or_default();
                    self.words(&words, error.instance(), spot.node)
                }
                Kind::Constant { expected_value } => {
                    self.words(&[expected_value.as_ref()], error.instance(), spot.node)
                }
                Kind::Type { kind } => {
                    let types: Vec<&'static str> = match kind {
                        TypeKind::Single(one) => vec![one.as_str()],
                        TypeKind::Multiple(set) => set.iter().map(jsonschema::JsonType::as_str).collect(),
                    };
                    self.retyped(&types, error.instance(), spot.node)
                }
                Kind::Minimum { limit } | Kind::Maximum { limit } => bound(limit, spot.node),
                Kind::Format { format } => self.formed(format, error.instance(), spot.node),
                Kind::UniqueItems => self.twice(error.instance(), spot.node),
                Kind::UnevaluatedItems { unexpected }
                    if unexpected.len() == 1 && refuses(wrong, "unevaluatedItems") =>
                {
                    let item = unexpected_items(error.instance(), unexpected).first().copied();
                    item.and_then(|item| self.item_removal(spot.node, item)).into_iter().collect()
                }
                Kind::FalseSchema if !spot.is_item => {
                    spot.key.and_then(|key| self.removal(key, spot.node)).into_iter().collect()
                }
                _ => Vec::new(),
            },
        }
    }

    fn words(&mut self, words: &[&Value], value: &Value, node: Node<'_>) -> Vec<Fix> {
        let Some(span) = scalar_span(node) else { return Vec::new() };
        let near = self.nearest(value, words);
        let near_safety = self.suggest.safety();
        // The same word, but for its quotes: `"1"` for `1`.
        let twin = words.iter().find(|word| **word != value && plain(word) == plain(value)).copied();
        let mut chosen: Vec<&Value> = twin.into_iter().collect();
        chosen.extend(words.iter().find(|word| near.is_some() && word.as_str() == near.as_deref()));
        // Beside a word that was meant the others are none.
        if chosen.is_empty() && words.len() <= FEW {
            chosen.extend(
                words.iter().filter(|word| word.is_string() || word.is_number() || word.is_boolean()),
            );
        }
        let mut fixes: Vec<Fix> = Vec::new();
        for (at, word) in chosen.into_iter().enumerate() {
            let title = format!("change to '{}'", plain(word));
            if fixes.iter().any(|fix| fix.title == title) {
                continue;
            }
            let edit = TextEdit { span, text: self.written(word, node) };
            let is_near = at == 0 && near.as_deref() == word.as_str() && near.is_some();
            let safety = if is_near { near_safety } else { Safety::Suggested };
            fixes.push(Fix::new(title, vec![edit]).with_safety(safety));
        }
        fixes
    }

    /// A text in the form that its schema names, where it says the same otherwise.
    fn formed(&self, format: &str, value: &Value, node: Node<'_>) -> Vec<Fix> {
        let meant =
            value.as_str().and_then(|text| written::meant(format, text).filter(|meant| meant != text));
        let Some((meant, span)) = meant.zip(scalar_span(node)) else { return Vec::new() };
        let text = self.written(&Value::from(meant.as_str()), node);
        vec![Fix::new(format!("change to '{meant}'"), vec![TextEdit { span, text }])]
    }

    /// A word in the quotes that are there already.
    fn written(&self, word: &Value, node: Node<'_>) -> String {
        match (word, node.scalar().map(copydesk_text::Scalar::style)) {
            (Value::String(text), Some(Style::SingleQuoted)) if !text.contains('\'') => format!("'{text}'"),
            (Value::String(_), Some(Style::DoubleQuoted)) => word.to_string(),
            _ => skeleton::scalar(word, self.syntax()),
        }
    }

    /// The same words as another kind of value.
    fn retyped(&self, types: &[&'static str], value: &Value, node: Node<'_>) -> Vec<Fix> {
        let Some(span) = scalar_span(node) else { return Vec::new() };
        let takes = |name: &str| types.contains(&name);
        let edit = |text: String| vec![TextEdit { span, text }];
        let mut fixes = Vec::new();
        if let Value::String(text) = value {
            let meant =
                meaning(text).filter(|meant| takes(kind_of(meant)) || (takes("number") && meant.is_number()));
            if let Some(meant) = meant {
                fixes.push(Fix::safe(format!("change to {meant} without quotes"), edit(meant.to_string())));
            } else if takes("boolean")
                && let Some(meant) = old_truth(text)
            {
                fixes.push(Fix::new(format!("change to '{meant}'"), edit(meant.to_string())));
            }
        } else if takes("string") && !value.is_null() {
            let text = node.scalar_text().unwrap_or("");
            fixes.push(Fix::safe(format!("put '{text}' in quotes"), edit(Value::from(text).to_string())));
        }
        if takes("array") && !value.is_null() {
            let inner = span.of(self.text());
            let is_flow_safe = !inner.contains(['\n', '[', ']', '{', '}', ',', '#']);
            let is_block =
                node.scalar().is_some_and(|scalar| matches!(scalar.style(), Style::Literal | Style::Folded));
            if is_flow_safe && !is_block {
                fixes.push(Fix::new("make it a list of one", edit(format!("[{inner}]"))));
            }
        }
        fixes
    }

    /// Takes out the first item that stands in a list already.
    fn twice(&self, value: &Value, node: Node<'_>) -> Vec<Fix> {
        let mut seen = HashSet::new();
        let items = value.as_array().into_iter().flatten();
        let Some(second) = items.map(Value::to_string).position(|item| !seen.insert(item)) else {
            return Vec::new();
        };
        let edit = remove_item(self.text(), node, second).filter(|_| self.syntax() != Syntax::Toml);
        edit.map(|edit| Fix::new("take the second one out", vec![edit])).into_iter().collect()
    }

    fn item_removal(&self, list: Node<'_>, item: usize) -> Option<Fix> {
        let edit = remove_item(self.text(), list, item).filter(|_| self.syntax() != Syntax::Toml)?;
        Some(Fix::new("take it out", vec![edit]))
    }

    /// Another name for a key.
    pub(super) fn renamed(&self, key: Node<'_>, name: &str) -> Option<TextEdit> {
        let scalar = key.scalar()?;
        let text = match scalar.style() {
            Style::DoubleQuoted => Value::from(name).to_string(),
            Style::SingleQuoted if !name.contains('\'') => format!("'{name}'"),
            _ => skeleton::key(name, self.syntax()),
        };
        Some(TextEdit { span: key.span(), text })
    }

    /// Takes a key and its value out, with its line where it has lines of its own.
    pub(super) fn removal(&self, key: Node<'_>, value: Node<'_>) -> Option<Fix> {
        let name = key.scalar_text()?;
        if self.syntax() != Syntax::Toml
            && let Some(edit) = remove_at(&self.file, key.span().start)
        {
            return Some(Fix::new(format!("take out '{name}'"), vec![edit]));
        }
        let whole = key.span().cover(value.span());
        let line_start = self.text().get(..whole.start)?.rfind('\n').map_or(0, |at| at + 1);
        let before = self.text().get(line_start..whole.start)?;
        let rest = self.text().get(whole.end..)?;
        let line_end = rest.find('\n').map_or(self.text().len(), |at| whole.end + at + 1);
        let behind = self.text().get(whole.end..line_end)?.trim();
        let is_own_line = before.trim().is_empty() && (behind.is_empty() || behind.starts_with('#'));
        if self.syntax() == Syntax::Json || !is_own_line {
            return None;
        }
        let end = if whole.of(self.text()).ends_with('\n') { whole.end } else { line_end };
        let edit = TextEdit { span: Span::new(line_start, end), text: String::new() };
        Some(Fix::new(format!("take out '{name}'"), vec![edit]))
    }

    /// Adds a key that must be there, with what its schema suggests as a value.
    pub(super) fn addition(&self, spot: &Spot<'_>, name: &str, schema: Option<&Part<'_>>) -> Option<Fix> {
        let value = schema.map_or(Value::Null, |schema| skeleton::value(schema));
        let edit = skeleton::insertion(self.text(), self.syntax(), spot, name, &value)?;
        Some(Fix::new(format!("add '{name}'"), vec![edit]))
    }
}

/// Whether the schema behind a keyword takes nothing.
fn refuses(wrong: &Wrong<'_, '_>, keyword: &str) -> bool {
    let schema = wrong.part.as_ref().and_then(|part| part.word(keyword));
    schema.is_some_and(|schema| !speaks(schema))
}

/// The number that is allowed and nearest.
fn bound(limit: &Value, node: Node<'_>) -> Vec<Fix> {
    let edit = scalar_span(node).map(|span| TextEdit::new(span, limit.to_string()));
    edit.map(|edit| Fix::new(format!("change to {limit}"), vec![edit])).into_iter().collect()
}

/// The span of a scalar that stands on one line.
fn scalar_span(node: Node<'_>) -> Option<Span> {
    let NodeKind::Scalar(scalar) = node.kind() else { return None };
    let is_block = matches!(scalar.style(), Style::Literal | Style::Folded);
    (!is_block && node.tag().is_none() && node.anchor().is_none()).then(|| node.span())
}

/// What a quoted text would mean without its quotes, if that is no text.
fn meaning(text: &str) -> Option<Value> {
    match text.trim() {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        number => value::whole_or_fraction(number),
    }
}

/// Words for true and false that YAML 1.2 no longer knows.
fn old_truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "on" | "y" => Some(true),
        "no" | "off" | "n" => Some(false),
        _ => None,
    }
}
