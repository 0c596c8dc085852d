//! A config that leads to no model: what is wrong with it is told with its file and line, wherever it is met.

use copydesk_tests::workspace::Workspace;

use crate::COPYDESK;

#[test]
fn a_setting_that_leads_to_no_model_is_told_with_its_line() {
    let p = "providers: {p: {kind: openai-chat, base_url: 'http://127.0.0.1:9/v1', api_key_env: BLANK}}\n";
    let rows = [
        ("default_model: zz/m\n".to_owned(), "config.yaml:1: no provider serves 'zz/m'; known are "),
        (format!("{p}default_model: p/\n"), "config.yaml:2: 'p/' names no model, and provider 'p' has no "),
        (
            "default_model: big\nmodel_mappings:\n  small: p\n  big: nowhere\n".to_owned(),
            "config.yaml:4: model_mappings sends 'big' to 'nowhere'",
        ),
        (
            "default_model: p/m\nproviders:\n".to_owned(),
            "no provider serves 'p/m': CONFIG:2: 'providers' does not count: it has no value",
        ),
        (
            "default_model: a/b/m\nproviders:\n  a/b: {kind: ollama}\n".to_owned(),
            "no provider serves 'a/b/m': CONFIG:3: provider 'a/b' does not count: its name ",
        ),
        (
            "default_model: \" d /m\"\nproviders:\n  \" d \": {kind: ollama}\n".to_owned(),
            "no provider serves 'd /m': CONFIG:3: provider ' d ' does not count: its name ",
        ),
        (
            "default_model: \"a:b:m\"\nproviders:\n  \"a:b\": {kind: ollama}\n".to_owned(),
            "no provider serves 'a:b:m': CONFIG:3: provider 'a:b' does not count: its name ",
        ),
        (
            "default_model: lmstudio/m\nproviders:\n  lmstudio: {kind: openai-chat}\n".to_owned(),
            "no provider serves 'lmstudio/m': CONFIG:3: provider 'lmstudio' does not count: without 'base_url' ",
        ),
        (
            "default_model: ollama/m\nproviders:\n  ollama: {kind: openai}\n".to_owned(),
            "no provider serves 'ollama/m': CONFIG:3: 'providers.ollama.kind' does not count: ",
        ),
        (
            "default_model: az/m\nproviders:\n  az:\n    kind: azure-openai\n    base_url: https://a.example\n    \
             api_version: latest&x=1\n"
                .to_owned(),
            "no provider serves 'az/m': CONFIG:6: provider 'az' does not count: its api_version is no version of ",
        ),
        (
            "default_model: az/m\nproviders:\n  az:\n    kind: azure-openai\n    base_url: https://a.example\n    \
             api_version: 2024-13-45\n"
                .to_owned(),
            "no provider serves 'az/m': CONFIG:6: provider 'az' does not count: its api_version is no version of ",
        ),
        (
            "default_model: p/m\nproviders:\n  p: {kind: ollama, key: {cache: 1h}}\n".to_owned(),
            "no provider serves 'p/m': CONFIG:3: provider 'p' does not count: its key has no command that prints it",
        ),
    ];
    for (config, told) in rows {
        let workspace = Workspace::new(COPYDESK).with_user_config(&config);
        let told = told.replace("CONFIG", &workspace.user_config().display().to_string());
        for words in [&["ask", "hello?"][..], &["models"], &["models", "explain"], &["doctor"]] {
            let ran = workspace.run(words);
            let all = format!("{}{}", ran.stdout, ran.stderr);
            assert!(all.contains(&told), "{words:?} does not tell {told}: {ran}");
        }
    }
    for (config, line) in [
        ("default_model: offline/m\nfallback: [zz/m]\n", 2),
        ("default_model: offline/m\nproviders:\n  offline:\n    kind: offline\n    fallback: zz/m\n", 5),
    ] {
        let workspace = Workspace::new(COPYDESK).with_user_config(config);
        let told = format!("{}:{line}: no provider serves 'zz/m'", workspace.user_config().display());
        for words in [&["ask", "hello?"][..], &["models", "explain"]] {
            let ran = workspace.run(words);
            let all = format!("{}{}", ran.stdout, ran.stderr);
            assert!(all.contains(&told), "{words:?} does not tell {told}: {ran}");
        }
    }
    for config in ["default_model = \"p/m\"\n", "[providers.p]\nkind = \"ollama\"\n"] {
        let ran = Workspace::new(COPYDESK).with_user_config(config).run(&["ask", "hello?"]).exits(1);
        assert!(ran.stderr.contains("this is TOML, and settings are YAML"), "{ran}");
    }
    let workspace = Workspace::new(COPYDESK)
        .with_user_config(&format!("{p}default_model: p/m\n"))
        .with_variable("BLANK", " ");
    for words in [&["ask", "hello?"][..], &["models", "explain"], &["doctor"]] {
        let ran = workspace.run(words);
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(all.contains("BLANK is set, but empty"), "{words:?}: {ran}");
    }
}

#[test]
fn a_file_beside_the_settings_is_named_and_so_is_the_one_that_is_read() {
    let workspace = Workspace::new(COPYDESK).with_user_config("default_model: offline/m\n");
    let beside = workspace.user_config().with_extension("toml");
    std::fs::write(&beside, "default_model = \"a/m\"\n").expect("the bench's own file");
    let told = format!("{}: this file is not read; config.yaml beside it is read instead", beside.display());
    for words in [&["ask", "hello?"][..], &["config", "show"], &["doctor"]] {
        let ran = workspace.run(words);
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(all.contains(&told), "{words:?} does not tell {told}: {ran}");
    }
}

#[test]
fn a_fallback_and_a_script_that_lead_nowhere_are_told_where_they_stand() {
    let config = "default_model: offline/m\nfallback: [zz/m, far/m]\nproviders:\n  far: {kind: openai-chat, base_url: \
                  'http://127.0.0.1:9/v1', api_key_env: FAR_KEY, fallback: nobody/m}\n  play: {kind: offline, scenario: \
                  gone.yaml}\n  dot: {kind: offline, scenario: .}\n  self: {kind: offline, scenario: config.yaml}\n";
    let workspace = Workspace::new(COPYDESK).with_user_config(config);
    let at = |line: usize| format!("{}:{line}: ", workspace.user_config().display());
    let gone = workspace.user_config().with_file_name("gone.yaml").display().to_string();
    let ran = workspace.run(&["doctor"]);
    for (name, told) in [
        ("fallback zz/m", format!("{}no provider serves 'zz/m'", at(2))),
        ("fallback far/m", format!("{}no key for provider 'far': ", at(2))),
        ("fallback nobody/m", format!("{}no provider serves 'nobody/m'", at(4))),
        ("scenario of play", format!("{}{gone}: ", at(5))),
    ] {
        let is_told = ran.stdout.lines().any(|line| line.contains(&format!("{name}: {told}")));
        assert!(is_told, "{name}: {told}: {ran}");
    }
    let file = workspace.user_config().display().to_string();
    let ran = workspace.run(&["check", &file]).exits(1);
    let folder = workspace.user_config().with_file_name(".").display().to_string();
    for told in [
        format!("{file}:5:35: error[unknown-name]: there is no file {gone}, so"),
        format!("{file}:6:34: error[unknown-name]: {folder} is a folder, so"),
        format!(
            "{file}:7:35: error[unknown-name]: this cannot be played: {file}: unknown key 'default_model'; "
        ),
    ] {
        assert!(ran.stdout.contains(&told), "{told}: {ran}");
    }
    let ran = workspace.run(&["models", "explain", "play"]);
    assert!(
        ran.stdout.contains(&format!("  the scenario of provider 'play' cannot be used: {gone}: ")),
        "{ran}"
    );
}
