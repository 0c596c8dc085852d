//! What may be written at an offset.

use copydesk_base::Span;

use crate::{File, WorkspaceIndex};

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

/// The text of a snippet: stops vanish, their placeholders stay.
fn without_tabstops(insert: &str) -> String {
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
                }
            }
            '}' if open > 0 => open -= 1,
            _ => plain.push(c),
        }
    }
    plain
}

/// What may be written at `offset`, best first. Empty where anything goes.
pub fn complete(_file: &File<'_>, _index: &WorkspaceIndex, _offset: usize) -> Vec<Completion> {
    Vec::new()
}
