//! Where git keeps the history of a workspace that does not hold it itself.

use std::path::{Path, PathBuf};

/// The folder of git that a workspace belongs to, where it lies outside: of a repository around it, or of the one that
/// it is a worktree of. To be read only.
///
/// A worktree is believed only where the repository knows it: any archive may hold a `.git` that names any folder.
pub fn repository(root: &Path, home: Option<&Path>) -> Option<PathBuf> {
    let own = root.join(".git");
    if own.is_dir() {
        return None;
    }
    if own.is_file() {
        return of_worktree(&own);
    }
    let around = root.ancestors().skip(1).take_while(|folder| home != Some(*folder));
    let found = around.map(|folder| folder.join(".git")).find(|place| place.exists())?;
    if found.is_dir() { Some(found) } else { of_worktree(&found) }
}

fn of_worktree(link: &Path) -> Option<PathBuf> {
    let line = |file: &Path| Some(std::fs::read_to_string(file).ok()?.trim().to_owned());
    let text = line(link)?;
    let folder = link.parent()?.join(text.strip_prefix("gitdir:")?.trim()).canonicalize().ok()?;
    let knows = Path::new(&line(&folder.join("gitdir"))?).canonicalize().ok()? == link.canonicalize().ok()?;
    let common = folder.join(line(&folder.join("commondir"))?).canonicalize().ok()?;
    (knows && folder.parent()? == common.join("worktrees")).then_some(common)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worktree_is_believed_where_its_repository_knows_it() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        let write = |name: &str, text: &str| {
            let file = base.join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        };
        let path = |name: &str| base.join(name);
        write("main/.git/HEAD", "");
        write("main/sub/x", "");
        write("tree/.git", &format!("gitdir: {}\n", path("main/.git/worktrees/tree").display()));
        write("forged/.git", &format!("gitdir: {}\n", path("main/.git/worktrees/tree").display()));
        write("other/.git", &format!("gitdir: {}\n", path("keys").display()));
        write("keys/id", "");
        write("main/.git/worktrees/tree/gitdir", &format!("{}\n", path("tree/.git").display()));
        write("main/.git/worktrees/tree/commondir", "../..\n");
        for (root, expected) in [
            ("main", None),
            ("main/sub", Some("main/.git")),
            ("tree", Some("main/.git")),
            ("forged", None),
            ("other", None),
            ("keys", None),
        ] {
            let found = repository(&path(root), Some(&base));
            assert_eq!(found, expected.map(path), "{root}");
        }
    }
}
