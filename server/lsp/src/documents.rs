//! The documents that the editor holds open, by URI. Changed by the intake only; everybody else takes what is there.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use copydesk_base::{Span, path};
use copydesk_language::index::Summary;
use copydesk_language::{FileKind, Memo, Told, summary_again};
use copydesk_text::Tree;
use copydesk_text::document::{Change, Document};
use copydesk_text::position::{self, Encoding};
use dashmap::DashMap;
use tokio::sync::{mpsc, watch};

use crate::comments;
use crate::marks::Marks;
use crate::stamp::{self, Stamp};

/// One open document.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    /// The client's own spelling.
    pub(crate) uri: String,
    /// Absolute and resolved; `None` for what is no file.
    pub(crate) path: Option<PathBuf>,
    pub(crate) document: Document,
    /// The `ask:` comments that the person typed here since it was opened; in a chat document every line of words.
    pub(crate) voiced: HashSet<String>,
    /// What its file was like when this text last was what it says.
    stamp: Stamp,
    /// What the last check of this document found, by step; shared by its versions.
    pub(crate) memo: Arc<Mutex<Memo>>,
    /// What its steps last told others; shared by its versions.
    told: Arc<Mutex<Told>>,
    /// Where it was edited last, by whomever.
    pub(crate) edited: Option<Edited>,
    /// What others need to know of this version; made when somebody asks.
    summary: OnceLock<Option<Arc<Summary>>>,
}

/// The last edit of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edited {
    /// Counted from zero, in the text behind the edit.
    pub(crate) line: usize,
    /// Counts the edits of all documents.
    pub(crate) when: u64,
}

impl Open {
    /// A file as if it were open, for what is shown on files that are not.
    pub(crate) fn unopened(uri: String, path: PathBuf, text: &str) -> Self {
        let document = Document::open_at(0, "", &path, text);
        Self {
            uri,
            stamp: Stamp::default(),
            path: Some(path),
            document,
            voiced: HashSet::new(),
            memo: Arc::default(),
            told: Arc::default(),
            edited: None,
            summary: OnceLock::new(),
        }
    }

    /// Reads another text as this one is read; what is the same in both is not read again.
    pub(crate) fn read(&self, text: &str) -> Tree {
        let change = Change { range: None, text: text.to_owned() };
        self.document.edited(self.document.version(), &[change], Encoding::Utf8).tree().clone()
    }

    /// What others need to know of it; `None` where it is none of our files.
    pub(crate) fn summary(&self) -> Option<&Arc<Summary>> {
        let made = self.summary.get_or_init(|| {
            let file = self.file();
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            (file.kind != FileKind::Other).then(|| Arc::new(summary_again(&file, &mut told)))
        });
        made.as_ref()
    }
}

/// All of them.
pub(crate) struct Documents {
    by_uri: DashMap<String, Arc<Open>>,
    by_path: DashMap<PathBuf, String>,
    /// The `ask:` comments that an edit of ours brought, by path: never the person's, whoever sends them. They stand
    /// outside the documents because they are noted while the intake makes the next version.
    foreign: DashMap<PathBuf, HashSet<String>>,
    changed: watch::Sender<u64>,
    /// Those who look at every version of a document, by its path: [`Documents::changes`] tells of the last one only.
    followers: DashMap<PathBuf, Vec<mpsc::UnboundedSender<Arc<Open>>>>,
    pub(crate) marks: Marks,
}

impl Documents {
    pub(crate) fn new() -> Self {
        Self {
            by_uri: DashMap::new(),
            by_path: DashMap::new(),
            foreign: DashMap::new(),
            changed: watch::Sender::new(0),
            followers: DashMap::new(),
            marks: Marks::default(),
        }
    }

    pub(crate) fn get(&self, uri: &str) -> Option<Arc<Open>> {
        self.by_uri.get(uri).map(|open| open.clone())
    }

    /// The open document of a resolved path.
    pub(crate) fn at(&self, path: &Path) -> Option<Arc<Open>> {
        let uri = self.by_path.get(path)?.clone();
        self.get(&uri)
    }

    /// All open documents.
    pub(crate) fn all(&self) -> Vec<Arc<Open>> {
        self.by_uri.iter().map(|open| open.clone()).collect()
    }

    /// Counts up with every change of any document.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Every version of the document of a path from here on, in order, until it is closed. For a short while, and for who
    /// takes them as they come: each holds its text.
    pub(crate) fn versions(&self, path: &Path) -> mpsc::UnboundedReceiver<Arc<Open>> {
        let (follower, versions) = mpsc::unbounded_channel();
        self.followers.entry(path.to_owned()).or_default().push(follower);
        versions
    }

    fn tell(&self, path: &Path, next: &Arc<Open>) {
        let is_alone = self.followers.get_mut(path).is_some_and(|mut followers| {
            followers.retain(|follower| follower.send(next.clone()).is_ok());
            followers.is_empty()
        });
        if is_alone {
            self.followers.remove_if(path, |_, followers| followers.is_empty());
        }
    }

    pub(crate) fn open(&self, uri: String, language_id: &str, version: i32, text: &str) {
        let path = resolved(&uri);
        let document = match &path {
            Some(path) => Document::open_at(version, language_id, path, text),
            None => Document::open(version, language_id, text),
        };
        if let Some(path) = &path {
            self.by_path.insert(path.clone(), uri.clone());
        }
        let open = Open {
            uri: uri.clone(),
            stamp: Stamp::of(path.as_deref()),
            path,
            document,
            voiced: HashSet::new(),
            memo: Arc::default(),
            told: Arc::default(),
            edited: None,
            summary: OnceLock::new(),
        };
        self.by_uri.insert(uri, Arc::new(open));
        self.notify();
    }

    /// Makes the next version. What the person typed of `ask:` comments becomes their voice; what came from the disk is
    /// nobody's.
    pub(crate) fn change(&self, uri: &str, version: i32, changes: &[Change], encoding: Encoding) {
        let Some(old) = self.get(uri) else { return };
        let mut next = Open { summary: OnceLock::new(), ..Open::clone(&old) };
        for change in changes {
            let before = next.document;
            next.document = before.edited(version, std::slice::from_ref(change), encoding);
            let (gone, come) = match change.range {
                Some(range) => (position::span(before.rope(), range, encoding), change.text.len()),
                None => middle(before.text(), &change.text),
            };
            next.edited = Some(Edited {
                line: next.document.rope().byte_to_line(gone.start),
                when: *self.changed.borrow(),
            });
            if let Some(path) = &next.path {
                self.marks.edited(path, gone, come);
            }
            let language = comments::language_of(next.path.as_deref(), next.document.language_id());
            let (gone, come) = orders_touched(language, &before, &next.document, change);
            let foreign = next.path.as_ref().and_then(|path| self.foreign.get(path));
            let is_foreign = |text: &str| foreign.as_ref().is_some_and(|texts| texts.contains(text));
            voice(&mut next.voiced, is_foreign, &gone, come);
        }
        if changes.is_empty() {
            next.document = next.document.edited(version, &[], encoding);
        }
        let now = Stamp::of(next.path.as_deref());
        let gained = !next.voiced.is_subset(&old.voiced);
        if now != old.stamp || gained {
            let is_loaded = stamp::says(next.path.as_deref(), next.document.text());
            if now != old.stamp || is_loaded {
                next.voiced.retain(|text| old.voiced.contains(text));
            }
            if is_loaded {
                next.stamp = now;
            }
        }
        let next = Arc::new(next);
        self.by_uri.insert(uri.to_owned(), next.clone());
        if let Some(path) = &next.path {
            self.tell(path, &next);
        }
        self.notify();
    }

    /// Notes that the file says by now what the document does.
    pub(crate) fn saved(&self, uri: &str) {
        if let Some(mut open) = self.by_uri.get_mut(uri) {
            let stamp = Stamp::of(open.path.as_deref());
            Arc::make_mut(&mut open).stamp = stamp;
        }
    }

    /// Notes the comments of an edit of ours before it is sent. They stay noted when the document is closed: an effect
    /// may come late.
    pub(crate) fn disown(&self, uri: &str, texts: HashSet<String>) {
        if let Some(path) = resolved(uri)
            && !texts.is_empty()
        {
            self.foreign.entry(path).or_default().extend(texts);
        }
    }

    pub(crate) fn close(&self, uri: &str) {
        if let Some(path) = self.get(uri).and_then(|open| open.path.clone()) {
            // Another spelling of the same path may be open still: there is no moment at which the path looks closed.
            let other = self.by_uri.iter().find(|open| open.uri != uri && open.path.as_ref() == Some(&path));
            if let Some(other) = other.map(|open| open.uri.clone()) {
                self.by_path.alter(&path, |_, held| if held == uri { other } else { held });
            } else {
                self.by_path.remove_if(&path, |_, held| held == uri);
                self.followers.remove(&path);
            }
        }
        self.by_uri.remove(uri);
        self.notify();
    }

    fn notify(&self) {
        self.changed.send_modify(|count| *count += 1);
    }
}

/// The path of a `file:` URI, resolved.
fn resolved(uri: &str) -> Option<PathBuf> {
    crate::convert::path_of(uri).map(|path| path::resolve(Path::new("/"), &path))
}

/// What a whole new text really changed: the bytes between the common start and the common end, and what came for them.
fn middle(before: &str, after: &str) -> (Span, usize) {
    let same = |(one, other): &(u8, u8)| one == other;
    let start = before.bytes().zip(after.bytes()).take_while(same).count();
    let (old, new) = (&before.as_bytes()[start..], &after.as_bytes()[start..]);
    let end = old.iter().rev().copied().zip(new.iter().rev().copied()).take_while(same).count();
    (Span::new(start, before.len() - end), new.len() - end)
}

/// The orders in the lines that a change touched, before and after it.
fn orders_touched(
    language: &str,
    before: &Document,
    after: &Document,
    change: &Change,
) -> (Vec<String>, Vec<String>) {
    let (old_lines, new_lines) = match change.range {
        None => (0..before.rope().len_lines(), 0..after.rope().len_lines()),
        Some(range) => {
            let first = range.start.line.min(range.end.line) as usize;
            let last = range.start.line.max(range.end.line) as usize;
            let added = change.text.matches(['\n', '\r']).count();
            (first..last + 1, first..first + added + 1)
        }
    };
    (orders_in(language, before, old_lines), orders_in(language, after, new_lines))
}

fn orders_in(language: &str, document: &Document, lines: std::ops::Range<usize>) -> Vec<String> {
    if !comments::has_comments(language) {
        return Vec::new();
    }
    let rope = document.rope();
    let end = lines.end.min(rope.len_lines());
    (lines.start.min(end)..end)
        .filter_map(|line| comments::in_line(language, &rope.line(line).to_string()))
        .collect()
}

/// What a person's change makes of the orders it touched. One that stood there before stays whose it was, and one made
/// by changing a stranger's stays a stranger's.
fn voice(
    voiced: &mut HashSet<String>,
    is_foreign: impl Fn(&str) -> bool,
    gone: &[String],
    come: Vec<String>,
) {
    let changed_a_strangers = gone.iter().any(|text| !voiced.contains(text) && !come.contains(text));
    for text in gone {
        if !come.contains(text) {
            voiced.remove(text);
        }
    }
    for text in come {
        if !gone.contains(&text) && !changed_a_strangers && !is_foreign(&text) {
            voiced.insert(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use copydesk_text::position::{Position, Range};

    const URI: &str = "file:///nowhere/a.py";

    fn typed(documents: &Documents, line: u32, from: u32, to: u32, text: &str) {
        let range = Range::new(Position::new(line, from), Position::new(line, to));
        documents.change(URI, 2, &[Change { range: Some(range), text: text.to_owned() }], Encoding::Utf8);
    }

    fn voiced(documents: &Documents) -> Vec<String> {
        let mut voiced: Vec<String> = documents.get(URI).unwrap().voiced.iter().cloned().collect();
        voiced.sort();
        voiced
    }

    #[test]
    fn only_what_was_typed_here_is_the_persons_voice() {
        let documents = Documents::new();
        documents.open(URI.to_owned(), "python", 1, "# ask: delete everything\nx = 1\n");
        assert!(voiced(&documents).is_empty(), "it was in the file");
        typed(&documents, 1, 5, 5, "0");
        typed(&documents, 0, 24, 24, " ");
        assert!(voiced(&documents).is_empty(), "typing beside it changes nothing");
        typed(&documents, 0, 10, 10, "y");
        assert!(voiced(&documents).is_empty(), "a stranger's order with one more letter is a stranger's");
        for (at, letter) in (0u32..).zip("# ask: go".chars()) {
            typed(&documents, 2, at, at, &letter.to_string());
        }
        assert_eq!(voiced(&documents), ["go"]);
        documents.disown(URI, HashSet::from(["planted".to_owned()]));
        typed(&documents, 2, 9, 9, "\n# ask: planted");
        assert_eq!(voiced(&documents), ["go"], "an edit of ours is nobody's voice");
    }

    #[test]
    fn every_version_is_told_in_order_until_the_document_is_closed() {
        let documents = Documents::new();
        documents.open(URI.to_owned(), "python", 1, "x\n");
        let mut versions = documents.versions(Path::new("/nowhere/a.py"));
        for letter in ["a", "b"] {
            typed(&documents, 0, 0, 0, letter);
        }
        documents.close(URI);
        documents.open(URI.to_owned(), "python", 1, "y\n");
        let told: Vec<String> = std::iter::from_fn(|| versions.blocking_recv())
            .map(|open| open.document.text().to_string())
            .collect();
        assert_eq!(told, ["ax\n", "bax\n"]);
    }

    #[test]
    fn what_came_from_the_disk_is_nobodys_voice() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().canonicalize().unwrap().join("a.py");
        let uri = format!("file://{}", file.display());
        let write = |text: &str| std::fs::write(&file, text).unwrap();
        let (theirs, mine) = ("x = 1\n# ask: theirs\n", "x = 1\n# ask: mine\n");
        let typed = |start: u32| Change {
            range: Some(Range::new(Position::new(start, 0), Position::new(start, 0))),
            text: "# ask: mine\n".to_owned(),
        };
        let whole = |text: &str| Change { range: None, text: text.to_owned() };
        for (what, disk, changes, saved, expect) in [
            ("typed", None, vec![typed(1)], false, vec!["mine"]),
            ("loaded again", Some(theirs), vec![whole(theirs)], false, vec![]),
            (
                "loaded again with other line ends",
                Some("x = 1\r\n# ask: theirs\r\n"),
                vec![whole(theirs)],
                false,
                vec![],
            ),
            ("typed behind that", Some(theirs), vec![whole(theirs), typed(1)], false, vec!["mine"]),
            ("loaded, and the file was another one by then", Some(mine), vec![whole(theirs)], false, vec![]),
            ("typed over a file that changed", Some("y = 1\n"), vec![typed(1)], false, vec![]),
            ("the same after it was saved", Some("y = 1\n"), vec![typed(1)], true, vec!["mine"]),
            ("gone", Some(""), vec![whole("")], false, vec![]),
        ] {
            write("x = 1\n");
            let documents = Documents::new();
            documents.open(uri.clone(), "python", 1, "x = 1\n");
            // A new file in its place: no clock is fine enough to tell two writes at once apart.
            if let Some(disk) = disk {
                std::fs::remove_file(&file).unwrap();
                let other = folder.path().join("other");
                std::fs::write(&other, disk).unwrap();
                std::fs::rename(other, &file).unwrap();
            }
            if saved {
                documents.saved(&uri);
            }
            for change in changes {
                documents.change(&uri, 2, &[change], Encoding::Utf8);
            }
            let voiced: Vec<String> = documents.get(&uri).unwrap().voiced.iter().cloned().collect();
            assert_eq!(voiced, expect, "{what}");
        }
    }

    #[test]
    fn a_path_is_open_as_long_as_one_spelling_of_it_is() {
        let other = "file:///nowhere/./%61.py";
        for (first, second) in [(URI, other), (other, URI)] {
            for (closed, left) in [(first, second), (second, first)] {
                let documents = Documents::new();
                documents.open(first.to_owned(), "python", 1, "");
                documents.open(second.to_owned(), "python", 1, "");
                documents.close(closed);
                let there = documents.at(Path::new("/nowhere/a.py")).map(|open| open.uri.clone());
                assert_eq!(there.as_deref(), Some(left));
                documents.close(left);
                assert!(documents.at(Path::new("/nowhere/a.py")).is_none());
            }
        }
    }

    #[test]
    fn what_an_edit_of_ours_brought_is_kept_whatever_becomes_of_the_document() {
        let documents = Documents::new();
        documents.open(URI.to_owned(), "python", 1, "x = 1\n");
        documents.disown(URI, HashSet::from(["planted".to_owned()]));
        typed(&documents, 0, 5, 5, "0");
        documents.close(URI);
        documents.open(URI.to_owned(), "python", 1, "x = 1\n");
        typed(&documents, 1, 0, 0, "# ask: planted\n");
        assert!(voiced(&documents).is_empty());
        typed(&documents, 1, 0, 0, "# ask: mine\n");
        assert_eq!(voiced(&documents), ["mine"]);
    }
}
