//! A repository whose settings name programs: git that only looks runs none of them.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use copydesk_tests::workspace::Workspace;

use crate::ground::{Ground, skipped};

/// Commands in which git only looks, and that run what a repository names when nobody prevents it.
const LOOKS: &[&str] = &[
    "git status",
    "git diff",
    "git diff HEAD",
    "git diff --stat",
    "git log -p",
    "git log --oneline",
    "git show HEAD",
    "git show HEAD:a.txt",
    "git blame a.txt",
    "git blame e.txt",
    "git grep x",
    "git ls-files -m",
    "git shortlog HEAD",
    "git rev-parse HEAD && git cat-file -p HEAD | head -n 3",
];

/// What real git runs with these commands in that repository, without us.
const RUNS: &[&str] = &[
    "clean",
    "command",
    "external",
    "fetch",
    "fsmonitor",
    "gpg",
    "hook",
    "included",
    "process",
    "smudge",
    "textconv",
];

/// Settings that each name a program; `PLANT` is the folder of the programs.
const SETTINGS: &str = r#"
[core]
	repositoryformatversion = 1
	fsmonitor = PLANT/fsmonitor
	hooksPath = PLANT/hooks
	pager = PLANT/pager
	editor = PLANT/editor
	sshCommand = PLANT/ssh
	askPass = PLANT/askpass
	alternateRefsCommand = PLANT/alternate
[pager]
	status = PLANT/pager
	log = true
[diff "a"] textconv = PLANT/textconv
[diff "b.b"]
	command = PLANT/command
[diff]
	external = PLANT/external
[filter "c"]
	clean = PLANT/clean
	smudge = PLANT/smudge
	required
[filter "d"]
	process = PLANT/process
[merge "a"]
	driver = PLANT/merge
[gpg]
	program = PLANT/gpg
[log]
	showSignature = true
[format]
	pretty = "%h %G?"
[credential]
	helper = !PLANT/credential
[alias]
	status = !PLANT/alias
	diff = !PLANT/alias
[extensions]
	partialClone = origin
[remote "origin"]
	url = ext::PLANT/fetch
	promisor = true
[protocol "ext"]
	allow = always
[include]
	path = ../more
"#;

fn git(root: &Path, words: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]).args(words);
    command.current_dir(root).env_clear().env("HOME", "/nowhere");
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let output = command.output().expect("git starts");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Plants a program that leaves a mark.
fn program(workspace: &Workspace, name: &str) {
    let root = workspace.root();
    let place = root.join("plant").join(name);
    let mark = place
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
        .replace("post-index-change", "hook");
    // A filter must hand on what it gets, or git stops; a connection would wait for ever.
    let rest = if name == "fetch" { "" } else { "cat 2>/dev/null\n" };
    let text = format!("#!/bin/sh\ntouch '{}/ran-{mark}'\n{rest}", root.display());
    workspace.write(&format!("plant/{name}"), &text);
    let rights = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(place, rights).expect("the bench's own file");
}

/// A repository in a repository in a repository, the inner two with a filter and a monitor of their own.
fn nest(workspace: &Workspace) {
    let root = workspace.root();
    let folders = ["sub/deep", "sub", "."];
    for (folder, name) in folders.into_iter().zip(["deep", "nested", "none"]) {
        let place = root.join(folder);
        workspace.write(&format!("{folder}/.gitattributes"), &format!("c.txt filter={name}\n"));
        workspace.write(&format!("{folder}/c.txt"), "x\n");
        for words in [&["init", "-q"][..], &["add", "."], &["commit", "-qm", "one"]] {
            git(&place, words);
        }
        workspace.write(&format!("{folder}/c.txt"), "y\n");
    }
    for (folder, name) in [("sub/deep", "deep"), ("sub", "nested")] {
        program(workspace, name);
        program(workspace, &format!("{name}-monitor"));
        let plant = root.join("plant").join(name).display().to_string();
        let settings =
            format!("[core]\n\tfsmonitor = {plant}-monitor\n[filter \"{name}\"]\n\tclean = {plant}\n");
        let old = std::fs::read_to_string(root.join(folder).join(".git/config")).expect("git made it");
        workspace.write(&format!("{folder}/.git/config"), &(old + &settings));
    }
}

/// A repository with a signed commit, a change that is not committed, and a program behind every setting.
fn plant(workspace: &Workspace) {
    let root = workspace.root();
    for name in ["a.txt", "b.txt", "c.txt", "d.txt", "e.txt", "gone.txt"] {
        workspace.write(name, "x\n");
    }
    git(&root, &["init", "-q"]);
    git(&root, &["add", "."]);
    git(&root, &["commit", "-qm", "one"]);
    workspace.write("gone.txt", "this blob will be missing\n");
    git(&root, &["commit", "-qam", "two"]);
    let missing = git(&root, &["rev-parse", "HEAD:gone.txt"]);
    workspace.write("gone.txt", "x\n");
    git(&root, &["commit", "-qam", "three"]);
    workspace.write("a.txt", "x\ny\n");
    git(&root, &["commit", "-qam", "four"]);
    sign(&root);
    std::fs::remove_file(root.join(".git/objects").join(&missing[..2]).join(&missing[2..]))
        .expect("a loose object");
    workspace.write(
        ".gitattributes",
        "a.txt diff=a merge=a\nb.txt diff=b.b\nc.txt filter=c\nd.txt filter=d\ne.txt diff=e\n",
    );
    for name in ["a.txt", "b.txt", "c.txt", "d.txt", "e.txt"] {
        workspace.write(name, "x\nchanged\n");
    }
    for name in [
        "fsmonitor",
        "pager",
        "editor",
        "ssh",
        "askpass",
        "alternate",
        "textconv",
        "command",
        "external",
        "clean",
        "smudge",
        "process",
        "merge",
        "gpg",
        "credential",
        "alias",
        "fetch",
        "included",
        "hooks/post-index-change",
    ] {
        program(workspace, name);
    }
    std::fs::copy(root.join("plant/hooks/post-index-change"), root.join(".git/hooks/post-index-change"))
        .expect("a hook");
    let folder = root.join("plant").display().to_string();
    let settings = SETTINGS.replace("PLANT", &folder);
    let old = std::fs::read_to_string(root.join(".git/config")).expect("git made it");
    workspace.write(".git/config", &(old + &settings));
    workspace.write("more", &format!("[diff \"e\"]\n\ttextconv = {folder}/included\n"));
}

/// Gives the last commit a signature, so that there is one to check.
fn sign(root: &Path) {
    let text = git(root, &["cat-file", "-p", "HEAD"]);
    let (head, message) = text.split_once("\n\n").expect("a commit has a message");
    let signed = format!(
        "{head}\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n{message}\n"
    );
    std::fs::write(root.join("signed"), signed).expect("the bench's own folder");
    let commit = git(root, &["hash-object", "-t", "commit", "-w", "signed"]);
    git(root, &["update-ref", "HEAD", &commit]);
    std::fs::remove_file(root.join("signed")).expect("the bench's own file");
}

/// Which planted programs ran; forgets them.
fn ran(root: &Path) -> BTreeSet<String> {
    let names = std::fs::read_dir(root)
        .expect("it is there")
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    let names: Vec<String> = names.filter(|name| name.starts_with("ran-")).collect();
    for name in &names {
        std::fs::remove_file(root.join(name)).expect("the bench's own file");
    }
    names.into_iter().map(|name| name["ran-".len()..].to_owned()).collect()
}

#[test]
fn git_that_only_looks_runs_nothing_that_a_repository_names() {
    if Command::new("git").arg("--version").output().is_err() {
        skipped("programs of a repository", "there is no git");
        return;
    }
    for ground in [Ground::Full, Ground::Partial, Ground::Off] {
        let Some(workspace) = ground.workspace("programs of a repository", "") else { continue };
        let root = workspace.root();
        plant(&workspace);
        // The plants are alive: real git runs them, each on a fresh index.
        let mut alive = BTreeSet::new();
        for command in LOOKS {
            git(
                &root,
                &[
                    "-c",
                    "core.fsmonitor=",
                    "-c",
                    "core.hooksPath=/dev/null",
                    "update-index",
                    "--no-fsmonitor",
                    "--refresh",
                ],
            );
            let status =
                Command::new("sh").args(["-c", command]).current_dir(&root).env("HOME", "/nowhere").output();
            status.expect("a shell");
            alive.extend(ran(&root));
        }
        let expected: BTreeSet<String> = RUNS.iter().map(ToString::to_string).collect();
        assert_eq!(alive, expected, "what is planted runs where nobody prevents it");
        for rules in ["auto", "bypass"] {
            let (told, shown) = ground.run(&workspace, rules, LOOKS);
            assert_eq!(ran(&root), BTreeSet::new(), "{ground:?}: {told:#?}\n{shown}");
            for (command, told) in LOOKS.iter().zip(&told) {
                // The blob is missing, and stays so.
                let is_fine = told.contains("exit code 0") || command.starts_with("git log -p");
                assert!(is_fine, "{ground:?}: {command}: {told}");
            }
            assert!(told[1].contains("+changed") && told[6].contains("+y"), "{ground:?}: {told:#?}");
        }
    }
}

/// Runs commands as nobody prevents them; answers which plants ran.
fn alive(root: &Path, commands: &[&str]) -> BTreeSet<String> {
    for command in commands {
        let status =
            Command::new("sh").args(["-c", command]).current_dir(root).env("HOME", "/nowhere").output();
        status.expect("a shell");
    }
    ran(root)
}

#[test]
fn repositories_within_a_repository_run_nothing_either() {
    let looks = ["git status", "git diff", "git status --short && git diff HEAD"];
    for ground in [Ground::Full, Ground::Partial, Ground::Off] {
        let Some(workspace) = ground.workspace("programs of a submodule", "") else { continue };
        let root = workspace.root();
        nest(&workspace);
        let expected = ["deep", "deep-monitor", "nested", "nested-monitor"].map(str::to_owned);
        assert_eq!(alive(&root, &looks), expected.into(), "what is planted runs where nobody prevents it");
        let (told, shown) = ground.run(&workspace, "auto", &looks);
        assert_eq!(ran(&root), BTreeSet::new(), "{ground:?}: {told:#?}\n{shown}");
        assert!(told.iter().all(|told| told.contains("exit code 0")), "{ground:?}: {told:#?}");
        assert!(told[0].contains("sub"), "{ground:?}: {told:#?}");
    }
}

#[test]
fn git_that_changes_something_runs_no_more_than_that_needs() {
    let mixed = ["git status; git diff; git show HEAD; git add a.txt c.txt"];
    for ground in [Ground::Full, Ground::Partial, Ground::Off] {
        let Some(workspace) = ground.workspace("programs of git that changes", "") else { continue };
        let root = workspace.root();
        plant(&workspace);
        // A signature is part of what a commit needs, and the repository's own format asks for one.
        let needed = BTreeSet::from(["clean", "gpg", "hook", "process", "smudge"].map(str::to_owned));
        let without = alive(&root, &mixed);
        let shown = ["command", "external", "fsmonitor", "textconv"].map(str::to_owned);
        assert!(without.is_superset(&shown.into()), "{without:?}");
        for name in ["a.txt", "c.txt"] {
            workspace.write(name, "x\nchanged again\n");
        }
        let (told, _) = ground.run(&workspace, "auto", &mixed);
        let with = ran(&root);
        assert!(with.is_subset(&needed) && with.contains("clean"), "{ground:?}: {with:?}\n{told:#?}");
    }
}
