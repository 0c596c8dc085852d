//! A symbol: the thing itself, wherever it is named.
//!
//! A mention says what its file calls a thing; [`symbol`] says which thing of which file that is. Two mentions belong
//! together exactly when their symbols are equal.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::mention::{Mention, Role, Thing};
use super::scan::Scanned;
use crate::FileKind;
use crate::index::{Summary, SummaryBody, Target, WorkspaceIndex};

/// A thing with a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Symbol {
    pub(crate) home: Home,
    /// In the words of its home.
    pub(crate) thing: Thing,
}

/// Where a thing is declared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Home {
    File(PathBuf),
    /// In the config, whichever file of it.
    Settings,
    /// Built in, or not found.
    Nowhere,
}

/// What a mention of a file means.
pub(crate) fn symbol(scanned: &Scanned, mention: &Mention, index: &WorkspaceIndex) -> Symbol {
    let path = scanned.path.as_path();
    let here = || Home::File(path.to_owned());
    let (home, thing) = match &mention.thing {
        Thing::Elsewhere(target) => of_target(scanned, path, target, index),
        Thing::Engine(_) => (Home::Settings, mention.thing.clone()),
        Thing::Input(name) if kind(path, index) == FileKind::Agent => {
            let home = declaring(path, name, index).map_or_else(here, |path| Home::File(path.to_owned()));
            (home, mention.thing.clone())
        }
        thing => (here(), thing.clone()),
    };
    Symbol { home, thing }
}

fn of_target(scanned: &Scanned, path: &Path, target: &Target, index: &WorkspaceIndex) -> (Home, Thing) {
    let lost = || (Home::Nowhere, Thing::Elsewhere(target.clone()));
    let workflow =
        |written: &str| index.workflow_at(path, written).map(|(path, _)| Home::File(path.to_owned()));
    match target {
        Target::Agent(name) => match index.agent_at(path, name) {
            Some(path) => (Home::File(path.to_owned()), Thing::Own),
            None => lost(),
        },
        Target::Workflow(written) => match index.file_at(path, written) {
            Some((path, _)) => (Home::File(path.to_owned()), Thing::Own),
            None => lost(),
        },
        Target::Input { workflow: written, name } => {
            workflow(written).map_or_else(lost, |home| (home, Thing::Input(name.clone())))
        }
        Target::Output { workflow: written, name } => {
            workflow(written).map_or_else(lost, |home| (home, Thing::Output(name.clone())))
        }
        Target::Pool(_) => {
            let thing = Thing::Elsewhere(target.clone());
            let declares = |one: &Mention| one.role == Role::Declares && one.thing == thing;
            let is_config = !matches!(kind(path, index), FileKind::Config | FileKind::KeystoneConfig);
            let here = is_config && scanned.mentions.iter().any(declares);
            (if here { Home::File(path.to_owned()) } else { Home::Settings }, thing)
        }
        Target::McpServer(_) | Target::Provider(_) => (Home::Settings, Thing::Elsewhere(target.clone())),
    }
}

fn kind(path: &Path, index: &WorkspaceIndex) -> FileKind {
    let summary = index.files.as_deref().and_then(|files| files.get(path));
    summary.map_or(FileKind::Workflow, |summary| summary.kind)
}

/// The one workflow that hands an input to an agent. Of several nobody knows which is meant.
fn declaring<'i>(agent: &Path, name: &str, index: &'i WorkspaceIndex) -> Option<&'i Path> {
    let mut callers = index.callers_of_agent(agent).into_iter();
    let mut declaring =
        callers.by_ref().filter(|(_, workflow)| workflow.inputs.iter().any(|input| input.name == name));
    let (path, _) = declaring.next()?;
    declaring.next().is_none().then_some(path)
}

/// The files that may name a symbol; the one at hand is among them if it has to be.
pub(crate) fn files_naming(symbol: &Symbol, own: &Path, index: &WorkspaceIndex) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::from([own.to_owned()]);
    let Some(files) = index.files.as_deref() else { return found };
    let mut with = |fits: &dyn Fn(&Path, &Summary) -> bool| {
        found
            .extend(files.iter().filter(|(path, summary)| fits(path, summary)).map(|(path, _)| path.clone()));
    };
    let calls = |summary: &Summary, fits: &dyn Fn(&Target) -> bool| {
        summary.calls.iter().any(|call| fits(&call.target))
    };
    match (&symbol.home, &symbol.thing) {
        (Home::File(home), Thing::Own | Thing::Input(_) | Thing::Output(_)) => {
            let is_agent = matches!(files.get(home).map(|one| &one.body), Some(SummaryBody::Agent(_)));
            let reads = |summary: &Summary| match (&summary.body, &symbol.thing) {
                (SummaryBody::Agent(agent), Thing::Input(name)) => agent.reads.contains(name),
                _ => false,
            };
            with(&|path, summary| {
                path == home
                    || reads(summary)
                    || calls(summary, &|target| match target {
                        Target::Agent(name) if is_agent => index.agent_at(path, name) == Some(home),
                        Target::Workflow(written) if !is_agent => {
                            index.file_at(path, written).is_some_and(|(path, _)| path == home)
                        }
                        _ => false,
                    })
            });
        }
        (Home::File(home), _) => {
            found.insert(home.clone());
        }
        (Home::Settings, thing) => with(&|_, summary| {
            let is_config = matches!(summary.kind, FileKind::Config | FileKind::KeystoneConfig);
            is_config
                || match thing {
                    // Summaries do not list programs.
                    Thing::Engine(_) => summary.kind == FileKind::Workflow,
                    Thing::Elsewhere(target) => calls(summary, &|other| other == target),
                    _ => false,
                }
        }),
        (Home::Nowhere, Thing::Elsewhere(target)) => {
            with(&|_, summary| calls(summary, &|other| other == target));
        }
        (Home::Nowhere, _) => {}
    }
    found
}
