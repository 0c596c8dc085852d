//! Pipelines: agents one behind the other, and side by side where a layer says so.

use copydesk_tests::model_server::{Gate, Reply};
use copydesk_tests::personality;
use copydesk_tests::scene::{FILE, Scene, TEXT, edit, first_words, results, triple, tripled};
use serde_json::json;

use crate::{commit, git, model, own, tools, workspace};

const PLAN: &str = ".stepper/layer/plan/index.md";
const WORK: &str = ".stepper/layer/work/index.md";

#[test]
fn a_layer_gets_the_words_and_the_summary_before_it_and_nothing_else() {
    let read = Reply::tool("read", &json!({"path": FILE}));
    let model = model(vec![read, Reply::text("Multiply by three."), triple(), Reply::text("It is three.")]);
    let workspace = workspace(&model, "{}", "pipelines: {ship: [planner, coder]}\n");
    own(
        &workspace,
        "agents/planner.md",
        "---\nname: planner\nprofile: read-only\nmodel: bench/wise\n---\nYou plan.\n",
    );
    own(&workspace, "agents/coder.md", "---\nname: coder\ntools: [read, edit]\n---\nYou code.\n");
    let report =
        workspace.run(&["ask", "--action", "ship", "--apply", "--json", "three times"]).exits(0).json();
    assert_eq!(
        (&report["text"], &report["status"]),
        (&json!("It is three."), &json!("succeeded")),
        "{report}"
    );
    let (first, third) = (model.wait_request(0), model.wait_request(2));
    assert_eq!(first.body["model"], "wise");
    assert!(first.text().contains("You plan.") && !first.text().contains("You code."));
    let words = first_words(&third.body);
    assert!(
        words.contains("three times") && words.contains("What planner handed on:\nMultiply by three."),
        "{words}"
    );
    assert!(!third.text().contains("You plan.") && !third.text().contains("What a shop"), "no transcript");
    assert_eq!(tools(&third.body), ["read", "edit"]);
    assert_eq!(workspace.read(FILE), tripled());
    let shown =
        workspace.run(&["sessions", "show", report["session_id"].as_str().unwrap_or_default()]).exits(0);
    assert!(shown.stdout.contains("It is three."), "{shown}");
    let _ = workspace.run(&["undo"]).exits(0);
    assert_eq!(workspace.read(FILE), TEXT, "its edits are one run's");
}

#[test]
fn an_editor_sees_how_far_a_pipeline_is_and_never_less_than_before() {
    let tasks = ["part one", "part two"];
    let model = model(vec![
        Reply::tool("assign_tasks", &json!({"tasks": tasks})),
        Reply::text("Planned."),
        Reply::text("One.").when(tasks[0]),
        Reply::text("Two.").when(tasks[1]),
    ]);
    let workspace = workspace(&model, "{}", "");
    workspace.write(".stepper/setting.json", "{\"step\": [\"plan\", \"work\"]}");
    workspace.write(PLAN, "---\ndescription: Plans.\ntools: {allow: [read]}\n---\nYou plan.\n");
    workspace
        .write(WORK, "---\ndescription: Works.\nparallel: true\ntools: {allow: [read]}\n---\nYou work.\n");
    let mut scene = Scene::enter(personality::vs_code(), workspace, model);
    let range = scene.client.range_of(&scene.workspace.uri(FILE), "def double(x):");
    let ask = json!({"uri": scene.workspace.uri(FILE), "range": range, "prompt": "go", "action": "stepper"});
    scene.client.command("copydesk.ask", ask).expect("it runs");
    let shown = scene.client.progress("stepper");
    assert!(shown.percent.is_sorted(), "{shown:?}");
    for percent in [0, 50, 75, 100] {
        assert!(shown.percent.contains(&percent), "{percent}: {shown:?}");
    }
    for layer in ["layer 1 of 2: plan", "layer 2 of 2: work"] {
        assert!(shown.messages.iter().any(|text| text == layer), "{layer}: {shown:?}");
    }
    // Its workers have a progress each.
    assert!(scene.client.progress("part one").ended && scene.client.progress("part two").ended);
    scene.end();
}

#[test]
fn the_answer_of_the_last_layer_is_the_answer_and_held_against_its_form() {
    let fitting = || Reply::text("{\"lines\": 3}");
    let odd = || Reply::text("three");
    let model = model(vec![Reply::text("Hello."), fitting(), odd(), fitting(), odd(), odd()]);
    let workspace = workspace(&model, "{}", "pipelines: {ship: [plan]}\n");
    workspace.write(PLAN, "---\ndescription: Plans.\n---\nYou plan.\n");
    workspace.write("form.json", "{\"type\": \"object\", \"required\": [\"lines\"]}");
    assert_eq!(workspace.run(&["ask", "--action", "ship", "go"]).exits(0).stdout, "Hello.\n");
    let form = ["ask", "--action", "ship", "--json-schema", "form.json", "go"];
    assert_eq!(workspace.run(&form).exits(0).stdout, "{\"lines\":3}\n");
    // What does not fit goes back once, with the reason and without tools.
    assert_eq!(workspace.run(&form).exits(0).stdout, "{\"lines\":3}\n");
    let again = model.wait_request(3).body.to_string();
    assert!(again.contains("three") && again.contains("it is no JSON"), "{again}");
    let ran = workspace.run(&form).exits(1);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("also when it was asked once more: it is no JSON"), "{ran}");
    assert_eq!(model.asked(), 6);
}

#[test]
fn workers_of_a_parallel_layer_do_the_tasks_that_were_left_so_many_at_a_time() {
    let gate = Gate::new();
    let tasks = ["part one", "part two", "part three"];
    let write = |number: usize| {
        Reply::tool("write", &json!({"path": format!("{number}.txt"), "content": "x\n"})).when(tasks[number])
    };
    let assign = |tasks: &[&str]| Reply::tool("assign_tasks", &json!({"tasks": tasks}));
    let mut script = vec![assign(&["part one", " "]), assign(&tasks), Reply::text("Planned.")];
    script.extend((0..3).map(|number| write(number).hold(&gate)));
    script.extend((0..3).map(|number| Reply::text("Written.").when(tasks[number])));
    let model = model(script);
    let workspace = workspace(&model, "{}", "");
    workspace.write(".stepper/setting.json", "{\"step\": [\"plan\", \"work\"]}");
    workspace.write(PLAN, "---\ndescription: Plans.\ntools: {allow: [read]}\n---\nYou plan.\n");
    workspace.write(WORK, "---\ndescription: Works.\nparallel: true\nparallel-max: 2\ntools: {allow: [write]}\n---\nYou work.\n");
    commit(&workspace);
    let ran = std::thread::scope(|scope| {
        let ran = scope.spawn(|| workspace.run(&["ask", "--action", "stepper", "--apply", "--json", "go"]));
        model.wait_request(4);
        let trees = git(&workspace, &["worktree", "list"]).lines().count();
        assert_eq!((trees, model.requests().len()), (3, 5), "two at work, and the third waits");
        gate.open();
        ran.join().expect("it ran")
    });
    let report = ran.exits(0).json();
    assert_eq!(report["text"], "Written.\n\nWritten.\n\nWritten.", "{report}");
    assert!((0..3).all(|number| workspace.exists(&format!("{number}.txt"))), "{report}");
    assert!(tools(&model.wait_request(0).body).contains(&"assign_tasks".to_owned()));
    let refused = results(&model.wait_request(1).body).concat();
    assert!(refused.starts_with("task 2 is empty"), "{refused}");
    assert_eq!(tools(&model.wait_request(3).body), ["write"]);
    assert_eq!(git(&workspace, &["worktree", "list"]).lines().count(), 1);
}

#[test]
fn an_edit_that_does_not_fit_is_named_to_the_next_layer_and_to_the_person() {
    let tasks = ["part one", "part two"];
    let gate = Gate::new();
    let change = |at: usize| {
        let new = format!("def double(x):\n    return x * {}", at + 3);
        edit("def double(x):\n    return x * 2", &new).when(tasks[at]).hold(&gate)
    };
    let model = model(vec![
        Reply::tool("assign_tasks", &json!({"tasks": tasks})),
        Reply::text("Planned."),
        change(0),
        change(1),
        Reply::text("One.").when(tasks[0]),
        Reply::text("Two.").when(tasks[1]),
        Reply::text("All is done."),
    ]);
    gate.open();
    let workspace = workspace(&model, "{}", "");
    workspace.write(".stepper/setting.json", "{\"step\": [\"plan\", \"work\", \"sum\"]}");
    workspace.write(PLAN, "---\ndescription: Plans.\n---\nYou plan.\n");
    workspace.write(WORK, "---\ndescription: Works.\nparallel: true\n---\nYou work.\n");
    workspace.write(".stepper/layer/sum/index.md", "---\ndescription: Sums up.\n---\nYou sum up.\n");
    commit(&workspace);
    let report = workspace.run(&["ask", "--action", "stepper", "--apply", "--json", "go"]).exits(1).json();
    let error = report["error"].as_str().unwrap_or_default();
    assert!(error.contains("make the edit of calc.py: the text there changed meanwhile"), "{report}");
    let words = first_words(&model.wait_request(6).body);
    assert!(words.contains("calc.py: not made: the text there changed meanwhile"), "{words}");
    let session = report["session_id"].as_str().unwrap_or_default();
    let shown = workspace.run(&["sessions", "show", session]).exits(0);
    assert!(shown.stdout.contains("calc.py"), "{shown}");
}

#[test]
fn a_layer_that_fails_stops_the_run_or_is_skipped_as_it_says() {
    for (failure, code, requests) in [("skip", 0, 3), ("stop", 1, 2)] {
        let refused = || Reply::status(400, "{}");
        let model = model(vec![refused(), refused(), Reply::text("Anyway.")]);
        let workspace = workspace(&model, "{}", "pipelines: {both: [plan, work]}\n");
        workspace.write(
            PLAN,
            &format!("---\ndescription: Plans.\non-failure: {failure}\nretries: 1\n---\nYou plan.\n"),
        );
        workspace.write(WORK, "---\ndescription: Works.\n---\nYou work.\n");
        let report = workspace.run(&["ask", "--action", "both", "--json", "go"]).exits(code).json();
        assert_eq!(model.requests().len(), requests, "{report}");
        if code == 1 {
            assert!(
                report["error"].as_str().is_some_and(|error| error.contains("the layer plan")),
                "{report}"
            );
        }
    }
}

#[test]
fn a_layer_has_no_more_steps_than_it_says_and_one_that_is_missing_is_named_before_anything_happens() {
    let read = || Reply::tool("read", &json!({"path": FILE}));
    let model = model(vec![read(), read()]);
    let pipelines = "pipelines: {one: [plan], two: [plan, nobody], none: []}\n";
    let workspace = workspace(&model, "{}", pipelines);
    workspace.write(PLAN, "---\ndescription: Plans.\nsteps: 2\n---\nYou plan.\n");
    for (name, told) in
        [("two", "there is no layer 'nobody'"), ("none", "the pipeline 'none' names no layers")]
    {
        let ran = workspace.run(&["ask", "--action", name, "go"]);
        assert_ne!(ran.code, Some(0), "{ran}");
        assert!(ran.stderr.contains(told), "{ran}");
    }
    assert_eq!(model.requests().len(), 0);
    let report = workspace.run(&["ask", "--action", "one", "--json", "go"]).exits(1).json();
    assert!(report["error"].as_str().is_some_and(|error| error.contains("the 2 steps")), "{report}");
}

#[test]
fn an_editor_offers_it_where_words_stand_beside_the_code() {
    let model = model(vec![Reply::text("Planned.")]);
    let workspace = workspace(&model, "{}", "pipelines: {ship: [plan]}\n");
    workspace.write(PLAN, "---\ndescription: Plans.\n---\nYou plan.\n");
    let mut scene = Scene::enter(personality::helix_25_07(), workspace, model);
    let uri = scene.uri.clone();
    scene.client.replace(&uri, "def twice(x):", "# ask: three times\ndef twice(x):");
    let range = scene.client.range_of(&uri, "# ask: three times");
    let actions = scene.client.code_actions(&uri, &range, Some("refactor.rewrite"));
    let found = actions
        .iter()
        .find(|action| action["title"].as_str().is_some_and(|title| title.contains("run ship: plan")));
    let found = found.cloned().unwrap_or_else(|| panic!("{actions:?}"));
    scene.client.run_action(&found);
    scene.asked += 2; // the pipeline, and its layer
    assert!(first_words(&scene.request(0).body).contains("three times"));
    scene.over(0);
    scene.end();
}
