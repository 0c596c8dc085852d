//! `doctor` and `tour`: what is missing, and the main job in a minute.

use copydesk_tests::workspace::Workspace;

use crate::COPYDESK;

#[test]
fn doctor_says_what_is_there_and_what_is_not() {
    let workspace = Workspace::new(COPYDESK).with_user_config(
        "default_model: mine/x\nproviders: {mine: {kind: anthropic, base_url: \"http://127.0.0.1:9\", api_key_env: MISSING_KEY}}\n",
    );
    let ran = workspace.run(&["doctor"]);
    assert!(matches!(ran.code, Some(0 | 1)), "{ran}");
    assert!(ran.stdout.contains("MISSING_KEY"), "the missing key by its name: {ran}");
    let state = ran.stdout.lines().find_map(|line| line.split_once("sandbox: ")).map(|(_, state)| state);
    let state = state.and_then(|state| state.split([';', ' ', ',']).next());
    let known = ["full", "partial", "unsupported"];
    assert!(state.is_some_and(|state| known.contains(&state)), "its state is always shown: {ran}");
    let report = workspace.run(&["doctor", "--json"]).json();
    assert_eq!(report["schema"], "copydesk.doctor/1", "{report}");
}

#[test]
fn the_tour_shows_the_main_job_offline_and_every_step_really_happened() {
    let workspace = Workspace::new(COPYDESK);
    let ran = workspace.run(&["tour"]).exits(0);
    for step in ["unknown-key", "offline", "Allow once", "undo"] {
        assert!(ran.stdout.to_lowercase().contains(&step.to_lowercase()), "{step}: {ran}");
    }
    let left = std::fs::read_dir(workspace.root()).map(Iterator::count).unwrap_or_default();
    assert_eq!(left, 0, "it happens in a folder of its own");
}

#[test]
fn the_tour_needs_nothing_of_the_machine() {
    let workspace =
        Workspace::new(COPYDESK).with_variable("HOME", "/nonexistent").with_variable("PATH", "/nonexistent");
    let _ = workspace.run(&["tour"]).exits(0);
}

#[test]
fn a_state_folder_that_cannot_be_written_stops_before_any_effect() {
    let model = copydesk_tests::model_server::ModelServer::start(
        copydesk_tests::model_server::Format::Anthropic,
        vec![copydesk_tests::scene::triple(), copydesk_tests::scene::done()],
    );
    let workspace = Workspace::new(COPYDESK)
        .with([(copydesk_tests::scene::FILE, copydesk_tests::scene::TEXT), ("a-file", "")])
        .with_user_config(&copydesk_tests::scene::config(&model, "{}"))
        .with_variable("BENCH_KEY", copydesk_tests::scene::KEY);
    let blocked = workspace.path("a-file/below").display().to_string();
    let workspace = workspace.with_variable("COPYDESK_HOME", &blocked);
    let ran = workspace.run(&["ask", "--apply", "make it three times"]).exits(1);
    assert!(ran.stderr.contains("a-file"), "it says where: {ran}");
    assert_eq!(workspace.read(copydesk_tests::scene::FILE), copydesk_tests::scene::TEXT);
    assert_eq!(model.requests().len(), 0, "nothing starts");
}
