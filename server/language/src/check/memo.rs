//! What was found at the steps of a file, kept for its next version.
//!
//! A step that did not change, in a file that declares the same, has the same findings at another place. A [`Memo`]
//! belongs to one file and is handed from check to check; it holds what [`structure`](super::structure) and
//! [`expressions`](super::expressions) said of each step, and what a step tells about itself ([`Traits`]).
//!
//! Invariants
//! - A check with a memo finds what a check without one finds.
//! - Kept is only what lies within its step, mends and related places included: the rest is looked at anew each time.
//! - Nothing is recalled in a file with anchors, whose steps mean something else when an anchor does.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use copydesk_base::{Diagnostic, Span};
use copydesk_text::{Identity, Node};

use super::context::Context;
use super::graph::Edge;
use crate::File;
use crate::declared::{Block, Declared};

/// What was found in the last version of one file.
#[derive(Clone, Debug, Default)]
pub struct Memo {
    context: Arc<Context>,
    /// What the file declared, as a fingerprint.
    world: u64,
    /// Counts the checks: what one has not used belongs to versions that are gone.
    round: u64,
    steps: HashMap<Identity, Known>,
    trust: Use,
}

/// How far a memo may be trusted with the version at hand.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Use {
    /// Steps refer to what stands elsewhere.
    #[default]
    Nothing,
    /// A piece could not be read, and what it declares may hide findings. Steps without findings have none then either.
    Silence,
    Everything,
}

/// What is known of one step.
#[derive(Clone, Debug)]
struct Known {
    /// The check that used it last.
    round: u64,
    traits: Traits,
    looks: [Option<Kept>; 2],
}

/// Which look something was found in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Look {
    Structure = 0,
    Expressions = 1,
}

/// What one look found at one step.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    /// Where the step stood then.
    start: usize,
    pub(super) findings: Vec<Diagnostic>,
    pub(super) edges: Vec<Edge>,
}

/// What a step tells about itself, whatever stands around it.
#[derive(Clone, Debug, Default)]
pub(super) struct Traits {
    /// The keys that decide what `steps.ID` is, as a fingerprint.
    declares: u64,
    /// The inputs that its texts read.
    reads: Box<[Box<str>]>,
    /// Whether `inputs` is used as a whole, or with a name that is computed.
    reads_all: bool,
}

/// The keys of a step that others' expressions depend on.
const DECLARING: [&str; 8] =
    ["id", "type", "outputSchema", "foreach", "strategy", "outputMapping", "transform", "path"];

impl Memo {
    /// Begins a check: what no longer holds is forgotten.
    pub(super) fn begin(&mut self, file: &File<'_>, declared: &Declared<'_>, context: &Arc<Context>) {
        self.round += 1;
        self.trust = match file.tree {
            tree if tree.has_anchors() => Use::Nothing,
            tree if tree.broken().is_empty() => Use::Everything,
            _ => Use::Silence,
        };
        let world = self.world(file, declared);
        let (is_new_context, is_new_world) = (self.context != *context, self.world != world);
        if is_new_context {
            self.context = context.clone();
        }
        self.world = world;
        for known in self.steps.values_mut().filter(|_| is_new_context || is_new_world) {
            known.looks[Look::Expressions as usize] = None;
            if is_new_context {
                known.looks[Look::Structure as usize] = None;
            }
        }
    }

    /// Ends a check. What it has not used is kept until it is more than what it has.
    pub(super) fn end(&mut self, declared: &Declared<'_>) {
        if self.steps.len() > declared.steps.len() * 2 {
            self.steps.retain(|_, known| known.round == self.round);
        }
    }

    /// What a look found at a step, at its place in this version.
    pub(super) fn recall(&mut self, look: Look, step: Node<'_>) -> Option<&Kept> {
        if self.trust == Use::Nothing {
            return None;
        }
        let kept = self.steps.get_mut(&step.identity())?.looks[look as usize].as_mut()?;
        if self.trust == Use::Silence && !kept.findings.is_empty() {
            return None;
        }
        kept.move_to(step.span().start);
        Some(kept)
    }

    /// Keeps what a look found at a step, if all of it lies there.
    pub(super) fn keep(&mut self, look: Look, step: Node<'_>, findings: &[Diagnostic], edges: &[Edge]) {
        if self.trust != Use::Everything || !findings.iter().all(|finding| is_within(finding, step.span())) {
            return;
        }
        if let Some(known) = self.steps.get_mut(&step.identity()) {
            let kept = Kept { start: step.span().start, findings: findings.to_vec(), edges: edges.to_vec() };
            known.looks[look as usize] = Some(kept);
        }
    }

    /// The inputs that the steps of a file read: which, and whether all of them may be meant.
    pub(super) fn inputs_read(&self, declared: &Declared<'_>) -> (HashSet<&str>, bool) {
        let mut names = HashSet::new();
        let mut all = false;
        for step in &declared.steps {
            if let Some(known) = self.steps.get(&step.node.identity()) {
                names.extend(known.traits.reads.iter().map(|name| &**name));
                all |= known.traits.reads_all;
            }
        }
        (names, all)
    }

    /// The fingerprint of everything that expressions may refer to.
    fn world(&mut self, file: &File<'_>, declared: &Declared<'_>) -> u64 {
        let mut hasher = DefaultHasher::new();
        let lists = Block::ALL.map(Block::key);
        for entry in file.tree.root().into_iter().flat_map(Node::entries) {
            if !entry.key().scalar_text().is_some_and(|key| lists.contains(&key)) {
                entry.span().of(file.text).hash(&mut hasher);
            }
        }
        for step in &declared.steps {
            let new =
                || Known { round: self.round, traits: Traits::of(step.node, file.text), looks: [None, None] };
            let known = self.steps.entry(step.node.identity()).or_insert_with(new);
            known.round = self.round;
            (step.block as u8, known.traits.declares).hash(&mut hasher);
        }
        hasher.finish()
    }
}

impl Traits {
    fn of(step: Node<'_>, text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        for entry in step.entries() {
            if entry.key().scalar_text().is_some_and(|key| DECLARING.contains(&key)) {
                entry.span().of(text).hash(&mut hasher);
            }
        }
        let read = super::whole::reads_of(step);
        let reads = read.names.into_iter().map(Box::from).collect();
        Self { declares: hasher.finish(), reads, reads_all: read.all }
    }
}

impl Kept {
    fn move_to(&mut self, start: usize) {
        if start == self.start {
            return;
        }
        let moved = |span: &mut Span| {
            *span = Span::new(span.start + start - self.start, span.end + start - self.start);
        };
        for finding in &mut self.findings {
            moved(&mut finding.span);
            finding.related.iter_mut().filter(|one| one.path.is_none()).for_each(|one| moved(&mut one.span));
            finding.fixes.iter_mut().flat_map(|fix| &mut fix.edits).for_each(|edit| moved(&mut edit.span));
        }
        self.edges.iter_mut().for_each(|edge| moved(&mut edge.span));
        self.start = start;
    }
}

/// Whether everything that a finding points at or changes lies within its step.
fn is_within(finding: &Diagnostic, step: Span) -> bool {
    let related = finding.related.iter().filter(|one| one.path.is_none()).map(|one| one.span);
    let edits = finding.fixes.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
    let mut all = related.chain(edits).chain([finding.span]);
    all.all(|span| step.start <= span.start && span.end <= step.end)
}
