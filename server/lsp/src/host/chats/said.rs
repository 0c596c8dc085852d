//! What a run has said so far, as its document shows it.

use copydesk_agent::visible;
use copydesk_base::event::Denied;
use copydesk_base::{Event, RunStatus};
use copydesk_language::chat::{quoted, settled};

/// How a line of ours in an answer begins.
pub(super) const NOTE: &str = "> Copydesk: ";

/// What a run has said so far.
#[derive(Clone, Default)]
pub(super) struct Said {
    /// Whole answers, and a line for each thing that was done between them.
    whole: String,
    /// The answer that still comes.
    coming: String,
    /// What closes it, from when it is over.
    pub(super) end: Option<End>,
}

#[derive(Clone, Default)]
pub(super) struct End {
    /// For where the document did not take it.
    pub(super) answer: String,
    pub(super) denied: Vec<Denied>,
}

impl Said {
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::TextDelta { text } => self.coming.push_str(text),
            // The whole counts: what a stream that broke had said is not in it.
            Event::ModelAnswered { text, .. } => {
                self.coming.clear();
                self.paragraph(text);
            }
            Event::ToolCalled { name, arguments, .. } => {
                let what = ["path", "command", "pattern"].iter().find_map(|key| arguments.get(key)?.as_str());
                let what = what.and_then(|what| what.lines().next()).unwrap_or_default();
                self.paragraph(&format!("> {name} {}", visible(what)));
            }
            Event::RunFinished { status, text, error, denied, .. } => {
                // An answer that broke off is as much of one as there is.
                let coming = std::mem::take(&mut self.coming);
                self.paragraph(&coming);
                if *status == RunStatus::Canceled {
                    self.paragraph(&format!("{NOTE}canceled"));
                }
                for one in denied {
                    self.paragraph(&format!(
                        "> Not done: {} ({})",
                        visible(&one.effect),
                        visible(&one.reason)
                    ));
                }
                if let Some(error) = error {
                    self.paragraph(&format!("{NOTE}{}", visible(error)));
                }
                self.end = Some(End { answer: text.clone(), denied: denied.clone() });
            }
            _ => {}
        }
    }

    fn paragraph(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() {
            self.whole.push_str(text);
            self.whole.push_str("\n\n");
        }
    }

    /// What the document should say by now.
    pub(super) fn shown(&self) -> String {
        let coming = settled(&self.coming);
        quoted(format!("{}{coming}", self.whole).trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stream_that_broke_said_is_gone_and_what_was_done_is_told() {
        let mut said = Said::default();
        let delta = |text: &str| Event::TextDelta { text: text.into() };
        let whole = |text: &str| Event::ModelAnswered {
            text: text.into(),
            calls: 0,
            usage: copydesk_base::Usage::default(),
            stopped: String::new(),
        };
        said.take(&delta("I will"));
        said.take(&delta(" lo\n# Us"));
        assert_eq!(said.shown(), "I will lo", "a line that may become a heading waits");
        said.take(&whole("I look.\n"));
        let arguments = serde_json::json!({"path": "a.py"});
        let (call, name, written) =
            ("call-1".into(), "read".into(), copydesk_base::event::Written::default());
        said.take(&Event::ToolCalled { call, name, arguments, written });
        said.take(&delta("Fine"));
        assert_eq!(said.shown(), "I look.\n\n> read a.py\n\nFine");
        said.take(&whole("Fine.\n# User\n"));
        assert_eq!(said.shown(), "I look.\n\n> read a.py\n\nFine.\n\\# User");
    }
}
