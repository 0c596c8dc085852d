//! Behind wrappers: what `timeout 5 …`, `bash -c '…'`, `xargs …` and `find -exec …` really run.
//!
//! What is behind is judged too, so that no deny rule is evaded by a wrapper. Only harmless wrappers with options that
//! are known here hand the verdict of what they wrap on to themselves.

use super::runners::{self, Beginning};
use super::words::Word;
use super::{Care, Need, Passes, Script, Simple, Unreadable, read_into, settings};
use crate::policy::Policy;

/// Wrappers that change nothing but timing: name, options that stand alone, options with a value behind them, and how
/// many words come before the command.
const HARMLESS: &[(&str, &[&str], &[&str], usize)] = &[
    ("time", &["-p"], &[], 0),
    ("nohup", &[], &[], 0),
    ("command", &[], &[], 0),
    ("env", &[], &[], 0),
    ("nice", &[], &["-n", "--adjustment"], 0),
    ("ionice", &["-t"], &["-c", "-n", "--class", "--classdata"], 0),
    ("stdbuf", &[], &["-i", "-o", "-e", "--input", "--output", "--error"], 0),
    ("timeout", &["--foreground", "--preserve-status", "-v"], &["-k", "-s", "--kill-after", "--signal"], 1),
];

/// Wrappers that give what they wrap more rights, or another world to run in.
pub(super) const RAISING: &[&str] = &[
    "sudo",
    "doas",
    "su",
    "pkexec",
    "runuser",
    "chroot",
    "unshare",
    "nsenter",
    "setpriv",
    "systemd-run",
    "exec",
    "builtin",
    "eval",
    "setsid",
    "run0",
];

/// Programs none of whose options names a file to write or a program to run: whatever words come in, they do to their
/// operands what their rule allows.
const PLAIN: &[&str] = &[
    "basename",
    "cat",
    "cksum",
    "cut",
    "dirname",
    "du",
    "echo",
    "egrep",
    "fgrep",
    "file",
    "grep",
    "head",
    "ls",
    "md5sum",
    "mkdir",
    "nl",
    "printf",
    "readlink",
    "realpath",
    "rm",
    "rmdir",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "stat",
    "tail",
    "touch",
    "wc",
];

/// Of the programs that run their words, and of some that raise, the ones that hand a word with blanks to a shell.
const BY_SHELL: &[&str] = &[
    "watch",
    "parallel",
    "script",
    "ssh",
    "flock",
    "hyperfine",
    "entr",
    "su",
    "runuser",
    "tmux",
    "screen",
    "xvfb-run",
];

/// Options of programs that raise that take a value of their own.
const WITH_VALUE: &[&str] = &[
    "-u", "-g", "-h", "-p", "-C", "-D", "-T", "-R", "-r", "-t", "-I", "-n", "-P", "-L", "-d", "-a", "-E",
    "-s", "-o", "-e", "-c",
];

const SHELLS: &[&str] = &["sh", "bash", "dash", "zsh", "ksh", "ash", "fish"];

/// Looks behind a simple command, filling in what it runs and what that means.
pub(super) fn see(
    simple: &mut Simple,
    script: &mut Script,
    policy: &Policy,
    depth: usize,
) -> Result<(), Unreadable> {
    if depth > super::DEEPEST {
        return Unreadable::because("wrappers stand in wrappers too deep");
    }
    let name = simple.name().rsplit('/').next().unwrap_or_default().to_owned();
    let is_plain = simple.words.first().is_some_and(|word| word.raw == name);
    if let Some((_, flags, values, before)) = HARMLESS.iter().find(|(one, ..)| *one == name) {
        harmless(simple, flags, values, *before);
        if !is_plain {
            simple.passes = Passes::Outer;
        }
    } else if SHELLS.contains(&name.as_str()) {
        shell(simple, script, policy, depth)?;
        if !is_plain {
            simple.passes = Passes::Outer;
        }
        return Ok(());
    } else if name == "eval" {
        add_care(simple, Need::Person, "eval runs its words as code");
        let text: Vec<&str> = simple.words[1..].iter().map(|word| word.text.as_str()).collect();
        if simple.words.iter().all(Word::is_literal) && !text.is_empty() {
            scripted(simple, &text.join(" "), script, policy, depth)?;
        }
        return Ok(());
    } else if RAISING.contains(&name.as_str()) {
        add_care(simple, Need::Person, &format!("{name} changes who or where a command is"));
        let inner = first_operand(&simple.words);
        wrap(simple, inner, simple.words.len(), Passes::Outer);
    } else if let Some(Beginning { at, unknown }) = runners::beginning(&name, &simple.words) {
        add_care(simple, Need::Rule, &format!("{name} runs what it is given"));
        wrap(simple, at, simple.words.len(), Passes::Both);
        if let Some(option) = unknown {
            // It may take a word of its own.
            wrap(simple, at + 1, simple.words.len(), Passes::Both);
            add_care(
                simple,
                Need::Literal,
                &format!("{name} has an option that is not known here: {option}"),
            );
        }
        if simple.inner.is_empty() && name != "xargs" {
            add_care(simple, Need::Literal, &format!("what {name} runs is not among its words"));
        }
        if name == "flock" && !simple.words.get(at - 1).is_some_and(is_folder) {
            add_care(simple, Need::Literal, "flock makes the file that it locks");
        }
        if name == "xargs" && !simple.inner.iter().all(takes_only_operands) {
            add_care(simple, Need::Literal, "what xargs is fed may be an option or a command");
        }
        for inner in simple.inner.iter_mut().filter(|_| matches!(name.as_str(), "xargs" | "entr")) {
            // More words come in at run time: a rule about `rm *` means this one.
            inner.text.push_str(" {}");
        }
    } else if matches!(name.as_str(), "find" | "fd" | "fdfind") {
        searched(simple);
    }
    for inner in &mut simple.inner {
        see(inner, script, policy, depth + 1)?;
    }
    if BY_SHELL.contains(&name.as_str()) {
        handed_to_shell(simple, &name, script, policy, depth);
    }
    Ok(())
}

/// `watch 'a; b'`, `parallel 'a {}; b' ::: x`: a word with blanks is a script to those.
fn handed_to_shell(simple: &mut Simple, name: &str, script: &mut Script, policy: &Policy, depth: usize) {
    let is_script = |word: &&Word| word.text.contains(char::is_whitespace) && word.is_literal();
    let texts: Vec<String> =
        simple.words.iter().skip(1).filter(is_script).map(|word| word.text.clone()).collect();
    for text in texts {
        let mut inner = Script::default();
        // What runs on another machine has its own files.
        let cwds = if name == "ssh" { super::Cwds::Unknown } else { simple.cwds.clone() };
        match read_into(&mut inner, &text, cwds, policy, depth + 1) {
            Ok(()) => {
                simple.inner.append(&mut inner.simples);
                if name != "ssh" {
                    script.redirects.append(&mut inner.redirects);
                }
            }
            Err(Unreadable(reason)) => {
                add_care(
                    simple,
                    Need::Person,
                    &format!("what {name} hands to a shell cannot be read: {reason}"),
                );
            }
        }
    }
}

/// Whether a command may leave the shell in another folder than before.
pub(super) fn may_move(simple: &Simple) -> bool {
    let moves = ["cd", "pushd", "popd", "eval", "source", ".", "builtin", "exec"];
    simple.words.first().is_some_and(|word| !word.is_literal())
        || moves.contains(&simple.name())
        || simple.inner.iter().any(may_move)
}

fn harmless(simple: &mut Simple, flags: &[&str], values: &[&str], before: usize) {
    let mut at = 1;
    while let Some(word) = simple.words.get(at) {
        let text = word.text.as_str();
        let (option, has_value) = text.split_once('=').map_or((text, false), |(option, _)| (option, true));
        let is_attached = values.iter().any(|one| one.len() == 2 && text.starts_with(one) && text.len() > 2);
        if text == "--" {
            at += 1;
            break;
        } else if simple.name() == "env" && is_setting(text) {
            if !text.split_once('=').is_some_and(|(name, value)| settings::is_harmless(name, value)) {
                add_care(simple, Need::Literal, "env sets variables");
            }
            at += 1;
        } else if !text.starts_with('-') {
            break;
        } else if flags.contains(&text) || (has_value && values.contains(&option)) || is_attached {
            at += 1;
        } else if values.contains(&text) {
            at += 2;
        } else if text[1..].chars().all(|digit| digit.is_ascii_digit()) && text.len() > 1 {
            at += 1;
        } else if matches!(text, "-v" | "-V") && simple.name() == "command" {
            // Only asks what a name means.
            return;
        } else {
            let reason = format!("{} has an option that is not known here: {text}", simple.name());
            add_care(simple, Need::Person, &reason);
            at += 1;
        }
    }
    wrap(simple, at + before, simple.words.len(), Passes::Either);
}

/// `bash -c 'script'`: the script is read like any other; `bash file` and `bash` with nothing are not looked into.
fn shell(simple: &mut Simple, script: &mut Script, policy: &Policy, depth: usize) -> Result<(), Unreadable> {
    let mut at = 1;
    let mut takes_script = false;
    while let Some(word) =
        simple.words.get(at).filter(|word| word.text.starts_with('-') && word.text.len() > 1)
    {
        let letters = &word.text[1..];
        let is_known = letters.chars().all(|letter| "ceux".contains(letter));
        // `-o pipefail`, `-euo pipefail`: the letter takes the next word.
        at += usize::from(!letters.starts_with('-') && letters.ends_with('o'));
        takes_script |= !letters.starts_with('-') && letters.contains('c');
        if !is_known {
            let reason = format!("an option of a shell that is not known here: {}", word.text);
            add_care(simple, Need::Literal, &reason);
        }
        at += 1;
    }
    if !takes_script {
        return Ok(());
    }
    match simple.words.get(at) {
        Some(word) if word.is_literal() => {
            let text = word.text.clone();
            scripted(simple, &text, script, policy, depth)?;
            simple.passes = Passes::Either;
            simple.before = at;
        }
        _ => add_care(simple, Need::Person, "its script is known only when it runs"),
    }
    Ok(())
}

/// Reads a script that stands in a word; its redirections are the outer script's.
fn scripted(
    simple: &mut Simple,
    text: &str,
    script: &mut Script,
    policy: &Policy,
    depth: usize,
) -> Result<(), Unreadable> {
    let mut inner = Script::default();
    read_into(&mut inner, text, simple.cwds.clone(), policy, depth + 1)?;
    simple.inner = inner.simples;
    script.redirects.extend(inner.redirects);
    Ok(())
}

/// `find … -exec command ;` and `fd … -x command`.
fn searched(simple: &mut Simple) {
    let is_find = simple.name().ends_with("find") && !simple.name().ends_with("fdfind");
    let starts: &[&str] = if is_find {
        &["-exec", "-execdir", "-ok", "-okdir"]
    } else {
        &["-x", "-X", "--exec", "--exec-batch"]
    };
    let mut at = 1;
    while at < simple.words.len() {
        let text = simple.words[at].text.as_str();
        // `fd -Hx rm`, `fd -xrm`, `fd --exec=rm`
        let is_glued = !is_find
            && !starts.contains(&text)
            && (text.starts_with("--exec")
                || text.starts_with('-') && !text.starts_with("--") && text.contains(['x', 'X']));
        if is_glued {
            let reason = format!("{} runs what it is given: {text}", simple.name());
            wrap(simple, at + 1, simple.words.len(), Passes::Both);
            add_care(simple, Need::Literal, &reason);
            return;
        }
        if starts.contains(&simple.words[at].text.as_str()) {
            let end = simple.words[at + 1..]
                .iter()
                .position(|word| matches!(word.text.as_str(), ";" | "+"))
                .map_or(simple.words.len(), |length| at + 1 + length);
            wrap(simple, at + 1, end, Passes::Both);
            if let Some(inner) = simple.inner.last_mut().filter(|_| simple.words[at].text.ends_with("dir")) {
                // It runs in the folder of what was found.
                inner.cwds = super::Cwds::Unknown;
            }
            at = end;
        }
        at += 1;
    }
}

fn wrap(simple: &mut Simple, from: usize, to: usize, passes: Passes) {
    let words: Vec<Word> = simple.words.get(from..to).unwrap_or_default().to_vec();
    if words.is_empty() {
        return;
    }
    let text = words.iter().map(|word| word.raw.as_str()).collect::<Vec<_>>().join(" ");
    let cwds = simple.cwds.clone();
    let care = (!words[0].is_literal()).then(|| Care {
        need: Need::Person,
        reason: "the program's name is known only when it runs".to_owned(),
    });
    simple.inner.push(Simple::new(text, words, cwds, care));
    simple.passes = passes;
    simple.before = from;
}

fn first_operand(words: &[Word]) -> usize {
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let text = word.text.as_str();
        if text == "--" {
            return at + 1;
        }
        if !text.starts_with('-') && !is_setting(text) {
            return at;
        }
        at += if WITH_VALUE.contains(&text) { 2 } else { 1 };
    }
    at
}

fn is_setting(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    })
}

fn add_care(simple: &mut Simple, need: Need, reason: &str) {
    if simple.care.as_ref().is_none_or(|care| care.need < need) {
        simple.care = Some(Care { need, reason: reason.to_owned() });
    }
}

/// Whether a word can only be a folder.
fn is_folder(word: &Word) -> bool {
    word.is_literal() && (word.text == "." || word.text.ends_with('/'))
}

/// Whether words that come in at run time can be nothing worse than operands.
fn takes_only_operands(simple: &Simple) -> bool {
    is_plain(simple.name())
}

/// Whether a program is one of those that never run a word of theirs.
pub(super) fn is_plain(program: &str) -> bool {
    PLAIN.contains(&program.rsplit('/').next().unwrap_or_default())
}
