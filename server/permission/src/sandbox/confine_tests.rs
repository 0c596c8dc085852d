//! Which walls follow from which policy.

use super::*;
use crate::sandbox::{Placeholder, Report};

fn policy(mode: Mode) -> Policy {
    Policy {
        root: "/people/ada/code".into(),
        additional: vec!["/data/more".into()],
        home: Some("/people/ada".into()),
        state_home: "/people/ada/.local/state/copydesk".into(),
        mode,
        taint: copydesk_base::Grade::Typed,
        rules: vec![],
        started: [].into(),
    }
}

fn sandbox() -> Sandbox {
    Sandbox {
        readable: vec![
            "/people/ada/.cargo".into(),
            "/people".into(),
            "/people/ada".into(),
            "/people/ada/.ssh".into(),
        ],
        caches: vec!["/people/ada/.cargo/registry".into()],
        secret: vec!["/people/ada/.cargo/credentials.toml".into(), "/elsewhere/credentials".into()],
        ..Sandbox::default()
    }
}

fn around(mode: Mode, state: State, network: Network) -> Result<Confinement, String> {
    let survey = Survey {
        secret: vec!["/people/ada/code/.env".into()],
        protected: vec!["/people/ada/code/.git/hooks".into()],
        held: vec!["/people/ada/code/kept.rs".into()],
        pinned: vec!["/people/ada/code/.git".into()],
        absent: vec![Vacancy { place: "/people/ada/code/.vscode".into(), stand: Placeholder::Folder }],
    };
    let effect = Effect::Execute { command: "make".into(), cwd: "/people/ada/code".into() };
    confine(&effect, &policy(mode), &Circumstances { sandbox: &sandbox(), state, survey: &survey, network })
}

fn has(places: &[PathBuf], place: &str) -> bool {
    places.contains(&PathBuf::from(place))
}

#[test]
fn a_command_writes_in_the_workspace_and_reads_no_home() {
    let walls = around(Mode::Default, State::Full, Network::Closed).unwrap();
    assert_eq!(walls.write, [PathBuf::from("/people/ada/code"), "/data/more".into()]);
    assert!(has(&walls.read, "/usr") && has(&walls.read, "/people/ada/.cargo"));
    for place in ["/people", "/people/ada", "/people/ada/.ssh"] {
        assert!(!has(&walls.read, place), "{place} must not be shown");
    }
    assert_eq!(walls.guard, ["/people/ada/code/.git/hooks", "/people/ada/code/kept.rs"].map(PathBuf::from));
    assert!(has(&walls.hide, "/people/ada/code/.env") && has(&walls.hide, "/etc/shadow"));
    assert!(has(&walls.hide, "/people/ada/.cargo/credentials.toml"));
    assert!(!has(&walls.hide, "/elsewhere/credentials"), "what is not shown need not be hidden");
    assert_eq!(walls.network, Network::Closed);
}

#[test]
fn the_network_brings_the_stores_of_packages() {
    let walls = around(Mode::Default, State::Full, Network::Open).unwrap();
    assert!(has(&walls.write, "/people/ada/.cargo/registry"));
}

#[test]
fn in_plan_nothing_is_written_or_nothing_runs() {
    for state in [State::Full, State::Partial] {
        let walls = around(Mode::Plan, state, Network::Open).unwrap();
        assert!(walls.is_read_only() && walls.absent.is_empty());
        assert!(has(&walls.read, "/people/ada/code") && has(&walls.hide, "/people/ada/code/.env"));
    }
    for state in [State::Unsupported, State::Off] {
        let refusal = around(Mode::Plan, state, Network::Closed).unwrap_err();
        assert!(refusal.contains("read-only or not at all"), "{refusal}");
    }
}

#[test]
fn required_takes_nothing_less_than_full() {
    let sandbox = Sandbox { required: true, ..sandbox() };
    let effect = Effect::Execute { command: "make".into(), cwd: "/people/ada/code".into() };
    for (state, expected) in
        [(State::Full, true), (State::Partial, false), (State::Unsupported, false), (State::Off, false)]
    {
        let around =
            Circumstances { sandbox: &sandbox, state, survey: &Survey::default(), network: Network::Closed };
        assert_eq!(confine(&effect, &policy(Mode::Default), &around).is_ok(), expected, "{state:?}");
    }
    let off = Sandbox { off: true, launcher: Some("/nowhere".into()), ..Sandbox::default() };
    assert_eq!(off.report(), Report { state: State::Off, missing: "sandbox.enabled is false".into() });
    assert_eq!(Sandbox::default().report().state, State::Unsupported);
}

#[test]
fn the_whole_disk_is_no_workspace() {
    let policy = Policy { root: "/".into(), ..policy(Mode::Default) };
    let effect = Effect::Execute { command: "make".into(), cwd: "/".into() };
    let (sandbox, survey) = (sandbox(), Survey::default());
    let around =
        Circumstances { sandbox: &sandbox, state: State::Full, survey: &survey, network: Network::Closed };
    assert!(confine(&effect, &policy, &around).is_err());
}
