//! What a command can reach, probe by probe.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::PathBuf;
use std::time::Instant;

use copydesk_tests::client::{PATIENCE, eventually};
use copydesk_tests::scene::KEY;
use copydesk_tests::workspace::{Workspace, collect};

use crate::ground::{Ground, skipped};

/// Name, shell that succeeds only if it got through, and the grounds that cannot hold it back.
const PROBES: &[(&str, &str, &[Ground])] = &[
    ("write-outside", "touch \"$OUT/made\"", &[Ground::Off]),
    ("append-outside", "echo x >> \"$OUT/secret\"", &[Ground::Off]),
    ("cut-outside", "truncate -s 0 \"$OUT/cut\"", &[Ground::Off]),
    ("move-outside", "mv ordinary \"$OUT/\"", &[Ground::Off]),
    ("read-outside", "cat \"$OUT/secret\"", &[Ground::Off]),
    ("read-keys", "cat ~/.ssh/id_ed25519", &[Ground::Off]),
    ("read-state", "ls \"$STATE\" | grep -q .", &[Ground::Off]),
    ("read-settings", "grep -r bench-model \"$OUT/../config\"", &[Ground::Off]),
    ("read-secret-file", "cat .env", &[Ground::Partial, Ground::Off]),
    ("read-secret-deep", "cat deep/er/id_rsa", &[Ground::Partial, Ground::Off]),
    ("unhide-secret", "chmod 644 .env && cat .env", &[Ground::Partial, Ground::Off]),
    ("hook", "echo x > .git/hooks/pre-commit", &[Ground::Partial, Ground::Off]),
    ("git-config", "git config core.fsmonitor ./x", &[Ground::Partial, Ground::Off]),
    ("git-aside", "mv .git aside && mv aside .git", &[Ground::Partial, Ground::Off]),
    ("hooks-aside", "mv .git/hooks .git/aside && mv .git/aside .git/hooks", &[Ground::Partial, Ground::Off]),
    ("settings-of-editor", "echo x > .vscode/settings.json", &[Ground::Partial, Ground::Off]),
    ("settings-new", "mkdir -p .helix && echo x > .helix/languages.toml", &[Ground::Partial, Ground::Off]),
    (
        "settings-moved-in",
        "mkdir t && echo x > t/config.yaml && mv -T t .copydesk",
        &[Ground::Partial, Ground::Off],
    ),
    ("settings-file", "echo x > .nvim.lua", &[Ground::Partial, Ground::Off]),
    ("settings-of-agent", "mkdir .claude", &[Ground::Partial, Ground::Off]),
    ("git-elsewhere", "echo ../x > .git/commondir", &[Ground::Partial, Ground::Off]),
    ("git-worktree-config", "echo x > .git/config.worktree", &[Ground::Partial, Ground::Off]),
    (
        "git-attributes",
        "mkdir -p .git/info && echo x > .git/info/attributes",
        &[Ground::Partial, Ground::Off],
    ),
    ("git-module", "mkdir -p .git/modules/x", &[Ground::Partial, Ground::Off]),
    ("git-worktree", "mkdir -p .git/worktrees/x", &[Ground::Partial, Ground::Off]),
    ("script-of-hook", "echo x > scripts/hook.sh", &[Ground::Partial, Ground::Off]),
    ("script-named-by-it", "echo x > scripts/lib.sh", &[Ground::Partial, Ground::Off]),
    (
        "scripts-aside",
        "mv scripts aside && mkdir scripts && echo x > scripts/hook.sh",
        &[Ground::Partial, Ground::Off],
    ),
    ("link-of-settings", "rm .cursor", &[Ground::Partial, Ground::Off]),
    ("unmount", "umount .git/hooks", &[]),
    ("namespace", "unshare --user --map-root-user true", &[Ground::Off]),
    ("see-others", "test -e /proc/$TESTER", &[Ground::Partial, Ground::Off]),
    ("read-environments", "grep -al \"$HALF\"'-0123456789' /proc/[0-9]*/environ | grep -q .", &[Ground::Off]),
    ("memory-of-launcher", "p=$PPID; head -c 1 /proc/$p/mem > /dev/null", &[]),
    (
        "core-pattern",
        "test -w /proc/sys/kernel/core_pattern && echo '|/x' > /proc/sys/kernel/core_pattern.no",
        &[],
    ),
    ("network", "exec 3<>/dev/tcp/127.0.0.1/$PORT", &[Ground::Off]),
    ("terminal", "echo x > /dev/tty", &[]),
    ("input", "read -r line", &[]),
];

/// The same with python, for calls that no tool makes.
const PYTHON: &[(&str, &str, &[Ground])] = &[
    (
        "named-socket",
        "s = socket.socket(socket.AF_UNIX); s.connect(os.environ['OUT'] + '/socket')",
        &[Ground::Off],
    ),
    (
        "abstract-socket",
        "s = socket.socket(socket.AF_UNIX); s.connect('\\0' + os.environ['ABSTRACT'])",
        &[Ground::Off],
    ),
    (
        "datagram",
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('10.255.255.1', 9)); s.send(b'x')",
        &[Ground::Off],
    ),
    ("vsock", "socket.socket(40, socket.SOCK_STREAM)", &[Ground::Off]),
    ("packet", "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)", &[Ground::Off]),
    ("trace-me", "call(libc.ptrace(0, 0, 0, 0))", &[Ground::Off]),
    ("keyring", "call(libc.syscall(250, 0, -3, 0, 0, 0))", &[Ground::Off]),
    ("bpf", "call(libc.syscall(321, 0, 0, 0)); ", &[]),
    ("kill-tester", "os.kill(int(os.environ['TESTER']), 0)", &[Ground::Off]),
    ("type-into-terminal", "m, s = pty.openpty(); fcntl.ioctl(s, 0x5412, b'x')", &[Ground::Off]),
];

#[test]
fn a_command_reaches_what_its_ground_cannot_hold_back_and_nothing_more() {
    let has_python = std::process::Command::new("python3").arg("--version").output().is_ok();
    if !has_python {
        skipped("probes in python", "there is no python3");
    }
    for ground in Ground::ALL {
        let Some(workspace) = ground.workspace("reach", "") else { continue };
        let workspace = furnished(workspace);
        let outside = elsewhere(&workspace);
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let _named = UnixListener::bind(outside.join("socket")).expect("a socket");
        let name = format!("desk-{}-{ground:?}", std::process::id());
        let address = SocketAddr::from_abstract_name(name.as_bytes()).expect("a name");
        let _abstract = UnixListener::bind_addr(&address).expect("a socket");
        let mut script = format!(
            "export OUT='{}' STATE='{}' TESTER={} PORT={} ABSTRACT='{name}' HALF=bench-key\n",
            outside.display(),
            workspace.state().display(),
            std::process::id(),
            listener.local_addr().expect("an address").port(),
        );
        for (name, probe, _) in PROBES {
            // Each in a shell of its own: one that ends it must not end the rest.
            let quoted = probe.replace('\'', "'\\''");
            let _ = writeln!(script, "bash -c '{quoted}' >/dev/null 2>&1 && echo 'reached {name}.'");
        }
        for (name, probe, _) in PYTHON.iter().filter(|_| has_python) {
            let head = "import os, socket, ctypes, fcntl, pty; libc = ctypes.CDLL(None, use_errno=True)\ndef call(r):\n  assert r >= 0\n";
            workspace.write(&format!("{name}.py"), &format!("{head}{probe}\n"));
            let _ = writeln!(script, "python3 {name}.py >/dev/null 2>&1 && echo 'reached {name}.'");
        }
        workspace.write("probes.sh", &format!("{script}echo all done\n"));
        let (told, ran) = ground.run(&workspace, "bypass", &["bash probes.sh"]);
        let told = told.join("\n");
        assert!(told.contains("all done"), "{ground:?}: {told}\n{ran}");
        let probes = PROBES.iter().chain(PYTHON.iter().filter(|_| has_python));
        let wrong: Vec<String> = probes
            .filter(|(name, _, open)| told.contains(&format!("reached {name}.")) != open.contains(&ground))
            .map(|(name, _, open)| {
                format!("{name}: {}", if open.contains(&ground) { "was held back" } else { "got through" })
            })
            .collect();
        assert!(wrong.is_empty(), "{ground:?}: {wrong:#?}\n{told}");
        let got_through = |name: &str| told.contains(&format!("reached {name}."));
        says_what_holds(ground, &workspace, got_through);
        // The launcher tidies up behind the answer.
        let names = [".helix", ".copydesk", ".nvim.lua", ".zed", ".claude", ".git/commondir", ".git/modules"];
        let is_clean = || (!names.iter().any(|name| workspace.exists(name))).then_some(());
        if ground.state() == "full" {
            let clean = eventually(Instant::now() + PATIENCE, is_clean);
            assert!(clean.is_some(), "{ground:?}: something of {names:?} is left behind");
        }
    }
}

/// What `doctor` promises, property by property, and a probe that tells whether it is kept.
const PROMISES: &[(&str, &str)] = &[
    ("writes", "write-outside"),
    ("reads", "read-outside"),
    ("secrets", "read-secret-file"),
    ("protected files", "hook"),
    ("network", "network"),
    ("processes", "see-others"),
];

/// Whether `doctor` tells of this ground what the probes found there.
fn says_what_holds(ground: Ground, workspace: &Workspace, got_through: impl Fn(&str) -> bool) {
    let ran = collect(ground.command(workspace, &["doctor", "--json"]), "");
    let doctor = ran.stdout.clone();
    assert!(
        doctor.contains(&format!("{} ", ground.state())) || doctor.contains(&format!("{};", ground.state())),
        "{ran}"
    );
    for (property, probe) in PROMISES {
        let word = if got_through(probe) { "no" } else { "yes" };
        assert!(
            doctor.contains(&format!("; {property}: {word}, ")),
            "{ground:?}: {property} and {probe}: {ran}"
        );
    }
}

/// A folder that is neither the workspace nor the home.
fn elsewhere(workspace: &Workspace) -> PathBuf {
    workspace.root().with_file_name("elsewhere")
}

/// A workspace with everything that a probe is after.
fn furnished(workspace: Workspace) -> Workspace {
    for (path, text) in [
        ("ordinary", "x"),
        ("shared/rules", "x"),
        (".env", "TOKEN=x"),
        ("deep/er/id_rsa", "x"),
        (".vscode/tasks.json", "{}"),
        ("scripts/hook.sh", ". scripts/lib.sh\n"),
        ("scripts/lib.sh", "true\n"),
        (".git/HEAD", "ref: refs/heads/main\n"),
        (".git/config", "[core]\n\trepositoryformatversion = 0\n"),
        (".git/hooks/x.sample", ""),
        (".git/objects/x", ""),
        (".git/refs/heads/x", ""),
    ] {
        workspace.write(path, text);
    }
    std::os::unix::fs::symlink("shared", workspace.root().join(".cursor")).expect("the bench's own folder");
    let (home, elsewhere) = (workspace.outside(), elsewhere(&workspace));
    for path in [elsewhere.join("secret"), elsewhere.join("cut"), home.join(".ssh/id_ed25519")] {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the bench's own folder");
        std::fs::write(path, "x").expect("the bench's own folder");
    }
    workspace
}

#[test]
fn what_is_made_under_a_protected_name_is_set_aside_and_told() {
    let making = "echo x > .bashrc && mkdir .VSCODE && echo x > team.code-workspace && echo made";
    for ground in [Ground::Full, Ground::Partial, Ground::Off] {
        let Some(workspace) = ground.workspace("set aside", "") else { continue };
        // Policy reads words; what a script does only the walls see.
        workspace.write("make.sh", making);
        let (told, ran) = ground.run(&workspace, "bypass", &["bash make.sh"]);
        let is_free = ground == Ground::Off;
        for name in [".bashrc", ".VSCODE", "team.code-workspace"] {
            assert_eq!(workspace.exists(name), is_free, "{ground:?}: {told:?}\n{ran}");
            assert_eq!(
                workspace.exists(&format!("{name}.set-aside")),
                !is_free,
                "{ground:?}: {told:?}\n{ran}"
            );
            let words = format!("{name} is protected, and the command made it");
            assert_eq!(told[0].contains(&words), !is_free, "{told:?}\n{ran}");
        }
        assert!(told[0].contains("made"), "{told:?}");
    }
}

#[test]
fn what_a_rule_denies_changing_is_held_in_full_and_asked_about_elsewhere() {
    let rules = "permissions: {deny: [\"Edit(gen/**)\", \"Edit(src/kept.txt)\"]}\n";
    // A program of the project's, which names none of these.
    let tool = "for f in src/*.txt gen/*.txt; do echo new > $f; done; rm -rf gen; mv src aside; mv -f own src/kept.txt; echo over\n";
    let files = ["src/kept.txt", "src/free.txt", "gen/made.txt", "gen/deep/made.txt"];
    for ground in Ground::ALL {
        let Some(workspace) = ground.workspace("what a rule keeps", "") else { continue };
        workspace.write(".copydesk/config.yaml", rules);
        workspace.write("tool.sh", tool);
        workspace.write("own", "own\n");
        for file in files {
            workspace.write(file, "old\n");
        }
        let (told, ran) = ground.run(&workspace, "auto", &["bash tool.sh src"]);
        let left: Vec<String> = files.iter().map(|file| workspace.read(file)).collect();
        if ground.state() == "full" {
            assert!(told.iter().all(|told| told.contains("over")), "{ground:?}: {told:?}\n{ran}");
            assert_eq!(left, ["old\n", "new\n", "old\n", "old\n"], "{ground:?}: {told:?}\n{ran}");
        } else {
            let words = "it may change all of src, a rule of yours denies changing src/kept.txt";
            assert!(told[0].contains(words), "{ground:?}: {told:?}\n{ran}");
            assert_eq!(left, ["old\n"; 4], "{ground:?}: {told:?}\n{ran}");
        }
    }
}

#[test]
fn ordinary_work_is_not_in_the_way() {
    let commands = [
        ("echo x > made && cat made && rm made", "x"),
        ("mkdir -p a/b && mv a c && rmdir c/b c && echo moved", "moved"),
        ("echo kept > \"$TMPDIR/note\"", "exit code 0"),
        ("cat \"$TMPDIR/note\"", "kept"),
        ("yes | head -c 3 | wc -c", "3"),
        ("echo a > /dev/null && head -c 2 /dev/urandom | wc -c", "2"),
        ("echo home > ~/x 2>/dev/null; ls > /dev/null && echo fine", "fine"),
        ("cat /etc/passwd | wc -l > /dev/null && echo read", "read"),
        ("for i in 1 2 3; do (sleep 0; exit $i); done; echo $?", "3"),
        ("kill -TERM $$", "signal 15"),
        (
            "git init -q sub && cd sub && git -c user.name=a -c user.email=b commit -q --allow-empty -m x && git log --oneline | wc -l",
            "1",
        ),
        ("exit 7", "exit code 7"),
    ];
    for ground in Ground::ALL {
        let Some(workspace) = ground.workspace("ordinary work", "") else { continue };
        let lines: Vec<&str> = commands.iter().map(|(command, _)| *command).collect();
        let (told, ran) = ground.run(&workspace, "bypass", &lines);
        assert_eq!(told.len(), commands.len(), "{ran}");
        for ((command, expected), told) in commands.iter().zip(&told) {
            assert!(told.contains(expected), "{ground:?}: {command}: {told}");
        }
    }
}

#[test]
fn a_child_gets_no_editor_terminal_agent_or_session_and_no_key() {
    let names = [
        "SSH_AUTH_SOCK",
        "NVIM",
        "VSCODE_IPC_HOOK_CLI",
        "VSCODE_GIT_IPC_HANDLE",
        "TMUX",
        "STY",
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "DBUS_SESSION_BUS_ADDRESS",
        "XDG_RUNTIME_DIR",
        "GPG_AGENT_INFO",
        "EMACS_SERVER_FILE",
        "ANTHROPIC_API_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "GITHUB_TOKEN",
        "LD_PRELOAD",
        "BASH_ENV",
        "ENV",
        "PROMPT_COMMAND",
        "BENCH_KEY",
    ];
    for ground in Ground::ALL {
        let Some(mut workspace) = ground.workspace("environment", "") else { continue };
        for name in names.iter().filter(|name| **name != "LD_PRELOAD") {
            workspace = workspace.with_variable(name, &format!("/leak/{KEY}"));
        }
        workspace = workspace.with_variable("BENCH_KEY", KEY).with_variable("SHELL", "/bin/other");
        let (told, ran) = ground.run(&workspace, "bypass", &["env; echo \"shell is $SHELL\""]);
        let told = told.join("\n");
        let leaked: Vec<_> = names.iter().filter(|name| told.contains(&format!("{name}="))).collect();
        assert!(
            leaked.is_empty() && !told.contains("/leak/") && !told.contains(KEY),
            "{ground:?}: {leaked:?} {told}"
        );
        assert!(told.contains("shell is /bin/bash"), "{told}\n{ran}");
    }
}

#[test]
fn required_refuses_what_is_less_than_full() {
    for ground in [Ground::Full, Ground::Partial, Ground::Off] {
        let Some(workspace) = ground.workspace("required", "") else { continue };
        // The workspace's own word is enough: it makes things stricter.
        workspace.write(".copydesk/config.yaml", "sandbox: {required: true}\n");
        let (told, ran) = ground.run(&workspace, "bypass", &["touch made"]);
        let is_full = ground.state() == "full";
        assert_eq!(workspace.exists("made"), is_full, "{ground:?}: {told:?}\n{ran}");
        assert_eq!(told[0].contains("sandbox.required is set"), !is_full, "{ground:?}: {told:?}");
    }
}

#[test]
fn what_is_put_into_the_home_that_goes_with_the_command_is_named() {
    let write = "mkdir -p ~/.cache/x ~/.config/x && echo x > ~/note.txt";
    for ground in Ground::ALL {
        let Some(workspace) = ground.workspace("the home", "") else { continue };
        if !matches!(ground, Ground::Full | Ground::FullOrdinary) {
            continue;
        }
        let (said, ran) = ground.run(&workspace, "bypass", &[write, "echo fine"]);
        assert!(
            said[0].contains("[forgotten: ~/.config, ~/note.txt. In the sandbox"),
            "{ground:?}: {said:?}"
        );
        assert!(!said[1].contains("forgotten"), "{ground:?}: {said:?} {ran}");
    }
}
