//! The server of llama.cpp: without a model at all, and with the [`parrot`] that we write ourselves.
//!
//! It speaks three of our wires, so what a real server says is read in each of them. Debian's unstable archive moves on
//! by itself: where `tests/servers/setup` could not get it any more, these stories are skipped by the reason that it
//! gave.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use copydesk_tests::client::eventually;
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use super::{COPYDESK, KEY, START, Server, error, parrot, refs, root, skipped};

/// Its loader, its libraries and itself, where they were unpacked.
fn program() -> Option<Command> {
    let folder = root().join(".servers/llama.cpp");
    if !folder.join(".made").exists() {
        if let Ok(reason) = std::fs::read_to_string(root().join(".servers/llama.cpp.not")) {
            skipped(&format!("llama.cpp could not be had: {}", reason.trim()));
        } else {
            skipped("llama.cpp is not there (tests/servers/setup)");
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "in CI it must be looked for");
        }
        return None;
    }
    let named = |folder: &Path, part: &str| {
        let entries = std::fs::read_dir(folder).unwrap().flatten();
        let found = entries.map(|entry| entry.path()).find(|path| path.display().to_string().contains(part));
        found.unwrap_or_else(|| panic!("{} has no {part}", folder.display()))
    };
    let libraries = named(&folder.join("usr/lib"), "-linux-gnu");
    let mut command = Command::new(named(&libraries, "/ld-linux"));
    command
        .arg("--library-path")
        .arg(format!("{0}:{0}/llama", libraries.display()))
        .arg(folder.join("usr/bin/llama-server"))
        .args(["--host", "127.0.0.1", "--offline", "--threads", "1", "--port"])
        .env_clear();
    // Where it looks for them by itself is a folder of a whole system.
    let backends = libraries.join("ggml/backends0");
    let plain = backends.join("libggml-cpu-x64.so");
    command.env("GGML_BACKEND_PATH", if plain.exists() { plain } else { named(&backends, "libggml-cpu") });
    Some(command)
}

fn without_model() -> Option<Server> {
    let mut command = program()?;
    Some(Server::start(|_, port| {
        command.arg(port.to_string());
        command
    }))
}

fn with_parrot() -> Option<Server> {
    let mut command = program()?;
    let server = Server::start(|home, port| {
        let file = home.join("parrot.gguf");
        std::fs::write(&file, parrot::gguf(&["Hello", "from", "llama.cpp."])).unwrap();
        command.arg(port.to_string()).arg("--model").arg(file).args([
            "--alias",
            "parrot",
            "--chat-template",
            "chatml",
            "--parallel",
            "1",
            "--ctx-size",
            "4096",
            "--api-key",
            KEY,
        ]);
        command
    });
    // It listens before it has read its model.
    let ready = eventually(Instant::now() + START, || server.says("/health").contains(" 200 ").then_some(()));
    assert_eq!(ready, Some(()), "it is ready: {}", server.log());
    Some(server)
}

/// Whose config names it in each wire that it speaks, with this key.
fn workspace(server: &Server, key: &str) -> Workspace {
    let port = server.port;
    let mut config = "default_model: chat/parrot\nproviders:\n".to_owned();
    for (name, kind, path) in [
        ("chat", "openai-chat", "/v1"),
        ("messages", "anthropic", ""),
        ("responses", "openai-responses", "/v1"),
        ("own", "ollama", ""),
    ] {
        config += &format!(
            "  {name}: {{kind: {kind}, base_url: \"http://127.0.0.1:{port}{path}\", api_key_env: LLAMA_KEY}}\n"
        );
    }
    Workspace::new(COPYDESK).with_user_config(&config).with_variable("LLAMA_KEY", key)
}

#[test]
fn a_server_without_a_model_says_so_everywhere() {
    let Some(server) = without_model() else { return };
    let config = format!(
        "providers: {{llama: {{kind: openai-chat, base_url: \"http://127.0.0.1:{}/v1\"}}}}\n",
        server.port
    );
    let own = Workspace::new(COPYDESK).with_user_config(&config);

    let listed = own.run(&["models", "--provider", "llama"]).exits(0);
    let because = "no default_model is set, and no provider can be asked without a name \
                   (llama: http://127.0.0.1:PORT/v1 serves no model yet)";
    assert_eq!(
        server.settled(&listed.stdout),
        format!(
            "llama: no models, asked just now (openai-chat)\nunless you name one: none. {because}. Load a model there.\n"
        ),
    );

    let doctor = own.run(&["doctor", "--json"]).exits(1).json();
    let checks = doctor["checks"].as_array().unwrap();
    let model = checks.iter().find(|check| check["name"] == "model").unwrap();
    assert_eq!(
        (&model["state"], server.settled(model["detail"].as_str().unwrap())),
        (&json!("broken"), because.to_owned()),
        "{model}"
    );

    assert_eq!(
        server.settled(&error(&own, "llama/qwen", "say hello")),
        "failed to reach the model: http://127.0.0.1:PORT/v1/chat/completions has no model 'qwen': model 'qwen' not \
         found. Check the model's name; 'copydesk models' shows which models it has.",
    );
}

#[test]
fn a_server_with_a_model_is_read_in_each_wire_that_it_speaks() {
    let Some(server) = with_parrot() else { return };
    let own = workspace(&server, KEY);

    let listed = own.run(&["models", "--json"]).exits(0).json();
    let known = |provider: &Value| {
        let model = &provider["models"][0];
        json!([model["ref"], model["context_window"], model["tools"], model["price"]["input"]])
    };
    let providers = listed["providers"].as_array().unwrap();
    for (at, name) in
        ["chat", "messages", "", "responses"].iter().enumerate().filter(|(_, name)| !name.is_empty())
    {
        assert_eq!(refs(&listed, at), [format!("{name}/parrot")], "{listed}");
        // It wants a key, and may be one that hands on what it is asked: what it costs nobody knows.
        assert_eq!(known(&providers[at]), json!([format!("{name}/parrot"), 4096, null, null]), "{listed}");
    }
    // It lists as Ollama does for some, not where Ollama does.
    assert_eq!(
        server.settled(providers[2]["error"].as_str().unwrap()),
        "http://127.0.0.1:PORT/api/tags does not know this address: File Not Found. Check that \
         base_url is the address of an Ollama server. Its answer looks like OpenAI's API: if that is what it speaks, write \
         kind: openai-chat, and /v1 at the end of base_url.",
    );

    for provider in ["chat", "messages", "responses"] {
        let model = format!("{provider}/parrot");
        let answered = own.run(&["ask", "--json", "--model", &model, "say hello"]).exits(0).json();
        let usage = &answered["usage"];
        assert_eq!(
            json!([
                answered["text"].as_str().unwrap().trim(),
                answered["model"]["active"],
                usage["output_tokens"],
                usage["requests"]
            ]),
            json!(["Hello from llama.cpp.", model, 4, 1]),
            "{answered}"
        );
        assert!(usage["input_tokens"].as_u64() > Some(100), "{answered}");
    }
}

#[test]
fn what_a_real_server_refuses_is_told_in_its_words() {
    let Some(server) = with_parrot() else { return };
    let own = workspace(&server, KEY);
    let long = "a b c d e f g h ".repeat(1000);
    let failed = server.settled(&error(&own, "chat/parrot", &long));
    let (begin, end) = (
        "failed to reach the model: http://127.0.0.1:PORT/v1/chat/completions answered with status 400: request (",
        " tokens) exceeds the available context size (4096 tokens), try increasing it. The server did not like the \
         request: a smaller selection or another model may help; 'copydesk models' shows which it has.",
    );
    assert!(failed.starts_with(begin) && failed.ends_with(end), "{failed}");

    let stranger = workspace(&server, "sk-wrong-0123456789");
    for (provider, path) in
        [("chat", "/v1/chat/completions"), ("messages", "/v1/messages"), ("responses", "/v1/responses")]
    {
        assert_eq!(
            server.settled(&error(&stranger, &format!("{provider}/parrot"), "say hello")),
            format!(
                "failed to reach the model: http://127.0.0.1:PORT{path} refused access with status 401 (the key came \
                 from LLAMA_KEY): Invalid API Key. Put a valid key there and ask again; it is not tried again by itself."
            ),
        );
    }
}
