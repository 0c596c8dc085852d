//! What goes along, on the wire: requests that only grow, conversations that are shortened and said to be, sections
//! with their room, and what was sent, shown on request.

use copydesk_tests::model_server::{Format, Gate, ModelServer, Reply};
use copydesk_tests::personality;
use copydesk_tests::scene::{FILE, KEY, Scene, Stage, TEXT, done, first_words, in_four, results, triple};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::COPYDESK;

/// A workspace with settings of the person's own behind the provider.
fn desk(model: &ModelServer, settings: &str) -> Workspace {
    let config = format!(
        "default_model: bench/m\nproviders:\n  bench: {{kind: {}, base_url: \"{}\", api_key_env: BENCH_KEY}}\n{settings}",
        model.format().kind(),
        model.base_url(),
    );
    let long: Vec<String> = (0..800).map(|line| format!("line {line} of a long file\n")).collect();
    Workspace::new(COPYDESK)
        .with([("long.txt", long.concat().as_str()), ("a.py", "x = 1\n")])
        .with_user_config(&config)
        .with_variable("BENCH_KEY", KEY)
}

fn read(path: &str) -> Reply {
    Reply::tool("read", &json!({"path": path}))
}

/// The messages of a request, each as its bytes, without the marks that say how far a cache reaches.
fn messages(body: &Value) -> Vec<String> {
    fn unmarked(value: &Value) -> Value {
        match value {
            Value::Object(map) => map
                .iter()
                .filter(|(key, _)| *key != "cache_control")
                .map(|(key, one)| (key.clone(), unmarked(one)))
                .collect(),
            Value::Array(list) => list.iter().map(unmarked).collect(),
            other => other.clone(),
        }
    }
    let list =
        ["messages", "input"].iter().find_map(|key| body[*key].as_array()).cloned().unwrap_or_default();
    list.iter().map(|message| unmarked(message).to_string()).collect()
}

/// Whether the second request is the first one with more behind it.
#[track_caller]
fn grows(before: &Value, after: &Value) {
    let (before, after) = (messages(before), messages(after));
    assert!(
        after.len() > before.len() && after.starts_with(&before),
        "{before:#?}\nis not the beginning of\n{after:#?}"
    );
}

#[test]
fn every_request_is_the_one_before_with_more_behind_it() {
    for format in [Format::Anthropic, Format::OpenaiChat, Format::OpenaiResponses, Format::Ollama] {
        let script = [
            read("a.py"),
            read("nothing.py"),
            Reply::text("First."),
            read("long.txt"),
            Reply::text("Second."),
        ];
        let model = ModelServer::start(format, script);
        let workspace = desk(&model, "");
        let _ = workspace.run(&["ask", "why?"]).exits(0);
        let _ = workspace.run(&["ask", "--continue", "and now?"]).exits(0);
        let bodies: Vec<Value> = (0..5).map(|at| model.wait_request(at).body).collect();
        for (at, pair) in bodies.windows(2).enumerate() {
            grows(&pair[0], &pair[1]);
            for key in ["system", "tools", "instructions"] {
                assert_eq!(pair[0][key], pair[1][key], "{format:?}, request {at}: {key}");
            }
        }
    }
}

/// Replies that count no tokens, so that our own estimate holds.
fn uncounted(script: impl IntoIterator<Item = Reply>) -> Vec<Reply> {
    script.into_iter().map(Reply::without_usage).collect()
}

/// Settings with which a file of 800 lines is too much.
const SHORT: &str = "context: {compaction: {tokens: 5000}}\n";

#[test]
fn a_long_conversation_goes_on_with_a_summary_also_tomorrow() {
    for format in Format::BOTH {
        let script = [
            read("a.py"),
            read("long.txt"),
            Reply::text("THE SUMMARY"),
            Reply::text("Done."),
            Reply::text("Again."),
        ];
        let model = ModelServer::start(format, uncounted(script));
        let workspace = desk(&model, SHORT);
        let first = workspace.run(&["ask", "--json", "read what is there"]).exits(0).json();
        assert_eq!(first["text"], "Done.", "{first}");
        assert_eq!(first["usage"]["requests"], 4, "the summary is paid for like any other: {first}");
        let body = |at: usize| model.wait_request(at).body;
        // What the summary is made of is what the model knows already, so that a cache serves.
        grows(&body(0), &body(1));
        grows(&body(0), &body(2));
        assert!(body(2).to_string().contains("Write that summary now"), "{}", body(2));
        let shortened = body(3).to_string();
        assert!(shortened.contains("[The conversation up to here was shortened.]"), "{shortened}");
        assert!(shortened.contains("What is asked for: read what is there"), "{shortened}");
        assert!(shortened.contains("THE SUMMARY") && !shortened.contains("x = 1"), "{shortened}");
        let session = first["session_id"].as_str().unwrap_or_default();
        let records = workspace.run(&["sessions", "export", "--json", session]).exits(0).stdout;
        assert!(records.contains("\"compacted\""), "{records}");
        let shown = workspace.run(&["sessions", "show", "--sent", session]).exits(0).stdout;
        assert!(shown.contains("THE SUMMARY"), "{shown}");
        let _ = workspace.run(&["ask", "--continue", "and now?"]).exits(0);
        grows(&body(3), &body(4));
    }
}

#[test]
fn the_person_is_told_that_it_was_shortened_and_a_budget_is_asked_first() {
    let script =
        || uncounted([read("a.py"), read("long.txt"), Reply::text("THE SUMMARY"), Reply::text("Done.")]);
    let model = ModelServer::start(Format::Anthropic, script());
    let workspace = desk(&model, &format!("{SHORT}hooks: {{PreCompact: [{{command: 'touch before'}}]}}\n"));
    let ran = workspace.run(&["ask", "read"]).exits(0);
    assert!(workspace.exists("before"), "a hook of the person's is told: {ran}");
    assert!(ran.stderr.contains("The conversation was too long and is shortened"), "{ran}");
    assert!(!ran.stdout.contains("THE SUMMARY"), "a summary is no answer: {ran}");
    let model = ModelServer::start(Format::Anthropic, script());
    let ran =
        desk(&model, &format!("{SHORT}budgets: {{run: {{requests: 2}}}}\n")).run(&["ask", "read"]).exits(1);
    assert!(ran.stderr.contains("budgets.run.requests"), "{ran}");
    assert_eq!(model.requests().len(), 2, "no summary is asked for that nobody may pay");
}

#[test]
fn without_a_summary_the_oldest_is_left_out_and_said() {
    let broken =
        Reply::status(400, "{\"error\": {\"message\": \"no\", \"type\": \"invalid_request_error\"}}");
    let model = ModelServer::start(
        Format::OpenaiChat,
        uncounted([read("a.py"), read("long.txt"), broken, Reply::text("Done.")]),
    );
    let ran = desk(&model, SHORT).run(&["ask", "read"]).exits(0);
    assert!(ran.stderr.contains("no summary came"), "{ran}");
    let told = model.wait_request(3).text();
    assert!(told.contains("There is no summary of it; look again at what you need."), "{told}");
}

#[test]
fn a_summary_that_is_longer_than_what_it_stands_for_is_none() {
    let long = "and then ".repeat(5_000);
    let script = [read("a.py"), read("long.txt"), Reply::text(&long), Reply::text("Done.")];
    let model = ModelServer::start(Format::Anthropic, uncounted(script));
    let ran = desk(&model, SHORT).run(&["ask", "read"]).exits(0);
    assert!(ran.stderr.contains("no summary came that is shorter"), "{ran}");
    let told = model.wait_request(3).text();
    assert!(told.contains("There is no summary of it") && !told.contains("and then and then"), "{told}");
}

#[test]
fn what_was_said_to_a_run_at_work_outlives_the_shortening() {
    let gate = Gate::new();
    let script = [read("a.py").hold(&gate), read("long.txt"), Reply::text("THE SUMMARY"), done()];
    let model = ModelServer::start(Format::Anthropic, uncounted(script));
    let workspace = desk(&model, SHORT).with([(FILE, TEXT)]);
    let mut scene = Scene::enter(personality::vs_code(), workspace, model);
    let run = scene.ask("read what is there");
    scene.request(0);
    let said =
        scene.client.command("copydesk.steer", json!({"runId": run, "text": "mind the tabs", "when": "now"}));
    assert_eq!(said, Ok(json!({"heard": true})));
    gate.open();
    let short = scene.request(3).text();
    assert!(
        short.contains("THE SUMMARY") && short.contains("What the person said since: mind the tabs"),
        "{short}"
    );
    assert!(!short.contains("The person says, while you work"), "{short}");
    scene.over(3);
    scene.end();
}

#[test]
fn a_definition_that_words_name_goes_along() {
    let model = ModelServer::start(Format::Anthropic, [done()]);
    let workspace = desk(&model, "").with([(FILE, TEXT)]);
    let _ = workspace.run(&["ask", "--file", FILE, "why is @twice not @somebody, @property?"]).exits(0);
    let told = first_words(&model.wait_request(0).body);
    let line = TEXT.lines().position(|line| line.starts_with("def twice")).map_or(0, |at| at + 1);
    let expect = format!("File: {FILE}:{line}, the function twice:\n```\ndef twice(x):\n");
    assert!(told.contains(&expect), "{told}");
    assert_eq!(
        told.matches("\nFile: ").count(),
        2,
        "the definition, and what stands around the cursor: {told}"
    );
}

#[test]
fn turns_that_the_settings_have_no_room_for_do_not_go_along_and_that_is_said() {
    for (settings, goes) in [("context: {earlier: 5}\n", false), ("", true)] {
        let model = ModelServer::start(Format::Anthropic, [Reply::text("First answer."), done()]);
        let workspace = desk(&model, settings);
        let first = workspace.run(&["ask", "--json", "the first question"]).exits(0).json();
        let ran = workspace.run(&["ask", "--continue", "the second question"]).exits(0);
        let text = model.wait_request(1).text();
        assert_eq!(text.contains("the first question") && text.contains("First answer."), goes, "{text}");
        assert_eq!(text.contains("[Earlier turns of this conversation are left out.]"), !goes, "{text}");
        assert_eq!(
            ran.stderr.contains("The oldest turn of this conversation cannot go along"),
            !goes,
            "{ran}"
        );
        let session = first["session_id"].as_str().unwrap_or_default();
        let sent = workspace.run(&["sessions", "show", "--sent", session]).exits(0).stdout;
        assert_eq!(sent.contains("First answer."), goes, "{sent}");
        assert!(!sent.contains("Done."), "the last answer was sent to nobody: {sent}");
    }
}

#[test]
fn a_shortening_that_does_not_help_ends_the_run_after_the_second() {
    for format in Format::ALL {
        let model = ModelServer::start(
            format,
            uncounted([read("long.txt"), Reply::text("S"), Reply::text("S"), Reply::text("S")]),
        );
        let workspace = desk(&model, "context: {compaction: {tokens: 300}}\n");
        let report = workspace.run(&["ask", "--json", "read what is there"]).exits(1).json();
        let error = report["error"].as_str().unwrap_or_default();
        assert!(
            error.contains("shortening it did not help") && error.contains("context.compaction"),
            "{report}"
        );
        assert!(model.requests().len() <= 3, "{}", model.requests().len());
    }
}

/// Every shortening frees enough, and what it freed is full again behind one answer: without an end of its own such a
/// run goes on until its budget is used up, half of it for summaries.
#[test]
fn a_run_whose_every_request_has_to_be_shortened_ends_and_says_so() {
    for format in Format::BOTH {
        let more = |at: usize| [read(&format!("long{at}.txt")), Reply::text("THE SUMMARY")];
        let script = [read("a.py")].into_iter().chain((0..9).flat_map(more));
        let model = ModelServer::start(format, uncounted(script));
        let workspace = desk(&model, SHORT);
        for at in 0..9 {
            workspace.write(&format!("long{at}.txt"), &workspace.read("long.txt"));
        }
        let report = workspace.run(&["ask", "--json", "read what is there"]).exits(1).json();
        let error = report["error"].as_str().unwrap_or_default();
        assert!(
            error.contains("had to be shortened before each of the last 4 requests")
                && error.contains("context.compaction"),
            "{report}"
        );
        // The first answer, and then four times a long file and its summary, and one file more.
        assert_eq!(model.requests().len(), 10, "{format:?}");
    }
}

/// Ollama drops the beginning of what its window does not hold and says nothing; other servers refuse by themselves.
#[test]
fn a_question_that_its_window_does_not_hold_is_not_cut_in_silence() {
    for format in [Format::Ollama, Format::OpenaiChat] {
        let model = ModelServer::start(format, uncounted([Reply::text("Done.")]));
        let workspace = desk(&model, "");
        let workspace = workspace.with_user_config(&format!(
            "default_model: bench/m\nproviders:\n  bench: {{kind: {}, base_url: \"{}\", api_key_env: BENCH_KEY, models: \
             {{m: {{context_window: 4096}}}}}}\n",
            format.kind(),
            model.base_url()
        ));
        let ran = workspace.run(&["ask", &"many words ".repeat(2_000)]);
        let (words, asked) = match format {
            Format::Ollama => ("its window holds 4096, behind which its server cuts without a word", 0),
            _ => ("and the window of bench/m holds 4096: its server may refuse it", 1),
        };
        assert!(ran.stderr.contains(words), "{ran}");
        assert_eq!((model.requests().len(), ran.stdout.contains("Done.")), (asked, asked == 1), "{ran}");
    }
}

#[test]
fn sections_have_their_room_and_what_was_sent_is_shown() {
    let model = ModelServer::start(Format::Anthropic, [read("a.py"), Reply::text("Done.").usage(1_234, 5)]);
    let workspace = desk(&model, "context: {rules: 10, files: 100}\n");
    workspace.write("AGENTS.md", &"Use tabs.\n".repeat(20));
    let ran = workspace.run(&["ask", "--show-context", "what is in @long.txt?"]).exits(0);
    for part in [
        "AGENTS.md is not followed whole: only its first 9 of 199 bytes go along",
        "sent: rules ",
        "sent: files ",
        "(context.files)",
        "bytes left out",
    ] {
        assert!(ran.stderr.contains(part), "{part}: {ran}");
    }
    let sessions = workspace.run(&["sessions", "--json"]).exits(0).json();
    let id = sessions["sessions"][0]["session"].as_str().unwrap_or_default().to_owned();
    let sent = workspace.run(&["sessions", "show", "--sent", "--json", &id]).exits(0).json();
    let parts = sent["sent"]["parts"].as_array().cloned().unwrap_or_default();
    let rows: Vec<(&str, &str)> = parts
        .iter()
        .map(|part| {
            (part["section"].as_str().unwrap_or_default(), part["origin"].as_str().unwrap_or_default())
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("system", "built in"),
            ("tools", "built in"),
            ("rules", "AGENTS.md"),
            ("task", "action ask"),
            ("files", "long.txt"),
            ("conversation", "the model"),
            // The last answer was sent to nobody.
            ("conversation", "tools"),
        ]
    );
    assert_eq!(sent["sent"]["counted"]["input_tokens"], 1_234, "{sent}");
    // What is shown is what was sent.
    let wire = first_words(&model.wait_request(0).body);
    for part in &parts[2..5] {
        let text = part["text"].as_str().unwrap_or_default();
        assert!(!text.is_empty() && wire.contains(text), "{text}");
    }
}

#[test]
fn an_editor_shows_what_was_sent() {
    in_four(|personality, format| {
        let mut scene = Scene::begin(Stage {
            program: COPYDESK,
            personality,
            format,
            permissions: "{mode: accept-edits}".to_owned(),
            script: vec![triple(), done()],
            files: vec![("AGENTS.md".to_owned(), "Use tabs.\n".to_owned())],
        });
        let run = scene.ask("make it three times");
        scene.edit();
        scene.over(1);
        let sent = scene.client.command("copydesk.context.show", json!({"runId": run})).unwrap_or_default();
        assert_eq!(sent["run"], json!(run), "{sent}");
        let sections: Vec<&str> = sent["parts"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|part| part["section"].as_str())
            .collect();
        assert!(sections.starts_with(&["system", "tools", "rules", "task"]), "{sent}");
        let last = scene.client.command("copydesk.context.show", json!({})).unwrap_or_default();
        assert_eq!(last["run"], json!(run), "the last one where none is named");
        scene.end();
    });
}

#[test]
fn a_map_shows_what_the_code_is_about() {
    let map = Reply::tool("map", &json!({"tokens": 40}));
    let model = ModelServer::start(Format::Anthropic, [map, Reply::text("Done.")]);
    let workspace = desk(&model, "");
    workspace
        .write("core.py", "class Desk:\n    def close(self):\n        return 1\n\n\ndef rare():\n    pass\n");
    workspace.write("main.py", "from core import Desk\n\nDesk().close()\n");
    workspace.write(".ignore", "left/\n");
    workspace.write("left/out.py", "def left_out(): pass\nleft_out()\n");
    let _ = workspace.run(&["ask", "what is this?"]).exits(0);
    let told = results(&model.wait_request(1).body).concat();
    assert!(told.contains("core.py:\n 1: class Desk\n  2: def close(self)"), "{told}");
    assert!(!told.contains("left_out"), "{told}");
}
