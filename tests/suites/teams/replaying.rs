//! Whole conversations, told again from their recording: what is on record then is what was on record before, byte for
//! byte.

use copydesk_tests::model_server::{ModelServer, Reply};
use copydesk_tests::scene::{FILE, TEXT, done, triple};
use copydesk_tests::workspace::{Workspace, parting};
use serde_json::{Value, json};

use crate::{COPYDESK, commit, helper, model, workspace};

/// A conversation, and what it needs.
struct Story {
    told: &'static str,
    script: Vec<Reply>,
    settings: &'static str,
    /// Agents and layers, by their places beside the workspace.
    pages: Vec<(&'static str, &'static str)>,
    /// What is asked, turn by turn.
    turns: Vec<Vec<&'static str>>,
}

const PLANNER: (&str, &str) =
    ("../config/copydesk/agents/planner.md", "---\nname: planner\nprofile: read-only\n---\nYou plan.\n");
const CODER: (&str, &str) = (
    "../config/copydesk/agents/coder.md",
    "---\nname: coder\ntools: [read, edit]\nmodel: bench/pen\n---\nYou code.\n",
);

fn read(file: &str) -> Reply {
    Reply::tool("read", &json!({"path": file}))
}

fn stories() -> Vec<Story> {
    let story = |told, script, turns| Story { told, script, settings: "", pages: vec![], turns };
    let run = |command: &str| Reply::tool("bash", &json!({"command": command}));
    let write = |path: &str| Reply::tool("write", &json!({"path": path, "content": "x\n"}));
    let tasks = ["part one", "part two", "part two"];
    vec![
        story("one turn", vec![read(FILE), triple(), run("echo hello"), done()], vec![vec!["three times"]]),
        Story {
            settings: "context: {compaction: {tokens: 6000}}\n",
            ..story(
                "several turns, of which one is shortened",
                vec![
                    Reply::text("It doubles."),
                    read("a.py").usage(1_500, 3),
                    read("long.txt").usage(1_700, 3),
                    Reply::text("THE SUMMARY"),
                    done(),
                    triple(),
                    Reply::text("Three."),
                ],
                vec![vec!["what is it?"], vec!["read what is there"], vec!["three times"]],
            )
        },
        story(
            "helpers side by side, two of them told the same, and one that edits",
            vec![
                Reply::empty()
                    .call("agent", &helper("count alpha", false))
                    .call("agent", &helper("count alpha", false))
                    .call("agent", &helper("make it three", true)),
                read(FILE).when("count alpha"),
                read("a.py").when("count alpha"),
                triple().when("make it three"),
                Reply::text("alpha: 2").when("count alpha"),
                Reply::text("alpha: 3").when("count alpha"),
                run("pwd").when("make it three"),
                Reply::text("It is three.").when("make it three"),
                done(),
                Reply::text("Yes."),
            ],
            vec![vec!["count all of it"], vec!["sure?"]],
        ),
        Story {
            settings: "pipelines: {ship: [planner, coder]}\n",
            pages: vec![PLANNER, CODER],
            ..story(
                "layers, one behind the other",
                vec![read(FILE), Reply::text("Multiply by three."), triple(), Reply::text("It is three.")],
                vec![vec!["--action", "ship", "three times"]],
            )
        },
        Story {
            pages: vec![
                (".stepper/setting.json", "{\"step\": [\"plan\", \"work\"]}"),
                (".stepper/layer/plan/index.md", "---\ndescription: Plans.\n---\nYou plan.\n"),
                (
                    ".stepper/layer/work/index.md",
                    "---\ndescription: Works.\nparallel: true\n---\nYou work.\n",
                ),
            ],
            ..story(
                "a layer of workers in worktrees, two of them told the same",
                vec![
                    Reply::tool("assign_tasks", &json!({"tasks": tasks})),
                    Reply::text("Planned."),
                    write("one.txt").when("part one"),
                    write("two.txt").when("part two"),
                    write("three.txt").when("part two"),
                    Reply::text("One.").when("part one"),
                    Reply::text("Two.").when("part two"),
                    Reply::text("Three.").when("part two"),
                ],
                vec![vec!["--action", "stepper", "go"]],
            )
        },
        Story {
            pages: vec![
                (
                    "../config/copydesk/agents/reader.md",
                    "---\nname: reader\nprofile: read-only\nhandoffs: [coder]\n---\nYou read.\n",
                ),
                CODER,
            ],
            ..story(
                "a handoff to an agent with a model of its own",
                vec![
                    Reply::tool("handoff", &json!({"agent": "coder", "words": "Three times, please."})),
                    triple(),
                    done(),
                ],
                vec![vec!["--agent", "reader", "three times"]],
            )
        },
    ]
}

/// The place of a story, with or without somebody who answers.
fn place(story: &Story, model: &ModelServer) -> Workspace {
    let there = workspace(model, "{allow: ['Bash(echo:*)', 'Bash(pwd)']}", story.settings)
        .with([("a.py", "x = 1\n"), ("long.txt", &"a long line of text\n".repeat(900))]);
    for (name, text) in &story.pages {
        there.write(name, text);
    }
    commit(&there);
    there
}

/// Tells a story to its end; its conversation.
fn tell(there: &Workspace, story: &Story, more: &[&str]) -> String {
    let mut session = String::new();
    for ask in &story.turns {
        let mut arguments = vec!["ask", "--json", "--apply"];
        if !session.is_empty() {
            arguments.extend(["--session", &session]);
        }
        let ran = there.run(&[&arguments, more, ask].concat()).exits(0);
        ran.json()["session_id"].as_str().unwrap_or_default().clone_into(&mut session);
    }
    session
}

fn exported(there: &Workspace, session: &str, how: &str) -> String {
    there.run(&["sessions", "export", session, how]).exits(0).stdout
}

#[test]
fn a_recorded_conversation_replays_to_the_same_journal_helpers_and_all() {
    for story in stories() {
        let told = story.told;
        let model = model(story.script.clone());
        let first = place(&story, &model);
        let session = tell(&first, &story, &[]);
        assert_eq!(model.unused(), 0, "{told}");
        let before = exported(&first, &session, "--comparable");
        let asked = model.requests().len();
        let recording = first.outside().join("run.json");
        std::fs::write(&recording, exported(&first, &session, "--json")).expect("it is written");
        let recording = recording.to_string_lossy();

        // In another folder, known to the same person. Twice: which helper is quicker is not the same each time.
        let state = first.state().display().to_string();
        for _ in 0..2 {
            let there = place(&story, &model).with_variable("COPYDESK_HOME", &state);
            let again = tell(&there, &story, &["--replay", &recording]);
            let after = exported(&there, &again, "--comparable");
            assert_eq!(parting(&before, &after), None, "{told}");
            assert_eq!(there.read(FILE), first.read(FILE), "{told}");
        }
        assert_eq!(model.requests().len(), asked, "{told}: nobody is asked");
    }
}

#[test]
fn what_a_recording_without_helpers_does_not_have_is_told() {
    let script = vec![
        Reply::tool("agent", &helper("count alpha", false)),
        Reply::text("alpha: 2").when("alpha"),
        done(),
    ];
    let model = model(script);
    let there = workspace(&model, "{}", "");
    let session = there.run(&["ask", "--json", "go"]).exits(0).json()["session_id"].clone();
    let mut recording: Value =
        serde_json::from_str(&exported(&there, session.as_str().unwrap_or_default(), "--json"))
            .expect("JSON");
    let words = "helper failed: failed to replay: run.json has no answer to this request";
    for (helpers, expect) in [(recording["helpers"].clone(), "helper says:\nalpha: 2"), (json!([]), words)] {
        recording["helpers"] = helpers;
        let elsewhere = Workspace::new(COPYDESK).with([(FILE, TEXT), ("run.json", &recording.to_string())]);
        let ran = elsewhere.run(&["ask", "--json", "--replay", "run.json", "go"]);
        let told = exported(&elsewhere, ran.json()["session_id"].as_str().unwrap_or_default(), "--json");
        assert!(told.replace("\\n", "\n").contains(expect), "{ran}\n{told}");
        assert_eq!(ran.json()["status"] == "succeeded", expect != words, "{ran}");
    }
}
