//! LiteLLM's proxy: a parrot, and a model behind it that lies where nobody is.

use std::process::Command;

use copydesk_tests::workspace::Workspace;
use serde_json::json;

use super::{COPYDESK, KEY, Server, error, refs, root, skipped};

fn start() -> Option<Server> {
    let program = root().join(".servers/litellm/bin/litellm");
    if !program.exists() {
        skipped("LiteLLM is not installed (tests/servers/setup)");
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "in CI it must be installed");
        return None;
    }
    Some(Server::start(|_, port| {
        let mut command = Command::new(program);
        command
            .args(["--host", "127.0.0.1", "--telemetry", "False", "--port", &port.to_string(), "--config"])
            .arg(root().join("tests/servers/litellm.yaml"))
            .env("LITELLM_MASTER_KEY", KEY)
            .env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
        command
    }))
}

fn workspace(proxy: &Server, key: &str) -> Workspace {
    let port = proxy.port;
    let config = format!(
        "providers:\n  litellm: {{kind: openai-chat, base_url: \"http://127.0.0.1:{port}/v1\", api_key_env: LITELLM_KEY, default_model: parrot}}\n  \
         other: {{kind: anthropic, base_url: \"http://127.0.0.1:{port}\", api_key_env: LITELLM_KEY, default_model: parrot}}\n"
    );
    Workspace::new(COPYDESK).with_user_config(&config).with_variable("LITELLM_KEY", key)
}

#[test]
fn a_server_of_others_lists_answers_and_refuses() {
    let Some(proxy) = start() else { return };
    let own = workspace(&proxy, KEY);
    let listed = own.run(&["models", "--json"]).exits(0).json();
    let names = [refs(&listed, 0), refs(&listed, 1)];
    assert_eq!(names, [["litellm/nowhere", "litellm/parrot"], ["other/nowhere", "other/parrot"]], "{listed}");

    let answered = own.run(&["ask", "--json", "say hello"]).exits(0).json();
    assert_eq!(
        (&answered["text"], &answered["model"]["active"]),
        (&json!("Hello from next door."), &json!("litellm/parrot")),
        "{answered}"
    );

    let failed = error(&own, "litellm/nowhere", "say hello");
    assert!(failed.contains("status 500") && failed.contains("Connection error"), "{failed}");
    let failed = error(&own, "litellm/unknown", "say hello");
    assert!(failed.contains("has no model 'unknown'") && failed.contains("Invalid model name"), "{failed}");
    // It answers this wire whole where a stream was asked for.
    let whole = own.run(&["ask", "--json", "--model", "other/parrot", "say hello"]).exits(0).json();
    assert_eq!(whole["text"], "Hello from next door.", "{whole}");
    let stranger = workspace(&proxy, "sk-wrong-0123456789");
    let failed = error(&stranger, "litellm/parrot", "say hello");
    assert!(
        failed.contains("LITELLM_KEY") || failed.contains("status 4") || failed.contains("status 5"),
        "{failed}"
    );
    assert!(!failed.contains("sk-wrong-0123456789"), "{failed}");
}
