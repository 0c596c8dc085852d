//! Trying once what this machine can do.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::LAUNCHER;
use super::report::Report;

/// What the sandbox can enforce here. The first call starts the launcher once or twice, which takes some milliseconds,
/// and tells what it starts; later ones remember.
pub fn probe(launcher: &Path, tell: impl FnOnce(&str)) -> Report {
    static KNOWN: OnceLock<Mutex<HashMap<PathBuf, Report>>> = OnceLock::new();
    let known = KNOWN.get_or_init(Mutex::default);
    // Held while it is tried: who comes second waits for the answer instead of trying, too.
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    let attempt = || {
        if cfg!(target_os = "linux") {
            tell(&format!("{} {LAUNCHER}", launcher.display()));
        }
        attempt(launcher)
    };
    known.entry(launcher.to_owned()).or_insert_with(attempt).clone()
}

#[cfg(target_os = "linux")]
fn attempt(launcher: &Path) -> Report {
    use super::report::State;
    let full = match try_once(launcher, State::Full) {
        Ok(()) => return Report { state: State::Full, missing: String::new() },
        Err(reason) => reason,
    };
    match try_once(launcher, State::Partial) {
        Ok(()) => Report { state: State::Partial, missing: full },
        Err(partial) => Report { state: State::Unsupported, missing: format!("{full}; {partial}") },
    }
}

/// sandbox-exec is there on every macOS, and nobody has proven our profile on one yet.
#[cfg(target_os = "macos")]
fn attempt(_: &Path) -> Report {
    use super::report::State;
    let missing = "sandbox-exec is used, and was not proven on this system".to_owned();
    if Path::new("/usr/bin/sandbox-exec").exists() {
        Report { state: State::Partial, missing }
    } else {
        Report { state: State::Unsupported, missing: "there is no /usr/bin/sandbox-exec".to_owned() }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn attempt(_: &Path) -> Report {
    let missing = "this system has no sandbox that Copydesk knows".to_owned();
    Report { state: super::report::State::Unsupported, missing }
}

/// Runs a command that does nothing, in walls around nothing.
#[cfg(target_os = "linux")]
fn try_once(launcher: &Path, state: super::report::State) -> Result<(), String> {
    use super::{Confinement, Limits, Network, News, Orders, read_news, write_orders};
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::process::{Command, Stdio};
    let read = ["/usr", "/bin", "/lib", "/lib64", "/etc", "/nix/store", "/gnu/store", "/run/current-system"];
    let confinement = Confinement {
        state,
        network: Network::Closed,
        home: None,
        read: read.map(PathBuf::from).to_vec(),
        write: Vec::new(),
        pin: Vec::new(),
        guard: Vec::new(),
        hide: Vec::new(),
        absent: Vec::new(),
        overlay: None,
    };
    let orders = Orders {
        command: ":".to_owned(),
        cwd: "/".into(),
        environment: Vec::new(),
        temporary: "/usr".into(),
        confinement,
        limits: Limits::default(),
    };
    let failed = |error: std::io::Error| error.to_string();
    let (ours, theirs) = UnixStream::pair().map_err(failed)?;
    let mut child = Command::new(launcher)
        .arg(LAUNCHER)
        .env_clear()
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let news = write_orders(&ours, &orders).and_then(|()| read_news(&ours));
    drop(ours);
    child.wait().map_err(failed)?;
    match news {
        Ok(News::Exit(0)) => Ok(()),
        Ok(News::Failed(reason)) => Err(reason),
        Ok(other) => Err(format!("the trial ended with {other:?}")),
        Err(error) => Err(format!("the launcher gave no answer: {error}")),
    }
}
