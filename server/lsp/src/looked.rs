//! Files as one request sees them: open documents as they were when it arrived, others from the disk.

use std::path::Path;

use copydesk_agent::DiskFiles;
use copydesk_base::{Files, Span};
use copydesk_language::File;
use tower_lsp::gen_lsp_types as lsp;

use crate::convert;
use crate::snapshot::Snapshot;

impl Snapshot {
    /// Shows the text and tree of any file to `look`.
    pub(crate) fn with_file(&self, path: &Path, look: &mut dyn FnMut(&File<'_>)) {
        if let Some(open) = self.open_at(path) {
            return look(&open.file());
        }
        let Ok(file) = DiskFiles.read(&copydesk_base::path::resolve(Path::new("/"), path)) else { return };
        let tree = copydesk_language::parse(path, &file.text);
        look(&File::new(path, &file.text, &tree));
    }

    /// A place in any file: in the client's own spelling and its own text, where that is open.
    pub(crate) fn location(&self, path: &Path, span: Span) -> lsp::Location {
        let [range] = self.ranges(path, [span]);
        lsp::Location { uri: lsp::Uri(self.uri_of(path)), range }
    }

    /// The client's own spelling of a path, where it is open.
    pub(crate) fn uri_of(&self, path: &Path) -> String {
        self.open_at(path).map_or_else(|| convert::uri_of(path), |open| open.uri.clone())
    }

    /// Places of one file.
    pub(crate) fn ranges<const N: usize>(&self, path: &Path, spans: [Span; N]) -> [lsp::Range; N] {
        let encoding = self.ladder.encoding;
        if let Some(open) = self.open_at(path) {
            return spans.map(|span| convert::range(&open.document, span, encoding));
        }
        let mut ranges = [lsp::Range::default(); N];
        if let Ok(file) = DiskFiles.read(&copydesk_base::path::resolve(Path::new("/"), path)) {
            ranges = spans.map(|span| convert::range_in(&file.text, span, encoding));
        }
        ranges
    }
}
