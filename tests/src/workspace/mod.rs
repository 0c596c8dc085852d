//! A workspace for one test: a folder with files, and a world around it that holds nothing of this machine.
//!
//! The program under test sees a private home, config folder and state folder, no key of anybody's, and a path to
//! programs. Everything goes when the [`Workspace`] is dropped.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::eventually;

/// A folder tree `project/ home/ config/ state/` of which `project` is the workspace.
pub struct Workspace {
    program: PathBuf,
    /// Canonical, so that what the server resolves is what the test wrote.
    base: PathBuf,
    environment: BTreeMap<String, String>,
    _folder: tempfile::TempDir,
}

/// What a command left behind.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// How long a command may take.
const PATIENCE: Duration = Duration::from_mins(3);

impl Workspace {
    /// An empty one. `program` is the binary under test: `env!("CARGO_BIN_EXE_copydesk")` in a suite.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("desk")
            .tempdir()
            .unwrap_or_else(|error| fail("make", "", &error));
        let base = folder.path().canonicalize().unwrap_or_else(|error| fail("resolve", "", &error));
        for name in ["project", "home", "config", "state"] {
            std::fs::create_dir(base.join(name)).unwrap_or_else(|error| fail("make", name, &error));
        }
        Self { program: program.into(), base, environment: BTreeMap::new(), _folder: folder }
    }

    /// Writes files, making their folders: `[("a/b.py", "x = 1\n")]`.
    #[must_use]
    pub fn with<const N: usize>(self, files: [(&str, &str); N]) -> Self {
        for (path, text) in files {
            self.write(path, text);
        }
        self
    }

    /// Adds a layer of config that may grant: the user's own.
    #[must_use]
    pub fn with_user_config(self, yaml: &str) -> Self {
        write(&self.base.join("config/copydesk/config.yaml"), yaml.as_bytes());
        self
    }

    /// Adds a variable to the program's environment.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The workspace root.
    pub fn root(&self) -> PathBuf {
        self.base.join("project")
    }

    /// The user's config file.
    pub fn user_config(&self) -> PathBuf {
        self.base.join("config/copydesk/config.yaml")
    }

    /// What the program sees as `COPYDESK_HOME`.
    pub fn state(&self) -> PathBuf {
        self.base.join("state")
    }

    /// A folder that is not in the workspace.
    pub fn outside(&self) -> PathBuf {
        self.base.join("home")
    }

    /// The absolute path of a file of the workspace.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root().join(relative)
    }

    /// The URI of a file of the workspace.
    pub fn uri(&self, relative: &str) -> String {
        uri(&self.path(relative))
    }

    pub fn write(&self, relative: &str, text: &str) {
        write(&self.path(relative), text.as_bytes());
    }

    pub fn write_bytes(&self, relative: &str, bytes: &[u8]) {
        write(&self.path(relative), bytes);
    }

    pub fn read(&self, relative: &str) -> String {
        std::fs::read_to_string(self.path(relative)).unwrap_or_else(|error| fail("read", relative, &error))
    }

    pub fn exists(&self, relative: &str) -> bool {
        self.path(relative).exists()
    }

    /// The program with its arguments, in the workspace root, in a world of its own.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        self.furnish(&mut command);
        command.args(arguments);
        command
    }

    /// Gives any command the workspace's world.
    pub fn furnish(&self, command: &mut Command) {
        command
            .current_dir(self.root())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.base.join("home"))
            .env("XDG_CONFIG_HOME", self.base.join("config"))
            .env("XDG_STATE_HOME", self.base.join("home/.local/state"))
            .env("COPYDESK_HOME", self.state())
            .env("LANG", "C.UTF-8")
            .env("RUST_BACKTRACE", "1")
            // Nothing of this machine answers: a proxy must not stand between the program and loopback either.
            .env("NO_PROXY", "*")
            .envs(&self.environment);
    }

    /// Runs the program without a terminal and without input.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with_input(arguments, "")
    }

    /// Runs the program with this on its stdin.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        collect(self.command(arguments), input)
    }
}

impl Ran {
    /// The document on stdout.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is no JSON document: {error}\n{self}"))
    }

    /// Panics with everything that was said unless the exit code is this one.
    #[must_use = "what it said is what the test is about"]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "the exit code\n{self}");
        self
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit code {:?}\n--- stdout\n{}\n--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

/// Runs a command to its end and collects what it said; panics if it does not end.
pub fn collect(mut command: Command, input: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap_or_else(|error| fail("make a folder for", "output", &error));
    let file = |name: &str| {
        std::fs::File::create(folder.path().join(name)).unwrap_or_else(|error| fail("create", name, &error))
    };
    write(&folder.path().join("input"), input.as_bytes());
    let stdin = std::fs::File::open(folder.path().join("input"))
        .unwrap_or_else(|error| fail("open", "input", &error));
    let mut child = command
        .stdin(Stdio::from(stdin))
        .stdout(Stdio::from(file("stdout")))
        .stderr(Stdio::from(file("stderr")))
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {}: {error}", command.get_program().display()));
    let status = eventually(Instant::now() + PATIENCE, || child.try_wait().ok().flatten());
    if status.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let said = |name: &str| {
        let bytes = std::fs::read(folder.path().join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let ran =
        Ran { code: status.and_then(|status| status.code()), stdout: said("stdout"), stderr: said("stderr") };
    assert!(status.is_some(), "{command:?} did not end within {PATIENCE:?}\n{ran}");
    ran
}

/// The first place where two documents part, with what stands around it.
pub fn parting(one: &str, other: &str) -> Option<String> {
    if one == other {
        return None;
    }
    let same = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    let around = |text: &str| {
        let from = text.floor_char_boundary(same.saturating_sub(200));
        text[from..text.floor_char_boundary((same + 200).min(text.len()))].to_owned()
    };
    Some(format!("{}\n--- and ---\n{}", around(one), around(other)))
}

/// The `file:` URI of an absolute path, everything but letters, digits and `-._~/` percent-encoded.
pub fn uri(path: &Path) -> String {
    let mut uri = "file://".to_owned();
    for byte in path.display().to_string().bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

fn write(path: &Path, bytes: &[u8]) {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, bytes))
        .unwrap_or_else(|error| fail("write", &path.display().to_string(), &error));
}

fn fail(what: &str, name: &str, error: &std::io::Error) -> ! {
    panic!("the test bench cannot {what} {name}: {error}")
}
