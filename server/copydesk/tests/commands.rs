//! The commands that need no agent, on the real program: what they print, what they change, how they end.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use copydesk_base::{Clock, Effect, Event, Record, SessionId, SystemClock, Timestamp};
use copydesk_store::{Journal, PendingRow, UserStore};
use serde_json::{Value, json};

/// A machine with one user and one workspace.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(files: &[(&str, &str)]) -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        for folder in ["work", "home"] {
            std::fs::create_dir_all(bench.base().join(folder)).unwrap();
        }
        for (path, text) in files {
            bench.write(path, text);
        }
        bench
    }

    fn base(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    fn root(&self) -> PathBuf {
        self.base().join("work")
    }

    fn state(&self) -> PathBuf {
        self.base().join("state")
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.base().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .current_dir(self.root())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.base().join("home"))
            .env("COPYDESK_HOME", self.state())
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_copydesk")).args(arguments).output().unwrap()
    }

    /// The one document, which also says how the command ended.
    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let output = self.run(arguments);
        let document = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{error}: {}{}", out(&output), String::from_utf8_lossy(&output.stderr))
        });
        (output.status.code().unwrap(), document)
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

const GOOD: &str = "name: good\nsteps:\n  - {id: a, type: shell, run: ls}\n";
const BAD: &str = "name: bad\nsteps:\n  - id: 'ä𝒳'\n    type: shell\n    {KEY}: ls\n    run: ls\n";

#[test]
fn every_mistake_in_the_arguments_is_wrong_usage() {
    let bench = Bench::new(&[]);
    for (arguments, code) in [
        (&[][..], 2),
        (&["--help"], 0),
        (&["--version"], 0),
        (&["check", "--help"], 0),
        (&["nonsense"], 2),
        (&["check", "--nonsense"], 2),
        (&["check", "nowhere.yaml"], 2),
        (&["schema", "nonsense"], 2),
        (&["trust", "nowhere"], 2),
        (&["approve", "apr-1", "maybe"], 2),
    ] {
        let output = bench.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        let says_something = if code == 0 || arguments.is_empty() { &output.stdout } else { &output.stderr };
        assert!(!says_something.is_empty(), "{arguments:?}");
    }
    assert!(!bench.state().exists(), "asking for help makes nothing");
}

#[test]
fn check_finds_what_is_ours_and_lists_what_is_not() {
    let bad = BAD.replace("{KEY}", "rnu");
    let bench = Bench::new(&[
        ("work/.copydesk/workflows/bad.yaml", &bad),
        ("work/a.workflow.yml", GOOD),
        ("work/other.yaml", "broken: [\n"),
        ("work/skipped.yaml", GOOD),
        ("work/.gitignore", "skipped.yaml\n"),
        ("work/.git/config.yaml", "x: 1\n"),
        ("work/.github/workflows/ci.yaml", "on: push\n"),
        ("work/.other/x.yaml", "x: 1\n"),
        ("work/README.md", "# not ours\n"),
        ("work/src/main.rs", "fn main() {}\n"),
    ]);
    let (code, document) = bench.json(&["check", "--json"]);
    assert_eq!((code, &document["schema"]), (1, &json!("copydesk.check/1")));
    let found: Vec<_> = document["files"].as_array().unwrap().iter().map(|file| &file["path"]).collect();
    assert_eq!(
        found,
        [".copydesk/workflows/bad.yaml", ".github/workflows/ci.yaml", "a.workflow.yml", "other.yaml"]
    );
    let unknown = &document["files"][0]["diagnostics"][0];
    assert_eq!((&unknown["code"], &unknown["severity"]), (&json!("unknown-key"), &json!("error")));
    assert_eq!(
        unknown["range"],
        json!({ "start": { "line": 4, "character": 4 }, "end": { "line": 4, "character": 7 } })
    );
    assert_eq!(document["errors"], 1);

    let plain = bench.run(&["check"]);
    let first = out(&plain);
    assert!(
        first.starts_with(".copydesk/workflows/bad.yaml:5:5: error[unknown-key]: ")
            && !first.contains('\u{1b}'),
        "{first}"
    );
    assert!(first.contains("  5 |     rnu: ls\n    |     ^^^\n"), "{first}");
    let not_checked = "1 not checked (broken YAML that is not ours; name it to see why)";
    assert!(first.ends_with(&format!("3 files checked, {not_checked}: 1 error, 0 warnings\n")), "{first}");

    // Of what lies in a folder only ours is judged; a file that is named is at least read for its syntax.
    assert_eq!(bench.run(&["check", "a.workflow.yml", ".github/workflows/ci.yaml"]).status.code(), Some(0));
    assert_eq!(bench.run(&["check", "other.yaml"]).status.code(), Some(1));
    assert_eq!(bench.run(&["check", "src/main.rs"]).status.code(), Some(0));
}

#[test]
fn warnings_fail_only_when_strict() {
    let config = "permissions: {mode: auto}\n";
    let bench = Bench::new(&[("work/.copydesk/config.yaml", config)]);
    assert_eq!(bench.run(&["check"]).status.code(), Some(0));
    let (code, document) = bench.json(&["check", "--strict", "--json", ".copydesk"]);
    assert_eq!((code, &document["warnings"]), (1, &json!(1)));
    assert_eq!(document["files"][0]["diagnostics"][0]["code"], "untrusted-setting");
    // What is trusted is no finding any more.
    assert_eq!(bench.run(&["trust", "--yes"]).status.code(), Some(0));
    assert_eq!(bench.run(&["check", "--strict"]).status.code(), Some(0));
}

#[test]
fn files_that_cannot_be_checked_say_why() {
    let bench = Bench::new(&[("work/other.yaml", "x: 1\n")]);
    bench.write("work/.copydesk/workflows/latin.yaml", b"name: caf\xe9\n");
    bench.write("work/.copydesk/workflows/deep.yaml", "[".repeat(100_000));
    bench.write("work/data.yaml", b"\xff\xfe");
    let output = bench.run(&["check"]);
    assert_eq!(output.status.code(), Some(1));
    let shown = out(&output);
    assert!(shown.contains("latin.yaml:1:1: error[yaml-syntax]: this is no UTF-8 text: byte 9"), "{shown}");
    assert!(shown.contains("deep.yaml:1:"), "{shown}");
    assert!(!shown.contains("data.yaml"), "{shown}");
    // Named by hand it is a question, and gets its answer.
    assert_eq!(bench.run(&["check", "data.yaml"]).status.code(), Some(1));
}

#[test]
fn schemas_are_printed_and_written() {
    let bench = Bench::new(&[]);
    let printed = bench.run(&["schema", "workflow"]);
    let schema: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert!(schema["$schema"].as_str().unwrap().contains("2020-12"));
    assert_eq!(bench.run(&["schema", "--out", "deep/schemas"]).status.code(), Some(0));
    let written = std::fs::read(bench.root().join("deep/schemas/workflow.schema.json")).unwrap();
    assert_eq!(written, printed.stdout);
    let mut names: Vec<_> = std::fs::read_dir(bench.root().join("deep/schemas"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let kinds =
        ["action", "agent", "chat", "config", "hooks", "mcp", "plugin", "prompt", "skill", "workflow"];
    assert_eq!(names, kinds.map(|kind| format!("{kind}.schema.json")), "one of each kind of file");
}

#[test]
fn config_shows_values_with_their_place() {
    let bench = Bench::new(&[("home/.config/copydesk/config.yaml", "default_model: ollama/x\n")]);
    let (code, document) = bench.json(&["config", "show", "--json"]);
    assert_eq!((code, &document["schema"]), (0, &json!("copydesk.config/1")));
    let origin = bench.base().join("home/.config/copydesk/config.yaml:1").display().to_string();
    assert_eq!(
        document["settings"][1],
        json!({ "key": "default_model", "value": "ollama/x", "origin": origin })
    );
    let (_, document) = bench.json(&["config", "paths", "--json"]);
    let layers: Vec<_> = document["files"].as_array().unwrap().iter().map(|file| &file["layer"]).collect();
    assert_eq!(layers, ["workspace", "keystone", "user"]);

    bench.write("work/.copydesk/config.yaml", "permissions: {deny: [\n");
    let output = bench.run(&["config", "show"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains(".copydesk/config.yaml:"), "{}", err(&output));
}

#[test]
fn doctor_names_keys_and_never_shows_them() {
    let bench = Bench::new(&[]);
    let mut command = bench.command(env!("CARGO_BIN_EXE_copydesk"));
    let output = command.args(["doctor", "--json"]).env("OPENAI_API_KEY", "sk-very-secret").output().unwrap();
    let shown = out(&output);
    assert!(
        shown.contains("from the environment: OPENAI_API_KEY") && !shown.contains("sk-very-secret"),
        "{shown}"
    );
    let document: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(document["schema"], "copydesk.doctor/1");
    assert!(!bench.state().exists(), "looking makes nothing");

    bench.write("work/.copydesk/config.yaml", "permissions: {deny: 5}\n");
    assert_eq!(bench.run(&["doctor"]).status.code(), Some(1));
}

#[test]
fn trust_shows_what_it_grants_and_is_taken_back() {
    let config = "permissions: {mode: auto, deny: ['Read(x)']}\ndefault_model: a/b\n";
    let bench = Bench::new(&[("work/.copydesk/config.yaml", config)]);
    let mode = |bench: &Bench| bench.json(&["permissions", "list", "--json"]).1["mode"].clone();
    assert_eq!(mode(&bench), "default");
    // Nobody is at a terminal here, and nobody said yes.
    assert_eq!(bench.run(&["trust"]).status.code(), Some(1));
    assert_eq!(bench.run(&["trust", "--json"]).status.code(), Some(1));
    assert_eq!(mode(&bench), "default");
    let (code, document) = bench.json(&["trust", "--yes", "--json"]);
    assert_eq!((code, &document["state"]), (0, &json!("trusted")));
    let keys: Vec<_> = document["grants"].as_array().unwrap().iter().map(|grant| &grant["key"]).collect();
    assert_eq!(keys, ["default_model", "permissions.mode"]);
    assert_eq!(mode(&bench), "auto");

    bench.write("work/.copydesk/config.yaml", config.replace("auto", "accept-edits"));
    assert_eq!(mode(&bench), "default");
    let again = out(&bench.run(&["trust", "--yes"]));
    assert!(
        again.contains("changed since it was trusted") && again.contains("-permissions: {mode: auto"),
        "{again}"
    );
    assert_eq!(mode(&bench), "accept-edits");
    assert_eq!(bench.run(&["trust", "--revoke"]).status.code(), Some(0));
    assert_eq!(mode(&bench), "default");
}

#[test]
fn remembered_rules_are_listed_and_forgotten() {
    let bench = Bench::new(&[]);
    let user = UserStore::at(&bench.state());
    wait_for(user.remember(&bench.root(), "Bash(cargo test)", &"run-1".into())).unwrap();
    let (_, document) = bench.json(&["permissions", "list", "--json"]);
    let id = document["remembered"][0]["id"].to_string();
    assert_eq!(document["remembered"][0]["rule"], "Bash(cargo test)");
    assert_eq!(bench.run(&["permissions", "revoke", &id]).status.code(), Some(0));
    assert_eq!(bench.run(&["permissions", "revoke", &id]).status.code(), Some(1));
    assert_eq!(bench.json(&["permissions", "list", "--json"]).1["remembered"], json!([]));
}

#[test]
fn explain_says_what_would_happen_and_why() {
    let config = "permissions: {allow: ['Bash(cargo test:*)'], deny: ['Read(secret.txt)']}\n";
    let bench = Bench::new(&[("home/.config/copydesk/config.yaml", config)]);
    for (effect, verdict) in [
        ("Bash(cargo test --lib)", "allow"),
        ("Bash(cargo test && curl example.org)", "ask"),
        ("Read(src/lib.rs)", "allow"),
        ("Read(secret.txt)", "deny"),
        ("Edit(src/lib.rs)", "ask"),
    ] {
        let (code, document) = bench.json(&["permissions", "explain", effect, "--json"]);
        assert_eq!((code, document["verdict"].as_str()), (0, Some(verdict)), "{effect}: {document}");
    }
    let shown = out(&bench.run(&["permissions", "explain", "Read(secret.txt)"]));
    assert!(shown.starts_with("deny read secret.txt: ") && shown.contains("config.yaml:1"), "{shown}");
    assert_eq!(bench.run(&["permissions", "explain", "Fly(x)"]).status.code(), Some(2));
}

/// The first record of a run of a process.
fn started(process: u32) -> Record {
    let event = Event::RunStarted {
        session: SessionId::from("ses-1"),
        title: "ask".into(),
        prompt: String::new(),
        action: "ask".into(),
        origin: None,
        model: "offline/none".into(),
        requested: None,
        why: String::new(),
        offline: true,
        mode: "default".into(),
        process: Some(process),
        agent: String::new(),
        parent: None,
        again: None,
        root: None,
        layers: 0,
        carried: None,
    };
    Record { run: "run-1".into(), seq: 1, at: SystemClock.now(), event }
}

/// A question that waits for ten minutes.
fn pending(approval: &str) -> PendingRow {
    PendingRow {
        approval: approval.into(),
        run: "run-1".into(),
        summary: "run cargo test".into(),
        always: vec!["Bash(cargo test)".into()],
        asked: SystemClock.now(),
        expires: Some(Timestamp(SystemClock.now().0 + 600_000)),
    }
}

/// A run of this very process, waiting for one answer.
fn waiting(bench: &Bench) -> Journal {
    let journal = Journal::at(&bench.state(), &bench.root());
    let started = started(std::process::id());
    let command = format!("echo {} && curl example.org", "x".repeat(500));
    let event = Event::ApprovalRequested {
        approval: "apr-2".into(),
        call: "cal-1".into(),
        effect: Effect::Execute { command, cwd: bench.root() },
        text: "run echo xxx…".into(),
        always: vec![],
        whole: false,
        change: None,
    };
    let asked = Record { seq: 2, event, ..started.clone() };
    wait_for(journal.append(vec![started, asked])).unwrap();
    for approval in ["apr-1", "apr-2"] {
        wait_for(journal.ask(pending(approval))).unwrap();
    }
    journal
}

/// What was decided so far, oldest first.
fn decided(journal: &Journal) -> Vec<String> {
    let answers = wait_for(journal.answers()).unwrap();
    answers.into_iter().map(|(approval, answer)| format!("{approval} {}", answer.decision)).collect()
}

#[test]
fn approve_needs_a_person_at_a_terminal() {
    let bench = Bench::new(&[]);
    let journal = waiting(&bench);
    let (_, listed) = bench.json(&["approve", "--json"]);
    assert_eq!(listed["waiting"].as_array().unwrap().len(), 2);

    let refused = bench.run(&["approve", "apr-1", "once"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(err(&refused).contains("nothing was changed"), "{}", err(&refused));
    assert_eq!(decided(&journal), [""; 0]);

    for (arguments, typed, code, after) in [
        (&["approve", "apr-1", "once"][..], "no\n", 1, &[][..]),
        (&["approve", "apr-9", "once"], "yes\n", 1, &[]),
        (&["approve", "apr-1"], "perhaps\n", 1, &[]),
        (&["approve", "apr-1", "always"], "yes\n", 0, &["apr-1 always"]),
        (&["approve", "apr-1", "deny"], "yes\n", 1, &["apr-1 always"]),
        (&["approve", "apr-2"], "deny\n", 0, &["apr-1 always", "apr-2 deny"]),
    ] {
        let program = env!("CARGO_BIN_EXE_copydesk");
        let (ended, said) = at_terminal(&mut bench.command(program), arguments, typed);
        assert_eq!(ended, code, "{arguments:?} {typed:?}: {said}");
        assert_eq!(decided(&journal), after, "{arguments:?} {typed:?}");
    }
}

#[test]
fn what_was_cut_is_shown_whole_before_it_is_approved() {
    let bench = Bench::new(&[]);
    let _journal = waiting(&bench);
    let program = env!("CARGO_BIN_EXE_copydesk");
    let (_, said) = at_terminal(&mut bench.command(program), &["approve", "apr-2", "once"], "no\n");
    assert!(said.contains("xxx && curl example.org"), "{said}");
}

#[test]
fn no_descendant_of_a_run_approves_or_trusts() {
    let bench = Bench::new(&[("work/.copydesk/config.yaml", "permissions: {mode: auto}\n")]);
    let journal = waiting(&bench);
    let program = env!("CARGO_BIN_EXE_copydesk");
    // Marked by its environment.
    let mut marked = bench.command(program);
    marked.env("COPYDESK_RUN", "run-1");
    assert_eq!(at_terminal(&mut marked, &["approve", "apr-1", "once"], "yes\n").0, 1);
    let mut marked = bench.command(program);
    assert_eq!(marked.env("COPYDESK_RUN", "run-1").arg("trust").status().unwrap().code(), Some(1));
    // The mark taken off, but below a process that is called copydesk and runs agents.
    let shell = bench.base().join("copydesk");
    std::fs::copy("/bin/sh", &shell).unwrap();
    let script = format!("'{program}' approve apr-1 once; code=$?; exit $code");
    let mut below = bench.command(&shell);
    assert_eq!(at_terminal(&mut below, &["-c", &script, "lsp"], "yes\n").0, 1);
    assert_eq!(decided(&journal), [""; 0]);
    // The tour starts a server without being a run: the process above alone is no obstacle.
    let mut below = bench.command(&shell);
    assert_eq!(at_terminal(&mut below, &["-c", &script, "tour"], "yes\n").0, 0);
    assert_eq!(decided(&journal), ["apr-1 once"]);
    assert!(UserStore::at(&bench.state()).trusted_blocking(&bench.root()).unwrap().is_empty());
}

#[test]
fn a_run_whose_process_is_gone_waits_for_nothing() {
    let bench = Bench::new(&[]);
    let mut gone = Command::new("true").spawn().unwrap();
    gone.wait().unwrap();
    let journal = Journal::at(&bench.state(), &bench.root());
    wait_for(journal.append(vec![started(gone.id())])).unwrap();
    wait_for(journal.ask(pending("apr-1"))).unwrap();
    assert_eq!(bench.json(&["approve", "--json"]).1["waiting"], json!([]));
}

/// Runs a program with a terminal on its standard input, types a line, and answers its exit code and what it said.
fn at_terminal(command: &mut Command, arguments: &[&str], typed: &str) -> (i32, String) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let terminal: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let its_end = std::fs::OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let mut terminal = std::fs::File::from(terminal);
    terminal.write_all(typed.as_bytes()).unwrap();
    let mut child =
        command.args(arguments).stdin(its_end).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (child.wait().unwrap().code().unwrap_or(-1), said)
}

fn wait_for<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}
