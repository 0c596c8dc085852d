//! Symbolic links: what is reached through one is judged where it lies, and what a protected name leads to is
//! protected.

use copydesk_base::Effect;
use copydesk_base::config::Mode;
use copydesk_permission::{Policy, Reads, judge};

use crate::common::policy;

#[test]
fn links_are_judged_where_they_lead() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap().join("w");
    std::fs::create_dir_all(root.join("src")).unwrap();
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, root.join(name)).unwrap();
    link(".env", "harmless");
    link("/etc", "out");
    link("src", "alias");
    link("dangling/.env", "later");
    link(".git/config", "settings");
    let policy = Policy {
        root: root.clone(),
        ..policy(
            Mode::AcceptEdits,
            &["allow Bash(cat:*)", "allow Bash(echo *)", "allow Edit(out/**)", "deny Read(alias/x)"],
        )
    };
    for (command, expected) in [
        ("cat harmless", "deny"),
        ("cat later", "deny"),
        ("cat out/hosts", "ask"),
        ("cat src/x", "deny"),
        ("cat alias/x", "deny"),
        ("echo a > out/x", "ask"),
        ("echo a > settings", "ask"),
        ("echo a > alias/y", "allow"),
        ("cd out && cat hosts", "ask"),
    ] {
        let effect = Effect::Execute { command: command.to_owned(), cwd: root.clone() };
        let verdict = judge(&effect, &policy);
        assert_eq!(verdict.as_str(), expected, "{command}: {}", verdict.because().reason);
    }
}

#[test]
fn a_walk_is_judged_as_each_of_its_files_and_a_new_link_counts_from_the_next_folder_on() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap().join("w");
    for made in ["src", "conf", "lib"] {
        std::fs::create_dir_all(root.join(made)).unwrap();
    }
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, root.join(name)).unwrap();
    link("conf/local", ".env");
    link("src", "alias");
    let policy =
        Policy { root: root.clone(), ..policy(Mode::Default, &["deny Read(alias/x)", "ask Read(lib/**)"]) };
    let mut reads = Reads::of(&policy);
    let mut walked = |name: &str| {
        let (path, allowed) = (root.join(name), reads.allows(&root.join(name)));
        assert_eq!(allowed, judge(&Effect::Read { path }, &policy).as_str() == "allow", "{name}");
        allowed
    };
    let names = ["a.py", ".env", "conf/local", "conf/other", "src/x", "src/y", "src/.env", "lib/a", "src/y"];
    let allowed: Vec<&str> = names.into_iter().filter(|name| walked(name)).collect();
    assert_eq!(allowed, ["a.py", "conf/other", "src/y", "src/y"]);
    let mut reads = Reads::of(&policy);
    assert!(reads.allows(&root.join("src/keys")));
    link("src/keys", ".env.local");
    assert!(reads.allows(&root.join("a.py")) && !reads.allows(&root.join("src/keys")));
}

#[test]
fn where_a_protected_link_leads_is_protected() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().canonicalize().unwrap();
    let (root, home) = (base.join("w"), base.join("home"));
    for made in ["w/conf", "w/scripts", "w/.git", "w/dots", "w/src", "w/.vscode", "home/.config"] {
        std::fs::create_dir_all(base.join(made)).unwrap();
    }
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, base.join(name)).unwrap();
    link("conf", "w/.copydesk");
    link("../scripts", "w/.git/hooks");
    link("../w/dots/zshrc", "home/.zshrc");
    link("../../w/dots/nvim", "home/.config/nvim");
    link("../src", "w/.vscode/src");
    let judged = |command: &str, rules: &[&str]| {
        let policy =
            Policy { root: root.clone(), home: Some(home.clone()), ..policy(Mode::AcceptEdits, rules) };
        let effect = match command.split_once(' ') {
            Some(("write", path)) => Effect::Write { path: root.join(path) },
            Some(("read", path)) => Effect::Read { path: root.join(path) },
            _ => Effect::Execute { command: command.to_owned(), cwd: root.clone() },
        };
        judge(&effect, &policy).as_str()
    };
    let rules = ["allow Edit(/**)", "allow Bash(echo *)", "allow Bash(touch:*)"];
    for (command, expected) in [
        ("write conf/config.yaml", "ask"),
        ("write conf/rules/x.md", "ask"),
        ("write scripts/pre-commit", "ask"),
        ("write dots/zshrc", "ask"),
        ("write dots/nvim/init.lua", "ask"),
        ("echo a > conf/config.yaml", "ask"),
        ("touch scripts/pre-commit", "ask"),
        ("write src/a.rs", "allow"),
        ("write dots/readme", "allow"),
        ("touch src/a.rs", "allow"),
    ] {
        assert_eq!(judged(command, &rules), expected, "{command}");
    }
    // What a secret name leads to is a secret under every name, and a whole workspace is none.
    link("conf/local", "w/.env");
    link("../w/dots/aws", "home/.aws");
    link(".", "w/.env.all");
    for (command, expected) in [
        ("read conf/local", "deny"),
        ("read dots/aws/credentials", "deny"),
        ("write conf/local", "deny"),
        ("cat conf/local", "deny"),
        ("cat < conf/local", "deny"),
        ("read conf/other", "allow"),
        ("read src/a.rs", "allow"),
    ] {
        assert_eq!(judged(command, &["allow Bash(cat:*)"]), expected, "{command}");
    }
    // What is linked later counts at once.
    link("../dots", "w/.git/info");
    assert_eq!(judged("write dots/readme", &rules), "ask");
}
