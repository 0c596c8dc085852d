//! What crosses the border of steps that become a workflow of their own: what they read comes in as inputs, what others
//! read of them goes out as outputs.

use copydesk_base::Span;
use copydesk_text::{Kind, Node};

use super::Place;
use super::refers::{Bare, Refers, below};
use crate::declared::{Block, Step};
use crate::expression::scope::World;
use crate::expression::{bracketed, is_name};
use crate::index::BUILT_IN_POOLS;
use crate::types::InputKind;

/// What crosses the border.
pub(super) struct Moved<'t> {
    /// The ids of the steps that move.
    pub(super) ids: Vec<&'t str>,
    pub(super) inputs: Vec<Crossing>,
    pub(super) outputs: Vec<Crossing>,
    /// Steps outside that the new step needs, in the order of the steps.
    pub(super) needs: Vec<&'t str>,
}

/// One value that is handed over.
pub(super) struct Crossing {
    /// Its name as an input or an output.
    pub(super) name: String,
    /// The expression that it has where it comes from.
    pub(super) from: String,
    /// The lines of its declaration, below its name.
    pub(super) declared: Vec<String>,
    /// Where it is read on the other side.
    pub(super) places: Vec<Span>,
}

impl<'t> Moved<'t> {
    pub(super) fn new(place: &Place<'_, 't>, chosen: &[(usize, &Step<'t>)]) -> Option<Self> {
        let ids: Vec<&str> = chosen.iter().filter_map(|(_, step)| Some(step.id()?.0)).collect();
        let mut moved = Self { ids, inputs: Vec::new(), outputs: Vec::new(), needs: Vec::new() };
        let mut needed: Vec<usize> = Vec::new();
        for (_, step) in chosen {
            let mut found = Vec::new();
            below(step.node, Bare::Text, &mut found);
            for refers in &found {
                moved.reads(place, refers, &mut needed)?;
            }
            needed.extend(step.needs(place.file.tree).filter_map(|(name, _)| place.declared.step(name)));
            let pool = step.node.get("pool").and_then(Node::scalar_text);
            if pool.is_some_and(|pool| !BUILT_IN_POOLS.contains(&pool)) {
                return None;
            }
        }
        needed.sort_unstable();
        needed.dedup();
        let name = |at: &usize| place.declared.steps.get(*at).and_then(|step| Some(step.id()?.0));
        moved.needs = needed.iter().filter_map(name).filter(|name| !moved.ids.contains(name)).collect();
        moved.read_by_others(place, chosen)?;
        Some(moved)
    }

    /// A reference in a step that moves: what it reads from outside comes in as an input.
    fn reads(&mut self, place: &Place<'_, 't>, refers: &Refers<'t>, needed: &mut Vec<usize>) -> Option<()> {
        match refers.root() {
            "inputs" => {
                let input = refers.member(0)?;
                let entry = place.declared.input(input)?;
                let declared = declaration(place, entry.value());
                // It keeps its name, so the reference stays as it is.
                let from = format!("inputs{}", member(input));
                cross(&mut self.inputs, input, from, declared, None);
            }
            "steps" => {
                let id = refers.member(0)?;
                if self.ids.contains(&id) {
                    return Some(());
                }
                // The whole of a step cannot be handed over as one value.
                let field = refers.member(1)?;
                let kind = match field {
                    "status" => "string",
                    _ => match known_kind(place, id, field) {
                        Some(kind) => kind,
                        None if refers.reference.path.len() > 2 => "object",
                        None => kind_of(place, id),
                    },
                };
                let from = format!("steps{}{}", member(id), member(field));
                let declared = vec![format!("type: {kind}")];
                cross(&mut self.inputs, &name_of(id, field), from, declared, Some(refers.span(2)));
                needed.extend(place.declared.step(id));
            }
            // The environment and the failed step are the workflow's own.
            "env" | "last_failed_step" => return None,
            _ => {}
        }
        Some(())
    }

    /// References from outside to a step that moves: what they read goes out as an output.
    fn read_by_others(&mut self, place: &Place<'_, 't>, chosen: &[(usize, &Step<'t>)]) -> Option<()> {
        let root = place.file.tree.root()?;
        let mut found = Vec::new();
        for (at, step) in place.declared.steps.iter().enumerate() {
            if !chosen.iter().any(|(chosen, _)| *chosen == at) {
                below(step.node, Bare::Text, &mut found);
            }
        }
        let moves = |refers: &Refers<'_>| {
            refers.root() == "steps" && refers.member(0).is_some_and(|id| self.ids.contains(&id))
        };
        // What comes when steps have failed sees each of them; of a workflow that failed it would see nothing.
        let is_late = |step: &&Step<'_>| step.block != Block::Steps;
        let mut late = Vec::new();
        place.declared.steps.iter().filter(is_late).for_each(|step| below(step.node, Bare::Text, &mut late));
        if late.iter().any(moves) {
            return None;
        }
        for key in ["outputs", "env", "concurrency", "pools", "eval", "compensate"] {
            if let Some(value) = root.get(key) {
                below(value, Bare::Text, &mut found);
            }
        }
        for refers in found.iter().filter(|refers| refers.root() == "steps") {
            let Some(id) = refers.member(0).filter(|id| self.ids.contains(id)) else { continue };
            let field = refers.member(1)?;
            let name = if field == "output" { clean(id) } else { name_of(id, field) };
            let from = format!("steps{}{}", member(id), member(field));
            cross(&mut self.outputs, &name, from, Vec::new(), Some(refers.span(2)));
        }
        Some(())
    }
}

/// Notes one more place of a value that crosses; the same value crosses once, and two values never share a name.
fn cross(all: &mut Vec<Crossing>, name: &str, from: String, declared: Vec<String>, place: Option<Span>) {
    if let Some(known) = all.iter_mut().find(|known| known.from == from) {
        known.places.extend(place);
        return;
    }
    let taken = |name: &str| all.iter().any(|known| known.name == name);
    let mut free = name.to_owned();
    let mut number = 2;
    while taken(&free) {
        free = format!("{name}_{number}");
        number += 1;
    }
    all.push(Crossing { name: free, from, declared, places: place.into_iter().collect() });
}

/// The lines of an input's declaration, without those that speak of the caller.
fn declaration(place: &Place<'_, '_>, value: Node<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for key in ["type", "values", "secret", "description"] {
        if let Some(value) = value.get(key)
            && !matches!(value.kind(), Kind::Alias(_))
        {
            let written = value.span().of(place.file.text);
            if !written.contains(['\n', '\r']) {
                lines.push(format!("{key}: {written}"));
            }
        }
    }
    lines
}

/// The kind of input for a field of a step, where its type is known.
fn known_kind(place: &Place<'_, '_>, id: &str, field: &str) -> Option<&'static str> {
    let world = World::new(*place.file, place.declared, place.index);
    world.step(id)?.field(field)?.ty.input_kind().map(InputKind::word)
}

/// What a step gives back, in the words of an input.
fn kind_of(place: &Place<'_, '_>, id: &str) -> &'static str {
    let step = place.declared.step(id).and_then(|at| place.declared.steps.get(at));
    let Some(step) = step else { return "string" };
    let schema = step.node.get("outputSchema").and_then(|schema| schema.get("type")?.scalar_text());
    match schema {
        Some("array") => "array",
        Some("number" | "integer") => "number",
        Some("boolean") => "boolean",
        Some("string") => "string",
        Some(_) => "object",
        None if step.node.get("foreach").or(step.node.get("strategy")).is_some() => "array",
        None => match step.kind() {
            Some("llm" | "human" | "sleep" | "join") | None => "string",
            Some(_) => "object",
        },
    }
}

/// `.name`, or `['name']` where it is no plain name.
pub(super) fn member(name: &str) -> String {
    if is_name(name) { format!(".{name}") } else { bracketed(name, '\'') }
}

pub(super) fn clean(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect()
}

fn name_of(id: &str, field: &str) -> String {
    format!("{}_{}", clean(id), clean(field))
}
