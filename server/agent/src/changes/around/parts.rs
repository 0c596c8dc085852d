//! A look at the workspace taken apart, to be written down, and put together again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Around, Stamp, Was};
use crate::changes::kept::cut;

/// One file without its text.
#[derive(Serialize, Deserialize)]
pub(in crate::changes) struct Entry {
    path: PathBuf,
    stamp: Stamp,
    rights: u32,
    /// How long its text is, where that is kept.
    length: Option<usize>,
}

impl Around {
    pub(in crate::changes) fn root(&self) -> &Path {
        &self.root
    }

    pub(in crate::changes) const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Its links, as far as their names are texts.
    pub(in crate::changes) fn links(&self) -> Vec<(PathBuf, PathBuf)> {
        let is_text = |path: &Path| path.to_str().is_some();
        let told = self.links.iter().filter(|(path, to)| is_text(path) && is_text(to));
        told.map(|(path, to)| (path.clone(), to.clone())).collect()
    }

    /// Whether it is the same workspace with the same files.
    pub(in crate::changes) fn is(&self, other: &Self) -> bool {
        let is_same = |(one, other): (&Was, &Was)| {
            one.stamp == other.stamp && one.rights == other.rights && one.is(other)
        };
        self.root == other.root
            && self.is_whole == other.is_whole
            && self.links == other.links
            && self.files.len() == other.files.len()
            && self.files.keys().eq(other.files.keys())
            && self.files.values().zip(other.files.values()).all(is_same)
    }

    /// The files, and the texts of those that have one, in one order. A path that is no text is left out: nothing that
    /// was there before a command is taken for its work for that.
    pub(in crate::changes) fn parts(&self) -> (Vec<Entry>, Vec<&str>) {
        let told = self.files.iter().filter(|(path, _)| path.to_str().is_some());
        let entry = |(path, was): (&PathBuf, &Was)| {
            let length = was.text.as_ref().ok().map(|text| text.len());
            Entry { path: path.clone(), stamp: was.stamp, rights: was.rights, length }
        };
        let texts = told.clone().filter_map(|(_, was)| was.text.as_deref().ok()).collect();
        (told.map(entry).collect(), texts)
    }

    /// The same again; nothing where the texts are others.
    pub(in crate::changes) fn from_parts(
        root: PathBuf,
        is_whole: bool,
        (entries, links): (Vec<Entry>, Vec<(PathBuf, PathBuf)>),
        texts: &str,
    ) -> Option<Self> {
        let texts = cut(texts, entries.iter().map(|entry| entry.length))?;
        let files = entries.into_iter().zip(texts).map(|(Entry { path, stamp, rights, .. }, text)| {
            let text = text.map(Arc::from).ok_or("it could not be kept");
            // It is read once more: what may have changed without a sign of it is not known any more.
            (path, Was { stamp, rights, is_settled: false, text })
        });
        Some(Self { root, files: files.collect(), links: links.into_iter().collect(), is_whole })
    }
}
