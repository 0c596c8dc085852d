//! A real server that others wrote, without weights: its list, its answer, its errors.
//!
//! `tests/servers/setup` installs it; without it the story is skipped aloud.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use copydesk_tests::client::eventually;
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

const COPYDESK: &str = env!("CARGO_BIN_EXE_copydesk");

const KEY: &str = "sk-bench-0123456789abcdef0123456789";

/// It imports a great deal before it listens.
const START: Duration = Duration::from_mins(2);

/// The server, ended with this value.
struct Proxy {
    child: Child,
    port: u16,
    _home: tempfile::TempDir,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

#[expect(clippy::explicit_write, reason = "the harness hides what a passing test prints by macro")]
fn start() -> Option<Proxy> {
    let program = root().join(".servers/litellm/bin/litellm");
    if !program.exists() {
        writeln!(std::io::stderr(), "skipped: LiteLLM is not installed (tests/servers/setup)").unwrap();
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "in CI it must be installed");
        return None;
    }
    // Free a moment ago; whoever takes it in between fails the test with its own words.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let home = tempfile::tempdir().unwrap();
    let child = Command::new(program)
        .args(["--host", "127.0.0.1", "--telemetry", "False", "--port", &port.to_string(), "--config"])
        .arg(root().join("tests/servers/litellm.yaml"))
        .env("HOME", home.path())
        .env("LITELLM_MASTER_KEY", KEY)
        .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let proxy = Proxy { child, port, _home: home };
    let address = ("127.0.0.1", port);
    let listens = eventually(Instant::now() + START, || TcpStream::connect(address).ok());
    assert!(listens.is_some(), "the server listens");
    Some(proxy)
}

fn workspace(proxy: &Proxy, key: &str) -> Workspace {
    let port = proxy.port;
    let config = format!(
        "providers:\n  litellm: {{kind: openai-chat, base_url: \"http://127.0.0.1:{port}/v1\", api_key_env: LITELLM_KEY, default_model: parrot}}\n  \
         other: {{kind: anthropic, base_url: \"http://127.0.0.1:{port}\", api_key_env: LITELLM_KEY, default_model: parrot}}\n"
    );
    Workspace::new(COPYDESK).with_user_config(&config).with_variable("LITELLM_KEY", key)
}

fn refs(report: &Value, provider: usize) -> Vec<&str> {
    let models = report["providers"][provider]["models"].as_array().map(Vec::as_slice).unwrap_or_default();
    models.iter().filter_map(|model| model["ref"].as_str()).collect()
}

#[test]
fn a_server_of_others_lists_answers_and_refuses() {
    let Some(proxy) = start() else { return };
    let own = workspace(&proxy, KEY);
    let listed = own.run(&["models", "--json"]).exits(0).json();
    let mut names = [refs(&listed, 0), refs(&listed, 1)];
    for names in &mut names {
        names.sort_unstable();
    }
    assert_eq!(names, [["litellm/nowhere", "litellm/parrot"], ["other/nowhere", "other/parrot"]], "{listed}");

    let answered = own.run(&["ask", "--json", "say hello"]).exits(0).json();
    assert_eq!(
        (&answered["text"], &answered["model"]["active"]),
        (&json!("Hello from next door."), &json!("litellm/parrot")),
        "{answered}"
    );

    let error = |workspace: &Workspace, model: &str| {
        let report = workspace.run(&["ask", "--json", "--model", model, "say hello"]).exits(1).json();
        report["error"].as_str().unwrap_or_default().to_owned()
    };
    let failed = error(&own, "litellm/nowhere");
    assert!(failed.contains("status 500") && failed.contains("Connection error"), "{failed}");
    let failed = error(&own, "litellm/unknown");
    assert!(failed.contains("status 400") && failed.contains("Invalid model name"), "{failed}");
    // It answers this wire whole where a stream was asked for, and is told so.
    let failed = error(&own, "other/parrot");
    assert!(failed.contains("application/json where an event stream was asked for"), "{failed}");
    let stranger = workspace(&proxy, "sk-wrong-0123456789");
    let failed = error(&stranger, "litellm/parrot");
    assert!(
        failed.contains("LITELLM_KEY") || failed.contains("status 4") || failed.contains("status 5"),
        "{failed}"
    );
    assert!(!failed.contains("sk-wrong-0123456789"), "{failed}");
}
