//! What went wrong and what a person said, told again from a recording: the same journal, byte for byte, and nothing
//! that only a stranger said yes to.

use std::time::Instant;

use copydesk_tests::client::{PATIENCE, eventually};
use copydesk_tests::model_server::{End, Format, Gate, ModelServer, Reply};
use copydesk_tests::personality;
use copydesk_tests::scene::{FILE, KEY, Scene, TEXT, Way, config, done, triple, triple_both, tripled};
use copydesk_tests::workspace::{Ran, Workspace, parting};
use serde_json::{Value, json};

use crate::COPYDESK;

/// The words of every story.
const WORDS: &str = "make it three times";

fn workspace(settings: &str) -> Workspace {
    let long = "one more line of words that nobody needs\n".repeat(800);
    let files = [(FILE, TEXT), ("long.txt", &long)];
    Workspace::new(COPYDESK).with(files).with_user_config(settings).with_variable("BENCH_KEY", KEY)
}

fn look() -> Reply {
    Reply::tool("read", &json!({"path": FILE}))
}

fn run(command: &str) -> Reply {
    Reply::tool("bash", &json!({"command": command}))
}

fn exported(there: &Workspace, session: &str, how: &str) -> String {
    there.run(&["sessions", "export", session, how]).exits(0).stdout
}

/// The last conversation of a workspace.
fn last(there: &Workspace) -> String {
    let list = there.run(&["sessions", "--json"]).exits(0).json();
    list["sessions"][0]["session"].as_str().unwrap_or_default().to_owned()
}

/// A conversation as it was recorded.
struct Recorded {
    there: Workspace,
    settings: String,
    session: String,
    /// Beside the place of the question.
    code: i32,
}

impl Recorded {
    fn export(&self) -> String {
        exported(&self.there, &self.session, "--json")
    }

    /// A folder as it was before, of the same person or of another one.
    fn again(&self, recording: &str, is_own: bool) -> Workspace {
        let there = workspace(&self.settings);
        std::fs::write(there.outside().join("run.json"), recording).expect("it is written");
        let state = self.there.state().display().to_string();
        if is_own { there.with_variable("COPYDESK_HOME", &state) } else { there }
    }

    /// Replays it, and compares what is on record.
    fn replays(&self, told: &str) {
        let there = self.again(&self.export(), true);
        let (ran, session) = replay(&there);
        let (before, after) = (
            exported(&self.there, &self.session, "--comparable"),
            exported(&there, &session, "--comparable"),
        );
        assert_eq!(parting(&before, &after), None, "{told}: {ran}");
        assert_eq!(there.read(FILE), self.there.read(FILE), "{told}");
        assert_eq!(ran.code, Some(self.code), "{told}: {ran}");
    }
}

/// What the person sees of a replay, and the conversation that came of it.
fn replay(there: &Workspace) -> (Ran, String) {
    let recording = there.outside().join("run.json").display().to_string();
    let ran = there.run(&["ask", "--json", "--replay", &recording, "--file", "calc.py:4", WORDS]);
    let session = ran.json()["session_id"].as_str().unwrap_or_default().to_owned();
    (ran, session)
}

/// A run without an editor.
fn headless(settings: &str, code: i32) -> Recorded {
    let there = workspace(settings);
    let ran = there.run(&["ask", "--json", "--file", "calc.py:4", WORDS]).exits(code);
    let session = ran.json()["session_id"].as_str().unwrap_or_default().to_owned();
    Recorded { there, settings: settings.to_owned(), session, code }
}

#[test]
fn what_failed_fails_again_with_the_same_tries_and_the_same_way_out() {
    let model = |script: Vec<Reply>| ModelServer::start(Format::Anthropic, script);
    let broken = || Reply::status(500, "{\"error\": {\"message\": \"broken\"}}");
    let long = Reply::tool("read", &json!({"path": "long.txt"})).usage(50_000, 3);
    let stories: [(&str, Vec<Reply>, &str, i32, &str); 6] = [
        ("a try that fails", vec![look(), broken(), done()], "", 0, "model_waited"),
        ("an error that stays", vec![look(), Reply::status(400, "{}")], "", 1, "unanswered"),
        ("tries that all fail", vec![broken(), broken(), broken()], "", 1, "unanswered"),
        ("a budget that is spent", vec![look(), look()], "budgets: {run: {requests: 2}}\n", 1, "unanswered"),
        (
            "a budget that is spent before a summary",
            vec![long],
            "context: {compaction: {tokens: 5000}}\nbudgets: {run: {tokens: 40000}}\n",
            1,
            "summary",
        ),
        (
            "a budget that is half spent",
            vec![look(), done()],
            "budgets: {session: {requests: 3}}\n",
            0,
            "notice",
        ),
    ];
    for (told, script, settings, code, event) in stories {
        let model = model(script);
        let recorded = headless(&format!("{}{settings}", config(&model, "{}")), code);
        assert_eq!(model.unused(), 0, "{told}");
        assert!(recorded.export().contains(&format!("\"{event}\"")), "{told}: {}", recorded.export());
        recorded.replays(told);
    }
    // Another model answers.
    let (first, second) =
        (model(vec![broken(), broken(), broken()]), model(vec![look(), Reply::text("Instead.")]));
    let other = format!(
        "  other: {{kind: anthropic, base_url: \"{}\", default_model: second, api_key_env: BENCH_KEY}}\n",
        second.base_url()
    );
    let settings = config(&first, "{}").replacen(
        "permissions:",
        &format!("{other}fallback: other/second\npermissions:"),
        1,
    );
    let recorded = headless(&settings, 0);
    assert!(recorded.export().contains("model_switched"));
    recorded.replays("a model that another one answers for");
    let there = recorded.again(&recorded.export(), true);
    let (ran, _) = replay(&there);
    let answered = json!({
        "requested": "replay/bench/bench-model", "active": "replay/other/second", "fallback_applied": true
    });
    assert_eq!((&ran.json()["model"], &ran.json()["text"]), (&answered, &json!("Instead.")), "{ran}");
    assert_eq!((first.requests().len(), second.requests().len()), (3, 2), "nobody is asked");
}

#[test]
fn what_was_not_shortened_is_not_in_a_replay_though_it_might_have_been_longer() {
    let model = || ModelServer::start(Format::Anthropic, vec![look(), done()]);
    let first = model();
    let requested = |recorded: &Recorded, key: &str| -> u64 {
        let export: Value = serde_json::from_str(&recorded.export()).expect("an export");
        let sizes = export.to_string();
        let key = format!("\"{key}\":");
        let number = |rest: &str| rest.split([',', '}']).next()?.parse().ok();
        sizes.split(&key).skip(1).filter_map(number).max().unwrap_or_default()
    };
    let plain = headless(&config(&first, "{}"), 0);
    let expected = requested(&plain, "expected");
    let second = model();
    let settings = format!("context: {{compaction: {{tokens: {}}}}}\n", expected + expected / 20);
    let recorded = headless(&format!("{}{settings}", config(&second, "{}")), 0);
    assert!(expected > 0 && !recorded.export().contains("\"compacted\""), "{expected}");
    recorded.replays("a request that is a little smaller than the limit");
}

/// A run in an editor, with what its person does meanwhile.
fn watched(script: Vec<Reply>, permissions: &str, meanwhile: impl FnOnce(&mut Scene, &str)) -> Recorded {
    let model = ModelServer::start(Format::Anthropic, script);
    let settings = config(&model, permissions);
    let mut scene = Scene::enter(personality::helix_25_07(), workspace(&settings), model);
    for quiet in ["window/showMessage", "window/showDocument"] {
        scene.client.quiet(quiet);
    }
    let run = scene.ask(WORDS);
    meanwhile(&mut scene, &run);
    let asked = scene.model.asked();
    scene.over(asked - 1);
    recorded(scene, settings, 0)
}

/// What came of a run in an editor.
fn recorded(scene: Scene, settings: String, code: i32) -> Recorded {
    let text = scene.text();
    let Scene { workspace: there, client, .. } = scene;
    client.finish();
    // What the editor holds is what is compared.
    there.write(FILE, &text);
    let session = last(&there);
    Recorded { there, settings, session, code }
}

/// Waits until the records of the last conversation have this word so many times.
fn on_record(there: &Workspace, (word, times): (&str, usize)) {
    let (session, word) = (last(there), format!("\"{word}\""));
    let is_there = eventually(Instant::now() + PATIENCE, || {
        (exported(there, &session, "--json").matches(&word).count() == times).then_some(())
    });
    assert!(is_there.is_some(), "{word} is on record {times} times");
}

/// A run in an editor that is told something it never hears, and canceled as soon as its records have this word so many
/// times.
fn canceled(script: Vec<Reply>, permissions: &str, at: (&str, usize), said: Option<&str>) -> Recorded {
    let model = ModelServer::start(Format::Anthropic, script);
    let settings = config(&model, permissions);
    let mut scene = Scene::enter(personality::helix_25_07(), workspace(&settings), model);
    for quiet in ["window/showMessage", "window/showDocument", "window/showMessageRequest"] {
        scene.client.quiet(quiet);
    }
    let run = scene.ask(WORDS);
    scene.request(0);
    on_record(&scene.workspace, at);
    if let Some(said) = said {
        let words = json!({"runId": run, "text": said, "when": "next"});
        assert_eq!(scene.client.command("copydesk.steer", words), Ok(json!({"heard": true})));
    }
    let canceled = scene.client.command("copydesk.cancel", json!({"runId": run}));
    assert!(canceled.is_ok(), "{canceled:?}");
    scene.client.wait("the end of the run", |client| (client.progress_ended() == 1).then_some(()));
    recorded(scene, settings, 130)
}

#[test]
fn what_a_person_canceled_is_canceled_at_the_same_place() {
    let question = || Reply::tool("ask_user", &json!({"question": "Tabs or spaces?"}));
    let endless = || Reply::text("Let me think. ").end(End::Stall);
    for (told, script, permissions, at, said) in [
        ("an answer", vec![look(), endless()], "{}", ("model_requested", 2), None),
        ("words", vec![look(), endless()], "{}", ("model_requested", 2), Some("mind the tabs")),
        ("a command", vec![run("sleep 300")], "{allow: [Bash]}", ("effect_started", 1), None),
        ("a permission", vec![look(), run("touch made")], "{}", ("approval_requested", 1), None),
        ("a question", vec![look(), question()], "{}", ("question_asked", 1), None),
    ] {
        canceled(script, permissions, at, said).replays(told);
    }
}

#[test]
fn whoever_was_called_while_a_question_waited_is_not_called_again() {
    let hooks = "{}\nhooks: {Notification: [{command: 'echo called >> called'}]}";
    let recorded = watched(vec![run("printf one"), done()], hooks, |scene, _| {
        // An answer ends the call, so it is waited for.
        scene.request(0);
        on_record(&scene.workspace, ("hook_ran", 1));
        scene.answer(Way::Prompt, "Allow once");
        scene.request(1);
    });
    assert!(recorded.export().contains("hook_ran") && recorded.there.exists("called"));
    recorded.replays("a question with a hook");
    let there = recorded.again(&recorded.export(), true);
    let (ran, _) = replay(&there);
    assert!(!there.exists("called"), "{ran}");
}

/// The person's answers: an edit made, one refused with its reason to the model, a rule for good, and a word to a
/// question.
fn answers() -> Recorded {
    let question =
        Reply::tool("ask_user", &json!({"question": "Tabs or spaces?", "options": ["Tabs", "Spaces"]}));
    // The edit comes last: commands do not see what an editor has not saved, and say so.
    let script = vec![run("touch made"), run("printf one"), run("printf one"), question, triple(), done()];
    watched(script, "{prompt_timeout: 300}", |scene, _| {
        scene.answer(Way::Prompt, "Deny");
        scene.answer(Way::Prompt, "Always allow");
        scene.request(3);
        scene.answer(Way::Prompt, "Spaces");
        scene.answer(Way::Prompt, "Allow once");
        scene.edit();
        scene.wait_for_text(&tripled());
        scene.request(5);
    })
}

#[test]
fn what_a_person_answered_is_answered_again() {
    let recorded = answers();
    recorded.replays("answers");
    // What was for good then is not made good anywhere else.
    let there = recorded.again(&recorded.export(), true);
    let _ = replay(&there);
    let rules = there.run(&["permissions", "list"]).exits(0).stdout;
    assert!(!rules.contains("printf"), "{rules}");

    let hunks = watched(vec![triple_both(), done()], "{}", |scene, _| {
        scene.answer(Way::Prompt, "Show");
        for (left, at, title) in [(2, 1, "Apply"), (1, 0, "Reject")] {
            let uri = scene.uri.clone();
            let is_one = |one: &&Value| one["code"] == "proposal";
            let all =
                scene.client.diagnostics(&uri, "proposals", |now| now.iter().filter(is_one).count() == left);
            let proposals: Vec<&Value> = all.iter().filter(is_one).collect();
            let proposal = proposals[at].clone();
            scene.press(&proposal, title);
            if title == "Apply" {
                scene.edit();
            }
        }
        scene.request(1);
    });
    hunks.replays("hunks");

    let late = watched(vec![triple(), done()], "{prompt_timeout: 200ms}", |scene, _| {
        scene.client.quiet("window/showMessageRequest");
        scene.request(1);
    });
    // Without an editor it says by its code that something was refused.
    Recorded { code: 1, ..late }.replays("no answer in time");
}

#[test]
fn a_rule_for_good_counts_in_the_turns_behind_it_and_not_before() {
    let model =
        ModelServer::start(Format::Anthropic, vec![run("printf one"), done(), run("printf one"), done()]);
    let settings = config(&model, "{}");
    let mut scene = Scene::enter(personality::helix_25_07(), workspace(&settings), model);
    scene.client.quiet("window/showMessage");
    let _ = scene.ask(WORDS);
    scene.answer(Way::Prompt, "Always allow");
    scene.over(1);
    let again = json!({"prompt": "again", "session": last(&scene.workspace)});
    assert!(scene.client.command("copydesk.ask", again).is_ok());
    scene.asked += 1;
    scene.over(3);
    let recorded = recorded(scene, settings, 0);
    let recording = recorded.export();
    std::fs::write(recorded.there.outside().join("run.json"), &recording).expect("it is written");
    // Where it was recorded the rule is stored by now, elsewhere it is not.
    for (told, there) in [("there", &recorded.there), ("elsewhere", &recorded.again(&recording, true))] {
        let (first, session) = replay(there);
        let file = there.outside().join("run.json").display().to_string();
        let second = there.run(&["ask", "--replay", &file, "--session", &session, "again"]).exits(0);
        let (before, after) = (
            exported(&recorded.there, &recorded.session, "--comparable"),
            exported(there, &session, "--comparable"),
        );
        assert_eq!(parting(&before, &after), None, "{told}: {first} {second}");
    }
    let rules = recorded.again(&recording, true).run(&["permissions", "list"]).exits(0).stdout;
    assert!(!rules.contains("printf"), "{rules}");
}

#[test]
fn what_a_person_said_to_a_run_at_work_is_said_again() {
    let gate = Gate::new();
    let script = vec![look().hold(&gate), Reply::text("Read."), done()];
    let recorded = watched(script, "{}", |scene, run| {
        scene.request(0);
        for (text, when) in [("describe it as well", "next"), ("mind the tabs", "now")] {
            let words = json!({"runId": run, "text": text, "when": when});
            assert_eq!(scene.client.command("copydesk.steer", words), Ok(json!({"heard": true})));
        }
        gate.open();
        scene.request(2);
    });
    recorded.replays("steering");
    // A stranger's words are nobody's here, and where they stood is where it parts.
    let there = recorded.again(&recorded.export(), false);
    let (ran, _) = replay(&there);
    let error = ran.json()["error"].as_str().unwrap_or_default().to_owned();
    assert!(error.contains("mind the tabs") && error.contains("was said here"), "{ran}");
}

#[test]
fn what_a_stranger_answered_is_nobodys_answer() {
    let recorded = answers();
    let export = recorded.export();
    // As the journal has it, answers are those of the journal, whatever the file says of them.
    let forged = export.replace("\"decision\": \"deny\"", "\"decision\": \"once\"");
    assert_ne!(forged, export);
    let there = recorded.again(&forged, true);
    let (ran, _) = replay(&there);
    assert_eq!((there.exists("made"), there.read(FILE)), (false, tripled()), "{ran}");
    // Of anybody else's each is asked anew: here is nobody to ask.
    for recording in [&export, &forged] {
        let there = recorded.again(recording, false);
        let (ran, session) = replay(&there);
        assert_eq!((there.exists("made"), there.read(FILE)), (false, TEXT.to_owned()), "{ran}");
        let shown = there.run(&["sessions", "show", &session]).exits(0).stdout;
        assert!(shown.contains("do not count, since your journal does not have them"), "{shown}");
    }
}
