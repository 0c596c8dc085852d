//! Finding files of ours: by their place, by what a workflow names, by their looks.
//!
//! [`places`] is quick and comes before the first answer: `.copydesk`, `.keystone` and what lies openly in the root.
//! [`walk`] goes through the whole tree, as git would, in the background and within limits.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ignore::WalkBuilder;

/// Why a file was looked at.
/// The later ones are the better reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Found {
    /// It may be a workflow by its looks: only a small file, and only if it says so.
    ByLooks,
    /// It lies, or is called, as our files do.
    ByPlace,
    /// Somebody names it.
    Named,
}

/// How far a walk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Files and folders that are passed.
    pub entries: usize,
    /// Files that are read only for their looks.
    pub guesses: usize,
    pub time: Duration,
}

impl Limits {
    /// Those of a server: some seconds of one core, once.
    pub const BACKGROUND: Self = Self { entries: 300_000, guesses: 5_000, time: Duration::from_secs(20) };
    /// Those of the places, which may be looked at while somebody waits.
    const PLACES: Self = Self { entries: 20_000, guesses: 0, time: Duration::from_secs(2) };
}

/// What a walk brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    pub files: Vec<(PathBuf, Found)>,
    pub end: End,
}

/// Whether a walk saw everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    #[default]
    Whole,
    /// A limit was reached.
    Cut,
}

/// How deep our own folders are walked.
const DEPTH: usize = 12;

/// The files of ours in the places where they live: `.copydesk`, `.keystone`, `agents`, `skills` and what lies openly
/// in the root. What git ignores counts as well: these folders are often private.
pub(super) fn places(root: &Path) -> Vec<(PathBuf, Found)> {
    let mut files = Vec::new();
    for (folder, depth) in [
        ("", 1),
        (".copydesk", DEPTH),
        (".keystone", DEPTH),
        (".stepper/layer", 2),
        ("agents", 1),
        ("skills", 2),
        ("workflows", 2),
    ] {
        let entries =
            WalkBuilder::new(root.join(folder)).standard_filters(false).max_depth(Some(depth)).build();
        let limits = Limits::PLACES;
        let paths = entries.take(limits.entries).flatten().filter(is_file).map(ignore::DirEntry::into_path);
        files.extend(paths.filter_map(|path| Some((found(&path)?, path))).filter_map(|(found, path)| {
            (found == Found::ByPlace || !folder.is_empty()).then_some((path, found))
        }));
    }
    files
}

/// The Markdown files that lie directly in a folder, in order.
pub(super) fn agents_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| is_markdown(path)).collect();
    paths.sort();
    paths
}

/// Everything below `root` that may be ours, but for what git ignores and other programs' dot folders.
/// `is_given_up` is asked now and then.
pub fn walk(root: &Path, limits: Limits, is_given_up: &dyn Fn() -> bool) -> Walked {
    let start = Instant::now();
    let mut walked = Walked::default();
    let (mut passed, mut guesses) = (0, 0);
    for entry in below(root).flatten() {
        passed += 1;
        if passed > limits.entries || start.elapsed() > limits.time || is_given_up() {
            walked.end = End::Cut;
            break;
        }
        if !is_file(&entry) {
            continue;
        }
        let path = entry.into_path();
        match found(&path) {
            Some(Found::ByLooks) if guesses >= limits.guesses => walked.end = End::Cut,
            Some(found) => {
                guesses += usize::from(found == Found::ByLooks);
                walked.files.push((path, found));
            }
            None => {}
        }
    }
    walked
}

/// The entries below a folder, as `copydesk check` sees them too: everything that git does not ignore, of dot folders
/// only those that may be ours.
pub fn below(folder: &Path) -> ignore::Walk {
    WalkBuilder::new(folder)
        .hidden(false)
        .require_git(false)
        .filter_entry(|entry| {
            let name = entry.file_name().to_string_lossy();
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            let ours = matches!(
                &*name,
                ".copydesk"
                    | ".keystone"
                    | ".stepper"
                    | ".github"
                    | ".vscode"
                    | ".cursor"
                    | ".claude-plugin"
                    | ".codex-plugin"
                    | ".cursor-plugin"
                    | "."
                    | ".."
            );
            entry.depth() == 0 || !is_folder || !name.starts_with('.') || ours
        })
        .build()
}

fn is_file(entry: &ignore::DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_file())
}

/// Why a path should be looked at, by its words alone.
pub(super) fn found(path: &Path) -> Option<Found> {
    if is_markdown(path) {
        return markdown_of_ours(path).then_some(Found::ByPlace);
    }
    if !is_yaml(path) {
        return None;
    }
    let below = |folder: &str| path.components().any(|part| part.as_os_str() == folder);
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("");
    let by_place = below(".copydesk") || below(".keystone") || stem.ends_with(".workflow");
    Some(if by_place { Found::ByPlace } else { Found::ByLooks })
}

fn markdown_of_ours(path: &Path) -> bool {
    let mut folders =
        path.parent().into_iter().flat_map(Path::components).rev().map(std::path::Component::as_os_str);
    let (inner, outer, next) = (folders.next(), folders.next(), folders.next());
    let is = |folder: Option<&std::ffi::OsStr>, name: &str| folder.is_some_and(|folder| folder == name);
    is(inner, "agents")
        || is(outer, ".copydesk") && (is(inner, "actions") || is(inner, "prompts"))
        || path.file_name().is_some_and(|name| name == "SKILL.md") && is(outer, "skills")
        || path.file_name().is_some_and(|name| name == "index.md")
            && is(outer, "layer")
            && is(next, ".stepper")
}

/// Whether a text is worth parsing: it names a schema, or has the words of a workflow.
pub(super) fn may_be_ours(text: &str) -> bool {
    text.contains("$schema") || (text.contains("steps") && text.contains("id") && text.contains("type"))
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
}

fn is_markdown(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "md" || ending == "markdown")
}
