//! Generated commands that are allowed are run under `strace`: they start and write only what the reader predicted.
//!
//! `strace` is a package of Debian; where it is not there, or may not trace, the test says so and is skipped. With
//! `COPYDESK_TEST_STRACE=required` it fails instead.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::policy;
use copydesk_base::config::Mode;
use copydesk_base::{Effect, Verdict};
use copydesk_permission::{Policy, Reading, effects_of, judge};

const RULES: &[&str] = &[
    "allow Bash(echo *)",
    "allow Bash(echo)",
    "allow Bash(head:*)",
    "allow Bash(cat:*)",
    "allow Bash(wc:*)",
    "allow Bash(touch:*)",
    "allow Bash(tee:*)",
    "allow Bash(sort:*)",
    "allow Bash(sed:*)",
    "allow Bash(cp:*)",
    "allow Bash(mkdir:*)",
    "allow Bash(uniq:*)",
    "allow Bash(timeout:*)",
    "allow Bash(env:*)",
    "allow Bash(bash:*)",
    "allow Bash(find:*)",
    "allow Bash(awk:*)",
    "allow Bash(xargs cat)",
    "allow Edit(/**)",
];

/// Pieces of commands; a sentence is a few of them with something between.
const COMMANDS: &[&str] = &[
    "echo a",
    "echo a > x1",
    "echo b >> x2",
    "cat a.txt",
    "cat < a.txt",
    "head -1 a.txt",
    "wc -l a.txt b.txt",
    "touch x3",
    "touch x4 x5",
    "tee x6",
    "tee x7 x8",
    "sort a.txt",
    "sort -o x9 a.txt",
    "sort --output=x10 b.txt",
    "sed -n 1p a.txt",
    "sed -i s/a/b/ b.txt",
    "sed -n 'w x11' a.txt",
    "cp a.txt x12",
    "cp a.txt b.txt d",
    "mkdir x13",
    "uniq a.txt x14",
    "timeout 5 touch x15",
    "env touch x16",
    "bash -c 'touch x17; echo y > x18'",
    "find . -name '*.txt'",
    "find . -exec touch x19 +",
    "find . -fprint x20",
    "cd d",
    "cd d && touch x21",
    "(cd d; touch x22)",
    "cat a.txt 2> x23",
    "echo a &> x24",
    "cat <<< hi",
    "cat <<E > x25\nhi\nE",
    "echo $(cat a.txt)",
    "echo $(touch x26)",
    "echo `touch x27`",
    "cat <(touch x28)",
    "for i in 1 2; do touch x29; done",
    "if true; then touch x30; else touch x31; fi",
    "! touch x32",
    "{ touch x33; }",
    "touch 'x 34'",
    "touch \"x35\"",
    "touch x\\36",
    "X=1 touch x37",
    "touch $HOME/x38",
    "touch x{39,40}",
    "touch -- x41",
    "sort -ox42 a.txt",
    "cp -t d a.txt",
    "tee -a x43",
    "echo a > 'x44' b",
    "echo > x45",
    "command touch x46",
    "eval touch x47",
    "[[ -f a.txt ]] && touch x48",
    "[[ 1 -gt 2 ]] || touch x49",
    "if [[ a == b* ]]; then touch x50; fi",
    "case a in a) touch x51;; *) touch x52;; esac",
    "case a in\n  b|c) touch x53 ;;&\n  ?) echo hi > x54 ;;\nesac",
    "case \"$(cat a.txt)\" in *) cat a.txt;; esac",
    "echo $? $#",
    "cat b.txt; [ $? -eq 0 ] && touch x55",
    "CI=1 touch x56",
    "CI=1 NO_COLOR=1 tee x57",
    "env LANG=C sort -o x58 a.txt",
    "awk '$1 > 5 {print $1}' a.txt",
    "awk '{if ($1 > 5) print \"a > b\"}' a.txt",
    "awk '{print > \"x59\"}' a.txt",
    "awk '/a|b/ {print}' a.txt",
    "ls | xargs cat",
    "cat *.txt",
    "wc -l *.txt > x62",
    "echo x60 | xargs touch",
    "echo a | xargs -I{} touch x61 {}",
    "echo done | xargs -n 1 cat a.txt",
    "test -f a.txt && touch x63 || touch x64",
    "until true; do touch x65; done",
    "while read line; do echo a; done < a.txt",
    "sed -n '/a/,/b/p' a.txt > x66",
    "sed -e 's/a/b/' -e '2d' a.txt",
    "awk -F: '{n += $1} END {print n}' a.txt > x67",
    "find . -maxdepth 1 -type f -exec cat {} +",
    "env -i touch x68",
    "nohup touch x69",
    "time touch x70",
    "nice -n 5 touch x71",
    "stdbuf -oL touch x72",
    "echo a | tee x73 | cat",
    "cat a.txt | sort | uniq | head -1 > x74",
    "case a in a) echo hi | tee x75;; esac",
    "for f in *.txt; do wc -l \"$f\"; done",
    "echo \"$(head -1 a.txt)\" > x76",
    "mkdir x77 && touch x77/y",
    "touch ./x78 d/../x79",
];

const BETWEEN: &[&str] = &["; ", " && ", " || ", " | ", " & ", "\n"];

/// Numbers drawn by lot, the same in every run unless `TRACED_SEED` says otherwise.
struct Lot(u64);

impl Lot {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % count
    }

    fn command(&mut self) -> String {
        let mut command = COMMANDS[self.below(COMMANDS.len())].to_owned();
        for _ in 0..self.below(3) {
            command.push_str(BETWEEN[self.below(BETWEEN.len())]);
            command.push_str(COMMANDS[self.below(COMMANDS.len())]);
        }
        command
    }
}

#[test]
fn what_is_allowed_starts_and_writes_what_was_predicted() {
    if let Err(reason) = can_trace() {
        let line = format!("SKIPPED what_is_allowed_starts_and_writes_what_was_predicted: {reason}\n");
        assert!(std::env::var_os("COPYDESK_TEST_STRACE").is_none_or(|wish| wish != "required"), "{line}");
        // Past the capture of the test runner, so that nobody takes silence for success.
        let _ = std::io::stderr().write_all(line.as_bytes());
        return;
    }
    let number =
        |name: &str, usual: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let mut lot = Lot(number("TRACED_SEED", 11));
    let (mut traced, mut wrong) = (0, Vec::new());
    for _ in 0..number("TRACED_CASES", 120) {
        let command = lot.command();
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("work");
        std::fs::create_dir_all(root.join("d")).unwrap();
        std::fs::write(root.join("a.txt"), "a\nb\n").unwrap();
        std::fs::write(root.join("b.txt"), "c\n").unwrap();
        let policy = Policy { root: root.clone(), ..policy(Mode::Default, RULES) };
        let effect = Effect::Execute { command: command.clone(), cwd: root.clone() };
        if !matches!(judge(&effect, &policy), Verdict::Allow(_)) {
            continue;
        }
        let reading = effects_of(&command, &root, &policy);
        let done = trace(&command, &root, &folder.path().join("trace"));
        traced += 1;
        wrong.extend(unpredicted(&reading, &done, &root).map(|what| format!("{command:?}: {what}")));
    }
    println!("{traced} allowed commands were traced");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(traced > 30, "only {traced} were allowed");
}

fn can_trace() -> Result<(), String> {
    let traced = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    match traced {
        Err(error) => Err(format!("strace cannot be started: {error}")),
        Ok(output) if !output.status.success() => Err("strace may not trace here".to_owned()),
        Ok(_) => Ok(()),
    }
}

/// What a command did: programs by their names, and files that it opened to write, made, moved or took away.
#[derive(Debug, Default)]
struct Done {
    programs: BTreeSet<String>,
    writes: BTreeSet<String>,
}

fn trace(command: &str, cwd: &Path, log: &Path) -> Done {
    let calls = "trace=execve,open,openat,creat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,symlink,symlinkat,\
                 link,linkat,truncate,chmod,fchmodat,mknod,mknodat,connect,chdir";
    let status = Command::new("strace")
        .args(["-f", "-y", "-s", "512", "-e", calls, "-o"])
        .arg(log)
        .args(["timeout", "-k", "1", "5", "bash", "--norc", "--noprofile", "-c", command])
        .current_dir(cwd)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", cwd)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.is_ok(), "{status:?}");
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let mut done = Done::default();
    for line in text.lines().filter(|line| !line.contains(" = -1 ")) {
        let call = line.split_once(' ').map_or("", |(_, rest)| rest.trim_start());
        let quoted = |number: usize| line.split('"').nth(number * 2 + 1).unwrap_or_default().to_owned();
        if call.starts_with("execve(") {
            done.programs.insert(quoted(0).rsplit('/').next().unwrap_or_default().to_owned());
        } else if call.starts_with("connect(") && !line.contains("AF_UNIX") {
            done.writes.insert("the network".to_owned());
        } else if call.starts_with("open") {
            if ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"].iter().any(|flag| line.contains(flag)) {
                // With `-y` the descriptor that comes back names the file.
                let opened = line.rsplit_once('<').and_then(|(_, name)| name.strip_suffix('>'));
                // The answer of a call that another process interrupted stands on a later line.
                let opened = opened.filter(|name| !name.starts_with("unfinished")).map(ToOwned::to_owned);
                // What a name counts from stands in the call itself.
                let from = line.split_once("AT_FDCWD<").and_then(|(_, rest)| rest.split_once('>'));
                let named = || from.map_or_else(|| quoted(0), |(folder, _)| joined(folder, &quoted(0)));
                done.writes.insert(opened.unwrap_or_else(named));
            }
        } else if !call.starts_with("chdir(")
            && !call.starts_with("connect(")
            && call.contains('(')
            && line.contains('"')
        {
            done.writes.insert(quoted(0));
            if call.starts_with("rename") || call.starts_with("link") || call.starts_with("symlink") {
                done.writes.insert(quoted(1));
            }
        }
    }
    done
}

fn joined(folder: &str, name: &str) -> String {
    Path::new(folder).join(name).display().to_string()
}

/// What was done and not predicted.
fn unpredicted<'a>(
    reading: &'a Reading,
    done: &'a Done,
    root: &'a Path,
) -> impl Iterator<Item = String> + 'a {
    let names: BTreeSet<&str> = reading
        .atoms
        .iter()
        .filter_map(|atom| atom.words.iter().find(|word| !word.contains('=')))
        .map(|word| word.rsplit('/').next().unwrap_or_default())
        .chain(["timeout", "bash"])
        .collect();
    let programs = done.programs.iter().filter(move |name| !names.contains(name.as_str()));
    let programs =
        programs.map(|name| format!("started {name}, which was not predicted: {:?}", reading.atoms));
    let is_predicted = move |path: &str| {
        let place = copydesk_base::path::resolve(root, Path::new(path));
        let is_scratch = |place: &Path| {
            // In-place editors and here-documents work through files of their own beside the target.
            let name = place.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("sed") || name.starts_with("sh-thd") || name.starts_with("sort")
        };
        let is_of_system = place.starts_with("/dev") || place.starts_with("/proc");
        let is_known = reading.writes.iter().any(|known| place == *known || place.starts_with(known));
        is_of_system || is_known || is_scratch(&place)
    };
    let writes = done.writes.iter().filter(move |path| !is_predicted(path));
    programs.chain(writes.map(|path| format!("wrote {path}, which was not predicted: {:?}", reading.writes)))
}
