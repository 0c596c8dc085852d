//! The journal against the death of its process and the end of the disk. The children are this test program again,
//! told by their environment which part to play.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use copydesk_base::{Event, Record, RunId, Timestamp};
use copydesk_store::{Journal, StoreError};

const HOME: &str = "COPYDESK_TEST_STORE_HOME";
const RUN: &str = "COPYDESK_TEST_STORE_RUN";
const PART: &str = "COPYDESK_TEST_STORE_PART";

fn notice(run: &str, seq: u64) -> Record {
    let text = "x".repeat(2000);
    Record { run: run.into(), seq, at: Timestamp(seq), event: Event::notice(text) }
}

fn journal(home: &Path) -> Journal {
    Journal::at(home, Path::new("/work"))
}

/// Plays a child's part; in the parent's own run of all tests it does nothing.
#[tokio::test]
async fn child() {
    let (Ok(home), Ok(part)) = (std::env::var(HOME), std::env::var(PART)) else { return };
    let run = std::env::var(RUN).unwrap_or_else(|_| "run-1".into());
    let journal = journal(Path::new(&home));
    for seq in 1.. {
        match journal.append(vec![notice(&run, seq)]).await {
            // Told only after the commit: what the parent has read must be there for ever.
            Ok(()) => say(&format!("committed {seq}")),
            Err(StoreError::Full { .. }) if part == "fill" => {
                let readable = journal.records(&RunId(run.clone())).await.map(|records| records.len());
                say(&format!("full after {seq} with {readable:?}"));
                return;
            }
            Err(error) => {
                say(&format!("failed {error}"));
                return;
            }
        }
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{line}").unwrap();
    out.flush().unwrap();
}

fn command(home: &Path, run: &str, part: &str) -> Command {
    let mut command = Command::new("sh");
    // A full disk is played by a limit on the size of files; the signal that comes with it is not wanted.
    let limit = if part == "fill" { "trap '' XFSZ; ulimit -f 400; " } else { "" };
    command
        .args(["-c", &format!(r#"{limit}exec "$0" --exact child --nocapture"#)])
        .arg(std::env::current_exe().unwrap())
        .env(HOME, home)
        .env(RUN, run)
        .env(PART, part)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// Reads lines until one holds `word` and a number of at least `least`; answers that number.
fn await_line(child: &mut Child, word: &str, least: u64) -> u64 {
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    loop {
        let line = lines.next().expect("the child goes on").unwrap();
        assert!(!line.starts_with("failed"), "{line}");
        let number = line.strip_prefix(word).and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        if let Some(number) = number.filter(|number| *number >= least) {
            return number;
        }
    }
}

#[tokio::test]
async fn a_killed_process_loses_nothing_that_was_committed() {
    let home = tempfile::tempdir().unwrap();
    for (at, least) in [1, 7, 30, 61, 120].into_iter().enumerate() {
        let run = format!("run-{at}");
        let mut child = command(home.path(), &run, "append").spawn().unwrap();
        let told = await_line(&mut child, "committed ", least);
        // SIGKILL, at whatever instant of the next append this is.
        child.kill().unwrap();
        child.wait().unwrap();

        let journal = journal(home.path());
        let records = journal.records(&RunId(run.clone())).await.expect("the chain holds");
        assert!(records.len() as u64 >= told, "{} of {told}", records.len());
        // The next process goes on where it stopped.
        journal.append(vec![notice(&run, records.len() as u64 + 1)]).await.unwrap();
    }
}

#[tokio::test]
async fn two_processes_write_one_journal_at_once() {
    let home = tempfile::tempdir().unwrap();
    let mut children: Vec<_> =
        ["run-a", "run-b"].iter().map(|run| command(home.path(), run, "append").spawn().unwrap()).collect();
    for child in &mut children {
        await_line(child, "committed ", 40);
    }
    for child in &mut children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let journal = journal(home.path());
    for run in ["run-a", "run-b"] {
        assert!(journal.records(&run.into()).await.unwrap().len() >= 40);
    }
}

#[tokio::test]
async fn a_full_disk_is_said_and_what_was_written_stays_readable() {
    let home = tempfile::tempdir().unwrap();
    let mut child = command(home.path(), "run-1", "fill").spawn().unwrap();
    let failed = await_line(&mut child, "full after ", 2);
    child.wait().unwrap();
    // With room again the journal goes on, exactly behind the last record that was committed.
    let journal = journal(home.path());
    assert_eq!(journal.records(&"run-1".into()).await.unwrap().len() as u64, failed - 1);
    journal.append(vec![notice("run-1", failed)]).await.unwrap();
}
