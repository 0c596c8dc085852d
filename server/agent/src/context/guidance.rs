//! What people wrote down for every agent: `AGENTS.md`, `CLAUDE.md`, folders of rules, and what these bring in.
//!
//! The person's own come first, then the workspace's from its root down to the folder in question, so that the nearest
//! has the last word. A rule may say for which files it is ([`rule`]); a file may bring others in as `@path`, which
//! stand behind it. They are words for the model and grant nothing.
//!
//! All of it together is bounded: the person's own come in first, since no workspace may crowd them out, then what is
//! nearest to the file in question. What is cut or left out is said, to the person and to the model.

mod rule;
#[cfg(test)]
mod tests;

use std::path::{Component, Path, PathBuf};

use copydesk_base::files::FileError;
use copydesk_base::{Files, path};

use crate::context::{mentions, prompt};

/// The names that are read in each folder; the first that can be read counts.
const NAMES: [&str; 2] = ["AGENTS.md", "CLAUDE.md"];
/// One more, where other programs look for it.
const OTHER: &str = ".github/copilot-instructions.md";
/// Folders of rules; every file in them with such an ending counts, in the order of names.
const FOLDERS: [(&str, &[&str]); 4] = [
    (".copydesk/rules", &["md"]),
    (".claude/rules", &["md"]),
    (".cursor/rules", &["mdc", "md"]),
    (".github/instructions", &["md"]),
];
/// The most bytes of one file.
const LARGEST: usize = 16 * 1024;
/// A line of more bytes is cut within itself.
const LONG_LINE: usize = 1024;
/// Why a file is left out that the workspace names and does not have.
const OUTSIDE: &str = "it lies outside of the workspace";
/// How far files may bring in others that bring in others.
const DEEPEST: usize = 3;

/// Who put a file of guidance where it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The person, for all of their workspaces.
    Own,
    /// Whoever wrote the workspace.
    Workspace,
}

/// One file of guidance, as far as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guidance {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    /// Bytes of it that do not go along.
    pub(crate) cut: usize,
    /// The file that brought it in.
    pub(crate) by: Option<PathBuf>,
    pub(crate) whose: Whose,
}

/// What holds, and why some of what is there does not.
#[derive(Debug, Default)]
pub(crate) struct Guided {
    pub(crate) found: Vec<Guidance>,
    /// For the person, one sentence each.
    pub(crate) left_out: Vec<String>,
}

/// Where guidance is looked for, and how much of it goes along.
pub(crate) struct Ground<'a> {
    pub(crate) files: &'a dyn Files,
    /// The folder with the person's own.
    pub(crate) own: Option<&'a Path>,
    pub(crate) root: &'a Path,
    /// The file that is asked about.
    pub(crate) place: Option<&'a Path>,
    /// The most bytes of all together, with the words around them.
    pub(crate) most: usize,
}

/// All that holds for a place below the root. `withheld` says why policy does not let a file go to a model that did not
/// ask for it. What a workspace names lies in it, links followed: they would lead wherever its writer likes.
pub(crate) fn guidance(
    ground: &Ground<'_>,
    withheld: impl Fn(&Path, Whose) -> Option<&'static str>,
) -> Guided {
    let own = ground.own.map(|own| (Whose::Own, vec![named(own)]));
    let below = below(ground).into_iter().map(|choices| (Whose::Workspace, choices));
    let folders: Vec<_> = own.into_iter().chain(below).collect();
    let far = folders.iter().take_while(|(whose, _)| *whose == Whose::Own).count();
    let mut reading = Reading { ground, withheld, left: ground.most, found: vec![], left_out: vec![] };
    for at in (0..far).chain((far..folders.len()).rev()) {
        let (whose, choices) = &folders[at];
        for choice in choices {
            for path in choice {
                if reading.add(path, &By { folder: at, whose: *whose, file: None, depth: 0 })
                    != Added::Nothing
                {
                    break;
                }
            }
        }
    }
    Guided { found: in_order(reading.found), left_out: in_order(reading.left_out) }
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Added {
    /// It counts, or it does already.
    Known,
    /// The next of its kind may count instead.
    Nothing,
}

/// Where a file of guidance is named.
#[derive(Clone, Copy)]
struct By<'a> {
    /// The place of its folder among all, the farthest first.
    folder: usize,
    whose: Whose,
    /// The file that brings it in.
    file: Option<&'a Path>,
    depth: usize,
}

struct Reading<'a, M> {
    ground: &'a Ground<'a>,
    withheld: M,
    /// How many bytes may still go along.
    left: usize,
    /// Each with the place of its folder, and so is what is said of others.
    found: Vec<(usize, Guidance)>,
    left_out: Vec<(usize, String)>,
}

impl<M: Fn(&Path, Whose) -> Option<&'static str>> Reading<'_, M> {
    /// Reads one file, and behind it those that it brings in.
    fn add(&mut self, file: &Path, by: &By<'_>) -> Added {
        let (root, whose) = (self.ground.root, by.whose);
        // What is linked to twice, such as a CLAUDE.md that is an AGENTS.md, is said once.
        let file = path::resolve(root, file);
        if self.found.iter().any(|(_, known)| known.path == file) {
            return Added::Known;
        }
        let reason = match (self.ground.files.read(&file), (self.withheld)(&file, whose)) {
            (Err(FileError::Absent { .. }), _) => return Added::Nothing,
            _ if whose == Whose::Workspace && !path::is_inside(root, &file) => OUTSIDE.to_owned(),
            (_, Some(reason)) => reason.to_owned(),
            (Err(error), None) => format!("failed to {error}"),
            (Ok(read), None) => {
                let rule = rule::read(&read.text);
                let text = rule.text.trim();
                let is_known = self.found.iter().any(|(_, known)| known.cut == 0 && known.text == text);
                if text.is_empty() || is_known || !rule.holds_for(root, self.ground.place) {
                    return Added::Known;
                }
                let around = prompt::rules(&path::shown(root, &file), "").len();
                let most = LARGEST.min(self.left.saturating_sub(around));
                if most > 0 {
                    let (kept, cut) = cut(text, most);
                    self.left = self.left.saturating_sub(around + kept.len());
                    if cut > 0 {
                        let (kept, whole) = (text.len() - cut, text.len());
                        let reason = format!("only its first {kept} of {whole} bytes go along");
                        self.left_out(&file, "followed whole", &reason, by);
                    }
                    let brought = by.file.map(Path::to_owned);
                    let one = Guidance { path: file.clone(), text: kept, cut, by: brought, whose };
                    self.found.push((by.folder, one));
                    self.bring_in(text, &file, by);
                    return Added::Known;
                }
                let most = self.ground.most;
                format!("the {most} bytes of context.rules go to what comes first")
            }
        };
        self.left_out(&file, "followed", &reason, by);
        Added::Nothing
    }

    /// The files that a file of guidance names as `@path`, beside itself.
    fn bring_in(&mut self, text: &str, file: &Path, by: &By<'_>) {
        let Some(folder) = file.parent() else { return };
        // The person's own may bring in what is theirs, a workspace's what is in the workspace.
        let bound = match by.whose {
            Whose::Own => self.ground.own.map_or_else(PathBuf::new, |own| path::resolve(own, Path::new(""))),
            Whose::Workspace => self.ground.root.to_owned(),
        };
        for brought in mentions::there(self.ground.files, &rule::prose(text), folder) {
            if !path::is_inside(&bound, &brought) {
                self.left_out(&brought, "brought in", OUTSIDE, by);
            } else if by.depth >= DEEPEST {
                self.left_out(&brought, "brought in", "files bring in one another too deep", by);
            } else {
                self.add(&brought, &By { file: Some(file), depth: by.depth + 1, ..*by });
            }
        }
    }

    fn left_out(&mut self, file: &Path, what: &str, reason: &str, by: &By<'_>) {
        let shown = path::shown(self.ground.root, file);
        self.left_out.push((by.folder, format!("{shown} is not {what}: {reason}")));
    }
}

/// The files of a workspace: of its root and of each folder on the way down, the file of the folder, then its rules. Of
/// those that stand together the first that can be read counts.
fn below(ground: &Ground<'_>) -> Vec<Vec<Vec<PathBuf>>> {
    let root = ground.root;
    let mut folders = vec![of_folder(ground.files, root)];
    let inside = ground.place.and_then(|place| place.parent()?.strip_prefix(root).ok());
    let mut folder = root.to_owned();
    let down = inside.into_iter().flat_map(Path::components);
    for part in down.take_while(|part| matches!(part, Component::Normal(_))) {
        folder.push(part);
        folders.push(of_folder(ground.files, &folder));
    }
    folders
}

fn of_folder(files: &dyn Files, folder: &Path) -> Vec<Vec<PathBuf>> {
    let mut choices = vec![named(folder), vec![folder.join(OTHER)]];
    for (rules, endings) in FOLDERS {
        let rules = folder.join(rules);
        let is_rule =
            |path: &PathBuf| path.extension().is_some_and(|ending| endings.iter().any(|one| ending == *one));
        let entries = files.list(&rules).unwrap_or_default();
        let mut found: Vec<PathBuf> =
            entries.into_iter().map(|entry| rules.join(entry.name)).filter(is_rule).collect();
        found.sort();
        choices.extend(found.into_iter().map(|rule| vec![rule]));
    }
    choices
}

fn named(folder: &Path) -> Vec<PathBuf> {
    NAMES.map(|name| folder.join(name)).into()
}

/// From the farthest folder to the nearest.
fn in_order<T>(mut of_folders: Vec<(usize, T)>) -> Vec<T> {
    of_folders.sort_by_key(|(folder, _)| *folder);
    of_folders.into_iter().map(|(_, one)| one).collect()
}

/// A text up to a limit, with that it was cut, and how many bytes are left out.
fn cut(text: &str, most: usize) -> (String, usize) {
    if text.len() <= most {
        return (text.to_owned(), 0);
    }
    // Whole lines, and whole words of a long one: half of a secret would not be known as one. Where there is no word's
    // end either, no key is that long.
    let start = &text[..text.floor_char_boundary(most)];
    let near = |at: Option<usize>| at.filter(|at| *at > 0 && start.len() - at <= LONG_LINE);
    let is_of_key = |c: char| c.is_ascii_alphanumeric() || "+/=_-.".contains(c);
    let kept = near(start.rfind('\n'))
        .or_else(|| near(start.rfind(char::is_whitespace)))
        .or_else(|| near(Some(start.trim_end_matches(is_of_key).len())))
        .unwrap_or(start.len());
    (format!("{}\n[cut here, behind {kept} bytes]", &text[..kept]), text.len() - kept)
}
