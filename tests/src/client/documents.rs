//! Documents as an editor keeps them: its own buffers, typing, and edits that come from the server.

use serde_json::{Value, json};

use super::{Client, Encoding, offset, position, range};
use crate::personality::Sync;

/// An open document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buffer {
    pub text: String,
    pub version: i32,
}

/// One replacement of bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Replacement {
    start: usize,
    end: usize,
    text: String,
}

impl Client {
    /// Opens a document with this text.
    pub fn open(&mut self, uri: &str, language: &str, text: &str) {
        let version = self.personality.first_version;
        self.documents.insert(uri.to_owned(), Buffer { text: text.to_owned(), version });
        self.findings.stale(uri);
        let document = json!({"uri": uri, "languageId": language, "version": version, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
    }

    /// Closes it; what the disk has counts from now on.
    pub fn close(&mut self, uri: &str) {
        self.documents.remove(uri);
        self.notify("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
    }

    /// Saves it: writes the file and says so.
    pub fn save(&mut self, uri: &str, file: &std::path::Path) {
        let text = self.text(uri);
        std::fs::write(file, text).unwrap_or_else(|error| panic!("cannot save {}: {error}", file.display()));
        self.notify("textDocument/didSave", json!({"textDocument": {"uri": uri}}));
    }

    /// The buffer's text.
    pub fn text(&self, uri: &str) -> String {
        self.buffer(uri).text.clone()
    }

    /// The buffer's version.
    pub fn version(&self, uri: &str) -> i32 {
        self.buffer(uri).version
    }

    /// Types: the only occurrence of `old` becomes `new`.
    pub fn replace(&mut self, uri: &str, old: &str, new: &str) {
        let (start, end) = self.place(uri, old);
        self.change(uri, vec![Replacement { start, end, text: new.to_owned() }]);
    }

    /// Types `new` over the bytes `start..end`.
    pub fn type_over(&mut self, uri: &str, start: usize, end: usize, new: &str) {
        self.change(uri, vec![Replacement { start, end, text: new.to_owned() }]);
    }

    /// Makes the buffer say this, sending only what differs.
    pub fn set_text(&mut self, uri: &str, text: &str) {
        let old = self.text(uri);
        let start = common_prefix(&old, text);
        let tail = common_suffix(&old[start..], &text[start..]);
        let (end, new) = (old.len() - tail, text[start..text.len() - tail].to_owned());
        self.change(uri, vec![Replacement { start, end, text: new }]);
    }

    /// The range of the only occurrence of `needle`.
    pub fn range_of(&self, uri: &str, needle: &str) -> Value {
        let (start, end) = self.place(uri, needle);
        range(&self.buffer(uri).text, start, end, self.encoding)
    }

    /// The position right behind the only occurrence of `needle`.
    pub fn position_after(&self, uri: &str, needle: &str) -> Value {
        let (_, end) = self.place(uri, needle);
        position(&self.buffer(uri).text, end, self.encoding)
    }

    /// The text that a range of the server's covers. Fails where the range lies outside the text.
    pub fn text_of(&mut self, uri: &str, range: &Value) -> String {
        let text = self.text(uri);
        let ends = offset(&text, &range["start"], self.encoding)
            .and_then(|start| offset(&text, &range["end"], self.encoding).map(|end| (start, end)));
        match ends {
            Ok((start, end)) if start <= end => text[start..end].to_owned(),
            Ok(_) => self.fail(&format!("the range {range} ends before it starts")),
            Err(reason) => self.fail(&format!("the range {range} is wrong: {reason}")),
        }
    }

    /// Applies a `WorkspaceEdit` that the client itself chose to apply: the edit of a code action.
    pub fn apply_own(&mut self, edit: &Value) {
        for (uri, edits) in edits_of(edit) {
            match self.replacements(&uri, &edits) {
                Ok(replacements) => self.change(&uri, replacements),
                Err(reason) => self.fail(&format!("the edit {edit} does not fit {uri}: {reason}")),
            }
        }
    }

    /// Changes the buffer and says so, in the client's own way.
    pub(super) fn change(&mut self, uri: &str, replacements: Vec<Replacement>) {
        let changes = self.change_buffer(uri, replacements);
        self.tell(uri, changes);
    }

    /// Changes the buffer; what comes back is for [`Client::tell`].
    pub(super) fn change_buffer(&mut self, uri: &str, mut replacements: Vec<Replacement>) -> Vec<Value> {
        let (sync, encoding) = (self.personality.sync, self.encoding);
        let Some(buffer) = self.documents.get_mut(uri) else { self.fail(&format!("{uri} is not open")) };
        // From the end to the start, so that every range still counts in the text it is sent for.
        replacements.sort();
        let mut changes = vec![];
        for Replacement { start, end, text } in replacements.into_iter().rev() {
            changes.push(json!({"range": range(&buffer.text, start, end, encoding), "text": text}));
            buffer.text.replace_range(start..end, &text);
        }
        if sync == Sync::Whole {
            changes = vec![json!({"text": buffer.text})];
        }
        buffer.version += 1;
        self.findings.stale(uri);
        changes
    }

    /// Sends the `didChange` of a change that the buffer already has.
    pub(super) fn tell(&mut self, uri: &str, changes: Vec<Value>) {
        let version = self.version(uri);
        let document = json!({"uri": uri, "version": version});
        self.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
    }

    /// Edits of the server's as replacements of our bytes.
    pub(super) fn replacements(&self, uri: &str, edits: &[Value]) -> Result<Vec<Replacement>, String> {
        let buffer = self.documents.get(uri).ok_or("the document is not open")?;
        let mut replacements = edits
            .iter()
            .map(|edit| replacement(&buffer.text, edit, self.encoding))
            .collect::<Result<Vec<_>, String>>()?;
        replacements.sort();
        match replacements.windows(2).find(|pair| pair[0].end > pair[1].start) {
            Some(pair) => Err(format!("two edits overlap: {pair:?}")),
            None => Ok(replacements),
        }
    }

    fn buffer(&self, uri: &str) -> &Buffer {
        self.documents.get(uri).unwrap_or_else(|| panic!("{uri} is not open"))
    }

    fn place(&self, uri: &str, needle: &str) -> (usize, usize) {
        let text = &self.buffer(uri).text;
        let places: Vec<usize> = text.match_indices(needle).map(|(at, _)| at).collect();
        match places[..] {
            [at] => (at, at + needle.len()),
            _ => panic!("{needle:?} occurs {} times in {uri}:\n{text}", places.len()),
        }
    }
}

/// The documents of a `WorkspaceEdit` with their edits.
pub(super) fn edits_of(edit: &Value) -> Vec<(String, Vec<Value>)> {
    let edits = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let versioned = edit["documentChanges"].as_array().into_iter().flatten();
    let plain = edit["changes"].as_object().into_iter().flatten();
    versioned
        .map(|one| (one["textDocument"]["uri"].as_str().unwrap_or_default().to_owned(), edits(&one["edits"])))
        .chain(plain.map(|(uri, one)| (uri.clone(), edits(one))))
        .collect()
}

fn replacement(text: &str, edit: &Value, encoding: Encoding) -> Result<Replacement, String> {
    let start = offset(text, &edit["range"]["start"], encoding)?;
    let end = offset(text, &edit["range"]["end"], encoding)?;
    let new = edit["newText"].as_str().ok_or("an edit without newText")?;
    if start > end {
        return Err(format!("the range {} ends before it starts", edit["range"]));
    }
    Ok(Replacement { start, end, text: new.to_owned() })
}

fn common_prefix(one: &str, other: &str) -> usize {
    let same = one.char_indices().zip(other.chars()).take_while(|((_, a), b)| a == b);
    same.last().map_or(0, |((at, c), _)| at + c.len_utf8())
}

fn common_suffix(one: &str, other: &str) -> usize {
    let same = one.chars().rev().zip(other.chars().rev()).take_while(|(a, b)| a == b);
    same.map(|(c, _)| c.len_utf8()).sum()
}
