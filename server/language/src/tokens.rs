//! What each word is, for colors: keys, steps, inputs, types, agents, and everything inside expressions.
//!
//! Comments and plain values are left to the editor's own grammar, which knows them as well as we do. Kinds are the
//! protocol's standard ones, so that every theme has a color for them.

use copydesk_base::Span;
use copydesk_text::{Kind, Node, Scalar};

use crate::expression::{self, ROOTS, TokenKind as Lexed};
use crate::{File, FileKind};

/// One word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SemanticToken {
    pub span: Span,
    pub kind: TokenKind,
    pub role: TokenRole,
}

/// Whether a name is given here or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenRole {
    Declares,
    Uses,
}

macro_rules! token_kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What a word is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum TokenKind { $($(#[$doc])* $name,)* }

        impl TokenKind {
            /// All of them, in the order of the legend.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The protocol's word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

token_kinds! {
    /// A key, and a member in an expression.
    Property = "property",
    /// A step's id, and a name that an arrow function binds.
    Variable = "variable",
    /// An input.
    Parameter = "parameter",
    /// The word of a step's `type`.
    Type = "type",
    /// An agent.
    Class = "class",
    /// What expressions start from: `steps`, `inputs`.
    Namespace = "namespace",
    Function = "function",
    Method = "method",
    Keyword = "keyword",
    String = "string",
    Number = "number",
    Operator = "operator",
}

/// The words of a file, or of the part of it that `within` touches, in order and apart.
pub fn semantic_tokens(file: &File<'_>, within: Option<Span>) -> Vec<SemanticToken> {
    if file.kind == FileKind::Other {
        return Vec::new();
    }
    let whole = Span::new(0, file.text.len());
    let mut painter = Painter { within: within.unwrap_or(whole), tokens: Vec::new() };
    for root in file.tree.documents() {
        let place = if file.kind == FileKind::Workflow { Place::Workflow } else { Place::Other };
        painter.node(root, place);
    }
    if let Some(prompt) = file.prompt() {
        painter.pieces(prompt);
    }
    let mut tokens = painter.tokens;
    tokens.sort_by_key(|token| token.span);
    tokens.dedup_by(|later, earlier| later.span.start < earlier.span.end);
    tokens
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Workflow,
    /// Below `inputs` of a workflow.
    Inputs,
    Steps,
    Step,
    /// Below `needs`.
    Needs,
    Library,
    /// A value that is an expression with or without its braces.
    Expression,
    Agent,
    Id,
    StepType,
    Other,
}

struct Painter {
    within: Span,
    tokens: Vec<SemanticToken>,
}

impl Painter {
    fn node(&mut self, node: Node<'_>, place: Place) {
        if !node.span().overlaps(self.within) {
            return;
        }
        match node.kind() {
            Kind::Mapping(entries) => {
                let within = self.within;
                for entry in entries.iter().filter(|entry| entry.span().overlaps(within)) {
                    let key = entry.key();
                    if place == Place::Inputs {
                        self.push(inner(key), TokenKind::Parameter, TokenRole::Declares);
                    } else {
                        self.push(inner(key), TokenKind::Property, TokenRole::Uses);
                    }
                    let word = key.scalar_text().unwrap_or("");
                    self.node(entry.value(), below(place, word));
                }
            }
            Kind::Sequence(items) => {
                let place = match place {
                    Place::Steps => Place::Step,
                    // A tool of an agent runs a step.
                    other => other,
                };
                for item in items {
                    self.node(item, place);
                }
            }
            Kind::Scalar(scalar) => self.scalar(node, scalar, place),
            Kind::Null | Kind::Alias(_) => {}
        }
    }

    fn scalar(&mut self, node: Node<'_>, scalar: Scalar<'_>, place: Place) {
        let text = scalar.text();
        if expression::has_expression(text) {
            return self.pieces(scalar);
        }
        let span = inner(node);
        match place {
            Place::Expression if node.as_str().is_some() => self.expression(scalar, Span::new(0, text.len())),
            Place::Id => self.push(span, TokenKind::Variable, TokenRole::Declares),
            Place::Needs => self.push(span, TokenKind::Variable, TokenRole::Uses),
            Place::StepType => self.push(span, TokenKind::Type, TokenRole::Uses),
            Place::Agent => self.push(span, TokenKind::Class, TokenRole::Uses),
            _ => {}
        }
    }

    /// Each `${{ }}` of a text.
    fn pieces(&mut self, scalar: Scalar<'_>) {
        for piece in expression::pieces(scalar.text()) {
            let open = Span::new(piece.outer.start, piece.inner.start);
            self.push(scalar.source_span(open.start, open.end), TokenKind::Operator, TokenRole::Uses);
            self.expression(scalar, piece.inner);
            if piece.outer.end > piece.inner.end {
                let close = scalar.source_span(piece.inner.end, piece.outer.end);
                self.push(close, TokenKind::Operator, TokenRole::Uses);
            }
        }
    }

    fn expression(&mut self, scalar: Scalar<'_>, within: Span) {
        let text = scalar.text();
        let tokens = expression::tokens(text, within);
        for (at, token) in tokens.iter().enumerate() {
            let sign = |at: Option<usize>| match at.and_then(|at| tokens.get(at))?.kind {
                Lexed::Sign(sign) => Some(sign),
                _ => None,
            };
            let word = |back: usize| {
                at.checked_sub(back).and_then(|at| tokens.get(at)).map(|token| token.span.of(text))
            };
            let called = sign(Some(at + 1)) == Some("(");
            let is_member = matches!(sign(at.checked_sub(1)), Some("." | "?."));
            let kind = match token.kind {
                Lexed::Number => TokenKind::Number,
                Lexed::Text | Lexed::OpenText => TokenKind::String,
                Lexed::Name if is_member => match (word(2), word(3)) {
                    _ if called => TokenKind::Method,
                    (Some("steps"), before) if before != Some(".") => TokenKind::Variable,
                    (Some("inputs"), before) if before != Some(".") => TokenKind::Parameter,
                    _ => TokenKind::Property,
                },
                Lexed::Name => name(token.span.of(text), called),
                Lexed::Sign("(" | ")" | "[" | "]" | "{" | "}" | "," | "." | "?.") | Lexed::Strange => {
                    continue;
                }
                Lexed::Sign(_) => TokenKind::Operator,
            };
            self.push(scalar.source_span(token.span.start, token.span.end), kind, TokenRole::Uses);
        }
    }

    fn push(&mut self, span: Span, kind: TokenKind, role: TokenRole) {
        if !span.is_empty() && span.overlaps(self.within) {
            self.tokens.push(SemanticToken { span, kind, role });
        }
    }
}

/// A name that nothing stands before.
fn name(word: &str, called: bool) -> TokenKind {
    match word {
        "true" | "false" | "null" | "undefined" => TokenKind::Keyword,
        "item" | "index" | "args" | "stdout" | "output" => TokenKind::Variable,
        _ if ROOTS.iter().any(|(root, _)| *root == word) => TokenKind::Namespace,
        _ if called => TokenKind::Function,
        _ if expression::library::global(word).is_some() => TokenKind::Namespace,
        _ => TokenKind::Variable,
    }
}

fn below(place: Place, key: &str) -> Place {
    match (place, key) {
        (Place::Workflow, "inputs") => Place::Inputs,
        (Place::Workflow, "steps" | "errors" | "finally") | (Place::Library, "steps") => Place::Steps,
        (Place::Workflow | Place::Step, "compensate") | (Place::Other, "execution") => Place::Step,
        (Place::Step, "id") => Place::Id,
        (Place::Step, "type") => Place::StepType,
        (Place::Step, "needs") => Place::Needs,
        (Place::Step, "if" | "foreach" | "transform") => Place::Expression,
        (Place::Step, "library") => Place::Library,
        (_, "agent" | "supervisor") => Place::Agent,
        _ => Place::Other,
    }
}

/// A scalar without its quotes; of a block text nothing.
fn inner(node: Node<'_>) -> Span {
    node.scalar().map_or(Span::at(node.span().start), |scalar| scalar.source_span(0, scalar.text().len()))
}
