//! What a command finds when it looks for a way out of *full*. This program is its own launcher, so it has one thread
//! and no test harness.

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = copydesk_permission::sandbox::launched(std::env::args_os()) {
        return code;
    }
    #[cfg(target_os = "linux")]
    match std::env::args().nth(2) {
        Some(root) => linux::on_a_small_disk(root.as_ref()),
        None => linux::run(),
    }
    ExitCode::SUCCESS
}

#[cfg(target_os = "linux")]
#[path = "walls/placeholders.rs"]
mod placeholders;

#[cfg(target_os = "linux")]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod linux {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::path::Path;
    use std::process::{Child, Command, Stdio};

    use copydesk_base::{Effect, config::Mode};
    use copydesk_permission::Policy;
    use copydesk_permission::sandbox::{
        Ahead, Circumstances, Confinement, LAUNCHER, Limits, Network, News, Orders, Placeholder, Sandbox,
        State, Vacancy, confine, probe, read_news, survey, write_orders,
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

    /// Tries to get something of its own under a name, in every way that makes or changes one; says which worked.
    ///
    /// What is there already may be opened and listed, and nothing else.
    const ATTACK: &str = r#"
        exec 2>/dev/null
        got() { echo "$1 $name"; }
        while read -r name; do
            mkdir -p w && echo x >w/file && mkdir -p w/folder && echo x >w/folder/x && ln -sfn /tmp w/link
            [ -e "$name" ] || [ -L "$name" ] || got missing
            (echo x >"$name") && got write
            (echo x >>"$name") && got append
            mkdir "$name" && got mkdir
            (echo x >"$name/x") && got inside
            (echo x >"$name/new") && got inside-new
            mkdir "$name/sub" && got inside-folder
            ln w/file "$name/hard" && got inside-link
            ln -sT /tmp "$name" && got symlink
            ln -sfT /tmp "$name" && got symlink-over
            ln -T w/file "$name" && got hardlink
            ln -fT w/file "$name" && got hardlink-over
            mv -fT w/file "$name" && got rename-over
            mv -fT w/folder "$name" && got folder-over
            mv -fT w/link "$name" && got link-over
            mv -T "$name" w/aside && got aside
            chmod 777 "$name" && [ -O "$name" ] && [ -w "$name" ] && got chmod
            rm -rf "$name" && got remove
            rmdir "$name" && got rmdir
            mkfifo "$name" && got fifo
        done <<END
NAMES
END
        rm -rf w
        echo over
    "#;

    /// Ordinary work with git, which none of this may be in the way of.
    const WORK: &str = r#"
        set -e
        export HOME=/tmp GIT_CONFIG_NOSYSTEM=1
        g() { git -c user.name=a -c user.email=b "$@"; }
        echo y >>file && g add . && g commit -qm y && g branch side && g checkout -q side && g checkout -q main
        echo z >>file && g stash -q && g stash pop -q && g tag t && g gc -q 2>/dev/null && g fsck >/dev/null 2>&1
        basename "$(g rev-parse --git-path hooks)" && g log --oneline | wc -l && g worktree list | wc -l
        cd sub && echo y >>file && g add . && g commit -qm y && g log --oneline | wc -l
    "#;

    pub(super) fn run() {
        let launcher = std::env::current_exe().unwrap();
        if probe(&launcher, |_| {}).state != State::Full {
            return;
        }
        no_process_inside_lends_a_way_out();
        every_protected_name_is_held();
        git_works_as_ever();
        crate::placeholders::the_last_command_takes_them_away();
        crate::placeholders::what_stands_there_is_left_alone();
        what_all_processes_use_together_is_bounded();
    }

    /// Five processes, none of which has too much for itself.
    const GREEDY: &str =
        "for i in 1 2 3 4 5; do (x=$(head -c 90000000 /dev/zero | tr '\\0' x); sleep 60) & done; wait";
    /// One process that shares its memory with others, as far as the kernel knows.
    const SHARED: &str = "python3 -c 'import mmap, time; m = mmap.mmap(-1, 400 << 20); \
        [m.write(b\"x\" * (1 << 20)) for _ in range(400)]; time.sleep(60)'";
    /// Many files, none of which is too large for itself.
    const FULL: &str =
        "for i in 1 2 3 4 5 6 7 8 9; do head -c 2M /dev/zero >f$i || exit 1; sleep 0.3; done; sleep 60";
    /// How this program is told to do the second half of a story.
    const SMALL_DISK: &str = "on-a-small-disk";

    fn what_all_processes_use_together_is_bounded() {
        let workspace = tempfile::tempdir().unwrap();
        let root = workspace.path().canonicalize().unwrap();
        let limits = Limits { memory: Some(300 << 20), ..Limits::default() };
        let reason = "its processes had more than 300 MB of memory together";
        let has_python = run_in(&root, "python3 -c 'import mmap'").1 == News::Exit(0);
        for greedy in
            [GREEDY, SHARED].into_iter().filter(|greedy| has_python || !greedy.starts_with("python3"))
        {
            let (said, news) = run_limited(&root, greedy, limits);
            assert_eq!((said.as_str(), news), ("", News::Stopped(reason.to_owned())), "{greedy}");
        }
        let mount =
            format!("mount -t tmpfs -o size=32m,mode=777 small \"$1\" && exec \"$0\" {SMALL_DISK} \"$1\"");
        let mut small = Command::new("unshare");
        small.args(["--user", "--map-root-user", "--mount", "sh", "-c", &mount]);
        let status = small.arg(std::env::current_exe().unwrap()).arg(&root).status();
        assert!(status.is_ok_and(|status| status.success()), "the story on a small disk");
    }

    pub(super) fn on_a_small_disk(root: &Path) {
        let limits = Limits { disk: Some(1 << 30), ..Limits::default() };
        let (said, news) = run_limited(root, FULL, limits);
        let reason = format!("the disk of {} is nearly full", root.display());
        assert_eq!((said, news), (String::new(), News::Stopped(reason)));
        let (said, news) = run_limited(root, "ulimit -f", limits);
        assert!(said.trim().parse::<u64>().is_ok_and(|most| most > 0), "one file is bounded: {said}");
        assert_eq!(news, News::Exit(0));
    }

    /// Runs a command as a policy for this folder confines it; answers what it said, and how it ended.
    pub(super) fn run_in(root: &Path, command: &str) -> (String, News) {
        run_limited(root, command, Limits::default())
    }

    fn run_limited(root: &Path, command: &str, limits: Limits) -> (String, News) {
        confined(command, root, around(root, command), limits)
    }

    pub(super) fn around(root: &Path, command: &str) -> Confinement {
        let policy = Policy {
            root: root.to_owned(),
            additional: vec![],
            home: None,
            state_home: "/nowhere".into(),
            mode: Mode::Default,
            taint: copydesk_base::Grade::Typed,
            rules: vec![],
            started: [].into(),
        };
        let effect = Effect::Execute { command: command.to_owned(), cwd: root.to_owned() };
        let (sandbox, survey) = (Sandbox::default(), survey(&policy));
        let around = Circumstances {
            sandbox: &sandbox,
            state: State::Full,
            survey: &survey,
            network: Network::Closed,
        };
        confine(&effect, &policy, &around).unwrap()
    }

    fn confined(command: &str, root: &Path, confinement: Confinement, limits: Limits) -> (String, News) {
        let temporary = tempfile::tempdir().unwrap();
        let (child, line) = launched(command, root, confinement, limits, temporary.path());
        let news = read_news(&line).unwrap();
        (said(child), news)
    }

    /// What a command printed, when it has ended.
    pub(super) fn said(child: Child) -> String {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        said + &String::from_utf8_lossy(&output.stderr)
    }

    pub(super) fn launched(
        command: &str,
        root: &Path,
        confinement: Confinement,
        limits: Limits,
        temporary: &Path,
    ) -> (Child, UnixStream) {
        let ahead = Ahead::of(confinement.state, confinement.network);
        let orders = Orders {
            command: command.to_owned(),
            cwd: root.to_owned(),
            environment: vec![("PATH".to_owned(), std::env::var("PATH").unwrap())],
            temporary: temporary.to_owned(),
            confinement,
            limits,
        };
        let (ours, theirs) = UnixStream::pair().unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args([LAUNCHER, ahead.argument()])
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        write_orders(&ours, &orders).unwrap();
        (child, ours)
    }

    fn no_process_inside_lends_a_way_out() {
        let workspace = tempfile::tempdir().unwrap();
        let root = workspace.path().canonicalize().unwrap();
        let vacant = |name: &str| Vacancy { place: root.join(name), stand: Placeholder::Folder };
        let confinement = Confinement {
            state: State::Full,
            network: Network::Closed,
            home: None,
            read: ["/usr", "/bin", "/lib", "/lib64", "/etc"].map(Into::into).to_vec(),
            write: vec![root.clone()],
            pin: vec![],
            guard: vec![],
            hide: vec![],
            absent: vec![vacant(".vscode"), vacant(".idea")],
            overlay: None,
        };
        assert_eq!(
            confined(LOOK, &root, confinement, Limits::default()),
            ("done\n".to_owned(), News::Exit(0))
        );
        assert_eq!(tree(&root), ["made: x\n"], "the placeholders go with the command");
    }

    /// Every file, folder and link below a folder, with the text of files.
    pub(super) fn tree(root: &Path) -> Vec<String> {
        let mut found = vec![];
        let mut pending = vec![root.to_owned()];
        while let Some(folder) = pending.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let shown = path.strip_prefix(root).unwrap().display().to_string();
                let metadata = path.symlink_metadata().unwrap();
                if metadata.is_dir() {
                    pending.push(path);
                } else if metadata.is_symlink() {
                    found.push(format!("{shown} -> {}", path.read_link().unwrap().display()));
                    continue;
                } else if let Some(text) = std::fs::read_to_string(&path).ok().filter(|text| !text.is_empty())
                {
                    found.push(format!("{shown}: {text}"));
                    continue;
                }
                found.push(shown);
            }
        }
        found.sort();
        found
    }

    /// Makes files with a letter in them; a name behind an arrow is a link's target, one that ends in a slash a folder.
    pub(super) fn make(root: &Path, names: &[&str]) {
        for name in names {
            let (name, target) = name.split_once(" -> ").map_or((*name, None), |(name, to)| (name, Some(to)));
            let place = root.join(name);
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            match target {
                Some(target) => std::os::unix::fs::symlink(target, place).unwrap(),
                None if name.ends_with('/') => std::fs::create_dir_all(place).unwrap(),
                None => {
                    std::fs::write(
                        place,
                        if name.ends_with("HEAD") { "ref: refs/heads/main\n" } else { "k" },
                    )
                    .unwrap();
                }
            }
        }
    }

    fn every_protected_name_is_held() {
        let in_git = ["hooks", "config", "config.worktree", "commondir", "info", "modules", "worktrees"];
        let at_top = [
            ".git",
            ".copydesk",
            ".stepper",
            ".claude",
            ".codex",
            ".cursor",
            ".gemini",
            ".vscode",
            ".idea",
            ".helix",
            ".zed",
            ".envrc",
            ".nvim.lua",
            ".exrc",
        ];
        let repository = [".git/HEAD", ".git/objects/", ".git/refs/"];
        let whole: Vec<String> = in_git.iter().map(|name| format!(".git/{name}")).collect();
        let module = |name: &&str| format!(".git/modules/lib/{name}");
        let modules = [".git/modules/lib/HEAD", ".git/modules/lib/objects/", ".git/modules/lib/refs/"];
        let worktree = |name: &&str| format!(".git/worktrees/side/{name}");
        let there = [
            ".git/hooks/x",
            ".git/config",
            ".git/info/attributes",
            ".git/worktrees/side/gitdir",
            ".git/worktrees/side/commondir",
            ".bashrc",
            ".mcp.json",
            "deep/.idea/x",
            "real/x",
            ".zed -> real",
            ".exrc -> nowhere",
            ".claude/x",
        ];
        let held_there: Vec<String> = [
            ".git",
            ".git/info/attributes",
            ".bashrc",
            ".mcp.json",
            ".zed",
            ".exrc",
            ".claude",
            "deep/.idea",
            ".git/modules/lib",
            ".git/modules/new",
            ".git/worktrees/new",
        ]
        .iter()
        .map(ToString::to_string)
        .chain(in_git.iter().map(module))
        .chain(["gitdir", "commondir", "config.worktree"].iter().map(worktree))
        .collect();
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        for (files, attacked) in [
            (vec![], names(&at_top)),
            (repository.to_vec(), whole.clone()),
            ([&repository[..], &modules, &there].concat(), [held_there, whole, names(&at_top)].concat()),
        ] {
            let workspace = tempfile::tempdir().unwrap();
            let root = workspace.path().canonicalize().unwrap();
            make(&root, &files);
            let before = held(&root);
            let said = run_in(&root, &ATTACK.replace("NAMES", &attacked.join("\n")));
            let wrong: Vec<&str> = said.0.lines().filter(|line| !is_expected(line)).collect();
            assert_eq!((wrong, said.1), (vec!["over"], News::Exit(0)), "{files:?}");
            assert_eq!(held(&root), before);
        }
    }

    /// Folders of git are held where they are, and written in: that is what commits do. Below a folder that is
    /// read-only nothing new stands, and taking nothing away works.
    fn is_expected(line: &str) -> bool {
        let is_written = line.starts_with("inside") || line.starts_with("chmod");
        (is_written && (line.ends_with(" .git") || line.ends_with(" .git/modules/lib")))
            || (line.ends_with("/new") && (line.starts_with("missing") || line.starts_with("remove")))
    }

    /// What must not change; history itself a command may write and take away.
    fn held(root: &Path) -> Vec<String> {
        let data =
            ["HEAD: ref: refs/heads/main\n", "objects", "refs", "x: x\n", "new: x\n", "sub", "hard: x\n"];
        let is_data = |line: &str| {
            let below = line.strip_prefix(".git/modules/lib/").or_else(|| line.strip_prefix(".git/"));
            below.is_some_and(|below| data.contains(&below))
        };
        tree(root).into_iter().filter(|line| !is_data(line)).collect()
    }

    fn git_works_as_ever() {
        let workspace = tempfile::tempdir().unwrap();
        let root = workspace.path().canonicalize().unwrap();
        let git = |words: &[&str]| {
            let settings = ["-c", "user.name=a", "-c", "user.email=b", "-c", "protocol.file.allow=always"];
            let mut command = Command::new("git");
            command.args(settings).args(words).current_dir(&root).env_clear();
            command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", "/nowhere");
            command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
        };
        let library = tempfile::tempdir().unwrap();
        let library = library.path().to_str().unwrap();
        make(&root, &["file"]);
        let is_there = git(&["init", "-q", "-b", "main", "."])
            && git(&["add", "."])
            && git(&["commit", "-qm", "x"])
            && git(&["clone", "-q", ".", library])
            && git(&["submodule", "--quiet", "add", library, "sub"])
            && git(&["commit", "-qm", "sub"]);
        if !is_there {
            return;
        }
        let (said, news) = run_in(&root, WORK);
        assert_eq!((said.as_str(), news), ("hooks\n3\n1\n2\n", News::Exit(0)));
        assert!(git(&["fsck"]) && git(&["status", "--short"]));
        let traces: Vec<String> = tree(&root).into_iter().filter(|line| line.contains("commondir")).collect();
        assert_eq!(traces, Vec::<String>::new());
    }
}
