//! The tour: the main job in a minute, played by a real language server to a real, very small editor.
//!
//! A [`Stage`] is a folder of its own with everything that a person has: a workspace, a home, a config whose model is a
//! script. An [`Editor`] is a client of the server that runs in this process. A [`Step`] is one thing that a person
//! does; [`play`] takes them in turn, and each looks at what the editor then really has: its text, its marks, its
//! answers.
//!
//! Invariants
//! - A step that did not happen is an error that says what was expected and what came; no step after it is taken.
//! - Nothing of the user's is read or written, no network is used, no process started, nothing left behind.
//! - The agent's words are scripted, and everything that shows them says so.

mod asking;
mod authoring;
mod buffer;
mod draw;
mod editor;
mod stage;
mod wire;

#[cfg(test)]
mod tests;

use std::time::Duration;

use copydesk_lsp::Ended;

use draw::Tone;
use editor::Editor;

pub(crate) use draw::Line;
pub(crate) use stage::Stage;

/// How long anything is waited for. A busy machine needs time; a step that really hangs is told from it by this alone.
const PATIENCE: Duration = Duration::from_secs(20);

/// One thing that a person does, and sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Start,
    Diagnose,
    Fix,
    Complete,
    Ask,
    Review,
    Apply,
    Undo,
    Stop,
}

/// What a step came to, where it happened.
#[derive(Debug)]
pub(crate) struct Told {
    /// One plain sentence.
    pub(crate) detail: String,
    /// What an editor would show.
    pub(crate) lines: Vec<Line>,
}

/// What did not happen.
#[derive(Debug, thiserror::Error)]
#[error("expected {expected}, but {came}")]
pub(crate) struct Missing {
    expected: String,
    came: String,
}

/// A step that was taken.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) step: Step,
    pub(crate) outcome: Result<Told, Missing>,
}

impl Step {
    const ALL: [Self; 9] = [
        Self::Start,
        Self::Diagnose,
        Self::Fix,
        Self::Complete,
        Self::Ask,
        Self::Review,
        Self::Apply,
        Self::Undo,
        Self::Stop,
    ];

    /// Its word in `--json`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Diagnose => "diagnose",
            Self::Fix => "fix",
            Self::Complete => "complete",
            Self::Ask => "ask",
            Self::Review => "review",
            Self::Apply => "apply",
            Self::Undo => "undo",
            Self::Stop => "stop",
        }
    }
}

impl Missing {
    fn new(expected: impl Into<String>, came: impl Into<String>) -> Self {
        Self { expected: expected.into(), came: came.into() }
    }
}

/// Starts a server in this process and takes the steps on it; `tell` hears of each. Where one did not happen it is the
/// last.
pub(crate) async fn perform(
    stage: &Stage,
    tell: &mut (dyn FnMut(&Taken) -> anyhow::Result<()> + Send),
) -> anyhow::Result<Vec<Taken>> {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let (input, output) = tokio::io::split(theirs);
    let serving =
        copydesk_lsp::serve(input, output, stage.backstage(), tokio_util::sync::CancellationToken::new());
    let (ended, steps) = tokio::join!(serving, play(stage, Editor::new(ours, PATIENCE), tell));
    let steps = steps?;
    let all_happened = steps.iter().all(|taken| taken.outcome.is_ok());
    anyhow::ensure!(!all_happened || ended == Ended::Orderly, "failed to end the server in order");
    Ok(steps)
}

/// What is said at the end of a whole tour.
pub(crate) fn farewell(took: Duration) -> Vec<Line> {
    let next = |what: &str, why: &str| {
        Line::of(Tone::Plain, "   ").and(Tone::Strong, format!("{what:<24}")).and(Tone::Plain, why)
    };
    let seconds = took.as_secs_f64();
    vec![
        Line::default(),
        Line::of(Tone::Fine, " \u{2713} ").and(
            Tone::Plain,
            format!("All of it happened, in {seconds:.1} s. The folder is gone; nothing of yours was touched. Next:"),
        ),
        next("docs/guide/editors.md", "attach your editor: VS Code, Neovim, Helix, Emacs, any other"),
        next("copydesk doctor", "connect a model; it says what is there and what is missing"),
    ]
}

/// Takes the steps in turn until one does not happen. The editor is gone afterwards, and with it the server's last
/// reason to live.
async fn play(
    stage: &Stage,
    mut editor: Editor,
    tell: &mut (dyn FnMut(&Taken) -> anyhow::Result<()> + Send),
) -> anyhow::Result<Vec<Taken>> {
    let mut all = Vec::new();
    for step in Step::ALL {
        let outcome = take(step, stage, &mut editor).await;
        let happened = outcome.is_ok();
        let taken = Taken { step, outcome };
        tell(&taken)?;
        all.push(taken);
        if !happened {
            break;
        }
    }
    Ok(all)
}

async fn take(step: Step, stage: &Stage, editor: &mut Editor) -> Result<Told, Missing> {
    match step {
        Step::Start => authoring::start(stage, editor).await,
        Step::Diagnose => authoring::diagnose(stage, editor).await,
        Step::Fix => authoring::fix(stage, editor).await,
        Step::Complete => authoring::complete(stage, editor).await,
        Step::Ask => asking::ask(stage, editor).await,
        Step::Review => asking::review(stage, editor).await,
        Step::Apply => asking::apply(stage, editor).await,
        Step::Undo => asking::undo(stage, editor).await,
        Step::Stop => asking::stop(editor).await,
    }
}
