//! What was found at the steps of a file, kept for its next version.
//!
//! A step that did not change, in a file that declares the same, has the same findings at another place. A [`Memo`]
//! belongs to one file and is handed from check to check; it holds what [`structure`](super::structure) and
//! [`expressions`](super::expressions) said of each step, and what a step tells about itself ([`Traits`]). What depends
//! on all steps, as [`graph`](super::graph) does, is looked at again where what it depends on is not what it was.
//!
//! Invariants
//! - A check with a memo finds what a check without one finds.
//! - Kept is only what lies within its step, mends and related places included: the rest is looked at anew each time.
//! - Nothing is recalled of a step with an alias, which means something else when the anchor does; what others need to
//!   know of such steps changes with the text of the anchors.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use copydesk_base::{Diagnostic, Span};
use copydesk_text::Node;

use super::context::Context;
use super::graph::{Edge, Edges};
use crate::File;
use crate::declared::{Block, Declared};
use crate::row::Row;
use crate::schemas::Judged;

/// What was found in the last version of one file.
#[derive(Clone, Debug, Default)]
pub struct Memo {
    context: Arc<Context>,
    /// What the file declared, as a fingerprint.
    world: u64,
    /// What its steps needed of one another, as a fingerprint, if nothing was wrong with that.
    order: Option<u64>,
    /// In the order of [`Declared::steps`].
    steps: Row<Known>,
    /// The steps whose expressions were not read this time.
    recalled: Vec<usize>,
    trust: Use,
    /// What aliases stand for, as a fingerprint.
    anchors: u64,
    /// What was right by the schema of a file that is none of ours.
    pub(crate) judged: Judged,
}

/// How far a memo may be trusted with the version at hand.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Use {
    /// Nothing was met yet.
    #[default]
    Nothing,
    /// A piece could not be read, and what it declares may hide findings. Steps without findings have none then either.
    Silence,
    Everything,
}

/// What is known of one step.
#[derive(Clone, Debug)]
struct Known {
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
struct Kept {
    /// Where the step stood then.
    start: usize,
    findings: Vec<Diagnostic>,
    edges: Vec<Edge>,
}

/// What a step tells about itself, whatever stands around it.
#[derive(Clone, Debug)]
struct Traits {
    /// The keys that decide what `steps.ID` is, as a fingerprint.
    declares: u64,
    /// The same for the keys that decide what waits for what.
    order: u64,
    /// Whether it takes anything from elsewhere in its file.
    aliases: Names,
    /// Whether it may name something of another file.
    names: Names,
    /// The inputs that its texts read.
    reads: Box<[Box<str>]>,
    /// Whether `inputs` is used as a whole, or with a name that is computed.
    reads_all: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Names {
    Nothing,
    Something,
}

/// The keys of a step that others' expressions depend on.
const DECLARING: [&str; 9] =
    ["id", "type", "outputSchema", "foreach", "strategy", "outputMapping", "transform", "path", "<<"];

/// The keys of a step that say what it waits for, and what may wait for it.
const ORDERING: [&str; 4] = ["id", "needs", "library", "<<"];

impl Memo {
    /// Takes in the steps as they are now. What is known of those that did not change stays known.
    pub(super) fn meet(&mut self, file: &File<'_>, declared: &Declared<'_>) {
        self.trust = if file.tree.broken().is_empty() { Use::Everything } else { Use::Silence };
        self.anchors = file.tree.print_of_anchors();
        self.recalled.clear();
        let steps = &declared.steps;
        self.steps.align(steps.iter().map(|step| step.node.identity()), |at| Known {
            traits: Traits::of(steps.get(at).map_or(Node::nothing(0), |step| step.node), file),
            looks: [None, None],
        });
    }

    /// The steps that may name something of another file.
    pub(super) fn naming<'t>(&self, declared: &Declared<'t>) -> impl Iterator<Item = Node<'t>> {
        let steps = declared.steps.iter().zip(self.steps.iter());
        steps.filter(|(_, known)| known.traits.names == Names::Something).map(|(step, _)| step.node)
    }

    /// Begins a check: what no longer holds is forgotten.
    pub(super) fn begin(&mut self, file: &File<'_>, declared: &Declared<'_>, context: &Arc<Context>) {
        let world = self.world(file, declared);
        let (is_new_context, is_new_world) = (self.context != *context, self.world != world);
        if is_new_context {
            self.context = context.clone();
        }
        self.world = world;
        for known in self.steps.iter_mut().filter(|_| is_new_context || is_new_world) {
            known.looks[Look::Expressions as usize] = None;
            if is_new_context {
                known.looks[Look::Structure as usize] = None;
            }
        }
    }

    /// What a look found at a step, at its place in this version.
    pub(super) fn recall(&mut self, look: Look, at: usize, step: Node<'_>) -> Option<&[Diagnostic]> {
        if self.trust == Use::Nothing {
            return None;
        }
        let known = self.steps.of(at, step.identity())?;
        if known.traits.aliases == Names::Something {
            known.looks[look as usize] = None;
            return None;
        }
        let kept = known.looks[look as usize].as_mut()?;
        if !kept.findings.is_empty() {
            if self.trust == Use::Silence {
                return None;
            }
            kept.move_to(step.span().start);
        }
        if let Look::Expressions = look {
            self.recalled.push(at);
        }
        Some(&kept.findings)
    }

    /// Keeps what a look found at a step, if all of it lies there.
    pub(super) fn keep(
        &mut self,
        look: Look,
        at: usize,
        step: Node<'_>,
        findings: &[Diagnostic],
        edges: &[Edge],
    ) {
        if self.trust != Use::Everything || !findings.iter().all(|finding| is_within(finding, step.span())) {
            return;
        }
        if let Some(known) = self.steps.of(at, step.identity()) {
            let kept = Kept { start: step.span().start, findings: findings.to_vec(), edges: edges.to_vec() };
            known.looks[look as usize] = Some(kept);
        }
    }

    /// The edges that expressions draw: those that were drawn this time, and those of steps that were recalled.
    pub(super) fn with_recalled(&mut self, declared: &Declared<'_>, mut drawn: Edges) -> Edges {
        for at in &self.recalled {
            let Some((step, edges)) = declared.steps.get(*at).zip(drawn.get_mut(*at)) else { continue };
            let known = self.steps.of(*at, step.node.identity());
            if let Some(kept) = known.and_then(|known| known.looks[Look::Expressions as usize].as_mut()) {
                kept.move_to(step.node.span().start);
                edges.extend_from_slice(&kept.edges);
            }
        }
        drawn
    }

    /// Whether what steps need of one another is what it was when nothing was wrong with it.
    pub(super) fn is_in_order(&self, declared: &Declared<'_>) -> bool {
        self.trust == Use::Everything && self.order.is_some() && self.order == self.order_of(declared)
    }

    /// Notes that nothing is wrong with it.
    pub(super) fn in_order(&mut self, declared: &Declared<'_>) {
        self.order = if self.trust == Use::Everything { self.order_of(declared) } else { None };
    }

    /// Takes the inputs out of `names` that the steps of a file read.
    pub(super) fn without_read(&self, names: &mut HashSet<&str>) {
        for known in self.steps.iter() {
            if known.traits.reads_all {
                names.clear();
            }
            if names.is_empty() {
                return;
            }
            for name in &known.traits.reads {
                names.remove(&**name);
            }
        }
    }

    /// The fingerprint of everything that expressions may refer to.
    fn world(&self, file: &File<'_>, declared: &Declared<'_>) -> u64 {
        let mut hasher = DefaultHasher::new();
        let lists = Block::ALL.map(Block::key);
        for entry in file.tree.root().into_iter().flat_map(Node::entries) {
            if !entry.key().scalar_text().is_some_and(|key| lists.contains(&key)) {
                entry.span().of(file.text).hash(&mut hasher);
            }
        }
        for (step, known) in declared.steps.iter().zip(self.steps.iter()) {
            (step.block as u8, known.traits.declares).hash(&mut hasher);
        }
        self.anchors.hash(&mut hasher);
        hasher.finish()
    }

    /// The fingerprint of what steps need of one another; `None` where some of it is not known.
    fn order_of(&self, declared: &Declared<'_>) -> Option<u64> {
        let mut hasher = DefaultHasher::new();
        for (step, known) in declared.steps.iter().zip(self.steps.iter()) {
            (step.block as u8, known.traits.order).hash(&mut hasher);
            let edges = &known.looks[Look::Expressions as usize].as_ref()?.edges;
            for edge in edges {
                edge.to.hash(&mut hasher);
            }
        }
        self.anchors.hash(&mut hasher);
        Some(hasher.finish())
    }
}

impl Traits {
    fn of(step: Node<'_>, file: &File<'_>) -> Self {
        let (read, text) = (super::whole::reads_of(step), file.text);
        Self {
            aliases: if file.tree.has_alias_in(step.span()) { Names::Something } else { Names::Nothing },
            declares: fingerprint(step, text, &DECLARING),
            order: fingerprint(step, text, &ORDERING),
            names: if crate::summary::may_name(step) { Names::Something } else { Names::Nothing },
            reads: read.names.into_iter().map(Box::from).collect(),
            reads_all: read.all,
        }
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

/// The fingerprint of some keys of a step.
fn fingerprint(step: Node<'_>, text: &str, keys: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for entry in step.entries() {
        if entry.key().scalar_text().is_some_and(|key| keys.contains(&key)) {
            entry.span().of(text).hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// Whether everything that a finding points at or changes lies within its step.
fn is_within(finding: &Diagnostic, step: Span) -> bool {
    let related = finding.related.iter().filter(|one| one.path.is_none()).map(|one| one.span);
    let edits = finding.fixes.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
    let mut all = related.chain(edits).chain([finding.span]);
    all.all(|span| step.start <= span.start && span.end <= step.end)
}
