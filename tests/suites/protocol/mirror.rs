//! The server's copy of a document is the editor's, byte for byte, in every encoding.
//!
//! The model's tool `read` sees open buffers first: what it returns is the server's copy.

use copydesk_tests::client::{Client, Encoding};
use copydesk_tests::model_server::{Format, Reply};
use copydesk_tests::personality::{self, Personality};
use copydesk_tests::scene::{FILE, Scene, Stage, done};
use copydesk_tests::workspace::Workspace;
use serde_json::json;

use crate::COPYDESK;

/// What is typed: every width in every encoding, line ends of all three kinds, and a mark that stands for itself.
const PIECES: &[&str] =
    &["a", "ä", "€", "😀", "\n", "\r\n", "\r", "", "\u{feff}", "e\u{301}", "👩‍🚀", "two words", "\n\n"];

#[test]
fn a_thousand_random_edits_mirror_exactly() {
    for (personality, encoding) in [
        (personality::vs_code(), Encoding::Utf16),
        (personality::neovim_0_12(), Encoding::Utf8),
        (personality::eglot_1_17(), Encoding::Utf32),
        (personality::yegappan_like(), Encoding::Utf8),
    ] {
        let mut scene = scene(personality);
        assert_eq!(scene.client.encoding, encoding);
        let mut dice = Dice(0x5eed_0001);
        for round in 0..4 {
            for _ in 0..250 {
                let text = scene.text();
                let (one, other) = (dice.boundary(&text), dice.boundary(&text));
                // Mostly small, as typing is, and now and then a large piece goes.
                let (start, end) =
                    if dice.below(20) == 0 { (one.min(other), one.max(other)) } else { near(&text, one) };
                let new = PIECES[dice.below(PIECES.len())].repeat(1 + dice.below(3));
                let uri = scene.uri.clone();
                scene.client.type_over(&uri, start, end, &new);
            }
            let text = scene.text();
            scene.ask_at(
                "read it",
                &json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}),
            );
            let read = scene.result(round * 2 + 1);
            let total = text.lines().count();
            assert!(total < 2000, "the whole text fits into one read");
            let expect = if text.is_empty() { "the file is empty" } else { &text };
            assert_eq!(read, expect, "round {round} in {encoding:?}");
            scene.over(round * 2 + 1);
        }
        scene.end();
    }
}

#[test]
fn a_reopened_document_starts_anew() {
    let mut scene = scene_of(personality::vs_code(), 2);
    let uri = scene.uri.clone();
    scene.client.set_text(&uri, "never saved");
    scene.client.close(&uri);
    scene.client.open(&uri, "python", "once more\n");
    scene.ask_at(
        "read it",
        &json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 4}}),
    );
    assert_eq!(scene.result(1), "once more\n");
    scene.over(1);
    // Closed, the disk counts.
    scene.client.close(&uri);
    scene.workspace.write("other.py", "");
    scene.uri = scene.workspace.uri("other.py");
    let other = scene.uri.clone();
    scene.client.open(&other, "python", "");
    scene.ask_at(
        "read it",
        &json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}),
    );
    assert_eq!(scene.result(3), scene.workspace.read(FILE));
    scene.over(3);
    scene.end();
}

#[test]
fn a_request_sees_the_document_at_its_place_between_two_changes() {
    let workspace = Workspace::new(COPYDESK);
    let mut client = Client::start(personality::vs_code(), &workspace);
    let uri = workspace.uri(".copydesk/workflows/w.yaml");
    let text = |round: usize| format!("name: x\nsteps:\n  - id: step-{round}\n    type: shell\n    run: a\n");
    client.open(&uri, "yaml", "");
    let mut asked = Vec::new();
    for round in 0..50 {
        client.set_text(&uri, &text(round));
        asked.push(client.send("textDocument/documentSymbol", json!({"textDocument": {"uri": uri}})));
    }
    client.set_text(&uri, "");
    for (round, id) in asked.into_iter().enumerate() {
        let answer = client.answer_to(id).expect("an outline");
        assert!(answer.to_string().contains(&format!("\"step-{round}\"")), "{round}: {answer}");
    }
    client.finish();
}

fn scene(personality: Personality) -> Scene {
    scene_of(personality, 4)
}

fn scene_of(personality: Personality, reads: usize) -> Scene {
    let read = || [Reply::tool("read", &json!({"path": FILE})), done()];
    Scene::begin(Stage {
        program: COPYDESK,
        personality,
        format: Format::OpenaiChat,
        permissions: "{}".to_owned(),
        script: (0..reads).flat_map(|_| read()).collect(),
        files: vec![],
    })
}

/// From `at` to the end of the character there, or nothing at the end.
fn near(text: &str, at: usize) -> (usize, usize) {
    let length =
        if text[at..].starts_with("\r\n") { 2 } else { text[at..].chars().next().map_or(0, char::len_utf8) };
    (at, at + length)
}

/// A generator of the congruent kind: the same edits on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit
    }

    /// A place between two characters, never between `\r` and `\n`, where there is no position.
    fn boundary(&mut self, text: &str) -> usize {
        let at = text.floor_char_boundary(self.below(text.len() + 1));
        let inside = text[..at].ends_with('\r') && text[at..].starts_with('\n');
        if inside { at - 1 } else { at }
    }
}
