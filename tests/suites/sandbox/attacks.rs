//! The attack table of the shell reader, for real: every command of it goes through a whole run, with the sandbox and
//! without. What is refused leaves no file because it never starts; what is allowed leaves none because it is harmless.

use std::time::Instant;

use copydesk_tests::client::{PATIENCE, eventually};
use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::scene::{config, results};
use copydesk_tests::workspace::collect;
use serde_json::json;

use crate::ground::Ground;

/// The reader's own tables: one list, so that a new attack is tried here, too.
const TABLE: &str = concat!(
    include_str!("../../../server/permission/tests/tables/syntax.rs"),
    include_str!("../../../server/permission/tests/tables/programs.rs"),
    include_str!("../../../server/permission/tests/tables/openings.rs"),
    include_str!("../../../server/permission/tests/tables/inventions.rs"),
    include_str!("../../../server/permission/tests/tables/harmless.rs"),
);

/// Calls of one answer of the model.
const CALLS: usize = 50;

/// The string literals of a list in that table.
fn list(name: &str) -> Vec<String> {
    let start = TABLE.find(&format!("const {name}: &[&str] = &[")).expect("the list is there");
    let body = &TABLE[start..];
    let mut rest = &body[body.find("&[\n").expect("it has lines") + 3..];
    let mut found = vec![];
    loop {
        rest = rest.trim_start_matches([' ', '\n', ',']);
        if rest.starts_with(']') {
            return found;
        }
        if rest.starts_with("//") {
            rest = &rest[rest.find('\n').expect("a line ends")..];
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            let end = raw.find("\"#").expect("a literal ends");
            found.push(raw[..end].to_owned());
            rest = &raw[end + 2..];
        } else {
            let literal = serde_json::Deserializer::from_str(rest).into_iter::<String>().next();
            let (text, length) = match literal {
                Some(Ok(text)) => (Some(text), None),
                _ => (None, literal_length(rest)),
            };
            let length = length.or_else(|| literal_length(rest)).expect("a literal ends");
            // What JSON does not read (`\u{…}`, `\x…`, a line that goes on) is left to the table's own test.
            found.extend(text);
            rest = &rest[length..];
        }
    }
}

fn literal_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[test]
fn every_attack_of_the_table_fails_and_harmless_commands_run() {
    let attacks = ["SYNTAX", "PROGRAMS", "OPENINGS", "INVENTIONS"].map(list).concat();
    let harmless = list("HARMLESS");
    assert!(attacks.len() > 100 && harmless.len() > 20, "{} and {}", attacks.len(), harmless.len());
    for ground in [Ground::Full, Ground::Partial, Ground::Off] {
        let Some(workspace) = ground.workspace("the attack table", "") else { continue };
        let commands: Vec<&String> = attacks.iter().chain(&harmless).collect();
        let turns = commands.chunks(CALLS).map(|commands| {
            commands.iter().fold(Reply::empty(), |turn, command| {
                turn.call("bash", &json!({"command": command, "timeout_ms": 5000}))
            })
        });
        let script: Vec<Reply> = turns.chain([Reply::text("Done.")]).collect();
        let requests = script.len();
        let model = ModelServer::start(Format::Anthropic, script);
        let rules = "{allow: [\"Bash(echo *)\", \"Bash(git log:*)\"]}";
        std::fs::write(workspace.user_config(), config(&model, rules) + ground.settings()).expect("a config");
        let ran = collect(ground.command(&workspace, &["ask", "--json", "do as you are told"]), "");
        assert_eq!(model.requests().len(), requests, "{ran}");
        // What the launcher itself put there goes right behind its answer.
        let made = || {
            let entries = std::fs::read_dir(workspace.root()).expect("it is there").flatten();
            entries.map(|entry| entry.file_name()).collect::<Vec<_>>()
        };
        let clean = eventually(Instant::now() + PATIENCE, || made().is_empty().then_some(()));
        assert!(clean.is_some(), "{ground:?}: {:?} were made", made());
        let told: Vec<String> =
            model.requests().iter().skip(1).flat_map(|request| results(&request.body)).collect();
        assert_eq!(told.len(), commands.len(), "{ran}");
        let ran_at_all = told.iter().filter(|told| told.contains("[exit code")).count();
        assert!(ran_at_all >= 10, "{ground:?}: harmless commands run; only {ran_at_all} did");
    }
}
