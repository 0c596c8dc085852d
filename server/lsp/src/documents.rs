//! The documents that the editor holds open, by URI. Changed by the intake only; everybody else takes what is there.

use std::collections::{BTreeMap, HashSet};
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
use voice::{orders_touched, voice};

#[cfg(test)]
mod tests;
mod voice;

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
    saves: DashMap<PathBuf, u64>,
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
            saves: DashMap::new(),
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

    /// Every version of the document of a path from here on, in order, until it is closed. For a short while, and for
    /// who takes them as they come: each holds its text.
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
            if let Some(path) = &open.path {
                *self.saves.entry(path.clone()).or_default() += 1;
            }
        }
    }

    /// How often each file was saved here; it counts on when the document is closed.
    pub(crate) fn saves(&self) -> BTreeMap<PathBuf, u64> {
        self.saves.iter().map(|saved| (saved.key().clone(), *saved.value())).collect()
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
