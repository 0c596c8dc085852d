//! An exported conversation without what no two runs of it can share, so that two can be compared byte for byte.
//!
//! | what | becomes |
//! | --- | --- |
//! | names of runs, sessions, calls, changes, approvals | numbers, in the order in which they first stand there |
//! | moments, spans of time, processes, numbers of records | nothing |
//! | the workspace, and the worktrees of helpers | [`ROOT`] |
//! | the file in which a rule is written down | nothing |
//! | who answered, why, and what it cost; who was passed over before anybody was asked | nothing |
//! | whether an editor held a file open, and who was called while a question waited, and by which hooks | nothing |
//!
//! Everything else stays: what was asked, said, called for, judged, changed and refused, in its order. So a recording
//! and its replay give the same bytes, and what differs is what happened otherwise.

use copydesk_base::id;
use serde_json::{Value, json};

use crate::hooks::Point;

/// The schema of such a document.
const COMPARABLE: &str = "copydesk.comparable/1";

/// What stands for a folder in which there was work.
const ROOT: &str = "⟨root⟩";

/// Fields of clocks and processes, and of whoever answered.
const DROPPED: [&str; 14] = [
    "at",
    "seq",
    "process",
    "time_ms",
    "wait_ms",
    "model",
    "models",
    "requested",
    "why",
    "offline",
    "usage",
    "most",
    "expected",
    "base",
];

/// Events about costs and clocks, pieces of answers, and what is told once more when it counts.
const PASSED_OVER: [&str; 5] = ["try_lost", "called", "streamed", "steering", "hunks_rejected"];

/// The same for a document that [`super::telling::records`] made.
pub fn comparable(exported: &Value) -> Value {
    let mut roots: Vec<&str> = exported["root"].as_str().into_iter().collect();
    let helpers = exported["helpers"].as_array().into_iter().flatten();
    roots.extend(helpers.filter_map(|records| records[0]["event"]["root"].as_str()));
    // One may lie in another.
    roots.sort_by_key(|root| std::cmp::Reverse(root.len()));
    let mut plain = Plain { roots, names: Vec::new() };
    let mut of = |what: &str| plain.of(&exported[what], &DROPPED);
    let (runs, helpers) = (of("runs"), of("helpers"));
    json!({"schema": COMPARABLE, "runs": runs, "helpers": helpers})
}

struct Plain<'a> {
    roots: Vec<&'a str>,
    /// Those that were met, in order.
    names: Vec<String>,
}

impl Plain<'_> {
    fn of(&mut self, value: &Value, dropped: &[&str]) -> Value {
        match value {
            Value::Object(fields) => {
                let is_of_models = value["type"] == "model_switched";
                let is_dropped =
                    |name: &str| dropped.contains(&name) || is_of_models && ["from", "to"].contains(&name);
                let kept = fields.iter().filter(|(name, _)| !is_dropped(name));
                let within = |name: &str| match name {
                    // What a model gave to a tool is its own.
                    "arguments" => &[][..],
                    // Where a rule is written down.
                    "because" => &["origin"],
                    _ => dropped,
                };
                kept.map(|(name, value)| (name.clone(), self.of(value, within(name)))).collect()
            }
            Value::Array(items) => {
                let kind = |item: &Value| item["event"]["type"].as_str().unwrap_or_default().to_owned();
                let mut is_asked = false;
                let mut is_passed = |item: &Value| match &*kind(item) {
                    word @ ("model_requested" | "model_answered") => {
                        is_asked = word == "model_requested";
                        false
                    }
                    "model_switched" => !is_asked,
                    "hook_ran" | "judged" => item["event"]["point"] == Point::Notification.as_str(),
                    "notice" => {
                        ["account", "route"].iter().any(|kind| item["event"]["about"]["kind"] == *kind)
                    }
                    word => PASSED_OVER.contains(&word),
                };
                let kept: Vec<&Value> = items.iter().filter(|item| !is_passed(item)).collect();
                kept.into_iter().map(|item| self.of(item, dropped)).collect()
            }
            Value::String(text) => self.text(text).into(),
            other => other.clone(),
        }
    }

    fn text(&mut self, text: &str) -> String {
        let (mut named, mut from) = (String::new(), 0);
        for span in id::found(text) {
            let name = &text[span.clone()];
            let known = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
                self.names.push(name.to_owned());
                self.names.len() - 1
            });
            named.push_str(&text[from..span.start]);
            named.push_str(&format!("{}-{}", &name[..3], known + 1));
            from = span.end;
        }
        named.push_str(&text[from..]);
        self.roots.iter().fold(named, |text, root| text.replace(root, ROOT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_two_runs_share_is_gone_and_the_rest_stays() {
        let record =
            |run: &str, at: u64, event: Value| json!({"run": run, "seq": at, "at": at, "event": event});
        let exported = |session: &str, run: &str, root: &str, tree: &str, at: u64| {
            json!({
                "schema": "copydesk.records/1", "session": session, "root": root,
                "runs": [[
                    record(run, at, json!({"type": "run_started", "session": session, "model": root, "process": at})),
                    record(run, at, json!({"type": "model_switched", "from": "m", "to": root, "reason": root})),
                    record(run, at, json!({"type": "model_requested", "number": 1, "most": {"requests": at}})),
                    record(run, at, json!({"type": "model_waited", "model": root, "wait_ms": at, "reason": "gone"})),
                    record(run, at, json!({"type": "model_switched", "from": root, "to": "m", "reason": "gone"})),
                    record(run, at, json!({"type": "called", "to": "Ana"})),
                    record(run, at, json!({"type": "judged", "point": "Notification", "call": "call-1"})),
                    record(run, at, json!({"type": "hook_ran", "point": "Notification", "note": "exit code 0"})),
                    record(run, at, json!({"type": "notice", "text": "Half of it.", "about": {"kind": "account"}})),
                    record(run, at, json!({"type": "notice", "text": "Nobody.", "about": {"kind": "route"}})),
                    record(run, at, json!({"type": "told", "text": format!("{root}/a, {tree}/b and {run}.log")})),
                ]],
                "helpers": [[record(run, at, json!({"type": "run_started", "root": tree}))]],
            })
        };
        let one = exported("ses-0000000000000001", "run-000000000000000a", "/one", "/one/tree", 1);
        let two = exported("ses-0000000000000002", "run-000000000000000b", "/two/deep", "/tmp/tree", 2);
        assert_eq!(comparable(&one), comparable(&two));
        assert_eq!(
            comparable(&one),
            json!({
                "schema": "copydesk.comparable/1",
                "runs": [[
                    {"run": "run-2", "event": {"type": "run_started", "session": "ses-1"}},
                    {"run": "run-2", "event": {"type": "model_requested", "number": 1}},
                    {"run": "run-2", "event": {"type": "model_waited", "reason": "gone"}},
                    {"run": "run-2", "event": {"type": "model_switched", "reason": "gone"}},
                    {"run": "run-2", "event": {"type": "told", "text": "⟨root⟩/a, ⟨root⟩/b and run-2.log"}},
                ]],
                "helpers": [[{"run": "run-2", "event": {"type": "run_started", "root": "⟨root⟩"}}]],
            })
        );
    }
}
