//! What a workflow declares: its inputs and its steps, as references find them.
//!
//! Built from the tree in one pass. The first step of an id is the one that counts.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use copydesk_base::Span;
use copydesk_text::{Entry, Node, Tree};

/// The declared names of one workflow.
#[derive(Debug, Default)]
pub(crate) struct Declared<'t> {
    /// Those that merge keys bring, too.
    pub(crate) inputs: Vec<Entry<'t>>,
    pub(crate) steps: Vec<Step<'t>>,
    /// The first step of each id, by the id's fingerprint. Made when somebody asks for a step: most checks of a file
    /// that was checked before do not.
    by_id: OnceCell<HashMap<u64, usize>>,
    input_names: HashMap<&'t str, usize>,
    secrets: HashSet<&'t str>,
}

/// One step of the three lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<'t> {
    pub(crate) block: Block,
    pub(crate) node: Node<'t>,
    tree: &'t Tree,
}

/// The list a step stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    Steps,
    Errors,
    Finally,
}

impl Block {
    pub(crate) const ALL: [Self; 3] = [Self::Steps, Self::Errors, Self::Finally];

    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Errors => "errors",
            Self::Finally => "finally",
        }
    }

    /// Whether everything here is over before anything there begins.
    pub(crate) fn is_before(self, other: Self) -> bool {
        let place = |block| Self::ALL.iter().position(|one| *one == block);
        place(self) < place(other)
    }

    /// Whether a step here may wait for one there: its own list, or the steps before it all.
    pub(crate) fn may_need(self, other: Self) -> bool {
        self == other || other == Self::Steps
    }
}

impl<'t> Declared<'t> {
    pub(crate) fn new(tree: &'t Tree) -> Self {
        let inputs = tree.root().map(|root| tree.entries_at(root, "inputs"));
        Self::with_inputs(tree, inputs.unwrap_or_default())
    }

    /// The same where these are the inputs, whatever the key above them.
    pub(crate) fn with_inputs(tree: &'t Tree, inputs: Vec<Entry<'t>>) -> Self {
        let Some(root) = tree.root() else { return Self::default() };
        let lists = Block::ALL.map(|block| (block, tree.get(root, block.key())));
        let mut declared =
            Self::of_lists(tree, lists.into_iter().filter_map(|(block, list)| Some((block, list?))));
        declared.inputs = inputs;
        for (at, entry) in declared.inputs.iter().enumerate() {
            if let Some(name) = entry.key().scalar_text() {
                declared.input_names.entry(name).or_insert(at);
                if tree.get(entry.value(), "secret").and_then(Node::as_bool) == Some(true) {
                    declared.secrets.insert(name);
                }
            }
        }
        declared
    }

    /// The steps of some lists, without inputs.
    pub(crate) fn of_lists(tree: &'t Tree, lists: impl Iterator<Item = (Block, Node<'t>)>) -> Self {
        let mut declared = Self::default();
        for (block, list) in lists {
            declared.steps.extend(list.items().iter().map(|node| Step { block, node, tree }));
        }
        declared
    }

    /// The place of a step in [`Self::steps`].
    pub(crate) fn step(&self, id: &str) -> Option<usize> {
        let by_id = self.by_id.get_or_init(|| {
            let mut by_id = HashMap::with_capacity(self.steps.len());
            for (at, step) in self.steps.iter().enumerate() {
                if let Some((text, _)) = step.id() {
                    by_id.entry(fingerprint(text)).or_insert(at);
                }
            }
            by_id
        });
        let is_it = |at: &usize| self.steps.get(*at).and_then(Step::id).is_some_and(|(text, _)| text == id);
        let first = by_id.get(&fingerprint(id)).copied().filter(|_| !id.is_empty())?;
        // Two ids may share a fingerprint.
        Some(first).filter(is_it).or_else(|| (first..self.steps.len()).find(is_it))
    }

    pub(crate) fn input(&self, name: &str) -> Option<Entry<'t>> {
        self.inputs.get(*self.input_names.get(name)?).copied()
    }

    pub(crate) fn step_ids(&self) -> impl Iterator<Item = &'t str> {
        self.steps.iter().filter_map(|step| Some(step.id()?.0))
    }

    pub(crate) fn names_of_inputs(&self) -> impl Iterator<Item = &'t str> {
        self.inputs.iter().filter_map(|entry| entry.key().scalar_text())
    }

    /// The longest step id that starts at the start of `text` and goes on over hyphens: in `a-b.output` the step
    /// `a-b`, if there is one. Only ids with a hyphen in them are found.
    pub(crate) fn hyphenated(&self, text: &str) -> Option<&'t str> {
        hyphenated(text, |word| Some(self.steps.get(self.step(word)?)?.id()?.0))
    }

    /// The same among the inputs.
    pub(crate) fn hyphenated_input(&self, text: &str) -> Option<&'t str> {
        hyphenated(text, |word| self.input(word)?.key().scalar_text())
    }

    /// Whether an input holds a secret.
    pub(crate) fn is_secret(&self, name: &str) -> bool {
        self.secrets.contains(name)
    }
}

/// The longest name that starts at the start of `text` and goes on over hyphens, at least over one, as far as `known`
/// knows it.
pub(crate) fn hyphenated<'n>(text: &str, known: impl Fn(&str) -> Option<&'n str>) -> Option<&'n str> {
    let end =
        text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '$'))).unwrap_or(text.len());
    let mut word = &text[..end];
    while word.contains('-') {
        if let Some(name) = known(word) {
            return Some(name);
        }
        word = &word[..word.rfind('-')?];
    }
    None
}

fn fingerprint(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

impl<'t> Step<'t> {
    /// The id's text and node, where there is one.
    pub(crate) fn id(&self) -> Option<(&'t str, Node<'t>)> {
        let id = self.node.get("id")?;
        Some((id.scalar_text()?, id))
    }

    /// The items of `needs`, a single word counted as one: text and node. Aliases and merge keys are seen through.
    pub(crate) fn needs(&self, tree: &'t Tree) -> impl Iterator<Item = (&'t str, Node<'t>)> {
        let needs = tree.get(self.node, "needs");
        let list = needs.map(Node::items).unwrap_or_default();
        let single = needs.filter(|node| node.scalar().is_some());
        list.iter().chain(single).filter_map(|node| Some((node.scalar_text()?, node)))
    }

    /// The value of a key, seen through aliases and merge keys.
    pub(crate) fn get(&self, key: &str) -> Option<Node<'t>> {
        self.tree.get(self.node, key)
    }

    /// The word of `type`, where there is one.
    pub(crate) fn kind(&self) -> Option<&'t str> {
        self.get("type")?.scalar_text()
    }
}

/// The bytes of a scalar's text in the source, without its quotes.
pub(crate) fn inner_span(node: Node<'_>) -> Span {
    node.scalar().map_or(node.span(), |scalar| scalar.source_span(0, scalar.text().len()))
}
