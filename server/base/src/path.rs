//! Paths that cannot lie: resolved through symbolic links as far as the disk knows them.

use std::path::{Component, Path, PathBuf};

/// The absolute path behind `path`: relative ones start at `base`, `.` and `..` are taken away, and the deepest part
/// that exists is resolved through its symbolic links. What does not exist yet is kept as written behind it.
///
/// Links below a process in `/proc` (`/proc/self/cwd`) are kept as written: they mean something else to whoever asks.
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
            Ok(target) if links < 40 && !is_of_process(&resolved) => {
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

/// Whether a folder is a process's own in `/proc`, or lies in one.
fn is_of_process(folder: &Path) -> bool {
    folder.starts_with("/proc") && folder != Path::new("/proc")
}

/// Whether a resolved path goes on behind a link that each process has for itself: `/proc/1/cwd/x`, `/proc/1/fd/3/x`.
pub fn is_magic(path: &Path) -> bool {
    let mut parts = path.components().map(Component::as_os_str).skip(1);
    let is_of_process = parts.next().is_some_and(|part| part == "proc") && parts.next().is_some();
    let mut behind =
        parts.skip_while(|part| !["cwd", "root", "fd", "map_files"].iter().any(|name| part == name));
    is_of_process
        && match behind.next().and_then(|part| part.to_str()) {
            Some("cwd" | "root") => true,
            // A descriptor alone is an input or an output; what lies behind it is not.
            Some("fd" | "map_files") => behind.nth(1).is_some(),
            _ => false,
        }
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
