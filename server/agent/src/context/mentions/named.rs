//! Definitions that words name as `@name`: of the file that is asked about, and of those that are held open.
//!
//! No tree is walked for a word: what is defined elsewhere the model finds by itself, and a word that names nothing
//! here is a word.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use copydesk_base::Files;
use copydesk_outline::{Reader, Symbol, read};

/// The most files that are looked into.
const MOST: usize = 32;

/// A file that may define what is named.
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) text: Arc<str>,
}

/// The file that is asked about, and those that are held open.
pub(super) fn places(files: &dyn Files, near: Option<&Path>, may_send: impl Fn(&Path) -> bool) -> Vec<Place> {
    let mut paths: Vec<PathBuf> = near.map(Path::to_owned).into_iter().collect();
    paths.extend(files.held_open().into_iter().filter(|path| Some(path.as_path()) != near));
    let read = |path: PathBuf| {
        let text = files.read(&path).ok()?.text;
        Some(Place { path, text })
    };
    paths.into_iter().filter(|path| may_send(path)).take(MOST).filter_map(read).collect()
}

/// The first definition of a name: `close`, `Socket.close`, `socket::close`.
pub(super) fn definition<'p>(name: &str, places: &'p [Place]) -> Option<(&'p Place, Symbol)> {
    let wanted = name.replace("::", ".");
    let last = wanted.rsplit('.').next()?;
    let is_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '$');
    if last.len() < 2 || !wanted.chars().all(is_name) {
        return None;
    }
    let inside = format!(".{wanted}");
    places.iter().filter(|place| place.text.contains(last)).find_map(|place| {
        let outline = read(&place.path, &place.text);
        // By its lines alone nobody knows where a definition ends.
        let known = outline.symbols.len() * usize::from(outline.by == Reader::Grammar);
        let at = (0..known).find(|at| {
            let full = outline.full_name(*at);
            full == wanted || full.ends_with(&inside)
        })?;
        outline.symbols.get(at).cloned().map(|symbol| (place, symbol))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_the_first_definition_of_it() {
        let place = |path: &str, text: &str| Place { path: path.into(), text: text.into() };
        let places = [
            place(
                "/w/a.py",
                "class Socket:\n    def close(self):\n        pass\n\ndef close(x):\n    return x\n",
            ),
            place("/w/b.rs", "fn open() {}\nstruct Socket;\n"),
            place("/w/notes.txt", "def lines\n"),
        ];
        let check = |name: &str, expect: Option<(&str, &str)>| {
            let found = definition(name, &places);
            let found = found.as_ref().map(|(place, symbol)| {
                (place.path.to_str().unwrap(), symbol.span.of(&place.text).lines().next().unwrap())
            });
            assert_eq!(found, expect, "{name}");
        };
        check("close", Some(("/w/a.py", "def close(self):")));
        check("Socket.close", Some(("/w/a.py", "def close(self):")));
        check("Socket::close", Some(("/w/a.py", "def close(self):")));
        check("open", Some(("/w/b.rs", "fn open() {}")));
        check("Socket", Some(("/w/a.py", "class Socket:")));
        for none in ["property", "lines", "x", "clo", "types/node", "a-b", "", "."] {
            check(none, None);
        }
    }
}
