//! Helpers: runs that a run starts. What they know, what they cost, where they end.

use copydesk_tests::model_server::{Gate, Reply};
use copydesk_tests::personality;
use copydesk_tests::scene::{FILE, Scene, TEXT, done, first_words, results};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::{helper, model, own, tools, workspace};

/// Two helpers at once, each with a look and a word.
fn two() -> Reply {
    Reply::empty().call("agent", &helper("count alpha", false)).call("agent", &helper("count beta", false))
}

#[test]
fn helpers_work_side_by_side_with_a_context_of_their_own_and_hand_back_a_summary() {
    let gate = Gate::new();
    let look = |task: &str| Reply::tool("read", &json!({"path": FILE})).when(task).hold(&gate).usage(100, 10);
    let say = |task: &str, text: &str| Reply::text(text).when(task).usage(200, 20);
    let model = model(vec![
        two().usage(1000, 1),
        look("count alpha"),
        look("count beta"),
        say("count alpha", "alpha: 2"),
        say("count beta", "beta: 3"),
        done().usage(2000, 2),
    ]);
    let workspace = workspace(&model, "{}", "");
    let ran = std::thread::scope(|scope| {
        let ran = scope.spawn(|| workspace.run(&["ask", "--json", "count all of it"]));
        // Both are under way before one of them has an answer.
        let (one, other) = (model.wait_request(1), model.wait_request(2));
        for request in [&one, &other] {
            let words = first_words(&request.body);
            assert!(words.contains("count alpha") != words.contains("count beta"), "{words}");
            assert!(!request.text().contains("count all of it"), "it has a context of its own");
            let tools = tools(&request.body);
            assert!(
                !tools.iter().any(|tool| ["agent", "edit", "write", "bash"].contains(&tool.as_str())),
                "{tools:?}"
            );
        }
        gate.open();
        ran.join().expect("it ran")
    });
    let report = ran.exits(0).json();
    let told = results(&model.wait_request(5).body);
    assert_eq!(told, ["helper says:\nalpha: 2", "helper says:\nbeta: 3"], "in the order of the calls");
    assert!(!model.wait_request(5).text().contains("def double"), "what they read stays theirs");
    // Every token of the tree is in the sum, once.
    let usage = json!({"input_tokens": 3600, "output_tokens": 63, "requests": 6});
    for key in ["input_tokens", "output_tokens", "requests"] {
        assert_eq!(report["usage"][key], usage[key], "{report}");
    }
    // It is one turn of one conversation.
    let sessions = workspace.run(&["sessions", "--json"]).exits(0).json();
    assert_eq!(sessions["sessions"].as_array().map(Vec::len), Some(1), "{sessions}");
    assert_eq!(sessions["sessions"][0]["turns"], 1, "{sessions}");
    let shown = sums(&workspace);
    for (who, tokens) in [("ask", 3000), ("helper", 600)] {
        assert_eq!(shown["agents"][who]["input_tokens"], tokens, "{who}: {shown}");
    }
    assert_eq!(shown["models"]["bench/bench-model"]["input_tokens"], 3600, "{shown}");
    // What each of them was asked, said and cost.
    let id = report["session_id"].as_str().unwrap_or_default();
    let shown = workspace.run(&["sessions", "show", id, "--helpers"]).exits(0).stdout;
    for words in ["> count alpha\n  · read calc.py\nalpha: 2\n", "> count beta\n", "300 tokens in, 30 out"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let shown = workspace.run(&["sessions", "show", id, "--helpers", "--json"]).exits(0).json();
    assert_eq!(shown["helpers"][1]["answer"].as_array().map(Vec::len), Some(2), "{shown}");
}

/// What the one conversation there is has used.
fn sums(workspace: &Workspace) -> Value {
    let sessions = workspace.run(&["sessions", "--json"]).exits(0).json();
    let id = sessions["sessions"][0]["session"].as_str().unwrap_or_default();
    workspace.run(&["sessions", "show", id, "--json"]).exits(0).json()
}

#[test]
fn a_helper_calls_no_helper_and_there_is_a_cap() {
    let many = (0..17).fold(Reply::empty(), |reply, number| {
        reply.call("agent", &helper(&format!("part-{number}."), false))
    });
    let mut script = vec![many];
    script.extend((0..15).map(|number| Reply::text("ok").when(&format!("part-{number}."))));
    script.push(Reply::tool("agent", &helper("more", false)).when("part-15."));
    script.push(Reply::text("alone").when("part-15."));
    script.push(done());
    let model = model(script);
    let workspace = workspace(&model, "{}", "");
    let _ = workspace.run(&["ask", "--json", "go"]).exits(0);
    let last = model.requests().into_iter().last().expect("there are requests");
    let told = results(&last.body);
    assert_eq!(told.len(), 17);
    assert_eq!(told[15], "helper says:\nalone");
    assert!(told[16].contains("16 helpers at most"), "{}", told[16]);
    let refused = model.requests().iter().any(|request| request.text().contains("there is no tool 'agent'"));
    assert!(refused, "a helper that asks for a helper is refused");
}

#[test]
fn a_helper_without_a_task_is_not_started() {
    let call = |task: &str| Reply::tool("agent", &json!({"task": task}));
    let model = model(vec![call(""), call(" \n"), done()]);
    let workspace = workspace(&model, "{}", "");
    let _ = workspace.run(&["ask", "go"]).exits(0);
    assert_eq!(model.requests().len(), 3, "nobody else was asked");
    for request in 1..3 {
        let told = results(&model.wait_request(request).body).concat();
        assert!(told.contains("`task` is empty"), "{told}");
    }
}

#[test]
fn helpers_spend_what_is_their_parents() {
    let model = model(vec![two(), Reply::text("alpha: 2").when("count"), done()]);
    let workspace = workspace(&model, "{}", "budgets: {run: {requests: 2}}\n");
    let report = workspace.run(&["ask", "--json", "go"]).exits(1).json();
    assert_eq!(model.requests().len(), 2, "one of them and no more: {report}");
    let error = report["error"].as_str().unwrap_or_default();
    assert!(error.contains("budgets.run.requests"), "{report}");
    assert_eq!(report["usage"]["requests"], 2, "{report}");
}

#[test]
fn a_named_helper_has_its_own_model_and_its_parents_rules() {
    let call = Reply::tool("agent", &json!({"task": "run it", "name": "tester"}));
    let bash = Reply::tool("bash", &json!({"command": "cat calc.py"}));
    let model = model(vec![call, bash, Reply::text("It may not be.").when("run it"), done()]);
    let workspace = workspace(&model, "{allow: ['Bash(cat:*)']}", "");
    own(
        &workspace,
        "agents/boss.md",
        "---\nname: boss\npermissions: {deny: ['Bash(cat:*)']}\n---\nYou lead.\n",
    );
    own(
        &workspace,
        "agents/tester.md",
        "---\nname: tester\ndescription: Runs tests.\nprofile: verify-only\nmodel: bench/small\n---\nYou test.\n",
    );
    let _ = workspace.run(&["ask", "--agent", "boss", "go"]).exits(0);
    assert!(model.wait_request(0).text().contains("- tester: Runs tests."));
    let second = model.wait_request(1);
    assert_eq!(second.body["model"], "small");
    assert!(second.text().contains("You test.") && !second.text().contains("You lead."));
    let told = results(&model.wait_request(2).body).concat();
    assert!(told.contains("rule Bash(cat:*) denies it"), "{told}");
    let shown = sums(&workspace);
    for (part, name) in
        [("agents", "boss"), ("agents", "tester"), ("models", "bench/bench-model"), ("models", "bench/small")]
    {
        assert_eq!(shown[part][name]["requests"], 2, "{part} {name}: {shown}");
    }
}

#[test]
fn a_cancel_ends_every_helper_and_what_they_used_stays_used() {
    let never = Gate::new();
    let held = |task: &str| Reply::text("never").when(task).hold(&never);
    let model = model(vec![two(), held("count alpha"), held("count beta")]);
    let workspace = workspace(&model, "{}", "budgets: {session: {requests: 3}}\n");
    let mut scene = Scene::enter(personality::vs_code(), workspace, model);
    let run = scene.ask("count");
    scene.request(2);
    assert_eq!(scene.client.command("copydesk.cancel", json!({"runId": run})), Ok(json!({"canceled": true})));
    scene.client.wait("the end of three runs", |client| (client.progress_ended() >= 3).then_some(()));
    assert_eq!(scene.text(), TEXT);
    let requests = scene.model.requests();
    assert_eq!(requests.len(), 3, "nobody was asked again");
    scene.client.finish();
    assert_eq!(sums(&scene.workspace)["usage"]["requests"], 3);
    let ran = scene.workspace.run(&["ask", "--continue", "and now?"]).exits(1);
    assert!(ran.stderr.contains("budget"), "{ran}");
    assert_eq!(scene.model.requests().len(), 3, "{ran}");
}
