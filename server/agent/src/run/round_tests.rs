//! Calls that only look run side by side; the others do not, and results come in the order of the calls.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use copydesk_base::change::Instead;
use copydesk_base::files::{Entry, Expect, FileError, FileText, Opening};
use copydesk_base::{Event, Files};
use serde_json::json;

use crate::DiskFiles;
use crate::bench::Bench;

/// How long one reader waits for the others before it gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// Files of which one can be read only while others are being read too.
struct Together {
    wanted: usize,
    here: Mutex<usize>,
    came: Condvar,
}

impl Files for Together {
    fn read(&self, path: &Path) -> Result<FileText, FileError> {
        if path.extension().is_some_and(|ending| ending == "together") {
            let mut here = self.here.lock().unwrap();
            *here += 1;
            self.came.notify_all();
            let (here, gave_up) =
                self.came.wait_timeout_while(here, PATIENCE, |here| *here < self.wanted).unwrap();
            assert!(!gave_up.timed_out(), "only {} of {} came", *here, self.wanted);
        }
        DiskFiles.read(path)
    }

    fn open(&self, path: &Path) -> Result<std::fs::File, FileError> {
        DiskFiles.open(path)
    }

    fn opening(&self) -> Opening<'_> {
        DiskFiles.opening()
    }

    fn list(&self, path: &Path) -> Result<Vec<Entry>, FileError> {
        DiskFiles.list(path)
    }

    fn write(&self, path: &Path, text: &str, expect: Expect) -> Result<(), FileError> {
        DiskFiles.write(path, text, expect)
    }

    fn remove(&self, path: &Path, expect: Expect) -> Result<(), FileError> {
        DiskFiles.remove(path, expect)
    }

    fn remove_folder(&self, path: &Path) -> Result<(), FileError> {
        DiskFiles.remove_folder(path)
    }

    fn clear(&self, path: &Path, instead: &Instead) -> Result<(), FileError> {
        DiskFiles.clear(path, instead)
    }

    fn is_open(&self, _: &Path) -> bool {
        false
    }
}

#[tokio::test]
async fn looks_run_side_by_side_and_results_come_in_order() {
    let files = Arc::new(Together { wanted: 3, here: Mutex::new(0), came: Condvar::new() });
    let read = |path: &str| json!({"name": "read", "arguments": {"path": path}});
    // The one that is read at once stands between those that wait for each other, and a write behind them.
    let write = json!({"name": "write", "arguments": {"path": "plain", "content": "new"}});
    let calls =
        [read("a.together"), read("b.together"), read("plain"), read("c.together"), write, read("plain")];
    let bench = Bench::playing(files, json!([{"tool_calls": calls}, {"text": "Done."}]));
    for name in ["a.together", "b.together", "c.together", "plain"] {
        bench.write(name, &format!("text of {name}\n"));
    }
    let outcome = bench.ask("look").await;
    assert_eq!(outcome.text, "Done.", "{outcome:?}");
    let records = bench.records(outcome.run.as_str()).await;
    let told: Vec<String> = records
        .iter()
        .filter_map(|record| match &record.event {
            Event::ToolReturned { text, .. } => Some(text.trim_end().to_owned()),
            _ => None,
        })
        .collect();
    let expect = [
        "text of a.together",
        "text of b.together",
        "text of plain",
        "text of c.together",
        "plain changed: +1 -1 lines",
        "new",
    ];
    assert_eq!(told, expect);
    let calls: Vec<PathBuf> = vec![bench.path("plain")];
    assert_eq!(outcome.changes.into_iter().map(|(path, _)| path).collect::<Vec<_>>(), calls);
}
