//! What is wrong, exactly where, and the mend that makes it right.

use copydesk_tests::client::Client;
use copydesk_tests::personality::{self, neovim_0_12, vs_code};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::{COPYDESK, in_four_editors};

/// A finding: where it is (a text that occurs once, `[` and `]` around the marked part), its code, and, where there is
/// a mend, words of its title and the text after it.
struct Finding {
    path: &'static str,
    text: &'static str,
    code: &'static str,
    severity: u64,
    mend: Option<(&'static str, &'static str)>,
}

const WORKFLOW: &str = ".copydesk/workflows/x.yaml";

const FINDINGS: &[Finding] = &[
    Finding {
        path: WORKFLOW,
        text: "name: x\nsteps:\n  - {id: a, type: shell, env: {A: \"ä😀\"}, run: a, [timeotu]: 5}\n",
        code: "unknown-key",
        severity: 1,
        mend: Some((
            "timeout",
            "name: x\nsteps:\n  - {id: a, type: shell, env: {A: \"ä😀\"}, run: a, timeout: 5}\n",
        )),
    },
    Finding {
        path: WORKFLOW,
        text: "name: x\nsteps:\n  - {id: a, if: \"'ä😀' == env.B\", type: [shel], run: a}\n",
        code: "unknown-value",
        severity: 1,
        mend: Some(("shell", "name: x\nsteps:\n  - {id: a, if: \"'ä😀' == env.B\", type: shell, run: a}\n")),
    },
    Finding {
        path: WORKFLOW,
        text: "name: x\nsteps:\n  - id: build\n    type: shell\n    run: a\n  - id: b\n    type: shell\n    run: b\n    needs: [ [biuld] ]\n",
        code: "unknown-step",
        severity: 1,
        mend: None,
    },
    Finding {
        path: WORKFLOW,
        text: "name: x\nsteps:\n  - id: a\n    type: shell\n    run: a\n  - id: [a]\n    type: shell\n    run: b\n",
        code: "duplicate-step",
        severity: 1,
        mend: None,
    },
    Finding {
        path: WORKFLOW,
        text: "name: x\nsteps:\n  - id: a\n    type: shell\n    run: \"ä😀 ${{ inputs.[nowhere] }}\"\n",
        code: "undeclared-input",
        severity: 1,
        mend: None,
    },
    Finding {
        path: WORKFLOW,
        text: "name: x\nsteps:\n  - id: a\n    type: [shell]\n",
        code: "missing-key",
        severity: 1,
        mend: None,
    },
    Finding {
        path: WORKFLOW,
        text: "name: x\n[name]: y\nsteps: []\n",
        code: "duplicate-key",
        severity: 1,
        mend: None,
    },
    Finding {
        path: WORKFLOW,
        text: "name: x\nsteps:\n  - id: a\n    type: shell\n    run: a\n    timeout: [soon]\n",
        code: "type-mismatch",
        severity: 1,
        mend: None,
    },
    Finding {
        path: ".copydesk/config.yaml",
        text: "# ä😀\n[completoin]: {enabled: false}\n",
        code: "unknown-setting",
        severity: 2,
        mend: Some(("completion", "# ä😀\ncompletion: {enabled: false}\n")),
    },
    Finding {
        path: ".copydesk/config.yaml",
        text: "# ä😀\n[permisions]: {mode: plan}\n",
        code: "unknown-key",
        severity: 1,
        mend: Some(("permissions", "# ä😀\npermissions: {mode: plan}\n")),
    },
    Finding {
        path: ".copydesk/config.yaml",
        text: "permissions: {mode: auto}\n",
        code: "untrusted-setting",
        severity: 2,
        mend: None,
    },
    Finding {
        path: ".copydesk/actions/x.md",
        text: "---\nname: x\n[titel]: Ä😀\n---\nDo it.\n",
        code: "unknown-key",
        severity: 1,
        mend: Some(("title", "---\nname: x\ntitle: Ä😀\n---\nDo it.\n")),
    },
];

#[test]
fn every_finding_stands_exactly_where_it_should_and_its_mend_mends() {
    for finding in FINDINGS {
        let (text, marked) = unmark(finding.text);
        in_four_editors(finding.path, &text, |client, uri| {
            let found = client.diagnostic(uri, finding.code);
            assert_eq!(found["source"], "copydesk", "{found}");
            assert_eq!(found["severity"], finding.severity, "{found}");
            assert!(found["message"].as_str().is_some_and(|words| !words.is_empty()), "{found}");
            if let Some(marked) = &marked {
                assert_eq!(client.text_of(uri, &found["range"]), *marked, "{} in\n{text}", finding.code);
            }
            if client.personality.announces("/textDocument/publishDiagnostics/codeDescriptionSupport") {
                let link = found["codeDescription"]["href"].as_str().unwrap_or_default();
                assert!(link.contains(&format!("docs/guide/diagnostics/{}", finding.code)), "{found}");
            }
            if let Some((words, mended)) = finding.mend {
                mend(client, uri, &found, words);
                assert_eq!(client.text(uri), mended);
                client.diagnostic_codes(uri, &[]);
            }
        });
    }
}

#[test]
fn a_second_place_explains_the_first() {
    let text = "name: x\nsteps:\n  - id: same\n    type: shell\n    run: a\n  - id: same\n    type: shell\n    run: b\n";
    in_four_editors(WORKFLOW, text, |client, uri| {
        let found = client.diagnostic(uri, "duplicate-step");
        if client.personality.announces("/textDocument/publishDiagnostics/relatedInformation") {
            let related = &found["relatedInformation"][0]["location"];
            assert_eq!(related["uri"], uri, "{found}");
            assert_eq!(related["range"]["start"]["line"], 2, "{found}");
        } else {
            assert!(found["relatedInformation"].is_null(), "{found}");
        }
    });
}

#[test]
fn diagnostics_follow_every_keystroke() {
    let text = "name: x\nsteps:\n  - id: a\n    type: shell\n    run: a\n";
    in_four_editors(WORKFLOW, text, |client, uri| {
        client.diagnostic_codes(uri, &[]);
        client.replace(uri, "run: a", "rnu: a");
        client.diagnostic(uri, "unknown-key");
        client.replace(uri, "rnu: a", "run: a");
        client.diagnostic_codes(uri, &[]);
        // Typed letter by letter, a syntax error on the way and back out of it.
        for (old, new) in [("run: a\n", "run: \"a\n"), ("run: \"a\n", "run: \"a\"\n")] {
            client.replace(uri, old, new);
            if new.ends_with("a\n") {
                client.diagnostic(uri, "yaml-syntax");
            }
        }
        client.diagnostic_codes(uri, &[]);
    });
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_move_nothing() {
    let text =
        "\u{feff}name: x\r\nsteps:\r\n  - id: a\r\n    type: shell\r\n    env: {A: \"😀\"}\r\n    rnu: a\r\n";
    in_four_editors(WORKFLOW, text, |client, uri| {
        let found = client.diagnostic(uri, "unknown-key");
        assert_eq!(client.text_of(uri, &found["range"]), "rnu");
        mend(client, uri, &found, "run");
        assert_eq!(client.text(uri), text.replace("rnu", "run"));
        client.diagnostic_codes(uri, &[]);
    });
}

#[test]
fn a_closed_document_takes_its_diagnostics_along() {
    let workspace = Workspace::new(COPYDESK);
    let mut client = Client::start(personality::helix_25_07(), &workspace);
    let uri = workspace.uri(WORKFLOW);
    client.open(&uri, "yaml", "name: x\nsteps:\n  - {id: a, type: shell, rnu: a}\n");
    client.diagnostic(&uri, "unknown-key");
    client.close(&uri);
    client.wait("an empty publish", |client| client.pushed(&uri).is_empty().then_some(()));
    client.finish();
}

#[test]
fn a_pulling_client_gets_nothing_twice() {
    for personality in [vs_code(), neovim_0_12()] {
        let workspace = Workspace::new(COPYDESK);
        let mut client = Client::start(personality, &workspace);
        let uri = workspace.uri(WORKFLOW);
        client.open(&uri, "yaml", "name: x\nsteps:\n  - {id: a, type: shell, run: a, rnu: a}\n");
        client.diagnostic_codes(&uri, &["unknown-key"]);
        assert_eq!(client.pushed(&uri), Vec::<Value>::new());
        // Nothing changed, and the server may say so in one word.
        let report = client.ok("textDocument/diagnostic", json!({"textDocument": {"uri": uri}}));
        assert_eq!(report["kind"], "full");
        assert_eq!(report["items"].as_array().map(Vec::len), Some(1));
        client.finish();
    }
}

#[test]
fn other_files_are_left_alone() {
    for (path, text) in [
        ("a.yaml", "steps: 5\n"),
        ("b.md", "---\nname: x\n---\n"),
        ("c.json", "{\"steps\": }"),
        ("d.py", "steps:\n"),
        ("docker-compose.yaml", "name: x\nservices: {a: {image: b}}\n"),
    ] {
        in_four_editors(path, text, |client, uri| {
            // A file of ours that is opened later has its findings; by then this one had its turn.
            let ours = uri.rsplit_once('/').map_or(uri, |(folder, _)| folder).to_owned() + "/z.workflow.yaml";
            client.open(&ours, "yaml", "name: x\nsteps:\n  - {id: a, type: shell, rnu: a}\n");
            client.diagnostic(&ours, "unknown-key");
            client.diagnostic_codes(uri, &[]);
        });
    }
}

#[test]
fn hostile_files_are_survived() {
    let bomb: String = std::iter::once("a0: &a0 [x]\n".to_owned())
        .chain((1..60).map(|n| {
            format!("a{n}: &a{n} [*a{m},*a{m},*a{m},*a{m},*a{m},*a{m},*a{m},*a{m},*a{m}]\n", m = n - 1)
        }))
        .collect();
    let deep = format!("name: x\nsteps: {}", "[".repeat(20_000));
    let deeper = format!("name: x\nsteps: {}{}\n", "{a: ".repeat(5_000), "}".repeat(5_000));
    let indented: String = (0..1_000).map(|n| " ".repeat(n) + "k:\n").collect();
    let tabs = "name: x\nsteps:\n\t- id: a\n\t  type: shell\n";
    let null = "name: x\0\nsteps: []\n";
    for text in [
        bomb.as_str(),
        &deep,
        &deeper,
        &indented,
        tabs,
        null,
        "%YAML 9.9\n---\n...\n---\n",
        "? [a]: b\n: c\n",
    ] {
        let workspace = Workspace::new(COPYDESK);
        let mut client = Client::start(vs_code(), &workspace);
        let uri = workspace.uri(WORKFLOW);
        client.open(&uri, "yaml", text);
        client.diagnostics(&uri, "an answer", |_| true);
        client.ok(
            "textDocument/hover",
            json!({"textDocument": {"uri": uri}, "position": {"line": 1, "character": 3}}),
        );
        client.ok(
            "textDocument/completion",
            json!({"textDocument": {"uri": uri}, "position": {"line": 1, "character": 3}}),
        );
        client.ok("textDocument/documentSymbol", json!({"textDocument": {"uri": uri}}));
        client.finish();
    }
}

#[test]
fn a_script_that_comes_and_changes_is_looked_at_again() {
    let config = "providers:\n  play: {kind: offline, scenario: play.yaml}\n";
    let workspace = Workspace::new(COPYDESK).with([(".copydesk/config.yaml", config)]);
    let mut client = Client::start(vs_code(), &workspace);
    let (uri, script) = (workspace.uri(".copydesk/config.yaml"), workspace.uri(".copydesk/play.yaml"));
    client.open(&uri, "yaml", config);
    let told = |client: &mut Client, text: Option<(&str, u8)>, expect: Option<&str>| {
        if let Some((text, kind)) = text {
            workspace.write(".copydesk/play.yaml", text);
            let changes = json!({"changes": [{"uri": script, "type": kind}]});
            client.notify("workspace/didChangeWatchedFiles", changes);
        }
        let is_script = |one: &&Value| says(one, "so this provider answers nothing");
        let found = client.diagnostics(&uri, &format!("{expect:?}"), |now| match expect {
            Some(words) => now.iter().any(|one| says(one, words)),
            None => !now.iter().any(|one| is_script(&one)),
        });
        if let Some(one) = found.iter().find(is_script) {
            assert_eq!(client.text_of(&uri, &one["range"]), "play.yaml");
        }
    };
    told(&mut client, None, Some("there is no file"));
    told(&mut client, Some(("steps: [{text: Hello.}]\n", 1)), None);
    told(&mut client, Some(("steps: nothing\n", 2)), Some("this cannot be played"));
    client.finish();
}

/// Whether a finding says so.
fn says(finding: &Value, words: &str) -> bool {
    finding["message"].as_str().is_some_and(|message| message.contains(words))
}

/// Runs the mend whose title has these words.
pub(crate) fn mend(client: &mut Client, uri: &str, found: &Value, words: &str) {
    let actions = client.code_actions(uri, &found["range"], Some("quickfix"));
    let action = actions.iter().find(|one| one["title"].as_str().is_some_and(|title| title.contains(words)));
    let Some(action) = action else { client.fail(&format!("no mend {words:?} for {found}")) };
    assert_eq!(action["kind"], "quickfix");
    assert!(action["command"].is_null(), "a quick fix carries its edit: {action}");
    assert_eq!(action["diagnostics"][0]["code"], found["code"], "it says what it mends: {action}");
    client.run_action(&action.clone());
}

/// The text without the brackets around what is marked, and the marked part. Brackets of YAML stay: the mark is `[`
/// right before a letter and `]` right behind one, once.
fn unmark(text: &str) -> (String, Option<String>) {
    let inner = |at: usize| text[at + 1..].find(']').map(|end| (at, at + 1 + end));
    let marked = text
        .match_indices('[')
        .filter(|(at, _)| text[at + 1..].starts_with(|c: char| c.is_alphabetic()))
        .find_map(|(at, _)| inner(at));
    match marked {
        Some((start, end)) => {
            let word = text[start + 1..end].to_owned();
            (format!("{}{word}{}", &text[..start], &text[end + 1..]), Some(word))
        }
        None => (text.to_owned(), None),
    }
}
