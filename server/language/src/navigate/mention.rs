//! A mention: one place of a file that gives a name to a thing or uses one.

use copydesk_base::Span;
use copydesk_text::Style;

use crate::index::Target;

/// One place with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mention {
    /// The name alone, without quotes.
    pub(crate) span: Span,
    pub(crate) thing: Thing,
    pub(crate) role: Role,
    pub(crate) form: Form,
    /// All of what is declared: the step, the input. Of a use, its name.
    pub(crate) around: Span,
}

/// What is named, in the words of the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Thing {
    /// A step. The lists of a workflow share one set of ids, which is 0; each library has its own, by where it starts.
    Step {
        list: usize,
        id: String,
    },
    /// An output of a `workflow` step under the name that `outputMapping` gives it.
    Mapped {
        step: String,
        name: String,
    },
    Input(String),
    Output(String),
    /// An argument of a prompt.
    Argument(String),
    /// A variable of the workflow's `env`.
    Env(String),
    Secret(String),
    /// A program that an `engine` step starts.
    Engine(String),
    /// What the file calls itself: an agent's name, or a workflow's.
    Own,
    /// An anchor, by where its value starts.
    Anchor {
        name: String,
        at: usize,
    },
    /// A name that an arrow function binds, by where that stands.
    Bound {
        name: String,
        at: usize,
    },
    /// A thing of another file, or of one that must be looked for.
    Elsewhere(Target),
}

/// Whether a name is given or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Declares,
    Uses,
}

/// How a name is written, for whoever writes another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A text of YAML that is the name and nothing else.
    Scalar(Style),
    /// `.name` in an expression; `whole` becomes `['name']` where the name needs it, and cannot where that is `None`.
    Dotted { whole: Option<Span>, quote: char },
    /// `['name']` in an expression; `whole` becomes `.name` where the old name was the only reason for the brackets.
    Bracketed { whole: Option<Span> },
    /// `{ name }` in an expression, short for `{ name: name }`.
    Short,
    /// A name that stands for itself: of an anchor, or of an arrow function's parameter.
    Bare,
}

impl Mention {
    /// A use whose name is all there is.
    pub(crate) fn used(span: Span, thing: Thing, form: Form) -> Self {
        Self { span, thing, role: Role::Uses, form, around: span }
    }

    /// A declaration.
    pub(crate) fn declared(span: Span, thing: Thing, form: Form, around: Span) -> Self {
        Self { span, thing, role: Role::Declares, form, around }
    }
}

impl Thing {
    /// The name itself, where the file writes it.
    pub(crate) fn name(&self) -> Option<&str> {
        Some(match self {
            Self::Step { id: name, .. }
            | Self::Mapped { name, .. }
            | Self::Input(name)
            | Self::Output(name)
            | Self::Argument(name)
            | Self::Env(name)
            | Self::Secret(name)
            | Self::Engine(name)
            | Self::Anchor { name, .. }
            | Self::Bound { name, .. } => name,
            Self::Own => return None,
            Self::Elsewhere(target) => match target {
                Target::Agent(name)
                | Target::Workflow(name)
                | Target::Input { name, .. }
                | Target::Output { name, .. }
                | Target::Pool(name)
                | Target::McpServer(name)
                | Target::Provider(name) => name,
            },
        })
    }

    /// What it is, in a word for people.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Step { .. } => "step",
            Self::Mapped { .. } | Self::Output(_) | Self::Elsewhere(Target::Output { .. }) => "output",
            Self::Input(_) | Self::Elsewhere(Target::Input { .. }) => "input",
            Self::Argument(_) => "argument",
            Self::Env(_) => "variable",
            Self::Secret(_) => "secret",
            Self::Engine(_) => "engine",
            Self::Own => "name",
            Self::Anchor { .. } => "anchor",
            Self::Bound { .. } => "parameter",
            Self::Elsewhere(Target::Agent(_)) => "agent",
            Self::Elsewhere(Target::Workflow(_)) => "workflow",
            Self::Elsewhere(Target::Pool(_)) => "pool",
            Self::Elsewhere(Target::McpServer(_)) => "MCP server",
            Self::Elsewhere(Target::Provider(_)) => "provider",
        }
    }
}
