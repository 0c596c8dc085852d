//! Finding a thing of the workspace by a few letters of its name.
//!
//! The index has all names, so no file is read. A name is found if it has the letters in their order; it is the better
//! the closer they stand together and the more of them start a word.

use std::cmp::Reverse;
use std::path::PathBuf;

use copydesk_base::Span;

use crate::index::{SummaryBody, WorkspaceIndex};

/// A thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub name: String,
    pub kind: FoundKind,
    pub path: PathBuf,
    pub span: Span,
    /// The workflow it belongs to; empty for workflows and agents.
    pub container: String,
}

/// What kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FoundKind {
    Workflow,
    Agent,
    Step,
    Input,
    Output,
}

/// The best `most` things for what was typed; of nothing typed, the first ones.
pub fn find(index: &WorkspaceIndex, typed: &str, most: usize) -> Vec<Found> {
    let wanted: Vec<char> =
        typed.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    let mut scored: Vec<(u32, Found)> =
        all(index).filter_map(|found| Some((score(&found.name, &wanted)?, found))).collect();
    scored.sort_by(|(one, first), (other, second)| {
        let order = |score: u32, found: &Found| (Reverse(score), found.kind, found.name.len());
        order(*one, first).cmp(&order(*other, second)).then_with(|| {
            (&first.name, &first.path, first.span).cmp(&(&second.name, &second.path, second.span))
        })
    });
    scored.truncate(most);
    scored.into_iter().map(|(_, found)| found).collect()
}

fn all(index: &WorkspaceIndex) -> impl Iterator<Item = Found> {
    index.files.as_deref().into_iter().flatten().flat_map(|(path, summary)| {
        let stem = || path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let title = summary.title.clone().unwrap_or_else(stem);
        let found = |name: &str, kind: FoundKind, span: Span, container: &str| Found {
            name: name.to_owned(),
            kind,
            path: path.clone(),
            span,
            container: container.to_owned(),
        };
        let mut things = Vec::new();
        match &summary.body {
            SummaryBody::Workflow(workflow) => {
                things.push(found(&title, FoundKind::Workflow, workflow.name_span, ""));
                let steps = workflow.steps.iter().map(|step| (&*step.id, FoundKind::Step, step.span));
                let inputs = workflow.inputs.iter().map(|input| (&*input.name, FoundKind::Input, input.span));
                let outputs = workflow.outputs.iter().map(|one| (&*one.name, FoundKind::Output, one.span));
                let parts = steps.chain(inputs).chain(outputs);
                things.extend(parts.map(|(name, kind, span)| found(name, kind, span, &title)));
            }
            SummaryBody::Agent(agent) => things.push(found(&agent.name, FoundKind::Agent, agent.span, "")),
            _ => {}
        }
        things
    })
}

/// How well a name fits; `None` where it has not all letters in their order.
fn score(name: &str, wanted: &[char]) -> Option<u32> {
    let mut rest = wanted.iter().peekable();
    let (mut score, mut run) = (0, 0);
    let mut before = ' ';
    for c in name.chars() {
        let starts_word = !before.is_alphanumeric() || (before.is_lowercase() && c.is_uppercase());
        let fits = rest.peek().is_some_and(|wanted| c.to_lowercase().eq(std::iter::once(**wanted)));
        before = c;
        if !fits {
            run = 0;
            continue;
        }
        rest.next();
        run += 1;
        score += run + if starts_word { 3 } else { 0 };
    }
    if rest.peek().is_some() {
        return None;
    }
    // All of it, and nothing else.
    let whole = name.chars().count() == wanted.len();
    Some(score + u32::from(whole) * 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_in_their_order_and_the_closer_the_better() {
        let best = |typed: &str| {
            let wanted: Vec<char> = typed.chars().collect();
            let names = ["deploy-site", "dispose", "build", "decide-apply", "Ülgen"];
            let mut scored: Vec<_> =
                names.iter().filter_map(|name| Some((Reverse(score(name, &wanted)?), *name))).collect();
            scored.sort();
            scored.into_iter().map(|(_, name)| name).collect::<Vec<_>>()
        };
        assert_eq!(best("dep"), ["deploy-site", "decide-apply"]);
        assert_eq!(best("ds"), ["deploy-site", "dispose"]);
        assert_eq!(best("build"), ["build"]);
        assert_eq!(best("ül"), ["Ülgen"]);
        assert_eq!(best("zz"), Vec::<&str>::new());
        assert_eq!(best("").len(), 5);
    }
}
