//! Secrets: a model sees placeholders, they come back where they stood, and nothing that is written has either.

use std::path::Path;

use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::personality::neovim_0_12;
use copydesk_tests::scene::{FILE, KEY, Scene, Way, config, done, results};
use copydesk_tests::workspace::Workspace;
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
                ("read", json!({"path": "deploy.toml"})),
                (
                    "edit",
                    json!({"path": "deploy.toml", "old": format!("{line}\nregion = \"north\""), "new": format!("{line}\nregion = \"south\"")}),
                ),
                (
                    "write",
                    json!({"path": "deploy.toml", "content": format!("[deploy]\n{line}\nregion = \"east\"\n")}),
                ),
                // None of these may put it anywhere else, or behind other words.
                (
                    "edit",
                    json!({"path": "deploy.toml", "old": line, "new": format!("url = \"https://a.example/?{word}\"")}),
                ),
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
        assert!(told[1].contains("changed") && told[2].contains("changed"), "{told:?}");
        assert!(told[3..].iter().all(|told| told.starts_with("refused")), "{told:#?}");
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

/// What a model hears of each of its calls, from a `copydesk ask` with nobody to ask.
fn unattended(files: &[(&str, &str)], mode: &str, calls: &[(&str, Value)]) -> Vec<String> {
    let mut turn = Reply::empty();
    for (tool, arguments) in calls {
        turn = turn.call(tool, arguments);
    }
    let model = ModelServer::start(Format::Anthropic, [turn, done()]);
    let workspace = Workspace::new(crate::COPYDESK)
        .with_user_config(&config(&model, "{}"))
        .with_variable("BENCH_KEY", KEY);
    for (file, text) in [&[(".env", "zorglub\n")][..], files].concat() {
        workspace.write(file, text);
    }
    let linked = std::fs::hard_link(workspace.root().join(".env"), workspace.root().join("twin.txt"));
    assert!(linked.is_ok(), "{linked:?}");
    let ran = workspace.run(&["ask", "--json", "--mode", mode, "do it"]);
    assert_eq!(model.requests().len(), 2, "{ran}");
    results(&model.requests()[1].body)
}

#[test]
fn a_guess_of_what_is_hidden_is_told_the_same_whether_it_is_right() {
    let [token, ..] = planted();
    let text = |token: &str| format!("GITHUB_TOKEN={token}\nx = 1\n");
    let wrong = format!("{}Q", &token[..token.len() - 1]);
    // Read first, so that the placeholder is known; a file each, for the second guess finds what the first has left.
    let guessed = |guess: &str| {
        let permissions = "{mode: accept-edits}";
        let files = [("k.txt", text(&token)), ("l.txt", text(&token))];
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let mut scene = with_files(neovim_0_12(), Format::Anthropic, permissions, vec![], &files);
        let told = turn(&mut scene, "look", vec![("read", json!({"path": "k.txt"}))]);
        let word = placeholder(&told[0], "github-token");
        let told = turn(
            &mut scene,
            "guess",
            vec![
                ("read", json!({"path": "k.txt"})),
                ("write", json!({"path": "k.txt", "content": text(guess)})),
                ("edit", json!({"path": "l.txt", "old": word, "new": guess})),
            ],
        );
        assert_eq!(scene.workspace.read("k.txt"), text(guess));
        assert_eq!(scene.workspace.read("l.txt"), text(guess));
        scene.client.stop();
        told[1..].to_vec()
    };
    let changed = ["k.txt changed: +1 -1 lines", "l.txt changed: +1 -1 lines"];
    assert_eq!(
        (guessed(&token), guessed(&wrong)),
        (changed.map(Into::into).into(), changed.map(Into::into).into())
    );
    let text_of = text(&token);
    for mode in ["default", "plan", "locked", "accept-edits"] {
        let told = |guess: &str| {
            let calls = [
                ("read", json!({"path": "k.txt"})),
                ("write", json!({"path": "k.txt", "content": text(guess)})),
                ("references", json!({"path": "l.txt", "symbol": guess})),
                ("rename", json!({"path": "l.txt", "symbol": guess, "new_name": "other"})),
            ];
            let files = [("k.txt", text_of.as_str()), ("l.txt", text_of.as_str())];
            let told = unattended(&files, mode, &calls);
            // A secret is hidden in what is said about it, too.
            let plain = |told: &String| {
                let known = told.contains("<secret:").then(|| placeholder(told, "github-token"));
                told.replace(known.as_deref().unwrap_or(guess), "GUESS")
            };
            told.iter().map(plain).collect::<Vec<_>>()
        };
        let (right, wrong) = (told(&token), told(&wrong));
        assert_eq!(right, wrong, "{mode}");
    }
}

#[test]
fn a_file_in_base64_or_hexadecimal_digits_shows_a_model_no_secret() {
    let [token, ..] = planted();
    let text =
        format!("name: app\nGITHUB_TOKEN={token}\nport: 5432\nnote: long enough for more than a line\n");
    let files = [("k.txt", text.as_str())];
    for command in ["base64 k.txt", "base64 -w0 < k.txt", "od -An -v -tx1 k.txt | tr -d ' \\n'"] {
        let told = unattended(&files, "bypass", &[("bash", json!({"command": command}))]).concat();
        let printed: String = told.split(placeholder(&told, "github-token").as_str()).collect();
        assert!(
            printed.contains("bmFtZTogYXBw") || printed.contains("6e616d653a20617070"),
            "{command}: {told}"
        );
        let pieces = [
            "YThGazI5ZExxMFp4".to_owned(),
            token.bytes().take(12).fold(String::new(), |digits, byte| digits + &format!("{byte:02x}")),
            token[..12].to_owned(),
        ];
        assert!(pieces.iter().all(|piece| !printed.contains(piece)), "{command}: {told}");
    }
}

#[test]
fn a_command_that_would_show_a_secret_in_another_form_asks() {
    let [token, ..] = planted();
    let secret = format!("GITHUB_TOKEN={token}\nport = 1\n");
    let files = [("k.txt", secret.as_str()), ("plain.txt", "one\ntwo\n")];
    for (command, is_asked) in [
        ("rev k.txt", true),
        ("tr a-z b-za < k.txt", true),
        ("cat k.txt | fold -w 3", true),
        ("gzip -c k.txt", true),
        ("sed 's/./& /g' k.txt", true),
        ("head -c 20 k.txt", true),
        ("cat [k]*.txt | rev", true),
        ("rev plain.txt", false),
        ("ln -s k.txt leads.txt; rev leads.txt", true),
        ("perl -ne 'print scalar reverse' k.txt", true),
        ("python3 -c \"print(open('k.txt').read()[::-1])\"", true),
        ("cat k.txt", false),
        ("sed -n '1,2p' k.txt", false),
        ("grep -n TOKEN k.txt | sort", false),
    ] {
        let told = unattended(&files, "auto", &[("bash", json!({"command": command}))]).concat();
        assert_eq!(told.contains("k.txt holds what looks like a secret"), is_asked, "{command}: {told}");
        assert_eq!(told.contains("refused"), is_asked, "{command}: {told}");
        assert!(!told.contains(&token), "{command}: {told}");
    }
}

#[test]
fn no_tool_looks_into_a_hidden_file_by_its_second_name() {
    for (tool, arguments) in [
        ("read", json!({"path": "twin.txt"})),
        ("references", json!({"path": "twin.txt", "symbol": "zorglub"})),
        ("references", json!({"path": "twin.txt", "symbol": "absent"})),
        ("rename", json!({"path": "twin.txt", "symbol": "zorglub", "new_name": "x"})),
        ("edit", json!({"path": "twin.txt", "old": "zorglub", "new": "x"})),
        ("write", json!({"path": "twin.txt", "content": "zorglub\n"})),
    ] {
        let told = unattended(&[], "accept-edits", &[(tool, arguments.clone())]);
        let refused = "refused: twin.txt is another name of a file that may not be read";
        assert_eq!(told, [refused], "{tool} {arguments}");
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
