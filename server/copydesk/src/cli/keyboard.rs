//! What a person types, a line at a time, beside everything else that happens.
//!
//! Nobody can take back a read that waits for a key. So a thread of its own does it: whoever stops waiting, because the
//! answer came from elsewhere or the run is over, leaves it behind, and it keeps no process alive.

use std::io::Write;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

/// The keys of one terminal.
#[derive(Default)]
pub(super) struct Keyboard {
    /// The line that is being typed.
    reading: Option<Reading>,
}

struct Reading {
    line: oneshot::Receiver<String>,
    /// Never joined: it may wait for a key for ever. Where there is none, nothing is typed.
    _reader: Option<JoinHandle<()>>,
}

impl Keyboard {
    /// Asks, and answers what was typed; nothing at the end of the input.
    pub(super) async fn ask(&mut self, question: &str) -> String {
        // What was typed before this question stood there was for another one.
        let is_old = |reading: &mut Reading| {
            !matches!(reading.line.try_recv(), Err(oneshot::error::TryRecvError::Empty))
        };
        if self.reading.as_mut().is_some_and(is_old) {
            self.reading = None;
        }
        put(question);
        let typed = (&mut self.reading.get_or_insert_with(read).line).await;
        self.reading = None;
        typed.unwrap_or_default()
    }
}

fn read() -> Reading {
    let (sender, line) = oneshot::channel();
    let reader = std::thread::Builder::new().name("keyboard".to_owned()).spawn(move || {
        // Nobody may wait for it any more.
        let _ = typed().map(|typed| sender.send(typed));
    });
    Reading { line, _reader: reader.ok() }
}

/// Asks where nothing else happens, and answers what was typed.
pub(super) fn ask_on_terminal(question: &str) -> anyhow::Result<String> {
    put(question);
    Ok(typed()?)
}

/// Nothing is held while somebody thinks: others have something to say, too.
fn put(question: &str) {
    let mut err = std::io::stderr().lock();
    let _ = write!(err, "{question} ");
    let _ = err.flush();
}

fn typed() -> std::io::Result<String> {
    let mut typed = String::new();
    std::io::stdin().read_line(&mut typed)?;
    Ok(typed.trim().to_owned())
}
