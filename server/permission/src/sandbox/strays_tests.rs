//! What is set aside behind a command, and what is left alone.

use copydesk_base::config::Mode;

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::sandbox::{Network, Placeholder, Vacancy};

fn walls(state: State, root: &Path, absent: &[&str]) -> Confinement {
    Confinement {
        state,
        network: Network::Closed,
        home: None,
        read: vec![],
        write: vec![root.to_owned()],
        pin: vec![],
        guard: vec![],
        hide: vec![],
        absent: absent
            .iter()
            .map(|name| Vacancy { place: root.join(name), stand: Placeholder::Folder })
            .collect(),
        overlay: None,
    }
}

/// Makes files before and during a command; answers what was set aside, and all that stands at the top then.
fn check(state: State, absent: &[&str], before: &[&str], during: &[&str]) -> (Vec<String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let make = |names: &[&str]| {
        for name in names {
            std::fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            std::fs::write(root.join(name), "x").unwrap();
        }
    };
    let policy = Policy {
        root: root.clone(),
        additional: vec![],
        home: None,
        state_home: "/state".into(),
        mode: Mode::Default,
        taint: copydesk_base::Grade::Typed,
        rules: vec![],
        started: [].into(),
    };
    make(before);
    let walls = walls(state, &root, absent);
    let tops = Tops::of(&policy, &walls);
    make(during);
    // What only looks like a placeholder is none.
    for name in during.iter().filter(|name| !name.contains('/')) {
        std::fs::set_permissions(root.join(name), std::fs::Permissions::from_mode(0o1444)).unwrap();
    }
    let shown = |place: &Path| place.strip_prefix(&root).unwrap().display().to_string();
    let strays = tops.set_aside(&walls);
    assert_eq!(tops.set_aside(&walls), Strays::default(), "once is enough");
    let mut left: Vec<String> =
        std::fs::read_dir(&root).unwrap().map(|entry| shown(&entry.unwrap().path())).collect();
    left.sort();
    (strays.0.iter().map(|stray| shown(&stray.name)).collect(), left)
}

#[test]
fn what_a_command_made_under_a_protected_name_is_set_aside() {
    for (during, aside, left) in [
        (&[".bashrc"][..], &[".bashrc"][..], &[".bashrc.set-aside"][..]),
        (&[".BashRC", "a"], &[".BashRC"], &[".BashRC.set-aside", "a"]),
        (&[".VSCODE/tasks.json"], &[".VSCODE"], &[".VSCODE.set-aside"]),
        (&["x.code-workspace"], &["x.code-workspace"], &["x.code-workspace.set-aside"]),
        (
            &[".mcp.json", ".mcp.json.set-aside"],
            &[".mcp.json"],
            &[".mcp.json.set-aside", ".mcp.json.set-aside-2"],
        ),
        (
            &[".keystone/config.yaml", ".keystone/workflows/a.yaml"],
            &[".keystone/config.yaml"],
            &[".keystone"],
        ),
        (
            &["HEAD", "objects/x", "refs/x", "config"],
            &["HEAD"],
            &["HEAD.set-aside", "config", "objects", "refs"],
        ),
        (&["HEAD", "objects/x", "build.rs", "sub/.bashrc"], &[], &["HEAD", "build.rs", "objects", "sub"]),
    ] {
        let (set, stands) = check(State::Full, &[], &[], during);
        assert_eq!(
            (set, stands),
            (aside.iter().map(ToString::to_string).collect(), left.iter().map(ToString::to_string).collect()),
            "{during:?}"
        );
    }
}

#[test]
fn what_stood_there_and_what_was_held_stays() {
    assert_eq!(check(State::Full, &[], &[".bashrc"], &[".bashrc"]).0, Vec::<String>::new());
    assert_eq!(check(State::Full, &[".vscode"], &[], &[".vscode/x"]).0, Vec::<String>::new());
    assert_eq!(
        check(State::Partial, &[".vscode", ".git/hooks"], &[".git/HEAD"], &[".vscode/x", ".git/hooks/x"]).0,
        [".vscode", ".git/hooks"]
    );
    let taken = check(State::Partial, &[".git"], &[".git/HEAD"], &[".git/index"]).0;
    assert_eq!(taken, Vec::<String>::new(), "what stood in a vacancy is the person's");
    assert_eq!(check(State::Off, &[], &[], &[".bashrc"]).0, Vec::<String>::new());
}
