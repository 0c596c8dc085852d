//! Paths that cannot lie: resolved through symbolic links as far as the disk knows them.

use std::path::{Component, Path, PathBuf};

/// The absolute path behind `path`: relative ones start at `base`, `.` and `..` are taken away, and the deepest part
/// that exists is resolved through its symbolic links. What does not exist yet is kept as written behind it.
///
/// Reads the file system's metadata and nothing else. A dangling link counts as existing: its target is followed by
/// hand, so that a write through it is judged where it would land. After 40 links the path is returned as it stands.
pub fn resolve(base: &Path, path: &Path) -> PathBuf {
    let mut pending: Vec<std::ffi::OsString> = parts(&base.join(path));
    pending.reverse();
    let mut resolved = PathBuf::from("/");
    let mut links = 0;
    while let Some(part) = pending.pop() {
        if part == ".." {
            resolved.pop();
            continue;
        }
        let next = resolved.join(&part);
        match std::fs::read_link(&next) {
            Ok(target) if links < 40 => {
                links += 1;
                if target.is_absolute() {
                    resolved = PathBuf::from("/");
                }
                pending.extend(parts(&target).into_iter().rev());
            }
            _ => resolved = next,
        }
    }
    resolved
}

/// Whether `path` is `root` or lies below it. Both must come from [`resolve`].
pub fn is_inside(root: &Path, path: &Path) -> bool {
    path.starts_with(root)
}

/// How a path is shown to people and models: relative to the root where it lies inside, absolute otherwise.
pub fn shown(root: &Path, path: &Path) -> String {
    match path.strip_prefix(root) {
        Ok(inside) if inside.as_os_str().is_empty() => ".".to_owned(),
        Ok(inside) => inside.display().to_string(),
        Err(_) => path.display().to_string(),
    }
}

fn parts(path: &Path) -> Vec<std::ffi::OsString> {
    path.components()
        .filter_map(|component| match component {
            Component::Normal(part) => Some(part.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect()
}
