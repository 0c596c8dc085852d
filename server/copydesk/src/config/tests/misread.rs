//! What nobody can read: never guessed, and where it could have forbidden something, no run starts.

use copydesk_base::config::Mode;

use super::{Bench, USER, WORKSPACE, check};

#[test]
fn what_could_forbid_and_cannot_be_read_stops_every_run() {
    for (what, path, text) in [
        ("broken YAML", WORKSPACE, "permissions:\n  deny: ['Read(x)'\n  mode: plan\n"),
        ("broken YAML of the user", USER, "a: [\n"),
        ("a key twice", USER, "permissions: {}\npermissions: {deny: [Bash]}\n"),
        ("a second document", WORKSPACE, "permissions: {mode: plan}\n---\npermissions: {deny: [Bash]}\n"),
        ("a document behind an empty one", USER, "---\n---\npermissions: {deny: [Bash]}\n"),
        ("a document behind an end", USER, "permissions: {}\n...\n# more\n---\n[deny]\n"),
        ("no mapping", USER, "- just\n- a list\n"),
        ("deny is no list", WORKSPACE, "permissions: {deny: Bash}\n"),
        ("deny holds no text", WORKSPACE, "permissions: {deny: [5]}\n"),
        ("a deny rule that is none", USER, "permissions: {deny: ['Read(']}\n"),
        ("an ask rule that is none", WORKSPACE, "permissions: {ask: ['Fly(x)']}\n"),
        ("a misspelt mode", USER, "permissions: {mode: lokced}\n"),
        ("permissions are no mapping", USER, "permissions: [deny]\n"),
        ("a budget that is no number", USER, "budgets: {day: {usd: much}}\n"),
        ("a budget of nothing", USER, "budgets: {run: {requests: 0}}\n"),
        ("a budget below nothing", WORKSPACE, "budgets: {session: {usd: -1}}\n"),
        ("a budget without end", USER, "budgets: {day: {usd: .inf}}\n"),
        ("a budget without end below nothing", USER, "budgets: {day: {usd: -.INF}}\n"),
        ("a budget that is not a number", USER, "budgets: {run: {minutes: .nan}}\n"),
        ("a budget too large to be a number", WORKSPACE, "budgets: {run: {minutes: 1e400}}\n"),
        ("a whole budget without end", USER, "budgets: {turn: {tokens: +.Inf}}\n"),
        ("a budget in quotes", USER, "budgets: {turn: {usd: \"5\"}}\n"),
        ("a budget left empty", USER, "budgets:\n  session:\n    usd:\n"),
        ("a budget of nothing at all", WORKSPACE, "budgets: {session: {requests: ~}}\n"),
        ("a misspelt budget", USER, "budgets: {sesion: {usd: 1}}\n"),
        ("budgets by another case", USER, "Budgets: {run: {usd: 1}}\n"),
        ("budgets by another case, without a value", USER, "Budgets:\n"),
        ("budgets without a letter", WORKSPACE, "budget: {run: {usd: 1}}\n"),
        ("budgets with letters swapped", USER, "bugdets: {run: {usd: 1}}\n"),
        ("budgets with a dotted tail", USER, "budgets.run.usd: 0.001\n"),
        ("a budget of another case", USER, "budgets: {Run: {usd: 1}}\n"),
        ("a limit with a blank", USER, "budgets: {run: {\"usd \": 1}}\n"),
        ("budgets without a value", USER, "budgets:\n"),
        ("budgets of nothing", WORKSPACE, "budgets: ~\n"),
        ("budgets as a list", USER, "budgets: []\n"),
        ("budgets as a text", USER, "budgets: x\n"),
        ("a section without a value", USER, "budgets:\n  session:\n"),
        ("a section beside its limits", USER, "budgets:\n  run:\n  requests: 1\n"),
        ("a section as a list", USER, "budgets: {run: [0.001]}\n"),
        ("a section as a list of none", WORKSPACE, "budgets: {run: []}\n"),
        ("a section as a number", USER, "budgets: {day: 5}\n"),
        ("a number of requests that is no whole one", USER, "budgets: {run: {requests: 1e0}}\n"),
        ("misspelt permissions", WORKSPACE, "permisions: {deny: [Bash]}\n"),
        ("a misspelt list of rules", USER, "permissions: {denny: [Bash]}\n"),
        ("permissions without a value", USER, "permissions:\n"),
        ("rules without a value", USER, "permissions:\n  deny:\n"),
        ("a wall that is no yes or no", WORKSPACE, "sandbox: {required: treu}\n"),
        ("a misspelt wall", USER, "sandbox: {requird: true}\n"),
        ("a misspelt sandbox", USER, "sandbx: {required: true}\n"),
        ("misspelt hooks", USER, "hook: {PreToolUse: [{command: x}]}\n"),
        ("hooks by another case", USER, "Hooks: {PreToolUse: [{command: x}]}\n"),
        ("hooks as a list", USER, "hooks: [{command: x}]\n"),
        ("hooks without a value", USER, "hooks:\n"),
        ("a point that there is not", USER, "hooks: {PreTooluse: [{command: x}]}\n"),
        ("a point without a value", USER, "hooks:\n  PreToolUse:\n"),
        ("a hook that is no list", USER, "hooks: {PreToolUse: {command: x}}\n"),
        ("a hook that is a text", USER, "hooks: {PreToolUse: [x]}\n"),
        ("a hook without a command", USER, "hooks: {PreToolUse: [{matcher: edit}]}\n"),
        ("a hook with an empty command", USER, "hooks: {PreToolUse: [{command: ' '}]}\n"),
        (
            "a hook for tools that nobody can tell",
            USER,
            "hooks: {PreToolUse: [{matcher: 'edit(', command: x}]}\n",
        ),
        ("a hook with a misspelt key", USER, "hooks: {PreToolUse: [{matchr: edit, command: x}]}\n"),
        ("a hook with a list of tools", USER, "hooks: {PreToolUse: [{matcher: [edit], command: x}]}\n"),
        ("a hook with a time that is none", USER, "hooks: {PreToolUse: [{command: x, timeout: soon}]}\n"),
        ("a hook that waits for no time", USER, "hooks: {Notification: [{command: a, after: 0s}]}\n"),
        ("a hook without time", USER, "hooks: {PreToolUse: [{command: a, timeout: 0}]}\n"),
        ("a hook with a key that nobody knows", USER, "hooks: {Stop: [{comand: a}]}\n"),
        ("hooks as a text", USER, "hooks: make\n"),
        ("an alias within its own anchor", USER, "providers: &a\n  p: *a\n"),
        ("one of a workspace", WORKSPACE, "hooks: &a\n  Stop: [*a]\n"),
        ("one that is merged into itself", WORKSPACE, "providers: &a\n  <<: *a\n"),
        ("two within each other", USER, "agents: &a\n  x: &b {y: *a, z: *b}\n"),
        ("two rules in one", USER, "permissions: {deny: [Read(private/**) Bash(rm:*)]}\n"),
    ] {
        let loaded = Bench::new(&[(path, text)]).load();
        let refusal = loaded.refusal.unwrap_or_else(|| panic!("{what}: {:?}", loaded.problems));
        assert!(refusal.contains("config.yaml"), "{what}: {refusal}");
    }
    // What an editor sends of settings that nobody made.
    let mut bench = Bench::new(&[]);
    bench.editor = Some(serde_json::json!({"budgets": {"run": {"usd": null}, "day": null}}));
    assert_eq!(bench.load().refusal, None);
    for (what, path, text) in [
        ("an allow rule that is none", USER, "permissions: {allow: ['Fly(x)']}\n"),
        ("an unknown key", WORKSPACE, "permits: {deny: [Bash]}\n"),
        ("a strange hook of a workspace", WORKSPACE, "hooks: {PreTooluse: [{command: ''}]}\n"),
        ("hooks that do not count", WORKSPACE, "hooks: {PreToolUse: [{command: a, timeout: 0}]}\n"),
        ("a wrong provider", USER, "providers: {a: {kind: telepathy}}\n"),
        ("a provider without a value", USER, "providers: {a: }\n"),
        ("providers of which none is left", USER, "providers:\n  # a: {kind: ollama}\n"),
        ("a provider that nobody can name", USER, "providers: {a/b: {kind: ollama}}\n"),
        ("an address that is none", USER, "providers: {a: {kind: ollama, base_url: here}}\n"),
        ("a provider without kind", USER, "providers: {a: {base_url: 'http://x'}}\n"),
        ("keys without values", USER, "permissions:\n  allow:\nsandbox:\n  enabled:\ndefault_model: ~\n"),
        ("no limits at all", USER, "budgets: {}\n"),
        ("an empty file", USER, ""),
        ("only comments", USER, "# nothing\n"),
        ("marks around one document", USER, "---\npermissions: {allow: [Bash]}\n...\n"),
        ("an empty second document", USER, "---\npermissions: {allow: [Bash]}\n---\n# nothing\n"),
    ] {
        let loaded = Bench::new(&[(path, text)]).load();
        assert_eq!(loaded.refusal, None, "{what}");
        assert_eq!(loaded.mode, Mode::Default, "{what}");
        assert!(loaded.config.providers.is_empty(), "{what}");
    }
}

/// What no agent runs with is marked where it is written, too: both read the shape of the config.
#[test]
fn a_setting_that_has_to_have_a_value_is_told_without_one() {
    let below = |path: &str| {
        let keys: Vec<&str> = path.split('.').collect();
        let lines = keys.iter().enumerate().map(|(depth, key)| format!("{}{key}:\n", "  ".repeat(depth)));
        lines.collect::<String>()
    };
    for (path, is_told, stops) in [
        ("permissions.mode", true, true),
        ("permissions.deny", true, true),
        ("permissions.allow", true, false),
        ("budgets.day.usd", true, true),
        ("models.cache.ttl", true, true),
        ("models.cache", true, false),
        ("providers", true, false),
        ("providers.p", true, false),
        ("providers.p.kind", true, false),
        ("providers.p.base_url", true, true),
        ("providers.p.api_key_env", true, true),
        ("providers.p.key", true, false),
        ("providers.p.key.cache", true, true),
        ("providers.p.concurrency", true, true),
        ("providers.p.timeouts", true, false),
        ("providers.p.timeouts.idle", true, true),
        ("providers.p.models.m.output_limit", true, true),
        ("providers.p.models.m.price.input", true, false),
        ("providers.p.default_model", false, false),
        ("default_model", false, false),
        ("fallback", false, false),
    ] {
        let text = below(path);
        let loaded = Bench::new(&[(USER, &text)]).load();
        let line = path.split('.').count();
        let told = format!("config.yaml:{line}: '{path}' does not count: it has no value");
        let is_told_here = loaded.problems.iter().any(|problem| problem.to_string().ends_with(&told));
        assert_eq!(
            (is_told_here, loaded.refusal.is_some()),
            (is_told, stops),
            "{path}: {:?}",
            loaded.problems
        );
        let keys: Vec<&str> = path.split('.').collect();
        assert_eq!(copydesk_language::needs_value(&keys), is_told, "{path}");
    }
}

#[test]
fn what_was_meant_is_not_guessed() {
    for (text, key, checks, is_misread) in [
        ("retention: {age: 90d, megabytes: 5}\n", "retention", 0, false),
        ("retention: {age: 90}\n", "retention", 0, true),
        ("retention: {age: -1d}\n", "retention", 0, true),
        ("retention: {age: forever}\n", "retention", 0, true),
        ("retention: {megabytes: 0}\n", "retention", 0, true),
        ("retention: {days: 3}\n", "retention", 0, true),
        ("retention: 5\n", "retention", 0, true),
        ("checks: [{name: x, command: a}]\n", "checks", 1, false),
        ("checks: [{name: x, comand: a}, {name: y, command: b}]\n", "checks", 1, true),
        ("checks: [{command: a, files: '*.py'}, {command: b}]\n", "checks", 1, true),
        ("checks: {a: b}\n", "checks", 0, true),
    ] {
        let loaded = Bench::new(&[(USER, text)]).load();
        assert_eq!((loaded.refusal.as_deref(), loaded.config.checks.len()), (None, checks), "{text}");
        assert_eq!(loaded.misread(key).is_some(), is_misread, "{text}: {:?}", loaded.problems);
        assert_eq!(loaded.problems.is_empty(), !is_misread, "{text}: {:?}", loaded.problems);
    }
}

#[test]
fn files_that_are_no_text_stop_every_run_too() {
    let bench = Bench::new(&[]);
    let path = bench.base().join(WORKSPACE);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, b"a: \xff\n").unwrap();
    assert!(bench.load().refusal.unwrap().contains("byte 3 is not UTF-8"));
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(bench.load().refusal.unwrap().contains("it is no file"));
    std::fs::remove_dir(&path).unwrap();
    std::fs::write(&path, " ".repeat(2_000_000)).unwrap();
    assert!(bench.load().refusal.unwrap().contains("2000000 bytes"));

    let mut bench = Bench::new(&[]);
    bench.named = Some("nowhere.yaml".into());
    assert!(bench.load().refusal.unwrap().contains("it is not there"));
}

#[test]
fn only_the_piece_that_does_not_fit_is_left_out() {
    let bench = Bench::new(&[(
        USER,
        "default_model: [x]\nfallback: 7\nproviders:\n  good: {kind: ollama, fallback: a/b}\n  bad: {kind: ollama, timeouts: {idle: soon}}\n  \
         odd: {kind: ollama, concurrency: 0, models: {m: {output_limit: 9, price: {input: -1, output: 2}}}}\n",
    )]);
    check(
        &bench,
        &[
            "permissions.mode: default # default",
            &format!("providers.bad.kind: ollama # {USER}:5"),
            &format!("providers.good.fallback: a/b # {USER}:4"),
            &format!("providers.good.kind: ollama # {USER}:4"),
            &format!("providers.odd.kind: ollama # {USER}:6"),
            &format!("providers.odd.models.m.output_limit: 9 # {USER}:6"),
            &format!(
                "type-mismatch! {USER}:1: 'default_model' does not count: a text is needed, and this is a list"
            ),
            &format!("type-mismatch {USER}:2: 'fallback' does not count: a text or a list of texts"),
            &format!(
                "type-mismatch! {USER}:5: 'providers.bad.timeouts.idle' does not count: expected seconds, or a text such \
                 as '90s' or '5m'"
            ),
            &format!(
                "type-mismatch! {USER}:6: 'providers.odd.concurrency' does not count: it must be more than 0"
            ),
            &format!(
                "type-mismatch {USER}:6: 'providers.odd.models.m.price.input' does not count: it must be at least 0"
            ),
        ],
    );
}

#[test]
fn a_file_beside_the_settings_is_told_with_the_one_that_is_read() {
    let folder = "home/.config/copydesk";
    let mode = "permissions.mode: default # default".to_owned();
    for (files, told) in [
        (&["config.yaml"][..], vec![]),
        (
            &["config.yaml", "config.yml"],
            vec!["config.yml: this file is not read; config.yaml beside it is read instead"],
        ),
        (
            &["config.toml", "config.json"],
            vec![
                "config.toml: this file is not read; settings are YAML and stand in config.yaml beside it, which is not there yet",
                "config.json: this file is not read; settings are YAML and stand in config.yaml beside it, which is not there yet",
            ],
        ),
    ] {
        let bench = Bench::new(&[]);
        for file in files {
            bench.write(&format!("{folder}/{file}"), "{}\n");
        }
        let told = told.into_iter().map(|line| format!("unknown-setting {folder}/{line}"));
        let expect: Vec<String> = std::iter::once(mode.clone()).chain(told).collect();
        check(&bench, &expect.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let both = Bench::new(&[(WORKSPACE, "{}\n"), ("work/.copydesk/config.yml", "{}\n")]);
    let told = "unknown-setting work/.copydesk/config.yml: this file is not read; config.yaml beside it is read instead";
    check(&both, &[&mode, told]);
    let other = Bench::new(&[("work/.copydesk/config.yml", "{}\n"), ("work/.copydesk/config.bak", "x")]);
    check(&other, &[&mode]);
}

#[test]
fn a_list_is_not_read_by_its_order() {
    for (text, key) in [
        ("completion: [true]\n", "completion"),
        ("permissions: {mode: plan}\nretention: [90d, 5]\n", "retention"),
        ("providers: {a: [ollama]}\n", "providers.a"),
        ("providers: {a: {kind: ollama, timeouts: [1, 2, 3, 4]}}\n", "providers.a.timeouts"),
    ] {
        let loaded = Bench::new(&[(USER, text)]).load();
        let told: Vec<_> = loaded.problems.iter().map(|problem| problem.message.as_str()).collect();
        let expect = format!("'{key}' does not count: keys with values are needed, and this is a list");
        assert_eq!(told, [expect], "{text}");
    }
    let own = "engines: {allowlist: {codex: {args: [[a], {b: [c]}]}}}\nformat: ['*.yaml']\n";
    assert_eq!(Bench::new(&[(USER, own)]).load().problems, []);
}
