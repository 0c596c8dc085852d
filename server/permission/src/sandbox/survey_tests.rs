//! What is found in a workspace, and what is left alone.

use copydesk_base::config::Mode;

use super::*;
use crate::rule::parse_rule;

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
        ".git/modules/lib/config",
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
        [".env", "certs/server.pem", "deep/er/.env.local", "deep/id_rsa"]
    );
    assert_eq!(
        names(&policy, &found.protected),
        [
            ".git/config",
            ".git/hooks",
            ".git/modules/lib/config",
            ".keystone/config.yaml",
            ".vscode",
            "deep/.idea",
        ]
    );
    assert_eq!(names(&policy, &found.pinned), [".git", ".git/modules/lib", ".keystone"]);
    let absent = names(&policy, &found.absent);
    assert!(
        absent.contains(&".copydesk".to_owned()) && !absent.contains(&".vscode".to_owned()),
        "{absent:?}"
    );
    assert!(absent.contains(&".git/modules/lib/hooks".to_owned()), "{absent:?}");
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
fn a_worktree_s_link_to_its_repository_cannot_be_bent() {
    let (_folder, policy) = tree(&[".git"]);
    assert_eq!(names(&policy, &survey(&policy).protected), [".git"]);
}

#[test]
fn a_placeholder_that_is_still_there_counts_as_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, policy) = tree(&["src/main.rs"]);
    let before = survey(&policy);
    let ghost = policy.root.join(".vscode");
    std::fs::create_dir(&ghost).unwrap();
    std::fs::set_permissions(&ghost, std::fs::Permissions::from_mode(GHOST)).unwrap();
    assert_eq!(survey(&policy), before);
    std::fs::set_permissions(&ghost, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(survey(&policy).protected, [ghost]);
}
