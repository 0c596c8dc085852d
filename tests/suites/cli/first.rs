//! The first minute: nothing is configured, and what is there is found, chosen, and told with its reason.

#![expect(clippy::expect_used, reason = "what the bench itself lacks ends the test, with its name")]

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use copydesk_tests::client::{eventually, is_alive};
use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::workspace::{Ran, Workspace};
use serde_json::{Value, json};

use crate::COPYDESK;

/// A machine: the programs of its `PATH`, its servers, its keys.
struct Machine {
    workspace: Workspace,
}

/// A port at which nobody answers.
const NOBODY: &str = "127.0.0.1:9";

impl Machine {
    fn new(programs: &[&str]) -> Self {
        let workspace = Workspace::new(COPYDESK);
        let bin = workspace.outside().join("bin");
        std::fs::create_dir_all(&bin).expect("the bench's own folder");
        for program in programs {
            let path = bin.join(program);
            // Whoever runs one of them for more than its version leaves a trace.
            let ran = format!("echo ran >> '{}/ran'", bin.display());
            let (program, version) = program.split_once(' ').unwrap_or((program, "1.2.3"));
            let path = path.with_file_name(program);
            std::fs::write(
                &path,
                format!("#!/bin/sh\n[ \"$*\" = --version ] && echo '{version}' || {ran}\n"),
            )
            .expect("a stub");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a stub");
        }
        let bin = bin.display().to_string();
        Self { workspace: workspace.with_variable("PATH", &bin) }.with_ollama(NOBODY).with_lm_studio(9)
    }

    fn with_ollama(self, host: &str) -> Self {
        Self { workspace: self.workspace.with_variable("OLLAMA_HOST", host) }
    }

    fn with_lm_studio(self, port: u16) -> Self {
        let folder = self.workspace.outside().join(".lmstudio/.internal");
        std::fs::create_dir_all(&folder).expect("the bench's own folder");
        std::fs::write(folder.join("http-server-config.json"), format!("{{\"port\": {port}}}"))
            .expect("a file");
        self
    }

    fn with_config(self, text: &str) -> Self {
        Self { workspace: self.workspace.with_user_config(text) }
    }

    fn with_key(self, variable: &str) -> Self {
        Self { workspace: self.workspace.with_variable(variable, "a-key-0123456789") }
    }

    /// What `doctor` finds, by name: state, detail and fix.
    fn doctor(&self) -> Value {
        let report = self.workspace.run(&["doctor", "--json"]).json();
        let checks = report["checks"].as_array().cloned().unwrap_or_default();
        assert!(!self.workspace.outside().join("bin/ran").exists(), "a program was run");
        checks
            .into_iter()
            .map(|check| (check["name"].as_str().unwrap_or_default().to_owned(), check))
            .collect()
    }

    fn ask(&self) -> Ran {
        self.workspace.run(&["ask", "hello?"])
    }
}

fn check(doctor: &Value, name: &str, state: &str, detail: &str, fix: &str) {
    let found = &doctor[name];
    let (told, mend) =
        (found["detail"].as_str().unwrap_or_default(), found["fix"].as_str().unwrap_or_default());
    let is_right = found["state"] == state && told.contains(detail) && mend.contains(fix);
    assert!(is_right, "{name} should be {state}, '{detail}', '{fix}': {doctor:#}");
}

#[test]
fn where_nothing_is_there_it_is_said_what_would_be() {
    let machine = Machine::new(&[]);
    let doctor = machine.doctor();
    check(
        &doctor,
        "model",
        "missing",
        "no model server of this machine answers",
        "copydesk auth set anthropic",
    );
    check(&doctor, "git", "missing", "not found in PATH", "Install git");
    for name in ["local ollama", "local lmstudio", "agent claude"] {
        assert_eq!(doctor[name], Value::Null, "nobody is told to start what they do not have: {doctor:#}");
    }
    let ran = machine.ask().exits(0);
    for words in [
        "no model is configured, no key was found, and no model server of this machine answers",
        "ANTHROPIC_API_KEY",
        "start Ollama or LM Studio",
        "which is no real model",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {ran}");
    }
}

#[test]
fn a_variable_that_was_set_to_nothing_is_named() {
    let Machine { workspace } = Machine::new(&[]);
    let machine = Machine { workspace: workspace.with_variable("ANTHROPIC_API_KEY", " ") };
    let told = "no key was found (ANTHROPIC_API_KEY is set, but empty), and no model server";
    check(&machine.doctor(), "model", "missing", told, "copydesk auth set anthropic");
    let ran = machine.ask().exits(0);
    assert!(ran.stderr.contains(told), "{ran}");
}

#[test]
fn an_emptied_section_of_providers_is_none_and_a_misread_one_may_hide_some() {
    for config in
        ["", "providers: {}\n", "providers:\n", "providers:\n#  box: {kind: ollama}\n", "providers: ~\n"]
    {
        let machine = Machine::new(&[]).with_config(config);
        let set = ["auth", "set", "openai", "--in", "file"];
        let _ = machine.workspace.run_with_input(&set, "a-stored-key-0123456789\n").exits(0);
        let told = "openai/gpt-5-mini (key found in the encrypted file of keys)";
        check(&machine.doctor(), "model", "ok", told, "");
        let machine = machine.with_key("OPENAI_API_KEY");
        let told = "openai/gpt-5-mini (key found in OPENAI_API_KEY)";
        check(&machine.doctor(), "model", "ok", told, "");
        let ran = machine.workspace.run(&["models", "explain"]).exits(0);
        assert!(ran.stdout.contains("openai/gpt-5-mini"), "{config}: {ran}");
    }
    for config in ["providers: []\n", "providers: box\n"] {
        let machine = Machine::new(&[]).with_config(config).with_key("OPENAI_API_KEY");
        let told = "config.yaml:1: 'providers' does not count: ";
        check(&machine.doctor(), "model", "broken", told, "Correct it there");
        for command in [&["ask", "hello?"][..], &["models", "explain"]] {
            let ran = machine.workspace.run(command).exits(1);
            assert!(ran.stderr.contains(told) && !ran.stderr.contains("but empty"), "{config}: {ran}");
        }
    }
}

#[test]
fn programs_that_are_there_and_do_not_run_are_named_with_their_command() {
    let machine = Machine::new(&["ollama", "lms", "claude", "codex", "git"]);
    let doctor = machine.doctor();
    check(
        &doctor,
        "local ollama",
        "missing",
        "bin/ollama is installed, and nothing answers at http://127.0.0.1:9",
        "'ollama serve'",
    );
    check(&doctor, "local lmstudio", "missing", "bin/lms is installed", "'lms server start'");
    let told = "bin/claude, version 1.2.3; found and not used: Copydesk cannot host other agents yet";
    check(&doctor, "agent claude", "ok", told, "");
    check(
        &doctor,
        "model",
        "missing",
        "",
        "claude, codex are installed, but Copydesk cannot host other agents yet",
    );
    let ran = machine.ask().exits(0);
    assert!(ran.stderr.contains("claude, codex are installed"), "{ran}");
}

#[test]
fn versions_are_told_beside_those_that_are_needed() {
    let machine = Machine::new(&[
        "git git version 2.43.0",
        "bash GNU bash, version 5.2.15(1)-release",
        "nvim NVIM v0.9.5",
        "hx helix 25.07.1 (a05c151b)",
        "emacs I am no editor",
        "codex codex-cli 0.46.0",
    ]);
    let doctor = machine.doctor();
    for (name, state, detail, fix) in [
        ("copydesk", "ok", env!("CARGO_PKG_VERSION"), ""),
        ("git", "ok", "bin/git, version 2.43.0; 2.17 or later is needed", ""),
        ("bash", "ok", "bin/bash, version 5.2.15", ""),
        ("agent codex", "ok", "bin/codex, version 0.46.0; found and not used", ""),
        ("editor Neovim", "warning", "bin/nvim, version 0.9.5; 0.10 or later is needed", "Update Neovim"),
        ("editor Helix", "ok", "bin/hx, version 25.07.1; 25.07 or later is needed", ""),
        ("editor Emacs", "ok", "bin/emacs, which tells no version; 29 or later is needed", ""),
    ] {
        check(&doctor, name, state, detail, fix);
    }
    assert_eq!(doctor["editor VS Code"], Value::Null, "what is not there is not missed: {doctor:#}");
    let old = Machine::new(&["git git version 2.11.0"]);
    check(&old.doctor(), "git", "warning", "version 2.11.0; 2.17 or later is needed", "Update git");
}

#[test]
fn a_program_that_never_tells_its_version_is_ended_with_all_that_it_started() {
    let machine = Machine::new(&["codex"]);
    let bin = machine.workspace.outside().join("bin");
    let script = format!("#!/bin/sh\n/bin/sleep 60 &\necho $! > '{}/child'\nwait\n", bin.display());
    std::fs::write(bin.join("codex"), script).expect("a stub");
    check(&machine.doctor(), "agent codex", "ok", "bin/codex, which tells no version", "");
    let child = std::fs::read_to_string(bin.join("child")).expect("it was started");
    let child = child.trim().parse().expect("a number");
    let gone = eventually(Instant::now() + Duration::from_secs(10), || (!is_alive(child)).then_some(()));
    assert!(gone.is_some(), "its child {child} is still there");
}

#[test]
fn a_server_of_this_machine_answers_and_the_person_is_told_why_it_does() {
    let ollama = ModelServer::start(Format::Ollama, [Reply::text("Hello."), Reply::text("Again.")]);
    let machine = Machine::new(&["ollama"]).with_ollama(&ollama.address().to_string());
    let doctor = machine.doctor();
    check(&doctor, "local ollama", "ok", "bench-model", "");
    check(
        &doctor,
        "model",
        "ok",
        &format!("ollama/bench-model (answers at http://{})", ollama.address()),
        "",
    );
    let ran = machine.ask().exits(0);
    let told = format!("asking ollama/bench-model (answers at http://{})", ollama.address());
    assert!(ran.stdout == "Hello.\n" && ran.stderr.contains(&told), "{told}: {ran}");
    // By its name it is the same one.
    let ran = machine.workspace.run(&["ask", "--model", "ollama/other", "hello?"]).exits(0);
    assert_eq!(ran.stdout, "Again.\n", "{ran}");
    assert_eq!(ollama.wait_request(1).body["model"], "other");

    let studio = ModelServer::start(Format::OpenaiChat, [Reply::text("Hello.")]);
    let machine = Machine::new(&[]).with_lm_studio(studio.address().port());
    check(&machine.doctor(), "model", "ok", "lmstudio/bench-model (answers at http://127.0.0.1:", "");
    let ran = machine.ask().exits(0);
    assert!(
        ran.stdout == "Hello.\n" && ran.stderr.contains("asking lmstudio/bench-model (answers at"),
        "{ran}"
    );
}

#[test]
fn a_server_without_models_is_told_what_to_fetch() {
    let ollama = ModelServer::start(Format::Ollama, []);
    ollama.set_list(200, json!({"models": []}));
    let machine = Machine::new(&["ollama"]).with_ollama(&ollama.address().to_string());
    let doctor = machine.doctor();
    check(&doctor, "local ollama", "missing", "serves no model yet", "'ollama pull MODEL'");
    check(&doctor, "model", "missing", "serves no model yet", "");
    for (status, list, told) in [
        (200, json!({"models": []}), "serves no model yet. Run 'ollama pull MODEL' to fetch a model."),
        (
            200,
            json!({"models": [{"name": "nomic-embed-text:latest"}]}),
            "serves no model that answers questions, only others. Run 'ollama pull MODEL'",
        ),
        (200, json!({"models": "nope"}), "/api/tags cannot be read: it is no list of models."),
        (500, json!({}), "/api/tags answered with status 500"),
    ] {
        ollama.set_list(status, list);
        let ran = machine.ask().exits(0);
        let told = ["ollama cannot be asked: ", &ollama.address().to_string(), told];
        assert!(told.iter().all(|words| ran.stderr.contains(*words)), "{told:?}: {ran}");
        check(&machine.doctor(), "local ollama", "missing", "", "");
    }
}

#[test]
fn a_model_that_its_list_says_cannot_do_the_work_is_passed_over() {
    for (format, list, model) in [
        (
            Format::OpenaiChat,
            json!({"data": [{"id": "seer", "capabilities": ["vision"]}, {"id": "worker", "capabilities": ["tool_use"]}]}),
            "lmstudio/worker",
        ),
        (
            Format::OpenaiChat,
            json!({"data": [{"id": "vectors", "type": "embeddings"}, {"id": "talker"}]}),
            "lmstudio/talker",
        ),
        (
            Format::Ollama,
            json!({"models": [{"name": "bge-m3", "details": {"family": "bert"}}, {"name": "qwen3:8b"}]}),
            "ollama/qwen3:8b",
        ),
        (
            Format::Ollama,
            json!({"models": [
                {"name": "big:cloud", "remote_model": "big", "remote_host": "https://ollama.com:443"},
                {"name": "qwen3:8b"},
            ]}),
            "ollama/qwen3:8b",
        ),
    ] {
        let server = ModelServer::start(format, [Reply::text("Hello.")]);
        server.set_list(200, list);
        let machine = match format {
            Format::Ollama => Machine::new(&[]).with_ollama(&server.address().to_string()),
            _ => Machine::new(&[]).with_lm_studio(server.address().port()),
        };
        check(&machine.doctor(), "model", "ok", &format!("{model} (answers at "), "");
        let ran = machine.workspace.run(&["models", "explain"]).exits(0);
        assert!(ran.stdout.starts_with(&format!("answers: {model} (answers at ")), "{ran}");
        let ran = machine.ask().exits(0);
        assert!(ran.stderr.contains(&format!("asking {model} (answers at ")), "{ran}");
    }
    // Where all are handed on to another machine, that is said and nobody is asked.
    let server = ModelServer::start(Format::Ollama, []);
    server.set_list(200, json!({"models": [{"name": "big:cloud", "remote_host": "https://ollama.com:443"}]}));
    let machine = Machine::new(&[]).with_ollama(&server.address().to_string());
    let ran = machine.ask();
    assert!(ran.stderr.contains("hands every question on to another machine"), "{ran}");
    assert_eq!(server.asked(), 0);
    // Where nobody can do it, that is said, and nobody is asked.
    let server = ModelServer::start(Format::OpenaiChat, []);
    server.set_list(200, json!({"data": [{"id": "seer", "capabilities": ["vision"]}]}));
    let machine = Machine::new(&[]).with_lm_studio(server.address().port());
    check(&machine.doctor(), "model", "broken", "lmstudio/seer cannot call tools", "");
    let ran = machine.ask().exits(1);
    assert!(ran.stderr.contains("lmstudio/seer cannot call tools"), "{ran}");
    assert_eq!(server.asked(), 0);
}

#[test]
fn a_provider_that_cannot_be_asked_is_named_with_its_cause() {
    let closed = ModelServer::start(Format::OpenaiChat, []);
    closed.set_list(401, json!({"error": {"message": "who are you?"}}));
    let at = closed.base_url();
    for (providers, told) in [
        (
            "box: {kind: openai-chat, base_url: \"http://127.0.0.1:9/v1\"}".to_owned(),
            &["box: cannot reach http://127.0.0.1:9/v1/models", "Check that the server runs"][..],
        ),
        (
            format!("box: {{kind: openai-chat, base_url: \"{at}\"}}"),
            &["box: ", "/models refused access with status 401", "who are you?", "It wants a key"],
        ),
        (
            format!("box: {{kind: openai-chat, base_url: \"{at}\", api_key_env: BOX_KEY}}"),
            &["box: it names no default_model", "'copydesk models --provider box' lists its models"],
        ),
        (
            format!("box: {{kind: openai-chat, base_url: \"{at}\", api_key_env: NO_KEY}}"),
            &["box: it names no default_model, and its key is missing: NO_KEY is not set", "copydesk auth set box"],
        ),
        (
            "box: {kind: ollama, base_url: \"http://127.0.0.1:9\"}\n  far: {kind: azure-openai, base_url: \"http://127.0.0.1:9\"}"
                .to_owned(),
            &["far: it names no default_model", "box: cannot reach http://127.0.0.1:9/api/tags"],
        ),
        (
            format!("box: {{kind: openai, base_url: \"{at}\"}}"),
            &["config.yaml:2: 'providers.box.kind' does not count: unknown variant 'openai'", "Correct it"],
        ),
        (
            format!("box: {{base_url: \"{at}\"}}"),
            &["config.yaml:2: provider 'box' does not count: it has no kind", "'copydesk check'"],
        ),
        (
            format!("box:\n    base_url: \"{at}\"\n    default_model: m"),
            &["config.yaml:2: provider 'box' does not count: it has no kind"],
        ),
        ("box:".to_owned(), &["config.yaml:2: 'providers.box' does not count: it has no value"]),
        ("box: {}".to_owned(), &["config.yaml:2: provider 'box' does not count: it has no kind"]),
        ("box: {models: {}}".to_owned(), &["config.yaml:2: provider 'box' does not count: it has no kind"]),
        (
            "box:\n    kind: openai-chat\n    base_url: box.example".to_owned(),
            &[
                "config.yaml:4: provider 'box' does not count: its base_url cannot be used: it must start with http://",
            ],
        ),
        (
            "box: [ollama]".to_owned(),
            &["config.yaml:2: 'providers.box' does not count"],
        ),
    ] {
        let machine = Machine::new(&[]).with_key("BOX_KEY").with_key("OPENAI_API_KEY");
        let machine = machine.with_config(&format!("providers:\n  {providers}\n"));
        let doctor = machine.doctor();
        let ran = machine.ask().exits(1);
        let another = "The key in OPENAI_API_KEY is for another: to use that, set default_model: openai/gpt-5-mini.";
        assert!(ran.stderr.contains(another), "{ran}");
        let fixed = format!("{} {}", doctor["model"]["detail"], doctor["model"]["fix"]);
        for words in told {
            assert!(ran.stderr.contains(words) && fixed.contains(words), "{words}: {ran} {doctor:#}");
        }
        check(&doctor, "model", "broken", "no default_model is set", "");
        if fixed.contains(" does not count") {
            let ran = machine.workspace.run(&["ask", "--model", "box/m", "hello?"]).exits(1);
            for words in [&["no provider serves 'box/m': "], told].concat() {
                assert!(ran.stderr.contains(words), "{words}: {ran}");
            }
        }
        assert!(!ran.stdout.contains("stand-in"), "{ran}");
    }
    // One that can be asked is asked, and it is said why not the other.
    let open = ModelServer::start(Format::OpenaiChat, [Reply::text("Hello.")]);
    let providers = format!(
        "providers:\n  box: {{kind: openai-chat, base_url: \"{at}\"}}\n  den: {{kind: openai-chat, base_url: \"{}\"}}\n",
        open.base_url()
    );
    let ran = Machine::new(&[]).with_key("OPENAI_API_KEY").with_config(&providers).ask().exits(0);
    assert!(ran.stdout == "Hello.\n" && ran.stderr.contains("asking den/bench-model (answers at "), "{ran}");
    assert!(ran.stderr.contains("box was passed over: ") && ran.stderr.contains("status 401"), "{ran}");
}

#[test]
fn a_model_that_its_server_lacks_is_told_with_its_command() {
    let ollama = ModelServer::start(Format::Ollama, []);
    let config = format!(
        "default_model: mine/qwen3\nproviders: {{mine: {{kind: ollama, base_url: \"http://{}\"}}}}\n",
        ollama.address()
    );
    let machine = Machine::new(&["ollama"]).with_ollama(&ollama.address().to_string());
    std::fs::create_dir_all(machine.workspace.user_config().parent().expect("a folder")).expect("a folder");
    std::fs::write(machine.workspace.user_config(), config).expect("the bench's own file");
    check(&machine.doctor(), "model", "missing", "its server does not have it", "'ollama pull qwen3'");
}

#[test]
fn a_key_goes_before_a_server_and_is_named_by_its_variable() {
    let ollama = ModelServer::start(Format::Ollama, []);
    for (keys, model, variable) in [
        (&["ANTHROPIC_API_KEY"][..], "anthropic/claude-sonnet-4-5", "ANTHROPIC_API_KEY"),
        (&["OPENAI_API_KEY"], "openai/gpt-5-mini", "OPENAI_API_KEY"),
        (&["OPENAI_API_KEY", "ANTHROPIC_API_KEY"], "anthropic/claude-sonnet-4-5", "ANTHROPIC_API_KEY"),
    ] {
        let machine = Machine::new(&[]).with_ollama(&ollama.address().to_string());
        let machine = keys.iter().fold(machine, |machine, key| machine.with_key(key));
        let doctor = machine.doctor();
        check(&doctor, "model", "ok", &format!("{model} (key found in {variable})"), "");
        check(&doctor, "local ollama", "ok", "bench-model", "");
        assert!(!doctor.to_string().contains("a-key-0123456789"));
    }
    assert_eq!(ollama.requests().len(), 0);
}

#[test]
fn another_machine_is_never_asked_because_a_variable_names_it() {
    let machine = Machine::new(&["ollama"]).with_ollama("models.example:11434");
    let doctor = machine.doctor();
    let told =
        "OLLAMA_HOST names http://models.example:11434, which is not asked unless your config names it too";
    check(&doctor, "OLLAMA_HOST", "warning", told, "base_url: \"http://models.example:11434\"");
    check(&doctor, "local ollama", "missing", "nothing answers at http://127.0.0.1:11434", "");
    let ran = machine.ask().exits(0);
    assert!(ran.stderr.contains(told), "{ran}");
    let config = "providers: {far: {kind: ollama, base_url: \"http://127.0.0.1:9\"}}\n";
    assert_eq!(machine.with_config(config).doctor()["OLLAMA_HOST"], Value::Null, "it is configured");
}

#[test]
fn a_key_of_another_service_is_named_with_the_line_that_uses_it() {
    let machine = Machine::new(&[]).with_key("OPENROUTER_API_KEY");
    let line = "Write providers: {openrouter: {kind: openai-chat, base_url: \"https://openrouter.ai/api/v1\", \
                api_key_env: OPENROUTER_API_KEY, default_model: MODEL}} into your config.yaml.";
    check(&machine.doctor(), "OPENROUTER_API_KEY", "missing", "it is set, and no provider uses it", line);
    let ran = machine.ask().exits(0);
    assert!(ran.stderr.contains(&format!("(OPENROUTER_API_KEY is set. {line})")), "{ran}");
    let config = "providers: {router: {kind: openai-chat, base_url: \"http://127.0.0.1:9/v1\", \
                  api_key_env: OPENROUTER_API_KEY, default_model: m}}\n";
    assert_eq!(machine.with_config(config).doctor()["OPENROUTER_API_KEY"], Value::Null, "a provider uses it");
}

#[test]
fn a_scenario_that_is_not_there_is_told_with_the_line_that_names_it() {
    let config = "default_model: play/m\nproviders:\n  play: {kind: offline, scenario: nowhere.yaml}\n";
    let machine = Machine::new(&[]).with_config(config);
    let wrong = "config.yaml:3: ";
    let fix = "Correct providers.play.scenario, or the file that it names.";
    let doctor = machine.doctor();
    check(&doctor, "scenario of play", "broken", wrong, fix);
    check(&doctor, "scenario of play", "broken", "nowhere.yaml: No such file", fix);
}

#[test]
fn a_server_here_for_which_a_key_was_put_away_may_cost_something() {
    let config = "providers: {proxy: {kind: openai-chat, base_url: \"http://127.0.0.1:9/v1\", default_model: m}}\n\
                  budgets: {day: {usd: 1}}\n";
    let machine = Machine::new(&[]).with_config(config);
    check(&machine.doctor(), "model", "ok", "proxy/m (providers.proxy in the config)", "");
    let set = ["auth", "set", "proxy", "--in", "file"];
    let _ = machine.workspace.run_with_input(&set, "a-key-0123456789").exits(0);
    let detail = "nobody knows what proxy/m costs; set providers.proxy.models.m.price";
    check(&machine.doctor(), "model", "missing", detail, "");
}

#[test]
fn whoever_has_no_key_is_not_said_to_answer() {
    let config = "default_model: near/m\nfallback: [far/m]\nproviders:\n  \
                  near: {kind: openai-chat, base_url: \"http://127.0.0.1:9/v1\", api_key_env: NO_KEY}\n  \
                  far: {kind: openai-chat, base_url: \"http://127.0.0.1:9/v1\"}\n";
    let machine = Machine::new(&[]).with_config(config);
    let shown = machine.workspace.run(&["models", "explain"]).exits(0).stdout;
    assert!(shown.contains("passed over: near/m") && shown.contains("answers: far/m"), "{shown}");
    let listed = machine.workspace.run(&["models", "--offline"]).exits(0).stdout;
    let usual = "unless you name one: far/m (fallback of the config: far/m)\n  near/m is passed over: ";
    assert!(listed.contains(usual), "{listed}");
    check(&machine.doctor(), "model near/m", "warning", "it is passed over: ", "");
}

#[test]
fn a_key_that_goes_in_clear_text_is_told_before_it_goes() {
    let config = |scheme: &str| {
        let address = format!("{scheme}://models.example/v1");
        format!(
            "providers: {{far: {{kind: openai-chat, base_url: \"{address}\", api_key_env: FAR_KEY, default_model: m}}}}\n"
        )
    };
    for (scheme, state, detail, explained) in [
        (
            "http",
            "warning",
            "from the environment: FAR_KEY; it goes to http://models.example in clear text",
            "key from FAR_KEY, which goes there in clear text",
        ),
        ("https", "ok", "from the environment: FAR_KEY", "key from FAR_KEY\n"),
    ] {
        let machine = Machine::new(&[]).with_key("FAR_KEY").with_config(&config(scheme));
        check(&machine.doctor(), "key of far", state, detail, "");
        let shown = machine.workspace.run(&["models", "explain"]).exits(0).stdout;
        assert!(shown.contains(explained), "{shown}");
    }
}

#[test]
fn a_model_that_cannot_be_asked_is_not_called_fine() {
    let here =
        "providers:\n  box: {kind: openai-chat, base_url: \"http://127.0.0.1:9/v1\", default_model: m}\n";
    let keyed = here.replace("default_model", "api_key_env: NO_KEY, default_model");
    let paid = here.replace("127.0.0.1:9", "models.example");
    let limited = format!("{paid}budgets: {{day: {{usd: 1}}}}\n");
    let on = "completion: {enabled: true, model: box/m}\n";
    let no_key = "no key for provider 'box': the environment variable NO_KEY is not set";
    let no_price = "nobody knows what box/m costs; set providers.box.models.m.price";
    for (config, name, state, detail, fix) in [
        (here.to_owned(), "model", "ok", "box/m", ""),
        (paid.clone(), "model", "ok", "box/m", ""),
        (keyed.clone(), "model", "missing", no_key, "copydesk auth set box"),
        (limited.clone(), "model", "missing", no_price, ""),
        (format!("{here}{on}"), "completion", "ok", "on: box/m", ""),
        (format!("{keyed}{on}"), "completion", "warning", no_key, "copydesk auth set box"),
        (format!("{limited}{on}"), "completion", "warning", no_price, ""),
        (
            format!("{here}completion: {{model: den/m}}\n"),
            "completion",
            "warning",
            "no provider serves 'den/m'",
            "",
        ),
        (
            format!("{paid}completion: {{model: box/m}}\n"),
            "completion",
            "ok",
            "may cost something",
            "completion.enabled",
        ),
        (here.to_owned(), "completion", "ok", "off: no model is named for it", ""),
    ] {
        check(&Machine::new(&[]).with_config(&config).doctor(), name, state, detail, fix);
    }
}
