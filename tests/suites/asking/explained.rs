//! Every effect has its line in the journal, whoever wanted it, and `copydesk permissions explain` tells each.

use std::collections::BTreeSet;

use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::scene::{FILE, KEY, TEXT, config, done, triple, tripled};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::COPYDESK;

/// `kind what: verdict, by`, a line for each decision.
fn decided(workspace: &Workspace, run: &str) -> BTreeSet<String> {
    let explained = workspace.run(&["permissions", "explain", run, "--json"]).exits(0).json();
    let line = |decision: &Value| {
        let effect = &decision["effect"];
        let word = |key: &str| effect[key].as_str().unwrap_or_default().to_owned();
        let what = match word("path") {
            path if path.is_empty() => word("command") + &word("model"),
            path => path.rsplit('/').next().unwrap_or_default().to_owned(),
        };
        let by = format!("{}, {}", decision["verdict"], decision["by"]).replace('"', "");
        assert!(!decision["because"]["reason"].as_str().unwrap_or_default().is_empty(), "{decision}");
        format!("{} {what}: {by}", word("kind"))
    };
    explained["decisions"].as_array().into_iter().flatten().map(line).collect()
}

#[test]
fn each_effect_of_a_run_is_explained_whoever_wanted_it() {
    let miss = json!({"path": "b.txt", "old": "nowhere", "new": "x"});
    let same = json!({"path": "b.txt", "content": "one\n"});
    let script = vec![
        Reply::tool("read", &json!({"path": "b.txt"})).call("edit", &miss).call("write", &same),
        triple(),
        Reply::tool("bash", &json!({"command": "echo beside", "background": true})),
        Reply::tool("bash", &json!({"command": "rm b.txt"})),
        done(),
    ];
    let model = ModelServer::start(Format::Anthropic, script);
    let more = "hooks: {PostToolUse: [{matcher: read, command: 'echo noted'}], Stop: [{command: 'true'}]}\n\
                checks: [{command: 'test -f calc.py'}]\n";
    let rules = "{allow: ['Bash(echo *)', 'Bash(test *)'], deny: ['Bash(rm:*)']}";
    let workspace = Workspace::new(COPYDESK)
        .with([(FILE, TEXT), ("b.txt", "one\n"), ("c.txt", "three\n")])
        .with_user_config(&format!("{}{more}", config(&model, rules)))
        .with_variable("BENCH_KEY", KEY);
    let command =
        "---\ndescription: Told\narguments: [what]\n---\n{{what}}, see {file:c.txt} and:\n!`echo said`\n";
    workspace.write("../config/copydesk/prompts/told.md", command);
    let ran = workspace.run(&["ask", "--json", "--mode", "accept-edits", "--action", "told", "go"]);
    let run = ran.json()["run_id"].as_str().unwrap_or_default().to_owned();
    assert_eq!(workspace.read(FILE), tripled(), "{ran}");
    let expected = [
        "execute echo beside: allow, rule",
        "execute echo noted: allow, rule",
        "execute echo said: allow, rule",
        "execute rm b.txt: deny, rule",
        "execute test -f calc.py: allow, rule",
        "execute true: allow, hook",
        "model bench/bench-model: allow, settings",
        "read b.txt: allow, mode",
        "read c.txt: allow, mode",
        "write calc.py: allow, mode",
    ];
    assert_eq!(decided(&workspace, &run), expected.map(str::to_owned).into(), "{ran}");
    let told = workspace.run(&["permissions", "explain", &run]).exits(0).stdout;
    assert!(told.contains("allow run true: it is a hook in your settings\n"), "{told}");
    assert!(told.contains("allow ask bench/bench-model: "), "{told}");
    for (effect, expected) in [
        ("Bash(true)", "a hook at Stop runs it unasked: it is a hook in your settings"),
        ("Bash(test -f calc.py)", "the check test -f calc.py is judged like an agent's command"),
        ("Edit(~/x)", "writing outside the workspace asks"),
        ("run-none", "'copydesk sessions list' lists"),
        ("Model(bench/bench-model)", "'copydesk models explain'"),
        ("Hook(true)", "write it as one"),
        ("Worktree(x)", "what comes back from it is decided as edits"),
    ] {
        let explained = workspace.run(&["permissions", "explain", effect]);
        assert!(explained.to_string().contains(expected), "{effect}: {explained}");
    }
}
