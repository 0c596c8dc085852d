//! Files as the editor has them: open documents over the disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use copydesk_agent::DiskFiles;
use copydesk_base::Files;
use copydesk_base::change::Instead;
use copydesk_base::files::{Entry, Expect, FileError, FileText, Opening};

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

    fn open(&self, path: &Path) -> Result<std::fs::File, FileError> {
        self.disk.open(path)
    }

    fn opening(&self) -> Opening<'_> {
        self.disk.opening()
    }

    /// The disk's names, and those of documents that were never saved.
    fn list(&self, path: &Path) -> Result<Vec<Entry>, FileError> {
        let open = self.documents.all();
        let here = open.iter().filter_map(|open| {
            let file = open.path.as_deref().filter(|file| file.parent() == Some(path))?;
            Some(Entry { name: file.file_name()?.to_string_lossy().into_owned(), is_folder: false })
        });
        let mut entries = self.disk.list(path)?;
        entries.extend(
            here.filter(|entry| !entries.iter().any(|known| known.name == entry.name)).collect::<Vec<_>>(),
        );
        entries.sort();
        Ok(entries)
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

    fn remove_saved(&self, path: &Path, expect: Expect) -> Result<(), FileError> {
        self.disk.remove(path, expect)
    }

    fn remove_folder(&self, path: &Path) -> Result<(), FileError> {
        self.disk.remove_folder(path)
    }

    fn clear(&self, path: &Path, instead: &Instead) -> Result<(), FileError> {
        self.disk.clear(path, instead)
    }

    fn is_open(&self, path: &Path) -> bool {
        self.documents.at(path).is_some()
    }

    fn held_open(&self) -> Vec<PathBuf> {
        self.documents.all().into_iter().filter_map(|open| open.path.as_deref().map(Path::to_owned)).collect()
    }

    fn saves(&self) -> BTreeMap<PathBuf, u64> {
        self.documents.saves()
    }
}
