//! Files that agents read: agents, actions, prompts, skills, instructions, layers, servers, hooks.

use copydesk_language::{File, FileKind, parse};
use expect_test::expect;

use crate::support::{check_in, check_text, trusted};

#[test]
fn an_agent_is_found_by_its_files_name() {
    check_text(
        ".copydesk/agents/reviewer.md",
        "---\nname: ⟦\"critic\"⟧\ntools: [read, ⟦grpe⟧, read_file, issues__list, Bash]\n---\n",
        expect![[r#"
            warning misplaced-name the file is called 'reviewer', so 'critic' is not found by this name [fix: change to 'reviewer']
            warning unknown-name there is no tool 'grpe'; did you mean 'grep'? [fix: change to 'grep']
        "#]],
    );
}

#[test]
fn a_skill_has_its_folders_name_and_a_bounded_head() {
    check_text("skills/pdf/SKILL.md", "---\nname: pdf\ndescription: Fills forms.\n---\n", expect![[""]]);
    check_text(
        "skills/My_Skill/SKILL.md",
        "---\nname: ⟦other⟧\ndescription: Fills forms.\n---\n",
        expect![[r#"
        warning misplaced-name no skill can have the name of its folder 'My_Skill'; call both 'other'
    "#]],
    );
    check_text(
        "skills/pdf/SKILL.md",
        "---\nname: ⟦pdfs⟧\ndescription: x\n---\n",
        expect![[r#"
        warning misplaced-name the folder is called 'pdf', so 'pdfs' is not found by this name [fix: change to 'pdf']
    "#]],
    );
    check_text(
        "skills/pdf/SKILL.md",
        "---\nname: ⟦PDF Forms⟧\ndescription: ⟦\"\"⟧\n---\n",
        expect![[r#"
            error unknown-value the name of a skill has other signs than a-z, 0-9 and '-' [fix: change to 'pdf']
            error unknown-value the description is empty; say what the skill is for and when to use it
        "#]],
    );
    check_text(
        "skills/pdf/SKILL.md",
        "---\nname: ⟦claude-pdf⟧\ndescription: x\n---\n",
        expect![[r#"
            error unknown-value the name of a skill has the name 'claude' in it, which programs refuse [fix: change to 'pdf']
        "#]],
    );
    let long = format!("---\nname: ⟦{}⟧\ndescription: ⟦{}⟧\n---\n", "a".repeat(65), "b".repeat(1025));
    check_text(
        "skills/pdf/SKILL.md",
        &long,
        expect![[r#"
            error unknown-value the name of a skill has 65 letters; 64 are allowed [fix: change to 'pdf']
            error unknown-value the description has 1025 letters; 1024 are allowed
        "#]],
    );
}

#[test]
fn a_prompt_asks_for_the_arguments_it_declares() {
    check_text(
        ".copydesk/prompts/p.md",
        "---\narguments: [name, other]\nlanguages: [⟦Rust⟧, ⟦py⟧, go]\n---\nHello {{name}} and {{ ⟦nmae⟧ }}, ${{ inputs.x }}.\n",
        expect![[r#"
            error unknown-value editors call this language 'rust', so 'Rust' never fits [fix: change to 'rust']
            error unknown-value editors call this language 'python', so 'py' never fits [fix: change to 'python']
            warning unknown-name there is no argument 'nmae'; did you mean 'name'? [fix: change to 'name'] [fix: declare the argument 'nmae']
        "#]],
    );
    check_text(
        ".copydesk/prompts/p.md",
        "---\narguments:\n  - {name: topic, description: x}\nwhen: [⟦x⟧]\n---\nAbout $ARGUMENTS.\n"
            .replace("[⟦x⟧]", "⟦[x]⟧")
            .as_str(),
        expect![[r#"
            error type-mismatch 'when' takes a text; this is a list [fix: make it one text]
        "#]],
    );
}

#[test]
fn a_slip_in_a_head_that_others_add_to_is_hinted_at() {
    check_text(
        ".copydesk/prompts/p.md",
        "---\n⟦descripton⟧: x\n⟦modle⟧: a/b\nargument-hint: x\nversion: 1\n---\nHi.\n",
        expect![[r#"
            warning unknown-key 'descripton' is no key of a prompt that is read here; did you mean 'description'? [fix: change to 'description']
            warning unknown-key 'modle' is no key of a prompt that is read here; did you mean 'model'? [fix: change to 'model']
        "#]],
    );
    check_text(
        "skills/pdf/SKILL.md",
        "---\nname: pdf\n⟦descripton⟧: Fills forms.\n⟦licence⟧: MIT\n---\n",
        expect![[r#"
            warning unknown-key 'descripton' is no key of a skill that is read here; did you mean 'description'? [fix: change to 'description']
            warning unknown-key 'licence' is no key of a skill that is read here; did you mean 'license'? [fix: change to 'license']
        "#]],
    );
    check_in(
        ".copydesk/config.yaml",
        "hooks:\n  PreToolUse:\n    - {matcher: Bash|⟦Edti⟧|Fly, command: make}\n",
        &trusted(),
        expect![[r#"
            warning unknown-name there is no tool 'Edti'; did you mean 'edit'? [fix: change to 'edit']
        "#]],
    );
}

#[test]
fn an_argument_that_the_text_never_asks_for_is_hinted_at() {
    let text = "---\narguments: [name, other]\n---\nHello {{name}}.\n";
    let found = crate::support::all_findings(".copydesk/prompts/p.md", text, &trusted());
    let told: Vec<_> = found.iter().map(|finding| (finding.code, finding.span.of(text))).collect();
    assert_eq!(told, [(copydesk_base::Code::UnusedInput, "other")]);
    let whole = text.replace("{{name}}", "$ARGUMENTS");
    assert_eq!(crate::support::all_findings(".copydesk/prompts/p.md", &whole, &trusted()), []);
}

#[test]
fn instructions_are_checked_where_they_have_a_head() {
    check_text("AGENTS.md", "# Agents\n\n- build: make\n", expect![[""]]);
    check_text(
        "sub/CLAUDE.md",
        "---\nglobs: ['*.rs', ⟦5⟧]\nalwaysApply: ⟦\"yes\"⟧\nother: 1\n---\n",
        expect![[r#"
            error type-mismatch this item of 'globs' takes a text; this is a number [fix: put it in quotes]
            error type-mismatch 'alwaysApply' takes true or false; this is a text [fix: change to 'true']
        "#]],
    );
}

#[test]
fn a_stepper_layer_takes_the_words_that_its_program_takes() {
    for word in ["continue", "abort", "retry"] {
        let text = format!("---\ndescription: x\non-failure: ⟦{word}⟧\n---\n");
        let expected = match word {
            "continue" => expect![[r#"
                error unknown-value 'continue' is no value of 'on-failure'; it takes 'stop' or 'skip'; did you mean 'skip'? [fix: change to 'skip']
            "#]],
            "abort" => expect![[r#"
                error unknown-value 'abort' is no value of 'on-failure'; it takes 'stop' or 'skip'; did you mean 'stop'? [fix: change to 'stop']
            "#]],
            _ => expect![[r#"
                error unknown-value 'retry' is no value of 'on-failure'; it takes 'stop' or 'skip' [fix: change to 'stop'] [fix: change to 'skip']
            "#]],
        };
        check_text(".stepper/layer/review/index.md", &text, expected);
    }
    check_text(
        ".stepper/layer/review/index.md",
        "---\ndescription: x\non-failure: skip\n---\n",
        expect![[""]],
    );
}

#[test]
fn servers_are_programs_or_addresses() {
    check_text(
        ".mcp.json",
        r#"{
  "mcpServers": {
    "a": {"command": "npx", "args": ["-y", "x"], "env": {"TOKEN": "${TOKEN}"}},
    "b": {"type": "http", "url": "https://x", "headers": {"Authorization": "Bearer ${B}"}},
    ⟦"c"⟧: {},
    "d": {"command": "x", ⟦"url"⟧: "y"},
    "e": {"type": ⟦"stdio"⟧, "url": "y"},
    "o": {"type": ⟦"http"⟧, "command": "npx", "args": []},
    "f": {"command": "x", "env": {"GITHUB_TOKEN": ⟦"ghp_abcdefghijklmnopqrstuvwx0123456789"⟧, "API_KEY": ⟦"8d7f8s7df87sdf"⟧, "REGION": "eu-1"}},
    "g": {"command": "x", ⟦"comand"⟧: "y"},
    "h": {"command": ⟦["x"]⟧},
    "k": {⟦"cmd"⟧: "y"},
    "i": {"type": ⟦"pipe"⟧, "command": "x"},
    "j": {"command": "x", "args": ["--key", ⟦"sk-abcdefghijklmnopqrstuvwx"⟧]},
    "l": {"command": ⟦""⟧},
    "m": {"type": "http", "url": "⟦nope⟧"},
    "n": {"type": "http", "url": "${HOST}/x"}
  }
}
"#,
        expect![[r#"
            error missing-key the server 'c' needs 'command' or 'url' [fix: add 'url']
            error unknown-key 'url' cannot stand beside 'command'; keep one of the two [see: 'command' is here] [fix: take 'url' out] [fix: take 'command' out]
            error unknown-value a server with 'url' is of 'type: http', not of 'type: stdio' [fix: change to 'http']
            error unknown-value a server with 'command' is of 'type: stdio', not of 'type: http' [fix: change to 'stdio']
            warning plain-secret a secret stands here as it is; name an environment variable instead, then change it [fix: change to '${GITHUB_TOKEN}']
            warning plain-secret a secret stands here as it is; name an environment variable instead, then change it [fix: change to '${API_KEY}']
            warning unknown-setting 'comand' is no key of 'g'; take it out [fix: take it out]
            error type-mismatch 'command' takes a text; this is a list [fix: make it one text]
            warning unknown-setting 'cmd' is no key of 'k'; did you mean 'command'? [fix: change to 'command']
            error unknown-value 'pipe' is no value of 'type'; it takes 'stdio', 'http', 'streamable-http', 'sse', 'ws', 'local' or 'remote'
            warning plain-secret a secret stands here as it is; keep it out of files, then change it
            error unknown-value the command is empty, so this server never starts
            error format-mismatch this address cannot be used: it must start with http:// or https:// [fix: put https:// before it]
        "#]],
    );
    check_in(
        ".copydesk/config.yaml",
        "providers:\n  a: {kind: anthropic, ⟦api_key⟧: ⟦sk-abcdefghijklmnopqrstuvwx0⟧}\n  b: {kind: anthropic, api_key_env: KEY_OF_CLAUDE}\n",
        &trusted(),
        expect![[r#"
            error unknown-key 'api_key' is no key of 'a'; take it out [fix: take it out]
            warning plain-secret a secret stands here as it is; name an environment variable in 'api_key_env' instead, then change it
        "#]],
    );
    check_in(
        ".copydesk/config.yaml",
        "providers:\n  a: {kind: anthropic, key: ⟦~⟧}\n  b: {kind: anthropic, key: ⟦null⟧}\n  c: {kind: anthropic, ⟦key⟧: {⟦x⟧: ~}}\n",
        &trusted(),
        expect![[r#"
            error type-mismatch 'key' has no value; it takes a mapping [fix: take 'key' out]
            error type-mismatch 'key' has no value; it takes a mapping [fix: take 'key' out]
            error missing-key 'key' needs 'command' [fix: add 'command']
            error unknown-key this is no key of 'key'; take it out [fix: take it out]
            warning plain-secret a secret stands here as it is; name an environment variable in 'api_key_env' instead, then change it
        "#]],
    );
    check_in(
        ".copydesk/config.yaml",
        "mcp_servers:\n  a: {command: [npx, x]}\n  ⟦b⟧: {env: {X: y}}\n  c: {url: http://x, ⟦env⟧: {X: y}}\n  d: {command: [x], ⟦url⟧: y}\n  e: {command: [x], env: {DB_PASSWORD: ⟦hunter2hunter2⟧}}\n",
        &trusted(),
        expect![[r#"
            error missing-key the server 'b' needs 'command' or 'url' [fix: add 'url']
            warning useless-key 'env' does nothing here: the server is an address [fix: take 'env' out]
            error unknown-key 'url' cannot stand beside 'command'; keep one of the two [see: 'command' is here] [fix: take 'url' out] [fix: take 'command' out]
            warning plain-secret a secret stands here as it is; keep it out of files, then change it
        "#]],
    );
}

#[test]
fn mends_of_json_are_json() {
    let text = r#"{"mcpServers": {"a": {}, "b": {"comand": "x", "type": "sdtio"}, "c": {"type": "http"}}}"#;
    let mended: Vec<String> = crate::support::all_findings(".mcp.json", text, &trusted())
        .iter()
        .flat_map(|finding| &finding.fixes)
        .map(|fix| crate::support::apply(text, fix))
        .collect();
    assert_eq!(mended.len(), 4, "{mended:#?}");
    for text in mended {
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
    }
}

#[test]
fn hooks_stand_at_events_that_exist() {
    check_in(
        ".copydesk/config.yaml",
        "hooks:\n  PreToolUse:\n    - {matcher: \"bash|⟦edti⟧|mcp__x\", command: ./check, timeout: 10s}\n    - {matcher: \"⟦edit(⟧\", command: ./check}\n    - {matcher: 'write|⟦*⟧', command: ./check}\n    - {matcher: '*', command: ./check}\n    - {matcher: '⟦(read⟧|grep', command: ./check}\n    - {command: ⟦\"\"⟧}\n  ⟦PreToolUsed⟧: []\n  Stop: [{command: ls, timeout: ⟦soon⟧}, {command: ls, ⟦after⟧: 2m}]\n  Notification: [{command: ls, after: 2m, to: Ana}]\n",
        &trusted(),
        expect![[r#"
            warning unknown-name there is no tool 'edti'; did you mean 'edit'? [fix: change to 'edit']
            error format-mismatch this matcher cannot be read, so nobody knows what it was to keep back: unclosed group
            error format-mismatch this matcher cannot be read, so nobody knows what it was to keep back: repetition operator missing expression [fix: change to '.*']
            error format-mismatch this matcher cannot be read, so nobody knows what it was to keep back: unclosed group
            error unknown-value the command is empty; a hook that cannot start blocks
            error unknown-key 'PreToolUsed' is no key of 'hooks'; take it out [fix: take it out]
            error type-mismatch 'timeout' takes a number or a time such as '90s'; this is a text
            warning useless-key 'after' does nothing here: only at Notification does a question wait for somebody [fix: take 'after' out]
        "#]],
    );
}

#[test]
fn files_of_agents_are_known_by_their_place() {
    let cases = [
        (".mcp.json", FileKind::Mcp),
        ("/p/.vscode/mcp.json", FileKind::Mcp),
        ("/p/mcp.json", FileKind::Other),
        (".claude-plugin/plugin.json", FileKind::Plugin),
        ("/p/plugin.json", FileKind::Other),
        ("hooks/hooks.json", FileKind::Other),
        ("AGENTS.md", FileKind::Instructions),
        ("a/b/CLAUDE.md", FileKind::Instructions),
        (".github/copilot-instructions.md", FileKind::Instructions),
        (".stepper/layer/plan/index.md", FileKind::Layer),
        ("docs/layer/plan/index.md", FileKind::Other),
    ];
    for (path, kind) in cases {
        let path = std::path::Path::new(path);
        assert_eq!(File::new(path, "", &parse(path, "")).kind, kind, "{}", path.display());
    }
}

#[test]
fn manifests_of_plugins() {
    check_text(
        ".claude-plugin/plugin.json",
        r#"{
  "name": ⟦"My Plugin"⟧,
  "version": ⟦3⟧,
  "author": {"name": "A", ⟦"mail"⟧: "a@b.c"},
  "keywords": ⟦"a"⟧,
  "agents": ["./agents/a.md"],
  "skills": "./skills",
  ⟦"command"⟧: [],
  "repository": {"type": "git", "url": "https://x"},
  "mcpServers": {⟦"s"⟧: {}},
  "hooks": {"hooks": {"⟦PreToolUsed⟧": [{"matcher": "bash|⟦edti⟧", "hooks": [{"type": ⟦"command"⟧}, {"type": "prompt", "prompt": ⟦""⟧}]}]}}
}
"#,
        expect![[r#"
            error unknown-value the name of a plugin has other signs than a-z, 0-9 and '-' [fix: change to 'my-plugin']
            error type-mismatch 'version' takes a text; this is a number [fix: put it in quotes]
            warning unknown-setting 'mail' is no key of 'author'; did you mean 'email'? [fix: change to 'email']
            error type-mismatch 'keywords' takes a list; this is a text [fix: make it a list]
            warning unknown-setting 'command' is no key of a plugin; did you mean 'commands'? [fix: change to 'commands']
            error missing-key the server 's' needs 'command' or 'url' [fix: add 'url']
            warning unknown-setting there is no event 'PreToolUsed'; did you mean 'PreToolUse'? [fix: change to 'PreToolUse']
            warning unknown-name there is no tool 'edti'; did you mean 'edit'? [fix: change to 'edit']
            error missing-key this hook needs 'command'
            error unknown-value the 'prompt' of this hook is empty
        "#]],
    );
    check_text(
        ".claude-plugin/plugin.json",
        "⟦⟧{}",
        expect![[r#"
        error missing-key a plugin needs 'name' [fix: add 'name']
    "#]],
    );
    let whole = r#"{"name": "a-1", "version": "1.0.0", "author": "A", "hooks": "./hooks/hooks.json", "mcpServers": "./.mcp.json", "commands": ["./c.md"], "license": "MIT"}"#;
    check_text(".claude-plugin/plugin.json", whole, expect![[""]]);
}

#[test]
fn hooks_in_a_file_of_their_own() {
    check_text(
        "hooks/hooks.json",
        r#"{
  "hooks": {
    "SessionStart": [{"matcher": "startup|resume", "hooks": [{"type": "command", "command": "./start", "timeout": ⟦"10"⟧}]}],
    "Setup": [{"matcher": "", "hooks": [{"type": ⟦"comand"⟧, "command": "x"}]}],
    "Stop": [{⟦"hook"⟧: []}],
    "⟦PostToolUs⟧": [{"matcher": "Edit|Write", "hooks": [{"type": "http", "url": "https://x", "headers": {}}]}],
    "⟦PreTool⟧": [{"hooks": [{"type": "command", ⟦"comand"⟧: "x", "timeout": ⟦-5⟧}, {"type": ⟦"http"⟧}]}],
    "PreToolUse": [{"matcher": "WebFetch|Task|⟦edti⟧", "hooks": [{"type": "command", "command": "x"}]}],
    "SubagentStop": [{"matcher": "Explore|reader", "hooks": [{"type": "command", "command": "x"}]}],
    "Whatever": [{"hooks": [{"type": "command", "command": "x", "statusMessage": "own", "async": true}]}]
  }
}
"#,
        expect![[r#"
            error type-mismatch 'timeout' takes a number; this is a text [fix: take the quotes away]
            error unknown-value 'comand' is no value of 'type'; it takes 'command', 'prompt', 'agent' or 'http'; did you mean 'command'? [fix: change to 'command']
            warning unknown-setting 'hook' is no key of this item of 'Stop'; did you mean 'hooks'? [fix: change to 'hooks']
            warning unknown-setting there is no event 'PostToolUs'; did you mean 'PostToolUse'? [fix: change to 'PostToolUse']
            warning unknown-setting there is no event 'PreTool'; did you mean 'PreToolUse'? [fix: change to 'PreToolUse']
            warning unknown-key 'comand' is no key of this item of 'hooks' that is read here; did you mean 'command'? [fix: change to 'command']
            error unknown-value 'timeout' must be more than 0 [fix: change to 1]
            error missing-key this hook needs 'url' [fix: add 'url']
            warning unknown-name there is no tool 'edti'; did you mean 'edit'? [fix: change to 'edit']
        "#]],
    );
}

#[test]
fn what_may_be_a_key_is_not_made_a_command() {
    check_in(
        ".copydesk/config.yaml",
        "providers:
  a: {kind: openai-chat, key: ⟦sk-abcdefgh12345678abcdefgh⟧}
  b: {kind: openai-chat, key: ⟦op read x⟧}
  c: {kind: openai-chat, key: {command: ⟦\"\"⟧}}
  d: {kind: openai-chat, key: ⟦\"${KEY}\"⟧}
  e: {kind: openai-chat, key: ⟦$KEY⟧}
  f: {kind: openai-chat, key: ⟦hunter2⟧}
  g: {kind: openai-chat, ⟦api_key⟧: ⟦swordfish⟧}
  h: {kind: openai-chat, ⟦api_key⟧: \"${KEY}\"}
  i: {kind: openai-chat, ⟦token⟧: $KEY, api_key_env: ⟦KEY⟧}
  j: {kind: openai-chat, ⟦key⟧: {}}
  k: {kind: openai-chat, ⟦key⟧: {⟦value⟧: ⟦swordfish⟧}}
  l: {kind: openai-chat, key: ⟦[⟦swordfish⟧, 'two words']⟧}
  m: {kind: openai-chat, ⟦key⟧: {⟦swordfish⟧}}
  n: {kind: openai-chat, api_key_env: ⟦{{KEY}}⟧}
  o: {kind: openai-chat, ⟦token⟧: \"%KEY%\"}
  p: {kind: openai-chat, ⟦key⟧: {⟦env⟧: KEY}}
",
        &trusted(),
        expect![[r#"
            error type-mismatch 'key' takes a mapping; this is a text
            warning plain-secret a secret stands here as it is; name an environment variable in 'api_key_env' instead, then change it
            error type-mismatch 'key' takes a mapping; this is a text [fix: write it as 'command']
            error format-mismatch this command is empty; it has to print the key
            error type-mismatch 'key' takes a mapping; this is a text [fix: write api_key_env: KEY]
            error type-mismatch 'key' takes a mapping; this is a text [fix: write api_key_env: KEY]
            error type-mismatch 'key' takes a mapping; this is a text
            warning plain-secret a secret stands here as it is; name an environment variable in 'api_key_env' instead, then change it
            error unknown-key 'api_key' is no key of 'g'; take it out [fix: take it out]
            warning plain-secret a secret stands here as it is; name an environment variable in 'api_key_env' instead, then change it
            error unknown-key 'api_key' is no key of 'h'; a variable is named by api_key_env: KEY [fix: write api_key_env: KEY]
            error unknown-key 'token' is no key of 'i'; take it out [fix: take it out]
            warning stray-key without 'base_url' the key in KEY goes to https://api.openai.com/v1; write the base_url that it is for, also if that is "https://api.openai.com/v1" [fix: write https://api.openai.com/v1]
            error missing-key 'key' needs 'command' [fix: add 'command']
            error missing-key 'key' needs 'command' [fix: add 'command']
            error unknown-key 'value' is no key of 'key'; take it out [fix: take it out]
            warning plain-secret a secret stands here as it is; name an environment variable in 'api_key_env' instead, then change it
            error type-mismatch 'key' takes a mapping; this is a list
            warning plain-secret a secret stands here as it is; name an environment variable in 'api_key_env' instead, then change it
            error missing-key 'key' needs 'command' [fix: add 'command']
            error unknown-key this is no key of 'key'; take it out [fix: take it out]
            warning plain-secret a secret stands here as it is; name an environment variable in 'api_key_env' instead, then change it
            error type-mismatch 'api_key_env' takes a text; this is a mapping, for '{{' opens one in YAML; nothing is filled in here, write the value itself
            error unknown-key 'token' is no key of 'o'; a variable is named by api_key_env: KEY [fix: write api_key_env: KEY]
            error missing-key 'key' needs 'command' [fix: add 'command']
            error unknown-key 'env' is no key of 'key'; take it out [fix: take it out]
        "#]],
    );
}

#[test]
fn a_key_that_others_can_read_on_its_way_is_marked() {
    check_in(
        ".copydesk/config.yaml",
        "providers:\n  a: {kind: openai-chat, base_url: ⟦http://models.example/v1⟧, api_key_env: KEY}\n  b: {kind: openai-chat, base_url: \"⟦http://10.0.0.7:8000⟧\", key: {command: op read x}}\n  c: {kind: openai-chat, base_url: http://10.0.0.7:8000}\n  d: {kind: openai-chat, base_url: http://127.0.0.1:8000, api_key_env: KEY}\n  e: {kind: openai-chat, base_url: https://models.example/v1, api_key_env: KEY}\n  f: {kind: ⟦azure-openai⟧, api_key_env: KEY}\n  g: {kind: anthropic, base_url: https://a.example⟦/v1⟧}\n  h: {kind: ollama, base_url: http://127.0.0.1:11434⟦/api⟧}\n  i: {kind: azure-openai, base_url: https://a.example⟦/openai/deployments/m⟧}\n  j: {kind: openai-chat, base_url: https://a.example/v1}\n",
        &trusted(),
        expect![[r#"
            warning clear-text-key the key goes there in clear text: this is another machine, and http:// hides nothing; write https:// [fix: write https://]
            warning clear-text-key the key goes there in clear text: this is another machine, and http:// hides nothing; write https:// [fix: write https://]
            error missing-key azure-openai needs 'base_url', such as https://NAME.openai.azure.com: each resource has its own
            error format-mismatch kind anthropic puts this behind an address itself; take it out [fix: take it out]
            error format-mismatch kind ollama puts this behind an address itself; take it out [fix: take it out]
            error format-mismatch kind azure-openai puts this behind an address itself; take it out [fix: take it out]
        "#]],
    );
}

#[test]
fn a_key_that_would_go_to_another_service_than_its_own_is_marked() {
    check_in(
        ".copydesk/config.yaml",
        "providers:
  a: {kind: openai-chat, api_key_env: ⟦OPENROUTER_API_KEY⟧}
  b: {kind: openai-responses, api_key_env: ⟦GROQ_API_KEY⟧}
  ⟦mistral⟧: {kind: openai-chat}
  d:
    kind: openai-chat
    api_key_env: ⟦WORK_KEY⟧
  e: {kind: anthropic, api_key_env: OUR_ANTHROPIC_KEY}
  f: {kind: openai-chat, base_url: https://a.example/v1, api_key_env: OPENROUTER_API_KEY}
  g: {kind: openai-responses, key: {command: op read x}}
  groq: {kind: openai-chat, api_key_env: OPENAI_API_KEY}
  ⟦ollama⟧: {kind: openai-chat, api_key_env: OPENAI_API_KEY}
  ⟦h⟧: {kind: openai-responses, quirks: lm-studio}
  ⟦i⟧: {kind: openai-chat, quirks: deepseek, api_key_env: WORK_KEY}
  local: {kind: openai-chat, base_url: \"http://127.0.0.1:1234/v1\"}
  z: {kind: azure-openai, base_url: https://a.example, api_version: ⟦latest please&x=1⟧}
  y: {kind: azure-openai, base_url: https://a.example, api_version: 2025-04-01-preview}
  x: {kind: azure-openai, base_url: https://a.example, api_version: ⟦2024-13-45⟧}
  w: {kind: azure-openai, base_url: https://a.example, api_version: ⟦2025-02-30-preview⟧}
  v: {kind: ollama, ⟦scenario⟧: play.yaml}
  u: {kind: offline, scenario: play.yaml}
",
        &trusted(),
        expect![[r#"
            error missing-key OPENROUTER_API_KEY is a key of openrouter, and without 'base_url' it would go to https://api.openai.com/v1; write base_url: "https://openrouter.ai/api/v1", or the address that it is for [fix: write https://openrouter.ai/api/v1]
            error missing-key GROQ_API_KEY is a key of groq, and without 'base_url' it would go to https://api.openai.com/v1; write kind: openai-chat and base_url: "https://api.groq.com/openai/v1", or the address that it is for
            error missing-key without 'base_url' this would be asked at https://api.openai.com/v1, which is not mistral; write base_url: "https://api.mistral.ai/v1", or the address that it is for [fix: write https://api.mistral.ai/v1]
            warning stray-key without 'base_url' the key in WORK_KEY goes to https://api.openai.com/v1; write the base_url that it is for, also if that is "https://api.openai.com/v1" [fix: write https://api.openai.com/v1]
            error missing-key without 'base_url' this would be asked at https://api.openai.com/v1, which is not ollama; write base_url: "http://127.0.0.1:11434/v1", or the address that it is for [fix: write http://127.0.0.1:11434/v1]
            error missing-key without 'base_url' this would be asked at https://api.openai.com/v1, which is not lmstudio; write base_url: "http://127.0.0.1:1234/v1", or the address that it is for [fix: write http://127.0.0.1:1234/v1]
            error missing-key without 'base_url' this would be asked at https://api.openai.com/v1, which is not deepseek; write base_url: "https://api.deepseek.com", or the address that it is for [fix: write https://api.deepseek.com]
            error format-mismatch this is no version of the API, such as 2024-10-21 or 2025-04-01-preview; take it out for 2024-10-21
            error format-mismatch this is no version of the API, such as 2024-10-21 or 2025-04-01-preview; take it out for 2024-10-21
            error format-mismatch this is no version of the API, such as 2024-10-21 or 2025-04-01-preview; take it out for 2024-10-21
            warning unknown-setting only kind offline plays a 'scenario', and this provider is of kind ollama [fix: take it out]
        "#]],
    );
}

#[test]
fn an_address_that_nothing_can_be_sent_to_is_marked_where_it_breaks() {
    check_in(
        ".copydesk/config.yaml",
        "providers:\n  a: {kind: openai-chat, base_url: https://a.example/v1⟦?tenant=7⟧}\n  b: {kind: ollama, base_url: ⟦127.0.0.1:11434⟧}\n  c: {kind: openai-chat, base_url: \"http://⟦me:hunter2@⟧a.example/v1\"}\n  d: {kind: openai-chat, base_url: ⟦ftp://a.example⟧}\n  e: {kind: openai-chat, base_url: http://127.0.0.1:1234/v1/}\n  f: {kind: openai-chat, base_url: \"⟦https://a.example/\\u003Fx⟧\"}\n  g: {kind: ollama, base_url: ⟦http://⟧}\n  h: {kind: ollama, base_url: http://a.example:⟦99999⟧}\n  i: {kind: openai-chat, base_url: https://a.example/v1⟦/chat/completions⟧, api_key_env: ⟦$KEY⟧}\n  j: {kind: azure-openai, base_url: \"https://a.openai.azure.com⟦/openai/deployments/m/chat/completions?api-version=2025-01-01⟧\"}\n",
        &trusted(),
        expect![[r#"
            error format-mismatch this address cannot be used: it holds a '?' or '#'; write it up to there, such as https://a.example/v1 [fix: take what stands behind the path out]
            error format-mismatch this address cannot be used: it must start with http:// or https:// [fix: put http:// before it]
            error format-mismatch this address cannot be used: it holds a user name or password; keys belong into an environment variable [fix: take it out]
            error format-mismatch this address cannot be used: it must start with http:// or https://
            error format-mismatch this address cannot be used: it holds a '?' or '#'; write it up to there, such as https://a.example/v1
            error format-mismatch this address cannot be used: no host stands in it, such as a.example in https://a.example/v1
            error format-mismatch this address cannot be used: its port must be a number up to 65535
            error format-mismatch the path of a request is put behind an address anyway; take it out [fix: take it out]
            error format-mismatch this is no name of a variable: letters, digits and '_'; put the key into one, and its name here
            error format-mismatch this address cannot be used: it is the address of a request, as Azure's portal shows it; write only its beginning, such as https://a.openai.azure.com, the deployment that it names as the model's name, and what stands behind api-version= as api_version
        "#]],
    );
}
