//! Agents from files: on the command line, in an editor, in a chat document; handing over to each other.

use copydesk_tests::model_server::{Format, MODEL, ModelServer, Reply};
use copydesk_tests::personality;
use copydesk_tests::scene::{FILE, Scene, TEXT, done, results, triple, tripled};
use serde_json::json;

use crate::{model, own, tools, workspace};

const CAREFUL: &str = "\
---
name: careful
description: Looks twice.
model: bench/slow
tools: [read, grep, edit, bash]
permissions: {deny: ['Edit(calc.py)']}
---
You weigh every word.
";

#[test]
fn an_agent_brings_its_words_its_model_its_tools_and_its_rules() {
    for format in Format::BOTH {
        let model = ModelServer::start(format, vec![triple(), done()]);
        let workspace = workspace(&model, "{}", "");
        own(&workspace, "agents/careful.md", CAREFUL);
        let ran = workspace
            .run(&["ask", "--agent", "careful", "--apply", "--json", "make it three times"])
            .exits(0);
        let (first, second) = (model.wait_request(0), model.wait_request(1));
        assert_eq!(first.body["model"], "slow");
        assert_eq!(tools(&first.body), ["read", "grep", "edit", "bash"]);
        assert!(first.text().contains("You work as careful:\\nYou weigh every word."), "{}", first.text());
        let told = results(&second.body).concat();
        assert!(told.contains("rule Edit(calc.py) denies it"), "{told}");
        assert_eq!(workspace.read(FILE), TEXT, "{ran}");
        let shown = workspace.run(&["prompt", "show", "--agent", "careful", "x"]).exits(0);
        assert!(shown.stdout.contains("── agent careful"), "{shown}");
    }
}

#[test]
fn a_profile_refuses_what_is_not_its_work_in_every_mode() {
    for (profile, call, refused) in [
        ("read-only", Reply::tool("bash", &json!({"command": "true"})), "there is no tool 'bash'"),
        ("read-only", triple(), "there is no tool 'edit'"),
        ("verify-only", Reply::tool("bash", &json!({"command": "echo x > calc.py"})), "rule Edit denies it"),
        ("plan-only", Reply::tool("bash", &json!({"command": "echo x > calc.py"})), "refused"),
    ] {
        let model = model(vec![call, done()]);
        let workspace = workspace(&model, "{}", "");
        own(&workspace, "agents/role.md", &format!("---\nname: role\nprofile: {profile}\n---\nWork.\n"));
        let _ = workspace.run(&["ask", "--agent", "role", "--mode", "bypass", "try it"]);
        let told = results(&model.wait_request(1).body).concat();
        assert!(told.contains(refused), "{profile}: {told}");
        assert_eq!(workspace.read(FILE), TEXT);
    }
}

#[test]
fn a_strangers_agent_works_but_chooses_no_model_until_its_text_is_trusted() {
    let model = model(vec![done(), done(), done()]);
    let workspace = workspace(&model, "{}", "");
    workspace.write(
        ".copydesk/agents/local.md",
        "---\nname: local\nmodel: bench/dear\n---\nI am of this project.\n",
    );
    let asked = |number: usize| {
        let _ = workspace.run(&["ask", "--agent", "local", "hello"]).exits(0);
        let request = model.wait_request(number);
        assert!(request.text().contains("I am of this project."), "{}", request.text());
        request.body["model"].clone()
    };
    assert_eq!(asked(0), MODEL);
    let _ = workspace.run(&["trust", "--yes"]).exits(0);
    assert_eq!(asked(1), "dear");
    workspace.write(
        ".copydesk/agents/local.md",
        "---\nname: local\nmodel: bench/dearer\n---\nI am of this project.\n",
    );
    assert_eq!(asked(2), MODEL);
}

#[test]
fn an_agent_that_is_not_there_is_wrong_usage_and_names_those_that_are() {
    let model = model(vec![]);
    let workspace = workspace(&model, "{}", "");
    own(&workspace, "agents/careful.md", CAREFUL);
    let ran = workspace.run(&["ask", "--agent", "hasty", "x"]).exits(2);
    assert!(ran.stderr.contains("there is no agent 'hasty': careful, keystone-architect"), "{ran}");
    assert_eq!(model.requests().len(), 0);
}

#[test]
fn an_editor_and_a_chat_document_name_an_agent() {
    let model = ModelServer::start(Format::OpenaiChat, vec![done(), Reply::text("I looked.")]);
    let workspace = workspace(&model, "{}", "");
    own(&workspace, "agents/careful.md", CAREFUL);
    let mut scene = Scene::enter(personality::vs_code(), workspace, model);
    let ask = |agent: &str| json!({"uri": scene.uri, "prompt": "look", "agent": agent});
    let (known, unknown) = (ask("careful"), ask("hasty"));
    let refused = scene.client.command("copydesk.ask", unknown).expect_err("there is none");
    assert!(refused.to_string().contains("there is no agent 'hasty'"), "{refused}");
    scene.client.command("copydesk.ask", known).expect("there is one");
    scene.asked += 1;
    assert!(scene.request(0).text().contains("You weigh every word."));
    scene.over(0);
    let chat = scene.workspace.uri("talk.chat.md");
    // All of it is typed here: a document that came from elsewhere is asked about first.
    scene.workspace.write("talk.chat.md", "\n");
    scene.client.open(&chat, "markdown", "\n");
    scene.client.set_text(&chat, "---\nagent: careful\n---\n# User\nlook at it\n");
    scene.client.command("copydesk.chat.send", json!({"uri": chat})).expect("it is sent");
    scene.asked += 1;
    let request = scene.request(1);
    assert!(request.text().contains("You weigh every word.") && request.text().contains("look at it"));
    scene.client.wait("the answer", |client| client.text(&chat).contains("I looked.").then_some(()));
    scene.client.edit(&chat); // where it stands,
    scene.client.edit(&chat); // and the answer
    scene.over(1);
    scene.end();
}

#[test]
fn a_handoff_goes_on_with_the_conversation_and_another_agents_tools() {
    let model = model(vec![
        Reply::tool("handoff", &json!({"agent": "elsewhere"})),
        Reply::tool("handoff", &json!({"agent": "writer", "words": "Three times, please."})),
        triple(),
        done(),
    ]);
    let workspace = workspace(&model, "{}", "");
    own(
        &workspace,
        "agents/reader.md",
        "---\nname: reader\nprofile: read-only\nhandoffs: [writer]\n---\nYou read.\n",
    );
    own(
        &workspace,
        "agents/writer.md",
        "---\nname: writer\ndescription: Writes.\nmodel: bench/pen\ntools: [read, edit]\n---\nYou write.\n",
    );
    let ran =
        workspace.run(&["ask", "--agent", "reader", "--apply", "--json", "make it three times"]).exits(0);
    let requests: Vec<_> = (0..4).map(|number| model.wait_request(number)).collect();
    assert!(tools(&requests[0].body).contains(&"handoff".to_owned()));
    assert!(requests[0].text().contains("- writer: Writes."));
    assert!(results(&requests[1].body).concat().contains("hands over to writer only"));
    let (tools, text) = (tools(&requests[2].body), requests[2].text());
    assert_eq!(
        (tools, &requests[2].body["model"]),
        (vec!["read".to_owned(), "edit".to_owned()], &json!("pen"))
    );
    assert!(text.contains("You write.") && text.contains("Three times, please."), "{text}");
    assert!(text.contains("make it three times"), "the conversation is the same");
    assert_eq!(workspace.read(FILE), tripled(), "{ran}");
}
