//! Secrets: a model sees placeholders, they come back where they stood, and nothing that is written has either.

use std::path::Path;

use copydesk_tests::model_server::{Format, Reply};
use copydesk_tests::personality::neovim_0_12;
use copydesk_tests::scene::{FILE, KEY, Scene, Way, done};
use serde_json::{Value, json};

use crate::with_files;

/// Secrets that are planted, put together here so that nobody who scans this repository finds them.
fn planted() -> [String; 3] {
    let letters = "a8Fk29dLq0ZxB7mPw4";
    [
        format!("ghp_{}", letters.repeat(2)),
        format!("AKIA{}", "Q3ZT7MWX2LKJ5NBV"),
        format!("MIIEpAIBAAKCAQEA{}", letters.repeat(2)),
    ]
}

/// The one placeholder of that kind in a text.
fn placeholder(text: &str, kind: &str) -> String {
    let start = text.find(&format!("<secret:{kind}:")).unwrap_or_else(|| panic!("no {kind} in {text}"));
    let length = text[start..].find('>').unwrap_or_else(|| panic!("it is not closed: {text}")) + 1;
    text[start..start + length].to_owned()
}

/// Every file below a folder, as text with what is no text left out.
fn all_written(folder: &Path) -> Vec<(std::path::PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(all_written(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap_or_default();
            found.push((path, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    found
}

/// Tells a turn: what the model does, then the result of each.
fn turn(scene: &mut Scene, prompt: &str, calls: Vec<(&str, Value)>) -> Vec<String> {
    let first = scene.model.requests().len();
    let count = calls.len();
    for (tool, arguments) in calls {
        scene.model.push(Reply::tool(tool, &arguments));
    }
    scene.model.push(done());
    scene.ask(prompt);
    let results = (1..=count).map(|at| scene.result(first + at)).collect();
    scene.over(first + count);
    results
}

#[test]
fn a_model_sees_placeholders_and_they_come_back_only_where_they_stood() {
    let [token, key_id, key_line] = planted();
    let settings = format!("[deploy]\ntoken = \"{token}\"\nregion = \"north\"\n");
    let pem = format!(
        "notes\n-----BEGIN RSA PRIVATE KEY-----\n{key_line}\n{key_line}x\n-----END RSA PRIVATE KEY-----\n"
    );
    for format in Format::BOTH {
        let permissions = "{mode: accept-edits, allow: [\"Bash(cat:*)\", \"Bash(echo *)\"]}";
        let files = [("deploy.toml", settings.as_str()), ("notes.txt", pem.as_str())];
        let mut scene = with_files(neovim_0_12(), format, permissions, vec![], &files);
        // What is read, found and printed; and what the person says.
        let told = turn(
            &mut scene,
            &format!("use {key_id} for it"),
            vec![
                ("read", json!({"path": "deploy.toml"})),
                ("grep", json!({"pattern": "BEGIN RSA", "path": "notes.txt", "context": 1})),
                ("read", json!({"path": "notes.txt", "offset": 4, "limit": 1})),
                ("bash", json!({"command": "cat deploy.toml"})),
            ],
        );
        let word = placeholder(&told[0], "github-token");
        assert!(told[3].contains(&word), "the same secret has the same placeholder: {}", told[3]);
        assert!(
            told[1].contains("<secret:private-key:") && told[2].contains("<secret:private-key:"),
            "{told:?}"
        );
        // An edit that keeps it in its place is made, with the secret.
        let line = format!("token = \"{word}\"");
        let told = turn(
            &mut scene,
            "move it south",
            vec![
                (
                    "edit",
                    json!({"path": "deploy.toml", "old": format!("{line}\nregion = \"north\""), "new": format!("{line}\nregion = \"south\"")}),
                ),
                (
                    "write",
                    json!({"path": "deploy.toml", "content": format!("[deploy]\n{line}\nregion = \"east\"\n")}),
                ),
                // None of these may put it anywhere else.
                ("write", json!({"path": "copy.txt", "content": line})),
                (
                    "edit",
                    json!({"path": FILE, "old": "return x * 2\n\n\ndef middle", "new": format!("return \"{word}\"\n\n\ndef middle")}),
                ),
                (
                    "edit",
                    json!({"path": "deploy.toml", "old": "region = \"east\"", "new": format!("region = \"{word}\"")}),
                ),
                ("write", json!({"path": "forged.txt", "content": "<secret:github-token:0123456789abcdef>"})),
                ("bash", json!({"command": format!("echo {word} > leak.txt")})),
                ("grep", json!({"pattern": word})),
            ],
        );
        assert!(told[0].contains("changed") && told[1].contains("changed"), "{told:?}");
        assert!(told[2..].iter().all(|told| told.starts_with("refused")), "{told:#?}");
        assert_eq!(scene.workspace.read("deploy.toml"), settings.replace("north", "east"));
        for missing in ["copy.txt", "forged.txt", "leak.txt"] {
            assert!(!scene.workspace.exists(missing), "{missing}");
        }
        // No request had one, and nothing that was written has one; placeholders are for models alone.
        scene.client.stop();
        let requests: Vec<String> =
            scene.model.requests().iter().map(|request| request.body.to_string()).collect();
        for secret in [&token, &key_id, &key_line] {
            assert!(
                !requests.iter().any(|body| body.contains(secret.as_str())),
                "{secret} reached the model"
            );
            assert!(!scene.client.stderr().contains(secret.as_str()), "{secret} is in the log");
            for (path, text) in all_written(&scene.workspace.state()) {
                assert!(!text.contains(secret.as_str()), "{secret} is in {}", path.display());
                assert!(!text.contains("<secret:"), "a placeholder is in {}", path.display());
                assert!(!text.contains(KEY), "the provider's key is in {}", path.display());
            }
        }
        for (path, text) in all_written(&scene.workspace.root()) {
            assert!(!text.contains("<secret:"), "a placeholder is in {}", path.display());
        }
    }
}

#[test]
fn a_question_about_a_key_shows_and_keeps_none() {
    for (personality, way) in [(neovim_0_12(), Way::Prompt), (neovim_0_12(), Way::Action)] {
        let ask = Reply::tool("bash", &json!({"command": format!("echo {KEY}")}));
        let mut scene = with_files(personality, Format::OpenaiChat, "{}", vec![ask, done()], &[]);
        scene.ask("print it");
        let read = scene.answer(way, "Deny");
        assert!(read.contains("echo [redacted]") && !read.contains("Always"), "{read}");
        scene.over(1);
        let told = scene.result(1);
        assert!(!told.contains(KEY), "{told}");
        scene.client.stop();
        for (path, text) in all_written(&scene.workspace.state()) {
            assert!(!text.contains(KEY), "the key is in {}", path.display());
        }
    }
}
