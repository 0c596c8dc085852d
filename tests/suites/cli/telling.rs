//! What a model is told before it says a word: the words, what is piped in, and what people wrote down for agents.

use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::scene::{FILE, KEY, TEXT, config, first_words};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::COPYDESK;

/// What the model is told first, when this is asked with that on standard input.
fn told(format: Format, files: &[(&str, &str)], arguments: &[&str], input: &str) -> String {
    let model = ModelServer::start(format, [Reply::text("Done.")]);
    let workspace = workspace(&model, files);
    let _ = workspace.run_with_input(arguments, input).exits(0);
    first_words(&model.wait_request(0).body)
}

fn workspace(model: &ModelServer, files: &[(&str, &str)]) -> Workspace {
    let workspace = Workspace::new(COPYDESK)
        .with([(FILE, TEXT)])
        .with_user_config(&config(model, "{}"))
        .with_variable("BENCH_KEY", KEY);
    for (path, text) in files {
        workspace.write(path, text);
    }
    workspace
}

#[test]
fn what_is_piped_in_is_material_and_a_dash_alone_is_the_words() {
    for format in Format::BOTH {
        assert_eq!(told(format, &[], &["ask", "-"], "why ä?\n"), "why ä?\n\n");
        assert_eq!(
            told(format, &[], &["ask", "why?", "-"], "error: ä\n"),
            "why?\n\nPiped in:\n```\nerror: ä\n```\n"
        );
        let explained = told(format, &[], &["ask", "--action", "review", "", "-"], "x = 1\n");
        assert!(explained.starts_with("Review the selected code"), "{explained}");
        assert!(explained.ends_with("\nPiped in:\n```\nx = 1\n```\n"), "{explained}");
    }
    let model = ModelServer::start(Format::Anthropic, []);
    for (arguments, why) in [
        (&["ask", "-", "-"][..], "standard input can be read only once"),
        (&["ask", "-"], "nothing is asked"),
        (&["ask", "why?", "-"], "nothing was piped in"),
        (&["ask", "--action", "ship"], "ship needs words"),
        (&["ask", "why?", "file.txt"], "invalid value 'file.txt'"),
    ] {
        let settings = format!("{}pipelines: {{ship: [plan]}}\n", config(&model, "{}"));
        let workspace = workspace(&model, &[]).with_user_config(&settings);
        let ran = workspace.run_with_input(arguments, "").exits(2);
        assert!(ran.stderr.contains(why), "{ran}");
    }
}

/// Guidance in a tree, and what of it counts for `lib/a.py`.
const GUIDANCE: [(&str, &str); 4] = [
    ("AGENTS.md", "Tabs.\n"),
    (".copydesk/rules/names.md", "Short names.\n"),
    ("lib/AGENTS.md", "Spaces here.\n"),
    ("other/AGENTS.md", "Not this.\n"),
];

#[test]
fn guidance_goes_along_from_the_root_down() {
    for format in Format::BOTH {
        let mut files = GUIDANCE.to_vec();
        files.push(("lib/a.py", "x = 1\n"));
        let told = told(format, &files, &["ask", "--file", "lib/a.py:1", "double it"], "");
        assert_eq!(
            told,
            "Rules from AGENTS.md:\nTabs.\n\nRules from .copydesk/rules/names.md:\nShort names.\n\n\
             Rules from lib/AGENTS.md:\nSpaces here.\n\ndouble it\n\n\
             File: lib/a.py, lines 1-1 are selected:\n```\nx = 1\n```\n"
        );
    }
}

#[test]
fn guidance_that_cannot_be_read_is_said_and_the_next_name_counts() {
    for format in Format::BOTH {
        let model = ModelServer::start(format, [Reply::text("Done.")]);
        let workspace = workspace(&model, &[("CLAUDE.md", "Tabs.\n")]);
        std::fs::write(workspace.root().join("AGENTS.md"), b"caf\xe9\n").expect("the bench's own folder");
        let told = "AGENTS.md is not followed: failed to read ";
        let shown = workspace.run(&["prompt", "show", "double it"]).exits(0);
        assert!(shown.stderr.contains(told) && shown.stdout.contains("── CLAUDE.md ("), "{shown}");
        let ran = workspace.run(&["ask", "double it"]).exits(0);
        assert!(ran.stderr.contains(told), "{ran}");
        assert!(first_words(&model.wait_request(0).body).starts_with("Rules from CLAUDE.md:\nTabs.\n"));
    }
}

#[test]
fn every_part_is_shown_with_its_origin() {
    let model = ModelServer::start(Format::Anthropic, [Reply::text("Done.")]);
    let workspace = workspace(&model, &GUIDANCE);
    let secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    workspace.write("lib/a.py", &format!("token = '{secret}'\n"));
    let arguments = ["prompt", "show", "--file", "lib/a.py:1", "double it"];
    let report = workspace.run(&[&arguments[..], &["--json"]].concat()).exits(0).json();
    let layers = report["layers"].as_array().cloned().unwrap_or_default();
    let origins: Vec<&Value> = layers.iter().map(|layer| &layer["origin"]).collect();
    let expected =
        ["built in", "AGENTS.md", ".copydesk/rules/names.md", "lib/AGENTS.md", "action ask", "lib/a.py"];
    assert_eq!(json!(origins), json!(expected), "{report}");
    let ran = workspace.run(&arguments).exits(0);
    assert!(ran.stdout.contains("── lib/AGENTS.md (") && ran.stdout.contains("Spaces here."), "{ran}");
    assert!(!ran.to_string().contains(secret) && !report.to_string().contains(secret), "{ran}");
    // What is shown is what is sent.
    let _ = workspace.run(&["ask", "--file", "lib/a.py:1", "double it"]).exits(0);
    let sent = first_words(&model.wait_request(0).body);
    let placeholderless = |text: &str| text.split("token = '").next().unwrap_or_default().to_owned();
    let shown: String = layers[1..].iter().filter_map(|layer| layer["text"].as_str()).collect();
    assert_eq!(placeholderless(&sent), placeholderless(&shown));
    let gone = workspace.run(&["prompt", "show", "--action", "nothing"]).exits(1);
    assert!(gone.stderr.contains("there is no action 'nothing'"), "{gone}");
}
