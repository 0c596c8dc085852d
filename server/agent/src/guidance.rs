//! What people wrote down for every agent: `AGENTS.md`, `CLAUDE.md` and folders of rules.
//!
//! The person's own come first, then the workspace's from its root down to the folder in question, so that the nearest
//! has the last word. They are words for the model and grant nothing.

use std::path::{Component, Path, PathBuf};

use copydesk_base::Files;
use copydesk_base::files::FileError;

/// The names that are read in each folder; the first that can be read counts.
const NAMES: [&str; 2] = ["AGENTS.md", "CLAUDE.md"];
/// Folders of rules below the root of a workspace; every Markdown file in them counts, in the order of names.
const FOLDERS: [&str; 2] = [".copydesk/rules", ".claude/rules"];
/// The most bytes of one file.
const LARGEST: usize = 16 * 1024;
/// The most bytes of all together.
const MOST: usize = 64 * 1024;

/// One file of guidance, as far as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guidance {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// What holds, and why some of what is there does not.
#[derive(Debug, Default)]
pub(crate) struct Guided {
    pub(crate) found: Vec<Guidance>,
    /// For the person, one sentence each.
    pub(crate) left_out: Vec<String>,
}

/// All that holds for a place below the root. `may_know` says what policy lets be read.
pub(crate) fn guidance(
    files: &dyn Files,
    own: Option<&Path>,
    root: &Path,
    place: Option<&Path>,
    may_know: impl Fn(&Path) -> bool,
) -> Guided {
    let mut guided = Guided::default();
    let mut left = MOST;
    for choice in own.into_iter().map(named).chain(below(files, root, place)) {
        for path in choice {
            // What is linked to twice, such as a CLAUDE.md that is an AGENTS.md, is said once.
            let path = copydesk_base::path::resolve(root, &path);
            if guided.found.iter().any(|known| known.path == path) {
                break;
            }
            let reason = match files.read(&path) {
                Err(FileError::Absent { .. }) => continue,
                _ if !may_know(&path) => "your rules keep it from agents".to_owned(),
                _ if left == 0 => format!("there is more than {} KB of guidance before it", MOST / 1024),
                Err(error) => format!("failed to {error}"),
                Ok(file) => {
                    let text = cut(file.text.trim(), LARGEST.min(left));
                    left = left.saturating_sub(text.len());
                    if !text.is_empty() {
                        guided.found.push(Guidance { path, text });
                    }
                    break;
                }
            };
            let shown = copydesk_base::path::shown(root, &path);
            guided.left_out.push(format!("{shown} is not followed: {reason}"));
        }
    }
    guided
}

/// The files of a workspace: its root, its folders of rules, then each folder on the way down. Of those that stand
/// together the first that can be read counts.
fn below(files: &dyn Files, root: &Path, place: Option<&Path>) -> Vec<Vec<PathBuf>> {
    let mut choices = vec![named(root)];
    for folder in FOLDERS.map(|folder| root.join(folder)) {
        let mut rules: Vec<PathBuf> = files
            .list(&folder)
            .unwrap_or_default()
            .into_iter()
            .map(|entry| folder.join(entry.name))
            .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
            .collect();
        rules.sort();
        choices.extend(rules.into_iter().map(|rule| vec![rule]));
    }
    let inside = place.and_then(|place| place.parent()?.strip_prefix(root).ok());
    let mut folder = root.to_owned();
    let down = inside.into_iter().flat_map(Path::components);
    for part in down.take_while(|part| matches!(part, Component::Normal(_))) {
        folder.push(part);
        choices.push(named(&folder));
    }
    choices
}

fn named(folder: &Path) -> Vec<PathBuf> {
    NAMES.map(|name| folder.join(name)).into()
}

/// A text up to a limit, and that it was cut.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    // Whole lines: half of a secret would not be known as one.
    let start = &text[..text.floor_char_boundary(most)];
    let lines = start.rsplit_once('\n').map_or("", |(lines, _)| lines);
    format!("{lines}\n[cut here: only {most} bytes are read]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::DiskFiles;

    /// Which files count at a place, of those that are there.
    fn check(there: &[&str], place: Option<&str>, expected: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        for path in there {
            let path = top.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, format!("{}\n", path.display())).unwrap();
        }
        let (own, root) = (top.join("own"), top.join("w"));
        let place = place.map(|place| root.join(place));
        let may_know = |path: &Path| !path.to_string_lossy().contains("denied");
        let found = guidance(&DiskFiles, Some(&own), &root, place.as_deref(), may_know).found;
        let shown: Vec<_> = found.iter().map(|one| one.path.strip_prefix(&top).unwrap().to_owned()).collect();
        assert_eq!(shown, expected.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert!(found.iter().all(|one| one.text == one.path.to_string_lossy()));
    }

    #[test]
    fn the_nearest_has_the_last_word() {
        let all = ["w/a/b/AGENTS.md", "w/a/CLAUDE.md", "w/AGENTS.md", "own/AGENTS.md", "w/c/AGENTS.md"];
        check(&all, None, &["own/AGENTS.md", "w/AGENTS.md"]);
        let nested = ["own/AGENTS.md", "w/AGENTS.md", "w/a/CLAUDE.md", "w/a/b/AGENTS.md"];
        check(&all, Some("a/b/x.rs"), &nested);
        check(&all, Some("d/x.rs"), &nested[..2]);
    }

    #[test]
    fn one_name_of_a_folder_counts_and_all_of_its_rules() {
        check(&["w/AGENTS.md", "w/CLAUDE.md"], None, &["w/AGENTS.md"]);
        check(
            &["w/.copydesk/rules/b.md", "w/.copydesk/rules/a.md", "w/.copydesk/rules/a.txt", "w/CLAUDE.md"],
            None,
            &["w/CLAUDE.md", "w/.copydesk/rules/a.md", "w/.copydesk/rules/b.md"],
        );
    }

    #[test]
    fn what_policy_hides_and_what_lies_outside_does_not_count() {
        check(&["w/denied/AGENTS.md", "AGENTS.md"], Some("denied/x.rs"), &[]);
        check(&["AGENTS.md", "w/AGENTS.md"], Some("../x.rs"), &["w/AGENTS.md"]);
    }

    #[test]
    fn what_cannot_be_read_is_said_and_hides_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("a/AGENTS.md")).unwrap();
        std::fs::write(root.join("AGENTS.md"), b"caf\xe9").unwrap();
        std::fs::write(root.join("CLAUDE.md"), "Be brief.").unwrap();
        std::fs::write(root.join("a/CLAUDE.md"), "Never.").unwrap();
        let may_know = |path: &Path| !path.ends_with("a/CLAUDE.md");
        let guided = guidance(&DiskFiles, None, &root, Some(&root.join("a/x.rs")), may_know);
        let shown = root.display();
        assert_eq!(guided.found, [Guidance { path: root.join("CLAUDE.md"), text: "Be brief.".to_owned() }]);
        assert_eq!(
            guided.left_out,
            [
                format!(
                    "AGENTS.md is not followed: failed to read {shown}/AGENTS.md as text: it is not valid UTF-8 at byte 3"
                ),
                format!(
                    "a/AGENTS.md is not followed: failed to use {shown}/a/AGENTS.md: it is no regular file"
                ),
                "a/CLAUDE.md is not followed: your rules keep it from agents".to_owned(),
            ]
        );
    }

    #[test]
    fn it_is_cut_at_whole_lines_and_says_so() {
        assert_eq!(cut("ä\nää", 5), "ä\n[cut here: only 5 bytes are read]");
        assert_eq!(cut("ää", 3), "\n[cut here: only 3 bytes are read]");
        assert_eq!(cut("ää", 4), "ää");
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let rules = root.join(".copydesk/rules");
        std::fs::create_dir_all(&rules).unwrap();
        for name in ["1.md", "2.md", "3.md", "4.md", "5.md"] {
            std::fs::write(rules.join(name), "x".repeat(LARGEST)).unwrap(); // No longer than is read.
        }
        let Guided { found, left_out } = guidance(&DiskFiles, None, &root, None, |_| true);
        assert_eq!(found.len(), 4, "all together are bounded");
        let told = ".copydesk/rules/5.md is not followed: there is more than 64 KB of guidance before it";
        assert_eq!(left_out, [told]);
    }
}
