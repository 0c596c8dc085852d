//! Nothing outlives its command: not what left its group, its session and its parent, and not when the server is
//! killed.

use std::process::Stdio;
use std::time::Instant;

use copydesk_tests::client::{PATIENCE, eventually};
use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::scene::{config, done};
use serde_json::json;

use crate::ground::{Ground, give};

/// A program that nothing else on this machine runs, left behind in three ways.
fn daemons(mark: &str) -> String {
    format!(
        "(setsid sleep {mark} >/dev/null 2>&1 &); (setsid bash -c 'sleep {mark} & sleep {mark} & wait' >/dev/null 2>&1 &); \
         nohup sleep {mark} >/dev/null 2>&1 & disown; for i in 1 2 3 4; do sleep 0.05; done; echo started"
    )
}

/// How many processes of the machine run `sleep` with this mark.
fn alive(mark: &str) -> usize {
    let wanted = format!("sleep\0{mark}\0");
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter(|process| {
            let is_it =
                std::fs::read(process.path().join("cmdline")).is_ok_and(|line| line == wanted.as_bytes());
            let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
            is_it && !stat.contains(") Z ")
        })
        .count()
}

fn mark(ground: Ground, story: u32) -> String {
    format!("{}.{story}{}", 500_000 + std::process::id(), ground as u8)
}

#[test]
fn what_a_command_leaves_behind_ends_with_it() {
    for ground in Ground::ALL {
        let Some(workspace) = ground.workspace("daemons", "") else { continue };
        let mark = mark(ground, 1);
        let (told, ran) = ground.run(&workspace, "bypass", &[&daemons(&mark), "echo next"]);
        assert!(
            told[0].contains("started") && told[0].contains("exit code 0"),
            "{ground:?}: {told:?}\n{ran}"
        );
        assert_eq!(alive(&mark), 0, "{ground:?}");
    }
}

#[test]
fn the_time_of_a_command_is_the_time_of_all_that_it_started() {
    for ground in Ground::ALL {
        let Some(workspace) = ground.workspace("time", "") else { continue };
        let mark = mark(ground, 2);
        let command = format!("{}; sleep {mark}", daemons(&mark));
        let turn = Reply::tool("bash", &json!({"command": command, "timeout_ms": 1500}));
        let model = ModelServer::start(Format::Anthropic, [turn, done()]);
        std::fs::write(workspace.user_config(), config(&model, "{}") + ground.settings()).expect("a config");
        if ground == Ground::FullOrdinary {
            give(&workspace).expect("the bench's own folder");
        }
        let ran = copydesk_tests::workspace::collect(
            ground.command(&workspace, &["ask", "--json", "--mode", "bypass", "run it"]),
            "",
        );
        assert!(model.requests()[1].text().contains("took longer"), "{ground:?}: {ran}");
        assert_eq!(alive(&mark), 0, "{ground:?}");
    }
}

#[test]
fn killing_the_server_ends_everything_that_it_started() {
    for ground in Ground::ALL {
        let Some(workspace) = ground.workspace("kill -9", "") else { continue };
        let mark = mark(ground, 3);
        let command = format!("{}; sleep {mark}", daemons(&mark));
        let turn = Reply::tool("bash", &json!({"command": command}));
        let model = ModelServer::start(Format::Anthropic, [turn, done()]);
        std::fs::write(workspace.user_config(), config(&model, "{}") + ground.settings()).expect("a config");
        if ground == Ground::FullOrdinary {
            give(&workspace).expect("the bench's own folder");
        }
        let mut server = ground
            .command(&workspace, &["ask", "--mode", "bypass", "run it"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let all = eventually(Instant::now() + PATIENCE, || (alive(&mark) == 5).then_some(()));
        assert!(all.is_some(), "{ground:?}: only {} of 5 started", alive(&mark));
        server.kill().expect("it can be killed");
        server.wait().expect("it can be waited for");
        let gone = eventually(Instant::now() + PATIENCE, || (alive(&mark) == 0).then_some(()));
        assert!(gone.is_some(), "{ground:?}: {} outlive the server", alive(&mark));
    }
}
