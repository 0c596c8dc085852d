//! Budgets: what a run and a day may use up, counted before a request leaves.

use std::process::Stdio;

use copydesk_tests::model_server::{End, Format, Gate, ModelServer, Reply};
use copydesk_tests::scene::KEY;
use copydesk_tests::workspace::{Ran, Workspace};

use serde_json::{Value, json};

use crate::COPYDESK;

/// A server on this machine that bills: 100 dollars for a million tokens sent, 400 for as many received.
fn billed(model: &ModelServer, budgets: &str) -> Workspace {
    known(model, "", budgets)
}

/// The same, with more that is known of the model.
fn known(model: &ModelServer, facts: &str, budgets: &str) -> Workspace {
    let config = format!(
        "default_model: bench/m\nproviders:\n  bench:\n    kind: {}\n    base_url: \"{}\"\n    api_key_env: BENCH_KEY\n    \
         models: {{m: {{{facts}price: {{input: 100, output: 400}}}}}}\nbudgets: {budgets}\n",
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
        let workspace = billed(&model, "{day: {usd: 1.15}}");
        let first = ask(&workspace).exits(0).json();
        assert_eq!(first["usage"]["usd"], 0.6, "{first}");
        // 55 cents are left, of which the answer may take what the question leaves.
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
fn limits_that_were_lost_to_a_slip_stop_runs_and_are_errors() {
    for (text, key) in [
        ("Budgets: {run: {requests: 1}}", "Budgets"),
        ("budget: {run: {requests: 1}}", "budget"),
        ("budgets.run.usd: 0.001", "budgets.run.usd"),
        ("budgets:", "budgets"),
        ("budgets: []", "budgets"),
        ("budgets: {session: }", "budgets.session"),
        ("budgets: {run: [0.001]}", "budgets.run"),
        ("budgets: {sesion: {requests: 1}}", "budgets.sesion"),
        ("budgets: {session: {request: 1}}", "budgets.session.request"),
        ("budgets: {run: {\"usd \": 0.001}}", "budgets.run.usd "),
        ("budgets: {run: {requests: 1e0}}", "budgets.run.requests"),
        ("budgets: {run: {tokens: 99999999999999999999999}}", "budgets.run.tokens"),
    ] {
        let model = ModelServer::start(Format::OpenaiChat, [Reply::text("Hello.")]);
        let config = format!(
            "default_model: bench/m\nproviders: {{bench: {{kind: openai-chat, base_url: \"{}\"}}}}\n{text}\n",
            model.base_url(),
        );
        let workspace = Workspace::new(COPYDESK).with_user_config(&config);
        let told = workspace.run(&["ask", "say something"]);
        assert_ne!(told.code, Some(0), "{text}");
        assert!(
            told.stderr.contains("config.yaml:3: ") && told.stderr.contains(&format!("'{key}'")),
            "{text}: {}",
            told.stderr
        );
        assert_eq!(model.requests().len(), 0, "{text}: nothing left this machine");
    }
}

#[test]
fn numbers_of_models_with_a_mistake_stop_runs_and_are_errors() {
    for (of_provider, more, key) in [
        ("models: {m: {output_limit: 0}}", "", "providers.bench.models.m.output_limit"),
        ("models: {m: {output_limit: .inf}}", "", "providers.bench.models.m.output_limit"),
        ("models: {m: {context_window: -1}}", "", "providers.bench.models.m.context_window"),
        ("modles: {m: {price: {input: 1, output: 1}}}", "", "providers.bench.modles"),
        ("concurrency: 0", "", "providers.bench.concurrency"),
        ("timeouts: {idle: 0}", "", "providers.bench.timeouts.idle"),
        ("timeouts: {idel: 5}", "", "providers.bench.timeouts.idel"),
        ("key: {command: 'echo x', timeout: 0s}", "", "providers.bench.key.timeout"),
        ("models: {}", "models: {cache: {enabled: true, ttl: -1}}", "models.cache.ttl"),
        ("price: {input: 1, output: 1}", "", "providers.bench.price"),
        ("base_ulr: \"http://127.0.0.1:1/v1\"", "", "providers.bench.base_ulr"),
        ("api_key_env: $KEY", "", "providers.bench.api_key_env"),
        ("key: sk-proj-0123456789abcdef", "", "providers.bench.key"),
        ("key: {}", "", "providers.bench.key"),
        ("key: {{KEY}}", "", "providers.bench.key"),
        ("key: {command: [op, read, x]}", "", "providers.bench.key.command"),
        ("models: {}", "models: {cache: {enabled: true, megabytes: -1}}", "models.cache.megabytes"),
        ("models: {}", "modles: {strict: true}", "modles"),
        ("models: {}", "models: {strict: maybe}", "models.strict"),
    ] {
        let model = ModelServer::start(Format::OpenaiChat, [Reply::text("Hello.")]);
        let line = if more.is_empty() { 2 } else { 3 };
        let config = format!(
            "default_model: bench/m\nproviders: {{bench: {{kind: openai-chat, base_url: \"{}\", {of_provider}}}}}\n{more}\n",
            model.base_url(),
        );
        let told = Workspace::new(COPYDESK).with_user_config(&config).run(&["ask", "say something"]);
        let is_told = told.stderr.contains(&format!("config.yaml:{line}: '{key}' "));
        assert!(told.code != Some(0) && is_told, "{of_provider} {more}: {told}");
        assert_eq!(model.requests().len(), 0, "{of_provider} {more}: nothing left this machine");
        let checked =
            Workspace::new(COPYDESK).with([(".copydesk/config.yaml", config.as_str())]).run(&["check"]);
        let is_marked = checked.stdout.lines().any(|found| {
            found.starts_with(&format!(".copydesk/config.yaml:{line}:")) && found.contains(": error[")
        });
        assert!(checked.code == Some(1) && is_marked, "{of_provider} {more}: {checked}");
    }
}

#[test]
fn a_table_of_numbers_is_not_taken_for_prose() {
    // 12 000 bytes that are some 9 000 tokens to most models: 90 cents, where a quarter of the bytes would be 30.
    let table = "3.14159 2.71828 1.41421\n".repeat(500);
    for (limit, asked) in [("0.90", 0), ("2.50", 1)] {
        let model = ModelServer::start(Format::Anthropic, [Reply::text("Hello.").usage(11_000, 10)]);
        let workspace =
            billed(&model, &format!("{{run: {{usd: {limit}}}}}")).with([("t.txt", table.as_str())]);
        let ran = workspace.run(&["ask", "--json", "--file", "t.txt", "which is the largest?"]);
        let report = ran.json();
        let error = report["error"].as_str().unwrap_or_default();
        assert_eq!(error.contains("the next request may cost more than the rest"), asked == 0, "{report}");
        assert_eq!(model.requests().len(), asked, "{limit}");
    }
}

#[test]
fn a_server_that_counts_next_to_nothing_does_not_get_past_a_limit() {
    for format in Format::BOTH {
        let look = |at: usize| Reply::tool("read", &json!({"path": format!("{at}.py")})).usage(1, 5);
        let model = ModelServer::start(format, (0..30).map(look));
        let workspace = billed(&model, "{run: {tokens: 15000}}");
        let report = ask(&workspace).exits(1).json();
        let error = report["error"].as_str().unwrap_or_default();
        assert!(error.contains("budgets.run.tokens"), "{report}");
        assert_eq!(report["usage"]["estimated"], true, "{report}");
        assert!(model.requests().len() < 16, "{}", model.requests().len());
    }
}

#[test]
fn a_price_with_a_mistake_is_no_price() {
    for facts in [
        "models: {m: {price: {input: 0, output: 0, cached_input: -5}}}",
        "models: {m: {price: {input: 0, output: 0, cache_input: 3}}}",
        "models: {m: {price: [1, 2]}}",
        "models: {m: {prices: {input: 1, output: 1}}}",
    ] {
        let model = ModelServer::start(Format::OpenaiChat, [Reply::text("Hello.")]);
        let config = format!(
            "default_model: bench/m\nproviders:\n  bench: {{kind: openai-chat, base_url: \"{}\", {facts}}}\n\
             budgets: {{run: {{usd: 1000}}}}\n",
            model.base_url(),
        );
        let workspace = Workspace::new(COPYDESK).with_user_config(&config);
        let report = ask(&workspace).exits(1).json();
        let error = report["error"].as_str().unwrap_or_default();
        assert!(
            error.contains("nobody knows what bench/m costs") && error.contains("config.yaml:3: "),
            "{report}"
        );
        assert_eq!(model.requests().len(), 0, "{facts}: nothing left this machine");
    }
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

#[test]
fn a_turn_has_a_budget_and_the_next_one_its_own() {
    for (budget, words) in [
        ("requests: 2", "this turn has used its 2 requests (budgets.turn.requests)"),
        ("tokens: 6500", "this turn has used 6000 of 6500 tokens, the next request may need"),
        ("usd: 1.25", "this turn has cost $1.20 of $1.25"),
        ("minutes: 0.000001", "this turn has used its time (budgets.turn.minutes)"),
    ] {
        let look = || Reply::tool("read", &json!({"path": "a.py"})).usage(2_000, 1_000);
        let model = ModelServer::start(Format::Anthropic, [look(), look(), Reply::text("Hello.")]);
        let workspace = billed(&model, &format!("{{turn: {{{budget}}}}}"));
        let report = ask(&workspace).exits(1).json();
        let error = report["error"].as_str().unwrap_or_default();
        assert!(error.contains(words), "{budget}: {report}");
        let asked = if budget.starts_with("minutes") { 0 } else { 2 };
        assert_eq!(model.asked(), asked, "{budget}: nothing more left this machine");
        if asked > 0 {
            let _ = workspace.run(&["ask", "--continue", "and now?"]).exits(0);
        }
    }
}

#[test]
fn half_and_four_fifths_of_a_conversation_are_told_once_each() {
    let model = ModelServer::start(Format::OpenaiChat, (0..5).map(|_| Reply::text("Hello.")));
    let workspace = billed(&model, "{session: {requests: 5}}");
    let first = ask(&workspace).exits(0).json();
    let session = first["session_id"].as_str().unwrap_or_default();
    for _ in 0..4 {
        let _ = workspace.run(&["ask", "--session", session, "go on"]).exits(0);
    }
    let records = workspace.run(&["sessions", "export", session, "--json"]).exits(0).stdout;
    for mark in [
        "more than 50 % of its budget: 3 of 5 requests (budgets.session.requests)",
        "more than 80 % of its budget: 4 of 5 requests (budgets.session.requests)",
    ] {
        assert_eq!(records.matches(mark).count(), 1, "{mark}: {records}");
    }
    let over = workspace.run(&["ask", "--json", "--session", session, "go on"]).exits(1).json();
    let error = over["error"].as_str().unwrap_or_default();
    assert!(error.contains("this conversation has used its 5 requests"), "{over}");
}

#[test]
fn what_a_run_used_that_was_killed_counts() {
    let gate = Gate::new();
    let read = Reply::tool("read", &json!({"path": "a.py"})).usage(2_000, 1_000);
    let model = ModelServer::start(Format::Anthropic, vec![read, Reply::text("Never.").hold(&gate)]);
    let workspace = billed(&model, "{session: {requests: 2}, day: {requests: 2}}");
    let mut killed = workspace.command(&["ask", "--json", "look around"]);
    let mut killed = killed.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    model.wait_request(1);
    killed.kill().expect("it is killed");
    killed.wait().expect("it has ended");
    gate.open();
    for (arguments, budget) in [
        (["ask", "--json", "--continue", "go on"].as_slice(), "this conversation has used its 2 requests"),
        (&["ask", "--json", "something else"], "this day has used its 2 requests"),
    ] {
        let report = workspace.run(arguments).exits(1).json();
        let error = report["error"].as_str().unwrap_or_default();
        assert!(error.contains(budget), "{report}");
    }
    assert_eq!(model.requests().len(), 2, "nothing left this machine");
    let listed = workspace.run(&["sessions", "--json"]).exits(0).json();
    let sessions = listed["sessions"].as_array().into_iter().flatten();
    let ids = sessions.filter_map(|one| one["session"].as_str());
    let shown = ids.map(|id| workspace.run(&["sessions", "show", id, "--json"]).exits(0).json());
    let used: Vec<Value> = shown.map(|shown| shown["usage"].clone()).collect();
    // One that was answered, and one that nobody knows more of than the most that it may cost.
    let both = used.iter().find(|usage| usage["requests"] == 2).expect("the conversation that was killed");
    assert_eq!(both["estimated"], true, "{both}");
    assert!(both["input_tokens"].as_u64() > Some(2_000) && both["usd"].as_f64() > Some(0.6), "{both}");
}

/// Where a request has the answer cut.
fn cut(format: Format, body: &Value) -> Option<u64> {
    let limit = match format {
        Format::OpenaiResponses => &body["max_output_tokens"],
        Format::Azure => &body["max_completion_tokens"],
        Format::Ollama => &body["options"]["num_predict"],
        _ => &body["max_tokens"],
    };
    limit.as_u64()
}

#[test]
fn every_try_is_counted_before_it_leaves() {
    let trouble = || (0..3).map(|_| Reply::status(500, "oops"));
    for (budgets, asked) in [("{run: {requests: 1}}", 1), ("{day: {requests: 2}}", 2), ("{}", 3)] {
        let model = ModelServer::start(Format::OpenaiChat, trouble());
        let report = ask(&billed(&model, budgets)).exits(1).json();
        assert_eq!(model.requests().len(), asked, "{budgets}: {report}");
        let error = report["error"].as_str().unwrap_or_default();
        let is_named = error.contains("requests (budgets.") && error.contains("the last try failed");
        assert!(error.contains("status 500") && is_named == (asked < 3), "{report}");
    }
}

#[test]
fn a_try_that_broke_is_paid_for_as_far_as_it_came() {
    for format in Format::ALL {
        let broken = Reply::text(&"x".repeat(40_000)).end(End::Early);
        let model = ModelServer::start(format, [broken.clone(), Reply::text("Hello.").usage(700, 10)]);
        let report = ask(&billed(&model, "{run: {tokens: 100000}}")).exits(0).json();
        let usage = &report["usage"];
        assert_eq!(
            (&usage["requests"], &usage["estimated"]),
            (&json!(2), &json!(true)),
            "{format:?}: {report}"
        );
        // A token for each two letters of a row, no more than it was told to write, and what the second one says.
        assert_eq!(usage["output_tokens"], 16_394, "{format:?}: {report}");
        // What it took is gone: the rest is too little for another one.
        let model = ModelServer::start(format, [broken, Reply::text("Hello.")]);
        let report = ask(&billed(&model, "{run: {tokens: 10600}}")).exits(1).json();
        assert_eq!(model.requests().len(), 1, "{format:?}: {report}");
        assert!(
            report["error"].as_str().is_some_and(|error| error.contains("budgets.run.tokens")),
            "{report}"
        );
    }
}

#[test]
fn a_budget_cuts_every_answer_of_a_model_that_nobody_knows() {
    for format in Format::ALL {
        for (budgets, expect) in [
            ("{run: {tokens: 40000}}", Some(16_384)),
            ("{day: {usd: 100}}", Some(16_384)),
            ("{day: {requests: 9}}", None),
        ] {
            let model = ModelServer::start(format, [Reply::text("Hello.")]);
            let _ = ask(&billed(&model, budgets)).exits(0);
            let body = model.wait_request(0).body;
            let expect = expect.or((format == Format::Anthropic).then_some(16_384));
            assert_eq!(cut(format, &body), expect, "{format:?} {budgets}");
        }
    }
}

#[test]
fn a_budget_cuts_answers_also_where_the_longest_one_is_known() {
    for format in Format::ALL {
        for (budgets, expect) in [
            ("{run: {tokens: 40000}}", Some(2_000)),
            ("{day: {usd: 100}}", Some(2_000)),
            ("{day: {requests: 9}}", None),
        ] {
            let model = ModelServer::start(format, [Reply::text("Hello.")]);
            let _ = ask(&known(&model, "output_limit: 2000, ", budgets)).exits(0);
            let body = model.wait_request(0).body;
            let expect = expect.or((format == Format::Anthropic).then_some(2_000));
            assert_eq!(cut(format, &body), expect, "{format:?} {budgets}");
        }
    }
}

#[test]
fn cached_tokens_that_cannot_be_are_not_paid_for() {
    let usage = json!({
        "prompt_tokens": 1000, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": 900_000_000},
    });
    let chunk =
        json!({"choices": [{"delta": {"content": "Hello."}, "finish_reason": "stop"}], "usage": usage});
    let reply = Reply::stream(format!("data: {chunk}\n\ndata: [DONE]\n\n"));
    let model = ModelServer::start(Format::OpenaiChat, [reply]);
    let report = ask(&billed(&model, "{day: {usd: 5}}")).exits(0).json();
    let usage = &report["usage"];
    assert_eq!((&usage["estimated"], &usage["output_tokens"]), (&json!(true), &json!(100)), "{report}");
    assert!(usage["usd"].as_f64().is_some_and(|usd| usd < 1.0), "{report}");
}

#[test]
fn sums_by_model_and_by_action_are_what_providers_reported_broken_tries_included() {
    // Azure asks each model at an address of its own.
    for format in Format::ALL.into_iter().filter(|format| *format != Format::Azure) {
        let lost = Reply::text("half an ans").usage(300, 30).end(End::Early);
        let model = ModelServer::start(
            format,
            [
                lost,
                Reply::text("Hello.").usage(700, 10),
                Reply::text("It doubles.").usage(40, 5),
                Reply::text("Again.").usage(60, 6),
            ],
        );
        let workspace = billed(&model, "{}");
        let first = ask(&workspace).exits(0).json();
        let session = first["session_id"].as_str().unwrap_or_default().to_owned();
        let goes_on = |more: &[&str]| {
            let arguments = [&["ask", "--json", "--session", &session][..], more].concat();
            workspace.run(&arguments).exits(0).json()
        };
        let second = goes_on(&["--action", "explain", "--file", "a.py"]);
        let third = goes_on(&["--model", "bench/other", "and?"]);
        let shown = workspace.run(&["sessions", "show", &session, "--json"]).exits(0).json();
        let count = |usage: &Value, part: &str| usage[part].as_u64().unwrap_or_default();
        for part in ["input_tokens", "output_tokens", "requests"] {
            let of = |value: &Value| -> u64 {
                value.as_object().into_iter().flatten().map(|(_, usage)| count(usage, part)).sum()
            };
            let all = count(&shown["usage"], part);
            let runs: u64 = [&first, &second, &third].iter().map(|run| count(&run["usage"], part)).sum();
            assert_eq!(
                (of(&shown["models"]), of(&shown["agents"]), runs),
                (all, all, all),
                "{format:?} {part}: {shown}"
            );
        }
        assert_eq!(shown["models"]["bench/other"]["input_tokens"], 60, "{format:?}: {shown}");
        assert_eq!(shown["agents"]["explain"]["output_tokens"], 5, "{format:?}: {shown}");
        assert_eq!(shown["models"]["bench/m"]["requests"], 3, "the broken one counts: {shown}");
    }
}
