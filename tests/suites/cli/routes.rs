//! Which model answers, and who instead: every switch is told, and nothing is done twice.

use copydesk_tests::model_server::{End, Format, ModelServer, Reply};
use copydesk_tests::scene::{FILE, KEY, TEXT, done, triple, tripled};
use copydesk_tests::workspace::{Ran, Workspace};
use serde_json::{Value, json};

use crate::COPYDESK;

/// Two providers, `one` and `two`, the second of which may answer for the first; `more` stands at the top level.
fn pair(one: &ModelServer, two: &ModelServer, more: &str) -> Workspace {
    let provider = |name: &str, model: &ModelServer| {
        format!(
            "  {name}:\n    kind: {}\n    base_url: \"{}\"\n    api_key_env: BENCH_KEY\n    default_model: m\n",
            model.format().kind(),
            model.base_url()
        )
    };
    let config = format!(
        "default_model: one/m\nfallback: [two]\n{more}providers:\n{}{}",
        provider("one", one),
        provider("two", two)
    );
    Workspace::new(COPYDESK).with([(FILE, TEXT)]).with_user_config(&config).with_variable("BENCH_KEY", KEY)
}

fn ask(workspace: &Workspace, more: &[&str]) -> Ran {
    workspace.run(&[&["ask", "--json", "--apply", "--file", FILE], more, &["make it three times"]].concat())
}

fn refused() -> Reply {
    Reply::status(401, "{\"error\": {\"message\": \"invalid key\"}}")
}

fn model(requested: Value, active: &str, fallback_applied: bool) -> Value {
    json!({"requested": requested, "active": active, "fallback_applied": fallback_applied})
}

#[test]
fn a_fallback_answers_where_credit_key_or_model_are_missing_whatever_the_status() {
    for message in ["Your credit balance is too low", "API key not valid.", "Model Not Exist"] {
        let body = json!({"error": {"message": message, "type": "invalid_request_error"}}).to_string();
        let one = ModelServer::start(Format::OpenaiChat, [Reply::status(400, &body)]);
        let two = ModelServer::start(Format::OpenaiChat, [done()]);
        let report = pair(&one, &two, "").run(&["ask", "--json", "say something"]).exits(0).json();
        assert_eq!(report["model"], model("one/m".into(), "two/m", true), "{message}: {report}");
    }
}

#[test]
fn a_fallback_answers_where_the_first_cannot_and_says_so() {
    let troubles: Vec<Vec<Reply>> = vec![
        vec![refused()],
        vec![Reply::status(404, "")],
        vec![Reply::status(429, "").header("retry-after", "3600")],
        vec![Reply::stream("hello there\n\n")],
        vec![Reply::text("half an ans").end(End::Early); 3],
    ];
    for (trouble, format) in troubles.into_iter().zip(Format::ALL) {
        let (one, two) = (
            ModelServer::start(format, trouble.clone()),
            ModelServer::start(Format::OpenaiChat, [triple(), done()]),
        );
        let workspace = pair(&one, &two, "");
        let ran = ask(&workspace, &[]).exits(0);
        let report = ran.json();
        assert_eq!(report["model"], model("one/m".into(), "two/m", true), "{trouble:?}: {report}");
        assert_eq!(report["text"], "Done.", "{report}");
        assert_eq!(workspace.read(FILE), tripled());
        assert_eq!((one.requests().len(), two.requests().len()), (trouble.len(), 2), "no way back: {report}");
        // Aloud: who is asked, who answers instead, and why.
        let (one, two) = (ModelServer::start(format, trouble), ModelServer::start(format, [done()]));
        let workspace = pair(&one, &two, "");
        let ran = workspace.run(&["ask", "say something"]).exits(0);
        assert_eq!(ran.stdout, "Done.\n", "nothing void is in the result: {ran}");
        assert!(
            ran.stderr.contains("asking one/m") && ran.stderr.contains("two/m answers instead of one/m: "),
            "{ran}"
        );
        // And later, where it happened.
        let listed = workspace.run(&["sessions", "--json"]).exits(0).json();
        let session = listed["sessions"][0]["session"].as_str().unwrap_or_default();
        let shown = workspace.run(&["sessions", "show", session]).exits(0).stdout;
        let at = shown.find("· two/m answers instead of one/m: ");
        assert!(at.is_some() && at < shown.find("Done."), "{shown}");
    }
}

#[test]
fn a_switch_behind_an_effect_repeats_none() {
    for end in [End::Early, End::Reset(60)] {
        let broken = Reply::text("and now")
            .call("edit", &json!({"path": FILE, "old": "x * 3", "new": "x * 4"}))
            .end(end);
        let one = ModelServer::start(Format::Anthropic, [triple(), broken.clone(), broken.clone(), broken]);
        let two = ModelServer::start(Format::OpenaiResponses, [done()]);
        let workspace = pair(&one, &two, "");
        let report = ask(&workspace, &[]).exits(0).json();
        assert_eq!(
            (&report["text"], &report["model"]["active"]),
            (&json!("Done."), &json!("two/m")),
            "{report}"
        );
        assert_eq!(workspace.read(FILE), tripled(), "edited once, and nothing of what broke off");
        assert_eq!(report["changes"], json!([{"path": FILE, "applied": true}]), "{report}");
        let told = two.wait_request(0).text();
        assert!(told.contains("x * 3") && !told.contains("and now"), "it knows what was done: {told}");
    }
}

#[test]
fn a_strict_choice_is_that_model_or_an_error() {
    for (more, flags) in [("models: {strict: true}\n", &[][..]), ("", &["--strict"])] {
        for trouble in [vec![refused()], vec![Reply::status(503, ""); 3]] {
            let one = ModelServer::start(Format::OpenaiChat, trouble);
            let two = ModelServer::start(Format::OpenaiChat, [done()]);
            let report = ask(&pair(&one, &two, more), flags).exits(1).json();
            assert_eq!(report["model"], model(Value::Null, "one/m", false), "{report}");
            assert_eq!(two.requests().len(), 0, "{report}");
        }
    }
}

#[test]
fn what_the_request_is_at_fault_for_asks_nobody_else() {
    let one = ModelServer::start(
        Format::Anthropic,
        [Reply::status(400, "{\"error\": {\"message\": \"prompt is too long\"}}")],
    );
    let two = ModelServer::start(Format::OpenaiChat, [done()]);
    let report = ask(&pair(&one, &two, ""), &[]).exits(1).json();
    assert!(report["error"].as_str().is_some_and(|error| error.contains("prompt is too long")), "{report}");
    assert_eq!(two.requests().len(), 0);
}

#[test]
fn a_model_that_calls_no_tools_is_not_asked_to_work_with_them() {
    let one = ModelServer::start(Format::OpenaiChat, []);
    let two = ModelServer::start(Format::Anthropic, [done()]);
    let workspace = pair(&one, &two, "");
    let text = std::fs::read_to_string(workspace.user_config()).expect("the bench's own file");
    let text = text.replacen("default_model: m\n", "default_model: m\n    models: {m: {tools: false}}\n", 1);
    std::fs::write(workspace.user_config(), text).expect("the bench's own file");
    let report = ask(&workspace, &[]).exits(0).json();
    assert_eq!(report["model"], model("one/m".into(), "two/m", true), "{report}");
    let report = ask(&workspace, &["--strict"]).exits(1).json();
    let told = "failed to reach the model: one/m cannot call tools, by which agents work. Choose a model that can; 'copydesk \
                models' shows which. If this one can, set providers.one.models.m.tools to true.";
    assert_eq!(report["error"], told, "{report}");
    assert_eq!((one.requests().len(), two.requests().len()), (0, 1));
}

#[test]
fn the_flag_goes_before_the_file_of_an_action() {
    let one = ModelServer::start(Format::OpenaiChat, [Reply::status(400, "{}"), refused()]);
    let two = ModelServer::start(Format::OpenaiChat, [done(), done()]);
    let workspace = pair(&one, &two, "");
    let actions = workspace.user_config().with_file_name("actions");
    std::fs::create_dir_all(&actions).expect("the bench's own folder");
    std::fs::write(actions.join("tidy.md"), "---\nname: tidy\nmodel: one/m\nfallback: []\n---\nTidy up.\n")
        .expect("the bench's own folder");
    let report = workspace.run(&["ask", "--json", "--action", "tidy", "--model", "two/n"]).exits(0).json();
    assert_eq!(report["model"], model("two/n".into(), "two/n", false), "{report}");
    // Its own chain is empty: nobody else answers.
    let report = workspace.run(&["ask", "--json", "--action", "tidy"]).exits(1).json();
    assert_eq!(report["model"], model("one/m".into(), "one/m", false), "{report}");
    assert_eq!((one.requests().len(), two.requests().len()), (1, 1));

    // A prompt command has the same two keys, and one model may stand as a text.
    let prompts = workspace.user_config().with_file_name("prompts");
    std::fs::create_dir_all(&prompts).expect("the bench's own folder");
    let neat = prompts.join("neat.md");
    std::fs::write(&neat, "---\nname: neat\nmodel: one/m\nfallback: two/p\n---\nMake it neat.\n")
        .expect("the bench's own folder");
    let report = workspace.run(&["ask", "--json", "--action", "neat"]).exits(0).json();
    assert_eq!(report["model"], model("one/m".into(), "two/p", true), "{report}");
    let shown = explained(&workspace, &["--for", &neat.display().to_string()]);
    let expect =
        (vec!["one/m".to_owned(), "two/p".to_owned()], "the action or agent names its fallbacks".to_owned());
    assert_eq!(shown, expect);
}

/// Who would answer a file's question, first to last, and who says so.
fn explained(workspace: &Workspace, of: &[&str]) -> (Vec<String>, String) {
    let report = workspace.run(&[&["models", "explain", "--json"], of].concat()).exits(0).json();
    let models = report["models"].as_array().map(Vec::as_slice).unwrap_or_default();
    let refs = models.iter().filter_map(|model| Some(model["ref"].as_str()?.to_owned())).collect();
    (refs, report["chain"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn flag_step_agent_workflow_and_config_name_fallbacks_in_this_order() {
    let (one, two) = (ModelServer::start(Format::OpenaiChat, []), ModelServer::start(Format::OpenaiChat, []));
    let workspace = pair(&one, &two, "").with([
        ("agents/writer.md", "---\nname: writer\nmodel: two/w\nfallback: [one/w]\n---\n"),
 ("agents/alone.md", "---\nname: alone\nfallback: []\n---\n"),
        ("agents/plain.md", "---\nname: plain\n---\n"),
        (
            "flow.yaml",
            "name: flow\nfallback: two/flow\nsteps:\n  - {id: own, type: llm, agent: writer, prompt: p, model: one/s, fallback: [two/s]}\n  \
             - {id: agents, type: llm, agent: writer, prompt: p}\n  - {id: flows, type: llm, agent: plain, prompt: p}\n  - {id: none, type: shell, run: ls}\n",
        ),
        ("talk.chat.md", "---\nmodel: two/c\nfallback: one/c\n---\n\n# User\n\nHello?\n"),
        ("bare.yaml", "name: bare\nsteps:\n  - {id: a, type: llm, agent: plain, prompt: p}\n"),
    ]);
    let check = |of: &[&str], refs: &[&str], said: &str| {
        let expect = (refs.iter().map(|&one| one.to_owned()).collect(), said.to_owned());
        assert_eq!(explained(&workspace, of), expect, "{of:?}");
    };
    check(&["--for", "flow.yaml#own"], &["one/s", "two/s"], "the step names its fallbacks");
    check(&["--for", "flow.yaml#own", "two/f"], &["two/f", "two/s"], "the step names its fallbacks");
    check(&["--for", "flow.yaml#agents"], &["two/w", "one/w"], "the action or agent names its fallbacks");
    check(&["--for", "agents/writer.md"], &["two/w", "one/w"], "the action or agent names its fallbacks");
    check(&["--for", "flow.yaml#flows"], &["one/m", "two/flow"], "the workflow names its fallbacks");
    check(&["--for", "flow.yaml"], &["one/m", "two/flow"], "the workflow names its fallbacks");
    check(&["--for", "bare.yaml#a"], &["one/m", "two/m"], "fallback of the config");
    check(&["--for", "talk.chat.md"], &["two/c", "one/c"], "fallbacks asked for by name");
    let alone = workspace.run(&["models", "explain", "--for", "agents/alone.md"]).exits(0).stdout;
    let because = "no fallback: the action or agent names its fallbacks, and nobody else stands there\n";
    assert!(alone.contains(because), "{alone}");
    for (of, words) in [
        ("flow.yaml#none", "flow.yaml has no step 'none' that asks a model"),
        ("flow.yaml#nowhere", "flow.yaml has no step 'nowhere' that asks a model"),
        ("agents/plain.md#x", "agents/plain.md has no steps"),
        ("nowhere.yaml", "failed to find "),
    ] {
        let ran = workspace.run(&["models", "explain", "--for", of]).exits(2);
        assert!(ran.stderr.contains(words), "{ran}");
    }
}

#[test]
fn what_one_process_learned_spares_the_next_one_the_wait() {
    let one = ModelServer::start(Format::OpenaiChat, vec![Reply::status(503, ""); 3]);
    let two = ModelServer::start(Format::OpenaiChat, [done(), done()]);
    let workspace = pair(&one, &two, "");
    for _ in 0..2 {
        let report = workspace.run(&["ask", "--json", "say something"]).exits(0).json();
        assert_eq!(report["model"], model("one/m".into(), "two/m", true), "{report}");
    }
    assert_eq!((one.requests().len(), two.requests().len()), (3, 2), "the open circuit was passed over");
}

#[test]
fn a_chain_with_a_name_that_leads_nowhere_is_told() {
    let one = ModelServer::start(Format::OpenaiChat, [done()]);
    let config = format!(
        "default_model: one/m\nfallback: [nobody/x, \"\"]\nproviders: {{one: {{kind: openai-chat, base_url: \"{}\"}}}}\n\
         model_mappings:\n  \"gpt-*\": nobody\n  m: one\n",
        one.base_url()
    );
    let workspace = Workspace::new(COPYDESK).with_user_config(&config);
    let ran = workspace.run(&["ask", "say something"]).exits(0);
    assert!(ran.stderr.contains("'nobody/x' does not count"), "{ran}");
    let doctor = workspace.run(&["doctor"]);
    for (title, line, because) in [
        ("fallback nobody/x", 2, "no provider serves 'nobody/x'; "),
        ("fallback ''", 2, "no provider serves ''; "),
        ("mapping gpt-*", 5, "model_mappings sends 'gpt-*' to 'nobody', which is no provider; "),
    ] {
        let told = format!("{title}: {}:{line}: {because}", workspace.user_config().display());
        assert!(doctor.stdout.contains(&told), "{told}: {doctor}");
    }
}

#[test]
fn a_key_that_cannot_be_had_is_a_reason_to_ask_somebody_else() {
    let (one, two) =
        (ModelServer::start(Format::OpenaiChat, []), ModelServer::start(Format::OpenaiChat, [done()]));
    let config = format!(
        "default_model: one/m\nfallback: [two/m]\nproviders:\n  one: {{kind: openai-chat, base_url: \"{}\", key: {{command: \"exit 1\"}}}}\n  \
         two: {{kind: openai-chat, base_url: \"{}\"}}\n",
        one.base_url(),
        two.base_url()
    );
    let ran = Workspace::new(COPYDESK).with_user_config(&config).run(&["ask", "say something"]).exits(0);
    assert!(ran.stderr.contains("two/m answers instead of one/m: no key for provider 'one'"), "{ran}");
    assert_eq!((one.requests().len(), two.requests().len()), (0, 1));
}
