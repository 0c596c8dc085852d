//! `permissions`: what is listed, what an explanation says where there is nothing to explain, and taking grants back.

use copydesk_tests::workspace::Workspace;

use crate::COPYDESK;

#[test]
fn words_that_are_no_effect_are_told_what_they_lack() {
    let workspace = Workspace::new(COPYDESK);
    for (words, expected) in [
        (
            "Destroy(x)",
            "error: 'Destroy(x)' is a word of rules, about every command that takes something away; ask about one such \
             command: 'Bash(rm -r build)'\n",
        ),
        ("Bash", "error: 'Bash' does not say what it is about; write it like 'Bash(cargo test)'\n"),
        ("Edit( )", "error: 'Edit( )' does not say what it is about; write it like 'Edit(src/lib.rs)'\n"),
        (
            "Mcp(files)",
            "error: 'Mcp(files)' does not say what it is about; write it like 'Mcp(files, read_file)'\n",
        ),
        (
            "Fly(x)",
            "error: 'Fly(x)' is no effect; write Bash(…), Read(…), Edit(…), Network(…), Mcp(server, tool) or a run's id\n",
        ),
    ] {
        let ran = workspace.run(&["permissions", "explain", words]).exits(2);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", expected), "{words}");
    }
}

#[test]
fn an_explanation_names_the_rule_and_where_it_stands() {
    let workspace = Workspace::new(COPYDESK)
        .with_user_config(
            "permissions:\n  deny: [\"Bash(rm:*)\"]\n  allow: [\"Bash(make:*)\", 'Bash(rev:*)']\n",
        )
        .with([("k.txt", "db_password: Hx72kd-83jdPqo\n"), ("plain.txt", "one\n")]);
    for (words, verdict) in [
        ("Bash(make test)", "allow"),
        ("Bash(rev plain.txt)", "allow"),
        ("Bash(rev k.txt)", "ask run rev k.txt: k.txt holds what looks like a secret"),
        ("Bash(rm -r build)", "deny"),
        ("Bash(cargo test)", "ask"),
        ("Read(.env)", "deny"),
        ("Edit(src/lib.rs)", "ask"),
        ("Write(src/lib.rs)", "ask"),
        ("Edit(AGENTS.md)", "ask"),
        ("Read(/etc/hosts)", "ask"),
        ("Network(https://example.org)", "ask"),
        ("Mcp(files, read_file)", "ask"),
    ] {
        let ran = workspace.run(&["permissions", "explain", words]).exits(0);
        assert!(ran.stdout.starts_with(verdict), "{words}: {ran}");
    }
    let ran = workspace.run(&["permissions", "explain", "Bash(make test)"]).exits(0);
    assert!(ran.stdout.contains("config.yaml:3"), "{ran}");
}

#[test]
fn what_the_program_starts_for_itself_has_its_lines() {
    let config = "providers:\n  mine:\n    kind: openai-chat\n    base_url: http://127.0.0.1:9\n    key: {command: 'printf k-0123456789'}\n";
    let workspace = Workspace::new(COPYDESK).with_user_config(config);
    let nothing = workspace.run(&["permissions", "explain", "own"]).exits(0);
    assert_eq!(nothing.stderr, "Copydesk has started nothing for itself.\n");
    assert!(!workspace.state().join("own.jsonl").exists(), "who looks leaves no trace");
    let _ = workspace.run(&["doctor"]);
    let _ = workspace.run(&["doctor"]);
    let _ = workspace.run(&["models", "--provider", "mine"]);
    let told = workspace.run(&["permissions", "explain", "own"]).exits(0);
    for words in [
        "git --version: you asked 'copydesk doctor'",
        "allow run printf …: your config names it for the key of mine",
        "allow reach http://127.0.0.1:9/models: what mine lists was wanted",
        "launch-confined: Copydesk tries once in each process what the sandbox can do here",
    ] {
        assert!(told.stdout.contains(words), "{words}: {told}");
    }
    let tried: Vec<&str> = told.stdout.lines().skip_while(|line| !line.contains("launch-confined")).collect();
    assert_eq!(
        told.stdout.matches("launch-confined").count(),
        1,
        "one line for what each process does: {told}"
    );
    assert!(tried[1].ends_with(", 2 times in all"), "{told}");
    let told = workspace.run(&["permissions", "explain", "own", "--json"]).json();
    assert!(told["decisions"].as_array().is_some_and(|all| all.iter().all(|one| one["verdict"] == "allow")));
}

#[test]
fn what_is_not_remembered_cannot_be_forgotten_and_is_told_where_it_stands() {
    let workspace = Workspace::new(COPYDESK).with_user_config("permissions:\n  allow: [\"Bash(make:*)\"]\n");
    let listed = workspace.run(&["permissions", "list"]).exits(0);
    assert!(
        listed.stdout.starts_with("mode default") && listed.stdout.contains("allow Bash(make:*)"),
        "{listed}"
    );
    for (words, expected) in [
        ("nonsense", "'nonsense' is not remembered: no rule is, in this workspace; nothing was changed"),
        ("7", "'7' is not remembered: no rule is, in this workspace; nothing was changed"),
        ("Bash(make:*)", "config.yaml:2; take it out there; nothing was changed"),
    ] {
        let ran = workspace.run(&["permissions", "revoke", words]).exits(1);
        assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains(expected), "{words}: {ran}");
        assert_eq!(ran.stdout, "", "{words}");
    }
}
