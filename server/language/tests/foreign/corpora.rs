//! Where the public corpora lie that `tests/corpora` fetches.

use std::path::PathBuf;

/// The folder of a corpus. Without it the test that asks is counted as skipped, aloud, and is a failure in CI.
pub(crate) fn corpus(name: &str) -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../.corpora");
    let folder = std::env::var_os("COPYDESK_CORPORA").map_or(root, PathBuf::from).join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "{name} is not there: run tests/corpora");
    eprintln!("skipped: {name} is not there; tests/corpora fetches it");
    None
}

/// The texts below a folder whose names end so, by their path in it, in order.
pub(crate) fn texts(folder: &std::path::Path, endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
            if endings.iter().any(|ending| name.ends_with(ending))
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                found.push((name, text));
            }
        }
    }
    found.sort();
    found
}
