//! What may be written at an offset.
//!
//! [`place`] reads lines and says where the cursor is, in whatever state the text is; the shape of that place says
//! what may stand there: [`keys`] of a mapping, [`values`] of a key or a list, or, inside `${{ }}`, what
//! [`expressions`] may name. Names come from the tree, which keeps the steps it could read.

mod aside;
mod called;
mod expressions;
mod flow;
mod keys;
pub(crate) mod place;
pub(crate) mod prepared;
mod rows;
pub(crate) mod toml;
mod values;

use copydesk_base::Span;
use copydesk_text::Syntax;

use crate::declared::Declared;
use crate::hover;
use crate::placeholders::{self, Closing};
use crate::shape::{self, Mapping, Rest, Shape, Shapes};
use crate::{File, FileKind, WorkspaceIndex};
use place::{At, Flow, Part, Place};

/// One proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What the list shows, and what typing filters by.
    pub label: String,
    pub kind: CompletionKind,
    /// What is written, in the syntax that `snippet` names.
    pub insert: String,
    /// What it replaces. Lies on one line and touches the offset.
    pub replace: Span,
    /// A few words beside the label; may be empty.
    pub detail: String,
    /// Help in Markdown; may be empty.
    pub docs: String,
    /// Lower comes first; equal ones in alphabetical order.
    pub sort: u32,
    pub snippet: Snippet,
}

/// What kind of thing is proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionKind {
    /// A key of a mapping.
    Key,
    /// A word from a fixed list, or `true` and `false`.
    Value,
    /// The id of a step.
    Step,
    /// An input of the workflow.
    Input,
    /// A name in an expression: `steps`, `inputs`.
    Variable,
    /// A field of what stands before the dot.
    Field,
    /// A function in an expression.
    Function,
    /// The name of an agent.
    Agent,
    /// A model, as `provider/model`.
    Model,
}

/// The syntax of [`Completion::insert`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Snippet {
    /// The text itself.
    Plain,
    /// With tab stops `$1`, `${1:text}` and `$0`; `\$`, `\}` and `\\` stand for themselves. A client without snippets
    /// gets [`Completion::plain`].
    Tabstops,
}

impl Completion {
    /// What is written by a client that knows no tab stops.
    pub fn plain(&self) -> String {
        match self.snippet {
            Snippet::Plain => self.insert.clone(),
            Snippet::Tabstops => without_tabstops(&self.insert),
        }
    }
}

/// A text inside a snippet.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('$', "\\$").replace('}', "\\}")
}

/// The text of a snippet: stops vanish, their placeholders stay.
pub(crate) fn without_tabstops(insert: &str) -> String {
    let mut plain = String::with_capacity(insert.len());
    let mut open = 0;
    let mut rest = insert.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => plain.extend(rest.next()),
            '$' => {
                let braced = rest.next_if_eq(&'{').is_some();
                while rest.next_if(char::is_ascii_digit).is_some() {}
                if braced {
                    open += 1;
                    rest.next_if_eq(&':');
                    if rest.next_if_eq(&'|').is_some() {
                        // Of a choice the first.
                        plain.extend(std::iter::from_fn(|| rest.next_if(|c| !matches!(c, ',' | '|'))));
                        while rest.next_if(|c| *c != '}').is_some() {}
                    }
                }
            }
            '}' if open > 0 => open -= 1,
            _ => plain.push(c),
        }
    }
    plain
}

/// What may be written at `offset`, best first. Empty where anything goes.
pub fn complete(file: &File<'_>, index: &WorkspaceIndex, offset: usize) -> Vec<Completion> {
    let Some(shapes) = shape::of(file.kind) else { return Vec::new() };
    if let Some((word, closing)) = placeholders::half_typed(file, offset) {
        return arguments(file, word, closing);
    }
    let Some(place) = place_at(file, offset) else { return Vec::new() };
    let cursor =
        Cursor { file: *file, index, offset, shapes, declared: Declared::new(file.tree), place: &place };
    let mut proposals = match expressions::inner(&cursor) {
        Some(inner) => expressions::complete(&cursor, inner),
        None => by_place(&cursor),
    };
    proposals.sort_by(|a, b| a.sort.cmp(&b.sort).then_with(|| a.label.cmp(&b.label)));
    proposals.dedup_by(|a, b| a.label == b.label);
    proposals
}

/// A function of an expression, around an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// `replace(search: text, by: text): text`
    pub label: String,
    /// The parameters as they stand in the label.
    pub parameters: Vec<String>,
    /// The parameter that is being written, by its place; the last one takes all further arguments.
    pub active: usize,
    /// What it does, in Markdown.
    pub docs: String,
}

/// The function that an argument is being written for at `offset`.
pub fn signature(file: &File<'_>, index: &WorkspaceIndex, offset: usize) -> Option<Signature> {
    let shapes = shape::of(file.kind)?;
    let place = place_at(file, offset)?;
    let cursor =
        Cursor { file: *file, index, offset, shapes, declared: Declared::new(file.tree), place: &place };
    let call = expressions::signature(&cursor, expressions::inner(&cursor)?)?;
    let parameters = parameters(call.signature.text);
    Some(Signature {
        label: format!("{}{}", call.name, call.signature.text),
        active: call.active.min(parameters.len().saturating_sub(1)),
        parameters,
        docs: call.signature.docs.to_owned(),
    })
}

/// The parameters of `(a: text, (b, c) => d): text`.
fn parameters(signature: &str) -> Vec<String> {
    let mut parameters = Vec::new();
    let (mut depth, mut start) = (0, 1);
    for (at, c) in signature.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        if (c == ',' && depth == 1) || depth == 0 {
            parameters.extend(signature.get(start..at).map(|word| word.trim().to_owned()));
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    parameters.retain(|word| !word.is_empty());
    parameters
}

/// Everything that proposals are made from.
struct Cursor<'a> {
    file: File<'a>,
    index: &'a WorkspaceIndex,
    offset: usize,
    shapes: &'static Shapes,
    declared: Declared<'a>,
    place: &'a Place,
}

impl Cursor<'_> {
    fn syntax(&self) -> Syntax {
        self.file.tree.syntax()
    }
}

fn by_place(cursor: &Cursor<'_>) -> Vec<Completion> {
    if let Some(proposals) = values::aliases(cursor).or_else(|| called::propose(cursor)) {
        return proposals;
    }
    let Some(shape) = shape_at(cursor) else { return Vec::new() };
    match cursor.place.at {
        At::Text => Vec::new(),
        At::Value(_) => values::of_shape(cursor, shape),
        At::Start(colon) => match (shape.mapping(), shape.list()) {
            (Some(mapping), _) => {
                let mut proposals = keys::of_mapping(cursor, mapping, colon);
                // A choice between a word and a mapping: `- read` beside `- name: read`.
                if colon == place::Colon::Absent && cursor.place.flow == Flow::Outside {
                    proposals.extend(values::of_shape(cursor, shape));
                }
                proposals
            }
            (None, Some(list)) if ends_with_key(cursor) => {
                values::as_items(cursor, cursor.shapes.get(list.item))
            }
            _ => values::of_shape(cursor, shape),
        },
    }
}

fn ends_with_key(cursor: &Cursor<'_>) -> bool {
    matches!(cursor.place.path.last(), Some(Part::Key { .. }))
}

/// The shape of the value at the end of the cursor's path.
fn shape_at(cursor: &Cursor<'_>) -> Option<&'static Shape> {
    let mut shape = cursor.shapes.root();
    for part in &cursor.place.path {
        let id = match part {
            Part::Item(_) => shape.list()?.item,
            Part::Key { name, siblings } => {
                let mapping = shape.mapping()?;
                match (mapping.key(kind_word(cursor, mapping, siblings), name), mapping.rest) {
                    (Some(key), _) => key.shape,
                    (None, Rest::Shape(id)) => id,
                    _ => return None,
                }
            }
            Part::Nowhere => return None,
        };
        shape = cursor.shapes.get(id);
    }
    Some(shape)
}

/// The word of `type` among the entries of a mapping that has kinds, those counted that its merge key brings.
fn kind_word<'s>(
    cursor: &'s Cursor<'_>,
    mapping: &Mapping,
    siblings: &'s [(String, String)],
) -> Option<&'s str> {
    if mapping.kinds.is_empty() {
        return None;
    }
    let of_key = |name: &str| siblings.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    of_key("type").or_else(|| {
        let tree = cursor.file.tree;
        let merged = tree.anchored_before(of_key("<<")?.strip_prefix('*')?, cursor.offset)?;
        tree.get(merged, "type")?.scalar_text()
    })
}

/// The id of the step around the cursor, and its place in [`Declared::steps`].
fn own_step(cursor: &Cursor<'_>) -> Option<usize> {
    let place = cursor.place;
    let mut path = place.path.iter();
    let in_list = matches!(path.next(), Some(Part::Key { name, .. }) if matches!(name.as_str(), "steps" | "errors" | "finally"));
    if !in_list || !matches!(path.next(), Some(Part::Item(_))) {
        return None;
    }
    let siblings = match path.next() {
        Some(Part::Key { siblings, .. }) => siblings,
        _ => &place.siblings,
    };
    let id = siblings.iter().find(|(key, _)| key == "id").map(|(_, value)| value.as_str());
    match id {
        Some(id) => cursor.declared.step(id),
        None => cursor.declared.steps.iter().position(|step| step.node.span().touches(cursor.offset)),
    }
}

/// Where an offset is: in what is YAML, or in the prompt of an agent.
fn place_at(file: &File<'_>, offset: usize) -> Option<Place> {
    let part = yaml_part(file)?;
    // Right behind the dashes that open it there is no line yet.
    let is_on_dashes = part.start == offset && file.text.get(..offset)?.ends_with("---");
    if let Some(place) = place::place(file, part, offset).filter(|_| !is_on_dashes) {
        return Some(place);
    }
    let prompt = file.prompt()?;
    let is_inside = prompt.source_span(0, prompt.text().len()).touches(offset);
    is_inside.then(|| Place {
        path: Vec::new(),
        at: At::Text,
        word: Span::at(offset),
        siblings: Vec::new(),
        flow: Flow::Outside,
    })
}

/// The arguments of a prompt, behind `{{`.
fn arguments(file: &File<'_>, word: Span, closing: Closing) -> Vec<Completion> {
    let end = if closing == Closing::Present { "" } else { "}}" };
    let proposals = placeholders::arguments(file).into_iter().enumerate().map(|(at, argument)| Completion {
        label: argument.name.to_owned(),
        kind: CompletionKind::Input,
        insert: format!("{}{end}", argument.name),
        replace: word,
        detail: "argument".to_owned(),
        docs: hover::docs_of_argument(&argument),
        sort: u32::try_from(at).unwrap_or(u32::MAX),
        snippet: Snippet::Plain,
    });
    proposals.collect()
}

/// The part of the text that is YAML.
pub(crate) fn yaml_part(file: &File<'_>) -> Option<Span> {
    match file.kind {
        FileKind::Agent
        | FileKind::Action
        | FileKind::Prompt
        | FileKind::Skill
        | FileKind::Chat
        | FileKind::Layer => {
            let parts = copydesk_text::front_matter::split(file.text)?;
            if parts.closing.is_some() {
                return Some(parts.yaml);
            }
            // Still open: it ends before the first empty line, which is where somebody is typing.
            let rest = file.text.get(parts.yaml.end..)?;
            let line = rest.find(['\n', '\r']).unwrap_or(rest.len());
            Some(Span::new(parts.yaml.start, parts.yaml.end + line))
        }
        _ => {
            let mark = file.text.len() - file.text.trim_start_matches('\u{feff}').len();
            Some(Span::new(mark, file.text.len()))
        }
    }
}
