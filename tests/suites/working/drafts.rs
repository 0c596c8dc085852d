//! What the person sees of an edit that the project's checks had to pass first.

use copydesk_tests::model_server::{Format, Gate, ModelServer, Reply};
use copydesk_tests::personality::{self, Personality};
use copydesk_tests::scene::{FILE, KEY, Scene, TEXT, config, done, edit, in_four, triple, tripled};
use copydesk_tests::workspace::Workspace;
use serde_json::json;

use crate::COPYDESK;

/// Passes when the first function returns three times as much.
const CHECK: &str = "checks: [{name: triple, command: \"grep -q 'x [*] 3' calc.py\"}]\n";
/// Lets the check run without a question.
const ALLOWED: &str = "{allow: ['Bash(grep:*)']}";

fn scene(personality: Personality, format: Format, settings: &str, script: Vec<Reply>) -> Scene {
    let model = ModelServer::start(format, script);
    let workspace = Workspace::new(COPYDESK)
        .with([(FILE, TEXT), ("other.txt", "saved\n")])
        .with_user_config(&format!("{}{settings}", config(&model, ALLOWED)))
        .with_variable("BENCH_KEY", KEY);
    Scene::enter(personality, workspace, model)
}

/// An edit that the check finds wrong.
fn wrong() -> Reply {
    edit("def double(x):\n    return x * 2", "def double(x):\n    return x * 4")
}

/// The edit that makes it right again.
fn mended() -> Reply {
    edit("def double(x):\n    return x * 4", "def double(x):\n    return x * 3")
}

#[test]
fn a_wrong_edit_is_mended_before_anybody_sees_it() {
    in_four(|personality, format| {
        let script = vec![wrong(), done(), mended(), done()];
        let mut scene = scene(personality, format, CHECK, script);
        let uri = scene.uri.clone();
        scene.ask("make it three times");
        // The failure reaches the model, and nothing reached the person.
        let failure = scene.request(2).text();
        assert!(failure.contains("check `triple`: exit code 1"), "{failure}");
        scene.request(3);
        // What is typed meanwhile stays.
        scene.client.replace(&uri, "# What a shop", "# All that a shop");
        let way = scene.way();
        let question = scene.answer(way, "Allow once");
        assert!(question.contains("Edit calc.py: +1 −1 lines; checks pass"), "{question}");
        scene.edit();
        scene.wait_for_text(&tripled().replace("# What a shop", "# All that a shop"));
        scene.over(3);
        assert_eq!(scene.workspace.read(FILE), TEXT, "the editor saves, not we");
        scene.end();
    });
}

#[test]
fn what_still_fails_is_offered_as_that_and_a_refusal_goes_back_to_the_model() {
    in_four(|personality, format| {
        let settings = format!("{CHECK}check_rounds: 1\n");
        let script = vec![wrong(), done(), Reply::text("It cannot be done."), Reply::text("As you like.")];
        let mut scene = scene(personality, format, &settings, script);
        scene.ask("make it three times");
        let way = scene.way();
        let question = scene.answer(way, "Deny");
        assert!(question.contains("; checks still fail: triple"), "{question}");
        let told = scene.request(3).text();
        assert!(told.contains("the person said no"), "{told}");
        scene.over(3);
        assert_eq!(scene.text(), TEXT);
        scene.end();
    });
}

#[test]
fn texts_that_are_not_saved_are_part_of_what_is_checked() {
    for settings in ["", "sandbox: {enabled: false}\n"] {
        let check =
            "checks: [{name: both, command: \"grep -q unsaved other.txt && grep -q 'x [*] 3' calc.py\"}]\n";
        let settings = format!("{check}{settings}");
        let mut scene = scene(personality::vs_code(), Format::Anthropic, &settings, vec![triple(), done()]);
        let other = scene.workspace.uri("other.txt");
        scene.client.open(&other, "plaintext", "saved\n");
        scene.client.replace(&other, "saved", "unsaved");
        scene.ask("make it three times");
        let way = scene.way();
        // Without walls the check would run what nobody has seen: a rule that allows it is not enough.
        if !settings.ends_with(check) {
            let question = scene.answer(way, "Allow once");
            assert!(question.contains("not sandboxed, on edits that you have not seen:"), "{question}");
        }
        let question = scene.answer(way, "Allow once");
        assert!(question.contains("; checks pass"), "{question}");
        scene.edit();
        scene.wait_for_text(&tripled());
        scene.over(1);
        assert_eq!(scene.workspace.read("other.txt"), "saved\n");
        scene.end();
    }
}

#[test]
fn without_walls_and_without_a_person_nothing_unseen_is_run() {
    let check = "checks: [{name: triple, command: \"touch made && grep -q 'x [*] 3' calc.py\"}]\n";
    for (sandbox, note) in
        [("", "exit code 0"), ("sandbox: {enabled: false}\n", "nobody is here who could be asked")]
    {
        let model = ModelServer::start(Format::Anthropic, vec![triple(), done()]);
        let allowed = "{allow: ['Bash(touch:*)', 'Bash(grep:*)', 'Edit(/made)']}";
        let workspace = Workspace::new(COPYDESK)
            .with([(FILE, TEXT)])
            .with_user_config(&format!("{}{check}{sandbox}", config(&model, allowed)))
            .with_variable("BENCH_KEY", KEY);
        let report =
            workspace.run(&["ask", "--mode", "accept-edits", "--json", "make it three times"]).json();
        assert_eq!(report["checks"][0]["note"], note, "{report}");
        assert!(!workspace.exists("made"), "{report}");
    }
}

#[test]
fn a_check_is_asked_about_once_in_a_run() {
    let check = "checks: [{name: triple, command: \"touch made && grep -q 'x [*] 3' calc.py\"}]\n";
    let script = vec![wrong(), done(), mended(), done()];
    let mut scene = scene(personality::vs_code(), Format::OpenaiChat, check, script);
    scene.ask("make it three times");
    let way = scene.way();
    let question = scene.answer(way, "Allow once");
    assert!(question.contains("touch made && grep"), "{question}");
    let question = scene.answer(way, "Allow once");
    assert!(question.contains("Edit calc.py") && question.contains("; checks pass"), "{question}");
    scene.edit();
    scene.wait_for_text(&tripled());
    scene.over(3);
    assert!(!scene.workspace.exists("made"), "what a check writes is thrown away");
    scene.end();
}

#[test]
fn a_command_waits_until_the_edits_pass_and_are_in_place() {
    let bash = || Reply::tool("bash", &json!({"command": "grep -c 'x [*] 3' calc.py"}));
    let model =
        ModelServer::start(Format::Anthropic, vec![wrong(), bash(), mended(), bash(), Reply::text("Three.")]);
    let workspace = Workspace::new(COPYDESK)
        .with([(FILE, TEXT)])
        .with_user_config(&format!("{}{CHECK}", config(&model, ALLOWED)))
        .with_variable("BENCH_KEY", KEY);
    let report = workspace.run(&["ask", "--apply", "--json", "make it three times"]).exits(0).json();
    assert_eq!(report["text"], "Three.", "{report}");
    assert_eq!(report["checks"], json!([{"check": "triple", "verdict": "passed", "note": "exit code 0"}]));
    let told = |number| copydesk_tests::scene::results(&model.wait_request(number).body).concat();
    assert!(told(2).starts_with("The command was not run. The checks do not pass"), "{}", told(2));
    assert!(told(4).contains("checks pass.\ncalc.py changed: +1 -1 lines\n1\n[exit code 0]"), "{}", told(4));
    assert_eq!(workspace.read(FILE), tripled());
}

#[test]
fn what_was_edited_before_a_run_failed_is_offered_all_the_same() {
    let model = ModelServer::start(Format::Anthropic, vec![triple(), Reply::status(401, "{}")]);
    let workspace = Workspace::new(COPYDESK)
        .with([(FILE, TEXT)])
        .with_user_config(&format!("{}{CHECK}", config(&model, ALLOWED)))
        .with_variable("BENCH_KEY", KEY);
    let ran = workspace.run(&["ask", "--apply", "--json", "make it three times"]).exits(1);
    let report = ran.json();
    assert_eq!(report["status"], "failed", "{report}");
    let reason = report["denied"][0]["reason"].as_str().unwrap_or_default();
    assert!(reason.starts_with("not checked to the end: failed to reach the model"), "{report}");
    assert_eq!(workspace.read(FILE), TEXT);
}

#[test]
fn an_edit_that_no_longer_fits_is_told_and_can_be_made_anew() {
    let anew = edit("def double(x):\n    return x * 7", "def double(x):\n    return x * 3");
    for (more, code, status) in [(vec![anew, done()], 0, "succeeded"), (vec![done()], 1, "failed")] {
        for format in Format::BOTH {
            let gate = Gate::new();
            let mut script = vec![triple(), done().hold(&gate)];
            script.extend(more.clone());
            let model = ModelServer::start(format, script);
            let workspace = Workspace::new(COPYDESK)
                .with([(FILE, TEXT)])
                .with_user_config(&format!("{}{CHECK}", config(&model, ALLOWED)))
                .with_variable("BENCH_KEY", KEY);
            // The person writes there while the model thinks.
            let theirs = TEXT.replacen("return x * 2", "return x * 7", 1);
            let arguments = ["ask", "--apply", "--json", "make it three times"];
            let ran = std::thread::scope(|scope| {
                let running = scope.spawn(|| workspace.run(&arguments));
                model.wait_request(1);
                workspace.write(FILE, &theirs);
                gate.open();
                running.join().expect("it ends")
            });
            let report = ran.exits(code).json();
            assert_eq!(report["status"], status, "{report}");
            let told = model.wait_request(2).text();
            assert!(told.contains("the text there changed in the meantime"), "{told}");
            assert!(told.contains("Read the file as it is now and edit it anew"), "{told}");
            let error = report["error"].as_str().unwrap_or_default();
            assert_eq!(error.contains("make the edit of calc.py"), code == 1, "{report}");
            assert_eq!(workspace.read(FILE), if code == 0 { tripled() } else { theirs });
        }
    }
}

#[test]
fn a_check_that_may_not_run_is_said_and_nothing_is_made() {
    for (permissions, check, says) in [
        ("{deny: ['Bash(grep:*)']}", CHECK, "not checked: triple: "),
        (
            "{}",
            "checks: [{name: own, command: 'make it'}]\n",
            "not checked: own: nobody is here who could be asked\"",
        ),
        (
            ALLOWED,
            "checks: [{name: odd, command: 'grep x calc.py', matcher: cobol}]\n",
            "not checked: odd: its matcher",
        ),
        // The one that can be read runs; what the other one would have said is not known.
        (
            ALLOWED,
            "checks: [{name: x, comand: 'false'}, {name: triple, command: \"grep -q 'x [*] 3' calc.py\"}]\n",
            "not checked: checks: ",
        ),
        ("{}", "checks: {a: b}\n", "not checked: checks: "),
    ] {
        let model = ModelServer::start(Format::OpenaiChat, vec![triple(), done()]);
        let workspace = Workspace::new(COPYDESK)
            .with([(FILE, TEXT)])
            .with_user_config(&format!("{}{check}", config(&model, permissions)))
            .with_variable("BENCH_KEY", KEY);
        let report = workspace.run(&["ask", "--apply", "--json", "make it three times"]).exits(1).json();
        let denied = report["denied"].to_string();
        assert!(denied.contains(says), "{says}: {report}");
        assert_eq!(workspace.read(FILE), TEXT);
    }
}

#[test]
fn a_strangers_checks_do_not_count_and_one_that_is_for_other_files_does_not_run() {
    let model = ModelServer::start(Format::Anthropic, vec![triple(), done()]);
    let workspace = Workspace::new(COPYDESK)
        .with([(FILE, TEXT), (".copydesk/config.yaml", "checks: [{command: 'false'}]\n")])
        .with_user_config(&format!(
            "{}checks: [{{name: rust, command: 'false', files: ['*.rs']}}]\n",
            config(&model, ALLOWED)
        ))
        .with_variable("BENCH_KEY", KEY);
    let report = workspace.run(&["ask", "--apply", "--json", "make it three times"]).exits(0).json();
    assert_eq!((&report["status"], &report["checks"]), (&json!("succeeded"), &json!([])), "{report}");
    assert_eq!(workspace.read(FILE), tripled());
}

#[test]
fn what_waits_for_its_checks_is_named_as_not_made_after_a_cancel() {
    // The check has a question, so the draft waits for it.
    let settings = "checks: [{name: look, command: \"touch made.txt\"}]\n";
    let script = vec![triple(), done(), Reply::text("I see.")];
    let mut scene = scene(personality::helix_25_07(), Format::Anthropic, settings, script);
    let run = scene.ask("make it three times");
    scene.pending();
    scene.client.prompt();
    let canceled = scene.client.command("copydesk.cancel", json!({"runId": run}));
    assert_eq!(canceled, Ok(json!({"canceled": true})));
    scene.over(1);
    assert_eq!(scene.text(), TEXT);
    let told = "The run ended before these edits were made: calc.py.";
    let list = scene.workspace.run(&["sessions", "--json"]).exits(0).json();
    let session = list["sessions"][0]["session"].as_str().unwrap_or_default().to_owned();
    let shown = scene.workspace.run(&["sessions", "show", &session]).exits(0).stdout;
    assert!(shown.contains(&format!("note: {told}")), "{shown}");
    let _ = scene.workspace.run(&["ask", "--continue", "did it work?"]).exits(0);
    let next = scene.request(2).text();
    assert!(next.contains(told), "{next}");
    scene.end();
}
