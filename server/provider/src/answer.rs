//! An answer while it is being read: the text so far and the drafts of its tool calls.
//!
//! Both wire readers pour into the same [`Answer`]. It owns the limit on an answer's size and turns drafts into
//! [`ToolCall`]s at the end; what a model wrote badly becomes [`crate::Arguments`] that say so.

use copydesk_base::{Usage, letter::is_unseen};
use serde_json::Value;

use crate::facts::Tokens;
use crate::request::{Arguments, Behind, Carried, ToolCall};
use crate::surrogate::{UNREADABLE, settled};
use crate::wire::Wire;
use crate::{ModelEvent, StopReason};

/// The most text, arguments included, that one answer may bring.
pub(crate) const LARGEST_ANSWER: usize = 8 << 20;

/// What one call costs of that, so that endless empty calls end too.
const COST_OF_A_CALL: usize = 256;

/// Letters of a tool's name; the APIs take no more than half of that.
const LONGEST_NAME: usize = 128;

/// What is wrong with a server's event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WireError {
    /// It does not read as the format that was asked for.
    Malformed(String),
    /// The server tells of an error of its own.
    Server { kind: String, message: String },
    /// It ends in its middle: the body broke off within it.
    Cut,
    /// More than [`LARGEST_ANSWER`].
    TooLong,
}

/// Whether the answer goes on behind an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    More,
    /// The terminator was read.
    Done,
}

/// The answer so far.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    started: bool,
    text: String,
    /// Half a character stands at the end of the text, and at that of the thoughts.
    half: bool,
    half_thought: bool,
    calls: Vec<Draft>,
    carried: Vec<Carried>,
    size: usize,
    pub(crate) tokens: Tokens,
}

/// A tool call whose arguments are still coming.
#[derive(Debug)]
struct Draft {
    id: String,
    name: String,
    raw: String,
    half: bool,
    /// The server said that this call is whole.
    closed: bool,
}

impl Answer {
    /// The count without requests and money, which only the sender knows.
    pub(crate) const fn usage(&self) -> Usage {
        Usage {
            input_tokens: self.tokens.input,
            cached_tokens: self.tokens.cached,
            output_tokens: self.tokens.output,
            requests: 0,
            usd: None,
            estimated: false,
        }
    }

    /// How much of an answer has come. An event that adds nothing is a sign of life and no more.
    pub(crate) const fn size(&self) -> usize {
        self.size
    }

    /// The first event that counts.
    pub(crate) fn start(&mut self, out: &mut Vec<ModelEvent>) {
        if !self.started {
            self.started = true;
            out.push(ModelEvent::Started);
        }
    }

    pub(crate) const fn has_started(&self) -> bool {
        self.started
    }

    pub(crate) fn text(&mut self, piece: &str, out: &mut Vec<ModelEvent>) -> Result<(), WireError> {
        if piece.is_empty() {
            return Ok(());
        }
        self.grow(piece.len())?;
        let piece = settled(&mut self.half, piece);
        if !piece.is_empty() {
            self.text.push_str(&piece);
            out.push(ModelEvent::Text(piece.into_owned()));
        }
        Ok(())
    }

    /// Nothing more comes: half a character at the end of the text stays one.
    pub(crate) fn end(&mut self) -> Option<ModelEvent> {
        let is_half = std::mem::take(&mut self.half);
        is_half.then(|| {
            self.text.push_str(UNREADABLE);
            ModelEvent::Text(UNREADABLE.to_owned())
        })
    }

    /// A piece of what the model thinks aloud. It is shown, not kept.
    pub(crate) fn reasoning(&mut self, piece: &str, out: &mut Vec<ModelEvent>) -> Result<(), WireError> {
        if piece.is_empty() {
            return Ok(());
        }
        self.grow(piece.len())?;
        let piece = settled(&mut self.half_thought, piece);
        if !piece.is_empty() {
            out.push(ModelEvent::Reasoning(piece.into_owned()));
        }
        Ok(())
    }

    /// Keeps what must go back with this answer. Its size was counted while it came, but for what is sealed.
    pub(crate) fn carry(&mut self, wire: Wire, value: Value) -> Result<(), WireError> {
        self.grow(COST_OF_A_CALL)?;
        self.carry_counted(wire, value);
        Ok(())
    }

    /// The same for what was counted as it came.
    pub(crate) fn carry_counted(&mut self, wire: Wire, value: Value) {
        let behind = Behind { text: self.text.len(), calls: self.calls.len() };
        self.carried.push(Carried { wire, by: String::new(), behind, value });
    }

    /// The id of a call by its number.
    pub(crate) fn id(&self, at: usize) -> Option<&str> {
        self.calls.get(at).map(|draft| draft.id.as_str())
    }

    /// Begins a call and gives its number here. An id that is missing or taken is replaced by one of ours.
    pub(crate) fn open(
        &mut self,
        id: &str,
        name: &str,
        out: &mut Vec<ModelEvent>,
    ) -> Result<usize, WireError> {
        self.grow(COST_OF_A_CALL + id.len() + name.len())?;
        let at = self.calls.len();
        let taken = self.calls.iter().any(|call| call.id == id);
        let id = match id {
            "" => format!("call_{}", at + 1),
            id if taken => format!("{id}_{}", at + 1),
            id => id.to_owned(),
        };
        let name = shown(name);
        out.push(ModelEvent::CallStarted { id: id.clone(), name: name.clone() });
        self.calls.push(Draft { id, name, raw: String::new(), half: false, closed: false });
        Ok(at)
    }

    /// Adds to the arguments of call number `at`.
    pub(crate) fn arguments(
        &mut self,
        at: usize,
        piece: &str,
        out: &mut Vec<ModelEvent>,
    ) -> Result<(), WireError> {
        self.grow(piece.len())?;
        if let Some(call) = self.calls.get_mut(at)
            && !piece.is_empty()
        {
            let piece = settled(&mut call.half, piece).into_owned();
            call.raw.push_str(&piece);
            out.push(ModelEvent::CallArguments { call: at, piece });
        }
        Ok(())
    }

    pub(crate) fn close(&mut self, at: usize, out: &mut Vec<ModelEvent>) {
        if let Some(call) = self.calls.get_mut(at)
            && !call.closed
        {
            call.closed = true;
            out.push(ModelEvent::CallEnded { call: at });
        }
    }

    /// Ends the calls of which no server said that they are whole: the answer is.
    pub(crate) fn close_all(&mut self, out: &mut Vec<ModelEvent>) {
        for at in 0..self.calls.len() {
            self.close(at, out);
        }
    }

    pub(crate) fn last_call(&self) -> Option<usize> {
        self.calls.len().checked_sub(1)
    }

    /// The last event. The calls decide between "wants results" and "has finished": servers get that word wrong.
    pub(crate) fn stop(&mut self, reason: StopReason) -> ModelEvent {
        let cut = reason == StopReason::MaxTokens;
        let calls: Vec<ToolCall> = std::mem::take(&mut self.calls)
            .into_iter()
            .map(|draft| {
                let unfinished = cut && !draft.closed && draft.raw.trim().is_empty();
                let arguments =
                    if unfinished { Arguments::cut_off(draft.raw) } else { Arguments::read(draft.raw) };
                ToolCall { id: draft.id, name: draft.name, arguments }
            })
            .collect();
        let reason = match reason {
            StopReason::EndTurn | StopReason::ToolUse if calls.is_empty() => StopReason::EndTurn,
            StopReason::EndTurn | StopReason::ToolUse => StopReason::ToolUse,
            other => other,
        };
        ModelEvent::Stopped {
            reason,
            text: std::mem::take(&mut self.text),
            calls,
            carried: std::mem::take(&mut self.carried),
        }
    }

    pub(crate) fn grow(&mut self, by: usize) -> Result<(), WireError> {
        self.size = self.size.saturating_add(by);
        if self.size > LARGEST_ANSWER { Err(WireError::TooLong) } else { Ok(()) }
    }
}

/// A tool's name without what no name of a tool has: it is shown wherever a call is, and whoever answers wrote it.
fn shown(name: &str) -> String {
    let is_fit = |letter: &char| !letter.is_whitespace() && !is_unseen(*letter);
    name.chars().filter(is_fit).take(LONGEST_NAME).collect()
}
