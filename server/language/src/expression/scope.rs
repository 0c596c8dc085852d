//! The names that expressions may start from, at one place of a file.
//!
//! A [`World`] is what the whole file declares; types of steps are worked out when somebody asks, and once. A [`Scope`]
//! is the world as one place sees it: whether there is an `item`, an `output`, `args`.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};

use copydesk_base::Span;
use copydesk_text::Node;
use copydesk_text::node::Step as Way;

use super::infer::infer;
use super::template::next;
use super::types::steps::{Rounds, matrix_item, output, step};
use super::types::{Field, Type, of_input, of_node};
use super::{End, has_expression, parse};
use crate::declared::Declared;
use crate::{File, FileKind, WorkspaceIndex};

/// What a file declares, with types.
pub(crate) struct World<'t> {
    file: File<'t>,
    declared: &'t Declared<'t>,
    index: &'t WorkspaceIndex,
    inputs: OnceCell<Type>,
    /// The types of steps by their place. `None` while one is being worked out, so that circles end.
    steps: RefCell<HashMap<usize, Option<Type>>>,
}

/// The names at one place.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'w, 't> {
    /// `None` where neither inputs nor steps are known.
    pub(crate) world: Option<&'w World<'t>>,
    /// The innermost step around that runs in rounds.
    pub(crate) rounds: Option<Node<'t>>,
    /// The step whose `transform` this is.
    pub(crate) transform: Option<Node<'t>>,
    /// The tool whose step this is.
    pub(crate) tool: Option<Node<'t>>,
}

/// What a name is here.
pub(crate) enum Found {
    Type(Type),
    /// A root, but not here: what to do.
    Absent(&'static str),
    Unknown,
}

impl<'t> World<'t> {
    pub(crate) fn new(file: File<'t>, declared: &'t Declared<'t>, index: &'t WorkspaceIndex) -> Self {
        Self { file, declared, index, inputs: OnceCell::new(), steps: RefCell::new(HashMap::new()) }
    }

    /// The names at the top of the file.
    pub(crate) fn scope(&self) -> Scope<'_, 't> {
        Scope { world: Some(self), rounds: None, transform: None, tool: None }
    }

    fn inputs(&self) -> &Type {
        self.inputs.get_or_init(|| {
            if self.file.kind == FileKind::Agent {
                return self.inputs_of_callers();
            }
            let inputs = self.declared.inputs.iter().filter_map(|entry| {
                let docs = self
                    .file
                    .tree
                    .get(entry.value(), "description")
                    .and_then(Node::scalar_text)
                    .unwrap_or("");
                Some((entry.key().scalar_text()?, Field::new(of_input(self.file.tree, entry.value()), docs)))
            });
            Type::closed(inputs)
        })
    }

    /// What the workflows that name this agent may hand it; others may hand it more.
    fn inputs_of_callers(&self) -> Type {
        let mut fields: BTreeMap<String, Field> = BTreeMap::new();
        for input in self.index.inputs_for(self.file.path) {
            let mut field = Field::new(input.ty.clone(), input.docs.as_deref().unwrap_or(""));
            if let Some(known) = fields.remove(&input.name) {
                field.ty = Type::union([known.ty, field.ty]);
                field.docs = known.docs.or(field.docs);
            }
            fields.insert(input.name.clone(), field);
        }
        Type::open(fields)
    }

    /// The type of `steps.ID`.
    pub(crate) fn step(&self, id: &str) -> Option<Type> {
        let at = self.declared.step(id)?;
        if let Some(known) = self.steps.borrow().get(&at) {
            return Some(known.clone().unwrap_or_default());
        }
        self.steps.borrow_mut().insert(at, None);
        let node = self.declared.steps.get(at)?.node;
        let ty = step(self.file.tree, node, self.output(node));
        self.steps.borrow_mut().insert(at, Some(ty.clone()));
        Some(ty)
    }

    /// What one round of a step gives, `transform` included.
    fn output(&self, node: Node<'t>) -> Type {
        let said = |key: &str| self.file.tree.get(node, key);
        let Some(transform) = said("transform") else { return self.raw_output(node) };
        let rounds = (Rounds::of(|key| said(key).is_some()) == Rounds::Many).then_some(node);
        value(transform, &Scope { rounds, transform: Some(node), ..self.scope() })
    }

    /// What a step gives before `transform`.
    fn raw_output(&self, node: Node<'t>) -> Type {
        let said = |key: &str| self.file.tree.get(node, key);
        let path = said("path").and_then(Node::as_str).filter(|path| !has_expression(path));
        let is_workflow = said("type").and_then(Node::scalar_text) == Some("workflow");
        let outputs = path.filter(|_| is_workflow).and_then(|path| {
            let (_, workflow) = self.index.workflow_at(self.file.path, path)?;
            let workflow = Some(workflow).filter(|workflow| workflow.is_whole)?;
            let field = |output: &crate::index::Declared| {
                let field = Field::new(output.ty.clone(), output.docs.as_deref().unwrap_or(""));
                (output.name.clone(), field)
            };
            Some(Type::closed(workflow.outputs.iter().map(field)))
        });
        output(self.file.tree, node, outputs)
    }

    /// The type of a text with expressions in it.
    pub(crate) fn text(&self, node: Node<'t>) -> Type {
        match node.as_str() {
            Some(text) if !has_expression(text) => Type::Text,
            _ => value(node, &self.scope()),
        }
    }

    fn item(&self, step: Node<'t>) -> Type {
        if let Some(item) = matrix_item(self.file.tree, step) {
            return item;
        }
        let Some(list) = step.get("foreach") else { return Type::Any };
        let ty = value(list, &self.scope());
        if ty.is_open() { Type::Any } else { ty.item() }
    }

    fn env(&self, step: Option<Node<'t>>) -> Type {
        let places = self.file.tree.root().into_iter().chain(step);
        let names = places.flat_map(|place| self.file.tree.entries_at(place, "env"));
        let fields: BTreeMap<String, Field> = names
            .filter_map(|entry| Some((entry.key().scalar_text()?.to_owned(), Field::new(Type::Text, ""))))
            .collect();
        Type::Object { fields, rest: Some(Box::new(Type::Text)) }
    }
}

/// The type of a value that is an expression, with or without braces.
fn value(node: Node<'_>, scope: &Scope<'_, '_>) -> Type {
    let Some(text) = node.as_str() else { return Type::Any };
    let within = match lone(text) {
        Some(within) => within,
        None if has_expression(text) => return Type::Text,
        None => Span::new(0, text.len()),
    };
    let (expr, problems) = parse(text, within);
    if problems.is_empty() { infer(&expr, scope).ty } else { Type::Any }
}

/// Whether a name is no root, here or elsewhere.
pub(crate) fn knows_not(name: &str) -> bool {
    !super::ROOTS.iter().any(|(root, _)| *root == name)
}

/// The part between the braces of a text that is one expression and nothing else.
pub(crate) fn lone(text: &str) -> Option<Span> {
    // It is asked for each expression of a text, so the first one has to do.
    let piece = next(text, 0)?;
    let is_all = piece.end == End::Closed && piece.outer.len() == text.trim().len();
    is_all.then_some(piece.inner)
}

impl<'t> Scope<'_, 't> {
    /// A scope of which only the language itself is known.
    pub(crate) const fn unknown() -> Self {
        Self { world: None, rounds: None, transform: None, tool: None }
    }

    /// The world of a workflow, which is known as a whole. An agent does not know where it is called.
    fn workflow(&self) -> Option<&World<'t>> {
        self.world.filter(|world| world.file.kind == FileKind::Workflow)
    }

    pub(crate) fn has_rounds(&self) -> bool {
        self.rounds.is_some()
    }

    /// The names inside a step.
    #[must_use]
    pub(crate) fn inside(self, step: Node<'t>) -> Self {
        let has = |key: &str| match self.world {
            Some(world) => world.file.tree.get(step, key).is_some(),
            None => step.get(key).is_some(),
        };
        let rounds = if Rounds::of(has) == Rounds::Many { Some(step) } else { self.rounds };
        Self { rounds, ..self }
    }

    /// What a root is here.
    pub(crate) fn root(&self, name: &str) -> Found {
        let known = |ty: Type| Found::Type(ty);
        match name {
            "inputs" | "steps" => known(self.whole(name)),
            "env" => known(self.world.map_or_else(|| Type::map_of(Type::Text), |world| world.env(None))),
            "secrets" => known(Type::map_of(Type::Text)),
            "memory" => known(Type::Any),
            "last_failed_step" => known(Type::closed([
                ("id", Field::new(Type::Text, "The id of the step that failed.")),
                ("error", Field::new(Type::Text, "What went wrong.")),
            ])),
            "item" => match (self.rounds, self.workflow()) {
                (None, Some(_)) => {
                    Found::Absent("it is the item of a step with 'foreach' or 'strategy.matrix'")
                }
                (Some(step), Some(world)) => known(world.item(step)),
                (_, None) => known(Type::Any),
            },
            "index" => match (self.rounds, self.workflow()) {
                (None, Some(_)) => Found::Absent("it is the round of a step with 'foreach'"),
                _ => known(Type::Number),
            },
            "stdout" | "output" if self.transform.is_none() => {
                Found::Absent("it stands in 'transform' only; elsewhere write 'steps.ID.output'")
            }
            "stdout" => known(Type::Text),
            "output" => known(match (self.transform, self.world) {
                (Some(step), Some(world)) => world.raw_output(step),
                _ => Type::Any,
            }),
            "args" => match self.tool {
                Some(tool) => known(match (tool.get("parameters"), self.world) {
                    (Some(schema), Some(world)) => of_node(world.file.tree, schema),
                    _ => Type::Any,
                }),
                None => Found::Absent("it stands in the steps of tools only"),
            },
            _ => Found::Unknown,
        }
    }

    /// One input or one step. `None` where it is not declared, or nobody knows.
    pub(crate) fn named(&self, root: &str, name: &str) -> Option<Field> {
        let world = self.world?;
        match root {
            "inputs" => world.inputs().field(name).cloned(),
            _ => Some(Field::new(world.step(name)?, "")),
        }
    }

    /// All inputs, or all steps.
    pub(crate) fn whole(&self, root: &str) -> Type {
        match (root, self.world) {
            ("inputs", Some(world)) => world.inputs().clone(),
            _ => Type::open::<String>([]),
        }
    }
}

impl<'w, 't> Scope<'w, 't> {
    /// The names at an offset of a file, as far as its tree tells.
    pub(crate) fn at(world: &'w World<'t>, file: File<'t>, offset: usize) -> Self {
        let top = match file.kind {
            FileKind::Workflow | FileKind::Agent => world.scope(),
            _ => Self::unknown(),
        };
        let (mut scope, mut outside) = (top, top);
        let (mut key, mut step) = ("", None);
        for way in file.tree.path_at(offset) {
            match way {
                Way::Value(entry) => {
                    key = entry.key().scalar_text().unwrap_or("");
                    match key {
                        "foreach" if step.is_some() => scope = outside,
                        "transform" => scope.transform = step,
                        "library" => scope.world = None,
                        "compensate" | "execution" => {
                            outside = scope;
                            step = Some(entry.value());
                            scope = scope.inside(entry.value());
                        }
                        _ => {}
                    }
                }
                Way::Index(_, node) => match key {
                    "steps" | "errors" | "finally" => {
                        outside = scope;
                        step = Some(node);
                        scope = scope.inside(node);
                    }
                    "tools" => scope.tool = Some(node),
                    _ => {}
                },
                Way::Key(_) => {}
            }
        }
        scope
    }
}
