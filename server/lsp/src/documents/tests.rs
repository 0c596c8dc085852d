//! Whose voice a text is, version by version, and which document a path has.

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
