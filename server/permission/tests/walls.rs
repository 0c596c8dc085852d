//! What a command finds when it looks for a way out of *full*. This program is its own launcher, so it has one thread and
//! no test harness.

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = copydesk_permission::sandbox::launched(std::env::args_os()) {
        return code;
    }
    #[cfg(target_os = "linux")]
    linux::no_process_inside_lends_a_way_out();
    ExitCode::SUCCESS
}

#[cfg(target_os = "linux")]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod linux {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::process::{Command, Stdio};

    use copydesk_permission::sandbox::{
        Confinement, LAUNCHER, Limits, Network, News, Orders, State, probe, read_news, write_orders,
    };

    /// Says every open file but the first three, and every part of process 1 that it could open; then tries what the
    /// placeholders stand against.
    const LOOK: &str = r#"
        for place in /proc/[0-9]*/fd/*; do
            [ "${place%/fd/*}" = "/proc/$$" ] && [ "${place##*/}" -gt 200 ] && continue
            [ "${place##*/}" -gt 2 ] && (exec 9<"$place") 2>/dev/null && echo "open $place"
        done
        for part in mem root/ cwd/ environ maps fd/0; do
            [ -r "/proc/1/$part" ] && (exec 9<"/proc/1/$part") 2>/dev/null && echo "open $part"
        done
        (exec 9>/proc/1/mem) 2>/dev/null && echo "write mem"
        for number in 3 4 5 6 7 8 9; do
            ls "/proc/1/fd/$number/.." >/dev/null 2>&1 && echo "out $number"
        done
        (echo x >.vscode/tasks.json) 2>/dev/null && echo "write .vscode"
        echo x >made && echo done
    "#;

    pub(super) fn no_process_inside_lends_a_way_out() {
        let launcher = std::env::current_exe().unwrap();
        if probe(&launcher).state != State::Full {
            return;
        }
        let (workspace, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = workspace.path().canonicalize().unwrap();
        let orders = Orders {
            command: LOOK.to_owned(),
            cwd: root.clone(),
            temporary: temporary.path().to_owned(),
            confinement: Confinement {
                state: State::Full,
                network: Network::Closed,
                home: None,
                read: ["/usr", "/bin", "/lib", "/lib64", "/etc"].map(Into::into).to_vec(),
                write: vec![root.clone()],
                pin: vec![],
                guard: vec![],
                hide: vec![],
                absent: vec![root.join(".vscode"), root.join(".idea")],
            },
            limits: Limits::default(),
        };
        let (ours, theirs) = UnixStream::pair().unwrap();
        let child = Command::new(launcher)
            .arg(LAUNCHER)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        write_orders(&ours, &orders).unwrap();
        let news = read_news(&ours).unwrap();
        let output = child.wait_with_output().unwrap();
        let (said, complained) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!((said.as_ref(), news), ("done\n", News::Exit(0)), "{complained}");
        let mut left: Vec<_> =
            std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["made"], "the placeholders go with the command");
    }
}
