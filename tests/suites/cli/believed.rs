//! Whose word counts about models: what `models explain --for` says of a file is what a run does with it.

use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::scene::{KEY, config};
use copydesk_tests::workspace::Workspace;

use crate::COPYDESK;

const NOTE: &str = "a model that it names does not count before you trust exactly this text";

fn furnished(model: &ModelServer) -> Workspace {
    Workspace::new(COPYDESK)
        .with([
            (
                ".copydesk/agents/writer.md",
                "---\nname: writer\nprovider: bench\nmodel: agents\n---\nWrite.\n",
            ),
            (".copydesk/actions/tidy.md", "---\nname: tidy\nmodel: bench/actions\n---\nTidy up.\n"),
            (".copydesk/prompts/neat.md", "---\nname: neat\nmodel: bench/prompts\n---\nMake it neat.\n"),
            (".stepper/layer/plan/index.md", "---\ndescription: Plans.\nmodel: bench/layers\n---\nPlan.\n"),
            (".stepper/setting.json", "{\"step\": [\"plan\"]}\n"),
        ])
        .with_user_config(&config(model, "{}"))
        .with_variable("BENCH_KEY", KEY)
}

#[test]
fn a_file_of_the_workspace_names_a_model_once_its_text_is_trusted() {
    let files = [
        (".copydesk/agents/writer.md", "bench/agents", &["--agent", "writer", "go"][..]),
        (".copydesk/actions/tidy.md", "bench/actions", &["--action", "tidy", "go"]),
        (".copydesk/prompts/neat.md", "bench/prompts", &["--action", "neat"]),
        (".stepper/layer/plan/index.md", "bench/layers", &["--action", "stepper", "go"]),
    ];
    let model = ModelServer::start(Format::OpenaiChat, (0..9).map(|_| Reply::text("Done.")));
    let workspace = furnished(&model);
    let mut asked = 0;
    let mut check = |file: &str, expect: &str, arguments: &[&str], notes: usize| {
        let explained = workspace.run(&["models", "explain", "--for", file]).exits(0);
        assert!(explained.stdout.contains(&format!("answers: {expect} ")), "{explained}");
        assert_eq!(explained.stderr.matches(NOTE).count(), notes, "{explained}");
        let _ = workspace.run(&[&["ask"], arguments].concat()).exits(0);
        let body = model.wait_request(asked).body;
        assert_eq!(format!("bench/{}", body["model"].as_str().unwrap_or_default()), expect, "{file}");
        asked = model.asked();
    };
    for (file, _, arguments) in files {
        check(file, "bench/bench-model", arguments, 1);
    }
    let _ = workspace.run(&["trust", "--yes"]).exits(0);
    for (file, named, arguments) in files {
        check(file, named, arguments, 0);
    }
    // Not one letter of it may change.
    workspace.write(".copydesk/agents/writer.md", "---\nname: writer\nmodel: bench/agents\n---\nWrite!\n");
    check(".copydesk/agents/writer.md", "bench/bench-model", &["--agent", "writer", "go"], 1);
}

#[test]
fn a_mistake_in_the_head_of_a_file_is_named_where_it_stands() {
    let model = ModelServer::start(Format::OpenaiChat, []);
    let workspace = furnished(&model).with([
        (".copydesk/agents/odd.md", "---\nname: odd\nmode: fly\n---\nWork.\n"),
        (".copydesk/agents/rash.md", "---\nname: rash\n\npermissions: {deny: ['Bash(rm']}\n---\nWork.\n"),
        (".copydesk/agents/several.md", "---\nname: several\nfallback: p/s, p/r\n---\nWork.\n"),
        (".copydesk/actions/loud.md", "---\nname: loud\nlanguages: {a: b}\n---\nWork.\n"),
        (".stepper/layer/plan/index.md", "---\ndescription: Plans.\nsteps: many\n---\nPlan.\n"),
    ]);
    for (arguments, words) in [
        (&["--agent", "odd"][..], "the agent 'odd' cannot be used before this is mended: "),
        (&["--agent", "odd"], ".copydesk/agents/odd.md:3: unknown value 'fly'"),
        (&["--agent", "rash"], ".copydesk/agents/rash.md:4: failed to "),
        (
            &["--agent", "several"],
            ".copydesk/agents/several.md:3: 'p/s, p/r' are several models in one text; make them a list",
        ),
        (&["--action", "loud"], ".copydesk/actions/loud.md:3: expected a list, found a mapping"),
        (&["--action", "stepper"], "the layer 'plan' cannot be used before this is mended: "),
        (
            &["--action", "stepper"],
            ".stepper/layer/plan/index.md:3: expected a whole number, 0 or more, found text 'many'",
        ),
        (&["--agent", "nobody"], "there is no agent 'nobody': "),
    ] {
        let ran = workspace.run(&[&["ask"], arguments, &["go"]].concat());
        assert!(ran.code != Some(0) && ran.stderr.contains(words), "{words}: {ran}");
    }
    assert_eq!(model.asked(), 0, "nobody was asked");
}
