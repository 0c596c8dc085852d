//! What is found in a workspace, and what is left alone.

use copydesk_base::config::Mode;

use super::*;
use crate::rule::parse_rule;
use crate::sandbox::Placeholder;

fn tree(files: &[&str]) -> (tempfile::TempDir, Policy) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    for file in files {
        let place = root.join(file);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(place, "x").unwrap();
    }
    let policy = Policy {
        root,
        additional: vec![],
        home: None,
        state_home: "/state".into(),
        mode: Mode::Default,
        taint: copydesk_base::Grade::Typed,
        rules: vec![],
        started: [].into(),
    };
    (folder, policy)
}

fn names(policy: &Policy, places: &[PathBuf]) -> Vec<String> {
    places.iter().map(|place| place.strip_prefix(&policy.root).unwrap().display().to_string()).collect()
}

#[test]
fn secrets_and_protected_files_are_found_at_any_depth_and_git_stays_usable() {
    let (_folder, policy) = tree(&[
        ".env",
        ".env.example",
        ".git/config",
        ".git/hooks/pre-commit.sample",
        ".git/HEAD",
        ".git/info/exclude",
        ".git/modules/group/lib/HEAD",
        ".git/modules/group/lib/config",
        ".git/worktrees/side/HEAD",
        ".git/worktrees/side/gitdir",
        ".git/worktrees/side/commondir",
        ".vscode/settings.json",
        ".keystone/config.yaml",
        ".keystone/workflows/a.yaml",
        "deep/er/.env.local",
        "deep/id_rsa",
        "deep/.idea/x.xml",
        "tests/fixtures/server.pem",
        "certs/server.pem",
        "node_modules/x/.env",
        "src/main.rs",
    ]);
    let found = survey(&policy);
    assert_eq!(
        names(&policy, &found.secret),
        [".env", "certs/server.pem", "deep/id_rsa", "deep/er/.env.local"]
    );
    assert_eq!(
        names(&policy, &found.protected),
        [
            ".vscode",
            ".git/config",
            ".git/hooks",
            ".git/info",
            ".git/modules",
            ".git/worktrees",
            ".keystone/config.yaml",
            "deep/.idea",
            ".git/worktrees/side/commondir",
            ".git/worktrees/side/gitdir",
            ".git/modules/group/lib/config",
        ]
    );
    assert_eq!(
        names(&policy, &found.pinned),
        [".git", ".keystone", ".git/worktrees/side", ".git/modules/group/lib"]
    );
    let absent: Vec<(String, Placeholder)> = found
        .absent
        .iter()
        .map(|vacancy| {
            (names(&policy, std::slice::from_ref(&vacancy.place)).remove(0), vacancy.stand.clone())
        })
        .collect();
    let top = AT_ONCE.iter().filter(|name| ![".git", ".vscode"].contains(name));
    let inside = |folder: &str, free: &[(&str, Placeholder)]| -> Vec<(String, Placeholder)> {
        free.iter().map(|(name, file)| (format!("{folder}/{name}"), file.clone())).collect()
    };
    let dot = Placeholder::File(".\n".to_owned());
    let mut expected: Vec<(String, Placeholder)> =
        top.map(|name| ((*name).to_owned(), Placeholder::Folder)).collect();
    expected.extend(inside(".git", &[("config.worktree", Placeholder::Link), ("commondir", dot.clone())]));
    expected.extend(inside(".git/worktrees/side", &[("config.worktree", Placeholder::Link)]));
    expected.extend(inside(
        ".git/modules/group/lib",
        &[
            ("hooks", Placeholder::Link),
            ("config.worktree", Placeholder::Link),
            ("commondir", dot.clone()),
            ("info", Placeholder::Link),
            ("modules", Placeholder::Link),
            ("worktrees", Placeholder::Link),
        ],
    ));
    assert_eq!(absent, expected);
}

#[test]
fn decoys_push_nothing_out_and_a_home_holds_its_own_names() {
    let decoys: Vec<String> = (0..300).map(|at| format!("!{at}/sub/.idea/x")).collect();
    let mut files: Vec<&str> = decoys.iter().map(String::as_str).collect();
    files.extend([".git/hooks/x", ".git/config"]);
    let (_folder, mut policy) = tree(&files);
    let protected = names(&policy, &survey(&policy).protected);
    assert_eq!(protected[..2], [".git/config", ".git/hooks"]);
    policy.home = Some(policy.root.clone());
    let absent: Vec<PathBuf> = survey(&policy).absent.into_iter().map(|vacancy| vacancy.place).collect();
    for name in [".bashrc", ".profile", ".ssh", ".git/commondir"] {
        assert!(absent.contains(&policy.root.join(name)), "{name}");
    }
}

#[test]
fn what_a_rule_denies_reading_is_hidden_from_programs_too() {
    let (_folder, mut policy) = tree(&["private/notes.md", "src/main.rs"]);
    policy.rules = vec![parse_rule(RuleVerdict::Deny, "Read(private/**)", "config").unwrap()];
    let found = survey(&policy);
    assert!(found.secret.iter().all(|place| place.starts_with(policy.root.join("private"))), "{found:?}");
    assert!(!found.secret.is_empty());
}

#[test]
fn what_a_rule_denies_changing_is_held_and_what_is_built_is_written() {
    let files =
        ["gen/a.rs", "gen/deep/b.rs", "gen/target/x", "gen/.env", "src/kept.rs", "src/other.rs", "target/x"];
    let check = |rules: &[&str], held: &[&str], pinned: &[&str]| {
        let (_folder, mut policy) = tree(&files);
        let parse = |rule: &&str| parse_rule(RuleVerdict::Deny, *rule, "config").unwrap();
        policy.rules = rules.iter().map(parse).chain(crate::default_denies()).collect();
        let found = survey(&policy);
        assert_eq!(names(&policy, &found.held), held, "{rules:?}");
        assert_eq!(names(&policy, &found.pinned), pinned, "{rules:?}");
        assert_eq!(names(&policy, &found.secret), ["gen/.env"], "{rules:?}");
    };
    check(&[], &[], &[]);
    check(&["Edit(src/kept.rs)"], &["src/kept.rs"], &["src"]);
    check(&["Edit(gen/**)"], &["gen"], &["gen/target"]);
    check(
        &["Edit(gen/**/*.rs)", "Edit(SRC/Kept.rs)"],
        &["gen/a.rs", "src/kept.rs", "gen/deep/b.rs"],
        &["gen", "src", "gen/deep"],
    );
    check(&["Edit"], &["gen", "src"], &["gen/target"]);
    check(&["Edit(target/**)"], &[], &[]);
}

#[test]
fn a_worktree_s_link_to_its_repository_cannot_be_bent() {
    let (_folder, policy) = tree(&[".git"]);
    assert_eq!(names(&policy, &survey(&policy).protected), [".git"]);
}

#[test]
fn a_placeholder_that_is_still_there_counts_as_nothing() {
    use crate::sandbox::vacancy::{FILE, FOLDER, NOWHERE};
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};
    let (_folder, policy) = tree(&["src/main.rs", ".git/config"]);
    let before = survey(&policy);
    let at = |name: &str| policy.root.join(name);
    std::fs::create_dir(at(".vscode")).unwrap();
    symlink(NOWHERE, at(".git/hooks")).unwrap();
    std::fs::write(at(".git/commondir"), ".\n").unwrap();
    set_permissions(at(".vscode"), Permissions::from_mode(FOLDER)).unwrap();
    set_permissions(at(".git/commondir"), Permissions::from_mode(FILE)).unwrap();
    assert_eq!(survey(&policy), before);
    set_permissions(at(".vscode"), Permissions::from_mode(0o755)).unwrap();
    set_permissions(at(".git/commondir"), Permissions::from_mode(0o644)).unwrap();
    std::fs::remove_file(at(".git/hooks")).unwrap();
    symlink("../elsewhere/hooks", at(".git/hooks")).unwrap();
    let found = survey(&policy);
    for name in [".vscode", ".git/commondir", ".git/hooks"] {
        assert!(found.protected.contains(&at(name)), "{name}: {found:?}");
    }
    let leads = at("elsewhere");
    assert!(found.absent.iter().any(|vacancy| vacancy.place == leads), "what it leads to must not be made");
}

#[test]
fn a_second_name_of_a_secret_is_a_secret() {
    let (_folder, policy) = tree(&[".env", "deep/er/x", "twin-of-x"]);
    for name in ["notes.txt", "deep/er/notes.txt"] {
        std::fs::hard_link(policy.root.join(".env"), policy.root.join(name)).unwrap();
    }
    std::fs::hard_link(policy.root.join("twin-of-x"), policy.root.join("y")).unwrap();
    assert_eq!(names(&policy, &survey(&policy).secret), [".env", "notes.txt", "deep/er/notes.txt"]);
}
