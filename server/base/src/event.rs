//! What happened in a run, one thing at a time.
//!
//! Whatever a user can see about a run is a projection of these. They are written to the journal before their effect
//! is believed; kinds that a reader does not know are kept and passed over.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use parts::{About, Carried, Denied, OfSummary, Origin, Section, Todo, TodoState, Wanted, Written};

use crate::change::{Base, CheckVerdict, HunkReport, Instead};
use crate::{ApprovalId, Because, CallId, ChangeId, Effect, Grade, RunId, SessionId, Timestamp, Usage};

mod parts;

/// An event in its place: the `seq`-th of its run, counted from one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub run: RunId,
    pub seq: u64,
    pub at: Timestamp,
    pub event: Event,
}

/// How a run ended, or where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    Pending,
    Running,
    Waiting,
    Suspended,
    Succeeded,
    Failed,
    Canceled,
    Skipped,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    RunStarted {
        session: SessionId,
        /// A few words for progress and lists: `explain`, `ask: make this iterative`.
        title: String,
        prompt: String,
        /// The name of the action that was asked for.
        #[serde(default)]
        action: String,
        origin: Option<Origin>,
        /// The model ref in use, `provider/model`.
        model: String,
        /// What was asked for, as it was written; absent where nothing was.
        #[serde(default)]
        requested: Option<String>,
        /// Why this model, as a fragment.
        #[serde(default)]
        why: String,
        /// Whether it is the built-in stand-in, which is no model.
        offline: bool,
        mode: String,
        /// The operating system's number of the process that runs it, to tell a run under way from one cut short.
        #[serde(default)]
        process: Option<u32>,
        /// The agent that works; empty where none was named.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        agent: String,
        /// The run that started it, where no person did. It belongs to that one, and to no session.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<RunId>,
        /// The turn that it asks once more, as if that had not been.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again: Option<RunId>,
        /// Where it works, unless in the workspace itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        root: Option<PathBuf>,
        /// How many layers it has, where it is a pipeline.
        #[serde(default, skip_serializing_if = "is_zero")]
        layers: usize,
        /// What its session had come to; absent in the first run of one, and where an older version wrote it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        carried: Option<Box<Carried>>,
    },
    /// What the model was told first: the person's words, and what was put beside them. Secrets are placeholders.
    Told {
        text: String,
        /// Whether it is the beginning of an answer that broke off, as a document has it: no record has the answer.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        broken_off: bool,
    },
    /// What the first message and what stands before it are made of, right before it is [`Event::Told`].
    ContextLaid {
        /// The text that stands before every conversation.
        system: String,
        /// The names of the tools that are offered, and the bytes of what is said about them.
        tools: Vec<String>,
        tool_bytes: usize,
        /// The parts of the message, in its order.
        sections: Vec<Section>,
        /// How many of the earlier turns of the conversation go along, the newest ones; absent where all do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kept: Option<usize>,
    },
    /// The conversation was shortened: of its messages the last `kept` are left, behind `text`.
    Compacted {
        /// What stands in the place of the others; empty where none were left out.
        text: String,
        /// What the model wrote about them.
        summary: Option<String>,
        kept: usize,
        /// To how many bytes each result of a tool was cut in those that are left.
        #[serde(default)]
        fold: Option<usize>,
        /// About how many tokens the next request would have had, and has.
        before: u64,
        after: u64,
    },
    /// A try that gave no whole answer, and what it is counted as all the same.
    TryLost {
        /// `provider/model`.
        model: String,
        usage: Usage,
    },
    /// The images that the model was shown beside it.
    ImagesSent {
        paths: Vec<PathBuf>,
        /// Of each its size.
        #[serde(default)]
        bytes: Vec<u64>,
    },
    /// The model asks the person something; the call names the question.
    QuestionAsked {
        call: CallId,
        text: String,
        options: Vec<String>,
    },
    /// What they answered; empty where nothing came.
    QuestionAnswered {
        call: CallId,
        answer: String,
    },
    /// The person says this to the run under way; [`Event::Steered`] follows when it is heard.
    Steering {
        text: String,
    },
    /// The run heard what the person said to it while it was under way.
    Steered {
        text: String,
    },
    /// These turns of the run's session, this one first, do not count any more for what is said next.
    Rewound {
        runs: Vec<RunId>,
    },
    /// A request left for the model: the `number`-th of this run, from one.
    ModelRequested {
        number: u64,
        /// The most that it can cost: what it counts as where its process dies before anybody learns more.
        #[serde(default)]
        most: Usage,
        /// About how many tokens it has, by which a conversation is shortened; 0 in journals that did not tell.
        #[serde(default)]
        expected: u64,
    },
    /// The next answer is waited for: a limit holds the request back, or a try failed and the next one comes.
    ModelWaited {
        model: String,
        reason: String,
        /// For how long, where that is known.
        wait_ms: Option<u64>,
        /// The tries that failed so far; 0 where none did. What was shown of their answer is void.
        tried: u32,
    },
    /// Another model answers from here on.
    ModelSwitched {
        from: String,
        to: String,
        reason: String,
    },
    /// A request came to nothing: nobody answered it, or no budget let it leave. The error as the person is told it.
    Unanswered {
        error: String,
        /// What a summary was asked for, where it was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        summary: Option<OfSummary>,
    },
    /// The model said this much more. Live only: never journalled, the whole stands in [`Event::ModelAnswered`].
    TextDelta {
        text: String,
    },
    /// The model writes the arguments of a tool call, so many bytes so far. Live only: the call itself stands in
    /// [`Event::ToolCalled`].
    ToolCalling {
        name: String,
        bytes: usize,
    },
    ModelAnswered {
        text: String,
        calls: usize,
        usage: Usage,
        /// Why it is not whole: `max_tokens`, `refusal`, a word of the provider's; empty where it is.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        stopped: String,
    },
    ToolCalled {
        call: CallId,
        name: String,
        arguments: serde_json::Value,
        /// As the model wrote it, so that the next turn can say the same again.
        #[serde(default, skip_serializing_if = "Written::is_usual")]
        written: Written,
    },
    /// Policy decided, or a person did (`by`: `rule`, `mode`, `person`, `nobody`, `timeout`).
    Judged {
        call: CallId,
        effect: Effect,
        verdict: String,
        because: Because,
        by: String,
        /// What the person said to it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<String>,
        /// The point at which a hook stands, where it is one that is to run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        point: Option<String>,
    },
    ApprovalRequested {
        approval: ApprovalId,
        call: CallId,
        effect: Effect,
        /// What the person reads: rendered, bounded, escaped.
        text: String,
        /// The literal rules that *Always allow* would store; empty where it is not offered.
        always: Vec<String>,
        /// Whether the text is whole; if not it must be shown before *Allow* counts.
        whole: bool,
        change: Option<ChangeId>,
    },
    /// The same question waits already, asked by another run: its answer is for this run too.
    ApprovalJoined {
        approval: ApprovalId,
        call: CallId,
    },
    /// `decision`: `once`, `always`, `deny`, `expired`, `canceled`, `reviewed`.
    ApprovalSettled {
        approval: ApprovalId,
        decision: String,
        by: String,
    },
    /// The intent, before the effect: without an outcome behind it, the effect is unknown and not repeated.
    EffectStarted {
        call: CallId,
        effect: Effect,
    },
    EffectFinished {
        call: CallId,
        ok: bool,
        note: String,
    },
    /// An edit is kept until the project's checks have seen it; nothing but the run knows of it.
    ChangeDrafted {
        call: CallId,
        path: PathBuf,
    },
    ChangeProposed {
        change: ChangeId,
        call: CallId,
        path: PathBuf,
        hunks: usize,
    },
    /// The intent of a file write: what undo needs, durable before the file changes.
    ChangeApplying {
        change: ChangeId,
        path: PathBuf,
        base: Base,
        before: String,
        after: String,
        /// Whether it is an undo that writes it.
        #[serde(default)]
        undo: bool,
        /// How many folders around the file are not there yet, and are made for it.
        #[serde(default)]
        folders: usize,
        /// The hunks of the change that are made, counted from zero.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        hunks: Vec<usize>,
    },
    /// What a document version or the disk carries now.
    ChangeApplied {
        change: ChangeId,
        path: PathBuf,
        before: String,
        after: String,
    },
    /// A command changed a file, or took it away; the text before and after, absent where there was no file.
    CommandChanged {
        change: ChangeId,
        call: CallId,
        path: PathBuf,
        before: Option<String>,
        after: Option<String>,
        /// What the command put where the file was, as far as that is no file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instead: Option<Instead>,
        /// How many folders around a new file came with it.
        #[serde(default, skip_serializing_if = "is_zero")]
        folders: usize,
    },
    /// A command took this away, a file or a folder, or made something else of it, and that is not taken back.
    CommandTook {
        call: CallId,
        path: PathBuf,
        /// Why not.
        reason: String,
        /// Whether it is still there, as something else.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        overwritten: bool,
    },
    /// The person rejected these hunks of a change that is still under review, counted from zero.
    HunksRejected {
        change: ChangeId,
        hunks: Vec<usize>,
    },
    ChangeRefused {
        change: ChangeId,
        report: HunkReport,
    },
    ToolReturned {
        call: CallId,
        text: String,
        /// Whether it did not do what was called for.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        failed: bool,
    },
    /// A run's edits were taken back, or brought again.
    Undone {
        change: ChangeId,
        path: PathBuf,
        before: String,
        after: String,
        redo: bool,
    },
    /// An undo or redo could do nothing with this, and left it to the person: the next one goes on to another run.
    LeftAlone {
        change: ChangeId,
        path: PathBuf,
    },
    /// A check of the project ran on what the agent has edited, in a copy that holds the edits.
    Checked {
        /// What people call it.
        check: String,
        /// Counted from one.
        round: u32,
        verdict: CheckVerdict,
        /// How it ended, in words, or why it did not run.
        note: String,
        /// What it found, as `file:line: message`.
        problems: Vec<String>,
    },
    /// From here on the model has read words that may be a stranger's.
    Tainted {
        grade: Grade,
        /// What it read: `node_modules/x/README.md`, `the output of npm test`.
        source: String,
    },
    /// A run of another agent was started for this one.
    AgentCalled {
        call: CallId,
        run: RunId,
        agent: String,
        task: String,
    },
    /// It has ended. What it used is part of what this run uses.
    AgentReturned {
        call: CallId,
        run: RunId,
        status: RunStatus,
        usage: Usage,
        /// The same by `provider/model`.
        #[serde(default)]
        models: BTreeMap<String, Usage>,
    },
    /// A layer of a pipeline begins: the `number`-th of so many, counted from one.
    LayerBegun {
        number: usize,
        of: usize,
        name: String,
    },
    /// Another agent goes on with this conversation.
    HandedOver {
        from: String,
        to: String,
    },
    /// A hook of the person's ran at this point of the run.
    HookRan {
        /// `PreToolUse`, `Stop` and so on.
        point: String,
        command: String,
        ok: bool,
        /// How it ended, or why it did not run.
        note: String,
    },
    /// Somebody is called because a question waits without an answer.
    Called {
        to: String,
        /// How long it has waited.
        waited_ms: u64,
    },
    /// The list of what is to be done, as the model keeps it; each is the whole list.
    Planned {
        items: Vec<Todo>,
    },
    /// A model that reviews says what is wrong at a place.
    Found {
        path: PathBuf,
        /// Counted from one, in the text as it was then.
        line: usize,
        text: String,
    },
    /// Something the person should know, and what they can do about it.
    Notice {
        text: String,
        /// What it is about, for whoever reads more than the words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<About>,
    },
    /// A piece of an answer that takes long, for whoever settles the run where the answer never comes whole.
    Streamed {
        text: String,
    },
    /// Its process ended here, in the middle of the run: what follows was settled by another one.
    CutShort {},
    RunFinished {
        status: RunStatus,
        text: String,
        error: Option<String>,
        usage: Usage,
        denied: Vec<Denied>,
    },
    /// A kind written by a newer version.
    #[serde(other)]
    Unknown,
}

impl Event {
    /// What a model is told.
    pub fn told(text: impl Into<String>) -> Self {
        Self::Told { text: text.into(), broken_off: false }
    }

    /// A notice that is words alone.
    pub fn notice(text: impl Into<String>) -> Self {
        Self::Notice { text: text.into(), about: None }
    }

    /// About how many bytes of text it holds.
    pub fn size(&self) -> usize {
        match self {
            Self::Told { text, .. }
            | Self::Compacted { text, .. }
            | Self::TextDelta { text }
            | Self::Streamed { text }
            | Self::ModelAnswered { text, .. }
            | Self::ToolReturned { text, .. }
            | Self::Notice { text, .. }
            | Self::RunFinished { text, .. } => text.len(),
            Self::RunStarted { prompt, .. } => prompt.len(),
            Self::AgentCalled { task, .. } => task.len(),
            Self::ToolCalled { arguments, .. } => arguments.to_string().len(),
            Self::ChangeApplying { before, after, .. }
            | Self::ChangeApplied { before, after, .. }
            | Self::Undone { before, after, .. } => before.len() + after.len(),
            Self::CommandChanged { before, after, .. } => {
                [before, after].into_iter().flatten().map(String::len).sum()
            }
            _ => 0,
        }
    }

    /// Whether it is shown as it happens and kept nowhere.
    pub const fn is_live_only(&self) -> bool {
        matches!(self, Self::TextDelta { .. } | Self::ToolCalling { .. })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}
