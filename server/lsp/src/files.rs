//! Files as the editor has them: open documents over the disk.

use std::path::Path;
use std::sync::Arc;

use copydesk_agent::DiskFiles;
use copydesk_base::Files;
use copydesk_base::files::{Expect, FileError, FileText};

use crate::documents::Documents;

/// Open buffers first, then the disk.
pub(crate) struct EditorFiles {
    pub(crate) documents: Arc<Documents>,
    pub(crate) disk: DiskFiles,
}

impl Files for EditorFiles {
    fn read(&self, path: &Path) -> Result<FileText, FileError> {
        match self.documents.at(path) {
            Some(open) => Ok(FileText {
                text: open.document.text().clone(),
                hash: open.document.hash(),
                version: Some(open.document.version()),
            }),
            None => self.disk.read(path),
        }
    }

    fn write(&self, path: &Path, text: &str, expect: Expect) -> Result<(), FileError> {
        if self.is_open(path) {
            return Err(FileError::Open { path: path.to_owned() });
        }
        self.disk.write(path, text, expect)
    }

    fn remove(&self, path: &Path, expect: Expect) -> Result<(), FileError> {
        if self.is_open(path) {
            return Err(FileError::Open { path: path.to_owned() });
        }
        self.disk.remove(path, expect)
    }

    fn is_open(&self, path: &Path) -> bool {
        self.documents.at(path).is_some()
    }
}
