//! What is never sent: files that are secret, ignored or elsewhere, and secrets in the others.

use copydesk_tests::client::Client;
use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::personality::neovim_0_12;

use crate::{Desk, FORMATS, config, said};

/// A secret, put together here so that nobody who scans this repository finds it.
fn token() -> String {
    format!("ghp_{}", "a8Fk29dLq0ZxB7mPw4".repeat(2))
}

fn open(client: &mut Client, uri: &str, text: &str) {
    client.open(uri, "python", text);
}

#[test]
fn nothing_leaves_from_a_file_that_no_agent_may_read_or_that_git_ignores() {
    let model = ModelServer::start(Format::Completions, [Reply::text("x * 2")]);
    let config = config(&model, "permissions: {deny: [\"Read(private/**)\"], ask: [\"Read(asked/**)\"]}");
    let files = [(".gitignore", "local/\n*.tmp.py\n")];
    let mut desk = Desk::with(neovim_0_12(), model, &config, &files);
    let outside = desk.workspace.outside().join("outside.py");
    let paths = [".env", "id_rsa", "private/a.py", "asked/a.py", "local/a.py", "a.tmp.py"];
    let mut uris: Vec<String> = paths.iter().map(|path| desk.workspace.uri(path)).collect();
    uris.push(copydesk_tests::workspace::uri(&outside));
    uris.push("untitled:Untitled-1".to_owned());
    for uri in &uris {
        open(&mut desk.client, uri, "HUSH = 1\n");
        assert_eq!(desk.shown_in(uri, 9), None, "{uri}");
    }
    assert!(desk.model.requests().is_empty());
    // Nor do they come along with another file, though they were edited last.
    for uri in &uris {
        desk.client.replace(uri, "1", "2");
    }
    let answer = desk.ask(Desk::cursor());
    assert_eq!(answer[0]["insertText"], "x * 2");
    assert!(!desk.model.wait_request(0).text().contains("HUSH"));
    desk.end();
}

#[test]
fn a_secret_goes_as_a_placeholder_and_none_is_shown() {
    let token = token();
    for format in FORMATS {
        let model =
            ModelServer::start(format, [said(format, "x * 2"), said(format, "<secret:github-token:00>")]);
        let config = config(&model, "");
        let text = format!("TOKEN = \"{token}\"\n");
        let mut desk = Desk::with(neovim_0_12(), model, &config, &[("keys.py", &text)]);
        let keys = desk.workspace.uri("keys.py");
        open(&mut desk.client, &keys, &text);
        // In the file itself, and beside it.
        desk.client.replace(&keys, "TOKEN", "TOKENS");
        let uri = desk.uri.clone();
        let at = desk.types(0, &format!("KEY = \"{token}\"\n"));
        desk.client.type_over(&uri, at, at, "\n");
        let answer = desk.ask(Desk::cursor() + at + 1);
        assert_eq!(answer[0]["insertText"], "x * 2");
        let end = desk.client.text(&uri).len();
        assert_eq!(desk.shown(end), None, "a suggestion with a placeholder is none");
        for request in desk.model.requests() {
            assert!(!request.text().contains(&token), "{format:?}");
            assert!(request.text().contains("<secret:github-token:"), "{format:?}: {}", request.text());
        }
        // A cursor within a secret, or right behind it, asks nobody.
        let inside = desk.client.text(&uri).find(&token).unwrap();
        for at in [inside + 6, inside + token.len()] {
            assert_eq!(desk.shown(at), None);
        }
        assert_eq!(desk.model.requests().len(), 2);
        assert!(!desk.client.stderr().contains(&token));
        desk.end();
    }
}

#[test]
fn nothing_of_it_is_written_down() {
    let mut desk = Desk::begin(neovim_0_12(), Format::Completions, vec![Reply::text("a_word_of_the_models")]);
    assert_eq!(desk.ask(Desk::cursor())[0]["insertText"], "a_word_of_the_models");
    let state = desk.workspace.state();
    desk.client.stop();
    assert!(!state.join("workspaces").exists(), "no journal is made for it");
    for entry in
        std::fs::read_dir(&state).into_iter().flatten().flatten().filter(|entry| entry.path().is_file())
    {
        let bytes = std::fs::read(entry.path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            !text.contains("a_word_of_the_models") && !text.contains("def double"),
            "{}",
            entry.path().display()
        );
    }
}
