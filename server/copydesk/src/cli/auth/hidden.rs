//! A line typed on the terminal without being shown.

use std::io::Write;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// Asks, and answers the line; `None` after Ctrl-C. The terminal is as it was before, however this ends.
pub(super) fn ask(question: &str) -> anyhow::Result<Option<String>> {
    // Before the question stands there: what is pasted at once would be shown, and thrown away.
    let shown = Hidden::begin()?;
    let mut err = std::io::stderr();
    let _ = write!(err, "{question}");
    let _ = err.flush();
    let line = super::super::wait_for(async {
        let (told, line) = tokio::sync::oneshot::channel();
        // A thread of its own: whoever waits for a terminal's line cannot be called back.
        std::thread::Builder::new().name("copydesk-typed".to_owned()).spawn(move || {
            let mut line = String::new();
            let read = std::io::stdin().read_line(&mut line);
            let _ = told.send(read.map(|_| line));
        })?;
        tokio::select! {
            line = line => Ok(Some(line??)),
            interrupted = tokio::signal::ctrl_c() => interrupted.map(|()| None).map_err(Into::into),
        }
    });
    drop(shown);
    let _ = writeln!(err);
    line
}

/// Puts the terminal back.
struct Hidden(Termios);

impl Hidden {
    fn begin() -> anyhow::Result<Self> {
        let before = tcgetattr(std::io::stdin())?;
        let mut without = before.clone();
        without.local_modes -= LocalModes::ECHO;
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &without)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0);
    }
}
