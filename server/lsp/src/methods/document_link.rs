//! `textDocument/documentLink`: words that lead to other files, and to the schema of this one.

use std::path::Path;

use copydesk_language::schemas::{self, Link, Target};
use copydesk_language::{FileKind, navigate};
use tower_lsp::gen_lsp_types as lsp;

use crate::convert;
use crate::documents::Open;
use crate::schemas::address;
use crate::snapshot::Snapshot;

pub(crate) fn run(
    snapshot: &Snapshot,
    open: Option<&Open>,
    _: lsp::DocumentLinkParams,
) -> Option<Vec<lsp::DocumentLink>> {
    let open = open?;
    let file = open.file();
    let links = navigate::links(&file, &snapshot.index()).into_iter();
    let links = links.map(|link| lsp::DocumentLink {
        range: convert::range(&open.document, link.span, snapshot.ladder.encoding),
        target: Some(lsp::Uri(snapshot.uri_of(&link.path))),
        tooltip: snapshot.ladder.link_tooltips.then_some(link.tooltip),
        data: None,
    });
    let mut links: Vec<lsp::DocumentLink> = links.collect();
    let is_ours = file.kind != FileKind::Other;
    let named = schemas::links(&file).into_iter().filter(|link| !is_ours || link.is_schema);
    links.extend(named.filter_map(|named| of_schema(snapshot, open, &named)));
    Some(links)
}

/// A word that names a schema, or refers to a part of one.
fn of_schema(snapshot: &Snapshot, open: &Open, found: &Link) -> Option<lsp::DocumentLink> {
    let range = |span| convert::range(&open.document, span, snapshot.ladder.encoding);
    let (target, tooltip) = match &found.target {
        Target::Away(written) => {
            let folder = open.path.as_deref().and_then(Path::parent).unwrap_or(Path::new("/"));
            let url = address(written, folder);
            let is_file = convert::path_of(&url).is_some();
            (url, if is_file { "Open the schema" } else { "Open the schema in a browser" })
        }
        // Lines are counted from one in such a link.
        Target::Here(span) => {
            (format!("{}#L{}", open.uri, range(*span).start.line + 1), "Go to what it refers to")
        }
    };
    target.contains("://").then(|| lsp::DocumentLink {
        range: range(found.span),
        target: Some(lsp::Uri(target)),
        tooltip: snapshot.ladder.link_tooltips.then(|| tooltip.to_owned()),
        data: None,
    })
}
