//! What was said, for the reader of a failure.

use std::fmt;
use std::time::Instant;

use serde_json::Value;

/// Everything on the wire, with its time.
pub(super) struct Transcript {
    name: &'static str,
    started: Instant,
    lines: Vec<String>,
}

/// Longer messages are cut in print; the wire saw them whole.
const LONGEST_LINE: usize = 1500;
/// Only the last lines are printed.
const MOST_LINES: usize = 200;

impl Transcript {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, started: Instant::now(), lines: vec![] }
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
        self.lines.push(format!("{:>6} ms {arrow} {cut}{more}", self.started.elapsed().as_millis()));
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left_out = self.lines.len().saturating_sub(MOST_LINES);
        writeln!(f, "--- what {} and the server said ({left_out} lines left out)", self.name)?;
        self.lines[left_out..].iter().try_for_each(|line| writeln!(f, "{line}"))
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
