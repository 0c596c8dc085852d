//! What a handler looks at: rungs, trust and what is waiting, as they were when its request arrived. The document of
//! the request is handed over beside it, for the same reason.

use std::path::Path;
use std::sync::Arc;

use copydesk_agent::{Desk, DiskFiles, View};
use copydesk_language::{Completion, File, FileKind, WorkspaceIndex, names_model, weighs_models};

use crate::capabilities::Ladder;
use crate::documents::{Documents, Open};
use crate::files::EditorFiles;
use crate::schemas::{self, Chosen};
use crate::state::{Session, State};

/// One moment. Cheap to clone; may go to another thread.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) documents: Arc<Documents>,
    /// All of them as they were when the request arrived.
    pub(crate) all: Vec<Arc<Open>>,
    /// The one that is asked about.
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
            Some(session) => session.workspace.index(&self.all, self.own.as_deref(), trust),
            None => WorkspaceIndex { trust, ..WorkspaceIndex::default() },
        }
    }

    /// The same, with the models that can be asked where the cursor stands on one.
    pub(crate) fn index_at(&self, file: &File<'_>, offset: usize) -> WorkspaceIndex {
        if names_model(file, offset) { self.index_with_models() } else { self.index() }
    }

    /// The same for a check: with the models that can be asked, where the file names some.
    pub(crate) fn index_to_check(&self, file: &File<'_>) -> WorkspaceIndex {
        let models = if weighs_models(file) { self.state.models() } else { Arc::default() };
        WorkspaceIndex { models, ..self.index() }
    }

    /// The same, with the models that can be asked.
    pub(crate) fn index_with_models(&self) -> WorkspaceIndex {
        let session = self.state.session();
        let models = session.map(|session| (self.state.backstage.model_names)(&session.root).into());
        WorkspaceIndex { models: models.unwrap_or_default(), ..self.index() }
    }

    /// The open document of a path.
    pub(crate) fn open_at(&self, path: &Path) -> Option<Arc<Open>> {
        let is_it = |open: &&Arc<Open>| open.path.as_deref() == Some(path);
        self.own.as_ref().filter(is_it).or_else(|| self.all.iter().find(is_it)).cloned()
    }

    /// The schema of a file that is none of ours. May read files.
    pub(crate) fn schema_of(&self, file: &File<'_>) -> Option<Chosen> {
        let session = self.state.session()?;
        session.library.know_rules(|| (self.state.backstage.of_others)(&session.root));
        session.library.choose(&self.files(), file)
    }

    /// What may be written at an offset where a file names its schema. May list a folder.
    pub(crate) fn schemas_at(&self, file: &File<'_>, offset: usize) -> Option<Vec<Completion>> {
        schemas::names(&self.files(), &self.state.session()?.root, file, offset)
    }

    /// The files as the editor has them. Reads.
    pub(crate) fn files(&self) -> EditorFiles {
        EditorFiles { documents: self.documents.clone(), disk: DiskFiles }
    }

    /// Whether a file is laid out where an editor asks for it: it is one of ours, or the settings name it.
    pub(crate) fn lays_out(&self, file: &File<'_>) -> bool {
        let is_named = |session: &Session| {
            session.library.know_rules(|| (self.state.backstage.of_others)(&session.root));
            session.library.lays_out(file.path)
        };
        file.kind != FileKind::Other || self.state.session().is_some_and(is_named)
    }

    /// Whether anything is known about a file: it is one of ours, or has a schema.
    pub(crate) fn helps_with(&self, file: &File<'_>) -> bool {
        file.kind != FileKind::Other || self.schema_of(file).is_some()
    }
}

impl Open {
    /// The document as `language` takes it. Its path is relative to the root where it lies inside.
    pub(crate) fn file(&self) -> File<'_> {
        let path = self.path.as_deref().unwrap_or(Path::new(""));
        File::new(path, self.document.text(), self.document.tree())
    }
}
