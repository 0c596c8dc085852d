//! `kill -9` at the writes of the journal: nothing is done twice, and nothing that was done is forgotten.
//!
//! A library that is loaded before the program's own ends it at the n-th write to a database (`fixtures/kill`). A model
//! then looks at what it is told of the conversation, and does what is missing. And what was cut short is replayed to
//! the same journal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::scene::{KEY, config, done};
use copydesk_tests::workspace::{Workspace, collect, parting};
use serde_json::{Value, json};

use crate::COPYDESK;

const CALLS: usize = 20;
/// How many places of death are tried, spread over all of them; `COPYDESK_KILLS=all` tries each, which takes some
/// minutes.
const KILLS: usize = 100;
const PERMISSIONS: &str = "{mode: accept-edits, allow: [\"Bash(sh step.sh *)\"]}";

/// What a conversation says of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Done,
    NotKnown,
    Nothing,
}

/// The library, compiled once.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder for the library").keep();
        let (source, made) = (folder.join("kill.c"), folder.join("kill.so"));
        std::fs::write(&source, include_str!("../../fixtures/kill/kill.c")).expect("the source is written");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&made, &source])
            .arg("-ldl")
            .status()
            .expect("a C compiler is there");
        assert!(compiled.success(), "the library compiles");
        made
    })
}

/// The call with this number: every second one is a command, the others are edits.
fn call(number: usize) -> Reply {
    match number % 2 {
        0 => Reply::tool("bash", &json!({"command": format!("sh step.sh {number}")})),
        _ => Reply::tool(
            "edit",
            &json!({"path": "list.txt", "old": format!("line {number}: open\n"), "new": format!("line {number}: done\n")}),
        ),
    }
}

fn furnished(model: &ModelServer) -> Workspace {
    let lines: Vec<String> = (0..CALLS).map(|number| format!("line {number}: open\n")).collect();
    Workspace::new(COPYDESK)
        .with([("step.sh", "echo \"$1\" >> log.txt\n"), ("list.txt", &lines.concat())])
        .with_user_config(&config(model, PERMISSIONS))
        .with_variable("BENCH_KEY", KEY)
}

/// The task, with the library loaded and one of its variables set.
fn work(workspace: &Workspace, variable: (&str, &str)) -> Option<i32> {
    let mut command = workspace.command(&["ask", "--json", "do the twenty things"]);
    command.env("LD_PRELOAD", library()).env(variable.0, variable.1);
    collect(command, "").code
}

fn task() -> impl Iterator<Item = Reply> {
    (0..CALLS).map(call).chain([done()])
}

/// How often each thing was done, as the workspace shows it.
fn times(workspace: &Workspace) -> [usize; CALLS] {
    let log = if workspace.exists("log.txt") { workspace.read("log.txt") } else { String::new() };
    let list = workspace.read("list.txt");
    std::array::from_fn(|number| match number % 2 {
        0 => log.lines().filter(|line| *line == number.to_string()).count(),
        _ => list.lines().filter(|line| *line == format!("line {number}: done")).count(),
    })
}

/// What the conversation that the model is told says of each call.
fn said(body: &Value) -> [Said; CALLS] {
    let messages = body["messages"].as_array().into_iter().flatten();
    let parts = messages.filter_map(|message| message["content"].as_array()).flatten();
    // The script gives calls of one tool the same id: a result is that of the last call before it.
    let mut open: BTreeMap<&str, String> = BTreeMap::new();
    let mut told: Vec<(String, String)> = vec![];
    for part in parts {
        let id = |key: &str| part[key].as_str().unwrap_or_default();
        match part["type"].as_str() {
            Some("tool_use") => {
                let before = open.insert(id("id"), part["input"].to_string());
                assert_eq!(before, None, "a call without a result");
            }
            Some("tool_result") => {
                let call = open.remove(id("tool_use_id")).expect("a result has its call");
                told.push((call, part["content"].to_string()));
            }
            _ => {}
        }
    }
    std::array::from_fn(|number| {
        let words = match number % 2 {
            0 => format!("sh step.sh {number}\""),
            _ => format!("line {number}: done"),
        };
        match told.iter().find(|(call, _)| call.contains(&words)) {
            Some((_, result)) if result.contains("not known") => Said::NotKnown,
            Some(_) => Said::Done,
            None => Said::Nothing,
        }
    })
}

/// One death, and what comes of it: what was said of each call; nothing where the task was over before that write.
fn dies_at(write: usize) -> Option<[Said; CALLS]> {
    let model = ModelServer::start(Format::Anthropic, task());
    let workspace = furnished(&model);
    if let Some(code) = work(&workspace, ("KILL_AT", &write.to_string())) {
        assert_eq!((code, times(&workspace)), (0, [1; CALLS]), "not killed at write {write}");
        return None;
    }

    // Whoever goes on is told what is known.
    let later = ModelServer::start(Format::Anthropic, [Reply::text("I see.")]);
    std::fs::write(workspace.user_config(), config(&later, PERMISSIONS)).expect("the config is written");
    let told = workspace.run(&["ask", "--json", "--continue", "how far did you get?"]);
    let said = if let Some(request) = later.requests().first() {
        self::said(&request.body)
    } else {
        // It died before there was a conversation.
        assert_eq!(told.code, Some(2), "write {write}: {told}");
        [Said::Nothing; CALLS]
    };
    let before = times(&workspace);
    for (number, (said, times)) in said.iter().zip(before).enumerate() {
        let fits = match said {
            Said::Done => times == 1,
            Said::NotKnown => times <= 1,
            Said::Nothing => times == 0,
        };
        assert!(
            fits,
            "killed at write {write}: call {number} was done {times} times, and {said:?} was said of it"
        );
    }

    // It does what is missing, and no more.
    let missing: Vec<usize> = (0..CALLS).filter(|number| before[*number] == 0).collect();
    let rest = ModelServer::start(Format::Anthropic, missing.into_iter().map(call).chain([done()]));
    std::fs::write(workspace.user_config(), config(&rest, PERMISSIONS)).expect("the config is written");
    let arguments: &[&str] = if later.requests().is_empty() {
        &["ask", "--json", "do the twenty things"]
    } else {
        &["ask", "--json", "--continue", "do the rest"]
    };
    let _done = workspace.run(arguments).exits(0);
    assert_eq!(times(&workspace), [1; CALLS], "killed at write {write}");
    assert_eq!(rest.unused(), 0, "killed at write {write}");
    Some(said)
}

#[test]
fn a_task_that_is_killed_at_a_write_of_its_journal_goes_on_with_nothing_twice_and_nothing_forgotten() {
    let model = ModelServer::start(Format::Anthropic, task());
    let workspace = furnished(&model);
    let counted = workspace.outside().join("count");
    assert_eq!(work(&workspace, ("COUNT_TO", &counted.to_string_lossy())), Some(0));
    assert_eq!(times(&workspace), [1; CALLS]);
    let writes: usize =
        std::fs::read_to_string(&counted).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    assert!(writes > KILLS, "the library saw {writes} writes only");
    let all = std::env::var("COPYDESK_KILLS").is_ok_and(|which| which == "all");
    // The number of writes differs a little from run to run: who tries all goes a little further.
    let places: Vec<usize> = if all {
        (1..=writes + writes / 20).collect()
    } else {
        (0..KILLS).map(|kill| 1 + kill * (writes * 95 / 100) / KILLS).collect()
    };
    let (next, began) = (AtomicUsize::new(0), Instant::now());
    let deaths = || {
        let places = std::iter::from_fn(|| places.get(next.fetch_add(1, Ordering::Relaxed)));
        places.filter_map(|place| dies_at(*place)).collect::<Vec<_>>()
    };
    let workers = std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2));
    let deaths: Vec<[Said; CALLS]> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(deaths)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no death went wrong")).collect()
    });
    let unknown = deaths.iter().flatten().filter(|said| **said == Said::NotKnown).count();
    eprintln!(
        "{} deaths at {writes} writes in {} s: {unknown} calls of which nobody knows, none twice, none unsaid",
        deaths.len(),
        began.elapsed().as_secs()
    );
    assert!(deaths.len() >= KILLS * 9 / 10, "{} deaths only", deaths.len());
}

/// What stands in the workspace under a name that a write passes through.
fn drafts(workspace: &Workspace) -> Vec<String> {
    let entries = std::fs::read_dir(workspace.root()).expect("the workspace is there").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(".copydesk-")).collect()
}

#[test]
fn a_file_that_was_being_written_has_nothing_beside_it_after_the_next_start() {
    let model = ModelServer::start(Format::Anthropic, [call(1), done()]);
    let workspace = furnished(&model);
    let root = workspace.root().display().to_string();
    assert_eq!(work(&workspace, ("KILL_IN", &root)), None, "it is killed before the text is on the disk");
    let list = workspace.read("list.txt");
    // As file systems have it that know no files without a name: no process has this number.
    let (ours, others) = (format!(".copydesk-{}-0-1f", u32::MAX - 1), ".copydesk-notes");
    std::fs::write(workspace.root().join(ours), &list[..20]).expect("a draft is written");
    std::fs::write(workspace.root().join(others), "").expect("a file is written");
    let later = ModelServer::start(Format::Anthropic, [Reply::text("I see.")]);
    std::fs::write(workspace.user_config(), config(&later, PERMISSIONS)).expect("the config is written");
    let told = workspace.run(&["ask", "--json", "--continue", "how far did you get?"]).exits(0);
    assert_eq!(drafts(&workspace), [others], "{told}");
    assert_eq!(workspace.read("list.txt"), list);
}

#[test]
fn what_a_command_did_to_files_before_the_kill_is_named_and_taken_back() {
    // Whether the changed file was written once more, after the command can have run.
    for is_later in [false, true] {
        let script = [Reply::tool("bash", &json!({"command": "sh step.sh 1"})), done()];
        let model = ModelServer::start(Format::Anthropic, script);
        let workspace = Workspace::new(COPYDESK)
            .with([
                ("step.sh", "echo three > a.txt\nrm b.txt\nmkdir d\necho made > d/c.txt\ntouch behind\n"),
                ("a.txt", "one\n"),
                ("b.txt", "two\n"),
            ])
            .with_user_config(&config(&model, PERMISSIONS))
            .with_variable("BENCH_KEY", KEY);
        let behind = workspace.path("behind").display().to_string();
        assert_eq!(work(&workspace, ("KILL_BEHIND", &behind)), None, "it is killed behind the command");
        assert!(!workspace.exists("b.txt"));
        if is_later {
            let file =
                std::fs::File::options().write(true).open(workspace.path("a.txt")).expect("it is there");
            let later = std::time::SystemTime::now() + std::time::Duration::from_hours(1);
            file.set_modified(later).expect("it is written later");
        }
        let later = ModelServer::start(Format::Anthropic, [Reply::text("I see.")]);
        std::fs::write(workspace.user_config(), config(&later, PERMISSIONS)).expect("the config is written");
        let _told = workspace.run(&["ask", "--json", "--continue", "how far did you get?"]).exits(0);
        let told = later.requests().first().expect("a request").body["messages"].to_string();
        let root = workspace.root().display().to_string();
        for words in [
            "a command changed ROOT/a.txt",
            "a command took away ROOT/b.txt",
            "not repeated: run sh step.sh 1",
        ] {
            assert!(told.contains(&words.replace("ROOT", &root)), "{words}: {told}");
        }
        let undone = workspace.run(&["undo"]);
        let there = |name: &str| workspace.exists(name).then(|| workspace.read(name));
        assert_eq!(there("a.txt").as_deref(), Some(if is_later { "three\n" } else { "one\n" }), "{undone}");
        assert_eq!(there("b.txt").as_deref(), Some("two\n"), "{undone}");
        assert_eq!(
            (there("d/c.txt"), workspace.exists("d"), there("behind")),
            (None, false, None),
            "{undone}"
        );
        // Nothing of it is kept any longer.
        let kept = workspace.run(&["ask", "--json", "x"]);
        let folders = std::fs::read_dir(workspace.state().join("workspaces")).expect("the state").flatten();
        let left =
            folders.flat_map(|folder| std::fs::read_dir(folder.path().join("before")).into_iter().flatten());
        assert_eq!(left.count(), 0, "{kept}");
    }
}

/// The words of two turns that are alike.
const AGAIN: &str = "do the twenty things";

/// A conversation of which the second turn, which begins with the words of the first, was killed at a write and settled
/// by the third; nothing where the turn was over before, or had not begun.
fn cut_short(write: usize) -> Option<(Workspace, String)> {
    let script = [done()].into_iter().chain((0..4).map(call)).chain([done()]);
    let model = ModelServer::start(Format::Anthropic, script);
    let workspace = furnished(&model);
    let _first = workspace.run(&["ask", "--json", AGAIN]).exits(0);
    let mut command = workspace.command(&["ask", "--json", "--continue", AGAIN]);
    command.env("LD_PRELOAD", library()).env("KILL_AT", write.to_string());
    if collect(command, "").code.is_some() {
        return None;
    }
    let later = ModelServer::start(Format::Anthropic, [Reply::text("I see.")]);
    std::fs::write(workspace.user_config(), config(&later, PERMISSIONS)).expect("the config is written");
    let told = workspace.run(&["ask", "--json", "--continue", "how far did you get?"]).exits(0);
    let session = told.json()["session_id"].as_str().unwrap_or_default().to_owned();
    Some((workspace, session))
}

#[test]
fn a_run_that_was_killed_is_replayed_to_the_record_at_which_it_died() {
    let (mut deaths, mut begun) = (0, 0);
    for write in (1..400).step_by(5) {
        let Some((there, session)) = cut_short(write) else { break };
        deaths += 1;
        let exported = there.run(&["sessions", "export", &session, "--json"]).exits(0).stdout;
        let model = ModelServer::start(Format::Anthropic, []);
        let again = furnished(&model);
        let recording = again.outside().join("run.json").display().to_string();
        std::fs::write(&recording, &exported).expect("it is written");
        let again = again.with_variable("COPYDESK_HOME", &there.state().display().to_string());
        let _first = again.run(&["ask", "--json", "--replay", &recording, AGAIN]).exits(0);
        if exported.contains("cut_short") {
            begun += 1;
            let ran = again.run(&["ask", "--json", "--replay", &recording, "--continue", AGAIN]);
            assert!(
                ran.json()["error"].as_str().is_some_and(|error| error.contains("its process ended")),
                "{ran}"
            );
        }
        let told =
            again.run(&["ask", "--json", "--replay", &recording, "--continue", "how far did you get?"]);
        let of_replay = told.json()["session_id"].as_str().unwrap_or_default().to_owned();
        let [before, after] = [(&there, &session), (&again, &of_replay)].map(|(workspace, session)| {
            workspace.run(&["sessions", "export", session, "--comparable"]).exits(0).stdout
        });
        assert_eq!(parting(&before, &after), None, "killed at write {write}: {told}");
        assert_eq!(again.read("list.txt"), there.read("list.txt"), "killed at write {write}");
        assert_eq!(model.requests().len(), 0, "killed at write {write}");
    }
    assert!(begun > 5, "{deaths} deaths, {begun} within the turn");
}
