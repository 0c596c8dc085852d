//! On a terminal: `ask` asks, `approve` counts after a confirmation typed there, and never from inside a run.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use copydesk_tests::client::{PATIENCE, eventually};
use copydesk_tests::model_server::{End, Format, ModelServer, Reply};
use copydesk_tests::personality;
use copydesk_tests::scene::{FILE, KEY, Scene, Stage, TEXT, config, done, triple, tripled};
use copydesk_tests::workspace::Workspace;
use serde_json::json;

use crate::COPYDESK;

#[test]
fn ask_shows_the_diff_and_asks() {
    for (typed, text) in [("y\n", tripled()), ("what?\ny\n", tripled()), ("n\n", TEXT.to_owned())] {
        for format in Format::BOTH {
            let model = ModelServer::start(format, vec![triple(), done()]);
            let workspace = Workspace::new(COPYDESK)
                .with([(FILE, TEXT)])
                .with_user_config(&config(&model, "{}"))
                .with_variable("BENCH_KEY", KEY);
            let (code, screen) =
                on_terminal(&workspace, &format!("{COPYDESK} ask 'make it three times'"), typed);
            assert!(screen.contains("x * 3"), "the diff is shown: {screen}");
            assert_eq!(workspace.read(FILE), text, "{screen}");
            assert!(code == Some(0) || typed == "n\n", "{screen}");
        }
    }
}

#[test]
fn a_recording_that_anybody_may_have_written_asks_and_says_so() {
    let run = Reply::tool("bash", &json!({"command": "touch made"}));
    let model = ModelServer::start(Format::OpenaiChat, vec![run, done()]);
    let allow = "{allow: [\"Bash(touch:*)\"]}";
    let workspace =
        Workspace::new(COPYDESK).with_user_config(&config(&model, allow)).with_variable("BENCH_KEY", KEY);
    let session = workspace.run(&["ask", "--json", "go"]).exits(0).json()["session_id"].clone();
    let session = session.as_str().unwrap_or_default();
    let exported = workspace.run(&["sessions", "export", session, "--json"]).exits(0).stdout;
    for (typed, is_made) in [("y\n", true), ("n\n", false)] {
        let there = Workspace::new(COPYDESK)
            .with([("run.json", exported.as_str())])
            .with_user_config(&format!("permissions: {allow}\n"));
        let (_, screen) = on_terminal(&there, &format!("{COPYDESK} ask --replay run.json go"), typed);
        assert!(screen.contains("not as your journal has it says"), "{screen}");
        assert_eq!(there.exists("made"), is_made, "{screen}");
    }
}

#[test]
fn what_came_of_a_broken_answer_is_told_to_be_void() {
    let broken = Reply::text("half an answer").end(End::Early);
    let model = ModelServer::start(Format::OpenaiChat, vec![broken, done()]);
    let workspace = Workspace::new(COPYDESK)
        .with([(FILE, TEXT)])
        .with_user_config(&config(&model, "{}"))
        .with_variable("BENCH_KEY", KEY);
    let (code, screen) = on_terminal(&workspace, &format!("{COPYDESK} ask 'say something'"), "");
    assert_eq!(code, Some(0), "{screen}");
    let lines: Vec<&str> = screen.lines().map(str::trim_end).collect();
    let at = lines.iter().position(|line| *line == "half an answer");
    let next = at.and_then(|at| lines.get(at + 1)).copied();
    assert_eq!(next, Some("· the answer broke off: what stands above is void"), "{screen}");
}

#[test]
fn approve_counts_after_a_typed_confirmation() {
    for format in Format::BOTH {
        let mut scene = Scene::begin(stage(format, "{}", vec![triple(), done()]));
        scene.ask("make it three times");
        let id = pending_id(&mut scene);
        scene.client.prompt();
        let (_, screen) = on_terminal(&scene.workspace, &format!("{COPYDESK} approve {id} once"), "n\n");
        scene.pending();
        assert!(screen.contains(FILE), "what is confirmed is shown: {screen}");
        let (code, screen) = on_terminal(&scene.workspace, &format!("{COPYDESK} approve {id} once"), "y\n");
        assert_eq!(code, Some(0), "{screen}");
        scene.edit();
        scene.wait_for_text(&tripled());
        scene.over(1);
        let (code, screen) =
            on_terminal(&scene.workspace, &format!("{COPYDESK} approve apr-none once"), "y\n");
        assert_eq!(code, Some(1), "{screen}");
        scene.end();
    }
}

#[test]
fn of_two_processes_that_decide_at_once_one_does() {
    for format in Format::BOTH {
        let bash = Reply::tool("bash", &json!({"command": "printf done > made.txt"}));
        let mut scene = Scene::begin(stage(format, "{}", vec![bash, done()]));
        scene.ask("make it");
        let id = pending_id(&mut scene);
        scene.client.prompt();
        let approve = |decision: &str| {
            on_terminal(&scene.workspace, &format!("{COPYDESK} approve {id} {decision}"), "y\n")
        };
        let (once, deny) = std::thread::scope(|scope| {
            let once = scope.spawn(|| approve("once"));
            let deny = scope.spawn(|| approve("deny"));
            (once.join().expect("it ended"), deny.join().expect("it ended"))
        });
        let codes = (once.0, deny.0);
        assert!(matches!(codes, (Some(0), Some(1)) | (Some(1), Some(0))), "one was first: {once:?} {deny:?}");
        let told = scene.result(1);
        assert_eq!(
            told.contains("refused"),
            deny.0 == Some(0),
            "the one that counted is what happened: {told}"
        );
        scene.over(1);
        assert_eq!(scene.workspace.exists("made.txt"), once.0 == Some(0));
        scene.end();
    }
}

#[test]
fn what_is_answered_on_a_second_terminal_needs_no_key_on_the_first() {
    let bash = Reply::tool("bash", &json!({"command": "printf done > made.txt"}));
    let model = ModelServer::start(Format::Anthropic, vec![bash, done()]);
    let workspace =
        Workspace::new(COPYDESK).with_user_config(&config(&model, "{}")).with_variable("BENCH_KEY", KEY);
    let waiting = || {
        let listed = workspace.run(&["approve", "--json"]).exits(0).json();
        listed["waiting"][0]["approval"].as_str().map(str::to_owned)
    };
    let (code, screen) = std::thread::scope(|scope| {
        let first = scope.spawn(|| on_terminal(&workspace, &format!("{COPYDESK} ask 'make it'"), ""));
        let id = eventually(Instant::now() + PATIENCE, waiting).expect("a question");
        let (code, screen) = on_terminal(&workspace, &format!("{COPYDESK} approve {id} once"), "y\n");
        assert_eq!(code, Some(0), "{screen}");
        first.join().expect("it ended")
    });
    assert_eq!((code, workspace.exists("made.txt")), (Some(0), true), "{screen}");
    assert!(screen.contains("that question is settled"), "{screen}");
}

#[test]
fn a_question_of_a_server_that_was_killed_grants_nothing() {
    let bash = Reply::tool("bash", &json!({"command": "printf done > made.txt"}));
    let mut scene = Scene::begin(stage(Format::Anthropic, "{}", vec![bash]));
    scene.ask("make it");
    let id = pending_id(&mut scene);
    scene.client.prompt();
    let killed = Command::new("kill").args(["-9", &scene.client.server_process().to_string()]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    let Scene { client, workspace, .. } = scene;
    client.ends();
    let (code, screen) = on_terminal(&workspace, &format!("{COPYDESK} approve {id} once"), "y\n");
    assert_eq!(code, Some(1), "{screen}");
    assert!(screen.contains("nothing was changed"), "{screen}");
    assert!(!workspace.exists("made.txt"));
}

#[test]
fn no_descendant_of_a_run_approves() {
    for format in Format::BOTH {
        // A run's own shell finds a terminal, and the id, and types yes: it is still the run.
        let files = vec![(
            "approve.sh".to_owned(),
            "read id < id\nprintf 'y\\n' | script -qec \"./copydesk approve $id once\" /dev/null\n"
                .to_owned(),
        )];
        let bash = Reply::tool("bash", &json!({"command": "sh approve.sh"}));
        let script = vec![triple().when("do apples"), bash.when("do pears"), done(), done()];
        let mut stage = stage(format, "{allow: [\"Bash(sh approve.sh)\"]}", script);
        stage.files = files;
        let mut scene = Scene::begin(stage);
        scene.ask("do apples");
        let id = pending_id(&mut scene);
        let prompt = scene.client.prompt();
        scene.workspace.write("id", &format!("{id}\n"));
        // A run's commands see the workspace, and not the folder where this binary was built.
        std::fs::copy(COPYDESK, scene.workspace.path("copydesk")).expect("a copy of the binary");
        scene.ask("do pears");
        scene.answered(2);
        let told = scene.result(2);
        assert!(told.contains("a run cannot approve"), "it ran, and was told why: {told}");
        scene.pending();
        assert_eq!(scene.text(), TEXT, "still nothing was applied");
        scene.client.choose(&prompt, "Deny");
        scene.over(3);
        scene.end();
    }
}

fn stage(format: Format, permissions: &str, script: Vec<Reply>) -> Stage {
    let permissions = permissions.to_owned();
    Stage {
        program: COPYDESK,
        personality: personality::vs_code(),
        format,
        permissions,
        script,
        files: vec![],
    }
}

fn pending_id(scene: &mut Scene) -> String {
    let pending = scene.pending();
    let action = scene.action(&pending, "Deny");
    let id = action["command"]["arguments"][0]["approvalId"].as_str();
    id.unwrap_or_else(|| panic!("no id in {action}")).to_owned()
}

/// Runs a shell command on a terminal of its own (`script` makes one) and types; the exit code and the screen.
pub(crate) fn on_terminal(workspace: &Workspace, command: &str, typed: &str) -> (Option<i32>, String) {
    static SCREENS: AtomicUsize = AtomicUsize::new(0);
    let screen = workspace.outside().join(format!("screen-{}", SCREENS.fetch_add(1, Ordering::Relaxed)));
    let mut script = Command::new("script");
    workspace.furnish(&mut script);
    script.args(["-qefc", command]).arg(&screen).env("TERM", "dumb").env("SHELL", "/bin/sh");
    script.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = script.spawn().unwrap_or_else(|error| panic!("script (of bsdutils) is missing: {error}"));
    let mut keys = child.stdin.take();
    // A person reads first and types then.
    let asks = |text: &str| text.trim_end().ends_with(['?', ']', ':']);
    let mut asked = || {
        let shown = std::fs::read_to_string(&screen).is_ok_and(|text| asks(&text));
        (shown || child.try_wait().is_ok_and(|ended| ended.is_some())).then_some(())
    };
    eventually(Instant::now() + PATIENCE, &mut asked);
    if let Some(keys) = &mut keys {
        // A command that has already ended reads nothing.
        let _ = keys.write_all(typed.as_bytes());
        let _ = keys.flush();
    }
    let status = eventually(Instant::now() + PATIENCE, || child.try_wait().ok().flatten());
    if status.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let screen = std::fs::read_to_string(&screen).unwrap_or_default();
    let status = status.unwrap_or_else(|| panic!("{command} did not end on its terminal:\n{screen}"));
    (status.code(), screen)
}
