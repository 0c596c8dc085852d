//! Expressions: what stands between `${{` and `}}`, and bare in a few keys.
//!
//! [`pieces`] finds the expressions of a text, [`parse`] reads one, [`references`] lists what it refers to. The
//! language is small: names, members, calls, the usual operators, lists, mappings and arrow functions. What people
//! know from JavaScript and what is not part of it (`??`, `typeof`, template texts …) is named as such.
//!
//! Invariants
//! - Reading never fails: half an expression gives half a tree and at least one [`Problem`].
//! - Length, nesting and chains have limits, so that walking a tree by recursion is safe.
//! - Spans count in the text that was handed in. Turning them into places of the file is the caller's business.

mod constant;
mod evaluate;
pub(crate) mod infer;
mod lexer;
pub mod library;
mod operators;
mod parser;
mod references;
pub(crate) mod scope;
mod template;
pub mod types;
pub mod value;

use copydesk_base::Span;

pub use constant::constant;
pub(crate) use constant::is_constant;
pub(crate) use evaluate::evaluate_constant;
pub use evaluate::{
    Context, EvaluateError, Strictness, dependencies, evaluate, evaluate_expression, written,
};
pub use lexer::{Token, TokenKind, tokens};
pub(crate) use lexer::{bracketed, is_name};
pub use parser::parse;
pub use references::{Form, Member, Reference, references};
pub use template::{End, Piece, has_expression, pieces};

/// Longer expressions, and longer texts with expressions in them, are not read: so many characters.
pub const MAX_LENGTH: usize = 10_000;

/// Whether a text has more characters than are read.
pub(crate) fn is_too_long(text: &str) -> bool {
    text.len() > MAX_LENGTH && text.chars().count() > MAX_LENGTH
}

/// A tree and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub span: Span,
    pub kind: ExprKind,
}

impl Expr {
    /// What a chain of members, items and calls starts with, and its links in the order of the text.
    pub(crate) fn chain(&self) -> (&Self, Vec<&Self>) {
        let mut links = Vec::new();
        let mut base = self;
        loop {
            let before = match &base.kind {
                ExprKind::Member { object, .. } | ExprKind::Index { object, .. } => object,
                ExprKind::Call { callee, .. } => callee,
                _ => break,
            };
            links.push(base);
            base = before;
        }
        links.reverse();
        (base, links)
    }

    /// The name that a link of a chain writes out, by `.name` or `['name']`.
    pub(crate) fn written_name(&self) -> Option<Member> {
        match &self.kind {
            ExprKind::Member { name, .. } => Some(Member { name: name.clone(), form: Form::Dotted }),
            ExprKind::Index { index, .. } => match &index.kind {
                ExprKind::Text(text) if index.span.len() >= 2 => {
                    let span = Span::new(index.span.start + 1, index.span.end - 1);
                    Some(Member { name: Name { span, text: text.clone() }, form: Form::Bracketed })
                }
                _ => None,
            },
            _ => None,
        }
    }
}

/// The name that the link `at` of a chain takes of a root whose names people give: of `inputs` an input, of `steps` a
/// step. A method that every object has is none where it is called.
pub(crate) fn given_name(links: &[&Expr], at: usize) -> Option<Member> {
    let is_called = links.get(at + 1).is_some_and(|next| matches!(next.kind, ExprKind::Call { .. }));
    let member = links.get(at)?.written_name()?;
    (!(is_called && library::is_of_objects(&member.name.text))).then_some(member)
}

/// What an expression is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    Number(f64),
    Text(String),
    /// `true`, `false`.
    Bool(bool),
    Null,
    Undefined,
    Name(String),
    /// `object.name`, `object?.name`.
    Member {
        object: Box<Expr>,
        name: Name,
        link: Link,
    },
    /// `object[index]`, `object?.[index]`.
    Index {
        object: Box<Expr>,
        index: Box<Expr>,
        link: Link,
    },
    /// `callee(arguments)`, `callee?.(arguments)`.
    Call {
        callee: Box<Expr>,
        arguments: Vec<Expr>,
        link: Link,
    },
    Unary {
        operator: &'static str,
        operand: Box<Expr>,
    },
    Binary {
        operator: &'static str,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `condition ? then : otherwise`.
    Conditional {
        condition: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    List(Vec<Expr>),
    Mapping(Vec<(Name, Expr)>),
    /// `x => body`, `(x, y) => body`.
    Arrow {
        parameters: Vec<Name>,
        body: Box<Expr>,
    },
    /// Something should stand here.
    Missing,
}

/// How a part hangs on what is before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    Plain,
    /// With `?.`: where there is nothing before it, the rest of the chain is nothing, too.
    Optional,
}

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub span: Span,
    pub text: String,
}

/// What is wrong in an expression, at the smallest token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub span: Span,
    pub message: String,
    pub mend: Option<Mend>,
}

/// The text that mends an expression when it replaces a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mend {
    pub span: Span,
    pub text: String,
}

/// The names that expressions may start from.
pub const ROOTS: &[(&str, &str)] = &[
    ("inputs", "What the workflow was given."),
    ("steps", "The steps that are done: `steps.ID.output`, `.outputs`, `.status`, `.error`."),
    ("env", "Environment variables of the workflow."),
    ("secrets", "Secrets by name. They are never shown."),
    ("memory", "What the run remembers."),
    ("item", "The item of this round, in a step with `foreach` or `strategy.matrix`."),
    ("index", "The number of this round, from 0, in a step with `foreach`."),
    ("args", "The arguments of a tool, in the step that the tool runs."),
    ("stdout", "What the command wrote, in `transform`."),
    ("output", "The step's output, in `transform`."),
    ("last_failed_step", "The step that failed, in `errors` and `finally`: `.id` and `.error`."),
];

/// The fields of `steps.ID`.
pub const STEP_FIELDS: &[(&str, &str)] = &[
    ("output", "What the step gave back."),
    ("outputs", "The outputs of a workflow step, by name."),
    ("status", "How it ended: `success`, `failed`, `skipped` …"),
    ("error", "What went wrong, for a step that failed."),
];
