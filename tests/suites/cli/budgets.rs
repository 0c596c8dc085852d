//! Budgets: what a run and a day may use up, counted before a request leaves.

use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::scene::KEY;
use copydesk_tests::workspace::{Ran, Workspace};

use crate::COPYDESK;

/// A server on this machine that bills: 100 dollars for a million tokens sent, 400 for as many received.
fn billed(model: &ModelServer, budgets: &str) -> Workspace {
    let config = format!(
        "default_model: bench/m\nproviders:\n  bench:\n    kind: {}\n    base_url: \"{}\"\n    api_key_env: BENCH_KEY\n    \
         models: {{m: {{price: {{input: 100, output: 400}}}}}}\nbudgets: {budgets}\n",
        model.format().kind(),
        model.base_url(),
    );
    Workspace::new(COPYDESK)
        .with([("a.py", "x = 1\n")])
        .with_user_config(&config)
        .with_variable("BENCH_KEY", KEY)
}

fn ask(workspace: &Workspace) -> Ran {
    workspace.run(&["ask", "--json", "say something"])
}

#[test]
fn a_day_is_counted_across_runs_and_ends_them_before_the_request() {
    for format in Format::BOTH {
        let model = ModelServer::start(format, (0..2).map(|_| Reply::text("Hello.").usage(2_000, 1_000)));
        // A run costs 20 cents for what it sends and 40 for what it gets.
        let workspace = billed(&model, "{day: {usd: 1.0}}");
        let first = ask(&workspace).exits(0).json();
        assert_eq!(first["usage"]["usd"], 0.6, "{first}");
        // Forty cents are left, of which the answer may take what the question leaves.
        let _ = ask(&workspace).exits(0);
        let limit = |at: usize| {
            let body = model.wait_request(at).body;
            body["max_tokens"].as_u64().unwrap_or(u64::MAX)
        };
        assert!((256..1_000).contains(&limit(1)), "{}", limit(1));
        let third = ask(&workspace).exits(1).json();
        assert_eq!(third["status"], "failed", "{third}");
        let error = third["error"].as_str().unwrap_or_default();
        assert!(error.contains("$1.20") && error.contains("budgets.day.usd"), "{third}");
        assert_eq!(model.requests().len(), 2, "nothing left this machine");
    }
}

#[test]
fn a_run_that_would_pass_its_tokens_is_stopped_and_told() {
    let model = ModelServer::start(Format::Anthropic, [Reply::text("Hello.")]);
    let report = ask(&billed(&model, "{run: {tokens: 300}}")).exits(1).json();
    assert!(report["error"].as_str().is_some_and(|error| error.contains("budgets.run.tokens")), "{report}");
    assert_eq!(model.requests().len(), 0);
}

#[test]
fn dollars_limit_nothing_whose_price_nobody_knows() {
    let model = ModelServer::start(Format::OpenaiChat, [Reply::text("Hello.")]);
    // Another name of this machine, which a bill could come from.
    let config = format!(
        "default_model: far/m\nproviders: {{far: {{kind: openai-chat, base_url: \"http://0.0.0.0:{}/v1\"}}}}\n\
         budgets: {{run: {{usd: 1}}}}\n",
        model.address().port(),
    );
    let workspace = Workspace::new(COPYDESK).with([("a.py", "x = 1\n")]).with_user_config(&config);
    let report = ask(&workspace).exits(1).json();
    assert!(
        report["error"].as_str().is_some_and(|error| error.contains("providers.far.models.m.price")),
        "{report}"
    );
    assert_eq!(model.requests().len(), 0);
}

#[test]
fn a_conversation_is_counted_across_its_turns_and_summed() {
    for format in Format::BOTH {
        let model = ModelServer::start(format, (0..3).map(|_| Reply::text("Hello.").usage(2_000, 1_000)));
        let workspace = billed(&model, "{session: {tokens: 8000}}");
        let first = ask(&workspace).exits(0).json();
        let session = first["session_id"].as_str().unwrap_or_default().to_owned();
        let goes_on = ["ask", "--json", "--session", &session, "say more"];
        let _ = workspace.run(&goes_on).exits(0);
        let third = workspace.run(&goes_on).exits(1).json();
        let error = third["error"].as_str().unwrap_or_default();
        assert!(
            error.contains("this conversation has used 6000 of 8000 tokens")
                && error.contains("budgets.session.tokens"),
            "{third}"
        );
        assert_eq!(model.requests().len(), 2, "nothing left this machine");
        let shown = workspace.run(&["sessions", "show", &session, "--json"]).exits(0).json();
        let sum =
            serde_json::json!({"input_tokens": 4_000, "output_tokens": 2_000, "requests": 2, "usd": 1.2});
        assert_eq!(shown["usage"], sum, "{shown}");
        assert_eq!(shown["models"]["bench/m"]["input_tokens"], 4_000, "{shown}");
        let said = workspace.run(&["sessions", "show", &session]).exits(0).stdout;
        assert!(said.contains("All together: 4000 tokens in, 2000 out, 2 requests, $1.2000"), "{said}");
        // Another conversation has a budget of its own.
        let _ = ask(&workspace).exits(0);
    }
}
