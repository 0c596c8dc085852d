//! Hooks, skills, prompt commands, actions with conditions, and the built-in actions *test* and *review*.

use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::personality;
use copydesk_tests::scene::{FILE, Scene, TEXT, done, first_words, results, triple, tripled};
use serde_json::{Value, json};

use crate::{model, own, tools, workspace};

#[test]
fn a_hook_refuses_a_tool_whatever_goes_wrong_with_it() {
    for (hook, reason) in [
        ("{matcher: edit, command: 'echo not in this file; exit 1'}", "not in this file"),
        ("{matcher: edit, command: 'exec sleep 60', timeout: 100ms}", "it took longer than"),
        ("{matcher: edit, command: './not-there'}", "exit code 127"),
        ("{matcher: edit, command: 'echo \"open'}", "could not start"),
    ] {
        let model = model(vec![triple(), done()]);
        let workspace = workspace(&model, "{}", &format!("hooks: {{PreToolUse: [{hook}]}}\n"));
        let _ = workspace.run(&["ask", "--apply", "go"]);
        let told = results(&model.wait_request(1).body).concat();
        assert!(
            told.contains("refused by a hook of the person's") && told.contains(reason),
            "{hook}: {told}"
        );
        assert_eq!(workspace.read(FILE), TEXT, "{hook}");
    }
    // One that nobody can say when it is meant stops the run before anybody is asked.
    let model = model(vec![]);
    let hooks = "hooks: {PreToolUse: [{matcher: '(', command: 'true'}]}\n";
    let ran = workspace(&model, "{}", hooks).run(&["ask", "--apply", "go"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("matcher"), "{ran}");
    assert_eq!(model.requests().len(), 0);
}

#[test]
fn hooks_are_told_what_happens_and_their_words_reach_the_model() {
    let hooks = "hooks:
  SessionStart: [{command: 'echo it is monday'}]
  UserPromptSubmit: [{command: 'grep -o \"make it.*times\"'}, {command: 'grep -o github-token'}]
  PreToolUse: [{matcher: 'edit|write', command: 'grep -q calc.py'}]
  PostToolUse: [{matcher: edit, command: 'echo formatted'}, {matcher: bash, command: 'echo never'}]
  Stop: [{command: 'touch stopped'}]
  SessionEnd: [{command: 'touch ended'}]
";
    let model = model(vec![triple(), done(), done()]);
    let workspace = workspace(&model, "{}", hooks);
    let token = concat!("ghp_", "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8");
    let ran = workspace.run(&["ask", "--apply", &format!("with {token} make it three times")]).exits(0);
    let first = first_words(&model.wait_request(0).body);
    assert!(first.contains("it is monday") && first.contains("make it three times\n"), "{first}\n{ran}");
    assert!(first.contains("\ngithub-token\n"), "{first}");
    let told = results(&model.wait_request(1).body).concat();
    assert!(
        told.contains("calc.py changed") && told.contains("a hook of the person's says:]\nformatted"),
        "{told}"
    );
    assert!(!told.contains("never"));
    assert_eq!(workspace.read(FILE), tripled());
    assert!(workspace.exists("stopped") && workspace.exists("ended"), "{ran}");
    let _ = workspace.run(&["ask", "--continue", "and now?"]).exits(0);
    assert!(!first_words(&model.wait_request(2).body).contains("and now?\nit is monday"));
}

#[test]
fn a_hook_is_judged_and_a_strangers_hook_never_runs() {
    let model = model(vec![triple(), done()]);
    let hooks = "hooks: {PostToolUse: [{command: 'touch denied'}]}\n";
    let workspace = workspace(&model, "{deny: ['Bash(touch:*)']}", hooks);
    workspace.write(
        ".copydesk/config.yaml",
        "hooks: {PreToolUse: [{command: 'exit 1'}], Stop: [{command: 'echo x > strange'}]}\n",
    );
    let ran = workspace.run(&["ask", "--apply", "go"]).exits(0);
    assert_eq!(workspace.read(FILE), tripled(), "the repository's hook refused nothing");
    assert!(!workspace.exists("strange") && !workspace.exists("denied"), "{ran}");
    assert!(ran.stderr.contains("the hook 'touch denied' of PostToolUse failed"), "{ran}");
}

#[test]
fn an_agent_that_may_edit_everything_changes_no_script_that_a_hook_starts() {
    let script = "mkdir -p log; echo theirs >> log/ran; true\n. scripts/lib.sh\n";
    for (settings, file) in [
        ("hooks: {PreToolUse: [{matcher: glob, command: 'sh scripts/may.sh'}]}\n", "scripts/may.sh"),
        ("hooks: {PreToolUse: [{matcher: glob, command: 'sh scripts/may.sh'}]}\n", "scripts/lib.sh"),
        ("hooks: {Stop: [{command: 'make -s may'}]}\n", "Makefile"),
    ] {
        for walls in ["", "sandbox: {enabled: false}\n"] {
            let model = model(vec![
                Reply::tool("read", &json!({"path": file})),
                Reply::tool("edit", &json!({"path": file, "old": "true", "new": "echo mine >> ran"})),
                Reply::tool("write", &json!({"path": file, "content": "echo mine >> ran\n"})),
                Reply::tool("bash", &json!({"command": format!("cp evil {file}")})),
                Reply::tool("write", &json!({"path": "other.txt", "content": "x\n"})),
                Reply::tool("glob", &json!({"pattern": "*"})),
                done(),
            ]);
            let rules = "{mode: accept-edits, allow: [Edit, 'Bash(cp:*)']}";
            let workspace = workspace(&model, rules, &format!("{settings}{walls}"));
            workspace.write("scripts/may.sh", script);
            workspace.write("scripts/lib.sh", "true\n");
            workspace.write("Makefile", "may:\n\ttrue\n");
            workspace.write("evil", "may:\n\techo mine >> ran\n");
            let before = workspace.read(file);
            let ran = workspace.run(&["ask", "--json", "go"]);
            assert_eq!(workspace.read(file), before, "{settings}{walls}: {ran}");
            assert!(!workspace.exists("ran") && workspace.exists("other.txt"), "{settings}{walls}: {ran}");
            let told = results(&model.wait_request(2).body).concat();
            let refused = format!("{file} runs by itself: a hook at ");
            assert!(told.contains("nobody is here who could be asked"), "{told}");
            let explained = workspace.run(&["permissions", "explain", &format!("Edit({file})")]);
            assert!(explained.stdout.contains(&refused), "{explained}");
        }
    }
}

#[test]
fn a_skill_is_named_at_first_and_read_when_it_is_needed() {
    let skill = "---\nname: tables\ndescription: How tables are laid out here.\n---\nAlign the columns. See more.md.\n";
    for format in Format::BOTH {
        let model = ModelServer::start(
            format,
            vec![
                Reply::tool("skill", &json!({"name": "tables"})),
                Reply::tool("skill", &json!({"name": "tables", "file": "more.md"})),
                Reply::tool("skill", &json!({"name": "tables", "file": "../secret.md"})),
                Reply::tool("skill", &json!({"name": "chairs"})),
                done(),
            ],
        );
        let workspace = workspace(&model, "{}", "");
        own(&workspace, "skills/tables/SKILL.md", skill);
        own(&workspace, "skills/tables/more.md", "Much more.\n");
        own(&workspace, "skills/secret.md", "hush\n");
        let _ = workspace.run(&["ask", "lay it out"]).exits(0);
        let first = model.wait_request(0).text();
        assert!(
            first.contains("- tables: How tables are laid out here.") && !first.contains("Align"),
            "{first}"
        );
        let told = |number: usize| results(&model.wait_request(number).body).concat();
        assert!(told(1).contains("Align the columns."), "{}", told(1));
        assert!(told(2).contains("Much more."), "{}", told(2));
        assert!(told(3).contains("only the files in its folder"), "{}", told(3));
        assert!(told(4).contains("there is no skill 'chairs'; there are: tables"), "{}", told(4));
    }
}

#[test]
fn without_a_skill_there_is_no_tool_for_it_and_an_agent_has_those_it_names() {
    let model = model(vec![done(), done(), done()]);
    let workspace = workspace(&model, "{}", "");
    let offered = |number: usize, arguments: &[&str]| {
        let _ = workspace.run(arguments).exits(0);
        let request = model.wait_request(number);
        (tools(&request.body).contains(&"skill".to_owned()), request.text().contains("- tables: "))
    };
    assert_eq!(offered(0, &["ask", "x"]), (false, false));
    workspace.write("skills/tables/SKILL.md", "---\nname: tables\ndescription: Tables.\n---\nAlign.\n");
    assert_eq!(offered(1, &["ask", "x"]), (true, true));
    own(&workspace, "agents/bare.md", "---\nname: bare\nskills: []\n---\nNo skills.\n");
    assert_eq!(offered(2, &["ask", "--agent", "bare", "x"]), (false, false));
}

const PORT: &str = "\
---
description: Port it
arguments: [language, {name: style, default: plain}]
tools: [read]
---
Port this to {{language}} in a {{style}} style. Like {file:like.txt}
!`cat calc.py`
!`touch made`
{env:LANG} {env:BENCH_KEY}
";

#[test]
fn a_prompt_command_takes_arguments_and_brings_in_only_what_is_allowed() {
    let model = model(vec![done()]);
    let workspace = workspace(&model, "{allow: ['Bash(cat:*)']}", "");
    workspace.write("like.txt", "like this\n");
    own(&workspace, "prompts/port.md", PORT);
    let ran = workspace.run(&["ask", "--action", "port", "--file", FILE, "rust style=terse"]).exits(0);
    let request = model.wait_request(0);
    let words = first_words(&request.body);
    assert!(words.contains("Port this to rust in a terse style. Like like this"), "{words}");
    assert!(words.contains("# What a shop needs to know.") && words.contains("C.UTF-8"), "{words}");
    assert!(
        !workspace.exists("made") && words.contains("!`touch made` in the command port is left out"),
        "{words}"
    );
    assert!(words.contains("{env:BENCH_KEY} in the command port is left out"), "{words}");
    assert!(ran.stderr.contains("!`touch made`"), "the person is told too: {ran}");
    assert_eq!(tools(&request.body), ["read"]);
    let missing = workspace.run(&["ask", "--action", "port"]).exits(1);
    assert!(missing.stderr.contains("language is missing; give language, style in this order"), "{missing}");
}

#[test]
fn a_prompt_command_is_a_word_in_a_chat_and_an_action_where_words_are_at_hand() {
    let model = ModelServer::start(Format::OpenaiChat, vec![Reply::text("Ported."), done()]);
    let workspace = workspace(&model, "{}", "");
    own(
        &workspace,
        "prompts/port.md",
        "---\ndescription: Port it\narguments: [language]\n---\nPort this to {{language}}.\n",
    );
    let mut scene = Scene::enter(personality::helix_25_07(), workspace, model);
    let chat = scene.workspace.uri("talk.chat.md");
    scene.workspace.write("talk.chat.md", "# User\n");
    scene.client.open(&chat, "markdown", "# User\n");
    scene.client.replace(&chat, "# User\n", "# User\n/port rust\n");
    scene.client.command("copydesk.chat.send", json!({"uri": chat})).expect("it is sent");
    scene.asked += 1;
    assert!(first_words(&scene.request(0).body).contains("Port this to rust."));
    scene.client.wait("the answer", |client| client.text(&chat).contains("Ported.").then_some(()));
    scene.client.edit(&chat); // where it stands,
    scene.client.edit(&chat); // and the answer
    scene.over(0);
    let uri = scene.uri.clone();
    let title = "Copydesk: port it";
    assert!(
        !offered(&mut scene, &uri, "def double(x):").contains(&title.to_owned()),
        "nothing says which language"
    );
    scene.client.replace(&uri, "def twice(x):", "# ask: cobol\ndef twice(x):");
    let action = action(&mut scene, &uri, "# ask: cobol", title);
    scene.client.run_action(&action);
    scene.asked += 1;
    assert!(first_words(&scene.request(1).body).contains("Port this to cobol."));
    scene.over(1);
    scene.end();
}

#[test]
fn an_action_is_offered_where_its_conditions_hold_and_nowhere_else() {
    let model = ModelServer::start(Format::Anthropic, vec![done()]);
    let workspace = workspace(&model, "{}", "");
    let action_file = |name: &str, when: &str| {
        let text = format!("---\nname: {name}\ntitle: {name}\nwhen: {when}\n---\nMend it.\n");
        own(&workspace, &format!("actions/{name}.md"), &text);
    };
    action_file("pythonic", "{languages: [python]}");
    action_file("rusty", "{languages: [rust]}");
    action_file("borrowed", "{diagnostics: ['E0*']}");
    action_file("warned", "{diagnostics: [warning]}");
    let mut scene = Scene::enter(personality::vs_code(), workspace, model);
    let uri = scene.uri.clone();
    let range = scene.client.range_of(&uri, "def double(x):");
    let all = ["pythonic", "rusty", "borrowed", "warned"];
    for (diagnostics, expect) in [
        (json!([]), &["pythonic"][..]),
        (
            json!([{"range": range, "message": "x", "code": "E0382", "source": "rustc", "severity": 1}]),
            &["pythonic", "borrowed"],
        ),
        (
            json!([{"range": range, "message": "x", "source": "pyright", "severity": 2}]),
            &["pythonic", "warned"],
        ),
    ] {
        let params =
            json!({"textDocument": {"uri": uri}, "range": range, "context": {"diagnostics": diagnostics}});
        let found = scene.client.request("textDocument/codeAction", params).expect("actions");
        let titles: Vec<&str> = all
            .into_iter()
            .filter(|name| {
                let title = format!("Copydesk: {name}");
                found
                    .as_array()
                    .is_some_and(|found| found.iter().any(|action| action["title"] == title.as_str()))
            })
            .collect();
        assert_eq!(titles, expect, "{diagnostics}");
    }
    let action = action(&mut scene, &uri, "def double(x):", "Copydesk: pythonic");
    scene.client.run_action(&action);
    scene.asked += 1;
    assert!(first_words(&scene.request(0).body).contains("Mend it."));
    scene.over(0);
    scene.end();
}

#[test]
fn test_writes_beside_the_code_and_review_changes_nothing() {
    let write = Reply::tool("write", &json!({"path": "test_calc.py", "content": "def test():\n    pass\n"}));
    let model = ModelServer::start(Format::OpenaiChat, vec![write, done(), triple(), done()]);
    let workspace = workspace(&model, "{}", "");
    let mut scene = Scene::enter(personality::vs_code(), workspace, model);
    let uri = scene.uri.clone();
    let test = action(&mut scene, &uri, "def double(x):", "Copydesk: write tests for this");
    scene.client.run_action(&test);
    scene.asked += 1;
    assert!(first_words(&scene.request(0).body).contains("Write tests for the selected code"));
    let way = scene.way();
    let question = scene.answer(way, "Allow once");
    assert!(question.contains("Create test_calc.py"), "{question}");
    scene.over(1);
    assert_eq!(scene.workspace.read("test_calc.py"), "def test():\n    pass\n");
    let review = action(&mut scene, &uri, "def double(x):", "Copydesk: review this");
    scene.client.run_action(&review);
    scene.asked += 1;
    assert!(first_words(&scene.request(2).body).contains("Review the selected code"));
    let told = scene.result(3);
    assert!(told.contains("there is no tool 'edit'"), "{told}");
    scene.over(3);
    assert_eq!(scene.text(), TEXT);
    scene.end();
}

/// The titles of what is offered at a piece of text.
fn offered(scene: &mut Scene, uri: &str, piece: &str) -> Vec<String> {
    let range = scene.client.range_of(uri, piece);
    let actions = scene.client.code_actions(uri, &range, Some("refactor.rewrite"));
    actions.iter().filter_map(|action| action["title"].as_str().map(str::to_owned)).collect()
}

/// The action of that title at a piece of text.
fn action(scene: &mut Scene, uri: &str, piece: &str, title: &str) -> Value {
    let range = scene.client.range_of(uri, piece);
    let actions = scene.client.code_actions(uri, &range, Some("refactor.rewrite"));
    let found = actions.iter().find(|action| action["title"] == title).cloned();
    found.unwrap_or_else(|| panic!("there is no {title:?} in {actions:?}"))
}
