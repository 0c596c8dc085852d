//! What the word under the cursor means: keys, words, steps, inputs, names in expressions.

mod alias;
mod expression;
mod named;

use copydesk_base::Span;
use copydesk_text::node::Step as Way;
use copydesk_text::{Entry, Kind, Node, Tree};

pub use alias::hover_of_alias;

use crate::declared::{Declared, Step, inner_span};
use crate::expression::has_expression;
use crate::placeholders::{self, Argument};
use crate::shape::{self, Key, Need, Rest, Role, Shape, Shapes, Standing};
use crate::{File, FileKind, WorkspaceIndex};

/// What is known about a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// The word it is about.
    pub span: Span,
    pub markdown: String,
}

/// What stands at `offset`. `None` where there is nothing to say.
pub fn hover(file: &File<'_>, index: &WorkspaceIndex, offset: usize) -> Option<Hover> {
    if let Some(found) = below_the_head(file, index, offset) {
        return Some(found);
    }
    if let Some(found) = hover_of_alias(file, offset) {
        return Some(found);
    }
    let shapes = shape::of(file.kind)?;
    let declared =
        if file.kind == FileKind::Workflow { Declared::new(file.tree) } else { Declared::default() };
    if let Some(found) = named::hover(file, index, &declared, offset) {
        return Some(found);
    }
    let mut at =
        Seen { node: file.tree.root()?, shape: Some(shapes.root()), key: "", depth: 0, in_steps: false };
    for way in file.tree.path_at(offset) {
        match way {
            Way::Key(entry) => return at.key(file, index, shapes, entry),
            Way::Value(entry) => at = at.value(file, shapes, entry),
            Way::Index(_, node) => at = at.item(shapes, node),
        }
    }
    at.node.span().touches(offset).then(|| at.scalar(file, index, &declared, offset)).flatten()
}

/// What stands in the text of an agent or of a prompt.
fn below_the_head(file: &File<'_>, index: &WorkspaceIndex, offset: usize) -> Option<Hover> {
    if let Some(prompt) = file.prompt() {
        return expression::hover(file, index, prompt, &Declared::default(), offset);
    }
    let asked = placeholders::asked(file).into_iter().find(|asked| asked.span.touches(offset))?;
    let arguments = placeholders::arguments(file);
    let argument = arguments.iter().find(|argument| argument.name == asked.name)?;
    Some(Hover { span: asked.span, markdown: docs_of_argument(argument) })
}

/// How far the way to the cursor has come.
#[derive(Clone, Copy)]
struct Seen<'t> {
    node: Node<'t>,
    shape: Option<&'static Shape>,
    /// The last key on the way.
    key: &'t str,
    depth: usize,
    /// Whether the way started into one of the lists of steps.
    in_steps: bool,
}

impl<'t> Seen<'t> {
    fn value(self, file: &File<'t>, shapes: &'static Shapes, entry: Entry<'t>) -> Self {
        let key = entry.key().scalar_text().unwrap_or("");
        let mapping = self.shape.and_then(Shape::mapping);
        let word = mapping
            .filter(|mapping| !mapping.kinds.is_empty())
            .and_then(|_| file.tree.get(self.node, "type")?.scalar_text());
        let id = mapping.and_then(|mapping| match (mapping.key(word, key), mapping.rest) {
            (Some(key), _) => Some(key.shape),
            (None, Rest::Shape(id)) => Some(id),
            _ => None,
        });
        let in_steps = self.in_steps || (self.depth == 0 && matches!(key, "steps" | "errors" | "finally"));
        Self { node: entry.value(), shape: id.map(|id| shapes.get(id)), key, depth: self.depth + 1, in_steps }
    }

    fn item(self, shapes: &'static Shapes, node: Node<'t>) -> Self {
        let shape = self.shape.and_then(Shape::list).map(|list| shapes.get(list.item));
        Self { node, shape, depth: self.depth + 1, ..self }
    }

    fn key(
        &self,
        file: &File<'_>,
        index: &WorkspaceIndex,
        shapes: &'static Shapes,
        entry: Entry<'_>,
    ) -> Option<Hover> {
        let name = entry.key().scalar_text()?;
        let mapping = self.shape?.mapping()?;
        let said = || file.tree.get(self.node, "type").and_then(Node::scalar_text);
        let word = if mapping.kinds.is_empty() { None } else { said() };
        let markdown = match mapping.key(word, name) {
            Some(key) => {
                let shape = shapes.get(key.shape);
                format!("**{name}**: {}\n\n{}", detail_of_key(key, shape), docs_of_key(key, shape))
            }
            None if file.kind == FileKind::Workflow && self.depth == 1 && self.key == "inputs" => {
                docs_of_input(file.tree, entry)
            }
            None if file.kind == FileKind::Workflow && self.depth == 1 && self.key == "pools" => {
                named::declared_pool(file, index, name)?
            }
            None => return None,
        };
        Some(Hover { span: entry.key().span(), markdown })
    }

    fn scalar(
        &self,
        file: &File<'_>,
        index: &WorkspaceIndex,
        declared: &Declared<'_>,
        offset: usize,
    ) -> Option<Hover> {
        let scalar = self.node.scalar()?;
        let text = scalar.text();
        let shape = self.shape;
        if matches!(file.kind, FileKind::Workflow | FileKind::Agent) {
            let is_bare = shape.is_some_and(|shape| shape.role == Role::Expression);
            if has_expression(text) || is_bare {
                return expression::hover(file, index, scalar, declared, offset);
            }
        }
        if self.in_steps && self.key == "needs" {
            let step = declared.steps.get(declared.step(text)?)?;
            return Some(Hover { span: self.node.span(), markdown: docs_of_step(file, step) });
        }
        if self.in_steps && self.key == "id" && self.depth == 3 {
            let step = declared
                .steps
                .iter()
                .find(|step| step.id().is_some_and(|(_, node)| node.span() == self.node.span()))?;
            return Some(Hover { span: self.node.span(), markdown: docs_of_step(file, step) });
        }
        if matches!(file.kind, FileKind::Config | FileKind::Agent | FileKind::Action)
            && let Some(markdown) = crate::rules::explain(self.key, text)
        {
            return Some(Hover { span: self.node.span(), markdown });
        }
        if crate::models::is_key(self.key)
            && crate::models::is_of_us(file.kind)
            && let Some(markdown) = crate::models::explain(index, text)
        {
            return Some(Hover { span: inner_span(self.node), markdown });
        }
        let word = shape?.words().iter().find(|word| word.text == text)?;
        let markdown = format!("**{text}**\n\n{}", word.docs);
        Some(Hover { span: inner_span(self.node), markdown })
    }
}

/// What a key takes, in a few words.
pub(crate) fn detail_of_key(key: &Key, shape: &Shape) -> String {
    // A long list of words is shown below, where there is room.
    let takes = if shape.words().len() > 4 { "one of a list of words".to_owned() } else { shape.takes() };
    match key.need {
        Need::Required => format!("{takes}, required"),
        Need::Optional => takes,
    }
}

/// Help for a key: what it is for, its default, its words.
pub(crate) fn docs_of_key(key: &Key, shape: &Shape) -> String {
    let mut docs = key.docs.clone();
    if docs.is_empty() {
        docs.clone_from(&shape.docs);
    }
    if key.standing == Standing::Alias {
        docs.push_str("\n\nAnother spelling of `auto_heal`.");
    }
    if let Some(default) = key.default.as_ref().filter(|default| !default.is_empty()) {
        docs.push_str("\n\nDefault: `");
        docs.push_str(default);
        docs.push('`');
    }
    if !shape.words().is_empty() {
        docs.push('\n');
        for word in shape.words() {
            docs.push_str("\n- `");
            docs.push_str(&word.text);
            docs.push('`');
            if !word.docs.is_empty() {
                docs.push_str(": ");
                docs.push_str(&word.docs);
            }
        }
    }
    docs
}

/// Help for a step: its type and what it needs.
pub(crate) fn docs_of_step(file: &File<'_>, step: &Step<'_>) -> String {
    let id = step.id().map_or("", |(id, _)| id);
    let mut docs = match step.kind() {
        Some(kind) => format!("**{}**: {kind} step", quoted(id)),
        None => format!("**{}**: a step", quoted(id)),
    };
    let needs: Vec<String> = step.needs(file.tree).map(|(name, _)| format!("`{}`", quoted(name))).collect();
    if !needs.is_empty() {
        docs.push_str("\n\nNeeds ");
        docs.push_str(&needs.join(", "));
    }
    docs
}

/// Help for an input: its type, its default, what it is for.
pub(crate) fn docs_of_input(tree: &Tree, entry: Entry<'_>) -> String {
    let said = |key: &str| tree.get(entry.value(), key);
    let field =
        |key: &str| said(key).filter(|node| !matches!(node.kind(), Kind::Null)).and_then(Node::scalar_text);
    let name = entry.key().scalar_text().unwrap_or("");
    let mut docs = format!("**{}**: {} input", quoted(name), quoted(field("type").unwrap_or("an")));
    match field("default") {
        _ if field("secret") == Some("true") => docs.push_str(", secret"),
        Some(default) => {
            docs.push_str("\n\nDefault: `");
            let constant = crate::expression::constant(default).filter(|_| has_expression(default));
            match constant {
                Some(Ok(value)) => docs.push_str(&quoted(&value.to_string())),
                _ => docs.push_str(&quoted(default)),
            }
            docs.push('`');
        }
        None if said("default").is_none() => docs.push_str(", required"),
        None => {}
    }
    if let Some(description) = field("description") {
        docs.push_str("\n\n");
        docs.push_str(&quoted(description));
    }
    docs
}

/// Help for an argument of a prompt: whether it must be given, what it is for.
pub(crate) fn docs_of_argument(argument: &Argument<'_>) -> String {
    let mut docs = format!("**{}**: an argument", quoted(argument.name));
    if argument.item.get("required").and_then(Node::as_bool) == Some(true) {
        docs.push_str(", required");
    }
    if let Some(description) = argument.item.get("description").and_then(Node::scalar_text) {
        docs.push_str("\n\n");
        docs.push_str(&quoted(description));
    }
    docs
}

/// A person's text inside our Markdown: one line, without marks that would change the look of the rest.
fn quoted(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    line.replace(['`', '[', ']', '<', '>'], " ").trim().to_owned()
}
