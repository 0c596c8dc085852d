//! What a handler looks at: documents, rungs, trust and what is waiting, as they were when its request arrived.

use std::path::Path;
use std::sync::Arc;

use copydesk_agent::{Desk, View};
use copydesk_language::{File, WorkspaceIndex};

use crate::capabilities::Ladder;
use crate::documents::{Documents, Open};
use crate::state::State;

/// One moment. Cheap to clone; may go to another thread.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) documents: Arc<Documents>,
    pub(crate) ladder: Ladder,
    pub(crate) state: Arc<State>,
    pub(crate) view: Arc<View>,
    pub(crate) desk: Desk,
}

impl Snapshot {
    /// The document of a request; take it before the first await.
    pub(crate) fn document(&self, uri: &str) -> Option<Arc<Open>> {
        self.documents.get(uri)
    }

    /// What `language` knows beyond one file.
    pub(crate) fn index(&self) -> WorkspaceIndex {
        WorkspaceIndex { trust: self.state.trust(), ..WorkspaceIndex::default() }
    }
}

impl Open {
    /// The document as `language` takes it. Its path is relative to the root where it lies inside.
    pub(crate) fn file(&self) -> File<'_> {
        let path = self.path.as_deref().unwrap_or(Path::new(""));
        File::new(path, self.document.text(), self.document.tree())
    }
}
