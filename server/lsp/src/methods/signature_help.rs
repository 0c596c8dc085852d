//! `textDocument/signatureHelp`: the function of an expression around the cursor, and which argument is being typed.

use copydesk_language::FileKind;
use copydesk_text::position;
use tower_lsp::gen_lsp_types as lsp;

use crate::documents::Open;
use crate::snapshot::Snapshot;

pub(crate) fn run(
    snapshot: &Snapshot,
    open: Option<&Open>,
    params: lsp::SignatureHelpParams,
) -> Option<lsp::SignatureHelp> {
    let at = params.text_document_position_params;
    let open = open?;
    let file = open.file();
    if file.kind == FileKind::Other {
        return None;
    }
    let place = position::Position::new(at.position.line, at.position.character);
    let offset = position::offset(open.document.rope(), place, snapshot.ladder.encoding);
    let found = copydesk_language::signature(&file, &snapshot.index(), offset)?;
    let active = u32::try_from(found.active).ok();
    let parameters = found.parameters.into_iter().map(|label| lsp::ParameterInformation {
        label: lsp::ParameterInformationLabel::String(label),
        documentation: None,
    });
    let information = lsp::SignatureInformation {
        label: found.label,
        documentation: Some(lsp::Documentation::String(found.docs)),
        parameters: Some(parameters.collect()),
        active_parameter: None,
    };
    Some(lsp::SignatureHelp {
        signatures: vec![information],
        active_signature: Some(0),
        active_parameter: active.map(Into::into),
    })
}
