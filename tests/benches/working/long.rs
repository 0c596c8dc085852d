//! A conversation of ten thousand turns: what it costs to go on with it, and that nothing happens while nobody asks.

use std::time::{Duration, Instant};

use copydesk_base::event::Carried;
use copydesk_base::{Event, Grade, Record, RunId, RunStatus, SessionId, Timestamp, Usage};
use copydesk_store::Journal;
use copydesk_tests::client::Client;
use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::personality;
use copydesk_tests::workspace::Workspace;

use crate::table::{line, median, millis};
use crate::{config, usage, workspace};

const TURNS: u32 = 10_000;
const ROUNDS: usize = 7;
/// Of each turn.
const RECORDS: u64 = 5;

pub(crate) fn measure() {
    let model = ModelServer::start(Format::Anthropic, (0..ROUNDS).map(|_| Reply::text("Yes.")));
    // Each round goes on with all of it: a conversation that was shortened is none of ten thousand turns.
    let whole = format!("{}context: {{compaction: {{tokens: 1000000}}}}\n", config(&model));
    let workspace = workspace(&model).with_user_config(&whole).with([("a.py", "x = 1\n")]);
    let session = SessionId::from("ses-long");
    write(&workspace, &session);
    let (mut first_byte, mut peaks) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let begun = Instant::now();
        let mut command = workspace.command(&["ask", "--session", session.as_str(), "and now?"]);
        let silent = std::process::Stdio::null;
        let mut child = command.stdin(silent()).stdout(silent()).spawn().expect("it starts");
        let mut peak = 0.0_f64;
        while child.try_wait().is_ok_and(|ended| ended.is_none()) {
            peak = usage::peak(child.id()).unwrap_or(0.0).max(peak);
            std::thread::yield_now();
        }
        let request = model.wait_answered(round);
        first_byte.push(millis(request.arrived.saturating_duration_since(begun)));
        peaks.push(peak);
    }
    line("10 000 turns in a session: start -> next request, median of 7", median(first_byte), 150.0, "ms");
    line("the same, peak memory", median(peaks), 60.0, "MB");
    idle(&workspace);
}

/// A server with an open file and a journal of ten thousand runs, that nobody asks anything.
fn idle(workspace: &Workspace) {
    let mut client = Client::start(personality::neovim_0_12(), workspace);
    client.open(&workspace.uri("a.py"), "python", "x = 1\n");
    client.message_passed("workspace/configuration", 1);
    client.quiet("window/logMessage");
    let process = client.server_process();
    // Nobody ever sends: only time passes.
    let (_nobody, silence) = std::sync::mpsc::channel::<()>();
    let _calm = silence.recv_timeout(Duration::from_secs(1));
    let before = usage::naps(process);
    let _idle = silence.recv_timeout(Duration::from_secs(5));
    let naps = u32::try_from(usage::naps(process) - before).unwrap_or(u32::MAX);
    line("wake-ups of an idle server in 5 s", f64::from(naps), 0.0, "");
    client.finish();
}

/// Puts the turns into the workspace's journal as runs that came one behind the other.
fn write(workspace: &Workspace, session: &SessionId) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    // Of today: what is old is let go.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock");
    let now = u64::try_from(now.as_millis()).expect("a date of this age");
    let root = workspace.root().canonicalize().expect("the workspace is there");
    let journal = Journal::at(&workspace.state(), &root);
    runtime.block_on(async {
        for hundred in 0..TURNS / 100 {
            let turns = hundred * 100..(hundred + 1) * 100;
            let records = turns.flat_map(|turn| records(session, turn, now)).collect();
            journal.append(records).await.expect("the journal takes them");
        }
    });
}

fn records(session: &SessionId, turn: u32, now: u64) -> impl Iterator<Item = Record> {
    let name = |turn: u32| RunId::from(format!("run-{turn:05}").as_str());
    let run = name(turn);
    let used = |turns: u32| Usage {
        input_tokens: 100 * u64::from(turns),
        output_tokens: 20 * u64::from(turns),
        requests: u64::from(turns),
        ..Usage::default()
    };
    let usage = used(1);
    let carried = turn.checked_sub(1).map(|before| {
        let (time_ms, grade, open) = (0, Grade::Own, vec![]);
        Box::new(Carried { run: name(before), seq: RECORDS, usage: used(turn), time_ms, grade, open })
    });
    let prompt =
        format!("Question {turn}: what does the function do, and is there a simpler way to write it?");
    let answer =
        format!("Answer {turn}: it returns its argument; a shorter way is to leave it out altogether.");
    let events = [
        Event::RunStarted {
            session: session.clone(),
            title: format!("ask: question {turn}"),
            prompt: prompt.clone(),
            action: "ask".to_owned(),
            origin: None,
            model: "bench/model".to_owned(),
            requested: None,
            why: "the default".to_owned(),
            offline: false,
            mode: "default".to_owned(),
            process: Some(1),
            agent: String::new(),
            parent: None,
            again: None,
            root: None,
            layers: 0,
            carried,
        },
        Event::told(prompt),
        Event::ModelRequested { number: 1, most: Usage::default(), expected: 0 },
        Event::ModelAnswered { text: answer.clone(), calls: 0, usage, stopped: String::new() },
        Event::RunFinished { status: RunStatus::Succeeded, text: answer, error: None, usage, denied: vec![] },
    ];
    (1..).zip(events).map(move |(seq, event)| Record {
        run: run.clone(),
        seq,
        at: Timestamp(now + u64::from(turn)),
        event,
    })
}
