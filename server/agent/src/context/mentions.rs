//! Files that words name as `@path`, and definitions that they name as `@name`, which go along with them.
//!
//! Nobody is asked here: what policy would ask about stays behind, and the model may ask for it by itself. What looks
//! like a file and does not go along is said to the person, since they believe that the model has it.

mod named;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use copydesk_base::{Files, path};
use copydesk_language::mentions::names;
use copydesk_provider::Image;

use crate::context::opening::{Layer, Room, beside, image_at};
use crate::context::prompt::{self, Piece};
use crate::gate::taint;
use crate::gate::twins::Twins;
use crate::settings::Settings;
use crate::world::World;

/// The most files that words bring along.
const MOST_FILES: usize = 8;
/// The most of one of them, in bytes.
const ATTACHED: usize = 32 * 1024;

/// A text of which something is told.
pub(crate) struct Source {
    pub(crate) text: Arc<str>,
    /// Its file, unless a definition of it is all that is told.
    pub(crate) file: Option<PathBuf>,
    /// Whether all of it is told.
    pub(crate) is_whole: bool,
}

/// What words bring along.
pub(crate) struct Brought {
    pub(crate) layers: Vec<Layer>,
    pub(crate) texts: Vec<Source>,
    /// What the person is told about it.
    pub(crate) notices: Vec<String>,
    /// And where each lies.
    pub(crate) images: Vec<(PathBuf, Image)>,
}

/// What words are said beside.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Around<'a> {
    /// Images that go along already are not brought again.
    pub(crate) known: &'a [PathBuf],
    /// The file that is asked about.
    pub(crate) near: Option<&'a Path>,
}

/// What words name, as parts of what a model is told.
pub(crate) fn brought(
    world: &World,
    settings: &Settings,
    twins: &Twins,
    words: &str,
    said: Around<'_>,
) -> Brought {
    let Around { known, near } = said;
    let root = &settings.root;
    let Mentioned { files, names, left } = mentioned(&*world.files, words, root, |path| twins.may_send(path));
    let mut brought = Brought { layers: Vec::new(), texts: Vec::new(), notices: left, images: Vec::new() };
    let mut free = Room::of(&settings.context).files;
    for path in &files {
        if known.contains(path) {
            continue;
        }
        let origin = path::shown(root, path);
        let grade = taint::of_file(path, root, &settings.additional);
        match world.files.read(path) {
            Ok(file) => {
                let piece = attached(&origin, &file.text, &mut free);
                let is_whole = piece.cut == 0;
                brought.texts.push(Source { text: file.text, file: Some(path.clone()), is_whole });
                brought.layers.push(Layer::of("files", origin, piece, grade));
            }
            // What is no text may be an image.
            Err(error) => match image_at(&*world.files, path) {
                Ok(image) => {
                    brought.layers.push(beside(origin, grade));
                    brought.images.push((path.clone(), image));
                }
                Err(_) => brought.notices.push(format!("@{origin} does not go along: failed to {error}")),
            },
        }
    }
    if names.is_empty() {
        return brought;
    }
    let places = named::places(&*world.files, near, |path| path.starts_with(root) && twins.may_send(path));
    for name in names {
        let Some((place, symbol)) = named::definition(&name, &places) else { continue };
        if files.contains(&place.path) {
            continue;
        }
        let text = symbol.span.of(&place.text);
        let origin = format!("{}:{}", path::shown(root, &place.path), symbol.line + 1);
        let title = format!("{origin}, the {} {name}", symbol.kind.word());
        let piece = attached(&title, text, &mut free);
        let grade = taint::of_file(&place.path, root, &settings.additional);
        brought.layers.push(Layer::of("files", origin, piece, grade));
        brought.texts.push(Source { text: place.text.clone(), file: None, is_whole: false });
    }
    brought
}

/// A file or a part of one, as far as there is room for it.
fn attached(name: &str, text: &str, free: &mut usize) -> Piece {
    let piece = prompt::fit(*free, |most| prompt::attached(name, text, most.min(ATTACHED)));
    *free = free.saturating_sub(piece.text.len());
    piece
}

/// The files that words name, and sentences about names that bring none.
#[derive(Debug, Default, PartialEq, Eq)]
struct Mentioned {
    files: Vec<PathBuf>,
    /// What is no file, and may be the name of a definition.
    names: Vec<String>,
    left: Vec<String>,
}

/// The files below the root that words name, in order, each once.
fn mentioned(files: &dyn Files, words: &str, root: &Path, may_send: impl Fn(&Path) -> bool) -> Mentioned {
    let mut mentioned = Mentioned::default();
    for (bare, names) in names(words) {
        let place = |name: &&str| path::resolve(root, Path::new(name));
        let why = match names.iter().map(place).find(|path| is_there(files, path)) {
            Some(path) if mentioned.files.contains(&path) => continue,
            Some(path) if !path.starts_with(root) => "it lies outside the workspace".to_owned(),
            Some(path) if !may_send(&path) => "the rules do not let an agent have it unasked".to_owned(),
            Some(_) if mentioned.files.len() >= MOST_FILES => format!("{MOST_FILES} files are the most"),
            Some(path) => {
                mentioned.files.push(path);
                continue;
            }
            None if place(&bare).is_dir() && bare.contains('/') => "it is a folder".to_owned(),
            None if looks_like_file(bare) => "there is no such file".to_owned(),
            // A definition; or a decorator, a person, a scope.
            None => {
                let is_new = !bare.is_empty() && !mentioned.names.iter().any(|name| name == bare);
                if is_new && mentioned.names.len() < MOST_FILES {
                    mentioned.names.push(bare.to_owned());
                }
                continue;
            }
        };
        mentioned.left.push(format!("@{bare} does not go along: {why}"));
    }
    mentioned.left.dedup();
    mentioned
}

/// The files that a text names and that are there, below the folder `from`, in order.
pub(crate) fn there(files: &dyn Files, words: &str, from: &Path) -> Vec<PathBuf> {
    let place = |name: &&str| path::resolve(from, Path::new(name));
    let found =
        names(words).filter_map(|(_, names)| names.iter().map(place).find(|path| is_there(files, path)));
    found.collect()
}

/// A file that was never saved is there where an editor holds it open.
fn is_there(files: &dyn Files, path: &Path) -> bool {
    path.is_file() || files.is_open(path)
}

/// Whether a name has the ending of a file: `src/a.py`, and neither `property` nor `types/node`.
fn looks_like_file(name: &str) -> bool {
    let ending = Path::new(name.split_once(':').map_or(name, |(file, _)| file)).extension();
    ending.is_some_and(|ending| {
        ending.len() <= 8 && ending.to_string_lossy().chars().all(|letter| letter.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::DiskFiles;

    #[test]
    fn words_bring_files_of_the_workspace_along_or_say_why_not() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("w");
        std::fs::create_dir_all(root.join("src")).unwrap();
        for file in ["src/a.py", "b.py", ".env", "../outside.py"] {
            std::fs::write(root.join(file), "x").unwrap();
        }
        let may_send = |path: &Path| !path.ends_with(".env");
        for (words, files, names, left) in [
            ("why is @src/a.py slow?", vec!["src/a.py"], vec![], vec![]),
            ("compare @b.py, @src/a.py (and @b.py).", vec!["b.py", "src/a.py"], vec![], vec![]),
            ("(@b.py) or `@src/a.py:12`?", vec!["b.py", "src/a.py"], vec![], vec![]),
            (
                "@.env",
                vec![],
                vec![],
                vec!["@.env does not go along: the rules do not let an agent have it unasked"],
            ),
            (
                "@../outside.py",
                vec![],
                vec![],
                vec!["@../outside.py does not go along: it lies outside the workspace"],
            ),
            (
                "see @missing.py:3!",
                vec![],
                vec![],
                vec!["@missing.py:3 does not go along: there is no such file"],
            ),
            ("all of @src/", vec![], vec![], vec!["@src/ does not go along: it is a folder"]),
            (
                "@src me@b.py @property @types/node @someone @property",
                vec![],
                vec!["src", "property", "types/node", "someone"],
                vec![],
            ),
        ] {
            let expect = Mentioned {
                files: files.into_iter().map(|name| root.join(name)).collect(),
                names: names.into_iter().map(str::to_owned).collect(),
                left: left.into_iter().map(str::to_owned).collect(),
            };
            assert_eq!(mentioned(&DiskFiles, words, &root, may_send), expect, "{words}");
        }
        let many: Vec<String> = (0..=MOST_FILES).map(|at| format!("{at}.py")).collect();
        for name in &many {
            std::fs::write(root.join(name), "x").unwrap();
        }
        let words = format!("@{}", many.join(" @"));
        let found = mentioned(&DiskFiles, &words, &root, may_send);
        assert_eq!(
            (found.files.len(), found.left),
            (MOST_FILES, vec!["@8.py does not go along: 8 files are the most".to_owned()])
        );
    }
}
