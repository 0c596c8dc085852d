//! `models`: what can be asked, from whom, and who would answer.

use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::scene::{KEY, done};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::COPYDESK;

fn with(format: Format, base_url: &str, more: &str) -> Workspace {
    let kind = format.kind();
    let config = format!(
        "default_model: bench/m\nproviders: {{bench: {{kind: {kind}, base_url: \"{base_url}\", api_key_env: BENCH_KEY}}}}\n{more}"
    );
    Workspace::new(COPYDESK).with_user_config(&config).with_variable("BENCH_KEY", KEY)
}

fn bench(workspace: &Workspace, flags: &[&str]) -> (Option<i32>, Value) {
    let ran = workspace.run(&[&["models", "--json", "--provider", "bench"], flags].concat());
    assert!(!ran.to_string().contains(KEY), "{ran}");
    let report = ran.json();
    assert_eq!(report["schema"], "copydesk.models/1", "{report}");
    (ran.code, report["providers"][0].clone())
}

fn ids(provider: &Value) -> Vec<&str> {
    let models = provider["models"].as_array().map(Vec::as_slice).unwrap_or_default();
    models.iter().filter_map(|model| model["ref"].as_str()).collect()
}

#[test]
fn every_wire_lists_its_models_and_the_list_is_kept() {
    for format in Format::ALL {
        let model = ModelServer::start(format, []);
        let workspace = with(format, &model.base_url(), "");
        let (code, live) = bench(&workspace, &[]);
        assert_eq!(
            (code, &live["source"], &live["error"]),
            (Some(0), &json!("live"), &Value::Null),
            "{live}"
        );
        assert_eq!(ids(&live), ["bench/bench-model"], "{format:?}: {live}");
        if format == Format::Ollama {
            // What its list does not say, it says of each.
            let known = ["context_window", "tools", "vision"].map(|part| live["models"][0][part].clone());
            assert_eq!(known, [json!(40_960), json!(true), json!(false)], "{live}");
        }
        let asked = model.list_requests();
        let sent = |name: &str| asked[0].header(name).to_owned();
        assert!(
            [sent("authorization"), sent("x-api-key"), sent("api-key")]
                .iter()
                .any(|value| value.contains(KEY)),
            "{format:?}"
        );
        // Nobody is asked, and then nobody can be.
        let before = asked.len();
        let (code, kept) = bench(&workspace, &["--offline"]);
        assert_eq!((code, &kept["source"], ids(&kept)), (Some(0), &json!("kept"), ids(&live)), "{kept}");
        assert_eq!(model.list_requests().len(), before);
        drop(model);
        let (code, gone) = bench(&workspace, &[]);
        assert_eq!((code, &gone["source"], ids(&gone)), (Some(1), &json!("kept"), ids(&live)), "{gone}");
        assert!(gone["error"].as_str().is_some_and(|error| error.contains("cannot reach")), "{gone}");
    }
}

#[test]
fn a_list_that_says_the_key_is_shown_and_kept_without_it() {
    let model = ModelServer::start(Format::OpenaiChat, []);
    model.set_list(200, json!({"data": [{"id": format!("m-{KEY}")}]}));
    let workspace = with(Format::OpenaiChat, &model.base_url(), "");
    for flags in [&[][..], &["--offline"]] {
        let (_, listed) = bench(&workspace, flags);
        assert_eq!(ids(&listed), ["bench/m-[redacted]"], "{listed}");
    }
    let kept = std::fs::read_to_string(workspace.state().join("models/lists.json")).expect("it is kept");
    assert!(kept.contains("m-[redacted]") && !kept.contains(KEY), "{kept}");
}

/// No more than 4 000 models of a list are kept.
#[test]
fn a_list_that_goes_on_says_so_in_both_forms() {
    for (count, is_cut, words) in [(4_000, true, "the first 4000 models"), (3_999, false, "3999 models")] {
        let model = ModelServer::start(Format::OpenaiChat, []);
        let models: Vec<Value> = (0..count).map(|number| json!({"id": format!("m-{number}")})).collect();
        model.set_list(200, json!({ "data": models }));
        let workspace = with(Format::OpenaiChat, &model.base_url(), "");
        let (_, listed) = bench(&workspace, &[]);
        assert_eq!((ids(&listed).len(), &listed["is_cut"]), (count, &json!(is_cut)));
        let said = workspace.run(&["models", "--offline"]).stdout;
        assert!(said.contains(words), "{}", said.lines().take(3).collect::<String>());
    }
}

#[test]
fn what_the_config_names_is_listed_too() {
    let model = ModelServer::start(Format::OpenaiChat, []);
    let config = format!(
        "default_model: bench/m\nproviders: {{bench: {{kind: openai-chat, base_url: \"{}\", models: {{small: {{context_window: 4096}}, tiny: {{}}}}}}}}\n",
        model.base_url()
    );
    let workspace = Workspace::new(COPYDESK).with_user_config(&config);
    for flags in [&[][..], &["--offline"]] {
        let (_, listed) = bench(&workspace, flags);
        assert_eq!(ids(&listed), ["bench/bench-model", "bench/small", "bench/tiny"], "{listed}");
    }
}

/// Ollama has what was fetched, and tells nobody of what is still on its way.
#[test]
fn a_model_that_was_not_pulled_says_how() {
    let missing = || Reply::status(404, "{\"error\": \"model 'qwen3' not found\"}");
    let model = ModelServer::start(Format::Ollama, [missing(), Reply::text("Hello.")]);
    let config = format!(
        "default_model: bench/qwen3\nproviders: {{bench: {{kind: ollama, base_url: \"{}\", models: {{qwen3: {{}}, bench-model: {{}}}}}}}}\n",
        model.base_url()
    );
    let workspace = Workspace::new(COPYDESK).with_user_config(&config);
    let ran = workspace.run(&["ask", "hello"]).exits(1);
    let advice = "model 'qwen3' not found. Run 'ollama pull qwen3', or wait until the pull that is under way has ended";
    assert!(ran.stderr.contains(advice), "{ran}");
    for flags in [&[][..], &["--offline"]] {
        let (_, listed) = bench(&workspace, flags);
        let pulls: Vec<(&str, &Value)> = listed["models"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| (one["id"].as_str().unwrap_or_default(), &one["pull"]))
            .collect();
        assert_eq!(
            pulls,
            [("bench-model", &Value::Null), ("qwen3", &json!("ollama pull qwen3"))],
            "{listed}"
        );
    }
    let shown = workspace.run(&["models"]).exits(0);
    assert!(shown.stdout.contains("qwen3        free, not there yet: ollama pull qwen3\n"), "{shown}");
    let explained = workspace.run(&["models", "explain"]).exits(0);
    assert!(
        explained.stdout.contains("  its server does not have it yet: ollama pull qwen3\n"),
        "{explained}"
    );
    // When it is there, nobody speaks of it any more; a name without a tag is the latest.
    model.set_list(200, json!({"models": [{"name": "qwen3:latest"}]}));
    let _ = workspace.run(&["models"]).exits(0);
    let explained = workspace.run(&["models", "explain"]).exits(0);
    assert!(!explained.stdout.contains("pull"), "{explained}");
    let _ = workspace.run(&["ask", "hello"]).exits(0);
}

#[test]
fn what_cannot_be_listed_says_why() {
    let table = [
        (
            401,
            json!({"error": {"message": "bad key"}}),
            "refused access with status 401 (the key came from BENCH_KEY): bad key",
        ),
        (404, json!({}), "does not know this address"),
        (500, json!({"error": "broken"}), "answered with status 500: broken"),
        (200, json!({"hello": 1}), "it is no list of models"),
        (200, json!({"error": "Unexpected endpoint or method. (GET /models)"}), "does not know this address"),
        (302, json!({}), "points elsewhere"),
    ];
    for (status, body, words) in table {
        for format in Format::ALL {
            let model = ModelServer::start(format, []);
            model.set_list(status, body.clone());
            let (code, seen) = bench(&with(format, &model.base_url(), ""), &[]);
            assert_eq!((code, ids(&seen).len()), (Some(1), 0), "{seen}");
            assert!(seen["error"].as_str().is_some_and(|error| error.contains(words)), "{words}: {seen}");
        }
    }
    let workspace = with(Format::OpenaiChat, "http://127.0.0.1:9/v1", "");
    // All of them: what is away is shown, and is no failure of the command.
    let ran = workspace.run(&["models"]).exits(0);
    assert!(
        ran.stdout.contains("cannot reach") && ran.stdout.contains("unless you name one: bench/m"),
        "{ran}"
    );
    let _ = workspace.run(&["models", "--provider", "nobody"]).exits(2);
}

#[test]
fn a_model_is_known_by_config_list_and_table_in_this_order() {
    let model = ModelServer::start(Format::OpenaiChat, []);
    model.set_list(
        200,
        json!({"data": [{"id": "gpt-5", "context_length": 1000, "pricing": {"prompt": "0.000002", "completion": "0.000004"}}]}),
    );

    let config = format!(
        "default_model: bench/gpt-5\nproviders:\n  bench:\n    kind: openai-chat\n    base_url: \"http://0.0.0.0:{}/v1\"\n    \
         models: {{gpt-5: {{output_limit: 77}}}}\n",
        model.address().port()
    );
    let workspace = Workspace::new(COPYDESK).with_user_config(&config);
    let (_, seen) = bench(&workspace, &[]);
    let gpt = json!({
        "id": "gpt-5", "ref": "bench/gpt-5", "loaded": null, "pull": null,
        "context_window": 1000, "output_limit": 77, "tools": true, "vision": true,
        "price": {"input": 2.0, "output": 4.0},
        "origins": {"context_window": "list", "output_limit": "config", "tools": "bundled", "vision": "bundled", "price": "list"},
    });
    assert_eq!(seen["models"], json!([gpt]));
    // What was listed is what a run reckons with.
    let explained = workspace.run(&["models", "explain"]).exits(0);
    assert!(
        explained.stdout.contains("1k window, 77 answer, $2/$4, tools, images (window, price from its provider's list; limit from the config; tools, vision from the bundled table of"),
        "{explained}"
    );
}

#[test]
fn explain_says_who_answers_why_and_who_instead() {
    let model = ModelServer::start(Format::Ollama, vec![Reply::status(503, ""); 3]);
    let other = ModelServer::start(Format::OpenaiChat, [done()]);
    let second = "fallback: [other/x, nobody/y]\nmodel_mappings: {\"qwen*\": bench}\n";
    let workspace = with(Format::Ollama, &model.base_url(), second);
    let config = std::fs::read_to_string(workspace.user_config()).expect("the bench's own file");
    let with_other = config.replace(
        "providers: {",
        &format!(
            "providers: {{other: {{kind: openai-chat, base_url: \"{}\", api_key_env: MISSING_KEY}}, ",
            other.base_url()
        ),
    );
    std::fs::write(workspace.user_config(), with_other).expect("the bench's own file");
    let explain = |name: &[&str]| {
        let ran = workspace.run(&[&["models", "explain", "--json"], name].concat()).exits(0);
        ran.json()
    };
    let report = explain(&["qwen3:8b"]);
    assert_eq!(
        (&report["requested"], &report["asked_first"]),
        (&json!("qwen3:8b"), &json!("bench/qwen3:8b"))
    );
    assert_eq!((&report["chain"], &report["strict"]), (&json!("fallback of the config"), &json!(false)));
    assert_eq!(report["broken"][0]["name"], "nobody/y", "{report}");
    let [first, second] = [&report["models"][0], &report["models"][1]];
    assert_eq!(
        (&first["why"], &first["key"], &first["health"]),
        (&json!("asked for by name: qwen3:8b"), &json!("key from BENCH_KEY"), &json!("fine")),
        "{report}"
    );
    assert_eq!(
        (&second["ref"], &second["why"], &second["key"]),
        (
            &json!("other/x"),
            &json!("fallback of the config: other/x"),
            &json!("no key yet: MISSING_KEY is not set, and none is stored")
        ),
        "{report}"
    );
    // After three tries in vain the first one is passed over, and explain says until when.
    let _ = workspace.run(&["ask", "say something"]).exits(1);
    let report = explain(&[]);
    assert_eq!(report["asked_first"], "other/x", "{report}");
    let because = report["passed_over"][0]["because"].as_str().unwrap_or_default();
    assert!(because.contains("after 3 failed tries") && because.contains("overloaded"), "{report}");
    let aloud = workspace.run(&["models", "explain"]).exits(0);
    assert!(
        aloud.stdout.contains("passed over: bench/m") && aloud.stdout.contains("answers: other/x"),
        "{aloud}"
    );
    let wrong = workspace.run(&["models", "explain", "gpt-9"]).exits(1);
    assert!(wrong.stderr.contains("no provider serves 'gpt-9'"), "{wrong}");
}

#[test]
fn a_providers_list_never_goes_along_with_a_strangers_settings() {
    let model = ModelServer::start(Format::OpenaiChat, []);
    let own = format!(
        "providers: {{bench: {{kind: openai-chat, base_url: \"{}\", api_key_env: BENCH_KEY}}}}\n",
        model.base_url()
    );
    let workspace = Workspace::new(COPYDESK)
        .with([(".copydesk/config.yaml", own.as_str())])
        .with_variable("BENCH_KEY", KEY);
    let _ = workspace.run(&["models", "--provider", "bench"]).exits(2);
    let _ = workspace.run(&["models"]).exits(0);
    assert_eq!(model.list_requests().len(), 0, "nobody asked the stranger's server");
}
