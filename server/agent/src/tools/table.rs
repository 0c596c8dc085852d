//! The one table of all tools, in the order in which models are told of them.
//!
//! A new tool is a file beside this one and a row here: its name, whether it only looks, what models are told of it,
//! and what it does. A `run` is boxed, so that a tool may begin a run of its own.

use copydesk_base::CallId;
use copydesk_provider::ToolSpec;
use futures_util::future::{BoxFuture, ready};
use futures_util::{FutureExt, TryFutureExt};
use serde_json::Value;

use super::{
    Work, agent, ask_user, assign_tasks, bash, diagnostics, edit, finding, glob, grep, handoff, list, map,
    output, read, references, rename, skill, symbols, todo, write,
};
use crate::error::AgentError;
use crate::run::Turn;

/// Whether calls of a tool may run beside others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It changes nothing and asks for nothing but leave to read.
    Look,
    Act,
    /// It acts, and only actions that name it have it.
    Special,
    /// It has somebody else work, beside whatever else is put off.
    Call,
    /// It is offered only where a run has use for it.
    Given,
}

/// One row.
pub(super) struct Tool {
    pub(super) name: &'static str,
    kind: Kind,
    pub(super) spec: fn() -> ToolSpec,
    /// Judges, asks and performs one call, or leaves a look to be had.
    pub(super) run: for<'t> fn(&'t mut Turn, &'t CallId, Value) -> BoxFuture<'t, Result<Work, AgentError>>,
}

const TABLE: &[Tool] = &[
    Tool {
        name: "read",
        kind: Kind::Look,
        spec: read::spec,
        run: |turn, call, value| read::run(turn, call, value).boxed(),
    },
    Tool {
        name: "list",
        kind: Kind::Look,
        spec: list::spec,
        run: |turn, call, value| list::run(turn, call, value).boxed(),
    },
    Tool {
        name: "glob",
        kind: Kind::Look,
        spec: glob::spec,
        run: |turn, call, value| glob::run(turn, call, value).boxed(),
    },
    Tool {
        name: "grep",
        kind: Kind::Look,
        spec: grep::spec,
        run: |turn, call, value| grep::run(turn, call, value).boxed(),
    },
    Tool {
        name: "symbols",
        kind: Kind::Look,
        spec: symbols::spec,
        run: |turn, call, value| symbols::run(turn, call, value).boxed(),
    },
    Tool {
        name: "map",
        kind: Kind::Look,
        spec: map::spec,
        run: |turn, call, value| map::run(turn, call, value).boxed(),
    },
    Tool {
        name: "diagnostics",
        kind: Kind::Act,
        spec: diagnostics::spec,
        run: |turn, call, value| diagnostics::run(turn, call, value).map_ok(Work::from).boxed(),
    },
    Tool {
        name: "references",
        kind: Kind::Act,
        spec: references::spec,
        run: |turn, call, value| references::run(turn, call, value).map_ok(Work::from).boxed(),
    },
    Tool {
        name: "rename",
        kind: Kind::Act,
        spec: rename::spec,
        run: |turn, call, value| rename::run(turn, call, value).map_ok(Work::from).boxed(),
    },
    Tool {
        name: "edit",
        kind: Kind::Act,
        spec: edit::spec,
        run: |turn, call, value| edit::run(turn, call, value).map_ok(Work::from).boxed(),
    },
    Tool {
        name: "write",
        kind: Kind::Act,
        spec: write::spec,
        run: |turn, call, value| write::run(turn, call, value).map_ok(Work::from).boxed(),
    },
    Tool {
        name: "bash",
        kind: Kind::Act,
        spec: bash::spec,
        run: |turn, call, value| bash::run(turn, call, value).map_ok(Work::from).boxed(),
    },
    Tool {
        name: "output",
        kind: Kind::Act,
        spec: output::spec,
        run: |turn, call, value| output::run(turn, call, value).map_ok(Work::from).boxed(),
    },
    Tool {
        name: "todo",
        kind: Kind::Act,
        spec: todo::spec,
        run: |turn, call, value| todo::run(turn, call, value).map_ok(Work::from).boxed(),
    },
    Tool {
        name: "finding",
        kind: Kind::Special,
        spec: finding::spec,
        run: |turn, call, value| finding::run(turn, call, value).map_ok(Work::from).boxed(),
    },
    Tool {
        name: "ask_user",
        kind: Kind::Act,
        spec: ask_user::spec,
        run: |turn, call, value| ask_user::run(turn, call, value).map_ok(Work::from).boxed(),
    },
    Tool {
        name: "agent",
        kind: Kind::Call,
        spec: agent::spec,
        run: |turn, call, value| agent::run(turn, call, value).boxed(),
    },
    Tool {
        name: "skill",
        kind: Kind::Given,
        spec: skill::spec,
        run: |turn, call, value| skill::run(turn, call, value).map_ok(Work::from).boxed(),
    },
    Tool {
        name: "handoff",
        kind: Kind::Given,
        spec: handoff::spec,
        run: |turn, _, value| ready(Ok(handoff::run(turn, value).into())).boxed(),
    },
    Tool {
        name: "assign_tasks",
        kind: Kind::Given,
        spec: assign_tasks::spec,
        run: |turn, _, value| ready(Ok(assign_tasks::run(turn, value).into())).boxed(),
    },
];

/// The tool of that name.
pub(super) fn named(name: &str) -> Option<&'static Tool> {
    TABLE.iter().find(|tool| tool.name == name)
}

/// The names of all tools that an action has which names none.
pub(crate) fn every() -> impl Iterator<Item = &'static str> {
    TABLE.iter().filter(|tool| !matches!(tool.kind, Kind::Special | Kind::Given)).map(|tool| tool.name)
}

/// The names of those that only look.
pub(crate) fn looking() -> impl Iterator<Item = &'static str> {
    TABLE.iter().filter(|tool| tool.kind == Kind::Look).map(|tool| tool.name)
}

/// Whether a call of this tool can run beside others.
pub(crate) fn only_looks(name: &str) -> bool {
    named(name).is_some_and(|tool| matches!(tool.kind, Kind::Look | Kind::Call))
}

/// The specifications of the named tools, in a fixed order.
pub(crate) fn specs(names: &[String]) -> Vec<ToolSpec> {
    let wanted = TABLE.iter().filter(|tool| names.iter().any(|name| name == tool.name));
    wanted.map(|tool| (tool.spec)()).collect()
}
