//! Whether git leaves a file out: what a project does not share, a model does not get unasked.

use std::path::Path;

use ignore::Match;
use ignore::gitignore::Gitignore;

/// The files that say so, in each folder; `.ignore` is what search tools read besides.
const NAMES: [&str; 2] = [".gitignore", ".ignore"];

/// Whether a file below the root is ignored, by the nearest word on it. Rules that cannot be read ignore nothing.
pub(super) fn is_ignored(path: &Path, root: &Path) -> bool {
    let folders = path.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
    for folder in folders {
        let beside = NAMES.map(|name| folder.join(name));
        let own = (folder == root).then(|| root.join(".git/info/exclude"));
        for file in beside.into_iter().chain(own) {
            if !file.is_file() {
                continue;
            }
            // The rules of `.git/info/exclude` count from the root.
            let mut rules = ignore::gitignore::GitignoreBuilder::new(folder);
            rules.add(&file);
            let rules = rules.build().unwrap_or_else(|_| Gitignore::empty());
            match rules.matched_path_or_any_parents(path, false) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_counts() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for (path, text) in [
            (".gitignore", "*.log\n/build/\nlocal/\n"),
            ("a/.gitignore", "!keep.log\nsecret.py\n"),
            (".ignore", "notes.md\n"),
            (".git/info/exclude", "mine.py\n"),
        ] {
            let file = root.join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        for (path, expect) in [
            ("a.py", false),
            ("x.log", true),
            ("a/x.log", true),
            ("a/keep.log", false),
            ("a/secret.py", true),
            ("secret.py", false),
            ("build/a.py", true),
            ("a/build/a.py", false),
            ("b/local/deep/a.py", true),
            ("notes.md", true),
            ("mine.py", true),
        ] {
            assert_eq!(is_ignored(&root.join(path), root), expect, "{path}");
        }
    }
}
