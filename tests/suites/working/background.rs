//! Commands that go on while the agent works: their output as a document that grows, read by the model, ended with the
//! run or by the person.

use copydesk_tests::client::{PATIENCE, eventually};
use copydesk_tests::model_server::{Format, Gate, ModelServer, Reply};
use copydesk_tests::scene::{FILE, KEY, Scene, TEXT, Way, config, done, in_four, results};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};
use std::time::Instant;

use crate::COPYDESK;

/// A command that says something, waits for a file, and says something else.
const WAITS: &str = "echo begun; until test -e go; do sleep 0.02; done; echo ended; sleep 600";

fn begin(command: &str) -> Reply {
    Reply::tool("bash", &json!({"command": command, "background": true}))
}

fn output(arguments: &Value) -> Reply {
    Reply::tool("output", arguments)
}

fn workspace(model: &ModelServer, permissions: &str) -> Workspace {
    Workspace::new(COPYDESK)
        .with([(FILE, TEXT)])
        .with_user_config(&config(model, permissions))
        .with_variable("BENCH_KEY", KEY)
}

#[test]
fn a_model_reads_on_and_a_run_that_ends_ends_its_commands() {
    for format in Format::BOTH {
        let gate = Gate::new();
        let wait = json!({"id": "job-1", "wait_ms": 30_000});
        let model = ModelServer::start(
            format,
            vec![
                begin(WAITS),
                output(&wait),
                output(&wait).hold(&gate),
                output(&json!({"id": "job-2"})),
                done(),
            ],
        );
        let workspace = workspace(&model, "{}");
        let arguments = ["ask", "--mode", "bypass", "--json", "watch it"];
        let ran = std::thread::scope(|scope| {
            let running = scope.spawn(|| workspace.run(&arguments));
            model.wait_request(2);
            workspace.write("go", "");
            gate.open();
            running.join().expect("it ends")
        });
        assert_eq!(ran.exits(0).json()["status"], "succeeded");
        let told =
            |number: usize| results(&model.wait_request(number).body).last().cloned().unwrap_or_default();
        assert!(told(1).starts_with("It runs in the background as job-1"), "{}", told(1));
        assert_eq!(told(2), "begun\n[running]");
        assert_eq!(told(3), "ended\n[running]");
        assert_eq!(told(4), "there is no command 'job-2'; there are: job-1");
        // The document stays, and says how it ended.
        let folder = workspace.state().join("output");
        let files: Vec<_> = std::fs::read_dir(&folder).expect("it is there").flatten().collect();
        assert_eq!(files.len(), 1);
        let text = std::fs::read_to_string(files[0].path()).expect("it can be read");
        assert_eq!(text, "begun\nended\n[stopped]\n");
        let records = workspace.run(&["sessions", "export", &newest(&workspace), "--json"]).exits(0).json();
        let ends: Vec<&Value> = records["runs"][0]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|record| record["event"]["type"] == "effect_finished")
            .map(|record| &record["event"]["note"])
            .collect();
        assert_eq!(ends, ["stopped"], "its end is on record: {records}");
        // It goes with its conversation.
        std::fs::write(folder.join("run-0000000000000000-job-1.log"), "another's\n").expect("it is written");
        let _ = workspace.run(&["sessions", "delete", &newest(&workspace), "--yes"]).exits(0);
        let left: Vec<_> = std::fs::read_dir(&folder).expect("it is there").flatten().collect();
        let left: Vec<_> = left.iter().map(std::fs::DirEntry::file_name).collect();
        assert_eq!(left, ["run-0000000000000000-job-1.log"]);
    }
}

fn newest(workspace: &Workspace) -> String {
    let listed = workspace.run(&["sessions", "--json"]).exits(0).json();
    listed["sessions"][0]["session"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_person_opens_the_output_and_stops_the_command() {
    in_four(|personality, format| {
        let gate = Gate::new();
        let look = json!({"id": "job-1", "wait_ms": 30_000});
        let model =
            ModelServer::start(format, vec![begin(WAITS), output(&look), output(&look).hold(&gate), done()]);
        let workspace = workspace(&model, "{}");
        let mut scene = Scene::enter(personality, workspace, model);
        scene.ask("watch it");
        // It is asked about as every command is.
        let way = if scene.client.personality.prompts_reach_a_person() { Way::Prompt } else { Way::Action };
        let question = scene.answer(way, "Allow once");
        assert!(question.contains("until test -e go"), "{question}");
        scene.request(2);
        let uri = scene.uri.clone();
        let range = scene.client.range_of(&uri, "def double(x):");
        let actions = scene.client.code_actions(&uri, &range, Some("source"));
        let of = |command: &str| {
            let found = actions.iter().find(|action| action["command"]["command"] == command);
            found.cloned().expect("it is offered")
        };
        let opened = scene.client.run_action(&of("copydesk.output"));
        let file =
            opened["uri"].as_str().and_then(|uri| uri.strip_prefix("file://")).expect("a file").to_owned();
        assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "begun\n");
        assert_eq!(scene.client.run_action(&of("copydesk.stop")), json!({"stopped": true}));
        let says = |end: &str| {
            let deadline = Instant::now() + PATIENCE;
            eventually(deadline, || std::fs::read_to_string(&file).ok().filter(|text| text.ends_with(end)))
        };
        assert_eq!(says("[stopped]\n").as_deref(), Some("begun\n[stopped]\n"));
        gate.open();
        assert_eq!(scene.result(3), "[stopped]");
        scene.over(3);
        scene.end();
    });
}

#[test]
fn a_model_stops_its_command_and_goes_on() {
    for format in Format::BOTH {
        let stop = output(&json!({"id": "job-1", "stop": true}));
        let model = ModelServer::start(format, vec![begin("sleep 600"), stop, done()]);
        let workspace = workspace(&model, "{}");
        let ran = workspace.run(&["ask", "--mode", "bypass", "--json", "watch it"]).exits(0).json();
        assert_eq!(ran["status"], "succeeded", "{ran}");
        assert_eq!(results(&model.wait_request(2).body).last().map(String::as_str), Some("[stopped]"));
    }
}

#[test]
fn a_command_in_the_background_is_judged_as_any_other() {
    let model = ModelServer::start(Format::Anthropic, vec![begin("git push origin main"), done()]);
    let workspace = workspace(&model, "{deny: ['Bash(git push:*)']}");
    let report = workspace.run(&["ask", "--mode", "bypass", "--json", "push it"]).exits(0).json();
    assert!(report["denied"][0]["reason"].to_string().contains("git push"), "{report}");
    assert!(!workspace.state().join("output").exists());
}
