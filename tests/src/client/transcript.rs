//! What was said, for the reader of a failure.

use std::collections::VecDeque;
use std::fmt;
use std::time::Instant;

use serde_json::Value;

/// Everything on the wire, with its time.
pub(super) struct Transcript {
    name: &'static str,
    started: Instant,
    /// The last lines, and how many there were before them.
    lines: VecDeque<String>,
    left_out: usize,
}

/// Longer messages are cut in print; the wire saw them whole.
const LONGEST_LINE: usize = 1500;
/// Only the last lines are kept.
const MOST_LINES: usize = 200;

impl Transcript {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, started: Instant::now(), lines: VecDeque::new(), left_out: 0 }
    }

    pub(super) fn sent(&mut self, message: &Value) {
        self.add("→", &without_version(message));
    }

    pub(super) fn received(&mut self, message: &Value) {
        self.add("←", &without_version(message));
    }

    pub(super) fn sent_bytes(&mut self, bytes: &[u8]) {
        self.add("→", &format!("{} bytes: {:?}", bytes.len(), String::from_utf8_lossy(bytes)));
    }

    /// What the client did on its own, or decided not to do.
    pub(super) fn note(&mut self, text: &str) {
        self.add("·", text);
    }

    fn add(&mut self, arrow: &str, text: &str) {
        let cut: String = text.chars().take(LONGEST_LINE).collect();
        let more = if cut.len() < text.len() { " …" } else { "" };
        if self.lines.len() == MOST_LINES {
            self.lines.pop_front();
            self.left_out += 1;
        }
        self.lines.push_back(format!("{:>6} ms {arrow} {cut}{more}", self.started.elapsed().as_millis()));
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "--- what {} and the server said ({} lines left out)", self.name, self.left_out)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

fn without_version(message: &Value) -> String {
    match message {
        Value::Object(map) => {
            let rest = map.iter().filter(|(key, _)| *key != "jsonrpc");
            let said = rest.map(|(key, value)| match value.get("capabilities") {
                // The same every time, and longer than everything else.
                Some(_) => format!("{key}: {{capabilities …}}"),
                None => format!("{key}: {value}"),
            });
            said.collect::<Vec<_>>().join("  ")
        }
        other => other.to_string(),
    }
}
