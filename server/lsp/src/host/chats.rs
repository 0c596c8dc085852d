//! Answers on their way into chat documents: what a model says becomes text while it says it.
//!
//! A run that was sent from a chat document is told here. Its words are gathered, and one task for each document puts
//! them there, a few times a second, through the same edits as everything else: versioned, one at a time, proven. The
//! person may go on typing anywhere. Where they typed into the answer itself, or the document was closed, the rest is not
//! forced in: the whole answer is opened for reading, as for a run without a document.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use copydesk_agent::visible;
use copydesk_base::event::Denied;
use copydesk_base::host::{Aim, Applied, DocumentEdit};
use copydesk_base::{ChangeId, Event, Record, RunId, RunStatus, SessionId, Span, TextEdit};
use copydesk_language::chat::{Role, quoted, settled, turns};
use copydesk_text::front_matter;
use copydesk_text::rebase::{self, Rebased};
use tokio::sync::watch;

use super::edits::{self, Late};
use super::shelf;
use crate::state::{Session, State};

/// Between two edits.
const PACE: Duration = Duration::from_millis(200);
/// How long an editor may take to answer one.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the text may move between looking and writing before we give up.
const LOOKS: usize = 16;

/// The runs that answer a document.
#[derive(Default)]
pub(crate) struct Chats(Mutex<Vec<Chat>>);

struct Chat {
    run: RunId,
    path: PathBuf,
    said: watch::Sender<Said>,
}

/// What a run has said so far.
#[derive(Clone, Default)]
struct Said {
    /// Whole answers, and a line for each thing that was done between them.
    whole: String,
    /// The answer that still comes.
    coming: String,
    /// What closes it, from when it is over.
    end: Option<End>,
}

#[derive(Clone, Default)]
struct End {
    /// For where the document did not take it.
    answer: String,
    denied: Vec<Denied>,
}

impl Chats {
    /// Takes a document for a question that is about to be sent; nothing where one is still being answered.
    pub(crate) fn claim(&self, path: &Path) -> Option<Claim<'_>> {
        self.with(|chats| {
            let is_free = chats.iter().all(|chat| chat.path != path);
            is_free.then(|| {
                let run = RunId::from("");
                chats.push(Chat { run, path: path.to_owned(), said: watch::Sender::new(Said::default()) });
                Claim { chats: self, path: path.to_owned() }
            })
        })
    }

    /// Takes in what a run does; whether its answer has a document to go to.
    pub(super) fn happened(&self, state: &Arc<State>, record: &Record) -> bool {
        self.with(|chats| {
            let Some(at) = chats.iter().position(|chat| chat.run == record.run) else { return false };
            let chat = &chats[at];
            chat.said.send_modify(|said| said.take(&record.event));
            match &record.event {
                Event::RunStarted { session, .. } => {
                    let writer = Writer { run: chat.run.clone(), path: chat.path.clone(), written: None };
                    let said = chat.said.subscribe();
                    state.speakers.spawn(writer.write(state.clone(), session.clone(), said));
                    true
                }
                // A run that never began has no words, and nobody writes.
                Event::RunFinished { .. } if chat.said.receiver_count() == 0 => {
                    chats.remove(at);
                    false
                }
                _ => true,
            }
        })
    }

    fn done(&self, run: &RunId) {
        self.with(|chats| chats.retain(|chat| chat.run != *run));
    }

    fn with<T>(&self, look: impl FnOnce(&mut Vec<Chat>) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// A document that is taken for a question; free again when this is dropped before a run was named.
pub(crate) struct Claim<'a> {
    chats: &'a Chats,
    path: PathBuf,
}

impl Claim<'_> {
    /// The run that answers.
    pub(crate) fn hand_to(self, run: &RunId) {
        self.chats.with(|chats| {
            if let Some(chat) = chats.iter_mut().find(|chat| chat.path == self.path) {
                chat.run = run.clone();
            }
        });
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.chats.with(|chats| {
            chats.retain(|chat| chat.path != self.path || !chat.run.as_str().is_empty());
        });
    }
}

impl Said {
    fn take(&mut self, event: &Event) {
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
                    self.paragraph("> Copydesk: canceled");
                }
                for one in denied {
                    self.paragraph(&format!(
                        "> Not done: {} ({})",
                        visible(&one.effect),
                        visible(&one.reason)
                    ));
                }
                if let Some(error) = error {
                    self.paragraph(&format!("> Copydesk: {}", visible(error)));
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
    fn shown(&self) -> String {
        let coming = settled(&self.coming);
        quoted(format!("{}{coming}", self.whole).trim_end())
    }
}

/// Puts one answer into one document.
struct Writer {
    run: RunId,
    path: PathBuf,
    /// What was written last; `None` before the turn was begun.
    written: Option<Written>,
}

/// A text as an edit of ours left it, and where the answer stands in it.
struct Written {
    text: String,
    answer: Span,
}

/// The edits that a text wants, and where the answer stands in what results.
type Wanted = (Vec<TextEdit>, Span);

impl Writer {
    async fn write(mut self, state: Arc<State>, id: SessionId, mut said: watch::Receiver<Said>) {
        let Some(session) = state.session() else { return };
        if !self.follow(session, &id, &mut said).await
            && let Ok(over) = said.wait_for(|said| said.end.is_some()).await.map(|said| said.clone())
            && let Some(end) = over.end
        {
            shelf::homeless(&state, &session.host, &self.run, &end.answer, &end.denied).await;
        }
        session.host.chats.done(&self.run);
    }

    /// Writes until the answer is whole; whether all of it is there.
    async fn follow(&mut self, session: &Session, id: &SessionId, said: &mut watch::Receiver<Said>) -> bool {
        if !self.put(session, |text| Some(begun(text, id))).await {
            return false;
        }
        loop {
            let now = said.borrow_and_update().clone();
            if !self.say(session, &now.shown()).await {
                return false;
            }
            if now.end.is_some() {
                return true;
            }
            if said.changed().await.is_err() {
                return false;
            }
            let over = said.wait_for(|said| said.end.is_some());
            let _ = tokio::time::timeout(PACE, over).await;
        }
    }

    /// Brings the answer up to these words.
    async fn say(&mut self, session: &Session, words: &str) -> bool {
        let Some(Written { text, answer }) = self.written.take() else { return false };
        let words = as_in(&text, words);
        if answer.of(&text) == words {
            self.written = Some(Written { text, answer });
            return true;
        }
        self.put(session, |now| grown(&text, answer, now, &words)).await
    }

    /// Sends the edits that a text wants, until a version of the document carries them.
    async fn put(&mut self, session: &Session, wanted: impl Fn(&str) -> Option<Wanted>) -> bool {
        let host = &session.host;
        for _ in 0..LOOKS {
            let _turn = session.desk.turn().await;
            let Some(open) = host.documents.at(&self.path) else { return false };
            let before = open.document.text().clone();
            let Some((edits, answer)) = wanted(&before) else { return false };
            let pairs: Vec<(Span, &str)> = edits.iter().map(|edit| (edit.span, edit.text.as_str())).collect();
            let after = rebase::apply(&before, &pairs);
            let edit = DocumentEdit {
                label: "Copydesk answer".to_owned(),
                change: ChangeId::from("answer"),
                run: self.run.clone(),
                aim: Aim::Change,
                patience: PATIENCE,
                path: self.path.clone(),
                version: open.document.version(),
                edits,
                after: after.clone(),
            };
            match edits::apply(host, edit, Late::Forgotten).await {
                Applied::Proven { .. } => {
                    self.written = Some(Written { text: after, answer });
                    return true;
                }
                Applied::Moved { .. } => {}
                Applied::NotApplied { reason } | Applied::Unanswered { reason } => {
                    tracing::warn!(%reason, path = %self.path.display(), "an answer did not get into its document");
                    return false;
                }
                Applied::Closed => return false,
            }
        }
        false
    }
}

/// What stands below an answer, so that the person can type on while it comes.
const NEXT: &str = "\n\n# User\n\n";

/// A document whose last turn is being answered: it names the session, and has a turn for the answer and for what the
/// person says next.
fn begun(text: &str, session: &SessionId) -> Wanted {
    let mut edits = Vec::new();
    let parts = front_matter::split(text).filter(|parts| parts.closing.is_some());
    let tree = front_matter::parse(text);
    let named = tree.root().and_then(|root| root.get("session"));
    let mut top = match (&parts, named) {
        (Some(_), Some(named)) if named.scalar_text() == Some(session.as_str()) => String::new(),
        (Some(_), Some(named)) => {
            let is_empty = named.span().is_empty();
            let space = if is_empty { " " } else { "" };
            edits.push(TextEdit { span: named.span(), text: format!("{space}{session}") });
            String::new()
        }
        // Between brackets there is no line for it: the conversation is begun anew each time.
        (Some(parts), None) if parts.yaml.of(text).trim_start().starts_with('{') => String::new(),
        (Some(parts), None) => {
            let before = Span::at(parts.closing.map_or(parts.yaml.end, |closing| closing.start));
            edits.push(TextEdit { span: before, text: as_in(text, &format!("session: {session}\n")) });
            String::new()
        }
        (None, _) => format!("---\nsession: {session}\n---\n\n"),
    };
    let turns = turns(text);
    if turns.iter().all(|turn| turn.heading.is_empty()) {
        let _ = write!(top, "{}\n\n", Role::User.heading());
    }
    if !top.is_empty() {
        let start = parts.map_or(0, |parts| parts.body.start);
        edits.push(TextEdit { span: Span::at(start), text: as_in(text, &top) });
    }
    let gap = "\n"
        .repeat(2 - text.replace('\r', "").bytes().rev().take_while(|byte| *byte == b'\n').count().min(2));
    let heading = as_in(text, &format!("{gap}{}\n\n", Role::Assistant.heading()));
    let next = as_in(text, NEXT);
    edits.push(TextEdit { span: Span::at(text.len()), text: format!("{heading}{next}") });
    let grown: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let gone: usize = edits.iter().map(|edit| edit.span.len()).sum();
    (edits, Span::at(text.len() + grown - gone - next.len()))
}

/// A document in which the answer says these words, if nobody else wrote into it since.
fn grown(before: &str, answer: Span, now: &str, words: &str) -> Option<Wanted> {
    // A piece of a line, so that it stays where it is and is no new line between two others.
    let [Rebased::Moved(there)] = rebase::rebase(before, &[(answer, "-")], now)[..] else { return None };
    let edit = match words.strip_prefix(there.of(now)) {
        Some(more) => TextEdit { span: Span::at(there.end), text: more.to_owned() },
        None => TextEdit { span: there, text: words.to_owned() },
    };
    Some((vec![edit], Span::new(there.start, there.start + words.len())))
}

/// Words with the line breaks of a text.
fn as_in(text: &str, words: &str) -> String {
    if text.contains("\r\n") { words.replace("\r\n", "\n").replace('\n', "\r\n") } else { words.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(text: &str, (edits, answer): Wanted) -> String {
        let pairs: Vec<(Span, &str)> = edits.iter().map(|edit| (edit.span, edit.text.as_str())).collect();
        let mut after = rebase::apply(text, &pairs);
        after.insert(answer.end, '|');
        after
    }

    #[test]
    fn a_turn_is_begun_below_what_was_asked() {
        let next = "# Assistant\n\n|\n\n# User\n\n";
        for (text, expect) in [
            ("why?", format!("---\nsession: ses-1\n---\n\n# User\n\nwhy?\n\n{next}")),
            ("# User\nwhy?\n", format!("---\nsession: ses-1\n---\n\n# User\nwhy?\n\n{next}")),
            (
                "---\nmodel: a/b\n---\n# User\nwhy?\n\n\n",
                format!("---\nmodel: a/b\nsession: ses-1\n---\n# User\nwhy?\n\n\n{next}"),
            ),
            (
                "---\nsession: ses-1\n---\n# User\nwhy?\n\n",
                format!("---\nsession: ses-1\n---\n# User\nwhy?\n\n{next}"),
            ),
            (
                "---\nsession:\n---\n# User\nwhy?\n\n",
                format!("---\nsession: ses-1\n---\n# User\nwhy?\n\n{next}"),
            ),
            (
                "---\n{mode: plan}\n---\n# User\nwhy?\n\n",
                format!("---\n{{mode: plan}}\n---\n# User\nwhy?\n\n{next}"),
            ),
            (
                "---\nsession: ses-9\n---\nwhy?\n\n",
                format!("---\nsession: ses-1\n---\n# User\n\nwhy?\n\n{next}"),
            ),
            (
                "# User\r\nwhy?\r\n",
                format!("---\nsession: ses-1\n---\n\n# User\nwhy?\n\n{next}").replace('\n', "\r\n"),
            ),
        ] {
            assert_eq!(made(text, begun(text, &SessionId::from("ses-1"))), expect, "{text:?}");
        }
    }

    #[test]
    fn an_answer_grows_while_the_person_types_elsewhere() {
        let before = "# User\n\na\n\n# Assistant\n\nab\n\n# User\n\n";
        let at = before.find("ab").unwrap_or_default();
        let answer = Span::new(at, at + 2);
        for (now, words, expect) in [
            (before.to_owned(), "abc\nd", Some(before.replace("ab", "abc\nd|"))),
            (before.to_owned(), "xy", Some(before.replace("ab", "xy|"))),
            (format!("{before}next"), "abc", Some(format!("{}next", before.replace("ab", "abc|")))),
            (
                before.replacen("a\n", "aa\n", 1),
                "abc",
                Some(before.replacen("a\n", "aa\n", 1).replace("ab", "abc|")),
            ),
            (before.replace("ab", "ab, no"), "abc", None),
            ("gone".to_owned(), "abc", None),
        ] {
            let made = grown(before, answer, &now, words).map(|wanted| made(&now, wanted));
            assert_eq!(made, expect, "{now:?}");
        }
    }

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
