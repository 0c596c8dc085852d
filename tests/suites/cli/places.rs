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
