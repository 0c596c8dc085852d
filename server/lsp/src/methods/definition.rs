//! `textDocument/definition`: where the thing under the cursor is declared, in whatever file.

use copydesk_language::navigate;
use tower_lsp::gen_lsp_types as lsp;

use crate::convert;
use crate::documents::Open;
use crate::snapshot::Snapshot;

pub(crate) fn run(
    snapshot: &Snapshot,
    open: Option<&Open>,
    params: lsp::DefinitionParams,
) -> Option<lsp::DefinitionResponse> {
    let open = open?;
    let offset = convert::offset(snapshot, open, params.text_document_position_params.position);
    let texts = |path: &std::path::Path, look: &mut dyn FnMut(&copydesk_language::File<'_>)| {
        snapshot.with_file(path, look);
    };
    let found = navigate::definition(&open.file(), &snapshot.index(), &texts, offset)?;
    if !snapshot.ladder.definition_links {
        let places = found.targets.iter().map(|place| snapshot.location(&place.path, place.span));
        return Some(lsp::Definition::LocationList(places.collect()).into());
    }
    let origin = convert::range(&open.document, found.origin, snapshot.ladder.encoding);
    let links = found.targets.iter().map(|place| {
        let around = place.around.cover(place.span);
        let [target_range, target_selection_range] = snapshot.ranges(&place.path, [around, place.span]);
        lsp::LocationLink {
            origin_selection_range: Some(origin),
            target_uri: lsp::Uri(snapshot.uri_of(&place.path)),
            target_range,
            target_selection_range,
        }
    });
    Some(links.collect::<Vec<_>>().into())
}
