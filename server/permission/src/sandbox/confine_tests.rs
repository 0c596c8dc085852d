//! Which walls follow from which policy.

use super::*;
use crate::sandbox::Report;

fn policy(mode: Mode) -> Policy {
    Policy {
        root: "/home/me/code".into(),
        additional: vec!["/data/more".into()],
        home: Some("/home/me".into()),
        state_home: "/home/me/.local/state/copydesk".into(),
        mode,
        taint: copydesk_base::Grade::Typed,
        rules: vec![],
    }
}

fn sandbox() -> Sandbox {
    Sandbox {
        readable: vec!["/home/me/.cargo".into(), "/home".into(), "/home/me".into(), "/home/me/.ssh".into()],
        caches: vec!["/home/me/.cargo/registry".into()],
        secret: vec!["/home/me/.cargo/credentials.toml".into(), "/elsewhere/credentials".into()],
        ..Sandbox::default()
    }
}

fn around(mode: Mode, state: State, network: Network) -> Result<Confinement, String> {
    let survey = Survey {
        secret: vec!["/home/me/code/.env".into()],
        protected: vec!["/home/me/code/.git/hooks".into()],
        pinned: vec!["/home/me/code/.git".into()],
        absent: vec!["/home/me/code/.vscode".into()],
    };
    let effect = Effect::Execute { command: "make".into(), cwd: "/home/me/code".into() };
    confine(&effect, &policy(mode), &Circumstances { sandbox: &sandbox(), state, survey: &survey, network })
}

fn has(places: &[PathBuf], place: &str) -> bool {
    places.contains(&PathBuf::from(place))
}

#[test]
fn a_command_writes_in_the_workspace_and_reads_no_home() {
    let walls = around(Mode::Default, State::Full, Network::Closed).unwrap();
    assert_eq!(walls.write, [PathBuf::from("/home/me/code"), "/data/more".into()]);
    assert!(has(&walls.read, "/usr") && has(&walls.read, "/home/me/.cargo"));
    for place in ["/home", "/home/me", "/home/me/.ssh"] {
        assert!(!has(&walls.read, place), "{place} must not be shown");
    }
    assert_eq!(walls.guard, [PathBuf::from("/home/me/code/.git/hooks")]);
    assert!(has(&walls.hide, "/home/me/code/.env") && has(&walls.hide, "/etc/shadow"));
    assert!(has(&walls.hide, "/home/me/.cargo/credentials.toml"));
    assert!(!has(&walls.hide, "/elsewhere/credentials"), "what is not shown need not be hidden");
    assert_eq!(walls.network, Network::Closed);
}

#[test]
fn the_network_brings_the_stores_of_packages() {
    let walls = around(Mode::Default, State::Full, Network::Open).unwrap();
    assert!(has(&walls.write, "/home/me/.cargo/registry"));
}

#[test]
fn in_plan_nothing_is_written_or_nothing_runs() {
    for state in [State::Full, State::Partial] {
        let walls = around(Mode::Plan, state, Network::Open).unwrap();
        assert!(walls.is_read_only() && walls.absent.is_empty());
        assert!(has(&walls.read, "/home/me/code") && has(&walls.hide, "/home/me/code/.env"));
    }
    for state in [State::Unsupported, State::Off] {
        let refusal = around(Mode::Plan, state, Network::Closed).unwrap_err();
        assert!(refusal.contains("read-only or not at all"), "{refusal}");
    }
}

#[test]
fn required_takes_nothing_less_than_full() {
    let sandbox = Sandbox { required: true, ..sandbox() };
    let effect = Effect::Execute { command: "make".into(), cwd: "/home/me/code".into() };
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
