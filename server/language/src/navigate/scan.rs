//! Reading every mention of a file.
//!
//! One walk over the tree. Names of other files come from the file's summary, so that what jumps is what is checked.

use std::path::PathBuf;

use copydesk_base::{Code, Span};
use copydesk_text::{Entry, Kind, Node, Scalar, Style, front_matter};

use super::anchors;
use super::expressions::{self, Around};
use super::mention::{Form, Mention, Role, Thing};
use crate::declared::{Block, Declared, inner_span};
use crate::expression::has_expression;
use crate::index::{Names, SummaryBody, Target};
use crate::{File, FileKind, placeholders, summary};

/// All mentions of a file.
#[derive(Debug, Default)]
pub(crate) struct Scanned {
    pub(crate) path: PathBuf,
    /// In the order of the text.
    pub(crate) mentions: Vec<Mention>,
    /// Expressions that could not be read to the end: texts in which names may hide.
    pub(crate) unread: Vec<String>,
    /// The line of the first syntax error, from 1.
    pub(crate) broken: Option<usize>,
    /// Keys that a merge key brings from elsewhere.
    brought: Vec<(Span, Thing)>,
}

/// Every place of a file that gives or uses a name.
pub(crate) fn scan(file: &File<'_>) -> Scanned {
    let found = Scanned { path: file.path.to_owned(), ..Scanned::default() };
    let mut scan = Scan { file, found };
    scan.found.broken = broken_line(file);
    let summary = summary(file);
    match file.kind {
        FileKind::Workflow => scan.workflow(),
        FileKind::Agent => scan.agent(),
        FileKind::Prompt => scan.prompt(),
        FileKind::Config | FileKind::KeystoneConfig => {
            if let SummaryBody::Settings(view) = &summary.body {
                scan.names(&view.providers, |name| Thing::Elsewhere(Target::Provider(name)));
                scan.names(&view.mcp_servers, |name| Thing::Elsewhere(Target::McpServer(name)));
                scan.names(&view.pools, |name| Thing::Elsewhere(Target::Pool(name)));
                scan.names(&view.engines_denied, Thing::Engine);
                if let Some(allowed) = &view.engines_allowed {
                    scan.names(allowed, Thing::Engine);
                }
            }
        }
        _ => {}
    }
    anchors::scan(file, &mut scan.found.mentions);
    let known: Vec<Span> = scan.found.mentions.iter().map(|mention| mention.span).collect();
    for call in summary.calls {
        // Those in expressions were found there, with their form.
        if !known.contains(&call.span) {
            let form = Form::Scalar(scan.style_at(call.span));
            scan.found.mentions.push(Mention::used(call.span, Thing::Elsewhere(call.target), form));
        }
    }
    let mut found = scan.found;
    found.mentions.sort_by_key(|mention| (mention.span, mention.thing.clone()));
    found.mentions.dedup();
    found
}

impl Scanned {
    /// Whether a key stands in a mapping that aliases put into other places, too.
    pub(crate) fn is_shared(&self, key: &Mention) -> bool {
        let is_same = |one: &&Mention| one.span == key.span && one.role == Role::Declares;
        let is_own = |one: &Mention| !self.brought.contains(&(one.span, one.thing.clone()));
        let own = usize::from(self.mentions.iter().filter(is_same).any(is_own));
        let is_around = |one: &&Mention| {
            let is_anchor = matches!(one.thing, Thing::Anchor { .. }) && one.role == Role::Declares;
            is_anchor && is_within(key.around, one.around)
        };
        let uses = |anchor: &Mention| {
            self.mentions.iter().filter(|one| one.role == Role::Uses && one.thing == anchor.thing).count()
        };
        self.mentions.iter().filter(is_around).any(|anchor| uses(anchor) + own > 1)
    }
}

fn is_within(inner: Span, outer: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Where the first syntax error is.
fn broken_line(file: &File<'_>) -> Option<usize> {
    let syntax = file
        .tree
        .problems()
        .iter()
        .find(|problem| matches!(problem.code, Code::YamlSyntax | Code::JsonSyntax | Code::TomlSyntax));
    let at = syntax
        .map(|problem| problem.span.start)
        .or_else(|| file.tree.broken().first().map(|span| span.start))?;
    Some(file.text.get(..at).unwrap_or("").matches('\n').count() + 1)
}

struct Scan<'s, 'a> {
    file: &'s File<'a>,
    found: Scanned,
}

impl<'a> Scan<'_, 'a> {
    fn workflow(&mut self) {
        let Some(root) = self.file.tree.root() else { return };
        let declared = Declared::new(self.file.tree);
        for entry in root.entries() {
            let key = entry.key().scalar_text().unwrap_or("");
            let value = self.file.tree.resolve(entry.value()).unwrap_or(entry.value());
            match key {
                "name" => self.own(entry),
                "inputs" => self.keys(value, Thing::Input),
                "outputs" => self.keys(value, Thing::Output),
                "pools" => self.keys(value, |name| Thing::Elsewhere(Target::Pool(name))),
                "env" => self.keys(value, Thing::Env),
                "outputSchema" => self.output_schema(value),
                _ => {}
            }
            match key {
                "name" | "description" | "inputs" | "outputSchema" | "$schema" | "steps" | "errors"
                | "finally" => {}
                "compensate" => self.step(value, &declared, 0, Listed::No),
                _ => self.expressions(value, &declared, 0),
            }
        }
        for block in Block::ALL {
            let list = self.file.tree.get(root, block.key());
            for step in list.into_iter().flat_map(Node::items) {
                self.step(step, &declared, 0, Listed::Yes);
            }
        }
    }

    fn agent(&mut self) {
        let Some(root) = self.file.tree.root() else { return };
        if let Some(entry) = root.entry("name") {
            self.own(entry);
        } else {
            // It is called as its file is; the head stands for the name.
            let head = front_matter::split(self.file.text).map_or(Span::at(0), |parts| parts.opening);
            self.found.mentions.push(Mention::declared(head, Thing::Own, Form::Bare, head));
        }
        let declared = Declared::default();
        for tool in root.get("tools").into_iter().flat_map(Node::items) {
            if let Some(execution) = tool.get("execution") {
                self.step(execution, &declared, usize::MAX, Listed::No);
            }
        }
        if let Some(prompt) = self.file.prompt() {
            let around = Around { declared: &declared, list: usize::MAX, flow: false };
            expressions::scan_text(&prompt, &around, &mut self.found);
        }
    }

    /// The arguments that a prompt declares, and where its text asks for them.
    fn prompt(&mut self) {
        for argument in placeholders::arguments(self.file) {
            let (thing, style) = (Thing::Argument(argument.name.to_owned()), argument.node.scalar());
            let form = Form::Scalar(style.map_or(Style::Plain, Scalar::style));
            let around = argument.item.span();
            self.found.mentions.push(Mention::declared(inner_span(argument.node), thing, form, around));
        }
        for asked in placeholders::asked(self.file) {
            let thing = Thing::Argument(asked.name.to_owned());
            self.found.mentions.push(Mention::used(asked.span, thing, Form::Bare));
        }
    }

    /// `name: …`, the file's own.
    fn own(&mut self, entry: Entry<'a>) {
        let node = entry.value();
        if let Some(scalar) = node.scalar().filter(|scalar| !scalar.text().is_empty()) {
            let form = Form::Scalar(scalar.style());
            self.found.mentions.push(Mention::declared(inner_span(node), Thing::Own, form, entry.span()));
        }
    }

    /// The keys of a mapping as declarations.
    fn keys(&mut self, mapping: Node<'a>, thing: impl Fn(String) -> Thing) {
        for entry in self.file.tree.entries(mapping) {
            let key = entry.key();
            let Some(scalar) = key.scalar().filter(|scalar| !scalar.text().is_empty()) else { continue };
            let thing = thing(scalar.text().to_owned());
            let form = Form::Scalar(scalar.style());
            if !is_within(entry.span(), mapping.span()) {
                self.found.brought.push((inner_span(key), thing.clone()));
            }
            self.found.mentions.push(Mention::declared(inner_span(key), thing, form, entry.span()));
        }
    }

    /// The schema of the outputs names them too.
    fn output_schema(&mut self, schema: Node<'a>) {
        let keys = self.file.tree.entries_at(schema, "properties").into_iter().map(Entry::key);
        let required = schema.get("required").into_iter().flat_map(Node::items);
        for node in keys.chain(required) {
            self.uses(node, Thing::Output);
        }
    }

    /// A text that is a name, used.
    fn uses(&mut self, node: Node<'a>, thing: impl Fn(String) -> Thing) {
        let Some(scalar) = node.scalar() else { return };
        if scalar.text().is_empty() || has_expression(scalar.text()) {
            return;
        }
        let thing = thing(scalar.text().to_owned());
        self.found.mentions.push(Mention::used(inner_span(node), thing, Form::Scalar(scalar.style())));
    }

    fn step(&mut self, step: Node<'a>, declared: &Declared<'a>, list: usize, listed: Listed) {
        let tree = self.file.tree;
        let id = step.get("id").filter(|id| id.scalar_text().is_some_and(|text| !text.is_empty()));
        if let Some((id, scalar)) =
            id.and_then(|id| Some((id, id.scalar()?))).filter(|_| listed == Listed::Yes)
        {
            let thing = Thing::Step { list, id: scalar.text().to_owned() };
            let form = Form::Scalar(scalar.style());
            self.found.mentions.push(Mention::declared(inner_span(id), thing, form, step.span()));
        }
        let word = tree.get(step, "type").and_then(Node::scalar_text).unwrap_or("");
        for entry in step.entries() {
            let (key, value) = (entry.key().scalar_text().unwrap_or(""), entry.value());
            match key {
                "id" | "type" | "description" | "inputSchema" | "outputSchema" => {}
                "needs" => self.needs(step, list),
                "compensate" => self.step(value, declared, list, Listed::No),
                "library" => self.libraries(value),
                "tools" => {
                    for execution in value.items().into_iter().filter_map(|tool| tool.get("execution")) {
                        self.step(execution, declared, list, Listed::No);
                    }
                }
                "outputMapping" => {
                    let step = id.and_then(Node::scalar_text).unwrap_or("").to_owned();
                    self.keys(value, |name| Thing::Mapped { step: step.clone(), name });
                }
                "if" | "foreach" | "transform" => self.bare(value, declared, list),
                "command" if word == "engine" => self.uses(value, Thing::Engine),
                _ => {
                    if let Some(command) = value.get("engine").and_then(|engine| engine.get("command")) {
                        self.uses(command, Thing::Engine);
                    }
                    self.expressions(value, declared, list);
                }
            }
        }
    }

    fn needs(&mut self, step: Node<'a>, list: usize) {
        let needs = self.file.tree.get(step, "needs");
        let single = needs.filter(|node| node.scalar().is_some());
        let many = needs.into_iter().flat_map(Node::items);
        for node in many.chain(single) {
            self.uses(node, |id| Thing::Step { list, id });
        }
    }

    /// Steps with a set of ids of their own.
    fn libraries(&mut self, library: Node<'a>) {
        for steps in library.items().into_iter().filter_map(|entry| entry.get("steps")) {
            let declared = Declared::of_lists(self.file.tree, std::iter::once((Block::Steps, steps)));
            for step in steps.items() {
                self.step(step, &declared, steps.span().start + 1, Listed::Yes);
            }
        }
    }

    /// A value whose text is an expression even without braces.
    fn bare(&mut self, node: Node<'a>, declared: &Declared<'a>, list: usize) {
        let is_bare = node.as_str().is_some_and(|text| !has_expression(text));
        match node.scalar().filter(|_| is_bare) {
            Some(scalar) => {
                let around = Around { declared, list, flow: self.is_in_flow(node) };
                let whole = Span::new(0, scalar.text().len());
                expressions::scan(&scalar, whole, &around, &mut self.found);
            }
            None => self.expressions(node, declared, list),
        }
    }

    /// Every expression below a node.
    fn expressions(&mut self, node: Node<'a>, declared: &Declared<'a>, list: usize) {
        match node.kind() {
            Kind::Scalar(scalar) if has_expression(scalar.text()) => {
                let around = Around { declared, list, flow: self.is_in_flow(node) };
                expressions::scan_text(&scalar, &around, &mut self.found);
            }
            Kind::Sequence(items) => {
                for item in items {
                    self.expressions(item, declared, list);
                }
            }
            Kind::Mapping(entries) => {
                for entry in entries {
                    self.expressions(entry.value(), declared, list);
                }
            }
            _ => {}
        }
    }

    /// Whether `{ }` or `[ ]` of YAML is around a plain text, which then cannot hold brackets.
    fn is_in_flow(&self, node: Node<'a>) -> bool {
        let steps = self.file.tree.path_at(node.span().start);
        let opens = |span: Span| matches!(self.file.text.as_bytes().get(span.start), Some(b'{' | b'['));
        let root = self.file.tree.root().is_some_and(|root| opens(root.span()));
        root || steps.iter().any(|step| {
            let node = step.node();
            matches!(node.kind(), Kind::Mapping(_) | Kind::Sequence(_)) && opens(node.span())
        })
    }

    fn names(&mut self, names: &Names, thing: impl Fn(String) -> Thing) {
        for (name, origin) in names {
            let Some(origin) = origin else { continue };
            let form = Form::Scalar(self.style_at(origin.span));
            self.found.mentions.push(Mention::declared(origin.span, thing(name.clone()), form, origin.span));
        }
    }

    fn style_at(&self, span: Span) -> Style {
        let last = self.file.tree.path_at(span.start).last().map(|step| step.node());
        last.and_then(Node::scalar).map_or(Style::Plain, Scalar::style)
    }
}

/// Whether others can refer to a step by its id.
#[derive(Clone, Copy, PartialEq)]
enum Listed {
    Yes,
    No,
}
