//! The numbers that First light promises, measured on the real binary. `cargo bench -p copydesk` prints them.
//!
//! Times of single things are medians; CPU time is the process's own, read from the scheduler, so it travels better
//! between machines than wall time does. Nothing here asserts: a miss is printed as a miss.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark prints, and stops where its own texts are wrong"
)]

#[path = "table/mod.rs"]
mod table;

use std::time::{Duration, Instant};

use copydesk_tests::client::Client;
use copydesk_tests::model_server::{Delivery, Format, ModelServer, Reply};
use copydesk_tests::personality;
use copydesk_tests::workspace::Workspace;
use serde_json::json;
use table::{line, median, millis};

const COPYDESK: &str = env!("CARGO_BIN_EXE_copydesk");

fn main() {
    println!("{:<62} {:>10} {:>10}", "what", "measured", "reach");
    start();
    memory();
    asking();
    one_character();
    deltas();
    quiet();
    sandbox();
    sandboxed_command();
}

/// Questions in a task of thirty tool calls, *Always* answered to each.
fn quiet() {
    let prompts = copydesk_tests::scene::thirty::thirty(COPYDESK)
        .prompts
        .map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    line("prompts in a task of 30 tool calls, first run", f64::from(prompts[0]), 2.0, "");
    line("the same, second run by a new server", f64::from(prompts[1]), 0.0, "");
}

/// CPU time of a process and all its threads, in milliseconds.
fn cpu(process: u32) -> f64 {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let nanos: u64 = threads
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("schedstat")).ok())
        .filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .sum();
    Duration::from_nanos(nanos).as_secs_f64() * 1000.0
}

/// CPU time of all children that were waited for, in milliseconds.
fn cpu_of_children() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind = stat.rsplit_once(')').map_or("", |(_, behind)| behind);
    let ticks: f64 =
        behind.split_whitespace().skip(13).take(2).filter_map(|number| number.parse::<f64>().ok()).sum();
    ticks * 10.0
}

/// The launcher with a command that does nothing, over the bare shell with it, in a workspace with things to guard.
fn sandbox() {
    use copydesk_permission::sandbox::{
        Ahead, Circumstances, LAUNCHER, Limits, Network, Orders, SHELL, SHELL_ARGUMENTS, Sandbox, confine,
        read_news, survey, toolchains, write_orders,
    };
    use std::process::{Command, Stdio};
    let workspace = Workspace::new(COPYDESK).with([(".env", "x"), (".git/hooks/x", ""), (".git/config", "")]);
    let home = workspace.outside();
    let found = toolchains(&[("PATH".to_owned(), std::env::var("PATH").unwrap_or_default())], Some(&home));
    let sandbox = Sandbox {
        launcher: Some(COPYDESK.into()),
        readable: found.readable,
        caches: found.caches,
        secret: found.secret,
        ..Sandbox::default()
    };
    let policy = copydesk_permission::Policy {
        root: workspace.root(),
        additional: vec![],
        home: Some(home),
        state_home: workspace.state(),
        mode: copydesk_base::config::Mode::Default,
        taint: copydesk_base::Grade::Typed,
        rules: vec![],
        started: [].into(),
    };
    let effect = copydesk_base::Effect::Execute { command: ":".into(), cwd: workspace.root() };
    let report = sandbox.report();
    println!("the sandbox is {} here", report.state.as_str());
    let around = Circumstances {
        sandbox: &sandbox,
        state: report.state,
        survey: &survey(&policy),
        network: Network::Closed,
    };
    let orders = Orders {
        command: ":".into(),
        cwd: workspace.root(),
        environment: vec![],
        temporary: workspace.state(),
        confinement: confine(&effect, &policy, &around).expect("it can be confined"),
        limits: Limits { memory: None, disk: Some(1 << 30), processes: Some(4096) },
    };
    let bare = || {
        let mut command = Command::new(SHELL);
        command.args(SHELL_ARGUMENTS).arg(":").current_dir(workspace.root()).stdin(Stdio::null());
        command.status().expect("the shell starts");
    };
    let launcher = || {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().expect("a socket");
        let child = Command::new(COPYDESK)
            .args([LAUNCHER, Ahead::of(report.state, Network::Closed).argument()])
            .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
            .spawn()
            .expect("the launcher starts");
        (ours, child)
    };
    let ordered = |(ours, child): (std::os::unix::net::UnixStream, std::process::Child)| {
        write_orders(&ours, &orders).and_then(|()| read_news(&ours)).expect("it tells how it ended");
        child
    };
    let timed = |run: &mut dyn FnMut()| {
        let (begun, before) = (Instant::now(), cpu_of_children());
        run();
        (millis(begun.elapsed()), cpu_of_children() - before)
    };
    let rounds = 60;
    let mut wall: [Vec<f64>; 3] = Default::default();
    let mut cpu = [0.0; 2];
    // One beside the other, so that they are held up by the same things.
    for _ in 0..rounds {
        let (took, used) = timed(&mut || bare());
        wall[0].push(took);
        cpu[0] += used / f64::from(rounds);
        // As an agent's command has it: the launcher was started while the model talked and the command was judged.
        let mut waiting = Some(launcher());
        while !waiting.as_ref().is_some_and(|(_, child)| is_idle(child.id())) {}
        let mut child = None;
        wall[1].push(timed(&mut || child = waiting.take().map(&ordered)).0);
        // What it does after its answer is not waited for, but neither is it in the way of the next.
        child.map(|mut child| child.wait());
        let mut child = None;
        let (took, used) = timed(&mut || child = Some(ordered(launcher())));
        wall[2].push(took);
        let behind = timed(&mut || drop(child.take().map(|mut child| child.wait()))).1;
        cpu[1] += (used + behind) / f64::from(rounds);
    }
    let [spawn, awaited, whole] = wall.map(median);
    println!("{:<62} {spawn:>7.1} ms", "a bare spawn, wall, median of 60");
    println!("{:<62} {:>7.1} ms", "a bare spawn, CPU, mean of 60", cpu[0]);
    line("sandbox over a bare spawn, wall, median of 60", awaited - spawn, 4.0, "ms");
    line("the same, its launcher's start included", whole - spawn, 4.0, "ms");
    line("sandbox over a bare spawn, CPU, all of it", cpu[1] - cpu[0], 4.0, "ms");
}

/// Whether a process and its children all wait for something.
fn is_idle(process: u32) -> bool {
    let sleeps = |process: &str| {
        std::fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|stat| stat.contains(") S "))
    };
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    sleeps(&process.to_string())
        && children.is_ok_and(|children| children.trim() != "" && children.split_whitespace().all(sleeps))
}

/// From the model's answer that calls for a command to the next request with its result.
fn sandboxed_command() {
    let rounds = 30;
    // Never the same twice: a model that goes around in circles is stopped.
    let call = |n: usize| Reply::tool("bash", &json!({"command": format!("echo {n}")}));
    let script = (0..rounds).map(call).chain([Reply::text("Done.")]);
    let model = ModelServer::start(Format::Anthropic, script);
    let rules = config(&model).replace("mode: accept-edits", "allow: [\"Bash(echo *)\"]");
    let workspace = Workspace::new(COPYDESK)
        .with([("a.py", "x = 1\n")])
        .with_user_config(&rules)
        .with_variable("BENCH_KEY", "bench-key-0123456789");
    let ran = workspace.run(&["ask", "--json", "run it"]);
    let requests = model.requests();
    if requests.len() <= rounds {
        println!("no figure for a sandboxed command: {ran}");
        return;
    }
    let between = (1..=rounds).filter_map(|n| {
        let answered = requests[n - 1].answered?;
        Some(millis(requests[n].arrived.saturating_duration_since(answered)))
    });
    line(
        "reply -> next request with a sandboxed command, median of 30",
        median(between.collect()),
        15.0,
        "ms",
    );
}

fn start() {
    let workspace = Workspace::new(COPYDESK).with([("a.py", "x = 1\n")]);
    let once = || {
        let begun = Instant::now();
        let mut client = Client::spawn(personality::neovim_0_12(), &workspace, &["lsp"]);
        client.initialize();
        let took = millis(begun.elapsed());
        client.finish();
        took
    };
    once();
    line(
        "process start -> initialize answered, median of 21",
        median((0..21).map(|_| once()).collect()),
        20.0,
        "ms",
    );
}

fn memory() {
    let text = workflow(1000) + "  - id: last\n    type: shell\n    rnu: ls\n";
    let workspace = Workspace::new(COPYDESK).with([("a.workflow.yaml", &text)]);
    let mut client = Client::start(personality::neovim_0_10(), &workspace);
    let uri = workspace.uri("a.workflow.yaml");
    client.open(&uri, "yaml", &text);
    // Once this is published, the file was read, checked and explained.
    client.diagnostic(&uri, "unknown-key");
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", client.server_process())).unwrap_or_default();
    let anonymous = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kilobytes: f64 =
        anonymous.and_then(|text| text.split_whitespace().next()?.parse().ok()).unwrap_or(f64::NAN);
    line("idle anonymous memory, a workflow of 1 000 lines open", kilobytes / 1024.0, 15.0, "MB");
    client.finish();
}

/// Requests of one turn with a read, an edit and a write that nobody is asked about.
fn asking() {
    let rounds = 15;
    let turn = |round: usize| {
        [
            Reply::tool("read", &json!({"path": "b.py"})),
            Reply::tool("edit", &json!({"path": "b.py", "old": "x = 1", "new": "x = 1  # once"})),
            Reply::tool("write", &json!({"path": format!("c{round}.py"), "content": "y = 2\n"})),
            Reply::text("Done."),
            // The next turn starts from the same text.
            Reply::tool("edit", &json!({"path": "b.py", "old": "x = 1  # once", "new": "x = 1"})),
            Reply::text("Back."),
        ]
    };
    let model = ModelServer::start(Format::Anthropic, (0..rounds).flat_map(turn));
    let workspace = Workspace::new(COPYDESK)
        .with([("a.py", "def f(x):\n    return x\n"), ("b.py", "x = 1\n")])
        .with_user_config(&config(&model));
    let workspace = workspace.with_variable("BENCH_KEY", "bench-key-0123456789");
    let mut client = Client::start(personality::neovim_0_12(), &workspace);
    let uri = workspace.uri("a.py");
    client.open(&uri, "python", &workspace.read("a.py"));
    // A run waits for settings that are on their way; this client answers only while it listens.
    client.message_passed("workspace/configuration", 1);
    let range = client.range_of(&uri, "def f(x):");
    let (mut first_byte, mut between) = (Vec::new(), Vec::new());
    let mut request = 0;
    for round in 0..rounds {
        for (part, count) in [("first", 4), ("back", 2)] {
            let asked = Instant::now();
            let title = format!("{part} {round}.");
            let argument = json!({"uri": uri, "range": range, "prompt": title, "action": "ask"});
            if let Err(error) = client.command("copydesk.ask", argument) {
                client.fail(&error.to_string());
            }
            for at in 0..count {
                let recorded = model.wait_answered(request);
                if at == 0 {
                    first_byte.push(millis(recorded.arrived.saturating_duration_since(asked)));
                } else if let Some(answered) = model.wait_answered(request - 1).answered {
                    between.push(millis(recorded.arrived.saturating_duration_since(answered)));
                }
                request += 1;
            }
            client.progress(&title);
        }
    }
    client.quiet("window/logMessage");
    client.finish();

    // Tomorrow: the workspace has its journal, the server is new.
    model.push(Reply::text("Hello."));
    let mut client = Client::start(personality::neovim_0_12(), &workspace);
    client.open(&uri, "python", &workspace.read("a.py"));
    client.message_passed("workspace/configuration", 1);
    let asked = Instant::now();
    let argument = json!({"uri": uri, "range": range, "prompt": "again", "action": "ask"});
    if let Err(error) = client.command("copydesk.ask", argument) {
        client.fail(&error.to_string());
    }
    let next_day = millis(model.wait_answered(request).arrived.saturating_duration_since(asked));
    client.progress("again");

    let bytes = model.wait_request(0).raw.len();
    line("prompt -> first byte at the model server, first ever in a workspace", first_byte[0], 10.0, "ms");
    line("the same, first of a later session", next_day, 10.0, "ms");
    line("prompt -> first byte at the model server, median", median(first_byte), 10.0, "ms");
    line("end of reply -> next request (read, edit, write), median", median(between), 3.0, "ms");
    #[expect(clippy::cast_precision_loss, reason = "a request is far smaller than 2^52 bytes")]
    line("first request of a turn, without project rules", bytes as f64 / 1024.0, 10.0, "KB");
    client.quiet("window/logMessage");
    client.finish();
}

fn one_character() {
    let text = workflow(1000);
    let workspace = Workspace::new(COPYDESK).with([("a.workflow.yaml", &text)]);
    let mut client = Client::start(personality::neovim_0_10(), &workspace);
    let uri = workspace.uri("a.workflow.yaml");
    client.open(&uri, "yaml", &text);
    client.diagnostics(&uri, "none", <[_]>::is_empty);
    let middle = text.find("echo step 100").expect("the text has that step");
    let (rounds, process) = (100, client.server_process());
    let before = cpu(process);
    let begun = Instant::now();
    for _ in 0..rounds {
        // `needs` of a step is broken and mended: both ways something new is published.
        let needs = middle - "    run: ".len() - "]\n".len();
        client.type_over(&uri, needs, needs, "x");
        client.diagnostic(&uri, "unknown-step");
        client.type_over(&uri, needs, needs + 1, "");
        client.diagnostics(&uri, "none", <[_]>::is_empty);
    }
    let edits = f64::from(rounds) * 2.0;
    line("one-character edit -> diagnostics, 1 000 lines, CPU", (cpu(process) - before) / edits, 5.0, "ms");
    println!("{:<62} {:>10}", "  the same, wall time", format!("{:.2} ms", millis(begun.elapsed()) / edits));
    client.finish();
}

fn deltas() {
    for format in Format::BOTH {
        let words: Vec<String> = (0..1000).map(|at| format!("word{at} ")).collect();
        let many = || Reply::empty().pieces(words.iter().map(String::as_str)).delivery(Delivery::AtOnce);
        let few = || Reply::text("one word");
        let rounds = 7;
        let script = (0..rounds).flat_map(|_| [few(), many()]);
        let model = ModelServer::start(format, std::iter::once(few()).chain(script));
        let workspace = Workspace::new(COPYDESK)
            .with([("a.py", "x = 1\n")])
            .with_user_config(&config(&model))
            .with_variable("BENCH_KEY", "bench-key-0123456789");
        let mut client = Client::start(personality::neovim_0_12(), &workspace);
        let uri = workspace.uri("a.py");
        client.open(&uri, "python", "x = 1\n");
        let range = client.range_of(&uri, "x = 1");
        let process = client.server_process();
        let mut turn = |prompt: &str| {
            let before = cpu(process);
            let argument = json!({"uri": uri, "range": range, "prompt": prompt, "action": "ask"});
            if let Err(error) = client.command("copydesk.ask", argument) {
                client.fail(&error.to_string());
            }
            client.progress(prompt);
            cpu(process) - before
        };
        turn("warm");
        let differences = (0..rounds).map(|round| {
            let one = turn(&format!("few {round}."));
            turn(&format!("many {round}.")) - one
        });
        let what = format!("1 000 deltas written without pause, {}, CPU", format.kind());
        line(&what, median(differences.collect()), 4.0, "ms");
        client.quiet("window/logMessage");
        client.quiet("window/showDocument");
        client.finish();
    }
}

fn config(model: &ModelServer) -> String {
    format!(
        "default_model: bench/model\nproviders:\n  bench: {{kind: {}, base_url: \"{}\", api_key_env: BENCH_KEY}}\n\
         permissions: {{mode: accept-edits}}\n",
        model.format().kind(),
        model.base_url()
    )
}

/// A workflow of about that many lines, without a mistake.
fn workflow(lines: usize) -> String {
    let mut text =
        String::from("name: long\nsteps:\n  - id: step_0\n    type: shell\n    run: echo step 0\n");
    for step in 1..lines / 5 {
        text.push_str(&format!(
            "  # Step {step}\n  - id: step_{step}\n    type: shell\n    needs: [step_{}]\n    run: echo step {step}\n",
            step - 1
        ));
    }
    text
}
