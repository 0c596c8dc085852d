//! What is wrong in a file, exactly where, and how to mend it.
//!
//! Five looks at one tree: [`structure`] compares it with the shapes of its kind of file, [`rules`] adds what a shape
//! cannot say about a step, [`expressions`] reads what stands in `${{ }}`, [`graph`] follows what steps need, and
//! [`settings`] says what an untrusted workspace may not set. All of them write into one list.
//!
//! Invariants
//! - Each finding stands on the smallest piece that is wrong, and one mistake gives one finding.
//! - A piece that the reader of the text had to guess gives no finding but its syntax error.
//! - The work grows with the size of the file, not with its square.

mod address;
mod capable;
mod chat;
mod config;
mod context;
mod elsewhere;
mod embedded;
mod expressions;
mod fixes;
mod graph;
mod heads;
mod ids;
mod inputs;
mod mcp;
mod meant;
mod memo;
mod mend;
mod mismatch;
mod missing;
mod moved;
mod operations;
mod plugin;
mod providers;
mod reshape;
mod rules;
mod scalar;
mod secrets;
mod section;
mod settings;
mod several;
mod structure;
mod subworkflow;
pub(crate) mod suggest;
mod syntax;
mod toolset;
mod unknown;
mod values;
mod whole;

use std::sync::Arc;

use copydesk_base::{Code, Diagnostic, Span};
use copydesk_text::{Kind, Tree, yaml};

use crate::declared::Declared;
use crate::{File, FileKind, TOML, WorkspaceIndex, shape, summary, toml_start};
pub use chat::head_amiss;
use context::Context;
pub(crate) use context::mcp_servers;
pub(crate) use fixes::{remove_at, remove_entry, remove_item};
pub use heads::readable as matcher_is_readable;
pub use memo::Memo;
pub(crate) use operations::needed as keys_of_operation;
pub(crate) use subworkflow::offers as workflow_paths;
use suggest::Suggest;

pub use secrets::keys_of_providers;
pub use suggest::{counts_whole, is_meant, loses_guard, loses_limit};
pub use syntax::syntax;
pub(crate) use whole::names_read;

/// Everything that is wrong in a file, in the order of the text.
pub fn check(file: &File<'_>, index: &WorkspaceIndex) -> Vec<Diagnostic> {
    check_again(file, index, &mut Memo::default())
}

/// The same for a file that was checked before: `memo` holds what was found then, and afterwards what was found now.
/// Steps that did not change cost next to nothing.
pub fn check_again(file: &File<'_>, index: &WorkspaceIndex, memo: &mut Memo) -> Vec<Diagnostic> {
    let Some(shapes) = shape::of(file.kind) else { return Vec::new() };
    let declared = match file.kind {
        FileKind::Workflow => Declared::with_inputs(file.tree, section::entries(file.tree, "inputs")),
        _ => Declared::default(),
    };
    memo.meet(file, &declared);
    let calls = match file.kind {
        FileKind::Workflow => summary::calls_of(file, memo.naming(&declared)),
        _ => summary::calls_of_steps(file),
    };
    let context = Arc::new(Context::new(file, &calls, index));
    let list = syntax::syntax(file);
    let mut findings = Findings {
        file: *file,
        list,
        suggest: Suggest::default(),
        shapes,
        context,
        memo: std::mem::take(memo),
    };
    if file.kind == FileKind::Workflow {
        let context = findings.context.clone();
        findings.memo.begin(file, &declared, &context);
    }
    structure::check(&mut findings);
    one_document(&mut findings);
    match file.kind {
        FileKind::Workflow => {
            inputs::declared(&mut findings, &declared);
            embedded::of_workflow(&mut findings);
            let drawn = expressions::workflow(&mut findings, &declared, index);
            graph::check(&mut findings, &declared, drawn);
            whole::check(&mut findings, &declared, &calls, index);
        }
        FileKind::Agent => {
            expressions::agent(&mut findings);
            heads::check(&mut findings, &calls);
        }
        FileKind::Config | FileKind::KeystoneConfig => {
            settings::check(&mut findings, index);
            secrets::providers(&mut findings);
            if file.kind == FileKind::KeystoneConfig {
                settings::keystone_providers(&mut findings);
            }
            if file.kind == FileKind::Config {
                config::check(&mut findings, index);
                address::check(&mut findings);
                let is_mapping =
                    findings.tree().root().is_some_and(|root| matches!(root.kind(), Kind::Mapping(_)));
                let is_broken =
                    !is_mapping || findings.list.iter().any(|finding| finding.code == Code::YamlSyntax);
                if let Some(span) = toml_start(file.text).filter(|_| is_broken) {
                    findings.add(Diagnostic::new(Code::YamlSyntax, span, TOML));
                }
            }
            mcp::config(&mut findings);
            heads::hooks(&mut findings);
        }
        FileKind::Mcp => mcp::file(&mut findings),
        FileKind::Plugin => plugin::manifest(&mut findings),
        FileKind::Hooks => plugin::hooks(&mut findings),
        FileKind::Action | FileKind::Prompt | FileKind::Skill | FileKind::Layer => {
            heads::check(&mut findings, &calls);
        }
        FileKind::Chat => {
            heads::check(&mut findings, &calls);
            chat::check(&mut findings);
        }
        FileKind::Instructions | FileKind::Other => {}
    }
    heads::skills(&mut findings, index);
    capable::file(&mut findings);
    providers::file(&mut findings);
    *memo = findings.memo;
    findings.list.sort_by_key(|finding| (finding.span, finding.code));
    // What several steps take from one anchor is wrong once.
    findings.list.dedup_by(|a, b| (a.span, a.code, &a.message) == (b.span, b.code, &b.message));
    findings.list
}

/// For each step, by its place in [`Declared::steps`], whether it waits for the step `target`, however far away.
pub(crate) fn waiting_for<'a>(file: &File<'a>, declared: &Declared<'a>, target: usize) -> Vec<bool> {
    graph::waiting_for(&drawn(file, declared), target)
}

/// For each step, by its place in [`Declared::steps`], the steps that it waits for, and where each is written.
pub(crate) fn edges<'a>(file: &File<'a>, declared: &Declared<'a>) -> Vec<Vec<(usize, Span)>> {
    let edges = drawn(file, declared).into_iter();
    edges.map(|edges| edges.into_iter().map(|edge| (edge.to, edge.span)).collect()).collect()
}

/// The edges between steps, without a look at what is wrong.
fn drawn<'a>(file: &File<'a>, declared: &Declared<'a>) -> graph::Edges {
    let Some(shapes) = shape::of(file.kind) else { return graph::Edges::new() };
    let mut findings = Findings {
        file: *file,
        list: Vec::new(),
        suggest: Suggest::default(),
        shapes,
        context: Arc::default(),
        memo: Memo::default(),
    };
    let mut edges = graph::needs(&mut findings, declared);
    expressions::edges_only(&mut findings, declared, &mut edges);
    edges
}

/// Of a YAML file only the first document is read. What stands in another must not look as if it counted.
fn one_document(findings: &mut Findings<'_>) {
    let is_yaml =
        matches!(findings.file.kind, FileKind::Workflow | FileKind::Config | FileKind::KeystoneConfig);
    if let Some(second) = findings.tree().second().filter(|_| is_yaml) {
        let first_line = second.span().of(findings.file.text).lines().next().unwrap_or_default();
        let span = Span::new(second.span().start, second.span().start + first_line.len());
        findings.add(Diagnostic::new(Code::YamlSyntax, span, yaml::ONE_DOCUMENT));
    }
}

/// What all looks share: the file, and the list they write into.
struct Findings<'a> {
    file: File<'a>,
    list: Vec<Diagnostic>,
    suggest: Suggest,
    shapes: &'static shape::Shapes,
    /// What steps are looked at with.
    context: Arc<Context>,
    /// What is known of the steps of the last version.
    memo: Memo,
}

impl<'a> Findings<'a> {
    fn add(&mut self, finding: Diagnostic) {
        if !self.is_broken(finding.span) {
            self.list.push(finding);
        }
    }

    fn tree(&self) -> &'a Tree {
        self.file.tree
    }

    fn is_broken(&self, span: Span) -> bool {
        !self.file.tree.broken().is_empty() && self.file.tree.is_broken(span)
    }

    /// Whether what ends here was cut at a line that could not be read: what is wrong there is told there.
    fn is_cut(&self, end: usize) -> bool {
        let between = |piece: &Span| self.file.text.get(end..piece.start);
        let is_next =
            |piece: &Span| piece.start >= end && between(piece).is_some_and(|text| text.trim().is_empty());
        self.file.tree.broken().iter().any(is_next)
    }

    /// Whether a name may be declared in a piece that could not be read.
    fn may_be_hidden(&self, name: &str) -> bool {
        self.file.tree.broken().iter().any(|piece| piece.of(self.file.text).contains(name))
    }
}
