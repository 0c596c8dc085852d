//! The worlds in which commands are run.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::process::Command;

use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::scene::{KEY, config, done, results};
use copydesk_tests::workspace::{Ran, Workspace, collect};
use serde_json::json;

use crate::COPYDESK;

/// A script that starts by itself, though nothing here makes it.
const HOOK: &str = "hooks: {Notification: [{command: ./scripts/hook.sh}]}\n";

/// How much this machine and the settings give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ground {
    /// As whoever runs the tests.
    Full,
    /// As an ordinary user, where the tests run as the administrator.
    FullOrdinary,
    /// Where no user namespace can be made.
    Partial,
    /// `sandbox.enabled: false`.
    Off,
}

impl Ground {
    pub(crate) const ALL: [Self; 4] = [Self::Full, Self::FullOrdinary, Self::Partial, Self::Off];

    /// What `doctor` must say there.
    pub(crate) const fn state(self) -> &'static str {
        match self {
            Self::Full | Self::FullOrdinary => "full",
            Self::Partial => "partial",
            Self::Off => "off",
        }
    }

    pub(crate) const fn settings(self) -> &'static str {
        match self {
            Self::Off => "sandbox: {enabled: false}\n",
            _ => "",
        }
    }

    /// The program with its arguments on this ground.
    pub(crate) fn command(self, workspace: &Workspace, arguments: &[&str]) -> Command {
        let mut command = match self {
            Self::Full | Self::Off => Command::new(COPYDESK),
            Self::FullOrdinary => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid=65534", "--regid=65534", "--clear-groups", COPYDESK]);
                command
            }
            Self::Partial => {
                let mut command = Command::new("unshare");
                let none = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$0\" \"$@\"";
                command.args(["--user", "--map-root-user", "sh", "-c", none, COPYDESK]);
                command
            }
        };
        workspace.furnish(&mut command);
        command.args(arguments);
        command
    }

    /// A workspace on this ground, or the reason why there can be none; it is told, and tests that need it are left
    /// out.
    pub(crate) fn workspace(self, test: &str, settings: &str) -> Option<Workspace> {
        let workspace = Workspace::new(COPYDESK)
            .with_user_config(&format!("{settings}{}", self.settings()))
            .with_variable("BENCH_KEY", KEY);
        if let Err(reason) = self.is_there(&workspace) {
            skipped(&format!("{test} on {self:?}"), &reason);
            return None;
        }
        Some(workspace)
    }

    fn is_there(self, workspace: &Workspace) -> Result<(), String> {
        if self == Self::FullOrdinary {
            let owner = workspace.root().metadata().map_err(|error| error.to_string())?.uid();
            if owner != 0 {
                return Err("the tests run as an ordinary user already".to_owned());
            }
            give(workspace)?;
        }
        let ran = collect(self.command(workspace, &["doctor", "--json"]), "");
        let checks = serde_json::from_str::<serde_json::Value>(&ran.stdout)
            .map_err(|error| format!("{error}\n{ran}"))?;
        let sandbox =
            checks["checks"].as_array().into_iter().flatten().find(|check| check["name"] == "sandbox");
        let detail = sandbox.and_then(|check| check["detail"].as_str()).unwrap_or_default().to_owned();
        if detail.starts_with(self.state()) { Ok(()) } else { Err(detail) }
    }

    /// One turn in which the model runs these commands; the results of its calls come back.
    pub(crate) fn run(self, workspace: &Workspace, mode: &str, commands: &[&str]) -> (Vec<String>, Ran) {
        let mut turn = Reply::empty();
        for command in commands {
            turn = turn.call("bash", &json!({"command": command, "timeout_ms": 60_000}));
        }
        let model = ModelServer::start(Format::Anthropic, [turn, done()]);
        let settings = format!("{}{}{HOOK}", config(&model, "{}"), self.settings());
        std::fs::write(workspace.user_config(), settings).expect("the bench's own folder");
        if self == Self::FullOrdinary {
            give(workspace).expect("the bench's own folder");
        }
        let ran = collect(self.command(workspace, &["ask", "--json", "--mode", mode, "run it"]), "");
        assert_eq!(model.requests().len(), 2, "{ran}");
        (results(&model.requests()[1].body), ran)
    }
}

/// Gives the whole world of a workspace to an ordinary user.
pub(crate) fn give(workspace: &Workspace) -> Result<(), String> {
    let root = workspace.root();
    let base = root.parent().ok_or("no folder around the workspace")?;
    let status = Command::new("chown").args(["-R", "65534:65534"]).arg(base).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        other => Err(format!("chown: {other:?}")),
    }
}

/// Says that a test did not run. Past the capture of the test runner, so that nobody takes silence for success.
pub(crate) fn skipped(test: &str, reason: &str) {
    let line = format!("SKIPPED {test}: {reason}\n");
    assert!(std::env::var_os("COPYDESK_TEST_SANDBOX").is_none_or(|wish| wish != "required"), "{line}");
    let _ = std::io::stderr().write_all(line.as_bytes());
}
