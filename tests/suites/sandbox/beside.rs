//! Commands of two servers in one workspace, each with a state of its own: neither opens the other's walls.

use std::process::Stdio;
use std::time::Instant;

use copydesk_tests::client::{PATIENCE, eventually};
use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::scene::{config, done, results};
use serde_json::json;

use crate::ground::{Ground, give};

/// Outstays a command of the other server, then tries what stands only because nothing may be made there.
const OUTSTAY: &str = "echo x >started; until [ -e go ]; do sleep 0.05; done; exec 2>/dev/null; \
    (echo x >.vscode/tasks.json) && echo reached .vscode; (mkdir .idea) && echo reached .idea; \
    (echo x >.git/hooks/pre-commit || mkdir .git/hooks) && echo reached hooks; \
    (echo x >.git/config) && echo reached config; echo over";

#[test]
fn the_end_of_another_servers_command_opens_nothing() {
    for ground in [Ground::Full, Ground::FullOrdinary] {
        let Some(workspace) = ground.workspace("two servers", "") else { continue };
        for folder in [".git/objects", ".git/refs"] {
            std::fs::create_dir_all(workspace.root().join(folder)).expect("the bench's own folder");
        }
        std::fs::write(workspace.root().join(".git/HEAD"), "ref: refs/heads/main\n").expect("a repository");
        let asked = |command: &str| {
            let turn = Reply::tool("bash", &json!({"command": command, "timeout_ms": 60_000}));
            let model = ModelServer::start(Format::Anthropic, [turn, done()]);
            std::fs::write(workspace.user_config(), config(&model, "{}")).expect("a config");
            if ground == Ground::FullOrdinary {
                give(&workspace).expect("the bench's own folder");
            }
            (model, ground.command(&workspace, &["ask", "--json", "--mode", "bypass", "run it"]))
        };
        let (long, mut command) = asked(OUTSTAY);
        let mut server = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let started = workspace.root().join("started");
        let is_running = eventually(Instant::now() + PATIENCE, || started.exists().then_some(()));
        assert!(is_running.is_some(), "{ground:?}: the command did not start");
        let (short, mut command) = asked("echo short");
        let other = workspace.root().with_file_name("other-state");
        command.env("COPYDESK_HOME", &other);
        let ran = copydesk_tests::workspace::collect(command, "");
        assert!(results(&short.requests()[1].body)[0].contains("short"), "{ground:?}: {ran}");
        std::fs::write(workspace.root().join("go"), "").expect("the bench's own folder");
        server.wait().expect("it can be waited for");
        let said = results(&long.requests()[1].body)[0].clone();
        assert!(said.contains("over") && !said.contains("reached"), "{ground:?}: {said}");
        // What the launcher itself put there goes right behind its answer.
        let held = [".vscode", ".idea", ".git/hooks", ".git/config"];
        let is_there = |name: &str| workspace.root().join(name).symlink_metadata().is_ok();
        let gone =
            eventually(Instant::now() + PATIENCE, || (!held.iter().any(|name| is_there(name))).then_some(()));
        assert!(gone.is_some(), "{ground:?}: the last one takes its placeholders away");
    }
}

#[test]
fn a_command_in_the_background_has_the_walls_of_any_other() {
    for ground in [Ground::Full, Ground::FullOrdinary, Ground::Partial] {
        let Some(workspace) = ground.workspace("in the background", "") else { continue };
        let outside = workspace.root().with_file_name("outside");
        std::fs::create_dir(&outside).expect("the bench's own folder");
        let place = outside.display();
        let command = format!("exec 2>/dev/null; (echo x >{place}/made) && echo reached; echo over");
        for is_beside in [false, true] {
            let arguments = json!({"command": command, "timeout_ms": 60_000, "background": is_beside});
            let look = Reply::tool("output", &json!({"id": "job-1", "wait_ms": 20_000}));
            let script =
                [vec![Reply::tool("bash", &arguments)], vec![look; usize::from(is_beside)], vec![done()]];
            let model = ModelServer::start(Format::Anthropic, script.concat());
            std::fs::write(workspace.user_config(), config(&model, "{}")).expect("a config");
            if ground == Ground::FullOrdinary {
                give(&workspace).expect("the bench's own folder");
            }
            let command = ground.command(&workspace, &["ask", "--json", "--mode", "bypass", "run it"]);
            let ran = copydesk_tests::workspace::collect(command, "");
            let last = model.requests().pop().expect("there are requests");
            let said = results(&last.body).pop().unwrap_or_default();
            assert!(said.contains("over") && !said.contains("reached"), "{ground:?}: {said}\n{ran}");
            assert!(!outside.join("made").exists(), "{ground:?}, in the background: {is_beside}");
        }
    }
}
