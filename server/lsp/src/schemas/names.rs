//! Which schemas may be named in a file: those that are bundled, and the files near it.

use std::path::Path;

use copydesk_base::path::{is_inside, resolve};
use copydesk_base::{Files, Span};
use copydesk_language::schemas::{bundled_names, slot};
use copydesk_language::{Completion, CompletionKind, File, Snippet};

/// The proposals for the name of a schema; `None` where none is named. Lists the one folder that is written so far, if
/// it lies in the workspace.
pub(crate) fn names(
    files: &dyn Files,
    root: &Path,
    file: &File<'_>,
    offset: usize,
) -> Option<Vec<Completion>> {
    let replace = slot(file.text, file.tree, offset)?;
    let written = Span::new(replace.start, offset).of(file.text);
    let folder = written.rfind('/').map_or("", |at| &written[..=at]);
    let propose = |label: String, detail: &str, sort| Completion {
        insert: label.clone(),
        label,
        kind: CompletionKind::Value,
        replace,
        detail: detail.to_owned(),
        docs: String::new(),
        sort,
        snippet: Snippet::Plain,
    };
    let bundled = bundled_names().filter(|_| folder.is_empty());
    let mut found: Vec<Completion> =
        bundled.map(|(name, detail)| propose(name.to_owned(), detail, 2)).collect();
    let base = resolve(root, file.path);
    let here = resolve(base.parent().unwrap_or(root), Path::new(folder));
    let entries = if is_inside(root, &here) { files.list(&here).unwrap_or_default() } else { Vec::new() };
    let shown = if folder.is_empty() { "./" } else { folder };
    for entry in entries.iter().filter(|entry| !entry.name.starts_with('.')) {
        let label = format!("{shown}{}", entry.name);
        if entry.is_folder {
            found.push(propose(label + "/", "folder", 3));
        } else if Path::new(&entry.name).extension().is_some_and(|ending| ending == "json")
            && here.join(&entry.name) != base
        {
            found.push(propose(label, "file", u32::from(!entry.name.ends_with("schema.json"))));
        }
    }
    Some(found)
}
