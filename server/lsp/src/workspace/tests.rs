//! The loader on trees of its own: what is found, what is passed over, what counts as a change.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use copydesk_agent::DiskFiles;
use copydesk_language::{Trust, parse, summary};

use super::view::View;
use super::*;

const FLOW: &str = "name: NAME\nsteps:\n  - {id: a, type: shell, run: x}\n";

/// A tree on disk, and what is known of it.
struct Tree {
    folder: tempfile::TempDir,
    members: Members,
}

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        // A folder with a dot in front would be another program's.
        let folder = tempfile::Builder::new().prefix("desk").tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let user = UserPlaces { agents: vec![root.join("home/copydesk/agents")], configs: vec![] };
        let tree = Self { members: Members::new(&root.join("w"), &user), folder };
        std::fs::create_dir_all(root.join("w")).unwrap();
        for (path, text) in files {
            tree.write(path, text);
        }
        tree
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn shown<'p>(&self, paths: impl IntoIterator<Item = &'p PathBuf>) -> Vec<String> {
        let root = self.path("");
        let shown = |path: &PathBuf| path.strip_prefix(&root).unwrap().display().to_string();
        paths.into_iter().map(shown).collect()
    }

    fn known(&self) -> Vec<String> {
        self.shown(self.members.summaries().keys())
    }
}

#[test]
fn the_places_are_known_at_once_and_what_they_name() {
    let calls = "name: a\nsteps:\n  - {id: c, type: workflow, path: ../../far/away}\n";
    let mut tree = Tree::new(&[
        ("w/.gitignore", ".keystone\n"),
        ("w/.copydesk/workflows/a.yaml", calls),
        ("w/.copydesk/agents/one.md", "---\nname: one\n---\n"),
        ("w/.copydesk/notes.txt", "no"),
        ("w/.keystone/workflows/deep/b.yml", ""),
        ("w/.keystone/config.yaml", ""),
        ("w/top.workflow.yaml", FLOW),
        ("w/top.yaml", FLOW),
        ("w/far/away.yaml", FLOW),
        ("w/far/agents/two.md", "---\nname: two\n---\n"),
        ("w/far/unseen.yaml", FLOW),
        ("w/.claude/agents/three.md", "---\nname: three\n---\n"),
        ("home/copydesk/agents/mine.md", "---\nname: mine\n---\n"),
    ]);
    tree.members.look_in_places(&DiskFiles);
    let expect = [
        "home/copydesk/agents/mine.md",
        "w/.copydesk/agents/one.md",
        "w/.copydesk/workflows/a.yaml",
        "w/.keystone/config.yaml",
        "w/.keystone/workflows/deep/b.yml",
        "w/far/agents/two.md",
        "w/far/away.yaml",
        "w/top.workflow.yaml",
    ];
    assert_eq!(tree.known(), expect);
    let index = tree.members.index(Trust::Trusted);
    let agents = index.agents_for(&tree.path("w/far/away.yaml")).unwrap();
    let names: Vec<&str> = agents.iter().map(|agent| agent.name).collect();
    assert_eq!(names, ["two", "one", "mine", "keystone-architect"]);
}

#[test]
fn a_walk_finds_what_looks_like_ours_within_its_limits() {
    let mut tree = Tree::new(&[
        ("w/.gitignore", "out\n"),
        ("w/a/b/one.yaml", FLOW),
        ("w/a/b/ci.yaml", "jobs: 1\n"),
        ("w/a/two.workflow.yml", ""),
        ("w/a/agents/x.md", "---\nname: x\n---\n"),
        ("w/out/three.workflow.yaml", FLOW),
        ("w/pkg/.copydesk/workflows/four.yaml", FLOW),
    ]);
    let root = tree.path("w");
    let walked = walk(&root, Limits::BACKGROUND, &|| false);
    assert_eq!(walked.end, End::Whole);
    for (path, found) in walked.files {
        tree.members.look_around(&DiskFiles, &path, found);
    }
    let expect =
        ["w/a/agents/x.md", "w/a/b/one.yaml", "w/a/two.workflow.yml", "w/pkg/.copydesk/workflows/four.yaml"];
    assert_eq!(tree.known(), expect);
    for cut in [
        walk(&root, Limits { entries: 3, ..Limits::BACKGROUND }, &|| false),
        walk(&root, Limits { guesses: 0, ..Limits::BACKGROUND }, &|| false),
        walk(&root, Limits::BACKGROUND, &|| true),
    ] {
        assert_eq!(cut.end, End::Cut);
    }
}

#[test]
fn only_what_means_something_else_is_a_change() {
    let mut tree = Tree::new(&[("w/.copydesk/workflows/a.yaml", FLOW)]);
    let path = tree.path("w/.copydesk/workflows/a.yaml");
    let shown = tree.shown([&path]);
    let changed = tree.members.look_in_places(&DiskFiles);
    assert_eq!(tree.shown(&changed), shown, "it is new");
    assert!(!tree.members.look(&DiskFiles, &path, Found::ByPlace), "nothing happened");
    assert!(!tree.members.look(&DiskFiles, &path, Found::ByLooks), "its place is reason enough");
    tree.write("w/.copydesk/workflows/a.yaml", &format!("# a comment\n{FLOW}"));
    let generation = tree.members.generation();
    assert!(!tree.members.look_again(&DiskFiles, &path), "only places moved");
    assert!(tree.members.generation() > generation, "and they are known");
    tree.write("w/.copydesk/workflows/a.yaml", &FLOW.replace("id: a", "id: b"));
    assert!(tree.members.look_again(&DiskFiles, &path));
    tree.write("w/.copydesk/workflows/new.yaml", FLOW);
    std::fs::remove_file(&path).unwrap();
    let mut changed = tree.members.refresh(&DiskFiles);
    changed.sort();
    assert_eq!(tree.shown(&changed), ["w/.copydesk/workflows/a.yaml", "w/.copydesk/workflows/new.yaml"]);
    assert_eq!(tree.known(), ["w/.copydesk/workflows/new.yaml"]);
}

#[test]
fn open_documents_lie_over_the_disk_until_they_are_closed() {
    let mut tree = Tree::new(&[("w/.copydesk/workflows/a.yaml", FLOW)]);
    tree.members.look_in_places(&DiskFiles);
    let typed = |path: &Path, text: &str| {
        let tree = parse(path, text);
        Arc::new(summary(&copydesk_language::File::new(path, text, &tree)))
    };
    let (path, other) = (tree.path("w/.copydesk/workflows/a.yaml"), tree.path("w/b.workflow.yaml"));
    let mut view = View::default();
    let titles = |summaries: &Summaries| {
        summaries.values().map(|one| one.title.clone().unwrap_or_default()).collect::<Vec<_>>()
    };
    let mut laid = |open: &[(PathBuf, Arc<Summary>)]| titles(&view.laid_over(&tree.members, open));
    assert_eq!(laid(&[]), ["NAME"]);
    let open = [(path.clone(), typed(&path, "name: typed\n")), (other.clone(), typed(&other, "name: new\n"))];
    assert_eq!(laid(&open), ["typed", "new"]);
    assert_eq!(laid(&open[..1]), ["typed"], "one was closed and is not on disk");
    assert_eq!(laid(&[(path.clone(), typed(&path, "name: again\n"))]), ["again"]);
    assert_eq!(laid(&[]), ["NAME"]);
}
