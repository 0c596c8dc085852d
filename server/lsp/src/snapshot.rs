//! What a handler looks at: rungs, trust and what is waiting, as they were when its request arrived. The document of
//! the request is handed over beside it, for the same reason.

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
