//! What a handler looks at: rungs, trust and what is waiting, as they were when its request arrived. The document of
//! the request is handed over beside it, for the same reason.

use std::path::Path;
use std::sync::Arc;

use copydesk_agent::{Desk, DiskFiles, View};
use copydesk_base::Files;
use copydesk_language::{File, WorkspaceIndex};

use crate::capabilities::Ladder;
use crate::documents::{Documents, Open};
use crate::state::State;

/// One moment. Cheap to clone; may go to another thread.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) documents: Arc<Documents>,
    /// The document that is asked about, as it was when the request arrived.
    pub(crate) own: Option<Arc<Open>>,
    pub(crate) ladder: Ladder,
    pub(crate) state: Arc<State>,
    pub(crate) view: Arc<View>,
    pub(crate) desk: Desk,
}

impl Snapshot {
    /// What `language` knows beyond one file: complete for the document that is asked about.
    pub(crate) fn index(&self) -> WorkspaceIndex {
        let trust = self.state.trust();
        match self.state.session() {
            Some(session) => session.workspace.index(&self.documents, self.own.as_deref(), trust),
            None => WorkspaceIndex { trust, ..WorkspaceIndex::default() },
        }
    }

    /// The open document of a path; the one that is asked about as it was then.
    pub(crate) fn open_at(&self, path: &Path) -> Option<Arc<Open>> {
        let own = self.own.as_ref().filter(|own| own.path.as_deref() == Some(path)).cloned();
        own.or_else(|| self.documents.at(path))
    }

    /// Shows the text and tree of any file, open or on disk, to `look`.
    pub(crate) fn with_file(&self, path: &Path, look: &mut dyn FnMut(&File<'_>)) {
        if let Some(open) = self.open_at(path) {
            return look(&open.file());
        }
        let Ok(file) = DiskFiles.read(path) else { return };
        let tree = copydesk_language::parse(path, &file.text);
        look(&File::new(path, &file.text, &tree));
    }
}

impl Open {
    /// The document as `language` takes it. Its path is relative to the root where it lies inside.
    pub(crate) fn file(&self) -> File<'_> {
        let path = self.path.as_deref().unwrap_or(Path::new(""));
        File::new(path, self.document.text(), self.document.tree())
    }
}
